//! By what factor do two sets of repetitions differ?
//!
//! The estimate belongs to the Mann-Whitney test: the median of the quotients of every value of the one and every value of the other (Hodges and
//! Lehmann 1963, "Estimates of Location Based on Rank Tests", for logarithms). Where a machine is now fast and now slow, the median of each side
//! jumps from the one to the other, and their ratio with them; the quotients of like and like stay in the middle of all.

use super::difference::{MOST_PAIRS, shares_of_u};
use super::{LEAST_FOR_INTERVAL, RESAMPLES, drawn, sorted, tails};
use crate::template::Draw;

/// Repetitions of one side from which its own halves can be compared.
const LEAST_FOR_NOISE: usize = 4;
/// Of a standard normal variable, 95 % lie within this of 0.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// By what factor a candidate differs from a base.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The median of all quotients candidate ÷ base.
    pub ratio: f64,
    /// Its 95 % confidence interval, both ends included; absent where a side has fewer than three values.
    pub interval: Option<(f64, f64)>,
}

/// The factor with its interval, each end of which is the farther of two: of the bootstrap percentile interval (both sides are drawn anew, each from
/// its own values), which by itself holds the true factor too seldom where values are few, and of the factors that the Mann-Whitney test does not reject
/// (Moses, in Hollander and Wolfe 1999, "Nonparametric Statistical Methods", section 4.3). Of more than 2,500 quotients, where both come to about the same, it is the latter. Absent
/// where a value of the base is not above 0, one of the candidate below 0, or a side is empty. Which resamples are drawn follows from `seed`.
pub fn ratio(base: &[f64], candidate: &[f64], seed: u64) -> Option<Ratio> {
    let (base, candidate) = divisible(base, candidate)?;
    let interval = || {
        let (low, high) = not_rejected(&base, &candidate);
        if base.len() * candidate.len() > MOST_PAIRS {
            return (low, high);
        }
        let (least, most) = resampled(&base, &candidate, seed);
        (low.min(least), high.max(most))
    };
    let enough = base.len().min(candidate.len()) >= LEAST_FOR_INTERVAL;
    Some(Ratio { ratio: middle(&base, &candidate), interval: enough.then(interval) })
}

/// The factor alone, absent as in [`ratio`].
pub fn factor(base: &[f64], candidate: &[f64]) -> Option<f64> {
    let (base, candidate) = divisible(base, candidate)?;
    Some(middle(&base, &candidate))
}

/// Both sides in their order, where all of the one can be divided by all of the other.
fn divisible(base: &[f64], candidate: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let (base, candidate) = (sorted(base), sorted(candidate));
    (*base.first()? > 0.0 && *candidate.first()? >= 0.0).then_some((base, candidate))
}

/// How far two parts of the same repetitions are apart, which nothing but chance and drift can have done: the greatest |ln(ratio)| of
/// the first half and the second, and of every other one and the rest. `values` are in the order in which they were measured. Absent for fewer than
/// four, or where one is not above 0.
pub fn noise(values: &[f64]) -> Option<f64> {
    if values.len() < LEAST_FOR_NOISE || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let (first, second) = values.split_at(values.len() / 2);
    let every_other = |from: usize| values.iter().copied().skip(from).step_by(2).collect::<Vec<f64>>();
    let apart = |a: &[f64], b: &[f64]| middle(&sorted(a), &sorted(b)).ln().abs();
    Some(apart(first, second).max(apart(&every_other(0), &every_other(1))))
}

/// The median of all quotients of sorted values: the middle one, or the geometric mean of the two in the middle, so that either side may be
/// the base.
fn middle(base: &[f64], candidate: &[f64]) -> f64 {
    let [low, high] = middle_ranks(base.len() * candidate.len());
    between(quotient(base, candidate, low), quotient(base, candidate, high))
}

/// From 1.
fn middle_ranks(number: usize) -> [usize; 2] {
    [number.div_ceil(2), number / 2 + 1]
}

fn between(low: f64, high: f64) -> f64 {
    match low {
        // Nothing has no geometric mean.
        0.0 => high / 2.0,
        _ if low == high => low,
        _ => low.sqrt() * high.sqrt(),
    }
}

/// The quotient of this rank (from 1) among all of sorted values, without making them all: the least number that so many do not exceed. Numbers
/// that are not negative are in the order of their bits.
fn quotient(base: &[f64], candidate: &[f64], rank: usize) -> f64 {
    let up_to = |bound: f64| {
        let mut within = 0;
        let each = base.iter().map(|divisor| {
            // The greater the divisor, the more of the quotients are small.
            while within < candidate.len() && candidate[within] / divisor <= bound {
                within += 1;
            }
            within
        });
        each.sum::<usize>()
    };
    let (mut low, mut high) = (0u64, f64::INFINITY.to_bits());
    while low < high {
        let half = low + (high - low) / 2;
        if up_to(f64::from_bits(half)) >= rank { high = half } else { low = half + 1 }
    }
    f64::from_bits(low)
}

/// A quotient and the places of its two values.
type Quotient = (f64, usize, usize);

