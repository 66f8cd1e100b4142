//! The plain way: a closed loop without warm-up, pool, retries or batches, until the tape is used up. What the runner itself costs is this.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use super::gate::{Gate, look};
use super::journal::Subject;
use super::worker::{Answered, PATIENCE, Tally, Worker};
use crate::engine::Session;

/// What came of one place of the tape.
#[derive(PartialEq, Eq)]
enum Step {
    Done,
    /// A parent has no answer yet.
    Waiting,
}

pub(super) struct Plain<'w, 'a, 'r> {
    pub(super) worker: &'w mut Worker<'a, 'r>,
    pub(super) session: &'w mut dyn Session,
}

impl Plain<'_, '_, '_> {
    /// Works until `planned` places are used up, or the level is halted.
    pub(super) fn run(&mut self, planned: u64) {
        let shared = self.worker.shared;
        let tape = self.worker.crew.tape;
        let alone = shared.alone;
        let mut waiting: VecDeque<u64> = VecDeque::new();
        while !shared.halted() {
            if let Some(place) = waiting.pop_front() {
                if self.attempt(place) == Step::Waiting {
                    waiting.push_back(place);
                }
                if shared.halted() {
                    break;
                }
            }
            let place = claim(shared.claimed, alone);
            if place >= planned {
                break;
            }
            tape.passed(place);
            if self.attempt(place) == Step::Waiting {
                waiting.push_back(place);
            }
        }
        self.drain(waiting);
    }

    /// Parents come earlier in the order, so each gets its answer from some worker.
    fn drain(&mut self, mut waiting: VecDeque<u64>) {
        let mut in_vain = 0;
        while let Some(place) = waiting.pop_front() {
            if self.worker.shared.halted() {
                return;
            }
            if self.attempt(place) == Step::Done {
                in_vain = 0;
                continue;
            }
            waiting.push_back(place);
            in_vain += 1;
            if in_vain >= waiting.len() {
                self.worker.shared.clock.sleep(PATIENCE);
                in_vain = 0;
            }
        }
    }

    #[inline]
    fn attempt(&mut self, place: u64) -> Step {
        let shared = self.worker.shared;
        let entry = self.worker.crew.tape.entry(place);
        let subject = Subject { operation: entry.operation, row: entry.row, target: entry.target };
        let values = match look(shared.states, entry) {
            Gate::Open(values) => values,
            Gate::Waiting => return Step::Waiting,
            Gate::Missing(table, row) => {
                self.worker.not_sent(subject, true, (table, row));
                return Step::Done;
            }
        };
        let start = shared.clock.now();
        let outcome = self.session.execute(subject.operation, values);
        let end = shared.clock.now();
        let latency_ns = shared.clock.nanos_between(start, end);
        let answered = Answered { subject, measured: true, start, end, latency_ns };
        let times = self.session.take_times();
        let bytes = if shared.payload { self.session.take_payload_bytes() } else { 0 };
        if self.worker.note(&answered, outcome) {
            if let Some(times) = times {
                self.worker.tally.split(1, latency_ns, times);
            }
            if bytes > 0 {
                self.worker.recorder.payload(subject.operation, bytes);
            }
        }
        Step::Done
    }
}

/// The next place. Nobody else can take it from a worker that is alone, so that it is spared the price of a locked addition.
#[inline]
fn claim(claimed: &AtomicU64, alone: bool) -> u64 {
    if alone {
        let place = claimed.load(Ordering::Relaxed);
        claimed.store(place + 1, Ordering::Relaxed);
        place
    } else {
        claimed.fetch_add(1, Ordering::Relaxed)
    }
}

impl Worker<'_, '_> {
    /// Works the plain way.
    pub(super) fn run_plain(
        mut self,
        session: &mut dyn Session,
        planned: u64,
    ) -> (Tally, super::journal::Journal) {
        Plain { worker: &mut self, session }.run(planned);
        self.shared.origin.sampling().leave();
        (self.tally, self.journal)
    }
}
