//! What all workers of a level have in common: what they share, and how an operation's outcome is noted.
//!
//! How operations are taken and sent is left to `plain`, `single` and `batch`; sessions are opened before and verification is done after, by
//! `level`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::crew::{CrewWork, Origin};
use super::gate::PARENT_MISSING;
use super::journal::{Journal, Span, Subject};
use super::states::{RowStates, State};
use crate::clock::{Clock, Joined, Ticks};
use crate::engine::{EngineError, Failure, Outcome, Times};
use crate::measure::{BatchMeasurement, Recorder, RetryMeasurement, Sample, TimesMeasurement};
use crate::plan::{Plan, Workload};

/// How long a worker with nothing but waiting rows leaves the processor to others.
pub(super) const PATIENCE: Duration = Duration::from_micros(50);

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// What the workers of a level share.
pub(super) struct Shared<'a> {
    pub(super) plan: &'a Plan,
    pub(super) workload: &'a Workload,
    pub(super) states: &'a RowStates,
    pub(super) clock: &'a Clock,
    /// The beginning of the run.
    pub(super) epoch: Ticks,
    /// The barrier's moment.
    pub(super) start: Ticks,
    pub(super) origin: &'a Origin,
    pub(super) claimed: &'a AtomicU64,
    pub(super) errors: &'a AtomicU64,
    /// Asked to stop from outside.
    pub(super) stop: &'a AtomicBool,
    /// The database cannot go on.
    pub(super) halt: &'a AtomicBool,
    pub(super) fatal: &'a Mutex<Option<EngineError>>,
    /// Parents' tables before children's, for statements of many rows.
    pub(super) ranks: &'a [usize],
    /// Set-up and tear-down around every write.
    pub(super) per_write: bool,
    /// One worker.
    pub(super) alone: bool,
    /// Bytes of values are counted.
    pub(super) payload: bool,
}

impl Shared<'_> {
    pub(super) fn halted(&self) -> bool {
        self.halt.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn give_up(&self, error: EngineError) {
        let mut fatal = self.fatal.lock().unwrap_or_else(PoisonError::into_inner);
        fatal.get_or_insert(error);
        self.halt.store(true, Ordering::Relaxed);
    }

    /// Since the barrier.
    pub(super) fn elapsed_ns(&self) -> u64 {
        self.clock.nanos_between(self.start, self.clock.now())
    }
}

/// What a worker brings back beside its notes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Its last measured operation's end, since measuring began, set-ups and tear-downs left out.
    pub(super) end_ns: u64,
    /// Its last operation's end, since the barrier.
    pub(super) last_ns: u64,
    /// Time of set-ups and tear-downs.
    pub(super) reset_ns: u64,
    /// Rows that were acknowledged, and not there or not as made.
    pub(super) problems: Vec<String>,
    /// Rows that were looked up.
    pub(super) looked_up: u64,
    pub(super) times: TimesMeasurement,
    pub(super) retries: RetryMeasurement,
    pub(super) batches: BatchMeasurement,
    /// In an open loop, measured operations started in each second since measuring began.
    pub(super) started: Vec<u64>,
}

impl Tally {
    /// Where `latency_ns` of so many acknowledged operations went.
    #[inline]
    pub(super) fn split(&mut self, operations: u64, latency_ns: u64, times: Times) {
        let Times { waiting_ns, committing_ns } = times;
        self.times.operations += operations;
        self.times.waiting_ns += waiting_ns;
        self.times.committing_ns += committing_ns;
        self.times.executing_ns += latency_ns.saturating_sub(waiting_ns + committing_ns);
    }
}

/// An operation that has its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) subject: Subject,
    pub(super) measured: bool,
    /// When it was sent.
    pub(super) start: Ticks,
    pub(super) end: Ticks,
    /// From its start, or from the intended one.
    pub(super) latency_ns: u64,
}

pub(super) struct Worker<'a, 'r> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) crew: &'a CrewWork<'a>,
    pub(super) joined: &'a Joined<'a>,
    pub(super) recorder: &'a mut Recorder<'r>,
    pub(super) tally: Tally,
    pub(super) journal: Journal,
}

