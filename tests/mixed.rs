//! The promise: whatever mix of operations many workers carry out at once against a real database, every acknowledged one is accounted for, row by
//! row, and nothing else is there.

#[path = "common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use common::Place;
use runner::clock::Clock;
use runner::engine::Engine;
use runner::engine::sqlite::SqliteEngine;
use runner::measure::{LevelMeasurement, Verification, VerificationStatus};
use runner::plan::{EXPECT_ROWS, EXPECT_VALUE, Plan};
use runner::run::{self, Event};
use runner::scenario::{self, Overrides};
use rusqlite::Connection;

/// Every kind of operation. Rows that are deleted have no children, and rows that are read with an expectation are never deleted.
const SCENARIO: &str = r#"
[database.pragmas]
journal_mode = "wal"
synchronous = "off"
foreign_keys = true

[retry]
attempts = 100
base_delay = "1ms"
max_delay = "20ms"
on = ["busy", "locked"]

[tables.users]
rows = 100
share = 10
[tables.users.columns]
id    = { type = "INTEGER PRIMARY KEY" }
name  = { type = "TEXT NOT NULL", value = '{{ name() }}' }
email = { type = "TEXT NOT NULL UNIQUE", value = '{{ unique(email()) }}' }

[tables.posts]
rows = 100
share = 20
[tables.posts.columns]
id      = { type = "INTEGER PRIMARY KEY" }
user_id = { type = "INTEGER NOT NULL REFERENCES users(id)" }
title   = { type = "TEXT NOT NULL", value = '{{ sentence(4, 8) }}' }

[tables.likes]
share = 10
primary_key = ["user_id", "post_id"]
[tables.likes.columns]
user_id = { type = "INTEGER NOT NULL REFERENCES users(id)" }
post_id = { type = "INTEGER NOT NULL REFERENCES posts(id)" }

[tables.notes]
rows = 300
share = 5
[tables.notes.columns]
id      = { type = "INTEGER PRIMARY KEY" }
user_id = { type = "INTEGER NOT NULL REFERENCES users(id)" }
text    = { type = "TEXT NOT NULL", value = '{{ sentence(3, 5) }}' }
stars   = { type = "INTEGER NOT NULL", value = '{{ int(0, 5) }}' }

[tables.counters]
rows = 10
[tables.counters.columns]
id    = { type = "INTEGER PRIMARY KEY" }
value = { type = "INTEGER NOT NULL", value = 0 }

[tables.messages]
indexes = [{ columns = ["stream", "position"], unique = true }]
[tables.messages.columns]
id       = { type = "INTEGER PRIMARY KEY" }
stream   = { type = "TEXT NOT NULL", value = 's-{{ row }}' }
position = { type = "INTEGER NOT NULL", value = '{{ row }}' }

[operations.rename]
share = 10
update = "users"
keys = "zipfian"
set = { name = '{{ name() }}' }

[operations.rate]
share = 5
update = "notes"
keys = "zipfian"
set = { stars = '{{ int(0, 5) }}' }

[operations.put_note]
share = 10
upsert = "notes"
keys = "zipfian"

[operations.drop_note]
share = 5
delete = "notes"

[operations.read_user]
share = 10
get = "users"
keys = "zipfian"
expect_rows = 1

[operations.read_nobody]
share = 2
get = "users"
hit_ratio = 0
expect_rows = 0

[operations.find_posts]
share = 5
find = "posts"
by = "user_id"
limit = 5

[operations.page]
share = 5
scan = "posts"
by = "id"

[operations.count_up]
share = 3
sql = "UPDATE counters SET value = value + 1 WHERE id = :id"
bind = { id = '{{ int(1, 10) }}' }
changes = { counters = 0 }
expect_changes = 1
"#;

/// An operation with a transaction of its own, which no batch can hold.
const APPEND: &str = r#"
[operations.append]
share = 10
transaction = "immediate"
bind = { stream = 'account-{{ int(1, 20) }}' }
changes = { messages = 3 }
[[operations.append.steps]]
sql = "SELECT coalesce(max(position), -1) + 1 AS next FROM messages WHERE stream = :stream"
capture = ["next"]
expect_rows = 1
[[operations.append.steps]]
sql = "INSERT INTO messages (stream, position) VALUES (:stream, :next + :n)"
repeat = 3
bind = { n = '{{ n }}' }
expect_changes = 1
"#;

