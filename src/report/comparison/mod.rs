//! A comparison of results: for terminals, as Markdown for pull requests, as JUnit's XML and as annotations for CI.

mod cells;
mod ci;
mod markdown;
mod page;
mod table;
mod words;

pub(super) use cells::{change_or_dash, interval};
pub(super) use page::comparison_sections;
pub(super) use words::{is_told, place, title};

pub use ci::{comparison_github, comparison_junit};
pub use markdown::comparison_markdown;
pub use table::comparison_table;
pub use words::Rows;
