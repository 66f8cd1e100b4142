//! What a worker's acknowledged operations did to the rows, for the gate and for the comparison at the end.
//!
//! Of modifications of one row by one kind of operation, a worker keeps the last alone: it works on one operation after the other, so the last
//! one is certainly the later.

use std::collections::{BTreeMap, BTreeSet};

use super::states::RowStates;
use crate::plan::{Kind, Operation, Plan};

/// Modifications that are kept before those that others followed are dropped.
const COMPACT: usize = 1 << 16;

/// What an operation of the tape is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) operation: usize,
    /// Row of the dataset, or ordinal of the operation, from 0.
    pub(super) row: u64,
    /// The row (table, row) that it is about.
    pub(super) target: Option<(usize, u64)>,
}

/// When something was done, nanoseconds since the run began: never before, never after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
}

/// An acknowledged change of one row's columns, or its removal from a table that upserts may write it to again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modification {
    pub(super) table: usize,
    pub(super) row: u64,
    pub(super) operation: usize,
    /// Occurrence of the operation, which has the values.
    pub(super) ordinal: u64,
    /// Whose dataset has the values.
    pub(super) crew: usize,
    pub(super) span: Span,
}

/// One worker's notes on rows.
#[derive(Debug)]
pub(super) struct Journal {
    crew: usize,
    pub(super) modifications: Vec<Modification>,
    compact_at: usize,
    /// By table: whether an upsert may write a deleted row again.
    revives: Vec<bool>,
    /// By operation: raw SQL that stands, and what changed rows that are there.
    pub(super) stood: Vec<u64>,
    /// By operation: raw SQL of which a part stands.
    pub(super) torn: Vec<u64>,
    /// Updates that changed more rows than one.
    pub(super) wide: BTreeSet<usize>,
    /// By table: rows added (below 0: removed) that cannot be told.
    pub(super) nameless: BTreeMap<usize, i64>,
}

impl Journal {
    pub(super) fn new(crew: usize, plan: &Plan) -> Self {
        let upserts = |table| {
            plan.operations.iter().any(|o| matches!(o.kind, Kind::Upsert { table: of, .. } if of == table))
        };
        Journal {
            crew,
            modifications: Vec::new(),
            compact_at: COMPACT,
            revives: (0..plan.tables.len()).map(upserts).collect(),
            stood: vec![0; plan.operations.len()],
            torn: vec![0; plan.operations.len()],
            wide: BTreeSet::new(),
            nameless: BTreeMap::new(),
        }
    }

    /// The database acknowledged an operation; `span` is asked only where it matters.
    #[inline]
    pub(super) fn stands(
        &mut self,
        states: &RowStates,
        operation: &Operation,
        subject: Subject,
        changes: u64,
        span: impl FnOnce() -> Span,
    ) {
        match (&operation.kind, subject.target) {
            // An INSERT that a conflict clause ignored is acknowledged, and leaves no row to refer to.
            (Kind::Insert { table }, _) | (Kind::Upsert { table, .. }, None) => {
                if changes > 0 {
                    states.acknowledge(*table, subject.row);
                } else {
                    states.refuse(*table, subject.row);
                }
            }
            (Kind::Get { .. } | Kind::Find { .. } | Kind::Scan { .. }, _) => {}
            (Kind::Upsert { .. } | Kind::Update { .. }, Some(target)) => {
                self.stood[subject.operation] += u64::from(changes > 0);
                self.modified(subject, target, changes, span);
            }
            (Kind::Update { .. }, None) => {
                self.stood[subject.operation] += u64::from(changes > 0);
                self.modified_unknown(subject.operation, changes);
            }
            (Kind::Delete { table }, _) => {
                self.stood[subject.operation] += u64::from(changes > 0);
                self.deleted(states, *table, subject, changes, span);
            }
            (Kind::Sql { .. }, _) => self.stood[subject.operation] += 1,
        }
    }

    /// The database refused an operation, or it was not sent.
    pub(super) fn falls(&mut self, states: &RowStates, operation: &Operation, subject: Subject) {
        match (&operation.kind, subject.target) {
            (Kind::Insert { table }, _) | (Kind::Upsert { table, .. }, None) => {
                states.refuse(*table, subject.row);
            }
            _ => {}
        }
    }

    /// A part of an operation stands. A single statement has no parts.
    pub(super) fn tears(&mut self, states: &RowStates, operation: &Operation, subject: Subject) {
        self.falls(states, operation, subject);
        self.torn[subject.operation] += 1;
    }

    /// Rows of a table were added (below 0: removed), and it cannot be told which.
    pub(super) fn without_names(&mut self, table: usize, rows: i64) {
        *self.nameless.entry(table).or_default() += rows;
    }

    fn modified(
        &mut self,
        subject: Subject,
        (table, row): (usize, u64),
        changes: u64,
        span: impl FnOnce() -> Span,
    ) {
        if changes != 1 {
            return self.modified_unknown(subject.operation, changes);
        }
        self.note(subject, (table, row), span());
    }

    fn note(&mut self, subject: Subject, (table, row): (usize, u64), span: Span) {
        self.modifications.push(Modification {
            table,
            row,
            operation: subject.operation,
            ordinal: subject.row,
            crew: self.crew,
            span,
        });
        if self.modifications.len() >= self.compact_at {
            self.compact();
        }
    }

    fn modified_unknown(&mut self, operation: usize, changes: u64) {
        if changes > 0 {
            self.wide.insert(operation);
        }
    }

    fn deleted(
        &mut self,
        states: &RowStates,
        table: usize,
        subject: Subject,
        changes: u64,
        span: impl FnOnce() -> Span,
    ) {
        match (subject.target, changes) {
            (_, 0) => {}
            (Some((table, row)), 1) => {
                states.delete(table, row);
                if self.revives[table] {
                    self.note(subject, (table, row), span());
                }
            }
            (_, many) => self.without_names(table, -(many as i64)),
        }
    }

    /// Drops modifications that this worker itself made undone by later ones.
    #[cold]
    fn compact(&mut self) {
        // Later ones first, the sort being stable.
        self.modifications.reverse();
        self.modifications.sort_by_key(|m| (m.table, m.row, m.operation));
        self.modifications.dedup_by_key(|m| (m.table, m.row, m.operation));
        self.modifications.reverse();
        self.compact_at = (self.modifications.len() * 2).max(COMPACT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_modifications_of_a_row_the_last_one_of_each_kind_is_kept() {
        let mut journal = Journal::new(0, &crate::run::ledger::tests::plan());
        let count = COMPACT as u64 * 3;
        for ordinal in 0..count {
            let subject =
                Subject { operation: (ordinal % 2) as usize, row: ordinal, target: Some((0, ordinal % 10)) };
            let span = Span { start_ns: ordinal * 2, end_ns: ordinal * 2 + 1 };
            journal.modified(subject, (0, ordinal % 10), 1, || span);
        }
        journal.compact();
        let mut kept: Vec<u64> = journal.modifications.iter().map(|m| m.ordinal).collect();
        kept.sort_unstable();
        assert_eq!(kept, (count - 10..count).collect::<Vec<_>>());
    }
}
