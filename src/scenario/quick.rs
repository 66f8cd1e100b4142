//! `--quick`: the keys of `[quick]` hold, and what is a total or lasts is divided by 100.
//!
//! Whether the replaced keys exist and take their values is left to the check that follows.

use serde_json::Value;

use super::flags::{TOTALS, homes};
use super::overrides::Applied;
use super::spans::Node;
use super::tree::{Tree, toml_path, toml_text};
use crate::diagnostic::{Code, Diagnostic};
use crate::units::Duration;

/// Numbers of operations, divided where they stand.
const COUNTS: [&str; 4] = ["total_writes", "total", "warmup_operations", "max_operations"];
/// Times, divided where they stand.
const TIMES: [&str; 2] = ["duration", "warmup"];
/// By how much.
const DIVISOR: u64 = 100;

/// Key paths that go before `[quick]`.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    /// Of the command line: not divided either.
    pub(super) named: &'a [Vec<String>],
    /// Of a variant or the matrix.
    pub(super) varied: &'a [Vec<String>],
}

impl Kept<'_> {
    fn has(self, path: &[String]) -> bool {
        self.named.iter().chain(self.varied).any(|kept| kept == path)
    }
}

/// Lets the keys of `[quick]` hold, but for those that go before them; divides totals and durations that neither it nor the command line names.
pub(super) fn quicken(tree: &mut Tree, kept: Kept<'_>, applied: &mut Applied, faults: &mut Vec<Diagnostic>) {
    let quick = tree.value.get("quick").and_then(Value::as_object).cloned().unwrap_or_default();
    let node = tree.node.children.get("quick").cloned().unwrap_or_default();
    let mut replaced: Vec<Vec<String>> = kept.named.to_vec();
    for (key, value) in quick {
        let mut leaf = Tree { value, node: node.children.get(&key).cloned().unwrap_or_default() };
        if ["quick", "language", "name"].contains(&key.as_str()) {
            let message = format!("`[quick]` cannot replace `{key}`");
            faults.push(Diagnostic::error(Code::QuickKey, leaf.node.key, message).help("remove this line"));
            continue;
        }
        // Both were looked at before the cases were made.
        if ["variants", "matrix"].contains(&key.as_str()) {
            continue;
        }
        if TOTALS.contains(&key.as_str()) {
            // One total for all workloads, by whichever name they have theirs.
            for path in homes(&tree.value, TOTALS) {
                if !kept.has(&path) {
                    put(tree, &path, leaf.clone(), applied);
                    replaced.push(path);
                }
            }
            continue;
        }
        let mut path = vec![key];
        let mut named = Vec::new();
        leaves(&leaf.value, &mut path, &mut named);
        replaced.extend(named.into_iter().filter(|path| !kept.has(path)));
        merge(&mut tree.value, &mut tree.node, &mut path, &mut leaf, (kept, applied));
    }
    divide(&mut tree.value, &replaced, applied);
}

/// The paths of everything in a value that is no table.
pub(super) fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let Value::Object(map) = value else {
        found.push(path.clone());
        return;
    };
    for (key, value) in map {
        path.push(key.clone());
        leaves(value, path, found);
        path.pop();
    }
}

/// Puts a value at a path whose tables all exist.
fn put(tree: &mut Tree, path: &[String], mut leaf: Tree, applied: &mut Applied) {
    let Some((last, tables)) = path.split_last() else { return };
    let (mut value, mut node) = (&mut tree.value, &mut tree.node);
    for table in tables {
        let Some(inner) = value.get_mut(table) else { return };
        value = inner;
        node = node.children.entry(table.clone()).or_default();
    }
    let Value::Object(map) = value else { return };
    applied.push((toml_path(path.iter().map(String::as_str)), toml_text(&leaf.value)));
    map.insert(last.clone(), leaf.value.take());
    node.children.insert(last.clone(), std::mem::take(&mut leaf.node));
}

/// Divides totals and durations at the top and in the workloads, but for those that were replaced.
fn divide(scenario: &mut Value, replaced: &[Vec<String>], applied: &mut Applied) {
    let workloads = scenario.get("workloads").and_then(Value::as_object);
    let names = workloads.into_iter().flat_map(|map| map.keys().cloned());
    let tables: Vec<Vec<String>> =
        std::iter::once(Vec::new()).chain(names.map(|name| vec!["workloads".to_owned(), name])).collect();
    for table in tables {
        let Some(values) = table.iter().try_fold(&mut *scenario, |value, part| value.get_mut(part)) else {
            continue;
        };
        let mut each = |value: &mut Value, path: &[&str], quicker: fn(&Value) -> Option<Value>| {
            let path: Vec<String> =
                table.iter().cloned().chain(path.iter().map(|part| (*part).to_owned())).collect();
            let kept = replaced.iter().any(|other| path.starts_with(other));
            if let Some(quick) = quicker(value).filter(|_| !kept) {
                applied.push((toml_path(path.iter().map(String::as_str)), toml_text(&quick)));
                *value = quick;
            }
        };
        for (keys, quicker) in [(&COUNTS[..], fewer as fn(&Value) -> Option<Value>), (&TIMES[..], shorter)] {
            for &key in keys {
                if let Some(value) = values.get_mut(key) {
                    each(value, &[key], quicker);
                }
            }
        }
        let stages = values.get_mut("stages").and_then(Value::as_array_mut);
        for (index, stage) in stages.into_iter().flatten().enumerate() {
            if let Some(value) = stage.get_mut("duration") {
                each(value, &["stages", &index.to_string(), "duration"], shorter);
            }
        }
    }
}

