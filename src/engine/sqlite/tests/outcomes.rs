//! What becomes of operations, and what the inspector sees of them.

use super::*;

#[test]
fn refusals_carry_the_extended_code_and_the_run_goes_on() {
    let (_folder, database) = in_file(&[pragma("foreign_keys", "on", "1")]);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Bea"))), "SQLITE_CONSTRAINT_PRIMARYKEY");
    assert_eq!(refused(execute(&mut *session, 0, &user(2, "Ann"))), "SQLITE_CONSTRAINT_UNIQUE");
    assert_eq!(
        refused(execute(&mut *session, 0, &[Value::Integer(3), Value::Null])),
        "SQLITE_CONSTRAINT_NOTNULL"
    );
    assert_eq!(
        refused(execute(&mut *session, 1, &[Value::Integer(1), Value::Integer(9)])),
        "SQLITE_CONSTRAINT_FOREIGNKEY"
    );
    assert!(done(&execute(&mut *session, 1, &[Value::Integer(1), Value::Integer(1)])));
    drop(session);
    // Parents go before children here; foreign keys must not be in the way.
    engine.reset().unwrap();
    assert_eq!(engine.inspector().unwrap().count(1).unwrap(), 0);
    assert!(engine.inspector().unwrap().orphans().unwrap().enforced);
}

