//! Plans from a scenario's text, their tapes, and the rows of a tape as plain arrays.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};

use runner::dataset::{Dataset, Source, Tape, TapeError, TapeOptions, Workspace};
use runner::diagnostic::render;
use runner::plan::{self, Plan};
use runner::run;
use runner::scenario::{self, Overrides};
use runner::value::{EncodedValue, Value};

/// The scenario that all throughput is measured with.
pub(crate) const BASE_0: &str = include_str!("../../scenarios/base-0.toml");

/// Reads of single rows by their key.
pub(crate) const READS: &str = r#"
total_writes = 1
concurrency = [1]
[database]
path = ":memory:"
[tables.users]
rows = 100_000
[tables.users.columns]
id    = { type = "INTEGER PRIMARY KEY" }
name  = { type = "TEXT NOT NULL", value = '{{ name() }}' }
email = { type = "TEXT NOT NULL UNIQUE", value = '{{ unique(email()) }}' }
[operations.read]
share = 1
get = "users"
by = "id"
"#;

/// A plan, through the same doors as `runner run --set …`.
pub(crate) fn plan(text: &str, total: u64, workers: u32, set: &[String]) -> Plan {
    let overrides = Overrides {
        total: Some(total),
        concurrency: Some(vec![workers]),
        set: set.to_vec(),
        ..Overrides::default()
    };
    let path = Path::new("ratios.toml");
    let loaded = scenario::load(path, text.to_owned(), &overrides)
        .unwrap_or_else(|rejected| panic!("{}", render(&rejected.diagnostics, &rejected.sources, false)));
    plan::build(path, &loaded).unwrap_or_else(|faults| panic!("{}", render(&faults, &loaded.sources, false)))
}

/// As `--set` takes it.
pub(crate) fn at(path: &Path, pragmas: &[(&str, &str)]) -> Vec<String> {
    let place = format!("database.path={:?}", path.display().to_string());
    let pragma = |(name, value): &(&str, &str)| format!("database.pragmas.{name}={value:?}");
    std::iter::once(place).chain(pragmas.iter().map(pragma)).collect()
}

/// The rows of the plan's only workload.
pub(crate) fn dataset(plan: &Plan) -> &Dataset {
    &plan.workloads[0].crews[0].dataset
}

/// The tape that a run of the plan makes.
pub(crate) fn tape(plan: &Plan) -> Tape {
    made(|options| Tape::generate(dataset(plan), 0, options))
}

fn made(make: impl FnOnce(&TapeOptions<'_>) -> Result<Tape, TapeError>) -> Tape {
    let options = TapeOptions {
        budget_bytes: run::TAPE_BUDGET_BYTES,
        folder: std::env::temp_dir(),
        stop: &AtomicBool::new(false),
        done: &AtomicU64::new(0),
    };
    make(&options).expect("the rows can be made")
}

/// The tape of the rows that are there before the level, where there are any.
pub(crate) fn loaded(plan: &Plan) -> Option<Tape> {
    let rows = dataset(plan);
    let inserts: Vec<Option<usize>> = (0..plan.tables.len())
        .map(|table| plan.operations.iter().position(|operation| operation.inserts() == Some(table)))
        .collect();
    (rows.load_total() > 0).then(|| made(|options| Tape::load(rows, &inserts, options)))
}

/// A value; text lies in the arena.
#[derive(Clone, Copy)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text { start: u32, length: u32 },
    Blob { start: u32, length: u32 },
}

/// The rows of a tape in its order.
#[derive(Default)]
pub(crate) struct Rows {
    /// Operation of each row.
    pub(crate) operations: Vec<u32>,
    /// Where each row's cells begin, and the end.
    starts: Vec<u32>,
    cells: Vec<Cell>,
    pub(crate) arena: Vec<u8>,
    /// Bytes of all values, as narrow as a database stores them.
    pub(crate) payload: u64,
}

impl Rows {
    pub(crate) fn decode(plan: &Plan, tape: &Tape) -> Self {
        let mut rows = Rows { starts: vec![0], ..Rows::default() };
        for place in 0..tape.len() {
            let entry = tape.entry(place);
            let columns = plan.operations[entry.operation].values;
            let mut values = entry.parents(|_, _| {});
            for _ in 0..columns {
                rows.add(values.value());
            }
            rows.operations.push(entry.operation as u32);
            rows.starts.push(rows.cells.len() as u32);
        }
        rows
    }

    fn add(&mut self, value: EncodedValue<'_>) {
        let start = u32::try_from(self.arena.len()).expect("rows of less than 4 GiB");
        let (cell, size) = match value {
            EncodedValue::Null => (Cell::Null, 0),
            EncodedValue::Integer(v) => (Cell::Integer(v), stored_width(v)),
            EncodedValue::Real(v) => (Cell::Real(v), 8),
            EncodedValue::Text(v) => (Cell::Text { start, length: v.len() as u32 }, v.len() as u64),
            EncodedValue::Blob(v) => (Cell::Blob { start, length: v.len() as u32 }, v.len() as u64),
            EncodedValue::Large(_) => panic!("no row of a comparison is that large"),
        };
        if let EncodedValue::Text(bytes) | EncodedValue::Blob(bytes) = value {
            self.arena.extend_from_slice(bytes);
        }
        self.cells.push(cell);
        self.payload += size;
    }

    pub(crate) fn len(&self) -> usize {
        self.operations.len()
    }

    #[inline]
    pub(crate) fn row(&self, place: usize) -> &[Cell] {
        &self.cells[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

/// Bytes of an integer in SQLite's record format, 0 and 1 counted as one byte.
fn stored_width(value: i64) -> u64 {
    match 65 - (value ^ (value >> 63)).leading_zeros() {
        0..=8 => 1,
        9..=16 => 2,
        17..=24 => 3,
        25..=32 => 4,
        33..=48 => 6,
        _ => 8,
    }
}

/// What makes a plan's references into plain numbers: the same values in the same rows, but nothing that a row would wait for.
pub(crate) fn without_parents(plan: &Plan) -> Vec<String> {
    let mut set = Vec::new();
    let mut workspace = Workspace::default();
    for (table, rows) in dataset(plan).tables().iter().enumerate() {
        for (index, column) in rows.columns.iter().enumerate() {
            let target = match &column.source {
                Source::Reference { target, .. } | Source::Combined { target, .. } => target,
                Source::Row | Source::Template(_) => continue,
            };
            let values: Vec<String> = (0..dataset(plan).rows_in_all(table))
                .map(|row| match dataset(plan).values(table, row, &mut workspace).expect("a row")[index] {
                    Value::Integer(value) => value.to_string(),
                    _ => unreachable!("base-0 refers to row numbers"),
                })
                .collect();
            let list = format!("{}_{}", rows.name, column.name);
            let parent = &plan.tables[target.table].name;
            set.push(format!("vars.{list}=[{}]", values.join(",")));
            set.push(format!(
                "tables.{}.columns.{}={{ type = \"INTEGER NOT NULL REFERENCES {parent}(id)\", value = \"{{{{ vars.{list}[row - 1] }}}}\" }}",
                rows.name, column.name
            ));
        }
    }
    set
}
