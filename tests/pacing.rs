//! The promise: what waits is measured as waiting. Open loops, shared connections, retries, batches, warm-ups and levels that last for a time,
//! all on virtual time against a script.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::mix;
use runner::clock::Clock;
use runner::dataset::{Column, Dataset, Interleaving, Parts, Rows, Source};
use runner::engine::scripted::{Answer, Execution, Reply, Rule, Script, ScriptedEngine};
use runner::engine::{Orphans, Times};
use runner::measure::{LevelMeasurement, TimesMeasurement, Verification, VerificationStatus};
use runner::plan::{
    Arrivals, Batch, BatchMode, BatchSize, Crew, Extent, Load, POOL_TIMEOUT, Plan, Pool, Retry, Stage, WarmUp,
};
use runner::run::{self, Event, RunError};
use runner::scenario::{self, Overrides};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// One table whose rows need no others.
const NOTES: &str = "\n[database]\npath = ':memory:'\n[tables.notes]\nshare = 1\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n";

fn parsed(text: &str) -> Plan {
    let file = Path::new("mine.toml");
    runner::plan::build(file, &scenario::load(file, text.to_owned(), &Overrides::default()).unwrap()).unwrap()
}

/// So many rows for a level, warm-up included.
fn notes(rows: u64, workers: u32) -> Plan {
    parsed(&format!("total_writes = {rows}\nconcurrency = [{workers}]{NOTES}"))
}

fn always(plan: &Plan, latency_ns: u64) -> Script {
    let reply = vec![Reply::done(latency_ns)];
    let orphans = Orphans { per_table: vec![0; plan.tables.len()], enforced: false };
    let operations = plan.operations.iter().map(|o| (o.inserts().expect("an insert"), reply.clone()));
    Script { operations: operations.collect(), orphans, ..Script::default() }
}

fn ruled(plan: &Plan, reply: impl Fn(Execution) -> Option<Reply> + Send + Sync + 'static) -> Script {
    Script { rule: Some(Rule::new(reply)), ..always(plan, MS) }
}

fn refused(code: &'static str, latency_ns: u64) -> Reply {
    Reply { latency_ns, answer: Answer::refused(code) }
}

fn rate(per_second: f64) -> Load {
    let stages = vec![Stage { rate: per_second, duration_ns: None }];
    Load::Open { arrivals: Arrivals::Constant, stages }
}

fn lasting(duration_ns: u64, rows: u64) -> Extent {
    Extent::Time { duration_ns, at_most: rows }
}

struct Ran {
    ended: Result<(), RunError>,
    /// On virtual time, from the beginning to the end.
    took_ns: u64,
    verifications: Vec<Verification>,
    resets: u64,
}

/// Carries out a plan, and hands each level's figures to `look`.
fn ran(plan: &Plan, script: Script, stop: &Arc<AtomicBool>, mut look: impl FnMut(&LevelMeasurement)) -> Ran {
    let clock = Clock::virtual_time();
    let start = clock.now();
    let mut engine = ScriptedEngine::new(script, &clock);
    let options = run::Options {
        clock: clock.clone(),
        stop: Arc::clone(stop),
        tape_budget_bytes: run::TAPE_BUDGET_BYTES,
        tape_folder: std::env::temp_dir(),
    };
    let mut verifications = Vec::new();
    let ended = run::execute(plan, &mut engine, &options, &mut |event| {
        if let Event::LevelFinished { measurement, verification } = event {
            look(measurement);
            verifications.push(verification);
        }
    });
    assert_eq!(engine.open_sessions(), 0);
    let took_ns = clock.nanos_between(start, clock.now());
    Ran { ended, took_ns, verifications, resets: engine.resets() }
}

/// A plan of one level that comes to its end, and is verified.
fn level(plan: &Plan, script: Script, look: impl FnOnce(&LevelMeasurement)) {
    let mut look = Some(look);
    let ran = ran(plan, script, &Arc::default(), |measured| {
        assert_sums(measured);
        look.take().expect("one level")(measured);
    });
    ran.ended.unwrap();
    assert!(look.is_none());
    let [verification] = ran.verifications.as_slice() else { panic!("one level was verified") };
    assert_eq!(verification.status, VerificationStatus::Verified, "{:?}", verification.problems);
}

fn succeeded(measured: &LevelMeasurement) -> u64 {
    measured.operations.iter().map(|o| o.succeeded.count()).sum()
}

fn failed(measured: &LevelMeasurement) -> u64 {
    measured.operations.iter().map(|o| o.errors).sum()
}

