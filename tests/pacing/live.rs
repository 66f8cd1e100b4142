//! What may be read of a level while it runs.

use std::sync::{Arc, Mutex, OnceLock};

use runner::clock::Clock;
use runner::engine::scripted::{Reply, ScriptedEngine};
use runner::measure::LevelMeasurement;
use runner::plan::{Plan, WarmUp};
use runner::run::{self, Event, Lead, LiveCounters};

use crate::script::{MS, SECOND, lasting, notes, refused as refusal, ruled};

/// One reading: virtual time, the p99 in milliseconds, errors.
type Reading = (u64, Option<f64>, u64);

/// Each operation takes as long as `reply` says of the nanosecond in which it begins; before each one somebody reads, unless `reads` is
/// false.
fn watched(
    plan: &Plan,
    reads: bool,
    reply: impl Fn(u64) -> Reply + Send + Sync + 'static,
) -> (Vec<Reading>, LevelMeasurement) {
    let live: Arc<OnceLock<LiveCounters>> = Arc::default();
    let readings: Arc<Mutex<Vec<Reading>>> = Arc::default();
    let (watched, noted) = (Arc::clone(&live), Arc::clone(&readings));
    let script = ruled(plan, move |e| {
        if let Some(live) = watched.get().filter(|_| reads) {
            let p99_ms = live.tail.p99_ns().map(|ns| ns as f64 / MS as f64);
            let errors = live.errors.load(std::sync::atomic::Ordering::Relaxed);
            noted.lock().unwrap().push((e.now_ns, p99_ms, errors));
        }
        Some(reply(e.now_ns))
    });
    let clock = Clock::virtual_time();
    let mut engine = ScriptedEngine::new(script, &clock);
    let options = run::Options::new(clock, Arc::default());
    let mut measured = None;
    run::execute(plan, &mut engine, &options, &mut |event| match event {
        Event::LevelStarted { live: counters, .. } => live.set(counters).unwrap(),
        Event::LevelFinished { measurement, .. } => measured = Some(measurement.clone()),
        _ => {}
    })
    .unwrap();
    let readings = readings.lock().unwrap().clone();
    (readings, measured.unwrap())
}

fn at(readings: &[Reading], ns: u64) -> Reading {
    *readings.iter().find(|(now_ns, ..)| *now_ns >= ns).unwrap()
}

#[test]
fn the_live_p99_is_that_of_the_last_second_that_is_finished() {
    for workers in [1, 4] {
        let plan = notes(3_000, workers);
        let (readings, measured) = watched(&plan, true, |ns| Reply::done(5 * MS * (ns / SECOND + 1)));
        assert!(measured.duration_ns > 3 * SECOND, "{}", measured.duration_ns);
        for second in 1..4 {
            let (_, p99_ms, _) = at(&readings, second * SECOND + 500 * MS);
            let stored = measured.time_series[second as usize - 1].p99_ns.unwrap() as f64 / MS as f64;
            assert_eq!(p99_ms, Some(stored), "what the result has of second {}", second - 1);
            assert!((stored - 5.0 * second as f64).abs() < 0.1, "{stored}");
        }
    }
}

#[test]
fn in_its_first_second_a_level_has_no_live_p99() {
    let plan = notes(100, 1);
    let (readings, measured) = watched(&plan, true, |_| Reply::done(5 * MS));
    assert!(measured.duration_ns < SECOND);
    assert_eq!(readings.len(), 100);
    assert!(readings.iter().all(|(_, p99_ms, _)| p99_ms.is_none()));
}

#[test]
fn a_second_in_which_nothing_succeeds_has_no_p99_and_its_errors_are_counted() {
    let plan = notes(600, 1);
    let refused = |ns| (900 * MS..2 * SECOND).contains(&ns);
    let reply = move |ns| if refused(ns) { refusal("SQLITE_BUSY", 5 * MS) } else { Reply::done(5 * MS) };
    let (readings, _) = watched(&plan, true, reply);
    let (_, p99_ms, errors) = at(&readings, 2 * SECOND + 500 * MS);
    assert_eq!((p99_ms, errors), (None, 220));
}

#[test]
fn reading_changes_nothing_of_what_is_measured() {
    let plan = notes(2_000, 3);
    let figures = |reads| {
        let (_, measured) = watched(&plan, reads, |ns| Reply::done(MS * (ns / SECOND + 1)));
        (measured.duration_ns, measured.time_series, measured.workers)
    };
    assert_eq!(format!("{:?}", figures(true)), format!("{:?}", figures(false)));
}

#[test]
fn what_comes_before_measuring_is_told_when_a_level_starts() {
    let lead = |warm_up| {
        let mut plan = notes(400, 1);
        (plan.workloads[0].warm_up, plan.workloads[0].extent) = (warm_up, lasting(SECOND, 200));
        let mut found = None;
        let clock = Clock::virtual_time();
        let mut engine = ScriptedEngine::new(ruled(&plan, |_| Some(Reply::done(10 * MS))), &clock);
        let options = run::Options::new(clock, Arc::default());
        run::execute(&plan, &mut engine, &options, &mut |event| {
            if let Event::LevelStarted { warm_up, .. } = event {
                found = Some(warm_up);
            }
        })
        .unwrap();
        found.unwrap()
    };
    assert_eq!(lead(WarmUp::None), Lead::default());
    assert_eq!(lead(WarmUp::Operations(30)), Lead { operations: 30, duration_ns: 0 });
    let time = WarmUp::Time { duration_ns: SECOND, at_most: 200 };
    assert_eq!(lead(time), Lead { operations: 0, duration_ns: SECOND });
}
