//! Whole numbers that a file computes from its variables: rows of a table, and what statements do and come to.
//!
//! `rows = '{{ vars.files * 16 }}'` stands in the tree as its number before the shape is checked, so nothing else knows of it.

use serde_json::{Map, Value, json};

use super::spans::Spans;
use super::tree::Tree;
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::template::{CompileContext, FaultKind, Locale, ResolveReference, Target, Template};
use crate::value::Value as Made;

/// Paths of the keys; `*` is any name or place in a list.
const KEYS: [&[&str]; 8] = [
    &["tables", "*", "rows"],
    &["operations", "*", "changes", "*"],
    &["operations", "*", "expect_rows"],
    &["operations", "*", "expect_changes"],
    &["operations", "*", "expect_value"],
    &["operations", "*", "steps", "*", "expect_rows"],
    &["operations", "*", "steps", "*", "expect_changes"],
    &["operations", "*", "steps", "*", "expect_value"],
];

/// Neither rows nor files are at hand.
struct NoTables;

impl ResolveReference for NoTables {
    fn resolve(&self, _: &str) -> Result<Target, String> {
        Err("a number that holds for all rows cannot refer to one".to_owned())
    }
}

/// Puts numbers in the place of their templates; the templates are returned.
pub(super) fn settle(tree: &mut Tree, sources: &[Source], faults: &mut Vec<Diagnostic>) -> Vec<String> {
    let vars = tree.value.get("vars").and_then(Value::as_object).cloned().unwrap_or_default();
    let spans = Spans { root: tree.node.clone() };
    let mut settling = Settling { vars, spans, sources, faults, texts: Vec::new() };
    for keys in KEYS {
        settling.below(&mut tree.value, keys, &mut Vec::new());
    }
    settling.texts
}

struct Settling<'a> {
    vars: Map<String, Value>,
    spans: Spans,
    sources: &'a [Source],
    faults: &'a mut Vec<Diagnostic>,
    texts: Vec<String>,
}

impl Settling<'_> {
    fn below(&mut self, value: &mut Value, keys: &[&str], path: &mut Vec<String>) {
        let Some((key, rest)) = keys.split_first() else {
            let Value::String(text) = value else { return };
            if text.trim_start().starts_with("{{") {
                let text = std::mem::take(text);
                // A number that cannot be had has its fault; 1 has none.
                *value = json!(self.number(&text, path).unwrap_or(1));
                self.texts.push(text);
            } else if path.last().is_none_or(|key| key != "expect_value") {
                let words = format!("`{}` is the text \"{text}\", but takes a whole number", path.join("."));
                let help = match text.replace([',', '_'], "").trim().parse::<u64>() {
                    Ok(number) => format!("write {number}, without quotes"),
                    Err(_) => {
                        "write a number, or compute it from variables: '{{ vars.files * 16 }}'".to_owned()
                    }
                };
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let fault = Diagnostic::error(Code::WrongType, self.spans.value(&path), words);
                self.faults.push(fault.help(help));
                *value = json!(1);
            }
            return;
        };
        let mut each = |name: String, inner: &mut Value| {
            path.push(name);
            self.below(inner, rest, path);
            path.pop();
        };
        match value {
            Value::Object(map) if *key == "*" => {
                map.iter_mut().for_each(|(name, inner)| each(name.clone(), inner));
            }
            Value::Array(items) if *key == "*" => {
                items.iter_mut().enumerate().for_each(|(at, inner)| each(at.to_string(), inner));
            }
            Value::Object(map) => {
                map.get_mut(*key).into_iter().for_each(|inner| each((*key).to_owned(), inner))
            }
            _ => {}
        }
    }

    fn number(&mut self, text: &str, path: &[String]) -> Option<i64> {
        let context = CompileContext {
            vars: &self.vars,
            locale: Locale::default(),
            references: &NoTables,
            repetition: false,
            files: &|_| Err("a number is not read from a file".to_owned()),
        };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let at = self.spans.value(&path);
        match Template::compile(text, context) {
            Ok(template) => match template.known() {
                Some(Made::Integer(number)) => return Some(*number),
                known => {
                    let words = match known {
                        Some(other) => {
                            format!("this comes to {}, and a whole number stands here", other.as_ref())
                        }
                        None => "this number must be the same for all rows".to_owned(),
                    };
                    let help = "compute it from `vars` and sizes with +, -, *, // and %, such as '{{ vars.files * 16 }}'";
                    self.faults.push(Diagnostic::error(Code::WrongType, at, words).help(help));
                }
            },
            Err(found) => {
                for fault in found {
                    let code = match fault.kind {
                        FaultKind::UnknownName | FaultKind::UnknownGenerator => Code::TemplateUnknownName,
                        FaultKind::WrongArgument | FaultKind::MissingFile | FaultKind::NotEnoughValues => {
                            Code::TemplateArgument
                        }
                        FaultKind::UnknownReference => Code::TemplateReference,
                        FaultKind::Syntax | FaultKind::Unsupported => Code::TemplateSyntax,
                    };
                    let place = self.spans.inside(&path, fault.range, self.sources).or(at);
                    let diagnostic = Diagnostic::error(code, place, fault.message);
                    self.faults.push(match fault.help {
                        Some(help) => diagnostic.help(help),
                        None => diagnostic,
                    });
                }
            }
        }
        None
    }
}

