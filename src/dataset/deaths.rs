//! Which rows of a table are gone at a place of the order.
//!
//! Deletes of one table's rows are numbered in their order; a row that is deleted remembers by which. So whether it is still there at some place
//! follows from how many deletes come before. Who is deleted is decided in `keys`.

use crate::template::{Distribution, Draw};

/// A row that is never deleted.
const NEVER: u32 = u32::MAX;
/// Rows of one level that share an item of the next.
const BLOCK: usize = 64;
/// Draws before the nearest row that is there is taken instead.
const DRAWS: usize = 64;

/// The deleted rows of one table.
#[derive(Debug)]
pub(super) struct Deaths {
    /// The actions (their lanes in the order) that delete its rows.
    pub(super) lanes: Vec<usize>,
    /// Per row, the number of its delete; then, level by level, the largest number of each block of the level before, so that long stretches of
    /// rows that are gone are passed over at once.
    levels: Vec<Vec<u32>>,
}

/// From which rows of a table one is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) distribution: Distribution,
    /// 1, 2, … over the draws of one user; matters to sequential draws only.
    pub(super) sequence: u64,
    /// Rows from 0 on that have come, at least one.
    pub(super) available: u64,
}

impl Choice {
    /// A row (from 0), whether it is there or not.
    pub(super) fn draw(&self, draw: &mut Draw) -> u64 {
        self.distribution.pick(draw, self.sequence, self.available) - 1
    }
}

impl Deaths {
    /// Most rows that a table may have for some of them to be deleted.
    pub(super) const MOST_ROWS: u64 = NEVER as u64;

    pub(super) fn new(lanes: Vec<usize>, rows: u64) -> Self {
        let mut levels = vec![vec![NEVER; rows as usize]];
        let mut length = rows as usize;
        while length > BLOCK {
            length = length.div_ceil(BLOCK);
            levels.push(vec![NEVER; length]);
        }
        Deaths { lanes, levels }
    }

    /// Notes that a row (from 0) goes with the delete of that number (from 0).
    pub(super) fn note(&mut self, row: u64, delete: u64) {
        let mut index = row as usize;
        self.levels[0][index] = delete as u32;
        for level in 1..self.levels.len() {
            let block = index / BLOCK * BLOCK;
            let below = &self.levels[level - 1];
            let last = below[block..below.len().min(block + BLOCK)].iter().copied().max().unwrap_or(NEVER);
            index /= BLOCK;
            if self.levels[level][index] == last {
                return;
            }
            self.levels[level][index] = last;
        }
    }

    /// Whether a row (from 0) is there after so many deletes.
    pub(super) fn is_alive(&self, row: u64, deletes: u64) -> bool {
        u64::from(self.levels[0][row as usize]) >= deletes
    }

    /// The first row from `from` on, before `end`, that is there after so many deletes.
    fn first_alive(&self, from: u64, end: u64, deletes: u64) -> Option<u64> {
        let (mut level, mut index) = (0, from as usize);
        while index < self.levels[level].len() {
            if u64::from(self.levels[level][index]) >= deletes {
                if level == 0 {
                    return Some(index as u64).filter(|&row| row < end);
                }
                level -= 1;
                index *= BLOCK;
                continue;
            }
            index += 1;
            if index.is_multiple_of(BLOCK) && level + 1 < self.levels.len() {
                level += 1;
                index /= BLOCK;
            }
        }
        None
    }

    /// The row itself, or the next one that is there after so many deletes, going round at the end; none where all are gone.
    pub(super) fn nearest(&self, row: u64, available: u64, deletes: u64) -> Option<u64> {
        self.first_alive(row, available, deletes).or_else(|| self.first_alive(0, row, deletes))
    }

    /// Draws among the rows that are there after so many deletes; none where all are gone.
    pub(super) fn draw(&self, choice: Choice, deletes: u64, draw: &mut Draw) -> Option<u64> {
        let mut row = choice.draw(draw);
        if choice.distribution != Distribution::Sequential {
            for _ in 1..DRAWS {
                if self.is_alive(row, deletes) {
                    return Some(row);
                }
                row = choice.draw(draw);
            }
        }
        self.nearest(row, choice.available, deletes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_row_is_the_one_a_plain_search_finds() {
        const ROWS: u64 = 10_000;
        let mut deaths = Deaths::new(vec![0], ROWS);
        let mut draw = Draw::new(3);
        let mut order: Vec<u64> = (0..ROWS).collect();
        (1..order.len()).for_each(|i| order.swap(i, draw.below(i as u64 + 1) as usize));
        for (delete, &row) in order.iter().enumerate() {
            deaths.note(row, delete as u64);
        }
        for deletes in [0, 1, 5_000, 9_000, 9_990, 9_999, 10_000] {
            for _ in 0..200 {
                let available = 1 + draw.below(ROWS);
                let from = draw.below(available);
                let plain = (from..available).chain(0..from).find(|&row| deaths.is_alive(row, deletes));
                assert_eq!(deaths.nearest(from, available, deletes), plain, "{deletes} {from} {available}");
            }
        }
    }

    #[test]
    fn draws_keep_their_shape_among_the_rows_that_are_left() {
        let mut deaths = Deaths::new(vec![0], 100);
        (0..100).filter(|row| row % 2 == 0).enumerate().for_each(|(i, row)| deaths.note(row, i as u64));
        let choice = Choice { distribution: Distribution::Uniform, sequence: 1, available: 100 };
        let mut draw = Draw::new(9);
        let mut counts = [0; 100];
        for _ in 0..50_000 {
            counts[deaths.draw(choice, 50, &mut draw).expect("half are left") as usize] += 1;
        }
        let even = |row: usize| row.is_multiple_of(2);
        assert!((0..100).all(|row| if even(row) {
            counts[row] == 0
        } else {
            (850..1150).contains(&counts[row])
        }));
    }
}
