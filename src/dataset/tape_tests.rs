//! What is read from a tape.

use std::sync::Arc;

use super::super::{Column, Interleaving, Parts, Rows, Source};
use super::*;
use crate::template::Target;
use crate::value::EncodedValue;

/// Users, and posts that refer to them.
fn dataset(users: u64, posts: u64) -> Dataset {
    let column = |table, name, source| Column::new(1, table, name, source);
    let target = Target { table: 0, column: 0 };
    let author = Source::Reference {
        target,
        stream: 7,
        nullable: false,
        pick: crate::template::Pick::default(),
        present: None,
    };
    let tables = vec![
        Rows { name: "users".to_owned(), columns: vec![column("users", "id", Source::Row)] },
        Rows {
            name: "posts".to_owned(),
            columns: vec![column("posts", "id", Source::Row), column("posts", "user_id", author)],
        },
    ];
    Dataset::new(Parts {
        seed: 1,
        tables: Arc::new(tables),
        loaded: vec![0, 0],
        writers: vec![vec![(0, users)], vec![(1, posts)]],
        actions: Vec::new(),
        ranks: vec![0, 1],
        combinations: vec![vec![], vec![]],
        interleaving: Interleaving::Mixed,
        parts: 1,
        loaded_only: vec![false, false],
    })
    .expect("nothing has to be distinct")
}

fn tape(dataset: &Dataset, budget_bytes: u64) -> Tape {
    let options = TapeOptions {
        budget_bytes,
        folder: std::env::temp_dir(),
        stop: &AtomicBool::new(false),
        done: &AtomicU64::new(0),
    };
    Tape::generate(dataset, 0, &options).expect("the rows can be made")
}

/// Operation, row, parents, and the row's id.
type Read = (usize, u64, Vec<(usize, u64)>, i64);

fn contents(tape: &Tape) -> Vec<Read> {
    let read = |place| {
        let entry = tape.entry(place);
        let mut parents = Vec::new();
        let mut values = entry.parents(|table, row| parents.push((table, row)));
        let EncodedValue::Integer(id) = values.value() else { panic!("the id is an integer") };
        (entry.operation, entry.row, parents, id)
    };
    (0..tape.len()).map(read).collect()
}

#[test]
fn a_tape_in_a_mapped_file_reads_the_same_as_one_in_memory() {
    let dataset = dataset(3_000, 17_000);
    let (in_memory, mapped) = (tape(&dataset, u64::MAX), tape(&dataset, 0));
    assert!(!in_memory.is_mapped() && mapped.is_mapped());
    (0..mapped.len()).for_each(|place| mapped.passed(place));
    assert_eq!(contents(&in_memory), contents(&mapped));
}

#[test]
fn every_row_stands_once_after_its_parents_with_its_own_id() {
    let dataset = dataset(30, 170);
    let mut seen = [0, 0];
    for (operation, row, parents, id) in contents(&tape(&dataset, u64::MAX)) {
        assert_eq!((row, id), (seen[operation], row as i64 + 1));
        assert!(parents.iter().all(|&(table, parent)| table == 0 && parent < seen[0]));
        assert_eq!(parents.len(), operation);
        seen[operation] += 1;
    }
    assert_eq!(seen, [30, 170]);
}

#[test]
fn a_row_takes_little_more_than_its_values() {
    let dataset = dataset(10_000, 40_000);
    let tape = tape(&dataset, u64::MAX);
    assert!(tape.bytes() <= tape.len() * (8 + 24), "{} bytes", tape.bytes());
}

#[test]
fn a_stop_ends_the_making() {
    let options = TapeOptions {
        budget_bytes: 0,
        folder: std::env::temp_dir(),
        stop: &AtomicBool::new(true),
        done: &AtomicU64::new(0),
    };
    assert!(matches!(Tape::generate(&dataset(10, 10), 0, &options), Err(TapeError::Interrupted)));
}
