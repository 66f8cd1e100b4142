//! PostgreSQL: connections that block, sessions on them, and what a run needs of a server.

mod client;
mod codes;
mod config;
mod stream;
mod tls;
mod url;
