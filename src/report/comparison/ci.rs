//! A comparison for machines of continuous integration: JUnit's XML, and GitHub's workflow commands.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::words::*;
use crate::compare::{Comparison, Verdict};

/// One test suite for each scenario, one test case for each metric of each level. A regression is a failure; what is inconclusive is skipped.
pub fn comparison_junit(comparison: &Comparison) -> String {
    let mut report = Report::new("runner compare");
    for scenario in &comparison.scenarios {
        let mut suite = TestSuite::new(scenario.configuration_id.as_str());
        for case in &scenario.cases {
            for metric in &case.metrics {
                let words = sentence(scenario, case, metric);
                let status = match metric.verdict {
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
                };
                let mut test = TestCase::new(format!("{}: {}", place(scenario, case), metric.metric), status);
                test.set_classname(scenario.configuration_id.as_str());
                suite.add_test_case(test);
            }
        }
        report.add_test_suite(suite);
    }
    let text = report.to_string().expect("a report in memory can be written");
    if text.ends_with('\n') { text } else { text + "\n" }
}

/// A line for each metric that is not unchanged, as a workflow command: an error, a warning, or a notice.
pub fn comparison_github(comparison: &Comparison) -> String {
    let mut out = String::new();
    for (scenario, case, metric) in metrics(comparison) {
        let level = match metric.verdict {
            Verdict::Regressed => "error",
            Verdict::Inconclusive => "warning",
            Verdict::Improved => "notice",
            Verdict::Unchanged => continue,
        };
        let title = format!("{} {}", metric.metric, metric.verdict.as_str());
        let words = sentence(scenario, case, metric);
        out.push_str(&format!("::{level} title={}::{}\n", property(&title), data(&words)));
    }
    out.push_str(&format!(
        "::{} title=runner compare::{}\n",
        if comparison.verdict == Verdict::Regressed { "error" } else { "notice" },
        data(&tally(comparison))
    ));
    out
}

/// Text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same, where commas and colons part properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
