//! The engine as a run uses it, against real files in temporary folders.

mod batches;
mod outcomes;
mod payload;
mod sharing;
mod starts;
mod statements;
mod steps;
mod times;

use rusqlite::Connection;

use super::*;
use crate::engine::{Lookup, Outcome};
use crate::plan::{Bind, Expect, Kind, Pragma, Repeat, Step, Transaction};
use crate::value::{Decoder, Value, encode};

fn pragma(name: &str, value: &str, expected: &str) -> Pragma {
    Pragma { name: name.to_owned(), value: value.to_owned(), expected: expected.to_owned(), span: None }
}

fn database(location: Location, pragmas: &[Pragma]) -> SqliteDatabase {
    SqliteDatabase {
        location,
        busy_timeout_ms: 0,
        pragmas: pragmas.to_vec(),
        allow_attach: false,
        statement_cache: None,
        from: None,
        driver: crate::plan::Driver::default(),
    }
}

fn tables() -> Vec<Table> {
    let table = |name: &str, create: &[&str], columns: &[&str], references: &[&str]| Table {
        name: name.to_owned(),
        create: create.iter().map(|sql| (*sql).to_owned()).collect(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        key: vec![0],
        references: references.iter().map(|name| (*name).to_owned()).collect(),
        references_bound: true,
        rowid: true,
        bytes: Vec::new(),
        indexes: Vec::new(),
    };
    let users = ["CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"];
    let posts = [
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id))",
        "CREATE INDEX posts_user ON posts (user_id)",
    ];
    vec![table("users", &users, &["id", "name"], &[]), table("posts", &posts, &["id", "user_id"], &["users"])]
}

fn operations() -> Vec<Operation> {
    let operation = |name: &str, table, sql: &str| Operation::insert(name, table, sql.to_owned(), 2);
    vec![
        operation("users", 0, "INSERT INTO users (id, name) VALUES (?1, ?2)"),
        operation("posts", 1, "INSERT INTO posts (id, user_id) VALUES (?1, ?2) RETURNING id"),
    ]
}

/// A statement that is executed once, with these parameters.
fn step(sql: &str, binds: &[Bind]) -> Step {
    Step {
        sql: sql.to_owned(),
        binds: binds.to_vec(),
        values: 0,
        repeat: Repeat::Fixed(1),
        captures: Vec::new(),
        expect: Expect::default(),
    }
}

/// An operation of these steps, which share `values` values and have a slot for each name.
fn operation(transaction: Transaction, values: usize, captures: &[&str], steps: &[Step]) -> Operation {
    let captures = captures.iter().map(|name| (*name).to_owned()).collect();
    let insert = Operation::insert("tried", 0, String::new(), values);
    Operation { kind: Kind::Sql { writes: true }, transaction, steps: steps.to_vec(), captures, ..insert }
}

/// A database with the tables of [`tables`] and a session for these operations.
fn opened(database: &SqliteDatabase, operations: &[Operation]) -> (SqliteEngine, Box<dyn Session>) {
    let clock = Clock::Virtual(Arc::default());
    let mut engine =
        SqliteEngine::open(database, &tables(), operations, false, &clock, Arc::default()).unwrap();
    engine.reset().unwrap();
    let session = engine.open_session(0).unwrap();
    (engine, session)
}

/// The names of all users in the order of their ids; the session that wrote them is gone.
fn names(engine: &SqliteEngine) -> Vec<String> {
    let mut admin = engine.admin().unwrap();
    let connection = &admin.link().connection;
    let mut statement = connection.prepare("SELECT name FROM users ORDER BY id").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn memory() -> SqliteDatabase {
    database(Location::Memory { shared: false }, &[])
}

fn encoded(row: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    row.iter().for_each(|value| encode(&mut bytes, value.as_ref()));
    bytes
}

fn open(database: &SqliteDatabase, per_write: bool) -> Result<SqliteEngine, EngineError> {
    SqliteEngine::open(database, &tables(), &operations(), per_write, &Clock::real(), Arc::default())
}

fn in_file(pragmas: &[Pragma]) -> (tempfile::TempDir, SqliteDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let database = database(Location::File(folder.path().join("x.db")), pragmas);
    (folder, database)
}

fn user(id: i64, name: &str) -> Vec<Value> {
    vec![Value::Integer(id), Value::Text(name.to_owned())]
}

fn execute(session: &mut dyn Session, operation: usize, row: &[Value]) -> Outcome {
    session.execute(operation, Decoder::new(&encoded(row)))
}

fn done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { changes: 1 })
}

