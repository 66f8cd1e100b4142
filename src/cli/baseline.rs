//! `runner baseline`: results kept under a name.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Exit;
use super::output::{put, table_options};
use crate::report;
use crate::result::{BASELINE_FOLDER, BaselineError, Baselines, read};

#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    command: Kept,
    /// Folder of the baselines; it can be committed.
    #[arg(long, global = true, value_name = "DIR", default_value = BASELINE_FOLDER)]
    baselines: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Kept {
    /// Keep results under a name, in place of earlier ones of the same scenarios.
    Save {
        /// The name.
        name: String,
        /// Result files.
        #[arg(required = true, value_name = "RESULT")]
        results: Vec<PathBuf>,
    },
    /// The names, with their scenarios.
    List,
    /// The results of a baseline.
    Show {
        /// The name.
        name: String,
    },
    /// Remove a baseline.
    Remove {
        /// The name.
        name: String,
    },
}

/// Carries out a subcommand.
pub(super) fn baseline(arguments: &BaselineArgs) -> Exit {
    let kept = Baselines::at(&arguments.baselines);
    let done = match &arguments.command {
        Kept::Save { name, results } => save(&kept, name, results),
        Kept::List => list(&kept, &arguments.baselines),
        Kept::Show { name } => show(&kept, name),
        Kept::Remove { name } => kept.remove(name).map(|()| String::new()),
    };
    match done {
        Ok(text) => put(&text),
        Err(error) => {
            eprintln!("error: {error}");
            match error {
                BaselineError::Write(_) | BaselineError::Folder { .. } => Exit::NoResult,
                _ => Exit::Wrong,
            }
        }
    }
}

fn save(kept: &Baselines, name: &str, results: &[PathBuf]) -> Result<String, BaselineError> {
    let saved = results.iter().map(|path| kept.save(name, path).map(|file| format!("{}\n", file.display())));
    saved.collect()
}

/// A line for each scenario of each baseline. What is something else is told of and left out.
fn list(kept: &Baselines, folder: &Path) -> Result<String, BaselineError> {
    let mut out = String::new();
    for name in kept.names()? {
        for file in kept.files(&name)? {
            let result = match read(&file) {
                Ok(result) => result,
                Err(error) => {
                    eprintln!("warning: left out: {error}");
                    continue;
                }
            };
            let commit = result.environment.runner.commit.as_deref().unwrap_or("–");
            let line = format!("{name}  {}  {}  runner {commit}", result.configuration_id, result.timestamp);
            out.push_str(&format!("{line}\n"));
        }
    }
    if out.is_empty() {
        eprintln!(
            "there are no baselines in {}; `runner baseline save NAME results/SCENARIO.json` makes one",
            folder.display()
        );
    }
    Ok(out)
}

fn show(kept: &Baselines, name: &str) -> Result<String, BaselineError> {
    let files = kept.files(name)?;
    if files.is_empty() {
        return Err(kept.unknown(name)?);
    }
    let mut out = String::new();
    for file in files {
        out.push_str(&report::table(&read(&file)?, table_options(Some(&file))));
    }
    Ok(out)
}
