//! On folders that look like what the kernel shows, and, where it lets this process, on the kernel's own.

use std::fs::{create_dir_all, read_to_string, write};
use std::path::Path;

use super::*;

const BOTH: Caps = Caps { memory_bytes: Some(256 << 20), cpus: Some(0.5) };
const MEMORY: Caps = Caps { memory_bytes: Some(64 << 20), cpus: None };

/// A tree of files: a path ending with a slash is a folder.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        if path.ends_with('/') {
            create_dir_all(root.path().join(path)).unwrap();
            continue;
        }
        let path = root.path().join(path);
        create_dir_all(path.parent().unwrap()).unwrap();
        write(path, text).unwrap();
    }
    root
}

fn groups_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn text(folder: &Path, file: &str) -> String {
    read_to_string(folder.join(file)).unwrap()
}

#[test]
fn version_2_caps_memory_without_swap_and_processors_in_one_group() {
    let root = tree(&[
        ("cgroup.controllers", "cpuset cpu io memory pids"),
        ("cgroup.subtree_control", "cpu memory"),
        ("cgroup.procs", ""),
    ]);
    let group = Group::make_in(root.path(), "0::/\n", BOTH).unwrap();
    let [folder] = groups_below(root.path()).try_into().unwrap();
    assert_eq!(group.folders, std::slice::from_ref(&folder));
    assert_eq!(text(&folder, "memory.max"), (256 << 20).to_string());
    assert_eq!(text(&folder, "cpu.max"), "50000 100000");
    assert_eq!(group.doors(), [folder.join("cgroup.procs")]);
    write(folder.join("memory.peak"), "1048576\n").unwrap();
    write(folder.join("memory.events"), "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\noom_group_kill 0\n")
        .unwrap();
    assert_eq!((group.peak_memory_bytes(), group.killed()), (Some(1 << 20), 1));
}

#[test]
fn version_2_goes_up_to_the_nearest_group_that_hands_the_controllers_down() {
    let root = tree(&[
        ("cgroup.controllers", "cpu memory"),
        ("cgroup.subtree_control", "cpu memory"),
        ("user/cgroup.controllers", "cpu memory"),
        ("user/cgroup.subtree_control", "memory"),
        // Without the file, the request is refused.
        ("user/mine/cgroup.controllers", "memory"),
        ("user/mine/cgroup.subtree_control/", ""),
    ]);
    let find = |caps| Group::make_in(root.path(), "0::/user/mine\n", caps).unwrap().folders.remove(0);
    assert_eq!(find(MEMORY).parent(), Some(root.path().join("user").as_path()));
    // In a tree of plain files every request is granted.
    assert_eq!(find(BOTH).parent(), Some(root.path().join("user").as_path()));
    assert_eq!(text(root.path(), "user/cgroup.subtree_control"), "+memory +cpu");
}

