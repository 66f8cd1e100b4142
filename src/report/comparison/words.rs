//! The parts of a comparison in words.

use super::cells::{change_or_dash, interval, percent, rows_of, value};
use crate::compare::{
    Better, CaseComparison, Comparison, Difference, MetricComparison, ScenarioComparison, Side, Verdict,
};
use crate::report::setting::spelled;
use crate::result::{last_key, plain_value};
use crate::units::{count, workers};

/// Which rows of a comparison are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// All of the whole; of single operations those that say something else.
    #[default]
    Telling,
    /// Every metric of every operation, too.
    All,
}

/// The scenario, and where two of them or two cases are held against one another, both: `journal (delete → wal)`.
pub(in crate::report) fn title(scenario: &ScenarioComparison) -> String {
    let mut title = scenario.configuration_id.clone();
    if let Some(candidate) = &scenario.candidate_id {
        title.push_str(&format!(" → {candidate}"));
    }
    match (&scenario.base.case, &scenario.candidate.case) {
        (Some(base), Some(candidate)) if base == candidate => title.push_str(&format!(" ({base})")),
        (Some(base), Some(candidate)) => title.push_str(&format!(" ({base} → {candidate})")),
        _ => {}
    }
    title
}

/// Whether a row is drawn. An operation's is where it improved or regressed, and where it is open though the same metric of the whole is not.
pub(in crate::report) fn is_told(case: &CaseComparison, metric: &MetricComparison, rows: Rows) -> bool {
    let mut whole = case.metrics.iter().filter(|other| other.operation.is_none()).peekable();
    if rows == Rows::All || metric.operation.is_none() || whole.peek().is_none() {
        return true;
    }
    match metric.verdict {
        Verdict::Regressed | Verdict::Improved => true,
        Verdict::Inconclusive => {
            whole.any(|other| other.metric == metric.metric && other.verdict != Verdict::Inconclusive)
        }
        Verdict::Unchanged => false,
    }
}

/// Said with tables of both sides' values, since those of a run have latencies of all iterations together.
pub(super) const MEDIANS: &str =
    "Medians over iterations; the change is the median over all pairs of one of each";

/// How many rows of operations are not drawn: `Of single operations 20 unchanged and 4 inconclusive rows are not shown`.
pub(super) fn hidden(scenario: &ScenarioComparison, rows: Rows) -> Option<String> {
    let left: Vec<Verdict> =
        rows_of(scenario).filter(|row| !row.is_told(rows)).map(|row| row.metric.verdict).collect();
    let count = |verdict: Verdict| left.iter().filter(|other| **other == verdict).count();
    let parts: Vec<String> = [Verdict::Unchanged, Verdict::Inconclusive]
        .into_iter()
        .filter(|verdict| count(*verdict) > 0)
        .map(|verdict| format!("{} {}", count(verdict), verdict.as_str()))
        .collect();
    let rows = if left.len() == 1 { "row is" } else { "rows are" };
    (!left.is_empty()).then(|| format!("Of single operations {} {rows} not shown", parts.join(" and ")))
}

/// Which level of which case, as far as there are others: `wal, append, 8 workers`.
pub(in crate::report) fn place(scenario: &ScenarioComparison, case: &CaseComparison) -> String {
    let others = |differs: &dyn Fn(&CaseComparison) -> bool| scenario.cases.iter().any(differs);
    let mut parts = Vec::new();
    if others(&|other| other.variant != case.variant) {
        parts.push(case.variant.clone());
    }
    parts.extend(
        case.parameters.iter().map(|(key, value)| format!("{} {}", last_key(key), plain_value(value))),
    );
    if others(&|other| other.workload != case.workload) {
        parts.push(case.workload.clone());
    }
    parts.push(workers(&[case.concurrency]));
    parts.join(", ")
}

