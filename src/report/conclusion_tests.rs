//! The sentence below a table, from fixed results.

use super::*;
use crate::result::testing::*;
use crate::result::{Doubt, Durability, TargetVerdict};

/// Levels of these variants, with these workers, throughputs and latencies, which nothing casts doubt on.
fn result(levels: &[(&str, u32, f64, f64)]) -> RunResult {
    let mut result = finished();
    let first = result.configurations[0].clone();
    let level = |&(variant, concurrency, throughput, ms): &(&str, u32, f64, f64)| {
        let mut level = first.clone();
        (level.variant, level.concurrency, level.statistics) = (variant.to_owned(), concurrency, None);
        level.overall.throughput = throughput;
        (level.validity.valid, level.validity.doubts) = (true, Vec::new());
        let latency = level.overall.latency_ms.as_mut().unwrap();
        (latency.avg, latency.p99) = (ms, ms * 4.0);
        level
    };
    result.configurations = levels.iter().map(level).collect();
    result
}

fn told(result: &RunResult) -> String {
    conclusion(result).join("\n")
}

fn doubt(level: &mut Configuration, code: &str, invalidating: bool) {
    level.validity.valid &= !invalidating;
    level.validity.doubts.push(Doubt { code: code.to_owned(), sentence: String::new(), invalidating });
}

fn base_alone() -> RunResult {
    result(&[("base", 1, 1_000.0, 1.0)])
}

/// Demands on the first level with these outcomes.
fn demanded(result: &mut RunResult, outcomes: &[TargetStatus]) {
    let verdict = |&status: &TargetStatus| TargetVerdict {
        metric: "latency.p99".to_owned(),
        workload: None,
        operation: None,
        concurrency: None,
        variant: None,
        vars: indexmap::IndexMap::new(),
        max: Some(1.0),
        min: None,
        measured: Some(1.0),
        status,
        reason: None,
    };
    result.configurations[0].targets = outcomes.iter().map(verdict).collect();
}

#[test]
fn several_levels_come_to_a_peak_and_a_knee() {
    let levels = [
        ("base", 1, 1_000.0, 1.0),
        ("base", 2, 1_900.0, 1.05),
        ("base", 4, 2_400.0, 1.7),
        ("base", 8, 2_300.0, 3.5),
    ];
    assert_eq!(
        told(&result(&levels)),
        "The peak is 2,400 writes/s with 4 workers, 2.40 times that of 1 worker, p99 6.80 ms; beyond 2 workers, latency grows faster \
         than throughput."
    );
    assert_eq!(
        told(&result(&[("base", 1, 1_000.0, 1.0), ("base", 2, 900.0, 2.2)])),
        "The peak is 1,000 writes/s with 1 worker, p99 4.00 ms; more workers bring nothing."
    );
    let dear = [("base", 1, 1_000.0, 1.0), ("base", 2, 1_500.0, 2.0), ("base", 4, 1_400.0, 4.0)];
    assert_eq!(
        told(&result(&dear)),
        "The peak is 1,500 writes/s with 2 workers, 1.50 times that of 1 worker, p99 8.00 ms; beyond 1 worker, latency grows faster than \
         throughput."
    );
}

#[test]
fn a_peak_at_the_last_level_is_one_only_of_what_was_tried() {
    let levels = [("base", 1, 1_000.0, 1.0), ("base", 2, 2_000.0, 1.0), ("base", 4, 4_000.0, 1.0)];
    assert_eq!(
        told(&result(&levels)),
        "The peak is 4,000 writes/s with 4 workers, 4.00 times that of 1 worker, p99 4.00 ms; more than 4 workers were not tried."
    );
}

#[test]
fn after_the_best_level_a_lower_latency_is_no_knee() {
    let levels = [("base", 1, 1_000.0, 2.0), ("base", 2, 2_000.0, 2.0), ("base", 4, 1_900.0, 1.0)];
    assert_eq!(
        told(&result(&levels)),
        "The peak is 2,000 writes/s with 2 workers, 2.00 times that of 1 worker, p99 8.00 ms."
    );
}

#[test]
fn more_workers_that_bring_no_more_than_the_variation_bring_nothing() {
    let mut found = repeated(&[("base", [20, 21, 22]), ("base", [20, 20, 21])]);
    for (workers, level) in (1..).zip(&mut found.configurations) {
        (level.concurrency, level.variant) = (workers, "base".to_owned());
    }
    assert_eq!(
        told(&found),
        "95.2 writes/s with 1 worker, on average 2.00 ms; more workers bring nothing beyond the variation between iterations: the most is \
         100 writes/s with 2 workers, on average 2.00 ms."
    );
}

