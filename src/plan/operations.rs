//! `[operations]`: which of its kinds each one is, which keys go with it, and what it takes from the tape.
//!
//! Operations on rows of the dataset are made in `lookups`, SQL of the scenario's own in `raw`.

use super::operation::{Expect, Operation, Transaction};
use super::tables::{Input, Tables, never_repeats};
use super::{capabilities, lookups, postgres, raw, statements, values};
use crate::dataset::{Action, ActionStep, ActionValue, Column, Key, Source, StepRepeat};
use crate::diagnostic::{Code, Diagnostic, Span, nearest};
use crate::scenario::{Allow, OperationSection, TransactionKey};

/// One operation, and what its occurrences take.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) operation: Operation,
    pub(super) key: Option<Key>,
    pub(super) values: Vec<Taken>,
    pub(super) steps: Vec<StepTaken>,
    /// Tables that its own templates refer to.
    pub(super) refers: Vec<usize>,
}

/// One value that the steps share.
#[derive(Debug)]
pub(super) enum Taken {
    /// Column of the row that it is about.
    Key(usize),
    /// Column of a row that is not in the dataset.
    Fresh(usize),
    /// A value of its own.
    Own(Own),
}

/// What a step takes for itself.
#[derive(Debug)]
pub(super) struct StepTaken {
    pub(super) repeat: RepeatTaken,
    pub(super) values: Vec<Own>,
}

/// How often a step comes.
#[derive(Debug)]
pub(super) enum RepeatTaken {
    Fixed(u64),
    Drawn(Own),
}

/// A template of the operation's own, by its place.
#[derive(Clone, Debug)]
pub(super) struct Own {
    path: Vec<String>,
    value: serde_json::Value,
    repetition: bool,
    /// No two occurrences have the same.
    pub(super) never_repeats: bool,
    /// Its blobs are made by `bytes(…)`.
    pub(super) makes_bytes: bool,
}

impl Own {
    /// A column of values; it is compiled for every tape, since templates cannot be copied.
    fn column(&self, input: &Input<'_>, tables: &Tables) -> Result<Column, Vec<Diagnostic>> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let template = values::made_from(input, &tables.names, &path, &self.value, self.repetition)?;
        let stream = path[2..].join(".");
        Ok(Column::new(input.scenario.seed, path[1], &stream, Source::Template(template)))
    }
}

impl Made {
    /// What so many occurrences in a part take.
    ///
    /// # Errors
    /// None, once [`resolve`] has found none.
    pub(super) fn action(
        &self,
        operation: usize,
        count: u64,
        input: &Input<'_>,
        tables: &Tables,
    ) -> Result<Action, Vec<Diagnostic>> {
        let column = |own: &Own| own.column(input, tables);
        let value = |taken: &Taken| {
            Ok(match taken {
                Taken::Key(column) => ActionValue::Key { column: *column },
                Taken::Fresh(column) => ActionValue::Fresh { column: *column },
                Taken::Own(own) => ActionValue::Own(column(own)?),
            })
        };
        let step = |step: &StepTaken| {
            let repeat = match &step.repeat {
                RepeatTaken::Fixed(times) => StepRepeat::Fixed(*times),
                RepeatTaken::Drawn(own) => StepRepeat::Drawn(column(own)?),
            };
            let values = step.values.iter().map(column).collect::<Result<_, _>>()?;
            Ok(ActionStep { repeat, values })
        };
        Ok(Action {
            name: self.operation.name.clone(),
            operation,
            count,
            key: self.key,
            values: self.values.iter().map(value).collect::<Result<_, Vec<Diagnostic>>>()?,
            steps: self.steps.iter().map(step).collect::<Result<_, Vec<Diagnostic>>>()?,
        })
    }

    /// Occurrences that are no inserts of next rows, of so many in all.
    pub(super) fn hits(&self, count: u64) -> u64 {
        match (&self.operation.kind, self.key) {
            (super::Kind::Insert { .. }, _) => 0,
            (super::Kind::Upsert { .. }, Some(key)) => (count as f64 * key.hit_ratio).round() as u64,
            _ => count,
        }
    }
}