/// What a reader of one metric needs: both values, the change with its interval, and the threshold.
pub(super) fn sentence(
    scenario: &ScenarioComparison,
    case: &CaseComparison,
    metric: &MetricComparison,
) -> String {
    let ends = match (metric.low, metric.high) {
        (Some(_), Some(_)) => format!(", 95 % interval {}", interval(metric)),
        _ => String::new(),
    };
    let word = match metric.better {
        Better::Higher => "higher is better",
        Better::Lower => "lower is better",
    };
    format!(
        "{}, {}: {} {}: {} → {} ({}{ends}; threshold {}, {word}; {})",
        title(scenario),
        place(scenario, case),
        metric.name(),
        metric.verdict.as_str(),
        value(metric, metric.base),
        value(metric, metric.candidate),
        change_or_dash(metric.ratio),
        percent(metric.threshold),
        metric.reason
    )
}

/// A level that has no metrics, with why; absent where it has some.
pub(super) fn without_metrics(scenario: &ScenarioComparison, case: &CaseComparison) -> Option<String> {
    let reason = case.reason.as_ref()?;
    Some(format!("{}, {}: {}: {reason}", title(scenario), place(scenario, case), case.verdict.as_str()))
}

/// What is said of a scenario that the candidate lost.
pub(super) fn lost(scenario: &str) -> String {
    format!(
        "{scenario}: the base has it and the candidate does not: what is not measured is lost, which is a regression. Measure it again, or name \
         the results to compare, one file of each side."
    )
}

/// What became worse, each in a sentence: scenarios that are lost, then the rest.
pub(super) fn regressions(comparison: &Comparison) -> Vec<String> {
    let mut found: Vec<String> = comparison.lost.iter().map(|scenario| lost(scenario)).collect();
    for scenario in &comparison.scenarios {
        for case in scenario.cases.iter().filter(|case| case.verdict == Verdict::Regressed) {
            found.extend(without_metrics(scenario, case));
            let worse = case.metrics.iter().filter(|metric| metric.verdict == Verdict::Regressed);
            found.extend(worse.map(|metric| sentence(scenario, case, metric)));
        }
    }
    found
}

/// What it came to, in front of everything: a difference between what should not be compared is none that can be claimed.
pub(in crate::report) fn headline(comparison: &Comparison) -> String {
    let unlike = comparison.scenarios.iter().any(|scenario| !scenario.differences.is_empty());
    let verdict = comparison.verdict.as_str();
    if unlike { format!("not like with like, {verdict}") } else { verdict.to_owned() }
}

/// How many metrics came to what, the worst first: `1 scenario lost, 2 regressed, 10 unchanged`. A level without metrics counts as one.
pub(super) fn tally(comparison: &Comparison) -> String {
    let levels = comparison.scenarios.iter().flat_map(|scenario| &scenario.cases);
    let levels: Vec<Verdict> = levels.filter(|case| case.reason.is_some()).map(|case| case.verdict).collect();
    let all = || metrics(comparison).map(|metric| metric.verdict).chain(levels.iter().copied());
    let order = [Verdict::Regressed, Verdict::Inconclusive, Verdict::Improved, Verdict::Unchanged];
    let parts = order.iter().filter_map(|verdict| {
        let number = all().filter(|other| other == verdict).count();
        (number > 0).then(|| format!("{number} {}", verdict.as_str()))
    });
    let lost = match comparison.lost.len() {
        0 => None,
        1 => Some("1 scenario lost".to_owned()),
        several => Some(format!("{several} scenarios lost")),
    };
    let parts: Vec<String> = lost.into_iter().chain(parts).collect();
    if parts.is_empty() { "nothing to compare".to_owned() } else { parts.join(", ") }
}

