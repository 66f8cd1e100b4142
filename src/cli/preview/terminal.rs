//! A preview in a terminal: a grid for each table and each statement.

use super::model::{Execution, OperationPreview, Part, Preview, Shown, StepPreview, TablePreview, Written};
use crate::cli::layout::{Cell, Grid, Paint, width, wrapped};
use crate::units::count;

/// Everything, for lines of so many columns of the screen.
pub(super) fn text(preview: &Preview, line: usize, paint: Paint) -> String {
    let line = line.max(40);
    let mut parts: Vec<String> = Vec::new();
    if !preview.tables.is_empty() {
        parts.push(format!("{}\n", paint.dim(&ruled("tables", line))));
        parts.extend(preview.tables.iter().map(|table| of_table(table, line, paint)));
    }
    if !preview.operations.is_empty() {
        parts.push(format!("{}\n", paint.dim(&ruled("operations", line))));
        // Where the tables stand above, their rows need not be told again.
        let brief = |operation: &OperationPreview| {
            operation.plain_insert && preview.tables.iter().any(|table| table.name == operation.name)
        };
        let drawing = Drawing { several: preview.workloads.len() > 1, line, paint };
        let each = preview.operations.iter();
        parts.extend(each.map(|operation| of_operation(operation, brief(operation), drawing)));
    }
    parts.join("\n")
}

/// How operations are drawn.
#[derive(Clone, Copy)]
struct Drawing {
    /// Whether there are several workloads, so that shares say of which.
    several: bool,
    line: usize,
    paint: Paint,
}

/// `── title ────`.
fn ruled(title: &str, line: usize) -> String {
    format!("── {title} {}", "─".repeat(line.saturating_sub(width(title) + 4)))
}

/// Bold name, then what there is to say, wrapped below it.
fn heading(name: &str, words: &[String], line: usize, paint: Paint) -> String {
    let whole = format!("{name} · {}", words.join(" · "));
    let mut lines = wrapped(&whole, line).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut out = format!("{}{}\n", paint.bold(name), first.strip_prefix(name).unwrap_or(&first));
    lines.for_each(|line| out.push_str(&format!("{line}\n")));
    out
}

fn of_table(table: &TablePreview, line: usize, paint: Paint) -> String {
    let mut words = Vec::new();
    let noun = |rows: u64| if rows == 1 { "row" } else { "rows" };
    if table.loaded > 0 {
        words.push(format!("{} {} loaded", count(table.loaded), noun(table.loaded)));
    }
    let several = table.written.len() > 1;
    for Written { workload, rows } in &table.written {
        let of = if several { format!(" by {workload}") } else { String::new() };
        words.push(format!("{} {} written in each level{of}", count(*rows), noun(*rows)));
    }
    if words.is_empty() {
        words.push("no rows of its own".to_owned());
    }
    let mut out = heading(&table.name, &words, line, paint);
    if table.rows.is_empty() {
        return out;
    }
    let header = ["row".to_owned()].into_iter().chain(table.columns.iter().cloned()).collect();
    let row = |(index, values): (usize, &Vec<Shown>)| {
        [Cell::number(index as u64 + 1)].into_iter().chain(values.iter().map(cell)).collect()
    };
    let rows = table.rows.iter().enumerate().map(row).collect();
    out.push_str(&Grid { header, rows, leading: 1 }.drawn(line, 2, paint));
    out
}

fn cell(shown: &Shown) -> Cell {
    match shown {
        Shown::Value(value) => Cell::value(value),
        Shown::Captured(name) => Cell::faint(format!("captured {name}")),
    }
}

