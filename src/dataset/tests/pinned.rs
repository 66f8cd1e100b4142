//! The promise that a seed's rows never change: what results of different versions were measured with can be compared.

use super::super::*;
use super::{pairs, table, template};
use crate::value::encode;

/// Users, posts of users, pairs of both, and notes on skewed posts and earlier notes.
fn dataset(interleaving: Interleaving) -> Dataset {
    let target = |table| Target { table, column: 0 };
    let side =
        |side| Source::Combined { combination: 0, side, target: target(side), present: None, stream: 0 };
    let reference = |table, nullable| Source::Reference {
        target: target(table),
        stream: 7,
        nullable,
        pick: Pick::default(),
        present: None,
    };
    let email = template("{{ unique(email()) }}");
    let tables = vec![
        table("users", vec![("id", Source::Row), ("name", template("{{ name() }}")), ("email", email)]),
        table("posts", vec![("id", Source::Row), ("user_id", reference(0, false))]),
        table("user_posts", vec![("user_id", side(0)), ("post_id", side(1))]),
        table(
            "notes",
            vec![
                ("id", Source::Row),
                ("post_id", template("{{ ref(\"posts.id\", \"zipfian\") }}")),
                ("before", reference(3, true)),
            ],
        ),
    ];
    Dataset::new(Parts {
        seed: 42,
        tables: Arc::new(tables),
        loaded: vec![0; 4],
        writers: [100, 400, 300, 50].iter().enumerate().map(|(t, &n)| vec![(t, n)]).collect(),
        actions: Vec::new(),
        ranks: vec![0, 1, 2, 2],
        combinations: vec![vec![], vec![], vec![pairs()], vec![]],
        interleaving,
        parts: 2,
        loaded_only: vec![false; 4],
    })
    .expect("parents suffice")
}

#[test]
fn the_rows_of_a_seed_never_change() {
    for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
        let dataset = dataset(interleaving);
        let mut workspace = Workspace::default();
        let hashes: Vec<u64> = (0..4)
            .map(|table| {
                let mut bytes = Vec::new();
                for row in 0..dataset.rows_in_all(table) {
                    dataset
                        .row(table, row, &mut workspace, &mut |value| encode(&mut bytes, value))
                        .expect("the row can be made");
                }
                bytes.iter().fold(0, |hash, &byte| mix(hash, &[u64::from(byte)]))
            })
            .collect();
        assert_eq!(
            hashes,
            [7428961375610435956, 4530552964729764081, 5163980709934687568, 2457384454327130346]
        );
    }
}
