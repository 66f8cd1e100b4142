//! A scenario file: its text becomes a [`Scenario`], or diagnostics that say what to write instead.
//!
//! Checked here are TOML, overrides, keys, types and limits. What values mean together (references, templates, SQL,
//! PRAGMAs) is left to `plan`, which looks up their places in [`Spans`].

mod advice;
mod chosen;
mod computed;
mod editor;
mod explain;
mod habits;
mod load;
mod model;
mod operation;
mod overrides;
mod pragmas;
mod quick;
pub mod schema;
mod spans;
mod syntax;
mod target;
mod tree;

use std::path::Path;

use serde::Deserialize;

pub use load::{ArrivalsKey, BatchModeKey, LoadKeys, PoolSection, RetrySection, StageSection};
pub use model::{
    Allow, AllowedWarning, CaseOrder, ColumnSection, DatabaseSection, IndexSection, Order, OutputSection,
    Reset, Scenario, TableSection, WorkloadSection,
};
pub use operation::{KeysKey, OperationSection, StepSection, TransactionKey};
pub use overrides::Overrides;
pub use pragmas::{PRAGMAS, PragmaWords};
pub use schema::json_schema;
pub use spans::Spans;
pub use target::TargetSection;

use crate::diagnostic::{Code, Diagnostic, Source, Sources, Span};
use spans::Node;
use tree::Tree;

/// A scenario whose shape is right.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// With the overrides in it.
    pub scenario: Scenario,
    /// The file, then the overrides.
    pub sources: Sources,
    /// Where each key and value stands, in the file or among the overrides.
    pub spans: Spans,
    /// The scenario after overrides, as it was given: without defaults.
    pub effective: serde_json::Value,
    /// Key path and TOML value of each override, those of `--quick` included, which itself stands as `--quick`; chosen workloads stand as
    /// `--workload`.
    pub overrides: Vec<(String, String)>,
    /// Names of the workloads that run, with their places among the overrides; all where there are none.
    pub chosen: Vec<(String, Span)>,
    /// Templates that numbers of the file were computed by; their numbers stand in `scenario`.
    pub computed: Vec<String>,
}

/// A scenario that cannot run.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The file, then the overrides.
    pub sources: Sources,
    /// At least one of them is an error.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a scenario's text, applies the overrides, and checks the shape. Finds all faults, but for those that follow from
/// a text that is not TOML.
///
/// `path` only names the file in diagnostics; nothing is read from it.
pub fn load(path: &Path, text: String, overrides: &Overrides) -> Result<Loaded, Rejected> {
    let mut faults = Vec::new();
    let parsed = tree::parse(&text, &mut faults);
    let mut sources = vec![Source { name: path.display().to_string(), text }];
    let Some(mut tree) = parsed else {
        return Err(Rejected { sources, diagnostics: faults });
    };
    let mut applied = Vec::new();
    let named = overrides::apply(&mut tree, overrides, &mut sources, &mut applied, &mut faults);
    let chosen = chosen::chosen(overrides, &mut sources, &mut applied);
    let shape = schema::shape();
    schema::whole_numbers(&mut tree.value, &shape.schema);
    let mut hidden = Vec::new();
    if overrides.quick {
        applied.push(("--quick".to_owned(), "true".to_owned()));
        quick::quicken(&mut tree, &named, &mut applied, &mut faults);
        schema::whole_numbers(&mut tree.value, &shape.schema);
    } else if tree.node.children.contains_key("quick") {
        hidden = quick_faults(&tree);
    }
    let computed = computed::settle(&mut tree, &sources, &mut faults);
    faults.extend(thousands(&tree.value, &tree.node, &sources));
    // A value that TOML has and JSON lacks stands as a zero in the tree: what the schema says of that is no news.
    let known: Vec<Option<Span>> = faults.iter().map(|fault| fault.span).collect();
    let shapes = explain::faults(&tree, shape).into_iter().chain(hidden);
    faults.extend(shapes.filter(|fault| !known.contains(&fault.span)));
    if !faults.is_empty() {
        return Err(Rejected { sources, diagnostics: faults });
    }
    match Scenario::deserialize(&tree.value) {
        Ok(scenario) => Ok(Loaded {
            scenario,
            sources,
            spans: Spans { root: tree.node },
            effective: tree.value,
            overrides: applied,
            chosen,
            computed,
        }),
        // The schema says all that the types say; this is for the day when it does not.
        Err(error) => {
            let fault =
                Diagnostic::error(Code::WrongType, None, format!("the scenario cannot be read: {error}"));
            Err(Rejected { sources, diagnostics: vec![fault] })
        }
    }
}

/// What would be wrong with `--quick`, and stands in `[quick]`: a file is right only if that is, too.
fn quick_faults(tree: &Tree) -> Vec<Diagnostic> {
    let mut places = Vec::new();
    if let Some(node) = tree.node.children.get("quick") {
        collect(node, &mut places);
    }
    let mut quick = tree.clone();
    let mut faults = Vec::new();
    quick::quicken(&mut quick, &[], &mut Vec::new(), &mut faults);
    let shape = schema::shape();
    schema::whole_numbers(&mut quick.value, &shape.schema);
    faults.extend(explain::faults(&quick, shape));
    faults.retain(|fault| fault.span.is_some_and(|span| places.contains(&span)));
    faults
}

/// Whole numbers that were written with three decimals, which some countries take for thousands: 100.000.
fn thousands(value: &serde_json::Value, node: &Node, sources: &Sources) -> Vec<Diagnostic> {
    let below = |key: &str, value| node.children.get(key).map(|node| thousands(value, node, sources));
    match value {
        serde_json::Value::Object(map) => map.iter().filter_map(|(key, v)| below(key, v)).flatten().collect(),
        serde_json::Value::Array(items) => {
            let items = items.iter().enumerate();
            items.filter_map(|(index, v)| below(&index.to_string(), v)).flatten().collect()
        }
        serde_json::Value::Number(number) if !number.is_f64() => {
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

#[cfg(test)]
mod tests;
