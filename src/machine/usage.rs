//! What this process has used, and what else the machine is doing.

use std::fs::read_to_string;

use rustix::time::{ClockId, clock_gettime};

use super::cgroup::own_peak_memory_bytes;
use super::{nanoseconds, number_after};

/// What the process has used since it started, or between two readings. Absent where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all threads, nanoseconds; exact.
    pub cpu_ns: Option<u64>,
    /// The part of it in user mode, nanoseconds.
    pub user_cpu_ns: Option<u64>,
    /// The part of it in the kernel, nanoseconds.
    pub system_cpu_ns: Option<u64>,
    /// Most memory that was ever resident, bytes; of a process that entered a [control group](super::cgroup::enter) that of the group, with page
    /// cache. A peak: not a difference even between two readings.
    pub peak_memory_bytes: Option<u64>,
    /// Bytes that were fetched from the storage layer.
    pub read_bytes: Option<u64>,
    /// Bytes that were sent to the storage layer.
    pub written_bytes: Option<u64>,
}

/// Reads the figures of this process.
pub fn usage() -> Usage {
    let (user, system) = read_to_string("/proc/self/stat").ok().and_then(|text| cpu_ticks(&text)).unzip();
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let io = read_to_string("/proc/self/io").unwrap_or_default();
    let tick = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1);
    Usage {
        cpu_ns: Some(nanoseconds(clock_gettime(ClockId::ProcessCPUTime))),
        user_cpu_ns: user.map(|ticks: u64| ticks.saturating_mul(tick)),
        system_cpu_ns: system.map(|ticks: u64| ticks.saturating_mul(tick)),
        peak_memory_bytes: own_peak_memory_bytes()
            .or_else(|| number_after(&status, "VmHWM")?.checked_mul(1024)),
        read_bytes: number_after(&io, "read_bytes"),
        written_bytes: number_after(&io, "write_bytes"),
    }
}

impl Usage {
    /// What was used between an earlier reading and this one.
    ///
    /// User and kernel time are counted in ticks of a hundredth of a second, their sum in nanoseconds. The exact sum is therefore
    /// divided in the proportion of the ticks; where not even one tick fell, the division is unknown and absent.
    #[must_use]
    pub fn since(&self, earlier: &Usage) -> Usage {
        let difference = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        let total = difference(self.cpu_ns, earlier.cpu_ns);
        let user = difference(self.user_cpu_ns, earlier.user_cpu_ns);
        let system = difference(self.system_cpu_ns, earlier.system_cpu_ns);
        let share = user.zip(system).filter(|(u, s)| u + s > 0).map(|(u, s)| u as f64 / (u + s) as f64);
        let user = total.zip(share).map(|(total, share)| (total as f64 * share) as u64);
        Usage {
            cpu_ns: total,
            user_cpu_ns: user,
            system_cpu_ns: total.zip(user).map(|(total, user)| total.saturating_sub(user)),
            peak_memory_bytes: self.peak_memory_bytes,
            read_bytes: difference(self.read_bytes, earlier.read_bytes),
            written_bytes: difference(self.written_bytes, earlier.written_bytes),
        }
    }
}

/// Runnable tasks of the machine beside the calling thread. Meant for a moment when this process does nothing else.
///
/// It is the present number, not the load average, since that one still counts what this process did a minute ago.
pub fn other_load() -> Option<f64> {
    let running = running_tasks(&read_to_string("/proc/stat").ok()?)?;
    Some(running.saturating_sub(1) as f64)
}

fn running_tasks(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("procs_running "))?.trim().parse().ok()
}

/// User and kernel time in ticks: fields 14 and 15. The name in brackets may hold spaces and brackets.
fn cpu_ticks(text: &str) -> Option<(u64, u64)> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_a_name_with_brackets() {
        let text = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 77 33 0 0 20";
        assert_eq!(cpu_ticks(text), Some((77, 33)));
        assert_eq!(cpu_ticks("12 (a"), None);
    }

    #[test]
    fn running_tasks_are_found() {
        assert_eq!(running_tasks("cpu 1 2\nprocs_running 3\nprocs_blocked 0\n"), Some(3));
        assert_eq!(running_tasks("cpu 1 2\n"), None);
    }

    #[test]
    fn the_exact_time_is_divided_in_the_proportion_of_the_ticks() {
        let at = |cpu, user, system| Usage {
            cpu_ns: Some(cpu),
            user_cpu_ns: Some(user),
            system_cpu_ns: Some(system),
            ..Usage::default()
        };
        let used = at(1_000, 40, 20).since(&at(600, 10, 10));
        assert_eq!(used.cpu_ns, Some(400));
        assert_eq!(used.user_cpu_ns, Some(300));
        assert_eq!(used.system_cpu_ns, Some(100));
        let short = at(1_000, 10, 10).since(&at(600, 10, 10));
        assert_eq!((short.cpu_ns, short.user_cpu_ns, short.system_cpu_ns), (Some(400), None, None));
    }

    #[test]
    fn what_is_not_known_stays_absent() {
        assert_eq!(Usage::default().since(&Usage::default()), Usage::default());
        assert!(usage().cpu_ns.is_some());
        assert!(usage().peak_memory_bytes.is_some_and(|bytes| bytes > 0));
    }
}
