//! A comparison as a picture: each change with its interval on one axis, beside the threshold that it is judged by.

use serde::Serialize;

use crate::compare::{Comparison, MetricComparison, ScenarioComparison};
use crate::report::comparison::{Rows, change_or_dash, interval, is_told, place, title};

/// The picture of one scenario's comparison.
#[derive(Debug, Serialize)]
pub(super) struct Forest {
    pub(super) title: String,
    /// Texts of the axis with their places, per cent of its width.
    pub(super) ticks: Vec<(String, f64)>,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) level: String,
    pub(super) metric: String,
    pub(super) change: String,
    /// Both ends of its interval.
    pub(super) ends: String,
    pub(super) verdict: &'static str,
    pub(super) reason: String,
    pub(super) pointer: String,
    /// Where the change stands, per cent of the axis; absent where there is none to tell.
    pub(super) at: Option<f64>,
    /// Start and width of its interval.
    pub(super) interval: Option<(f64, f64)>,
    /// Start and width of what does not matter.
    pub(super) zone: (f64, f64),
}

/// The ends of axes, as ratios; beyond the last one, marks stand at the border.
const ENDS: [f64; 9] = [1.1, 1.25, 1.5, 2.0, 4.0, 10.0, 30.0, 100.0, 1_000.0];

/// A picture for each scenario, in their order.
pub(super) fn forests(comparison: &Comparison) -> Vec<Forest> {
    let of = |scenario: &ScenarioComparison| {
        let all =
            scenario.cases.iter().flat_map(|case| case.metrics.iter().map(move |metric| (case, metric)));
        let told: Vec<_> = all.filter(|(case, metric)| is_told(case, metric, Rows::Telling)).collect();
        let axis = Axis::new(told.iter().map(|(_, metric)| *metric));
        let rows = told.iter().map(|(case, metric)| axis.row(place(scenario, case), metric));
        Forest { title: title(scenario), ticks: axis.ticks(), rows: rows.collect() }
    };
    comparison.scenarios.iter().map(of).collect()
}

/// Logarithmic: half and double are equally far from the middle.
struct Axis {
    end: f64,
}

impl Axis {
    fn new<'a>(metrics: impl Iterator<Item = &'a MetricComparison>) -> Axis {
        let far = |ratio: f64| if ratio > 0.0 { ratio.max(1.0 / ratio) } else { 1.0 };
        let of = |metric: &MetricComparison| {
            let ratios = [metric.ratio, metric.low, metric.high, Some(1.0 + metric.threshold)];
            ratios.into_iter().flatten().map(far).fold(1.0, f64::max)
        };
        let most = metrics.map(of).fold(1.0, f64::max);
        Axis { end: ENDS.into_iter().find(|end| *end >= most).unwrap_or(ENDS[ENDS.len() - 1]) }
    }

    fn at(&self, ratio: f64) -> f64 {
        if ratio <= 0.0 {
            return 0.0;
        }
        (50.0 * (1.0 + ratio.ln() / self.end.ln())).clamp(0.0, 100.0)
    }

    fn between(&self, low: f64, high: f64) -> (f64, f64) {
        (self.at(low), self.at(high) - self.at(low))
    }

    fn ticks(&self) -> Vec<(String, f64)> {
        let half = self.end.sqrt();
        let ratios = [1.0 / self.end, 1.0 / half, 1.0, half, self.end];
        ratios.into_iter().map(|ratio| (whole(ratio), self.at(ratio))).collect()
    }

    fn row(&self, level: String, metric: &MetricComparison) -> Row {
        Row {
            level,
            metric: metric.name(),
            change: change_or_dash(metric.ratio),
            ends: interval(metric),
            verdict: metric.verdict.as_str(),
            reason: metric.reason.clone(),
            pointer: metric.candidate_pointer.clone(),
            at: metric.ratio.map(|ratio| self.at(ratio)),
            interval: metric.low.zip(metric.high).map(|(low, high)| self.between(low, high)),
            zone: self.between(1.0 / (1.0 + metric.threshold), 1.0 + metric.threshold),
        }
    }
}

/// A ratio as a change without decimals, as a factor where it is far.
fn whole(ratio: f64) -> String {
    if ratio == 1.0 {
        return "0 %".to_owned();
    }
    match ratio {
        many if many >= 4.0 => format!("× {many:.0}"),
        few if few <= 0.25 => format!("÷ {:.0}", 1.0 / few),
        _ => format!("{:+.0} %", (ratio - 1.0) * 100.0).replace('-', "−"),
    }
}
