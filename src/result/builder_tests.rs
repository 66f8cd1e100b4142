//! How levels and their iterations come together in a result.

use super::super::testing::*;
use super::super::validate;
use super::*;
use crate::measure::*;
use crate::plan::{Arrivals, Batch, BatchMode, BatchSize, Extent, Load, Stage};

fn repeated(iterations: u32) -> Plan {
    let mut plan = plan();
    plan.workloads[0].iterations = iterations;
    plan
}

fn iteration(number: u32, latencies: &[u64], refused: u64) -> LevelMeasurement {
    LevelMeasurement { iteration: number, ..level(2, latencies, refused) }
}

#[test]
fn iterations_of_a_level_become_one_configuration() {
    let plan = repeated(3);
    let mut result = begun();
    result.add_level(&plan, &iteration(1, &[1_000_000, 3_000_000], 0), verified(2), 1);
    result.add_level(&plan, &iteration(2, &[2_000_000, 8_000_000], 2), verified(2), 2);
    let mut slow = iteration(3, &[5_000_000, 5_000_000], 0);
    slow.duration_ns = 8_000_000;
    result.add_level(&plan, &slow, verified(2), 3);
    let [level] = result.document.configurations.as_slice() else { panic!("one configuration") };
    assert_eq!((level.attempted, level.succeeded, level.total_writes), (8, 6, 8));
    assert_eq!(level.duration_ms, 16.0);
    assert_eq!(level.overall.throughput, 375.0, "acknowledged by durations, not a mean of rates");
    assert_eq!(level.overall.latency_ms.unwrap().avg, 4.0);
    assert_eq!(level.overall.latency_ms.unwrap().max, 8.0);
    let throughputs: Vec<f64> = level.iterations.iter().map(|one| one.throughput).collect();
    assert_eq!(throughputs, [500.0, 500.0, 250.0]);
    assert_eq!(level.iterations[2].iteration, 3);
    assert_eq!(level.iterations[2].avg_ms, Some(5.0));
    // Mean 416.67, deviation 144.34.
    assert!((level.cv.unwrap() - 0.346_410).abs() < 1e-6, "{:?}", level.cv);
    let seconds: Vec<_> = level.time_series.iter().map(|s| (s.second, s.iteration)).collect();
    assert_eq!(seconds, [(0, Some(1)), (1, Some(2)), (2, Some(3))]);
    assert_eq!(level.slowest[0].latency_ms, 8.0);
    assert_eq!(level.slowest[0].second, 1);
    assert_eq!(level.verification.sampled_rows, 6);
    assert!(!level.validity.doubts.iter().any(|doubt| doubt.code == "one-iteration"));
    let document = serde_json::to_value(&result.document).unwrap();
    assert_eq!(validate(&document), Vec::<String>::new());
}

#[test]
fn the_histogram_of_iterations_holds_all_of_their_operations() {
    let plan = repeated(2);
    let mut result = begun();
    result.add_level(&plan, &iteration(1, &[1_000_000; 30], 0), verified(30), 1);
    result.add_level(&plan, &iteration(2, &[9_000_000; 10], 0), verified(10), 2);
    let level = &result.document.configurations[0];
    let decoded = super::super::decode_histogram(level.histogram.as_deref().unwrap()).unwrap();
    assert_eq!(decoded.len(), 40);
    let times = level.overall.latency_ms.unwrap();
    assert!(times.p50 < 1.01 && times.p90 > 8.9, "{times:?}");
}

#[test]
fn the_next_level_is_another_configuration() {
    let plan = repeated(2);
    let mut result = begun();
    for concurrency in [1, 2] {
        for number in [1, 2] {
            let measured = LevelMeasurement { iteration: number, ..level(concurrency, &[1_000_000], 0) };
            result.add_level(&plan, &measured, verified(1), 1);
        }
    }
    let found: Vec<_> =
        result.document.configurations.iter().map(|c| (c.concurrency, c.iterations.len())).collect();
    assert_eq!(found, [(1, 2), (2, 2)]);
}

