//! What a comparison of stored results comes to.

use super::*;
use crate::result::{Iteration, testing};

/// A result of two levels with as many iterations of 10,000 operations as there are figures of throughput.
fn source(throughput: &[f64]) -> Source {
    let mut result = testing::finished();
    for level in &mut result.configurations {
        level.validity.doubts.clear();
        level.iterations = (1..)
            .zip(throughput)
            .map(|(number, &throughput)| Iteration {
                iteration: number,
                position: number,
                attempted: 10_000,
                succeeded: 10_000,
                throughput,
                duration_ms: 1e7 / throughput,
                avg_ms: Some(1e3 / throughput),
                p50_ms: Some(1e3 / throughput),
                ..Default::default()
            })
            .collect();
    }
    Source { path: "results/base-0.json".to_owned(), result }
}

fn ten(mean: f64) -> Vec<f64> {
    let shifts = [0.3, -0.9, 0.7, -0.2, 0.1, -0.6, 0.9, -0.4, 0.5, -0.7];
    shifts.iter().map(|shift| mean * (1.0 + shift * 0.01)).collect()
}

fn compared(base: &Source, candidate: &Source) -> Comparison {
    let (base, candidate) = (std::slice::from_ref(base), std::slice::from_ref(candidate));
    compare(base, candidate, &Options::default()).unwrap()
}

#[test]
fn every_level_and_metric_of_both_is_compared_and_says_where_it_stands() {
    let found = compared(&source(&ten(1_000.0)), &source(&ten(900.0)));
    assert_eq!((found.verdict, found.tests), (Verdict::Regressed, 6));
    let levels = &found.scenarios[0].cases;
    assert_eq!(levels.len(), 2);
    let names: Vec<&str> = levels[1].metrics.iter().map(|metric| metric.metric.as_str()).collect();
    assert_eq!(names, ["throughput", "latency.avg", "latency.p50"]);
    let metric = &levels[1].metrics[0];
    assert_eq!((metric.base_iterations, metric.base_pointer.as_str()), (10, "/configurations/1/iterations"));
    assert!(
        (metric.ratio.unwrap() - 0.9).abs() < 1e-9 && metric.low < metric.ratio && metric.ratio < metric.high
    );
    assert!(levels.iter().all(|level| level.metrics.iter().all(|m| m.verdict == Verdict::Regressed)));
    let back = compared(&source(&ten(900.0)), &source(&ten(1_000.0)));
    assert_eq!(back.verdict, Verdict::Improved);
    assert_eq!(compared(&source(&ten(900.0)), &source(&ten(901.0))).verdict, Verdict::Unchanged);
}

#[test]
fn an_invalid_level_decides_nothing_but_a_delay_on_purpose_does() {
    let base = source(&ten(1_000.0));
    let mut candidate = source(&ten(800.0));
    let doubt = |code: &str| crate::result::Doubt {
        code: code.to_owned(),
        sentence: "It was so.".to_owned(),
        invalidating: true,
    };
    candidate
        .result
        .configurations
        .iter_mut()
        .for_each(|level| level.validity.doubts = vec![doubt("debug-build")]);
    let found = compared(&base, &candidate);
    assert_eq!((found.verdict, found.tests), (Verdict::Inconclusive, 0));
    assert_eq!(found.scenarios[0].cases[0].metrics[0].reason, "the candidate decides nothing: It was so.");
    candidate
        .result
        .configurations
        .iter_mut()
        .for_each(|level| level.validity.doubts = vec![doubt("test-delay")]);
    assert_eq!(compared(&base, &candidate).verdict, Verdict::Regressed);
}

#[test]
fn results_of_other_circumstances_are_compared_only_when_told_to() {
    let base = source(&ten(1_000.0));
    let mut candidate = base.clone();
    candidate.result.environment.comparability.insert("kernel".to_owned(), "another".to_owned());
    let sides = (std::slice::from_ref(&base), std::slice::from_ref(&candidate));
    let Err(Incomparable::Differs { differences, .. }) = compare(sides.0, sides.1, &Options::default())
    else {
        panic!("they differ");
    };
    assert_eq!(differences.len(), 1);
    assert_eq!(
        (differences[0].name.as_str(), differences[0].candidate.as_deref()),
        ("kernel", Some("another"))
    );
    let options = Options { anyway: true, ..Options::default() };
    assert_eq!(compare(sides.0, sides.1, &options).unwrap().scenarios[0].differences, differences);
    candidate.result.configuration_id = "other".to_owned();
    let nothing =
        compare(std::slice::from_ref(&base), std::slice::from_ref(&candidate), &options).unwrap_err();
    assert_eq!(
        nothing.to_string(),
        "the two have no scenario in common: base has base-0; candidate has other"
    );
}

#[test]
fn a_case_whose_writes_survive_less_is_not_compared_unasked() {
    let base = source(&ten(1_000.0));
    let mut candidate = base.clone();
    candidate.result.configurations[1].durability = Some(crate::engine::Durability::Memory);
    let mut durable = base.clone();
    durable.result.configurations[1].durability = Some(crate::engine::Durability::PowerLoss);
    let sides = (std::slice::from_ref(&durable), std::slice::from_ref(&candidate));
    let refused = compare(sides.0, sides.1, &Options::default()).unwrap_err().to_string();
    assert!(refused.contains("\n  what an acknowledged write survives: power_loss → memory"), "{refused}");
}

#[test]
fn a_percentile_with_too_few_samples_beyond_it_is_left_out() {
    let mut base = source(&ten(1_000.0));
    base.result.configurations[0].iterations.iter_mut().for_each(|one| one.p99_ms = Some(2.0));
    let mut few = base.clone();
    few.result.configurations[0].iterations.iter_mut().for_each(|one| one.succeeded = 999);
    let names = |found: &Comparison| -> Vec<String> {
        found.scenarios[0].cases[0].metrics.iter().map(|metric| metric.metric.clone()).collect()
    };
    assert!(names(&compared(&base, &base)).contains(&"latency.p99".to_owned()));
    assert!(!names(&compared(&base, &few)).contains(&"latency.p99".to_owned()));
    assert!(names(&compared(&base, &few)).contains(&"success_rate".to_owned()));
}
