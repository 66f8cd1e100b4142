//! `runner run`: each scenario from its plan to its result.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::broken_lines;
use super::prepare::{self, Ready};
use super::progress::Progress;
use super::{
    Exit, Format, RunArgs, outlook, signals, stderr_color, stderr_columns, stdout_color, stdout_width,
    wrap_width,
};
use crate::clock::Clock;
use crate::diagnostic::{Code, Diagnostic, render_within};
use crate::engine::sqlite::{SqliteEngine, ensure_descriptors};
use crate::engine::{Engine, EngineError};
use crate::files::reason;
use crate::plan::{Location, Plan};
use crate::report::{self, TableOptions};
use crate::result::{self, Builder, Environment, RunResult, Status, Store, StoreError, TargetStatus};
use crate::run::{self, Event, RunError};
use crate::units::workers;

/// Runs the files of a call, one after the other.
pub(super) fn run(arguments: &RunArgs) -> Exit {
    let prepared = prepare::all(&arguments.files, &arguments.overrides.overrides());
    let mut exit = prepare::worst(&prepared);
    for scenario in &prepared {
        match scenario {
            Err(rejected) => eprint!("{}", rejected.text(stderr_color())),
            Ok(ready) if !arguments.quiet => eprint!("{}", ready.warnings(stderr_color())),
            Ok(_) => {}
        }
    }
    if arguments.fail_fast && exit != Exit::Fine {
        return exit;
    }
    let ready: Vec<Ready> = prepared.into_iter().flatten().collect();
    if arguments.dry_run {
        ready.iter().for_each(|r| print!("{}", broken_lines(&outlook::describe(&r.plan), wrap_width())));
        return exit;
    }
    let stop = match signals::install() {
        Ok(stop) => stop,
        Err(error) => {
            eprintln!("error: signals cannot be handled: {}", reason(&error));
            return exit.max(Exit::Unavailable);
        }
    };
    let clock = Clock::real();
    let mut header_printed = false;
    for scenario in &ready {
        let outcome = Scenario { arguments, scenario, stop: &stop, clock: &clock }.run();
        if let Some(document) = outcome.document.as_deref().filter(|_| !arguments.quiet) {
            print_result(document, arguments.format, &mut header_printed);
        }
        outcome.failures.iter().for_each(|failure| eprintln!("error: {failure}"));
        exit = exit.max(outcome.exit);
        if stop.load(Ordering::Relaxed) || (arguments.fail_fast && exit != Exit::Fine) {
            break;
        }
    }
    exit
}

/// How one scenario ended, and where its result is.
struct Outcome {
    exit: Exit,
    document: Option<std::path::PathBuf>,
    /// What is to be told behind the figures.
    failures: Vec<String>,
}

impl From<Exit> for Outcome {
    fn from(exit: Exit) -> Self {
        Outcome { exit, document: None, failures: Vec::new() }
    }
}

struct Scenario<'a> {
    arguments: &'a RunArgs,
    scenario: &'a Ready,
    stop: &'a Arc<AtomicBool>,
    clock: &'a Clock,
}

