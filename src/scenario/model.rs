//! The serde types that mirror a scenario file, key for key.
//!
//! They state shape, defaults and limits, and become `schemas/scenario.schema.json`. What the values mean together is left to `plan`.

use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::load::with_load;
use super::operation::OperationSection;
use super::target::TargetSection;
use crate::capability::{Driver, EngineKind};
use crate::diagnostic::{Code, Severity};
use crate::template::Locale;
use crate::units::{Duration, Size};

with_load! {
/// One TOML file: a database, its tables, and what is written to them.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this language. Only 1 exists.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1))]
    pub language: u32,
    /// Name of the result, `results/NAME.json`, instead of the file's stem. Letters, digits, dot, underscore and hyphen, not beginning with a dot.
    /// Better left out, so that a copied file never overwrites the original's result. Two files of one call with one name are an error.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"))]
    #[schemars(extend("examples" = ["base-0"]))]
    pub name: Option<String>,
    /// `testName` in the result.
    #[serde(default = "write_test")]
    #[schemars(extend("examples" = ["write"]))]
    pub test: String,
    /// What question the scenario answers. Stands in the result.
    #[serde(default)]
    #[schemars(extend("examples" = ["How much does the write-ahead log help eight writers?"]))]
    pub description: String,
    /// Every generated value follows from it: the same seed gives the same rows, on every machine.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Language of generated names, addresses and texts. A call can name another one: `name(locale="fr_fr")`.
    #[serde(default)]
    pub locale: Locale,
}
{
    /// In which order the tables are written. `"mixed"` interleaves them in proportion to their shares, `"phased"` writes one after the other,
    /// parents first.
    #[serde(default)]
    pub order: Order,
    /// Where the writes go. Beside the path, how SQLite is set up.
    #[schemars(extend("examples" = [{ "path": "db/mine.db" }]))]
    pub database: DatabaseSection,
    /// The tables, in the order in which they are made.
    #[schemars(extend("minProperties" = 1))]
    #[schemars(extend("examples" = [{ "users": { "share": 10, "columns": { "id": { "type": "INTEGER PRIMARY KEY" }, "name": { "type": "TEXT NOT NULL", "value": "{{ name() }}" } } } }]))]
    pub tables: IndexMap<String, TableSection>,
    /// What is done beside writing the tables' rows: reads, updates, deletes, SQL of one's own. An operation is timed as a whole. Its name is its
    /// own: no table has it.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "read_user": { "get": "users" } }]))]
    pub operations: IndexMap<String, OperationSection>,
    /// What is run, where a file has several; each starts from the same fresh state. The keys of the top hold for those that do not say otherwise.
    /// Without this section, the file is one workload, named after `test`.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "append": { "mix": { "users": 1 }, "total": 100_000 } }]))]
    pub workloads: IndexMap<String, WorkloadSection>,
    /// What the figures must keep to. One `[[targets]]` for each demand. A target that is missed, that matches nothing, or whose figure cannot be
    /// believed fails the run (exit 1).
    #[serde(default)]
    #[schemars(extend("examples" = [[{ "metric": "latency.p99", "max": "5ms" }]]))]
    pub targets: Vec<TargetSection>,
    /// Values for templates, as `vars.NAME`.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "customers": 1000 }]))]
    pub vars: serde_json::Map<String, serde_json::Value>,
    /// The same file with other values: below a name of its own, each has the keys that it changes. A table goes into a table key by key, an item
    /// of a list by its number from 0; everything else is replaced. The file as it stands is the variant `base`.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = { "description": "Keys of the scenario that this variant changes, all but `language`, `name`, `test`, `description`, `quick`, `variants`, `matrix`, `output`, `case_order` and `allow_warnings`.", "type": "object" }))]
    #[schemars(extend("examples" = [{ "wal": { "database": { "pragmas": { "journal_mode": "wal" } } } }]))]
    pub variants: IndexMap<String, serde_json::Value>,
    /// Keys of the scenario, each with the list of values that it takes: every variant is carried out with every combination of them. The first key
    /// changes least often. The same keys as in `[variants]`.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "vars": { "file_size": ["100MB", "1GB"] } }]))]
    pub matrix: serde_json::Map<String, serde_json::Value>,
    /// In which order the cases run, where variants or a matrix make several.
    #[serde(default)]
    pub case_order: CaseOrder,
    /// The write buffer, for `engine = "memtable"`.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "threshold": 10_000, "persister": "none" }]))]
    pub buffer: Option<BufferSection>,
    /// What a case may use of the machine. It then runs in a process of its own; where the machine does not allow that, it does not run.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "memory": "512MiB" }]))]
    pub limits: LimitsSection,
    /// Keys of the scenario that `--quick` replaces, all but `language`, `name` and `quick`. A `total` here holds for every workload that has one.
    /// What a variant or the matrix changes goes before what stands here; a `matrix` here replaces lists of the matrix. Totals, `warmup_operations`, `max_operations`, `duration`, `warmup` and durations of stages that do not stand here are divided by 100.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "total_writes": 500 }]))]
    pub quick: serde_json::Map<String, serde_json::Value>,
    /// What is written beside the result.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "schema": "schemas/mine.schema.json" }]))]
    pub output: OutputSection,
    /// Warnings that `runner check` does not give for this file, by their codes, since it means what they warn of.
    #[serde(default)]
    #[schemars(extend("examples" = [["full-scan"]]))]
    pub allow_warnings: Vec<AllowedWarning>,
}
}

