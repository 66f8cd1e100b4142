//! Which file the runner may write to, and how it is given back.
//!
//! A [`Claim`] stands between a path and everything that creates, empties or removes what is there. It takes a path where there is no
//! file, an empty file, or a file with our mark; everything else is refused and left byte for byte as it was. Writing the mark is left
//! to `connect`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, OFlags};

use super::path::{
    Identity, SIDE_FILES, cannot, check_name, check_ours, check_unlocked, identity, identity_at, in_use,
    look, open, open_existing, side_file,
};
use super::starts::{copy, drop_cached};
use crate::engine::EngineError;
use crate::files::{Folders, folder_of};

/// How often a path that changes while it is being taken is looked at again.
const ATTEMPTS: usize = 5;

/// Files that this process has claimed. One is not even opened a second time: closing any descriptor of a file drops all POSIX locks
/// that the process holds on it, those of its SQLite connections included.
static CLAIMED: Mutex<BTreeSet<Identity>> = Mutex::new(BTreeSet::new());

fn claimed() -> MutexGuard<'static, BTreeSet<Identity>> {
    // The set is whole after every single operation on it, so a panic elsewhere does not spoil it.
    CLAIMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to create, empty and remove the database file at a path, held until it is released or dropped.
///
/// All SQLite connections to the file must be closed before that: its descriptor is closed last, since closing it earlier would drop
/// their POSIX locks.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    file: File,
    identity: Identity,
    found_empty: bool,
    folders: Folders,
    released: bool,
}

impl Claim {
    /// Takes `path` and leaves an empty file there, without side files.
    ///
    /// # Errors
    /// [`EngineError::Foreign`] where something is that the runner did not make; [`EngineError::Unavailable`] where another runner or
    /// another process has the file, or where it cannot be made. Nothing is created or changed then.
    pub(super) fn take(path: &Path) -> Result<Claim, EngineError> {
        check_name(path)?;
        let mut held = claimed();
        for _ in 0..ATTEMPTS {
            if let Some(claim) = attempt(path, &held)? {
                held.insert(claim.identity);
                drop(held);
                claim.clear().map_err(|error| cannot(path, "emptied", &error))?;
                return Ok(claim);
            }
        }
        Err(EngineError::Unavailable(format!("{} changes while it is being opened", path.display())))
    }

    /// Absolute, with the folder's links followed: what SQLite's own refusal of symbolic links lets pass.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the main file.
    pub(super) fn database_bytes(&self) -> Option<u64> {
        length(&self.path)
    }

    /// Bytes of the write-ahead log, where there is one.
    pub(super) fn wal_bytes(&self) -> Option<u64> {
        length(&side_file(&self.path, SIDE_FILES[0]))
    }

    /// Puts the bytes of another file in place of all that the database holds. Every SQLite connection to it must be closed.
    pub(super) fn fill(&self, from: &File) -> io::Result<()> {
        self.clear()?;
        copy(from, &self.file)
    }

    /// Writes its bytes to another file. Every SQLite connection to it must be closed.
    pub(super) fn copy_to(&self, to: &File) -> io::Result<()> {
        copy(&self.file, to)
    }

