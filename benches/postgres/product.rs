//! The runner itself, through the same calls as the command line makes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runner::clock::Clock;
use runner::diagnostic::render;
use runner::engine::{Engine, EngineError};
use runner::experiment;
use runner::plan::{self, Plan};
use runner::run::{self, Event, RunError};
use runner::scenario::{self, Overrides};

/// Length of each text.
pub(crate) const NAME_BYTES: usize = 32;
/// The table's columns; no index, so that the order of keys makes no difference.
pub(crate) const COLUMNS: [(&str, &str); 3] =
    [("id", "BIGINT"), ("name", "TEXT NOT NULL"), ("amount", "BIGINT NOT NULL")];

/// What a run came to.
pub(crate) struct Level {
    pub(crate) acknowledged: u64,
    duration_ns: u64,
    /// p50, p95, p99.
    pub(crate) percentiles_ns: [u64; 3],
    pub(crate) max_ns: u64,
    /// Of this process, during the run.
    pub(crate) cpu_ns: u64,
}

impl Level {
    pub(crate) fn per_second(&self) -> f64 {
        self.acknowledged as f64 / self.duration_ns as f64 * 1e9
    }
}

fn plan(url: &str, writes: u64, clients: u32) -> Plan {
    let [id, name, amount] = COLUMNS.map(|(_, kind)| kind);
    let pattern = "x".repeat(NAME_BYTES - 8);
    let text = format!(
        r#"
language = 1
seed = 1
total_writes = {writes}
concurrency = [{clients}]
[database]
engine = "postgres"
url = "{url}"
schema = "runner_bench"
[tables.items]
share = 1
[tables.items.columns]
id     = {{ type = "{id}", value = '{{{{ int(1, 1000000000) }}}}' }}
name   = {{ type = "{name}", value = '{pattern}{{{{ int(10000000, 99999999) }}}}' }}
amount = {{ type = "{amount}", value = '{{{{ int(1, 1000000) }}}}' }}
"#
    );
    let path = Path::new("bench.toml");
    let loaded = scenario::load(path, text, &Overrides::default())
        .unwrap_or_else(|rejected| panic!("{}", render(&rejected.diagnostics, &rejected.sources, false)));
    plan::build(path, &loaded).unwrap_or_else(|faults| panic!("{}", render(&faults, &loaded.sources, false)))
}

/// Runs one level. The comparison of rows that follows it is left out: it is not part of any figure here.
pub(crate) fn run(url: &str, writes: u64, clients: u32) -> Level {
    let plan = plan(url, writes, clients);
    let (clock, stop) = (Clock::real(), Arc::new(AtomicBool::new(false)));
    let mut engine = experiment::open_engine(&plan, &clock, &stop).expect("the server takes the run");
    let level = level(&plan, engine.as_mut(), &clock, &stop);
    stop.store(false, Ordering::Relaxed);
    assert!(matches!(engine.tear_down(false), Ok(()) | Err(EngineError::Interrupted)), "the schema goes");
    level
}

fn level(plan: &Plan, engine: &mut dyn Engine, clock: &Clock, stop: &Arc<AtomicBool>) -> Level {
    let options = run::Options::new(clock.clone(), Arc::clone(stop));
    let mut level = None;
    let ended = run::execute(plan, engine, &options, &mut |event| match event {
        Event::LevelEnded => stop.store(true, Ordering::Relaxed),
        Event::LevelFinished { measurement, .. } => {
            assert!(measurement.complete && measurement.errors.is_empty(), "{:?}", measurement.errors);
            let latencies = &measurement.operations[0].succeeded;
            let percentile = |percent| latencies.percentile_ns(percent).unwrap_or(0);
            let resources = &measurement.resources;
            let cpu_ns = resources.user_cpu_ns.unwrap_or(0) + resources.system_cpu_ns.unwrap_or(0);
            level = Some(Level {
                acknowledged: measurement.workers.iter().map(|worker| worker.succeeded).sum(),
                duration_ns: measurement.duration_ns,
                percentiles_ns: [50.0, 95.0, 99.0].map(percentile),
                max_ns: latencies.max_ns().unwrap_or(0),
                cpu_ns,
            });
        }
        _ => {}
    });
    assert!(matches!(ended, Err(RunError::Interrupted)), "a run that was stopped after its level: {ended:?}");
    level.expect("the level ended")
}
