//! What an open loop came to: how many operations were due, and how many of them had not started.

use super::crew::CrewWork;
use super::worker::Tally;
use crate::measure::{ArrivalMeasurement, Latencies};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Nothing for a closed loop. `duration_ns` is the length of the level since measuring began, at `origin_ns` after the barrier.
pub(super) fn arrivals(
    crews: &[CrewWork<'_>],
    tallies: &[Tally],
    origin_ns: Option<u64>,
    duration_ns: u64,
    service: Latencies,
) -> Option<ArrivalMeasurement> {
    crews.iter().find(|crew| crew.schedule.is_some())?;
    let Some(origin_ns) = origin_ns else {
        return Some(ArrivalMeasurement { service, ..ArrivalMeasurement::default() });
    };
    let due = |until_ns: u64| crews.iter().map(|crew| crew.due(origin_ns + until_ns)).sum::<u64>();
    let mut started = 0;
    let mut backlog = Vec::new();
    for second in 0..duration_ns.div_ceil(NANOS_PER_SECOND) {
        let in_second = |tally: &Tally| tally.started.get(second as usize).copied().unwrap_or(0);
        started += tallies.iter().map(in_second).sum::<u64>();
        let end_ns = ((second + 1) * NANOS_PER_SECOND).min(duration_ns);
        backlog.push(due(end_ns).saturating_sub(started));
    }
    let in_all: u64 = tallies.iter().flat_map(|tally| &tally.started).sum();
    let due = due(duration_ns);
    Some(ArrivalMeasurement {
        due,
        not_started: due.saturating_sub(in_all),
        backlog_max: backlog.iter().copied().max().unwrap_or(0),
        backlog,
        service,
    })
}
