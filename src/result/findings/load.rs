//! What the figures of open loops, checkpoints, locks, pools, caches, retries and batches say about the database.

use super::super::model::{Configuration, RunResult};
use super::super::validity::noun;
use super::refusals::is_circumstance;
use super::{Family, Finding, family, finding, levels, with};
use crate::units::{count, latency, rate};

/// The part of due arrivals that may be late by chance at the end.
const LATE: f64 = 0.01;

fn grew(level: &Configuration) -> bool {
    level.complete
        && level.arrivals.as_ref().is_some_and(|arrivals| {
            let left_over =
                arrivals.not_started as f64 > (arrivals.due as f64 * LATE).max(f64::from(level.concurrency));
            left_over || arrivals.achieved_rate < arrivals.asked_rate * 0.95
        })
}

pub(super) fn backlog_grew(result: &RunResult) -> Option<Finding> {
    let seen = levels(result, grew);
    let late = |level: &Configuration| {
        level.arrivals.as_ref().map_or(1.0, |arrivals| arrivals.achieved_rate / arrivals.asked_rate)
    };
    let worst = seen.iter().min_by(|a, b| late(a).total_cmp(&late(b)))?;
    let arrivals = worst.arrivals.as_ref()?;
    let sentence = format!(
        "Operations arrived faster than the database took them: {}, {} per second were asked for and {} came to an end, so up \
         to {} waited; response times say how long the backlog was, not how fast the database is.",
        with(result, worst),
        rate(arrivals.asked_rate),
        rate(arrivals.achieved_rate),
        count(arrivals.backlog_max)
    );
    let suggestion = format!(
        "Ask for less than {} per second to see response times under a load that can be sustained, or use more workers if \
         service times are short.",
        rate(arrivals.achieved_rate)
    );
    Some(finding("backlog-grew", &seen, sentence, suggestion))
}

/// Whether the slowest operation took about as long as the longest checkpoint, and far longer than the median.
fn stalled_by_checkpoints(level: &Configuration) -> bool {
    let Some(checkpoints) = &level.checkpoints else { return false };
    let times = level.overall.service_ms.or(level.overall.latency_ms);
    times.is_some_and(|times| {
        let explains = checkpoints.longest_ms >= times.max * 0.5 && checkpoints.longest_ms <= times.max * 1.1;
        explains && checkpoints.longest_ms >= times.p50 * 10.0 && checkpoints.share >= 0.01
    })
}

pub(super) fn checkpoints_stall(result: &RunResult) -> Option<Finding> {
    // In a batch, the checkpoint is shared by all of its operations.
    let seen = levels(result, |level| level.batches.is_none() && stalled_by_checkpoints(level));
    let share = |level: &Configuration| level.checkpoints.as_ref().map_or(0.0, |one| one.share);
    let worst = seen.iter().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    let checkpoints = worst.checkpoints.as_ref()?;
    let times = worst.overall.service_ms.or(worst.overall.latency_ms)?;
    let sentence = format!(
        "Checkpoints of the write-ahead log stalled operations: {}, {} of them took {} of the time, the longest {}; the \
         slowest operation took {} where half took at most {}.",
        with(result, worst),
        count(checkpoints.count),
        percent(checkpoints.share),
        latency(checkpoints.longest_ms),
        latency(times.max),
        latency(times.p50)
    );
    let suggestion = "A smaller `wal_autocheckpoint` gives more and shorter stalls, a larger one fewer and longer ones: compare both.";
    Some(finding("checkpoint-stalls", &seen, sentence, suggestion))
}

pub(super) fn mostly_waiting(result: &RunResult) -> Option<Finding> {
    let share = |level: &Configuration| level.times.map_or(0.0, |times| times.waiting_share);
    let seen = levels(result, |level| share(level) > 0.5);
    let worst = seen.iter().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    let sentence = format!(
        "Most of the time went into waiting for locks: {} of the latency of acknowledged {} {}.",
        percent(share(worst)),
        noun(worst),
        with(result, worst)
    );
    let suggestion = match family(result, worst) {
        Family::Sqlite => {
            "SQLite has one writer at a time: use fewer workers, make transactions shorter, or put several writes into one (`batch_size`)."
        }
        _ => "Use fewer workers, make transactions shorter, or let them write other rows.",
    };
    Some(finding("mostly-waiting", &seen, sentence, suggestion))
}

/// The median wait for a connection, and what is left of the median latency without it.
fn median_wait(level: &Configuration) -> Option<(f64, f64)> {
    let wait = level.pool.as_ref()?.checkout_ms?.p50;
    let whole = level.overall.service_ms.or(level.overall.latency_ms)?.p50;
    Some((wait, (whole - wait).max(0.0)))
}

