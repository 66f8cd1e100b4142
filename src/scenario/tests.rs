//! Whole files through [`load`]: the place and the words of each kind of fault.

use super::*;
use crate::diagnostic::{position, render};

const GOOD: &str = r#"#:schema ../schemas/scenario.schema.json
language = 1
total_writes = 100_000
concurrency = [1, 8]

[database]
path = "db/base-0.db"

[tables.users]
share = 10
[tables.users.columns]
id = { type = "INTEGER PRIMARY KEY" }
name = { type = "TEXT NOT NULL", value = '{{ name() }}' }
age = { type = "INTEGER", value = 30 }
"#;

fn try_load(text: &str, overrides: &Overrides) -> Result<Loaded, Rejected> {
    load(Path::new("x.toml"), text.to_owned(), overrides)
}

fn good(text: &str) -> Loaded {
    try_load(text, &Overrides::default())
        .unwrap_or_else(|rejected| panic!("{}", render(&rejected.diagnostics, &rejected.sources, false)))
}

/// `code FILE:LINE:COLUMN message | help` of every fault, in order.
fn faults(text: &str, overrides: &Overrides) -> Vec<String> {
    let Err(rejected) = try_load(text, overrides) else {
        panic!("nothing was found wrong");
    };
    let line = |fault: &Diagnostic| {
        let span = fault.span.expect("every fault of a shape has a place");
        let (line, column) = position(&rejected.sources, span);
        let name = &rejected.sources[span.source].name;
        let help = fault.help.as_deref().unwrap_or("-");
        format!("{} {name}:{line}:{column} {} | {help}", fault.code, fault.message)
    };
    rejected.diagnostics.iter().map(line).collect()
}

/// The one fault of the good text with one replacement.
fn fault(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let faults = faults(&GOOD.replacen(from, to, 1), &Overrides::default());
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults.into_iter().next().unwrap()
}

fn set(lines: &[&str]) -> Overrides {
    Overrides { set: lines.iter().map(|line| (*line).to_owned()).collect(), ..Overrides::default() }
}

#[test]
fn a_good_file_becomes_a_scenario_with_its_defaults() {
    let loaded = good(GOOD);
    let scenario = &loaded.scenario;
    assert_eq!((scenario.total_writes, scenario.seed, scenario.reset), (Some(100_000), 42, None));
    assert_eq!(scenario.database.busy_timeout.as_millis(), 5_000);
    assert_eq!(scenario.tables["users"].columns.keys().collect::<Vec<_>>(), ["id", "name", "age"]);
    assert_eq!(scenario.tables["users"].columns["age"].value, Some(30.into()));
    assert_eq!(loaded.effective["database"], serde_json::json!({ "path": "db/base-0.db" }));
    let span = loaded.spans.inside(&["tables", "users", "columns", "name", "value"], 3..7, &loaded.sources);
    assert_eq!(&GOOD[span.unwrap().start..span.unwrap().end], "name");
}

#[test]
fn an_unknown_key_names_the_nearest_and_all() {
    assert_eq!(
        fault("path = ", "busy_timout = \"1s\"\npath = "),
        "unknown-key x.toml:7:1 unknown key `busy_timout` in `[database]` | write `busy_timeout`; `[database]` takes \
         `path`, `engine`, `driver`, `url`, `schema`, `settings`, `reconnect_timeout`, `busy_timeout`, `pragmas`, `allow`, \
         `statement_cache`, `from`"
    );
    assert_eq!(
        fault("value = 30", "colour = 30"),
        "unknown-key x.toml:14:27 unknown key `colour` in `[tables.users.columns.age]` | `[tables.users.columns.age]` \
         takes `type`, `value`"
    );
    // The misspelt key is the missing one: said once.
    assert!(
        fault("total_writes", "total_write")
            .starts_with("unknown-key x.toml:3:1 unknown key `total_write` | write `total_writes`")
    );
    assert!(
        fault("language", "procedures")
            .starts_with("unknown-key x.toml:2:1 unknown key `procedures` | a scenario takes")
    );
}

