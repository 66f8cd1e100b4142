//! Holds what a page shows against the results it was made from. What is expected is worked out here from the results alone.

use indexmap::IndexMap;
use runner::compare::Comparison;
use runner::result::{Configuration, RunResult, Summary, decode_histogram};
use runner::units::{latency, rate, workers};
use serde::Deserialize;
use serde_json::Value;

/// What `seen.js` found.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) charts: Vec<Chart>,
    pub(crate) bars: Vec<Bars>,
    pub(crate) maps: Vec<Map>,
    pub(crate) forests: Vec<Forest>,
    /// JSON pointers of all cells.
    pub(crate) places: Vec<String>,
    /// Of the whole page, CSS pixels.
    pub(crate) width: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chart {
    pub(crate) id: String,
    #[serde(default)]
    x: Vec<f64>,
    #[serde(default)]
    pub(crate) series: Vec<Series>,
    /// Pixels of the first series.
    painted: u64,
    /// Of the table of values.
    #[serde(default)]
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    name: String,
    y: Vec<Option<f64>>,
    /// Upper, then lower.
    ends: Option<Vec<Vec<Option<f64>>>>,
}

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
    /// Text at the right end of the axis: `+25 %`.
    end: String,
    rows: Vec<ForestRow>,
}

#[derive(Debug, Deserialize)]
struct ForestRow {
    texts: Vec<String>,
    dot: Option<Extent>,
    interval: Option<Extent>,
}

/// A result with the document it was read from.
pub(crate) struct Shown {
    pub(crate) result: RunResult,
    pub(crate) document: Value,
}

/// x, y, and both ends where there are any.
type Point = (f64, f64, Option<(f64, f64)>);
/// Of each chart, each series by its name.
type Expected = IndexMap<String, IndexMap<String, Vec<Point>>>;

/// Everything that a page of one result shows otherwise than the result has it.
pub(crate) fn disagreements(seen: &Seen, shown: &Shown) -> Vec<String> {
    let mut wrong = Vec::new();
    let expected = expected(&shown.result);
    let ids = |found: Vec<&String>| found.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let drawn: IndexMap<String, IndexMap<String, Vec<Point>>> = merged(&seen.charts);
    if !drawn.keys().all(|id| expected.contains_key(id)) || drawn.len() != expected.len() {
        wrong.push(format!(
            "charts {} instead of {}",
            ids(drawn.keys().collect()),
            ids(expected.keys().collect())
        ));
    }
    for (id, series) in &expected {
        let found = drawn.get(id);
        for (name, points) in series {
            let found = found.and_then(|found| found.get(name));
            if found != Some(points) {
                wrong.push(format!("{id}, {name}: {found:?} instead of {points:?}"));
            }
        }
        if found.is_some_and(|found| found.len() != series.len()) {
            wrong.push(format!("{id} has other series"));
        }
    }
    for chart in &seen.charts {
        wrong.extend((chart.painted < 20).then(|| format!("{}: nothing is drawn", chart.id)));
        wrong.extend(untraced(chart, &shown.document));
    }
    wrong.extend(seen.bars.iter().flat_map(|bars| wrong_bars(bars, &shown.document)));
    wrong.extend(seen.maps.iter().flat_map(|map| wrong_map(map, &shown.document)));
    let nowhere = seen.places.iter().filter(|place| shown.document.pointer(place).is_none());
    wrong.extend(nowhere.map(|place| format!("{place} is not in the result")));
    wrong
}

/// Distributions of one workload may stand in several charts; their series have names of their own.
fn merged(charts: &[Chart]) -> Expected {
    let mut all = Expected::new();
    for chart in charts {
        let id = match chart.id.strip_prefix("latency-") {
            Some(rest) => format!("latency-{}", rest.split('-').next().unwrap_or_default()),
            None => chart.id.clone(),
        };
        let of = all.entry(id).or_default();
        for one in &chart.series {
            let ends = |place: usize| {
                let ends = one.ends.as_ref()?;
                Some((ends[1][place]?, ends[0][place]?))
            };
            let points = chart.x.iter().zip(&one.y).enumerate();
            let points = points.filter_map(|(place, (x, y))| Some((*x, (*y)?, ends(place))));
            of.insert(one.name.clone(), points.collect());
        }
    }
    all
}

fn expected(result: &RunResult) -> Expected {
    let mut all = Expected::new();
    let mut workloads: Vec<&str> =
        result.configurations.iter().map(|level| level.workload.as_str()).collect();
    workloads.dedup();
    for (index, workload) in workloads.into_iter().enumerate() {
        let levels: Vec<&Configuration> =
            result.configurations.iter().filter(|level| level.workload == workload).collect();
        let several = levels.iter().any(|level| !level.is_of_same_case(levels[0]));
        let name = |level: &Configuration, rest: Option<String>| {
            let parts: Vec<String> = several.then(|| level.case_or_base()).into_iter().chain(rest).collect();
            if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
        };
        let mut put = |id: String, series: String, point: Option<Point>| {
            all.entry(id).or_default().entry(series).or_default().extend(point);
        };
        let mut times = 0;
        for level in &levels {
            let x = f64::from(level.concurrency);
            if levels.iter().filter(|other| other.is_of_same_case(level)).count() > 1 {
                put(format!("throughput-{index}"), name(level, None), Some(throughput(level, x)));
                put(format!("p99-{index}"), name(level, None), p99(level, x));
                let codes = levels
                    .iter()
                    .filter(|other| other.is_of_same_case(level))
                    .flat_map(|other| &other.errors);
                for code in codes.map(|error| &error.code).collect::<indexmap::IndexSet<_>>() {
                    let count: u64 = level
                        .errors
                        .iter()
                        .filter(|error| error.code == *code)
                        .map(|error| error.count)
                        .sum();
                    put(
                        format!("errors-{index}"),
                        name(level, Some(code.clone())),
                        Some((x, count as f64, None)),
                    );
                }
            }
            let full = name(level, Some(workers(&[level.concurrency])));
            for point in distribution(level) {
                put(format!("latency-{index}"), full.clone(), Some(point));
            }
            if level.time_series.len() > 2 * level.iterations.len().max(1) {
                for (second, figures) in level.time_series.iter().enumerate() {
                    let x = second as f64;
                    put(
                        format!("time-{index}-{times}"),
                        full.clone(),
                        Some((x, figures.operations as f64, None)),
                    );
                    put(
                        format!("p99-time-{index}-{times}"),
                        full.clone(),
                        figures.p99.map(|p99| (x, p99, None)),
                    );
                }
                times += 1;
            }
        }
    }
    all
}

