//! A run that is to end while its workers wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runner::engine::scripted::{Execution, Reply};
use runner::plan::{Arrivals, Load, Plan, Pool, Retry, Stage};
use runner::run::RunError;

use crate::script::{MS, SECOND, assert_sums, notes, ran, refused, retry, ruled};

/// Runs a plan that would go on for hours, and sets the stop after half a second.
fn assert_stops(plan: &Plan, reply: impl Fn(Execution) -> Option<Reply> + Send + Sync + 'static) {
    let stop = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&stop);
    let script = ruled(plan, move |e| {
        if e.now_ns >= 500 * MS {
            set.store(true, Ordering::SeqCst);
        }
        reply(e)
    });
    let mut complete = true;
    let ran = ran(plan, script, &stop, |measured| {
        assert_sums(measured);
        complete = measured.complete;
    });
    assert!(matches!(ran.ended, Err(RunError::Interrupted)));
    assert!(!complete);
    assert!((500 * MS..520 * MS).contains(&ran.took_ns), "{} ms", ran.took_ns / MS);
}

#[test]
fn a_stop_ends_the_wait_for_an_intended_start() {
    let mut plan = notes(100, 2);
    let stage = |rate, duration_ns| Stage { rate, duration_ns };
    // Then one in ten hours.
    let stages = vec![stage(20.0, Some(501 * MS)), stage(1.0 / 36_000.0, None)];
    plan.workloads[0].load = Load::Open { arrivals: Arrivals::Constant, stages };
    assert_stops(&plan, |_| None);
}

#[test]
fn a_stop_ends_the_delay_before_an_attempt() {
    let mut plan = notes(1_000, 2);
    let hour = 3_600 * SECOND;
    plan.workloads[0].retry = Some(Retry { base_delay_ns: hour, max_delay_ns: hour, ..retry(3) });
    assert_stops(&plan, |e| {
        Some(if e.session == 0 { refused("SQLITE_BUSY", MS) } else { Reply::done(5 * MS) })
    });
}

#[test]
fn a_stop_ends_the_wait_for_a_connection() {
    let mut plan = notes(1_000, 8);
    plan.workloads[0].pool =
        Some(Pool { initial: 1, max: 1, max_idle: 1, checkout_timeout_ns: 3_600 * SECOND });
    assert_stops(&plan, |_| Some(Reply::done(5 * MS)));
}
