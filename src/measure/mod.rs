//! What is measured while a level runs: samples, histograms, and what they come to.
//!
//! A measurement can be stored and read again without losing a figure: it comes from another process, or from an earlier run.
//! How a run is driven is left to `run`; what the figures mean to a reader, to `result`.

mod histogram;
mod recorder;
mod series;
mod stored;
mod verification;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::profile::Profile;

pub use histogram::{Latencies, Moments};
pub use recorder::{Merged, Notes, Recorder, Sample, merge};
pub use series::TimeSeries;
pub use verification::{
    IntegrityCheck, OrphanVerification, TableVerification, Verification, VerificationStatus,
};

/// What one level measured. Times are nanoseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LevelMeasurement {
    /// Name of the workload.
    pub workload: String,
    /// Which repetition of the level, from 1.
    pub iteration: u32,
    /// Workers.
    pub concurrency: u32,
    /// Operations planned.
    pub planned: u64,
    /// From the barrier to the last worker's last operation.
    pub duration_ns: u64,
    /// False when the level was cut short.
    pub complete: bool,
    /// One for each operation of the plan, in its order.
    pub operations: Vec<OperationMeasurement>,
    /// One for each second since the barrier, without gaps.
    pub time_series: Vec<SecondMeasurement>,
    /// One for each worker.
    pub workers: Vec<WorkerMeasurement>,
    /// The ten slowest operations, slowest first.
    pub slowest: Vec<SlowOperation>,
    /// By operation and code.
    pub errors: Vec<ErrorMeasurement>,
    /// Operations whose answer was lost, by operation and code.
    #[serde(default)]
    pub unknown: Vec<ErrorMeasurement>,
    /// What the process used during the level.
    pub resources: ResourceMeasurement,
    /// The same tape against an engine that does nothing: nanoseconds per operation of one worker, median.
    pub floor_ns: u64,
    /// For a reset around every write: time of set-ups and tear-downs, summed over the workers.
    pub reset_ns: Option<u64>,
    /// What was done before measuring; nothing of it is in any other figure.
    pub warm_up: Option<WarmUpMeasurement>,
    /// Whether a level that lasts for a time ended early because its operations were used up.
    pub used_up: bool,
    /// For an open loop.
    pub arrivals: Option<ArrivalMeasurement>,
    /// Where operations are repeated when refused.
    pub retries: Option<RetryMeasurement>,
    /// Where operations share transactions.
    pub batches: Option<BatchMeasurement>,
    /// Where workers share connections.
    pub pool: Option<PoolMeasurement>,
    /// Where the latency of acknowledged operations went, as far as the engine tells.
    pub times: Option<TimesMeasurement>,
    /// Checkpoints of the write-ahead log during the level.
    pub checkpoints: Vec<CheckpointMeasurement>,
    /// Where processor time went, if a profiler ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

/// What was done before measuring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmUpMeasurement {
    /// Operations, failed ones and those whose answer was lost included.
    pub attempted: u64,
    /// Acknowledged.
    pub succeeded: u64,
    /// From the barrier to its end.
    pub duration_ns: u64,
}

/// An open loop.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ArrivalMeasurement {
    /// Arrivals whose time came before the level ended.
    pub due: u64,
    /// Of those, never started.
    pub not_started: u64,
    /// Most arrivals that were due and not started, at the end of any second.
    pub backlog_max: u64,
    /// Arrivals due and not started at the end of each second.
    pub backlog: Vec<u64>,
    /// From the moment an acknowledged operation was sent, waiting for a connection and retries included, to its end; `succeeded` has it from its
    /// intended start.
    pub service: Latencies,
}

/// Repeating refused operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryMeasurement {
    /// Attempts beyond the first; a batch is repeated as a whole and counts as one.
    pub attempts: u64,
    /// Operations acknowledged after at least one.
    pub succeeded: u64,
    /// Operations given up after the last.
    pub gave_up: u64,
    /// Time between attempts, nanoseconds, summed over the workers.
    pub delay_ns: u64,
}

