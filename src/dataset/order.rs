//! In which order rows are written and operations come, in closed form: any place of the order can be computed without those before it.
//!
//! Every row has a key on one time line, and the order is by key, then by rank (parents before children, operations last). Rows that are loaded
//! have a part of their own before the first measured one. Interleaving in proportion puts row `k` of `n` at the fraction `k / n` of its part;
//! writing in phases squeezes each table into a window of its own, and operations into one after them. A table whose rows combine several parents
//! waits until there are enough of them (see `combination`); an operation waits for the first row of the tables that it asks for rows.

use super::combination::{Combination, Exhausted, Stages};
use super::groups::Groups;

/// Ticks of one part of the order. Above 10^12, so that no two rows of a table share a tick.
pub(super) const PART_TICKS: u64 = 1 << 44;

/// Where on the time line a table's rows lie within a part.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: u64,
    length: u64,
}

/// The place of one table or action in the order.
#[derive(Clone, Debug)]
struct Lane {
    /// Rows in the part before the measured ones.
    loaded: u64,
    /// Rows in each measured part.
    count: u64,
    /// Rows that can be referred to or asked for, at most.
    visible: u64,
    window: Window,
    /// Whether each row comes at the end of its stretch of the window, not at its start.
    late: bool,
    /// No row comes before this key.
    opens_at: u64,
    /// One for each combination of parents that rows wait for.
    waits: Vec<Wait>,
}

/// What rows that are distinct combinations of parents wait for.
#[derive(Clone, Debug)]
enum Wait {
    /// Until there are combinations enough.
    Stages(Stages),
    /// Until the parent is there that they come together under.
    Groups(Groups),
}

impl Wait {
    fn new(order: &Order, table: usize, combination: &Combination) -> Result<Self, Exhausted> {
        Ok(match combination.fan_out {
            None => Wait::Stages(Stages::new(order, table, &combination.sides)?),
            Some(fan_out) => Wait::Groups(Groups::new(order, table, combination, fan_out.0)?),
        })
    }

    fn opens_at(&self, order: &Order, row: u64) -> u64 {
        match self {
            Wait::Stages(stages) => stages.opens_at(row),
            Wait::Groups(groups) => groups.opens_at(order, row),
        }
    }

    fn open_rows(&self, order: &Order, key: u64) -> u64 {
        match self {
            Wait::Stages(stages) => stages.open_rows(key),
            Wait::Groups(groups) => groups.open_rows(order, key),
        }
    }
}

impl Lane {
    fn new(loaded: u64, count: u64, window: Window) -> Self {
        Lane { loaded, count, visible: u64::MAX, window, late: false, opens_at: 0, waits: Vec::new() }
    }
}

/// The order of all rows and operations: the load, then parts of equal size, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The tables', then the actions'.
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
    /// One after the other, parents first; operations that insert no row come after all tables.
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

/// What an order is made of, per table unless said otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    /// Rows before the first part.
    pub(super) loaded: &'a [u64],
    /// Tables of which only loaded rows can be referred to.
    pub(super) loaded_only: &'a [bool],
    /// Rows in each part.
    pub(super) counts: &'a [u64],
    /// Parents before children.
    pub(super) ranks: &'a [usize],
    /// The parents whose combination is distinct in every row.
    pub(super) combinations: &'a [Vec<Combination>],
    pub(super) actions: &'a [Occurrences],
    pub(super) interleaving: Interleaving,
    pub(super) parts: u64,
}

/// When an action comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Occurrences {
    /// In each part.
    pub(super) count: u64,
    /// Tables whose first row it waits for: they have one.
    pub(super) waits: Vec<usize>,
    /// As late as its share allows: so that a delete from a growing table finds more rows than went before.
    pub(super) late: bool,
}

