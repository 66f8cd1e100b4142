//! Tests of whole profiles.

use super::*;
use crate::draft::{Affinity, Format, Sign, SourceColumn, SourceKey};
use crate::value::Value;

fn table(name: &str, columns: &[&str]) -> SourceTable {
    let column = |name: &&str| SourceColumn {
        name: (*name).to_owned(),
        declared: String::new(),
        affinity: Affinity::Blob,
        not_null: false,
        has_default: false,
        generated: false,
        allowed: Vec::new(),
    };
    SourceTable {
        name: name.to_owned(),
        ddl: String::new(),
        columns: columns.iter().map(column).collect(),
        primary_key: Vec::new(),
        rowid_alias: false,
        unique: Vec::new(),
        foreign_keys: Vec::new(),
        without_rowid: false,
        strict: false,
    }
}

const LONG: f64 = 600.0;

fn database(sql: &str) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(sql).unwrap();
    connection
}

#[test]
fn classes_nulls_lengths_and_distinct_values_are_counted() {
    let connection = database(
        "CREATE TABLE \"odd \"\"name\" (a, \"b c\"); INSERT INTO \"odd \"\"name\" VALUES
         (1, 'äöü'), (2, NULL), (2, 'x'), (-30, x'0011'), (1.5, 'x')",
    );
    let profile = profile(&connection, &table("odd \"name", &["a", "b c"]), LONG).unwrap();
    assert_eq!((profile.rows, profile.seen), (5, 5));
    let [a, b] = &profile.columns[..] else { panic!("two columns") };
    assert_eq!((a.integers, a.reals, a.nulls, a.distinct, a.runs), (4, 1, 0, 4, 4));
    assert_eq!(a.length, crate::draft::Lengths { min: 1, max: 3, mean: 9.0 / 5.0 });
    assert_eq!((a.quantiles[0], a.quantiles[32], a.mean), (-30.0, 2.0, -4.7));
    assert!(!a.ascending);
    assert_eq!((b.texts, b.blobs, b.nulls, b.distinct), (3, 1, 1, 3));
    assert_eq!((b.length.min, b.length.max), (1, 3));
    assert_eq!(b.members[0], (Value::Text("x".to_owned()), 2));
    assert_eq!(a.decimals, 1);
}

#[test]
fn rows_are_seen_in_the_order_of_the_table_though_an_index_has_all_columns() {
    let connection = database(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE INDEX i ON t (v, id);
         WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 1000)
         INSERT INTO t SELECT i, 1000 - i / 10 FROM n",
    );
    let profile = profile(&connection, &table("t", &["id", "v"]), LONG).unwrap();
    assert!(profile.columns[0].ascending);
    assert!(!profile.columns[1].ascending);
    assert_eq!((profile.columns[1].distinct, profile.columns[1].runs), (101, 101));
    assert!(profile.columns[1].members.is_empty());
}

#[test]
fn the_columns_of_a_foreign_key_are_counted_together() {
    let connection = database(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), (1, 1), (1, 2), (2, 1), (NULL, 1), (1, 1)",
    );
    let mut child = table("t", &["a", "b"]);
    child.foreign_keys = vec![SourceKey { columns: vec![0, 1], table: "p".to_owned(), to: vec![] }];
    let profile = profile(&connection, &child, LONG).unwrap();
    assert_eq!(profile.foreign_keys, [GroupProfile { nulls: 1, distinct: 3, runs: 4 }]);
}

#[test]
fn texts_have_a_format_and_parts() {
    let connection = database(
        "CREATE TABLE t (d, k); INSERT INTO t VALUES ('2024-05-06 07:08:09', 'GO:01'), ('2023-01-02 03:04:05', 'GO:002')",
    );
    let profile = profile(&connection, &table("t", &["d", "k"]), LONG).unwrap();
    let [date, key] = &profile.columns[..] else { panic!("two columns") };
    assert_eq!(date.format, Some(Format::DateTime));
    assert!(date.spaced);
    assert_eq!(date.span, Some(("2023-01-02 03:04:05".to_owned(), "2024-05-06 07:08:09".to_owned())));
    assert_eq!(key.parts.last().map(|part| (part.sign, part.mean)), Some((Sign::Digit, 2.5)));
}

#[test]
fn a_table_that_takes_too_long_is_sampled_from_all_over() {
    let connection = database(
        "CREATE TABLE t (v); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 100000)
         INSERT INTO t SELECT i FROM n",
    );
    let profile = profile(&connection, &table("t", &["v"]), 0.0).unwrap();
    assert_eq!(profile.rows, 100_000);
    assert!(profile.seen < 2 * HEAD, "{}", profile.seen);
    assert!(profile.columns[0].distinct > 90_000);
}

#[test]
fn an_empty_table_has_a_profile() {
    let connection = database("CREATE TABLE t (v)");
    let profile = profile(&connection, &table("t", &["v"]), LONG).unwrap();
    assert_eq!((profile.rows, profile.columns[0].distinct), (0, 0));
    assert!(profile.columns[0].quantiles.is_empty());
}
