//! Whether a level's figures should be believed. Pure: figures and circumstances in, doubts out.
//!
//! What the figures say about the database is left to `findings`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Configuration, RunResult, SecondFigures};
use super::notes::{NoteCode, NoteKind};
use crate::engine::TEST_DELAY;
use crate::measure::VerificationStatus;
use crate::plan::SAMPLES_BEYOND;
use crate::units::count;

/// Whether to believe a level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// False when a doubt invalidates the figures: they meet no target and become no baseline.
    pub valid: bool,
    /// Every reason for caution.
    pub doubts: Vec<Doubt>,
}

/// A reason for caution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Doubt {
    /// Stable name of the reason, such as `one-iteration`.
    pub code: String,
    /// The reason in a sentence.
    pub sentence: String,
    /// Whether it makes the figures worthless, or only less certain.
    pub invalidating: bool,
}

/// What holds for all levels of a run.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// The runner is a debug build.
    pub debug_build: bool,
    /// Totals were divided.
    pub quick: bool,
    /// Least difference between two readings of the clock.
    pub clock_resolution_ns: u64,
    /// The database file is on a memory file system of this kind.
    pub memory_file_system: Option<String>,
    /// Operations of this variant were delayed on purpose.
    pub test_delay: Option<String>,
    /// A profiler ran.
    pub profiled: bool,
    /// Settings that could not be confirmed.
    pub unconfirmed_settings: Vec<String>,
}

impl Circumstances {
    /// Those of a result.
    pub fn of(result: &RunResult) -> Circumstances {
        let environment = &result.environment;
        let system = environment.storage.file_system.as_ref();
        Circumstances {
            debug_build: environment.runner.build_profile != "release",
            quick: result.quick,
            clock_resolution_ns: environment.clock_resolution_ns,
            memory_file_system: system.filter(|system| system.in_memory).map(|system| system.kind.clone()),
            profiled: environment.runner.profiler.is_some(),
            test_delay: result.engine.settings.get(TEST_DELAY).cloned(),
            unconfirmed_settings: result.engine.unconfirmed_settings.clone(),
        }
    }
}

/// Throughput may differ by this part between the first and the last third of a level.
const DRIFT: f64 = 0.2;
/// Operations of an iteration from which on its thirds are compared.
const DRIFT_OPERATIONS: u64 = 100;
/// The median must be this many steps of the clock.
const CLOCK_STEPS: f64 = 10.0;

/// Whether enough of `samples` lie beyond a percentile of which `per_mille` of the samples lie beyond: 10 for the 99th.
pub(super) fn enough_samples(samples: u64, per_mille: u64) -> bool {
    samples.saturating_mul(per_mille) >= SAMPLES_BEYOND * 1_000
}

/// What the operations of a level are called in sentences.
pub(super) fn noun(level: &Configuration) -> &'static str {
    if level.metrics.is_some() { "writes" } else { "operations" }
}

/// Judges a level.
pub fn assess(level: &Configuration, circumstances: &Circumstances) -> Validity {
    let mut doubts = Vec::new();
    if level.iterations.is_empty() {
        // Without a figure there is nothing else to doubt.
        doubts.push(without_figures(level));
    } else {
        invalidating(level, circumstances, &mut doubts);
        noted(level, circumstances, &mut doubts);
    }
    Validity { valid: !doubts.iter().any(|doubt| doubt.invalidating), doubts }
}

fn doubt(code: &str, invalidating: bool, sentence: impl Into<String>) -> Doubt {
    let kind = if invalidating { NoteKind::Invalidating } else { NoteKind::Doubt };
    debug_assert!(NoteCode::named(code).is_some_and(|known| known.kind == kind), "`{code}` is not explained");
    Doubt { code: code.to_owned(), sentence: sentence.into(), invalidating }
}

/// The first reason why an iteration failed, to stand behind a colon.
fn first_failure(level: &Configuration) -> &str {
    level.failures.first().map_or("unknown", |failure| failure.reason.trim_end_matches('.'))
}