impl Scenario<'_> {
    fn run(&self) -> Outcome {
        let plan = &self.scenario.plan;
        let store = match Store::prepare(&self.arguments.results, &plan.name, plan.outputs.schema.as_deref())
        {
            Ok(store) => store,
            Err(error) => return self.tell_store(&error).into(),
        };
        let started = jiff::Timestamp::now();
        let environment = Environment::measure(match &plan.database.location {
            Location::File(path) => Some(path.as_path()),
            Location::Memory { .. } => None,
        });
        let mut engine = match self.open_engine(plan) {
            Ok(engine) => engine,
            Err(error) => return self.tell_engine(&error).into(),
        };
        let mut result = Builder::new(plan, &engine.facts(), environment, started);
        let mut outcome = self.levels(plan, &mut engine, &store, &mut result);
        if let Err(error) = engine.tear_down(self.arguments.keep_db) {
            outcome.exit = outcome.exit.max(self.tell_engine(&error));
        }
        outcome
    }

    fn open_engine(&self, plan: &Plan) -> Result<SqliteEngine, EngineError> {
        ensure_descriptors(&plan.database, u64::from(plan.connections()), plan.per_write())?;
        SqliteEngine::open(
            &plan.database,
            &plan.tables,
            &plan.operations,
            plan.per_write(),
            self.clock,
            Arc::clone(self.stop),
        )
    }

    fn levels(&self, plan: &Plan, engine: &mut dyn Engine, store: &Store, result: &mut Builder) -> Outcome {
        let mut progress = Progress::new(&plan.name, self.arguments.quiet);
        let mut unsaved: Option<StoreError> = None;
        let options = run::Options {
            clock: self.clock.clone(),
            stop: Arc::clone(self.stop),
            tape_budget_bytes: run::TAPE_BUDGET_BYTES,
            tape_folder: tape_folder(plan),
        };
        let ended = run::execute(plan, engine, &options, &mut |event| {
            progress.follow(&event);
            if let Event::LevelFinished { measurement, verification } = event {
                result.add_level(plan, measurement, verification);
                if let Err(error) = store.save(&result.document, false) {
                    unsaved = Some(error);
                    // Levels whose result cannot be kept are not worth running.
                    self.stop.store(true, Ordering::Relaxed);
                }
            }
        });
        drop(progress);
        if let Some(error) = unsaved {
            return self.tell_store(&error).into();
        }
        let mut exit = Exit::Fine;
        match &ended {
            Ok(()) => result.finish(plan, Status::Completed, None),
            Err(RunError::Interrupted) => {
                result.finish(plan, Status::Interrupted, Some("The run was interrupted.".to_owned()));
                exit = Exit::Interrupted;
            }
            Err(error) => {
                result.finish(plan, Status::Failed, Some(error.to_string()));
                exit = self.tell_run(error);
            }
        }
        let result = &result.document;
        let mut failures = Vec::new();
        if result.verification_failed() {
            failures.extend(self.failed_verifications(result));
            exit = exit.max(Exit::Failed);
        }
        if result.targets_failed() {
            failures.extend(failed_targets(result));
            exit = exit.max(Exit::Failed);
        }
        match store.save(result, true) {
            Ok(path) => Outcome { exit, document: Some(path), failures },
            Err(error) => Outcome { exit: exit.max(self.tell_store(&error)), document: None, failures },
        }
    }

    /// One line for each problem that verification found.
    fn failed_verifications(&self, result: &RunResult) -> Vec<String> {
        let several = self.scenario.plan.workloads.len() > 1;
        let id = &result.configuration_id;
        let each = result.configurations.iter().flat_map(|level| {
            let workload = if several { format!("{}, ", level.workload) } else { String::new() };
            let workers = workers(&[level.concurrency]);
            let problems = level.verification.problems.iter();
            problems.map(move |problem| format!("{id}: {workload}{workers}: {problem}"))
        });
        each.collect()
    }

    fn tell_run(&self, error: &RunError) -> Exit {
        match error {
            RunError::Engine(error) => self.tell_engine(error),
            other => {
                eprintln!("error: {}: {other}", self.scenario.path.display());
                other.into()
            }
        }
    }

    fn tell_engine(&self, error: &EngineError) -> Exit {
        let plan = &self.scenario.plan;
        if let EngineError::Setting { pragma: Some(index), message } = error {
            let diagnostic =
                Diagnostic::error(Code::PragmaValue, plan.database.pragmas[*index].span, message);
            eprint!(
                "{}",
                render_within(&[diagnostic], &self.scenario.sources, stderr_color(), stderr_columns())
            );
        } else if *error != EngineError::Interrupted {
            eprintln!("error: {}: {error}", self.scenario.path.display());
        }
        error.into()
    }

    fn tell_store(&self, error: &StoreError) -> Exit {
        eprintln!("error: {}: {error}", self.scenario.path.display());
        error.into()
    }
}

/// How many targets were not met, and the first of them: all stand in the result, and among its notes.
fn failed_targets(result: &RunResult) -> Vec<String> {
    let all: Vec<_> = result.all_targets().map(|(_, verdict)| verdict).collect();
    let told = |(status, word): (TargetStatus, &str)| {
        let mut found = all.iter().filter(|verdict| verdict.status == status);
        let number = found.clone().count();
        let first = found.next()?;
        let reason = first.reason.as_ref().unwrap_or(&first.metric);
        let noun = if all.len() == 1 { "target" } else { "targets" };
        let first = if number == 1 { "" } else { "the first one is " };
        Some(format!("{}: {number} of {} {noun} {word}: {first}{reason}", result.configuration_id, all.len()))
    };
    let kinds = [(TargetStatus::Fail, "failed"), (TargetStatus::Invalid, "cannot be judged")];
    kinds.into_iter().filter_map(told).collect()
}

/// Beside the database, where there is room for as much; a temporary folder may lie in memory.
fn tape_folder(plan: &Plan) -> std::path::PathBuf {
    let beside = match &plan.database.location {
        Location::File(path) => path.parent().filter(|p| !p.as_os_str().is_empty()).map(Path::to_owned),
        Location::Memory { .. } => None,
    };
    beside.filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir)
}

/// Prints by reading what was written, so that every result can be drawn again.
fn print_result(document: &Path, format: Format, header_printed: &mut bool) {
    if format == Format::Json {
        match std::fs::read_to_string(document) {
            Ok(text) => print!("{text}"),
            Err(error) => eprintln!("error: {} cannot be read: {}", document.display(), reason(&error)),
        }
        return;
    }
    let result = match result::read(document) {
        Ok(result) => result,
        Err(error) => {
            eprintln!("error: {error}");
            return;
        }
    };
    match format {
        Format::Csv => {
            if !*header_printed {
                print!("{}", report::csv_header());
            }
            *header_printed = true;
            print!("{}", report::csv_rows(&result));
        }
        Format::Markdown => println!("{}", report::markdown(&result)),
        Format::Table | Format::Json => {
            let options = TableOptions { color: stdout_color(), width: stdout_width(), path: Some(document) };
            println!("{}", report::table(&result, options));
        }
    }
}
