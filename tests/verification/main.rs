//! The promise: what was acknowledged is looked for after every level, a row that is lost, surplus or altered is named, and the run fails;
//! and a level accounts for every operation that it took.

#[path = "../common/mod.rs"]
mod common;
mod raw;
mod rows;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use common::{Place, mix, size};
use runner::cli::Exit;
use runner::clock::Clock;
use runner::engine::scripted::{Answer, Reply, Script, ScriptedEngine};
use runner::engine::sqlite::SqliteEngine;
use runner::engine::{Engine, EngineError, Failure, Lookup, Orphans};
use runner::measure::{ErrorMeasurement, LevelMeasurement, Verification, VerificationStatus};
use runner::plan::Plan;
use runner::result::Status;
use runner::run::{self, Event, PARENT_MISSING, RunError};
use runner::scenario::{self, Overrides};
use runner::value::Value;
use rusqlite::Connection;

const SECOND_NS: u64 = 1_000_000_000;

fn plan(text: &str) -> Plan {
    let file = Path::new("mine.toml");
    runner::plan::build(file, &scenario::load(file, text.to_owned(), &Overrides::default()).unwrap()).unwrap()
}

/// The figures of a level that the tests ask for.
struct Level {
    complete: bool,
    planned: u64,
    /// Attempted and acknowledged, by worker.
    workers: Vec<(u64, u64)>,
    /// Acknowledged and failed, by second.
    seconds: Vec<(u64, u64)>,
    /// Acknowledged and failed, by operation.
    operations: BTreeMap<String, (u64, u64)>,
    errors: Vec<ErrorMeasurement>,
    verification: Verification,
}

impl Level {
    fn new(measured: &LevelMeasurement, verification: Verification) -> Level {
        let operations = measured.operations.iter();
        Level {
            complete: measured.complete,
            planned: measured.planned,
            workers: measured.workers.iter().map(|w| (w.attempted, w.succeeded)).collect(),
            seconds: measured.time_series.iter().map(|s| (s.operations, s.errors)).collect(),
            operations: operations.map(|o| (o.name.clone(), (o.succeeded.count(), o.errors))).collect(),
            errors: measured.errors.clone(),
            verification,
        }
    }

    fn attempted(&self) -> u64 {
        self.workers.iter().map(|worker| worker.0).sum()
    }

    fn succeeded(&self) -> u64 {
        self.workers.iter().map(|worker| worker.1).sum()
    }

    /// Workers, seconds, operations and errors must come to the same.
    fn assert_sums(&self) {
        let failed = self.attempted() - self.succeeded();
        let sum =
            |pairs: &mut dyn Iterator<Item = (u64, u64)>| pairs.fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!(sum(&mut self.seconds.iter().copied()), (self.succeeded(), failed));
        assert_eq!(sum(&mut self.operations.values().copied()), (self.succeeded(), failed));
        assert_eq!(self.errors.iter().map(|error| error.count).sum::<u64>(), failed);
    }

    fn errors_with(&self, code: &str) -> u64 {
        self.errors.iter().filter(|error| error.code == code).map(|error| error.count).sum()
    }
}

/// Carries out a plan; `at_end` is called after each level, before it is verified.
fn carry_out(
    plan: &Plan,
    engine: &mut dyn Engine,
    clock: Clock,
    at_end: &dyn Fn(),
) -> (Result<(), RunError>, Vec<Level>) {
    let options = run::Options::new(clock, Arc::default());
    let mut levels = Vec::new();
    let ended = run::execute(plan, engine, &options, &mut |event| match event {
        Event::LevelEnded => at_end(),
        Event::LevelFinished { measurement, verification } => {
            levels.push(Level::new(measurement, verification))
        }
        _ => {}
    });
    (ended, levels)
}

/// Writes 100 rows with four workers, changes the database by another connection, and returns what the verification finds.
fn tampered(sql: &str) -> Verification {
    let place = Place::new();
    let path = place.path("mine.db");
    let plan = plan(&mix(
        "total_writes = 100\nconcurrency = [4]",
        &format!("path = {path:?}\nbusy_timeout = '60s'"),
    ));
    let stop = Arc::new(AtomicBool::new(false));
    let (database, clock) = (plan.database.sqlite().unwrap(), Clock::real());
    let mut engine =
        SqliteEngine::open(database, &plan.tables, &plan.operations, false, &clock, stop).unwrap();
    let tamper = || Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let (ended, mut levels) = carry_out(&plan, &mut engine, Clock::real(), &tamper);
    ended.unwrap();
    engine.tear_down(false).unwrap();
    let level = levels.remove(0);
    level.assert_sums();
    assert!(level.complete);
    level.verification
}

