//! The database that every reset begins with a copy of: copied by SQLite itself, so that it is of one moment even while others write to it.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Error};

use super::connect::{self, EARLY, Settings, set};
use super::path::APPLICATION_ID;
use super::{codes, schema};
use crate::draft;
use crate::engine::EngineError;
use crate::plan::Table;

/// Pages between two looks at whether the run is to stop.
const PAGES: i32 = 4_096;
/// Between two attempts at a source that is locked.
const PAUSE: Duration = Duration::from_millis(10);
const DOING: &str = "copying the database that `from` names";

/// Writes a copy of `source` to a new file, marked as ours, with the settings that can only be made before the first write, and the scenario's
/// tables.
pub(super) fn copy_to_file(
    source: &Path,
    path: &Path,
    tables: &[Table],
    settings: &Settings,
) -> Result<(), EngineError> {
    let fault = |error: Error| codes::engine_error(&error, DOING, settings.stopping());
    let mut connection = Connection::open(path).map_err(fault)?;
    copy_into(source, &mut connection, settings, false)?;
    let early = settings.pragmas.iter().filter(|pragma| EARLY.contains(&pragma.name.as_str()));
    let differing = early.filter(|pragma| {
        let found = connect::read(&connection, &pragma.name).ok().flatten();
        !found.is_some_and(|found| found.eq_ignore_ascii_case(&pragma.expected))
    });
    let differing: Vec<_> = differing.collect();
    let finish = || {
        if !differing.is_empty() {
            // The size of pages cannot be changed in a database that keeps a write-ahead log. Which journal there is the scenario says anew.
            set(&connection, "journal_mode", "DELETE")?;
            differing.iter().try_for_each(|pragma| set(&connection, &pragma.name, &pragma.value))?;
            connection.execute_batch("VACUUM")?;
        }
        set(&connection, "application_id", &APPLICATION_ID.to_string())?;
        schema::create_missing(&connection, tables)
    };
    finish().map_err(fault)?;
    connection.close().map_err(|(_, error)| fault(error))
}

/// Copies `source` over all that is in a database. Memory keeps the size of its pages once it has any.
pub(super) fn copy_into(
    source: &Path,
    connection: &mut Connection,
    settings: &Settings,
    memory: bool,
) -> Result<(), EngineError> {
    let named =
        |words: String| EngineError::Unavailable(format!("{} cannot be copied: {words}", source.display()));
    let opened = draft::open_to_read(source).map_err(|error| named(error.to_string()))?;
    let from = opened.connection();
    let fault = |error: Error| codes::engine_error(&error, DOING, settings.stopping());
    let page_size = connect::read(from, "page_size").map_err(fault)?.unwrap_or_default();
    let asked = settings.named("page_size").filter(|_| memory);
    if let Some(pragma) = asked.filter(|&pragma| settings.pragmas[pragma].expected != page_size) {
        let message = format!(
            "a copy in memory has the pages of {}, {page_size} bytes each; leave out `page_size`",
            source.display()
        );
        return Err(EngineError::Setting { pragma: Some(pragma), message });
    }
    set(connection, "page_size", &page_size).map_err(fault)?;
    let backup = Backup::new(from, connection).map_err(fault)?;
    loop {
        if settings.stopping() {
            return Err(EngineError::Interrupted);
        }
        match backup.step(PAGES) {
            Ok(StepResult::Done) => break,
            Ok(StepResult::Busy | StepResult::Locked) => std::thread::sleep(PAUSE),
            Ok(_) => {}
            Err(error) => return Err(fault(error)),
        }
    }
    if opened.is_of_one_moment() {
        Ok(())
    } else {
        Err(named("somebody wrote to it meanwhile; try again".to_owned()))
    }
}
