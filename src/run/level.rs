//! One level: sessions, the barrier, the workers, and what they come to together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::RunError;
use super::arrivals::arrivals;
use super::crew::{CrewWork, Origin};
use super::journal::Journal;
use super::line::Line;
use super::live::Watched;
use super::pool::Connections;
use super::sampling::Sampling;
use super::states::RowStates;
use super::worker::{Shared, Tally, Worker};
use crate::clock::{Clock, Crowd, Joined, Ticks};
use crate::dataset::Tape;
use crate::engine::{Connector, EngineError, Session};
use crate::measure::{ArrivalMeasurement, Merged, Notes, PoolMeasurement, Recorder, merge};
use crate::plan::{Extent, Load, Plan, Pool, WarmUp, Workload};
use crate::profile::Sampler;
use crate::template::mix;

/// What a level works on.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) plan: &'a Plan,
    pub(super) workload: &'a Workload,
    /// One for each crew.
    pub(super) tapes: &'a [Tape],
    pub(super) states: &'a RowStates,
    pub(super) clock: &'a Clock,
    pub(super) epoch: Ticks,
    pub(super) stop: &'a AtomicBool,
    pub(super) ranks: &'a [usize],
    /// Tells this level's arrivals from those of others.
    pub(super) number: u64,
    pub(super) sampler: Option<&'a Arc<Sampler>>,
}

/// How the workers reach the database.
pub(super) enum Lines {
    Own(Vec<Box<dyn Session>>),
    Shared { pool: Pool, connector: Arc<dyn Connector> },
}

/// In which way a level's workers work; decided once, not for every operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// So many operations of the one tape.
    Plain(u64),
    Single,
    Batches,
}

impl Way {
    pub(super) fn of(workload: &Workload, per_write: bool) -> Way {
        let plain = workload.load == Load::Closed
            && workload.warm_up == WarmUp::None
            && workload.retry.is_none()
            && workload.pool.is_none()
            && workload.crews.len() == 1
            && !per_write;
        match (workload.batch, workload.extent) {
            (Some(_), _) => Way::Batches,
            (None, Extent::Total(total)) if plain => Way::Plain(total),
            _ => Way::Single,
        }
    }
}

/// What the workers of a level come to.
pub(super) struct Worked {
    /// From the barrier to the beginning of measuring; absent where that was never reached.
    pub(super) origin_ns: Option<u64>,
    /// On the clock.
    pub(super) start: Ticks,
    pub(super) merged: Merged,
    pub(super) tallies: Vec<Tally>,
    pub(super) journals: Vec<Journal>,
    pub(super) pool: Option<PoolMeasurement>,
    pub(super) arrivals: Option<ArrivalMeasurement>,
    /// From the beginning of measuring to the end of the level.
    pub(super) duration_ns: u64,
    pub(super) used_up: bool,
    /// Ended before its work was done.
    pub(super) halted: bool,
    pub(super) fatal: Option<EngineError>,
}

/// Lets every worker work on its crew's tape, one rayon worker each, from a barrier on.
pub(super) fn work(
    work: &Work<'_>,
    lines: Lines,
    workers: usize,
    way: Way,
    per_write: bool,
    watched: &Watched,
) -> Result<Worked, RunError> {
    let threads = threads(workers)?;
    let crowd = work.clock.crowd(workers);
    let (own, connections) = connect(lines, workers, &crowd)?;
    let crews = crews(work);
    let crew_of = crew_of(work.workload, workers);
    let (start, halt, fatal) = (OnceLock::new(), AtomicBool::new(false), Mutex::new(None));
    let origin = Origin::new(work.workload.warm_up, Sampling::new(work.sampler, workers));
    let results: Vec<(Notes, (Tally, Journal))> = threads.broadcast(|context| {
        let number = context.index();
        let mut recorder = Recorder::new(number, work.plan.operations.len(), &watched.series);
        let session = own[number].lock().unwrap_or_else(PoisonError::into_inner).take();
        let joined = crowd.join(number);
        let shared = Shared {
            plan: work.plan,
            workload: work.workload,
            states: work.states,
            clock: work.clock,
            epoch: work.epoch,
            start: *start.get_or_init(|| work.clock.now()),
            origin: &origin,
            claimed: &watched.counters.claimed,
            errors: &watched.counters.errors,
            stop: work.stop,
            halt: &halt,
            fatal: &fatal,
            ranks: work.ranks,
            per_write,
            alone: workers == 1,
            payload: work.plan.counts_payload(),
        };
        let crew = &crews[crew_of[number]];
        let line = match (session, &connections) {
            (Some(session), _) => Line::Own(session),
            (None, connections) => Line::Shared(connections.as_ref().expect("a session, or a pool")),
        };
        let done = carry_out(&shared, crew, &joined, &mut recorder, line, way);
        drop(joined);
        (recorder.finish(), done)
    });
    let (notes, done): (Vec<Notes>, Vec<(Tally, Journal)>) = results.into_iter().unzip();
    let (tallies, journals): (Vec<Tally>, Vec<Journal>) = done.into_iter().unzip();
    let names: Vec<String> = work.plan.operations.iter().map(|o| o.name.clone()).collect();
    let mut merged = merge(notes, &watched.series, &names);
    let halted = halt.into_inner() || work.stop.load(Ordering::Relaxed);
    let used_up = crews.iter().any(CrewWork::used_up);
    let ended_ns = tallies.iter().map(|t| t.end_ns).max().unwrap_or(0);
    let duration_ns = lasted_ns(work.workload, ended_ns, halted || used_up);
    let service = std::mem::take(&mut merged.service);
    Ok(Worked {
        origin_ns: origin.get(),
        start: start.into_inner().unwrap_or(work.epoch),
        arrivals: arrivals(&crews, &tallies, origin.get(), ended_by(work.workload, duration_ns), service),
        duration_ns,
        merged,
        tallies,
        journals,
        pool: connections.map(Connections::finish),
        used_up,
        halted,
        fatal: fatal.into_inner().unwrap_or_else(PoisonError::into_inner),
    })
}

