//! What is true at every place of the order.

use std::collections::HashSet;

use super::*;

const DISTRIBUTIONS: [Distribution; 5] = [
    Distribution::Uniform,
    Distribution::Zipfian,
    Distribution::Latest,
    Distribution::Sequential,
    Distribution::Normal,
];

/// Reads and updates of all distributions, two of which miss at times, beside deletes from two tables.
fn busy(loaded: [u64; 4], counts: [u64; 4], reads: u64, deletes: u64) -> Parts {
    let mut parts = parts(loaded, counts);
    for (i, distribution) in DISTRIBUTIONS.into_iter().enumerate() {
        let table = [POSTS, USERS, NOTES, POSTS, PAIRS][i];
        let hit_ratio = [1.0, 0.8, 1.0, 1.0 / 3.0, 1.0][i];
        parts.actions.push(about(4 + i, reads, Key { hit_ratio, ..key(table, distribution) }));
    }
    for (i, distribution) in DISTRIBUTIONS.into_iter().enumerate() {
        let hit_ratio = [1.0, 0.5, 1.0, 0.75, 1.0][i];
        let table = [NOTES, PAIRS][i % 2];
        let key = Key { removes: true, hit_ratio, ..key(table, distribution) };
        parts.actions.push(about(9 + i, deletes, key));
    }
    parts
}

/// Walks all tapes; returns how many rows were there, of which how many went.
fn walk(dataset: &Dataset) -> (usize, usize) {
    let mut come = HashSet::new();
    let mut gone = HashSet::new();
    let mut pairs = HashSet::new();
    let mut next = [0; 14];
    let tapes =
        std::iter::once(load(dataset)).chain((0..dataset.parts()).map(|p| tape(dataset, p, u64::MAX)));
    for (index, tape) in tapes.enumerate() {
        let mut counts = [0; 14];
        let mut hits = [0; 14];
        for entry in read(&tape, columns_or_key) {
            let Read { operation, row, target, .. } = entry;
            assert_eq!(row, next[operation], "rows and occurrences come in turn");
            next[operation] += 1;
            counts[operation] += 1;
            for parent in &entry.parents {
                assert!(come.contains(parent), "{parent:?} of {operation} has not come");
                assert!(!gone.contains(parent), "{parent:?} of {operation} is gone");
            }
            if operation <= NOTES {
                assert_eq!(target, None);
                come.insert((operation, row));
                assert!(operation != PAIRS || pairs.insert(format!("{:?}", entry.values)));
                continue;
            }
            assert_eq!(target, entry.parents.first().copied());
            if let Some((table, row)) = target {
                assert_eq!(Some(table), dataset.key_table(operation));
                assert_eq!(dataset.target(operation, entry.row), target);
                hits[operation] += 1;
                let values = dataset.values(table, row, &mut Workspace::default()).expect("it can be made");
                assert_eq!(entry.values, values[..1]);
                let removes = dataset.actions()[operation - 4].key.is_some_and(|key| key.removes);
                assert!(!removes || gone.insert((table, row)), "{row} of {table} goes twice");
            }
        }
        if index > 0 {
            for operation in 0..next.len() {
                assert_eq!(counts[operation], dataset.count_of(operation), "{operation}");
                assert_eq!(hits[operation], dataset.hits_of(operation), "{operation}");
            }
        } else {
            assert_eq!(counts[..4], [0, 1, 2, 3].map(|table| dataset.loaded(table)));
        }
    }
    (come.len(), gone.len())
}