/// Workers, seconds, operations and errors must come to the same.
fn assert_sums(measured: &LevelMeasurement) {
    let all = (succeeded(measured), failed(measured));
    let workers = measured.workers.iter();
    assert_eq!(workers.clone().map(|w| w.succeeded).sum::<u64>(), all.0);
    assert_eq!(workers.map(|w| w.attempted).sum::<u64>(), all.0 + all.1);
    let seconds = measured.time_series.iter();
    assert_eq!((seconds.clone().map(|s| s.operations).sum(), seconds.map(|s| s.errors).sum()), all);
    assert_eq!(measured.errors.iter().map(|e| e.count).sum::<u64>(), all.1);
}

fn p_ms(latencies: &runner::measure::Latencies, percent: f64) -> f64 {
    latencies.percentile_ns(percent).unwrap() as f64 / MS as f64
}

fn assert_near(found: f64, wanted: f64, by: f64) {
    assert!((found - wanted).abs() <= by, "{found} instead of {wanted}");
}

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
        let mut plan = notes(1_000, workers);
        plan.workloads[0].load = rate(100.0);
        plan.workloads[0].extent = lasting(5 * SECOND, 1_000);
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
        assert_eq!(pool.open_max, 4);
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

fn retry(attempts: u32) -> Retry {
    Retry {
        attempts,
        base_delay_ns: 10 * MS,
        factor: 2.0,
        max_delay_ns: 30 * MS,
        jitter: false,
        on: vec!["SQLITE_BUSY".to_owned()],
    }
}

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

fn batches(mode: BatchMode, size: BatchSize) -> Option<Batch> {
    Some(Batch { mode, size })
}

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

/// Who writes `rows` rows of table `table`, of two.
fn role(table: usize, workers: u32, rows: u64) -> Crew {
    let names = ["heard", "said"];
    let rows_of =
        |name: &str| Rows { name: name.to_owned(), columns: vec![Column::new(1, name, "id", Source::Row)] };
    let writers = |other: usize| if other == table { vec![(other, rows)] } else { Vec::new() };
    let parts = Parts {
        seed: 1,
        tables: Arc::new(names.map(rows_of).into()),
        loaded: vec![0, 0],
        writers: vec![writers(0), writers(1)],
        actions: Vec::new(),
        ranks: vec![0, 1],
        combinations: vec![vec![], vec![]],
        interleaving: Interleaving::Mixed,
        parts: 1,
        loaded_only: vec![true, true],
    };
    let mut counts = vec![0, 0];
    counts[table] = rows;
    let dataset = Arc::new(Dataset::new(parts).expect("nothing has to be distinct"));
    Crew { role: Some(names[table].to_owned()), workers: Some(workers), dataset, counts }
}

#[test]
fn roles_keep_to_their_operations() {
    let table = |name: &str| {
        format!(
            "[tables.{name}]\nshare = 1\n[tables.{name}.columns]\nid = {{ type = 'INTEGER PRIMARY KEY' }}\n"
        )
    };
    let text = format!(
        "total_writes = 10\nconcurrency = [4]\n[database]\npath = ':memory:'\n{}{}",
        table("heard"),
        table("said")
    );
    let mut plan = parsed(&text);
    plan.workloads[0].crews = vec![role(0, 1, 1_000), role(1, 3, 1_000)];
    plan.workloads[0].extent = lasting(100 * MS, 1_000);
    // The second role's operations take twice as long.
    let script = ruled(&plan, |e| {
        assert_eq!(e.operation, usize::from(e.session > 0), "session {}", e.session);
        Some(Reply::done(MS * (1 + e.operation as u64)))
    });
    level(&plan, script, |measured| {
        let of = |operation: usize| measured.operations[operation].succeeded.count();
        assert_eq!((of(0), of(1)), (100, 3 * 50));
        let workers: Vec<u64> = measured.workers.iter().map(|worker| worker.succeeded).collect();
        assert_eq!(workers, [100, 50, 50, 50]);
        assert_eq!(measured.planned, 2_000);
    });
}

#[test]
fn where_the_time_went_adds_up_to_the_latency() {
    let plan = notes(50, 2);
    let times = Some(Times { waiting_ns: 200_000, committing_ns: 300_000 });
    level(&plan, Script { times, ..always(&plan, MS) }, |measured| {
        let found = measured.times.unwrap();
        let each = |ns: u64| ns * 50;
        let (waiting_ns, committing_ns, executing_ns) = (each(200_000), each(300_000), each(500_000));
        assert_eq!(found, TimesMeasurement { operations: 50, waiting_ns, executing_ns, committing_ns });
        assert_eq!(waiting_ns + committing_ns + executing_ns, measured.operations[0].succeeded.sum_ns());
    });
}

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
    let mut plan = notes(100, 8);
    plan.workloads[0].pool =
        Some(Pool { initial: 1, max: 1, max_idle: 1, checkout_timeout_ns: 3_600 * SECOND });
    assert_stops(&plan, |_| Some(Reply::done(5 * MS)));
}
