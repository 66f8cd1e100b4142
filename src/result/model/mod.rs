//! The serde types of `results/<name>.json`. Their comments become the descriptions in `schemas/result.schema.json`.
//!
//! Keys are camelCase. Outside of `metrics`, a number that could not be measured is absent.

mod load;
mod statistics;
mod target;
mod work;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::environment::{CaseEngine, Engine, Environment, ScenarioRecord};
use super::findings::Finding;
use super::validity::Validity;
use crate::engine::Durability;
use crate::measure::Verification;

pub use load::*;
pub use statistics::*;
pub use target::{TargetStatus, TargetVerdict};
pub use work::*;

/// Version of the document's shape that this runner writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The result of one run of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Result of a run")]
pub struct RunResult {
    /// What kind of test it was: the scenario's `test`.
    pub test_name: String,
    /// Name of the scenario, and of the file that holds this document.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"))]
    pub configuration_id: String,
    /// When the run started, in UTC.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))]
    pub timestamp: String,
    /// One for each level that was run, in the order of cases, workloads and levels; the iterations of a level are one.
    pub configurations: Vec<Configuration>,
    /// Version of this document's shape.
    #[schemars(range(min = 1, max = 1))]
    pub schema_version: u32,
    /// How the run ended.
    pub status: Status,
    /// Why it ended early, in one sentence; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the totals were divided for a quick look; such figures are for trying a scenario out.
    pub quick: bool,
    /// Iterations that an earlier, interrupted run had measured, and that were taken over.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reused_iterations: u64,
    /// What the figures say about the database, and what to try next.
    pub findings: Vec<Finding>,
    /// Demands of the scenario that no level is the subject of, which is a failure. Those that have one stand with their configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetVerdict>,
    /// What was run.
    pub scenario: ScenarioRecord,
    /// Where it was run.
    pub environment: Environment,
    /// Against what it was run.
    pub engine: Engine,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Results of earlier runners do not have the number, and are read all the same.
fn without_unknown(schema: &mut schemars::Schema) {
    let required = schema.get_mut("required").and_then(serde_json::Value::as_array_mut);
    if let Some(required) = required {
        required.retain(|name| name != "unknown");
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has not: this was saved between two levels.
    Running,
    /// All levels were run.
    Completed,
    /// The user or the system stopped it.
    Interrupted,
    /// The database could not go on.
    Failed,
}

/// One level: one number of workers in one workload of one case, with all of its iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = without_unknown)]
pub struct Configuration {
    /// Workers that worked at the same time, each with a connection of its own unless there is a `pool`.
    #[schemars(range(min = 1))]
    pub concurrency: u32,
    /// Operations that the level was to attempt, shared by all workers, over all iterations. Where it lasts for a time, those that it
    /// did attempt.
    pub total_writes: u64,
    /// The main figures; only for a workload that only writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Name of the workload.
    pub workload: String,
    /// Name of the variant; `base` is the scenario as it stands.
    pub variant: String,
    /// Values of the matrix, by key.
    pub parameters: IndexMap<String, serde_json::Value>,
    /// Settings in force that differ from those of the result's `engine`, by name; all of them where the engine is another one.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub settings: IndexMap<String, String>,
    /// What its process could use; absent where there was no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitFigures>,
    /// The engine and the way in which it holds the database, where they are not those of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<CaseEngine>,
    /// What an acknowledged write survives, where that differs from the result's `engine.durability`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    /// Operations that were attempted: `succeeded`, `overall.errors` and `unknown` together.
    pub attempted: u64,
    /// Operations that the database acknowledged.
    pub succeeded: u64,
    /// Operations whose answer was lost: all of each may stand, or nothing. They are neither acknowledged nor errors, and in no latency.
    #[serde(default)]
    pub unknown: u64,
    /// False when one of the iterations that were measured was cut short.
    pub complete: bool,
    /// From the common start of the workers to the last one's last operation, milliseconds; the sum over all iterations.
    pub duration_ms: f64,
    /// For a level that lasts for a time: whether it ended early, because the operations made for it were used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_up: Option<bool>,
    /// All operations together.
    pub overall: OperationFigures,
    /// Each operation of the workload by its name, in the order of the scenario.
    pub operations: IndexMap<String, OperationFigures>,
    /// Failures by operation and code.
    pub errors: Vec<ErrorFigures>,
    /// Lost answers by operation and code; absent where there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_outcomes: Vec<ErrorFigures>,
    /// One for each second since the start of the level, without gaps; iterations follow one another.
    pub time_series: Vec<SecondFigures>,
    /// How the work fell to the workers.
    pub workers: Workers,
    /// The slowest operations, slowest first.
    pub slowest: Vec<SlowOperation>,
    /// What was done before measuring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUpFigures>,
    /// For an open loop: what was asked for and what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<ArrivalFigures>,
    /// Where refused operations are repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<RetryFigures>,
    /// Where operations share transactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<BatchFigures>,
    /// Where workers share connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolFigures>,
    /// Where statements go through a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_cache: Option<StatementCacheFigures>,
    /// Where the latency went, as far as the engine tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<TimesFigures>,
    /// Checkpoints of the write-ahead log, where there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<CheckpointFigures>,
    /// What the process and the database used during the level; of several iterations, sums of what adds up and otherwise the most.
    pub resources: Resources,
    /// What the runner itself costs.
    pub floor: Floor,
    /// Whether what was acknowledged is there; of several iterations, the worst.
    pub verification: Verification,
    /// Whether these figures should be believed.
    pub validity: Validity,
    /// What the scenario demanded of these figures, and whether they met it. Empty for a level that was cut short.
    pub targets: Vec<TargetVerdict>,
    /// The repetitions that these figures were made from: latencies pooled, counts and durations added.
    pub iterations: Vec<Iteration>,
    /// Repetitions that ran to their end and lost nothing.
    #[serde(default)]
    pub iterations_succeeded: u64,
    /// Those that did not.
    #[serde(default)]
    pub iterations_failed: u64,
    /// Why they did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<IterationFailure>,
    /// Figures over the iterations that succeeded; absent for fewer than two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<Statistics>,
    /// Standard deviation of the iterations' throughput divided by its mean, as in `statistics`; absent for fewer than two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// Latencies of all acknowledged operations in nanoseconds: an HdrHistogram in the V2 compressed encoding, as base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
    /// Unit of the values in every histogram here: `ns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram_unit: Option<String>,
    /// Where tables are set up and torn down around every write: what that cost, which no latency contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<ResetFigures>,
}

/// The main figures of a level. Times are milliseconds of acknowledged writes, `null` where nothing was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metrics {
    /// Mean latency, milliseconds; exact.
    pub avg_write_time: Option<f64>,
    /// Least latency, milliseconds; exact.
    pub min_write_time: Option<f64>,
    /// Greatest latency, milliseconds; exact.
    pub max_write_time: Option<f64>,
    /// 95 % of the writes took at most this long, milliseconds; to three significant digits.
    pub p95: Option<f64>,
    /// 99 % of the writes took at most this long, milliseconds; to three significant digits.
    pub p99: Option<f64>,
    /// Acknowledged writes divided by the level's duration.
    pub writes_per_second: f64,
    /// Attempts that failed.
    pub error_count: u64,
    /// From the common start of the workers to the last one's last write, milliseconds.
    pub total_duration: f64,
}

/// Figures of one operation, or of all together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = without_unknown)]
pub struct OperationFigures {
    /// Acknowledged.
    pub count: u64,
    /// Failed attempts.
    pub errors: u64,
    /// Those whose answer was lost.
    #[serde(default)]
    pub unknown: u64,
    /// Acknowledged divided by attempted, 0 to 1; absent where none was attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// Acknowledged per second of the level.
    pub throughput: f64,
    /// Bytes of values written, or read, by acknowledged operations, per second of the level; absent where they are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<f64>,
    /// Latency of acknowledged operations: from the start to the end, in an open loop from the intended start (response time). In
    /// batches, the batch's latency divided by its operations. Absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<LatencyMs>,
    /// Service time of acknowledged operations, for an open loop: from the moment when they were sent. Measured for all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_ms: Option<LatencyMs>,
    /// Time that failed attempts took, waiting for locks included; absent where none was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_latency_ms: Option<LatencyMs>,
    /// Latencies of acknowledged operations, encoded like the level's `histogram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
}

/// A distribution of latencies in milliseconds. Average, extremes and deviation are exact, percentiles have three significant digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatencyMs {
    /// Mean.
    pub avg: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Standard deviation.
    pub stddev: f64,
    /// Median.
    pub p50: f64,
    /// 90 % took at most this long.
    pub p90: f64,
    /// 95 % took at most this long.
    pub p95: f64,
    /// 99 % took at most this long.
    pub p99: f64,
    /// 99.9 % took at most this long.
    pub p999: f64,
}

