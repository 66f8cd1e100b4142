//! What the runner adds to what a write buffer costs, as ratios within one run, and what more tasks give.
//!
//! ```text
//! cargo bench --bench memtable                  a minute or two
//! cargo bench --bench memtable -- --pairs 21    with so many pairs each
//! ```
//!
//! The bare structure is the same buffer, driven by threads that do nothing else: rows made before, taken from one cursor, no clock read for an
//! operation and nothing noted.
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Instant;

use runner::clock::Clock;
use runner::dataset::{Dataset, Tape, TapeError, TapeOptions};
use runner::engine::memtable::MemtableEngine;
use runner::engine::{Engine, Outcome, Session};
use runner::plan::{self, Database, Plan};
use runner::run::{self, Event, Options};
use runner::scenario::Overrides;
use runner::value::Decoder;

/// The table of scenarios/memtable.toml; the threshold is out of reach, so that no flush comes in between.
const SCENARIO: &str = "
test = 'memtable'
[database]
engine = 'memtable'
[buffer]
threshold = 100_000_000
[tables.items]
rows = 10_000
indexes = [{ columns = ['name'] }, { columns = ['category'] }, { columns = ['value'] }]
[tables.items.columns]
id = { type = 'INTEGER PRIMARY KEY' }
name = { type = 'TEXT NOT NULL', value = 'item_{{ row }}' }
category = { type = 'TEXT NOT NULL', value = 'category_{{ row % 10 }}' }
value = { type = 'INTEGER NOT NULL', value = '{{ row * 10 }}' }
[operations.get]
get = 'items'
[workloads.insert]
mix = { items = 1 }
[workloads.read]
mix = { get = 1 }
";

const OPERATIONS: u64 = 400_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut pairs, mut by_bench) = (11_usize, false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => by_bench = true,
            "--pairs" => {
                pairs = arguments.next().and_then(|n| n.parse().ok()).expect("--pairs takes a number")
            }
            other => panic!("unknown: {other}"),
        }
    }
    if !by_bench {
        // As `cargo test --all-targets` calls it.
        println!("cargo bench --bench memtable");
        return;
    }
    let mut all_met = true;
    println!("{:<46} {:>8}  {:<7} {:<4} detail", "what", "measured", "wanted", "met");
    for (workload, what) in [("insert", "concurrent inserts"), ("read", "readers")] {
        let plan = planned(workload, 8);
        let tape = tape(&plan);
        let figures: Vec<(f64, f64)> = (0..pairs).map(|_| (bare(&plan, &tape), product(&plan))).collect();
        let ratios: Vec<f64> = figures.iter().map(|(bare, runner)| runner / bare).collect();
        let ratio = median(&ratios);
        let met = ratio >= 0.9;
        all_met &= met;
        let (firsts, seconds): (Vec<f64>, Vec<f64>) = figures.into_iter().unzip();
        let detail = format!("runner {:.0}/s, bare {:.0}/s", median(&seconds), median(&firsts));
        let what = format!("8 {what}: runner ÷ bare structure");
        println!("{what:<46} {ratio:>8.3}  {:<7} {:<4} {detail}", "≥ 0.9", if met { "yes" } else { "NO" });
    }
    for (workload, what) in [("insert", "inserts"), ("read", "reads")] {
        let mut first = None;
        for tasks in [1, 2, 4, 8, 16] {
            let plan = planned(workload, tasks);
            let tape = tape(&plan);
            let rates: Vec<(f64, f64)> =
                (0..pairs.div_ceil(2)).map(|_| (product(&plan), bare(&plan, &tape))).collect();
            let (runner, bare): (Vec<f64>, Vec<f64>) = rates.into_iter().unzip();
            let (rate, bare) = (median(&runner), median(&bare));
            let one = *first.get_or_insert(rate);
            let what = format!("{what}/s with {tasks} tasks ÷ with 1");
            println!(
                "{what:<46} {:>8.3}  {:<7} {:<4} runner {rate:.0}/s, bare {bare:.0}/s",
                rate / one,
                "",
                ""
            );
        }
    }
    println!("{}", if all_met { "all met" } else { "missed" });
}

