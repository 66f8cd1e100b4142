//! What the address of a sampled call is called, and who wrote it.

use super::Origin;

/// This crate's own functions begin so.
const OWN: &str = concat!(env!("CARGO_CRATE_NAME"), "::");
/// C functions that are no database's and may be linked into the binary itself: those of musl and of its allocator.
const C_LIBRARY: [&str; 12] =
    ["_", "mi_", "malloc", "free", "realloc", "calloc", "mem", "str", "pthread_", "start", "clone", "sys"];
/// What SQLite calls some of its own, in spite of that.
const NOT_C_LIBRARY: [&str; 3] = ["memdb", "memjrnl", "strAccum"];

/// Whether this is a place in the program's own binary, and not in a library that was loaded with it.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is sampled there"))]
pub(super) struct Image(Vec<std::ops::Range<usize>>);

#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is sampled there"))]
impl Image {
    /// Of this process. Empty where the system does not tell.
    pub(super) fn own() -> Image {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let binary = std::fs::read_link("/proc/self/exe").unwrap_or_default();
        Image::of(&maps, &binary.to_string_lossy())
    }

    /// From lines such as `55d0-55f0 r-xp 00001000 08:01 123 /usr/bin/runner`.
    fn of(maps: &str, binary: &str) -> Image {
        let range = |line: &str| {
            let (addresses, rest) = line.split_once(' ')?;
            let path = &rest[rest.find('/')?..];
            let (from, until) = addresses.split_once('-')?;
            let number = |text| usize::from_str_radix(text, 16).ok();
            (path == binary).then_some(number(from)?..number(until)?)
        };
        Image(maps.lines().filter_map(range).collect())
    }

    pub(super) fn holds(&self, address: usize) -> bool {
        self.0.iter().any(|range| range.contains(&address))
    }
}

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

/// A name as it can stand in a stack whose calls have semicolons between them.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is sampled there"))]
pub(super) fn plain(name: &str) -> String {
    name.replace(';', ",").replace(['\n', '\r'], " ")
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

    #[test]
    fn the_binary_is_told_from_the_libraries_that_were_loaded_with_it() {
        let maps = "1000-2000 r-xp 00000000 08:01 7      /bin/runner\n\
                    3000-4000 rw-p 00000000 00:00 0 \n\
                    5000-6000 r-xp 00000000 08:01 9      /lib/libc.so.6\n\
                    a000-b000 r--p 00001000 08:01 7      /bin/runner\n";
        let image = Image::of(maps, "/bin/runner");
        let found: Vec<bool> =
            [0xfff, 0x1000, 0x1fff, 0x2000, 0x3000, 0x5000, 0xa123].map(|a| image.holds(a)).into();
        assert_eq!(found, [false, true, true, false, false, false, true]);
    }

    #[test]
    fn a_name_never_splits_a_stack() {
        assert_eq!(plain("<[u8; 4] as Hash>::hash"), "<[u8, 4] as Hash>::hash");
    }
}