/// What is asked of a level beside its verification.
struct Level {
    /// Acknowledged, by operation.
    succeeded: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
    verification: Verification,
}

impl Level {
    fn new(measured: &LevelMeasurement, verification: Verification) -> Level {
        let succeeded = measured.operations.iter().map(|o| (o.name.clone(), o.succeeded.count()));
        let mut errors = BTreeMap::new();
        measured
            .errors
            .iter()
            .for_each(|error| *errors.entry(error.code.to_string()).or_default() += error.count);
        Level { succeeded: succeeded.collect(), errors, verification }
    }

    /// What a table must hold by the verification, and what it was found to hold.
    fn rows(&self, table: &str) -> u64 {
        let tables = &self.verification.tables;
        let found = tables.iter().find(|t| t.table == table).expect("every table is verified");
        assert_eq!(Some(found.expected), found.found);
        found.expected
    }
}

/// Counts rows by a connection of its own, while the level's database still stands.
fn counted(path: &Path) -> BTreeMap<String, u64> {
    let other = Connection::open(path).unwrap();
    let mut names = other.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let count = |name: &String| {
        other.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get::<_, i64>(0)).unwrap()
            as u64
    };
    names.iter().map(|name| (name.clone(), count(name))).collect()
}

/// Carries out a scenario of one level against a file.
fn verified(top: &str, tail: &str) -> Level {
    let mut levels = all_verified("5ms", top, &format!("{SCENARIO}{tail}"));
    let level = levels.pop().expect("a level was run");
    assert!(levels.is_empty());
    level
}

/// Carries out a scenario against a file, and checks what holds for every level of any.
fn all_verified(busy_timeout: &str, top: &str, sections: &str) -> Vec<Level> {
    let place = Place::new();
    let path = place.path("mine.db");
    let plan =
        plan(&format!("{top}\n[database]\npath = {path:?}\nbusy_timeout = '{busy_timeout}'\n{sections}"));
    let stop = Arc::new(AtomicBool::new(false));
    let clock = Clock::real();
    let mut engine = SqliteEngine::open(
        plan.database.sqlite().unwrap(),
        &plan.tables,
        &plan.operations,
        false,
        &clock,
        Arc::clone(&stop),
    )
    .unwrap();
    let options = run::Options { tape_folder: place.root().to_owned(), ..run::Options::new(clock, stop) };
    let (mut levels, mut rows) = (Vec::new(), BTreeMap::new());
    run::execute(&plan, &mut engine, &options, &mut |event| match event {
        Event::LevelEnded => rows = counted(&path),
        Event::LevelFinished { measurement, verification } => {
            let level = Level::new(measurement, verification);
            check(&plan, &level, &rows);
            levels.push(level);
        }
        _ => {}
    })
    .unwrap();
    engine.tear_down(false).unwrap();
    levels
}

fn check(plan: &Plan, level: &Level, rows: &BTreeMap<String, u64>) {
    let found = &level.verification;
    assert_eq!(found.status, VerificationStatus::Verified, "{:?}\n{:?}", found.problems, level.errors);
    assert_eq!(found.problems, [""; 0]);
    for table in &plan.tables {
        assert_eq!(rows[&table.name], level.rows(&table.name), "{}", table.name);
    }
    for code in [EXPECT_ROWS, EXPECT_VALUE] {
        assert!(!level.errors.contains_key(code), "{:?}", level.errors);
    }
    assert!(!level.errors.keys().any(|code| code.starts_with("SQLITE_CONSTRAINT")), "{:?}", level.errors);
}

