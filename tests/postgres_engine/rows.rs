//! Rows that are loaded, compared with what is stored, and counted.

use runner::engine::postgres::PostgresEngine;
use runner::engine::{Engine, EngineError, Loader, Lookup};
use runner::value::{Decoder, Stretch, Value, encode};

use crate::common::postgres;
use crate::{Gone, NOTES, opened, plan};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn load(loader: &mut dyn Loader, table: usize, row: &[Value]) -> Result<(), EngineError> {
    let mut bytes = Vec::new();
    row.iter().for_each(|value| encode(&mut bytes, value.as_ref()));
    loader.row(table, Decoder::new(&bytes))
}

/// Loads rows of the first table.
fn loaded(engine: &mut PostgresEngine, rows: &[Vec<Value>]) {
    let mut loader = engine.loader().unwrap().unwrap();
    rows.iter().for_each(|row| load(&mut *loader, 0, row).unwrap());
    loader.finish().unwrap();
}

#[test]
fn rows_that_are_gone_altered_or_too_many_are_found() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_compares";
    let _gone = Gone::now(&server, schema);
    let mut engine = opened(&plan(&server, schema, "", NOTES));
    let row =
        |id: i64| vec![Value::Integer(id), if id % 3 == 0 { Value::Null } else { text(&format!("n{id}")) }];
    let rows: Vec<Vec<Value>> = (1..=1_000).map(row).collect();
    loaded(&mut engine, &rows);
    let all_the_same = vec![Lookup::Same; rows.len()];
    assert_eq!(engine.inspector().unwrap().look_up_many(0, &rows, &[]).unwrap(), all_the_same);
    server.ask(&format!(
        "SET search_path TO {schema}; DELETE FROM notes WHERE id = 10; UPDATE notes SET text = 'other' WHERE id IN (20, 30); \
         UPDATE notes SET text = NULL WHERE id = 40; INSERT INTO notes VALUES (5000, 'n')"
    ));
    let mut inspector = engine.inspector().unwrap();
    assert_eq!(inspector.count(0).unwrap(), 1_000);
    let different = |stored| Lookup::Different { column: "text".to_owned(), stored };
    let mut wanted = all_the_same;
    wanted[9] = Lookup::Missing;
    (wanted[19], wanted[29]) = (different(text("other")), different(text("other")));
    wanted[39] = different(Value::Null);
    assert_eq!(inspector.look_up_many(0, &rows, &[]).unwrap(), wanted);
    for place in [0, 9, 19, 39] {
        assert_eq!(inspector.look_up(0, &rows[place], &[]).unwrap(), wanted[place]);
    }
    assert_eq!(inspector.look_up(0, &rows[19], &[1]).unwrap(), Lookup::Same);
    let mut keys = Vec::new();
    inspector
        .keys(0, &mut |key| {
            keys.push(key.to_vec());
            true
        })
        .unwrap();
    assert_eq!(keys.len(), 1_000);
    assert!(keys.contains(&vec![Value::Integer(5_000)]) && !keys.contains(&vec![Value::Integer(10)]));
    let mut seen = 0;
    inspector
        .keys(0, &mut |_| {
            seen += 1;
            seen < 3
        })
        .unwrap();
    assert_eq!((seen, inspector.count(0).unwrap()), (3, 1_000));
    assert_eq!(inspector.integrity(false).unwrap(), None);
}

const EVERY_TYPE: &str = r#"
[tables.things]
share = 1
ddl_postgres = '''CREATE TABLE things (id bigint, whole smallint, exact numeric(10,2), double double precision, single real, yes boolean,
    words varchar(40), fixed char(5), bytes bytea, day date, moment timestamp(3), doc json, docb jsonb, KEY)'''
ddl = '''CREATE TABLE things (id INTEGER, whole INTEGER, exact NUMERIC, double REAL, single REAL, yes INTEGER,
    words TEXT, fixed TEXT, bytes BLOB, day TEXT, moment TEXT, doc TEXT, docb TEXT, KEY)'''
[tables.things.columns]
id     = { value = '{{ row }}' }
whole  = { value = '{{ row }}' }
exact  = { value = '{{ row }}' }
double = { value = '{{ row }}' }
single = { value = '{{ row }}' }
yes    = { value = '{{ row }}' }
words  = { value = '{{ word() }}' }
fixed  = { value = '{{ word() }}' }
bytes  = { value = '{{ row }}' }
day    = { value = '{{ word() }}' }
moment = { value = '{{ word() }}' }
doc    = { value = '{{ word() }}' }
docb   = { value = '{{ word() }}' }
"#;

fn thing(id: i64) -> Vec<Value> {
    let (integer, real) = (Value::Integer, Value::Real);
    vec![
        integer(id),
        integer(id % 100),
        real(12.345),
        real(0.1 + id as f64 / 3.0),
        real(0.1),
        integer(id % 2),
        text("tab\tline\nback\\slash 'quote' \"é\" \\N"),
        text("ab"),
        Value::Blob(vec![0, 255, 10, 92]),
        text("2024-02-29"),
        text("2024-02-29 12:34:56.78901"),
        text("{\"b\": [1, 2], \"a\": \"\\n\"}"),
        text("{\"a\":1}"),
    ]
}

