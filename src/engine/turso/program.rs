//! An operation as a session carries it out: its statements, ready, and the way through them.

use std::sync::Arc;

use turso_core::{Connection, LimboError};

use super::Blueprint;
use super::statement::{Prepared, fault};
use super::values::read;
use crate::engine::met::{Known, Met, payload_bytes};
use crate::engine::slots::{Slots, is, shown};
use crate::engine::steps::{Broken, Fault, Progress, check, emptied, walk};
use crate::plan::{Bind, Operation, Step, Table};
use crate::value::{Decoder, EncodedValue};

/// What all operations of a session share.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) slots: Slots,
    values: Vec<EncodedValue<'static>>,
    /// Of texts and blobs, since they were last taken.
    pub(super) payload_bytes: u64,
}

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

impl Program {
    pub(super) fn new(
        connection: &Arc<Connection>,
        operation: &Operation,
        tables: &[Table],
        tools: &mut Tools,
    ) -> Result<Program, LimboError> {
        tools.slots.grow(operation.captures.len());
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
        tools: &mut Tools,
        values: Decoder<'_>,
    ) -> Result<Progress, Broken> {
        let (mut bound, shared) = (emptied(std::mem::take(&mut tools.values)), self.shared);
        let execute = |stage: &mut Stage, bound: &[EncodedValue<'_>], progress: &mut Progress| {
            stage.execute(blueprint, tools, bound, shared, progress)
        };
        let done = walk(&mut self.stages, shared, &mut bound, values, |stage| &stage.step, execute);
        tools.values = emptied(bound);
        done
    }
}

fn known(statement: &Prepared, tables: &[Table]) -> Vec<Known> {
    let known = |origin: Option<(String, String)>| {
        let Some((table, column)) = origin else { return Known::Nothing };
        Known::of(tables.iter().find(|known| known.name.eq_ignore_ascii_case(&table)), &column)
    };
    statement.origins().into_iter().map(known).collect()
}

impl Stage {
    fn execute(
        &mut self,
        blueprint: &Blueprint,
        tools: &mut Tools,
        bound: &[EncodedValue<'_>],
        shared: usize,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let Stage { statement, step, columns } = self;
        let (ready, coming) = tools.slots.split();
        let (mut other, mut met) = (None, Met::default());
        for (index, bind) in (1..).zip(&step.binds) {
            let value = match *bind {
                Bind::Shared(value) => bound[value],
                Bind::Own(value) => bound[shared + value],
                Bind::Captured(slot) => ready[slot].get(),
            };
            if columns.is_some() && statement.writes() {
                met.bytes += payload_bytes(value);
            }
            statement.bind(index, value).map_err(fault)?;
        }
        let ran = statement.run(blueprint, |number, row| {
            for (index, value) in row.get_values().enumerate() {
                // As a client that uses it would.
                let value = std::hint::black_box(read(value));
                if let Some(columns) = columns.as_ref() {
                    met.meet(columns.get(index).copied().unwrap_or(Known::Nothing), value);
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
        progress.wrote |= ran.changes > 0;
        progress.changes += ran.changes;
        tools.payload_bytes += met.bytes;
        met.fault()?;
        check(step, ran, other)?;
        for &(_, slot) in &step.captures {
            tools.slots.keep(slot);
        }
        Ok(())
    }
}
