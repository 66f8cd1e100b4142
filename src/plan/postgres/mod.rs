//! Plans for a server that speaks PostgreSQL's protocol: its keys of `[database]`, tables and statements in its own words.
//!
//! Which rows and operations there are is decided as for every engine.

mod ddl;
mod numbered;
mod settle;
mod text;
mod trial;
mod types;

pub(super) use ddl::make;
pub(super) use numbered::marks;
pub(super) use settle::settle;
