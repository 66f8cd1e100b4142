//! Connections that workers share.

use runner::engine::scripted::Reply;
use runner::plan::{POOL_TIMEOUT, Pool};

use crate::script::{MS, SECOND, always, assert_near, failed, level, notes, p_ms, rate, ruled, succeeded};

#[test]
fn workers_who_share_connections_wait_for_them() {
    let mut plan = notes(800, 8);
    plan.workloads[0].pool = Some(Pool { initial: 0, max: 2, max_idle: 2, checkout_timeout_ns: 10 * SECOND });
    level(&plan, always(&plan, 10 * MS), |measured| {
        let pool = measured.pool.as_ref().unwrap();
        assert_near(p_ms(&pool.checkouts, 50.0), 30.0, 0.05);
        assert_eq!((pool.opened, pool.open_max, pool.closed, pool.timeouts), (2, 2, 0, 0));
        assert_eq!(pool.checkouts.count(), 800);
        // The latency has it.
        assert_near(p_ms(&measured.operations[0].succeeded, 50.0), 40.0, 0.05);
        assert!(measured.workers.iter().all(|worker| worker.succeeded == 100), "{:?}", measured.workers);
    });
}

#[test]
fn checkouts_that_come_too_late_are_counted() {
    let mut plan = notes(80, 8);
    plan.workloads[0].pool = Some(Pool { initial: 1, max: 1, max_idle: 1, checkout_timeout_ns: 25 * MS });
    level(&plan, always(&plan, 10 * MS), |measured| {
        let timeouts = measured.pool.as_ref().unwrap().timeouts;
        assert!(timeouts > 0);
        assert_eq!(failed(measured), timeouts);
        assert!(measured.errors.iter().all(|error| error.code == POOL_TIMEOUT));
        assert_near(p_ms(&measured.operations[0].failed, 50.0), 25.0, 0.05);
    });
}

#[test]
fn idle_connections_beyond_the_wanted_are_closed() {
    let mut plan = notes(100, 4);
    plan.workloads[0].load = rate(500.0);
    plan.workloads[0].pool = Some(Pool { initial: 0, max: 4, max_idle: 1, checkout_timeout_ns: SECOND });
    let script = ruled(&plan, |e| Some(Reply::done(MS * (1 + e.ordinal % 7))));
    level(&plan, script, |measured| {
        let pool = measured.pool.as_ref().unwrap();
        assert!(pool.closed > 0 && pool.opened > 4, "{pool:?}");
        assert!((pool.closed..=pool.closed + 1).contains(&pool.opened), "{pool:?}");
        assert!((2..=4).contains(&pool.open_max), "{pool:?}");
    });
}

#[test]
fn a_connection_that_cannot_be_opened_is_waited_for_in_vain_and_counted() {
    let mut plan = notes(20, 2);
    plan.workloads[0].pool = Some(Pool { initial: 1, max: 2, max_idle: 2, checkout_timeout_ns: SECOND });
    let mut script = always(&plan, MS);
    script.closed_to.insert(1, "too many clients".to_owned());
    level(&plan, script, |measured| {
        let pool = measured.pool.as_ref().unwrap();
        assert!(pool.failed > 0);
        assert_eq!((pool.opened, succeeded(measured)), (1, 20));
    });
}
