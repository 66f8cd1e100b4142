//! Carries out a plan: the tape, the levels one after the other, and the comparison of what was acknowledged with what is there.
//!
//! It says what happens by events and prints nothing. What the figures mean is left to `result`.

mod alone;
mod arrivals;
mod batch;
mod crew;
mod delay;
mod event;
mod gate;
mod journal;
mod ledger;
mod level;
mod line;
mod load;
mod look;
mod measurement;
mod pacing;
mod plain;
mod pool;
mod retry;
mod sending;
mod single;
mod size;
mod states;
mod verify;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::clock::{Clock, Ticks};
use crate::dataset::{Tape, TapeError, TapeOptions};
use crate::engine::{Engine, EngineError};
use crate::measure::{LevelMeasurement, TableVerification, Verification, VerificationStatus};
use crate::plan::{Extent, Plan, Workload};
use crate::scenario::Reset;

pub use event::Event;
pub use gate::PARENT_MISSING;
pub use level::LiveCounters;

use ledger::Ledger;
use level::{Work, Worked};

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
    let epoch = options.clock.now();
    let ranks = ranks(plan);
    for (index, workload) in plan.workloads.iter().enumerate() {
        let mut run = Run {
            plan,
            workload,
            engine: &mut *engine,
            options,
            on_event: &mut *on_event,
            epoch,
            ranks: &ranks,
            number: (index as u64) << 32,
            loaded: None,
            tapes: None,
            ledger: None,
            floor_ns: None,
        };
        run.levels()?;
    }
    Ok(())
}

/// Tables whose rows refer to no other are 0, others above all that they refer to.
fn ranks(plan: &Plan) -> Vec<usize> {
    let place = |name: &String| plan.tables.iter().position(|t| t.name.eq_ignore_ascii_case(name));
    let parents: Vec<Vec<usize>> =
        plan.tables.iter().map(|t| t.references.iter().filter_map(place).collect()).collect();
    let mut ranks = vec![0; parents.len()];
    // As many rounds as a chain of references can be long; a table that refers to itself stays where it is.
    for _ in 0..parents.len() {
        for (table, parents) in parents.iter().enumerate() {
            let above = parents.iter().filter(|p| **p != table).map(|p| ranks[*p] + 1).max();
            ranks[table] = above.unwrap_or(0).min(plan.tables.len());
        }
    }
    ranks
}

/// One workload.
struct Run<'a> {
    plan: &'a Plan,
    workload: &'a Workload,
    engine: &'a mut dyn Engine,
    options: &'a Options,
    on_event: &'a mut dyn FnMut(Event<'_>),
    epoch: Ticks,
    ranks: &'a [usize],
    /// Of the level.
    number: u64,
    /// Rows that are there before anything is measured.
    loaded: Option<Tape>,
    /// One for each crew, with the part that they hold.
    tapes: Option<(u64, Vec<Tape>)>,
    /// Absent until the tables are made.
    ledger: Option<Ledger>,
    floor_ns: Option<u64>,
}

