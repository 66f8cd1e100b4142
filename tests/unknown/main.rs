//! The promise: an operation whose answer was lost is neither acknowledged nor an error. It is counted by itself, never repeated, and what it
//! may have written is right both ways, and in no other.

#[path = "../common/mod.rs"]
mod common;
mod lossy;
mod outage;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::mix;
use runner::clock::Clock;
use runner::engine::scripted::{Answer, Outage, Reply, Rule, Script, ScriptedEngine};
use runner::engine::{Engine, Orphans};
use runner::measure::{LevelMeasurement, Verification, VerificationStatus};
use runner::plan::{Batch, BatchMode, BatchSize, Plan, Retry};
use runner::run::{self, Event, PARENT_MISSING, RunError};
use runner::scenario::{self, Overrides};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

fn plan(text: &str) -> Plan {
    let file = Path::new("mine.toml");
    runner::plan::build(file, &scenario::load(file, text.to_owned(), &Overrides::default()).unwrap()).unwrap()
}

/// So many rows of one table, which need no others.
fn notes(rows: u64, workers: u32) -> Plan {
    plan(&format!(
        "total_writes = {rows}\nconcurrency = [{workers}]\n[database]\npath = ':memory:'\n[tables.notes]\nshare = 1\n\
         [tables.notes.columns]\nid = {{ type = 'INTEGER PRIMARY KEY' }}\n"
    ))
}

fn script(plan: &Plan, replies: &[Reply]) -> Script {
    let operations = plan.operations.iter().map(|o| (o.inserts().expect("an insert"), replies.to_vec()));
    let orphans = Orphans { per_table: vec![0; plan.tables.len()], enforced: false };
    Script { operations: operations.collect(), orphans, ..Script::default() }
}

fn reply(latency_ns: u64, answer: Answer) -> Reply {
    Reply { latency_ns, answer }
}

/// A level, and what was found after it.
struct Level {
    measured: LevelMeasurement,
    verification: Verification,
}

impl Level {
    fn sum(&self, of: impl Fn(&runner::measure::OperationMeasurement) -> u64) -> u64 {
        self.measured.operations.iter().map(of).sum()
    }

    fn succeeded(&self) -> u64 {
        self.sum(|one| one.succeeded.count())
    }

    fn errors(&self) -> u64 {
        self.sum(|one| one.errors)
    }

    fn unknown(&self) -> u64 {
        self.sum(|one| one.unknown)
    }

    fn attempted(&self) -> u64 {
        self.measured.workers.iter().map(|worker| worker.attempted).sum()
    }

    fn errors_with(&self, code: &str) -> u64 {
        self.measured.errors.iter().filter(|error| error.code == code).map(|error| error.count).sum()
    }

    /// Workers, operations, seconds and codes must come to the same, and each operation to one of three ends.
    fn assert_sums(&self) {
        let all = (self.succeeded(), self.errors(), self.unknown());
        assert_eq!(self.attempted(), all.0 + all.1 + all.2);
        let seconds = self.measured.time_series.iter();
        let seconds = seconds.fold((0, 0, 0), |sum, second| {
            (sum.0 + second.operations, sum.1 + second.errors, sum.2 + second.unknown)
        });
        assert_eq!(seconds, all);
        let codes =
            |kinds: &[runner::measure::ErrorMeasurement]| kinds.iter().map(|kind| kind.count).sum::<u64>();
        assert_eq!((codes(&self.measured.errors), codes(&self.measured.unknown)), (all.1, all.2));
    }

    fn assert_verified(&self) {
        assert_eq!(
            self.verification.status,
            VerificationStatus::Verified,
            "{:?}",
            self.verification.problems
        );
    }
}

fn carry_out(plan: &Plan, engine: &mut dyn Engine, clock: &Clock) -> (Result<(), RunError>, Vec<Level>) {
    let options = run::Options::new(clock.clone(), Arc::default());
    let mut levels = Vec::new();
    let ended = run::execute(plan, engine, &options, &mut |event| {
        if let Event::LevelFinished { measurement, verification } = event {
            levels.push(Level { measured: measurement.clone(), verification });
        }
    });
    levels.iter().for_each(Level::assert_sums);
    (ended, levels)
}