#[test]
fn the_worst_verification_of_all_iterations_counts() {
    let plan = repeated(3);
    let mut result = begun();
    let failed = Verification {
        status: VerificationStatus::Failed,
        problems: vec!["Table users has 1 row of 2.".to_owned()],
        ..verified(2)
    };
    result.add_level(&plan, &iteration(1, &[1_000_000], 0), verified(1), 1);
    result.add_level(&plan, &iteration(2, &[1_000_000], 0), failed, 2);
    result.add_level(&plan, &iteration(3, &[1_000_000], 0), verified(1), 3);
    let level = &result.document.configurations[0];
    assert_eq!(level.verification.status, VerificationStatus::Failed);
    assert_eq!(level.verification.problems, ["Table users has 1 row of 2."]);
    assert!(result.document.verification_failed() && !level.validity.valid);
}

#[test]
fn one_short_iteration_makes_the_level_incomplete() {
    let plan = repeated(2);
    let mut result = begun();
    result.add_level(&plan, &iteration(1, &[1_000_000], 0), verified(1), 1);
    let short = LevelMeasurement { complete: false, ..iteration(2, &[1_000_000], 0) };
    result.add_level(&plan, &short, verified(1), 1);
    assert!(!result.document.configurations[0].complete);
}

#[test]
fn a_workload_that_reads_has_no_metrics_of_writing_and_only_its_own_operations() {
    let mut plan = plan();
    plan.operations[0].kind = crate::plan::Kind::Get { table: 0 };
    let mut result = begun();
    result.add_level(&plan, &level(1, &[1_000_000, 2_000_000], 0), verified(1), 1);
    let configuration = &result.document.configurations[0];
    assert_eq!(configuration.metrics, None);
    assert_eq!(configuration.operations.len(), 2);
    plan.workloads[0].crews[0].counts = vec![0, 4];
    result.add_level(&plan, &level(2, &[], 0), verified(0), 2);
    let configuration = &result.document.configurations[1];
    assert_eq!(configuration.operations.keys().collect::<Vec<_>>(), ["posts"]);
    assert!(configuration.metrics.is_some(), "the read does not come in this workload");
}

fn latencies(values: &[u64]) -> Latencies {
    let mut latencies = Latencies::default();
    values.iter().for_each(|value| latencies.record(*value));
    latencies
}

fn with_everything(number: u32) -> LevelMeasurement {
    let second = SecondMeasurement { operations: 1, ..SecondMeasurement::default() };
    let mut measured = iteration(number, &[40_000_000, 50_000_000], 0);
    measured.duration_ns = 1_500_000_000;
    measured.time_series = vec![second.clone(), second];
    measured.warm_up = Some(WarmUpMeasurement { attempted: 5, succeeded: 4, duration_ns: 2_000_000 });
    measured.arrivals = Some(ArrivalMeasurement {
        due: 6,
        not_started: 4,
        backlog_max: 4,
        backlog: vec![1, 4],
        service: latencies(&[1_000_000, 2_000_000]),
    });
    measured.retries = Some(RetryMeasurement { attempts: 3, succeeded: 2, gave_up: 1, delay_ns: 7_000_000 });
    measured.batches = Some(BatchMeasurement {
        latencies: latencies(&[90_000_000]),
        failed: 1,
        unknown: 0,
        size_min: u64::from(number),
        size_max: 9,
        settled: vec![u64::from(number), 5],
    });
    measured.pool = Some(PoolMeasurement {
        checkouts: latencies(&[3_000_000, 4_000_000]),
        timeouts: 1,
        opened: 2,
        closed: 1,
        open_max: 2,
        failed: 0,
    });
    measured.times = Some(TimesMeasurement {
        operations: 2,
        waiting_ns: 60_000_000,
        executing_ns: 20_000_000,
        committing_ns: 20_000_000,
    });
    // From 0.9 s to 1.2 s: it falls into two seconds.
    measured.checkpoints =
        vec![CheckpointMeasurement { start_ns: 900_000_000, duration_ns: 300_000_000, pages: 7 }];
    measured.resources.engine.statement_hits = Some(3);
    measured.resources.engine.statement_misses = Some(1);
    measured
}

fn open_plan() -> Plan {
    let mut plan = repeated(2);
    let workload = &mut plan.workloads[0];
    workload.extent = Extent::Time { duration_ns: 3_000_000_000, at_most: 100 };
    let stage = |rate, seconds: u64| Stage { rate, duration_ns: Some(seconds * 1_000_000_000) };
    workload.load = Load::Open { arrivals: Arrivals::Poisson, stages: vec![stage(6.0, 1), stage(3.0, 1)] };
    let size = BatchSize::Adaptive { min: 2, max: 9, success: 0.95 };
    workload.batch = Some(Batch { mode: BatchMode::Transaction, size });
    plan
}

