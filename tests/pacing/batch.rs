//! Operations that share a transaction.

use runner::engine::scripted::{Answer, Reply, Script};
use runner::plan::{BatchMode, BatchSize, Plan};

use crate::common::mix;
use crate::script::{
    MS, always, assert_near, batches, failed, level, notes, p_ms, parsed, refused, retry, ruled, succeeded,
};

#[test]
fn operations_of_a_batch_have_an_equal_share_of_its_latency() {
    for (mode, latency_ms) in [(BatchMode::Transaction, 10 + 6), (BatchMode::MultiRow, 1)] {
        let mut plan = notes(105, 1);
        plan.workloads[0].batch = batches(mode, BatchSize::Fixed(10));
        let commits = vec![Reply { latency_ns: 6 * MS, answer: Answer::Done(0) }];
        level(&plan, Script { commits, ..always(&plan, MS) }, |measured| {
            let batches = measured.batches.as_ref().unwrap();
            assert_eq!((batches.latencies.count(), batches.failed), (11, 0));
            assert_eq!((batches.size_min, batches.size_max), (5, 10));
            assert_near(p_ms(&batches.latencies, 50.0), f64::from(latency_ms), 0.02);
            assert_near(p_ms(&measured.operations[0].succeeded, 50.0), f64::from(latency_ms) / 10.0, 0.01);
            assert_eq!(measured.batches.as_ref().unwrap().settled, [0u64; 0]);
        });
    }
}

#[test]
fn batches_that_fail_count_all_their_operations() {
    let mut plan = notes(100, 2);
    plan.workloads[0].batch = batches(BatchMode::Transaction, BatchSize::Fixed(10));
    let commits = vec![Reply { latency_ns: MS, answer: Answer::Done(0) }, refused("SQLITE_BUSY", MS)];
    level(&plan, Script { commits, ..always(&plan, MS) }, |measured| {
        let failed_batches = measured.batches.as_ref().unwrap().failed;
        assert!(failed_batches > 0);
        assert_eq!((failed(measured), succeeded(measured)), (10 * failed_batches, 100 - 10 * failed_batches));
        assert!(measured.complete);
    });
}

#[test]
fn batches_hold_children_with_their_parents_and_wait_for_those_of_others() {
    for mode in [BatchMode::Transaction, BatchMode::MultiRow] {
        for workers in [1, 4] {
            let text = mix(&format!("total_writes = 500\nconcurrency = [{workers}]"), "path = ':memory:'");
            let mut plan = parsed(&text);
            plan.workloads[0].batch = batches(mode, BatchSize::Fixed(40));
            level(&plan, always(&plan, MS), |measured| {
                assert_eq!((succeeded(measured), failed(measured)), (500, 0));
                assert!(measured.complete);
            });
        }
    }
}

#[test]
fn a_batch_is_repeated_as_a_whole() {
    let mut plan = notes(40, 1);
    plan.workloads[0].batch = batches(BatchMode::Transaction, BatchSize::Fixed(10));
    plan.workloads[0].retry = Some(retry(2));
    let script = ruled(&plan, |e| (e.turn == 4).then(|| refused("SQLITE_BUSY", MS)));
    level(&plan, script, |measured| {
        assert_eq!((succeeded(measured), failed(measured)), (40, 0));
        let retries = measured.retries.unwrap();
        assert_eq!((retries.attempts, retries.succeeded), (1, 10));
        let batches = measured.batches.as_ref().unwrap();
        assert_near(p_ms(&batches.latencies, 100.0), 5.0 + 10.0 + 10.0, 0.05);
    });
}

/// 256 operations at the beginning, 1 where many fail.
fn adaptive(rows: u64) -> Plan {
    let mut plan = notes(rows, 1);
    let size = BatchSize::Adaptive { min: 1, max: 256, success: 0.95 };
    plan.workloads[0].batch = batches(BatchMode::Transaction, size);
    plan
}

#[test]
fn a_batch_that_adapts_shrinks_to_its_minimum_within_ten_failing_batches() {
    // As many operations as ten batches have that halve each time, and the eleventh.
    let plan = adaptive(256 + 128 + 64 + 32 + 16 + 8 + 4 + 2 + 1 + 1 + 1);
    let script = ruled(&plan, |e| (e.turn % 5 == 0).then(|| refused("SQLITE_BUSY", MS)));
    level(&plan, script, |measured| {
        let batches = measured.batches.as_ref().unwrap();
        assert_eq!((batches.size_min, batches.size_max), (1, 256));
        assert!(batches.latencies.count() + batches.failed <= 11, "{batches:?}");
        assert_eq!(batches.settled, [1]);
    });
}

#[test]
fn a_batch_that_adapts_grows_again_when_nothing_fails_any_more() {
    let plan = adaptive(20_000);
    let script =
        ruled(&plan, |e| (e.now_ns < 100 * MS && e.turn % 5 == 0).then(|| refused("SQLITE_BUSY", MS)));
    level(&plan, script, |measured| {
        let batches = measured.batches.as_ref().unwrap();
        assert_eq!((batches.size_min, batches.size_max), (1, 256));
        assert!(batches.failed > 5);
        assert_eq!(batches.settled, [256]);
    });
}
