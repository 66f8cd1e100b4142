//! Promise: what cannot be compared with a baseline is refused before it is measured, with the same words as afterwards.

use std::fs;

use super::common::{self, Place};
use super::{compared, place};

/// The scenario of `base.json`, changed.
fn changed(place: &Place, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(place.path("mine.toml")).unwrap();
    place.write("changed/mine.toml", &change(&text));
}

/// What stands in a place, by name.
fn there(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Held against `base.json`, with results in a folder of their own.
fn held(place: &Place, arguments: &[&str]) -> common::Ended {
    let call = ["run", "changed/mine.toml", "--baseline", "base.json", "--results", "elsewhere", "--quiet"];
    place.run(&[&call[..], arguments].concat())
}

fn refused(place: &Place, arguments: &[&str]) -> String {
    let before = there(place);
    let ended = held(place, arguments);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    assert_eq!(there(place), before, "nothing is made");
    ended.stderr
}

const INDEX: &str = "indexes = [{ columns = [\"title\"] }]";

fn with_an_index(text: &str) -> String {
    text.replace("[tables.posts.columns]", &format!("{INDEX}\n[tables.posts.columns]"))
}

#[test]
fn another_index_is_refused_before_anything_is_made_and_the_way_to_learn_its_cost_is_told() {
    let place = place();
    changed(&place, with_an_index);
    assert_eq!(
        refused(&place, &[]),
        "error: mine cannot be compared, since more than its settings differs\n  the tables of the scenario differ:\n    \
         tables.posts.indexes: – → [{\"columns\":[\"title\"]}]\n\
         help: measure both under the same circumstances, or add `--anyway`\n\
         help: to learn what an index or another table costs, make the change a variant of the file, `[variants.NAME]`, and compare its \
         result with `--base-variant base --candidate-variant NAME`\n"
    );
    let anyway = held(&place, &["--anyway"]);
    assert_eq!(anyway.code, 0, "{}", anyway.stderr);
    assert!(anyway.stdout.contains("they differ in the tables of the scenario"), "{}", anyway.stdout);
    assert!(place.path("elsewhere/mine.json").exists());
}

#[test]
fn what_an_index_costs_is_told_by_a_variant_as_the_refusal_says() {
    let place = place();
    changed(&place, |text| format!("{text}\n[variants.indexed]\ntables.posts.{INDEX}\n"));
    // A variant beside it changes nothing of what the file itself does.
    assert_eq!(held(&place, &[]).code, 0);
    let cases = ["elsewhere/mine.json", "--base-variant", "base", "--candidate-variant", "indexed"];
    let (code, found) = compared(&place, &cases);
    assert_eq!(code, 0, "{found}");
    assert_eq!(found["scenarios"][0]["settings"][0]["name"], "tables.posts.indexes");
}

#[test]
fn every_part_that_the_plan_tells_is_compared_before_anything_runs() {
    let place = place();
    changed(&place, str::to_owned);
    let words = |arguments: &[&str]| refused(&place, arguments);
    assert!(words(&["--total", "50"]).contains("write: 100 operations, reset level → 50 operations"));
    assert!(words(&["--set", "seed=7"]).contains("the seed: "));
    assert!(words(&["--set", "database.path=\"db/mine.db\""]).contains("the file system: – → "));
    let levels = words(&["--concurrency", "4,8"]);
    assert!(
        levels.contains(
            "no level in common; base has base, 1 worker; base, 2 workers; candidate has base, 4 workers"
        ),
        "{levels}"
    );
    assert_eq!(words(&["--anyway", "--concurrency", "4,8"]), levels, "there is nothing to go on with");
    // More iterations, other settings and some of the levels are what comparisons are for.
    let fine = held(
        &place,
        &["--iterations", "2", "--concurrency", "2", "--set", "database.pragmas.cache_size=100"],
    );
    assert_eq!(fine.code, 0, "{}", fine.stderr);
}

#[test]
fn what_only_the_open_database_tells_is_compared_before_the_first_level() {
    let place = place();
    changed(&place, str::to_owned);
    let text = fs::read_to_string(place.path("base.json")).unwrap();
    let mut base: runner::result::RunResult = serde_json::from_str(&text).unwrap();
    base.environment.comparability.insert("engine".to_owned(), "sqlite 3.0.0".to_owned());
    place.write("base.json", &serde_json::to_string(&base).unwrap());
    assert!(refused(&place, &[]).contains("the database: sqlite 3.0.0 → sqlite 3."));
    // Several cases go another way.
    changed(&place, |text| format!("{text}\n[variants.small]\ndatabase.pragmas.cache_size = 100\n"));
    assert!(refused(&place, &[]).contains("the database: sqlite 3.0.0 → sqlite 3."));
    assert_eq!(held(&place, &["--anyway"]).code, 0);
}

#[test]
fn a_database_that_was_only_looked_at_does_not_stay() {
    let place = place();
    changed(&place, str::to_owned);
    let file = ["--set", "database.path=\"mine.db\""];
    let call = ["run", "changed/mine.toml", "--results", "measured", "--quiet"];
    assert_eq!(place.run(&[&call[..], &file].concat()).code, 0);
    let text = fs::read_to_string(place.path("measured/mine.json")).unwrap();
    let mut base: runner::result::RunResult = serde_json::from_str(&text).unwrap();
    base.environment.comparability.insert("engine".to_owned(), "sqlite 3.0.0".to_owned());
    place.write("base.json", &serde_json::to_string(&base).unwrap());
    let words = refused(&place, &[&file[..], &["--keep-db"]].concat());
    assert!(words.contains("the database: sqlite 3.0.0 → sqlite 3."), "{words}");
}

#[test]
fn a_scenario_that_is_refused_does_not_keep_others_from_running() {
    let place = place();
    changed(&place, with_an_index);
    let text = fs::read_to_string(place.path("mine.toml")).unwrap();
    place.write("other.toml", &text);
    let call = [
        "run",
        "changed/mine.toml",
        "other.toml",
        "--baseline",
        "base.json",
        "--results",
        "elsewhere",
        "--quiet",
    ];
    let ended = place.run(&call);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(place.path("elsewhere/other.json").exists() && !place.path("elsewhere/mine.json").exists());
    fs::remove_dir_all(place.path("elsewhere")).unwrap();
    let fast = place.run(&[&call[..], &["--fail-fast"]].concat());
    assert_eq!(fast.code, 2);
    assert!(!place.path("elsewhere").exists());
}