impl Order {
    /// # Errors
    /// When the parents of a table give fewer combinations than it has rows.
    pub(super) fn new(shape: Shape<'_>) -> Result<Self, TooFew> {
        let tables = shape.counts.len();
        let mut by_rank: Vec<usize> = (0..tables).collect();
        by_rank.sort_by_key(|&t| shape.ranks[t]);
        let slices = tables + usize::from(!shape.actions.is_empty());
        let window = |place: usize| match shape.interleaving {
            Interleaving::Mixed => Window { start: 0, length: PART_TICKS },
            Interleaving::Phased => {
                let slice = PART_TICKS / slices as u64;
                Window { start: place as u64 * slice, length: slice }
            }
        };
        let lanes = (0..tables).map(|table| {
            let place = by_rank.iter().position(|&t| t == table).expect("every table has a place");
            let (loaded, count) = (shape.loaded[table], shape.counts[table]);
            let visible = if shape.loaded_only[table] { loaded } else { u64::MAX };
            Lane { visible, ..Lane::new(loaded, count, window(place)) }
        });
        let mut order = Order { lanes: lanes.collect(), by_rank, parts: shape.parts };
        for table in order.by_rank.clone() {
            for (combination, parents) in shape.combinations[table].iter().enumerate() {
                let wait = Wait::new(&order, table, parents).map_err(|few| TooFew {
                    table,
                    combination,
                    rows: few.rows,
                    combinations: few.combinations,
                })?;
                order.lanes[table].waits.push(wait);
            }
        }
        for Occurrences { count, waits, late } in shape.actions {
            let opens_at = waits.iter().map(|&table| order.key(table, 0)).max().unwrap_or(0);
            order.by_rank.push(order.lanes.len());
            order.lanes.push(Lane { late: *late, opens_at, ..Lane::new(0, *count, window(tables)) });
        }
        Ok(order)
    }

    /// Rows of a table that are loaded.
    pub(super) fn loaded(&self, lane: usize) -> u64 {
        self.lanes[lane].loaded
    }

    /// Rows of a table, or occurrences of an action, in one part.
    pub(super) fn count(&self, lane: usize) -> u64 {
        self.lanes[lane].count
    }

    /// Rows of a table, or occurrences of an action, over the load and all parts.
    pub(super) fn in_all(&self, lane: usize) -> u64 {
        let Lane { loaded, count, .. } = self.lanes[lane];
        loaded + count * self.parts
    }

    /// The parents' rows (from 0) of a row, for one of its table's combinations; `seed` belongs to the combination.
    pub(super) fn combination(&self, table: usize, combination: usize, row: u64, seed: u64) -> Vec<u64> {
        match &self.lanes[table].waits[combination] {
            Wait::Stages(stages) => stages.cell(row, seed),
            Wait::Groups(groups) => groups.cell(self, table, row, seed),
        }
    }

    /// How many parts there are, the load left out.
    pub(super) fn parts(&self) -> u64 {
        self.parts
    }

    /// Rows loaded, over all tables.
    pub(super) fn load_total(&self) -> u64 {
        self.lanes.iter().map(|l| l.loaded).sum()
    }

    /// Rows and operations in one part.
    pub(super) fn part_total(&self) -> u64 {
        self.lanes.iter().map(|l| l.count).sum()
    }

    /// The key after which nothing comes.
    pub(super) fn end(&self) -> u64 {
        (self.parts + 1) * PART_TICKS
    }

    /// The part that a row (from 0, loaded ones counted) belongs to: 0 is the load. With it, the place within the part and the part's rows.
    fn part_of(&self, lane: usize, row: u64) -> (u64, u64, u64) {
        let Lane { loaded, count, .. } = self.lanes[lane];
        match row.checked_sub(loaded) {
            None => (0, row, loaded),
            Some(later) => (1 + later / count, later % count, count),
        }
    }

    /// The last key of the part that a row belongs to.
    pub(super) fn part_end(&self, lane: usize, row: u64) -> u64 {
        (self.part_of(lane, row).0 + 1) * PART_TICKS - 1
    }

    /// The key of a row (from 0, loaded ones counted), waits left out.
    fn plain_key(&self, lane: usize, row: u64) -> u64 {
        let Lane { window, late, .. } = self.lanes[lane];
        let (part, within, count) = self.part_of(lane, row);
        let late = u64::from(late);
        let offset = u128::from(within + late) * u128::from(window.length) / u128::from(count);
        part * PART_TICKS + window.start + offset as u64 - late
    }

    /// The key of a row (from 0, loaded ones counted) or of an occurrence.
    pub(super) fn key(&self, lane: usize, row: u64) -> u64 {
        let plain = self.plain_key(lane, row).max(self.lanes[lane].opens_at);
        self.lanes[lane].waits.iter().map(|wait| wait.opens_at(self, row)).fold(plain, u64::max)
    }

