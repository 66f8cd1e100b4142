//! What the database says of itself, on a connection like a worker's.

use rusqlite::Connection;

use super::connect::{self, Link, Place, Role};
use super::{SqliteEngine, codes};
use crate::engine::{Durability, EngineError, Facts, TEST_DELAY, TEST_DELAY_VARIABLE};

impl SqliteEngine {
    /// Takes the database's place, and tries all settings there.
    pub(super) fn find_facts(&mut self) -> Result<Facts, EngineError> {
        let place = self.place_of(0)?;
        if self.source.is_some() {
            self.begin_from_source()?;
        }
        let storage = match place {
            Place::File(_) => "file",
            Place::Private => "private memory",
            Place::Shared(_) => "shared memory",
        };
        let seen = |link: &Link| {
            let mut settings = connect::settings_in_force(&place, link, self.settings())?;
            settings
                .extend(std::env::var(TEST_DELAY_VARIABLE).ok().map(|delay| (TEST_DELAY.to_owned(), delay)));
            facts(&link.connection, storage, settings)
        };
        let fault = |error: rusqlite::Error| codes::engine_error(&error, "reading settings", false);
        if self.place == Place::Private && !self.own {
            return seen(self.admin()?.link()).map_err(fault);
        }
        if !self.own {
            self.admin()?;
        }
        self.make_room();
        let link = connect::connect(&place, self.settings(), Role::Worker)?;
        seen(&link).map_err(fault)
    }
}

fn facts(
    connection: &Connection,
    storage: &'static str,
    settings: Vec<(String, String)>,
) -> rusqlite::Result<Facts> {
    let (version, source_id) =
        connection.query_row("SELECT sqlite_version(), sqlite_source_id()", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let compile_options = connection
        .prepare("PRAGMA compile_options")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Facts {
        name: "sqlite".into(),
        version,
        source_id,
        compile_options,
        durability: durability(storage, &settings),
        settings,
        storage: storage.into(),
    })
}

/// What an acknowledged write survives, by SQLite's documentation of `synchronous` and `journal_mode`.
pub(in crate::engine) fn durability(storage: &str, settings: &[(String, String)]) -> Durability {
    let setting = |wanted: &str| {
        let found = settings.iter().find(|(name, _)| name == wanted);
        found.map_or_else(String::new, |(_, value)| value.to_lowercase())
    };
    match (setting("journal_mode").as_str(), setting("synchronous").as_str()) {
        _ if storage != "file" => Durability::Memory,
        // A crash within a transaction may leave a file that cannot be read.
        ("memory" | "off", _) => Durability::Memory,
        (_, "0" | "off") | ("wal", "1" | "normal") => Durability::ProcessCrash,
        _ => Durability::PowerLoss,
    }
}
