//! The serde types of `[tables.NAME]`, its columns and its indexes.
//!
//! What they come to in a database is left to `plan`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::PragmaValue;

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
