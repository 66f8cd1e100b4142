//! The child: enters its control group, plans, carries out its unit, and tells all of it.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::UnitError;
use super::here::{Carried, Here};
use super::wire::{Counted, Job, Message, message};
use crate::clock::Clock;
use crate::engine::sqlite::Starts;
use crate::files::reason;
use crate::machine::cgroup;
use crate::plan;
use crate::profile::Sampler;
use crate::run::LiveCounters;

/// Between two words on how far it has come.
const TICK: Duration = Duration::from_millis(200);

/// Carries out the job that `input` holds and tells of it on `output`. `stop` ends it early.
///
/// # Errors
/// When the job cannot be read or nothing can be told: then the one who gave it is gone.
pub fn serve(input: impl Read, output: impl Write + Send, stop: &Arc<AtomicBool>) -> io::Result<()> {
    let job: Job = serde_json::from_reader(input)?;
    let voice = Voice { output: Mutex::new(output), counters: Mutex::new(None) };
    let ended = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        let ticker = job.watched.then(|| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    std::thread::park_timeout(TICK);
                    voice.count();
                }
            })
        });
        let result = carry_out(job, &voice, stop);
        ended.store(true, Ordering::Relaxed);
        if let Some(ticker) = ticker {
            ticker.thread().unpark();
        }
        result
    });
    voice.say(&Message::Ended(result))
}

struct Voice<W> {
    output: Mutex<W>,
    /// Of what goes on.
    counters: Mutex<Option<LiveCounters>>,
}

impl<W: Write> Voice<W> {
    fn say(&self, message: &Message) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output.write_all(&line)?;
        output.flush()
    }

    fn count(&self) {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(counters) = counters {
            // Whoever cannot hear this does not hear the end either.
            let _ = self.say(&Message::Counted(Counted::read(&counters)));
        }
    }
}

fn carry_out<W: Write>(job: Job, voice: &Voice<W>, stop: &Arc<AtomicBool>) -> Carried {
    let unavailable =
        |what: &str, error: &io::Error| UnitError::Unavailable(format!("{what}: {}", reason(error)));
    let entered = cgroup::enter(&job.doors)
        .map_err(|error| unavailable("the control group cannot be entered", &error))
        .and_then(|()| {
            let tied = die_with(job.parent);
            tied.map_err(|error| unavailable("the process cannot be tied to its parent", &error))
        });
    if let Err(error) = entered {
        return error.into();
    }
    let planned = plan::one_case(&job.path, job.text, &job.overrides, job.unit.case);
    let Ok(plan) = planned else {
        let words = "a file that the scenario names has changed since it was checked; run it again";
        return UnitError::Ended(words.to_owned()).into();
    };
    let sampler = match job.profile.then(Sampler::new).transpose() {
        Ok(sampler) => sampler.map(Arc::new),
        Err(reason) => return UnitError::Unavailable(reason).into(),
    };
    let clock = Clock::real();
    let here = Here {
        clock: &clock,
        stop,
        keep_db: job.keep_db,
        starts: job.starts.map(|folder| Arc::new(Starts::of(folder))),
        sampler,
    };
    here.carry_out(&plan, &job.unit.stretch, &mut |event| {
        let (message, counters) = message(event);
        *voice.counters.lock().unwrap_or_else(PoisonError::into_inner) = counters;
        if voice.say(&message).is_err() {
            stop.store(true, Ordering::Relaxed);
        }
    })
}

/// Nothing is left running, and writing, when the runner is killed.
fn die_with(parent: u32) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let now = getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs());
    if now == Some(parent) { Ok(()) } else { Err(io::Error::other("it is gone")) }
}