fn plan(text: &str) -> Plan {
    let file = Path::new("mine.toml");
    let loaded = scenario::load(file, text.to_owned(), &Overrides::default())
        .unwrap_or_else(|r| panic!("{:#?}", r.diagnostics));
    runner::plan::build(file, &loaded).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn top(seed: u64, total: u64, workers: u32) -> String {
    format!("seed = {seed}\ntotal = {total}\nconcurrency = [{workers}]")
}

/// Rows that inserts and messages alone account for.
fn assert_rows(level: &Level) {
    let done = |name: &str| level.succeeded.get(name).copied().unwrap_or(0);
    assert_eq!(level.rows("users"), 100 + done("users"));
    assert_eq!(level.rows("posts"), 100 + done("posts"));
    assert_eq!(level.rows("likes"), done("likes"));
    assert_eq!(level.rows("counters"), 10);
    assert_eq!(level.rows("messages"), 3 * done("append"));
}

#[test]
fn a_mix_of_all_operations_by_64_workers_is_verified_row_by_row() {
    for seed in [1, 2] {
        let level = verified(&top(seed, 4_000, 64), APPEND);
        assert_rows(&level);
        let idle = level.succeeded.iter().filter(|(_, n)| **n == 0).map(|(name, _)| name.as_str());
        assert_eq!(
            idle.collect::<Vec<_>>(),
            ["counters"],
            "all but the loaded table came and was acknowledged"
        );
    }
}

#[test]
fn a_mix_whose_refusals_stand_is_verified_row_by_row() {
    // Without a time-out and a retry, nearly all writes are refused.
    let sections = format!("{SCENARIO}{APPEND}").replace("attempts = 100", "attempts = 1");
    let level = all_verified("0ms", &top(3, 4_000, 64), &sections).remove(0);
    assert_rows(&level);
    assert!(level.errors.contains_key("SQLITE_BUSY"), "{:?}", level.errors);
}

#[test]
fn a_mix_in_batches_is_verified_row_by_row() {
    let level = verified(&format!("{}\nbatch_size = 50", top(4, 4_000, 64)), "");
    assert_rows(&level);
}

#[test]
fn inserts_of_many_rows_each_are_verified_row_by_row() {
    let workload = "[workloads.load]\nmix = { users = 10, posts = 40, likes = 30, notes = 20 }\nbatch_size = 50\nbatch_mode = 'multi_row'\n";
    let level = verified(&top(5, 4_000, 64), workload);
    assert_rows(&level);
    assert_eq!(level.rows("notes"), 300 + level.succeeded["notes"]);
}

#[test]
fn a_mix_over_eight_shared_connections_is_verified_row_by_row() {
    let level = verified(&top(6, 4_000, 64), &format!("[pool]\nmax = 8\n{APPEND}"));
    assert_rows(&level);
}

#[test]
fn roles_that_work_on_each_others_rows_are_verified_row_by_row() {
    let roles = "[workloads.roles]\nduration = '500ms'\n\
        workers = { users = 4, put_note = 8, drop_note = 1, rate = 8, rename = 8, read_user = 8, append = 4, count_up = 4 }\n";
    let level = verified("seed = 7\nmax_operations = 250", &format!("{roles}{APPEND}"));
    assert_rows(&level);
}

#[test]
fn levels_and_iterations_that_go_on_with_the_same_rows_are_verified_row_by_row() {
    for (reset, iterations) in [("scenario", 2), ("level", 3)] {
        let top = format!(
            "seed = 8\ntotal = 1000\nconcurrency = [8, 64]\nreset = '{reset}'\niterations = {iterations}"
        );
        let levels = all_verified("5ms", &top, &format!("{SCENARIO}{APPEND}"));
        assert_eq!(levels.len(), 2 * iterations);
        let users: Vec<u64> = levels.iter().map(|level| level.rows("users")).collect();
        let goes_on = users.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert_eq!(goes_on, if reset == "scenario" { 3 } else { 4 }, "{users:?}");
    }
}

#[test]
fn a_mix_in_which_the_tables_come_first_is_verified_row_by_row() {
    assert_rows(&verified(&format!("{}\norder = 'phased'", top(9, 4_000, 64)), APPEND));
}

/// Upserts then give rows another primary key.
#[test]
fn a_mix_that_finds_rows_by_another_unique_column_is_verified_row_by_row() {
    let mut sections = format!("{SCENARIO}{APPEND}").replace(
        "stars   =",
        "slug    = { type = \"TEXT NOT NULL UNIQUE\", value = '{{ unique(word()) }}' }\nstars   =",
    );
    for kind in ["upsert", "delete", "update"] {
        let by_key = format!("{kind} = \"notes\"\n");
        assert!(sections.contains(&by_key));
        sections = sections.replace(&by_key, &format!("{by_key}by = \"slug\"\n"));
    }
    assert_rows(&all_verified("5ms", &top(10, 4_000, 64), &sections)[0]);
}
