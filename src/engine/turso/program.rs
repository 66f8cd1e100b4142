//! An operation as a session carries it out: its statements, ready, and the way through them.

use std::sync::Arc;

use turso_core::{Connection, LimboError};

use super::Blueprint;
use super::statement::{Prepared, Ran, fault};
use super::values::read;
use crate::engine::sqlite::fault::Fault;
use crate::engine::sqlite::payload::{Known, Met, is_made};
use crate::engine::sqlite::program::{drawn, nothing_captured};
use crate::engine::sqlite::slots::{Slots, encoded, is, shown};
use crate::plan::{Bind, EXPECT_CHANGES, EXPECT_ROWS, EXPECT_VALUE, Expect, Operation, Repeat, Step, Table};
use crate::value::{Decoder, EncodedValue};

/// Statements of an operation, in their order.
pub(super) struct Program {
    shared: usize,
    stages: Vec<Stage>,
}

struct Stage {
    statement: Prepared,
    step: Step,
    /// What is known of the columns that it reads; absent where bytes are not counted.
    columns: Option<Vec<Known>>,
}

/// What an operation has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) changes: u64,
    /// Whether nothing was left to do.
    pub(super) complete: bool,
    /// Bytes of texts and blobs, where they are counted.
    pub(super) bytes: u64,
}

impl Program {
    pub(super) fn new(
        connection: &Arc<Connection>,
        operation: &Operation,
        tables: &[Table],
        slots: &mut Slots,
    ) -> Result<Program, LimboError> {
        slots.grow(operation.captures.len());
        let stage = |step: &Step| {
            let statement = Prepared::new(connection, &step.sql)?;
            let columns = operation.payload.then(|| known(&statement, tables));
            Ok(Stage { statement, step: step.clone(), columns })
        };
        let stages = operation.steps.iter().map(stage).collect::<Result<_, LimboError>>()?;
        Ok(Program { shared: operation.values, stages })
    }

    /// All steps, up to the first that fails.
    pub(super) fn all(
        &mut self,
        blueprint: &Blueprint,
        slots: &mut Slots,
        mut values: Decoder<'_>,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let mut bound: Vec<EncodedValue<'_>> = (0..self.shared).map(|_| values.value()).collect();
        let last = self.stages.len() - 1;
        for (index, stage) in self.stages.iter_mut().enumerate() {
            let repetitions = match stage.step.repeat {
                Repeat::Fixed(times) => times,
                Repeat::Drawn => drawn(&mut values),
            };
            for repetition in 1..=repetitions {
                bound.truncate(self.shared);
                bound.extend((0..stage.step.values).map(|_| values.value()));
                progress.complete = index == last && repetition == repetitions;
                stage.execute(blueprint, slots, &bound, self.shared, progress)?;
            }
            if repetitions == 0 && !stage.step.captures.is_empty() {
                progress.complete = index == last;
                return Err(nothing_captured());
            }
        }
        Ok(())
    }
}

fn known(statement: &Prepared, tables: &[Table]) -> Vec<Known> {
    let known = |origin: Option<(String, String)>| {
        let Some((table, column)) = origin else { return Known::Nothing };
        let table = tables.iter().find(|known| known.name.eq_ignore_ascii_case(&table));
        if table.is_some_and(|table| is_made(table, &column)) { Known::Made } else { Known::Stored }
    };
    statement.origins().into_iter().map(known).collect()
}

impl Stage {
    fn execute(
        &mut self,
        blueprint: &Blueprint,
        slots: &mut Slots,
        bound: &[EncodedValue<'_>],
        shared: usize,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let Stage { statement, step, columns } = self;
        let (ready, coming) = slots.split();
        let (mut other, mut met) = (None, Met::default());
        for (index, bind) in (1..).zip(&step.binds) {
            let value = match *bind {
                Bind::Shared(value) => bound[value],
                Bind::Own(value) => bound[shared + value],
                Bind::Captured(slot) => ready[slot].get(),
            };
            if columns.is_some() && statement.writes() {
                met.bytes += length(value);
            }
            statement.bind(index, value).map_err(fault)?;
        }
        let ran = statement.run(blueprint, |number, row| {
            for (index, value) in row.get_values().enumerate() {
                // As a client that uses it would.
                let value = std::hint::black_box(read(value));
                let Some(columns) = columns else { continue };
                met.bytes += length(value);
                if let EncodedValue::Blob(bytes) = value {
                    let end = &bytes[bytes.len().saturating_sub(8)..];
                    let known = columns.get(index).copied().unwrap_or(Known::Nothing);
                    met.check(known, bytes, end, bytes.len() as u64);
                }
            }
            if number == 0 {
                let column = |column: usize| match column < row.len() {
                    true => read(row.get_value(column)),
                    false => EncodedValue::Null,
                };
                step.captures.iter().for_each(|&(place, slot)| coming[slot].set(column(place)));
                if let Some(expected) = &step.expect.value {
                    other = (!is(column(0), expected)).then(|| shown(column(0)));
                }
            }
        })?;
        progress.changes += ran.changes;
        progress.bytes += met.bytes;
        met.fault()?;
        check(step, ran, other)?;
        for &(_, slot) in &step.captures {
            slots.keep(slot);
        }
        Ok(())
    }
}

fn length(value: EncodedValue<'_>) -> u64 {
    match value {
        EncodedValue::Text(bytes) | EncodedValue::Blob(bytes) => bytes.len() as u64,
        EncodedValue::Large(stretch) => stretch.len(),
        _ => 0,
    }
}

/// Whether the statement came to what was expected; `other` is the value in place of the expected one.
fn check(step: &Step, ran: Ran, other: Option<String>) -> Result<(), Fault> {
    let Expect { rows, changes, value } = &step.expect;
    if let Some(rows) = rows.filter(|rows| *rows != ran.rows) {
        let noun = if rows == 1 { "row" } else { "rows" };
        return Err(Fault::unexpected(EXPECT_ROWS, format!("expected {rows} {noun}, read {}", ran.rows)));
    }
    if let Some(changes) = changes.filter(|changes| *changes != ran.changes) {
        let noun = if changes == 1 { "row" } else { "rows" };
        let message = format!("expected to change {changes} {noun}, changed {}", ran.changes);
        return Err(Fault::unexpected(EXPECT_CHANGES, message));
    }
    if let Some(value) = value {
        let read = if ran.rows == 0 { Some("no row".to_owned()) } else { other };
        if let Some(read) = read {
            let message = format!("expected {}, read {read}", shown(encoded(value)));
            return Err(Fault::unexpected(EXPECT_VALUE, message));
        }
    }
    if ran.rows == 0 && !step.captures.is_empty() { Err(nothing_captured()) } else { Ok(()) }
}
