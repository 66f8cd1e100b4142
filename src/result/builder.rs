//! A result as it grows, iteration by iteration: keeps what the document does not hold, so that iterations can be pooled.

use std::collections::BTreeMap;

use super::build;
use super::environment::{Engine, Environment, ScenarioRecord};
use super::iterations::{append, worst};
use super::model::*;
use super::statistics::statistics;
use super::validity::{Circumstances, assess};
use super::{find, iteration, targets};
use crate::measure::{LevelMeasurement, Verification};
use crate::plan::Plan;

/// A result while its run goes on. Iterations come in any order; configurations stand in the order of cases, workloads and levels.
#[derive(Debug)]
pub struct Builder {
    /// What is known so far; can be stored after every iteration.
    pub document: RunResult,
    /// One for each configuration, in the same order.
    levels: Vec<OpenLevel>,
    /// What the database said of itself in cases whose facts were given.
    engines: BTreeMap<usize, Engine>,
}

/// An iteration that ended without figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedIteration {
    /// Name of its workload.
    pub workload: String,
    /// Workers.
    pub concurrency: u32,
    /// Which repetition, from 1.
    pub iteration: u32,
    /// Its place among all iterations of the run, in the order in which they ran, from 1.
    pub position: u32,
    /// Why, in a sentence.
    pub reason: String,
    /// Peak memory until then, where it is known.
    pub peak_memory_bytes: Option<u64>,
}

/// Up to so many iterations, each one brings the statistics up to date.
const SUMMED_ALWAYS: usize = 20;

/// Where a configuration stands: case, workload, place among the workload's levels, workers.
type Place = (usize, usize, usize, u32);

/// What is known of one level.
#[derive(Debug)]
struct OpenLevel {
    place: Place,
    /// All iterations so far as one; nothing before the first, and after the last.
    pooled: Option<LevelMeasurement>,
    iterations: Vec<Iteration>,
    failures: Vec<IterationFailure>,
    /// Which iteration each part of the time series is of, and its seconds.
    seconds: Vec<(u32, usize)>,
    verification: Option<Verification>,
    /// As they were summed up last.
    statistics: Option<Statistics>,
    /// The case's seed.
    seed: u64,
    /// The case after overrides, as far as targets ask for it.
    effective: serde_json::Value,
}

impl Builder {
    /// A result without levels, as it stands when a run begins. `plan` is the case of the unchanged file; `started` is kept to the second.
    pub fn new(
        plan: &Plan,
        facts: &crate::engine::Facts,
        environment: Environment,
        started: jiff::Timestamp,
    ) -> Builder {
        Builder::begin(plan, Some(facts), environment, started)
    }

    /// A result as far as it is known before anything is measured: circumstances, and every level of the cases without figures. `facts` are
    /// those of the first case; without them, what only an open database tells is left open.
    ///
    /// # Panics
    /// Without a case.
    pub fn foreseen(
        cases: &[Plan],
        facts: Option<&crate::engine::Facts>,
        environment: Environment,
    ) -> RunResult {
        let mut builder = Builder::begin(&cases[0], facts, environment, jiff::Timestamp::UNIX_EPOCH);
        for plan in cases {
            for workload in &plan.workloads {
                for concurrency in &workload.concurrency {
                    builder.level(plan, &workload.name, *concurrency);
                }
            }
        }
        builder.document
    }

    fn begin(
        plan: &Plan,
        facts: Option<&crate::engine::Facts>,
        mut environment: Environment,
        started: jiff::Timestamp,
    ) -> Builder {
        let engine = Engine::new(plan, facts.unwrap_or(&crate::engine::Facts::default()));
        environment.set_comparability(plan, facts.map(|_| &engine));
        let document = RunResult {
            test_name: plan.test.clone(),
            configuration_id: plan.name.clone(),
            timestamp: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            configurations: Vec::new(),
            schema_version: SCHEMA_VERSION,
            status: Status::Running,
            reason: None,
            quick: plan.quick,
            reused_iterations: 0,
            findings: Vec::new(),
            targets: Vec::new(),
            scenario: ScenarioRecord::new(plan),
            environment,
            engine,
        };
        Builder { document, levels: Vec::new(), engines: BTreeMap::new() }
    }

