//! What the terminal shows, from fixed results.

use super::*;
use crate::measure::{ArrivalMeasurement, BatchMeasurement, PoolMeasurement, RetryMeasurement};
use crate::result::testing::*;

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_result_is_drawn_with_its_levels_tables_and_notes() {
    let drawn = table(
        &finished(),
        TableOptions { path: Some(Path::new("results/base-0.json")), ..Default::default() },
    );
    let lines = lines(&drawn);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(lines[0], "base-0 · write · 2026-11-21T10:00:00Z");
    assert_eq!(
        lines[1],
        "sqlite 3.50.4 · db/base-0.db · journal_mode delete · busy_timeout 5000 ms · ext4, one sync 900 µs"
    );
    assert_eq!(lines[2], "acknowledged = survives a loss of power, as far as the settings promise");
    assert_eq!(lines[3], "Linux 6.1 · runner 0.1.0 (release)");
    assert_eq!(
        words(lines[5]),
        "workers written errors writes/s avg p50 p95 p99 max duration per worker memory"
    );
    assert_eq!(words(lines[7]), "1 2 0 500 2.00 ms 1.00 ms 3.00 ms 3.00 ms 3.00 ms 4.00 ms 2 –");
    assert!(drawn.contains("p99 with workers"));
    assert!(drawn.contains("✓ verified: Every acknowledged row is there, and no other"));
    assert!(drawn.ends_with("\nresults/base-0.json\n"));
}

#[test]
fn no_line_is_wider_than_asked_and_the_main_columns_stay() {
    let mut result = begun();
    for workers in [1, 2, 4, 8, 16, 32, 64, 128] {
        let latencies: Vec<u64> = (0..2_000).map(|i| 17_300 + i * i * 900).collect();
        let mut measured = level(workers, &latencies, 12_345);
        measured.duration_ns = 291_000_000_000;
        measured.workers[0].succeeded = 13_211;
        result.add_level(&plan(), &measured, verified(1_000), 1);
    }
    for width in [60, 80, 100, 120] {
        let drawn = table(&result.document, TableOptions { width, ..Default::default() });
        let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}\n{drawn}");
        assert!(drawn.contains("written") && drawn.contains("writes/s") && drawn.contains("p99"));
    }
    let drawn = table(&result.document, TableOptions { width: 100, ..Default::default() });
    assert!(drawn.contains("per worker") && drawn.contains("4m 51s"), "{drawn}");
    let narrow = table(&result.document, TableOptions { width: 60, ..Default::default() });
    let line = narrow.lines().find(|line| line.starts_with("left out for width: ")).unwrap();
    assert!(line.contains("per worker") && !line.contains("p99"), "{narrow}");
    let wide = table(&result.document, TableOptions { width: 160, ..Default::default() });
    assert!(!wide.contains("left out"), "{wide}");
}

#[test]
fn an_invalid_level_is_marked_and_explained() {
    let mut result = begun();
    let mut measured = level(2, &[1_000_000, 2_000_000], 0);
    measured.complete = false;
    result.add_level(&plan(), &measured, verified(2), 1);
    let drawn = table(&result.document, TableOptions::default());
    assert!(drawn.lines().any(|line| line.trim_start().starts_with("! 2 ")), "{drawn}");
    assert!(drawn.contains("! interrupted: The level was cut short after 2 of 2 writes."));
}

#[test]
fn a_level_without_a_single_write_shows_dashes() {
    let mut result = begun();
    result.add_level(&plan(), &level(2, &[], 100), verified(0), 1);
    let drawn = table(&result.document, TableOptions::default());
    assert!(drawn.contains('–'));
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
}

#[test]
fn colours_appear_only_when_asked_for() {
    let plain = table(&finished(), TableOptions::default());
    let colored = table(&finished(), TableOptions { color: true, ..Default::default() });
    assert!(!plain.contains('\x1b'));
    assert!(colored.contains("\x1b[32m✓ verified\x1b[0m: Every"));
}

