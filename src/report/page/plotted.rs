//! What the script gets of the charts: numbers alone. Texts and places it reads from the tables of the page.

use serde::Serialize;

use super::chart::{Axis, Chart, Flag, Point};

/// One chart.
#[derive(Debug, Serialize)]
pub(super) struct Plotted<'a> {
    id: &'a str,
    x: &'a Axis,
    y: &'a Axis,
    series: Vec<Series<'a>>,
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    breaks: &'a [f64],
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    low: bool,
}

/// One number for each point.
#[derive(Debug, Serialize)]
struct Series<'a> {
    name: &'a str,
    x: Vec<f64>,
    y: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    low: Option<Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high: Option<Vec<Option<f64>>>,
    /// Points with marks, by their number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<(usize, &'a [Flag])>,
}

/// All charts of a page.
pub(super) fn plotted<'a>(charts: impl Iterator<Item = &'a Chart>) -> Vec<Plotted<'a>> {
    charts.map(chart).collect()
}

fn chart(chart: &Chart) -> Plotted<'_> {
    let series = chart.series.iter().map(|one| {
        let column = |of: fn(&Point) -> Option<f64>| one.points.iter().map(of).collect::<Vec<_>>();
        let banded = one.points.iter().any(|point| point.low.is_some());
        let flags = one.points.iter().enumerate().filter(|(_, point)| !point.flags.is_empty());
        Series {
            name: &one.name,
            x: one.points.iter().map(|point| point.x).collect(),
            y: column(|point| point.y),
            low: banded.then(|| column(|point| point.low)),
            high: banded.then(|| column(|point| point.high)),
            flags: flags.map(|(number, point)| (number, point.flags.as_slice())).collect(),
        }
    });
    Plotted {
        id: &chart.id,
        x: &chart.x,
        y: &chart.y,
        series: series.collect(),
        breaks: &chart.breaks,
        group: chart.group.as_deref(),
        low: chart.low,
    }
}