#[test]
fn one_level_comes_to_its_figures_and_whether_to_believe_them() {
    let mut result = base_alone();
    assert_eq!(told(&result), "1,000 writes/s with 1 worker, p99 4.00 ms: valid, without reservations.");
    doubt(&mut result.configurations[0], "one-iteration", false);
    doubt(&mut result.configurations[0], "drift", false);
    assert_eq!(
        told(&result),
        "1,000 writes/s with 1 worker, p99 4.00 ms: valid, with reservations (one-iteration, drift)."
    );
}

#[test]
fn without_samples_for_a_percentile_the_mean_is_told() {
    let mut result = base_alone();
    doubt(&mut result.configurations[0], "too-few-samples", false);
    assert!(
        told(&result).starts_with("1,000 writes/s with 1 worker, on average 1.00 ms: valid"),
        "{}",
        told(&result)
    );
}

#[test]
fn what_is_invalid_says_so_first() {
    let mut whole = base_alone();
    doubt(&mut whole.configurations[0], "debug-build", true);
    assert_eq!(told(&whole), "Not to be believed (debug-build): 1,000 writes/s with 1 worker, p99 4.00 ms.");
    let mut part = result(&[("base", 1, 1_000.0, 1.0), ("base", 2, 2_000.0, 1.0), ("base", 4, 9_000.0, 1.0)]);
    doubt(&mut part.configurations[2], "interrupted", true);
    part.status = Status::Interrupted;
    assert_eq!(
        told(&part),
        "Unfinished, without one of 3 levels, which should not be believed (interrupted): the peak is 2,000 writes/s with 2 workers, \
         2.00 times that of 1 worker, p99 4.00 ms."
    );
    part.configurations.clear();
    assert_eq!(told(&part), "");
}

#[test]
fn a_quick_run_is_called_a_trial() {
    let mut result = base_alone();
    result.quick = true;
    doubt(&mut result.configurations[0], "quick-run", false);
    assert_eq!(
        told(&result),
        "Only a trial (quick-run): 1,000 writes/s with 1 worker, p99 4.00 ms: valid, without reservations."
    );
}

#[test]
fn errors_are_told_with_the_speed_that_they_made() {
    let mut result = base_alone();
    result.configurations[0].overall.success_rate = Some(0.75);
    assert!(told(&result).contains("p99 4.00 ms, 25.0 % of the attempts failed: valid"), "{}", told(&result));
    result.configurations[0].succeeded = 0;
    assert_eq!(told(&result), "Nothing was acknowledged.");
}

#[test]
fn an_open_loop_is_held_against_the_rate_that_was_asked_for() {
    let mut result = base_alone();
    let arrivals = crate::result::ArrivalFigures {
        asked_rate: 500.0,
        achieved_rate: 499.0,
        due: 5_000,
        not_started: 10,
        backlog_max: 3,
        service_histogram: None,
    };
    result.configurations[0].arrivals = Some(arrivals);
    assert_eq!(
        told(&result),
        "Of 500/s asked for, 499/s were achieved with 1 worker, p99 4.00 ms: valid, without reservations."
    );
}

/// Base and variants of one level, three iterations each that last so many milliseconds.
fn repeated(cases: &[(&str, [u64; 3])]) -> RunResult {
    let mut result = begun();
    let mut position = 0;
    for (index, (variant, durations)) in cases.iter().enumerate() {
        let mut plan = plan();
        (plan.case, plan.variant) = (index, (*variant).to_owned());
        plan.workloads[0].iterations = 3;
        for (iteration, ms) in (1..).zip(durations) {
            position += 1;
            let mut measured = level(1, &[1_000_000, 3_000_000], 0);
            (measured.iteration, measured.duration_ns) = (iteration, ms * 1_000_000);
            result.add_level(&plan, &measured, verified(2), position);
        }
    }
    result.finish(&plan(), Status::Completed, None);
    result.document
}

#[test]
fn the_fastest_variant_is_named_with_its_factor_and_how_sure_it_is() {
    let found = repeated(&[("base", [20, 21, 22]), ("wal", [10, 9, 11]), ("slow", [60, 63, 66])]);
    assert_eq!(
        told(&found),
        "Variant wal is the fastest: its peak is 200 writes/s with 1 worker, 2.10 times base's (95 % interval 1.82 to 2.44)."
    );
    let mut unlike = repeated(&[("base", [20, 21, 22]), ("buffered", [10, 9, 11])]);
    unlike.configurations[1].durability = Some(Durability::Memory);
    assert!(
        told(&unlike).ends_with("; they do not promise the same (in memory, base survives power loss)."),
        "{}",
        told(&unlike)
    );
    assert_eq!(
        told(&repeated(&[("base", [20, 21, 22]), ("slow", [60, 63, 66])])),
        "Base is the fastest: its peak is 95.2 writes/s with 1 worker; variant slow has 0.33 times that (95 % interval 0.30 to 0.37)."
    );
}

