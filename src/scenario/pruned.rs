//! What is left of a case when everything of a wrong shape is taken out of it, so that the rest can be looked at, too.
//!
//! Which faults of the rest are worth telling, and which only follow from what is gone, is left to `plan`.

use serde_json::Value;

use super::spans::Node;
use super::tree::Tree;
use super::{explain, schema};
use crate::diagnostic::{Diagnostic, Span};

/// A value that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its key path.
    pub path: Vec<String>,
    /// Whether there were keys in it.
    pub is_table: bool,
}

/// Takes out what faults are about, then what lacks what was taken, until the shape is right. Nothing is left where the file as a whole lacks
/// something.
pub(super) fn prune(tree: &mut Tree, faults: &[Diagnostic]) -> Option<Vec<Taken>> {
    let mut taken = Vec::new();
    let mut faults = faults.to_vec();
    while !faults.is_empty() {
        let before = taken.len();
        for span in faults.iter().filter_map(|fault| fault.span) {
            // Of two faults of one value, the first one takes it.
            taken.extend(place(&tree.node, span).and_then(|path| take(tree, path)));
        }
        if taken.len() == before {
            return None;
        }
        faults = explain::faults(tree, schema::shape());
    }
    Some(taken)
}

/// Where the innermost key or value is that holds a place.
fn place(node: &Node, span: Span) -> Option<Vec<String>> {
    node.children.iter().find_map(|(key, child)| {
        let below = place(child, span).map(|mut path| {
            path.insert(0, key.clone());
            path
        });
        let within = |own: Span| own.source == span.source && own.start <= span.start && span.end <= own.end;
        below.or_else(|| child.key.into_iter().chain(child.value).any(within).then(|| vec![key.clone()]))
    })
}

/// Takes a value out; of a list all of it, since its other items go by their numbers.
fn take(tree: &mut Tree, mut path: Vec<String>) -> Option<Taken> {
    path.truncate(up_to_list(&tree.value, &path));
    let (last, parents) = path.split_last()?;
    let mut node = &mut tree.node;
    let mut value = &mut tree.value;
    for part in parents {
        node = node.children.get_mut(part)?;
        value = value.get_mut(part)?;
    }
    node.children.shift_remove(last);
    let is_table = value.as_object_mut()?.shift_remove(last)?.is_object();
    Some(Taken { path, is_table })
}

/// How many parts of a path lead to the outermost list on it, or to its end.
fn up_to_list(value: &Value, path: &[String]) -> usize {
    let mut value = Some(value);
    let list = path.iter().position(|part| {
        value = value.and_then(|value| value.get(part));
        value.is_some_and(Value::is_array)
    });
    list.map_or(path.len(), |depth| depth + 1)
}

#[cfg(test)]
mod tests {
    use super::super::tree::parse;
    use super::*;

    /// What is taken out of a text, as paths, and what is left.
    fn pruned(text: &str) -> (Option<Vec<String>>, Value) {
        let mut tree = parse(text, &mut Vec::new()).unwrap();
        let faults = explain::faults(&tree, schema::shape());
        let taken = prune(&mut tree, &faults);
        (taken.map(|taken| taken.iter().map(|one| one.path.join(".")).collect()), tree.value)
    }

    const GOOD: &str =
        "language = 1\ntest = 'write'\ntotal = 1\nconcurrency = [1]\n[database]\npath = 'a.db'\n";

    #[test]
    fn a_value_goes_alone_a_list_as_a_whole_and_a_section_that_lacks_a_key_with_it() {
        let text = format!(
            "colour = 3\n{GOOD}[tables.users]\nshare = 'much'\nindexes = [{{ columns = ['a'] }}, {{ columns = 3 }}]\n\
             [tables.users.columns]\nid = {{ type = 1 }}\nname = {{ type = 'TEXT' }}\n"
        );
        let (taken, left) = pruned(&text);
        let mut taken = taken.unwrap();
        taken.sort();
        assert_eq!(taken[0], "colour");
        assert!(
            taken.contains(&"tables.users.share".to_owned())
                && taken.contains(&"tables.users.indexes".to_owned())
        );
        assert!(taken.iter().any(|path| path.starts_with("tables.users.columns.id")), "{taken:?}");
        assert_eq!(left["tables"]["users"]["columns"]["name"]["type"], "TEXT");
        assert_eq!(left["tables"]["users"].get("share"), None);
    }

    #[test]
    fn a_table_with_a_number_for_a_name_is_no_item_of_a_list() {
        let text =
            format!("{GOOD}[tables.2024]\nshare = 'much'\n[tables.2024.columns]\nid = {{ type = 'TEXT' }}\n");
        let (taken, left) = pruned(&text);
        assert_eq!(taken, Some(vec!["tables.2024.share".to_owned()]));
        assert_eq!(left["tables"]["2024"]["columns"]["id"]["type"], "TEXT");
    }

    #[test]
    fn nothing_is_left_of_a_file_that_lacks_something_as_a_whole() {
        assert_eq!(pruned("language = 1\n").0, None);
        let whole = format!("{GOOD}[tables.t.columns]\nid = {{ type = 'INTEGER PRIMARY KEY' }}\n");
        assert_eq!(pruned(&whole).0, Some(Vec::new()));
    }
}
