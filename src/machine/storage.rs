//! The file system that holds a path, its free space, and what a sync costs there.

use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSystem {
    /// Its type, such as `ext4` or `tmpfs`.
    pub kind: String,
    /// What is mounted, such as `/dev/sda1`.
    pub device: String,
    /// Where it is mounted.
    pub mount_point: String,
    /// Options of mount and file system, such as `rw,noatime,data=ordered`.
    pub options: String,
    /// Whether it lives in memory, so that a sync costs nothing and proves nothing.
    pub in_memory: bool,
}

/// The file system of a path, or of the nearest folder above it that exists. Absent where the system does not tell.
pub fn file_system(path: &Path) -> Option<FileSystem> {
    let table = std::fs::read("/proc/self/mountinfo").ok()?;
    longest_mount(&table, &existing(path)?)
}

/// Bytes that an ordinary user can still write where `path` is, or would be.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let facts = rustix::fs::statvfs(&existing(path)?).ok()?;
    facts.f_bavail.checked_mul(facts.f_frsize)
}

/// What one `pwrite` of 4 KiB with `fdatasync` costs in a folder: the median of twenty, in nanoseconds.
///
/// It is made on an unlinked file, which vanishes even if the process is killed. Absent where no such file can be made.
pub fn sync_latency_ns(folder: &Path) -> Option<u64> {
    let times = sync_times_ns(&existing(folder)?, 20).ok()?;
    times.get(times.len() / 2).copied()
}

/// What so many of them cost, in nanoseconds, the shortest first.
///
/// # Errors
///
/// What the system says where no file can be made in the folder, written or synced.
pub fn sync_times_ns(folder: &Path, count: u64) -> io::Result<Vec<u64>> {
    let file = tempfile::tempfile_in(folder)?;
    let clock = Clock::real();
    let mut times =
        (0..count).map(|round| timed_sync(&clock, &file, round)).collect::<io::Result<Vec<u64>>>()?;
    times.sort_unstable();
    Ok(times)
}

/// Bytes that the file system of a folder takes each second: 16 MiB written to an unlinked file, and synced. Absent where no such file can be made.
pub fn write_bytes_per_second(folder: &Path) -> Option<f64> {
    const BLOCKS: u64 = 16;
    let file = tempfile::tempfile_in(existing(folder)?).ok()?;
    let block = vec![0x5a; 1 << 20];
    let clock = Clock::real();
    let start = clock.now();
    for round in 0..BLOCKS {
        file.write_all_at(&block, round * block.len() as u64).ok()?;
    }
    rustix::fs::fdatasync(&file).ok()?;
    let nanos = clock.nanos_between(start, clock.now()).max(1);
    Some((BLOCKS * block.len() as u64) as f64 / nanos as f64 * 1e9)
}

fn timed_sync(clock: &Clock, file: &File, round: u64) -> io::Result<u64> {
    let block = [u8::try_from(round).unwrap_or(0); 4096];
    let start = clock.now();
    file.write_all_at(&block, round * 4096)?;
    rustix::fs::fdatasync(file)?;
    Ok(clock.nanos_between(start, clock.now()))
}

/// The nearest folder or file at or above a path that exists, without symbolic links.
fn existing(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok())
}

/// Of equal mount points, the later one covers the earlier.
fn longest_mount(table: &[u8], path: &Path) -> Option<FileSystem> {
    let mut best: Option<(usize, FileSystem)> = None;
    for line in table.split(|byte| *byte == b'\n') {
        let Some((point, system)) = parse_mount(line) else { continue };
        let length = point.as_os_str().len();
        if path.starts_with(&point) && best.as_ref().is_none_or(|(longest, _)| length >= *longest) {
            best = Some((length, system));
        }
    }
    best.map(|(_, system)| system)
}

/// `36 35 98:0 /root /point options optional… - type device super-options`.
fn parse_mount(line: &[u8]) -> Option<(PathBuf, FileSystem)> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let dash = fields.iter().position(|field| *field == b"-")?;
    let text = |index: usize| fields.get(index).map(|field| unescape(field));
    let point = PathBuf::from(std::ffi::OsString::from_vec(text(4)?));
    let kind = String::from_utf8_lossy(&text(dash + 1)?).into_owned();
    let device = String::from_utf8_lossy(&text(dash + 2)?).into_owned();
    let mount_options = String::from_utf8_lossy(&text(5)?).into_owned();
    let super_options = String::from_utf8_lossy(&text(dash + 3).unwrap_or_default()).into_owned();
    let mut options: Vec<&str> = Vec::new();
    for option in mount_options.split(',').chain(super_options.split(',')) {
        if !option.is_empty() && !options.contains(&option) {
            options.push(option);
        }
    }
    let system = FileSystem {
        in_memory: matches!(kind.as_str(), "tmpfs" | "ramfs" | "devtmpfs" | "hugetlbfs" | "rootfs"),
        kind,
        device,
        mount_point: String::from_utf8_lossy(point.as_os_str().as_bytes()).into_owned(),
        options: options.join(","),
    };
    Some((point, system))
}

/// Space, tab, newline and backslash are written as three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..3).and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|d| u8::from_str_radix(d, 8).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                out.push(byte);
                rest = &tail[3..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] = b"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
        30 22 0:26 / /dev/shm rw,nosuid shared:3 - tmpfs tmpfs rw,size=100k\n\
        31 22 254:1 / /mnt/my\\040disk rw - xfs /dev/vdb rw\n\
        32 22 254:2 / /mnt/my\\040disk rw - btrfs /dev/vdc rw\nbroken line\n";

    #[test]
    fn the_longest_and_latest_mount_holds_the_path() {
        let at = |path: &str| longest_mount(TABLE, Path::new(path)).unwrap();
        assert_eq!(at("/home/x.db").kind, "ext4");
        assert_eq!(at("/home/x.db").options, "rw,relatime,discard");
        assert!(at("/dev/shm/x.db").in_memory);
        assert_eq!(at("/dev/shmx").device, "/dev/vda");
        assert_eq!(at("/mnt/my disk/x").kind, "btrfs");
    }

    #[test]
    fn a_path_that_does_not_exist_has_the_file_system_of_the_folder_above() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/yet/there.db");
        assert_eq!(file_system(&path), file_system(folder.path()));
        assert!(file_system(&path).is_some());
        assert!(free_bytes(&path).is_some());
    }

    #[test]
    fn a_folder_that_does_not_exist_has_no_syncs() {
        let folder = tempfile::tempdir().unwrap();
        assert!(sync_times_ns(&folder.path().join("none"), 1).is_err());
    }

    #[test]
    fn a_sync_is_measured_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(sync_latency_ns(folder.path()).is_some());
        let times = sync_times_ns(folder.path(), 5).unwrap();
        assert!(times.len() == 5 && times.is_sorted(), "{times:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
