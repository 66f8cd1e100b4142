//! Values that several rows share: `among`, `runs`, `cycle`. The value is made as for a row of another number.

use super::datum::{Piece, Run};
use super::draw::{Draw, Permutation, mix};
use super::node::Node;
use super::pick::group_of;
use super::{Distinct, RenderError};

/// Which rows share a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sharing {
    /// Each block of so many rows has every one of that many values, in an order of its own.
    Among(u64),
    /// So many rows, 1 or more on average, one after the other.
    Runs(f64),
    /// Every so-many-th row.
    Cycle(u64),
}

/// A value and the rows that share it.
pub(super) struct Shared {
    pub(super) sharing: Sharing,
    pub(super) value: Node,
    /// Sets this call apart from others in the same template.
    pub(super) salt: u64,
}

impl Shared {
    pub(super) fn eval(&self, run: &mut Run<'_>) -> Result<Piece, RenderError> {
        let seed = mix(run.column_seed, &[self.salt]);
        let row = run.row.wrapping_sub(1);
        // Where an operation repeats a step, its repetitions differ.
        let place = row.wrapping_add(run.repetition);
        let index = match self.sharing {
            Sharing::Among(count) => {
                let (block, within) = (place / count, place % count);
                let order = Permutation::new(mix(seed, &[block, 0]), u128::from(count));
                order.at(u128::from(within)) as u64
            }
            Sharing::Runs(rows) => group_of(row, rows),
            Sharing::Cycle(count) => place % count,
        };
        self.value.eval(&mut Run {
            draw: Draw::new(mix(seed, &[index])),
            row: index + 1,
            repetition: 0,
            column_seed: seed,
            references: run.references,
            text: &mut *run.text,
            bytes: &mut *run.bytes,
            nested: &mut *run.nested,
        })
    }

    /// How far its values are known not to repeat.
    pub(super) fn distinct(&self) -> Distinct {
        match (self.sharing, self.value.distinct()) {
            (Sharing::Among(count) | Sharing::Cycle(count), Distinct::AtMost(other)) => {
                Distinct::AtMost(other.min(u128::from(count)))
            }
            (Sharing::Among(count) | Sharing::Cycle(count), _) => Distinct::AtMost(u128::from(count)),
            (Sharing::Runs(rows), Distinct::Unique) if rows > 1.0 => Distinct::Unknown,
            (Sharing::Runs(_), distinct) => distinct,
        }
    }
}
