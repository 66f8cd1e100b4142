//! What the tests of promises share: a place to run the binary in, a small scenario, and what a folder holds.
#![allow(dead_code, reason = "each test file uses what it needs")]

pub(crate) mod postgres;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long anything that is waited for may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The mix of the shipped scenarios, with every kind of reference and key.
const TABLES: &str = r#"
[tables.users]
share = 10
[tables.users.columns]
id    = { type = "INTEGER PRIMARY KEY" }
name  = { type = "TEXT NOT NULL", value = '{{ name() }}' }
email = { type = "TEXT NOT NULL UNIQUE", value = '{{ unique(email()) }}' }

[tables.posts]
share = 40
[tables.posts.columns]
id      = { type = "INTEGER PRIMARY KEY" }
user_id = { type = "INTEGER NOT NULL REFERENCES users(id)" }
title   = { type = "TEXT NOT NULL", value = '{{ sentence(4, 8) }}' }

[tables.tags]
share = 10
[tables.tags.columns]
id   = { type = "INTEGER PRIMARY KEY" }
name = { type = "TEXT NOT NULL UNIQUE", value = '{{ unique(word()) }}' }

[tables.user_posts]
share = 30
primary_key = ["user_id", "post_id"]
[tables.user_posts.columns]
user_id = { type = "INTEGER NOT NULL REFERENCES users(id)" }
post_id = { type = "INTEGER NOT NULL REFERENCES posts(id)" }

[tables.posts_tags]
share = 10
primary_key = ["post_id", "tag_id"]
[tables.posts_tags.columns]
post_id = { type = "INTEGER NOT NULL REFERENCES posts(id)" }
tag_id  = { type = "INTEGER NOT NULL REFERENCES tags(id)" }
"#;

/// A scenario over five tables: lines for the top of the file, and lines for its section `[database]`.
pub(crate) fn mix(top: &str, database: &str) -> String {
    format!("{top}\n[database]\n{database}\n{TABLES}")
}

/// A temporary folder that serves as working directory.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.root()).env("TMPDIR", self.root()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the runner and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(env!("CARGO_BIN_EXE_runner"), arguments))
    }

    /// Runs the runner to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).ended()
    }

    /// A result, validated.
    pub(crate) fn result(&self, name: &str) -> runner::result::RunResult {
        runner::result::read(&self.path(&format!("results/{name}.json"))).unwrap()
    }

    /// Files below a folder, relative to it; none where there is no such folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let holds = contents(&self.path(folder));
        holds.into_iter().filter(|(_, entry)| *entry != Entry::Folder).map(|(path, _)| path).collect()
    }
}

/// A process, killed when the test ends before it.
pub(crate) struct Running {
    child: Option<Child>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        Running { child: Some(command.spawn().unwrap()) }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("waited for once")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("waited for once").id()
    }

    pub(crate) fn interrupt(&mut self) {
        kill_process(Pid::from_child(self.child()), Signal::INT).unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.child().kill().unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child().try_wait().unwrap().is_none()
    }

    /// Waits until `holds`; the process must not end before.
    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut(u32) -> bool) {
        let pid = self.pid();
        wait_for(what, || {
            let seen = holds(pid);
            if !seen && !self.is_running() {
                let ended = self.child.take().unwrap().wait_with_output().unwrap();
                panic!("the process ended before {what}: {ended:?}");
            }
            seen
        });
    }

    pub(crate) fn ended(mut self) -> Ended {
        self.child.take().expect("waited for once").wait_with_output().unwrap().into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How a process ended. The code is that of a shell: 128 and the signal's number for a signal.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().or(output.status.signal().map(|signal| 128 + signal));
        Ended { code: code.unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Looks again and again.
pub(crate) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Bytes of a file; 0 where there is none.
pub(crate) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// What stands at a path.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Folder,
    Link(PathBuf),
    File(Vec<u8>),
}

/// Everything below a folder, by relative path.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let entries = match std::fs::read_dir(&next) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                continue;
            }
            other => other.unwrap(),
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
            let entry = if kind.is_symlink() {
                Entry::Link(std::fs::read_link(&path).unwrap())
            } else if kind.is_dir() {
                open.push(path.clone());
                Entry::Folder
            } else {
                Entry::File(std::fs::read(&path).unwrap())
            };
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), entry);
        }
    }
    found
}

/// Asserts that two looks at a folder saw the same, byte for byte.
pub(crate) fn assert_unchanged(
    before: &BTreeMap<PathBuf, Entry>,
    after: &BTreeMap<PathBuf, Entry>,
    what: &str,
) {
    let names = before.keys().chain(after.keys());
    let changed: Vec<_> = names.filter(|name| before.get(*name) != after.get(*name)).collect();
    assert!(changed.is_empty(), "{what}: changed: {changed:?}");
}

/// Targets on percentiles whose level has too few samples to judge them, as a release build would say it; a debug build judges none.
pub(crate) fn targets_of_too_few_samples(result: &runner::result::RunResult) -> Vec<String> {
    let too_few = |level: &runner::result::Configuration, target: &runner::result::TargetVerdict| {
        let (family, statistic) = target.metric.split_once('.')?;
        assert_eq!(family, "latency", "this helper knows no samples of {}", target.metric);
        let needed = runner::plan::SAMPLES_BEYOND * 1_000 / runner::plan::per_mille_beyond(statistic)?;
        let samples = target.operation.as_ref().map_or(level.succeeded, |name| level.operations[name].count);
        (samples < needed).then(|| {
            let (workload, workers, metric) = (&level.workload, level.concurrency, &target.metric);
            format!("{metric} in {workload} with {workers} workers: {samples} of {needed} samples")
        })
    };
    let all = result.configurations.iter().flat_map(|level| level.targets.iter().map(move |t| (level, t)));
    all.filter_map(|(level, target)| too_few(level, target)).collect()
}
