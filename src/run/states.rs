//! What became of every row: one byte each, written by the worker that had it, read by workers whose operations need it.

use std::sync::atomic::{AtomicU8, Ordering};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not yet sent, or not yet answered.
    Pending,
    /// The database has it.
    Acknowledged,
    /// Refused, or not sent because what it refers to was refused.
    Refused,
    /// The database had it, and acknowledged its removal.
    Deleted,
}

const ACKNOWLEDGED: u8 = 1;
const REFUSED: u8 = 2;
const DELETED: u8 = 3;

/// The rows of all tables, from 0, over all parts.
#[derive(Debug)]
pub(super) struct RowStates {
    tables: Vec<Box<[AtomicU8]>>,
}

impl RowStates {
    /// All rows pending; `counts` per table.
    pub(super) fn new(counts: impl Iterator<Item = u64>) -> Self {
        let pending = |count: u64| (0..count).map(|_| AtomicU8::new(0)).collect();
        RowStates { tables: counts.map(pending).collect() }
    }

    #[inline]
    pub(super) fn get(&self, table: usize, row: u64) -> State {
        // Whoever sees a row acknowledged must also see it in the database.
        match self.tables[table][row as usize].load(Ordering::Acquire) {
            0 => State::Pending,
            ACKNOWLEDGED => State::Acknowledged,
            REFUSED => State::Refused,
            _ => State::Deleted,
        }
    }

    #[inline]
    pub(super) fn acknowledge(&self, table: usize, row: u64) {
        self.tables[table][row as usize].store(ACKNOWLEDGED, Ordering::Release);
    }

    #[inline]
    pub(super) fn refuse(&self, table: usize, row: u64) {
        self.tables[table][row as usize].store(REFUSED, Ordering::Release);
    }

    pub(super) fn delete(&self, table: usize, row: u64) {
        self.tables[table][row as usize].store(DELETED, Ordering::Release);
    }

    /// Rows of a table that the database has, from 0.
    pub(super) fn acknowledged(&self, table: usize) -> impl Iterator<Item = u64> {
        let rows = self.tables[table].iter().enumerate();
        rows.filter(|(_, state)| state.load(Ordering::Acquire) == ACKNOWLEDGED).map(|(row, _)| row as u64)
    }

    /// Whether rows of a table were deleted.
    pub(super) fn any_deleted(&self, table: usize) -> bool {
        self.tables[table].iter().any(|state| state.load(Ordering::Acquire) == DELETED)
    }

    /// Whether the database has a row; false for rows that do not exist.
    pub(super) fn is_acknowledged(&self, table: usize, row: u64) -> bool {
        usize::try_from(row)
            .ok()
            .and_then(|row| self.tables[table].get(row))
            .is_some_and(|state| state.load(Ordering::Acquire) == ACKNOWLEDGED)
    }
}
