//! Figures of what a workload has beyond operations: open loop, retries, batches, pool, statement cache, times, checkpoints, resources.

use super::build::{histogram, latency, ms, per_second, thousandths};
use super::model::*;
use crate::engine::{BufferCounters, Counters};
use crate::measure::{
    ArrivalMeasurement, BatchMeasurement, LevelMeasurement, PoolMeasurement, ResourceMeasurement,
    RetryMeasurement, TimesMeasurement, WarmUpMeasurement,
};
use crate::plan::{BatchSize, Extent, Load, Stage, Workload};

/// Checkpoints that a result lists one by one.
const LISTED_CHECKPOINTS: usize = 1_000;

pub(super) fn warm_up(measured: WarmUpMeasurement) -> WarmUpFigures {
    WarmUpFigures {
        attempted: measured.attempted,
        succeeded: measured.succeeded,
        duration_ms: ms(measured.duration_ns),
    }
}

pub(super) fn arrivals(
    measured: &ArrivalMeasurement,
    level: &LevelMeasurement,
    workload: &Workload,
) -> ArrivalFigures {
    let ended: u64 =
        level.operations.iter().map(|one| one.succeeded.count() + one.errors + one.unknown).sum();
    let asked = match &workload.load {
        Load::Open { stages, .. } => asked_rate(stages, workload.extent),
        Load::Closed => None,
    };
    ArrivalFigures {
        asked_rate: asked.map_or_else(|| per_second(measured.due, level.duration_ns), thousandths),
        achieved_rate: per_second(ended, level.duration_ns),
        due: measured.due,
        not_started: measured.not_started,
        backlog_max: measured.backlog_max,
        service_histogram: histogram(&measured.service),
    }
}

/// Arrivals divided by the time in which they come; the last stage goes on until the level ends.
fn asked_rate(stages: &[Stage], extent: Extent) -> Option<f64> {
    // Seconds until nothing is left to arrive at this rate.
    let room = |rate: f64, arrivals: f64, seconds: f64| match extent {
        Extent::Total(total) => (total as f64 - arrivals) / rate,
        Extent::Time { duration_ns, .. } => duration_ns as f64 / 1e9 - seconds,
    };
    let (mut arrivals, mut seconds) = (0.0, 0.0);
    for (index, stage) in stages.iter().enumerate() {
        let room = room(stage.rate, arrivals, seconds).max(0.0);
        let own = stage.duration_ns.filter(|_| index + 1 < stages.len());
        let length = own.map_or(room, |ns| (ns as f64 / 1e9).min(room));
        arrivals += stage.rate * length;
        seconds += length;
    }
    (seconds > 0.0).then(|| arrivals / seconds)
}

pub(super) fn retries(measured: RetryMeasurement) -> RetryFigures {
    RetryFigures {
        attempts: measured.attempts,
        succeeded: measured.succeeded,
        gave_up: measured.gave_up,
        delay_ms: ms(measured.delay_ns),
    }
}

pub(super) fn batches(measured: &BatchMeasurement, workload: &Workload) -> BatchFigures {
    let allowed = match workload.batch.map(|batch| batch.size) {
        Some(BatchSize::Adaptive { min, max, .. }) => Some((min, max)),
        _ => None,
    };
    BatchFigures {
        count: measured.latencies.count(),
        failed: measured.failed,
        unknown: measured.unknown,
        latency_ms: latency(&measured.latencies),
        size_min: measured.size_min,
        size_max: measured.size_max,
        allowed_min: allowed.map(|(min, _)| min),
        allowed_max: allowed.map(|(_, max)| max),
        settled_sizes: measured.settled.clone(),
        histogram: histogram(&measured.latencies),
    }
}

pub(super) fn pool(measured: &PoolMeasurement) -> PoolFigures {
    PoolFigures {
        checkout_ms: latency(&measured.checkouts),
        checkouts: measured.checkouts.count(),
        timeouts: measured.timeouts,
        opened: measured.opened,
        closed: measured.closed,
        open_max: measured.open_max,
        failed: measured.failed,
        histogram: histogram(&measured.checkouts),
    }
}

