//! In which order the rows of all tables are written, in closed form: any place of the order can be computed without those before it.
//!
//! Every row has a key on one time line, and the order is by key, then by rank (parents before children). Interleaving in proportion puts row `k`
//! of `n` at the fraction `k / n`; writing in phases squeezes each table into a window of its own. A table whose rows combine several parents
//! waits until there are enough of them (see `combination`).

use super::combination::Stages;

/// Ticks of one part of the order. Above 10^12, so that no two rows of a table share a tick.
pub(super) const PART_TICKS: u64 = 1 << 44;

/// Where on the time line a table's rows lie within a part.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: u64,
    length: u64,
}

/// One table's place in the order.
#[derive(Clone, Debug)]
struct Lane {
    /// Rows per part.
    count: u64,
    window: Window,
    /// One for each combination of parents that rows wait for.
    stages: Vec<Stages>,
}

/// The order of all writes: parts of equal size, one after the other.
#[derive(Clone, Debug)]
pub struct Order {
    lanes: Vec<Lane>,
    /// Lanes by rank.
    by_rank: Vec<usize>,
    parts: u64,
}

/// How tables share the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interleaving {
    /// In proportion.
    Mixed,
    /// One after the other, parents first.
    Phased,
}

/// Rows wait for more combinations of parents than there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// Table whose rows cannot all be distinct.
    pub table: usize,
    /// Which of its combinations.
    pub combination: usize,
    /// Rows wanted.
    pub rows: u64,
    /// Combinations that the parents give.
    pub combinations: u128,
}

impl Order {
    /// `counts` rows of each table per part; `ranks` order the tables so that parents come before children; `combinations` name, per table,
    /// the parents whose combination is distinct in every row.
    ///
    /// # Errors
    /// When the parents of a table give fewer combinations than it has rows.
    pub fn new(
        counts: &[u64],
        ranks: &[usize],
        combinations: &[Vec<Vec<usize>>],
        interleaving: Interleaving,
        parts: u64,
    ) -> Result<Self, TooFew> {
        let mut by_rank: Vec<usize> = (0..counts.len()).collect();
        by_rank.sort_by_key(|&t| ranks[t]);
        let slice = PART_TICKS / counts.len() as u64;
        let lanes = counts.iter().enumerate().map(|(table, &count)| {
            let place = by_rank.iter().position(|&t| t == table).expect("every table has a place");
            let window = match interleaving {
                Interleaving::Mixed => Window { start: 0, length: PART_TICKS },
                Interleaving::Phased => Window { start: place as u64 * slice, length: slice },
            };
            Lane { count, window, stages: Vec::new() }
        });
        let mut order = Order { lanes: lanes.collect(), by_rank, parts };
        for table in order.by_rank.clone() {
            for (combination, parents) in combinations[table].iter().enumerate() {
                let stages = Stages::new(&order, table, parents).map_err(|combinations| TooFew {
                    table,
                    combination,
                    rows: counts[table] * parts,
                    combinations,
                })?;
                order.lanes[table].stages.push(stages);
            }
        }
        Ok(order)
    }

    /// Rows of a table in one part.
    pub fn count(&self, table: usize) -> u64 {
        self.lanes[table].count
    }

    /// The parents' rows (from 0) of a row, for one of its table's combinations; `seed` belongs to the combination.
    pub(super) fn combination(&self, table: usize, combination: usize, row: u64, seed: u64) -> Vec<u64> {
        self.lanes[table].stages[combination].cell(row, seed)
    }

    /// How many parts there are.
    pub fn parts(&self) -> u64 {
        self.parts
    }

    /// Writes in one part.
    pub fn part_total(&self) -> u64 {
        self.lanes.iter().map(|l| l.count).sum()
    }

    /// The key of a row (from 0, over all parts), waits left out.
    fn plain_key(&self, table: usize, row: u64) -> u64 {
        let Lane { count, window, .. } = self.lanes[table];
        if count == 0 {
            return 0;
        }
        let (part, within) = (row / count, row % count);
        let offset = u128::from(within) * u128::from(window.length) / u128::from(count);
        part * PART_TICKS + window.start + offset as u64
    }

    /// The key of a row (from 0, over all parts).
    pub(super) fn key(&self, table: usize, row: u64) -> u64 {
        let plain = self.plain_key(table, row);
        self.lanes[table].stages.iter().map(|s| s.opens_at(row)).fold(plain, u64::max)
    }

    /// How many rows of a table have a key of at most `key`, waits left out.
    fn plain_rows_until(&self, table: usize, key: u64) -> u64 {
        let Lane { count, window, .. } = self.lanes[table];
        let (part, within) = (key / PART_TICKS, key % PART_TICKS);
        let in_part = match within.checked_sub(window.start) {
            None => 0,
            Some(offset) if offset >= window.length => count,
            Some(offset) => {
                let rows = (u128::from(offset) + 1) * u128::from(count);
                rows.div_ceil(u128::from(window.length)) as u64
            }
        };
        part * count + in_part.min(count)
    }

