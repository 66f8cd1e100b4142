//! What a page has, and what it must not have.

use super::*;
use crate::result::testing::{experiment, finished};
use crate::result::{Durability, SecondFigures};

fn drawn(result: &RunResult) -> String {
    page(&[Shown { name: "base-0".to_owned(), path: "results/base-0.json".to_owned(), result }], None)
}

#[test]
fn a_page_has_everything_in_it_and_asks_for_nothing() {
    let page = drawn(&finished());
    for asked in [
        "<link rel=\"stylesheet\"",
        "src=\"http",
        "href=\"http",
        "url(http",
        "@import",
        "fetch(",
        "XMLHttpRequest",
    ] {
        assert!(!page.contains(asked), "{asked}");
    }
    assert!(page.starts_with("<!doctype html>") && page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn text_of_a_scenario_does_not_become_markup() {
    let mut result = finished();
    result.scenario.description = "<script>alert(1)</script> & more".to_owned();
    result.scenario.text = "# </script><b>".to_owned();
    let page = drawn(&result);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;"), "escaped");
    assert!(!page.contains("<script>alert(1)") && !page.contains("</script><b>"));
}

#[test]
fn data_of_charts_is_what_stands_in_the_result() {
    let result = finished();
    let document = serde_json::to_value(&result).unwrap();
    let shown = [Shown { name: "base-0".to_owned(), path: String::new(), result: &result }];
    let mut seen = 0;
    for (_, charts) in charts::charts(&shown, ROOMS[0]) {
        for point in charts
            .iter()
            .filter(|chart| chart.id.starts_with("throughput"))
            .flat_map(|chart| &chart.series[0].points)
        {
            let value = document.pointer(&point.pointer).and_then(serde_json::Value::as_f64);
            assert_eq!(value, point.y, "{}", point.pointer);
            seen += 1;
        }
    }
    assert_eq!(seen, result.configurations.len());
}

#[test]
fn what_should_not_be_believed_stands_before_every_figure() {
    let mut result = finished();
    result.configurations[0].verification.status = crate::result::VerificationStatus::Failed;
    result.configurations[0].verification.problems =
        vec!["users holds 1 row, and 2 were acknowledged".to_owned()];
    let page = drawn(&result);
    let banner = page.find("class=\"banner\"").expect("there is one");
    assert!(
        banner < page.find("<figure").unwrap_or(usize::MAX)
            && banner < page.find("<tbody").unwrap_or(usize::MAX)
    );
    assert!(page.contains("users holds 1 row, and 2 were acknowledged"));
}

#[test]
fn cases_of_a_matrix_are_a_map_with_their_places() {
    let page = drawn(&experiment());
    assert!(page.contains("class=\"heat\""));
    assert!(
        page.contains("data-at=\"&#x2f;configurations&#x2f;0&#x2f;statistics&#x2f;throughput&#x2f;median\""),
        "{page}"
    );
}

#[test]
fn every_pointer_of_a_page_leads_to_something() {
    for result in [finished(), experiment()] {
        let document = serde_json::to_value(&result).unwrap();
        let page = drawn(&result).replace("&#x2f;", "/");
        let places = page.split("data-at=\"").chain(page.split("<code>")).skip(1);
        let pointers: Vec<&str> = places
            .filter(|rest| rest.starts_with('/'))
            .map(|rest| rest.split(['"', '<']).next().unwrap())
            .collect();
        assert!(pointers.len() > 20, "{pointers:?}");
        let lost: Vec<_> = pointers.iter().filter(|pointer| document.pointer(pointer).is_none()).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[test]
fn hours_of_many_levels_fit_into_a_megabyte() {
    let mut result = finished();
    let second = result.configurations[0].time_series[0];
    let mut level = result.configurations[0].clone();
    level.time_series =
        (0..3_600).map(|number| SecondFigures { second: number, p99: Some(1.5), ..second }).collect();
    result.configurations = (1..=40)
        .map(|concurrency| {
            level.concurrency = concurrency;
            level.clone()
        })
        .collect();
    let page = drawn(&result);
    assert!(page.matches("data-chart=\"time-").count() == 12 && page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn results_of_one_scenario_stand_side_by_side() {
    let (slow, mut fast) = (experiment(), experiment());
    for level in &mut fast.configurations {
        if let Some(statistics) = &mut level.statistics {
            statistics.throughput.median *= 2.0;
        }
    }
    let one = |name: &str, result| Shown { name: name.to_owned(), path: String::new(), result };
    let page = page(&[one("before.json", &slow), one("after.json", &fast)], None);
    assert!(page.contains("before.json, base") && page.contains("after.json, wal"));
    assert!(page.contains("× 2.00"), "{page}");
}

/// So many levels of 75 variants, six operations and 90 seconds each.
fn large(levels: u32) -> RunResult {
    let mut result = experiment();
    let mut level = result.configurations[0].clone();
    let (_, figures) = level.operations.iter().next().map(|(name, own)| (name.clone(), own.clone())).unwrap();
    level.operations = (1..=6).map(|number| (format!("operation-{number}"), figures.clone())).collect();
    let second = level.time_series[0];
    level.time_series =
        (0..90).map(|number| SecondFigures { second: number, p99: Some(1.5), ..second }).collect();
    result.configurations = (0..levels)
        .map(|number| {
            level.variant = format!("variant-{}", number / 4);
            level.concurrency = 1 << (number % 4);
            level.clone()
        })
        .collect();
    result
}

#[test]
fn a_large_experiment_fits_into_a_megabyte_and_says_what_is_left_out() {
    let result = large(300);
    let whole = super::drawn(&[shown("base-0", &result)], None, ROOMS[0]);
    assert!(whole.len() > MOST_BYTES, "{}: nothing has to be left out", whole.len());
    for levels in [300, 1_200] {
        let page = drawn(&large(levels));
        assert!(page.len() < MOST_BYTES, "{levels}: {}", page.len());
        assert!(page.contains(" levels; the result (JSON) and its CSV"));
    }
    assert!(!drawn(&large(8)).contains("the result (JSON)"));
}

fn shown<'a>(name: &str, result: &'a RunResult) -> Shown<'a> {
    Shown { name: name.to_owned(), path: String::new(), result }
}

#[test]
fn results_that_differ_in_what_they_promise_stand_side_by_side_without_a_factor() {
    let (file, mut memory) = (finished(), finished());
    memory.engine.durability = Some(Durability::Memory);
    memory.environment.comparability.insert("storage".to_owned(), "memory".to_owned());
    let page = page(&[shown("base-0", &file), shown("base-memory", &memory)], None);
    assert!(page.contains("how the database is held: file (base-0); memory (base-memory)"), "{page}");
    assert!(page.contains("what an acknowledged write survives: "));
    assert!(!page.contains("× 1"), "no factor");
    let same = super::page(&[shown("a", &file), shown("b", &file)], None);
    assert!(same.contains("× 1.00") && !same.contains("Not comparable as they stand"));
}

#[test]
fn variants_with_another_engine_or_promise_have_no_factor() {
    let mut result = experiment();
    for level in result.configurations.iter_mut().filter(|level| level.variant == "wal") {
        level.durability = Some(Durability::ProcessCrash);
    }
    let page = drawn(&result);
    let note = "what an acknowledged write survives: survives a loss of power, as far as the settings promise (base); survives a crash of the process (wal)";
    assert!(page.contains(note) && !page.contains("× 2.00"));
    assert!(drawn(&experiment()).contains("× 2.00"));
}

#[test]
fn different_workloads_at_one_number_of_workers_do_not_meet() {
    let (write, mut load) = (finished(), finished());
    for level in &mut load.configurations {
        level.workload = "load-test".to_owned();
    }
    assert!(bars::bars(&[shown("base-0", &write), shown("load-test", &load)], 400).0.is_empty());
    let (met, _) = bars::bars(&[shown("a", &load), shown("b", &load), shown("base-0", &write)], 400);
    let titles: Vec<&str> = met.iter().map(|group| group.title.as_str()).collect();
    assert_eq!(titles, ["load-test, 1 worker", "load-test, 2 workers"]);
}

#[test]
fn a_p99_over_iterations_is_called_what_it_is() {
    let median = "median p99 of the iterations";
    let several = drawn(&experiment());
    assert!(several.contains(&format!(": {median}<small>")) && several.contains(&format!(">{median}</th>")));
    assert!(several.contains(": levels, latencies of all iterations together</caption>"));
    let once = drawn(&finished());
    assert!(!once.contains(median) && once.contains(": levels</caption>"));
}

#[test]
fn the_page_concludes_as_the_terminal_does() {
    let mut result = finished();
    result.quick = true;
    let page = drawn(&result);
    let sentence = &crate::report::conclusion::conclusion(&result)[0];
    assert!(sentence.starts_with("Only a trial (quick-run): "), "{sentence}");
    let on_page = HtmlEscape(sentence).to_string();
    assert!(page.contains(&format!("<p class=\"conclusion\">{on_page}</p>")), "{on_page}");
}