fn assert_found(sql: &str, problems: &[&str]) {
    let found = tampered(sql);
    assert_eq!(found.status, VerificationStatus::Failed, "{sql}");
    assert_eq!(found.problems, problems, "{sql}");
}

#[test]
fn a_database_that_nobody_touched_is_verified() {
    let found = tampered("SELECT 1");
    assert_eq!((found.status, found.sampled_rows), (VerificationStatus::Verified, 100));
    let counts: Vec<_> = found.tables.iter().map(|t| (t.table.as_str(), t.expected, t.found)).collect();
    let expected = [("users", 10), ("posts", 40), ("tags", 10), ("user_posts", 30), ("posts_tags", 10)];
    assert_eq!(counts, expected.map(|(table, count)| (table, count, Some(count))));
    assert!(found.problems.is_empty());
}

#[test]
fn a_lost_row_is_named() {
    assert_found(
        "DELETE FROM tags WHERE id = 7; DELETE FROM posts_tags; PRAGMA optimize",
        &[
            "tags holds 9 rows, and 10 were acknowledged",
            "row 7 of tags was acknowledged, and is lost",
            "posts_tags holds 0 rows, and 10 were acknowledged",
            "row 1 of posts_tags was acknowledged, and is lost",
            "row 2 of posts_tags was acknowledged, and is lost",
            "row 3 of posts_tags was acknowledged, and is lost",
            "row 4 of posts_tags was acknowledged, and is lost",
            "row 5 of posts_tags was acknowledged, and is lost",
            "5 more rows of posts_tags are lost or altered",
        ],
    );
}

#[test]
fn an_altered_row_is_named_with_its_column_and_what_it_holds() {
    assert_found(
        "UPDATE users SET name = 'nobody''s' WHERE id = 3",
        &["row 3 of users is altered: name holds 'nobody''s'"],
    );
    assert_found(
        "UPDATE posts SET title = x'00ff' WHERE id = 40",
        &["row 40 of posts is altered: title holds x'00ff'"],
    );
}

#[test]
fn a_surplus_row_is_named_by_its_key() {
    assert_found(
        "INSERT INTO tags VALUES (-4, 'mine')",
        &[
            "tags holds 11 rows, and 10 were acknowledged",
            "tags holds a row with the key -4 that was not acknowledged",
        ],
    );
}

#[test]
fn a_row_in_the_place_of_another_is_found_though_the_counts_agree() {
    assert_found("UPDATE tags SET id = 999 WHERE id = 10", &["row 10 of tags was acknowledged, and is lost"]);
}

#[test]
fn a_row_whose_parent_is_gone_is_counted() {
    let found = tampered("PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id = 1");
    assert!(found.problems.contains(&"row 1 of users was acknowledged, and is lost".to_owned()));
    let orphans: u64 = found.orphans.unwrap().tables.iter().filter_map(|table| table.found).sum();
    assert!(orphans > 0);
    let words = "references of posts lead to no row";
    assert!(found.problems.iter().any(|problem| problem.ends_with(words)), "{:?}", found.problems);
}

#[test]
fn a_run_whose_rows_another_program_touched_exits_with_1_and_says_so() {
    let place = Place::new();
    let database = "path = 'db/mine.db'\nbusy_timeout = '60s'\n[database.pragmas]\njournal_mode = 'wal'\nsynchronous = 'normal'";
    place.write("mine.toml", &mix("total_writes = 20_000\nconcurrency = [1]", database));
    let mut running = place.start(&["run", "mine.toml"]);
    let log = place.path("db/mine.db-wal");
    running.until("rows are written", |_| size(&log) > 200_000);
    let other = Connection::open(place.path("db/mine.db")).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    while other.execute("INSERT INTO tags VALUES (1000000, 'mine')", []).is_err() {
        assert!(running.is_running());
    }
    other.close().unwrap();
    let ended = running.ended();
    assert_eq!(ended.code, 1, "{ended:?}");
    let words = "error: mine: 1 worker: tags holds a row with the key 1000000 that was not acknowledged";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    let result = place.result("mine");
    assert_eq!(result.status, Status::Completed);
    assert_eq!(result.configurations[0].verification.status, VerificationStatus::Failed);
    assert!(!result.configurations[0].validity.valid);
    assert!(place.files("db").is_empty());
}