fn without_figures(level: &Configuration) -> Doubt {
    let sentence = match level.iterations_failed {
        1 => format!("The iteration failed: {}.", first_failure(level)),
        all => format!("All {all} iterations failed, the first one: {}.", first_failure(level)),
    };
    doubt("no-figures", true, sentence)
}

fn invalidating(level: &Configuration, circumstances: &Circumstances, doubts: &mut Vec<Doubt>) {
    if circumstances.debug_build {
        let sentence =
            "The runner is a debug build, which is many times slower; build it with `cargo build --release`.";
        doubts.push(doubt("debug-build", true, sentence));
    }
    if circumstances.profiled {
        let sentence =
            "A profiler ran along, and what it cost is in the figures; run again without `--profile`.";
        doubts.push(doubt("profiled", true, sentence));
    }
    if let Some(delay) = &circumstances.test_delay {
        let sentence = format!("Operations were delayed on purpose, for a test of the statistics ({delay}).");
        doubts.push(doubt("test-delay", true, sentence));
    }
    // Two readings of the clock stand around a batch, not around each of its operations.
    let timed = level.batches.as_ref().map_or(level.overall.latency_ms, |batches| batches.latency_ms);
    let timed = level.overall.service_ms.filter(|_| level.batches.is_none()).or(timed);
    let unit = if level.batches.is_some() { "batches" } else { noun(level) };
    let median_ns = timed.map(|latency| latency.p50 * 1e6);
    let least_ns = CLOCK_STEPS * circumstances.clock_resolution_ns as f64;
    if let Some(median_ns) = median_ns.filter(|median_ns| *median_ns < least_ns) {
        let sentence = format!(
            "Half of the {unit} took at most {median_ns:.0} ns, which is too near the clock's step of {} ns.",
            circumstances.clock_resolution_ns
        );
        doubts.push(doubt("timer-bound", true, sentence));
    }
    match level.verification.status {
        VerificationStatus::Failed => {
            let first = level.verification.problems.first().or(level.verification.integrity.first());
            let detail =
                first.map_or(String::new(), |problem| format!(": {}", problem.trim_end_matches('.')));
            let sentence = format!("The database does not hold what it acknowledged{detail}.");
            doubts.push(doubt("verification-failed", true, sentence));
        }
        VerificationStatus::Impossible => {
            let detail = level.verification.problems.first();
            let detail =
                detail.map_or(String::new(), |problem| format!(": {}", problem.trim_end_matches('.')));
            let sentence =
                format!("It could not be checked that the database holds what it acknowledged{detail}.");
            doubts.push(doubt("verification-impossible", true, sentence));
        }
        VerificationStatus::NotVerified => {
            let sentence = "It was not checked that the database holds what it acknowledged.";
            doubts.push(doubt("not-verified", false, sentence));
        }
        VerificationStatus::Verified => {}
    }
    if !circumstances.unconfirmed_settings.is_empty() {
        let names = circumstances.unconfirmed_settings.join(", ");
        let sentence = format!("These settings could not be confirmed by reading them back: {names}.");
        doubts.push(doubt("settings-not-read-back", true, sentence));
    }
    if !level.complete {
        let sentence = format!(
            "The level was cut short after {}{} {}.",
            count(level.attempted),
            if level.used_up.is_some() {
                String::new()
            } else {
                format!(" of {}", count(level.total_writes))
            },
            noun(level)
        );
        doubts.push(doubt("interrupted", true, sentence));
    }
}

