//! One workload, from a fresh state on: the tape, the levels one after the other, and the comparison of what was acknowledged with what is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ledger::Ledger;
use super::level::{Work, Worked};
use super::live::{LiveCounters, Watched};
use super::start::{self, Start};
use super::stretch::Stretch;
use super::{Event, Lead, Options, RunError, load, measurement, verify};
use crate::clock::Ticks;
use crate::dataset::{Tape, TapeError, TapeOptions};
use crate::engine::{Engine, EngineError};
use crate::measure::{LevelMeasurement, TableVerification, Verification, VerificationStatus};
use crate::plan::{Extent, Plan, WarmUp, Workload};
use crate::scenario::Reset;

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
pub(super) struct Run<'a> {
    plan: &'a Plan,
    workload: &'a Workload,
    engine: &'a mut dyn Engine,
    options: &'a Options,
    on_event: &'a mut dyn FnMut(Event<'_>),
    epoch: Ticks,
    ranks: Vec<usize>,
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

impl<'a> Run<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        workload: usize,
        engine: &'a mut dyn Engine,
        options: &'a Options,
        on_event: &'a mut dyn FnMut(Event<'_>),
    ) -> Self {
        Run {
            plan,
            workload: &plan.workloads[workload],
            engine,
            options,
            on_event,
            epoch: options.clock.now(),
            ranks: ranks(plan),
            number: 0,
            loaded: None,
            tapes: None,
            ledger: None,
            floor_ns: None,
        }
    }

    /// All levels and iterations of a stretch, the first one from a fresh state.
    pub(super) fn stretch(&mut self, stretch: &Stretch) -> Result<(), RunError> {
        self.ledger = None;
        let iterations = self.workload.iterations.max(1);
        let mut part = 0;
        for level in stretch.levels.clone() {
            for iteration in stretch.iterations.clone() {
                // The same whatever else is run, and in which order.
                let place = level as u64 * u64::from(iterations) + u64::from(iteration);
                self.number = ((stretch.workload as u64) << 32) + place;
                self.level(self.workload.concurrency[level], iteration + 1, part)?;
                part += 1;
            }
        }
        Ok(())
    }

    fn level(&mut self, concurrency: u32, iteration: u32, part: u64) -> Result<(), RunError> {
        self.prepare_tapes(part)?;
        if self.ledger.is_none() {
            self.start_afresh()?;
        }
        if self.options.stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        if self.plan.limits.memory_bytes.is_some() {
            // Pages that others brought in would be nobody's against the cap.
            self.engine.drop_caches()?;
        }
        let watched = Watched::default();
        let per_write = self.workload.reset == Reset::Write;
        (self.on_event)(started(self.workload, iteration, concurrency, watched.counters.clone()));
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
            ranks: &self.ranks,
            number: self.number,
            sampler: self.options.sampler.as_ref(),
        };
        let (measurement, mut worked) = measurement::measure(&work, &mut *self.engine, level, &watched)?;
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

    /// Tables made anew, with the rows that are there before anything is measured; or the same from a copy, where the engine kept one.
    fn start_afresh(&mut self) -> Result<(), RunError> {
        (self.on_event)(Event::Resetting);
        let mut ledger = Ledger::new(self.workload);
        let name = start::name(self.plan, self.workload);
        let kept = name.as_deref().map(|name| self.engine.begin_from(name)).transpose()?.flatten();
        let kept = kept.and_then(|note| serde_json::from_slice::<Start>(&note).ok());
        if let Some(start) = kept {
            start.apply(&mut ledger);
            self.ledger = Some(ledger);
            return Ok(());
        }
        self.engine.reset()?;
        let mut start = Start::look(self.plan, &mut *self.engine)?;
        self.load(&ledger)?;
        start.loaded(&ledger, self.workload);
        start.apply(&mut ledger);
        if let Some(name) = name {
            let note = serde_json::to_vec(&start).expect("numbers are JSON");
            if self.engine.keep(&name, &note)? {
                // The first level begins as all later ones will.
                self.engine.begin_from(&name)?;
            }
        }
        self.ledger = Some(ledger);
        Ok(())
    }

    fn load(&mut self, ledger: &Ledger) -> Result<(), RunError> {
        let total = self.workload.crews[0].dataset.load_total();
        if total == 0 {
            return Ok(());
        }
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
            ranks: &self.ranks,
            number: self.number,
            sampler: None,
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

/// What is known of a level before it starts.
fn started(workload: &Workload, iteration: u32, concurrency: u32, live: LiveCounters) -> Event<'_> {
    let crews = workload.crews.len() as u64;
    let warm_up = match workload.warm_up {
        WarmUp::None => Lead::default(),
        WarmUp::Operations(count) => Lead { operations: count * crews, duration_ns: 0 },
        WarmUp::Time { duration_ns, .. } => Lead { operations: 0, duration_ns },
    };
    let duration_ns = match workload.extent {
        Extent::Total(_) => None,
        Extent::Time { duration_ns, .. } => Some(duration_ns),
    };
    let planned = measurement::planned(workload);
    Event::LevelStarted {
        workload: &workload.name,
        iteration,
        concurrency,
        planned,
        duration_ns,
        warm_up,
        live,
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
