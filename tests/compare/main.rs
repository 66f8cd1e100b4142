//! Promise: a comparison says of each metric whether it changed, by how much and how sure that is, ends with 1 on a regression, and refuses what
//! should not be compared. Figures are written into real results, so that they are known.

#[path = "../common/mod.rs"]
mod common;

mod ahead;
mod cases;
mod files;
mod gate;
mod lost;
mod operations;

use common::Place;
use runner::result::{Iteration, IterationStatus, RunResult};

/// Those that people read.
const FORMATS: [&str; 4] = ["table", "markdown", "junit", "github"];

/// Ten figures around a mean.
fn ten(mean: f64) -> Vec<f64> {
    let shifts = [0.3, -0.9, 0.7, -0.2, 0.1, -0.6, 0.9, -0.4, 0.5, -0.7];
    shifts.iter().map(|shift| mean * (1.0 + shift * 0.01)).collect()
}

/// Compares as JSON, which must be valid against its own schema. What the command ended with, and the document.
fn compared(place: &Place, arguments: &[&str]) -> (i32, serde_json::Value) {
    let ended = place.run(&[&["compare"], arguments, &["--format", "json"]].concat());
    assert_eq!(ended.stderr, "");
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let schema: serde_json::Value =
        serde_json::from_str(&place.run(&["schema", "comparison"]).stdout).unwrap();
    assert!(jsonschema::is_valid(&schema, &found), "{found}");
    (ended.code, found)
}

/// A result of this build, as if it were to be believed, with these figures of throughput.
fn with_figures(result: &RunResult, throughput: &[f64]) -> RunResult {
    let mut result = result.clone();
    for level in &mut result.configurations {
        level.validity.valid = true;
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
                ..Default::default()
            })
            .collect();
    }
    result
}

