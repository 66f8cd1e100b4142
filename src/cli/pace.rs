//! What is said of something while it goes on: how fast it was lately, how slow the slowest, what failed, and how long it still takes. Readings in,
//! words out; when to look and where to show them is left to `progress`.

use std::collections::VecDeque;
use std::time::Duration;

use crate::units::{count, duration, latency, rate};

/// The rate shown is that of so long.
const LATELY: Duration = Duration::from_secs(2);
/// The time left follows from the rate of so long, which jumps less.
const STEADY: Duration = Duration::from_secs(10);
/// Before this there is no rate worth telling.
const FIRST: Duration = Duration::from_millis(500);

/// How far something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// So many operations, or rows.
    Count(u64),
    /// For so long, after a warm-up.
    Time { warm_up: Duration, measured: Duration },
    /// Nobody knows.
    Unknown,
}

impl Length {
    /// What a bar counts up to: operations, or milliseconds.
    pub(super) fn total(self) -> Option<u64> {
        match self {
            Length::Count(total) => Some(total),
            Length::Time { warm_up, measured } => Some(millis(warm_up + measured)),
            Length::Unknown => None,
        }
    }
}

/// One look at the counters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Since the beginning.
    pub(super) elapsed: Duration,
    /// Operations begun, or rows done.
    pub(super) done: u64,
    pub(super) errors: u64,
    /// Of the last second that is finished; absent where there is none, or it could not be looked at just now.
    pub(super) p99_ns: Option<u64>,
}

/// Follows one level, or the making of rows.
#[derive(Debug)]
pub(super) struct Pace {
    length: Length,
    /// Earlier readings of the last [`STEADY`], the oldest first.
    earlier: VecDeque<(Duration, u64)>,
    p99_ns: Option<u64>,
}

impl Pace {
    pub(super) fn new(length: Length) -> Pace {
        Pace { length, earlier: VecDeque::from([(Duration::ZERO, 0)]), p99_ns: None }
    }

