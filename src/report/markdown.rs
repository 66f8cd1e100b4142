//! A result as Markdown, for documents and pull requests.

use super::columns::{Section, TOGETHER, are_repeated, columns, is_mix_of_writes, operation_rows, sections};
use super::conclusion::conclusion;
use super::notes::{Mood, capital, notes};
use super::setting::{acknowledged, machine, setting};
use super::targets::target_rows;
use crate::result::{Configuration, LatencyMs, OperationFigures, RunResult};
use crate::units::{count, duration, latency_or_dash, rate};

/// A heading, what the result comes to, the levels, the tables of each level, and what has to be said about them. Ends with a line feed.
pub fn markdown(result: &RunResult) -> String {
    let mut out = format!("# {}\n\n", escaped(&result.configuration_id));
    if !result.scenario.description.is_empty() {
        out.push_str(&format!("{}\n\n", escaped(&result.scenario.description)));
    }
    for sentence in conclusion(result) {
        out.push_str(&format!("**{}**\n\n", escaped(&sentence)));
    }
    let lines =
        [Some(result.timestamp.clone()), Some(setting(result)), acknowledged(result), Some(machine(result))];
    for line in lines.into_iter().flatten() {
        out.push_str(&format!("- {}\n", escaped(&line)));
    }
    let repeated = result.configurations.iter().any(|level| level.statistics.is_some());
    let plain = result.configurations.iter().all(|level| level.unknown == 0);
    if is_mix_of_writes(result) && !repeated && plain {
        out.push_str(&tables(result));
    } else {
        sections(result).iter().for_each(|section| out.push_str(&workload(result, section)));
    }
    if let Some((header, targets)) = target_rows(result) {
        let targets = targets.into_iter().map(|row| row.iter().map(|cell| escaped(cell)).collect());
        out.push_str(&format!("\n## Targets\n\n{}", rows(&header, targets)));
    }
    out.push_str("\n## Notes\n\n");
    for note in notes(result) {
        let mark = if note.mood == Mood::Bad { " (the figures should not be used)" } else { "" };
        out.push_str(&format!("- **{}**{mark}: {}\n", escaped(&note.label), escaped(&note.text)));
    }
    out
}

/// The levels of a workload, and each of its operations at each level.
fn workload(result: &RunResult, section: &Section<'_>) -> String {
    let columns = columns(result, &section.levels);
    let header: Vec<String> = columns.iter().map(|column| escaped(&column.header)).collect();
    let cells =
        |level: &&Configuration| columns.iter().map(|column| escaped(&(column.cell)(level))).collect();
    let levels = section.levels.iter().map(cells);
    let mut out = format!("\n## {}\n\n{}", escaped(section.workload), rows(&header, levels));
    if are_repeated(section.levels.iter().copied()) {
        out.push_str(&format!("\n{}.\n", capital(TOGETHER)));
    }
    if section.levels.iter().any(|level| level.operations.len() > 1) {
        let (header, operations) = operation_rows(&section.levels);
        let operations = operations.into_iter().map(|row| row.iter().map(|cell| escaped(cell)).collect());
        out.push_str(&format!("\n### Operations of {}\n\n", escaped(section.workload)));
        out.push_str(&rows(&header, operations));
    }
    out
}

/// A mix of writes: the levels, and each table at each level.
fn tables(result: &RunResult) -> String {
    let mut out = String::new();
    let header =
        ["workers", "written", "errors", "writes/s", "avg", "p50", "p95", "p99", "max", "duration", "valid"];
    let levels = result.configurations.iter().map(|level| {
        let mut cells = vec![level.concurrency.to_string()];
        cells.extend(figures(&level.overall));
        cells.push(duration(level.duration_ms));
        cells.push(if level.validity.valid { "yes" } else { "**no**" }.to_owned());
        cells
    });
    out.push_str("\n## Levels\n\n");
    out.push_str(&rows(&header, levels));
    if are_repeated(&result.configurations) {
        out.push_str(&format!("\n{}.\n", capital(TOGETHER)));
    }
    if result.configurations.iter().any(|level| level.operations.len() > 1) {
        let header = ["workers", "table", "written", "errors", "writes/s", "avg", "p50", "p95", "p99", "max"];
        let operations = result.configurations.iter().flat_map(|level| {
            level.operations.iter().map(|(name, operation)| {
                let mut cells = vec![level.concurrency.to_string(), escaped(name)];
                cells.extend(figures(operation));
                cells
            })
        });
        out.push_str("\n## Tables\n\n");
        out.push_str(&rows(&header, operations));
    }
    out
}

fn figures(figures: &OperationFigures) -> Vec<String> {
    let time = |pick: fn(&LatencyMs) -> f64| latency_or_dash(figures.latency_ms.as_ref().map(pick));
    vec![
        count(figures.count),
        count(figures.errors),
        rate(figures.throughput),
        time(|l| l.avg),
        time(|l| l.p50),
        time(|l| l.p95),
        time(|l| l.p99),
        time(|l| l.max),
    ]
}

pub(super) fn rows(header: &[impl AsRef<str>], rows: impl Iterator<Item = Vec<String>>) -> String {
    let names: Vec<&str> = header.iter().map(AsRef::as_ref).collect();
    let mut out = format!("| {} |\n|{}\n", names.join(" | "), " ---: |".repeat(names.len()));
    rows.for_each(|row| out.push_str(&format!("| {} |\n", row.join(" | "))));
    out
}

/// Text of a user or of a database must not become markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '*' | '<' | '[' | ']' | '\\' | '#' => {
                out.push('\\');
                out.push(character);
            }
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::testing::*;

    #[test]
    fn every_row_has_as_many_cells_as_its_header() {
        let drawn = markdown(&finished());
        for part in drawn.split("\n\n").filter(|part| part.starts_with('|')) {
            let cells: Vec<usize> = part.lines().map(|line| line.matches('|').count()).collect();
            assert!(cells.windows(2).all(|pair| pair[0] == pair[1]), "{part}");
        }
        assert!(drawn.contains("| 1 | 2 | 0 | 500 | 2.00 ms |"), "{drawn}");
        assert!(drawn.contains("| 2 | posts | 1 | 0 |"));
    }

    #[test]
    fn what_a_result_comes_to_stands_before_its_figures() {
        let drawn = markdown(&finished());
        let told =
            "**The peak is 500 writes/s with 1 worker, on average 2.00 ms; more workers bring nothing.**";
        assert!(drawn.find(told).expect("it is told") < drawn.find("| workers |").unwrap(), "{drawn}");
    }

    #[test]
    fn markup_in_a_text_is_escaped() {
        assert_eq!(escaped("a|b\n*c*"), "a\\|b \\*c\\*");
    }
}
