//! The promise: what waits is measured as waiting. Open loops, shared connections, retries, batches, warm-ups and levels that last for a time,
//! all on virtual time against a script.

mod batch;
#[path = "../common/mod.rs"]
mod common;
mod live;
mod open_loop;
mod pool;
mod retry;
mod roles;
mod script;
mod stop;
mod warm_up;
