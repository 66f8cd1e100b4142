//! Refused operations that are repeated.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::script::{MS, assert_near, level, notes, p_ms, refused, retry, ruled};

#[test]
fn delays_between_attempts_grow_up_to_the_greatest_and_are_part_of_the_latency() {
    let mut plan = notes(3, 1);
    plan.workloads[0].retry = Some(retry(6));
    // Each operation is refused four times.
    let script = ruled(&plan, |e| (e.turn % 5 != 4).then(|| refused("SQLITE_BUSY_SNAPSHOT", MS)));
    level(&plan, script, |measured| {
        assert_near(p_ms(&measured.operations[0].succeeded, 50.0), 10.0 + 20.0 + 30.0 + 30.0 + 5.0, 0.1);
        let retries = measured.retries.unwrap();
        assert_eq!((retries.attempts, retries.succeeded, retries.gave_up), (12, 3, 0));
        assert_eq!(retries.delay_ns, 3 * 90 * MS);
    });
}

#[test]
fn operations_that_are_given_up_are_counted_and_attempts_sum() {
    let mut plan = notes(100, 4);
    plan.workloads[0].retry = Some(retry(3));
    let executions = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&executions);
    let script = ruled(&plan, move |e| {
        counted.fetch_add(1, Ordering::SeqCst);
        match e.session {
            0 => Some(refused("SQLITE_BUSY", MS)),
            1 => Some(refused("SQLITE_CONSTRAINT_UNIQUE", MS)),
            2 if e.turn % 2 == 0 => Some(refused("SQLITE_BUSY", MS)),
            _ => None,
        }
    });
    level(&plan, script, |measured| {
        let retries = measured.retries.unwrap();
        let with = |code| measured.errors.iter().filter(|e| e.code == code).map(|e| e.count).sum::<u64>();
        assert!(retries.gave_up > 0 && with("SQLITE_CONSTRAINT_UNIQUE") > 0);
        assert_eq!(retries.gave_up, with("SQLITE_BUSY"));
        assert_eq!(retries.succeeded, measured.workers[2].succeeded);
        assert_eq!(retries.attempts, 2 * retries.gave_up + retries.succeeded);
        assert_eq!(100 + retries.attempts, executions.load(Ordering::SeqCst));
    });
}
