//! A worker's way to the database: a session of its own, or one from the pool for each attempt.

use super::pool::Connections;
use super::retry::Attempts;
use super::worker::Worker;
use crate::clock::Ticks;
use crate::engine::{Outcome, Session, Times};
use crate::template::mix;

pub(super) enum Line<'a> {
    Own(Box<dyn Session>),
    Shared(&'a Connections<'a>),
}

/// What came of an operation, or of a batch, after its last attempt.
pub(super) struct Attempted {
    pub(super) outcome: Outcome,
    pub(super) end: Ticks,
    /// Where the time of the last attempt went, and how long that was.
    pub(super) times: Option<(Times, u64)>,
    /// Bytes of values that the last attempt wrote, or read; of a batch, those that are not in its answers.
    pub(super) payload_bytes: u64,
}

/// What is to be sent.
pub(super) trait Work {
    /// Makes ready, untimed where the session is the worker's own.
    fn prepare(&mut self, session: &mut dyn Session) -> Result<(), Outcome>;
    /// Sends it; this is the timed region.
    fn send(&mut self, session: &mut dyn Session) -> Outcome;
}

impl<'a> Worker<'a, '_> {
    /// Sends until it is acknowledged or not to be repeated. `ordinal` tells it from others of this worker, `operations` how many it is.
    pub(super) fn send(
        &mut self,
        line: &mut Line<'a>,
        work: &mut dyn Work,
        measured: bool,
        ordinal: u64,
        operations: u64,
    ) -> (Ticks, Attempted) {
        let shared = self.shared;
        let seed = mix(shared.plan.seed, &[self.joined.number() as u64, ordinal]);
        let mut attempts = Attempts::new(shared.workload.retry.as_ref(), seed);
        if let Line::Own(session) = line
            && let Err(outcome) = work.prepare(session.as_mut())
        {
            let now = shared.clock.now();
            return (now, Attempted { outcome, end: now, times: None, payload_bytes: 0 });
        }
        let start = shared.clock.now();
        loop {
            let attempted = self.attempt(line, work, measured);
            if !shared.halted()
                && let Some(delay) = attempts.next(&attempted.outcome)
            {
                let from = shared.clock.now();
                let delay_ns = delay.as_nanos() as u64;
                let whole = shared.clock.sleep_until(from, delay_ns, &|| shared.halted());
                if measured {
                    self.tally.retries.delay_ns += shared.clock.nanos_between(from, shared.clock.now());
                }
                if whole {
                    continue;
                }
            }
            if measured {
                attempts.count(&attempted.outcome, operations, &mut self.tally.retries);
            }
            return (start, attempted);
        }
    }

    fn attempt(&mut self, line: &mut Line<'a>, work: &mut dyn Work, measured: bool) -> Attempted {
        let shared = self.shared;
        let unsent = |outcome| Attempted { outcome, end: shared.clock.now(), times: None, payload_bytes: 0 };
        match line {
            Line::Own(session) => self.attempt_on(session.as_mut(), work),
            Line::Shared(connections) => {
                match connections.check_out(self.joined, measured, &|| shared.halted()) {
                    Ok(mut session) => {
                        let attempted = match work.prepare(session.as_mut()) {
                            Ok(()) => self.attempt_on(session.as_mut(), work),
                            Err(outcome) => unsent(outcome),
                        };
                        connections.check_in(session);
                        attempted
                    }
                    Err(outcome) => unsent(outcome),
                }
            }
        }
    }

    fn attempt_on(&self, session: &mut dyn Session, work: &mut dyn Work) -> Attempted {
        let clock = self.shared.clock;
        let start = clock.now();
        let outcome = work.send(session);
        let end = clock.now();
        // Taken in any case, so that those of a refused attempt are not counted with the next.
        let times = session.take_times().map(|times| (times, clock.nanos_between(start, end)));
        let payload_bytes = if self.shared.payload { session.take_payload_bytes() } else { 0 };
        Attempted { outcome, end, times, payload_bytes }
    }
}
