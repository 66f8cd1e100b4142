//! One worker of a level: claim, wait for parents, execute between two clock readings, note.
//!
//! Sessions are opened before and verification is done after, by `level`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::states::{RowStates, State};
use crate::clock::{Clock, Ticks};
use crate::dataset::{Dataset, Tape, Workspace};
use crate::engine::{EngineError, Failure, Lookup, Outcome, Session};
use crate::measure::{Recorder, Sample};
use crate::plan::Operation;
use crate::value::{Decoder, encode};

/// The code of an operation that was not sent because a row that it refers to was refused.
pub const PARENT_MISSING: &str = "parent_missing";

/// How long a worker with nothing but waiting rows leaves the processor to others.
const PATIENCE: Duration = Duration::from_micros(50);

/// What the workers of a level share.
pub(super) struct Shared<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) operations: &'a [Operation],
    pub(super) tape: &'a Tape,
    pub(super) states: &'a RowStates,
    pub(super) clock: &'a Clock,
    /// The barrier's moment.
    pub(super) origin: Ticks,
    /// Operations to take from the tape.
    pub(super) planned: u64,
    pub(super) cursor: &'a AtomicU64,
    pub(super) errors: &'a AtomicU64,
    /// Asked to stop from outside.
    pub(super) stop: &'a AtomicBool,
    /// The database cannot go on.
    pub(super) halt: &'a AtomicBool,
    pub(super) fatal: &'a Mutex<Option<EngineError>>,
    /// Set-up and tear-down around every write.
    pub(super) per_write: bool,
}

impl Shared<'_> {
    fn halted(&self) -> bool {
        self.halt.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }

    fn give_up(&self, error: EngineError) {
        let mut fatal = self.fatal.lock().unwrap_or_else(PoisonError::into_inner);
        fatal.get_or_insert(error);
        self.halt.store(true, Ordering::Relaxed);
    }
}

/// What a worker brings back beside its notes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Its last operation's end, since the barrier, set-ups and tear-downs left out.
    pub(super) end_ns: u64,
    /// Time of set-ups and tear-downs.
    pub(super) reset_ns: u64,
    /// Rows that were acknowledged, and not there or not as made.
    pub(super) problems: Vec<String>,
    /// Rows that were looked up.
    pub(super) looked_up: u64,
}

/// What came of one place of the tape.
#[derive(PartialEq, Eq)]
enum Step {
    Done,
    /// A parent has no answer yet.
    Waiting,
}

pub(super) struct Worker<'a, 'r> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) session: &'a mut dyn Session,
    pub(super) recorder: &'a mut Recorder<'r>,
    pub(super) tally: Tally,
    pub(super) workspace: Workspace,
}

impl Worker<'_, '_> {
    /// Works until the tape is used up, or the level is halted.
    pub(super) fn run(mut self) -> Tally {
        let shared = self.shared;
        let mut waiting: VecDeque<u64> = VecDeque::new();
        while !shared.halted() {
            if let Some(place) = waiting.pop_front()
                && self.attempt(place) == Step::Waiting
            {
                waiting.push_back(place);
            }
            let place = shared.cursor.fetch_add(1, Ordering::Relaxed);
            if place >= shared.planned {
                break;
            }
            shared.tape.passed(place);
            if self.attempt(place) == Step::Waiting {
                waiting.push_back(place);
            }
        }
        self.drain(waiting);
        self.tally
    }

    /// Parents come earlier in the order, so each gets its answer from some worker.
    fn drain(&mut self, mut waiting: VecDeque<u64>) {
        let mut in_vain = 0;
        while let Some(place) = waiting.pop_front() {
            if self.shared.halted() {
                return;
            }
            if self.attempt(place) == Step::Done {
                in_vain = 0;
                continue;
            }
            waiting.push_back(place);
            in_vain += 1;
            if in_vain >= waiting.len() {
                std::thread::sleep(PATIENCE);
                in_vain = 0;
            }
        }
    }

    #[inline]
    fn attempt(&mut self, place: u64) -> Step {
        let entry = self.shared.tape.entry(place);
        let states = self.shared.states;
        let mut waiting = false;
        let mut missing = None;
        let per_write = self.shared.per_write;
        let values = entry.parents(|table, row| {
            if !per_write {
                match states.get(table, row) {
                    State::Acknowledged => {}
                    State::Pending => waiting = true,
                    State::Refused => missing = Some((table, row)),
                }
            }
        });
        if let Some(parent) = missing {
            self.not_sent(entry.operation, entry.row, parent);
            return Step::Done;
        }
        if waiting {
            return Step::Waiting;
        }
        if per_write {
            self.write_alone(entry.operation, entry.row, values);
        } else {
            self.execute(entry.operation, entry.row, values);
        }
        Step::Done
    }

