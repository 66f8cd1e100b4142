//! Results kept under a name, to be held against later ones: a folder that can be committed, `FOLDER/NAME/SCENARIO.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::model::{RunResult, Status};
use super::reading::{ReadError, in_the_way, read};
use super::store::{StoreError, replace};
use crate::files::reason;

/// The folder that baselines are kept in, unless another is named.
pub const BASELINE_FOLDER: &str = "baselines";

/// Why a result cannot become a baseline, or a baseline cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// A name that is no file's.
    #[error("`{0}` cannot name a baseline: use letters, digits, dot, underscore and hyphen")]
    Name(String),
    /// There is none of this name.
    #[error("there is no baseline `{name}` in {}{}", folder.display(), others(known))]
    Unknown {
        /// The name.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
        /// Those that are there.
        known: Vec<String>,
    },
    /// Figures that should not be believed decide nothing later.
    #[error("{} cannot become a baseline: {reason}", path.display())]
    Unfit {
        /// The result.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Something stands in its folder that the runner did not write.
    #[error("{} {what}; nothing was {left}: move it away, or name another baseline", path.display())]
    Foreign {
        /// What stands there.
        path: PathBuf,
        /// What it is: `is not a result of runner`.
        what: &'static str,
        /// What was not done: `written` or `removed`.
        left: &'static str,
    },
    /// A result cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] StoreError),
    /// The folder cannot be listed, or a file in it not removed.
    #[error("{}: {}", path.display(), reason(source))]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn others(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("; there are {}", known.join(", ")) }
}

/// Baselines of a folder.
#[derive(Clone, Debug)]
pub struct Baselines {
    folder: PathBuf,
}

impl Baselines {
    /// Those of a folder, which need not be there.
    pub fn at(folder: &Path) -> Baselines {
        Baselines { folder: folder.to_owned() }
    }

    fn place(&self, name: &str) -> Result<PathBuf, BaselineError> {
        let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
            return Err(BaselineError::Name(name.to_owned()));
        }
        Ok(self.folder.join(name))
    }

    /// Keeps a result under a name, in place of an earlier one of the same scenario. Returns where.
    ///
    /// # Errors
    /// When it is not a completed result, when one of its levels is not valid, or when something else stands in its place.
    pub fn save(&self, name: &str, path: &Path) -> Result<PathBuf, BaselineError> {
        let folder = self.place(name)?;
        let result = read(path)?;
        if let Some(reason) = unfit(&result) {
            return Err(BaselineError::Unfit { path: path.to_owned(), reason });
        }
        let bytes = fs::read(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        let file = folder.join(format!("{}.json", result.configuration_id));
        check(&file, "written")?;
        fs::create_dir_all(&folder).map_err(|source| BaselineError::Folder { path: folder, source })?;
        replace(&file, &result.configuration_id, &bytes)?;
        Ok(file)
    }

    /// Names of all baselines, in their order.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, BaselineError> {
        let failed = |source| BaselineError::Folder { path: self.folder.clone(), source };
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.place(&name).is_ok_and(|folder| folder.is_dir()) && !self.files(&name)?.is_empty() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Files of a baseline, one for each scenario; none where there is no such baseline.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn files(&self, name: &str) -> Result<Vec<PathBuf>, BaselineError> {
        let folder = self.place(name)?;
        results_in(&folder).map_err(|source| BaselineError::Folder { path: folder, source })
    }

    /// Removes a baseline: the results in its folder, and the folder where nothing else is in it.
    ///
    /// # Errors
    /// When there is none, when something else than results is among them, which leaves all of them, or when a file cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), BaselineError> {
        let files = self.files(name)?;
        if files.is_empty() {
            return Err(self.unknown(name)?);
        }
        files.iter().try_for_each(|file| check(file, "removed"))?;
        for file in files {
            fs::remove_file(&file).map_err(|source| BaselineError::Folder { path: file, source })?;
        }
        // What else stands there is not ours.
        let _ = fs::remove_dir(self.place(name)?);
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// That there is no such baseline, and which there are.
    ///
    /// # Errors
    /// As [`Baselines::names`].
    pub fn unknown(&self, name: &str) -> Result<BaselineError, BaselineError> {
        Ok(BaselineError::Unknown {
            name: name.to_owned(),
            folder: self.folder.clone(),
            known: self.names()?,
        })
    }
}

/// Whether a file may be replaced or removed: only a result of ours.
fn check(file: &Path, left: &'static str) -> Result<(), BaselineError> {
    match in_the_way(file) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(BaselineError::Foreign { path: file.to_owned(), what, left }),
        Err(source) => Err(BaselineError::Folder { path: file.to_owned(), source }),
    }
}

