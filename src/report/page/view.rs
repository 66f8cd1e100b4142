//! One result as the page's tables and sentences have it.

use serde::Serialize;

use super::Shown;
use super::heat::{Heat, maps};
use crate::report::columns::{columns, operation_rows, sections};
use crate::report::notes::{Mood, notes};
use crate::report::scaling::scaling;
use crate::report::setting::{machine, setting};
use crate::report::targets::target_rows;
use crate::result::{RunResult, Status};
use crate::units::count;

/// What the template shows of a result.
#[derive(Debug, Serialize)]
pub(super) struct View {
    name: String,
    path: String,
    description: String,
    lines: Vec<String>,
    /// What has to be known before any figure.
    caution: Vec<Sentence>,
    scaling: Vec<String>,
    notes: Vec<Sentence>,
    targets: Option<Table>,
    workloads: Vec<Workload>,
    maps: Vec<Heat>,
    errors: Table,
    settings: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Sentence {
    mood: &'static str,
    label: String,
    text: String,
}

/// Numbers are to the right of their columns, the first column to the left.
#[derive(Debug, Serialize)]
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Columns of words.
    words: Vec<bool>,
    /// So many rows that they are shown only to who asks.
    long: bool,
}

/// Rows that stand among the first things that a reader sees.
const MANY_ROWS: usize = 12;

impl Table {
    fn new(header: Vec<String>, rows: Vec<Vec<String>>) -> Table {
        let is_word = |cell: &String| cell.starts_with(|c: char| c.is_alphabetic() || "✓✗?".contains(c));
        let of_words = |column: usize| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .all(|cell| is_word(cell) || cell == "–" || cell.is_empty())
        };
        Table { words: (0..header.len()).map(of_words).collect(), long: rows.len() > MANY_ROWS, header, rows }
    }
}

#[derive(Debug, Serialize)]
struct Workload {
    name: String,
    levels: Table,
    operations: Option<Table>,
}

impl View {
    pub(super) fn new(shown: &Shown<'_>) -> View {
        let result = shown.result;
        let all: Vec<Sentence> = notes(result)
            .into_iter()
            .map(|note| Sentence { mood: mood(note.mood), label: note.label, text: note.text })
            .collect();
        let (caution, notes): (Vec<Sentence>, Vec<Sentence>) =
            all.into_iter().partition(|one| one.mood == "bad");
        let mut lines = vec![result.timestamp.clone(), setting(result), machine(result)];
        if result.quick {
            lines.push("a quick look: totals were divided".to_owned());
        }
        if result.status != Status::Completed {
            lines.push("not completed".to_owned());
        }
        View {
            name: shown.name.clone(),
            path: shown.path.clone(),
            description: result.scenario.description.clone(),
            lines,
            caution,
            scaling: scaling(result),
            notes,
            targets: target_rows(result)
                .map(|(header, rows)| Table::new(header.into_iter().map(str::to_owned).collect(), rows)),
            workloads: workloads(result),
            maps: maps(result),
            errors: errors(result),
            settings: result
                .engine
                .settings
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            environment: result
                .environment
                .comparability
                .iter()
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect(),
            text: result.scenario.text.clone(),
        }
    }
}

fn mood(mood: Mood) -> &'static str {
    match mood {
        Mood::Good => "good",
        Mood::Neutral => "neutral",
        Mood::Caution => "caution",
        Mood::Bad => "bad",
    }
}

fn workloads(result: &RunResult) -> Vec<Workload> {
    let one = |section: crate::report::columns::Section<'_>| {
        let columns = columns(result, &section.levels);
        let operations = section.levels.iter().any(|level| level.operations.len() > 1);
        Workload {
            name: section.workload.to_owned(),
            levels: Table::new(
                columns.iter().map(|column| column.header.clone()).collect(),
                section
                    .levels
                    .iter()
                    .map(|level| columns.iter().map(|column| (column.cell)(level)).collect())
                    .collect(),
            ),
            operations: operations.then(|| {
                let (header, rows) = operation_rows(&section.levels);
                Table::new(header, rows)
            }),
        }
    };
    sections(result).into_iter().map(one).collect()
}

fn errors(result: &RunResult) -> Table {
    let rows = result.configurations.iter().flat_map(|level| {
        level.errors.iter().map(|error| {
            let of = [level.case_or_base(), level.workload.clone(), level.concurrency.to_string()];
            let figures =
                [error.operation.clone(), error.code.clone(), count(error.count), error.sample.clone()];
            of.into_iter().chain(figures).collect()
        })
    });
    let header = ["case", "workload", "workers", "operation", "code", "count", "the first one"];
    Table::new(header.map(str::to_owned).to_vec(), rows.collect())
}
