//! What happens inside SQLite while a worker waits: busy waiting that heeds a stop, commits and automatic checkpoints, counted and timed.
//!
//! The waits are those of SQLite's own busy handler, to the millisecond; only that they can be ended sets them apart.

#![expect(unsafe_code, reason = "SQLite calls back through C function pointers")]

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, ffi};

use super::checkpoints::Checkpoints;
use super::delays::delay_ms;
use crate::clock::{Clock, Ticks};
use crate::engine::{Checkpoint, Times};

/// How long a connection still waits for locks after the stop was asked for, over all its waits.
const PATIENCE_MS: u32 = 300;

/// Stands for no commit under way.
const NONE: u64 = u64::MAX;

/// The state of one connection's callbacks. It must outlive the connection.
///
/// One thread at a time writes it, that of the connection's session; the atomics are there because sessions move between threads.
#[derive(Debug)]
pub(super) struct Watch {
    timeout_ms: u32,
    clock: Clock,
    /// Times below are nanoseconds since then.
    origin: Ticks,
    /// Of so many operations, one is looked at.
    every: u32,
    /// Operations that end before one is looked at; 0 while one is.
    left: AtomicU32,
    /// When a commit under way began.
    commit_start: AtomicU64,
    /// What had been waited for until then.
    waited_before: AtomicU64,
    waiting_ns: AtomicU64,
    committing_ns: AtomicU64,
    /// When the busy handler was first called for the lock it waits for, or last let go.
    wait_mark: AtomicU64,
    found: Arc<Checkpoints>,
    stop: Arc<AtomicBool>,
    /// Slept since the stop was seen.
    stopping_ms: AtomicU32,
    gave_up: AtomicBool,
    waits: AtomicU64,
    waited_ms: AtomicU64,
    checkpoint_frames: AtomicI32,
    checkpoints: AtomicU64,
}

impl Watch {
    /// For a connection that waits so long for a lock, and of whose operations one in `every` is looked at.
    pub(super) fn new(
        timeout_ms: u32,
        every: u32,
        stop: Arc<AtomicBool>,
        clock: Clock,
        found: Arc<Checkpoints>,
    ) -> Arc<Watch> {
        Arc::new(Watch {
            timeout_ms,
            origin: clock.now(),
            clock,
            every: every.max(1),
            // The first operation of all is like no other; the second is looked at.
            left: AtomicU32::new(u32::from(every > 1)),
            commit_start: AtomicU64::new(NONE),
            waited_before: AtomicU64::new(0),
            waiting_ns: AtomicU64::new(0),
            committing_ns: AtomicU64::new(0),
            wait_mark: AtomicU64::new(0),
            found,
            stop,
            stopping_ms: AtomicU32::new(0),
            gave_up: AtomicBool::new(false),
            waits: AtomicU64::new(0),
            waited_ms: AtomicU64::new(0),
            checkpoint_frames: AtomicI32::new(0),
            checkpoints: AtomicU64::new(0),
        })
    }

    fn elapsed_ns(&self) -> u64 {
        self.clock.nanos_between(self.origin, self.clock.now())
    }

    /// Looks at the operations until the times are taken, whosever turn it is.
    pub(super) fn look(&self) {
        if self.left.swap(0, Ordering::Relaxed) > 0 {
            self.waiting_ns.store(0, Ordering::Relaxed);
            self.committing_ns.store(0, Ordering::Relaxed);
        }
    }

    /// Where time went since the last call, if that was looked at; and whether what comes next is.
    #[inline]
    pub(super) fn take_times(&self) -> Option<Times> {
        let left = self.left.load(Ordering::Relaxed);
        if left > 1 {
            self.left.store(left - 1, Ordering::Relaxed);
            return None;
        }
        self.take_looked_at(left)
    }

    /// What was looked at, or the beginning of looking.
    fn take_looked_at(&self, left: u32) -> Option<Times> {
        let times = Times {
            waiting_ns: self.waiting_ns.swap(0, Ordering::Relaxed),
            committing_ns: self.committing_ns.swap(0, Ordering::Relaxed),
        };
        let looked = left == 0;
        let left = if looked { self.every - 1 } else { 0 };
        self.left.store(left, Ordering::Relaxed);
        looked.then_some(times)
    }

