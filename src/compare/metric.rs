//! What is compared of an iteration.

use super::model::Better;
use crate::result::Iteration;

/// What is compared: name, unit, direction, and where it stands in an iteration.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) better: Better,
    /// Share of the samples beyond the figure, where it is a percentile.
    pub(super) beyond: Option<f64>,
    pub(super) of: fn(&Iteration) -> Option<f64>,
}

pub(super) const ALL: [Metric; 7] = [
    Metric {
        name: "throughput",
        unit: "1/s",
        better: Better::Higher,
        beyond: None,
        of: |one| Some(one.throughput),
    },
    Metric { name: "latency.avg", unit: "ms", better: Better::Lower, beyond: None, of: |one| one.avg_ms },
    Metric {
        name: "latency.p50",
        unit: "ms",
        better: Better::Lower,
        beyond: Some(0.5),
        of: |one| one.p50_ms,
    },
    Metric {
        name: "latency.p90",
        unit: "ms",
        better: Better::Lower,
        beyond: Some(0.1),
        of: |one| one.p90_ms,
    },
    Metric {
        name: "latency.p95",
        unit: "ms",
        better: Better::Lower,
        beyond: Some(0.05),
        of: |one| one.p95_ms,
    },
    Metric {
        name: "latency.p99",
        unit: "ms",
        better: Better::Lower,
        beyond: Some(0.01),
        of: |one| one.p99_ms,
    },
    Metric { name: "success_rate", unit: "share", better: Better::Higher, beyond: None, of: success_rate },
];

/// Names of the metrics that can be compared.
pub const METRICS: [&str; 7] =
    ["throughput", "latency.avg", "latency.p50", "latency.p90", "latency.p95", "latency.p99", "success_rate"];

/// Samples that have to lie beyond a percentile for it to be compared.
pub(super) const SAMPLES_BEYOND: f64 = 10.0;

fn success_rate(one: &Iteration) -> Option<f64> {
    (one.attempted > 0).then(|| one.succeeded as f64 / one.attempted as f64)
}
