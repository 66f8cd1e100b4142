//! How a run ended and whether it should be believed, in a few words that stand before everything else.

use serde::Serialize;

use super::view::mood;
use crate::report::notes::Mood;
use crate::result::{Configuration, RunResult, Status, TargetStatus, VerificationStatus};
use crate::units::count;

/// A few words with a mark.
#[derive(Debug, Serialize)]
pub(super) struct Chip {
    mood: &'static str,
    text: String,
}

fn chip(good: Mood, text: String) -> Chip {
    Chip { mood: mood(good), text }
}

/// End, validity, doubts, verification, targets, errors.
pub(super) fn chips(result: &RunResult) -> Vec<Chip> {
    let all = result.configurations.len();
    let number = |holds: &dyn Fn(&Configuration) -> bool| {
        result.configurations.iter().filter(|level| holds(level)).count()
    };
    let valid = number(&|level| level.validity.valid);
    let doubted = number(&|level| level.validity.valid && !level.validity.doubts.is_empty());
    let verified = number(&|level| level.verification.status == VerificationStatus::Verified);
    let mut chips = vec![ending(result)];
    chips.push(match all - valid {
        _ if all == 0 => chip(Mood::Bad, "nothing was measured".to_owned()),
        0 => chip(Mood::Good, format!("valid: {}", levels(all))),
        wrong => chip(Mood::Bad, format!("not valid: {wrong} of {}", levels(all))),
    });
    if doubted > 0 {
        chips.push(chip(Mood::Caution, format!("with doubts: {doubted} of {}", levels(all))));
    }
    if verified == all && all > 0 {
        chips.push(chip(Mood::Good, "data verified".to_owned()));
    } else if all > 0 {
        chips.push(chip(Mood::Caution, format!("data verified: {verified} of {}", levels(all))));
    }
    chips.extend(targets(result));
    chips.extend(errors(result));
    chips
}

fn levels(count: usize) -> String {
    if count == 1 { "1 level".to_owned() } else { format!("{count} levels") }
}

fn ending(result: &RunResult) -> Chip {
    match result.status {
        Status::Completed => chip(Mood::Good, "completed".to_owned()),
        Status::Running => chip(Mood::Caution, "not ended".to_owned()),
        Status::Interrupted => chip(Mood::Caution, "interrupted".to_owned()),
        Status::Failed => chip(Mood::Bad, "failed".to_owned()),
    }
}

fn targets(result: &RunResult) -> Option<Chip> {
    let (mut all, mut met, mut missed) = (0, 0, 0);
    for (_, verdict) in result.all_targets() {
        all += 1;
        match verdict.status {
            TargetStatus::Pass => met += 1,
            TargetStatus::Fail => missed += 1,
            TargetStatus::Invalid => {}
        }
    }
    let good = match (missed, met == all) {
        (0, true) => Mood::Good,
        (0, false) => Mood::Caution,
        _ => Mood::Bad,
    };
    (all > 0).then(|| chip(good, format!("targets met: {met} of {all}")))
}

fn errors(result: &RunResult) -> Option<Chip> {
    let errors: u64 = result.configurations.iter().map(|level| level.overall.errors).sum();
    let attempted: u64 = result.configurations.iter().map(|level| level.attempted).sum();
    (attempted > 0).then(|| match errors {
        0 => chip(Mood::Good, "no errors".to_owned()),
        some => chip(Mood::Caution, format!("errors: {} of {}", count(some), count(attempted))),
    })
}
