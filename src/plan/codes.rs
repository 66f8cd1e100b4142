//! Which refusals of a database a retry may be for.
//!
//! What a database answers in fact is left to `engine`.

use super::EngineKind;
use crate::diagnostic::nearest;

/// Words, and how the codes of SQLite and of PostgreSQL begin that they stand for.
const WORDS: [(&str, &[&str], &[&str]); 6] = [
    ("busy", &["SQLITE_BUSY"], &["55P03"]),
    ("locked", &["SQLITE_LOCKED"], &["55P03"]),
    ("constraint", &["SQLITE_CONSTRAINT"], &["23"]),
    ("serialization", &[], &["40001"]),
    ("deadlock", &[], &["40P01"]),
    ("connection", &[], &["08", "57P01", "57P02", "57P03"]),
];

/// Codes of SQLite that refuse one operation without ending the level.
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

/// Codes of PostgreSQL that end a level begin so: no room, no memory, a broken system or database.
const FATAL: [&str; 4] = ["53100", "53200", "58", "XX"];

/// What is tried again where nothing is said.
pub(super) fn usual(engine: EngineKind) -> [&'static str; 2] {
    match engine {
        EngineKind::Sqlite | EngineKind::Memtable => ["busy", "locked"],
        EngineKind::Postgres => ["serialization", "deadlock"],
    }
}

/// How the codes begin that a word stands for, or what to write instead of it. What another of the file's engines has stands for none.
pub(super) fn beginnings(
    word: &str,
    engine: EngineKind,
    engines: &[EngineKind],
) -> Result<Vec<String>, String> {
    let server = engine == EngineKind::Postgres;
    let other_is_there = engines.iter().any(|other| (*other == EngineKind::Postgres) != server);
    let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    if let Some((_, sqlite, postgres)) = WORDS.iter().find(|(known, ..)| *known == word) {
        let codes = if server { postgres } else { sqlite };
        if codes.is_empty() && !other_is_there {
            return Err(format!(
                "{} never refuses so; it goes with `engine = \"postgres\"`",
                engine.in_words()
            ));
        }
        return Ok(owned(codes));
    }
    let extended = |code: &str| word.strip_prefix(code).is_some_and(|rest| rest.starts_with('_'));
    if word == super::POOL_TIMEOUT {
        return Ok(owned(&[word]));
    }
    let of_sqlite = CODES.iter().any(|code| word == *code || extended(code));
    if (of_sqlite && !server) || (is_state(word) && server) {
        return Ok(owned(&[word]));
    }
    if (of_sqlite || is_state(word)) && other_is_there {
        return Ok(Vec::new());
    }
    Err(instead(word, server))
}

/// Whether it is a code of PostgreSQL that refuses one operation: five letters of a known form.
fn is_state(word: &str) -> bool {
    let form = word.len() == 5
        && word.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && word.bytes().next().is_some_and(|c| c.is_ascii_digit());
    form && !word.starts_with("00") && !FATAL.iter().any(|fatal| word.starts_with(fatal))
}

fn instead(word: &str, server: bool) -> String {
    let known = |(_, sqlite, postgres): &&(&str, &[&str], &[&str])| {
        if server { !postgres.is_empty() } else { !sqlite.is_empty() }
    };
    let names = WORDS.iter().filter(known).map(|(name, ..)| *name);
    let of_sqlite = !server && word.to_ascii_uppercase().starts_with("SQLITE");
    let near = if of_sqlite { nearest(word, CODES) } else { nearest(word, names) };
    match (near, server) {
        (Some(near), _) => format!("did you mean \"{near}\"?"),
        (None, false) => {
            "write \"busy\" (a lock was not had in time), \"locked\", \"constraint\", \"pool_timeout\", or a code of SQLite such as \"SQLITE_BUSY_SNAPSHOT\""
                .to_owned()
        }
        (None, true) => {
            "write \"serialization\", \"deadlock\", \"connection\" (it was lost), \"busy\" (a lock was not had in time), \"constraint\", \"pool_timeout\", or a code of PostgreSQL such as \"40001\""
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(word: &str) -> Result<Vec<String>, String> {
        beginnings(word, EngineKind::Sqlite, &[EngineKind::Sqlite])
    }

    fn server(word: &str) -> Result<Vec<String>, String> {
        beginnings(word, EngineKind::Postgres, &[EngineKind::Postgres])
    }

    #[test]
    fn words_and_codes_are_told_from_what_ends_a_level() {
        assert_eq!(sqlite("busy").unwrap(), ["SQLITE_BUSY"]);
        assert_eq!(sqlite("SQLITE_BUSY_SNAPSHOT").unwrap(), ["SQLITE_BUSY_SNAPSHOT"]);
        assert_eq!(sqlite("pool_timeout").unwrap(), ["pool_timeout"]);
        assert_eq!(sqlite("bussy").unwrap_err(), "did you mean \"busy\"?");
        assert_eq!(sqlite("SQLITE_CONSTRANT").unwrap_err(), "did you mean \"SQLITE_CONSTRAINT\"?");
        assert!(sqlite("SQLITE_FULL").is_err());
    }

    #[test]
    fn a_server_has_words_and_codes_of_its_own() {
        assert_eq!(server("serialization").unwrap(), ["40001"]);
        assert_eq!(server("connection").unwrap(), ["08", "57P01", "57P02", "57P03"]);
        assert_eq!(server("23505").unwrap(), ["23505"]);
        assert_eq!(server("dedlock").unwrap_err(), "did you mean \"deadlock\"?");
        assert!(server("53100").is_err() && server("SQLITE_BUSY").is_err() && sqlite("40001").is_err());
    }

    #[test]
    fn what_another_case_has_an_engine_for_stands_idle() {
        let both = [EngineKind::Sqlite, EngineKind::Postgres];
        assert_eq!(beginnings("deadlock", EngineKind::Sqlite, &both).unwrap(), Vec::<String>::new());
        assert_eq!(beginnings("SQLITE_BUSY", EngineKind::Postgres, &both).unwrap(), Vec::<String>::new());
        assert!(sqlite("deadlock").unwrap_err().contains("engine = \"postgres\""));
    }
}
