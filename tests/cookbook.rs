//! Promise: every recipe of docs/cookbook.md is a shipped file that runs as it stands, and the page quotes that file.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Place, targets_of_too_few_samples};
use runner::result::{Status, VerificationStatus};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Name and text of every recipe's file, in the order of their names.
fn files() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("scenarios/cookbook")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// What the page quotes of a file: all but the lines for editors and for whoever finds it in its folder.
fn quoted(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

/// The page with every quotation as the files have it.
fn page_from_files(page: &str) -> String {
    let mut out = page.to_owned();
    for (name, text) in files() {
        let link = format!("[`{name}.toml`](../scenarios/cookbook/{name}.toml)\n\n```toml\n");
        let start = out.find(&link).unwrap_or_else(|| panic!("docs/cookbook.md does not quote {name}.toml"))
            + link.len();
        let end = start + out[start..].find("```\n").unwrap();
        out.replace_range(start..end, quoted(&text));
    }
    out
}

/// Runs each file as a user would, but quickly, and hands over what came of it.
fn quick_run(place: &Place, name: &str, text: &str) -> runner::result::RunResult {
    let file = format!("{name}.toml");
    place.write(&file, text);
    let ended = place.run(&["run", "--quick", "--quiet", &file]);
    // A debug build cannot meet a target: whether it is met is not the question here.
    assert!(matches!(ended.code, 0 | 1), "{name}: {}", ended.stderr);
    place.result(name)
}

#[test]
fn the_page_quotes_every_file_and_nothing_else() {
    let path = root().join("docs/cookbook.md");
    let page = fs::read_to_string(&path).unwrap();
    let wanted = page_from_files(&page);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::write(&path, &wanted).unwrap();
    } else {
        assert!(
            page == wanted,
            "docs/cookbook.md is not what the files say: UPDATE_SNAPSHOTS=1 cargo test --test cookbook"
        );
    }
    assert_eq!(page.matches("```toml\n").count(), files().len(), "a block of the page is no file");
}

#[test]
fn every_recipe_ends_with_its_answer() {
    let page = fs::read_to_string(root().join("docs/cookbook.md")).unwrap();
    let recipes: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert_eq!(recipes.len(), files().len());
    for recipe in recipes {
        let heading = recipe.lines().next().unwrap();
        assert!(heading.ends_with('?'), "`{heading}` is no question");
        let anchor: String =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -".contains(*c)).collect();
        assert!(
            page.contains(&format!("](#{})", anchor.replace(' ', "-"))),
            "the list at the top lacks `{heading}`"
        );
        let (_, after) = recipe.split_once("```toml\n").unwrap();
        assert!(after.contains("**The answer**"), "`{heading}` has no answer");
    }
}

#[test]
fn every_file_asks_a_question_and_can_be_found() {
    let readme = fs::read_to_string(root().join("scenarios/README.md")).unwrap();
    for (name, text) in files() {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("#:schema ../../schemas/scenario.schema.json"), "{name}");
        assert!(lines.next().is_some_and(|line| line.starts_with(&format!("# {name}: "))), "{name}");
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert!(table["description"].as_str().unwrap().ends_with('?'), "{name}");
        assert!(!table.contains_key("name"), "{name}: a copy has a name of its own");
        assert_eq!(table["database"]["path"].as_str(), Some(format!("db/{name}.db").as_str()));
        let line = format!("| [`cookbook/{name}.toml`](cookbook/{name}.toml) | ");
        assert!(readme.lines().any(|l| l.starts_with(&line)), "add `{line}…` to scenarios/README.md");
    }
}

#[test]
fn every_recipe_is_a_scenario_without_a_mistake() {
    let place = Place::new();
    for (name, text) in files() {
        let file = format!("{name}.toml");
        place.write(&file, &text);
        let ended = place.run(&["check", &file]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{name}");
    }
}

#[test]
fn every_recipe_runs_without_errors_and_its_rows_are_verified() {
    let place = Place::new();
    for (name, text) in files() {
        let result = quick_run(&place, &name, &text);
        assert_eq!(result.status, Status::Completed, "{name}: {:?}", result.reason);
        assert!(!result.configurations.is_empty(), "{name}");
        assert_eq!(targets_of_too_few_samples(&result), [""; 0], "{name}");
        for level in &result.configurations {
            let workload = &level.workload;
            let verification = &level.verification;
            assert_eq!(
                verification.status,
                VerificationStatus::Verified,
                "{name}, {workload}: {:?}",
                verification.problems
            );
            assert!(level.succeeded > 0, "{name}, {workload} did nothing");
            // A short time-out refuses writes; whatever else fails is a mistake of the recipe.
            let codes: Vec<&str> = level.errors.iter().map(|error| error.code.as_str()).collect();
            assert!(codes.iter().all(|code| *code == "SQLITE_BUSY"), "{name}, {workload}: {codes:?}");
        }
        let verdicts: usize = result.configurations.iter().map(|level| level.targets.len()).sum();
        assert_eq!(verdicts, text.matches("[[targets]]").count(), "{name}: a verdict for each target");
    }
    assert!(place.files("db").is_empty(), "a recipe left its database behind");
}
