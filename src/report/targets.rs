//! The table of demands: which figure, what was measured, what is allowed, and the verdict in words.

use super::columns::{dash, percent, sections};
use crate::result::{Configuration, RunResult, TargetStatus, TargetVerdict};
use crate::units::{bytes, count, latency, rate};

/// Header and rows; absent where the scenario demands nothing.
pub(super) fn target_rows(result: &RunResult) -> Option<(Vec<&'static str>, Vec<Vec<String>>)> {
    let several = sections(result).len() > 1;
    let mut header = vec!["target", "workers", "measured", "allowed", "verdict"];
    if several {
        header.insert(1, "workload");
    }
    let cases = result.has_several_cases();
    if cases {
        header.insert(1, "case");
    }
    let rows = result.all_targets().map(|(level, verdict)| {
        let of = verdict.operation.as_ref().map_or(String::new(), |name| format!(" of {name}"));
        let mut row = vec![format!("{}{of}", verdict.metric)];
        if cases {
            row.push(
                level
                    .map(Configuration::case_or_base)
                    .or_else(|| verdict.variant.clone())
                    .unwrap_or_else(dash),
            );
        }
        if several {
            let workload = level.map(|level| level.workload.clone()).or_else(|| verdict.workload.clone());
            row.push(workload.unwrap_or_else(dash));
        }
        let workers = level.map(|level| level.concurrency).or(verdict.concurrency);
        row.push(workers.map_or_else(dash, |workers| workers.to_string()));
        row.push(verdict.measured.map_or_else(dash, |value| in_unit(&verdict.metric, value)));
        row.push(allowed(verdict));
        row.push(word(verdict.status).to_owned());
        row
    });
    let rows: Vec<Vec<String>> = rows.collect();
    (!rows.is_empty()).then_some((header, rows))
}

/// The verdict as a word.
pub(super) fn word(status: TargetStatus) -> &'static str {
    match status {
        TargetStatus::Pass => "✓ pass",
        TargetStatus::Fail => "✗ FAIL",
        TargetStatus::Invalid => "? not judged",
    }
}

fn allowed(verdict: &TargetVerdict) -> String {
    let bound = |sign: &str, value: f64| format!("{sign} {}", in_unit(&verdict.metric, value));
    match (verdict.min, verdict.max) {
        (Some(min), Some(max)) => {
            format!("{} to {}", in_unit(&verdict.metric, min), in_unit(&verdict.metric, max))
        }
        (Some(min), None) => bound("≥", min),
        (None, Some(max)) => bound("≤", max),
        (None, None) => dash(),
    }
}

/// A figure for people.
fn in_unit(metric: &str, value: f64) -> String {
    match metric.split('.').next() {
        _ if metric.ends_with(".cv") => percent(value),
        Some("payload") => format!("{} MB/s", rate(value)),
        Some("latency" | "service" | "batch" | "checkout" | "duration") => latency(value),
        Some("throughput") => format!("{}/s", rate(value)),
        Some("database_bytes" | "wal_bytes" | "peak_memory_bytes") => bytes(value as u64),
        Some("count" | "errors" | "retries" | "backlog") => count(value as u64),
        _ => percent(value),
    }
}
