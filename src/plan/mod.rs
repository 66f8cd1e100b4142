//! A scenario with every decision made: what runs, in which order, against what.
//!
//! Nothing here says "not decided". Carrying it out is left to `run`, talking to a database to `engine`.

mod build;
mod capabilities;
mod codes;
mod columns;
mod crews;
mod database;
mod ddl;
mod ddl_text;
mod distinct;
mod driver;
mod experiment;
mod extras;
mod further;
mod limits;
mod load_keys;
mod loads;
mod lookups;
mod memtable;
mod mixes;
mod names;
mod needs;
mod operation;
mod operation_keys;
mod operations;
mod payload;
mod postgres;
mod pragma;
mod prefix;
mod raw;
mod references;
mod shares;
mod sizes;
mod statements;
mod store;
mod tables;
mod target;
mod targets;
mod trials;
mod values;
mod volume;
mod warnings;
mod workload;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::diagnostic::{Diagnostic, Sources};
use crate::scenario::{self, Overrides, Rejected, Reset};

pub use crate::scenario::{BASE_VARIANT, CaseOrder, same_value};

pub use build::build;
pub use ddl::{ForeignKey, foreign_keys, quote};
pub use experiment::{experiment, one_case};
pub use limits::LEAST_MEMORY_BYTES;
pub use operation::{
    Bind, BlobIo, EXPECT_CHANGES, EXPECT_ROWS, EXPECT_VALUE, Expect, Kind, NOTHING_CAPTURED, Operation,
    PAYLOAD_MISMATCH, Repeat, Step, Transaction,
};
pub use store::{
    Buffer, Database, Driver, EngineKind, Location, MemtableDatabase, Persister, PostgresDatabase, Pragma,
    Setting, SqliteDatabase,
};
pub use target::{METRICS, Metric, Needs, SAMPLES_BEYOND, Target, Unit, per_mille_beyond};
pub use workload::{
    Arrivals, Batch, BatchMode, BatchSize, Crew, Extent, Load, POOL_TIMEOUT, Pool, Retry, Stage, WarmUp,
    Workload,
};

/// All cases of a scenario: every variant at every point of the matrix. A file without either is one case.
#[derive(Debug)]
pub struct Experiment {
    /// At least one; that of the unchanged file first, then in the file's order.
    pub cases: Vec<Plan>,
    /// In which order their iterations run.
    pub case_order: CaseOrder,
}

/// Everything that a run needs, with nothing left to decide.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names the result; the file's stem unless the file says otherwise.
    pub name: String,
    /// Place among the cases of its experiment, from 0.
    pub case: usize,
    /// Name of the variant; [`BASE_VARIANT`] for the file as it stands.
    pub variant: String,
    /// Values of the matrix, by key path, in the file's order.
    pub parameters: IndexMap<String, serde_json::Value>,
    /// What the process that carries it out may use.
    pub limits: Limits,
    /// `testName` of the result.
    pub test: String,
    /// What question the scenario answers.
    pub description: String,
    /// Where the values come from.
    pub seed: u64,
    /// Where the writes go.
    pub database: Database,
    /// In the file's order; operations and the dataset use the same indexes.
    pub tables: Vec<Table>,
    /// The inserts of tables that get rows, in the order of the tables, then those of `[operations]`.
    pub operations: Vec<Operation>,
    /// At least one, in the file's order.
    pub workloads: Vec<Workload>,
    /// In the file's order.
    pub targets: Vec<Target>,
    /// Whether totals were divided by `--quick`.
    pub quick: bool,
    /// What is written beside the result.
    pub outputs: Outputs,
    /// What the plan was made from.
    pub source: Record,
    /// What runs, but probably not as meant.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and plans a scenario's text as its first case: the file as it stands, at the first point of its matrix. Nothing is made, opened or read
/// but files that the text names.
///
/// `path` names the scenario.
///
/// # Errors
/// Everything that is wrong with it.
pub fn prepare(path: &Path, text: String, overrides: &Overrides) -> Result<(Plan, Sources), Rejected> {
    let loaded = scenario::load(path, text, overrides)?;
    match build(path, &loaded) {
        Ok(plan) => Ok((plan, loaded.sources)),
        Err(diagnostics) => Err(Rejected { sources: loaded.sources, diagnostics }),
    }
}

