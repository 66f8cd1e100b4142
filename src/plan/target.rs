//! What a scenario demands of its figures, and the figures that there are.
//!
//! Working them out is left to `result`.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::diagnostic::Span;
use crate::scenario::same_value;

/// One demand, on every configuration that its selectors match.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Only this workload.
    pub workload: Option<String>,
    /// Figures of this operation instead of the whole.
    pub operation: Option<String>,
    /// Only this number of workers.
    pub concurrency: Option<u32>,
    /// Only this variant.
    pub variant: Option<String>,
    /// Only where variables have these values.
    pub vars: Vec<(String, Value)>,
    /// Name of the figure, one of [`METRICS`].
    pub metric: String,
    /// Greatest value allowed, in the figure's unit: milliseconds for times.
    pub max: Option<f64>,
    /// Least value allowed.
    pub min: Option<f64>,
    /// Where the scenario says so.
    pub span: Option<Span>,
}

impl Target {
    /// Whether its variant and its variables are those of a case: the case's values of the matrix by key path, and its variables.
    pub fn selects(
        &self,
        variant: &str,
        parameters: &IndexMap<String, Value>,
        vars: &Map<String, Value>,
    ) -> bool {
        let has = |(name, wanted): &(String, Value)| {
            let found = vars.get(name).or_else(|| parameters.get(name));
            found.is_some_and(|found| same_value(found, wanted))
        };
        self.variant.as_ref().is_none_or(|name| name == variant) && self.vars.iter().all(has)
    }
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A time, in milliseconds.
    Milliseconds,
    /// So many each second.
    PerSecond,
    /// A number of things.
    Count,
    /// A part of the whole, 0 to 1.
    Share,
    /// A ratio that may exceed 1.
    Ratio,
    /// A size.
    Bytes,
}

/// What a workload must have for a figure to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing beyond its operations.
    Nothing,
    /// A rate.
    Rate,
    /// Batches.
    Batches,
    /// A pool.
    Pool,
    /// `statement_cache` of the database.
    StatementCache,
}

/// A figure that a target may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// As a target names it.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// What a workload must have for it.
    pub needs: Needs,
    /// Whether single operations have it too.
    pub per_operation: bool,
}

/// A row of the table below.
const fn metric(name: &'static str, unit: Unit, needs: Needs, per_operation: bool) -> Metric {
    Metric { name, unit, needs, per_operation }
}

/// A time with its statistics.
macro_rules! times {
    ($($prefix:literal, $needs:expr, $per_operation:literal;)* ; $($rest:expr),* $(,)?) => {
        /// Every figure, in the order in which they are listed to users.
        pub const METRICS: &[Metric] = &[
            $(
                metric(concat!($prefix, ".avg"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".min"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".max"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".stddev"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".p50"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".p90"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".p95"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".p99"), Unit::Milliseconds, $needs, $per_operation),
                metric(concat!($prefix, ".p999"), Unit::Milliseconds, $needs, $per_operation),
            )*
            $($rest),*
        ];
    };
}

times! {
    "latency", Needs::Nothing, true;
    "service", Needs::Rate, true;
    "batch", Needs::Batches, false;
    "checkout", Needs::Pool, false;
    ;
    metric("throughput", Unit::PerSecond, Needs::Nothing, true),
    metric("count", Unit::Count, Needs::Nothing, true),
    metric("errors", Unit::Count, Needs::Nothing, true),
    metric("unknown", Unit::Count, Needs::Nothing, true),
    metric("error_rate", Unit::Share, Needs::Nothing, true),
    metric("success_rate", Unit::Share, Needs::Nothing, true),
    // Standard deviation over mean of the iterations' throughput.
    metric("cv", Unit::Ratio, Needs::Nothing, false),
    metric("throughput.cv", Unit::Ratio, Needs::Nothing, false),
    metric("throughput.median", Unit::PerSecond, Needs::Nothing, false),
    metric("latency.avg.median", Unit::Milliseconds, Needs::Nothing, false),
    metric("latency.p50.median", Unit::Milliseconds, Needs::Nothing, false),
    metric("latency.p90.median", Unit::Milliseconds, Needs::Nothing, false),
    metric("latency.p95.median", Unit::Milliseconds, Needs::Nothing, false),
    metric("latency.p99.median", Unit::Milliseconds, Needs::Nothing, false),
    metric("latency.p999.median", Unit::Milliseconds, Needs::Nothing, false),
    metric("iterations.success_rate", Unit::Share, Needs::Nothing, false),
    // Bytes of values written or read, in 10^6 each second.
    metric("payload.mb_per_second", Unit::Count, Needs::Nothing, true),
    metric("payload.mb_per_second.median", Unit::Count, Needs::Nothing, false),
    metric("retries", Unit::Count, Needs::Nothing, true),
    metric("backlog", Unit::Count, Needs::Rate, false),
    metric("duration", Unit::Milliseconds, Needs::Nothing, false),
    metric("statement_cache.hit_rate", Unit::Share, Needs::StatementCache, false),
    metric("waiting_share", Unit::Share, Needs::Nothing, true),
    metric("committing_share", Unit::Share, Needs::Nothing, true),
    metric("database_bytes", Unit::Bytes, Needs::Nothing, false),
    metric("wal_bytes", Unit::Bytes, Needs::Nothing, false),
    metric("peak_memory_bytes", Unit::Bytes, Needs::Nothing, false),
}

/// A percentile needs this many samples beyond it.
pub const SAMPLES_BEYOND: u64 = 10;

/// Of a thousand samples, how many lie beyond a percentile: 10 for `p99`. Nothing for other statistics.
pub fn per_mille_beyond(statistic: &str) -> Option<u64> {
    Some(match statistic {
        "p50" => 500,
        "p90" => 100,
        "p95" => 50,
        "p99" => 10,
        "p999" => 1,
        _ => return None,
    })
}

impl Metric {
    /// The figure of that name.
    pub fn find(name: &str) -> Option<Metric> {
        METRICS.iter().find(|metric| metric.name == name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        for (index, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..index].iter().all(|other| other.name != metric.name), "{}", metric.name);
            assert_eq!(Metric::find(metric.name), Some(*metric));
        }
        assert_eq!(Metric::find("latency.p42"), None);
    }
}
