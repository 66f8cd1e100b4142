//! Distinct combinations of parents, without remembering those already drawn.
//!
//! The rows that exist span a growing box, one side per referenced table. Rows come in stages that double in size; each stage opens when the box
//! has room for all its rows, and draws by a permutation from a window of cells. Cells are numbered shell by shell: first those of the box at the
//! first stage, then those that each later box adds. So a stage never meets cells of another, and no row refers to a parent that comes after it.

use super::order::Order;
use crate::template::{Permutation, mix, reach, spread};

/// References of a table's rows that are distinct together.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// The parents, one for each reference. With a fan-out, the first is the one that rows come together under.
    pub sides: Vec<Side>,
    /// Where rows come together under one parent.
    pub fan_out: Option<FanOut>,
    /// So many rows under one parent differ in something beside the references.
    pub kept_apart: Option<u64>,
}

/// Rows for each parent, on average; 1 or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FanOut(pub f64);

/// One parent.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Index of its table.
    pub table: usize,
    /// The part of its rows that is referred to, where it is not all.
    pub share: Option<f64>,
}

impl Side {
    /// How many of its rows can be referred to at a key.
    pub(super) fn reach(&self, order: &Order, key: u64) -> u64 {
        reach(self.share, order.available(self.table, key))
    }
}

#[derive(Clone, Debug)]
struct Stage {
    /// First row (from 0) of the stage.
    first_row: u64,
    /// Key at which the box has room for the stage.
    opens_at: u64,
    /// Parents per side then.
    sides: Vec<u64>,
    /// Their product.
    cells: u128,
    /// First cell of the stage's window.
    window_start: u128,
}

/// When rows may come, and which cell each takes.
#[derive(Clone, Debug)]
pub(super) struct Stages {
    /// One entry more than there are stages: the last marks the end.
    stages: Vec<Stage>,
    /// Of each side: the part of its rows that is referred to.
    shares: Vec<Option<f64>>,
}

/// Rows that find no combination.
pub(super) struct Exhausted {
    /// Rows wanted.
    pub(super) rows: u64,
    /// Combinations that there are.
    pub(super) combinations: u128,
}

impl Stages {
    /// # Errors
    /// Where there are fewer combinations than rows.
    pub(super) fn new(order: &Order, table: usize, parents: &[Side]) -> Result<Self, Exhausted> {
        let (loaded, rows) = (order.loaded(table), order.in_all(table));
        let cells_at = |key: u64| -> (Vec<u64>, u128) {
            let sides: Vec<u64> = parents.iter().map(|side| side.reach(order, key)).collect();
            let cells = sides.iter().fold(1u128, |product, &side| product.saturating_mul(u128::from(side)));
            (sides, cells)
        };
        let part_ends = (0..=order.parts()).map(|part| loaded + part * order.count(table));
        let mut stages = Vec::new();
        for window in boundaries(rows, part_ends).windows(2) {
            let (first_row, end_row) = (window[0], window[1]);
            let part_end = order.part_end(table, first_row);
            let (_, combinations) = cells_at(part_end);
            if combinations < u128::from(end_row) {
                let rows = if first_row < loaded { loaded } else { rows };
                return Err(Exhausted { rows, combinations });
            }
            let enough = |key: u64| cells_at(key).1 >= u128::from(end_row);
            let opens_at = first_key_where(part_end, enough).max(order.key(table, first_row));
            let (sides, cells) = cells_at(opens_at);
            stages.push(Stage { first_row, opens_at, sides, cells, window_start: 0 });
        }
        let last =
            Stage { first_row: rows, opens_at: u64::MAX, sides: Vec::new(), cells: 0, window_start: 0 };
        stages.push(last);
        place_windows(&mut stages);
        Ok(Stages { stages, shares: parents.iter().map(|side| side.share).collect() })
    }

    fn stage_of(&self, row: u64) -> usize {
        self.stages.partition_point(|s| s.first_row <= row) - 1
    }

    /// The least key at which a row may come.
    pub(super) fn opens_at(&self, row: u64) -> u64 {
        self.stages[self.stage_of(row)].opens_at
    }

    /// How many rows may have come at a key.
    pub(super) fn open_rows(&self, key: u64) -> u64 {
        let open = self.stages.partition_point(|s| s.opens_at <= key);
        self.stages[open.min(self.stages.len() - 1)].first_row
    }

    /// The parents' rows (from 0) of a row, one per side. `seed` belongs to the combination.
    pub(super) fn cell(&self, row: u64, seed: u64) -> Vec<u64> {
        let stage = self.stage_of(row);
        let (own, next) = (&self.stages[stage], &self.stages[stage + 1]);
        let window = next.window_start - own.window_start;
        let permutation = Permutation::new(mix(seed, &[stage as u64]), window);
        let places = self.coordinates(own.window_start + permutation.at(u128::from(row - own.first_row)));
        self.shares.iter().zip(places).map(|(share, place)| spread(*share, place)).collect()
    }

