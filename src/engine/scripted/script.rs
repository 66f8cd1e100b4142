//! What a scripted database answers, and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Outage;
use crate::engine::{Failure, Lookup, Orphans, Outcome, Times};

/// What becomes of one scripted operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// [`Outcome::Done`], with this many rows changed.
    Done(u64),
    /// [`Outcome::Unexpected`], with this many rows changed.
    Unexpected(u64, Failure),
    /// [`Outcome::Refused`].
    Refused(Failure),
    /// [`Outcome::Torn`].
    Torn(Failure),
    /// [`Outcome::Unknown`], with this many rows changed all the same: none, where it never came to be.
    Unknown(u64, Failure),
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

    /// Its answer was lost, and one row is kept all the same, or none.
    pub fn unknown(kept: bool) -> Answer {
        let message = "the connection was lost before the answer came".to_owned();
        Answer::Unknown(u64::from(kept), Failure { code: "08006", message })
    }

    /// Fatal with a code that serves as its own message.
    pub fn fatal(code: &'static str) -> Answer {
        Answer::Fatal(Failure { code, message: code.to_owned() })
    }

    pub(super) fn outcome(self) -> Outcome {
        match self {
            Answer::Done(changes) => Outcome::Done { changes },
            Answer::Unexpected(changes, failure) => Outcome::Unexpected { changes, failure },
            Answer::Refused(failure) => Outcome::Refused(failure),
            Answer::Torn(failure) => Outcome::Torn(failure),
            Answer::Unknown(_, failure) => Outcome::Unknown(failure),
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

/// One operation as it comes to the database.
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    /// Index into the plan's operations.
    pub operation: usize,
    /// Number of the session.
    pub session: usize,
    /// Operations that the session executed before.
    pub turn: u64,
    /// Operations that all sessions executed before, since the last reset.
    pub ordinal: u64,
    /// Nanoseconds since the engine was made.
    pub now_ns: u64,
}

type Replier = dyn Fn(Execution) -> Option<Reply> + Send + Sync;

/// Replies that depend on more than the turn.
#[derive(Clone)]
pub struct Rule(Arc<Replier>);

impl Rule {
    /// Where `reply` gives nothing, the script goes on.
    pub fn new(reply: impl Fn(Execution) -> Option<Reply> + Send + Sync + 'static) -> Rule {
        Rule(Arc::new(reply))
    }

    pub(super) fn reply(&self, execution: Execution) -> Option<Reply> {
        (self.0)(execution)
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rule")
    }
}

/// What a scripted database answers.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// For each operation its table, and replies that each session repeats in a circle; one row after no time where there are none.
    pub operations: Vec<(usize, Vec<Reply>)>,
    /// Replies for single turns, instead of those of the operation.
    pub turns: BTreeMap<Turn, Reply>,
    /// Asked before anything else.
    pub rule: Option<Rule>,
    /// For operations that do not add as many rows to their table as they change: what one change adds; -1 for a delete, 0 for an update.
    pub adds: BTreeMap<usize, i64>,
    /// What each session answers to its commits, in a circle; done after no time where there is nothing.
    pub commits: Vec<Reply>,
    /// When the server is away.
    pub outage: Option<Outage>,
    /// Where the time of each operation went.
    pub times: Option<Times>,
    /// How long opening a session takes, nanoseconds.
    pub open_ns: u64,
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