fn resampled(base: &[f64], candidate: &[f64], seed: u64) -> (f64, f64) {
    let of = |(i, divisor): (usize, &f64)| {
        let divisor = *divisor;
        candidate.iter().enumerate().map(move |(j, value)| (value / divisor, i, j))
    };
    let mut quotients: Vec<Quotient> = base.iter().enumerate().flat_map(of).collect();
    quotients.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut draw = Draw::new(seed);
    let one = |_| {
        let (of_base, of_candidate) = (drawn(&mut draw, base.len()), drawn(&mut draw, candidate.len()));
        middle_of_drawn(&quotients, &of_base, &of_candidate)
    };
    tails((0..RESAMPLES).map(one).collect())
}

/// The median of the quotients of a resample: each comes as often as its two values were drawn.
fn middle_of_drawn(quotients: &[Quotient], of_base: &[usize], of_candidate: &[usize]) -> f64 {
    let mut seen = 0;
    let mut sums = quotients.iter().map(|(value, i, j)| {
        seen += of_base[*i] * of_candidate[*j];
        (seen, *value)
    });
    let [low, high] = middle_ranks(quotients.len());
    let mut found = sums.find(|(seen, _)| *seen >= low).expect("as many are drawn as there are");
    let first = found.1;
    while found.0 < high {
        found = sums.next().expect("as many are drawn as there are");
    }
    between(first, found.1)
}

/// The factors that the test would not reject, as quotients of two ranks.
fn not_rejected(base: &[f64], candidate: &[f64]) -> (f64, f64) {
    let rank = least_rank(base.len(), candidate.len());
    let last = base.len() * candidate.len() + 1 - rank;
    (quotient(base, candidate, rank), quotient(base, candidate, last))
}

