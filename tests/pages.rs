//! Promise: the pages that list things say what the runner itself says. The list of generators is what `runner fakers` prints, and the tables of
//! keys on the format page are those of the scenario schema.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --test pages` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).args(arguments).output();
    let output = output.expect("the runner can be started");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("what is printed is text")
}

/// The page is as wanted; it is written anew on demand.
fn holds(name: &str, wanted: &str) {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        fs::write(page(name), wanted).expect("a page can be written");
    }
    let kept = fs::read_to_string(page(name)).unwrap_or_default();
    if kept != wanted {
        let differs = kept.lines().zip(wanted.lines()).position(|(kept, wanted)| kept != wanted);
        let line = differs.unwrap_or_else(|| kept.lines().count().min(wanted.lines().count()));
        panic!(
            "docs/{name} is out of date at line {}: UPDATE_SNAPSHOTS=1 cargo test --test pages\n  has   {}\n  wants {}",
            line + 1,
            kept.lines().nth(line).unwrap_or("nothing"),
            wanted.lines().nth(line).unwrap_or("nothing"),
        );
    }
}

#[test]
fn the_page_of_generators_is_the_printed_one() {
    holds("generators.md", &printed(&["fakers", "--format", "markdown"]));
}

#[test]
fn the_tables_of_keys_are_those_of_the_schema() {
    let schema: Value = serde_json::from_str(&printed(&["schema", "scenario"])).expect("a schema is JSON");
    let kept = fs::read_to_string(page("format.md")).expect("the format page is there");
    holds("format.md", &written(&kept, &schema));
}

const START: &str = "<!-- keys: ";
const TOP: &str = "<!-- keys of the top in ";
const END: &str = "<!-- end of keys -->";

/// The page with everything between its marks written anew.
fn written(page: &str, schema: &Value) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in page.lines() {
        if line == END {
            inside = false;
        }
        if inside {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if let Some(keys) = line.strip_prefix(START).and_then(|rest| rest.strip_suffix(" -->")) {
            inside = true;
            out.push_str("| key | type | default | |\n| --- | --- | --- | --- |\n");
            keys.split(' ').for_each(|key| rows(key, schema, &mut out));
        } else if let Some(table) = line.strip_prefix(TOP).and_then(|rest| rest.strip_suffix(" -->")) {
            inside = true;
            out.push_str(&format!("{}\n", as_at_the_top(table, schema)));
        }
    }
    assert!(!inside, "a table of keys has no end: {END}");
    out
}

/// What the schema says at a path of the page.
fn find<'a>(schema: &'a Value, path: &str) -> &'a Value {
    path.split('.').filter(|part| !part.is_empty()).fold(schema, |schema, part| {
        let (key, item) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        let inner = match key {
            "NAME" | "COLUMN" => &schema["additionalProperties"],
            _ => &schema["properties"][key],
        };
        let inner = if item { &inner["items"] } else { inner };
        assert!(inner.is_object(), "no scenario has `{path}`");
        inner
    })
}

/// A row, or one for each key of a table: `retry.*`.
fn rows(key: &str, schema: &Value, out: &mut String) {
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    let section = find(schema, table);
    let names: Vec<&str> = match name {
        "*" => {
            section["properties"].as_object().expect("a table has keys").keys().map(String::as_str).collect()
        }
        _ => vec![name],
    };
    for name in names {
        let path = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
        let own = find(schema, &path);
        let required = section["required"].as_array().is_some_and(|keys| keys.iter().any(|key| key == name));
        let default = match &own["default"] {
            _ if required => "required".to_owned(),
            Value::Null => String::new(),
            default => format!("`{}`", toml_text(default).trim_end_matches(".0")),
        };
        let words = own["description"].as_str().unwrap_or_default().replace('|', "\\|");
        out.push_str(&format!("| `{path}` | {} | {default} | {words} |\n", kind(own)).replace("|  |", "| |"));
    }
}

/// Keys of a table that are as those of the top of a file.
fn as_at_the_top(table: &str, schema: &Value) -> String {
    let own = find(schema, table)["properties"].as_object().expect("a table has keys");
    // What an editor shows has headers at the top only.
    let bare = |schema: &Value| {
        let mut schema = schema.clone();
        schema.as_object_mut().map(|map| map.remove("x-taplo"));
        schema
    };
    let top = |key: &String| schema["properties"].get(key).map(bare);
    let same = own.iter().filter(|(key, value)| top(key) == Some(bare(value)));
    let names: Vec<String> = same.map(|(key, _)| format!("`{key}`")).collect();
    format!("{}.", names.join(", "))
}

