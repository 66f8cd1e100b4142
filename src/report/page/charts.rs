//! The charts of a page: throughput, p99 and errors against concurrency here, distributions and time series in files of their own.

use indexmap::IndexSet;

use super::chart::{Chart, Flag, Head, Kind, Point, axis};
use super::distributions::distributions;
use super::over_time::over_time;
use super::place::{self, Place};
use super::{Room, Shown};
use crate::report::columns::{Section, sections};
use crate::result::Configuration;

/// All charts of some results, workload by workload; results that share a workload share its charts.
pub(super) fn charts(shown: &[Shown<'_>], room: Room) -> Vec<(String, Vec<Chart>)> {
    let names: IndexSet<String> = shown
        .iter()
        .flat_map(|one| sections(one.result).into_iter().map(|section| section.workload.to_owned()))
        .collect();
    let all = names.len();
    let of = |(index, workload): (usize, String)| {
        let parts: Vec<Part<'_>> =
            shown.iter().filter_map(|one| Part::new(one, &workload, shown.len() > 1)).collect();
        let mut charts = Vec::new();
        charts.extend(throughput(index, &parts, room));
        charts.extend(tail(index, &parts, room));
        charts.extend(distributions(index, &parts, room));
        charts.extend(errors(index, &parts, room));
        charts.extend(over_time(index, &parts, all, room));
        (workload, charts)
    };
    names.into_iter().enumerate().map(of).collect()
}

/// The levels of one workload in one result.
pub(super) struct Part<'a> {
    pub(super) section: Section<'a>,
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

    pub(super) fn pointer(&self, level: &Configuration, rest: &str) -> String {
        let index = self.all.iter().position(|other| std::ptr::eq(other, level)).unwrap_or_default();
        format!("/configurations/{index}{rest}")
    }

    /// Result and case, as far as there are others.
    pub(super) fn named(&self, level: &Configuration, rest: Option<String>) -> String {
        let several = self.section.levels.iter().any(|other| !other.is_of_same_case(level));
        let case = several.then(|| level.case_or_base());
        let parts: Vec<String> = [self.name.clone(), case, rest].into_iter().flatten().collect();
        if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
    }

    /// The same among levels of one point of the matrix.
    pub(super) fn named_by_variant(&self, level: &Configuration, rest: Option<String>) -> String {
        let several = self.section.levels.iter().any(|other| other.variant != level.variant);
        let variant = several.then(|| level.variant.clone());
        let parts: Vec<String> = [self.name.clone(), variant, rest].into_iter().flatten().collect();
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
    room: Room,
    figure: fn(&Configuration) -> Option<Place>,
) -> Option<Chart> {
    for part in parts {
        for levels in part.by_case().into_iter().filter(|levels| levels.len() > 1) {
            let points = levels.iter().map(|level| {
                let x = f64::from(level.concurrency);
                let mut point = match figure(level) {
                    Some(found) => chart.point(x, Some(found.value), part.pointer(level, found.pointer)),
                    None => chart.point(x, None, part.pointer(level, "")),
                };
                (point.low, point.high) = figure(level).and_then(|found| found.interval).unzip();
                doubted(point, level)
            });
            let points = points.collect();
            chart.add(part.named(levels[0], None), points);
        }
    }
    limited(chart, room)
}

/// With so many series as there is room for; nothing where there are none.
fn limited(mut chart: Chart, room: Room) -> Option<Chart> {
    let all = chart.series.len();
    if all > room.series {
        chart.series.truncate(room.series);
        let left = format!(" The first {} of {all} series are drawn; the result has all.", room.series);
        chart.text.push_str(&left);
    }
    (all > 0).then_some(chart)
}

fn doubted(mut point: Point, level: &Configuration) -> Point {
    if !level.validity.valid {
        point.flags.push(Flag::Doubt);
        point.mark = "not valid".to_owned();
    }
    point
}

fn throughput(index: usize, parts: &[Part<'_>], room: Room) -> Option<Chart> {
    let head = Head {
        id: format!("throughput-{index}"),
        title: "Throughput against concurrency".to_owned(),
        text: "Acknowledged operations per second at each number of workers. Bands are 95 % intervals over iterations.",
    };
    let (x, y) = (axis("workers", Kind::Workers, true), axis("operations per second", Kind::Rate, false));
    over_levels(Chart::new(head, x, y), parts, room, place::throughput)
}

fn tail(index: usize, parts: &[Part<'_>], room: Room) -> Option<Chart> {
    let label = place::p99_label(parts.iter().flat_map(|part| part.section.levels.iter().copied()));
    let mut text = "99 % of the operations took at most so long. The axis is logarithmic.".to_owned();
    if label != "p99" {
        text.push_str(" Points are the median of the iterations' p99, bands its 95 % intervals; the tables have the p99 of all iterations' operations together.");
    }
    let head = Head { id: format!("p99-{index}"), title: "p99 against concurrency".to_owned(), text: &text };
    let (x, y) = (axis("workers", Kind::Workers, true), axis(label, Kind::Latency, true));
    over_levels(Chart::new(head, x, y), parts, room, place::p99)
}

/// Kinds of errors over concurrency, summed over the operations; nothing where there were none, or only one level.
fn errors(index: usize, parts: &[Part<'_>], room: Room) -> Option<Chart> {
    let head = Head {
        id: format!("errors-{index}"),
        title: "Errors by kind".to_owned(),
        text: "Failed operations of each kind, over all iterations. The table of errors below has them by operation, with the first one's words.",
    };
    let mut chart =
        Chart::new(head, axis("workers", Kind::Workers, true), axis("errors", Kind::Count, false));
    for part in parts {
        for levels in part.by_case().into_iter().filter(|levels| levels.len() > 1) {
            let codes: IndexSet<&str> = levels
                .iter()
                .flat_map(|level| level.errors.iter().map(|error| error.code.as_str()))
                .collect();
            for code in codes {
                let points = levels.iter().map(|level| {
                    let of = || level.errors.iter().filter(|error| error.code == code);
                    let sum: u64 = of().map(|error| error.count).sum();
                    chart.point(
                        f64::from(level.concurrency),
                        Some(sum as f64),
                        part.pointer(level, "/errors"),
                    )
                });
                let points = points.collect();
                let name = part.named(levels[0], Some(code.to_owned()));
                chart.add(name, points);
            }
        }
    }
    limited(chart, room)
}
