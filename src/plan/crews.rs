//! Workers with their tapes: what each crew's operations take, in one dataset for each.
//!
//! How often they come is left to `mixes`.

use std::sync::Arc;

use super::loads::Settled;
use super::mixes::Share;
use super::operations::Made;
use super::tables::{self, Input, Tables};
use super::workload::{Crew, Workload};
use super::{Kind, Operation, trials};
use crate::dataset::{Action, ActionValue, Column, Dataset, Interleaving, Parts, Source, Unorderable};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::Order;

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
        trials::first_and_last(self.input, &dataset)?;
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
            ActionValue::Key { .. } | ActionValue::Fresh { .. } | ActionValue::Prefix { .. } => None,
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
}
