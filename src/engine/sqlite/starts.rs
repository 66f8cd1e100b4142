//! Databases as they stand before anything is measured, kept so that they can be begun from again: a copy of the scenario's source, and
//! databases with their rows loaded.
//!
//! They lie in a folder of their own beside the database, named after it and the process: it goes with this, and that of a process that was
//! killed is removed by the next one. Whoever else is given the folder (a process for one case) only adds to it. What is in a copy is byte for byte what
//! the database was, so that all begin in the same physical state.

use std::fs::{self, File, read_dir, remove_dir_all};
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Advice, fadvise};

use super::path::cannot;
use crate::engine::EngineError;
use crate::files::{Folders, folder_of};

/// What a folder's name has between the database's name and the process.
const MARK: &str = ".starts-";
/// Left free on the disk beside a copy: what the database still grows by is not known.
const SPARE_BYTES: u64 = 64 << 20;

/// Where databases to begin from are kept.
#[derive(Debug)]
pub struct Starts {
    folder: PathBuf,
    /// Whether it goes with this.
    own: bool,
    /// Made for the database's folder; they go again where nothing else is in them.
    _folders: Folders,
    /// Whether the folder is there.
    made: Mutex<bool>,
}

impl Starts {
    /// Beside a database file. The folder is made for the first copy, and removed with all copies when this is dropped.
    pub fn beside(database: &Path) -> Starts {
        remove_stale(database);
        let mut folders = Folders::default();
        // Before the database itself is made, so that they outlive it. Where they cannot be made, neither can it, and it says so.
        let _ = folders.make(folder_of(database));
        let name = format!("{}{}", prefix(database), std::process::id());
        Starts {
            folder: folder_of(database).join(name),
            own: true,
            _folders: folders,
            made: Mutex::new(false),
        }
    }

    /// In a folder that is somebody else's to remove.
    pub fn of(folder: PathBuf) -> Starts {
        Starts { folder, own: false, _folders: Folders::default(), made: Mutex::new(false) }
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The copy under a name, where there is a whole one.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(format!("{name}.db"))).filter(|path| path.is_file())
    }

    /// What was noted beside a copy.
    pub(super) fn note(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(format!("{name}.note"))).ok()
    }

    /// Adds a copy that `make` writes to the path it is given; it is there as a whole or not at all.
    pub(super) fn add(
        &self,
        name: &str,
        note: &[u8],
        make: impl FnOnce(&Path) -> Result<(), EngineError>,
    ) -> Result<PathBuf, EngineError> {
        self.make_folder()?;
        let path = self.folder.join(format!("{name}.db"));
        let part = self.folder.join(format!("{name}.part"));
        let written = make(&part).and_then(|()| {
            let note_path = self.folder.join(format!("{name}.note"));
            fs::write(&note_path, note).map_err(|error| cannot(&note_path, "written", &error))?;
            fs::rename(&part, &path).map_err(|error| cannot(&path, "written", &error))
        });
        // What is left of a failure; after a success there is nothing.
        let _ = fs::remove_file(&part);
        written.map(|()| path)
    }

    /// Whether there is room for a copy of so many bytes beside what the database itself may still need.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        let free = crate::machine::free_bytes(&self.folder);
        free.is_some_and(|free| free >= bytes.saturating_mul(2).saturating_add(SPARE_BYTES))
    }

    fn make_folder(&self) -> Result<(), EngineError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !*made {
            match fs::create_dir(&self.folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(cannot(&self.folder, "created", &error));
                }
                _ => *made = true,
            }
        }
        Ok(())
    }
}

impl Drop for Starts {
    fn drop(&mut self) {
        if self.own {
            // Where it was never made there is nothing to remove; and nobody is left to tell.
            let _ = remove_dir_all(&self.folder);
        }
    }
}

fn prefix(database: &Path) -> String {
    let stem = database.file_stem().unwrap_or_default().to_string_lossy();
    format!("{stem}{MARK}")
}

/// Removes what killed processes left.
fn remove_stale(database: &Path) {
    let prefix = prefix(database);
    for entry in read_dir(folder_of(database)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        let Some(pid) = pid.filter(|pid| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())) else {
            continue;
        };
        let alive = Path::new("/proc").join(pid).exists() && pid != std::process::id().to_string();
        if !alive && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = remove_dir_all(entry.path());
        }
    }
}

/// Copies all of a file into another, to the disk, and lets go of its cached pages: reading them should not look like the database's own reading.
pub(super) fn copy(mut from: &File, mut to: &File) -> io::Result<()> {
    from.rewind()?;
    to.rewind()?;
    to.set_len(0)?;
    io::copy(&mut from, &mut to)?;
    to.sync_data()?;
    drop_cached(from)
}

/// Lets go of cached pages of a file; those that are not on the disk stay.
pub(super) fn drop_cached(file: &File) -> io::Result<()> {
    Ok(fadvise(file, 0, None, Advice::DontNeed)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_there_as_a_whole_or_not_at_all_and_goes_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let starts = Starts::beside(&folder.path().join("x.db"));
        assert!(starts.find("a").is_none());
        let fault = || EngineError::Unavailable("no".to_owned());
        starts
            .add("a", b"", |path| fs::write(path, "half").map_err(|_| fault()).and(Err(fault())))
            .unwrap_err();
        assert!(starts.find("a").is_none());
        starts.add("a", b"noted", |path| fs::write(path, "whole").map_err(|_| fault())).unwrap();
        let other = Starts::of(starts.folder().to_owned());
        assert_eq!(fs::read(other.find("a").unwrap()).unwrap(), b"whole");
        assert_eq!(other.note("a").unwrap(), b"noted");
        drop(other);
        assert!(starts.find("a").is_some());
        drop(starts);
        assert_eq!(read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_others_have_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // No process has a number beyond the kernel's largest; the first one is always there.
        for name in ["x.starts-4194999", "x.starts-1", "x.starts-mine", "y.starts-4194999"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("x.starts-4194998"), "a file").unwrap();
        drop(Starts::beside(&at("x.db")));
        assert!(!at("x.starts-4194999").exists());
        let left = ["x.starts-1", "x.starts-mine", "y.starts-4194999", "x.starts-4194998"];
        assert!(left.iter().all(|name| at(name).exists()));
    }
}
