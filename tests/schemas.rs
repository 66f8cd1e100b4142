//! Promise: one source describes a scenario and a result. The committed schemas are those of the types, the documentation names every
//! key, and what is shipped satisfies them.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test schemas` writes `schemas/` anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What `runner schema NAME` prints.
fn printed(name: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).args(["schema", name]).output();
    let output = output.expect("the runner can be started");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("a schema is text")
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&printed(name)).expect("a schema is JSON")
}

fn shipped_scenarios() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("scenarios")).expect("the scenarios can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut found: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    found.sort();
    assert!(!found.is_empty(), "no scenario is shipped");
    found
}

fn committed_schema_is_the_printed_one(name: &str) {
    let path = format!("schemas/{name}.schema.json");
    let text = printed(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::write(root().join(&path), &text).expect("a schema can be written");
    }
    let kept = fs::read_to_string(root().join(&path)).unwrap_or_default();
    assert!(kept == text, "{path} is out of date: cargo run -- schema {name} > {path}");
    jsonschema::meta::validate(&schema(name))
        .unwrap_or_else(|error| panic!("{path} is no JSON Schema: {error}"));
}

#[test]
fn the_committed_comparison_schema_is_that_of_the_types() {
    committed_schema_is_the_printed_one("comparison");
}

#[test]
fn the_committed_scenario_schema_is_that_of_the_types() {
    committed_schema_is_the_printed_one("scenario");
}

#[test]
fn the_committed_result_schema_is_that_of_the_types() {
    committed_schema_is_the_printed_one("result");
}

/// Key paths as the documentation writes them, with placeholders where names are free.
fn key_paths(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (key, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        key_paths(inner, &full, found);
        found.insert(full);
    }
    if let Some(any) = schema.get("additionalProperties").filter(|any| any.is_object()) {
        let placeholder = if path.ends_with("columns") { "COLUMN" } else { "NAME" };
        key_paths(any, &format!("{path}.{placeholder}"), found);
    }
    if let Some(items) = schema.get("items") {
        key_paths(items, &format!("{path}[]"), found);
    }
}

#[test]
fn the_format_page_names_every_key_of_a_scenario() {
    let mut paths = BTreeSet::new();
    key_paths(&schema("scenario"), "", &mut paths);
    assert!(paths.contains("tables.NAME.indexes[].columns"), "{paths:?}");
    let page = read("docs/format.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let sections: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
    // What a workload has as the top has it is listed there once.
    let listed: BTreeSet<&str> = page
        .lines()
        .skip_while(|line| *line != "<!-- keys of the top in workloads.NAME -->")
        .nth(1)
        .map(|line| line.trim_end_matches('.').split(", ").map(|key| key.trim_matches('`')).collect())
        .unwrap_or_default();
    let named = |path: &String| {
        let own = path.strip_prefix("workloads.NAME.");
        own.is_some_and(|rest| listed.contains(rest.split(['.', '[']).next().unwrap_or(rest)))
            || rows.iter().any(|row| row.starts_with(&format!("| `{path}` |")))
            // A table of keys has its own heading, `[database]`, or its keys say it: `output.schema`.
            || sections.iter().any(|title| title.contains(&format!("`[{path}")))
            || rows.iter().any(|row| row.starts_with(&format!("| `{path}.")))
    };
    let missing: Vec<&String> = paths.iter().filter(|path| !named(path)).collect();
    assert!(missing.is_empty(), "add a row to the tables of docs/format.md for {missing:?}");
}

#[test]
fn the_format_page_names_no_key_that_a_scenario_does_not_have() {
    let mut paths = BTreeSet::new();
    key_paths(&schema("scenario"), "", &mut paths);
    let page = read("docs/format.md");
    let keys = page
        .split("\n## ")
        .find(|part| part.starts_with("Keys"))
        .expect("docs/format.md has a section `Keys`");
    for row in keys.lines().filter_map(|line| line.strip_prefix("| `")) {
        let path = row.split('`').next().unwrap_or_default();
        assert!(
            paths.contains(path),
            "docs/format.md names `{path}`, which no scenario takes; remove its row"
        );
    }
}

#[test]
fn every_choice_of_a_key_stands_on_the_format_page() {
    fn choices(schema: &Value, found: &mut BTreeSet<String>) {
        let words =
            schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        found.extend(words.map(str::to_owned));
        match schema {
            Value::Object(map) => map.values().for_each(|inner| choices(inner, found)),
            Value::Array(items) => items.iter().for_each(|inner| choices(inner, found)),
            _ => {}
        }
    }
    let mut words = BTreeSet::new();
    choices(&schema("scenario"), &mut words);
    let page = read("docs/format.md");
    let missing: Vec<&String> = words.iter().filter(|word| !page.contains(&format!("\"{word}\""))).collect();
    assert!(missing.is_empty(), "add to docs/format.md, in double quotes: {missing:?}");
}

#[test]
fn every_shipped_scenario_passes_the_scenario_schema_and_names_it() {
    let schema = schema("scenario");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for path in shipped_scenarios() {
        let text = read(&path);
        let value: Value =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        assert_eq!(
            text.lines().next(),
            Some("#:schema ../schemas/scenario.schema.json"),
            "{}: editors read the schema's place from the first line",
            path.display()
        );
    }
}
