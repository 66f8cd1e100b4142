//! A level second by second: what its workers hand over once a second, and what may be read of it meanwhile.

use std::sync::{Mutex, PoisonError};

use super::SecondMeasurement;
use super::histogram::Buckets;

/// What one worker counted in one second, or all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct SecondNotes {
    pub(super) errors: u64,
    pub(super) unknown: u64,
    pub(super) count: u64,
    pub(super) latencies: Buckets<7>,
}

/// What all workers' seconds come to.
#[derive(Debug, Default)]
pub struct TimeSeries(Mutex<Vec<SecondNotes>>);

impl TimeSeries {
    pub(super) fn add(&self, second: u64, notes: &SecondNotes) {
        // A worker that panicked left whole entries behind.
        let mut seconds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(second).expect("a level is shorter than 2^32 seconds");
        if seconds.len() <= index {
            seconds.resize(index + 1, SecondNotes::default());
        }
        seconds[index].errors += notes.errors;
        seconds[index].unknown += notes.unknown;
        seconds[index].count += notes.count;
        seconds[index].latencies.merge(&notes.latencies);
    }

    /// The 99th percentile, nanoseconds, of what was acknowledged in the last second that a worker has finished. A worker finishes a second when an
    /// operation of its ends in a later one: until all have, only those who did are in it. Absent in the first second, where nothing was
    /// acknowledged, and while a worker hands over its second. Takes some microseconds, for which workers that end a second then wait.
    pub fn last_p99_ns(&self) -> Option<u64> {
        let seconds = self.0.try_lock().ok()?;
        let last = seconds.last()?;
        last.latencies.percentile(99.0, last.count)
    }

    /// All seconds, which are gone from here then.
    pub(super) fn take(&self) -> Vec<SecondMeasurement> {
        let seconds = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let finish = |notes: SecondNotes| SecondMeasurement {
            operations: notes.count,
            errors: notes.errors,
            unknown: notes.unknown,
            p50_ns: notes.latencies.percentile(50.0, notes.count),
            p99_ns: notes.latencies.percentile(99.0, notes.count),
        };
        seconds.into_iter().map(finish).collect()
    }
}
