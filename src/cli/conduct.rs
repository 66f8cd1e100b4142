//! One scenario from its cases to its result: in one go, or unit by unit where it has several cases or limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::against::Baseline;
use super::log::Log;
use super::prepare::Ready;
use super::profile::{self, Picture};
use super::progress::{self, Progress};
use super::rest::Rest;
use super::verdict::{Ended, failures};
use super::{Exit, RunArgs, stderr_color, stderr_columns};
use crate::clock::{Clock, Ticks};
use crate::diagnostic::{Code, Diagnostic, render_within};
use crate::engine::{Engine, Facts};
use crate::experiment::{self, Conductor, Journal, Outcome, UnitError, UnitKey};
use crate::plan::{Experiment, Plan};
use crate::profile::Sampler;
use crate::report;
use crate::result::{Builder, Environment, FailedIteration, Status, Store, StoreError};
use crate::run::{self, Event, Options, Unit};
use crate::units::count;

/// Between two saves while units go on: the document of many cases takes longer to write than a short iteration to run.
const SAVE_AFTER_NS: u64 = 1_000_000_000;

/// Files beside the result.
const CSV: &str = "results.csv";
const SUMMARY: &str = "summary.txt";

/// Why nothing further is run.
enum Halt {
    Unit { case: usize, error: UnitError },
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Store(error)
    }
}

pub(super) struct Scenario<'a> {
    pub(super) arguments: &'a RunArgs,
    pub(super) scenario: &'a Ready,
    pub(super) baseline: Option<&'a Baseline<'a>>,
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) clock: &'a Clock,
    pub(super) sampler: Option<&'a Arc<Sampler>>,
}

impl Scenario<'_> {
    pub(super) fn run(&self) -> Ended {
        let plan = self.scenario.plan();
        if let Some(refusal) = self.sampler.and_then(|_| profile::refusal(&self.scenario.experiment)) {
            eprintln!("error: {}: {refusal}", self.scenario.path.display());
            return Exit::Wrong.into();
        }
        let store = match Store::prepare(&self.arguments.results, &plan.name, plan.outputs.schema.as_deref())
        {
            Ok(store) => store,
            Err(error) => return self.tell_store(&error).into(),
        };
        let pictured = if self.sampler.is_some() { Picture::check(&store) } else { Ok(()) };
        if let Err(error) = pictured.and_then(|()| check_outputs(plan, &store)) {
            return self.tell_store(&error).into();
        }
        if let Err(refusal) = experiment::check_limits(&self.scenario.experiment) {
            eprintln!("error: {}: {refusal}", self.scenario.path.display());
            return Exit::Unavailable.into();
        }
        let ended = if self.scenario.experiment.cases.len() == 1 && plan.limits.is_empty() {
            self.at_once(plan, &store)
        } else {
            self.by_units(&self.scenario.experiment, &store)
        };
        ended.unwrap_or_else(|error| self.tell_unit(0, &error).into())
    }

    /// One case: one engine for all of it.
    fn at_once(&self, plan: &Plan, store: &Store) -> Result<Ended, UnitError> {
        let (started, environment) = self.begin(plan);
        let mut engine =
            experiment::open_engine(plan, self.clock, self.stop).map_err(|error| UnitError::from(&error))?;
        let alike = self.check_open(plan, &engine.facts(), &environment);
        let keep = self.arguments.keep_db && alike.is_ok();
        let mut ended = match alike {
            Err(exit) => exit.into(),
            Ok(()) => {
                let mut work =
                    Work::new(self, store, Builder::new(plan, &engine.facts(), environment, started));
                let halt = work.levels(plan, engine.as_mut()).err();
                work.finish(halt)
            }
        };
        if let Err(error) = engine.tear_down(keep) {
            ended.exit = ended.exit.max(self.tell_unit(0, &UnitError::from(&error)));
        }
        Ok(ended)
    }

    /// Several cases, or limits: each unit by itself, and what is finished is not run again.
    fn by_units(&self, experiment: &Experiment, store: &Store) -> Result<Ended, UnitError> {
        let plan = experiment.first();
        let (started, environment) = self.begin(plan);
        let facts = self.facts(plan)?;
        if let Err(exit) = self.check_open(plan, &facts, &environment) {
            return Ok(exit.into());
        }
        let mut work = Work::new(self, store, Builder::new(plan, &facts, environment, started));
        let journal = Journal::at(&store.beside().join("cases"));
        let halt = work.units(experiment, &journal).err();
        let whole = halt.is_none();
        let ended = work.finish(halt);
        if whole && ended.document.is_some() {
            // What a later run would take over is measured anew; files that stay are told of then.
            let _ = journal.clear();
        }
        Ok(ended)
    }

    /// What the database says of itself. Its place and settings are tried before anything else.
    fn facts(&self, plan: &Plan) -> Result<Facts, UnitError> {
        let found = experiment::open_engine(plan, self.clock, self.stop).and_then(|mut engine| {
            let facts = engine.facts();
            engine.tear_down(false).map(|()| facts)
        });
        found.map_err(|error| UnitError::from(&error))
    }

    /// Whether figures of this database could be compared with the baseline, if there is one.
    fn check_open(&self, plan: &Plan, facts: &Facts, environment: &Environment) -> Result<(), Exit> {
        self.baseline.map_or(Ok(()), |baseline| baseline.check_open(plan, facts, environment.clone()))
    }

    /// When it is, and where.
    fn begin(&self, plan: &Plan) -> (jiff::Timestamp, Environment) {
        let environment = Environment::measure(plan.database.file());
        (jiff::Timestamp::now(), marked(self.arguments, environment))
    }

    fn tell_unit(&self, case: usize, error: &UnitError) -> Exit {
        let database = &self.scenario.experiment.cases[case].database;
        match error {
            UnitError::Setting { pragma: Some(index), message } => {
                let code = if database.postgres().is_some() { Code::Setting } else { Code::PragmaValue };
                let diagnostic = Diagnostic::error(code, database.setting_span(*index), message);
                eprint!(
                    "{}",
                    render_within(&[diagnostic], &self.scenario.sources, stderr_color(), stderr_columns())
                );
            }
            other => eprintln!("error: {}: {other}", self.scenario.path.display()),
        }
        error.into()
    }

    fn tell_store(&self, error: &StoreError) -> Exit {
        eprintln!("error: {}: {error}", self.scenario.path.display());
        error.into()
    }
}

