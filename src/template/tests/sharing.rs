//! Values that rows share, and values whose spread is given.

use std::collections::BTreeMap;

use super::*;

fn texts(source: &str, rows: u64) -> Vec<String> {
    let template = compile(source);
    let column_seed = mix(42, &[1, 2]);
    let value = |row| {
        let seed = mix(column_seed, &[row]);
        let context = RowContext { row, repetition: 0, seed, column_seed, references: &Rows(10) };
        template.render(&context, &mut Scratch::default()).map(ValueRef::to_owned)
    };
    let text = |row| match value(row).unwrap() {
        Value::Text(text) => text,
        Value::Real(v) => v.to_string(),
        other => other.as_ref().to_string(),
    };
    (1..=rows).map(text).collect()
}

fn distinct(values: &[String]) -> usize {
    values.iter().collect::<BTreeSet<_>>().len()
}

fn counts(values: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    values.iter().for_each(|value| *counts.entry(value.as_str()).or_default() += 1);
    counts
}

#[test]
fn among_gives_exactly_so_many_values_each_equally_often() {
    let values = texts("{{ among(50, unique(name())) }}", 1000);
    assert_eq!(distinct(&values[..50]), 50, "the first rows have all of them");
    assert!(counts(&values).values().all(|count| *count == 20));
    assert_ne!(values[..50], values[50..100], "each block has an order of its own");
    assert_eq!(distinct(&texts("{{ among(50, unique(int(1, 50))) }}", 230)), 50);
}

#[test]
fn two_calls_in_one_template_share_nothing() {
    let pairs = texts("{{ among(40, unique(int(1, 40))) }} {{ among(40, unique(int(1, 40))) }}", 40);
    let alike = pairs.iter().filter(|pair| pair.split_once(' ').is_some_and(|(a, b)| a == b)).count();
    assert!(alike < 10, "{alike} pairs are twice the same");
}

#[test]
fn runs_grow_with_the_table_and_stay_together() {
    let values = texts("{{ runs(2.5, unique(word())) }}", 1000);
    assert_eq!(distinct(&values), 400);
    let changes = values.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 399, "no value comes back");
    assert_eq!(distinct(&texts("{{ runs(1, row) }}", 100)), 100);
}

#[test]
fn cycles_come_round() {
    assert_eq!(texts("{{ cycle(3, row) }}", 7), ["1", "2", "3", "1", "2", "3", "1"]);
    assert_eq!(distinct(&texts("{{ cycle(7, unique(email())) }}", 100)), 7);
}

#[test]
fn runs_and_a_cycle_are_distinct_together() {
    let pairs = texts("{{ runs(3.7, row) }}/{{ cycle(4, row) }}", 5000);
    assert_eq!(distinct(&pairs), 5000);
}

#[test]
fn repetitions_of_a_step_take_different_values() {
    let template = compile("{{ among(5, row) }} {{ cycle(5, row) }}");
    let value = |repetition| {
        let context = RowContext { row: 3, repetition, seed: 9, column_seed: 8, references: &NoReferences };
        template.render(&context, &mut Scratch::default()).unwrap().to_string()
    };
    assert_eq!((0..5).map(value).collect::<BTreeSet<_>>().len(), 5);
}

#[test]
fn what_is_known_of_shared_values() {
    for (source, known) in [
        ("{{ among(5, name()) }}", Distinct::AtMost(5)),
        ("{{ among(5, int(1, 3)) }}", Distinct::AtMost(3)),
        ("{{ cycle(5, row) }}", Distinct::AtMost(5)),
        ("{{ runs(2, row) }}", Distinct::Unknown),
        ("{{ runs(1, row) }}", Distinct::Unique),
    ] {
        let template = compile(source);
        assert_eq!(template.facts().distinct(), known, "{source}");
        assert!(template.facts().uses_row(), "{source}");
    }
    assert_eq!(compile("{{ cycle(5, row) }}").facts().sharing(), Some(Sharing::Cycle(5)));
    assert_eq!(compile("{{ cycle(5, word()) }}").facts().sharing(), None);
    assert_eq!(compile("{{ runs(4, unique(int(1, 10))) }}").facts().capacity(), Some(40));
    assert_eq!(compile("{{ among(4, unique(int(1, 10))) }}").facts().capacity(), None);
}

#[test]
fn texts_and_bytes_have_the_lengths_that_are_asked_for() {
    for locale in LOCALE_NAMES {
        let source = format!("{{{{ text(0, 30, 12.5, locale='{locale}') }}}}");
        let values = texts(&source, 4000);
        let lengths: Vec<usize> = values.iter().map(|text| text.chars().count()).collect();
        let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
        assert!((mean - 12.5).abs() < 0.03 * 12.5, "{locale}: {mean}");
        assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&0), Some(&30)), "{locale}");
        assert!(values.iter().all(|text| text.trim() == text), "{locale}");
    }
    assert!(texts("{{ text(7) }}", 50).iter().all(|text| text.chars().count() == 7));
    let template = compile("{{ bytes(1, 500, mean=40) }}");
    let lengths = (1..=20_000).map(|number| match row(&template, number) {
        Value::Blob(bytes) => bytes.len(),
        other => panic!("{other:?}"),
    });
    let mean = lengths.sum::<usize>() as f64 / 20_000.0;
    assert!((mean - 40.0).abs() < 1.2, "{mean}");
}

