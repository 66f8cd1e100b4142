//! Opening a connection: SQLite as it comes, then what the scenario asks for, set and read back.
//!
//! Whether a file may be opened is left to `ownership`; this room trusts its claim.

#![expect(unsafe_code, reason = "callbacks hold a pointer to what outlives the connection")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, ffi};

use super::checkpoints::Checkpoints;
use super::codes::engine_error;
use super::path::APPLICATION_ID;
use super::syncs::counting_vfs;
use super::watch::{self, Watch};
use crate::clock::Clock;
use crate::engine::EngineError;
use crate::plan::Pragma;

/// PRAGMAs that have an effect only before the first write to a new database.
pub(super) const EARLY: [&str; 3] = ["page_size", "auto_vacuum", "encoding"];

/// PRAGMAs that set something but give no row when read, so that nothing can be read back.
const WRITE_ONLY: [&str; 4] = ["case_sensitive_like", "incremental_vacuum", "optimize", "shrink_memory"];

/// How long the runner's own connection waits for a lock, at the least: only another process can hold one.
const ADMIN_TIMEOUT_MS: u32 = 5_000;

/// Of so many operations in memory, the time of one is looked at.
const LOOKED_AT_IN_MEMORY: u32 = 16;

/// Settings that a result shows even where the scenario does not name them.
const SHOWN: [&str; 24] = [
    "journal_mode",
    "synchronous",
    "page_size",
    "cache_size",
    "cache_spill",
    "mmap_size",
    "temp_store",
    "locking_mode",
    "wal_autocheckpoint",
    "journal_size_limit",
    "foreign_keys",
    "defer_foreign_keys",
    "auto_vacuum",
    "encoding",
    "secure_delete",
    "recursive_triggers",
    "read_uncommitted",
    "automatic_index",
    "trusted_schema",
    "cell_size_check",
    "fullfsync",
    "checkpoint_fullfsync",
    "threads",
    "max_page_count",
];

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A claimed file, by its absolute path.
    File(PathBuf),
    /// Memory of this one connection.
    Private,
    /// Memory that all connections of the process with this name share.
    Shared(String),
}

/// Who uses a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Measured: exactly as the scenario says.
    Worker,
    /// The runner's own, between levels: without `locking_mode`, which would keep the workers out, and patient.
    Admin,
}

/// What holds for every connection.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) pragmas: Vec<Pragma>,
    pub(super) busy_timeout_ms: u32,
    pub(super) allow_attach: bool,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) clock: Clock,
    /// Where workers' connections note their checkpoints.
    pub(super) checkpoints: Arc<Checkpoints>,
}

impl Settings {
    /// Early ones first, else in the scenario's order; each with its index there.
    fn in_order(&self) -> impl Iterator<Item = (usize, &Pragma)> {
        let early = |pragma: &Pragma| EARLY.contains(&pragma.name.as_str());
        let numbered = || self.pragmas.iter().enumerate();
        numbered()
            .filter(move |(_, pragma)| early(pragma))
            .chain(numbered().filter(move |(_, pragma)| !early(pragma)))
    }

    /// Whether the scenario asks for a setting with this value.
    pub(super) fn asks_for(&self, name: &str, expected: &str) -> bool {
        self.position(name, expected).is_some()
    }

    /// Where among the PRAGMAs one has this name.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.pragmas.iter().position(|pragma| pragma.name == name)
    }

    /// Whether the run is being stopped.
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Where among the PRAGMAs it does so.
    pub(super) fn position(&self, name: &str, expected: &str) -> Option<usize> {
        self.pragmas
            .iter()
            .position(|pragma| pragma.name == name && pragma.expected.eq_ignore_ascii_case(expected))
    }
}

/// A connection with the state of its callbacks, which is dropped after it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) watch: Arc<Watch>,
    /// Whether there is anything to sync.
    pub(super) in_file: bool,
}

