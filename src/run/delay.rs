//! A delay that tests put on the operations of one variant, to see whether the statistics tell it from the others.
//!
//! No scenario can ask for it, and a result that was made with it says that it is worthless.

use std::sync::Arc;

use crate::clock::Clock;
use crate::engine::{Connector, Engine, EngineError, Lookup, Outcome, Session, TEST_DELAY_VARIABLE, Times};
use crate::plan::{Plan, Transaction};
use crate::value::{Decoder, Value};

/// What part of its own time every operation of the plan's variant is longer; none without `VARIANT:PERCENT` in the environment.
pub(super) fn of(plan: &Plan) -> Option<f64> {
    share(&std::env::var(TEST_DELAY_VARIABLE).ok()?, &plan.variant)
}

fn share(text: &str, variant: &str) -> Option<f64> {
    let (named, percent) = text.rsplit_once(':')?;
    let percent: f64 = percent.parse().ok().filter(|percent| *percent > 0.0)?;
    (named == variant).then_some(percent / 100.0)
}

/// A session whose calls last longer by a part of their own time.
pub(super) struct Delayed {
    session: Box<dyn Session>,
    share: f64,
    clock: Clock,
}

impl Delayed {
    pub(super) fn session(session: Box<dyn Session>, share: f64, clock: &Clock) -> Box<dyn Session> {
        Box::new(Delayed { session, share, clock: clock.clone() })
    }

    /// Spins rather than sleeps: a sleep is never as short as asked for.
    fn delayed<T>(&mut self, call: impl FnOnce(&mut dyn Session) -> T) -> T {
        let start = self.clock.now();
        let result = call(self.session.as_mut());
        let end = self.clock.now();
        let longer_ns = (self.clock.nanos_between(start, end) as f64 * self.share) as u64;
        while self.clock.nanos_between(end, self.clock.now()) < longer_ns {
            std::hint::spin_loop();
        }
        result
    }
}

impl Session for Delayed {
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        self.delayed(|session| session.execute(operation, values))
    }

    fn begin(&mut self, mode: Transaction) -> Outcome {
        self.delayed(|session| session.begin(mode))
    }

    fn commit(&mut self) -> Outcome {
        self.delayed(|session| session.commit())
    }

    fn roll_back(&mut self) {
        self.session.roll_back();
    }

    fn prepare_rows(&mut self, operation: usize, rows: usize) -> Result<(), EngineError> {
        self.session.prepare_rows(operation, rows)
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        self.delayed(|session| session.insert_rows(operation, rows))
    }

    fn take_times(&mut self) -> Option<Times> {
        self.session.take_times()
    }

    fn take_payload_bytes(&mut self) -> u64 {
        self.session.take_payload_bytes()
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        self.session.set_up()
    }

    fn look_up(&mut self, table: usize, row: &[Value]) -> Result<Lookup, EngineError> {
        self.session.look_up(table, row)
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        self.session.drop_tables()
    }
}

/// Opens delayed sessions.
struct DelayedConnector {
    connector: Arc<dyn Connector>,
    share: f64,
    clock: Clock,
}

impl Connector for DelayedConnector {
    fn connect(&self, number: usize) -> Result<Box<dyn Session>, EngineError> {
        Ok(Delayed::session(self.connector.connect(number)?, self.share, &self.clock))
    }
}

/// The engine's connector, delayed where this is asked for.
pub(super) fn connector(
    engine: &mut dyn Engine,
    share: Option<f64>,
    clock: &Clock,
) -> Result<Arc<dyn Connector>, EngineError> {
    let connector = engine.connector()?;
    let Some(share) = share else { return Ok(connector) };
    Ok(Arc::new(DelayedConnector { connector, share, clock: clock.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::null::NullEngine;

    #[test]
    fn only_the_variant_that_is_named_is_delayed() {
        assert_eq!(share("slow:5", "slow"), Some(0.05));
        assert_eq!(share("a:b:5", "a:b"), Some(0.05));
        assert_eq!(share("slow:5", "base"), None);
        assert_eq!(share("slow", "slow"), None);
        assert_eq!(share("slow:-5", "slow"), None);
    }

    #[test]
    fn a_call_lasts_longer_by_its_share() {
        let clock = Clock::real();
        let session = NullEngine.open_session(0).unwrap();
        let mut delayed = Delayed { session, share: 1.0, clock: clock.clone() };
        let start = clock.now();
        let mut own_ns = 0;
        delayed.delayed(|_| {
            let start = clock.now();
            while clock.nanos_between(start, clock.now()) < 100_000 {}
            own_ns = clock.nanos_between(start, clock.now());
        });
        assert!(clock.nanos_between(start, clock.now()) >= 2 * own_ns);
    }
}
