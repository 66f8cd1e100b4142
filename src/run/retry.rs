//! Repeating what the database refused: how often, after which delay. The latency of an operation has all of it.

use std::time::Duration;

use crate::engine::{Failure, Outcome};
use crate::measure::RetryMeasurement;
use crate::plan::Retry;
use crate::template::mix;

/// One operation's, or one batch's, attempts so far.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    retry: Option<&'a Retry>,
    seed: u64,
    made: u32,
}

impl<'a> Attempts<'a> {
    /// Before the first. `seed` is the operation's and the worker's own.
    pub(super) fn new(retry: Option<&'a Retry>, seed: u64) -> Self {
        Attempts { retry, seed, made: 1 }
    }

    /// How long to wait before the next; nothing when this was the last, or its outcome is not one to repeat.
    pub(super) fn next(&mut self, outcome: &Outcome) -> Option<Duration> {
        let retry = self.retry?;
        if self.made >= retry.attempts || !repeats(retry, outcome) {
            return None;
        }
        let delay_ns = delay_ns(retry, self.made - 1, self.seed);
        self.made += 1;
        Some(Duration::from_nanos(delay_ns))
    }

    /// Counts them; `operations` is 1, or the size of a batch, which is repeated as a whole.
    pub(super) fn count(&self, outcome: &Outcome, operations: u64, counted: &mut RetryMeasurement) {
        let Some(retry) = self.retry else { return };
        counted.attempts += u64::from(self.made - 1);
        match outcome {
            Outcome::Done { .. } | Outcome::Unexpected { .. } if self.made > 1 => {
                counted.succeeded += operations;
            }
            refused if repeats(retry, refused) && self.made >= retry.attempts => {
                counted.gave_up += operations;
            }
            _ => {}
        }
    }
}

fn repeats(retry: &Retry, outcome: &Outcome) -> bool {
    let Outcome::Refused(Failure { code, .. }) = outcome else { return false };
    retry.on.iter().any(|beginning| code.starts_with(beginning.as_str()))
}

/// Before attempt `number + 2`.
fn delay_ns(retry: &Retry, number: u32, seed: u64) -> u64 {
    let exponent = i32::try_from(number).unwrap_or(i32::MAX);
    let grown = retry.base_delay_ns as f64 * retry.factor.powi(exponent);
    let delay = grown.min(retry.max_delay_ns as f64);
    if !retry.jitter {
        return delay as u64;
    }
    let even = (mix(seed, &[u64::from(number)]) >> 11) as f64 / (1u64 << 53) as f64;
    (delay * even) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(jitter: bool) -> Retry {
        let on = vec!["SQLITE_BUSY".to_owned()];
        Retry { attempts: 9, base_delay_ns: 5, factor: 2.0, max_delay_ns: 100, jitter, on }
    }

    #[test]
    fn delays_grow_by_the_factor_up_to_the_greatest() {
        let delays: Vec<u64> = (0..7).map(|n| delay_ns(&retry(false), n, 1)).collect();
        assert_eq!(delays, [5, 10, 20, 40, 80, 100, 100]);
        assert_eq!(delay_ns(&retry(false), u32::MAX, 1), 100);
    }

    #[test]
    fn jitter_is_spread_over_the_whole_delay_and_comes_from_the_seed() {
        let wide = Retry { base_delay_ns: 1_000_000, max_delay_ns: 1_000_000, ..retry(true) };
        let drawn: Vec<u64> = (0..1_000).map(|seed| delay_ns(&wide, 0, seed)).collect();
        assert_eq!(drawn, (0..1_000).map(|seed| delay_ns(&wide, 0, seed)).collect::<Vec<_>>());
        let mean = drawn.iter().sum::<u64>() / 1_000;
        assert!((470_000..530_000).contains(&mean), "{mean}");
        assert!(drawn.iter().all(|ns| *ns < 1_000_000));
    }

    #[test]
    fn only_the_codes_that_were_named_are_repeated() {
        let plan = retry(false);
        let refused = |code| Outcome::Refused(Failure { code, message: String::new() });
        assert!(Attempts::new(Some(&plan), 1).next(&refused("SQLITE_BUSY_SNAPSHOT")).is_some());
        assert!(Attempts::new(Some(&plan), 1).next(&refused("SQLITE_LOCKED")).is_none());
        assert!(Attempts::new(Some(&plan), 1).next(&Outcome::Done { changes: 1 }).is_none());
        assert!(Attempts::new(None, 1).next(&refused("SQLITE_BUSY")).is_none());
    }
}