    /// Executes and notes; true when the database acknowledged it and has the row.
    #[inline]
    fn execute(&mut self, operation: usize, row: u64, values: Decoder<'_>) -> bool {
        let shared = self.shared;
        let start = shared.clock.now();
        let outcome = self.session.execute(operation, values);
        let end = shared.clock.now();
        let latency_ns = shared.clock.nanos_between(start, end);
        let end_ns = shared.clock.nanos_between(shared.origin, end);
        let sample = Sample { operation, row: row + 1, latency_ns, end_ns };
        let table = shared.operations[operation].inserts().expect("an insert");
        match outcome {
            Outcome::Done { changes } => {
                // An INSERT that a conflict clause ignored is acknowledged, and leaves no row to refer to.
                if changes > 0 {
                    shared.states.acknowledge(table, row);
                } else {
                    shared.states.refuse(table, row);
                }
                self.recorder.success(sample);
                self.tally.end_ns = end_ns - self.tally.reset_ns;
                changes > 0
            }
            Outcome::Refused(failure) => {
                self.refused(table, sample, &failure);
                false
            }
            Outcome::Fatal(failure) => {
                self.refused(table, sample, &failure);
                shared.give_up(EngineError::Fatal { code: failure.code, message: failure.message });
                false
            }
            Outcome::Unexpected { .. } | Outcome::Torn(_) => unimplemented!(),
            Outcome::Cancelled => false,
        }
    }

    #[cold]
    fn refused(&mut self, table: usize, sample: Sample, failure: &Failure) {
        self.shared.states.refuse(table, sample.row - 1);
        self.shared.errors.fetch_add(1, Ordering::Relaxed);
        self.recorder.failure(sample, failure.code, &failure.message);
        self.tally.end_ns = sample.end_ns - self.tally.reset_ns;
    }

    #[cold]
    fn not_sent(&mut self, operation: usize, row: u64, parent: (usize, u64)) {
        let shared = self.shared;
        shared.states.refuse(shared.operations[operation].inserts().expect("an insert"), row);
        shared.errors.fetch_add(1, Ordering::Relaxed);
        let end_ns = shared.clock.nanos_between(shared.origin, shared.clock.now());
        let name = &shared.dataset.tables()[parent.0].name;
        let message = format!("row {} of {name}, which it refers to, was refused", parent.1 + 1);
        self.recorder.not_sent(operation, end_ns, PARENT_MISSING, &message);
        self.tally.end_ns = end_ns;
    }

    /// One write in a database of its own: tables and parents are made before it, untimed, and dropped after the row was looked up.
    fn write_alone(&mut self, operation: usize, row: u64, values: Decoder<'_>) {
        let clock = self.shared.clock;
        let start = clock.now();
        let table = self.shared.operations[operation].inserts().expect("an insert");
        let ready = self.session.set_up().and_then(|()| self.make_parents(table, row));
        self.tally.reset_ns += clock.nanos_between(start, clock.now());
        if let Err(error) = ready {
            return self.shared.give_up(error);
        }
        let acknowledged = self.execute(operation, row, values);
        let start = clock.now();
        let checked = if acknowledged { self.check(table, row) } else { Ok(()) };
        let dropped = checked.and_then(|()| self.session.drop_tables());
        self.tally.reset_ns += clock.nanos_between(start, clock.now());
        if let Err(error) = dropped {
            self.shared.give_up(error);
        }
    }

    fn make_parents(&mut self, table: usize, row: u64) -> Result<(), EngineError> {
        // Depth first: a parent's own parents come before it.
        let mut made: Vec<(usize, u64)> = Vec::new();
        let mut open = vec![(table, row, false)];
        while let Some((table_now, row_now, parents_made)) = open.pop() {
            if made.contains(&(table_now, row_now)) {
                continue;
            }
            let mut bytes = Vec::new();
            let dataset = self.shared.dataset;
            dataset
                .row(table_now, row_now, &mut self.workspace, &mut |value| encode(&mut bytes, value))
                .map_err(|error| EngineError::Unavailable(error.to_string()))?;
            if !parents_made {
                open.push((table_now, row_now, true));
                open.extend(self.workspace.parents().iter().map(|&(t, r)| (t, r, false)));
                continue;
            }
            made.push((table_now, row_now));
            if (table_now, row_now) != (table, row) {
                self.insert_parent(table_now, &bytes)?;
            }
        }
        Ok(())
    }

    fn insert_parent(&mut self, table: usize, bytes: &[u8]) -> Result<(), EngineError> {
        let operation = self.shared.operations.iter().position(|o| o.inserts() == Some(table));
        let operation = operation.expect("a table that others refer to is written");
        match self.session.execute(operation, Decoder::new(bytes)) {
            Outcome::Done { .. } => Ok(()),
            Outcome::Cancelled => Err(EngineError::Interrupted),
            Outcome::Unexpected { failure: f, .. }
            | Outcome::Torn(f)
            | Outcome::Refused(f)
            | Outcome::Fatal(f) => Err(EngineError::Fatal {
                code: f.code,
                message: format!("a parent row was refused: {}", f.message),
            }),
        }
    }

    fn check(&mut self, table: usize, row: u64) -> Result<(), EngineError> {
        let values = self
            .shared
            .dataset
            .values(table, row, &mut self.workspace)
            .map_err(|error| EngineError::Unavailable(error.to_string()))?;
        self.tally.looked_up += 1;
        let found = self.session.look_up(table, &values)?;
        if found != Lookup::Same {
            let name = &self.shared.dataset.tables()[table].name;
            self.tally.problems.push(super::verify::describe(name, row, &found));
        }
        Ok(())
    }
}
