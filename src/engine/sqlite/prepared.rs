//! A prepared statement held for a whole level, bound and stepped without a layer between.
//!
//! rusqlite's statements borrow their connection, so a session could not own both; and these calls are the timed region. What an error
//! means is left to `session`.

#![expect(
    unsafe_code,
    reason = "statements are held beside their connection, and text is bound without a copy"
)]

use std::ffi::c_int;
use std::ptr;

use rusqlite::{Connection, ffi};

use crate::value::{Decoder, EncodedValue};

/// An extended result code that is an error; the connection has the words for it.
pub(super) type Code = c_int;

/// A statement of a connection that must outlive it.
#[derive(Debug)]
pub(super) struct Prepared {
    db: *mut ffi::sqlite3,
    statement: *mut ffi::sqlite3_stmt,
    parameters: c_int,
    writes: bool,
}

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
        let mut statement = ptr::null_mut();
        let failed = |code| {
            rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(format!("cannot prepare `{sql}`")))
        };
        let length = c_int::try_from(sql.len()).map_err(|_| failed(ffi::SQLITE_TOOBIG))?;
        // SAFETY: the text is given with its length, and the connection is open.
        let code = unsafe {
            let flags = ffi::SQLITE_PREPARE_PERSISTENT;
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
            return Err(failed(if code == ffi::SQLITE_OK { ffi::SQLITE_ERROR } else { code }));
        }
        // SAFETY: the statement was just prepared.
        Ok(unsafe {
            Prepared {
                db: connection.handle(),
                statement,
                parameters: ffi::sqlite3_bind_parameter_count(statement),
                writes: ffi::sqlite3_stmt_readonly(statement) == 0,
            }
        })
    }

    /// Binds the next values of the tape, steps to the end and counts the rows changed.
    ///
    /// Nothing is allocated. After an error the statement must be [`Prepared::reset`], once the connection's message has been read.
    #[inline]
    pub(super) fn execute(&mut self, mut values: Decoder<'_>) -> Result<u64, Code> {
        let mut index = 0;
        while index < self.parameters {
            index += 1;
            let code = self.bind(index, values.value());
            if code != ffi::SQLITE_OK {
                return Err(code);
            }
        }
        // SAFETY: the statement is prepared, and what is bound to it outlives this call: see `bind`.
        unsafe {
            loop {
                match ffi::sqlite3_step(self.statement) {
                    ffi::SQLITE_DONE => break,
                    ffi::SQLITE_ROW => {}
                    code => return Err(code),
                }
            }
            let code = ffi::sqlite3_reset(self.statement);
            if code != ffi::SQLITE_OK {
                return Err(code);
            }
            // One that only reads leaves the count of an earlier statement standing.
            Ok(if self.writes { ffi::sqlite3_changes64(self.db).cast_unsigned() } else { 0 })
        }
    }

    /// Binds without a copy. The bytes need not outlive `execute`: a reset statement does not read what is bound to it, every parameter is
    /// bound anew before the next step, and neither that nor finalising looks at the old bytes.
    #[inline]
    fn bind(&mut self, index: c_int, value: EncodedValue<'_>) -> Code {
        // SAFETY: the statement is prepared and not being stepped; pointer and length are those of a live slice, never null.
        unsafe {
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
            }
        }
    }

    /// Ends a statement that failed; an error in a transaction of its own is rolled back by this.
    pub(super) fn reset(&mut self) {
        // SAFETY: the statement is prepared. The code repeats the error that is already known.
        unsafe { ffi::sqlite3_reset(self.statement) };
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: the connection is still open by contract, and the pointer is not used again.
        unsafe { ffi::sqlite3_finalize(self.statement) };
    }
}