    /// How many rows of a lane have a key of at most `key`, waits left out.
    fn plain_rows_until(&self, lane: usize, key: u64) -> u64 {
        let Lane { loaded, count, window, late, .. } = self.lanes[lane];
        let (part, within) = (key / PART_TICKS, key % PART_TICKS);
        let (before, count) = if part == 0 { (0, loaded) } else { (loaded + (part - 1) * count, count) };
        let in_part = match within.checked_sub(window.start) {
            None => 0,
            Some(offset) if offset >= window.length => count,
            Some(offset) => {
                let late = u64::from(late);
                let rows = u128::from(offset + 1 + late) * u128::from(count);
                (rows.div_ceil(u128::from(window.length)) as u64).saturating_sub(late)
            }
        };
        before + in_part.min(count)
    }

    /// How many rows of a table, or occurrences of an action, have a key of at most `key`, which lies before the end.
    pub(super) fn rows_until(&self, lane: usize, key: u64) -> u64 {
        if key < self.lanes[lane].opens_at {
            return 0;
        }
        let plain = self.plain_rows_until(lane, key);
        self.lanes[lane].waits.iter().map(|wait| wait.open_rows(self, key)).fold(plain, u64::min)
    }

    /// How many come before a key.
    pub(super) fn rows_before(&self, lane: usize, key: u64) -> u64 {
        key.checked_sub(1).map_or(0, |last| self.rows_until(lane, last))
    }

    /// How many rows of a table can be referred to or asked for at a key.
    pub(super) fn available(&self, table: usize, key: u64) -> u64 {
        self.rows_until(table, key).min(self.lanes[table].visible)
    }

    /// How many rows of a table can be referred to or asked for in the end.
    pub(super) fn available_in_all(&self, table: usize) -> u64 {
        self.in_all(table).min(self.lanes[table].visible)
    }

    /// The key from which on more than `rows` rows of a table can be referred to; the end where that never comes.
    pub(super) fn key_of_next(&self, table: usize, rows: u64) -> u64 {
        if rows < self.available_in_all(table) { self.key(table, rows) } else { self.end() }
    }

    /// How many come before a place of the order: the key and lane of what stands there, a table's row or an action's occurrence `number`.
    pub(super) fn before_place(&self, action: usize, place: Place) -> u64 {
        // Actions of equal keys come in their own order, after all tables.
        match action.cmp(&place.lane) {
            std::cmp::Ordering::Less => self.rows_until(action, place.key),
            std::cmp::Ordering::Equal => place.number,
            std::cmp::Ordering::Greater => self.rows_before(action, place.key),
        }
    }

    /// Where a row or an occurrence stands.
    pub(super) fn place(&self, lane: usize, number: u64) -> Place {
        Place { key: self.key(lane, number), lane, number }
    }

    /// Walks the order from a place (from 0, the load counted) on.
    pub(super) fn walk(&self, place: u64) -> Walk<'_> {
        let before = |key: u64| -> u64 { (0..self.lanes.len()).map(|t| self.rows_until(t, key)).sum() };
        let (mut low, mut high) = (0, self.end());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(middle) > place { high = middle } else { low = middle + 1 }
        }
        let rows = |t| self.rows_before(t, low);
        let next: Vec<u64> = (0..self.lanes.len()).map(rows).collect();
        let reached: u64 = next.iter().sum();
        let keys = next.iter().enumerate().map(|(t, &row)| self.key_or_end(t, row)).collect();
        let mut walk = Walk { order: self, next, keys };
        (reached..place).for_each(|_| {
            walk.next();
        });
        walk
    }

    fn key_or_end(&self, lane: usize, row: u64) -> u64 {
        if row < self.in_all(lane) { self.key(lane, row) } else { u64::MAX }
    }
}

/// A place of the order, by what stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) key: u64,
    /// A table or, after all tables, an action.
    pub(super) lane: usize,
    /// The row or occurrence, from 0.
    pub(super) number: u64,
}

/// Yields lane (a table or, after all tables, an action) and row or occurrence (from 0, over the load and all parts), in order.
#[derive(Debug)]
pub(super) struct Walk<'a> {
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
#[path = "order_tests.rs"]
mod tests;
