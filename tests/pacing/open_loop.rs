//! Open loops: latency from the intended start, service time beside it, and what could not be started.

use runner::engine::scripted::Reply;
use runner::plan::{Arrivals, Load, Stage};

use crate::script::{MS, SECOND, always, assert_near, lasting, level, notes, p_ms, rate, ruled, succeeded};

#[test]
fn a_stall_of_a_second_is_in_the_latency_of_all_that_came_meanwhile() {
    let mut plan = notes(1_000, 1);
    plan.workloads[0].load = rate(100.0);
    plan.workloads[0].extent = lasting(10 * SECOND, 1_000);
    let script = ruled(&plan, |e| (e.turn == 300).then(|| Reply::done(SECOND)));
    level(&plan, script, |measured| {
        let latencies = &measured.operations[0].succeeded;
        assert_eq!(latencies.count(), 1_000, "nothing is skipped");
        assert_near(p_ms(latencies, 99.0), 910.0, 5.0);
        let arrivals = measured.arrivals.as_ref().unwrap();
        assert_near(p_ms(&arrivals.service, 99.0), 1.0, 0.01);
        assert_near(p_ms(&arrivals.service, 100.0), 1_000.0, 1.0);
        assert_eq!((arrivals.due, arrivals.not_started), (1_000, 0));
        // Started at 3.0 s, so that at 4.0 s all of the fourth second but the first wait.
        assert_eq!((arrivals.backlog_max, arrivals.backlog[3]), (99, 99));
        assert!(measured.complete);
    });
}

#[test]
fn a_database_that_keeps_up_has_the_rate_that_was_asked() {
    for workers in [1, 4] {
        let mut plan = notes(500, workers);
        plan.workloads[0].load = rate(100.0);
        plan.workloads[0].extent = lasting(5 * SECOND, 500);
        level(&plan, always(&plan, MS), |measured| {
            assert_eq!((succeeded(measured), measured.duration_ns), (500, 5 * SECOND));
            assert_near(p_ms(&measured.operations[0].succeeded, 100.0), 1.0, 0.01);
            assert!(measured.time_series.iter().all(|second| second.operations == 100));
            let arrivals = measured.arrivals.as_ref().unwrap();
            assert_eq!((arrivals.due, arrivals.not_started, arrivals.backlog_max), (500, 0, 0));
            assert!(!measured.used_up);
        });
    }
}

#[test]
fn the_backlog_grows_where_the_database_cannot_hold_the_rate_and_the_service_time_does_not() {
    let mut plan = notes(10_000, 1);
    plan.workloads[0].load = rate(200.0);
    plan.workloads[0].extent = lasting(5 * SECOND, 10_000);
    level(&plan, always(&plan, 10 * MS), |measured| {
        assert_eq!(succeeded(measured), 500);
        let arrivals = measured.arrivals.as_ref().unwrap();
        assert_eq!(arrivals.backlog, [100, 200, 300, 400, 500]);
        assert_eq!((arrivals.due, arrivals.not_started, arrivals.backlog_max), (1_000, 500, 500));
        assert_near(p_ms(&arrivals.service, 100.0), 10.0, 0.01);
        // The last one was intended at 2.495 s and ended at 5 s.
        assert_near(p_ms(&measured.operations[0].succeeded, 100.0), 2_505.0, 1.0);
    });
}

#[test]
fn stages_follow_each_other() {
    let mut plan = notes(1_000, 2);
    let stage = |rate, duration_ns| Stage { rate, duration_ns };
    let stages = vec![stage(10.0, Some(SECOND)), stage(100.0, Some(SECOND)), stage(50.0, None)];
    plan.workloads[0].load = Load::Open { arrivals: Arrivals::Constant, stages };
    plan.workloads[0].extent = lasting(3 * SECOND, 1_000);
    level(&plan, always(&plan, MS), |measured| {
        let seconds: Vec<u64> = measured.time_series.iter().map(|second| second.operations).collect();
        assert_eq!(seconds, [10, 100, 50]);
    });
}

#[test]
fn poisson_arrivals_come_all_the_same_for_any_number_of_workers() {
    let started = |workers| {
        let mut plan = notes(300, workers);
        let stages = vec![Stage { rate: 100.0, duration_ns: None }];
        plan.workloads[0].load = Load::Open { arrivals: Arrivals::Poisson, stages };
        let mut seconds = Vec::new();
        level(&plan, always(&plan, 1_000), |measured| {
            assert!(measured.complete);
            seconds.extend(measured.time_series.iter().map(|second| second.operations));
        });
        seconds
    };
    let seconds = started(1);
    assert_eq!(seconds, started(3));
    assert!(seconds[0] != seconds[1], "they scatter: {seconds:?}");
}
