//! The buffer: the active table, the immutable one that is being flushed, and who waits for whom.
//!
//! A table that has reached the threshold becomes immutable as soon as no other is; until then it takes no more, and its writers wait. So what
//! is in memory alone never exceeds two thresholds, and two times what a batch may go beyond one.

use std::ops::DerefMut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use super::memory::Memory;
use super::shape::Shape;
use crate::clock::{Clock, Ticks};
use crate::engine::{BufferCounters, Failure, Outcome};
use crate::plan;

/// Between two looks at whether the run is being stopped, for whoever waits.
const LOOK: Duration = Duration::from_millis(20);

/// What a buffer is made from.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) buffer: plan::Buffer,
    /// Operations of a batch, at most; 1 where there are none.
    pub(super) largest_batch: u64,
    pub(super) clock: Clock,
    pub(super) stop: Arc<AtomicBool>,
}

/// Everything that changes, behind one lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) active: Memory,
    pub(super) immutable: Option<Arc<Memory>>,
    /// Emptied, with its memory.
    spare: Option<Memory>,
    /// When the active table got its first row; kept where age matters.
    born: Option<Ticks>,
    /// Flushes that are done: what was below a moment ago is the same while this is.
    pub(super) flushes: u64,
    /// Why nothing can be flushed any more.
    pub(super) failed: Option<Failure>,
    counters: BufferCounters,
}

/// What sessions and the flusher share.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) shapes: Arc<[Shape]>,
    pub(super) state: Arc<RwLock<State>>,
    pub(super) settings: Settings,
    /// Flushes that are done, or tried in vain, for those who wait for one.
    flushed: (Mutex<u64>, Condvar),
    /// What the flusher is to do.
    orders: (Mutex<Orders>, Condvar),
}

#[derive(Debug, Default)]
struct Orders {
    flush: bool,
    end: bool,
}

/// What the flusher does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Look,
    End,
}

impl State {
    /// The active table becomes immutable.
    fn rotate(&mut self, shapes: &[Shape]) {
        let next = self.spare.take().unwrap_or_else(|| Memory::new(shapes));
        self.immutable = Some(Arc::new(std::mem::replace(&mut self.active, next)));
        self.born = None;
        self.counters.rotations += 1;
    }

    fn at_risk(&self) -> u64 {
        self.active.entries() + self.immutable.as_ref().map_or(0, |immutable| immutable.entries())
    }
}

impl Buffer {
    pub(super) fn new(shapes: Arc<[Shape]>, settings: Settings) -> Buffer {
        let limit = settings.buffer.threshold + settings.largest_batch.max(1) - 1;
        let state = State {
            active: Memory::new(&shapes),
            immutable: None,
            spare: None,
            born: None,
            flushes: 0,
            failed: None,
            counters: BufferCounters { at_risk_limit: 2 * limit, ..BufferCounters::default() },
        };
        Buffer {
            shapes,
            state: Arc::new(RwLock::new(state)),
            settings,
            flushed: Default::default(),
            orders: Default::default(),
        }
    }

    /// The state, locked for a write that there is room for; the time spent waiting for room is added.
    ///
    /// # Errors
    /// What becomes of a write that there is never going to be room for.
    #[inline]
    pub(super) fn admit<G: DerefMut<Target = State>>(
        &self,
        lock: impl Fn() -> G,
        waited_ns: &mut u64,
    ) -> Result<G, Outcome> {
        let state = lock();
        if state.failed.is_none() && state.active.entries() < self.settings.buffer.threshold {
            return Ok(state);
        }
        self.admit_late(state, lock, waited_ns)
    }

    #[cold]
    fn admit_late<G: DerefMut<Target = State>>(
        &self,
        mut state: G,
        lock: impl Fn() -> G,
        waited_ns: &mut u64,
    ) -> Result<G, Outcome> {
        let Settings { clock, stop, buffer, .. } = &self.settings;
        let start = clock.now();
        let mut waits = false;
        while state.active.entries() >= buffer.threshold && state.failed.is_none() {
            let seen = state.flushes;
            state.counters.waits += u64::from(!std::mem::replace(&mut waits, true));
            drop(state);
            self.wait_beyond(seen, || stop.load(Ordering::Relaxed));
            if stop.load(Ordering::Relaxed) {
                return Err(Outcome::Cancelled);
            }
            state = lock();
        }
        if let Some(failure) = &state.failed {
            return Err(Outcome::Fatal(failure.clone()));
        }
        let waited = clock.nanos_between(start, clock.now());
        *waited_ns += waited;
        state.counters.wait_ns += waited;
        Ok(state)
    }

