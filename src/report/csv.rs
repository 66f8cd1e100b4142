//! A result as CSV: one row for each level as a whole and one for each of its operations. Times are milliseconds.

use crate::result::{
    Configuration, Durability, LatencyMs, OperationFigures, RunResult, TargetStatus, TargetVerdict,
    VerificationStatus, plain_value,
};

/// How every such table begins.
pub const CSV_BEGINS: &str = "configuration_id,test_name,";

const COLUMNS: [&str; 57] = [
    "configuration_id",
    "test_name",
    "timestamp",
    "variant",
    "workload",
    "concurrency",
    "operation",
    "attempted",
    "succeeded",
    "errors",
    "throughput_per_s",
    "avg_ms",
    "min_ms",
    "max_ms",
    "stddev_ms",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "p999_ms",
    "duration_ms",
    "fewest_per_worker",
    "most_per_worker",
    "verification",
    "valid",
    "doubts",
    "success_rate",
    "iterations",
    "cv",
    "asked_per_s",
    "achieved_per_s",
    "not_started",
    "backlog_max",
    "service_avg_ms",
    "service_p50_ms",
    "service_p99_ms",
    "retries",
    "gave_up",
    "checkout_p50_ms",
    "checkout_p99_ms",
    "pool_timeouts",
    "batch_p99_ms",
    "statement_cache_hit_rate",
    "waiting_share",
    "targets",
    "parameters",
    "memory_limit_bytes",
    "cpu_limit",
    "iterations_failed",
    "payload_bytes_per_s",
    "throughput_median_per_s",
    "throughput_low_per_s",
    "throughput_high_per_s",
    "peak_memory_bytes",
    "unknown",
    "engine",
    "durability",
];

/// Header and rows of one result. A figure that was not measured is an empty field; the operation of a whole level is `*`.
pub fn csv(result: &RunResult) -> String {
    csv_header() + &csv_rows(result)
}

/// The header alone, so that several results can follow one another.
pub fn csv_header() -> String {
    COLUMNS.join(",") + "\n"
}

/// The rows alone.
pub fn csv_rows(result: &RunResult) -> String {
    let mut out = String::new();
    for level in &result.configurations {
        out.push_str(&row(result, level, "*", &level.overall));
        for (name, operation) in &level.operations {
            out.push_str(&row(result, level, name, operation));
        }
    }
    out
}

fn row(result: &RunResult, level: &Configuration, operation: &str, figures: &OperationFigures) -> String {
    let time = |pick| time(figures.latency_ms, pick);
    let share = |share: Option<crate::result::WorkerShare>| {
        share.filter(|_| operation == "*").map_or_else(String::new, |share| share.acknowledged.to_string())
    };
    let doubts: Vec<&str> = level.validity.doubts.iter().map(|doubt| doubt.code.as_str()).collect();
    let mut fields = vec![
        result.configuration_id.clone(),
        result.test_name.clone(),
        result.timestamp.clone(),
        level.variant.clone(),
        level.workload.clone(),
        level.concurrency.to_string(),
        operation.to_owned(),
        (figures.count + figures.errors + figures.unknown).to_string(),
        figures.count.to_string(),
        figures.errors.to_string(),
        figures.throughput.to_string(),
        time(|l| l.avg),
        time(|l| l.min),
        time(|l| l.max),
        time(|l| l.stddev),
        time(|l| l.p50),
        time(|l| l.p90),
        time(|l| l.p95),
        time(|l| l.p99),
        time(|l| l.p999),
        level.duration_ms.to_string(),
        share(level.workers.fewest),
        share(level.workers.most),
        verification(level.verification.status).to_owned(),
        level.validity.valid.to_string(),
        doubts.join(" "),
        text(figures.success_rate),
        level.iterations.len().to_string(),
    ];
    fields.extend(load(level, figures, operation == "*"));
    fields.push(targets(level, operation));
    fields.extend(case(level, figures, operation == "*"));
    fields.push(figures.unknown.to_string());
    fields.push(result.engine_of(level).to_owned());
    fields.push(durability(result, level));
    assert_eq!(fields.len(), COLUMNS.len(), "every column has a field");
    fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\n"
}