    /// Writes what is cached of it to the disk and lets go of it, so that it is read from there again.
    pub(super) fn drop_cached(&self) -> io::Result<()> {
        self.file.sync_data()?;
        drop_cached(&self.file)?;
        // The locks of connections are on the file and on the index of the log, not on the log itself.
        match File::open(side_file(&self.path, SIDE_FILES[0])) {
            Ok(log) => {
                log.sync_data()?;
                drop_cached(&log)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes the file with its side files, and the folders made for it, unless it is to be kept. A file that was there before, empty,
    /// is left there, empty. Every SQLite connection to it must be closed.
    pub(super) fn release(mut self, keep: bool) -> Result<(), EngineError> {
        self.give_back(keep)
    }

    fn give_back(&mut self, keep: bool) -> Result<(), EngineError> {
        if self.released {
            return Ok(());
        }
        self.released = true;
        let removed = if keep {
            self.folders.keep();
            Ok(())
        } else {
            self.remove()
        };
        // Explicitly, for a child process that is just being started may hold a copy of the descriptor.
        let unlocked = rustix::fs::flock(&self.file, FlockOperation::Unlock);
        claimed().remove(&self.identity);
        removed.and(unlocked.map_err(io::Error::from)).map_err(|error| cannot(&self.path, "removed", &error))
    }

    fn remove(&self) -> io::Result<()> {
        if identity_at(&self.path)? != Some(self.identity) {
            // Somebody put another file there: neither it nor its side files are ours.
            return Ok(());
        }
        // Side files first: an empty or missing main file beside one is never left by us, so it can be refused as foreign.
        self.remove_side_files()?;
        if self.found_empty { self.file.set_len(0) } else { std::fs::remove_file(&self.path) }
    }

    fn clear(&self) -> io::Result<()> {
        self.remove_side_files()?;
        self.file.set_len(0)
    }

    fn remove_side_files(&self) -> io::Result<()> {
        for suffix in SIDE_FILES {
            match std::fs::remove_file(side_file(&self.path, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Nobody is left to tell: this is an unwinding panic or an early error that is already being reported.
        let _ = self.give_back(false);
    }
}

/// One try. `None` when the path changed meanwhile.
fn attempt(path: &Path, held: &BTreeSet<Identity>) -> Result<Option<Claim>, EngineError> {
    let found = look(path)?;
    if found.as_ref().is_some_and(|metadata| held.contains(&identity(metadata))) {
        return Err(in_use(path));
    }
    let mut folders = Folders::default();
    let file = match found {
        Some(_) => match open_existing(path)? {
            Some(file) => file,
            None => return Ok(None),
        },
        None => {
            folders.make(folder_of(path)).map_err(|error| cannot(path, "created", &error))?;
            match open(path, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
                other => other.map_err(|error| cannot(path, "created", &error))?,
            }
        }
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => return Err(in_use(path)),
        other => other.map_err(|error| cannot(path, "locked", &error.into()))?,
    }
    let metadata = file.metadata().map_err(|error| cannot(path, "read", &error))?;
    let identity = identity(&metadata);
    if look(path)?.map(|now| self::identity(&now)) != Some(identity) {
        return Ok(None);
    }
    // Once more, now that no other runner can be writing to it.
    check_ours(path, &file)?;
    check_unlocked(path, &file)?;
    let found_empty = found.is_some() && metadata.len() == 0;
    let path = absolute(path).map_err(|error| cannot(path, "opened", &error))?;
    Ok(Some(Claim { path, file, identity, found_empty, folders, released: false }))
}

/// Without opening it: that would drop the locks of the connections.
fn length(path: &Path) -> Option<u64> {
    std::fs::symlink_metadata(path).ok().map(|metadata| metadata.len())
}

fn absolute(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().expect("checked to name a file");
    Ok(folder_of(path).canonicalize()?.join(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};

    use rusqlite::Connection;

    use super::super::path::APPLICATION_ID;
    use super::*;

    /// Names and bytes of everything in a folder.
    fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.clone(), std::fs::read(&path).unwrap_or_default())).collect()
    }

    fn database(path: &Path, application_id: i32, journal_mode: &str) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "application_id", application_id).unwrap();
        connection.pragma_update(None, "journal_mode", journal_mode).unwrap();
        connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
        connection
    }

    fn assert_refused(folder: &Path, name: &str) {
        let before = contents(folder);
        let error = Claim::take(&folder.join(name)).unwrap_err();
        assert!(matches!(error, EngineError::Foreign(_)), "{name}: {error}");
        assert_eq!(contents(folder), before, "{name}");
    }

    #[test]
    fn what_the_runner_did_not_make_is_refused_and_left_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("notes.txt"), "mine").unwrap();
        std::fs::write(at("long.bin"), [7; 5000]).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink(at("missing"), at("dangling")).unwrap();
        std::os::unix::fs::symlink(at("notes.txt"), at("link")).unwrap();
        drop(database(&at("theirs.db"), 0, "delete"));
        std::fs::write(at("torn.db"), b"SQLite format 3\0").unwrap();
        // Open, so that it has its side files.
        let wal = database(&at("wal.db"), 1, "wal");
        for name in [
            "notes.txt",
            "long.bin",
            "folder",
            "folder/",
            "dangling",
            "link",
            "theirs.db",
            "torn.db",
            "wal.db",
            "..",
        ] {
            assert_refused(folder.path(), name);
        }
        assert_eq!(wal.query_row("SELECT count(*) FROM t", [], |row| row.get(0)), Ok(1));
        let uri = Claim::take(Path::new("file:x.db")).unwrap_err();
        assert!(matches!(uri, EngineError::Foreign(_)));
        assert!(!Path::new("file:x.db").exists());
    }

