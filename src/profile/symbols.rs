//! Names of functions by their address in this process: from the symbol tables of the files that are mapped into it.
//!
//! Tables of lines know more, functions that were put into others among it, but of many functions no full name.

use std::collections::HashMap;
use std::fs::File;

use object::{Object, ObjectSegment, ObjectSymbol, ReadCache, SymbolKind};

use super::Function;
use super::names::origin;

/// What stands for code of no file; for a function that its file has no name for stands the file's.
const NAMELESS: &str = "no file";

/// The files that are mapped into this process.
pub(super) struct Symbols {
    mappings: Vec<Mapping>,
    /// The program's own.
    binary: String,
    /// Read when first asked for; nothing of a file that cannot be.
    tables: HashMap<String, Option<Table>>,
}

/// A part of a file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping {
    from: u64,
    until: u64,
    /// In the file.
    offset: u64,
    path: String,
}

/// Functions of a file.
struct Table {
    /// Offset in the file, bytes, address.
    segments: Vec<(u64, u64, u64)>,
    /// Address, bytes, name; by address.
    functions: Vec<(u64, u64, String)>,
}

impl Symbols {
    /// Of this process. Empty where the system does not tell.
    pub(super) fn own() -> Symbols {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let binary = std::fs::read_link("/proc/self/exe").unwrap_or_default();
        let binary = binary.to_string_lossy().into_owned();
        Symbols { mappings: mappings(&maps), binary, tables: HashMap::new() }
    }

    /// The function that holds an address.
    pub(super) fn function(&mut self, address: u64) -> Function {
        let mapping = self.mappings.iter().find(|mapping| (mapping.from..mapping.until).contains(&address));
        let own = mapping.is_some_and(|mapping| mapping.path == self.binary);
        let name = mapping.and_then(|mapping| {
            let path = if own { "/proc/self/exe" } else { mapping.path.as_str() };
            let table = self.tables.entry(mapping.path.clone()).or_insert_with(|| Table::read(path));
            table.as_ref()?.name(address - mapping.from + mapping.offset)
        });
        let file = || mapping.and_then(|mapping| mapping.path.rsplit('/').next());
        let name = name.unwrap_or_else(|| format!("[{}]", file().unwrap_or(NAMELESS)));
        Function { origin: origin(&name, own), name }
    }
}

/// From lines such as `55d0-55f0 r-xp 00001000 08:01 123 /usr/bin/runner`.
fn mappings(maps: &str) -> Vec<Mapping> {
    let mapping = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (from, until) = fields.next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let offset = number(fields.nth(1)?)?;
        let path = line[line.find('/')?..].to_owned();
        Some(Mapping { from: number(from)?, until: number(until)?, offset, path })
    };
    maps.lines().filter_map(mapping).collect()
}

impl Table {
    fn read(path: &str) -> Option<Table> {
        let cache = ReadCache::new(File::open(path).ok()?);
        let file = object::File::parse(&cache).ok()?;
        let segments = file.segments().map(|segment| {
            let (offset, bytes) = segment.file_range();
            (offset, bytes, segment.address())
        });
        // A library's own table may have been taken out; what others call stands in the second one.
        let symbols = file.symbols().chain(file.dynamic_symbols());
        let functions = symbols.filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition());
        let mut functions: Vec<(u64, u64, String)> =
            functions.filter_map(|s| Some((s.address(), s.size(), plain(s.name().ok()?)))).collect();
        // Of two names for one place always the same.
        functions.sort_unstable();
        Some(Table { segments: segments.collect(), functions })
    }

    /// The name of the function at an offset of the file.
    fn name(&self, offset: u64) -> Option<String> {
        let segment = self.segments.iter().find(|(from, bytes, _)| (*from..*from + *bytes).contains(&offset));
        let address = segment.map(|(from, _, address)| offset - from + address)?;
        let behind = self.functions.partition_point(|(from, _, _)| *from <= address);
        let (from, bytes, name) = self.functions.get(behind.checked_sub(1)?)?;
        // Hand-written ones may not tell their size.
        (*bytes == 0 || address < from + bytes).then(|| name.clone())
    }
}

/// A name as it is written in its language, without semicolons: those stand between the calls of a stack.
fn plain(name: &str) -> String {
    let name =
        rustc_demangle::try_demangle(name).map_or_else(|_| name.to_owned(), |name| format!("{name:#}"));
    name.replace(';', ",").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_files_are_told_from_other_memory() {
        let maps = "1000-2000 r-xp 00000300 08:01 7      /bin/my runner\n\
                    3000-4000 rw-p 00000000 00:00 0 \n\
                    5000-6000 r-xp 00000000 00:00 0      [vdso]\n";
        let path = "/bin/my runner".to_owned();
        assert_eq!(mappings(maps), [Mapping { from: 0x1000, until: 0x2000, offset: 0x300, path }]);
    }

    #[test]
    fn a_function_is_found_by_every_address_inside_of_it() {
        let functions = vec![(0x2100, 0x10, "first".to_owned()), (0x2110, 0x20, "second".to_owned())];
        let table = Table { segments: vec![(0x100, 0x1000, 0x2100)], functions };
        let found = [0xff, 0x100, 0x10f, 0x110, 0x12f, 0x130].map(|offset| table.name(offset));
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(found, [None, name("first"), name("first"), name("second"), name("second"), None]);
    }

    #[test]
    fn names_are_those_of_the_language_and_never_split_a_stack() {
        assert_eq!(plain("sqlite3_step"), "sqlite3_step");
        assert_eq!(plain("_ZN6runner5clock5Clock3now17h0123456789abcdefE"), "runner::clock::Clock::now");
        assert_eq!(plain("[u8; 4]"), "[u8, 4]");
    }

    #[test]
    fn this_very_test_has_a_name() {
        let address = this_very_test_has_a_name as fn() as *const () as u64;
        let function = Symbols::own().function(address);
        assert!(function.name.ends_with("this_very_test_has_a_name"), "{function:?}");
        assert_eq!(function.origin, super::super::Origin::Runner);
        assert_eq!(Symbols::own().function(1).name, "[no file]");
    }
}
