//! Progress on stderr: what is being done, how far it is, how fast, how long it still takes. Only on a terminal.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::layout::{shortened, width};
use super::output::is_dumb;
use super::pace::{Length, Pace, Reading};
use super::stderr_columns;
use crate::plan::Plan;
use crate::run::{Event, LiveCounters};
use crate::units::workers;

const TICK: Duration = Duration::from_millis(200);
/// Columns of a terminal from which on there is a long bar, and any bar at all.
const LONG_BAR_FROM: usize = 120;
const BAR_FROM: usize = 96;
/// Columns for what is said behind: `88 % · 32,733/s · p99 18.0 µs · 1,250 errors · 4m 51s left`.
const WORDS: usize = 56;

/// Whether progress is shown: to somebody who looks.
pub(super) fn shown(quiet: bool) -> bool {
    !quiet && std::io::stderr().is_terminal() && !is_dumb()
}

/// One line at a time; what it tells is read from counters that the run keeps anyway.
pub(super) struct Progress {
    shown: bool,
    name: String,
    levels: Levels,
    bar: Option<Bar>,
}

/// What is to be said of a level's place among the others.
struct Levels {
    /// Levels with their iterations; absent where their place is told otherwise.
    total: Option<u64>,
    /// How many have started.
    started: u64,
    /// There is more than one workload.
    several_workloads: bool,
}

impl Levels {
    /// `3 of 8 · get · 4 workers · iteration 2`.
    fn next(&mut self, workload: &str, concurrency: u32, iteration: u32) -> String {
        self.started += 1;
        let place = self.total.filter(|total| *total > 1).map(|total| format!("{} of {total}", self.started));
        let workload = self.several_workloads.then(|| workload.to_owned());
        let iteration = (iteration > 1).then(|| format!("iteration {iteration}"));
        let parts = [place, workload, Some(workers(&[concurrency])), iteration];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }
}

struct Bar {
    bar: ProgressBar,
    over: Arc<AtomicBool>,
    ticker: Option<JoinHandle<()>>,
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            // A ticker that panicked has nothing left to draw.
            let _ = ticker.join();
        }
        self.bar.finish_and_clear();
    }
}

impl Progress {
    /// Of all levels of a plan.
    pub(super) fn of_plan(plan: &Plan, quiet: bool) -> Self {
        let levels =
            plan.workloads.iter().map(|one| one.concurrency.len() as u64 * u64::from(one.iterations.max(1)));
        Progress::new(&plan.name, plan, Some(levels.sum()), quiet)
    }

    /// Of a part of an experiment whose name says which it is.
    pub(super) fn of_unit(name: &str, plan: &Plan, quiet: bool) -> Self {
        Progress::new(name, plan, None, quiet)
    }

    fn new(name: &str, plan: &Plan, total: Option<u64>, quiet: bool) -> Self {
        let levels = Levels { total, started: 0, several_workloads: plan.workloads.len() > 1 };
        Progress { shown: shown(quiet), name: name.to_owned(), levels, bar: None }
    }

    /// Follows the run.
    pub(super) fn follow(&mut self, event: &Event<'_>) {
        match event {
            Event::Generating { total, done } => self.count("making rows", Length::Count(*total), done),
            Event::Loading { total, done } => self.count("loading rows", Length::Count(*total), done),
            Event::Resetting => self.count("making the tables", Length::Unknown, &Arc::default()),
            Event::LevelStarted { workload, iteration, concurrency, planned, duration_ns, warm_up, live } => {
                let what = self.levels.next(workload, *concurrency, *iteration);
                let length = match duration_ns {
                    Some(ns) => Length::Time {
                        warm_up: Duration::from_nanos(warm_up.duration_ns),
                        measured: Duration::from_nanos(*ns),
                    },
                    None => Length::Count(*planned + warm_up.operations),
                };
                self.start(&what, length, live.clone());
            }
            Event::Verifying { done } => self.count("comparing rows", Length::Unknown, done),
            Event::Generated { .. } | Event::LevelEnded | Event::LevelFinished { .. } => self.bar = None,
        }
    }

    fn count(&mut self, what: &str, length: Length, done: &Arc<AtomicU64>) {
        self.start(what, length, LiveCounters { claimed: Arc::clone(done), ..LiveCounters::default() });
    }

    fn start(&mut self, what: &str, length: Length, live: LiveCounters) {
        self.bar = None;
        if !self.shown {
            return;
        }
        let columns = stderr_columns().unwrap_or(80);
        let bar = length.total().map_or_else(ProgressBar::no_length, ProgressBar::new);
        let style =
            ProgressStyle::with_template(template(length, columns)).expect("the template is well formed");
        bar.set_style(style);
        bar.set_prefix(prefix(&self.name, what, columns));
        let over = Arc::new(AtomicBool::new(false));
        let (ticked, ended) = (bar.clone(), Arc::clone(&over));
        let mut pace = Pace::new(length);
        let ticker = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let (position, words) = pace.see(Reading {
                    elapsed: ticked.elapsed(),
                    done: live.claimed.load(Ordering::Relaxed),
                    errors: live.errors.load(Ordering::Relaxed),
                    p99_ns: live.tail.p99_ns(),
                });
                ticked.set_position(position);
                ticked.set_message(words);
                ticked.tick();
                std::thread::park_timeout(TICK);
            }
        });
        self.bar = Some(Bar { bar, over, ticker: Some(ticker) });
    }
}

/// What is said goes before the bar where there is no room for both.
fn template(length: Length, columns: usize) -> &'static str {
    match (length, columns) {
        (Length::Unknown, _) => "{prefix} {spinner} {wide_msg}",
        (_, LONG_BAR_FROM..) => "{prefix} {bar:20} {wide_msg}",
        (_, BAR_FROM..) => "{prefix} {bar:10} {wide_msg}",
        _ => "{prefix} · {wide_msg}",
    }
}

/// The name gives way to what is being done, and both to what is said of it, which has at least two thirds of a narrow line.
fn prefix(name: &str, what: &str, columns: usize) -> String {
    let bar = if columns < BAR_FROM { 0 } else { 22 };
    let whole = columns.saturating_sub(WORDS + bar).max(columns / 3);
    let room = whole.saturating_sub(width(what) + 3);
    if room < 2 { shortened(what, whole) } else { format!("{} · {what}", shortened(name, room)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_says_its_place_among_all_of_the_run() {
        let mut levels = Levels { total: Some(6), started: 0, several_workloads: true };
        assert_eq!(levels.next("get", 1, 1), "1 of 6 · get · 1 worker");
        assert_eq!(levels.next("get", 8, 2), "2 of 6 · get · 8 workers · iteration 2");
        let mut only = Levels { total: Some(1), started: 0, several_workloads: false };
        assert_eq!(only.next("write", 4, 1), "4 workers");
    }

    #[test]
    fn the_name_gives_way_in_a_narrow_terminal() {
        let at = |columns| prefix("message-store-memory", "1 of 8 · 1 worker", columns);
        assert_eq!(at(120), "message-store-memory · 1 of 8 · 1 worker");
        assert_eq!(at(80), "messa… · 1 of 8 · 1 worker");
        assert_eq!(at(60), "1 of 8 · 1 worker");
        assert_eq!(at(40), "1 of 8 · 1 w…");
    }

    #[test]
    fn a_narrow_terminal_has_no_bar() {
        assert!(template(Length::Count(1), 120).contains("{bar:20}"));
        assert!(template(Length::Count(1), 100).contains("{bar:10}"));
        assert!(!template(Length::Count(1), 80).contains("bar"));
    }
}
