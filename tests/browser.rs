//! Promise: the page of `runner report` shows in a real browser what the result has, complains of nothing and asks for nothing.
//!
//! The pages are those of `base-0`, of the small file share and of a comparison, each from a tiny run. Without a Chromium these tests are left
//! out, and say so.

#[path = "browser/agree.rs"]
mod agree;
mod common;
#[path = "browser/devtools.rs"]
mod devtools;
#[path = "browser/pictures.rs"]
mod pictures;

use agree::{Seen, Shown, disagreements};
use common::Place;
use devtools::{Browser, Look, Page};
use pictures::wrong_forests;
use runner::units::rate;
use serde_json::Value;

/// Everything that charts are drawn from, as the browser has it.
fn seen(page: &mut Page<'_>) -> Seen {
    serde_json::from_value(page.run(include_str!("browser/seen.js"))).unwrap()
}

fn shipped(name: &str) -> String {
    format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

fn succeed(place: &Place, arguments: &[&str]) -> String {
    let ended = place.run(arguments);
    assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
    ended.stdout
}

fn shown(place: &Place, path: &str) -> Shown {
    let path = place.path(path);
    let document = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    Shown { result: runner::result::read(&path).unwrap(), document }
}

/// A tiny run of base-0, with seconds that it did not last: no test waits for them. Errors and checkpoints are among them.
fn base_0(place: &Place, results: &str, iterations: &str) -> Shown {
    let concurrency = "1,2,4,8";
    succeed(
        place,
        &[
            "run",
            &shipped("base-0"),
            "--total",
            "60",
            "--concurrency",
            concurrency,
            "--iterations",
            iterations,
            "--results",
            results,
            "--quiet",
        ],
    );
    let path = format!("{results}/base-0.json");
    let mut document = shown(place, &path).document;
    for (number, level) in document["configurations"].as_array_mut().unwrap().iter_mut().enumerate() {
        let iterations = level["iterations"].as_array().unwrap().len() as u64;
        level["timeSeries"] = seconds(if number == 0 { 12 } else { 1 }, iterations);
        level["errors"] = serde_json::json!([]);
    }
    document["configurations"][0]["errors"] = serde_json::json!([
        { "code": "SQLITE_BUSY", "operation": "users", "count": 3, "sample": "database is locked" },
        { "code": "SQLITE_BUSY", "operation": "posts", "count": 1_200, "sample": "database is locked" }
    ]);
    place.write(&path, &document.to_string());
    shown(place, &path)
}

/// So many of each iteration, with an error and a checkpoint among the first.
fn seconds(each: u64, iterations: u64) -> Value {
    let of = |second: u64| {
        let mut figures = serde_json::json!({ "second": second, "operations": 100 + second * 7 % 40, "errors": u64::from(second == 3) });
        figures["p50"] = 0.5.into();
        figures["p99"] = (1.5 + second as f64 / 8.0).into();
        if second == 5 {
            figures["checkpointMs"] = 12.5.into();
        }
        if iterations > 1 {
            figures["iteration"] = (second / each + 1).into();
        }
        figures
    };
    (0..each * iterations).map(of).collect()
}

/// The page of some results, drawn into `report.html`.
fn report(place: &Place, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["report"].iter().chain(arguments).chain(&["-o", "report.html"]).copied().collect();
    succeed(place, &all);
    std::fs::read_to_string(place.path("report.html")).unwrap()
}

/// No complaint, no request but for the file itself, and no wider than the window in any look; printing changes nothing.
fn quiet(browser: &mut Browser, place: &Place) {
    let path = place.path("report.html");
    for look in [Look::WIDE, Look::DARK, Look::NARROW] {
        let mut page = browser.open(&path, look);
        let seen = seen(&mut page);
        assert!(seen.width <= look.width, "{} pixels of {look:?}", seen.width);
        assert!(seen.charts.iter().all(|chart| !chart.series.is_empty()));
        page.call("Page.printToPDF", serde_json::json!({ "printBackground": true }));
        page.settle();
        assert_eq!(page.complaints(), Vec::<String>::new());
        assert_eq!(page.requests(), [format!("file://{}", path.display())]);
    }
}

#[test]
fn the_page_of_base_0_shows_what_its_result_has() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    let shown = base_0(&place, "results", "3");
    let text = report(&place, &["results/base-0.json"]);
    assert!(text.len() < 1_000_000, "{}", text.len());
    quiet(&mut browser, &place);
    let mut page = browser.open(&place.path("report.html"), Look::WIDE);
    let seen = seen(&mut page);
    assert_eq!(disagreements(&seen, &shown), Vec::<String>::new());
    let drawn: Vec<&str> = seen.charts.iter().map(|chart| chart.id.as_str()).collect();
    assert_eq!(drawn, ["throughput-0", "p99-0", "latency-0-0", "errors-0", "time-0-0", "p99-time-0-0"]);
}

