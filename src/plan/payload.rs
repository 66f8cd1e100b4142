//! Large objects: whether bytes are counted, which columns are known to hold what `bytes(…)` makes, and incremental blob I/O.

use rusqlite::Connection;

use super::operation::{BlobIo, Kind, Operation};
use super::operations::{Bench, Made, RepeatTaken, Taken};
use super::tables::Tables;
use super::{Table, quote};
use crate::dataset::{Column, Source};
use crate::diagnostic::Code;

/// SQLite's own limit for a value, bytes.
const LONGEST: u64 = 1_000_000_000;

/// Notes on tables and operations what is known of bytes; `from`: some rows are those of an existing database.
pub(super) fn settle(
    tables: &Tables,
    made: &[Made],
    from: bool,
    plan_tables: &mut [Table],
    operations: &mut [Operation],
) {
    let of_rows = tables.rows.iter().flat_map(|rows| &rows.columns).any(makes_bytes);
    let counted = of_rows || made.iter().any(Made::makes_bytes);
    operations.iter_mut().for_each(|operation| operation.payload = counted);
    // Rows of an existing database are whatever they are.
    if !counted || from {
        return;
    }
    for (index, (table, rows)) in plan_tables.iter_mut().zip(tables.rows.iter()).enumerate() {
        if made.iter().any(|made| !made.makes_bytes() && may_write(&made.operation, index)) {
            continue;
        }
        table.bytes = (0..rows.columns.len()).filter(|&column| makes_bytes(&rows.columns[column])).collect();
    }
}

/// Whether SQL of the scenario's own may put anything into a table.
fn may_write(operation: &Operation, table: usize) -> bool {
    let added = operation.changes.iter().any(|&(other, rows)| other == table && rows >= 0);
    let raw = matches!(operation.kind, Kind::Sql { writes: true });
    raw && (added || operation.unaccounted.contains(&table))
        || operation.overwrites.iter().any(|&(other, _)| other == table)
}

/// Whether rows of a table have a rowid.
pub(super) fn has_rowid(database: &Connection, table: &str) -> bool {
    let sql = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1 COLLATE NOCASE";
    database.query_row(sql, [table], |row| row.get::<_, bool>(0)).is_ok_and(|without| !without)
}

fn makes_bytes(column: &Column) -> bool {
    matches!(&column.source, Source::Template(template) if template.facts().makes_bytes())
}

impl Made {
    /// Whether a value of its own is made by `bytes(…)`.
    fn makes_bytes(&self) -> bool {
        let shared = self.values.iter().any(|value| matches!(value, Taken::Own(own) if own.makes_bytes));
        let steps = self.steps.iter().any(|step| {
            let drawn = matches!(&step.repeat, RepeatTaken::Drawn(own) if own.makes_bytes);
            drawn || step.values.iter().any(|own| own.makes_bytes)
        });
        shared || steps
    }
}

/// `blob_io` of an operation, and what it selects with it; nothing where it is not asked for, or cannot be.
pub(super) fn blob_io(bench: &mut Bench<'_, '_>, kind: &str, table: usize) -> Option<(BlobIo, String)> {
    // That it goes with no other kind is told already.
    let size = bench.section.blob_io.filter(|_| ["insert", "get"].contains(&kind))?;
    let at = bench.at(&["blob_io"]);
    let engine = bench.input.engine();
    if !engine.capabilities().blob_io {
        let at = bench.key_at(&["blob_io"]);
        let words = format!("{} has no incremental blob I/O", engine.in_words());
        bench.fault(Code::Engine, at, words, "leave out `blob_io`: values are sent and read whole");
        return None;
    }
    let piece_bytes = size.as_bytes();
    if !(1..=LONGEST).contains(&piece_bytes) {
        let words = format!("blobs cannot be written in pieces of {piece_bytes} bytes");
        bench.fault(Code::OutOfRange, at, words, "write a size from 1B to 1GB, such as \"1MiB\"");
        return None;
    }
    let name = bench.tables.rows[table].name.clone();
    if !has_rowid(&bench.tables.database, &name) {
        let words = format!("`{name}` is WITHOUT ROWID, and incremental blob I/O finds rows by their rowid");
        bench.fault(Code::NoEffect, at, words, "leave out `blob_io`, or WITHOUT ROWID");
        return None;
    }
    let columns = &bench.tables.rows[table].columns;
    let with_bytes = |name: &str| columns.iter().any(|c| c.name.eq_ignore_ascii_case(name) && makes_bytes(c));
    let of_table: Vec<String> = bench.tables.facts[table].columns.iter().map(|c| c.name.clone()).collect();
    let wanted = match (&bench.section.columns, kind) {
        (Some(columns), "get") => columns,
        _ => &of_table,
    };
    let reads: Vec<(usize, String)> = wanted
        .iter()
        .enumerate()
        .filter(|(_, name)| with_bytes(name))
        .map(|(at, c)| (at, c.clone()))
        .collect();
    if reads.is_empty() {
        let words =
            format!("`blob_io` has no effect: no column of `{name}` that it is about is made by `bytes(…)`");
        bench.fault(
            Code::NoEffect,
            at,
            words,
            "leave it out, or give a column a value such as '{{ bytes(\"1MiB\") }}'",
        );
        return None;
    }
    let part = |name: &String| match with_bytes(name) {
        true => format!("length({})", quote(name)),
        false => quote(name),
    };
    let parts: Vec<String> = wanted.iter().map(part).chain(["rowid".to_owned()]).collect();
    let reads = if kind == "get" { reads } else { Vec::new() };
    Some((BlobIo { piece_bytes: piece_bytes as u32, reads }, parts.join(", ")))
}
