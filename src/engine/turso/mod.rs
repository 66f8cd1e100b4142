//! Turso: the file format of SQLite, read and written by another implementation, in Rust.
//!
//! The file is made, marked, emptied, looked at and removed by SQLite; what a scenario asks for is executed by Turso. Only one of the two has the
//! file open at a time: Turso takes it for itself, and neither knows of the other's place in the write-ahead log.
//!
//! ```text
//! values       values of the tape as Turso's, and back
//! statement    a prepared statement, bound and stepped
//! connection   a connection with every setting applied and read back
//! program      an operation, ready to be carried out
//! session      Session
//! ```

mod connection;
mod program;
mod session;
mod statement;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use turso_core::{
    CheckpointMode, Database, DatabaseOpts, LimboError, OpenOptions, PlatformIO, SqliteDialect,
};

use self::connection::{Link, SHOWN};
use self::session::TursoSession;
use super::sqlite::{SqliteEngine, Starts, codes, facts};
use super::{Checkpoint, Connector, Counters, Engine, EngineError, Facts, Inspector, Session, TEST_DELAY};
use crate::clock::Clock;
use crate::plan::{Operation, Pragma, SqliteDatabase, Table};

/// What every session needs to know.
#[derive(Debug)]
struct Blueprint {
    tables: Vec<Table>,
    operations: Vec<Operation>,
    pragmas: Vec<Pragma>,
    busy_timeout_ms: u32,
    stop: Arc<AtomicBool>,
    clock: Clock,
}

impl Blueprint {
    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// A database in a file, worked on through Turso.
pub struct TursoEngine {
    /// Open while sessions may be; closed before SQLite does anything.
    database: Option<Arc<Database>>,
    inner: SqliteEngine,
    path: PathBuf,
    blueprint: Arc<Blueprint>,
    facts: Facts,
}

impl TursoEngine {
    /// Takes the database's place and marks it, as SQLite's engine does, and tries all settings on a connection of Turso's.
    ///
    /// # Errors
    /// As [`SqliteEngine::open`].
    pub fn open(
        database: &SqliteDatabase,
        tables: &[Table],
        operations: &[Operation],
        clock: &Clock,
        stop: Arc<AtomicBool>,
        starts: Option<Arc<Starts>>,
    ) -> Result<TursoEngine, EngineError> {
        let mut inner =
            SqliteEngine::open_with(database, tables, &[], false, clock, Arc::clone(&stop), starts)?;
        let path = inner.file()?;
        let blueprint = Blueprint {
            tables: tables.to_vec(),
            operations: operations.to_vec(),
            pragmas: database.pragmas.clone(),
            busy_timeout_ms: database.busy_timeout_ms,
            stop,
            clock: clock.clone(),
        };
        let mut engine = TursoEngine {
            database: None,
            inner,
            path,
            blueprint: Arc::new(blueprint),
            facts: Facts::default(),
        };
        engine.facts = engine.find_facts()?;
        Ok(engine)
    }

    /// Settings in force on a connection of Turso's. What SQLite's engine found is about SQLite's.
    fn find_facts(&mut self) -> Result<Facts, EngineError> {
        let database = Arc::clone(self.database()?);
        let link = Link::open(&database, &self.blueprint)?;
        let doing = "reading settings";
        let text = |sql: &str| link.text(sql).map_err(|error| fault(&error, doing));
        let source_id = text("SELECT sqlite_source_id()")?.unwrap_or_default();
        let mut settings: Vec<(String, String)> = Vec::new();
        for name in SHOWN {
            settings.extend(text(&format!("PRAGMA {name}"))?.map(|value| (name.to_owned(), value)));
        }
        settings.push(("busy_timeout".to_owned(), self.blueprint.busy_timeout_ms.to_string()));
        let delay = self.inner.facts().settings.into_iter().find(|(name, _)| name == TEST_DELAY);
        settings.extend(delay);
        drop(link);
        drop(database);
        self.close()?;
        Ok(Facts {
            name: "turso".into(),
            // `turso_version()` tells what the file was made by.
            version: env!("RUNNER_TURSO").to_owned(),
            source_id,
            compile_options: Vec::new(),
            durability: facts::durability("file", &settings),
            settings,
            storage: "file".into(),
        })
    }

