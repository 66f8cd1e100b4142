//! A write buffer in this process: rows in memory, acknowledged at once, flushed in the background to nothing or to SQLite.
//!
//! ```text
//! shape      a table's key and indexes
//! row        rows as they stand on the tape: keys, hashes, orders
//! postings   an index: which rows have a value
//! memory     rows and tombstones by key, with their indexes
//! buffer     active and immutable table, and who waits for whom
//! persister  what takes the rows that are flushed
//! flusher    the background thread
//! program    what the plan's operations are to it
//! reading    what an operation read
//! session    Session
//! writes     operations that write
//! reads      operations that read, through all layers
//! connector  Connector
//! loading    Loader
//! inspect    Inspector
//! ```

mod buffer;
mod connector;
mod flusher;
mod inspect;
mod loading;
mod memory;
mod persister;
mod postings;
mod program;
mod reading;
mod reads;
mod row;
mod session;
mod shape;
mod writes;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;

use self::buffer::{Buffer, Settings};
use self::connector::MemtableConnector;
use self::flusher::Flusher;
use self::inspect::MemoryInspector;
use self::loading::MemtableLoader;
use self::persister::{IntoSqlite, LetGo, Nothing, Persister};
use self::program::{Program, flushes};
use crate::clock::Clock;
use crate::engine::sqlite::SqliteEngine;
use crate::engine::{
    Checkpoint, Connector, Counters, Durability, Engine, EngineError, Facts, Failure, Inspector, Loader,
    Session, TEST_DELAY, TEST_DELAY_VARIABLE,
};
use crate::plan::{BatchSize, MemtableDatabase, Plan, Table};

/// A write buffer for the length of a scenario, and the database below it, where there is one.
///
/// Dropped without [`Engine::tear_down`], it lets go of what it holds, and removes what it made. Sessions are to be dropped before it.
pub struct MemtableEngine {
    /// From the first reset on. It is ended before the store goes.
    running: Option<Running>,
    store: Option<SqliteEngine>,
    settings: Settings,
    program: Arc<Program>,
    tables: Vec<Table>,
    facts: Facts,
}

/// A buffer and its flusher, from one fresh state to the next.
struct Running {
    buffer: Arc<Buffer>,
    let_go: Arc<Mutex<LetGo>>,
    /// Ended when this is dropped.
    _flusher: Flusher,
}

impl MemtableEngine {
    /// Takes the place of the store, where there is one, as [`SqliteEngine::open`] does. Times are read from `clock`; `stop` tells that the run is
    /// being stopped.
    ///
    /// # Errors
    /// As [`SqliteEngine::open`].
    pub fn open(
        database: &MemtableDatabase,
        plan: &Plan,
        clock: &Clock,
        stop: Arc<AtomicBool>,
    ) -> Result<MemtableEngine, EngineError> {
        let (tables, operations) = (&plan.tables, &plan.operations);
        let store = database
            .store
            .as_ref()
            .map(|store| SqliteEngine::open(store, tables, &[], false, clock, Arc::clone(&stop)))
            .transpose()?;
        let settings = Settings {
            buffer: database.buffer,
            largest_batch: largest_batch(plan),
            clock: clock.clone(),
            stop,
        };
        let facts = facts(&settings, store.as_ref());
        Ok(MemtableEngine {
            running: None,
            store,
            settings,
            program: Arc::new(Program::new(tables, operations)),
            tables: tables.clone(),
            facts,
        })
    }

    fn running(&mut self) -> Result<&Running, EngineError> {
        if self.running.is_none() {
            let buffer = Arc::new(Buffer::new(Arc::clone(&self.program.shapes), self.settings.clone()));
            let let_go = Arc::new(Mutex::new(LetGo::new(&self.program.shapes)));
            let persister = self.persister(&let_go)?;
            let flusher = Flusher::start(&buffer, persister)?;
            self.running = Some(Running { buffer, let_go, _flusher: flusher });
        }
        Ok(self.running.as_ref().expect("it was just made"))
    }

    fn persister(&mut self, let_go: &Arc<Mutex<LetGo>>) -> Result<Box<dyn Persister>, EngineError> {
        let Some(store) = &mut self.store else { return Ok(Box::new(Nothing(Arc::clone(let_go)))) };
        let each = self.tables.iter().enumerate().flat_map(|(index, table)| flushes(index, table));
        let session = store.flushing(each.collect())?;
        let Settings { clock, stop, .. } = &self.settings;
        Ok(Box::new(IntoSqlite { session, clock: clock.clone(), stop: Arc::clone(stop) }))
    }

