//! The figures that cases are told apart by, and where each stands in its level.

use crate::result::{Configuration, Summary};

/// A figure of a level.
pub(super) struct Place {
    pub(super) value: f64,
    /// Its confidence interval, where there is one.
    pub(super) interval: Option<(f64, f64)>,
    /// JSON pointer below the level.
    pub(super) pointer: &'static str,
}

fn of_iterations(summary: &Summary, pointer: &'static str) -> Place {
    Place { value: summary.median, interval: summary.interval(), pointer }
}

/// The iterations' median where there are several; otherwise that of all. Absent where no iteration has figures.
pub(super) fn throughput(level: &Configuration) -> Option<Place> {
    match &level.statistics {
        Some(found) => Some(of_iterations(&found.throughput, "/statistics/throughput/median")),
        None if level.iterations.is_empty() => None,
        None => {
            Some(Place { value: level.overall.throughput, interval: None, pointer: "/overall/throughput" })
        }
    }
}

/// The same for the 99th percentile of the latency, milliseconds.
pub(super) fn p99(level: &Configuration) -> Option<Place> {
    match level.statistics.as_ref().and_then(|found| found.latency_ms.as_ref()) {
        Some(found) => Some(of_iterations(&found.p99, "/statistics/latencyMs/p99/median")),
        None => {
            let value = level.overall.latency_ms?.p99;
            Some(Place { value, interval: None, pointer: "/overall/latencyMs/p99" })
        }
    }
}

/// Which 99th percentile [`p99`] finds: with several iterations it is not that of all their operations together, which tables have.
pub(super) fn p99_label<'a>(mut levels: impl Iterator<Item = &'a Configuration>) -> &'static str {
    let median =
        levels.any(|level| level.statistics.as_ref().is_some_and(|found| found.latency_ms.is_some()));
    if median { "median p99 of the iterations" } else { "p99" }
}
