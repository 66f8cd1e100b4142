//! From the files of a call to their plans, all before the first one runs.

use std::path::{Path, PathBuf};

use super::Exit;
use crate::diagnostic::{Code, Diagnostic, Source, Sources, render};
use crate::files::reason;
use crate::plan::{self, Plan};
use crate::scenario::{self, Overrides};

/// A scenario that can run.
pub(super) struct Ready {
    pub(super) path: PathBuf,
    pub(super) plan: Plan,
    /// For faults that only the database finds.
    pub(super) sources: Sources,
}

/// A scenario that cannot.
pub(super) struct Rejected {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
}

impl Rejected {
    pub(super) fn text(&self, color: bool) -> String {
        render(&self.diagnostics, &self.sources, color)
    }
}

pub(super) type Prepared = Vec<Result<Ready, Rejected>>;

/// Reads and plans every file. Two that would write the same result are both refused.
pub(super) fn all(files: &[PathBuf], overrides: &Overrides) -> Prepared {
    let mut prepared: Prepared = files.iter().map(|path| one(path, overrides)).collect();
    let names: Vec<Option<String>> =
        prepared.iter().map(|p| p.as_ref().ok().map(|r| r.plan.name.clone())).collect();
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

fn one(path: &Path, overrides: &Overrides) -> Result<Ready, Rejected> {
    let text = read(path)?;
    let loaded = scenario::load(path, text, overrides)
        .map_err(|r| Rejected { sources: r.sources, diagnostics: r.diagnostics })?;
    match plan::build(path, &loaded) {
        Ok(plan) => Ok(Ready { path: path.to_owned(), plan, sources: loaded.sources }),
        Err(diagnostics) => Err(Rejected { sources: loaded.sources, diagnostics }),
    }
}

fn read(path: &Path) -> Result<String, Rejected> {
    let name_one = "name a scenario file, such as scenarios/base-0.toml";
    let (reason, help) = match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(_) => ("it is not UTF-8 text".to_owned(), "save it as UTF-8"),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ("there is no such file".to_owned(), name_one)
        }
        Err(_) if path.is_dir() => ("it is a directory".to_owned(), name_one),
        Err(error) => (reason(&error), name_one),
    };
    let source = Source { name: path.display().to_string(), text: String::new() };
    let words = format!("the scenario cannot be read: {reason}");
    let diagnostic = Diagnostic::error(Code::UnreadableFile, None, words).help(help);
    Err(Rejected { sources: vec![source], diagnostics: vec![diagnostic] })
}

/// Wrong if any file is.
pub(super) fn worst(prepared: &Prepared) -> Exit {
    if prepared.iter().all(Result::is_ok) { Exit::Fine } else { Exit::Wrong }
}