/// Lets editors take text at these keys, too.
pub(super) fn allow_text(schema: &mut Value) {
    for keys in KEYS {
        let mut place = Some(&mut *schema);
        for key in keys {
            place = place.and_then(|schema| match *key {
                "*" if schema.get("items").is_some() => schema.get_mut("items"),
                "*" => schema.get_mut("additionalProperties"),
                name => schema.get_mut("properties").and_then(|properties| properties.get_mut(name)),
            });
        }
        if let Some(Value::Object(number)) = place
            && number.get("type") == Some(&json!("integer"))
        {
            number.insert("type".to_owned(), json!(["integer", "string"]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    fn settled(text: &str) -> (Value, Vec<Diagnostic>) {
        let mut faults = Vec::new();
        let mut tree = tree::parse(text, &mut faults).unwrap();
        let sources = [Source { name: "x.toml".to_owned(), text: text.to_owned() }];
        settle(&mut tree, &sources, &mut faults);
        (tree.value, faults)
    }

    #[test]
    fn numbers_follow_from_variables() {
        let text = "vars = { size = '1MB', chunk = '320KiB' }\n[tables.t]\nrows = '{{ (size(vars.size) + size(vars.chunk) - 1) // size(vars.chunk) }}'\n[operations.o]\nchanges = { t = '{{ 2 * 3 }}' }\n[[operations.o.steps]]\nexpect_rows = '{{ [2, 7]|max }}'\nrepeat = '{{ row }}'\n";
        let (value, faults) = settled(text);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(value["tables"]["t"]["rows"], 4);
        assert_eq!(value["operations"]["o"]["changes"]["t"], 6);
        assert_eq!(value["operations"]["o"]["steps"][0]["expect_rows"], 7);
        assert_eq!(value["operations"]["o"]["steps"][0]["repeat"], "{{ row }}");
    }

    #[test]
    fn what_is_no_number_for_all_rows_is_told_at_its_place() {
        for (rows, code, words) in [
            ("{{ row }}", Code::WrongType, "the same for all rows"),
            ("{{ 'ten' }}", Code::WrongType, "comes to 'ten'"),
            ("{{ vars.nix }}", Code::TemplateUnknownName, "not defined"),
            ("{{ ref('t.id') }}", Code::TemplateReference, "refer to one"),
            ("{{ size('5') }}", Code::TemplateArgument, "no unit"),
        ] {
            let text = format!("[tables.t]\nrows = \"{rows}\"\n");
            let (value, faults) = settled(&text);
            assert_eq!(faults.len(), 1, "{rows}: {faults:?}");
            assert_eq!(faults[0].code, code, "{rows}");
            assert!(faults[0].message.contains(words), "{rows}: {}", faults[0].message);
            assert!(faults[0].span.is_some_and(|span| span.start >= 18), "{rows}");
            assert_eq!(value["tables"]["t"]["rows"], 1);
        }
        let (_, faults) = settled("[tables.t]\nrows = '1,000'\n");
        assert_eq!(faults[0].help.as_deref(), Some("write 1000, without quotes"));
        let (value, faults) = settled("[operations.o]\nexpect_value = 'ten'\n");
        assert!(faults.is_empty() && value["operations"]["o"]["expect_value"] == "ten");
    }
}
