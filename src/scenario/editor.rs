//! What the schema says to editors beyond its shape: an example at every key, and what is shown when the pointer rests on a key.
//!
//! Editors of the taplo family show `description` alone there, so the default and the example stand in `x-taplo` once more.

use serde_json::{Map, Value, json};

use super::pragmas::{PRAGMAS, PragmaWords};
use super::tree::{toml_key, toml_text};

/// Adds to every key of a schema what an editor shows.
pub(super) fn explain(schema: &mut Value) {
    let pragmas = &mut schema["properties"]["database"]["properties"]["pragmas"];
    let known =
        PRAGMAS.iter().map(|known| (known.name.to_owned(), pragma(known, &pragmas["additionalProperties"])));
    pragmas["properties"] = Value::Object(known.collect());
    if let Value::Object(schema) = schema {
        each_key(schema, true);
    }
}

/// A PRAGMA that editors know by name; it takes what every PRAGMA takes, since `check` knows more of its values than a schema can say.
fn pragma(known: &PragmaWords, any: &Value) -> Value {
    let examples: Value = serde_json::from_str(known.examples).expect("a test reads all examples");
    json!({ "type": any["type"], "description": known.words, "examples": examples })
}

fn each_key(schema: &mut Map<String, Value>, top: bool) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (key, value) in properties {
            let Value::Object(value) = value else { continue };
            give_example(value);
            say(key, value, top);
            each_key(value, false);
        }
    }
    for inner in ["additionalProperties", "items"] {
        if let Some(Value::Object(inner)) = schema.get_mut(inner) {
            each_key(inner, false);
        }
    }
}

/// Where the types give no example, the default or the choices are one.
fn give_example(schema: &mut Map<String, Value>) {
    if schema.contains_key("examples") {
        return;
    }
    let choices = schema.get("enum").and_then(Value::as_array);
    let default = schema.get("default");
    let examples = match (choices, default) {
        // The default is what a file has without the key: another choice says more.
        (Some(choices), _) => choices.iter().filter(|choice| Some(*choice) != default).cloned().collect(),
        (None, Some(Value::Bool(default))) => vec![json!(!default)],
        (None, Some(default)) => vec![default.clone()],
        (None, None) => return,
    };
    schema.insert("examples".to_owned(), Value::Array(examples));
}

/// Description, default and example as Markdown.
fn say(key: &str, schema: &mut Map<String, Value>, top: bool) {
    let mut words = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let empty = |value: &Value| match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => true,
        _ => false,
    };
    if let Some(default) = schema.get("default").filter(|default| !empty(default)) {
        words.push_str(&format!("\n\nDefault: `{}`", toml_text(default)));
    }
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        words.push_str(&format!("\n\n```toml\n{}\n```", example_text(key, example, top)));
    }
    let taplo = schema.entry("x-taplo").or_insert_with(|| json!({}));
    taplo["docs"]["main"] = json!(words);
}

/// A key with a value as a file has it: tables at the top with their header.
fn example_text(key: &str, value: &Value, top: bool) -> String {
    let key = toml_key(key);
    match value {
        Value::Object(tables) if top && tables.values().all(Value::is_object) => {
            let each =
                tables.iter().map(|(name, table)| section(&format!("[{key}.{}]", toml_key(name)), table));
            each.collect::<Vec<_>>().join("\n")
        }
        Value::Object(_) if top => section(&format!("[{key}]"), value),
        Value::Array(items) if top && !items.is_empty() && items.iter().all(Value::is_object) => {
            items.iter().map(|item| section(&format!("[[{key}]]"), item)).collect::<Vec<_>>().join("\n")
        }
        _ => format!("{key} = {}", toml_text(value)),
    }
}

fn section(header: &str, table: &Value) -> String {
    let lines = table.as_object().into_iter().flatten();
    let lines = lines.map(|(key, value)| format!("\n{} = {}", toml_key(key), toml_text(value)));
    format!("{header}{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::super::schema::{at, json_schema, shape};
    use super::*;

    fn every_key<'a>(schema: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
        for (key, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let path = format!("{path}.{key}");
            visit(&path, value);
            every_key(value, &path, visit);
        }
        for inner in ["additionalProperties", "items"] {
            if let Some(value) = schema.get(inner).filter(|value| value.is_object()) {
                every_key(value, &format!("{path}.{inner}"), visit);
            }
        }
    }

    #[test]
    fn every_key_has_a_description_and_examples_that_it_takes() {
        let schema = json_schema();
        let mut keys = 0;
        every_key(&schema, "", &mut |path, schema| {
            keys += 1;
            assert!(
                schema["description"].as_str().is_some_and(|text| text.ends_with('.') || text.ends_with('…')),
                "{path}"
            );
            let examples = schema["examples"].as_array().filter(|examples| !examples.is_empty());
            let validator = jsonschema::validator_for(schema).unwrap();
            for example in examples.unwrap_or_else(|| panic!("{path} has no example")) {
                assert!(validator.is_valid(example), "{path} does not take its example {example}");
            }
            let shown = schema["x-taplo"]["docs"]["main"].as_str().unwrap();
            assert!(shown.contains("```toml\n"), "{path}: {shown}");
        });
        assert!(keys > 100, "only {keys} keys were found");
    }

    #[test]
    fn tables_of_free_names_say_what_stands_under_a_name() {
        every_key(&json_schema(), "", &mut |path, schema| {
            if schema["additionalProperties"].is_object() {
                assert!(schema["additionalProperties"]["description"].is_string(), "{path}");
            }
        });
    }

    #[test]
    fn what_an_editor_shows_changes_nothing_of_the_shape() {
        fn bare(schema: &Value) -> Value {
            match schema {
                Value::Object(map) => {
                    let kept = map.iter().filter(|(key, _)| !["examples", "x-taplo"].contains(&key.as_str()));
                    kept.map(|(key, value)| (key.clone(), bare(value))).collect()
                }
                Value::Array(items) => items.iter().map(bare).collect(),
                other => other.clone(),
            }
        }
        let mut shown = json_schema();
        // Beside these names, any other may stand there, as far as the schema goes.
        let pragmas = shown["properties"]["database"]["properties"]["pragmas"].as_object_mut().unwrap();
        assert!(pragmas.shift_remove("properties").is_some() && pragmas["additionalProperties"].is_object());
        assert_eq!(bare(&shown), bare(&shape().schema));
    }

    #[test]
    fn an_example_stands_as_in_a_file() {
        let schema = json_schema();
        let shown = |path: &[&str]| {
            at(&schema, path).unwrap()["x-taplo"]["docs"]["main"].as_str().unwrap().to_owned()
        };
        assert!(shown(&["reset"]).ends_with("Default: `\"level\"`\n\n```toml\nreset = \"scenario\"\n```"));
        assert!(shown(&["database"]).ends_with("```toml\n[database]\npath = \"db/mine.db\"\n```"));
        assert!(shown(&["targets"]).contains("[[targets]]\nmetric = \"latency.p99\"\nmax = \"5ms\"\n"));
        assert!(
            shown(&["database", "busy_timeout"])
                .ends_with("Default: `\"5s\"`\n\n```toml\nbusy_timeout = \"250ms\"\n```")
        );
    }
}
