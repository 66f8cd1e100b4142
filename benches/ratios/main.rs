//! What the runner adds to what the database and `fake` cost, as ratios within one run: absolute figures drift from run to run, these do not.
//!
//! ```text
//! cargo bench --bench ratios                    all ratios, a few minutes
//! cargo bench --bench ratios -- --pairs 11      with so many pairs each
//! cargo bench --bench ratios -- --only WAL      those whose name holds a word
//! cargo bench --bench ratios -- memory          memory of 10,000,000 writes, and of 1,000,000 to a file
//! cargo bench --bench ratios -- instructions    instructions per operation, where valgrind is installed
//! ```
//!
//! ```text
//! rows          plans, tapes, and their rows as plain arrays
//! bare          the loop that the runner is held against
//! product       the runner itself
//! table         what was wanted and what came out
//! throughput    runner against bare loop, and runner against runner
//! making        the tape against `fake`, templates, what a row takes
//! whole         whole processes: `runner check`, memory, instructions
//! ```
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

mod bare;
mod making;
mod product;
mod rows;
mod table;
mod throughput;
mod whole;

use std::path::PathBuf;

use table::Table;

/// What every group of ratios needs to know.
struct Bench {
    /// Pairs of each ratio, at the least.
    pairs: usize,
    /// Only what holds this.
    only: Option<String>,
    /// For database and tape files, removed at the end.
    folder: PathBuf,
}

impl Bench {
    fn wants(&self, what: &str) -> bool {
        self.only.as_ref().is_none_or(|only| what.contains(only))
    }

    fn database(&self) -> PathBuf {
        self.folder.join("ratios.db")
    }
}

fn main() {
    let mut pairs = 5;
    let mut only = None;
    let mut words = Vec::new();
    let mut by_bench = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => by_bench = true,
            "--pairs" => {
                pairs = arguments.next().and_then(|n| n.parse().ok()).expect("--pairs takes a number")
            }
            "--only" => only = Some(arguments.next().expect("--only takes a word")),
            _ => words.push(argument),
        }
    }
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
    let bench = Bench { pairs, only, folder: home.path().to_owned() };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["work", what, writes] => whole::work(&bench, what, writes.parse().expect("a number of writes")),
        ["memory"] => whole::memory(&bench),
        ["instructions"] => whole::instructions(),
        [] if by_bench => ratios(&bench),
        // As `cargo test --all-targets` calls it.
        [] => println!("cargo bench --bench ratios"),
        _ => println!("unknown: {}", words.join(" ")),
    }
}

fn ratios(bench: &Bench) {
    let mut table = Table::new(bench.only.clone());
    throughput::against_bare(bench, &mut table);
    throughput::long_form(bench, &mut table);
    throughput::of_many(bench, &mut table);
    throughput::gate(bench, &mut table);
    making::all(bench, &mut table);
    whole::check(bench, &mut table);
    table.finish();
}
