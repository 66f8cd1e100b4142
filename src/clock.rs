//! Real and virtual time, and the waiting for it. The only caller of the system's clocks for measuring.
//!
//! On virtual time, workers that have joined a [`Crowd`] take turns: one runs until it waits, then time moves to the earliest of those who
//! wait. What a test sees so depends on nothing but what it asked for. What is timed, and what the times mean, is left to `run` and `measure`.

mod reading;

use std::cell::RefCell;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

/// Waiting is cut into pieces of this length at most, so that whoever is asked to stop does so soon.
const SLICE_NS: u64 = 10_000_000;
/// Before the end of a wait the system's timer is left for the clock: it wakes too late by about as much.
const SPIN_NS: u64 = 50_000;

/// A monotonic clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The processor's time stamp counter where it is steady, calibrated against the system's monotonic clock;
    /// that clock itself elsewhere.
    Real(quanta::Clock),
    /// Nanoseconds that move on when everybody waits.
    Virtual(Arc<AtomicU64>),
}

/// A reading: only differences mean anything, through [`Clock::nanos_between`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(u64);

thread_local! {
    /// The crowd that this thread has joined on virtual time, and its number.
    static JOINED: RefCell<Option<(Arc<Timeline>, usize)>> = const { RefCell::new(None) };
}

impl Clock {
    /// The machine's clock. Calibrating it takes up to a fifth of a second, once per process.
    pub fn real() -> Self {
        Clock::Real(quanta::Clock::new())
    }

    /// Time that begins at 0 and stands still unless somebody sleeps. Clones share it.
    pub fn virtual_time() -> Self {
        Clock::Virtual(Arc::default())
    }

    /// Now.
    #[inline]
    pub fn now(&self) -> Ticks {
        match self {
            Clock::Real(clock) => Ticks(clock.raw()),
            Clock::Virtual(nanos) => Ticks(nanos.load(Ordering::Relaxed)),
        }
    }

    /// Nanoseconds from one reading to a later one; 0 if they are in the wrong order.
    #[inline]
    pub fn nanos_between(&self, start: Ticks, end: Ticks) -> u64 {
        match self {
            Clock::Real(clock) => clock.delta_as_nanos(start.0, end.0),
            Clock::Virtual(_) => end.0.saturating_sub(start.0),
        }
    }

    /// Waits. On virtual time whoever has joined no crowd moves time on by himself.
    pub fn sleep(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        match self {
            Clock::Real(_) => std::thread::sleep(duration),
            Clock::Virtual(now) => JOINED.with_borrow(|joined| match joined {
                Some((timeline, number)) => timeline.sleep(*number, nanos),
                None => {
                    now.fetch_add(nanos, Ordering::Relaxed);
                }
            }),
        }
    }

    /// Waits until `after_ns` nanoseconds after `start`, to a few microseconds, or until `ended` says so, which is asked a hundred times a
    /// second. False when it ended early.
    pub fn sleep_until(&self, start: Ticks, after_ns: u64, ended: &dyn Fn() -> bool) -> bool {
        loop {
            let left_ns = after_ns.saturating_sub(self.nanos_between(start, self.now()));
            if left_ns == 0 {
                return true;
            }
            if ended() {
                return false;
            }
            match self {
                Clock::Real(_) if left_ns <= SPIN_NS => std::hint::spin_loop(),
                Clock::Real(_) => self.sleep(Duration::from_nanos((left_ns - SPIN_NS).min(SLICE_NS))),
                Clock::Virtual(_) => self.sleep(Duration::from_nanos(left_ns.min(SLICE_NS))),
            }
        }
    }

    /// Workers 0 to `count - 1`, who start together.
    pub fn crowd(&self, count: usize) -> Crowd {
        let kind = match self {
            Clock::Real(_) => Kind::Real {
                barrier: Barrier::new(count),
                threads: (0..count).map(|_| OnceLock::new()).collect(),
            },
            Clock::Virtual(now) => Kind::Virtual(Arc::new(Timeline::new(Arc::clone(now), count))),
        };
        Crowd { clock: self.clone(), kind }
    }
}

