//! Sessions opened while others are at work.

use super::*;

#[test]
fn sessions_are_opened_from_any_thread_while_others_write() {
    let (_folder, mut file) = in_file(&[pragma("journal_mode", "wal", "wal")]);
    file.busy_timeout_ms = 60_000;
    for mut database in [file, database(Location::Memory { shared: true }, &[])] {
        database.busy_timeout_ms = 60_000;
        let mut engine = open(&database, false).unwrap();
        engine.reset().unwrap();
        let connector = engine.connector().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let connector = &connector;
                scope.spawn(move || {
                    for turn in 0..5 {
                        let mut session = connector.connect(thread).unwrap();
                        let id = (thread * 5 + turn) as i64;
                        assert!(done(&execute(&mut *session, 0, &user(id, &format!("{id}")))));
                    }
                });
            }
        });
        assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 15);
        assert!(engine.counters().unwrap().cache_hits > Some(0));
        drop(connector);
    }
}

#[test]
fn what_a_session_counted_is_there_although_others_are_still_open() {
    let (_folder, database) = in_file(&[]);
    let (mut engine, mut staying) = opened(&database, &operations());
    let connector = engine.connector().unwrap();
    let mut going = connector.connect(1).unwrap();
    assert!(done(&execute(&mut *going, 0, &user(1, "Ann"))));
    let before = engine.counters().unwrap();
    drop(going);
    assert!(engine.counters().unwrap().cache_hits > before.cache_hits);
    assert!(done(&execute(&mut *staying, 0, &user(2, "Bea"))));
}

#[test]
fn where_there_is_one_connection_there_is_none_to_share() {
    let mut private = open(&memory(), false).unwrap();
    let error = private.connector().err().unwrap();
    assert!(matches!(&error, EngineError::Unavailable(words) if words.contains("in-memory")), "{error}");
    let exclusive = [pragma("cache_size", "7", "7"), pragma("locking_mode", "exclusive", "exclusive")];
    let (_folder, database) = in_file(&exclusive);
    let error = open(&database, false).unwrap().connector().err().unwrap();
    assert!(matches!(&error, EngineError::Setting { pragma: Some(1), .. }), "{error}");
    let (_folder, database) = in_file(&[]);
    assert!(matches!(open(&database, true).unwrap().connector(), Err(EngineError::Unavailable(_))));
}