    fn way(&mut self) -> Result<MemtableConnector, EngineError> {
        let buffer = Arc::clone(&self.running()?.buffer);
        let readers = self.store.as_mut().map(SqliteEngine::readers).transpose()?;
        Ok(MemtableConnector { buffer, program: Arc::clone(&self.program), readers })
    }
}

/// Operations of a batch of any workload, at most.
fn largest_batch(plan: &Plan) -> u64 {
    let sizes = plan.workloads.iter().filter_map(|workload| workload.batch).map(|batch| match batch.size {
        BatchSize::Fixed(size) => size,
        BatchSize::Adaptive { max, .. } => max,
    });
    sizes.max().unwrap_or(1)
}

fn facts(settings: &Settings, store: Option<&SqliteEngine>) -> Facts {
    let below = store.map(Engine::facts);
    let buffer = settings.buffer;
    let timeout = buffer.flush_timeout_ms.map_or_else(|| "none".to_owned(), |ms| format!("{ms} ms"));
    let mut own = vec![
        ("threshold".to_owned(), buffer.threshold.to_string()),
        ("flush_timeout".to_owned(), timeout),
        ("persister".to_owned(), if store.is_some() { "sqlite" } else { "none" }.to_owned()),
    ];
    own.extend(below.as_ref().map(|facts| ("sqlite_version".to_owned(), facts.version.clone())));
    if below.is_none() {
        own.extend(std::env::var(TEST_DELAY_VARIABLE).ok().map(|delay| (TEST_DELAY.to_owned(), delay)));
    }
    let Facts { source_id, compile_options, settings: stored, .. } = below.unwrap_or_default();
    own.extend(stored);
    Facts {
        name: "memtable".into(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        source_id,
        compile_options,
        settings: own,
        storage: "buffer".into(),
        durability: Durability::Memory,
    }
}

fn fatal(failure: Failure) -> EngineError {
    EngineError::Fatal { code: failure.code, message: failure.message }
}

impl Engine for MemtableEngine {
    fn reset(&mut self) -> Result<(), EngineError> {
        // What the buffer still holds is dropped with the tables.
        self.running = None;
        self.store.as_mut().map_or(Ok(()), Engine::reset)?;
        self.running().map(|_| ())
    }

    fn loader(&mut self) -> Result<Option<Box<dyn Loader + '_>>, EngineError> {
        let session = self.way()?.connect(0)?;
        Ok(Some(Box::new(MemtableLoader::new(session, self.tables.len(), &self.program))))
    }

    fn drain(&mut self) -> Result<(), EngineError> {
        let all = self.store.is_some();
        // Without a store, what is still in memory is as good there as let go, and can be compared.
        self.running.as_ref().map_or(Ok(()), |running| running.buffer.drain(all)).map_err(fatal)
    }

    fn drop_caches(&mut self) -> Result<(), EngineError> {
        self.store.as_mut().map_or(Ok(()), Engine::drop_caches)
    }

    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        self.way()?.connect(worker)
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        Ok(Arc::new(self.way()?))
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        let buffer = self.running()?.buffer.counters();
        let below = self.store.as_mut().map(Engine::counters).transpose()?.unwrap_or_default();
        Ok(Counters { buffer: Some(buffer), ..below })
    }

    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        self.store.as_mut().map(Engine::take_checkpoints).unwrap_or_default()
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        self.drain()?;
        let running = self.running()?;
        let (buffer, let_go) = (Arc::clone(&running.buffer), Arc::clone(&running.let_go));
        match &mut self.store {
            Some(store) => store.inspector(),
            None => Ok(Box::new(MemoryInspector { buffer, let_go, tables: &self.tables })),
        }
    }

    fn tear_down(&mut self, keep: bool) -> Result<(), EngineError> {
        // A file that is removed next needs nothing more.
        let flushed = if keep || self.store.is_none() { self.flush_all() } else { Ok(()) };
        self.running = None;
        let removed = self.store.as_mut().map_or(Ok(()), |store| store.tear_down(keep));
        flushed.and(removed)
    }
}

impl MemtableEngine {
    fn flush_all(&self) -> Result<(), EngineError> {
        self.running.as_ref().map_or(Ok(()), |running| running.buffer.drain(true)).map_err(fatal)
    }
}

impl Drop for MemtableEngine {
    fn drop(&mut self) {
        // The flusher's connection goes before the store.
        self.running = None;
    }
}
