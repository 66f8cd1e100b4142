//! An operation as a session carries it out: its statements, prepared by the server, and the way through them.

use super::codes::{self, Consequence};
use super::statement::Statement;
use super::wire::{Trouble, Wire};
use crate::clock::Clock;
use crate::engine::met::{Known, Met, payload_bytes};
use crate::engine::slots::{Slots, is, shown};
use crate::engine::steps::{Broken, Fault, Kind, Progress, Ran, check, emptied, is_plain, walk};
use crate::engine::{Failure, Outcome};
use crate::plan::{Bind, Kind as About, Operation, Step, Table, Transaction};
use crate::value::{Decoder, EncodedValue};

/// Words of SQL that change something.
const WRITING: &[&str] =
    &["INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "TRUNCATE", "CREATE", "NEXTVAL", "SETVAL"];
/// Code of a transaction that the server could not but undo.
const FAILED_TRANSACTION: &str = "25P02";

/// What all operations of a session share.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) wire: Wire,
    pub(super) slots: Slots,
    pub(super) clock: Clock,
    values: Vec<EncodedValue<'static>>,
    /// Of texts and blobs, since they were last taken.
    pub(super) payload_bytes: u64,
    /// Time of commits since it was last taken; absent where there was none.
    pub(super) committing_ns: Option<u64>,
}

/// An operation that is ready.
#[derive(Debug)]
pub(super) struct Program {
    /// One statement, and nothing is asked of it.
    plain: bool,
    transaction: Transaction,
    shared: usize,
    stages: Vec<Stage>,
    /// Whether any of its statements may write.
    pub(super) writes: bool,
}

#[derive(Debug)]
struct Stage {
    statement: Statement,
    /// Columns of the first row, and slots for them; no slot twice.
    captures: Vec<(usize, usize)>,
    step: Step,
    /// Whether it may write.
    writes: bool,
    /// Where bytes are counted: what is known of its columns.
    payload: Option<Vec<Known>>,
}

impl Tools {
    pub(super) fn new(wire: Wire, clock: Clock) -> Tools {
        Tools {
            wire,
            slots: Slots::default(),
            clock,
            values: Vec::new(),
            payload_bytes: 0,
            committing_ns: None,
        }
    }

    /// Begins a transaction.
    pub(super) fn begin(&mut self, mode: Transaction) -> Result<(), Fault> {
        self.control(begin(mode)).map(|_| ()).map_err(|trouble| self.fault(trouble, false))
    }

    /// Commits; `wrote` says whether it matters. A transaction that the server undid instead is refused.
    pub(super) fn commit(&mut self, wrote: bool) -> Result<(), Fault> {
        let start = self.clock.now();
        let committed = self.control("COMMIT");
        let took = self.clock.nanos_between(start, self.clock.now());
        *self.committing_ns.get_or_insert(0) += took;
        match committed {
            Ok(tag) if tag.starts_with(b"COMMIT") => Ok(()),
            Ok(_) => {
                let words = "the server undid the transaction, since a statement of it had failed";
                Err(Fault { kind: Kind::Refused, failure: codes::failure(FAILED_TRANSACTION, words) })
            }
            // A commit may have happened even where the server says that the session ends.
            Err(Trouble { failure, lost: true, .. }) => {
                Err(self.fault(Trouble { failure, lost: true, void: false }, wrote))
            }
            Err(trouble) => Err(self.fault(trouble, wrote)),
        }
    }

    /// Undoes the transaction that is open, if one is: what is lost with its connection is undone by the server.
    pub(super) fn roll_back(&mut self) {
        if !self.wire.is_over() && self.wire.in_transaction() && self.control("ROLLBACK").is_err() {
            self.wire.give_up();
        }
    }

    /// The tag of a command around transactions.
    fn control(&mut self, sql: &str) -> Result<Vec<u8>, Trouble> {
        let mut tag = Vec::new();
        self.wire.simple(sql, |_, body| tag.extend_from_slice(body))?;
        Ok(tag)
    }

