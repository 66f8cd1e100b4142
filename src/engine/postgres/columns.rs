//! What the server made of the columns of the dataset.

use super::admin::Admin;
use super::text::Column;
use crate::engine::EngineError;
use crate::plan::{Table, quote};

/// The columns of a table's dataset row, in its order; the table is there.
pub(super) fn of_table(admin: &mut Admin, table: &Table) -> Result<Vec<Column>, EngineError> {
    let sql = "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)::text, t.typname::text \
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
        WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped";
    let rows = admin.ask("looking at columns", sql, &[&quote(&table.name)])?;
    let column = |name: &String| {
        let found = rows.iter().find(|row| row.get::<_, &str>(0) == name);
        let row = found.ok_or_else(|| {
            EngineError::Unavailable(format!("the server has no column {name} in the table {}", table.name))
        })?;
        Ok(Column::new(name, row.get(1), row.get(2)))
    };
    table.columns.iter().map(column).collect()
}
