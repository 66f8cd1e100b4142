//! What each PRAGMA takes, and what it reads back as. SQLite itself takes `journal_mode = wall` without a word.

use rusqlite::Connection;

use super::{Location, Pragma};
use crate::diagnostic::{Code, Diagnostic, Span, nearest};

enum Kind {
    /// Reads back as 0 or 1.
    Boolean,
    /// Reads back as a number.
    Integer,
    /// Words and the numbers that they read back as.
    Words(&'static [(&'static str, &'static str)]),
}

const SYNCHRONOUS: &[(&str, &str)] = &[("off", "0"), ("normal", "1"), ("full", "2"), ("extra", "3")];
const TEMP_STORE: &[(&str, &str)] = &[("default", "0"), ("file", "1"), ("memory", "2")];
const AUTO_VACUUM: &[(&str, &str)] = &[("none", "0"), ("full", "1"), ("incremental", "2")];
const SECURE_DELETE: &[(&str, &str)] = &[("off", "0"), ("on", "1"), ("fast", "2")];
const JOURNAL_MODE: &[(&str, &str)] = &[
    ("delete", "delete"),
    ("truncate", "truncate"),
    ("persist", "persist"),
    ("memory", "memory"),
    ("wal", "wal"),
    ("off", "off"),
];
const LOCKING_MODE: &[(&str, &str)] = &[("normal", "normal"), ("exclusive", "exclusive")];
const ENCODING: &[(&str, &str)] =
    &[("utf-8", "UTF-8"), ("utf-16", "UTF-16le"), ("utf-16le", "UTF-16le"), ("utf-16be", "UTF-16be")];

const SETTABLE: &[(&str, Kind)] = &[
    ("analysis_limit", Kind::Integer),
    ("auto_vacuum", Kind::Words(AUTO_VACUUM)),
    ("automatic_index", Kind::Boolean),
    ("cache_size", Kind::Integer),
    ("cache_spill", Kind::Integer),
    ("cell_size_check", Kind::Boolean),
    ("checkpoint_fullfsync", Kind::Boolean),
    ("defer_foreign_keys", Kind::Boolean),
    ("encoding", Kind::Words(ENCODING)),
    ("foreign_keys", Kind::Boolean),
    ("fullfsync", Kind::Boolean),
    ("hard_heap_limit", Kind::Integer),
    ("ignore_check_constraints", Kind::Boolean),
    ("journal_mode", Kind::Words(JOURNAL_MODE)),
    ("journal_size_limit", Kind::Integer),
    ("legacy_alter_table", Kind::Boolean),
    ("locking_mode", Kind::Words(LOCKING_MODE)),
    ("max_page_count", Kind::Integer),
    ("mmap_size", Kind::Integer),
    ("page_size", Kind::Integer),
    ("query_only", Kind::Boolean),
    ("read_uncommitted", Kind::Boolean),
    ("recursive_triggers", Kind::Boolean),
    ("reverse_unordered_selects", Kind::Boolean),
    ("secure_delete", Kind::Words(SECURE_DELETE)),
    ("soft_heap_limit", Kind::Integer),
    ("synchronous", Kind::Words(SYNCHRONOUS)),
    ("temp_store", Kind::Words(TEMP_STORE)),
    ("threads", Kind::Integer),
    ("trusted_schema", Kind::Boolean),
    ("user_version", Kind::Integer),
    ("wal_autocheckpoint", Kind::Integer),
];

/// Where a PRAGMA of the scenario stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) key: Option<Span>,
    pub(super) value: Option<Span>,
}

/// Checks one PRAGMA against what SQLite knows.
pub(super) fn resolve(
    name: &str,
    value: &serde_json::Value,
    place: Place,
    location: &Location,
) -> Result<Pragma, Diagnostic> {
    let lower = name.to_ascii_lowercase();
    let Some((_, kind)) = SETTABLE.iter().find(|(known, _)| *known == lower) else {
        return Err(unknown(&lower, place.key));
    };
    let text = match value {
        serde_json::Value::String(text) => text.trim().to_ascii_lowercase(),
        other => other.to_string(),
    };
    let wrong = |wanted: String| {
        let given = value.as_str().map_or_else(|| value.to_string(), |text| format!("\"{text}\""));
        let message = format!("`{lower}` does not take the value {given}");
        Err(Diagnostic::error(Code::PragmaValue, place.value, message).help(wanted))
    };
    let (written, expected) = match kind {
        Kind::Boolean => match text.as_str() {
            "1" | "true" | "on" | "yes" => ("1".to_owned(), "1".to_owned()),
            "0" | "false" | "off" | "no" => ("0".to_owned(), "0".to_owned()),
            _ => return wrong("write `true` or `false`".to_owned()),
        },
        Kind::Integer => match text.parse::<i64>() {
            Ok(number) => (number.to_string(), number.to_string()),
            Err(_) => return wrong(number_help(&lower)),
        },
        Kind::Words(words) => {
            let word = match text.as_str() {
                "true" => "on",
                "false" => "off",
                other => other,
            };
            match words.iter().find(|(known, number)| *known == word || *number == word) {
                Some((known, number)) => {
                    let quoted = if lower == "encoding" { format!("'{known}'") } else { (*known).to_owned() };
                    (quoted, (*number).to_owned())
                }
                None => {
                    let choices =
                        words.iter().map(|(w, _)| format!("`\"{w}\"`")).collect::<Vec<_>>().join(", ");
                    let near = nearest(word, words.iter().map(|(w, _)| *w));
                    let near = near.map_or(String::new(), |w| format!("did you mean `\"{w}\"`? "));
                    return wrong(format!("{near}the values are {choices}"));
                }
            }
        }
    };
    if let Some(reason) = impossible_in(location, &lower, &expected) {
        return Err(Diagnostic::error(Code::PragmaValue, place.value, reason.0).help(reason.1));
    }
    if lower == "page_size" && !is_page_size(&expected) {
        return wrong("a page size is a power of two from 512 to 65536".to_owned());
    }
    Ok(Pragma { name: lower, value: written, expected, span: place.value })
}

