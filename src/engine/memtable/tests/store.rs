//! The whole engine: with a store below, and with nothing that counts.

use super::*;
use crate::engine::{Inspector, Lookup};

fn open(plan: &Plan) -> MemtableEngine {
    let mut engine = MemtableEngine::open(database(plan), plan, &Clock::real(), Arc::default()).unwrap();
    engine.reset().unwrap();
    engine
}

fn hand(engine: &mut MemtableEngine, plan: &Plan) -> Hand {
    Hand { session: engine.open_session(0).unwrap(), plan: plan.clone() }
}

fn in_file(folder: &tempfile::TempDir, threshold: u64) -> Plan {
    let path = folder.path().join("x.db");
    plan(&format!("threshold = {threshold}\npersister = 'sqlite'"), &format!("path = '{}'", path.display()))
}

fn count(engine: &mut MemtableEngine) -> u64 {
    engine.inspector().unwrap().count(0).unwrap()
}

fn look_up(engine: &mut MemtableEngine, row: &[Value]) -> Lookup {
    engine.inspector().unwrap().look_up(0, row, &[]).unwrap()
}

#[test]
fn operations_reach_rows_that_were_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let plan = in_file(&folder, 1_000);
    let mut engine = open(&plan);
    let mut hand = hand(&mut engine, &plan);
    hand.insert(1..=6);
    engine.drain().unwrap();
    hand.insert(7..=8);
    assert_eq!([1, 6, 7, 9].map(|id| hand.get(id)), [1, 1, 1, 0]);
    assert_eq!((hand.of_kind(1), hand.between("n", "o"), hand.named("n3")), (3, 8, 1));
    assert_eq!((hand.update(1, "x1"), hand.delete(2), hand.update(99, "y"), hand.delete(99)), (1, 1, 0, 0));
    assert_eq!(hand.changes("rename", &[Value::Integer(8), text("n3")]), 1);
    assert_eq!(hand.changes("drop", &[text("n4")]), 1);
    // The store still has the old rows.
    assert_eq!((hand.get(2), hand.get(4), hand.named("n1"), hand.named("x1")), (0, 0, 0, 1));
    assert_eq!((hand.of_kind(0), hand.of_kind(1), hand.of_kind(2), hand.of_kind(8)), (1, 1, 2, 1));
    assert_eq!((hand.between("n", "o"), hand.rows("scan", &[Value::Integer(1)])), (5, 3));
    assert_eq!((hand.first_from("n2"), hand.first_from("n4")), ("'n3'".to_owned(), "'n5'".to_owned()));
    assert_eq!((hand.changes("put", &row(2)), hand.get(2)), (1, 1));
    drop(hand);
    assert_eq!(count(&mut engine), 7);
    assert_eq!(look_up(&mut engine, &[Value::Integer(1), text("x1"), Value::Integer(9)]), Lookup::Same);
    assert_eq!(look_up(&mut engine, &row(4)), Lookup::Missing);
    assert_eq!(look_up(&mut engine, &row(8)), Lookup::Same);
    engine.tear_down(false).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "what it made is gone");
}

#[test]
fn an_orderly_end_leaves_every_acknowledged_row_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let plan = in_file(&folder, 10);
    let mut engine = open(&plan);
    let mut hand = hand(&mut engine, &plan);
    hand.insert(1..=25);
    hand.delete(25);
    drop(hand);
    engine.tear_down(true).unwrap();
    let file = rusqlite::Connection::open(folder.path().join("x.db")).unwrap();
    let rows: i64 = file.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 24);
}

#[test]
fn a_flush_that_the_store_refuses_ends_the_run_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let plan = in_file(&folder, 1_000);
    let mut engine = open(&plan);
    let mut hand = hand(&mut engine, &plan);
    hand.changes("items", &[Value::Integer(1), Value::Null, Value::Integer(1)]);
    let refused = engine.drain();
    assert!(
        matches!(&refused, Err(EngineError::Fatal { code: "SQLITE_CONSTRAINT_NOTNULL", message }) if message.contains("could not be flushed")),
        "{refused:?}"
    );
    assert!(matches!(hand.execute("items", &row(2)), Outcome::Fatal(_)));
}

#[test]
fn a_reset_begins_with_an_empty_buffer_and_an_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let plan = in_file(&folder, 2);
    let mut engine = open(&plan);
    let mut first = hand(&mut engine, &plan);
    first.insert(1..=5);
    drop(first);
    engine.reset().unwrap();
    assert_eq!(count(&mut engine), 0);
    let counters = engine.counters().unwrap().buffer.unwrap();
    assert_eq!((counters.rotations, counters.flushes, counters.at_risk_max), (0, 0, 0));
    let mut second = hand(&mut engine, &plan);
    second.insert(1..=1);
    assert_eq!(second.get(1), 1);
    assert_eq!(second.get(2), 0);
}

