//! All cases of a scenario, each with its plan, and what can be said only of all together.
//!
//! Which cases there are is left to `scenario`, a single plan to `build`.

use std::path::Path;

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::build::{self, Built};
use super::further::further;
use super::operations::instead;
use super::tables::Input;
use super::{Experiment, Plan, Target, limits};
use crate::diagnostic::{Code, Diagnostic, Sources, Span};
use crate::scenario::{Expansion, Loaded, Overrides, Rejected, Scenario, same_value};

/// A case on its way to its plan.
struct Case {
    /// Absent where its shape is wrong.
    vars: Option<Map<String, Value>>,
    built: Built,
}

/// Reads and plans a scenario's text with all its cases, as `runner check` does. Nothing is made, opened or read but files that the text names.
///
/// `path` names the scenario.
///
/// # Errors
/// Everything that is wrong with any case, once.
pub fn experiment(
    path: &Path,
    text: String,
    overrides: &Overrides,
) -> Result<(Experiment, Sources), Rejected> {
    let expansion = Expansion::read(path, text, overrides)?;
    let alike = if expansion.len() == 1 { vec![0] } else { expansion.alike() };
    let firsts: Vec<usize> = (0..alike.len()).filter(|case| alike[*case] == *case).collect();
    let built: Vec<Case> = firsts.par_iter().map(|case| make(path, &expansion, *case)).collect();
    let loaded = expansion.load(0).ok();
    let mut diagnostics = expansion.faults.clone();
    diagnostics.extend(faults_of_all(&expansion, &firsts, &built));
    if let Some(loaded) = &loaded {
        diagnostics.extend(targets_about_nothing(&expansion, loaded, &built));
    }
    let plans: Vec<Plan> = built.into_iter().filter_map(|case| case.built.plan).collect();
    let cases = if diagnostics.is_empty() {
        all_cases(path, &expansion, &alike, &firsts, plans).map_err(|faults| diagnostics.extend(faults))
    } else {
        Err(())
    };
    match (cases, loaded) {
        (Ok(mut cases), Some(loaded)) => {
            warn_of_all(&expansion, &loaded.scenario, &mut cases);
            keep_chosen_targets(&mut cases);
            Ok((Experiment { cases, case_order: loaded.scenario.case_order }, expansion.sources))
        }
        _ => Err(Rejected { sources: expansion.sources, diagnostics: build::each_once(diagnostics) }),
    }
}

