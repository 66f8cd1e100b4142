//! Rotation, waiting for flushes, and what comes of those that fail.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;

#[test]
fn a_full_table_is_flushed_while_the_next_one_is_filled() {
    let bench = Bench::new("threshold = 2");
    let mut hand = bench.session();
    hand.insert(1..=4);
    let counters = bench.buffer.counters();
    assert_eq!((counters.rotations, counters.flushes, counters.waits), (1, 0, 0));
    assert_eq!((counters.at_risk_max, counters.at_risk_limit), (4, 4));
    bench.let_on(Ok(()));
    assert_eq!(bench.began.lock().recv().unwrap(), 2, "the second table follows by itself");
    bench.go_on.as_ref().unwrap().send(Ok(())).unwrap();
    bench.buffer.drain(true).unwrap();
    let counters = bench.buffer.counters();
    assert_eq!((counters.rotations, counters.flushes, counters.flushed_rows), (2, 2, 4));
    assert!(counters.flush_ns >= counters.flush_ns_max && counters.flush_ns_max >= counters.flush_ns_min);
    assert_eq!(hand.get(1), 0, "what was flushed is below");
}

#[test]
fn a_writer_waits_while_both_tables_are_full() {
    let bench = Bench::new("threshold = 2");
    let mut hand = bench.session();
    hand.insert(1..=4);
    assert_eq!(hand.session.take_times().unwrap().waiting_ns, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while bench.buffer.counters().waits == 0 {
                std::thread::yield_now();
            }
            bench.let_on(Ok(()));
        });
        hand.insert([5]);
    });
    let counters = bench.buffer.counters();
    assert_eq!((counters.waits, counters.at_risk_max), (1, 4));
    assert!(counters.wait_ns > 0);
    assert_eq!(hand.session.take_times().unwrap().waiting_ns, counters.wait_ns);
    assert_eq!(hand.session.take_times().unwrap().waiting_ns, 0);
}

#[test]
fn a_writer_that_waits_gives_up_when_the_run_is_stopped() {
    let bench = Bench::new("threshold = 2");
    let mut hand = bench.session();
    hand.insert(1..=4);
    bench.buffer.settings.stop.store(true, Ordering::Relaxed);
    assert!(matches!(hand.execute("items", &encoded_row(5)), Outcome::Cancelled));
    assert_eq!(hand.get(4), 1, "reads go on");
}

fn encoded_row(id: i64) -> Vec<Value> {
    row(id)
}

#[test]
fn a_flush_that_fails_ends_the_run_and_loses_nothing_that_can_be_read() {
    let bench = Bench::new("threshold = 2");
    let mut hand = bench.session();
    hand.insert(1..=3);
    let full = Failure { code: "SQLITE_FULL", message: "disk full".to_owned() };
    bench.let_on(Err(full.clone()));
    assert_eq!(bench.buffer.drain(true), Err(full.clone()));
    match hand.execute("items", &row(4)) {
        Outcome::Fatal(failure) => assert_eq!(failure, full),
        other => panic!("{other:?}"),
    }
    assert_eq!([1, 2, 3].map(|id| hand.get(id)), [1, 1, 1]);
}

#[test]
fn a_table_whose_first_row_is_too_old_is_flushed() {
    let plan = plan("threshold = 100\nflush_timeout = '50ms'", "");
    let clock = Clock::virtual_time();
    let settings = Settings {
        buffer: database(&plan).buffer,
        largest_batch: 1,
        clock: clock.clone(),
        stop: Arc::default(),
    };
    let program = Arc::new(Program::new(&plan.tables, &plan.operations));
    // Without a flusher, so that nobody but this test looks at the time.
    let buffer = Arc::new(Buffer::new(Arc::clone(&program.shapes), settings));
    let session = MemtableSession::new(Arc::clone(&buffer), program, None);
    let mut hand = Hand { session: Box::new(session), plan };
    assert_eq!(buffer.rotate_old(), Some(50_000_000), "an empty table has no age");
    hand.insert([1]);
    clock.sleep(Duration::from_millis(20));
    hand.insert([2]);
    assert_eq!(buffer.rotate_old(), Some(30_000_000));
    clock.sleep(Duration::from_millis(30));
    assert_eq!(buffer.rotate_old(), Some(0));
    let counters = buffer.counters();
    assert_eq!((counters.rotations, counters.timed_rotations), (1, 1));
    assert_eq!(buffer.immutable().unwrap().entries(), 2);
    assert_eq!(buffer.rotate_old(), Some(50_000_000));
}

#[test]
fn what_is_in_memory_never_exceeds_the_limit_that_is_told() {
    for (threshold, largest_batch, batch) in [(2, 1, 1), (3, 5, 5), (4, 3, 2)] {
        let plan = plan(&format!("threshold = {threshold}"), "");
        let settings = Settings {
            buffer: database(&plan).buffer,
            largest_batch,
            clock: Clock::real(),
            stop: Arc::default(),
        };
        let program = Arc::new(Program::new(&plan.tables, &plan.operations));
        let buffer = Arc::new(Buffer::new(Arc::clone(&program.shapes), settings));
        let let_go = Arc::new(Mutex::new(LetGo::new(&program.shapes)));
        let flusher = Flusher::start(&buffer, Box::new(Nothing(let_go))).unwrap();
        std::thread::scope(|scope| {
            for worker in 0..4_i64 {
                let session = MemtableSession::new(Arc::clone(&buffer), Arc::clone(&program), None);
                let mut hand = Hand { session: Box::new(session), plan: plan.clone() };
                scope.spawn(move || {
                    for first in (0..200).step_by(batch) {
                        let rows: Vec<Vec<u8>> =
                            (0..batch as i64).map(|i| encoded(&row(worker * 1_000 + first + i))).collect();
                        let rows: Vec<Decoder<'_>> = rows.iter().map(|row| Decoder::new(row)).collect();
                        let items = hand.index("items");
                        let done = hand.session.insert_rows(items, &rows);
                        assert!(matches!(done, Outcome::Done { .. }), "{done:?}");
                    }
                });
            }
        });
        buffer.drain(true).unwrap();
        let counters = buffer.counters();
        assert_eq!(counters.at_risk_limit, 2 * (threshold + largest_batch - 1));
        assert!(counters.at_risk_max <= counters.at_risk_limit, "{counters:?}");
        assert_eq!(counters.flushed_rows, 4 * 200, "{counters:?}");
        drop(flusher);
    }
}
