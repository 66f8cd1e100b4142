//! What the codes of failures and of lost answers say: locks that others held, transactions that could not be put in order, connections that
//! were lost.

use super::super::model::{Configuration, ErrorFigures, RunResult};
use super::super::validity::noun;
use super::{Family, Finding, family, finding, levels, with};
use crate::run::PARENT_MISSING;
use crate::units::count;

/// Somebody else held a lock for too long: SQLite's codes, and the SQLSTATE of `lock_timeout`.
const BUSY: [&str; 3] = ["SQLITE_BUSY", "SQLITE_LOCKED", "55P03"];
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";
/// A connection was lost: the class of SQLSTATEs, and those of a server that is going away or coming.
const LOST: [&str; 4] = ["08", "57P01", "57P02", "57P03"];

fn begins(code: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| code.starts_with(beginning))
}

fn sum(errors: &[ErrorFigures], wanted: impl Fn(&str) -> bool) -> u64 {
    errors.iter().filter(|error| wanted(&error.code)).map(|error| error.count).sum()
}

/// Whether a code is about what others did at the same time, or the connection: no mistake of the operation that has it.
pub(super) fn is_circumstance(code: &str) -> bool {
    begins(code, &BUSY)
        || begins(code, &LOST)
        || begins(code, &[SERIALIZATION_FAILURE, DEADLOCK])
        || code == PARENT_MISSING
}

/// Refused because somebody else held the lock.
fn busy(level: &Configuration) -> u64 {
    sum(&level.errors, |code| begins(code, &BUSY))
}

fn missing(level: &Configuration) -> u64 {
    sum(&level.errors, |code| code == PARENT_MISSING)
}

/// Rows that were never sent count with those whose refusal caused it.
fn is_mostly_busy(level: &Configuration) -> bool {
    busy(level) > 0 && (busy(level) + missing(level)) * 2 > level.attempted
}

/// A setting in force at a level.
fn setting<'a>(result: &'a RunResult, level: &'a Configuration, name: &str) -> Option<&'a String> {
    let common =
        || result.engine.settings.get(name).filter(|_| result.engine_of(level) == result.engine.name);
    level.settings.get(name).or_else(common)
}

pub(super) fn mostly_busy(result: &RunResult) -> Option<Finding> {
    let seen = levels(result, is_mostly_busy);
    let worst = seen.iter().min_by_key(|level| level.succeeded)?;
    let sentence = format!(
        "Most {} were refused because another connection held the lock, or not sent because the row that they refer to \
         had been refused: {} only {} of {} were acknowledged, so figures of time are those of a few.",
        noun(worst),
        with(result, worst),
        count(worst.succeeded),
        count(worst.attempted)
    );
    let timeout = result.engine.busy_timeout_ms.unwrap_or(0);
    let suggestion = match family(result, worst) {
        Family::Server => {
            let after = setting(result, worst, "lock_timeout").map_or(String::new(), |time| format!(" after {time}"));
            format!(
                "The server gives a lock up{after}: raise `lock_timeout` in [database.settings], make transactions shorter, or \
                 let fewer workers write the same rows."
            )
        }
        _ if timeout == 0 => {
            "The busy time-out is 0, so a connection does not wait for the lock at all: set `busy_timeout = \"5s\"` in [database]."
                .to_owned()
        }
        _ => {
            let file = result.engine.path.is_some();
            let journal = setting(result, worst, "journal_mode");
            let wal = if file && journal.is_none_or(|journal| !journal.eq_ignore_ascii_case("wal")) {
                " shorten the wait with `journal_mode = \"wal\"`,"
            } else {
                ""
            };
            format!(
                "A connection gives up after {timeout} ms: raise `busy_timeout` in [database],{wal} or use fewer writers."
            )
        }
    };
    Some(finding("mostly-busy", &seen, sentence, suggestion))
}

pub(super) fn some_busy(result: &RunResult) -> Option<Finding> {
    let seen = levels(result, |level| busy(level) > 0 && !is_mostly_busy(level));
    let share = |level: &Configuration| busy(level) as f64 / level.attempted.max(1) as f64 * 100.0;
    let worst = seen.iter().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    let server = family(result, worst) == Family::Server;
    let timeout = if server {
        let time = setting(result, worst, "lock_timeout").map_or(String::new(), |time| format!(" of {time}"));
        format!("`lock_timeout`{time}")
    } else {
        format!("the busy time-out of {} ms", result.engine.busy_timeout_ms.unwrap_or(0))
    };
    let sentence = format!(
        "Some {} were refused because another connection held the lock for longer than {timeout}: {} of {} {}.",
        noun(worst),
        count(busy(worst)),
        count(worst.attempted),
        with(result, worst)
    );
    let repeated = if worst.retries.is_some() {
        "Repeating them was not enough"
    } else {
        "An application has to repeat such a write"
    };
    let key = if server { "`lock_timeout` in [database.settings]" } else { "`busy_timeout` in [database]" };
    let suggestion = format!("{repeated}: raise {key}, or use fewer writers.");
    Some(finding("refused-busy", &seen, sentence, suggestion))
}