/// All plans in their order, from those of the cases that others are like.
fn all_cases(
    path: &Path,
    expansion: &Expansion,
    alike: &[usize],
    firsts: &[usize],
    plans: Vec<Plan>,
) -> Result<Vec<Plan>, Vec<Diagnostic>> {
    assert_eq!(plans.len(), firsts.len(), "what has no plan has faults");
    let (mut cases, mut faults) = (Vec::with_capacity(alike.len()), Vec::new());
    let mut plans: Vec<Option<Plan>> = plans.into_iter().map(Some).collect();
    // From behind, since the first of those that are alike is the one that was planned.
    for (case, first) in alike.iter().enumerate().rev() {
        let place = firsts.binary_search(first).expect("every case is like one that was planned");
        if *first == case {
            cases.extend(plans[place].take().map(|plan| Plan { case, ..plan }));
        } else if let Some(plan) = &plans[place] {
            match with_limits(path, expansion, case, plan) {
                Ok(plan) => cases.push(plan),
                Err(found) => faults.extend(found),
            }
        }
    }
    cases.reverse();
    faults.reverse();
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

/// Plans one case of a scenario alone, by its place among the cases of [`experiment`].
///
/// # Errors
/// What is wrong with this case, and with the file as a whole. A case that there is none of is a bug of the caller.
pub fn one_case(path: &Path, text: String, overrides: &Overrides, case: usize) -> Result<Plan, Rejected> {
    let expansion = Expansion::read(path, text, overrides)?;
    assert!(case < expansion.len(), "there is no case {case}");
    let built = make(path, &expansion, case).built;
    let mut diagnostics = expansion.faults.clone();
    diagnostics.extend(built.faults);
    match built.plan {
        Some(plan) if diagnostics.is_empty() => Ok(Plan { case, ..plan }),
        _ => Err(Rejected { sources: expansion.sources, diagnostics: build::each_once(diagnostics) }),
    }
}

fn make(path: &Path, expansion: &Expansion, case: usize) -> Case {
    match expansion.load(case) {
        Ok(loaded) => {
            let built = build::build_case(path, &loaded);
            Case { vars: Some(loaded.scenario.vars), built }
        }
        Err(mut faults) => {
            faults.extend(further(path, expansion, case));
            Case { vars: None, built: Built { plan: None, faults, aims: Vec::new() } }
        }
    }
}

/// The plan of a case that differs in nothing but its limits.
fn with_limits(
    path: &Path,
    expansion: &Expansion,
    case: usize,
    like: &Plan,
) -> Result<Plan, Vec<Diagnostic>> {
    let loaded = expansion.load(case)?;
    let input = Input::of(&loaded);
    let mut faults = Vec::new();
    let limits = limits::settle(&input, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let source = build::record(path, &loaded);
    let Loaded { variant, parameters, .. } = loaded;
    Ok(Plan { case, variant, parameters, limits, source, ..like.clone() })
}

/// Faults of all cases, each told once. One that only some cases have, and that stands elsewhere than what varies them, says of which it is.
fn faults_of_all(expansion: &Expansion, firsts: &[usize], built: &[Case]) -> Vec<Diagnostic> {
    let mut told: Vec<(Diagnostic, usize, usize)> = Vec::new();
    for (case, made) in firsts.iter().zip(built) {
        for fault in build::each_once(made.built.faults.clone()) {
            match told.iter_mut().find(|(t, ..)| t.span == fault.span && t.message == fault.message) {
                Some((.., times)) => *times += 1,
                None => told.push((fault, *case, 1)),
            }
        }
    }
    let in_words = |(mut fault, case, times): (Diagnostic, usize, usize)| {
        let elsewhere = fault.span.is_none_or(|span: Span| !expansion.is_varied(span));
        if times < built.len() && elsewhere {
            fault.message = format!("{} (in {})", fault.message, expansion.words(case));
        }
        fault
    };
    told.into_iter().map(in_words).collect()
}

/// Targets that are about something in none of the cases.
fn targets_about_nothing(expansion: &Expansion, loaded: &Loaded, built: &[Case]) -> Vec<Diagnostic> {
    let count = loaded.scenario.targets.len();
    // What could not be looked at has other faults.
    if built.iter().any(|case| case.built.aims.len() != count) {
        return Vec::new();
    }
    let input = Input::of(loaded);
    let selectors = Selectors { expansion, input, built };
    let about_nothing = |target: usize| {
        let wrong = selectors.faults(target);
        if !wrong.is_empty() {
            return wrong;
        }
        let mut here = built.iter().map(|case| &case.built.aims[target]).filter(|aim| aim.here).peekable();
        let first = here.peek().map(|aim| aim.missed.clone()).unwrap_or_default();
        if here.all(|aim| !aim.missed.is_empty()) { first } else { Vec::new() }
    };
    (0..count).flat_map(about_nothing).collect()
}

/// `variant` and `vars` of targets, against all cases.
struct Selectors<'a> {
    expansion: &'a Expansion,
    /// Of the first case.
    input: Input<'a>,
    built: &'a [Case],
}

impl Selectors<'_> {
    fn faults(&self, target: usize) -> Vec<Diagnostic> {
        let section = &self.input.scenario.targets[target];
        let index = target.to_string();
        let mut faults = Vec::new();
        if let Some(name) =
            section.variant.as_deref().filter(|name| !self.expansion.variants().any(|v| v == *name))
        {
            let help = instead(name, "variants", self.expansion.variants());
            let at = self.input.at(&["targets", &index, "variant"]);
            let words = format!("there is no variant `{name}`");
            faults.push(Diagnostic::error(Code::UnknownVariant, at, words).help(help));
        }
        for (name, wanted) in &section.vars {
            let path = ["targets", index.as_str(), "vars", name.as_str()];
            faults.extend(self.var(name, wanted, self.input.spans.key(&path), self.input.at(&path)));
        }
        faults
    }

    fn var(&self, name: &str, wanted: &Value, key: Option<Span>, value: Option<Span>) -> Option<Diagnostic> {
        let all = || self.built.iter().filter_map(|case| case.vars.as_ref());
        let mut found: Vec<&Value> = all().filter_map(|vars| vars.get(name)).collect();
        found.extend(self.expansion.values(name).into_iter().flatten());
        if found.is_empty() {
            let names = all().flat_map(|vars| vars.keys().map(String::as_str));
            let mut names: Vec<&str> = names.collect();
            names.sort_unstable();
            names.dedup();
            let help = instead(name, "vars", names.into_iter());
            let words = format!("there is no `vars.{name}`");
            return Some(Diagnostic::error(Code::TargetLimit, key, words).help(help));
        }
        if found.iter().any(|found| same_value(found, wanted)) {
            return None;
        }
        let mut list: Vec<String> = Vec::new();
        for value in found {
            let text = value.to_string();
            if !list.contains(&text) {
                list.push(text);
            }
        }
        let what = if self.expansion.values(name).is_some() {
            format!("`{name}`")
        } else {
            format!("`vars.{name}`")
        };
        let words = format!("{what} is {} here, so that the target is about nothing", list.join(" or "));
        let key = if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() };
        let help = format!("write `{key} = {}`, or leave it out", list[0]);
        Some(Diagnostic::error(Code::TargetLimit, value, words).help(help))
    }
}

