//! Are two sets of repetitions different, and is that sure? Nothing here assumes a normal distribution.
//!
//! Which difference matters is left to `compare`.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

use super::{LEAST_FOR_INTERVAL, median, sorted};

/// Pairs of values up to which the exact distribution is counted; beyond, the normal approximation is close.
pub(super) const MOST_PAIRS: usize = 2_500;
/// Values of both sides together up to which those with ties are divided anew in every way; beyond, the normal approximation is close.
const MOST_WITH_TIES: usize = 24;
/// How much of the variance of means the test makes use of, where values are normal: its asymptotic relative efficiency, 3/π.
const EFFICIENCY: f64 = 3.0 / std::f64::consts::PI;
/// The probability with which a difference is to be found that is there.
const POWER: f64 = 0.8;

/// The two-sided p-value of the Mann-Whitney U test (Mann and Whitney 1947, "On a Test of Whether one of Two Random Variables is Stochastically
/// Larger than the Other"): exact for small samples, else by the normal approximation with corrections for ties and continuity.
/// Absent where a side has fewer than two values.
///
/// # Panics
/// If a value is not a number.
pub fn mann_whitney(base: &[f64], candidate: &[f64]) -> Option<f64> {
    if base.len() < 2 || candidate.len() < 2 {
        return None;
    }
    let mut all = sorted(&[base, candidate].concat());
    let n = all.len();
    all.dedup();
    if all.len() == 1 {
        return Some(1.0);
    }
    if all.len() == n && base.len() * candidate.len() <= MOST_PAIRS {
        return Some(exact_p(base, candidate));
    }
    if n <= MOST_WITH_TIES {
        return Some(exact_p_with_ties(base, candidate));
    }
    let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
    let (_, p) = mannwhitneyu(base, candidate, method, Alternative::TwoSided)
        .expect("the values are numbers, and both sides have some");
    Some(p.min(1.0))
}

/// Of values without ties: the share of all ways to divide them whose U is as far from its middle as this one's. The crate that has the
/// approximation has this one-sided only.
fn exact_p(base: &[f64], candidate: &[f64]) -> f64 {
    let greater = base.iter().flat_map(|a| candidate.iter().map(move |b| a > b)).filter(|is| *is).count();
    let (n, m) = (base.len(), candidate.len());
    let less_or_equal = greater.min(n * m - greater);
    (2.0 * shares_of_u(n, m)[..=less_or_equal].iter().sum::<f64>()).min(1.0)
}

/// The share of all ways to divide n + m values without ties that come to each U, from 0 to n · m.
pub(super) fn shares_of_u(n: usize, m: usize) -> Vec<f64> {
    // shares[j][u]: the share of divisions of the values so far, j of them in the second sample, that come to u.
    let mut shares = vec![vec![0.0; n * m + 1]; m + 1];
    shares.iter_mut().for_each(|shares| shares[0] = 1.0);
    for i in 1..=n {
        for j in 1..=m {
            // The greatest value is in the first sample, and greater than all of the second; or it is in the second.
            let first = i as f64 / (i + j) as f64;
            let (done, rest) = shares.split_at_mut(j);
            let (without, here) = (&done[j - 1], &mut rest[0]);
            for u in (0..=i * j).rev() {
                let with = if u >= j { here[u - j] } else { 0.0 };
                here[u] = first * with + (1.0 - first) * without[u];
            }
        }
    }
    shares.swap_remove(m)
}

/// Of values with ties: twice the share of all ways to divide them whose sum of ranks is as far to the nearer side as this one's. Equal values
/// share the mean of their ranks; all are counted twice, so that they are whole numbers.
fn exact_p_with_ties(base: &[f64], candidate: &[f64]) -> f64 {
    let all = sorted(&[base, candidate].concat());
    let rank = |value: f64| {
        let below = all.partition_point(|other| *other < value);
        below + all.partition_point(|other| *other <= value) + 1
    };
    let ranks: Vec<usize> = all.iter().map(|value| rank(*value)).collect();
    let sum: usize = base.iter().map(|value| rank(*value)).sum();
    let (n, most) = (base.len(), ranks.iter().sum::<usize>());
    // ways[j][s]: in how many ways j of the values so far have ranks that come to s.
    let mut ways = vec![vec![0.0f64; most + 1]; n + 1];
    ways[0][0] = 1.0;
    for rank in ranks {
        for j in (1..=n).rev() {
            let (fewer, here) = ways.split_at_mut(j);
            for s in rank..=most {
                here[0][s] += fewer[j - 1][s - rank];
            }
        }
    }
    let share = |range: &[f64]| range.iter().sum::<f64>() / divisions(n, candidate.len());
    (2.0 * share(&ways[n][..=sum]).min(share(&ways[n][sum..]))).min(1.0)
}

/// In how many ways so many values can be divided into two samples.
fn divisions(first: usize, second: usize) -> f64 {
    (1..=first.min(second)).map(|k| (first.max(second) + k) as f64 / k as f64).product()
}

/// The least p-value that two samples of these sizes can come to.
fn least_p(first: usize, second: usize) -> f64 {
    (2.0 / divisions(first, second)).min(1.0)
}

/// The least number of repetitions of each side that can come to a p-value of `alpha`.
pub fn least_repetitions(alpha: f64) -> usize {
    (2..).find(|n| least_p(*n, *n) <= alpha).expect("more repetitions come to less")
}

