//! From what the workers brought back to the figures of a level.

use std::sync::atomic::Ordering;

use super::RunError;
use super::delay::{self, Delayed};
use super::level::{self, Lines, Way, Work, Worked};
use super::live::Watched;
use super::worker::Tally;
use crate::clock::Clock;
use crate::engine::null::NullEngine;
use crate::engine::{Checkpoint, Counters, Engine, EngineError};
use crate::machine;
use crate::measure::{
    BatchMeasurement, CheckpointMeasurement, LevelMeasurement, Merged, ResourceMeasurement, RetryMeasurement,
    TimeSeries, TimesMeasurement, WarmUpMeasurement, merge,
};
use crate::plan::{Extent, WarmUp, Workload};

/// Operations of the tape that the floor is measured over, at most.
const FLOOR_OPERATIONS: u64 = 200_000;
const FLOOR_ROUNDS: usize = 3;

/// Which level is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) concurrency: u32,
    pub(super) iteration: u32,
    pub(super) floor_ns: u64,
    /// Set-up and tear-down around every write.
    pub(super) per_write: bool,
}

/// Opens the sessions, runs the level and reads the counters.
pub(super) fn measure(
    work: &Work<'_>,
    engine: &mut dyn Engine,
    level: Level,
    watched: &Watched,
) -> Result<(LevelMeasurement, Worked), RunError> {
    let before = machine::usage();
    let other_load = machine::other_load();
    let counted_before = engine.counters()?;
    // Those of setting up and loading are nobody's.
    engine.take_checkpoints();
    let lines = open(work, engine, level.concurrency)?;
    let way = Way::of(work.workload, level.per_write);
    let workers = level.concurrency as usize;
    let mut worked = level::work(work, lines, workers, way, level.per_write, watched)?;
    let used = machine::usage().since(&before);
    let (counted, drain_ns) = settled(work.clock, engine, &counted_before, &mut worked);
    let resources = ResourceMeasurement {
        user_cpu_ns: used.user_cpu_ns,
        system_cpu_ns: used.system_cpu_ns,
        peak_memory_bytes: used.peak_memory_bytes,
        read_bytes: used.read_bytes,
        written_bytes: used.written_bytes,
        other_load,
        engine: counted,
        drain_ns,
    };
    let checkpoints = engine.take_checkpoints();
    Ok((put_together(work, level, &mut worked, resources, &checkpoints), worked))
}

/// What the engine counted, once it has finished what goes on behind acknowledged operations, and how long that took. What it cannot do any more
/// ends the run, and takes nothing from what was measured before.
fn settled(
    clock: &Clock,
    engine: &mut dyn Engine,
    before: &Counters,
    worked: &mut Worked,
) -> (Counters, Option<u64>) {
    let start = clock.now();
    let drained = engine.drain();
    let drain_ns = clock.nanos_between(start, clock.now());
    let counted = engine.counters().map(|now| now.since(before));
    let counted = counted.unwrap_or_else(|error| {
        worked.fatal.get_or_insert(error);
        Counters::default()
    });
    if let Err(error) = drained {
        worked.fatal.get_or_insert(error);
    }
    let drain_ns = counted.buffer.map(|_| drain_ns);
    (counted, drain_ns)
}

fn open(work: &Work<'_>, engine: &mut dyn Engine, concurrency: u32) -> Result<Lines, RunError> {
    let delay = delay::of(work.plan);
    if let Some(pool) = work.workload.pool {
        return Ok(Lines::Shared { pool, connector: delay::connector(engine, delay, work.clock)? });
    }
    let open = |worker| {
        if work.stop.load(Ordering::Relaxed) {
            return Err(EngineError::Interrupted);
        }
        let session = engine.open_session(worker)?;
        Ok(match delay {
            Some(share) => Delayed::session(session, share, work.clock),
            None => session,
        })
    };
    Ok(Lines::Own((0..concurrency as usize).map(open).collect::<Result<Vec<_>, _>>()?))
}