#[test]
fn version_1_has_a_group_for_each_controller() {
    let root =
        tree(&[("memory/a/b/cgroup.procs", ""), ("cpu/cgroup.procs", ""), ("unified/cgroup.procs", "")]);
    let group = Group::make_in(root.path(), "4:memory:/a/b\n1:cpu,cpuacct:/\n0::/\n", BOTH).unwrap();
    let [memory] = groups_below(&root.path().join("memory/a/b")).try_into().unwrap();
    let [cpu] = groups_below(&root.path().join("cpu")).try_into().unwrap();
    assert_eq!(group.folders, [memory.clone(), cpu.clone()]);
    assert_eq!(text(&memory, "memory.limit_in_bytes"), (256 << 20).to_string());
    assert_eq!(text(&cpu, "cpu.cfs_period_us"), "100000");
    assert_eq!(text(&cpu, "cpu.cfs_quota_us"), "50000");
    write(memory.join("memory.max_usage_in_bytes"), "4096\n").unwrap();
    write(memory.join("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n").unwrap();
    assert_eq!((group.peak_memory_bytes(), group.killed()), (Some(4096), 3));
}

#[test]
fn a_path_outside_of_what_is_mounted_means_the_root_of_the_mount() {
    let root = tree(&[("memory/cgroup.procs", "")]);
    let group = Group::make_in(root.path(), "4:memory:/docker/0123\n", MEMORY).unwrap();
    assert_eq!(group.folders[0].parent(), Some(root.path().join("memory").as_path()));
}

#[test]
fn what_the_machine_lacks_is_told_with_what_to_do() {
    let nothing = tempfile::tempdir().unwrap();
    let refusal = Group::make_in(nothing.path(), "", MEMORY).unwrap_err();
    assert_eq!(refusal.reason, "control groups have no memory controller here");
    assert!(refusal.remedy.starts_with("mount cgroup2"), "{refusal}");
    let root = tree(&[("cgroup.controllers", "cpu pids"), ("cgroup.subtree_control", "cpu")]);
    let refusal = Group::make_in(root.path(), "0::/\n", BOTH).unwrap_err();
    assert_eq!(refusal.reason, "control groups have no memory and cpu controllers here");
}

#[test]
fn a_group_that_cannot_be_made_is_refused_and_nothing_is_left() {
    // The request to hand the controller down meets a folder in place of the file.
    let root = tree(&[("cgroup.controllers", "memory"), ("cgroup.subtree_control/x", "")]);
    let refusal = Group::make_in(root.path(), "0::/\n", MEMORY).unwrap_err();
    assert!(refusal.reason.starts_with("no control group can be made: "), "{refusal}");
    assert!(refusal.remedy.contains("systemd-run --user --scope -p Delegate=yes"), "{refusal}");
    assert_eq!(groups_below(root.path()), [root.path().join("cgroup.subtree_control")]);
}

#[test]
fn no_caps_need_no_group() {
    let nothing = tempfile::tempdir().unwrap();
    let group = Group::make_in(nothing.path(), "", Caps::default()).unwrap();
    assert!(group.doors().is_empty());
    assert_eq!((group.peak_memory_bytes(), group.killed()), (None, 0));
}

#[test]
fn groups_of_runners_that_have_ended_are_removed_and_others_are_not() {
    let root = tree(&[("memory/cgroup.procs", "")]);
    let at = |name: &str| root.path().join("memory").join(name);
    // No process has a number beyond the kernel's largest.
    let (ended, living) = (at("runner-4194999-0"), at(&format!("runner-{}-9", std::process::id())));
    for folder in [&ended, &living, &at("runner-up"), &at("others")] {
        create_dir_all(folder).unwrap();
    }
    Group::make_in(root.path(), "4:memory:/\n", MEMORY).unwrap();
    assert!(!ended.exists());
    assert!(living.exists() && at("runner-up").exists() && at("others").exists());
}

/// Where the kernel lets this process, its own groups: made, read and removed.
#[test]
fn the_kernel_makes_such_groups_or_says_why_not() {
    match Group::make(MEMORY) {
        Ok(group) => {
            let folder = group.folders[0].clone();
            assert!(folder.join(PROCESSES).exists());
            assert_eq!(group.killed(), 0);
            drop(group);
            assert!(!folder.exists(), "{} is removed", folder.display());
        }
        Err(refusal) => assert!(!refusal.reason.is_empty() && !refusal.remedy.is_empty()),
    }
}

const DOORS: &str = "RUNNER_TEST_DOORS";

/// The process of the test below; does nothing when run as a test of its own.
#[test]
fn other_process() {
    let Some(doors) = std::env::var_os(DOORS) else { return };
    enter(&std::env::split_paths(&doors).collect::<Vec<_>>()).unwrap();
    let taken = vec![1_u8; 128 << 20];
    // Not reached under the cap.
    assert_eq!(taken.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 128 << 20);
}

#[test]
fn a_process_that_needs_more_than_its_cap_is_killed_and_its_peak_is_known() {
    use std::os::unix::process::ExitStatusExt;
    // Where this process may make no groups there is nothing to see.
    let Ok(group) = Group::make(MEMORY) else { return };
    let name = format!("{}::other_process", module_path!().split_once("::").unwrap().1);
    let ended = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--test-threads=1"])
        .env(DOORS, std::env::join_paths(group.doors()).unwrap())
        .output()
        .unwrap();
    assert_eq!(ended.status.signal(), Some(9), "{ended:?}");
    assert_eq!(group.killed(), 1);
    let peak = group.peak_memory_bytes().unwrap();
    assert!((32 << 20..=64 << 20).contains(&peak), "{peak}");
}
