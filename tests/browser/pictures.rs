//! Holds pictures made of elements against their figures: bars by their width, maps by their colours, comparisons by the places of their marks.

use runner::compare::Comparison;
use runner::units::{latency, rate};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(crate) struct Bars {
    title: String,
    pub(crate) rows: Vec<BarRow>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BarRow {
    name: String,
    figures: [BarFigure; 2],
}

#[derive(Debug, Deserialize)]
struct BarFigure {
    text: String,
    at: Option<String>,
    bar: Option<Extent>,
    interval: Option<Extent>,
}

/// Shares of the width of what it stands in.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Extent {
    left: f64,
    width: f64,
    middle: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Map {
    title: String,
    rows: Vec<Vec<MapCell>>,
}

#[derive(Debug, Deserialize)]
struct MapCell {
    text: String,
    at: Option<String>,
    shade: Option<u32>,
    colour: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Forest {
    title: String,
    /// Text at the right end of the axis: `+25 %`, or `× 4`.
    end: String,
    rows: Vec<ForestRow>,
}

#[derive(Debug, Deserialize)]
struct ForestRow {
    texts: Vec<String>,
    dot: Option<Extent>,
    interval: Option<Extent>,
}

/// A figure with both ends of its interval, where its pointer leads to a median.
fn figure(document: &Value, pointer: &str) -> Option<(f64, Option<(f64, f64)>)> {
    let value = document.pointer(pointer)?.as_f64()?;
    let summary = pointer.strip_suffix("/median").and_then(|summary| document.pointer(summary));
    let end = |name: &str| summary.and_then(|summary| summary.get(name)).and_then(Value::as_f64);
    Some((value, end("low").zip(end("high"))))
}

/// A pixel of the narrowest bar.
const CLOSE: f64 = 0.01;

/// Bars and intervals of another length than the figures that their pointers lead to.
pub(crate) fn wrong_bars(bars: &Bars, document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (column, text) in [(0, (|value| format!("{}/s", rate(value))) as fn(f64) -> String), (1, latency)] {
        let of = |row: &BarRow| figure(document, row.figures[column].at.as_deref()?);
        let tops = bars
            .rows
            .iter()
            .filter_map(of)
            .map(|(value, ends)| ends.map_or(value, |(_, high)| high.max(value)));
        let most = tops.fold(0.0, f64::max);
        for row in &bars.rows {
            let seen = &row.figures[column];
            let Some((value, ends)) = of(row) else {
                wrong.extend(
                    (seen.text != "–").then(|| format!("{}, {}: {}", bars.title, row.name, seen.text)),
                );
                continue;
            };
            let long = seen
                .bar
                .is_some_and(|bar| bar.left.abs() < CLOSE && (bar.width - value / most).abs() < CLOSE);
            let reach = match (ends, seen.interval) {
                (None, None) => true,
                (Some((low, high)), Some(seen)) => {
                    (seen.left - low / most).abs() < CLOSE
                        && (seen.left + seen.width - high / most).abs() < CLOSE
                }
                _ => false,
            };
            if !long || !reach || seen.text != text(value) {
                wrong.push(format!(
                    "{}, {}: {seen:?} instead of {value} of {most}, {ends:?}",
                    bars.title, row.name
                ));
            }
        }
    }
    wrong
}

/// Cells with other figures than their pointers lead to, and shades against their order.
pub(crate) fn wrong_map(map: &Map, document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let rates = map.title.ends_with("operations per second");
    for column in 0..map.rows[0].len() {
        let cells: Vec<(&MapCell, f64)> = map
            .rows
            .iter()
            .filter_map(|row| {
                let cell = &row[column];
                Some((cell, figure(document, cell.at.as_deref()?)?.0))
            })
            .collect();
        for (cell, value) in &cells {
            let text = if rates { format!("{}/s", rate(*value)) } else { latency(*value) };
            if cell.text.trim_start_matches("! ") != text {
                wrong.push(format!("{}: {} instead of {text}", map.title, cell.text));
            }
            // Better figures are never lighter, and shades are told apart by the browser's colours.
            for (other, than) in &cells {
                let better = if rates { value > than } else { value < than };
                if better && cell.shade < other.shade
                    || (cell.shade == other.shade) != (cell.colour == other.colour)
                {
                    wrong.push(format!("{}: {} is shaded against {}", map.title, cell.text, other.text));
                }
            }
        }
        let darkest = cells.iter().any(|(cell, _)| cell.shade == Some(5));
        wrong.extend((!darkest).then(|| format!("{}: no best cell in column {column}", map.title)));
    }
    wrong
}

/// Everything that the picture of a comparison shows otherwise than the comparison has it.
pub(crate) fn wrong_forests(forests: &[Forest], comparison: &Comparison) -> Vec<String> {
    let mut wrong = Vec::new();
    for (forest, scenario) in forests.iter().zip(&comparison.scenarios) {
        let metrics: Vec<_> = scenario.cases.iter().flat_map(|case| &case.metrics).collect();
        let figure = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let end = match forest.end.strip_prefix("× ") {
            Some(times) => figure(times),
            None => 1.0 + figure(forest.end.trim_matches(['+', '%', ' '])) / 100.0,
        };
        let at = |ratio: f64| (0.5 * (1.0 + ratio.ln() / f64::ln(end))).clamp(0.0, 1.0);
        let whole = metrics.iter().filter(|metric| metric.operation.is_none()).count();
        let told = |row: &&ForestRow| !row.texts[1].contains('/');
        if forest.rows.iter().filter(told).count() != whole
            || !forest.title.contains(&scenario.configuration_id)
        {
            wrong.push(format!("{}: {} rows, {whole} metrics", forest.title, forest.rows.len()));
        }
        // Of single operations only some are drawn, in their order.
        let mut metrics = metrics.into_iter();
        for row in &forest.rows {
            let Some(metric) = metrics.find(|metric| metric.name() == row.texts[1]) else {
                wrong.push(format!("{row:?} is of no metric"));
                break;
            };
            let dot = match (row.dot, metric.ratio) {
                (None, None) => true,
                (Some(dot), Some(ratio)) => (dot.middle - at(ratio)).abs() < CLOSE,
                _ => false,
            };
            let interval = match (row.interval, metric.low.zip(metric.high)) {
                (None, None) => true,
                (Some(seen), Some((low, high))) => {
                    (seen.left - at(low)).abs() < CLOSE && (seen.left + seen.width - at(high)).abs() < CLOSE
                }
                _ => false,
            };
            let said = row.texts[5] == metric.verdict.as_str();
            if !(dot && interval && said) {
                wrong.push(format!("{row:?} instead of {metric:?}"));
            }
        }
    }
    wrong.extend((forests.len() != comparison.scenarios.len()).then(|| "scenarios are missing".to_owned()));
    wrong
}
