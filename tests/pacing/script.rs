//! Plans of one small table, scripts for them, and what a run against one comes to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use runner::clock::Clock;
use runner::engine::Orphans;
use runner::engine::scripted::{Answer, Execution, Reply, Rule, Script, ScriptedEngine};
use runner::measure::{Latencies, LevelMeasurement, Verification, VerificationStatus};
use runner::plan::{Arrivals, Batch, BatchMode, BatchSize, Extent, Load, Plan, Retry, Stage};
use runner::run::{self, Event, RunError};
use runner::scenario::{self, Overrides};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MS;

/// One table whose rows need no others.
pub(crate) const NOTES: &str = "\n[database]\npath = ':memory:'\n[tables.notes]\nshare = 1\n[tables.notes.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n";

pub(crate) fn parsed(text: &str) -> Plan {
    let file = Path::new("mine.toml");
    runner::plan::build(file, &scenario::load(file, text.to_owned(), &Overrides::default()).unwrap()).unwrap()
}

/// So many rows for a level, warm-up included.
pub(crate) fn notes(rows: u64, workers: u32) -> Plan {
    parsed(&format!("total_writes = {rows}\nconcurrency = [{workers}]{NOTES}"))
}

pub(crate) fn always(plan: &Plan, latency_ns: u64) -> Script {
    let reply = vec![Reply::done(latency_ns)];
    let orphans = Orphans { per_table: vec![0; plan.tables.len()], enforced: false };
    let operations = plan.operations.iter().map(|o| (o.inserts().expect("an insert"), reply.clone()));
    Script { operations: operations.collect(), orphans, ..Script::default() }
}

pub(crate) fn ruled(
    plan: &Plan,
    reply: impl Fn(Execution) -> Option<Reply> + Send + Sync + 'static,
) -> Script {
    Script { rule: Some(Rule::new(reply)), ..always(plan, MS) }
}

pub(crate) fn refused(code: &'static str, latency_ns: u64) -> Reply {
    Reply { latency_ns, answer: Answer::refused(code) }
}

pub(crate) fn rate(per_second: f64) -> Load {
    let stages = vec![Stage { rate: per_second, duration_ns: None }];
    Load::Open { arrivals: Arrivals::Constant, stages }
}

pub(crate) fn lasting(duration_ns: u64, rows: u64) -> Extent {
    Extent::Time { duration_ns, at_most: rows }
}

pub(crate) struct Ran {
    pub(crate) ended: Result<(), RunError>,
    /// On virtual time, from the beginning to the end.
    pub(crate) took_ns: u64,
    pub(crate) verifications: Vec<Verification>,
    pub(crate) resets: u64,
}

/// Carries out a plan, and hands each level's figures to `look`.
pub(crate) fn ran(
    plan: &Plan,
    script: Script,
    stop: &Arc<AtomicBool>,
    mut look: impl FnMut(&LevelMeasurement),
) -> Ran {
    let clock = Clock::virtual_time();
    let start = clock.now();
    let mut engine = ScriptedEngine::new(script, &clock);
    let options = run::Options::new(clock.clone(), Arc::clone(stop));
    let mut verifications = Vec::new();
    let ended = run::execute(plan, &mut engine, &options, &mut |event| {
        if let Event::LevelFinished { measurement, verification } = event {
            look(measurement);
            verifications.push(verification);
        }
    });
    assert_eq!(engine.open_sessions(), 0);
    let took_ns = clock.nanos_between(start, clock.now());
    Ran { ended, took_ns, verifications, resets: engine.resets() }
}

/// A plan of one level that comes to its end, and is verified.
pub(crate) fn level(plan: &Plan, script: Script, look: impl FnOnce(&LevelMeasurement)) {
    let mut look = Some(look);
    let ran = ran(plan, script, &Arc::default(), |measured| {
        assert_sums(measured);
        look.take().expect("one level")(measured);
    });
    ran.ended.unwrap();
    assert!(look.is_none());
    let [verification] = ran.verifications.as_slice() else { panic!("one level was verified") };
    assert_eq!(verification.status, VerificationStatus::Verified, "{:?}", verification.problems);
}

pub(crate) fn succeeded(measured: &LevelMeasurement) -> u64 {
    measured.operations.iter().map(|o| o.succeeded.count()).sum()
}

pub(crate) fn failed(measured: &LevelMeasurement) -> u64 {
    measured.operations.iter().map(|o| o.errors).sum()
}

/// Workers, seconds, operations and errors must come to the same.
pub(crate) fn assert_sums(measured: &LevelMeasurement) {
    let all = (succeeded(measured), failed(measured));
    let workers = measured.workers.iter();
    assert_eq!(workers.clone().map(|w| w.succeeded).sum::<u64>(), all.0);
    assert_eq!(workers.map(|w| w.attempted).sum::<u64>(), all.0 + all.1);
    let seconds = measured.time_series.iter();
    assert_eq!((seconds.clone().map(|s| s.operations).sum(), seconds.map(|s| s.errors).sum()), all);
    assert_eq!(measured.errors.iter().map(|e| e.count).sum::<u64>(), all.1);
}

pub(crate) fn p_ms(latencies: &Latencies, percent: f64) -> f64 {
    latencies.percentile_ns(percent).unwrap() as f64 / MS as f64
}

pub(crate) fn assert_near(found: f64, wanted: f64, by: f64) {
    assert!((found - wanted).abs() <= by, "{found} instead of {wanted}");
}

pub(crate) fn retry(attempts: u32) -> Retry {
    Retry {
        attempts,
        base_delay_ns: 10 * MS,
        factor: 2.0,
        max_delay_ns: 30 * MS,
        jitter: false,
        on: vec!["SQLITE_BUSY".to_owned()],
    }
}

pub(crate) fn batches(mode: BatchMode, size: BatchSize) -> Option<Batch> {
    Some(Batch { mode, size })
}