fn put_together(
    work: &Work<'_>,
    level: Level,
    worked: &mut Worked,
    resources: ResourceMeasurement,
    checkpoints: &[Checkpoint],
) -> LevelMeasurement {
    let workload = work.workload;
    let nothing: Merged = merge(Vec::new(), &TimeSeries::default(), &[]);
    let merged = std::mem::replace(&mut worked.merged, nothing);
    let planned = planned(workload);
    let attempted: u64 = merged.workers.iter().map(|w| w.attempted).sum();
    let done = match workload.extent {
        Extent::Total(_) => attempted == planned,
        Extent::Time { .. } => !worked.halted,
    };
    let reset_ns = worked.tallies.iter().map(|t| t.reset_ns).sum();
    LevelMeasurement {
        workload: workload.name.clone(),
        iteration: level.iteration,
        concurrency: level.concurrency,
        planned,
        duration_ns: worked.duration_ns,
        complete: done && worked.fatal.is_none(),
        operations: merged.operations,
        time_series: merged.time_series,
        workers: merged.workers,
        slowest: merged.slowest,
        errors: merged.errors,
        unknown: merged.unknown,
        resources,
        floor_ns: level.floor_ns,
        reset_ns: level.per_write.then_some(reset_ns),
        warm_up: warm_up(workload.warm_up, merged.warm_up, worked),
        used_up: worked.used_up,
        arrivals: worked.arrivals.take(),
        retries: workload.retry.as_ref().map(|_| retries(&worked.tallies)),
        batches: workload.batch.map(|_| batches(&worked.tallies)),
        pool: worked.pool.take(),
        times: times(&worked.tallies),
        checkpoints: checkpoints_of(work.clock, worked, checkpoints),
        // Looking names up takes time that is nobody's.
        profile: work.sampler.and_then(|sampler| sampler.take()),
    }
}

/// Operations that are measured, at most.
pub(super) fn planned(workload: &Workload) -> u64 {
    workload.planned() * workload.crews.len() as u64
}

fn warm_up(kind: WarmUp, (attempted, succeeded): (u64, u64), worked: &Worked) -> Option<WarmUpMeasurement> {
    if kind == WarmUp::None {
        return None;
    }
    let last_ns = worked.tallies.iter().map(|t| t.last_ns).max().unwrap_or(0);
    Some(WarmUpMeasurement { attempted, succeeded, duration_ns: worked.origin_ns.unwrap_or(last_ns) })
}

fn retries(tallies: &[Tally]) -> RetryMeasurement {
    tallies.iter().fold(RetryMeasurement::default(), |sum, tally| RetryMeasurement {
        attempts: sum.attempts + tally.retries.attempts,
        succeeded: sum.succeeded + tally.retries.succeeded,
        gave_up: sum.gave_up + tally.retries.gave_up,
        delay_ns: sum.delay_ns + tally.retries.delay_ns,
    })
}

fn batches(tallies: &[Tally]) -> BatchMeasurement {
    let mut sum = BatchMeasurement::default();
    for batches in tallies.iter().map(|tally| &tally.batches) {
        sum.latencies.merge(&batches.latencies);
        sum.failed += batches.failed;
        sum.unknown += batches.unknown;
        sum.size_max = sum.size_max.max(batches.size_max);
        sum.settled.extend(&batches.settled);
    }
    let sent = tallies.iter().map(|tally| tally.batches.size_min).filter(|size| *size > 0);
    sum.size_min = sent.min().unwrap_or(0);
    sum
}

fn times(tallies: &[Tally]) -> Option<TimesMeasurement> {
    let sum = tallies.iter().fold(TimesMeasurement::default(), |sum, tally| TimesMeasurement {
        operations: sum.operations + tally.times.operations,
        waiting_ns: sum.waiting_ns + tally.times.waiting_ns,
        executing_ns: sum.executing_ns + tally.times.executing_ns,
        committing_ns: sum.committing_ns + tally.times.committing_ns,
    });
    (sum.operations > 0).then_some(sum)
}

/// Those that began after measuring did.
fn checkpoints_of(clock: &Clock, worked: &Worked, checkpoints: &[Checkpoint]) -> Vec<CheckpointMeasurement> {
    let Some(origin_ns) = worked.origin_ns else { return Vec::new() };
    let measured = |checkpoint: &Checkpoint| {
        let start_ns = clock.nanos_between(worked.start, checkpoint.start).checked_sub(origin_ns)?;
        let (duration_ns, pages) = (checkpoint.duration_ns, checkpoint.pages);
        Some(CheckpointMeasurement { start_ns, duration_ns, pages })
    };
    checkpoints.iter().filter(|c| c.start >= worked.start).filter_map(measured).collect()
}

/// Nanoseconds that the runner itself takes per operation: the first crew's tape, one worker in the plain way, an engine that does nothing. Median
/// of a few rounds; `fresh` gives the states of rows at the beginning.
pub(super) fn floor(work: &Work<'_>, fresh: &dyn Fn() -> super::states::RowStates) -> Result<u64, RunError> {
    let planned = work.tapes[0].len().min(FLOOR_OPERATIONS);
    let mut rounds = Vec::new();
    for _ in 0..FLOOR_ROUNDS {
        let states = fresh();
        let alone = Work { states: &states, ..*work };
        let lines = Lines::Own(vec![NullEngine.open_session(0)?]);
        let worked = level::work(&alone, lines, 1, Way::Plain(planned), false, &Watched::default())?;
        let ended_ns = worked.tallies.iter().map(|t| t.last_ns).max().unwrap_or(0);
        rounds.push(ended_ns / planned.max(1));
    }
    rounds.sort_unstable();
    Ok(rounds[FLOOR_ROUNDS / 2])
}
