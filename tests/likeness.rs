//! Promise: what a drafted scenario makes is like the database that it was drafted from: types, NULLs, lengths, distinct values.

mod common;

use common::Place;
use rusqlite::Connection;

const LIKENESS: &str = "
CREATE TABLE areas (authority TEXT NOT NULL, code NOT NULL, name TEXT, PRIMARY KEY (authority, code)) WITHOUT ROWID;
CREATE TABLE uses (id INTEGER PRIMARY KEY, authority TEXT, code, size, note TEXT,
    FOREIGN KEY (authority, code) REFERENCES areas (authority, code));
CREATE TABLE few (x REAL, y INTEGER, label TEXT);
CREATE TABLE people (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES people(id), name TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
INSERT INTO areas SELECT iif(i <= 300, 'epsg', 'planets'), iif(i <= 300, 1000 + i, 'surface-' || (100 + i)), 'area number ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
INSERT INTO uses SELECT i, iif(i % 10, iif(i % 3, 'planets', 'epsg'), NULL),
    iif(i % 10, iif(i % 3, 'surface-' || (401 + i % 50), 1001 + i % 120), NULL),
    CASE i % 7 WHEN 0 THEN 'about ' || i % 40 WHEN 1 THEN i % 5 ELSE 10000 + i % 60 END, iif(i % 4, NULL, 'note ' || i % 90) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
INSERT INTO few SELECT i * 2.5, i * i * i, substr('abcdefghijklmnopqrstuvwxyz', 1, 2 * i) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80)
INSERT INTO people SELECT i, iif(i > 3, i / 4 * 4 - 3, NULL), 'person number ' || i FROM n;
";

#[test]
fn what_a_draft_makes_is_like_its_source_whatever_the_seed() {
    let place = Place::new();
    let app = Connection::open(place.path("app.db")).unwrap();
    app.execute_batch(LIKENESS).unwrap();
    drop(app);
    assert_eq!(place.run(&["new", "draft", "--from", "app.db"]).code, 0);
    let source = runner::draft::measured(&place.path("app.db")).unwrap();
    for seed in ["seed=1", "seed=2", "seed=3"] {
        let ended = place.run(&[
            "run",
            "draft.toml",
            "--quiet",
            "--keep-db",
            "--concurrency",
            "1",
            "--set",
            seed,
            "--set",
            "database.pragmas.synchronous=off",
        ]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(place.result("draft").configurations.iter().all(|level| level.overall.errors == 0), "{seed}");
        let made = runner::draft::measured(&place.path("db/draft.db")).unwrap();
        for (table, profile) in &source {
            let (_, likeness) = made.iter().find(|(other, _)| other.name == table.name).unwrap();
            let apart = runner::draft::difference(profile, likeness);
            assert_eq!(
                apart,
                Vec::<String>::new(),
                "{seed}: {}\n{}",
                table.name,
                std::fs::read_to_string(place.path("draft.toml")).unwrap()
            );
        }
    }
}
