//! The folders around a database file.

use std::io;
use std::path::{Path, PathBuf};

/// Where a file is, the working directory included.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Folders made for a database, removed again where they are empty.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Outermost first.
    made: Vec<PathBuf>,
}

impl Folders {
    /// Makes those missing above `path`.
    pub(super) fn make(&mut self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder_of(path)
            .ancestors()
            .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
            .collect();
        for folder in missing.into_iter().rev() {
            match std::fs::create_dir(folder) {
                // Absolute, so that it is the same folder at the end.
                Ok(()) => self.made.push(folder.canonicalize()?),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Leaves them where they are.
    pub(super) fn keep(&mut self) {
        self.made.clear();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        // One that holds something else by now stays, and so do those around it.
        for folder in self.made.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_removed_unless_something_else_is_in_them_or_they_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = || {
            let mut folders = Folders::default();
            folders.make(&at("a/b/x.db")).unwrap();
            assert!(at("a/b").is_dir());
            folders
        };
        drop(made());
        assert!(!at("a").exists());
        let folders = made();
        std::fs::write(at("a/notes.txt"), "mine").unwrap();
        drop(folders);
        assert!(at("a/notes.txt").exists() && !at("a/b").exists());
        made().keep();
        assert!(at("a/b").is_dir());
        // These were there before.
        drop(made());
        assert!(at("a/b").is_dir());
    }
}
