//! Promise: what a worker does on a PostgreSQL server is done, refused or unknown as the server says, with values as they were made.
//!
//! On the server that `scripts/with-postgres.sh` makes; without one these tests are left out, and say so.

#[path = "common/postgres.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runner::clock::Clock;
use runner::engine::postgres::PostgresEngine;
use runner::engine::{Engine, EngineError, Outcome, Session};
use runner::plan::{Bind, Expect, Kind, Operation, PostgresDatabase, Repeat, Step, Table, Transaction};
use runner::value::{Decoder, Value, ValueRef, encode};

use server::Server;

/// An engine with one table `items (id, name, amount)`, and what a test may do with it.
struct Bench {
    server: Server,
    engine: PostgresEngine,
    stop: Arc<AtomicBool>,
    schema: String,
}

const INSERT: usize = 0;
const READ: usize = 1;
const PAIR: usize = 2;
const TORN: usize = 3;
const SLOW: usize = 4;

fn step(sql: String, binds: &[Bind]) -> Step {
    let (binds, captures) = (binds.to_vec(), Vec::new());
    Step { sql, binds, values: 0, repeat: Repeat::Fixed(1), captures, expect: Expect::default() }
}

fn operation(name: &str, values: usize, writes: bool, steps: Vec<Step>) -> Operation {
    let mut operation = Operation::insert(name, 0, String::new(), values);
    operation.kind = Kind::Sql { writes };
    operation.steps = steps;
    operation
}

/// Their texts hold the name of the schema, by which a test finds their sessions.
fn operations(schema: &str) -> Vec<Operation> {
    use Bind::{Captured, Shared};
    let insert = format!("INSERT /* {schema} */ INTO items (id, name, amount) VALUES ($1, $2, $3)");
    let read = format!("SELECT /* {schema} */ amount, name FROM items WHERE id = $1");
    let mut read = step(read, &[Shared(0)]);
    read.expect.value = Some(Value::Real(1.5));
    let mut first = step(format!("{insert} RETURNING name, id"), &[Shared(0), Shared(1), Shared(2)]);
    first.captures = vec![(1, 1), (0, 0)];
    let second = "UPDATE items SET name = name || $1 WHERE id = $2".to_owned();
    let mut second = step(second, &[Captured(0), Captured(1)]);
    second.expect.changes = Some(1);
    let mut pair = operation("pair", 3, true, vec![first.clone(), second]);
    pair.captures = vec!["name".to_owned(), "id".to_owned()];
    pair.transaction = Transaction::Immediate;
    let again = step(insert.clone(), &[Shared(0), Shared(1), Shared(2)]);
    let torn = operation("torn", 3, true, vec![again.clone(), again]);
    let slow =
        step(format!("UPDATE /* {schema} */ items SET amount = amount + 1 WHERE id = $1"), &[Shared(0)]);
    vec![
        Operation::insert("items", 0, insert, 3),
        operation("read", 1, false, vec![read]),
        pair,
        torn,
        operation("slow", 1, true, vec![slow]),
    ]
}

fn table(create: &str, columns: &[&str]) -> Table {
    Table {
        name: "items".to_owned(),
        create: vec![create.to_owned()],
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        key: vec![0],
        references: Vec::new(),
        references_bound: true,
        rowid: true,
        bytes: Vec::new(),
        indexes: Vec::new(),
    }
}

const ITEMS: &str = "CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT NOT NULL, amount NUMERIC(9, 2))";

fn database(url: &str, schema: &str) -> PostgresDatabase {
    PostgresDatabase {
        url: url.to_owned(),
        url_span: None,
        schema: schema.to_owned(),
        settings: Vec::new(),
        reconnect_timeout_ms: 200,
    }
}

fn try_bench(server: Server, url: &str, schema: &str) -> Result<Bench, EngineError> {
    let stop = Arc::new(AtomicBool::new(false));
    let tables = [table(ITEMS, &["id", "name", "amount"])];
    let (database, operations) = (database(url, schema), operations(schema));
    let mut engine =
        PostgresEngine::open(&database, &tables, &operations, &Clock::real(), Arc::clone(&stop))?;
    engine.reset()?;
    Ok(Bench { server, engine, stop, schema: schema.to_owned() })
}

