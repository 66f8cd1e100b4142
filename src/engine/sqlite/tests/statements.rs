//! The statement cache that a scenario may ask for.

use super::*;

fn counted(cache: Option<u32>, rounds: i64, mode: Transaction) -> (Option<u64>, Option<u64>) {
    let database = SqliteDatabase { statement_cache: cache, ..memory() };
    let insert = step("INSERT INTO users (id, name) VALUES (?1, ?2)", &[Bind::Shared(0), Bind::Shared(1)]);
    let read = step("SELECT name FROM users WHERE id = ?1", &[Bind::Shared(0)]);
    let (mut engine, mut session) = opened(&database, &[operation(mode, 2, &[], &[insert, read])]);
    assert!((0..rounds).all(|id| done(&execute(&mut *session, 0, &user(id, &format!("{id}"))))));
    drop(session);
    assert_eq!(names(&engine).len(), rounds as usize);
    let counters = engine.counters().unwrap();
    (counters.statement_hits, counters.statement_misses)
}

#[test]
fn statements_are_found_in_the_cache_after_their_first_use() {
    assert_eq!(counted(Some(2), 10, Transaction::None), (Some(18), Some(2)));
    // BEGIN and COMMIT are statements too.
    assert_eq!(counted(Some(4), 10, Transaction::Immediate), (Some(36), Some(4)));
}

#[test]
fn a_cache_that_is_too_small_or_none_prepares_every_time() {
    assert_eq!(counted(Some(1), 10, Transaction::None), (Some(0), Some(20)));
    assert_eq!(counted(Some(0), 10, Transaction::None), (Some(0), Some(20)));
    assert_eq!(counted(Some(3), 10, Transaction::Deferred), (Some(0), Some(40)));
}

#[test]
fn where_statements_are_held_nothing_is_counted() {
    assert_eq!(counted(None, 10, Transaction::Immediate), (None, None));
}

#[test]
fn the_statement_used_last_stays_longest() {
    let database = SqliteDatabase { statement_cache: Some(2), ..memory() };
    let read = |sql: &str| operation(Transaction::None, 0, &[], &[step(sql, &[])]);
    let (mut engine, mut session) =
        opened(&database, &[read("SELECT 1"), read("SELECT 2"), read("SELECT 3")]);
    // 2 goes when 3 comes, for 1 was used after it.
    for operation in [0, 1, 0, 2, 0, 1] {
        assert!(matches!(execute(&mut *session, operation, &[]), Outcome::Done { .. }));
    }
    drop(session);
    let counters = engine.counters().unwrap();
    assert_eq!((counters.statement_hits, counters.statement_misses), (Some(2), Some(4)));
}

#[test]
fn a_failure_through_the_cache_is_told_and_the_statement_works_again() {
    for cache in [0, 5] {
        let database = SqliteDatabase { statement_cache: Some(cache), ..memory() };
        let (_engine, mut session) = opened(&database, &operations());
        assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
        assert_eq!(refused(execute(&mut *session, 0, &user(2, "Ann"))), "SQLITE_CONSTRAINT_UNIQUE");
        assert!(done(&execute(&mut *session, 0, &user(2, "Bea"))));
    }
}

#[test]
fn a_fault_in_a_statement_is_found_when_the_session_opens_cache_or_not() {
    for statement_cache in [None, Some(5)] {
        let database = SqliteDatabase { statement_cache, ..memory() };
        let clock = Clock::Virtual(Arc::default());
        let wrong = [operation(Transaction::None, 0, &[], &[step("SELECT nothing FROM users", &[])])];
        let mut engine =
            SqliteEngine::open(&database, &tables(), &wrong, false, &clock, Arc::default()).unwrap();
        engine.reset().unwrap();
        let error = engine.open_session(0).err().unwrap();
        assert!(
            matches!(&error, EngineError::Setting { message, .. } if message.contains("nothing")),
            "{error}"
        );
    }
}
