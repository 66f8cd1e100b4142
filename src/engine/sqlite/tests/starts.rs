//! Databases that are begun from: states that were kept, and copies of a source.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

fn keeping(database: &SqliteDatabase) -> SqliteEngine {
    let Location::File(path) = &database.location else { panic!("a file") };
    let starts = Some(Arc::new(Starts::beside(path)));
    let (clock, stop) = (Clock::real(), Arc::default());
    SqliteEngine::open_with(database, &tables(), &operations(), false, &clock, stop, starts).unwrap()
}

fn write(engine: &mut SqliteEngine, ids: std::ops::Range<i64>) {
    let mut session = engine.open_session(0).unwrap();
    for id in ids {
        assert!(done(&execute(session.as_mut(), 0, &user(id, &format!("name {id}")))));
    }
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    // Connections of one process share the index of the log, whatever each of them asked for.
    let entries = entries.filter(|entry| !entry.path().to_string_lossy().ends_with("-shm"));
    let read = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap_or_default())
    };
    entries.map(read).collect()
}

#[test]
fn what_was_kept_is_begun_from_in_the_same_physical_state() {
    let exclusive = [pragma("locking_mode", "exclusive", "exclusive"), pragma("journal_mode", "wal", "wal")];
    let journals =
        ["delete", "truncate", "persist", "wal"].map(|mode| vec![pragma("journal_mode", mode, mode)]);
    for pragmas in journals.into_iter().chain([exclusive.to_vec()]) {
        let (folder, database) = in_file(&pragmas);
        let mut engine = keeping(&database);
        engine.reset().unwrap();
        write(&mut engine, 1..50);
        assert!(engine.keep("loaded", b"noted").unwrap(), "{pragmas:?}");
        let kept = std::fs::read(folder.path().join("x.db")).unwrap();
        for _ in 0..2 {
            write(&mut engine, 50..90);
            assert_eq!(engine.begin_from("loaded").unwrap().as_deref(), Some(&b"noted"[..]));
            assert_eq!(std::fs::read(folder.path().join("x.db")).unwrap(), kept, "{pragmas:?}");
            assert_eq!(names(&engine).len(), 49);
        }
        assert_eq!(engine.begin_from("other").unwrap(), None);
        assert_eq!(names(&engine).len(), 49, "nothing was begun from");
        engine.reset().unwrap();
        assert_eq!(names(&engine).len(), 0);
        engine.tear_down(false).unwrap();
        drop(engine);
        assert_eq!(files(&folder), Vec::<String>::new());
    }
}

#[test]
fn without_a_place_for_it_nothing_is_kept() {
    let (_folder, in_file) = in_file(&[]);
    for database in [memory(), in_file] {
        let mut engine = open(&database, false).unwrap();
        engine.reset().unwrap();
        assert!(!engine.keep("loaded", b"").unwrap());
        assert_eq!(engine.begin_from("loaded").unwrap(), None);
    }
}

#[test]
fn caches_are_dropped_without_harm() {
    let (_folder, database) = in_file(&[pragma("journal_mode", "wal", "wal")]);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    write(&mut engine, 1..20);
    engine.drop_caches().unwrap();
    assert_eq!(names(&engine).len(), 19);
}

/// A database with users of its own, and its connection.
fn source(folder: &Path, journal_mode: &str) -> Connection {
    let connection = Connection::open(folder.join("app.db")).unwrap();
    connection.pragma_update(None, "journal_mode", journal_mode).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, extra TEXT);
             CREATE TABLE others (id INTEGER PRIMARY KEY);
             INSERT INTO users (id, name) VALUES (1001, 'first'), (1002, 'second')",
        )
        .unwrap();
    connection
}

fn from(database: &SqliteDatabase, folder: &Path) -> SqliteDatabase {
    SqliteDatabase { from: Some(folder.join("app.db")), ..database.clone() }
}

#[test]
fn every_reset_begins_with_the_source_as_it_was_and_the_missing_tables() {
    let page_size = [pragma("page_size", "8192", "8192")];
    for (journal_mode, pragmas) in [("delete", &[][..]), ("wal", &[][..]), ("wal", &page_size[..])] {
        let apart = tempfile::tempdir().unwrap();
        // In use, with rows that are only in its log.
        let in_use = source(apart.path(), journal_mode);
        let before = bytes(apart.path());
        let (folder, database) = in_file(pragmas);
        let mut engine = open(&from(&database, apart.path()), false).unwrap();
        for _ in 0..2 {
            engine.reset().unwrap();
            assert_eq!(names(&engine), ["first", "second"]);
            let mut inspector = engine.inspector().unwrap();
            assert_eq!((inspector.count(0).unwrap(), inspector.count(1).unwrap()), (2, 0));
            drop(inspector);
            write(&mut engine, 1..5);
            assert_eq!(names(&engine).len(), 6);
        }
        assert!(bytes(apart.path()) == before, "the source is only read");
        // What becomes of the source meanwhile is of no account.
        in_use.execute_batch("DELETE FROM users").unwrap();
        engine.reset().unwrap();
        assert_eq!(names(&engine), ["first", "second"]);
        engine.tear_down(true).unwrap();
        drop(engine);
        assert_eq!(files(&folder), ["x.db"]);
        let kept = Connection::open(folder.path().join("x.db")).unwrap();
        let id: i32 = kept.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION_ID);
        let size: i64 = kept.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap();
        assert_eq!(size, if pragmas.is_empty() { 4096 } else { 8192 });
    }
}

#[test]
fn memory_begins_with_the_source_too_but_for_another_size_of_pages() {
    let apart = tempfile::tempdir().unwrap();
    drop(source(apart.path(), "delete"));
    for shared in [false, true] {
        let memory = database(Location::Memory { shared }, &[]);
        let mut engine = open(&from(&memory, apart.path()), false).unwrap();
        for _ in 0..2 {
            engine.reset().unwrap();
            write(&mut engine, 1..5);
            assert_eq!(names(&engine).len(), 6);
        }
        engine.reset().unwrap();
        assert_eq!(names(&engine), ["first", "second"]);
    }
    let asked = database(Location::Memory { shared: false }, &[pragma("page_size", "8192", "8192")]);
    let refused = open(&from(&asked, apart.path()), false).unwrap_err();
    assert!(
        matches!(&refused, EngineError::Setting { pragma: Some(0), message } if message.contains("4096 bytes")),
        "{refused:?}"
    );
}

#[test]
fn a_source_that_cannot_be_read_is_told_and_nothing_is_left() {
    let apart = tempfile::tempdir().unwrap();
    std::fs::write(apart.path().join("app.db"), "no database at all").unwrap();
    let (folder, database) = in_file(&[]);
    let refused = open(&from(&database, apart.path()), false).unwrap_err();
    assert!(matches!(&refused, EngineError::Unavailable(words) if words.contains("app.db cannot be copied")));
    assert_eq!(files(&folder), Vec::<String>::new());
}