/// On the shared server, in a schema of its own.
fn bench(schema: &str) -> Option<Bench> {
    let server = server::shared()?;
    let url = server.url.clone();
    Some(try_bench(server, &url, schema).unwrap())
}

fn tape(values: &[ValueRef<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| encode(&mut out, *value));
    out
}

fn item(id: i64) -> Vec<u8> {
    tape(&[ValueRef::Integer(id), ValueRef::Text("pen"), ValueRef::Real(1.5)])
}

fn key(id: i64) -> Vec<u8> {
    tape(&[ValueRef::Integer(id)])
}

impl Bench {
    fn session(&mut self) -> Box<dyn Session> {
        self.engine.open_session(0).unwrap()
    }

    fn ask(&self, sql: &str) -> String {
        self.server.ask(&format!("SET search_path TO \"{}\"; {sql}", self.schema))
    }

    /// Ends the sessions whose last statement was an operation, and waits until they are gone.
    fn end_sessions(&self) {
        let named = format!("query LIKE '%/* {} */%' AND pid <> pg_backend_pid()", self.schema);
        let sql =
            format!("SELECT bool_and(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE {named}");
        assert_eq!(self.server.ask(&sql), "t");
    }
}

fn done(outcome: &Outcome) -> u64 {
    match outcome {
        Outcome::Done { changes } => *changes,
        other => panic!("not done: {other:?}"),
    }
}

