//! What rows cost before the first is written: the tape against direct calls of `fake`, templates, and bytes.

use std::hint::black_box;
use std::time::Instant;

use fake::Fake;
use fake::faker::lorem::en::{Paragraph, Sentence};
use jiff::Timestamp;
use runner::plan::Plan;
use runner::template::Draw;

use crate::Bench;
use crate::rows::{self, BASE_0, Rows};
use crate::table::{Pairs, Table, Wanted, median, thousands};

const ROWS: u64 = 50_000;

/// One column whose value has text around its expressions.
const TEXT_AROUND: &str = r#"
language = 1
total_writes = 1
concurrency = [1]
[database]
path = ":memory:"
[tables.notes]
share = 1
[tables.notes.columns]
note = { type = "TEXT NOT NULL", value = '{{ name() }} <{{ email() }}> wrote {{ int(1, 500) }} lines on {{ date("2024-01-01", "2025-12-31") }}' }
"#;

pub(crate) fn all(bench: &Bench, table: &mut Table) {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    against_fake(bench, table, &one);
    template(bench, table, &one);
    generation(bench, table);
}

fn nanos_per_row(rows: u64, make: impl FnOnce()) -> f64 {
    let start = Instant::now();
    make();
    start.elapsed().as_nanos() as f64 / rows as f64
}

fn make(plan: &Plan, pool: &rayon::ThreadPool) -> f64 {
    nanos_per_row(plan.workloads[0].planned(), || {
        black_box(pool.install(|| rows::tape(plan)));
    })
}

fn against_fake(bench: &Bench, table: &mut Table, one: &rayon::ThreadPool) {
    let what = "a row of posts, one thread: tape ÷ direct calls of fake";
    if !bench.wants(what) {
        return;
    }
    let shares = [("users", "0.000001"), ("tags", "0"), ("user_posts", "0"), ("posts_tags", "0")];
    let set = shares.map(|(name, share)| format!("tables.{name}.share={share}"));
    let plan = rows::plan(BASE_0, ROWS, 1, &set);
    let pairs =
        Pairs::measure(bench.pairs * 3, || nanos_per_row(ROWS, || directly(ROWS)), || make(&plan, one));
    table.line(
        what,
        pairs.ratio,
        Wanted::AtMost(1.1),
        &format!("{}; aim 0.3", pairs.detail("fake", "tape", " ns")),
    );
}

/// The values of base-0's posts, from the same source of random numbers.
fn directly(rows: u64) {
    let seconds = |text: &str| text.parse::<Timestamp>().expect("a time").as_second();
    let (from, to) = (seconds("2024-01-01T00:00:00Z"), seconds("2025-12-31T23:59:59Z"));
    let mut draw = Draw::new(42);
    for id in 1..=rows {
        let user: u64 = (1..1_000u64).fake_with_rng(&mut draw);
        let title: String = Sentence(4..9).fake_with_rng(&mut draw);
        let body: String = Paragraph(3..6).fake_with_rng(&mut draw);
        let second: i64 = (from..to + 1).fake_with_rng(&mut draw);
        let created_at = Timestamp::from_second(second).expect("within range").to_string();
        black_box((id, user, title, body, created_at));
    }
}

fn template(bench: &Bench, table: &mut Table, one: &rayon::ThreadPool) {
    let what = "a template with text around four expressions: ns";
    if !bench.wants(what) {
        return;
    }
    let plan = rows::plan(TEXT_AROUND, ROWS, 1, &[]);
    let times: Vec<f64> = (0..bench.pairs).map(|_| make(&plan, one)).collect();
    table.line(what, median(&times), Wanted::AtMost(2_000.0), "its row of the tape included");
}

fn generation(bench: &Bench, table: &mut Table) {
    let (speed, bytes) =
        ("the tape of base-0, all processors: rows/s", "the tape of base-0: bytes a row beyond payload");
    if !bench.wants(speed) && !bench.wants(bytes) {
        return;
    }
    let plan = rows::plan(BASE_0, 200_000, 1, &[]);
    let times: Vec<f64> = (0..bench.pairs)
        .map(|_| {
            nanos_per_row(plan.workloads[0].planned(), || {
                black_box(rows::tape(&plan));
            })
        })
        .collect();
    table.line(
        speed,
        1e9 / median(&times),
        Wanted::Nothing,
        &format!("{} threads", rayon::current_num_threads()),
    );
    let tape = rows::tape(&plan);
    let payload = Rows::decode(&plan, &tape).payload;
    let row = |bytes: u64| bytes as f64 / tape.len() as f64;
    let detail =
        format!("payload {} bytes a row, tape {}", thousands(row(payload)), thousands(row(tape.bytes())));
    table.line(bytes, row(tape.bytes()) - row(payload), Wanted::AtMost(24.0), &detail);
}
