//! A comparison on a terminal.

use super::super::drawing::{Alignment, Paint, drawn, either, painted, wrapped};
use super::super::table::{TableOptions, left_out};
use super::words::*;
use crate::compare::{CaseComparison, Comparison, Difference, MetricComparison, ScenarioComparison, Verdict};

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
    let rows: Vec<(Verdict, Vec<String>)> =
        scenario.cases.iter().flat_map(|case| rows_of(scenario, case, told)).collect();
    if rows.is_empty() {
        return out;
    }
    out.push_str(&drawn_rows(&rows, width, paint));
    if let Some(words) = hidden(scenario, told) {
        out.push_str(&paint.dim(wrapped(&format!("{words}; `--all` shows them."), width, 0).trim_end()));
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

fn rows_of(scenario: &ScenarioComparison, case: &CaseComparison, told: Rows) -> Vec<(Verdict, Vec<String>)> {
    let metrics = case.metrics.iter().filter(|metric| is_told(case, metric, told)).enumerate();
    let row = |(index, metric): (usize, &MetricComparison)| {
        let name = if index == 0 { place(scenario, case) } else { String::new() };
        let cells = vec![
            name,
            metric.name(),
            value(metric, metric.base),
            value(metric, metric.candidate),
            change_or_dash(metric.ratio),
            interval(metric),
            p_value(metric),
            metric.noise.map_or_else(|| "–".to_owned(), percent),
            metric.verdict.as_str().to_owned(),
        ];
        (metric.verdict, cells)
    };
    metrics.map(row).collect()
}

fn drawn_rows(rows: &[(Verdict, Vec<String>)], width: usize, paint: Paint) -> String {
    let header = ["level", "metric", "base", "candidate", "change", "95 % interval", "p", "noise", "verdict"];
    // Those to be left out first where a line is too short.
    let mut dispensable = [7, 6, 5].iter();
    let mut kept: Vec<usize> = (0..header.len()).collect();
    loop {
        let names: Vec<&str> = kept.iter().map(|index| header[*index]).collect();
        let cells = |row: &(Verdict, Vec<String>)| kept.iter().map(|index| row.1[*index].clone()).collect();
        let lines = drawn(&names, &rows.iter().map(cells).collect::<Vec<_>>(), Alignment::FirstLeft, width);
        if lines.is_err()
            && let Some(next) = dispensable.next()
        {
            kept.retain(|index| index != next);
            continue;
        }
        let bad = |row: usize| rows.get(row).is_some_and(|row| row.0 == Verdict::Regressed);
        let missing: Vec<&str> =
            (0..header.len()).filter(|index| !kept.contains(index)).map(|index| header[index]).collect();
        return painted(&either(lines), &bad, paint) + &left_out(&missing, width, paint);
    }
}
