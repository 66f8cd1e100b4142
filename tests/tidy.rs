//! Promise: the house stays in order. A module uses only what stands above it in the list of `src/lib.rs`, files stay short, and what only one
//! room may do is done there alone.
//!
//! Each rule is a pure function from a file to what is wrong in it, and is shown able to fail.

#[path = "tidy/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::File;

/// The top-level modules: each uses only those before it.
const ORDER: &[&str] = &[
    "units",
    "value",
    "clock",
    "files",
    "diagnostic",
    "template",
    "capability",
    "scenario",
    "dataset",
    "plan",
    "draft",
    "machine",
    "profile",
    "engine",
    "measure",
    "stats",
    "run",
    "result",
    "compare",
    "experiment",
    "report",
    "cli",
];

const MOST_LINES: usize = 400;

type Rule = fn(&File) -> Vec<String>;

fn lines_with(file: &File, code: &str, wrong: impl Fn(&str) -> bool, words: &str) -> Vec<String> {
    code.lines().enumerate().filter(|(_, line)| wrong(line)).map(|(i, _)| file.at(i, words)).collect()
}

/// Whether a line has a word as one: no letter, digit or underscore before it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(i, _)| !line[..i].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn imports_go_up(file: &File) -> Vec<String> {
    let Some(module) = file.module() else { return Vec::new() };
    let place = |name: &str| ORDER.iter().position(|other| *other == name);
    let Some(here) = place(module) else {
        return vec![format!(
            "{}: `{module}` has no place in the order; add it to the list of src/lib.rs and to ORDER in tests/tidy.rs",
            file.path
        )];
    };
    let mut found = Vec::new();
    for (i, line) in file.product.lines().enumerate() {
        for (start, word) in line.match_indices("crate::") {
            let name: String =
                line[start + word.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if place(&name).is_some_and(|there| there > here) {
                found.push(file.at(
                    i,
                    &format!("`{module}` uses `{name}`, which stands below it in src/lib.rs; move what it needs up, or pass it in"),
                ));
            } else if name.is_empty() {
                found
                    .push(file.at(i, "name the module right after `crate::`, so that the order can be seen"));
            }
        }
    }
    found
}

fn files_are_short(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    let long = file.is_rust() && lines > MOST_LINES;
    let words = format!(
        "{}: {lines} lines are too many for one file; split it so that none has over {MOST_LINES}",
        file.path
    );
    if long { vec![words] } else { Vec::new() }
}

fn files_say_their_purpose(file: &File) -> Vec<String> {
    let said = !file.is_rust() || file.text.starts_with("//! ");
    if said { Vec::new() } else { vec![file.at(0, "begin the file with `//!` and its purpose")] }
}

fn only_cli_and_report_print(file: &File) -> Vec<String> {
    if matches!(file.module(), Some("cli" | "report")) {
        return Vec::new();
    }
    let prints =
        |line: &str| ["println!", "print!", "eprintln!", "eprint!"].iter().any(|word| has_word(line, word));
    lines_with(
        file,
        &file.product,
        prints,
        "only src/cli and src/report print; return the words, or emit an event",
    )
}

fn only_clock_reads_the_time(file: &File) -> Vec<String> {
    if file.module() == Some("clock") {
        return Vec::new();
    }
    let reads = |line: &str| has_word(line, "Instant::now") || has_word(line, "quanta::");
    lines_with(
        file,
        &file.product,
        reads,
        "only src/clock.rs reads the time; take a `Clock` and call `now()`",
    )
}

fn unsafe_code_says_why(file: &File) -> Vec<String> {
    // An attribute may be broken over lines.
    if !file.is_rust() || file.code.split_whitespace().collect::<String>().contains("expect(unsafe_code") {
        return Vec::new();
    }
    let words = "`unsafe` stands only in files with `#![expect(unsafe_code, reason = \"…\")]`; say why, or do without";
    let uses =
        |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
    lines_with(file, &file.code, uses, words)
}