#[test]
fn the_top_says_how_much_is_done_unless_workloads_do() {
    for other in ["total = 5", "duration = \"5s\"", "stages = [{ rate = \"5/s\" }]"] {
        good(&GOOD.replace("total_writes = 100_000", other));
    }
    let bare: String =
        GOOD.lines().filter(|l| !l.starts_with("total_writes")).map(|l| format!("{l}\n")).collect();
    assert!(faults(&bare, &Overrides::default())[0].contains("`total_writes` is missing"));
    let loaded = good(&format!("{bare}\n[workloads.a]\ntotal = 5\nrate = \"30/m\"\n"));
    let load = loaded.scenario.workloads["a"].load();
    assert_eq!((load.total, load.rate.map(|rate| rate.per_second())), (Some(5), Some(0.5)));
}

#[test]
fn a_key_at_the_wrong_place_is_sent_where_it_belongs() {
    assert_eq!(
        fault("path = ", "seed = 1\npath = "),
        "unknown-key x.toml:7:1 unknown key `seed` in `[database]` | `seed` stands at the top of the file, above the first `[table]`"
    );
    let moved = GOOD.replace("total_writes = 100_000\n", "").replace("path = ", "total_writes = 5\npath = ");
    assert_eq!(faults(&moved, &Overrides::default()).len(), 1);
    assert!(fault("language", "busy_timeout").ends_with("| `busy_timeout` stands in `[database]`"));
    assert!(
        fault("path = ", "journal_mode = 'wal'\npath = ")
            .ends_with("| PRAGMAs stand in `[database.pragmas]`")
    );
    assert!(
        fault("share = 10", "email = { type = 'TEXT' }")
            .ends_with("| columns stand in `[tables.users.columns]`")
    );
}

