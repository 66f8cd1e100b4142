//! Promise: a server that goes away in the middle of a run costs the operations that it takes with it, which are counted; one that stays away ends
//! the run with a result of what was measured until then.
//!
//! Each test has a server of its own, made by `scripts/with-postgres.sh`.

mod common;

use common::postgres::{self, OwnServer};
use common::{Place, Running};
use runner::result::{Configuration, Status, VerificationStatus};

#[test]
fn a_server_of_a_test_keeps_what_it_committed_through_a_crash() {
    let Some(own) = postgres::own() else { return };
    own.server.ask("CREATE TABLE kept (id bigint)");
    own.server.ask("INSERT INTO kept VALUES (7)");
    own.crash();
    own.start_again();
    assert_eq!(own.server.ask("SELECT id FROM kept"), "7");
    own.stop();
    own.start_again();
    assert_eq!(own.server.ask("SELECT count(*) FROM kept"), "1");
    assert!(own.server.has_schema("public") && !own.server.has_schema("it's not"));
}

/// Four workers insert rows, one after the other, each committed by itself.
fn inserts(total: u64, own: &OwnServer, reconnect_timeout: &str) -> String {
    let url = own.server.url_of("postgres", "sslmode=disable");
    format!(
        r#"
language = 1
seed = 1
total_writes = {total}
concurrency = [4]

[database]
engine = "postgres"
url = "{url}"
reconnect_timeout = "{reconnect_timeout}"

[tables.items]
share = 1
[tables.items.columns]
id   = {{ type = "INTEGER PRIMARY KEY" }}
name = {{ type = "TEXT NOT NULL", value = '{{{{ name() }}}}' }}
"#
    )
}

/// Rows in the table of a run; none while it is not there.
fn rows(own: &OwnServer) -> u64 {
    own.server.try_ask("SELECT count(*) FROM runner_outage.items").map_or(0, |count| count.parse().unwrap())
}

/// Starts a run, and waits until it is in the middle of its level.
fn in_the_middle(place: &Place, own: &OwnServer) -> Running {
    let mut running = place.start(&["run", "outage.toml", "--quiet"]);
    running.until("rows are written", |_| rows(own) > 500);
    running
}

/// Operations whose answer was lost, as the result has them.
fn unknown(level: &Configuration) -> u64 {
    let level = serde_json::to_value(level).unwrap();
    level["unknown"].as_u64().expect("operations of unknown outcome are counted")
}

/// Every operation is accounted for once, and no connection had more than one under way.
fn assert_accounted_for(level: &Configuration) {
    let (succeeded, errors, unknown) = (level.succeeded, level.overall.errors, unknown(level));
    assert_eq!(level.attempted, succeeded + errors + unknown);
    assert!(succeeded > 500, "{succeeded} succeeded before the server stopped");
    assert!(errors + unknown > 0, "the server stopped, and no operation noticed");
    assert!(unknown <= 4, "{unknown} operations of 4 connections were under way when they were lost");
}

#[test]
fn a_server_that_stays_away_ends_the_run_with_what_was_measured_until_then() {
    let Some(own) = postgres::own() else { return };
    let place = Place::new();
    place.write("outage.toml", &inserts(200_000, &own, "500ms"));
    let running = in_the_middle(&place, &own);
    own.crash();
    let ended = running.ended();
    assert_eq!(ended.code, 4, "{ended:?}");
    let result = place.result("outage");
    assert_eq!(result.status, Status::Failed);
    let [level] = result.configurations.as_slice() else { panic!("one level was begun") };
    assert!(!level.complete);
    assert_accounted_for(level);
    // Nothing that was acknowledged is gone, and only what was under way may be there beyond it.
    own.start_again();
    let there = rows(&own);
    let known = level.succeeded..=level.succeeded + unknown(level);
    assert!(known.contains(&there), "{there} rows are there of {known:?}");
}

#[test]
fn a_server_that_comes_back_in_time_lets_the_run_complete() {
    let Some(own) = postgres::own() else { return };
    let place = Place::new();
    place.write("outage.toml", &inserts(40_000, &own, "100s"));
    let running = in_the_middle(&place, &own);
    own.stop();
    own.start_again();
    let ended = running.ended();
    assert_eq!(ended.code, 0, "{ended:?}");
    let result = place.result("outage");
    assert_eq!(result.status, Status::Completed);
    let [level] = result.configurations.as_slice() else { panic!("there is one level") };
    assert!(level.complete && level.attempted == 40_000);
    assert_accounted_for(level);
    assert_eq!(level.verification.status, VerificationStatus::Verified, "{:?}", level.verification);
    assert!(!own.server.has_schema("runner_outage"), "a schema was left behind");
}
