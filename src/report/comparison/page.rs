//! A comparison as the page has it.

use serde::Serialize;

use super::cells::{Column, rows_of};
use super::words::*;
use crate::compare::{Comparison, Difference, ScenarioComparison};

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
    rows: Vec<[String; 12]>,
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
    let table = |told: bool| Table {
        header: COLUMNS.map(Column::header),
        rows: rows_of(scenario)
            .filter(|row| row.is_told(Rows::Telling) == told)
            .map(|row| COLUMNS.map(|column| row.cell(column)))
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

const COLUMNS: [Column; 12] = [
    Column::Level,
    Column::Metric,
    Column::Base,
    Column::Candidate,
    Column::Change,
    Column::Interval,
    Column::P,
    Column::Noise,
    Column::Threshold,
    Column::Verdict,
    Column::BasePointer,
    Column::CandidatePointer,
];
