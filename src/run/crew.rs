//! The workers of one tape: who takes which place of it, before and after measuring begins, and when they stop.
//!
//! An operation belongs to the warm-up when its place was taken before the warm-up ended; in an open loop, when its start was intended before
//! that. It stays with it however long it takes. The time is looked at before a place is taken, so that every place taken is worked on: others
//! may wait for its row.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::pacing::Schedule;
use super::sampling::Sampling;
use crate::dataset::{Dataset, Tape};
use crate::plan::{Extent, WarmUp, Workload};

const UNSET: u64 = u64::MAX;

/// When measuring begins, nanoseconds since the barrier; one for all crews of a level.
#[derive(Debug)]
pub(super) struct Origin {
    ns: AtomicU64,
    /// Begins with measuring.
    sampling: Sampling,
}

impl Origin {
    /// Known beforehand where there is no warm-up.
    pub(super) fn new(warm_up: WarmUp, sampling: Sampling) -> Self {
        if warm_up == WarmUp::None {
            sampling.begin();
        }
        Origin { ns: AtomicU64::new(if warm_up == WarmUp::None { 0 } else { UNSET }), sampling }
    }

    /// Absent while warming up.
    #[inline]
    pub(super) fn get(&self) -> Option<u64> {
        let ns = self.ns.load(Ordering::Acquire);
        (ns != UNSET).then_some(ns)
    }

    /// The first to say so decides.
    pub(super) fn set(&self, ns: u64) {
        // Whoever comes later finds it set.
        if self.ns.compare_exchange(UNSET, ns, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.sampling.begin();
        }
    }

    pub(super) fn sampling(&self) -> &Sampling {
        &self.sampling
    }
}

/// A place of the tape that a worker has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) place: u64,
    /// False in the warm-up.
    pub(super) measured: bool,
    /// In an open loop: nanoseconds since the barrier.
    pub(super) intended_ns: Option<u64>,
}

/// One tape and how far it is used.
#[derive(Debug)]
pub(super) struct CrewWork<'a> {
    pub(super) index: usize,
    pub(super) dataset: &'a Dataset,
    pub(super) tape: &'a Tape,
    pub(super) schedule: Option<Schedule>,
    warm_up: WarmUp,
    extent: Extent,
    /// Places that may be taken.
    limit: u64,
    /// The first measured place of an open loop.
    first_measured: u64,
    /// An open loop for a time whose tape is too short.
    short: bool,
    cursor: AtomicU64,
    warm_taken: AtomicU64,
    measured_taken: AtomicU64,
    used_up: AtomicBool,
}

impl<'a> CrewWork<'a> {
    pub(super) fn new(
        index: usize,
        workload: &Workload,
        dataset: &'a Dataset,
        tape: &'a Tape,
        seed: u64,
    ) -> Self {
        let (warm_up, extent) = (workload.warm_up, workload.extent);
        // One arrival more than there are operations tells whether they are enough.
        let schedule = Schedule::new(&workload.load, warm_up, tape.len() + 1, seed);
        let mut work = CrewWork {
            index,
            dataset,
            tape,
            schedule: None,
            warm_up,
            extent,
            limit: tape.len(),
            first_measured: 0,
            short: false,
            cursor: AtomicU64::new(0),
            warm_taken: AtomicU64::new(0),
            measured_taken: AtomicU64::new(0),
            used_up: AtomicBool::new(false),
        };
        if let Some(schedule) = schedule {
            work.follow(schedule);
        } else if let (Extent::Total(total), WarmUp::None | WarmUp::Operations(_)) = (extent, warm_up) {
            work.limit = work.limit.min(warm_up.at_most() + total);
        }
        work
    }

