//! Progress on stderr: what is being done, how far it is, how fast, how long it still takes. Only on a terminal.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::run::Event;
use crate::units::rate;

const TICK: Duration = Duration::from_millis(200);

/// One bar at a time; its position is read from counters that the run keeps anyway.
pub(super) struct Progress {
    shown: bool,
    name: String,
    bar: Option<Bar>,
}

/// How far a bar goes.
#[derive(Clone, Copy)]
enum Length {
    Count(u64),
    Time(Duration),
    Unknown,
}

impl Length {
    /// Where the bar stands when so many are done, and what is said beside it.
    fn at(self, bar: &ProgressBar, done: u64) -> (u64, String) {
        match self {
            // Claims run past the end by one for each worker.
            Length::Count(total) => (done.min(total), String::new()),
            Length::Time(time) => {
                let passed = bar.elapsed().min(time).as_millis();
                (u64::try_from(passed).unwrap_or(u64::MAX), format!("{done} operations "))
            }
            Length::Unknown => (done, String::new()),
        }
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
    pub(super) fn new(name: &str, quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        Progress { shown, name: name.to_owned(), bar: None }
    }

    /// Follows the run.
    pub(super) fn follow(&mut self, event: &Event<'_>) {
        match event {
            Event::Generating { total, done } => self.start("making rows", Length::Count(*total), done, None),
            Event::Loading { total, done } => self.start("loading rows", Length::Count(*total), done, None),
            Event::Resetting => self.spin("making the tables"),
            Event::LevelStarted { workload, iteration, concurrency, planned, duration_ns, live } => {
                let workers = if *concurrency == 1 { "worker" } else { "workers" };
                let repeated =
                    if *iteration == 1 { String::new() } else { format!(" · iteration {iteration}") };
                let what = format!("{workload} · {concurrency} {workers}{repeated}");
                let length =
                    duration_ns.map_or(Length::Count(*planned), |ns| Length::Time(Duration::from_nanos(ns)));
                self.start(&what, length, &live.claimed, Some(&live.errors));
            }
            Event::Verifying { done } => self.start("comparing rows", Length::Unknown, done, None),
            Event::Generated { .. } | Event::LevelEnded | Event::LevelFinished { .. } => self.bar = None,
        }
    }

    fn spin(&mut self, what: &str) {
        self.start(what, Length::Unknown, &Arc::new(AtomicU64::new(0)), None);
    }

    fn start(&mut self, what: &str, length: Length, done: &Arc<AtomicU64>, errors: Option<&Arc<AtomicU64>>) {
        self.bar = None;
        if !self.shown {
            return;
        }
        let (bar, template) = match length {
            Length::Count(total) => {
                (ProgressBar::new(total), "{prefix} {bar:24} {human_pos}/{human_len} {pace} {msg} {eta} left")
            }
            Length::Time(time) => (
                ProgressBar::new(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
                "{prefix} {bar:24} {elapsed} {msg} {eta} left",
            ),
            Length::Unknown => (ProgressBar::no_length(), "{prefix} {spinner} {human_pos}"),
        };
        let style = ProgressStyle::with_template(template).expect("the template is well formed");
        bar.set_style(style.with_key("pace", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}/s", rate(state.per_sec()));
        }));
        bar.set_prefix(format!("{} · {what}", self.name));
        let over = Arc::new(AtomicBool::new(false));
        let (ticked, ended, done) = (bar.clone(), Arc::clone(&over), Arc::clone(done));
        let errors = errors.cloned();
        let ticker = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let (position, message) = length.at(&ticked, done.load(Ordering::Relaxed));
                ticked.set_position(position);
                let count = errors.as_ref().map_or(0, |errors| errors.load(Ordering::Relaxed));
                let told = if count > 0 { format!("{message}{count} errors") } else { message };
                ticked.set_message(told);
                ticked.tick();
                std::thread::park_timeout(TICK);
            }
        });
        self.bar = Some(Bar { bar, over, ticker: Some(ticker) });
    }
}
