//! Opening a connection: Turso as it comes, then what the scenario asks for, set and read back.

use std::sync::Arc;
use std::time::Duration;

use turso_core::{Connection, Database, LimboError, StepResult};

use super::{Blueprint, fault};
use crate::engine::EngineError;
use crate::engine::sqlite::connect::same;
use crate::value::{EncodedValue, Value};

use super::values;

/// Settings that a result shows even where the scenario does not name them.
pub(super) const SHOWN: [&str; 7] =
    ["journal_mode", "synchronous", "page_size", "cache_size", "temp_store", "foreign_keys", "encoding"];

/// PRAGMAs that SQLite has settled when it made the file.
const SETTLED: [&str; 3] = ["page_size", "auto_vacuum", "encoding"];

/// A connection, closed when it is dropped.
pub(super) struct Link {
    pub(super) connection: Arc<Connection>,
}

impl Link {
    /// Opens one with every setting applied and read back.
    ///
    /// # Errors
    /// [`EngineError::Setting`] for one that did not take effect.
    pub(super) fn open(database: &Arc<Database>, blueprint: &Blueprint) -> Result<Link, EngineError> {
        let connection = database.connect().map_err(|error| fault(&error, "opening the database"))?;
        let link = Link { connection };
        link.connection.set_busy_timeout(Duration::from_millis(u64::from(blueprint.busy_timeout_ms)));
        let own = || {
            let numbered = blueprint.pragmas.iter().enumerate();
            numbered.filter(|(_, pragma)| !SETTLED.contains(&pragma.name.as_str()))
        };
        let refused = |index, name: &str, value: &str, words: &str| EngineError::Setting {
            pragma: Some(index),
            message: format!("`{name} = {value}` {words}"),
        };
        for (index, pragma) in own() {
            link.text(&format!("PRAGMA {} = {}", pragma.name, pragma.value)).map_err(|error| {
                refused(index, &pragma.name, &pragma.value, &format!("is refused by turso: {error}"))
            })?;
        }
        // Only then, for one may undo another.
        for (index, pragma) in own() {
            let found = link.text(&format!("PRAGMA {}", pragma.name));
            let words = match found.map_err(|error| fault(&error, "reading settings"))? {
                Some(found) if same(&found, &pragma.expected) => continue,
                Some(found) => format!("did not take effect: it reads back {found}"),
                None => "has no effect with turso: it cannot be read back".to_owned(),
            };
            return Err(refused(index, &pragma.name, &pragma.value, &words));
        }
        Ok(link)
    }

    /// First column of the first row, as text; nothing where there is no row.
    pub(super) fn text(&self, sql: &str) -> Result<Option<String>, LimboError> {
        let mut statement = self.connection.prepare(sql)?;
        let mut first = None;
        loop {
            match statement.step()? {
                StepResult::Done => return Ok(first),
                StepResult::Row if first.is_none() => {
                    let row = statement.row().expect("the statement stands at a row");
                    let value = values::read(row.get_value(0));
                    first = Some(match value {
                        EncodedValue::Null => String::new(),
                        EncodedValue::Text(text) => String::from_utf8_lossy(text).into_owned(),
                        EncodedValue::Integer(v) => v.to_string(),
                        EncodedValue::Real(v) => v.to_string(),
                        EncodedValue::Blob(v) => Value::Blob(v.to_vec()).as_ref().to_string(),
                        EncodedValue::Large(_) => unreachable!("what is read is no stretch of the pool"),
                    });
                }
                StepResult::Row => {}
                StepResult::Busy => return Err(LimboError::Busy),
                StepResult::Interrupt => return Err(LimboError::Interrupt),
                StepResult::IO | StepResult::Yield | StepResult::Sleep { .. } => statement._io().step()?,
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // What a close has to say is said when the engine closes the database.
        let _ = self.connection.close();
    }
}
