//! `[database]` of a server: where it is, the schema that is the run's own, and the settings of every session.

use super::super::tables::Input;
use super::super::{PostgresDatabase, Setting};
use crate::diagnostic::{Code, Diagnostic};

/// Settles what a server needs of `[database]`; `name` is the scenario's.
pub(in super::super) fn settle(
    input: &Input<'_>,
    name: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<PostgresDatabase> {
    let section = &input.scenario.database;
    let Some(url) = section.url.clone() else {
        let at = input.at(&["database"]);
        let help = "write `url = \"postgres://postgres@localhost/postgres\"`; a password comes from the environment, as `${PGPASSWORD}`";
        faults.push(
            Diagnostic::error(Code::BadPath, at, "`url` is missing: it says where the server is").help(help),
        );
        return None;
    };
    let setting = |(name, value): (&String, &serde_json::Value)| Setting {
        name: name.to_lowercase(),
        value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        span: input.at(&["database", "settings", name]),
    };
    Some(PostgresDatabase {
        url,
        url_span: input.at(&["database", "url"]),
        schema: section.schema.clone().unwrap_or_else(|| format!("runner_{name}")),
        settings: section.settings.iter().map(setting).collect(),
        reconnect_timeout_ms: u32::try_from(section.reconnect_timeout.as_millis()).unwrap_or(u32::MAX),
    })
}
