//! What the figures say about the database, one sentence each, with what to try next.
//!
//! Whether the figures should be believed is left to `validity`.

mod buffer;
mod durability;
mod load;
mod refusals;
mod variants;

use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Configuration, RunResult};
use super::notes::{NoteCode, NoteKind};
use super::validity::noun;
use crate::units::{count, workers};

/// Something that the figures say about the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable name of the kind of finding, such as `mostly-busy`.
    pub code: String,
    /// What was seen, in a sentence.
    pub sentence: String,
    /// What to try next, in a sentence.
    pub suggestion: String,
    /// Workers of the levels where it was seen; empty when it holds for the whole run.
    pub levels: Vec<u32>,
    /// Workloads of those levels.
    pub workloads: Vec<String>,
}

/// Looks through all levels and settings of a result.
pub fn find(result: &RunResult) -> Vec<Finding> {
    let single = [
        refusals::mostly_busy(result),
        refusals::some_busy(result),
        refusals::conflicts(result),
        load::never_succeeds(result),
        starved_workers(result),
        refusals::missing_parents(result),
        refusals::unknown_commits(result),
        refusals::connection_lost(result),
        load::backlog_grew(result),
        load::checkpoints_stall(result),
        load::mostly_waiting(result),
        load::pool_too_small(result),
        load::statements_prepared_again(result),
        load::retries_give_up(result),
        load::smallest_batches(result),
        buffer::memory_at_risk(result),
    ];
    let mut findings = variants::compared(result);
    findings.extend(single.into_iter().flatten());
    findings.extend(durability::less_durable(result));
    findings
}

/// What kind of engine carried a level out: what helps differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Sqlite,
    Server,
    Buffer,
}

fn family(result: &RunResult, level: &Configuration) -> Family {
    let storage = level.engine.as_ref().map_or(&result.engine.storage, |engine| &engine.storage);
    match storage.as_str() {
        "server" => Family::Server,
        "buffer" => Family::Buffer,
        _ => Family::Sqlite,
    }
}

/// Levels that satisfy a condition.
fn levels(result: &RunResult, condition: impl Fn(&Configuration) -> bool) -> Vec<&Configuration> {
    result.configurations.iter().filter(|level| condition(level)).collect()
}

fn finding(
    code: &str,
    levels: &[&Configuration],
    sentence: String,
    suggestion: impl Into<String>,
) -> Finding {
    let known = NoteCode::named(code);
    debug_assert!(known.is_some_and(|known| known.kind == NoteKind::Finding), "`{code}` is not explained");
    Finding {
        code: code.to_owned(),
        sentence,
        suggestion: suggestion.into(),
        levels: levels.iter().map(|level| level.concurrency).collect(),
        workloads: IndexSet::<String>::from_iter(levels.iter().map(|level| level.workload.clone()))
            .into_iter()
            .collect(),
    }
}

/// `with 8 workers`; where a result has several workloads or cases, the level's as well.
fn with(result: &RunResult, level: &Configuration) -> String {
    let several = result.configurations.iter().any(|other| other.workload != level.workload);
    let workload = if several { format!("in {} ", level.workload) } else { String::new() };
    let case = if result.has_several_cases() { level.case_or_base() } else { String::new() };
    let case = if case.is_empty() { case } else { format!(" ({case})") };
    format!("{workload}with {}{case}", workers(&[level.concurrency]))
}

/// With few writes per worker, or in a short level, an uneven share is chance.
const FAIR_SHARE: u64 = 10;
/// A worker that started last may find nothing left to do in less.
const FAIR_MS: f64 = 250.0;

