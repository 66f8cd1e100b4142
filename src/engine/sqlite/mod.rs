//! SQLite: the file that the runner owns, the connections to it, and what they execute.
//!
//! ```text
//! path         what stands at a path, and whether it may be taken
//! ownership    taking it, and giving it back
//! descriptors  whether enough files may be open
//! codes        result codes: names and kinds
//! checkpoints  those of the write-ahead log, one by one
//! delays       those between two attempts at a lock
//! watch        busy waiting, commits and checkpoints, called back from SQLite
//! connect      a connection with every setting applied and read back
//! schema       tables made and dropped
//! rows         rows as made against rows as stored
//! starts       databases kept to begin from again
//! source       a copy of an existing database
//! begin        where a level begins: tables made, a copy of a source, or what was kept
//! syncs        how often files and folders are synced
//! prepared     a statement, bound and stepped
//! cache        statements held, or sought by their text
//! fault        why a statement failed
//! tools        what the operations of a session share
//! blobs        large values in pieces, by incremental blob I/O
//! payload      bytes counted, and blobs checked when they are read back
//! program      an operation, ready to be carried out
//! totals       counters of the closed sessions
//! session      Session
//! connector    Connector
//! inspect      Inspector
//! facts        what the database says of itself
//! ```

mod begin;
mod blobs;
mod cache;
mod checkpoints;
pub(in crate::engine) mod codes;
pub(in crate::engine) mod connect;
mod connector;
mod delays;
mod descriptors;
pub(in crate::engine) mod facts;
mod fault;
mod inspect;
mod ownership;
mod path;
mod payload;
pub(in crate::engine) mod prepared;
mod program;
mod rows;
mod schema;
mod session;
mod source;
mod starts;
mod syncs;
mod tools;
mod totals;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::config::DbConfig;

pub use self::begin::remove_left;
pub use self::descriptors::{descriptors_needed, ensure_descriptors};
pub use self::path::APPLICATION_ID;
pub use self::starts::Starts;

use self::connect::{Link, Place, Role, Settings};
use self::connector::SqliteConnector;
use self::inspect::{SqliteInspector, stoppable};
use self::ownership::Claim;
use self::totals::Totals;
use crate::clock::Clock;
use crate::engine::{Checkpoint, Connector, Counters, Engine, EngineError, Facts, Inspector, Session};
use crate::plan::{Location, Operation, SqliteDatabase, Table};

/// A connection that may be lent.
type Slot = Arc<Mutex<Option<Link>>>;

/// What every session needs to know.
#[derive(Debug)]
struct Blueprint {
    tables: Vec<Table>,
    operations: Vec<Operation>,
    settings: Settings,
    /// Statements that each session keeps; absent where all are held.
    statement_cache: Option<u32>,
}

/// A SQLite database for the length of a scenario: a file that is made, marked and removed, or memory.
///
/// Dropped without [`Engine::tear_down`], it removes what it made. Sessions are to be dropped before it.
#[derive(Debug)]
pub struct SqliteEngine {
    /// The runner's own connection, closed before the claims go. For private memory it is the only one, and lent to the session.
    admin: Slot,
    place: Place,
    /// By worker where each has a file of its own, else only 0; none in memory.
    claims: BTreeMap<usize, Claim>,
    own: bool,
    /// What every reset begins with a copy of.
    source: Option<PathBuf>,
    /// Dropped after the claims, so that its folder goes last.
    starts: Option<Arc<Starts>>,
    blueprint: Arc<Blueprint>,
    totals: Arc<Totals>,
    facts: Facts,
}

/// The runner's own connection, held.
struct Guard<'a>(MutexGuard<'a, Option<Link>>);

impl Guard<'_> {
    fn link(&mut self) -> &mut Link {
        self.0.as_mut().expect("a guard is only made around a connection")
    }
}

impl SqliteEngine {
    /// Takes the database's place, marks it, and tries all settings on a connection like a worker's. With a reset around every write each worker has a
    /// database of its own: `<stem>.w<n>.db` beside the path, which itself is not touched. Times are read from `clock`; `stop` tells that the run is being stopped.
    ///
    /// # Errors
    /// [`EngineError::Foreign`] for what the runner did not make, [`EngineError::Unavailable`] for what it cannot have,
    /// [`EngineError::Setting`] for a PRAGMA without its effect. Nothing is left behind then.
    pub fn open(
        database: &SqliteDatabase,
        tables: &[Table],
        operations: &[Operation],
        per_write: bool,
        clock: &Clock,
        stop: Arc<AtomicBool>,
    ) -> Result<SqliteEngine, EngineError> {
        SqliteEngine::open_with(database, tables, operations, per_write, clock, stop, None)
    }

