//! What stands beside the figures, as plain sentences: verification, findings, doubts, errors, the floor. Shared by table and Markdown.

use indexmap::IndexMap;

use super::columns::sections;
use crate::result::{
    BufferFigures, Configuration, ErrorFigures, FlushMs, RunResult, Status, TargetStatus, Verification,
    VerificationStatus,
};
use crate::units::{bytes, count, latency, workers};

/// How good the news of a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Good,
    Neutral,
    Caution,
    Bad,
}

/// A sentence with its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) mood: Mood,
    /// A word or a code that stands before the sentence.
    pub(super) label: String,
    pub(super) text: String,
}

fn note(mood: Mood, label: impl Into<String>, text: impl Into<String>) -> Note {
    Note { mood, label: label.into(), text: text.into() }
}

/// Everything worth saying below the figures, the most important first.
pub(super) fn notes(result: &RunResult) -> Vec<Note> {
    let mut notes: Vec<Note> = ending(result).into_iter().collect();
    notes.extend(verification(result));
    notes.extend(targets(result));
    notes.extend(result.findings.iter().map(|finding| {
        note(Mood::Caution, &finding.code, format!("{} {}", finding.sentence, finding.suggestion))
    }));
    notes.extend(errors(result));
    notes.extend(unknown(result));
    notes.extend(doubts(result));
    notes.extend(floor(result));
    notes.extend(buffer(result));
    notes.extend(memory(result));
    notes
}

fn ending(result: &RunResult) -> Option<Note> {
    let reason = result.reason.clone();
    let (mood, label, words) = match result.status {
        Status::Completed => return None,
        Status::Running => (Mood::Caution, "running", "The run has not ended, or was killed."),
        Status::Interrupted => (Mood::Caution, "interrupted", "The run was stopped before its end."),
        Status::Failed => (Mood::Bad, "failed", "The run could not go on."),
    };
    Some(note(mood, label, reason.unwrap_or_else(|| words.to_owned())))
}

fn verification(result: &RunResult) -> Vec<Note> {
    let of = |status| result.configurations.iter().filter(move |c| c.verification.status == status);
    let mut notes = Vec::new();
    for level in of(VerificationStatus::Failed).chain(of(VerificationStatus::Impossible)) {
        let label = match level.verification.status {
            VerificationStatus::Failed => "verification failed",
            _ => "verification impossible",
        };
        let mut sentences = level.verification.problems.clone();
        sentences.extend(level.verification.integrity.iter().map(|line| format!("integrity check: {line}")));
        let shown: Vec<&str> = sentences.iter().take(3).map(|s| s.trim_end_matches('.')).collect();
        let shown = shown.join("; ");
        let more = sentences.len().saturating_sub(3);
        let more =
            if more > 0 { format!("; and {more} more, which stand in the result") } else { String::new() };
        notes.push(note(Mood::Bad, label, format!("{}: {shown}{more}.", capital(&scope(result, &[level])))));
    }
    let good: Vec<&Configuration> = of(VerificationStatus::Verified).collect();
    if !good.is_empty() {
        let scope = if good.len() == result.configurations.len() {
            String::new()
        } else {
            format!(" {}", scope(result, &good))
        };
        let integrity = if good.iter().all(|level| level.verification.integrity_check.is_some()) {
            ", the integrity check found nothing"
        } else {
            ""
        };
        notes.push(note(Mood::Good, "verified", format!("{}{integrity}.", compared(&good, &scope))));
    }
    notes
}

/// What was found in levels that are as they should be, without a claim on rows that were counted only.
fn compared(levels: &[&Configuration], scope: &str) -> String {
    let rows: u64 = levels.iter().flat_map(|level| &level.verification.tables).map(|t| t.expected).sum();
    let sampled: u64 = levels.iter().map(|level| level.verification.sampled_rows).sum();
    let sum = |of: fn(&Verification) -> u64| levels.iter().map(|level| of(&level.verification)).sum::<u64>();
    let (not_kept, doubtful) = (sum(|v| v.not_kept_rows), sum(|v| v.unknown_rows));
    let as_many = format!("Each table holds as many rows as were acknowledged{scope}");
    match sampled {
        some if not_kept > 0 => {
            let compared = if some == 0 {
                "no values were compared".to_owned()
            } else {
                format!("{} rows that were still in memory were compared value by value", count(some))
            };
            format!(
                "As many rows were counted as were acknowledged{scope}; those that were flushed were let go, so that they are not there \
                 any more; {compared}"
            )
        }
        0 => format!("{as_many}; no values were compared"),
        some if doubtful > 0 => {
            let found = sum(|v| v.unknown_rows_found);
            format!(
                "Every acknowledged row is there{scope}, and no other but {} of {} whose answers were lost; {} rows were \
                 compared value by value",
                count(found),
                count(doubtful),
                count(some)
            )
        }
        some if some < rows => {
            format!("{as_many}; {} of {} rows were compared value by value", count(some), count(rows))
        }
        all => {
            let rows = if all == 1 { "row was" } else { "rows were" };
            format!(
                "Every acknowledged row is there{scope}, and no other; {} {rows} compared value by value",
                count(all)
            )
        }
    }
}

