//! How often SQLite has the system sync a file or a folder.
//!
//! `fsync` is not among the system calls that SQLite lets one replace. So files are opened by a copy of the system's own VFS: the same functions,
//! but for a sync that counts before it syncs. Folders are synced apart; they are opened for nothing else, and that call can be replaced.

#![expect(unsafe_code, reason = "SQLite reaches files through tables of C functions")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};
use std::ptr;
use std::sync::OnceLock;

use rusqlite::ffi;

type Open = unsafe extern "C" fn(
    *mut ffi::sqlite3_vfs,
    ffi::sqlite3_filename,
    *mut ffi::sqlite3_file,
    c_int,
    *mut c_int,
) -> c_int;
type Sync = unsafe extern "C" fn(*mut ffi::sqlite3_file, c_int) -> c_int;
type OpenFolder = unsafe extern "C" fn(*const c_char, *mut c_int) -> c_int;

/// The functions of an open file, with a sync that counts. The table comes first, for SQLite sees nothing else.
#[repr(C)]
struct Methods {
    counting: ffi::sqlite3_io_methods,
    sync: Sync,
    /// Address of the table that this is a copy of.
    copied_from: usize,
}

/// The functions of database files, and those of journals and logs, which are not locked.
static DATABASE: OnceLock<Methods> = OnceLock::new();
static OTHER: OnceLock<Methods> = OnceLock::new();
static SYSTEM_OPEN: OnceLock<Open> = OnceLock::new();
static SYSTEM_OPEN_FOLDER: OnceLock<OpenFolder> = OnceLock::new();

thread_local! {
    /// By thread, since a worker is one: so levels of different engines do not count each other's.
    static SYNCS: Cell<u64> = const { Cell::new(0) };
}

/// Syncs that this thread has waited for since the last call.
pub(super) fn take() -> u64 {
    SYNCS.replace(0)
}

fn count() {
    SYNCS.set(SYNCS.get() + 1);
}

/// The name of the VFS that counts. `None` where SQLite has none that could be copied; then nothing is counted.
pub(super) fn counting_vfs() -> Option<&'static CStr> {
    static NAME: OnceLock<Option<&'static CStr>> = OnceLock::new();
    // SAFETY: once, and with SQLite's own default VFS.
    *NAME.get_or_init(|| unsafe { register(c"runner") })
}

/// # Safety
/// To be called once.
unsafe fn register(name: &'static CStr) -> Option<&'static CStr> {
    // SAFETY: the default VFS is never freed; its fields up to its version are valid, and it is copied before anything is changed.
    unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        let facts = system.as_ref().filter(|facts| facts.iVersion >= 3)?;
        let get = facts.xGetSystemCall?;
        let set = facts.xSetSystemCall?;
        SYSTEM_OPEN.set(facts.xOpen?).ok()?;
        let folder = c"openDirectory".as_ptr();
        let open_system_folder = get(system, folder)?;
        let open_system_folder =
            std::mem::transmute::<unsafe extern "C" fn(), OpenFolder>(open_system_folder);
        SYSTEM_OPEN_FOLDER.set(open_system_folder).ok()?;
        let open_folder = std::mem::transmute::<OpenFolder, unsafe extern "C" fn()>(open_folder);
        if set(system, folder, Some(open_folder)) != ffi::SQLITE_OK {
            return None;
        }
        let copy =
            ffi::sqlite3_vfs { zName: name.as_ptr(), pNext: ptr::null_mut(), xOpen: Some(open), ..*facts };
        // SQLite keeps it for the rest of the process.
        let registered = ffi::sqlite3_vfs_register(Box::leak(Box::new(copy)), 0);
        (registered == ffi::SQLITE_OK).then_some(name)
    }
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let Some(system_open) = SYSTEM_OPEN.get() else { return ffi::SQLITE_CANTOPEN };
    // SAFETY: the arguments are SQLite's own; the copied VFS is in all that the function reads the same as the system's.
    let result = unsafe { system_open(vfs, name, file, flags, out_flags) };
    // SAFETY: the function has set up what `file` points to. Only the table of its functions is exchanged, for one that lives for ever.
    unsafe {
        let Some(found) = (*file).pMethods.as_ref() else { return result };
        let Some(sync) = found.xSync else { return result };
        let address = ptr::from_ref(found).addr();
        let slot = if flags & ffi::SQLITE_OPEN_MAIN_DB == 0 { &OTHER } else { &DATABASE };
        let methods = slot.get_or_init(|| Methods {
            counting: ffi::sqlite3_io_methods { xSync: Some(counted_sync), ..*found },
            sync,
            copied_from: address,
        });
        if methods.copied_from == address {
            (*file).pMethods = ptr::from_ref(methods).cast();
        }
    }
    result
}

unsafe extern "C" fn counted_sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    count();
    // SAFETY: only files whose table is the first field of `Methods` have this function.
    unsafe {
        let methods = &*(*file).pMethods.cast::<Methods>();
        (methods.sync)(file, flags)
    }
}

unsafe extern "C" fn open_folder(path: *const c_char, descriptor: *mut c_int) -> c_int {
    let Some(open_system_folder) = SYSTEM_OPEN_FOLDER.get() else { return ffi::SQLITE_CANTOPEN };
    // SAFETY: the arguments are SQLite's own.
    let result = unsafe { open_system_folder(path, descriptor) };
    if result == ffi::SQLITE_OK {
        count();
    }
    result
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, OpenFlags};

    use super::*;

    /// Syncs of each of ten transactions.
    fn syncs(settings: &str) -> Vec<u64> {
        let folder = tempfile::tempdir().unwrap();
        let vfs = counting_vfs().unwrap();
        let path = folder.path().join("x.db");
        let connection = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).unwrap();
        connection.execute_batch(settings).unwrap();
        connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (0)").unwrap();
        let write = |a| {
            take();
            connection.execute("INSERT INTO t VALUES (?1)", [a]).unwrap();
            take()
        };
        (1..=10).map(write).collect()
    }

    #[test]
    fn each_sync_of_a_transaction_is_counted_with_that_of_the_folder() {
        let of = |journal_mode: &str, synchronous: &str| {
            syncs(&format!("PRAGMA journal_mode = {journal_mode}; PRAGMA synchronous = {synchronous}"))
        };
        // Journal, its folder, the journal's header, database; with EXTRA the folder again, once the journal is gone.
        assert_eq!(of("delete", "full"), [4; 10]);
        assert_eq!(of("delete", "extra"), [5; 10]);
        assert_eq!(of("delete", "normal"), [3; 10]);
        assert_eq!(of("delete", "off"), [0; 10]);
        // What is left of the journal is synced, too.
        assert_eq!(of("truncate", "normal"), [3; 10]);
        assert_eq!(of("truncate", "full"), [5; 10]);
        assert_eq!(of("persist", "normal"), [4; 10]);
        assert_eq!(of("persist", "full"), [5; 10]);
        assert_eq!(of("memory", "full"), [1; 10]);
        assert_eq!(of("wal", "full"), [1; 10]);
        assert_eq!(of("wal", "normal"), [0; 10]);
    }

    #[test]
    fn another_thread_counts_for_itself() {
        take();
        std::thread::spawn(|| assert_eq!(syncs("PRAGMA synchronous = full").len(), 10)).join().unwrap();
        assert_eq!(take(), 0);
    }
}
