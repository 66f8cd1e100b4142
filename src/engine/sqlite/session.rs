//! One worker's connection with its statements, held for a whole level.
//!
//! Which operation comes next, and what its outcome means, is left to `run`.

use std::sync::{Arc, PoisonError};

use hashlink::LruCache;
use rusqlite::Connection;

use super::cache::Held;
use super::connect::Link;
use super::program::Program;
use super::tools::{self, Tools};
use super::totals::{self, Totals};
use super::{Blueprint, Slot, codes, rows, schema};
use crate::engine::met::payload_bytes;
use crate::engine::multi_row::{SQLITE, insert_of};
use crate::engine::steps::acknowledged;
use crate::engine::{EngineError, Failure, Lookup, Outcome, Session, Times};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// Statements of several rows that a session holds: an adaptive batch size passes through many.
const MULTI_ROW_STATEMENTS: usize = 64;

/// A connection and the prepared operations. Closed, or given back, when dropped.
pub(super) struct SqliteSession {
    /// These three hold statements, which are finalised before their connection goes: see `Drop`.
    programs: Vec<Program>,
    /// By operation and number of rows.
    multi_row: LruCache<(usize, usize), Held>,
    tools: Tools,
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
    #[expect(unsafe_code, reason = "statements are held beside the connection that they need")]
    pub(super) fn new(
        link: Link,
        home: Option<Slot>,
        blueprint: &Arc<Blueprint>,
        totals: &Arc<Totals>,
        own: bool,
    ) -> Result<SqliteSession, EngineError> {
        let (blueprint, totals) = (Arc::clone(blueprint), Arc::clone(totals));
        // SAFETY: the session finalises its statements before it parts with the connection, and has both to itself.
        let tools = unsafe { Tools::new(&link.connection, blueprint.statement_cache) };
        let tools = match tools {
            Ok(tools) => tools,
            Err(error) => {
                let error = codes::engine_error(&error, "opening a session", link.watch.stopping());
                give_home(home.as_ref(), link);
                return Err(error);
            }
        };
        let mut session = SqliteSession {
            programs: Vec::new(),
            multi_row: LruCache::new(MULTI_ROW_STATEMENTS),
            tools,
            link: Some(link),
            home,
            blueprint,
            totals,
            own,
        };
        if !own {
            session.prepare()?;
        }
        totals::forget(session.link());
        Ok(session)
    }

    fn link(&self) -> &Link {
        self.link.as_ref().expect(HAS_LINK)
    }

    #[expect(unsafe_code, reason = "statements are held beside the connection that they need")]
    fn prepare(&mut self) -> Result<(), EngineError> {
        self.programs.clear();
        let link = self.link.as_ref().expect(HAS_LINK);
        for operation in &self.blueprint.operations {
            // SAFETY: the session finalises its statements before it parts with the connection, and has both to itself.
            let program =
                unsafe { Program::new(&link.connection, operation, &self.blueprint.tables, &mut self.tools) };
            let program = program.map_err(|error| {
                codes::engine_error(&error, "preparing an operation", link.watch.stopping())
            })?;
            self.programs.push(program);
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

    /// The INSERT of so many rows.
    #[expect(unsafe_code, reason = "statements are held beside the connection that they need")]
    fn make_multi_row(&self, operation: usize, rows: usize) -> Result<Held, EngineError> {
        let sql = insert_of(SQLITE, &self.blueprint.operations[operation], rows)?;
        // SAFETY: the session finalises its statements before it parts with the connection, and has both to itself.
        let held = unsafe { self.tools.cache.hold(&self.link().connection, &sql) };
        held.map(|(held, _)| held).map_err(|error| self.fault(&error, "preparing an INSERT of several rows"))
    }

    /// Bytes of texts and blobs of one row.
    fn payload_of(&self, operation: usize, mut row: Decoder<'_>) -> u64 {
        let values = self.blueprint.operations[operation].values;
        (0..values).map(|_| payload_bytes(row.value())).sum()
    }

    /// Finalises all statements. Those of operations go first, so that none outlives what it was found by.
    fn finalise(&mut self) {
        self.programs.clear();
        self.multi_row.clear();
        self.tools.clear();
    }
}

const HAS_LINK: &str = "a session has its connection until it is dropped";

fn give_home(home: Option<&Slot>, link: Link) {
    if let Some(home) = home {
        *home.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }
}

impl Session for SqliteSession {
    #[inline]
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        let link = self.link.as_ref().expect(HAS_LINK);
        self.programs[operation].carry_out(&mut self.tools, link, values)
    }

    fn begin(&mut self, mode: Transaction) -> Outcome {
        let link = self.link.as_ref().expect(HAS_LINK);
        // A batch is rare beside single operations, and its one commit is the better part of it.
        link.watch.look();
        acknowledged(self.tools.begin(link, mode))
    }

    fn commit(&mut self) -> Outcome {
        acknowledged(self.tools.commit(self.link.as_ref().expect(HAS_LINK)))
    }

    fn roll_back(&mut self) {
        // SQLite ends a transaction even where undoing it failed; the next statement meets what is wrong with the database.
        let _ = self.tools.roll_back(self.link.as_ref().expect(HAS_LINK));
    }

    fn prepare_rows(&mut self, operation: usize, rows: usize) -> Result<(), EngineError> {
        // Also makes it the one used last.
        if self.multi_row.get(&(operation, rows)).is_none() {
            let held = self.make_multi_row(operation, rows)?;
            self.multi_row.insert((operation, rows), held);
        }
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        let key = (operation, rows.len());
        if !self.multi_row.contains_key(&key)
            && let Err(error) = self.prepare_rows(operation, rows.len())
        {
            return Outcome::Fatal(Failure { code: "SQLITE_ERROR", message: error.to_string() });
        }
        let link = self.link.as_ref().expect(HAS_LINK);
        link.watch.look();
        if self.blueprint.operations[operation].payload {
            self.tools.payload_bytes += rows.iter().map(|row| self.payload_of(operation, *row)).sum::<u64>();
        }
        let held = self.multi_row.peek_mut(&key).expect("it is prepared");
        match tools::run(&mut self.tools.cache, link, held, |statement| statement.execute_rows(rows)) {
            Ok(changes) => Outcome::Done { changes },
            Err(fault) => fault.undone(),
        }
    }

    fn take_times(&mut self) -> Option<Times> {
        let link = self.link();
        if link.in_file {
            // A session of a pool is dropped on another thread than it worked on.
            self.totals.add_syncs();
        }
        link.watch.take_times()
    }

    fn take_payload_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.tools.payload_bytes)
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        schema::create(self.own(), &self.blueprint.tables)
            .map_err(|error| self.fault(&error, "making the tables"))?;
        // Anew, so that no operation spends its time on noticing the new schema.
        self.prepare()
    }

    fn look_up(&mut self, table: usize, row: &[Value]) -> Result<Lookup, EngineError> {
        rows::look_up(self.own(), &self.blueprint.tables[table], row, &[], &mut 0)
            .map_err(|error| self.fault(&error, "looking a row up"))
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        self.programs.clear();
        self.tools.cache.clear();
        schema::drop_all(self.own()).map_err(|error| self.fault(&error, "dropping the tables"))?;
        Ok(())
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        if self.link.is_some() {
            // One that was given up in the middle of a transaction.
            self.roll_back();
        }
        self.finalise();
        let Some(link) = self.link.take() else { return };
        self.totals.add(&link);
        if let Some(counts) = self.tools.cache.take_counts() {
            self.totals.add_statements(counts);
        }
        give_home(self.home.as_ref(), link);
    }
}
