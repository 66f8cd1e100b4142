//! What a result comes to: one sentence, or a short one for each workload. What the notes say already is pointed to by its name.

use indexmap::IndexSet;

use super::columns::{Section, percent, sections};
use super::notes::capital;
use super::scaling::Scaling;
use super::speed::Speed;
use super::variants::{promises, variants};
use crate::result::{Configuration, RunResult, Status, TargetStatus};
use crate::units::{count, factor, latency, workers};

/// With more workloads, their sentences would be another table; where each has one level, from fewer on.
const TOLD: usize = 6;
const TOLD_OF_ONE_LEVEL: usize = 3;
/// From this part on, failed attempts belong to the sentence.
const MANY_ERRORS: f64 = 0.01;

/// The sentences, with what speaks against believing them first.
pub(super) fn conclusion(result: &RunResult) -> Vec<String> {
    let sections = sections(result);
    let all: Vec<&Configuration> = result.configurations.iter().collect();
    let warning = warning(result, &all);
    let most = if sections.iter().all(|one| one.levels.len() == 1) { TOLD_OF_ONE_LEVEL } else { TOLD };
    let whole = match sections.as_slice() {
        [] => None,
        [only] => {
            let reservations = if only.levels.len() == 1 { reservations(&all) } else { String::new() };
            Some(workload(result, &only.levels) + &reservations)
        }
        several if several.len() > most => {
            Some(range_of_workloads(several.len(), &all) + &reservations(&all))
        }
        several => {
            // The name of a workload keeps its letters.
            let told = |section: &Section<'_>| {
                format!("{}: {}.", section.workload, workload(result, &section.levels))
            };
            let last = targets(result).map(sentence);
            return warning.map(sentence).into_iter().chain(several.iter().map(told)).chain(last).collect();
        }
    };
    let words: Vec<String> = whole.into_iter().chain(targets(result)).collect();
    let warning = warning.map_or(String::new(), |warning| format!("{warning}: "));
    if words.is_empty() { Vec::new() } else { vec![sentence(format!("{warning}{}", words.join("; ")))] }
}

/// Whether figures can be believed that nothing speaks against as a whole: `: valid, with reservations (one-iteration)`.
fn reservations(levels: &[&Configuration]) -> String {
    let figures = levels.iter().any(|level| level.succeeded > 0);
    if !figures || levels.iter().any(|level| !level.validity.valid) {
        return String::new();
    }
    let doubts = levels.iter().flat_map(|level| &level.validity.doubts).map(|doubt| doubt.code.as_str());
    // That a run was quick stands first.
    let doubts: IndexSet<&str> = doubts.filter(|code| *code != "quick-run").collect();
    if doubts.is_empty() {
        return ": valid, without reservations".to_owned();
    }
    format!(": valid, with reservations ({})", doubts.into_iter().collect::<Vec<_>>().join(", "))
}

fn sentence(words: String) -> String {
    capital(&words) + "."
}

/// What has to be known before any figure: that the run has not ended, that levels should not be believed, that it was only a trial.
fn warning(result: &RunResult, levels: &[&Configuration]) -> Option<String> {
    let invalid: Vec<&&Configuration> = levels.iter().filter(|level| !level.validity.valid).collect();
    let doubts =
        invalid.iter().flat_map(|level| level.validity.doubts.iter().filter(|doubt| doubt.invalidating));
    let codes: IndexSet<&str> = doubts.map(|doubt| doubt.code.as_str()).collect();
    let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
    let unbelieved = match invalid.len() {
        0 => None,
        all if all == levels.len() => Some(format!("not to be believed ({codes})")),
        1 => Some(format!("without one of {} levels, which should not be believed ({codes})", levels.len())),
        some => {
            Some(format!("without {some} of {} levels, which should not be believed ({codes})", levels.len()))
        }
    };
    let unfinished = (result.status != Status::Completed).then(|| "unfinished".to_owned());
    let trial = result.quick.then(|| "only a trial (quick-run)".to_owned());
    let words: Vec<String> = unfinished.into_iter().chain(unbelieved).chain(trial).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Levels that should be believed; where there are none, all with figures.
fn told<'a>(levels: &[&'a Configuration]) -> Vec<&'a Configuration> {
    let speed = Speed::of(levels);
    let measured = || levels.iter().copied().filter(|level| speed.at(level).is_some());
    let valid: Vec<&Configuration> = measured().filter(|level| level.validity.valid).collect();
    if valid.is_empty() { measured().collect() } else { valid }
}

