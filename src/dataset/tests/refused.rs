//! Operations that cannot be put in order.

use super::*;

fn removing(table: usize, count: u64) -> Action {
    about(4, count, Key { removes: true, ..key(table, Distribution::Uniform) })
}

fn fault(parts: Parts) -> Option<Unorderable> {
    Dataset::new(parts).err()
}

#[test]
fn rows_of_a_table_without_any_cannot_be_asked_for() {
    let no_rows = Some(Unorderable::NoRows { action: 0 });
    let mut empty = parts([0; 4], [1, 0, 0, 0]);
    empty.actions.push(about(4, 5, key(POSTS, Distribution::Uniform)));
    assert_eq!(fault(empty), no_rows);

    let mut others = parts([0; 4], [1, 0, 0, 0]);
    others.loaded_only[USERS] = true;
    others.actions.push(about(4, 5, key(USERS, Distribution::Uniform)));
    assert_eq!(fault(others), no_rows);

    let mut referred = parts([0; 4], [1, 0, 0, 0]);
    let values = vec![ActionValue::Own(own("x", "post", "{{ ref(\"posts.id\") }}"))];
    referred.actions.push(Action { key: None, values, ..removing(USERS, 1) });
    assert_eq!(fault(referred), no_rows);
}

#[test]
fn what_never_hits_needs_no_rows() {
    let mut parts = parts([0; 4], [1, 0, 0, 0]);
    parts.actions.push(about(4, 5, Key { hit_ratio: 0.0, ..key(POSTS, Distribution::Uniform) }));
    assert_eq!(read(&tape(&dataset(parts), 0, u64::MAX), columns_or_key).len(), 6);
}

#[test]
fn every_last_row_can_be_deleted_but_no_more() {
    let with = |count| {
        let mut parts = parts([10, 100, 0, 0], [0; 4]);
        parts.actions.push(removing(POSTS, count));
        parts
    };
    assert_eq!(fault(with(100)), None);
    assert_eq!(fault(with(101)), Some(Unorderable::NothingLeft { action: 0, possible: 100 }));
}

#[test]
fn a_row_is_left_to_those_that_still_need_one() {
    let nothing_left = Some(Unorderable::NothingLeft { action: 0, possible: 99 });
    let mut read = Parts { parts: 2, ..parts([10, 100, 0, 0], [0; 4]) };
    read.actions.push(removing(POSTS, 60));
    read.actions.push(about(5, 100, key(POSTS, Distribution::Uniform)));
    assert_eq!(fault(read), nothing_left);

    let mut child = Parts { parts: 2, ..parts([10, 100, 0, 0], [0, 0, 0, 1_000]) };
    child.actions.push(removing(POSTS, 60));
    assert_eq!(fault(child), nothing_left);
}

#[test]
fn a_table_that_begins_empty_can_be_deleted_from_as_fast_as_it_grows() {
    for (inserts, reads, deletes) in [(40, 50, 10), (50, 50, 50), (50, 1_000, 50)] {
        let mut parts = Parts { parts: 2, ..parts([10, 0, 0, 0], [0, inserts, 0, inserts]) };
        parts.actions.push(removing(POSTS, deletes));
        parts.actions.push(about(5, reads, key(POSTS, Distribution::Uniform)));
        assert_eq!(fault(parts), None, "{inserts} {reads} {deletes}");
    }
}

#[test]
fn rows_that_later_combinations_may_refer_to_are_not_deleted() {
    let with = |counts, interleaving, parts_| {
        let mut parts = Parts { interleaving, parts: parts_, ..parts([10, 10, 50, 0], counts) };
        parts.actions.push(removing(USERS, 5));
        fault(parts)
    };
    let needed = Some(Unorderable::StillNeeded { action: 0, child: PAIRS });
    assert_eq!(with([0, 0, 5, 0], Interleaving::Mixed, 1), needed);
    assert_eq!(with([0, 0, 5, 0], Interleaving::Phased, 2), needed);
    assert_eq!(with([0, 0, 5, 0], Interleaving::Phased, 1), None);
    assert_eq!(with([5, 5, 0, 0], Interleaving::Mixed, 2), None);
}

#[test]
fn loaded_combinations_need_loaded_parents() {
    let few = TooFew { table: PAIRS, combination: 0, rows: 50, combinations: 40 };
    assert_eq!(fault(parts([10, 4, 50, 0], [100, 100, 50, 0])), Some(Unorderable::TooFew(few)));
}
