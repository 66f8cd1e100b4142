//! Which case a configuration is of, in words and for comparing.

use serde_json::Value;

use super::model::{Configuration, Iteration, IterationStatus, RunResult};
use crate::engine::Durability;
use crate::plan::BASE_VARIANT;
use crate::units::workers;

impl Configuration {
    /// `wal, file_size 100MB, memory 256MiB`; absent for the plain file.
    pub fn case(&self) -> Option<String> {
        let variant = (self.variant != BASE_VARIANT).then(|| self.variant.clone());
        let parts: Vec<String> = variant.into_iter().chain(self.point()).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The same, and `base` for the plain file.
    pub fn case_or_base(&self) -> String {
        self.case().unwrap_or_else(|| BASE_VARIANT.to_owned())
    }

    /// Its values of the matrix: `file_size 100MB, memory 256MiB`; absent where there is no matrix.
    pub fn point(&self) -> Option<String> {
        let parameters = self.parameters.iter().map(|(key, value)| format!("{} {}", last(key), plain(value)));
        let parts: Vec<String> = parameters.collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Whether another is the same level of the same case, in the same result or another one.
    pub fn is_same_level(&self, other: &Configuration) -> bool {
        self.is_of_same_case(other)
            && self.workload == other.workload
            && self.concurrency == other.concurrency
    }

    /// Acknowledged per second: the iterations' median where there are several, otherwise that of all.
    pub fn typical_throughput(&self) -> f64 {
        self.statistics.as_ref().map_or(self.overall.throughput, |found| found.throughput.median)
    }

    /// Iterations that have figures.
    pub fn succeeded_iterations(&self) -> impl Iterator<Item = &Iteration> {
        self.iterations.iter().filter(|one| one.status == IterationStatus::Succeeded)
    }

    /// Whether another is of the same case.
    pub fn is_of_same_case(&self, other: &Configuration) -> bool {
        self.variant == other.variant && self.parameters == other.parameters
    }
}

impl RunResult {
    /// Name of a level's engine.
    pub fn engine_of<'a>(&'a self, level: &'a Configuration) -> &'a str {
        level.engine.as_ref().map_or(&self.engine.name, |engine| &engine.name)
    }

    /// What a write of a level survives once it is acknowledged; absent in results that do not say it.
    pub fn durability_of(&self, level: &Configuration) -> Option<Durability> {
        level.durability.or(self.engine.durability)
    }

    /// Whether its levels are of more than one case.
    pub fn has_several_cases(&self) -> bool {
        let first = self.configurations.first();
        first.is_some_and(|first| self.configurations.iter().any(|other| !other.is_of_same_case(first)))
    }

    /// A sentence for each level whose iterations all ended without figures. Those that lost a row or were cut short have figures.
    pub fn failed_levels(&self) -> Vec<String> {
        let failed = |level: &&Configuration| level.iterations.is_empty() && level.iterations_failed > 0;
        let several = self.configurations.iter().any(|one| one.workload != self.configurations[0].workload);
        let told = |level: &Configuration| {
            let workload = if several { format!("{}, ", level.workload) } else { String::new() };
            let case =
                if self.has_several_cases() { format!("{}, ", level.case_or_base()) } else { String::new() };
            let workers = workers(&[level.concurrency]);
            let first = level.failures.first().map_or("", |failure| &failure.reason);
            match level.iterations_failed {
                1 => format!("{workload}{case}{workers}: {first}"),
                all => format!(
                    "{workload}{case}{workers}: none of {all} iterations succeeded, the first one: {first}"
                ),
            }
        };
        self.configurations.iter().filter(failed).map(told).collect()
    }
}

/// The key itself, without its tables.
pub fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// A value as people write it: text without quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{experiment, finished};

    #[test]
    fn a_case_is_named_by_what_differs_from_the_file() {
        let mut level = finished().configurations.remove(0);
        assert_eq!(level.case(), None);
        level.parameters.insert("vars.file_size".to_owned(), "100MB".into());
        level.parameters.insert("cache".to_owned(), 8.into());
        assert_eq!(level.case().unwrap(), "file_size 100MB, cache 8");
        level.variant = "wal".to_owned();
        assert_eq!(level.case().unwrap(), "wal, file_size 100MB, cache 8");
    }

    #[test]
    fn levels_without_a_success_are_told_with_their_reason() {
        assert!(finished().failed_levels().is_empty() && !finished().has_several_cases());
        let result = experiment();
        assert!(result.has_several_cases());
        let told = "wal, file_size 2MB, 1 worker: none of 3 iterations succeeded, the first one: Killed: it needed more \
                    than 256 MiB.";
        assert_eq!(result.failed_levels(), [told]);
    }
}
