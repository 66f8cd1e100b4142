//! From a database to the text of a scenario.

use std::path::Path;
use std::time::Duration;

use super::document::Document;
use super::source::Source;
use super::{DraftError, SourceTable, TableProfile, adapt, profile};
use crate::clock::Clock;

/// For looking at what the tables of a database hold.
const SECONDS: f64 = 7.0;
/// The least of it that a table gets, however few rows it has.
const SECONDS_LEAST: f64 = 0.05;
/// How often a database is read again that was written to meanwhile.
const ATTEMPTS: u32 = 3;

/// What a draft is made from.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The database.
    pub database: &'a Path,
    /// Name of the scenario: letters, digits, dot, underscore and hyphen.
    pub name: &'a str,
    /// Path of the schema for editors, as seen from the new file.
    pub schema: Option<String>,
    /// Whether members of small enumerations may stand in the file.
    pub with_values: bool,
}

/// A scenario that passes its check, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// The file.
    pub text: String,
    /// Tables in it.
    pub tables: usize,
    /// Rows of the database.
    pub rows: u64,
    /// What the scenario does not have, in words.
    pub left_out: Vec<String>,
}

/// Reads a database without changing it and makes a scenario of it.
///
/// # Errors
/// In words that follow the database's path.
pub fn from_database(request: &Request<'_>) -> Result<Drafted, DraftError> {
    let (source, profiles) = read(request.database, SECONDS)?;
    let file_name =
        request.database.file_name().map(|name| name.to_string_lossy().escape_debug().to_string());
    let mut document =
        Document::new(request.name, &file_name.unwrap_or_default(), &source, &profiles, request.with_values);
    drop(source);
    document.schema.clone_from(&request.schema);
    let text = adapt::settle(&mut document)?;
    Ok(Drafted { text, tables: document.tables.len(), rows: document.rows, left_out: document.left_out })
}

/// The tables of a database and what they hold, all rows looked at; the database is not changed.
///
/// # Errors
/// In words that follow the database's path.
pub fn measured(database: &Path) -> Result<Vec<(SourceTable, TableProfile)>, DraftError> {
    let (source, profiles) = read(database, f64::INFINITY)?;
    Ok(source.tables.into_iter().zip(profiles).collect())
}

fn read(database: &Path, seconds: f64) -> Result<(Source, Vec<TableProfile>), DraftError> {
    let mut last = DraftError::new("it is being written to; try again when that is done");
    for _ in 0..ATTEMPTS {
        let source = Source::read(database)?;
        let profiles = profiles(&source, seconds);
        if source.is_of_one_moment() {
            return Ok((source, profiles?));
        }
        if let Err(error) = profiles {
            last = error;
        }
    }
    Err(last)
}

fn profiles(source: &Source, seconds: f64) -> Result<Vec<TableProfile>, DraftError> {
    let clock = Clock::real();
    let start = clock.now();
    let mut rest: u64 = source.rows.iter().sum();
    // What one table leaves of its time, the others get.
    let mut one = |(table, &rows): (&SourceTable, &u64)| {
        let spent = Duration::from_nanos(clock.nanos_between(start, clock.now())).as_secs_f64();
        let share = rows as f64 / rest.max(1) as f64;
        rest -= rows.min(rest);
        profile::profile(source.connection(), table, ((seconds - spent) * share).max(SECONDS_LEAST))
    };
    source.tables.iter().zip(&source.rows).map(|pair| one(pair).map_err(DraftError::from)).collect()
}
