//! Tests of bytes counted, blobs in pieces, and blobs checked when they come back.

use super::*;
use crate::engine::Failure;
use crate::plan::{BlobIo, Kind, PAYLOAD_MISMATCH};
use crate::value::{LONGEST_WHOLE, Stretch};

const FILES: &str = "CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT, data BLOB)";

fn files(create: &str) -> Vec<Table> {
    vec![Table {
        name: "files".to_owned(),
        create: vec![create.to_owned()],
        columns: ["id", "name", "data"].map(str::to_owned).to_vec(),
        key: vec![0],
        references: Vec::new(),
        references_bound: true,
        rowid: !create.contains("WITHOUT ROWID"),
        bytes: vec![2],
        indexes: Vec::new(),
    }]
}

/// Inserting a file, reading all files, and reading one file in pieces.
fn operations(blob_io: Option<u32>) -> Vec<Operation> {
    let insert = "INSERT INTO files (id, name, data) VALUES (?1, ?2, ?3)";
    let mut insert = Operation::insert("files", 0, insert.to_owned(), 3);
    insert.blob_io = blob_io.map(|piece_bytes| BlobIo { piece_bytes, reads: Vec::new() });
    let read = operation(Transaction::None, 0, &[], &[step("SELECT * FROM files", &[])]);
    let get = "SELECT id, length(data), rowid FROM files WHERE id = ?1";
    let mut get = operation(Transaction::None, 1, &[], &[step(get, &[Bind::Shared(0)])]);
    get.kind = Kind::Get { table: 0 };
    get.blob_io = Some(BlobIo { piece_bytes: 5_003, reads: vec![(1, "data".to_owned())] });
    let all = [insert, read, get];
    all.into_iter().map(|operation| Operation { payload: true, ..operation }).collect()
}

fn opened(create: &str, blob_io: Option<u32>) -> (SqliteEngine, Box<dyn Session>) {
    let clock = Clock::Virtual(Arc::default());
    let database = memory();
    let mut operations = operations(blob_io);
    if create.contains("WITHOUT ROWID") {
        operations.truncate(2);
    }
    let mut engine =
        SqliteEngine::open(&database, &files(create), &operations, false, &clock, Arc::default()).unwrap();
    engine.reset().unwrap();
    let session = engine.open_session(0).unwrap();
    (engine, session)
}

fn file(id: i64, place: u64, length: usize) -> Vec<Value> {
    let data = Value::Pooled(Stretch::new(place, length));
    vec![Value::Integer(id), Value::Text("name".to_owned()), data]
}

fn change(session: Box<dyn Session>, engine: &mut SqliteEngine, sql: &str) -> Box<dyn Session> {
    drop(session);
    engine.admin().unwrap().link().connection.execute_batch(sql).unwrap();
    engine.open_session(0).unwrap()
}

fn look_up(session: Box<dyn Session>, engine: &mut SqliteEngine, row: &[Value]) -> Lookup {
    drop(session);
    engine.inspector().unwrap().look_up(0, row, &[]).unwrap()
}

fn mismatch(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unexpected { failure: Failure { code: PAYLOAD_MISMATCH, .. }, .. })
}

#[test]
fn bytes_written_and_read_are_counted_each_once() {
    for blob_io in [None, Some(10_000)] {
        let (mut engine, mut session) = opened(FILES, blob_io);
        assert!(done(&execute(session.as_mut(), 0, &file(1, 5, 100_003))));
        assert_eq!(session.take_payload_bytes(), 100_003 + 4);
        assert_eq!(session.take_payload_bytes(), 0);
        assert!(matches!(execute(session.as_mut(), 1, &[]), Outcome::Done { changes: 0 }));
        assert_eq!(session.take_payload_bytes(), 100_003 + 4);
        assert!(matches!(execute(session.as_mut(), 2, &[Value::Integer(1)]), Outcome::Done { changes: 0 }));
        assert_eq!(session.take_payload_bytes(), 100_003);
        assert_eq!(look_up(session, &mut engine, &file(1, 5, 100_003)), Lookup::Same);
    }
}

