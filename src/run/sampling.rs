//! When a level is sampled by a profiler: from the beginning of measuring until its last worker is done, so that neither a warm-up nor the
//! closing of sessions is in the profile. Without a profiler it does nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::profile::Sampler;

#[derive(Debug, Default)]
pub(super) struct Sampling {
    sampler: Option<Arc<Sampler>>,
    working: AtomicUsize,
}

impl Sampling {
    pub(super) fn new(sampler: Option<&Arc<Sampler>>, workers: usize) -> Sampling {
        Sampling { sampler: sampler.cloned(), working: AtomicUsize::new(workers) }
    }

    /// Measuring begins. To be called once, by whoever notices.
    pub(super) fn begin(&self) {
        if let Some(sampler) = &self.sampler {
            sampler.start();
        }
    }

    /// A worker has no more work.
    pub(super) fn leave(&self) {
        if let Some(sampler) = &self.sampler
            && self.working.fetch_sub(1, Ordering::AcqRel) == 1
        {
            sampler.stop();
        }
    }
}
