//! Is the candidate faster than the base, by how much, and is that sure? From stored results alone.
//!
//! Every case and metric that both have gets a ratio with its interval, a p-value from a test that assumes no normal distribution, corrected for
//! their number, and a verdict. Where results are found is left to `cli`, drawing to `report`.

mod judge;
mod metric;
mod model;
mod pairs;

use serde_json::Value;

pub use metric::METRICS;
pub use model::*;
pub use pairs::{Incomparable, Options, Source, compare};

/// `schemas/comparison.schema.json`, draft 2020-12.
pub fn json_schema() -> Value {
    crate::result::schema_of::<Comparison>()
}
