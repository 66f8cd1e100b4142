//! What the database must hold, as far as answers tell: kept from one fresh state to the next. Where answers were lost, it is a range.

use std::collections::BTreeSet;

use super::journal::{Journal, Modification, Span};
use super::states::RowStates;
use crate::dataset::{Dataset, Source};
use crate::plan::{Crew, Kind, Operation, Plan, Workload};

/// Everything since the tables were made.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) states: RowStates,
    pub(super) tables: Vec<TableLedger>,
    /// By table and row.
    modifications: Vec<Modification>,
}

/// One table.
#[derive(Clone, Debug, Default)]
pub(super) struct TableLedger {
    /// Rows added (below 0: removed) beyond those of the dataset: least and most.
    pub(super) added: (i64, i64),
    /// Which rows are there cannot be told, only how many.
    pub(super) counts_only: bool,
    /// Why nothing can be said of its rows, in a sentence: an operation changed them without saying how.
    pub(super) unaccounted: Option<String>,
    /// Columns that cannot be compared.
    pub(super) overwritten: BTreeSet<usize>,
    /// Values that others may refer to were changed.
    pub(super) rekeyed: bool,
    /// Values that refer to others were changed.
    pub(super) redirected: bool,
    /// Rows that were deleted, and that an upsert certainly wrote again afterwards; in their order.
    pub(super) revived: Vec<u64>,
    /// Rows that were deleted, and that an upsert at one time, or one whose answer was lost, may have written again; in their order.
    pub(super) perhaps: Vec<u64>,
}

impl TableLedger {
    /// Whether a row that was deleted may be there again.
    pub(super) fn may_be_revived(&self, row: u64) -> bool {
        [&self.revived, &self.perhaps].iter().any(|rows| rows.binary_search(&row).is_ok())
    }
}

/// The dataset that has all rows of a table: the one of the role that writes it, or any.
pub(super) fn dataset_of(crews: &[Crew], table: usize) -> &Dataset {
    let most = crews.iter().max_by_key(|crew| crew.dataset.rows_in_all(table));
    &most.expect("a workload has a crew").dataset
}

/// The table and the columns that an update, or an upsert, gives new values; a delete gives none.
fn sets(operation: &Operation) -> (usize, Vec<usize>) {
    match &operation.kind {
        Kind::Update { table, sets } => (*table, sets.iter().map(|(column, _)| *column).collect()),
        Kind::Upsert { table, sets } => (*table, sets.clone()),
        Kind::Delete { table } => (*table, Vec::new()),
        _ => unreachable!("nothing else modifies rows of the dataset"),
    }
}

/// The latest start and the latest end of some modifications.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    /// Of acknowledged ones.
    certain: Option<Span>,
    /// Of those whose answer was lost, too.
    any: Option<Span>,
}

impl Last {
    fn of<'m>(modifications: impl Iterator<Item = &'m Modification>) -> Last {
        let later = |known: Option<Span>, span: Span| {
            let known = known.unwrap_or(span);
            let (start_ns, end_ns) = (known.start_ns.max(span.start_ns), known.end_ns.max(span.end_ns));
            Some(Span { start_ns, end_ns })
        };
        modifications.fold(Last::default(), |last, m| Last {
            certain: if m.certain { later(last.certain, m.span) } else { last.certain },
            any: later(last.any, m.span),
        })
    }
}

impl Ledger {
    /// Tables just made, and loaded rows already in them.
    pub(super) fn new(workload: &Workload) -> Self {
        let tables = workload.crews[0].dataset.tables().len();
        let rows = |table| dataset_of(&workload.crews, table).rows_in_all(table);
        let states = RowStates::new((0..tables).map(rows));
        for table in 0..tables {
            (0..workload.crews[0].dataset.loaded(table)).for_each(|row| states.acknowledge(table, row));
        }
        Ledger { states, tables: vec![TableLedger::default(); tables], modifications: Vec::new() }
    }

    /// Adds what a worker did. The last one is followed by [`Ledger::settle`].
    pub(super) fn absorb(&mut self, plan: &Plan, crews: &[Crew], journal: Journal) {
        for (index, operation) in plan.operations.iter().enumerate() {
            let (stood, torn) = (journal.stood[index] as i64, journal.torn[index] as i64);
            if stood + torn > 0 {
                self.absorb_changes(plan, operation, stood, torn);
            }
        }
        for (table, rows) in journal.nameless {
            let table = &mut self.tables[table];
            table.added = (table.added.0 + rows, table.added.1 + rows);
            table.counts_only = true;
        }
        for &operation in &journal.perhaps_removed {
            let Operation { name, kind, .. } = &plan.operations[operation];
            let Kind::Delete { table } = kind else {
                unreachable!("nothing else removes rows of the dataset")
            };
            let of = &plan.tables[*table].name;
            self.tables[*table].unaccounted.get_or_insert_with(|| {
                format!("the answer to {name} was lost, which may have removed any number of rows of {of}, so they are not verified")
            });
        }
        for &operation in &journal.wide {
            let (table, columns) = sets(&plan.operations[operation]);
            self.tables[table].overwritten.extend(columns);
        }
        let modified: BTreeSet<usize> = journal.modifications.iter().map(|m| m.operation).collect();
        let by_known = modified.union(&journal.wide).map(|&operation| sets(&plan.operations[operation]));
        let by_sql = self.tables.iter().map(|table| table.overwritten.iter().copied().collect()).enumerate();
        for (table, columns) in by_known.chain(by_sql).collect::<Vec<(usize, Vec<usize>)>>() {
            self.follow(plan, crews, table, &columns);
        }
        self.modifications.extend(journal.modifications);
    }

