//! The serde types of `[operations.NAME]` and its steps.
//!
//! Which keys go with which kind of operation is left to `plan`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::PragmaValue;
use crate::units::Size;

/// `[operations.NAME]`: exactly one of `insert`, `upsert`, `get`, `find`, `scan`, `update`, `delete`, `sql` and `steps`, and what goes with it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationSection {
    /// Parts of the mix, beside the shares of tables and other operations.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [20]))]
    pub share: f64,
    /// Table whose next row is written.
    #[schemars(extend("examples" = ["users"]))]
    pub insert: Option<String>,
    /// Table whose next row is written, or new values under the key of one that exists (INSERT … ON CONFLICT DO UPDATE).
    #[schemars(extend("examples" = ["users"]))]
    pub upsert: Option<String>,
    /// Table of which one row is read by a unique column.
    #[schemars(extend("examples" = ["users"]))]
    pub get: Option<String>,
    /// Table of which all rows with a value are read.
    #[schemars(extend("examples" = ["users"]))]
    pub find: Option<String>,
    /// Table of which rows are read in the order of a column, from a value on.
    #[schemars(extend("examples" = ["users"]))]
    pub scan: Option<String>,
    /// Table of which columns of one row are given new values.
    #[schemars(extend("examples" = ["users"]))]
    pub update: Option<String>,
    /// Table of which one row is removed. Each is removed once; later operations are about rows that are left.
    #[schemars(extend("examples" = ["users"]))]
    pub delete: Option<String>,
    /// A statement of one's own; its parameters are written `:name`.
    #[schemars(extend("examples" = ["SELECT count(*) FROM users"]))]
    pub sql: Option<String>,
    /// The statement for `engine = "postgres"`, where its SQL differs; its parameters are written `:name` as well.
    #[schemars(extend("examples" = ["SELECT count(*) FROM users WHERE data @> '{\"a\": 1}'"]))]
    pub sql_postgres: Option<String>,
    /// Several statements of one's own, one after the other.
    #[serde(default)]
    #[schemars(extend("examples" = [[{ "sql": "SELECT count(*) FROM users" }]]))]
    pub steps: Vec<StepSection>,
    /// Column that finds the row; the primary key where it is not given. For `get`, `upsert`, `update` and `delete` it must be unique.
    #[schemars(extend("examples" = ["id"]))]
    pub by: Option<String>,
    /// How rows are drawn among those that exist.
    #[schemars(extend("default" = "uniform"))]
    pub keys: Option<KeysKey>,
    /// Share of operations that find a row. 1, and 0.5 for `upsert`, where it is not given.
    #[schemars(range(min = 0, max = 1))]
    #[schemars(extend("examples" = [0.95]))]
    pub hit_ratio: Option<f64>,
    /// At most so many rows are read. 10 for `scan` where it is not given, no limit for `find`.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [10]))]
    pub limit: Option<u64>,
    /// Columns that are read; all where it is not given.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["id", "name"]]))]
    pub columns: Option<Vec<String>>,
    /// Blobs made by `bytes(…)` are written, and read, in pieces of this size: SQLite's incremental blob I/O, which never holds a whole one.
    #[schemars(extend("examples" = ["1MiB"]))]
    pub blob_io: Option<Size>,
    /// New values by column, for `update`: templates, or plain numbers or booleans. Columns of its key cannot be set.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, PragmaValue>")]
    #[schemars(extend("examples" = [{ "name": "{{ name() }}" }]))]
    pub set: IndexMap<String, serde_json::Value>,
    /// Values of parameters that all statements share: templates, or plain numbers or booleans. In them, `row` counts the operation: 1, 2, 3, ….
    #[serde(default)]
    #[schemars(with = "IndexMap<String, PragmaValue>")]
    #[schemars(extend("examples" = [{ "name": "{{ name() }}" }]))]
    pub bind: IndexMap<String, serde_json::Value>,
    /// The transaction around the operation. Without one, each statement stands for itself.
    #[schemars(extend("default" = "none"))]
    pub transaction: Option<TransactionKey>,
    /// Rows that SQL of one's own adds to tables, by table; below 0 for rows removed. A table that it writes without a word here is not verified.
    #[schemars(extend("additionalProperties" = { "description": "Rows added to this table.", "type": "integer" }))]
    #[schemars(extend("examples" = [{ "users": 1 }]))]
    pub changes: Option<IndexMap<String, i64>>,
    /// Rows that must be read; else the operation counts as an error.
    #[schemars(extend("examples" = [1]))]
    pub expect_rows: Option<u64>,
    /// Rows that must be changed; else the operation counts as an error.
    #[schemars(extend("examples" = [1]))]
    pub expect_changes: Option<u64>,
    /// What the first column of the first row must be; else the operation counts as an error.
    #[schemars(with = "Option<PragmaValue>")]
    #[schemars(extend("examples" = ["ok", 100]))]
    pub expect_value: Option<serde_json::Value>,
}

