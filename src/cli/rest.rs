//! How long an experiment still takes, from what its units took so far. It is told only where each unit to come has been measured before, by one
//! of another iteration: what a level of other workers or another case takes cannot be known from the rest.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use super::pace::seconds;
use crate::run::Unit;

/// Units of one kind do the same work: a case, a workload, and its levels.
type Kind = (usize, usize, Range<usize>);

/// What the units of an experiment took.
pub(super) struct Rest<'a> {
    units: &'a [Unit],
    /// Time and number of those that were carried out.
    taken: HashMap<Kind, (Duration, u32)>,
}

impl<'a> Rest<'a> {
    pub(super) fn new(units: &'a [Unit]) -> Rest<'a> {
        Rest { units, taken: HashMap::new() }
    }

    /// A unit was carried out to its end, from making its database to removing it.
    pub(super) fn took(&mut self, unit: &Unit, time: Duration) {
        let (sum, number) = self.taken.entry(kind(unit)).or_default();
        *sum += time;
        *number += 1;
    }

    /// The place of a unit among all, and how long it and those behind it take: `7 of 40, 12m 30s left`.
    pub(super) fn place(&self, index: usize) -> String {
        let place = format!("{} of {}", index + 1, self.units.len());
        self.left(index).map_or(place.clone(), |left| format!("{place}, {} left", seconds(left)))
    }

    fn left(&self, index: usize) -> Option<Duration> {
        let typical = |unit: &Unit| self.taken.get(&kind(unit)).map(|(sum, number)| *sum / *number);
        self.units[index..].iter().map(typical).sum()
    }
}

fn kind(unit: &Unit) -> Kind {
    (unit.case, unit.stretch.workload, unit.stretch.levels.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::run::Stretch;

    fn unit(case: usize, iteration: u32) -> Unit {
        Unit { case, stretch: Stretch { workload: 0, levels: 0..1, iterations: iteration..iteration + 1 } }
    }

    /// What is said before each unit of two cases, mixed, of which the one takes 2 s and the other a minute.
    fn said(order: &[(usize, u32)]) -> Vec<String> {
        let units: Vec<Unit> = order.iter().map(|(case, iteration)| unit(*case, *iteration)).collect();
        let (clock, mut rest) = (Clock::virtual_time(), Rest::new(&units));
        let each = units.iter().enumerate().map(|(index, unit)| {
            let words = rest.place(index);
            let before = clock.now();
            clock.sleep(Duration::from_secs([2, 60][unit.case]));
            rest.took(unit, Duration::from_nanos(clock.nanos_between(before, clock.now())));
            words
        });
        each.collect()
    }

    #[test]
    fn the_rest_is_told_once_every_kind_of_unit_to_come_was_measured() {
        let words = said(&[(0, 0), (1, 0), (1, 1), (0, 1), (0, 2), (1, 2)]);
        let left = ["2m 04s left", "64 s left", "62 s left", "60 s left"];
        assert_eq!(words[..2], ["1 of 6", "2 of 6"]);
        let told: Vec<String> =
            (3..).zip(left).map(|(number, left)| format!("{number} of 6, {left}")).collect();
        assert_eq!(words[2..], told);
    }

    #[test]
    fn what_was_never_measured_is_not_guessed_from_others() {
        let words = said(&[(0, 0), (0, 1), (0, 2), (1, 0)]);
        assert_eq!(words, ["1 of 4", "2 of 4", "3 of 4", "4 of 4"]);
    }

    #[test]
    fn a_unit_that_comes_again_is_expected_to_take_what_those_before_it_took_on_average() {
        let units = [unit(0, 0), unit(0, 1), unit(0, 2)];
        let mut rest = Rest::new(&units);
        rest.took(&units[0], Duration::from_secs(10));
        rest.took(&units[1], Duration::from_secs(20));
        assert_eq!(rest.place(2), "3 of 3, 15 s left");
    }
}
