//! What a chart looks like, to the character.

use super::*;
use crate::result::testing::{experiment, finished};

const PLAIN: Paint = Paint { color: false };

/// Levels with these variants, workers and throughputs.
fn levels(of: &[(&str, u32, f64)]) -> Vec<Configuration> {
    let first = finished().configurations.remove(0);
    let level = |&(variant, concurrency, throughput): &(&str, u32, f64)| {
        let mut level = first.clone();
        (level.variant, level.concurrency) = (variant.to_owned(), concurrency);
        level.overall.throughput = throughput;
        level
    };
    of.iter().map(level).collect()
}

fn drawn(levels: &[Configuration], width: usize) -> Option<String> {
    chart(&levels.iter().collect::<Vec<_>>(), width, PLAIN)
}

#[test]
fn each_level_has_a_bar_on_one_scale_from_nothing() {
    let levels =
        levels(&[("base", 1, 1_000.0), ("base", 2, 1_900.0), ("base", 16, 2_000.0), ("base", 128, 10.0)]);
    let wanted = "\
workers  writes/s
      1     1,000  ████████████████████████
      2     1,900  █████████████████████████████████████████████▋
     16     2,000  ████████████████████████████████████████████████
    128      10.0  ▎
";
    assert_eq!(drawn(&levels, 100).unwrap(), wanted);
}

#[test]
fn bars_are_shorter_in_a_narrow_line_and_none_is_wider_than_it() {
    let levels = levels(&[("base", 1, 1_000.0), ("base", 2, 2_000.0)]);
    for width in [60, 61, 70, 100, 200] {
        let text = drawn(&levels, width).unwrap();
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert_eq!(widest, width.min(7 + 2 + 8 + 2 + 48), "{text}");
    }
    assert_eq!(drawn(&levels, 59), None);
}

#[test]
fn variants_stand_in_groups_that_are_named_once() {
    let levels = levels(&[
        ("base", 1, 500.0),
        ("base", 2, 1_000.0),
        ("wal-normal", 1, 1_500.0),
        ("wal-normal", 2, 2_000.0),
    ]);
    let wanted = "\
variant     workers  writes/s
base              1       500  ███████▎
                  2     1,000  ██████████████▌
wal-normal        1     1,500  █████████████████████▊
                  2     2,000  █████████████████████████████
";
    assert_eq!(drawn(&levels, 60).unwrap(), wanted);
}

#[test]
fn cases_of_one_level_are_bars_of_their_own_and_payload_is_told_in_bytes() {
    let wanted = "\
variant  file_size  MB/s
base     1MB        50.0  ████████████████████████
         2MB        50.0  ████████████████████████
wal      1MB         100  ████████████████████████████████████████████████
         2MB           –
";
    assert_eq!(drawn(&experiment().configurations, 100).unwrap(), wanted);
}

#[test]
fn a_level_that_should_not_be_believed_is_marked_and_hatched() {
    let mut levels = levels(&[("base", 1, 1_000.0), ("base", 2, 2_000.0)]);
    levels[1].validity.valid = false;
    let text = drawn(&levels, 60).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("      1     1,000  ███"), "{text}");
    assert!(lines[2].starts_with("      2   ! 2,000  ░░░") && !lines[2].contains('█'), "{text}");
}

#[test]
fn one_level_and_levels_without_figures_have_no_chart() {
    assert_eq!(drawn(&levels(&[("base", 1, 1_000.0)]), 100), None);
    assert_eq!(drawn(&levels(&[("base", 1, 0.0), ("base", 2, 0.0)]), 100), None);
}

#[test]
fn of_many_cases_the_first_and_the_fastest_are_drawn_and_the_others_counted() {
    let names: Vec<String> = (0..30).map(|case| format!("v{case}")).collect();
    let of: Vec<(&str, u32, f64)> =
        names.iter().zip(0..).map(|(name, case)| (name.as_str(), 1, 100.0 + f64::from(case))).collect();
    let text = drawn(&levels(&of), 100).unwrap();
    assert_eq!(text.lines().count(), 1 + MOST_ROWS + 1, "{text}");
    assert!(text.contains("\nv0 ") && !text.contains("\nv1 ") && text.contains("\nv29 "), "{text}");
    assert!(
        text.ends_with("\nthe first case and the fastest are drawn; 6 others stand in the table alone\n"),
        "{text}"
    );
}

#[test]
fn of_very_many_levels_some_are_passed_over_and_counted() {
    let of: Vec<(&str, u32, f64)> = (1..=50).map(|workers| ("base", workers, f64::from(workers))).collect();
    let text = drawn(&levels(&of), 100).unwrap();
    assert!(text.lines().count() <= 2 + MOST_ROWS, "{text}");
    assert!(text.ends_with(" levels stand in the table alone\n"), "{text}");
}

#[test]
fn a_chart_has_colours_only_when_asked_for() {
    let levels = levels(&[("base", 1, 1_000.0), ("base", 2, 2_000.0)]);
    assert!(!drawn(&levels, 60).unwrap().contains('\x1b'));
    let colored = chart(&levels.iter().collect::<Vec<_>>(), 60, Paint { color: true }).unwrap();
    assert!(colored.contains("\x1b[36m█"), "{colored}");
}
