//! Charts as data: what the page draws, what its tables say, and where each value stands in the result.

use indexmap::IndexSet;
use serde::Serialize;

use super::Shown;
use crate::report::columns::{Section, sections};
use crate::result::{Configuration, SecondFigures, Summary, decode_histogram};
use crate::units::{latency, rate, workers};

/// Points of a time series beyond which neighbours are joined.
const MOST_SECONDS: usize = 600;
/// Levels whose distributions fit into one chart.
const MOST_DISTRIBUTIONS: usize = 8;
/// Shares of the operations that the distribution is drawn at.
const QUANTILES: [f64; 12] = [0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999, 0.99999];

/// One chart.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    pub(super) id: String,
    pub(super) title: String,
    /// What it shows, in a sentence.
    pub(super) text: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
}

#[derive(Debug, Serialize)]
pub(super) struct Axis {
    pub(super) label: &'static str,
    pub(super) kind: Kind,
    pub(super) log: bool,
}

/// How values of an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Workers,
    Rate,
    /// Milliseconds.
    Latency,
    /// 1 ÷ (1 − share): 10 is the 90th percentile.
    Percentile,
    Seconds,
}

#[derive(Debug, Serialize)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
}

#[derive(Debug, Serialize)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: Option<f64>,
    /// Ends of the interval, or of the iterations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) high: Option<f64>,
    /// JSON pointer into the result; empty where the value is computed from several.
    pub(super) pointer: String,
    /// Something that happened then: errors, a checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mark: Option<String>,
    /// As the tables write them.
    pub(super) x_text: String,
    pub(super) y_text: String,
}

impl Kind {
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Kind::Workers => workers(&[value as u32]),
            Kind::Rate => format!("{}/s", rate(value)),
            Kind::Latency => latency(value),
            Kind::Percentile => {
                let percent = (1.0 - 1.0 / value) * 100.0;
                format!("{} %", (percent * 1000.0).round() / 1000.0)
            }
            Kind::Seconds => format!("{value} s"),
        }
    }
}

impl Chart {
    fn new(id: String, title: String, text: &str, x: Axis, y: Axis) -> Chart {
        Chart { id, title, text: text.to_owned(), x, y, series: Vec::new() }
    }

    fn point(&self, x: f64, y: Option<f64>, pointer: String) -> Point {
        Point {
            x,
            y,
            low: None,
            high: None,
            pointer,
            mark: None,
            x_text: self.x.kind.text(x),
            y_text: y.map_or_else(|| "–".to_owned(), |y| self.y.kind.text(y)),
        }
    }
}

fn axis(label: &'static str, kind: Kind, log: bool) -> Axis {
    Axis { label, kind, log }
}

/// All charts of some results, workload by workload; results that share a workload share its charts.
pub(super) fn charts(shown: &[Shown<'_>]) -> Vec<(String, Vec<Chart>)> {
    let names: IndexSet<String> = shown
        .iter()
        .flat_map(|one| sections(one.result).into_iter().map(|section| section.workload.to_owned()))
        .collect();
    let of = |(index, workload): (usize, String)| {
        let parts: Vec<Part<'_>> =
            shown.iter().filter_map(|one| Part::new(one, &workload, shown.len() > 1)).collect();
        let mut charts = Vec::new();
        charts.extend(throughput(index, &parts));
        charts.extend(tail(index, &parts));
        charts.extend(distribution(index, &parts));
        charts.extend(over_time(index, &parts));
        (workload, charts)
    };
    names.into_iter().enumerate().map(of).collect()
}

/// The levels of one workload in one result.
struct Part<'a> {
    section: Section<'a>,
    all: &'a [Configuration],
    /// Of the result, where there are several.
    name: Option<String>,
}

