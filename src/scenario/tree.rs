//! TOML text -> a tree of JSON values in the file's order, and the place of each.
//!
//! Knows TOML, and nothing of what a scenario may contain.

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::spans::Node;
use super::syntax;
use crate::diagnostic::{Code, Diagnostic, Span};

/// A value with the places of all its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) value: Value,
    pub(super) node: Node,
}

/// What a text's byte 0 is in the sources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) source: usize,
    pub(super) offset: usize,
}

impl Origin {
    pub(super) fn span(self, range: std::ops::Range<usize>) -> Span {
        Span { source: self.source, start: self.offset + range.start, end: self.offset + range.end }
    }
}

/// Reads the whole file. A text that is not TOML has one fault: the others follow from it.
pub(super) fn parse(text: &str, faults: &mut Vec<Diagnostic>) -> Option<Tree> {
    match DeTable::parse(text) {
        Ok(table) => {
            let origin = Origin { source: 0, offset: 0 };
            let (value, mut node) = table_tree(table.get_ref(), origin, faults);
            node.value = None;
            Some(Tree { value, node })
        }
        Err(error) => {
            // The parser tells its errors pass by pass: the first in the file is the cause of the others.
            let (_, errors) = DeTable::parse_recoverable(text);
            let place = |error: &&toml::de::Error| error.span().map_or(usize::MAX, |span| span.start);
            faults.push(syntax::fault(text, errors.iter().min_by_key(place).unwrap_or(&error)));
            None
        }
    }
}

/// The tree of one parsed value.
pub(super) fn tree(value: &Spanned<DeValue<'_>>, origin: Origin, faults: &mut Vec<Diagnostic>) -> Tree {
    let span = origin.span(value.span());
    let mut refuse = |code, message: String, help: &str| {
        faults.push(Diagnostic::error(code, Some(span), message).help(help));
        Value::from(0)
    };
    let leaf = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(boolean) => Value::Bool(*boolean),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::from(number),
            Err(_) => refuse(
                Code::OutOfRange,
                format!("`{integer}` is beyond the integers"),
                "integers reach from -9223372036854775808 to 9223372036854775807; write a longer number as text in quotes",
            ),
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Value::Number(number),
            None => {
                refuse(Code::OutOfRange, format!("`{float}` is not a finite number"), "write a finite number")
            }
        },
        DeValue::Datetime(time) => refuse(
            Code::WrongType,
            format!("`{time}` is a TOML date or time, which no key takes"),
            &format!("write it as text in quotes: \"{time}\""),
        ),
        DeValue::Array(array) => return array_tree(array, origin, span, faults),
        DeValue::Table(table) => {
            let (value, mut node) = table_tree(table, origin, faults);
            node.value = Some(span);
            return Tree { value, node };
        }
    };
    Tree { value: leaf, node: Node { value: Some(span), ..Node::default() } }
}

fn array_tree<'i>(
    items: impl IntoIterator<Item = &'i Spanned<DeValue<'i>>>,
    origin: Origin,
    span: Span,
    faults: &mut Vec<Diagnostic>,
) -> Tree {
    let mut node = Node { value: Some(span), ..Node::default() };
    let mut values = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        let item = tree(item, origin, faults);
        values.push(item.value);
        node.children.insert(i.to_string(), item.node);
    }
    Tree { value: Value::Array(values), node }
}

fn table_tree(table: &DeTable<'_>, origin: Origin, faults: &mut Vec<Diagnostic>) -> (Value, Node) {
    let mut values = Map::new();
    let mut node = Node::default();
    for (key, value) in table {
        let mut child = tree(value, origin, faults);
        child.node.key = Some(origin.span(key.span()));
        values.insert(key.get_ref().to_string(), child.value);
        node.children.insert(key.get_ref().to_string(), child.node);
    }
    (Value::Object(values), node)
}

/// A value as it is written in TOML on one line.
pub(super) fn toml_text(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(toml_text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{} = {}", toml_key(key), toml_text(value))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
    }
}

fn quoted(text: &str) -> String {
    let literal = text.contains(['"', '\\']) && !text.contains('\'') && !text.chars().any(char::is_control);
    if literal {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One part of a key path, in quotes where TOML wants them.
pub(super) fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_owned() } else { quoted(key) }
}

