//! Which operation writes a row, where a table's rows come from several.

use crate::template::{Permutation, mix};

/// The operations that write a table's rows.
#[derive(Debug)]
pub(super) struct Writers {
    seed: u64,
    /// Operation, and rows in one part, none without rows.
    operations: Vec<(usize, u64)>,
    per_part: u64,
}

impl Writers {
    /// `seed` belongs to the table.
    pub(super) fn new(seed: u64, mut operations: Vec<(usize, u64)>) -> Self {
        operations.retain(|&(_, count)| count > 0);
        let per_part = operations.iter().map(|(_, count)| count).sum();
        Writers { seed, operations, per_part }
    }

    /// Rows that an operation writes in one part.
    pub(super) fn count_of(&self, operation: usize) -> u64 {
        self.operations.iter().filter(|(writer, _)| *writer == operation).map(|(_, count)| count).sum()
    }

    /// The operation that writes a row (from 0, loaded ones left out). Rows are dealt in random order, each operation exactly its number.
    pub(super) fn of_row(&self, row: u64) -> usize {
        if let [(only, _)] = self.operations[..] {
            return only;
        }
        let (part, within) = (row / self.per_part, row % self.per_part);
        let permutation = Permutation::new(mix(self.seed, &[part]), u128::from(self.per_part));
        let mut dealt = permutation.at(u128::from(within)) as u64;
        for &(operation, count) in &self.operations {
            match dealt.checked_sub(count) {
                None => return operation,
                Some(rest) => dealt = rest,
            }
        }
        unreachable!("a row is dealt to one of the operations")
    }
}
