//! A result as it grows, level by level: keeps what the document does not hold, so that iterations can be pooled.

use super::build::configuration;
use super::environment::{Engine, Environment, ScenarioRecord};
use super::iterations::{append, worst};
use super::model::*;
use super::validity::{Circumstances, assess};
use super::{find, targets};
use crate::measure::{LevelMeasurement, Verification};
use crate::plan::Plan;

/// A result while its run goes on.
#[derive(Debug)]
pub struct Builder {
    /// What is known so far; can be stored after every level.
    pub document: RunResult,
    /// The level whose iterations are still coming.
    open: Option<OpenLevel>,
}

/// A level with iterations to come.
#[derive(Debug)]
struct OpenLevel {
    /// All iterations so far as one.
    pooled: LevelMeasurement,
    iterations: Vec<Iteration>,
    /// Seconds of the time series that each iteration has.
    seconds: Vec<usize>,
    verification: Verification,
}

impl Builder {
    /// A result without levels, as it stands when a run begins. `started` is kept to the second.
    pub fn new(
        plan: &Plan,
        facts: &crate::engine::Facts,
        mut environment: Environment,
        started: jiff::Timestamp,
    ) -> Builder {
        let engine = Engine::new(plan, facts);
        environment.set_comparability(plan, &engine);
        let document = RunResult {
            test_name: plan.test.clone(),
            configuration_id: plan.name.clone(),
            timestamp: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            configurations: Vec::new(),
            schema_version: SCHEMA_VERSION,
            status: Status::Running,
            reason: None,
            quick: plan.quick,
            findings: Vec::new(),
            targets: Vec::new(),
            scenario: ScenarioRecord::new(plan),
            environment,
            engine,
        };
        Builder { document, open: None }
    }

    /// Adds a level or a further iteration of the last one, judges it, and brings the findings up to date.
    ///
    /// # Panics
    /// If the measurement names a workload or an operation that the plan does not have.
    pub fn add_level(&mut self, plan: &Plan, level: &LevelMeasurement, verification: Verification) {
        let continued = self.open.take().filter(|open| open.continues_with(level));
        let again = continued.is_some();
        let mut open = match continued {
            Some(mut open) => {
                append(&mut open.pooled, level);
                open.verification = worst(open.verification, verification);
                open
            }
            None => {
                OpenLevel { pooled: level.clone(), iterations: Vec::new(), seconds: Vec::new(), verification }
            }
        };
        open.iterations.push(super::build::iteration(level));
        open.seconds.push(level.time_series.len());
        let mut configuration = configuration(plan, &open.pooled, open.verification.clone());
        configuration.cv = variation(&open.iterations);
        configuration.iterations.clone_from(&open.iterations);
        if open.iterations.len() > 1 {
            number_seconds(&mut configuration.time_series, &open);
        }
        configuration.validity = assess(&configuration, &Circumstances::of(&self.document));
        configuration.targets = targets::judge(&plan.targets, &configuration, &plan.source.effective);
        if again {
            self.document.configurations.pop();
        }
        self.document.configurations.push(configuration);
        self.document.findings = find(&self.document);
        let iterations = super::build::workload(plan, level).iterations;
        self.open = (level.iteration < iterations).then_some(open);
    }

    /// Says how the run ended. `reason` is a sentence for a run that ended early.
    pub fn finish(&mut self, plan: &Plan, status: Status, reason: Option<String>) {
        let document = &mut self.document;
        document.status = status;
        document.reason = reason;
        // A run that was cut short has not come to what they are about.
        if status == Status::Completed {
            document.targets =
                targets::unmatched(&plan.targets, &document.configurations, &plan.source.effective);
        }
        self.open = None;
    }
}

impl OpenLevel {
    fn continues_with(&self, level: &LevelMeasurement) -> bool {
        self.pooled.workload == level.workload
            && self.pooled.concurrency == level.concurrency
            && level.iteration > 1
    }
}

fn number_seconds(series: &mut [SecondFigures], open: &OpenLevel) {
    let numbers = open.iterations.iter().zip(&open.seconds);
    let numbers = numbers.flat_map(|(one, seconds)| std::iter::repeat_n(one.iteration, *seconds));
    series.iter_mut().zip(numbers).for_each(|(second, number)| second.iteration = Some(number));
}

/// Standard deviation (divisor n - 1) of the throughput, divided by its mean.
fn variation(iterations: &[Iteration]) -> Option<f64> {
    let n = iterations.len() as f64;
    let mean = iterations.iter().map(|one| one.throughput).sum::<f64>() / n;
    let squares = iterations.iter().map(|one| (one.throughput - mean).powi(2)).sum::<f64>();
    (iterations.len() > 1 && mean > 0.0).then(|| (squares / (n - 1.0)).sqrt() / mean)
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
