//! `runner run`: each scenario from its plan to its printed result.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::against::Baseline;
use super::conduct::{Scenario, marked};
use super::layout::broken_lines;
use super::output::table_options;
use super::prepare::{self, Ready};
use super::{Exit, Format, RunArgs, outlook, profile, signals, stderr_color, wrap_width};
use crate::clock::Clock;
use crate::files::reason;
use crate::report;
use crate::result::{self, Environment};

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
    let mut ready: Vec<Ready> = prepared.into_iter().flatten().collect();
    let baseline = match baseline(arguments, &ready) {
        Ok(baseline) => baseline,
        Err(found) => return exit.max(found),
    };
    if let Some(baseline) = &baseline {
        ready.retain(|scenario| match check_ahead(arguments, baseline, scenario) {
            Ok(()) => true,
            Err(found) => {
                exit = exit.max(found);
                false
            }
        });
        if arguments.fail_fast && exit != Exit::Fine {
            return exit;
        }
    }
    if arguments.dry_run {
        for scenario in &ready {
            print!("{}", broken_lines(&outlook::describe(&scenario.experiment), wrap_width()));
            if outlook::refuse(scenario) {
                exit = exit.max(Exit::Unavailable);
            }
        }
        return exit;
    }
    let sampler = match profile::sampler(arguments.profile) {
        Ok(sampler) => sampler,
        Err(reason) => {
            eprintln!("error: `--profile` cannot be had: {reason}");
            return exit.max(Exit::Wrong);
        }
    };
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
        if outlook::refuse(scenario) {
            exit = exit.max(Exit::Unavailable);
            if arguments.fail_fast {
                break;
            }
            continue;
        }
        let outcome = Scenario {
            arguments,
            scenario,
            baseline: baseline.as_ref(),
            stop: &stop,
            clock: &clock,
            sampler: sampler.as_ref(),
        }
        .run();
        if let Some(document) = outcome.document.as_deref().filter(|_| !arguments.quiet) {
            print_result(document, arguments.format, &mut header_printed);
        }
        if let (Some(_), Some(_), false) = (arguments.profile, &outcome.document, arguments.quiet) {
            match &outcome.flame_graph {
                Some(path) => eprintln!("flame graph: {}", path.display()),
                None => eprintln!("no flame graph: nothing was sampled, run longer"),
            }
        }
        outcome.failures.iter().for_each(|failure| eprintln!("error: {failure}"));
        exit = exit.max(outcome.exit);
        if let (Some(baseline), Some(document)) = (&baseline, outcome.document.as_deref())
            && baseline.has(&scenario.plan().name)
        {
            exit = exit.max(baseline.hold(document, arguments.format));
        }
        if stop.load(Ordering::Relaxed) || (arguments.fail_fast && exit != Exit::Fine) {
            break;
        }
    }
    exit
}

/// What the results are held against, if anything.
///
/// # Errors
/// When there is none of its name, or it has none of the scenarios.
fn baseline<'a>(arguments: &'a RunArgs, ready: &[Ready]) -> Result<Option<Baseline<'a>>, Exit> {
    let Some(name) = arguments.baseline.as_deref() else {
        return match arguments.rules.given() {
            Some(option) => {
                eprintln!("error: `{option}` says how to compare: add `--baseline NAME`");
                Err(Exit::Wrong)
            }
            None => Ok(None),
        };
    };
    let baseline = Baseline::find(name, &arguments.rules)?;
    let scenarios: Vec<&str> = ready.iter().map(|scenario| scenario.plan().name.as_str()).collect();
    baseline.check(&scenarios)?;
    Ok(Some(baseline))
}

/// Whether what a scenario will measure can be compared with the baseline, before anything is made.
fn check_ahead(arguments: &RunArgs, baseline: &Baseline<'_>, scenario: &Ready) -> Result<(), Exit> {
    let environment = Environment::look(scenario.plan().database.file());
    baseline.check_ahead(&scenario.experiment, marked(arguments, environment))
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
            println!("{}", report::table(&result, table_options(Some(document))));
        }
    }
}
