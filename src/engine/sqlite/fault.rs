//! Why a statement did not do what it should, in the words of the connection, and what that means for its operation.

#![expect(unsafe_code, reason = "rusqlite keeps the message of a statement that it did not run to itself")]

use rusqlite::{Connection, ffi};

use super::codes;
use super::connect::Link;
use super::prepared::Code;
use crate::engine::{Failure, Outcome};

/// What follows from a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Kind {
    /// The database refused the statement; nothing of the statement stands.
    Refused,
    /// The statement was carried out, and came to something else than expected.
    Unexpected,
    /// Given up because the run is being stopped.
    Cancelled,
    /// The database cannot go on.
    Fatal,
}

/// A statement that failed.
#[derive(Debug)]
pub(in crate::engine) struct Fault {
    pub(in crate::engine) kind: Kind,
    pub(in crate::engine) failure: Failure,
}

impl Fault {
    /// To be read before anything else is asked of the connection.
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

    /// A statement that came to something else than expected.
    #[cold]
    pub(in crate::engine) fn unexpected(code: &'static str, message: String) -> Fault {
        Fault { kind: Kind::Unexpected, failure: Failure { code, message } }
    }

    /// What became of an operation of which nothing stands.
    pub(in crate::engine) fn undone(self) -> Outcome {
        match self.kind {
            Kind::Refused | Kind::Unexpected => Outcome::Refused(self.failure),
            Kind::Cancelled => Outcome::Cancelled,
            Kind::Fatal => Outcome::Fatal(self.failure),
        }
    }
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
