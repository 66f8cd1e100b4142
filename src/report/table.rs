//! The table of levels in a terminal, with what has to be said below it.

use std::path::Path;

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use super::columns::{Column, cases, columns, is_mix_of_writes, operation_rows, sections, time};
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
    /// Where the result is stored, to be told at the end.
    pub path: Option<&'a Path>,
}

impl Default for TableOptions<'_> {
    fn default() -> Self {
        TableOptions { color: false, width: 100, path: None }
    }
}

/// Draws a result: for each workload a row for each level and its operations; then the targets and the notes. Ends with a line feed.
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
fn left_out(columns: &[&str], width: usize, paint: Paint) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let text = wrapped(&format!("left out for width: {}", columns.join(", ")), width, 2);
    text.lines().map(|line| format!("{}\n", paint.dim(line))).collect()
}

/// The header bold, bad rows red.
fn painted(lines: &[String], bad: &dyn Fn(usize) -> bool, paint: Paint) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let line = match index.checked_sub(2) {
            _ if index == 0 => paint.bold(line),
            None => paint.dim(line),
            Some(row) if bad(row) => paint.red(line),
            Some(_) => line.clone(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
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

fn either(lines: Result<Vec<String>, Vec<String>>) -> Vec<String> {
    lines.unwrap_or_else(|lines| lines)
}

#[derive(Clone, Copy, PartialEq)]
enum Alignment {
    /// Everything to the right.
    Numbers,
    /// A name, then numbers.
    FirstLeft,
}

/// Header, rule and rows; as an error when they are wider than the line even with narrow gaps.
fn drawn(
    header: &[&str],
    rows: &[Vec<String>],
    alignment: Alignment,
    width: usize,
) -> Result<Vec<String>, Vec<String>> {
    let mut lines = Vec::new();
    for gap in [2, 1] {
        lines = with_gap(header, rows, alignment, gap);
        if lines.iter().all(|line| line.chars().count() <= width) {
            return Ok(lines);
        }
    }
    Err(lines)
}

fn with_gap(header: &[&str], rows: &[Vec<String>], alignment: Alignment, gap: u16) -> Vec<String> {
    let mut table = Table::new();
    let style = TableStyle::new()
        .header_lines(ContentLineStyle::none())
        .header_separator(LineStyle::none().fill('─'))
        .content_lines(ContentLineStyle::none());
    table.load_style(style);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(Cell::new));
    table.add_rows(rows.iter().map(|row| row.iter().map(Cell::new).collect::<Vec<_>>()));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 0 } else { gap }, 0));
        let left = index == 0 && alignment == Alignment::FirstLeft;
        column.set_cell_alignment(if left { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Breaks a text at spaces; lines after the first begin with `indent` spaces. Ends with a line feed.
fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let indent = " ".repeat(indent);
    let options = textwrap::Options::new(width)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    textwrap::fill(&plain, options) + "\n"
}

/// ANSI colours, or none.
#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
    fn dim(self, text: &str) -> String {
        self.with("2", text)
    }
    fn green(self, text: &str) -> String {
        self.with("32", text)
    }
    fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }
    fn red(self, text: &str) -> String {
        self.with("31", text)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
