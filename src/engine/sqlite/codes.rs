//! SQLite's result codes: their names, and what follows from each.
//!
//! Counting them is left to `measure`, exit codes to `cli`.

use rusqlite::ffi;

use crate::engine::EngineError;

macro_rules! names {
    ($($name:ident)*) => {
        /// Primary and extended codes, by value.
        const NAMES: &[(i32, &str)] = &[$((ffi::$name, stringify!($name))),*];
    };
}

names! {
    SQLITE_ERROR SQLITE_INTERNAL SQLITE_PERM SQLITE_ABORT SQLITE_BUSY SQLITE_LOCKED SQLITE_NOMEM SQLITE_READONLY SQLITE_INTERRUPT
    SQLITE_IOERR SQLITE_CORRUPT SQLITE_NOTFOUND SQLITE_FULL SQLITE_CANTOPEN SQLITE_PROTOCOL SQLITE_EMPTY SQLITE_SCHEMA SQLITE_TOOBIG
    SQLITE_CONSTRAINT SQLITE_MISMATCH SQLITE_MISUSE SQLITE_NOLFS SQLITE_AUTH SQLITE_FORMAT SQLITE_RANGE SQLITE_NOTADB
    SQLITE_ERROR_MISSING_COLLSEQ SQLITE_ERROR_RETRY SQLITE_ERROR_SNAPSHOT
    SQLITE_IOERR_READ SQLITE_IOERR_SHORT_READ SQLITE_IOERR_WRITE SQLITE_IOERR_FSYNC SQLITE_IOERR_DIR_FSYNC SQLITE_IOERR_TRUNCATE
    SQLITE_IOERR_FSTAT SQLITE_IOERR_UNLOCK SQLITE_IOERR_RDLOCK SQLITE_IOERR_DELETE SQLITE_IOERR_BLOCKED SQLITE_IOERR_NOMEM
    SQLITE_IOERR_ACCESS SQLITE_IOERR_CHECKRESERVEDLOCK SQLITE_IOERR_LOCK SQLITE_IOERR_CLOSE SQLITE_IOERR_DIR_CLOSE
    SQLITE_IOERR_SHMOPEN SQLITE_IOERR_SHMSIZE SQLITE_IOERR_SHMLOCK SQLITE_IOERR_SHMMAP SQLITE_IOERR_SEEK SQLITE_IOERR_DELETE_NOENT
    SQLITE_IOERR_MMAP SQLITE_IOERR_GETTEMPPATH SQLITE_IOERR_CONVPATH SQLITE_IOERR_VNODE SQLITE_IOERR_AUTH SQLITE_IOERR_BEGIN_ATOMIC
    SQLITE_IOERR_COMMIT_ATOMIC SQLITE_IOERR_ROLLBACK_ATOMIC SQLITE_IOERR_DATA SQLITE_IOERR_CORRUPTFS SQLITE_IOERR_IN_PAGE
    SQLITE_LOCKED_SHAREDCACHE SQLITE_LOCKED_VTAB SQLITE_BUSY_RECOVERY SQLITE_BUSY_SNAPSHOT SQLITE_BUSY_TIMEOUT
    SQLITE_CANTOPEN_NOTEMPDIR SQLITE_CANTOPEN_ISDIR SQLITE_CANTOPEN_FULLPATH SQLITE_CANTOPEN_CONVPATH SQLITE_CANTOPEN_DIRTYWAL
    SQLITE_CANTOPEN_SYMLINK SQLITE_CORRUPT_VTAB SQLITE_CORRUPT_SEQUENCE SQLITE_CORRUPT_INDEX
    SQLITE_READONLY_RECOVERY SQLITE_READONLY_CANTLOCK SQLITE_READONLY_ROLLBACK SQLITE_READONLY_DBMOVED SQLITE_READONLY_CANTINIT
    SQLITE_READONLY_DIRECTORY SQLITE_ABORT_ROLLBACK SQLITE_CONSTRAINT_CHECK SQLITE_CONSTRAINT_COMMITHOOK
    SQLITE_CONSTRAINT_FOREIGNKEY SQLITE_CONSTRAINT_FUNCTION SQLITE_CONSTRAINT_NOTNULL SQLITE_CONSTRAINT_PRIMARYKEY
    SQLITE_CONSTRAINT_TRIGGER SQLITE_CONSTRAINT_UNIQUE SQLITE_CONSTRAINT_VTAB SQLITE_CONSTRAINT_ROWID SQLITE_CONSTRAINT_PINNED
    SQLITE_CONSTRAINT_DATATYPE SQLITE_AUTH_USER
}

