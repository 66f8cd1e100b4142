//! One worker's connection with its statements, held for a whole level.

use std::collections::HashMap;
use std::sync::Arc;

use super::connection::Link;
use super::program::{Program, Tools};
use super::statement::{Prepared, fault};
use super::{Blueprint, fault as engine_fault};
use crate::engine::met::payload_bytes;
use crate::engine::multi_row::{SQLITE, insert_of};
use crate::engine::steps::{Broken, Fault, Kind, acknowledged};
use crate::engine::{EngineError, Failure, Lookup, Outcome, Session, Times};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// A connection and the prepared operations.
pub(super) struct TursoSession {
    // Statements go before their connection.
    programs: Vec<Program>,
    /// By operation and number of rows.
    multi_row: HashMap<(usize, usize), Prepared>,
    control: Control,
    tools: Tools,
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
        let mut tools = Tools::default();
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
            let program = Program::new(connection, operation, &blueprint.tables, &mut tools);
            programs.push(program.map_err(|error| {
                engine_fault(&error, &format!("preparing `{}` with turso", operation.name))
            })?);
        }
        let blueprint = Arc::clone(blueprint);
        Ok(TursoSession { programs, multi_row: HashMap::new(), control, tools, link, blueprint })
    }

    fn start(&mut self, mode: Transaction) -> Result<(), Fault> {
        let statement = match mode {
            Transaction::Immediate => &mut self.control.immediate,
            Transaction::Exclusive => &mut self.control.exclusive,
            // The plan refuses the others, which are a server's.
            Transaction::None
            | Transaction::Deferred
            | Transaction::ReadCommitted
            | Transaction::RepeatableRead
            | Transaction::Serializable => &mut self.control.deferred,
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
}

impl Session for TursoSession {
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        let mode = self.blueprint.operations[operation].transaction;
        if mode == Transaction::None {
            return match self.programs[operation].all(&self.blueprint, &mut self.tools, values) {
                Ok(progress) => Outcome::Done { changes: progress.changes },
                Err(broken) => broken.standing(),
            };
        }
        if let Err(fault) = self.start(mode) {
            return fault.undone();
        }
        let done = match self.programs[operation].all(&self.blueprint, &mut self.tools, values) {
            Ok(progress) => self.finish().map(|()| progress),
            Err(Broken { fault, .. }) => Err(fault),
        };
        match done {
            Ok(progress) => Outcome::Done { changes: progress.changes },
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
        let sql = insert_of(SQLITE, &self.blueprint.operations[operation], rows)?;
        let prepared = Prepared::new(&self.link.connection, &sql);
        let prepared =
            prepared.map_err(|error| engine_fault(&error, "preparing an INSERT of several rows"))?;
        self.multi_row.insert((operation, rows), prepared);
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        if let Err(error) = self.prepare_rows(operation, rows.len()) {
            let message = error.to_string();
            return Outcome::Fatal(Failure { code: "SQLITE_ERROR", message });
        }
        let planned = &self.blueprint.operations[operation];
        let (values, counted) = (planned.values, planned.payload);
        let statement = self.multi_row.get_mut(&(operation, rows.len())).expect("it is prepared");
        for (number, row) in rows.iter().enumerate() {
            let mut row = *row;
            for index in 0..values {
                let value = row.value();
                self.tools.payload_bytes += if counted { payload_bytes(value) } else { 0 };
                if let Err(error) = statement.bind(number * values + index + 1, value) {
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
        std::mem::take(&mut self.tools.payload_bytes)
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
