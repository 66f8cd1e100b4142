//! The cases of an experiment as maps: tables whose cells are shaded by their figure.

use indexmap::IndexSet;
use serde::Serialize;

use super::place::{Place, p99, p99_label, throughput};
use crate::report::columns::sections;
use crate::result::{Configuration, RunResult, last_key, plain_value};
use crate::units::{latency, rate, workers};

/// Shades from the worst to the best.
const SHADES: f64 = 6.0;
/// The least ratio that all shades stand for: differences of noise are not drawn as large ones.
const LEAST_SPREAD: f64 = 1.1;

/// One map.
#[derive(Debug, Serialize)]
pub(super) struct Heat {
    pub(super) title: String,
    /// What the shades say.
    pub(super) legend: &'static str,
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
    /// 0 to 5; absent where there is no figure.
    pub(super) shade: Option<u32>,
    pub(super) pointer: String,
}

/// A figure to be mapped.
struct Metric {
    title: fn(&[&Configuration]) -> &'static str,
    legend: &'static str,
    of: fn(&Configuration) -> Option<Place>,
    text: fn(f64) -> String,
    /// Whether more is better.
    more: bool,
}

const METRICS: [Metric; 2] = [
    Metric {
        title: |_| "operations per second",
        legend: "slowest to fastest of each column",
        of: throughput,
        text: |value| format!("{}/s", rate(value)),
        more: true,
    },
    Metric {
        title: |levels| p99_label(levels.iter().copied()),
        legend: "longest to shortest of each column",
        of: p99,
        text: latency,
        more: false,
    },
];

/// Maps for each workload and number of workers: variants and all values of the matrix but the last below each other, the last one side by side.
/// Only for results whose matrix has several values.
pub(super) fn maps(result: &RunResult) -> Vec<Heat> {
    let mut maps = Vec::new();
    for section in sections(result) {
        let levels: IndexSet<u32> = section.levels.iter().map(|level| level.concurrency).collect();
        for concurrency in levels {
            let of: Vec<&Configuration> =
                section.levels.iter().copied().filter(|level| level.concurrency == concurrency).collect();
            let title = format!("{}, {}", section.workload, workers(&[concurrency]));
            maps.extend(METRICS.iter().filter_map(|metric| map(result, &title, metric, &of)));
        }
    }
    maps
}

fn map(result: &RunResult, title: &str, metric: &Metric, levels: &[&Configuration]) -> Option<Heat> {
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
    let values = |name: &String| -> Vec<f64> {
        let own = levels.iter().filter(|level| column(level) == *name);
        own.filter_map(|level| (metric.of)(level))
            .map(|place| place.value)
            .filter(|value| *value > 0.0)
            .collect()
    };
    if columns.len() < 2 || !columns.iter().any(|name| !values(name).is_empty()) {
        return None;
    }
    let scales: Vec<Option<Scale>> =
        columns.iter().map(|name| Scale::new(&values(name), metric.more)).collect();
    let cell = |row_name: &String, (place, column_name): (usize, &String)| {
        let level = levels.iter().find(|level| row(level) == *row_name && column(level) == *column_name)?;
        let index = result.configurations.iter().position(|other| std::ptr::eq(other, *level))?;
        let found = (metric.of)(level);
        let mark = if level.validity.valid { "" } else { "! " };
        Some(Cell {
            text: match &found {
                Some(found) => format!("{mark}{}", (metric.text)(found.value)),
                None if level.iterations_failed > 0 => "failed".to_owned(),
                None => "–".to_owned(),
            },
            shade: found.as_ref().and_then(|found| Some(scales[place].as_ref()?.shade(found.value))),
            pointer: format!("/configurations/{index}{}", found.map_or("", |found| found.pointer)),
        })
    };
    Some(Heat {
        title: format!("{title}: {}", (metric.title)(levels)),
        legend: metric.legend,
        rows: rows
            .iter()
            .map(|name| Row {
                name: name.clone(),
                cells: columns.iter().enumerate().map(|at| cell(name, at)).collect(),
            })
            .collect(),
        columns: columns.into_iter().collect(),
    })
}

/// From the least to the most of a column.
struct Scale {
    least: f64,
    most: f64,
    more: bool,
}

impl Scale {
    fn new(values: &[f64], more: bool) -> Option<Scale> {
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Scale { least, most, more })
    }

    fn shade(&self, value: f64) -> u32 {
        let spread = (self.most / self.least).max(LEAST_SPREAD).ln();
        // What is best has the strongest shade, whichever end that is.
        let behind = if self.more { self.most / value } else { value / self.least };
        let place = 1.0 - behind.ln() / spread;
        (place * SHADES).clamp(0.0, SHADES - 1.0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_run_from_the_worst_of_a_column_to_its_best() {
        let rates = Scale::new(&[100.0, 400.0, 1_600.0], true).unwrap();
        assert_eq!([100.0, 400.0, 1_600.0].map(|value| rates.shade(value)), [0, 3, 5]);
        let times = Scale::new(&[1.0, 16.0], false).unwrap();
        assert_eq!([1.0, 16.0].map(|value| times.shade(value)), [5, 0]);
    }

    #[test]
    fn differences_of_a_hundredth_are_not_drawn_as_large_ones() {
        let scale = Scale::new(&[100.0, 101.0], true).unwrap();
        assert_eq!([100.0, 101.0].map(|value| scale.shade(value)), [5, 5]);
    }
}