/// Opens a connection, applies all settings and reads each one back.
///
/// # Errors
/// [`EngineError::Setting`] for one that did not take effect.
pub(super) fn connect(place: &Place, settings: &Settings, role: Role) -> Result<Link, EngineError> {
    let doing = "opening the database";
    let timeout_ms = match role {
        Role::Worker => settings.busy_timeout_ms,
        Role::Admin => settings.busy_timeout_ms.max(ADMIN_TIMEOUT_MS),
    };
    let checkpoints = match role {
        Role::Worker => Arc::clone(&settings.checkpoints),
        Role::Admin => Arc::default(),
    };
    // In memory, readings of the clock would be a good part of what they time.
    let every = if matches!(place, Place::File(_)) { 1 } else { LOOKED_AT_IN_MEMORY };
    let watch =
        Watch::new(timeout_ms, every, Arc::clone(&settings.stop), settings.clock.clone(), checkpoints);
    let fault = |error: rusqlite::Error| engine_error(&error, doing, watch.stopping());
    let mut connection = open(place).map_err(fault)?;
    // SAFETY: the link drops the connection before the watch.
    unsafe { watch::install_busy_handler(&connection, &watch) };
    let forbid = if settings.allow_attach { forbid_folders } else { forbid_files };
    connection.authorizer(Some(forbid)).map_err(fault)?;
    apply(&connection, settings, role, &watch)?;
    let frames =
        read(&connection, "wal_autocheckpoint").map_err(fault)?.and_then(|frames| frames.parse().ok());
    // SAFETY: as above.
    unsafe {
        watch::count_checkpoints(&connection, &watch, frames.unwrap_or(0));
        if role == Role::Worker {
            watch::time_commits(&connection, &watch);
        }
    }
    Ok(Link { connection, watch, in_file: matches!(place, Place::File(_)) })
}

fn open(place: &Place) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match place {
        Place::File(path) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW;
            match counting_vfs() {
                Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
                None => Connection::open_with_flags(path, flags)?,
            }
        }
        Place::Private => Connection::open_in_memory_with_flags(flags)?,
        Place::Shared(name) => {
            let uri = format!("file:/{name}?vfs=memdb");
            let connection = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?;
            // Its cap of 1 GiB is a default of the build, not of the machine.
            let mut limit = i64::MAX;
            connection.file_control(None::<&str>, rusqlite::FileControl::SizeLimit(&mut limit))?;
            connection
        }
    };
    // The bundled build compiles foreign keys on; SQLite's own default is off.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    Ok(connection)
}

/// Writes our mark into an empty file, with what can only be set before the first write.
///
/// Without a journal: so an empty main file beside a journal is never ours.
pub(super) fn mark(path: &Path, settings: &Settings) -> Result<(), EngineError> {
    let stopping = || settings.stopping();
    let fault = |error: rusqlite::Error| engine_error(&error, "making the database", stopping());
    let connection = open(&Place::File(path.to_owned())).map_err(fault)?;
    set(&connection, "journal_mode", "OFF").map_err(fault)?;
    for (index, pragma) in settings.in_order().filter(|(_, pragma)| EARLY.contains(&pragma.name.as_str())) {
        set(&connection, &pragma.name, &pragma.value)
            .map_err(|error| refused(index, pragma, &error, stopping()))?;
    }
    set(&connection, "application_id", &APPLICATION_ID.to_string()).map_err(fault)?;
    connection.close().map_err(|(_, error)| fault(error))
}

/// Nothing that reaches a file other than the database. An empty name is what VACUUM attaches; a name that is not a literal cannot be judged
/// and is refused with the others.
fn forbid_files(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename } if !filename.is_empty() => Authorization::Deny,
        AuthAction::Unknown { code: ffi::SQLITE_ATTACH, .. } => Authorization::Deny,
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        _ => forbid_folders(context),
    }
}

