//! Where processor time goes while something is measured: stacks sampled in this process, and their picture, a flame graph.
//!
//! Nothing here runs unless it is asked for. When sampling begins and ends is left to `run`; where the picture goes, to `cli`.

mod drawing;
mod names;
mod sampler;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod symbols;

use serde::{Deserialize, Serialize};

pub use drawing::{BEGINS, Graph};
pub use sampler::Sampler;

/// Samples for each second of processor time. No divisor or multiple of the rates at which programs like to do things.
pub const FREQUENCY_HZ: u32 = 199;

/// What was sampled while a level was measured. It can be stored and read again: it comes from another process, or from an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Samples that were due and not taken: another thread's was being noted.
    pub missed: u64,
    /// Every function that occurs, once.
    pub functions: Vec<Function>,
    /// Each stack once.
    pub stacks: Vec<Stack>,
}

/// A function, with those that the compiler put into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// As it is written in its language.
    pub name: String,
    /// Who wrote it.
    pub origin: Origin,
}

/// Who wrote a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// The runner.
    Runner,
    /// The database that is built into the runner.
    Database,
    /// The C library, Rust's, and others.
    Library,
}

/// Calls that were on a thread's stack together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Name of the thread, without its number.
    pub thread: String,
    /// Places in the profile's functions, callers first.
    pub calls: Vec<usize>,
    /// How often it was met.
    pub samples: u64,
}

impl Profile {
    /// Samples that were taken.
    pub fn samples(&self) -> u64 {
        self.stacks.iter().map(|stack| stack.samples).sum()
    }

    /// Puts sampled calls together, callers first. What called the runner's first function is left out: it starts threads, and is the same for all.
    /// So are threads that only wait for work of the level to be handed to them or to end.
    pub(crate) fn of(sampled: impl IntoIterator<Item = (String, Vec<Function>, u64)>) -> Profile {
        let mut functions = indexmap::IndexSet::new();
        let mut stacks = indexmap::IndexMap::<(String, Vec<usize>), u64>::new();
        for (thread, calls, samples) in sampled {
            let first = calls.iter().position(|function| function.origin == Origin::Runner);
            if first.is_none() && calls.iter().any(|function| function.name.starts_with(WAITING)) {
                continue;
            }
            let first = first.unwrap_or(0);
            let calls = calls.into_iter().skip(first).map(|function| functions.insert_full(function).0);
            *stacks.entry((numberless(&thread).to_owned(), calls.collect())).or_default() += samples;
        }
        let mut stacks: Vec<Stack> =
            stacks.into_iter().map(|((thread, calls), samples)| Stack { thread, calls, samples }).collect();
        // A table of addresses has no order that would mean anything.
        stacks.sort_by(|a, b| (&a.thread, &a.calls).cmp(&(&b.thread, &b.calls)));
        Profile { missed: 0, functions: functions.into_iter().collect(), stacks }
    }

    /// The calls of a stack, callers first.
    fn calls<'a>(&'a self, stack: &'a Stack) -> impl Iterator<Item = &'a Function> {
        // One that was stored by hand may name places that are not there.
        stack.calls.iter().filter_map(|place| self.functions.get(*place))
    }
}

/// Where rayon's threads wait.
const WAITING: &str = "rayon_core::registry::";

/// `worker` for `worker-3`: what many threads do stands together.
fn numberless(thread: &str) -> &str {
    thread.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-')
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A function by its name.
    pub(crate) fn function(name: &str) -> Function {
        Function { name: name.to_owned(), origin: names::origin(name, true) }
    }

    /// Stacks as they are sampled: thread, calls with `;` between them, how often.
    pub(crate) fn profile(stacks: &[(&str, &str, u64)]) -> Profile {
        let sampled = stacks.iter().map(|(thread, calls, samples)| {
            ((*thread).to_owned(), calls.split(';').map(function).collect(), *samples)
        });
        Profile::of(sampled)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::profile;
    use super::*;

    #[test]
    fn workers_that_do_the_same_stand_together_and_what_started_them_is_left_out() {
        let profile = profile(&[
            ("worker-0", "clone3;rayon_core::registry::main_loop;runner::run::level::work;sqlite3_step", 3),
            ("worker-11", "start;runner::run::level::work;sqlite3_step", 4),
            ("flusher", "clone3;runner::engine::flush", 1),
        ]);
        let told: Vec<(&str, Vec<&str>, u64)> = profile
            .stacks
            .iter()
            .map(|stack| {
                let calls = profile.calls(stack).map(|function| function.name.as_str()).collect();
                (stack.thread.as_str(), calls, stack.samples)
            })
            .collect();
        let expected = [
            ("flusher", vec!["runner::engine::flush"], 1),
            ("worker", vec!["runner::run::level::work", "sqlite3_step"], 7),
        ];
        assert_eq!(told, expected);
        assert_eq!(profile.samples(), 8);
        assert_eq!(profile.functions.len(), 3, "each stands there once");
    }

    #[test]
    fn threads_that_wait_for_work_are_left_out() {
        let waiting = "thread_start;rayon_core::registry::WorkerThread::wait_until_cold;sched_yield";
        assert_eq!(profile(&[("worker-0", waiting, 5)]).samples(), 0);
    }

    #[test]
    fn calls_whose_callers_are_not_known_are_kept() {
        let profile = profile(&[("worker-0", "__pthread_mutex_unlock", 5)]);
        assert_eq!((profile.samples(), profile.stacks[0].calls.len()), (5, 1));
    }

    #[test]
    fn a_profile_is_read_again_as_it_was_stored() {
        let profile = profile(&[("worker-0", "runner::run::level::work;sqlite3_step", 3)]);
        let stored = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&stored).unwrap(), profile);
    }
}
