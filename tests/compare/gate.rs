//! Promise: a gate that could not fail says so, and one that has to fail does.

use runner::result::{IterationStatus, RunResult, Status};

use super::common::Place;
use super::{FORMATS, compared, place, ten, with_figures};

fn read(place: &Place, name: &str) -> RunResult {
    serde_json::from_str(&std::fs::read_to_string(place.path(name)).unwrap()).unwrap()
}

fn keep(place: &Place, name: &str, result: &RunResult) {
    place.write(name, &serde_json::to_string(result).unwrap());
}

fn told(place: &Place, candidate: &str, format: &str) -> String {
    let text = place.run(&["compare", "base.json", candidate, "--format", format]).stdout;
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn why_nothing_is_sure_stands_in_every_format() {
    let place = place();
    for format in FORMATS {
        let told = told(&place, "single.json", format);
        assert!(told.contains("no significance can be had"), "{format}: {told}");
    }
    let table = place.run(&["compare", "base.json", "single.json"]).stdout;
    assert!(table.contains("? 4 inconclusive: one iteration of the candidate"), "{table}");
}

#[test]
fn iterations_that_are_too_few_for_any_verdict_are_told_with_how_many_are_needed() {
    let place = place();
    let base = read(&place, "base.json");
    let of = |mean: f64| with_figures(&base, &ten(mean)[..3]);
    keep(&place, "base.json", &of(1_000.0));
    keep(&place, "few.json", &of(100.0));
    let (code, found) = compared(&place, &["base.json", "few.json"]);
    assert_eq!((code, found["verdict"].as_str()), (0, Some("inconclusive")));
    let words = "With 3 iterations of each and 4 tests no difference can be called one, however great: 5 iterations of each are needed";
    for format in FORMATS {
        let told = told(&place, "few.json", format);
        assert!(told.contains(words), "{format}: {told}");
    }
    keep(&place, "same.json", &of(1_000.0));
    let (_, found) = compared(&place, &["base.json", "same.json"]);
    assert_eq!(
        found["verdict"], "inconclusive",
        "three iterations are too few for being sure that nothing changed"
    );
}

#[test]
fn one_refused_operation_in_a_hundred_is_a_regression() {
    let place = place();
    let mut refusing = read(&place, "same.json");
    for one in refusing.configurations.iter_mut().flat_map(|level| &mut level.iterations) {
        one.succeeded = 9_900 - u64::from(one.iteration);
    }
    keep(&place, "refusing.json", &refusing);
    let (code, found) = compared(&place, &["base.json", "refusing.json"]);
    let metrics = found["scenarios"][0]["cases"][0]["metrics"].as_array().unwrap();
    let rate = metrics.iter().find(|metric| metric["metric"] == "success_rate").unwrap();
    assert_eq!(
        (code, rate["verdict"].as_str(), rate["threshold"].as_f64()),
        (1, Some("regressed"), Some(0.005))
    );
    let named = ["compare", "base.json", "refusing.json", "--threshold", "success_rate=5%"];
    assert_eq!(place.run(&named).code, 0);
}

#[test]
fn rows_that_are_lost_in_one_iteration_are_a_regression() {
    let place = place();
    let mut lost = read(&place, "same.json");
    lost.configurations[1].iterations[4].status = IterationStatus::VerificationFailed;
    keep(&place, "lost.json", &lost);
    let (code, _) = compared(&place, &["base.json", "lost.json"]);
    assert_eq!(code, 1);
    for format in FORMATS {
        let told = told(&place, "lost.json", format);
        assert!(
            told.contains("in 1 of 10 iterations of the candidate the database did not hold"),
            "{format}: {told}"
        );
    }
}

#[test]
fn a_candidate_that_failed_before_its_last_level_is_a_regression() {
    let place = place();
    let mut failed = read(&place, "same.json");
    failed.configurations.pop();
    failed.status = Status::Failed;
    failed.reason = Some("the disk is full".to_owned());
    keep(&place, "failed.json", &failed);
    let (code, found) = compared(&place, &["base.json", "failed.json"]);
    assert_eq!((code, found["verdict"].as_str()), (1, Some("regressed")));
    for format in FORMATS {
        let told = told(&place, "failed.json", format);
        assert!(
            told.contains("run failed before 1 of the base") && told.contains("the disk is full"),
            "{format}: {told}"
        );
    }
}
