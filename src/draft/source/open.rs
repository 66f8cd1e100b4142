//! Opening somebody else's database without leaving a trace: nothing is written to it, and no file appears beside it.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};

use crate::draft::DraftError;
use crate::files::reason;

/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Of every database, at its beginning.
const HEADER_BYTES: usize = 100;
/// Where the header tells how the file is read: 2 with a write-ahead log.
const READ_VERSION: usize = 19;

/// A connection that only reads, in one transaction.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(super) connection: Connection,
    /// Whether the file says that it keeps a write-ahead log.
    pub(super) wal: bool,
    path: PathBuf,
    /// What the files looked like before, where no lock keeps others from changing them meanwhile.
    before: Option<Looks>,
    /// A copy that is read instead; removed with this.
    _copy: Option<tempfile::TempDir>,
}

/// Enough of a database's files to tell that somebody wrote to them.
#[derive(Debug, PartialEq)]
struct Looks(Vec<Option<(u64, SystemTime)>>);

impl Looks {
    fn of(path: &Path) -> Looks {
        let look = |suffix: &str| {
            let known = fs::metadata(beside(path, suffix)).ok()?;
            Some((known.len(), known.modified().ok()?))
        };
        Looks(["", "-wal", "-journal"].into_iter().map(look).collect())
    }
}

impl Opened {
    /// What it is read by.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether all that was read is of one moment. Without a lock, somebody may have written in between.
    pub(crate) fn is_of_one_moment(&self) -> bool {
        self.before.as_ref().is_none_or(|before| *before == Looks::of(&self.path))
    }
}

/// Opens a database for reading.
///
/// # Errors
/// In words, when it is missing, no database, or locked for longer than five seconds.
pub(crate) fn open(path: &Path) -> Result<Opened, DraftError> {
    // SQLite follows links too, and looks for the log beside the file itself.
    let path = fs::canonicalize(path).map_err(|error| unreadable(&error))?;
    let wal = keeps_log(&path)?;
    let size = |suffix: &str| fs::metadata(beside(&path, suffix)).ok().map(|known| known.len());
    let before = Looks::of(&path);
    let parameters = match (wal, size("-wal"), size("-shm")) {
        (false, _, _) => "mode=ro",
        // Nothing is in the log, and a connection that looks for it would make it.
        (true, None | Some(0), None) => "mode=ro&immutable=1",
        // Somebody uses it, or has left it behind. The index of the log is only read, too.
        (true, Some(_), Some(_)) => "mode=ro&readonly_shm=1",
        (true, _, _) => return copied(path, wal, before),
    };
    match connect(&path, parameters) {
        Ok(connection) => {
            let before = parameters.contains("immutable").then_some(before);
            Ok(Opened { connection, wal, path, before, _copy: None })
        }
        // A log that nobody has opened since a crash, or a journal to be played back: only a writer can.
        Err(error) if needs_writer(&error) && (wal || size("-journal").is_some_and(|bytes| bytes > 0)) => {
            copied(path, wal, before)
        }
        Err(error) => Err(DraftError::from(error)),
    }
}

/// Whether SQLite says that it would have to write first.
fn needs_writer(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | ReadOnly))
}

/// A file's name with something behind it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn unreadable(error: &io::Error) -> DraftError {
    match error.kind() {
        io::ErrorKind::NotFound => DraftError::new("there is no such file"),
        _ => DraftError::new(reason(error)),
    }
}

/// Looks at the file's header: a database, and whether it keeps a write-ahead log.
fn keeps_log(path: &Path) -> Result<bool, DraftError> {
    let known = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if known.is_dir() {
        return Err(DraftError::new("it is a directory"));
    }
    if !known.is_file() {
        return Err(DraftError::new("it is no ordinary file"));
    }
    let mut header = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    file.take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(|error| unreadable(&error))?;
    if header.is_empty() {
        return Err(DraftError::new("it is empty: there is no table in it"));
    }
    if !header.starts_with(MAGIC) || header.len() < HEADER_BYTES {
        return Err(DraftError::new("it is no SQLite database, or an encrypted one"));
    }
    Ok(header[READ_VERSION] == 2)
}

/// A URI of SQLite, whatever the path is made of.
fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _never = write!(uri, "%{byte:02x}");
        }
    }
    format!("{uri}?{parameters}")
}

/// A connection in one transaction for everything that is read, so that it is of one moment.
fn connect(path: &Path, parameters: &str) -> rusqlite::Result<Connection> {
    let writes = parameters.contains("mode=rw");
    let access = if writes { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let flags = access | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path, parameters), flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA query_only = ON; BEGIN")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Reads a copy, where reading the files themselves would change something.
fn copied(path: PathBuf, wal: bool, before: Looks) -> Result<Opened, DraftError> {
    let words =
        |error: io::Error| DraftError::new(format!("it cannot be copied for reading: {}", reason(&error)));
    let folder = tempfile::tempdir().map_err(words)?;
    let copy = folder.path().join("copy.db");
    for suffix in ["", "-wal", "-journal"] {
        match fs::copy(beside(&path, suffix), beside(&copy, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => {}
            Err(error) => return Err(words(error)),
            Ok(_) => {}
        }
    }
    let connection = connect(&copy, "mode=rw")?;
    Ok(Opened { connection, wal, path, before: Some(before), _copy: Some(folder) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_bytes_becomes_a_uri() {
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/a b/\xff?#%.db"));
        assert_eq!(uri(path, "mode=ro"), "file:/a%20b/%ff%3f%23%25.db?mode=ro");
    }
}
