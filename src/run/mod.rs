//! Carries out a plan: the tape, the levels one after the other, and the comparison of what was acknowledged with what is there.
//!
//! It says what happens by events and prints nothing. What the figures mean is left to `result`.

mod level;
mod states;
mod verify;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::clock::Clock;
use crate::dataset::{Tape, TapeError, TapeOptions};
use crate::engine::{Engine, EngineError};
use crate::measure::{LevelMeasurement, TableVerification, Verification, VerificationStatus};
use crate::plan::{Crew, Plan, Workload};
use crate::scenario::Reset;

pub use level::LiveCounters;
pub use worker::PARENT_MISSING;

use level::{Work, Worked};
use states::RowStates;

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
}

/// What happens, in order.
#[derive(Debug)]
pub enum Event<'a> {
    /// Rows are being made.
    Generating {
        /// How many.
        total: u64,
        /// How many so far.
        done: Arc<AtomicU64>,
    },
    /// The rows are made.
    Generated {
        /// Size of the tape.
        bytes: u64,
        /// Whether it lies in a mapped file.
        mapped: bool,
    },
    /// Tables are made anew, then sessions opened.
    Resetting,
    /// Rows are being loaded.
    Loading {
        /// How many.
        total: u64,
        /// How many so far.
        done: Arc<AtomicU64>,
    },
    /// Workers are about to start.
    LevelStarted {
        /// Name of the workload.
        workload: &'a str,
        /// Which repetition of the level, from 1.
        iteration: u32,
        /// Workers.
        concurrency: u32,
        /// Operations; the most there can be where the level lasts for a time.
        planned: u64,
        /// How long it lasts, nanoseconds, where it lasts for a time.
        duration_ns: Option<u64>,
        /// While it runs.
        live: LiveCounters,
    },
    /// All workers have ended; nothing is open that would keep another connection from looking.
    LevelEnded,
    /// Rows are being compared.
    Verifying {
        /// How many so far.
        done: Arc<AtomicU64>,
    },
    /// A level is measured and, unless it was cut short, verified.
    LevelFinished {
        /// Its figures.
        measurement: &'a LevelMeasurement,
        /// What the comparison found.
        verification: Verification,
    },
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

/// Carries out every level of a plan. The engine is left as the last level left it; tearing it down is the caller's.
///
/// # Errors
/// When the database cannot go on, rows cannot be made, or `options.stop` was set; levels finished before that were told by events.
pub fn execute(
    plan: &Plan,
    engine: &mut dyn Engine,
    options: &Options,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<(), RunError> {
    for workload in &plan.workloads {
        let crew = &workload.crews[0];
        let states = fresh_states(crew);
        let mut run =
            Run { plan, workload, crew, engine, options, on_event, tape: None, states, floor_ns: 0 };
        for (index, &concurrency) in workload.concurrency.iter().enumerate() {
            run.level(index as u64, concurrency)?;
        }
    }
    Ok(())
}

fn fresh_states(crew: &Crew) -> RowStates {
    RowStates::new((0..crew.dataset.tables().len()).map(|t| crew.dataset.rows_in_all(t)))
}

struct Run<'a> {
    plan: &'a Plan,
    workload: &'a Workload,
    crew: &'a Crew,
    engine: &'a mut dyn Engine,
    options: &'a Options,
    on_event: &'a mut dyn FnMut(Event<'_>),
    /// With the part that it holds.
    tape: Option<(u64, Tape)>,
    states: RowStates,
    floor_ns: u64,
}