/// 200 operations over users, posts and tags at each level, against a script, on virtual time.
fn scripted(concurrency: &str, script: impl FnOnce(&Plan) -> Script) -> (Result<(), RunError>, Vec<Level>) {
    let plan = plan(&mix(&format!("total_writes = 200\nconcurrency = {concurrency}"), "path = ':memory:'"));
    let clock = Clock::virtual_time();
    let mut engine = ScriptedEngine::new(script(&plan), &clock);
    let outcome = carry_out(&plan, &mut engine, clock, &|| ());
    assert_eq!(engine.open_sessions(), 0);
    outcome
}

/// Every operation answered by the same replies.
fn always(plan: &Plan, replies: &[Reply]) -> Script {
    let operations =
        plan.operations.iter().map(|o| (o.inserts().expect("an insert"), replies.to_vec())).collect();
    let orphans = Orphans { per_table: vec![0; plan.tables.len()], enforced: false };
    Script { operations, orphans, ..Script::default() }
}

fn answered(latency_ns: u64, answer: Answer) -> Reply {
    Reply { latency_ns, answer }
}

#[test]
fn workers_seconds_and_operations_sum_to_what_was_attempted() {
    let replies = [Reply::done(SECOND_NS / 3), answered(SECOND_NS / 7, Answer::refused("SQLITE_BUSY"))];
    for concurrency in ["[1]", "[4]", "[16]"] {
        let (ended, levels) = scripted(concurrency, |plan| always(plan, &replies));
        ended.unwrap();
        let level = &levels[0];
        level.assert_sums();
        assert!(level.complete);
        assert_eq!((level.attempted(), level.planned), (200, 200));
        assert!(level.errors_with("SQLITE_BUSY") > 0 && level.errors_with(PARENT_MISSING) > 0);
        assert_eq!(
            level.verification.status,
            VerificationStatus::Verified,
            "{:?}",
            level.verification.problems
        );
    }
}

#[test]
fn rows_whose_parents_were_refused_are_not_sent_and_say_why() {
    for concurrency in ["[1]", "[8]"] {
        let (ended, levels) = scripted(concurrency, |plan| {
            let mut script = always(plan, &[Reply::done(5)]);
            script.operations[0].1 = vec![answered(9, Answer::refused("SQLITE_CONSTRAINT_CHECK"))];
            script
        });
        ended.unwrap();
        let level = &levels[0];
        level.assert_sums();
        // All descend from users but tags.
        let expected = [
            ("posts", (0, 80)),
            ("posts_tags", (0, 20)),
            ("tags", (20, 0)),
            ("user_posts", (0, 60)),
            ("users", (0, 20)),
        ];
        assert_eq!(level.operations, expected.map(|(name, counts)| (name.to_owned(), counts)).into());
        assert_eq!(
            (level.errors_with("SQLITE_CONSTRAINT_CHECK"), level.errors_with(PARENT_MISSING)),
            (20, 160)
        );
        let words = &level.errors.iter().find(|error| error.code == PARENT_MISSING).unwrap().sample;
        assert!(words.ends_with("of users, which it refers to, was refused"), "{words}");
        assert!(level.complete, "every operation has its answer");
    }
}

#[test]
fn a_database_that_cannot_go_on_ends_its_level_and_the_run() {
    let full = Failure { code: "SQLITE_FULL", message: "database or disk is full".to_owned() };
    let (ended, levels) = scripted("[1, 2, 4]", |plan| {
        let mut script = always(plan, &[Reply::done(1_000)]);
        script.turns.insert((0, 10), answered(2_000, Answer::Fatal(full.clone())));
        script
    });
    let error = ended.unwrap_err();
    assert!(matches!(&error, RunError::Engine(EngineError::Fatal { code: "SQLITE_FULL", .. })), "{error:?}");
    assert_eq!(error.to_string(), "database or disk is full (SQLITE_FULL)");
    assert_eq!(Exit::from(&error).code(), 4);
    assert_eq!(levels.len(), 1, "the level is kept, and no other begun");
    levels[0].assert_sums();
    assert!(!levels[0].complete);
    assert_eq!((levels[0].attempted(), levels[0].succeeded()), (11, 10));
    assert_eq!(levels[0].errors_with("SQLITE_FULL"), 1);
    assert_eq!(levels[0].verification.status, VerificationStatus::Verified);
}

