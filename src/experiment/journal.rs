//! Finished units, kept while an experiment runs, so that one that was interrupted goes on where it stopped.
//!
//! One file for each unit, named by a hash of everything that determines what it measures. A file that is cut off, of another version, or of
//! another unit with the same first letters is as good as none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::files::Folders;
use crate::plan::Plan;
use crate::run::Stretch;

/// Letters of the hash in a file's name.
const NAME_LETTERS: usize = 16;
/// Before the names of files that are being written.
const UNFINISHED: &str = ".unit-";
/// Sections that say nothing about what is run.
const WITHOUT_EFFECT: [&str; 5] = ["description", "targets", "output", "case_order", "allow_warnings"];

/// Everything that determines what a unit measures, as a SHA-256 in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitKey(String);

impl UnitKey {
    /// Of a stretch of a case with this build of the runner and of SQLite; `machine` tells what else results depend on, such as their
    /// comparability.
    pub fn of(plan: &Plan, stretch: &Stretch, machine: &str) -> UnitKey {
        let mut scenario = plan.source.effective.clone();
        if let Some(keys) = scenario.as_object_mut() {
            keys.retain(|name, _| !WITHOUT_EFFECT.contains(&name.as_str()));
        }
        let all = json!({
            "runner": [env!("CARGO_PKG_VERSION"), env!("RUNNER_COMMIT")],
            "sqlite": rusqlite::version(),
            "machine": machine,
            "scenario": scenario,
            "quick": plan.quick,
            "seed": plan.seed,
            // Two variants may be the same in truth, and are still measured each by itself.
            "variant": plan.variant,
            "parameters": plan.parameters,
            "workloads": plan.workloads.iter().map(|workload| &workload.name).collect::<Vec<_>>(),
            "stretch": stretch,
        });
        let digest = Sha256::digest(all.to_string().as_bytes());
        UnitKey(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn file_name(&self) -> String {
        format!("{}.json", &self.0[..NAME_LETTERS])
    }
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Entry<T> {
    key: String,
    unit: T,
}

/// Where finished units are kept.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
}

impl Journal {
    /// In this folder, which is made for the first unit.
    pub fn at(folder: &Path) -> Journal {
        Journal { folder: folder.to_owned() }
    }

    /// What was stored for a unit; none where nothing whole was.
    pub fn find<T: DeserializeOwned>(&self, key: &UnitKey) -> Option<T> {
        let bytes = fs::read(self.folder.join(key.file_name())).ok()?;
        let entry: Entry<Value> = serde_json::from_slice(&bytes).ok()?;
        if entry.key != key.0 {
            return None;
        }
        serde_json::from_value(entry.unit).ok()
    }

    /// Keeps a finished unit. The file is there as a whole or not at all.
    ///
    /// # Errors
    /// What the system says where it cannot be written.
    pub fn store<T: Serialize>(&self, key: &UnitKey, unit: &T) -> io::Result<()> {
        let mut folders = Folders::default();
        folders.make(&self.folder)?;
        let mut file =
            tempfile::Builder::new().prefix(UNFINISHED).suffix(".tmp").tempfile_in(&self.folder)?;
        let entry = Entry { key: key.0.clone(), unit };
        file.write_all(&serde_json::to_vec(&entry)?)?;
        file.as_file().sync_data()?;
        file.persist(self.folder.join(key.file_name())).map_err(|error| error.error)?;
        folders.keep();
        Ok(())
    }

    /// How many units are kept, of whatever experiment.
    pub fn len(&self) -> usize {
        self.files().filter(|(_, finished)| *finished).count()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all units, and the folder where nothing else is in it.
    ///
    /// # Errors
    /// What the system says where a file cannot be removed.
    pub fn clear(&self) -> io::Result<()> {
        for (path, _) in self.files() {
            fs::remove_file(path)?;
        }
        // One that holds something else stays.
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// What this room wrote, and whether it is finished.
    fn files(&self) -> impl Iterator<Item = (PathBuf, bool)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hash = name.strip_suffix(".json").unwrap_or_default();
            let finished = hash.len() == NAME_LETTERS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            (finished || name.starts_with(UNFINISHED)).then(|| (entry.path(), finished))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::stretches;
    use crate::scenario::Overrides;

    fn plan(top: &str) -> Plan {
        let text = format!(
            "{top}\nconcurrency = [1, 2]\n[database]\npath = ':memory:'\n[tables.t]\nshare = 1\ncolumns.id = {{ type = 'INTEGER PRIMARY KEY' }}\n"
        );
        crate::plan::prepare(Path::new("mine.toml"), text, &Overrides::default()).unwrap().0
    }

    fn key(plan: &Plan) -> UnitKey {
        UnitKey::of(plan, &stretches(plan)[0], "here")
    }

    #[test]
    fn what_determines_the_figures_determines_the_key_and_nothing_else() {
        let base = plan("total_writes = 10");
        assert_eq!(key(&base), key(&plan("description = 'Why?'\ntotal_writes = 10")));
        assert_eq!(key(&base), key(&base.clone()));
        let others = [
            key(&plan("total_writes = 11")),
            key(&plan("seed = 7\ntotal_writes = 10")),
            key(&Plan { variant: "twin".to_owned(), ..base.clone() }),
            UnitKey::of(&base, &stretches(&base)[1], "here"),
            UnitKey::of(&base, &stretches(&base)[0], "there"),
        ];
        for other in others {
            assert_ne!(other, key(&base));
        }
    }

    #[test]
    fn what_was_stored_is_found_again_until_it_is_cleared() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mine/cases");
        let journal = Journal::at(&folder);
        let (one, other) = (key(&plan("total_writes = 10")), key(&plan("total_writes = 11")));
        assert_eq!(journal.find::<Vec<u32>>(&one), None);
        assert!(journal.is_empty() && !folder.exists());
        journal.store(&one, &vec![1, 2, 3]).unwrap();
        assert_eq!(Journal::at(&folder).find(&one), Some(vec![1, 2, 3]));
        assert_eq!(journal.find::<Vec<u32>>(&other), None);
        assert_eq!(journal.len(), 1);
        fs::write(folder.join(".unit-killed.tmp"), "{").unwrap();
        journal.clear().unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn clearing_leaves_what_others_put_there() {
        let root = tempfile::tempdir().unwrap();
        let journal = Journal::at(root.path());
        journal.store(&key(&plan("total_writes = 10")), &1).unwrap();
        fs::write(root.path().join("notes.json"), "mine").unwrap();
        journal.clear().unwrap();
        let left: Vec<PathBuf> = fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(left, [root.path().join("notes.json")]);
    }

    #[test]
    fn files_that_are_cut_off_or_of_another_unit_are_as_good_as_none() {
        let root = tempfile::tempdir().unwrap();
        let journal = Journal::at(root.path());
        let key = key(&plan("total_writes = 10"));
        journal.store(&key, &vec![1, 2, 3]).unwrap();
        let path = root.path().join(key.file_name());
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        assert_eq!(journal.find::<Vec<u32>>(&key), None);
        fs::write(&path, whole.replace(&key.0, &key.0.chars().rev().collect::<String>())).unwrap();
        assert_eq!(journal.find::<Vec<u32>>(&key), None);
        fs::write(&path, &whole).unwrap();
        assert_eq!(journal.find::<String>(&key), None, "it holds something else");
        assert_eq!(journal.find(&key), Some(vec![1, 2, 3]));
    }
}
