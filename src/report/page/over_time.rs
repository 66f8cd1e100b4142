//! Levels second by second: throughput and p99, with errors, checkpoints and the borders of iterations marked.

use super::Room;
use super::chart::{Chart, Flag, Head, Kind, axis};
use super::charts::Part;
use crate::result::{Configuration, SecondFigures};
use crate::units::{count, latency, workers};

/// Points of one series: beyond them, neighbours are joined. A screen shows no more.
const MOST_SECONDS: usize = 600;
/// Seconds of an iteration below which it shows nothing but its number.
const FEW_SECONDS: usize = 2;

/// Throughput and p99 of each second, for each level that lasted long enough. `workloads` share the page.
pub(super) fn over_time(index: usize, parts: &[Part<'_>], workloads: usize, room: Room) -> Vec<Chart> {
    let levels: Vec<(&Part<'_>, &Configuration)> = parts
        .iter()
        .flat_map(|part| part.section.levels.iter().map(move |level| (part, *level)))
        .filter(|(_, level)| level.time_series.len() > FEW_SECONDS * level.iterations.len().max(1))
        .collect();
    let all = levels.len();
    let shown = all.min(room.charts);
    let most = (room.points / (2 * shown.max(1) * workloads.max(1))).clamp(30, MOST_SECONDS);
    let left =
        if shown < all { format!(" These are the first {shown} of {all} levels.") } else { String::new() };
    let of = |(number, (part, level)): (usize, (&Part<'_>, &Configuration))| {
        let one =
            Level { part, level, width: level.time_series.len().div_ceil(most), name: name(part, level) };
        [
            one.throughput(format!("time-{index}-{number}"), &left),
            one.tail(format!("p99-time-{index}-{number}"), &left),
        ]
    };
    levels.into_iter().take(room.charts).enumerate().flat_map(of).collect()
}

fn name(part: &Part<'_>, level: &Configuration) -> String {
    let name = part.named(level, Some(workers(&[level.concurrency])));
    name.trim_start_matches("all, ").to_owned()
}

struct Level<'p, 'a> {
    part: &'p Part<'a>,
    level: &'a Configuration,
    /// Seconds that one point stands for.
    width: usize,
    name: String,
}

impl Level<'_, '_> {
    fn throughput(&self, id: String, left: &str) -> Chart {
        let joined = match self.width {
            1 => String::new(),
            width => format!(" A point is the mean of {width} seconds."),
        };
        let text = format!("Acknowledged operations of each second.{}{joined}{left}", self.marks());
        let head = Head { id, title: format!("Over time, {}", self.name), text: &text };
        let mean = |figures: &[SecondFigures]| {
            Some(figures.iter().map(|second| second.operations).sum::<u64>() as f64 / figures.len() as f64)
        };
        self.chart(head, ("operations per second", Kind::Rate, false), "operations", mean)
    }

    fn tail(&self, id: String, left: &str) -> Chart {
        let joined = match self.width {
            1 => String::new(),
            width => format!(" A point is the greatest of {width} seconds."),
        };
        let text = format!("p99 of the operations that ended in each second.{}{joined}{left}", self.marks());
        let head = Head { id, title: format!("p99 over time, {}", self.name), text: &text };
        let most =
            |figures: &[SecondFigures]| figures.iter().filter_map(|second| second.p99).reduce(f64::max);
        self.chart(head, ("p99", Kind::Latency, true), "p99", most)
    }

    fn marks(&self) -> &'static str {
        let seconds = &self.level.time_series;
        let errors = seconds.iter().any(|second| second.errors > 0);
        let checkpoints = seconds.iter().any(|second| second.checkpoint_ms.is_some_and(|ms| ms > 0.0));
        match (errors, checkpoints) {
            (true, true) => " Crosses are seconds with errors, triangles seconds with checkpoints.",
            (true, false) => " Crosses are seconds with errors.",
            (false, true) => " Triangles are seconds with checkpoints.",
            (false, false) => "",
        }
    }

    fn chart(
        &self,
        head: Head<'_>,
        (label, kind, log): (&'static str, Kind, bool),
        field: &str,
        value: impl Fn(&[SecondFigures]) -> Option<f64>,
    ) -> Chart {
        let group = head.id.trim_start_matches("p99-").to_owned();
        let mut chart = Chart::new(head, axis("seconds", Kind::Seconds, false), axis(label, kind, log));
        (chart.low, chart.group) = (true, Some(group));
        let seconds = &self.level.time_series;
        chart.breaks = seconds
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0].iteration != pair[1].iteration)
            .map(|(place, _)| place as f64 + 0.5)
            .collect();
        let points = seconds.chunks(self.width).enumerate().map(|(chunk, figures)| {
            let first = chunk * self.width;
            let pointer = match (self.width, value(figures)) {
                (1, Some(_)) => self.part.pointer(self.level, &format!("/timeSeries/{first}/{field}")),
                _ => String::new(),
            };
            let mut point = chart.point(first as f64, value(figures), pointer);
            (point.flags, point.mark) = marks(figures);
            point
        });
        let points = points.collect();
        chart.add(self.name.clone(), points);
        chart
    }
}

fn marks(figures: &[SecondFigures]) -> (Vec<Flag>, String) {
    let errors: u64 = figures.iter().map(|second| second.errors).sum();
    let checkpoints: f64 = figures.iter().filter_map(|second| second.checkpoint_ms).sum();
    let mut marks = Vec::new();
    if errors > 0 {
        let word = if errors == 1 { "error" } else { "errors" };
        marks.push((Flag::Error, format!("{} {word}", count(errors))));
    }
    if checkpoints > 0.0 {
        marks.push((Flag::Checkpoint, format!("checkpoints of {}", latency(checkpoints))));
    }
    let (flags, words): (Vec<Flag>, Vec<String>) = marks.into_iter().unzip();
    (flags, words.join(", "))
}