/// The code of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AllowedWarning(pub Code);

impl<'de> Deserialize<'de> for AllowedWarning {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let code = name.parse().map_err(|()| serde::de::Error::custom(format!("no warning `{name}`")))?;
        Ok(AllowedWarning(code))
    }
}

impl JsonSchema for AllowedWarning {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AllowedWarning".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let warnings = Code::ALL.iter().filter(|code| code.severity() == Severity::Warning);
        let each: Vec<serde_json::Value> = warnings
            .map(|code| serde_json::json!({ "const": code.as_str(), "description": code.summary() }))
            .collect();
        schemars::json_schema!({ "oneOf": each })
    }
}

with_load! {
/// `[workloads.NAME]`: who does what, how much of it, how fast.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSection {
    /// Weights of operations and tables, by name; normalised. Counts are exact, as with shares. Without it, their shares.
    #[schemars(extend("additionalProperties" = { "description": "Weight of this operation or table.", "type": "number", "minimum": 0 }))]
    #[schemars(extend("examples" = [{ "read_user": 80, "users": 20 }]))]
    pub mix: Option<IndexMap<String, f64>>,
    /// Roles instead of a mix: workers that do nothing but one operation, by its name. Needs a `duration`; has no `concurrency`, which is their sum,
    /// at most 1024. Two roles cannot insert into one table, and none sees what another one inserts.
    #[schemars(extend("additionalProperties" = { "description": "Workers that do this operation.", "type": "integer", "minimum": 1, "maximum": 1024 }))]
    #[schemars(extend("examples" = [{ "users": 1, "read_user": 8 }]))]
    pub workers: Option<IndexMap<String, u32>>,
}
{
}
}

/// `[database]`: where the writes go and how it is set up.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSection {
    /// The database file, relative to the working directory, or `:memory:`. The file is made by the run and removed at its end. A path that holds
    /// anything that the runner did not make is refused; so are directories, symbolic links and `file:` URIs.
    #[schemars(extend("examples" = ["db/mine.db", ":memory:"]))]
    pub path: Option<String>,
    /// What carries out the operations.
    #[serde(default)]
    pub engine: EngineKind,
    /// What reads and writes the SQLite database: SQLite itself, or another implementation of its file format. Builds have `turso` with the cargo
    /// feature of that name.
    #[serde(default)]
    pub driver: Driver,
    /// Where the server is, for `engine = "postgres"`: `postgres://USER@HOST:PORT/DATABASE`. `${NAME}` is a variable of the environment, and the
    /// only way to give a password, which stands in no output; `${NAME:-…}` has a value for when it is not set. `?sslmode=require` asks for TLS.
    #[schemars(extend("examples" = ["postgres://${PGUSER}:${PGPASSWORD}@db.example.com/bench", "postgres://postgres@localhost/postgres"]))]
    pub url: Option<String>,
    /// The schema that the run creates in that database, marks as its own, and drops at its end; `runner_` and the scenario's name where it is not
    /// given. A schema that the runner did not make is refused.
    #[schemars(extend("examples" = ["runner_bench"]))]
    pub schema: Option<String>,
    /// Settings of every session of a server, by name, read back; one that did not take effect is an error.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, PragmaValue>")]
    #[schemars(extend("examples" = [{ "synchronous_commit": "off" }]))]
    pub settings: IndexMap<String, serde_json::Value>,
    /// How long a lost connection to a server is tried anew before the run ends.
    #[serde(default = "default_reconnect_timeout")]
    pub reconnect_timeout: Duration,
    /// How long a connection waits for a lock before its write is refused. `"0ms"` is SQLite's bare default: refused at once. Whole milliseconds
    /// count; at most 24 days.
    #[serde(default = "default_busy_timeout")]
    pub busy_timeout: Duration,
    /// PRAGMAs by name, set on every connection and read back from it; one that did not take effect is an error. None is set that does not stand
    /// here.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, PragmaValue>")]
    #[schemars(extend("examples" = [{ "journal_mode": "wal", "synchronous": "normal" }]))]
    pub pragmas: IndexMap<String, serde_json::Value>,
    /// What the scenario's SQL may do beyond its own database. `"attach"`: open other database files.
    #[serde(default)]
    #[schemars(extend("examples" = [["attach"]]))]
    pub allow: Vec<Allow>,
    /// Statements that each connection keeps prepared; getting one is then part of the operation. 0: every statement is prepared each time. Without
    /// it, all are held for the whole level.
    #[schemars(range(max = 100_000))]
    #[schemars(extend("examples" = [100]))]
    pub statement_cache: Option<u32>,
    /// An SQLite database that exists, relative to the working directory: every reset begins with a copy of it. It is only read, also while it is
    /// in use.
    #[schemars(extend("examples" = ["app.db"]))]
    pub from: Option<PathBuf>,
}

