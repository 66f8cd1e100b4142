//! What the database must hold, as far as acknowledged operations tell: kept from one fresh state to the next.

use std::collections::BTreeSet;

use super::journal::{Journal, Modification};
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
    /// The operation that changed it without saying how.
    pub(super) unaccounted: Option<String>,
    /// Columns that cannot be compared.
    pub(super) overwritten: BTreeSet<usize>,
    /// Values that others may refer to were changed.
    pub(super) rekeyed: bool,
    /// Values that refer to others were changed.
    pub(super) redirected: bool,
}

/// The dataset that has all rows of a table: the one of the role that writes it, or any.
pub(super) fn dataset_of(crews: &[Crew], table: usize) -> &Dataset {
    let most = crews.iter().max_by_key(|crew| crew.dataset.rows_in_all(table));
    &most.expect("a workload has a crew").dataset
}

/// The table and the columns that an update, or an upsert, gives new values.
fn sets(operation: &Operation) -> (usize, Vec<usize>) {
    match &operation.kind {
        Kind::Update { table, sets } => (*table, sets.iter().map(|(column, _)| *column).collect()),
        Kind::Upsert { table, sets } => (*table, sets.clone()),
        _ => unreachable!("nothing else modifies rows of the dataset"),
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

    /// Adds what a worker did.
    pub(super) fn absorb(&mut self, plan: &Plan, crews: &[Crew], journal: Journal) {
        for (index, operation) in plan.operations.iter().enumerate() {
            let (stood, torn) = (journal.stood[index] as i64, journal.torn[index] as i64);
            if stood + torn > 0 {
                self.absorb_sql(operation, stood, torn);
            }
        }
        for (table, rows) in journal.nameless {
            let table = &mut self.tables[table];
            table.added = (table.added.0 + rows, table.added.1 + rows);
            table.counts_only = true;
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
        self.modifications.sort_by_key(|m| (m.table, m.row));
    }

    fn absorb_sql(&mut self, operation: &Operation, stood: i64, torn: i64) {
        for &(table, rows) in &operation.changes {
            let table = &mut self.tables[table];
            table.added.0 += stood * rows + torn * rows.min(0);
            table.added.1 += stood * rows + torn * rows.max(0);
            table.counts_only |= rows != 0;
        }
        for &table in &operation.unaccounted {
            self.tables[table].unaccounted.get_or_insert_with(|| operation.name.clone());
        }
        for &(table, column) in &operation.overwrites {
            self.tables[table].overwritten.insert(column);
        }
    }

    /// Columns of a table hold other values than those of the dataset.
    fn follow(&mut self, plan: &Plan, crews: &[Crew], table: usize, columns: &[usize]) {
        let made = &dataset_of(crews, table).tables()[table].columns;
        let refers =
            |column: usize| matches!(made[column].source, Source::Reference { .. } | Source::Combined { .. });
        let known = &mut self.tables[table];
        known.rekeyed |= columns.iter().any(|column| plan.tables[table].key.contains(column));
        known.redirected |= columns.iter().any(|column| refers(*column));
    }

    /// Acknowledged modifications of a row.
    pub(super) fn modifications(&self, table: usize, row: u64) -> &[Modification] {
        let key = |m: &Modification| (m.table, m.row);
        let first = self.modifications.partition_point(|m| key(m) < (table, row));
        let count = self.modifications[first..].partition_point(|m| key(m) == (table, row));
        &self.modifications[first..first + count]
    }

    /// Rows that a table holds, least and most.
    pub(super) fn rows(&self, table: usize) -> (u64, u64) {
        let acknowledged = self.states.acknowledged(table).count() as u64;
        let (least, most) = self.tables[table].added;
        (acknowledged.saturating_add_signed(least), acknowledged.saturating_add_signed(most))
    }
}