/// What one operation is made with.
pub(super) struct Bench<'a, 'b> {
    pub(super) input: &'a Input<'b>,
    pub(super) tables: &'a mut Tables,
    pub(super) name: &'a str,
    pub(super) section: &'a OperationSection,
    pub(super) faults: &'a mut Vec<Diagnostic>,
    pub(super) refers: Vec<usize>,
}

impl Bench<'_, '_> {
    pub(super) fn at(&self, rest: &[&str]) -> Option<Span> {
        let path: Vec<&str> = ["operations", self.name].iter().chain(rest).copied().collect();
        self.input.at(&path)
    }

    pub(super) fn key_at(&self, rest: &[&str]) -> Option<Span> {
        let path: Vec<&str> = ["operations", self.name].iter().chain(rest).copied().collect();
        self.input.spans.key(&path).or_else(|| self.input.at(&path))
    }

    pub(super) fn fault(
        &mut self,
        code: Code,
        at: Option<Span>,
        words: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.faults.push(Diagnostic::error(code, at, words).help(help));
    }

    /// Takes a value of the operation's own, if its template is one.
    pub(super) fn own(&mut self, rest: &[&str], value: &serde_json::Value, repetition: bool) -> Own {
        let path = ["operations", self.name].iter().chain(rest).map(|part| (*part).to_owned()).collect();
        let mut own = Own { path, value: value.clone(), repetition, never_repeats: true, makes_bytes: false };
        match own.column(self.input, self.tables) {
            Ok(column) => {
                own.never_repeats = never_repeats(&column);
                if let Source::Template(template) = &column.source {
                    own.makes_bytes = template.facts().makes_bytes();
                    self.refers.extend(template.facts().required().iter().map(|target| target.table));
                }
            }
            Err(found) => self.faults.extend(found),
        }
        own
    }

    /// What SQLite makes of a statement; a fault in it stands inside the text at `rest`, or at the operation where the text is not the
    /// scenario's.
    pub(super) fn examine(&mut self, sql: &str, rest: Option<&[&str]>) -> Option<statements::Examined> {
        let attach = self.input.scenario.database.allow.contains(&Allow::Attach);
        let Tables { database, names, .. } = &mut *self.tables;
        match statements::examine(database, sql, names, attach) {
            Ok(examined) => Some(examined),
            Err(refusal) => {
                self.refuse(refusal, rest);
                None
            }
        }
    }

    /// A statement of the scenario's own as it is sent, and what is known of it; a fault in it stands inside the text at `rest`. `own` says that
    /// it is written for the engine alone.
    pub(super) fn read(
        &mut self,
        sql: &str,
        own: bool,
        rest: &[&str],
    ) -> Option<(String, statements::Examined)> {
        if !self.input.is_postgres() {
            return self.examine(sql, Some(rest)).map(|examined| (sql.to_owned(), examined));
        }
        match postgres::read(self.tables, sql, own) {
            Ok(postgres::Read { sql, examined }) => Some((sql, examined)),
            Err(refusal) => {
                self.refuse(refusal, Some(rest));
                None
            }
        }
    }

    fn refuse(&mut self, refusal: statements::Refusal, rest: Option<&[&str]>) {
        let path: Vec<&str> =
            ["operations", self.name].iter().chain(rest.unwrap_or_default()).copied().collect();
        let inside = refusal
            .range
            .filter(|_| rest.is_some())
            .and_then(|range| self.input.spans.inside(&path, range, self.input.sources));
        let at = inside.or_else(|| self.input.at(&path));
        self.fault(Code::Sql, at, refusal.words, refusal.help);
    }

