//! A prepared statement held for a whole level, bound and stepped without a layer between.
//!
//! rusqlite's statements borrow their connection, so a session could not own both; and these calls are the timed region. What an error
//! means is left to `session`.

#![expect(
    unsafe_code,
    reason = "statements are held beside their connection, and text is bound without a copy"
)]

use std::ffi::{CStr, c_int, c_void};
use std::hint::black_box;
use std::{ptr, slice};

use rusqlite::{Connection, ffi};

use crate::engine::steps::Ran;
use crate::value::{Decoder, EncodedValue, Stretch};

/// An extended result code that is an error; the connection has the words for it.
pub(super) type Code = c_int;

/// A statement of a connection that must outlive it.
#[derive(Debug)]
pub(super) struct Prepared {
    db: *mut ffi::sqlite3,
    statement: *mut ffi::sqlite3_stmt,
    parameters: c_int,
    columns: c_int,
    effect: Effect,
}

/// What a statement may do to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It reads.
    None,
    /// It changes rows, and SQLite counts them.
    Rows,
    /// It changes something and sets no count, such as CREATE.
    Other,
}

/// The row that a statement stands at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a>(&'a Prepared);

// SAFETY: SQLite's connections and statements are not bound to a thread, and these are only reached through their session, by one
// thread at a time.
unsafe impl Send for Prepared {}

