//! What `run --baseline` holds its results against: found, and compared as far as possible, before anything is measured.

use std::path::Path;

use super::compare::{CompareFormat, Rules, find, held, print, verdict, wrong};
use super::{Exit, Format, stderr_color, stderr_columns};
use crate::compare::{self, Source};
use crate::engine::Facts;
use crate::plan::{Experiment, Plan};
use crate::report::{self, Rows, TableOptions};
use crate::result::{Builder, Environment, read};

/// What a run is held against, found before anything runs.
#[derive(Debug)]
pub(super) struct Baseline<'a> {
    name: &'a str,
    base: Vec<Source>,
    rules: &'a Rules,
}

impl<'a> Baseline<'a> {
    /// Finds it.
    pub(super) fn find(name: &'a str, rules: &'a Rules) -> Result<Baseline<'a>, Exit> {
        match find(name, &rules.baselines) {
            Ok(base) => {
                let once = compare::check_once("the base", &base);
                let fine = once.and_then(|()| rules.options().check_operations(&base));
                fine.map(|()| Baseline { name, base, rules }).map_err(|error| wrong(&error))
            }
            Err(words) => {
                eprintln!("error: {words}");
                Err(Exit::Wrong)
            }
        }
    }

    /// Whether it has a scenario of this name.
    pub(super) fn has(&self, scenario: &str) -> bool {
        self.of(scenario).is_some()
    }

    /// Warns of the scenarios that it does not have, before anything runs.
    ///
    /// # Errors
    /// When it has none of them: nothing would be compared.
    pub(super) fn check(&self, scenarios: &[&str]) -> Result<(), Exit> {
        let missing: Vec<&str> = scenarios.iter().filter(|name| !self.has(name)).copied().collect();
        let known: Vec<&str> =
            self.base.iter().map(|source| source.result.configuration_id.as_str()).collect();
        let (name, missing, known, all) =
            (self.name, missing.join(", "), known.join(", "), missing.len() == scenarios.len());
        if missing.is_empty() {
            return Ok(());
        }
        if all {
            eprintln!(
                "error: the baseline {name} does not have {missing}, so there is nothing to compare; it has {known}"
            );
            return Err(Exit::Wrong);
        }
        eprintln!(
            "warning: the baseline {name} does not have {missing}, which is not compared; it has {known}"
        );
        Ok(())
    }

    /// Whether what a scenario will measure can be compared, as far as that is known without making or opening anything.
    ///
    /// # Errors
    /// When it cannot, which is told.
    pub(super) fn check_ahead(&self, experiment: &Experiment, environment: Environment) -> Result<(), Exit> {
        let Some(base) = self.of(&experiment.first().name) else { return Ok(()) };
        let foreseen = Builder::foreseen(&experiment.cases, None, environment);
        compare::check_alike(&base.result, &foreseen, &self.rules.options())
            .and_then(|()| compare::check_levels_ahead(&base.result, &foreseen))
            .map_err(|error| wrong(&error))
    }

    /// The same of a case whose database is open and told what it is.
    ///
    /// # Errors
    /// When it cannot be compared, which is told.
    pub(super) fn check_open(
        &self,
        plan: &Plan,
        facts: &Facts,
        environment: Environment,
    ) -> Result<(), Exit> {
        let Some(base) = self.of(&plan.name) else { return Ok(()) };
        let foreseen = Builder::foreseen(std::slice::from_ref(plan), Some(facts), environment);
        compare::check_alike(&base.result, &foreseen, &self.rules.options()).map_err(|error| wrong(&error))
    }

    fn of(&self, scenario: &str) -> Option<&Source> {
        self.base.iter().find(|source| source.result.configuration_id == scenario)
    }

    /// Holds a stored result against it, and prints what came of it: on stdout where the run's own figures are of the same kind, else on
    /// stderr, so that a document stays one.
    pub(super) fn hold(&self, document: &Path, format: Format) -> Exit {
        let candidate = match read(document) {
            Ok(result) => Source { path: document.display().to_string(), result },
            Err(error) => {
                eprintln!("error: {error}");
                return Exit::NoResult;
            }
        };
        let base: Vec<Source> = self.of(&candidate.result.configuration_id).cloned().into_iter().collect();
        let rows = if self.rules.name_operations() { Rows::All } else { Rows::Telling };
        let comparison = match held(&base, &[candidate], &self.rules.options()) {
            Ok(comparison) => comparison,
            Err(exit) => return exit,
        };
        match format {
            Format::Table => print(&comparison, CompareFormat::Table, rows),
            Format::Markdown => print(&comparison, CompareFormat::Markdown, rows),
            Format::Json | Format::Csv => {
                let width = stderr_columns().unwrap_or(TableOptions::default().width);
                let options = TableOptions { color: stderr_color(), width, ..TableOptions::default() };
                eprint!("{}", report::comparison_table(&comparison, options, rows));
                verdict(&comparison)
            }
        }
    }
}
