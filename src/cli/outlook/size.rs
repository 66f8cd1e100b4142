//! How large a case becomes: its database, what its operations write, and the tape.
//!
//! Rows and operations are made as they are for a level, a few of each. Whether there is room is left to `room`.

use crate::dataset::Workspace;
use crate::plan::{Crew, Extent, Kind, Plan, Workload};
use crate::run;
use crate::value::ValueRef;

/// Rows of each table, and occurrences of each operation, that are made to estimate their size.
const SAMPLE: u64 = 200;
/// After so many bytes no more are made.
const SAMPLE_BYTES: u64 = 1 << 20;
/// What a row takes on disk beyond its values, pages and indexes included; seen with rows of about 100 bytes.
const BYTES_PER_ROW: f64 = 40.0;
/// Larger values are not on the tape.
const TAPE_VALUE: u64 = 64 << 10;
/// The process before it has done anything, and SQLite's page cache of a connection, bytes.
const PROCESS_BYTES: u64 = 16 << 20;
const CACHE_BYTES: u64 = 2 << 20;

/// What a case comes to.
#[derive(Clone, Debug)]
pub(super) struct Size {
    /// Bytes of the database at its largest.
    pub(super) database: u64,
    /// Whether nothing can keep it smaller: no operation removes rows, and no level ends by the clock.
    pub(super) certain: bool,
    /// Bytes of the tape of the largest level.
    tape: u64,
    /// Per workload, bytes of values that a level writes.
    pub(super) written: Vec<f64>,
}

impl Size {
    /// Makes samples of a plan's rows and operations.
    pub(super) fn of(plan: &Plan) -> Size {
        let each: Vec<Level> = plan.workloads.iter().map(|workload| Level::of(plan, workload)).collect();
        let largest = each.iter().map(|level| level.database as u64).max().unwrap_or(0);
        let source = plan.database.from().and_then(|from| std::fs::metadata(from).ok());
        Size {
            database: largest + source.map_or(0, |facts| facts.len()),
            certain: each.iter().all(|level| level.certain) && !plan.per_write(),
            tape: each.iter().map(|level| level.tape as u64).max().unwrap_or(0),
            written: each.iter().map(|level| level.written).collect(),
        }
    }

    /// Memory of the process that carries the case out, bytes: itself, the tape, page caches, and a database that is there.
    pub(super) fn memory(&self, plan: &Plan) -> u64 {
        let database = if plan.database.in_memory() {
            self.database
        } else if plan.database.postgres().is_some() {
            // A server has its own memory.
            0
        } else {
            u64::from(plan.connections()) * CACHE_BYTES.min(self.database)
        };
        PROCESS_BYTES + self.tape.min(run::TAPE_BUDGET_BYTES) + database
    }
}

/// Bytes of a level of a workload.
#[derive(Default)]
struct Level {
    /// After all levels that follow each other without a reset.
    database: f64,
    written: f64,
    tape: f64,
    certain: bool,
}

/// Mean bytes of a row or an operation: all, and those on the tape.
#[derive(Clone, Copy, Default)]
struct Mean {
    bytes: f64,
    tape: f64,
}

impl Level {
    fn of(plan: &Plan, workload: &Workload) -> Level {
        let mut level = Level { certain: matches!(workload.extent, Extent::Total(_)), ..Level::default() };
        for (index, crew) in workload.crews.iter().enumerate() {
            // Loaded rows are there once, whichever crew is asked.
            level.add_tables(plan, crew, index == 0);
            level.add_actions(plan, crew);
        }
        level
    }

    fn add_tables(&mut self, plan: &Plan, crew: &Crew, with_loaded: bool) {
        let dataset = &crew.dataset;
        for table in 0..plan.tables.len() {
            let loaded = if with_loaded { dataset.loaded(table) } else { 0 };
            let written = dataset.rows_per_part(table);
            let mut workspace = Workspace::default();
            let mean = mean(loaded + written, |row, each| {
                // A row that cannot be made is told when it is made for real.
                let _ = dataset.row(table, row, &mut workspace, each);
            });
            let rows = loaded + written * dataset.parts();
            self.database += (mean.bytes + BYTES_PER_ROW) * rows as f64;
            self.written += mean.bytes * written as f64;
            self.tape += mean.tape * written as f64;
        }
    }

    fn add_actions(&mut self, plan: &Plan, crew: &Crew) {
        let dataset = &crew.dataset;
        for (place, action) in dataset.actions().iter().enumerate() {
            let operation = &plan.operations[action.operation];
            let has = |words: &[&str]| {
                operation.steps.iter().any(|step| {
                    let sql = step.sql.to_lowercase();
                    words.iter().any(|word| sql.contains(word))
                })
            };
            let removes = matches!(operation.kind, Kind::Delete { .. } | Kind::Sql { writes: true })
                && has(&["delete", "replace"]);
            self.certain &= !removes;
            let mut workspace = Workspace::default();
            let mean = mean(action.count, |ordinal, each| {
                let _ = dataset.occurrence(place, ordinal, &mut workspace, each);
            });
            let all = mean.bytes * action.count as f64;
            self.tape += mean.tape * action.count as f64;
            match operation.kind {
                Kind::Sql { writes: true } if has(&["insert", "replace"]) => {
                    self.written += all;
                    self.database += all * dataset.parts() as f64;
                }
                Kind::Update { .. } | Kind::Upsert { .. } => self.written += all,
                _ => {}
            }
        }
    }
}

/// Makes the first of so many things, as far as they are small, and says how large they are on average.
fn mean(count: u64, mut make: impl FnMut(u64, &mut dyn FnMut(ValueRef<'_>))) -> Mean {
    let (mut bytes, mut tape, mut made) = (0, 0, 0);
    while made < count.min(SAMPLE) && bytes < SAMPLE_BYTES {
        make(made, &mut |value| {
            let size = size_of(value);
            bytes += size;
            tape += if size > TAPE_VALUE { 16 } else { size + 1 };
        });
        made += 1;
    }
    let each = |sum: u64| sum as f64 / made.max(1) as f64;
    Mean { bytes: each(bytes), tape: each(tape) }
}

fn size_of(value: ValueRef<'_>) -> u64 {
    match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 8,
        ValueRef::Text(text) => text.len() as u64,
        ValueRef::Blob(blob) => blob.len() as u64,
        ValueRef::Pooled(blob) => blob.len(),
    }
}
