//! From what was measured to a configuration. Pure arithmetic; judging the figures is left to `validity`, `findings` and `targets`.

use indexmap::IndexMap;

use super::load;
use super::{HISTOGRAM_UNIT, Validity, encode_histogram, model::*};
use crate::measure::{
    CheckpointMeasurement, ErrorMeasurement, Latencies, LevelMeasurement, OperationMeasurement, Verification,
    WorkerMeasurement,
};
use crate::plan::{Extent, Plan, Workload};

/// The workload of a measurement.
///
/// # Panics
/// If the plan has none of that name.
pub(super) fn workload<'a>(plan: &'a Plan, level: &LevelMeasurement) -> &'a Workload {
    let found = plan.workloads.iter().find(|workload| workload.name == level.workload);
    found.expect("a measurement names a workload of its plan")
}

/// A level of which nothing is known yet.
pub(super) fn nothing(plan: &Plan, workload: &str, concurrency: u32) -> LevelMeasurement {
    let operation = |name: &str| OperationMeasurement { name: name.to_owned(), ..Default::default() };
    LevelMeasurement {
        workload: workload.to_owned(),
        concurrency,
        complete: true,
        operations: plan.operations.iter().map(|one| operation(&one.name)).collect(),
        ..LevelMeasurement::default()
    }
}

/// The figures of a level, not yet judged; its iterations and what they come to are left to the caller.
///
/// # Panics
/// If the measurement names a workload or an operation that the plan does not have.
pub(super) fn configuration(
    plan: &Plan,
    level: &LevelMeasurement,
    verification: Verification,
) -> Configuration {
    let workload = workload(plan, level);
    let (succeeded, overall) = overall(level);
    let attempted = overall.count + overall.errors + overall.unknown;
    let lasting = matches!(workload.extent, Extent::Time { .. });
    let name = |index: usize| {
        plan.operations.get(index).expect("a measurement names operations of its plan").name.clone()
    };
    Configuration {
        concurrency: level.concurrency,
        total_writes: if lasting { attempted } else { level.planned },
        metrics: workload.only_writes(&plan.operations).then(|| metrics(&overall, level.duration_ns)),
        workload: level.workload.clone(),
        variant: plan.variant.clone(),
        parameters: plan.parameters.clone(),
        settings: IndexMap::new(),
        limits: limits(plan),
        engine: None,
        durability: None,
        attempted,
        succeeded: overall.count,
        unknown: overall.unknown,
        complete: level.complete,
        duration_ms: ms(level.duration_ns),
        used_up: lasting.then_some(level.used_up),
        operations: operations(level, workload),
        errors: error_figures(&level.errors, &name),
        unknown_outcomes: error_figures(&level.unknown, &name),
        time_series: time_series(level),
        workers: workers(&level.workers),
        slowest: slowest(level, &name),
        warm_up: level.warm_up.map(load::warm_up),
        arrivals: level.arrivals.as_ref().map(|measured| load::arrivals(measured, level, workload)),
        retries: level.retries.map(load::retries),
        batches: level.batches.as_ref().map(|measured| load::batches(measured, workload)),
        pool: level.pool.as_ref().map(load::pool),
        statement_cache: load::statement_cache(&level.resources.engine),
        times: level.times.and_then(load::times),
        checkpoints: load::checkpoints(level),
        resources: load::resources(&level.resources),
        floor: Floor {
            ns_per_operation: level.floor_ns,
            operations_per_second: (level.floor_ns > 0).then(|| thousandths(1e9 / level.floor_ns as f64)),
        },
        verification,
        validity: Validity::default(),
        targets: Vec::new(),
        iterations: Vec::new(),
        iterations_succeeded: 0,
        iterations_failed: 0,
        failures: Vec::new(),
        statistics: None,
        cv: None,
        histogram: histogram(&succeeded),
        histogram_unit: (overall.count > 0).then(|| HISTOGRAM_UNIT.to_owned()),
        reset: level.reset_ns.map(|ns| ResetFigures {
            total_ms: ms(ns),
            avg_ms: (attempted > 0).then(|| picoseconds(ns as f64 / 1e6 / attempted as f64)),
        }),
        overall,
    }
}

fn limits(plan: &Plan) -> Option<LimitFigures> {
    let limits = plan.limits;
    (!limits.is_empty()).then_some(LimitFigures { memory_bytes: limits.memory_bytes, cpus: limits.cpus })
}

/// All operations together, and their latencies.
pub(super) fn overall(level: &LevelMeasurement) -> (Latencies, OperationFigures) {
    let mut succeeded = Latencies::default();
    let mut failed = Latencies::default();
    for operation in &level.operations {
        succeeded.merge(&operation.succeeded);
        failed.merge(&operation.failed);
    }
    let sum = |of: fn(&OperationMeasurement) -> u64| level.operations.iter().map(of).sum::<u64>();
    let figures = OperationFigures {
        service_ms: level.arrivals.as_ref().and_then(|arrivals| latency(&arrivals.service)),
        bytes_per_second: bytes_per_second(sum(|one| one.payload_bytes), level.duration_ns),
        ..figures(&succeeded, &failed, (sum(|one| one.errors), sum(|one| one.unknown)), level.duration_ns)
    };
    (succeeded, figures)
}

