//! `[variants]` and `[matrix]`: what is varied, as far as it can be, and what is wrong with it.
//!
//! Putting it into the file is left to `merge`, combining it to `expansion`.

use serde_json::{Map, Value};

use super::schema;
use super::spans::Node;
use super::tree::{Tree, toml_key, toml_path, toml_text};
use crate::capability::EngineKind;
use crate::diagnostic::{Code, Diagnostic, Span};

/// The variant that the file is as it stands.
pub const BASE_VARIANT: &str = "base";

/// Keys that hold for all cases alike.
const FIXED: [&str; 10] = [
    "language",
    "name",
    "test",
    "description",
    "quick",
    "variants",
    "matrix",
    "output",
    "case_order",
    "allow_warnings",
];

/// A name with the keys that it changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) changes: Tree,
    /// The name's place.
    pub(super) at: Option<Span>,
}

/// A key of the matrix with its values.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) path: Vec<String>,
    /// The path as it is written.
    pub(super) name: String,
    /// The key's place.
    pub(super) at: Option<Span>,
    /// At least one.
    pub(super) items: Vec<Item>,
}

/// One value of a key, and the tree that changes this key alone.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) value: Value,
    pub(super) changes: Tree,
}

/// The variants that can be, in the file's order; the unchanged file first.
pub(super) fn variants(tree: &Tree, faults: &mut Vec<Diagnostic>) -> Vec<Variant> {
    let mut found = vec![Variant { name: BASE_VARIANT.to_owned(), ..Variant::default() }];
    let given = tree.value.get("variants").and_then(Value::as_object).into_iter().flatten();
    let nodes = tree.node.children.get("variants").cloned().unwrap_or_default();
    for (name, changes) in given {
        let node = nodes.children.get(name).cloned().unwrap_or_default();
        let at = node.key.or(node.value);
        if let Some(fault) = bad_name(name, at) {
            faults.push(fault);
            continue;
        }
        // What is no table is told by the schema.
        let Value::Object(keys) = changes else { continue };
        let mut changes = Tree { value: Value::Object(keys.clone()), node };
        let who = format!("variant `{name}` cannot change");
        without_fixed(&mut changes, &who, faults);
        found.push(Variant { name: name.clone(), changes, at });
    }
    found
}

fn bad_name(name: &str, at: Option<Span>) -> Option<Diagnostic> {
    let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name == BASE_VARIANT {
        let words = format!("`{BASE_VARIANT}` is the file as it stands, so no variant can have that name");
        return Some(Diagnostic::error(Code::BadName, at, words).help("give the variant another name"));
    }
    if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
        let words = format!("`{name}` cannot name a variant");
        let help = "a name has letters, digits, `.`, `_` and `-`, and does not begin with a dot";
        return Some(Diagnostic::error(Code::BadName, at, words).help(help));
    }
    None
}

/// Takes out the keys that hold for all cases alike.
fn without_fixed(changes: &mut Tree, who: &str, faults: &mut Vec<Diagnostic>) {
    let Value::Object(map) = &mut changes.value else { return };
    for key in FIXED {
        if map.shift_remove(key).is_some() {
            let node = changes.node.children.shift_remove(key).unwrap_or_default();
            let words = format!("{who} `{key}`: it holds for all cases");
            let at = node.key.or(node.value);
            faults.push(Diagnostic::error(Code::FixedKey, at, words).help("remove this line"));
        }
    }
}

/// The keys of the matrix that can be, in the file's order.
pub(super) fn axes(tree: &Tree, faults: &mut Vec<Diagnostic>) -> Vec<Axis> {
    // What is no table is told by the schema.
    let Some(value @ Value::Object(_)) = tree.value.get("matrix") else { return Vec::new() };
    let node = tree.node.children.get("matrix").cloned().unwrap_or_default();
    let mut matrix = Tree { value: value.clone(), node };
    without_fixed(&mut matrix, "the matrix cannot vary", faults);
    let mut walk = Walk { path: Vec::new(), axes: Vec::new(), faults };
    walk.table(&matrix.value, &matrix.node);
    walk.axes
}

