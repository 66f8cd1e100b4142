//! What the scenario demands of its figures, held against them. Pure: demands and a configuration in, verdicts out.

use serde_json::Value;

use super::model::*;
use super::validity::enough_samples;
use crate::plan::{SAMPLES_BEYOND, Target, per_mille_beyond, same_value};
use crate::units::{count, workers};

/// Verdicts on a configuration, one for each demand that is about it; none for a level that was cut short. `effective` is the scenario
/// after overrides, for variables that no matrix varies.
pub(super) fn judge(targets: &[Target], level: &Configuration, effective: &Value) -> Vec<TargetVerdict> {
    if !level.complete {
        return Vec::new();
    }
    let about = targets.iter().filter(|target| is_about(target, level, effective));
    about.map(|target| judge_one(target, level)).collect()
}

/// Demands that are about none of the configurations, each with its case after overrides: a demand that nothing is measured for is not met.
pub(super) fn unmatched(targets: &[Target], levels: &[(&Configuration, &Value)]) -> Vec<TargetVerdict> {
    let about_none =
        |target: &&Target| !levels.iter().any(|(level, effective)| is_about(target, level, effective));
    let told = |target: &Target| {
        let of = target.operation.as_ref().map_or(String::new(), |name| format!(" of {name}"));
        let within = target.workload.as_ref().map_or(String::new(), |name| format!(" in {name}"));
        let with = target.concurrency.map_or(String::new(), |n| format!(" with {}", workers(&[n])));
        let reason =
            format!("{}{of}{within}{with}: no level of the run is what this target is about.", target.metric);
        verdict(target, None, TargetStatus::Fail, Some(reason))
    };
    targets.iter().filter(about_none).map(told).collect()
}

fn is_about(target: &Target, level: &Configuration, effective: &Value) -> bool {
    let has = |name: &str, wanted: &Value| {
        let varied = level.parameters.get(name).or_else(|| level.parameters.get(&format!("vars.{name}")));
        varied.or_else(|| effective.get("vars")?.get(name)).is_some_and(|found| same_value(found, wanted))
    };
    target.workload.as_ref().is_none_or(|name| *name == level.workload)
        && target.operation.as_ref().is_none_or(|name| level.operations.contains_key(name))
        && target.concurrency.is_none_or(|concurrency| concurrency == level.concurrency)
        && target.variant.as_ref().is_none_or(|name| *name == level.variant)
        && target.vars.iter().all(|(name, value)| has(name, value))
}

fn judge_one(target: &Target, level: &Configuration) -> TargetVerdict {
    let Some(figure) = figure(target, level) else {
        let reason = format!("{}: nothing was measured.", subject(target, level));
        return verdict(target, None, TargetStatus::Fail, Some(reason));
    };
    let measured = Some(figure.value);
    // Whether iterations succeeded is known of a level whose figures are not: that it misses its target is.
    let known = target.metric == ITERATIONS && is_broken(target, figure.value);
    if !level.validity.valid && !known {
        let doubt = level.validity.doubts.iter().find(|doubt| doubt.invalidating);
        let why = doubt.map_or("its figures should not be believed", |doubt| &doubt.code);
        let reason = format!("{}: the level is invalid ({why}).", subject(target, level));
        return verdict(target, measured, TargetStatus::Invalid, Some(reason));
    }
    if let Some((samples, per_mille)) = figure.samples
        && !enough_samples(samples, per_mille)
    {
        let reason = format!(
            "{}: {} samples are too few, {} are needed so that {SAMPLES_BEYOND} lie beyond the percentile.",
            subject(target, level),
            count(samples),
            count((SAMPLES_BEYOND * 1_000).div_ceil(per_mille))
        );
        return verdict(target, measured, TargetStatus::Invalid, Some(reason));
    }
    let said = |bound: f64| with_unit(&target.metric, bound);
    let found = with_unit(&target.metric, figure.value);
    let broken = if let Some(max) = target.max.filter(|max| figure.value > *max) {
        Some(format!("{} is {found}, above {}.", subject(target, level), said(max)))
    } else {
        let min = target.min.filter(|min| figure.value < *min);
        min.map(|min| format!("{} is {found}, below {}.", subject(target, level), said(min)))
    };
    let status = if broken.is_some() { TargetStatus::Fail } else { TargetStatus::Pass };
    verdict(target, measured, status, broken)
}

/// Part of the iterations that succeeded.
const ITERATIONS: &str = "iterations.success_rate";

fn is_broken(target: &Target, value: f64) -> bool {
    target.max.is_some_and(|max| value > max) || target.min.is_some_and(|min| value < min)
}

/// What a verdict is about, to begin a sentence with.
fn subject(target: &Target, level: &Configuration) -> String {
    let of = target.operation.as_ref().map_or(String::new(), |name| format!(" of {name}"));
    let in_workload = match &target.operation {
        Some(name) if *name == level.workload => String::new(),
        _ => format!(" in {}", level.workload),
    };
    let case = level.case().map_or(String::new(), |case| format!(" ({case})"));
    format!("{}{of}{in_workload} with {}{case}", target.metric, workers(&[level.concurrency]))
}

fn verdict(
    target: &Target,
    measured: Option<f64>,
    status: TargetStatus,
    reason: Option<String>,
) -> TargetVerdict {
    TargetVerdict {
        metric: target.metric.clone(),
        workload: target.workload.clone(),
        operation: target.operation.clone(),
        concurrency: target.concurrency,
        variant: target.variant.clone(),
        vars: target.vars.iter().cloned().collect(),
        max: target.max,
        min: target.min,
        measured,
        status,
        reason,
    }
}

