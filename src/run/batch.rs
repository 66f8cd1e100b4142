//! Operations that share a transaction: a worker takes as many as a batch holds, sends them together, and all of them are acknowledged or none.
//!
//! Whatever is done beside sending them is outside of the timed region. An operation that needs rows of others joins a later batch; rows of the
//! same batch that come before it are fine. A plan has no batches at a rate: there is no open loop here.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;

use super::crew::Claim;
use super::gate::{Gate, look_with};
use super::journal::{Journal, Subject};
use super::line::Line;
use super::sending::{Answer, Item, Sending};
use super::size::Size;
use super::worker::{Answered, PATIENCE, Tally, Worker};
use crate::clock::Ticks;
use crate::engine::{Failure, Outcome};
use crate::measure::Sample;
use crate::plan::{Batch, BatchMode, Kind};

struct Batches<'w, 'a, 'r> {
    worker: &'w mut Worker<'a, 'r>,
    line: Line<'a>,
    mode: BatchMode,
    size: Size,
    waiting: VecDeque<Claim>,
    /// Taken, and of another part of the level than the batch it would have joined.
    kept: Option<Claim>,
    items: Vec<Item<'a>>,
    /// Rows that `items` write, up to `indexed` of them.
    rows: HashSet<(usize, u64)>,
    indexed: usize,
    sent: u64,
    ended: bool,
}

impl<'a> Worker<'a, '_> {
    /// Works batch by batch.
    pub(super) fn run_batches(mut self, line: Line<'a>, batch: &Batch) -> (Tally, Journal) {
        let mut batches = Batches {
            worker: &mut self,
            line,
            mode: batch.mode,
            size: Size::new(batch.size),
            waiting: VecDeque::new(),
            kept: None,
            items: Vec::new(),
            rows: HashSet::new(),
            indexed: 0,
            sent: 0,
            ended: false,
        };
        batches.run();
        batches.worker.shared.origin.sampling().leave();
        let settled = batches.size.settled();
        self.tally.batches.settled.extend(settled);
        (self.tally, self.journal)
    }
}