fn noted(level: &Configuration, circumstances: &Circumstances, doubts: &mut Vec<Doubt>) {
    if circumstances.quick {
        let sentence = format!(
            "This was a quick run with few {}: it shows that the scenario works, not how fast.",
            noun(level)
        );
        doubts.push(doubt("quick-run", false, sentence));
    }
    if level.used_up == Some(true) {
        let sentence = format!(
            "All operations made for the level were used up after {:.1} s, before its time was over: raise \
             `max_operations`.",
            level.duration_ms / 1e3
        );
        doubts.push(doubt("used-up", false, sentence));
    }
    if level.succeeded > 0 && !enough_samples(level.succeeded, 10) {
        let (noun, are) = match level.succeeded {
            1 => (noun(level).trim_end_matches('s'), "is"),
            _ => (noun(level), "are"),
        };
        let sentence = format!(
            "{} acknowledged {noun} {are} too few for a 99th percentile: fewer than {SAMPLES_BEYOND} lie beyond it.",
            count(level.succeeded)
        );
        doubts.push(doubt("too-few-samples", false, sentence));
    }
    if let Some(kind) = &circumstances.memory_file_system {
        let sentence =
            format!("The database file is on {kind}, a file system in memory, where a sync costs nothing.");
        doubts.push(doubt("memory-file-system", false, sentence));
    }
    if level.iterations_failed > 0 && level.complete {
        let all = level.iterations_failed + level.iterations_succeeded;
        let sentence = format!(
            "{} of {all} iterations failed and are in no statistics: {}.",
            level.iterations_failed,
            first_failure(level)
        );
        doubts.push(doubt("failed-iterations", false, sentence));
    }
    if level.iterations.len() <= 1 {
        let once =
            if level.iterations_failed > 0 { "One iteration has figures" } else { "The level ran once" };
        let sentence = format!("{once}, so nothing is known about how much its figures vary.");
        doubts.push(doubt("one-iteration", false, sentence));
    }
    if let Some((first, last)) = thirds(level)
        && (last - first).abs() > DRIFT * first.max(last)
    {
        let sentence = format!(
            "Throughput drifted from {first:.0} per second in the first third to {last:.0} in the last: the level \
             had no steady state, so a longer one would give another figure."
        );
        doubts.push(doubt("drift", false, sentence));
    }
    if let Some(load) = level.resources.other_load.filter(|load| *load >= 1.0) {
        let noun = if load.round() == 1.0 { "task" } else { "tasks" };
        let sentence = format!("{load:.0} other {noun} wanted a processor when the level started.");
        doubts.push(doubt("other-load", false, sentence));
    }
    if let Some(reset) = level.reset {
        let cost = reset.avg_ms.map_or(String::new(), |avg| format!(" ({avg:.3} ms for each write)"));
        let sentence = format!(
            "Every worker wrote to a file of its own, so no contention was measured; setting up and tearing down \
             around each write{cost} are in no figure but their own."
        );
        doubts.push(doubt("no-contention-measured", false, sentence));
    }
}

/// Acknowledged per second in the first and the last third, by whole seconds, of the iteration where they differ most. The last
/// second is left out, since it is a part of one; fewer than six whole seconds, or a few operations, have no drift to speak of.
fn thirds(level: &Configuration) -> Option<(f64, f64)> {
    let mean = |part: &[SecondFigures]| {
        part.iter().map(|second| second.operations).sum::<u64>() as f64 / part.len() as f64
    };
    let of_one = |iteration: &[SecondFigures]| {
        let (_, whole) = iteration.split_last()?;
        let third = whole.len() / 3;
        let operations: u64 = whole.iter().map(|second| second.operations).sum();
        (whole.len() >= 6 && operations >= DRIFT_OPERATIONS)
            .then(|| (mean(&whole[..third]), mean(&whole[whole.len() - third..])))
    };
    let iterations = level.time_series.chunk_by(|a, b| a.iteration == b.iteration);
    let drift = |(first, last): &(f64, f64)| (last - first).abs() / first.max(*last).max(f64::MIN_POSITIVE);
    iterations.filter_map(of_one).max_by(|a, b| drift(a).total_cmp(&drift(b)))
}

#[cfg(test)]
#[path = "validity_tests.rs"]
mod tests;
