//! Is the candidate faster than the base, by how much, and is that sure? From stored results alone.
//!
//! Every level that both have gets, for all operations together and for each, a ratio of every metric with its interval, a p-value from a test that
//! assumes no normal distribution, corrected for their number, and a verdict. Where results are found is left to `cli`, drawing to `report`.

mod differences;
mod error;
mod judge;
mod levels;
mod metric;
mod model;
mod options;
mod pairs;
mod select;

use serde_json::Value;

pub use error::Incomparable;
pub use metric::{METRICS, MetricName};
pub use model::*;
pub use options::Options;
pub use pairs::{check_alike, check_levels_ahead, check_once, compare};
pub use select::{Choices, Selection};

/// A stored result and its file.
#[derive(Clone, Debug)]
pub struct Source {
    /// As it is told.
    pub path: String,
    /// What it holds.
    pub result: crate::result::RunResult,
}

/// `schemas/comparison.schema.json`, draft 2020-12.
pub fn json_schema() -> Value {
    crate::result::schema_of::<Comparison>()
}
