//! An engine that plays a script on virtual time: most tests of a run need no more, and take no time.
//!
//! Replies come in the order of the script, whatever the values. A row is "stored" when its operation is acknowledged, or the transaction around
//! it committed, so counts can be verified; rows themselves are not kept.

mod outage;
mod script;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Ticks};

use crate::engine::{
    Checkpoint, Connector, Counters, Engine, EngineError, Facts, Inspector, Lookup, Orphans, Outcome,
    Session, Times,
};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

pub use outage::Outage;
pub use script::{Answer, Execution, Reply, Rule, Script, Turn};

#[derive(Debug)]
struct Stage {
    script: Script,
    clock: Clock,
    start: Ticks,
    /// Rows acknowledged since the last reset, by table.
    rows: Mutex<BTreeMap<usize, i64>>,
    executed: AtomicU64,
    resets: AtomicU64,
    sessions: AtomicI64,
}

impl Stage {
    fn look_up(&self) -> Lookup {
        self.script.look_up.clone().unwrap_or(Lookup::Same)
    }

    fn pass(&self, nanos: u64) {
        // Time that does not pass is nobody's turn.
        if nanos > 0 {
            self.clock.sleep(Duration::from_nanos(nanos));
        }
    }

    /// Nanoseconds since the engine was made.
    fn now_ns(&self) -> u64 {
        self.clock.nanos_between(self.start, self.clock.now())
    }

