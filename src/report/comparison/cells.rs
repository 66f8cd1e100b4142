//! What stands in the cells of a comparison's tables.

use super::words::{Rows, is_told, place};
use crate::compare::{CaseComparison, MetricComparison, ScenarioComparison};
use crate::units::{count, latency, rate};

/// One metric of one level: a row of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) scenario: &'a ScenarioComparison,
    pub(super) case: &'a CaseComparison,
    pub(super) metric: &'a MetricComparison,
}

/// What a table can show of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Level,
    Metric,
    Base,
    Candidate,
    Change,
    Interval,
    P,
    Noise,
    Threshold,
    Verdict,
    BasePointer,
    CandidatePointer,
}

impl Column {
    /// What stands above it.
    pub(super) fn header(self) -> &'static str {
        match self {
            Column::Level => "level",
            Column::Metric => "metric",
            Column::Base => "base",
            Column::Candidate => "candidate",
            Column::Change => "change",
            Column::Interval => "95 % interval",
            Column::P => "p",
            Column::Noise => "noise",
            Column::Threshold => "threshold",
            Column::Verdict => "verdict",
            Column::BasePointer => "in the base",
            Column::CandidatePointer => "in the candidate",
        }
    }
}

impl Row<'_> {
    pub(super) fn cell(self, column: Column) -> String {
        let metric = self.metric;
        match column {
            Column::Level => place(self.scenario, self.case),
            Column::Metric => metric.name(),
            Column::Base => value(metric, metric.base),
            Column::Candidate => value(metric, metric.candidate),
            Column::Change => change_or_dash(metric.ratio),
            Column::Interval => interval(metric),
            Column::P => p_value(metric),
            Column::Noise => metric.noise.map_or_else(|| "–".to_owned(), percent),
            Column::Threshold => percent(metric.threshold),
            Column::Verdict => metric.verdict.as_str().to_owned(),
            Column::BasePointer => metric.base_pointer.clone(),
            Column::CandidatePointer => metric.candidate_pointer.clone(),
        }
    }

    /// Whether it is drawn.
    pub(super) fn is_told(self, rows: Rows) -> bool {
        is_told(self.case, self.metric, rows)
    }
}

/// A row for each metric of each level.
pub(super) fn rows_of(scenario: &ScenarioComparison) -> impl Iterator<Item = Row<'_>> {
    scenario
        .cases
        .iter()
        .flat_map(move |case| case.metrics.iter().map(move |metric| Row { scenario, case, metric }))
}

/// A value in the metric's unit.
pub(super) fn value(metric: &MetricComparison, value: f64) -> String {
    match metric.unit.as_str() {
        "ms" => latency(value),
        "1/s" => format!("{}/s", rate(value)),
        _ => format!("{:.2} %", value * 100.0),
    }
}

/// A ratio as a change: `+5.1 %`.
fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    if percent.abs() < 0.05 {
        return "±0.0 %".to_owned();
    }
    // Per cent say little of what is several times as much, and nothing of what is a small part.
    match ratio {
        many if many >= 4.0 => format!("× {}", times(many)),
        few if few > 0.0 && few <= 0.25 => format!("÷ {}", times(1.0 / few)),
        _ => format!("{percent:+.1} %").replace('-', "−"),
    }
}

fn times(factor: f64) -> String {
    if factor < 100.0 { format!("{factor:.1}") } else { count(factor.round() as u64) }
}

/// The change, or a dash where there is none to tell.
pub(in crate::report) fn change_or_dash(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), change)
}

/// Both ends of the interval of the change.
pub(in crate::report) fn interval(metric: &MetricComparison) -> String {
    match (metric.low, metric.high) {
        (Some(low), Some(high)) => format!("{} to {}", change(low), change(high)),
        _ => "–".to_owned(),
    }
}

/// The corrected p-value.
fn p_value(metric: &MetricComparison) -> String {
    match metric.p_corrected {
        Some(p) if p < 0.0001 => "< 0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
        None => "–".to_owned(),
    }
}

/// A share as per cent, without decimals where it has none.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if (percent - percent.round()).abs() < 0.05 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}