/// SQLite's own name of a code: the extended one where it is known, else the primary one.
pub(in crate::engine) fn name(code: i32) -> &'static str {
    let named = |code: i32| NAMES.iter().find(|(value, _)| *value == code).map(|(_, name)| *name);
    named(code).or_else(|| named(primary(code))).unwrap_or("SQLITE_UNKNOWN")
}

/// The low byte of an extended code.
pub(super) fn primary(code: i32) -> i32 {
    code & 0xff
}

/// Whether the database cannot go on. PROTOCOL is not such a one: it is a race for the write-ahead log's lock, lost too often.
pub(in crate::engine) fn is_fatal(code: i32) -> bool {
    matches!(
        primary(code),
        ffi::SQLITE_FULL
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_CORRUPT
            | ffi::SQLITE_READONLY
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_NOMEM
            | ffi::SQLITE_NOTADB
            | ffi::SQLITE_INTERNAL
    )
}

/// Whether another connection stands in the way.
pub(super) fn is_busy(code: i32) -> bool {
    matches!(primary(code), ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL)
}

/// An error outside the timed region. `doing` completes "while …".
pub(super) fn engine_error(error: &rusqlite::Error, doing: &str, stopping: bool) -> EngineError {
    let (code, words) = match error {
        rusqlite::Error::SqliteFailure(failure, words) => (failure.extended_code, words.clone()),
        rusqlite::Error::SqlInputError { error, msg, sql, .. } => {
            (error.extended_code, Some(format!("{msg} in `{sql}`")))
        }
        other => return EngineError::Setting { pragma: None, message: format!("while {doing}: {other}") },
    };
    let words = words.unwrap_or_else(|| error.to_string());
    let named = format!("while {doing}: {words}");
    match primary(code) {
        ffi::SQLITE_INTERRUPT => EngineError::Interrupted,
        _ if is_busy(code) && stopping => EngineError::Interrupted,
        ffi::SQLITE_CANTOPEN => EngineError::Unavailable(format!("{named} ({})", name(code))),
        _ if is_busy(code) => EngineError::Unavailable(format!(
            "{named} ({}): another process has the database locked",
            name(code)
        )),
        _ if is_fatal(code) => EngineError::Fatal { code: name(code), message: named },
        ffi::SQLITE_AUTH => EngineError::Setting {
            pragma: None,
            message: format!(
                "{named}: SQL may not reach other files; `[database] allow = [\"attach\"]` lets it attach them"
            ),
        },
        _ => EngineError::Setting { pragma: None, message: named },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extended_code_has_its_own_name_and_an_unknown_one_that_of_its_primary() {
        assert_eq!(name(ffi::SQLITE_CONSTRAINT_UNIQUE), "SQLITE_CONSTRAINT_UNIQUE");
        assert_eq!(name(ffi::SQLITE_BUSY_SNAPSHOT), "SQLITE_BUSY_SNAPSHOT");
        assert_eq!(name(ffi::SQLITE_BUSY), "SQLITE_BUSY");
        assert_eq!(name(ffi::SQLITE_IOERR | (200 << 8)), "SQLITE_IOERR");
        assert_eq!(name(99), "SQLITE_UNKNOWN");
    }

    #[test]
    fn a_full_disk_ends_a_level_and_a_constraint_does_not() {
        let fatal = [
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_READONLY_DBMOVED,
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_NOTADB,
        ];
        assert!(fatal.into_iter().all(is_fatal));
        let counted = [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_LOCKED,
            ffi::SQLITE_CONSTRAINT_CHECK,
            ffi::SQLITE_TOOBIG,
            ffi::SQLITE_PROTOCOL,
        ];
        assert!(!counted.into_iter().any(is_fatal));
    }

    #[test]
    fn the_kind_of_an_error_follows_from_its_code() {
        let error = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        let kind = |code, stopping| engine_error(&error(code), "testing", stopping);
        assert!(matches!(kind(ffi::SQLITE_BUSY, false), EngineError::Unavailable(_)));
        assert!(matches!(kind(ffi::SQLITE_BUSY, true), EngineError::Interrupted));
        assert!(matches!(kind(ffi::SQLITE_INTERRUPT, false), EngineError::Interrupted));
        assert!(matches!(kind(ffi::SQLITE_FULL, false), EngineError::Fatal { code: "SQLITE_FULL", .. }));
        assert!(matches!(kind(ffi::SQLITE_CANTOPEN, false), EngineError::Unavailable(_)));
        assert!(matches!(kind(ffi::SQLITE_AUTH, false), EngineError::Setting { pragma: None, .. }));
    }
}
