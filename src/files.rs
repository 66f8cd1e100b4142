//! Files and folders as every room meets them: folders that go again when nothing was put into them, and what the system says, in words.
//!
//! Whether a file may be written or removed is left to who owns it.

use std::io;
use std::path::{Path, PathBuf};

/// Why the system refused something: its words, without its number and without the temporary names that may follow it.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error ").next().unwrap_or_default();
    let mut rest = words.chars();
    match (rest.next(), rest.clone().next()) {
        // What begins with two capitals is a name.
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(rest).collect(),
        _ => words.to_owned(),
    }
}

/// Where a file is, the working directory included.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a file in place of what stands there: beside it first, synced, then renamed.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let mut file = tempfile::Builder::new()
        .prefix(".runner-")
        // As other tools make files: less what the umask forbids.
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder_of(path))?.sync_all()
}

/// Folders made, and removed again where nothing is in them when this is dropped.
#[derive(Debug, Default)]
pub struct Folders {
    /// Outermost first.
    made: Vec<PathBuf>,
}

impl Folders {
    /// Makes a folder, with those missing above it.
    pub fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder
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
    pub fn keep(&mut self) {
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
            folders.make(&at("a/b")).unwrap();
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

    #[test]
    fn the_system_speaks_without_numbers_and_without_temporary_names() {
        let folder = tempfile::tempdir().unwrap();
        let missing = std::fs::read(folder.path().join("nothing")).unwrap_err();
        assert_eq!(reason(&missing), "no such file or directory");
        let nowhere = tempfile::NamedTempFile::new_in(folder.path().join("nowhere")).unwrap_err();
        assert!(nowhere.to_string().contains("nowhere"));
        assert_eq!(reason(&nowhere), "no such file or directory");
        assert_eq!(reason(&io::Error::other("UTF-8 was expected")), "UTF-8 was expected");
        assert_eq!(reason(&io::Error::other("Too many")), "too many");
    }
}
