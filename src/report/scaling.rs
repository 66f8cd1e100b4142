//! What a workload's levels say about concurrency, in words.

use super::columns::sections;
use crate::result::{Configuration, RunResult};
use crate::units::{latency, rate, workers};

/// A sentence for each workload and case with at least three levels: the peak, the knee, and p99 at half of the peak.
pub(super) fn scaling(result: &RunResult) -> Vec<String> {
    let several = sections(result).len() > 1;
    let mut sentences = Vec::new();
    for section in sections(result) {
        let mut cases: Vec<Vec<&Configuration>> = Vec::new();
        for level in section.levels.iter().filter(|level| level.validity.valid) {
            match cases.iter_mut().find(|case| case[0].is_of_same_case(level)) {
                Some(case) => case.push(level),
                None => cases.push(vec![level]),
            }
        }
        for mut levels in cases {
            levels.sort_by_key(|level| level.concurrency);
            let workload = several.then(|| section.workload.to_owned());
            let case = result.has_several_cases().then(|| levels[0].case_or_base());
            let of: Vec<String> = workload.into_iter().chain(case).collect();
            let of = if of.is_empty() { String::new() } else { format!("{}: ", of.join(", ")) };
            sentences.extend(sentence(result, &levels).map(|words| format!("{of}{words}")));
        }
    }
    sentences
}

/// What the levels of one case say about concurrency.
pub(super) struct Scaling<'a> {
    /// The fewest workers.
    pub(super) least: &'a Configuration,
    /// The most throughput.
    pub(super) peak: &'a Configuration,
    /// Beyond it more workers buy waiting rather than work; absent where that is not before the peak, or nothing was acknowledged at a level.
    pub(super) knee: Option<&'a Configuration>,
    /// The fewest workers with half of the peak.
    pub(super) half: &'a Configuration,
}

impl<'a> Scaling<'a> {
    /// Of one case, by workers; absent where there are none.
    pub(super) fn of(levels: &[&'a Configuration]) -> Option<Scaling<'a>> {
        let least = *levels.first()?;
        // Of equal ones the fewest workers.
        let more = |a: &'a Configuration, b: &'a Configuration| {
            if b.typical_throughput() > a.typical_throughput() { b } else { a }
        };
        let peak = levels.iter().copied().reduce(more)?;
        let half =
            levels.iter().find(|level| level.typical_throughput() * 2.0 >= peak.typical_throughput())?;
        let powers: Option<Vec<(f64, &Configuration)>> =
            levels.iter().map(|level| Some((power(level)?, *level))).collect();
        let knee = powers.and_then(|all| all.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)));
        let knee = knee.map(|(_, level)| level).filter(|knee| knee.concurrency < peak.concurrency);
        Some(Scaling { least, peak, knee, half })
    }

    /// How many times the throughput with the fewest workers the peak is.
    pub(super) fn gain(&self) -> f64 {
        self.peak.typical_throughput() / self.least.typical_throughput()
    }

    /// Whether another level has as much as the peak, as far as iterations can tell.
    fn is_as_much(&self, other: &Configuration) -> bool {
        let summary = |level: &Configuration| level.statistics.as_ref().map(|found| found.throughput);
        let pair = summary(self.peak).zip(summary(other));
        other.concurrency != self.peak.concurrency
            && pair.and_then(|(peak, other)| peak.is_apart_from(&other)) == Some(false)
    }

    /// The levels that the peak is not apart from: `; with 8 workers it is as much, within the variation between iterations`.
    fn alike(&self, levels: &[&Configuration]) -> String {
        let alike: Vec<u32> =
            levels.iter().filter(|level| self.is_as_much(level)).map(|level| level.concurrency).collect();
        if alike.is_empty() {
            return String::new();
        }
        format!("; with {} it is as much, within the variation between iterations", workers(&alike))
    }

    /// Where more workers buy waiting rather than work: `beyond 2 workers, latency grows faster than throughput`.
    pub(super) fn waiting(&self) -> Option<String> {
        let knee = workers(&[self.knee?.concurrency]);
        Some(format!("beyond {knee}, latency grows faster than throughput"))
    }

    /// That a peak at the last level may be none: `more than 8 workers were not tried`.
    pub(super) fn untried(&self, result: &RunResult) -> Option<String> {
        let peak = self.peak;
        let tried = result.configurations.iter().any(|level| {
            level.workload == peak.workload
                && level.is_of_same_case(peak)
                && level.concurrency > peak.concurrency
        });
        (!tried).then(|| format!("more than {} were not tried", workers(&[peak.concurrency])))
    }

    /// Whether the fewest workers are the fastest.
    pub(super) fn is_flat(&self) -> bool {
        self.peak.concurrency == self.least.concurrency
    }
}

/// Throughput divided by mean latency, which is greatest where more load begins to buy waiting rather than work (Kleinrock 1979, "Power and
/// Deterministic Rules of Thumb for Probabilistic Problems in Computer Communications").
fn power(level: &Configuration) -> Option<f64> {
    Some(level.typical_throughput() / level.overall.latency_ms?.avg)
}

/// The peak, with what fewer and more workers come to.
fn peak_in_words(found: &Scaling<'_>, result: &RunResult, levels: &[&Configuration]) -> String {
    let at = |level: &Configuration| {
        format!("{}/s with {}", rate(level.typical_throughput()), workers(&[level.concurrency]))
    };
    let (least, peak) = (found.least, found.peak);
    if found.is_flat() {
        return format!("More workers bring nothing: the peak is {}{}", at(peak), found.alike(levels));
    }
    if found.is_as_much(least) {
        return format!(
            "More workers bring nothing beyond the variation between iterations: {}, at most {}",
            at(least),
            at(peak)
        );
    }
    let gain = format!("{:.2} times that of {}", found.gain(), workers(&[least.concurrency]));
    let knee = found.waiting().map(|words| format!("{words} (the knee)"));
    let beyond = [knee, found.untried(result)].into_iter().flatten();
    let beyond: String = beyond.map(|words| format!("; {words}")).collect();
    format!("The peak is {}, {gain}{}{beyond}", at(peak), found.alike(levels))
}

