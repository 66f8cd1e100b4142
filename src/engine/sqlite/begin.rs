//! Where a level begins other than with tables just made: a copy of an existing database, or a state that was kept.
//!
//! A file is filled byte for byte from a copy in [`Starts`]; its claim and its place stay the same all along. Memory is copied into by SQLite, and
//! keeps no states.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::connect::{EARLY, Place};
use super::inspect::stoppable;
use super::ownership::Claim;
use super::path::{cannot, side_file};
use super::{SqliteEngine, Starts, own_path, schema, source};
use crate::engine::EngineError;
use crate::plan::{Location, SqliteDatabase};

/// The one copy of a source is kept even where nothing else is.
pub(super) fn starts_of_source(database: &SqliteDatabase) -> Option<Arc<Starts>> {
    match (&database.location, &database.from) {
        (Location::File(path), Some(_)) => Some(Arc::new(Starts::beside(path))),
        _ => None,
    }
}

/// Removes the database file that an engine left behind because its process was killed; `workers` where each had a file of its own.
///
/// # Errors
/// As [`SqliteEngine::open`]: what the runner did not make stays.
pub fn remove_left(database: &SqliteDatabase, workers: Option<u32>) -> Result<(), EngineError> {
    let Location::File(path) = &database.location else { return Ok(()) };
    let paths: Vec<PathBuf> = match workers {
        None => vec![path.clone()],
        Some(workers) => (0..workers as usize).map(|worker| own_path(path, worker)).collect(),
    };
    let mut left = paths.iter().filter(|path| path.symlink_metadata().is_ok());
    left.try_for_each(|path| Claim::take(path)?.release(false))
}

impl SqliteEngine {
    /// The database as a copy of its source, with the scenario's tables.
    pub(super) fn begin_from_source(&mut self) -> Result<(), EngineError> {
        let from = self.source.clone().expect("asked for only where there is a source");
        let (Some(starts), true) = (self.starts.clone(), matches!(self.place, Place::File(_))) else {
            return self.copy_into_memory(&from);
        };
        self.place_of(0)?;
        let name = self.name_of_source();
        let path = match starts.find(&name) {
            Some(path) => path,
            None => starts.add(&name, b"", |path| {
                source::copy_to_file(&from, path, &self.blueprint.tables, self.settings())
            })?,
        };
        self.fill(&path)
    }

    fn copy_into_memory(&self, from: &Path) -> Result<(), EngineError> {
        let mut admin = self.admin()?;
        let link = admin.link();
        source::copy_into(from, &mut link.connection, self.settings(), true)?;
        stoppable(link, "making the tables", |connection| {
            schema::create_missing(connection, &self.blueprint.tables)
        })
    }

    /// Cases may differ in their tables, and in what is set before the first write.
    fn name_of_source(&self) -> String {
        let mut hash = Sha256::new();
        let early = self.settings().pragmas.iter().filter(|pragma| EARLY.contains(&pragma.name.as_str()));
        let settings = early.flat_map(|pragma| [pragma.name.as_str(), pragma.expected.as_str()]);
        let tables = self.blueprint.tables.iter().flat_map(|table| &table.create).map(String::as_str);
        for text in settings.chain(tables) {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let digest: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("source-{digest}")
    }

    /// The state as it is, with its log emptied into the file, under a name. Not where the disk has no room for it.
    pub(super) fn keep_start(&mut self, name: &str, note: &[u8]) -> Result<bool, EngineError> {
        let Some(starts) = self.starts.clone() else { return Ok(false) };
        if self.own || !matches!(self.place, Place::File(_)) {
            return Ok(false);
        }
        let bytes = self.claims.get(&0).and_then(Claim::database_bytes).unwrap_or(0);
        if !starts.has_room_for(bytes) {
            return Ok(false);
        }
        stoppable(self.admin()?.link(), "emptying the write-ahead log", schema::empty_log)?;
        self.close_admin();
        let Some(claim) = self.claims.get(&0).filter(|claim| is_whole(claim.path())) else {
            return Ok(false);
        };
        starts.add(name, note, |path| {
            let copied = File::create(path).and_then(|to| claim.copy_to(&to));
            copied.map_err(|error| cannot(path, "written", &error))
        })?;
        Ok(true)
    }

    pub(super) fn begin_from_start(&mut self, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(starts) = self.starts.clone() else { return Ok(None) };
        let (Some(path), Some(note)) = (starts.find(name), starts.note(name)) else { return Ok(None) };
        self.totals.clear();
        self.place_of(0)?;
        self.fill(&path)?;
        Ok(Some(note))
    }

    fn fill(&mut self, path: &Path) -> Result<(), EngineError> {
        self.close_admin();
        let claim = self.claims.get(&0).expect("the place was just claimed");
        let filled = File::open(path).and_then(|from| claim.fill(&from));
        filled.map_err(|error| cannot(claim.path(), "written", &error))
    }

    pub(super) fn drop_cached(&mut self) -> Result<(), EngineError> {
        self.claims.values().try_for_each(|claim| {
            claim.drop_cached().map_err(|error| cannot(claim.path(), "written to the disk", &error))
        })
    }
}

/// Whether all of a database is in its file: no log with anything in it, no journal to be played back.
fn is_whole(path: &Path) -> bool {
    let begins = |suffix: &str| {
        let mut first = [0];
        File::open(side_file(path, suffix)).and_then(|mut file| file.read(&mut first)).unwrap_or(0) > 0
            && first[0] != 0
    };
    // A journal that is kept, but over, begins with zeros.
    !begins("-wal") && !begins("-journal")
}
