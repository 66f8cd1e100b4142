//! The loop that the runner is held against: held statements, values bound from plain arrays without a copy, nothing measured but the whole.
//!
//! Connections are opened as the runner opens them. One worker is this thread; several take rows from one cursor, one thread each.
#![expect(unsafe_code, reason = "this is the C interface, as a C program would use it")]

use std::ffi::{CStr, CString, c_int};
use std::hint::black_box;
use std::path::Path;
use std::ptr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use runner::plan::Plan;
use rusqlite::ffi;

use crate::rows::{Cell, Rows};

/// What a level came to.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) acknowledged: u64,
    pub(crate) duration_ns: u64,
}

impl Measured {
    pub(crate) fn per_second(self) -> f64 {
        self.acknowledged as f64 / self.duration_ns as f64 * 1e9
    }
}

/// How the rows of one worker are sent.
#[derive(Clone, Copy)]
pub(crate) enum Sent {
    /// Each in a transaction of its own.
    Alone,
    /// So many in a transaction.
    Together(usize),
    /// So many in an INSERT. All rows are of one table.
    InOneInsert(usize),
}

/// Carries out all operations of the plan's only level in a database made anew; `loaded` are there before.
pub(crate) fn run(plan: &Plan, loaded: Option<&Rows>, rows: &Rows, sent: Sent) -> Measured {
    let path = match plan.database.file() {
        Some(path) => {
            remove(path);
            path.display().to_string()
        }
        None => ":memory:".to_owned(),
    };
    let mut first = Connection::open(plan, &path);
    first.make_tables(plan);
    let others = (1..plan.workloads[0].concurrency[0]).map(|_| Connection::open(plan, &path));
    let mut connections: Vec<Connection> = std::iter::once(first).chain(others).collect();
    connections.iter_mut().for_each(|connection| connection.prepare(plan));
    if let Some(loaded) = loaded {
        connections[0].sql("BEGIN");
        (0..loaded.len()).for_each(|place| assert!(connections[0].execute(loaded, place)));
        connections[0].sql("COMMIT");
    }
    let measured = match (&connections[..], sent) {
        ([connection], Sent::Alone) => alone(connection, rows),
        ([connection], Sent::Together(size)) => in_transactions(connection, rows, size),
        ([connection], Sent::InOneInsert(size)) => in_inserts(connection, plan, rows, size),
        _ => together(&connections, rows),
    };
    drop(connections);
    remove(Path::new(&path));
    measured
}

fn alone(connection: &Connection, rows: &Rows) -> Measured {
    let start = Instant::now();
    let mut acknowledged = 0;
    for place in 0..rows.len() {
        acknowledged += u64::from(connection.execute(rows, place));
    }
    Measured { acknowledged, duration_ns: start.elapsed().as_nanos() as u64 }
}

fn in_transactions(connection: &Connection, rows: &Rows, size: usize) -> Measured {
    let [begin, commit] = ["BEGIN", "COMMIT"].map(|sql| Statement(connection.prepared(sql)));
    let start = Instant::now();
    let mut acknowledged = 0;
    for first in (0..rows.len()).step_by(size) {
        begin.step();
        for place in first..rows.len().min(first + size) {
            acknowledged += u64::from(connection.execute(rows, place));
        }
        commit.step();
    }
    Measured { acknowledged, duration_ns: start.elapsed().as_nanos() as u64 }
}

fn in_inserts(connection: &Connection, plan: &Plan, rows: &Rows, size: usize) -> Measured {
    assert_eq!(rows.len() % size, 0, "whole INSERTs");
    let single = &plan.operations[0].steps[0].sql;
    let (head, marks) = single.split_once("VALUES").expect("an INSERT");
    let columns = marks.matches('?').count();
    let group = format!("({})", vec!["?"; columns].join(", "));
    let statement = Statement(connection.prepared(&format!("{head}VALUES {}", vec![group; size].join(", "))));
    let start = Instant::now();
    for first in (0..rows.len()).step_by(size) {
        let mut index = 0;
        for place in first..first + size {
            for cell in rows.row(place) {
                index += 1;
                // SAFETY: the statement is reset, and the arena outlives it.
                assert_eq!(unsafe { bind(statement.0, index, *cell, &rows.arena) }, ffi::SQLITE_OK);
            }
        }
        statement.step();
    }
    Measured { acknowledged: rows.len() as u64, duration_ns: start.elapsed().as_nanos() as u64 }
}

