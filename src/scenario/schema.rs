//! The JSON Schema of a scenario, generated from the types of `model`, and what it says of a given key path.
//!
//! Editors read it from `schemas/scenario.schema.json`; `check` validates with the same. Words for its errors are left to `explain`.

use std::sync::OnceLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};

use super::model::Scenario;

/// The schema of a scenario file, draft 2020-12, without references within it, and with all that editors show.
pub fn json_schema() -> Value {
    let mut schema = plain();
    super::editor::explain(&mut schema);
    schema
}

/// The same shape, as the types give it.
fn plain() -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize().with(|settings| {
        // One walk along a key path then finds what is allowed there.
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Scenario>();
    simplify(&mut schema);
    schema.insert("title".to_owned(), json!("Scenario of runner"));
    // What a reader looks for first stands first.
    let mut schema = schema.to_value();
    super::computed::allow_text(&mut schema);
    if let Value::Object(map) = &mut schema {
        for key in ["description", "title", "$schema"] {
            if let Some(value) = map.shift_remove(key) {
                map.shift_insert(0, key.to_owned(), value);
            }
        }
    }
    schema
}

/// Text, number or boolean: what a PRAGMA or a constant column takes.
pub fn scalar(schema: &mut Schema) {
    schema.insert("type".to_owned(), json!(["string", "number", "integer", "boolean"]));
}

/// A whole number, or text: how often a statement comes.
pub fn whole_or_text(schema: &mut Schema) {
    schema.insert("type".to_owned(), json!(["integer", "string"]));
    schema.insert("minimum".to_owned(), json!(1));
    schema.insert("maximum".to_owned(), json!(1_000_000));
}

/// A number, or text: a limit with or without its unit.
pub fn number_or_text(schema: &mut Schema) {
    schema.insert("type".to_owned(), json!(["number", "string"]));
}

/// The schema and its validator, made once.
pub(super) struct Shape {
    pub(super) schema: Value,
    pub(super) validator: jsonschema::Validator,
}

pub(super) fn shape() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(|| {
        let schema = plain();
        let validator = jsonschema::validator_for(&schema).expect("a test builds the validator");
        Shape { schema, validator }
    })
}

/// What the schema says of the value at a key path, if that path may exist.
pub(super) fn at(schema: &Value, path: impl IntoIterator<Item = impl AsRef<str>>) -> Option<&Value> {
    path.into_iter().try_fold(schema, |schema, part| {
        let part = part.as_ref();
        let named = schema.get("properties").and_then(|properties| properties.get(part));
        named
            .or_else(|| schema.get("additionalProperties").filter(|any| any.is_object()))
            .or_else(|| schema.get("items").filter(|_| part.parse::<usize>().is_ok()))
    })
}

/// The keys that a table of this schema names, in their order.
pub(super) fn keys(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str)
}

/// Whether a value of this type may stand where the schema is.
pub(super) fn takes(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    }
}

/// Makes whole floats (`1e5`) integers where only integers may stand, since to JSON Schema they are the same.
pub(super) fn whole_numbers(value: &mut Value, schema: &Value) {
    match value {
        Value::Number(number) if takes(schema, "integer") && !takes(schema, "number") => {
            if let Some(float) = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0) {
                // Beyond 2^53 a float no longer says which integer was meant.
                if float.abs() <= 9_007_199_254_740_992.0 {
                    *value = Value::from(float as i64);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| whole_numbers(item, schema));
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(schema) = at(schema, [key]) {
                    whole_numbers(value, schema);
                }
            }
        }
        _ => {}
    }
}

/// Says the same with fewer branches, so that errors and editors can name what is wrong.
fn simplify(schema: &mut Schema) {
    transform_subschemas(&mut simplify, schema);
    if let Some(object) = schema.as_object_mut() {
        join_lines(object);
        fold_constants(object);
        drop_null(object);
        bound_integers(object);
    }
}

/// Doc comments are broken into lines; editors and pages break them anew.
fn join_lines(object: &mut Map<String, Value>) {
    if let Some(Value::String(words)) = object.get_mut("description") {
        let paragraphs: Vec<String> = words.split("\n\n").map(|part| part.replace('\n', " ")).collect();
        *words = paragraphs.join("\n\n");
    }
}

/// `oneOf` of documented constants becomes `enum`; the descriptions go where editors look for them.
fn fold_constants(object: &mut Map<String, Value>) {
    let Some(branches) = object.get("oneOf").and_then(Value::as_array) else {
        return;
    };
    let mut values = Vec::new();
    let mut words = Vec::new();
    for branch in branches {
        // schemars puts all undocumented variants into one branch.
        let several = branch.get("enum").and_then(Value::as_array).cloned();
        let Some(constants) = several.or_else(|| branch.get("const").map(|one| vec![one.clone()])) else {
            return;
        };
        let description = branch.get("description").cloned().unwrap_or_else(|| json!(""));
        words.extend(constants.iter().map(|_| description.clone()));
        values.extend(constants);
    }
    object.shift_remove("oneOf");
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), Value::Array(values));
    object.insert("enumDescriptions".to_owned(), Value::Array(words.clone()));
    object.insert("x-taplo".to_owned(), json!({ "docs": { "enumValues": words } }));
}

