//! The JSON Schema of the result document, generated from the types, and validation against it.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use super::model::RunResult;

/// `schemas/result.schema.json`, draft 2020-12.
pub fn json_schema() -> Value {
    schema_of::<RunResult>()
}

/// The schema of a document that is written: draft 2020-12, in plain words.
pub fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().with_transform(Plain).into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// Every way in which a document is not a result: `at PATH: what is wrong`. Empty when it is one.
pub fn validate(document: &Value) -> Vec<String> {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| compile(&json_schema()).expect("the schema generated from our own types is one"));
    errors(&VALIDATOR, document)
}

/// Prepares a schema for [`errors`].
pub(super) fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::validator_for(schema).map_err(|error| error.to_string())
}

/// All errors of a document, each with its place.
pub(super) fn errors(validator: &Validator, document: &Value) -> Vec<String> {
    validator
        .iter_errors(document)
        .map(|error| {
            let path = error.instance_path().to_string();
            let place = if path.is_empty() { "the document" } else { path.as_str() };
            // The message repeats the offending value, which may be the whole document.
            let message: String = error.to_string().chars().take(300).collect();
            format!("at {place}: {message}")
        })
        .collect()
}

/// Says plainly what schemars says at length: a key that may be absent is not also `null`; an enumeration is an `enum`; Rust's
/// widths of numbers are nobody's business.
#[derive(Clone)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            object.remove("format");
            fold_constants(object);
            strip_null_of_optional(object);
        }
        transform_subschemas(self, schema);
    }
}

fn strip_null_of_optional(object: &mut Map<String, Value>) {
    let required: Vec<Value> = object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.iter().any(|r| r == *name)) {
        let Some(property) = property.as_object_mut() else { continue };
        if let Some(types) = property.get_mut("type")
            && let Some(list) = types.as_array_mut()
        {
            list.retain(|kind| kind != "null");
            if let [only] = list.as_slice() {
                *types = only.clone();
            }
        }
        let Some(Value::Array(branches)) = property.get_mut("anyOf") else { continue };
        branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            property.remove("anyOf");
            property.extend(only.into_iter().filter(|(key, _)| key != "description"));
        }
    }
}

/// `oneOf` of documented constants becomes an `enum`; the descriptions become lines of one.
fn fold_constants(object: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = object.get("oneOf") else { return };
    let Some(constants) = branches.iter().map(|b| b.get("const").cloned()).collect::<Option<Vec<_>>>() else {
        return;
    };
    let mut description =
        object.get("description").and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
    for (branch, constant) in branches.iter().zip(&constants) {
        if let (Some(words), Some(name)) =
            (branch.get("description").and_then(Value::as_str), constant.as_str())
        {
            description.push_str(&format!("\n- {name}: {words}"));
        }
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), Value::from("string"));
    object.insert("enum".to_owned(), Value::Array(constants));
    object.insert("description".to_owned(), Value::from(description.trim_start()));
}

#[cfg(test)]
mod tests {
    use super::super::testing::finished;
    use super::*;

    fn broken(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut document = serde_json::to_value(finished()).unwrap();
        change(&mut document);
        validate(&document)
    }

    #[test]
    fn a_built_document_satisfies_the_schema_and_is_read_again() {
        let result = finished();
        let document = serde_json::to_value(&result).unwrap();
        assert_eq!(validate(&document), Vec::<String>::new());
        assert_eq!(serde_json::from_value::<RunResult>(document).unwrap(), result);
    }

    #[test]
    fn a_broken_document_is_told_every_error() {
        let errors = broken(|document| {
            document["status"] = "done".into();
            document["configurations"][0]["metrics"].as_object_mut().unwrap().remove("p95");
            document["configurations"][0]["concurrency"] = 0.into();
        });
        assert_eq!(errors.len(), 3, "{errors:#?}");
        assert!(errors.iter().any(|error| error.starts_with("at /status: ")));
    }

    #[test]
    fn metrics_have_exactly_their_eight_keys() {
        assert_eq!(broken(|d| d["configurations"][0]["metrics"]["p50"] = 1.into()).len(), 1);
        assert_eq!(broken(|d| d["configurations"][0]["metrics"]["p95"] = Value::Null).len(), 0);
        assert_eq!(broken(|d| d["configurations"][0]["metrics"]["errorCount"] = Value::Null).len(), 1);
    }

    #[test]
    fn what_is_absent_is_not_null() {
        assert_eq!(broken(|d| d["configurations"][0]["resources"]["walBytes"] = Value::Null).len(), 1);
        assert_eq!(broken(|d| d["configurations"][0]["overall"]["latencyMs"] = Value::Null).len(), 1);
    }

    #[test]
    fn the_schema_describes_every_key() {
        fn undescribed(schema: &Value, path: &str, out: &mut Vec<String>) {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if property.get("description").is_none() {
                    out.push(format!("{path}/{name}"));
                }
            }
        }
        let schema = json_schema();
        let mut out = Vec::new();
        undescribed(&schema, "", &mut out);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            undescribed(definition, name, &mut out);
        }
        assert_eq!(out, Vec::<String>::new());
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}
