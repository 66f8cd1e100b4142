//! Interruptions while a workload waits for its time, for a connection or for another attempt, and before anything is measured.

use std::path::Path;

use runner::result::RunResult;

use crate::common::{Place, size};
use crate::{alone, assert_ends_soon, workers};

/// One table without references: lines for the top of the file, lines for `[database]`, keys of the table, and sections.
fn place(top: &str, database: &str, table: &str, sections: &str) -> Place {
    let place = Place::new();
    let columns = "[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\ntext = { type = 'TEXT', value = '{{ word() }}' }";
    let text = format!(
        "{top}\n[database]\npath = 'db/mine.db'\n{database}\n[tables.notes]\n{table}\n{columns}\n{sections}\n"
    );
    place.write("mine.toml", &text);
    place
}

/// Interrupts as soon as four workers are at work and `ready` is true of the place.
fn interrupt_four(place: &Place, ready: impl Fn(&Path) -> bool) -> RunResult {
    let _alone = alone();
    let mut running = place.start(&["run", "mine.toml"]);
    // The floor is measured by one.
    running.until("four are at work", |pid| workers(pid) == 4 && ready(place.root()));
    assert_ends_soon(place, running)
}

fn assert_cut_short(result: &RunResult) {
    let level = result.configurations.last().expect("a level was begun");
    assert!(!level.complete && !level.validity.valid && level.targets.is_empty());
}

#[test]
fn an_interruption_ends_the_wait_for_the_next_arrival() {
    let place = place("duration = '1000s'\nrate = '0.1/s'\nconcurrency = [4]", "", "share = 1", "");
    let result = interrupt_four(&place, |_| true);
    assert_cut_short(&result);
    assert!(result.configurations[0].attempted <= 1);
}

#[test]
fn an_interruption_ends_the_delay_before_the_next_attempt() {
    let retry = "[retry]\nattempts = 5\nbase_delay = '1000s'\nmax_delay = '1000s'\njitter = false\non = ['constraint']\n";
    let operation = "[operations.again]\nshare = 1\nsql = \"INSERT INTO notes (id) VALUES (1)\"\nchanges = { notes = 1 }\n";
    let sections = format!("{retry}{operation}");
    let place = place("total = 100\nconcurrency = [4]", "busy_timeout = '5s'", "rows = 1", &sections);
    let result = interrupt_four(&place, |_| true);
    assert_cut_short(&result);
    assert_eq!(result.configurations[0].succeeded, 0);
}

#[test]
fn an_interruption_ends_the_wait_for_a_connection() {
    let pool = "[pool]\ninitial = 1\nmax = 1\nmax_idle = 1\ncheckout_timeout = '1000s'\n";
    let place = place("total = 100_000\nconcurrency = [4]", "busy_timeout = '5s'", "share = 1", pool);
    let result = interrupt_four(&place, |root| size(&root.join("db/mine.db")) > 16_384);
    assert_cut_short(&result);
    let level = &result.configurations[0];
    assert!(level.succeeded > 0);
    assert_eq!(level.errors, []);
}

#[test]
fn an_interruption_ends_a_warm_up() {
    let top = "duration = '1000s'\nwarmup = '1000s'\nmax_operations = 100_000\nconcurrency = [4]";
    let place = place(top, "busy_timeout = '60s'", "share = 1", "");
    let result = interrupt_four(&place, |root| size(&root.join("db/mine.db")) > 16_384);
    assert_cut_short(&result);
    let level = &result.configurations[0];
    assert_eq!((level.attempted, level.duration_ms), (0, 0.0));
    assert!(level.warm_up.as_ref().expect("a warm-up was begun").attempted > 0);
}

#[test]
fn an_interruption_ends_the_loading_of_rows() {
    let _alone = alone();
    let place = place("total = 100\nconcurrency = [4]", "", "rows = 600_000\nshare = 1", "");
    let mut running = place.start(&["run", "mine.toml"]);
    let file = place.path("db/mine.db");
    running.until("rows are loaded", |_| size(&file) > 200_000);
    assert!(assert_ends_soon(&place, running).configurations.is_empty());
}

#[test]
fn an_interruption_of_a_later_workload_keeps_the_earlier_ones() {
    let workloads = "[workloads.first]\ntotal = 20\nconcurrency = [2]\n\
        [workloads.second]\nduration = '1000s'\nrate = '0.1/s'\nconcurrency = [4]\n[workloads.third]\ntotal = 20\nconcurrency = [1]\n";
    let place = place("", "busy_timeout = '60s'", "share = 1", workloads);
    let result = interrupt_four(&place, |_| true);
    assert_cut_short(&result);
    let found: Vec<_> =
        result.configurations.iter().map(|level| (&level.workload[..], level.complete)).collect();
    assert_eq!(found, [("first", true), ("second", false)]);
}
