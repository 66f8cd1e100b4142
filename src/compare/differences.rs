//! What two sides do not share: circumstances that forbid a comparison, and settings, which are what is compared.

use indexmap::IndexMap;
use serde_json::Value;

use super::Source;
use super::model::Difference;
use super::select::Pair;
use crate::result::{Configuration, RunResult, TOLD_BY_DATABASE, last_key, plain_value};
use crate::units;

/// Keys of a difference that are told; the document has all.
const TOLD: usize = 10;
/// Characters of a value that are told.
const VALUE: usize = 60;

/// What both must share and do not. Of a candidate that has not opened its database yet, what only that tells is no difference.
pub(super) fn forbidding(base: &RunResult, candidate: &RunResult, pairs: &[Pair<'_>]) -> Vec<Difference> {
    let mut found = of_results(base, candidate);
    if !candidate.environment.knows_database() {
        found.retain(|one| !TOLD_BY_DATABASE.contains(&one.name.as_str()));
        return found;
    }
    let mut of_levels = of_levels(base, candidate, pairs);
    of_levels.retain(|one| !found.iter().any(|known| known.name == one.name));
    found.extend(of_levels);
    found
}

/// As far as the results as a whole say it. Durability is a matter of the levels.
fn of_results(base: &RunResult, candidate: &RunResult) -> Vec<Difference> {
    let mut found = differing(&base.environment.comparability, &candidate.environment.comparability);
    found.retain(|difference| difference.name != "durability");
    for difference in &mut found {
        difference.keys = keys(&difference.name, base, candidate);
    }
    found
}

/// Engine and durability of levels that are held against one another.
fn of_levels(base: &RunResult, candidate: &RunResult, pairs: &[Pair<'_>]) -> Vec<Difference> {
    gathered(pairs, |a, b| {
        let durability =
            |result: &RunResult, level| result.durability_of(level).map(|class| class.as_str().to_owned());
        let pairs = [
            ("engine", Some(base.engine_of(a).to_owned()), Some(candidate.engine_of(b).to_owned())),
            ("durability", durability(base, a), durability(candidate, b)),
        ];
        let differ = pairs.into_iter().filter(|(_, base, candidate)| base != candidate);
        differ.map(|(name, base, candidate)| Difference::new(name, base, candidate)).collect()
    })
}

/// Sections of a scenario that are no settings: what both must share, what is demanded of the figures, and what is told of them.
const UNTOLD: [&str; 14] = [
    "tables",
    "vars",
    "locale",
    "order",
    "operations",
    "seed",
    "language",
    "name",
    "test",
    "description",
    "targets",
    "allow_warnings",
    "output",
    "quick",
];

/// Settings of the database, and other keys of the file, of its variants and of its matrix: what is compared, as a rule.
pub(super) fn of_settings(base: &Source, candidate: &Source, pairs: &[Pair<'_>]) -> Vec<Difference> {
    let sides = [Side::new(&base.result), Side::new(&candidate.result)];
    let told = |key: &str| !UNTOLD.contains(&key.split('.').next().unwrap_or(key)) && key != "database.path";
    let of_files = differing(&sides[0].file, &sides[1].file);
    let of_files: Vec<String> = of_files.into_iter().map(|one| one.name).filter(|key| told(key)).collect();
    gathered(pairs, |a, b| {
        let mut found = differing(&sides[0].settings(a), &sides[1].settings(b));
        let (ours, theirs) = (sides[0].keys(a), sides[1].keys(b));
        let mut names: Vec<&String> = ours.keys().collect();
        names.extend(theirs.keys().filter(|name| !ours.contains_key(*name)));
        for name in names.into_iter().chain(&of_files) {
            let (base, candidate) = (sides[0].value(&ours, name), sides[1].value(&theirs, name));
            let known = found.iter().any(|one| one.name == *name || one.name == last_key(name));
            if base != candidate && !known {
                found.push(Difference::new(name, base, candidate));
            }
        }
        found
    })
}

/// Differences of all pairs of levels, once each; those that not all cases have say whose they are.
fn gathered(
    pairs: &[Pair<'_>],
    of: impl Fn(&Configuration, &Configuration) -> Vec<Difference>,
) -> Vec<Difference> {
    let mut cases: Vec<String> = Vec::new();
    let mut found: Vec<(Difference, Vec<String>)> = Vec::new();
    for pair in pairs {
        let case = pair.base.1.case_or_base();
        if !cases.contains(&case) {
            cases.push(case.clone());
        }
        for difference in of(pair.base.1, pair.candidate.1) {
            match found.iter_mut().find(|(known, _)| *known == difference) {
                Some((_, whose)) if whose.contains(&case) => {}
                Some((_, whose)) => whose.push(case.clone()),
                None => found.push((difference, vec![case.clone()])),
            }
        }
    }
    let told = |(mut difference, whose): (Difference, Vec<String>)| {
        if whose.len() < cases.len() {
            difference.name = format!("{} of {}", difference.name, whose.join(" and "));
        }
        difference
    };
    found.into_iter().map(told).collect()
}

/// What one result says of its cases.
struct Side<'a> {
    result: &'a RunResult,
    /// The unchanged file's keys.
    file: IndexMap<String, String>,
    /// Keys of each variant.
    variants: IndexMap<String, IndexMap<String, String>>,
}

impl<'a> Side<'a> {
    fn new(result: &'a RunResult) -> Side<'a> {
        // The text has been checked before it was run; a result that was made otherwise has no variants to tell of.
        let text: Value = toml::from_str(&result.scenario.text).unwrap_or_default();
        let variants = text.get("variants").and_then(Value::as_object).into_iter().flatten();
        Side {
            result,
            file: flat(&result.scenario.effective),
            variants: variants.map(|(name, keys)| (name.clone(), flat(keys))).collect(),
        }
    }

    /// Settings in force in a level.
    fn settings(&self, level: &Configuration) -> IndexMap<String, String> {
        let mut found = match level.engine {
            Some(_) => IndexMap::new(),
            None => self.result.engine.settings.clone(),
        };
        found.extend(level.settings.clone());
        found
    }

    /// What variant and matrix changed in the file for a level.
    fn keys(&self, level: &Configuration) -> IndexMap<String, String> {
        let mut found = self.variants.get(&level.variant).cloned().unwrap_or_default();
        found.extend(level.parameters.iter().map(|(key, value)| (key.clone(), plain_value(value))));
        found
    }

    fn value(&self, keys: &IndexMap<String, String>, name: &str) -> Option<String> {
        keys.get(name).or_else(|| self.file.get(name)).cloned()
    }
}

/// A tree as its leaves by their paths.
fn flat(tree: &Value) -> IndexMap<String, String> {
    fn walk(path: &str, value: &Value, found: &mut IndexMap<String, String>) {
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                for (key, value) in inner {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    walk(&path, value, found);
                }
            }
            leaf => {
                found.insert(path.to_owned(), plain_value(leaf));
            }
        }
    }
    let mut found = IndexMap::new();
    walk("", tree, &mut found);
    found
}

/// By name, what the two do not share.
fn differing(base: &IndexMap<String, String>, candidate: &IndexMap<String, String>) -> Vec<Difference> {
    let mut names: Vec<&String> = base.keys().collect();
    names.extend(candidate.keys().filter(|name| !base.contains_key(*name)));
    let of = |name: &String| Difference::new(name, base.get(name).cloned(), candidate.get(name).cloned());
    names.into_iter().filter(|name| base.get(*name) != candidate.get(*name)).map(of).collect()
}

/// What lies behind a digest or a long text, part by part.
fn keys(name: &str, base: &RunResult, candidate: &RunResult) -> Vec<Difference> {
    let of_scenario = |wanted: &dyn Fn(&str) -> bool| {
        let of = |result: &RunResult| {
            let all = flat(&result.scenario.effective).into_iter();
            all.filter(|(key, _)| wanted(key)).collect::<IndexMap<String, String>>()
        };
        differing(&of(base), &of(candidate))
    };
    let under = |key: &str, sections: &[&str]| sections.contains(&key.split('.').next().unwrap_or(key));
    match name {
        "tables" => of_scenario(&|key| under(key, &["tables", "vars", "locale", "order"])),
        "operations" => of_scenario(&|key| {
            under(key, &["operations", "workloads", "total", "total_writes", "transaction"])
                || under(key, &["tables"]) && last_key(key) == "share"
        }),
        "workloads" => {
            let of = |result: &RunResult| {
                let text = result.environment.comparability.get("workloads").cloned().unwrap_or_default();
                let each = text.split("; ").filter_map(|one| one.split_once(": "));
                each.map(|(name, words)| (name.to_owned(), words.to_owned())).collect()
            };
            differing(&of(base), &of(candidate))
        }
        "compileOptions" => {
            let of = |result: &RunResult| {
                let all = result.engine.compile_options.iter();
                all.map(|option| (option.clone(), "yes".to_owned())).collect()
            };
            differing(&of(base), &of(candidate))
        }
        _ => Vec::new(),
    }
}

impl Difference {
    pub(super) fn new(name: &str, base: Option<String>, candidate: Option<String>) -> Difference {
        Difference { name: name.to_owned(), base, candidate, keys: Vec::new() }
    }

    /// What differs, as people say it: `the tables of the scenario`.
    pub fn label(&self) -> &str {
        match self.name.as_str() {
            "runner" => "the runner",
            "target" => "what the runner was built for",
            "engine" => "the database",
            "compileOptions" => "how the database was compiled",
            "storage" => "how the database is held",
            "durability" => "what an acknowledged write survives",
            "fileSystem" => "the file system",
            "kernel" => "the kernel",
            "architecture" => "the architecture",
            "cpuModel" => "the processor",
            "cpusAvailable" => "the number of processors",
            "cpuLimit" => "the limit of processors",
            "memoryBytes" => "the memory",
            "memoryLimitBytes" => "the limit of memory",
            "tables" => "the tables of the scenario",
            "operations" => "the operations of the scenario",
            "workloads" => "the workloads",
            "seed" => "the seed",
            other => other,
        }
    }

    /// A line, and where parts are known one for each of the first, indented: `the kernel: Linux 6.1 → Linux 6.8`.
    pub fn lines(&self) -> Vec<String> {
        let bytes = matches!(self.name.as_str(), "memoryBytes" | "memoryLimitBytes");
        let side = |value: &Option<String>| match value {
            None => "–".to_owned(),
            Some(value) if bytes => value.parse().map_or_else(|_| value.clone(), units::bytes),
            Some(value) => shortened(value),
        };
        // Digests tell nothing.
        let digest = matches!(self.name.as_str(), "tables" | "operations" | "compileOptions");
        if self.keys.is_empty() && !digest {
            return vec![format!("{}: {} → {}", self.label(), side(&self.base), side(&self.candidate))];
        }
        let several = matches!(self.name.as_str(), "tables" | "operations" | "workloads");
        let verb = if several { "differ" } else { "differs" };
        let colon = if self.keys.is_empty() { "" } else { ":" };
        let mut lines = vec![format!("{} {verb}{colon}", self.label())];
        lines.extend(self.keys.iter().take(TOLD).flat_map(Difference::lines).map(|line| format!("  {line}")));
        match self.keys.len().saturating_sub(TOLD) {
            0 => {}
            more => lines.push(format!("  … and {more} more")),
        }
        lines
    }
}

/// Long values, by their beginning, on one line.
fn shortened(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = line.chars().take(VALUE).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_told_as_the_keys_that_differ_and_no_more_than_ten_of_them() {
        let mut difference = Difference::new("tables", Some("a3f9".to_owned()), Some("77aa".to_owned()));
        assert_eq!(difference.lines(), ["the tables of the scenario differ"]);
        let key = |index: u32| Difference::new(&format!("tables.t{index}.share"), Some("1".to_owned()), None);
        difference.keys = (0..12).map(key).collect();
        let lines = difference.lines();
        assert_eq!(lines[..2], ["the tables of the scenario differ:", "  tables.t0.share: 1 → –"]);
        assert_eq!((lines.len(), lines[11].as_str()), (12, "  … and 2 more"));
    }

    #[test]
    fn memory_has_its_unit_and_long_values_are_cut() {
        let memory =
            Difference::new("memoryBytes", Some("1073741824".to_owned()), Some("2147483648".to_owned()));
        assert_eq!(memory.lines(), ["the memory: 1.00 GiB → 2.00 GiB"]);
        let long = Difference::new("a", Some("x".repeat(99)), Some("one\n  two".to_owned()));
        assert_eq!(long.lines(), [format!("a: {}… → one two", "x".repeat(60))]);
    }

    #[test]
    fn a_tree_is_told_by_its_leaves() {
        let found = flat(&serde_json::json!({ "a": { "b": [1, 2], "c": "x" }, "d": {} }));
        let told: Vec<String> = found.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(told, ["a.b=[1,2]", "a.c=x", "d={}"]);
    }
}
