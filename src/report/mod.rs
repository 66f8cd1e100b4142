//! Draws stored results: a table for terminals, Markdown for documents, CSV for spreadsheets, a summary as plain text.
//!
//! It sees neither plan nor engine, so any stored result can be drawn again. JSON is the stored document itself.

mod chart;
mod columns;
mod comparison;
mod conclusion;
mod csv;
mod drawing;
mod history;
mod markdown;
mod notes;
mod overview;
mod page;
mod scaling;
mod setting;
mod speed;
mod summary;
mod table;
mod targets;
mod variants;

pub use comparison::{Rows, comparison_github, comparison_junit, comparison_markdown, comparison_table};
pub use csv::{CSV_BEGINS, csv, csv_header, csv_rows};
pub use history::history;
pub use markdown::markdown;
pub use overview::{OVERVIEW_BEGINS, overview_csv};
pub use page::{Shown, page};
pub use summary::summary;
pub use table::{TableOptions, table};
