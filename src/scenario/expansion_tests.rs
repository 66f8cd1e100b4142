//! Whole files through [`Expansion`]: which cases there are, in which order, and what each consists of.

use super::*;
use crate::diagnostic::render;
use crate::scenario::BASE_VARIANT;

const FILE: &str = "total_writes = 1000\nconcurrency = [1, 8]\n[database]\npath = 'x'\n[vars]\nsize = 1\n\
    [tables.users]\nshare = 1\n[tables.users.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n";

fn read(more: &str, overrides: &Overrides) -> Expansion {
    let text = format!("{FILE}{more}");
    Expansion::read(Path::new("x.toml"), text, overrides).unwrap_or_else(|_| panic!("it is no TOML"))
}

fn load(expansion: &Expansion, case: usize) -> Loaded {
    expansion.load(case).unwrap_or_else(|faults| panic!("{}", render(&faults, &expansion.sources, false)))
}

fn words(faults: &[Diagnostic]) -> Vec<&str> {
    faults.iter().map(|fault| fault.message.as_str()).collect()
}

const MANY: &str = "[variants.wal]\ndatabase.pragmas.journal_mode = 'wal'\n\
    [matrix]\nvars.size = [1, 2]\nlimits.memory = ['64MiB', '1GiB', '2GiB']\n";

#[test]
fn the_first_key_of_the_matrix_changes_least_often_and_variants_less() {
    let expansion = read(MANY, &Overrides::default());
    assert_eq!(words(&expansion.faults), Vec::<&str>::new());
    let cases: Vec<String> = (0..expansion.len()).map(|case| expansion.words(case)).collect();
    assert_eq!(cases.len(), 12);
    assert_eq!(cases[0], "variant `base`, vars.size = 1, limits.memory = \"64MiB\"");
    assert_eq!(cases[1], "variant `base`, vars.size = 1, limits.memory = \"1GiB\"");
    assert_eq!(cases[3], "variant `base`, vars.size = 2, limits.memory = \"64MiB\"");
    assert_eq!(cases[6], "variant `wal`, vars.size = 1, limits.memory = \"64MiB\"");
}

#[test]
fn a_case_is_the_file_with_its_own_values_and_nothing_of_the_others() {
    let expansion = read(MANY, &Overrides::default());
    let case = load(&expansion, 10);
    assert_eq!(case.variant, "wal");
    assert_eq!(
        serde_json::json!(case.parameters),
        serde_json::json!({ "vars.size": 2, "limits.memory": "1GiB" })
    );
    assert_eq!(case.effective["vars"]["size"], 2);
    assert_eq!(case.effective["database"]["pragmas"]["journal_mode"], "wal");
    assert_eq!(case.scenario.limits.memory.map(crate::units::Size::as_bytes), Some(1 << 30));
    assert!(case.effective.get("variants").is_none() && case.effective.get("matrix").is_none());
    let base = load(&expansion, 0);
    assert!(base.effective["database"].get("pragmas").is_none());
    let span = case.spans.value(&["database", "pragmas", "journal_mode"]).unwrap();
    assert!(
        expansion.is_varied(span) && !expansion.is_varied(case.spans.value(&["database", "path"]).unwrap())
    );
}

#[test]
fn cases_that_differ_in_limits_alone_are_alike() {
    assert_eq!(read(MANY, &Overrides::default()).alike(), [0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9]);
}

#[test]
fn a_plain_file_is_one_case() {
    let expansion = read("", &Overrides::default());
    let case = load(&expansion, 0);
    assert_eq!((expansion.len(), case.variant.as_str(), case.parameters.len()), (1, BASE_VARIANT, 0));
    assert!(!expansion.is_varied_at_all() && expansion.warnings().is_empty());
}