impl<'a> Part<'a> {
    fn new(shown: &Shown<'a>, workload: &str, several: bool) -> Option<Part<'a>> {
        let section = sections(shown.result).into_iter().find(|section| section.workload == workload)?;
        let name = several.then(|| shown.name.clone());
        Some(Part { section, all: &shown.result.configurations, name })
    }

    fn pointer(&self, level: &Configuration, rest: &str) -> String {
        let index = self.all.iter().position(|other| std::ptr::eq(other, level)).unwrap_or_default();
        format!("/configurations/{index}{rest}")
    }

    /// Result and case, as far as there are others.
    fn named(&self, level: &Configuration, rest: Option<String>) -> String {
        let several = self.section.levels.iter().any(|other| !other.is_of_same_case(level));
        let case = several.then(|| level.case_or_base());
        let parts: Vec<String> = [self.name.clone(), case, rest].into_iter().flatten().collect();
        if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
    }

    /// The levels of each case, by their workers.
    fn by_case(&self) -> Vec<Vec<&'a Configuration>> {
        let mut cases: Vec<Vec<&Configuration>> = Vec::new();
        for level in &self.section.levels {
            match cases.iter_mut().find(|case| case[0].is_of_same_case(level)) {
                Some(case) => case.push(level),
                None => cases.push(vec![level]),
            }
        }
        cases
    }
}

