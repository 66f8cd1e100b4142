//! How many operations a tape must hold for a time.
//!
//! Where the time and the rate come from is left to `loads`.

use super::workload::{Arrivals, Load, Stage};
use crate::scenario::StageSection;

/// Operations per second that nothing known does more of, in a level without a rate.
const PER_SECOND: u64 = 50_000;
/// Longest tape that is made without being asked for.
const MOST: u64 = 5_000_000;
const SECOND_NS: f64 = 1e9;

/// Operations that a level may come to within a time.
pub(super) fn operations(load: Option<&Load>, duration_ns: u64) -> u64 {
    match load {
        Some(Load::Open { arrivals, stages }) => arrivals_in(stages, *arrivals, duration_ns),
        Some(Load::Closed) | None => {
            let many = u128::from(duration_ns) * u128::from(PER_SECOND) / 1_000_000_000;
            u64::try_from(many).unwrap_or(MOST).clamp(1, MOST)
        }
    }
}

/// Arrivals within a time; with room for chance where they are drawn.
fn arrivals_in(stages: &[Stage], arrivals: Arrivals, duration_ns: u64) -> u64 {
    let mut left = duration_ns;
    let mut mean = 0.0;
    for (index, stage) in stages.iter().enumerate() {
        let last = index + 1 == stages.len();
        let length = stage.duration_ns.filter(|_| !last).unwrap_or(left).min(left);
        mean += stage.rate * length as f64 / SECOND_NS;
        left -= length;
    }
    let room = match arrivals {
        Arrivals::Constant => 0.0,
        // Six standard deviations: once in a thousand million levels.
        Arrivals::Poisson => 6.0 * mean.sqrt() + 10.0,
    };
    ((mean + room).ceil() as u64).max(1)
}

/// `most` for `measured_ns`, taken to another time.
pub(super) fn in_proportion(most: u64, duration_ns: u64, measured_ns: u64) -> u64 {
    let many = u128::from(most) * u128::from(duration_ns) / u128::from(measured_ns.max(1));
    u64::try_from(many).unwrap_or(u64::MAX / 4).max(1)
}

/// How long all stages last together.
pub(super) fn sum_ns(stages: &[StageSection]) -> u64 {
    stages.iter().filter_map(|stage| stage.duration).fold(0, |sum, d| sum.saturating_add(d.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn open(arrivals: Arrivals, stages: &[(f64, Option<u64>)]) -> Load {
        let stages = stages.iter().map(|&(rate, duration_ns)| Stage { rate, duration_ns }).collect();
        Load::Open { arrivals, stages }
    }

    #[test]
    fn a_closed_loop_has_what_is_fast_within_a_limit() {
        assert_eq!(operations(Some(&Load::Closed), SECOND), 50_000);
        assert_eq!(operations(Some(&Load::Closed), 1_000 * SECOND), 5_000_000);
        assert_eq!(operations(None, 1), 1);
    }

    #[test]
    fn a_rate_has_what_it_needs() {
        let load = open(Arrivals::Constant, &[(100.0, None)]);
        assert_eq!(operations(Some(&load), 10 * SECOND), 1_000);
        let staged = open(Arrivals::Constant, &[(100.0, Some(2 * SECOND)), (10.0, Some(SECOND))]);
        assert_eq!(operations(Some(&staged), 10 * SECOND), 280);
        assert_eq!(operations(Some(&staged), SECOND), 100);
        let drawn = open(Arrivals::Poisson, &[(100.0, None)]);
        assert_eq!(operations(Some(&drawn), SECOND), 170);
    }

    #[test]
    fn a_warm_up_is_as_dense_as_what_is_measured() {
        assert_eq!(in_proportion(1_000, SECOND, 10 * SECOND), 100);
        assert_eq!(in_proportion(1, 1, SECOND), 1);
    }
}
