//! Checkpoints of the write-ahead log, as the sessions of an engine made them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::Checkpoint;

/// As many are kept, one by one.
const MOST: usize = 10_000;

/// Checkpoints since they were last taken.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    found: Mutex<Vec<Checkpoint>>,
}

impl Checkpoints {
    /// Notes one. When there are too many, the shorter one of each pair of neighbours goes, for it is the long ones that stall writers.
    pub(super) fn note(&self, checkpoint: Checkpoint) {
        let mut found = self.found();
        if found.len() >= MOST {
            found.sort_by_key(|checkpoint| checkpoint.start);
            let longer = |pair: &[Checkpoint]| pair.iter().copied().max_by_key(|one| one.duration_ns);
            *found = found.chunks(2).filter_map(longer).collect();
        }
        found.push(checkpoint);
    }

    /// All of them in the order of their start, which are then forgotten.
    pub(super) fn take(&self) -> Vec<Checkpoint> {
        let mut found = std::mem::take(&mut *self.found());
        found.sort_by_key(|checkpoint| checkpoint.start);
        found
    }

    fn found(&self) -> MutexGuard<'_, Vec<Checkpoint>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn too_many_are_thinned_out_and_the_longest_stays() {
        let time = Arc::new(AtomicU64::new(0));
        let clock = Clock::Virtual(Arc::clone(&time));
        let checkpoints = Checkpoints::default();
        for number in 0..25_000 {
            time.store(number, Ordering::Relaxed);
            let duration_ns = if number == 77 { 9_000 } else { number % 2 };
            checkpoints.note(Checkpoint { start: clock.now(), duration_ns, pages: 1 });
        }
        let found = checkpoints.take();
        assert!((5_000..=MOST).contains(&found.len()), "{}", found.len());
        assert!(found.is_sorted_by_key(|checkpoint| checkpoint.start));
        assert!(found.iter().any(|checkpoint| checkpoint.duration_ns == 9_000));
        assert!(checkpoints.take().is_empty());
    }
}