#[test]
fn no_variant_is_called_faster_for_a_difference_within_the_noise() {
    let found = repeated(&[("base", [20, 21, 22]), ("wal", [20, 21, 22]), ("same", [19, 21, 23])]);
    assert!(
        told(&found).starts_with("No variant is faster than base beyond the variation between iterations: "),
        "{}",
        told(&found)
    );
    let once = result(&[("base", 1, 1_000.0, 1.0), ("wal", 1, 2_000.0, 1.0)]);
    assert_eq!(
        told(&once),
        "Variant wal is the fastest: its peak is 2,000 writes/s with 1 worker, 2.00 times base's (measured too few times to say how sure \
         that is)."
    );
}

#[test]
fn over_a_matrix_variants_are_told_by_their_mean_factor() {
    let mut found = repeated(&[
        ("base", [20, 21, 22]),
        ("base", [40, 41, 42]),
        ("wal", [10, 9, 11]),
        ("wal", [10, 11, 10]),
    ]);
    // Variants of one name at two points are one case until the points tell them apart.
    assert_eq!(
        found.configurations.len(),
        4,
        "{:?}",
        found.configurations.iter().map(Configuration::case).collect::<Vec<_>>()
    );
    for (level, size) in found.configurations.iter_mut().zip(["1MB", "2MB", "1MB", "2MB"]) {
        level.parameters.insert("vars.size".to_owned(), size.into());
    }
    assert_eq!(
        told(&found),
        "Variant wal has 2.90 times base on average over 2 points of the matrix (2.10 to 4.00), everywhere beyond the variation between \
         iterations."
    );
}

#[test]
fn a_matrix_alone_comes_to_its_slowest_and_its_fastest_case() {
    let mut result = result(&[("base", 1, 1_000.0, 1.0), ("base", 1, 4_000.0, 1.0)]);
    for (level, mode) in result.configurations.iter_mut().zip(["delete", "wal"]) {
        level.parameters.insert("database.pragmas.journal_mode".to_owned(), mode.into());
    }
    assert_eq!(
        told(&result),
        "The cases go from 1,000 writes/s (journal_mode delete) to 4,000 writes/s (journal_mode wal), 4.00 times as much."
    );
    for level in &mut result.configurations {
        level.parameters.insert("database.pragmas.page_size".to_owned(), 4096.into());
    }
    result.configurations[1].durability = Some(Durability::ProcessCrash);
    assert_eq!(
        told(&result),
        "The cases go from 1,000 writes/s (journal_mode delete) to 4,000 writes/s (journal_mode wal), 4.00 times as much; they do not \
         promise the same (survives process crash, the slowest survives power loss)."
    );
}

#[test]
fn cases_without_figures_are_left_out_and_said_to_be() {
    let told = told(&experiment());
    assert!(
        told.starts_with("Without one of 4 levels, which should not be believed (no-figures): variant wal is the fastest: its peak is 100 MB/s"),
        "{told}"
    );
}

#[test]
fn each_workload_has_its_sentence_and_many_have_one_together() {
    let mut found = result(&[("base", 1, 1_000.0, 1.0), ("base", 1, 50.0, 1.0)]);
    found.configurations[1].workload = "scan".to_owned();
    demanded(&mut found, &[TargetStatus::Pass]);
    assert_eq!(
        conclusion(&found),
        [
            "write: 1,000 writes/s with 1 worker, p99 4.00 ms.",
            "scan: 50.0 writes/s with 1 worker, p99 4.00 ms.",
            "Its target is met.",
        ]
    );
    found.configurations = (0..9)
        .map(|number| {
            let mut level = found.configurations[0].clone();
            (level.workload, level.overall.throughput) = (format!("w{number}"), 10.0 * f64::from(number + 1));
            level.targets.clear();
            level
        })
        .collect();
    assert_eq!(
        told(&found),
        "9 workloads, from 10.0 ops/s (w0 with 1 worker) to 90.0 ops/s (w8 with 1 worker): valid, without reservations."
    );
}

#[test]
fn targets_are_counted_by_what_became_of_them() {
    use TargetStatus::{Fail, Invalid, Pass};
    let with = |outcomes: &[TargetStatus]| {
        let mut result = base_alone();
        demanded(&mut result, outcomes);
        told(&result).rsplit_once("; ").unwrap().1.to_owned()
    };
    assert_eq!(with(&[Pass]), "its target is met.");
    assert_eq!(with(&[Pass, Pass]), "all 2 targets are met.");
    assert_eq!(with(&[Fail]), "its target is missed.");
    assert_eq!(with(&[Pass, Fail, Pass]), "2 of 3 targets are met, 1 is missed.");
    assert_eq!(
        with(&[Pass, Fail, Fail, Invalid]),
        "1 of 4 targets is met, 2 are missed and 1 is not judged."
    );
}
