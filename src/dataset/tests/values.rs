//! What operations bind.

use super::*;

fn integers(values: &[Value]) -> Vec<i64> {
    let integer = |value: &Value| match value {
        Value::Integer(v) => *v,
        other => panic!("{other:?} is not an integer"),
    };
    values.iter().map(integer).collect()
}

#[test]
fn steps_follow_the_shared_values_each_as_often_as_it_comes() {
    let mut parts = parts([0; 4], [0; 4]);
    parts.parts = 2;
    let fixed = ActionStep {
        repeat: StepRepeat::Fixed(2),
        values: vec![own("write", "a", "{{ row * 10 + n }}"), own("write", "b", "{{ 7 }}")],
    };
    let drawn = ActionStep {
        repeat: StepRepeat::Drawn(own("write", "repeat", "{{ row % 3 }}")),
        values: vec![own("write", "c", "{{ n - 100 }}")],
    };
    parts.actions.push(Action {
        name: "write".to_owned(),
        operation: 0,
        count: 3,
        key: None,
        values: vec![ActionValue::Own(own("write", "row", "{{ row }}"))],
        steps: vec![fixed, drawn],
    });
    let dataset = dataset(parts);
    let tape = tape(&dataset, 1, u64::MAX);
    let expected: [&[i64]; 3] =
        [&[4, 40, 7, 41, 7, 1, -100], &[5, 50, 7, 51, 7, 2, -100, -99], &[6, 60, 7, 61, 7, 0]];
    for (place, expected) in expected.into_iter().enumerate() {
        let whole = read(&tape, |_| 6);
        assert_eq!((whole[place].operation, whole[place].row), (0, place as u64 + 3));
        assert_eq!((whole[place].target, whole[place].parents.len()), (None, 0));
        let mut decoder = tape.entry(place as u64).parents(|_, _| ());
        let values: Vec<i64> = expected
            .iter()
            .map(|_| match decoder.value() {
                EncodedValue::Integer(v) => v,
                other => panic!("{other:?} is not an integer"),
            })
            .collect();
        assert_eq!(values, expected);
    }
}

#[test]
fn repetitions_draw_values_of_their_own() {
    let mut parts = parts([0; 4], [0; 4]);
    let values = vec![own("write", "a", "{{ int(1, 1000000000) }}")];
    parts.actions.push(Action {
        name: "write".to_owned(),
        operation: 0,
        count: 50,
        key: None,
        values: Vec::new(),
        steps: vec![ActionStep { repeat: StepRepeat::Fixed(4), values }],
    });
    let entries = read(&tape(&dataset(parts), 0, u64::MAX), |_| 4);
    let mut all: Vec<i64> = entries.iter().flat_map(|entry| integers(&entry.values)).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 200);
}

#[test]
fn a_repeat_that_is_no_count_is_told_with_its_operation() {
    let mut parts = parts([0; 4], [0; 4]);
    let repeat = StepRepeat::Drawn(own("write", "repeat", "{{ 1 - row }}"));
    parts.actions.push(Action {
        name: "write".to_owned(),
        operation: 0,
        count: 2,
        key: None,
        values: Vec::new(),
        steps: vec![ActionStep { repeat, values: Vec::new() }],
    });
    let made = Tape::generate(&dataset(parts), 0, &options(u64::MAX, &AtomicBool::new(false)));
    let words = made.expect_err("-1 is no count").to_string();
    assert_eq!(
        words,
        "number 2 of operation write cannot be made: `repeat` must give a whole number from 0 to 1000000, and it gives -1"
    );
}

