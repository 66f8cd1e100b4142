//! The serde types of demands on figures and of what became of them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A demand of the scenario on one figure, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetVerdict {
    /// Which figure.
    pub metric: String,
    /// Only this workload; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Figures of this operation; absent for all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only this number of workers; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Only this variant; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Only where variables have these values.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub vars: IndexMap<String, serde_json::Value>,
    /// Greatest value allowed, in the figure's unit: milliseconds for times, per second for rates, 0 to 1 for shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Least value allowed, in the figure's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// What was measured, in the figure's unit; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// Whether the demand was met.
    pub status: TargetStatus,
    /// Why it was not, in a sentence; absent where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// The figure is within its bounds, which are inclusive.
    Pass,
    /// It is not, or there is no such figure.
    Fail,
    /// The figure should not be believed, so it meets no demand: an invalid level, or too few samples for a percentile.
    Invalid,
}