/// A statement that gives no row.
struct Statement(*mut ffi::sqlite3_stmt);

impl Statement {
    fn step(&self) {
        // SAFETY: the statement is prepared, and what is bound to it is there.
        let codes = unsafe { (ffi::sqlite3_step(self.0), ffi::sqlite3_reset(self.0)) };
        assert_eq!(codes, (ffi::SQLITE_DONE, ffi::SQLITE_OK));
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: it is not used again.
        unsafe { ffi::sqlite3_finalize(self.0) };
    }
}

fn together(connections: &[Connection], rows: &Rows) -> Measured {
    let barrier = Barrier::new(connections.len());
    let cursor = AtomicUsize::new(0);
    let worker = |connection: &Connection| {
        barrier.wait();
        let start = Instant::now();
        let mut acknowledged = 0;
        loop {
            let place = cursor.fetch_add(1, Ordering::Relaxed);
            if place >= rows.len() {
                break (start, Instant::now(), acknowledged);
            }
            acknowledged += u64::from(connection.execute(rows, place));
        }
    };
    let ended: Vec<(Instant, Instant, u64)> = std::thread::scope(|scope| {
        let handles: Vec<_> = connections.iter().map(|c| scope.spawn(move || worker(c))).collect();
        handles.into_iter().map(|handle| handle.join().expect("a worker that ends")).collect()
    });
    let start = ended.iter().map(|e| e.0).min().expect("a worker");
    let end = ended.iter().map(|e| e.1).max().expect("a worker");
    Measured {
        acknowledged: ended.iter().map(|e| e.2).sum(),
        duration_ns: end.duration_since(start).as_nanos() as u64,
    }
}

fn remove(path: &Path) {
    for suffix in ["-wal", "-shm", "-journal", ""] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // Most of them do not exist.
        let _ = std::fs::remove_file(name);
    }
}

/// A connection with one prepared statement for every operation.
struct Connection {
    db: *mut ffi::sqlite3,
    statements: Vec<*mut ffi::sqlite3_stmt>,
}

// SAFETY: a connection without a mutex may be used by any thread, one at a time; `together` gives each to one thread.
unsafe impl Sync for Connection {}

impl Connection {
    fn open(plan: &Plan, path: &str) -> Self {
        let mut flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | ffi::SQLITE_OPEN_NOMUTEX;
        if plan.database.file().is_some() {
            flags |= ffi::SQLITE_OPEN_NOFOLLOW;
        }
        let path = CString::new(path).expect("a path without a zero");
        let mut db = ptr::null_mut();
        // SAFETY: all pointers are valid, and the configuration takes an int and a pointer to one.
        unsafe {
            assert_eq!(ffi::sqlite3_open_v2(path.as_ptr(), &raw mut db, flags, ptr::null()), ffi::SQLITE_OK);
            ffi::sqlite3_extended_result_codes(db, 1);
            let off: c_int = 0;
            ffi::sqlite3_db_config(db, ffi::SQLITE_DBCONFIG_ENABLE_FKEY, off, ptr::null_mut::<c_int>());
            let database = plan.database.sqlite().expect("the ratios are SQLite's");
            let timeout = c_int::try_from(database.busy_timeout_ms).expect("a time-out that SQLite takes");
            ffi::sqlite3_busy_timeout(db, timeout);
        }
        let connection = Connection { db, statements: Vec::new() };
        for pragma in plan.database.pragmas() {
            connection.sql(&format!("PRAGMA {} = {}", pragma.name, pragma.value));
        }
        connection
    }

    fn make_tables(&mut self, plan: &Plan) {
        self.sql("BEGIN");
        plan.tables.iter().flat_map(|table| &table.create).for_each(|sql| self.sql(sql));
        self.sql("COMMIT");
        // As the runner begins a level; nothing where there is no log.
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn sql(&self, sql: &str) {
        let text = CString::new(sql).expect("SQL without a zero");
        // SAFETY: the connection is open, and the text ends with a zero.
        let code =
            unsafe { ffi::sqlite3_exec(self.db, text.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
        assert_eq!(code, ffi::SQLITE_OK, "{sql}: {}", self.words());
    }

    fn words(&self) -> String {
        // SAFETY: the words end with a zero and are copied at once.
        unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.db)).to_string_lossy().into_owned() }
    }

