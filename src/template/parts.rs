//! Values of which each has its part of the rows: `weighted` and `maybe` of what is made anew for each row.
//!
//! Where a part is exact in each so many rows (`per`), its rows are numbered on their own, 1, 2, …, so that what goes by the row's number
//! (`unique`, `among`, `runs`, the `fan_out` of a reference) goes by the rows of that part alone.

use super::datum::{Piece, Run};
use super::draw::{Draw, Permutation, mix};
use super::node::Node;
use super::{Distinct, RenderError};

/// In which rows a value is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Present {
    /// The part of the rows, 0 to 1.
    pub part: f64,
    /// Where given, the part is exact in each so many rows.
    pub per: Option<u64>,
}

impl Present {
    /// The number (from 0) of a row (from 0) among those in which the value is there, or else among those in which it is not. Without `per`, that
    /// is drawn, and the row keeps its own number.
    pub fn number(&self, draw: &mut Draw, seed: u64, row: u64) -> Result<u64, u64> {
        match self.per {
            None if draw.unit() < self.part => Ok(row),
            None => Err(row),
            Some(per) => dealt(seed, row, per, (self.part * per as f64).round() as u64),
        }
    }
}

/// Spreads `present` of each `per` rows over them, in their order: the fewer of those that are there and those that are not lie one in each of as many
/// stretches of equal length, anywhere within.
fn dealt(seed: u64, row: u64, per: u64, present: u64) -> Result<u64, u64> {
    let (block, place) = (row / per, row % per);
    let absent = per - present;
    let few = present.min(absent);
    let (before, is_one) = if few == 0 {
        (0, false)
    } else {
        let wide = |a: u64, b: u64, by: u64| (u128::from(a) * u128::from(b) / u128::from(by)) as u64;
        let stretch = ((u128::from(place + 1) * u128::from(few) - 1) / u128::from(per)) as u64;
        let (start, end) = (wide(stretch, per, few), wide(stretch + 1, per, few));
        let at = start + Draw::new(mix(seed, &[block, stretch])).below(end - start);
        (stretch + u64::from(place > at), place == at)
    };
    let within = if is_one { before } else { place - before };
    // Where both are as many, those that are there count as the few.
    if is_one == (present == few) { Ok(block * present + within) } else { Err(block * absent + within) }
}

/// `maybe(part, value, per, otherwise)`.
pub(super) struct Maybe {
    pub(super) present: Present,
    pub(super) value: Node,
    /// Null, where nothing else is named.
    pub(super) otherwise: Node,
    /// Sets this call apart from others in the same template.
    pub(super) salt: u64,
}

impl Maybe {
    pub(super) fn eval(&self, run: &mut Run<'_>) -> Result<Piece, RenderError> {
        let seed = mix(run.column_seed, &[self.salt]);
        let number = self.present.number(&mut run.draw, seed, run.row.wrapping_sub(1));
        let is_there = match self.value.bare() {
            Node::Reference(reference) => run.references.available(reference.target.table) > 0,
            _ => true,
        };
        let counted = self.present.per.is_some();
        match number {
            Ok(number) if is_there => numbered(&self.value, run, number, counted.then_some(seed)),
            Ok(number) | Err(number) => numbered(&self.otherwise, run, number, counted.then_some(seed)),
        }
    }

    /// Null, or a value that never repeats.
    pub(super) fn unique_or_null(&self) -> bool {
        let is_null = matches!(self.otherwise.bare(), Node::Constant(super::datum::Datum::Null));
        is_null && self.value.distinct() == Distinct::Unique
    }
}

/// A value as for a row (from 0) of another number, with an order of its own for what is dealt out where a seed says so.
fn numbered(value: &Node, run: &mut Run<'_>, number: u64, seed: Option<u64>) -> Result<Piece, RenderError> {
    value.eval(&mut Run {
        draw: run.draw.clone(),
        row: number.wrapping_add(1),
        repetition: run.repetition,
        column_seed: seed.unwrap_or(run.column_seed),
        references: run.references,
        text: &mut *run.text,
        bytes: &mut *run.bytes,
        nested: &mut *run.nested,
    })
}

/// `weighted([[value, weight], …], per)` of values that are made anew for each row.
pub(super) struct Weighted {
    /// Values, and the sums of the weights up to each.
    pub(super) parts: Vec<(Node, f64)>,
    pub(super) per: Option<u64>,
    /// Whether the rows of one part come one after the other.
    pub(super) in_order: bool,
    /// Sets this call apart from others in the same template.
    pub(super) salt: u64,
}

impl Weighted {
    pub(super) fn eval(&self, run: &mut Run<'_>) -> Result<Piece, RenderError> {
        let sum = self.parts.last().map_or(0.0, |(_, limit)| *limit);
        let last = self.parts.len() - 1;
        let Some(per) = self.per else {
            let place = run.draw.unit() * sum;
            let part = self.parts.partition_point(|(_, limit)| *limit <= place).min(last);
            let row = run.row.wrapping_sub(1);
            return numbered(&self.parts[part].0, run, row, None);
        };
        let seed = mix(run.column_seed, &[self.salt]);
        let row = run.row.wrapping_sub(1);
        let (block, within) = (row / per, row % per);
        let place = if self.in_order {
            within
        } else {
            Permutation::new(mix(seed, &[block]), u128::from(per)).at(u128::from(within)) as u64
        };
        // Places below an end belong to the parts up to it.
        let end = |part: usize| (self.parts[part].1 / sum * per as f64).round() as u64;
        let part = (0..last).find(|part| place < end(*part)).unwrap_or(last);
        let start = part.checked_sub(1).map_or(0, end);
        let rows = if part == last { per - start } else { end(part) - start };
        let number = block * rows + (place - start);
        numbered(&self.parts[part].0, run, number, Some(mix(seed, &[part as u64, 1])))
    }

    /// The values with the part of the rows that each numbers on its own: all of them where there is no `per`.
    pub(super) fn shares(&self) -> impl Iterator<Item = (&Node, f64)> {
        let sum = self.parts.last().map_or(1.0, |(_, limit)| *limit);
        let before = std::iter::once(0.0).chain(self.parts.iter().map(|(_, limit)| *limit));
        self.parts.iter().zip(before).map(move |((node, limit), before)| {
            let part = if self.per.is_some() { (limit - before) / sum } else { 1.0 };
            (node, part)
        })
    }

    /// At most as many as all parts have together.
    pub(super) fn distinct(&self) -> Distinct {
        let most = self.parts.iter().try_fold(0u128, |sum, (node, _)| match node.distinct() {
            Distinct::AtMost(few) => Some(sum.saturating_add(few)),
            _ => None,
        });
        most.map_or(Distinct::Unknown, Distinct::AtMost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_its_part_and_numbers_its_rows_in_their_order() {
        for (per, present) in
            [(1, 0), (1, 1), (7, 0), (7, 7), (10, 3), (10, 5), (10, 8), (97, 96), (1000, 333)]
        {
            for seed in 0..20 {
                let (mut there, mut gone) = (0, 0);
                for row in 0..per * 3 {
                    match dealt(seed, row, per, present) {
                        Ok(number) => {
                            assert_eq!(number, there, "{present} of {per}, row {row}");
                            there += 1;
                        }
                        Err(number) => {
                            assert_eq!(number, gone, "{present} of {per}, row {row}");
                            gone += 1;
                        }
                    }
                    if (row + 1) % per == 0 {
                        assert_eq!(there, present * (row + 1) / per, "{present} of {per}");
                    }
                }
            }
        }
    }
}