/// P-values corrected for their number (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"): where those below a bound are
/// taken for differences, the probability that any of them is none stays below that bound.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut most = 0.0f64;
    for (place, &index) in order.iter().enumerate() {
        most = most.max(p[index] * (p.len() - place) as f64).min(1.0);
        corrected[index] = most;
    }
    corrected
}

/// How many repetitions of each side would tell a difference of ln(ratio) = `difference` from none, at the level `alpha`, four times out of five:
/// the sample size of Noether (1987, "Sample Size Determination for Some Common Nonparametric Tests") in its form for a shift of normal values.
/// Absent where there is no spread to go by, or nothing to find.
pub fn repetitions_to_tell(base: &[f64], candidate: &[f64], difference: f64, alpha: f64) -> Option<u64> {
    let variance = (log_variance(base)? + log_variance(candidate)?) / 2.0;
    if difference == 0.0 {
        return None;
    }
    let normal = Normal::standard();
    let quantiles = normal.inverse_cdf(1.0 - alpha / 2.0) + normal.inverse_cdf(POWER);
    let wanted = 2.0 * variance * (quantiles / difference).powi(2) / EFFICIENCY;
    // Fewer cannot come to such a p-value whatever they are.
    Some((wanted.ceil().min(1e9) as u64).max(least_repetitions(alpha) as u64))
}

/// The variance of logarithms, by the median absolute deviation, which a few outliers do not move.
fn log_variance(values: &[f64]) -> Option<f64> {
    if values.len() < LEAST_FOR_INTERVAL || values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let logs = sorted(&values.iter().map(|value| value.ln()).collect::<Vec<_>>());
    let middle = median(&logs);
    let apart = sorted(&logs.iter().map(|value| (value - middle).abs()).collect::<Vec<_>>());
    // Of normal values, three quarters lie within this many standard deviations above the middle.
    let deviation = median(&apart) / Normal::standard().inverse_cdf(0.75);
    Some(deviation.powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Draw;

    /// Samples and what scipy 1.17 (`mannwhitneyu`) and statsmodels 0.14 (`multipletests`, "holm") say of them.
    #[derive(serde::Deserialize)]
    struct Reference {
        samples: Vec<Sample>,
        holm: Vec<Corrected>,
    }

    #[derive(serde::Deserialize)]
    struct Sample {
        a: Vec<f64>,
        b: Vec<f64>,
        p: f64,
    }

    #[derive(serde::Deserialize)]
    struct Corrected {
        p: Vec<f64>,
        corrected: Vec<f64>,
    }

    fn reference() -> Reference {
        serde_json::from_str(include_str!("reference.json")).unwrap()
    }

    #[test]
    fn p_values_are_those_of_the_reference_implementation() {
        let reference = reference();
        assert!(reference.samples.len() >= 20);
        for sample in reference.samples {
            let p = mann_whitney(&sample.a, &sample.b).unwrap();
            assert!(
                (p - sample.p).abs() < 1e-9,
                "{p} instead of {} for {:?} {:?}",
                sample.p,
                sample.a,
                sample.b
            );
        }
    }

    #[test]
    fn corrected_p_values_are_those_of_the_reference_implementation() {
        for case in reference().holm {
            for (found, wanted) in holm(&case.p).iter().zip(&case.corrected) {
                assert!((found - wanted).abs() < 1e-12, "{found} instead of {wanted}");
            }
        }
    }

    #[test]
    fn few_values_or_none_have_no_p_value_and_equal_ones_no_difference() {
        assert_eq!(mann_whitney(&[1.0], &[2.0, 3.0]), None);
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0, 1.0, 1.0]), Some(1.0));
    }

    #[test]
    fn five_repetitions_can_tell_a_difference_and_three_cannot() {
        assert!((least_p(3, 3) - 0.1).abs() < 1e-12);
        assert!((least_p(5, 5) - 2.0 / 252.0).abs() < 1e-12);
        assert_eq!(
            mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).map(|p| (p - 0.1).abs() < 1e-12),
            Some(true)
        );
    }

    #[test]
    fn more_tests_want_more_repetitions() {
        assert_eq!([1.0, 28.0, 248.0].map(|tests| least_repetitions(0.05 / tests)), [4, 7, 8]);
    }

    /// The number that is named tells a difference about four times out of five.
    #[test]
    fn as_many_repetitions_as_are_named_find_the_difference() {
        let mut draw = Draw::new(17);
        let mut normal = |mean: f64, n: usize| -> Vec<f64> {
            let one = |draw: &mut Draw| {
                let radius = (-2.0 * (1.0 - draw.unit()).ln()).sqrt();
                mean * (1.0 + 0.05 * radius * (std::f64::consts::TAU * draw.unit()).cos())
            };
            (0..n).map(|_| one(&mut draw)).collect()
        };
        let (base, candidate) = (normal(100.0, 500), normal(105.0, 500));
        let n = repetitions_to_tell(&base, &candidate, 1.05f64.ln(), 0.05).unwrap();
        assert!((14..=24).contains(&n), "{n}");
        let trials = 300;
        let found = (0..trials)
            .filter(|_| mann_whitney(&normal(100.0, n as usize), &normal(105.0, n as usize)).unwrap() < 0.05)
            .count();
        assert!((0.7..=0.92).contains(&(found as f64 / f64::from(trials))), "{found} of {trials}");
        assert_eq!(repetitions_to_tell(&[1.0; 9], &[1.1; 9], 1.1f64.ln(), 0.05), Some(4));
    }
}
