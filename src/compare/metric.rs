//! What is compared of an iteration, and how it is named.

use super::model::Better;
use crate::diagnostic::nearest;
use crate::result::OperationIteration;

/// What is compared: name, unit, direction, and where it stands in an iteration.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) better: Better,
    /// Share of the samples beyond the figure, where it is a percentile.
    pub(super) beyond: Option<f64>,
    pub(super) of: fn(&OperationIteration) -> Option<f64>,
}

const fn latency(
    name: &'static str,
    beyond: Option<f64>,
    of: fn(&OperationIteration) -> Option<f64>,
) -> Metric {
    Metric { name, unit: "ms", better: Better::Lower, beyond, of }
}

pub(super) const THROUGHPUT: &str = "throughput";
pub(super) const SUCCESS_RATE: &str = "success_rate";

pub(super) const ALL: [Metric; 7] = [
    Metric {
        name: THROUGHPUT,
        unit: "1/s",
        better: Better::Higher,
        beyond: None,
        of: |one| Some(one.throughput),
    },
    latency("latency.avg", None, |one| one.avg_ms),
    latency("latency.p50", Some(0.5), |one| one.p50_ms),
    latency("latency.p90", Some(0.1), |one| one.p90_ms),
    latency("latency.p95", Some(0.05), |one| one.p95_ms),
    latency("latency.p99", Some(0.01), |one| one.p99_ms),
    Metric { name: SUCCESS_RATE, unit: "share", better: Better::Higher, beyond: None, of: success_rate },
];

/// Names of the metrics that can be compared.
pub const METRICS: [&str; 7] =
    [THROUGHPUT, "latency.avg", "latency.p50", "latency.p90", "latency.p95", "latency.p99", SUCCESS_RATE];

/// Samples that have to lie beyond a percentile for it to be compared.
pub(super) const SAMPLES_BEYOND: f64 = 10.0;

fn success_rate(one: &OperationIteration) -> Option<f64> {
    (one.attempted > 0).then(|| one.succeeded as f64 / one.attempted as f64)
}

/// Stands for every operation.
const EVERY: &str = "*";

/// The name of a metric: `latency.p99` of all operations together, `read/latency.p99` of one, `*/latency.p99` of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricName {
    operation: Option<String>,
    metric: String,
}

impl std::str::FromStr for MetricName {
    type Err = String;

    fn from_str(text: &str) -> Result<MetricName, String> {
        let (operation, metric) = match text.rsplit_once('/') {
            Some((operation, metric)) => (Some(operation.trim()), metric.trim()),
            None => (None, text.trim()),
        };
        if !METRICS.contains(&metric) {
            let near =
                nearest(metric, METRICS).map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let all = METRICS.join(", ");
            return Err(format!(
                "{near}there are {all}, and of a single operation OPERATION/METRIC, such as read/latency.p99"
            ));
        }
        if operation == Some("") {
            return Err(format!("name the operation before `/`, or `*/{metric}` for each of them"));
        }
        Ok(MetricName { operation: operation.map(str::to_owned), metric: metric.to_owned() })
    }
}

impl std::fmt::Display for MetricName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.operation {
            Some(operation) => write!(f, "{operation}/{}", self.metric),
            None => f.write_str(&self.metric),
        }
    }
}

impl MetricName {
    /// The single operation that it names.
    pub(super) fn operation(&self) -> Option<&str> {
        self.operation.as_deref().filter(|name| *name != EVERY)
    }

    /// Whether it means this metric of all together, or of this operation.
    pub(super) fn means(&self, operation: Option<&str>, metric: &str) -> bool {
        let of = match (self.operation.as_deref(), operation) {
            (None, None) => true,
            (Some(EVERY), found) => found.is_some(),
            (wanted, found) => wanted == found,
        };
        of && self.metric == metric
    }

    /// How near it comes to a metric: its own operation, every operation, or the metric as such. Absent where it is about others.
    pub(super) fn nearness(&self, operation: Option<&str>, metric: &str) -> Option<u8> {
        match self.operation.as_deref() {
            None => (self.metric == metric).then_some(0),
            Some(EVERY) => self.means(operation, metric).then_some(1),
            Some(_) => self.means(operation, metric).then_some(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_metrics_are_those_of_the_list() {
        assert_eq!(ALL.map(|metric| metric.name), METRICS);
    }

    #[test]
    fn a_metric_is_named_of_all_together_of_one_operation_or_of_each() {
        let name = |text: &str| text.parse::<MetricName>().unwrap();
        let (all, one, each) = (name("latency.p99"), name("read/latency.p99"), name("*/latency.p99"));
        let of = |name: &MetricName| {
            [None, Some("read"), Some("write")].map(|operation| name.means(operation, "latency.p99"))
        };
        assert_eq!(of(&all), [true, false, false]);
        assert_eq!(of(&one), [false, true, false]);
        assert_eq!(of(&each), [false, true, true]);
        assert!(!one.means(Some("read"), "throughput"));
        assert_eq!((one.to_string().as_str(), all.to_string().as_str()), ("read/latency.p99", "latency.p99"));
    }

    #[test]
    fn a_name_that_is_wrong_is_answered_with_the_right_ones() {
        let wrong = |text: &str| text.parse::<MetricName>().unwrap_err();
        assert!(
            wrong("latency.p9").starts_with("did you mean `latency.p90`? there are throughput, latency.avg,")
        );
        assert!(wrong("read/speed").contains("OPERATION/METRIC, such as read/latency.p99"));
        assert!(wrong("/throughput").contains("`*/throughput` for each of them"));
    }
}
