//! The table of levels in a terminal, with what has to be said below it.

use std::path::Path;

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use super::notes::{Mood, machine, notes, setting};
use crate::result::{Configuration, RunResult};
use crate::units::{bytes, compact, count, duration, latency, latency_or_dash, rate};

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

/// Draws a result: a row for each level, the tables, and the notes. Ends with a line feed.
pub fn table(result: &RunResult, options: TableOptions<'_>) -> String {
    let width = options.width.max(40);
    let paint = Paint { color: options.color };
    let mut out = String::new();
    let title = format!("{} · {} · {}", result.configuration_id, result.test_name, result.timestamp);
    let quick = if result.quick { " · quick" } else { "" };
    out.push_str(&format!("{}{quick}\n", paint.bold(&title)));
    out.push_str(&wrapped(&setting(result), width, 0));
    let machine = wrapped(&machine(result), width, 0);
    machine.lines().for_each(|line| out.push_str(&format!("{}\n", paint.dim(line))));
    if !result.configurations.is_empty() {
        out.push('\n');
        out.push_str(&levels(result, width, paint));
    }
    if let Some(operations) = operations(result, width, paint) {
        out.push('\n');
        out.push_str(&operations);
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

/// One column of the table of levels.
struct Column {
    header: &'static str,
    /// Those with the greatest number go first when the line is too short; 0 always stays.
    dispensable: u8,
    cell: fn(&Configuration) -> String,
}

fn columns() -> Vec<Column> {
    let column = |header, dispensable, cell| Column { header, dispensable, cell };
    vec![
        column("workers", 0, |level| {
            let mark = if level.validity.valid { "" } else { "! " };
            format!("{mark}{}", level.concurrency)
        }),
        column("written", 0, |level| count(level.succeeded)),
        column("errors", 0, |level| count(level.overall.errors)),
        column("writes/s", 0, |level| rate(level.overall.throughput)),
        column("avg", 2, |level| latency_or_dash(level.overall.latency_ms.map(|l| l.avg))),
        column("p50", 4, |level| latency_or_dash(level.overall.latency_ms.map(|l| l.p50))),
        column("p95", 1, |level| latency_or_dash(level.overall.latency_ms.map(|l| l.p95))),
        column("p99", 0, |level| latency_or_dash(level.overall.latency_ms.map(|l| l.p99))),
        column("max", 3, |level| latency_or_dash(level.overall.latency_ms.map(|l| l.max))),
        column("duration", 5, |level| {
            level.iterations.first().map_or_else(String::new, |one| duration(one.duration_ms))
        }),
        column("per worker", 6, per_worker),
        column("memory", 7, |level| level.resources.peak_memory_bytes.map_or_else(|| "–".to_owned(), bytes)),
    ]
}

/// Fewest and most acknowledged writes of a worker.
fn per_worker(level: &Configuration) -> String {
    match (level.workers.fewest, level.workers.most) {
        (Some(fewest), Some(most)) if fewest.acknowledged != most.acknowledged => {
            format!("{}–{}", compact(fewest.acknowledged), compact(most.acknowledged))
        }
        (Some(fewest), _) => compact(fewest.acknowledged),
        _ => "–".to_owned(),
    }
}

fn levels(result: &RunResult, width: usize, paint: Paint) -> String {
    let mut columns = columns();
    let cells = |columns: &[Column]| -> Vec<Vec<String>> {
        let row = |level| columns.iter().map(|column| (column.cell)(level)).collect();
        result.configurations.iter().map(row).collect()
    };
    loop {
        let header: Vec<&str> = columns.iter().map(|column| column.header).collect();
        let drawn = drawn(&header, &cells(&columns), Alignment::Numbers, width);
        let most = columns.iter().map(|column| column.dispensable).max().unwrap_or(0);
        match drawn {
            Ok(lines) => return painted(&lines, result, paint),
            Err(lines) if most == 0 => return painted(&lines, result, paint),
            Err(_) => columns.retain(|column| column.dispensable < most),
        }
    }
}

/// The header bold, rows of invalid levels red.
fn painted(lines: &[String], result: &RunResult, paint: Paint) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let level = index.checked_sub(2).and_then(|row| result.configurations.get(row));
        let line = match level {
            _ if index == 0 => paint.bold(line),
            _ if index == 1 => paint.dim(line),
            Some(level) if !level.validity.valid => paint.red(line),
            _ => line.clone(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Each table of the database: in full for a single level, else its 99th percentile at each level. Absent for a single table.
fn operations(result: &RunResult, width: usize, paint: Paint) -> Option<String> {
    let first = result.configurations.first().filter(|level| level.operations.len() > 1)?;
    let lines = if result.configurations.len() == 1 {
        let header = ["table", "written", "errors", "writes/s", "avg", "p50", "p95", "p99", "max"];
        let rows: Vec<Vec<String>> = first
            .operations
            .iter()
            .map(|(name, figures)| {
                let time = |pick: fn(&crate::result::LatencyMs) -> f64| {
                    latency_or_dash(figures.latency_ms.as_ref().map(pick))
                };
                let numbers = [count(figures.count), count(figures.errors), rate(figures.throughput)];
                let times =
                    [time(|l| l.avg), time(|l| l.p50), time(|l| l.p95), time(|l| l.p99), time(|l| l.max)];
                [name.clone()].into_iter().chain(numbers).chain(times).collect()
            })
            .collect();
        either(drawn(&header, &rows, Alignment::FirstLeft, width))
    } else {
        let mut levels: Vec<&Configuration> = result.configurations.iter().collect();
        loop {
            let header: Vec<String> = std::iter::once("p99 with workers".to_owned())
                .chain(levels.iter().map(|level| level.concurrency.to_string()))
                .collect();
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            let cell = |level: &Configuration, name: &str| {
                let figures = level.operations.get(name).and_then(|figures| figures.latency_ms);
                figures.map_or_else(|| "–".to_owned(), |l| latency(l.p99))
            };
            let row = |name: &String| {
                std::iter::once(name.clone()).chain(levels.iter().map(|level| cell(level, name))).collect()
            };
            let rows: Vec<Vec<String>> = first.operations.keys().map(row).collect();
            match drawn(&header, &rows, Alignment::FirstLeft, width) {
                Err(_) if levels.len() > 2 => drop(levels.remove(levels.len() / 2)),
                other => break either(other),
            }
        }
    };
    let mut lines = lines.into_iter();
    let header = lines.next().map(|line| paint.bold(&line));
    let rule = lines.next().map(|line| paint.dim(&line));
    Some(header.into_iter().chain(rule).chain(lines).map(|line| format!("{line}\n")).collect())
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
    let mut out = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            length = indent;
        } else if length > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += word_length;
    }
    out.push('\n');
    out
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
