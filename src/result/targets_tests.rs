//! Every kind of demand, met and not met.

use super::super::testing::*;
use super::*;

fn target(metric: &str) -> Target {
    Target {
        workload: None,
        operation: None,
        concurrency: None,
        variant: None,
        vars: Vec::new(),
        metric: metric.to_owned(),
        max: None,
        min: None,
        span: None,
    }
}

/// A believable level in which every figure was measured.
fn measured() -> Configuration {
    let mut level = finished().configurations.remove(1);
    let times = |base: f64| LatencyMs {
        avg: base,
        min: base + 1.0,
        max: base + 2.0,
        stddev: base + 3.0,
        p50: base + 4.0,
        p90: base + 5.0,
        p95: base + 6.0,
        p99: base + 7.0,
        p999: base + 8.0,
    };
    let with = |base: f64| OperationFigures {
        count: 10_000,
        errors: 2_500,
        success_rate: Some(0.8),
        throughput: 500.0,
        latency_ms: Some(times(base)),
        service_ms: Some(times(base + 10.0)),
        ..OperationFigures::default()
    };
    level.overall = with(100.0);
    level.operations.insert("users".to_owned(), with(200.0));
    level.batches = Some(BatchFigures {
        count: 10_000,
        failed: 0,
        unknown: 0,
        latency_ms: Some(times(300.0)),
        size_min: 1,
        size_max: 1,
        allowed_min: None,
        allowed_max: None,
        settled_sizes: Vec::new(),
        histogram: None,
    });
    level.pool = Some(PoolFigures {
        checkout_ms: Some(times(400.0)),
        checkouts: 10_000,
        timeouts: 0,
        opened: 1,
        closed: 0,
        open_max: 1,
        failed: 0,
        histogram: None,
    });
    level.cv = Some(0.25);
    level.overall.bytes_per_second = Some(7e6);
    level.overall.unknown = 500;
    let over = |median: f64| Summary {
        n: 10,
        median,
        mean: median,
        stddev: 1.0,
        cv: Some(0.125),
        min: median,
        max: median,
        low: None,
        high: None,
    };
    level.statistics = Some(Statistics {
        throughput: over(450.0),
        payload_bytes_per_second: Some(over(6e6)),
        latency_ms: Some(LatencyStatistics {
            avg: over(51.0),
            p50: over(52.0),
            p90: over(53.0),
            p95: over(54.0),
            p99: over(55.0),
            p999: over(56.0),
        }),
    });
    level.iterations[0].succeeded = 10_000;
    (level.iterations_succeeded, level.iterations_failed) = (9, 1);
    level.retries = Some(RetryFigures { attempts: 31, succeeded: 30, gave_up: 1, delay_ms: 5.0 });
    level.arrivals = Some(ArrivalFigures {
        asked_rate: 500.0,
        achieved_rate: 499.0,
        due: 10,
        not_started: 2,
        backlog_max: 41,
        service_histogram: None,
    });
    level.duration_ms = 20_000.0;
    level.statement_cache = Some(StatementCacheFigures { hits: 9, misses: 1, hit_rate: 0.9 });
    level.times = Some(TimesFigures {
        operations: 1,
        waiting_ms: 6.0,
        executing_ms: 1.0,
        committing_ms: 3.0,
        waiting_share: 0.6,
        executing_share: 0.1,
        committing_share: 0.3,
    });
    level.resources.database_bytes = Some(4_096);
    level.resources.wal_bytes = Some(8_192);
    level.resources.peak_memory_bytes = Some(1 << 20);
    level
}

