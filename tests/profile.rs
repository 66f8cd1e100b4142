//! Promise: `run --profile cpu` draws where processor time went while measuring, and nothing else; the result is marked, and every other run is
//! as it was.

mod common;

use common::{Entry, Place, contents, mix, size};
use runner::result::Status;

/// A level whose rows are read from a table that was loaded before.
fn scenario(total: u64) -> String {
    format!(
        r#"
test = "profile"
total = {total}
concurrency = [1, 4]

[database]
path = ":memory:"

[tables.items]
rows = 20_000
[tables.items.columns]
id   = {{ type = "INTEGER PRIMARY KEY" }}
name = {{ type = "TEXT NOT NULL", value = '{{{{ name() }}}}' }}

[operations.change]
update = "items"
by = "id"
set = {{ name = '{{{{ name() }}}}' }}

[workloads.changes]
mix = {{ change = 1 }}
"#
    )
}

fn svg(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(&format!("results/{name}/cpu.svg"))).unwrap()
}

/// What the flame graph calls its blocks.
fn blocks(svg: &str) -> Vec<&str> {
    svg.split("<title>").skip(1).filter_map(|rest| rest.split_once(" (")).map(|(name, _)| name).collect()
}

#[test]
fn the_flame_graph_names_what_was_measured_and_not_what_was_around_it() {
    let place = Place::new();
    let mut total = 50_000;
    // As much work as it takes to meet what is looked for.
    let drawn = loop {
        place.write("mine.toml", &scenario(total));
        let ended = place.run(&["run", "mine.toml", "--profile", "cpu"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(ended.stderr.contains("flame graph: results/mine/cpu.svg"), "{}", ended.stderr);
        let drawn = svg(&place, "mine");
        let found = blocks(&drawn);
        if ["1 worker", "4 workers", "sqlite3_step"].iter().all(|block| found.contains(block)) {
            break drawn;
        }
        total *= 4;
        assert!(total < 10_000_000, "{found:?}");
    };
    let found = blocks(&drawn);
    assert!(found.iter().any(|block| block.contains("runner::run::")), "{found:?}");
    for around in [
        "::verify::",
        "::load::",
        "::generate",
        "::floor",
        "runner::cli::",
        "sqlite3_close",
        "integrityCheck",
    ] {
        assert!(!found.iter().any(|block| block.contains(around)), "{around}: {found:?}");
    }
    // Each level stands on its own workers' functions.
    assert!(!found.iter().any(|block| block.contains("rayon_core::registry")), "{found:?}");
}

#[test]
fn a_profiled_result_says_so_and_is_not_valid() {
    let place = Place::new();
    place.write("mine.toml", &mix("total_writes = 3000\nconcurrency = [2]", "path = 'db/mine.db'"));
    let files = |ended: common::Ended| {
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        (place.result("mine"), ended)
    };
    let (plain, _) = files(place.run(&["run", "mine.toml"]));
    assert_eq!(plain.environment.runner.profiler, None);
    assert!(!place.path("results/mine").exists(), "nothing is drawn unless it is asked for");

    let (profiled, ended) = files(place.run(&["run", "mine.toml", "--profile", "cpu"]));
    assert_eq!(profiled.environment.runner.profiler.as_deref(), Some("cpu"));
    let validity = &profiled.configurations[0].validity;
    let doubt = validity.doubts.iter().find(|doubt| doubt.code == "profiled").unwrap();
    assert!(doubt.invalidating && !validity.valid, "{validity:?}");
    assert!(ended.stdout.contains("A profiler ran along"), "{}", ended.stdout);
    assert_ne!(profiled.environment.comparability_key, plain.environment.comparability_key);
    let refused = place.run(&["baseline", "save", "main", "results/mine.json"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("cannot become a baseline"), "{}", refused.stderr);
}

#[test]
fn a_profiler_that_there_is_none_of_is_refused_with_those_that_there_are() {
    let place = Place::new();
    place.write("mine.toml", &mix("total_writes = 10\nconcurrency = [1]", "path = 'db/mine.db'"));
    let ended = place.run(&["run", "mine.toml", "--profile", "heap"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(
        ended.stderr.contains("'heap'") && ended.stderr.contains("[possible values: cpu]"),
        "{}",
        ended.stderr
    );
    assert_eq!(place.files(".").len(), 1, "nothing was made");
}

#[test]
fn a_scenario_whose_memory_is_capped_is_refused_and_nothing_is_made() {
    let place = Place::new();
    let capped = mix("total_writes = 10\nconcurrency = [1]", "path = 'db/mine.db'")
        + "\n[limits]\nmemory = '256MiB'\n";
    place.write("mine.toml", &capped);
    let ended = place.run(&["run", "mine.toml", "--profile", "cpu"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("mine.toml: `--profile` goes without `limits.memory`"), "{}", ended.stderr);
    assert_eq!(place.files(".").len(), 1, "nothing was made");
}

#[test]
fn a_file_of_someone_else_in_its_place_stays_and_is_told() {
    let place = Place::new();
    place.write("mine.toml", &mix("total_writes = 10\nconcurrency = [1]", "path = 'db/mine.db'"));
    place.write("results/mine/cpu.svg", "<svg>my own</svg>");
    let ended = place.run(&["run", "mine.toml", "--profile", "cpu"]);
    assert_eq!(ended.code, 5, "{}", ended.stderr);
    assert!(ended.stderr.contains("results/mine/cpu.svg was not written by runner"), "{}", ended.stderr);
    assert_eq!(svg(&place, "mine"), "<svg>my own</svg>");
    assert!(!place.path("results/mine.json").exists());
}

#[test]
fn a_flame_graph_takes_the_place_of_an_earlier_one() {
    let place = Place::new();
    place.write("mine.toml", &scenario(60_000));
    let earlier = runner::profile::BEGINS.to_owned() + " 0.0.1 --><svg>earlier</svg>";
    place.write("results/mine/cpu.svg", &earlier);
    let ended = place.run(&["run", "mine.toml", "--profile", "cpu", "--quiet"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let drawn = svg(&place, "mine");
    assert!(drawn.starts_with(runner::profile::BEGINS) && !drawn.contains("earlier"));
}

#[test]
fn several_cases_are_profiled_each_by_itself() {
    let place = Place::new();
    let varied = scenario(60_000) + "\n[variants.short]\nworkloads.changes.total = 40_000\n";
    place.write("mine.toml", &varied);
    let ended = place.run(&["run", "mine.toml", "--profile", "cpu"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let drawn = svg(&place, "mine");
    let found = blocks(&drawn);
    for level in ["base · 1 worker", "base · 4 workers", "short · 1 worker", "short · 4 workers"] {
        assert!(found.contains(&level), "{level}: {found:?}");
    }
}

#[test]
fn an_interrupted_run_draws_what_it_measured_and_leaves_no_part_of_a_file() {
    let place = Place::new();
    let long = mix(
        "total_writes = 20_000_000\nconcurrency = [2]",
        "path = 'db/mine.db'\npragmas.synchronous = 'off'",
    );
    place.write(
        "mine.toml",
        &long.replace("total_writes = 20_000_000", "duration = '10m'\nmax_operations = 500_000"),
    );
    let mut running = place.start(&["run", "mine.toml", "--profile", "cpu"]);
    // Rows are written, so it is measuring.
    running.until("rows are there", |_| size(&place.path("db/mine.db")) > 1_000_000);
    running.interrupt();
    let ended = running.ended();
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    let result = place.result("mine");
    assert_eq!(
        (result.status, result.environment.runner.profiler.as_deref()),
        (Status::Interrupted, Some("cpu"))
    );
    let drawn = svg(&place, "mine");
    assert!(drawn.trim_end().ends_with("</svg>"), "it is whole");
    assert!(blocks(&drawn).contains(&"2 workers"), "{drawn}");
    let left = contents(place.root());
    let ours = |path: &std::path::Path| {
        let path = path.to_string_lossy();
        path == "mine.toml" || path.starts_with("results") || path == "db"
    };
    let others: Vec<_> = left.keys().filter(|path| !ours(path)).collect();
    assert!(others.is_empty(), "{others:?}");
    let halves = left
        .iter()
        .filter(|(path, entry)| **entry != Entry::Folder && path.to_string_lossy().contains("tmp"));
    assert_eq!(halves.count(), 0);
}
