//! An engine that plays a script on virtual time: most tests of a run need no more, and take no time.
//!
//! Replies come in the order of the script, whatever the values. A row is "stored" when its operation is acknowledged, so counts can be
//! verified; rows themselves are not kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{
    Checkpoint, Connector, Counters, Engine, EngineError, Facts, Failure, Inspector, Lookup, Orphans,
    Outcome, Session, Times,
};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// What becomes of one scripted operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// [`Outcome::Done`], with this many rows changed.
    Done(u64),
    /// [`Outcome::Refused`].
    Refused(Failure),
    /// [`Outcome::Fatal`].
    Fatal(Failure),
    /// [`Outcome::Cancelled`].
    Cancelled,
}

impl Answer {
    /// Refused with a code that serves as its own message.
    pub fn refused(code: &'static str) -> Answer {
        Answer::Refused(Failure { code, message: code.to_owned() })
    }

    /// Fatal with a code that serves as its own message.
    pub fn fatal(code: &'static str) -> Answer {
        Answer::Fatal(Failure { code, message: code.to_owned() })
    }

    fn outcome(self) -> Outcome {
        match self {
            Answer::Done(changes) => Outcome::Done { changes },
            Answer::Refused(failure) => Outcome::Refused(failure),
            Answer::Fatal(failure) => Outcome::Fatal(failure),
            Answer::Cancelled => Outcome::Cancelled,
        }
    }
}

/// An answer and the virtual time until it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// By how much the clock is advanced.
    pub latency_ns: u64,
    /// What comes of it.
    pub answer: Answer,
}

impl Reply {
    /// One row changed, after `latency_ns`.
    pub fn done(latency_ns: u64) -> Reply {
        Reply { latency_ns, answer: Answer::Done(1) }
    }
}

/// Who executes what: the worker, and how many operations it executed before in this session.
pub type Turn = (usize, u64);

/// What a scripted database answers.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// For each operation its table, and replies that each session repeats in a circle; one row after no time where there are none.
    pub operations: Vec<(usize, Vec<Reply>)>,
    /// Replies for single turns, instead of those of the operation.
    pub turns: BTreeMap<Turn, Reply>,
    /// Workers whose session cannot be opened, with the reason.
    pub closed_to: BTreeMap<usize, String>,
    /// Added to the rows counted in a table: rows lost, or too many.
    pub miscounts: BTreeMap<usize, i64>,
    /// What looking any row up gives; [`Lookup::Same`] when absent.
    pub look_up: Option<Lookup>,
    /// What the integrity check finds.
    pub damage: Vec<String>,
    /// What the foreign key check finds.
    pub orphans: Orphans,
}

#[derive(Debug)]
struct Stage {
    script: Script,
    clock_ns: Arc<AtomicU64>,
    /// Rows acknowledged since the last reset, by table.
    rows: Mutex<BTreeMap<usize, u64>>,
    resets: AtomicU64,
    sessions: AtomicI64,
}

impl Stage {
    fn look_up(&self) -> Lookup {
        self.script.look_up.clone().unwrap_or(Lookup::Same)
    }
}

/// A database that does what its script says.
#[derive(Clone, Debug)]
pub struct ScriptedEngine {
    stage: Arc<Stage>,
}