    fn prepare(&mut self, plan: &Plan) {
        self.statements = plan.operations.iter().map(|o| self.prepared(&o.steps[0].sql)).collect();
    }

    fn prepared(&self, sql: &str) -> *mut ffi::sqlite3_stmt {
        let mut statement = ptr::null_mut();
        let flags = ffi::SQLITE_PREPARE_PERSISTENT;
        // SAFETY: the text is given with its length.
        let code = unsafe {
            let length = sql.len() as c_int;
            let text = sql.as_ptr().cast();
            ffi::sqlite3_prepare_v3(self.db, text, length, flags, &raw mut statement, ptr::null_mut())
        };
        assert_eq!(code, ffi::SQLITE_OK, "{sql}: {}", self.words());
        statement
    }

    /// Whether the row was acknowledged.
    #[inline]
    fn execute(&self, rows: &Rows, place: usize) -> bool {
        let statement = self.statements[rows.operations[place] as usize];
        // SAFETY: the statement is reset when it is bound, and the arena outlives it.
        unsafe {
            for (index, cell) in rows.row(place).iter().enumerate() {
                if bind(statement, index as c_int + 1, *cell, &rows.arena) != ffi::SQLITE_OK {
                    return false;
                }
            }
            let mut code = ffi::sqlite3_step(statement);
            while code == ffi::SQLITE_ROW {
                touch(statement);
                code = ffi::sqlite3_step(statement);
            }
            ffi::sqlite3_reset(statement) == ffi::SQLITE_OK && code == ffi::SQLITE_DONE
        }
    }
}

/// Fetches every column of the current row.
///
/// # Safety
/// The statement is valid and has a row.
#[inline]
unsafe fn touch(statement: *mut ffi::sqlite3_stmt) {
    // SAFETY: passed on to the caller.
    unsafe {
        for index in 0..ffi::sqlite3_column_count(statement) {
            match ffi::sqlite3_column_type(statement, index) {
                ffi::SQLITE_INTEGER => {
                    black_box(ffi::sqlite3_column_int64(statement, index));
                }
                ffi::SQLITE_FLOAT => {
                    black_box(ffi::sqlite3_column_double(statement, index));
                }
                ffi::SQLITE_TEXT => {
                    black_box(ffi::sqlite3_column_text(statement, index));
                    black_box(ffi::sqlite3_column_bytes(statement, index));
                }
                ffi::SQLITE_BLOB => {
                    black_box(ffi::sqlite3_column_blob(statement, index));
                    black_box(ffi::sqlite3_column_bytes(statement, index));
                }
                _ => {}
            }
        }
    }
}

/// # Safety
/// The statement is valid and not being stepped; the arena outlives its next step.
#[inline]
unsafe fn bind(statement: *mut ffi::sqlite3_stmt, index: c_int, cell: Cell, arena: &[u8]) -> c_int {
    let bytes = |start: u32, length: u32| arena[start as usize..][..length as usize].as_ptr();
    // SAFETY: passed on to the caller.
    unsafe {
        match cell {
            Cell::Null => ffi::sqlite3_bind_null(statement, index),
            Cell::Integer(value) => ffi::sqlite3_bind_int64(statement, index, value),
            Cell::Real(value) => ffi::sqlite3_bind_double(statement, index, value),
            Cell::Text { start, length } => {
                let text = bytes(start, length).cast();
                ffi::sqlite3_bind_text(statement, index, text, length as c_int, ffi::SQLITE_STATIC())
            }
            Cell::Blob { start, length } => {
                let blob = bytes(start, length).cast();
                ffi::sqlite3_bind_blob(statement, index, blob, length as c_int, ffi::SQLITE_STATIC())
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: neither is used again.
        unsafe {
            self.statements.iter().for_each(|statement| {
                ffi::sqlite3_finalize(*statement);
            });
            ffi::sqlite3_close(self.db);
        }
    }
}
