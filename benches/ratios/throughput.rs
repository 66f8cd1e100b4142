//! Operations per second: the runner against a bare loop, at length against briefly, and with its parents' gate against without.

use std::cell::RefCell;
use std::path::PathBuf;

use crate::bare::{self, Sent};
use crate::rows::{self, BASE_0, READS, Rows};
use crate::table::{Pairs, Table, Wanted, median};
use crate::{Bench, product};

/// One comparison with the bare loop.
struct Case {
    what: &'static str,
    pragmas: &'static [(&'static str, &'static str)],
    workers: u32,
    writes: u64,
    at_least: f64,
    /// Pairs that are measured for each one asked for: as many as pass quickly.
    times: usize,
}

const WAL_OFF: &[(&str, &str)] = &[("journal_mode", "wal"), ("synchronous", "off")];
const WAL_NORMAL: &[(&str, &str)] = &[("journal_mode", "wal"), ("synchronous", "normal")];
const DELETE_FULL: &[(&str, &str)] = &[("journal_mode", "delete"), ("synchronous", "full")];

const MEMORY: &str = ":memory:, one worker: runner ÷ bare loop";

const CASES: [Case; 6] = [
    Case { what: MEMORY, pragmas: &[], workers: 1, writes: 100_000, at_least: 0.93, times: 5 },
    Case {
        what: "WAL/OFF, one worker: runner ÷ bare loop",
        pragmas: WAL_OFF,
        workers: 1,
        writes: 50_000,
        at_least: 0.97,
        times: 2,
    },
    Case {
        what: "WAL/NORMAL, one worker: runner ÷ bare loop",
        pragmas: WAL_NORMAL,
        workers: 1,
        writes: 50_000,
        at_least: 0.97,
        times: 1,
    },
    Case {
        what: "DELETE/FULL, one worker: runner ÷ bare loop",
        pragmas: DELETE_FULL,
        workers: 1,
        writes: 1_500,
        at_least: 0.97,
        times: 1,
    },
    Case {
        what: "WAL/OFF, 8 workers: runner ÷ bare loop",
        pragmas: WAL_OFF,
        workers: 8,
        writes: 100_000,
        at_least: 0.95,
        times: 3,
    },
    Case {
        what: "WAL/OFF, 64 workers: runner ÷ bare loop",
        pragmas: WAL_OFF,
        workers: 64,
        writes: 100_000,
        at_least: 0.95,
        times: 3,
    },
];

fn memory() -> PathBuf {
    PathBuf::from(":memory:")
}

pub(crate) fn against_bare(bench: &Bench, table: &mut Table) {
    for case in
        CASES.iter().filter(|case| bench.wants(case.what) || (case.what == MEMORY && bench.wants("floor")))
    {
        let path = if case.pragmas.is_empty() { memory() } else { bench.database() };
        let plan = rows::plan(BASE_0, case.writes, case.workers, &rows::at(&path, case.pragmas));
        let decoded = Rows::decode(&plan, &rows::tape(&plan));
        let floors = RefCell::new(Vec::new());
        let pairs = Pairs::measure(
            bench.pairs * case.times,
            || bare::run(&plan, None, &decoded, Sent::Alone).per_second(),
            || {
                let level = product::run(&plan, &bench.folder);
                floors.borrow_mut().push(level.floor_ns as f64);
                level.measured.per_second()
            },
        );
        let detail = pairs.detail("bare", "runner", "/s");
        table.line(case.what, pairs.ratio, Wanted::AtLeast(case.at_least), &detail);
        if case.what == MEMORY {
            let floor = median(&floors.borrow());
            table.line("floor: ns per operation, no database", floor, Wanted::AtMost(150.0), "aim 90");
        }
    }
}