/// Result files of a folder, in the order of their names; none where there is no folder.
///
/// # Errors
/// When it cannot be listed.
pub fn results_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    let is_result = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        path.is_file()
            && name.ends_with(".json")
            && !name.ends_with(".rejected.json")
            && !name.starts_with('.')
    };
    let mut found: Vec<PathBuf> = paths.into_iter().filter(is_result).collect();
    found.sort();
    Ok(found)
}

/// Why figures of a result should not be held against later ones.
fn unfit(result: &RunResult) -> Option<String> {
    if result.status != Status::Completed {
        return Some("the run did not come to its end".to_owned());
    }
    let mut levels = result.configurations.iter();
    let level = levels.find(|level| !level.validity.valid)?;
    let doubt = level.validity.doubts.iter().find(|doubt| doubt.invalidating);
    let why = doubt.map_or("its figures are not valid", |doubt| doubt.sentence.as_str());
    Some(format!("with {}, {why}", crate::units::workers(&[level.concurrency])))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn stored(folder: &Path, valid: bool) -> PathBuf {
        let mut result = testing::finished();
        result.status = Status::Completed;
        result.configurations.iter_mut().for_each(|level| {
            level.validity.valid = valid;
            level.validity.doubts.clear();
        });
        let path = folder.join("base-0.json");
        fs::write(&path, serde_json::to_vec(&result).unwrap()).unwrap();
        path
    }

    #[test]
    fn a_valid_result_is_kept_under_a_name_listed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = stored(folder.path(), true);
        let baselines = Baselines::at(&folder.path().join("baselines"));
        assert_eq!(baselines.names().unwrap(), [""; 0]);
        let kept = baselines.save("main", &path).unwrap();
        assert_eq!(kept, folder.path().join("baselines/main/base-0.json"));
        assert_eq!(fs::read(&kept).unwrap(), fs::read(&path).unwrap());
        assert_eq!(
            (baselines.names().unwrap(), baselines.files("main").unwrap()),
            (vec!["main".to_owned()], vec![kept])
        );
        baselines.remove("main").unwrap();
        assert!(!folder.path().join("baselines").exists());
        let missing = baselines.remove("main").unwrap_err();
        assert!(missing.to_string().starts_with("there is no baseline `main`"), "{missing}");
    }

    #[test]
    fn an_invalid_result_and_a_wrong_name_are_refused_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = stored(folder.path(), false);
        let baselines = Baselines::at(&folder.path().join("baselines"));
        assert!(matches!(baselines.save("main", &path), Err(BaselineError::Unfit { .. })));
        for name in ["", "..", ".x", "a/b"] {
            assert!(matches!(baselines.save(name, &path), Err(BaselineError::Name(_))), "{name}");
        }
        assert!(!folder.path().join("baselines").exists());
    }

    #[test]
    fn what_the_runner_did_not_write_is_neither_removed_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = stored(folder.path(), true);
        let baselines = Baselines::at(folder.path());
        let own = baselines.save("schemas", &path).unwrap();
        let other = folder.path().join("schemas/scenario.schema.json");
        for text in ["{\"type\":\"object\"}", "no JSON"] {
            fs::write(&other, text).unwrap();
            let refused = baselines.remove("schemas").unwrap_err();
            assert!(matches!(refused, BaselineError::Foreign { .. }), "{refused}");
            assert!(
                refused
                    .to_string()
                    .contains("scenario.schema.json is not a result of runner; nothing was removed")
            );
            assert!(own.exists() && fs::read_to_string(&other).unwrap() == text);
        }
        fs::write(&own, "{\"type\":\"object\"}").unwrap();
        let refused = baselines.save("schemas", &path).unwrap_err();
        assert!(refused.to_string().contains("base-0.json is not a result of runner; nothing was written"));
        assert_eq!(fs::read_to_string(&own).unwrap(), "{\"type\":\"object\"}");
    }

    #[test]
    fn a_result_of_another_version_is_removed_and_replaced_as_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = stored(folder.path(), true);
        let baselines = Baselines::at(&folder.path().join("baselines"));
        let own = baselines.save("main", &path).unwrap();
        let later =
            fs::read_to_string(&own).unwrap().replacen("\"schemaVersion\":1", "\"schemaVersion\":2", 1);
        assert!(later.contains("\"schemaVersion\":2"));
        fs::write(&own, &later).unwrap();
        baselines.save("main", &path).unwrap();
        assert_eq!(fs::read(&own).unwrap(), fs::read(&path).unwrap());
        fs::write(&own, &later).unwrap();
        baselines.remove("main").unwrap();
        assert!(!folder.path().join("baselines").exists());
    }
}
