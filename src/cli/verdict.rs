//! How a scenario ended, and what is told of it behind the figures.

use std::path::PathBuf;

use super::Exit;
use crate::result::{Configuration, RunResult, TargetStatus, VerificationStatus};
use crate::units::workers;

/// How one scenario ended, and where its result is.
pub(super) struct Ended {
    pub(super) exit: Exit,
    pub(super) document: Option<PathBuf>,
    /// Where the picture of a profile is.
    pub(super) flame_graph: Option<PathBuf>,
    /// What is to be told behind the figures.
    pub(super) failures: Vec<String>,
}

impl From<Exit> for Ended {
    fn from(exit: Exit) -> Self {
        Ended { exit, document: None, flame_graph: None, failures: Vec::new() }
    }
}

/// What makes a run a failure though it came to its end: rows, targets, and levels without any iteration that succeeded.
pub(super) fn failures(result: &RunResult) -> Vec<String> {
    let mut failures = failed_verifications(result);
    failures.extend(failed_targets(result));
    let id = &result.configuration_id;
    failures.extend(result.failed_levels().iter().map(|words| format!("{id}: {words}")));
    failures
}

/// Of which level something is told, as far as there are others.
fn place(result: &RunResult, level: &Configuration) -> String {
    let others = |differs: &dyn Fn(&Configuration) -> bool| result.configurations.iter().any(differs);
    let mut words = Vec::new();
    if others(&|other| other.variant != level.variant) {
        words.push(level.variant.clone());
    }
    words.extend(level.parameters.iter().map(|(key, value)| match value {
        serde_json::Value::String(text) => format!("{key} {text}"),
        other => format!("{key} {other}"),
    }));
    if others(&|other| other.workload != level.workload) {
        words.push(level.workload.clone());
    }
    words.push(format!("{}: ", workers(&[level.concurrency])));
    words.join(", ")
}

/// One line for each problem that verification found.
fn failed_verifications(result: &RunResult) -> Vec<String> {
    let id = &result.configuration_id;
    let failed =
        result.configurations.iter().filter(|level| level.verification.status == VerificationStatus::Failed);
    let each = failed.flat_map(|level| {
        let place = place(result, level);
        level.verification.problems.iter().map(move |problem| format!("{id}: {place}{problem}"))
    });
    each.collect()
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
