//! The serde types of who did the work and what it took: workers, slowest operations, resources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the work fell to the workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workers {
    /// How many there were.
    pub count: u32,
    /// The one with the fewest acknowledged operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fewest: Option<WorkerShare>,
    /// The one with the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<WorkerShare>,
    /// Longest single operation of any worker, failed ones included, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_wait_ms: Option<f64>,
    /// Each worker.
    pub list: Vec<WorkerFigures>,
}

/// What one worker got acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerShare {
    /// Which worker, from 0.
    pub worker: u32,
    /// Operations that were acknowledged to it.
    pub acknowledged: u64,
}

/// One worker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerFigures {
    /// Which worker, from 0.
    pub worker: u32,
    /// Operations that it attempted, failed ones and those whose answer was lost included.
    pub attempted: u64,
    /// Operations that were acknowledged to it.
    pub succeeded: u64,
    /// Its longest single operation, failed ones included, milliseconds.
    pub longest_ms: f64,
}

/// One of the slowest operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SlowOperation {
    /// How long it took, milliseconds.
    pub latency_ms: f64,
    /// Which worker, from 0.
    pub worker: u32,
    /// Which operation.
    pub operation: String,
    /// Row of the dataset, or ordinal of the operation, from 1.
    pub row: u64,
    /// Second of `timeSeries` in which it ended.
    pub second: u64,
}

/// What the process and the database used during a level; absent where it could not be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// Processor time in user mode, milliseconds, all threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_cpu_ms: Option<f64>,
    /// Processor time in the kernel, milliseconds, all threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_cpu_ms: Option<f64>,
    /// Most memory that the process has had resident so far, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Bytes fetched from the storage layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Bytes sent to the storage layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<u64>,
    /// Runnable tasks of other processes when the level started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_load: Option<f64>,
    /// Size of the database at the end of the level, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_bytes: Option<u64>,
    /// Size of the write-ahead log at the end of the level; of a server, what was written to it during the level. Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_bytes: Option<u64>,
    /// Pages found in the page cache, all connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_hits: Option<u64>,
    /// Pages not found in the page cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_misses: Option<u64>,
    /// Pages written by the page cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_writes: Option<u64>,
    /// Pages written before commit because the cache was full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_spills: Option<u64>,
    /// Checkpoints of the write-ahead log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<u64>,
    /// Times that a file or a folder was synced, all connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syncs: Option<u64>,
    /// What a write buffer did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<BufferFigures>,
}

/// What a write buffer did during a level; of several iterations, sums of what adds up and otherwise the extremes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BufferFigures {
    /// Active tables that became immutable: full, too old, or at the end of the level.
    pub rotations: u64,
    /// Of them, because they were too old.
    pub timed_rotations: u64,
    /// Immutable tables that were flushed.
    pub flushes: u64,
    /// Rows and tombstones that were flushed.
    pub flushed_rows: u64,
    /// How long a flush took; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flush_ms: Option<FlushMs>,
    /// Writes that waited for a flush.
    pub waits: u64,
    /// Time that they waited, milliseconds, summed over the workers.
    pub wait_ms: f64,
    /// Most acknowledged writes that were in memory alone at once: what a crash of the process would have lost.
    pub at_risk_max: u64,
    /// What that can never exceed.
    pub at_risk_limit: u64,
    /// How long flushing what was left took after the level, milliseconds; no other time has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<f64>,
}

/// How long flushes took, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlushMs {
    /// Mean.
    pub avg: f64,
    /// Least since the tables were made.
    pub min: f64,
    /// Greatest since the tables were made.
    pub max: f64,
}
