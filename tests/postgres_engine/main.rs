//! Promise: of a server's database, a run touches the schema alone that it made and marked; what it wrote there is read back exactly (`rows`).
//!
//! Each test has a schema of its own on the server that all share.

#[path = "../common/mod.rs"]
mod common;
mod rows;

use std::path::Path;
use std::sync::Arc;

use common::Place;
use common::postgres::{self, Server};
use runner::clock::Clock;
use runner::engine::postgres::PostgresEngine;
use runner::engine::{Engine, EngineError};
use runner::plan::{self, Plan};
use runner::scenario::Overrides;

const NOTES: &str = r#"
[tables.notes]
share = 1
[tables.notes.columns]
id   = { type = "INTEGER PRIMARY KEY" }
text = { type = "TEXT", value = '{{ word() }}' }
"#;

fn scenario(server: &Server, schema: &str, more: &str, tables: &str) -> String {
    let url = &server.url;
    format!(
        "language = 1\nseed = 7\ntotal_writes = 100\nconcurrency = [2]\n\
         [database]\nengine = \"postgres\"\nurl = \"{url}\"\nschema = \"{schema}\"\n{more}\n{tables}"
    )
}

fn plan(server: &Server, schema: &str, more: &str, tables: &str) -> Plan {
    let text = scenario(server, schema, more, tables);
    let prepared = plan::prepare(Path::new("mine.toml"), text, &Overrides::default());
    prepared.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics)).0
}

fn open(plan: &Plan) -> Result<PostgresEngine, EngineError> {
    let database = plan.database.postgres().unwrap();
    PostgresEngine::open(database, &plan.tables, &plan.operations, &Clock::real(), Arc::default())
}

/// A plan's engine with its tables made.
fn opened(plan: &Plan) -> PostgresEngine {
    let mut engine = open(plan).unwrap();
    engine.reset().unwrap();
    engine
}

fn tables_of(server: &Server, schema: &str) -> String {
    server.ask(&format!(
        "SELECT coalesce(string_agg(table_name, ' ' ORDER BY table_name), '') FROM information_schema.tables WHERE table_schema = '{schema}'"
    ))
}

/// Gone before and after a test.
struct Gone<'s>(&'s Server, &'static str);

impl<'s> Gone<'s> {
    fn now(server: &'s Server, schema: &'static str) -> Gone<'s> {
        server.ask(&format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"));
        Gone(server, schema)
    }
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        let _ = self.0.try_ask(&format!("DROP SCHEMA IF EXISTS \"{}\" CASCADE", self.1));
    }
}

#[test]
fn a_schema_without_the_mark_is_refused_and_left_as_it_was() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner test of someone else";
    let _gone = Gone::now(&server, schema);
    server.ask(&format!("CREATE SCHEMA \"{schema}\""));
    let plan = plan(&server, schema, "", NOTES);
    for comment in ["NULL", "'made by runner'", "'mine'"] {
        server.ask(&format!("COMMENT ON SCHEMA \"{schema}\" IS {comment}"));
        assert!(
            matches!(open(&plan), Err(EngineError::Foreign(words)) if words.contains("not made by runner"))
        );
    }
    server.ask(&format!("CREATE TABLE \"{schema}\".notes (mine int)"));
    assert!(matches!(open(&plan), Err(EngineError::Foreign(_))));
    assert_eq!(tables_of(&server, schema), "notes");
    assert_eq!(server.ask(&format!("SELECT obj_description('\"{schema}\"'::regnamespace)")), "mine");
}

#[test]
fn a_schema_with_the_mark_is_taken_over_whatever_tables_it_had() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_takes_over";
    let _gone = Gone::now(&server, schema);
    let first = NOTES.replace("notes", "\"Old ones\"");
    opened(&plan(&server, schema, "", &first)).tear_down(true).unwrap();
    assert_eq!(tables_of(&server, schema), "Old ones");
    let mut engine = opened(&plan(&server, schema, "", NOTES));
    assert_eq!(tables_of(&server, schema), "notes");
    engine.reset().unwrap();
    engine.tear_down(false).unwrap();
    assert!(!server.has_schema(schema));
}

#[test]
fn an_engine_that_is_dropped_leaves_nothing_behind() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_dropped";
    let _gone = Gone::now(&server, schema);
    let engine = opened(&plan(&server, schema, "", NOTES));
    assert!(server.has_schema(schema));
    drop(engine);
    assert!(!server.has_schema(schema));
}

#[test]
fn what_the_run_did_not_make_keeps_the_schema_and_all_that_is_in_it() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_holds_more";
    let _gone = Gone::now(&server, schema);
    let plan = plan(&server, schema, "", NOTES);
    let others = [
        ("CREATE TABLE mine (a int)", "DROP TABLE mine"),
        ("CREATE VIEW mine AS SELECT id FROM notes", "DROP VIEW mine"),
        ("CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION mine"),
    ];
    for (make, drop) in others {
        let mut engine = opened(&plan);
        server.ask(&format!("SET search_path TO {schema}; {make}"));
        let Err(EngineError::Foreign(words)) = engine.tear_down(false) else { panic!("{make}") };
        assert!(words.contains("mine"), "{words}");
        assert!(tables_of(&server, schema).contains("notes"), "{make}");
        // Nor is it taken over.
        assert!(matches!(open(&plan), Err(EngineError::Foreign(_))), "{make}");
        server.ask(&format!("SET search_path TO {schema}; {drop}"));
        open(&plan).unwrap().tear_down(false).unwrap();
        assert!(!server.has_schema(schema));
    }
}

