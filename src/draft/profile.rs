//! What the columns of a table hold.

use rusqlite::Connection;

use super::{SourceTable, TableProfile};

/// Measures a table within about `seconds`.
pub fn profile(connection: &Connection, table: &SourceTable, _: f64) -> rusqlite::Result<TableProfile> {
    let sql = format!("SELECT count(*) FROM {}", super::sql::quote(&table.name));
    let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    let columns = table.columns.iter().map(|_| super::ColumnProfile::default()).collect();
    Ok(TableProfile { rows: rows.cast_unsigned(), seen: 0, columns })
}