/// `[buffer]`: rows in memory, and when and where they are flushed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BufferSection {
    /// Rows and tombstones of the active table at which it is flushed. Until it is, another takes the writes; a writer that fills that one meanwhile waits.
    #[serde(default = "default_threshold")]
    #[schemars(range(min = 1, max = 1_000_000_000u64))]
    pub threshold: u64,
    /// The active table is flushed when its first row is so old, too.
    #[schemars(extend("examples" = ["30s"]))]
    pub flush_timeout: Option<Duration>,
    /// What takes the flushed rows. `none`: they are counted and let go. `sqlite`: the database at `path`, in a transaction for each flush.
    #[serde(default)]
    pub persister: PersisterKey,
}

/// What takes the flushed rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersisterKey {
    /// Nothing: they are counted and let go.
    #[default]
    None,
    /// The SQLite database at `path`.
    Sqlite,
}

/// `[limits]`: what the process that carries out a case may use.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsSection {
    /// Memory, page cache included: what the database file keeps there counts. At least 32 MiB.
    #[schemars(extend("examples" = ["512MiB"]))]
    pub memory: Option<Size>,
    /// Processors. 0.5 is half of one's time.
    #[schemars(range(min = 0.01, max = 1024))]
    #[schemars(extend("examples" = [1]))]
    pub cpus: Option<f64>,
}

/// Text, a number, or true or false.
#[derive(JsonSchema)]
#[schemars(transform = crate::scenario::schema::scalar)]
#[expect(dead_code, reason = "stands for a scalar in the schema only")]
pub(super) struct PragmaValue(serde_json::Value);

/// What SQL of a scenario may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Allow {
    /// Open other database files with ATTACH.
    Attach,
}

/// `[tables.NAME]`: one table, its share of the writes, and its columns.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSection {
    /// Parts of the mix, normalised over all tables and operations. Counts are exact, by largest remainder: 100,000 writes at 10, 40, 10, 30, 10 are
    /// 10,000, 40,000, 10,000, 30,000, 10,000. A table without a share is made but not written, unless others refer to it: then it gets at least one
    /// row.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [10]))]
    pub share: f64,
    /// Rows that are there before anything is measured. They are rows 1 to `rows` of the table; what is written comes after them.
    #[serde(default)]
    #[schemars(range(max = 1_000_000_000u64))]
    #[schemars(extend("examples" = [10_000]))]
    pub rows: u64,
    /// The columns, in their order. With `ddl`, values only.
    #[serde(default)]
    #[schemars(extend("examples" = [{ "id": { "type": "INTEGER PRIMARY KEY" } }]))]
    pub columns: IndexMap<String, ColumnSection>,
    /// Columns of the primary key, where it has several. The constraint is made, and values that satisfy it: columns that are references become
    /// pairs (or more) that never come twice.
    #[serde(default)]
    #[schemars(extend("examples" = [["user_id", "post_id"]]))]
    pub primary_key: Vec<String>,
    /// Groups of columns whose values are distinct together. The constraint is made, and values that satisfy it, as with `primary_key`.
    #[serde(default)]
    #[schemars(extend("examples" = [[["user_id", "post_id"]]]))]
    pub unique: Vec<Vec<String>>,
    /// Indexes beyond those of constraints.
    #[serde(default)]
    #[schemars(extend("examples" = [[{ "columns": ["user_id"] }]]))]
    pub indexes: Vec<IndexSection>,
    /// `CREATE TABLE` as SQL, instead of the columns' types. `columns` then hold values only.
    #[schemars(extend("examples" = ["CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"]))]
    pub ddl: Option<String>,
    /// `CREATE TABLE` as SQL for `engine = "postgres"`, instead of `ddl` or the columns' types, which are translated where it is not given.
    #[schemars(extend("examples" = ["CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, data jsonb)"]))]
    pub ddl_postgres: Option<String>,
}