/// A value, and for a percentile of how many samples it is one, and how many in a thousand lie beyond it.
struct Figure {
    value: f64,
    samples: Option<(u64, u64)>,
}

/// Absent where nothing was measured, or for a name that no figure has.
fn figure(target: &Target, level: &Configuration) -> Option<Figure> {
    let operation = target.operation.as_ref().map(|name| level.operations.get(name));
    let figures = operation.unwrap_or(Some(&level.overall))?;
    if let Some(over) = over_iterations(&target.metric, level, figures) {
        return over.figure;
    }
    if let Some((family, part)) = target.metric.split_once('.') {
        let (times, samples) = match family {
            "latency" => (figures.latency_ms, figures.count),
            "service" => (figures.service_ms, figures.count),
            "batch" => (level.batches.as_ref()?.latency_ms, level.batches.as_ref()?.count),
            "checkout" => (level.pool.as_ref()?.checkout_ms, level.pool.as_ref()?.checkouts),
            "statement_cache" if part == "hit_rate" => {
                return level.statement_cache.map(|c| plain(c.hit_rate));
            }
            _ => return None,
        };
        let (value, per_mille) = time(&times?, part)?;
        return Some(Figure { value, samples: per_mille.map(|per_mille| (samples, per_mille)) });
    }
    scalar(&target.metric, figures, level).map(plain)
}

/// A figure over the iterations, which may not have been measured.
struct OverIterations {
    figure: Option<Figure>,
}

/// Nothing for a metric that is none over the iterations.
fn over_iterations(
    metric: &str,
    level: &Configuration,
    figures: &OperationFigures,
) -> Option<OverIterations> {
    let statistics = level.statistics.as_ref();
    let of = |figure: Option<f64>| Some(OverIterations { figure: figure.map(plain) });
    match metric {
        ITERATIONS => {
            let all = level.iterations_succeeded + level.iterations_failed;
            of((all > 0).then(|| level.iterations_succeeded as f64 / all as f64))
        }
        "throughput.median" => of(statistics.map(|found| found.throughput.median)),
        "throughput.cv" => of(statistics.and_then(|found| found.throughput.cv)),
        "payload.mb_per_second" => of(figures.bytes_per_second.map(|bytes| bytes / 1e6)),
        "payload.mb_per_second.median" => {
            of(statistics.and_then(|found| Some(found.payload_bytes_per_second?.median / 1e6)))
        }
        _ => {
            let part = metric.strip_prefix("latency.")?.strip_suffix(".median")?;
            let value = statistics.and_then(|found| median_of(found.latency_ms.as_ref()?, part));
            // Every iteration needs its own samples.
            let samples = level.iterations.iter().map(|one| one.succeeded).min().unwrap_or(0);
            let samples = per_mille_beyond(part).map(|per_mille| (samples, per_mille));
            Some(OverIterations { figure: value.map(|value| Figure { value, samples }) })
        }
    }
}

fn median_of(latency: &LatencyStatistics, part: &str) -> Option<f64> {
    let summary = match part {
        "avg" => latency.avg,
        "p50" => latency.p50,
        "p90" => latency.p90,
        "p95" => latency.p95,
        "p99" => latency.p99,
        "p999" => latency.p999,
        _ => return None,
    };
    Some(summary.median)
}

fn plain(value: f64) -> Figure {
    Figure { value, samples: None }
}

/// With how many in a thousand samples lie beyond it, for a percentile.
fn time(times: &LatencyMs, part: &str) -> Option<(f64, Option<u64>)> {
    let value = match part {
        "avg" => times.avg,
        "min" => times.min,
        "max" => times.max,
        "stddev" => times.stddev,
        "p50" => times.p50,
        "p90" => times.p90,
        "p95" => times.p95,
        "p99" => times.p99,
        "p999" => times.p999,
        _ => return None,
    };
    Some((value, per_mille_beyond(part)))
}

fn scalar(metric: &str, figures: &OperationFigures, level: &Configuration) -> Option<f64> {
    let number = |value: u64| value as f64;
    match metric {
        "throughput" => Some(figures.throughput),
        "count" => Some(number(figures.count)),
        "errors" => Some(number(figures.errors)),
        "unknown" => Some(number(figures.unknown)),
        "error_rate" => {
            let attempted = figures.count + figures.errors + figures.unknown;
            (attempted > 0).then(|| number(figures.errors) / number(attempted))
        }
        "success_rate" => figures.success_rate,
        "cv" => level.cv,
        "retries" => level.retries.map(|retries| number(retries.attempts)),
        "backlog" => level.arrivals.as_ref().map(|arrivals| number(arrivals.backlog_max)),
        "duration" => Some(level.duration_ms),
        "waiting_share" => level.times.map(|times| times.waiting_share),
        "committing_share" => level.times.map(|times| times.committing_share),
        "database_bytes" => level.resources.database_bytes.map(number),
        "wal_bytes" => level.resources.wal_bytes.map(number),
        "peak_memory_bytes" => level.resources.peak_memory_bytes.map(number),
        _ => None,
    }
}

/// With all the digits that tell a figure from its bound.
fn with_unit(metric: &str, value: f64) -> String {
    let unit = match metric.split('.').next() {
        _ if metric.ends_with(".cv") => "",
        Some("payload") => " MB per second",
        Some("latency" | "service" | "batch" | "checkout" | "duration") => " ms",
        Some("throughput") => " per second",
        Some("database_bytes" | "wal_bytes" | "peak_memory_bytes") => " bytes",
        _ => "",
    };
    format!("{}{unit}", (value * 1e6).round() / 1e6)
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
