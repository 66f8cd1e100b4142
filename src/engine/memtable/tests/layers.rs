//! Reads and writes through the active and the immutable table.

use super::*;
use crate::engine::Inspector;
use crate::plan::Transaction;

#[test]
fn a_row_is_found_in_the_active_and_in_the_immutable_table() {
    let bench = Bench::new("threshold = 3");
    let mut hand = bench.session();
    hand.insert(1..=5);
    assert_eq!(bench.buffer.state.read().active.entries(), 2);
    for id in 1..=5 {
        assert_eq!((hand.get(id), hand.named(&format!("n{id}"))), (1, 1), "{id}");
    }
    assert_eq!((hand.get(6), hand.named("n6")), (0, 0));
    assert_eq!([0, 1, 2].map(|kind| hand.of_kind(kind)), [1, 2, 2]);
    assert_eq!(hand.between("n", "o"), 5);
    assert_eq!(hand.between("n2", "n4"), 2);
    assert_eq!(hand.between("n4", "n2"), 0);
    assert_eq!(hand.rows("scan", &[Value::Integer(2)]), 3, "the limit");
    assert_eq!(hand.rows("scan", &[Value::Integer(4)]), 2);
    assert_eq!(hand.first_from("n3a"), "'n4'");
    assert_eq!(hand.first_from("n3"), "'n3'");
}

#[test]
fn what_stands_above_hides_what_is_below() {
    let bench = Bench::new("threshold = 4");
    let mut hand = bench.session();
    hand.insert(1..=4);
    assert_eq!(hand.update(1, "x1"), 1);
    assert_eq!(hand.delete(2), 1);
    assert_eq!((hand.get(1), hand.named("n1"), hand.named("x1")), (1, 0, 1));
    assert_eq!((hand.get(2), hand.named("n2"), hand.of_kind(2)), (0, 0, 0));
    assert_eq!((hand.of_kind(1), hand.of_kind(9)), (1, 1));
    assert_eq!((hand.between("n1", "n2"), hand.between("n2", "n3")), (0, 0));
    assert_eq!(hand.rows("scan", &[Value::Integer(1)]), 3);
    assert_eq!((hand.update(2, "y"), hand.delete(2)), (0, 0), "it is gone");
    assert_eq!(hand.changes("rename", &[Value::Integer(8), text("n1")]), 0, "no row is called so any more");
    assert_eq!(hand.changes("rename", &[Value::Integer(8), text("n3")]), 1);
    assert_eq!(hand.of_kind(8), 1);
    assert_eq!(hand.changes("drop", &[text("x1")]), 1);
    assert_eq!((hand.get(1), hand.get(3), hand.get(4)), (0, 1, 1));
}

#[test]
fn a_row_that_is_written_again_has_its_new_values_alone() {
    let bench = Bench::new("threshold = 100");
    let mut hand = bench.session();
    hand.insert(1..=3);
    assert_eq!(hand.changes("items", &[Value::Integer(2), text("two"), Value::Integer(7)]), 1);
    assert_eq!((hand.named("n2"), hand.named("two"), hand.of_kind(2), hand.of_kind(7)), (0, 1, 0, 1));
    assert_eq!(hand.delete(2), 1);
    assert_eq!(hand.changes("put", &row(2)), 1);
    assert_eq!((hand.get(2), hand.named("n2"), hand.named("two")), (1, 1, 0));
    assert_eq!(bench.buffer.state.read().active.entries(), 3);
}

#[test]
fn the_columns_that_are_read_are_those_that_were_asked_for() {
    let bench = Bench::new("threshold = 100");
    let hand = bench.session();
    let reads = |name: &str| bench.plan.operations[hand.index(name)].reads.clone();
    assert_eq!((reads("first"), reads("get")), (vec![1], vec![0, 1, 2]));
    let action = &bench.program.actions[hand.index("some")];
    assert_eq!((action.limit, action.reads_all), (2, true));
}

#[test]
fn a_batch_stands_or_falls_as_a_whole() {
    let bench = Bench::new("threshold = 100");
    let mut hand = bench.session();
    hand.insert(1..=3);
    let batch = |hand: &mut Hand| {
        assert!(matches!(hand.session.begin(Transaction::Immediate), Outcome::Done { .. }));
        hand.insert([4]);
        assert_eq!((hand.update(1, "x"), hand.delete(2), hand.delete(4)), (1, 1, 1));
        let rows = [encoded(&row(5)), encoded(&row(6))];
        let inserted =
            hand.session.insert_rows(hand.index("items"), &rows.each_ref().map(|r| Decoder::new(r)));
        assert!(matches!(inserted, Outcome::Done { changes: 2 }));
        assert_eq!((hand.get(4), hand.get(5), hand.named("x")), (0, 1, 1), "it sees what it wrote");
    };
    batch(&mut hand);
    hand.session.roll_back();
    assert_eq!(bench.buffer.state.read().active.entries(), 3);
    assert_eq!([1, 2, 3, 4, 5, 6].map(|id| hand.get(id)), [1, 1, 1, 0, 0, 0]);
    assert_eq!((hand.named("n1"), hand.named("x"), hand.of_kind(2), hand.of_kind(9)), (1, 0, 1, 0));
    assert_eq!(hand.between("n", "o"), 3);
    batch(&mut hand);
    assert!(matches!(hand.session.commit(), Outcome::Done { .. }));
    assert_eq!([1, 2, 3, 4, 5, 6].map(|id| hand.get(id)), [1, 0, 1, 0, 1, 1]);
}

#[test]
fn a_large_value_is_held_byte_by_byte() {
    use crate::value::Stretch;
    let bench = Bench::new("threshold = 100");
    let mut hand = bench.session();
    let large = Value::Pooled(Stretch::new(3, 100_000));
    assert_eq!(hand.changes("items", &[Value::Integer(1), large.clone(), Value::Integer(1)]), 1);
    let held =
        |bench: &Bench| bench.buffer.state.read().active.tables[0].slots[0].row.as_ref().unwrap().len();
    assert!(held(&bench) > 100_000);
    hand.update(1, "short");
    assert!(held(&bench) < 100);
    assert_eq!(hand.changes("update", &[large.clone(), Value::Integer(9), Value::Integer(1)]), 1);
    assert!(held(&bench) > 100_000);
    let let_go = Arc::new(Mutex::new(LetGo::new(&bench.program.shapes)));
    let mut inspector =
        MemoryInspector { buffer: Arc::clone(&bench.buffer), let_go, tables: &bench.plan.tables };
    let made = [Value::Integer(1), large, Value::Integer(9)];
    assert_eq!(inspector.look_up(0, &made, &[]).unwrap(), crate::engine::Lookup::Same);
}
