//! Promise: what runs between the start and the stop of the profiler is sampled, and nothing else; it leaves no file behind.
//!
//! A process has one profiler, so this promise has a test file of its own.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

use runner::profile::{Profile, Sampler};

#[inline(never)]
fn work_that_is_measured(rounds: u64) -> u64 {
    (0..rounds).fold(1_u64, |sum, round| std::hint::black_box(sum.wrapping_mul(31) ^ round))
}

#[inline(never)]
fn work_that_is_not(rounds: u64) -> u64 {
    (0..rounds).fold(7_u64, |sum, round| std::hint::black_box(sum.wrapping_add(5) ^ round))
}

fn names(profile: &Profile, function: &str) -> bool {
    profile.functions.iter().any(|known| known.name.ends_with(function))
}

fn scratch() -> Vec<std::path::PathBuf> {
    let prefix = format!("runner-profile-{}-", std::process::id());
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&prefix)).collect()
}

#[test]
fn what_runs_between_start_and_stop_is_sampled_and_nothing_else() {
    let before = scratch();
    let sampler = Sampler::new().unwrap();
    sampler.stop();
    assert_eq!(sampler.take(), None, "it was not started");
    assert!(Sampler::new().unwrap_err().contains("this process had one before"));

    let mut rounds = 1_000_000;
    // As much work as it takes: how fast it is done differs.
    let profile = loop {
        std::hint::black_box(work_that_is_not(rounds));
        sampler.start();
        std::hint::black_box(work_that_is_measured(rounds));
        sampler.stop();
        std::hint::black_box(work_that_is_not(rounds));
        if let Some(profile) = sampler.take().filter(|profile| profile.samples() >= 20) {
            break profile;
        }
        rounds *= 2;
        assert!(rounds < 1 << 40, "nothing is sampled");
    };
    assert!(names(&profile, "work_that_is_measured"), "{:?}", profile.functions);
    assert!(!names(&profile, "work_that_is_not"), "{:?}", profile.functions);
    assert_eq!(sampler.take(), None, "it was taken");

    drop(sampler);
    assert_eq!(scratch(), before);
}
