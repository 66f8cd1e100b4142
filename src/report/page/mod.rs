//! Results as one page for a browser: it has everything in it, asks no network, and can be read, printed and heard without its script.
//!
//! The script draws the charts from the same values that stand in the tables below them. Charts are drawn by uPlot (see its licence beside it).

mod bars;
mod chart;
mod charts;
mod distributions;
mod forest;
mod heat;
mod over_time;
mod place;
mod plotted;
mod status;
mod tables;
mod unlike;
mod view;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexSet;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::comparison::comparison_sections;
use crate::compare::Comparison;
use crate::result::RunResult;

/// A result on the page.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    /// What it is called there: its scenario, or its file where several have the same.
    pub name: String,
    /// Its file.
    pub path: String,
    /// What it holds.
    pub result: &'a RunResult,
}

/// A page has fewer bytes than this.
const MOST_BYTES: usize = 1_000_000;

/// How much of long results a page has; the rest is left to the results themselves.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Rows of one table.
    rows: usize,
    /// Series of one chart over concurrency.
    series: usize,
    /// Distributions, and levels over time, of one workload.
    charts: usize,
    /// Points of all time series.
    points: usize,
}

/// From the most: what is left out first are rows.
const ROOMS: [Room; 4] = [
    Room { rows: 400, series: 120, charts: 12, points: 4_000 },
    Room { rows: 150, series: 60, charts: 12, points: 3_000 },
    Room { rows: 60, series: 24, charts: 6, points: 1_500 },
    Room { rows: 20, series: 8, charts: 2, points: 500 },
];

impl Room {
    /// So many parts as a chart has series, and a sentence where there are more.
    fn first<T>(self, mut parts: Vec<T>, what: &str) -> (Vec<T>, String) {
        let all = parts.len();
        if all <= self.series {
            return (parts, String::new());
        }
        parts.truncate(self.series);
        (parts, format!("These are the first {} of {all} {what}; the result (JSON) has all.", self.series))
    }
}

/// Draws results, and what a comparison of them came to, in so much detail as fits into a megabyte. Ends with a line feed.
pub fn page(shown: &[Shown<'_>], comparison: Option<&Comparison>) -> String {
    let mut page = String::new();
    for room in ROOMS {
        page = drawn(shown, comparison, room);
        if page.len() < MOST_BYTES {
            break;
        }
    }
    page
}

/// The charts of a workload.
#[derive(Debug, Serialize)]
struct Workload {
    name: String,
    /// What the levels that stand in them do not share.
    unlike: Vec<String>,
    charts: Vec<chart::Chart>,
}

fn drawn(shown: &[Shown<'_>], comparison: Option<&Comparison>, room: Room) -> String {
    let of = |(name, charts): (String, Vec<chart::Chart>)| {
        let unlike = unlike::unlike(shown, &name);
        Workload { name, unlike, charts }
    };
    let workloads: Vec<Workload> = charts::charts(shown, room).into_iter().map(of).collect();
    let plotted = plotted::plotted(workloads.iter().flat_map(|workload| &workload.charts));
    // Within a script only this sign could end it early.
    let data =
        serde_json::to_string(&plotted).expect("charts can be written as JSON").replace('<', "\\u003c");
    let script = [include_str!("assets/uplot.min.js"), include_str!("assets/page.js")].concat();
    let names: Vec<&str> = shown.iter().map(|one| one.name.as_str()).collect();
    let views: Vec<view::View> = shown.iter().map(|one| view::View::new(one, room)).collect();
    let unlike: IndexSet<&String> = workloads.iter().flat_map(|workload| &workload.unlike).collect();
    let (bars, all_bars) = bars::bars(shown, room.rows);
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("code", code);
    let page = environment.render_str(
        include_str!("assets/page.html"),
        context! {
            title => names.join(" · "),
            views => Value::from(Serde(&views)),
            workloads => Value::from(Serde(&workloads)),
            bars => Value::from(Serde(&bars)),
            all_bars,
            unlike => Value::from(Serde(&unlike)),
            forests => Value::from(Serde(comparison.map(forest::forests))),
            comparison => Value::from(Serde(comparison.map(comparison_sections))),
            style => [include_str!("assets/uplot.min.css"), include_str!("assets/page.css")].concat(),
            // The only script that a browser runs here, and no address is asked for anything.
            digest => STANDARD.encode(Sha256::digest(&script)),
            script,
            data,
            version => env!("CARGO_PKG_VERSION"),
        },
    );
    page.expect("the page is shipped with what it needs") + "\n"
}

/// Escaped, with what stands between backticks as code.
fn code(text: &str) -> Value {
    let mut out = String::with_capacity(text.len());
    for (number, part) in text.split('`').enumerate() {
        let escaped = HtmlEscape(part);
        out.push_str(&if number % 2 == 1 { format!("<code>{escaped}</code>") } else { escaped.to_string() });
    }
    Value::from_safe_string(out)
}

#[cfg(test)]
mod tests;