/// Those that the workload has.
pub(super) fn operations_of<'a>(
    level: &'a LevelMeasurement,
    workload: &Workload,
) -> impl Iterator<Item = &'a OperationMeasurement> {
    let comes =
        |index: usize| workload.crews.iter().any(|crew| crew.counts.get(index).is_some_and(|n| *n > 0));
    let measured = level.operations.iter().enumerate();
    measured
        .filter(move |(index, one)| comes(*index) || one.succeeded.count() + one.errors + one.unknown > 0)
        .map(|(_, one)| one)
}

fn operations(level: &LevelMeasurement, workload: &Workload) -> IndexMap<String, OperationFigures> {
    operations_of(level, workload)
        .map(|one| {
            let figures = OperationFigures {
                bytes_per_second: bytes_per_second(one.payload_bytes, level.duration_ns),
                histogram: histogram(&one.succeeded),
                ..figures(&one.succeeded, &one.failed, (one.errors, one.unknown), level.duration_ns)
            };
            (one.name.clone(), figures)
        })
        .collect()
}

fn slowest(level: &LevelMeasurement, name: &dyn Fn(usize) -> String) -> Vec<SlowOperation> {
    let one = |slow: &crate::measure::SlowOperation| SlowOperation {
        latency_ms: ms(slow.latency_ns),
        worker: index(slow.worker),
        operation: name(slow.operation),
        row: slow.row,
        second: slow.second,
    };
    level.slowest.iter().map(one).collect()
}

fn error_figures(kinds: &[ErrorMeasurement], name: &dyn Fn(usize) -> String) -> Vec<ErrorFigures> {
    let one = |error: &ErrorMeasurement| ErrorFigures {
        code: error.code.to_string(),
        operation: name(error.operation),
        count: error.count,
        sample: error.sample.clone(),
    };
    kinds.iter().map(one).collect()
}

/// Without payload and histogram.
pub(super) fn figures(
    succeeded: &Latencies,
    failed: &Latencies,
    (errors, unknown): (u64, u64),
    duration_ns: u64,
) -> OperationFigures {
    let count = succeeded.count();
    let attempted = count + errors + unknown;
    OperationFigures {
        count,
        errors,
        unknown,
        success_rate: (attempted > 0).then(|| count as f64 / attempted as f64),
        throughput: per_second(count, duration_ns),
        bytes_per_second: None,
        latency_ms: latency(succeeded),
        service_ms: None,
        failed_latency_ms: latency(failed),
        histogram: None,
    }
}

/// Absent where nothing was recorded.
pub(super) fn histogram(latencies: &Latencies) -> Option<String> {
    (latencies.count() > 0).then(|| encode_histogram(&latencies.to_hdr())).flatten()
}

fn metrics(overall: &OperationFigures, duration_ns: u64) -> Metrics {
    let latency = overall.latency_ms;
    Metrics {
        avg_write_time: latency.map(|l| l.avg),
        min_write_time: latency.map(|l| l.min),
        max_write_time: latency.map(|l| l.max),
        p95: latency.map(|l| l.p95),
        p99: latency.map(|l| l.p99),
        writes_per_second: overall.throughput,
        error_count: overall.errors,
        total_duration: ms(duration_ns),
    }
}

/// Absent where nothing was recorded. A percentile of a histogram may lie a bucket's width outside of what was seen; it is brought
/// back between the extremes, which are exact.
pub(super) fn latency(latencies: &Latencies) -> Option<LatencyMs> {
    let (min, max) = (latencies.min_ns()?, latencies.max_ns()?);
    let percentile = |p: f64| latencies.percentile_ns(p).map(|ns| ms(ns.clamp(min, max)));
    Some(LatencyMs {
        avg: picoseconds(latencies.mean_ns()? / 1e6),
        min: ms(min),
        max: ms(max),
        stddev: picoseconds(latencies.stddev_ns().unwrap_or(0.0) / 1e6),
        p50: percentile(50.0)?,
        p90: percentile(90.0)?,
        p95: percentile(95.0)?,
        p99: percentile(99.0)?,
        p999: percentile(99.9)?,
    })
}

