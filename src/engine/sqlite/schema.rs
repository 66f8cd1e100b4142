//! Making the tables, and taking a database back to the state before them.

use rusqlite::Connection;

use super::connect::read;
use crate::plan::Table;

/// Makes all tables with their indexes, all or none.
pub(super) fn create(connection: &Connection, tables: &[Table]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for sql in tables.iter().flat_map(|table| &table.create) {
        transaction.execute_batch(sql)?;
    }
    transaction.commit()
}

/// Drops every table, index, view and trigger. Says whether there was any.
///
/// Foreign keys are off meanwhile: dropping a parent would otherwise check, and with it read, every child.
pub(super) fn drop_all(connection: &Connection) -> rusqlite::Result<bool> {
    let enforced = read(connection, "foreign_keys")?.as_deref() == Some("1");
    if enforced {
        connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    }
    let dropped = drop_objects(connection);
    if enforced {
        connection.execute_batch("PRAGMA foreign_keys = ON")?;
    }
    dropped
}

fn drop_objects(connection: &Connection) -> rusqlite::Result<bool> {
    // Virtual tables (no root page) come before their shadow tables, which they drop themselves.
    const LIST: &str = "SELECT type, name FROM sqlite_schema
        WHERE type IN ('trigger', 'view') OR type = 'table' AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name LIKE 'sqlite\\_stat%' ESCAPE '\\')
        ORDER BY CASE type WHEN 'trigger' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, coalesce(rootpage, 0) <> 0";
    let objects: Vec<(String, String)> = connection
        .prepare(LIST)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let transaction = connection.unchecked_transaction()?;
    for (kind, name) in &objects {
        transaction.execute_batch(&format!("DROP {kind} IF EXISTS {}", quoted(name)))?;
    }
    transaction.commit()?;
    Ok(!objects.is_empty())
}

/// Drops everything, gives the pages back, makes the tables anew and empties the write-ahead log: each level finds the same file.
pub(super) fn rebuild(connection: &Connection, tables: &[Table]) -> rusqlite::Result<()> {
    if drop_all(connection)? {
        connection.execute_batch("VACUUM")?;
    }
    create(connection, tables)?;
    if read(connection, "journal_mode")?.as_deref() == Some("wal") {
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy != 0 {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(rusqlite::Error::SqliteFailure(
                busy,
                Some("the write-ahead log cannot be emptied".to_owned()),
            ));
        }
    }
    Ok(())
}

/// A name as SQL writes it, whatever it holds.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
