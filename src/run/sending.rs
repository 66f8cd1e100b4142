//! How a batch is sent: its operations one after the other in a transaction, or one INSERT for all rows of a table.

use super::crew::Claim;
use super::journal::Subject;
use super::line::Work;
use crate::engine::{EngineError, Failure, Outcome, Session};
use crate::plan::{BatchMode, Plan, Transaction};
use crate::value::Decoder;

/// Parameters of one statement, at most: the least of all engines' limits, which is SQLite's.
const PARAMETERS: usize = 32_766;

/// An operation of a batch.
#[derive(Clone, Copy)]
pub(super) struct Item<'v> {
    pub(super) claim: Claim,
    pub(super) subject: Subject,
    pub(super) values: Decoder<'v>,
}

/// What came of one operation of a batch that was committed.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) changes: u64,
    /// What was not as expected.
    pub(super) failure: Option<Failure>,
    /// Bytes of values written, or read, where they are counted.
    pub(super) payload_bytes: u64,
}

/// A batch on its way.
pub(super) struct Sending<'b, 'v> {
    items: &'b [Item<'v>],
    plan: &'b Plan,
    mode: BatchMode,
    /// For statements of many rows: operation and rows of each.
    statements: Vec<(usize, Vec<Decoder<'v>>)>,
    /// One for each operation, after it was committed.
    pub(super) answers: Vec<Answer>,
    /// Rows (table, how many) that statements of many rows left out, without saying which.
    pub(super) uncounted: Vec<(usize, i64)>,
}

impl<'b, 'v> Sending<'b, 'v> {
    /// Rows of many are ordered by table, parents' tables first.
    pub(super) fn new(items: &'b mut [Item<'v>], plan: &'b Plan, ranks: &[usize], mode: BatchMode) -> Self {
        let mut statements: Vec<(usize, Vec<Decoder<'v>>)> = Vec::new();
        if mode == BatchMode::MultiRow {
            let operations = &plan.operations;
            let rank = |item: &Item<'_>| {
                operations[item.subject.operation].inserts().map_or(usize::MAX, |table| ranks[table])
            };
            items.sort_by_key(|item| (rank(item), item.subject.operation));
            for item in &*items {
                let operation = item.subject.operation;
                let most = (PARAMETERS / operations[operation].values.max(1)).max(1);
                match statements.last_mut() {
                    Some((last, rows)) if *last == operation && rows.len() < most => rows.push(item.values),
                    _ => statements.push((operation, vec![item.values])),
                }
            }
        }
        let answers = Vec::with_capacity(items.len());
        Sending { items, plan, mode, statements, answers, uncounted: Vec::new() }
    }

    /// Nothing is locked for operations that only read; a transaction that will write takes its place at once, instead of being refused later.
    fn transaction(&self) -> Transaction {
        let operations = &self.plan.operations;
        let writes = self.items.iter().any(|item| operations[item.subject.operation].writes());
        if writes { Transaction::Immediate } else { Transaction::Deferred }
    }

    fn send_each(&mut self, session: &mut dyn Session) -> Result<(), Outcome> {
        for item in self.items {
            let (changes, failure) = match session.execute(item.subject.operation, item.values) {
                Outcome::Done { changes } => (changes, None),
                Outcome::Unexpected { changes, failure } => (changes, Some(failure)),
                refused => return Err(refused),
            };
            let counted = self.plan.operations[item.subject.operation].payload;
            let payload_bytes = if counted { session.take_payload_bytes() } else { 0 };
            self.answers.push(Answer { changes, failure, payload_bytes });
        }
        Ok(())
    }

    fn send_rows(&mut self, session: &mut dyn Session) -> Result<(), Outcome> {
        for (operation, rows) in &self.statements {
            match session.insert_rows(*operation, rows) {
                Outcome::Done { changes } => {
                    let missing = rows.len() as i64 - changes as i64;
                    if let Some(table) = self.plan.operations[*operation].inserts()
                        && missing != 0
                    {
                        self.uncounted.push((table, missing));
                    }
                    let counted = self.plan.operations[*operation].payload;
                    let mut payload_bytes = if counted { session.take_payload_bytes() } else { 0 };
                    // Those of all rows stand with the first: they are operations of one kind.
                    self.answers.extend(rows.iter().map(|_| Answer {
                        changes: 1,
                        failure: None,
                        payload_bytes: std::mem::take(&mut payload_bytes),
                    }));
                }
                refused => return Err(refused),
            }
        }
        Ok(())
    }
}

impl Work for Sending<'_, '_> {
    fn prepare(&mut self, session: &mut dyn Session) -> Result<(), Outcome> {
        for (operation, rows) in &self.statements {
            session.prepare_rows(*operation, rows.len()).map_err(|error| match error {
                EngineError::Interrupted => Outcome::Cancelled,
                EngineError::Fatal { code, message } => Outcome::Fatal(Failure { code, message }),
                other => Outcome::Fatal(Failure { code: "prepare", message: other.to_string() }),
            })?;
        }
        Ok(())
    }

    fn send(&mut self, session: &mut dyn Session) -> Outcome {
        self.answers.clear();
        self.uncounted.clear();
        if self.mode == BatchMode::MultiRow && self.statements.len() == 1 {
            return self.send_rows(session).err().unwrap_or(Outcome::Done { changes: 0 });
        }
        let begun = session.begin(self.transaction());
        if !matches!(begun, Outcome::Done { .. }) {
            return begun;
        }
        let sent = match self.mode {
            BatchMode::Transaction => self.send_each(session),
            BatchMode::MultiRow => self.send_rows(session),
        };
        let refused = match sent {
            Ok(()) => match session.commit() {
                done @ Outcome::Done { .. } => return done,
                refused => refused,
            },
            Err(refused) => refused,
        };
        session.roll_back();
        // Whatever stood of it is undone.
        match refused {
            Outcome::Torn(failure) => Outcome::Refused(failure),
            other => other,
        }
    }
}
