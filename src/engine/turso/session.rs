//! One worker's connection with its statements, held for a whole level.

use std::collections::HashMap;
use std::sync::Arc;

use super::connection::Link;
use super::program::{Program, Progress};
use super::statement::{Prepared, fault};
use super::{Blueprint, fault as engine_fault};
use crate::engine::sqlite::fault::{Fault, Kind};
use crate::engine::sqlite::multi_row::multi_row;
use crate::engine::sqlite::program::binds_in_order;
use crate::engine::sqlite::slots::Slots;
use crate::engine::{EngineError, Lookup, Outcome, Session, Times};
use crate::plan::{Repeat, Transaction};
use crate::value::{Decoder, Value};

/// A connection and the prepared operations.
pub(super) struct TursoSession {
    // Statements go before their connection.
    programs: Vec<Program>,
    /// By operation and number of rows.
    multi_row: HashMap<(usize, usize), Prepared>,
    control: Control,
    slots: Slots,
    payload_bytes: u64,
    link: Link,
    blueprint: Arc<Blueprint>,
}

/// The statements around a transaction.
struct Control {
    deferred: Prepared,
    immediate: Prepared,
    exclusive: Prepared,
    commit: Prepared,
    roll_back: Prepared,
}

impl TursoSession {
    /// Prepares every operation.
    pub(super) fn new(link: Link, blueprint: &Arc<Blueprint>) -> Result<TursoSession, EngineError> {
        let mut slots = Slots::default();
        let connection = &link.connection;
        let prepared = |sql: &str| {
            Prepared::new(connection, sql).map_err(|error| engine_fault(&error, "opening a session"))
        };
        let control = Control {
            deferred: prepared("BEGIN DEFERRED")?,
            immediate: prepared("BEGIN IMMEDIATE")?,
            exclusive: prepared("BEGIN EXCLUSIVE")?,
            commit: prepared("COMMIT")?,
            roll_back: prepared("ROLLBACK")?,
        };
        let mut programs = Vec::new();
        for operation in &blueprint.operations {
            let program = Program::new(connection, operation, &blueprint.tables, &mut slots);
            programs.push(program.map_err(|error| {
                engine_fault(&error, &format!("preparing `{}` with turso", operation.name))
            })?);
        }
        let blueprint = Arc::clone(blueprint);
        let (multi_row, payload_bytes) = (HashMap::new(), 0);
        Ok(TursoSession { programs, multi_row, control, slots, payload_bytes, link, blueprint })
    }

    fn start(&mut self, mode: Transaction) -> Result<(), Fault> {
        let statement = match mode {
            Transaction::Immediate => &mut self.control.immediate,
            Transaction::Exclusive => &mut self.control.exclusive,
            Transaction::None | Transaction::Deferred => &mut self.control.deferred,
        };
        statement.run(&self.blueprint, |_, _| ()).map(|_| ())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        self.control.commit.run(&self.blueprint, |_, _| ()).map(|_| ())
    }

    /// Undoes the transaction that is open, if one is.
    fn undo(&mut self) -> Result<(), Fault> {
        if self.link.connection.get_auto_commit() {
            return Ok(());
        }
        let undone = self.control.roll_back.run(&self.blueprint, |_, _| ()).map(|_| ());
        // Whatever went wrong meanwhile, what counts is that the transaction is over.
        undone
            .or_else(|fault| if self.link.connection.get_auto_commit() { Ok(()) } else { Err(fault) })
            .map_err(|fault| Fault { kind: Kind::Fatal, ..fault })
    }

    fn carry_out(&mut self, operation: usize, values: Decoder<'_>) -> (Progress, Result<(), Fault>) {
        let mut progress = Progress::default();
        let program = &mut self.programs[operation];
        let result = program.all(&self.blueprint, &mut self.slots, values, &mut progress);
        self.payload_bytes += progress.bytes;
        (progress, result)
    }
}

