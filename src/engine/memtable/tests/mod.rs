//! The buffer as a run uses it: layer by layer, with a persister that waits to be let on, and with a real store.

mod layers;
mod pressure;
mod store;

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::engine::memtable::memory::Memory;
use crate::engine::memtable::session::MemtableSession;
use crate::engine::{Failure, Outcome};
use crate::plan::{self, Database};
use crate::scenario::Overrides;
use crate::value::{Decoder, Value, encode};

/// Reads expect no row, so that they say how many there were.
const OPERATIONS: &str = "
[operations.get]
get = 'items'
expect_rows = 0
[operations.by_name]
get = 'items'
by = 'name'
expect_rows = 0
[operations.find]
find = 'items'
by = 'kind'
expect_rows = 0
[operations.some]
find = 'items'
by = 'kind'
limit = 2
[operations.prefix]
find = 'items'
by = 'name'
prefix = 2
expect_rows = 0
[operations.scan]
scan = 'items'
limit = 3
expect_rows = 0
[operations.first]
scan = 'items'
by = 'name'
columns = ['name']
expect_value = ''
[operations.update]
update = 'items'
set = { name = 'new-{{ row }}', kind = 9 }
[operations.rename]
update = 'items'
by = 'name'
set = { kind = 8 }
[operations.delete]
delete = 'items'
[operations.drop]
delete = 'items'
by = 'name'
[operations.put]
upsert = 'items'
";

const TABLE: &str = "
[tables.items]
share = 1
columns.id = { type = 'INTEGER PRIMARY KEY' }
columns.name = { type = 'TEXT NOT NULL UNIQUE', value = 'n{{ row }}' }
columns.kind = { type = 'INTEGER NOT NULL', value = '{{ row % 3 }}' }
indexes = [{ columns = ['kind'] }]
";

/// A plan with these keys of `[buffer]`, and of `[database]`.
fn plan(buffer: &str, database: &str) -> Plan {
    let text = format!(
        "total = 10\nconcurrency = [2]\nallow_warnings = ['unused-operation']\n[database]\nengine = 'memtable'\n{database}\n\
        [buffer]\n{buffer}\n{OPERATIONS}{TABLE}"
    );
    let made = plan::prepare(Path::new("mine.toml"), text, &Overrides::default());
    made.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics)).0
}

fn database(plan: &Plan) -> &MemtableDatabase {
    let Database::Memtable(database) = &plan.database else { panic!("a write buffer") };
    database
}

/// Flushes only when it is let on, and then comes to what it is told.
struct Gated {
    began: Sender<u64>,
    go_on: Receiver<Result<(), Failure>>,
}

impl Persister for Gated {
    fn persist(&mut self, memory: &Memory) -> Result<(), Failure> {
        // A test that has ended asks for nothing more.
        let _ = self.began.send(memory.entries());
        self.go_on.recv().unwrap_or(Ok(()))
    }
}

/// A buffer whose flushes wait.
struct Bench {
    plan: Plan,
    buffer: Arc<Buffer>,
    program: Arc<Program>,
    began: Mutex<Receiver<u64>>,
    go_on: Option<Sender<Result<(), Failure>>>,
    flusher: Option<Flusher>,
}

impl Bench {
    fn new(buffer: &str) -> Bench {
        let plan = plan(buffer, "");
        let settings = Settings {
            buffer: database(&plan).buffer,
            largest_batch: 1,
            clock: Clock::real(),
            stop: Arc::default(),
        };
        let program = Arc::new(Program::new(&plan.tables, &plan.operations));
        let buffer = Arc::new(Buffer::new(Arc::clone(&program.shapes), settings));
        let ((began, seen), (go_on, wait)) = (channel(), channel());
        let flusher = Flusher::start(&buffer, Box::new(Gated { began, go_on: wait })).unwrap();
        Bench { plan, buffer, program, began: Mutex::new(seen), go_on: Some(go_on), flusher: Some(flusher) }
    }

    fn session(&self) -> Hand {
        let session = MemtableSession::new(Arc::clone(&self.buffer), Arc::clone(&self.program), None);
        Hand { session: Box::new(session), plan: self.plan.clone() }
    }

    /// Lets one flush on that has begun; it comes to this.
    fn let_on(&self, result: Result<(), Failure>) {
        self.began.lock().recv().unwrap();
        self.go_on.as_ref().unwrap().send(result).unwrap();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.go_on = None;
        self.flusher = None;
    }
}

/// A session, and what its operations are called.
struct Hand {
    session: Box<dyn Session>,
    plan: Plan,
}

fn encoded(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| encode(&mut bytes, value.as_ref()));
    bytes
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn row(id: i64) -> Vec<Value> {
    vec![Value::Integer(id), text(&format!("n{id}")), Value::Integer(id % 3)]
}

impl Hand {
    fn index(&self, name: &str) -> usize {
        self.plan.operations.iter().position(|operation| operation.name == name).unwrap()
    }

    fn execute(&mut self, name: &str, values: &[Value]) -> Outcome {
        let operation = self.index(name);
        self.session.execute(operation, Decoder::new(&encoded(values)))
    }

    /// Rows changed.
    fn changes(&mut self, name: &str, values: &[Value]) -> u64 {
        match self.execute(name, values) {
            Outcome::Done { changes } => changes,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn insert(&mut self, ids: impl IntoIterator<Item = i64>) {
        ids.into_iter().for_each(|id| assert_eq!(self.changes("items", &row(id)), 1));
    }

    fn update(&mut self, id: i64, name: &str) -> u64 {
        self.changes("update", &[text(name), Value::Integer(9), Value::Integer(id)])
    }

    fn delete(&mut self, id: i64) -> u64 {
        self.changes("delete", &[Value::Integer(id)])
    }

    /// Rows read by an operation that expects none.
    fn rows(&mut self, name: &str, values: &[Value]) -> u64 {
        match self.execute(name, values) {
            Outcome::Done { .. } => 0,
            Outcome::Unexpected { failure, .. } => {
                failure.message.rsplit(' ').next().unwrap().parse().unwrap()
            }
            other => panic!("{name}: {other:?}"),
        }
    }

    fn get(&mut self, id: i64) -> u64 {
        self.rows("get", &[Value::Integer(id)])
    }

    fn named(&mut self, name: &str) -> u64 {
        self.rows("by_name", &[text(name)])
    }

    fn of_kind(&mut self, kind: i64) -> u64 {
        self.rows("find", &[Value::Integer(kind)])
    }

    fn between(&mut self, from: &str, before: &str) -> u64 {
        self.rows("prefix", &[text(from), text(before)])
    }

    /// The first name from one on.
    fn first_from(&mut self, name: &str) -> String {
        match self.execute("first", &[text(name)]) {
            Outcome::Unexpected { failure, .. } => failure.message.rsplit_once("read ").unwrap().1.to_owned(),
            other => panic!("{other:?}"),
        }
    }
}
