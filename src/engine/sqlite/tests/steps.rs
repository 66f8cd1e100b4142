//! Operations of several statements: what is bound, captured and expected, and what stands when one of them fails.

use super::*;
use crate::plan::{EXPECT_CHANGES, EXPECT_ROWS, EXPECT_VALUE, NOTHING_CAPTURED};

const INSERT: &str = "INSERT INTO users (id, name) VALUES (?1, ?2)";
const NEXT: &str = "SELECT coalesce(max(id), 0) + 1, 'next', x'00ff', NULL FROM users";

fn integer(value: i64) -> Value {
    Value::Integer(value)
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn insert() -> Step {
    step(INSERT, &[Bind::Shared(0), Bind::Shared(1)])
}

/// A second insert of one name, which is refused where the first stands.
fn again() -> Step {
    step("INSERT INTO users (name) VALUES (?1)", &[Bind::Shared(1)])
}

fn expecting(sql: &str, expect: Expect) -> Step {
    Step { expect, ..step(sql, &[]) }
}

#[test]
fn a_captured_value_of_any_kind_is_bound_to_later_steps() {
    let capture = Step { captures: vec![(0, 0), (1, 1), (2, 2), (3, 3)], ..step(NEXT, &[]) };
    let write = step(INSERT, &[Bind::Captured(0), Bind::Shared(0)]);
    let check = Step {
        expect: Expect { value: Some(text("2|next|blob|null")), ..Expect::default() },
        ..step(
            "SELECT ?1 || '|' || ?2 || '|' || typeof(?3) || '|' || typeof(?4)",
            &[Bind::Captured(0), Bind::Captured(1), Bind::Captured(2), Bind::Captured(3)],
        )
    };
    let first = step("INSERT INTO users (id, name) VALUES (1, 'first') ON CONFLICT DO NOTHING", &[]);
    let tried = operation(Transaction::Immediate, 1, &["a", "b", "c", "d"], &[first, capture, write, check]);
    let (engine, mut session) = opened(&memory(), &[tried]);
    assert!(matches!(execute(&mut *session, 0, &[text("Ann")]), Outcome::Done { changes: 2 }));
    // Captured anew, the next id is another.
    let failure = refused(execute(&mut *session, 0, &[text("Bea")]));
    assert_eq!(failure, EXPECT_VALUE);
    drop(session);
    assert_eq!(names(&engine), ["first", "Ann"]);
}

#[test]
fn a_statement_may_replace_the_captured_value_that_it_reads() {
    let first = Step { captures: vec![(0, 0)], ..step("SELECT 'a long enough text'", &[]) };
    let longer = Step {
        captures: vec![(0, 0)],
        repeat: Repeat::Fixed(3),
        ..step("SELECT ?1 || '+' || ?1", &[Bind::Captured(0)])
    };
    let write = step("INSERT INTO users (name) SELECT ?1", &[Bind::Captured(0)]);
    let tried = operation(Transaction::None, 0, &["it"], &[first, longer, write]);
    let (engine, mut session) = opened(&memory(), &[tried]);
    assert!(matches!(execute(&mut *session, 0, &[]), Outcome::Done { changes: 1 }));
    drop(session);
    assert_eq!(names(&engine), [["a long enough text"; 8].join("+")]);
}

#[test]
fn repetitions_take_their_own_values_and_their_number_from_the_tape() {
    let drawn = Step { values: 1, repeat: Repeat::Drawn, ..step(INSERT, &[Bind::Own(0), Bind::Shared(0)]) };
    let named = Step {
        values: 2,
        repeat: Repeat::Fixed(2),
        ..step(
            "UPDATE users SET name = name || ?3 || ?2 WHERE id = ?1",
            &[Bind::Own(1), Bind::Own(0), Bind::Shared(1)],
        )
    };
    let each = Step { sql: INSERT.replace("?2", "?2 || ?1"), ..drawn };
    let tried = operation(Transaction::Deferred, 2, &[], &[each, named]);
    let (engine, mut session) = opened(&memory(), &[tried]);
    let own = [integer(3), integer(1), integer(2), integer(3)];
    let named = [text("x"), integer(1), text("y"), integer(3)];
    let tape = [&[text("n"), text("-")], &own[..], &named[..]].concat();
    assert!(matches!(execute(&mut *session, 0, &tape), Outcome::Done { changes: 5 }));
    let none = [&[text("n"), text("-"), integer(0)], &named[..]].concat();
    assert!(matches!(execute(&mut *session, 0, &none), Outcome::Done { changes: 2 }));
    drop(session);
    assert_eq!(names(&engine), ["n1-x-x", "n2", "n3-y-y"]);
}

#[test]
fn a_step_without_a_row_to_capture_from_fails_the_operation() {
    let capture = |repeat| Step { captures: vec![(0, 0)], repeat, ..step("SELECT id FROM users", &[]) };
    let write = step("INSERT INTO users (name) VALUES (?1)", &[Bind::Captured(0)]);
    for repeat in [Repeat::Fixed(1), Repeat::Fixed(0)] {
        for transaction in [Transaction::None, Transaction::Deferred] {
            let tried = operation(transaction, 0, &["id"], &[capture(repeat), write.clone()]);
            let (_engine, mut session) = opened(&memory(), &[tried]);
            assert_eq!(refused(execute(&mut *session, 0, &[])), NOTHING_CAPTURED);
        }
    }
}

#[test]
fn what_was_expected_is_told_with_what_came() {
    let rows = Expect { rows: Some(2), ..Expect::default() };
    let changes = Expect { changes: Some(1), ..Expect::default() };
    let value = |value| Expect { value: Some(value), ..Expect::default() };
    let one_row = "SELECT id FROM posts UNION ALL SELECT 'one'";
    let cases = [
        (expecting(one_row, rows), EXPECT_ROWS, "expected 2 rows, read 1"),
        (expecting("DELETE FROM users", changes), EXPECT_CHANGES, "expected to change 1 row, changed 0"),
        (expecting(one_row, value(text("two"))), EXPECT_VALUE, "expected 'two', read 'one'"),
        (expecting(one_row, value(Value::Null)), EXPECT_VALUE, "expected NULL, read 'one'"),
        (expecting("SELECT id FROM users", value(integer(5))), EXPECT_VALUE, "expected 5, read no row"),
    ];
    for (failing, code, words) in cases {
        let (_engine, mut session) =
            opened(&memory(), &[operation(Transaction::None, 0, &[], std::slice::from_ref(&failing))]);
        let outcome = execute(&mut *session, 0, &[]);
        let Outcome::Unexpected { changes: 0, failure } = outcome else { panic!("{outcome:?}") };
        assert_eq!((failure.code, failure.message.as_str()), (code, words));
    }
    let met = [
        expecting(one_row, Expect { rows: Some(1), changes: Some(0), value: Some(text("one")) }),
        expecting("SELECT 5.0", value(integer(5))),
        expecting("DELETE FROM users", Expect { changes: Some(0), ..Expect::default() }),
    ];
    let (_engine, mut session) = opened(&memory(), &[operation(Transaction::None, 0, &[], &met)]);
    assert!(matches!(execute(&mut *session, 0, &[]), Outcome::Done { changes: 0 }));
}

#[test]
fn what_stands_although_it_was_not_expected_says_how_much_it_changed() {
    let expect = Expect { changes: Some(2), ..Expect::default() };
    let tried = |transaction| operation(transaction, 2, &[], &[Step { expect: expect.clone(), ..insert() }]);
    let (engine, mut session) = opened(&memory(), &[tried(Transaction::None)]);
    assert!(matches!(
        execute(&mut *session, 0, &user(1, "Ann")),
        Outcome::Unexpected { changes: 1, failure } if failure.code == EXPECT_CHANGES
    ));
    drop(session);
    assert_eq!(names(&engine), ["Ann"]);
    let (engine, mut session) = opened(&memory(), &[tried(Transaction::Immediate)]);
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), EXPECT_CHANGES);
    drop(session);
    assert_eq!(names(&engine), [""; 0]);
}

