//! A comparison on a terminal.

use super::super::drawing::{Alignment, Paint, drawn, either, painted, wrapped};
use super::super::table::{TableOptions, left_out};
use super::cells::{Column, Row, rows_of};
use super::words::*;
use crate::compare::{Comparison, Difference, ScenarioComparison, Verdict};

/// Draws a comparison: for each scenario a row for each metric of each level, then the sentence that it comes to. Ends with a line feed.
pub fn comparison_table(comparison: &Comparison, options: TableOptions<'_>, rows: Rows) -> String {
    let width = options.width.max(40);
    let paint = Paint { color: options.color };
    let mut out = String::new();
    for scenario in &comparison.scenarios {
        out.push_str(&one(scenario, width, paint, rows));
        out.push('\n');
    }
    for line in lonely(comparison) {
        out.push_str(&wrapped(&line, width, 2));
    }
    for words in open(comparison) {
        out.push_str(&paint.yellow("? "));
        out.push_str(&wrapped(&words, width - 2, 2));
    }
    for words in regressions(comparison) {
        out.push_str(&paint.red("! "));
        out.push_str(&wrapped(&words, width - 2, 2));
    }
    let words = format!("{}: {}", headline(comparison), tally(comparison));
    let told = match comparison.verdict {
        Verdict::Regressed => paint.red(&words),
        Verdict::Improved | Verdict::Unchanged => paint.green(&words),
        Verdict::Inconclusive => paint.yellow(&words),
    };
    out.push_str(&format!("{told}\n"));
    out
}

fn one(scenario: &ScenarioComparison, width: usize, paint: Paint, told: Rows) -> String {
    let mut out = head(scenario, width, paint);
    let rows: Vec<Row<'_>> = rows_of(scenario).filter(|row| row.is_told(told)).collect();
    if rows.is_empty() {
        return out;
    }
    out.push_str(&drawn_rows(&rows, width, paint));
    let repeated = |row: &Row<'_>| row.metric.base_iterations.max(row.metric.candidate_iterations) > 1;
    let medians = rows.iter().any(repeated).then(|| format!("{MEDIANS}."));
    let hidden = hidden(scenario, told).map(|words| format!("{words}; `--all` shows them."));
    for below in medians.into_iter().chain(hidden) {
        out.push_str(&paint.dim(wrapped(&below, width, 0).trim_end()));
        out.push('\n');
    }
    out
}

/// The sides, what is compared, and what should not differ.
fn head(scenario: &ScenarioComparison, width: usize, paint: Paint) -> String {
    let mut out = format!("{}\n", paint.bold(&title(scenario)));
    wrapped(&sides(scenario), width, 0)
        .lines()
        .for_each(|line| out.push_str(&format!("{}\n", paint.dim(line))));
    let settings = settings(scenario);
    if !settings.is_empty() {
        out.push_str(&wrapped(&settings.join(" · "), width, 0));
    }
    if let Some(warning) = warning(scenario) {
        out.push_str(&paint.red(wrapped(&warning, width, 0).trim_end()));
        out.push('\n');
        let each = scenario.differences.iter().flat_map(Difference::lines);
        each.for_each(|line| out.push_str(&format!("  {line}\n")));
    }
    for words in &scenario.cautions {
        out.push_str(&format!("{}\n", paint.yellow(wrapped(words, width, 0).trim_end())));
    }
    out.push('\n');
    out
}

/// In a line that is long enough.
const COLUMNS: [Column; 9] = [
    Column::Level,
    Column::Metric,
    Column::Base,
    Column::Candidate,
    Column::Change,
    Column::Interval,
    Column::P,
    Column::Noise,
    Column::Verdict,
];

fn drawn_rows(rows: &[Row<'_>], width: usize, paint: Paint) -> String {
    // Those to be left out first where a line is too short.
    let mut dispensable = [Column::Noise, Column::P, Column::Interval].iter();
    let mut kept = COLUMNS.to_vec();
    let mut missing: Vec<&str> = Vec::new();
    loop {
        let header: Vec<&str> = kept.iter().map(|column| column.header()).collect();
        let lines = drawn(&header, &cells(rows, &kept), Alignment::FirstLeft, width);
        if lines.is_err()
            && let Some(next) = dispensable.next()
        {
            kept.retain(|column| column != next);
            missing.insert(0, next.header());
            continue;
        }
        let bad = |row: usize| rows.get(row).is_some_and(|row| row.metric.verdict == Verdict::Regressed);
        return painted(&either(lines), &bad, paint) + &left_out(&missing, width, paint);
    }
}

/// A level is named in its first row alone.
fn cells(rows: &[Row<'_>], columns: &[Column]) -> Vec<Vec<String>> {
    let one = |(index, row): (usize, &Row<'_>)| {
        let goes_on = index > 0 && std::ptr::eq(rows[index - 1].case, row.case);
        let cell = |column: &Column| {
            if goes_on && *column == Column::Level { String::new() } else { row.cell(*column) }
        };
        columns.iter().map(cell).collect()
    };
    rows.iter().enumerate().map(one).collect()
}