#[test]
fn numbers_have_the_quantiles_that_are_asked_for() {
    let template = compile("{{ quantiles([-5, 0, 0, 10, 1000]) }}");
    let values: Vec<i64> = (1..=20_000)
        .map(|number| match row(&template, number) {
            Value::Integer(v) => v,
            other => panic!("{other:?}"),
        })
        .collect();
    let below = |limit: i64| values.iter().filter(|v| **v < limit).count() as f64 / 20_000.0;
    for (limit, share) in [(-5, 0.0), (0, 0.25), (1, 0.525), (10, 0.75), (1001, 1.0)] {
        assert!((below(limit) - share).abs() < 0.02, "{limit}: {}", below(limit));
    }
    let reals = texts("{{ quantiles([0, 1.5, 20], 2) }}", 2000);
    assert!(reals.iter().all(|text| text.parse::<f64>().is_ok_and(|v| (0.0..=20.0).contains(&v))));
    assert!(reals.iter().all(|text| text.split_once('.').is_none_or(|(_, digits)| digits.len() <= 2)));
    assert!(matches!(row(&compile("{{ quantiles([1, 9], 0) }}"), 1), Value::Real(_)));
    assert!(matches!(row(&compile("{{ quantiles([3, 3]) }}"), 1), Value::Integer(3)));
}

#[test]
fn weighted_pairs_keep_their_type() {
    let template = compile("{{ weighted([[0, 6], [none, 2], ['x', 1], [2.5, 1]]) }}");
    let values: Vec<Value> = (1..=10_000).map(|number| row(&template, number)).collect();
    for (value, share) in [
        (Value::Integer(0), 0.6),
        (Value::Null, 0.2),
        (Value::Text("x".to_owned()), 0.1),
        (Value::Real(2.5), 0.1),
    ] {
        let found = values.iter().filter(|other| **other == value).count() as f64 / 10_000.0;
        assert!((found - share).abs() < 0.02, "{value:?}: {found}");
    }
    let named = texts("{{ weighted({'a': 3, 'b': 1}) }}", 1000);
    assert!((700..800).contains(&counts(&named)["a"]));
}

#[test]
fn rows_of_one_parent_come_together_and_a_share_lies_evenly_among_all() {
    let parents = texts("{{ ref('users.id', fan_out=2.5) }}", 25);
    assert_eq!(parents[..6], ["1", "1", "1", "2", "2", "3"]);
    assert_eq!(distinct(&parents), 10);
    let few = texts("{{ ref('users.id', share=0.3) }}", 500);
    assert_eq!(counts(&few).into_keys().collect::<Vec<_>>(), ["1", "4", "7"]);
}

#[test]
fn a_reference_in_maybe_is_null_while_there_is_no_row() {
    let none = |source: &str| {
        let template = compile(source);
        let context = RowContext { row: 1, repetition: 0, seed: 5, column_seed: 6, references: &Rows(0) };
        template.render(&context, &mut Scratch::default()).map(ValueRef::to_owned)
    };
    assert_eq!(none("{{ maybe(1, ref('users.id')) }}"), Ok(Value::Null));
    assert_eq!(none("{{ maybe(1, ref('users.id', 'latest')) or none }}"), Ok(Value::Null));
    assert!(none("{{ ref('users.id', fan_out=2) }}").is_err());
    let values = texts("{{ maybe(0.25, ref('users.name', fan_out=3)) }}", 2000);
    let share = values.iter().filter(|value| value.starts_with("user")).count();
    assert!((420..580).contains(&share), "{share}");
}

#[test]
fn identifiers_have_their_shape() {
    let ulids = texts("{{ ulid() }}", 100);
    assert!(ulids.is_sorted() && ulids.iter().all(|ulid| ulid.len() == 26 && ulid.starts_with("01")));
    assert!(texts("{{ digits(5) }}", 100).iter().all(|text| text.len() == 5 && text.parse::<u32>().is_ok()));
    assert_eq!(distinct(&texts("{{ unique(digits(2)) }}", 100)), 100);
    assert_eq!(texts("{{ digits(60) }}", 1)[0].len(), 60);
    assert!(texts("{{ geohash(5) }}", 100).iter().all(|text| text.len() == 5));
}

#[test]
fn parts_made_anew_are_exact_in_each_so_many_rows_and_number_their_own() {
    let values =
        texts("{{ weighted([[among(3, unique(int(1, 9))), 6], [row + 100, 3], [none, 1]], per=10) }}", 200);
    let small = values.iter().filter(|value| value.len() == 1).count();
    let large: Vec<&String> = values.iter().filter(|value| value.len() == 3).collect();
    assert_eq!((small, large.len()), (120, 60));
    assert_eq!(large.iter().collect::<BTreeSet<_>>().len(), 60, "rows of a part have numbers of their own");
    let in_order = texts("{{ weighted([[row, 2], [row + 100, 3]], per=5, in_order=true) }}", 10);
    assert_eq!(in_order, ["1", "2", "101", "102", "103", "3", "4", "104", "105", "106"]);
}

#[test]
fn rows_that_have_a_value_are_numbered_on_their_own() {
    let values = texts("{{ maybe(0.4, row, per=50) }}", 200);
    let there: Vec<&str> = values.iter().map(String::as_str).filter(|value| *value != "NULL").collect();
    let wanted: Vec<String> = (1..=80).map(|row| row.to_string()).collect();
    assert_eq!(there, wanted);
    let others = texts("{{ maybe(0.9, \"a\", per=20, otherwise=row) }}", 40);
    assert_eq!(others.iter().filter(|value| *value != "a").collect::<Vec<_>>(), ["1", "2", "3", "4"]);
}

#[test]
fn texts_meet_their_mean_in_each_so_many_rows() {
    for call in ["text(2, 60, 9.5, per=6)", "chars(0, 300, 9.5, per=6)"] {
        let values = texts(&format!("{{{{ {call} }}}}"), 60);
        let signs: usize = values.iter().map(|value| value.chars().count()).sum();
        assert_eq!(signs, 570, "{call}");
    }
}