/// What one workload comes to, as a clause in small letters.
fn workload(result: &RunResult, levels: &[&Configuration]) -> String {
    let speed = Speed::of(levels);
    let told = told(levels);
    let Some(first) = told.first() else { return "nothing was measured".to_owned() };
    if told.iter().all(|level| level.succeeded == 0) {
        return "nothing was acknowledged".to_owned();
    }
    if told.iter().any(|level| !level.is_of_same_case(first)) {
        return variants(result, &told, speed).unwrap_or_else(|| range(result, &told, speed));
    }
    match (told.as_slice(), speed) {
        (_, Speed::Achieved) => arrivals(result, &told),
        ([only], _) => figures(only, speed),
        _ => scaled(result, told, speed),
    }
}

/// `1,556 writes/s with 1 worker, p99 941 µs`.
fn figures(level: &Configuration, speed: Speed) -> String {
    format!("{}{}{}", fast(level, speed), tail(level), failed(level))
}

/// `1,556 writes/s with 1 worker`.
fn fast(level: &Configuration, speed: Speed) -> String {
    format!("{} with {}", speed.words(speed.at(level).unwrap_or(0.0)), workers(&[level.concurrency]))
}

/// The 99th percentile where there are samples enough for one, otherwise the mean.
fn tail(level: &Configuration) -> String {
    let few = level.validity.doubts.iter().any(|doubt| doubt.code == "too-few-samples");
    match level.overall.latency_ms {
        Some(found) if few => format!(", on average {}", latency(found.avg)),
        Some(found) => format!(", p99 {}", latency(found.p99)),
        None => String::new(),
    }
}

/// Errors are not speed.
fn failed(level: &Configuration) -> String {
    let share = level.overall.success_rate.map_or(0.0, |rate| 1.0 - rate);
    if share < MANY_ERRORS { String::new() } else { format!(", {} of the attempts failed", percent(share)) }
}

/// Several levels of one case.
fn scaled(result: &RunResult, mut levels: Vec<&Configuration>, speed: Speed) -> String {
    levels.sort_by_key(|level| level.concurrency);
    let Some(found) = Scaling::of(&levels) else { return range(result, &levels, speed) };
    if found.is_flat() {
        return format!("the peak is {}; more workers bring nothing", figures(found.peak, speed));
    }
    let (least, peak) = (found.least, found.peak);
    let both = speed.summary(peak).zip(speed.summary(least));
    if both.and_then(|(peak, least)| peak.is_apart_from(&least)) == Some(false) {
        return format!(
            "{}; more workers bring nothing beyond the variation between iterations: the most is {}",
            figures(least, speed),
            figures(peak, speed)
        );
    }
    let gain = format!("{} times that of {}", factor(found.gain()), workers(&[least.concurrency]));
    let beyond = [found.waiting(), found.untried(result)].into_iter().flatten();
    let beyond: String = beyond.map(|words| format!("; {words}")).collect();
    format!("the peak is {}, {gain}{}{}{beyond}", fast(peak, speed), tail(peak), failed(peak))
}

/// What came of the rates that were asked for: the level where most did.
fn arrivals(result: &RunResult, levels: &[&Configuration]) -> String {
    let share = |level: &Configuration| {
        level
            .arrivals
            .as_ref()
            .map_or(0.0, |found| found.achieved_rate / found.asked_rate.max(f64::MIN_POSITIVE))
    };
    let best = levels.iter().copied().max_by(|a, b| share(a).total_cmp(&share(b)));
    let Some((best, found)) = best.and_then(|level| Some((level, level.arrivals.as_ref()?))) else {
        return range(result, levels, Speed::Achieved);
    };
    let number = |value| Speed::Achieved.number(value);
    let most = if levels.len() > 1 { ", the most of all levels" } else { "" };
    format!(
        "of {}/s asked for, {}/s were achieved with {}{}{}{most}",
        number(found.asked_rate),
        number(found.achieved_rate),
        workers(&[best.concurrency]),
        tail(best),
        failed(best)
    )
}