impl Worker<'_, '_> {
    /// Notes what came of an operation; true when the database acknowledged it as it was to be.
    #[inline(always)]
    pub(super) fn note(&mut self, answered: &Answered, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Done { changes } => {
                self.stands(answered, changes);
                let sample = self.sample(answered);
                if answered.measured {
                    self.recorder.success(sample);
                    self.ended(sample.end_ns);
                } else {
                    self.recorder.warm_up(true);
                }
                true
            }
            Outcome::Cancelled => false,
            other => {
                self.note_failure(answered, other);
                false
            }
        }
    }

    #[cold]
    fn note_failure(&mut self, answered: &Answered, outcome: Outcome) {
        let shared = self.shared;
        let operation = &shared.plan.operations[answered.subject.operation];
        let failure = match outcome {
            Outcome::Unexpected { changes, failure } => {
                self.stands(answered, changes);
                failure
            }
            Outcome::Unknown(failure) => return self.note_unknown(answered, &failure),
            Outcome::Torn(failure) => {
                self.journal.tears(shared.states, operation, answered.subject);
                failure
            }
            Outcome::Refused(failure) => {
                self.journal.falls(shared.states, operation, answered.subject);
                failure
            }
            Outcome::Fatal(failure) => {
                self.journal.falls(shared.states, operation, answered.subject);
                shared.give_up(EngineError::Fatal { code: failure.code, message: failure.message.clone() });
                failure
            }
            Outcome::Done { .. } | Outcome::Cancelled => return,
        };
        self.failed(answered, &failure);
    }

    /// Its answer was lost: it is neither acknowledged nor a failure.
    fn note_unknown(&mut self, answered: &Answered, failure: &Failure) {
        let shared = self.shared;
        let operation = &shared.plan.operations[answered.subject.operation];
        let start_ns = || shared.clock.nanos_between(shared.epoch, answered.start);
        self.journal.doubts(shared.states, operation, answered.subject, start_ns);
        if !answered.measured {
            return self.recorder.warm_up(false);
        }
        let Sample { operation, end_ns, .. } = self.sample(answered);
        self.recorder.unknown(operation, end_ns, failure.code, &failure.message);
        self.ended(end_ns);
    }

    /// Counts a failure, whatever became of the rows.
    pub(super) fn failed(&mut self, answered: &Answered, failure: &Failure) {
        if !answered.measured {
            return self.recorder.warm_up(false);
        }
        self.shared.errors.fetch_add(1, Ordering::Relaxed);
        let sample = self.sample(answered);
        self.recorder.failure(sample, failure.code, &failure.message);
        self.ended(sample.end_ns);
    }

    /// What the database acknowledged is there.
    #[inline]
    pub(super) fn stands(&mut self, answered: &Answered, changes: u64) {
        let shared = self.shared;
        let operation = &shared.plan.operations[answered.subject.operation];
        let since = |ticks| shared.clock.nanos_between(shared.epoch, ticks);
        let span = || Span { start_ns: since(answered.start), end_ns: since(answered.end) };
        self.journal.stands(shared.states, operation, answered.subject, changes, span);
    }

    #[inline]
    fn sample(&mut self, answered: &Answered) -> Sample {
        let end_ns = self.shared.clock.nanos_between(self.shared.start, answered.end);
        self.tally.last_ns = end_ns;
        Sample {
            operation: answered.subject.operation,
            row: answered.subject.row + 1,
            latency_ns: answered.latency_ns,
            end_ns: self.since_origin(end_ns),
        }
    }

    /// From the barrier to the beginning of measuring.
    #[inline]
    pub(super) fn since_origin(&self, since_start_ns: u64) -> u64 {
        since_start_ns.saturating_sub(self.shared.origin.get().unwrap_or(u64::MAX))
    }

    #[inline]
    pub(super) fn ended(&mut self, end_ns: u64) {
        self.tally.end_ns = end_ns - self.tally.reset_ns.min(end_ns);
    }

    /// An operation that needs a row which was refused, or whose answer was lost.
    #[cold]
    pub(super) fn not_sent(&mut self, subject: Subject, measured: bool, parent: (usize, u64)) {
        let shared = self.shared;
        self.journal.falls(shared.states, &shared.plan.operations[subject.operation], subject);
        if !measured {
            return self.recorder.warm_up(false);
        }
        shared.errors.fetch_add(1, Ordering::Relaxed);
        let end_ns = self.since_origin(shared.elapsed_ns());
        let name = &shared.plan.tables[parent.0].name;
        let row = parent.1 + 1;
        let message = match shared.states.get(parent.0, parent.1) {
            State::Unknown => {
                format!(
                    "it is not known whether row {row} of {name}, which it refers to, is there: its answer was lost"
                )
            }
            _ => format!("row {row} of {name}, which it refers to, was refused"),
        };
        self.recorder.not_sent(subject.operation, end_ns, PARENT_MISSING, &message);
        self.tally.end_ns = end_ns;
    }

    /// Counts a measured operation of an open loop that starts, or is answered without.
    pub(super) fn count_start(&mut self, since_start_ns: u64) {
        let second = (self.since_origin(since_start_ns) / NANOS_PER_SECOND) as usize;
        if self.tally.started.len() <= second {
            self.tally.started.resize(second + 1, 0);
        }
        self.tally.started[second] += 1;
    }
}