    /// As [`SqliteEngine::open`]; states to begin from again are kept in `starts`. Without it, none are but the copy of a source.
    ///
    /// # Errors
    /// As [`SqliteEngine::open`].
    pub fn open_with(
        database: &SqliteDatabase,
        tables: &[Table],
        operations: &[Operation],
        per_write: bool,
        clock: &Clock,
        stop: Arc<AtomicBool>,
        starts: Option<Arc<Starts>>,
    ) -> Result<SqliteEngine, EngineError> {
        let settings = Settings {
            pragmas: database.pragmas.clone(),
            busy_timeout_ms: database.busy_timeout_ms,
            allow_attach: database.allow_attach,
            stop,
            clock: clock.clone(),
            checkpoints: Arc::default(),
        };
        let own = per_write;
        let place = match &database.location {
            Location::File(path) => Place::File(path.clone()),
            Location::Memory { shared: true } if !own => Place::Shared(shared_name()),
            Location::Memory { .. } => Place::Private,
        };
        let blueprint = Arc::new(Blueprint {
            tables: tables.to_vec(),
            operations: operations.to_vec(),
            settings,
            statement_cache: database.statement_cache,
        });
        let mut engine = SqliteEngine {
            admin: Slot::default(),
            place,
            claims: BTreeMap::new(),
            own,
            source: database.from.clone(),
            starts: starts.or_else(|| begin::starts_of_source(database)),
            blueprint,
            totals: Arc::default(),
            facts: Facts::default(),
        };
        engine.facts = engine.find_facts()?;
        Ok(engine)
    }

    fn settings(&self) -> &Settings {
        &self.blueprint.settings
    }

    /// Where a worker's connection leads; claims and marks the file when nobody has yet.
    fn place_of(&mut self, worker: usize) -> Result<Place, EngineError> {
        let Place::File(path) = &self.place else { return Ok(self.place.clone()) };
        let (number, path) = if self.own { (worker, own_path(path, worker)) } else { (0, path.clone()) };
        if let Some(claim) = self.claims.get(&number) {
            return Ok(Place::File(claim.path().to_owned()));
        }
        let claim = Claim::take(&path)?;
        // A claim that is dropped on the way gives the place back as it was.
        connect::mark(claim.path(), self.settings())?;
        let place = Place::File(claim.path().to_owned());
        self.claims.insert(number, claim);
        Ok(place)
    }

    /// What opens a worker's sessions.
    fn way_to(&mut self, worker: usize) -> Result<SqliteConnector, EngineError> {
        let place = self.place_of(worker)?;
        let lender = (place == Place::Private && !self.own).then(|| Arc::clone(&self.admin));
        let (blueprint, totals) = (Arc::clone(&self.blueprint), Arc::clone(&self.totals));
        Ok(SqliteConnector { place, lender, blueprint, totals, own: self.own })
    }

    /// The runner's own connection, opened when it is not.
    fn admin(&self) -> Result<Guard<'_>, EngineError> {
        let mut slot = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            let place = match (&self.place, self.claims.get(&0)) {
                (Place::File(_), Some(claim)) => Place::File(claim.path().to_owned()),
                (Place::File(_), None) => {
                    return Err(EngineError::Unavailable("the database is already removed".to_owned()));
                }
                (memory, _) => memory.clone(),
            };
            // Private memory has one connection, so that one has everything that a worker asks for.
            let role = if place == Place::Private { Role::Worker } else { Role::Admin };
            *slot = Some(connect::connect(&place, self.settings(), role)?);
        }
        Ok(Guard(slot))
    }

    /// Closes the runner's own connection where it would keep a worker from locking the file for itself.
    fn make_room(&self) {
        if matches!(self.place, Place::File(_)) && self.settings().asks_for("locking_mode", "exclusive") {
            self.close_admin();
        }
    }

    /// Closes the runner's own connection, so that something else may have the file to itself. It is opened again when it is needed.
    #[cfg(feature = "turso")]
    pub(in crate::engine) fn let_go(&self) {
        self.close_admin();
    }

    /// Where the file is, claimed and marked.
    #[cfg(feature = "turso")]
    pub(in crate::engine) fn file(&mut self) -> Result<PathBuf, EngineError> {
        match self.place_of(0)? {
            Place::File(path) => Ok(path),
            Place::Private | Place::Shared(_) => Err(EngineError::Unavailable("there is no file".to_owned())),
        }
    }

    fn close_admin(&self) {
        *self.admin.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sleeps for locks, and nanoseconds asked of them, over all sessions closed since the last reset.
    pub fn busy_waits(&self) -> (u64, u64) {
        (self.totals.busy_waits.load(Ordering::Relaxed), self.totals.busy_wait_ns.load(Ordering::Relaxed))
    }

    fn release(&mut self, keep: bool) -> Result<(), EngineError> {
        let mut result = Ok(());
        // The first claim may have made the folder, which goes once it is empty.
        for (_, claim) in std::mem::take(&mut self.claims).into_iter().rev() {
            // All of them, whatever becomes of one; the first error is told.
            result = result.and(claim.release(keep));
        }
        result
    }
}

