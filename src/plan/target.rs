//! What a scenario demands of its figures.

use crate::diagnostic::Span;

/// One demand, on every configuration that its selectors match.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Only this workload.
    pub workload: Option<String>,
    /// Figures of this operation instead of the whole.
    pub operation: Option<String>,
    /// Only this number of workers.
    pub concurrency: Option<u32>,
    /// Only this variant.
    pub variant: Option<String>,
    /// Only where variables have these values.
    pub vars: Vec<(String, serde_json::Value)>,
    /// Name of the figure, such as `latency.p99`.
    pub metric: String,
    /// Greatest value allowed, in the figure's unit: milliseconds for times.
    pub max: Option<f64>,
    /// Least value allowed.
    pub min: Option<f64>,
    /// Where the scenario says so.
    pub span: Option<Span>,
}
