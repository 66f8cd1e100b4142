//! The PRAGMAs that a scenario may set, as editors and pages explain them.
//!
//! Which values each takes, and what it reads back as, is left to `plan`.

/// One PRAGMA.
#[derive(Clone, Copy, Debug)]
pub struct PragmaWords {
    /// Lower case.
    pub name: &'static str,
    /// Values that it takes, as JSON: the first is the most telling one.
    pub examples: &'static str,
    /// What it does, with SQLite's own default where that is fixed.
    pub words: &'static str,
}

const fn pragma(name: &'static str, examples: &'static str, words: &'static str) -> PragmaWords {
    PragmaWords { name, examples, words }
}

/// Every PRAGMA that can be set, by name.
pub const PRAGMAS: &[PragmaWords] = &[
    pragma(
        "analysis_limit",
        "[1000]",
        "Rows of each index that ANALYZE looks at, at most. SQLite's default is 0: all.",
    ),
    pragma(
        "auto_vacuum",
        r#"["incremental", "full", "none"]"#,
        "Whether pages that fall free are given back to the file system. Set before the first table is made. SQLite's default is `\"none\"`.",
    ),
    pragma(
        "automatic_index",
        "[false]",
        "Whether SQLite may make an index for one query. Its default is true.",
    ),
    pragma(
        "cache_size",
        "[-65536, 10000]",
        "Page cache of each connection: pages, or, below 0, KiB. SQLite's default is -2000.",
    ),
    pragma(
        "cache_spill",
        "[0]",
        "Pages in the cache above which changed pages may be written before the commit; 0 never does so.",
    ),
    pragma(
        "cell_size_check",
        "[true]",
        "Whether each page is checked more closely as it is read. SQLite's default is false.",
    ),
    pragma(
        "checkpoint_fullfsync",
        "[true]",
        "Whether checkpoints sync by F_FULLFSYNC, which only macOS has. SQLite's default is false.",
    ),
    pragma(
        "defer_foreign_keys",
        "[true]",
        "Whether foreign keys are checked at the commit of the next transaction only. SQLite's default is false.",
    ),
    pragma(
        "encoding",
        r#"["UTF-8", "UTF-16le", "UTF-16be"]"#,
        "How text is stored. Set before the first table is made. SQLite's default is `\"UTF-8\"`.",
    ),
    pragma("foreign_keys", "[true]", "Whether foreign keys are enforced. SQLite's default is false."),
    pragma(
        "fullfsync",
        "[true]",
        "Whether commits sync by F_FULLFSYNC, which only macOS has. SQLite's default is false.",
    ),
    pragma(
        "hard_heap_limit",
        "[67108864]",
        "Bytes that SQLite may allocate in this process; more is an error. 0: no limit, which is its default.",
    ),
    pragma(
        "ignore_check_constraints",
        "[true]",
        "Whether CHECK constraints are left unchecked. SQLite's default is false.",
    ),
    pragma(
        "journal_mode",
        r#"["wal", "delete", "truncate", "persist", "memory", "off"]"#,
        "How a transaction can be undone. `\"wal\"`: write-ahead log, where readers and a writer do not block each other. `\"delete\"`, `\"truncate\"`, `\"persist\"`: rollback journal, removed, emptied or overwritten at commit. `\"memory\"`, `\"off\"`: not after a crash. SQLite's default is `\"delete\"`.",
    ),
    pragma(
        "journal_size_limit",
        "[67108864]",
        "Bytes that a journal or write-ahead log keeps on disk after use, at most; -1: no limit, which is SQLite's default.",
    ),
    pragma(
        "legacy_alter_table",
        "[true]",
        "Whether ALTER TABLE RENAME leaves references in triggers and views alone. SQLite's default is false.",
    ),
    pragma(
        "locking_mode",
        r#"["exclusive", "normal"]"#,
        "Whether a connection gives its locks back after a transaction. `\"exclusive\"` shuts all other connections out. SQLite's default is `\"normal\"`.",
    ),
    pragma(
        "max_page_count",
        "[1000000]",
        "Pages that the file may have, at most; beyond it, writes fail as if the disk were full.",
    ),
    pragma(
        "mmap_size",
        "[268435456]",
        "Bytes of the file that are read through a memory map. SQLite's default is 0: none.",
    ),
    pragma(
        "page_size",
        "[8192, 16384]",
        "Bytes of a page, a power of two from 512 to 65536. Set before the first table is made. SQLite's default is 4096.",
    ),
    pragma("query_only", "[true]", "Whether writes are refused. SQLite's default is false."),
    pragma(
        "read_uncommitted",
        "[true]",
        "Whether connections that share a cache read what others have not committed. SQLite's default is false.",
    ),
    pragma(
        "recursive_triggers",
        "[true]",
        "Whether a trigger may set off itself. SQLite's default is false.",
    ),
    pragma(
        "reverse_unordered_selects",
        "[true]",
        "Whether a SELECT without ORDER BY gives its rows the other way round. SQLite's default is false.",
    ),
    pragma(
        "secure_delete",
        r#"["fast", true, false]"#,
        "Whether what is deleted is overwritten with zeros; `\"fast\"` does so where it needs no further write.",
    ),
    pragma(
        "soft_heap_limit",
        "[67108864]",
        "Bytes above which SQLite gives back cache memory in this process. 0: no limit, which is its default.",
    ),
    pragma(
        "synchronous",
        r#"["normal", "full", "extra", "off"]"#,
        "How often writes are synced to the disk. `\"full\"`: at each commit. `\"normal\"`: less often; with the write-ahead log, the last commits may be lost at a power cut, but the file stays sound. `\"off\"`: never. `\"extra\"`: also the folder. SQLite's default is `\"full\"`.",
    ),
    pragma("temp_store", r#"["memory", "file", "default"]"#, "Where temporary tables and indexes are kept."),
    pragma("threads", "[4]", "Helper threads for large sorts. SQLite's default is 0."),
    pragma(
        "trusted_schema",
        "[false]",
        "Whether the schema may use functions and virtual tables that could do harm. SQLite's default is true.",
    ),
    pragma("user_version", "[3]", "A number of the application's own, stored in the file."),
    pragma(
        "wal_autocheckpoint",
        "[1000, 10000, 0]",
        "Pages of write-ahead log at which a commit also checkpoints; 0: never by itself. SQLite's default is 1000.",
    ),
];