pub(super) fn missing_parents(result: &RunResult) -> Option<Finding> {
    let seen = levels(result, |level| missing(level) > 0);
    let worst = seen.iter().max_by_key(|level| missing(level))?;
    let why = if worst.unknown > 0 { "had been refused, or its answer lost" } else { "had been refused" };
    let sentence = format!(
        "{} of {} attempts {} were never sent, because the row that they refer to {why}.",
        count(missing(worst)),
        count(worst.attempted),
        with(result, worst)
    );
    let suggestion = "They follow from other errors of the level: cure those first.";
    Some(finding("parent-missing", &seen, sentence, suggestion))
}

pub(super) fn conflicts(result: &RunResult) -> Option<Finding> {
    let of = |level: &Configuration, wanted: &str| sum(&level.errors, |code| code == wanted);
    let both = |level: &Configuration| of(level, SERIALIZATION_FAILURE) + of(level, DEADLOCK);
    let seen = levels(result, |level| both(level) > 0);
    let share = |level: &Configuration| both(level) as f64 / level.attempted.max(1) as f64;
    let worst = seen.iter().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    let (unordered, deadlocks) = (of(worst, SERIALIZATION_FAILURE), of(worst, DEADLOCK));
    let parts = [(unordered, "as serialization failures (40001)"), (deadlocks, "in deadlocks (40P01)")];
    let parts = parts.iter().filter(|(times, _)| *times > 0);
    let parts: Vec<String> = parts.map(|(times, words)| format!("{} {words}", count(*times))).collect();
    let sentence = format!(
        "Transactions that ran at one time could not all be carried out: {} of {} {} failed {}.",
        parts.join(" and "),
        count(worst.attempted),
        noun(worst),
        with(result, worst)
    );
    let repeated = if worst.retries.is_some() {
        "Repeating them was not enough: raise `attempts` and `base_delay` in [retry]"
    } else {
        "An application has to repeat them, as `[retry]` with `on = [\"serialization\", \"deadlock\"]` does"
    };
    let cure = match (unordered, deadlocks) {
        (0, _) => "let all operations take rows in the same order",
        (_, 0) => "compare with a lower isolation level",
        _ => "let all operations take rows in the same order, and compare with a lower isolation level",
    };
    let suggestion = format!(
        "{repeated}; to have fewer of them, make transactions shorter, use fewer workers, or {cure}."
    );
    Some(finding("serialization-failures", &seen, sentence, suggestion))
}

pub(super) fn unknown_commits(result: &RunResult) -> Option<Finding> {
    let seen = levels(result, |level| level.unknown > 0);
    let worst = seen.iter().max_by_key(|level| level.unknown)?;
    let what = match worst.unknown {
        1 => format!("The answer to one of {} {}", count(worst.attempted), noun(worst)),
        many => format!("The answers to {} of {} {}", count(many), count(worst.attempted), noun(worst)),
    };
    let was = if worst.unknown == 1 { "was" } else { "were" };
    let verified = &worst.verification;
    let found = match (verified.unknown_rows, verified.unknown_rows_found) {
        (0, _) => String::new(),
        (rows, 0) => format!(" None of the {} rows that they may have written is there.", count(rows)),
        (rows, found) => {
            format!(
                " Of {} rows that they may have written or removed, {} are there.",
                count(rows),
                count(found)
            )
        }
    };
    let sentence = format!(
        "{what} {} {was} lost: all of each may stand, or nothing, and it counts neither as acknowledged nor as an error.{found}",
        with(result, worst)
    );
    let suggestion = "An application cannot know it either: let it look before it repeats such a write, or make repeating \
                      harmless, by keys of its own and upserts.";
    Some(finding("unknown-commits", &seen, sentence, suggestion))
}

fn lost(level: &Configuration) -> u64 {
    let connection = |code: &str| begins(code, &LOST);
    sum(&level.errors, connection) + sum(&level.unknown_outcomes, connection)
}

/// Most whole seconds on end in which nothing was acknowledged; those of one iteration.
fn longest_outage(level: &Configuration) -> usize {
    let iterations = level.time_series.chunk_by(|a, b| a.iteration == b.iteration);
    let silent = |seconds: &[_]| -> usize {
        let seconds: &[super::super::model::SecondFigures] = seconds;
        let parts = seconds.chunk_by(|a, b| (a.operations == 0) == (b.operations == 0));
        parts.filter(|part| part[0].operations == 0).map(<[_]>::len).max().unwrap_or(0)
    };
    // The last second is a part of one.
    iterations.map(|seconds| silent(&seconds[..seconds.len() - 1])).max().unwrap_or(0)
}

pub(super) fn connection_lost(result: &RunResult) -> Option<Finding> {
    let seen = levels(result, |level| lost(level) > 0);
    let worst = seen.iter().max_by_key(|level| lost(level))?;
    let outage = match seen.iter().map(|level| longest_outage(level)).max().unwrap_or(0) {
        0 => String::new(),
        1 => "; for a second on end nothing was acknowledged".to_owned(),
        seconds => format!("; for {seconds} seconds on end nothing was acknowledged"),
    };
    let (times, operations) = match lost(worst) {
        1 => ("One".to_owned(), "operation"),
        many => (count(many), "operations"),
    };
    let sentence = format!(
        "Connections to the database were lost: {times} of {} {operations} {} ended without a connection{outage}.",
        count(worst.attempted),
        with(result, worst)
    );
    let suggestion = "The server's log says why it closed them; a connection is tried again for `reconnect_timeout` in [database], \
                      and the time of it is in the latency of the operation that waits.";
    Some(finding("connection-lost", &seen, sentence, suggestion))
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod tests;
