//! Bytes that a statement writes and reads in SQLite, counted, and blobs that are moved in pieces apart from their rows.

use std::ffi::CString;

use super::blobs::{self, Cell, PIECE_BYTES};
use super::connect::Link;
use super::fault;
use super::prepared::{Code, Prepared, Row};
use crate::engine::met::{Known, Met, is_made, payload_bytes};
use crate::engine::steps::Fault;
use crate::plan::{Kind, Operation, Table};
use crate::value::EncodedValue;

/// How a statement's bytes are counted, checked, and moved in pieces.
#[derive(Debug)]
pub(super) struct Payload {
    writes: bool,
    columns: Vec<Known>,
    later: Option<Later>,
    apart: Option<Apart>,
    memory: Vec<u8>,
}

/// Values that are written after their row.
#[derive(Debug)]
struct Later {
    table: CString,
    columns: Vec<CString>,
    piece_bytes: usize,
    /// Every blob, not only those that lie nowhere together.
    all: bool,
}

/// Blobs that are read after their row; its last column is the rowid.
#[derive(Debug)]
struct Apart {
    table: CString,
    /// Place in the row, column, and whether all its blobs are made by `bytes(…)`.
    columns: Vec<(i32, CString, bool)>,
    piece_bytes: usize,
}

impl Payload {
    /// For one statement of an operation whose bytes are counted.
    pub(super) fn new(
        operation: &Operation,
        statement: &Prepared,
        writes: bool,
        tables: &[Table],
    ) -> Payload {
        let known = |origin: Option<(String, String)>| {
            let Some((table, column)) = origin else { return Known::Nothing };
            Known::of(tables.iter().find(|known| known.name.eq_ignore_ascii_case(&table)), &column)
        };
        Payload {
            writes,
            columns: statement.origins().into_iter().map(known).collect(),
            later: later(operation, tables),
            apart: apart(operation, tables),
            memory: Vec::new(),
        }
    }

    /// Whether a value is written after its row: zeros are bound in its place.
    #[inline]
    pub(super) fn is_later(&self, value: EncodedValue<'_>) -> Option<u64> {
        let later = self.later.as_ref()?;
        match value {
            EncodedValue::Large(stretch) => Some(stretch.len()),
            EncodedValue::Blob(bytes) if later.all && !bytes.is_empty() => Some(bytes.len() as u64),
            _ => None,
        }
    }

    /// Whether any value is written after its row, which takes a transaction around both.
    pub(super) fn needs_transaction<'v>(&self, mut values: impl Iterator<Item = EncodedValue<'v>>) -> bool {
        self.later.is_some() && values.any(|value| self.is_later(value).is_some())
    }

    /// Bytes of a value that is bound.
    #[inline]
    pub(super) fn bound(&self, value: EncodedValue<'_>) -> u64 {
        if self.writes { payload_bytes(value) } else { 0 }
    }

    /// Writes what was left out of the row that was inserted last; the values are those of its columns.
    pub(super) fn write_later<'v>(
        &self,
        link: &Link,
        values: impl Iterator<Item = EncodedValue<'v>>,
    ) -> Result<(), Fault> {
        let Some(later) = &self.later else { return Ok(()) };
        let rowid = link.connection.last_insert_rowid();
        for (column, value) in later.columns.iter().zip(values) {
            if self.is_later(value).is_some() {
                let cell = Cell { table: &later.table, column, rowid };
                blobs::write(&link.connection, cell, value, later.piece_bytes)
                    .map_err(|code| fault::read(link, code))?;
            }
        }
        Ok(())
    }

    /// Fetches every column of a row, as a client that uses it would, with what it looks for in other places.
    pub(super) fn touch(&mut self, link: &Link, row: Row<'_>, met: &mut Met) -> Result<(), Code> {
        for (index, known) in (0..).zip(&self.columns) {
            met.meet(*known, std::hint::black_box(row.column(index)));
        }
        let Some(apart) = &self.apart else { return Ok(()) };
        let EncodedValue::Integer(rowid) = row.column(self.columns.len() as i32 - 1) else { return Ok(()) };
        for (place, column, made) in &apart.columns {
            let EncodedValue::Integer(length) = row.column(*place) else { continue };
            let cell = Cell { table: &apart.table, column, rowid };
            let (mut start, mut end) = (Vec::with_capacity(8), Vec::with_capacity(16));
            let ends = |at: u64, piece: &[u8]| {
                if at == 0 {
                    start.extend_from_slice(&piece[..piece.len().min(8)]);
                }
                // The last word may lie across two pieces.
                let kept = end.len().min(8);
                end.drain(..end.len() - kept);
                end.extend_from_slice(&piece[piece.len().saturating_sub(8)..]);
            };
            met.bytes += blobs::read(&link.connection, cell, &mut self.memory, apart.piece_bytes, ends)?;
            let known = if *made { Known::Made } else { Known::Stored };
            met.check(known, &start, &end[end.len().saturating_sub(8)..], length.unsigned_abs());
        }
        Ok(())
    }
}

/// SQLite takes names without zeros only.
fn c_text(name: &str) -> Option<CString> {
    CString::new(name).ok()
}

/// Rows of the dataset know which value belongs to which column.
fn later(operation: &Operation, tables: &[Table]) -> Option<Later> {
    let Kind::Insert { table } = operation.kind else { return None };
    let table = tables.get(table).filter(|table| table.rowid)?;
    let columns = table.columns.iter().map(|column| c_text(column)).collect::<Option<_>>()?;
    let piece_bytes = operation.blob_io.as_ref().map(|io| io.piece_bytes as usize);
    Some(Later {
        table: c_text(&table.name)?,
        columns,
        piece_bytes: piece_bytes.unwrap_or(PIECE_BYTES),
        all: piece_bytes.is_some(),
    })
}

fn apart(operation: &Operation, tables: &[Table]) -> Option<Apart> {
    let Kind::Get { table } = operation.kind else { return None };
    let io = operation.blob_io.as_ref().filter(|io| !io.reads.is_empty())?;
    let table = tables.get(table)?;
    let column = |(place, name): &(usize, String)| {
        Some((i32::try_from(*place).ok()?, c_text(name)?, is_made(table, name)))
    };
    Some(Apart {
        table: c_text(&table.name)?,
        columns: io.reads.iter().map(column).collect::<Option<_>>()?,
        piece_bytes: io.piece_bytes as usize,
    })
}
