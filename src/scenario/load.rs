//! The keys that say how much is done, by how many, and how fast. They stand at the top of a file and in each workload alike.
//!
//! Which of them go together is left to `plan`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::Reset;
use crate::units::{Duration, Rate};

/// Makes a struct with the keys of a load between its own, and a view of these keys.
macro_rules! with_load {
    ($(#[$attribute:meta])* pub struct $name:ident { $($before:tt)* } { $($after:tt)* }) => {
        $(#[$attribute])*
        pub struct $name {
            $($before)*
            /// Writes per level, shared by all its workers. Operations, in a scenario that does more than write. Required, unless `duration` or
            /// `stages` stands instead, or all workloads say it.
            #[schemars(range(min = 1, max = 1_000_000_000_000u64))]
            #[schemars(extend("examples" = [100_000]))]
            pub total_writes: Option<u64>,
            /// The other name of `total_writes`.
            #[schemars(range(min = 1, max = 1_000_000_000_000u64))]
            #[schemars(extend("examples" = [100_000]))]
            pub total: Option<u64>,
            /// How long each level lasts, instead of a total. Not with `reset = "scenario"`; several iterations need `reset = "iteration"`.
            #[schemars(extend("examples" = ["30s"]))]
            pub duration: Option<$crate::units::Duration>,
            /// Levels: how many workers write at once, one level after the other. At least one, none twice. Required, unless all workloads say
            /// it.
            #[schemars(length(min = 1), inner(range(min = 1, max = 1024)))]
            #[schemars(extend("examples" = [[1, 8, 64]]))]
            pub concurrency: Option<Vec<u32>>,
            /// How often each level is repeated. With `reset = "level"`, each goes on at the next rows.
            #[schemars(range(min = 1, max = 10_000), extend("default" = 1))]
            pub iterations: Option<u32>,
            /// When tables are dropped and made anew: once, before every level, before every repetition of a level, or around every single write.
            /// `"write"` must hold for all workloads or for none.
            #[schemars(extend("default" = "level"))]
            pub reset: Option<$crate::scenario::Reset>,
            /// How long the same work is done before anything is measured.
            #[schemars(extend("examples" = ["2s"]))]
            pub warmup: Option<$crate::units::Duration>,
            /// Operations that are done before anything is measured, instead of `warmup`.
            #[schemars(range(min = 1, max = 1_000_000_000_000u64))]
            #[schemars(extend("examples" = [1000]))]
            pub warmup_operations: Option<u64>,
            /// Open loop: operations start at their own times, whatever became of earlier ones. Latency then counts from the intended start. Not
            /// with batches or roles.
            #[schemars(extend("examples" = ["2000/s"]))]
            pub rate: Option<$crate::units::Rate>,
            /// How the starts of a rate are spread: at equal distances, or independent of each other.
            #[schemars(extend("default" = "constant"))]
            pub arrivals: Option<$crate::scenario::ArrivalsKey>,
            /// Rates one after the other, instead of one `rate`. If the last one has a duration too, they say how long a level lasts.
            #[schemars(length(min = 1))]
            #[schemars(extend("examples" = [[{ "rate": "500/s", "duration": "10s" }]]))]
            pub stages: Option<Vec<$crate::scenario::StageSection>>,
            /// Operations that are made ready for a duration. A level that uses them up ends early, and its result says so. Without it, what the
            /// rate needs; else 50,000 for each second, at most 5,000,000.
            #[schemars(range(min = 1, max = 1_000_000_000_000u64))]
            #[schemars(extend("examples" = [1_000_000]))]
            pub max_operations: Option<u64>,
            /// How a batch is sent: statement by statement in one transaction, or, for inserts alone, as one INSERT for all rows of a table.
            #[schemars(extend("default" = "transaction"))]
            pub batch_mode: Option<$crate::scenario::BatchModeKey>,
            /// Operations that share a transaction. They can have no `transaction` of their own.
            #[schemars(range(min = 1, max = 1_000_000))]
            #[schemars(extend("examples" = [1000]))]
            pub batch_size: Option<u64>,
            /// Least size of a batch that follows its success, instead of `batch_size`. 1 where only `batch_max` is given.
            #[schemars(range(min = 1, max = 1_000_000))]
            #[schemars(extend("examples" = [10]))]
            pub batch_min: Option<u64>,
            /// Greatest size of a batch that follows its success; the first one has it.
            #[schemars(range(min = 1, max = 1_000_000))]
            #[schemars(extend("examples" = [1000]))]
            pub batch_max: Option<u64>,
            /// Share of operations acknowledged below which a worker halves its batches; else they grow by a quarter.
            #[schemars(range(min = 0, max = 1), extend("default" = 0.95))]
            pub batch_success: Option<f64>,
            /// What happens to refused operations. They are tried again if the section stands in the file, even if it is empty. Latency counts from
            /// the first attempt.
            #[schemars(extend("examples" = [{ "attempts": 3 }]))]
            pub retry: Option<$crate::scenario::RetrySection>,
            /// Connections that the workers share, instead of one each. A database in memory is then shared, too.
            #[schemars(extend("examples" = [{ "max": 50 }]))]
            pub pool: Option<$crate::scenario::PoolSection>,
            $($after)*
        }

        impl $name {
            /// The keys that say how much is done, by how many, and how fast.
            pub fn load(&self) -> $crate::scenario::LoadKeys<'_> {
                $crate::scenario::LoadKeys {
                    total_writes: self.total_writes,
                    total: self.total,
                    duration: self.duration,
                    concurrency: self.concurrency.as_deref(),
                    iterations: self.iterations,
                    reset: self.reset,
                    warmup: self.warmup,
                    warmup_operations: self.warmup_operations,
                    rate: self.rate,
                    arrivals: self.arrivals,
                    stages: self.stages.as_deref(),
                    max_operations: self.max_operations,
                    batch_mode: self.batch_mode,
                    batch_size: self.batch_size,
                    batch_min: self.batch_min,
                    batch_max: self.batch_max,
                    batch_success: self.batch_success,
                    retry: self.retry.as_ref(),
                    pool: self.pool.as_ref(),
                }
            }
        }
    };
}
pub(super) use with_load;

/// How much is done, by how many, and how fast, as far as one section says.
#[derive(Clone, Copy, Debug, Default)]
#[expect(missing_docs, reason = "each is described where the file's keys are, in `with_load`")]
pub struct LoadKeys<'a> {
    pub total_writes: Option<u64>,
    pub total: Option<u64>,
    pub duration: Option<Duration>,
    pub concurrency: Option<&'a [u32]>,
    pub iterations: Option<u32>,
    pub reset: Option<Reset>,
    pub warmup: Option<Duration>,
    pub warmup_operations: Option<u64>,
    pub rate: Option<Rate>,
    pub arrivals: Option<ArrivalsKey>,
    pub stages: Option<&'a [StageSection]>,
    pub max_operations: Option<u64>,
    pub batch_mode: Option<BatchModeKey>,
    pub batch_size: Option<u64>,
    pub batch_min: Option<u64>,
    pub batch_max: Option<u64>,
    pub batch_success: Option<f64>,
    pub retry: Option<&'a RetrySection>,
    pub pool: Option<&'a PoolSection>,
}

