//! Who wrote a function, by its name.

use super::Origin;

/// This crate's own functions begin so.
const OWN: &str = concat!(env!("CARGO_CRATE_NAME"), "::");
/// C functions that are no database's and may be linked into the binary itself: those of musl and of its allocator.
const C_LIBRARY: [&str; 12] =
    ["_", "mi_", "malloc", "free", "realloc", "calloc", "mem", "str", "pthread_", "start", "clone", "sys"];
/// What SQLite calls some of its own, in spite of that.
const NOT_C_LIBRARY: [&str; 3] = ["memdb", "memjrnl", "strAccum"];

/// Who wrote a function, by its name and by whether it stands in the program's own binary.
pub(super) fn origin(name: &str, own: bool) -> Origin {
    let path = name.trim_start_matches(['<', '&']);
    if path.starts_with(OWN) {
        return Origin::Runner;
    }
    let of_c = !name.contains("::") && !name.starts_with('<');
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    if own && of_c && (!begins(&C_LIBRARY) || begins(&NOT_C_LIBRARY)) {
        return Origin::Database;
    }
    Origin::Library
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_apart_by_who_wrote_them() {
        let own = |name| origin(name, true);
        assert_eq!(own("runner::run::level::work"), Origin::Runner);
        assert_eq!(own("<runner::run::plain::Plain>::run"), Origin::Runner);
        assert_eq!(own("<&runner::clock::Clock as Clone>::clone"), Origin::Runner);
        for name in ["sqlite3_step", "balance_nonroot", "memjrnlWrite", "pagerAddPageToRollbackJournal"] {
            assert_eq!(own(name), Origin::Database, "{name}");
        }
        for name in ["mi_malloc", "__pthread_mutex_lock", "memcpy", "rusqlite::statement::Statement::step"] {
            assert_eq!(own(name), Origin::Library, "{name}");
        }
        assert_eq!(origin("malloc_consolidate", false), Origin::Library);
        assert_eq!(origin("poll", false), Origin::Library, "it stands in a library that was loaded");
    }
}
