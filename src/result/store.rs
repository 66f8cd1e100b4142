//! Writing results so that an earlier one is never lost.
//!
//! A document is validated, written to a temporary file, synced, renamed over the old one, and the folder is synced. What the
//! document says is left to `build`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use super::model::{RunResult, Status};
use super::reading::in_the_way;
use super::schema;
use crate::files::{Folders, folder_of, reason};

/// Why a result cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder cannot be made or a file in it cannot be written.
    #[error("{} cannot be written: {}", path.display(), reason(source))]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something stands where the result has to go, and the runner did not write it.
    #[error("{} {what}; move it away, or give the scenario another `name`", path.display())]
    InTheWay {
        /// Where the result has to go.
        path: PathBuf,
        /// What stands there: `is a directory`.
        what: &'static str,
    },
    /// The scenario's own schema cannot be used.
    #[error("the schema {} cannot be used: {reason}", path.display())]
    Schema {
        /// The schema file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The document does not satisfy a schema. It was kept beside the place of the result, with the errors.
    #[error("the result does not satisfy {schema} and was put into {}: {}", path.display(), errors.join("; "))]
    Rejected {
        /// Where the document is.
        path: PathBuf,
        /// Which schema.
        schema: String,
        /// What is wrong with it.
        errors: Vec<String>,
    },
}

/// Where the results of one scenario go.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    name: String,
    own_schema: Option<(PathBuf, Validator)>,
    /// Made for results; without any, they go again.
    folders: Folders,
}

impl Store {
    /// Makes the folders and tries to write in them, so that nothing is run whose result cannot be kept. Removes what killed runs
    /// left behind. Folders that no result went into are removed when the store is dropped. `name` is the plan's name; `schema` is a stricter schema, which completed results must satisfy as well.
    pub fn prepare(folder: &Path, name: &str, schema: Option<&Path>) -> Result<Store, StoreError> {
        let own_schema = schema.map(load_schema).transpose()?;
        let (folder, name) = (folder.to_owned(), name.to_owned());
        let mut store = Store { folder, name, own_schema, folders: Folders::default() };
        for folder in [store.folder.clone(), store.history()] {
            let made = store.folders.make(&folder);
            made.map_err(|source| StoreError::Write { path: folder.clone(), source })?;
            remove_leftovers(&folder);
            try_writing(&folder, &store.name)?;
        }
        store.check_path(&store.path())?;
        store.check_path(&store.rejected_path())?;
        Ok(store)
    }

    /// Where the result goes.
    pub fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// Where a document goes that does not satisfy a schema.
    pub fn rejected_path(&self) -> PathBuf {
        self.folder.join(format!("{}.rejected.json", self.name))
    }

    /// The folder of what is written beside the result. It may not be there.
    pub fn beside(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Whether a file may be written beside the result: nothing stands there, or what begins as such files do.
    ///
    /// # Errors
    /// When something else stands there.
    pub fn check_beside(&self, file: &str, begins: &str) -> Result<(), StoreError> {
        let path = self.beside().join(file);
        match fs::read(&path) {
            Ok(old) if old.is_empty() || old.starts_with(begins.as_bytes()) => Ok(()),
            Ok(_) => Err(StoreError::InTheWay { path, what: "was not written by runner" }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StoreError::Write { path, source }),
        }
    }

    /// Writes a file beside the result, in place of one of an earlier run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_beside(&self, file: &str, text: &str) -> Result<(), StoreError> {
        let folder = self.beside();
        let path = folder.join(file);
        fs::create_dir_all(&folder).map_err(|source| StoreError::Write { path: path.clone(), source })?;
        replace(&path, &self.name, text.as_bytes())
    }