#[test]
fn a_wrong_type_says_what_was_found_what_is_wanted_and_what_to_write() {
    let cases = [
        (
            "100_000",
            "\"100,000\"",
            "3:16 `total_writes` is the text \"100,000\", but takes a whole number | write `total_writes = 100000`",
        ),
        ("100_000", "1.5", "3:16 `total_writes` is 1.5, but takes a whole number | write `total_writes = 2`"),
        (
            "[1, 8]",
            "8",
            "4:15 `concurrency` is 8, but takes a list of whole numbers | write `concurrency = [8]`",
        ),
        (
            "[1, 8]",
            "\"1, 8\"",
            "4:15 `concurrency` is the text \"1, 8\", but takes a list of whole numbers | write `concurrency = [1, 8]`",
        ),
        (
            "[1, 8]",
            "[1, '8']",
            "4:19 item 2 of `concurrency` is the text \"8\", but takes a whole number | write `8`",
        ),
        ("\"db/base-0.db\"", "5", "7:8 `database.path` is 5, but takes text | write `path = \"5\"`"),
        ("\"db/base-0.db\"", "['x']", "7:8 `database.path` is a list, but takes text | write `path = \"x\"`"),
        (
            "{ type = \"INTEGER PRIMARY KEY\" }",
            "\"INTEGER PRIMARY KEY\"",
            "12:6 `tables.users.columns.id` is the text \"INTEGER PRIMARY KEY\", but takes a table | write `id = { type = \"INTEGER PRIMARY KEY\" }`",
        ),
        (
            "value = 30",
            "value = []",
            "14:35 `tables.users.columns.age.value` is a list, but takes text, a number, or true or false | write for instance `value = \"{{ name() }}\"`",
        ),
        (
            "language = 1",
            "reset = 3",
            "2:9 `reset` is 3, but takes text | the choices are \"scenario\", \"level\", \"iteration\", \"write\"",
        ),
        (
            "language = 1",
            "vars = 3",
            "2:8 `vars` is 3, but takes a table | write for instance `[vars]` with `customers = 1000`",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(fault(from, to), format!("wrong-type x.toml:{expected}"));
    }
    assert_eq!(good(&GOOD.replace("100_000", "1e5")).scenario.total_writes, Some(100_000));
}

#[test]
fn a_missing_key_stands_at_the_header_of_its_table() {
    assert_eq!(
        fault("total_writes = 100_000\n", ""),
        "missing-key x.toml:1:1 `total_writes` is missing | add for instance `total_writes = 100000` \
         (Writes per level, shared by all its workers)"
    );
    let all = faults("", &Overrides::default());
    assert_eq!(all.len(), 4, "{all:#?}");
    assert!(
        all[2].contains("`database` is missing | add for instance `[database]` with `path = \"db/mine.db\"`"),
        "{}",
        all[2]
    );
    assert!(all[3].contains("`tables` is missing | add for instance `[tables.users]`"), "{}", all[3]);
    assert!(
        faults("tables = {}", &Overrides::default())
            .iter()
            .any(|f| f.starts_with("missing-key x.toml:1:10 `tables` has nothing in it"))
    );
}

#[test]
fn numbers_stay_within_their_limits() {
    let cases = [
        ("100_000", "0", "3:16 `total_writes` is 0, but must be from 1 to 1_000_000_000_000 | -"),
        ("[1, 8]", "[1, 1025]", "4:19 item 2 of `concurrency` is 1025, but must be from 1 to 1_024 | -"),
        ("[1, 8]", "[-1]", "4:16 item 1 of `concurrency` is -1, but must be from 1 to 1_024 | -"),
        (
            "[1, 8]",
            "[]",
            "4:15 `concurrency` needs at least 1 item | write for instance `concurrency = [1, 8, 64]`",
        ),
        ("language = 1", "language = 2", "2:12 `language` is 2, but must be 1 | -"),
        ("language = 1", "language = 5000000000", "2:12 `language` is 5000000000, but must be 1 | -"),
        ("share = 10", "share = -0.5", "10:9 `tables.users.share` is -0.5, but must be at least 0 | -"),
        ("share = 10", "share = nan", "10:9 `nan` is not a finite number | write a finite number"),
    ];
    for (from, to, expected) in cases {
        assert_eq!(fault(from, to), format!("out-of-range x.toml:{expected}"));
    }
    assert!(fault("100_000", "99999999999999999999").starts_with("out-of-range x.toml:3:16"));
    assert!(fault("100_000", "2026-01-01").starts_with("wrong-type x.toml:3:16 `2026-01-01` is a TOML date"));
    assert_eq!(
        good(&GOOD.replace("language = 1", "seed = 9223372036854775807")).scenario.seed,
        i64::MAX as u64
    );
}

#[test]
fn a_quantity_without_its_unit_is_told_the_units() {
    let quantity = |text: &str| fault("path = ", &format!("busy_timeout = {text}\npath = "));
    assert_eq!(
        quantity("\"5\""),
        "bad-quantity x.toml:7:16 `database.busy_timeout`: `5` has no unit; the units are ns, us, ms, s, m, h | \
         write \"5ms\" or \"5s\""
    );
    assert!(quantity("\"5 sec\"").ends_with("| write \"5s\""));
    assert!(quantity("\"5 MS\"").ends_with("| write \"5ms\""));
    assert!(quantity("\"soon\"").ends_with("| write for instance `busy_timeout = \"250ms\"`"));
    assert!(quantity("\"00000000000000005s\"").contains("has too many digits"));
    assert_eq!(
        quantity("5"),
        "wrong-type x.toml:7:16 `database.busy_timeout` is 5, but takes a time with its unit | write the unit: \"5ms\" or \"5s\""
    );
}

#[test]
fn a_choice_names_the_nearest_and_all() {
    assert_eq!(
        fault("language = 1", "reset = \"levels\""),
        "unknown-value x.toml:2:9 `reset` cannot be \"levels\" | write `reset = \"level\"`; the choices are \"scenario\", \
         \"level\", \"iteration\", \"write\""
    );
    assert!(
        fault("path = ", "allow = ['detach']\npath = ")
            .contains("item 1 of `database.allow` cannot be \"detach\"")
    );
    assert!(
        fault("language = 1", "name = \"a/b\"")
            .starts_with("bad-name x.toml:2:8 `name` cannot be the text \"a/b\"")
    );
}

#[test]
fn all_faults_of_a_file_are_found_at_once() {
    let text = GOOD.replace("100_000", "0").replace("path", "pth").replace("share = 10", "share = '10'");
    let faults = faults(&text, &set(&["sed=1", "reset"]));
    let codes: Vec<&str> = faults.iter().map(|fault| fault.split(' ').next().unwrap()).collect();
    assert_eq!(codes.len(), 5, "{faults:#?}");
    for code in ["bad-override", "unknown-key", "out-of-range", "wrong-type"] {
        assert!(codes.contains(&code), "{code} in {faults:#?}");
    }
}

#[test]
fn an_override_is_checked_like_the_file_and_shown_at_its_own_place() {
    let overrides = set(&["seed=7", "database.busy_timeout=60", "tables.users.shre=5", "concurrency=1,8"]);
    let faults = faults(GOOD, &overrides);
    assert!(
        faults.iter().any(|f| f.starts_with("wrong-type --set:2:23 `database.busy_timeout` is 60")),
        "{faults:#?}"
    );
    assert!(faults.iter().any(|f| f.starts_with("unknown-key --set:3:14 unknown key `shre`")), "{faults:#?}");
    assert!(faults.iter().any(|f| f.starts_with("wrong-type --set:4:13 `concurrency`")), "{faults:#?}");
    assert_eq!(faults.len(), 3);
    let overrides =
        Overrides { total: Some(u64::MAX), concurrency: Some(vec![1, 2000]), ..Overrides::default() };
    let faults = self::faults(GOOD, &overrides);
    assert!(
        faults.iter().any(|f| f.starts_with("out-of-range --total:1:1 `total_writes` is 1844")),
        "{faults:#?}"
    );
    assert!(faults.iter().any(|f| f.starts_with("out-of-range --concurrency:1:3 item 2")), "{faults:#?}");
    let loaded = try_load(GOOD, &set(&["database.busy_timeout=60s", "seed=7"])).unwrap();
    assert_eq!(loaded.scenario.database.busy_timeout.as_millis(), 60_000);
    assert_eq!(loaded.overrides[1], ("seed".to_owned(), "7".to_owned()));
    let span = loaded.spans.value(&["database", "busy_timeout"]).unwrap();
    assert_eq!(position(&loaded.sources, span), (1, 23));
    assert_eq!(span.source, 1);
}

#[test]
fn a_file_is_right_only_if_its_quick_part_is() {
    let text =
        format!("{GOOD}[quick]\ntotal = 500\ntables.users.share = 'x'\nreset = 'wrte'\nconcurency = [1]\n");
    for quick in [false, true] {
        let faults = faults(&text, &Overrides { quick, ..Overrides::default() });
        assert_eq!(faults.len(), 3, "{faults:#?}");
        assert!(
            faults.iter().any(|f| f.starts_with("wrong-type x.toml:17:22 `tables.users.share`")),
            "{faults:#?}"
        );
        assert!(faults.iter().any(|f| f.starts_with("unknown-value x.toml:18:9 `reset`")), "{faults:#?}");
        assert!(faults.iter().any(|f| f.starts_with("unknown-key x.toml:19:1")), "{faults:#?}");
    }
    let text = format!("{GOOD}[quick]\ntotal = 500\n");
    assert_eq!(good(&text).scenario.total_writes, Some(100_000));
    let loaded = try_load(&text, &Overrides { quick: true, ..Overrides::default() }).unwrap();
    assert_eq!(loaded.scenario.total_writes, Some(500));
    let applied = [("--quick".into(), "true".into()), ("total_writes".into(), "500".into())];
    assert_eq!(loaded.overrides, applied);
    assert_eq!(loaded.effective["total_writes"], 500);
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_move_the_places() {
    let text = format!("\u{feff}{}", GOOD.replace("100_000", "'é' ").replace('\n', "\r\n"));
    let faults = faults(&text, &Overrides::default());
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].starts_with("wrong-type x.toml:3:16 "), "{faults:#?}");
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "[", "]", "=", "\"", "'", "\n", "a", ".", "{", "}", "é", "\\", "#", "1", ",", "quick", "tables",
        "\u{0}",
    ];
    let mut state = 1u64;
    for _ in 0..2_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        let overrides = Overrides { quick: state & 1 << 40 != 0, ..set(&[&text]) };
        for text in [text.as_str(), GOOD] {
            if let Err(rejected) = try_load(text, &overrides) {
                render(&rejected.diagnostics, &rejected.sources, false);
            }
        }
    }
}
