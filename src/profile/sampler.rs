//! Takes the samples: a timer of the process's processor time, whose signal notes the stack of the thread that is running.
//!
//! The signal's handler allocates nothing and takes no lock that it would wait for. Names are looked up afterwards.

pub use imp::Sampler;

/// There the stacks can be walked inside of a signal's handler.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod imp {
    use std::collections::HashMap;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rpprof::{ProfilerGuard, ProfilerGuardBuilder, UnresolvedReport};
    use tempfile::TempDir;
    use tempfile::env::override_temp_dir;

    use super::super::symbols::Symbols;
    use super::super::{FREQUENCY_HZ, Function, Origin, Profile};
    use crate::files::reason;

    /// Samples all threads of this process between `start` and `stop`. A process has one at most.
    pub struct Sampler {
        running: Mutex<Option<ProfilerGuard<'static>>>,
        taken: Mutex<Option<UnresolvedReport>>,
        /// Holds the profiler's own file, which it would leave behind. Goes last.
        _scratch: TempDir,
    }

    impl std::fmt::Debug for Sampler {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Sampler")
        }
    }

    impl Sampler {
        /// Makes ready to sample, so that nothing of that falls into what is measured.
        ///
        /// # Errors
        /// In a sentence, why this process cannot be sampled.
        pub fn new() -> Result<Sampler, String> {
            let own = Sampler::new as fn() -> Result<Sampler, String> as *const () as u64;
            if Symbols::own().function(own).origin != Origin::Runner {
                return Err(
                    "this binary holds no names of functions: it was stripped of its symbols".to_owned()
                );
            }
            let unusable = |error: String| format!("the profiler cannot be started: {error}");
            let scratch =
                tempfile::Builder::new().prefix(&format!("runner-profile-{}-", std::process::id())).tempdir();
            let scratch = scratch.map_err(|error| unusable(reason(&error)))?;
            // For all of the process; nothing else in it makes a temporary file without naming its folder.
            if override_temp_dir(scratch.path()).is_err() {
                return Err(unusable("this process had one before".to_owned()));
            }
            drop(guard().map_err(|error| unusable(error.to_string()))?);
            Ok(Sampler { running: Mutex::default(), taken: Mutex::default(), _scratch: scratch })
        }

        /// From now on.
        pub fn start(&self) {
            // It was tried before; a level that cannot be sampled all the same is measured, and has no stacks.
            *lock(&self.running) = guard().ok();
        }

        /// Until now; what was sampled is kept until it is taken.
        pub fn stop(&self) {
            let Some(guard) = lock(&self.running).take() else { return };
            *lock(&self.taken) = guard.report().build_unresolved().ok();
        }

        /// What was sampled, with names. None where nothing was.
        pub fn take(&self) -> Option<Profile> {
            let report = lock(&self.taken).take()?;
            let mut symbols = Symbols::own();
            let mut known = HashMap::new();
            let mut function = |address: u64| -> Function {
                known.entry(address).or_insert_with(|| symbols.function(address)).clone()
            };
            let sampled = report.data.iter().map(|(stack, samples)| {
                let thread = &stack.thread_name[..stack.thread_name_length];
                let mut calls: Vec<Function> = Vec::with_capacity(stack.frames.len());
                for (place, frame) in stack.frames.iter().enumerate() {
                    // All but the first are where a call returns to, which may be behind the end of the caller.
                    calls.push(function(frame.ip as u64 - u64::from(place > 0)));
                }
                calls.reverse();
                (String::from_utf8_lossy(thread).into_owned(), calls, u64::try_from(*samples).unwrap_or(0))
            });
            let profile = Profile::of(sampled);
            (profile.samples() > 0).then_some(Profile { missed: report.missed_samples, ..profile })
        }
    }

    fn guard() -> rpprof::Result<ProfilerGuard<'static>> {
        ProfilerGuardBuilder::default().frequency(FREQUENCY_HZ.cast_signed()).build()
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod imp {
    use super::super::Profile;

    /// Samples nothing: there is none.
    #[derive(Debug)]
    pub struct Sampler(());

    impl Sampler {
        /// Makes ready to sample.
        ///
        /// # Errors
        /// Always.
        pub fn new() -> Result<Sampler, String> {
            Err("processor time can be sampled on Linux only, on x86-64 and AArch64".to_owned())
        }

        /// Does nothing.
        pub fn start(&self) {}

        /// Does nothing.
        pub fn stop(&self) {}

        /// Nothing.
        pub fn take(&self) -> Option<Profile> {
            None
        }
    }
}
