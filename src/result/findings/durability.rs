//! Settings that promise less after a crash than a reader may think.

use indexmap::IndexMap;

use super::super::model::{Configuration, RunResult};
use super::Finding;

/// Cases that are named; of more, the number.
const NAMED: usize = 3;

/// One finding for the unchanged file, and one for each promise of cases whose own settings differ.
pub(super) fn less_durable(result: &RunResult) -> Vec<Finding> {
    let engine = &result.engine;
    if engine.path.is_none() || engine.name != "sqlite" {
        return Vec::new();
    }
    let of = |name: &str, level: Option<&Configuration>| {
        let own = level.and_then(|level| level.settings.get(name));
        own.or_else(|| engine.settings.get(name)).map(|value| value.to_lowercase()).unwrap_or_default()
    };
    let promise =
        |level: Option<&Configuration>| promise(&of("journal_mode", level), &of("synchronous", level));
    let base =
        promise(None).map(|(sentence, suggestion)| super::finding("less-durable", &[], sentence, suggestion));
    let mut cases: IndexMap<(String, &str), Vec<&Configuration>> = IndexMap::new();
    let own = |level: &&Configuration| {
        ["journal_mode", "synchronous"].iter().any(|name| level.settings.contains_key(*name))
    };
    for level in result.configurations.iter().filter(own) {
        if let Some(promise) = promise(Some(level)) {
            cases.entry(promise).or_default().push(level);
        }
    }
    let cases = cases.into_iter().map(|((sentence, suggestion), levels)| {
        let sentence = format!("In {}: {sentence}", names(&levels));
        super::finding("less-durable", &levels, sentence, suggestion)
    });
    base.into_iter().chain(cases).collect()
}

fn names(levels: &[&Configuration]) -> String {
    let mut names: Vec<String> = levels.iter().map(|level| level.case_or_base()).collect();
    names.dedup();
    match names.len() {
        few if few <= NAMED => names.join("; "),
        many => format!("{}; and {} more cases", names[..NAMED].join("; "), many - NAMED),
    }
}

fn promise(journal: &str, synchronous: &str) -> Option<(String, &'static str)> {
    let off = matches!(synchronous, "0" | "off");
    let normal = matches!(synchronous, "1" | "normal");
    Some(match journal {
        "off" | "memory" => (
            format!(
                "The rollback journal is {journal}, so a crash in the middle of a write can destroy the database file."
            ),
            "Compare with `journal_mode = \"wal\"`, which is fast and survives a crash.",
        ),
        _ if off => (
            "`synchronous` is off, so after a loss of power acknowledged writes may be gone and the file may be damaged."
                .to_owned(),
            "Compare with `synchronous = \"normal\"` in WAL, or `\"full\"` where every acknowledged write must survive.",
        ),
        "wal" if normal => (
            "In WAL with `synchronous` normal, a loss of power may take back the last acknowledged writes; the file stays sound."
                .to_owned(),
            "Compare with `synchronous = \"full\"` where every acknowledged write must survive.",
        ),
        _ => return None,
    })
}