fn one(target: Target, level: &Configuration) -> TargetVerdict {
    let mut verdicts = judge(&[target], level, &serde_json::json!({ "vars": { "size": 3 } }));
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

#[test]
fn every_metric_passes_at_its_bound_and_fails_beyond_it() {
    let level = measured();
    let mut cases = vec![
        ("throughput".to_owned(), 500.0),
        ("count".to_owned(), 10_000.0),
        ("errors".to_owned(), 2_500.0),
        ("unknown".to_owned(), 500.0),
        ("error_rate".to_owned(), 2_500.0 / 13_000.0),
        ("success_rate".to_owned(), 0.8),
        ("cv".to_owned(), 0.25),
        ("throughput.median".to_owned(), 450.0),
        ("throughput.cv".to_owned(), 0.125),
        ("iterations.success_rate".to_owned(), 0.9),
        ("payload.mb_per_second".to_owned(), 7.0),
        ("payload.mb_per_second.median".to_owned(), 6.0),
        ("latency.avg.median".to_owned(), 51.0),
        ("latency.p50.median".to_owned(), 52.0),
        ("latency.p90.median".to_owned(), 53.0),
        ("latency.p95.median".to_owned(), 54.0),
        ("latency.p99.median".to_owned(), 55.0),
        ("latency.p999.median".to_owned(), 56.0),
        ("retries".to_owned(), 31.0),
        ("backlog".to_owned(), 41.0),
        ("duration".to_owned(), 20_000.0),
        ("statement_cache.hit_rate".to_owned(), 0.9),
        ("waiting_share".to_owned(), 0.6),
        ("committing_share".to_owned(), 0.3),
        ("database_bytes".to_owned(), 4_096.0),
        ("wal_bytes".to_owned(), 8_192.0),
        ("peak_memory_bytes".to_owned(), 1_048_576.0),
    ];
    let parts = ["avg", "min", "max", "stddev", "p50", "p90", "p95", "p99", "p999"];
    for (family, base) in [("latency", 100.0), ("service", 110.0), ("batch", 300.0), ("checkout", 400.0)] {
        let of = |(index, part): (usize, &&str)| (format!("{family}.{part}"), base + index as f64);
        cases.extend(parts.iter().enumerate().map(of));
    }
    let covered = |name: &str| cases.iter().any(|(metric, _)| metric == name);
    assert!(crate::plan::METRICS.iter().all(|metric| covered(metric.name)), "every metric has a case");
    for (metric, value) in cases {
        let with = |max, min| one(Target { max, min, ..target(&metric) }, &level);
        let exact = with(Some(value), Some(value));
        assert_eq!((exact.status, exact.measured), (TargetStatus::Pass, Some(value)), "{exact:?}");
        assert_eq!(exact.reason, None);
        let above = with(Some(value * 0.99), None);
        assert_eq!(above.status, TargetStatus::Fail, "{above:?}");
        assert!(above.reason.unwrap().contains(" above "));
        let below = with(None, Some(value * 1.01));
        assert_eq!(below.status, TargetStatus::Fail, "{below:?}");
        assert!(below.reason.unwrap().contains(" below "));
    }
}

#[test]
fn a_failure_says_what_was_measured_and_allowed() {
    let max = Some(5.0);
    let verdict =
        one(Target { operation: Some("users".to_owned()), max, ..target("latency.p99") }, &measured());
    assert_eq!(
        verdict.reason.unwrap(),
        "latency.p99 of users in write with 2 workers is 207 ms, above 5 ms."
    );
}

#[test]
fn selectors_choose_the_configurations() {
    let mut level = measured();
    level.parameters.insert("vars.file_size".to_owned(), "1GB".into());
    let matches = |change: &dyn Fn(&mut Target)| {
        let mut target = Target { min: Some(0.0), ..target("throughput") };
        change(&mut target);
        let effective = serde_json::json!({ "vars": { "size": 3 } });
        let judged = judge(std::slice::from_ref(&target), &level, &effective).len() == 1;
        let left = unmatched(&[target], &[(&level, &effective)]);
        assert_eq!(judged, left.is_empty());
        judged
    };
    assert!(matches(&|_| {}));
    assert!(matches(&|t| t.workload = Some("write".to_owned())));
    assert!(!matches(&|t| t.workload = Some("read".to_owned())));
    assert!(matches(&|t| t.operation = Some("users".to_owned())));
    assert!(!matches(&|t| t.operation = Some("nobody".to_owned())));
    assert!(matches(&|t| t.concurrency = Some(2)));
    assert!(!matches(&|t| t.concurrency = Some(1)));
    assert!(matches(&|t| t.variant = Some("base".to_owned())));
    assert!(!matches(&|t| t.variant = Some("wal".to_owned())));
    assert!(matches(&|t| t.vars = vec![("file_size".to_owned(), "1GB".into())]));
    assert!(!matches(&|t| t.vars = vec![("file_size".to_owned(), "2GB".into())]));
    assert!(matches(&|t| t.vars = vec![("size".to_owned(), 3.0.into())]));
    assert!(!matches(&|t| t.vars = vec![("unknown".to_owned(), 3.into())]));
}

#[test]
fn a_target_that_no_level_is_about_fails_the_run() {
    let mut plan = plan();
    plan.targets = vec![Target { workload: Some("read".to_owned()), ..target("throughput") }];
    let mut result = begun();
    result.add_level(&plan, &level(1, &[1_000_000], 0), verified(1), 1);
    assert!(!result.document.targets_failed(), "levels may be to come");
    result.finish(&plan, Status::Completed, None);
    let verdict = &result.document.targets[0];
    assert_eq!(verdict.status, TargetStatus::Fail);
    let reason = "throughput in read: no level of the run is what this target is about.";
    assert_eq!(verdict.reason.as_deref(), Some(reason));
    assert!(result.document.targets_failed());
    let document = serde_json::to_value(&result.document).unwrap();
    assert_eq!(super::super::validate(&document), Vec::<String>::new());
}

#[test]
fn a_figure_that_was_not_measured_fails() {
    let mut level = finished().configurations.remove(0);
    level.overall.latency_ms = None;
    for metric in
        ["latency.p50", "service.avg", "batch.p99", "checkout.max", "cv", "retries", "backlog", "wal_bytes"]
    {
        let verdict = one(Target { max: Some(1e9), ..target(metric) }, &level);
        assert_eq!((verdict.status, verdict.measured), (TargetStatus::Fail, None), "{metric}");
        assert!(verdict.reason.unwrap().contains("nothing was measured"));
    }
}

#[test]
fn a_percentile_with_too_few_samples_is_invalid() {
    let mut level = measured();
    let cases = [("p50", 20), ("p90", 100), ("p95", 200), ("p99", 1_000), ("p999", 10_000)];
    for (part, needed) in cases {
        let target = Target { max: Some(1e9), ..target(&format!("latency.{part}")) };
        level.overall.count = needed;
        assert_eq!(one(target.clone(), &level).status, TargetStatus::Pass, "{part}");
        level.overall.count = needed - 1;
        let verdict = one(target, &level);
        assert_eq!(verdict.status, TargetStatus::Invalid, "{part}");
        assert!(verdict.reason.unwrap().contains("too few"));
    }
    level.overall.count = 1;
    assert_eq!(one(Target { max: Some(1e9), ..target("latency.avg") }, &level).status, TargetStatus::Pass);
}

#[test]
fn an_invalid_level_meets_no_target() {
    let mut plan = plan();
    plan.targets = vec![Target { min: Some(0.0), ..target("throughput") }];
    let mut result = begun();
    result.document.environment.runner.build_profile = "debug".to_owned();
    result.add_level(&plan, &level(1, &[1_000_000], 0), verified(1), 1);
    let verdict = &result.document.configurations[0].targets[0];
    assert_eq!(verdict.status, TargetStatus::Invalid);
    assert!(verdict.reason.as_ref().unwrap().contains("(debug-build)"));
    assert!(result.document.targets_failed());
}

#[test]
fn a_level_that_was_cut_short_has_no_targets() {
    let mut level = measured();
    level.complete = false;
    assert!(judge(&[Target { min: Some(0.0), ..target("throughput") }], &level, &Value::Null).is_empty());
}
