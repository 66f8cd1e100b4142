//! What another driver of SQLite's file format cannot do: refused at the line that asks for it.
//!
//! What is said of Turso holds for the version in Cargo.toml.

use super::tables::Input;
use super::{EngineKind, Location};
use crate::capability::Driver;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::scenario::{Allow, Reset};

/// PRAGMAs that Turso sets and gives back as SQLite does. The first three are fixed when the file is made, by SQLite.
const KNOWN: [&str; 9] = [
    "page_size",
    "encoding",
    "auto_vacuum",
    "journal_mode",
    "synchronous",
    "cache_size",
    "foreign_keys",
    "ignore_check_constraints",
    "temp_store",
];

/// Values of them that it does not have.
const WITHOUT: [(&str, &str, &str); 3] = [
    ("auto_vacuum", "none", "turso does not write databases that are vacuumed by themselves"),
    ("encoding", "utf-8", "turso has UTF-8 alone"),
    ("journal_mode", "wal", "turso keeps a write-ahead log, and nothing else"),
];

/// Refuses what the driver of a scenario has not, if it is another one than SQLite.
pub(super) fn check(input: &Input<'_>, location: &Location, faults: &mut Vec<Diagnostic>) {
    let database = &input.scenario.database;
    if database.driver == Driver::Sqlite {
        return;
    }
    let at = input.at(&["database", "driver"]);
    let mut refuse = |at: Option<Span>, words: String, help: &str| {
        faults.push(Diagnostic::error(Code::Driver, at, words).help(help));
    };
    if !database.driver.is_built_in() {
        let help = "build it in: `cargo build --release --features turso`; or leave out `driver`";
        refuse(at, "this build has no driver \"turso\"".to_owned(), help);
    }
    if database.engine != EngineKind::Sqlite {
        refuse(at, "a write buffer is flushed through SQLite itself".to_owned(), "leave out `driver`");
    }
    if matches!(location, Location::Memory { .. }) {
        let words =
            "turso and SQLite share a database through its file, so that SQLite can look at what turso wrote";
        refuse(input.at(&["database", "path"]), words.to_owned(), "name a file, such as \"db/mine.db\"");
    }
    if !database.pragmas.keys().any(|name| name.eq_ignore_ascii_case("journal_mode")) {
        let words = "turso keeps a write-ahead log, and the scenario does not ask for one";
        refuse(at, words.to_owned(), "write `journal_mode = \"wal\"` under [database.pragmas]");
    }
    for (name, value) in &database.pragmas {
        let lower = name.to_ascii_lowercase();
        let place = input.at(&["database", "pragmas", name]);
        if !KNOWN.contains(&lower.as_str()) {
            let words = format!("turso does not have the PRAGMA `{lower}`");
            refuse(input.spans.key(&["database", "pragmas", name]), words, "leave it out");
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_ascii_lowercase);
        for (_, only, words) in WITHOUT.iter().filter(|(pragma, only, _)| *pragma == lower && *only != text) {
            refuse(place, (*words).to_owned(), &format!("write `{lower} = \"{only}\"`"));
        }
        if lower == "synchronous" && text == "extra" {
            refuse(place, "turso has no `extra`".to_owned(), "write `synchronous = \"full\"`");
        }
    }
    if database.statement_cache.is_some() {
        let words = "with turso, statements are held for the whole level";
        refuse(input.at(&["database", "statement_cache"]), words.to_owned(), "leave out `statement_cache`");
    }
    if database.allow.contains(&Allow::Attach) {
        let words = "turso attaches no other files";
        refuse(input.at(&["database", "allow"]), words.to_owned(), "leave out `allow`");
    }
    check_work(input, &mut refuse);
}

/// What workloads and operations ask for.
fn check_work(input: &Input<'_>, refuse: &mut impl FnMut(Option<Span>, String, &str)) {
    let scenario = input.scenario;
    let words = "a reset around every write is not possible with turso: databases are made by SQLite";
    let help = "write `reset = \"level\"` or `reset = \"iteration\"`";
    if scenario.reset == Some(Reset::Write) {
        refuse(input.at(&["reset"]), words.to_owned(), help);
    }
    for (name, workload) in &scenario.workloads {
        if workload.reset == Some(Reset::Write) {
            refuse(input.at(&["workloads", name, "reset"]), words.to_owned(), help);
        }
    }
    for (name, operation) in &scenario.operations {
        if operation.blob_io.is_some() {
            let words = "turso reads and writes blobs whole".to_owned();
            refuse(input.at(&["operations", name, "blob_io"]), words, "leave out `blob_io`");
        }
    }
}