    /// How many rows of a table have a key of at most `key`.
    pub(super) fn rows_until(&self, table: usize, key: u64) -> u64 {
        let plain = self.plain_rows_until(table, key);
        self.lanes[table].stages.iter().map(|s| s.open_rows(key)).fold(plain, u64::min)
    }

    /// Walks the order from a place (from 0, over all parts) on.
    pub fn walk(&self, place: u64) -> Walk<'_> {
        let before = |key: u64| -> u64 { (0..self.lanes.len()).map(|t| self.rows_until(t, key)).sum() };
        let (mut low, mut high) = (0, self.parts * PART_TICKS);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(middle) > place { high = middle } else { low = middle + 1 }
        }
        let rows = |t| if low == 0 { 0 } else { self.rows_until(t, low - 1) };
        let next: Vec<u64> = (0..self.lanes.len()).map(rows).collect();
        let reached: u64 = next.iter().sum();
        let keys = next.iter().enumerate().map(|(t, &row)| self.key_or_end(t, row)).collect();
        let mut walk = Walk { order: self, next, keys };
        (reached..place).for_each(|_| {
            walk.next();
        });
        walk
    }

    fn key_or_end(&self, table: usize, row: u64) -> u64 {
        if row < self.lanes[table].count * self.parts { self.key(table, row) } else { u64::MAX }
    }
}

/// Yields table and row (from 0, over all parts), in order.
#[derive(Debug)]
pub struct Walk<'a> {
    order: &'a Order,
    next: Vec<u64>,
    keys: Vec<u64>,
}

impl Iterator for Walk<'_> {
    type Item = (usize, u64);

    fn next(&mut self) -> Option<(usize, u64)> {
        // By rank, so that the first of equal keys is the parent.
        let table = *self.order.by_rank.iter().min_by_key(|&&t| self.keys[t])?;
        if self.keys[table] == u64::MAX {
            return None;
        }
        let row = self.next[table];
        self.next[table] += 1;
        self.keys[table] = self.order.key_or_end(table, row + 1);
        Some((table, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// users, posts, tags, user_posts (users × posts), posts_tags (posts × tags).
    fn base(total: u64, interleaving: Interleaving, parts: u64) -> Order {
        let counts = [10, 40, 10, 30, 10].map(|share| total * share / 100);
        let combinations = [vec![], vec![], vec![], vec![vec![0, 1]], vec![vec![1, 2]]];
        Order::new(&counts, &[0, 1, 0, 2, 2], &combinations, interleaving, parts).expect("parents suffice")
    }

    #[test]
    fn every_row_comes_once_and_rows_of_a_table_come_in_turn() {
        for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
            let order = base(2_000, interleaving, 3);
            let mut seen = [0; 5];
            for (table, row) in order.walk(0) {
                assert_eq!(seen[table], row);
                seen[table] += 1;
            }
            assert_eq!(seen, [600, 2_400, 600, 1_800, 600]);
        }
    }

    #[test]
    fn each_part_writes_its_own_rows_only() {
        let order = base(1_000, Interleaving::Mixed, 4);
        let second: Vec<_> = order.walk(1_000).take(1_000).collect();
        assert!(second.iter().all(|&(t, row)| row / order.count(t) == 1));
    }

    #[test]
    fn any_place_can_be_reached_at_once() {
        for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
            let order = base(500, interleaving, 2);
            let all: Vec<_> = order.walk(0).collect();
            for place in [0, 1, 7, 250, 499, 500, 501, 999] {
                assert_eq!(order.walk(place as u64).next(), Some(all[place]), "{place}");
            }
            assert_eq!(order.walk(1_000).next(), None);
        }
    }

    #[test]
    fn mixed_keeps_the_proportions_all_along() {
        let order = base(10_000, Interleaving::Mixed, 1);
        let posts = order.walk(5_000).take(1_000).filter(|&(t, _)| t == 1).count();
        assert!((395..=405).contains(&posts), "{posts}");
    }

    #[test]
    fn parents_come_first_even_at_the_very_start() {
        let order = base(100, Interleaving::Mixed, 1);
        let mut seen = [0u64; 5];
        for (table, _) in order.walk(0) {
            match table {
                1 => assert!(seen[0] > 0),
                3 => assert!(seen[0] > 0 && seen[1] > 0),
                4 => assert!(seen[1] > 0 && seen[2] > 0),
                _ => {}
            }
            seen[table] += 1;
        }
    }

    #[test]
    fn too_few_combinations_are_refused() {
        let refused =
            Order::new(&[3, 3, 10], &[0, 0, 1], &[vec![], vec![], vec![vec![0, 1]]], Interleaving::Mixed, 1);
        assert_eq!(refused.err().map(|e| (e.table, e.rows, e.combinations)), Some((2, 10, 9)));
    }
}
