//! What all operations of a session share: the cache of statements, those around transactions, captured values, and memory used again.

#![expect(unsafe_code, reason = "statements are held beside their connection")]

use rusqlite::Connection;

use super::cache::{Cache, Held};
use super::connect::Link;
use super::fault;
use super::prepared::{Code, Prepared};
use crate::engine::slots::Slots;
use crate::engine::steps::{Fault, Kind, emptied};
use crate::plan::Transaction;
use crate::value::EncodedValue;

/// Belongs to one session, which clears it before it parts with the connection.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) cache: Cache,
    pub(super) slots: Slots,
    control: Option<Control>,
    values: Vec<EncodedValue<'static>>,
    /// Of texts and blobs, since they were last taken.
    pub(super) payload_bytes: u64,
}

/// The statements around a transaction.
#[derive(Debug)]
struct Control {
    deferred: Held,
    immediate: Held,
    exclusive: Held,
    commit: Held,
    roll_back: Held,
}

impl Tools {
    /// # Safety
    /// The connection must stay open until these are cleared or dropped, and be used by one thread at a time.
    pub(super) unsafe fn new(
        connection: &Connection,
        statement_cache: Option<u32>,
    ) -> rusqlite::Result<Tools> {
        let cache = Cache::new(statement_cache);
        // SAFETY: as the caller promises.
        let hold = |sql| unsafe { cache.hold(connection, sql) }.map(|(held, _)| held);
        let control = Control {
            deferred: hold("BEGIN DEFERRED")?,
            immediate: hold("BEGIN IMMEDIATE")?,
            exclusive: hold("BEGIN EXCLUSIVE")?,
            commit: hold("COMMIT")?,
            roll_back: hold("ROLLBACK")?,
        };
        Ok(Tools {
            cache,
            slots: Slots::default(),
            control: Some(control),
            values: Vec::new(),
            payload_bytes: 0,
        })
    }

    /// Finalises all statements.
    pub(super) fn clear(&mut self) {
        self.control = None;
        self.cache.clear();
    }

    /// Begins a transaction; without a mode of its own, a deferred one.
    pub(super) fn begin(&mut self, link: &Link, mode: Transaction) -> Result<(), Fault> {
        self.control(link, |control| match mode {
            Transaction::None | Transaction::Deferred => &mut control.deferred,
            Transaction::Immediate => &mut control.immediate,
            Transaction::Exclusive => &mut control.exclusive,
            // No plan for SQLite asks for an isolation level.
            Transaction::ReadCommitted | Transaction::RepeatableRead | Transaction::Serializable => {
                &mut control.immediate
            }
        })
    }

    /// Commits. A transaction whose commit fails may still be open.
    pub(super) fn commit(&mut self, link: &Link) -> Result<(), Fault> {
        self.control(link, |control| &mut control.commit)
    }

    /// Undoes the transaction that is open, if one is: after some errors SQLite has done so itself.
    pub(super) fn roll_back(&mut self, link: &Link) -> Result<(), Fault> {
        if link.connection.is_autocommit() {
            return Ok(());
        }
        let result = self.control(link, |control| &mut control.roll_back);
        // Whatever went wrong meanwhile, what counts is that the transaction is over.
        result
            .or_else(|fault| if link.connection.is_autocommit() { Ok(()) } else { Err(fault) })
            .map_err(|fault| Fault { kind: Kind::Fatal, ..fault })
    }

    fn control(&mut self, link: &Link, which: impl FnOnce(&mut Control) -> &mut Held) -> Result<(), Fault> {
        let control = self.control.as_mut().expect("a session has its statements until it is dropped");
        run(&mut self.cache, link, which(control), |statement| statement.run(|_, _| ())).map(|_| ())
    }

    /// An empty list, in the memory of the last one.
    pub(super) fn values<'a>(&mut self) -> Vec<EncodedValue<'a>> {
        emptied(std::mem::take(&mut self.values))
    }

    /// Takes the memory of a list back.
    pub(super) fn give_back(&mut self, values: Vec<EncodedValue<'_>>) {
        self.values = emptied(values);
    }
}

/// Executes a statement that `work` binds and runs. One that fails is reset, after the connection's words were read.
#[inline]
pub(super) fn run<T>(
    cache: &mut Cache,
    link: &Link,
    held: &mut Held,
    work: impl FnOnce(&mut Prepared) -> Result<T, Code>,
) -> Result<T, Fault> {
    // SAFETY: a session clears its tools, and with them the cache, before it parts with the connection, and has both to itself.
    let statement = match unsafe { cache.statement(&link.connection, held) } {
        Ok(statement) => statement,
        Err(code) => return Err(fault::read(link, code)),
    };
    let result = match work(statement) {
        Ok(value) => {
            link.watch.statement_ends();
            Ok(value)
        }
        Err(code) => Err(failed(link, statement, code)),
    };
    cache.done();
    result
}

/// Reads what is wrong, then ends the statement: an error in a transaction of its own is rolled back by this.
#[cold]
#[inline(never)]
pub(super) fn failed(link: &Link, statement: &mut Prepared, code: Code) -> Fault {
    let fault = fault::read(link, code);
    statement.reset();
    link.watch.forget_commit();
    fault
}
