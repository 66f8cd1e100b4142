//! What to write instead of a value, in TOML, from what was written and what the schema takes.
//!
//! Knows no key of the language: names and examples come from the schema.

use serde_json::{Value, json};

use super::schema::{keys, takes};
use super::tree::{toml_key, toml_text};
use crate::units::{self, Duration, QuantityError, Rate, Size};

/// A value in the user's words: `the text "5"`, `a table`.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => toml_text(value),
        Value::String(text) if text.chars().count() <= 40 => format!("the text {}", toml_text(value)),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a table".to_owned(),
    }
}

/// What a schema takes, in the user's words.
pub(super) fn wanted(schema: &Value) -> String {
    match schema.get("title").and_then(Value::as_str) {
        Some("Duration") => return "a time with its unit".to_owned(),
        Some("Size") => return "a size with its unit".to_owned(),
        Some("Rate") => return "a rate".to_owned(),
        _ => {}
    }
    if takes(schema, "string") && takes(schema, "boolean") {
        return "text, a number, or true or false".to_owned();
    }
    if takes(schema, "string") && takes(schema, "number") {
        return "a number or text".to_owned();
    }
    if takes(schema, "string") && takes(schema, "integer") {
        return "a whole number or text".to_owned();
    }
    let kinds = [
        ("string", "text"),
        ("number", "a number"),
        ("integer", "a whole number"),
        ("boolean", "true or false"),
        ("object", "a table"),
    ];
    if takes(schema, "array") {
        let items = schema.get("items").map_or("values", |items| match () {
            () if takes(items, "string") => "texts",
            () if takes(items, "integer") => "whole numbers",
            () if takes(items, "object") => "tables",
            () if takes(items, "array") => "lists",
            () => "values",
        });
        return format!("a list of {items}");
    }
    let kind = kinds.into_iter().find(|(kind, _)| takes(schema, kind));
    kind.map_or("another type", |(_, words)| words).to_owned()
}

/// A value that the schema takes: its example, its default, or a plain one.
pub(super) fn example(schema: &Value) -> Value {
    let examples = schema.get("examples").or_else(|| schema.get("enum")).and_then(Value::as_array);
    if let Some(first) = examples.and_then(|examples| examples.first()) {
        return first.clone();
    }
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if takes(schema, "string") {
        json!("text")
    } else if takes(schema, "integer") || takes(schema, "number") {
        // A 0 is seldom what someone wants who gives a number at all.
        schema.get("minimum").filter(|least| **least != json!(0)).cloned().unwrap_or_else(|| json!(1))
    } else if takes(schema, "boolean") {
        json!(true)
    } else if takes(schema, "array") {
        schema.get("items").map_or_else(|| json!([]), |items| json!([example(items)]))
    } else {
        required(schema).map(|(key, schema)| (key.to_owned(), example(schema))).collect()
    }
}

/// The keys that a table must have, with what they take.
fn required(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).filter_map(|key| Some((key, schema.get("properties")?.get(key)?)))
}

/// `key = value` for the last key of a path; the value alone for an item of a list.
///
/// A table at the top of the file is shown with its header. The result goes between backticks.
pub(super) fn line(path: &[String], value: &Value) -> String {
    let Some(key) = path.last() else {
        return toml_text(value);
    };
    if path.len() > 1 && key.parse::<usize>().is_ok() {
        return toml_text(value);
    }
    match value {
        Value::Object(map) if path.len() == 1 => match map.iter().next() {
            Some((name, Value::Object(_))) => format!("[{}.{}]", toml_key(key), toml_key(name)),
            Some((name, value)) => {
                format!("[{}]` with `{} = {}", toml_key(key), toml_key(name), toml_text(value))
            }
            None => format!("[{}]", toml_key(key)),
        },
        _ => format!("{} = {}", toml_key(key), toml_text(value)),
    }
}

/// The help for a value of the wrong type: what was probably meant, else an example.
pub(super) fn instead(path: &[String], found: &Value, schema: &Value) -> String {
    if let (true, Some(number)) = (schema.get("pattern").is_some(), found.as_number()) {
        let units = match schema.get("title").and_then(Value::as_str) {
            Some("Duration") => ["ms", "s"],
            Some("Size") => ["kB", "MiB"],
            Some("Rate") => ["/s", "/m"],
            _ => ["", ""],
        };
        if !units[0].is_empty() {
            return format!("write the unit: \"{number}{}\" or \"{number}{}\"", units[0], units[1]);
        }
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let list: Vec<String> = choices.iter().map(toml_text).collect();
        return format!("the choices are {}", list.join(", "));
    }
    if found.is_object() && schema.get("items").is_some_and(|items| takes(items, "object")) {
        let name: Vec<String> = path.iter().map(|key| toml_key(key)).collect();
        return format!("write two brackets around the name: `[[{}]]`", name.join("."));
    }
    let tables =
        found.as_array().is_some_and(|items| items.iter().all(Value::is_object) && !items.is_empty());
    if tables && takes(schema, "object") {
        let name: Vec<String> = path.iter().map(|key| toml_key(key)).collect();
        return format!("write one bracket around the name: `[{}]`", name.join("."));
    }
    match convert(found, schema) {
        Some(value) => format!("write `{}`", line(path, &value)),
        None => format!("write for instance `{}`", line(path, &example(schema))),
    }
}

/// Whether a schema takes values of this one's type.
fn fits(value: &Value, schema: &Value) -> bool {
    match value {
        Value::String(_) => takes(schema, "string"),
        Value::Number(_) => takes(schema, "integer") || takes(schema, "number"),
        Value::Object(_) => takes(schema, "object"),
        Value::Array(_) => takes(schema, "array"),
        _ => false,
    }
}