#[test]
fn templates_of_operations_refer_to_rows_that_have_come() {
    let mut parts = parts([5, 0, 0, 0], [0, 50, 0, 0]);
    parts.actions.push(Action {
        name: "note".to_owned(),
        operation: 4,
        count: 200,
        key: None,
        values: vec![ActionValue::Own(own("note", "post", "{{ ref(\"posts.id\") }}"))],
        steps: Vec::new(),
    });
    let dataset = dataset(parts);
    let mut come = 0;
    for entry in read(&tape(&dataset, 0, u64::MAX), columns_or_key) {
        if entry.operation == POSTS {
            come += 1;
            continue;
        }
        let [(POSTS, row)] = entry.parents[..] else { panic!("{entry:?} refers to one post") };
        assert!(row < come);
        assert_eq!(integers(&entry.values), [row as i64 + 1]);
    }
}

/// Reads by email that miss at times, updates of emails, and upserts: 200 users among them.
fn emails() -> Dataset {
    let mut parts = parts([150, 0, 0, 0], [50, 0, 0, 0]);
    let key = Key { hit_ratio: 0.5, ..key(USERS, Distribution::Uniform) };
    let set = || vec![ActionValue::Key { column: 0 }, ActionValue::Fresh { column: 1 }];
    let get = Action { values: vec![ActionValue::Key { column: 1 }], ..about(4, 100, key) };
    let update = Action { values: set(), ..about(5, 100, Key { hit_ratio: 0.9, ..key }) };
    let upsert = Action { values: set(), ..about(6, 100, Key { hit_ratio: 1.0, ..key }) };
    parts.actions.extend([get, update, upsert]);
    parts.parts = 2;
    dataset(parts)
}

#[test]
fn misses_and_new_values_are_those_of_no_row_and_no_other_operation() {
    let dataset = emails();
    let mut workspace = Workspace::default();
    let mut seen = std::collections::HashSet::new();
    for row in 0..dataset.rows_in_all(USERS) {
        let values = dataset.values(USERS, row, &mut workspace).expect("it can be made");
        assert!(seen.insert(format!("{:?}", values[1])));
    }
    for part in 0..2 {
        for entry in read(&tape(&dataset, part, u64::MAX), |o| if o == 4 { 1 } else { 2 }) {
            let email = format!("{:?}", entry.values.last());
            match (entry.operation, entry.target) {
                (USERS, _) => {}
                (4, Some((_, row))) => {
                    let values = dataset.values(USERS, row, &mut workspace).expect("it can be made");
                    assert_eq!(entry.values[0], values[1]);
                }
                (5, None) => {
                    assert!(seen.insert(email));
                    let id = integers(&entry.values[..1])[0] as u64;
                    assert!((251..=dataset.row_numbers(USERS)).contains(&id), "{id}");
                }
                _ => assert!(seen.insert(email), "{entry:?}"),
            }
        }
    }
}

#[test]
fn shared_values_are_those_on_the_tape() {
    let dataset = emails();
    let mut workspace = Workspace::default();
    let entries = read(&tape(&dataset, 1, u64::MAX), |operation| if operation == 4 { 1 } else { 2 });
    for entry in entries.iter().filter(|entry| entry.operation >= 4) {
        let shared = dataset.shared_values(entry.operation, entry.row, &mut workspace);
        assert_eq!(shared.as_ref(), Ok(&entry.values));
    }
}

#[test]
fn a_combination_keeps_its_value_and_a_miss_of_it_refers_to_nothing() {
    let mut parts = parts([10, 10, 50, 0], [0; 4]);
    let key = Key { hit_ratio: 0.5, ..key(PAIRS, Distribution::Uniform) };
    let values = vec![ActionValue::Key { column: 0 }, ActionValue::Fresh { column: 1 }];
    parts.actions.push(Action { values, ..about(4, 40, key) });
    let dataset = dataset(parts);
    let mut found = 0;
    for entry in read(&tape(&dataset, 0, u64::MAX), |_| 2) {
        let Some((_, row)) = entry.target else {
            assert!(integers(&entry.values).iter().all(|&id| id > 10));
            continue;
        };
        assert_eq!(Ok(&entry.values), dataset.values(PAIRS, row, &mut Workspace::default()).as_ref());
        found += 1;
    }
    assert_eq!(found, 20);
}