fn threads(workers: usize) -> Result<rayon::ThreadPool, EngineError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(workers)
        .thread_name(|i| format!("worker-{i}"))
        .build()
        .map_err(|error| EngineError::Unavailable(format!("{workers} threads cannot be started: {error}")))
}

/// How long a level was whose last operation ended at `ended_ns`.
fn lasted_ns(workload: &Workload, ended_ns: u64, cut_short: bool) -> u64 {
    match workload.extent {
        // Nothing happened in the rest of its time, and that counts.
        Extent::Time { duration_ns, .. } if !cut_short => ended_ns.max(duration_ns),
        _ => ended_ns,
    }
}

/// One worker, from the barrier to its end.
fn carry_out<'a>(
    shared: &'a Shared<'a>,
    crew: &'a CrewWork<'a>,
    joined: &'a Joined<'a>,
    recorder: &'a mut Recorder<'_>,
    line: Line<'a>,
    way: Way,
) -> (Tally, Journal) {
    let journal = Journal::new(crew.index, shared.plan);
    let worker = Worker { shared, crew, joined, recorder, tally: Tally::default(), journal };
    match (way, line, &shared.workload.batch) {
        (Way::Plain(planned), Line::Own(mut session), _) => {
            worker.run_plain(session.as_mut(), planned.min(crew.tape.len()))
        }
        (Way::Batches, line, Some(batch)) => worker.run_batches(line, batch),
        (_, line, _) => worker.run_single(line),
    }
}

/// By when what was due had to start, since measuring began.
fn ended_by(workload: &Workload, duration_ns: u64) -> u64 {
    match workload.extent {
        Extent::Time { duration_ns: wanted_ns, .. } => duration_ns.min(wanted_ns),
        Extent::Total(_) => duration_ns,
    }
}

fn crews<'a>(work: &Work<'a>) -> Vec<CrewWork<'a>> {
    let crews = work.workload.crews.iter().zip(work.tapes).enumerate();
    let seed = |index: usize| mix(work.plan.seed, &[work.number, index as u64]);
    crews
        .map(|(index, (crew, tape))| CrewWork::new(index, work.workload, &crew.dataset, tape, seed(index)))
        .collect()
}

/// The crew of each worker: as many as each role asks for, or all in one.
fn crew_of(workload: &Workload, workers: usize) -> Vec<usize> {
    let crews = workload.crews.iter().enumerate();
    crews
        .flat_map(|(index, crew)| {
            let count = crew.workers.map_or(workers, |count| count as usize);
            std::iter::repeat_n(index, count)
        })
        .collect()
}

type Slots = Vec<Mutex<Option<Box<dyn Session>>>>;

fn connect(
    lines: Lines,
    workers: usize,
    crowd: &Crowd,
) -> Result<(Slots, Option<Connections<'_>>), EngineError> {
    Ok(match lines {
        Lines::Own(sessions) => (sessions.into_iter().map(|s| Mutex::new(Some(s))).collect(), None),
        Lines::Shared { pool, connector } => {
            let none = (0..workers).map(|_| Mutex::new(None)).collect();
            (none, Some(Connections::open(pool, connector, workers, crowd)?))
        }
    })
}