/// Failures, or lost answers, of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorFigures {
    /// The database's own name for it, such as `SQLITE_BUSY` or the SQLSTATE `40001`; `parent_missing` for a row that was not sent because the
    /// row it refers to was refused, or may not be there.
    pub code: String,
    /// Which operation.
    pub operation: String,
    /// How often.
    pub count: u64,
    /// The first one's words.
    pub sample: String,
}

/// One second of a level, by the end of the operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFigures {
    /// Seconds since the start, from 0.
    pub second: u64,
    /// Which iteration, from 1; absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iteration: Option<u32>,
    /// Acknowledged.
    pub operations: u64,
    /// Failed.
    pub errors: u64,
    /// Whose answer was lost; absent where there were none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
    /// Median latency in milliseconds; absent where nothing was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// 99th percentile in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// For an open loop: arrivals due and not started at the end of the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u64>,
    /// Part of the second that went into checkpoints, milliseconds; absent where the level had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_ms: Option<f64>,
}

/// What the runner itself costs: the same rows against an engine that does nothing, one worker, median.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    /// Nanoseconds per operation.
    pub ns_per_operation: u64,
    /// Operations per second at most: no figure above this could have been measured with one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations_per_second: Option<f64>,
}

/// What set-ups and tear-downs around single writes cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetFigures {
    /// All of them, summed over the workers, milliseconds.
    pub total_ms: f64,
    /// Per attempted write, milliseconds; absent where none was attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_ms: Option<f64>,
}
