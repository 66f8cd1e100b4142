//! Single operations are compared like the whole, and told where they say something else.

use runner::result::{OperationIteration, RunResult};

use super::common::Place;
use super::{compared, place};

/// The same result with figures of each operation, of which `users` takes so many times as long as the rest.
fn with_operations(place: &Place, from: &str, to: &str, users: f64) {
    let text = std::fs::read_to_string(place.path(&format!("{from}.json"))).unwrap();
    let mut result: RunResult = serde_json::from_str(&text).unwrap();
    for level in &mut result.configurations {
        let names: Vec<String> = level.operations.keys().cloned().collect();
        for iteration in &mut level.iterations {
            let of = |name: &String| {
                let factor = if name == "users" { users } else { 1.0 };
                let one = OperationIteration {
                    attempted: iteration.attempted / 5,
                    succeeded: iteration.succeeded / 5,
                    throughput: iteration.throughput / 5.0,
                    avg_ms: iteration.avg_ms.map(|ms| ms * factor),
                    ..Default::default()
                };
                (name.clone(), one)
            };
            iteration.operations = names.iter().map(of).collect();
        }
    }
    place.write(&format!("{to}.json"), &serde_json::to_string(&result).unwrap());
}

/// `each.json`, and `slow.json` in which the whole is the same but `users` takes a tenth longer.
fn with_a_slow_operation() -> Place {
    let place = place();
    with_operations(&place, "base", "each", 1.0);
    with_operations(&place, "same", "slow", 1.1);
    place
}

#[test]
fn an_operation_that_became_slower_is_a_regression_though_the_whole_did_not() {
    let place = with_a_slow_operation();
    let (code, found) = compared(&place, &["each.json", "slow.json"]);
    assert_eq!(code, 1);
    // Throughput and mean of the whole, and the mean of five operations, at two levels. Throughputs of a mix are shares of the whole.
    assert_eq!(found["tests"], 14);
    let metrics = found["scenarios"][0]["cases"][1]["metrics"].as_array().unwrap();
    let worse: Vec<_> = metrics.iter().filter(|one| one["verdict"] == "regressed").collect();
    assert_eq!(worse.len(), 1);
    assert_eq!((&worse[0]["operation"], &worse[0]["metric"]), (&"users".into(), &"latency.avg".into()));
    assert!(metrics[0].get("operation").is_none() && metrics[1].get("operation").is_none());
}

#[test]
fn rows_of_operations_stand_where_they_say_something_else_and_the_rest_is_counted() {
    let place = with_a_slow_operation();
    let table = place.run(&["compare", "each.json", "slow.json"]).stdout;
    assert_eq!(table.matches("users/latency.avg").count(), 4, "two rows, two sentences: {table}");
    assert!(!table.contains("posts/latency.avg"), "{table}");
    assert!(
        table.contains("Of single operations 8 unchanged rows are not shown; `--all` shows them."),
        "{table}"
    );
    let all = place.run(&["compare", "each.json", "slow.json", "--all"]).stdout;
    assert_eq!(all.matches(" posts/latency.avg").count(), 2, "{all}");
    assert!(!all.contains("not shown"), "{all}");
    let markdown = place.run(&["compare", "each.json", "slow.json", "--format", "markdown"]).stdout;
    assert!(markdown.contains("| 2 workers | users/latency.avg |"), "{markdown}");
    assert!(markdown.contains("\nOf single operations 8 unchanged rows are not shown.\n"), "{markdown}");
    let junit = place.run(&["compare", "each.json", "slow.json", "--format", "junit"]).stdout;
    assert!(junit.contains("tests=\"14\"") && junit.contains("1 worker: users/latency.avg"), "{junit}");
    let github = place.run(&["compare", "each.json", "slow.json", "--format", "github"]).stdout;
    assert!(
        github.contains("::error title=users/latency.avg regressed::mine%2C")
            || github.contains("::error title=users/latency.avg regressed::mine, 1 worker"),
        "{github}"
    );
    let page = ["report", "slow.json", "--compare", "each.json", "-o", "page.html"];
    assert_eq!(place.run(&page).code, 0);
    let page = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("8 more rows of single operations") && page.contains("users&#x2f;latency.avg"));
}

#[test]
fn a_metric_of_one_operation_can_be_asked_for_and_have_a_threshold() {
    let place = with_a_slow_operation();
    let (code, found) = compared(&place, &["each.json", "slow.json", "--metric", "users/latency.avg"]);
    assert_eq!((code, found["tests"].as_u64()), (1, Some(2)));
    let (code, found) = compared(&place, &["each.json", "slow.json", "--metric", "latency.avg"]);
    assert_eq!((code, found["tests"].as_u64()), (0, Some(2)));
    let (code, found) = compared(&place, &["each.json", "slow.json", "--metric", "*/throughput"]);
    assert_eq!((code, found["tests"].as_u64()), (0, Some(10)));
    let (code, _) = compared(&place, &["each.json", "slow.json", "--threshold", "users/latency.avg=20%"]);
    assert_eq!(code, 0);
    let (code, _) = compared(&place, &["each.json", "slow.json", "--threshold", "posts/latency.avg=20%"]);
    assert_eq!(code, 1);
}

#[test]
fn a_wrong_name_is_answered_with_the_right_ones() {
    let place = with_a_slow_operation();
    let wrong = |arguments: &[&str]| {
        let ended = place.run(&[&["compare", "each.json", "slow.json"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
        ended.stderr
    };
    assert_eq!(
        wrong(&["--metric", "user/latency.avg"]),
        "error: `user/latency.avg`: there is no operation `user`; the operations are users, posts, tags, user_posts, posts_tags; \
         did you mean `users`?\n"
    );
    assert!(wrong(&["--threshold", "user/throughput=3%"]).contains("there is no operation `user`"));
    let metric = wrong(&["--metric", "users/latency.p98"]);
    assert!(metric.contains("did you mean `latency.p9") && metric.contains("success_rate"), "{metric}");
    assert_eq!(place.run(&["baseline", "save", "main", "each.json"]).code, 0);
    let early =
        ["run", "mine.toml", "--baseline", "main", "--metric", "user/throughput", "--results", "elsewhere"];
    assert_eq!(place.run(&early).code, 2);
    assert!(!place.path("elsewhere").exists(), "it is told before anything runs");
}

#[test]
fn results_without_operations_by_iteration_are_compared_as_a_whole() {
    let place = with_a_slow_operation();
    let (code, found) = compared(&place, &["base.json", "slow.json"]);
    assert_eq!((code, found["tests"].as_u64()), (0, Some(4)));
    let asked = place.run(&["compare", "base.json", "slow.json", "--metric", "users/latency.avg"]);
    assert_eq!(asked.code, 2);
    assert!(asked.stderr.contains("a result that keeps operations by iteration"), "{}", asked.stderr);
}