    /// The database in Turso's hands.
    fn database(&mut self) -> Result<&Arc<Database>, EngineError> {
        if self.database.is_none() {
            self.inner.let_go();
            let opened = open_file(&self.path).map_err(|error| fault(&error, "opening the database"))?;
            self.database = Some(opened);
        }
        Ok(self.database.as_ref().expect("it was just opened"))
    }

    /// Gives the file back, with everything that was written in it and nothing left in the log. No session may be open.
    fn close(&mut self) -> Result<(), EngineError> {
        let Some(database) = self.database.take() else { return Ok(()) };
        let closed = database.connect().and_then(|connection| {
            connection.checkpoint(CheckpointMode::Truncate { upper_bound_inclusive: None })?;
            connection.close()
        });
        closed.map_err(|error| fault(&error, "closing the database"))?;
        if Arc::strong_count(&database) > 1 {
            let words = "a session is still open, so that SQLite cannot look at the database".to_owned();
            return Err(EngineError::Unavailable(words));
        }
        Ok(())
    }
}

fn open_file(path: &Path) -> Result<Arc<Database>, LimboError> {
    let io = Arc::new(PlatformIO::new()?);
    let options = OpenOptions::new(Arc::new(SqliteDialect)).db_opts(DatabaseOpts::new());
    Database::open(io, &path.to_string_lossy(), options)
}

/// What is wrong outside of the timed region. `doing` completes "while …".
fn fault(error: &LimboError, doing: &str) -> EngineError {
    let message = format!("while {doing}: {error}");
    match error {
        LimboError::Interrupt => EngineError::Interrupted,
        LimboError::Busy | LimboError::LockingError(_) => {
            EngineError::Unavailable(format!("{message}: another process has the database locked"))
        }
        _ if values::is_fatal(error) => EngineError::Fatal { code: values::code(error), message },
        _ => EngineError::Setting { pragma: None, message },
    }
}

impl Engine for TursoEngine {
    fn reset(&mut self) -> Result<(), EngineError> {
        self.close()?;
        self.inner.reset()
    }

    fn keep(&mut self, name: &str, note: &[u8]) -> Result<bool, EngineError> {
        self.close()?;
        self.inner.keep(name, note)
    }

    fn begin_from(&mut self, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        self.close()?;
        self.inner.begin_from(name)
    }

    fn drop_caches(&mut self) -> Result<(), EngineError> {
        self.close()?;
        self.inner.drop_caches()
    }

    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        self.connector()?.connect(worker)
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        let database = Arc::clone(self.database()?);
        Ok(Arc::new(TursoConnector { database, blueprint: Arc::clone(&self.blueprint) }))
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        // Sizes of files; what SQLite counts by itself did not take place.
        let Counters { database_bytes, wal_bytes, .. } = self.inner.counters()?;
        Ok(Counters { database_bytes, wal_bytes, ..Counters::default() })
    }

    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        Vec::new()
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        self.close()?;
        self.inner.inspector()
    }

    fn tear_down(&mut self, keep: bool) -> Result<(), EngineError> {
        let closed = self.close();
        // What cannot be closed in order is removed all the same.
        let removed = self.inner.tear_down(keep);
        if keep { closed.and(removed) } else { removed }
    }
}

impl Drop for TursoEngine {
    fn drop(&mut self) {
        // The inner engine removes the file.
        self.database = None;
    }
}

/// Opens sessions from any thread. It may not outlive the level.
struct TursoConnector {
    database: Arc<Database>,
    blueprint: Arc<Blueprint>,
}

impl Connector for TursoConnector {
    fn connect(&self, _number: usize) -> Result<Box<dyn Session>, EngineError> {
        let link = Link::open(&self.database, &self.blueprint)?;
        Ok(Box::new(TursoSession::new(link, &self.blueprint)?))
    }
}

/// Names of codes are SQLite's.
fn named(code: i32) -> &'static str {
    codes::name(code)
}
