//! The runner's side of a child: its control group, its process, and what it says.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::here::Carried;
use super::wire::{COMMAND, Job, Message, tell};
use super::{Outcome, UnitError, caps};
use crate::engine::sqlite::remove_left;
use crate::files::reason;
use crate::machine::cgroup::Group;
use crate::plan::Plan;
use crate::run::{Event, LiveCounters, Stretch, Unit};
use crate::scenario::Overrides;
use crate::units::Size;

/// Between two looks at whether the experiment is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// Of what a child says on stderr, the last so many bytes are kept.
const LAST_WORDS: usize = 2_000;

/// One call of the program for one unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) program: &'a Path,
    pub(super) overrides: &'a Overrides,
    pub(super) stop: &'a AtomicBool,
    pub(super) plan: &'a Plan,
    pub(super) stretch: &'a Stretch,
    pub(super) keep_db: bool,
    /// Whether anybody watches how far it has come.
    pub(super) watched: bool,
    /// Whether what is measured is sampled.
    pub(super) profile: bool,
    /// Folder of states to begin from again.
    pub(super) starts: Option<&'a Path>,
}

/// How a child ended.
struct Ended {
    /// What it said at last, if it came so far.
    result: Option<Carried>,
    status: ExitStatus,
    last_words: String,
}

impl Call<'_> {
    pub(super) fn run(&self, on_event: &mut dyn FnMut(Event<'_>)) -> Result<Outcome, UnitError> {
        let group = Group::make(caps(self.plan.limits))
            .map_err(|refusal| UnitError::Unavailable(refusal.to_string()))?;
        let mut outcome = Outcome::default();
        let ended = self.child(&group).and_then(|child| self.follow(child, &mut outcome, on_event)).map_err(
            |error| {
                UnitError::Unavailable(format!(
                    "a process for the case cannot be started: {}",
                    reason(&error)
                ))
            },
        )?;
        outcome.peak_memory_bytes = group.peak_memory_bytes();
        match ended.result {
            Some(carried) => return outcome.with(carried),
            None if self.stop.load(Ordering::Relaxed) => {
                self.clear_away()?;
                return Err(UnitError::Interrupted);
            }
            None => {
                outcome.failure = Some(self.why(&group, &ended));
                self.clear_away()?;
            }
        }
        Ok(outcome)
    }

    /// Starts it, and hands it its job.
    fn child(&self, group: &Group) -> io::Result<Child> {
        let mut child = Command::new(self.program)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's signals go to the whole group of processes; this one gets them from the runner alone, once.
            .process_group(0)
            .spawn()?;
        let source = &self.plan.source;
        let job = Job {
            path: source.path.clone(),
            text: source.text.clone(),
            overrides: self.overrides.clone(),
            unit: Unit { case: self.plan.case, stretch: self.stretch.clone() },
            keep_db: self.keep_db,
            watched: self.watched,
            profile: self.profile,
            starts: self.starts.map(Path::to_owned),
            doors: group.doors(),
            parent: std::process::id(),
        };
        let mut input = child.stdin.take().expect("stdin is piped");
        match input.write_all(&serde_json::to_vec(&job)?) {
            // It has ended already, which is told by how.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
            _ => Ok(child),
        }
    }

    /// Listens until it ends.
    fn follow(
        &self,
        mut child: Child,
        outcome: &mut Outcome,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> io::Result<Ended> {
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let (sender, messages) = channel();
        std::thread::scope(|scope| {
            scope.spawn(move || listen(stdout, &sender));
            let words = scope.spawn(move || last_words(stderr));
            let result = self.messages(&child, &messages, outcome, on_event);
            let status = child.wait()?;
            let last_words = words.join().unwrap_or_default();
            Ok(Ended { result, status, last_words })
        })
    }

    fn messages(
        &self,
        child: &Child,
        messages: &Receiver<Message>,
        outcome: &mut Outcome,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Option<Carried> {
        let mut counters = LiveCounters::default();
        let (mut result, mut asked) = (None, false);
        loop {
            if self.stop.load(Ordering::Relaxed) && !asked {
                asked = true;
                // One that has ended by itself needs no asking.
                let _ = kill_process(Pid::from_child(child), Signal::INT);
            }
            let message = match messages.recv_timeout(LOOK) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return result,
            };
            match &message {
                Message::Counted(counted) => counted.set(&counters),
                Message::Ended(_) => {}
                _ => counters = LiveCounters::default(),
            }
            tell(&message, &counters, on_event);
            match message {
                Message::Level(level) => outcome.levels.push(*level),
                Message::Ended(ended) => result = Some(ended),
                _ => {}
            }
        }
    }

    fn why(&self, group: &Group, ended: &Ended) -> String {
        if let (Some(bytes), true) = (self.plan.limits.memory_bytes, group.killed() > 0) {
            return format!("killed: it needed more memory than {}", Size::from_bytes(bytes));
        }
        let how = match (ended.status.signal(), ended.status.code()) {
            (Some(signal), _) => format!("its process was ended by signal {signal}"),
            (None, code) => format!("its process ended with code {}", code.unwrap_or_default()),
        };
        match ended.last_words.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => format!("{how}: {}", line.trim()),
            None => how,
        }
    }

    /// Removes the database that a killed child left, unless the next one finds it there anyway.
    fn clear_away(&self) -> Result<(), UnitError> {
        let Some(database) = self.plan.database.sqlite() else { return Ok(()) };
        remove_left(database, self.plan.per_write().then(|| self.plan.connections()))
            .map_err(|error| UnitError::from(&error))
    }
}

/// Every line that is a message. What else there is, a killed child did not finish.
fn listen(stdout: ChildStdout, sender: &Sender<Message>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str(&line) else { continue };
        if sender.send(message).is_err() {
            return;
        }
    }
}

fn last_words(mut stderr: ChildStderr) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stderr.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..read]);
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
