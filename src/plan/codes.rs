//! Which refusals of SQLite a retry may be for.
//!
//! What SQLite answers in fact is left to `engine`.

use crate::diagnostic::nearest;

/// Words for the usual ones.
const WORDS: [(&str, &str); 3] =
    [("busy", "SQLITE_BUSY"), ("locked", "SQLITE_LOCKED"), ("constraint", "SQLITE_CONSTRAINT")];

/// Codes that refuse one operation without ending the level.
const CODES: [&str; 13] = [
    "SQLITE_ABORT",
    "SQLITE_AUTH",
    "SQLITE_BUSY",
    "SQLITE_CONSTRAINT",
    "SQLITE_ERROR",
    "SQLITE_INTERRUPT",
    "SQLITE_LOCKED",
    "SQLITE_MISMATCH",
    "SQLITE_PERM",
    "SQLITE_PROTOCOL",
    "SQLITE_RANGE",
    "SQLITE_SCHEMA",
    "SQLITE_TOOBIG",
];

/// How the codes begin that a word stands for, or what to write instead of it.
pub(super) fn beginning(word: &str) -> Result<String, String> {
    if let Some((_, code)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Ok((*code).to_owned());
    }
    let extended = |code: &str| word.strip_prefix(code).is_some_and(|rest| rest.starts_with('_'));
    if word == super::POOL_TIMEOUT || CODES.iter().any(|code| word == *code || extended(code)) {
        return Ok(word.to_owned());
    }
    let names = WORDS.iter().map(|(known, _)| *known);
    let of_sqlite = word.to_ascii_uppercase().starts_with("SQLITE");
    let near = if of_sqlite { nearest(word, CODES) } else { nearest(word, names) };
    Err(match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            "write \"busy\" (a lock was not had in time), \"locked\", \"constraint\", \"pool_timeout\", or a code of SQLite such as \"SQLITE_BUSY_SNAPSHOT\""
                .to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_are_told_from_what_ends_a_level() {
        assert_eq!(beginning("busy").as_deref(), Ok("SQLITE_BUSY"));
        assert_eq!(beginning("SQLITE_BUSY_SNAPSHOT").as_deref(), Ok("SQLITE_BUSY_SNAPSHOT"));
        assert_eq!(beginning("pool_timeout").as_deref(), Ok("pool_timeout"));
        assert_eq!(beginning("bussy").unwrap_err(), "did you mean \"busy\"?");
        assert_eq!(beginning("SQLITE_CONSTRANT").unwrap_err(), "did you mean \"SQLITE_CONSTRAINT\"?");
        assert!(beginning("SQLITE_FULL").is_err());
    }
}
