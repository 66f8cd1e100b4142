//! What happens inside SQLite while a worker waits: busy waiting that heeds a stop, and automatic checkpoints, both counted.
//!
//! The waits are those of SQLite's own busy handler, to the millisecond; only that they can be ended sets them apart.

#![expect(unsafe_code, reason = "SQLite calls back through C function pointers")]

use std::ffi::{c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, ffi};

/// How long a connection still waits for locks after the stop was asked for, over all its waits.
const PATIENCE_MS: u32 = 300;

/// SQLite's own delays between two attempts at a lock.
const DELAYS_MS: [u32; 12] = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100];

/// How long to sleep before attempt `count + 1` at a lock, or `None` when `timeout_ms` has been slept.
///
/// The same as `sqliteDefaultBusyCallback`: what counts as time is what was asked for, not what the sleeps took.
pub(super) fn delay_ms(count: u32, timeout_ms: u32) -> Option<u32> {
    let last = DELAYS_MS.len() - 1;
    let index = (count as usize).min(last);
    let beyond = count - index as u32;
    let prior = DELAYS_MS[..index].iter().sum::<u32>().saturating_add(DELAYS_MS[last].saturating_mul(beyond));
    match timeout_ms.saturating_sub(prior).min(DELAYS_MS[index]) {
        0 => None,
        delay => Some(delay),
    }
}

/// The state of one connection's callbacks. It must outlive the connection.
#[derive(Debug)]
pub(super) struct Watch {
    timeout_ms: u32,
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
    pub(super) fn new(timeout_ms: u32, stop: Arc<AtomicBool>) -> Arc<Watch> {
        Arc::new(Watch {
            timeout_ms,
            stop,
            stopping_ms: AtomicU32::new(0),
            gave_up: AtomicBool::new(false),
            waits: AtomicU64::new(0),
            waited_ms: AtomicU64::new(0),
            checkpoint_frames: AtomicI32::new(0),
            checkpoints: AtomicU64::new(0),
        })
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
    match watch.next_delay(count.unsigned_abs()) {
        None => 0,
        Some(delay) => {
            std::thread::sleep(delay);
            1
        }
    }
}

/// Counts automatic checkpoints, which otherwise go on as they would: after a commit that leaves at least `frames` in the log. Nothing is
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
        // SAFETY: the arguments are SQLite's own. Like its default hook, this leaves a checkpoint that fails to a later commit.
        if unsafe { ffi::sqlite3_wal_checkpoint(db, name) } == ffi::SQLITE_OK {
            watch.checkpoints.fetch_add(1, Ordering::Relaxed);
        }
    }
    ffi::SQLITE_OK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(timeout_ms: u32) -> Vec<u32> {
        (0..).map_while(|count| delay_ms(count, timeout_ms)).collect()
    }

    #[test]
    fn delays_are_those_of_sqlite_and_sum_up_to_the_time_out() {
        assert!(delays(0).is_empty());
        assert_eq!(delays(1), [1]);
        assert_eq!(delays(2), [1, 1]);
        assert_eq!(delays(10), [1, 2, 5, 2]);
        assert_eq!(delays(330), [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100, 2]);
        assert_eq!(delays(428), [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100, 100]);
        assert_eq!(delays(5000).iter().sum::<u32>(), 5000);
        assert_eq!(delay_ms(u32::MAX, u32::MAX), None);
    }

    #[test]
    fn waiting_ends_soon_after_a_stop_and_says_so() {
        let stop = Arc::new(AtomicBool::new(false));
        let watch = Watch::new(60_000, Arc::clone(&stop));
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
        let watch = Watch::new(1, Arc::new(AtomicBool::new(true)));
        assert!(watch.next_delay(0).is_some());
        assert!(watch.next_delay(1).is_none());
        assert!(!watch.take_gave_up());
    }
}
