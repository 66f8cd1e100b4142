//! What the operations of a workload need to be possible: rows to be about, rows to delete, and ways of working that they allow.
//!
//! How often they come is left to `mixes`.

use super::mixes::{Mixer, Share};
use super::operation::{Kind, Transaction};
use super::operations::Made;
use super::tables::Tables;
use super::workload::{BatchMode, BatchSize, Extent};
use crate::dataset::Source;
use crate::diagnostic::Code;
use crate::scenario::Reset;
use crate::units::count;

/// Who needs rows of a table that has none.
#[derive(Default)]
struct Missing {
    /// Tables whose loaded rows refer to it.
    loaded: Vec<String>,
    /// Tables and operations.
    others: Vec<String>,
}

impl Mixer<'_, '_> {
    /// Rows that operations are about, or that rows refer to, must come from somewhere.
    pub(super) fn check_rows(&mut self, share: &Share) {
        let has = |table: usize| self.loaded(table) > 0 || share.rows(table, self.made) > 0;
        let tables = self.tables;
        // Loaded rows come before all others, so that they can refer to loaded rows alone.
        let loaded = |table: &usize| self.loaded(*table) > 0;
        let written = |table: &usize| share.rows(*table, self.made) > 0 && !loaded(table);
        let mut missing: Vec<Missing> = (0..tables.rows.len()).map(|_| Missing::default()).collect();
        for table in (0..tables.rows.len()).filter(loaded) {
            let parents = tables.parents[table].iter().filter(|&parent| !loaded(parent));
            for &parent in parents.filter(|&&parent| must_refer(tables, table, parent)) {
                missing[parent].loaded.push(format!("`{}`", tables.rows[table].name));
            }
        }
        for table in (0..tables.rows.len()).filter(written) {
            let parents = tables.parents[table].iter().filter(|&&parent| !has(parent));
            for &parent in parents.filter(|&&parent| must_refer(tables, table, parent)) {
                missing[parent].others.push(format!("`{}`", tables.rows[table].name));
            }
        }
        for (made, _) in self.made.iter().zip(&share.operations).filter(|(_, count)| **count > 0) {
            let about = made.key.filter(|key| key.hit_ratio > 0.0).map(|key| key.table);
            let mut needed: Vec<usize> = about.into_iter().chain(made.refers.iter().copied()).collect();
            needed.sort_unstable();
            needed.dedup();
            for table in needed.into_iter().filter(|&table| !has(table)) {
                missing[table].others.push(format!("`{}`", made.operation.name));
            }
        }
        for (table, missing) in missing.into_iter().enumerate() {
            self.tell_missing(&tables.rows[table].name, &missing, share.role.is_some());
        }
    }

    fn tell_missing(&mut self, table: &str, missing: &Missing, role: bool) {
        let (who, help) = match (missing.loaded.is_empty(), missing.others.is_empty()) {
            (true, true) => return,
            (false, _) => (
                format!("loaded rows of {} refer to loaded rows of it", all_of(&missing.loaded)),
                "say how many are loaded, such as `rows = 1000`".to_owned(),
            ),
            (true, false) if role => (
                format!("{} cannot do without", all_of(&missing.others)),
                "say how many are loaded, such as `rows = 1000`; roles do not see each other's new rows"
                    .to_owned(),
            ),
            (true, false) => (
                format!("{} cannot do without", all_of(&missing.others)),
                "say how many are loaded, such as `rows = 1000`, or give it a share of the same mix"
                    .to_owned(),
            ),
        };
        let at = self.input.spans.key(&["tables", table]);
        self.fault(Code::NoRows, at, format!("`{table}` has no rows, and {who}"), help);
    }

    pub(super) fn check_deletes(&mut self, share: &Share) {
        for table in 0..self.tables.rows.len() {
            let parts = self.settled.parts();
            let deletes = share.deletes(table, self.made) * parts;
            let rows = self.loaded(table) + share.rows(table, self.made) * parts;
            if deletes <= rows || rows == 0 {
                continue;
            }
            let removes =
                |made: &&Made| matches!(made.operation.kind, Kind::Delete { table: of } if of == table);
            let name = self.made.iter().find(removes).map_or("", |made| made.operation.name.as_str());
            let at = self.input.spans.key(&["operations", name]);
            let within = match self.settled.section {
                Some(_) => format!("workload `{}`", self.settled.name),
                None => "the scenario".to_owned(),
            };
            let words = format!(
                "{within} is to delete {} rows of `{}`, which has only {}",
                count(deletes),
                self.tables.rows[table].name,
                count(rows)
            );
            let help = match self.settled.extent {
                Extent::Time { .. } => {
                    "load more rows, or say with `max_operations` how many operations there are at most"
                }
                Extent::Total(_) => "load more rows, or delete less often",
            };
            self.fault(Code::NoRows, at, words, help);
        }
    }

