//! Acknowledged rows of one table compared with what is stored, many at a time: an engine may be far away.

use std::sync::atomic::Ordering;

use super::look::{self, Alternatives, Sought};
use super::verify::Expected;
use crate::dataset::Workspace;
use crate::engine::{EngineError, Inspector, Lookup};
use crate::value::Value;

/// Rows that are compared at once.
const ROWS: usize = 5_000;
/// Bytes of their texts and blobs.
const BYTES: usize = 8 << 20;

/// Compares rows in the order in which they are added.
pub(super) struct Comparison<'e, 'p, 'i> {
    expected: &'e Expected<'p>,
    inspector: &'i mut dyn Inspector,
    table: usize,
    /// Columns that may hold anything.
    ignored: Vec<usize>,
    workspace: Workspace,
    waiting: Vec<Waiting>,
    values: Vec<Vec<Value>>,
    bytes: usize,
}

/// A row that is not compared yet.
struct Waiting {
    row: u64,
    alternatives: Option<Alternatives>,
}

impl<'e, 'p, 'i> Comparison<'e, 'p, 'i> {
    pub(super) fn new(expected: &'e Expected<'p>, inspector: &'i mut dyn Inspector, table: usize) -> Self {
        let ignored = expected.ledger.tables[table].overwritten.iter().copied().collect();
        let workspace = Workspace::default();
        let (waiting, values) = (Vec::new(), Vec::new());
        Comparison { expected, inspector, table, ignored, workspace, waiting, values, bytes: 0 }
    }

    /// Takes a row, and compares those that were taken once they are enough; `differs` is told of each that is not as it was made.
    pub(super) fn add(&mut self, row: u64, differs: &mut dyn FnMut(u64, &Lookup)) -> Result<(), EngineError> {
        match look::sought(self.expected, self.table, row, &mut self.workspace)? {
            Sought::Nothing => {
                self.expected.done.fetch_add(1, Ordering::Relaxed);
            }
            Sought::Row(values, alternatives) => {
                self.bytes += values.iter().map(length).sum::<usize>();
                self.waiting.push(Waiting { row, alternatives });
                self.values.push(values);
            }
        }
        if self.waiting.len() >= ROWS || self.bytes >= BYTES { self.compare(differs) } else { Ok(()) }
    }

    /// Compares those that wait.
    pub(super) fn compare(&mut self, differs: &mut dyn FnMut(u64, &Lookup)) -> Result<(), EngineError> {
        if self.expected.stop.load(Ordering::Relaxed) {
            return Err(EngineError::Interrupted);
        }
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let lookups = self.inspector.look_up_many(self.table, &self.values, &self.ignored)?;
        self.values.clear();
        self.bytes = 0;
        for (Waiting { row, alternatives }, lookup) in waiting.iter().zip(lookups) {
            let lookup = match (lookup, alternatives) {
                (Lookup::Missing | Lookup::Different { .. }, Some(alternatives)) => {
                    look::look_up(self.expected, self.inspector, self.table, alternatives)?
                }
                (lookup, _) => lookup,
            };
            self.expected.done.fetch_add(1, Ordering::Relaxed);
            if lookup != Lookup::Same {
                differs(*row, &lookup);
            }
        }
        Ok(())
    }
}

fn length(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Pooled(_) | Value::Null | Value::Integer(_) | Value::Real(_) => 0,
    }
}
