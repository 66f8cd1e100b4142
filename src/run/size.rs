//! How large the next batch is.

use crate::plan::BatchSize;

/// Weight of the last batch in the moving average of success.
const WEIGHT: f64 = 0.3;

/// A worker's size of batches.
#[derive(Debug)]
pub(super) struct Size {
    rule: BatchSize,
    size: u64,
    /// Exponentially weighted share of operations acknowledged.
    success: f64,
}

impl Size {
    /// An adaptive one begins with its maximum.
    pub(super) fn new(rule: BatchSize) -> Self {
        let size = match rule {
            BatchSize::Fixed(size) => size,
            BatchSize::Adaptive { max, .. } => max,
        };
        Size { rule, size, success: 1.0 }
    }

    /// Operations of the next batch.
    pub(super) fn now(&self) -> u64 {
        self.size
    }

    /// After a batch of which so many operations were acknowledged: below the wanted success it halves, else it grows by a quarter.
    pub(super) fn follow(&mut self, acknowledged: u64, count: u64) {
        let BatchSize::Adaptive { min, max, success } = self.rule else { return };
        let share = acknowledged as f64 / count as f64;
        self.success += WEIGHT * (share - self.success);
        self.size = if self.success < success {
            (self.size / 2).max(min)
        } else {
            (self.size + (self.size / 4).max(1)).min(max)
        };
    }

    /// What an adaptive one has come to.
    pub(super) fn settled(&self) -> Option<u64> {
        matches!(self.rule, BatchSize::Adaptive { .. }).then_some(self.size)
    }
}
