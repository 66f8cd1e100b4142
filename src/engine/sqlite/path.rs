//! What stands at a path, seen without changing it, and whether the runner may take it.
//!
//! Everything here only looks: a refused path stays byte for byte as it was. Taking it is left to `ownership`.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::process::{Flock, FlockType};

use crate::engine::EngineError;
use crate::files::reason;

/// SQLite's `application_id` of every database that the runner makes: `RunR`.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"RunR");

/// What SQLite may have beside a database file.
pub(super) const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where the application id stands in a database header, big-endian.
const MARK: std::ops::Range<usize> = 68..72;

/// Device and inode: the same file whatever its name.
pub(super) type Identity = (u64, u64);

pub(super) fn check_name(path: &Path) -> Result<(), EngineError> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.starts_with(b"file:") {
        return Err(foreign(path, "is a URI; write the path of a file"));
    }
    if path.file_name().is_none() || bytes.ends_with(b"/") {
        return Err(foreign(path, "does not name a file"));
    }
    Ok(())
}

/// What stands at the path, once everything that can be refused without opening it has been.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, EngineError> {
    let metadata = metadata_at(path).map_err(|error| cannot(path, "read", &error))?;
    if let Some(metadata) = &metadata {
        let kind = metadata.file_type();
        if kind.is_symlink() {
            return Err(foreign(path, "is a symbolic link; give the path of the file itself"));
        }
        if kind.is_dir() {
            return Err(foreign(path, "is a directory; give the path of a file in it"));
        }
        if !kind.is_file() {
            return Err(foreign(path, "is not a regular file"));
        }
    }
    for suffix in SIDE_FILES {
        let side = side_file(path, suffix);
        let Some(beside) = metadata_at(&side).map_err(|error| cannot(&side, "read", &error))? else {
            continue;
        };
        if metadata.as_ref().is_none_or(|metadata| metadata.len() == 0) {
            return Err(foreign(
                &side,
                "belongs to a database that is not there; move it away, or give another path",
            ));
        }
        if !beside.is_file() {
            return Err(foreign(&side, "is not a regular file"));
        }
    }
    Ok(metadata)
}

pub(super) fn open_existing(path: &Path) -> Result<Option<File>, EngineError> {
    let refusal = match open(path, OFlags::RDWR) {
        Ok(file) => {
            check_ours(path, &file)?;
            return Ok(Some(file));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => error,
    };
    // What may not be written to is better called foreign, if it can be seen to be.
    if let Ok(file) = open(path, OFlags::RDONLY) {
        check_ours(path, &file)?;
    }
    Err(cannot(path, "opened", &refusal))
}

pub(super) fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?))
}

pub(super) fn check_ours(path: &Path, file: &File) -> Result<(), EngineError> {
    let mut header = [0; MARK.end];
    let length = read_up_to(file, &mut header).map_err(|error| cannot(path, "read", &error))?;
    let header = &header[..length];
    if header.is_empty() {
        return Ok(());
    }
    if !header.starts_with(MAGIC) {
        return Err(foreign(
            path,
            "is not a database that the runner made; move it away, or give another path",
        ));
    }
    if header.get(MARK) != Some(&APPLICATION_ID.to_be_bytes()[..]) {
        return Err(foreign(
            path,
            "is a database that the runner did not make; move it away, or give another path",
        ));
    }
    Ok(())
}

fn read_up_to(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Refuses a file on which another process has SQLite's locks: in WAL mode a connection holds one as long as it is open.
///
/// A POSIX lock over the whole file meets all of SQLite's lock bytes. That the process owns such locks does no harm, for none of its
/// connections has this file yet. A connection of another process in a rollback mode that is idle holds no lock and is not seen.
pub(super) fn check_unlocked(path: &Path, file: &File) -> Result<(), EngineError> {
    use rustix::io::Errno;
    match rustix::fs::fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::AGAIN | Errno::ACCESS) => {
            let holder =
                rustix::process::fcntl_getlk(file, &Flock::from(FlockType::WriteLock)).ok().flatten();
            let pid = holder.and_then(|lock| lock.pid).map_or(String::new(), |pid| format!(" ({pid})"));
            let path = path.display();
            return Err(EngineError::Unavailable(format!(
                "{path} is locked by another process{pid}; close it first"
            )));
        }
        other => other.map_err(|error| cannot(path, "locked", &error.into()))?,
    }
    rustix::fs::fcntl_lock(file, FlockOperation::Unlock)
        .map_err(|error| cannot(path, "unlocked", &error.into()))
}

pub(super) fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn metadata_at(path: &Path) -> io::Result<Option<Metadata>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

pub(super) fn identity_at(path: &Path) -> io::Result<Option<Identity>> {
    Ok(metadata_at(path)?.map(|metadata| identity(&metadata)))
}

fn foreign(path: &Path, why: &str) -> EngineError {
    EngineError::Foreign(format!("{} {why}", path.display()))
}

pub(super) fn in_use(path: &Path) -> EngineError {
    EngineError::Unavailable(format!("another runner is using {}", path.display()))
}

pub(super) fn cannot(path: &Path, what: &str, error: &io::Error) -> EngineError {
    let message = format!("{} cannot be {what}: {}", path.display(), reason(error));
    match error.kind() {
        io::ErrorKind::StorageFull => EngineError::Fatal { code: "ENOSPC", message },
        io::ErrorKind::QuotaExceeded => EngineError::Fatal { code: "EDQUOT", message },
        _ => EngineError::Unavailable(message),
    }
}