/// Of one case, by workers.
fn sentence(result: &RunResult, levels: &[&Configuration]) -> Option<String> {
    if levels.len() < 3 {
        return None;
    }
    let found = Scaling::of(levels)?;
    let Scaling { peak, half, .. } = found;
    let at = |level: &Configuration| workers(&[level.concurrency]);
    let mut words = peak_in_words(&found, result, levels);
    let p99 = |level: &Configuration| level.overall.latency_ms.map(|found| found.p99);
    words.push_str(&match (p99(half), p99(peak)) {
        (Some(low), Some(high)) if half.concurrency != peak.concurrency => format!(
            ". p99 is {} with {}, the first to reach half of the peak, and {} at the peak.",
            latency(low),
            at(half),
            latency(high)
        ),
        (_, Some(high)) if found.is_flat() => format!(". p99 is {} there.", latency(high)),
        (_, Some(high)) => {
            format!(". p99 is {} at the peak; fewer workers do not reach half of it.", latency(high))
        }
        _ => ".".to_owned(),
    });
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::testing;

    /// Levels with these workers, throughputs and latencies.
    fn result(levels: &[(u32, f64, f64)]) -> RunResult {
        let mut result = testing::finished();
        let first = result.configurations[0].clone();
        result.configurations = levels
            .iter()
            .map(|&(concurrency, throughput, ms)| {
                let mut level = first.clone();
                level.concurrency = concurrency;
                level.statistics = None;
                level.validity.valid = true;
                level.overall.throughput = throughput;
                let latency = level.overall.latency_ms.as_mut().unwrap();
                (latency.avg, latency.p99) = (ms, ms * 4.0);
                level
            })
            .collect();
        result
    }

    #[test]
    fn peak_knee_and_tail_are_told_in_words() {
        let found =
            scaling(&result(&[(1, 1_000.0, 1.0), (2, 1_900.0, 1.05), (4, 2_400.0, 1.7), (8, 2_300.0, 3.5)]));
        assert_eq!(
            found,
            [
                "The peak is 2,400/s with 4 workers, 2.40 times that of 1 worker; beyond 2 workers, latency grows faster than throughput \
              (the knee). p99 is 4.20 ms with 2 workers, the first to reach half of the peak, and 6.80 ms at the peak."
            ]
        );
    }

    #[test]
    fn where_one_worker_is_the_fastest_more_bring_nothing() {
        let found = scaling(&result(&[(1, 1_000.0, 1.0), (2, 900.0, 2.2), (4, 800.0, 5.0)]));
        assert!(
            found[0].starts_with("More workers bring nothing: the peak is 1,000/s with 1 worker. p99"),
            "{found:?}"
        );
        assert!(scaling(&result(&[(1, 1_000.0, 1.0), (2, 900.0, 2.2)])).is_empty());
        let equal = scaling(&result(&[(1, 1_000.0, 1.0), (2, 1_000.0, 2.0), (4, 1_000.0, 4.0)]));
        assert!(
            equal[0].starts_with("More workers bring nothing: the peak is 1,000/s with 1 worker"),
            "{equal:?}"
        );
    }
    #[test]
    fn half_of_the_peak_that_is_the_peak_is_told_once() {
        let found = scaling(&result(&[(1, 100.0, 1.0), (2, 200.0, 1.0), (4, 1_000.0, 1.0)]));
        assert!(
            found[0].ends_with(
                "; more than 4 workers were not tried. p99 is 4.00 ms at the peak; fewer workers do not reach half of it."
            ),
            "{found:?}"
        );
        let flat = scaling(&result(&[(1, 1_000.0, 1.0), (2, 900.0, 2.2), (4, 800.0, 5.0)]));
        assert!(flat[0].ends_with(". p99 is 4.00 ms there."), "{flat:?}");
    }

    /// The same, with intervals of 100/s to both sides.
    fn repeated(levels: &[(u32, f64, f64)]) -> RunResult {
        let mut result = result(levels);
        let measured = testing::experiment().configurations[0].statistics.clone().unwrap();
        for (level, (_, throughput, _)) in result.configurations.iter_mut().zip(levels) {
            let throughput = *throughput;
            let mut statistics = measured.clone();
            let found = &mut statistics.throughput;
            (found.median, found.low, found.high) =
                (throughput, Some(throughput - 100.0), Some(throughput + 100.0));
            level.statistics = Some(statistics);
        }
        result
    }

    #[test]
    fn a_peak_says_which_levels_it_is_not_apart_from() {
        let levels = [(1, 1_000.0, 1.0), (2, 2_300.0, 1.0), (4, 2_400.0, 1.7), (8, 2_000.0, 3.5)];
        let found = scaling(&repeated(&levels));
        let wanted = "2.40 times that of 1 worker; with 2 workers it is as much, within the variation between iterations";
        assert!(found[0].contains(wanted), "{found:?}");
    }

    #[test]
    fn a_gain_within_the_variation_between_iterations_is_none() {
        let found = scaling(&repeated(&[(1, 1_000.0, 1.0), (2, 1_050.0, 2.0), (4, 900.0, 4.0)]));
        assert_eq!(
            found,
            [
                "More workers bring nothing beyond the variation between iterations: 1,000/s with 1 worker, at most 1,050/s with 2 workers. \
              p99 is 4.00 ms with 1 worker, the first to reach half of the peak, and 8.00 ms at the peak."
            ]
        );
    }
}
