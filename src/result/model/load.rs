//! What a configuration holds beyond the plain figures: warm-up, open loop, retries, batches, pool, statement cache, times, checkpoints.
//!
//! Each is absent where the workload does not have it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LatencyMs;

/// What was done before measuring; nothing of it is in any other figure. Summed over the iterations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WarmUpFigures {
    /// Operations, failed ones included.
    pub attempted: u64,
    /// Operations that the database acknowledged.
    pub succeeded: u64,
    /// How long it took, milliseconds.
    pub duration_ms: f64,
}

/// An open loop: operations that start at their own times, whatever became of earlier ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArrivalFigures {
    /// Arrivals per second that the scenario asks for; over several stages, their mean by time.
    pub asked_rate: f64,
    /// Operations per second that came to an end, failed ones included.
    pub achieved_rate: f64,
    /// Arrivals whose time came before the level ended.
    pub due: u64,
    /// Of those, never started.
    pub not_started: u64,
    /// Most arrivals that were due and not started, at the end of any second.
    pub backlog_max: u64,
    /// Service times of all acknowledged operations, encoded like the level's `histogram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_histogram: Option<String>,
}

/// Repeating refused operations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryFigures {
    /// Attempts beyond the first.
    pub attempts: u64,
    /// Operations acknowledged after at least one of them.
    pub succeeded: u64,
    /// Operations given up after the last one; they count as errors.
    pub gave_up: u64,
    /// Time between attempts, milliseconds, summed over the workers.
    pub delay_ms: f64,
}

/// Operations that share transactions. `latencyMs` of the operations is then an equal part of their batch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchFigures {
    /// Batches that the database acknowledged.
    pub count: u64,
    /// Batches that it refused; all of their operations count as errors.
    pub failed: u64,
    /// Batches whose answer was lost; that of all of their operations was.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub unknown: u64,
    /// Latency of whole batches acknowledged; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<LatencyMs>,
    /// Smallest batch sent, in operations. The last one of a level may be a rest.
    pub size_min: u64,
    /// Largest batch sent.
    pub size_max: u64,
    /// For an adaptive size, the least that the scenario allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_min: Option<u64>,
    /// For an adaptive size, the most that the scenario allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_max: Option<u64>,
    /// For an adaptive size, what each worker had come to at the end of the last iteration; otherwise empty.
    pub settled_sizes: Vec<u64>,
    /// Latencies of whole batches, encoded like the level's `histogram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
}

/// Connections that the workers share. Over time, operations that got none are among the errors of `timeSeries`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolFigures {
    /// From asking for a connection to having it; absent where none was given out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout_ms: Option<LatencyMs>,
    /// Connections given out.
    pub checkouts: u64,
    /// Operations that got none in time; they count as errors with the code `pool_timeout`.
    pub timeouts: u64,
    /// Connections opened, those before the level included.
    pub opened: u64,
    /// Connections closed before the end of the level.
    pub closed: u64,
    /// Most connections open at once.
    pub open_max: u64,
    /// Connections that could not be opened.
    pub failed: u64,
    /// Waits for a connection, encoded like the level's `histogram`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
}

/// Prepared statements that connections keep for later.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementCacheFigures {
    /// Statements found.
    pub hits: u64,
    /// Statements that had to be prepared.
    pub misses: u64,
    /// Hits divided by both, 0 to 1.
    pub hit_rate: f64,
}

/// Where the latency of acknowledged operations went. The three add up to it, and their shares to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimesFigures {
    /// Operations that were looked at: all of them, or a regular sample.
    pub operations: u64,
    /// Waiting for locks, milliseconds over all that were looked at.
    pub waiting_ms: f64,
    /// Executing statements, milliseconds.
    pub executing_ms: f64,
    /// Making changes durable, milliseconds.
    pub committing_ms: f64,
    /// Part of the latency that was waiting, 0 to 1.
    pub waiting_share: f64,
    /// Part of the latency that was executing, 0 to 1.
    pub executing_share: f64,
    /// Part of the latency that was committing, 0 to 1.
    pub committing_share: f64,
}

/// Checkpoints of the write-ahead log during the level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointFigures {
    /// How many there were.
    pub count: u64,
    /// Pages carried over into the database, all together.
    pub pages: u64,
    /// Time of all of them, milliseconds.
    pub total_ms: f64,
    /// Time of the longest, milliseconds.
    pub longest_ms: f64,
    /// Their time divided by the level's duration.
    pub share: f64,
    /// Each one in the order of its start; of more than 1,000, the longest.
    pub list: Vec<Checkpoint>,
}

/// One checkpoint of a write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// When it began, milliseconds on the clock of `timeSeries`.
    pub start_ms: f64,
    /// How long it took, milliseconds.
    pub duration_ms: f64,
    /// Pages carried over into the database.
    pub pages: u64,
}
