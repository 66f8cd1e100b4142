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
    /// The answer to the operation that writes it was lost: it may be there or not.
    Unknown,
    /// The database had it, and the answer to its removal was lost.
    PerhapsDeleted,
}

const ACKNOWLEDGED: u8 = 1;
const REFUSED: u8 = 2;
const DELETED: u8 = 3;
const UNKNOWN: u8 = 4;
const PERHAPS_DELETED: u8 = 5;

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
            UNKNOWN => State::Unknown,
            PERHAPS_DELETED => State::PerhapsDeleted,
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

    /// The answer to the operation that writes a row was lost.
    pub(super) fn doubt(&self, table: usize, row: u64) {
        self.tables[table][row as usize].store(UNKNOWN, Ordering::Release);
    }

    /// The answer to the removal of a row was lost. One that is certainly gone, or never was there, is not there for that.
    pub(super) fn doubt_removal(&self, table: usize, row: u64) {
        let state = &self.tables[table][row as usize];
        // Whoever changed it first knew more.
        let _ = state.compare_exchange(ACKNOWLEDGED, PERHAPS_DELETED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Rows of a table that the database has, from 0.
    pub(super) fn acknowledged(&self, table: usize) -> impl Iterator<Item = u64> {
        self.rows_with(table, |state| state == ACKNOWLEDGED)
    }

    /// Rows of a table that the database may have or not, from 0: their answers were lost.
    pub(super) fn doubtful(&self, table: usize) -> impl Iterator<Item = u64> {
        self.rows_with(table, |state| matches!(state, UNKNOWN | PERHAPS_DELETED))
    }

    fn rows_with(&self, table: usize, wanted: impl Fn(u8) -> bool) -> impl Iterator<Item = u64> {
        let rows = self.tables[table].iter().enumerate();
        rows.filter(move |(_, state)| wanted(state.load(Ordering::Acquire))).map(|(row, _)| row as u64)
    }

    /// Whether rows of a table were deleted, or may have been.
    pub(super) fn any_deleted(&self, table: usize) -> bool {
        let gone = |state: &AtomicU8| matches!(state.load(Ordering::Acquire), DELETED | PERHAPS_DELETED);
        self.tables[table].iter().any(gone)
    }

    /// Whether the database has a row; false for rows that do not exist.
    pub(super) fn is_acknowledged(&self, table: usize, row: u64) -> bool {
        self.state_of(table, row) == Some(ACKNOWLEDGED)
    }

    /// Whether the database may have a row; false for rows that do not exist.
    pub(super) fn may_be_there(&self, table: usize, row: u64) -> bool {
        matches!(self.state_of(table, row), Some(ACKNOWLEDGED | UNKNOWN | PERHAPS_DELETED))
    }

    fn state_of(&self, table: usize, row: u64) -> Option<u8> {
        let row = usize::try_from(row).ok()?;
        Some(self.tables[table].get(row)?.load(Ordering::Acquire))
    }
}
