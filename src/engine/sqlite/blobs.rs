//! One blob of one row, opened for SQLite's incremental I/O: it is written and read in pieces, and never held as a whole.

#![expect(unsafe_code, reason = "blobs are opened beside the statements of a connection")]

use std::ffi::{CStr, c_int};
use std::ptr;

use rusqlite::{Connection, ffi};

use super::prepared::Code;
use crate::value::{EncodedValue, Stretch};

/// Pieces of a value that is larger than what lies together, where the scenario names no size.
pub(super) const PIECE_BYTES: usize = 1 << 20;

/// Where a blob stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    pub(super) table: &'a CStr,
    pub(super) column: &'a CStr,
    pub(super) rowid: i64,
}

/// An open blob; closed when dropped.
struct Blob<'a> {
    handle: *mut ffi::sqlite3_blob,
    length: u64,
    /// The connection stays open meanwhile.
    _connection: &'a Connection,
}

impl<'a> Blob<'a> {
    fn open(connection: &'a Connection, cell: Cell<'_>, write: bool) -> Result<Blob<'a>, Code> {
        let mut handle = ptr::null_mut();
        // SAFETY: the connection is open, and the texts end with a zero.
        let code = unsafe {
            ffi::sqlite3_blob_open(
                connection.handle(),
                c"main".as_ptr(),
                cell.table.as_ptr(),
                cell.column.as_ptr(),
                cell.rowid,
                c_int::from(write),
                &raw mut handle,
            )
        };
        checked(code)?;
        // SAFETY: the blob was just opened.
        let length = unsafe { ffi::sqlite3_blob_bytes(handle) };
        Ok(Blob { handle, length: length.unsigned_abs().into(), _connection: connection })
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> Result<(), Code> {
        let length = c_int::try_from(bytes.len()).map_err(|_| ffi::SQLITE_TOOBIG)?;
        let at = c_int::try_from(at).map_err(|_| ffi::SQLITE_TOOBIG)?;
        // SAFETY: the blob is open, and the memory is as long as it says.
        checked(unsafe { ffi::sqlite3_blob_read(self.handle, bytes.as_mut_ptr().cast(), length, at) })
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), Code> {
        let length = c_int::try_from(bytes.len()).map_err(|_| ffi::SQLITE_TOOBIG)?;
        let at = c_int::try_from(at).map_err(|_| ffi::SQLITE_TOOBIG)?;
        // SAFETY: the blob is open, and the memory is as long as it says.
        checked(unsafe { ffi::sqlite3_blob_write(self.handle, bytes.as_ptr().cast(), length, at) })
    }
}

impl Drop for Blob<'_> {
    fn drop(&mut self) {
        // SAFETY: the blob is open, and its handle not used again. What closing can still refuse is told by the commit that follows.
        unsafe { ffi::sqlite3_blob_close(self.handle) };
    }
}

fn checked(code: c_int) -> Result<(), Code> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
}

/// Writes a value over the zeros that stand in its place.
pub(super) fn write(
    connection: &Connection,
    cell: Cell<'_>,
    value: EncodedValue<'_>,
    piece_bytes: usize,
) -> Result<(), Code> {
    let blob = Blob::open(connection, cell, true)?;
    let mut at = 0;
    let mut each = |piece: &[u8]| {
        blob.write(at, piece)?;
        at += piece.len() as u64;
        Ok(())
    };
    match value {
        EncodedValue::Blob(bytes) => bytes.chunks(piece_bytes).try_for_each(&mut each),
        EncodedValue::Large(stretch) => stretch.pieces(piece_bytes).try_for_each(&mut each),
        _ => Ok(()),
    }
}

/// Reads a blob piece by piece into memory that is used again, and hands each piece over with its place.
pub(super) fn read(
    connection: &Connection,
    cell: Cell<'_>,
    memory: &mut Vec<u8>,
    piece_bytes: usize,
    mut each: impl FnMut(u64, &[u8]),
) -> Result<u64, Code> {
    let blob = Blob::open(connection, cell, false)?;
    memory.resize(piece_bytes.min(blob.length as usize), 0);
    let mut at = 0;
    while at < blob.length {
        let piece = &mut memory[..piece_bytes.min((blob.length - at) as usize)];
        blob.read(at, piece)?;
        each(at, piece);
        at += piece.len() as u64;
    }
    Ok(blob.length)
}

/// Whether a blob is a stretch of the pool, compared piece by piece.
pub(super) fn is(connection: &Connection, cell: Cell<'_>, stretch: Stretch) -> Result<bool, Code> {
    let mut same = true;
    let mut memory = Vec::new();
    let compare = |at: u64, piece: &[u8]| same &= stretch.holds(at, piece);
    let length = read(connection, cell, &mut memory, PIECE_BYTES, compare)?;
    Ok(same && length == stretch.len())
}