#[test]
fn everything_that_was_measured_stands_in_the_document() {
    let mut result = begun();
    result.add_level(&open_plan(), &with_everything(1), verified(2), 1);
    let document = serde_json::to_value(&result.document).unwrap();
    assert_eq!(validate(&document), Vec::<String>::new());
    let level = &document["configurations"][0];
    assert_eq!(level["warmUp"], serde_json::json!({ "attempted": 5, "succeeded": 4, "durationMs": 2.0 }));
    // 6/s for a second, then 3/s for the remaining two.
    assert_eq!(level["arrivals"]["askedRate"], 4.0);
    assert_eq!(level["arrivals"]["achievedRate"], 1.333);
    assert_eq!(level["arrivals"]["notStarted"], 4);
    assert_eq!(level["overall"]["serviceMs"]["avg"], 1.5);
    assert_eq!(level["overall"]["latencyMs"]["avg"], 45.0);
    assert_eq!(level["timeSeries"][1]["backlog"], 4);
    assert_eq!(level["timeSeries"][0]["checkpointMs"], 100.0);
    assert_eq!(level["timeSeries"][1]["checkpointMs"], 200.0);
    assert_eq!(level["checkpoints"]["share"], 0.2);
    assert_eq!(level["checkpoints"]["list"][0]["pages"], 7);
    assert_eq!(level["retries"]["gaveUp"], 1);
    assert_eq!(level["batches"]["allowedMin"], 2);
    assert_eq!(level["batches"]["latencyMs"]["max"], 90.0);
    assert_eq!(level["pool"]["checkoutMs"]["max"], 4.0);
    assert_eq!(level["statementCache"]["hitRate"], 0.75);
    assert_eq!(level["times"]["waitingShare"], 0.6);
    assert_eq!(level["usedUp"], false);
    assert_eq!(level["totalWrites"], 2, "for a time, what was attempted");
}

#[test]
fn what_a_workload_does_not_have_is_absent() {
    let document = serde_json::to_value(finished()).unwrap();
    let level = document["configurations"][0].as_object().unwrap();
    for key in [
        "warmUp",
        "arrivals",
        "retries",
        "batches",
        "pool",
        "statementCache",
        "times",
        "checkpoints",
        "usedUp",
        "cv",
    ] {
        assert!(!level.contains_key(key), "{key}");
    }
    assert!(!level["overall"].as_object().unwrap().contains_key("serviceMs"));
    assert!(!level["timeSeries"][0].as_object().unwrap().contains_key("backlog"));
    assert_eq!(level["operations"]["users"]["successRate"], 1.0);
}

#[test]
fn everything_that_was_measured_is_pooled_over_iterations() {
    let plan = open_plan();
    let mut result = begun();
    let mut first = with_everything(1);
    // A backlog that was noted once less than the time series has seconds.
    first.arrivals.as_mut().unwrap().backlog.truncate(1);
    result.add_level(&plan, &first, verified(2), 1);
    result.add_level(&plan, &with_everything(2), verified(2), 1);
    let level = &result.document.configurations[0];
    let backlog: Vec<_> = level.time_series.iter().map(|second| second.backlog).collect();
    assert_eq!(backlog, [Some(1), Some(0), Some(1), Some(4)]);
    let stalled: Vec<_> = level.time_series.iter().map(|second| second.checkpoint_ms).collect();
    assert_eq!(stalled, [Some(100.0), Some(200.0), Some(100.0), Some(200.0)]);
    let arrivals = level.arrivals.as_ref().unwrap();
    assert_eq!((arrivals.due, arrivals.not_started, arrivals.backlog_max), (12, 8, 4));
    assert_eq!(level.retries.unwrap().attempts, 6);
    let batches = level.batches.as_ref().unwrap();
    assert_eq!((batches.count, batches.size_min, batches.settled_sizes.as_slice()), (2, 1, &[2, 5][..]));
    let pool = level.pool.as_ref().unwrap();
    assert_eq!((pool.checkouts, pool.opened, pool.open_max), (4, 4, 2));
    assert_eq!(level.times.unwrap().operations, 4);
    assert_eq!(level.warm_up.unwrap().attempted, 10);
    assert_eq!(level.statement_cache.unwrap().hits, 6);
    assert_eq!(level.checkpoints.as_ref().unwrap().count, 2);
}