/// A series for each case over concurrency; nothing where no case has several levels.
fn over_levels(
    mut chart: Chart,
    parts: &[Part<'_>],
    value: impl Fn(&Configuration) -> (Option<f64>, Option<Summary>, &'static str),
) -> Option<Chart> {
    for part in parts {
        for levels in part.by_case().into_iter().filter(|levels| levels.len() > 1) {
            let points = levels.iter().map(|level| {
                let (y, summary, rest) = value(level);
                let mut point = chart.point(f64::from(level.concurrency), y, part.pointer(level, rest));
                if let Some((low, high)) = summary.as_ref().and_then(Summary::interval) {
                    (point.low, point.high) = (Some(low), Some(high));
                }
                if !level.validity.valid {
                    point.mark = Some("not valid".to_owned());
                }
                point
            });
            let points = points.collect();
            chart.series.push(Series { name: part.named(levels[0], None), points });
        }
    }
    (!chart.series.is_empty()).then_some(chart)
}

fn throughput(index: usize, parts: &[Part<'_>]) -> Option<Chart> {
    let text = "Acknowledged operations per second at each number of workers. Bands are 95 % intervals over iterations.";
    let chart = Chart::new(
        format!("throughput-{index}"),
        "Throughput against concurrency".to_owned(),
        text,
        axis("workers", Kind::Workers, true),
        axis("operations per second", Kind::Rate, false),
    );
    over_levels(chart, parts, |level| match &level.statistics {
        Some(found) => {
            (Some(found.throughput.median), Some(found.throughput), "/statistics/throughput/median")
        }
        None => (Some(level.overall.throughput), None, "/overall/throughput"),
    })
}

fn tail(index: usize, parts: &[Part<'_>]) -> Option<Chart> {
    let text = "99 % of the operations took at most so long. The axis is logarithmic. Bands are 95 % intervals over iterations.";
    let chart = Chart::new(
        format!("p99-{index}"),
        "p99 against concurrency".to_owned(),
        text,
        axis("workers", Kind::Workers, true),
        axis("p99", Kind::Latency, true),
    );
    over_levels(chart, parts, |level| {
        match level.statistics.as_ref().and_then(|found| found.latency_ms.as_ref()) {
            Some(latency) => {
                (Some(latency.p99.median), Some(latency.p99), "/statistics/latencyMs/p99/median")
            }
            None => (level.overall.latency_ms.map(|latency| latency.p99), None, "/overall/latencyMs/p99"),
        }
    })
}

/// The latency at each share of the operations, of the first levels.
fn distribution(index: usize, parts: &[Part<'_>]) -> Option<Chart> {
    let text = "Latency that a share of the operations did not exceed. Both axes are logarithmic: each step to the right is a tenth of the \
                operations that are left. Bands reach from the fastest iteration to the slowest.";
    let mut chart = Chart::new(
        format!("latency-{index}"),
        "Latency distribution".to_owned(),
        text,
        axis("share of operations", Kind::Percentile, true),
        axis("latency", Kind::Latency, true),
    );
    let levels = parts.iter().flat_map(|part| part.section.levels.iter().map(move |level| (part, *level)));
    for (part, level) in levels.take(MOST_DISTRIBUTIONS) {
        let Some(histogram) = level.histogram.as_deref().and_then(decode_histogram) else { continue };
        let reached = |share: &&f64| (1.0 - **share) * histogram.len() as f64 >= 1.0 || **share == 0.0;
        let points = QUANTILES.iter().filter(reached).map(|&share| {
            let ms = histogram.value_at_quantile(share) as f64 / 1e6;
            let mut point = chart.point(1.0 / (1.0 - share), Some(ms), part.pointer(level, "/histogram"));
            (point.low, point.high) = iterations(level, share).unzip();
            point
        });
        let points = points.collect();
        chart.series.push(Series { name: part.named(level, Some(workers(&[level.concurrency]))), points });
    }
    (!chart.series.is_empty()).then_some(chart)
}

/// Least and most over the iterations, where they have this percentile.
fn iterations(level: &Configuration, share: f64) -> Option<(f64, f64)> {
    let pick = |one: &crate::result::Iteration| match (share * 1000.0).round() as u32 {
        500 => one.p50_ms,
        900 => one.p90_ms,
        950 => one.p95_ms,
        990 => one.p99_ms,
        999 => one.p999_ms,
        _ => None,
    };
    if level.iterations.len() < 2 {
        return None;
    }
    let values: Option<Vec<f64>> = level.iterations.iter().map(pick).collect();
    let values = values?;
    let least = values.iter().copied().reduce(f64::min)?;
    Some((least, values.into_iter().reduce(f64::max)?))
}

/// Operations of each second, for each level that lasted long enough.
fn over_time(index: usize, parts: &[Part<'_>]) -> Vec<Chart> {
    let levels = parts.iter().flat_map(|part| part.section.levels.iter().map(move |level| (part, *level)));
    // Iterations of a second or two show nothing but their number.
    let long = levels.filter(|(_, level)| level.time_series.len() > 2 * level.iterations.len().max(1));
    let drawn = long.enumerate().map(|(number, (part, level))| {
        let text = "Acknowledged operations of each second. Marks are seconds with errors or checkpoints; iterations follow one another.";
        let name = part.named(level, Some(workers(&[level.concurrency])));
        let mut chart = Chart::new(
            format!("time-{index}-{number}"),
            format!("Over time: {name}"),
            text,
            axis("seconds", Kind::Seconds, false),
            axis("operations per second", Kind::Rate, false),
        );
        let seconds = level.time_series.len();
        let width = seconds.div_ceil(MOST_SECONDS);
        let points = level.time_series.chunks(width).enumerate().map(|(chunk, figures)| {
            let first = chunk * width;
            let mean = figures.iter().map(|second| second.operations).sum::<u64>() as f64 / figures.len() as f64;
            let pointer = if width == 1 { part.pointer(level, &format!("/timeSeries/{first}")) } else { String::new() };
            let mut point = chart.point(first as f64, Some(mean), pointer);
            point.mark = mark(figures);
            point
        });
        let points = points.collect();
        chart.series.push(Series { name, points });
        chart
    });
    drawn.collect()
}

fn mark(figures: &[SecondFigures]) -> Option<String> {
    let errors: u64 = figures.iter().map(|second| second.errors).sum();
    let checkpoints: f64 = figures.iter().filter_map(|second| second.checkpoint_ms).sum();
    let errors = (errors > 0).then(|| format!("{errors} {}", if errors == 1 { "error" } else { "errors" }));
    let checkpoints = (checkpoints > 0.0).then(|| format!("checkpoints of {}", latency(checkpoints)));
    let parts: Vec<String> = errors.into_iter().chain(checkpoints).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
