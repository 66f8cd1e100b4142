//! What is said between the runner and a child of its: one job on stdin, then a line of JSON on stdout for all that happens.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::Level;
use super::here::Carried;
use crate::run::{Event, LiveCounters, Unit};
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
    },
    LevelEnded,
    Verifying,
    /// How far that which goes on has come.
    Counted {
        done: u64,
        errors: u64,
    },
    Level(Box<Level>),
    /// The last one.
    Ended(Carried),
}

/// What counts while something goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    pub(super) done: Arc<AtomicU64>,
    pub(super) errors: Arc<AtomicU64>,
}

impl Counters {
    pub(super) fn read(&self) -> Message {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Message::Counted { done: read(&self.done), errors: read(&self.errors) }
    }

    pub(super) fn set(&self, done: u64, errors: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.errors.store(errors, Ordering::Relaxed);
    }
}

/// What an event is on the wire, and what counts from then on.
pub(super) fn message(event: Event<'_>) -> (Message, Option<Counters>) {
    let counted = |done| Some(Counters { done, errors: Arc::default() });
    match event {
        Event::Generating { total, done } => (Message::Generating { total }, counted(done)),
        Event::Generated { bytes, mapped } => (Message::Generated { bytes, mapped }, None),
        Event::Resetting => (Message::Resetting, None),
        Event::Loading { total, done } => (Message::Loading { total }, counted(done)),
        Event::LevelStarted { workload, iteration, concurrency, planned, duration_ns, live } => {
            let workload = workload.to_owned();
            let counters = Counters { done: live.claimed, errors: live.errors };
            (Message::LevelStarted { workload, iteration, concurrency, planned, duration_ns }, Some(counters))
        }
        Event::LevelEnded => (Message::LevelEnded, None),
        Event::Verifying { done } => (Message::Verifying, counted(done)),
        Event::LevelFinished { measurement, verification } => {
            (Message::Level(Box::new(Level { measurement: measurement.clone(), verification })), None)
        }
    }
}

/// The event that a message tells of; `counters` go on to count it. What is no event is given back.
pub(super) fn tell(message: &Message, counters: &Counters, on_event: &mut dyn FnMut(Event<'_>)) {
    let done = || Arc::clone(&counters.done);
    let event = match message {
        Message::Generating { total } => Event::Generating { total: *total, done: done() },
        Message::Generated { bytes, mapped } => Event::Generated { bytes: *bytes, mapped: *mapped },
        Message::Resetting => Event::Resetting,
        Message::Loading { total } => Event::Loading { total: *total, done: done() },
        Message::LevelStarted { workload, iteration, concurrency, planned, duration_ns } => {
            Event::LevelStarted {
                workload,
                iteration: *iteration,
                concurrency: *concurrency,
                planned: *planned,
                duration_ns: *duration_ns,
                live: LiveCounters { claimed: done(), errors: Arc::clone(&counters.errors) },
            }
        }
        Message::LevelEnded => Event::LevelEnded,
        Message::Verifying => Event::Verifying { done: done() },
        Message::Level(level) => {
            Event::LevelFinished { measurement: &level.measurement, verification: level.verification.clone() }
        }
        Message::Counted { .. } | Message::Ended(_) => return,
    };
    on_event(event);
}