/// What a key takes, in words.
fn kind(schema: &Value) -> String {
    match schema["title"].as_str() {
        Some("Duration") => return "time".to_owned(),
        Some("Rate") => return "rate, such as `\"500/s\"`".to_owned(),
        Some("Size") => return "size".to_owned(),
        _ => {}
    }
    if let Some(choices) = schema["enum"].as_array() {
        // The languages, and the codes of warnings, stand in a section or a paragraph of their own.
        if choices.iter().any(|choice| choice == "not-durable") {
            return "codes, see below".to_owned();
        }
        if choices.len() > 8 {
            return "one of [these](#locales)".to_owned();
        }
        return choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::Array(several) => {
            let words = several.iter().filter_map(Value::as_str).filter(|kind| {
                // Every whole number is a number.
                *kind != "integer" || !several.contains(&Value::from("number"))
            });
            let words: Vec<String> = words.map(|kind| plain(kind, schema)).collect();
            let (last, others) = words.split_last().expect("a key takes something");
            if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) }
        }
        Value::String(kind) => plain(kind, schema),
        _ => String::new(),
    }
}

fn plain(kind: &str, schema: &Value) -> String {
    match kind {
        "string" => "text".to_owned(),
        "array" => {
            let items = &schema["items"];
            let word = match items["type"].as_str() {
                Some("array") => "lists of text".to_owned(),
                Some("object") => "tables".to_owned(),
                Some("integer") => format!("integers, each {}", limits(items).trim_start_matches([' ', ','])),
                _ => self::kind(items),
            };
            format!("list of {word}")
        }
        "object" => "table".to_owned(),
        number @ ("integer" | "number") => format!("{number}{}", limits(schema)),
        other => other.to_owned(),
    }
}

fn limits(schema: &Value) -> String {
    // The width of a machine's integers is no limit of the language.
    let maximum = schema["maximum"].as_u64().filter(|most| *most != u64::from(u32::MAX));
    let unlimited = maximum == Some(i64::MAX.unsigned_abs()) && schema["default"].is_null();
    let maximum = maximum.filter(|_| !unlimited).map(number);
    let minimum = schema["minimum"].as_u64().or_else(|| schema["minimum"].as_f64().map(|least| least as u64));
    match (minimum, maximum) {
        (Some(least), Some(most)) if least.to_string() == most => format!(" {least}"),
        (Some(least), Some(most)) => format!(", {least} … {most}"),
        (Some(least), None) => format!(" ≥ {least}"),
        (None, Some(most)) => format!(" ≤ {most}"),
        (None, None) => String::new(),
    }
}

/// As people write large numbers.
fn number(number: u64) -> String {
    if number == i64::MAX.unsigned_abs() {
        return "2⁶³−1".to_owned();
    }
    let power = (6..19).find(|power| 10u64.pow(*power) == number);
    let raised = |digit: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize - '0' as usize).unwrap_or(digit);
    match power {
        Some(power) => format!("10{}", power.to_string().chars().map(raised).collect::<String>()),
        None if number >= 10_000 => format!("{},{:03}", number / 1000, number % 1000),
        None => number.to_string(),
    }
}

fn toml_text(value: &Value) -> String {
    toml::Value::try_from(value).expect("defaults have no null").to_string()
}

#[test]
fn what_stands_between_the_marks_follows_from_the_schema_alone() {
    let schema: Value = serde_json::json!({
        "properties": {
            "seed": { "type": "integer", "minimum": 0, "maximum": i64::MAX, "default": 42, "description": "A | B." },
            "load": { "properties": {
                "rate": { "title": "Rate", "type": "string", "description": "How fast." },
                "seed": { "type": "integer", "minimum": 0, "maximum": i64::MAX, "default": 42, "description": "A | B." },
            }, "required": ["rate"] },
        }
    });
    let page = "text\n<!-- keys: seed load.* -->\nold\n<!-- end of keys -->\n<!-- keys of the top in load -->\n<!-- end of keys -->\nmore\n";
    let wanted = "text\n<!-- keys: seed load.* -->\n| key | type | default | |\n| --- | --- | --- | --- |\n\
        | `seed` | integer, 0 … 2⁶³−1 | `42` | A \\| B. |\n\
        | `load.rate` | rate, such as `\"500/s\"` | required | How fast. |\n\
        | `load.seed` | integer, 0 … 2⁶³−1 | `42` | A \\| B. |\n\
        <!-- end of keys -->\n<!-- keys of the top in load -->\n`seed`.\n<!-- end of keys -->\nmore\n";
    assert_eq!(written(page, &schema), wanted);
    assert_eq!(written(wanted, &schema), wanted, "written twice, it stays");
}

#[test]
fn types_are_told_in_words() {
    let words = |schema: Value| kind(&schema);
    assert_eq!(words(serde_json::json!({ "type": "number", "minimum": 0 })), "number ≥ 0");
    assert_eq!(
        words(serde_json::json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 })),
        "integer, 1 … 10⁶"
    );
    assert_eq!(
        words(serde_json::json!({ "type": ["string", "number", "integer", "boolean"] })),
        "text, number or boolean"
    );
    assert_eq!(words(serde_json::json!({ "type": "array", "items": { "type": "string" } })), "list of text");
    assert_eq!(words(serde_json::json!({ "type": "string", "enum": ["a", "b"] })), "`\"a\"`, `\"b\"`");
}