impl Run<'_> {
    fn level(&mut self, index: u64, concurrency: u32) -> Result<(), RunError> {
        let survives = self.workload.reset == Reset::Scenario;
        self.prepare_tape(if survives { index } else { 0 })?;
        if index == 0 || !survives {
            (self.on_event)(Event::Resetting);
            self.engine.reset()?;
            self.states = fresh_states(self.crew);
        }
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let live = LiveCounters::default();
        let planned = self.crew.dataset.part_total();
        (self.on_event)(Event::LevelStarted {
            workload: &self.workload.name,
            iteration: 1,
            concurrency,
            planned,
            duration_ns: None,
            live: live.clone(),
        });
        let (_, tape) = self.tape.as_ref().expect("the tape was just made");
        let work = Work {
            workload: &self.workload.name,
            dataset: &self.crew.dataset,
            operations: &self.plan.operations,
            tape,
            states: &self.states,
            clock: &self.options.clock,
            stop: &self.options.stop,
            per_write: self.workload.reset == Reset::Write,
        };
        let (measurement, worked) = level::measure(&work, self.engine, concurrency, self.floor_ns, &live)?;
        (self.on_event)(Event::LevelEnded);
        let verification = self.verify(&measurement, &worked);
        (self.on_event)(Event::LevelFinished { measurement: &measurement, verification });
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        worked.fatal.map_or(Ok(()), |error| Err(error.into()))
    }

    fn prepare_tape(&mut self, part: u64) -> Result<(), RunError> {
        if self.tape.as_ref().is_some_and(|(made, _)| *made == part) {
            return Ok(());
        }
        self.tape = None;
        let done = Arc::new(AtomicU64::new(0));
        (self.on_event)(Event::Generating { total: self.crew.dataset.part_total(), done: Arc::clone(&done) });
        let tape = Tape::generate(
            &self.crew.dataset,
            part,
            &TapeOptions {
                budget_bytes: self.options.tape_budget_bytes,
                folder: self.options.tape_folder.clone(),
                stop: &self.options.stop,
                done: &done,
            },
        )?;
        (self.on_event)(Event::Generated { bytes: tape.bytes(), mapped: tape.is_mapped() });
        if part == 0 {
            self.floor_ns = self.floor(&tape)?;
        }
        self.tape = Some((part, tape));
        Ok(())
    }

    fn floor(&self, tape: &Tape) -> Result<u64, RunError> {
        let counts: Vec<u64> =
            (0..self.plan.tables.len()).map(|t| self.crew.dataset.rows_in_all(t)).collect();
        let work = Work {
            workload: &self.workload.name,
            dataset: &self.crew.dataset,
            operations: &self.plan.operations,
            tape,
            states: &self.states,
            clock: &self.options.clock,
            stop: &self.options.stop,
            per_write: false,
        };
        level::floor(&work, &counts)
    }

    fn verify(&mut self, measurement: &LevelMeasurement, worked: &Worked) -> Verification {
        if self.workload.reset == Reset::Write {
            return verification_of_single_writes(self.plan, &self.states, worked);
        }
        if self.options.stop.load(Ordering::Relaxed) {
            return Verification::default();
        }
        let done = Arc::new(AtomicU64::new(0));
        (self.on_event)(Event::Verifying { done: Arc::clone(&done) });
        let expected = verify::Expected {
            dataset: &self.crew.dataset,
            tables: &self.plan.tables,
            states: &self.states,
            database_bytes: measurement.resources.engine.database_bytes,
            done: &done,
            stop: &self.options.stop,
        };
        let compared =
            self.engine.inspector().and_then(|mut inspector| verify::verify(&expected, inspector.as_mut()));
        match compared {
            Ok(verification) => verification,
            Err(EngineError::Interrupted) => Verification::default(),
            Err(error) => Verification {
                status: VerificationStatus::Impossible,
                problems: vec![format!("the rows could not be compared: {error}")],
                ..Verification::default()
            },
        }
    }
}

/// Where every write had a database of its own, each row was looked up right after it.
fn verification_of_single_writes(plan: &Plan, states: &RowStates, worked: &Worked) -> Verification {
    let tables = plan.tables.iter().enumerate().map(|(index, table)| {
        let expected = states.acknowledged(index).count() as u64;
        TableVerification { table: table.name.clone(), expected, found: None }
    });
    let status =
        if worked.problems.is_empty() { VerificationStatus::Verified } else { VerificationStatus::Failed };
    Verification {
        status,
        tables: tables.collect(),
        problems: worked.problems.clone(),
        sampled_rows: worked.looked_up,
        ..Verification::default()
    }
}
