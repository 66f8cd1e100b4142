//! What results and variants that stand side by side do not share. They are drawn together, but no factor stands between them.

use indexmap::{IndexMap, IndexSet};

use super::Shown;
use crate::compare::Difference;
use crate::result::{Configuration, RunResult};
use crate::units::bytes;

/// Characters of a value that are told.
const VALUE: usize = 60;
/// Names that are told for a value.
const NAMES: usize = 6;

/// By name, what a level must share with another to be held against it.
pub(super) fn circumstances(result: &RunResult, level: &Configuration) -> IndexMap<String, String> {
    let mut found = result.environment.comparability.clone();
    if let Some(own) = &level.engine {
        found.insert("engine".to_owned(), format!("{} {}", own.name, own.version));
        found.insert("storage".to_owned(), own.storage.clone());
    }
    // Each variant has its own.
    found.shift_remove("durability");
    if let Some(class) = result.durability_of(level) {
        found.insert("durability".to_owned(), class.in_words().to_owned());
    }
    found
}

/// A line for everything that the levels of one workload do not all share.
pub(super) fn unlike(shown: &[Shown<'_>], workload: &str) -> Vec<String> {
    let mut members: Vec<(String, IndexMap<String, String>)> = Vec::new();
    for one in shown {
        let levels = one.result.configurations.iter().filter(|level| level.workload == workload);
        let all: Vec<_> = levels.map(|level| (level, circumstances(one.result, level))).collect();
        let same = all.iter().all(|(_, own)| *own == all[0].1);
        let mut alike: IndexMap<&str, (&IndexMap<String, String>, bool)> = IndexMap::new();
        for (level, own) in &all {
            let (first, every) = alike.entry(&level.variant).or_insert((own, true));
            *every &= *first == own;
        }
        for (level, own) in all.iter().take(if same { 1 } else { all.len() }) {
            // As short as it can be told apart: the result, its variant, or the case.
            let alike = alike.get(level.variant.as_str()).is_some_and(|(_, every)| *every);
            let result = (same || shown.len() > 1).then(|| one.name.clone());
            let case = if alike { level.variant.clone() } else { level.case_or_base() };
            let parts = result.into_iter().chain((!same).then_some(case));
            let member = (parts.collect::<Vec<_>>().join(", "), own.clone());
            if !members.contains(&member) {
                members.push(member);
            }
        }
    }
    let keys: IndexSet<&String> = members.iter().flat_map(|(_, own)| own.keys()).collect();
    keys.into_iter().filter_map(|key| line(key, &members)).collect()
}

/// `the database: sqlite 3.50.4 (base-0), postgres 15.14 (base-postgres)`; nothing where all have the same.
fn line(key: &str, members: &[(String, IndexMap<String, String>)]) -> Option<String> {
    let mut values: IndexMap<Option<&String>, IndexSet<&str>> = IndexMap::new();
    for (name, own) in members {
        values.entry(own.get(key)).or_default().insert(name);
    }
    if values.len() < 2 {
        return None;
    }
    // Digests tell nothing.
    let digest = matches!(key, "tables" | "operations" | "compileOptions");
    let side = |(value, names): (&Option<&String>, &IndexSet<&str>)| {
        let names = listed(names);
        if digest { names } else { format!("{} ({names})", text(key, *value)) }
    };
    let sides: Vec<String> = values.iter().map(side).collect();
    let what = Difference { name: key.to_owned(), base: None, candidate: None, keys: Vec::new() };
    Some(format!("{}: {}", what.label(), sides.join(if digest { " unlike " } else { "; " })))
}

fn listed(names: &IndexSet<&str>) -> String {
    let told: Vec<&str> = names.iter().copied().take(NAMES).collect();
    match names.len() - told.len() {
        0 => told.join(" · "),
        more => format!("{} and {more} more", told.join(" · ")),
    }
}

fn text(key: &str, value: Option<&String>) -> String {
    let Some(value) = value else { return "not told".to_owned() };
    match key {
        "memoryBytes" | "memoryLimitBytes" => value.parse().map_or_else(|_| value.clone(), bytes),
        _ if value.chars().count() > VALUE => value.chars().take(VALUE).collect::<String>() + "…",
        _ => value.clone(),
    }
}