/// On the way through the tables of the matrix to its lists.
struct Walk<'f> {
    /// Keys with their places.
    path: Vec<(String, Option<Span>)>,
    axes: Vec<Axis>,
    faults: &'f mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn table(&mut self, value: &Value, node: &Node) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let node = node.children.get(key).cloned().unwrap_or_default();
            self.path.push((key.clone(), node.key));
            match value {
                Value::Object(_) => self.table(value, &node),
                Value::Array(items) => self.list(items, &node),
                other => self.no_list(key, other, &node),
            }
            self.path.pop();
        }
    }

    fn name(&self) -> String {
        toml_path(self.path.iter().map(|(key, _)| key.as_str()))
    }

    fn fault(&mut self, at: Option<Span>, words: String, help: String) {
        self.faults.push(Diagnostic::error(Code::Matrix, at, words).help(help));
    }

    fn no_list(&mut self, key: &str, value: &Value, node: &Node) {
        let words = format!("`{}` is varied by the matrix, but is given no list of values", self.name());
        let help = format!("write for instance `{} = [{}]`", toml_key(key), toml_text(value));
        self.fault(node.value, words, help);
    }

    fn list(&mut self, values: &[Value], node: &Node) {
        let name = self.name();
        if values.is_empty() {
            let help = "give it at least one, or remove the line".to_owned();
            self.fault(node.value, format!("the matrix has no values for `{name}`"), help);
            return;
        }
        // The usual slip: the levels of one case are taken for those of several.
        let path = self.path.iter().map(|(key, _)| key);
        let takes_lists =
            schema::at(&schema::shape().schema, path).is_some_and(|schema| schema::takes(schema, "array"));
        if takes_lists && !values.iter().any(|value| value.is_array() || value.is_object()) {
            let words = format!("`{name}` is a list itself, so the matrix has a list of lists for it");
            let each: Vec<Value> = values.iter().map(|value| Value::Array(vec![value.clone()])).collect();
            let key = self.path.last().map_or("", |(key, _)| key);
            let help = format!("write `{} = {}`", toml_key(key), toml_text(&Value::Array(each)));
            self.fault(node.value, words, help);
            return;
        }
        let mut items = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let own = node.children.get(&index.to_string()).cloned().unwrap_or_default();
            if values[..index].iter().any(|other| same_value(other, value)) {
                let words = format!("the matrix has {} twice for `{name}`", toml_text(value));
                self.fault(own.value, words, "write each value once".to_owned());
                continue;
            }
            items.push(Item { value: value.clone(), changes: self.alone(value, own) });
        }
        let path = self.path.iter().map(|(key, _)| key.clone()).collect();
        self.axes.push(Axis { path, name, at: node.key, items });
    }

    /// A tree with nothing but this value, at the path of its key.
    fn alone(&self, value: &Value, mut node: Node) -> Tree {
        let mut value = value.clone();
        for (key, at) in self.path.iter().rev() {
            node.key = *at;
            value = Value::Object(Map::from_iter([(key.clone(), value)]));
            node = Node { children: [(key.clone(), node)].into_iter().collect(), ..Node::default() };
        }
        Tree { value, node }
    }
}

/// Whether two values are the same: `1` and `1.0` are the same number.
pub fn same_value(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().is_some_and(|a| b.as_f64() == Some(a))
}

/// The engine that a file, or a part of one, names.
pub(super) fn engine(value: &Value) -> Option<EngineKind> {
    serde_json::from_value(value.get("database")?.get("engine")?.clone()).ok()
}

/// Engines that variants and the matrix name.
pub(super) fn engines(variants: &[Variant], axes: &[Axis]) -> Vec<EngineKind> {
    let of_variants = variants.iter().map(|variant| &variant.changes.value);
    let of_axes = axes.iter().flat_map(|axis| &axis.items).map(|item| &item.changes.value);
    of_variants.chain(of_axes).filter_map(engine).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::tree::parse;

    fn words(faults: &[Diagnostic]) -> Vec<&str> {
        faults.iter().map(|fault| fault.message.as_str()).collect()
    }

    #[test]
    fn the_unchanged_file_is_the_first_variant() {
        let text = "[variants.wal]\ndatabase.pragmas.journal_mode = 'wal'\n[variants.base]\n[variants.'a b']\n[variants.x]\nname = 'y'\nseed = 1\n";
        let mut faults = Vec::new();
        let found = variants(&parse(text, &mut Vec::new()).unwrap(), &mut faults);
        let names: Vec<&str> = found.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(names, ["base", "wal", "x"]);
        assert_eq!(found[2].changes.value, json!({ "seed": 1 }));
        assert_eq!(
            words(&faults),
            [
                "`base` is the file as it stands, so no variant can have that name",
                "`a b` cannot name a variant",
                "variant `x` cannot change `name`: it holds for all cases",
            ]
        );
    }

    #[test]
    fn a_list_of_the_matrix_is_an_axis_at_its_key_path() {
        let text = "[matrix]\nvars.'file size' = ['1MB', '2MB']\nconcurrency = [[1], [8]]\nlimits.memory = []\nseed = 5\nvars.n = [1, 1.0]\noutput.csv = [true]\n";
        let tree = parse(text, &mut Vec::new()).unwrap();
        let mut faults = Vec::new();
        let found = axes(&tree, &mut faults);
        let names: Vec<&str> = found.iter().map(|axis| axis.name.as_str()).collect();
        assert_eq!(names, ["vars.\"file size\"", "vars.n", "concurrency"]);
        let second = &found[0].items[1];
        assert_eq!(second.changes.value, json!({ "vars": { "file size": "2MB" } }));
        let node = second.changes.node.at(["vars", "file size"]).unwrap();
        let slice = |span: Option<Span>| span.map(|span| &text[span.start..span.end]);
        assert_eq!((slice(node.key), slice(node.value)), (Some("'file size'"), Some("'2MB'")));
        assert_eq!(
            words(&faults),
            [
                "the matrix cannot vary `output`: it holds for all cases",
                "the matrix has 1.0 twice for `vars.n`",
                "the matrix has no values for `limits.memory`",
                "`seed` is varied by the matrix, but is given no list of values",
            ]
        );
    }
}
