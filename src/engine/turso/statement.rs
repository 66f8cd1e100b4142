//! A prepared statement, bound and stepped to its end.

use std::num::NonZero;
use std::sync::Arc;

use turso_core::{Connection, LimboError, Row, Statement, StepResult};

use super::{Blueprint, values};
use crate::engine::Failure;
use crate::engine::sqlite::prepared::changes_rows;
use crate::engine::steps::{Fault, Kind, Ran};
use crate::value::EncodedValue;

/// A statement of one connection.
pub(super) struct Prepared {
    statement: Statement,
    /// Whether it changes rows, and says how many.
    changes: bool,
}

impl Prepared {
    pub(super) fn new(connection: &Arc<Connection>, sql: &str) -> Result<Prepared, LimboError> {
        Ok(Prepared { statement: connection.prepare(sql)?, changes: changes_rows(sql) })
    }

    /// Whether it changes rows.
    pub(super) fn writes(&self) -> bool {
        self.changes
    }

    /// Name of the table that a column is taken from, and of the column; none where it is computed.
    pub(super) fn origins(&self) -> Vec<Option<(String, String)>> {
        let origin = |column| {
            let table = self.statement.get_column_table_name(column)?;
            Some((table.into_owned(), self.statement.get_column_name(column).into_owned()))
        };
        (0..self.statement.num_columns()).map(origin).collect()
    }

    /// Binds a copy. The first parameter is 1.
    pub(super) fn bind(&mut self, index: usize, value: EncodedValue<'_>) -> Result<(), LimboError> {
        let index = NonZero::new(index).expect("parameters are counted from 1");
        self.statement.bind_at(index, values::owned(value))
    }

    /// Steps to the end, calls `visit` for each row, numbered from 0, and counts. A statement that failed is reset.
    pub(super) fn run(&mut self, blueprint: &Blueprint, visit: impl FnMut(u64, &Row)) -> Result<Ran, Fault> {
        let ran = self.step(blueprint, visit);
        let reset = self.statement.reset();
        let ran = ran?;
        reset.map_err(fault)?;
        Ok(ran)
    }

    fn step(&mut self, blueprint: &Blueprint, mut visit: impl FnMut(u64, &Row)) -> Result<Ran, Fault> {
        let mut ran = Ran::default();
        loop {
            match self.statement.step().map_err(fault)? {
                StepResult::Done => break,
                StepResult::Row => {
                    visit(ran.rows, self.statement.row().expect("the statement stands at a row"));
                    ran.rows += 1;
                }
                StepResult::IO | StepResult::Yield => self.statement._io().step().map_err(fault)?,
                // It waits for a lock.
                StepResult::Sleep { .. } if blueprint.stopping() => return Err(cancelled()),
                StepResult::Sleep { duration } => blueprint.clock.sleep(duration),
                StepResult::Busy => return Err(fault(LimboError::Busy)),
                StepResult::Interrupt => return Err(fault(LimboError::Interrupt)),
            }
        }
        if self.changes {
            ran.changes = self.statement.n_change().unsigned_abs();
        }
        Ok(ran)
    }
}

/// What an error means for its operation.
pub(super) fn fault(error: LimboError) -> Fault {
    let kind = if values::is_fatal(&error) { Kind::Fatal } else { Kind::Refused };
    Fault { kind, failure: Failure { code: values::code(&error), message: error.to_string() } }
}

fn cancelled() -> Fault {
    let message = "given up because the run is being stopped".to_owned();
    Fault { kind: Kind::Cancelled, failure: Failure { code: "SQLITE_INTERRUPT", message } }
}