fn refused(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Refused(failure) => failure.code,
        other => panic!("refused, not {other:?}"),
    }
}

fn files(folder: &tempfile::TempDir) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn levels_start_from_the_same_file_and_nothing_is_left_behind() {
    let pragmas = [
        pragma("journal_mode", "wal", "wal"),
        pragma("page_size", "8192", "8192"),
        pragma("synchronous", "NORMAL", "1"),
    ];
    let (folder, database) = in_file(&pragmas);
    let mut engine = open(&database, false).unwrap();
    let mut sizes = Vec::new();
    for _ in 0..3 {
        engine.reset().unwrap();
        let counters = engine.counters().unwrap();
        assert_eq!(counters.wal_bytes, Some(0));
        sizes.push(counters.database_bytes);
        let mut session = engine.open_session(0).unwrap();
        assert!((0..500).all(|id| done(&execute(&mut *session, 0, &user(id, &format!("name {id}"))))));
        drop(session);
        let counters = engine.counters().unwrap();
        assert!(counters.wal_bytes > Some(0) && counters.cache_hits > Some(0), "{counters:?}");
        assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 500);
    }
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
    let settings = engine.facts().settings;
    let found = |name: &str| settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(found("journal_mode"), Some("wal"));
    assert_eq!(found("page_size"), Some("8192"));
    assert_eq!(found("synchronous"), Some("1"));
    assert_eq!(found("wal_autocheckpoint"), Some("1000"));
    assert_eq!(found("foreign_keys"), Some("0"));
    engine.tear_down(false).unwrap();
    assert_eq!(files(&folder), [""; 0]);
}

#[test]
fn automatic_checkpoints_happen_and_are_counted() {
    let pragmas = [pragma("journal_mode", "wal", "wal"), pragma("wal_autocheckpoint", "10", "10")];
    let (_folder, database) = in_file(&pragmas);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    let before = engine.counters().unwrap();
    let mut session = engine.open_session(0).unwrap();
    assert!((0..200).all(|id| done(&execute(&mut *session, 0, &user(id, &"n".repeat(id as usize + 1))))));
    drop(session);
    let after = engine.counters().unwrap();
    assert!(after.checkpoints >= Some(5), "{after:?}");
    assert!(after.database_bytes > before.database_bytes);
}

#[test]
fn a_kept_database_is_one_file_with_its_rows() {
    let (folder, database) = in_file(&[pragma("journal_mode", "wal", "wal")]);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    drop(session);
    engine.tear_down(true).unwrap();
    drop(engine);
    assert_eq!(files(&folder), ["x.db"]);
    let again = Connection::open(folder.path().join("x.db")).unwrap();
    assert_eq!(again.query_row("SELECT name FROM users", [], |row| row.get(0)), Ok("Ann".to_owned()));
}

#[test]
fn an_engine_that_is_dropped_or_fails_to_open_cleans_up() {
    let (folder, database) = in_file(&[]);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    assert!(matches!(open(&database, false), Err(EngineError::Unavailable(_))));
    assert_eq!(files(&folder), ["x.db"]);
    drop(engine);
    assert_eq!(files(&folder), [""; 0]);
    let wrong = [pragma("cache_size", "7", "7"), pragma("journal_mode", "wall", "wal")];
    let (folder, database) = in_file(&wrong);
    let error = open(&database, false).unwrap_err();
    assert!(matches!(&error, EngineError::Setting { pragma: Some(1), .. }), "{error}");
    assert_eq!(files(&folder), [""; 0]);
}

#[test]
fn a_setting_without_effect_is_an_error_also_in_memory() {
    let memory = |shared, pragmas: &[Pragma]| open(&database(Location::Memory { shared }, pragmas), false);
    for shared in [false, true] {
        let wal = memory(shared, &[pragma("journal_mode", "wal", "wal")]).unwrap_err();
        assert!(matches!(wal, EngineError::Setting { pragma: Some(0), .. }), "{wal}");
        let page = memory(shared, &[pragma("page_size", "1024", "1024")]).unwrap();
        assert!(page.facts().settings.contains(&("page_size".to_owned(), "1024".to_owned())));
    }
    let unknown = memory(false, &[pragma("jurnal_mode", "wal", "wal")]).unwrap_err();
    assert!(matches!(unknown, EngineError::Setting { pragma: Some(0), .. }), "{unknown}");
}

