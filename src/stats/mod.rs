//! Estimates over the iterations of a level, and of the difference of two. Pure functions over slices: the same values and seed give the same
//! figures.
//!
//! Where the values come from and what a difference means is left to `result`.

mod difference;
mod ratio;

use crate::template::Draw;

pub use difference::{holm, least_repetitions, mann_whitney, repetitions_to_tell};
pub use ratio::{Ratio, factor, noise, ratio};

/// How often an interval's values are drawn anew.
const RESAMPLES: usize = 5_000;
/// Two values have no interval: any resample's median is one of three numbers.
const LEAST_FOR_INTERVAL: usize = 3;

/// What a few repetitions come to; in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many values.
    pub n: usize,
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation (divisor n - 1); absent for a single value.
    pub stddev: Option<f64>,
    /// Coefficient of variation: `stddev` divided by `mean`; absent for a single value, and where the mean is not above 0.
    pub cv: Option<f64>,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// A 95 % confidence interval of the median, both ends included; absent for fewer than three values.
    pub interval: Option<(f64, f64)>,
}

/// Sums values up; nothing for none. Which resamples are drawn for the interval follows from `seed`.
///
/// # Panics
/// If a value is not a number.
pub fn summary(values: &[f64], seed: u64) -> Option<Summary> {
    assert!(values.iter().all(|value| !value.is_nan()), "a figure that was not measured is left out");
    let sorted = sorted(values);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len();
    let mean = (sorted.iter().sum::<f64>() / n as f64).clamp(min, max);
    let squares = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let stddev = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
    Some(Summary {
        n,
        median: median(&sorted),
        mean,
        stddev,
        cv: stddev.filter(|_| mean > 0.0).map(|stddev| stddev / mean),
        min,
        max,
        interval: (n >= LEAST_FOR_INTERVAL).then(|| interval(&sorted, seed)),
    })
}

/// Of sorted values, at least one.
fn median(sorted: &[f64]) -> f64 {
    let upper = sorted[sorted.len() / 2];
    if sorted.len().is_multiple_of(2) {
        // The half of each, since their sum may be too large.
        sorted[sorted.len() / 2 - 1] / 2.0 + upper / 2.0
    } else {
        upper
    }
}

/// The bootstrap percentile interval of the median (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13): as many values
/// as there are, drawn with replacement, have a median; of [`RESAMPLES`] such medians in their order, the interval runs from the one that 2.5 %
/// do not exceed to the one that 97.5 % do not.
fn interval(sorted: &[f64], seed: u64) -> (f64, f64) {
    let mut draw = Draw::new(seed);
    tails((0..RESAMPLES).map(|_| drawn_median(&mut draw, sorted)).collect())
}

/// The ends of the middle 95 % of what [`RESAMPLES`] came to.
fn tails(mut found: Vec<f64>) -> (f64, f64) {
    found.sort_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    (found[tail - 1], found[RESAMPLES - tail - 1])
}

/// How often each of so many values is drawn, as many times as there are, with replacement: no resample need be sorted.
fn drawn(draw: &mut Draw, n: usize) -> Vec<usize> {
    let mut drawn = vec![0usize; n];
    (0..n).for_each(|_| drawn[draw.below(n as u64) as usize] += 1);
    drawn
}