/// Which of the quotients in their order (from 1) is the least that is not rejected: one more than the U that chance exceeds 97.5 times in 100.
fn least_rank(n: usize, m: usize) -> usize {
    if n * m <= MOST_PAIRS {
        let below = shares_of_u(n, m).into_iter().scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        return below.take_while(|share| *share <= 0.025).count().max(1);
    }
    let pairs = (n * m) as f64;
    let apart = NORMAL_95 * (pairs * (n + m + 1) as f64 / 12.0).sqrt();
    (pairs / 2.0 - apart) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_ratio_has_none() {
        assert_eq!(ratio(&[], &[1.0], 1), None);
        assert_eq!(ratio(&[0.0], &[1.0], 1), None);
        assert_eq!(ratio(&[1.0; 3], &[0.0; 3], 1), Some(Ratio { ratio: 0.0, interval: Some((0.0, 0.0)) }));
        assert_eq!(ratio(&[2.0, 2.0], &[3.0], 1), Some(Ratio { ratio: 1.5, interval: None }));
        assert_eq!(noise(&[1.0, 2.0, 3.0]), None);
        assert_eq!(factor(&[2.0, 2.0], &[0.0, 3.0]), Some(0.75));
    }

    #[test]
    fn the_interval_of_a_ratio_holds_it_and_is_narrow_where_values_are() {
        let base: Vec<f64> = (0..10).map(|i| 100.0 + f64::from(i) * 0.1).collect();
        let slower: Vec<f64> = base.iter().map(|value| value * 1.06).collect();
        let found = ratio(&base, &slower, 3).unwrap();
        let (low, high) = found.interval.unwrap();
        assert!((found.ratio - 1.06).abs() < 1e-12 && low < 1.06 && high > 1.06, "{found:?}");
        assert!(low > 1.05 && high < 1.07, "{found:?}");
        assert_eq!(ratio(&base, &slower, 3), Some(found));
    }

    #[test]
    fn drift_within_a_run_is_noise() {
        let drifting = [1.0, 1.0, 1.0, 1.1, 1.1, 1.1];
        assert!((noise(&drifting).unwrap() - 1.1f64.ln()).abs() < 1e-12);
        let alternating = [1.0, 1.1, 1.0, 1.1, 1.0, 1.1];
        assert!((noise(&alternating).unwrap() - 1.1f64.ln()).abs() < 1e-12);
        assert_eq!(noise(&[2.0; 9]), Some(0.0));
    }

    /// Samples with what numpy 2.4 and scipy 1.17 (`bootstrap`, percentile, 5,000 resamples, twenty times) say of them.
    #[derive(serde::Deserialize)]
    struct Reference {
        ratios: Vec<Sample>,
    }

    #[derive(serde::Deserialize)]
    struct Sample {
        a: Vec<f64>,
        b: Vec<f64>,
        ratio: f64,
        /// Least and greatest of the twenty.
        low: [f64; 2],
        high: [f64; 2],
    }

    #[test]
    fn factors_and_their_intervals_are_those_of_the_reference_implementation() {
        let reference: Reference = serde_json::from_str(include_str!("reference.json")).unwrap();
        assert!(reference.ratios.len() >= 20);
        for sample in reference.ratios {
            let found = ratio(&sample.a, &sample.b, 1).unwrap();
            assert!((found.ratio - sample.ratio).abs() < 1e-12, "{found:?} instead of {}", sample.ratio);
            let (low, high) = resampled(&sorted(&sample.a), &sorted(&sample.b), 1);
            for (end, [least, most]) in [(low, sample.low), (high, sample.high)] {
                let slack = (most - least) / 2.0 + 0.000_5;
                assert!((least - slack..=most + slack).contains(&end), "{end} instead of {least} to {most}");
            }
        }
    }

    /// Of every pair, made and sorted.
    fn all_quotients(base: &[f64], candidate: &[f64]) -> Vec<f64> {
        sorted(&base.iter().flat_map(|a| candidate.iter().map(move |b| b / a)).collect::<Vec<_>>())
    }

    #[test]
    fn quotients_are_found_by_their_rank() {
        let (base, candidate) = ([1.0, 2.0, 2.0, 7.5], [0.0, 0.3, 4.0]);
        for (index, wanted) in all_quotients(&base, &candidate).iter().enumerate() {
            assert_eq!(quotient(&base, &candidate, index + 1), *wanted);
        }
    }

    /// The critical values of printed tables (two-sided, 5 %), and one more.
    #[test]
    fn ranks_of_the_interval_are_those_of_tables() {
        let tables = [(5, 5, 2), (6, 9, 10), (8, 8, 13), (10, 10, 23), (20, 20, 127)];
        for (n, m, critical) in tables {
            assert_eq!(least_rank(n, m), critical + 1, "{n} and {m}");
        }
        // Three of each can never be told apart.
        assert_eq!(least_rank(3, 3), 1);
        let exact = least_rank(50, 50) as f64;
        assert!(
            (least_rank(50, 51) as f64 / exact / 1.02 - 1.0).abs() < 0.01,
            "the approximation goes on where counting ends"
        );
    }

    #[test]
    fn about_95_of_100_intervals_hold_the_true_factor() {
        let mut draw = Draw::new(6);
        for n in [5, 10, 20] {
            let trials = 300;
            let held = (0..trials).filter(|trial| {
                let mut side = |mean: f64| -> Vec<f64> {
                    (0..n).map(|_| mean * (1.0 + 0.05 * (draw.unit() + draw.unit() - 1.0))).collect()
                };
                let (low, high) = ratio(&side(1.0), &side(1.1), *trial).unwrap().interval.unwrap();
                (low..=high).contains(&1.1)
            });
            let share = held.count() as f64 / trials as f64;
            assert!((0.93..=0.995).contains(&share), "{n} values: {share}");
        }
    }

    #[test]
    fn either_side_may_be_the_base() {
        let (a, b) = ([3.0, 4.0, 4.5, 9.0], [5.0, 5.5, 7.0]);
        let (there, back) = (ratio(&a, &b, 1).unwrap().ratio, ratio(&b, &a, 1).unwrap().ratio);
        assert!((there * back - 1.0).abs() < 1e-12, "{there} and {back}");
    }

    /// Iterations of a machine that takes half as long again at times, as often on the one side as on the other.
    fn now_fast_now_slow(draw: &mut Draw, mean: f64, n: usize) -> Vec<f64> {
        (0..n)
            .map(|_| mean * if draw.unit() < 0.5 { 1.0 } else { 1.5 } * (1.0 + 0.02 * draw.unit()))
            .collect()
    }

    #[test]
    fn a_machine_of_two_speeds_hides_no_difference() {
        let mut draw = Draw::new(9);
        let (mut held, mut told, trials) = (0, 0, 100);
        for trial in 0..trials {
            let mut side = |mean: f64| now_fast_now_slow(&mut draw, mean, 40);
            let found = ratio(&side(1.0), &side(1.08), trial).unwrap();
            let (low, high) = found.interval.unwrap();
            held += u32::from(low <= 1.08 && 1.08 <= high);
            told += u32::from(low > 1.0);
        }
        assert!(held >= 90, "{held} of {trials} intervals hold the factor");
        assert!(told >= 80, "{told} of {trials} intervals lie beyond 1");
    }

    #[test]
    fn the_interval_of_very_many_quotients_is_about_that_of_fewer() {
        let mut draw = Draw::new(4);
        let mut side = |mean: f64, n: usize| -> Vec<f64> {
            (0..n).map(|_| mean * (1.0 + 0.1 * (draw.unit() + draw.unit()))).collect()
        };
        let (base, candidate) = (side(1.0, 100), side(1.1, 100));
        let (low, high) = resampled(&sorted(&base), &sorted(&candidate), 1);
        let (from, to) = not_rejected(&sorted(&base), &sorted(&candidate));
        assert!((low - from).abs() < 0.003 && (high - to).abs() < 0.003, "{low}–{high} and {from}–{to}");
        let many = ratio(&side(1.0, 101), &side(1.1, 101), 1).unwrap();
        let (low, high) = many.interval.unwrap();
        assert!(low < many.ratio && many.ratio < high && low > 1.08 && high < 1.12, "{many:?}");
    }
}
