//! A unit in this process: the engine for it, what the run needs, and the end of both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::UnitError;
use crate::clock::Clock;
use crate::engine::memtable::MemtableEngine;
use crate::engine::postgres::PostgresEngine;
use crate::engine::sqlite::{SqliteEngine, Starts, ensure_descriptors};
use crate::engine::{Engine, EngineError, Facts};
use crate::plan::{Database, Driver, Location, Operation, Plan, SqliteDatabase, Table};
use crate::profile::Sampler;
use crate::run::{self, Event, Options, Stretch};

/// Of capped memory, the part that the tape may take: one in so many. The rest is what is measured.
const TAPE_PART: u64 = 8;

/// Opens the engine that a plan asks for. Where it begins from loaded rows more than once, they are loaded once and copied from then on.
///
/// # Errors
/// As [`SqliteEngine::open`] and [`PostgresEngine::open`], or when too few files may be open.
pub fn open_engine(
    plan: &Plan,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Box<dyn Engine>, EngineError> {
    let starts = starts(plan).filter(|_| run::stretches(plan).len() > 1);
    open_with(plan, clock, stop, starts)
}

/// Where states of a plan's database are kept to begin from again; absent where none is worth it, or there is no file.
pub(super) fn starts(plan: &Plan) -> Option<Arc<Starts>> {
    let Database::Sqlite(SqliteDatabase { location: Location::File(path), from, .. }) = &plan.database else {
        return None;
    };
    let loads = plan.workloads.iter().any(|workload| workload.crews[0].dataset.load_total() > 0);
    let worth = !plan.per_write() && (loads || from.is_some());
    worth.then(|| Arc::new(Starts::beside(path)))
}

fn open_with(
    plan: &Plan,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
    starts: Option<Arc<Starts>>,
) -> Result<Box<dyn Engine>, EngineError> {
    match &plan.database {
        Database::Sqlite(database) => {
            ensure_descriptors(database, u64::from(plan.connections()), plan.per_write())?;
            let (tables, operations) = (&plan.tables, &plan.operations);
            let (own, stop) = (plan.per_write(), Arc::clone(stop));
            if database.driver == Driver::Turso {
                return turso(database, (tables, operations), clock, stop, starts);
            }
            let engine = SqliteEngine::open_with(database, tables, operations, own, clock, stop, starts)?;
            Ok(Box::new(engine))
        }
        Database::Memtable(database) => {
            if let Some(store) = &database.store {
                // Each session reads by a connection of its own; another one flushes.
                ensure_descriptors(store, u64::from(plan.connections()) + 1, false)?;
            }
            Ok(Box::new(MemtableEngine::open(database, plan, clock, Arc::clone(stop))?))
        }
        Database::Postgres(database) => {
            let (tables, operations) = (&plan.tables, &plan.operations);
            let engine = PostgresEngine::open(database, tables, operations, clock, Arc::clone(stop))?;
            Ok(Box::new(engine))
        }
    }
}

#[cfg(feature = "turso")]
fn turso(
    database: &SqliteDatabase,
    (tables, operations): (&[Table], &[Operation]),
    clock: &Clock,
    stop: Arc<AtomicBool>,
    starts: Option<Arc<Starts>>,
) -> Result<Box<dyn Engine>, EngineError> {
    let engine = crate::engine::turso::TursoEngine::open(database, tables, operations, clock, stop, starts)?;
    Ok(Box::new(engine))
}

#[cfg(not(feature = "turso"))]
fn turso(
    _database: &SqliteDatabase,
    _work: (&[Table], &[Operation]),
    _clock: &Clock,
    _stop: Arc<AtomicBool>,
    _starts: Option<Arc<Starts>>,
) -> Result<Box<dyn Engine>, EngineError> {
    let words =
        "this build has no driver \"turso\": `cargo build --release --features turso` makes one that has";
    Err(EngineError::Unavailable(words.to_owned()))
}

/// What a run of the plan needs beside it.
pub fn options(plan: &Plan, clock: &Clock, stop: &Arc<AtomicBool>) -> Options {
    let part = plan.limits.memory_bytes.map_or(u64::MAX, |bytes| bytes / TAPE_PART);
    Options {
        tape_budget_bytes: run::TAPE_BUDGET_BYTES.min(part),
        tape_folder: tape_folder(plan),
        ..Options::new(clock.clone(), Arc::clone(stop))
    }
}

/// Beside the database, where there is room for as much; a temporary folder may lie in memory.
fn tape_folder(plan: &Plan) -> PathBuf {
    let beside =
        plan.database.file().and_then(Path::parent).filter(|p| !p.as_os_str().is_empty()).map(Path::to_owned);
    beside.filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir)
}

/// What is there of a unit beside its levels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Carried {
    /// What the database said of itself; absent where it was not reached.
    pub(super) facts: Option<Facts>,
    /// Why the unit ended before its end.
    pub(super) error: Option<UnitError>,
}

impl From<UnitError> for Carried {
    fn from(error: UnitError) -> Carried {
        Carried { facts: None, error: Some(error) }
    }
}

/// What carrying out a unit takes beside its plan.
#[derive(Clone, Debug)]
pub(super) struct Here<'a> {
    pub(super) clock: &'a Clock,
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) keep_db: bool,
    pub(super) starts: Option<Arc<Starts>>,
    pub(super) sampler: Option<Arc<Sampler>>,
}

impl Here<'_> {
    /// From making the database to removing it.
    pub(super) fn carry_out(
        &self,
        plan: &Plan,
        stretch: &Stretch,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Carried {
        let mut engine = match open_with(plan, self.clock, self.stop, self.starts.clone()) {
            Ok(engine) => engine,
            Err(error) => return UnitError::from(&error).into(),
        };
        let options = Options { sampler: self.sampler.clone(), ..options(plan, self.clock, self.stop) };
        let ended = run::execute_stretch(plan, stretch, engine.as_mut(), &options, on_event);
        let facts = engine.facts();
        let removed = engine.tear_down(self.keep_db).map_err(|error| UnitError::from(&error));
        // Whatever ended the run is the reason for what comes after it.
        let error = ended.map_err(|error| UnitError::from(&error)).and(removed).err();
        Carried { facts: Some(facts), error }
    }
}
