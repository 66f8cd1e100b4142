//! A scenario file: its text becomes a [`Scenario`], or diagnostics that say what to write instead.
//!
//! Checked here are TOML, overrides, keys, types and limits. What values mean together (references, templates, SQL,
//! PRAGMAs) is left to `plan`, which looks up their places in [`Spans`].

mod advice;
mod checked;
mod chosen;
mod computed;
mod editor;
mod expansion;
mod explain;
mod flags;
mod habits;
mod load;
mod merge;
mod model;
mod operation;
mod overrides;
mod points;
mod pragmas;
mod pruned;
mod quick;
pub mod schema;
mod spans;
mod syntax;
mod table;
mod target;
mod tree;
mod varied;

use std::path::Path;

use indexmap::IndexMap;

pub use expansion::Expansion;
pub use load::{ArrivalsKey, BatchModeKey, LoadKeys, PoolSection, RetrySection, StageSection};
pub use model::{
    Allow, AllowedWarning, BufferSection, CaseOrder, DatabaseSection, LimitsSection, Order, OutputSection,
    PersisterKey, Reset, Scenario, WorkloadSection,
};
pub use operation::{KeysKey, OperationSection, StepSection, TransactionKey};
pub use overrides::Overrides;
pub use points::MOST_CASES;
pub use pragmas::{PRAGMAS, PragmaWords};
pub use pruned::Taken;
pub use schema::json_schema;
pub use spans::Spans;
pub use table::{ColumnSection, IndexSection, TableSection};
pub use target::TargetSection;
pub use varied::{BASE_VARIANT, same_value};

use crate::capability::EngineKind;
use crate::diagnostic::{Diagnostic, Sources, Span};

/// A scenario whose shape is right.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// With the overrides in it.
    pub scenario: Scenario,
    /// The file, then the overrides.
    pub sources: Sources,
    /// Where each key and value stands, in the file or among the overrides.
    pub spans: Spans,
    /// The scenario after overrides, as it was given: without defaults, and with what the variant and the matrix change instead of these
    /// sections.
    pub effective: serde_json::Value,
    /// Name of the variant; [`BASE_VARIANT`] for the file as it stands.
    pub variant: String,
    /// Engines of the file's cases, whichever of them run; that of the file before overrides among them.
    pub engines: Vec<EngineKind>,
    /// Values of the matrix, by key path, in the file's order.
    pub parameters: IndexMap<String, serde_json::Value>,
    /// Key path and TOML value of each override, those of `--quick` included, which itself stands as `--quick`; chosen workloads and variants
    /// stand as `--workload` and `--variant`.
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

/// Reads a scenario's text, applies the overrides, and checks the shape of its first case: the file as it stands, at the first point of its
/// matrix. Finds all faults, but for those that follow from a text that is not TOML.
///
/// `path` only names the file in diagnostics; nothing is read from it.
pub fn load(path: &Path, text: String, overrides: &Overrides) -> Result<Loaded, Rejected> {
    let expansion = Expansion::read(path, text, overrides)?;
    let mut diagnostics = expansion.faults.clone();
    match expansion.load(0) {
        Ok(loaded) if diagnostics.is_empty() => Ok(loaded),
        Ok(_) => Err(Rejected { sources: expansion.sources, diagnostics }),
        Err(faults) => {
            diagnostics.extend(faults);
            Err(Rejected { sources: expansion.sources, diagnostics })
        }
    }
}

#[cfg(test)]
mod tests;