#[test]
fn a_transaction_that_fails_is_undone_and_the_next_one_begins() {
    for mode in [Transaction::Deferred, Transaction::Immediate, Transaction::Exclusive] {
        let (_folder, file) = in_file(&[]);
        for database in [file, memory()] {
            let twice = operation(mode, 2, &[], &[insert(), again()]);
            let once = operation(mode, 2, &[], &[insert()]);
            let (engine, mut session) = opened(&database, &[twice, once]);
            assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), "SQLITE_CONSTRAINT_UNIQUE");
            assert!(done(&execute(&mut *session, 1, &user(2, "Bea"))));
            drop(session);
            assert_eq!(names(&engine), ["Bea"]);
        }
    }
}

#[test]
fn without_a_transaction_what_was_written_before_a_failure_stands_and_is_torn() {
    let twice = operation(Transaction::None, 2, &[], &[insert(), again()]);
    let nothing = step("UPDATE users SET name = 'x' WHERE id < 0", &[]);
    let nothing_first = operation(Transaction::None, 2, &[], &[nothing, again()]);
    let made = step("CREATE TABLE made (a)", &[]);
    let made_first = operation(Transaction::None, 2, &[], &[made, again()]);
    let expected = Step { expect: Expect { changes: Some(9), ..Expect::default() }, ..insert() };
    let halfway = operation(Transaction::None, 2, &[], &[expected, again()]);
    let (engine, mut session) = opened(&memory(), &[twice, nothing_first, made_first, halfway]);
    let torn = |outcome: &Outcome, wanted: &str| matches!(outcome, Outcome::Torn(f) if f.code == wanted);
    assert!(torn(&execute(&mut *session, 0, &user(1, "Ann")), "SQLITE_CONSTRAINT_UNIQUE"));
    assert_eq!(refused(execute(&mut *session, 1, &user(2, "Ann"))), "SQLITE_CONSTRAINT_UNIQUE");
    assert!(torn(&execute(&mut *session, 2, &user(2, "Ann")), "SQLITE_CONSTRAINT_UNIQUE"));
    assert!(torn(&execute(&mut *session, 3, &user(3, "Cid")), EXPECT_CHANGES));
    drop(session);
    assert_eq!(names(&engine), ["Ann", "Cid"]);
}