fn nothing_unwraps(file: &File) -> Vec<String> {
    let words = "say why it cannot fail with `expect(\"…\")`, or return the error";
    lines_with(file, &file.product, |line| line.contains(".unwrap()"), words)
}

fn nothing_is_left_to_do(file: &File) -> Vec<String> {
    // In pieces, so that this file keeps its own rule.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let left = |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|word| marks.contains(&word));
    lines_with(file, &file.text, left, "do it now, or write it down where plans are kept")
}

const RULES: &[Rule] = &[
    imports_go_up,
    files_are_short,
    files_say_their_purpose,
    only_cli_and_report_print,
    only_clock_reads_the_time,
    unsafe_code_says_why,
    nothing_unwraps,
    nothing_is_left_to_do,
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file that is written by hand, by its path from the root.
fn files() -> Vec<File> {
    const FOLDERS: [&str; 6] = ["src", "tests", "benches", "scenarios", "docs", ".ci"];
    let mut paths: Vec<PathBuf> =
        ["Cargo.toml", "README.md", "CHANGELOG.md"].iter().map(|name| root().join(name)).collect();
    let mut open: Vec<PathBuf> =
        FOLDERS.iter().map(|name| root().join(name)).filter(|path| path.is_dir()).collect();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).expect("a folder of the tree can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() { open.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let text = String::from_utf8(fs::read(path).ok()?).ok()?;
        let name = path.strip_prefix(root()).ok()?.to_string_lossy().replace('\\', "/");
        Some(File::new(&name, &text))
    };
    paths.iter().filter_map(read).collect()
}

