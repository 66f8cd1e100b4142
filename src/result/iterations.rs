//! Several iterations of a level as one measurement: latencies pooled, counts and durations added, time series one after the other.

use std::borrow::Cow;
use std::collections::btree_map::{BTreeMap, Entry};

use super::VerificationStatus;
use crate::engine::BufferCounters;
use crate::measure::*;

/// Operations kept as the slowest.
const SLOWEST: usize = 10;
const SECOND_NS: u64 = 1_000_000_000;

/// Adds a later iteration of the same level.
///
/// # Panics
/// If the two are not of the same plan.
pub(super) fn append(to: &mut LevelMeasurement, next: &LevelMeasurement) {
    assert_eq!(to.operations.len(), next.operations.len(), "iterations of one level have one plan");
    let seconds = to.time_series.len() as u64;
    append_arrivals(to, next);
    append_checkpoints(to, next, seconds);
    append_slowest(to, next, seconds);
    to.planned += next.planned;
    to.duration_ns += next.duration_ns;
    to.complete &= next.complete;
    for (ours, theirs) in to.operations.iter_mut().zip(&next.operations) {
        ours.succeeded.merge(&theirs.succeeded);
        ours.failed.merge(&theirs.failed);
        ours.errors += theirs.errors;
        ours.unknown += theirs.unknown;
        ours.payload_bytes += theirs.payload_bytes;
    }
    to.time_series.extend_from_slice(&next.time_series);
    append_workers(&mut to.workers, &next.workers);
    append_errors(&mut to.errors, &next.errors);
    append_errors(&mut to.unknown, &next.unknown);
    append_resources(&mut to.resources, &next.resources);
    to.floor_ns = to.floor_ns.max(next.floor_ns);
    to.reset_ns = both(to.reset_ns, next.reset_ns, |a, b| a + b);
    to.used_up |= next.used_up;
    append_warm_up(&mut to.warm_up, next.warm_up);
    append_retries(&mut to.retries, next.retries);
    append_batches(&mut to.batches, next.batches.as_ref());
    append_pool(&mut to.pool, next.pool.as_ref());
    append_times(&mut to.times, next.times);
}

/// Unknown as soon as one of them is.
fn both<T>(a: Option<T>, b: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    Some(join(a?, b?))
}

fn append_workers(to: &mut Vec<WorkerMeasurement>, next: &[WorkerMeasurement]) {
    to.resize(to.len().max(next.len()), WorkerMeasurement::default());
    for (ours, theirs) in to.iter_mut().zip(next) {
        ours.attempted += theirs.attempted;
        ours.succeeded += theirs.succeeded;
        ours.longest_ns = ours.longest_ns.max(theirs.longest_ns);
    }
}

