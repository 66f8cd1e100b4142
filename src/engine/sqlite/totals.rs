//! What the sessions of a level add up to, once they are closed.

#![expect(unsafe_code, reason = "rusqlite does not offer sqlite3_db_status")]

use std::ffi::c_int;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, ffi};

use super::connect::Link;
use super::syncs;

/// Sums over all sessions closed since the last reset.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) cache_hits: AtomicU64,
    pub(super) cache_misses: AtomicU64,
    pub(super) cache_writes: AtomicU64,
    pub(super) cache_spills: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) busy_waits: AtomicU64,
    pub(super) busy_wait_ns: AtomicU64,
    pub(super) statement_hits: AtomicU64,
    pub(super) statement_misses: AtomicU64,
}

impl Totals {
    /// Adds what a connection counted since it was opened, or since the last call, and the syncs of this thread: that of its worker.
    pub(super) fn add(&self, link: &Link) {
        for (code, sum) in [
            (ffi::SQLITE_DBSTATUS_CACHE_HIT, &self.cache_hits),
            (ffi::SQLITE_DBSTATUS_CACHE_MISS, &self.cache_misses),
            (ffi::SQLITE_DBSTATUS_CACHE_WRITE, &self.cache_writes),
            (ffi::SQLITE_DBSTATUS_CACHE_SPILL, &self.cache_spills),
        ] {
            sum.fetch_add(take_status(&link.connection, code), Ordering::Relaxed);
        }
        let (waits, waited_ns) = link.watch.take_waits();
        self.busy_waits.fetch_add(waits, Ordering::Relaxed);
        self.busy_wait_ns.fetch_add(waited_ns, Ordering::Relaxed);
        self.add_syncs();
        self.checkpoints.fetch_add(link.watch.take_checkpoints(), Ordering::Relaxed);
    }

    /// Adds statements found in a cache, and statements prepared.
    pub(super) fn add_statements(&self, (hits, misses): (u64, u64)) {
        self.statement_hits.fetch_add(hits, Ordering::Relaxed);
        self.statement_misses.fetch_add(misses, Ordering::Relaxed);
    }

    /// Adds the syncs of this thread since the last call.
    #[inline]
    pub(super) fn add_syncs(&self) {
        let syncs = syncs::take();
        if syncs > 0 {
            self.syncs.fetch_add(syncs, Ordering::Relaxed);
        }
    }

    /// Starts anew.
    pub(super) fn clear(&self) {
        let Totals {
            cache_hits,
            cache_misses,
            cache_writes,
            cache_spills,
            checkpoints,
            syncs,
            busy_waits,
            busy_wait_ns,
            statement_hits,
            statement_misses,
        } = self;
        for sum in [
            cache_hits,
            cache_misses,
            cache_writes,
            cache_spills,
            checkpoints,
            syncs,
            busy_waits,
            busy_wait_ns,
            statement_hits,
            statement_misses,
        ] {
            sum.store(0, Ordering::Relaxed);
        }
    }
}

/// Forgets what a connection counted so far, so that a level counts its own.
pub(super) fn forget(link: &Link) {
    Totals::default().add(link);
    link.watch.forget_commit();
}

/// Reads a counter of a connection and sets it to zero.
fn take_status(connection: &Connection, code: i32) -> u64 {
    let (mut now, mut highest) = (0i64, 0i64);
    let reset: c_int = 1;
    // SAFETY: the connection is open, and both pointers are to live integers.
    unsafe { ffi::sqlite3_db_status64(connection.handle(), code, &raw mut now, &raw mut highest, reset) };
    now.try_into().unwrap_or(0)
}