/// Absent where no statement went through a cache.
pub(super) fn statement_cache(counters: &Counters) -> Option<StatementCacheFigures> {
    let (hits, misses) = (counters.statement_hits?, counters.statement_misses?);
    let all = hits + misses;
    (all > 0).then(|| StatementCacheFigures { hits, misses, hit_rate: hits as f64 / all as f64 })
}

/// Absent where no operation was looked at.
pub(super) fn times(measured: TimesMeasurement) -> Option<TimesFigures> {
    let all = measured.waiting_ns + measured.executing_ns + measured.committing_ns;
    let share = |ns: u64| ns as f64 / all as f64;
    (measured.operations > 0 && all > 0).then(|| TimesFigures {
        operations: measured.operations,
        waiting_ms: ms(measured.waiting_ns),
        executing_ms: ms(measured.executing_ns),
        committing_ms: ms(measured.committing_ns),
        waiting_share: share(measured.waiting_ns),
        executing_share: share(measured.executing_ns),
        committing_share: share(measured.committing_ns),
    })
}

/// Absent where there were none.
pub(super) fn checkpoints(level: &LevelMeasurement) -> Option<CheckpointFigures> {
    let mut kept = level.checkpoints.clone();
    let longest = kept.iter().map(|one| one.duration_ns).max()?;
    let total: u64 = kept.iter().map(|one| one.duration_ns).sum();
    kept.sort_by_key(|one| std::cmp::Reverse(one.duration_ns));
    kept.truncate(LISTED_CHECKPOINTS);
    kept.sort_by_key(|one| one.start_ns);
    let list = kept.iter().map(|one| Checkpoint {
        start_ms: ms(one.start_ns),
        duration_ms: ms(one.duration_ns),
        pages: one.pages,
    });
    Some(CheckpointFigures {
        count: level.checkpoints.len() as u64,
        pages: level.checkpoints.iter().map(|one| one.pages).sum(),
        total_ms: ms(total),
        longest_ms: ms(longest),
        share: if level.duration_ns > 0 { total as f64 / level.duration_ns as f64 } else { 0.0 },
        list: list.collect(),
    })
}

pub(super) fn resources(measured: &ResourceMeasurement) -> Resources {
    let engine = &measured.engine;
    Resources {
        user_cpu_ms: measured.user_cpu_ns.map(ms),
        system_cpu_ms: measured.system_cpu_ns.map(ms),
        peak_memory_bytes: measured.peak_memory_bytes,
        read_bytes: measured.read_bytes,
        written_bytes: measured.written_bytes,
        other_load: measured.other_load,
        database_bytes: engine.database_bytes,
        wal_bytes: engine.wal_bytes,
        cache_hits: engine.cache_hits,
        cache_misses: engine.cache_misses,
        cache_writes: engine.cache_writes,
        cache_spills: engine.cache_spills,
        checkpoints: engine.checkpoints,
        syncs: engine.syncs,
        buffer: engine.buffer.map(|counted| buffer(&counted, measured.drain_ns)),
    }
}

fn buffer(counted: &BufferCounters, drain_ns: Option<u64>) -> BufferFigures {
    let flush_ms = (counted.flushes > 0).then(|| FlushMs {
        avg: ms(counted.flush_ns) / counted.flushes as f64,
        min: ms(counted.flush_ns_min),
        max: ms(counted.flush_ns_max),
    });
    BufferFigures {
        rotations: counted.rotations,
        timed_rotations: counted.timed_rotations,
        flushes: counted.flushes,
        flushed_rows: counted.flushed_rows,
        flush_ms,
        waits: counted.waits,
        wait_ms: ms(counted.wait_ns),
        at_risk_max: counted.at_risk_max,
        at_risk_limit: counted.at_risk_limit,
        drain_ms: drain_ns.map(ms),
    }
}