/// More workloads than this are counted, not listed.
const FEW_WORKLOADS: usize = 3;

/// `with 1 and 2 workers`; where there are several workloads, `in append with 8 workers and in steady`: a workload that has no
/// other levels stands alone. Of many workloads only the number: `in 6 workloads`.
fn scope(result: &RunResult, levels: &[&Configuration]) -> String {
    if result.has_several_cases() {
        return scope_of_cases(result, levels);
    }
    let sections = sections(result);
    if sections.len() <= 1 {
        return format!(
            "with {}",
            workers(&levels.iter().map(|level| level.concurrency).collect::<Vec<_>>())
        );
    }
    let parts = sections.iter().filter_map(|section| {
        let own: Vec<u32> = levels
            .iter()
            .filter(|level| level.workload == section.workload)
            .map(|level| level.concurrency)
            .collect();
        match own.len() {
            0 => None,
            all if all == section.levels.len() => Some(format!("in {}", section.workload)),
            _ => Some(format!("in {} with {}", section.workload, workers(&own))),
        }
    });
    let parts: Vec<String> = parts.collect();
    if parts.len() > FEW_WORKLOADS {
        let all = if parts.len() == sections.len() { "all " } else { "" };
        return format!("in {all}{} workloads", parts.len());
    }
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

/// `in wal, file_size 1GB with 2 workers`, or the number: `in 12 of 40 configurations`.
fn scope_of_cases(result: &RunResult, levels: &[&Configuration]) -> String {
    let all = result.configurations.len();
    match levels {
        [only] => {
            let workload =
                if sections(result).len() > 1 { format!("{}, ", only.workload) } else { String::new() };
            format!("in {workload}{} with {}", only.case_or_base(), workers(&[only.concurrency]))
        }
        some if some.len() == all => format!("in all {all} configurations"),
        some => format!("in {} of {all} configurations", some.len()),
    }
}

/// To begin a sentence with.
pub(super) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + rest.as_str())
}

/// One note for each demand that was missed, and one for all that cannot be judged for one reason. How many were met is the conclusion's.
fn targets(result: &RunResult) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut not_judged: IndexMap<&str, (&str, u64)> = IndexMap::new();
    for (_, verdict) in result.all_targets() {
        let reason = verdict.reason.as_ref().unwrap_or(&verdict.metric).as_str();
        match verdict.status {
            TargetStatus::Pass => {}
            TargetStatus::Fail => notes.push(note(Mood::Caution, "target failed", reason)),
            TargetStatus::Invalid => {
                // What it is about stands before the colon, why it cannot be judged behind.
                let why = reason.split_once(": ").map_or(reason, |(_, why)| why);
                not_judged.entry(why).or_insert((reason, 0)).1 += 1;
            }
        }
    }
    notes.extend(not_judged.into_iter().map(|(why, (reason, times))| match times {
        1 => note(Mood::Caution, "target not judged", reason),
        _ => note(Mood::Caution, format!("{} targets not judged", count(times)), capital(why)),
    }));
    notes
}

/// One note for each code, summed over levels and operations.
fn errors(result: &RunResult) -> Vec<Note> {
    by_code(result, |level| &level.errors)
}

/// The same for lost answers.
fn unknown(result: &RunResult) -> Vec<Note> {
    let mut notes = by_code(result, |level| &level.unknown_outcomes);
    notes.iter_mut().for_each(|note| note.label.push_str(", outcome unknown"));
    notes
}

fn by_code(result: &RunResult, of: fn(&Configuration) -> &[ErrorFigures]) -> Vec<Note> {
    let several = result.configurations.iter().any(|level| level.operations.len() > 1);
    let mut sums: IndexMap<&str, (u64, Vec<&Configuration>, &str)> = IndexMap::new();
    let mut operations: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for level in &result.configurations {
        for error in of(level) {
            let entry = sums.entry(&error.code).or_insert((0, Vec::new(), &error.sample));
            entry.0 += error.count;
            let named = operations.entry(&error.code).or_default();
            if !named.contains(&error.operation.as_str()) {
                named.push(&error.operation);
            }
            if !entry.1.last().is_some_and(|last| std::ptr::eq(*last, level)) {
                entry.1.push(level);
            }
        }
    }
    sums.into_iter()
        .map(|(code, (sum, levels, sample))| {
            let all = levels.len() > 1 && levels.len() == result.configurations.len();
            let scope = if all { "over all levels".to_owned() } else { scope(result, &levels) };
            // Where only one operation has it, the reader need not look for it.
            let of = match operations.get(code).map(Vec::as_slice) {
                Some([only]) if several => format!("of {only} "),
                _ => String::new(),
            };
            let text = format!("{} {of}{scope}: {sample}", count(sum));
            note(Mood::Caution, code, text)
        })
        .collect()
}