    fn coordinates(&self, cell: u128) -> Vec<u64> {
        let shell = self.stages.partition_point(|s| s.cells != 0 && s.cells <= cell);
        let outer = &self.stages[shell].sides;
        let (inner, inner_cells) = match shell.checked_sub(1) {
            None => (vec![0; outer.len()], 0),
            Some(before) => (self.stages[before].sides.clone(), self.stages[before].cells),
        };
        let mut rest = cell - inner_cells;
        // The shell falls into slabs: in slab d, side d is new, the sides before it are old, those after it are any.
        for slab in 0..outer.len() {
            let ranges: Vec<(u64, u64)> = (0..outer.len())
                .map(|d| match d.cmp(&slab) {
                    std::cmp::Ordering::Less => (0, inner[d]),
                    std::cmp::Ordering::Equal => (inner[d], outer[d]),
                    std::cmp::Ordering::Greater => (0, outer[d]),
                })
                .collect();
            let cells = ranges.iter().fold(1u128, |n, &(from, to)| n.saturating_mul(u128::from(to - from)));
            if rest < cells {
                return split(rest, &ranges);
            }
            rest -= cells;
        }
        unreachable!("a cell lies within its shell")
    }
}

/// The digits of a cell's number, one for each range.
pub(super) fn split(mut cell: u128, ranges: &[(u64, u64)]) -> Vec<u64> {
    let digit = |&(from, to): &(u64, u64)| {
        let side = u128::from(to - from);
        let digit = (cell % side) as u64;
        cell /= side;
        from + digit
    };
    ranges.iter().map(digit).collect()
}

/// First rows of the stages, and the number of rows: powers of two less one, and the ends of the load and the parts.
fn boundaries(rows: u64, part_ends: impl Iterator<Item = u64>) -> Vec<u64> {
    let doubling = (0..63).map(|j| (1u64 << j) - 1).take_while(|&row| row < rows);
    let mut all: Vec<u64> = std::iter::once(0).chain(doubling).chain(part_ends).chain([rows]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The least key at which something holds that holds from then on; `last` where it never does before.
pub(super) fn first_key_where(last: u64, enough: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// Each window reaches as far as later stages can spare: they must find as many cells as they have rows.
fn place_windows(stages: &mut [Stage]) {
    let count = stages.len() - 1;
    let mut spare = u128::MAX;
    for stage in (0..count).rev() {
        let next_row = u128::from(stages[stage + 1].first_row);
        let end = stages[stage].cells.min(spare.saturating_add(next_row));
        stages[stage + 1].window_start = end;
        spare = spare.min(stages[stage].cells - next_row);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::order::{Interleaving, Shape};
    use super::*;

    fn order(
        loaded: &[u64],
        counts: &[u64],
        combinations: &[Vec<Combination>],
        interleaving: Interleaving,
        parts: u64,
    ) -> Order {
        let ranks: Vec<usize> = combinations.iter().map(|c| usize::from(!c.is_empty())).collect();
        let loaded_only = vec![false; counts.len()];
        Order::new(Shape {
            loaded,
            loaded_only: &loaded_only,
            counts,
            ranks: &ranks,
            combinations,
            actions: &[],
            interleaving,
            parts,
        })
        .unwrap_or_else(|few| panic!("{few:?}"))
    }

    fn pairs(tables: &[usize]) -> Combination {
        let sides = tables.iter().map(|&table| Side { table, share: None }).collect();
        Combination { sides, fan_out: None, kept_apart: None }
    }

    fn check(loaded: [u64; 3], counts: [u64; 3], interleaving: Interleaving, parts: u64) {
        let combinations = [vec![], vec![], vec![pairs(&[0, 1])]];
        let order = order(&loaded, &counts, &combinations, interleaving, parts);
        let stages = Stages::new(&order, 2, &pairs(&[0, 1]).sides).ok().expect("enough");
        let (mut seen, mut drawn) = ([0u64; 3], HashSet::new());
        for (table, row) in order.walk(0) {
            if table == 2 {
                let cell = stages.cell(row, 99);
                assert!(cell[0] < seen[0] && cell[1] < seen[1], "row {row} takes {cell:?} of {seen:?}");
                assert!(drawn.insert(cell), "row {row} repeats a pair");
            }
            seen[table] += 1;
        }
        let expected = [0, 1, 2].map(|t| loaded[t] + counts[t] * parts);
        assert_eq!(seen, expected);
    }

    #[test]
    fn pairs_are_distinct_and_refer_to_earlier_rows() {
        for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
            check([0; 3], [100, 400, 300], interleaving, 1);
            check([0; 3], [100, 400, 300], interleaving, 3);
            check([0; 3], [1, 5, 3], interleaving, 2);
        }
    }

    #[test]
    fn loaded_pairs_and_later_ones_are_distinct_together() {
        for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
            check([20, 30, 150], [100, 400, 300], interleaving, 2);
            check([10, 10, 40], [0, 0, 30], interleaving, 2);
            check([10, 10, 100], [5, 0, 50], interleaving, 1);
            check([10, 10, 40], [10, 10, 0], interleaving, 1);
        }
    }

    #[test]
    fn every_last_combination_can_be_used() {
        for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
            check([0; 3], [10, 9, 90], interleaving, 1);
            check([0; 3], [1, 50, 50], interleaving, 1);
        }
    }

    #[test]
    fn a_single_side_is_a_permutation_of_its_parents() {
        let order = order(&[0, 0], &[50, 50], &[vec![], vec![pairs(&[0])]], Interleaving::Mixed, 1);
        let stages = Stages::new(&order, 1, &pairs(&[0]).sides).ok().expect("enough");
        let drawn: HashSet<_> = (0..50).map(|row| stages.cell(row, 5)).collect();
        assert_eq!(drawn.len(), 50);
    }
}