#[test]
fn rows_that_are_let_go_are_counted_and_what_is_left_is_compared() {
    let plan = plan("threshold = 4", "");
    let mut engine = open(&plan);
    let mut hand = hand(&mut engine, &plan);
    hand.insert(1..=10);
    engine.drain().unwrap();
    assert_eq!(count(&mut engine), 10);
    assert_eq!(look_up(&mut engine, &row(1)), Lookup::NotKept);
    assert_eq!(look_up(&mut engine, &row(10)), Lookup::Same);
    let altered = [Value::Integer(10), text("n10"), Value::Integer(2)];
    let stored = Value::Integer(1);
    assert_eq!(look_up(&mut engine, &altered), Lookup::Different { column: "kind".to_owned(), stored });
    assert_eq!((hand.update(1, "x"), hand.delete(2)), (0, 0), "they are gone");
    // One that is written again is still one row.
    assert_eq!(hand.changes("put", &row(1)), 1);
    assert_eq!(count(&mut engine), 10);
    assert_eq!(hand.delete(1), 1);
    assert_eq!(count(&mut engine), 9);
    hand.insert(11..=20);
    engine.drain().unwrap();
    assert_eq!(count(&mut engine), 19);
    let mut keys = 0;
    let mut inspector = engine.inspector().unwrap();
    inspector
        .keys(0, &mut |key| {
            keys += key.len();
            true
        })
        .unwrap();
    assert!(keys < 4, "those in memory");
    assert_eq!(inspector.integrity(false).unwrap(), None);
}

#[test]
fn a_row_that_changes_while_its_old_form_is_flushed_is_counted_once() {
    let text_of = |overwrites: bool| {
        let put = if overwrites { "[operations.put]\nupsert = 'items'\n" } else { "" };
        format!(
            "total = 10\nconcurrency = [1]\nallow_warnings = ['unused-operation']\n[database]\nengine = 'memtable'\n[buffer]\nthreshold = 2\n\
            [operations.update]\nupdate = 'items'\nset = {{ kind = 9 }}\n[operations.delete]\ndelete = 'items'\n{put}{TABLE}"
        )
    };
    for overwrites in [true, false] {
        let made = plan::prepare(Path::new("mine.toml"), text_of(overwrites), &Overrides::default());
        let plan = made.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics)).0;
        let settings = Settings {
            buffer: database(&plan).buffer,
            largest_batch: 1,
            clock: Clock::real(),
            stop: Arc::default(),
        };
        let program = Arc::new(Program::new(&plan.tables, &plan.operations));
        let buffer = Arc::new(Buffer::new(Arc::clone(&program.shapes), settings));
        let session = MemtableSession::new(Arc::clone(&buffer), Arc::clone(&program), None);
        let mut hand = Hand { session: Box::new(session), plan };
        // Nothing flushes yet, so that both rows are below when they change.
        hand.insert(1..=2);
        assert_eq!(hand.changes("update", &[Value::Integer(9), Value::Integer(1)]), 1);
        assert_eq!(hand.delete(2), 1);
        let let_go = Arc::new(Mutex::new(LetGo::new(&program.shapes)));
        let tables = &hand.plan.tables;
        let counted = || {
            let (buffer, let_go) = (Arc::clone(&buffer), Arc::clone(&let_go));
            MemoryInspector { buffer, let_go, tables }.count(0).unwrap()
        };
        assert_eq!(counted(), 1);
        let flusher = Flusher::start(&buffer, Box::new(Nothing(Arc::clone(&let_go)))).unwrap();
        buffer.drain(true).unwrap();
        drop(flusher);
        assert_eq!(counted(), 1, "overwrites: {overwrites}");
    }
}

#[test]
fn a_session_reads_what_it_wrote_while_others_write_and_tables_are_flushed() {
    let folder = tempfile::tempdir().unwrap();
    let plan = in_file(&folder, 16);
    let mut engine = open(&plan);
    let hands: Vec<Hand> = (0..4).map(|_| hand(&mut engine, &plan)).collect();
    std::thread::scope(|scope| {
        for (worker, mut hand) in hands.into_iter().enumerate() {
            scope.spawn(move || {
                let first = worker as i64 * 1_000;
                for id in first + 1..=first + 60 {
                    hand.insert([id]);
                    assert_eq!((hand.get(id), hand.named(&format!("n{id}"))), (1, 1), "{id}");
                    let before = id - 7;
                    if before > first {
                        assert_eq!(hand.update(before, &format!("x{before}")), 1, "{before}");
                        let named = (hand.named(&format!("n{before}")), hand.named(&format!("x{before}")));
                        assert_eq!(named, (0, 1), "{before}");
                    }
                    let long_before = id - 20;
                    if long_before > first {
                        assert_eq!(hand.delete(long_before), 1, "{long_before}");
                        assert_eq!(hand.get(long_before), 0, "{long_before}");
                    }
                }
            });
        }
    });
    assert_eq!(count(&mut engine), 4 * 20);
    let counters = engine.counters().unwrap().buffer.unwrap();
    assert!(counters.at_risk_max <= counters.at_risk_limit && counters.rotations > 4, "{counters:?}");
    engine.tear_down(false).unwrap();
}
