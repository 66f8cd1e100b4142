//! Promise: what the machine cannot give ends a run with a sentence, a result where one was begun, and no files left; what it need not give
//! is not asked for.

mod common;

use common::{Ended, Place, Running};
use runner::result::Status;

fn place(top: &str, database: &str, table: &str, sections: &str) -> Place {
    let place = Place::new();
    let columns = "[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\ntext = { type = 'TEXT', value = '{{ sentence(4, 8) }}' }";
    let text = format!(
        "{top}\n[database]\npath = 'db/mine.db'\nbusy_timeout = '60s'\n{database}\n[tables.notes]\n{table}\n{columns}\n{sections}\n"
    );
    place.write("mine.toml", &text);
    place
}

/// Four workers and a pool, in a process that may open 64 files.
fn pooled(pool: &str) -> (Place, Ended) {
    let place = place("total = 100\nconcurrency = [4]", "", "share = 1", &format!("[pool]\n{pool}\n"));
    let script = format!("ulimit -n 64; exec '{}' run mine.toml", env!("CARGO_BIN_EXE_runner"));
    let ended = Running::start(&mut place.command("sh", &["-c", &script])).ended();
    (place, ended)
}

#[test]
fn a_pool_asks_for_no_more_files_than_its_workers_can_use() {
    let (place, ended) = pooled("initial = 2\nmax = 1_000\nmax_idle = 1_000\ncheckout_timeout = '5s'");
    assert_eq!(ended.code, 0, "{ended:?}");
    let result = place.result("mine");
    let pool = result.configurations[0].pool.as_ref().expect("a pool has its figures");
    assert!(pool.open_max <= 4);
}

#[test]
fn a_pool_whose_connections_cannot_all_be_opened_is_refused_before_the_first_level() {
    let (place, ended) = pooled("initial = 500\nmax = 500\nmax_idle = 500\ncheckout_timeout = '5s'");
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.stderr.contains("500 connections need about"), "{}", ended.stderr);
    assert!(place.files("db").is_empty());
}

#[test]
fn rows_to_load_that_do_not_fit_end_the_run() {
    let place = place(
        "total = 100\nconcurrency = [4]",
        "[database.pragmas]\nmax_page_count = 40",
        "rows = 20_000\nshare = 1",
        "",
    );
    let ended = place.run(&["run", "mine.toml"]);
    assert_eq!(ended.code, 4, "{ended:?}");
    let words = "of notes could not be loaded: database or disk is full (SQLITE_FULL)";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    let result = place.result("mine");
    assert_eq!(result.status, Status::Failed);
    assert!(result.reason.expect("it says why").contains(words));
    assert!(result.configurations.is_empty());
    assert!(place.files("db").is_empty());
}
