//! Errors of the JSON Schema, in the words of someone who writes scenarios, at their places.
//!
//! What to write instead of a value is left to `advice`.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::advice;
use super::habits::{self, Meant};
use super::pragmas::PRAGMAS;
use super::schema::{self, Shape};
use super::tree::{Tree, toml_key, toml_path};
use crate::diagnostic::{Code, Diagnostic, Span, nearest};
use crate::units;

/// More keys than this are not listed beside the one that was probably meant.
const FEW_KEYS: usize = 12;

/// Everything that the schema finds wrong with a tree.
pub(super) fn faults(tree: &Tree, shape: &Shape) -> Vec<Diagnostic> {
    let errors: Vec<(Vec<String>, ValidationError<'_>)> =
        shape.validator.iter_errors(&tree.value).map(|error| (path_of(&error), error)).collect();
    let view = View { tree, schema: &shape.schema };
    let mut faults = Vec::new();
    // A misspelt key is also a missing one: its diagnostic says both.
    let mut meant = Vec::new();
    for (path, error) in &errors {
        if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
            for name in unexpected {
                let (fault, instead) = view.unknown_key(path, name);
                faults.push(fault);
                meant.extend(instead);
            }
        }
    }
    for (path, error) in &errors {
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { .. } => {}
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let full: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
                if !meant.contains(&full) {
                    faults.push(view.missing_key(path, name));
                }
            }
            _ => faults.extend(view.wrong_value(path, error)),
        }
    }
    view.add_extent(&meant, &mut faults);
    faults
}

fn path_of(error: &ValidationError<'_>) -> Vec<String> {
    let segments = error.instance_path().segments();
    let part = |segment| match segment {
        LocationSegment::Property(name) => name.into_owned(),
        LocationSegment::Index(index) => index.to_string(),
    };
    segments.map(part).collect()
}

/// `` `database.path` ``, or `` item 2 of `concurrency` ``.
fn name_of(path: &[String]) -> String {
    let numbers = |part: &String| part.parse::<usize>().ok();
    match path.split_last() {
        Some((last, parents)) if !parents.is_empty() && numbers(last).is_some() => {
            let ordinal = numbers(last).map_or(0, |index| index + 1);
            format!("item {ordinal} of {}", name_of(parents))
        }
        _ => match path.iter().rposition(|part| numbers(part).is_some()).filter(|index| *index > 0) {
            // People count from 1.
            Some(index) => {
                let (item, rest) = path.split_at(index + 1);
                format!("`{}` in {}", toml_path(rest.iter().map(String::as_str)), name_of(item))
            }
            None => format!("`{}`", toml_path(path.iter().map(String::as_str))),
        },
    }
}

/// `` `[database]` ``, or `the top of the file`.
fn table_of(path: &[String]) -> String {
    if path.is_empty() {
        return "the top of the file".to_owned();
    }
    if path.iter().any(|part| part.parse::<usize>().is_ok()) {
        return name_of(path);
    }
    format!("`[{}]`", toml_path(path.iter().map(String::as_str)))
}

/// The tree under check, and what it should be.
struct View<'a> {
    tree: &'a Tree,
    schema: &'a Value,
}

