//! Whether the process may open as many files as a level needs.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::engine::EngineError;
use crate::plan::{Location, SqliteDatabase};

/// What the process has open besides, where that cannot be counted.
const USUAL: u64 = 16;

/// File descriptors that a level with this many connections, beside the runner's own, holds at most.
///
/// A connection has the database and its log or journal, in memory neither; all share one index of the log. The runner has a connection of
/// its own and the descriptor with its lock, and a directory is opened for a moment when a journal is removed. With a file for every
/// worker (`own_files`), all of that is needed for each.
pub fn descriptors_needed(database: &SqliteDatabase, connections: u64, own_files: bool) -> u64 {
    match (&database.location, own_files) {
        (Location::Memory { .. }, _) => 0,
        (Location::File(_), false) => 2 * (connections + 1) + 3,
        (Location::File(_), true) => 5 * connections,
    }
}

/// Raises the soft limit of open files to what a level with this many connections needs.
///
/// # Errors
/// [`EngineError::Unavailable`] when the hard limit does not allow it.
pub fn ensure_descriptors(
    database: &SqliteDatabase,
    connections: u64,
    own_files: bool,
) -> Result<(), EngineError> {
    let held = descriptors_needed(database, connections, own_files);
    if held == 0 {
        return Ok(());
    }
    let open = std::fs::read_dir("/proc/self/fd").map_or(USUAL, |entries| entries.count() as u64);
    let needed = held + open;
    let mut limit = getrlimit(Resource::Nofile);
    // None is unlimited.
    let (soft, hard) = (limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX));
    if needed <= soft {
        return Ok(());
    }
    if needed <= hard {
        limit.current = limit.maximum;
        if setrlimit(Resource::Nofile, limit).is_ok() {
            return Ok(());
        }
    }
    Err(too_few(connections, needed, hard))
}

fn too_few(connections: u64, needed: u64, limit: u64) -> EngineError {
    let advice = needed.next_power_of_two();
    EngineError::Unavailable(format!(
        "{connections} connections need about {needed} file descriptors, the limit is {limit}: raise it with `ulimit -n {advice}`, \
         or lower `concurrency` or the size of the pool"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn database(location: Location) -> SqliteDatabase {
        SqliteDatabase {
            location,
            busy_timeout_ms: 0,
            pragmas: Vec::new(),
            allow_attach: false,
            statement_cache: None,
            from: None,
            driver: crate::plan::Driver::default(),
        }
    }

    #[test]
    fn a_connection_to_a_file_needs_two_descriptors_and_one_to_memory_none() {
        let file = database(Location::File(PathBuf::from("x.db")));
        assert_eq!(descriptors_needed(&file, 128, false), 261);
        assert_eq!(descriptors_needed(&file, 8, true), 40);
        assert_eq!(descriptors_needed(&database(Location::Memory { shared: true }), 128, false), 0);
    }

    #[test]
    fn what_can_be_had_is_not_refused_and_what_cannot_is_explained() {
        let file = database(Location::File(PathBuf::from("x.db")));
        assert!(ensure_descriptors(&file, 1, false).is_ok());
        let words = too_few(128, 260, 64).to_string();
        assert!(
            words.contains("128 connections need about 260") && words.contains("ulimit -n 512"),
            "{words}"
        );
    }
}
