//! Holds what a page shows against the results it was made from. What is expected is worked out here from the results alone.

use indexmap::IndexMap;
use runner::result::{Configuration, RunResult, Summary, decode_histogram};
use runner::units::workers;
use serde::Deserialize;
use serde_json::Value;

use super::pictures::{Bars, Forest, Map, wrong_bars, wrong_map};

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
    title: String,
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

/// Words of a name in one order: those that all series share may stand in the title instead.
fn words(name: &str) -> String {
    let mut words: Vec<&str> = name.split(", ").filter(|word| !["", "all", "base"].contains(word)).collect();
    words.sort_unstable();
    words.join(", ")
}

/// Distributions of one workload may stand in several charts.
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
            let name = match chart.title.split_once(": ") {
                Some((_, shared)) => words(&format!("{shared}, {}", one.name)),
                None => words(&one.name),
            };
            let twin = of.insert(name, points.collect());
            assert!(twin.is_none(), "two series {} of {}", one.name, chart.id);
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
            all.entry(id).or_default().entry(words(&series)).or_default().extend(point);
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
    // Where there is a band, only those within it that it has.
    let mut shares = vec![0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999];
    if level.iterations.len() > 1 {
        shares.retain(|share| ![0.75, 0.98, 0.995].contains(share));
    }
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
