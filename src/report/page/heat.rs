//! The cases of an experiment as a map: a table whose cells are shaded by their figure.

use indexmap::IndexSet;
use serde::Serialize;

use crate::report::columns::{sections, throughput};
use crate::result::{Configuration, RunResult, last_key, plain_value};
use crate::units::{rate, workers};

/// Shades from the least to the most.
const SHADES: f64 = 6.0;

/// One map.
#[derive(Debug, Serialize)]
pub(super) struct Heat {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) cells: Vec<Option<Cell>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Cell {
    pub(super) text: String,
    /// 0 to 5.
    pub(super) shade: u32,
    pub(super) pointer: String,
}

/// A map for each workload and number of workers: variants and all values of the matrix but the last below each other, the last one side by side.
/// Only for results of several cases.
pub(super) fn maps(result: &RunResult) -> Vec<Heat> {
    if !result.has_several_cases() {
        return Vec::new();
    }
    let mut maps = Vec::new();
    for section in sections(result) {
        let levels: IndexSet<u32> = section.levels.iter().map(|level| level.concurrency).collect();
        for concurrency in levels {
            let of: Vec<&Configuration> =
                section.levels.iter().copied().filter(|level| level.concurrency == concurrency).collect();
            maps.extend(map(result, section.workload, concurrency, &of));
        }
    }
    maps
}

fn map(result: &RunResult, workload: &str, concurrency: u32, levels: &[&Configuration]) -> Option<Heat> {
    let key = levels.iter().find_map(|level| level.parameters.keys().last())?.clone();
    let column = |level: &Configuration| {
        level
            .parameters
            .get(&key)
            .map_or_else(|| "–".to_owned(), |v| format!("{} {}", last_key(&key), plain_value(v)))
    };
    let row = |level: &Configuration| {
        let others = level.parameters.iter().filter(|(name, _)| **name != key);
        let values = others.map(|(name, value)| format!("{} {}", last_key(name), plain_value(value)));
        std::iter::once(level.variant.clone()).chain(values).collect::<Vec<_>>().join(", ")
    };
    let columns: IndexSet<String> = levels.iter().map(|level| column(level)).collect();
    let rows: IndexSet<String> = levels.iter().map(|level| row(level)).collect();
    let all: Vec<f64> =
        levels.iter().filter_map(|level| throughput(level)).filter(|value| *value > 0.0).collect();
    let least = all.iter().copied().reduce(f64::min)?;
    let most = all.iter().copied().reduce(f64::max)?;
    let shade = |value: f64| {
        let place = if most > least { (value / least).ln() / (most / least).ln() } else { 1.0 };
        (place * SHADES).clamp(0.0, SHADES - 1.0) as u32
    };
    let cell = |row_name: &String, column_name: &String| {
        let level = levels.iter().find(|level| row(level) == *row_name && column(level) == *column_name)?;
        let value = throughput(level)?;
        let index = result.configurations.iter().position(|other| std::ptr::eq(other, *level))?;
        Some(Cell {
            text: format!("{}/s", rate(value)),
            shade: if value > 0.0 { shade(value) } else { 0 },
            pointer: format!("/configurations/{index}"),
        })
    };
    Some(Heat {
        title: format!("{workload}, {}: operations per second", workers(&[concurrency])),
        rows: rows
            .iter()
            .map(|name| Row {
                name: name.clone(),
                cells: columns.iter().map(|column_name| cell(name, column_name)).collect(),
            })
            .collect(),
        columns: columns.into_iter().collect(),
    })
}