/// Workers who start together, and may wake each other.
#[derive(Debug)]
pub struct Crowd {
    clock: Clock,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Real { barrier: Barrier, threads: Vec<OnceLock<Thread>> },
    Virtual(Arc<Timeline>),
}

/// One of a crowd, until it is dropped.
#[derive(Debug)]
pub struct Joined<'a> {
    crowd: &'a Crowd,
    number: usize,
}

impl Crowd {
    /// Makes this thread number `number`, and waits until all have joined: every number must, once, each on a thread of its own.
    pub fn join(&self, number: usize) -> Joined<'_> {
        match &self.kind {
            Kind::Real { barrier, threads } => {
                // Without it, the system lets sleeps end 50 microseconds late. Where it does not allow that, they do.
                let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
                let set = threads[number].set(std::thread::current());
                assert!(set.is_ok(), "a number joins once");
                barrier.wait();
            }
            Kind::Virtual(timeline) => {
                JOINED.set(Some((Arc::clone(timeline), number)));
                timeline.join(number);
            }
        }
        Joined { crowd: self, number }
    }

    /// Wakes a worker that is parked; one that is not will not park the next time.
    pub fn unpark(&self, number: usize) {
        match &self.kind {
            Kind::Real { threads, .. } => threads[number].get().expect("all have joined").unpark(),
            Kind::Virtual(timeline) => timeline.unpark(number),
        }
    }
}

impl Joined<'_> {
    /// Which one it is.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Waits to be woken, for `nanos` at most, and for a hundredth of a second at most. May return early, without any reason.
    pub fn park(&self, nanos: u64) {
        let nanos = nanos.min(SLICE_NS);
        match &self.crowd.kind {
            Kind::Real { .. } => std::thread::park_timeout(Duration::from_nanos(nanos)),
            Kind::Virtual(timeline) => timeline.park(self.number, nanos),
        }
    }

    /// The clock of the crowd.
    pub fn clock(&self) -> &Clock {
        &self.crowd.clock
    }
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        if let Kind::Virtual(timeline) = &self.crowd.kind {
            JOINED.set(None);
            timeline.leave(self.number);
        }
    }
}

/// What a worker on virtual time is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// Not there yet, or gone.
    Absent,
    Running,
    /// Until a time, nanoseconds; whoever is parked may be woken before.
    Waiting {
        until_ns: u64,
        parked: bool,
    },
}

#[derive(Debug)]
struct Turns {
    doing: Vec<Doing>,
    /// Woken while not parked.
    woken: Vec<bool>,
    /// Still to join before anyone runs.
    missing: usize,
}

/// Virtual time of a crowd: one worker runs at a time, chosen by the earliest time, then by number.
#[derive(Debug)]
struct Timeline {
    now: Arc<AtomicU64>,
    turns: Mutex<Turns>,
    turn_of: Vec<Condvar>,
}

impl Timeline {
    fn new(now: Arc<AtomicU64>, count: usize) -> Self {
        let turns = Turns { doing: vec![Doing::Absent; count], woken: vec![false; count], missing: count };
        Timeline { now, turns: Mutex::new(turns), turn_of: (0..count).map(|_| Condvar::new()).collect() }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        // A worker that panicked left by dropping what it joined with.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ns(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    fn join(&self, number: usize) {
        let mut turns = self.turns();
        turns.missing -= 1;
        self.wait(turns, number, 0, false);
    }

    fn leave(&self, number: usize) {
        let mut turns = self.turns();
        turns.doing[number] = Doing::Absent;
        self.pass_on(&mut turns);
    }

    fn sleep(&self, number: usize, nanos: u64) {
        self.wait(self.turns(), number, nanos, false);
    }

    fn park(&self, number: usize, nanos: u64) {
        let mut turns = self.turns();
        if !std::mem::take(&mut turns.woken[number]) {
            self.wait(turns, number, nanos, true);
        }
    }

    fn unpark(&self, number: usize) {
        let mut turns = self.turns();
        match &mut turns.doing[number] {
            Doing::Waiting { until_ns, parked: true } => *until_ns = (*until_ns).min(self.now_ns()),
            _ => turns.woken[number] = true,
        }
    }