/// The same value as the type that the schema takes, where it has an obvious form of it.
fn convert(found: &Value, schema: &Value) -> Option<Value> {
    let plain = |text: &str| {
        let digits = text.replace([',', '_', ' '], "");
        digits.strip_suffix(['k', 'K']).map_or(digits.clone(), |thousands| format!("{thousands}000"))
    };
    if takes(schema, "array") {
        let items = schema.get("items")?;
        if fits(found, items) && !found.as_str().is_some_and(|text| text.contains(',')) {
            return Some(json!([found]));
        }
        let parts: Option<Vec<Value>> = found
            .as_str()?
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(|part| convert(&part.into(), items))
            .collect();
        return parts.filter(|parts| !parts.is_empty()).map(Value::from);
    }
    match found {
        // One value in brackets, where a value alone stands.
        Value::Array(items) if items.len() == 1 => items
            .first()
            .filter(|only| fits(only, schema))
            .map(|only| convert(only, schema).unwrap_or_else(|| only.clone())),
        Value::String(text) if takes(schema, "number") && text.ends_with('%') => {
            let percent = text.trim_end_matches('%').trim().parse::<f64>().ok()?;
            let share = schema.get("maximum").and_then(Value::as_f64) == Some(1.0);
            Some(if share { json!(percent / 100.0) } else { convert(&json!(percent.to_string()), schema)? })
        }
        Value::String(text) if takes(schema, "integer") || takes(schema, "number") => {
            let whole = plain(text).parse::<i64>().ok().map(Value::from);
            let float =
                || plain(text).parse::<f64>().ok().filter(|_| takes(schema, "number")).map(Value::from);
            whole.or_else(float)
        }
        Value::String(text) if takes(schema, "boolean") => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(json!(true)),
            "false" | "no" | "off" | "0" => Some(json!(false)),
            _ => None,
        },
        Value::Number(number) if takes(schema, "boolean") => match number.as_i64() {
            Some(0) => Some(json!(false)),
            Some(1) => Some(json!(true)),
            _ => None,
        },
        // The short way to write a table of one text, as in `id = "INTEGER PRIMARY KEY"`.
        Value::String(_) if takes(schema, "object") => {
            let only = required(schema).next().filter(|_| required(schema).count() == 1);
            let key = keys(schema).find(|key| *key == "type").or(only.map(|(key, _)| key));
            key.map(|key| json!({ key: found }))
        }
        Value::Number(_) | Value::Bool(_) if takes(schema, "string") => Some(Value::from(toml_text(found))),
        Value::Number(number) if takes(schema, "integer") => {
            number.as_f64().filter(|float| float.abs() < 1e15).map(|float| Value::from(float.round() as i64))
        }
        _ => None,
    }
}

/// Why a text is not a quantity of this kind, and what to write; none if the kind is not one of quantities.
pub(super) fn quantity(kind: &str, text: &str) -> Option<(String, Option<String>)> {
    let (error, units) = match kind {
        "Duration" => (text.parse::<Duration>().err(), ["ms", "s"]),
        "Size" => (text.parse::<Size>().err(), ["kB", "MiB"]),
        "Rate" => (text.parse::<Rate>().err(), ["/s", "/m"]),
        _ => return None,
    };
    let help = match &error {
        Some(QuantityError::NoUnit { text, .. }) => {
            Some(format!("\"{text}{}\" or \"{text}{}\"", units[0], units[1]))
        }
        Some(QuantityError::UnknownUnit { unit, units }) => {
            let close = intended(unit, units);
            close.and_then(|close| {
                Some(format!("\"{}{close}\"", text.strip_suffix(unit.as_str())?.trim_end()))
            })
        }
        _ => None,
    };
    let message = error.map_or_else(|| format!("`{text}` has too many digits"), |error| error.to_string());
    Some((message, help))
}

/// The unit that a word or a wrong case stands for.
fn intended<'a>(word: &str, units: &'a str) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let names = units.split(", ");
    let long = match lower.trim_end_matches('s') {
        "millisecond" | "milli" | "msec" => "ms",
        "microsecond" | "micro" | "usec" | "µ" | "μ" => "us",
        "nanosecond" | "nano" | "nsec" => "ns",
        "second" | "sec" => "s",
        "minute" | "min" => "m",
        "hour" | "hr" => "h",
        "rp" | "qp" | "op" | "tp" | "per second" | "/sec" | "/second" | "op/" | "hz" => "/s",
        "per minute" | "/min" | "/minute" => "/m",
        "per hour" | "/hour" => "/h",
        "k" => "kB",
        "g" => "GB",
        "t" => "TB",
        _ => lower.as_str(),
    };
    let exact = names.clone().find(|unit| *unit == long);
    exact.or_else(|| names.into_iter().find(|unit| unit.to_lowercase() == long))
}

/// `from 1 to 1_024`, `at least 0`, `1`.
pub(super) fn limits(schema: &Value) -> String {
    let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number()).map(number);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) => format!("from {least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, Some(most)) => format!("at most {most}"),
        (None, None) => "within its limits".to_owned(),
    }
}

/// A number as TOML lets one write it, with separators.
fn number(value: &Value) -> String {
    match value
        .as_u64()
        .or_else(|| value.as_f64().filter(|f| *f >= 0.0 && f.fract() == 0.0).map(|f| f as u64))
    {
        Some(whole) => units::count(whole).replace(',', "_"),
        None => value.to_string(),
    }
}