#[test]
fn the_page_of_an_experiment_shows_what_its_result_has() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    let matrix = "matrix={ vars = { file_size = [\"700kB\", \"1400kB\"] } }";
    let arguments = ["--set", matrix, "--iterations", "3", "--set", "targets=[]", "--quiet"];
    let file = shipped("file-share-small");
    succeed(&place, &["run", &file].iter().chain(&arguments).copied().collect::<Vec<_>>());
    let path = "results/file-share-small.json";
    let mut document = shown(&place, path).document;
    // One iteration that stood still for seconds leaves all other bars and intervals a few pixels.
    document["configurations"][0]["statistics"]["latencyMs"]["p99"]["high"] = 5_000.0.into();
    place.write(path, &document.to_string());
    let shown = shown(&place, path);
    let text = report(&place, &[path]);
    quiet(&mut browser, &place);
    let mut page = browser.open(&place.path("report.html"), Look::WIDE);
    let seen = seen(&mut page);
    assert_eq!(disagreements(&seen, &shown), Vec::<String>::new());
    assert!(!seen.maps.is_empty() && !seen.bars.is_empty());

    // A bar, a shade and a figure of their own are noticed.
    let bar = text.split_once("<div class=\"bar rate\"").unwrap().1.split_once('>').unwrap().0;
    for (part, other) in [
        (bar, " style=\"width:3%\""),
        ("<td class=\"s5\"", "<td class=\"s0\""),
        ("&#x2f;s</td>", "0&#x2f;s</td>"),
    ] {
        let path = altered(&place, &text, part, other);
        let mut page = browser.open(&path, Look::WIDE);
        let wrong = disagreements(&self::seen(&mut page), &shown);
        assert!(!wrong.is_empty(), "{part} may be {other}");
    }
}

#[test]
fn the_page_of_a_comparison_shows_what_came_of_it() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    base_0(&place, "before", "4");
    let shown = base_0(&place, "after", "4");
    let text = report(&place, &["after/base-0.json", "--compare", "before/base-0.json", "--anyway"]);
    let compared =
        place.run(&["compare", "before/base-0.json", "after/base-0.json", "--anyway", "--format", "json"]);
    let comparison = serde_json::from_str(&compared.stdout).unwrap();
    quiet(&mut browser, &place);
    let mut page = browser.open(&place.path("report.html"), Look::WIDE);
    let seen = seen(&mut page);
    assert_eq!(wrong_forests(&seen.forests, &comparison), Vec::<String>::new());
    assert_eq!(disagreements(&seen, &shown), Vec::<String>::new());

    // A mark at another place is noticed.
    let mark = text.split_once("<div class=\"dot\"").unwrap().1.split_once('>').unwrap().0;
    let path = altered(&place, &text, mark, " style=\"left:2%\"");
    let mut page = browser.open(&path, Look::WIDE);
    assert_eq!(wrong_forests(&self::seen(&mut page).forests, &comparison).len(), 1);
}

#[test]
fn no_two_of_many_series_are_drawn_alike() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    let mut document = base_0(&place, "results", "1").document;
    let levels = document["configurations"].as_array().unwrap().clone();
    let variants = (0..100).flat_map(|number| {
        levels.iter().map(move |level| {
            let mut level = level.clone();
            level["variant"] = format!("variant-{number}").into();
            level
        })
    });
    document["configurations"] = variants.collect();
    place.write("results/base-0.json", &document.to_string());
    report(&place, &["results/base-0.json"]);
    let mut page = browser.open(&place.path("report.html"), Look::WIDE);
    let signs =
        page.run("[...document.querySelectorAll('#throughput-0 .key svg')].map(sign => sign.innerHTML)");
    let signs: Vec<String> = serde_json::from_value(signs).unwrap();
    // As many as fit into the page.
    assert!(signs.len() >= 24, "{}", signs.len());
    let unlike: std::collections::HashSet<&String> = signs.iter().collect();
    assert_eq!(unlike.len(), signs.len());
}