fn refused(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Refused(failure) => failure.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn values_are_stored_as_they_were_made_in_columns_of_every_kind() {
    let Some(server) = server::shared() else { return };
    let create = "CREATE TABLE items (a SMALLINT PRIMARY KEY, b INTEGER, c BIGINT, d REAL, e DOUBLE PRECISION, f NUMERIC(9, 2), g TEXT, \
                  h VARCHAR(9), i BYTEA, j BOOLEAN, k TIMESTAMP, l UUID, m JSONB, n DATE)";
    let columns = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO items VALUES ({})", places.join(", "));
    let operations = [Operation::insert("items", 0, sql, columns.len())];
    let stop = Arc::new(AtomicBool::new(false));
    let database = database(&server.url, "runner_test_values");
    let tables = [table(create, &columns)];
    let mut engine = PostgresEngine::open(&database, &tables, &operations, &Clock::real(), stop).unwrap();
    engine.reset().unwrap();
    let mut session = engine.open_session(0).unwrap();
    let uuid = "0f0e0d0c-0b0a-0908-0706-050403020100";
    let large = runner::value::Stretch::new(7, 20_000_000);
    let rows = [
        vec![
            Value::Integer(1),
            Value::Integer(-2),
            Value::Integer(i64::MAX),
            Value::Integer(3),
            Value::Real(0.1),
            Value::Real(12.5),
            Value::Text("été".to_owned()),
            Value::Integer(7),
            Value::Pooled(large),
            Value::Integer(1),
            Value::Text("2024-02-29 12:30:00".to_owned()),
            Value::Text(uuid.to_owned()),
            Value::Text("{\"a\": 1}".to_owned()),
            Value::Text("2024-02-29".to_owned()),
        ],
        std::iter::once(Value::Integer(2)).chain(std::iter::repeat_n(Value::Null, 13)).collect(),
    ];
    for row in &rows {
        let values: Vec<ValueRef<'_>> = row.iter().map(Value::as_ref).collect();
        assert_eq!(done(&session.execute(0, Decoder::new(&tape(&values)))), 1);
    }
    let shown =
        "SELECT a, b, c, d, e, f, g, h, length(i), j, k, l, m, n FROM runner_test_values.items ORDER BY a";
    let first = format!(
        "1|-2|{}|3|0.1|12.50|été|7|20000000|t|2024-02-29 12:30:00|{uuid}|{{\"a\": 1}}|2024-02-29",
        i64::MAX
    );
    assert_eq!(server.ask(shown), format!("{first}\n2|||||||||||||"));
    let md5 = server.ask("SELECT md5(i) = md5(i || ''::bytea) FROM runner_test_values.items WHERE a = 1");
    assert_eq!(md5, "t");
    drop(session);
    let mut inspector = engine.inspector().unwrap();
    for row in &rows {
        let found = inspector.look_up(0, row, &[]).unwrap();
        assert_eq!(found, runner::engine::Lookup::Same, "{row:?}");
    }
}

#[test]
fn a_value_that_its_column_cannot_hold_is_refused_by_the_server_and_the_session_goes_on() {
    let Some(mut bench) = bench("runner_test_refused") else { return };
    let mut session = bench.session();
    let wrong = tape(&[ValueRef::Text("one"), ValueRef::Text("pen"), ValueRef::Null]);
    assert_eq!(refused(session.execute(INSERT, Decoder::new(&wrong))), "22P02");
    assert_eq!(done(&session.execute(INSERT, Decoder::new(&item(1)))), 1);
    assert_eq!(refused(session.execute(INSERT, Decoder::new(&item(1)))), "23505");
    // Text that is a number, as SQLite takes it in a column of integers.
    let text = tape(&[ValueRef::Text("2"), ValueRef::Text("pen"), ValueRef::Text("0.5")]);
    assert_eq!(done(&session.execute(INSERT, Decoder::new(&text))), 1);
    assert_eq!(
        bench.ask("SELECT string_agg(id || ' ' || amount, ',' ORDER BY id) FROM items"),
        "1 1.50,2 0.50"
    );
}

#[test]
fn what_was_expected_and_captured_is_compared_and_bound() {
    let Some(mut bench) = bench("runner_test_steps") else { return };
    let mut session = bench.session();
    // Its second step writes what the first one returned.
    assert_eq!(done(&session.execute(PAIR, Decoder::new(&item(1)))), 2);
    assert_eq!(bench.ask("SELECT name FROM items"), "penpen");
    assert_eq!(done(&session.execute(READ, Decoder::new(&key(1)))), 0);
    let missing = session.execute(READ, Decoder::new(&key(9)));
    assert!(
        matches!(&missing, Outcome::Unexpected { failure, .. } if failure.message == "expected 1.5, read no row"),
        "{missing:?}"
    );
    assert_eq!(refused(session.execute(PAIR, Decoder::new(&item(1)))), "23505");
    let torn = session.execute(TORN, Decoder::new(&item(2)));
    assert!(matches!(&torn, Outcome::Torn(failure) if failure.code == "23505"), "{torn:?}");
    assert_eq!(bench.ask("SELECT count(*) FROM items"), "2");
}

#[test]
fn a_batch_stands_as_a_whole_or_not_at_all() {
    let Some(mut bench) = bench("runner_test_batches") else { return };
    let mut session = bench.session();
    done(&session.begin(Transaction::Deferred));
    done(&session.execute(INSERT, Decoder::new(&item(1))));
    done(&session.execute(INSERT, Decoder::new(&item(2))));
    done(&session.commit());
    done(&session.begin(Transaction::Deferred));
    done(&session.execute(INSERT, Decoder::new(&item(3))));
    assert_eq!(refused(session.execute(INSERT, Decoder::new(&item(1)))), "23505");
    // The server undoes what has failed, whatever it is told.
    assert_eq!(refused(session.commit()), "25P02");
    session.roll_back();
    assert_eq!(bench.ask("SELECT count(*) FROM items"), "2");
    let rows: Vec<Vec<u8>> = (10..15).map(item).collect();
    let rows: Vec<Decoder<'_>> = rows.iter().map(|row| Decoder::new(row)).collect();
    session.prepare_rows(INSERT, rows.len()).unwrap();
    assert_eq!(done(&session.insert_rows(INSERT, &rows)), 5);
    assert_eq!(bench.ask("SELECT count(*) FROM items"), "7");
    let fault = session.prepare_rows(INSERT, 30_000).unwrap_err();
    assert!(fault.to_string().contains("at most 65535"), "{fault}");
}

#[test]
fn a_session_that_the_server_ended_says_so_once_and_goes_on_anew() {
    let Some(mut bench) = bench("runner_test_ended") else { return };
    let mut session = bench.session();
    done(&session.execute(INSERT, Decoder::new(&item(1))));
    bench.end_sessions();
    // The server ended it before it took the operation.
    assert_eq!(refused(session.execute(INSERT, Decoder::new(&item(2)))), "57P01");
    assert_eq!(done(&session.execute(INSERT, Decoder::new(&item(2)))), 1);
    assert_eq!(bench.ask("SELECT count(*) FROM items"), "2");
}

#[test]
fn a_transaction_that_was_lost_is_not_continued_by_halves() {
    let Some(mut bench) = bench("runner_test_lost") else { return };
    let mut session = bench.session();
    done(&session.begin(Transaction::Deferred));
    done(&session.execute(INSERT, Decoder::new(&item(1))));
    bench.end_sessions();
    assert_eq!(refused(session.execute(INSERT, Decoder::new(&item(2)))), "57P01");
    assert_eq!(refused(session.execute(INSERT, Decoder::new(&item(3)))), "08006");
    assert_eq!(refused(session.commit()), "08006");
    session.roll_back();
    done(&session.begin(Transaction::Deferred));
    done(&session.execute(INSERT, Decoder::new(&item(4))));
    done(&session.commit());
    assert_eq!(bench.ask("SELECT string_agg(id::text, ',') FROM items"), "4");
}

#[test]
fn waiting_for_a_lock_ends_at_the_stop_of_the_run() {
    let Some(mut bench) = bench("runner_test_stop") else { return };
    let (mut first, mut second) = (bench.session(), bench.session());
    done(&first.execute(INSERT, Decoder::new(&item(1))));
    done(&first.begin(Transaction::Deferred));
    done(&first.execute(SLOW, Decoder::new(&key(1))));
    bench.stop.store(true, Ordering::Relaxed);
    let outcome = second.execute(SLOW, Decoder::new(&key(1)));
    assert!(matches!(outcome, Outcome::Cancelled), "{outcome:?}");
    done(&first.commit());
    assert_eq!(bench.ask("SELECT amount FROM items"), "2.50");
}

#[test]
fn connections_are_encrypted_and_servers_checked_as_far_as_the_address_asks() {
    let Some(server) = server::shared() else { return };
    let Some(certificate) = server.certificate() else { return };
    let root = certificate.display();
    let open = |parameters: &str, schema: &str| {
        try_bench(server.clone(), &server.url_of("with_tls", parameters), schema)
    };
    for (index, parameters) in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={root}"),
        format!("sslmode=verify-full&sslrootcert={root}"),
    ]
    .iter()
    .enumerate()
    {
        let mut bench = open(parameters, &format!("runner_test_tls_{index}")).unwrap();
        let mut session = bench.session();
        done(&session.execute(INSERT, Decoder::new(&item(1))));
        assert_eq!(done(&session.execute(READ, Decoder::new(&key(1)))), 0, "{parameters}");
    }
    let plain = open("sslmode=disable", "runner_test_tls_none").err();
    assert!(matches!(plain, Some(EngineError::Unavailable(_))), "{plain:?}");
    let unknown = open("sslmode=verify-full&sslrootcert=system", "runner_test_tls_system").err();
    assert!(matches!(unknown, Some(EngineError::Unavailable(_))), "{unknown:?}");
}

