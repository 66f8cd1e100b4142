//! Settings that promise less after a crash than a reader may think.

use indexmap::IndexMap;

use super::super::model::{Configuration, RunResult};
use super::Finding;
use crate::engine::Durability;

/// Cases that are named; of more, the number.
const NAMED: usize = 3;

/// Settings that decide what an acknowledged write survives.
const DECIDING: [&str; 5] =
    ["journal_mode", "synchronous", "synchronous_commit", "fsync", "full_page_writes"];

/// One finding for the unchanged file, and one for each promise of cases whose own settings differ.
pub(super) fn less_durable(result: &RunResult) -> Vec<Finding> {
    let promise = |level: Option<&Configuration>| promise_of(result, level);
    let base =
        promise(None).map(|(sentence, suggestion)| super::finding("less-durable", &[], sentence, suggestion));
    let mut cases: IndexMap<(String, &str), Vec<&Configuration>> = IndexMap::new();
    let own = |level: &&Configuration| {
        level.engine.is_some() || DECIDING.iter().any(|name| level.settings.contains_key(*name))
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

/// What is less than a reader may think, of the unchanged file or of a case. Its class decides; the settings say why.
fn promise_of(result: &RunResult, level: Option<&Configuration>) -> Option<(String, &'static str)> {
    let engine = &result.engine;
    let class = level.map_or(engine.durability, |level| result.durability_of(level));
    if class == Some(Durability::PowerLoss) {
        return None;
    }
    let case = level.and_then(|level| level.engine.as_ref());
    let of = |name: &str| {
        let own = level.and_then(|level| level.settings.get(name));
        // Those of another engine are none of its own.
        let common =
            || engine.settings.get(name).filter(|_| case.is_none_or(|case| case.name == engine.name));
        own.or_else(common).map(|value| value.to_lowercase()).unwrap_or_default()
    };
    let (storage, file) = match case {
        Some(case) => (case.storage.as_str(), case.storage == "file"),
        None => (engine.storage.as_str(), engine.path.is_some()),
    };
    match storage {
        "server" => promise_of_server(&of("synchronous_commit"), &of("fsync"), &of("full_page_writes")),
        // What a buffer puts at risk is told with its rows.
        "buffer" => None,
        _ if file => promise(&of("journal_mode"), &of("synchronous")),
        _ => None,
    }
}

fn promise_of_server(
    synchronous_commit: &str,
    fsync: &str,
    full_page_writes: &str,
) -> Option<(String, &'static str)> {
    let (setting, what, suggestion) = if fsync == "off" {
        (
            "fsync",
            "after a loss of power the server's whole database may be damaged",
            "Turn `fsync` on in the server's configuration wherever data matters, and measure with it.",
        )
    } else if full_page_writes == "off" {
        (
            "full_page_writes",
            "a page that was written in part when power was lost is past repair",
            "Turn it on in the server's configuration unless its file system writes pages as a whole.",
        )
    } else if synchronous_commit == "off" {
        (
            "synchronous_commit",
            "a crash of the server may take back the last acknowledged writes; the database stays sound",
            "Compare with `synchronous_commit = \"on\"` where every acknowledged write must survive.",
        )
    } else {
        return None;
    };
    Some((format!("`{setting}` is off on the server, so {what}."), suggestion))
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

#[cfg(test)]
mod tests {
    use super::super::super::testing::*;
    use super::*;

    #[test]
    fn a_server_that_acknowledges_early_is_told_by_its_setting() {
        let mut result = finished();
        result.engine.storage = "server".to_owned();
        result.engine.path = None;
        let mut told = |setting: &str, class: Durability| {
            result.engine.settings = [(setting.to_owned(), "off".to_owned())].into();
            result.engine.durability = Some(class);
            less_durable(&result).into_iter().map(|finding| finding.sentence).collect::<String>()
        };
        assert!(
            told("synchronous_commit", Durability::Memory).contains("take back the last acknowledged writes")
        );
        assert!(told("fsync", Durability::ProcessCrash).contains("may be damaged"));
        assert!(told("full_page_writes", Durability::ProcessCrash).contains("past repair"));
        assert_eq!(told("jit", Durability::PowerLoss), "");
    }

    #[test]
    fn a_case_with_another_engine_is_judged_by_its_own_settings() {
        let mut result = finished();
        result.engine.settings.insert("synchronous_commit".to_owned(), "off".to_owned());
        let server = crate::result::CaseEngine {
            name: "postgres".to_owned(),
            version: "15".to_owned(),
            storage: "server".to_owned(),
        };
        result.configurations[1].variant = "server".to_owned();
        result.configurations[1].engine = Some(server);
        result.configurations[1].durability = Some(Durability::ProcessCrash);
        assert!(less_durable(&result).is_empty());
        result.configurations[1].settings.insert("fsync".to_owned(), "off".to_owned());
        let found = less_durable(&result);
        assert_eq!(found.len(), 1);
        assert!(found[0].sentence.starts_with("In server: `fsync` is off"), "{}", found[0].sentence);
    }
}