/// Where a point of a chart is on the screen.
fn place_of(page: &mut Page<'_>, chart: &str, x: f64) -> (f64, f64) {
    let at = page.run(&format!(
        "(() => {{ const plot = document.getElementById('{chart}').plot; plot.root.scrollIntoView({{ block: 'center' }}); \
         const box = plot.over.getBoundingClientRect(); return [box.left + plot.valToPos({x}, 'x'), box.top + box.height / 2]; }})()"
    ));
    (at[0].as_f64().unwrap(), at[1].as_f64().unwrap())
}

fn shown_range(page: &mut Page<'_>) -> (f64, f64) {
    let range =
        page.run("(({ min, max }) => [min, max])(document.getElementById('throughput-0').plot.scales.x)");
    (range[0].as_f64().unwrap(), range[1].as_f64().unwrap())
}

#[test]
fn a_chart_tells_exact_values_and_can_be_zoomed_with_mouse_and_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    let shown = base_0(&place, "results", "1");
    report(&place, &["results/base-0.json"]);
    let mut page = browser.open(&place.path("report.html"), Look::WIDE);
    let exact = |level: usize| format!("{}/s", rate(shown.result.configurations[level].overall.throughput));
    let words = |page: &mut Page<'_>, class: &str| {
        let text = page.run(&format!("document.querySelector('#throughput-0 .{class}').textContent"));
        text.as_str().unwrap().to_owned()
    };

    let at = place_of(&mut page, "throughput-0", 4.0);
    page.mouse("mouseMoved", at, 0);
    page.settle();
    let told = words(&mut page, "tip");
    assert!(told.contains("4 workers") && told.contains(&exact(2)), "{told} instead of {}", exact(2));

    assert_eq!(shown_range(&mut page), (1.0, 8.0));
    let (from, to) = (place_of(&mut page, "throughput-0", 1.8), place_of(&mut page, "throughput-0", 5.0));
    page.mouse("mouseMoved", from, 0);
    page.mouse("mousePressed", from, 1);
    page.mouse("mouseMoved", to, 1);
    page.mouse("mouseReleased", to, 1);
    page.settle();
    let (low, high) = shown_range(&mut page);
    assert!((1.5..2.0).contains(&low) && (4.5..5.5).contains(&high), "{low} to {high}");
    for clicks in [1, 2] {
        page.mouse("mousePressed", to, clicks);
        page.mouse("mouseReleased", to, clicks);
    }
    page.settle();
    assert_eq!(shown_range(&mut page), (1.0, 8.0));

    page.run("document.querySelector('#throughput-0 .plot').focus()");
    for (keys, level, workers) in [
        (&["Home", "ArrowRight"][..], 1, "2 workers"),
        (&["End"], 3, "8 workers"),
        (&["ArrowLeft"], 2, "4 workers"),
    ] {
        keys.iter().for_each(|key| page.key(key));
        page.settle();
        let told = words(&mut page, "exact");
        let wanted = format!("{workers}: {}", exact(level));
        assert!(told.starts_with(&wanted), "{told} instead of {wanted}");
    }
    page.key("+");
    page.settle();
    let (low, high) = shown_range(&mut page);
    assert!(low > 1.5 && high <= 8.0 + 1e-9, "{low} to {high}");
    page.key("Escape");
    page.settle();
    assert_eq!(shown_range(&mut page), (1.0, 8.0));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_page_can_be_walked_through_and_changed_by_keyboard() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    base_0(&place, "results", "1");
    report(&place, &["results/base-0.json"]);
    let mut page = browser.open(&place.path("report.html"), Look::WIDE);
    page.key("Tab");
    assert_eq!(page.run("document.activeElement.className"), "skip");
    let colours = "[getComputedStyle(document.body).backgroundColor, document.getElementById('throughput-0').plot.series[1].stroke()].join()";
    let before = page.run(colours);
    page.run("document.getElementById('theme').click()");
    page.settle();
    let after = page.run(colours);
    assert!(before != after, "{before} stays");
    assert_eq!(
        page.run("document.documentElement.dataset.charts"),
        page.run("String(document.querySelectorAll('figure').length)")
    );
    page.run("document.getElementById('places').click()");
    let place = page.run("getComputedStyle(document.querySelector('td[data-at]'), '::after').content");
    assert!(place.as_str().unwrap().contains("/configurations/0/"), "{place}");
    // Whatever takes the focus has a name.
    let nameless = "[...document.querySelectorAll('button, [tabindex=\"0\"], summary, a')].filter(it => !(it.ariaLabel || it.textContent.trim())).length";
    assert_eq!(page.run(nameless), 0);
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// The page with a part of it replaced, beside the untouched one.
fn altered(place: &Place, text: &str, part: &str, other: &str) -> std::path::PathBuf {
    assert!(text.contains(part), "{part} is not there");
    place.write("altered.html", &text.replacen(part, other, 1));
    place.path("altered.html")
}