/// The slowest and the fastest of several cases, each at its peak.
fn range(result: &RunResult, levels: &[&Configuration], speed: Speed) -> String {
    let at = |level: &Configuration| speed.at(level).unwrap_or(0.0);
    let mut peaks: Vec<&Configuration> = Vec::new();
    for level in levels {
        match peaks.iter_mut().find(|peak| peak.is_of_same_case(level)) {
            Some(peak) if at(level) > at(peak) => *peak = level,
            Some(_) => {}
            None => peaks.push(level),
        }
    }
    peaks.sort_by(|a, b| at(a).total_cmp(&at(b)));
    let (Some(slowest), Some(fastest)) = (peaks.first(), peaks.last()) else {
        return "nothing was measured".to_owned();
    };
    let apart = speed.summary(slowest).zip(speed.summary(fastest));
    if apart.and_then(|(slowest, fastest)| slowest.is_apart_from(&fastest)) == Some(false) {
        let (all, fast) = (count(peaks.len() as u64), speed.words(at(fastest)));
        return format!(
            "none of {all} cases is faster than another beyond the variation between iterations; the most is {fast} ({})",
            fastest.case_or_base()
        );
    }
    let times = factor(at(fastest) / at(slowest));
    let times = if at(slowest) > 0.0 { format!(", {times} times as much") } else { String::new() };
    format!(
        "the cases go from {} ({}) to {} ({}){times}{}",
        speed.words(at(slowest)),
        unlike(slowest, fastest),
        speed.words(at(fastest)),
        unlike(fastest, slowest),
        promises(result, fastest, (slowest, "the slowest"))
    )
}

/// What a case has that another has not: `journal_mode wal`.
fn unlike(level: &Configuration, other: &Configuration) -> String {
    let mut own = level.clone();
    own.parameters.retain(|key, value| other.parameters.get(key) != Some(value));
    match own.point() {
        Some(point) if own.variant == other.variant => point,
        _ => own.case_or_base(),
    }
}

/// The slowest and the fastest of many workloads.
fn range_of_workloads(workloads: usize, levels: &[&Configuration]) -> String {
    let told = told(levels);
    let speed = Speed::Operations { writes: false };
    let at = |level: &Configuration| speed.at(level).unwrap_or(0.0);
    let by = |a: &&&Configuration, b: &&&Configuration| at(a).total_cmp(&at(b));
    let (Some(slowest), Some(fastest)) = (told.iter().min_by(by), told.iter().max_by(by)) else {
        return "nothing was measured".to_owned();
    };
    let one = |level: &Configuration| {
        format!("{} ({} with {})", speed.words(at(level)), level.workload, workers(&[level.concurrency]))
    };
    format!("{workloads} workloads, from {} to {}", one(slowest), one(fastest))
}

/// How many demands were met; absent where there are none.
fn targets(result: &RunResult) -> Option<String> {
    let of =
        |status| result.all_targets().filter(move |(_, verdict)| verdict.status == status).count() as u64;
    let [met, missed, unjudged] = [TargetStatus::Pass, TargetStatus::Fail, TargetStatus::Invalid].map(of);
    let all = met + missed + unjudged;
    let is = |number| if number == 1 { "is" } else { "are" };
    let mut words = match (all, met) {
        (0, _) => return None,
        (1, 1) => "its target is met".to_owned(),
        (_, met) if met == all => format!("all {} targets are met", count(all)),
        (1, _) => "its target".to_owned(),
        (_, met) => format!("{} of {} targets {} met", count(met), count(all), is(met)),
    };
    let parts = [(missed, "missed"), (unjudged, "not judged")].into_iter().filter(|(number, _)| *number > 0);
    for (place, (number, what)) in parts.enumerate() {
        words.push_str(&match (all, place) {
            (1, _) => format!(" is {what}"),
            (_, 0) => format!(", {} {} {what}", count(number), is(number)),
            _ => format!(" and {} {} {what}", count(number), is(number)),
        });
    }
    Some(words)
}

#[cfg(test)]
#[path = "conclusion_tests.rs"]
mod tests;
