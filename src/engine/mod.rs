//! What a database has to do for a run: two traits, and the engines that do it.
//!
//! An engine owns the database (making, marking, resetting, removing, checking); a session belongs to one worker and executes operations with
//! values from the tape. When and how often is left to `run`.

mod counters;
mod met;
mod multi_row;
pub mod null;
pub mod postgres;
pub mod scripted;
mod slots;
pub mod sqlite;
mod steps;
#[cfg(feature = "turso")]
pub mod turso;

use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Ticks;
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

pub use counters::{BufferCounters, Counters};

/// Environment variable by which tests delay the operations of a variant: `VARIANT:PERCENT`. It stands among the settings of a database that
/// was opened with it, as `test_delay`, and makes a result worthless.
pub const TEST_DELAY_VARIABLE: &str = "RUNNER_TEST_DELAY_PERCENT";
/// Its name among the settings.
pub const TEST_DELAY: &str = "test_delay";

/// A database, for the length of a scenario.
pub trait Engine {
    /// Drops what the last level left and makes the tables anew, in the same physical state each time.
    fn reset(&mut self) -> Result<(), EngineError>;

    /// Keeps the database as it is, to [begin from](Engine::begin_from) again, with a note. Called when no session is open. Says whether it did:
    /// an engine may have no place for it.
    fn keep(&mut self, _name: &str, _note: &[u8]) -> Result<bool, EngineError> {
        Ok(false)
    }

    /// Takes the database to the state that was kept under a name, in place of a reset, and gives the note back. Nothing happens where none was.
    fn begin_from(&mut self, _name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(None)
    }

