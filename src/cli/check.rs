//! `runner check`: what is wrong with scenarios, without opening a database on disk.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::prepare::{self, Prepared};
use super::{Exit, OverrideArgs, stderr_color};
use crate::diagnostic::{Record, records};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenario files, or folders with scenario files.
    #[arg(required = true, value_name = "FILE|FOLDER")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
    /// End with exit code 2 where there are warnings, too.
    #[arg(long)]
    deny_warnings: bool,
    /// No line for files that are fine; problems are still told.
    #[arg(long)]
    quiet: bool,
    /// JSON is a list of all problems with their places, on stdout.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Text,
    Json,
}

/// Reads and plans every file.
pub(super) fn check(arguments: &CheckArgs) -> Exit {
    let prepared = prepare::all(&prepare::with_folders(&arguments.files), &arguments.overrides.overrides());
    match arguments.format {
        CheckFormat::Text => tell(&prepared, arguments),
        CheckFormat::Json => {
            let records: Vec<Record> = prepared.iter().flat_map(of).collect();
            println!(
                "{}",
                serde_json::to_string_pretty(&records).expect("records have nothing but text and numbers")
            );
        }
    }
    let warned = prepared.iter().flatten().any(|ready| !ready.experiment.warnings().is_empty());
    if warned && arguments.deny_warnings { Exit::Wrong } else { prepare::worst(&prepared) }
}

fn of(scenario: &Result<prepare::Ready, prepare::Rejected>) -> Vec<Record> {
    match scenario {
        Ok(ready) => records(&ready.experiment.warnings(), &ready.sources),
        Err(rejected) => rejected.records(),
    }
}

/// Problems on stderr, the files that are fine on stdout.
fn tell(prepared: &Prepared, arguments: &CheckArgs) {
    let mut first_code = None;
    for scenario in prepared {
        match scenario {
            Ok(ready) => {
                let warnings = ready.experiment.warnings();
                first_code = first_code.or(warnings.first().map(|warning| warning.code));
                eprint!("{}", ready.warnings(stderr_color()));
                if !arguments.quiet && (warnings.is_empty() || !arguments.deny_warnings) {
                    println!("{}: {}", ready.path.display(), fine(warnings.len()));
                }
            }
            Err(rejected) => {
                first_code = first_code.or(rejected.first_code());
                eprint!("{}", rejected.text(stderr_color()));
            }
        }
    }
    // For a person at the keyboard; logs need no hint each time.
    if let Some(code) = first_code.filter(|_| std::io::stderr().is_terminal()) {
        eprintln!("`runner explain {code}` shows examples, wrong and right.");
    }
}

fn fine(warnings: usize) -> String {
    match warnings {
        0 => "fine".to_owned(),
        1 => "fine, with 1 warning".to_owned(),
        several => format!("fine, with {several} warnings"),
    }
}