impl TableSection {
    /// The table as SQL, by its key, as it is for PostgreSQL or else; nothing where its columns have types instead.
    pub fn sql_of(&self, postgres: bool) -> Option<(&'static str, &str)> {
        let own = self.ddl_postgres.as_deref().filter(|_| postgres).map(|sql| ("ddl_postgres", sql));
        own.or_else(|| self.ddl.as_deref().map(|sql| ("ddl", sql)))
    }
}

/// One column: `{ type = "TEXT NOT NULL", value = '{{ name() }}' }`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnSection {
    /// SQL type and constraints, as in CREATE TABLE.
    #[serde(rename = "type")]
    #[schemars(extend("examples" = ["INTEGER PRIMARY KEY", "TEXT NOT NULL"]))]
    pub sql_type: Option<String>,
    /// A template in text, or a plain number or boolean as a constant. Without it, INTEGER PRIMARY KEY counts 1, 2, 3, …, a column with REFERENCES
    /// gets the value of an earlier row, and one that may be null, has a DEFAULT or is generated is left out of the INSERT.
    #[schemars(with = "Option<PragmaValue>")]
    #[schemars(extend("examples" = ["{{ name() }}", "{{ unique(email()) }}", "{{ int(1, 100) }}"]))]
    pub value: Option<serde_json::Value>,
}

/// One index: `{ columns = ["user_id"], unique = false }`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexSection {
    /// Columns or expressions, in their order. At least one.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [["user_id"]]))]
    pub columns: Vec<String>,
    /// Whether values are distinct.
    #[serde(default)]
    pub unique: bool,
    /// Name of the index. Without it, made of table and columns.
    #[schemars(extend("examples" = ["posts_by_user"]))]
    pub name: Option<String>,
    /// Condition of a partial index.
    #[serde(rename = "where")]
    #[schemars(extend("examples" = ["deleted_at IS NULL"]))]
    pub condition: Option<String>,
}

/// `[output]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputSection {
    /// A stricter JSON Schema of one's own, relative to the working directory, which a completed result must also satisfy.
    #[schemars(extend("examples" = ["schemas/mine.schema.json"]))]
    pub schema: Option<PathBuf>,
    /// Whether a table of all figures is written, with a row for each level of each case: `results/NAME/results.csv`.
    #[serde(default)]
    pub csv: bool,
    /// Whether the figures are written for readers: `results/NAME/summary.txt`.
    #[serde(default)]
    pub summary: bool,
    /// Whether it is written what happened when, a file for each case below `results/NAME/logs/`.
    #[serde(default)]
    pub logs: bool,
}

/// In which order the iterations of the cases run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseOrder {
    /// All cases mixed, in an order drawn from `seed`, so that what changes on the machine meanwhile hits all alike.
    #[default]
    Random,
    /// One case after the other, as the file has them.
    File,
}

/// When tables are dropped and made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Once; levels continue at the next row.
    Scenario,
    /// Before every level.
    #[default]
    Level,
    /// Before every iteration of a level.
    Iteration,
    /// Around every single write, untimed.
    Write,
}

/// In which order the tables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Interleaved in proportion to the shares.
    #[default]
    Mixed,
    /// One table after the other, parents first.
    Phased,
}

fn default_threshold() -> u64 {
    10_000
}

fn one() -> u32 {
    1
}

fn write_test() -> String {
    "write".to_owned()
}

fn default_seed() -> u64 {
    42
}

fn default_reconnect_timeout() -> Duration {
    Duration::from_millis(10_000)
}

fn default_busy_timeout() -> Duration {
    Duration::from_millis(5_000)
}