/// The folders for temporary and other files are those of the whole process.
fn forbid_folders(context: AuthContext<'_>) -> Authorization {
    const FOLDERS: [&str; 2] = ["temp_store_directory", "data_store_directory"];
    match context.action {
        AuthAction::Pragma { pragma_name, pragma_value: Some(_) }
            if FOLDERS.iter().any(|name| pragma_name.eq_ignore_ascii_case(name)) =>
        {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }
}

fn apply(connection: &Connection, settings: &Settings, role: Role, watch: &Watch) -> Result<(), EngineError> {
    let mine = |(_, pragma): &(usize, &Pragma)| role == Role::Worker || pragma.name != "locking_mode";
    for (index, pragma) in settings.in_order().filter(mine) {
        set(connection, &pragma.name, &pragma.value)
            .map_err(|error| refused(index, pragma, &error, watch.stopping()))?;
    }
    // Only then, for one may undo another.
    for (index, pragma) in settings.in_order().filter(mine) {
        if WRITE_ONLY.contains(&pragma.name.as_str()) {
            continue;
        }
        let found = read(connection, &pragma.name)
            .map_err(|error| refused(index, pragma, &error, watch.stopping()))?;
        check(index, pragma, found.as_deref())?;
    }
    Ok(())
}

fn check(index: usize, pragma: &Pragma, found: Option<&str>) -> Result<(), EngineError> {
    let Pragma { name, value, expected, .. } = pragma;
    let message = match found {
        Some(found) if same(found, expected) => return Ok(()),
        Some(found) => format!("`{name} = {value}` did not take effect: it reads back {found}"),
        None => format!("`{name} = {value}` has no effect on this database: it cannot be read back"),
    };
    Err(EngineError::Setting { pragma: Some(index), message })
}

/// Equal as text without case, or as numbers.
pub(in crate::engine) fn same(found: &str, expected: &str) -> bool {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    found.eq_ignore_ascii_case(expected)
        || matches!((number(found), number(expected)), (Some(a), Some(b)) if a == b)
}

fn refused(index: usize, pragma: &Pragma, error: &rusqlite::Error, stopping: bool) -> EngineError {
    match engine_error(error, &format!("setting `{} = {}`", pragma.name, pragma.value), stopping) {
        EngineError::Setting { message, .. } => EngineError::Setting { pragma: Some(index), message },
        other => other,
    }
}

pub(super) fn set(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA {name} = {value}"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// What a PRAGMA reads as, or `None` where it gives no row.
pub(super) fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA {name}"))?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(match row.get_ref(0)? {
        ValueRef::Null => String::new(),
        ValueRef::Integer(v) => v.to_string(),
        ValueRef::Real(v) => v.to_string(),
        ValueRef::Text(v) | ValueRef::Blob(v) => String::from_utf8_lossy(v).into_owned(),
    }))
}

/// Every setting in force on a connection as it is opened for a worker, those asked for included. The log's automatic checkpoint is read
/// before the connection's own hook hides it, so it is given.
pub(super) fn settings_in_force(
    place: &Place,
    link: &Link,
    settings: &Settings,
) -> rusqlite::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let asked = settings.pragmas.iter().map(|pragma| pragma.name.as_str());
    for name in
        SHOWN.into_iter().chain(asked.filter(|name| !SHOWN.contains(name) && !WRITE_ONLY.contains(name)))
    {
        let value = match name {
            "wal_autocheckpoint" => Some(link.watch.checkpoint_frames().to_string()),
            _ => read(&link.connection, name)?,
        };
        found.extend(value.map(|value| (name.to_owned(), value)));
    }
    // The driver's own handler waits, so SQLite itself would say 0.
    found.push(("busy_timeout".to_owned(), settings.busy_timeout_ms.to_string()));
    if matches!(place, Place::Shared(_)) {
        found.push(("vfs".to_owned(), "memdb".to_owned()));
    }
    Ok(found)
}