    /// What follows from trouble; `stands` says whether what was asked would stand if only its answer was lost.
    #[cold]
    pub(super) fn fault(&mut self, trouble: Trouble, stands: bool) -> Fault {
        let consequence = trouble.consequence();
        let gave_up = self.wire.gave_up();
        let Trouble { failure, lost, void } = trouble;
        if lost {
            self.wire.give_up();
        }
        let kind = match consequence {
            _ if lost && stands && !void => Kind::Unknown,
            _ if gave_up && (lost || failure.code == codes::CANCELLED) => Kind::Cancelled,
            Consequence::Fatal if !lost => Kind::Fatal,
            _ => Kind::Refused,
        };
        Fault { kind, failure }
    }
}

/// The statement that begins a transaction.
fn begin(mode: Transaction) -> &'static str {
    match mode {
        // The session's own isolation. What locks a whole database from the start is refused by the plan.
        Transaction::None | Transaction::Deferred | Transaction::Immediate | Transaction::Exclusive => {
            "BEGIN"
        }
        Transaction::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
        Transaction::RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        Transaction::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
    }
}

impl Program {
    /// Has all statements of an operation prepared; `name` makes their names.
    pub(super) fn new(
        tools: &mut Tools,
        operation: &Operation,
        tables: &[Table],
        mut name: impl FnMut() -> String,
    ) -> Result<Program, Failure> {
        tools.slots.grow(operation.captures.len());
        let mut stages = Vec::with_capacity(operation.steps.len());
        for step in &operation.steps {
            let statement =
                Statement::prepare(&mut tools.wire, name(), &step.sql).map_err(|trouble| trouble.failure)?;
            if statement.parameters() != step.binds.len() {
                let (has, takes) = (step.binds.len(), statement.parameters());
                let words = format!("`{}` takes {takes} values, and has {has}", step.sql);
                return Err(codes::failure(codes::PROTOCOL, &words));
            }
            stages.push(Stage::new(operation, step, statement, tables));
        }
        Ok(Program {
            plain: is_plain(operation) && !operation.payload,
            transaction: operation.transaction,
            shared: operation.values,
            writes: stages.iter().any(|stage| stage.writes),
            stages,
        })
    }

    /// Carries the operation out; `within` says whether it is part of a transaction around several.
    #[inline]
    pub(super) fn carry_out(&mut self, tools: &mut Tools, values: Decoder<'_>, within: bool) -> Outcome {
        if self.plain {
            return self.stages[0].carry_out(tools, values, within);
        }
        if self.transaction == Transaction::None {
            return match self.all(tools, values, within) {
                Ok(progress) => Outcome::Done { changes: progress.changes },
                // Nothing stands of a transaction that lost its connection.
                Err(broken) if within && tools.wire.is_over() => broken.fault.undone(),
                Err(broken) => broken.standing(),
            };
        }
        if let Err(fault) = tools.begin(self.transaction) {
            return fault.undone();
        }
        let done = match self.all(tools, values, true) {
            Ok(progress) => tools.commit(self.writes).map(|()| progress),
            Err(broken) => Err(broken.fault),
        };
        match done {
            Ok(progress) => Outcome::Done { changes: progress.changes },
            Err(fault) => {
                tools.roll_back();
                fault.undone()
            }
        }
    }

    /// All steps, up to the first that fails.
    fn all(&mut self, tools: &mut Tools, values: Decoder<'_>, within: bool) -> Result<Progress, Broken> {
        let (mut bound, shared) = (emptied(std::mem::take(&mut tools.values)), self.shared);
        let execute = |stage: &mut Stage, bound: &[EncodedValue<'_>], progress: &mut Progress| {
            stage.execute(tools, bound, shared, within, progress)
        };
        let done = walk(&mut self.stages, shared, &mut bound, values, |stage| &stage.step, execute);
        tools.values = emptied(bound);
        done
    }
}

impl Stage {
    fn new(operation: &Operation, step: &Step, statement: Statement, tables: &[Table]) -> Stage {
        let mut captures: Vec<(usize, usize)> = Vec::new();
        for &(column, slot) in &step.captures {
            captures.retain(|(_, other)| *other != slot);
            captures.push((column, slot));
        }
        let table = table_of(operation).and_then(|table| tables.get(table));
        let known = |column: &super::statement::Column| {
            if column.stored { Known::of(table, &column.name) } else { Known::Nothing }
        };
        let payload = operation.payload.then(|| statement.columns().iter().map(known).collect());
        let writes = operation.writes() && may_write(&step.sql);
        Stage { statement, captures, step: step.clone(), writes, payload }
    }