/// With the profiler that is to run.
pub(super) fn marked(arguments: &RunArgs, mut environment: Environment) -> Environment {
    environment.runner.profiler = arguments.profile.map(|profiled| profiled.as_str().to_owned());
    environment
}

/// Whether what is to be written beside the result has its place.
fn check_outputs(plan: &Plan, store: &Store) -> Result<(), StoreError> {
    if plan.outputs.csv {
        store.check_beside(CSV, report::OVERVIEW_BEGINS)?;
    }
    if plan.outputs.summary {
        store.check_beside(SUMMARY, &format!("{}\n=", plan.name))?;
    }
    Ok(())
}

/// A scenario while it is carried out.
struct Work<'a> {
    scenario: &'a Scenario<'a>,
    store: &'a Store,
    result: Builder,
    log: Log,
    picture: Picture,
    saved: Option<Ticks>,
    /// Iterations so far.
    position: u32,
}

impl<'a> Work<'a> {
    fn new(scenario: &'a Scenario<'a>, store: &'a Store, result: Builder) -> Self {
        let log = Log::new(scenario.scenario.plan(), &store.beside());
        let picture = Picture::new(&scenario.scenario.experiment);
        Work { scenario, store, result, log, picture, saved: None, position: 0 }
    }

    fn levels(&mut self, plan: &Plan, engine: &mut dyn Engine) -> Result<(), Halt> {
        let Scenario { arguments, clock, stop, sampler, .. } = self.scenario;
        let mut progress = Progress::of_plan(plan, arguments.quiet);
        let mut unsaved = None;
        let options = Options { sampler: sampler.cloned(), ..experiment::options(plan, clock, stop) };
        let ran = run::execute(plan, engine, &options, &mut |event| {
            progress.follow(&event);
            self.log.follow(plan, &event);
            if let Event::LevelFinished { measurement, verification } = event {
                self.position += 1;
                self.result.add_level(plan, measurement, verification, self.position);
                self.picture.add(plan, measurement);
                if let Err(error) = self.store.save(&self.result.document, false) {
                    unsaved = Some(error);
                    // Levels whose result cannot be kept are not worth running.
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        match unsaved {
            Some(error) => Err(error.into()),
            None => ran.map_err(|error| Halt::Unit { case: 0, error: UnitError::from(&error) }),
        }
    }

    fn units(&mut self, experiment: &Experiment, journal: &Journal) -> Result<(), Halt> {
        let Scenario { arguments, scenario, clock, stop, sampler, .. } = self.scenario;
        let kept = |source| StoreError::Write { path: self.store.beside().join("cases"), source };
        if arguments.fresh {
            journal.clear().map_err(kept)?;
        }
        let machine = self.result.document.environment.comparability_key.clone();
        let conductor = Conductor::new(&arguments.overrides.overrides(), clock, stop);
        let conductor = conductor.watched(progress::shown(arguments.quiet));
        let mut conductor = conductor.with_sampler(sampler.cloned());
        let units = run::order(experiment);
        let mut rest = Rest::new(&units);
        for (index, unit) in units.iter().enumerate() {
            let plan = &experiment.cases[unit.case];
            let key = UnitKey::of(plan, &unit.stretch, &machine);
            let outcome = match journal.find::<Outcome>(&key) {
                Some(outcome) => {
                    self.result.document.reused_iterations += outcome.levels.len() as u64;
                    outcome
                }
                None => {
                    let name = format!("{} · {} · {}", plan.name, rest.place(index), plan.in_words());
                    let mut progress = Progress::of_unit(&name, plan, arguments.quiet);
                    let begun = clock.now();
                    let ran = conductor.run(plan, &unit.stretch, arguments.keep_db, &mut |event| {
                        progress.follow(&event);
                        self.log.follow(plan, &event);
                    });
                    let outcome = ran.map_err(|error| Halt::Unit { case: unit.case, error })?;
                    // One that failed is tried again by the next run.
                    if outcome.failure.is_none() && outcome.ended.is_none() {
                        rest.took(unit, Duration::from_nanos(clock.nanos_between(begun, clock.now())));
                        journal.store(&key, &outcome).map_err(kept)?;
                    }
                    outcome
                }
            };
            self.add(plan, unit, &outcome);
            if let Some(error) = outcome.ended {
                return Err(Halt::Unit { case: unit.case, error });
            }
            self.save_now_and_then()?;
            if stop.load(Ordering::Relaxed) {
                return Err(Halt::Unit { case: unit.case, error: UnitError::Interrupted });
            }
        }
        let reused = self.result.document.reused_iterations;
        if reused > 0 && !arguments.quiet {
            let of = count(u64::from(self.position));
            eprintln!(
                "{}: {} of {of} iterations were measured before and taken over",
                scenario.plan().name,
                count(reused)
            );
        }
        Ok(())
    }

    fn add(&mut self, plan: &Plan, unit: &Unit, outcome: &Outcome) {
        if let Some(facts) = &outcome.facts {
            self.result.set_facts(plan, facts);
        }
        for level in &outcome.levels {
            self.position += 1;
            self.result.add_level(plan, &level.measurement, level.verification.clone(), self.position);
            self.picture.add(plan, &level.measurement);
        }
        let Some(reason) = &outcome.failure else { return };
        self.log.tell(plan, reason);
        let workload = &plan.workloads[unit.stretch.workload].name;
        for (concurrency, iteration) in
            unit.stretch.iterations_of(plan).into_iter().skip(outcome.levels.len())
        {
            self.position += 1;
            let failed = FailedIteration {
                workload: workload.clone(),
                concurrency,
                iteration,
                position: self.position,
                reason: reason.clone(),
                peak_memory_bytes: outcome.peak_memory_bytes,
            };
            self.result.add_failure(plan, failed);
        }
    }

    fn save_now_and_then(&mut self) -> Result<(), StoreError> {
        let clock = self.scenario.clock;
        let now = clock.now();
        if self.saved.is_none_or(|saved| clock.nanos_between(saved, now) >= SAVE_AFTER_NS) {
            self.store.save(&self.result.document, false)?;
            self.saved = Some(clock.now());
        }
        Ok(())
    }

    /// A server that cannot be had at the start is one thing, one that is gone later another: the run ended early.
    fn after_measuring(&self, case: usize, error: UnitError) -> UnitError {
        let server = self.scenario.scenario.experiment.cases[case].database.postgres().is_some();
        match error {
            UnitError::Unavailable(message) if server && self.position > 0 => UnitError::Ended(message),
            other => other,
        }
    }

    fn finish(mut self, halt: Option<Halt>) -> Ended {
        let plan = self.scenario.scenario.plan();
        let mut exit = Exit::Fine;
        match halt {
            None => self.result.finish(plan, Status::Completed, None),
            Some(Halt::Store(error)) => return self.scenario.tell_store(&error).into(),
            Some(Halt::Unit { error: UnitError::Interrupted, .. }) => {
                self.result.finish(plan, Status::Interrupted, Some("The run was interrupted.".to_owned()));
                exit = Exit::Interrupted;
            }
            Some(Halt::Unit { case, error }) => {
                let error = self.after_measuring(case, error);
                self.result.finish(plan, Status::Failed, Some(error.to_string()));
                exit = self.scenario.tell_unit(case, &error);
            }
        }
        let result = &self.result.document;
        let failures = failures(result);
        if !failures.is_empty() {
            exit = exit.max(Exit::Failed);
        }
        let stored = self.store.save(result, true).and_then(|path| {
            if plan.outputs.csv {
                self.store.put_beside(CSV, &report::overview_csv(result))?;
            }
            if plan.outputs.summary {
                self.store.put_beside(SUMMARY, &report::summary(result))?;
            }
            Ok((path, self.picture.store(self.store, result)?))
        });
        match stored {
            Ok((path, flame_graph)) => Ended { exit, document: Some(path), flame_graph, failures },
            Err(error) => {
                let exit = exit.max(self.scenario.tell_store(&error));
                Ended { exit, document: None, flame_graph: None, failures }
            }
        }
    }
}