    /// To be called after each write, before the lock is let go. Says whether the flusher is to be woken afterwards.
    #[inline]
    pub(super) fn wrote(&self, state: &mut State) -> bool {
        let Settings { buffer, clock, .. } = &self.settings;
        let at_risk = state.at_risk();
        if at_risk > state.counters.at_risk_max {
            state.counters.at_risk_max = at_risk;
        }
        if buffer.flush_timeout_ms.is_some() && state.born.is_none() && state.active.entries() > 0 {
            state.born = Some(clock.now());
        }
        let full = state.active.entries() >= buffer.threshold && state.immutable.is_none();
        if full {
            state.rotate(&self.shapes);
        }
        full
    }

    /// Tells the flusher that there is something to flush.
    #[cold]
    pub(super) fn wake(&self) {
        self.orders.0.lock().flush = true;
        self.orders.1.notify_all();
    }

    /// Tells the flusher to end, once it has nothing to do.
    pub(super) fn end(&self) {
        self.orders.0.lock().end = true;
        self.orders.1.notify_all();
    }

    /// What the flusher does when it has nothing to flush: waits, until something comes, the active table is too old, or it is to end.
    pub(super) fn next(&self) -> Next {
        let until = self.rotate_old();
        let (orders, bell) = &self.orders;
        let mut orders = orders.lock();
        if !orders.flush && !orders.end {
            match until {
                Some(nanos) if nanos > 0 => {
                    bell.wait_for(&mut orders, Duration::from_nanos(nanos));
                }
                Some(_) => {}
                None => bell.wait(&mut orders),
            }
        }
        if std::mem::take(&mut orders.flush) || !orders.end { Next::Look } else { Next::End }
    }

    /// Makes the active table immutable where it is too old. Says when to look again, in nanoseconds; 0 where there is something to flush.
    pub(super) fn rotate_old(&self) -> Option<u64> {
        let most_ns = self.settings.buffer.flush_timeout_ms?.saturating_mul(1_000_000);
        let mut state = self.state.write();
        let Some(born) = state.born else { return Some(most_ns) };
        let clock = &self.settings.clock;
        let left = most_ns.saturating_sub(clock.nanos_between(born, clock.now()));
        if left > 0 || state.failed.is_some() {
            return Some(left.max(1));
        }
        if state.immutable.is_none() {
            state.rotate(&self.shapes);
            state.counters.timed_rotations += 1;
        }
        Some(0)
    }

    /// What is to be flushed.
    pub(super) fn immutable(&self) -> Option<Arc<Memory>> {
        let state = self.state.read();
        state.immutable.clone().filter(|_| state.failed.is_none())
    }

    /// The immutable table is flushed: those who waited go on.
    pub(super) fn done(&self, entries: u64, took_ns: u64) {
        let mut state = self.state.write();
        state.immutable = None;
        state.flushes += 1;
        let counters = &mut state.counters;
        counters.flush_ns_min =
            if counters.flushes == 0 { took_ns } else { counters.flush_ns_min.min(took_ns) };
        counters.flush_ns_max = counters.flush_ns_max.max(took_ns);
        counters.flushes += 1;
        counters.flushed_rows += entries;
        counters.flush_ns += took_ns;
        if state.active.entries() >= self.settings.buffer.threshold {
            state.rotate(&self.shapes);
            self.wake();
        }
        let flushes = state.flushes;
        drop(state);
        self.tell(flushes);
    }

    /// The immutable table cannot be flushed: nothing is written any more.
    pub(super) fn failed(&self, failure: Failure) {
        self.state.write().failed = Some(failure);
        self.tell(u64::MAX);
    }

    fn tell(&self, flushes: u64) {
        *self.flushed.0.lock() = flushes;
        self.flushed.1.notify_all();
    }

    /// Memory of a table that was flushed, for the next.
    pub(super) fn give_back(&self, spare: Memory) {
        self.state.write().spare = Some(spare);
    }

    fn wait_beyond(&self, seen: u64, ended: impl Fn() -> bool) {
        let (flushed, bell) = &self.flushed;
        let mut flushed = flushed.lock();
        while *flushed <= seen && !ended() {
            bell.wait_for(&mut flushed, LOOK);
        }
    }

    /// Waits until nothing is being flushed; with `all`, the active table is flushed, too.
    ///
    /// # Errors
    /// Why something could not be flushed.
    pub(super) fn drain(&self, all: bool) -> Result<(), Failure> {
        loop {
            let mut state = self.state.write();
            if let Some(failure) = &state.failed {
                return Err(failure.clone());
            }
            if state.immutable.is_none() {
                if !all || state.active.entries() == 0 {
                    return Ok(());
                }
                state.rotate(&self.shapes);
            }
            let seen = state.flushes;
            drop(state);
            self.wake();
            self.wait_beyond(seen, || false);
        }
    }

    /// What it did so far.
    pub(super) fn counters(&self) -> BufferCounters {
        self.state.read().counters
    }
}
