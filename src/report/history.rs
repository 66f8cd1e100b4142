//! The kept runs of a scenario over time, a row for each run and level. A change is told only between figures that may be compared.

use super::drawing::{Alignment, Paint, drawn, either, painted};
use super::table::TableOptions;
use crate::result::{Configuration, RunResult, Status};
use crate::units::{latency_or_dash, rate};

/// Draws runs in the order given: throughput and p99 of each level, with the change of throughput since the run before, or a dash
/// where the two are not to be compared. Ends with a line feed.
pub fn history(runs: &[RunResult], options: TableOptions<'_>) -> String {
    let paint = Paint { color: options.color };
    let header = ["run", "runner", "level", "throughput", "change", "p99", "valid"];
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut invalid: Vec<bool> = Vec::new();
    let mut before: Option<&RunResult> = None;
    for run in runs {
        for (index, level) in run.configurations.iter().enumerate() {
            let earlier = before
                .filter(|earlier| are_comparable(earlier, run))
                .and_then(|earlier| earlier.configurations.iter().find(|other| other.is_same_level(level)));
            let earlier = earlier.filter(|other| other.validity.valid && level.validity.valid);
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

/// Whether both came to their end, under the same circumstances and with the same work.
fn are_comparable(earlier: &RunResult, later: &RunResult) -> bool {
    let whole = |run: &RunResult| run.status == Status::Completed;
    whole(earlier)
        && whole(later)
        && earlier.quick == later.quick
        && earlier.environment.comparability_key == later.environment.comparability_key
}

fn told(run: &RunResult) -> String {
    let marks = [(run.status != Status::Completed, "not completed"), (run.quick, "quick")];
    let marks: Vec<&str> = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
    if marks.is_empty() { run.timestamp.clone() } else { format!("{} ({})", run.timestamp, marks.join(", ")) }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A valid run.
    fn run() -> RunResult {
        let mut run = crate::result::testing::finished();
        run.status = Status::Completed;
        run.configurations.iter_mut().for_each(|level| level.validity.valid = true);
        run
    }

    /// Whether the second of two runs shows a change.
    fn shows_change(earlier: RunResult, later: RunResult) -> bool {
        history(&[earlier, later], TableOptions::default()).contains('%')
    }

    #[test]
    fn a_change_is_told_only_between_runs_that_may_be_compared() {
        assert!(shows_change(run(), run()));
        let changes: [fn(&mut RunResult); 4] = [
            |run| run.quick = true,
            |run| run.status = Status::Interrupted,
            |run| run.environment.comparability_key = "another".to_owned(),
            |run| run.configurations.iter_mut().for_each(|level| level.validity.valid = false),
        ];
        for (index, change) in changes.iter().enumerate() {
            let mut other = run();
            change(&mut other);
            assert!(!shows_change(other.clone(), run()), "{index}");
            assert!(!shows_change(run(), other), "{index}");
        }
    }

    #[test]
    fn runs_that_were_quick_or_not_completed_say_so() {
        let mut quick = run();
        quick.quick = true;
        let mut ended = quick.clone();
        ended.status = Status::Interrupted;
        let shown = history(&[run(), quick, ended], TableOptions::default());
        assert_eq!(shown.matches("(quick)").count(), 1, "{shown}");
        assert_eq!(shown.matches("(not completed, quick)").count(), 1, "{shown}");
    }
}