impl Prepared {
    /// Prepares one statement.
    ///
    /// # Safety
    /// The connection must stay open until the statement is dropped, and be used by one thread at a time.
    pub(super) unsafe fn new(connection: &Connection, sql: &str) -> rusqlite::Result<Prepared> {
        // Through rusqlite first: its error says where in the text the fault is.
        connection.prepare(sql)?;
        let failed = |code| {
            rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(format!("cannot prepare `{sql}`")))
        };
        // SAFETY: as the caller promises.
        unsafe { Prepared::bare(connection, sql, ffi::SQLITE_PREPARE_PERSISTENT) }.map_err(failed)
    }

    /// The same without words for what is wrong; `flags` are those of `sqlite3_prepare_v3`.
    ///
    /// # Safety
    /// As for [`Prepared::new`].
    pub(super) unsafe fn bare(connection: &Connection, sql: &str, flags: u32) -> Result<Prepared, Code> {
        let mut statement = ptr::null_mut();
        let length = c_int::try_from(sql.len()).map_err(|_| ffi::SQLITE_TOOBIG)?;
        // SAFETY: the text is given with its length, and the connection is open.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                connection.handle(),
                sql.as_ptr().cast(),
                length,
                flags,
                &raw mut statement,
                ptr::null_mut(),
            )
        };
        if code != ffi::SQLITE_OK || statement.is_null() {
            return Err(if code == ffi::SQLITE_OK { ffi::SQLITE_ERROR } else { code });
        }
        // SAFETY: the statement was just prepared.
        Ok(unsafe {
            let effect = match ffi::sqlite3_stmt_readonly(statement) {
                0 if changes_rows(sql) => Effect::Rows,
                0 => Effect::Other,
                _ => Effect::None,
            };
            Prepared {
                db: connection.handle(),
                statement,
                parameters: ffi::sqlite3_bind_parameter_count(statement),
                columns: ffi::sqlite3_column_count(statement),
                effect,
            }
        })
    }

    /// Table and column that each column of its rows is taken from as it is; none where it is computed.
    pub(super) fn origins(&self) -> Vec<Option<(String, String)>> {
        let owned = |text: *const std::ffi::c_char| {
            // SAFETY: SQLite's own text, which ends with a zero and is copied before the next call.
            (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
        };
        let origin = |column| {
            // SAFETY: the statement is prepared.
            let (table, name) = unsafe {
                (
                    ffi::sqlite3_column_table_name(self.statement, column),
                    ffi::sqlite3_column_origin_name(self.statement, column),
                )
            };
            owned(table).zip(owned(name))
        };
        (0..self.columns).map(origin).collect()
    }

    /// What it may do to the database.
    pub(super) fn effect(&self) -> Effect {
        self.effect
    }

    /// Binds the next values of the tape, steps to the end, touching every column of every row, and counts the rows changed.
    ///
    /// Nothing is allocated. After an error the statement must be [`Prepared::reset`], once the connection's message has been read.
    #[inline]
    pub(super) fn execute(&mut self, mut values: Decoder<'_>) -> Result<u64, Code> {
        self.bind_next(1, self.parameters, &mut values)?;
        self.run(|_, row| row.touch()).map(|ran| ran.changes)
    }

    /// The same for a statement whose parameters are those of several rows, one after the other.
    pub(super) fn execute_rows(&mut self, rows: &[Decoder<'_>]) -> Result<u64, Code> {
        let each = self.parameters / c_int::try_from(rows.len().max(1)).map_err(|_| ffi::SQLITE_TOOBIG)?;
        let mut first = 1;
        for row in rows {
            self.bind_next(first, each, &mut { *row })?;
            first += each;
        }
        self.run(|_, row| row.touch()).map(|ran| ran.changes)
    }

    #[inline]
    fn bind_next(&mut self, first: c_int, count: c_int, values: &mut Decoder<'_>) -> Result<(), Code> {
        for index in first..first + count {
            self.bind(index, values.value())?;
        }
        Ok(())
    }

    /// Steps to the end, calls `visit` for each row, numbered from 0, and counts. All parameters must be bound to bytes that live until then.
    #[inline]
    pub(super) fn run(&mut self, mut visit: impl FnMut(u64, Row<'_>)) -> Result<Ran, Code> {
        let mut ran = Ran::default();
        // SAFETY: the statement is prepared, and what is bound to it outlives this call.
        unsafe {
            loop {
                match ffi::sqlite3_step(self.statement) {
                    ffi::SQLITE_DONE => break,
                    ffi::SQLITE_ROW => {
                        visit(ran.rows, Row(self));
                        ran.rows += 1;
                    }
                    code => return Err(code),
                }
            }
            let code = ffi::sqlite3_reset(self.statement);
            if code != ffi::SQLITE_OK {
                return Err(code);
            }
            // One that changes no rows leaves the count of an earlier statement standing.
            if self.effect == Effect::Rows {
                ran.changes = ffi::sqlite3_changes64(self.db).cast_unsigned();
            }
        }
        Ok(ran)
    }

    /// Binds without a copy, the first parameter being 1. The bytes need not outlive the execution: a reset statement does not read what is bound to it, every parameter is
    /// bound anew before the next step, and neither that nor finalising looks at the old bytes.
    #[inline]
    pub(super) fn bind(&mut self, index: c_int, value: EncodedValue<'_>) -> Result<(), Code> {
        // SAFETY: the statement is prepared and not being stepped; pointer and length are those of a live slice, never null.
        let code = unsafe {
            match value {
                EncodedValue::Null => ffi::sqlite3_bind_null(self.statement, index),
                EncodedValue::Integer(v) => ffi::sqlite3_bind_int64(self.statement, index, v),
                EncodedValue::Real(v) => ffi::sqlite3_bind_double(self.statement, index, v),
                EncodedValue::Text(v) => {
                    let encoding = ffi::SQLITE_UTF8 as u8;
                    ffi::sqlite3_bind_text64(
                        self.statement,
                        index,
                        v.as_ptr().cast(),
                        v.len() as u64,
                        ffi::SQLITE_STATIC(),
                        encoding,
                    )
                }
                EncodedValue::Blob(v) => ffi::sqlite3_bind_blob64(
                    self.statement,
                    index,
                    v.as_ptr().cast(),
                    v.len() as u64,
                    ffi::SQLITE_STATIC(),
                ),
                EncodedValue::Large(v) => return self.bind_copy(index, v),
            }
        };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
    }

    /// Binds zeros, so many that a large value can be written over them.
    pub(super) fn bind_zeros(&mut self, index: c_int, length: u64) -> Result<(), Code> {
        // SAFETY: the statement is prepared and not being stepped.
        let code = unsafe { ffi::sqlite3_bind_zeroblob64(self.statement, index, length) };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
    }

    /// Binds bytes that lie nowhere together, as a copy that SQLite frees.
    #[cold]
    fn bind_copy(&mut self, index: c_int, value: Stretch) -> Result<(), Code> {
        // SAFETY: the memory is as long as what is written to it, and SQLite frees it, also where it does not take the value.
        let code = unsafe {
            let copy = ffi::sqlite3_malloc64(value.len()).cast::<u8>();
            if copy.is_null() {
                return Err(ffi::SQLITE_NOMEM);
            }
            let mut at = 0;
            for piece in value.pieces(usize::MAX) {
                ptr::copy_nonoverlapping(piece.as_ptr(), copy.add(at), piece.len());
                at += piece.len();
            }
            let free = Some(ffi::sqlite3_free as unsafe extern "C" fn(*mut c_void));
            ffi::sqlite3_bind_blob64(self.statement, index, copy.cast(), value.len(), free)
        };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
    }

    /// Ends a statement that failed; an error in a transaction of its own is rolled back by this.
    pub(super) fn reset(&mut self) {
        // SAFETY: the statement is prepared. The code repeats the error that is already known.
        unsafe { ffi::sqlite3_reset(self.statement) };
    }
}

impl Row<'_> {
    /// Fetches every column, as a client that uses it would.
    #[inline]
    pub(super) fn touch(self) {
        let statement = self.0.statement;
        for column in 0..self.0.columns {
            // SAFETY: the statement stands at a row.
            unsafe {
                match ffi::sqlite3_column_type(statement, column) {
                    ffi::SQLITE_INTEGER => {
                        black_box(ffi::sqlite3_column_int64(statement, column));
                    }
                    ffi::SQLITE_FLOAT => {
                        black_box(ffi::sqlite3_column_double(statement, column));
                    }
                    ffi::SQLITE_TEXT => {
                        black_box(ffi::sqlite3_column_text(statement, column));
                        black_box(ffi::sqlite3_column_bytes(statement, column));
                    }
                    ffi::SQLITE_BLOB => {
                        black_box(ffi::sqlite3_column_blob(statement, column));
                        black_box(ffi::sqlite3_column_bytes(statement, column));
                    }
                    _ => {}
                }
            }
        }
    }

    /// A column's value as it is stored; NULL where there is no such column.
    #[inline]
    pub(super) fn column(&self, column: c_int) -> EncodedValue<'_> {
        let statement = self.0.statement;
        // SAFETY: the statement stands at a row. What it points to lives until the next step, which needs the statement that this row borrows.
        unsafe {
            let bytes = |start: *const u8| match usize::try_from(ffi::sqlite3_column_bytes(statement, column))
            {
                Ok(length) if !start.is_null() => slice::from_raw_parts(start, length),
                _ => &[],
            };
            match ffi::sqlite3_column_type(statement, column) {
                ffi::SQLITE_INTEGER => EncodedValue::Integer(ffi::sqlite3_column_int64(statement, column)),
                ffi::SQLITE_FLOAT => EncodedValue::Real(ffi::sqlite3_column_double(statement, column)),
                ffi::SQLITE_TEXT => EncodedValue::Text(bytes(ffi::sqlite3_column_text(statement, column))),
                ffi::SQLITE_BLOB => {
                    EncodedValue::Blob(bytes(ffi::sqlite3_column_blob(statement, column).cast()))
                }
                _ => EncodedValue::Null,
            }
        }
    }
}

/// Whether SQL that writes is of the kind that sets the number of rows changed: a CREATE or a PRAGMA leaves it alone.
pub(in crate::engine) fn changes_rows(sql: &str) -> bool {
    let word: String = after_comments(sql).chars().take_while(char::is_ascii_alphabetic).collect();
    ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"].iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn after_comments(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let end = if rest.starts_with("--") {
            rest.find('\n').map(|at| at + 1)
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|at| at + 2)
        } else {
            return rest;
        };
        rest = end.map_or("", |at| rest[at..].trim_start());
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: the connection is still open by contract, and the pointer is not used again.
        unsafe { ffi::sqlite3_finalize(self.statement) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statements_that_change_rows_set_their_number() {
        let changing =
            ["insert into t", "REPLACE INTO t", " -- why\n/* so */ Update t", "with x as (…) DELETE"];
        assert!(changing.into_iter().all(changes_rows));
        let others =
            ["CREATE TABLE t", "PRAGMA user_version = 1", "EXPLAIN INSERT", "-- INSERT", "/* UPDATE", ""];
        assert!(!others.into_iter().any(changes_rows));
    }
}