/// A key path, joined with dots.
pub(super) fn toml_path<'a>(path: impl IntoIterator<Item = &'a str>) -> String {
    path.into_iter().map(toml_key).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::scenario::Spans;

    /// Code, place and words of the first fault of a text, and its help.
    pub(in crate::scenario) fn fault(text: &str) -> (String, String) {
        let mut faults = Vec::new();
        parse(text, &mut faults);
        let fault = faults.first().unwrap_or_else(|| panic!("{text} has no fault"));
        let span = fault.span.unwrap();
        (
            format!("{}@{}..{}: {}", fault.code, span.start, span.end, fault.message),
            fault.help.clone().unwrap_or_default(),
        )
    }

    #[test]
    fn keys_and_values_have_their_places() {
        let text = "a = 1\n[t.u]\n\"k k\" = ['x', { y = true }]\n[[l]]\nz = 1.5\n[[l]]\n";
        let mut faults = Vec::new();
        let tree = parse(text, &mut faults).unwrap();
        assert!(faults.is_empty());
        let spans = Spans { root: tree.node };
        let slice = |span: Option<Span>| span.map(|span| &text[span.start..span.end]);
        assert_eq!(slice(spans.key(&["a"])), Some("a"));
        assert_eq!(slice(spans.value(&["a"])), Some("1"));
        assert_eq!(slice(spans.key(&["t"])), Some("t"));
        assert_eq!(slice(spans.key(&["t", "u"])), Some("u"));
        assert_eq!(slice(spans.value(&["t", "u"])), Some("[t.u]"));
        assert_eq!(slice(spans.key(&["t", "u", "k k"])), Some("\"k k\""));
        assert_eq!(slice(spans.value(&["t", "u", "k k", "0"])), Some("'x'"));
        assert_eq!(slice(spans.value(&["t", "u", "k k", "1"])), Some("{ y = true }"));
        assert_eq!(slice(spans.key(&["t", "u", "k k", "1", "y"])), Some("y"));
        assert_eq!(slice(spans.value(&["l", "0", "z"])), Some("1.5"));
        assert_eq!(spans.value(&["l", "7"]), None);
        let source = crate::diagnostic::Source { name: String::new(), text: text.to_owned() };
        let inside = spans.inside(&["t", "u", "k k", "0"], 0..1, &[source]);
        assert_eq!(slice(inside), Some("x"));
        let expected = serde_json::json!({ "a": 1, "t": { "u": { "k k": ["x", { "y": true }] } }, "l": [{ "z": 1.5 }, {}] });
        assert_eq!(tree.value, expected);
    }

    #[test]
    fn tables_keep_the_order_of_the_file() {
        let tree = parse("[t.z]\n[t.a]\n[t.m]\n[t.z.columns]\nb = 1\na = 2\n", &mut Vec::new()).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&tree.value["t"]), ["z", "a", "m"]);
        assert_eq!(names(&tree.value["t"]["z"]["columns"]), ["b", "a"]);
    }

    #[test]
    fn numbers_and_dates_that_json_lacks_are_refused_in_words() {
        assert_eq!(
            fault("a = 9223372036854775808\n").0,
            "out-of-range@4..23: `9223372036854775808` is beyond the integers"
        );
        assert_eq!(fault("a = [nan]\n").0, "out-of-range@5..8: `nan` is not a finite number");
        assert!(fault("a = 1e400\n").0.starts_with("out-of-range@4..9"));
        let (message, help) = fault("a = 2026-11-21\n");
        assert_eq!(message, "wrong-type@4..14: `2026-11-21` is a TOML date or time, which no key takes");
        assert_eq!(help, "write it as text in quotes: \"2026-11-21\"");
    }

    #[test]
    fn values_are_printed_as_toml() {
        let value = serde_json::json!({ "a b": [1, "x", "say \"hi\""], "c": true });
        assert_eq!(toml_text(&value), "{ \"a b\" = [1, \"x\", 'say \"hi\"'], c = true }");
        assert_eq!(toml_path(["tables", "a b", "share"]), "tables.\"a b\".share");
    }
}