fn planned(workload: &str, tasks: u32) -> Plan {
    let overrides = Overrides {
        total: Some(OPERATIONS),
        concurrency: Some(vec![tasks]),
        workloads: vec![workload.to_owned()],
        ..Overrides::default()
    };
    plan::prepare(Path::new("bench.toml"), SCENARIO.to_owned(), &overrides)
        .unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics))
        .0
}

fn dataset(plan: &Plan) -> &Dataset {
    &plan.workloads[0].crews[0].dataset
}

fn made(make: impl FnOnce(&TapeOptions<'_>) -> Result<Tape, TapeError>) -> Tape {
    let options = TapeOptions {
        budget_bytes: u64::MAX,
        folder: std::env::temp_dir(),
        stop: &AtomicBool::new(false),
        done: &AtomicU64::new(0),
    };
    make(&options).expect("the rows can be made")
}

fn tape(plan: &Plan) -> Tape {
    made(|options| Tape::generate(dataset(plan), 0, options))
}

fn engine(plan: &Plan, stop: &Arc<AtomicBool>) -> MemtableEngine {
    let Database::Memtable(database) = &plan.database else { panic!("a write buffer") };
    MemtableEngine::open(database, plan, &Clock::real(), Arc::clone(stop)).expect("memory is enough")
}

/// Operations per second of threads that do nothing but ask the buffer.
fn bare(plan: &Plan, tape: &Tape) -> f64 {
    let mut engine = engine(plan, &Arc::default());
    engine.reset().expect("an empty buffer");
    load(plan, &mut engine);
    let tasks = plan.workloads[0].concurrency[0] as usize;
    let sessions: Vec<Box<dyn Session>> =
        (0..tasks).map(|task| engine.open_session(task).expect("a session")).collect();
    let rows: Vec<(usize, Decoder<'_>)> = (0..tape.len())
        .map(|place| tape.entry(place))
        .map(|entry| (entry.operation, entry.parents(|_, _| {})))
        .collect();
    let (cursor, barrier) = (AtomicUsize::new(0), Barrier::new(tasks));
    let work = |mut session: Box<dyn Session>| {
        barrier.wait();
        let start = Instant::now();
        while let Some((operation, values)) = rows.get(cursor.fetch_add(1, Ordering::Relaxed)) {
            let outcome = session.execute(*operation, *values);
            assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        }
        (start, Instant::now())
    };
    let ended: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let threads: Vec<_> = sessions.into_iter().map(|session| scope.spawn(|| work(session))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a task that ends")).collect()
    });
    let start = ended.iter().map(|(start, _)| *start).min().expect("a task");
    let end = ended.iter().map(|(_, end)| *end).max().expect("a task");
    rows.len() as f64 / end.duration_since(start).as_secs_f64()
}

fn load(plan: &Plan, engine: &mut MemtableEngine) {
    let insert = plan.operations.iter().position(|operation| operation.inserts() == Some(0));
    let loaded = made(|options| Tape::load(dataset(plan), &[insert], options));
    let mut loader = engine.loader().expect("a loader").expect("a loader");
    for place in 0..loaded.len() {
        loader.row(0, loaded.entry(place).parents(|_, _| {})).expect("a row that is loaded");
    }
    loader.finish().expect("rows that are loaded");
}

/// The same by the runner: what it measured of its level.
fn product(plan: &Plan) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let mut engine = engine(plan, &stop);
    let options = Options { tape_budget_bytes: u64::MAX, ..Options::new(Clock::real(), Arc::clone(&stop)) };
    let mut rate = 0.0;
    // The comparison of rows is no part of the figure: the run is stopped after its level.
    let _ = run::execute(plan, &mut engine, &options, &mut |event| match event {
        Event::LevelEnded => stop.store(true, Ordering::Relaxed),
        Event::LevelFinished { measurement, .. } => {
            assert!(measurement.complete, "a level that did all its operations");
            let done: u64 = measurement.workers.iter().map(|worker| worker.succeeded).sum();
            rate = done as f64 / measurement.duration_ns as f64 * 1e9;
        }
        _ => {}
    });
    assert!(rate > 0.0, "a level that was measured");
    rate
}

/// The middle one; the greater of the two in the middle where there is none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
