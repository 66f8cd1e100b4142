//! The iterations of a level, what they come to, and those that failed.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One repetition of a level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Iteration {
    /// Which repetition, from 1.
    pub iteration: u32,
    /// Its place among all iterations of the run, in the order in which they ran, from 1.
    #[serde(default)]
    pub position: u32,
    /// How it ended.
    #[serde(default)]
    pub status: IterationStatus,
    /// Operations that were attempted.
    pub attempted: u64,
    /// Operations that were acknowledged.
    pub succeeded: u64,
    /// Acknowledged per second.
    pub throughput: f64,
    /// Bytes of values written or read per second; absent where they are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_bytes_per_second: Option<f64>,
    /// Its duration, milliseconds.
    pub duration_ms: f64,
    /// Mean latency, milliseconds; absent where nothing was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_ms: Option<f64>,
    /// Median latency, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// 90th percentile, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<f64>,
    /// 95th percentile, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// 99th percentile, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    /// 99.9th percentile, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999_ms: Option<f64>,
    /// Peak memory of the process, or of its group where there is a limit, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Each operation by its name, in the order of the scenario; absent where the level has but one, whose figures these are.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub operations: IndexMap<String, OperationIteration>,
}

/// One operation in one repetition of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationIteration {
    /// How often it was attempted.
    pub attempted: u64,
    /// How often it was acknowledged.
    pub succeeded: u64,
    /// Acknowledged per second of the iteration.
    pub throughput: f64,
    /// Mean latency, milliseconds; absent where none was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avg_ms: Option<f64>,
    /// Median latency, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// 90th percentile, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<f64>,
    /// 95th percentile, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// 99th percentile, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
}

/// The figures of all operations together, in the shape of those of one.
impl From<&Iteration> for OperationIteration {
    fn from(all: &Iteration) -> OperationIteration {
        OperationIteration {
            attempted: all.attempted,
            succeeded: all.succeeded,
            throughput: all.throughput,
            avg_ms: all.avg_ms,
            p50_ms: all.p50_ms,
            p90_ms: all.p90_ms,
            p95_ms: all.p95_ms,
            p99_ms: all.p99_ms,
        }
    }
}

/// How an iteration that was measured ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IterationStatus {
    /// It ran to its end, and verification found nothing wrong.
    #[default]
    Succeeded,
    /// It was stopped, or the database could not go on.
    CutShort,
    /// A row was lost, surplus or altered, or the database is damaged.
    VerificationFailed,
}

/// Figures over the iterations that succeeded, each iteration one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// Acknowledged per second.
    pub throughput: Summary,
    /// Bytes of values written or read per second, where they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_bytes_per_second: Option<Summary>,
    /// Latency in milliseconds; absent where an iteration had nothing acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<LatencyStatistics>,
}

/// Statistics of an iteration's latency over the iterations, milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatencyStatistics {
    /// Of the iterations' means.
    pub avg: Summary,
    /// Of their medians.
    pub p50: Summary,
    /// Of their 90th percentiles.
    pub p90: Summary,
    /// Of their 95th percentiles.
    pub p95: Summary,
    /// Of their 99th percentiles.
    pub p99: Summary,
    /// Of their 99.9th percentiles.
    pub p999: Summary,
}

/// One figure over several iterations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How many iterations.
    pub n: u64,
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation (divisor n - 1).
    pub stddev: f64,
    /// Coefficient of variation: `stddev` divided by `mean`; absent where the mean is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Lower end of the bootstrap 95 % confidence interval of the median; absent for fewer than three iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Its upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl Summary {
    /// Both ends of the confidence interval.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// Whether the intervals of two have no value in common; nothing where one has none.
    pub fn is_apart_from(&self, other: &Summary) -> Option<bool> {
        let ((low, high), (other_low, other_high)) = (self.interval()?, other.interval()?);
        Some(high < other_low || other_high < low)
    }
}

/// An iteration that did not succeed: it was cut short, lost a row, or ended without figures. Those without figures are in none but the
/// count of failures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IterationFailure {
    /// Which repetition, from 1.
    pub iteration: u32,
    /// Its place among all iterations of the run, in the order in which they ran, from 1.
    #[schemars(range(min = 1))]
    pub position: u32,
    /// Why, in a sentence.
    pub reason: String,
    /// Peak memory until then, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

/// What the process of a case may use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitFigures {
    /// Memory with page cache, bytes; absent for as much as there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processors; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
}
