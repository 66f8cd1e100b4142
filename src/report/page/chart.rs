//! One chart as data: its axes, its series, and where each value stands in the result.

use serde::Serialize;

use crate::units::{count, latency, rate, workers};

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
    /// Where on the x axis another iteration begins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) breaks: Vec<f64>,
    /// Charts of one group show the same moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// Half as high as others.
    pub(super) low: bool,
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
    Count,
}

#[derive(Debug, Serialize)]
pub(super) struct Series {
    pub(super) name: String,
    /// The first and the last value and the greatest, for who hears the page.
    pub(super) words: String,
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
    /// What happened then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) flags: Vec<Flag>,
    /// The same in words.
    pub(super) mark: String,
    /// As the tables write them.
    pub(super) x_text: String,
    pub(super) y_text: String,
}

/// What is marked in a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Flag {
    Error,
    Checkpoint,
    /// The level is not valid.
    Doubt,
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
            Kind::Count => count(value as u64),
        }
    }
}

/// Where a chart belongs and what it shows.
pub(super) struct Head<'a> {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) text: &'a str,
}

impl Chart {
    pub(super) fn new(head: Head<'_>, x: Axis, y: Axis) -> Chart {
        Chart {
            id: head.id,
            title: head.title,
            text: head.text.to_owned(),
            x,
            y,
            series: Vec::new(),
            breaks: Vec::new(),
            group: None,
            low: false,
        }
    }

    pub(super) fn point(&self, x: f64, y: Option<f64>, pointer: String) -> Point {
        Point {
            x,
            y,
            low: None,
            high: None,
            pointer,
            flags: Vec::new(),
            mark: String::new(),
            x_text: self.x.kind.text(x),
            y_text: y.map_or_else(|| "–".to_owned(), |y| self.y.kind.text(y)),
        }
    }

    pub(super) fn add(&mut self, name: String, points: Vec<Point>) {
        let known: Vec<&Point> = points.iter().filter(|point| point.y.is_some()).collect();
        let at = |point: &Point| format!("{} at {}", point.y_text, point.x_text);
        let most = known.iter().max_by(|a, b| a.y.unwrap_or(0.0).total_cmp(&b.y.unwrap_or(0.0)));
        let words = match (known.first(), known.last(), most) {
            (Some(first), Some(last), Some(most)) if known.len() > 1 => {
                format!("{name}: from {} to {}, at most {}", at(first), at(last), at(most))
            }
            (Some(only), ..) => format!("{name}: {}", at(only)),
            _ => format!("{name}: no values"),
        };
        self.series.push(Series { name, words, points });
    }
}

pub(super) fn axis(label: &'static str, kind: Kind, log: bool) -> Axis {
    Axis { label, kind, log }
}