#[test]
fn an_error_by_which_sqlite_itself_undoes_the_transaction_leaves_none_open() {
    let undo = step("INSERT OR ROLLBACK INTO users (name) VALUES (?1)", &[Bind::Shared(1)]);
    let (engine, mut session) =
        opened(&memory(), &[operation(Transaction::Immediate, 2, &[], &[insert(), undo])]);
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), "SQLITE_CONSTRAINT_UNIQUE");
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), "SQLITE_CONSTRAINT_UNIQUE");
    drop(session);
    assert_eq!(names(&engine), [""; 0]);
}

#[test]
fn a_full_database_in_a_transaction_is_fatal_and_leaves_nothing() {
    let (_folder, database) = in_file(&[pragma("max_page_count", "8", "8")]);
    let fill = step("INSERT INTO users (name) VALUES (printf('%.*c', 100000, 'n'))", &[]);
    let (engine, mut session) =
        opened(&database, &[operation(Transaction::Immediate, 2, &[], &[insert(), fill])]);
    for _ in 0..2 {
        let outcome = execute(&mut *session, 0, &user(1, "Ann"));
        assert!(matches!(&outcome, Outcome::Fatal(f) if f.code == "SQLITE_FULL"), "{outcome:?}");
    }
    drop(session);
    assert_eq!(names(&engine), [""; 0]);
}

#[test]
fn a_commit_that_is_refused_undoes_the_transaction() {
    let mut tables = tables();
    tables[1].create[0] = tables[1].create[0].replace("users(id)", "users(id) DEFERRABLE INITIALLY DEFERRED");
    let orphan = step("INSERT INTO posts (id, user_id) VALUES (?1, 9)", &[Bind::Shared(0)]);
    let tried = operation(Transaction::Deferred, 2, &[], &[insert(), orphan]);
    let database = database(Location::Memory { shared: false }, &[pragma("foreign_keys", "on", "1")]);
    let clock = Clock::Virtual(Arc::default());
    let mut engine = SqliteEngine::open(&database, &tables, &[tried], false, &clock, Arc::default()).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    for _ in 0..2 {
        assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), "SQLITE_CONSTRAINT_FOREIGNKEY");
    }
    drop(session);
    assert_eq!(names(&engine), [""; 0]);
}

