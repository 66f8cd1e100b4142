//! Plans for a server that speaks PostgreSQL's protocol: its keys of `[database]`, tables and statements in its own words.
//!
//! Which rows and operations there are is decided as for every engine.

mod address;
mod ddl;
mod examine;
mod functions;
mod numbered;
mod output;
mod scope;
mod settle;
mod text;
mod trial;
mod types;

use sqlparser::ast::Ident;

pub(super) use ddl::make;
pub(super) use examine::{Read, read};
pub(super) use numbered::marks;
pub(super) use settle::settle;

/// A name as PostgreSQL takes it: in small letters unless it is quoted.
fn fold(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

#[cfg(test)]
mod tests;