#[test]
fn a_second_run_is_kept_off_until_the_first_one_ended() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_second";
    let _gone = Gone::now(&server, schema);
    let plan = plan(&server, schema, "", NOTES);
    let mut first = opened(&plan);
    assert!(matches!(open(&plan), Err(EngineError::Unavailable(words)) if words.contains("another run")));
    assert_eq!(tables_of(&server, schema), "notes");
    first.tear_down(false).unwrap();
    open(&plan).unwrap().tear_down(false).unwrap();
}

#[test]
fn settings_are_in_force_in_any_spelling_and_a_wrong_one_is_named() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_settings";
    let _gone = Gone::now(&server, schema);
    let right = "[database.settings]\nsynchronous_commit = \"OFF\"\nwork_mem = \"8192kB\"\njit = false\n\
        random_page_cost = 1.1\ndeadlock_timeout = \"1min\"\nTimeZone = \"UTC\"\n\"app.tenant\" = \"7\"";
    let mut engine = open(&plan(&server, schema, right, NOTES)).unwrap();
    let facts = engine.facts();
    let setting = |name: &str| {
        let found = facts.settings.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!((setting("work_mem"), setting("app.tenant")), (Some("8MB"), Some("7")));
    assert_eq!((setting("synchronous_commit"), setting("timezone")), (Some("off"), Some("UTC")));
    assert_eq!((facts.name.as_ref(), facts.storage.as_ref()), ("postgres", "server"));
    assert_eq!(facts.durability, runner::engine::Durability::Memory);
    assert_eq!(facts.version, server.ask("SHOW server_version").split(' ').next().unwrap());
    engine.tear_down(false).unwrap();
    let wrong = [
        ("no_such_setting", "1"),
        ("work_mem", "many"),
        ("shared_buffers", "1GB"),
        ("search_path", "public"),
    ];
    for (name, value) in wrong {
        let mut plan = plan(&server, schema, "[database.settings]\njit = false\nwork_mem = '1MB'", NOTES);
        let runner::plan::Database::Postgres(database) = &mut plan.database else { unreachable!() };
        (database.settings[1].name, database.settings[1].value) = (name.to_owned(), value.to_owned());
        let found = open(&plan);
        assert!(matches!(found, Err(EngineError::Setting { pragma: Some(1), .. })), "{name}: {found:?}");
        assert!(!server.has_schema(schema), "{name}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told_without_a_secret() {
    let Some(server) = postgres::shared() else { return };
    let mut plan = plan(&server, "runner_test_away", "", NOTES);
    let runner::plan::Database::Postgres(database) = &mut plan.database else { unreachable!() };
    database.url = "postgres://me:${RUNNER_TEST_SECRET:-secret}@127.0.0.1:1/none".to_owned();
    let Err(EngineError::Unavailable(words)) = open(&plan) else { panic!("it is there") };
    assert!(words.contains("127.0.0.1:1") && !words.contains("secret"), "{words}");
}

#[test]
fn a_run_of_the_command_line_verifies_keeps_and_takes_over_its_schema() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_run";
    let _gone = Gone::now(&server, schema);
    let place = Place::new();
    let tables = NOTES.replace("share = 1", "share = 1\nrows = 500")
        + "[operations.rename]\nshare = 1\nupdate = 'notes'\nby = 'id'\nset = { text = '{{ name() }}' }\n";
    place.write("mine.toml", &scenario(&server, schema, "", &tables));
    let ended = place.run(&["run", "mine.toml", "--keep-db"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let result = place.result("mine");
    let level = &result.configurations[0];
    assert_eq!(level.verification.status, runner::result::VerificationStatus::Verified, "{level:?}");
    assert_eq!(tables_of(&server, schema), "notes");
    let rows: u64 = server.ask(&format!("SELECT count(*) FROM {schema}.notes")).parse().unwrap();
    assert!(rows > 500);
    let ended = place.run(&["run", "mine.toml"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(!server.has_schema(schema));
    let settings = "[database.settings]\njit = false\nno_such_setting = 1";
    place.write("wrong.toml", &scenario(&server, schema, settings, &tables));
    let ended = place.run(&["run", "wrong.toml"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("wrong.toml:11:") && ended.stderr.contains("no_such_setting"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_run_that_is_interrupted_drops_its_schema_and_one_that_is_killed_leaves_it_to_the_next() {
    let Some(server) = postgres::shared() else { return };
    let schema = "runner_test_killed";
    let _gone = Gone::now(&server, schema);
    let place = Place::new();
    let text = scenario(&server, schema, "", NOTES).replace("total_writes = 100", "total_writes = 2_000_000");
    place.write("long.toml", &text);
    let in_the_middle = |left: &str| {
        let mut running = place.start(&["run", "long.toml", "--quiet"]);
        // Those of another run do not count.
        let rows = format!("SELECT count(*) FROM {schema}.notes WHERE tableoid::text <> '{left}'");
        let many = |rows: String| rows.parse::<u64>().is_ok_and(|rows| rows > 500);
        running.until("rows are written", |_| server.try_ask(&rows).is_ok_and(many));
        running
    };
    let mut killed = in_the_middle("");
    killed.kill();
    killed.ended();
    let left = server.ask(&format!("SELECT '{schema}.notes'::regclass::oid::text"));
    let mut interrupted = in_the_middle(&left);
    interrupted.interrupt();
    let ended = interrupted.ended();
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(!server.has_schema(schema));
}
