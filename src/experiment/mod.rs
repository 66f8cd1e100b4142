//! Carries out an experiment unit by unit: here or, where the case has limits, in a process of its own, and keeps what is finished, so that an
//! interrupted experiment goes on where it stopped.
//!
//! What a caller does, for an experiment of several cases or with limits:
//!
//! ```text
//! check_limits(&experiment)?                     before anything is made: this machine sets such caps, or says what to do
//! let journal = Journal::at(results/NAME/cases)  with --fresh: journal.clear()
//! let mut conductor = Conductor::new(overrides, &clock, &stop)
//! for (index, unit) in run::order(&experiment)   the position of its iterations counts from index
//!     let plan = &experiment.cases[unit.case]
//!     let key = UnitKey::of(plan, &unit.stretch, machine)
//!     match journal.find(&key)                   a finished one is not run again
//!         Some(outcome) => …
//!         None => conductor.run(plan, &unit.stretch, keep_db, on_event)?, then journal.store(&key, &outcome)
//!     outcome.levels                             figures and verification of each iteration, for `result::Builder::add_level`
//!     outcome.ended                              why the experiment cannot go on: it is not stored
//!     outcome.failure                            why the other iterations of the stretch (Stretch::iterations_of) have none
//! journal.clear()                                once the completed result is written
//! ```
//!
//! The units are the same, and measure the same, as what [`run::execute`](crate::run::execute) does in the file's order. A plain scenario needs
//! nothing of this room but [`open_engine`] and [`options`]. The child is the program itself, called as [`COMMAND`]; `cli` hands that call to
//! [`serve`].

mod here;
mod inside;
mod journal;
mod outside;
mod wire;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::engine::sqlite::Starts;
use crate::engine::{EngineError, Facts};
use crate::machine::cgroup::{self, Caps, Refusal};
use crate::measure::{LevelMeasurement, Verification};
use crate::plan::{Experiment, Limits, Plan};
use crate::profile::Sampler;
use crate::run::{Event, RunError, Stretch};
use crate::scenario::Overrides;

pub use here::{open_engine, options};
pub use inside::serve;
pub use journal::{Journal, UnitKey};
pub use wire::COMMAND;

/// One iteration with its figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Level {
    /// What it measured.
    pub measurement: LevelMeasurement,
    /// What was found afterwards.
    pub verification: Verification,
}

/// What came of a unit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// In the order in which they were run. All of the stretch, unless there is a failure.
    pub levels: Vec<Level>,
    /// What the database said of itself; absent where its process did not come so far.
    pub facts: Option<Facts>,
    /// Most memory with page cache that its process had, bytes; absent where memory is not capped, or the kernel does not tell.
    pub peak_memory_bytes: Option<u64>,
    /// Why it ended before its last iteration, in a sentence; the experiment goes on.
    pub failure: Option<String>,
    /// Why it ended before its last iteration, and the experiment with it.
    #[serde(default)]
    pub ended: Option<UnitError>,
}

impl Outcome {
    /// With how it ended. Of a unit that was interrupted, or has no figures, nothing is kept.
    fn with(self, carried: here::Carried) -> Result<Outcome, UnitError> {
        match carried.error {
            Some(error) if error == UnitError::Interrupted || self.levels.is_empty() => Err(error),
            ended => Ok(Outcome { facts: carried.facts, ended, ..self }),
        }
    }
}

/// Why a unit ended, and the experiment with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum UnitError {
    /// The path holds something that the runner did not make.
    #[error("{0}")]
    Foreign(String),
    /// A setting did not take effect.
    #[error("{message}")]
    Setting {
        /// Index into the PRAGMAs of the case's plan, or into the settings of its server's sessions, where one is at fault.
        pragma: Option<usize>,
        /// What was asked for and what is in force.
        message: String,
    },
    /// Something cannot be had: the database, a control group, a process.
    #[error("{0}")]
    Unavailable(String),
    /// The run could not go on: disk full, I/O error, corruption, rows that cannot be made.
    #[error("{0}")]
    Ended(String),
    /// Asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<&EngineError> for UnitError {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::Foreign(message) => UnitError::Foreign(message.clone()),
            EngineError::Setting { pragma, message } => {
                UnitError::Setting { pragma: *pragma, message: message.clone() }
            }
            EngineError::Unavailable(message) => UnitError::Unavailable(message.clone()),
            EngineError::Fatal { .. } => UnitError::Ended(error.to_string()),
            EngineError::Interrupted => UnitError::Interrupted,
        }
    }
}

impl From<&RunError> for UnitError {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::Engine(error) => error.into(),
            RunError::Tape(error) => UnitError::Ended(error.to_string()),
            RunError::Interrupted => UnitError::Interrupted,
        }
    }
}

/// Whether this machine can hold every case to its limits.
///
/// # Errors
/// Why not, and what to do. A case never runs without limits that it asks for.
pub fn check_limits(experiment: &Experiment) -> Result<(), Refusal> {
    let mut tried: Vec<Limits> = Vec::new();
    for limits in experiment.cases.iter().map(|case| case.limits).filter(|limits| !limits.is_empty()) {
        if !tried.contains(&limits) {
            cgroup::try_out(caps(limits))?;
            tried.push(limits);
        }
    }
    Ok(())
}