/// The median of a resample of sorted values.
fn drawn_median(draw: &mut Draw, sorted: &[f64]) -> f64 {
    let n = sorted.len();
    let drawn = drawn(draw, n);
    let upper = sorted[place_of(&drawn, n / 2)];
    if n.is_multiple_of(2) { sorted[place_of(&drawn, n / 2 - 1)] / 2.0 + upper / 2.0 } else { upper }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Which value stands at a place (from 0) of a resample in its order.
fn place_of(drawn: &[usize], place: usize) -> usize {
    let mut seen = 0;
    let found = drawn.iter().position(|count| {
        seen += count;
        seen > place
    });
    found.expect("as many are drawn as there are values")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Standard normal, by Box and Muller.
    fn normal(draw: &mut Draw) -> f64 {
        let radius = (-2.0 * (1.0 - draw.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * draw.unit()).cos()
    }

    #[test]
    fn a_known_series_has_its_known_figures() {
        let found = summary(&[9.0, 2.0, 4.0, 4.0, 5.0, 4.0, 7.0, 5.0], 1).unwrap();
        assert_eq!((found.n, found.median, found.mean), (8, 4.5, 5.0));
        assert_eq!((found.min, found.max), (2.0, 9.0));
        assert!((found.stddev.unwrap() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert!((found.cv.unwrap() - (32.0f64 / 7.0).sqrt() / 5.0).abs() < 1e-12);
        let (low, high) = found.interval.unwrap();
        assert!((2.0..=4.5).contains(&low) && (4.5..=9.0).contains(&high), "{low} to {high}");
    }

    #[test]
    fn few_values_have_only_the_figures_that_they_allow() {
        assert_eq!(summary(&[], 1), None);
        let one = summary(&[3.0], 1).unwrap();
        assert_eq!((one.n, one.median, one.mean, one.stddev, one.cv), (1, 3.0, 3.0, None, None));
        let two = summary(&[3.0, 1.0], 1).unwrap();
        assert_eq!((two.median, two.interval), (2.0, None));
        assert!((two.stddev.unwrap() - 2.0f64.sqrt()).abs() < 1e-12);
        assert!(summary(&[3.0, 1.0, 2.0], 1).unwrap().interval.is_some());
        assert_eq!(summary(&[0.0, 0.0], 1).unwrap().cv, None);
    }

    #[test]
    fn equal_values_have_an_interval_without_width() {
        let found = summary(&[0.1; 10], 7).unwrap();
        assert_eq!((found.mean, found.stddev, found.interval), (0.1, Some(0.0), Some((0.1, 0.1))));
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_the_order_of_values_does_not_matter() {
        let mut draw = Draw::new(3);
        let mut values: Vec<f64> = (0..30).map(|_| normal(&mut draw)).collect();
        let first = summary(&values, 42).unwrap();
        values.reverse();
        assert_eq!(summary(&values, 42).unwrap(), first);
        let others: Vec<_> = (0..8).map(|seed| summary(&values, seed).unwrap().interval).collect();
        assert!(others.iter().any(|other| *other != first.interval), "the seed decides what is drawn");
    }

    /// Of three values the bootstrap can be counted through: 7 of 27 resamples have the least as their median, 13 the middle one.
    #[test]
    fn the_interval_of_three_values_is_their_range() {
        assert_eq!(summary(&[10.0, 20.0, 40.0], 5).unwrap().interval, Some((10.0, 40.0)));
    }

    /// Of nine values, 0.14 % of the resamples have the least as their median, and 3.04 % one of the two least: the interval runs from the second to
    /// the eighth.
    #[test]
    fn the_interval_of_nine_values_leaves_out_the_extremes() {
        let values: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!(summary(&values, 5).unwrap().interval, Some((2.0, 8.0)));
    }

    /// Ten iterations of about 100 that vary by so much.
    fn ten(draw: &mut Draw, mean: f64, stddev: f64) -> Vec<f64> {
        (0..10).map(|_| mean + stddev * normal(draw)).collect()
    }

    #[test]
    fn about_95_of_100_intervals_hold_the_true_median() {
        let mut draw = Draw::new(11);
        for n in [10, 25] {
            let trials = 300;
            let held = (0..trials)
                .filter(|trial| {
                    let values: Vec<f64> = (0..n).map(|_| 100.0 + 5.0 * normal(&mut draw)).collect();
                    let (low, high) = summary(&values, *trial).unwrap().interval.unwrap();
                    (low..=high).contains(&100.0)
                })
                .count();
            let share = held as f64 / trials as f64;
            assert!((0.92..=0.98).contains(&share), "{n} values: {share}");
        }
    }

    #[test]
    fn intervals_of_the_same_thing_overlap_and_those_of_five_percent_more_do_not() {
        let mut draw = Draw::new(5);
        let (mut apart_by_chance, mut told_apart) = (0, 0);
        for trial in 0..100 {
            let mut interval =
                |mean: f64| summary(&ten(&mut draw, mean, 2.0), trial).unwrap().interval.unwrap();
            let (first, second, slower) = (interval(100.0), interval(100.0), interval(95.0));
            apart_by_chance += u32::from(first.1 < second.0 || second.1 < first.0);
            told_apart += u32::from(slower.1 < first.0);
        }
        assert!(apart_by_chance <= 2, "{apart_by_chance} of 100");
        assert!(told_apart >= 88, "{told_apart} of 100");
    }
}