fn time_series(level: &LevelMeasurement) -> Vec<SecondFigures> {
    let backlog = level.arrivals.as_ref().map(|arrivals| &arrivals.backlog);
    let seconds = (0u64..).zip(&level.time_series);
    seconds
        .map(|(second, figures)| SecondFigures {
            second,
            iteration: None,
            operations: figures.operations,
            errors: figures.errors,
            unknown: figures.unknown,
            p50: figures.p50_ns.map(ms),
            p99: figures.p99_ns.map(ms),
            backlog: backlog.and_then(|backlog| backlog.get(second as usize).copied()),
            checkpoint_ms: (!level.checkpoints.is_empty())
                .then(|| ms(level.checkpoints.iter().map(|one| within(one, second)).sum())),
        })
        .collect()
}

/// Nanoseconds of a checkpoint that fall into a second.
fn within(checkpoint: &CheckpointMeasurement, second: u64) -> u64 {
    let (start, end) = (second * 1_000_000_000, (second + 1) * 1_000_000_000);
    let ended = checkpoint.start_ns + checkpoint.duration_ns;
    ended.min(end).saturating_sub(checkpoint.start_ns.max(start))
}

fn workers(measured: &[WorkerMeasurement]) -> Workers {
    let list: Vec<WorkerFigures> = measured
        .iter()
        .enumerate()
        .map(|(worker, figures)| WorkerFigures {
            worker: index(worker),
            attempted: figures.attempted,
            succeeded: figures.succeeded,
            longest_ms: ms(figures.longest_ns),
        })
        .collect();
    let share = |w: &WorkerFigures| WorkerShare { worker: w.worker, acknowledged: w.succeeded };
    Workers {
        count: index(list.len()),
        fewest: list.iter().min_by_key(|w| w.succeeded).map(share),
        most: list.iter().min_by_key(|w| std::cmp::Reverse(w.succeeded)).map(share),
        longest_wait_ms: measured.iter().map(|w| w.longest_ns).max().map(ms),
        list,
    }
}

/// Workers are at most 1,024.
fn index(worker: usize) -> u32 {
    u32::try_from(worker).unwrap_or(u32::MAX)
}

pub(super) fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

/// Nothing was measured in no time: 0, since JSON knows no infinity.
pub(super) fn per_second(count: u64, duration_ns: u64) -> f64 {
    let seconds = duration_ns as f64 / 1e9;
    if seconds > 0.0 { thousandths(count as f64 / seconds) } else { 0.0 }
}

/// Absent where no bytes were counted.
fn bytes_per_second(bytes: u64, duration_ns: u64) -> Option<f64> {
    (bytes > 0).then(|| per_second(bytes, duration_ns))
}

pub(super) fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Milliseconds without the digits that a mean of nanoseconds does not have.
fn picoseconds(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn the_main_figures_are_those_of_acknowledged_writes() {
        let mut result = begun();
        result.add_level(&plan(), &level(2, &[1_000_000, 3_000_000], 2), verified(2), 1);
        let metrics = result.document.configurations[0].metrics.unwrap();
        assert_eq!(metrics.avg_write_time, Some(2.0));
        assert_eq!(metrics.min_write_time, Some(1.0));
        assert_eq!(metrics.max_write_time, Some(3.0));
        assert_eq!(metrics.p99, Some(3.0));
        assert_eq!(metrics.error_count, 2);
        assert_eq!(metrics.total_duration, 4.0);
        assert_eq!(metrics.writes_per_second, 500.0);
        let level = &result.document.configurations[0];
        assert_eq!((level.attempted, level.succeeded), (4, 2));
        assert_eq!(level.iterations[0].throughput, 500.0);
        assert_eq!(level.errors[0].operation, "users");
    }

    #[test]
    fn times_are_null_where_nothing_was_acknowledged() {
        let mut result = begun();
        result.add_level(&plan(), &level(2, &[], 4), verified(0), 1);
        let document = serde_json::to_value(&result.document).unwrap();
        let level = &document["configurations"][0];
        let metrics = level["metrics"].as_object().unwrap();
        assert_eq!(metrics.len(), 8);
        assert!(metrics["p95"].is_null());
        assert_eq!(metrics["writesPerSecond"], 0.0);
        assert!(level["overall"].get("latencyMs").is_none());
        assert!(level.get("histogram").is_none());
    }

    #[test]
    fn the_document_begins_as_the_first_users_asked_for() {
        let result = finished();
        let document = serde_json::to_value(&result).unwrap();
        let keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..4], ["testName", "configurationId", "timestamp", "configurations"]);
        let level = document["configurations"][0].as_object().unwrap();
        let keys: Vec<&str> = level.keys().map(String::as_str).collect();
        assert_eq!(keys[..3], ["concurrency", "totalWrites", "metrics"]);
        assert_eq!(document["timestamp"], "2026-11-21T10:00:00Z");
    }

    #[test]
    fn the_histogram_of_a_level_decodes_to_its_writes() {
        let result = finished();
        let level = &result.configurations[0];
        let histogram = super::super::decode_histogram(level.histogram.as_deref().unwrap()).unwrap();
        assert_eq!(histogram.len(), level.succeeded);
    }
}
