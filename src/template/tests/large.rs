//! Tests of sizes, and of values that are stretches of the pool.

use super::*;
use crate::value::{LONGEST_MADE, Stretch};

fn stretch(template: &Template, row: u64) -> Stretch {
    match super::row(template, row) {
        Value::Pooled(stretch) => stretch,
        other => panic!("{} bytes of the pool were expected", Value::as_ref(&other)),
    }
}

#[test]
fn a_size_is_a_number_of_bytes_and_arithmetic_with_it_is_done_once() {
    let counts = "{{ (size('1MB') + size('320KiB') - 1) // size('320KiB') }}";
    assert!(matches!(compile(counts).body, Body::Constant(Value::Integer(4))));
    assert_eq!(row(&compile("{{ size(4096) }}"), 1), Value::Integer(4096));
    for (wrong, words) in [("{{ size('320KB ') }}", "not a unit"), ("{{ bytes('12') }}", "no unit")] {
        let found = faults(wrong);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains(words), "{found:?}");
    }
    assert!(faults("{{ bytes('1GiB') }}")[0].message.contains("between 0 and 1000000000"));
}

#[test]
fn the_last_chunk_is_shorter() {
    let template = compile("{{ bytes([100_000, 250_000 - n * 100_000]|min) }}");
    assert!(matches!(template.body, Body::Tree(_)), "a value of every chunk needs no interpreter");
    let length = |repetition| {
        let context = RowContext { row: 1, repetition, seed: 5, column_seed: 5, references: &Rows(1) };
        match template.render(&context, &mut Scratch::default()).unwrap() {
            ValueRef::Pooled(stretch) => stretch.len(),
            ValueRef::Blob(bytes) => bytes.len() as u64,
            other => panic!("{other}"),
        }
    };
    assert_eq!([length(0), length(1), length(2)], [100_000, 100_000, 50_000]);
}

#[test]
fn large_values_come_from_the_pool_and_differ_from_row_to_row() {
    let template = compile("{{ bytes('320KiB') }}");
    let places: BTreeSet<String> = (1..=100).map(|n| format!("{:?}", stretch(&template, n))).collect();
    assert_eq!(places.len(), 100);
    assert_eq!(stretch(&template, 7), stretch(&template, 7));
    assert_eq!(stretch(&template, 1).len(), 320 << 10);
    let largest = compile(&format!("{{{{ bytes({LONGEST_MADE}) }}}}"));
    assert!(matches!(row(&largest, 1), Value::Blob(bytes) if bytes.len() == LONGEST_MADE));
    assert_eq!(stretch(&compile("{{ bytes('900MB') }}"), 1).len(), 900_000_000);
}

#[test]
fn a_large_value_goes_through_minijinja_as_it_is() {
    let jinja = compile("{{ bytes('1MiB') if row > 1 else none }}");
    assert!(matches!(jinja.body, Body::Jinja(_)));
    assert_eq!(stretch(&jinja, 2), stretch(&compile("{{ bytes('1MiB') }}"), 2));
    assert_eq!(row(&jinja, 1), Value::Null);
}

#[test]
fn the_least_and_the_greatest_of_integers_are_those_of_minijinja() {
    for source in ["{{ [row, 3, n + 2]|min }}", "{{ [row, 3, -row]|max }}", "{{ [4, 2]|min }}"] {
        let ours = compile(source);
        assert!(!matches!(ours.body, Body::Jinja(_)), "{source}");
        let theirs = with_context(|context| Template::compile_for_jinja(source, context)).unwrap();
        for number in 1..6 {
            assert_eq!(row(&ours, number), row(&theirs, number), "{source}");
        }
    }
}
