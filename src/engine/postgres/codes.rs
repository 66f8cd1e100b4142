//! SQLSTATE codes: what follows from each.
//!
//! Counting them is left to `measure`, exit codes to `cli`.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio_postgres::error::DbError;

use crate::engine::{EngineError, Failure};

/// Code of an operation whose connection was lost.
pub(super) const CONNECTION_LOST: &str = "08006";
/// Code of a statement that was given up because somebody asked for it.
pub(super) const CANCELLED: &str = "57014";
/// Code of what the server sent, or was to be sent, against the protocol.
pub(super) const PROTOCOL: &str = "08P01";

/// What follows from a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// The statement was refused; the session goes on.
    Refused,
    /// The connection is over, or will be.
    Lost,
    /// The database cannot go on.
    Fatal,
}

/// What follows from a code.
pub(super) fn consequence(code: &str) -> Consequence {
    match code {
        "57P01" | "57P02" | "57P03" => Consequence::Lost,
        "53100" => Consequence::Fatal,
        _ => match code.get(..2) {
            Some("08") => Consequence::Lost,
            Some("58" | "XX") => Consequence::Fatal,
            _ => Consequence::Refused,
        },
    }
}

/// The same code, for as long as the process lives. There are few, and each is kept once.
pub(super) fn interned(code: &str) -> &'static str {
    static CODES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let five = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !five {
        return PROTOCOL;
    }
    let mut codes = CODES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = codes.get(code) {
        return known;
    }
    let kept: &'static str = Box::leak(code.to_owned().into_boxed_str());
    codes.insert(kept);
    kept
}

/// What a code stands for, where its number says little.
pub(super) fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "08P01" => "protocol violation",
        "21000" => "cardinality violation",
        "22001" => "string too long",
        "22003" => "number out of range",
        "22012" => "division by zero",
        "22P02" => "invalid text for the type",
        "23502" => "NOT NULL violation",
        "23503" => "foreign key violation",
        "23505" => "unique violation",
        "23514" => "CHECK violation",
        "25006" => "read-only transaction",
        "25P02" => "transaction already failed",
        "40001" => "serialization failure",
        "40P01" => "deadlock",
        "42501" => "insufficient privilege",
        "42601" => "syntax error",
        "42703" => "undefined column",
        "42883" => "undefined function",
        "42P01" => "undefined table",
        "53100" => "disk full",
        "53200" => "out of memory",
        "53300" => "too many connections",
        "55P03" => "lock not available",
        "57014" => "statement cancelled",
        "57P01" => "server shut down, or session ended",
        "57P02" => "server crashed",
        "57P03" => "server not ready",
        _ => match code.get(..2)? {
            "08" => "connection lost",
            "58" => "system error of the server",
            "XX" => "internal error of the server",
            _ => return None,
        },
    })
}

/// The server's words, after what their code stands for.
pub(super) fn worded(code: &str, words: &str) -> String {
    meaning(code).map_or_else(|| words.to_owned(), |meaning| format!("{meaning}: {words}"))
}

/// As counted and shown.
pub(super) fn failure(code: &str, words: &str) -> Failure {
    let code = interned(code);
    Failure { code, message: worded(code, words) }
}

/// The words of an error with all that it says beside its message.
pub(super) fn words(error: &DbError) -> String {
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{}{detail}{hint}", error.message())
}

/// An error outside the timed region. `doing` completes "while …".
pub(super) fn failed(failure: &Failure, doing: &str, stopping: bool) -> EngineError {
    let code = failure.code;
    let named = format!("while {doing}: {}", failure.message);
    let unavailable = || EngineError::Unavailable(format!("{named} ({code})"));
    match (consequence(code), code) {
        (_, CANCELLED) | (Consequence::Lost, _) if stopping => EngineError::Interrupted,
        (Consequence::Fatal, _) => EngineError::Fatal { code, message: named },
        (Consequence::Lost, _) => unavailable(),
        // Privileges, logins, limits, locks, time-outs: the server would, and cannot now.
        _ if code == "42501"
            || ["28", "3D", "53", "55", "57"].iter().any(|class| code.starts_with(class)) =>
        {
            unavailable()
        }
        _ => EngineError::Setting { pragma: None, message: format!("{named} ({code})") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_kept_once_and_what_is_no_code_breaks_the_protocol() {
        let first = interned("23505");
        let again = interned(&String::from("23505"));
        assert_eq!(first, "23505");
        assert!(std::ptr::eq(first, again));
        assert_eq!(interned("not a code"), PROTOCOL);
    }

    #[test]
    fn a_full_disk_ends_a_level_a_shutdown_loses_the_connection_and_a_constraint_is_counted() {
        assert_eq!(consequence("53100"), Consequence::Fatal);
        assert_eq!(consequence("58030"), Consequence::Fatal);
        assert_eq!(consequence("XX001"), Consequence::Fatal);
        assert_eq!(consequence("57P01"), Consequence::Lost);
        assert_eq!(consequence("08003"), Consequence::Lost);
        for code in ["23505", "40001", "40P01", "57014", "53200", "55P03"] {
            assert_eq!(consequence(code), Consequence::Refused, "{code}");
        }
    }

    #[test]
    fn the_kind_of_an_error_outside_of_operations_follows_from_its_code() {
        let kind = |code, stopping| failed(&failure(code, "words"), "testing", stopping);
        assert!(matches!(kind("42601", false), EngineError::Setting { pragma: None, .. }));
        assert!(matches!(kind("42501", false), EngineError::Unavailable(_)));
        assert!(matches!(kind("57P03", false), EngineError::Unavailable(_)));
        assert!(matches!(kind("57014", true), EngineError::Interrupted));
        assert!(matches!(kind("53100", false), EngineError::Fatal { code: "53100", .. }));
    }

    #[test]
    fn a_message_says_what_its_code_stands_for() {
        let failure = failure("23505", "duplicate key value");
        assert_eq!(
            (failure.code, failure.message.as_str()),
            ("23505", "unique violation: duplicate key value")
        );
        assert_eq!(worded("99999", "words"), "words");
    }
}
