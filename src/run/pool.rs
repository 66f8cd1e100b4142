//! Connections that the workers share: who waits longest is served first.
//!
//! Connections are opened when they are needed, up to a maximum, and closed when too many are idle. One that cannot be opened is waited for like
//! one that is in use. No lock is held while anybody waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Crowd, Joined};
use crate::engine::{Connector, EngineError, Failure, Outcome, Session};
use crate::measure::PoolMeasurement;
use crate::plan::{POOL_TIMEOUT, Pool};

type Connection = Box<dyn Session>;

/// The connections of a level.
pub(super) struct Connections<'a> {
    limits: Pool,
    connector: Arc<dyn Connector>,
    crowd: &'a Crowd,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    open: u64,
    /// Numbers of the workers.
    waiting: VecDeque<usize>,
    /// By worker, what it waited for.
    handed: Vec<Option<Connection>>,
    /// Why one could not be opened.
    trouble: Option<String>,
    counted: PoolMeasurement,
}

/// What a worker gets.
enum Offer {
    Connection(Connection),
    /// It may open one.
    Room(usize),
    Queued,
}

impl<'a> Connections<'a> {
    /// Opens as many as there are to be at the beginning.
    pub(super) fn open(
        limits: Pool,
        connector: Arc<dyn Connector>,
        workers: usize,
        crowd: &'a Crowd,
    ) -> Result<Self, EngineError> {
        let idle =
            (0..limits.initial as usize).map(|n| connector.connect(n)).collect::<Result<Vec<_>, _>>()?;
        let open = idle.len() as u64;
        let counted = PoolMeasurement { opened: open, open_max: open, ..PoolMeasurement::default() };
        let handed = (0..workers).map(|_| None).collect();
        let state = State { idle, open, handed, counted, ..State::default() };
        Ok(Connections { limits, connector, crowd, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A worker that panicked left whole entries behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection, or what becomes of an operation that gets none; `noted` says whether the wait is measured.
    pub(super) fn check_out(
        &self,
        worker: &Joined<'_>,
        noted: bool,
        ended: &dyn Fn() -> bool,
    ) -> Result<Connection, Outcome> {
        let clock = worker.clock();
        let start = clock.now();
        let got = self.get(worker, &|| clock.nanos_between(start, clock.now()), ended);
        if noted {
            let mut state = self.state();
            match &got {
                Ok(_) => state.counted.checkouts.record(clock.nanos_between(start, clock.now())),
                Err(Outcome::Refused(_)) => state.counted.timeouts += 1,
                Err(_) => {}
            }
        }
        got
    }

    fn get(
        &self,
        worker: &Joined<'_>,
        waited_ns: &dyn Fn() -> u64,
        ended: &dyn Fn() -> bool,
    ) -> Result<Connection, Outcome> {
        match self.ask(worker.number()) {
            Offer::Connection(connection) => return Ok(connection),
            Offer::Room(number) => {
                if let Some(connection) = self.connect(number, worker.number()) {
                    return Ok(connection);
                }
            }
            Offer::Queued => {}
        }
        loop {
            if let Some(connection) = self.state().handed[worker.number()].take() {
                return Ok(connection);
            }
            let left_ns = self.limits.checkout_timeout_ns.saturating_sub(waited_ns());
            let stopped = ended();
            if left_ns == 0 || stopped {
                return self.leave(worker.number(), stopped);
            }
            worker.park(left_ns);
        }
    }

    fn ask(&self, worker: usize) -> Offer {
        let mut state = self.state();
        if state.waiting.is_empty() {
            if let Some(connection) = state.idle.pop() {
                return Offer::Connection(connection);
            }
            if state.open < u64::from(self.limits.max) {
                state.open += 1;
                state.counted.opened += 1;
                state.counted.open_max = state.counted.open_max.max(state.open);
                return Offer::Room(state.counted.opened as usize - 1);
            }
        }
        state.waiting.push_back(worker);
        Offer::Queued
    }

    fn connect(&self, number: usize, worker: usize) -> Option<Connection> {
        match self.connector.connect(number) {
            Ok(connection) => Some(connection),
            Err(error) => {
                let mut state = self.state();
                state.open -= 1;
                state.counted.opened -= 1;
                state.counted.failed += 1;
                state.trouble = Some(error.to_string());
                state.waiting.push_back(worker);
                None
            }
        }
    }

    /// Somebody may have handed over a connection in the last moment.
    fn leave(&self, worker: usize, stopped: bool) -> Result<Connection, Outcome> {
        let mut state = self.state();
        state.waiting.retain(|waiting| *waiting != worker);
        if let Some(connection) = state.handed[worker].take() {
            return Ok(connection);
        }
        if stopped {
            return Err(Outcome::Cancelled);
        }
        let reason = state.trouble.as_ref().map_or(String::new(), |trouble| format!(": {trouble}"));
        let message = format!("no connection was free in time{reason}");
        Err(Outcome::Refused(Failure { code: POOL_TIMEOUT, message }))
    }

    /// Gives one back: to whoever waits longest.
    pub(super) fn check_in(&self, connection: Connection) {
        let mut state = self.state();
        if let Some(worker) = state.waiting.pop_front() {
            state.handed[worker] = Some(connection);
            drop(state);
            self.crowd.unpark(worker);
        } else if state.idle.len() < self.limits.max_idle as usize {
            state.idle.push(connection);
        } else {
            state.open -= 1;
            state.counted.closed += 1;
            drop(state);
            drop(connection);
        }
    }

    /// Closes all, and says what came of them.
    pub(super) fn finish(self) -> PoolMeasurement {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).counted
    }
}