    /// What a statement has to come to, where it can.
    pub(super) fn expect(
        &mut self,
        rest: &[&str],
        given: Expected<'_>,
        sql: &statements::Examined,
    ) -> Expect {
        let mut wrong = |key: &str, words: &str, help: &str| {
            let path: Vec<&str> = rest.iter().copied().chain([key]).collect();
            let at = self.key_at(&path);
            self.fault(Code::Expectation, at, format!("`{key}` cannot be: {words}"), help);
        };
        if sql.columns.is_empty() {
            let help = "write `expect_changes`, which counts the rows changed";
            for (key, given) in
                [("expect_rows", given.rows.is_some()), ("expect_value", given.value.is_some())]
            {
                if given {
                    wrong(key, "the statement reads no rows", help);
                }
            }
        }
        if !sql.writes && given.changes.is_some() {
            let help = "write `expect_rows`, which counts the rows read";
            wrong("expect_changes", "the statement changes no rows", help);
        }
        Expect { rows: given.rows, changes: given.changes, value: given.value.map(values::constant) }
    }

    /// The transaction around it, where the engine has such.
    pub(super) fn transaction(&mut self) -> Transaction {
        let transaction = match self.section.transaction.unwrap_or_default() {
            TransactionKey::None => Transaction::None,
            TransactionKey::Deferred => Transaction::Deferred,
            TransactionKey::Immediate => Transaction::Immediate,
            TransactionKey::Exclusive => Transaction::Exclusive,
            TransactionKey::ReadCommitted => Transaction::ReadCommitted,
            TransactionKey::RepeatableRead => Transaction::RepeatableRead,
            TransactionKey::Serializable => Transaction::Serializable,
        };
        if let Some(help) = capabilities::no_transaction(self.input.engine(), transaction) {
            let at = self.at(&["transaction"]);
            let engine = self.input.engine().in_words();
            let words = format!("{engine} has no transaction `{}`", transaction.as_str());
            self.fault(Code::Engine, at, words, help);
        }
        transaction
    }
}

/// `did you mean …?`, or the list of what there is.
pub(super) fn instead<'n>(word: &str, kind: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    if let Some(near) = nearest(word, names.clone()) {
        return format!("did you mean `{near}`?");
    }
    let list: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match list.as_slice() {
        [] => format!("there are no {kind}"),
        [only] => format!("the only choice is {only}"),
        _ => format!("the {kind} are {}", list.join(", ")),
    }
}

/// What an operation or step says that it must come to.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) rows: Option<u64>,
    pub(super) changes: Option<u64>,
    pub(super) value: Option<&'a serde_json::Value>,
}

/// The kinds, and the keys that go with each beside `share` and `transaction`.
const KINDS: [(&str, &[&str]); 9] = [
    ("insert", &["blob_io", "expect_changes"]),
    ("upsert", &["by", "keys", "hit_ratio", "expect_changes"]),
    ("get", &["by", "keys", "hit_ratio", "columns", "blob_io", "expect_rows", "expect_value"]),
    ("find", &["by", "keys", "hit_ratio", "limit", "columns", "expect_rows", "expect_value"]),
    ("scan", &["by", "keys", "hit_ratio", "limit", "columns", "expect_rows", "expect_value"]),
    ("update", &["by", "keys", "hit_ratio", "set", "expect_changes"]),
    ("delete", &["by", "keys", "hit_ratio", "expect_changes"]),
    ("sql", &["sql_postgres", "bind", "changes", "expect_rows", "expect_changes", "expect_value"]),
    ("steps", &["bind", "changes"]),
];

/// The keys that go only with some kinds, as far as they are given.
fn given(section: &OperationSection) -> Vec<&'static str> {
    let all = [
        // A statement of its own may be for PostgreSQL alone.
        ("sql_postgres", section.sql_postgres.is_some()),
        ("by", section.by.is_some()),
        ("keys", section.keys.is_some()),
        ("hit_ratio", section.hit_ratio.is_some()),
        ("limit", section.limit.is_some()),
        ("columns", section.columns.is_some()),
        ("blob_io", section.blob_io.is_some()),
        ("set", !section.set.is_empty()),
        ("bind", !section.bind.is_empty()),
        ("changes", section.changes.is_some()),
        ("expect_rows", section.expect_rows.is_some()),
        ("expect_changes", section.expect_changes.is_some()),
        ("expect_value", section.expect_value.is_some()),
    ];
    all.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
}