#[test]
fn one_worker_whose_database_cannot_go_on_stops_the_others() {
    let (ended, levels) = scripted("[8]", |plan| {
        let mut script = always(plan, &[Reply::done(1_000)]);
        // Whoever gets that far first.
        script.turns =
            (0..8).map(|worker| ((worker, 3), answered(1, Answer::fatal("SQLITE_IOERR_WRITE")))).collect();
        script
    });
    assert_eq!(Exit::from(&ended.unwrap_err()).code(), 4);
    levels[0].assert_sums();
    assert!(!levels[0].complete && levels[0].attempted() <= 8 * 4);
    assert!((1..=8).contains(&levels[0].errors_with("SQLITE_IOERR_WRITE")));
}

#[test]
fn a_worker_without_a_session_ends_the_run_before_anyone_starts() {
    let (ended, levels) = scripted("[2, 8]", |plan| {
        let closed_to = BTreeMap::from([(5, "no more connections".to_owned())]);
        Script { closed_to, ..always(plan, &[]) }
    });
    let error = ended.unwrap_err();
    assert_eq!((error.to_string().as_str(), Exit::from(&error).code()), ("no more connections", 3));
    assert_eq!(levels.len(), 1);
    assert!(levels[0].complete);
}

#[test]
fn rows_that_a_script_loses_or_makes_up_fail_the_verification() {
    let found = |change: &dyn Fn(&mut Script)| {
        let (ended, mut levels) = scripted("[4]", |plan| {
            let mut script = always(plan, &[]);
            change(&mut script);
            script
        });
        ended.unwrap();
        let verification = levels.remove(0).verification;
        assert_eq!(verification.status, VerificationStatus::Failed);
        verification.problems
    };
    let fewer = found(&|script| script.miscounts = BTreeMap::from([(1, -2)]));
    assert_eq!(fewer, ["posts holds 78 rows, and 80 were acknowledged"]);
    let more = found(&|script| script.miscounts = BTreeMap::from([(2, 1)]));
    assert_eq!(more, ["tags holds 21 rows, and 20 were acknowledged"]);
    let missing = found(&|script| script.look_up = Some(Lookup::Missing));
    assert!(missing.contains(&"row 1 of users was acknowledged, and is lost".to_owned()));
    assert!(missing.contains(&"75 more rows of posts are lost or altered".to_owned()));
    let stored = || Lookup::Different { column: "name".to_owned(), stored: Value::Null };
    let altered = found(&|script| script.look_up = Some(stored()));
    assert!(altered.contains(&"row 1 of tags is altered: name holds NULL".to_owned()));
    let damaged = found(&|script| script.damage = vec!["row 3 missing from index".to_owned()]);
    assert_eq!(damaged, ["the database is damaged: row 3 missing from index"]);
    let enforced = found(&|script| {
        script.orphans.enforced = true;
        script.orphans.per_table[1] = 4;
    });
    assert_eq!(enforced, ["4 references of posts lead to no row"]);
}

#[test]
fn a_level_says_how_often_its_workers_had_a_file_synced() {
    let place = Place::new();
    place.write("mine.toml", &mix("total_writes = 20\nconcurrency = [1, 4]", "path = 'db/mine.db'"));
    let syncs = |settings: &[&str]| -> Vec<Option<u64>> {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let ended = place.run(&[&["run", "mine.toml"], &*settings.collect::<Vec<_>>()].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        place.result("mine").configurations.iter().map(|level| level.resources.syncs).collect()
    };
    // The journal twice, its folder, the database.
    assert_eq!(syncs(&[]), [Some(80), Some(80)]);
    assert_eq!(syncs(&["database.pragmas.synchronous=off"]), [Some(0), Some(0)]);
    // The log each time, and once its header and its folder; each further worker has the folder synced, too.
    assert_eq!(syncs(&["database.pragmas.journal_mode=wal"])[0], Some(22));
    assert_eq!(syncs(&["database.path=':memory:'"]), [None, None]);
}