pub(super) fn pool_too_small(result: &RunResult) -> Option<Finding> {
    let waits = |level: &Configuration| median_wait(level).is_some_and(|(wait, rest)| wait > rest);
    let timeouts = |level: &Configuration| level.pool.as_ref().map_or(0, |pool| pool.timeouts);
    let seen = levels(result, |level| waits(level) || timeouts(level) > 0);
    let wait = |level: &Configuration| median_wait(level).map_or(0.0, |(wait, _)| wait);
    let worst = seen.iter().max_by(|a, b| wait(a).total_cmp(&wait(b)))?;
    let pool = worst.pool.as_ref()?;
    let waited = median_wait(worst).map(|(wait, rest)| {
        let (wait, rest) = (latency(wait), latency(rest));
        format!("half of the operations waited {wait} or more for one and took {rest} with it")
    });
    let timed_out =
        (pool.timeouts > 0).then(|| format!("{} operations got none in time", count(pool.timeouts)));
    let told = waited.into_iter().chain(timed_out).collect::<Vec<_>>().join(", and ");
    let sentence = format!(
        "The pool has too few connections for its workers: {}, at most {} were open; {told}.",
        with(result, worst),
        count(pool.open_max)
    );
    let suggestion = match family(result, worst) {
        Family::Sqlite => {
            "Raise `max` in [pool] where operations read; SQLite's writers take turns whatever the pool's size, so use fewer of them."
        }
        _ => "Raise `max` in [pool], or use fewer workers.",
    };
    Some(finding("pool-too-small", &seen, sentence, suggestion))
}

pub(super) fn statements_prepared_again(result: &RunResult) -> Option<Finding> {
    let configured = &result.scenario.effective["database"]["statement_cache"];
    // Without a cache, statements are meant to be prepared every time.
    if configured.as_u64() == Some(0) {
        return None;
    }
    let hit_rate = |level: &Configuration| {
        level.statement_cache.filter(|cache| cache.misses >= 100).map_or(1.0, |cache| cache.hit_rate)
    };
    let seen = levels(result, |level| hit_rate(level) < 0.8);
    let worst = seen.iter().min_by(|a, b| hit_rate(a).total_cmp(&hit_rate(b)))?;
    let cache = worst.statement_cache?;
    let sentence = format!(
        "The statement cache is too small for the statements in use: {}, {} of {} were not found and prepared again.",
        with(result, worst),
        count(cache.misses),
        count(cache.hits + cache.misses)
    );
    let size = configured.as_u64().map_or(String::new(), |size| format!(" above {size}"));
    let suggestion =
        format!("Raise `statement_cache` in [database]{size}, at least to the number of statements in use.");
    Some(finding("statement-cache-misses", &seen, sentence, suggestion))
}

/// An operation that fails each time is a mistake of the scenario more often than one of the database.
pub(super) fn never_succeeds(result: &RunResult) -> Option<Finding> {
    let fails = |level: &&Configuration| {
        let other = |name: &str| {
            let mut own = level.errors.iter().filter(|error| error.operation == name);
            own.all(|error| !is_circumstance(&error.code))
        };
        let failed =
            level.operations.iter().find(|(name, o)| o.count + o.unknown == 0 && o.errors > 0 && other(name));
        failed.map(|(name, figures)| (name.clone(), figures.errors))
    };
    let seen = levels(result, |level| fails(&level).is_some());
    let first = *seen.first()?;
    let (name, errors) = fails(&first)?;
    let sample = first.errors.iter().find(|error| error.operation == name)?;
    let sentence = format!(
        "`{name}` never succeeded: all of {} attempts {} failed, the first one with {} ({}).",
        count(errors),
        with(result, first),
        sample.code,
        sample.sample
    );
    let suggestion = "Look at its statement, its values and what it is expected to come to.";
    Some(finding("never-succeeds", &seen, sentence, suggestion))
}

pub(super) fn retries_give_up(result: &RunResult) -> Option<Finding> {
    let share = |level: &Configuration| {
        level.retries.map_or(0.0, |retries| retries.gave_up as f64 / level.attempted.max(1) as f64)
    };
    let seen = levels(result, |level| share(level) >= 0.01);
    let worst = seen.iter().max_by(|a, b| share(a).total_cmp(&share(b)))?;
    let retries = worst.retries?;
    let sentence = format!(
        "Retries often gave up: {}, {} of {} operations failed even at the last attempt, and {} were saved by a retry.",
        with(result, worst),
        count(retries.gave_up),
        count(worst.attempted),
        count(retries.succeeded)
    );
    let suggestion = match family(result, worst) {
        Family::Sqlite => {
            "Raise `attempts` or `base_delay` in [retry], or take away the cause: a longer `busy_timeout`, fewer writers."
        }
        _ => {
            "Raise `attempts` or `base_delay` in [retry], or take away the cause: shorter transactions, fewer writers of the same rows."
        }
    };
    Some(finding("retries-give-up", &seen, sentence, suggestion))
}

pub(super) fn smallest_batches(result: &RunResult) -> Option<Finding> {
    let at_minimum = |level: &Configuration| {
        level.batches.as_ref().is_some_and(|batches| {
            let (Some(min), Some(max)) = (batches.allowed_min, batches.allowed_max) else { return false };
            let settled = batches.settled_sizes.iter().filter(|size| **size <= min).count();
            min < max && settled > 0 && settled * 2 >= batches.settled_sizes.len()
        })
    };
    let seen = levels(result, at_minimum);
    let worst = seen.last()?;
    let batches = worst.batches.as_ref()?;
    let sentence = format!(
        "Batches shrank to the least size allowed, {} operations, {}: too many were refused at any larger size.",
        count(batches.allowed_min?),
        with(result, worst)
    );
    let suggestion = "Look at `errors` for what refuses them; a smaller `batch_min` or fewer workers give shorter transactions.";
    Some(finding("smallest-batches", &seen, sentence, suggestion))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
