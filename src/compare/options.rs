//! How to compare.

use super::metric::{MetricName, SUCCESS_RATE};
use super::{Incomparable, Selection, Source};

/// What matters of a success rate: one refused operation in two hundred is no matter of speed.
const SUCCESS_THRESHOLD: f64 = 0.005;

/// How to compare.
#[derive(Clone, Debug)]
pub struct Options {
    /// A difference that matters, as a share. Of `success_rate` half a per cent at most does, unless it is named.
    pub threshold: f64,
    /// The same for single metrics. The nearest name counts, of equally near ones the last.
    pub thresholds: Vec<(MetricName, f64)>,
    /// Only these metrics; all where it is empty.
    pub metrics: Vec<MetricName>,
    /// Compare also what should not be.
    pub anyway: bool,
    /// Whether both sides were named as single files, so that they belong together whatever their scenarios are called.
    pub single_files: bool,
    /// Whether the candidate stands for all that was measured, as a folder or a baseline does: what the base has and it has not is lost.
    pub expects_all: bool,
    /// The base's case, where one is named; then `candidate_case` names the same things.
    pub base_case: Selection,
    /// The candidate's case.
    pub candidate_case: Selection,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            threshold: 0.05,
            thresholds: Vec::new(),
            metrics: Vec::new(),
            anyway: false,
            single_files: false,
            expects_all: false,
            base_case: Selection::default(),
            candidate_case: Selection::default(),
        }
    }
}

impl Options {
    /// Whether a metric was asked for by its name.
    pub(super) fn names(&self, operation: Option<&str>, metric: &str) -> bool {
        self.metrics.iter().any(|name| name.means(operation, metric))
    }

    /// Whether a metric is to be compared.
    pub(super) fn wants(&self, operation: Option<&str>, metric: &str) -> bool {
        self.metrics.is_empty() || self.names(operation, metric)
    }

    pub(super) fn threshold_of(&self, operation: Option<&str>, metric: &str) -> f64 {
        let near = self
            .thresholds
            .iter()
            .filter_map(|(name, share)| Some((name.nearness(operation, metric)?, *share)));
        let own = if metric == SUCCESS_RATE { self.threshold.min(SUCCESS_THRESHOLD) } else { self.threshold };
        near.max_by_key(|(nearness, _)| *nearness).map_or(own, |(_, share)| share)
    }

    /// Whether every operation that a metric names is one of these results'.
    ///
    /// # Errors
    /// For the first that is not, with those that there are.
    pub fn check_operations<'a>(
        &self,
        sources: impl IntoIterator<Item = &'a Source>,
    ) -> Result<(), Incomparable> {
        let mut known: Vec<String> = Vec::new();
        let levels = sources.into_iter().flat_map(|source| &source.result.configurations);
        for name in levels.flat_map(|level| level.operations.keys()) {
            if !known.contains(name) {
                known.push(name.clone());
            }
        }
        for name in self.metrics.iter().chain(self.thresholds.iter().map(|(name, _)| name)) {
            if let Some(operation) = name.operation().filter(|name| !known.iter().any(|one| one == name)) {
                let (name, operation) = (name.to_string(), operation.to_owned());
                return Err(Incomparable::NoSuchOperation { name, operation, known });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_threshold_counts() {
        let name = |text: &str| text.parse::<MetricName>().unwrap();
        let thresholds = vec![
            (name("read/latency.p99"), 0.3),
            (name("*/latency.p99"), 0.2),
            (name("latency.p99"), 0.07),
            (name("latency.p99"), 0.1),
        ];
        let options = Options { thresholds, ..Options::default() };
        let of = |operation: Option<&str>| options.threshold_of(operation, "latency.p99");
        assert_eq!([of(None), of(Some("read")), of(Some("write"))], [0.1, 0.3, 0.2]);
        assert_eq!(options.threshold_of(Some("read"), "throughput"), 0.05);
        assert_eq!(options.threshold_of(None, SUCCESS_RATE), SUCCESS_THRESHOLD);
    }
}
