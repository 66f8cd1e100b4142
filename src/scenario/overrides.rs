//! Keys that the command line or `[quick]` replaces, in the tree and among its places.
//!
//! Whether the replaced keys exist and take their values is left to the check that follows.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::spans::Node;
use super::tree::{Origin, Tree, toml_key, toml_path, toml_text, tree};
use crate::diagnostic::{Code, Diagnostic, Source, Sources, Span};

/// What the command line says beside the file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// Totals are divided by 100, and the keys of `[quick]` hold.
    pub quick: bool,
    /// `KEY=VALUE` each: a key path and a TOML value, or a bare word.
    pub set: Vec<String>,
    /// Instead of each `total`.
    pub total: Option<u64>,
    /// Instead of each `concurrency`.
    pub concurrency: Option<Vec<u32>>,
    /// Instead of each `iterations`.
    pub iterations: Option<u32>,
    /// Names of the workloads that run; all where there are none.
    pub workloads: Vec<String>,
    /// Names of the variants that run; all where there are none.
    pub variants: Vec<String>,
}

/// What was replaced: key path and TOML value.
pub(super) type Applied = Vec<(String, String)>;

/// Part of a key path, and where it was written.
pub(super) type Part = (String, Span);

/// Applies each `--set`. The texts become a source, so that their faults can be shown.
///
/// Returns the key paths that were set: they go before `[quick]`.
pub(super) fn apply(
    tree: &mut Tree,
    overrides: &Overrides,
    sources: &mut Sources,
    applied: &mut Applied,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Vec<String>> {
    let mut named = Vec::new();
    // The source of `--set` stands at index 1 even where it is empty, as all diagnostics rely on it.
    let lines: Vec<String> = overrides.set.iter().map(|line| line.replace(['\n', '\r'], " ")).collect();
    let mut offset = 0;
    for line in &lines {
        let origin = Origin { source: 1, offset };
        offset += line.len() + 1;
        match assignment(line, origin, faults) {
            Ok((path, leaf)) => set(tree, &path, leaf, (applied, &mut named), faults),
            Err(fault) => faults.push(helped(*fault)),
        }
    }
    sources.push(Source { name: "--set".to_owned(), text: lines.join("\n") });
    named
}

type Fault = Box<Diagnostic>;

fn bad(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::BadOverride, Some(span), message)
}

fn helped(fault: Diagnostic) -> Diagnostic {
    let help = "write KEY=VALUE with the key's whole path, for instance --set database.busy_timeout=60s";
    if fault.help.is_some() { fault } else { fault.help(help) }
}

/// Reads one `KEY=VALUE`.
fn assignment(line: &str, origin: Origin, faults: &mut Vec<Diagnostic>) -> Result<(Vec<Part>, Tree), Fault> {
    let Some(equals) = equals_sign(line) else {
        let fault = bad(origin.span(0..line.len()), format!("`{line}` is not of the form KEY=VALUE"));
        return Err(Box::new(fault.help("write for instance --set database.busy_timeout=60s")));
    };
    let path = key_path(&line[..equals], origin)?;
    let text = line[equals + 1..].trim();
    let start = line.len() - line[equals + 1..].trim_start().len();
    let key = toml_path(path.iter().map(|(name, _)| name.as_str()));
    if text.is_empty() {
        let fault = bad(origin.span(0..line.len()), format!("`{key}` is given no value"));
        return Err(Box::new(fault.help(format!("an empty text is written --set {key}='\"\"'"))));
    }
    let origin = Origin { offset: origin.offset + start, ..origin };
    match DeValue::parse(text) {
        Ok(value) => Ok((path, tree(&value, origin, faults))),
        // A template needs no quotes: two braces begin nothing in TOML.
        Err(error) if text.starts_with(['"', '\'', '[', '{']) && !text.starts_with("{{") => {
            let range = error.span().unwrap_or(0..text.len());
            let fault = bad(origin.span(range), format!("the value is not TOML: {}", error.message()));
            Err(Box::new(
                fault.help(format!("write it as in a file, in quotes for the shell: --set '{key}=…'")),
            ))
        }
        Err(_) => {
            let span = origin.span(0..text.len());
            let node = Node { value: Some(span), ..Node::default() };
            Ok((path, Tree { value: Value::from(text), node }))
        }
    }
}

