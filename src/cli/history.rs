//! `runner history`: the kept runs of a scenario.

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::output::{put, table_options};
use crate::files::reason;
use crate::report;
use crate::result::{RunResult, read, results_in};

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Name of the scenario: the file's stem, unless the file says otherwise.
    name: String,
    /// Folder of the results.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Only the latest so many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = super::values::small)]
    last: u32,
}

/// Prints a row for each run and level, the earliest first. Results of other versions are told of and left out.
pub(super) fn history(arguments: &HistoryArgs) -> Exit {
    let folder = arguments.results.join("history").join(&arguments.name);
    let files = match results_in(&folder) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("error: {}: {}", folder.display(), reason(&error));
            return Exit::Wrong;
        }
    };
    if files.is_empty() {
        eprintln!("error: no run of {} is kept in {}", arguments.name, arguments.results.display());
        return Exit::Wrong;
    }
    let mut runs: Vec<RunResult> = Vec::new();
    for file in files {
        match read(&file) {
            Ok(run) => runs.push(run),
            Err(error) => eprintln!("warning: left out: {error}"),
        }
    }
    runs.sort_by(|a, b| a.timestamp.cmp(&b.timestamp));
    runs.drain(..runs.len().saturating_sub(arguments.last as usize));
    put(&report::history(&runs, table_options(None)))
}
