//! Transactions around several operations, and INSERTs of several rows.

use super::*;

fn rows_of(users: &[(i64, &str)]) -> Vec<Vec<u8>> {
    users.iter().map(|&(id, name)| encoded(&user(id, name))).collect()
}

fn insert_rows(session: &mut dyn Session, operation: usize, users: &[(i64, &str)]) -> Outcome {
    let bytes = rows_of(users);
    let rows: Vec<Decoder<'_>> = bytes.iter().map(|row| Decoder::new(row)).collect();
    session.insert_rows(operation, &rows)
}

fn committed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { changes: 0 })
}

#[test]
fn a_batch_stands_once_it_is_committed_and_not_when_it_is_undone() {
    for mode in [Transaction::None, Transaction::Deferred, Transaction::Immediate, Transaction::Exclusive] {
        let (engine, mut session) = opened(&memory(), &operations());
        assert!(committed(&session.begin(mode)));
        assert!((1..4).all(|id| done(&execute(&mut *session, 0, &user(id, &format!("{id}"))))));
        assert!(committed(&session.commit()));
        assert!(committed(&session.begin(mode)));
        assert!(done(&execute(&mut *session, 0, &user(4, "4"))));
        session.roll_back();
        // There is none to undo any more.
        session.roll_back();
        drop(session);
        assert_eq!(names(&engine), ["1", "2", "3"]);
    }
}

#[test]
fn a_session_that_goes_in_the_middle_of_a_batch_undoes_it() {
    let (engine, mut session) = opened(&memory(), &operations());
    assert!(committed(&session.begin(Transaction::Immediate)));
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    drop(session);
    assert_eq!(names(&engine), [""; 0]);
}

#[test]
fn a_batch_that_cannot_have_the_lock_is_refused_and_one_that_cannot_commit_stays_open() {
    let (folder, database) = in_file(&[]);
    let (engine, mut session) = opened(&database, &operations());
    let other = Connection::open(folder.path().join("x.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refused(session.begin(Transaction::Immediate)), "SQLITE_BUSY");
    other.execute_batch("ROLLBACK; BEGIN; SELECT * FROM users").unwrap();
    assert!(committed(&session.begin(Transaction::Immediate)));
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    assert_eq!(refused(session.commit()), "SQLITE_BUSY");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(committed(&session.commit()));
    assert!(matches!(session.commit(), Outcome::Refused(_)));
    drop((session, other));
    assert_eq!(names(&engine), ["Ann"]);
}

#[test]
fn rows_are_inserted_by_one_statement_all_or_none() {
    for cache in [None, Some(0), Some(2)] {
        let database = SqliteDatabase { statement_cache: cache, ..memory() };
        let (engine, mut session) = opened(&database, &operations());
        session.prepare_rows(0, 3).unwrap();
        let outcome = insert_rows(&mut *session, 0, &[(1, "Ann"), (2, "Bea"), (3, "Cid")]);
        assert!(matches!(outcome, Outcome::Done { changes: 3 }), "{outcome:?}");
        let outcome = insert_rows(&mut *session, 0, &[(4, "Dan"), (5, "Ann"), (6, "Eve")]);
        assert_eq!(refused(outcome), "SQLITE_CONSTRAINT_UNIQUE");
        // Another number of rows than was prepared, and one row alone.
        let outcome = insert_rows(&mut *session, 0, &[(7, "Fay"), (8, "Gus")]);
        assert!(matches!(outcome, Outcome::Done { changes: 2 }), "{outcome:?}");
        assert!(done(&insert_rows(&mut *session, 0, &[(9, "Hal")])));
        drop(session);
        assert_eq!(names(&engine), ["Ann", "Bea", "Cid", "Fay", "Gus", "Hal"]);
    }
}

#[test]
fn an_upsert_of_several_rows_keeps_what_follows_on_a_conflict() {
    let sql =
        "INSERT INTO users (id, name) VALUES (?1, ?2) ON CONFLICT(id) DO UPDATE SET name = excluded.name";
    let upsert = Operation::insert("users", 0, sql.to_owned(), 2);
    let (engine, mut session) = opened(&memory(), &[upsert]);
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    session.prepare_rows(0, 2).unwrap();
    let outcome = insert_rows(&mut *session, 0, &[(1, "Bea"), (2, "Cid")]);
    assert!(matches!(outcome, Outcome::Done { changes: 2 }), "{outcome:?}");
    drop(session);
    assert_eq!(names(&engine), ["Bea", "Cid"]);
}

#[test]
fn an_operation_that_is_no_insert_of_values_cannot_have_several_rows() {
    let other =
        operation(Transaction::None, 1, &[], &[step("DELETE FROM users WHERE id = ?1", &[Bind::Shared(0)])]);
    let (_engine, mut session) = opened(&memory(), &[other]);
    let error = session.prepare_rows(0, 2).unwrap_err();
    assert!(matches!(&error, EngineError::Setting { message, .. } if message.contains("`tried`")), "{error}");
}

#[test]
fn more_numbers_of_rows_than_are_held_still_work() {
    let (engine, mut session) = opened(&memory(), &operations());
    let mut id = 0;
    for count in (1..=80).chain([1, 40]) {
        let names: Vec<String> = (0..count).map(|i| format!("name {}", id + i)).collect();
        let users: Vec<(i64, &str)> = names
            .iter()
            .map(|name| {
                id += 1;
                (id, name.as_str())
            })
            .collect();
        session.prepare_rows(0, users.len()).unwrap();
        let outcome = insert_rows(&mut *session, 0, &users);
        assert!(matches!(outcome, Outcome::Done { changes } if changes == count as u64), "{outcome:?}");
    }
    drop(session);
    assert_eq!(names(&engine).len(), 80 * 81 / 2 + 41);
}