impl ScriptedEngine {
    /// `clock_ns` is the time that all sessions advance; a test's virtual clock reads it.
    pub fn new(script: Script, clock_ns: Arc<AtomicU64>) -> ScriptedEngine {
        let stage = Stage {
            script,
            clock_ns,
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
        self.stage.resets.fetch_add(1, Ordering::SeqCst);
        self.stage.rows.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
        Facts { name: "scripted", storage: "script", ..Facts::default() }
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        Ok(Counters::default())
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        Ok(Box::new(ScriptedInspector { stage: &self.stage }))
    }

    fn tear_down(&mut self, _keep: bool) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Connector for ScriptedEngine {
    fn connect(&self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        if let Some(reason) = self.stage.script.closed_to.get(&worker) {
            return Err(EngineError::Unavailable(reason.clone()));
        }
        self.stage.sessions.fetch_add(1, Ordering::SeqCst);
        let executed = vec![0; self.stage.script.operations.len()];
        Ok(Box::new(ScriptedSession { stage: Arc::clone(&self.stage), worker, turn: 0, executed }))
    }
}

struct ScriptedSession {
    stage: Arc<Stage>,
    worker: usize,
    turn: u64,
    /// By operation.
    executed: Vec<usize>,
}

impl ScriptedSession {
    fn next_reply(&mut self, operation: usize) -> Reply {
        let (_, replies) = &self.stage.script.operations[operation];
        let ordinal = self.executed[operation];
        self.executed[operation] += 1;
        let own = self.stage.script.turns.get(&(self.worker, self.turn));
        self.turn += 1;
        match (own, replies.len()) {
            (Some(reply), _) => reply.clone(),
            (None, 0) => Reply::done(0),
            (None, length) => replies[ordinal % length].clone(),
        }
    }
}

impl Session for ScriptedSession {
    fn execute(&mut self, operation: usize, _values: Decoder<'_>) -> Outcome {
        let Reply { latency_ns, answer } = self.next_reply(operation);
        self.stage.clock_ns.fetch_add(latency_ns, Ordering::SeqCst);
        if let Answer::Done(changes) = answer {
            let (table, _) = self.stage.script.operations[operation];
            *self.stage.rows.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_default() +=
                changes;
        }
        answer.outcome()
    }

    fn begin(&mut self, _mode: Transaction) -> Outcome {
        Outcome::Done { changes: 0 }
    }

    fn commit(&mut self) -> Outcome {
        Outcome::Done { changes: 0 }
    }

    fn roll_back(&mut self) {}

    fn prepare_rows(&mut self, _operation: usize, _rows: usize) -> Result<(), EngineError> {
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        let _ = operation;
        Outcome::Done { changes: rows.len() as u64 }
    }

    fn take_times(&mut self) -> Option<Times> {
        None
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
        Ok(stored.saturating_add_signed(self.stage.script.miscounts.get(&table).copied().unwrap_or(0)))
    }

    fn look_up(&mut self, _table: usize, _row: &[Value], _ignored: &[usize]) -> Result<Lookup, EngineError> {
        Ok(self.stage.look_up())
    }

    fn keys(&mut self, _table: usize, _visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError> {
        Ok(())
    }

    fn integrity(&mut self, _quick: bool) -> Result<Vec<String>, EngineError> {
        Ok(self.stage.script.damage.clone())
    }

    fn orphans(&mut self) -> Result<Orphans, EngineError> {
        Ok(self.stage.script.orphans.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_follow_the_script_and_advance_the_clock() {
        let clock_ns = Arc::new(AtomicU64::new(0));
        let busy = Reply { latency_ns: 50, answer: Answer::refused("SQLITE_BUSY") };
        let script = Script {
            operations: vec![(1, vec![Reply::done(10), Reply::done(20)])],
            turns: BTreeMap::from([((0, 2), busy)]),
            miscounts: BTreeMap::from([(1, -1)]),
            ..Script::default()
        };
        let mut engine = ScriptedEngine::new(script, Arc::clone(&clock_ns));
        let mut session = engine.open_session(0).unwrap();
        let outcomes: Vec<bool> = (0..4)
            .map(|_| matches!(session.execute(0, Decoder::new(&[])), Outcome::Done { changes: 1 }))
            .collect();
        assert_eq!(outcomes, [true, true, false, true]);
        assert_eq!(clock_ns.load(Ordering::SeqCst), 10 + 20 + 50 + 20);
        assert_eq!(engine.open_sessions(), 1);
        drop(session);
        assert_eq!(engine.open_sessions(), 0);
        assert_eq!(engine.inspector().unwrap().count(1).unwrap(), 2);
        engine.reset().unwrap();
        assert_eq!(engine.inspector().unwrap().count(1).unwrap(), 0);
    }

    #[test]
    fn a_session_can_be_made_to_fail() {
        let script = Script { closed_to: BTreeMap::from([(1, "no more".to_owned())]), ..Script::default() };
        let mut engine = ScriptedEngine::new(script, Arc::default());
        assert!(engine.open_session(0).is_ok());
        assert!(
            matches!(engine.open_session(1), Err(EngineError::Unavailable(reason)) if reason == "no more")
        );
    }
}
