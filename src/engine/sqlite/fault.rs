//! Why SQLite did not do what it should, in the words of the connection, and what follows from it.

#![expect(unsafe_code, reason = "rusqlite keeps the message of a statement that it did not run to itself")]

use rusqlite::{Connection, ffi};

use super::codes;
use super::connect::Link;
use super::prepared::Code;
use crate::engine::Failure;
use crate::engine::steps::{Fault, Kind};

/// To be called before anything else is asked of the connection.
#[cold]
pub(super) fn read(link: &Link, code: Code) -> Fault {
    let failure = Failure { code: codes::name(code), message: message(&link.connection, code) };
    let gave_up = link.watch.take_gave_up();
    let kind = match codes::primary(code) {
        ffi::SQLITE_BUSY if gave_up => Kind::Cancelled,
        ffi::SQLITE_INTERRUPT if link.watch.stopping() => Kind::Cancelled,
        _ if codes::is_fatal(code) => Kind::Fatal,
        _ => Kind::Refused,
    };
    Fault { kind, failure }
}

/// The connection's words for its last error, or those for the code where they do not belong together.
fn message(connection: &Connection, code: Code) -> String {
    // SAFETY: both strings are SQLite's own, end with a zero, and are copied before the next call.
    unsafe {
        let handle = connection.handle();
        let words = if ffi::sqlite3_extended_errcode(handle) == code {
            ffi::sqlite3_errmsg(handle)
        } else {
            ffi::sqlite3_errstr(code)
        };
        std::ffi::CStr::from_ptr(words).to_string_lossy().into_owned()
    }
}
