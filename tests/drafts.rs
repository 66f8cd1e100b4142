//! Promise: `runner new --from` turns a database into a scenario that passes its check and runs without errors, and leaves the database, and
//! whatever stands beside it, as it was.

mod common;

use common::{Place, assert_unchanged, contents};
use rusqlite::Connection;

/// Everything that a schema can have and a draft has trouble with.
const SCHEMA: &str = r#"
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin', 'it''s "odd"')),
    invited_by INTEGER REFERENCES users,
    score REAL CHECK (score BETWEEN 0 AND 100), -- CHECK (never)
    full_name TEXT GENERATED ALWAYS AS (role || ' ' || email) VIRTUAL
);
CREATE TABLE "order items" (
    "order" INTEGER NOT NULL,
    "line.no" INTEGER NOT NULL,
    "größe" TEXT,
    price NUMERIC NOT NULL CHECK (price > 0),
    total REAL AS (price * 2) STORED,
    PRIMARY KEY ("order", "line.no")
) WITHOUT ROWID;
CREATE TABLE "odd.name" (
    [select] TEXT PRIMARY KEY,
    'quoted' INT,
    note TEXT DEFAULT 'three ''''''quotes'''''' and a \ backslash'
);
CREATE TABLE refunds (
    item_order INT, item_line INT, odd TEXT REFERENCES "odd.name",
    CONSTRAINT item FOREIGN KEY (item_order, item_line) REFERENCES "order items" ("order", "line.no") ON DELETE CASCADE
);
CREATE TABLE measures (
    at TEXT NOT NULL, sensor INTEGER NOT NULL, value REAL, raw BLOB, extra ANY, PRIMARY KEY (sensor, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE teams (id INTEGER PRIMARY KEY, lead INTEGER NOT NULL REFERENCES people(id), name TEXT);
CREATE TABLE people (id INTEGER PRIMARY KEY, team INTEGER REFERENCES teams(id), nick TEXT UNIQUE);
CREATE TABLE likes (
    user_id INTEGER NOT NULL REFERENCES users(id), person_id INTEGER NOT NULL REFERENCES people(id),
    PRIMARY KEY (user_id, person_id)
);
CREATE TABLE empty (id INTEGER PRIMARY KEY, a TEXT NOT NULL, parent INTEGER REFERENCES gone(id));
CREATE TABLE spans (a INTEGER NOT NULL, b INTEGER NOT NULL, CONSTRAINT ordered CHECK (a < b), CHECK (length(a) < 9));
CREATE TABLE mismatch (id INTEGER PRIMARY KEY, ref INTEGER REFERENCES refunds(item_order));
CREATE TABLE uses (maker TEXT, code INT, what TEXT, year INT, price REAL, PRIMARY KEY (maker, code));
CREATE INDEX by_role ON users (role, score DESC) WHERE score > 10;
CREATE UNIQUE INDEX lower_email ON users (lower(email));
CREATE INDEX "odd index" ON "order items" ("größe" COLLATE NOCASE, "order");
CREATE VIEW shown AS SELECT email FROM users;
CREATE TRIGGER watched AFTER INSERT ON users BEGIN SELECT 1; END;
CREATE VIRTUAL TABLE texts USING fts5(body);
"#;

const ROWS: &str = r#"
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
INSERT INTO users (email, role, invited_by, score)
    SELECT 'secret' || i || '@hidden.example', iif(i % 10, 'member', 'admin'), nullif(i / 3, 0), i % 101 FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 599)
INSERT INTO "order items" ("order", "line.no", "größe", price) SELECT i / 3 + 1, i % 3 + 1, 'clandestine ' || (i % 40), 1 + i % 90 FROM n;
INSERT INTO "odd.name" VALUES ('confidential a', 1, NULL), ('confidential b', 2, 'x'), ('confidential c', NULL, 'y');
INSERT INTO refunds SELECT "order", "line.no", 'confidential a' FROM "order items" WHERE "order" % 5 = 0;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
INSERT INTO measures SELECT datetime(1700000000 + 60 * (i / 4), 'unixepoch'), i % 4, i * 0.25, randomblob(16), NULL FROM n;
INSERT INTO people VALUES (1, NULL, 'undisclosed one'), (2, NULL, 'undisclosed two'), (3, NULL, NULL);
INSERT INTO teams VALUES (1, 1, 'private'), (2, 2, 'private too');
UPDATE people SET team = 1;
INSERT INTO likes SELECT u.id, p.id FROM users u, people p WHERE (u.id + p.id) % 3 = 0;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
INSERT INTO spans SELECT i, i + 10 FROM n;
INSERT INTO mismatch VALUES (1, 5), (2, NULL);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
INSERT INTO uses SELECT NULL, NULL, 'hidden', 19533, 48611.25 FROM n;
INSERT INTO texts VALUES ('classified');
"#;

/// Words that stand in values of the database and in nothing else.
const VALUES: [&str; 9] = [
    "19533",
    "48611",
    "secret",
    "hidden",
    "clandestine",
    "confidential",
    "undisclosed",
    "private",
    "classified",
];

fn database(place: &Place, name: &str, before: &str) -> Connection {
    let connection = Connection::open(place.path(name)).unwrap();
    connection.execute_batch(before).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch(ROWS).unwrap();
    connection
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

/// Errors of all levels of a result.
fn errors(place: &Place, name: &str) -> Vec<u64> {
    place.result(name).configurations.iter().map(|level| level.attempted - level.succeeded).collect()
}

#[test]
fn a_draft_of_a_database_with_everything_in_it_runs_without_errors() {
    let place = Place::new();
    drop(database(&place, "app.db", "PRAGMA page_size = 8192; PRAGMA user_version = 7"));
    let before = std::fs::read(place.path("app.db")).unwrap();
    let made = place.run(&["new", "draft", "--from", "app.db"]);
    assert_eq!(made.code, 0, "{}{}", made.stdout, made.stderr);
    assert_eq!(std::fs::read(place.path("app.db")).unwrap(), before);
    assert_eq!(place.files("."), ["app.db", "draft.toml"].map(std::path::PathBuf::from));
    let text = read(&place, "draft.toml");
    for left_out in ["view shown", "trigger watched", "virtual table texts"] {
        assert!(text.contains(left_out) && made.stdout.contains(left_out), "{left_out}: {}", made.stdout);
    }
    assert!(text.contains("page_size = 8192") && text.contains("user_version = 7"), "{text}");
    for value in VALUES {
        assert!(!text.contains(value), "{value} is a value of the database:\n{text}");
    }
    let checked = place.run(&["check", "draft.toml"]);
    assert_eq!(checked.code, 0, "{}{text}", checked.stderr);
    let ended = place.run(&[
        "run",
        "draft.toml",
        "--quiet",
        "--keep-db",
        "--set",
        "database.pragmas.synchronous=off",
    ]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(errors(&place, "draft"), [0, 0]);
    // Two of three nicks are NULL or not, and none comes twice.
    assert!(text.contains("nick = { value = '{{ maybe("), "{text}");
    // The shares are those of the rows, and the total is their sum.
    let (source, copy) = (
        Connection::open(place.path("app.db")).unwrap(),
        Connection::open(place.path("db/draft.db")).unwrap(),
    );
    for table in [
        "users",
        "\"order items\"",
        "\"odd.name\"",
        "refunds",
        "measures",
        "teams",
        "people",
        "likes",
        "empty",
        "spans",
        "uses",
    ] {
        let count = |of: &Connection| -> i64 {
            of.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count(&copy), count(&source), "{table}");
    }
    let found: i64 = copy
        .query_row("SELECT count(*) FROM refunds r JOIN \"order items\" i ON r.item_order = i.\"order\" AND r.item_line = i.\"line.no\"", [], |row| row.get(0))
        .unwrap();
    let referring: i64 = copy
        .query_row(
            "SELECT count(*) FROM refunds WHERE item_order IS NOT NULL AND item_line IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(found, referring);
}

#[test]
fn the_suggested_reads_work_once_they_are_no_comments() {
    let place = Place::new();
    drop(database(&place, "app.db", ""));
    assert_eq!(place.run(&["new", "draft", "--from", "app.db"]).code, 0);
    let text = read(&place, "draft.toml");
    let (before, reads) = text.split_once("\n#\n# [operations.").expect("reads are suggested");
    let reads: String = reads
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("# ").trim_end_matches('#')))
        .collect();
    place
        .write("reads.toml", &format!("{before}\n[operations.{reads}").replace("db/draft.db", "db/reads.db"));
    let ended = place.run(&[
        "run",
        "reads.toml",
        "--quiet",
        "--total",
        "1000",
        "--set",
        "database.pragmas.synchronous=off",
    ]);
    assert_eq!(ended.code, 0, "{}{}", ended.stderr, read(&place, "reads.toml"));
    assert_eq!(errors(&place, "reads"), [0, 0]);
}

#[test]
fn a_database_in_use_is_read_and_nothing_changes_beside_it() {
    for mode in ["delete", "wal", "truncate", "persist"] {
        let place = Place::new();
        let connection = database(&place, "app.db", &format!("PRAGMA journal_mode = {mode}"));
        connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO teams VALUES (3, 3, 'uncommitted')").unwrap();
        let before = contents(place.root());
        let made = place.run(&["new", "draft", "--from", "app.db"]);
        assert_eq!(made.code, 0, "{mode}: {}", made.stderr);
        let mut after = contents(place.root());
        let text = after.remove(std::path::Path::new("draft.toml"));
        assert!(text.is_some());
        assert_unchanged(&before, &after, mode);
        let text = read(&place, "draft.toml");
        assert_eq!(text.contains("journal_mode = \"wal\""), mode == "wal");
        assert!(
            text.contains("[tables.teams]\nshare = 2\n"),
            "{mode}: what is not committed was read\n{text}"
        );
        connection.execute_batch("COMMIT").unwrap();
    }
}

#[test]
fn a_log_that_a_crash_left_behind_is_read_too_and_stays_as_it_is() {
    let place = Place::new();
    let connection = database(&place, "live.db", "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0");
    for suffix in ["", "-wal"] {
        std::fs::copy(place.path(&format!("live.db{suffix}")), place.path(&format!("app.db{suffix}")))
            .unwrap();
    }
    drop(connection);
    let before = contents(place.root());
    let made = place.run(&["new", "draft", "--from", "app.db"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let mut after = contents(place.root());
    after.remove(std::path::Path::new("draft.toml"));
    assert_unchanged(&before, &after, "a log without its index");
    assert!(read(&place, "draft.toml").contains("share = 300\n"));
}

#[test]
fn a_log_of_a_database_that_nobody_uses_does_not_appear() {
    let place = Place::new();
    let connection = database(&place, "app.db", "PRAGMA journal_mode = wal");
    drop(connection);
    let before = contents(place.root());
    assert_eq!(before.len(), 1);
    assert_eq!(place.run(&["new", "draft", "--from", "app.db"]).code, 0);
    let mut after = contents(place.root());
    after.remove(std::path::Path::new("draft.toml"));
    assert_unchanged(&before, &after, "journal_mode = wal");
}

#[test]
fn a_journal_that_a_crash_left_behind_is_played_back_in_a_copy_alone() {
    let place = Place::new();
    let connection = database(&place, "live.db", "");
    // A full cache writes changes into the file before they are committed.
    connection.execute_batch("PRAGMA cache_size = 5; PRAGMA cache_spill = 5; BEGIN; UPDATE \"order items\" SET price = price + 1000; UPDATE users SET score = 1").unwrap();
    for suffix in ["", "-journal"] {
        std::fs::copy(place.path(&format!("live.db{suffix}")), place.path(&format!("app.db{suffix}")))
            .unwrap();
    }
    connection.execute_batch("ROLLBACK").unwrap();
    drop(connection);
    let before = contents(place.root());
    let made = place.run(&["new", "draft", "--from", "app.db"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let mut after = contents(place.root());
    after.remove(std::path::Path::new("draft.toml"));
    assert_unchanged(&before, &after, "a journal");
}

#[test]
fn what_is_no_database_is_told_in_one_line_and_nothing_is_made() {
    let place = Place::new();
    place.write(
        "notes.txt",
        "not a database at all, but long enough to be one if one looked only at its length.................",
    );
    place.write("zero.db", "");
    place.write("folder/file", "");
    Connection::open(place.path("none.db"))
        .unwrap()
        .execute_batch("CREATE TABLE a (b); DROP TABLE a")
        .unwrap();
    drop(database(&place, "app.db", ""));
    place.write("there.toml", "mine");
    let before = contents(place.root());
    let wrong: [(&[&str], &str); 14] = [
        (&["draft", "--from", "missing.db"], "there is no such file"),
        (&["draft", "--from", "folder"], "it is a directory"),
        (&["draft", "--from", "notes.txt"], "it is no SQLite database, or an encrypted one"),
        (&["draft", "--from", "zero.db"], "it is empty"),
        (&["draft", "--from", "none.db"], "there is no table in it"),
        (&["there", "--from", "app.db"], "is there already"),
        (&["there.toml"], "is there already"),
        (&["nowhere/draft", "--from", "app.db"], "there is no folder `nowhere`"),
        (&["größe", "--from", "app.db"], "cannot name a scenario"),
        (&["..", "--from", "app.db"], "names no file"),
        (&["draft", "--template", "write-mixx"], "did you mean `write-mix`?"),
        (&["draft", "--with-values"], "--from"),
        (&["draft", "--from", "app.db", "--template", "write-mix"], "cannot be used with"),
        (&[], "required"),
    ];
    for (arguments, words) in wrong {
        let all: Vec<&str> = std::iter::once("new").chain(arguments.iter().copied()).collect();
        let ended = place.run(&all);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert_unchanged(&before, &contents(place.root()), &format!("{arguments:?}"));
    }
}

#[test]
fn the_schema_for_editors_is_named_where_the_project_has_one() {
    let place = Place::new();
    place.write("schemas/scenario.schema.json", "{}");
    place.write("scenarios/mine/README.md", "");
    drop(database(&place, "app.db", ""));
    assert_eq!(place.run(&["new", "scenarios/mine/a.toml", "--from", "app.db"]).code, 0);
    assert!(
        read(&place, "scenarios/mine/a.toml").starts_with("#:schema ../../schemas/scenario.schema.json\n")
    );
}

#[test]
fn the_same_database_gives_the_same_draft() {
    let place = Place::new();
    drop(database(&place, "app.db", ""));
    assert_eq!(place.run(&["new", "a", "--from", "app.db"]).code, 0);
    assert_eq!(place.run(&["new", "b", "--from", "app.db"]).code, 0);
    assert_eq!(read(&place, "a.toml").replace("db/a.db", "db/b.db"), read(&place, "b.toml"));
}

/// Columns of several types, few rows, keys of two columns that references prefer some of, and values that NULL hides.
#[test]
fn references_that_the_database_does_not_keep_to_are_left_out() {
    let place = Place::new();
    let app = Connection::open(place.path("app.db")).unwrap();
    app.execute_batch(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE parents (id INTEGER PRIMARY KEY);
         CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents(id));
         INSERT INTO parents VALUES (1), (2), (3);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
         INSERT INTO children SELECT i, 1000 + i FROM n",
    )
    .unwrap();
    drop(app);
    assert_eq!(place.run(&["new", "draft", "--from", "app.db"]).code, 0);
    let text = read(&place, "draft.toml");
    assert!(!text.contains("ref(") && text.contains("REFERENCES parents is left out"), "{text}");
    assert_eq!(place.run(&["check", "draft.toml"]).code, 0);
}