#[test]
fn whatever_is_wrong_with_a_page_is_noticed() {
    let Some(mut browser) = Browser::start() else { return };
    let place = Place::new();
    let shown = base_0(&place, "results", "3");
    let text = report(&place, &["results/base-0.json"]);
    let policy = text.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();

    // One value of each chart, as the script gets it, and the whole script.
    let data = text.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let charts: Vec<Value> = serde_json::from_str(data).unwrap();
    assert_eq!(charts.len(), 6);
    for number in 0..charts.len() {
        let mut wrong = charts.clone();
        let value = &mut wrong[number]["series"][0]["y"][1];
        *value = (value.as_f64().unwrap() * 1.001 + 1.0).into();
        let path = altered(&place, &text, data, &serde_json::to_string(&wrong).unwrap());
        let found = disagreements(&seen(&mut browser.open(&path, Look::WIDE)), &shown);
        let id = charts[number]["id"].as_str().unwrap();
        assert!(
            !found.is_empty() && found.iter().all(|words| words.starts_with(id.trim_end_matches("-0-0"))),
            "{found:?}"
        );
    }

    // What the page says on its console, once it may.
    let path = altered(&place, &text, policy, "<script>console.warn('odd')</script>");
    let complaints = browser.open(&path, Look::WIDE).complaints();
    assert!(complaints.len() == 1 && complaints[0].contains("odd"), "{complaints:?}");
    let path = altered(&place, &text, "\"use strict\";", "\"use strict\"; setTimeout(() => nothing.there);");
    assert!(!browser.open(&path, Look::WIDE).complaints().is_empty());

    // A request, once it may be made; as the page stands, the browser refuses it.
    let picture = "<img src=\"http://127.0.0.1:9/x.png\" alt=\"\">";
    let path = altered(&place, &text.replacen(policy, "", 1), "<main id=\"main\" tabindex=\"-1\">", picture);
    let mut page = browser.open(&path, Look::WIDE);
    assert!(page.requests().contains(&"http://127.0.0.1:9/x.png".to_owned()), "{:?}", page.requests());
    page.settle();
    let path = altered(&place, &text, "<main id=\"main\" tabindex=\"-1\">", picture);
    let complaints = browser.open(&path, Look::WIDE).complaints();
    assert!(complaints.iter().any(|words| words.contains("Content Security Policy")), "{complaints:?}");
}

#[test]
fn axe_finds_no_fault_with_a_page() {
    let (Some(axe), Some(mut browser)) = (devtools::axe(), Browser::start()) else { return };
    let place = Place::new();
    base_0(&place, "before", "4");
    base_0(&place, "after", "4");
    let several: &[&str] = &["after/base-0.json", "before/base-0.json"];
    let compared: &[&str] = &["after/base-0.json", "--compare", "before/base-0.json", "--anyway"];
    let looks = [
        (several, Look::WIDE),
        (compared, Look::WIDE),
        (compared, Look::DARK),
        (several, Look::DARK),
        (compared, Look::NARROW),
    ];
    for (arguments, look) in looks {
        report(&place, arguments);
        let mut page = browser.open(&place.path("report.html"), look);
        page.run(&format!("{axe}; 1"));
        let faults = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.help + '; ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 200) + ' ' + node.failureSummary).join(' | ')))";
        assert_eq!(page.run(faults), serde_json::json!([]), "{look:?}");
        // It does find faults.
        page.run("document.querySelector('button').textContent = ''; 1");
        assert!(page.run(faults).to_string().contains("button-name"));
    }
}
