//! The one vocabulary of distributions, used wherever a row or a number is drawn from a range.

use super::draw::Draw;
use super::portable::{exp, exp_m1, ln, ln_1p};
use crate::diagnostic::nearest;

/// How a number from 1 to n is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// All alike.
    #[default]
    Uniform,
    /// Low numbers most often, number k in proportion to 1 / k^0.99.
    Zipfian,
    /// As zipfian, counted from the end: the newest most often.
    Latest,
    /// 1, 2, … n, and again from 1.
    Sequential,
    /// Around the middle; a standard deviation is a sixth of the range.
    Normal,
}

/// Names as a scenario spells them.
pub const DISTRIBUTION_NAMES: [&str; 5] = ["uniform", "zipfian", "latest", "sequential", "normal"];

impl Distribution {
    /// The distribution of that name, or what to write instead.
    pub fn parse(name: &str) -> Result<Self, String> {
        Ok(match name {
            "uniform" => Distribution::Uniform,
            "zipfian" => Distribution::Zipfian,
            "latest" => Distribution::Latest,
            "sequential" => Distribution::Sequential,
            "normal" => Distribution::Normal,
            _ => {
                return Err(match nearest(name, DISTRIBUTION_NAMES) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("write one of {}", DISTRIBUTION_NAMES.join(", ")),
                });
            }
        })
    }

    /// A number from 1 to `available`, in constant time; `row` (1, 2, …) matters to `sequential` only. 0 when nothing is available.
    #[inline]
    pub fn pick(&self, draw: &mut Draw, row: u64, available: u64) -> u64 {
        if available <= 1 {
            return available;
        }
        match self {
            Distribution::Uniform => 1 + draw.below(available),
            Distribution::Zipfian => zipfian(draw, available),
            Distribution::Latest => available - (zipfian(draw, available) - 1),
            Distribution::Sequential => row.wrapping_sub(1) % available + 1,
            Distribution::Normal => around_the_middle(draw, available),
        }
    }
}

fn around_the_middle(draw: &mut Draw, available: u64) -> u64 {
    let middle = available as f64 / 2.0;
    let deviation = available as f64 / 6.0;
    // Three deviations lie on each side, so one draw in 370 falls outside.
    for _ in 0..16 {
        let place = middle + deviation * standard_normal(draw);
        if place >= 0.0 && place < available as f64 {
            return (place as u64 + 1).min(available);
        }
    }
    available / 2 + 1
}

/// Mean 0, deviation 1: the polar method of Marsaglia (1964).
pub(super) fn standard_normal(draw: &mut Draw) -> f64 {
    loop {
        let u = 2.0 * draw.unit() - 1.0;
        let v = 2.0 * draw.unit() - 1.0;
        let square = u * u + v * v;
        if square < 1.0 && square > 1e-300 {
            return u * (-2.0 * ln(square) / square).sqrt();
        }
    }
}

const EXPONENT: f64 = 0.99;

/// Rejection-inversion after Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions"
/// (ACM TOMACS 6, 1996): constant time for any n, and nothing to set up when n grows from row to row.
fn zipfian(draw: &mut Draw, available: u64) -> u64 {
    const FIRST: f64 = integral(1.5) - 1.0;
    const SHORTCUT: f64 = 2.0 - integral_inverse(integral(2.5) - density(2.0));
    let last = integral(available as f64 + 0.5);
    loop {
        let u = last + draw.unit() * (FIRST - last);
        let x = integral_inverse(u);
        let k = ((x + 0.5) as u64).clamp(1, available);
        if k as f64 - x <= SHORTCUT || u >= integral(k as f64 + 0.5) - density(k as f64) {
            return k;
        }
    }
}

const fn density(x: f64) -> f64 {
    exp(-EXPONENT * ln(x))
}

const fn integral(x: f64) -> f64 {
    exp_m1((1.0 - EXPONENT) * ln(x)) / (1.0 - EXPONENT)
}

const fn integral_inverse(y: f64) -> f64 {
    exp(ln_1p((y * (1.0 - EXPONENT)).max(-0.99)) / (1.0 - EXPONENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(distribution: Distribution, available: u64) -> Vec<u64> {
        let mut draw = Draw::new(11);
        let mut counts = vec![0; available as usize + 1];
        for row in 1..=100_000 {
            counts[distribution.pick(&mut draw, row, available) as usize] += 1;
        }
        counts
    }

    #[test]
    fn zipfian_draws_in_proportion_to_rank() {
        let counts = counts(Distribution::Zipfian, 100);
        let total: f64 = (1..=100).map(|k| f64::from(k).powf(-0.99)).sum();
        for k in [1usize, 2, 3, 10, 50, 100] {
            let expected = 100_000.0 * (k as f64).powf(-0.99) / total;
            let deviation = (counts[k] as f64 - expected).abs() / expected.sqrt();
            assert!(deviation < 4.0, "rank {k}: {} instead of {expected}", counts[k]);
        }
    }

    #[test]
    fn latest_prefers_the_newest() {
        let counts = counts(Distribution::Latest, 1000);
        assert!(counts[1000] > counts[999] && counts[999] > counts[500]);
    }

    #[test]
    fn sequential_goes_round() {
        let mut draw = Draw::new(1);
        let rows: Vec<u64> = (1..=5).map(|row| Distribution::Sequential.pick(&mut draw, row, 3)).collect();
        assert_eq!(rows, [1, 2, 3, 1, 2]);
    }

    #[test]
    fn every_distribution_stays_in_its_range() {
        for name in DISTRIBUTION_NAMES {
            let distribution = Distribution::parse(name).unwrap();
            let mut draw = Draw::new(5);
            for available in [1, 2, 7, 1 << 40, u64::MAX] {
                for row in 1..200 {
                    let picked = distribution.pick(&mut draw, row, available);
                    assert!((1..=available).contains(&picked), "{name} {available} {picked}");
                }
            }
            assert_eq!(distribution.pick(&mut draw, 1, 0), 0);
        }
    }

    #[test]
    fn a_misspelt_distribution_is_told_the_nearest() {
        assert_eq!(Distribution::parse("zipf").unwrap_err(), "did you mean \"zipfian\"?");
    }
}