    fn looking(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn commit_begins(&self) {
        if self.looking() {
            self.waited_before.store(self.waiting_ns.load(Ordering::Relaxed), Ordering::Relaxed);
            self.commit_start.store(self.elapsed_ns(), Ordering::Relaxed);
        }
    }

    /// To be called after each statement that succeeded: the end of its commit, if it came to one.
    #[inline]
    pub(super) fn statement_ends(&self) {
        if self.commit_start.load(Ordering::Relaxed) != NONE {
            self.commit_ends();
        }
    }

    fn commit_ends(&self) {
        let start = self.commit_start.swap(NONE, Ordering::Relaxed);
        let waited = self.waiting_ns.load(Ordering::Relaxed) - self.waited_before.load(Ordering::Relaxed);
        let took = self.elapsed_ns().saturating_sub(start).saturating_sub(waited);
        self.committing_ns.fetch_add(took, Ordering::Relaxed);
    }

    /// To be called after each statement that failed (its commit, if it came to one, made nothing durable) and before a session's first.
    pub(super) fn forget_commit(&self) {
        self.commit_start.store(NONE, Ordering::Relaxed);
    }

    /// One call of the busy handler. What passes between two calls for one lock is an attempt at it, and belongs to the wait.
    fn wait(&self, count: u32) -> bool {
        if count == 0 {
            self.wait_mark.store(self.elapsed_ns(), Ordering::Relaxed);
        }
        let delay = self.next_delay(count);
        if let Some(delay) = delay {
            self.clock.sleep(delay);
        }
        let now = self.elapsed_ns();
        let before = self.wait_mark.swap(now, Ordering::Relaxed);
        self.waiting_ns.fetch_add(now.saturating_sub(before), Ordering::Relaxed);
        delay.is_some()
    }

    /// Whether the run is being stopped.
    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether a wait since the last call was ended by the stop rather than by the time-out.
    pub(super) fn take_gave_up(&self) -> bool {
        self.gave_up.swap(false, Ordering::Relaxed)
    }

    /// Sleeps, and nanoseconds asked for, since the last call.
    pub(super) fn take_waits(&self) -> (u64, u64) {
        (self.waits.swap(0, Ordering::Relaxed), self.waited_ms.swap(0, Ordering::Relaxed) * 1_000_000)
    }

    /// Frames in the log that bring about a checkpoint; 0 where none is automatic.
    pub(super) fn checkpoint_frames(&self) -> i32 {
        self.checkpoint_frames.load(Ordering::Relaxed)
    }

    /// Automatic checkpoints since the last call.
    pub(super) fn take_checkpoints(&self) -> u64 {
        self.checkpoints.swap(0, Ordering::Relaxed)
    }

    /// As after all the waiting that a stop allows.
    #[cfg(test)]
    pub(super) fn lose_patience(&self) {
        self.stopping_ms.store(PATIENCE_MS, Ordering::Relaxed);
    }

    /// How long to sleep before the next attempt, written down as slept; `None` to give up.
    fn next_delay(&self, count: u32) -> Option<Duration> {
        let stopping = self.stopping();
        if stopping && self.stopping_ms.load(Ordering::Relaxed) >= PATIENCE_MS {
            self.gave_up.store(true, Ordering::Relaxed);
            return None;
        }
        let delay = delay_ms(count, self.timeout_ms)?;
        self.waits.fetch_add(1, Ordering::Relaxed);
        self.waited_ms.fetch_add(u64::from(delay), Ordering::Relaxed);
        if stopping {
            self.stopping_ms.fetch_add(delay, Ordering::Relaxed);
        }
        Some(Duration::from_millis(u64::from(delay)))
    }
}

/// Replaces the connection's busy handler, and the driver's own time-out with it. A time-out of 0 leaves none, as SQLite comes.
///
/// # Safety
/// `watch` must live until the connection is closed.
pub(super) unsafe fn install_busy_handler(connection: &Connection, watch: &Arc<Watch>) {
    let handler = (watch.timeout_ms > 0).then_some(wait as unsafe extern "C" fn(*mut c_void, c_int) -> c_int);
    // SAFETY: the connection is open, and the caller keeps the pointee alive. The call fails for a bad handle only.
    unsafe { ffi::sqlite3_busy_handler(connection.handle(), handler, Arc::as_ptr(watch).cast_mut().cast()) };
}

unsafe extern "C" fn wait(watch: *mut c_void, count: c_int) -> c_int {
    // SAFETY: the pointer is the one installed, whose pointee outlives the connection and is only read through shared references.
    let watch = unsafe { &*watch.cast::<Watch>() };
    c_int::from(watch.wait(count.unsigned_abs()))
}

/// Has commits timed.
///
/// # Safety
/// `watch` must live until the connection is closed.
pub(super) unsafe fn time_commits(connection: &Connection, watch: &Arc<Watch>) {
    // SAFETY: as above; the hook that it replaces is none.
    unsafe {
        ffi::sqlite3_commit_hook(connection.handle(), Some(committing), Arc::as_ptr(watch).cast_mut().cast())
    };
}

unsafe extern "C" fn committing(watch: *mut c_void) -> c_int {
    // SAFETY: as in `wait`.
    unsafe { &*watch.cast::<Watch>() }.commit_begins();
    0
}

/// Counts and times automatic checkpoints, which otherwise go on as they would: after a commit that leaves at least `frames` in the log. Nothing is
/// installed for 0 or less, where there are none. Reading `PRAGMA wal_autocheckpoint` back gives 0 from here on.
///
/// # Safety
/// `watch` must live until the connection is closed.
pub(super) unsafe fn count_checkpoints(connection: &Connection, watch: &Arc<Watch>, frames: i32) {
    if frames <= 0 {
        return;
    }
    watch.checkpoint_frames.store(frames, Ordering::Relaxed);
    // SAFETY: as above; the hook that it replaces is SQLite's default one, which owns nothing.
    unsafe {
        ffi::sqlite3_wal_hook(connection.handle(), Some(committed), Arc::as_ptr(watch).cast_mut().cast())
    };
}

unsafe extern "C" fn committed(
    watch: *mut c_void,
    db: *mut ffi::sqlite3,
    name: *const c_char,
    frames: c_int,
) -> c_int {
    // SAFETY: as in `wait`.
    let watch = unsafe { &*watch.cast::<Watch>() };
    if frames >= watch.checkpoint_frames.load(Ordering::Relaxed) {
        // Frames of the log that are in the database already: an earlier checkpoint may have left off halfway.
        // SAFETY: the arguments are SQLite's own.
        let before = unsafe { checkpoint(db, name, ffi::SQLITE_CHECKPOINT_NOOP) }.unwrap_or(0);
        let start = watch.clock.now();
        // SAFETY: as above. Like SQLite's default hook, this leaves a checkpoint that fails to a later commit.
        if let Some(after) = unsafe { checkpoint(db, name, ffi::SQLITE_CHECKPOINT_PASSIVE) } {
            let duration_ns = watch.clock.nanos_between(start, watch.clock.now());
            watch.checkpoints.fetch_add(1, Ordering::Relaxed);
            watch.found.note(Checkpoint { start, duration_ns, pages: after.saturating_sub(before) });
        }
    }
    ffi::SQLITE_OK
}

/// Frames of the log that are in the database after a checkpoint of this mode; `None` where it failed.
///
/// # Safety
/// As for `sqlite3_wal_checkpoint_v2`.
unsafe fn checkpoint(db: *mut ffi::sqlite3, name: *const c_char, mode: c_int) -> Option<u64> {
    let (mut log, mut carried) = (-1, -1);
    // SAFETY: the pointers are to live integers; for the rest the caller answers.
    let code = unsafe { ffi::sqlite3_wal_checkpoint_v2(db, name, mode, &raw mut log, &raw mut carried) };
    (code == ffi::SQLITE_OK).then(|| u64::try_from(carried).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(timeout_ms: u32, every: u32, stop: &Arc<AtomicBool>, clock: &Clock) -> Arc<Watch> {
        Watch::new(timeout_ms, every, Arc::clone(stop), clock.clone(), Arc::default())
    }

    #[test]
    fn waiting_ends_soon_after_a_stop_and_says_so() {
        let stop = Arc::new(AtomicBool::new(false));
        let watch = watch(60_000, 1, &stop, &Clock::Virtual(Arc::default()));
        assert!((0..20).all(|count| watch.next_delay(count).is_some()));
        assert!(!watch.take_gave_up());
        stop.store(true, Ordering::Relaxed);
        let after: Vec<Duration> = (20..).map_while(|count| watch.next_delay(count)).collect();
        assert_eq!(after.iter().sum::<Duration>(), Duration::from_millis(300));
        assert!(watch.take_gave_up());
        assert!(!watch.take_gave_up());
        assert_eq!(watch.take_waits(), (23, (328 + 8 * 100 + 300) * 1_000_000));
    }

    #[test]
    fn the_time_out_is_not_taken_for_a_stop() {
        let stop = Arc::new(AtomicBool::new(true));
        let watch = watch(1, 1, &stop, &Clock::Virtual(Arc::default()));
        assert!(watch.next_delay(0).is_some());
        assert!(watch.next_delay(1).is_none());
        assert!(!watch.take_gave_up());
    }
    #[test]
    fn a_wait_within_a_commit_is_not_part_of_it() {
        let time = Arc::new(AtomicU64::new(0));
        let pass = |ns: u64| time.fetch_add(ns, Ordering::Relaxed);
        let watch = watch(60_000, 1, &Arc::default(), &Clock::Virtual(Arc::clone(&time)));
        pass(5);
        assert!(watch.wait(0));
        pass(30);
        assert!(watch.wait(1));
        // Another lock: what lies between is not waiting.
        pass(700);
        watch.commit_begins();
        pass(11);
        assert!(watch.wait(0));
        pass(4);
        watch.statement_ends();
        let times = Times { waiting_ns: 3_000_000 + 30 + 1_000_000, committing_ns: 15 };
        assert_eq!(watch.take_times(), Some(times));
        assert_eq!(watch.take_times(), Some(Times::default()));
    }

    #[test]
    fn a_commit_that_failed_is_not_timed() {
        let time = Arc::new(AtomicU64::new(0));
        let watch = watch(0, 1, &Arc::default(), &Clock::Virtual(Arc::clone(&time)));
        watch.commit_begins();
        time.fetch_add(9, Ordering::Relaxed);
        watch.forget_commit();
        watch.statement_ends();
        assert_eq!(watch.take_times(), Some(Times::default()));
    }

    #[test]
    fn in_memory_one_operation_in_sixteen_is_looked_at_and_any_on_demand() {
        let watch = watch(0, 16, &Arc::default(), &Clock::Virtual(Arc::default()));
        let looked: Vec<usize> = (0..40).filter(|_| watch.take_times().is_some()).collect();
        assert_eq!(looked, [1, 17, 33]);
        watch.look();
        assert!(watch.take_times().is_some());
    }
}
