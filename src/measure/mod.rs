//! What is measured while a level runs: samples, histograms, and what they come to.
//!
//! How a run is driven is left to `run`; what the figures mean to a reader, to `result`.

mod histogram;
mod recorder;
mod verification;

pub use histogram::{Latencies, Moments};
pub use recorder::{Merged, Notes, Recorder, Sample, TimeSeries, merge};
pub use verification::{
    IntegrityCheck, OrphanVerification, TableVerification, Verification, VerificationStatus,
};

/// What one level measured. Times are nanoseconds.
#[derive(Debug)]
pub struct LevelMeasurement {
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
    /// What the process used during the level.
    pub resources: ResourceMeasurement,
    /// The same tape against an engine that does nothing: nanoseconds per operation of one worker, median.
    pub floor_ns: u64,
    /// For a reset around every write: time of set-ups and tear-downs, summed over the workers.
    pub reset_ns: Option<u64>,
}

/// One operation of the plan within a level.
#[derive(Debug)]
pub struct OperationMeasurement {
    /// As in the plan.
    pub name: String,
    /// Latency of acknowledged operations.
    pub succeeded: Latencies,
    /// Latency of failed attempts; those never sent (`parent_missing`) have none.
    pub failed: Latencies,
    /// Failed attempts, those never sent included.
    pub errors: u64,
}

/// One second of a level, by the end of the operation.
#[derive(Clone, Debug, Default)]
pub struct SecondMeasurement {
    /// Acknowledged.
    pub operations: u64,
    /// Failed.
    pub errors: u64,
    /// Median latency of acknowledged operations; absent where there were none.
    pub p50_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
}

/// One worker within a level.
#[derive(Clone, Debug, Default)]
pub struct WorkerMeasurement {
    /// Operations it took, failed ones included.
    pub attempted: u64,
    /// Acknowledged.
    pub succeeded: u64,
    /// Its longest single operation, failed ones included.
    pub longest_ns: u64,
}

/// One of the slowest operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowOperation {
    /// Latency.
    pub latency_ns: u64,
    /// Which worker, from 0.
    pub worker: usize,
    /// Index into the plan's operations.
    pub operation: usize,
    /// Row of the dataset, from 1.
    pub row: u64,
    /// Seconds since the barrier at its end.
    pub second: u64,
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorMeasurement {
    /// Index into the plan's operations.
    pub operation: usize,
    /// The database's own name for it, or `parent_missing`.
    pub code: &'static str,
    /// How often.
    pub count: u64,
    /// The first one's words.
    pub sample: String,
}

/// What the process used between the start and the end of a level; absent where the system does not tell.
#[derive(Clone, Debug, Default)]
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
    pub other_load: Option<f64>,
    /// What the engine counted.
    pub engine: crate::engine::Counters,
}
