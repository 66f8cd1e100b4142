//! What each engine can do. It stands above the plan, which refuses what an engine lacks at the line that asks for it; the engines are held to
//! it by their tests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The engines that a scenario may name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// SQLite, in this process.
    #[default]
    Sqlite,
    /// A server that speaks PostgreSQL's protocol.
    Postgres,
    /// A write buffer in this process: rows in memory, flushed in batches.
    Memtable,
}

impl EngineKind {
    /// As a scenario writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            EngineKind::Sqlite => "sqlite",
            EngineKind::Postgres => "postgres",
            EngineKind::Memtable => "memtable",
        }
    }

    /// What readers call it.
    pub fn in_words(self) -> &'static str {
        match self {
            EngineKind::Sqlite => "SQLite",
            EngineKind::Postgres => "PostgreSQL",
            EngineKind::Memtable => "the memtable",
        }
    }

    /// What it can do.
    pub fn capabilities(self) -> Capabilities {
        match self {
            EngineKind::Sqlite => Capabilities {
                sql: true,
                transactions: true,
                statement_cache: true,
                blob_io: true,
                copies: true,
                per_write: true,
                caps: true,
                exclusive: true,
                isolation: false,
                parameters: None,
            },
            EngineKind::Postgres => Capabilities {
                sql: true,
                transactions: true,
                isolation: true,
                // The protocol counts them in 16 bits.
                parameters: Some(65_535),
                ..Capabilities::default()
            },
            EngineKind::Memtable => Capabilities { caps: true, ..Capabilities::default() },
        }
    }
}

/// What reads and writes an SQLite database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// SQLite itself.
    #[default]
    Sqlite,
    /// Turso, which has the same file format and is written anew in Rust. Builds have it with the feature `turso`.
    Turso,
}

impl Driver {
    /// Whether this build has it.
    pub fn is_built_in(self) -> bool {
        match self {
            Driver::Sqlite => true,
            Driver::Turso => cfg!(feature = "turso"),
        }
    }
}

/// What an engine can do beyond inserting, reading, updating and deleting rows of the dataset, one by one or in batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Statements of the scenario's own.
    pub sql: bool,
    /// Transactions around several operations or statements.
    pub transactions: bool,
    /// A statement cache of a given size, or none.
    pub statement_cache: bool,
    /// Blobs in pieces.
    pub blob_io: bool,
    /// Beginning with a copy of an existing database.
    pub copies: bool,
    /// A database of its own for every write.
    pub per_write: bool,
    /// Limits of the process hold what the database uses, too.
    pub caps: bool,
    /// Transactions that keep everyone else off the whole database.
    pub exclusive: bool,
    /// Isolation levels of transactions.
    pub isolation: bool,
    /// At most so many values go with one statement. Absent: as many as it takes, since it is split.
    pub parameters: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_called_as_scenarios_write_them() {
        for engine in [EngineKind::Sqlite, EngineKind::Postgres, EngineKind::Memtable] {
            assert_eq!(serde_json::to_value(engine).unwrap(), engine.as_str());
        }
    }
}
