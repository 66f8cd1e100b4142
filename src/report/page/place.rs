//! The figures that cases are told apart by, and where each stands in its level.

use crate::result::{Configuration, Iteration, Summary};
use crate::stats;

/// A figure of a level.
pub(super) struct Place {
    pub(super) value: f64,
    /// Its confidence interval, where there is one.
    pub(super) interval: Option<(f64, f64)>,
    /// JSON pointer below the level.
    pub(super) pointer: &'static str,
    /// The same of each iteration, where there are several.
    each: Vec<f64>,
}

impl Place {
    /// By what factor it differs from a base: over their iterations, as a comparison tells it, where there are several. Absent where the base is nothing.
    pub(super) fn factor(&self, base: &Place) -> Option<f64> {
        let of_figures = (base.value > 0.0).then(|| self.value / base.value);
        stats::factor(&base.each, &self.each).or(of_figures)
    }
}

fn of_iterations(
    level: &Configuration,
    summary: &Summary,
    pointer: &'static str,
    pick: fn(&Iteration) -> Option<f64>,
) -> Place {
    let each: Option<Vec<f64>> = level.succeeded_iterations().map(pick).collect();
    Place { value: summary.median, interval: summary.interval(), pointer, each: each.unwrap_or_default() }
}

fn of_all(value: f64, pointer: &'static str) -> Place {
    Place { value, interval: None, pointer, each: Vec::new() }
}

/// The iterations' median where there are several; otherwise that of all. Absent where no iteration has figures.
pub(super) fn throughput(level: &Configuration) -> Option<Place> {
    match &level.statistics {
        Some(found) => {
            let pointer = "/statistics/throughput/median";
            Some(of_iterations(level, &found.throughput, pointer, |one| Some(one.throughput)))
        }
        None if level.iterations.is_empty() => None,
        None => Some(of_all(level.overall.throughput, "/overall/throughput")),
    }
}

/// The same for the 99th percentile of the latency, milliseconds.
pub(super) fn p99(level: &Configuration) -> Option<Place> {
    match level.statistics.as_ref().and_then(|found| found.latency_ms.as_ref()) {
        Some(found) => {
            Some(of_iterations(level, &found.p99, "/statistics/latencyMs/p99/median", |one| one.p99_ms))
        }
        None => Some(of_all(level.overall.latency_ms?.p99, "/overall/latencyMs/p99")),
    }
}

/// Which 99th percentile [`p99`] finds: with several iterations it is not that of all their operations together, which tables have.
pub(super) fn p99_label<'a>(mut levels: impl Iterator<Item = &'a Configuration>) -> &'static str {
    let median =
        levels.any(|level| level.statistics.as_ref().is_some_and(|found| found.latency_ms.is_some()));
    if median { "median p99 of the iterations" } else { "p99" }
}