fn caps(limits: Limits) -> Caps {
    Caps { memory_bytes: limits.memory_bytes, cpus: limits.cpus }
}

/// Runs units one after the other.
#[derive(Debug)]
pub struct Conductor {
    /// What is called for a child.
    program: PathBuf,
    overrides: Overrides,
    clock: Clock,
    stop: Arc<AtomicBool>,
    watched: bool,
    /// States of databases to begin from again, by the database's path.
    starts: BTreeMap<PathBuf, Arc<Starts>>,
    sampler: Option<Arc<Sampler>>,
}

impl Conductor {
    /// `overrides` are those that the experiment was planned with; `stop` ends it early, and its children.
    pub fn new(overrides: &Overrides, clock: &Clock, stop: &Arc<AtomicBool>) -> Conductor {
        Conductor {
            // This very program, even if another was put in its place meanwhile.
            program: PathBuf::from("/proc/self/exe"),
            overrides: overrides.clone(),
            clock: clock.clone(),
            stop: Arc::clone(stop),
            watched: false,
            starts: BTreeMap::new(),
            sampler: None,
        }
    }

    /// Samples what is measured, in children too.
    #[must_use]
    pub fn with_sampler(self, sampler: Option<Arc<Sampler>>) -> Conductor {
        Conductor { sampler, ..self }
    }

    /// Calls another program for children: one that is not `runner` itself has to.
    #[must_use]
    pub fn with_program(self, program: PathBuf) -> Conductor {
        Conductor { program, ..self }
    }

    /// With somebody who reads the counters while something goes on. Otherwise those of a child stay at 0, and cost it nothing.
    #[must_use]
    pub fn watched(self, watched: bool) -> Conductor {
        Conductor { watched, ..self }
    }

    /// Carries out a stretch of a case, from making its database to removing it, unless it is to be kept. What happens is told by events, each
    /// finished level included; its figures are those of the outcome.
    ///
    /// # Errors
    /// When the experiment cannot go on and the unit has no figures; with figures, the error stands in the outcome. A process that is killed for
    /// memory, or ends by a fault, is no error but a failure in the outcome.
    pub fn run(
        &mut self,
        plan: &Plan,
        stretch: &Stretch,
        keep_db: bool,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, UnitError> {
        let starts = self.starts(plan);
        if plan.limits.is_empty() {
            let mut levels = Vec::new();
            let here = here::Here {
                clock: &self.clock,
                stop: &self.stop,
                keep_db,
                starts,
                sampler: self.sampler.clone(),
            };
            let ran = here.carry_out(plan, stretch, &mut |event| {
                if let Event::LevelFinished { measurement, verification } = &event {
                    let (measurement, verification) = ((*measurement).clone(), verification.clone());
                    levels.push(Level { measurement, verification });
                }
                on_event(event);
            });
            let outcome = Outcome { levels, ..Outcome::default() };
            return outcome.with(ran);
        }
        let call = outside::Call {
            program: &self.program,
            overrides: &self.overrides,
            stop: &self.stop,
            plan,
            stretch,
            keep_db,
            watched: self.watched,
            profile: self.sampler.is_some(),
            starts: starts.as_deref().map(Starts::folder),
        };
        call.run(on_event)
    }

    /// Kept for as long as the experiment goes on: loaded once, copied for each unit.
    fn starts(&mut self, plan: &Plan) -> Option<Arc<Starts>> {
        let path = plan.database.file()?;
        if let Some(starts) = self.starts.get(path) {
            return Some(Arc::clone(starts));
        }
        let starts = here::starts(plan)?;
        self.starts.insert(path.to_owned(), Arc::clone(&starts));
        Some(starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(levels: usize, error: UnitError) -> Result<Outcome, UnitError> {
        let level = Level { measurement: LevelMeasurement::default(), verification: Verification::default() };
        let outcome = Outcome { levels: vec![level; levels], ..Outcome::default() };
        outcome.with(here::Carried { facts: Some(Facts::default()), error: Some(error) })
    }

    #[test]
    fn a_unit_that_cannot_go_on_keeps_what_it_measured() {
        let gone = || UnitError::Ended("the server stayed away (08006)".to_owned());
        let kept = ended(2, gone()).unwrap();
        assert_eq!((kept.levels.len(), kept.ended, kept.facts.is_some()), (2, Some(gone()), true));
        assert_eq!(ended(0, gone()).unwrap_err(), gone(), "there is nothing to keep");
        assert_eq!(ended(2, UnitError::Interrupted).unwrap_err(), UnitError::Interrupted);
    }

    #[test]
    fn an_outcome_is_read_again_as_it_was_stored_also_by_an_earlier_runner() {
        let gone = UnitError::Ended("the server stayed away (08006)".to_owned());
        let mut stored = serde_json::to_value(ended(1, gone.clone()).unwrap()).unwrap();
        let read: Outcome = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!((read.levels.len(), read.ended), (1, Some(gone)));
        stored.as_object_mut().unwrap().remove("ended");
        assert_eq!(serde_json::from_value::<Outcome>(stored).unwrap().ended, None);
    }
}
