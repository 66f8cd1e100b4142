//! What codes say, and of which engine.

use super::super::super::testing::*;
use super::*;
use crate::measure::{ErrorMeasurement, SecondMeasurement};

/// Findings of a level of a server with so many failures by code, and so many lost answers.
fn found(errors: &[(&'static str, u64)], unknown: u64) -> Vec<Finding> {
    let mut result = begun();
    result.document.engine.name = "postgres".to_owned();
    result.document.engine.storage = "server".to_owned();
    result.document.engine.busy_timeout_ms = None;
    result.document.engine.path = None;
    result.document.engine.settings = [("lock_timeout".to_owned(), "250ms".to_owned())].into();
    let refused = errors.iter().map(|(_, count)| count).sum();
    let mut measured = level(4, &[1_000_000; 20], refused);
    let kind = |code: &'static str, count| ErrorMeasurement {
        operation: 0,
        code: code.into(),
        count,
        sample: "the server's words".to_owned(),
    };
    measured.errors = errors.iter().map(|(code, count)| kind(code, *count)).collect();
    measured.operations[0].unknown = unknown;
    measured.unknown = if unknown > 0 { vec![kind("08006", unknown)] } else { Vec::new() };
    let second = |operations| SecondMeasurement { operations, ..SecondMeasurement::default() };
    measured.time_series = [9, 0, 0, 0, 11, 0].map(second).to_vec();
    result.add_level(&plan(), &measured, verified(20), 1);
    let level = &result.document.configurations[0];
    assert_eq!(level.attempted, level.succeeded + level.overall.errors + level.unknown);
    result.document.findings
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn locks_of_a_server_are_told_with_its_own_setting() {
    let few = found(&[("55P03", 5)], 0);
    assert_eq!(codes(&few), ["refused-busy"]);
    assert!(few[0].sentence.contains("longer than `lock_timeout` of 250ms: 5 of 25"), "{}", few[0].sentence);
    assert!(few[0].suggestion.contains("raise `lock_timeout` in [database.settings]"));
    let most = found(&[("55P03", 50)], 0);
    assert_eq!(codes(&most), ["mostly-busy"]);
    assert!(most[0].suggestion.contains("after 250ms") && !most[0].suggestion.contains("busy_timeout"));
}

#[test]
fn conflicts_of_transactions_are_told_apart_and_are_to_be_repeated() {
    let both = found(&[("40001", 3), ("40P01", 1)], 0);
    assert_eq!(codes(&both), ["serialization-failures"]);
    let sentence = &both[0].sentence;
    assert!(
        sentence.contains("3 as serialization failures (40001) and 1 in deadlocks (40P01)"),
        "{sentence}"
    );
    assert!(both[0].suggestion.contains("`on = [\"serialization\", \"deadlock\"]`"));
    assert!(both[0].suggestion.contains("same order") && both[0].suggestion.contains("lower isolation"));
    let deadlocks = found(&[("40P01", 1)], 0);
    assert!(!deadlocks[0].suggestion.contains("isolation"), "{}", deadlocks[0].suggestion);
}

#[test]
fn lost_answers_are_told_with_what_they_mean_and_how_long_nothing_came() {
    let lost = found(&[("08006", 2)], 3);
    assert_eq!(codes(&lost), ["unknown-commits", "connection-lost"]);
    assert!(lost[0].sentence.starts_with("The answers to 3 of 25 writes with 4 workers were lost"));
    assert!(
        lost[1].sentence.contains("5 of 25 operations") && lost[1].sentence.contains("for 3 seconds on end")
    );
    assert_eq!(codes(&found(&[("57P01", 1)], 0)), ["connection-lost"]);
    let one = found(&[], 1);
    assert!(one[0].sentence.starts_with("The answer to one of 21 writes"), "{}", one[0].sentence);
}

#[test]
fn an_operation_that_only_met_circumstances_is_no_mistake() {
    for code in ["SQLITE_BUSY_SNAPSHOT", "55P03", "40001", "08006", "57P03", PARENT_MISSING] {
        assert!(is_circumstance(code), "{code}");
    }
    for code in ["SQLITE_CONSTRAINT_UNIQUE", "23505", "42601", "57014"] {
        assert!(!is_circumstance(code), "{code}");
    }
}
