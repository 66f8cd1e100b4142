//! Which row a `ref` refers to, among those that exist.

use super::{Distribution, Draw};

/// How the row is chosen. A fan-out excludes a distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pick {
    /// As it is named; uniform where none is.
    pub distribution: Option<Distribution>,
    /// So many rows, 1 or more on average, refer to one, and they come together.
    pub fan_out: Option<f64>,
    /// Only this part of the rows, evenly among all, is referred to: above 0, at most 1.
    pub share: Option<f64>,
    /// Only the rows (from 1) from the first of these to the last are referred to, as far as they exist; any, before one of them does.
    pub rows: Option<(u64, u64)>,
}

impl Pick {
    /// Whether all rows are drawn alike, or rows of one parent come together: what distinct combinations can be made of.
    pub fn is_even(&self) -> bool {
        matches!(self.distribution, None | Some(Distribution::Uniform)) && self.rows.is_none()
    }

    /// How many of the rows that exist are referred to.
    pub fn reach(&self, available: u64) -> u64 {
        reach(self.share, available)
    }

    /// The row (from 0) at a place (from 0) among those that are referred to: they lie evenly among all.
    pub fn at(&self, place: u64) -> u64 {
        spread(self.share, place)
    }

    /// A row (from 0) of the `available` ones, at least one, for the row `number` (from 0).
    pub fn row(&self, draw: &mut Draw, number: u64, available: u64) -> u64 {
        if let Some((first, last)) = self.rows
            && available >= first
        {
            let within = Pick { rows: None, ..*self };
            return first - 1 + within.row(draw, number, available.min(last) + 1 - first);
        }
        let reach = self.reach(available);
        let place = match self.fan_out {
            Some(fan_out) => group_of(number, fan_out).min(reach - 1),
            None => self.distribution.unwrap_or_default().pick(draw, number + 1, reach) - 1,
        };
        self.at(place).min(available - 1)
    }
}

/// The row (from 0) at a place (from 0) among those that a share reaches: they lie evenly among all, whose number it stays below.
pub fn spread(share: Option<f64>, place: u64) -> u64 {
    share.map_or(place, |share| (place as f64 / share) as u64)
}

/// How many of `available` rows a share comes to: at least one where there is any.
pub fn reach(share: Option<f64>, available: u64) -> u64 {
    match share {
        Some(share) => ((available as f64 * share).ceil() as u64).clamp(available.min(1), available),
        None => available,
    }
}

/// The number (from 0) of the stretch of `length` rows, 1 or more on average, that a row (from 0) lies in.
pub fn group_of(row: u64, length: f64) -> u64 {
    (row as f64 / length) as u64
}

/// The first row (from 0) of a stretch, or of a later one.
pub fn first_of_group(group: u64, length: f64) -> u64 {
    let mut row = (group as f64 * length).ceil() as u64;
    while row > 0 && group_of(row - 1, length) >= group {
        row -= 1;
    }
    while group_of(row, length) < group {
        row += 1;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_begin_where_the_one_before_ends() {
        for length in [1.0, 1.1, 2.0, 3.3, 7.77, 1000.0 / 3.0] {
            for group in 0..500 {
                let first = first_of_group(group, length);
                assert_eq!(group_of(first, length), group, "{length}");
                assert!(first == 0 || group_of(first - 1, length) < group, "{length}");
                assert!(first_of_group(group + 1, length) - first <= length.ceil() as u64, "{length}");
            }
        }
    }

    #[test]
    fn a_share_reaches_rows_all_over_and_never_none() {
        assert_eq!([0, 1, 2, 9, 10, 11].map(|rows| reach(Some(0.2), rows)), [0, 1, 1, 2, 2, 3]);
        assert_eq!(reach(Some(1.0), 7), 7);
        let pick = Pick { share: Some(0.3), ..Pick::default() };
        let mut draw = Draw::new(3);
        assert!((0..200).all(|row| [0, 3, 6].contains(&pick.row(&mut draw, row, 10))));
    }

    #[test]
    fn rows_named_are_the_only_ones_once_they_exist() {
        let pick = Pick { rows: Some((10, 12)), ..Pick::default() };
        let mut draw = Draw::new(5);
        assert!((0..100).all(|row| pick.row(&mut draw, row, 9) < 9));
        assert!((0..100).all(|row| (9..12).contains(&pick.row(&mut draw, row, 50))));
        assert!((0..100).all(|row| pick.row(&mut draw, row, 10) == 9));
        let together = Pick { fan_out: Some(2.0), ..pick };
        let rows: Vec<u64> = (0..7).map(|row| together.row(&mut draw, row, 50)).collect();
        assert_eq!(rows, [9, 9, 10, 10, 11, 11, 11]);
    }

    #[test]
    fn a_fan_out_keeps_to_the_rows_that_exist() {
        let pick = Pick { fan_out: Some(2.5), ..Pick::default() };
        let rows: Vec<u64> = (0..10).map(|row| pick.row(&mut Draw::new(1), row, 3)).collect();
        assert_eq!(rows, [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]);
    }
}
