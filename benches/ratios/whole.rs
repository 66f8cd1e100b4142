//! Figures of whole processes: `runner check`, memory, and instructions per operation.

use std::process::Command;
use std::time::Instant;

use crate::rows::{self, BASE_0, Rows};
use crate::table::{Table, Wanted, median, thousands};
use crate::{Bench, bare, product};

const MIB: f64 = 1_048_576.0;

/// How long one file is checked.
pub(crate) fn check(bench: &Bench, table: &mut Table) {
    let what = "runner check scenarios/base-0.toml: ms";
    if !bench.wants(what) {
        return;
    }
    let once = || {
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["check", "scenarios/base-0.toml"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("the runner starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        start.elapsed().as_secs_f64() * 1_000.0
    };
    once();
    let times: Vec<f64> = (0..20).map(|_| once()).collect();
    table.line(what, median(&times), Wanted::AtMost(20.0), "process time, median of 20");
}

/// One piece of work alone in a process, for others to look at.
pub(crate) fn work(bench: &Bench, what: &str, writes: u64) {
    let path = if what == "file" { bench.database() } else { ":memory:".into() };
    let pragmas: &[(&str, &str)] =
        if what == "file" { &[("journal_mode", "wal"), ("synchronous", "off")] } else { &[] };
    let plan = rows::plan(BASE_0, writes, 1, &rows::at(&path, pragmas));
    match what {
        "tape" => drop(rows::tape(&plan)),
        "rows" => drop(Rows::decode(&plan, &rows::tape(&plan))),
        "bare" => {
            let decoded = Rows::decode(&plan, &rows::tape(&plan));
            println!("{}", bare::run(&plan, None, &decoded, bare::Sent::Alone).acknowledged);
        }
        "null" => println!("{}", product::run_null(&plan, &bench.folder).measured.acknowledged),
        "runner" => println!("{}", product::run(&plan, &bench.folder).measured.acknowledged),
        "file" | "memory" => {
            let level = product::run(&plan, &bench.folder);
            let (before, after) = level.peak_bytes;
            println!("{before} {after} {} {}", level.tape_bytes, u8::from(level.tape_is_mapped));
        }
        _ => println!("unknown: {what}"),
    }
}

fn child(program: &mut Command, what: &str, writes: u64) -> (String, String) {
    let output = program.args(["work", what, &writes.to_string()]).output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn myself() -> std::path::PathBuf {
    std::env::current_exe().expect("a program knows its place")
}

/// Memory of a process of its own for every run, in MiB.
pub(crate) fn memory(bench: &Bench) {
    let mut table = Table::new(bench.only.clone());
    for (name, what, writes) in [
        ("to a file", "file", 1_000_000),
        ("in memory", "memory", 1_000_000),
        ("in memory", "memory", 10_000_000),
    ] {
        let (stdout, _) = child(&mut Command::new(myself()), what, writes);
        let figures: Vec<f64> = stdout.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [before, after, tape, mapped] = figures[..] else { panic!("four figures, not {stdout}") };
        let label = |figure: &str| format!("{} writes {name}: {figure}, MiB", thousands(writes as f64));
        let place = if mapped > 0.0 { "in a mapped file" } else { "in memory" };
        let tape_in_memory = if mapped > 0.0 { 0.0 } else { tape / MIB };
        let budget = runner::run::TAPE_BUDGET_BYTES as f64 / MIB;
        table.line(&label("tape"), tape / MIB, Wanted::Nothing, place);
        // Before the level there is nothing but the tape and what made it.
        let most = if mapped > 0.0 { budget } else { (tape_in_memory + 64.0).round() };
        table.line(&label("peak before it"), before / MIB, Wanted::AtMost(most), "");
        // A database in memory is part of the process, so only a file shows what the runner itself takes.
        let wanted = if what == "file" { Wanted::AtMost(64.0) } else { Wanted::Nothing };
        table.line(&label("peak less tape"), after / MIB - tape_in_memory, wanted, "");
    }
    table.finish();
}

/// Instructions per operation by the difference of two lengths, so that what is done once per process falls out.
///
/// A runner's process makes the tape, runs the floor three times and then the level; `null` runs the floor a fourth time instead.
pub(crate) fn instructions() {
    const SHORT: u64 = 20_000;
    const LONG: u64 = 80_000;
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed. Where it is, this counts with\n");
        println!("  RAYON_NUM_THREADS=1 valgrind --tool=callgrind {} work WHAT WRITES\n", myself().display());
        println!("for WHAT in tape rows bare null runner, at {SHORT} and {LONG} WRITES.");
        return;
    }
    let per_write = |what| {
        let count = |writes| {
            let mut valgrind = Command::new("valgrind");
            valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(myself());
            let (_, said) = child(valgrind.env("RAYON_NUM_THREADS", "1"), what, writes);
            let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1));
            collected.and_then(|n| n.trim().parse::<f64>().ok()).expect("callgrind says what it collected")
        };
        (count(LONG) - count(SHORT)) / (LONG - SHORT) as f64
    };
    let [tape, decoded, bare, null, runner] = ["tape", "rows", "bare", "null", "runner"].map(per_write);
    let mut table = Table::new(None);
    let floor = (null - tape) / 4.0;
    let (bare, runner) = (bare - decoded, runner - tape - 3.0 * floor);
    table.line("a row of the tape: instructions", tape, Wanted::Nothing, "");
    table.line("floor: instructions per operation", floor, Wanted::Nothing, "");
    table.line("bare loop, :memory:: instructions per operation", bare, Wanted::Nothing, "");
    table.line("runner, :memory:: instructions per operation", runner, Wanted::Nothing, "");
    table.line("runner ÷ bare loop, :memory:: instructions", runner / bare, Wanted::AtMost(1.08), "");
    table.finish();
}
