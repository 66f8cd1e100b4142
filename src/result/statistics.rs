//! What the iterations of a level come to. The estimates themselves are made by `stats`.

use super::model::*;
use crate::stats;
use crate::template::mix;

impl From<stats::Summary> for Summary {
    fn from(found: stats::Summary) -> Summary {
        let (low, high) = found.interval.unzip();
        Summary {
            n: found.n as u64,
            median: rounded(found.median),
            mean: rounded(found.mean),
            stddev: rounded(found.stddev.unwrap_or(0.0)),
            cv: found.cv.map(rounded),
            min: rounded(found.min),
            max: rounded(found.max),
            low: low.map(rounded),
            high: high.map(rounded),
        }
    }
}

/// Without the digits that the figures themselves do not have: nine decimals, of large numbers three.
fn rounded(value: f64) -> f64 {
    let unit = if value.abs() < 1e6 { 1e9 } else { 1e3 };
    (value * unit).round() / unit
}

/// Figures over the iterations that succeeded; absent for fewer than two. The resamples of the intervals follow from `seed`.
pub(super) fn statistics(iterations: &[Iteration], seed: u64) -> Option<Statistics> {
    let good: Vec<&Iteration> =
        iterations.iter().filter(|one| one.status == IterationStatus::Succeeded).collect();
    if good.len() < 2 {
        return None;
    }
    // A figure that one of them does not have is none of them all.
    let over = |figure: u64, pick: fn(&Iteration) -> Option<f64>| -> Option<Summary> {
        let values: Option<Vec<f64>> = good.iter().map(|one| pick(one)).collect();
        stats::summary(&values?, mix(seed, &[figure])).map(Summary::from)
    };
    let latency = || {
        Some(LatencyStatistics {
            avg: over(2, |one| one.avg_ms)?,
            p50: over(3, |one| one.p50_ms)?,
            p90: over(4, |one| one.p90_ms)?,
            p95: over(5, |one| one.p95_ms)?,
            p99: over(6, |one| one.p99_ms)?,
            p999: over(7, |one| one.p999_ms)?,
        })
    };
    Some(Statistics {
        throughput: over(0, |one| Some(one.throughput))?,
        payload_bytes_per_second: over(1, |one| one.payload_bytes_per_second),
        latency_ms: latency(),
    })
}