#[test]
fn private_memory_has_one_connection_that_comes_back() {
    let mut engine = open(&database(Location::Memory { shared: false }, &[]), false).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    assert!(matches!(engine.open_session(1), Err(EngineError::Unavailable(_))));
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    drop(session);
    assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 1);
    engine.reset().unwrap();
    assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 0);
    assert_eq!(engine.facts().storage, "private memory");
    assert_eq!(engine.counters().unwrap().database_bytes, None);
}

#[test]
fn shared_memory_is_shared_by_the_sessions_of_one_engine_only() {
    let memory = database(Location::Memory { shared: true }, &[]);
    let mut engine = open(&memory, false).unwrap();
    let mut other = open(&memory, false).unwrap();
    engine.reset().unwrap();
    other.reset().unwrap();
    let (mut first, mut second) = (engine.open_session(0).unwrap(), engine.open_session(1).unwrap());
    assert!(done(&execute(&mut *first, 0, &user(1, "Ann"))));
    assert_eq!(refused(execute(&mut *second, 0, &user(1, "Bea"))), "SQLITE_CONSTRAINT_PRIMARYKEY");
    assert_eq!(other.inspector().unwrap().count(0).unwrap(), 0);
    assert_eq!(engine.facts().storage, "shared memory");
}

#[test]
fn a_locking_mode_for_workers_does_not_lock_the_runner_in_or_them_out() {
    for journal in ["wal", "delete"] {
        let pragmas =
            [pragma("journal_mode", journal, journal), pragma("locking_mode", "EXCLUSIVE", "exclusive")];
        let (folder, database) = in_file(&pragmas);
        let mut engine = open(&database, false).unwrap();
        for _ in 0..2 {
            engine.reset().unwrap();
            let mut session = engine.open_session(0).unwrap();
            assert!((0..3).all(|id| done(&execute(&mut *session, 0, &user(id, &format!("name {id}"))))));
            drop(session);
            assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 3);
        }
        assert!(engine.facts().settings.contains(&("locking_mode".to_owned(), "exclusive".to_owned())));
        drop(engine);
        assert_eq!(files(&folder), [""; 0]);
    }
}

#[test]
fn with_a_reset_around_every_write_each_worker_has_a_file_of_its_own() {
    let (folder, file) = in_file(&[pragma("foreign_keys", "on", "1")]);
    for database in [file, database(Location::Memory { shared: true }, &[pragma("foreign_keys", "on", "1")])]
    {
        let mut engine = open(&database, true).unwrap();
        engine.reset().unwrap();
        let mut sessions: Vec<_> = (0..2).map(|worker| engine.open_session(worker).unwrap()).collect();
        if database.location != (Location::Memory { shared: true }) {
            assert_eq!(files(&folder), ["x.w0.db", "x.w1.db"]);
        }
        for session in &mut sessions {
            for _ in 0..3 {
                session.set_up().unwrap();
                assert!(done(&execute(&mut **session, 0, &user(1, "Ann"))));
                assert!(done(&execute(&mut **session, 1, &[Value::Integer(1), Value::Integer(1)])));
                assert_eq!(session.look_up(0, &user(1, "Ann")).unwrap(), Lookup::Same);
                assert_eq!(session.look_up(0, &user(2, "Bea")).unwrap(), Lookup::Missing);
                session.drop_tables().unwrap();
            }
        }
        drop(sessions);
        engine.tear_down(false).unwrap();
        assert_eq!(files(&folder), [""; 0]);
    }
}

#[test]
fn a_foreign_file_in_the_place_of_a_workers_own_is_refused() {
    let (folder, database) = in_file(&[]);
    std::fs::write(folder.path().join("x.w1.db"), "mine").unwrap();
    let mut engine = open(&database, true).unwrap();
    assert!(engine.open_session(0).is_ok());
    assert!(matches!(engine.open_session(1), Err(EngineError::Foreign(_))));
    drop(engine);
    assert_eq!(files(&folder), ["x.w1.db"]);
}
