//! The order as rows and operations meet it.

use super::*;
use crate::dataset::Side;

fn pairs(tables: &[usize]) -> Combination {
    let sides = tables.iter().map(|&table| Side { table, share: None }).collect();
    Combination { sides, fan_out: None, kept_apart: None }
}

/// users, posts, tags, user_posts (users × posts), posts_tags (posts × tags).
fn base(total: u64, interleaving: Interleaving, parts: u64) -> Order {
    let counts = [10, 40, 10, 30, 10].map(|share| total * share / 100);
    with_load([0; 5], counts, interleaving, parts)
}

fn with_load(loaded: [u64; 5], counts: [u64; 5], interleaving: Interleaving, parts: u64) -> Order {
    let combinations = [vec![], vec![], vec![], vec![pairs(&[0, 1])], vec![pairs(&[1, 2])]];
    Order::new(Shape {
        loaded: &loaded,
        loaded_only: &[false; 5],
        counts: &counts,
        ranks: &[0, 1, 0, 2, 2],
        combinations: &combinations,
        actions: &[],
        interleaving,
        parts,
    })
    .expect("parents suffice")
}

#[test]
fn loaded_rows_come_before_all_others() {
    for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
        let loaded = [10, 0, 5, 0, 0];
        let order = with_load(loaded, [10, 40, 0, 30, 10], interleaving, 2);
        assert_eq!((order.load_total(), order.part_total()), (15, 90));
        let all: Vec<_> = order.walk(0).collect();
        assert_eq!(all.len(), 15 + 180);
        assert!(all[..15].iter().all(|&(t, row)| row < loaded[t]));
        assert!(all[15..].iter().all(|&(t, row)| row >= loaded[t]));
        for place in [0, 7, 14, 15, 16, 104, 105, 106, 194] {
            assert_eq!(order.walk(place as u64).next(), Some(all[place]), "{place}");
        }
    }
}

#[test]
fn every_row_comes_once_and_rows_of_a_table_come_in_turn() {
    for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
        let order = base(2_000, interleaving, 3);
        let mut seen = [0; 5];
        for (table, row) in order.walk(0) {
            assert_eq!(seen[table], row);
            seen[table] += 1;
        }
        assert_eq!(seen, [600, 2_400, 600, 1_800, 600]);
    }
}

#[test]
fn each_part_writes_its_own_rows_only() {
    let order = base(1_000, Interleaving::Mixed, 4);
    let second: Vec<_> = order.walk(1_000).take(1_000).collect();
    assert!(second.iter().all(|&(t, row)| row / order.count(t) == 1));
}

#[test]
fn any_place_can_be_reached_at_once() {
    for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
        let order = base(500, interleaving, 2);
        let all: Vec<_> = order.walk(0).collect();
        for place in [0, 1, 7, 250, 499, 500, 501, 999] {
            assert_eq!(order.walk(place as u64).next(), Some(all[place]), "{place}");
        }
        assert_eq!(order.walk(1_000).next(), None);
    }
}

#[test]
fn mixed_keeps_the_proportions_all_along() {
    let order = base(10_000, Interleaving::Mixed, 1);
    let posts = order.walk(5_000).take(1_000).filter(|&(t, _)| t == 1).count();
    assert!((395..=405).contains(&posts), "{posts}");
}

#[test]
fn parents_come_first_even_at_the_very_start() {
    let order = base(100, Interleaving::Mixed, 1);
    let mut seen = [0u64; 5];
    for (table, _) in order.walk(0) {
        match table {
            1 => assert!(seen[0] > 0),
            3 => assert!(seen[0] > 0 && seen[1] > 0),
            4 => assert!(seen[1] > 0 && seen[2] > 0),
            _ => {}
        }
        seen[table] += 1;
    }
}

#[test]
fn too_few_combinations_are_refused() {
    let refused = Order::new(Shape {
        loaded: &[0; 3],
        loaded_only: &[false; 3],
        counts: &[3, 3, 10],
        ranks: &[0, 0, 1],
        combinations: &[vec![], vec![], vec![pairs(&[0, 1])]],
        actions: &[],
        interleaving: Interleaving::Mixed,
        parts: 1,
    });
    assert_eq!(refused.err().map(|e| (e.table, e.rows, e.combinations)), Some((2, 10, 9)));
}
