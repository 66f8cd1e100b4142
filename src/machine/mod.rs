//! What this machine is: kernel, processors, memory, limits, file systems, and what the process has used of them.
//!
//! Everything here is read from the system and may be missing; nothing is guessed, nothing panics. What the facts mean for a
//! result is left to `result`. What it changes are control groups alone: those that it makes itself.

pub mod cgroup;
mod limits;
mod pressure;
mod storage;
mod usage;

pub use limits::{Machine, open_files};
pub use pressure::{
    available_memory_bytes, clock_source, disk_pressure, frequency_governor, load_average, stolen_share,
};
pub use storage::{
    FileSystem, file_system, free_bytes, sync_latency_ns, sync_times_ns, write_bytes_per_second,
};
pub use usage::{Usage, other_load, usage};

use crate::clock::Clock;

/// The smallest step of the monotonic clock that can be told apart by reading it again, in nanoseconds.
///
/// It is the least difference between readings that follow each other at once, so the cost of one reading is part of it: a region
/// shorter than some multiples of this cannot be timed.
pub fn clock_resolution_ns() -> u64 {
    Clock::real().resolution_ns()
}

fn nanoseconds(time: rustix::time::Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// The number after `key:` in a file like `/proc/meminfo`, in the file's own unit.
fn number_after(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_after_its_whole_key_only() {
        let text = "MemTotalX: 1 kB\nMemTotal:       16 kB\n";
        assert_eq!(number_after(text, "MemTotal"), Some(16));
        assert_eq!(number_after(text, "Mem"), None);
    }

    #[test]
    fn the_clock_has_a_resolution() {
        assert!(clock_resolution_ns() >= 1);
    }
}
