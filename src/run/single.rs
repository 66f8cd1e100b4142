//! One operation after the other, in any way but the plain one: with warm-up, for a time, at a rate, with retries, with shared connections, or in
//! a database of its own.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use super::crew::Claim;
use super::gate::{Gate, look};
use super::journal::{Journal, Subject};
use super::line::{Line, Work};
use super::worker::{Answered, PATIENCE, Tally, Worker};
use crate::engine::{Outcome, Session};
use crate::value::Decoder;

pub(super) struct Single<'w, 'a, 'r> {
    pub(super) worker: &'w mut Worker<'a, 'r>,
    pub(super) line: Line<'a>,
    waiting: VecDeque<Claim>,
}

struct Operation<'v> {
    operation: usize,
    values: Decoder<'v>,
}

impl Work for Operation<'_> {
    fn prepare(&mut self, _session: &mut dyn Session) -> Result<(), Outcome> {
        Ok(())
    }

    fn send(&mut self, session: &mut dyn Session) -> Outcome {
        session.execute(self.operation, self.values)
    }
}

impl<'a> Worker<'a, '_> {
    /// Works on one operation after the other.
    pub(super) fn run_single(mut self, line: Line<'a>) -> (Tally, Journal) {
        let mut single = Single { worker: &mut self, line, waiting: VecDeque::new() };
        single.run();
        single.worker.shared.origin.sampling().leave();
        (self.tally, self.journal)
    }
}

impl Single<'_, '_, '_> {
    fn run(&mut self) {
        let shared = self.worker.shared;
        while !shared.halted() {
            self.attempt_waiting();
            if shared.halted() {
                break;
            }
            let Some(claim) = self.worker.crew.claim(shared.elapsed_ns(), shared.origin) else { break };
            shared.claimed.fetch_add(1, Ordering::Relaxed);
            if !self.await_start(&claim) {
                break;
            }
            if !self.attempt(claim) {
                self.waiting.push_back(claim);
            }
        }
        self.drain();
    }

    /// Waits for the intended start, if there is one; operations that had to wait for others have theirs behind them. False when the level is
    /// halted, or its time is over: what has not started by then is backlog.
    fn await_start(&mut self, claim: &Claim) -> bool {
        let shared = self.worker.shared;
        let Some(intended_ns) = claim.intended_ns else { return true };
        while !self.waiting.is_empty() && shared.elapsed_ns() < intended_ns && !shared.halted() {
            self.attempt_waiting();
            let left_ns = intended_ns.saturating_sub(shared.elapsed_ns());
            let patience_ns = PATIENCE.as_nanos() as u64;
            shared.clock.sleep_until(shared.clock.now(), left_ns.min(patience_ns), &|| shared.halted());
        }
        shared.clock.sleep_until(shared.start, intended_ns, &|| shared.halted()) && !self.over()
    }

    /// An open loop whose time is over starts nothing any more.
    fn over(&self) -> bool {
        let Worker { shared, crew, .. } = &*self.worker;
        crew.schedule.is_some() && crew.over(shared.elapsed_ns(), shared.origin)
    }

    fn attempt_waiting(&mut self) {
        if let Some(claim) = self.waiting.pop_front()
            && !self.attempt(claim)
        {
            self.waiting.push_back(claim);
        }
    }

    /// Parents come earlier in the order, so each gets its answer from some worker, unless an open loop ends before.
    fn drain(&mut self) {
        let mut in_vain = 0;
        while !self.waiting.is_empty() && !self.worker.shared.halted() && !self.over() {
            let before = self.waiting.len();
            self.attempt_waiting();
            in_vain = if self.waiting.len() < before { 0 } else { in_vain + 1 };
            if in_vain >= self.waiting.len() {
                self.worker.shared.clock.sleep(PATIENCE);
                in_vain = 0;
            }
        }
    }

    /// False when a row that it needs has no answer yet.
    fn attempt(&mut self, claim: Claim) -> bool {
        let shared = self.worker.shared;
        let entry = self.worker.crew.tape.entry(claim.place);
        let subject = Subject { operation: entry.operation, row: entry.row, target: entry.target };
        if shared.per_write {
            let values = entry.parents(|_, _| {});
            self.write_alone(claim, subject, values);
            return true;
        }
        match look(shared.states, entry) {
            Gate::Open(values) => {
                self.execute(claim, subject, values);
                true
            }
            Gate::Waiting => false,
            Gate::Missing(table, row) => {
                if claim.measured && claim.intended_ns.is_some() {
                    self.worker.count_start(shared.elapsed_ns());
                }
                self.worker.not_sent(subject, claim.measured, (table, row));
                true
            }
        }
    }

    /// Executes and notes; true when the database acknowledged it.
    pub(super) fn execute(&mut self, claim: Claim, subject: Subject, values: Decoder<'_>) -> bool {
        let Worker { shared, .. } = *self.worker;
        let mut work = Operation { operation: subject.operation, values };
        let (start, attempted) = self.worker.send(&mut self.line, &mut work, claim.measured, claim.place, 1);
        let service_ns = shared.clock.nanos_between(start, attempted.end);
        let latency_ns = match claim.intended_ns {
            Some(intended_ns) => {
                shared.clock.nanos_between(shared.start, attempted.end).saturating_sub(intended_ns)
            }
            None => service_ns,
        };
        if claim.measured && claim.intended_ns.is_some() {
            self.worker.count_start(shared.clock.nanos_between(shared.start, start));
        }
        let answered = Answered { subject, measured: claim.measured, start, end: attempted.end, latency_ns };
        let acknowledged = self.worker.note(&answered, attempted.outcome);
        if acknowledged && claim.measured {
            self.worker.recorder.payload(subject.operation, attempted.payload_bytes);
            if claim.intended_ns.is_some() {
                self.worker.recorder.service(service_ns);
            }
            if let Some((times, took_ns)) = attempted.times {
                self.worker.tally.split(1, took_ns, times);
            }
        }
        acknowledged
    }
}
