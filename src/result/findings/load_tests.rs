//! Findings appear where the figures say so, and only there.

use super::super::super::model::{
    ArrivalFigures, BatchFigures, CheckpointFigures, LatencyMs, PoolFigures, RetryFigures,
    StatementCacheFigures, TimesFigures,
};
use super::super::super::testing::*;
use super::super::find;
use super::*;

/// The codes found when a sound level is changed.
fn found(change: impl FnOnce(&mut RunResult, &mut Configuration)) -> Vec<String> {
    let mut result = finished();
    let mut level = result.configurations.remove(1);
    result.configurations.clear();
    change(&mut result, &mut level);
    result.configurations.push(level);
    find(&result).into_iter().map(|finding| finding.code).collect()
}

fn times(p50: f64, max: f64) -> Option<LatencyMs> {
    Some(LatencyMs { p50, max, ..LatencyMs::default() })
}

#[test]
fn a_sound_level_gives_no_finding() {
    assert_eq!(found(|_, _| {}), Vec::<String>::new());
}

#[test]
fn a_backlog_is_told_where_operations_were_left_over() {
    let arrivals = |achieved, not_started| ArrivalFigures {
        asked_rate: 2_000.0,
        achieved_rate: achieved,
        due: 20_000,
        not_started,
        backlog_max: 100,
        service_histogram: None,
    };
    let with = |achieved, left| found(|_, level| level.arrivals = Some(arrivals(achieved, left)));
    assert_eq!(with(1_500.0, 5_000), ["backlog-grew"]);
    assert_eq!(with(1_800.0, 0), ["backlog-grew"], "worked off late");
    assert!(with(1_999.0, 100).is_empty(), "a stall that was worked off");
    let mut result = finished();
    result.configurations[0].arrivals = Some(arrivals(1_500.0, 5_000));
    let sentence = &find(&result)[0].sentence;
    assert!(sentence.contains("with 1 worker, 2,000 per second were asked for and 1,500"), "{sentence}");
}

#[test]
fn checkpoints_are_told_where_the_slowest_operation_took_as_long() {
    let checkpoints = |longest_ms, share| CheckpointFigures {
        count: 4,
        pages: 4_000,
        total_ms: 4.0 * longest_ms,
        longest_ms,
        share,
        list: Vec::new(),
    };
    let with = |longest, share| {
        found(|_, level| {
            level.overall.latency_ms = times(1.0, 100.0);
            level.checkpoints = Some(checkpoints(longest, share));
        })
    };
    assert_eq!(with(90.0, 0.05), ["checkpoint-stalls"]);
    assert!(with(40.0, 0.05).is_empty(), "something else took longer");
    assert!(with(90.0, 0.001).is_empty(), "too rare to matter");
}

#[test]
fn waiting_for_locks_is_told_above_one_half() {
    let with = |waiting_share| {
        found(|_, level| {
            level.times = Some(TimesFigures {
                operations: 10,
                waiting_ms: 1.0,
                executing_ms: 1.0,
                committing_ms: 1.0,
                waiting_share,
                executing_share: 0.1,
                committing_share: 0.1,
            });
        })
    };
    assert_eq!(with(0.8), ["mostly-waiting"]);
    assert!(with(0.5).is_empty());
}

#[test]
fn a_pool_is_told_where_the_wait_exceeds_the_work() {
    let with = |wait: f64, timeouts| {
        found(|_, level| {
            level.overall.latency_ms = times(10.0, 20.0);
            level.pool = Some(PoolFigures {
                checkout_ms: times(wait, wait),
                checkouts: 10,
                timeouts,
                opened: 2,
                closed: 0,
                open_max: 2,
                failed: 0,
                histogram: None,
            });
        })
    };
    assert_eq!(with(6.0, 0), ["pool-too-small"]);
    assert!(with(4.0, 0).is_empty());
    assert_eq!(with(0.1, 1), ["pool-too-small"]);
}

#[test]
fn a_statement_cache_is_told_unless_it_is_meant_to_be_off() {
    let with = |size: u64, misses| {
        found(|result, level| {
            result.scenario.effective = serde_json::json!({ "database": { "statement_cache": size } });
            let hit_rate = 1.0 - misses as f64 / 1_000.0;
            level.statement_cache = Some(StatementCacheFigures { hits: 1_000 - misses, misses, hit_rate });
        })
    };
    assert_eq!(with(2, 300), ["statement-cache-misses"]);
    assert!(with(2, 150).is_empty());
    assert!(with(0, 1_000).is_empty());
}

#[test]
fn an_operation_that_never_succeeds_is_told_unless_it_only_waited() {
    let with = |code: &str, count| {
        found(|_, level| {
            let (name, figures) = level.operations.first_mut().expect("a level has operations");
            (figures.count, figures.errors) = (count, 5);
            let (operation, sample) = (name.clone(), "no".to_owned());
            level.errors = vec![super::super::super::model::ErrorFigures {
                code: code.to_owned(),
                operation,
                count: 5,
                sample,
            }];
        })
    };
    assert!(with("SQLITE_CONSTRAINT_PRIMARYKEY", 0).contains(&"never-succeeds".to_owned()));
    assert!(!with("SQLITE_CONSTRAINT_PRIMARYKEY", 1).contains(&"never-succeeds".to_owned()));
    assert!(!with("SQLITE_BUSY", 0).contains(&"never-succeeds".to_owned()));
}

#[test]
fn retries_are_told_where_one_in_a_hundred_gives_up() {
    let with = |gave_up| {
        found(|_, level| {
            level.attempted = 1_000;
            level.retries = Some(RetryFigures { attempts: 30, succeeded: 5, gave_up, delay_ms: 1.0 });
        })
    };
    assert_eq!(with(10), ["retries-give-up"]);
    assert!(with(9).is_empty());
}

#[test]
fn batches_are_told_where_most_workers_settled_at_the_least_size() {
    let with = |settled: &[u64]| {
        found(|_, level| {
            level.batches = Some(BatchFigures {
                count: 10,
                failed: 5,
                unknown: 0,
                latency_ms: times(1.0, 2.0),
                size_min: 10,
                size_max: 100,
                allowed_min: Some(10),
                allowed_max: Some(100),
                settled_sizes: settled.to_vec(),
                histogram: None,
            });
        })
    };
    assert_eq!(with(&[10, 50]), ["smallest-batches"]);
    assert!(with(&[10, 50, 100]).is_empty());
    assert!(with(&[]).is_empty());
}

#[test]
fn a_finding_names_the_workload_where_there_are_several() {
    let mut result = finished();
    result.configurations[1].workload = "steady".to_owned();
    result.configurations[1].retries =
        Some(RetryFigures { attempts: 30, succeeded: 5, gave_up: 4, delay_ms: 1.0 });
    let finding = find(&result).remove(0);
    assert!(finding.sentence.contains("in steady with 2 workers"), "{}", finding.sentence);
    assert_eq!((finding.levels, finding.workloads), (vec![2], vec!["steady".to_owned()]));
}
