//! What is said between the runner and a child of its: one job on stdin, then a line of JSON on stdout for all that happens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::Level;
use super::here::Carried;
use crate::run::{Event, Lead, LiveCounters, Unit};
use crate::scenario::Overrides;

/// The program's argument that makes it a child.
pub const COMMAND: &str = "__unit";

/// What a child is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    /// Of the scenario.
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) overrides: Overrides,
    pub(super) unit: Unit,
    pub(super) keep_db: bool,
    /// Whether anybody watches: it tells then how far it has come.
    pub(super) watched: bool,
    /// Whether what is measured is sampled.
    pub(super) profile: bool,
    /// Folder of states to begin from again.
    pub(super) starts: Option<PathBuf>,
    /// Of its control group.
    pub(super) doors: Vec<PathBuf>,
    /// The process that it ends with.
    pub(super) parent: u32,
}

/// What a child says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    Generating {
        total: u64,
    },
    Generated {
        bytes: u64,
        mapped: bool,
    },
    Resetting,
    Loading {
        total: u64,
    },
    LevelStarted {
        workload: String,
        iteration: u32,
        concurrency: u32,
        planned: u64,
        duration_ns: Option<u64>,
        warm_up: Lead,
    },
    LevelEnded,
    Verifying,
    Counted(Counted),
    Level(Box<Level>),
    /// The last one.
    Ended(Carried),
}

/// How far that which goes on has come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Counted {
    done: u64,
    errors: u64,
    p99_ns: Option<u64>,
}

impl Counted {
    pub(super) fn read(counters: &LiveCounters) -> Counted {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            done: read(&counters.claimed),
            errors: read(&counters.errors),
            p99_ns: counters.tail.p99_ns(),
        }
    }

    /// Passes it on to who watches here.
    pub(super) fn set(self, counters: &LiveCounters) {
        counters.claimed.store(self.done, Ordering::Relaxed);
        counters.errors.store(self.errors, Ordering::Relaxed);
        counters.tail.tell(self.p99_ns);
    }
}

/// What an event is on the wire, and what counts from then on.
pub(super) fn message(event: Event<'_>) -> (Message, Option<LiveCounters>) {
    let counted = |done| Some(LiveCounters { claimed: done, ..LiveCounters::default() });
    match event {
        Event::Generating { total, done } => (Message::Generating { total }, counted(done)),
        Event::Generated { bytes, mapped } => (Message::Generated { bytes, mapped }, None),
        Event::Resetting => (Message::Resetting, None),
        Event::Loading { total, done } => (Message::Loading { total }, counted(done)),
        Event::LevelStarted { workload, iteration, concurrency, planned, duration_ns, warm_up, live } => {
            let workload = workload.to_owned();
            let started =
                Message::LevelStarted { workload, iteration, concurrency, planned, duration_ns, warm_up };
            (started, Some(live))
        }
        Event::LevelEnded => (Message::LevelEnded, None),
        Event::Verifying { done } => (Message::Verifying, counted(done)),
        Event::LevelFinished { measurement, verification } => {
            (Message::Level(Box::new(Level { measurement: measurement.clone(), verification })), None)
        }
    }
}

/// The event that a message tells of; `counters` go on to count it. What is no event is given back.
pub(super) fn tell(message: &Message, counters: &LiveCounters, on_event: &mut dyn FnMut(Event<'_>)) {
    let done = || Arc::clone(&counters.claimed);
    let event = match message {
        Message::Generating { total } => Event::Generating { total: *total, done: done() },
        Message::Generated { bytes, mapped } => Event::Generated { bytes: *bytes, mapped: *mapped },
        Message::Resetting => Event::Resetting,
        Message::Loading { total } => Event::Loading { total: *total, done: done() },
        Message::LevelStarted { workload, iteration, concurrency, planned, duration_ns, warm_up } => {
            Event::LevelStarted {
                workload,
                iteration: *iteration,
                concurrency: *concurrency,
                planned: *planned,
                duration_ns: *duration_ns,
                warm_up: *warm_up,
                live: counters.clone(),
            }
        }
        Message::LevelEnded => Event::LevelEnded,
        Message::Verifying => Event::Verifying { done: done() },
        Message::Level(level) => {
            Event::LevelFinished { measurement: &level.measurement, verification: level.verification.clone() }
        }
        Message::Counted(_) | Message::Ended(_) => return,
    };
    on_event(event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_child_has_come_is_told_with_its_p99() {
        let (child, here) = (LiveCounters::default(), LiveCounters::default());
        let pass = || {
            let line = serde_json::to_string(&Message::Counted(Counted::read(&child))).unwrap();
            let Message::Counted(heard) = serde_json::from_str(&line).unwrap() else { panic!("{line}") };
            heard.set(&here);
            let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            (read(&here.claimed), read(&here.errors), here.tail.p99_ns())
        };
        assert_eq!(pass(), (0, 0, None));
        child.claimed.store(1_200, Ordering::Relaxed);
        child.errors.store(3, Ordering::Relaxed);
        child.tail.tell(Some(2_100_000));
        assert_eq!(pass(), (1_200, 3, Some(2_100_000)));
    }

    #[test]
    fn a_level_that_starts_in_a_child_starts_here_with_the_counters_of_here() {
        let warm_up = Lead { operations: 30, duration_ns: 0 };
        let event = Event::LevelStarted {
            workload: "get",
            iteration: 2,
            concurrency: 8,
            planned: 100,
            duration_ns: None,
            warm_up,
            live: LiveCounters::default(),
        };
        let here = LiveCounters::default();
        let mut told = None;
        tell(&message(event).0, &here, &mut |event| {
            if let Event::LevelStarted { iteration, planned, warm_up, live, .. } = event {
                told = Some((iteration, planned, warm_up, Arc::ptr_eq(&live.claimed, &here.claimed)));
            }
        });
        assert_eq!(told, Some((2, 100, warm_up, true)));
    }
}