#[test]
fn rows_changed_are_those_of_the_statement_and_not_of_an_earlier_one() {
    let ignoring = "INSERT INTO users (id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let returning = "INSERT INTO users (id, name) VALUES (?1, ?2), (?1 + 1, ?2 || '2') RETURNING id, name";
    let binds = [Bind::Shared(0), Bind::Shared(1)];
    let one = |sql: &str, binds: &[Bind]| operation(Transaction::None, 2, &[], &[step(sql, binds)]);
    let operations = [
        one(ignoring, &binds),
        one(returning, &binds),
        one("CREATE TABLE IF NOT EXISTS other (a)", &[]),
        one("SELECT * FROM users", &[]),
        one("UPDATE users SET name = name || 'x'", &[]),
        one("PRAGMA user_version = 3", &[]),
    ];
    let (_engine, mut session) = opened(&memory(), &operations);
    let mut changes = |operation| match execute(&mut *session, operation, &user(1, "Ann")) {
        Outcome::Done { changes } => changes,
        other => panic!("{other:?}"),
    };
    assert_eq!([0, 0].map(&mut changes), [1, 0]);
    assert_eq!([4, 2, 3, 5].map(&mut changes), [1, 0, 0, 0]);
}

#[test]
fn a_lone_statement_takes_the_short_way_and_every_other_operation_the_long_one() {
    let own = Step { values: 1, ..step("SELECT ?1, ?2", &[Bind::Shared(0), Bind::Own(0)]) };
    let captures = Step { captures: vec![(0, 0)], ..insert() };
    let short = [operations()[0].clone(), operation(Transaction::None, 1, &[], &[own])];
    let long = [
        operation(Transaction::Deferred, 2, &[], &[insert()]),
        operation(Transaction::None, 2, &[], &[insert(), insert()]),
        operation(Transaction::None, 2, &[], &[Step { repeat: Repeat::Drawn, ..insert() }]),
        operation(Transaction::None, 2, &["id"], &[captures]),
        operation(Transaction::None, 2, &[], &[step(INSERT, &[Bind::Shared(1), Bind::Shared(0)])]),
        operation(
            Transaction::None,
            2,
            &[],
            &[expecting("SELECT 1", Expect { rows: Some(1), ..Expect::default() })],
        ),
    ];
    assert!(short.iter().all(crate::engine::steps::is_plain));
    assert!(!long.iter().any(crate::engine::steps::is_plain));
}

#[test]
fn files_are_out_of_reach_of_operations() {
    let (folder, database) = in_file(&[]);
    let target = folder.path().join("other.db");
    let away =
        operation(Transaction::None, 0, &[], &[step(&format!("VACUUM INTO '{}'", target.display()), &[])]);
    let (_engine, mut session) = opened(&database, &[away]);
    assert!(matches!(execute(&mut *session, 0, &[]), Outcome::Refused(_)));
    assert_eq!(files(&folder), ["x.db"]);
    for sql in [
        format!("PRAGMA temp_store_directory = '{}'", folder.path().display()),
        format!("pragma Data_Store_Directory('{}')", folder.path().display()),
        "SELECT load_extension('evil')".to_owned(),
    ] {
        let clock = Clock::Virtual(Arc::default());
        let tried = [operation(Transaction::None, 0, &[], &[step(&sql, &[])])];
        let mut engine =
            SqliteEngine::open(&memory(), &tables(), &tried, false, &clock, Arc::default()).unwrap();
        engine.reset().unwrap();
        let error = engine.open_session(0).err().unwrap();
        assert!(matches!(&error, EngineError::Setting { pragma: None, .. }), "{sql}: {error}");
    }
}