/// What only some workloads have, from `cv` to `waiting_share`; but for service times, figures of the level as a whole.
fn load(level: &Configuration, figures: &OperationFigures, whole: bool) -> [String; 16] {
    let arrivals = level.arrivals.as_ref().filter(|_| whole);
    let retries = level.retries.filter(|_| whole);
    let pool = level.pool.as_ref().filter(|_| whole);
    let checkout = pool.and_then(|pool| pool.checkout_ms);
    let batch = level.batches.as_ref().filter(|_| whole).and_then(|batches| batches.latency_ms);
    [
        text(level.cv.filter(|_| whole)),
        text(arrivals.map(|arrivals| arrivals.asked_rate)),
        text(arrivals.map(|arrivals| arrivals.achieved_rate)),
        text(arrivals.map(|arrivals| arrivals.not_started)),
        text(arrivals.map(|arrivals| arrivals.backlog_max)),
        time(figures.service_ms, |l| l.avg),
        time(figures.service_ms, |l| l.p50),
        time(figures.service_ms, |l| l.p99),
        text(retries.map(|retries| retries.attempts)),
        text(retries.map(|retries| retries.gave_up)),
        time(checkout, |l| l.p50),
        time(checkout, |l| l.p99),
        text(pool.map(|pool| pool.timeouts)),
        time(batch, |l| l.p99),
        text(level.statement_cache.filter(|_| whole).map(|cache| cache.hit_rate)),
        text(level.times.filter(|_| whole).map(|times| times.waiting_share)),
    ]
}

/// What tells cases apart, and what their iterations came to; limits and medians are those of the level as a whole.
fn case(level: &Configuration, figures: &OperationFigures, whole: bool) -> [String; 9] {
    let parameters: Vec<String> =
        level.parameters.iter().map(|(key, value)| format!("{key}={}", plain_value(value))).collect();
    let throughput = level.statistics.as_ref().filter(|_| whole).map(|found| found.throughput);
    [
        parameters.join(" "),
        text(level.limits.and_then(|limits| limits.memory_bytes)),
        text(level.limits.and_then(|limits| limits.cpus)),
        level.iterations_failed.to_string(),
        text(figures.bytes_per_second),
        text(throughput.map(|found| found.median)),
        text(throughput.and_then(|found| found.low)),
        text(throughput.and_then(|found| found.high)),
        text(level.resources.peak_memory_bytes.filter(|_| whole)),
    ]
}

/// Demands on this row's figures, as `latency.p99=pass`.
fn targets(level: &Configuration, operation: &str) -> String {
    let own = level.targets.iter().filter(|verdict| verdict.operation.as_deref().unwrap_or("*") == operation);
    let word = |verdict: &TargetVerdict| match verdict.status {
        TargetStatus::Pass => format!("{}=pass", verdict.metric),
        TargetStatus::Fail => format!("{}=FAIL", verdict.metric),
        TargetStatus::Invalid => format!("{}=invalid", verdict.metric),
    };
    own.map(word).collect::<Vec<_>>().join(" ")
}

fn time(times: Option<LatencyMs>, pick: fn(&LatencyMs) -> f64) -> String {
    text(times.as_ref().map(pick))
}

pub(super) fn text(figure: Option<impl ToString>) -> String {
    figure.map_or_else(String::new, |figure| figure.to_string())
}

/// What an acknowledged write survives, in one word.
pub(super) fn durability(result: &RunResult, level: &Configuration) -> String {
    text(result.durability_of(level).map(Durability::as_str))
}

pub(super) fn verification(status: VerificationStatus) -> &'static str {
    match status {
        VerificationStatus::Verified => "verified",
        VerificationStatus::Failed => "failed",
        VerificationStatus::Impossible => "impossible",
        VerificationStatus::NotVerified => "not_verified",
    }
}

/// In quotes where commas, quotes or line feeds ask for it.
pub(super) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::testing::*;

    #[test]
    fn every_row_has_all_fields() {
        let text = csv(&finished());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 2 * 3);
        assert!(lines.iter().all(|line| line.split(',').count() == COLUMNS.len()), "{text}");
        assert!(
            lines[1].starts_with("base-0,write,2026-11-21T10:00:00Z,base,write,1,*,2,2,0,500,2,1,3,"),
            "{text}"
        );
    }

    #[test]
    fn fields_with_commas_and_quotes_are_quoted() {
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("plain"), "plain");
    }

    #[test]
    fn what_was_not_measured_is_empty() {
        let mut result = begun();
        result.add_level(&plan(), &level(1, &[], 3), verified(0), 1);
        let text = csv_rows(&result.document);
        assert!(
            text.starts_with(
                "base-0,write,2026-11-21T10:00:00Z,base,write,1,*,3,0,3,0,,,,,,,,,,4,0,0,verified,true,"
            ),
            "{text}"
        );
    }
}