/// Rows that share transactions or statements, and reads.
pub(crate) fn long_form(bench: &Bench, table: &mut Table) {
    const WAL_NORMAL_SET: &[(&str, &str)] = WAL_NORMAL;
    let batch = |set: &[&str]| set.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    // One table alone, so that every INSERT is full.
    let users = ["posts", "tags", "user_posts", "posts_tags"].map(|name| format!("tables.{name}.share=0"));
    let thousand = batch(&["batch_size=1000"]);
    let fifty = [batch(&["batch_size=50", "batch_mode=\"multi_row\""]), users.to_vec()].concat();
    let cases = [
        (
            ":memory:, 1,000 rows a transaction: runner ÷ bare loop",
            BASE_0,
            &[][..],
            300_000,
            thousand.clone(),
            Sent::Together(1_000),
        ),
        (
            "WAL/NORMAL, 1,000 rows a transaction: runner ÷ bare loop",
            BASE_0,
            WAL_NORMAL_SET,
            200_000,
            thousand,
            Sent::Together(1_000),
        ),
        (
            ":memory:, INSERT of 50 rows: runner ÷ bare loop",
            BASE_0,
            &[][..],
            300_000,
            fifty,
            Sent::InOneInsert(50),
        ),
        (":memory:, reads by key: runner ÷ bare loop", READS, &[][..], 300_000, Vec::new(), Sent::Alone),
    ];
    for (what, text, pragmas, total, set, sent) in cases.into_iter().filter(|case| bench.wants(case.0)) {
        let path = if pragmas.is_empty() { memory() } else { bench.database() };
        let plan = rows::plan(text, total, 1, &[rows::at(&path, pragmas), set].concat());
        let loaded = rows::loaded(&plan).map(|tape| Rows::decode(&plan, &tape));
        let decoded = Rows::decode(&plan, &rows::tape(&plan));
        let pairs = Pairs::measure(
            bench.pairs * 3,
            || bare::run(&plan, loaded.as_ref(), &decoded, sent).per_second(),
            || product::run(&plan, &bench.folder).measured.per_second(),
        );
        table.line(
            what,
            pairs.ratio,
            Wanted::AtLeast(0.90),
            &format!("{}; aim 0.95", pairs.detail("bare", "runner", "/s")),
        );
    }
}

/// Whether a long run is slower than a short one, beyond what the database itself becomes slower by as it grows.
pub(crate) fn of_many(bench: &Bench, table: &mut Table) {
    let what = ":memory:, rows/s of 1,000,000 writes ÷ of 100,000";
    if !bench.wants(what) {
        return;
    }
    let plans = [100_000, 1_000_000].map(|writes| rows::plan(BASE_0, writes, 1, &rows::at(&memory(), &[])));
    let run = |plan| product::run(plan, &bench.folder).measured.per_second();
    let pairs = Pairs::measure(bench.pairs, || run(&plans[0]), || run(&plans[1]));
    table.line(what, pairs.ratio, Wanted::AtLeast(0.9), &pairs.detail("short", "long", "/s"));
    let decoded = plans.each_ref().map(|plan| Rows::decode(plan, &rows::tape(plan)));
    let loops = |which: usize| bare::run(&plans[which], None, &decoded[which], Sent::Alone).per_second();
    let bare = Pairs::measure(bench.pairs, || loops(0), || loops(1));
    table.line(
        &format!("{what}, bare loop"),
        bare.ratio,
        Wanted::Nothing,
        &bare.detail("short", "long", "/s"),
    );
    table.line(&format!("{what}, runner ÷ bare"), pairs.ratio / bare.ratio, Wanted::AtLeast(0.9), "");
}

/// What it costs that rows wait for those they refer to. The pairs of the join tables may repeat here, since plain numbers give no warrant
/// that they do not; with less for the database to do, the gate weighs more.
pub(crate) fn gate(bench: &Bench, table: &mut Table) {
    for (what, workers, times) in [
        (":memory:, one worker: with parents' gate ÷ without", 1, 5),
        ("WAL/OFF, 8 workers: with parents' gate ÷ without", 8, 5),
    ] {
        if !bench.wants(what) {
            continue;
        }
        let set = if workers == 1 { rows::at(&memory(), &[]) } else { rows::at(&bench.database(), WAL_OFF) };
        let text: String = BASE_0
            .lines()
            .filter(|line| !line.starts_with("primary_key"))
            .map(|l| format!("{l}\n"))
            .collect();
        let with = rows::plan(&text, 50_000, workers, &set);
        let all = [set, rows::without_parents(&with)].concat();
        let without = rows::plan(&text, 50_000, workers, &all);
        let run = |plan| product::run(plan, &bench.folder).measured.per_second();
        let pairs = Pairs::measure(bench.pairs * times, || run(&without), || run(&with));
        table.line(what, pairs.ratio, Wanted::AtLeast(0.97), &pairs.detail("without", "with", "/s"));
    }
}
