//! What a worker's operations did to the rows, or may have done, for the gate and for the comparison at the end.
//!
//! Of acknowledged modifications of one row by one kind of operation, a worker keeps the last alone: it works on one operation after the other,
//! so the last one is certainly the later. Those whose answer was lost are all kept: any of them may stand, and a server may carry one out
//! long after its client has given it up.

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

impl Span {
    /// Of something whose answer was lost: it may be done at any time after its start.
    fn open(start_ns: u64) -> Span {
        Span { start_ns, end_ns: u64::MAX }
    }
}

/// A change of one row's columns, or its removal from a table that upserts may write it to again.
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
    /// Acknowledged; otherwise it may stand or not.
    pub(super) certain: bool,
}

/// One worker's notes on rows.
#[derive(Debug)]
pub(super) struct Journal {
    crew: usize,
    pub(super) modifications: Vec<Modification>,
    compact_at: usize,
    /// By table: whether an upsert may write a deleted row again.
    revives: Vec<bool>,
    /// By operation: whether it is about one row, or none.
    single: Vec<bool>,
    /// By operation: raw SQL that stands, and what changed rows that are there.
    pub(super) stood: Vec<u64>,
    /// By operation: raw SQL of which a part stands, or may stand.
    pub(super) torn: Vec<u64>,
    /// Updates that changed more rows than one, or may have.
    pub(super) wide: BTreeSet<usize>,
    /// Removals of several rows at once whose answer was lost.
    pub(super) perhaps_removed: BTreeSet<usize>,
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
            single: plan.operations.iter().map(|operation| finds_one_row(plan, operation)).collect(),
            stood: vec![0; plan.operations.len()],
            torn: vec![0; plan.operations.len()],
            wide: BTreeSet::new(),
            perhaps_removed: BTreeSet::new(),
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

    /// The answer to an operation was lost: all of it may stand, or nothing. It was sent at `start_ns`.
    #[cold]
    pub(super) fn doubts(
        &mut self,
        states: &RowStates,
        operation: &Operation,
        subject: Subject,
        start_ns: impl FnOnce() -> u64,
    ) {
        let single = self.single[subject.operation];
        match (&operation.kind, subject.target) {
            (Kind::Insert { table }, _) | (Kind::Upsert { table, .. }, None) => {
                return states.doubt(*table, subject.row);
            }
            (Kind::Get { .. } | Kind::Find { .. } | Kind::Scan { .. }, _) => return,
            (Kind::Upsert { .. }, Some(target)) => {
                self.note(subject, target, Span::open(start_ns()), false);
            }
            (Kind::Update { .. }, Some(target)) if single => {
                self.note(subject, target, Span::open(start_ns()), false);
            }
            (Kind::Delete { table }, Some((_, row))) if single => {
                states.doubt_removal(*table, row);
                if self.revives[*table] {
                    self.note(subject, (*table, row), Span::open(start_ns()), false);
                }
            }
            // It asked for a row that is not there.
            (Kind::Update { .. } | Kind::Delete { .. }, None) if single => return,
            (Kind::Update { .. }, _) => drop(self.wide.insert(subject.operation)),
            (Kind::Delete { .. }, _) => drop(self.perhaps_removed.insert(subject.operation)),
            (Kind::Sql { .. }, _) => {}
        }
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
        self.note(subject, (table, row), span(), true);
    }

    fn note(&mut self, subject: Subject, (table, row): (usize, u64), span: Span, certain: bool) {
        self.modifications.push(Modification {
            table,
            row,
            operation: subject.operation,
            ordinal: subject.row,
            crew: self.crew,
            span,
            certain,
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
                    self.note(subject, (table, row), span(), true);
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
        self.modifications.sort_by_key(|m| (m.table, m.row, m.operation, m.certain));
        self.modifications.dedup_by(|earlier, later| {
            let kind = |m: &Modification| (m.table, m.row, m.operation);
            earlier.certain && later.certain && kind(earlier) == kind(later)
        });
        self.modifications.reverse();
        self.compact_at = (self.modifications.len() * 2).max(COMPACT);
    }
}

/// Whether the columns by which an operation finds rows tell them apart.
fn finds_one_row(plan: &Plan, operation: &Operation) -> bool {
    let (Kind::Update { table, .. } | Kind::Delete { table }) = operation.kind else { return true };
    let table = &plan.tables[table];
    let found_by = |columns: &[usize]| columns.iter().all(|column| operation.by.contains(column));
    let by_key = !table.key.is_empty() && found_by(&table.key);
    by_key || table.indexes.iter().any(|index| index.unique && found_by(&index.columns))
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
        let lost = Subject { operation: 0, row: 7, target: Some((0, 7)) };
        journal.note(lost, (0, 7), Span::open(15), false);
        journal.compact();
        assert_eq!(
            journal.modifications.iter().filter(|m| !m.certain).count(),
            1,
            "one that may stand is kept"
        );
        journal.modifications.retain(|m| m.certain);
        let mut kept: Vec<u64> = journal.modifications.iter().map(|m| m.ordinal).collect();
        kept.sort_unstable();
        assert_eq!(kept, (count - 10..count).collect::<Vec<_>>());
    }
}
