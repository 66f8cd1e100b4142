//! The database that a draft is made from: its schema and settings, read without changing anything.
//!
//! What its columns hold is left to `profile`.

mod open;
mod tables;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::{DraftError, SourceTable};
use crate::plan::quote;

pub(crate) use open::open as open_to_read;
pub(crate) use tables::{IndexItem, SourceIndex};

/// A database that is read, in one transaction, until this is dropped.
#[derive(Debug)]
pub(crate) struct Source {
    opened: open::Opened,
    /// In the order of the schema.
    pub(crate) tables: Vec<SourceTable>,
    /// The indexes of each table.
    pub(crate) indexes: Vec<Vec<SourceIndex>>,
    /// Tables that REFERENCES of each table name, and that SQLite could not look into: missing ones, or columns that are not distinct.
    pub(crate) broken: Vec<Vec<String>>,
    /// Rows of each table.
    pub(crate) rows: Vec<u64>,
    /// Settings that the file keeps and that are not SQLite's defaults: name and value.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// What a scenario cannot have, in words.
    pub(crate) left_out: Vec<String>,
}

impl Source {
    /// Opens a database and reads its schema.
    ///
    /// # Errors
    /// In words, when there is nothing to read.
    pub(crate) fn read(path: &Path) -> Result<Source, DraftError> {
        let opened = open::open(path)?;
        let connection = &opened.connection;
        let mut left_out = Vec::new();
        let listed = list(connection, &mut left_out)?;
        if listed.is_empty() {
            return Err(DraftError::new("there is no table in it"));
        }
        let mut tables: Vec<SourceTable> =
            listed.into_iter().map(|listed| tables::table(connection, listed)).collect::<Result<_, _>>()?;
        let mut broken = Vec::new();
        for table in 0..tables.len() {
            let (good, bad) = tables::references(connection, &tables, table)?;
            tables[table].foreign_keys = good;
            broken.push(bad);
        }
        let indexes =
            tables.iter().map(|table| tables::indexes(connection, table)).collect::<Result<_, _>>()?;
        let rows = tables.iter().map(|table| count(connection, &table.name)).collect::<Result<_, _>>()?;
        let settings = settings(connection, opened.wal)?;
        Ok(Source { tables, indexes, broken, rows, settings, left_out, opened })
    }

    /// The connection, in its one transaction.
    pub(crate) fn connection(&self) -> &Connection {
        &self.opened.connection
    }

    /// Whether all that was read is of one moment.
    pub(crate) fn is_of_one_moment(&self) -> bool {
        self.opened.is_of_one_moment()
    }
}

/// The tables that a scenario can have. What it cannot have is told.
fn list(connection: &Connection, left_out: &mut Vec<String>) -> rusqlite::Result<Vec<tables::Listed>> {
    let mut objects = connection.prepare(
        "SELECT s.type, s.name, coalesce(s.sql, ''), coalesce(l.type, ''), coalesce(l.wr, 0), coalesce(l.strict, 0)
         FROM sqlite_schema s LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name AND s.type IN ('table', 'view')
         WHERE s.type IN ('table', 'view', 'trigger') AND lower(substr(s.name, 1, 7)) <> 'sqlite_' ORDER BY s.rowid",
    )?;
    let mut query = objects.query([])?;
    let mut found = Vec::new();
    let mut strange = Vec::new();
    while let Some(row) = query.next()? {
        let (kind, name, ddl): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let listed_as: String = row.get(3)?;
        let shown = name.escape_debug();
        match (kind.as_str(), listed_as.as_str()) {
            ("table", "shadow") => {}
            ("table", "virtual") => {
                left_out.push(format!("virtual table {shown}"));
                if !has_module(connection, &ddl)? {
                    strange.push(format!("{}_", name.to_lowercase()));
                }
            }
            ("table", _) => {
                found.push(tables::Listed { name, ddl, without_rowid: row.get(4)?, strict: row.get(5)? })
            }
            _ => left_out.push(format!("{kind} {shown}")),
        }
    }
    // SQLite knows the tables behind a virtual table only where it knows its module; their names begin with its own.
    found.retain(|listed| {
        let behind = strange.iter().any(|prefix| listed.name.to_lowercase().starts_with(prefix));
        if behind {
            left_out.push(format!("table {}, which belongs to a virtual table", listed.name.escape_debug()));
        }
        !behind
    });
    Ok(found)
}

/// Whether SQLite has the module of CREATE VIRTUAL TABLE … USING module.
fn has_module(connection: &Connection, ddl: &str) -> rusqlite::Result<bool> {
    let of = super::sql::Statement::new(ddl);
    let using = (0..of.tokens.len()).find(|&at| of.is(at, "USING"));
    let Some(module) = using.and_then(|at| of.name(at + 1)) else { return Ok(false) };
    let sql = "SELECT 1 FROM pragma_module_list WHERE name = lower(?1)";
    Ok(connection.query_row(sql, [module], |_| Ok(())).optional()?.is_some())
}

fn count(connection: &Connection, table: &str) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM {}", quote(table));
    connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

/// What the file keeps. Other PRAGMAs belong to each connection, and nobody can tell them from the file.
fn settings(connection: &Connection, wal: bool) -> rusqlite::Result<Vec<(&'static str, String)>> {
    let number = |name: &str| -> rusqlite::Result<i64> {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
    };
    let mut found = Vec::new();
    let page_size = number("page_size")?;
    if page_size != 4096 {
        found.push(("page_size", page_size.to_string()));
    }
    match number("auto_vacuum")? {
        1 => found.push(("auto_vacuum", "\"full\"".to_owned())),
        2 => found.push(("auto_vacuum", "\"incremental\"".to_owned())),
        _ => {}
    }
    let encoding: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    if encoding != "UTF-8" {
        found.push(("encoding", format!("\"{encoding}\"")));
    }
    if wal {
        found.push(("journal_mode", "\"wal\"".to_owned()));
    }
    let user_version = number("user_version")?;
    if user_version != 0 {
        found.push(("user_version", user_version.to_string()));
    }
    Ok(found)
}
