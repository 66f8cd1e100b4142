//! A comparison for machines of continuous integration: JUnit's XML, and GitHub's workflow commands.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::cells::rows_of;
use super::words::*;
use crate::compare::{Comparison, Verdict};

/// One test suite for each scenario, one test case for each metric of each level; of a scenario that only one side has, one. A regression is a
/// failure; what is inconclusive is skipped.
pub fn comparison_junit(comparison: &Comparison) -> String {
    let mut report = Report::new("runner compare");
    for scenario in &comparison.scenarios {
        let mut suite = TestSuite::new(title(scenario));
        let mut add = |name: String, verdict: Verdict, words: String| {
            let mut test = TestCase::new(name, status(verdict, words));
            test.set_classname(scenario.configuration_id.as_str());
            suite.add_test_case(test);
        };
        for case in &scenario.cases {
            let place = place(scenario, case);
            if let Some(words) = without_metrics(scenario, case) {
                add(place.clone(), case.verdict, words);
            }
            for metric in &case.metrics {
                let words = sentence(scenario, case, metric);
                add(format!("{place}: {}", metric.name()), metric.verdict, words);
            }
        }
        let alone = [(&scenario.only_base, "base"), (&scenario.only_candidate, "candidate")];
        for (level, side) in
            alone.iter().flat_map(|(levels, side)| levels.iter().map(move |level| (level, side)))
        {
            add(level.clone(), Verdict::Inconclusive, format!("only the {side} has it"));
        }
        let told: Vec<String> =
            warning(scenario).into_iter().chain(scenario.cautions.iter().cloned()).collect();
        if !told.is_empty() {
            suite.set_system_out(told.join("\n"));
        }
        report.add_test_suite(suite);
    }
    let lost = comparison.lost.iter().map(|name| (name, Verdict::Regressed, lost(name)));
    let alone = [(&comparison.only_base, "base"), (&comparison.only_candidate, "candidate")];
    let alone = alone.into_iter().flat_map(|(names, side)| {
        names.iter().map(move |name| (name, Verdict::Inconclusive, format!("only the {side} has it")))
    });
    for (name, verdict, words) in lost.chain(alone) {
        let mut suite = TestSuite::new(name.as_str());
        let mut test = TestCase::new("the whole scenario", status(verdict, words));
        test.set_classname(name.as_str());
        suite.add_test_case(test);
        report.add_test_suite(suite);
    }
    let text = report.to_string().expect("a report in memory can be written");
    if text.ends_with('\n') { text } else { text + "\n" }
}

fn status(verdict: Verdict, words: String) -> TestCaseStatus {
    match verdict {
        Verdict::Regressed => {
            let mut failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failure.set_message(words).set_type("regression");
            failure
        }
        Verdict::Inconclusive => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(words);
            skipped
        }
        Verdict::Improved | Verdict::Unchanged => TestCaseStatus::success(),
    }
}

/// What it came to, then a line for each metric that is told and not unchanged, the worst first, as workflow commands: errors, warnings, notices.
/// GitHub shows only the first ten of each kind.
pub fn comparison_github(comparison: &Comparison, rows: Rows) -> String {
    let verdict = if comparison.verdict == Verdict::Regressed { "error" } else { "notice" };
    let mut out = command(verdict, "runner compare", &tally(comparison));
    for scenario in comparison.scenarios.iter().filter(|scenario| !scenario.differences.is_empty()) {
        out.push_str(&command("warning", &title(scenario), &warning(scenario).unwrap_or_default()));
    }
    for name in &comparison.lost {
        out.push_str(&command("error", &format!("{name} lost"), &lost(name)));
    }
    alone(comparison).iter().for_each(|words| out.push_str(&command("warning", "runner compare", words)));
    for scenario in &comparison.scenarios {
        scenario.cautions.iter().for_each(|words| out.push_str(&command("notice", &title(scenario), words)));
    }
    let kinds =
        [(Verdict::Regressed, "error"), (Verdict::Inconclusive, "warning"), (Verdict::Improved, "notice")];
    for (verdict, level) in kinds {
        for scenario in &comparison.scenarios {
            for case in scenario.cases.iter().filter(|case| case.verdict == verdict) {
                if let Some(words) = without_metrics(scenario, case) {
                    out.push_str(&command(level, verdict.as_str(), &words));
                }
            }
        }
        let of_verdict =
            comparison.scenarios.iter().flat_map(rows_of).filter(|row| row.metric.verdict == verdict);
        for row in of_verdict.filter(|row| row.is_told(rows)) {
            let title = format!("{} {}", row.metric.name(), verdict.as_str());
            out.push_str(&command(level, &title, &sentence(row.scenario, row.case, row.metric)));
        }
    }
    out
}

fn command(level: &str, title: &str, words: &str) -> String {
    format!("::{level} title={}::{}\n", property(title), data(words))
}

/// Text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same, where commas and colons part properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