#[test]
fn a_password_is_asked_for_and_never_shown() {
    let Some(server) = server::shared() else { return };
    let url = |password: &str| server.url_of(&format!("with_password:{password}"), "");
    let mut bench = try_bench(server.clone(), &url("correct%20horse"), "runner_test_password").unwrap();
    done(&bench.session().execute(INSERT, Decoder::new(&item(1))));
    drop(bench);
    let Err(EngineError::Unavailable(words)) = try_bench(server.clone(), &url("xyzzy"), "runner_test_wrong")
    else {
        panic!("a wrong password was taken")
    };
    assert!(words.contains("28P01") && !words.contains("xyzzy"), "{words}");
}

#[test]
fn a_server_that_stays_away_ends_the_run_after_its_time() {
    let Some(own) = server::own() else { return };
    let url = own.server.url.clone();
    let mut bench = try_bench(own.server.clone(), &url, "runner_test_away").unwrap();
    let mut session = bench.session();
    done(&session.execute(INSERT, Decoder::new(&item(1))));
    own.crash();
    let lost = session.execute(INSERT, Decoder::new(&item(2)));
    assert!(matches!(lost, Outcome::Unknown(_) | Outcome::Refused(_)), "{lost:?}");
    let away = session.execute(INSERT, Decoder::new(&item(3)));
    assert!(matches!(&away, Outcome::Fatal(failure) if failure.code == "08006"), "{away:?}");
    own.start_again();
    assert_eq!(done(&session.execute(INSERT, Decoder::new(&item(3)))), 1);
}