impl Run<'_> {
    fn levels(&mut self) -> Result<(), RunError> {
        let iterations = u64::from(self.workload.iterations.max(1));
        for (level, &concurrency) in self.workload.concurrency.iter().enumerate() {
            for iteration in 0..iterations {
                let (part, fresh) = self.part(level as u64, iteration, iterations);
                self.level(concurrency, iteration as u32 + 1, part, fresh)?;
                self.number += 1;
            }
        }
        Ok(())
    }

    /// Which part of the order an iteration takes, and whether the tables are made anew before it.
    fn part(&self, level: u64, iteration: u64, iterations: u64) -> (u64, bool) {
        match (self.workload.reset, self.workload.extent) {
            (Reset::Scenario, _) => {
                let part = level * iterations + iteration;
                (part, part == 0)
            }
            // How far an iteration comes in its time is not known beforehand, so that no other could go on from there.
            (Reset::Level, Extent::Total(_)) => (iteration, iteration == 0),
            (Reset::Level | Reset::Iteration | Reset::Write, _) => (0, true),
        }
    }

    fn level(&mut self, concurrency: u32, iteration: u32, part: u64, fresh: bool) -> Result<(), RunError> {
        self.prepare_tapes(part)?;
        if fresh || self.ledger.is_none() {
            self.start_afresh()?;
        }
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        let live = LiveCounters::default();
        let per_write = self.workload.reset == Reset::Write;
        let extent = self.workload.extent;
        (self.on_event)(Event::LevelStarted {
            workload: &self.workload.name,
            iteration,
            concurrency,
            planned: measurement::planned(self.workload),
            duration_ns: match extent {
                Extent::Total(_) => None,
                Extent::Time { duration_ns, .. } => Some(duration_ns),
            },
            live: live.clone(),
        });
        let level =
            measurement::Level { concurrency, iteration, floor_ns: self.floor_ns.unwrap_or(0), per_write };
        let ledger = self.ledger.as_ref().expect("the tables were just made");
        let work = Work {
            plan: self.plan,
            workload: self.workload,
            tapes: tapes(&self.tapes),
            states: &ledger.states,
            clock: &self.options.clock,
            epoch: self.epoch,
            stop: &self.options.stop,
            ranks: self.ranks,
            number: self.number,
        };
        let (measurement, mut worked) = measurement::measure(&work, &mut *self.engine, level, &live)?;
        let ledger = self.ledger.as_mut().expect("the tables were just made");
        for journal in std::mem::take(&mut worked.journals) {
            ledger.absorb(self.plan, &self.workload.crews, journal);
        }
        ledger.settle(self.plan);
        (self.on_event)(Event::LevelEnded);
        let verification = self.verify(&measurement, &worked);
        (self.on_event)(Event::LevelFinished { measurement: &measurement, verification });
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        worked.fatal.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Tables made anew, with the rows that are there before anything is measured.
    fn start_afresh(&mut self) -> Result<(), RunError> {
        (self.on_event)(Event::Resetting);
        self.engine.reset()?;
        let ledger = Ledger::new(self.workload);
        let total = self.workload.crews[0].dataset.load_total();
        if total > 0 {
            if self.loaded.is_none() {
                self.loaded = Some(self.make(total, |run, options| {
                    Tape::load(&run.workload.crews[0].dataset, &load::inserts(run.plan), options)
                })?);
            }
            let done = Arc::new(AtomicU64::new(0));
            (self.on_event)(Event::Loading { total, done: Arc::clone(&done) });
            if let Some(tape) = &self.loaded {
                let stop = &self.options.stop;
                load::load(self.plan, tape, &mut *self.engine, &ledger.states, &done, stop)?;
            }
        }
        self.ledger = Some(ledger);
        Ok(())
    }

    fn prepare_tapes(&mut self, part: u64) -> Result<(), RunError> {
        if self.tapes.as_ref().is_some_and(|(made, _)| *made == part) {
            return Ok(());
        }
        self.tapes = None;
        let mut tapes = Vec::new();
        for crew in &self.workload.crews {
            let total = crew.dataset.part_total();
            tapes.push(self.make(total, |_, options| Tape::generate(&crew.dataset, part, options))?);
        }
        self.tapes = Some((part, tapes));
        if self.floor_ns.is_none() {
            self.floor_ns = Some(self.floor()?);
        }
        Ok(())
    }

    fn floor(&self) -> Result<u64, RunError> {
        let fresh = || Ledger::new(self.workload).states;
        let work = Work {
            plan: self.plan,
            workload: self.workload,
            tapes: tapes(&self.tapes),
            states: &fresh(),
            clock: &self.options.clock,
            epoch: self.epoch,
            stop: &self.options.stop,
            ranks: self.ranks,
            number: self.number,
        };
        measurement::floor(&work, &fresh)
    }

    fn make(
        &mut self,
        total: u64,
        make: impl FnOnce(&Self, &TapeOptions<'_>) -> Result<Tape, TapeError>,
    ) -> Result<Tape, RunError> {
        let done = Arc::new(AtomicU64::new(0));
        (self.on_event)(Event::Generating { total, done: Arc::clone(&done) });
        let options = TapeOptions {
            budget_bytes: self.options.tape_budget_bytes,
            folder: self.options.tape_folder.clone(),
            stop: &self.options.stop,
            done: &done,
        };
        let tape = make(self, &options)?;
        (self.on_event)(Event::Generated { bytes: tape.bytes(), mapped: tape.is_mapped() });
        Ok(tape)
    }

    fn verify(&mut self, measurement: &LevelMeasurement, worked: &Worked) -> Verification {
        let ledger = self.ledger.as_ref().expect("a level was run");
        if self.workload.reset == Reset::Write {
            return verification_of_single_writes(self.plan, ledger, worked);
        }
        if self.options.stop.load(Ordering::Relaxed) {
            return Verification::default();
        }
        let done = Arc::new(AtomicU64::new(0));
        (self.on_event)(Event::Verifying { done: Arc::clone(&done) });
        let expected = verify::Expected {
            plan: self.plan,
            crews: &self.workload.crews,
            ledger,
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

fn tapes(made: &Option<(u64, Vec<Tape>)>) -> &[Tape] {
    made.as_ref().map_or(&[], |(_, tapes)| tapes)
}

/// Where every write had a database of its own, each row was looked up right after it.
fn verification_of_single_writes(plan: &Plan, ledger: &Ledger, worked: &Worked) -> Verification {
    let tables = plan.tables.iter().enumerate().map(|(index, table)| {
        let expected = ledger.states.acknowledged(index).count() as u64;
        TableVerification { table: table.name.clone(), expected, found: None }
    });
    let problems: Vec<String> = worked.tallies.iter().flat_map(|t| t.problems.iter().cloned()).collect();
    let status = if problems.is_empty() { VerificationStatus::Verified } else { VerificationStatus::Failed };
    Verification {
        status,
        tables: tables.collect(),
        problems,
        sampled_rows: worked.tallies.iter().map(|t| t.looked_up).sum(),
        ..Verification::default()
    }
}