/// What became of an operation without a transaction, whose earlier statements stand.
fn standing(fault: Fault, progress: Progress) -> Outcome {
    match fault.kind {
        Kind::Fatal => Outcome::Fatal(fault.failure),
        Kind::Unexpected if progress.complete => {
            Outcome::Unexpected { changes: progress.changes, failure: fault.failure }
        }
        _ if progress.changes > 0 => Outcome::Torn(fault.failure),
        _ => fault.undone(),
    }
}

fn acknowledged(result: Result<(), Fault>) -> Outcome {
    result.map_or_else(Fault::undone, |()| Outcome::Done { changes: 0 })
}

impl Session for TursoSession {
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        let mode = self.blueprint.operations[operation].transaction;
        if mode == Transaction::None {
            return match self.carry_out(operation, values) {
                (progress, Ok(())) => Outcome::Done { changes: progress.changes },
                (progress, Err(fault)) => standing(fault, progress),
            };
        }
        if let Err(fault) = self.start(mode) {
            return fault.undone();
        }
        let (progress, result) = self.carry_out(operation, values);
        match result.and_then(|()| self.finish()) {
            Ok(()) => Outcome::Done { changes: progress.changes },
            Err(fault) => match self.undo() {
                Ok(()) => fault.undone(),
                Err(worse) => worse.undone(),
            },
        }
    }

    fn begin(&mut self, mode: Transaction) -> Outcome {
        acknowledged(self.start(mode))
    }

    fn commit(&mut self) -> Outcome {
        acknowledged(self.finish())
    }

    fn roll_back(&mut self) {
        // The next statement meets what is wrong with the database.
        let _ = self.undo();
    }

    fn prepare_rows(&mut self, operation: usize, rows: usize) -> Result<(), EngineError> {
        if self.multi_row.contains_key(&(operation, rows)) {
            return Ok(());
        }
        let planned = &self.blueprint.operations[operation];
        let step = &planned.steps[0];
        let lone = planned.steps.len() == 1 && step.repeat == Repeat::Fixed(1) && binds_in_order(planned);
        let sql = match rows {
            _ if !lone => None,
            1 => Some(step.sql.clone()),
            rows => multi_row(&step.sql, step.binds.len(), rows),
        };
        let sql = sql.ok_or_else(|| EngineError::Setting {
            pragma: None,
            message: format!("`{}` cannot be written as one INSERT of several rows", planned.name),
        })?;
        let prepared = Prepared::new(&self.link.connection, &sql);
        let prepared =
            prepared.map_err(|error| engine_fault(&error, "preparing an INSERT of several rows"))?;
        self.multi_row.insert((operation, rows), prepared);
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        if let Err(error) = self.prepare_rows(operation, rows.len()) {
            let message = error.to_string();
            return Outcome::Fatal(crate::engine::Failure { code: "SQLITE_ERROR", message });
        }
        let values = self.blueprint.operations[operation].values;
        let statement = self.multi_row.get_mut(&(operation, rows.len())).expect("it is prepared");
        for (number, row) in rows.iter().enumerate() {
            let mut row = *row;
            for index in 0..values {
                if let Err(error) = statement.bind(number * values + index + 1, row.value()) {
                    return fault(error).undone();
                }
            }
        }
        match statement.run(&self.blueprint, |_, _| ()) {
            Ok(ran) => Outcome::Done { changes: ran.changes },
            Err(fault) => fault.undone(),
        }
    }

    fn take_times(&mut self) -> Option<Times> {
        None
    }

    fn take_payload_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.payload_bytes)
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        Err(no_own_database())
    }

    fn look_up(&mut self, _table: usize, _row: &[Value]) -> Result<Lookup, EngineError> {
        Err(no_own_database())
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        Err(no_own_database())
    }
}

/// The plan refuses a reset around every write.
fn no_own_database() -> EngineError {
    let message = "with turso, sessions have no database of their own".to_owned();
    EngineError::Setting { pragma: None, message }
}

impl Drop for TursoSession {
    fn drop(&mut self) {
        // One that was given up in the middle of a transaction.
        self.roll_back();
    }
}