#[test]
fn the_tree_keeps_every_rule() {
    let files = files();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the tree was not found");
    let wrong: Vec<String> =
        files.iter().flat_map(|file| RULES.iter().flat_map(move |rule| rule(file))).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_list_of_the_crate_is_the_order() {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs can be read");
    let list = text.split("```").nth(1).expect("src/lib.rs draws its list between ```");
    let names =
        list.lines().skip(1).filter_map(|line| line.trim_start_matches("//!").split_whitespace().next());
    assert_eq!(names.collect::<Vec<_>>(), ORDER, "src/lib.rs and ORDER in tests/tidy.rs differ; change both");
}

#[test]
fn every_entry_of_src_is_a_module_of_the_order() {
    let entries = fs::read_dir(root().join("src")).expect("src can be listed");
    for entry in entries {
        let name = entry.expect("an entry can be read").file_name().to_string_lossy().into_owned();
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        assert!(
            ORDER.contains(&module) || ["lib", "main"].contains(&module),
            "src/{name} has no place in the order; add it to the list of src/lib.rs and to ORDER in tests/tidy.rs"
        );
    }
}

/// What one rule says of a made-up file.
fn found(rule: Rule, path: &str, text: &str) -> Vec<String> {
    rule(&File::new(path, text))
}

#[test]
fn an_import_from_below_is_found() {
    let wrong =
        found(imports_go_up, "src/plan/build.rs", "use crate::scenario::Scenario;\nuse crate::run::run;\n");
    assert_eq!(wrong.len(), 1);
    assert!(
        wrong[0].starts_with("src/plan/build.rs:2: `plan` uses `run`, which stands below it"),
        "{wrong:?}"
    );
    assert_eq!(found(imports_go_up, "src/units.rs", "fn f() { crate::cli::main(); }").len(), 1);
    assert_eq!(found(imports_go_up, "src/units.rs", "use crate::{value, cli};").len(), 1);
    assert_eq!(found(imports_go_up, "src/news.rs", "").len(), 1);
    for fine in [
        "/// Read by [`crate::cli`].",
        "const S: &str = \"crate::cli\";",
        "#[cfg(test)]\nmod tests {\n    use crate::cli::main;\n}\n",
        "#[cfg(test)]\nuse crate::cli;\n",
        "use crate::units::Size;",
    ] {
        assert_eq!(found(imports_go_up, "src/units.rs", fine), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(
        found(imports_go_up, "src/units.rs", "#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::cli;").len(),
        1
    );
    assert_eq!(found(imports_go_up, "src/engine/sqlite/tests/mod.rs", "use crate::cli;").len(), 0);
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(found(files_are_short, "tests/x.rs", &"\n".repeat(MOST_LINES)).len(), 0);
    assert_eq!(found(files_are_short, "tests/x.rs", &"\n".repeat(MOST_LINES + 1)).len(), 1);
    assert_eq!(found(files_are_short, "docs/x.md", &"\n".repeat(MOST_LINES + 1)).len(), 0);
}

#[test]
fn a_file_without_a_purpose_is_found() {
    assert_eq!(found(files_say_their_purpose, "src/units.rs", "use std::fmt;\n").len(), 1);
    assert_eq!(found(files_say_their_purpose, "src/units.rs", "//! Units.\n").len(), 0);
}

#[test]
fn printing_outside_of_cli_and_report_is_found() {
    for line in ["println!(\"x\");", "    eprint!(\"x\")", "std::eprintln!()", "print!(\"\")"] {
        assert_eq!(found(only_cli_and_report_print, "src/run/level.rs", line).len(), 1, "{line}");
        assert_eq!(found(only_cli_and_report_print, "src/cli/mod.rs", line).len(), 0, "{line}");
        assert_eq!(found(only_cli_and_report_print, "src/report/table.rs", line).len(), 0, "{line}");
    }
    assert_eq!(found(only_cli_and_report_print, "src/run/level.rs", "// println!\nmy_print!(1)").len(), 0);
}

#[test]
fn a_clock_beside_the_clock_is_found() {
    for line in
        ["let t = Instant::now();", "let t = std::time::Instant::now();", "let c = quanta::Clock::new();"]
    {
        assert_eq!(found(only_clock_reads_the_time, "src/run/level.rs", line).len(), 1, "{line}");
        assert_eq!(found(only_clock_reads_the_time, "src/clock.rs", line).len(), 0, "{line}");
    }
    assert_eq!(
        found(only_clock_reads_the_time, "src/run/level.rs", "SystemTime::now(); jiff::Timestamp::now();")
            .len(),
        0
    );
}

#[test]
fn unsafe_code_without_a_reason_is_found() {
    assert_eq!(found(unsafe_code_says_why, "src/value.rs", "fn f() { unsafe { g() } }").len(), 1);
    assert_eq!(
        found(unsafe_code_says_why, "src/value.rs", "// unsafe\nlet s = \"unsafe\"; let not_unsafe = 1;")
            .len(),
        0
    );
    let reasoned = "#![expect(\n    unsafe_code,\n    reason = \"x\"\n)]\nunsafe fn f() {}";
    assert_eq!(found(unsafe_code_says_why, "src/value.rs", reasoned).len(), 0);
}

#[test]
fn an_unwrap_outside_of_tests_is_found() {
    assert_eq!(found(nothing_unwraps, "src/value.rs", "let x = y.unwrap();").len(), 1);
    assert_eq!(found(nothing_unwraps, "src/value.rs", "let x = y.unwrap_or(1); // .unwrap()").len(), 0);
    assert_eq!(
        found(nothing_unwraps, "src/value.rs", "#[cfg(test)]\nmod tests { fn f() { y.unwrap(); } }").len(),
        0
    );
    assert_eq!(found(nothing_unwraps, "tests/x.rs", "y.unwrap()").len(), 0);
}

#[test]
fn a_mark_of_unfinished_work_is_found() {
    for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")] {
        assert_eq!(
            found(nothing_is_left_to_do, "docs/x.md", &format!("text\n{mark}: more\n")).len(),
            1,
            "{mark}"
        );
    }
    assert_eq!(found(nothing_is_left_to_do, "src/value.rs", "let todo = TODOS;").len(), 0);
}