    /// What loads many rows faster than a session's INSERTs, into tables just made; nothing where there is no such way.
    fn loader(&mut self) -> Result<Option<Box<dyn Loader + '_>>, EngineError> {
        Ok(None)
    }

    /// Finishes what is still going on behind acknowledged operations. Called at the end of each level, when no session is working; its time is not
    /// the level's.
    fn drain(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Makes the system let go of what it caches of the database, so that it is read from the disk again. Called when no session is open.
    fn drop_caches(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    /// A session with every setting applied and read back, and every operation prepared. `worker` counts from 0.
    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError>;

    /// What opens further sessions while workers are at work: for a pool that grows.
    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError>;

    /// What the database says of itself; measured once, before the first level.
    fn facts(&self) -> Facts;

    /// Sizes and counters now. Called between levels, when no session is working.
    fn counters(&mut self) -> Result<Counters, EngineError>;

    /// Checkpoints since the last call, in the order of their start.
    fn take_checkpoints(&mut self) -> Vec<Checkpoint>;

    /// For looking at what was written, when no session is working.
    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError>;

    /// Removes all that the engine made, unless it is to be kept.
    fn tear_down(&mut self, keep: bool) -> Result<(), EngineError>;
}

/// Opens sessions from any thread.
pub trait Connector: Send + Sync {
    /// As [`Engine::open_session`].
    fn connect(&self, number: usize) -> Result<Box<dyn Session>, EngineError>;
}

/// Takes rows of the dataset, parents before children, in any mixture of tables.
pub trait Loader {
    /// Takes a row of a table; `values` stands at its first value. It may be written only later.
    fn row(&mut self, table: usize, values: Decoder<'_>) -> Result<(), EngineError>;
    /// Writes what is left, and makes all of it durable and visible.
    fn finish(&mut self) -> Result<(), EngineError>;
}

/// One worker's connection.
pub trait Session: Send {
    /// Executes one operation, in its own transaction where it has one; `values` stands at its first value. This is the timed region.
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome;

    /// Begins a transaction around several operations.
    fn begin(&mut self, mode: Transaction) -> Outcome;

    /// Ends it. One that is refused is still open.
    fn commit(&mut self) -> Outcome;

    /// Undoes it. Without one that is open, it does nothing.
    fn roll_back(&mut self);

    /// Makes ready for [`Session::insert_rows`] with so many rows. Outside of the timed region.
    fn prepare_rows(&mut self, operation: usize, rows: usize) -> Result<(), EngineError>;

    /// Executes one INSERT of many rows, each standing at its first value; prepared before.
    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome;

    /// Where the time of the operations since the last call went; nothing where it was not taken. To be called after each operation, or batch,
    /// outside of the timed region: an engine may decide here whether it looks at the next.
    fn take_times(&mut self) -> Option<Times>;

    /// Bytes of texts and blobs that the operations since the last call wrote, or read, where the plan has them counted.
    fn take_payload_bytes(&mut self) -> u64 {
        0
    }

    /// Makes the tables in this session's own database. Only for a reset around every write.
    fn set_up(&mut self) -> Result<(), EngineError>;

    /// Compares a row with what is stored. Only for a reset around every write.
    fn look_up(&mut self, table: usize, row: &[Value]) -> Result<Lookup, EngineError>;

    /// Drops the tables of this session's own database. Only for a reset around every write.
    fn drop_tables(&mut self) -> Result<(), EngineError>;
}

/// Reads back what was written.
pub trait Inspector {
    /// Rows in a table.
    fn count(&mut self, table: usize) -> Result<u64, EngineError>;
    /// Compares a row of the dataset with what is stored under its key, or as a whole where the table has no key. Columns (by their place in
    /// the row) that are `ignored` may hold anything; none of them is part of the key.
    fn look_up(&mut self, table: usize, row: &[Value], ignored: &[usize]) -> Result<Lookup, EngineError>;
    /// As [`Inspector::look_up`] for many rows of one table; the answers come in their order. An engine far away asks them in one request.
    fn look_up_many(
        &mut self,
        table: usize,
        rows: &[Vec<Value>],
        ignored: &[usize],
    ) -> Result<Vec<Lookup>, EngineError> {
        rows.iter().map(|row| self.look_up(table, row, ignored)).collect()
    }
    /// Calls `visit` with the key columns of every stored row (all dataset columns where the table has no key) until it returns false.
    fn keys(&mut self, table: usize, visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError>;
    /// What the database's own integrity check finds; empty when all is well, absent where it has none. `quick` leaves out the comparison of
    /// indexes with tables.
    fn integrity(&mut self, quick: bool) -> Result<Option<Vec<String>>, EngineError>;
    /// Rows whose parent is missing, per table, and whether the database enforces foreign keys.
    fn orphans(&mut self) -> Result<Orphans, EngineError>;
}

/// The answer of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// Stored as made.
    Same,
    /// There, with another value.
    Different {
        /// Name of the first column that differs.
        column: String,
        /// What is stored there.
        stored: Value,
    },
    /// Not there.
    Missing,
    /// It was let go on purpose, and only counted.
    NotKept,
}

/// Rows without their parents.
#[derive(Clone, Debug, Default)]
pub struct Orphans {
    /// Rows that `foreign_key_check` reports, each violated reference counted once; one entry per table.
    pub per_table: Vec<u64>,
    /// Whether foreign keys are on.
    pub enforced: bool,
}

/// What became of one operation.
#[derive(Debug)]
pub enum Outcome {
    /// The database acknowledged it and says how many rows it changed.
    Done {
        /// Rows changed.
        changes: u64,
    },
    /// It was carried out to its last statement and stands, but did not come to what was expected: an error. One that ends at an earlier
    /// statement is refused, or torn.
    Unexpected {
        /// Rows changed.
        changes: u64,
        /// What was expected, and what came.
        failure: Failure,
    },
    /// The database refused it, and nothing of it stands; the run goes on.
    Refused(Failure),
    /// A later statement of it was refused, given up or not as expected, and what earlier ones wrote stands.
    Torn(Failure),
    /// Its answer was lost, so that all of it may stand, or nothing: neither acknowledged nor refused. The run goes on.
    Unknown(Failure),
    /// The database cannot go on: disk full, I/O error, corruption, a server that stays away.
    Fatal(Failure),
    /// Given up because the run is being stopped: neither done nor refused.
    Cancelled,
}

/// Parts of an operation's latency, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Waiting for locks.
    pub waiting_ns: u64,
    /// Making changes durable: from the start of the commit to its end, waiting for locks left out.
    pub committing_ns: u64,
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The database's own name, such as `SQLITE_BUSY` or `SQLITE_CONSTRAINT_UNIQUE`; of a server the SQLSTATE, such as `40001`.
    pub code: &'static str,
    /// The database's own words.
    pub message: String,
}

/// What a database says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `sqlite`, `null`, ….
    pub name: Cow<'static, str>,
    /// Version of the database.
    pub version: String,
    /// The exact source it was built from.
    pub source_id: String,
    /// How it was compiled.
    pub compile_options: Vec<String>,
    /// Every setting in force, by name, as read from a worker's connection.
    pub settings: Vec<(String, String)>,
    /// In which way the database is held: `file`, `private memory`, `shared memory`, `server`, `buffer`.
    pub storage: Cow<'static, str>,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

/// What a write survives once it is acknowledged, as far as the engine and its settings promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Nothing: it is in the memory of the process that acknowledged it, or a crash of that process may damage what is stored.
    #[default]
    Memory,
    /// A crash of the process that acknowledged it, but not of the operating system, nor a loss of power.
    ProcessCrash,
    /// A loss of power, as far as the disk keeps what it acknowledged.
    PowerLoss,
}

impl Durability {
    /// Completes `acknowledged = …`.
    pub fn in_words(self) -> &'static str {
        match self {
            Durability::Memory => "in memory",
            Durability::ProcessCrash => "survives a crash of the process",
            Durability::PowerLoss => "survives a loss of power, as far as the settings promise",
        }
    }

    /// As results spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Durability::Memory => "memory",
            Durability::ProcessCrash => "process_crash",
            Durability::PowerLoss => "power_loss",
        }
    }
}

/// One checkpoint of a write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// When it began, on the run's clock.
    pub start: Ticks,
    /// How long it took, nanoseconds.
    pub duration_ns: u64,
    /// Pages carried over into the database.
    pub pages: u64,
}

/// Why an engine could not do what the run asked. The exit code follows from the kind.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The path holds something that the runner did not make: exit 2.
    #[error("{0}")]
    Foreign(String),
    /// A setting did not take effect: exit 2, at its line.
    #[error("{message}")]
    Setting {
        /// Index into the plan's PRAGMAs, or into the settings of a server's sessions, where one is at fault.
        pragma: Option<usize>,
        /// What was asked for and what is in force.
        message: String,
    },
    /// Locked, no descriptors left, cannot be created: exit 3.
    #[error("{0}")]
    Unavailable(String),
    /// Disk full, I/O error, corruption: exit 4.
    #[error("{message} ({code})")]
    Fatal {
        /// The database's own name for it.
        code: &'static str,
        /// In words.
        message: String,
    },
    /// The run is being stopped.
    #[error("interrupted")]
    Interrupted,
}
