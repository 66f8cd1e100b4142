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
mod view;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, Value, context};
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

/// Draws results, and what a comparison of them came to. Ends with a line feed.
pub fn page(shown: &[Shown<'_>], comparison: Option<&Comparison>) -> String {
    let charts = charts::charts(shown);
    let plotted = plotted::plotted(charts.iter().flat_map(|(_, charts)| charts));
    // Within a script only this sign could end it early.
    let data =
        serde_json::to_string(&plotted).expect("charts can be written as JSON").replace('<', "\\u003c");
    let script = [include_str!("assets/uplot.min.js"), include_str!("assets/page.js")].concat();
    let names: Vec<&str> = shown.iter().map(|one| one.name.as_str()).collect();
    let views: Vec<view::View> = shown.iter().map(view::View::new).collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("code", code);
    let page = environment.render_str(
        include_str!("assets/page.html"),
        context! {
            title => names.join(" · "),
            views => Value::from(Serde(&views)),
            workloads => Value::from(Serde(&charts)),
            bars => Value::from(Serde(bars::bars(shown))),
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
