//! Reading back what was written, through the runner's own connection.
//!
//! What the answers mean is left to `run`. Everything here ends early, as interrupted, once the run is being stopped.

use std::sync::Arc;

use rusqlite::Connection;

use super::connect::{Link, read};
use super::{Guard, codes, rows};
use crate::engine::{EngineError, Inspector, Lookup, Orphans};
use crate::plan::Table;
use crate::plan::quote;
use crate::value::Value;

/// Virtual machine instructions between two looks at the stop: well under a millisecond.
const STOP_INTERVAL: i32 = 10_000;

/// Runs `work` on a connection that lets go of a long statement when the run is being stopped.
pub(super) fn stoppable<T>(
    link: &mut Link,
    doing: &str,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, EngineError> {
    let watch = Arc::clone(&link.watch);
    let result = link
        .connection
        .progress_handler(STOP_INTERVAL, Some(move || watch.stopping()))
        .and_then(|()| work(&link.connection));
    // Only unsets a callback, which cannot fail on an open connection; and a worker may get this connection next.
    let _ = link.connection.progress_handler(0, None::<fn() -> bool>);
    result.map_err(|error| codes::engine_error(&error, doing, link.watch.stopping()))
}

/// Looks at the database for as long as it is borrowed.
pub(super) struct SqliteInspector<'a> {
    pub(super) admin: Guard<'a>,
    pub(super) tables: &'a [Table],
    /// For each table, where the last row without a key was found.
    pub(super) near: Vec<i64>,
}

impl SqliteInspector<'_> {
    fn on<T>(
        &mut self,
        doing: &str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, EngineError> {
        stoppable(self.admin.link(), doing, work)
    }
}

impl Inspector for SqliteInspector<'_> {
    fn count(&mut self, table: usize) -> Result<u64, EngineError> {
        let sql = format!("SELECT count(*) FROM {}", quote(&self.tables[table].name));
        let count: i64 =
            self.on("counting rows", |connection| connection.query_row(&sql, [], |row| row.get(0)))?;
        Ok(count.cast_unsigned())
    }

    fn look_up(&mut self, table: usize, row: &[Value], ignored: &[usize]) -> Result<Lookup, EngineError> {
        let (index, table) = (table, &self.tables[table]);
        let mut near = self.near[index];
        let looked = self
            .on("looking a row up", |connection| rows::look_up(connection, table, row, ignored, &mut near));
        self.near[index] = near;
        looked
    }

    fn keys(&mut self, table: usize, visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError> {
        let table = &self.tables[table];
        self.on("reading keys", |connection| rows::keys(connection, table, visit))
    }

    fn integrity(&mut self, quick: bool) -> Result<Option<Vec<String>>, EngineError> {
        let sql = if quick { "PRAGMA quick_check" } else { "PRAGMA integrity_check" };
        let mut found: Vec<String> = self.on("checking integrity", |connection| {
            connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        })?;
        found.retain(|line| line != "ok");
        Ok(Some(found))
    }

    fn orphans(&mut self) -> Result<Orphans, EngineError> {
        let tables = self.tables;
        self.on("checking foreign keys", |connection| {
            let enforced = read(connection, "foreign_keys")?.as_deref() == Some("1");
            let count = |table: &Table| -> rusqlite::Result<u64> {
                let mut statement =
                    connection.prepare(&format!("PRAGMA foreign_key_check({})", quote(&table.name)))?;
                let mut rows = statement.query([])?;
                let mut count = 0;
                while rows.next()?.is_some() {
                    count += 1;
                }
                Ok(count)
            };
            Ok(Orphans { per_table: tables.iter().map(count).collect::<rusqlite::Result<_>>()?, enforced })
        })
    }
}