    /// Adds an iteration to the configuration of its case, workload and level, judges that, and brings the findings up to date. `position` is its
    /// place among all iterations of the run, from 1.
    ///
    /// # Panics
    /// If the measurement names a workload or an operation that the plan does not have, or an iteration that is there.
    pub fn add_level(
        &mut self,
        plan: &Plan,
        level: &LevelMeasurement,
        verification: Verification,
        position: u32,
    ) {
        let index = self.level(plan, &level.workload, level.concurrency);
        let open = &mut self.levels[index];
        open.assert_new(level.iteration);
        let iteration = iteration::iteration(plan, level, verification.status, position);
        open.failures.extend(failure(&iteration, &verification));
        match &mut open.pooled {
            Some(pooled) => append(pooled, level),
            None => open.pooled = Some(level.clone()),
        }
        open.iterations.push(iteration);
        open.seconds.push((level.iteration, level.time_series.len()));
        open.verification = Some(match open.verification.take() {
            Some(earlier) => worst(earlier, verification),
            None => verification,
        });
        self.judge(plan, index, &level.workload);
    }

    /// Keeps what the database says of itself in a case, to be called before its first iteration: settings that differ from those of the
    /// unchanged file stand with its configurations, and those that could not be confirmed invalidate them.
    pub fn set_facts(&mut self, plan: &Plan, facts: &crate::engine::Facts) {
        self.engines.insert(plan.case, Engine::new(plan, facts));
    }

    /// Adds an iteration that ended without figures.
    ///
    /// # Panics
    /// If it names a workload that the plan does not have, or an iteration that is there.
    pub fn add_failure(&mut self, plan: &Plan, failed: FailedIteration) {
        let index = self.level(plan, &failed.workload, failed.concurrency);
        let open = &mut self.levels[index];
        open.assert_new(failed.iteration);
        open.failures.push(IterationFailure {
            iteration: failed.iteration,
            position: failed.position,
            reason: failed.reason,
            peak_memory_bytes: failed.peak_memory_bytes,
        });
        self.judge(plan, index, &failed.workload);
    }

    /// Finds the level, or makes it at its place.
    fn level(&mut self, plan: &Plan, workload: &str, concurrency: u32) -> usize {
        let index = plan.workloads.iter().position(|one| one.name == workload);
        let index = index.expect("a measurement names a workload of its plan");
        let levels = &plan.workloads[index].concurrency;
        let level = levels.iter().position(|workers| *workers == concurrency).unwrap_or(levels.len());
        let place = (plan.case, index, level, concurrency);
        self.levels.binary_search_by_key(&place, |open| open.place).unwrap_or_else(|index| {
            let vars = plan.source.effective.get("vars").cloned().unwrap_or_default();
            let open = OpenLevel {
                place,
                pooled: None,
                iterations: Vec::new(),
                failures: Vec::new(),
                seconds: Vec::new(),
                verification: None,
                statistics: None,
                seed: plan.seed,
                effective: serde_json::json!({ "vars": vars }),
            };
            let empty = build::nothing(plan, workload, concurrency);
            let configuration = build::configuration(plan, &empty, Verification::default());
            self.levels.insert(index, open);
            self.document.configurations.insert(index, configuration);
            index
        })
    }

    /// Makes a configuration anew from what is known of its level.
    fn judge(&mut self, plan: &Plan, index: usize, workload: &str) {
        let open = &mut self.levels[index];
        let mut configuration = match &open.pooled {
            Some(pooled) => build::configuration(plan, pooled, open.verification.clone().unwrap_or_default()),
            None => self.document.configurations[index].clone(),
        };
        let wanted = plan.workloads.iter().find(|one| one.name == workload).map_or(0, |one| one.iterations);
        let last = open.ran() >= wanted as usize;
        open.sum_up(last);
        open.tell_iterations(&mut configuration);
        let mut circumstances = Circumstances::of(&self.document);
        if let Some(engine) = self.engines.get(&plan.case) {
            let like = engine.is_like(&self.document.engine);
            let differs = |(name, value): &(&String, &String)| {
                engine.name != self.document.engine.name
                    || self.document.engine.settings.get(*name).is_none_or(|other| other != *value)
            };
            let own = engine.settings.iter().filter(differs);
            configuration.settings = own.map(|(name, value)| (name.clone(), value.clone())).collect();
            configuration.engine = (!like).then(|| engine.of_case());
            configuration.durability =
                engine.durability.filter(|class| Some(*class) != self.document.engine.durability);
            circumstances.unconfirmed_settings.clone_from(&engine.unconfirmed_settings);
            if engine.path.is_none() {
                circumstances.memory_file_system = None;
            }
        }
        configuration.validity = assess(&configuration, &circumstances);
        configuration.targets = targets::judge(&plan.targets, &configuration, &open.effective);
        self.document.configurations[index] = configuration;
        self.document.findings = find(&self.document);
        if last {
            // Nothing can follow, and of many levels together the histograms are large.
            self.levels[index].pooled = None;
        }
    }

