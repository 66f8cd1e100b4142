//! The database as the store below a write buffer: a session that writes what is flushed, and readers that see rows.

#![expect(unsafe_code, reason = "statements are held beside their connection")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::connect::{self, Link, Place, Role};
use super::fault::Fault;
use super::prepared::{Code, Prepared, Row};
use super::session::SqliteSession;
use super::totals::Totals;
use super::{Blueprint, SqliteEngine, codes, tools};
use crate::engine::{EngineError, Outcome, Session};
use crate::plan::Operation;
use crate::value::EncodedValue;

impl SqliteEngine {
    /// Opens a session for other operations than the plan's. It goes on while the run is being stopped: what was acknowledged is still to be
    /// written.
    ///
    /// # Errors
    /// As for [`Engine::open_session`](crate::engine::Engine::open_session).
    pub(in crate::engine) fn flushing(
        &mut self,
        operations: Vec<Operation>,
    ) -> Result<Box<dyn Session>, EngineError> {
        let place = self.place_of(0)?;
        let known = &self.blueprint;
        let settings = connect::Settings { stop: Arc::new(AtomicBool::new(false)), ..known.settings.clone() };
        let blueprint =
            Arc::new(Blueprint { tables: known.tables.clone(), operations, settings, statement_cache: None });
        let link = connect::connect(&place, &blueprint.settings, Role::Worker)?;
        Ok(Box::new(SqliteSession::new(link, None, &blueprint, &self.totals, false)?))
    }

    /// What opens readers, from any thread.
    ///
    /// # Errors
    /// When the database is not there.
    pub(in crate::engine) fn readers(&mut self) -> Result<Readers, EngineError> {
        let place = self.place_of(0)?;
        Ok(Readers { place, blueprint: Arc::clone(&self.blueprint), totals: Arc::clone(&self.totals) })
    }
}

/// Opens readers. It may outlive neither the engine nor its claim.
#[derive(Debug)]
pub(in crate::engine) struct Readers {
    place: Place,
    blueprint: Arc<Blueprint>,
    totals: Arc<Totals>,
}

impl Readers {
    /// A connection with these statements.
    ///
    /// # Errors
    /// As for [`Engine::open_session`](crate::engine::Engine::open_session).
    pub(in crate::engine) fn open(&self, statements: &[Option<String>]) -> Result<Reader, EngineError> {
        let settings = &self.blueprint.settings;
        let link = connect::connect(&self.place, settings, Role::Worker)?;
        let prepare = |sql: &Option<String>| {
            // SAFETY: the reader drops its statements before the connection, and has both to itself.
            sql.as_ref().map(|sql| unsafe { Prepared::new(&link.connection, sql) }).transpose()
        };
        let prepared = statements.iter().map(prepare).collect::<rusqlite::Result<Vec<_>>>();
        let statements = prepared
            .map_err(|error| codes::engine_error(&error, "preparing a read", link.watch.stopping()))?;
        Ok(Reader { statements, link, totals: Arc::clone(&self.totals) })
    }
}

/// A connection that reads.
#[derive(Debug)]
pub(in crate::engine) struct Reader {
    /// Dropped before the connection.
    statements: Vec<Option<Prepared>>,
    link: Link,
    totals: Arc<Totals>,
}

/// A row that is stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Stored<'a>(Row<'a>);

impl<'a> Stored<'a> {
    /// A column's value as it is stored.
    #[inline]
    pub(in crate::engine) fn column(&'a self, column: usize) -> EncodedValue<'a> {
        // What is beyond all columns reads as NULL.
        self.0.column(i32::try_from(column).unwrap_or(i32::MAX))
    }
}

impl Reader {
    /// Binds these values and calls `visit` for each row until it returns false.
    ///
    /// # Errors
    /// What becomes of an operation that cannot read.
    ///
    /// # Panics
    /// If there is no such statement.
    pub(in crate::engine) fn read(
        &mut self,
        statement: usize,
        values: &[EncodedValue<'_>],
        mut visit: impl FnMut(&Stored<'_>) -> bool,
    ) -> Result<(), Outcome> {
        let statement = self.statements[statement].as_mut().expect("an operation that reads has a statement");
        let mut read = || -> Result<(), Code> {
            for (index, value) in (1..).zip(values) {
                statement.bind(index, *value)?;
            }
            statement.run_while(|_, row| visit(&Stored(row))).map(|_| ())
        };
        match read() {
            Ok(()) => {
                self.link.watch.statement_ends();
                Ok(())
            }
            Err(code) => Err(undone(tools::failed(&self.link, statement, code))),
        }
    }
}

fn undone(fault: Fault) -> Outcome {
    fault.undone()
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.statements.clear();
        self.totals.add(&self.link);
    }
}