impl Batches<'_, '_, '_> {
    fn run(&mut self) {
        let shared = self.worker.shared;
        while !shared.halted() {
            self.fill();
            if self.items.is_empty() {
                if self.ended && self.waiting.is_empty() && self.kept.is_none() {
                    return;
                }
                shared.clock.sleep(PATIENCE);
            } else {
                self.send();
            }
        }
    }

    /// Those that waited first, then from the tape.
    fn fill(&mut self) {
        self.items.clear();
        self.rows.clear();
        self.indexed = 0;
        let size = self.size.now();
        for _ in 0..self.waiting.len() {
            let Some(claim) = self.waiting.pop_front() else { break };
            if (self.items.len() as u64) < size && self.fits(claim) {
                self.join(claim);
            } else {
                self.waiting.push_back(claim);
            }
        }
        let shared = self.worker.shared;
        let now_ns = shared.elapsed_ns();
        // A worker does not hoard operations that cannot be sent.
        while (self.items.len() as u64) < size && (self.waiting.len() as u64) < size && !shared.halted() {
            let claim = match self.kept.take() {
                Some(claim) => claim,
                None if self.ended => return,
                None => match self.worker.crew.claim(now_ns, shared.origin) {
                    Some(claim) => {
                        shared.claimed.fetch_add(1, Ordering::Relaxed);
                        claim
                    }
                    None => {
                        self.ended = true;
                        return;
                    }
                },
            };
            if !self.fits(claim) {
                self.kept = Some(claim);
                return;
            }
            self.join(claim);
        }
    }

    /// A batch is either measured or not.
    fn fits(&self, claim: Claim) -> bool {
        self.items.first().is_none_or(|item| item.claim.measured == claim.measured)
    }

    fn join(&mut self, claim: Claim) {
        let shared = self.worker.shared;
        let entry = self.worker.crew.tape.entry(claim.place);
        let subject = Subject { operation: entry.operation, row: entry.row, target: entry.target };
        let Batches { items, rows, indexed, .. } = self;
        let operations = &shared.plan.operations;
        let gate = look_with(shared.states, entry, |table, row| {
            let written = |item: &Item<'_>| written(&operations[item.subject.operation].kind, item.subject);
            rows.extend(items[*indexed..].iter().filter_map(written));
            *indexed = items.len();
            rows.contains(&(table, row))
        });
        match gate {
            Gate::Open(values) => self.items.push(Item { claim, subject, values }),
            Gate::Waiting => self.waiting.push_back(claim),
            Gate::Missing(table, row) => self.worker.not_sent(subject, claim.measured, (table, row)),
        }
    }

    fn send(&mut self) {
        let Worker { shared, .. } = *self.worker;
        let measured = self.items[0].claim.measured;
        let count = self.items.len() as u64;
        let mut sending = Sending::new(&mut self.items, shared.plan, shared.ranks, self.mode);
        self.sent += 1;
        let (start, attempted) = self.worker.send(&mut self.line, &mut sending, measured, self.sent, count);
        let Sending { answers, uncounted, .. } = sending;
        let end = attempted.end;
        if matches!(attempted.outcome, Outcome::Cancelled) {
            return;
        }
        let whole = matches!(attempted.outcome, Outcome::Done { .. });
        let unknown = matches!(attempted.outcome, Outcome::Unknown(_));
        let acknowledged = if whole {
            uncounted.iter().for_each(|&(table, rows)| self.worker.journal.without_names(table, -rows));
            self.acknowledge(start, end, &answers)
        } else {
            self.refuse(start, end, attempted.outcome);
            0
        };
        self.size.follow(acknowledged, count);
        if !measured {
            return;
        }
        let took_ns = shared.clock.nanos_between(start, end);
        let counted = &mut self.worker.tally.batches;
        counted.size_min = if counted.size_min == 0 { count } else { counted.size_min.min(count) };
        counted.size_max = counted.size_max.max(count);
        if !whole {
            counted.failed += u64::from(!unknown);
            counted.unknown += u64::from(unknown);
            return;
        }
        counted.latencies.record(took_ns);
        if let Some((times, attempt_ns)) = attempted.times {
            self.worker.tally.split(acknowledged, attempt_ns, times);
        }
    }

    fn answered(&self, item: &Item<'_>, start: Ticks, end: Ticks) -> Answered {
        let Worker { shared, .. } = &*self.worker;
        let latency_ns = shared.clock.nanos_between(start, end) / self.items.len() as u64;
        Answered { subject: item.subject, measured: item.claim.measured, start, end, latency_ns }
    }

    /// Notes what stands; how many operations came to what was expected.
    fn acknowledge(&mut self, start: Ticks, end: Ticks, answers: &[Answer]) -> u64 {
        let Worker { shared, .. } = *self.worker;
        let mut groups: Vec<(Sample, u64)> = Vec::new();
        let mut acknowledged = 0;
        for (index, answer) in answers.iter().enumerate() {
            let item = self.items[index];
            let answered = self.answered(&item, start, end);
            self.worker.stands(&answered, answer.changes);
            if let Some(failure) = &answer.failure {
                self.worker.failed(&answered, failure);
                continue;
            }
            acknowledged += 1;
            if !item.claim.measured {
                self.worker.recorder.warm_up(true);
                continue;
            }
            let end_ns = self.worker.since_origin(shared.clock.nanos_between(shared.start, end));
            let Answered { subject, latency_ns, .. } = answered;
            self.worker.recorder.payload(subject.operation, answer.payload_bytes);
            let sample = Sample { operation: subject.operation, row: subject.row + 1, latency_ns, end_ns };
            match groups.iter_mut().find(|(group, _)| group.operation == sample.operation) {
                Some((_, count)) => *count += 1,
                None => groups.push((sample, 1)),
            }
        }
        for (sample, count) in groups {
            self.worker.recorder.success_n(sample, count);
            self.worker.ended(sample.end_ns);
        }
        self.worker.tally.last_ns = shared.clock.nanos_between(shared.start, end);
        acknowledged
    }

    /// All operations of a batch that failed have its code; nothing of them stands. Where its answer was lost, so were theirs.
    fn refuse(&mut self, start: Ticks, end: Ticks, outcome: Outcome) {
        let (failure, kind): (Failure, fn(Failure) -> Outcome) = match outcome {
            Outcome::Refused(failure) | Outcome::Torn(failure) | Outcome::Unexpected { failure, .. } => {
                (failure, Outcome::Refused)
            }
            Outcome::Unknown(failure) => (failure, Outcome::Unknown),
            Outcome::Fatal(failure) => (failure, Outcome::Fatal),
            Outcome::Cancelled | Outcome::Done { .. } => return,
        };
        for index in 0..self.items.len() {
            let item = self.items[index];
            let answered = self.answered(&item, start, end);
            self.worker.note(&answered, kind(failure.clone()));
        }
    }
}

/// The row of the dataset that an operation writes.
fn written(kind: &Kind, subject: Subject) -> Option<(usize, u64)> {
    match (kind, subject.target) {
        (Kind::Insert { table }, _) | (Kind::Upsert { table, .. }, None) => Some((*table, subject.row)),
        _ => None,
    }
}
