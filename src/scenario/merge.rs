//! One tree's keys over another's: what a variant or the matrix changes.
//!
//! Whether the keys exist and take their values is left to the check that follows.

use serde_json::Value;

use super::flags::TOTALS;
use super::quick::leaves;
use super::spans::Node;
use super::tree::{Tree, toml_key, toml_path};
use crate::diagnostic::{Code, Diagnostic};

/// What came of a merge.
#[derive(Default)]
pub(super) struct Merged {
    /// Paths of the values that were put in.
    pub(super) set: Vec<Vec<String>>,
    pub(super) faults: Vec<Diagnostic>,
}

/// Lets the keys of `from` hold in `into`: tables key by key, items of a list by their index, everything else as a whole.
pub(super) fn merge(into: &mut Tree, from: &Tree, merged: &mut Merged) {
    keys((&mut into.value, &mut into.node), (&from.value, &from.node), &mut Vec::new(), merged);
}

fn keys(
    (value, node): (&mut Value, &mut Node),
    (new, new_node): (&Value, &Node),
    path: &mut Vec<String>,
    merged: &mut Merged,
) {
    for (key, new) in new.as_object().into_iter().flatten() {
        let new_node = new_node.children.get(key).cloned().unwrap_or_default();
        let key = usual(value, path, key);
        let place = match value {
            Value::Object(map) => map.entry(key.clone()).or_insert(Value::Null),
            Value::Array(items) => {
                let count = items.len();
                match key.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                    Some(item) => item,
                    None => {
                        merged.faults.push(no_item(path, &key, count, &new_node));
                        continue;
                    }
                }
            }
            _ => continue,
        };
        path.push(key.clone());
        if new.is_object() && (place.is_object() || place.is_array()) {
            keys((place, node.children.entry(key).or_default()), (new, &new_node), path, merged);
        } else {
            *place = new.clone();
            leaves(new, path, &mut merged.set);
            node.children.insert(key, new_node);
        }
        path.pop();
    }
}

/// A total goes by the name that it has in the file.
fn usual(value: &Value, path: &[String], key: &str) -> String {
    let of_load = path.is_empty() || (path.len() == 2 && path[0] == "workloads");
    let other = TOTALS.iter().find(|name| value.get(name).is_some());
    match other {
        Some(other) if of_load && TOTALS.contains(&key) => (*other).to_owned(),
        _ => key.to_owned(),
    }
}

fn no_item(path: &[String], key: &str, count: usize, node: &Node) -> Diagnostic {
    let list = toml_path(path.iter().map(String::as_str));
    let words = format!("`{list}` is a list of {count}, counted from 0; it has no item `{}`", toml_key(key));
    let last = path.last().map_or("", String::as_str);
    Diagnostic::error(Code::BadOverride, node.key.or(node.value), words)
        .help(format!("write the whole list, as in `{} = […]`", toml_key(last)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::tree::parse;

    fn merged(base: &str, over: &str) -> (Value, Merged) {
        let mut into = parse(base, &mut Vec::new()).unwrap();
        let from = parse(over, &mut Vec::new()).unwrap();
        let mut merged = Merged::default();
        merge(&mut into, &from, &mut merged);
        (into.value, merged)
    }

    #[test]
    fn tables_merge_and_everything_else_is_replaced() {
        let base = "concurrency = [1, 8]\n[database]\npath = 'x'\n[database.pragmas]\ncache_size = 5\n";
        let (value, merged) = merged(base, "concurrency = [4]\ndatabase.pragmas.journal_mode = 'wal'\n");
        let pragmas = json!({ "cache_size": 5, "journal_mode": "wal" });
        let expected = json!({ "concurrency": [4], "database": { "path": "x", "pragmas": pragmas } });
        assert_eq!(value, expected);
        let set: Vec<String> = merged.set.iter().map(|path| path.join(".")).collect();
        assert_eq!(set, ["concurrency", "database.pragmas.journal_mode"]);
    }

    #[test]
    fn an_item_of_a_list_goes_by_its_number() {
        let base = "concurrency = [1, 8]\n[[targets]]\nmetric = 'errors'\nmax = 1\n";
        let (value, merged) = merged(base, "concurrency.1 = 4\nconcurrency.2 = 4\ntargets.0.max = 9\n");
        let expected = json!({ "concurrency": [1, 4], "targets": [{ "metric": "errors", "max": 9 }] });
        assert_eq!(value, expected);
        let words = "`concurrency` is a list of 2, counted from 0; it has no item `2`";
        assert_eq!(merged.faults.iter().map(|fault| &fault.message[..]).collect::<Vec<_>>(), [words]);
    }

    #[test]
    fn a_total_replaces_the_one_of_the_other_name() {
        let (value, _) = merged(
            "total_writes = 5\n[workloads.a]\ntotal = 6\n",
            "total = 7\nworkloads.a.total_writes = 8\n",
        );
        assert_eq!(value, json!({ "total_writes": 7, "workloads": { "a": { "total": 8 } } }));
    }
}