impl Experiment {
    /// The case of the file as it stands; of the first variant that is chosen.
    pub fn first(&self) -> &Plan {
        self.cases.first().expect("there is at least one case")
    }

    /// What runs, but probably not as meant: that of all cases, once.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let mut all: Vec<Diagnostic> = Vec::new();
        for warning in self.cases.iter().flat_map(|case| &case.warnings) {
            if !all.iter().any(|told| told.span == warning.span && told.message == warning.message) {
                all.push(warning.clone());
            }
        }
        all
    }
}

impl Plan {
    /// Whether the variant and the variables that a target names are those of this case.
    pub fn is_selected_by(&self, target: &Target) -> bool {
        let none = serde_json::Map::new();
        let vars = self.source.effective.get("vars").and_then(serde_json::Value::as_object).unwrap_or(&none);
        target.selects(&self.variant, &self.parameters, vars)
    }

    /// Whether tables are set up and torn down around every single write, each worker with a database of its own. Holds for all workloads.
    pub fn per_write(&self) -> bool {
        self.workloads.iter().any(|workload| workload.reset == Reset::Write)
    }

    /// Which case it is: its variant, and the values of the matrix.
    pub fn in_words(&self) -> String {
        let value =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parameters = self.parameters.iter().map(|(key, v)| format!("{key} {}", value(v)));
        std::iter::once(self.variant.clone()).chain(parameters).collect::<Vec<_>>().join(", ")
    }

    /// Whether bytes of values are counted.
    pub fn counts_payload(&self) -> bool {
        self.operations.iter().any(|operation| operation.payload)
    }

    /// Connections that are open at once, at most.
    pub fn connections(&self) -> u32 {
        let of = |workload: &Workload| {
            let workers = workload.concurrency.iter().copied().max().unwrap_or(1);
            // Nobody needs two connections at once.
            workload.pool.map_or(workers, |pool| pool.max.min(workers.max(pool.initial)))
        };
        self.workloads.iter().map(of).max().unwrap_or(1)
    }
}

/// What a case may use. It runs in a process of its own where there is any limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Memory with page cache, bytes.
    pub memory_bytes: Option<u64>,
    /// Processors; 0.5 is half of one's time.
    pub cpus: Option<f64>,
}

impl Limits {
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Limits::default()
    }
}

/// What is written beside the result document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// A stricter schema for the result.
    pub schema: Option<PathBuf>,
    /// A table with a row for each configuration, `results/NAME/results.csv`.
    pub csv: bool,
    /// The tables in words, `results/NAME/summary.txt`.
    pub summary: bool,
    /// What happened when, a file for each case below `results/NAME/logs`.
    pub logs: bool,
}

/// The text that a plan was made from, kept for the result.
#[derive(Clone, Debug)]
pub struct Record {
    /// The path as given.
    pub path: PathBuf,
    /// The file as it was read.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// Key path and TOML value of each override, `--quick` and other flags included.
    pub overrides: Vec<(String, String)>,
    /// The scenario after overrides, as JSON.
    pub effective: serde_json::Value,
}

/// One table of the database.
#[derive(Clone, Debug)]
pub struct Table {
    /// As the scenario spells it.
    pub name: String,
    /// `CREATE TABLE`, then its indexes, in the words of the engine.
    pub create: Vec<String>,
    /// Names of the columns that a row of the dataset has, in its order.
    pub columns: Vec<String>,
    /// Which of `columns` identify a row (primary key or a unique constraint); empty when none do.
    pub key: Vec<usize>,
    /// Foreign keys: names of the referenced tables.
    pub references: Vec<String>,
    /// Whether every value under a foreign key is one of an earlier row.
    pub references_bound: bool,
    /// Whether rows have a rowid, by which incremental blob I/O finds them.
    pub rowid: bool,
    /// Which of `columns` hold no blobs but those that `bytes(…)` made.
    pub bytes: Vec<usize>,
    /// Indexes on columns of the dataset row, those of constraints among them; none on expressions or on a part of the rows.
    pub indexes: Vec<Index>,
}

/// An index of whole columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Columns of the dataset row, in the index's order.
    pub columns: Vec<usize>,
    /// Whether values are distinct.
    pub unique: bool,
}

#[cfg(test)]
mod tests;
