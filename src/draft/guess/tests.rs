//! Tests of whole guesses: templates that the engine compiles, and no value of the database in them.

use super::*;
use crate::draft::{Affinity, GroupProfile, SourceKey, profile::profile};
use rusqlite::Connection;

fn column(name: &str, affinity: Affinity) -> SourceColumn {
    SourceColumn {
        name: name.to_owned(),
        declared: String::new(),
        affinity,
        not_null: false,
        has_default: false,
        generated: false,
        allowed: Vec::new(),
    }
}

fn table(columns: Vec<SourceColumn>) -> SourceTable {
    SourceTable {
        name: "t".to_owned(),
        ddl: String::new(),
        columns,
        primary_key: Vec::new(),
        rowid_alias: false,
        unique: Vec::new(),
        foreign_keys: Vec::new(),
        without_rowid: false,
        strict: false,
    }
}

/// The table filled by an SQL expression for each column, over `i` from 1.
fn filled(table: &SourceTable, rows: u64, expressions: &str) -> TableProfile {
    let connection = Connection::open_in_memory().unwrap();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    connection
        .execute_batch(&format!(
            "CREATE TABLE t ({}); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT {rows})
             INSERT INTO t SELECT {expressions} FROM n",
            names.join(", ")
        ))
        .unwrap();
    profile(&connection, table, 600.0).unwrap()
}

fn guessed(affinity: Affinity, name: &str, rows: u64, expression: &str) -> String {
    let table = table(vec![column(name, affinity)]);
    let measured = filled(&table, rows, expression);
    let all = [(table.clone(), measured.clone())];
    guess(&table, &measured, &all, false)[0].value.clone().unwrap_or_default()
}

fn inner(template: &str) -> &str {
    template.trim_start_matches("{{ ").trim_end_matches(" }}")
}

#[test]
fn few_members_become_weights_and_none_of_them_is_written() {
    let value = guessed(Affinity::Text, "state", 300, "CASE i % 3 WHEN 0 THEN 'paid' ELSE 'shipped' END");
    assert!(
        value.starts_with("{{ weighted([[\"") && value.contains(", 200]") && value.ends_with("per=300) }}"),
        "{value}"
    );
    assert!(!value.contains("paid") && !value.contains("shipped"), "{value}");
    assert_eq!(tried::distinct(inner(&value), 300), Some(2.0));
}

#[test]
fn members_stand_as_they_are_on_demand_or_where_the_schema_names_them() {
    let mut one = table(vec![column("state", Affinity::Text)]);
    let measured = filled(&one, 300, "CASE i % 3 WHEN 0 THEN 'paid' ELSE 'shipped' END");
    let shown = |table: &SourceTable, with_values| {
        guess(table, &measured, &[], with_values)[0].value.clone().unwrap_or_default()
    };
    assert!(shown(&one, true).contains("[\"shipped\", 200], [\"paid\", 100]"));
    one.columns[0].allowed = vec!["'paid'".to_owned(), "'shipped'".to_owned()];
    assert!(shown(&one, false).contains("[\"shipped\", 200], [\"paid\", 100]"));
}

#[test]
fn formats_are_recognised_and_ranges_rounded_outward() {
    let date = guessed(Affinity::Text, "born", 2000, "date('2001-03-05', '+' || (i % 700) || ' days')");
    assert!(date.contains("date(\"2001-03-01\", \"2003-02-28\")"), "{date}");
    let moment =
        guessed(Affinity::Text, "at", 2000, "datetime('2001-03-05', '+' || (i * 977) || ' minutes')");
    assert!(moment.contains("~ \" \" ~ time()"), "{moment}");
    let uuid =
        guessed(Affinity::Text, "u", 500, "printf('%08x-%04x-4000-8000-%012x', i * 7919, i, i * 104729)");
    assert_eq!(uuid, "{{ uuid4() }}");
}

