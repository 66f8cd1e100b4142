//! When the operations of an open loop are to start, and how many of them were late.
//!
//! Times are nanoseconds since the barrier. The rate, summed over time, is a number of arrivals: a constant arrival comes when that number
//! reaches the next whole one, a Poisson arrival when it has grown by an exponential step. A warm-up comes at the rate of the first stage,
//! which begins anew when measuring does.

use crate::plan::{Arrivals, Load, Stage, WarmUp};
use crate::template::mix;

const NANOS: f64 = 1e9;

/// One stage on the time line.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start_ns: f64,
    /// Arrivals before it.
    before: f64,
    /// Per nanosecond.
    rate: f64,
}

/// Intended starts by place.
#[derive(Debug)]
pub(super) struct Schedule {
    stretches: Vec<Stretch>,
    /// By place, for Poisson arrivals: arrivals before it, as the sum of the steps.
    steps: Option<Vec<f64>>,
}

impl Schedule {
    /// For an open loop of `count` places; nothing for a closed one.
    pub(super) fn new(load: &Load, warm_up: WarmUp, count: u64, seed: u64) -> Option<Self> {
        let Load::Open { arrivals, stages } = load else { return None };
        let steps = match arrivals {
            Arrivals::Constant => None,
            Arrivals::Poisson => Some(exponential_steps(count, seed)),
        };
        Some(Schedule { stretches: stretches(stages, warm_up), steps })
    }

    /// The intended start of the operation at a place.
    pub(super) fn at(&self, place: u64) -> u64 {
        let arrivals = match &self.steps {
            None => place as f64,
            Some(steps) => steps[place as usize],
        };
        let later = self.stretches.partition_point(|stretch| stretch.before <= arrivals);
        let stretch = &self.stretches[later.saturating_sub(1)];
        (stretch.start_ns + (arrivals - stretch.before) / stretch.rate).round() as u64
    }

    /// Places below `count` whose start is intended before `until_ns`.
    pub(super) fn due(&self, until_ns: u64, count: u64) -> u64 {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle) < until_ns { low = middle + 1 } else { high = middle }
        }
        low
    }
}

fn stretches(stages: &[Stage], warm_up: WarmUp) -> Vec<Stretch> {
    let first = stages.first().expect("an open loop has a stage");
    let warm_up_ns = match warm_up {
        WarmUp::None => 0.0,
        WarmUp::Operations(count) => count as f64 * NANOS / first.rate,
        WarmUp::Time { duration_ns, .. } => duration_ns as f64,
    };
    let (mut start_ns, mut before) = (0.0, 0.0);
    let mut found = Vec::with_capacity(stages.len());
    for (index, stage) in stages.iter().enumerate() {
        let rate = stage.rate / NANOS;
        found.push(Stretch { start_ns, before, rate });
        let Some(duration_ns) = stage.duration_ns else { break };
        let length_ns = duration_ns as f64 + if index == 0 { warm_up_ns } else { 0.0 };
        start_ns += length_ns;
        before += length_ns * rate;
    }
    found
}

fn exponential_steps(count: u64, seed: u64) -> Vec<f64> {
    let mut sum = 0.0;
    let step = |place: u64| {
        // 53 bits, never 0.
        let even = ((mix(seed, &[place]) >> 11) + 1) as f64 / (1u64 << 53) as f64;
        sum -= even.ln();
        sum
    };
    (0..count).map(step).collect()
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
    fn constant_arrivals_come_at_equal_distances_stage_after_stage() {
        let load = open(Arrivals::Constant, &[(10.0, Some(SECOND)), (100.0, None)]);
        let schedule = Schedule::new(&load, WarmUp::None, 100, 1).unwrap();
        assert_eq!([0, 1, 9, 10, 11].map(|i| schedule.at(i) / 1_000_000), [0, 100, 900, 1_000, 1_010]);
        assert_eq!(schedule.due(SECOND, 100), 10);
        assert_eq!(schedule.due(u64::MAX, 100), 100);
    }

    #[test]
    fn a_warm_up_comes_before_the_first_stage_at_its_rate() {
        let load = open(Arrivals::Constant, &[(10.0, Some(SECOND)), (100.0, None)]);
        let warm_up = WarmUp::Time { duration_ns: 2 * SECOND, at_most: 20 };
        let schedule = Schedule::new(&load, warm_up, 100, 1).unwrap();
        assert_eq!(
            (schedule.at(20), schedule.at(30), schedule.at(31)),
            (2 * SECOND, 3 * SECOND, 3_010_000_000)
        );
        let counted = Schedule::new(&load, WarmUp::Operations(20), 100, 1).unwrap();
        assert_eq!(counted.at(31), schedule.at(31));
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_scatter_and_depend_on_the_seed_alone() {
        let load = open(Arrivals::Poisson, &[(1_000.0, None)]);
        let count = 20_000;
        let starts = |seed| {
            let schedule = Schedule::new(&load, WarmUp::None, count, seed).unwrap();
            (0..count).map(|place| schedule.at(place)).collect::<Vec<_>>()
        };
        let found = starts(7);
        assert!(found.is_sorted());
        assert!(found == starts(7) && found != starts(8));
        let gaps: Vec<f64> = found.windows(2).map(|w| (w[1] - w[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.03 && (variance - 1.0).abs() < 0.06, "{mean} {variance}");
    }
}
