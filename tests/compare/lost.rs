//! Promise: a gate is not passed by a measurement that vanished.

use std::fs;

use super::common::Place;
use super::{FORMATS, compared, place};

/// Folders `before` and `after` with results of the scenarios that are named, `one` and `two` being the same in both.
fn folders(before: &[&str], after: &[&str]) -> Place {
    let place = place();
    let text = fs::read_to_string(place.path("base.json")).unwrap();
    for (folder, names) in [("before", before), ("after", after)] {
        for name in names {
            let named =
                text.replacen("\"configurationId\":\"mine\"", &format!("\"configurationId\":\"{name}\""), 1);
            assert_ne!(named, text);
            place.write(&format!("{folder}/{name}.json"), &named);
        }
    }
    place
}

const WORDS: &str = "two: the base has it and the candidate does not: what is not measured is lost, which is a regression. Measure it again, \
                     or name the results to compare, one file of each side.";

#[test]
fn a_scenario_that_a_folder_lost_fails_the_gate_in_every_format() {
    let place = folders(&["one", "two"], &["one"]);
    let (code, found) = compared(&place, &["before", "after"]);
    assert_eq!((code, found["verdict"].as_str()), (1, Some("regressed")));
    assert_eq!((&found["lost"], found.get("onlyBase")), (&serde_json::json!(["two"]), None));
    for format in FORMATS {
        let ended = place.run(&["compare", "before", "after", "--format", format]);
        assert_eq!(ended.code, 1, "{format}");
        let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(WORDS), "{format}: {}", ended.stdout);
    }
    let table = place.run(&["compare", "before", "after"]).stdout;
    assert!(table.ends_with("regressed: 1 scenario lost, 4 unchanged\n"), "{table}");
    let junit = place.run(&["compare", "before", "after", "--format", "junit"]).stdout;
    assert!(junit.contains("tests=\"5\"") && junit.contains("failures=\"1\""), "{junit}");
    let github = place.run(&["compare", "before", "after", "--format", "github"]).stdout;
    assert!(github.contains("::error title=two lost::two: the base has it"), "{github}");
}

#[test]
fn a_baseline_is_whole_as_a_folder_is() {
    let place = folders(&["one", "two"], &["one"]);
    let save = |name: &str, files: &[&str]| {
        assert_eq!(place.run(&[&["baseline", "save", name], files].concat()).code, 0);
    };
    save("main", &["before/one.json", "before/two.json"]);
    save("next", &["after/one.json"]);
    assert_eq!(place.run(&["compare", "main", "next"]).code, 1);
    assert_eq!(place.run(&["compare", "main", "after"]).code, 1);
    let page = ["report", "after", "--compare", "main", "-o", "page.html"];
    assert_eq!(place.run(&page).code, 0);
    assert!(fs::read_to_string(place.path("page.html")).unwrap().contains("1 scenario lost"));
}

#[test]
fn a_file_that_is_named_is_held_against_its_own_scenario_alone() {
    let place = folders(&["one", "two"], &["one"]);
    let (code, found) = compared(&place, &["before", "after/one.json"]);
    assert_eq!((code, found["verdict"].as_str()), (0, Some("unchanged")));
    assert_eq!((&found["onlyBase"], found.get("lost")), (&serde_json::json!(["two"]), None));
    let told = place.run(&["compare", "before", "after/one.json"]).stdout;
    assert!(told.contains("Only the base has: two."), "{told}");
    // As the words of a gate that failed say.
    assert_eq!(place.run(&["compare", "before/one.json", "after/one.json"]).code, 0);
}

#[test]
fn a_scenario_that_is_new_passes_and_is_told() {
    let place = folders(&["one"], &["one", "two"]);
    let (code, found) = compared(&place, &["before", "after"]);
    assert_eq!((code, found["verdict"].as_str()), (0, Some("unchanged")));
    assert_eq!(found["onlyCandidate"], serde_json::json!(["two"]));
    for format in ["table", "markdown", "github"] {
        let ended = place.run(&["compare", "before", "after", "--format", format]);
        assert_eq!(ended.code, 0, "{format}");
        assert!(ended.stdout.contains("Only the candidate has: two."), "{format}: {}", ended.stdout);
    }
    let junit = place.run(&["compare", "before", "after", "--format", "junit"]).stdout;
    assert!(junit.contains("only the candidate has it") && junit.contains("failures=\"0\""), "{junit}");
}

#[test]
fn a_result_that_cannot_be_read_is_no_measurement() {
    let place = folders(&["one", "two"], &["one"]);
    place.write("after/two.json", "{}");
    let ended = place.run(&["compare", "before", "after"]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(ended.stderr.contains("left out: after/two.json"), "{}", ended.stderr);
}
