//! Where rows are written: which engine, and what it needs to know.
//!
//! What each engine can do is stated by `capability`.

use std::path::{Path, PathBuf};

pub use crate::capability::{Driver, EngineKind};
use crate::diagnostic::Span;

/// Where rows are written.
#[derive(Clone, Debug)]
pub enum Database {
    /// SQLite, in this process.
    Sqlite(SqliteDatabase),
    /// A server that speaks PostgreSQL's protocol.
    Postgres(PostgresDatabase),
    /// A write buffer in this process.
    Memtable(MemtableDatabase),
}

impl Database {
    /// Which engine carries it out.
    pub fn engine(&self) -> EngineKind {
        match self {
            Database::Sqlite(_) => EngineKind::Sqlite,
            Database::Postgres(_) => EngineKind::Postgres,
            Database::Memtable(_) => EngineKind::Memtable,
        }
    }

    /// The SQLite database: the whole of it, or the store below a buffer.
    pub fn sqlite(&self) -> Option<&SqliteDatabase> {
        match self {
            Database::Sqlite(database) => Some(database),
            Database::Memtable(MemtableDatabase { store, .. }) => store.as_ref(),
            Database::Postgres(_) => None,
        }
    }

    /// The server.
    pub fn postgres(&self) -> Option<&PostgresDatabase> {
        match self {
            Database::Postgres(database) => Some(database),
            Database::Sqlite(_) | Database::Memtable(_) => None,
        }
    }

    /// The file that the run makes and removes.
    pub fn file(&self) -> Option<&Path> {
        match &self.sqlite()?.location {
            Location::File(path) => Some(path),
            Location::Memory { .. } => None,
        }
    }

    /// Whether all of it lies in the memory of this process.
    pub fn in_memory(&self) -> bool {
        self.postgres().is_none() && self.file().is_none()
    }

    /// PRAGMAs of every connection.
    pub fn pragmas(&self) -> &[Pragma] {
        self.sqlite().map_or(&[], |database| &database.pragmas)
    }

    /// Where the scenario gives a setting: the PRAGMA, or the setting of a server's sessions, at an index of its list.
    pub fn setting_span(&self, index: usize) -> Option<Span> {
        match self.postgres() {
            Some(database) => database.settings.get(index)?.span,
            None => self.pragmas().get(index)?.span,
        }
    }

    /// An existing database that every reset begins with a copy of.
    pub fn from(&self) -> Option<&Path> {
        self.sqlite()?.from.as_deref()
    }
}

/// An SQLite database.
#[derive(Clone, Debug)]
pub struct SqliteDatabase {
    /// A file, or memory.
    pub location: Location,
    /// How long a connection waits for a lock, in milliseconds; 0 refuses at once.
    pub busy_timeout_ms: u32,
    /// In the file's order.
    pub pragmas: Vec<Pragma>,
    /// SQL of the scenario may name other database files.
    pub allow_attach: bool,
    /// Statements that each connection keeps prepared. Absent: all are held for the whole level. 0: prepared every time.
    pub statement_cache: Option<u32>,
    /// An existing database that every reset begins with a copy of. It is only read.
    pub from: Option<PathBuf>,
    /// What executes the operations. The file is made, looked at and removed by SQLite in any case.
    pub driver: Driver,
}

/// What holds the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file that the run creates, marks and removes.
    File(PathBuf),
    /// One in-memory database. Shared between connections where any level has more than one worker.
    Memory {
        /// Through the `memdb` VFS; a private one is faster and has one connection.
        shared: bool,
    },
}

/// One PRAGMA that the scenario asks for.
#[derive(Clone, Debug)]
pub struct Pragma {
    /// Lower case.
    pub name: String,
    /// As it is written into `PRAGMA name = value`.
    pub value: String,
    /// What reading it back must give; compared without case.
    pub expected: String,
    /// Where the scenario says so.
    pub span: Option<Span>,
}

/// A schema of a server's database.
#[derive(Clone, Debug)]
pub struct PostgresDatabase {
    /// As the scenario spells it, with `${NAME}` where a variable of the environment belongs: it is resolved only to connect, so that no secret
    /// stands in a plan.
    pub url: String,
    /// Where the scenario says so.
    pub url_span: Option<Span>,
    /// The schema that the run creates, marks and drops.
    pub schema: String,
    /// Settings of every session, in the file's order.
    pub settings: Vec<Setting>,
    /// How long a lost connection is tried anew before the run ends, milliseconds.
    pub reconnect_timeout_ms: u32,
}

/// One setting of a server's session.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Lower case.
    pub name: String,
    /// As it is written into `SET name = 'value'`.
    pub value: String,
    /// Where the scenario says so.
    pub span: Option<Span>,
}

/// A write buffer, and what is below it.
#[derive(Clone, Debug)]
pub struct MemtableDatabase {
    /// When it is flushed, and to what.
    pub buffer: Buffer,
    /// The SQLite database that takes what is flushed; absent where flushed rows are only counted.
    pub store: Option<SqliteDatabase>,
}

/// When a write buffer is flushed, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Rows and tombstones of the active table that make it immutable.
    pub threshold: u64,
    /// Age of the active table's first row that makes it immutable, milliseconds. Absent: it may become as old as the run.
    pub flush_timeout_ms: Option<u64>,
    /// What takes the rows.
    pub persister: Persister,
}

/// What takes the rows that a write buffer flushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persister {
    /// Nothing: they are counted and let go.
    None,
    /// An SQLite database, a transaction for each flush.
    Sqlite,
}