    /// Puts what all workers did in order. Workers overtake each other, so that an upsert of a row may come after its removal, and write it anew.
    pub(super) fn settle(&mut self, plan: &Plan) {
        self.modifications.sort_by_key(|m| (m.table, m.row));
        for table in &mut self.tables {
            table.revived.clear();
            table.perhaps.clear();
        }
        let removes = |m: &&Modification| matches!(plan.operations[m.operation].kind, Kind::Delete { .. });
        let writes = |m: &&Modification| matches!(plan.operations[m.operation].kind, Kind::Upsert { .. });
        for of_row in self.modifications.chunk_by(|a, b| (a.table, a.row) == (b.table, b.row)) {
            // Mostly one; but one role may delete what another wrote again.
            let removed = Last::of(of_row.iter().filter(removes));
            let written = Last::of(of_row.iter().filter(writes));
            // Without a removal that is certain, the row's state says what is known.
            let (Some(certainly_removed), Some(removal), Some(upsert)) =
                (removed.certain, removed.any, written.any)
            else {
                continue;
            };
            let table = &mut self.tables[of_row[0].table];
            if written.certain.is_some_and(|written| written.start_ns > removal.end_ns) {
                table.revived.push(of_row[0].row);
            } else if upsert.end_ns >= certainly_removed.start_ns {
                table.perhaps.push(of_row[0].row);
            }
        }
    }

    fn absorb_changes(&mut self, plan: &Plan, operation: &Operation, stood: i64, torn: i64) {
        for &(table, rows) in &operation.changes {
            let table = &mut self.tables[table];
            table.added.0 += stood * rows + torn * rows.min(0);
            table.added.1 += stood * rows + torn * rows.max(0);
            table.counts_only |= rows != 0;
        }
        for &table in &operation.unaccounted {
            let (by, name) = (&operation.name, &plan.tables[table].name);
            self.tables[table].unaccounted.get_or_insert_with(|| {
                format!("what {by} does to the rows of {name} is not said, so they are not verified")
            });
        }
        for &(table, column) in &operation.overwrites {
            self.tables[table].overwritten.insert(column);
        }
    }

    /// Columns of a table hold other values than those of the dataset.
    fn follow(&mut self, plan: &Plan, crews: &[Crew], table: usize, columns: &[usize]) {
        let tables = dataset_of(crews, table).tables();
        let target = |source: &Source| match source {
            Source::Reference { target, .. } | Source::Combined { target, .. } => Some(*target),
            Source::Row | Source::Template(_) => None,
        };
        let all = tables.iter().flat_map(|rows| &rows.columns);
        let targets: Vec<_> = all.filter_map(|column| target(&column.source)).collect();
        let referred = |column: &usize| targets.iter().any(|to| to.table == table && to.column == *column);
        let refers = |column: &usize| target(&tables[table].columns[*column].source).is_some();
        let known = &mut self.tables[table];
        known.rekeyed |= columns.iter().any(|c| plan.tables[table].key.contains(c) || referred(c));
        known.redirected |= columns.iter().any(refers);
        // An upsert that no longer finds its row by such a value writes another one.
        let misled = plan.operations.iter().enumerate().find(|(index, operation)| {
            let looks_for = |sets: &[usize]| columns.iter().any(|column| !sets.contains(column));
            let mine = matches!(&operation.kind, Kind::Upsert { table: of, sets } if *of == table && looks_for(sets));
            mine && crews.iter().any(|crew| crew.counts[*index] > 0)
        });
        if let Some((_, operation)) = misled {
            let (by, name) = (&operation.name, &plan.tables[table].name);
            known.unaccounted.get_or_insert_with(|| {
                format!(
                    "rows of {name} were given other values than {by} looks for, so they are not verified"
                )
            });
        }
    }

    /// Acknowledged modifications of a row.
    pub(super) fn modifications(&self, table: usize, row: u64) -> &[Modification] {
        let key = |m: &Modification| (m.table, m.row);
        let first = self.modifications.partition_point(|m| key(m) < (table, row));
        let count = self.modifications[first..].partition_point(|m| key(m) == (table, row));
        &self.modifications[first..first + count]
    }

    /// Rows of the dataset of which it is not known whether they are there, from 0.
    pub(super) fn doubtful(&self, table: usize) -> impl Iterator<Item = u64> {
        self.states.doubtful(table).chain(self.tables[table].perhaps.iter().copied())
    }