impl View<'_> {
    fn value(&self, path: &[String]) -> Option<&Value> {
        path.iter().try_fold(&self.tree.value, |value, part| match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            other => other.get(part),
        })
    }

    /// The place of a value; of the table around it where it has none of its own.
    fn place(&self, path: &[String]) -> Option<Span> {
        let node = self.tree.node.at(path.iter().map(String::as_str));
        match node.and_then(|node| node.value.or(node.key)) {
            Some(span) => Some(span),
            None => match path.split_last() {
                Some((_, parents)) => self.place(parents),
                // What is missing from the file as a whole belongs to its first line.
                None => Some(Span::default()),
            },
        }
    }

    /// The diagnostic, and the key path that was probably meant.
    fn unknown_key(&self, path: &[String], name: &str) -> (Diagnostic, Option<Vec<String>>) {
        let full: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        let span =
            self.tree.node.at(full.iter().map(String::as_str)).and_then(|node| node.key.or(node.value));
        let message = match path {
            [] => format!("unknown key `{}`", toml_key(name)),
            _ => format!("unknown key `{}` in {}", toml_key(name), table_of(path)),
        };
        let fault = Diagnostic::error(Code::UnknownKey, span.or_else(|| self.place(path)), message);
        let habit = habits::meant(path, name);
        if let Some(Meant::Help(help)) = habit {
            return (fault.help(help), None);
        }
        if habit.is_none()
            && let Some((help, home)) = self.elsewhere(path, name)
        {
            return (fault.label("not here").help(help), home);
        }
        let empty = Value::Null;
        let here = schema::at(self.schema, path).unwrap_or(&empty);
        let given = self.value(path).unwrap_or(&empty);
        let close = match habit {
            Some(Meant::Key(key)) => Some(key),
            // A key that is not given yet is likelier meant than one that is.
            _ => nearest(name, schema::keys(here).filter(|key| given.get(key).is_none()))
                .or_else(|| nearest(name, schema::keys(here))),
        };
        let list: Vec<String> = schema::keys(here).map(|key| format!("`{key}`")).collect();
        let place = if path.is_empty() { "a scenario".to_owned() } else { table_of(path) };
        let takes = format!("{place} takes {}", list.join(", "));
        // The whole list only where it can be read at a glance.
        let also = if list.len() > FEW_KEYS { String::new() } else { format!("; {takes}") };
        match close {
            Some(close) => {
                let meant = path.iter().cloned().chain([close.to_owned()]).collect();
                let fault = fault.label(format!("did you mean `{close}`?"));
                (fault.help(format!("write `{close}`{also}")), Some(meant))
            }
            None => (fault.help(takes), None),
        }
    }

    /// Where a key belongs that the language has, but not here; and its path where that is known.
    fn elsewhere(&self, path: &[String], name: &str) -> Option<(String, Option<Vec<String>>)> {
        let has = |path: &[&str], name: &str| {
            schema::at(self.schema, path).is_some_and(|schema| schema::keys(schema).any(|key| key == name))
        };
        let full: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        let is_column =
            |value: &Value| value.get("type").is_some_and(Value::is_string) || value.get("value").is_some();
        if path.len() == 2 && path[0] == "tables" && self.value(&full).is_some_and(is_column) {
            let table = toml_key(&path[1]);
            let home = vec!["tables".to_owned(), path[1].clone(), "columns".to_owned()];
            return Some((format!("columns stand in `[tables.{table}.columns]`"), Some(home)));
        }
        if path == ["database"] && PRAGMAS.iter().any(|pragma| pragma.name == name) {
            return Some(("PRAGMAs stand in `[database.pragmas]`".to_owned(), None));
        }
        if !path.is_empty() && has(&[], name) {
            let help = format!("`{name}` stands at the top of the file, above the first `[table]`");
            return Some((help, Some(vec![name.to_owned()])));
        }
        for home in ["database", "output", "retry", "pool", "limits"] {
            if path != [home] && has(&[home], name) {
                let meant = Some(vec![home.to_owned(), name.to_owned()]);
                return Some((format!("`{name}` stands in `[{home}]`"), meant));
            }
        }
        let in_column = path.get(2).is_some_and(|part| part == "columns");
        if (path.is_empty() || in_column) && has(&["tables", "NAME"], name) {
            return Some((format!("`{name}` stands in `[tables.NAME]`"), None));
        }
        None
    }

    /// Without workloads, the top says how much is done and by how many. What workloads must say is left to `plan`.
    fn add_extent(&self, meant: &[Vec<String>], faults: &mut Vec<Diagnostic>) {
        let given = |name: &str| self.tree.value.get(name).is_some();
        if given("workloads") {
            return;
        }
        let mut missing = Vec::new();
        for names in [&["total_writes", "total", "duration", "stages"][..], &["concurrency"]] {
            if !names.iter().any(|name| given(name) || meant.contains(&vec![(*name).to_owned()])) {
                missing.push(self.missing_key(&[], names[0]));
            }
        }
        // Before what else the top lacks, since it stands there before it.
        let place = faults.iter().position(|fault| fault.code == Code::MissingKey).unwrap_or(faults.len());
        faults.splice(place..place, missing);
    }

    fn missing_key(&self, path: &[String], name: &str) -> Diagnostic {
        let full: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        let schema = schema::at(self.schema, &full);
        let message = match path {
            [] => format!("`{name}` is missing"),
            _ => format!("`{name}` is missing in {}", table_of(path)),
        };
        let fault = Diagnostic::error(Code::MissingKey, self.place(path), message);
        let Some(schema) = schema else {
            return fault;
        };
        let words = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let words = words.split_once(". ").map_or(words, |(first, _)| first).trim_end_matches('.');
        let example = advice::line(&full, &advice::example(schema));
        fault.help(format!("add for instance `{example}` ({words})"))
    }

    /// A value of the wrong type, or beyond its limits.
    fn wrong_value(&self, path: &[String], error: &ValidationError<'_>) -> Option<Diagnostic> {
        let schema = schema::at(self.schema, path)?;
        let found = error.instance().as_ref();
        let name = name_of(path);
        let fault = |code, message: String| Diagnostic::error(code, self.place(path), message);
        let instance = |value: &Value| advice::line(path, value);
        let example = || format!("write for instance `{}`", instance(&advice::example(schema)));
        Some(match error.kind() {
            ValidationErrorKind::Type { .. } => {
                let wanted = advice::wanted(schema);
                let message = format!("{name} is {}, but takes {wanted}", advice::describe(found));
                fault(Code::WrongType, message)
                    .label(format!("takes {wanted}"))
                    .help(advice::instead(path, found, schema))
            }
            // A choice that is not even text is told as a wrong type.
            ValidationErrorKind::Enum { .. } if !found.is_string() => return None,
            ValidationErrorKind::Enum { options } => {
                let words = schema.get("enumDescriptions").unwrap_or(&Value::Null);
                self.unknown_value(path, found, options, words)
            }
            ValidationErrorKind::Pattern { .. } => {
                let text = found.as_str().unwrap_or_default();
                match schema
                    .get("title")
                    .and_then(Value::as_str)
                    .and_then(|kind| advice::quantity(kind, text))
                {
                    Some((message, help)) => fault(Code::BadQuantity, format!("{name}: {message}"))
                        .help(help.map_or_else(example, |value| format!("write {value}"))),
                    None => fault(Code::BadName, format!("{name} cannot be {}", advice::describe(found)))
                        .help("a name has letters, digits, `.`, `_` and `-`, and does not begin with a dot"),
                }
            }
            ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
                let limits = advice::limits(schema);
                fault(Code::OutOfRange, format!("{name} is {found}, but must be {limits}"))
                    .label(format!("must be {limits}"))
            }
            ValidationErrorKind::MinItems { limit } => {
                let items = if *limit == 1 { "item" } else { "items" };
                fault(Code::OutOfRange, format!("{name} needs at least {} {items}", units::count(*limit)))
                    .help(example())
            }
            ValidationErrorKind::MinProperties { .. } => {
                fault(Code::MissingKey, format!("{name} has nothing in it")).help(example())
            }
            _ => fault(Code::WrongType, format!("{name}: {error}")),
        })
    }

    fn unknown_value(&self, path: &[String], found: &Value, options: &Value, words: &Value) -> Diagnostic {
        let text = found.as_str().unwrap_or_default();
        let choices: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let list: Vec<String> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
        let list = list.join(", ");
        let message = format!("{} cannot be \"{text}\"", name_of(path));
        let fault = Diagnostic::error(Code::UnknownValue, self.place(path), message);
        let word = if choices.len() == 1 { "the only choice is" } else { "the choices are" };
        // `german` is what `de_de` means.
        let described = words.as_array().into_iter().flatten().position(|words| {
            let first = words.as_str().and_then(|words| words.split(['.', ',', ' ']).next());
            first.is_some_and(|first| first.eq_ignore_ascii_case(text))
        });
        let meant = described.and_then(|index| choices.get(index).copied());
        match nearest(text, choices).or(meant) {
            Some(close) => {
                let line = advice::line(path, &Value::from(close));
                fault
                    .label(format!("did you mean \"{close}\"?"))
                    .help(format!("write `{line}`; {word} {list}"))
            }
            None => fault.help(format!("{word} {list}")),
        }
    }
}
