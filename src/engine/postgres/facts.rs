//! What the server says of itself, on a connection like a worker's.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::admin::Fault;
use super::client::Client;
use super::config::Config;
use super::settings;
use crate::engine::{Durability, EngineError, Facts, TEST_DELAY, TEST_DELAY_VARIABLE};
use crate::plan::PostgresDatabase;

/// Settings that tell what an acknowledged write survives, and what the numbers depend on most.
const TOLD: [&str; 8] = [
    "synchronous_commit",
    "fsync",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_connections",
    "default_transaction_isolation",
    REPLICATION_ROLE,
];

/// Other than `origin`, foreign keys are not enforced.
pub(super) const REPLICATION_ROLE: &str = "session_replication_role";

/// Tries all settings, and reads those in force.
pub(super) fn find(
    config: &Config,
    database: &PostgresDatabase,
    stop: &Arc<AtomicBool>,
) -> Result<Facts, EngineError> {
    let mut client = Client::connect(config, stop)?;
    settings::apply(&mut client, database)?;
    let mut text = |sql: &str| -> Result<String, EngineError> {
        let rows = client
            .query(sql, &[])
            .map_err(|error| Fault::from(error).into_error("while looking at the server"))?;
        Ok(rows.first().and_then(|row| row.try_get::<_, Option<String>>(0).ok()?).unwrap_or_default())
    };
    let source_id = text("SELECT version()")?;
    let place = text("SELECT current_database()::text")?;
    let user = text("SELECT current_user::text")?;
    let hosts: Vec<String> = config.targets().into_iter().map(|target| target.shown).collect();
    let mut settings = vec![
        ("server".to_owned(), format!("{}/{place}", hosts.join(","))),
        ("user".to_owned(), user),
        ("schema".to_owned(), database.schema.clone()),
    ];
    let encrypted = "SELECT ssl::text FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
    if let Ok(encrypted) = text(encrypted)
        && !encrypted.is_empty()
    {
        settings.push(("tls".to_owned(), if encrypted == "true" { "on" } else { "off" }.to_owned()));
    }
    let asked = database.settings.iter().map(|setting| setting.name.as_str());
    for name in TOLD.into_iter().chain(asked.filter(|name| !TOLD.contains(name))) {
        // What a server does not have stays out.
        let rows = client.query("SELECT current_setting($1, true)", &[&name]).unwrap_or_default();
        let value = rows.first().and_then(|row| row.try_get::<_, Option<String>>(0).ok()?);
        let usual = name == REPLICATION_ROLE && value.as_deref() == Some("origin");
        settings.extend(value.filter(|_| !usual).map(|value| (name.to_owned(), value)));
    }
    settings.extend(std::env::var(TEST_DELAY_VARIABLE).ok().map(|delay| (TEST_DELAY.to_owned(), delay)));
    let (name, version) = identity(&source_id);
    Ok(Facts {
        name,
        version,
        source_id,
        compile_options: Vec::new(),
        durability: durability(&settings),
        settings,
        storage: "server".into(),
    })
}

/// Name and version, from what `version()` says.
fn identity(words: &str) -> (Cow<'static, str>, String) {
    let mut parts = words.split_whitespace();
    let first = parts.next().unwrap_or_default();
    let number = parts.find(|part| part.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()));
    let version = number.map_or_else(|| words.to_owned(), |part| part.trim_start_matches('v').to_owned());
    let name = match first {
        "PostgreSQL" if version.contains("-YB-") => "yugabytedb".into(),
        "PostgreSQL" | "" => "postgres".into(),
        other => other.to_lowercase().into(),
    };
    (name, version)
}

/// What an acknowledged write survives, by PostgreSQL's documentation of its write-ahead log. A server without these settings promises all.
fn durability(settings: &[(String, String)]) -> Durability {
    let is_off = |wanted: &str| settings.iter().any(|(name, value)| name == wanted && value == "off");
    if is_off("synchronous_commit") {
        // It is only in the server's memory yet.
        Durability::Memory
    } else if is_off("fsync") || is_off("full_page_writes") {
        // A page that was written in part only may be past repair.
        Durability::ProcessCrash
    } else {
        Durability::PowerLoss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_what_it_says_of_itself() {
        let is = |words: &str, name: &str, version: &str| {
            let (found, number) = identity(words);
            assert_eq!((found.as_ref(), number.as_str()), (name, version), "{words}");
        };
        is("PostgreSQL 15.14 (Debian 15.14-0) on x86_64-pc-linux-gnu, compiled by gcc", "postgres", "15.14");
        is("PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64-pc-linux-gnu", "yugabytedb", "11.2-YB-2.20.1.0-b0");
        is("CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023)", "cockroachdb", "23.1.11");
        is("Other 3", "other", "3");
    }

    #[test]
    fn what_a_write_survives_follows_from_the_settings() {
        let of = |pairs: &[(&str, &str)]| {
            let settings: Vec<(String, String)> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            durability(&settings)
        };
        assert_eq!(of(&[("synchronous_commit", "on"), ("fsync", "on")]), Durability::PowerLoss);
        assert_eq!(of(&[("synchronous_commit", "local"), ("fsync", "on")]), Durability::PowerLoss);
        assert_eq!(of(&[("synchronous_commit", "on"), ("fsync", "off")]), Durability::ProcessCrash);
        assert_eq!(of(&[("full_page_writes", "off"), ("fsync", "on")]), Durability::ProcessCrash);
        assert_eq!(of(&[("synchronous_commit", "off"), ("fsync", "off")]), Durability::Memory);
        assert_eq!(of(&[]), Durability::PowerLoss);
    }
}
