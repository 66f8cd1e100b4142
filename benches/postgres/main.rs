//! What the runner adds to what a PostgreSQL server costs, held against `pgbench` on the same server in the same run: single INSERTs, each
//! committed by itself, prepared once.
//!
//! ```text
//! scripts/with-postgres.sh cargo bench --bench postgres                a server made for it
//! cargo bench --bench postgres -- postgres://postgres@localhost        another one
//! cargo bench --bench postgres -- URL --pairs 11 --writes 100000 --clients 1,8
//! ```
//!
//! ```text
//! product    the runner itself
//! pgbench    what it is held against
//! figures    medians, and how they are written
//! ```
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

mod figures;
mod pgbench;
mod product;

use figures::{median, thousands};
use pgbench::Pgbench;
use product::Level;

/// What to measure.
struct Bench {
    url: String,
    pairs: usize,
    /// In each run.
    writes: u64,
    clients: Vec<u32>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut url = std::env::var("RUNNER_TEST_POSTGRES").ok();
    let (mut pairs, mut writes, mut clients, mut by_bench) = (5, 40_000, vec![1, 8], false);
    while let Some(argument) = arguments.next() {
        let mut value = |name| arguments.next().unwrap_or_else(|| panic!("{name} takes a value"));
        match argument.as_str() {
            "--bench" => by_bench = true,
            "--pairs" => pairs = value("--pairs").parse().expect("a number of pairs"),
            "--writes" => writes = value("--writes").parse().expect("a number of writes"),
            "--clients" => {
                let numbers = value("--clients");
                clients = numbers.split(',').map(|n| n.parse().expect("numbers of clients")).collect();
            }
            address => url = Some(address.to_owned()),
        }
    }
    match url {
        Some(url) if by_bench => measure(&Bench { url, pairs, writes, clients }),
        // As `cargo test --all-targets` calls it.
        _ => println!("scripts/with-postgres.sh cargo bench --bench postgres"),
    }
}

fn measure(bench: &Bench) {
    let pgbench = Pgbench::new(&bench.url);
    println!(
        "{} writes in each run, {} pairs; {}",
        thousands(bench.writes as f64),
        bench.pairs,
        pgbench.version()
    );
    for &clients in &bench.clients {
        // One thread for all clients, as pgbench does by itself, and one for each.
        for threads in if clients == 1 { vec![1] } else { vec![1, clients] } {
            compare(bench, &pgbench, clients, threads);
        }
    }
}

/// A B A B …
fn compare(bench: &Bench, pgbench: &Pgbench, clients: u32, threads: u32) {
    let mut theirs = Vec::new();
    let mut ours: Vec<Level> = Vec::new();
    for _ in 0..bench.pairs {
        theirs.push(pgbench.per_second(bench.writes, clients, threads));
        pgbench.settle();
        ours.push(product::run(&bench.url, bench.writes, clients));
        pgbench.settle();
    }
    let per_second: Vec<f64> = ours.iter().map(Level::per_second).collect();
    let ratios: Vec<f64> = theirs.iter().zip(&per_second).map(|(theirs, ours)| ours / theirs).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let wanted = if clients == 1 { 0.95 } else { 0.90 };
    let met = if median(&ratios) >= wanted { "yes" } else { "NO" };
    println!("\n{clients} clients, pgbench -j {threads}: runner ÷ pgbench");
    println!("  ratio    {:.3} ({least:.3}…{most:.3}), wanted ≥ {wanted}: {met}", median(&ratios));
    println!("  runner   {}/s   pgbench {}/s", thousands(median(&per_second)), thousands(median(&theirs)));
    let micros =
        |pick: fn(&Level) -> u64| median(&ours.iter().map(|l| pick(l) as f64 / 1e3).collect::<Vec<_>>());
    println!(
        "  runner's latency, µs: p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1};  CPU of the client per write {:.1}",
        micros(|level| level.percentiles_ns[0]),
        micros(|level| level.percentiles_ns[1]),
        micros(|level| level.percentiles_ns[2]),
        micros(|level| level.max_ns),
        micros(|level| level.cpu_ns / level.acknowledged.max(1)),
    );
}
