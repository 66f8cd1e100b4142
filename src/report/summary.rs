//! A result as plain text for a file: the question, the surroundings, the table, what the iterations of every case came to, and the notes.

use super::columns::{megabytes, sections};
use super::setting::{acknowledged, machine, setting};
use super::table::{TableOptions, table};
use super::targets::target_rows;
use crate::result::{Configuration, RunResult, Status, Summary};
use crate::units::{count, latency, rate, workers};

/// Characters in a line: wide enough for all columns of an experiment.
const WIDTH: usize = 160;

/// The whole summary. Ends with a line feed.
pub fn summary(result: &RunResult) -> String {
    let mut out =
        format!("{}\n{}\n\n", result.configuration_id, "=".repeat(result.configuration_id.chars().count()));
    if !result.scenario.description.is_empty() {
        out.push_str(&format!("{}\n\n", result.scenario.description.trim()));
    }
    out.push_str(&surroundings(result));
    out.push_str(&heading("Results"));
    out.push_str(&table(result, TableOptions { width: WIDTH, ..TableOptions::default() }));
    let repeated =
        result.configurations.iter().any(|one| one.statistics.is_some() || !one.failures.is_empty());
    if repeated {
        out.push_str(&heading("Over the iterations"));
        for level in &result.configurations {
            out.push_str(&iterations(result, level));
        }
    }
    out
}

fn heading(text: &str) -> String {
    format!("\n{text}\n{}\n\n", "-".repeat(text.chars().count()))
}

fn surroundings(result: &RunResult) -> String {
    let status = match result.status {
        Status::Running => "running",
        Status::Completed => "completed",
        Status::Interrupted => "interrupted",
        Status::Failed => "failed",
    };
    let sum = |of: fn(&Configuration) -> u64| result.configurations.iter().map(of).sum::<u64>();
    let failed = sum(|level| level.iterations_failed);
    let all = failed + sum(|level| level.iterations_succeeded);
    let met = result
        .all_targets()
        .filter(|(_, verdict)| verdict.status == crate::result::TargetStatus::Pass)
        .count();
    let mut lines = vec![
        ("scenario", result.scenario.path.clone()),
        ("started", result.timestamp.clone()),
        ("status", status.to_owned()),
        ("database", setting(result)),
        ("machine", machine(result)),
        ("configurations", count(result.configurations.len() as u64)),
        ("iterations", format!("{} succeeded, {} failed", count(all - failed), count(failed))),
    ];
    if let Some(line) = acknowledged(result) {
        // It is the label that completes it.
        let words = line.trim_start_matches("acknowledged = ").to_owned();
        lines.insert(4, ("acknowledged", words));
    }
    if let Some((_, targets)) = target_rows(result) {
        lines.push(("targets", format!("{met} of {} met", targets.len())));
    }
    lines.into_iter().map(|(label, text)| format!("{label:<15} {text}\n")).collect()
}

/// A few lines for each configuration.
fn iterations(result: &RunResult, level: &Configuration) -> String {
    let case = if result.has_several_cases() { format!("{}, ", level.case_or_base()) } else { String::new() };
    let workload = if sections(result).len() > 1 { format!("{}, ", level.workload) } else { String::new() };
    let mut out = format!("{workload}{case}{}\n", workers(&[level.concurrency]));
    if let Some(found) = &level.statistics {
        out.push_str(&figure("throughput", &found.throughput, |value| format!("{}/s", rate(value))));
        if let Some(payload) = &found.payload_bytes_per_second {
            out.push_str(&figure("payload", payload, |value| format!("{} MB/s", megabytes(value))));
        }
        if let Some(times) = &found.latency_ms {
            for (name, summary) in
                [("avg", times.avg), ("p50", times.p50), ("p95", times.p95), ("p99", times.p99)]
            {
                out.push_str(&figure(name, &summary, latency));
            }
        }
    }
    let all = level.iterations_succeeded + level.iterations_failed;
    out.push_str(&format!("  {} of {all} iterations succeeded\n", level.iterations_succeeded));
    for failure in &level.failures {
        out.push_str(&format!("  iteration {} failed: {}\n", failure.iteration, failure.reason));
    }
    out.push('\n');
    out
}

/// `  p99         median 3.00 ms   95 % 2.90 ms to 3.10 ms   mean …   sd …   cv …   min …   max …   n 10`.
fn figure(name: &str, summary: &Summary, drawn: impl Fn(f64) -> String) -> String {
    let interval = summary.interval().map(|(low, high)| format!("95 % {} to {}", drawn(low), drawn(high)));
    let cv = summary.cv.map(|cv| format!("cv {:.1} %", cv * 100.0));
    let parts = [
        Some(format!("median {}", drawn(summary.median))),
        interval,
        Some(format!("mean {}", drawn(summary.mean))),
        Some(format!("sd {}", drawn(summary.stddev))),
        cv,
        Some(format!("min {}", drawn(summary.min))),
        Some(format!("max {}", drawn(summary.max))),
        Some(format!("n {}", summary.n)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("  {name:<11} {}\n", parts.join("   "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::testing::{experiment, finished};

    #[test]
    fn the_question_the_surroundings_and_every_case_stand_in_it() {
        let text = summary(&experiment());
        for part in [
            "base-0\n======\n\nSQLite as it comes.\n",
            "iterations      9 succeeded, 3 failed",
            "file_size 1MB, 1 worker",
            "wal, file_size 1MB, 1 worker",
            "  throughput  median 100/s   95 % 90.9/s to 111/s   mean 101/s",
            "  payload     median 50.0 MB/s",
            "  0 of 3 iterations succeeded\n  iteration 1 failed: Killed: it needed more than 256 MiB.",
            "variant-differs: Variant wal: throughput 2.00 × base",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains('\x1b') && text.ends_with('\n'));
    }

    #[test]
    fn a_plain_result_has_no_part_about_iterations() {
        let text = summary(&finished());
        assert!(!text.contains("Over the iterations") && text.contains("verified"), "{text}");
    }
}