/// A plan of one level against a script, on virtual time.
fn played(plan: &Plan, script: Script) -> (Result<(), RunError>, Level) {
    let clock = Clock::virtual_time();
    let mut engine = ScriptedEngine::new(script, &clock);
    let (ended, mut levels) = carry_out(plan, &mut engine, &clock);
    assert_eq!(engine.open_sessions(), 0);
    assert_eq!(levels.len(), 1);
    (ended, levels.remove(0))
}

fn level(plan: &Plan, script: Script) -> Level {
    let (ended, level) = played(plan, script);
    ended.unwrap();
    assert!(level.measured.complete, "every operation came to an end");
    level
}

/// Of every four: acknowledged, lost and kept, lost and not kept, refused.
fn mixed() -> [Reply; 4] {
    [
        Reply::done(MS),
        reply(900 * MS, Answer::unknown(true)),
        reply(900 * MS, Answer::unknown(false)),
        reply(2 * MS, Answer::refused("SQLITE_CONSTRAINT_CHECK")),
    ]
}

#[test]
fn lost_answers_are_neither_successes_nor_errors_and_in_no_latency() {
    let plan = notes(400, 4);
    let level = level(&plan, script(&plan, &mixed()));
    assert_eq!((level.succeeded(), level.errors(), level.unknown()), (100, 100, 200));
    let operation = &level.measured.operations[0];
    assert_eq!((operation.succeeded.max_ns(), operation.failed.max_ns()), (Some(MS), Some(2 * MS)));
    assert_eq!(operation.failed.count(), 100);
    assert!(level.measured.slowest.iter().all(|slow| slow.latency_ns <= 2 * MS));
    let [lost] = level.measured.unknown.as_slice() else { panic!("one kind of loss") };
    assert_eq!((lost.code.as_ref(), lost.count, lost.operation), ("08006", 200, 0));
    assert_eq!(lost.sample, "the connection was lost before the answer came");
    level.assert_verified();
}

#[test]
fn rows_of_lost_answers_may_be_there_or_not_but_no_others() {
    let plan = notes(400, 1);
    let with = |miscount: i64| {
        let mut script = script(&plan, &mixed());
        script.miscounts.insert(0, miscount);
        level(&plan, script).verification
    };
    // 100 are acknowledged and 200 unknown, 100 of which were kept.
    for miscount in [-100, 0, 100] {
        let found = with(miscount);
        assert_eq!(found.status, VerificationStatus::Verified, "{miscount}: {:?}", found.problems);
        assert_eq!(found.tables[0].found, Some(found.tables[0].expected));
        assert_eq!((found.sampled_rows, found.unknown_rows), (100, 200));
    }
    assert_eq!(with(-101).problems, ["notes holds 99 rows, and 100 to 300 were acknowledged"]);
    assert_eq!(with(101).problems, ["notes holds 301 rows, and 100 to 300 were acknowledged"]);
}

#[test]
fn a_row_of_a_lost_answer_that_is_there_must_be_as_it_was_made() {
    let plan = notes(4, 1);
    let mut script = script(&plan, &[reply(MS, Answer::unknown(true))]);
    let stored = runner::value::Value::Integer(7);
    script.look_up = Some(runner::engine::Lookup::Different { column: "id".to_owned(), stored });
    let found = level(&plan, script).verification;
    assert_eq!(found.status, VerificationStatus::Failed);
    assert_eq!(found.problems[0], "row 1 of notes is altered: id holds 7");
    assert_eq!((found.unknown_rows, found.unknown_rows_found), (4, 0));
}