/// Why metrics are inconclusive, a sentence for each reason with the number of metrics that it holds for.
pub(super) fn open(comparison: &Comparison) -> Vec<String> {
    let open = || metrics(comparison).filter(|one| one.verdict == Verdict::Inconclusive);
    let mut lines = Vec::new();
    let wanted: Vec<u64> = open().filter_map(|metric| metric.iterations_to_decide).collect();
    if let (Some(least), Some(most)) = (wanted.iter().min(), wanted.iter().max()) {
        let told = |number: u64| {
            if number > MANY_ITERATIONS {
                format!("more than {}", count(MANY_ITERATIONS))
            } else {
                count(number)
            }
        };
        let range = if told(*least) == told(*most) {
            told(*least)
        } else {
            format!("{} to {}", told(*least), told(*most))
        };
        let number = wanted.len() as u64;
        lines.push(format!("{} inconclusive: about {range} iterations of each would decide.", count(number)));
    }
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for metric in open().filter(|metric| metric.iterations_to_decide.is_none()) {
        // What differs from one to the next is the p-value alone, which stands in the table.
        let reason = match metric.reason.split_once("tests; ") {
            Some((p, rest)) if p.starts_with("p ") => rest,
            _ => metric.reason.as_str(),
        };
        let reason = if reason.starts_with("p ") {
            "neither a difference nor that there is none is sure"
        } else {
            reason
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, number)) => *number += 1,
            None => reasons.push((reason, 1)),
        }
    }
    lines.extend(reasons.into_iter().map(|(reason, number)| {
        format!("{} inconclusive: {}.", count(number), reason.trim_end_matches('.'))
    }));
    lines
}

/// Iterations beyond which nobody would go.
const MANY_ITERATIONS: u64 = 1_000;

/// Both sides with when they were measured.
pub(super) fn sides(scenario: &ScenarioComparison) -> String {
    let side = |name: &str, side: &Side| {
        let commit =
            side.commit.as_ref().map(|commit| format!(", runner {}", &commit[..commit.len().min(8)]));
        format!("{name} {} ({}{})", side.path, side.timestamp, commit.unwrap_or_default())
    };
    [side("base", &scenario.base), side("candidate", &scenario.candidate)].join(" · ")
}

/// Of all levels.
fn metrics(comparison: &Comparison) -> impl Iterator<Item = &MetricComparison> {
    comparison.scenarios.iter().flat_map(rows_of).map(|row| row.metric)
}

/// A warning that stands with every table, where the two should not be compared.
pub(super) fn warning(scenario: &ScenarioComparison) -> Option<String> {
    if scenario.differences.is_empty() {
        return None;
    }
    let names: Vec<&str> = scenario.differences.iter().map(Difference::label).collect();
    Some(format!("These two should not be compared: they differ in {}.", names.join(", ")))
}

/// What is compared, `journal_mode: delete → wal`, each once.
pub(super) fn settings(scenario: &ScenarioComparison) -> Vec<String> {
    let in_words = |difference: &Difference| {
        let mut shown = difference.clone();
        for side in [&mut shown.base, &mut shown.candidate].into_iter().flatten() {
            *side = spelled(&difference.name, side).to_owned();
        }
        shown.lines()
    };
    scenario.settings.iter().flat_map(in_words).collect()
}

/// Levels and scenarios that only one side has, and levels that decide nothing.
pub(super) fn lonely(comparison: &Comparison) -> Vec<String> {
    let mut lines = alone(comparison);
    for scenario in &comparison.scenarios {
        let open = scenario.cases.iter().filter(|case| case.verdict != Verdict::Regressed);
        lines.extend(open.filter_map(|case| without_metrics(scenario, case)));
    }
    lines
}

/// Levels and scenarios that only one side has.
pub(super) fn alone(comparison: &Comparison) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tell = |names: &[String], of: &str, side: &str| {
        if !names.is_empty() {
            lines.push(format!("Only the {side} has{of}: {}.", names.join("; ")));
        }
    };
    tell(&comparison.only_base, "", "base");
    tell(&comparison.only_candidate, "", "candidate");
    for scenario in &comparison.scenarios {
        let of = format!(" of {}", title(scenario));
        tell(&scenario.only_base, &of, "base");
        tell(&scenario.only_candidate, &of, "candidate");
    }
    lines
}
