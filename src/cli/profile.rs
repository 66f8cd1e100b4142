//! `run --profile cpu`: what samples the scenarios of a call, and the flame graph beside each result.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use crate::measure::LevelMeasurement;
use crate::plan::{Experiment, Plan};
use crate::profile::{BEGINS, Graph, Sampler};
use crate::result::{RunResult, Store, StoreError};
use crate::units;

/// The file beside the result.
const FILE: &str = "cpu.svg";

/// What is profiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Profiled {
    /// Where processor time goes.
    Cpu,
}

impl Profiled {
    /// As the result tells it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Profiled::Cpu => "cpu",
        }
    }
}

/// One for all scenarios of a call; none unless it is asked for.
///
/// # Errors
/// Why this process cannot be sampled, in a sentence.
pub(super) fn sampler(wanted: Option<Profiled>) -> Result<Option<Arc<Sampler>>, String> {
    wanted.map(|Profiled::Cpu| Sampler::new().map(Arc::new)).transpose()
}

/// Why a scenario cannot be profiled.
pub(super) fn refusal(experiment: &Experiment) -> Option<&'static str> {
    let capped = experiment.cases.iter().any(|case| case.limits.memory_bytes.is_some());
    capped.then_some(
        "`--profile` goes without `limits.memory`: the profiler needs memory of its own, which would count against the limit",
    )
}

/// The flame graph of a scenario, as its levels come in.
pub(super) struct Picture {
    graph: Graph,
    several: bool,
}

impl Picture {
    /// Whether it can have its place beside the result.
    pub(super) fn check(store: &Store) -> Result<(), StoreError> {
        store.check_beside(FILE, BEGINS)
    }

    /// Levels stand in the file's order, whatever the order in which they come in.
    pub(super) fn new(experiment: &Experiment) -> Picture {
        let mut picture = Picture { graph: Graph::default(), several: experiment.cases.len() > 1 };
        for plan in &experiment.cases {
            for workload in &plan.workloads {
                let levels = workload.concurrency.iter();
                levels
                    .for_each(|workers| picture.graph.expect(&picture.level(plan, &workload.name, *workers)));
            }
        }
        picture
    }

    /// Adds an iteration, if it was sampled.
    pub(super) fn add(&mut self, plan: &Plan, measurement: &LevelMeasurement) {
        if let Some(profile) = &measurement.profile {
            let level = self.level(plan, &measurement.workload, measurement.concurrency);
            self.graph.add(&level, profile);
        }
    }

    /// What a level is called, as far as the file has several.
    fn level(&self, plan: &Plan, workload: &str, workers: u32) -> String {
        let case = self.several.then(|| plan.in_words());
        let workload = (plan.workloads.len() > 1).then(|| workload.to_owned());
        case.into_iter().chain(workload).chain([units::workers(&[workers])]).collect::<Vec<_>>().join(" · ")
    }

    /// Writes it beside the result, in place of that of an earlier run. None where nothing was sampled: an earlier one would pass for this run's,
    /// so it is removed.
    pub(super) fn store(&self, store: &Store, result: &RunResult) -> Result<Option<PathBuf>, StoreError> {
        if self.graph.is_empty() {
            store.remove_beside(FILE, BEGINS)?;
            return Ok(None);
        }
        store.put_beside(FILE, &self.graph.svg(&result.configuration_id, &result.timestamp))?;
        Ok(Some(store.beside().join(FILE)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Overrides;

    fn experiment(text: &str) -> Experiment {
        let text = format!(
            "{text}\n[database]\npath = ':memory:'\n[tables.t]\nshare = 1\ncolumns.id = {{ type = 'INTEGER PRIMARY KEY' }}\n"
        );
        crate::plan::experiment(Path::new("mine.toml"), text, &Overrides::default()).unwrap().0
    }

    #[test]
    fn levels_are_called_by_what_tells_them_apart() {
        let plain = experiment("total_writes = 10\nconcurrency = [1, 8]");
        let name = |experiment: &Experiment, case: usize, workers| {
            let plan = &experiment.cases[case];
            Picture::new(experiment).level(plan, &plan.workloads[0].name, workers)
        };
        assert_eq!(name(&plain, 0, 1), "1 worker");
        assert_eq!(name(&plain, 0, 8), "8 workers");
        let varied = experiment("total_writes = 10\nconcurrency = [8]\n[variants.big]\ntotal_writes = 20");
        assert_eq!(name(&varied, 0, 8), "base · 8 workers");
        assert_eq!(name(&varied, 1, 8), "big · 8 workers");
    }

    #[test]
    fn a_case_whose_memory_is_capped_is_not_profiled() {
        let plain = "total_writes = 10\nconcurrency = [1]";
        assert_eq!(refusal(&experiment(plain)), None);
        assert_eq!(refusal(&experiment(&format!("{plain}\n[limits]\ncpus = 1"))), None);
        assert!(refusal(&experiment(&format!("{plain}\n[limits]\nmemory = '256MiB'"))).is_some());
    }

    #[test]
    fn without_a_sample_the_flame_graph_of_an_earlier_run_goes_and_a_foreign_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::prepare(folder.path(), "mine", None).unwrap();
        let picture = Picture::new(&experiment("total_writes = 10\nconcurrency = [1]"));
        let result = crate::result::testing::finished();
        store.put_beside(FILE, &format!("{BEGINS} 0.1 -->")).unwrap();
        assert_eq!(picture.store(&store, &result).unwrap(), None);
        assert!(!store.beside().exists());
        store.put_beside(FILE, "<svg/>").unwrap();
        assert_eq!(picture.store(&store, &result).unwrap(), None);
        assert!(store.beside().join(FILE).exists());
    }
}
