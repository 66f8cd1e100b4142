//! What may be read of a level while it runs. Nothing is kept for that alone: the workers write the same whether somebody reads or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::measure::TimeSeries;

/// Counters that may be read while the level runs.
#[derive(Clone, Debug, Default)]
pub struct LiveCounters {
    /// Operations claimed, those of a warm-up included; may run past the planned number by one for each worker.
    pub claimed: Arc<AtomicU64>,
    /// Operations failed.
    pub errors: Arc<AtomicU64>,
    /// How slow the slowest were lately.
    pub tail: LiveTail,
}

/// The 99th percentile of the latencies of a level's last second.
#[derive(Clone, Debug)]
pub struct LiveTail(Source);

#[derive(Clone, Debug)]
enum Source {
    /// What the workers note anyway.
    Noted(Arc<TimeSeries>),
    /// What another process told last; 0 for nothing.
    Told(Arc<AtomicU64>),
}

impl Default for LiveTail {
    fn default() -> Self {
        LiveTail(Source::Told(Arc::default()))
    }
}

impl LiveTail {
    /// Nanoseconds, over all operations that were acknowledged in the last second that a worker has finished; workers whose operation runs on
    /// from an earlier second are not in it yet. Absent in the first second, after one without an acknowledged operation, and at a moment when a
    /// worker is at it: then the last answer still holds.
    pub fn p99_ns(&self) -> Option<u64> {
        match &self.0 {
            Source::Noted(series) => series.last_p99_ns(),
            Source::Told(told) => Some(told.load(Ordering::Relaxed)).filter(|ns| *ns > 0),
        }
    }

    /// Passes on what another process said.
    pub fn tell(&self, p99_ns: Option<u64>) {
        if let Source::Told(told) = &self.0 {
            told.store(p99_ns.unwrap_or(0), Ordering::Relaxed);
        }
    }
}

/// A level's counters, and the series that its workers write.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) counters: LiveCounters,
    pub(super) series: Arc<TimeSeries>,
}

impl Default for Watched {
    fn default() -> Self {
        let series = Arc::<TimeSeries>::default();
        let tail = LiveTail(Source::Noted(Arc::clone(&series)));
        Watched { counters: LiveCounters { tail, ..LiveCounters::default() }, series }
    }
}
