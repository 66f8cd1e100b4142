//! Real and virtual time. The only caller of the system's clocks for measuring.
//!
//! What is timed, and what the times mean, is left to `run` and `measure`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A monotonic clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The processor's time stamp counter where it is steady, calibrated against the system's monotonic clock;
    /// that clock itself elsewhere.
    Real(quanta::Clock),
    /// Nanoseconds that a test moves on.
    Virtual(Arc<AtomicU64>),
}

/// A reading: only differences mean anything, through [`Clock::nanos_between`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(u64);

impl Clock {
    /// The machine's clock. Calibrating it takes up to a fifth of a second, once per process.
    pub fn real() -> Self {
        Clock::Real(quanta::Clock::new())
    }

    /// Time that stands still until `nanos` is changed.
    pub fn virtual_time(nanos: Arc<AtomicU64>) -> Self {
        Clock::Virtual(nanos)
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

    /// Waits in real time, moves on in virtual time.
    pub fn sleep(&self, duration: Duration) {
        match self {
            Clock::Real(_) => std::thread::sleep(duration),
            Clock::Virtual(nanos) => {
                let step = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
                nanos.fetch_add(step, Ordering::Relaxed);
            }
        }
    }

    /// The least difference above zero between readings that follow each other, in nanoseconds.
    pub fn resolution_ns(&self) -> u64 {
        let mut least = u64::MAX;
        for _ in 0..1_000 {
            let start = self.now();
            let nanos = self.nanos_between(start, self.now());
            if nanos > 0 {
                least = least.min(nanos);
            }
        }
        if least == u64::MAX { 1 } else { least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_moves_only_when_told() {
        let clock = Clock::virtual_time(Arc::new(AtomicU64::new(5)));
        let start = clock.now();
        assert_eq!(clock.nanos_between(start, clock.now()), 0);
        clock.sleep(Duration::from_micros(3));
        assert_eq!(clock.nanos_between(start, clock.now()), 3_000);
    }

    #[test]
    fn real_time_never_runs_backwards() {
        let clock = Clock::real();
        let readings: Vec<_> = (0..1_000).map(|_| clock.now()).collect();
        assert!(readings.is_sorted());
    }
}
