//! What an engine counts: sizes, and what happened since the last reset.

use serde::{Deserialize, Serialize};

/// Sizes in bytes, and counters since the last reset; absent where the engine has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Main database file.
    pub database_bytes: Option<u64>,
    /// Write-ahead log: the size of its file; of a server, what was written to it since the level began.
    pub wal_bytes: Option<u64>,
    /// Page cache hits, summed over the sessions of the level.
    pub cache_hits: Option<u64>,
    /// Page cache misses.
    pub cache_misses: Option<u64>,
    /// Pages written by the page cache.
    pub cache_writes: Option<u64>,
    /// Dirty pages written before commit because the cache was full.
    pub cache_spills: Option<u64>,
    /// Checkpoints of the write-ahead log.
    pub checkpoints: Option<u64>,
    /// Statements found in the statement cache.
    pub statement_hits: Option<u64>,
    /// Statements that had to be prepared.
    pub statement_misses: Option<u64>,
    /// Times that a file or a folder was synced, summed over the sessions of the level.
    pub syncs: Option<u64>,
    /// What a write buffer did.
    pub buffer: Option<BufferCounters>,
}

/// What a write buffer did since the last reset. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferCounters {
    /// Active tables that became immutable: full, too old, or at an orderly end.
    pub rotations: u64,
    /// Of them, by age.
    pub timed_rotations: u64,
    /// Immutable tables that were flushed.
    pub flushes: u64,
    /// Rows and tombstones that were flushed.
    pub flushed_rows: u64,
    /// Time of all flushes.
    pub flush_ns: u64,
    /// Time of the shortest.
    pub flush_ns_min: u64,
    /// Time of the longest.
    pub flush_ns_max: u64,
    /// Writes that waited for a flush.
    pub waits: u64,
    /// Time that they waited.
    pub wait_ns: u64,
    /// Most acknowledged writes that were in memory alone at once: what a crash of the process would have lost.
    pub at_risk_max: u64,
    /// What that can never exceed: from the threshold and the number of workers.
    pub at_risk_limit: u64,
}

impl Counters {
    /// Sizes now, counts since an earlier reading.
    #[must_use]
    pub fn since(&self, earlier: &Counters) -> Counters {
        // A reset in between starts the counts anew.
        let counted =
            |now: Option<u64>, then: Option<u64>| now.map(|n| n.checked_sub(then.unwrap_or(0)).unwrap_or(n));
        Counters {
            database_bytes: self.database_bytes,
            wal_bytes: self.wal_bytes,
            cache_hits: counted(self.cache_hits, earlier.cache_hits),
            cache_misses: counted(self.cache_misses, earlier.cache_misses),
            cache_writes: counted(self.cache_writes, earlier.cache_writes),
            cache_spills: counted(self.cache_spills, earlier.cache_spills),
            checkpoints: counted(self.checkpoints, earlier.checkpoints),
            statement_hits: counted(self.statement_hits, earlier.statement_hits),
            statement_misses: counted(self.statement_misses, earlier.statement_misses),
            syncs: counted(self.syncs, earlier.syncs),
            buffer: self.buffer.map(|now| now.since(&earlier.buffer.unwrap_or_default())),
        }
    }
}

impl BufferCounters {
    /// Counts since an earlier reading; least and most stay those since the last reset.
    #[must_use]
    fn since(&self, earlier: &BufferCounters) -> BufferCounters {
        let counted = |of: fn(&BufferCounters) -> u64| of(self).checked_sub(of(earlier));
        let all = || {
            Some(BufferCounters {
                rotations: counted(|b| b.rotations)?,
                timed_rotations: counted(|b| b.timed_rotations)?,
                flushes: counted(|b| b.flushes)?,
                flushed_rows: counted(|b| b.flushed_rows)?,
                flush_ns: counted(|b| b.flush_ns)?,
                waits: counted(|b| b.waits)?,
                wait_ns: counted(|b| b.wait_ns)?,
                ..*self
            })
        };
        // A reset in between starts the counts anew.
        all().unwrap_or(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(rotations: u64, flush_ns_max: u64, at_risk_max: u64) -> BufferCounters {
        let rows = rotations * 100;
        BufferCounters {
            rotations,
            flushed_rows: rows,
            flush_ns_max,
            at_risk_max,
            ..BufferCounters::default()
        }
    }

    #[test]
    fn what_a_buffer_did_is_subtracted_and_its_extremes_are_kept() {
        let counters = |buffer| Counters { buffer: Some(buffer), syncs: Some(7), ..Counters::default() };
        let since = |now, then| counters(now).since(&counters(then)).buffer.unwrap();
        assert_eq!(since(buffer(5, 90, 1_000), buffer(2, 90, 1_000)), buffer(3, 90, 1_000));
        assert_eq!(
            since(buffer(1, 20, 50), buffer(2, 90, 1_000)),
            buffer(1, 20, 50),
            "a reset came in between"
        );
        let first = counters(buffer(4, 9, 9)).since(&Counters::default());
        assert_eq!((first.buffer, first.syncs), (Some(buffer(4, 9, 9)), Some(7)));
    }
}