    /// Removes a file beside the result that begins as such files do, and the folder where nothing else is in it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_beside(&self, file: &str, begins: &str) -> Result<(), StoreError> {
        let path = self.beside().join(file);
        if fs::read(&path).is_ok_and(|old| old.starts_with(begins.as_bytes())) {
            fs::remove_file(&path).map_err(|source| StoreError::Write { path, source })?;
            let _ = fs::remove_dir(self.beside());
        }
        Ok(())
    }

    fn history(&self) -> PathBuf {
        self.folder.join("history").join(&self.name)
    }

    /// Writes the result; `finished` also keeps it in the history, under its time stamp. Returns where it is.
    ///
    /// # Errors
    /// Whatever the error, the file that was there before is untouched.
    pub fn save(&self, result: &RunResult, finished: bool) -> Result<PathBuf, StoreError> {
        let document =
            serde_json::to_value(result).map_err(|error| self.unwritable(io::Error::other(error)))?;
        self.check(&document, result.status)?;
        let mut bytes =
            serde_json::to_vec_pretty(&document).map_err(|e| self.unwritable(io::Error::other(e)))?;
        bytes.push(b'\n');
        self.check_path(&self.path())?;
        self.keep_previous(result)?;
        if finished {
            self.add_to_history(&result.timestamp, &bytes)?;
        }
        replace(&self.path(), &self.name, &bytes)?;
        if finished {
            // Of an earlier run; beside a good result it would only mislead.
            let _ = fs::remove_file(self.rejected_path());
        }
        Ok(self.path())
    }

    fn unwritable(&self, source: io::Error) -> StoreError {
        StoreError::Write { path: self.path(), source }
    }

    /// The scenario's own schema may demand all levels, so it is for completed runs only.
    fn check(&self, document: &Value, status: Status) -> Result<(), StoreError> {
        let errors = schema::validate(document);
        if !errors.is_empty() {
            return Err(self.reject(document, "the schema of results".to_owned(), errors));
        }
        if let Some((path, validator)) = self.own_schema.as_ref().filter(|_| status == Status::Completed) {
            let errors = schema::errors(validator, document);
            if !errors.is_empty() {
                return Err(self.reject(document, path.display().to_string(), errors));
            }
        }
        Ok(())
    }

    fn reject(&self, document: &Value, schema: String, errors: Vec<String>) -> StoreError {
        let path = self.rejected_path();
        let kept = serde_json::json!({ "schema": schema, "errors": errors, "document": document });
        match replace(&path, &self.name, format!("{kept:#}\n").as_bytes()) {
            Ok(()) => StoreError::Rejected { path, schema, errors },
            Err(error) => error,
        }
    }

    /// What stands at `path` must be a document of ours, or nothing.
    fn check_path(&self, path: &Path) -> Result<(), StoreError> {
        match in_the_way(path) {
            Ok(None) => Ok(()),
            Ok(Some(what)) => Err(StoreError::InTheWay { path: path.to_owned(), what }),
            Err(source) => Err(StoreError::Write { path: path.to_owned(), source }),
        }
    }

    /// A result of another run that is about to be replaced must also be in the history; one that a killed run left is not yet.
    fn keep_previous(&self, result: &RunResult) -> Result<(), StoreError> {
        let Ok(bytes) = fs::read(self.path()) else { return Ok(()) };
        let Ok(document) = serde_json::from_slice::<Value>(&bytes) else { return Ok(()) };
        match document["timestamp"].as_str() {
            Some(timestamp) if timestamp != result.timestamp => self.add_to_history(timestamp, &bytes),
            _ => Ok(()),
        }
    }

    /// Two runs may start in one second: the later one gets a number. The same document is kept once.
    fn add_to_history(&self, timestamp: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.history();
        // A colon is not welcome in file names everywhere; anything else would come from a document changed by hand.
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let stem: String = timestamp.chars().take(40).map(safe).collect();
        for number in 1..1_000 {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let path = folder.join(format!("{stem}{suffix}.json"));
            let failed = |source| StoreError::Write { path: path.clone(), source };
            match fs::read(&path) {
                Ok(kept) if kept == bytes => return Ok(()),
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed(source)),
            }
            match temporary(&folder, &self.name, bytes).map_err(failed)?.persist_noclobber(&path) {
                Ok(_) => return sync_folder(&folder).map_err(failed),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error.error)),
            }
        }
        let source = io::Error::other("a thousand results with one time stamp");
        Err(StoreError::Write { path: folder, source })
    }
}

fn load_schema(path: &Path) -> Result<(PathBuf, Validator), StoreError> {
    let unusable = |reason: String| StoreError::Schema { path: path.to_owned(), reason };
    let bytes = fs::read(path).map_err(|error| unusable(reason(&error)))?;
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
    let validator = schema::compile(&document).map_err(unusable)?;
    Ok((path.to_owned(), validator))
}

/// A file system may be full and still make empty files, so the trial has a size.
fn try_writing(folder: &Path, name: &str) -> Result<(), StoreError> {
    let trial = temporary(folder, name, &[b' '; 1 << 16]);
    trial.map(drop).map_err(|source| StoreError::Write { path: folder.to_owned(), source })
}

pub(super) fn replace(path: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = folder_of(path);
    let failed = |source| StoreError::Write { path: path.to_owned(), source };
    let file = temporary(folder, name, bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(folder).map_err(failed)
}

/// A written and synced file that removes itself unless it is persisted.
fn temporary(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mut file = tempfile::Builder::new()
        .prefix(&format!(".{name}{TEMPORARY}{}-", std::process::id()))
        // As other tools make files: less what the umask forbids.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Between the name and the process in the name of a temporary file.
const TEMPORARY: &str = ".json.tmp-";

/// Temporary files of processes that are gone. One that cannot be removed harms nobody.
fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let owner = entry.file_name().to_str().and_then(owner_of);
        let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
        if regular && owner.is_some_and(|process| !is_alive(process)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The process in the name of a temporary file.
fn owner_of(file_name: &str) -> Option<i32> {
    let (_, rest) = file_name.strip_prefix('.')?.rsplit_once(TEMPORARY)?;
    let (process, random) = rest.split_once('-')?;
    if random.is_empty() || !random.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    process.parse().ok().filter(|process| *process > 0)
}

fn is_alive(process: i32) -> bool {
    let Some(process) = rustix::process::Pid::from_raw(process) else { return false };
    rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