    fn wait(&self, mut turns: MutexGuard<'_, Turns>, number: usize, nanos: u64, parked: bool) {
        turns.doing[number] = Doing::Waiting { until_ns: self.now_ns().saturating_add(nanos), parked };
        self.pass_on(&mut turns);
        while turns.doing[number] != Doing::Running {
            turns = self.turn_of[number].wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the next one run, when nobody does.
    fn pass_on(&self, turns: &mut Turns) {
        if turns.missing > 0 || turns.doing.contains(&Doing::Running) {
            return;
        }
        let waiting = turns.doing.iter().enumerate().filter_map(|(number, doing)| match doing {
            Doing::Waiting { until_ns, .. } => Some((*until_ns, number)),
            _ => None,
        });
        if let Some((until_ns, number)) = waiting.min() {
            self.now.fetch_max(until_ns, Ordering::Relaxed);
            turns.doing[number] = Doing::Running;
            self.turn_of[number].notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each of a crowd noted: who, and when in microseconds.
    fn noted(count: usize, work: impl Fn(&Joined<'_>, &dyn Fn()) + Sync) -> Vec<(usize, u64)> {
        let clock = Clock::virtual_time();
        let crowd = clock.crowd(count);
        let origin = clock.now();
        let notes = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for number in (0..count).rev() {
                let (crowd, notes, work, clock) = (&crowd, &notes, &work, &clock);
                scope.spawn(move || {
                    let joined = crowd.join(number);
                    work(&joined, &|| {
                        let micros = clock.nanos_between(origin, clock.now()) / 1_000;
                        notes.lock().unwrap().push((number, micros));
                    });
                });
            }
        });
        notes.into_inner().unwrap()
    }

    #[test]
    fn virtual_time_moves_only_when_somebody_sleeps() {
        let clock = Clock::virtual_time();
        let start = clock.now();
        clock.sleep(Duration::from_micros(3));
        assert_eq!(clock.nanos_between(start, clock.now()), 3_000);
        assert!(clock.sleep_until(start, 50_000_000, &|| false));
        assert_eq!(clock.nanos_between(start, clock.now()), 50_000_000);
    }

    #[test]
    fn a_crowd_takes_turns_by_time_and_then_by_number() {
        let found = noted(3, |joined, note| {
            note();
            for _ in 0..2 {
                joined.clock().sleep(Duration::from_micros(if joined.number() == 1 { 5 } else { 10 }));
                note();
            }
        });
        assert_eq!(found, [(0, 0), (1, 0), (2, 0), (1, 5), (0, 10), (1, 10), (2, 10), (0, 20), (2, 20)]);
    }

    #[test]
    fn who_is_parked_wakes_when_told_or_at_the_end_of_its_time() {
        let found = noted(3, |joined, note| {
            match joined.number() {
                0 => joined.park(9_000_000),
                1 => joined.park(4_000),
                _ => {
                    joined.clock().sleep(Duration::from_micros(7));
                    joined.crowd.unpark(0);
                }
            }
            note();
        });
        assert_eq!(found, [(1, 4), (2, 7), (0, 7)]);
    }

    #[test]
    fn waking_somebody_who_is_not_parked_is_not_forgotten() {
        let found = noted(2, |joined, note| {
            if joined.number() == 0 {
                joined.crowd.unpark(1);
            } else {
                joined.park(5_000_000);
                note();
                joined.park(1_000_000);
            }
            note();
        });
        assert_eq!(found, [(0, 0), (1, 0), (1, 1_000)]);
    }

    #[test]
    fn a_wait_ends_when_it_is_asked_to() {
        let clock = Clock::virtual_time();
        let start = clock.now();
        let ended = || clock.nanos_between(start, clock.now()) >= 30_000_000;
        assert!(!clock.sleep_until(start, 3_600_000_000_000, &ended));
        assert_eq!(clock.nanos_between(start, clock.now()), 30_000_000);
    }

    #[test]
    fn real_time_never_runs_backwards_and_waits_never_end_early() {
        let clock = Clock::real();
        assert!((0..1_000).map(|_| clock.now()).is_sorted());
        let start = clock.now();
        assert!(clock.sleep_until(start, 200_000, &|| false));
        assert!(clock.nanos_between(start, clock.now()) >= 200_000);
    }
}
