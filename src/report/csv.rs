//! A result as CSV: one row for each level as a whole and one for each of its operations. Times are milliseconds.

use crate::result::{Configuration, OperationFigures, RunResult, VerificationStatus};

const COLUMNS: [&str; 26] = [
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
    let time = |pick: fn(&crate::result::LatencyMs) -> f64| {
        figures.latency_ms.as_ref().map_or_else(String::new, |latency| pick(latency).to_string())
    };
    let share = |share: Option<crate::result::WorkerShare>| {
        share.filter(|_| operation == "*").map_or_else(String::new, |share| share.acknowledged.to_string())
    };
    let doubts: Vec<&str> = level.validity.doubts.iter().map(|doubt| doubt.code.as_str()).collect();
    let fields: [String; COLUMNS.len()] = [
        result.configuration_id.clone(),
        result.test_name.clone(),
        result.timestamp.clone(),
        level.variant.clone(),
        level.workload.clone(),
        level.concurrency.to_string(),
        operation.to_owned(),
        (figures.count + figures.errors).to_string(),
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
        level.iterations.first().map_or_else(String::new, |one| one.duration_ms.to_string()),
        share(level.workers.fewest),
        share(level.workers.most),
        verification(level.verification.status).to_owned(),
        level.validity.valid.to_string(),
        doubts.join(" "),
    ];
    fields.map(|field| quoted(&field)).join(",") + "\n"
}

fn verification(status: VerificationStatus) -> &'static str {
    match status {
        VerificationStatus::Verified => "verified",
        VerificationStatus::Failed => "failed",
        VerificationStatus::Impossible => "impossible",
        VerificationStatus::NotVerified => "not_verified",
    }
}

/// In quotes where commas, quotes or line feeds ask for it.
fn quoted(field: &str) -> String {
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
        result.add_level(&plan(), &level(1, &[], 3), verified(0));
        let text = csv_rows(&result.document);
        assert!(
            text.starts_with(
                "base-0,write,2026-11-21T10:00:00Z,base,write,1,*,3,0,3,0,,,,,,,,,,4,0,0,verified,true,"
            ),
            "{text}"
        );
    }
}