#[test]
fn a_value_of_every_type_is_found_as_it_was_loaded() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_types";
    let _gone = Gone::now(&server, schema);
    for key in ["PRIMARY KEY (id)", "CHECK (id > 0)"] {
        let mut engine = opened(&plan(&server, schema, "", &EVERY_TYPE.replace("KEY", key)));
        let mut rows: Vec<Vec<Value>> = (1..=300).map(thing).collect();
        rows[7][1..].fill(Value::Null);
        rows[8][3] = Value::Real(f64::INFINITY);
        rows[9][8] = Value::Pooled(Stretch::new(5, 100_000));
        loaded(&mut engine, &rows);
        let mut inspector = engine.inspector().unwrap();
        assert_eq!(inspector.look_up_many(0, &rows, &[]).unwrap(), vec![Lookup::Same; 300], "{key}");
        drop(inspector);
        // One column after the other, in a row of its own.
        let column = |n: usize| ["whole", "exact", "double", "single", "yes", "words", "fixed", "bytes"][n];
        let others = ["-1", "12.36", "0", "0.2", "NULL", "'TAB'", "'AB'", "'\\x00'"];
        for (n, other) in others.iter().enumerate() {
            let update = format!("UPDATE {schema}.things SET {} = {other} WHERE id = {}", column(n), 20 + n);
            server.ask(&update);
        }
        server.ask(&format!(
            "UPDATE {schema}.things SET bytes = overlay(bytes placing '\\x00' from 99999) WHERE id = 10"
        ));
        server.ask(&format!(
            "UPDATE {schema}.things SET doc = '{{\"a\": \"\\n\", \"b\": [2, 1]}}' WHERE id = 40"
        ));
        let found = engine.inspector().unwrap().look_up_many(0, &rows, &[]).unwrap();
        let wrong: Vec<usize> =
            (0..300).filter(|&row| found[row] != Lookup::Same).map(|row| row + 1).collect();
        assert_eq!(wrong, [10, 20, 21, 22, 23, 24, 25, 26, 27, 40], "{key}");
        if key.starts_with("PRIMARY") {
            let names = (0..8).map(|n| match &found[19 + n] {
                Lookup::Different { column, .. } => column.clone(),
                other => panic!("{other:?}"),
            });
            assert_eq!(names.collect::<Vec<_>>(), (0..8).map(column).collect::<Vec<_>>());
            let start = Stretch::new(5, 100_000).piece(0, 16).to_vec();
            let stored = Value::Blob(start);
            assert_eq!(found[9], Lookup::Different { column: "bytes".to_owned(), stored });
        } else {
            assert!(wrong.iter().all(|row| found[row - 1] == Lookup::Missing));
        }
        engine.tear_down(false).unwrap();
    }
}

#[test]
fn a_hundred_thousand_rows_are_loaded_with_their_parents_first_and_all_are_found() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_loads";
    let _gone = Gone::now(&server, schema);
    // The child stands first in the file, so that only its reference tells the order.
    let tables = "[tables.posts]\nshare = 1\n[tables.posts.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n\
        user_id = { type = 'INTEGER NOT NULL REFERENCES users(id)' }\ntitle = { type = 'TEXT', value = '{{ word() }}' }\n\
        [tables.users]\nshare = 1\n[tables.users.columns]\nid = { type = 'INTEGER PRIMARY KEY' }\n";
    let mut engine = opened(&plan(&server, schema, "", tables));
    let post = |id: i64| {
        vec![Value::Integer(id), Value::Integer((id - 1) / 4 + 1), text(&"x".repeat(id as usize % 200))]
    };
    let posts: Vec<Vec<Value>> = (1..=80_000).map(post).collect();
    let mut loader = engine.loader().unwrap().unwrap();
    for (n, post) in posts.iter().enumerate() {
        if n % 4 == 0 {
            load(&mut *loader, 1, &[Value::Integer(n as i64 / 4 + 1)]).unwrap();
        }
        if n + 1 == posts.len() {
            load(&mut *loader, 1, &[Value::Integer(20_001)]).unwrap();
        }
        load(&mut *loader, 0, post).unwrap();
    }
    loader.finish().unwrap();
    drop(loader);
    let mut inspector = engine.inspector().unwrap();
    assert_eq!((inspector.count(0).unwrap(), inspector.count(1).unwrap()), (80_000, 20_001));
    for some in posts.chunks(5_000) {
        assert!(inspector.look_up_many(0, some, &[]).unwrap().iter().all(|found| *found == Lookup::Same));
    }
    assert_eq!(inspector.orphans().unwrap().per_table, [0, 0]);
    drop(inspector);
    // Plans are made with the numbers of rows that are there.
    let analyzed = format!("SELECT reltuples FROM pg_class WHERE oid = '{schema}.posts'::regclass");
    assert_eq!(server.ask(&analyzed), "80000");
    let counters = engine.counters().unwrap();
    assert!(
        counters.database_bytes.unwrap() > 8 << 20 && counters.wal_bytes.unwrap() > 8 << 20,
        "{counters:?}"
    );
    assert!(counters.cache_hits.is_some() && counters.checkpoints.is_some());
    server.ask(&format!(
        "ALTER TABLE {schema}.users DISABLE TRIGGER ALL; DELETE FROM {schema}.users WHERE id IN (2, 3)"
    ));
    let orphans = engine.inspector().unwrap().orphans().unwrap();
    assert_eq!((orphans.per_table, orphans.enforced), (vec![8, 0], true));
}

#[test]
fn a_row_that_cannot_be_loaded_is_named() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_refuses";
    let _gone = Gone::now(&server, schema);
    let mut engine = opened(&plan(&server, schema, "", NOTES));
    let rows: Vec<Vec<Value>> = (1..=10).map(|id| vec![Value::Integer(id), text("same")]).collect();
    loaded(&mut engine, &rows);
    let mut loader = engine.loader().unwrap().unwrap();
    for id in [11, 12, 3, 13] {
        load(&mut *loader, 0, &[Value::Integer(id), Value::Null]).unwrap();
    }
    let Err(EngineError::Fatal { code, message }) = loader.finish() else { panic!("it is loaded") };
    assert_eq!(code, "23505");
    assert!(message.starts_with("row 3 of notes could not be loaded: unique violation"), "{message}");
}
