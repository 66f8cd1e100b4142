//! What stands beside the figures, from fixed results.

use super::*;
use crate::result::testing::*;

#[test]
fn the_worst_stands_before_the_doubts_and_the_floor_last() {
    let mut result = finished();
    result.status = Status::Failed;
    result.reason = Some("The disk is full.".to_owned());
    let labels: Vec<String> = notes(&result).into_iter().map(|note| note.label).collect();
    assert_eq!(labels.first().unwrap(), "failed");
    assert_eq!(labels.last().unwrap(), "floor");
    assert!(labels.contains(&"one-iteration".to_owned()));
}

#[test]
fn a_failed_verification_names_its_level_and_problem() {
    let mut result = finished();
    let verification = &mut result.configurations[1].verification;
    verification.status = VerificationStatus::Failed;
    verification.problems = ["users holds 1 rows, and 2 were acknowledged", "row 2 of users is lost."]
        .map(str::to_owned)
        .to_vec();
    verification.problems.extend(["a", "b"].map(str::to_owned));
    let notes = notes(&result);
    assert_eq!(notes[0].mood, Mood::Bad);
    assert_eq!(
        notes[0].text,
        "With 2 workers: users holds 1 rows, and 2 were acknowledged; row 2 of users is lost; a; and 1 more, which \
         stand in the result."
    );
    assert!(notes[1].text.contains("with 1 worker, and no other"));
}

#[test]
fn rows_that_were_only_counted_are_not_called_compared() {
    let mut result = finished();
    let mut told = |sampled: u64, rows: u64| {
        for level in &mut result.configurations {
            level.verification.status = VerificationStatus::Verified;
            level.verification.sampled_rows = sampled;
            level.verification.tables.truncate(1);
            level.verification.tables[0].expected = rows;
        }
        result.configurations.truncate(1);
        verification(&result)[0].text.clone()
    };
    assert!(told(7, 7).starts_with("Every acknowledged row is there, and no other; 7 rows were compared"));
    assert!(told(1, 1).contains("1 row was compared"));
    assert!(
        told(0, 7).starts_with("Each table holds as many rows as were acknowledged; no values were compared")
    );
    assert!(told(5, 7).contains("acknowledged; 5 of 7 rows were compared value by value"));
}

#[test]
fn many_workloads_are_counted_not_listed() {
    let mut result = finished();
    let first = result.configurations[0].clone();
    let named = |name: &str| Configuration { workload: name.to_owned(), ..first.clone() };
    result.configurations = ["a", "b", "c", "d", "e"].map(named).to_vec();
    let of = |count| scope(&result, &result.configurations.iter().take(count).collect::<Vec<_>>());
    assert_eq!(of(2), "in a and in b");
    assert_eq!(of(4), "in 4 workloads");
    assert_eq!(of(5), "in all 5 workloads");
}

#[test]
fn targets_that_cannot_be_judged_for_one_reason_are_told_once() {
    let mut result = finished();
    let verdict = |reason: &str| crate::result::TargetVerdict {
        metric: "latency.p99".to_owned(),
        workload: None,
        operation: None,
        concurrency: None,
        variant: None,
        vars: IndexMap::new(),
        max: Some(1.0),
        min: None,
        measured: None,
        status: TargetStatus::Invalid,
        reason: Some(reason.to_owned()),
    };
    result.configurations[0].targets =
        vec![verdict("a with 1 worker: the level is odd."), verdict("b with 2 workers: the level is odd.")];
    let told: Vec<(String, String)> = targets(&result).into_iter().map(|n| (n.label, n.text)).collect();
    assert_eq!(told, [("2 targets not judged".to_owned(), "The level is odd.".to_owned())]);
    result.configurations[0].targets.truncate(1);
    assert_eq!(targets(&result)[0].text, "a with 1 worker: the level is odd.");
}

#[test]
fn errors_are_summed_over_levels() {
    let mut result = begun();
    result.add_level(&plan(), &level(2, &[1_000_000], 3), verified(1), 1);
    result.add_level(&plan(), &level(4, &[1_000_000], 4), verified(1), 1);
    let notes = errors(&result.document);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].text, "7 of users over all levels: database is locked");
}

#[test]
fn what_a_buffer_did_is_one_sentence() {
    let mut result = finished();
    assert!(buffer(&result).is_none());
    let figures = |flushes, avg, max, waits| BufferFigures {
        rotations: flushes,
        flushes,
        flushed_rows: flushes * 10_000,
        flush_ms: (flushes > 0).then_some(FlushMs { avg, min: avg, max }),
        waits,
        wait_ms: 1.5 * waits as f64,
        at_risk_max: 12_000,
        ..BufferFigures::default()
    };
    result.configurations[0].resources.buffer = Some(figures(3, 4.0, 6.0, 2));
    result.configurations[1].resources.buffer = Some(figures(1, 8.0, 8.0, 0));
    assert_eq!(
        buffer(&result).unwrap().text,
        "The buffer was flushed 4 times with 40,000 rows, 5.00 ms each on average and 8.00 ms at most; 2 writes waited \
         3.00 ms for it; up to 12,000 acknowledged rows were in memory alone at one moment."
    );
    result.configurations.iter_mut().for_each(|level| level.resources.buffer = Some(figures(0, 0.0, 0.0, 0)));
    assert!(
        buffer(&result).unwrap().text.starts_with("The buffer was never flushed; no write waited for it;")
    );
}

#[test]
fn rows_whose_answers_were_lost_and_rows_let_go_are_told_with_the_verification() {
    let mut result = finished();
    result.configurations.truncate(1);
    let verified = &mut result.configurations[0].verification;
    (verified.unknown_rows, verified.unknown_rows_found) = (3, 1);
    assert!(
        verification(&result)[0].text.starts_with(
            "Every acknowledged row is there, and no other but 1 of 3 whose answers were lost; 2 rows were compared"
        ),
        "{}",
        verification(&result)[0].text
    );
    let verified = &mut result.configurations[0].verification;
    (verified.sampled_rows, verified.not_kept_rows, verified.unknown_rows) = (0, 7, 0);
    verified.integrity_check = None;
    let told = &verification(&result)[0].text;
    assert!(told.ends_with("they are not there any more; no values were compared."), "{told}");
}

#[test]
fn the_memory_of_a_server_is_not_that_of_the_runner() {
    let mut result = finished();
    result.engine.path = None;
    result.configurations[0].resources.peak_memory_bytes = Some(1 << 20);
    assert!(memory(&result).unwrap().text.contains("the database included"));
    result.engine.storage = "server".to_owned();
    assert!(!memory(&result).unwrap().text.contains("the database included"));
}
