//! Rows that come together under one parent and are distinct there, without remembering those already drawn.
//!
//! Rows fall into groups, one for each row of the parent. Within its group a row takes a combination of the other parents that existed when the
//! group began, by a permutation of the group's own; or something beside the references keeps so many rows of a group apart. No row comes before
//! its parent, and none before the others give enough combinations for a group.

use super::combination::{Combination, Exhausted, Side, first_key_where, split};
use super::order::Order;
use crate::template::{Permutation, first_of_group, group_of, mix, reach, spread};

/// When rows may come, and which parents each takes.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    /// Rows of a group, on average; not those asked for where there are too few parents.
    length: f64,
    main: Side,
    others: Vec<Side>,
    /// Key from which on a group finds enough combinations.
    opens_at: u64,
}

impl Groups {
    /// # Errors
    /// Where the parents do not suffice.
    pub(super) fn new(
        order: &Order,
        table: usize,
        combination: &Combination,
        fan_out: f64,
    ) -> Result<Self, Exhausted> {
        let (main, others) = combination.sides.split_first().expect("there is a parent");
        let mut groups = Groups { length: fan_out, main: main.clone(), others: others.to_vec(), opens_at: 0 };
        let (loaded, count) = (order.loaded(table), order.count(table));
        let ends = (0..=order.parts()).map(|part| (part, loaded + part * count));
        let ends: Vec<(u64, u64)> =
            ends.filter(|&(part, end)| if part == 0 { end > 0 } else { count > 0 }).collect();
        let Some(&(_, first_end)) = ends.first() else { return Ok(groups) };
        let last_key = order.part_end(table, first_end - 1);
        let room = match (combination.kept_apart, groups.others.is_empty()) {
            (Some(most), _) => u128::from(most),
            (None, true) => u128::MAX,
            (None, false) => groups.room(order, last_key),
        };
        // Where the others are few, a group is smaller; where its parents are few, it is larger.
        if u128::from(groups.most_rows()) > room {
            groups.length = (room as f64).max(1.0);
        }
        for &(_, end) in &ends {
            let parents = groups.main.reach(order, order.part_end(table, end - 1));
            if parents == 0 {
                return Err(Exhausted { rows: end, combinations: 0 });
            }
            if group_of(end - 1, groups.length) >= parents {
                groups.length = end as f64 / parents as f64;
            }
        }
        let wanted = u128::from(groups.most_rows());
        if room < wanted {
            let parents = u128::from(groups.main.reach(order, last_key));
            return Err(Exhausted { rows: order.in_all(table), combinations: parents.saturating_mul(room) });
        }
        if !groups.others.is_empty() {
            groups.opens_at = first_key_where(last_key, |key| groups.room(order, key) >= wanted);
        }
        Ok(groups)
    }

    /// Rows of the largest group.
    fn most_rows(&self) -> u64 {
        self.length.ceil() as u64
    }

    /// Combinations of the other parents at a key.
    fn room(&self, order: &Order, key: u64) -> u128 {
        self.others.iter().fold(1, |room, side| room.saturating_mul(u128::from(side.reach(order, key))))
    }

    /// The least key at which a row may come.
    pub(super) fn opens_at(&self, order: &Order, row: u64) -> u64 {
        let group = group_of(row, self.length);
        // As many rows of the parent as it takes until its share reaches this far.
        let (mut low, mut high) = (group + 1, order.available_in_all(self.main.table));
        while low < high {
            let middle = low + (high - low) / 2;
            if reach(self.main.share, middle) > group { high = middle } else { low = middle + 1 }
        }
        order.key_of_next(self.main.table, low - 1).max(self.opens_at)
    }

    /// How many rows may have come at a key.
    pub(super) fn open_rows(&self, order: &Order, key: u64) -> u64 {
        match self.main.reach(order, key) {
            _ if key < self.opens_at => 0,
            0 => 0,
            parents => first_of_group(parents, self.length),
        }
    }

    /// The parents' rows (from 0) of a row, one per side. `seed` belongs to the combination.
    pub(super) fn cell(&self, order: &Order, table: usize, row: u64, seed: u64) -> Vec<u64> {
        let group = group_of(row, self.length);
        let mut cell = vec![spread(self.main.share, group)];
        if !self.others.is_empty() {
            let first = first_of_group(group, self.length);
            let key = order.key(table, first);
            let ranges: Vec<(u64, u64)> =
                self.others.iter().map(|side| (0, side.reach(order, key))).collect();
            let permutation = Permutation::new(mix(seed, &[group]), self.room(order, key));
            let places = split(permutation.at(u128::from(row - first)), &ranges);
            cell.extend(self.others.iter().zip(places).map(|(side, place)| spread(side.share, place)));
        }
        cell
    }
}

#[cfg(test)]
#[path = "groups_tests.rs"]
mod tests;
