//! What a run says of itself while it goes on.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::{Deserialize, Serialize};

use super::live::LiveCounters;
use crate::measure::{LevelMeasurement, Verification};

/// What a level does before it measures, in operations or in time; the other one is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// So many operations.
    pub operations: u64,
    /// For so many nanoseconds.
    pub duration_ns: u64,
}

/// What happens, in order.
#[derive(Debug)]
pub enum Event<'a> {
    /// Rows are being made.
    Generating {
        /// How many.
        total: u64,
        /// How many so far.
        done: Arc<AtomicU64>,
    },
    /// The rows are made.
    Generated {
        /// Size of the tape.
        bytes: u64,
        /// Whether it lies in a mapped file.
        mapped: bool,
    },
    /// Tables are made anew, then sessions opened.
    Resetting,
    /// Rows are being loaded.
    Loading {
        /// How many.
        total: u64,
        /// How many so far.
        done: Arc<AtomicU64>,
    },
    /// Workers are about to start.
    LevelStarted {
        /// Name of the workload.
        workload: &'a str,
        /// Which repetition of the level, from 1.
        iteration: u32,
        /// Workers.
        concurrency: u32,
        /// Operations that are measured; the most there can be where the level lasts for a time.
        planned: u64,
        /// How long it lasts, nanoseconds, where it lasts for a time.
        duration_ns: Option<u64>,
        /// What is done before measuring.
        warm_up: Lead,
        /// While it runs.
        live: LiveCounters,
    },
    /// All workers have ended; nothing is open that would keep another connection from looking.
    LevelEnded,
    /// Rows are being compared.
    Verifying {
        /// How many so far.
        done: Arc<AtomicU64>,
    },
    /// A level is measured and, unless it was cut short, verified.
    LevelFinished {
        /// Its figures.
        measurement: &'a LevelMeasurement,
        /// What the comparison found.
        verification: Verification,
    },
}