    /// Says how the run ended. `reason` is a sentence for a run that ended early.
    pub fn finish(&mut self, plan: &Plan, status: Status, reason: Option<String>) {
        for (open, configuration) in self.levels.iter_mut().zip(&mut self.document.configurations) {
            open.sum_up(true);
            open.tell_iterations(configuration);
        }
        let document = &mut self.document;
        document.status = status;
        document.reason = reason;
        // A run that was cut short has not come to what they are about.
        if status == Status::Completed {
            let effective = self.levels.iter().map(|open| &open.effective);
            let levels: Vec<_> = document.configurations.iter().zip(effective).collect();
            document.targets = targets::unmatched(&plan.targets, &levels);
        }
    }
}

impl OpenLevel {
    fn assert_new(&self, iteration: u32) {
        let known = self.iterations.iter().any(|one| one.iteration == iteration)
            || self.failures.iter().any(|one| one.iteration == iteration);
        assert!(!known, "iteration {iteration} of a level comes once");
    }

    /// Iterations so far, failed ones included.
    fn ran(&self) -> usize {
        self.iterations.len() + self.without_figures()
    }

    fn without_figures(&self) -> usize {
        let measured =
            |failed: &&IterationFailure| self.iterations.iter().any(|one| one.iteration == failed.iteration);
        self.failures.iter().filter(|failed| !measured(failed)).count()
    }

    /// Brings the statistics up to date; of many iterations only now and then and at the last, since intervals take their time.
    fn sum_up(&mut self, last: bool) {
        let summed = self.statistics.as_ref().map_or(0, |found| found.throughput.n as usize);
        let succeeded = self.ran() - self.failures.len();
        let due = last || succeeded <= SUMMED_ALWAYS || succeeded * 4 >= summed * 5;
        if due && succeeded != summed {
            self.statistics = statistics(&self.iterations, self.seed);
        }
    }

    fn tell_iterations(&self, configuration: &mut Configuration) {
        configuration.iterations.clone_from(&self.iterations);
        configuration.iterations.sort_by_key(|one| one.iteration);
        configuration.failures.clone_from(&self.failures);
        configuration.failures.sort_by_key(|one| one.iteration);
        configuration.iterations_failed = self.failures.len() as u64;
        configuration.iterations_succeeded = (self.ran() - self.failures.len()) as u64;
        configuration.statistics.clone_from(&self.statistics);
        configuration.cv = configuration.statistics.as_ref().and_then(|found| found.throughput.cv);
        if self.iterations.len() > 1 {
            let numbers = self.seconds.iter();
            let numbers = numbers.flat_map(|(iteration, seconds)| std::iter::repeat_n(*iteration, *seconds));
            let seconds = configuration.time_series.iter_mut().zip(numbers);
            seconds.for_each(|(second, iteration)| second.iteration = Some(iteration));
        }
    }
}

/// What an iteration that was measured lacks.
fn failure(iteration: &Iteration, verification: &Verification) -> Option<IterationFailure> {
    let reason = match iteration.status {
        IterationStatus::Succeeded => return None,
        IterationStatus::CutShort => "It was cut short.".to_owned(),
        IterationStatus::VerificationFailed => {
            let first = verification.problems.first().or(verification.integrity.first());
            first.cloned().unwrap_or_else(|| "Its verification failed.".to_owned())
        }
    };
    Some(IterationFailure {
        iteration: iteration.iteration,
        position: iteration.position,
        reason,
        peak_memory_bytes: iteration.peak_memory_bytes,
    })
}

impl RunResult {
    /// Whether any level lost, invented or altered a row.
    pub fn verification_failed(&self) -> bool {
        self.configurations
            .iter()
            .any(|level| level.verification.status == crate::measure::VerificationStatus::Failed)
    }

    /// Whether any demand of the scenario was not met; one whose figure is invalid was not.
    pub fn targets_failed(&self) -> bool {
        self.all_targets().any(|(_, verdict)| verdict.status != TargetStatus::Pass)
    }

    /// Every demand with the configuration that it is about; those that are about none come last.
    pub fn all_targets(&self) -> impl Iterator<Item = (Option<&Configuration>, &TargetVerdict)> {
        let of_levels = self
            .configurations
            .iter()
            .flat_map(|level| level.targets.iter().map(move |verdict| (Some(level), verdict)));
        of_levels.chain(self.targets.iter().map(|verdict| (None, verdict)))
    }
}

#[cfg(test)]
#[path = "builder_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "cases_tests.rs"]
mod cases_tests;