fn fewer(value: &Value) -> Option<Value> {
    let count = value.as_u64().filter(|count| *count > 0)?;
    Some(Value::from((count / DIVISOR).max(1)))
}

fn shorter(value: &Value) -> Option<Value> {
    let duration: Duration = value.as_str()?.parse().ok()?;
    let ns = duration.as_nanos().checked_div(DIVISOR).filter(|ns| *ns > 0)?;
    // A quantity has at most twelve digits: long times lose their finest ones.
    let grain = if ns < 1_000_000_000_000 {
        1
    } else if ns < 1_000_000_000_000_000 {
        1_000
    } else {
        1_000_000
    };
    Some(Value::from(Duration::from_nanos(ns - ns % grain).to_string()))
}

/// Puts `leaf` at the last part of `path` below `value`; a table goes into a table key by key.
fn merge(
    value: &mut Value,
    node: &mut Node,
    path: &mut Vec<String>,
    leaf: &mut Tree,
    (kept, applied): (Kept<'_>, &mut Applied),
) {
    let name = path.last().cloned().unwrap_or_default();
    if kept.has(path) {
        return;
    }
    let Value::Object(map) = value else {
        return;
    };
    if let (Some(old @ Value::Object(_)), Value::Object(new)) = (map.get_mut(&name), &mut leaf.value) {
        let old_node = node.children.entry(name).or_default();
        for (key, value) in std::mem::take(new) {
            let mut leaf = Tree { value, node: leaf.node.children.swap_remove(&key).unwrap_or_default() };
            path.push(key);
            merge(old, old_node, path, &mut leaf, (kept, applied));
            path.pop();
        }
        return;
    }
    applied.push((toml_path(path.iter().map(String::as_str)), toml_text(&leaf.value)));
    map.insert(name.clone(), leaf.value.take());
    node.children.insert(name, std::mem::take(&mut leaf.node));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::tree::parse;

    fn run(text: &str, named: &[&[&str]]) -> (Value, Applied, Vec<String>) {
        let mut faults = Vec::new();
        let mut tree = parse(text, &mut faults).unwrap();
        let named: Vec<Vec<String>> =
            named.iter().map(|path| path.iter().map(|part| (*part).to_owned()).collect()).collect();
        let mut applied = Vec::new();
        quicken(&mut tree, Kept { named: &named, varied: &[] }, &mut applied, &mut faults);
        (tree.value, applied, faults.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn quick_divides_totals_unless_told_otherwise() {
        let text = "total_writes = 1000\nconcurrency = [1, 8]\n[database]\npath = 'x'\n[quick]\ndatabase.path = 'q'\n";
        let (value, applied, _) = run(text, &[]);
        assert_eq!(value["total_writes"], 10);
        assert_eq!(value["concurrency"], json!([1, 8]));
        assert_eq!(value["database"]["path"], "q");
        assert_eq!(applied, [("database.path".into(), "\"q\"".into()), ("total_writes".into(), "10".into())]);
        assert_eq!(run("total_writes = 7\n", &[]).0["total_writes"], 1);
        for name in ["total", "total_writes"] {
            let (value, ..) = run(&format!("total_writes = 700\n[quick]\n{name} = 500\n"), &[]);
            assert_eq!(value, json!({ "total_writes": 500, "quick": { name: 500 } }));
        }
        let (_, _, faults) = run("total_writes = 700\n[quick]\nname = 'x'\n", &[]);
        assert_eq!(faults, ["`[quick]` cannot replace `name`"]);
    }

    #[test]
    fn quick_shortens_every_workload() {
        let text = "warmup = '2s'\n[workloads.a]\ntotal = 5000\nwarmup_operations = 30\n[workloads.b]\nduration = '30s'\n\
            stages = [{ rate = '5/s', duration = '10s' }, { rate = '9/s' }]\n[quick]\nworkloads.b.duration = '1s'\n";
        let (value, applied, faults) = run(text, &[&["workloads", "a", "warmup_operations"]]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(value["warmup"], "20ms");
        assert_eq!(value["workloads"]["a"], json!({ "total": 50, "warmup_operations": 30 }));
        let stages = json!([{ "rate": "5/s", "duration": "100ms" }, { "rate": "9/s" }]);
        assert_eq!(value["workloads"]["b"], json!({ "duration": "1s", "stages": stages }));
        assert!(applied.contains(&("workloads.a.total".into(), "50".into())), "{applied:?}");
    }

    #[test]
    fn one_quick_total_holds_for_every_workload_with_a_total() {
        let text = "[workloads.a]\ntotal = 5000\n[workloads.b]\nduration = '30s'\n[quick]\ntotal = 7\n";
        let (value, ..) = run(text, &[]);
        assert_eq!(value["workloads"], json!({ "a": { "total": 7 }, "b": { "duration": "300ms" } }));
        assert!(value.get("total_writes").is_none());
    }

    #[test]
    fn a_divided_duration_can_be_read_again() {
        for text in ["999999h", "1.5s", "99ns", "100ns", "123456789.987654321s"] {
            let Some(shorter) = shorter(&json!(text)) else { continue };
            let shape = crate::scenario::schema::shape();
            let mut faults = jsonschema_faults(shape, &shorter);
            assert!(faults.next().is_none(), "{text} became {shorter}");
        }
    }

    fn jsonschema_faults<'a>(
        shape: &'a crate::scenario::schema::Shape,
        duration: &Value,
    ) -> impl Iterator<Item = String> + 'a {
        let file = json!({ "database": { "path": "x" }, "tables": { "t": {} }, "duration": duration });
        let words: Vec<String> = shape.validator.iter_errors(&file).map(|error| error.to_string()).collect();
        words.into_iter()
    }
}