#[test]
fn lengths_and_distinct_values_are_met() {
    let cases: [(&str, Affinity, &str, u64); 6] = [
        ("code", Affinity::Text, "printf('%s%04d', char(65 + i % 26), i * 13 % 9999)", 3000),
        (
            "note",
            Affinity::Text,
            "substr('the quick brown fox jumps over the lazy dog again and again', 1, 20 + i % 30) || i",
            2000,
        ),
        ("price", Affinity::Real, "(i * 37 % 700) / 100.0 + 0.005", 2000),
        ("count", Affinity::Integer, "i * 7919 % 90000 + 10000", 3000),
        ("size", Affinity::Integer, "CASE WHEN i % 10 = 0 THEN i * 1000 ELSE i % 500 END", 3000),
        ("remark", Affinity::Text, "CASE WHEN i % 9 = 0 THEN 'remark number ' || i ELSE '' END", 3000),
    ];
    for (name, affinity, expression, rows) in cases {
        let table = table(vec![column(name, affinity)]);
        let measured = filled(&table, rows, expression);
        let value = guess(&table, &measured, &[], false)[0].value.clone().unwrap_or_default();
        let holds = &measured.columns[0];
        let distinct = tried::distinct(inner(&value), rows).unwrap_or_else(|| panic!("{name}: {value}"));
        let (wanted, length) = (holds.distinct as f64, tried::tried(inner(&value)).unwrap().length);
        assert!((distinct - wanted).abs() <= wanted * 0.1, "{name}: {distinct} instead of {wanted}: {value}");
        let mean = holds.length.mean;
        assert!((length - mean).abs() <= mean * 0.1, "{name}: {length} instead of {mean}: {value}");
    }
}

fn child(unique: Vec<Vec<usize>>) -> SourceTable {
    let mut child = table(vec![column("parent", Affinity::Integer), column("line", Affinity::Integer)]);
    child.unique = unique;
    child.foreign_keys =
        vec![SourceKey { columns: vec![0], table: "parents".to_owned(), to: vec!["id".to_owned()] }];
    child
}

fn parents(rows: u64) -> (SourceTable, TableProfile) {
    let table = SourceTable { name: "parents".to_owned(), ..table(vec![column("id", Affinity::Integer)]) };
    (table, TableProfile { rows, seen: rows, ..TableProfile::default() })
}

#[test]
fn a_reference_has_as_many_parents_as_measured() {
    let table = child(Vec::new());
    let measured = filled(&table, 1000, "(i - 1) / 5 + 1, i % 7");
    assert_eq!(measured.foreign_keys, [GroupProfile { nulls: 0, distinct: 200, runs: 200 }]);
    let all = [parents(200), (table.clone(), measured.clone())];
    let values = guess(&table, &measured, &all, false);
    assert_eq!(values[0].value.as_deref(), Some("{{ ref(\"parents.id\", fan_out=5) }}"));
    let far = [parents(1000), (table.clone(), measured.clone())];
    let values = guess(&table, &measured, &far, false);
    assert_eq!(values[0].value.as_deref(), Some("{{ ref(\"parents.id\", fan_out=5, share=0.2) }}"));
}

#[test]
fn lines_of_a_parent_are_counted_through() {
    let table = child(vec![vec![0, 1]]);
    let measured = filled(&table, 1000, "(i - 1) / 5 + 1, (i - 1) % 5 + 1");
    let all = [parents(200), (table.clone(), measured.clone())];
    let values = guess(&table, &measured, &all, false);
    assert_eq!(values[0].value.as_deref(), Some("{{ ref(\"parents.id\", fan_out=5) }}"));
    assert_eq!(values[1].value.as_deref(), Some("{{ cycle(5, seq(1, 1)) }}"));
}

#[test]
fn a_key_of_plain_columns_never_repeats() {
    let mut keyed = table(vec![column("a", Affinity::Integer), column("b", Affinity::Integer)]);
    keyed.unique = vec![vec![0, 1]];
    let measured = filled(&keyed, 900, "i / 3 + 100000, i % 3");
    let values = guess(&keyed, &measured, &[], false);
    let (slow, quick) = (values[0].value.clone().unwrap(), values[1].value.clone().unwrap());
    assert!(slow.starts_with("{{ runs(") && quick.starts_with("{{ cycle(3, "), "{slow} {quick}");
    let pairs = format!("{} ~ \"/\" ~ {}", inner(&slow), inner(&quick));
    assert_eq!(tried::distinct(&pairs, 900), Some(900.0));
}

