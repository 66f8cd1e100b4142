//! Promise: an experiment runs every iteration of every case once, in mixed order, and one that was ended early goes on where it stopped.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Ended, Place};
use runner::result::{RunResult, Status};

/// Two variants at two points, five iterations each: twenty units.
const FILE: &str = "
total = 300
concurrency = [1]
iterations = 5
reset = 'iteration'
vars.length = 20
[database]
path = 'db/mine.db'
[output]
csv = true
summary = true
logs = true
[matrix]
vars.length = [20, 200]
[variants.wal]
database.pragmas.journal_mode = 'wal'
[tables.notes]
share = 1
[tables.notes.columns]
id   = { type = 'INTEGER PRIMARY KEY' }
body = { type = 'TEXT NOT NULL', value = '{{ text(vars.length) }}' }
";
const UNITS: usize = 20;

fn place() -> Place {
    let place = Place::new();
    place.write("mine.toml", FILE);
    place
}

/// Units that are kept as a whole.
fn kept(place: &Place) -> usize {
    let entries = fs::read_dir(place.path("results/mine/cases")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json")).count()
}

/// All iterations: variant, length, which repetition, position, throughput.
fn iterations(result: &RunResult) -> Vec<(String, String, u32, u32, f64)> {
    let of_level = |level: &runner::result::Configuration| {
        let case = (level.variant.clone(), level.parameters["vars.length"].to_string());
        let each = level.iterations.clone().into_iter();
        each.map(move |one| (case.0.clone(), case.1.clone(), one.iteration, one.position, one.throughput))
            .collect::<Vec<_>>()
    };
    result.configurations.iter().flat_map(of_level).collect()
}

fn completed(place: &Place, arguments: &[&str]) -> (Ended, RunResult) {
    let ended = place.run(arguments);
    assert_eq!(ended.code, 0, "{ended:?}");
    let result = place.result("mine");
    assert_eq!(result.status, Status::Completed);
    let all = iterations(&result);
    let positions: BTreeSet<u32> = all.iter().map(|one| one.3).collect();
    assert_eq!((all.len(), positions.len()), (UNITS, UNITS));
    assert_eq!(positions.last(), Some(&(UNITS as u32)));
    (ended, result)
}

#[test]
fn iterations_of_all_cases_are_mixed_in_rounds() {
    let place = place();
    let (_, result) = completed(&place, &["run", "mine.toml"]);
    let cases: Vec<(String, String)> = result
        .configurations
        .iter()
        .map(|l| (l.variant.clone(), l.parameters["vars.length"].to_string()))
        .collect();
    let expected = [("base", "20"), ("base", "200"), ("wal", "20"), ("wal", "200")];
    assert_eq!(cases, expected.map(|(variant, length)| (variant.to_owned(), length.to_owned())));
    let mut by_position = iterations(&result);
    by_position.sort_by_key(|one| one.3);
    for (round, four) in by_position.chunks(4).enumerate() {
        assert!(four.iter().all(|one| one.2 as usize == round + 1), "{four:?}");
    }
    assert!(by_position.chunks(4).any(|four| !four.is_sorted_by_key(|one| (one.0.clone(), one.1.clone()))));
    assert_eq!(kept(&place), 0, "what is finished is not taken over by the next run");
    assert_eq!(result.reused_iterations, 0);
    assert!(place.files("db").is_empty());
}

#[test]
fn an_interrupted_experiment_goes_on_where_it_stopped() {
    let place = place();
    let mut running = place.start(&["run", "mine.toml"]);
    running.until("some units are finished", |_| kept(&place) >= 5);
    running.interrupt();
    let ended = running.ended();
    assert_eq!(ended.code, 130, "{ended:?}");
    let before = kept(&place);
    assert!((5..UNITS).contains(&before), "{before}");
    let first = place.result("mine");
    assert_eq!(first.status, Status::Interrupted);
    assert_eq!(iterations(&first).len(), before);
    let (ended, result) = completed(&place, &["run", "mine.toml"]);
    assert_eq!(result.reused_iterations, before as u64);
    assert!(
        ended.stderr.contains(&format!("{before} of 20 iterations were measured before")),
        "{}",
        ended.stderr
    );
    let all = iterations(&result);
    assert!(iterations(&first).iter().all(|one| all.contains(one)), "no finished iteration was run again");
    assert_eq!(kept(&place), 0);
}

#[test]
fn a_killed_experiment_goes_on_too() {
    let place = place();
    let mut running = place.start(&["run", "mine.toml"]);
    running.until("some units are finished", |_| kept(&place) >= 3);
    running.kill();
    running.ended();
    let before = kept(&place);
    let (_, result) = completed(&place, &["run", "mine.toml"]);
    assert_eq!(result.reused_iterations as usize, before);
    // Killed before it was marked, the database is an empty file, which may be anyone's and stays.
    let left: Vec<_> =
        place.files("db").into_iter().filter(|file| common::size(&place.path("db").join(file)) > 0).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_was_measured_of_another_scenario_is_not_taken_over() {
    let place = place();
    let mut running = place.start(&["run", "mine.toml"]);
    running.until("some units are finished", |_| kept(&place) >= 3);
    running.interrupt();
    assert_eq!(running.ended().code, 130);
    let changed = FILE.replace("'{{ text(vars.length) }}'", "'{{ text(vars.length + 1) }}'");
    place.write("mine.toml", &changed);
    assert_eq!(completed(&place, &["run", "mine.toml"]).1.reused_iterations, 0);
}

#[test]
fn all_is_measured_anew_where_that_is_asked_for() {
    let place = place();
    let mut running = place.start(&["run", "mine.toml"]);
    running.until("some units are finished", |_| kept(&place) >= 3);
    running.interrupt();
    assert_eq!(running.ended().code, 130);
    assert_eq!(completed(&place, &["run", "--fresh", "mine.toml"]).1.reused_iterations, 0);
}

#[test]
fn a_table_a_summary_and_logs_stand_beside_the_result() {
    let place = place();
    completed(&place, &["run", "mine.toml"]);
    let csv = fs::read_to_string(place.path("results/mine/results.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 4, "{csv}");
    let summary = fs::read_to_string(place.path("results/mine/summary.txt")).unwrap();
    for words in ["20 succeeded", "wal", "median"] {
        assert!(summary.contains(words), "{words}: {summary}");
    }
    let logs: Vec<String> =
        place.files("results/mine/logs").iter().map(|p| p.display().to_string()).collect();
    assert_eq!(logs.len(), 4, "{logs:?}");
    let log = fs::read_to_string(place.path("results/mine/logs/002-wal--vars.length-20.log")).unwrap();
    assert_eq!(log.matches("300 acknowledged, 0 errors").count(), 5, "{log}");
}

#[test]
fn a_file_of_someone_else_in_the_place_of_the_table_is_left_alone() {
    let place = place();
    place.write("results/mine/results.csv", "my own notes");
    let ended = place.run(&["run", "mine.toml"]);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(ended.stderr.contains("results/mine/results.csv was not written by runner"), "{}", ended.stderr);
    assert_eq!(fs::read_to_string(place.path("results/mine/results.csv")).unwrap(), "my own notes");
    assert!(!place.path("results/mine.json").exists(), "that is seen before anything is run");
}
