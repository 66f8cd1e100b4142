//! A fresh state that can be begun from again: under which name an engine keeps it, and what is known of it beside the database.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::ledger::Ledger;
use crate::engine::{Engine, EngineError};
use crate::plan::{Plan, Workload};

/// Sections that say nothing about the state before anything is measured.
const WITHOUT_EFFECT: [&str; 9] = [
    "name",
    "test",
    "description",
    "targets",
    "output",
    "limits",
    "iterations",
    "case_order",
    "allow_warnings",
];

/// What holds of a state and cannot be read from its tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Start {
    /// Rows of the dataset (table, row) that are not there: a conflict clause ignored them.
    refused: Vec<(usize, u64)>,
    /// By table: rows that were there before those of the dataset.
    found: Vec<u64>,
}

/// Names the state that a workload begins with, where it is worth keeping: with rows loaded, or copied from somewhere.
pub(super) fn name(plan: &Plan, workload: &Workload) -> Option<String> {
    if workload.crews[0].dataset.load_total() == 0 && plan.database.from().is_none() {
        return None;
    }
    let mut scenario = plan.source.effective.clone();
    if let Some(keys) = scenario.as_object_mut() {
        keys.retain(|name, _| !WITHOUT_EFFECT.contains(&name.as_str()));
    }
    let all = json!([scenario, plan.quick, plan.seed, workload.name]);
    let digest = Sha256::digest(all.to_string().as_bytes());
    Some(digest[..8].iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Start {
    /// What a copy of another database brought with it; to be called before rows are loaded.
    pub(super) fn look(plan: &Plan, engine: &mut dyn Engine) -> Result<Start, EngineError> {
        if plan.database.from().is_none() {
            return Ok(Start::default());
        }
        let mut inspector = engine.inspector()?;
        let found = (0..plan.tables.len()).map(|table| inspector.count(table));
        Ok(Start { refused: Vec::new(), found: found.collect::<Result<_, _>>()? })
    }

    /// Notes which rows were not loaded.
    pub(super) fn loaded(&mut self, ledger: &Ledger, workload: &Workload) {
        let dataset = &workload.crews[0].dataset;
        for table in 0..dataset.tables().len() {
            let missing =
                (0..dataset.loaded(table)).filter(|row| !ledger.states.is_acknowledged(table, *row));
            self.refused.extend(missing.map(|row| (table, row)));
        }
    }

    /// Tells a new ledger what the database holds.
    pub(super) fn apply(&self, ledger: &mut Ledger) {
        self.refused.iter().for_each(|(table, row)| ledger.states.refuse(*table, *row));
        for (table, found) in self.found.iter().enumerate().filter(|(_, found)| **found > 0) {
            let table = &mut ledger.tables[table];
            let found = i64::try_from(*found).unwrap_or(i64::MAX);
            table.added = (table.added.0 + found, table.added.1 + found);
            // Which rows of the source are there is not known.
            table.counts_only = true;
        }
    }
}