#[test]
fn values_of_several_types_keep_their_parts_lengths_and_distinct_values() {
    let mut one = table(vec![column("code", Affinity::Blob)]);
    one.columns[0].not_null = true;
    let measured = filled(
        &one,
        600,
        "CASE WHEN i % 3 = 0 THEN 'PROJ-' || (i % 40) || '-long' WHEN i % 50 < 4 THEN i % 7 ELSE 1000 + i % 90 END",
    );
    let holds = &measured.columns[0];
    assert!(holds.is_mixed());
    let value = guess(&one, &measured, &[], false)[0].value.clone().unwrap_or_default();
    let subject = Subject::new(&one.columns[0], holds, &measured, false);
    assert!(value.contains("weighted("), "{value}");
    assert!(tried::off(&subject, inner(&value)) <= 0.05, "{value}");
}

#[test]
fn few_numbers_have_exactly_the_distinct_values_and_lengths_measured() {
    let one = table(vec![column("x", Affinity::Real)]);
    let measured = filled(&one, 11, "CASE i % 2 WHEN 0 THEN i * 1.37 ELSE i * 10.5 END");
    let value = guess(&one, &measured, &[], false)[0].value.clone().unwrap_or_default();
    let subject = Subject::new(&one.columns[0], &measured.columns[0], &measured, false);
    assert!(tried::off(&subject, inner(&value)) <= 0.05, "{value}");
}

#[test]
fn references_to_the_first_rows_are_as_short_as_measured() {
    let mut parent = table(vec![column("id", Affinity::Integer)]);
    (parent.rowid_alias, parent.primary_key) = (true, vec![0]);
    let parents = filled(&parent, 5000, "i");
    parent.name = "parents".to_owned();
    let child = child(Vec::new());
    // Nine of ten rows refer to keys of one or two digits.
    let measured = filled(&child, 2000, "CASE WHEN i % 10 THEN 1 + i % 90 ELSE 2000 + i END, 1");
    let all = [(parent, parents), (child.clone(), measured.clone())];
    let value = guess(&child, &measured, &all, false)[0].value.clone().unwrap_or_default();
    assert!(value.contains("rows=[1, 9]") && value.contains("rows=[10, 99]"), "{value}");
    assert!(value.contains("in_order=true"), "{value}");
}

#[test]
fn kinds_of_a_key_come_in_order_and_references_find_them() {
    let mut parent = table(vec![column("authority", Affinity::Text), column("code", Affinity::Blob)]);
    parent.unique = vec![vec![0, 1]];
    let of_two = "CASE WHEN i <= 80 THEN 'epsg' ELSE 'projlib' END, CASE WHEN i <= 80 THEN 4000 + i ELSE 'code-' || i END";
    let parents = filled(&parent, 100, of_two);
    parent.name = "parents".to_owned();
    let mut child = table(vec![column("a", Affinity::Text), column("c", Affinity::Blob)]);
    child.foreign_keys = vec![SourceKey {
        columns: vec![0, 1],
        table: "parents".to_owned(),
        to: vec!["authority".to_owned(), "code".to_owned()],
    }];
    let measured = filled(&child, 300, "'projlib', 'code-' || (90 + i % 5)");
    let all = [(parent.clone(), parents.clone()), (child.clone(), measured.clone())];
    let keys = guess(&parent, &parents, &all, false);
    let (first, second) = (keys[0].value.clone().unwrap(), keys[1].value.clone().unwrap());
    // Those that are referred to come first, and no value of the database is written.
    assert!(first.ends_with(", 80]], per=100, in_order=true) }}") && !first.contains("epsg"), "{first}");
    let pairs = format!("{} ~ \"/\" ~ {}", inner(&first), inner(&second));
    assert_eq!(tried::distinct(&pairs, 100), Some(100.0), "{pairs}");
    let values = guess(&child, &measured, &all, false);
    let shown = values[0].value.clone().unwrap();
    assert!(shown.contains("rows=[1, 20]") && !shown.contains("rows=[21"), "{shown}");
    assert_eq!(shown.replace("authority", "code"), values[1].value.clone().unwrap());
}