#[test]
fn every_row_asked_for_has_come_and_is_not_gone() {
    let cases = [
        ([50, 100, 80, 200], [20, 60, 40, 150], 70, 20, 3),
        ([500, 1_000, 3_000, 2_000], [0, 0, 0, 0], 1_000, 600, 1),
        ([20, 30, 600, 2_000], [10, 0, 0, 500], 300, 100, 4),
        ([0, 0, 0, 0], [100, 400, 500, 800], 300, 100, 2),
        ([2, 2, 4, 5], [1, 1, 1, 5], 5, 1, 2),
    ];
    for (loaded, counts, reads, deletes, times) in cases {
        for interleaving in [Interleaving::Mixed, Interleaving::Phased] {
            let parts = Parts { interleaving, parts: times, ..busy(loaded, counts, reads, deletes) };
            let dataset = dataset(parts);
            let (come, gone) = walk(&dataset);
            let rows: u64 = (0..4).map(|table| loaded[table] + counts[table] * times).sum();
            let deleted: u64 = (9..14).map(|operation| dataset.hits_of(operation) * times).sum();
            assert_eq!((come as u64, gone as u64), (rows, deleted));
        }
    }
}

/// How a note chooses its post.
fn choose(parts: &mut Parts, chosen: Pick) {
    let tables = Arc::get_mut(&mut parts.tables).expect("nobody else has them yet");
    if let Source::Reference { pick, .. } = &mut tables[NOTES].columns[1].source {
        *pick = chosen;
    }
}

#[test]
fn children_leave_out_parents_that_are_gone() {
    let picks = [
        Pick::default(),
        Pick { fan_out: Some(3.0), ..Pick::default() },
        Pick { share: Some(0.004), ..Pick::default() },
        Pick { distribution: Some(Distribution::Sequential), ..Pick::default() },
    ];
    for (interleaving, pick) in
        [Interleaving::Mixed, Interleaving::Phased].into_iter().flat_map(|i| picks.map(|pick| (i, pick)))
    {
        let mut parts = Parts { interleaving, parts: 2, ..parts([10, 500, 0, 0], [0, 0, 0, 1_000]) };
        choose(&mut parts, pick);
        let removes = Key { removes: true, ..key(POSTS, Distribution::Uniform) };
        parts.actions.push(about(4, 249, removes));
        let dataset = dataset(parts);
        let mut gone = HashSet::new();
        for part in 0..2 {
            for entry in read(&tape(&dataset, part, u64::MAX), columns_or_key) {
                assert!(entry.parents.iter().all(|parent| !gone.contains(parent)), "{entry:?}");
                gone.extend(entry.target);
            }
        }
        assert_eq!(gone.len(), 498);
    }
}

#[test]
fn operations_come_in_proportion_or_after_all_tables() {
    let with = |interleaving| {
        let mut parts = Parts { interleaving, ..parts([0; 4], [100, 400, 0, 0]) };
        parts.actions.push(about(4, 500, key(POSTS, Distribution::Uniform)));
        read(&tape(&dataset(parts), 0, u64::MAX), columns_or_key)
    };
    let inserts = |entries: &[Read]| entries.iter().filter(|e| e.operation < 4).count();
    assert!((248..=252).contains(&inserts(&with(Interleaving::Mixed)[..500])));
    assert_eq!(inserts(&with(Interleaving::Phased)[..500]), 500);
}

#[test]
fn hits_are_spread_evenly_and_their_number_is_the_ratio_rounded() {
    let mut parts = parts([100, 0, 0, 0], [0; 4]);
    parts.parts = 3;
    let key = Key { hit_ratio: 0.95, ..key(USERS, Distribution::Zipfian) };
    parts.actions.push(about(4, 1_010, key));
    let dataset = dataset(parts);
    assert_eq!(dataset.hits_of(4), 960);
    for part in 0..3 {
        let mut hits = 0;
        for (i, entry) in read(&tape(&dataset, part, u64::MAX), columns_or_key).into_iter().enumerate() {
            hits += i32::from(entry.target.is_some());
            assert!((f64::from(hits) - (i + 1) as f64 * 960.0 / 1_010.0).abs() <= 1.0);
        }
        assert_eq!(hits, 960);
    }
}

