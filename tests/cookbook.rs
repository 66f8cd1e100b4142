//! Promise: every scenario of docs/cookbook.md can be copied and run as it stands.

mod common;

use common::Place;
use runner::result::{RunResult, Status, VerificationStatus};

/// The TOML blocks of the cookbook, each with the heading above it.
fn recipes() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cookbook.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut recipes = Vec::new();
    let mut heading = "";
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line) {
            (None, "```toml") => block = Some(String::new()),
            (None, _) => heading = line.strip_prefix("## ").unwrap_or(heading),
            (Some(_), "```") => recipes.push((heading.to_owned(), block.take().unwrap_or_default())),
            (Some(lines), _) => *lines += &format!("{line}\n"),
        }
    }
    assert!(block.is_none(), "the block under `{heading}` does not end");
    recipes
}

/// The name of a recipe's file.
fn stem(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

fn result_of(place: &Place, name: &str, arguments: &[&str]) -> RunResult {
    let ended = place.run(arguments);
    // A debug build cannot meet a target: whether it is met is not the question here.
    assert!(matches!(ended.code, 0 | 1), "{name}: {}", ended.stderr);
    place.result(name)
}

#[test]
fn every_recipe_is_a_scenario_without_a_mistake() {
    let place = Place::new();
    let recipes = recipes();
    assert!(recipes.len() >= 10, "only {} recipes were found", recipes.len());
    for (heading, text) in &recipes {
        let file = format!("{}.toml", stem(heading));
        assert!(!place.path(&file).exists(), "two scenarios stand under `{heading}`");
        place.write(&file, text);
        let ended = place.run(&["check", &file]);
        assert_eq!((ended.code, ended.stdout), (0, format!("{file}: fine\n")), "{heading}: {}", ended.stderr);
    }
}

#[test]
fn every_recipe_runs_without_errors_and_its_rows_are_verified() {
    let place = Place::new();
    for (heading, text) in recipes() {
        let name = stem(&heading);
        let file = format!("{name}.toml");
        place.write(&file, &text);
        let result = result_of(&place, &name, &["run", "--quick", "--quiet", &file]);
        assert_eq!(result.status, Status::Completed, "{heading}: {:?}", result.reason);
        assert!(!result.configurations.is_empty(), "{heading}");
        for level in &result.configurations {
            let workload = &level.workload;
            assert_eq!(
                level.verification.status,
                VerificationStatus::Verified,
                "{heading}, {workload}: {:?}",
                level.verification.problems
            );
            assert!(level.succeeded > 0, "{heading}, {workload} did nothing");
            // A short time-out refuses writes; whatever else fails is a mistake of the recipe.
            let codes: Vec<&str> = level.errors.iter().map(|error| error.code.as_str()).collect();
            assert!(codes.iter().all(|code| *code == "SQLITE_BUSY"), "{heading}, {workload}: {codes:?}");
        }
    }
    assert!(place.files("db").is_empty(), "a recipe left its database behind");
}

#[test]
fn the_recipe_with_targets_gets_a_verdict_on_each() {
    let place = Place::new();
    let (heading, text) = recipes().into_iter().find(|(_, text)| text.contains("[[targets]]")).unwrap();
    let name = stem(&heading);
    let file = format!("{name}.toml");
    place.write(&file, &text);
    let result = result_of(&place, &name, &["run", "--quick", "--quiet", &file]);
    let verdicts: usize = result.configurations.iter().map(|level| level.targets.len()).sum();
    assert_eq!(verdicts, text.matches("[[targets]]").count());
}
