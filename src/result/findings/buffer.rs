//! What a write buffer puts at risk.

use super::super::model::{BufferFigures, Configuration, RunResult};
use super::{Finding, finding, levels, with};
use crate::units::count;

pub(super) fn memory_at_risk(result: &RunResult) -> Option<Finding> {
    let buffer = |level: &Configuration| level.resources.buffer.filter(|buffer| buffer.at_risk_max > 0);
    let seen = levels(result, |level| buffer(level).is_some());
    let rows = |level: &Configuration| buffer(level).map_or(0, |buffer| buffer.at_risk_max);
    let worst = seen.iter().max_by_key(|level| rows(level))?;
    let BufferFigures { at_risk_max, at_risk_limit, flushes, .. } = buffer(worst)?;
    let limit = if at_risk_limit > at_risk_max {
        format!(", and never more than {}", count(at_risk_limit))
    } else {
        String::new()
    };
    let sentence = format!(
        "What is acknowledged is in memory: a crash of the process {} would have lost up to {} acknowledged rows{limit}.",
        with(result, worst),
        count(at_risk_max)
    );
    if worst.verification.not_kept_rows > 0 {
        let sentence = format!(
            "What is acknowledged is in memory, and what is flushed is counted and let go: a crash of the process {} would have lost every \
             acknowledged row.",
            with(result, worst)
        );
        let suggestion = "`persister = \"sqlite\"` in [buffer] keeps what is flushed.";
        return Some(finding("memory-at-risk", &seen, sentence, suggestion));
    }
    let suggestion = if flushes > 0 {
        "A smaller `threshold` or a `flush_timeout` in [buffer] puts fewer rows at risk; an engine that acknowledges what is on a \
         disk promises more, and is not slower for nothing."
    } else {
        "Nothing was flushed: a smaller `threshold` or a `flush_timeout` in [buffer] puts fewer rows at risk."
    };
    Some(finding("memory-at-risk", &seen, sentence, suggestion))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::*;
    use crate::engine::BufferCounters;

    #[test]
    fn rows_that_a_crash_would_have_lost_are_told() {
        let mut result = begun();
        let mut measured = level(2, &[1_000_000; 20], 0);
        let buffer =
            BufferCounters { at_risk_max: 12_000, at_risk_limit: 20_001, ..BufferCounters::default() };
        measured.resources.engine.buffer = Some(buffer);
        result.add_level(&plan(), &measured, verified(20), 1);
        let found = memory_at_risk(&result.document).unwrap();
        assert_eq!(
            found.sentence,
            "What is acknowledged is in memory: a crash of the process with 2 workers would have lost up to 12,000 \
             acknowledged rows, and never more than 20,001."
        );
        assert!(memory_at_risk(&finished()).is_none());
    }
}