#[test]
fn rows_that_refer_to_one_whose_answer_was_lost_are_not_sent_and_say_why() {
    let plan = plan(&mix("total_writes = 200\nconcurrency = [4]", "path = ':memory:'"));
    for kept in [true, false] {
        let mut script = script(&plan, &[Reply::done(5)]);
        let users = plan.operations.iter().position(|o| o.name == "users").unwrap();
        script.operations[users].1 = vec![reply(9, Answer::unknown(kept))];
        let level = level(&plan, script);
        // All descend from users but tags.
        assert_eq!((level.unknown(), level.errors_with(PARENT_MISSING), level.succeeded()), (20, 160, 20));
        let words = &level.measured.errors[0].sample;
        assert!(words.starts_with("it is not known whether row "), "{words}");
        assert!(words.ends_with(" of users, which it refers to, is there: its answer was lost"), "{words}");
        level.assert_verified();
    }
}

#[test]
fn a_lost_commit_makes_every_operation_of_its_batch_unknown() {
    for mode in [BatchMode::Transaction, BatchMode::MultiRow] {
        for kept in [true, false] {
            let mut plan = notes(120, 1);
            plan.workloads[0].batch = Some(Batch { mode, size: BatchSize::Fixed(10) });
            let lost = reply(MS, Answer::unknown(kept));
            let mut script = script(&plan, &[Reply::done(MS)]);
            match mode {
                BatchMode::Transaction => script.commits = vec![Reply::done(MS), lost],
                // One statement is its own transaction.
                BatchMode::MultiRow => script.operations[0].1 = vec![Reply::done(MS), lost],
            }
            let level = level(&plan, script);
            assert_eq!((level.succeeded(), level.errors(), level.unknown()), (60, 0, 60), "{mode:?}");
            let batches = level.measured.batches.as_ref().unwrap();
            assert_eq!((batches.latencies.count(), batches.failed, batches.unknown), (6, 0, 6));
            level.assert_verified();
            let found = level.verification.tables[0].found.unwrap();
            assert_eq!(found, if kept { 120 } else { 60 });
        }
    }
}

#[test]
fn a_lost_answer_is_never_repeated_and_a_lost_connection_may_be() {
    let repeated = |lost: fn() -> Answer| {
        let mut plan = notes(30, 1);
        plan.workloads[0].retry = Some(Retry {
            attempts: 3,
            base_delay_ns: MS,
            factor: 1.0,
            max_delay_ns: MS,
            jitter: false,
            on: vec!["08".to_owned()],
        });
        let executions = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&executions);
        let mut script = script(&plan, &[Reply::done(MS)]);
        script.rule = Some(Rule::new(move |execution| {
            counted.fetch_add(1, Ordering::SeqCst);
            (execution.ordinal == 10).then(|| reply(MS, lost()))
        }));
        let level = level(&plan, script);
        level.assert_verified();
        (executions.load(Ordering::SeqCst), level.unknown(), level.succeeded())
    };
    assert_eq!(repeated(|| Answer::unknown(true)), (30, 1, 29));
    assert_eq!(repeated(|| Answer::unknown(false)), (30, 1, 29));
    assert_eq!(repeated(|| Answer::refused("08006")), (31, 0, 30));
}

#[test]
fn lost_answers_of_the_warm_up_are_in_no_figure_and_their_rows_are_in_doubt_all_the_same() {
    let mut plan = plan(
        "total_writes = 20\nwarmup_operations = 10\nconcurrency = [1]\n[database]\npath = ':memory:'\n[tables.notes]\n\
         share = 1\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n",
    );
    plan.workloads[0].retry = None;
    let mut script = script(&plan, &[Reply::done(MS)]);
    script.turns.insert((0, 3), reply(MS, Answer::unknown(true)));
    let level = level(&plan, script);
    assert_eq!((level.succeeded(), level.unknown()), (20, 0));
    let warm_up = level.measured.warm_up.unwrap();
    assert_eq!((warm_up.attempted, warm_up.succeeded), (10, 9));
    assert_eq!(level.verification.unknown_rows, 1);
    level.assert_verified();
}
