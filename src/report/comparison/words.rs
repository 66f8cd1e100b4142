//! The parts of a comparison in words.

use crate::compare::{
    Better, CaseComparison, Comparison, Difference, MetricComparison, ScenarioComparison, Verdict,
};
use crate::result::{last_key, plain_value};
use crate::units::{latency, rate, workers};

/// Which level of which case, as far as there are others: `wal, append, 8 workers`.
pub(in crate::report) fn place(scenario: &ScenarioComparison, case: &CaseComparison) -> String {
    let others = |differs: &dyn Fn(&CaseComparison) -> bool| scenario.cases.iter().any(differs);
    let mut parts = Vec::new();
    if others(&|other| other.variant != case.variant) {
        parts.push(case.variant.clone());
    }
    parts.extend(
        case.parameters.iter().map(|(key, value)| format!("{} {}", last_key(key), plain_value(value))),
    );
    if others(&|other| other.workload != case.workload) {
        parts.push(case.workload.clone());
    }
    parts.push(workers(&[case.concurrency]));
    parts.join(", ")
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
pub(super) fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    if percent.abs() < 0.05 { "±0.0 %".to_owned() } else { format!("{percent:+.1} %").replace('-', "−") }
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
pub(super) fn p_value(metric: &MetricComparison) -> String {
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

/// What a reader of one metric needs: both values, the change with its interval, and the threshold.
pub(super) fn sentence(
    scenario: &ScenarioComparison,
    case: &CaseComparison,
    metric: &MetricComparison,
) -> String {
    let ends = match (metric.low, metric.high) {
        (Some(_), Some(_)) => format!(", 95 % interval {}", interval(metric)),
        _ => String::new(),
    };
    let word = match metric.better {
        Better::Higher => "higher is better",
        Better::Lower => "lower is better",
    };
    format!(
        "{}, {}: {} {}: {} → {} ({}{ends}; threshold {}, {word}; {})",
        scenario.configuration_id,
        place(scenario, case),
        metric.metric,
        metric.verdict.as_str(),
        value(metric, metric.base),
        value(metric, metric.candidate),
        change_or_dash(metric.ratio),
        percent(metric.threshold),
        metric.reason
    )
}

/// How many metrics came to what, the worst first: `2 regressed, 10 unchanged`.
pub(super) fn tally(comparison: &Comparison) -> String {
    let all = || metrics(comparison).map(|(_, _, metric)| metric.verdict);
    let order = [Verdict::Regressed, Verdict::Inconclusive, Verdict::Improved, Verdict::Unchanged];
    let parts = order.iter().filter_map(|verdict| {
        let number = all().filter(|other| other == verdict).count();
        (number > 0).then(|| format!("{number} {}", verdict.as_str()))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "nothing to compare".to_owned() } else { parts.join(", ") }
}

/// All metrics with where they stand.
pub(super) fn metrics(
    comparison: &Comparison,
) -> impl Iterator<Item = (&ScenarioComparison, &CaseComparison, &MetricComparison)> {
    comparison.scenarios.iter().flat_map(|scenario| {
        scenario
            .cases
            .iter()
            .flat_map(move |case| case.metrics.iter().map(move |metric| (scenario, case, metric)))
    })
}

/// A warning that stands with every table, where the two should not be compared.
pub(super) fn warning(scenario: &ScenarioComparison) -> Option<String> {
    if scenario.differences.is_empty() {
        return None;
    }
    let names: Vec<&str> = scenario.differences.iter().map(|difference| difference.name.as_str()).collect();
    Some(format!("These two should not be compared: they differ in {}.", names.join(", ")))
}

/// `journal_mode: delete → wal`.
pub(super) fn difference(difference: &Difference) -> String {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    format!("{}: {} → {}", difference.name, side(&difference.base), side(&difference.candidate))
}

/// Levels and scenarios that only one side has.
pub(super) fn lonely(comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tell = |names: &[String], of: &str, side: &str| {
        if !names.is_empty() {
            lines.push(format!("Only the {side} has{of}: {}.", names.join(", ")));
        }
    };
    tell(&comparison.only_base, "", "base");
    tell(&comparison.only_candidate, "", "candidate");
    for scenario in &comparison.scenarios {
        let of = format!(" of {}", scenario.configuration_id);
        tell(&scenario.only_base, &of, "base");
        tell(&scenario.only_candidate, &of, "candidate");
    }
    lines
}
