//! One level: sessions, the barrier, the workers, and what they come to together.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, PoisonError};

use super::RunError;
use super::states::RowStates;
use super::worker::{Shared, Tally, Worker};
use crate::clock::Clock;
use crate::dataset::{Dataset, Tape, Workspace};
use crate::engine::null::NullEngine;
use crate::engine::{Engine, EngineError, Session};
use crate::machine;
use crate::measure::{LevelMeasurement, Notes, Recorder, ResourceMeasurement, TimeSeries, merge};
use crate::plan::Operation;

/// Operations of the tape that the floor is measured over, at most.
const FLOOR_OPERATIONS: u64 = 200_000;
const FLOOR_ROUNDS: usize = 3;

/// What a level works on.
pub(super) struct Work<'a> {
    pub(super) workload: &'a str,
    pub(super) dataset: &'a Dataset,
    pub(super) operations: &'a [Operation],
    pub(super) tape: &'a Tape,
    pub(super) states: &'a RowStates,
    pub(super) clock: &'a Clock,
    pub(super) stop: &'a AtomicBool,
    pub(super) per_write: bool,
}

/// Counters that may be read while the level runs.
#[derive(Clone, Debug, Default)]
pub struct LiveCounters {
    /// Operations claimed; may run past the planned number by one for each worker.
    pub claimed: Arc<AtomicU64>,
    /// Operations failed.
    pub errors: Arc<AtomicU64>,
}

/// What the workers of a level come to.
pub(super) struct Worked {
    pub(super) duration_ns: u64,
    pub(super) merged: crate::measure::Merged,
    pub(super) reset_ns: u64,
    pub(super) problems: Vec<String>,
    pub(super) looked_up: u64,
    pub(super) fatal: Option<EngineError>,
}

/// Lets every session work on the tape, one rayon worker each, from a barrier on.
pub(super) fn work(
    work: &Work<'_>,
    sessions: Vec<Box<dyn Session>>,
    planned: u64,
    live: &LiveCounters,
) -> Result<Worked, RunError> {
    let workers = sessions.len();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(workers)
        .thread_name(|i| format!("worker-{i}"))
        .build()
        .map_err(|error| EngineError::Unavailable(format!("{workers} threads cannot be started: {error}")))?;
    let slots: Vec<Mutex<Option<Box<dyn Session>>>> =
        sessions.into_iter().map(|s| Mutex::new(Some(s))).collect();
    let series = TimeSeries::default();
    let barrier = Barrier::new(workers);
    let origin = OnceLock::new();
    let halt = AtomicBool::new(false);
    let fatal = Mutex::new(None);
    let results: Vec<(Notes, Tally)> = pool.broadcast(|context| {
        let mut session = slots[context.index()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("each worker has a session of its own");
        let mut recorder = Recorder::new(context.index(), work.operations.len(), &series);
        barrier.wait();
        let shared = Shared {
            dataset: work.dataset,
            operations: work.operations,
            tape: work.tape,
            states: work.states,
            clock: work.clock,
            origin: *origin.get_or_init(|| work.clock.now()),
            planned,
            cursor: &live.claimed,
            errors: &live.errors,
            stop: work.stop,
            halt: &halt,
            fatal: &fatal,
            per_write: work.per_write,
        };
        let worker = Worker {
            shared: &shared,
            session: session.as_mut(),
            recorder: &mut recorder,
            tally: Tally::default(),
            workspace: Workspace::default(),
        };
        let tally = worker.run();
        (recorder.finish(), tally)
    });
    let (notes, tallies): (Vec<Notes>, Vec<Tally>) = results.into_iter().unzip();
    let names: Vec<String> = work.operations.iter().map(|o| o.name.clone()).collect();
    Ok(Worked {
        duration_ns: tallies.iter().map(|t| t.end_ns).max().unwrap_or(0),
        merged: merge(notes, series, &names),
        reset_ns: tallies.iter().map(|t| t.reset_ns).sum(),
        looked_up: tallies.iter().map(|t| t.looked_up).sum(),
        problems: tallies.into_iter().flat_map(|t| t.problems).collect(),
        fatal: fatal.into_inner().unwrap_or_else(PoisonError::into_inner),
    })
}

/// Opens the sessions, runs the level and reads the counters.
pub(super) fn measure(
    level: &Work<'_>,
    engine: &mut dyn Engine,
    concurrency: u32,
    floor_ns: u64,
    live: &LiveCounters,
) -> Result<(LevelMeasurement, Worked), RunError> {
    let before = machine::usage();
    let other_load = machine::other_load();
    let counted_before = engine.counters()?;
    let sessions = (0..concurrency as usize)
        .map(|worker| {
            if level.stop.load(Ordering::Relaxed) {
                return Err(EngineError::Interrupted);
            }
            engine.open_session(worker)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let planned = level.tape.len();
    let mut worked = work(level, sessions, planned, live)?;
    let used = machine::usage().since(&before);
    let merged = std::mem::replace(&mut worked.merged, merge(Vec::new(), TimeSeries::default(), &[]));
    let attempted: u64 = merged.workers.iter().map(|w| w.attempted).sum();
    let measurement = LevelMeasurement {
        workload: level.workload.to_owned(),
        iteration: 1,
        concurrency,
        planned,
        duration_ns: worked.duration_ns,
        complete: attempted == planned && worked.fatal.is_none(),
        operations: merged.operations,
        time_series: merged.time_series,
        workers: merged.workers,
        slowest: merged.slowest,
        errors: merged.errors,
        resources: ResourceMeasurement {
            user_cpu_ns: used.user_cpu_ns,
            system_cpu_ns: used.system_cpu_ns,
            peak_memory_bytes: used.peak_memory_bytes,
            read_bytes: used.read_bytes,
            written_bytes: used.written_bytes,
            other_load,
            engine: engine.counters()?.since(&counted_before),
        },
        floor_ns,
        reset_ns: level.per_write.then_some(worked.reset_ns),
        warm_up: None,
        used_up: false,
        arrivals: None,
        retries: None,
        batches: None,
        pool: None,
        times: None,
        checkpoints: Vec::new(),
    };
    Ok((measurement, worked))
}

/// Nanoseconds that the runner itself takes per operation: the same tape, one worker, an engine that does nothing. Median of a few rounds.
pub(super) fn floor(level: &Work<'_>, counts: &[u64]) -> Result<u64, RunError> {
    let planned = level.tape.len().min(FLOOR_OPERATIONS);
    let mut rounds = Vec::new();
    for _ in 0..FLOOR_ROUNDS {
        let states = RowStates::new(counts.iter().copied());
        let work_alone = Work { states: &states, per_write: false, ..*level };
        let session = NullEngine.open_session(0)?;
        let worked = work(&work_alone, vec![session], planned, &LiveCounters::default())?;
        rounds.push(worked.duration_ns / planned.max(1));
    }
    rounds.sort_unstable();
    Ok(rounds[FLOOR_ROUNDS / 2])
}
