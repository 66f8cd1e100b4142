//! A comparison as Markdown, short enough for a comment on a pull request.

use super::super::markdown::{escaped, rows};
use super::cells::{Column, Row, rows_of};
use super::words::*;
use crate::compare::{Comparison, Difference, ScenarioComparison, Verdict};

/// Rows of a scenario beyond which those that are unchanged are only counted: a comment on a pull request has its limit.
const MANY: usize = 60;

/// Regressions that have a sentence of their own; the others stand in the table.
const FIRST: usize = 10;

/// A heading with the verdict, the regressions in words, and a table for each scenario. Ends with a line feed.
pub fn comparison_markdown(comparison: &Comparison, rows: Rows) -> String {
    let mut out = format!("## {}: {}\n\n", capitalised(&headline(comparison)), tally(comparison));
    let regressions = regressions(comparison);
    // Scenarios that are lost stand in no table.
    let told = if rows == Rows::All { regressions.len() } else { FIRST.max(comparison.lost.len()) };
    regressions.iter().take(told).for_each(|words| out.push_str(&format!("- {}\n", escaped(words))));
    if regressions.len() > told {
        out.push_str(&format!("- and {} more, in the table\n", regressions.len() - told));
    }
    if !regressions.is_empty() {
        out.push('\n');
    }
    comparison.scenarios.iter().for_each(|scenario| out.push_str(&one(scenario, rows)));
    let open: Vec<String> = open(comparison).iter().map(|words| format!("- {}\n", escaped(words))).collect();
    if !open.is_empty() {
        out.push_str(&format!("{}\n", open.concat()));
    }
    lonely(comparison).iter().for_each(|line| out.push_str(&format!("{}\n\n", escaped(line))));
    out.push_str(&format!(
        "{MEDIANS}, with its 95 % interval; Mann-Whitney U test, corrected for {} tests (Holm), level {}.\n",
        comparison.tests, comparison.alpha
    ));
    out
}

fn capitalised(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

fn one(scenario: &ScenarioComparison, shown: Rows) -> String {
    let mut out = format!("### {}\n\n", escaped(&title(scenario)));
    out.push_str(&format!("{}\n\n", escaped(&sides(scenario))));
    let settings: Vec<String> = settings(scenario).iter().map(|one| escaped(one)).collect();
    if !settings.is_empty() {
        out.push_str(&format!("{}\n\n", settings.join(" · ")));
    }
    if let Some(warning) = warning(scenario) {
        out.push_str(&format!("> **{}**\n>\n", escaped(&warning)));
        let lines = scenario.differences.iter().flat_map(Difference::lines);
        lines.for_each(|line| out.push_str(&listed(&line)));
        out.push('\n');
    }
    scenario.cautions.iter().for_each(|words| out.push_str(&format!("{}\n\n", escaped(words))));
    let all: Vec<Row<'_>> = rows_of(scenario).filter(|row| row.is_told(shown)).collect();
    if all.is_empty() {
        return out;
    }
    let many = all.len() > MANY && shown == Rows::Telling;
    let told = |row: &&Row<'_>| !many || row.metric.verdict != Verdict::Unchanged;
    let cells = all.iter().filter(told).map(|row| COLUMNS.map(|column| cell(*row, column)).to_vec());
    out.push_str(&rows(&COLUMNS.map(Column::header), cells));
    let left_out = all.iter().filter(|row| !told(row)).count();
    if left_out > 0 {
        out.push_str(&format!("\n{left_out} more are unchanged.\n"));
    }
    if let Some(words) = hidden(scenario, shown) {
        out.push_str(&format!("\n{words}.\n"));
    }
    out.push('\n');
    out
}

/// An item of a list in a quotation; what was indented is indented there.
fn listed(line: &str) -> String {
    let inner = line.trim_start();
    let depth = line.len() - inner.len();
    format!("> {}- {}\n", " ".repeat(depth), escaped(inner))
}

const COLUMNS: [Column; 9] = [
    Column::Level,
    Column::Metric,
    Column::Base,
    Column::Candidate,
    Column::Change,
    Column::Interval,
    Column::P,
    Column::Threshold,
    Column::Verdict,
];

/// Names are of a user; what became worse stands out.
fn cell(row: Row<'_>, column: Column) -> String {
    let text = row.cell(column);
    match column {
        Column::Level | Column::Metric => escaped(&text),
        Column::Verdict if row.metric.verdict == Verdict::Regressed => format!("**{text}**"),
        _ => text,
    }
}
