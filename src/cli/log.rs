//! `[output] logs`: what happened when, a file for each case.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::plan::Plan;
use crate::run::Event;
use crate::units::{count, duration, rate, workers};

/// The logs of one run; nothing where none are asked for. A line that cannot be written is lost, and the run goes on.
pub(super) struct Log {
    folder: Option<PathBuf>,
    files: BTreeMap<usize, Option<File>>,
}

impl Log {
    /// `beside` is the folder of the scenario's other files.
    pub(super) fn new(plan: &Plan, beside: &Path) -> Log {
        Log { folder: plan.outputs.logs.then(|| beside.join("logs")), files: BTreeMap::new() }
    }

    /// Follows the run of a case.
    pub(super) fn follow(&mut self, plan: &Plan, event: &Event<'_>) {
        if self.folder.is_none() {
            return;
        }
        let words = match event {
            Event::Generating { total, .. } => format!("making {} rows", count(*total)),
            Event::Generated { bytes, mapped } => {
                let place = if *mapped { "a mapped file" } else { "memory" };
                format!("made, {} in {place}", crate::units::bytes(*bytes))
            }
            Event::Resetting => "making the tables".to_owned(),
            Event::Loading { total, .. } => format!("loading {} rows", count(*total)),
            Event::LevelStarted { workload, iteration, concurrency, planned, .. } => {
                let workers = workers(&[*concurrency]);
                format!("{workload}, {workers}, iteration {iteration}: {} operations", count(*planned))
            }
            Event::LevelEnded => "all workers have ended".to_owned(),
            Event::Verifying { .. } => "comparing rows".to_owned(),
            Event::LevelFinished { measurement, verification } => {
                let succeeded: u64 = measurement.operations.iter().map(|one| one.succeeded.count()).sum();
                let errors: u64 = measurement.operations.iter().map(|one| one.errors).sum();
                let unknown: u64 = measurement.operations.iter().map(|one| one.unknown).sum();
                let unknown =
                    if unknown > 0 { format!("{} unknown, ", count(unknown)) } else { String::new() };
                let seconds = measurement.duration_ns as f64 / 1e9;
                let throughput = if seconds > 0.0 { succeeded as f64 / seconds } else { 0.0 };
                let mut words = format!(
                    "iteration {}: {} acknowledged, {} errors, {unknown}{} in {}, {:?}",
                    measurement.iteration,
                    count(succeeded),
                    count(errors),
                    rate(throughput),
                    duration(seconds * 1e3),
                    verification.status
                );
                for problem in &verification.problems {
                    words.push_str("\n  ");
                    words.push_str(problem);
                }
                words
            }
        };
        self.tell(plan, &words);
    }

    /// Adds a line.
    pub(super) fn tell(&mut self, plan: &Plan, words: &str) {
        let Some(folder) = &self.folder else { return };
        let file = self.files.entry(plan.case).or_insert_with(|| open(folder, plan));
        if let Some(file) = file {
            let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
            let _ = writeln!(file, "{now} {words}");
        }
    }
}

/// Named after its case; an earlier run's is continued.
fn open(folder: &Path, plan: &Plan) -> Option<File> {
    std::fs::create_dir_all(folder).ok()?;
    let good = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = plan.in_words().chars().take(120).map(good).collect();
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(format!("{:03}-{name}.log", plan.case)))
        .ok()
}