/// The first `=` outside of quotes.
fn equals_sign(line: &str) -> Option<usize> {
    let mut quote = None;
    line.char_indices().find_map(|(i, c)| {
        match (quote, c) {
            (None, '=') => return Some(i),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

fn key_path(text: &str, origin: Origin) -> Result<Vec<Part>, Fault> {
    let wrong = |range, message: String| Err(Box::new(bad(origin.span(range), message)));
    if text.trim().is_empty() {
        return wrong(0..text.len() + 1, "there is no key before the `=`".to_owned());
    }
    let assignment = format!("{text}=0");
    let table = match DeTable::parse(&assignment) {
        Ok(table) => table,
        Err(error) => {
            let range = error.span().unwrap_or(0..text.len());
            let range = range.start.min(text.len())..range.end.min(text.len());
            return wrong(range, format!("`{text}` is not a key path: {}", error.message()));
        }
    };
    let mut path = Vec::new();
    let mut table = table.get_ref();
    while let Some((key, value)) = table.iter().next() {
        path.push((key.get_ref().to_string(), origin.span(key.span())));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => return Ok(path),
        }
    }
    wrong(0..text.len(), format!("`{text}` is not a key path"))
}

/// Puts a value at a path, and tells so.
pub(super) fn set(
    tree: &mut Tree,
    path: &[Part],
    leaf: Tree,
    (applied, named): (&mut Applied, &mut Vec<Vec<String>>),
    faults: &mut Vec<Diagnostic>,
) {
    let names: Vec<String> = path.iter().map(|(name, _)| name.clone()).collect();
    let text = (toml_path(names.iter().map(String::as_str)), toml_text(&leaf.value));
    match insert(tree, path, leaf) {
        Ok(()) => {
            applied.push(text);
            named.push(names);
        }
        Err(fault) => faults.push(helped(*fault)),
    }
}

/// Puts a value at a path, making tables on the way.
fn insert(tree: &mut Tree, path: &[Part], mut leaf: Tree) -> Result<(), Fault> {
    let Some(((last, last_span), parents)) = path.split_last() else {
        return Ok(());
    };
    leaf.node.key = Some(*last_span);
    let (mut value, mut node) = (&mut tree.value, &mut tree.node);
    for (depth, (name, span)) in parents.iter().enumerate() {
        let list = value.is_array();
        match child(value, name) {
            Ok(next) => value = next,
            Err(words) => return Err(no_place(*span, &path[..depth], &words, list)),
        }
        node = node.children.entry(name.clone()).or_insert_with(|| Node {
            key: Some(*span),
            value: Some(*span),
            ..Node::default()
        });
    }
    let list = value.is_array();
    match child(value, last) {
        Ok(place) => *place = leaf.value,
        Err(words) => return Err(no_place(*last_span, parents, &words, list)),
    }
    node.children.insert(last.clone(), leaf.node);
    Ok(())
}

fn no_place(span: Span, before: &[Part], words: &str, list: bool) -> Fault {
    let before = toml_path(before.iter().map(|(name, _)| name.as_str()));
    let fault = bad(span, format!("`{before}` {words}"));
    let help = format!("write the whole list, as in --set '{before}=[…]'");
    Box::new(if list { fault.help(help) } else { fault })
}

/// The entry of a table, made where it is missing, or the item of an array.
fn child<'a>(value: &'a mut Value, name: &str) -> Result<&'a mut Value, String> {
    match value {
        Value::Object(map) => Ok(map.entry(name).or_insert_with(|| Value::Object(serde_json::Map::new()))),
        Value::Array(items) => {
            let count = items.len();
            let item = name.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            item.ok_or_else(|| {
                format!("is a list of {count}, counted from 0; it has no item `{}`", toml_key(name))
            })
        }
        _ => Err(format!("is not a table, so it has no `{}`", toml_key(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::flags::flags;
    use crate::scenario::quick::{Kept, quicken};
    use crate::scenario::tree::parse;

    const TEXT: &str =
        "total_writes = 1000\nconcurrency = [1, 8]\n[database]\npath = 'x'\n[quick]\ndatabase.path = 'q'\n";

    fn run(text: &str, overrides: &Overrides) -> (Tree, Sources, Applied, Vec<String>) {
        let mut faults = Vec::new();
        let mut tree = parse(text, &mut faults).unwrap();
        let mut sources = vec![Source { name: "x.toml".to_owned(), text: text.to_owned() }];
        let mut applied = Vec::new();
        let mut named = apply(&mut tree, overrides, &mut sources, &mut applied, &mut faults);
        for flag in flags(overrides, &mut sources) {
            flag.apply(&mut tree, (&mut applied, &mut named), &mut faults);
        }
        if overrides.quick {
            let kept = Kept { named: &named, varied: &[] };
            quicken(&mut tree, kept, &mut applied, &mut faults);
        }
        let words = faults.iter().map(|fault| {
            let span = fault.span.unwrap();
            let (line, column) = crate::diagnostic::position(&sources, span);
            format!("{}:{line}:{column}: {}", sources[span.source].name, fault.message)
        });
        let words = words.collect();
        (tree, sources, applied, words)
    }

    fn sets(lines: &[&str]) -> Overrides {
        Overrides { set: lines.iter().map(|line| (*line).to_owned()).collect(), ..Overrides::default() }
    }

    #[test]
    fn a_set_takes_toml_or_a_bare_word_and_has_its_place() {
        let lines = [
            "database.busy_timeout='60s'",
            "database.path = db/y.db",
            "tables.\"a.b\".share=3",
            "concurrency.1=4",
        ];
        let (tree, sources, applied, faults) = run(TEXT, &sets(&lines));
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(tree.value["database"], serde_json::json!({ "path": "db/y.db", "busy_timeout": "60s" }));
        assert_eq!(tree.value["tables"]["a.b"]["share"], 3);
        assert_eq!(tree.value["concurrency"], serde_json::json!([1, 4]));
        assert_eq!(applied[1], ("database.path".to_owned(), "\"db/y.db\"".to_owned()));
        let span = tree.node.at(["database", "path"]).unwrap();
        let slice = |span: Option<Span>| span.map(|span| &sources[span.source].text[span.start..span.end]);
        assert_eq!((slice(span.key), slice(span.value)), (Some("path"), Some("db/y.db")));
        assert_eq!(slice(tree.node.at(["tables", "a.b"]).unwrap().key), Some("\"a.b\""));
    }

    #[test]
    fn a_wrong_set_is_a_fault_at_its_place() {
        let lines = [
            "seed",
            "=3",
            "a b=3",
            "x=[1",
            "concurrency.7=1",
            "total_writes.x=1",
            "seed=",
            "seed=2026-01-01",
            "é='",
        ];
        let (_, _, _, faults) = run(TEXT, &sets(&lines));
        assert_eq!(faults[0], "--set:1:1: `seed` is not of the form KEY=VALUE");
        assert_eq!(faults[1], "--set:2:1: there is no key before the `=`");
        assert!(faults[2].starts_with("--set:3:3: `a b` is not a key path: "), "{}", faults[2]);
        assert!(faults[3].starts_with("--set:4:"), "{}", faults[3]);
        assert_eq!(faults[4], "--set:5:13: `concurrency` is a list of 2, counted from 0; it has no item `7`");
        assert_eq!(faults[5], "--set:6:14: `total_writes` is not a table, so it has no `x`");
        assert_eq!(faults[6], "--set:7:1: `seed` is given no value");
        assert!(faults[7].starts_with("--set:8:6: `2026-01-01` is a TOML date"), "{}", faults[7]);
        assert!(faults[8].starts_with("--set:9:"), "{}", faults[8]);
        assert_eq!(faults.len(), lines.len());
    }

    #[test]
    fn the_command_line_goes_before_quick() {
        let overrides = Overrides {
            quick: true,
            total: Some(300),
            concurrency: Some(vec![2, 16]),
            ..sets(&["database.path=z"])
        };
        let (tree, sources, _, faults) = run(TEXT, &overrides);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(tree.value["total_writes"], 300);
        assert_eq!(tree.value["concurrency"], serde_json::json!([2, 16]));
        assert_eq!(tree.value["database"]["path"], "z");
        let item = tree.node.at(["concurrency", "1"]).unwrap().value.unwrap();
        assert_eq!((&sources[item.source].name[..], item.start..item.end), ("--concurrency", 2..4));
    }

    #[test]
    fn a_total_of_the_command_line_replaces_that_of_every_workload() {
        let text = "concurrency = [1]\n[workloads.a]\ntotal = 9\n[workloads.b]\nduration = '1s'\n[workloads.c]\nconcurrency = [2]\n";
        let overrides = Overrides { total: Some(3), concurrency: Some(vec![4]), ..Overrides::default() };
        let (tree, ..) = run(text, &overrides);
        let workloads = serde_json::json!({ "a": { "total": 3 }, "b": { "duration": "1s" }, "c": { "concurrency": [4] } });
        assert_eq!(tree.value, serde_json::json!({ "concurrency": [4], "workloads": workloads }));
    }

    #[test]
    fn iterations_of_the_command_line_hold_for_every_workload() {
        let text = "[workloads.a]\niterations = 9\n[workloads.b]\ntotal = 5\n";
        let (tree, sources, applied, _) =
            run(text, &Overrides { iterations: Some(3), ..Overrides::default() });
        let workloads = serde_json::json!({ "a": { "iterations": 3 }, "b": { "total": 5 } });
        assert_eq!(tree.value, serde_json::json!({ "iterations": 3, "workloads": workloads }));
        assert_eq!(applied[0], ("workloads.a.iterations".to_owned(), "3".to_owned()));
        assert_eq!(sources[2].name, "--iterations");
    }
}