    /// Nothing can be asked of a server that is away.
    fn reach(&self) -> Result<(), EngineError> {
        match self.script.outage {
            Some(outage) if outage.is_at(self.now_ns()) => {
                Err(EngineError::Unavailable("the server is away".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn store(&self, table: usize, rows: i64) {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_default() += rows;
    }
}

/// A database that does what its script says.
#[derive(Clone, Debug)]
pub struct ScriptedEngine {
    stage: Arc<Stage>,
}

impl ScriptedEngine {
    /// Every answer is waited for on the clock.
    pub fn new(script: Script, clock: &Clock) -> ScriptedEngine {
        let stage = Stage {
            script,
            clock: clock.clone(),
            start: clock.now(),
            executed: AtomicU64::new(0),
            rows: Mutex::default(),
            resets: AtomicU64::new(0),
            sessions: AtomicI64::new(0),
        };
        ScriptedEngine { stage: Arc::new(stage) }
    }

    /// How often it was reset.
    pub fn resets(&self) -> u64 {
        self.stage.resets.load(Ordering::SeqCst)
    }

    /// Sessions open now.
    pub fn open_sessions(&self) -> i64 {
        self.stage.sessions.load(Ordering::SeqCst)
    }
}

impl Engine for ScriptedEngine {
    fn reset(&mut self) -> Result<(), EngineError> {
        self.stage.reach()?;
        self.stage.resets.fetch_add(1, Ordering::SeqCst);
        self.stage.rows.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.stage.executed.store(0, Ordering::SeqCst);
        Ok(())
    }

    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        self.connect(worker)
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        Ok(Arc::new(self.clone()))
    }

    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        Vec::new()
    }

    fn facts(&self) -> Facts {
        Facts { name: "scripted".into(), storage: "script".into(), ..Facts::default() }
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        self.stage.reach()?;
        Ok(Counters::default())
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        self.stage.reach()?;
        Ok(Box::new(ScriptedInspector { stage: &self.stage }))
    }

    fn tear_down(&mut self, _keep: bool) -> Result<(), EngineError> {
        self.stage.reach()
    }
}

impl Connector for ScriptedEngine {
    fn connect(&self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        if let Some(reason) = self.stage.script.closed_to.get(&worker) {
            return Err(EngineError::Unavailable(reason.clone()));
        }
        self.stage.reach()?;
        self.stage.pass(self.stage.script.open_ns);
        self.stage.sessions.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(ScriptedSession {
            executed: vec![0; self.stage.script.operations.len()],
            stage: Arc::clone(&self.stage),
            worker,
            turn: 0,
            commits: 0,
            transaction: None,
            timed: false,
            connected_ns: self.stage.now_ns(),
        }))
    }
}

struct ScriptedSession {
    stage: Arc<Stage>,
    worker: usize,
    turn: u64,
    commits: usize,
    /// By operation.
    executed: Vec<usize>,
    /// Rows (table, how many) that are stored when it is committed.
    transaction: Option<Vec<(usize, i64)>>,
    timed: bool,
    /// When it was connected, nanoseconds since the engine was made.
    connected_ns: u64,
}

impl ScriptedSession {
    fn next_reply(&mut self, operation: usize) -> Reply {
        let script = &self.stage.script;
        let (_, replies) = &script.operations[operation];
        let ordinal = self.executed[operation];
        self.executed[operation] += 1;
        let execution = Execution {
            operation,
            session: self.worker,
            turn: self.turn,
            ordinal: self.stage.executed.fetch_add(1, Ordering::SeqCst),
            now_ns: self.stage.now_ns(),
        };
        let ruled = script.rule.as_ref().and_then(|rule| rule.reply(execution));
        let own = ruled.or_else(|| script.turns.get(&(self.worker, self.turn)).cloned());
        self.turn += 1;
        own.unwrap_or_else(|| match replies.len() {
            0 => Reply::done(0),
            length => replies[ordinal % length].clone(),
        })
    }

    fn store(&mut self, operation: usize, changes: u64) {
        let script = &self.stage.script;
        let each = script.adds.get(&operation).copied().unwrap_or(1);
        let stored = (script.operations[operation].0, each * changes as i64);
        match &mut self.transaction {
            Some(pending) => pending.push(stored),
            None => self.stage.store(stored.0, stored.1),
        }
    }
}

impl Session for ScriptedSession {
    fn execute(&mut self, operation: usize, _values: Decoder<'_>) -> Outcome {
        if let Err(away) = self.reconnect() {
            return away;
        }
        let Reply { latency_ns, answer } = self.next_reply(operation);
        let answer = self.wait_for(latency_ns, answer);
        if let Answer::Done(changes) | Answer::Unexpected(changes, _) = answer {
            self.store(operation, changes);
            self.timed = true;
        }
        if let Answer::Unknown(changes, _) = answer {
            self.store(operation, changes);
        }
        answer.outcome()
    }

    fn begin(&mut self, _mode: Transaction) -> Outcome {
        if let Err(away) = self.reconnect() {
            return away;
        }
        assert!(self.transaction.is_none(), "a transaction is open already");
        self.transaction = Some(Vec::new());
        Outcome::Done { changes: 0 }
    }

    fn commit(&mut self) -> Outcome {
        let commits = &self.stage.script.commits;
        let reply = match commits.len() {
            0 => Reply { latency_ns: 0, answer: Answer::Done(0) },
            length => commits[self.commits % length].clone(),
        };
        self.commits += 1;
        assert!(self.transaction.is_some(), "no transaction is open");
        let mut pending = self.transaction.take();
        let answer = self.wait_for(reply.latency_ns, reply.answer);
        if let Answer::Done(_) | Answer::Unknown(1.., _) = answer {
            let stored = pending.take().into_iter().flatten();
            stored.for_each(|(table, rows)| self.stage.store(table, rows));
        }
        if let Answer::Refused(_) = answer {
            // It is still open.
            self.transaction = pending;
        }
        answer.outcome()
    }

    fn roll_back(&mut self) {
        self.transaction = None;
    }

    fn prepare_rows(&mut self, _operation: usize, _rows: usize) -> Result<(), EngineError> {
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        if let Err(away) = self.reconnect() {
            return away;
        }
        let Reply { latency_ns, answer } = self.next_reply(operation);
        let answer = self.wait_for(latency_ns, answer);
        if let Answer::Done(_) | Answer::Unknown(1.., _) = answer {
            self.store(operation, rows.len() as u64);
        }
        match answer {
            Answer::Done(_) => Outcome::Done { changes: rows.len() as u64 },
            other => other.outcome(),
        }
    }

    fn take_times(&mut self) -> Option<Times> {
        std::mem::take(&mut self.timed).then_some(self.stage.script.times).flatten()
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn look_up(&mut self, _table: usize, _row: &[Value]) -> Result<Lookup, EngineError> {
        Ok(self.stage.look_up())
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Drop for ScriptedSession {
    fn drop(&mut self) {
        self.stage.sessions.fetch_sub(1, Ordering::SeqCst);
    }
}

struct ScriptedInspector<'a> {
    stage: &'a Stage,
}

impl Inspector for ScriptedInspector<'_> {
    fn count(&mut self, table: usize) -> Result<u64, EngineError> {
        let stored =
            self.stage.rows.lock().unwrap_or_else(PoisonError::into_inner).get(&table).copied().unwrap_or(0);
        let miscount = self.stage.script.miscounts.get(&table).copied().unwrap_or(0);
        Ok(u64::try_from(stored + miscount).unwrap_or(0))
    }

    fn look_up(&mut self, _table: usize, _row: &[Value], _ignored: &[usize]) -> Result<Lookup, EngineError> {
        Ok(self.stage.look_up())
    }

    fn keys(&mut self, _table: usize, _visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError> {
        Ok(())
    }

    fn integrity(&mut self, _quick: bool) -> Result<Option<Vec<String>>, EngineError> {
        Ok(Some(self.stage.script.damage.clone()))
    }

    fn orphans(&mut self) -> Result<Orphans, EngineError> {
        Ok(self.stage.script.orphans.clone())
    }
}

#[cfg(test)]
mod tests;
