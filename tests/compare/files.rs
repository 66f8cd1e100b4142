//! Promise: files that are no results are told in a line and never harmed, and no option is ignored in silence.

use super::place;

#[test]
fn another_file_is_told_in_one_line_and_does_not_keep_a_folder_from_being_compared() {
    let place = place();
    place.write("package.json", "{\"name\": \"package\", \"version\": \"1.0.0\"}");
    let ended = place.run(&["compare", "package.json", "base.json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (2, "error: package.json is not a result of runner\n"));
    for (file, folder) in [("base", "before"), ("slower", "after")] {
        place.write(&format!("{folder}/package.json"), "{}");
        std::fs::copy(place.path(&format!("{file}.json")), place.path(&format!("{folder}/mine.json")))
            .unwrap();
    }
    let text = std::fs::read_to_string(place.path("base.json")).unwrap();
    place.write("before/later.json", &text.replacen("\"schemaVersion\":1", "\"schemaVersion\":2", 1));
    let compared = place.run(&["compare", "before", "after"]);
    assert_eq!(compared.code, 1, "{}", compared.stderr);
    let warnings: Vec<&str> = compared.stderr.lines().collect();
    assert_eq!(
        warnings,
        [
            "warning: left out: before/later.json was written by another version of runner: shape 2, this one reads 1",
            "warning: left out: before/package.json is not a result of runner",
            "warning: left out: after/package.json is not a result of runner",
        ]
    );
    std::fs::remove_file(place.path("after/mine.json")).unwrap();
    assert_eq!(place.run(&["compare", "before", "after"]).code, 2);
}

#[test]
fn what_the_runner_did_not_write_is_no_baseline_to_be_removed_or_replaced() {
    let place = place();
    place.write("schemas/own.schema.json", "{\"type\": \"object\"}");
    place.write("schemas/mine.json", "{\"type\": \"string\"}");
    for command in [&["remove", "schemas"][..], &["save", "schemas", "base.json"]] {
        let ended = place.run(&[&["baseline"], command, &["--baselines", "."]].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{command:?}");
        assert!(ended.stderr.contains("schemas/mine.json is not a result of runner"), "{}", ended.stderr);
    }
    let kept = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(kept("schemas/own.schema.json"), "{\"type\": \"object\"}");
    assert_eq!(kept("schemas/mine.json"), "{\"type\": \"string\"}");
}

#[test]
fn the_list_of_baselines_goes_on_behind_another_file_and_says_where_there_are_none() {
    let place = place();
    let none = place.run(&["baseline", "list"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert!(none.stderr.contains("there are no baselines in baselines"), "{}", none.stderr);
    assert!(none.stderr.contains("`runner baseline save NAME"), "{}", none.stderr);
    assert_eq!(place.run(&["baseline", "save", "main", "base.json"]).code, 0);
    place.write("baselines/main/another.json", "{}");
    let listed = place.run(&["baseline", "list"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert!(listed.stdout.starts_with("main  mine  "), "{}", listed.stdout);
    assert_eq!(listed.stderr, "warning: left out: baselines/main/another.json is not a result of runner\n");
}

#[test]
fn a_document_on_stdout_stays_one_where_a_run_is_held_against_a_baseline() {
    let place = place();
    let run = |format: &str| {
        let ended = place.run(&["run", "mine.toml", "--baseline", "base.json", "--format", format]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended
    };
    let json = run("json");
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["configurationId"], "mine");
    let csv = run("csv");
    let columns = |line: &str| line.matches(',').count();
    assert!(csv.stdout.lines().all(|line| columns(line) >= 50), "{}", csv.stdout);
    for ended in [json, csv] {
        assert!(ended.stderr.contains("inconclusive: 4 inconclusive"), "{}", ended.stderr);
    }
    let markdown = run("markdown");
    assert!(!markdown.stderr.contains("inconclusive"), "{}", markdown.stderr);
    let (result, comparison) = markdown.stdout.split_once("\n## Notes\n").unwrap();
    assert!(result.starts_with("# mine\n") && comparison.contains("inconclusive"), "{comparison}");
    assert!(run("table").stdout.contains("inconclusive: 4 inconclusive"));
}

#[test]
fn a_scenario_that_a_baseline_does_not_have_is_told_before_anything_runs() {
    let place = place();
    let text = std::fs::read_to_string(place.path("mine.toml")).unwrap();
    place.write("other.toml", &text);
    let arguments = ["--baseline", "base.json", "--results", "elsewhere"];
    let none = place.run(&[&["run", "other.toml"], &arguments[..]].concat());
    assert_eq!(
        (none.code, none.stderr.as_str()),
        (
            2,
            "error: the baseline base.json does not have other, so there is nothing to compare; it has mine\n"
        )
    );
    assert!(!place.path("elsewhere").exists());
    let some = place.run(&[&["run", "other.toml", "mine.toml", "--quiet"], &arguments[..]].concat());
    assert_eq!(some.code, 0, "{}", some.stderr);
    assert_eq!(
        some.stderr,
        "warning: the baseline base.json does not have other, which is not compared; it has mine\n"
    );
    assert!(place.path("elsewhere/other.json").exists() && some.stdout.contains("inconclusive"));
}

#[test]
fn options_of_a_comparison_are_refused_where_nothing_is_compared() {
    let place = place();
    let refused = |arguments: &[&str], words: &str| {
        let ended = place.run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(words), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    };
    for format in ["markdown", "csv", "table"] {
        let report = ["report", "slower.json", "--format", format];
        refused(&[&report[..], &["--compare", "base.json"]].concat(), "`--compare` goes with a page only");
        refused(&[&report[..], &["--threshold", "3%"]].concat(), "`--threshold` goes with a page only");
        let cases = ["--base-variant", "base", "--candidate-variant", "other"];
        refused(&[&report[..], &cases].concat(), "`--base-variant` goes with a page only");
    }
    let page = ["report", "slower.json", "-o", "out.html", "--anyway"];
    refused(&page, "`--anyway` says how to compare: add `--compare BASE`");
    refused(
        &["run", "mine.toml", "--metric", "throughput", "--results", "elsewhere"],
        "`--metric` says how to compare: add `--baseline NAME`",
    );
    assert!(!place.path("out.html").exists() && !place.path("elsewhere").exists());
    assert_eq!(place.run(&[&page[..], &["--compare", "base.json"]].concat()).code, 0);
}

#[test]
fn a_report_is_made_again_in_its_place_and_in_that_of_nothing_else() {
    let place = place();
    for format in ["csv", "markdown", "table", "html"] {
        let arguments = ["report", "base.json", "--format", format, "-o", "out"];
        for time in 1..=2 {
            let ended = place.run(&arguments);
            assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{format} {time}");
        }
        std::fs::remove_file(place.path("out")).unwrap();
        place.write("out", "# Mine\n\n- a note\n");
        assert_eq!(place.run(&arguments).code, 2, "{format}");
        assert_eq!(std::fs::read_to_string(place.path("out")).unwrap(), "# Mine\n\n- a note\n");
        std::fs::remove_file(place.path("out")).unwrap();
    }
}
