//! The promise: a run that is interrupted ends soon with a valid result and leaves nothing else behind; one that is killed harms neither
//! an earlier result nor the next run.

#[path = "../common/mod.rs"]
mod common;
mod waits;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::{Ended, Place, Running, mix, size};
use runner::clock::Clock;
use runner::engine::Engine;
use runner::engine::sqlite::SqliteEngine;
use runner::measure::VerificationStatus;
use runner::result::{RunResult, Status};
use runner::run::{self, Event, RunError};
use runner::scenario::{self, Overrides};

/// Between the signal and the end, on a machine that has other things to do.
const SOON: Duration = Duration::from_millis(1_500);

/// One test at a time, so that none is in the way of another one's signal.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn place(top: &str, database: &str) -> Place {
    let place = Place::new();
    place.write("mine.toml", &mix(top, database));
    place
}

/// Interrupts, and checks how the run ends and what it leaves.
fn assert_ends_soon(place: &Place, mut running: Running) -> RunResult {
    let start = Instant::now();
    running.interrupt();
    let ended = running.ended();
    let took = start.elapsed();
    assert_eq!(ended.code, 130, "{ended:?}");
    assert!(took < SOON, "it took {took:?}");
    assert_interrupted(place, &ended)
}

fn assert_interrupted(place: &Place, ended: &Ended) -> RunResult {
    assert_eq!(ended.stderr, "");
    let result = place.result("mine");
    assert_eq!(result.status, Status::Interrupted);
    assert!(place.files("db").is_empty(), "{:?}", place.files("db"));
    assert_only_results(place);
    result
}

/// No temporary file, no rejected document, and nothing beside the folders of results and of the database.
fn assert_only_results(place: &Place) {
    for file in place.files(".").iter().map(|path| path.to_str().unwrap()) {
        let expected = ["mine.toml", "results/mine.json"].contains(&file)
            || (file.starts_with("results/history/mine/2") && file.ends_with(".json"))
            || file.starts_with("db/mine.db");
        assert!(expected, "{file} was left");
    }
}

/// Whether the process holds a file without a name of more than a megabyte: rows on their way into a mapped file.
fn holds_unlinked_file(pid: u32) -> bool {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors.flatten().any(|entry| {
        let unlinked =
            fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().ends_with("(deleted)"));
        unlinked && size(&entry.path()) > 1_000_000
    })
}

/// Threads of a level.
fn workers(pid: u32) -> usize {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
    threads.flatten().map(name).filter(|name| name.starts_with("worker-")).count()
}

#[test]
fn an_interruption_ends_the_making_of_rows() {
    let _alone = alone();
    let place = place("total_writes = 20_000_000\nconcurrency = [2]", "path = ':memory:'");
    let mut running = place.start(&["run", "mine.toml"]);
    running.until("rows are made", holds_unlinked_file);
    let result = assert_ends_soon(&place, running);
    assert!(result.configurations.is_empty());
}

/// Runs into a level, whose database is to grow beyond its empty tables, then interrupts.
fn interrupt_a_level(database: &str, workers: u32, start: impl FnOnce(&Place) -> Running) {
    let _alone = alone();
    let top = format!("total_writes = 200_000\nconcurrency = [{workers}]\nallow_warnings = ['not-durable']");
    let place = place(&top, &format!("path = 'db/mine.db'\nbusy_timeout = '60s'\n{database}"));
    let mut running = start(&place);
    let (file, log) = (place.path("db/mine.db"), place.path("db/mine.db-wal"));
    running.until("rows are written", |_| size(&file) + size(&log) > 200_000);
    let result = assert_ends_soon(&place, running);
    let [level] = result.configurations.as_slice() else { panic!("one level was begun") };
    assert!(!level.complete && level.attempted < level.total_writes);
    assert!(level.succeeded > 0);
}

fn run_plainly(place: &Place) -> Running {
    place.start(&["run", "mine.toml"])
}

#[test]
fn an_interruption_ends_a_level_of_eight_workers_that_wait_for_the_disk() {
    interrupt_a_level("[database.pragmas]\nsynchronous = 'full'", 8, run_plainly);
}

#[test]
fn an_interruption_ends_a_level_of_many_workers_that_wait_for_each_other() {
    interrupt_a_level("[database.pragmas]\njournal_mode = 'wal'\nsynchronous = 'off'", 64, run_plainly);
}

#[test]
fn an_interruption_is_heeded_where_it_was_ignored_when_the_process_started() {
    interrupt_a_level("", 8, |place| {
        let script = format!("trap '' INT; exec '{}' run mine.toml", env!("CARGO_BIN_EXE_runner"));
        Running::start(&mut place.command("sh", &["-c", &script]))
    });
}

#[test]
fn an_interruption_ends_a_level_of_single_writes() {
    let _alone = alone();
    let place = place(
        "total_writes = 100_000\nconcurrency = [4]\nreset = 'write'",
        "path = 'db/mine.db'\nbusy_timeout = '60s'",
    );
    let mut running = place.start(&["run", "mine.toml"]);
    let files = [0, 1, 2, 3].map(|worker| place.path(&format!("db/mine.w{worker}.db")));
    running.until("all workers have their files", |_| files.iter().all(|file| size(file) > 20_000));
    let result = assert_ends_soon(&place, running);
    assert!(!result.configurations[0].complete);
}

