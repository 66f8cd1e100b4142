//! The promise: the same seed gives the same rows, whatever the number of workers and however often it is run; and no row is sent before
//! the rows that it refers to are there.

mod common;

use std::collections::BTreeMap;

use common::{Place, mix};
use runner::measure::VerificationStatus;
use runner::result::{Configuration, RunResult};
use rusqlite::Connection;
use rusqlite::types::Value;

const ORDERS: [&str; 2] = ["mixed", "phased"];

/// All rows of all tables, in an order that does not depend on how they came there.
type Rows = BTreeMap<String, Vec<String>>;

fn rows(connection: &Connection) -> Rows {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(names).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names
        .map(|name| {
            let name: String = name.unwrap();
            let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
            let columns = statement.column_count();
            let whole = |row: &rusqlite::Row<'_>| (0..columns).map(|i| row.get(i)).collect();
            let found = statement.query_map([], whole).unwrap();
            let mut rows: Vec<String> =
                found.map(|row: Result<Vec<Value>, _>| format!("{:?}", row.unwrap())).collect();
            rows.sort_unstable();
            (name, rows)
        })
        .collect()
}

/// A scenario with a log and without syncs: only its rows matter.
fn place(order: &str, more: &str, busy_timeout: &str) -> Place {
    let place = Place::new();
    let database = format!(
        "path = 'db/mine.db'\nbusy_timeout = '{busy_timeout}'\n[database.pragmas]\n\
         journal_mode = 'wal'\nsynchronous = 'off'\nforeign_keys = true"
    );
    place.write(
        "mine.toml",
        &mix(&format!("total_writes = 2_000\nconcurrency = [32]\norder = '{order}'\n{more}"), &database),
    );
    place
}

/// Runs at one concurrency and returns the result with what is in the database at the end.
fn run(place: &Place, concurrency: &str) -> (RunResult, Rows) {
    let ended = place.run(&["run", "mine.toml", "--keep-db", "--concurrency", concurrency]);
    assert_eq!(ended.code, 0, "{ended:?}");
    (place.result("mine"), rows(&Connection::open(place.path("db/mine.db")).unwrap()))
}

fn assert_all_written(level: &Configuration) {
    assert!(level.errors.is_empty(), "{:?}", level.errors);
    assert_eq!((level.attempted, level.succeeded), (level.total_writes, level.total_writes));
    assert_eq!(level.verification.status, VerificationStatus::Verified);
}

#[test]
fn one_worker_and_many_write_the_same_rows_in_every_run_and_no_child_comes_before_its_parent() {
    for order in ORDERS {
        let place = place(order, "", "60s");
        let (alone, expected) = run(&place, "1");
        let counts: Vec<usize> = expected.values().map(Vec::len).collect();
        assert_eq!(counts, [800, 200, 200, 600, 200], "posts, posts_tags, tags, user_posts, users");
        let (together, at_once) = run(&place, "32");
        assert!(at_once == expected, "{order}: 32 workers wrote other rows");
        let (_, again) = run(&place, "32");
        assert!(again == expected, "{order}: another run wrote other rows");
        for result in [&alone, &together] {
            assert_all_written(&result.configurations[0]);
            let orphans = result.configurations[0].verification.orphans.as_ref().unwrap();
            assert!(orphans.enforced && orphans.tables.iter().all(|table| table.found == Some(0)));
        }
    }
}

#[test]
fn levels_that_go_on_where_the_last_one_ended_write_the_same_rows_too() {
    for order in ORDERS {
        let place = place(order, "reset = 'scenario'", "60s");
        let (result, expected) = run(&place, "1,2");
        result.configurations.iter().for_each(assert_all_written);
        assert_eq!(expected["posts"].len(), 1_600);
        let (_, at_once) = run(&place, "16,32");
        assert!(at_once == expected, "{order}");
    }
}

#[test]
fn another_seed_gives_other_rows() {
    let (_, expected) = run(&place("mixed", "seed = 1", "60s"), "1");
    let (_, other) = run(&place("mixed", "seed = 2", "60s"), "1");
    assert!(expected["users"] != other["users"] && expected["user_posts"] != other["user_posts"]);
}

#[test]
fn refused_parents_keep_their_children_from_being_sent() {
    for order in ORDERS {
        let (result, rows) = run(&place(order, "", "0ms"), "32");
        let [level] = result.configurations.as_slice() else { panic!("one level was run") };
        for error in &level.errors {
            let expected = error.code.starts_with("SQLITE_BUSY") || error.code == runner::run::PARENT_MISSING;
            assert!(expected, "{order}: {error:?}");
        }
        let errors: u64 = level.errors.iter().map(|error| error.count).sum();
        assert!(level.complete);
        assert_eq!((level.attempted, level.succeeded + errors), (2_000, 2_000), "{order}");
        assert_eq!(level.overall.errors, errors);
        assert_eq!(rows.values().map(Vec::len).sum::<usize>() as u64, level.succeeded);
        assert_eq!(
            level.verification.status,
            VerificationStatus::Verified,
            "{:?}",
            level.verification.problems
        );
    }
}
