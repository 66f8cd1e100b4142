//! Below which group a new one can be made, for each controller.

use std::fs::{create_dir, read_dir, read_to_string, remove_dir, write};
use std::io;
use std::path::{Path, PathBuf};

use super::{PROCESSES, Refusal};
use crate::files::reason;
use crate::machine::limits::group_of;

const OFFERED: &str = "cgroup.controllers";
const HANDED_DOWN: &str = "cgroup.subtree_control";

/// Of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

impl Version {
    pub(super) fn peak_file(self) -> &'static str {
        match self {
            Version::One => "memory.max_usage_in_bytes",
            Version::Two => "memory.peak",
        }
    }

    pub(super) fn events_file(self) -> &'static str {
        match self {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        }
    }
}

/// A group below which one with a controller can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) controller: &'static str,
    pub(super) version: Version,
    parent: PathBuf,
}

/// One for each controller; the same for all of version 2.
pub(super) fn find(root: &Path, groups: &str, controllers: &[&str]) -> Result<Vec<Place>, Refusal> {
    let mut places = Vec::new();
    let mut unified = Vec::new();
    for controller in ["memory", "cpu"].into_iter().filter(|name| controllers.contains(name)) {
        match legacy(root, groups, controller) {
            Some(parent) => places.push(Place { controller, version: Version::One, parent }),
            None => unified.push(controller),
        }
    }
    if !unified.is_empty() {
        let parent = parent(root, groups, &unified)?;
        let place = |controller| Place { controller, version: Version::Two, parent: parent.clone() };
        places.extend(unified.into_iter().map(place));
    }
    Ok(places)
}

/// The group of this process in the hierarchy of one controller, version 1. Inside a container its path may name a group outside of what is
/// mounted; then it is the mount's own root.
fn legacy(root: &Path, groups: &str, controller: &str) -> Option<PathBuf> {
    let mount = root.join(controller);
    let own = within(&mount, group_of(groups, controller)?);
    [own, mount].into_iter().find(|folder| folder.join(PROCESSES).exists())
}

fn within(mount: &Path, group: &str) -> PathBuf {
    mount.join(group.strip_prefix('/').unwrap_or(group))
}

/// The nearest group from that of this process upwards that hands the controllers down, version 2.
///
/// One that has processes of its own must not, but for the root. A group that was handed to this process alone, as `systemd-run` does,
/// can be made to: the process steps down into a group of its own first.
fn parent(root: &Path, groups: &str, controllers: &[&str]) -> Result<PathBuf, Refusal> {
    if !root.join(OFFERED).exists() {
        return Err(lacking(controllers));
    }
    let own = within(root, group_of(groups, "").unwrap_or("/"));
    let own = if own.join(OFFERED).exists() { own } else { root.to_owned() };
    let offered = |folder: &Path| lists(&folder.join(OFFERED), controllers);
    let mut reasons = Vec::new();
    for folder in own.ancestors().take_while(|folder| folder.starts_with(root)).filter(|f| offered(f)) {
        let ready = lists(&folder.join(HANDED_DOWN), controllers)
            || hand_down(folder, controllers).map_err(|error| reasons.push(told(folder, &error))).is_ok();
        if !ready {
            continue;
        }
        match may_make(folder) {
            Ok(()) => return Ok(folder.to_owned()),
            Err(error) => reasons.push(told(folder, &error)),
        }
    }
    // The nearest one is what can be helped.
    let reason = match reasons.into_iter().next() {
        Some(reason) => format!("no control group can be made: {reason}"),
        None => return Err(lacking(controllers)),
    };
    Err(Refusal { reason, remedy: remedy(Version::Two) })
}

fn told(folder: &Path, error: &io::Error) -> String {
    format!("{}: {}", folder.display(), reason(error))
}

fn lacking(controllers: &[&str]) -> Refusal {
    let names = controllers.join(" and ");
    let noun = if controllers.len() == 1 { "controller" } else { "controllers" };
    Refusal {
        reason: format!("control groups have no {names} {noun} here"),
        remedy: "mount cgroup2 at /sys/fs/cgroup, hand the controllers to this container, or take `[limits]` out of the scenario"
            .to_owned(),
    }
}

fn remedy(version: Version) -> String {
    let words = match version {
        Version::One => "run the runner as root, or take `[limits]` out of the scenario",
        Version::Two => {
            "run the runner as root, or by `systemd-run --user --scope -p Delegate=yes runner run …`, or take `[limits]` out of the scenario"
        }
    };
    words.to_owned()
}

fn lists(file: &Path, controllers: &[&str]) -> bool {
    let text = read_to_string(file).unwrap_or_default();
    controllers.iter().all(|name| text.split_whitespace().any(|listed| listed == *name))
}

fn hand_down(folder: &Path, controllers: &[&str]) -> io::Result<()> {
    let request = controllers.iter().map(|name| format!("+{name}")).collect::<Vec<_>>().join(" ");
    let file = folder.join(HANDED_DOWN);
    match write(&file, &request) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy && is_ours_alone(folder) => {
            let inner = folder.join(format!("runner-{}", std::process::id()));
            create_dir(&inner)?;
            let down = write(inner.join(PROCESSES), "0").and_then(|()| write(&file, &request));
            down.inspect_err(|_| {
                // Back again, so that the group can go; where that fails, too, it stays until this process has ended.
                let _ = write(folder.join(PROCESSES), "0");
                let _ = remove_dir(&inner);
            })
        }
        other => other,
    }
}

fn is_ours_alone(folder: &Path) -> bool {
    let own = std::process::id().to_string();
    read_to_string(folder.join(PROCESSES)).is_ok_and(|text| text.lines().eq([own.as_str()]))
}

/// Whether a group can be made: tried, since rights, mounts and name spaces all have their say.
fn may_make(folder: &Path) -> io::Result<()> {
    let tried = folder.join(format!("runner-{}-tried", std::process::id()));
    create_dir(&tried)?;
    remove_dir(&tried)
}

impl Place {
    /// Makes the group; one of that name may be there for another controller.
    pub(super) fn make(&self, name: &str) -> Result<PathBuf, Refusal> {
        remove_stale(&self.parent);
        let folder = self.parent.join(name);
        match create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(self.refusal(&format!("it cannot be made: {}", reason(&error))))
            }
            _ => Ok(folder),
        }
    }

    pub(super) fn refusal(&self, words: &str) -> Refusal {
        let reason = format!("no control group below {}: {words}", self.parent.display());
        Refusal { reason, remedy: remedy(self.version) }
    }
}

/// Removes groups of runners that have ended. One that has a process refuses to go.
fn remove_stale(parent: &Path) {
    for entry in read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("runner-")?.split('-').next());
        let Some(pid) = pid.filter(|pid| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())) else {
            continue;
        };
        if !Path::new("/proc").join(pid).exists() {
            let _ = remove_dir(entry.path());
        }
    }
}