/// A doubt over all levels.
struct Doubted<'a> {
    invalidating: bool,
    sentence: &'a str,
    /// Whether all levels have the same sentence.
    same: bool,
    levels: Vec<&'a Configuration>,
}

/// One note for each code; where sentences differ between levels, that of the first one is shown with its level.
fn doubts(result: &RunResult) -> Vec<Note> {
    let mut seen: IndexMap<&str, Doubted<'_>> = IndexMap::new();
    for level in &result.configurations {
        for doubt in &level.validity.doubts {
            let (invalidating, sentence) = (doubt.invalidating, doubt.sentence.as_str());
            let new = || Doubted { invalidating, sentence, same: true, levels: Vec::new() };
            let entry = seen.entry(&doubt.code).or_insert_with(new);
            entry.same &= entry.sentence == sentence;
            entry.levels.push(level);
        }
    }
    let several = sections(result).len() > 1 || result.has_several_cases();
    let all = result.configurations.len();
    let mut notes: Vec<Note> = seen
        .into_iter()
        .map(|(code, doubted)| {
            let levels = &doubted.levels;
            let scope = match (levels.len() == all, doubted.same) {
                (true, true) => String::new(),
                (true, false) if levels.len() > 1 => {
                    format!("At all levels, such as {}: ", scope(result, &levels[..1]))
                }
                (_, false) if levels.len() > 1 && several => {
                    let first = scope(result, &levels[..1]);
                    format!("{}, such as {first}: ", capital(&scope(result, levels)))
                }
                (_, false) if levels.len() > 1 => {
                    let first = levels[0].concurrency;
                    format!("{}, such as with {}: ", capital(&scope(result, levels)), workers(&[first]))
                }
                _ => format!("{}: ", capital(&scope(result, levels))),
            };
            let mood = if doubted.invalidating { Mood::Bad } else { Mood::Neutral };
            note(mood, code, format!("{scope}{}", doubted.sentence))
        })
        .collect();
    notes.sort_by_key(|note| note.mood != Mood::Bad);
    notes
}

fn floor(result: &RunResult) -> Option<Note> {
    let floor = result.configurations.iter().map(|level| level.floor.ns_per_operation).max()?;
    let fastest =
        result.configurations.iter().filter_map(|c| Some(c.overall.latency_ms?.avg)).reduce(f64::min)?;
    let share = floor as f64 / 1e6 / fastest * 100.0;
    let share = if share < 0.1 { "less than 0.1 %".to_owned() } else { format!("{share:.1} %") };
    let writes = result.configurations.iter().all(|level| level.metrics.is_some());
    let unit = if writes { "write" } else { "operation" };
    let text =
        format!("The runner itself costs {floor} ns per {unit}, {share} of the fastest level's average.");
    (floor > 0 && fastest > 0.0).then(|| note(Mood::Neutral, "floor", text))
}

/// What write buffers did, over all levels.
fn buffer(result: &RunResult) -> Option<Note> {
    let buffers = || result.configurations.iter().filter_map(|level| level.resources.buffer);
    buffers().next()?;
    let sum = |of: fn(&BufferFigures) -> u64| buffers().map(|one| of(&one)).sum::<u64>();
    let flushes = sum(|one| one.flushes);
    let times = || buffers().filter_map(|one| Some((one.flush_ms?, one.flushes)));
    let total: f64 = times().map(|(FlushMs { avg, .. }, flushes)| avg * flushes as f64).sum();
    let longest = times().map(|(FlushMs { max, .. }, _)| max).fold(0.0, f64::max);
    let flushed = match flushes {
        0 => "The buffer was never flushed".to_owned(),
        _ => format!(
            "The buffer was flushed {} with {} rows, {} each on average and {} at most",
            times_in_words(flushes),
            count(sum(|one| one.flushed_rows)),
            latency(total / flushes as f64),
            latency(longest)
        ),
    };
    let waits = match sum(|one| one.waits) {
        0 => "no write waited for it".to_owned(),
        1 => format!("one write waited {} for it", latency(buffers().map(|one| one.wait_ms).sum())),
        many => format!(
            "{} writes waited {} for it",
            count(many),
            latency(buffers().map(|one| one.wait_ms).sum())
        ),
    };
    let most = buffers().map(|one| one.at_risk_max).max().unwrap_or(0);
    let text = format!(
        "{flushed}; {waits}; up to {} acknowledged rows were in memory alone at one moment.",
        count(most)
    );
    Some(note(Mood::Neutral, "buffer", text))
}

/// `once`, `7 times`.
fn times_in_words(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{} times", count(times)) }
}

fn memory(result: &RunResult) -> Option<Note> {
    let peak = result.configurations.iter().filter_map(|level| level.resources.peak_memory_bytes).max()?;
    // A server's memory is its own.
    let inside = result.engine.path.is_none() && result.engine.storage != "server";
    let database = if inside { ", the database included" } else { "" };
    let text = format!("At most {} of memory were resident{database}.", bytes(peak));
    Some(note(Mood::Neutral, "memory", text))
}

#[cfg(test)]
#[path = "notes_tests.rs"]
mod tests;