fn over(summary: &Summary, x: f64) -> Point {
    (x, summary.median, summary.low.zip(summary.high))
}

fn throughput(level: &Configuration, x: f64) -> Point {
    match &level.statistics {
        Some(found) => over(&found.throughput, x),
        None => (x, level.overall.throughput, None),
    }
}

fn p99(level: &Configuration, x: f64) -> Option<Point> {
    match level.statistics.as_ref().and_then(|found| found.latency_ms.as_ref()) {
        Some(found) => Some(over(&found.p99, x)),
        None => Some((x, level.overall.latency_ms?.p99, None)),
    }
}

/// At the shares that the page draws, as far as there are operations beyond them.
fn distribution(level: &Configuration) -> Vec<Point> {
    let Some(histogram) = level.histogram.as_deref().and_then(decode_histogram) else { return Vec::new() };
    let shares = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999];
    let reached =
        shares.into_iter().filter(|share| *share == 0.0 || (1.0 - share) * histogram.len() as f64 >= 1.0);
    let points = reached.map(|share| {
        let ends = |of: fn(&runner::result::Iteration) -> Option<f64>| {
            let values: Option<Vec<f64>> = level.iterations.iter().map(of).collect();
            let values = values.filter(|values| values.len() > 1)?;
            Some((
                values.iter().copied().fold(f64::MAX, f64::min),
                values.iter().copied().fold(0.0, f64::max),
            ))
        };
        let ends = match share {
            0.5 => ends(|one| one.p50_ms),
            0.9 => ends(|one| one.p90_ms),
            0.95 => ends(|one| one.p95_ms),
            0.99 => ends(|one| one.p99_ms),
            0.999 => ends(|one| one.p999_ms),
            _ => None,
        };
        (1.0 / (1.0 - share), histogram.value_at_quantile(share) as f64 / 1e6, ends)
    });
    points.collect()
}

/// Rows of the table of values whose pointer leads to another value than the one that is drawn.
fn untraced(chart: &Chart, document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut rows = chart.rows.iter();
    for series in &chart.series {
        let mut own = rows.by_ref().take(chart.rows.iter().filter(|row| row[0] == series.name).count());
        for y in series.y.iter().flatten() {
            let Some(row) = own.by_ref().find(|row| row[2] != "–") else {
                wrong.push(format!("{}: fewer rows than points", chart.id));
                break;
            };
            let found = document.pointer(&row[4]);
            let same = match found {
                Some(Value::Number(number)) => number.as_f64() == Some(*y),
                // Read from a histogram, or summed over a list.
                Some(Value::String(_)) => chart.id.starts_with("latency-"),
                Some(Value::Array(_)) => chart.id.starts_with("errors-"),
                _ => false,
            };
            wrong.extend(
                (!same).then(|| format!("{}: {row:?} leads to {found:?}, and {y} is drawn", chart.id)),
            );
        }
        own.for_each(drop);
    }
    wrong
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

fn wrong_bars(bars: &Bars, document: &Value) -> Vec<String> {
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

fn wrong_map(map: &Map, document: &Value) -> Vec<String> {
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
pub(crate) fn wrong_forests(seen: &Seen, comparison: &Comparison) -> Vec<String> {
    let mut wrong = Vec::new();
    for (forest, scenario) in seen.forests.iter().zip(&comparison.scenarios) {
        let metrics: Vec<_> = scenario.cases.iter().flat_map(|case| &case.metrics).collect();
        let percent: f64 = forest.end.trim_matches(['+', '%', ' ']).parse().unwrap_or(f64::NAN);
        let end = 1.0 + percent / 100.0;
        let at = |ratio: f64| (0.5 * (1.0 + ratio.ln() / f64::ln(end))).clamp(0.0, 1.0);
        if forest.rows.len() != metrics.len() || forest.title != scenario.configuration_id {
            wrong.push(format!("{} rows instead of {}", forest.rows.len(), metrics.len()));
        }
        for (row, metric) in forest.rows.iter().zip(metrics) {
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
            let said = row.texts[1] == metric.metric && row.texts[5] == metric.verdict.as_str();
            if !(dot && interval && said) {
                wrong.push(format!("{row:?} instead of {metric:?}"));
            }
        }
    }
    wrong.extend(
        (seen.forests.len() != comparison.scenarios.len()).then(|| "scenarios are missing".to_owned()),
    );
    wrong
}
