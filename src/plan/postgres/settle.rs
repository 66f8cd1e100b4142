//! `[database]` of a server: where it is, the schema that is the run's own, and the settings of every session.
//!
//! What can be wrong with an address is left to `address`.

use super::super::tables::Input;
use super::super::{PostgresDatabase, Setting};
use super::address;
use crate::diagnostic::{Code, Diagnostic};

/// Longer names are cut off by the server, bytes.
const LONGEST_NAME: usize = 63;

/// Settings that the runner decides on, and what to write instead.
const RESERVED: [(&str, &str); 7] = [
    (
        "search_path",
        "the run's tables are in a schema of its own, and sessions see it alone: name it as `schema`",
    ),
    ("application_name", "the runner names its sessions, by which it knows them"),
    ("client_encoding", "texts are UTF-8"),
    ("role", "the run needs the rights of the user in `url`: name another one there"),
    ("session_authorization", "the run needs the rights of the user in `url`: name another one there"),
    ("standard_conforming_strings", "statements are written as standard SQL"),
    ("transaction_isolation", "write `default_transaction_isolation`, or `transaction` at an operation"),
];

/// Settings of the whole server, which no session changes.
const OF_SERVER: [&str; 22] = [
    "autovacuum",
    "bgwriter_delay",
    "bgwriter_lru_maxpages",
    "checkpoint_completion_target",
    "checkpoint_timeout",
    "fsync",
    "full_page_writes",
    "huge_pages",
    "listen_addresses",
    "max_connections",
    "max_wal_senders",
    "max_wal_size",
    "max_worker_processes",
    "min_wal_size",
    "port",
    "shared_buffers",
    "shared_preload_libraries",
    "synchronous_standby_names",
    "wal_buffers",
    "wal_level",
    "wal_sync_method",
    "wal_writer_delay",
];

/// Settles what a server needs of `[database]`; `name` is the scenario's.
pub(in super::super) fn settle(
    input: &Input<'_>,
    name: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<PostgresDatabase> {
    let section = &input.scenario.database;
    let before = faults.len();
    address::check(input, faults);
    let schema = section.schema.clone().unwrap_or_else(|| format!("runner_{name}"));
    faults.extend(wrong_schema(input, &schema));
    let settings: Vec<Setting> = section
        .settings
        .iter()
        .filter_map(|(name, value)| match setting(input, name, value) {
            Ok(setting) => Some(setting),
            Err(fault) => {
                faults.push(fault);
                None
            }
        })
        .collect();
    let url = section.url.clone().filter(|_| faults.len() == before)?;
    Some(PostgresDatabase {
        url,
        url_span: input.at(&["database", "url"]),
        schema,
        settings,
        reconnect_timeout_ms: u32::try_from(section.reconnect_timeout.as_millis()).unwrap_or(u32::MAX),
    })
}

fn wrong_schema(input: &Input<'_>, schema: &str) -> Option<Diagnostic> {
    let at =
        input.at(&["database", "schema"]).or_else(|| input.at(&["name"])).or_else(|| input.at(&["database"]));
    let refuse = |words: String, help: &str| Some(Diagnostic::error(Code::BadName, at, words).help(help));
    let folded = schema.to_lowercase();
    if schema.is_empty() {
        return refuse(
            "`schema` is empty".to_owned(),
            "write a name such as \"runner_bench\", or leave it out",
        );
    }
    if ["public", "information_schema"].contains(&folded.as_str()) || folded.starts_with("pg_") {
        let words = format!("`{schema}` is not the run's: it is there already, and belongs to the server");
        return refuse(
            words,
            "write a name of its own, such as \"runner_bench\": the run makes that schema and drops it",
        );
    }
    if schema.len() > LONGEST_NAME {
        let words = format!("`{schema}` is too long: PostgreSQL cuts names off behind {LONGEST_NAME} bytes");
        return refuse(words, "write a shorter name, such as `schema = \"runner_bench\"`");
    }
    None
}

fn setting(input: &Input<'_>, name: &str, value: &serde_json::Value) -> Result<Setting, Diagnostic> {
    let path = ["database", "settings", name];
    let lower = name.to_ascii_lowercase();
    let refuse = |words: String, help: &str| {
        let at = input.spans.key(&path).or_else(|| input.at(&path));
        Err(Diagnostic::error(Code::Setting, at, words).help(help))
    };
    if let Some((_, help)) = RESERVED.iter().find(|(reserved, _)| *reserved == lower) {
        return refuse(format!("`{lower}` is not set here"), help);
    }
    if OF_SERVER.contains(&lower.as_str()) {
        let help = "change it there (ALTER SYSTEM, or its configuration file); the result says what it is";
        return refuse(format!("`{lower}` belongs to the whole server, and no session can set it"), help);
    }
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    if lower.is_empty() || !lower.chars().all(good) {
        let help = "names have letters, digits, `_` and `.`, as in `synchronous_commit`";
        return refuse(format!("`{name}` cannot name a setting"), help);
    }
    let value = match value {
        serde_json::Value::Bool(true) => "on".to_owned(),
        serde_json::Value::Bool(false) => "off".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(Setting { name: lower, value, span: input.at(&path) })
}
