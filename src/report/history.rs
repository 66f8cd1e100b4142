//! The kept runs of a scenario over time, a row for each run and level.

use super::drawing::{Alignment, Paint, drawn, either, painted};
use super::table::TableOptions;
use crate::result::{Configuration, RunResult, Status};
use crate::units::{latency_or_dash, rate};

/// Draws runs in the order given: throughput and p99 of each level, with the change of throughput since the run before. Ends with a line feed.
pub fn history(runs: &[RunResult], options: TableOptions<'_>) -> String {
    let paint = Paint { color: options.color };
    let header = ["run", "runner", "level", "throughput", "change", "p99", "valid"];
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut invalid: Vec<bool> = Vec::new();
    let mut before: Option<&RunResult> = None;
    for run in runs {
        for (index, level) in run.configurations.iter().enumerate() {
            let earlier =
                before.and_then(|run| run.configurations.iter().find(|other| other.is_same_level(level)));
            let ratio = earlier.map(|other| level.typical_throughput() / other.typical_throughput());
            let first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
            rows.push(vec![
                first(&told(run)),
                first(run.environment.runner.commit.as_deref().unwrap_or("–")),
                named(run, level),
                format!("{}/s", rate(level.typical_throughput())),
                super::comparison::change_or_dash(ratio.filter(|ratio| ratio.is_finite())),
                latency_or_dash(level.overall.latency_ms.map(|latency| latency.p99)),
                if level.validity.valid { "yes" } else { "no" }.to_owned(),
            ]);
            invalid.push(!level.validity.valid);
        }
        before = Some(run);
    }
    let lines = either(drawn(&header, &rows, Alignment::FirstLeft, options.width.max(40)));
    painted(&lines, &|row| invalid.get(row).copied().unwrap_or(false), paint)
}

fn told(run: &RunResult) -> String {
    match run.status {
        Status::Completed => run.timestamp.clone(),
        _ => format!("{} (not completed)", run.timestamp),
    }
}

fn named(run: &RunResult, level: &Configuration) -> String {
    let several = run.configurations.iter().any(|other| other.workload != level.workload);
    let mut parts: Vec<String> = level.case().into_iter().collect();
    if several {
        parts.push(level.workload.clone());
    }
    parts.push(crate::units::workers(&[level.concurrency]));
    parts.join(", ")
}
