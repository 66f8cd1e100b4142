//! Why two sets of results are not compared.

use super::model::Difference;

/// Why two sets of results are not compared.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// No scenario is in both.
    #[error("the two have no scenario in common: base has {base}; candidate has {candidate}")]
    NothingInCommon {
        /// Names of the base's.
        base: String,
        /// Names of the candidate's.
        candidate: String,
    },
    /// Which of them is meant cannot be known.
    #[error("{side} has more than one result of {scenario}: {}; name one of them", paths.join(", "))]
    Twice {
        /// `base` or `candidate`.
        side: &'static str,
        /// Name of the scenario.
        scenario: String,
        /// Their files.
        paths: Vec<String>,
    },
    /// They were measured under other circumstances, or do other work.
    #[error("{scenario} cannot be compared, since more than its settings differs{}", lines(differences))]
    Differs {
        /// Name of the scenario.
        scenario: String,
        /// What they do not share.
        differences: Vec<Difference>,
    },
    /// A case that was named is not there, in a sentence with those that are.
    #[error("{0}")]
    NoSuchCase(String),
    /// An operation that a metric names is not there.
    #[error("`{name}`: there is no operation `{operation}`; the operations are {}{}", known.join(", "), near(operation, known))]
    NoSuchOperation {
        /// The metric as it was written.
        name: String,
        /// The operation in it.
        operation: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// Scenarios are in both, but no level of theirs.
    #[error(
        "there is nothing to compare: the two have no level in common; base has {base}; candidate has {candidate}"
    )]
    NoLevelInCommon {
        /// Levels of the base.
        base: String,
        /// Levels of the candidate.
        candidate: String,
    },
    /// Levels are in both, but no metric.
    #[error("there is nothing to compare: {reason}")]
    NothingMeasured {
        /// Why, of the first level.
        reason: String,
    },
}

/// Each on a line of its own.
fn lines(differences: &[Difference]) -> String {
    differences.iter().flat_map(Difference::lines).map(|line| format!("\n  {line}")).collect()
}

fn near(operation: &str, known: &[String]) -> String {
    let near = crate::diagnostic::nearest(operation, known.iter().map(String::as_str));
    near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}