#[test]
fn chosen_variants_run_in_the_order_of_the_file() {
    let more = "[variants.b]\nseed = 2\n[variants.a]\nseed = 1\n";
    let chosen = |names: &[&str]| {
        let variants = names.iter().map(|name| (*name).to_owned()).collect();
        let expansion = read(more, &Overrides { variants, ..Overrides::default() });
        assert_eq!(words(&expansion.faults), Vec::<&str>::new());
        let cases = (0..expansion.len()).map(|case| load(&expansion, case));
        cases.map(|case| (case.variant.clone(), case.overrides.len())).collect::<Vec<_>>()
    };
    let all = ["base", "b", "a"].map(|name| (name.to_owned(), 0));
    assert_eq!(chosen(&[]), all);
    assert_eq!(chosen(&["a", "b"]), [("b".to_owned(), 2), ("a".to_owned(), 2)]);
    assert_eq!(chosen(&["base"]), [("base".to_owned(), 1)]);
}

#[test]
fn flags_hold_in_every_case() {
    let more = "[variants.more]\ntotal = 5000\n[variants.own]\nworkloads.a.total = 7\n";
    let overrides = Overrides { total: Some(20), concurrency: Some(vec![2]), ..Overrides::default() };
    let expansion = read(more, &overrides);
    for case in 0..3 {
        let loaded = load(&expansion, case);
        assert_eq!(loaded.effective["total_writes"], 20);
        assert_eq!(loaded.effective["concurrency"], serde_json::json!([2]));
        assert!(loaded.overrides.contains(&("total_writes".to_owned(), "20".to_owned())));
    }
    assert_eq!(load(&expansion, 2).effective["workloads"]["a"]["total"], 20);
    assert_eq!(expansion.sources.len(), 4, "each flag has one source, however many cases there are");
}

#[test]
fn what_is_varied_goes_before_quick_but_totals_are_divided() {
    let more = "[variants.more]\ntotal_writes = 5000\nvars.size = 9\n[quick]\nvars.size = 4\n";
    let expansion = read(more, &Overrides { quick: true, ..Overrides::default() });
    let (base, more) = (load(&expansion, 0), load(&expansion, 1));
    assert_eq!((&base.effective["vars"]["size"], &base.effective["total_writes"]), (&4.into(), &10.into()));
    assert_eq!((&more.effective["vars"]["size"], &more.effective["total_writes"]), (&9.into(), &50.into()));
}

#[test]
fn quick_replaces_lists_of_the_matrix_unless_the_command_line_does() {
    let more = "[matrix]\nvars.size = [1, 2, 3]\nseed = [4, 5]\n[quick]\nmatrix.vars.size = [7]\n";
    let cases = |quick, set: &[&str]| {
        let set = set.iter().map(|line| (*line).to_owned()).collect();
        let expansion = read(more, &Overrides { quick, set, ..Overrides::default() });
        assert_eq!(words(&expansion.faults), Vec::<&str>::new());
        (0..expansion.len()).map(|case| expansion.words(case)).collect::<Vec<_>>()
    };
    assert_eq!(cases(false, &[]).len(), 6);
    assert_eq!(cases(true, &[]), ["vars.size = 7, seed = 4", "vars.size = 7, seed = 5"]);
    assert_eq!(cases(true, &["matrix.vars.size=[8]"])[0], "vars.size = 8, seed = 4");
    let wrong = read(&more.replace("[7]", "[]"), &Overrides::default());
    assert_eq!(words(&wrong.faults), ["the matrix has no values for `vars.size`"]);
}

#[test]
fn what_the_matrix_varies_cannot_be_replaced_by_the_command_line() {
    let more = "[matrix]\ntotal = [10, 20]\nvars.size = [1, 2]\n";
    let set = vec!["vars.size=3".to_owned()];
    let expansion = read(more, &Overrides { set, total: Some(10), ..Overrides::default() });
    assert_eq!(words(&expansion.faults), ["`vars.size` is what the matrix varies, so it cannot be replaced"]);
    let faults = expansion.load(2).unwrap_err();
    assert_eq!(words(&faults), ["`total` is what the matrix varies, so it cannot be replaced"]);
    assert_eq!(expansion.sources[faults[0].span.unwrap().source].name, "--total");
}

#[test]
fn more_cases_than_anyone_waits_for_are_refused_before_they_are_made() {
    let list: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let list = list.join(", ");
    let expansion =
        read(&format!("[matrix]\nseed = [{list}]\nvars.size = [{list}]\n"), &Overrides::default());
    assert_eq!(words(&expansion.faults), ["there are 40,000 cases, and at most 10,000 can run"]);
    assert_eq!(expansion.len(), 1);
}