#[test]
fn a_value_that_lies_nowhere_together_is_written_and_compared_in_pieces() {
    let length = LONGEST_WHOLE as usize + 12_345;
    let (mut engine, mut session) = opened(FILES, None);
    assert!(done(&execute(session.as_mut(), 0, &file(1, 3_000_000, length))));
    // Its transaction is over: another one begins.
    assert!(done(&execute(session.as_mut(), 0, &file(2, 0, 70_000))));
    session.roll_back();
    assert_eq!(session.take_payload_bytes(), (length + 70_000) as u64 + 8);
    assert!(matches!(execute(session.as_mut(), 2, &[Value::Integer(1)]), Outcome::Done { .. }));
    let changed = format!("UPDATE files SET data = CAST(substr(data, 1, {}) || x'00' AS BLOB)", length - 1);
    assert_eq!(look_up(session, &mut engine, &file(1, 3_000_000, length)), Lookup::Same);
    let session = engine.open_session(0).unwrap();
    let mut session = change(session, &mut engine, &changed);
    assert!(mismatch(&execute(session.as_mut(), 2, &[Value::Integer(1)])));
    let found = look_up(session, &mut engine, &file(1, 3_000_000, length));
    assert!(matches!(&found, Lookup::Different { column, .. } if column == "data"), "{found:?}");
    let null = "UPDATE files SET data = NULL";
    let session = engine.open_session(0).unwrap();
    let session = change(session, &mut engine, null);
    let found = look_up(session, &mut engine, &file(1, 3_000_000, length));
    assert_eq!(found, Lookup::Different { column: "data".to_owned(), stored: Value::Null });
}

#[test]
fn a_table_without_rowids_takes_a_large_value_as_a_copy() {
    let create = "CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT, data BLOB) WITHOUT ROWID";
    let length = LONGEST_WHOLE as usize + 1;
    let (mut engine, mut session) = opened(create, None);
    assert!(done(&execute(session.as_mut(), 0, &file(1, 9, length))));
    assert_eq!(look_up(session, &mut engine, &file(1, 9, length)), Lookup::Same);
}

#[test]
fn a_row_that_is_refused_leaves_neither_its_blob_nor_a_transaction() {
    let (mut engine, mut session) = opened(FILES, Some(1_000));
    assert!(done(&execute(session.as_mut(), 0, &file(1, 5, 70_000))));
    assert!(matches!(execute(session.as_mut(), 0, &file(1, 6, 70_000)), Outcome::Refused(_)));
    assert!(done(&execute(session.as_mut(), 0, &file(2, 7, 70_000))));
    assert_eq!(look_up(session, &mut engine, &file(1, 5, 70_000)), Lookup::Same);
    assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 2);
}

#[test]
fn a_blob_that_was_altered_is_an_error_where_it_is_read() {
    let whole = "UPDATE files SET data = zeroblob(length(data))";
    let end = "UPDATE files SET data = CAST(substr(data, 1, length(data) - 1) || x'00' AS BLOB)";
    let longer = "UPDATE files SET data = CAST(data || x'0102030405060708' AS BLOB)";
    for sql in [whole, end, longer] {
        let (mut engine, mut session) = opened(FILES, None);
        assert!(done(&execute(session.as_mut(), 0, &file(1, 5, 100_000))));
        let mut session = change(session, &mut engine, sql);
        assert!(mismatch(&execute(session.as_mut(), 1, &[])), "{sql}");
        assert!(mismatch(&execute(session.as_mut(), 2, &[Value::Integer(1)])), "{sql}");
    }
    // A part of a blob is computed, and a small one is not looked at.
    let (mut engine, mut session) = opened(FILES, None);
    assert!(done(&execute(session.as_mut(), 0, &file(1, 5, 100_000))));
    let mut session = change(session, &mut engine, "UPDATE files SET data = zeroblob(65536)");
    assert!(matches!(execute(session.as_mut(), 1, &[]), Outcome::Done { .. }));
}

#[test]
fn nothing_is_counted_where_it_is_not_asked_for() {
    let (_engine, mut session) = super::opened(&memory(), &super::operations());
    assert!(done(&execute(session.as_mut(), 0, &user(1, "Ann"))));
    assert_eq!(session.take_payload_bytes(), 0);
}
