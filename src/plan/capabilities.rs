//! What a scenario asks of its engine, and the engine cannot do; and keys that are for another engine.
//!
//! What each engine can do is stated by `capability`.

use super::EngineKind;
use super::loads::Settled;
use super::operation::Transaction;
use super::tables::Input;
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::Reset;

/// What to write instead of a transaction that the engine does not have.
pub(super) fn no_transaction(engine: EngineKind, transaction: Transaction) -> Option<&'static str> {
    let can = engine.capabilities();
    if !can.transactions {
        // That it has none at all is told where it is looked for.
        return None;
    }
    if transaction == Transaction::Exclusive && !can.exclusive {
        return Some(
            "write \"serializable\", or lock the rows themselves: SELECT … FOR UPDATE as the first step",
        );
    }
    if transaction.is_isolation() && !can.isolation {
        return Some(
            "write \"immediate\", which takes the lock at the beginning, or \"deferred\": every transaction of SQLite is serializable",
        );
    }
    None
}

/// What `[database]` and the resets ask for beyond the engine. Faults are added to `faults`.
pub(super) fn check(input: &Input<'_>, settled: &[Settled<'_>], faults: &mut Vec<Diagnostic>) {
    let engine = input.engine();
    let (can, name) = (engine.capabilities(), engine.in_words());
    let mut refuse = |at, words: String, help: &str| {
        faults.push(Diagnostic::error(Code::Engine, at, words).help(help));
    };
    for settled in settled.iter().filter(|settled| settled.reset == Reset::Write && !can.per_write) {
        let own = ["workloads", settled.name.as_str(), "reset"];
        let at = input.at(&own).or_else(|| input.at(&["reset"]));
        let words =
            format!("{name} has no database of its own for every write, as `reset = \"write\"` wants");
        refuse(at, words, "write `reset = \"iteration\"` or `reset = \"level\"`");
    }
    if let Some(from) = input.scenario.database.from.as_deref().filter(|_| !can.copies) {
        let at = input.spans.key(&["database", "from"]).or_else(|| input.at(&["database", "from"]));
        let words = format!("{name} cannot begin with a copy of `{}`", from.display());
        refuse(at, words, "leave out `from`, and say how many rows of the tables are loaded: `rows = 1000`");
    }
    idle_keys(input, faults);
    idle_buffer(input, faults);
}

/// `[buffer]`, where no case has one.
fn idle_buffer(input: &Input<'_>, faults: &mut Vec<Diagnostic>) {
    if input.scenario.buffer.is_none() || input.engines.contains(&EngineKind::Memtable) {
        return;
    }
    let at = input.spans.key(&["buffer"]).or_else(|| input.at(&["buffer"]));
    let words = format!("`[buffer]` has no effect with `engine = \"{}\"`", input.engine().as_str());
    let help = "write `engine = \"memtable\"` in [database] if a buffer in memory is meant, or leave it out";
    faults.push(Diagnostic::error(Code::NoEffect, at, words).help(help));
}

/// Keys of `[database]`, whose they are, and what they are for another engine.
const KEYS: [(&str, EngineKind, &str); 9] = [
    ("path", EngineKind::Sqlite, "a server is found by its `url`"),
    ("busy_timeout", EngineKind::Sqlite, "write `lock_timeout = \"5s\"` under [database.settings]"),
    ("pragmas", EngineKind::Sqlite, "settings of a server's sessions stand under [database.settings]"),
    ("allow", EngineKind::Sqlite, "SQL of a server stays within the schema of the run"),
    ("statement_cache", EngineKind::Sqlite, "sessions of a server hold all statements prepared"),
    ("url", EngineKind::Postgres, "a database of SQLite is found by its `path`"),
    ("schema", EngineKind::Postgres, "a database of SQLite is a file: `path`"),
    ("settings", EngineKind::Postgres, "settings of SQLite's connections stand under [database.pragmas]"),
    (
        "reconnect_timeout",
        EngineKind::Postgres,
        "a database of SQLite is in this process, and cannot be lost",
    ),
];

/// Keys of another engine than the case's, where no case has that engine.
fn idle_keys(input: &Input<'_>, faults: &mut Vec<Diagnostic>) {
    let engine = input.engine();
    for (key, owner, instead) in KEYS {
        let path = ["database", key];
        let Some(at) = input.spans.key(&path).or_else(|| input.at(&path)) else { continue };
        // A write buffer may stand before SQLite.
        let its = owner == engine || (engine == EngineKind::Memtable && owner == EngineKind::Sqlite);
        if its || input.engines.contains(&owner) {
            continue;
        }
        let words = format!("`{key}` has no effect with `engine = \"{}\"`", engine.as_str());
        let url = input.scenario.database.url.as_deref().unwrap_or_default();
        let help = if owner == EngineKind::Postgres && (url.starts_with("postgres") || url.starts_with("${"))
        {
            "add `engine = \"postgres\"` if a server is meant, or leave it out".to_owned()
        } else if engine == EngineKind::Memtable {
            "leave it out".to_owned()
        } else {
            format!("leave it out; {instead}")
        };
        faults.push(Diagnostic::error(Code::NoEffect, Some(at), words).help(help));
    }
}
