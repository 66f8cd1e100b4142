//! Tests of groups: distinct, earlier, and together, over many sizes.

use std::collections::HashSet;

use super::super::combination::FanOut;
use super::super::order::{Interleaving, Shape, TooFew};
use super::*;

fn side(table: usize, share: Option<f64>) -> Side {
    Side { table, share }
}

fn grouped(fan_out: f64, kept_apart: Option<u64>, sides: Vec<Side>) -> Combination {
    Combination { sides, fan_out: Some(FanOut(fan_out)), kept_apart }
}

/// Two parents and, as the third table, their child.
fn order(
    loaded: [u64; 3],
    counts: [u64; 3],
    combination: &Combination,
    interleaving: Interleaving,
    parts: u64,
) -> Result<Order, TooFew> {
    Order::new(Shape {
        loaded: &loaded,
        loaded_only: &[false; 3],
        counts: &counts,
        ranks: &[0, 0, 1],
        combinations: &[vec![], vec![], vec![combination.clone()]],
        actions: &[],
        interleaving,
        parts,
    })
}

/// Walks the order, and looks at each row's cell when it comes. Returns how many rows of the first parent are referred to.
fn check(loaded: [u64; 3], counts: [u64; 3], combination: &Combination, parts: u64) -> usize {
    let what = format!("{loaded:?} {counts:?} {combination:?} {parts}");
    let order = order(loaded, counts, combination, Interleaving::Mixed, parts)
        .unwrap_or_else(|few| panic!("{what}: {few:?}"));
    let (mut seen, mut drawn, mut parents) = ([0u64; 3], HashSet::new(), Vec::new());
    for (table, row) in order.walk(0) {
        if table == 2 {
            let mut cell = order.combination(2, 0, row, 99);
            for (side, &parent) in combination.sides.iter().zip(&cell) {
                let mut reached = (0..reach(side.share, seen[side.table])).map(|p| spread(side.share, p));
                assert!(reached.any(|row| row == parent), "{what}: row {row} takes {cell:?} of {seen:?}");
            }
            parents.push(cell[0]);
            if let Some(most) = combination.kept_apart {
                cell.push(row % most);
            }
            assert!(drawn.insert(cell), "{what}: row {row} repeats a combination");
        }
        seen[table] += 1;
    }
    assert_eq!(seen, [0, 1, 2].map(|t| loaded[t] + counts[t] * parts), "{what}");
    assert!(parents.is_sorted(), "{what}: rows of one parent come together");
    parents.dedup();
    parents.len()
}

#[test]
fn rows_under_one_parent_are_distinct_whatever_the_sizes() {
    for counts in [[10, 7, 20], [100, 40, 300], [400, 3, 1000], [1, 50, 40], [300, 300, 299]] {
        for parts in [1, 3] {
            let [users, posts, rows] = counts;
            let least = rows as f64 / users as f64;
            for more in [1.0, 1.1, 1.9] {
                let fan_out = (least * more).clamp(1.0, posts as f64);
                let pairs = grouped(fan_out, None, vec![side(0, None), side(1, None)]);
                let parents = check([0; 3], counts, &pairs, parts) as f64;
                let wanted = ((rows * parts) as f64 / fan_out).ceil();
                assert!(
                    (parents - wanted).abs() <= 1.0,
                    "{counts:?} {fan_out}: {parents} instead of {wanted}"
                );
                let numbered = grouped(fan_out, Some(fan_out.ceil() as u64 + 1), vec![side(0, None)]);
                check([0; 3], counts, &numbered, parts);
            }
        }
    }
}

#[test]
fn loaded_rows_and_shares_are_kept_to() {
    let pairs = grouped(3.0, None, vec![side(0, Some(0.5)), side(1, Some(0.2))]);
    check([60, 60, 70], [40, 30, 50], &pairs, 2);
    check([60, 60, 70], [0, 0, 0], &pairs, 1);
    check([60, 60, 0], [0, 0, 80], &pairs, 1);
}

#[test]
fn more_rows_come_under_each_parent_where_there_are_too_few() {
    let numbered = grouped(2.0, Some(5), vec![side(0, None)]);
    assert_eq!(check([0; 3], [20, 1, 90], &numbered, 1), 20);
    let pairs = grouped(2.0, None, vec![side(0, None), side(1, None)]);
    assert_eq!(check([0; 3], [20, 10, 200], &pairs, 1), 20);
}

#[test]
fn groups_are_smaller_where_the_other_parents_are_few() {
    let pairs = grouped(7.0, None, vec![side(0, None), side(1, None)]);
    assert_eq!(check([0; 3], [20, 3, 30], &pairs, 1), 10);
    assert_eq!(check([0; 3], [5, 1, 1], &pairs, 2), 2);
}

#[test]
fn parents_that_do_not_suffice_are_told() {
    let few = |counts, combination: &Combination| {
        order([0; 3], counts, combination, Interleaving::Mixed, 1).err().map(|few| few.combinations)
    };
    let numbered = grouped(2.0, Some(4), vec![side(0, None)]);
    assert_eq!(few([20, 1, 90], &numbered), Some(80));
    let pairs = grouped(2.0, None, vec![side(0, None), side(1, None)]);
    assert_eq!(few([20, 4, 90], &pairs), Some(80));
    assert_eq!(few([0, 4, 90], &pairs), Some(0));
}

#[test]
fn in_phases_nothing_has_to_wait() {
    let pairs = grouped(2.5, None, vec![side(0, None), side(1, None)]);
    assert!(order([0; 3], [40, 10, 90], &pairs, Interleaving::Phased, 1).is_ok());
}