    /// As the whole of an operation of which nothing is asked.
    #[inline]
    fn carry_out(&mut self, tools: &mut Tools, mut values: Decoder<'_>, within: bool) -> Outcome {
        let count = self.statement.parameters();
        let bound = (0..count).map(|_| values.value());
        match self.statement.execute(&mut tools.wire, bound, |_, row| row.touch()) {
            Ok(ran) => Outcome::Done { changes: ran.changes },
            Err(trouble) => tools.fault(trouble, self.writes && !within).undone(),
        }
    }

    fn execute(
        &mut self,
        tools: &mut Tools,
        bound: &[EncodedValue<'_>],
        shared: usize,
        within: bool,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let Stage { statement, captures, step, payload, writes } = self;
        let (ready, coming) = tools.slots.split();
        let (mut other, mut met) = (None, Met::default());
        let counts = payload.is_some() && *writes;
        let values = step.binds.iter().map(|bind| {
            let value = match *bind {
                Bind::Shared(value) => bound[value],
                Bind::Own(value) => bound[shared + value],
                Bind::Captured(slot) => ready[slot].get(),
            };
            tools.payload_bytes += if counts { payload_bytes(value) } else { 0 };
            value
        });
        let ran = statement.execute(&mut tools.wire, values, |number, row| {
            match payload {
                None => row.touch(),
                Some(known) => {
                    known.iter().zip(row.values()).for_each(|(known, value)| met.meet(*known, value))
                }
            }
            if number == 0 {
                captures.iter().for_each(|&(column, slot)| coming[slot].set(row.column(column)));
                if let Some(expected) = &step.expect.value {
                    let value = row.column(0);
                    other = (!is(value, expected)).then(|| shown(value));
                }
            }
        });
        let ran: Ran = match ran {
            Ok(ran) => ran,
            Err(trouble) => return Err(tools.fault(trouble, *writes && !within)),
        };
        tools.payload_bytes += met.bytes;
        progress.wrote |= ran.changes > 0 || (*writes && !counted(&step.sql));
        progress.changes += ran.changes;
        met.fault()?;
        check(step, ran, other)?;
        for &(_, slot) in captures.iter() {
            tools.slots.keep(slot);
        }
        Ok(())
    }
}

/// The table that an operation is about; SQL may be about any.
fn table_of(operation: &Operation) -> Option<usize> {
    match operation.kind {
        About::Insert { table }
        | About::Upsert { table, .. }
        | About::Get { table }
        | About::Find { table }
        | About::Scan { table }
        | About::Update { table, .. }
        | About::Delete { table } => Some(table),
        About::Sql { .. } => None,
    }
}

/// Whether a statement may change something, as far as its words tell: a query that calls a function that does is not among them.
fn may_write(sql: &str) -> bool {
    let first = first_word(sql);
    let reads = ["SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "WITH"];
    !reads.iter().any(|word| first.eq_ignore_ascii_case(word))
        || words(sql).any(|word| is_one_of(word, WRITING))
}

/// Whether the server says how many rows a statement changed.
fn counted(sql: &str) -> bool {
    is_one_of(first_word(sql), &["INSERT", "UPDATE", "DELETE", "MERGE"])
}

fn first_word(sql: &str) -> &str {
    words(sql).next().unwrap_or_default()
}

fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|other| other.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_may_write_is_known_by_its_words() {
        for sql in [
            "INSERT INTO t VALUES ($1)",
            "with gone as (delete from t returning *) select count(*) from gone",
            "SELECT nextval('s')",
            "CREATE INDEX i ON t (a)",
            "CALL p()",
        ] {
            assert!(may_write(sql), "{sql}");
        }
        for sql in
            ["SELECT 1", "(SELECT 1) UNION (SELECT 2)", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1)"]
        {
            assert!(!may_write(sql), "{sql}");
        }
        assert!(counted(" update t set a = 1") && !counted("CREATE TABLE t (a int)"));
    }
}
