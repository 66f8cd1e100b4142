//! The serde types of a comparison. Keys are camelCase; what cannot be had is absent.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the document's shape.
pub const COMPARISON_VERSION: u32 = 1;

/// A candidate's results held against a base's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Comparison of results")]
pub struct Comparison {
    /// Version of this document's shape.
    pub schema_version: u32,
    /// What came of it all: the worst of the cases', and a regression where a scenario is lost.
    pub verdict: Verdict,
    /// Significance level: the probability that chance alone makes any difference of the whole comparison a regression or an improvement.
    pub alpha: f64,
    /// Metrics that were tested. P-values are corrected for their number.
    pub tests: u64,
    /// One for each scenario that both sides have, in the base's order.
    pub scenarios: Vec<ScenarioComparison>,
    /// Scenarios that the base has and the candidate lost: it stands for all that was measured, as a folder or a baseline does, and has no result
    /// of them. Each is a regression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
    /// Other scenarios that only the base has, because the candidate is a file that was named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_base: Vec<String>,
    /// Scenarios that only the candidate has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_candidate: Vec<String>,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioComparison {
    /// Its name.
    pub configuration_id: String,
    /// Its name in the candidate, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate_id: Option<String>,
    /// The base.
    pub base: Side,
    /// The candidate.
    pub candidate: Side,
    /// What the two do not share though a comparison asks for it. Not empty only where that was told to be ignored.
    pub differences: Vec<Difference>,
    /// Settings of the database, and keys of the file, its variants and its matrix, that differ: what is being compared, as a rule.
    pub settings: Vec<Difference>,
    /// What should be kept in mind: that a side was measured beside other work. It changes no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
    /// One for each level that both have, in the base's order.
    pub cases: Vec<CaseComparison>,
    /// Levels that only the base has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_base: Vec<String>,
    /// Levels that only the candidate has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_candidate: Vec<String>,
}

/// Where one side's figures come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// The file.
    pub path: String,
    /// When its run started, in UTC.
    pub timestamp: String,
    /// Commit of the runner that measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The only case of it that is compared: its variant, values of the matrix, or both. Absent where all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

/// Something that the two sides do not share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// What.
    pub name: String,
    /// The base's; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The candidate's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// Its parts, where they are known: keys of the scenario, workloads, options of a compiler.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Difference>,
}

/// One level of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseComparison {
    /// Name of the workload.
    pub workload: String,
    /// Name of the variant; the base's, where two are held against one another.
    pub variant: String,
    /// Values of the matrix that both share, by key.
    pub parameters: IndexMap<String, serde_json::Value>,
    /// Workers.
    pub concurrency: u32,
    /// The worst of its metrics'.
    pub verdict: Verdict,
    /// Why there is no metric; absent where there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// One for each metric that both have: those of all operations together, then those of each.
    pub metrics: Vec<MetricComparison>,
}

/// One metric of one level. Its values are medians over the iterations; the ratio is the median of all quotients of an iteration of the one and one of the
/// other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricComparison {
    /// Of which operation; absent for all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Which: `throughput`, `latency.p99`, ….
    pub metric: String,
    /// `1/s`, `ms`, or `share`.
    pub unit: String,
    /// Which direction is better.
    pub better: Better,
    /// The base's median.
    pub base: f64,
    /// The candidate's median.
    pub candidate: f64,
    /// The base's iterations.
    pub base_iterations: u64,
    /// The candidate's iterations.
    pub candidate_iterations: u64,
    /// JSON pointer to the iterations of the base's level in its file.
    pub base_pointer: String,
    /// JSON pointer to the iterations of the candidate's level in its file.
    pub candidate_pointer: String,
    /// Candidate ÷ base, over all pairs of iterations; absent where the base is 0 in any iteration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Lower end of the ratio's 95 % confidence interval; absent for fewer than three iterations of a side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Two-sided p-value of the Mann-Whitney U test over the iterations; absent for fewer than two of a side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// The same, corrected for the number of tests by Holm's method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_corrected: Option<f64>,
    /// How far parts of one and the same run are apart, as a share: a difference below it is never called one. Absent for fewer than four
    /// iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// Differences that matter, as a share.
    pub threshold: f64,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
    /// Iterations of each side that would decide, four times out of five; only where it is inconclusive and that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations_to_decide: Option<u64>,
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More of it.
    Higher,
    /// Less of it.
    Lower,
}

/// What came of a comparison, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No difference that matters, and that is sure.
    Unchanged,
    /// Better, and that is sure.
    Improved,
    /// Neither is sure.
    Inconclusive,
    /// Worse, and that is sure.
    Regressed,
}

impl MetricComparison {
    /// `latency.p99`, or of one operation `read/latency.p99`.
    pub fn name(&self) -> String {
        match &self.operation {
            Some(operation) => format!("{operation}/{}", self.metric),
            None => self.metric.clone(),
        }
    }
}

impl Verdict {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Unchanged => "unchanged",
            Verdict::Improved => "improved",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Regressed => "regressed",
        }
    }
}
