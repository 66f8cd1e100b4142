//! Kernel, processors and memory, and how much of them this process may use.

use std::fs::read_to_string;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number_after;

/// The machine as the process sees it. What the system does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Name and release of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Name and version of the distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Instruction set, such as `x86_64`.
    pub architecture: String,
    /// Model of the first processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_model: Option<String>,
    /// Processors that are switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_count: Option<u32>,
    /// Processors that this process may run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus_available: Option<u32>,
    /// Processor time that the control group grants, in processors; absent when it sets no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_limit: Option<f64>,
    /// Physical memory, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Memory that the control group grants, bytes; absent when it sets no limit below the physical memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Most files that the process may have open (soft limit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files_limit: Option<u64>,
}

impl Machine {
    /// Asks the system.
    pub fn describe() -> Machine {
        let name = rustix::system::uname();
        let memory = read_to_string("/proc/meminfo")
            .ok()
            .and_then(|text| number_after(&text, "MemTotal"))
            .and_then(|kib| kib.checked_mul(1024));
        let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
        let root = Path::new("/sys/fs/cgroup");
        Machine {
            kernel: Some(format!(
                "{} {}",
                name.sysname().to_string_lossy(),
                name.release().to_string_lossy()
            )),
            operating_system: operating_system(&read_to_string("/etc/os-release").unwrap_or_default()),
            architecture: std::env::consts::ARCH.to_owned(),
            cpu_model: cpu_model(&read_to_string("/proc/cpuinfo").unwrap_or_default()),
            cpu_count: read_to_string("/sys/devices/system/cpu/online")
                .ok()
                .and_then(|s| count_list(s.trim())),
            cpus_available: cpus_available(),
            cpu_limit: cpu_limit(root, &groups),
            memory_bytes: memory,
            memory_limit_bytes: memory_limit(root, &groups)
                .filter(|limit| memory.is_none_or(|total| *limit < total)),
            open_files_limit: open_files().0,
        }
    }
}

/// Soft and hard limit of open files; absent where there is none.
pub fn open_files() -> (Option<u64>, Option<u64>) {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    (limit.current, limit.maximum)
}

fn cpus_available() -> Option<u32> {
    rustix::thread::sched_getaffinity(None).ok().map(|set| set.count()).filter(|count| *count > 0)
}

fn operating_system(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

/// x86 says `model name`; some ARM kernels `Hardware` or `Processor`, others nothing.
fn cpu_model(text: &str) -> Option<String> {
    ["model name", "Hardware", "Processor", "cpu model"].iter().find_map(|key| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == *key && !value.trim().is_empty()).then(|| value.trim().to_owned())
        })
    })
}

/// How many numbers a list such as `0-3,8` names.
fn count_list(list: &str) -> Option<u32> {
    list.split(',').try_fold(0u32, |sum, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

/// The least limit between the group of this process and the root, version 2 or 1.
fn memory_limit(root: &Path, groups: &str) -> Option<u64> {
    let parse = |text: &str| text.trim().parse::<u64>().ok();
    let unified = least(root, group_of(groups, ""), "memory.max", parse);
    let legacy = least(&root.join("memory"), group_of(groups, "memory"), "memory.limit_in_bytes", parse);
    // Version 1 spells "no limit" as the largest multiple of a page.
    unified.into_iter().chain(legacy).min().filter(|limit| *limit < 1 << 62)
}

fn cpu_limit(root: &Path, groups: &str) -> Option<f64> {
    let quota = |quota: &str, period: &str| {
        let (quota, period) = (quota.trim().parse::<f64>().ok()?, period.trim().parse::<f64>().ok()?);
        // In thousandths, so that limits can be ordered.
        (quota > 0.0 && period > 0.0).then_some((quota / period * 1000.0) as u64)
    };
    let unified = least(root, group_of(groups, ""), "cpu.max", |text| {
        let (left, right) = text.trim().split_once(' ')?;
        quota(left, right)
    });
    let legacy_root = root.join("cpu");
    let legacy = group_of(groups, "cpu").and_then(|group| {
        Path::new(group).ancestors().find_map(|group| {
            let folder = legacy_root.join(group.strip_prefix("/").unwrap_or(group));
            let left = read_to_string(folder.join("cpu.cfs_quota_us")).ok()?;
            quota(&left, &read_to_string(folder.join("cpu.cfs_period_us")).ok()?)
        })
    });
    unified.into_iter().chain(legacy).min().map(|thousandths| thousandths as f64 / 1000.0)
}

/// The path of this process in the hierarchy that has the controller; the unified one has an empty name.
pub(super) fn group_of<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        controllers.split(',').any(|name| name == controller).then_some(path)
    })
}

/// Limits are inherited, so every group above counts. Inside a container the path may name a group outside of what is mounted;
/// then only the mount's own root is found.
fn least(root: &Path, group: Option<&str>, file: &str, parse: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    Path::new(group?)
        .ancestors()
        .filter_map(|group| {
            let folder = root.join(group.strip_prefix("/").unwrap_or(group));
            parse(&read_to_string(folder.join(file)).ok()?)
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_is_counted() {
        assert_eq!(count_list("0-3,8,10-11"), Some(7));
        assert_eq!(count_list("0"), Some(1));
        assert_eq!(count_list("3-1"), None);
        assert_eq!(count_list(""), None);
    }

    #[test]
    fn the_least_limit_of_all_groups_above_counts() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("memory.max"), "max\n").unwrap();
        std::fs::write(root.path().join("a/memory.max"), "1048576\n").unwrap();
        std::fs::write(inner.join("cpu.max"), "150000 100000\n").unwrap();
        assert_eq!(memory_limit(root.path(), "0::/a/b\n"), Some(1 << 20));
        assert_eq!(cpu_limit(root.path(), "0::/a/b\n"), Some(1.5));
        assert_eq!(memory_limit(root.path(), "0::/elsewhere\n"), None);
    }

    #[test]
    fn a_legacy_group_without_a_limit_has_none() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("memory/x");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("memory.limit_in_bytes"), "9223372036854771712\n").unwrap();
        assert_eq!(memory_limit(root.path(), "4:memory:/x\n"), None);
        std::fs::write(folder.join("memory.limit_in_bytes"), "4096\n").unwrap();
        assert_eq!(memory_limit(root.path(), "4:memory:/x\n"), Some(4096));
    }

    #[test]
    fn this_machine_has_a_kernel_and_processors() {
        let machine = Machine::describe();
        assert!(machine.kernel.is_some());
        assert!(machine.cpus_available.is_some_and(|count| count >= 1));
        assert!(machine.memory_bytes.is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn models_are_read_from_several_spellings() {
        assert_eq!(cpu_model("processor\t: 0\nmodel name\t: EPYC\n").as_deref(), Some("EPYC"));
        assert_eq!(cpu_model("processor\t: 0\n"), None);
        assert_eq!(operating_system("A=1\nPRETTY_NAME=\"Debian 12\"\n").as_deref(), Some("Debian 12"));
    }
}