    #[test]
    fn side_files_without_their_database_are_refused() {
        for suffix in SIDE_FILES {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(format!("x.db{suffix}")), "rows of somebody").unwrap();
            assert_refused(folder.path(), "x.db");
            std::fs::write(folder.path().join("x.db"), "").unwrap();
            assert_refused(folder.path(), "x.db");
        }
    }

    #[test]
    fn a_leftover_of_a_crash_is_taken_over_with_its_side_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        drop(database(&path, APPLICATION_ID, "delete"));
        std::fs::write(folder.path().join("x.db-journal"), "hot").unwrap();
        std::fs::write(folder.path().join("x.db-wal"), "garbage").unwrap();
        std::fs::write(folder.path().join("other.db-wal"), "not its own").unwrap();
        let claim = Claim::take(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        claim.release(false).unwrap();
        let left: Vec<PathBuf> = contents(folder.path()).into_keys().collect();
        assert_eq!(left, [folder.path().join("other.db-wal")]);
    }

    #[test]
    fn missing_folders_are_made_and_removed_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let claim = Claim::take(&folder.path().join("a/b/x.db")).unwrap();
        assert!(claim.path().is_file());
        claim.release(false).unwrap();
        assert!(contents(folder.path()).is_empty());
    }

    #[test]
    fn an_empty_file_that_was_there_stays_and_what_is_kept_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        std::fs::write(&path, "").unwrap();
        let claim = Claim::take(&path).unwrap();
        drop(database(&path, APPLICATION_ID, "delete"));
        claim.release(false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        std::fs::remove_file(&path).unwrap();
        let claim = Claim::take(&path).unwrap();
        drop(database(&path, APPLICATION_ID, "delete"));
        claim.release(true).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 0);
    }

    #[test]
    fn a_file_put_in_the_place_of_ours_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let claim = Claim::take(&path).unwrap();
        std::fs::rename(&path, folder.path().join("moved.db")).unwrap();
        std::fs::write(&path, "mine").unwrap();
        std::fs::write(folder.path().join("x.db-wal"), "mine too").unwrap();
        claim.release(false).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        assert!(folder.path().join("x.db-wal").exists());
    }

    #[test]
    fn one_file_is_not_taken_twice_by_this_process_or_by_another_runner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let claim = Claim::take(&path).unwrap();
        assert!(
            matches!(Claim::take(&path), Err(EngineError::Unavailable(words)) if words.contains("another runner"))
        );
        claim.release(true).unwrap();
        let other = File::open(&path).unwrap();
        rustix::fs::flock(&other, FlockOperation::NonBlockingLockExclusive).unwrap();
        assert!(
            matches!(Claim::take(&path), Err(EngineError::Unavailable(words)) if words.contains("another runner"))
        );
        rustix::fs::flock(&other, FlockOperation::Unlock).unwrap();
        assert!(Claim::take(&path).is_ok());
    }

    const HOLD: &str = "RUNNER_TEST_HOLD";

    /// The other process of the test below; does nothing when run as a test of its own.
    #[test]
    fn other_process() {
        let Some(path) = std::env::var_os(HOLD) else { return };
        let connection = Connection::open(path).unwrap();
        connection.query_row("SELECT count(*) FROM t", [], |_| Ok(())).unwrap();
        std::io::stdout().write_all(b"\nholding\n").unwrap();
        std::io::stdout().flush().unwrap();
        // Until the pipe is closed.
        let _ = std::io::stdin().read(&mut [0]);
    }

    #[test]
    fn a_database_that_another_process_has_open_is_left_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        drop(database(&path, APPLICATION_ID, "wal"));
        let name = format!("{}::other_process", module_path!().split_once("::").unwrap().1);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&name, "--exact", "--nocapture", "--test-threads=1"])
            .env(HOLD, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        let holding = std::io::BufRead::lines(&mut output).any(|line| line.unwrap() == "holding");
        assert!(holding, "the child opened the database");
        let before = contents(folder.path());
        let error = Claim::take(&path).unwrap_err();
        assert_eq!(contents(folder.path()), before);
        drop(child.stdin.take());
        child.wait().unwrap();
        let words = format!("locked by another process ({})", child.id());
        assert!(matches!(&error, EngineError::Unavailable(message) if message.contains(&words)), "{error}");
        assert!(Claim::take(&path).is_ok());
    }
}
