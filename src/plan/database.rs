//! `[database]` and `[buffer]`: where rows go, and the settings of every connection.
//!
//! What each PRAGMA takes is left to `pragma`.

use std::path::{Path, PathBuf};

use super::tables::Input;
use super::{
    Buffer, Database, EngineKind, Location, MemtableDatabase, Persister, SqliteDatabase, driver, postgres,
    pragma,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::{Allow, PersisterKey, Reset};

/// Settles `[database]` and `[buffer]`; `name` is the scenario's, `shared` says whether several connections are open at once.
pub(super) fn settle(
    input: &Input<'_>,
    name: &str,
    shared: bool,
    faults: &mut Vec<Diagnostic>,
) -> Option<Database> {
    match input.scenario.database.engine {
        EngineKind::Sqlite => sqlite(input, shared, faults).map(Database::Sqlite),
        EngineKind::Postgres => postgres::settle(input, name, faults).map(Database::Postgres),
        EngineKind::Memtable => memtable(input, faults).map(Database::Memtable),
    }
}

fn memtable(input: &Input<'_>, faults: &mut Vec<Diagnostic>) -> Option<MemtableDatabase> {
    let buffer = input.scenario.buffer.clone();
    let persister = match buffer.as_ref().map(|buffer| buffer.persister).unwrap_or_default() {
        PersisterKey::None => Persister::None,
        PersisterKey::Sqlite => Persister::Sqlite,
    };
    let store = match persister {
        Persister::None => None,
        // One connection flushes, and each session reads by its own.
        Persister::Sqlite => Some(sqlite(input, true, faults)?),
    };
    let threshold = buffer.as_ref().map_or(10_000, |buffer| buffer.threshold);
    let flush_timeout_ms = buffer.and_then(|buffer| buffer.flush_timeout).map(|timeout| timeout.as_millis());
    Some(MemtableDatabase { buffer: Buffer { threshold, flush_timeout_ms, persister }, store })
}

/// Settles what SQLite needs of `[database]`; `shared` says whether several connections are open at once.
fn sqlite(input: &Input<'_>, shared: bool, faults: &mut Vec<Diagnostic>) -> Option<SqliteDatabase> {
    let section = &input.scenario.database;
    let at = input.at(&["database", "path"]);
    let refuse = |words: &str, help: &str| Diagnostic::error(Code::BadPath, at, words).help(help.to_owned());
    let Some(path) = section.path.as_deref() else {
        faults.push(no_path(input));
        return None;
    };
    let location = match path {
        ":memory:" => Location::Memory { shared },
        "" => {
            faults.push(refuse(
                "the database has no path",
                "write a file such as \"db/mine.db\", or \":memory:\"",
            ));
            return None;
        }
        uri if uri.starts_with("file:") => {
            faults.push(refuse("`path` is a URI", "write a plain path such as \"db/mine.db\""));
            return None;
        }
        url if url.contains("://") => {
            faults.push(refuse(
                "`path` is an address, not a file",
                "write a plain path such as \"db/mine.db\"",
            ));
            return None;
        }
        home if home.starts_with('~') => {
            let help =
                "write the whole path, or one relative to the working directory, such as \"db/mine.db\"";
            faults.push(refuse("`~` would be a folder of that name", help));
            return None;
        }
        "memory" | ":memory" | "memory:" | ":mem:" | "in-memory" => {
            faults.push(refuse(
                "this would be a file of that name",
                "write \":memory:\" for a database in memory, or a file such as \"db/mine.db\"",
            ));
            return None;
        }
        path if path.ends_with('/') || Path::new(path).is_dir() => {
            faults.push(refuse(&format!("`{path}` is a directory"), "name a file in it"));
            return None;
        }
        path => Location::File(PathBuf::from(path)),
    };
    let before = faults.len();
    driver::check(input, &location, faults);
    let from = section.from.as_deref().and_then(|from| source(input, from, &location, faults));
    let mut pragmas = Vec::new();
    for (name, value) in &section.pragmas {
        let path = ["database", "pragmas", name.as_str()];
        let place = pragma::Place { key: input.spans.key(&path), value: input.at(&path) };
        match pragma::resolve(name, value, place, &location) {
            Ok(pragma) => pragmas.push(pragma),
            Err(fault) => faults.push(fault),
        }
    }
    let busy_timeout_ms = u32::try_from(section.busy_timeout.as_millis()).unwrap_or(u32::MAX);
    if busy_timeout_ms > i32::MAX as u32 {
        let at = input.at(&["database", "busy_timeout"]);
        faults.push(
            Diagnostic::error(Code::OutOfRange, at, "`busy_timeout` is too long").help("at most 24 days"),
        );
    }
    (faults.len() == before).then(|| SqliteDatabase {
        location,
        busy_timeout_ms,
        pragmas,
        allow_attach: section.allow.contains(&Allow::Attach),
        statement_cache: section.statement_cache,
        from,
        driver: section.driver,
    })
}

fn no_path(input: &Input<'_>) -> Diagnostic {
    let at = input.spans.key(&["database"]).or_else(|| input.at(&["database"]));
    let mut help = "add for instance `path = \"db/mine.db\"` (The database file, relative to the working directory, or `:memory:`)".to_owned();
    if input.scenario.database.url.is_some() {
        help.push_str("; or `engine = \"postgres\"` if the server is meant");
    }
    Diagnostic::error(Code::MissingKey, at, "`path` is missing in `[database]`").help(help)
}

/// The database that every reset begins with a copy of.
fn source(
    input: &Input<'_>,
    from: &Path,
    location: &Location,
    faults: &mut Vec<Diagnostic>,
) -> Option<PathBuf> {
    let at = input.at(&["database", "from"]);
    let mut refuse = |code, words: String, help: &str| {
        faults.push(Diagnostic::error(code, at, words).help(help));
        None
    };
    let shown = from.display();
    let same = |path: &Path| match (path.canonicalize(), from.canonicalize()) {
        (Ok(path), Ok(from)) => path == from,
        _ => path == from,
    };
    match location {
        Location::File(path) if same(path) => {
            let words = "`from` is the database that the run makes and removes".to_owned();
            return refuse(Code::BadPath, words, "give `path` another name, such as \"db/copy.db\"");
        }
        _ => {}
    }
    if from.is_dir() {
        let words = format!("`{shown}` is a directory");
        return refuse(Code::BadPath, words, "name an SQLite database in it");
    }
    if !from.is_file() {
        let words = format!("there is no file `{shown}` to copy");
        return refuse(Code::BadPath, words, "name an SQLite database, relative to the working directory");
    }
    let loads = &input.scenario.workloads;
    let resets = loads.values().map(|workload| workload.reset).chain([input.scenario.reset]);
    if resets.flatten().any(|reset| reset == Reset::Write) {
        let words =
            "`from` and `reset = \"write\"` exclude each other: tables are made anew around every write";
        return refuse(Code::Reset, words.to_owned(), "leave out `from`, or write `reset = \"level\"`");
    }
    Some(from.to_owned())
}
