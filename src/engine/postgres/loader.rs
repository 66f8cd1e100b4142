//! Rows in bulk: COPY in pieces, table by table, parents before children.

use bytes::Bytes;

use super::admin::{Admin, Fault};
use super::columns;
use super::schema::parents_first;
use super::text::{Column, copy_field};
use crate::engine::{EngineError, Loader};
use crate::plan::{Table, quote};
use crate::value::Decoder;

/// Text of one table that is held back, at most about so much.
const TABLE_BYTES: usize = 1 << 20;
/// Text of all tables.
const ALL_BYTES: usize = 16 << 20;

/// Loads tables that were just made.
pub(super) struct CopyLoader<'a> {
    admin: &'a mut Admin,
    tables: &'a [Table],
    /// In which rows become visible.
    order: Vec<usize>,
    /// By table.
    waiting: Vec<Waiting>,
    bytes: usize,
}

/// Rows of one table that are not written yet.
struct Waiting {
    sql: String,
    columns: Vec<Column>,
    text: Vec<u8>,
    rows: u64,
    written: u64,
}

impl<'a> CopyLoader<'a> {
    pub(super) fn new(admin: &'a mut Admin, tables: &'a [Table]) -> Result<CopyLoader<'a>, EngineError> {
        let mut waiting = Vec::new();
        for table in tables {
            let columns = columns::of_table(admin, table)?;
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let sql = format!("COPY {} ({}) FROM STDIN", quote(&table.name), names.join(", "));
            waiting.push(Waiting { sql, columns, text: Vec::new(), rows: 0, written: 0 });
        }
        Ok(CopyLoader { admin, tables, order: parents_first(tables), waiting, bytes: 0 })
    }

    /// Writes the rows of a table, and before them all that come before it.
    fn flush_to(&mut self, last: Option<usize>) -> Result<(), EngineError> {
        for table in self.order.clone() {
            self.flush(table)?;
            if Some(table) == last {
                break;
            }
        }
        Ok(())
    }

    fn flush(&mut self, table: usize) -> Result<(), EngineError> {
        let waiting = &mut self.waiting[table];
        if waiting.rows == 0 {
            return Ok(());
        }
        self.admin.heed()?;
        let text = Bytes::from(std::mem::take(&mut waiting.text));
        self.bytes -= text.len();
        let copied = self.admin.copy(&waiting.sql, text);
        copied.map_err(|fault| refused(fault, &self.tables[table].name, waiting.written, waiting.rows))?;
        waiting.written += waiting.rows;
        waiting.rows = 0;
        Ok(())
    }
}

impl Loader for CopyLoader<'_> {
    fn row(&mut self, table: usize, mut values: Decoder<'_>) -> Result<(), EngineError> {
        let waiting = &mut self.waiting[table];
        let before = waiting.text.len();
        for (index, column) in waiting.columns.iter().enumerate() {
            if index > 0 {
                waiting.text.push(b'\t');
            }
            copy_field(&mut waiting.text, values.value(), column.holds);
        }
        waiting.text.push(b'\n');
        waiting.rows += 1;
        let held = waiting.text.len();
        self.bytes += held - before;
        if self.bytes >= ALL_BYTES {
            return self.flush_to(None);
        }
        if held >= TABLE_BYTES { self.flush_to(Some(table)) } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), EngineError> {
        self.flush_to(None)?;
        for (table, waiting) in self.tables.iter().zip(&self.waiting) {
            if waiting.written > 0 {
                self.admin.heed()?;
                // Plans are then those that a database in use would have; a server without it plans as it does.
                let _ = self.admin.try_run(&format!("ANALYZE {}", quote(&table.name)));
            }
        }
        Ok(())
    }
}

/// Names the row, where the server tells its line; else those that were sent together.
fn refused(fault: Fault, table: &str, before: u64, sent: u64) -> EngineError {
    let what = match line(fault.place()) {
        Some(line) => format!("row {} of {table} could not be loaded", before + line),
        None if sent == 1 => format!("row {} of {table} could not be loaded", before + 1),
        None => format!("rows {} to {} of {table} could not be loaded", before + 1, before + sent),
    };
    fault.into_end(&what)
}

/// The line that the server names, as in `COPY posts, line 3, column id: "x"`.
fn line(place: Option<&str>) -> Option<u64> {
    let place = place?;
    let rest = &place[place.find(", line ")? + 7..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    place.starts_with("COPY ").then(|| rest[..digits].parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_refused_row_is_read_from_the_servers_words() {
        assert_eq!(line(Some("COPY posts, line 3, column id: \"x\"")), Some(3));
        assert_eq!(line(Some("COPY posts, line 12")), Some(12));
        assert_eq!(line(Some("SQL statement \"SELECT 1, line 4\"")), None);
        assert_eq!(line(Some("COPY posts")), None);
        assert_eq!(line(None), None);
    }
}