    /// What batches and a reset around every write cannot have.
    pub(super) fn check_kinds(&mut self, share: &Share) {
        for (made, _) in self.made.iter().zip(&share.operations).filter(|(_, count)| **count > 0) {
            let operation = &made.operation;
            let name = &operation.name;
            let at = self.input.spans.key(&["operations", name]);
            let insert = matches!(operation.kind, Kind::Insert { .. });
            if self.settled.reset == Reset::Write && !insert {
                let words = format!("`reset = \"write\"` is for inserts alone, and `{name}` is none");
                self.fault(
                    Code::Reset,
                    at,
                    words,
                    "write `reset = \"level\"`, or leave the operation out of the mix",
                );
            }
            let Some(batch) = self.settled.batch else { continue };
            if operation.transaction != Transaction::None {
                let at = self.input.at(&["operations", name, "transaction"]).or(at);
                let words = format!("`{name}` has a transaction of its own, so it cannot be part of a batch");
                self.fault(
                    Code::Batch,
                    at,
                    words,
                    "leave out its `transaction`, or the batches of the workload",
                );
            }
            if batch.mode == BatchMode::MultiRow && !insert {
                let words =
                    format!("`batch_mode = \"multi_row\"` is for inserts alone, and `{name}` is none");
                self.fault(Code::Batch, at, words, "write `batch_mode = \"transaction\"`");
            }
        }
        self.check_parameters(share);
        let loaded = (0..self.tables.rows.len()).find(|&table| self.loaded(table) > 0);
        if let Some(table) = loaded.filter(|_| self.settled.reset == Reset::Write) {
            let name = &self.tables.rows[table].name;
            let at = self.input.spans.key(&["tables", name, "rows"]);
            let words = format!(
                "`rows` of `{name}` and `reset = \"write\"` exclude each other: tables are made anew around every write"
            );
            self.fault(Code::Reset, at, words, "leave out `rows`, or write `reset = \"level\"`");
        }
    }

    /// Statements of many rows whose values are more than go with one.
    fn check_parameters(&mut self, share: &Share) {
        let engine = self.input.engine();
        let Some(batch) = self.settled.batch.filter(|batch| batch.mode == BatchMode::MultiRow) else {
            return;
        };
        let Some(most) = engine.capabilities().parameters else { return };
        let (key, rows) = match batch.size {
            BatchSize::Fixed(size) => ("batch_size", size),
            BatchSize::Adaptive { max, .. } => ("batch_max", max),
        };
        let tables = self.tables;
        let written = (0..tables.rows.len()).filter(|&table| share.rows(table, self.made) > 0);
        let Some(widest) = written.max_by_key(|&table| tables.rows[table].columns.len()) else { return };
        let columns = tables.rows[widest].columns.len().max(1) as u64;
        if rows * columns <= u64::from(most) {
            return;
        }
        let own = ["workloads", self.settled.name.as_str(), key];
        let at = self.input.at(&own).or_else(|| self.input.at(&[key]));
        let words = format!(
            "{} rows of `{}` have {} values, and a statement of {} takes at most {}",
            count(rows),
            tables.rows[widest].name,
            count(rows * columns),
            engine.in_words(),
            count(u64::from(most))
        );
        let help = format!(
            "write at most `{key} = {}`, or `batch_mode = \"transaction\"`",
            u64::from(most) / columns
        );
        self.fault(Code::Engine, at, words, help);
    }
}

/// `a`, `b` and `c`.
fn all_of(names: &[String]) -> String {
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

/// Whether rows of a table cannot do without a row of this parent.
fn must_refer(tables: &Tables, table: usize, parent: usize) -> bool {
    tables.rows[table].columns.iter().any(|column| match &column.source {
        Source::Reference { target, nullable, present, .. } => {
            target.table == parent && !nullable && present.is_none()
        }
        Source::Combined { target, .. } => target.table == parent,
        Source::Template(template) => template.facts().required().iter().any(|t| t.table == parent),
        Source::Row => false,
    })
}