/// Operations in shared transactions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BatchMeasurement {
    /// Of whole batches acknowledged; operations themselves have an equal share of their batch's.
    pub latencies: Latencies,
    /// Batches refused.
    pub failed: u64,
    /// Batches whose answer was lost.
    #[serde(default)]
    pub unknown: u64,
    /// Smallest batch sent, in operations.
    pub size_min: u64,
    /// Largest batch sent.
    pub size_max: u64,
    /// For an adaptive size, what each worker had come to at the end.
    pub settled: Vec<u64>,
}

/// Connections shared by the workers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PoolMeasurement {
    /// From asking for a connection to having it.
    pub checkouts: Latencies,
    /// Operations that got none in time.
    pub timeouts: u64,
    /// Connections opened, those before the level included.
    pub opened: u64,
    /// Connections closed before the end of the level.
    pub closed: u64,
    /// Most connections open at once.
    pub open_max: u64,
    /// Connections that could not be opened.
    pub failed: u64,
}

/// Where the latency of acknowledged operations went; the three add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimesMeasurement {
    /// Operations that were looked at.
    pub operations: u64,
    /// Waiting for locks, nanoseconds over all of them.
    pub waiting_ns: u64,
    /// Executing statements.
    pub executing_ns: u64,
    /// Making changes durable.
    pub committing_ns: u64,
}

/// One checkpoint of a write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointMeasurement {
    /// When it began, nanoseconds since the start of measuring.
    pub start_ns: u64,
    /// How long it took.
    pub duration_ns: u64,
    /// Pages carried over into the database.
    pub pages: u64,
}

/// One operation of the plan within a level.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OperationMeasurement {
    /// As in the plan.
    pub name: String,
    /// Latency of acknowledged operations: from the start, in an open loop from the intended start.
    pub succeeded: Latencies,
    /// Latency of failed attempts; those never sent (`parent_missing`) have none.
    pub failed: Latencies,
    /// Failed attempts, those never sent included.
    pub errors: u64,
    /// Those whose answer was lost: neither acknowledged nor failed, and in no latency.
    #[serde(default)]
    pub unknown: u64,
    /// Bytes of values written, or read, by acknowledged operations; 0 where they are not counted.
    pub payload_bytes: u64,
}

/// One second of a level, by the end of the operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SecondMeasurement {
    /// Acknowledged.
    pub operations: u64,
    /// Failed.
    pub errors: u64,
    /// Of unknown outcome, by the moment when the answer was known to be lost.
    #[serde(default)]
    pub unknown: u64,
    /// Median latency of acknowledged operations; absent where there were none.
    pub p50_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
}

/// One worker within a level.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WorkerMeasurement {
    /// Operations it took, failed ones and those whose answer was lost included.
    pub attempted: u64,
    /// Acknowledged.
    pub succeeded: u64,
    /// Its longest single operation, failed ones included.
    pub longest_ns: u64,
}

/// One of the slowest operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowOperation {
    /// Latency.
    pub latency_ns: u64,
    /// Which worker, from 0.
    pub worker: usize,
    /// Index into the plan's operations.
    pub operation: usize,
    /// Row of the dataset, or ordinal of the operation, from 1.
    pub row: u64,
    /// Seconds since the barrier at its end.
    pub second: u64,
}

/// Failures, or lost answers, of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorMeasurement {
    /// Index into the plan's operations.
    pub operation: usize,
    /// The database's own name for it, or `parent_missing`.
    pub code: Cow<'static, str>,
    /// How often.
    pub count: u64,
    /// The first one's words.
    pub sample: String,
}

/// What the process used between the start and the end of a level; absent where the system does not tell.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ResourceMeasurement {
    /// CPU time in user mode, nanoseconds.
    pub user_cpu_ns: Option<u64>,
    /// CPU time in the kernel, nanoseconds.
    pub system_cpu_ns: Option<u64>,
    /// Peak resident memory of the process so far, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Bytes that reached the storage layer for reading.
    pub read_bytes: Option<u64>,
    /// Bytes that reached the storage layer for writing.
    pub written_bytes: Option<u64>,
    /// Load of the machine at the start that is not this process: runnable tasks.
    #[serde(with = "stored::exact")]
    pub other_load: Option<f64>,
    /// What the engine counted.
    pub engine: crate::engine::Counters,
    /// How long the engine went on after the level with what it had acknowledged; absent where it says nothing of it.
    #[serde(default)]
    pub drain_ns: Option<u64>,
}
