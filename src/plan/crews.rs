//! Workers with their tapes: what each crew's operations take, in one dataset for each.
//!
//! How often they come is left to `mixes`.

use std::sync::Arc;

use super::loads::Settled;
use super::mixes::Share;
use super::operations::Made;
use super::tables::{self, Input, Tables};
use super::workload::{Crew, Workload};
use super::{Kind, Operation};
use crate::dataset::{
    Action, ActionValue, Column, Dataset, Interleaving, Parts, Source, StepRepeat, Unorderable, Workspace,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::Order;

/// Occurrences of an operation that are tried beforehand.
const TRIED: u64 = 16;

/// What crews are made with.
pub(super) struct Crews<'a, 'b> {
    pub(super) input: &'a Input<'b>,
    pub(super) tables: &'a Tables,
    pub(super) made: &'a [Made],
    /// Of the plan: inserts of tables first, then those of `made`.
    pub(super) operations: &'a [Operation],
    /// The operation that inserts the rows of a table's share, by table.
    pub(super) inserts: &'a [Option<usize>],
}

impl Crews<'_, '_> {
    /// The workload, with the tapes of all its crews.
    pub(super) fn workload(
        &self,
        settled: &Settled<'_>,
        shares: &[Share],
    ) -> Result<Workload, Vec<Diagnostic>> {
        let mut crews = Vec::new();
        let mut faults = Vec::new();
        for (index, share) in shares.iter().enumerate() {
            match self.crew(settled, shares, index) {
                Ok(dataset) => crews.push(Crew {
                    role: share.role.clone(),
                    workers: share.workers,
                    dataset: Arc::new(dataset),
                    counts: self.counts(share),
                }),
                Err(found) => faults.extend(found),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let only_inserts = self.operations.iter().enumerate().all(|(index, operation)| {
            matches!(operation.kind, Kind::Insert { .. }) || crews.iter().all(|crew| crew.counts[index] == 0)
        });
        Ok(Workload {
            name: settled.name.clone(),
            crews,
            extent: settled.extent,
            concurrency: settled.concurrency.clone(),
            iterations: settled.iterations,
            warm_up: settled.warm_up,
            reset: settled.reset,
            load: settled.load.clone(),
            retry: settled.retry.clone(),
            batch: settled.batch,
            pool: settled.pool,
            only_inserts,
        })
    }

    /// Occurrences by operation of the plan.
    fn counts(&self, share: &Share) -> Vec<u64> {
        let mut counts = vec![0; self.operations.len()];
        for (insert, count) in self.inserts.iter().zip(&share.inserts) {
            if let Some(operation) = insert {
                counts[*operation] = *count;
            }
        }
        let first = counts.len() - self.made.len();
        counts[first..].copy_from_slice(&share.operations);
        counts
    }

    fn crew(
        &self,
        settled: &Settled<'_>,
        shares: &[Share],
        index: usize,
    ) -> Result<Dataset, Vec<Diagnostic>> {
        let share = &shares[index];
        let scenario = self.input.scenario;
        let parts = settled.parts();
        let rows: Vec<u64> = (0..self.inserts.len()).map(|table| share.rows(table, self.made)).collect();
        let mut faults = Vec::new();
        let in_all: Vec<u64> =
            (0..rows.len()).map(|table| self.rows_in_all(share, table, rows[table], parts)).collect();
        tables::check_capacity(self.input, self.tables, &in_all, &mut faults);
        let actions = self.actions(share, parts, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let names: Vec<String> = actions.iter().map(|action| action.name.clone()).collect();
        let other_writes = |table: usize| {
            let others = shares.iter().enumerate().filter(|(other, _)| *other != index);
            others.into_iter().any(|(_, other)| other.rows(table, self.made) > 0)
        };
        let dataset = Dataset::new(Parts {
            seed: scenario.seed,
            tables: Arc::clone(&self.tables.rows),
            loaded: scenario.tables.values().map(|table| table.rows).collect(),
            writers: (0..rows.len()).map(|table| self.writers(share, table)).collect(),
            actions,
            ranks: self.tables.ranks.clone(),
            combinations: self.tables.combinations.clone(),
            interleaving: match scenario.order {
                Order::Mixed => Interleaving::Mixed,
                Order::Phased => Interleaving::Phased,
            },
            parts,
            loaded_only: (0..rows.len()).map(other_writes).collect(),
        })
        .map_err(|fault| vec![self.unorderable(&names, &fault)])?;
        self.check_first_rows(&dataset, &rows)?;
        self.check_first_occurrences(&dataset)?;
        Ok(dataset)
    }

    /// Rows that a table's columns must have values for, those outside of the dataset included.
    fn rows_in_all(&self, share: &Share, table: usize, rows: u64, parts: u64) -> u64 {
        let beyond = self.made.iter().zip(&share.operations).map(|(made, &count)| match made.key {
            Some(key) if key.table == table && matches!(made.operation.kind, Kind::Upsert { .. }) => {
                made.hits(count)
            }
            Some(key) if key.table == table && key.hit_ratio < 1.0 => 1,
            _ => 0,
        });
        self.input.scenario.tables[table].rows + (rows + beyond.sum::<u64>()) * parts
    }

    /// The operations that write a table's rows, with how many each writes.
    fn writers(&self, share: &Share, table: usize) -> Vec<(usize, u64)> {
        let own = self.inserts[table].map(|operation| (operation, share.inserts[table]));
        let first = self.operations.len() - self.made.len();
        let others =
            self.made.iter().zip(&share.operations).enumerate().filter_map(|(place, (made, &count))| {
                let inserts = made.operation.inserts() == Some(table);
                inserts.then(|| (first + place, count - made.hits(count)))
            });
        own.into_iter().chain(others).filter(|(_, count)| *count > 0).collect()
    }

    /// What does not write next rows.
    fn actions(&self, share: &Share, parts: u64, faults: &mut Vec<Diagnostic>) -> Vec<Action> {
        let first = self.operations.len() - self.made.len();
        let mut actions = Vec::new();
        for (place, (made, &count)) in self.made.iter().zip(&share.operations).enumerate() {
            let hits = made.hits(count);
            if hits == 0 {
                continue;
            }
            match made.action(first + place, hits, self.input, self.tables) {
                Ok(mut action) => {
                    if let (Kind::Upsert { .. }, Some(key)) = (&made.operation.kind, &mut action.key) {
                        // Those that find no row are writers of the table.
                        key.hit_ratio = 1.0;
                    }
                    self.check_own(&action, hits * parts, faults);
                    actions.push(action);
                }
                Err(found) => faults.extend(found),
            }
        }
        actions
    }

    /// Values of an operation's own that run out before its occurrences do.
    fn check_own(&self, action: &Action, occurrences: u64, faults: &mut Vec<Diagnostic>) {
        let own = action.values.iter().filter_map(|value| match value {
            ActionValue::Own(column) => Some(column),
            ActionValue::Key { .. } | ActionValue::Fresh { .. } => None,
        });
        let columns = own.chain(action.steps.iter().flat_map(|step| &step.values));
        for Column { name, source, .. } in columns {
            let Source::Template(template) = source else { continue };
            let Some(few) = template.facts().capacity().filter(|&c| c < u128::from(occurrences)) else {
                continue;
            };
            let path: Vec<&str> =
                ["operations", action.name.as_str()].into_iter().chain(name.split('.')).collect();
            let at = self.input.at(&path).or_else(|| self.input.spans.key(&["operations", &action.name]));
            let words = format!(
                "`{}` comes {occurrences} times, but this gives only {few} distinct values",
                action.name
            );
            let help = "widen its range, or let the operation come less often";
            faults.push(Diagnostic::error(Code::NotDistinct, at, words).help(help));
        }
    }

    /// Says why operations cannot be put in order.
    fn unorderable(&self, actions: &[String], fault: &Unorderable) -> Diagnostic {
        match fault {
            Unorderable::TooFew(few) => {
                let name = &self.tables.rows[few.table].name;
                let words = format!(
                    "`{name}` gets {} rows, but the rows that it refers to give only {} distinct combination{}",
                    few.rows,
                    few.combinations,
                    if few.combinations == 1 { "" } else { "s" }
                );
                Diagnostic::error(Code::NotDistinct, self.input.at(&["tables", name]), words)
                    .help("give the tables that it refers to a larger `share`, or this table a smaller one")
            }
            Unorderable::NoRows { action } => {
                let name = &actions[*action];
                let at = self.input.spans.key(&["operations", name]);
                let words = format!("`{name}` is about rows of a table that has none when it comes");
                Diagnostic::error(Code::NoRows, at, words).help(
                    "load rows for it, such as `rows = 1000`, or give the table a share of the same mix",
                )
            }
            Unorderable::NothingLeft { action, possible } => {
                let name = &actions[*action];
                let at = self.input.spans.key(&["operations", name]);
                let words = format!("`{name}` finds only {possible} rows to delete when it comes");
                Diagnostic::error(Code::NoRows, at, words).help("load more rows, or delete less often")
            }
            Unorderable::StillNeeded { action, child } => {
                let name = &actions[*action];
                let at = self.input.spans.key(&["operations", name]);
                let child = &self.tables.rows[*child].name;
                let words = format!(
                    "`{name}` would delete rows that later rows of `{child}` refer to, since the combinations there must be distinct"
                );
                Diagnostic::error(Code::NoRows, at, words).help(format!(
                    "load the rows of `{child}` instead of writing them, or write `order = \"phased\"`, where deletes come last"
                ))
            }
            Unorderable::TooMany { action } => {
                let name = &actions[*action];
                let at = self.input.spans.key(&["operations", name]);
                let words = format!("`{name}` deletes from a table with more than 4,294,967,295 rows");
                Diagnostic::error(Code::NoRows, at, words).help("write or load fewer rows")
            }
        }
    }

    /// What an operation draws for itself is tried a few times.
    fn check_first_occurrences(&self, dataset: &Dataset) -> Result<(), Vec<Diagnostic>> {
        let mut workspace = Workspace::default();
        let mut faults = Vec::new();
        for (index, action) in dataset.actions().iter().enumerate() {
            let tried = (0..action.count.min(TRIED))
                .find_map(|ordinal| dataset.occurrence(index, ordinal, &mut workspace, &mut |_| ()).err());
            let Some(error) = tried else { continue };
            let drawn = action.steps.iter().position(|step| matches!(step.repeat, StepRepeat::Drawn(_)));
            let step =
                drawn.map(|step| step.to_string()).filter(|_| error.to_string().starts_with("`repeat`"));
            let at = step
                .and_then(|step| self.input.at(&["operations", &action.name, "steps", &step, "repeat"]))
                .or_else(|| self.input.spans.key(&["operations", &action.name]));
            let words = format!("`{}` cannot be made: {error}", action.name);
            let help = "a template must give such a value each time; `int(1, 5)` gives whole numbers";
            faults.push(Diagnostic::error(Code::TemplateArgument, at, words).help(help));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// What depends on the row is tried on the first and the last.
    fn check_first_rows(&self, dataset: &Dataset, rows: &[u64]) -> Result<(), Vec<Diagnostic>> {
        let mut workspace = Workspace::default();
        let mut faults = Vec::new();
        for (table, written) in rows.iter().enumerate() {
            let count = written + self.input.scenario.tables[table].rows;
            let rows = dataset.tables().get(table).filter(|_| count > 0);
            let Some(rows) = rows else { continue };
            for row in [0, count - 1] {
                let mut made = 0;
                let Err(error) = dataset.row(table, row, &mut workspace, &mut |_| made += 1) else {
                    continue;
                };
                let column = rows.columns.get(made).map_or("", |c| c.name.as_str());
                let at = self
                    .input
                    .at(&["tables", &rows.name, "columns", column, "value"])
                    .or_else(|| self.input.at(&["tables", &rows.name]));
                let words =
                    format!("`{column}` in row {} of `{}` cannot be made: {error}", row + 1, rows.name);
                let help = "a template must give a value for every row; `row` counts them from 1";
                faults.push(Diagnostic::error(Code::TemplateArgument, at, words).help(help));
                break;
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
