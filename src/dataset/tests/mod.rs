//! Datasets with operations, read back from their tapes.

mod pinned;
mod refused;
mod values;
mod walked;

use std::sync::atomic::{AtomicBool, AtomicU64};

use super::*;
use crate::template::{CompileContext, Distribution, Locale, ResolveReference};
use crate::value::{EncodedValue, Value};

const USERS: usize = 0;
const POSTS: usize = 1;
const PAIRS: usize = 2;
const NOTES: usize = 3;

struct Posts;

impl ResolveReference for Posts {
    fn resolve(&self, _: &str) -> Result<Target, String> {
        Ok(Target { table: POSTS, column: 0 })
    }
}

/// `ref` always means the posts' ids; `n` is in scope.
fn template(source: &str) -> Source {
    let context = CompileContext {
        vars: &serde_json::Map::new(),
        locale: Locale::default(),
        references: &Posts,
        repetition: true,
        files: &|_| Err("there are no files".to_owned()),
    };
    Source::Template(Template::compile(source, context).expect("the template is right"))
}

fn table(name: &str, columns: Vec<(&str, Source)>) -> Rows {
    let column = |(column, source)| Column::new(42, name, column, source);
    Rows { name: name.to_owned(), columns: columns.into_iter().map(column).collect() }
}

/// Of users and posts.
fn pairs() -> Combination {
    let sides = [USERS, POSTS].map(|table| Side { table, share: None }).to_vec();
    Combination { sides, fan_out: None, kept_apart: None }
}

fn own(operation: &str, name: &str, source: &str) -> Column {
    Column::new(42, operation, name, template(source))
}

/// Users, posts of users, pairs of both, and notes on posts; the tables are their own inserts, operations 0 to 3.
fn parts(loaded: [u64; 4], counts: [u64; 4]) -> Parts {
    let target = |table| Target { table, column: 0 };
    let side =
        |side| Source::Combined { combination: 0, side, target: target(side), present: None, stream: 0 };
    let reference = |table, stream| Source::Reference {
        target: target(table),
        stream,
        nullable: false,
        pick: Pick::default(),
        present: None,
    };
    let email = template("{{ unique(email()) }}");
    let skewed = template("{{ ref(\"posts.id\", \"zipfian\") }}");
    let tables = vec![
        table("users", vec![("id", Source::Row), ("email", email)]),
        table("posts", vec![("id", Source::Row), ("user_id", reference(USERS, 7))]),
        table("user_posts", vec![("user_id", side(USERS)), ("post_id", side(POSTS))]),
        table("notes", vec![("id", Source::Row), ("post_id", reference(POSTS, 8)), ("on", skewed)]),
    ];
    let writer = |(table, &count): (usize, &u64)| if count > 0 { vec![(table, count)] } else { vec![] };
    Parts {
        seed: 42,
        tables: Arc::new(tables),
        loaded: loaded.to_vec(),
        writers: counts.iter().enumerate().map(writer).collect(),
        actions: Vec::new(),
        ranks: vec![0, 1, 2, 2],
        combinations: vec![vec![], vec![], vec![pairs()], vec![]],
        interleaving: Interleaving::Mixed,
        parts: 1,
        loaded_only: vec![false; 4],
    }
}

fn key(table: usize, distribution: Distribution) -> Key {
    Key { table, distribution, hit_ratio: 1.0, removes: false }
}

/// An operation that takes the first column of the row that it is about.
fn about(operation: usize, count: u64, key: Key) -> Action {
    Action {
        name: format!("operation {operation}"),
        operation,
        count,
        key: Some(key),
        values: vec![ActionValue::Key { column: 0 }],
        steps: Vec::new(),
    }
}

fn dataset(parts: Parts) -> Dataset {
    Dataset::new(parts).expect("everything finds its place")
}

fn options(budget_bytes: u64, stop: &AtomicBool) -> TapeOptions<'_> {
    static DONE: AtomicU64 = AtomicU64::new(0);
    TapeOptions { budget_bytes, folder: std::env::temp_dir(), stop, done: &DONE }
}

fn load(dataset: &Dataset) -> Tape {
    let inserts: Vec<Option<usize>> = (0..dataset.tables().len()).map(Some).collect();
    Tape::load(dataset, &inserts, &options(u64::MAX, &AtomicBool::new(false))).expect("the rows can be made")
}

fn tape(dataset: &Dataset, part: u64, budget_bytes: u64) -> Tape {
    let stop = AtomicBool::new(false);
    Tape::generate(dataset, part, &options(budget_bytes, &stop)).expect("the part can be made")
}

/// One operation of a tape.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    operation: usize,
    row: u64,
    target: Option<(usize, u64)>,
    parents: Vec<(usize, u64)>,
    values: Vec<Value>,
}

/// `values` says how many values an operation has.
fn read(tape: &Tape, values: impl Fn(usize) -> usize) -> Vec<Read> {
    let one = |place| {
        let entry = tape.entry(place);
        let mut parents = Vec::new();
        let mut decoder = entry.parents(|table, row| parents.push((table, row)));
        let mut value = |_| match decoder.value() {
            EncodedValue::Null => Value::Null,
            EncodedValue::Integer(v) => Value::Integer(v),
            EncodedValue::Real(v) => Value::Real(v),
            EncodedValue::Text(v) => Value::Text(String::from_utf8(v.to_vec()).expect("text is UTF-8")),
            EncodedValue::Blob(v) => Value::Blob(v.to_vec()),
            EncodedValue::Large(v) => Value::Pooled(v),
        };
        let values = (0..values(entry.operation)).map(&mut value).collect();
        Read { operation: entry.operation, row: entry.row, target: entry.target, parents, values }
    };
    (0..tape.len()).map(one).collect()
}

/// Values of an operation that inserts a row, or takes one key.
fn columns_or_key(operation: usize) -> usize {
    [2, 2, 2, 3].get(operation).copied().unwrap_or(1)
}
