//! One worker's connection with its statements, held for a whole level.
//!
//! Which operation comes next, and what its outcome means, is left to `run`.

use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, ffi};

use super::connect::Link;
use super::prepared::Prepared;
use super::totals::{self, Totals};
use super::{Blueprint, Slot, codes, rows, schema};
use crate::engine::{EngineError, Failure, Lookup, Outcome, Session, Times};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// A connection and the prepared operations. Closed, or given back, when dropped.
pub(super) struct SqliteSession {
    /// Finalised before their connection goes: see `Drop`.
    statements: Vec<Prepared>,
    /// Always there until the session is dropped.
    link: Option<Link>,
    /// Where the one connection of a private in-memory database goes back to.
    home: Option<Slot>,
    blueprint: Arc<Blueprint>,
    totals: Arc<Totals>,
    /// Has a database of its own, with tables for the length of one write.
    own: bool,
}

impl SqliteSession {
    /// Prepares every operation, unless the session makes its tables itself.
    pub(super) fn new(
        link: Link,
        home: Option<Slot>,
        blueprint: &Arc<Blueprint>,
        totals: &Arc<Totals>,
        own: bool,
    ) -> Result<SqliteSession, EngineError> {
        let (blueprint, totals) = (Arc::clone(blueprint), Arc::clone(totals));
        let mut session =
            SqliteSession { statements: Vec::new(), link: Some(link), home, blueprint, totals, own };
        if !own {
            session.prepare()?;
        }
        totals::forget(session.link());
        Ok(session)
    }

    fn link(&self) -> &Link {
        self.link.as_ref().expect("a session has its connection until it is dropped")
    }

    #[expect(unsafe_code, reason = "statements are held beside the connection that they need")]
    fn prepare(&mut self) -> Result<(), EngineError> {
        self.statements.clear();
        for operation in &self.blueprint.operations {
            // SAFETY: the session finalises its statements before it parts with the connection, and has both to itself.
            let prepared = unsafe { Prepared::new(&self.link().connection, &operation.steps[0].sql) };
            let prepared = prepared.map_err(|error| self.fault(&error, "preparing an operation"))?;
            self.statements.push(prepared);
        }
        Ok(())
    }

    fn fault(&self, error: &rusqlite::Error, doing: &str) -> EngineError {
        codes::engine_error(error, doing, self.link().watch.stopping())
    }

    fn own(&self) -> &Connection {
        assert!(self.own, "only a session with a database of its own makes and drops tables");
        &self.link().connection
    }

    #[cold]
    #[inline(never)]
    fn failed(&mut self, operation: usize, code: i32) -> Outcome {
        // The words first: the reset may change them.
        let failure = Failure { code: codes::name(code), message: message(&self.link().connection, code) };
        self.statements[operation].reset();
        let watch = &self.link().watch;
        let gave_up = watch.take_gave_up();
        match codes::primary(code) {
            ffi::SQLITE_BUSY if gave_up => Outcome::Cancelled,
            ffi::SQLITE_INTERRUPT if watch.stopping() => Outcome::Cancelled,
            _ if codes::is_fatal(code) => Outcome::Fatal(failure),
            _ => Outcome::Refused(failure),
        }
    }
}

impl Session for SqliteSession {
    #[inline]
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        match self.statements[operation].execute(values) {
            Ok(changes) => Outcome::Done { changes },
            Err(code) => self.failed(operation, code),
        }
    }

    fn begin(&mut self, _mode: Transaction) -> Outcome {
        unimplemented!()
    }

    fn commit(&mut self) -> Outcome {
        unimplemented!()
    }

    fn roll_back(&mut self) {
        unimplemented!()
    }

    fn prepare_rows(&mut self, _operation: usize, _rows: usize) -> Result<(), EngineError> {
        unimplemented!()
    }

    fn insert_rows(&mut self, _operation: usize, _rows: &[Decoder<'_>]) -> Outcome {
        unimplemented!()
    }

    fn take_times(&mut self) -> Option<Times> {
        None
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        schema::create(self.own(), &self.blueprint.tables)
            .map_err(|error| self.fault(&error, "making the tables"))?;
        // Anew, so that no operation spends its time on noticing the new schema.
        self.prepare()
    }

    fn look_up(&mut self, table: usize, row: &[Value]) -> Result<Lookup, EngineError> {
        rows::look_up(self.own(), &self.blueprint.tables[table], row)
            .map_err(|error| self.fault(&error, "looking a row up"))
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        self.statements.clear();
        schema::drop_all(self.own()).map_err(|error| self.fault(&error, "dropping the tables"))?;
        Ok(())
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        self.statements.clear();
        let Some(link) = self.link.take() else { return };
        self.totals.add(&link);
        if let Some(home) = &self.home {
            *home.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
        }
    }
}

/// The connection's words for its last error, or those for the code where they do not belong together.
#[expect(unsafe_code, reason = "rusqlite keeps the message of a statement that it did not run to itself")]
fn message(connection: &Connection, code: i32) -> String {
    // SAFETY: both strings are SQLite's own, end with a zero, and are copied before the next call.
    unsafe {
        let handle = connection.handle();
        let words = if ffi::sqlite3_extended_errcode(handle) == code {
            ffi::sqlite3_errmsg(handle)
        } else {
            ffi::sqlite3_errstr(code)
        };
        std::ffi::CStr::from_ptr(words).to_string_lossy().into_owned()
    }
}