fn append_errors(to: &mut Vec<ErrorMeasurement>, next: &[ErrorMeasurement]) {
    let mut places: BTreeMap<(usize, Cow<'static, str>), usize> =
        to.iter().enumerate().map(|(place, error)| ((error.operation, error.code.clone()), place)).collect();
    for error in next {
        match places.entry((error.operation, error.code.clone())) {
            Entry::Occupied(place) => to[*place.get()].count += error.count,
            Entry::Vacant(place) => {
                place.insert(to.len());
                to.push(error.clone());
            }
        }
    }
}

fn append_slowest(to: &mut LevelMeasurement, next: &LevelMeasurement, seconds: u64) {
    let later =
        next.slowest.iter().map(|slow| SlowOperation { second: slow.second + seconds, ..slow.clone() });
    to.slowest.extend(later);
    to.slowest.sort_by_key(|slow| std::cmp::Reverse(slow.latency_ns));
    to.slowest.truncate(SLOWEST);
}

fn append_checkpoints(to: &mut LevelMeasurement, next: &LevelMeasurement, seconds: u64) {
    let later = next.checkpoints.iter().map(|checkpoint| CheckpointMeasurement {
        start_ns: checkpoint.start_ns + seconds * SECOND_NS,
        ..*checkpoint
    });
    to.checkpoints.extend(later);
}

/// The backlogs keep step with the seconds of the time series.
fn append_arrivals(to: &mut LevelMeasurement, next: &LevelMeasurement) {
    let seconds = to.time_series.len();
    if let (Some(ours), Some(theirs)) = (&mut to.arrivals, &next.arrivals) {
        ours.due += theirs.due;
        ours.not_started += theirs.not_started;
        ours.backlog_max = ours.backlog_max.max(theirs.backlog_max);
        ours.backlog.resize(seconds, 0);
        ours.backlog.extend_from_slice(&theirs.backlog);
        ours.service.merge(&theirs.service);
    }
}

fn append_resources(to: &mut ResourceMeasurement, next: &ResourceMeasurement) {
    let sum = |a: Option<u64>, b: Option<u64>| both(a, b, |a, b| a + b);
    let most = |a: Option<u64>, b: Option<u64>| both(a, b, u64::max);
    to.user_cpu_ns = sum(to.user_cpu_ns, next.user_cpu_ns);
    to.system_cpu_ns = sum(to.system_cpu_ns, next.system_cpu_ns);
    to.peak_memory_bytes = most(to.peak_memory_bytes, next.peak_memory_bytes);
    to.read_bytes = sum(to.read_bytes, next.read_bytes);
    to.written_bytes = sum(to.written_bytes, next.written_bytes);
    to.other_load = both(to.other_load, next.other_load, f64::max);
    let (ours, theirs) = (&mut to.engine, &next.engine);
    ours.database_bytes = most(ours.database_bytes, theirs.database_bytes);
    ours.wal_bytes = most(ours.wal_bytes, theirs.wal_bytes);
    ours.cache_hits = sum(ours.cache_hits, theirs.cache_hits);
    ours.cache_misses = sum(ours.cache_misses, theirs.cache_misses);
    ours.cache_writes = sum(ours.cache_writes, theirs.cache_writes);
    ours.cache_spills = sum(ours.cache_spills, theirs.cache_spills);
    ours.checkpoints = sum(ours.checkpoints, theirs.checkpoints);
    ours.statement_hits = sum(ours.statement_hits, theirs.statement_hits);
    ours.statement_misses = sum(ours.statement_misses, theirs.statement_misses);
    ours.syncs = sum(ours.syncs, theirs.syncs);
    ours.buffer = both(ours.buffer, theirs.buffer, joined_buffers);
    to.drain_ns = sum(to.drain_ns, next.drain_ns);
}

fn joined_buffers(a: BufferCounters, b: BufferCounters) -> BufferCounters {
    BufferCounters {
        rotations: a.rotations + b.rotations,
        timed_rotations: a.timed_rotations + b.timed_rotations,
        flushes: a.flushes + b.flushes,
        flushed_rows: a.flushed_rows + b.flushed_rows,
        flush_ns: a.flush_ns + b.flush_ns,
        // Where nothing was flushed, there is no shortest flush.
        flush_ns_min: match (a.flushes, b.flushes) {
            (0, _) => b.flush_ns_min,
            (_, 0) => a.flush_ns_min,
            _ => a.flush_ns_min.min(b.flush_ns_min),
        },
        flush_ns_max: a.flush_ns_max.max(b.flush_ns_max),
        waits: a.waits + b.waits,
        wait_ns: a.wait_ns + b.wait_ns,
        at_risk_max: a.at_risk_max.max(b.at_risk_max),
        at_risk_limit: a.at_risk_limit.max(b.at_risk_limit),
    }
}

fn append_warm_up(to: &mut Option<WarmUpMeasurement>, next: Option<WarmUpMeasurement>) {
    if let (Some(ours), Some(theirs)) = (to, next) {
        ours.attempted += theirs.attempted;
        ours.succeeded += theirs.succeeded;
        ours.duration_ns += theirs.duration_ns;
    }
}

fn append_retries(to: &mut Option<RetryMeasurement>, next: Option<RetryMeasurement>) {
    if let (Some(ours), Some(theirs)) = (to, next) {
        ours.attempts += theirs.attempts;
        ours.succeeded += theirs.succeeded;
        ours.gave_up += theirs.gave_up;
        ours.delay_ns += theirs.delay_ns;
    }
}

fn append_batches(to: &mut Option<BatchMeasurement>, next: Option<&BatchMeasurement>) {
    let (Some(ours), Some(theirs)) = (to, next) else { return };
    // Where nothing was sent, there is no smallest size.
    ours.size_min = match (ours.size_min, theirs.size_min) {
        (0, size) | (size, 0) => size,
        (a, b) => a.min(b),
    };
    ours.size_max = ours.size_max.max(theirs.size_max);
    ours.latencies.merge(&theirs.latencies);
    ours.failed += theirs.failed;
    ours.unknown += theirs.unknown;
    ours.settled.clone_from(&theirs.settled);
}

fn append_pool(to: &mut Option<PoolMeasurement>, next: Option<&PoolMeasurement>) {
    let (Some(ours), Some(theirs)) = (to, next) else { return };
    ours.checkouts.merge(&theirs.checkouts);
    ours.timeouts += theirs.timeouts;
    ours.opened += theirs.opened;
    ours.closed += theirs.closed;
    ours.open_max = ours.open_max.max(theirs.open_max);
    ours.failed += theirs.failed;
}

fn append_times(to: &mut Option<TimesMeasurement>, next: Option<TimesMeasurement>) {
    if let (Some(ours), Some(theirs)) = (to, next) {
        ours.operations += theirs.operations;
        ours.waiting_ns += theirs.waiting_ns;
        ours.executing_ns += theirs.executing_ns;
        ours.committing_ns += theirs.committing_ns;
    }
}

/// The worst of two verifications, of equal ones the later; problems and compared rows of both.
pub(super) fn worst(earlier: Verification, later: Verification) -> Verification {
    let badness = |verification: &Verification| match verification.status {
        VerificationStatus::Verified => 0,
        VerificationStatus::NotVerified => 1,
        VerificationStatus::Impossible => 2,
        VerificationStatus::Failed => 3,
    };
    let sampled_rows = earlier.sampled_rows + later.sampled_rows;
    let not_kept_rows = earlier.not_kept_rows + later.not_kept_rows;
    let unknown_rows = earlier.unknown_rows + later.unknown_rows;
    let unknown_rows_found = earlier.unknown_rows_found + later.unknown_rows_found;
    let joined = |a: &[String], b: &[String]| [a, b].concat();
    let problems = joined(&earlier.problems, &later.problems);
    let integrity = joined(&earlier.integrity, &later.integrity);
    let chosen = if badness(&earlier) > badness(&later) { earlier } else { later };
    let counted = Verification { sampled_rows, not_kept_rows, unknown_rows, unknown_rows_found, ..chosen };
    Verification { problems, integrity, ..counted }
}
