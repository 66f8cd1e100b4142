//! Warm-ups, and levels that last for a time.

use std::sync::Arc;

use runner::engine::scripted::Reply;
use runner::measure::VerificationStatus;
use runner::plan::{Extent, WarmUp};

use crate::script::{
    MS, SECOND, always, assert_near, failed, lasting, level, notes, p_ms, ran, rate, refused, ruled,
    succeeded,
};

#[test]
fn warm_up_samples_are_discarded_and_reported_apart() {
    let mut plan = notes(300, 2);
    plan.workloads[0].warm_up = WarmUp::Operations(100);
    plan.workloads[0].extent = Extent::Total(200);
    // The first hundred are slow, and one of them fails.
    let script = ruled(&plan, |e| match e.ordinal {
        7 => Some(refused("SQLITE_BUSY", 10 * MS)),
        ordinal => (ordinal < 100).then(|| Reply::done(10 * MS)),
    });
    level(&plan, script, |measured| {
        assert_eq!((succeeded(measured), failed(measured), measured.planned), (200, 0, 200));
        assert_near(p_ms(&measured.operations[0].succeeded, 100.0), 1.0, 0.01);
        let warm_up = measured.warm_up.unwrap();
        assert_eq!((warm_up.attempted, warm_up.succeeded), (100, 99));
        assert_eq!((warm_up.duration_ns, measured.duration_ns), (500 * MS, 100 * MS));
        assert!(measured.complete);
    });
}

#[test]
fn a_warm_up_of_a_time_is_followed_by_exactly_what_was_asked() {
    for workers in [1, 3] {
        let mut plan = notes(5_000, workers);
        plan.workloads[0].warm_up = WarmUp::Time { duration_ns: SECOND, at_most: 4_000 };
        plan.workloads[0].extent = Extent::Total(1_000);
        level(&plan, always(&plan, MS), |measured| {
            assert_eq!(succeeded(measured), 1_000);
            let warm_up = measured.warm_up.unwrap();
            assert_eq!((warm_up.attempted, warm_up.duration_ns), (1_000 * u64::from(workers), SECOND));
            assert!(measured.complete);
        });
    }
}

#[test]
fn an_open_loop_warms_up_at_its_rate() {
    let mut plan = notes(1_000, 2);
    plan.workloads[0].load = rate(100.0);
    plan.workloads[0].warm_up = WarmUp::Time { duration_ns: 2 * SECOND, at_most: 300 };
    plan.workloads[0].extent = lasting(3 * SECOND, 700);
    level(&plan, always(&plan, MS), |measured| {
        let warm_up = measured.warm_up.unwrap();
        assert_eq!((warm_up.attempted, warm_up.duration_ns), (200, 2 * SECOND));
        assert_eq!((succeeded(measured), measured.duration_ns), (300, 3 * SECOND));
        let arrivals = measured.arrivals.as_ref().unwrap();
        assert_eq!((arrivals.due, arrivals.not_started), (300, 0));
    });
}

#[test]
fn a_duration_ends_a_level() {
    let mut plan = notes(10_000, 4);
    plan.workloads[0].extent = lasting(2 * SECOND, 10_000);
    level(&plan, always(&plan, 3 * MS), |measured| {
        // The last ones begin just before the end.
        assert_eq!(succeeded(measured), 4 * 667);
        assert_eq!(measured.duration_ns, 2_001 * MS);
        assert!(measured.complete && !measured.used_up);
    });
}

#[test]
fn a_level_whose_operations_are_used_up_before_its_time_says_so() {
    let mut plan = notes(100, 4);
    plan.workloads[0].extent = lasting(2 * SECOND, 100);
    level(&plan, always(&plan, MS), |measured| {
        assert_eq!((succeeded(measured), measured.duration_ns), (100, 25 * MS));
        assert!(measured.complete && measured.used_up);
    });
}

#[test]
fn iterations_that_last_for_a_time_start_afresh() {
    let mut plan = notes(100, 1);
    plan.workloads[0].extent = lasting(10 * MS, 100);
    plan.workloads[0].iterations = 3;
    let mut found = Vec::new();
    let ran = ran(&plan, always(&plan, MS), &Arc::default(), |measured| {
        found.push((measured.iteration, succeeded(measured)));
    });
    ran.ended.unwrap();
    assert_eq!((found, ran.resets), (vec![(1, 10), (2, 10), (3, 10)], 3));
    assert!(ran.verifications.iter().all(|v| v.status == VerificationStatus::Verified));
}