impl Engine for SqliteEngine {
    fn reset(&mut self) -> Result<(), EngineError> {
        self.totals.clear();
        if self.own {
            // Every session makes its tables itself; a level begins with new files.
            return self.release(false);
        }
        if self.source.is_some() {
            return self.begin_from_source();
        }
        stoppable(self.admin()?.link(), "making the tables", |connection| {
            schema::rebuild(connection, &self.blueprint.tables)
        })
    }

    fn keep(&mut self, name: &str, note: &[u8]) -> Result<bool, EngineError> {
        self.keep_start(name, note)
    }

    fn begin_from(&mut self, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        self.begin_from_start(name)
    }

    fn drop_caches(&mut self) -> Result<(), EngineError> {
        self.drop_cached()
    }

    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        let connector = self.way_to(worker)?;
        if connector.lender.is_none() {
            self.make_room();
        }
        connector.connect(worker)
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        let exclusive = self.settings().position("locking_mode", "exclusive");
        if let (Place::File(_), Some(pragma)) = (&self.place, exclusive) {
            let message =
                "`locking_mode = exclusive` lets one connection in, so there can be no others to share";
            return Err(EngineError::Setting { pragma: Some(pragma), message: message.to_owned() });
        }
        let alone = if self.own {
            "with a reset around every write each worker has a database of its own, so connections cannot be shared"
        } else if self.place == Place::Private {
            "a private in-memory database has one connection, so there can be no others to share"
        } else {
            return Ok(Arc::new(self.way_to(0)?));
        };
        Err(EngineError::Unavailable(alone.to_owned()))
    }

    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        self.settings().checkpoints.take()
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        let total = |sum: &AtomicU64| Some(sum.load(Ordering::Relaxed));
        let sum =
            |bytes: fn(&Claim) -> Option<u64>| self.claims.values().filter_map(bytes).reduce(|a, b| a + b);
        Ok(Counters {
            database_bytes: sum(Claim::database_bytes),
            wal_bytes: sum(Claim::wal_bytes),
            cache_hits: total(&self.totals.cache_hits),
            cache_misses: total(&self.totals.cache_misses),
            cache_writes: total(&self.totals.cache_writes),
            cache_spills: total(&self.totals.cache_spills),
            checkpoints: total(&self.totals.checkpoints),
            syncs: total(&self.totals.syncs)
                .filter(|_| matches!(self.place, Place::File(_)) && syncs::counting_vfs().is_some()),
            statement_hits: self.blueprint.statement_cache.and_then(|_| total(&self.totals.statement_hits)),
            statement_misses: self
                .blueprint
                .statement_cache
                .and_then(|_| total(&self.totals.statement_misses)),
            buffer: None,
        })
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        if self.own {
            let words =
                "each worker has a database of its own, which only its session can look at".to_owned();
            return Err(EngineError::Unavailable(words));
        }
        let tables = &self.blueprint.tables;
        Ok(Box::new(SqliteInspector { admin: self.admin()?, tables, near: vec![0; tables.len()] }))
    }

    fn tear_down(&mut self, keep: bool) -> Result<(), EngineError> {
        if let Some(link) = self.admin.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // What is removed next need not be carried from the log into the file first. A refusal only costs that time.
            let _ = link.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !keep);
        }
        self.close_admin();
        self.release(keep)
    }
}

impl Drop for SqliteEngine {
    fn drop(&mut self) {
        // After a tear-down there is nothing left to do, and otherwise nobody left to tell.
        let _ = self.tear_down(false);
    }
}

/// Unique to this engine among all of the process; others do not see it.
fn shared_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("runner-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn own_path(path: &Path, worker: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}.w{worker}.db"))
}
