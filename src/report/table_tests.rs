//! What the terminal shows, from fixed results.

use super::*;
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
    assert_eq!(lines[2], "Linux 6.1 · runner 0.1.0 (release)");
    assert_eq!(
        words(lines[4]),
        "workers written errors writes/s avg p50 p95 p99 max duration per worker memory"
    );
    assert_eq!(words(lines[6]), "1 2 0 500 2.00 ms 1.00 ms 3.00 ms 3.00 ms 3.00 ms 4.00 ms 2 –");
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
        result.add_level(&plan(), &measured, verified(1_000));
    }
    for width in [60, 80, 100, 120] {
        let drawn = table(&result.document, TableOptions { width, ..Default::default() });
        let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}\n{drawn}");
        assert!(drawn.contains("written") && drawn.contains("writes/s") && drawn.contains("p99"));
    }
    let drawn = table(&result.document, TableOptions { width: 100, ..Default::default() });
    assert!(drawn.contains("per worker") && drawn.contains("4m 51s"), "{drawn}");
}

#[test]
fn an_invalid_level_is_marked_and_explained() {
    let mut result = begun();
    let mut measured = level(2, &[1_000_000, 2_000_000], 0);
    measured.complete = false;
    result.add_level(&plan(), &measured, verified(2));
    let drawn = table(&result.document, TableOptions::default());
    assert!(drawn.lines().any(|line| line.trim_start().starts_with("! 2 ")), "{drawn}");
    assert!(drawn.contains("! interrupted: The level was cut short after 2 of 2 writes."));
}

#[test]
fn a_level_without_a_single_write_shows_dashes() {
    let mut result = begun();
    result.add_level(&plan(), &level(2, &[], 100), verified(0));
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
