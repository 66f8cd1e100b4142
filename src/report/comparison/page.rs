//! A comparison as the page has it.

use serde::Serialize;

use super::words::*;
use crate::compare::{Comparison, ScenarioComparison, Verdict};

/// What the template shows of a comparison.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Sections {
    verdict: &'static str,
    tally: String,
    regressions: Vec<String>,
    scenarios: Vec<Section>,
}

#[derive(Debug, Serialize)]
struct Section {
    name: String,
    warning: Option<String>,
    settings: Vec<String>,
    table: Table,
}

#[derive(Debug, Serialize)]
struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// The verdict, the regressions in words, and a table for each scenario.
pub(in crate::report) fn comparison_sections(comparison: &Comparison) -> Sections {
    let regressed = metrics(comparison).filter(|(_, _, metric)| metric.verdict == Verdict::Regressed);
    Sections {
        verdict: comparison.verdict.as_str(),
        tally: tally(comparison),
        regressions: regressed.map(|(scenario, case, metric)| sentence(scenario, case, metric)).collect(),
        scenarios: comparison.scenarios.iter().map(section).collect(),
    }
}

fn section(scenario: &ScenarioComparison) -> Section {
    let rows = scenario.cases.iter().flat_map(|case| {
        case.metrics.iter().map(|metric| {
            vec![
                place(scenario, case),
                metric.metric.clone(),
                value(metric, metric.base),
                value(metric, metric.candidate),
                change_or_dash(metric.ratio),
                interval(metric),
                p_value(metric),
                metric.noise.map_or_else(|| "–".to_owned(), percent),
                percent(metric.threshold),
                metric.verdict.as_str().to_owned(),
                metric.base_pointer.clone(),
            ]
        })
    });
    Section {
        name: scenario.configuration_id.clone(),
        warning: warning(scenario),
        settings: scenario.settings.iter().map(difference).collect(),
        table: Table {
            header: vec![
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
                "JSON pointer",
            ],
            rows: rows.collect(),
        },
    }
}