fn number_help(name: &str) -> String {
    match name {
        "cache_size" => {
            "write pages, as in `cache_size = 10_000`, or KiB with a minus, as in `cache_size = -10_000`"
                .to_owned()
        }
        "mmap_size" | "journal_size_limit" | "hard_heap_limit" | "soft_heap_limit" => {
            format!("write bytes, as in `{name} = 268_435_456`")
        }
        _ => format!("write a whole number, such as `{name} = 1000`"),
    }
}

fn is_page_size(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|size| size.is_power_of_two() && (512..=65_536).contains(&size))
}

fn impossible_in(location: &Location, name: &str, expected: &str) -> Option<(String, String)> {
    let in_memory = matches!(location, Location::Memory { .. });
    if in_memory && name == "journal_mode" && !["memory", "off"].contains(&expected) {
        return Some((
            format!("a database in memory has no `journal_mode = \"{expected}\"`"),
            "leave it out, or give the database a file under `path`".to_owned(),
        ));
    }
    None
}

fn unknown(name: &str, place: Option<Span>) -> Diagnostic {
    match name {
        "busy_timeout" => {
            Diagnostic::error(Code::ReservedPragma, place, "`busy_timeout` is not set as a PRAGMA here")
                .help("write `busy_timeout = \"5s\"` under [database] instead")
        }
        "application_id" => Diagnostic::error(
            Code::ReservedPragma,
            place,
            "`application_id` marks the files that the runner made",
        )
        .help("leave it out: the runner needs it to know its own files"),
        "temp_store_directory" | "data_store_directory" => Diagnostic::error(
            Code::ReservedPragma,
            place,
            format!("`{name}` would have SQLite write files outside of the database's folder"),
        )
        .help("leave it out; temporary files stay in memory with `temp_store = \"memory\"`"),
        _ if exists(name) => Diagnostic::error(
            Code::ReservedPragma,
            place,
            format!("`{name}` is not a setting of a connection"),
        )
        .help("only PRAGMAs that can be set and read back belong here"),
        _ => {
            let help = match nearest(name, SETTABLE.iter().map(|(known, _)| *known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "https://www.sqlite.org/pragma.html lists them".to_owned(),
            };
            Diagnostic::error(Code::UnknownPragma, place, format!("SQLite has no PRAGMA `{name}`")).help(help)
        }
    }
}

fn exists(name: &str) -> bool {
    let known = || -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) > 0 FROM pragma_pragma_list WHERE name = ?1";
        Connection::open_in_memory()?.query_row(sql, [name], |row| row.get(0))
    };
    known().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, value: serde_json::Value) -> Result<Pragma, Diagnostic> {
        let file = Location::File("x.db".into());
        resolve(name, &value, Place { key: None, value: None }, &file)
    }

    #[test]
    fn the_pragmas_that_editors_explain_are_those_that_can_be_set_and_take_their_examples() {
        let explained: Vec<&str> = crate::scenario::PRAGMAS.iter().map(|known| known.name).collect();
        let settable: Vec<&str> = SETTABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(explained, settable);
        let location = Location::File("x.db".into());
        for known in crate::scenario::PRAGMAS {
            let examples: Vec<serde_json::Value> = serde_json::from_str(known.examples).unwrap();
            for example in examples {
                let taken = resolve(known.name, &example, Place { key: None, value: None }, &location);
                assert!(taken.is_ok(), "{} = {example}: {:?}", known.name, taken.err());
            }
        }
    }

    #[test]
    fn words_read_back_as_sqlite_writes_them() {
        let read_back = |name, value: &str| ask(name, value.into()).map(|p| p.expected).ok();
        assert_eq!(read_back("synchronous", "NORMAL").as_deref(), Some("1"));
        assert_eq!(read_back("journal_mode", "WAL").as_deref(), Some("wal"));
        assert_eq!(read_back("foreign_keys", "on").as_deref(), Some("1"));
        assert_eq!(ask("cache_size", (-2000).into()).map(|p| p.expected).ok().as_deref(), Some("-2000"));
    }

    #[test]
    fn what_sqlite_would_swallow_is_refused_with_the_nearest() {
        let wrong = ask("journal_mode", "wall".into()).expect_err("it is misspelt");
        assert_eq!(wrong.code, Code::PragmaValue);
        assert!(wrong.help.expect("there is help").contains("\"wal\""));
        assert_eq!(ask("jurnal_mode", "wal".into()).expect_err("misspelt").code, Code::UnknownPragma);
        assert_eq!(ask("busy_timeout", 5.into()).expect_err("reserved").code, Code::ReservedPragma);
        assert_eq!(ask("integrity_check", 5.into()).expect_err("no setting").code, Code::ReservedPragma);
        assert_eq!(ask("page_size", 1000.into()).expect_err("no power of two").code, Code::PragmaValue);
    }
}