fn starved_workers(result: &RunResult) -> Option<Finding> {
    let ratio = |level: &Configuration| {
        let (fewest, most) = (level.workers.fewest?.acknowledged, level.workers.most?.acknowledged);
        // Roles do different work, and an open loop gives a worker what is due when it is free.
        let alike = level.metrics.is_some() && level.arrivals.is_none();
        let enough = alike
            && level.workers.count > 1
            && level.succeeded >= FAIR_SHARE * u64::from(level.workers.count)
            && level.duration_ms >= FAIR_MS;
        (enough && most > 0).then(|| fewest as f64 / most as f64)
    };
    let seen = levels(result, |level| ratio(level).is_some_and(|ratio| ratio < 0.5));
    let worst = seen.iter().min_by(|a, b| ratio(a).unwrap_or(1.0).total_cmp(&ratio(b).unwrap_or(1.0)))?;
    let (fewest, most) = (worst.workers.fewest?, worst.workers.most?);
    let wait = worst
        .workers
        .longest_wait_ms
        // That of an operation in a batch is its part of the batch's.
        .filter(|ms| *ms >= 1.0)
        .map_or(String::new(), |ms| format!("; the longest wait was {ms:.0} ms"));
    let sentence = format!(
        "Some workers were starved: {}, worker {} had {} {} acknowledged and worker {} only {}{wait}.",
        with(result, worst),
        most.worker,
        count(most.acknowledged),
        noun(worst),
        fewest.worker,
        count(fewest.acknowledged)
    );
    let suggestion = match family(result, worst) {
        Family::Sqlite => {
            "SQLite does not queue its writers, so who waits long may wait longer: let fewer connections write, or one for all."
        }
        Family::Server => "Look at what the server's sessions wait for, and compare with fewer workers.",
        Family::Buffer => {
            "Writers that wait for a flush are not queued: compare with fewer workers, or a larger `threshold`."
        }
    };
    Some(finding("starved-workers", &seen, sentence, suggestion))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::engine::Durability;

    fn codes(result: &RunResult) -> Vec<String> {
        find(result).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_run_of_refusals_names_the_setting_to_change() {
        let mut result = begun();
        result.document.engine.busy_timeout_ms = Some(0);
        result.add_level(&plan(), &level(2, &[1_000_000; 20], 9_980), verified(20), 1);
        let finding = &result.document.findings[0];
        assert_eq!(finding.code, "mostly-busy");
        assert_eq!(finding.levels, [2]);
        assert!(finding.sentence.contains("only 20 of 10,000"), "{}", finding.sentence);
        assert!(finding.suggestion.contains("busy_timeout = \"5s\""));
        result.document.engine.busy_timeout_ms = Some(5_000);
        assert!(find(&result.document)[0].suggestion.contains("after 5000 ms"));
    }

    #[test]
    fn a_few_refusals_are_another_finding() {
        let mut result = begun();
        result.add_level(&plan(), &level(2, &[1_000_000; 20], 5), verified(20), 1);
        assert_eq!(codes(&result.document), ["refused-busy"]);
    }

    #[test]
    fn starved_workers_are_named() {
        let mut result = begun();
        let mut measured = level(2, &[1_000_000; 100], 0);
        measured.duration_ns = 1_000_000_000;
        measured.workers[0].succeeded = 80;
        measured.workers[1].succeeded = 20;
        result.add_level(&plan(), &measured, verified(100), 1);
        assert_eq!(codes(&result.document), ["starved-workers"]);
        assert!(
            result.document.findings[0]
                .sentence
                .contains("worker 0 had 80 writes acknowledged and worker 1 only 20")
        );
    }

    #[test]
    fn rows_that_were_never_sent_are_told() {
        let mut result = begun();
        let mut measured = level(1, &[1_000_000; 20], 4);
        measured.errors[0].code = "parent_missing".into();
        result.add_level(&plan(), &measured, verified(20), 1);
        assert_eq!(codes(&result.document), ["parent-missing"]);
    }

    #[test]
    fn settings_that_promise_less_are_told_for_files_only() {
        let mut result = begun();
        let mut with = |journal: &str, synchronous: &str, durability| {
            result.document.engine.settings.insert("journal_mode".to_owned(), journal.to_owned());
            result.document.engine.settings.insert("synchronous".to_owned(), synchronous.to_owned());
            result.document.engine.durability = Some(durability);
            find(&result.document).into_iter().map(|finding| finding.sentence).collect::<String>()
        };
        assert_eq!(with("delete", "2", Durability::PowerLoss), "");
        assert_eq!(with("wal", "2", Durability::PowerLoss), "");
        assert!(with("wal", "1", Durability::ProcessCrash).contains("loss of power"));
        assert!(with("delete", "OFF", Durability::ProcessCrash).contains("`synchronous` is off"));
        assert!(with("memory", "2", Durability::Memory).contains("destroy the database"));
        result.document.engine.path = None;
        assert!(find(&result.document).is_empty());
    }
}
