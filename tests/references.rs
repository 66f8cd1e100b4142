//! The promise: rows refer to each other as the schema demands, at any number of workers. Keys of several columns never collide, columns of
//! one foreign key refer to one row, and as many parents are referred to as the scenario says.

mod common;

use std::collections::BTreeSet;

use common::Place;
use rusqlite::Connection;

const TABLES: &str = r#"
[tables.users]
share = 10
[tables.users.columns]
id         = { type = "INTEGER PRIMARY KEY" }
manager_id = { type = "INTEGER REFERENCES users(id)", value = '{{ maybe(0.9, ref("users.id", fan_out=3)) }}' }

[tables.profiles]
share = 5
[tables.profiles.columns]
user_id = { type = "INTEGER NOT NULL UNIQUE REFERENCES users(id)", value = '{{ ref("users.id", fan_out=1) }}' }

[tables.orders]
share = 20
primary_key = ["batch", "number"]
[tables.orders.columns]
batch  = { type = "INTEGER NOT NULL", value = '{{ runs(4.5, row) }}' }
number = { type = "INTEGER NOT NULL", value = '{{ cycle(5, row) }}' }

[tables.lines]
share = 40
ddl = '''CREATE TABLE lines (batch INTEGER, number INTEGER, line INTEGER, PRIMARY KEY (batch, number, line),
    FOREIGN KEY (batch, number) REFERENCES orders) WITHOUT ROWID'''
[tables.lines.columns]
batch  = { value = '{{ ref("orders.batch", fan_out=2.5) }}' }
number = { value = '{{ ref("orders.number") }}' }
line   = { value = '{{ cycle(3, row) }}' }

[tables.tags]
share = 2
[tables.tags.columns]
id = { type = "INTEGER PRIMARY KEY" }

[tables.orders_tags]
share = 15
ddl = '''CREATE TABLE orders_tags (batch INTEGER, number INTEGER, tag_id INTEGER NOT NULL REFERENCES tags(id),
    PRIMARY KEY (batch, number, tag_id), FOREIGN KEY (batch, number) REFERENCES orders(batch, number))'''
[tables.orders_tags.columns]
tag_id = { value = '{{ ref("tags.id", share=0.5) }}' }

[tables.notes]
share = 4
ddl = '''CREATE TABLE notes (id INTEGER PRIMARY KEY, batch INTEGER, number INTEGER,
    FOREIGN KEY (batch, number) REFERENCES orders(batch, number))'''
[tables.notes.columns]
batch  = { value = '{{ maybe(0.7, ref("orders.batch", "zipfian")) }}' }
number = { value = '{{ maybe(0.7, ref("orders.number", "zipfian")) }}' }

[tables.labels]
share = 4
primary_key = ["user_id", "tag_id"]
[tables.labels.columns]
user_id = { type = "INTEGER NOT NULL REFERENCES users(id)", value = '{{ ref("users.id", fan_out=1.6) }}' }
tag_id  = { type = "INTEGER NOT NULL REFERENCES tags(id)" }
"#;

/// 2,000 rows, run at one concurrency and kept.
fn database(place: &Place, concurrency: &str, order: &str) -> Connection {
    let top = format!("total_writes = 2_000\nconcurrency = [{concurrency}]\norder = '{order}'\n");
    let database = "[database]\npath = 'db/mine.db'\nbusy_timeout = '60s'\n[database.pragmas]\n\
        journal_mode = 'wal'\nsynchronous = 'off'\nforeign_keys = true\n";
    place.write("mine.toml", &format!("{top}{database}{TABLES}"));
    let ended = place.run(&["run", "mine.toml", "--keep-db"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let result = place.result("mine");
    assert_eq!(result.configurations[0].succeeded, 2_000, "{:?}", result.configurations[0].errors);
    Connection::open(place.path("db/mine.db")).unwrap()
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn rows(connection: &Connection, table: &str) -> BTreeSet<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let text = |row: &rusqlite::Row<'_>| {
        Ok((0..columns).map(|i| format!("{:?}", row.get_ref_unwrap(i))).collect::<Vec<_>>().join(" "))
    };
    statement.query_map([], text).unwrap().map(Result::unwrap).collect()
}

const NAMES: [&str; 8] = ["users", "profiles", "orders", "lines", "tags", "orders_tags", "notes", "labels"];

#[test]
fn keys_of_several_columns_never_collide_and_every_worker_count_writes_the_same_rows() {
    for order in ["mixed", "phased"] {
        let place = Place::new();
        let alone = database(&place, "1", order);
        let expected: Vec<BTreeSet<String>> = NAMES.iter().map(|name| rows(&alone, name)).collect();
        let counts: Vec<usize> = expected.iter().map(BTreeSet::len).collect();
        assert_eq!(counts, [200, 100, 400, 800, 40, 300, 80, 80]);
        drop(alone);
        let together = database(&place, "32", order);
        for (name, expected) in NAMES.iter().zip(&expected) {
            assert!(rows(&together, name) == *expected, "{order}: {name}");
        }
    }
}

#[test]
fn as_many_parents_are_referred_to_as_the_scenario_says() {
    let place = Place::new();
    let database = database(&place, "8", "mixed");
    let count = |sql: &str| number(&database, sql);
    assert_eq!(count("SELECT count(*) FROM (SELECT DISTINCT batch, number FROM lines)"), 320);
    assert_eq!(count("SELECT count(DISTINCT batch) FROM orders"), 89);
    assert_eq!(count("SELECT count(DISTINCT user_id) FROM labels"), 50);
    assert_eq!(count("SELECT max(user_id) FROM profiles"), 100);
    let tags = count("SELECT count(DISTINCT tag_id) FROM orders_tags");
    assert!((15..=20).contains(&tags), "half of 40 tags, of which the last come late: {tags}");
    assert_eq!(count("SELECT count(*) FROM users WHERE manager_id >= id"), 0);
    assert_eq!(count("SELECT manager_id IS NULL FROM users WHERE id = 1"), 1);
    let managers = count("SELECT count(DISTINCT manager_id) FROM users");
    assert!((60..=67).contains(&managers), "{managers}");
    assert_eq!(count("SELECT count(*) FROM notes WHERE (batch IS NULL) <> (number IS NULL)"), 0);
    let nulls = count("SELECT count(*) FROM notes WHERE batch IS NULL");
    assert!((12..=36).contains(&nulls), "{nulls}");
}