#[test]
fn keys_have_the_shape_of_their_distribution() {
    let counts = |distribution| {
        let mut parts = parts([100, 0, 0, 0], [0; 4]);
        parts.actions.push(about(4, 10_000, key(USERS, distribution)));
        let mut counts = [0; 100];
        for entry in read(&tape(&dataset(parts), 0, u64::MAX), columns_or_key) {
            counts[entry.target.expect("all hit").1 as usize] += 1;
        }
        counts
    };
    assert_eq!(counts(Distribution::Sequential), [100; 100]);
    let uniform = counts(Distribution::Uniform);
    assert!(uniform.iter().all(|count| (50..160).contains(count)), "{uniform:?}");
    // 10,000 / the sum of 1 / k^0.99 over 100 rows.
    let zipfian = counts(Distribution::Zipfian);
    assert!((1_750..2_050).contains(&zipfian[0]) && zipfian[0] > zipfian[1] && zipfian[1] > zipfian[20]);
    let latest = counts(Distribution::Latest);
    assert!((1_750..2_050).contains(&latest[99]) && latest[99] > latest[98] && latest[98] > latest[79]);
}

#[test]
fn sequential_keys_go_round_whatever_misses_lie_between() {
    let mut parts = parts([7, 0, 0, 0], [0; 4]);
    let key = Key { hit_ratio: 0.5, ..key(USERS, Distribution::Sequential) };
    parts.actions.push(about(4, 40, key));
    let entries = read(&tape(&dataset(parts), 0, u64::MAX), columns_or_key);
    let rows: Vec<u64> = entries.iter().filter_map(|entry| entry.target).map(|(_, row)| row).collect();
    assert_eq!(rows, (0..20).map(|i| i % 7).collect::<Vec<_>>());
}

#[test]
fn only_loaded_rows_are_asked_for_where_others_write_the_table() {
    let mut parts = parts([20, 0, 0, 0], [50, 200, 900, 0]);
    parts.loaded_only[USERS] = true;
    parts.actions.push(about(4, 300, Key { hit_ratio: 0.5, ..key(USERS, Distribution::Latest) }));
    let dataset = dataset(parts);
    for entry in read(&tape(&dataset, 0, u64::MAX), columns_or_key) {
        assert!(entry.parents.iter().all(|&(table, row)| table != USERS || row < 20), "{entry:?}");
        if entry.operation == 4 && entry.target.is_none() {
            // Nobody knows how far the others have got, so a miss is out of their reach.
            assert!(matches!(entry.values[..], [Value::Integer(id)] if id > 1_000_000_000_000));
        }
    }
}

#[test]
fn the_tape_is_the_same_mapped_in_memory_and_by_any_number_of_threads() {
    let dataset = dataset(busy([50, 100, 80, 2_000], [20, 60, 40, 1_500], 700, 60));
    let expected = read(&tape(&dataset, 0, u64::MAX), columns_or_key);
    let mapped = tape(&dataset, 0, 0);
    assert!(mapped.is_mapped());
    assert!(read(&mapped, columns_or_key) == expected);
    for threads in [1, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        let made = pool.install(|| tape(&dataset, 0, u64::MAX));
        assert!(read(&made, columns_or_key) == expected, "{threads}");
    }
}

#[test]
fn rows_are_dealt_to_their_writers_exactly() {
    let mut parts = parts([30, 0, 0, 0], [0; 4]);
    parts.parts = 3;
    parts.writers[USERS] = vec![(0, 100), (7, 0), (5, 37), (4, 63)];
    let dataset = dataset(parts);
    let mut orders = HashSet::new();
    for part in 0..3 {
        let entries = read(&tape(&dataset, part, u64::MAX), |_| 2);
        let rows: Vec<u64> = entries.iter().map(|e| e.row).collect();
        assert_eq!(rows, (30 + part * 200..230 + part * 200).collect::<Vec<_>>());
        let operations: Vec<usize> = entries.iter().map(|e| e.operation).collect();
        for operation in [0, 4, 5, 7] {
            let count = operations.iter().filter(|&&o| o == operation).count() as u64;
            assert_eq!(count, dataset.count_of(operation));
        }
        assert!(operations[..50].contains(&0) && operations[..50].contains(&4));
        orders.insert(operations);
    }
    assert_eq!(orders.len(), 3, "each part deals anew");
}