/// How the arrivals of a rate are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalsKey {
    /// At equal distances.
    #[default]
    Constant,
    /// Independent of each other.
    Poisson,
}

/// How the statements of a batch are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchModeKey {
    /// One after the other in one transaction.
    #[default]
    Transaction,
    /// One INSERT for all rows of a table.
    MultiRow,
}

/// One stage: `{ rate = "500/s", duration = "10s" }`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageSection {
    /// Arrivals in this stage.
    #[schemars(extend("examples" = ["500/s"]))]
    pub rate: Rate,
    /// How long. Only the last stage can do without, if there is a total or a duration: it goes on to the end of the level.
    #[schemars(extend("examples" = ["10s"]))]
    pub duration: Option<Duration>,
}

/// `[retry]`: what happens to refused operations.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrySection {
    /// Attempts in all, the first one included.
    #[serde(default = "attempts")]
    #[schemars(range(min = 1, max = 1000))]
    pub attempts: u32,
    /// Wait before the second attempt.
    #[serde(default = "base_delay")]
    pub base_delay: Duration,
    /// How much longer each wait is than the last one.
    #[serde(default = "factor")]
    #[schemars(range(min = 1, max = 1000))]
    pub factor: f64,
    /// No wait is longer.
    #[serde(default = "max_delay")]
    pub max_delay: Duration,
    /// Whether each wait is drawn evenly from zero to its length.
    #[serde(default = "yes")]
    pub jitter: bool,
    /// What is tried again: `"busy"`, `"locked"`, `"constraint"`, `"pool_timeout"`, on a server `"serialization"`, `"deadlock"` and `"connection"`, or
    /// a code of the database such as `"SQLITE_BUSY_SNAPSHOT"` or `"40001"`. Without it, `"busy"` and `"locked"`; on a server, `"serialization"` and
    /// `"deadlock"`.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["busy", "locked"]]))]
    pub on: Option<Vec<String>>,
}

/// `[pool]`: connections that the workers share.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolSection {
    /// Connections that are opened before a level, from 0 to `max`.
    #[schemars(range(max = 1024), extend("default" = 1))]
    pub initial: Option<u32>,
    /// At most so many at once.
    #[schemars(range(min = 1, max = 1024))]
    #[schemars(extend("examples" = [50]))]
    pub max: u32,
    /// More idle ones are closed. From 0 to `max`, which it is where it is not given.
    #[schemars(range(max = 1024))]
    #[schemars(extend("examples" = [25]))]
    pub max_idle: Option<u32>,
    /// How long an operation waits for a connection before it fails as `pool_timeout`.
    #[serde(default = "checkout_timeout")]
    pub checkout_timeout: Duration,
}

fn attempts() -> u32 {
    3
}

fn base_delay() -> Duration {
    Duration::from_millis(5)
}

fn factor() -> f64 {
    2.0
}

fn max_delay() -> Duration {
    Duration::from_millis(1_000)
}

fn yes() -> bool {
    true
}

fn checkout_timeout() -> Duration {
    Duration::from_millis(30_000)
}
