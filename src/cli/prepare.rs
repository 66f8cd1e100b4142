//! From the files of a call to their plans, all before the first one runs.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Exit, stderr_columns};
use crate::diagnostic::{Code, Diagnostic, Record, Source, Sources, nearest, records, render_within};
use crate::files::reason;
use crate::plan::{self, Experiment, Plan};
use crate::scenario::Overrides;

/// A scenario that can run.
pub(super) struct Ready {
    pub(super) path: PathBuf,
    pub(super) experiment: Experiment,
    /// For faults that only the database finds.
    pub(super) sources: Sources,
}

impl Ready {
    /// The first of its cases, and the only one of a file without variants and matrix.
    pub(super) fn plan(&self) -> &Plan {
        self.experiment.first()
    }

    /// What runs, but probably not as meant; empty where there is nothing.
    pub(super) fn warnings(&self, color: bool) -> String {
        render_within(&self.experiment.warnings(), &self.sources, color, stderr_columns())
    }
}

/// A scenario that cannot.
pub(super) struct Rejected {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl Rejected {
    pub(super) fn text(&self, color: bool) -> String {
        render_within(&self.diagnostics, &self.sources, color, stderr_columns())
    }

    pub(super) fn records(&self) -> Vec<Record> {
        records(&self.diagnostics, &self.sources)
    }

    pub(super) fn first_code(&self) -> Option<Code> {
        self.diagnostics.first().map(|diagnostic| diagnostic.code)
    }
}

pub(super) type Prepared = Vec<Result<Ready, Rejected>>;

/// Reads and plans every file. Two that would write the same result are both refused.
pub(super) fn all(files: &[PathBuf], overrides: &Overrides) -> Prepared {
    let mut prepared: Prepared = files.par_iter().map(|path| one(path, overrides)).collect();
    let names: Vec<Option<String>> =
        prepared.iter().map(|p| p.as_ref().ok().map(|r| r.plan().name.clone())).collect();
    for index in 0..prepared.len() {
        let Some(name) = &names[index] else { continue };
        let other = (0..names.len()).find(|&o| o != index && names[o].as_ref() == Some(name));
        if let Some(other) = other {
            let words = format!("`{name}` is also the name of the result of {}", files[other].display());
            let diagnostic = Diagnostic::error(Code::DuplicateName, None, words).help(
                "give one of them another `name`, or run them one at a time with different `--results`",
            );
            let sources = match &prepared[index] {
                Ok(ready) => ready.sources.clone(),
                Err(rejected) => rejected.sources.clone(),
            };
            prepared[index] = Err(Rejected { sources, diagnostics: vec![diagnostic] });
        }
    }
    prepared
}

/// The files of a call, each folder replaced by the scenarios in it; one without any stays, to be told.
pub(super) fn with_folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let expanded = |path: &PathBuf| match scenarios_in(path) {
        files if files.is_empty() => vec![path.clone()],
        files => files,
    };
    paths.iter().flat_map(expanded).collect()
}

/// The `.toml` files of a folder by name, without those of folders in it. None where it is no folder.
fn scenarios_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_scenario = |path: &PathBuf| path.extension().is_some_and(|e| e == "toml") && path.is_file();
    let mut files: Vec<PathBuf> = entries.filter(is_scenario).collect();
    files.sort();
    files
}

fn one(path: &Path, overrides: &Overrides) -> Result<Ready, Rejected> {
    let text = read(path)?;
    match plan::experiment(path, text, overrides) {
        Ok((experiment, sources)) => Ok(Ready { path: path.to_owned(), experiment, sources }),
        Err(rejected) => Err(Rejected { sources: rejected.sources, diagnostics: rejected.diagnostics }),
    }
}

fn read(path: &Path) -> Result<String, Rejected> {
    let name_one = "name a scenario file, such as scenarios/base-0.toml".to_owned();
    let (reason, help) = match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => ("it is not UTF-8 text".to_owned(), "save it as UTF-8".to_owned()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ("there is no such file".to_owned(), near(path).unwrap_or(name_one))
        }
        Err(_) if path.is_dir() && scenarios_in(path).is_empty() => {
            ("it is a directory without `.toml` files".to_owned(), name_one)
        }
        Err(_) if path.is_dir() => {
            let all = path.join("*.toml");
            ("it is a directory".to_owned(), format!("name the files in it: {}", all.display()))
        }
        Err(error) => (reason(&error), name_one),
    };
    let source = Source { name: path.display().to_string(), text: String::new() };
    let words = format!("the scenario cannot be read: {reason}");
    let diagnostic = Diagnostic::error(Code::UnreadableFile, None, words).help(help);
    Err(Rejected { sources: vec![source], diagnostics: vec![diagnostic] })
}

/// A scenario beside a file that is not there, with nearly its name.
fn near(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = path.file_stem()?.to_str()?;
    let files = scenarios_in(folder);
    let stems: Vec<&str> = files.iter().filter_map(|file| file.file_stem()?.to_str()).collect();
    let stem = nearest(stem, stems)?;
    Some(format!("did you mean {}?", path.with_file_name(format!("{stem}.toml")).display()))
}

/// Wrong if any file is.
pub(super) fn worst(prepared: &Prepared) -> Exit {
    if prepared.iter().all(Result::is_ok) { Exit::Fine } else { Exit::Wrong }
}