/// One statement of an operation: `{ sql = "…", bind = { … } }`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSection {
    /// The statement; its parameters are written `:name`. A parameter takes the step's own value, else the operation's, else what an earlier step
    /// has captured.
    #[schemars(extend("examples" = ["SELECT count(*) FROM users"]))]
    pub sql: String,
    /// The statement for `engine = "postgres"`, where its SQL differs; its parameters are written `:name` as well.
    #[schemars(extend("examples" = ["SELECT count(*) FROM users WHERE data @> '{\"a\": 1}'"]))]
    pub sql_postgres: Option<String>,
    /// Values of this statement's own parameters, made anew for each repetition, which `n` counts: 0, 1, 2, ….
    #[serde(default)]
    #[schemars(with = "IndexMap<String, PragmaValue>")]
    #[schemars(extend("examples" = [{ "name": "{{ name() }}" }]))]
    pub bind: IndexMap<String, serde_json::Value>,
    /// Columns of its first row that later statements may use as parameters.
    #[serde(default)]
    #[schemars(extend("examples" = [["id"]]))]
    pub capture: Vec<String>,
    /// How often it is executed: a number, or a template that gives one.
    #[schemars(with = "Option<RepeatValue>")]
    #[schemars(extend("default" = 1, "examples" = [10]))]
    pub repeat: Option<serde_json::Value>,
    /// Rows that must be read; else the operation counts as an error.
    #[schemars(extend("examples" = [1]))]
    pub expect_rows: Option<u64>,
    /// Rows that must be changed; else the operation counts as an error.
    #[schemars(extend("examples" = [1]))]
    pub expect_changes: Option<u64>,
    /// What the first column of the first row must be; else the operation counts as an error.
    #[schemars(with = "Option<PragmaValue>")]
    #[schemars(extend("examples" = ["ok", 100]))]
    pub expect_value: Option<serde_json::Value>,
}

impl StepSection {
    /// The statement for an engine, by its key.
    pub fn sql_of(&self, postgres: bool) -> (&'static str, &str) {
        match self.sql_postgres.as_deref().filter(|_| postgres) {
            Some(own) => ("sql_postgres", own),
            None => ("sql", &self.sql),
        }
    }
}

/// A number of repetitions, or a template that gives one.
#[derive(JsonSchema)]
#[schemars(transform = crate::scenario::schema::whole_or_text)]
#[expect(dead_code, reason = "stands for a whole number or text in the schema only")]
struct RepeatValue(serde_json::Value);

/// How rows are drawn among those that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeysKey {
    /// All alike.
    #[default]
    Uniform,
    /// Early rows most often.
    Zipfian,
    /// The newest most often.
    Latest,
    /// One after the other, and again from the first.
    Sequential,
    /// Around the middle.
    Normal,
}

/// The transaction around an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKey {
    /// Each statement on its own.
    #[default]
    None,
    /// `BEGIN DEFERRED`. On a server, `BEGIN` with the isolation that its sessions have by themselves.
    Deferred,
    /// `BEGIN IMMEDIATE`. On a server, as `deferred`.
    Immediate,
    /// `BEGIN EXCLUSIVE`. SQLite only.
    Exclusive,
    /// `BEGIN ISOLATION LEVEL READ COMMITTED`. PostgreSQL only, as what follows.
    ReadCommitted,
    /// `BEGIN ISOLATION LEVEL REPEATABLE READ`.
    RepeatableRead,
    /// `BEGIN ISOLATION LEVEL SERIALIZABLE`.
    Serializable,
}
