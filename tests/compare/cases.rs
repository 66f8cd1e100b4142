//! Two cases of one result, two results of differently named scenarios, and what is said where they differ in more than settings.

use runner::result::RunResult;

use super::common::{self, Place};
use super::{compared, ten, with_figures};

const EXPERIMENT: &str = "
[matrix]
database.pragmas.cache_size = [100, 200]
[variants.wal]
database.pragmas.journal_mode = 'wal'
[variants.wall]
database.pragmas.journal_mode = 'persist'
";

/// `mine.json`: one level of three variants at two sizes of the cache; the variant wal is a fifth faster, the larger cache a tenth slower.
fn experiment() -> Place {
    let place = Place::new();
    let text = common::mix("total_writes = 50\nconcurrency = [2]", "path = 'db/mine.db'");
    place.write("mine.toml", &format!("{text}{EXPERIMENT}"));
    let ended = place.run(&["run", "mine.toml", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut result = place.result("mine");
    let figures = result.clone();
    for (index, level) in result.configurations.iter_mut().enumerate() {
        let faster = if level.variant == "wal" { 1.2 } else { 1.0 };
        let slower = if level.parameters["database.pragmas.cache_size"] == 200 { 0.9 } else { 1.0 };
        *level = with_figures(&figures, &ten(1_000.0 * faster * slower)).configurations[index].clone();
    }
    place.write("mine.json", &serde_json::to_string(&result).unwrap());
    place
}

#[test]
fn two_variants_of_one_result_are_held_against_one_another() {
    let place = experiment();
    let cases = ["mine.json", "--base-variant", "base", "--candidate-variant", "wal"];
    let (code, found) = compared(&place, &cases);
    assert_eq!((code, found["verdict"].as_str()), (0, Some("improved")));
    let scenario = &found["scenarios"][0];
    assert_eq!((&scenario["base"]["case"], &scenario["candidate"]["case"]), (&"base".into(), &"wal".into()));
    // Each size of the cache with the same size.
    let levels = scenario["cases"].as_array().unwrap();
    assert_eq!(levels.len(), 2);
    for level in levels {
        let ratio = level["metrics"][0]["ratio"].as_f64().unwrap();
        assert!((ratio - 1.2).abs() < 1e-9, "{ratio}");
    }
    let table = place.run(&[&["compare"], &cases[..]].concat());
    assert!(table.stdout.starts_with("mine (base → wal)\n"), "{}", table.stdout);
    assert!(table.stdout.contains("journal_mode: delete → wal"), "{}", table.stdout);
    assert!(table.stdout.contains("cache_size 200, 2 workers"), "{}", table.stdout);
    let back = ["compare", "mine.json", "--base-variant", "wal", "--candidate-variant", "base"];
    assert_eq!(place.run(&back).code, 1);
    let page = [&["report", "mine.json", "-o", "page.html"], &cases[1..]].concat();
    assert_eq!(place.run(&page).code, 0);
    assert!(std::fs::read_to_string(place.path("page.html")).unwrap().contains("mine (base → wal)"));
}

#[test]
fn two_points_of_the_matrix_are_held_against_one_another() {
    let place = experiment();
    let points = ["--base-case", "cache_size=100", "--candidate-case", "cache_size=200"];
    let (code, found) = compared(&place, &[&["mine.json"], &points[..]].concat());
    assert_eq!((code, found["scenarios"][0]["cases"].as_array().unwrap().len()), (1, 3));
    assert_eq!(found["scenarios"][0]["cases"][0]["parameters"], serde_json::json!({}));
    let both = ["--base-variant", "base", "--candidate-variant", "wal"];
    let (code, found) = compared(&place, &[&["mine.json"], &points[..], &both[..]].concat());
    assert_eq!((code, found["scenarios"][0]["cases"].as_array().unwrap().len()), (0, 1));
    let ratio = found["scenarios"][0]["cases"][0]["metrics"][0]["ratio"].as_f64().unwrap();
    assert!((ratio - 1.08).abs() < 1e-9, "{ratio}");
}

#[test]
fn a_case_that_is_not_there_is_answered_with_those_that_are() {
    let place = experiment();
    let wrong = |arguments: &[&str]| {
        let ended = place.run(&[&["compare", "mine.json"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        ended.stderr
    };
    assert_eq!(
        wrong(&["--base-variant", "base", "--candidate-variant", "wan"]),
        "error: mine.json has no variant `wan`: there are base, wal, wall; did you mean `wal`?\n"
    );
    assert_eq!(
        wrong(&["--base-case", "cache=100", "--candidate-case", "cache=200"]),
        "error: mine.json has no key of the matrix `cache`: there is cache_size\n"
    );
    assert_eq!(
        wrong(&["--base-case", "cache_size=100", "--candidate-case", "cache_size=300"]),
        "error: mine.json has no cache_size of the matrix `300`: there are 100, 200; did you mean `100`?\n"
    );
    assert!(
        wrong(&["--base-case", "a=1", "--candidate-case", "b=2"]).contains("both have to name the same keys")
    );
    assert!(wrong(&["--base-case", "cache_size", "--candidate-case", "b=2"]).contains("journal_mode=delete"));
    assert!(wrong(&["--candidate-variant", "wal"]).contains("--base-variant"));
    assert!(
        wrong(&["--base-variant", "wal", "--candidate-variant", "wal"]).contains("one and the same case")
    );
}

#[test]
fn one_result_alone_is_answered_with_the_cases_that_can_be_compared_in_it() {
    let place = experiment();
    let alone = |result: &str| {
        let ended = place.run(&["compare", result]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
        ended.stderr
    };
    assert_eq!(
        alone("mine.json"),
        "error: mine.json alone: name two of its cases, or a second result\n  --base-variant, --candidate-variant: base, wal, wall\n  \
         --base-case, --candidate-case: cache_size=100, cache_size=200\n\
         help: `runner compare mine.json --base-variant base --candidate-variant wal`, or `runner compare mine.json CANDIDATE`\n"
    );
    let text = std::fs::read_to_string(place.path("mine.json")).unwrap();
    let mut plain: RunResult = serde_json::from_str(&text).unwrap();
    plain.configurations.truncate(1);
    place.write("plain.json", &serde_json::to_string(&plain).unwrap());
    let words = alone("plain.json");
    assert!(
        words.starts_with("error: plain.json alone is nothing to compare: there is one case in it\n"),
        "{words}"
    );
    assert!(words.contains("help: name a second result, `runner compare plain.json CANDIDATE`"), "{words}");
    assert!(alone("none.json").starts_with("error: there is no file or folder none.json"));
    place.write("all/mine.json", &text);
    plain.configuration_id = "plain".to_owned();
    place.write("all/plain.json", &serde_json::to_string(&plain).unwrap());
    let folder = alone("all");
    assert!(
        folder.contains("\n  all/mine.json:\n  --base-variant") && !folder.contains("plain.json"),
        "{folder}"
    );
}

#[test]
fn cases_of_which_one_promises_less_are_compared_only_when_told_to() {
    let place = experiment();
    let text = std::fs::read_to_string(place.path("mine.json")).unwrap();
    let mut result: RunResult = serde_json::from_str(&text).unwrap();
    result.configurations.iter_mut().filter(|level| level.variant == "wal").for_each(|level| {
        level.durability = Some(runner::result::Durability::Memory);
    });
    place.write("mine.json", &serde_json::to_string(&result).unwrap());
    let cases = ["compare", "mine.json", "--base-variant", "base", "--candidate-variant", "wal"];
    let refused = place.run(&cases);
    assert_eq!(refused.code, 2);
    assert_eq!(
        refused.stderr,
        "error: mine cannot be compared, since more than its settings differs\n  what an acknowledged write survives: power_loss → \
         memory\nhelp: measure both under the same circumstances, or add `--anyway`\n"
    );
    let anyway = place.run(&[&cases[..], &["--anyway"]].concat());
    assert_eq!(anyway.code, 0);
    assert!(
        anyway.stdout.contains("they differ in what an acknowledged write survives"),
        "{}",
        anyway.stdout
    );
}

/// `mine.json` and `copy.json`, the result of a copy of its file that has a PRAGMA more, or a column that is longer.
fn copied(change: &dyn Fn(&str) -> String) -> Place {
    let place = Place::new();
    let text = common::mix("total_writes = 50\nconcurrency = [2]", "path = 'db/mine.db'");
    place.write("mine.toml", &text);
    place.write("copy.toml", &change(&text));
    for name in ["mine", "copy"] {
        let ended = place.run(&["run", &format!("{name}.toml"), "--quiet"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let result = with_figures(&place.result(name), &ten(1_000.0));
        place.write(&format!("{name}.json"), &serde_json::to_string(&result).unwrap());
    }
    place
}

#[test]
fn two_files_that_are_named_are_compared_whatever_their_scenarios_are_called() {
    let place = copied(&|text| {
        format!(
            "retry = {{ attempts = 3 }}\n{}",
            text.replace("path =", "pragmas = { cache_size = 100 }\npath =")
        )
    });
    let ended = place.run(&["compare", "mine.json", "copy.json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("mine → copy\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("cache_size: -2000 → 100"), "{}", ended.stdout);
    assert!(ended.stdout.contains("retry.attempts: – → 3"), "{}", ended.stdout);
    let (_, found) = compared(&place, &["mine.json", "copy.json"]);
    assert_eq!(found["scenarios"][0]["candidateId"], "copy");
    // What stands in folders belongs together by its name.
    for name in ["mine", "copy"] {
        place.write(
            &format!("{name}s/a.json"),
            &std::fs::read_to_string(place.path(&format!("{name}.json"))).unwrap(),
        );
    }
    let folders = place.run(&["compare", "mines", "copys"]);
    assert_eq!(folders.code, 2);
    assert!(
        folders.stderr.contains("no scenario in common: base has mine; candidate has copy"),
        "{}",
        folders.stderr
    );
}

#[test]
fn other_work_is_refused_with_the_keys_that_differ() {
    let place = copied(&|text| text.replace("sentence(4, 8)", "sentence(5, 9)"));
    let refused = place.run(&["compare", "mine.json", "copy.json"]);
    assert_eq!(refused.code, 2);
    assert_eq!(
        refused.stderr,
        "error: mine with copy cannot be compared, since more than its settings differs\n  the tables of the scenario differ:\n    \
         tables.posts.columns.title.value: {{ sentence(4, 8) }} → {{ sentence(5, 9) }}\n\
         help: measure both under the same circumstances, or add `--anyway`\n\
         help: to learn what an index or another table costs, make the change a variant of the file, `[variants.NAME]`, and compare its \
         result with `--base-variant base --candidate-variant NAME`\n"
    );
    let markdown = place.run(&["compare", "mine.json", "copy.json", "--anyway", "--format", "markdown"]);
    assert_eq!(markdown.code, 0);
    for line in [
        "> **These two should not be compared: they differ in the tables of the scenario.**",
        "> - the tables of the scenario differ:",
        ">   - tables.posts.columns.title.value: {{ sentence(4, 8) }} → {{ sentence(5, 9) }}",
    ] {
        assert!(markdown.stdout.lines().any(|other| other == line), "{line}: {}", markdown.stdout);
    }
    let (_, found) = compared(&place, &["mine.json", "copy.json", "--anyway"]);
    assert_eq!(
        found["scenarios"][0]["differences"][0]["keys"][0]["name"],
        "tables.posts.columns.title.value"
    );
}
