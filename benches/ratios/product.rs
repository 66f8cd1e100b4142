//! The runner itself, through the same calls as the command line makes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runner::clock::Clock;
use runner::engine::null::NullEngine;
use runner::engine::sqlite::SqliteEngine;
use runner::engine::{Engine, EngineError};
use runner::plan::Plan;
use runner::run::{self, Event, RunError};

use crate::bare::Measured;

/// A level as the runner measured it.
#[derive(Clone, Copy)]
pub(crate) struct Level {
    pub(crate) measured: Measured,
    /// Nanoseconds per operation against an engine that does nothing.
    pub(crate) floor_ns: u64,
    pub(crate) tape_bytes: u64,
    pub(crate) tape_is_mapped: bool,
    /// Most memory ever resident when the level began, and at its end.
    pub(crate) peak_bytes: (u64, u64),
}

/// Runs the plan's only level. The comparison of rows that follows a level is left out: it is not part of any figure here.
pub(crate) fn run(plan: &Plan, tape_folder: &Path) -> Level {
    let stop = Arc::new(AtomicBool::new(false));
    let mut engine = SqliteEngine::open(
        plan.database.sqlite().expect("the ratios are SQLite's"),
        &plan.tables,
        &plan.operations,
        false,
        &Clock::real(),
        Arc::clone(&stop),
    )
    .expect("the database can be made");
    let level = level(plan, &mut engine, &stop, tape_folder);
    assert!(matches!(engine.tear_down(false), Ok(()) | Err(EngineError::Interrupted)), "the database goes");
    level
}

/// The same with an engine that does nothing.
pub(crate) fn run_null(plan: &Plan, tape_folder: &Path) -> Level {
    level(plan, &mut NullEngine, &Arc::new(AtomicBool::new(false)), tape_folder)
}

fn level(plan: &Plan, engine: &mut dyn Engine, stop: &Arc<AtomicBool>, tape_folder: &Path) -> Level {
    let options = run::Options {
        tape_folder: tape_folder.to_owned(),
        ..run::Options::new(Clock::real(), Arc::clone(stop))
    };
    let mut level = Level {
        measured: Measured { acknowledged: 0, duration_ns: 0 },
        floor_ns: 0,
        tape_bytes: 0,
        tape_is_mapped: false,
        peak_bytes: (0, 0),
    };
    let ended = run::execute(plan, engine, &options, &mut |event| match event {
        Event::Generated { bytes, mapped } => {
            level.tape_bytes = bytes;
            level.tape_is_mapped = mapped;
        }
        Event::LevelStarted { .. } => level.peak_bytes.0 = peak_bytes(),
        Event::LevelEnded => {
            level.peak_bytes.1 = peak_bytes();
            stop.store(true, Ordering::Relaxed);
        }
        Event::LevelFinished { measurement, .. } => {
            assert!(measurement.complete, "a level that took all its operations");
            level.measured.duration_ns = measurement.duration_ns;
            level.measured.acknowledged = measurement.workers.iter().map(|w| w.succeeded).sum();
            level.floor_ns = measurement.floor_ns;
        }
        Event::Generating { .. } | Event::Loading { .. } | Event::Resetting | Event::Verifying { .. } => {}
    });
    assert!(matches!(ended, Err(RunError::Interrupted)), "a run that was stopped after its level: {ended:?}");
    level
}

fn peak_bytes() -> u64 {
    runner::machine::usage().peak_memory_bytes.unwrap_or(0)
}
