//! A case's tree becomes a scenario: `--quick`, then everything that the schema says, then the types.
//!
//! What the tree consists of is left to `expansion`.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::overrides::Applied;
use super::quick::{self, Kept};
use super::spans::{Node, Spans};
use super::tree::Tree;
use super::varied::BASE_VARIANT;
use super::{Loaded, Scenario, explain, schema};
use crate::diagnostic::{Code, Diagnostic, Sources, Span};

/// Makes integers of whole floats, and lets `[quick]` hold where it is asked for.
pub(super) fn finish(
    tree: &mut Tree,
    quick: Option<Kept<'_>>,
    applied: &mut Applied,
    faults: &mut Vec<Diagnostic>,
) {
    let shape = schema::shape();
    schema::whole_numbers(&mut tree.value, &shape.schema);
    if let Some(kept) = quick {
        applied.push(("--quick".to_owned(), "true".to_owned()));
        quick::quicken(tree, kept, applied, faults);
        schema::whole_numbers(&mut tree.value, &shape.schema);
    }
}

/// Everything that is wrong with the shape of a tree. `known` are faults of the text as a whole.
pub(super) fn check(
    tree: &Tree,
    quick: bool,
    sources: &Sources,
    known: &[Diagnostic],
    faults: &mut Vec<Diagnostic>,
) {
    let mut hidden = Vec::new();
    if !quick && tree.node.children.contains_key("quick") {
        hidden = quick_faults(tree);
    }
    faults.extend(thousands(&tree.value, &tree.node, sources));
    // A value that TOML has and JSON lacks stands as a zero in the tree: what the schema says of that is no news.
    let known: Vec<Option<Span>> = known.iter().chain(faults.iter()).map(|fault| fault.span).collect();
    let shapes = explain::faults(tree, schema::shape()).into_iter().chain(hidden);
    faults.extend(shapes.filter(|fault| !known.contains(&fault.span)));
}

/// The scenario of a tree whose shape is right, as the file's first case.
///
/// # Errors
/// What the types say beyond the schema: nothing that is known.
pub(super) fn read(
    tree: Tree,
    sources: Sources,
    overrides: Applied,
    chosen: Vec<(String, Span)>,
    computed: Vec<String>,
) -> Result<Loaded, Vec<Diagnostic>> {
    match Scenario::deserialize(&tree.value) {
        Ok(scenario) => Ok(Loaded {
            scenario,
            sources,
            spans: Spans { root: tree.node },
            effective: tree.value,
            variant: BASE_VARIANT.to_owned(),
            engines: Vec::new(),
            parameters: IndexMap::new(),
            overrides,
            chosen,
            computed,
        }),
        // The schema says all that the types say; this is for the day when it does not.
        Err(error) => {
            let words = format!("the scenario cannot be read: {error}");
            Err(vec![Diagnostic::error(Code::WrongType, None, words)])
        }
    }
}

/// The value at a path of keys, and of numbers of items.
pub(super) fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// Whether a place is one of a node, or lies in one.
pub(super) fn holds(node: &Node, span: Span) -> bool {
    let own = node.key.into_iter().chain(node.value);
    let within = |own: Span| own.source == span.source && own.start <= span.start && span.end <= own.end;
    own.into_iter().any(within) || node.children.values().any(|child| holds(child, span))
}

/// What would be wrong with `--quick`, and stands in `[quick]`: a file is right only if that is, too.
fn quick_faults(tree: &Tree) -> Vec<Diagnostic> {
    let mut places = Vec::new();
    if let Some(node) = tree.node.children.get("quick") {
        collect(node, &mut places);
    }
    let mut quick = tree.clone();
    let mut faults = Vec::new();
    let kept = Kept { named: &[], varied: &[] };
    quick::quicken(&mut quick, kept, &mut Vec::new(), &mut faults);
    let shape = schema::shape();
    schema::whole_numbers(&mut quick.value, &shape.schema);
    faults.extend(explain::faults(&quick, shape));
    faults.retain(|fault| fault.span.is_some_and(|span| places.contains(&span)));
    faults
}

/// Whole numbers that were written with three decimals, which some countries take for thousands: 100.000.
fn thousands(value: &Value, node: &Node, sources: &Sources) -> Vec<Diagnostic> {
    let below = |key: &str, value| node.children.get(key).map(|node| thousands(value, node, sources));
    match value {
        Value::Object(map) => map.iter().filter_map(|(key, v)| below(key, v)).flatten().collect(),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.filter_map(|(index, v)| below(&index.to_string(), v)).flatten().collect()
        }
        Value::Number(number) if !number.is_f64() => {
            let Some(span) = node.value else { return Vec::new() };
            let text = sources.get(span.source).and_then(|source| source.text.get(span.start..span.end));
            let Some((whole, "000")) = text.and_then(|text| text.split_once('.')) else { return Vec::new() };
            let words =
                format!("`{whole}.000` is {whole} with three decimals, and a whole number stands here");
            let help = format!("write {whole}_000, or {whole}");
            vec![Diagnostic::error(Code::WrongType, node.value, words).help(help)]
        }
        _ => Vec::new(),
    }
}

fn collect(node: &Node, places: &mut Vec<Span>) {
    places.extend(node.key.into_iter().chain(node.value));
    node.children.values().for_each(|child| collect(child, places));
}