/// Makes all operations. Faults are added to `faults`.
pub(super) fn resolve(
    input: &Input<'_>,
    tables: &mut Tables,
    foreign_keys: bool,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Made> {
    if let Err(error) = statements::enforce_foreign_keys(&tables.database, foreign_keys) {
        faults.push(Diagnostic::error(Code::Sql, None, format!("SQLite does not start: {error}")));
    }
    let mut all = Vec::new();
    for (name, section) in &input.scenario.operations {
        let mut bench = Bench { input, tables, name, section, faults, refers: Vec::new() };
        if bench.tables.names.table(name).is_some() {
            let at = bench.key_at(&[]);
            let words = format!("`{name}` is also the name of a table, whose rows it would be confused with");
            bench.fault(
                Code::BadName,
                at,
                words,
                format!("give it another name, such as `{name}_operation`"),
            );
        }
        all.extend(one(&mut bench));
    }
    all
}

fn one(bench: &mut Bench<'_, '_>) -> Option<Made> {
    let section = bench.section;
    let tables = [
        &section.insert,
        &section.upsert,
        &section.get,
        &section.find,
        &section.scan,
        &section.update,
        &section.delete,
    ];
    let mut kinds: Vec<(&str, Option<&str>)> = KINDS
        .iter()
        .zip(tables)
        .filter_map(|((kind, _), table)| Some((*kind, Some(table.as_deref()?))))
        .collect();
    let own = section.sql_postgres.is_some() && kinds.is_empty() && section.steps.is_empty();
    if own && section.sql.is_none() && !bench.input.is_postgres() {
        let at = bench.key_at(&["sql_postgres"]);
        let words = format!("`{}` has no `sql`, and `sql_postgres` is for a server alone", bench.name);
        bench.fault(Code::MissingKey, at, words, "write the statement for this engine as `sql`");
        return None;
    }
    kinds.extend((section.sql.is_some() || own).then_some(("sql", None)));
    kinds.extend((!section.steps.is_empty()).then_some(("steps", None)));
    let (kind, table) = match kinds.as_slice() {
        [one] => *one,
        [] => {
            let all = KINDS.map(|(kind, _)| format!("`{kind}`")).join(", ");
            let words = format!("operation `{}` has nothing to do", bench.name);
            let at = bench.key_at(&[]);
            bench.fault(Code::OperationKind, at, words, format!("give it one of {all}"));
            return None;
        }
        [(first, _), (second, _), ..] => {
            let words = format!("`{first}` and `{second}` are two things to do, and an operation is one");
            let at = bench.key_at(&[second]);
            let help = match (*first, *second) {
                ("sql", "steps") => "make `sql` the first of the steps".to_owned(),
                _ => "leave one of them out, or make two operations".to_owned(),
            };
            bench.fault(Code::OperationKind, at, words, help);
            return None;
        }
    };
    check_keys(bench, kind);
    match table {
        Some(table) => lookups::make(bench, kind, table),
        None => raw::make(bench, kind),
    }
}

fn check_keys(bench: &mut Bench<'_, '_>, kind: &str) {
    let allowed = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, keys)| keys);
    for key in given(bench.section).into_iter().filter(|key| !allowed.contains(key)) {
        let at = bench.key_at(&[key]);
        if key.starts_with("expect_") {
            let words = format!("`{key}` cannot be beside `{kind}`");
            let help = match kind {
                "steps" => format!("write `{key}` into the step that it is about"),
                "insert" | "upsert" | "update" | "delete" => {
                    "it reads no rows; write `expect_changes`".to_owned()
                }
                _ => "it changes no rows; write `expect_rows`".to_owned(),
            };
            bench.fault(Code::Expectation, at, words, help);
            continue;
        }
        let with: Vec<String> = KINDS
            .iter()
            .filter(|(_, keys)| keys.contains(&key))
            .map(|(kind, _)| format!("`{kind}`"))
            .collect();
        let words = format!("`{key}` has no effect beside `{kind}`");
        bench.fault(Code::NoEffect, at, words, format!("leave it out; it goes with {}", with.join(", ")));
    }
}