/// Four workloads: reads and writes in iterations, an open loop, a pool with retries, batches; and targets.
fn long_form() -> RunResult {
    let mut plan = plan();
    plan.operations[0].kind = crate::plan::Kind::Get { table: 0 };
    let names = ["append", "steady", "pooled", "batched"];
    plan.workloads =
        names.map(|name| crate::plan::Workload { name: name.to_owned(), ..plan.workloads[0].clone() }).into();
    plan.workloads[0].iterations = 2;
    let target = |operation: Option<&str>, metric: &str, max, min| crate::plan::Target {
        workload: None,
        operation: operation.map(str::to_owned),
        concurrency: Some(8),
        variant: None,
        vars: Vec::new(),
        metric: metric.to_owned(),
        max,
        min,
        span: None,
    };
    plan.targets = vec![
        target(None, "latency.avg", Some(5.0), None),
        target(Some("users"), "latency.p999", Some(5.0), None),
        target(None, "throughput", None, Some(460_000.0)),
    ];
    let mut result = begun();
    let latencies: Vec<u64> = (0..2_000).map(|i| 17_300 + i * i).collect();
    for (name, workers, iteration) in [
        ("append", 1, 1),
        ("append", 1, 2),
        ("append", 8, 1),
        ("append", 8, 2),
        ("steady", 8, 1),
        ("pooled", 8, 1),
        ("batched", 8, 1),
    ] {
        let mut measured = level(workers, &latencies, 3);
        measured.workload = name.to_owned();
        measured.iteration = iteration;
        measured.duration_ns = 4_000_000 + u64::from(iteration) * 300_000;
        let summed = measured.operations[0].succeeded.clone();
        match name {
            "steady" => {
                measured.arrivals = Some(ArrivalMeasurement {
                    due: 2_500,
                    not_started: 497,
                    backlog_max: 497,
                    backlog: vec![497],
                    service: summed,
                });
            }
            "pooled" => {
                measured.pool = Some(PoolMeasurement {
                    checkouts: summed,
                    timeouts: 2,
                    open_max: 4,
                    ..PoolMeasurement::default()
                });
                measured.retries =
                    Some(RetryMeasurement { attempts: 41, succeeded: 12, gave_up: 3, delay_ns: 5_000 });
            }
            "batched" => {
                measured.batches = Some(BatchMeasurement {
                    latencies: summed,
                    size_min: 10,
                    size_max: 100,
                    ..BatchMeasurement::default()
                });
            }
            _ => {}
        }
        result.add_level(&plan, &measured, verified(1_000), 1);
    }
    result.finish(&plan, crate::result::Status::Completed, None);
    result.document
}

#[test]
fn workloads_have_a_table_each_with_the_columns_that_they_need() {
    let result = long_form();
    for width in [80, 100, 120] {
        let drawn = table(&result, TableOptions { width, ..Default::default() });
        let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}\n{drawn}");
    }
    let drawn = table(&result, TableOptions { width: 120, ..Default::default() });
    let plain: Vec<String> =
        drawn.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let after = |title: &str| plain[plain.iter().position(|line| line == title).unwrap() + 1].clone();
    assert!(
        after("append · 2 iterations")
            .starts_with("workers succeeded errors median ops/s 95 % interval cv avg")
    );
    let open = after("steady");
    assert!(open.contains("asked/s achieved/s") && open.contains("service p99 backlog"), "{open}");
    assert!(after("pooled").contains("checkout p99 retries"));
    assert!(after("batched").contains("batch p99"));
    assert!(drawn.contains("operation  workers  count  errors  success"));
}

#[test]
fn targets_are_told_in_words_with_the_reason() {
    let drawn = table(&long_form(), TableOptions { width: 120, ..Default::default() });
    let plain: Vec<String> =
        drawn.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(
        plain.iter().any(|line| line.starts_with("latency.avg append 8 1.35 ms ≤ 5.00 ms ✓ pass")),
        "{drawn}"
    );
    assert!(
        plain.iter().any(|line| line.contains("latency.p999 of users") && line.ends_with("? not judged"))
    );
    assert!(plain.iter().any(|line| line.starts_with("throughput append 8") && line.ends_with("✗ FAIL")));
    assert!(drawn.contains("▲ target failed: throughput in append with 8 workers is"), "{drawn}");
    assert!(
        drawn.contains(
            "▲ target not judged: latency.p999 of users in append with 8 workers: 2,000 samples are too few"
        ),
        "{drawn}"
    );
}

#[test]
fn markdown_and_csv_tell_the_same() {
    let result = long_form();
    let drawn = crate::report::markdown(&result);
    for part in drawn.split("\n\n").filter(|part| part.starts_with('|')) {
        let cells: Vec<usize> = part.lines().map(|line| line.matches('|').count()).collect();
        assert!(cells.windows(2).all(|pair| pair[0] == pair[1]), "{part}");
    }
    assert!(
        drawn.contains("## steady")
            && drawn.contains("### Operations of pooled")
            && drawn.contains("## Targets")
    );
    assert!(drawn.contains("✗ FAIL"));
    let text = crate::report::csv(&result);
    let whole = text.lines().find(|line| line.contains(",append,8,*,")).unwrap();
    assert!(whole.contains(",latency.avg=pass throughput=FAIL,"), "{whole}");
    let users = text.lines().find(|line| line.contains(",append,8,users,")).unwrap();
    assert!(users.contains(",latency.p999=invalid,"), "{users}");
}