#[test]
fn a_lock_refuses_after_the_time_out_and_the_wait_is_counted() {
    let (folder, mut database) = in_file(&[]);
    database.busy_timeout_ms = 1;
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    let other = Connection::open(folder.path().join("x.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), "SQLITE_BUSY");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    drop((session, other));
    assert_eq!(engine.busy_waits(), (1, 1_000_000));
}

#[test]
fn a_wait_that_the_stop_ends_is_cancelled_and_not_refused() {
    let (folder, mut database) = in_file(&[]);
    database.busy_timeout_ms = 60_000;
    let stop = Arc::new(AtomicBool::new(false));
    let mut engine =
        SqliteEngine::open(&database, &tables(), &operations(), false, &Clock::real(), Arc::clone(&stop))
            .unwrap();
    engine.reset().unwrap();
    let link = connect::connect(&engine.place_of(0).unwrap(), engine.settings(), Role::Worker).unwrap();
    let watch = Arc::clone(&link.watch);
    let mut session =
        session::SqliteSession::new(link, None, &engine.blueprint, &engine.totals, false).unwrap();
    let other = Connection::open(folder.path().join("x.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    stop.store(true, Ordering::Relaxed);
    watch.lose_patience();
    assert!(matches!(execute(&mut session, 0, &user(1, "Ann")), Outcome::Cancelled));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(done(&execute(&mut session, 0, &user(1, "Ann"))));
}

#[test]
fn a_full_database_is_fatal_and_a_mismatch_is_not() {
    let (_folder, database) = in_file(&[pragma("max_page_count", "8", "8")]);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    let outcome = execute(&mut *session, 0, &user(1, &"n".repeat(100_000)));
    assert!(matches!(&outcome, Outcome::Fatal(failure) if failure.code == "SQLITE_FULL"), "{outcome:?}");
    let text_for_number = [Value::Text("one".to_owned()), Value::Text("Ann".to_owned())];
    assert_eq!(refused(execute(&mut *session, 0, &text_for_number)), "SQLITE_MISMATCH");
}

#[test]
fn foreign_keys_are_off_as_sqlite_comes_and_orphans_are_counted() {
    let (_folder, database) = in_file(&[]);
    let mut engine = open(&database, false).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    assert!(done(&execute(&mut *session, 1, &[Value::Integer(1), Value::Integer(9)])));
    drop(session);
    let orphans = engine.inspector().unwrap().orphans().unwrap();
    assert_eq!((orphans.per_table, orphans.enforced), (vec![0, 1], false));
}

#[test]
fn sql_cannot_attach_a_file_unless_it_is_allowed() {
    let (folder, mut database) = in_file(&[]);
    let target = folder.path().join("other.db");
    let attach = Operation::insert("attach", 0, format!("ATTACH '{}' AS other", target.display()), 0);
    let mut tables = tables();
    let open = |database: &SqliteDatabase, tables: &[Table], operations: &[Operation]| {
        SqliteEngine::open(database, tables, operations, false, &Clock::real(), Arc::default()).unwrap()
    };
    let mut engine = open(&database, &tables, std::slice::from_ref(&attach));
    engine.reset().unwrap();
    let error = engine.open_session(0).err().unwrap();
    assert!(
        matches!(&error, EngineError::Setting { pragma: None, message } if message.contains("attach")),
        "{error}"
    );
    drop(engine);
    tables[0].create.push(format!("VACUUM INTO '{}'", target.display()));
    assert!(open(&database, &tables, &[]).reset().is_err());
    tables[0].create.pop();
    assert_eq!(files(&folder), [""; 0]);
    database.allow_attach = true;
    let mut engine = open(&database, &tables, &[attach]);
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    assert!(matches!(execute(&mut *session, 0, &[]), Outcome::Done { .. }));
}

#[test]
fn the_inspector_finds_a_changed_and_a_lost_row_and_damage() {
    for location in [None, Some(Location::Memory { shared: false }), Some(Location::Memory { shared: true })]
    {
        let (_folder, mut database) = in_file(&[]);
        database.location = location.unwrap_or(database.location);
        let mut engine = open(&database, false).unwrap();
        engine.reset().unwrap();
        let mut session = engine.open_session(0).unwrap();
        assert!((1..4).all(|id| done(&execute(&mut *session, 0, &user(id, &format!("name {id}"))))));
        drop(session);
        let alter = "UPDATE users SET name = 'altered' WHERE id = 2; DELETE FROM users WHERE id = 3";
        engine.admin().unwrap().link().connection.execute_batch(alter).unwrap();
        let mut inspector = engine.inspector().unwrap();
        assert_eq!(inspector.look_up(0, &user(1, "name 1"), &[]).unwrap(), Lookup::Same);
        let stored = Value::Text("altered".to_owned());
        assert_eq!(
            inspector.look_up(0, &user(2, "name 2"), &[]).unwrap(),
            Lookup::Different { column: "name".to_owned(), stored }
        );
        assert_eq!(inspector.look_up(0, &user(3, "name 3"), &[]).unwrap(), Lookup::Missing);
        assert_eq!(inspector.count(0).unwrap(), 2);
        let mut keys = Vec::new();
        inspector
            .keys(0, &mut |key| {
                keys.push(key.to_vec());
                true
            })
            .unwrap();
        assert_eq!(keys, [[Value::Integer(1)], [Value::Integer(2)]]);
        assert_eq!(inspector.integrity(false).unwrap(), Some(Vec::new()));
        assert_eq!(inspector.integrity(true).unwrap(), Some(Vec::new()));
        drop(inspector);
        let damage = "PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', 'CHECK (name <> ''altered'')') WHERE name = 'users';
            PRAGMA writable_schema = RESET";
        engine.admin().unwrap().link().connection.execute_batch(damage).unwrap();
        let found = engine.inspector().unwrap().integrity(false).unwrap();
        assert_eq!(found.unwrap(), ["CHECK constraint failed in users"]);
    }
}

#[test]
fn a_long_check_ends_when_the_run_is_stopped() {
    let stop = Arc::new(AtomicBool::new(false));
    let memory = database(Location::Memory { shared: false }, &[]);
    let mut engine =
        SqliteEngine::open(&memory, &tables(), &operations(), false, &Clock::real(), Arc::clone(&stop))
            .unwrap();
    engine.reset().unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO users SELECT i, i FROM n";
    engine.admin().unwrap().link().connection.execute_batch(fill).unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(matches!(engine.inspector().unwrap().integrity(false), Err(EngineError::Interrupted)));
    assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 20_000);
}