/// A place with a result of two levels, and the same with other figures: `base.json`, `same.json`, `slower.json`, `single.json`.
fn place() -> Place {
    let place = Place::new();
    place.write("mine.toml", &common::mix("total_writes = 100\nconcurrency = [1, 2]", "path = ':memory:'"));
    let ended = place.run(&["run", "mine.toml", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let measured = place.result("mine");
    let figures =
        [("base", ten(1_000.0)), ("same", ten(1_001.0)), ("slower", ten(900.0)), ("single", vec![900.0])];
    for (name, figures) in figures {
        let text = serde_json::to_string(&with_figures(&measured, &figures)).unwrap();
        place.write(&format!("{name}.json"), &text);
    }
    place
}

#[test]
fn a_regression_ends_with_1_and_names_level_metric_values_interval_and_threshold() {
    let place = place();
    let ended = place.run(&["compare", "base.json", "slower.json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (1, ""));
    assert!(ended.stdout.contains("regressed: 4 regressed"), "{}", ended.stdout);
    let markdown = place.run(&["compare", "base.json", "slower.json", "--format", "markdown"]);
    assert_eq!(markdown.code, 1);
    let line =
        markdown.stdout.lines().find(|line| line.starts_with("- mine, 2 workers: throughput")).unwrap();
    assert_eq!(
        line,
        "- mine, 2 workers: throughput regressed: 1,000/s → 900/s (−10.0 %, 95 % interval −10.6 % to −9.4 %; threshold 5 %, higher is better; \
         p below 0.0001 after correction for 4 tests)"
    );
}

#[test]
fn equal_figures_are_unchanged_and_better_ones_improved() {
    let place = place();
    let same = place.run(&["compare", "base.json", "same.json"]);
    assert_eq!(same.code, 0);
    assert!(same.stdout.ends_with("unchanged: 4 unchanged\n"), "{}", same.stdout);
    let better = place.run(&["compare", "slower.json", "base.json", "--metric", "throughput"]);
    assert_eq!(better.code, 0);
    assert!(better.stdout.ends_with("improved: 2 improved\n"), "{}", better.stdout);
}

#[test]
fn values_over_several_iterations_are_called_medians() {
    let place = place();
    let drawn = |candidate: &str| place.run(&["compare", "base.json", candidate]).stdout;
    assert!(
        drawn("same.json")
            .contains("\nMedians over iterations; the change is the median over all pairs of one of each.\n"),
        "{}",
        drawn("same.json")
    );
    let once = place.run(&["compare", "single.json", "single.json"]).stdout;
    assert!(once.contains("throughput") && !once.contains("Medians"), "{once}");
}

#[test]
fn a_threshold_can_be_of_all_metrics_or_of_one() {
    let place = place();
    let wide = place.run(&["compare", "base.json", "slower.json", "--threshold", "20%"]);
    assert_eq!(wide.code, 0, "{}", wide.stdout);
    let arguments =
        ["compare", "base.json", "slower.json", "--threshold", "20%", "--threshold", "latency.avg=5%"];
    let one = place.run(&arguments);
    assert_eq!(one.code, 1);
    assert!(one.stdout.contains("regressed: 2 regressed, 2 unchanged"), "{}", one.stdout);
    let wrong = place.run(&["compare", "base.json", "same.json", "--threshold", "fast"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("a share above 0 in per cent"), "{}", wrong.stderr);
}

#[test]
fn one_iteration_is_inconclusive_and_says_that_no_significance_can_be_had() {
    let place = place();
    let (code, found) = compared(&place, &["base.json", "single.json"]);
    assert_eq!(code, 0);
    let metric = &found["scenarios"][0]["cases"][0]["metrics"][0];
    assert_eq!((metric["verdict"].as_str(), metric.get("p")), (Some("inconclusive"), None));
    assert!(metric["reason"].as_str().unwrap().contains("no significance can be had"), "{metric}");
}

#[test]
fn values_of_the_comparison_stand_in_the_files_where_it_says() {
    let place = place();
    let ended = place.run(&["compare", "base.json", "slower.json", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let base: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("base.json")).unwrap()).unwrap();
    for case in found["scenarios"][0]["cases"].as_array().unwrap() {
        let metric = &case["metrics"][0];
        let iterations = base.pointer(metric["basePointer"].as_str().unwrap()).unwrap().as_array().unwrap();
        let mut values: Vec<f64> = iterations.iter().map(|one| one["throughput"].as_f64().unwrap()).collect();
        values.sort_by(f64::total_cmp);
        assert_eq!(metric["base"].as_f64(), Some((values[4] + values[5]) / 2.0));
    }
}

#[test]
fn results_that_differ_in_more_than_settings_are_refused_unless_told_otherwise() {
    let place = place();
    let text = std::fs::read_to_string(place.path("same.json")).unwrap();
    let mut other: RunResult = serde_json::from_str(&text).unwrap();
    other.environment.comparability.insert("kernel".to_owned(), "Linux 1.0".to_owned());
    place.write("other.json", &serde_json::to_string(&other).unwrap());
    let refused = place.run(&["compare", "base.json", "other.json"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.contains(" → Linux 1.0\n") && refused.stderr.contains("--anyway"),
        "{}",
        refused.stderr
    );
    for format in ["table", "markdown"] {
        let anyway = place.run(&["compare", "base.json", "other.json", "--anyway", "--format", format]);
        assert_eq!(anyway.code, 0);
        assert!(
            anyway.stdout.contains("should not be compared: they differ in the kernel"),
            "{}",
            anyway.stdout
        );
    }
}

#[test]
fn a_gate_is_not_passed_by_what_does_not_work_at_all() {
    let place = place();
    let text = std::fs::read_to_string(place.path("base.json")).unwrap();
    let mut refused: RunResult = serde_json::from_str(&text).unwrap();
    for one in refused.configurations.iter_mut().flat_map(|level| &mut level.iterations) {
        (one.succeeded, one.throughput, one.avg_ms) = (0, 0.0, None);
    }
    place.write("refused.json", &serde_json::to_string(&refused).unwrap());
    let (code, found) = compared(&place, &["base.json", "refused.json"]);
    assert_eq!(code, 1);
    let metrics = found["scenarios"][0]["cases"][0]["metrics"].as_array().unwrap();
    let told: Vec<_> = metrics.iter().map(|one| (one["metric"].as_str(), one["verdict"].as_str())).collect();
    assert_eq!(told, [(Some("throughput"), Some("regressed")), (Some("success_rate"), Some("regressed"))]);
    let mut lost = refused.clone();
    for one in lost.configurations.iter_mut().flat_map(|level| &mut level.iterations) {
        one.status = IterationStatus::VerificationFailed;
    }
    place.write("lost.json", &serde_json::to_string(&lost).unwrap());
    let (code, found) = compared(&place, &["base.json", "lost.json"]);
    assert_eq!((code, found["verdict"].as_str()), (1, Some("regressed")));
    for format in FORMATS {
        let told = place.run(&["compare", "base.json", "lost.json", "--format", format]).stdout;
        assert!(
            told.contains("in 10 of 10 iterations of the candidate the database did not hold"),
            "{format}: {told}"
        );
    }
}

#[test]
fn a_side_that_was_measured_beside_other_work_says_so_in_every_format() {
    let place = place();
    let text = std::fs::read_to_string(place.path("slower.json")).unwrap();
    let mut busy: RunResult = serde_json::from_str(&text).unwrap();
    let sentence = "3 other tasks wanted a processor when the level started.".to_owned();
    busy.configurations[1].validity.doubts =
        vec![runner::result::Doubt { code: "other-load".to_owned(), sentence, invalidating: false }];
    place.write("busy.json", &serde_json::to_string(&busy).unwrap());
    let words = "Other work wanted a processor while the candidate was measured (1 of 2 levels): a difference may be that.";
    let (code, found) = compared(&place, &["base.json", "busy.json"]);
    assert_eq!((code, &found["scenarios"][0]["cautions"]), (1, &serde_json::json!([words])));
    for format in ["table", "markdown", "github"] {
        let told = place.run(&["compare", "base.json", "busy.json", "--format", format]).stdout;
        assert!(told.replace('\n', " ").contains(words), "{format}: {told}");
    }
}

#[test]
fn a_comparison_with_nothing_in_it_does_not_pass() {
    let place = place();
    let text = std::fs::read_to_string(place.path("same.json")).unwrap();
    let mut other: RunResult = serde_json::from_str(&text).unwrap();
    other.configurations.iter_mut().for_each(|level| level.concurrency += 10);
    place.write("other.json", &serde_json::to_string(&other).unwrap());
    let ended = place.run(&["compare", "base.json", "other.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert_eq!(
        ended.stderr,
        "error: there is nothing to compare: the two have no level in common; base has base, 1 worker; base, 2 workers; \
         candidate has base, 11 workers; base, 12 workers\n"
    );
    let missing = place.run(&["compare", "base.json", "same.json", "--metric", "latency.p99"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(
        missing.stderr.starts_with("error: there is nothing to compare: no metric"),
        "{}",
        missing.stderr
    );
}

#[test]
fn a_side_with_two_results_of_one_scenario_is_refused() {
    let place = place();
    for name in ["base", "same"] {
        std::fs::create_dir_all(place.path("both")).unwrap();
        std::fs::copy(place.path(&format!("{name}.json")), place.path(&format!("both/{name}.json"))).unwrap();
    }
    let ended = place.run(&["compare", "base.json", "both"]);
    assert_eq!(ended.code, 2);
    assert_eq!(
        ended.stderr,
        "error: the candidate has more than one result of mine: both/base.json, both/same.json; name one of them\n"
    );
    let run = place.run(&["run", "mine.toml", "--baseline", "both", "--results", "elsewhere"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("the base has more than one result of mine"), "{}", run.stderr);
    assert!(!place.path("elsewhere").exists(), "it is told before anything runs");
}

#[test]
fn figures_of_this_build_decide_nothing_and_become_no_baseline() {
    let place = place();
    let ended = place.run(&["compare", "results/mine.json", "slower.json"]);
    assert_eq!(ended.code, 0);
    assert!(ended.stdout.contains("inconclusive: 4 inconclusive"), "{}", ended.stdout);
    let saved = place.run(&["baseline", "save", "main", "results/mine.json"]);
    assert_eq!(saved.code, 2);
    assert!(saved.stderr.contains("cannot become a baseline: with 1 worker"), "{}", saved.stderr);
    assert!(!place.path("baselines").exists());
}

#[test]
fn a_baseline_is_saved_listed_shown_compared_with_and_removed() {
    let place = place();
    let saved = place.run(&["baseline", "save", "main", "base.json"]);
    assert_eq!((saved.code, saved.stdout.as_str()), (0, "baselines/main/mine.json\n"));
    assert!(place.run(&["baseline", "list"]).stdout.starts_with("main  mine  "));
    assert!(place.run(&["baseline", "show", "main"]).stdout.contains("baselines/main/mine.json"));
    assert_eq!(place.run(&["compare", "main", "slower.json"]).code, 1);
    let unknown = place.run(&["compare", "mai", "slower.json"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("there is no baseline `mai` in baselines; there are main"),
        "{}",
        unknown.stderr
    );
    assert_eq!(place.run(&["baseline", "remove", "main"]).code, 0);
    assert!(!place.path("baselines").exists());
}

#[test]
fn a_run_is_held_against_a_baseline_in_one_go() {
    let place = place();
    assert_eq!(place.run(&["baseline", "save", "main", "base.json"]).code, 0);
    let ended = place.run(&["run", "mine.toml", "--baseline", "main"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("base baselines/main/mine.json"), "{}", ended.stdout);
    assert!(ended.stdout.contains("inconclusive"), "{}", ended.stdout);
    let missing = place.run(&["run", "mine.toml", "--baseline", "other", "--results", "elsewhere"]);
    assert_eq!(missing.code, 2);
    assert!(!place.path("elsewhere").exists(), "a baseline that is missing is told before anything runs");
}

#[test]
fn junit_counts_a_regression_as_a_failure_and_github_as_an_error() {
    let place = place();
    let junit = place.run(&["compare", "base.json", "slower.json", "--format", "junit"]).stdout;
    assert!(junit.contains("tests=\"4\"") && junit.contains("failures=\"4\""), "{junit}");
    let github = place.run(&["compare", "base.json", "slower.json", "--format", "github"]).stdout;
    assert_eq!(github.matches("::error title=").count(), 5, "{github}");
    assert!(github.starts_with("::error title=runner compare::4 regressed\n"), "{github}");
    assert!(github.contains("−10.0 %25"), "{github}");
}

#[test]
fn the_history_shows_every_kept_run_with_the_change_from_one_to_the_next() {
    let place = place();
    assert_eq!(place.run(&["run", "mine.toml", "--quiet"]).code, 0);
    let shown = place.run(&["history", "mine"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert_eq!(shown.stdout.matches("2 workers").count(), 2, "{}", shown.stdout);
    // Figures of this build are not to be believed, and so is no change.
    assert!(!shown.stdout.contains('%'), "{}", shown.stdout);
    for (name, second) in [("base", "01"), ("slower", "02")] {
        let text = std::fs::read_to_string(place.path(&format!("{name}.json"))).unwrap();
        let mut run: RunResult = serde_json::from_str(&text).unwrap();
        run.timestamp = format!("2026-01-01T00:00:{second}Z");
        let text = serde_json::to_string(&run).unwrap();
        place.write(&format!("valid/history/mine/{second}.json"), &text);
    }
    let valid = place.run(&["history", "mine", "--results", "valid"]).stdout;
    assert!(valid.lines().nth(2).unwrap().contains('–') && valid.contains('%'), "{valid}");
    let none = place.run(&["history", "other"]);
    assert_eq!((none.code, none.stderr.as_str()), (2, "error: no run of other is kept in results\n"));
}
