//! An operation as a session carries it out: its statements, ready, and the way through them.
//!
//! Which way is decided when the operation is prepared. A lone statement that takes its values as they stand on the tape has the short one.

#![expect(unsafe_code, reason = "statements are held beside their connection")]

use rusqlite::Connection;

use super::cache::Held;
use super::connect::Link;
use super::payload::Payload;
use super::prepared::{Effect, Prepared};
use super::tools::{Tools, failed, run};
use crate::engine::Outcome;
use crate::engine::met::Met;
use crate::engine::slots::{is, shown};
use crate::engine::steps::{Broken, Fault, Progress, check, is_plain, walk};
use crate::plan::{Bind, Operation, Step, Table, Transaction};
use crate::value::{Decoder, EncodedValue};

/// An operation that is ready.
#[derive(Debug)]
pub(super) enum Program {
    /// One held statement, without anything around it.
    Single(Prepared),
    /// All others.
    Steps(Steps),
}

/// Statements in their order.
#[derive(Debug)]
pub(super) struct Steps {
    transaction: Transaction,
    shared: usize,
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    held: Held,
    effect: Effect,
    /// Columns of the first row, and slots for them; no slot twice.
    captures: Vec<(i32, usize)>,
    step: Step,
    /// Where bytes are counted.
    payload: Option<Payload>,
}

impl Program {
    /// Prepares all statements of an operation.
    ///
    /// # Safety
    /// The connection must stay open until the program is dropped, and be used by one thread at a time.
    pub(super) unsafe fn new(
        connection: &Connection,
        operation: &Operation,
        tables: &[Table],
        tools: &mut Tools,
    ) -> rusqlite::Result<Program> {
        if tools.cache.holds() && is_plain(operation) && !operation.payload {
            // SAFETY: as the caller promises.
            return Ok(Program::Single(unsafe { Prepared::new(connection, &operation.steps[0].sql)? }));
        }
        tools.slots.grow(operation.captures.len());
        let stage = |step: &Step| -> rusqlite::Result<Stage> {
            // SAFETY: as above.
            let (held, effect) = unsafe { tools.cache.hold(connection, &step.sql)? };
            let mut captures: Vec<(i32, usize)> = Vec::new();
            for &(column, slot) in &step.captures {
                captures.retain(|(_, other)| *other != slot);
                // What is beyond all columns reads as NULL.
                captures.push((i32::try_from(column).unwrap_or(i32::MAX), slot));
            }
            let payload = |connection| {
                // SAFETY: it is dropped at once.
                let statement = unsafe { Prepared::new(connection, &step.sql)? };
                Ok::<_, rusqlite::Error>(Payload::new(operation, &statement, effect != Effect::None, tables))
            };
            let payload = operation.payload.then(|| payload(connection)).transpose()?;
            Ok(Stage { held, effect, captures, step: step.clone(), payload })
        };
        Ok(Program::Steps(Steps {
            transaction: operation.transaction,
            shared: operation.values,
            stages: operation.steps.iter().map(stage).collect::<rusqlite::Result<_>>()?,
        }))
    }

    /// Carries the operation out.
    #[inline]
    pub(super) fn carry_out(&mut self, tools: &mut Tools, link: &Link, values: Decoder<'_>) -> Outcome {
        match self {
            Program::Single(statement) => match statement.execute(values) {
                Ok(changes) => {
                    link.watch.statement_ends();
                    Outcome::Done { changes }
                }
                Err(code) => failed(link, statement, code).undone(),
            },
            Program::Steps(steps) => steps.carry_out(tools, link, values),
        }
    }
}

impl Steps {
    fn carry_out(&mut self, tools: &mut Tools, link: &Link, values: Decoder<'_>) -> Outcome {
        if self.transaction == Transaction::None && !self.needs_transaction(link, values) {
            return match self.all(tools, link, values) {
                Ok(progress) => Outcome::Done { changes: progress.changes },
                Err(broken) => broken.standing(),
            };
        }
        if let Err(fault) = tools.begin(link, self.transaction) {
            return fault.undone();
        }
        let done = match self.all(tools, link, values) {
            Ok(progress) => tools.commit(link).map(|()| progress),
            Err(broken) => Err(broken.fault),
        };
        match done {
            Ok(progress) => Outcome::Done { changes: progress.changes },
            Err(fault) => match tools.roll_back(link) {
                Ok(()) => fault.undone(),
                Err(worse) => worse.undone(),
            },
        }
    }

    /// A row whose blobs are written after it stands or falls with them.
    fn needs_transaction(&self, link: &Link, mut values: Decoder<'_>) -> bool {
        let [Stage { payload: Some(payload), .. }] = self.stages.as_slice() else { return false };
        payload.needs_transaction((0..self.shared).map(|_| values.value())) && link.connection.is_autocommit()
    }

    /// All steps, up to the first that fails.
    fn all(&mut self, tools: &mut Tools, link: &Link, values: Decoder<'_>) -> Result<Progress, Broken> {
        let (mut bound, shared) = (tools.values(), self.shared);
        let execute = |stage: &mut Stage, bound: &[EncodedValue<'_>], progress: &mut Progress| {
            stage.execute(tools, link, bound, shared, progress)
        };
        let done = walk(&mut self.stages, shared, &mut bound, values, |stage| &stage.step, execute);
        tools.give_back(bound);
        done
    }
}

impl Stage {
    fn execute(
        &mut self,
        tools: &mut Tools,
        link: &Link,
        bound: &[EncodedValue<'_>],
        shared: usize,
        progress: &mut Progress,
    ) -> Result<(), Fault> {
        let Tools { cache, slots, payload_bytes, .. } = tools;
        let (ready, coming) = slots.split();
        let Stage { held, captures, step, payload, .. } = self;
        let (mut other, mut met) = (None, Met::default());
        let value_of = |bind: Bind| match bind {
            Bind::Shared(value) => bound[value],
            Bind::Own(value) => bound[shared + value],
            Bind::Captured(slot) => ready[slot].get(),
        };
        let ran = run(cache, link, held, |statement| {
            for (index, bind) in (1..).zip(&step.binds) {
                let value = value_of(*bind);
                match payload.as_ref().and_then(|payload| payload.is_later(value)) {
                    Some(length) => statement.bind_zeros(index, length)?,
                    None => statement.bind(index, value)?,
                }
                met.bytes += payload.as_ref().map_or(0, |payload| payload.bound(value));
            }
            let mut unread = Ok(());
            let ran = statement.run(|number, row| {
                match payload.as_mut() {
                    None => row.touch(),
                    Some(payload) if unread.is_ok() => unread = payload.touch(link, row, &mut met),
                    Some(_) => {}
                }
                if number == 0 {
                    captures.iter().for_each(|&(column, slot)| coming[slot].set(row.column(column)));
                    if let Some(expected) = &step.expect.value {
                        let value = row.column(0);
                        other = (!is(value, expected)).then(|| shown(value));
                    }
                }
            })?;
            unread.map(|()| ran)
        })?;
        if let Some(payload) = payload {
            payload.write_later(link, step.binds.iter().map(|bind| value_of(*bind)))?;
            *payload_bytes += met.bytes;
        }
        progress.wrote |= ran.changes > 0 || self.effect == Effect::Other;
        progress.changes += ran.changes;
        met.fault()?;
        check(&self.step, ran, other)?;
        for &(_, slot) in &self.captures {
            tools.slots.keep(slot);
        }
        Ok(())
    }
}
