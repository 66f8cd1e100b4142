//! Progress on stderr: what is being done, how far it is, how fast, how long it still takes. Only on a terminal.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::run::Event;

const TICK: Duration = Duration::from_millis(200);

/// One bar at a time; its position is read from counters that the run keeps anyway.
pub(super) struct Progress {
    shown: bool,
    name: String,
    bar: Option<Bar>,
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
            Event::Generating { total, done } => self.start("making rows", Some(*total), done, None),
            Event::Loading { total, done } => self.start("loading rows", Some(*total), done, None),
            Event::Resetting => self.spin("making the tables"),
            Event::LevelStarted { concurrency, planned, live, .. } => {
                let workers = if *concurrency == 1 { "worker" } else { "workers" };
                self.start(
                    &format!("{concurrency} {workers}"),
                    Some(*planned),
                    &live.claimed,
                    Some(&live.errors),
                );
            }
            Event::Verifying { done } => self.start("comparing rows", None, done, None),
            Event::Generated { .. } | Event::LevelEnded | Event::LevelFinished { .. } => self.bar = None,
        }
    }

    fn spin(&mut self, what: &str) {
        self.start(what, None, &Arc::new(AtomicU64::new(0)), None);
    }

    fn start(
        &mut self,
        what: &str,
        total: Option<u64>,
        done: &Arc<AtomicU64>,
        errors: Option<&Arc<AtomicU64>>,
    ) {
        self.bar = None;
        if !self.shown {
            return;
        }
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{prefix} {bar:24} {human_pos}/{human_len} {per_sec} {msg} {eta} left",
            ),
            None => (ProgressBar::no_length(), "{prefix} {spinner} {human_pos}"),
        };
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
        bar.set_prefix(format!("{} · {what}", self.name));
        let over = Arc::new(AtomicBool::new(false));
        let (ticked, ended, done) = (bar.clone(), Arc::clone(&over), Arc::clone(done));
        let errors = errors.cloned();
        let ticker = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                // Claims run past the end by one for each worker.
                let position = done.load(Ordering::Relaxed);
                ticked.set_position(total.map_or(position, |t| position.min(t)));
                if let Some(errors) = &errors {
                    let count = errors.load(Ordering::Relaxed);
                    if count > 0 {
                        ticked.set_message(format!("{count} errors"));
                    }
                }
                ticked.tick();
                std::thread::park_timeout(TICK);
            }
        });
        self.bar = Some(Bar { bar, over, ticker: Some(ticker) });
    }
}
