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
            sentences.extend(sentence(&levels).map(|words| format!("{of}{words}")));
        }
    }
    sentences
}

/// Throughput divided by mean latency, which is greatest where more load begins to buy waiting rather than work (Kleinrock 1979, "Power and
/// Deterministic Rules of Thumb for Probabilistic Problems in Computer Communications").
fn power(level: &Configuration) -> Option<f64> {
    Some(level.typical_throughput() / level.overall.latency_ms?.avg)
}

/// Of one case, by workers.
fn sentence(levels: &[&Configuration]) -> Option<String> {
    if levels.len() < 3 {
        return None;
    }
    let most =
        |a: &&&Configuration, b: &&&Configuration| a.typical_throughput().total_cmp(&b.typical_throughput());
    let peak = levels.iter().max_by(most)?;
    let least = levels.first()?;
    let gain = peak.typical_throughput() / least.typical_throughput();
    let at = |level: &Configuration| workers(&[level.concurrency]);
    let mut words = if peak.concurrency == least.concurrency {
        format!(
            "More workers bring nothing: the peak of {}/s is with {}",
            rate(peak.typical_throughput()),
            at(peak)
        )
    } else {
        format!(
            "The peak is {}/s with {}, {gain:.2} times that of {}",
            rate(peak.typical_throughput()),
            at(peak),
            at(least)
        )
    };
    let powers: Option<Vec<(f64, &&Configuration)>> =
        levels.iter().map(|level| Some((power(level)?, level))).collect();
    if let Some((_, knee)) = powers?.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))
        && knee.concurrency != peak.concurrency
    {
        words.push_str(&format!(
            "; from {} on, more of them buy waiting rather than work (the knee)",
            at(knee)
        ));
    }
    let half = levels.iter().find(|level| level.typical_throughput() * 2.0 >= peak.typical_throughput())?;
    let p99 = |level: &Configuration| level.overall.latency_ms.map(|found| found.p99);
    if let (Some(low), Some(high)) = (p99(half), p99(peak)) {
        words.push_str(&format!(
            ". p99 is {} with {}, the first to reach half of the peak, and {} at the peak.",
            latency(low),
            at(half),
            latency(high)
        ));
    } else {
        words.push('.');
    }
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
                "The peak is 2,400/s with 4 workers, 2.40 times that of 1 worker; from 2 workers on, more of them buy waiting rather than \
              work (the knee). p99 is 4.20 ms with 2 workers, the first to reach half of the peak, and 6.80 ms at the peak."
            ]
        );
    }

    #[test]
    fn where_one_worker_is_the_fastest_more_bring_nothing() {
        let found = scaling(&result(&[(1, 1_000.0, 1.0), (2, 900.0, 2.2), (4, 800.0, 5.0)]));
        assert!(
            found[0].starts_with("More workers bring nothing: the peak of 1,000/s is with 1 worker. p99"),
            "{found:?}"
        );
        assert!(scaling(&result(&[(1, 1_000.0, 1.0), (2, 900.0, 2.2)])).is_empty());
    }
}