fn of_operation(operation: &OperationPreview, brief: bool, drawing: Drawing) -> String {
    let Drawing { several, line, paint } = drawing;
    let mut words = vec![match &operation.table {
        Some(table) => format!("{} {} {table}", operation.kind, preposition(operation.kind)),
        None if operation.steps.len() > 1 => format!("{} statements", operation.steps.len()),
        None => "one statement".to_owned(),
    }];
    if operation.transaction != "none" {
        words.push(format!("{} transaction", operation.transaction));
    }
    for Part { workload, share, workers } in &operation.parts {
        let of = if several { format!(" of {workload}") } else { " of the mix".to_owned() };
        words.push(match workers {
            Some(1) => format!("1 worker{of}"),
            Some(workers) => format!("{workers} workers{of}"),
            None => format!("{:.1} %{of}", 100.0 * share),
        });
    }
    if operation.parts.is_empty() {
        let loads = "loads rows before anything is measured";
        let never = "never comes: it has no share, and no mix names it";
        words.push(if operation.plain_insert { loads } else { never }.to_owned());
    }
    let mut out = heading(&operation.name, &words, line, paint);
    let several = operation.steps.len() > 1;
    for (index, step) in operation.steps.iter().enumerate() {
        let number = if several { format!("{}. ", index + 1) } else { String::new() };
        out.push_str(&statement(&step.sql, &number, line));
        remarks(step).iter().for_each(|words| {
            let indent = 2 + number.len();
            let lines = wrapped(words, line.saturating_sub(indent));
            lines.iter().for_each(|l| out.push_str(&format!("{}{}\n", " ".repeat(indent), paint.dim(l))));
        });
        if !brief && !step.parameters.is_empty() && !step.executions.is_empty() {
            out.push_str(&executions(step, operation, number.len() + 2, line, paint));
        }
    }
    out
}

fn preposition(kind: &str) -> &'static str {
    match kind {
        "insert" | "upsert" => "into",
        "delete" => "from",
        _ => "of",
    }
}

/// SQL in its own lines, those that are too long broken at spaces.
fn statement(sql: &str, number: &str, line: usize) -> String {
    let mut out = String::new();
    let indent = 2 + number.len();
    for (index, text) in sql.lines().enumerate() {
        let own = text.len() - text.trim_start().len();
        let start = if index == 0 { format!("  {number}") } else { " ".repeat(indent) };
        let most = line.saturating_sub(indent + own).max(20);
        // Spaces within a line that fits are left as they are.
        let lines = if width(text.trim_start()) <= most {
            vec![text.trim_start().to_owned()]
        } else {
            wrapped(text, most.saturating_sub(2))
        };
        for (part, words) in lines.iter().enumerate() {
            let start = if part == 0 { start.clone() } else { " ".repeat(indent + 2) };
            out.push_str(format!("{start}{}{words}", " ".repeat(own)).trim_end());
            out.push('\n');
        }
    }
    out
}

/// How often a statement comes, what it must come to, and what later ones use of it.
fn remarks(step: &StepPreview) -> Vec<String> {
    let mut words = Vec::new();
    match step.repeat {
        Some(1) => {}
        Some(times) => words.push(format!("{} times, counted by n", count(times))),
        None => words.push("as often as its template says, counted by n".to_owned()),
    }
    let noun = |rows: u64, noun: &str| format!("{} {noun}{}", count(rows), if rows == 1 { "" } else { "s" });
    words.extend(step.expect_rows.map(|rows| format!("must read {}", noun(rows, "row"))));
    words.extend(step.expect_changes.map(|rows| format!("must change {}", noun(rows, "row"))));
    if let Some(Shown::Value(value)) = &step.expect_value {
        words.push(format!("must read {}", value.as_ref()));
    }
    if !step.captures.is_empty() {
        words.push(format!("captures {}", step.captures.join(", ")));
    }
    if words.is_empty() { words } else { vec![words.join(" · ")] }
}

/// A line for each execution: which one, the row that it is about, and the values of its parameters.
fn executions(
    step: &StepPreview,
    operation: &OperationPreview,
    indent: usize,
    line: usize,
    paint: Paint,
) -> String {
    let repeated = step.repeat != Some(1);
    let about = operation.table.is_some();
    let mut header = vec!["#".to_owned()];
    header.extend(repeated.then(|| "n".to_owned()));
    header.extend(about.then(|| "row".to_owned()));
    let leading = header.len();
    header.extend(step.parameters.iter().cloned());
    let row = |execution: &Execution| {
        let mut cells = vec![Cell::number(execution.occurrence)];
        cells.extend(repeated.then(|| Cell::number(execution.n)));
        cells.extend(about.then(|| execution.row.map_or_else(|| Cell::faint("none"), Cell::number)));
        cells.extend(execution.values.iter().map(cell));
        cells
    };
    let rows = step.executions.iter().map(row).collect();
    Grid { header, rows, leading }.drawn(line, indent, paint)
}
