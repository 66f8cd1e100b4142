//! A comparison as the page has it.

use serde::Serialize;

use super::words::*;
use crate::compare::{CaseComparison, Comparison, Difference, MetricComparison, ScenarioComparison};

/// What the template shows of a comparison.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Sections {
    verdict: String,
    tally: String,
    regressions: Vec<String>,
    /// Levels that only one side has, or that decide nothing, and what should be kept in mind.
    notes: Vec<String>,
    scenarios: Vec<Section>,
}

#[derive(Debug, Serialize)]
struct Section {
    name: String,
    /// Both sides with when they were measured.
    sides: String,
    warning: Option<String>,
    differences: Vec<String>,
    settings: Vec<String>,
    table: Table,
    /// Rows of operations that say what the whole says, too.
    rest: Option<Table>,
}

#[derive(Debug, Serialize)]
struct Table {
    header: [&'static str; 12],
    rows: Vec<Vec<String>>,
}

/// The verdict, the regressions in words, and a table for each scenario.
pub(in crate::report) fn comparison_sections(comparison: &Comparison) -> Sections {
    let cautions = comparison
        .scenarios
        .iter()
        .flat_map(|one| one.cautions.iter().map(move |words| format!("{}: {words}", title(one))));
    Sections {
        verdict: headline(comparison),
        tally: tally(comparison),
        regressions: regressions(comparison),
        notes: cautions.chain(open(comparison)).chain(lonely(comparison)).collect(),
        scenarios: comparison.scenarios.iter().map(section).collect(),
    }
}

fn section(scenario: &ScenarioComparison) -> Section {
    let all = || scenario.cases.iter().flat_map(|case| case.metrics.iter().map(move |metric| (case, metric)));
    let table = |told: bool| Table {
        header: HEADER,
        rows: all()
            .filter(|(case, metric)| is_told(case, metric, Rows::Telling) == told)
            .map(|(case, metric)| row(scenario, case, metric))
            .collect(),
    };
    let rest = table(false);
    Section {
        name: title(scenario),
        sides: sides(scenario),
        warning: warning(scenario),
        differences: scenario.differences.iter().flat_map(Difference::lines).collect(),
        settings: settings(scenario),
        table: table(true),
        rest: (!rest.rows.is_empty()).then_some(rest),
    }
}

const HEADER: [&str; 12] = [
    "level",
    "metric",
    "base",
    "candidate",
    "change",
    "95 % interval",
    "p",
    "noise",
    "threshold",
    "verdict",
    "in the base",
    "in the candidate",
];

fn row(scenario: &ScenarioComparison, case: &CaseComparison, metric: &MetricComparison) -> Vec<String> {
    vec![
        place(scenario, case),
        metric.name(),
        value(metric, metric.base),
        value(metric, metric.candidate),
        change_or_dash(metric.ratio),
        interval(metric),
        p_value(metric),
        metric.noise.map_or_else(|| "–".to_owned(), percent),
        percent(metric.threshold),
        metric.verdict.as_str().to_owned(),
        metric.base_pointer.clone(),
        metric.candidate_pointer.clone(),
    ]
}
