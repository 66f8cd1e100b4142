//! The table of levels in a terminal, with what has to be said below it.

use std::path::Path;

use super::chart::chart;
use super::columns::{
    Column, TOGETHER, are_repeated, cases, columns, is_mix_of_writes, operation_rows, sections, time,
};
use super::conclusion::conclusion;
use super::drawing::{Alignment, Paint, drawn, either, painted, wrapped};
use super::notes::{Mood, notes};
use super::setting::{acknowledged, machine, setting};
use super::targets::target_rows;
use crate::result::{Configuration, RunResult, TargetStatus};
use crate::units::{count, rate};

/// With more levels, a line for each operation at each level would be too many.
const FEW_LEVELS: usize = 4;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct TableOptions<'a> {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Characters in a line; columns that do not fit are left out, prose is wrapped.
    pub width: usize,
    /// Whether to draw throughput against concurrency, where there is something to compare and room for it.
    pub chart: bool,
    /// Where the result is stored, to be told at the end.
    pub path: Option<&'a Path>,
}

impl Default for TableOptions<'_> {
    fn default() -> Self {
        TableOptions { color: false, width: 100, chart: false, path: None }
    }
}

/// Draws a result: for each workload a row for each level and its operations; then the targets, the notes, and what the
/// result comes to. Ends with a line feed.
pub fn table(result: &RunResult, options: TableOptions<'_>) -> String {
    let width = options.width.max(40);
    let paint = Paint { color: options.color };
    let mut out = String::new();
    let title = format!("{} · {} · {}", result.configuration_id, result.test_name, result.timestamp);
    let quick = if result.quick { " · quick" } else { "" };
    out.push_str(&format!("{}{quick}\n", paint.bold(&title)));
    out.push_str(&wrapped(&setting(result), width, 0));
    acknowledged(result).iter().for_each(|line| out.push_str(&wrapped(line, width, 0)));
    let machine = wrapped(&machine(result), width, 0);
    machine.lines().for_each(|line| out.push_str(&format!("{}\n", paint.dim(line))));
    let sections = sections(result);
    for section in &sections {
        out.push('\n');
        if sections.len() > 1 {
            out.push_str(&heading(section.workload, &section.levels, paint));
        }
        out.push_str(&levels(result, &section.levels, width, paint));
        if are_repeated(section.levels.iter().copied()) {
            out.push_str(&format!("{}\n", paint.dim(TOGETHER)));
        }
        if let Some(chart) = chart(&section.levels, width, paint).filter(|_| options.chart) {
            out.push_str(&format!("\n{chart}"));
        }
        if let Some(operations) = operations(&section.levels, is_mix_of_writes(result), width, paint) {
            out.push('\n');
            out.push_str(&operations);
        }
    }
    if let Some(targets) = targets(result, width, paint) {
        out.push('\n');
        out.push_str(&targets);
    }
    out.push('\n');
    for note in notes(result) {
        let (mark, paint_label): (&str, &dyn Fn(&str) -> String) = match note.mood {
            Mood::Good => ("✓", &|text| paint.green(text)),
            Mood::Neutral => ("·", &|text| paint.dim(text)),
            Mood::Caution => ("▲", &|text| paint.yellow(text)),
            Mood::Bad => ("!", &|text| paint.red(text)),
        };
        let label = format!("{mark} {}", note.label);
        let text = wrapped(&format!("{label}: {}", note.text), width, 2);
        out.push_str(&paint_label(&label));
        out.push_str(text.strip_prefix(&label).unwrap_or(&text));
    }
    let sentences = conclusion(result);
    if !sentences.is_empty() {
        out.push('\n');
    }
    for sentence in sentences {
        let text = wrapped(&format!("→ {sentence}"), width, 2);
        text.lines().for_each(|line| out.push_str(&format!("{}\n", paint.bold(line))));
    }
    if let Some(path) = options.path {
        out.push_str(&format!("\n{}\n", path.display()));
    }
    out
}

/// The workload's name, and how often its levels were repeated.
fn heading(workload: &str, levels: &[&Configuration], paint: Paint) -> String {
    let iterations = levels.iter().map(|level| level.iterations.len()).max().unwrap_or(1);
    let repeated = if iterations > 1 { format!(" · {iterations} iterations") } else { String::new() };
    format!("{}\n", paint.bold(&format!("{workload}{repeated}")))
}