    /// Whether a row (from 0) may be there.
    pub(super) fn may_be_there(&self, table: usize, row: u64) -> bool {
        self.states.may_be_there(table, row) || self.tables[table].may_be_revived(row)
    }

    /// Rows that a table holds, least and most.
    pub(super) fn rows(&self, table: usize) -> (u64, u64) {
        let known = &self.tables[table];
        let certain = self.states.acknowledged(table).count() as u64 + known.revived.len() as u64;
        let possible = certain + self.doubtful(table).count() as u64;
        (certain.saturating_add_signed(known.added.0), possible.saturating_add_signed(known.added.1))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::super::journal::Subject;
    use super::*;
    use crate::scenario::{self, Overrides};

    /// Ten loaded rows that are upserted and deleted.
    pub(in crate::run) fn plan() -> Plan {
        let text = "total_writes = 20\nconcurrency = [2]\n[database]\npath = ':memory:'\n\
            [tables.notes]\nrows = 10\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
            text = { type = 'TEXT', value = '{{ word() }}' }\n\
            [operations.put]\nshare = 4\nupsert = 'notes'\nhit_ratio = 1.0\n\
            [operations.drop]\nshare = 1\ndelete = 'notes'\n";
        let file = Path::new("mine.toml");
        let loaded = scenario::load(file, text.to_owned(), &Overrides::default()).unwrap();
        crate::plan::build(file, &loaded).unwrap()
    }

    /// Something done to row 4, from when to when; without an end, its answer was lost.
    type Done = (&'static str, u64, Option<u64>);

    /// Row 4 is deleted from 20 to 30 ns, and upserted at these times by another worker.
    fn after(upserts: &[(u64, u64)]) -> ((u64, u64), bool) {
        let upserts = upserts.iter().map(|&(start_ns, end_ns)| ("put", start_ns, Some(end_ns)));
        let all: Vec<Done> = [("drop", 20, Some(30))].into_iter().chain(upserts).collect();
        after_all(&all)
    }

    /// How many rows there are, and whether row 4 may be there though it was deleted. Each is done by a worker of its own.
    fn after_all(done: &[Done]) -> ((u64, u64), bool) {
        let plan = plan();
        let place = |name: &str| plan.operations.iter().position(|o| o.name == name).unwrap();
        let mut ledger = Ledger::new(&plan.workloads[0]);
        let mut journals = Vec::new();
        for &(name, start_ns, end_ns) in done {
            let mut journal = Journal::new(0, &plan);
            let subject = Subject { operation: place(name), row: 0, target: Some((0, 4)) };
            let operation = &plan.operations[subject.operation];
            match end_ns {
                Some(end_ns) => {
                    journal.stands(&ledger.states, operation, subject, 1, || Span { start_ns, end_ns });
                }
                None => journal.doubts(&ledger.states, operation, subject, || start_ns),
            }
            journals.push(journal);
        }
        for journal in journals {
            ledger.absorb(&plan, &plan.workloads[0].crews, journal);
        }
        ledger.settle(&plan);
        (ledger.rows(0), ledger.tables[0].may_be_revived(4))
    }

    #[test]
    fn a_row_that_is_upserted_after_its_removal_is_there_again() {
        assert_eq!(after(&[]), ((9, 9), false));
        assert_eq!(after(&[(1, 19)]), ((9, 9), false));
        assert_eq!(after(&[(1, 19), (31, 40)]), ((10, 10), true));
    }

    #[test]
    fn a_removal_whose_answer_was_lost_may_have_come_at_any_time_after_it_was_sent() {
        let lost = ("drop", 20, None);
        assert_eq!(after_all(&[lost]).0, (9, 10));
        assert_eq!(after_all(&[("drop", 1, Some(9)), lost]).0, (9, 9), "what is gone stays gone");
        assert_eq!(after_all(&[lost, ("drop", 40, Some(50))]).0, (9, 9));
        assert_eq!(after_all(&[lost, ("put", 40, Some(50))]).0, (9, 10));
        let again = [("drop", 1, Some(9)), ("put", 10, Some(19)), lost];
        assert_eq!(after_all(&again), ((9, 10), true), "written again, and perhaps removed again");
    }

    #[test]
    fn an_upsert_whose_answer_was_lost_may_have_written_a_row_again_or_not() {
        let removed = ("drop", 20, Some(30));
        assert_eq!(after_all(&[("put", 1, None)]).0, (10, 10), "the row was there anyway");
        assert_eq!(after_all(&[removed, ("put", 40, None)]), ((9, 10), true));
        assert_eq!(after_all(&[removed, ("put", 1, None)]), ((9, 10), true), "however early it was sent");
        assert_eq!(after_all(&[removed, ("put", 40, None), ("put", 60, Some(70))]), ((10, 10), true));
    }

    #[test]
    fn a_row_that_is_upserted_and_removed_at_one_time_may_be_there() {
        for span in [(10, 20), (22, 25), (30, 40)] {
            assert_eq!(after(&[span]), ((9, 10), true), "{span:?}");
        }
        assert_eq!(after(&[(25, 35), (50, 60)]), ((10, 10), true));
    }
}
