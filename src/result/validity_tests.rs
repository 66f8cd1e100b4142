//! Doubts, one by one.

use super::super::model::{BatchFigures, LatencyMs, ResetFigures};
use super::super::testing::*;
use super::*;

fn codes(level: &Configuration, circumstances: &Circumstances) -> Vec<String> {
    assess(level, circumstances).doubts.into_iter().map(|doubt| doubt.code).collect()
}

fn calm() -> (Configuration, Circumstances) {
    let mut level = finished().configurations.remove(0);
    level.succeeded = 100_000;
    level.iterations.push(level.iterations[0].clone());
    (level, Circumstances { clock_resolution_ns: 30, ..Circumstances::default() })
}

#[test]
fn a_level_without_a_flaw_has_no_doubts() {
    let (level, circumstances) = calm();
    let validity = assess(&level, &circumstances);
    assert!(validity.valid && validity.doubts.is_empty(), "{validity:?}");
}

#[test]
fn circumstances_of_the_run_cast_doubt_on_every_level() {
    let (level, circumstances) = calm();
    let cases = [
        ("debug-build", true, Circumstances { debug_build: true, ..circumstances.clone() }),
        ("profiled", true, Circumstances { profiled: true, ..circumstances.clone() }),
        ("quick-run", false, Circumstances { quick: true, ..circumstances.clone() }),
        ("timer-bound", true, Circumstances { clock_resolution_ns: 1_000_000, ..circumstances.clone() }),
        (
            "memory-file-system",
            false,
            Circumstances { memory_file_system: Some("tmpfs".to_owned()), ..circumstances.clone() },
        ),
        (
            "test-delay",
            true,
            Circumstances { test_delay: Some("slow:5".to_owned()), ..circumstances.clone() },
        ),
        (
            "settings-not-read-back",
            true,
            Circumstances { unconfirmed_settings: vec!["journal_mode".to_owned()], ..circumstances },
        ),
    ];
    for (code, invalidating, circumstances) in cases {
        assert_eq!(codes(&level, &circumstances), [code]);
        assert_eq!(assess(&level, &circumstances).valid, !invalidating, "{code}");
    }
}

#[test]
fn figures_of_a_level_cast_doubt_on_it() {
    let (calm, circumstances) = calm();
    let check = |code: &str, valid: bool, change: &dyn Fn(&mut Configuration)| {
        let mut level = calm.clone();
        change(&mut level);
        assert_eq!(codes(&level, &circumstances), [code]);
        assert_eq!(assess(&level, &circumstances).valid, valid, "{code}");
    };
    check("interrupted", false, &|level| level.complete = false);
    check("used-up", true, &|level| level.used_up = Some(true));
    check("too-few-samples", true, &|level| level.succeeded = 999);
    let mut single = calm.clone();
    single.succeeded = 1;
    let doubts = assess(&single, &circumstances).doubts;
    assert!(doubts[0].sentence.starts_with("1 acknowledged write is too few"), "{}", doubts[0].sentence);
    check("one-iteration", true, &|level| level.iterations.truncate(1));
    check("failed-iterations", true, &|level| level.iterations_failed = 1);
    check("no-figures", false, &|level| level.iterations.clear());
    check("other-load", true, &|level| level.resources.other_load = Some(3.0));
    check("no-contention-measured", true, &|level| {
        level.reset = Some(ResetFigures { total_ms: 8.0, avg_ms: Some(2.0) });
    });
    check("verification-failed", false, &|level| level.verification.status = VerificationStatus::Failed);
    check("verification-impossible", false, &|level| {
        level.verification.status = VerificationStatus::Impossible;
    });
    check("not-verified", true, &|level| level.verification.status = VerificationStatus::NotVerified);
}

#[test]
fn batches_and_open_loops_are_timed_by_what_the_clock_stands_around() {
    let (mut level, circumstances) = calm();
    level.overall.latency_ms.as_mut().unwrap().p50 = 0.000_2;
    assert_eq!(codes(&level, &circumstances), ["timer-bound"]);
    let mut batched = level.clone();
    batched.batches = Some(BatchFigures {
        count: 1,
        failed: 0,
        unknown: 0,
        latency_ms: Some(LatencyMs { p50: 0.2, ..LatencyMs::default() }),
        size_min: 1_000,
        size_max: 1_000,
        allowed_min: None,
        allowed_max: None,
        settled_sizes: Vec::new(),
        histogram: None,
    });
    assert!(codes(&batched, &circumstances).is_empty());
    level.overall.latency_ms.as_mut().unwrap().p50 = 100.0;
    level.overall.service_ms = Some(LatencyMs { p50: 0.000_2, ..LatencyMs::default() });
    assert_eq!(codes(&level, &circumstances), ["timer-bound"]);
}

#[test]
fn drift_is_looked_for_within_each_iteration() {
    let (mut level, circumstances) = calm();
    let of = |iteration: u32, rate: u64| {
        (0..7).map(move |second| SecondFigures {
            second,
            iteration: Some(iteration),
            operations: rate,
            ..SecondFigures::default()
        })
    };
    level.time_series = of(1, 100).chain(of(2, 50)).collect();
    assert!(codes(&level, &circumstances).is_empty(), "each by itself is steady");
    level.time_series[12].operations = 5;
    level.time_series[11].operations = 5;
    assert_eq!(codes(&level, &circumstances), ["drift"]);
}

#[test]
fn drift_needs_six_whole_seconds_and_a_fifth() {
    let (mut level, circumstances) = calm();
    let series = |counts: &[u64]| -> Vec<SecondFigures> {
        let seconds = (0u64..).zip(counts);
        seconds
            .map(|(second, operations)| SecondFigures {
                second,
                operations: *operations,
                ..SecondFigures::default()
            })
            .collect()
    };
    level.time_series = series(&[100, 100, 90, 90, 75, 75, 1]);
    assert_eq!(codes(&level, &circumstances), ["drift"]);
    level.time_series = series(&[100, 100, 90, 90, 85, 85, 1]);
    assert!(codes(&level, &circumstances).is_empty());
    level.time_series = series(&[100, 90, 50, 40, 30, 1]);
    assert!(codes(&level, &circumstances).is_empty());
}