#[test]
fn an_interruption_ends_the_comparison_of_rows() {
    let _alone = alone();
    let place = place(
        "total_writes = 60_000\nconcurrency = [1, 2, 3]\nallow_warnings = ['not-durable']",
        "path = 'db/mine.db'\n[database.pragmas]\njournal_mode = 'wal'\nsynchronous = 'off'",
    );
    let mut running = place.start(&["run", "mine.toml"]);
    let log = place.path("db/mine.db-wal");
    running.until("rows are written", |pid| size(&log) > 1_000_000 && workers(pid) > 0);
    running.until("the level is over", |pid| workers(pid) == 0);
    let result = assert_ends_soon(&place, running);
    assert!(result.configurations[0].complete);
}

/// Carries out a small run through the library, and stops it at the first event that `at` is true of.
fn stop_at(at: impl Fn(&Event<'_>) -> bool) -> (Vec<&'static str>, Vec<(bool, u64, VerificationStatus)>) {
    let place = Place::new();
    let path = place.path("db/mine.db");
    let text = mix(
        "total_writes = 20_000\nconcurrency = [2, 3]",
        &format!("path = {path:?}\n[database.pragmas]\nsynchronous = 'off'\njournal_mode = 'wal'"),
    );
    let file = Path::new("mine.toml");
    let plan =
        runner::plan::build(file, &scenario::load(file, text, &Overrides::default()).unwrap()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut engine = SqliteEngine::open(
        plan.database.sqlite().unwrap(),
        &plan.tables,
        &plan.operations,
        false,
        &Clock::real(),
        Arc::clone(&stop),
    )
    .unwrap();
    let options = run::Options {
        tape_folder: place.root().to_owned(),
        ..run::Options::new(Clock::real(), Arc::clone(&stop))
    };
    let (mut after, mut levels) = (Vec::new(), Vec::new());
    let mut compared = None;
    let ended = run::execute(&plan, &mut engine, &options, &mut |event| {
        if stop.load(Ordering::Relaxed) {
            after.push(match &event {
                Event::LevelEnded => "level ended",
                Event::LevelFinished { .. } => "level finished",
                _ => "more work",
            });
        }
        if at(&event) {
            stop.store(true, Ordering::Relaxed);
        }
        match event {
            Event::Verifying { done } => compared = Some(done),
            Event::LevelFinished { measurement, verification } => {
                let attempted = measurement.workers.iter().map(|worker| worker.attempted).sum();
                levels.push((measurement.complete, attempted, verification.status));
            }
            _ => {}
        }
    });
    assert!(matches!(ended, Err(RunError::Interrupted)), "{ended:?}");
    let compared = compared.map_or(0, |done| done.load(Ordering::Relaxed));
    assert!(compared < 2_000, "{compared} rows were compared after the stop");
    engine.tear_down(false).unwrap();
    assert!(place.files(".").is_empty());
    (after, levels)
}

#[test]
fn a_stop_before_a_level_begins_no_level() {
    assert_eq!(stop_at(|event| matches!(event, Event::Generating { .. })), (vec![], vec![]));
    assert_eq!(stop_at(|event| matches!(event, Event::Resetting)), (vec![], vec![]));
    assert_eq!(stop_at(|event| matches!(event, Event::LevelStarted { .. })), (vec![], vec![]));
}

#[test]
fn a_stop_during_the_comparison_ends_it_and_the_level_is_kept_unverified() {
    let (after, levels) = stop_at(|event| matches!(event, Event::Verifying { .. }));
    assert_eq!(after, ["level finished"]);
    assert_eq!(levels, [(true, 20_000, VerificationStatus::NotVerified)]);
}

/// Numbers without a pattern, the same in each run.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Kills runs at moments all over their length; after each, what stands in the place of the result is valid and the next run succeeds.
fn assert_killing_does_no_harm(seed: u64, workloads: &str, pragmas: &str) {
    let _alone = alone();
    let place = place(
        &format!("total_writes = 40\nconcurrency = [1, 4]\n{workloads}"),
        &format!("path = 'db/mine.db'\nbusy_timeout = '60s'\n[database.pragmas]\n{pragmas}"),
    );
    let start = Instant::now();
    let first = place.run(&["run", "mine.toml"]);
    assert_eq!(first.code, 0, "{first:?}");
    let length = start.elapsed();
    for moment in 0..8 {
        let share = (mixed(seed + moment) % 1_000) as f64 / 1_000.0;
        let mut killed = place.start(&["run", "mine.toml"]);
        // Any moment will do; nothing is waited for.
        std::thread::sleep(length.mul_f64(share));
        killed.kill();
        killed.ended();
        let status = place.result("mine").status;
        assert!([Status::Running, Status::Completed].contains(&status), "{share}: {status:?}");
        let next = place.run(&["run", "mine.toml"]);
        assert_eq!(next.code, 0, "{share}: {next:?}");
        assert_eq!(place.result("mine").status, Status::Completed);
        // One that was killed between making its file and marking it leaves it empty, and an empty file is not removed.
        let left = place.files("db");
        assert!(left.iter().all(|file| size(&place.path("db").join(file)) == 0), "{share}: {left:?}");
        assert_only_results(&place);
    }
}

#[test]
fn killing_a_run_that_syncs_every_write_does_no_harm() {
    assert_killing_does_no_harm(1, "", "");
}

#[test]
fn killing_a_run_with_a_log_does_no_harm() {
    assert_killing_does_no_harm(100, "", "journal_mode = 'wal'\nsynchronous = 'normal'");
}

#[test]
fn killing_a_run_of_several_workloads_does_no_harm() {
    let workloads = "iterations = 2\n[workloads.one_by_one]\n[workloads.together]\nbatch_size = 5\n[workloads.paced]\nrate = '400/s'\n";
    assert_killing_does_no_harm(200, workloads, "journal_mode = 'wal'");
}