/// TOML has no null: an optional key is simply not in `required`.
fn drop_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    if let Some(Value::Array(branches)) = object.get_mut("anyOf") {
        branches.retain(|branch| branch.get("type").is_none_or(|one| one != "null"));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            object.shift_remove("anyOf");
            // What the key says of itself goes before what its type says.
            only.into_iter().for_each(|(key, value)| {
                object.entry(key).or_insert(value);
            });
        }
    }
    match object.get_mut("default") {
        Some(Value::Null) => {
            object.shift_remove("default");
        }
        Some(Value::Object(default)) => default.retain(|_, value| !value.is_null()),
        _ => {}
    }
}

/// The widths of Rust's integers become limits; `format` means nothing to an editor.
fn bound_integers(object: &mut Map<String, Value>) {
    let Some(format) = object.get("format").and_then(Value::as_str) else {
        return;
    };
    let maximum = match format {
        "uint8" => Some(u64::from(u8::MAX)),
        "uint16" => Some(u64::from(u16::MAX)),
        "uint32" => Some(u64::from(u32::MAX)),
        "uint64" | "uint" => Some(i64::MAX.unsigned_abs()),
        "float" | "double" | "int64" => None,
        _ => return,
    };
    object.shift_remove("format");
    if let Some(maximum) = maximum {
        object.entry("maximum").or_insert(json!(maximum));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk<'a>(schema: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
        visit(path, schema);
        for (key, value) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            walk(value, &format!("{path}.{key}"), visit);
        }
        for key in ["additionalProperties", "items"] {
            if let Some(value) = schema.get(key).filter(|value| value.is_object()) {
                walk(value, &format!("{path}.{key}"), visit);
            }
        }
    }

    #[test]
    fn every_key_is_described_and_none_may_be_null() {
        let schema = json_schema();
        walk(&schema, "", &mut |path, schema| {
            if !path.ends_with("items") && !path.ends_with("additionalProperties") {
                assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
            }
            for word in ["anyOf", "oneOf", "$ref"] {
                assert!(schema.get(word).is_none(), "{path} has {word}");
            }
            assert!(!takes(schema, "null") && schema.get("default") != Some(&Value::Null), "{path}");
        });
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema.get("$id").is_none() && schema.get("$defs").is_none());
    }

    #[test]
    fn tables_with_named_keys_take_no_others() {
        walk(&plain(), "", &mut |path, schema| {
            if schema.get("properties").is_some() {
                assert_eq!(schema["additionalProperties"], false, "{path}");
            }
        });
    }

    #[test]
    fn choices_defaults_and_limits_are_plain() {
        let schema = json_schema();
        let reset = at(&schema, ["reset"]).unwrap();
        assert_eq!(reset["enum"], json!(["scenario", "level", "iteration", "write"]));
        assert_eq!(reset["default"], "level");
        assert_eq!(reset["enumDescriptions"][1], "Before every level.");
        assert!(
            reset["description"]
                .as_str()
                .unwrap()
                .starts_with("When tables are dropped and made anew: once, ")
        );
        assert_eq!(at(&schema, ["database", "busy_timeout"]).unwrap()["default"], "5s");
        let pragma = at(&schema, ["database", "pragmas", "journal_mode"]).unwrap();
        assert_eq!(pragma["type"], json!(["string", "number", "integer", "boolean"]));
        let value = at(&schema, ["tables", "t", "columns", "c", "value"]).unwrap();
        assert_eq!(value["type"], json!(["string", "number", "integer", "boolean"]));
        assert_eq!(at(&schema, ["tables", "t", "columns", "c", "type"]).unwrap()["type"], "string");
        assert_eq!(at(&schema, ["seed"]).unwrap()["maximum"], i64::MAX);
        assert_eq!(at(&schema, ["concurrency", "0"]).unwrap()["maximum"], 1024);
        assert!(at(&schema, ["nothing"]).is_none());
        assert_eq!(schema["required"], json!(["database", "tables"]));
    }

    #[test]
    fn whole_floats_become_integers_where_only_integers_stand() {
        let mut value =
            json!({ "total_writes": 1e5, "concurrency": [2.0, 2.5], "tables": { "t": { "share": 10.0 } } });
        whole_numbers(&mut value, &shape().schema);
        let expected =
            json!({ "total_writes": 100_000, "concurrency": [2, 2.5], "tables": { "t": { "share": 10.0 } } });
        assert_eq!(value, expected);
    }
}