#[test]
fn cases_are_told_apart_by_what_varies() {
    let result = crate::result::testing::experiment();
    let drawn = table(&result, TableOptions { width: 120, ..Default::default() });
    let plain: Vec<String> =
        drawn.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let header = plain.iter().position(|line| line.starts_with("variant file_size workers")).unwrap();
    assert!(
        plain[header].contains("errors failed median writes/s 95 % interval cv MB/s"),
        "{}",
        plain[header]
    );
    assert!(plain[header + 2].starts_with("base 1MB 1 0 0 100 90.9–111 10.1 % 50.0 "), "{drawn}");
    assert!(plain[header + 5].starts_with("wal 2MB ! 1 0 3 of 3 – – – – – – 256 MiB"), "{drawn}");
    assert!(plain[1].contains("limited to 256 MiB of memory"), "{drawn}");
    assert!(
        drawn.contains("! no-figures: In wal, file_size 2MB with 1 worker: All 3 iterations failed"),
        "{drawn}"
    );
    for width in [80, 100, 120] {
        let drawn = table(&result, TableOptions { width, ..Default::default() });
        let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}\n{drawn}");
    }
}

#[test]
fn markdown_tells_cases_apart_too() {
    let drawn = crate::report::markdown(&crate::result::testing::experiment());
    assert!(drawn.contains("| variant | file_size | workers |"), "{drawn}");
    assert!(drawn.contains("| operation | variant | file_size | workers | count |"), "{drawn}");
    for part in drawn.split("\n\n").filter(|part| part.starts_with('|')) {
        let cells: Vec<usize> = part.lines().map(|line| line.matches('|').count()).collect();
        assert!(cells.windows(2).all(|pair| pair[0] == pair[1]), "{part}");
    }
}

/// The line about the database of a result against an engine other than SQLite.
fn setting_of(name: &str, storage: &str, settings: &[(&str, &str)]) -> String {
    let mut result = finished();
    let engine = &mut result.engine;
    (engine.name, engine.version, engine.storage) = (name.to_owned(), "1.2".to_owned(), storage.to_owned());
    (engine.path, engine.busy_timeout_ms) = (None, None);
    engine.settings =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    result.scenario.effective = serde_json::json!({ "database": { "settings": { "work_mem": "64MB" } } });
    table(&result, TableOptions { width: 200, ..Default::default() }).lines().nth(1).unwrap().to_owned()
}

#[test]
fn other_engines_are_told_with_what_decides_their_speed() {
    let server = [
        ("server", "db:5432/bench"),
        ("wal_level", "replica"),
        ("synchronous_commit", "off"),
        ("fsync", "on"),
        ("work_mem", "64MB"),
    ];
    assert_eq!(
        setting_of("postgres", "server", &server),
        "postgres 1.2 · db:5432/bench · synchronous_commit off · fsync on · work_mem 64MB"
    );
    let buffer = [("threshold", "10000"), ("flush_timeout", "none"), ("persister", "none")];
    assert_eq!(
        setting_of("memtable", "buffer", &buffer),
        "memtable 1.2 · buffer · threshold 10000 · flush_timeout none · persister none"
    );
}

#[test]
fn cases_that_do_not_promise_the_same_have_a_column_for_it() {
    let mut result = finished();
    result.configurations[1].durability = Some(crate::result::Durability::Memory);
    let drawn = table(&result, TableOptions { width: 200, ..Default::default() });
    assert!(
        drawn.contains(
            "acknowledged = survives a loss of power, as far as the settings promise; not the same in all"
        ),
        "{drawn}"
    );
    assert!(drawn.contains("survives power loss") && drawn.contains("in memory"), "{drawn}");
}

#[test]
fn lost_answers_have_a_column_where_there_were_any() {
    let mut result = finished();
    assert!(!table(&result, TableOptions::default()).contains("unknown"));
    result.configurations[0].unknown = 3;
    result.configurations[0].unknown_outcomes = vec![crate::result::ErrorFigures {
        code: "08006".to_owned(),
        operation: "users".to_owned(),
        count: 3,
        sample: "the connection was lost".to_owned(),
    }];
    let drawn = table(&result, TableOptions::default());
    let header = drawn.lines().find(|line| line.contains("written")).unwrap();
    let words: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(words[..4], ["workers", "written", "errors", "unknown"]);
    assert!(
        drawn.contains("▲ 08006, outcome unknown: 3 of users with 1 worker: the connection was lost"),
        "{drawn}"
    );
}

#[test]
fn latencies_of_repeated_levels_are_said_to_be_of_all_iterations() {
    let words = "atencies of all iterations together";
    let drawn = |result: &RunResult| table(result, TableOptions::default());
    assert_eq!(drawn(&experiment()).matches(words).count(), 1);
    assert_eq!(crate::report::markdown(&experiment()).matches(words).count(), 1);
    assert!(!drawn(&finished()).contains(words) && !crate::report::markdown(&finished()).contains(words));
}