fn levels(result: &RunResult, levels: &[&Configuration], width: usize, paint: Paint) -> String {
    let mut columns = columns(result, levels);
    let cells = |columns: &[Column]| -> Vec<Vec<String>> {
        let row = |level: &&Configuration| columns.iter().map(|column| (column.cell)(level)).collect();
        levels.iter().map(row).collect()
    };
    let invalid = |row: usize| levels.get(row).is_some_and(|level| !level.validity.valid);
    let all: Vec<String> = columns.iter().map(|column| column.header.clone()).collect();
    loop {
        let header: Vec<&str> = columns.iter().map(|column| column.header.as_str()).collect();
        let drawn = drawn(&header, &cells(&columns), Alignment::Numbers, width);
        let most = columns.iter().map(|column| column.dispensable).max().unwrap_or(0);
        let lines = match drawn {
            Err(_) if most > 0 => {
                columns.retain(|column| column.dispensable < most);
                continue;
            }
            Ok(lines) | Err(lines) => lines,
        };
        let missing: Vec<&str> =
            all.iter().map(String::as_str).filter(|name| !header.contains(name)).collect();
        return painted(&lines, &invalid, paint) + &left_out(&missing, width, paint);
    }
}

/// A line about columns that a narrow terminal has no room for.
pub(super) fn left_out(columns: &[&str], width: usize, paint: Paint) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let text = wrapped(&format!("left out for width: {}", columns.join(", ")), width, 2);
    text.lines().map(|line| format!("{}\n", paint.dim(line))).collect()
}

/// Each operation of a workload: in full for a few levels, else its 99th percentile at each level. Absent for a single operation.
fn operations(levels: &[&Configuration], tables: bool, width: usize, paint: Paint) -> Option<String> {
    let first = levels.first().filter(|level| level.operations.len() > 1)?;
    let lines = match levels.len() {
        1 if tables => tables_in_full(first, width),
        few if few <= FEW_LEVELS && !tables => in_full(levels, width),
        // A column for each level says nothing where levels differ in more than their workers.
        _ if !cases(levels).is_empty() => return None,
        _ => p99_by_level(levels, first, width),
    };
    Some(painted(&lines, &|_| false, paint))
}

/// Each operation at each level; columns that the table of levels has too are left out when the line is too short.
fn in_full(levels: &[&Configuration], width: usize) -> Vec<String> {
    let (mut header, mut rows) = operation_rows(levels);
    let mut dispensable = ["success", "avg", "errors", "p50"].iter();
    loop {
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let lines = match drawn(&names, &rows, Alignment::FirstLeft, width) {
            Ok(lines) => return lines,
            Err(lines) => lines,
        };
        let Some(next) = dispensable.next() else { return lines };
        if let Some(place) = header.iter().position(|name| name == next) {
            header.remove(place);
            rows.iter_mut().for_each(|row| drop(row.remove(place)));
        }
    }
}

/// Each table that a mix of writes fills.
fn tables_in_full(level: &Configuration, width: usize) -> Vec<String> {
    let header = ["table", "written", "errors", "writes/s", "avg", "p50", "p95", "p99", "max"];
    let rows = level.operations.iter().map(|(name, figures)| {
        let times = figures.latency_ms;
        vec![
            name.clone(),
            count(figures.count),
            count(figures.errors),
            rate(figures.throughput),
            time(times, |l| l.avg),
            time(times, |l| l.p50),
            time(times, |l| l.p95),
            time(times, |l| l.p99),
            time(times, |l| l.max),
        ]
    });
    either(drawn(&header, &rows.collect::<Vec<_>>(), Alignment::FirstLeft, width))
}

/// Levels in the middle are left out when the line is too short.
fn p99_by_level(levels: &[&Configuration], first: &Configuration, width: usize) -> Vec<String> {
    let mut levels = levels.to_vec();
    loop {
        let header: Vec<String> = std::iter::once("p99 with workers".to_owned())
            .chain(levels.iter().map(|level| level.concurrency.to_string()))
            .collect();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let cell = |level: &Configuration, name: &str| {
            time(level.operations.get(name).and_then(|figures| figures.latency_ms), |l| l.p99)
        };
        let row = |name: &String| {
            std::iter::once(name.clone()).chain(levels.iter().map(|level| cell(level, name))).collect()
        };
        let rows: Vec<Vec<String>> = first.operations.keys().map(row).collect();
        match drawn(&header, &rows, Alignment::FirstLeft, width) {
            Err(_) if levels.len() > 2 => drop(levels.remove(levels.len() / 2)),
            other => return either(other),
        }
    }
}

/// What the scenario demands. Why a demand was not met stands among the notes.
fn targets(result: &RunResult, width: usize, paint: Paint) -> Option<String> {
    let (header, rows) = target_rows(result)?;
    let lines = either(drawn(&header, &rows, Alignment::FirstLeft, width));
    let statuses: Vec<TargetStatus> = result.all_targets().map(|(_, verdict)| verdict.status).collect();
    Some(painted(&lines, &|row| statuses.get(row).is_some_and(|s| *s != TargetStatus::Pass), paint))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
