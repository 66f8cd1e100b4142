//! A result as CSV with one row for each configuration: what varied, what the iterations came to, what failed. Columns follow the result.

use indexmap::IndexSet;

use super::csv::{durability, quoted, text, verification};
use crate::result::{Configuration, RunResult, Summary, plain_value};

type Part = fn(&Summary) -> Option<f64>;

/// Figures of every summary, each a column.
const PARTS: [(&str, Part); 8] = [
    ("median", |found| Some(found.median)),
    ("mean", |found| Some(found.mean)),
    ("stddev", |found| Some(found.stddev)),
    ("cv", |found| found.cv),
    ("min", |found| Some(found.min)),
    ("max", |found| Some(found.max)),
    ("low", |found| found.low),
    ("high", |found| found.high),
];

type Picked = fn(&Configuration) -> Option<Summary>;

/// What is summed up over the iterations.
const FIGURES: [(&str, Picked); 5] = [
    ("throughput_per_s", |level| Some(level.statistics.as_ref()?.throughput)),
    ("payload_bytes_per_s", |level| level.statistics.as_ref()?.payload_bytes_per_second),
    ("avg_ms", |level| Some(level.statistics.as_ref()?.latency_ms.as_ref()?.avg)),
    ("p95_ms", |level| Some(level.statistics.as_ref()?.latency_ms.as_ref()?.p95)),
    ("p99_ms", |level| Some(level.statistics.as_ref()?.latency_ms.as_ref()?.p99)),
];

/// How every such table begins.
pub const OVERVIEW_BEGINS: &str = "configuration_id,variant";

/// Header and rows. A figure that was not measured is an empty field; a column of each parameter of the matrix stands behind the variant.
pub fn overview_csv(result: &RunResult) -> String {
    let keys: IndexSet<&str> =
        result.configurations.iter().flat_map(|level| level.parameters.keys().map(String::as_str)).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let mut out = line(header(&keys));
    for level in &result.configurations {
        out.push_str(&line(row(result, level, &keys)));
    }
    out
}

fn header(keys: &[&str]) -> Vec<String> {
    let mut fields = vec!["configuration_id".to_owned(), "variant".to_owned()];
    fields.extend(keys.iter().map(|key| (*key).to_owned()));
    let fixed = [
        "memory_limit_bytes",
        "cpu_limit",
        "workload",
        "concurrency",
        "iterations_succeeded",
        "iterations_failed",
        "succeeded",
        "errors",
        "throughput_per_s",
        "payload_bytes_per_s",
        "p99_ms",
    ];
    fields.extend(fixed.map(str::to_owned));
    for (figure, _) in FIGURES {
        fields.extend(PARTS.iter().map(|(part, _)| format!("{figure}_{part}")));
    }
    let last = [
        "peak_memory_bytes",
        "verification",
        "valid",
        "doubts",
        "failures",
        "unknown",
        "engine",
        "durability",
    ];
    fields.extend(last.map(str::to_owned));
    fields
}

fn row(result: &RunResult, level: &Configuration, keys: &[&str]) -> Vec<String> {
    let mut fields = vec![result.configuration_id.clone(), level.variant.clone()];
    fields.extend(keys.iter().map(|key| level.parameters.get(*key).map_or_else(String::new, plain_value)));
    fields.extend([
        text(level.limits.and_then(|limits| limits.memory_bytes)),
        text(level.limits.and_then(|limits| limits.cpus)),
        level.workload.clone(),
        level.concurrency.to_string(),
        level.iterations_succeeded.to_string(),
        level.iterations_failed.to_string(),
        level.succeeded.to_string(),
        level.overall.errors.to_string(),
        level.overall.throughput.to_string(),
        text(level.overall.bytes_per_second),
        text(level.overall.latency_ms.map(|latency| latency.p99)),
    ]);
    for (_, pick) in FIGURES {
        let found = pick(level);
        fields.extend(PARTS.iter().map(|(_, part)| text(found.as_ref().and_then(part))));
    }
    let doubts: Vec<&str> = level.validity.doubts.iter().map(|doubt| doubt.code.as_str()).collect();
    let failures: Vec<String> =
        level.failures.iter().map(|failure| format!("{}: {}", failure.iteration, failure.reason)).collect();
    fields.extend([
        text(level.resources.peak_memory_bytes),
        verification(level.verification.status).to_owned(),
        level.validity.valid.to_string(),
        doubts.join(" "),
        failures.join(" "),
        level.unknown.to_string(),
        result.engine_of(level).to_owned(),
        durability(result, level),
    ]);
    fields
}

fn line(fields: Vec<String>) -> String {
    fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::testing::experiment;

    /// Fields by the name of their column; none of these holds a comma.
    fn field(text: &str, line: usize, name: &str) -> String {
        let of = |line: usize| text.lines().nth(line).unwrap().split(',').collect::<Vec<_>>();
        let place = of(0).iter().position(|column| *column == name).unwrap();
        of(line)[place].to_owned()
    }

    #[test]
    fn every_configuration_has_a_row_with_its_parameters_and_statistics() {
        let text = overview_csv(&experiment());
        let counts: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(counts.len(), 1 + 4, "{text}");
        assert!(counts.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
        assert_eq!(field(&text, 1, "vars.file_size"), "1MB");
        assert_eq!(field(&text, 1, "throughput_per_s_median"), "100");
        assert_eq!(field(&text, 1, "payload_bytes_per_s_median"), "50000000");
        assert_eq!(field(&text, 1, "memory_limit_bytes"), "268435456");
        assert_eq!(field(&text, 3, "variant"), "wal");
        assert_eq!(field(&text, 4, "iterations_failed"), "3");
        assert_eq!(field(&text, 4, "throughput_per_s_median"), "");
        assert!(field(&text, 4, "failures").starts_with("1: Killed"));
    }
}
