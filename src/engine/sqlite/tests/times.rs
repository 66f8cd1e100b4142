//! Where the time of operations goes, and when checkpoints come. Time is virtual: it passes only while the driver sleeps for a lock.

use super::*;
use crate::engine::Times;

fn virtual_time() -> (Arc<AtomicU64>, Clock) {
    let time = Arc::new(AtomicU64::new(0));
    (Arc::clone(&time), Clock::Virtual(time))
}

fn with_clock(database: &SqliteDatabase, clock: &Clock) -> (SqliteEngine, Box<dyn Session>) {
    let mut engine =
        SqliteEngine::open(database, &tables(), &operations(), false, clock, Arc::default()).unwrap();
    engine.reset().unwrap();
    let session = engine.open_session(0).unwrap();
    (engine, session)
}

#[test]
fn a_wait_that_ends_in_a_refusal_is_waiting_and_nothing_else() {
    let (folder, mut database) = in_file(&[]);
    database.busy_timeout_ms = 5_000;
    let (_time, clock) = virtual_time();
    let (_engine, mut session) = with_clock(&database, &clock);
    let other = Connection::open(folder.path().join("x.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Ann"))), "SQLITE_BUSY");
    let waited = Times { waiting_ns: 5_000_000_000, committing_ns: 0 };
    assert_eq!(session.take_times(), Some(waited));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    assert_eq!(session.take_times(), Some(Times::default()));
}

#[test]
fn a_wait_for_another_writer_is_most_of_the_latency() {
    let (folder, mut database) = in_file(&[]);
    database.busy_timeout_ms = u32::MAX;
    let (time, clock) = virtual_time();
    let (_engine, mut session) = with_clock(&database, &clock);
    let other = Connection::open(folder.path().join("x.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (start, outcome) = std::thread::scope(|scope| {
        let start = clock.now();
        let writer = scope.spawn(|| execute(&mut *session, 0, &user(1, "Ann")));
        while time.load(Ordering::Relaxed) < 2_000_000_000 {
            std::thread::yield_now();
        }
        other.execute_batch("COMMIT").unwrap();
        (start, writer.join().unwrap())
    });
    let latency_ns = clock.nanos_between(start, clock.now());
    assert!(done(&outcome), "{outcome:?}");
    let times = session.take_times().unwrap();
    assert!(times.waiting_ns + times.committing_ns <= latency_ns, "{times:?} of {latency_ns}");
    assert!(times.waiting_ns >= 2_000_000_000, "{times:?}");
}

#[test]
fn a_wait_within_a_commit_is_left_out_of_the_commit() {
    let (folder, mut database) = in_file(&[]);
    database.busy_timeout_ms = 1_000;
    let (_time, clock) = virtual_time();
    let (_engine, mut session) = with_clock(&database, &clock);
    let reader = Connection::open(folder.path().join("x.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM users").unwrap();
    // A reader does not keep a writer from beginning, but from committing.
    assert!(matches!(session.begin(Transaction::Immediate), Outcome::Done { .. }));
    assert!(done(&execute(&mut *session, 0, &user(1, "Ann"))));
    assert_eq!(session.take_times(), Some(Times::default()));
    assert_eq!(refused(session.commit()), "SQLITE_BUSY");
    reader.execute_batch("ROLLBACK").unwrap();
    assert!(matches!(session.commit(), Outcome::Done { .. }));
    let waited = Times { waiting_ns: 1_000_000_000, committing_ns: 0 };
    assert_eq!(session.take_times(), Some(waited));
}

#[test]
fn on_the_real_clock_a_commit_takes_time_a_read_does_not_and_both_fit_in_the_latency() {
    let (_folder, database) = in_file(&[]);
    let clock = Clock::real();
    let mut operations = operations();
    operations.push(operation(Transaction::None, 0, &[], &[step("SELECT * FROM users", &[])]));
    let insert = step("INSERT INTO users (name) VALUES (?1)", &[Bind::Shared(1)]);
    operations.push(operation(Transaction::Immediate, 2, &[], &[insert]));
    let mut engine =
        SqliteEngine::open(&database, &tables(), &operations, false, &clock, Arc::default()).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    for (operation, name, commits) in [(0, "Ann", true), (2, "", false), (3, "Bea", true)] {
        let start = clock.now();
        assert!(matches!(execute(&mut *session, operation, &user(1, name)), Outcome::Done { .. }));
        let latency_ns = clock.nanos_between(start, clock.now());
        let times = session.take_times().unwrap();
        assert_eq!(times.committing_ns > 0, commits, "{name}: {times:?}");
        assert!(times.waiting_ns + times.committing_ns <= latency_ns, "{times:?} of {latency_ns}");
        assert_eq!(times.waiting_ns, 0);
    }
    assert_eq!(refused(execute(&mut *session, 0, &user(1, "Cid"))), "SQLITE_CONSTRAINT_PRIMARYKEY");
    assert_eq!(session.take_times(), Some(Times::default()));
}

#[test]
fn in_memory_only_some_operations_and_every_batch_are_looked_at() {
    let (_engine, mut session) = with_clock(&memory(), &Clock::real());
    let mut looked = Vec::new();
    for id in 0..40 {
        assert!(done(&execute(&mut *session, 0, &user(id, &format!("{id}")))));
        if let Some(times) = session.take_times() {
            assert!(times.committing_ns > 0, "{times:?}");
            looked.push(id);
        }
    }
    assert_eq!(looked, [1, 17, 33]);
    assert!(matches!(session.begin(Transaction::Deferred), Outcome::Done { .. }));
    assert!(done(&execute(&mut *session, 0, &user(100, "100"))));
    assert!(matches!(session.commit(), Outcome::Done { .. }));
    assert!(session.take_times().unwrap().committing_ns > 0);
    let row = encoded(&user(101, "101"));
    assert!(done(&session.insert_rows(0, &[Decoder::new(&row)])));
    assert!(session.take_times().unwrap().committing_ns > 0);
    assert_eq!(session.take_times(), None);
}

#[test]
fn checkpoints_are_told_one_by_one_with_the_pages_that_each_carried_over() {
    let pragmas = [pragma("journal_mode", "wal", "wal"), pragma("wal_autocheckpoint", "10", "10")];
    let (folder, database) = in_file(&pragmas);
    let (mut engine, mut session) = with_clock(&database, &Clock::real());
    assert!(engine.take_checkpoints().is_empty());
    let mut write =
        |id: i64| assert!(done(&execute(&mut *session, 0, &user(id, &"n".repeat(id as usize + 1)))));
    (0..200).for_each(&mut write);
    let found = engine.take_checkpoints();
    assert!(found.len() >= 5, "{found:?}");
    assert!(found.is_sorted_by_key(|checkpoint| checkpoint.start));
    assert!(found.iter().all(|checkpoint| checkpoint.pages >= 1 && checkpoint.duration_ns > 0), "{found:?}");
    assert!(engine.take_checkpoints().is_empty());
    // A reader keeps the log from starting again, and later frames from being carried over: nothing is counted twice.
    let reader = Connection::open(folder.path().join("x.db")).unwrap();
    (200..203).for_each(&mut write);
    reader.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    assert!(engine.take_checkpoints().len() <= 1);
    (203..240).for_each(&mut write);
    let frames: u64 = engine.take_checkpoints().iter().map(|checkpoint| checkpoint.pages).sum();
    let log_frames = (engine.counters().unwrap().wal_bytes.unwrap() - 32) / (4096 + 24);
    assert!(frames > 0 && frames <= log_frames, "{frames} of {log_frames}");
    drop(reader);
}
