//! Making the tables, and taking a database back to the state before them.

use rusqlite::Connection;

use super::connect::read;
use crate::plan::{Table, quote};

/// Makes all tables with their indexes, all or none.
pub(super) fn create(connection: &Connection, tables: &[Table]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for sql in tables.iter().flat_map(|table| &table.create) {
        transaction.execute_batch(sql)?;
    }
    transaction.commit()
}

/// Makes the tables and indexes that are not there yet; those that are stay as they are.
pub(super) fn create_missing(connection: &Connection, tables: &[Table]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for sql in tables.iter().flat_map(|table| &table.create) {
        match transaction.execute_batch(sql) {
            Err(rusqlite::Error::SqlInputError { msg, .. }) if msg.ends_with("already exists") => {}
            other => other?,
        }
    }
    transaction.commit()
}

/// Empties the write-ahead log into the database, where there is one.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    if read(connection, "journal_mode")?.as_deref() == Some("wal") {
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy != 0 {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            let words = "the write-ahead log cannot be emptied".to_owned();
            return Err(rusqlite::Error::SqliteFailure(busy, Some(words)));
        }
    }
    Ok(())
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
        transaction.execute_batch(&format!("DROP {kind} IF EXISTS {}", quote(name)))?;
    }
    transaction.commit()?;
    Ok(!objects.is_empty())
}

/// Drops everything, gives the pages back, makes the tables anew and empties the write-ahead log: each level finds the same file.
pub(super) fn rebuild(connection: &Connection, tables: &[Table]) -> rusqlite::Result<()> {
    if drop_all(connection)? {
        // Removes `sqlite_sequence` too, which cannot be dropped.
        connection.execute_batch("VACUUM")?;
    }
    create(connection, tables)?;
    empty_log(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that tells one empty state from another.
    fn state(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT name || ' ' || rootpage FROM sqlite_schema UNION ALL SELECT 'pages ' || page_count FROM pragma_page_count")
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn tables_with_row_ids_that_are_never_used_again_are_made_anew_in_the_same_state() {
        let table = |name: &str, sql: &str| Table {
            name: name.to_owned(),
            create: vec![sql.to_owned()],
            columns: vec!["id".to_owned()],
            key: vec![0],
            references: Vec::new(),
            references_bound: true,
            rowid: true,
            bytes: Vec::new(),
            indexes: Vec::new(),
        };
        let tables = [
            table("a", "CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT UNIQUE)"),
            table("b", "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)"),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (path, journal_mode) in [(":memory:", "memory"), ("x.db", "delete"), ("y.db", "wal")] {
            let path = if path == ":memory:" { path.into() } else { folder.path().join(path) };
            let connection = Connection::open(path).unwrap();
            connection.pragma_update(None, "journal_mode", journal_mode).unwrap();
            let mut states = Vec::new();
            for _ in 0..3 {
                rebuild(&connection, &tables).unwrap();
                states.push(state(&connection));
                connection.execute_batch("INSERT INTO b (text) VALUES ('x'), ('y')").unwrap();
                let last: i64 = connection.query_row("SELECT max(id) FROM b", [], |row| row.get(0)).unwrap();
                assert_eq!(last, 2);
            }
            assert_eq!(states[1], states[0], "{journal_mode}");
            assert_eq!(states[2], states[0], "{journal_mode}");
            // Without giving the pages back, too, the row ids begin with 1.
            assert!(drop_all(&connection).unwrap());
            create(&connection, &tables).unwrap();
            connection.execute_batch("INSERT INTO b (text) VALUES ('x')").unwrap();
            assert_eq!(connection.query_row("SELECT max(id) FROM b", [], |row| row.get(0)), Ok(1));
            assert_eq!(read(&connection, "integrity_check").unwrap().as_deref(), Some("ok"));
        }
    }
}
