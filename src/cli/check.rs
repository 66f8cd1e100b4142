//! `runner check`: what is wrong with scenarios, without opening a database on disk.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, OverrideArgs, prepare, stderr_color};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    overrides: OverrideArgs,
}

/// Reads and plans every file.
pub(super) fn check(arguments: &CheckArgs) -> Exit {
    let prepared = prepare::all(&arguments.files, &arguments.overrides.overrides());
    for scenario in &prepared {
        match scenario {
            Ok(ready) => println!("{}: fine", ready.path.display()),
            Err(rejected) => eprint!("{}", rejected.text(stderr_color())),
        }
    }
    prepare::worst(&prepared)
}
