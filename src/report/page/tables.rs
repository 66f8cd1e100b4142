//! The page's tables: cells with the place of their value in the result.

use serde::Serialize;

use crate::report::columns::{Column, Section, by_operation, columns, operation_rows, percent, sections};
use crate::report::targets::target_rows;
use crate::result::{Configuration, RunResult};
use crate::units::count;

/// Numbers are to the right of their columns, the first column to the left.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    header: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// Columns of words.
    words: Vec<bool>,
    /// So many rows that they are shown only to who asks.
    long: bool,
    /// What is left out, and where it is; empty where that is nothing.
    left: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Cell {
    text: String,
    /// JSON pointer to what it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
}

/// Rows that stand among the first things that a reader sees.
const MANY_ROWS: usize = 12;

impl Table {
    fn new(header: Vec<String>, rows: Vec<Vec<Cell>>) -> Table {
        let is_word = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || "✓✗?".contains(c));
        let of_words = |column: usize| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .all(|cell| is_word(&cell.text) || cell.text == "–" || cell.text.is_empty())
        };
        let words = (0..header.len()).map(of_words).collect();
        Table { words, long: rows.len() > MANY_ROWS, left: String::new(), header, rows }
    }

    /// With its first rows alone.
    fn first(mut self, most: usize) -> Table {
        if self.rows.len() > most {
            self.left = format!(
                "These are the first {} of {} rows; the result (JSON) has all.",
                count(most as u64),
                count(self.rows.len() as u64)
            );
            self.rows.truncate(most);
        }
        self
    }

    fn of_levels(mut self, shown: usize, all: usize) -> Table {
        if shown < all {
            self.left = format!(
                "These are the first {} of {} levels; the result (JSON) and its CSV (`runner report --format csv`) have all.",
                count(shown as u64),
                count(all as u64)
            );
        }
        self
    }
}

/// Makes the tables of one result.
pub(super) struct Tables<'a> {
    result: &'a RunResult,
    /// As it is stored: a pointer into nothing is not shown.
    document: serde_json::Value,
    /// Rows that a table may have.
    most: usize,
}

impl<'a> Tables<'a> {
    pub(super) fn new(result: &'a RunResult, most: usize) -> Tables<'a> {
        Tables { result, document: serde_json::to_value(result).unwrap_or_default(), most }
    }

    pub(super) fn sections(&self) -> Vec<Section<'a>> {
        sections(self.result)
    }

    fn cell(&self, text: String, at: Option<String>) -> Cell {
        Cell { text, at: at.filter(|pointer| self.document.pointer(pointer).is_some()) }
    }

    /// Of the whole row, beside its first cell.
    fn row(&self, texts: Vec<String>, pointer: String) -> Vec<Cell> {
        let mut pointer = Some(pointer);
        texts.into_iter().map(|text| self.cell(text, pointer.take())).collect()
    }

    fn place(&self, level: &Configuration) -> String {
        let index = self.result.configurations.iter().position(|other| std::ptr::eq(other, level));
        format!("/configurations/{}", index.unwrap_or_default())
    }

    pub(super) fn levels(&self, section: &Section<'_>) -> Table {
        let columns = columns(self.result, &section.levels);
        let row = |level: &&Configuration| {
            let place = self.place(level);
            let cell = |column: &Column| {
                self.cell((column.cell)(level), column.place.map(|rest| format!("{place}{rest}")))
            };
            columns.iter().map(cell).collect()
        };
        let rows: Vec<Vec<Cell>> = section.levels.iter().take(self.most).map(row).collect();
        let shown = rows.len();
        let header = columns.iter().map(|column| column.header.clone()).collect();
        Table::new(header, rows).of_levels(shown, section.levels.len())
    }

    /// Where a level has more than one.
    pub(super) fn operations(&self, section: &Section<'_>) -> Option<Table> {
        let each = section.levels.iter().map(|level| level.operations.len()).max().unwrap_or(0);
        if each <= 1 {
            return None;
        }
        // All operations of fewer levels, rather than fewer operations of all.
        let shown = (self.most / each).clamp(1, section.levels.len());
        let levels = &section.levels[..shown];
        let (header, rows) = operation_rows(levels);
        let places = by_operation(levels).into_iter().map(|(name, level, _)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            format!("{}/operations/{name}", self.place(level))
        });
        let rows = rows.into_iter().zip(places).map(|(row, place)| self.row(row, place)).collect();
        Some(Table::new(header, rows).of_levels(shown, section.levels.len()))
    }

    pub(super) fn targets(&self) -> Option<Table> {
        let (header, rows) = target_rows(self.result)?;
        let of_levels = self.result.configurations.iter().flat_map(|level| {
            (0..level.targets.len()).map(move |number| format!("{}/targets/{number}", self.place(level)))
        });
        let others = (0..self.result.targets.len()).map(|number| format!("/targets/{number}"));
        let rows =
            rows.into_iter().zip(of_levels.chain(others)).map(|(row, place)| self.row(row, place)).collect();
        Some(Table::new(header.into_iter().map(str::to_owned).collect(), rows).first(self.most))
    }

    pub(super) fn errors(&self) -> Table {
        let rows = self.result.configurations.iter().flat_map(|level| {
            level.errors.iter().enumerate().map(move |(number, error)| {
                let share = error.count as f64 / level.attempted.max(1) as f64;
                let texts = vec![
                    error.code.clone(),
                    error.operation.clone(),
                    level.case_or_base(),
                    level.workload.clone(),
                    level.concurrency.to_string(),
                    count(error.count),
                    percent(share),
                    error.sample.clone(),
                ];
                self.row(texts, format!("{}/errors/{number}", self.place(level)))
            })
        });
        let header =
            ["code", "operation", "case", "workload", "workers", "count", "of all attempts", "the first one"];
        Table::new(header.map(str::to_owned).to_vec(), rows.collect()).first(self.most)
    }
}
