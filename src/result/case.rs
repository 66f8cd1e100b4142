//! Which case a configuration is of, in words and for comparing.

use serde_json::Value;

use super::model::{Configuration, RunResult};
use crate::plan::BASE_VARIANT;

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

    /// Whether another is of the same case.
    pub fn is_of_same_case(&self, other: &Configuration) -> bool {
        self.variant == other.variant && self.parameters == other.parameters
    }
}

impl RunResult {
    /// Whether its levels are of more than one case.
    pub fn has_several_cases(&self) -> bool {
        let first = self.configurations.first();
        first.is_some_and(|first| self.configurations.iter().any(|other| !other.is_of_same_case(first)))
    }

    /// The same level of the unchanged file at the same point of the matrix.
    pub fn base_of(&self, level: &Configuration) -> Option<&Configuration> {
        self.configurations.iter().find(|other| {
            other.variant == BASE_VARIANT
                && other.parameters == level.parameters
                && other.workload == level.workload
                && other.concurrency == level.concurrency
        })
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
    use super::super::testing::finished;

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
    fn the_base_of_a_variant_is_at_the_same_point() {
        let mut result = finished();
        assert!(!result.has_several_cases());
        let mut variant = result.configurations[1].clone();
        variant.variant = "wal".to_owned();
        result.configurations.push(variant);
        assert!(result.has_several_cases());
        let variant = &result.configurations[2];
        assert_eq!(result.base_of(variant).unwrap().concurrency, 2);
        let mut elsewhere = variant.clone();
        elsewhere.parameters.insert("size".to_owned(), 1.into());
        assert!(result.base_of(&elsewhere).is_none());
    }
}