/// What is unused is so only where no case uses it; what changes nothing is told with the first case.
fn warn_of_all(expansion: &Expansion, scenario: &Scenario, cases: &mut [Plan]) {
    let unused = |code: Code| matches!(code, Code::UnusedOperation | Code::UnusedTable | Code::UnusedVar);
    let same = |a: &Diagnostic, b: &Diagnostic| a.span == b.span && a.message == b.message;
    let everywhere = |warning: &Diagnostic, cases: &[Plan]| {
        cases.iter().all(|case| case.warnings.iter().any(|other| same(other, warning)))
    };
    if let Some(first) = cases.first() {
        let gone: Vec<Diagnostic> = first.warnings.iter().filter(|w| unused(w.code)).cloned().collect();
        let kept: Vec<Diagnostic> = gone.into_iter().filter(|w| everywhere(w, cases)).collect();
        for case in &mut *cases {
            case.warnings.retain(|w| !unused(w.code) || kept.iter().any(|other| same(other, w)));
        }
    }
    let allowed = scenario.allow_warnings.iter().any(|code| code.0 == Code::SameAsBase);
    if let (false, true, Some(first)) = (allowed, expansion.is_varied_at_all(), cases.first_mut()) {
        first.warnings.extend(expansion.warnings());
    }
}

/// Targets about cases that are not chosen are not asked for.
fn keep_chosen_targets(cases: &mut [Plan]) {
    let mut asked: Vec<Target> = Vec::new();
    for case in &*cases {
        let own = case.targets.iter().filter(|target| case.is_selected_by(target));
        let new: Vec<Target> = own.filter(|target| !asked.contains(target)).cloned().collect();
        asked.extend(new);
    }
    for case in cases {
        case.targets.retain(|target| asked.contains(target));
    }
}

#[cfg(test)]
#[path = "experiment_tests.rs"]
mod tests;
