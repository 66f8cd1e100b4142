//! What is run together: which operations, by whom, how much, how fast.

use std::sync::Arc;

use crate::dataset::Dataset;
use crate::scenario::Reset;

/// A workload: each of its levels starts from the same fresh state.
#[derive(Clone, Debug)]
pub struct Workload {
    /// As the scenario spells it; the scenario's `test` where it has no `[workloads]`.
    pub name: String,
    /// Who works on what. One crew of all workers, or one for each role.
    pub crews: Vec<Crew>,
    /// How much work a level is.
    pub extent: Extent,
    /// One level each, in this order. With roles, the sum of their workers.
    pub concurrency: Vec<u32>,
    /// Repetitions of each level.
    pub iterations: u32,
    /// What is done before measuring, with the operations and rows of the workload itself.
    pub warm_up: WarmUp,
    /// When tables are dropped and made anew.
    pub reset: Reset,
    /// How fast operations come.
    pub load: Load,
    /// What happens to refused operations.
    pub retry: Option<Retry>,
    /// How many operations share a transaction.
    pub batch: Option<Batch>,
    /// Connections that the workers share, instead of one each.
    pub pool: Option<Pool>,
    /// Nothing but inserts of the dataset's rows.
    pub only_inserts: bool,
}

/// Workers with one tape between them.
#[derive(Clone, Debug)]
pub struct Crew {
    /// The role, which is the name of its operation; absent for the one crew of a mix.
    pub role: Option<String>,
    /// Workers of a role; absent where the level says how many.
    pub workers: Option<u32>,
    /// Rows and operations in their order.
    pub dataset: Arc<Dataset>,
    /// How often each operation of the plan comes in one part, by its index.
    pub counts: Vec<u64>,
}

impl Workload {
    /// Whether every operation of it writes.
    pub fn only_writes(&self, operations: &[super::Operation]) -> bool {
        let comes = |index: usize| self.crews.iter().any(|crew| crew.counts[index] > 0);
        operations.iter().enumerate().all(|(index, operation)| operation.writes() || !comes(index))
    }

    /// Operations of a level, warm-up left out; the most that there can be where it lasts for a time.
    pub fn planned(&self) -> u64 {
        match self.extent {
            Extent::Total(total) => total,
            Extent::Time { at_most, .. } => at_most,
        }
    }
}

/// How much work a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// So many operations.
    Total(u64),
    /// For a time.
    Time {
        /// Nanoseconds from the end of the warm-up.
        duration_ns: u64,
        /// Operations on the tape, of each crew; a level that uses them up ends early.
        at_most: u64,
    },
}

/// What is done before measuring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUp {
    /// Nothing.
    #[default]
    None,
    /// So many operations.
    Operations(u64),
    /// For so many nanoseconds.
    Time {
        /// Nanoseconds from the barrier.
        duration_ns: u64,
        /// Operations on the tape for it.
        at_most: u64,
    },
}

impl WarmUp {
    /// Operations that the tape holds for it.
    pub fn at_most(self) -> u64 {
        match self {
            WarmUp::None => 0,
            WarmUp::Operations(count) => count,
            WarmUp::Time { at_most, .. } => at_most,
        }
    }
}

/// How fast operations come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load {
    /// Closed loop: each worker starts its next operation when the last one has ended.
    #[default]
    Closed,
    /// Open loop: operations start at their own times, whatever became of earlier ones.
    Open {
        /// How arrivals are spread.
        arrivals: Arrivals,
        /// At least one, one after the other; the last one goes on until the level ends.
        stages: Vec<Stage>,
    },
}

/// How the arrivals of an open loop are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// At equal distances.
    #[default]
    Constant,
    /// Independent of each other: exponential distances.
    Poisson,
}

/// A stretch of one arrival rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Arrivals per second, above 0.
    pub rate: f64,
    /// How long; the last stage of a workload with a total has no end.
    pub duration_ns: Option<u64>,
}

/// Repeating refused operations.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Before the second attempt.
    pub base_delay_ns: u64,
    /// From one delay to the next.
    pub factor: f64,
    /// No delay is longer.
    pub max_delay_ns: u64,
    /// Each delay is drawn evenly from zero to its length.
    pub jitter: bool,
    /// Beginnings of the codes that are retried, such as `SQLITE_BUSY`.
    pub on: Vec<String>,
}

/// Operations that share a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// How their statements are sent.
    pub mode: BatchMode,
    /// How many there are.
    pub size: BatchSize,
}

/// How the statements of a batch are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchMode {
    /// One after the other in one transaction.
    #[default]
    Transaction,
    /// One INSERT for all rows of a table.
    MultiRow,
}

/// How many operations a batch has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BatchSize {
    /// Always as many.
    Fixed(u64),
    /// Follows the success of earlier batches of the same worker.
    Adaptive {
        /// At least so many.
        min: u64,
        /// At most so many; the first batch has as many.
        max: u64,
        /// Share of operations acknowledged below which batches shrink, 0 to 1.
        success: f64,
    },
}

/// Connections that the workers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Opened before the level.
    pub initial: u32,
    /// At most so many at once.
    pub max: u32,
    /// More idle ones are closed.
    pub max_idle: u32,
    /// How long an operation waits for a connection before it fails with [`POOL_TIMEOUT`].
    pub checkout_timeout_ns: u64,
}

/// Code of an operation that got no connection in time.
pub const POOL_TIMEOUT: &str = "pool_timeout";
