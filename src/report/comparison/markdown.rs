//! A comparison as Markdown, short enough for a comment on a pull request.

use super::super::markdown::{escaped, rows};
use super::words::*;
use crate::compare::{Comparison, MetricComparison, ScenarioComparison, Verdict};

/// Rows of a scenario beyond which those that are unchanged are only counted.
const MANY: usize = 24;

/// A heading with the verdict, the regressions in words, and a table for each scenario. Ends with a line feed.
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let mut out = format!("## {}: {}\n\n", capitalised(comparison.verdict), tally(comparison));
    let regressed = metrics(comparison).filter(|(_, _, metric)| metric.verdict == Verdict::Regressed);
    let sentences: Vec<String> = regressed
        .map(|(scenario, case, metric)| format!("- {}\n", escaped(&sentence(scenario, case, metric))))
        .collect();
    if !sentences.is_empty() {
        out.push_str(&format!("{}\n", sentences.concat()));
    }
    comparison.scenarios.iter().for_each(|scenario| out.push_str(&one(scenario)));
    lonely(comparison).iter().for_each(|line| out.push_str(&format!("{}\n\n", escaped(line))));
    out.push_str(&format!(
        "Medians over iterations; 95 % bootstrap intervals of their ratio; Mann-Whitney U test, corrected for {} tests (Holm), level {}.\n",
        comparison.tests, comparison.alpha
    ));
    out
}

fn capitalised(verdict: Verdict) -> String {
    let word = verdict.as_str();
    word[..1].to_uppercase() + &word[1..]
}

fn one(scenario: &ScenarioComparison) -> String {
    let mut out = format!("### {}\n\n", escaped(&scenario.configuration_id));
    let settings: Vec<String> = scenario.settings.iter().map(|one| escaped(&difference(one))).collect();
    if !settings.is_empty() {
        out.push_str(&format!("{}\n\n", settings.join(" · ")));
    }
    if let Some(warning) = warning(scenario) {
        out.push_str(&format!("> **{}**\n\n", escaped(&warning)));
    }
    let all: Vec<(String, &MetricComparison)> = scenario
        .cases
        .iter()
        .flat_map(|case| case.metrics.iter().map(move |metric| (place(scenario, case), metric)))
        .collect();
    let told = |metric: &MetricComparison| all.len() <= MANY || metric.verdict != Verdict::Unchanged;
    let cells = all.iter().filter(|(_, metric)| told(metric)).map(|(place, metric)| {
        let verdict = match metric.verdict {
            Verdict::Regressed => "**regressed**".to_owned(),
            other => other.as_str().to_owned(),
        };
        vec![
            escaped(place),
            metric.metric.clone(),
            value(metric, metric.base),
            value(metric, metric.candidate),
            change_or_dash(metric.ratio),
            interval(metric),
            p_value(metric),
            percent(metric.threshold),
            verdict,
        ]
    });
    let header =
        ["level", "metric", "base", "candidate", "change", "95 % interval", "p", "threshold", "verdict"];
    out.push_str(&rows(&header, cells));
    let left_out = all.iter().filter(|(_, metric)| !told(metric)).count();
    if left_out > 0 {
        out.push_str(&format!("\n{left_out} more are unchanged.\n"));
    }
    out.push('\n');
    out
}