    /// In an open loop all is known beforehand.
    fn follow(&mut self, schedule: Schedule) {
        let length = self.tape.len();
        self.first_measured = match self.warm_up {
            WarmUp::None => 0,
            WarmUp::Operations(count) => count.min(length),
            WarmUp::Time { duration_ns, at_most } => schedule.due(duration_ns, length.min(at_most)),
        };
        let begin_ns = match self.warm_up {
            WarmUp::None => 0,
            WarmUp::Operations(count) => schedule.at(count.min(length.saturating_sub(1))),
            WarmUp::Time { duration_ns, .. } => duration_ns,
        };
        match self.extent {
            Extent::Total(total) => self.limit = length.min(self.first_measured + total),
            Extent::Time { duration_ns, .. } => {
                self.limit = schedule.due(begin_ns + duration_ns, length);
                self.short = schedule.at(length) < begin_ns + duration_ns;
            }
        }
        self.schedule = Some(schedule);
    }

    /// The next place; nothing when there is no more work. `now_ns` is the time since the barrier.
    pub(super) fn claim(&self, now_ns: u64, origin: &Origin) -> Option<Claim> {
        match &self.schedule {
            Some(schedule) => self.claim_paced(schedule, origin),
            None => self.claim_next(now_ns, origin),
        }
    }

    fn take(&self) -> Option<u64> {
        let place = self.cursor.fetch_add(1, Ordering::Relaxed);
        if place >= self.limit {
            return None;
        }
        self.tape.passed(place);
        Some(place)
    }

    fn claim_paced(&self, schedule: &Schedule, origin: &Origin) -> Option<Claim> {
        let Some(place) = self.take() else {
            self.used_up.fetch_or(self.short, Ordering::Relaxed);
            return None;
        };
        let measured = place >= self.first_measured;
        let intended_ns = schedule.at(place);
        if measured {
            origin.set(match self.warm_up {
                WarmUp::Time { duration_ns, .. } => duration_ns,
                WarmUp::None | WarmUp::Operations(_) => schedule.at(self.first_measured),
            });
        }
        Some(Claim { place, measured, intended_ns: Some(intended_ns) })
    }

    fn claim_next(&self, now_ns: u64, origin: &Origin) -> Option<Claim> {
        if self.over(now_ns, origin) {
            return None;
        }
        let measured = match self.warm_up {
            WarmUp::None => true,
            WarmUp::Operations(count) => {
                let place = self.take_timed()?;
                let measured = place >= count;
                if measured {
                    origin.set(now_ns);
                }
                return Some(Claim { place, measured, intended_ns: None });
            }
            WarmUp::Time { duration_ns, at_most } => {
                // A warm-up whose operations are used up ends early.
                let warm = now_ns < duration_ns
                    && origin.get().is_none()
                    && self.warm_taken.fetch_add(1, Ordering::Relaxed) < at_most;
                if !warm {
                    origin.set(now_ns.min(duration_ns));
                    self.measured_ticket()?;
                }
                !warm
            }
        };
        Some(Claim { place: self.take_timed()?, measured, intended_ns: None })
    }

    /// After a warm-up of a time, the tape holds more than what is measured.
    fn measured_ticket(&self) -> Option<u64> {
        let ticket = self.measured_taken.fetch_add(1, Ordering::Relaxed);
        match self.extent {
            Extent::Total(total) if ticket >= total => None,
            _ => Some(ticket),
        }
    }

    fn take_timed(&self) -> Option<u64> {
        let place = self.take();
        if place.is_none() && matches!(self.extent, Extent::Time { .. }) {
            self.used_up.store(true, Ordering::Relaxed);
        }
        place
    }

    /// Whether the level's time has come; never where it has none.
    pub(super) fn over(&self, now_ns: u64, origin: &Origin) -> bool {
        match (self.extent, origin.get()) {
            (Extent::Time { duration_ns, .. }, Some(origin_ns)) => {
                now_ns >= origin_ns.saturating_add(duration_ns)
            }
            _ => false,
        }
    }

    /// Whether a level that lasts for a time ended because there was nothing left to do.
    pub(super) fn used_up(&self) -> bool {
        self.used_up.load(Ordering::Relaxed)
    }

    /// Places of an open loop that are measured and whose start is intended before `until_ns`.
    pub(super) fn due(&self, until_ns: u64) -> u64 {
        let due = self.schedule.as_ref().map_or(0, |schedule| schedule.due(until_ns, self.limit));
        due.saturating_sub(self.first_measured)
    }
}
