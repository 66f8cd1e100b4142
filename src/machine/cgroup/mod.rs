//! Control groups: what caps the memory, page cache included, and the processor time of a process and tells what it used at most.
//!
//! A [`Group`] is made for one process, which [enters](enter) it as its first act, and removed when that process has ended. It stands below the
//! group of the runner, or, where the kernel forbids that, below the nearest group above it that takes one, so every cap that holds for the
//! runner or its neighbours goes on to hold. Version 2, version 1, and machines with some controllers in each.

mod place;

use std::fs::{read_to_string, write};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::place::{Place, Version};
use crate::files::reason;

const PROCESSES: &str = "cgroup.procs";
/// Of the processor's time, in microseconds: what the kernel takes unless told otherwise.
const PERIOD_US: u64 = 100_000;
/// The kernel's smallest quota.
const QUOTA_US_MIN: u64 = 1_000;
/// A group whose last process was just reaped may still be busy for a moment.
const REMOVALS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// What a group grants; absent where it sets no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Caps {
    /// Memory with page cache, bytes. There is no swap beyond it.
    pub memory_bytes: Option<u64>,
    /// Processors; 0.5 is half of one's time.
    pub cpus: Option<f64>,
}

/// Why this machine sets no such cap, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct Refusal {
    /// In words.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

/// A group without processes, removed when this is dropped.
#[derive(Debug)]
pub struct Group {
    /// One, or with version 1 one for each controller.
    folders: Vec<PathBuf>,
    /// That of the memory controller, where memory is capped.
    memory: Option<(PathBuf, Version)>,
}

impl Group {
    /// Makes a group with these caps. Groups of runners that are no longer there are removed on the way.
    ///
    /// # Errors
    /// [`Refusal`] where the machine has no such controller or does not let this process use it; nothing is left behind then.
    pub fn make(caps: Caps) -> Result<Group, Refusal> {
        let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
        Group::make_in(Path::new("/sys/fs/cgroup"), &groups, caps)
    }

    fn make_in(root: &Path, groups: &str, caps: Caps) -> Result<Group, Refusal> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("runner-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let mut group = Group { folders: Vec::new(), memory: None };
        let controllers = [("memory", caps.memory_bytes.is_some()), ("cpu", caps.cpus.is_some())];
        let wanted: Vec<&str> =
            controllers.iter().filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect();
        for place in place::find(root, groups, &wanted)? {
            let folder = place.make(&name)?;
            if !group.folders.contains(&folder) {
                group.folders.push(folder.clone());
            }
            match place.controller {
                "memory" => {
                    cap_memory(&place, &folder, caps.memory_bytes.unwrap_or(u64::MAX))?;
                    group.memory = Some((folder, place.version));
                }
                _ => cap_cpus(&place, &folder, caps.cpus.unwrap_or(1.0))?,
            }
        }
        Ok(group)
    }

    /// What a process needs to [enter](enter) the group.
    pub fn doors(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.join(PROCESSES)).collect()
    }

    /// Most memory with page cache that its processes had, bytes; absent where the kernel does not tell, or memory is not capped.
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        let (folder, version) = self.memory.as_ref()?;
        number(&folder.join(version.peak_file()))
    }

    /// Processes of it that the kernel killed for want of memory.
    pub fn killed(&self) -> u64 {
        let Some((folder, version)) = &self.memory else { return 0 };
        let text = read_to_string(folder.join(version.events_file())).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
        count.unwrap_or(0)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in self.folders.drain(..) {
            for _ in 0..REMOVALS {
                match std::fs::remove_dir(&folder) {
                    Err(error) if error.kind() == io::ErrorKind::ResourceBusy => std::thread::sleep(PAUSE),
                    // Where it cannot be removed, a later runner tries again.
                    _ => break,
                }
            }
        }
    }
}

/// Whether a group with these caps can be made here: one is, and removed again.
///
/// # Errors
/// As [`Group::make`].
pub fn try_out(caps: Caps) -> Result<(), Refusal> {
    Group::make(caps).map(drop)
}

/// Where the peak of this process's own group is read, once it entered one.
static OWN_PEAK: OnceLock<PathBuf> = OnceLock::new();

/// Moves this process, with all of its threads, into a group by its doors. Meant as its first act: memory that it already has stays with the group
/// that it came from.
///
/// # Errors
/// What the system says.
pub fn enter(doors: &[PathBuf]) -> io::Result<()> {
    for door in doors {
        // 0 is the process that writes, whatever its number looks like from where the group is.
        write(door, "0")?;
        let folder = door.parent().unwrap_or(Path::new("."));
        let files = [Version::Two, Version::One].map(|version| folder.join(version.peak_file()));
        if let Some(peak) = files.into_iter().find(|file| file.exists()) {
            OWN_PEAK.get_or_init(|| peak);
        }
    }
    Ok(())
}

/// Most memory with page cache that the group of this process had, where it [entered](enter) one.
pub(super) fn own_peak_memory_bytes() -> Option<u64> {
    number(OWN_PEAK.get()?)
}

fn number(file: &Path) -> Option<u64> {
    read_to_string(file).ok()?.trim().parse().ok()
}

/// Swap would let a process have more than its cap, slowly; so it has none.
fn cap_memory(place: &Place, folder: &Path, bytes: u64) -> Result<(), Refusal> {
    let set = |file: &str, value: String| {
        write(folder.join(file), value)
            .map_err(|error| place.refusal(&format!("{file} cannot be set: {}", reason(&error))))
    };
    match place.version {
        Version::Two => {
            set("memory.max", bytes.to_string())?;
            // Absent where the kernel has no swap at all.
            if folder.join("memory.swap.max").exists() {
                set("memory.swap.max", "0".to_owned())?;
            }
        }
        Version::One => {
            set("memory.limit_in_bytes", bytes.to_string())?;
            // Absent where swap is not accounted; then the group may at least not prefer it.
            if folder.join("memory.memsw.limit_in_bytes").exists() {
                set("memory.memsw.limit_in_bytes", bytes.to_string())?;
            } else if folder.join("memory.swappiness").exists() {
                set("memory.swappiness", "0".to_owned())?;
            }
        }
    }
    Ok(())
}

fn cap_cpus(place: &Place, folder: &Path, cpus: f64) -> Result<(), Refusal> {
    let set = |file: &str, value: String| {
        write(folder.join(file), value)
            .map_err(|error| place.refusal(&format!("{file} cannot be set: {}", reason(&error))))
    };
    let quota_us = ((cpus * PERIOD_US as f64).round() as u64).max(QUOTA_US_MIN);
    match place.version {
        Version::Two => set("cpu.max", format!("{quota_us} {PERIOD_US}")),
        Version::One => {
            set("cpu.cfs_period_us", PERIOD_US.to_string())?;
            set("cpu.cfs_quota_us", quota_us.to_string())
        }
    }
}

#[cfg(test)]
mod tests;
