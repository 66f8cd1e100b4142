//! `--total`, `--concurrency` and `--iterations`: keys that a flag replaces wherever they stand.
//!
//! Whether the values are right is left to the check that follows.

use serde_json::Value;

use super::Overrides;
use super::overrides::{Applied, Part, set};
use super::spans::Node;
use super::tree::Tree;
use crate::diagnostic::{Diagnostic, Source, Sources, Span};

/// The names of a level's total, the usual one first.
pub(super) const TOTALS: &[&str] = &["total_writes", "total"];
/// The name of the list of levels.
const LEVELS: &[&str] = &["concurrency"];
/// The name of the number of repetitions.
const ITERATIONS: &[&str] = &["iterations"];

/// A flag that was given.
#[derive(Clone, Debug)]
pub(super) struct Flag {
    keys: &'static [&'static str],
    leaf: Tree,
    span: Span,
}

/// The flags that were given. Their texts become sources.
pub(super) fn flags(overrides: &Overrides, sources: &mut Sources) -> Vec<Flag> {
    let total = overrides.total.map(|total| ("--total", TOTALS, total.to_string(), Value::from(total)));
    let concurrency = overrides.concurrency.as_ref().map(|levels| {
        let words: Vec<String> = levels.iter().map(u32::to_string).collect();
        ("--concurrency", LEVELS, words.join(","), Value::from(levels.clone()))
    });
    let iterations =
        overrides.iterations.map(|n| ("--iterations", ITERATIONS, n.to_string(), Value::from(n)));
    let given = total.into_iter().chain(concurrency).chain(iterations);
    given
        .map(|(name, keys, text, value)| {
            let span = Span { source: sources.len(), start: 0, end: text.len() };
            let node = node(&value, &text, span);
            sources.push(Source { name: name.to_owned(), text });
            Flag { keys, leaf: Tree { value, node }, span }
        })
        .collect()
}

impl Flag {
    /// Puts the value wherever the key stands; tells and names each place.
    pub(super) fn apply(
        &self,
        tree: &mut Tree,
        (applied, named): (&mut Applied, &mut Vec<Vec<String>>),
        faults: &mut Vec<Diagnostic>,
    ) {
        let mut homes = homes(&tree.value, self.keys);
        // The key has a default, so that workloads which do not name it are meant too.
        let top = vec![self.keys[0].to_owned()];
        if self.keys == ITERATIONS && !homes.contains(&top) {
            homes.push(top);
        }
        for path in homes {
            let parts: Vec<Part> = path.into_iter().map(|part| (part, self.span)).collect();
            set(tree, &parts, self.leaf.clone(), (applied, named), faults);
        }
    }
}

/// Where a key stands that holds for every workload: at the top, and in each workload that has one of its own. Where it stands nowhere, its
/// usual name at the top.
pub(super) fn homes(scenario: &Value, names: &[&str]) -> Vec<Vec<String>> {
    let own = |table: &Value| names.iter().find(|name| table.get(name).is_some()).map(|n| (*n).to_owned());
    let workloads = scenario.get("workloads").and_then(Value::as_object);
    let within = workloads
        .into_iter()
        .flatten()
        .filter_map(|(name, workload)| Some(vec!["workloads".to_owned(), name.clone(), own(workload)?]));
    let mut homes: Vec<Vec<String>> =
        own(scenario).map(|name| vec![name]).into_iter().chain(within).collect();
    if homes.is_empty() {
        homes.extend(names.first().map(|name| vec![(*name).to_owned()]));
    }
    homes
}

/// The places of a flag's value; those of a list follow its commas.
fn node(value: &Value, text: &str, span: Span) -> Node {
    let mut node = Node { key: Some(span), value: Some(span), ..Node::default() };
    if value.is_array() {
        let mut start = 0;
        for (i, word) in text.split(',').enumerate() {
            let item = Span { start, end: start + word.len(), ..span };
            node.children.insert(i.to_string(), Node { value: Some(item), ..Node::default() });
            start = item.end + 1;
        }
    }
    node
}
