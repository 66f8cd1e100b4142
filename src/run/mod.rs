//! Carries out a plan: the tape, the levels one after the other, and the comparison of what was acknowledged with what is there.
//!
//! It says what happens by events and prints nothing. What the figures mean is left to `result`.

mod alone;
mod arrivals;
mod batch;
mod comparison;
mod crew;
mod delay;
mod event;
mod gate;
mod journal;
mod ledger;
mod level;
mod line;
mod live;
mod load;
mod look;
mod measurement;
mod pacing;
mod plain;
mod pool;
mod retry;
mod running;
mod sampling;
mod sending;
mod single;
mod size;
mod start;
mod states;
mod stretch;
mod verify;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::clock::Clock;
use crate::dataset::TapeError;
use crate::engine::{Engine, EngineError};
use crate::plan::Plan;
use crate::profile::Sampler;

pub use event::{Event, Lead};
pub use gate::PARENT_MISSING;
pub use live::{LiveCounters, LiveTail};
pub use stretch::{Stretch, Unit, order, stretches};

use running::Run;

/// Memory that a tape may take before it goes to a mapped file.
pub const TAPE_BUDGET_BYTES: u64 = 512 << 20;

/// What a run needs beside its plan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Real time, or a test's.
    pub clock: Clock,
    /// Set from outside to end the run early.
    pub stop: Arc<AtomicBool>,
    /// Bytes above which the tape goes to a mapped file.
    pub tape_budget_bytes: u64,
    /// Where that file is made, unlinked at once.
    pub tape_folder: PathBuf,
    /// Samples what is measured, where that is asked for.
    pub sampler: Option<Arc<Sampler>>,
}

impl Options {
    /// On this clock, ended early by `stop`; a long tape goes to the system's temporary folder, and nothing is sampled.
    pub fn new(clock: Clock, stop: Arc<AtomicBool>) -> Options {
        Options {
            clock,
            stop,
            tape_budget_bytes: TAPE_BUDGET_BYTES,
            tape_folder: std::env::temp_dir(),
            sampler: None,
        }
    }
}

/// Why a run ended before its last level.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database.
    #[error(transparent)]
    Engine(EngineError),
    /// The rows.
    #[error(transparent)]
    Tape(TapeError),
    /// Asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<EngineError> for RunError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Interrupted => RunError::Interrupted,
            other => RunError::Engine(other),
        }
    }
}

impl From<TapeError> for RunError {
    fn from(error: TapeError) -> Self {
        match error {
            TapeError::Interrupted => RunError::Interrupted,
            other => RunError::Tape(other),
        }
    }
}

/// Carries out every level of a plan, in the file's order. The engine is left as the last level left it; tearing it down is the caller's.
///
/// # Errors
/// When the database cannot go on, rows cannot be made, or `options.stop` was set; levels finished before that were told by events.
pub fn execute(
    plan: &Plan,
    engine: &mut dyn Engine,
    options: &Options,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<(), RunError> {
    let stretches = stretches(plan);
    for of_workload in stretches.chunk_by(|a, b| a.workload == b.workload) {
        let mut run = Run::new(plan, of_workload[0].workload, &mut *engine, options, &mut *on_event);
        of_workload.iter().try_for_each(|stretch| run.stretch(stretch))?;
    }
    Ok(())
}

/// Carries out one stretch of a plan, as [`execute`] does. What comes before it in the file's order need not have been run.
///
/// # Errors
/// As [`execute`].
pub fn execute_stretch(
    plan: &Plan,
    stretch: &Stretch,
    engine: &mut dyn Engine,
    options: &Options,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<(), RunError> {
    Run::new(plan, stretch.workload, engine, options, on_event).stretch(stretch)
}