    /// Where a bar stands now, and what is said beside it: `37 % · 13,211/s · p99 2.10 ms · 3 errors · 6 s left`.
    pub(super) fn see(&mut self, reading: Reading) -> (u64, String) {
        // Claims run past the end by one for each worker.
        let done = match self.length {
            Length::Count(total) => reading.done.min(total),
            _ => reading.done,
        };
        self.p99_ns = reading.p99_ns.or(self.p99_ns);
        self.earlier.push_back((reading.elapsed, done));
        while self.earlier.len() > 2 && reading.elapsed.saturating_sub(self.earlier[1].0) >= STEADY {
            self.earlier.pop_front();
        }
        let position = match self.length {
            Length::Time { warm_up, measured } => millis(reading.elapsed.min(warm_up + measured)),
            _ => done,
        };
        let warming = matches!(self.length, Length::Time { warm_up, .. } if reading.elapsed < warm_up);
        let part = self.length.total().filter(|total| *total > 0).map(|total| position as f64 / total as f64);
        let parts = [
            warming.then(|| "warming up".to_owned()),
            part.map(|part| format!("{:.0} %", (part * 100.0).floor())),
            self.length.total().is_none().then(|| count(done)),
            self.rate_over(LATELY).map(|per_second| format!("{}/s", rate(per_second))),
            self.p99_ns.map(|ns| format!("p99 {}", latency(ns as f64 / 1e6))),
            (reading.errors > 0).then(|| {
                let noun = if reading.errors == 1 { "error" } else { "errors" };
                format!("{} {noun}", count(reading.errors))
            }),
            self.left(reading.elapsed, done).map(|left| format!("{} left", seconds(left))),
        ];
        (position, parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }

    /// Per second between now and the reading so long ago, or the first one.
    fn rate_over(&self, window: Duration) -> Option<f64> {
        let (now, done) = *self.earlier.back()?;
        let since = self.earlier.iter().rev().find(|(then, _)| now.saturating_sub(*then) >= window);
        let (then, before) = *since.or(self.earlier.front())?;
        let passed = now.saturating_sub(then);
        (now >= FIRST && !passed.is_zero()).then(|| done.saturating_sub(before) as f64 / passed.as_secs_f64())
    }

    /// Until the end of this; absent where it stands still, or nobody knows.
    fn left(&self, elapsed: Duration, done: u64) -> Option<Duration> {
        match self.length {
            Length::Time { warm_up, measured } => Some((warm_up + measured).saturating_sub(elapsed)),
            Length::Count(total) => {
                let per_second = self.rate_over(STEADY).filter(|rate| *rate > 0.0)?;
                Duration::try_from_secs_f64((total - done) as f64 / per_second).ok()
            }
            Length::Unknown => None,
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds, begun ones included: `6 s`, `4m 51s`.
pub(super) fn seconds(time: Duration) -> String {
    let whole = time.as_millis().div_ceil(1_000);
    if whole < 120 { format!("{whole} s") } else { duration(whole as f64 * 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said after readings at these milliseconds with so much done.
    fn said(length: Length, readings: &[(u64, u64)]) -> (u64, String) {
        let mut pace = Pace::new(length);
        let see = |(ms, done): &(u64, u64)| {
            pace.see(Reading { elapsed: Duration::from_millis(*ms), done: *done, ..Reading::default() })
        };
        readings.iter().map(see).last().unwrap()
    }

    #[test]
    fn the_rate_is_that_of_the_last_two_seconds_and_the_time_left_follows_from_the_last_ten() {
        let steady: Vec<(u64, u64)> = (1..=50).map(|tick| (tick * 200, tick * 200)).collect();
        assert_eq!(said(Length::Count(40_000), &steady), (10_000, "25 % · 1,000/s · 30 s left".to_owned()));
        // Then twice as fast for two seconds.
        let faster =
            steady.into_iter().chain((1..=10).map(|tick| (10_000 + tick * 200, 10_000 + tick * 400)));
        let (_, words) = said(Length::Count(40_000), &faster.collect::<Vec<_>>());
        assert_eq!(words, "35 % · 2,000/s · 22 s left");
    }

    #[test]
    fn a_level_that_lasts_for_a_time_says_when_it_is_over() {
        let length = Length::Time { warm_up: Duration::from_secs(5), measured: Duration::from_secs(300) };
        assert_eq!(
            said(length, &[(3_000, 600)]),
            (3_000, "warming up · 0 % · 200/s · 5m 02s left".to_owned())
        );
        assert_eq!(said(length, &[(204_400, 40_880)]).1, "67 % · 200/s · 101 s left");
        assert_eq!(said(length, &[(306_000, 0)]), (305_000, "100 % · 0.00/s · 0 s left".to_owned()));
    }

    #[test]
    fn at_the_very_beginning_no_rate_is_made_up() {
        assert_eq!(said(Length::Count(100), &[(200, 1)]).1, "1 %");
        assert_eq!(said(Length::Unknown, &[(200, 12_000)]).1, "12,000");
    }

    #[test]
    fn work_that_stands_still_has_no_time_left_and_claims_beyond_the_end_are_not_counted() {
        let still: Vec<(u64, u64)> = (1..=60).map(|tick| (tick * 200, 10)).collect();
        assert_eq!(said(Length::Count(100), &still).1, "10 % · 0.00/s");
        assert_eq!(said(Length::Count(100), &[(1_000, 108)]), (100, "100 % · 100/s · 0 s left".to_owned()));
    }

    #[test]
    fn the_last_p99_holds_until_there_is_another_and_errors_are_told_once_there_are_some() {
        let mut pace = Pace::new(Length::Count(1_000));
        let mut see = |ms: u64, errors, p99_ns| {
            let elapsed = Duration::from_millis(ms);
            pace.see(Reading { elapsed, done: ms / 10, errors, p99_ns }).1
        };
        assert_eq!(see(1_000, 0, Some(2_100_000)), "10 % · 100/s · p99 2.10 ms · 9 s left");
        assert_eq!(see(1_200, 1, None), "12 % · 100/s · p99 2.10 ms · 1 error · 9 s left");
        assert_eq!(see(2_000, 1_250, Some(900)), "20 % · 100/s · p99 900 ns · 1,250 errors · 8 s left");
    }
}
