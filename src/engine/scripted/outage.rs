//! A server that goes away for a while, or for good.

use super::{Answer, ScriptedSession};
use crate::engine::{Failure, Outcome};

/// The code of a connection that was lost.
const LOST: &str = "08006";

/// When the server is away, and what becomes of what was asked of it. What is in flight at its beginning loses its answer; a session tries to
/// connect again before its next operation, for as long as its patience lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Its beginning, nanoseconds since the engine was made.
    pub from_ns: u64,
    /// Its end; `u64::MAX` for a server that stays away.
    pub to_ns: u64,
    /// How long a session tries to connect again.
    pub patience_ns: u64,
    /// Whether what was in flight stands all the same.
    pub keeps: bool,
}

impl Outage {
    /// Whether the server is away at a moment.
    pub(super) fn is_at(&self, now_ns: u64) -> bool {
        (self.from_ns..self.to_ns).contains(&now_ns)
    }
}

impl ScriptedSession {
    /// Connects again where the server was away since the session connected; as an error what comes of waiting for it in vain.
    pub(super) fn reconnect(&mut self) -> Result<(), Outcome> {
        let Some(outage) = self.stage.script.outage else { return Ok(()) };
        let now_ns = self.stage.now_ns();
        if now_ns < outage.from_ns || self.connected_ns >= outage.to_ns {
            return Ok(());
        }
        self.transaction = None;
        let given_up_ns = now_ns.saturating_add(outage.patience_ns);
        self.stage.pass(outage.to_ns.min(given_up_ns).saturating_sub(now_ns));
        if given_up_ns < outage.to_ns {
            return Err(Outcome::Fatal(failure("the server stayed away")));
        }
        self.connected_ns = self.stage.now_ns();
        Ok(())
    }

    /// Lets the time pass that an answer takes; it is another one where the server goes away meanwhile.
    pub(super) fn wait_for(&mut self, latency_ns: u64, answer: Answer) -> Answer {
        let now_ns = self.stage.now_ns();
        let going = self
            .stage
            .script
            .outage
            .filter(|outage| (now_ns..now_ns.saturating_add(latency_ns)).contains(&outage.from_ns));
        let Some(outage) = going else {
            self.stage.pass(latency_ns);
            return answer;
        };
        self.stage.pass(outage.from_ns - now_ns);
        if self.transaction.take().is_some() {
            // It was not committed, so nothing of it stands.
            return Answer::Refused(failure("the connection was lost"));
        }
        let changes = match answer {
            Answer::Done(changes) | Answer::Unexpected(changes, _) if outage.keeps => changes.max(1),
            _ => 0,
        };
        Answer::Unknown(changes, failure("the connection was lost before the answer came"))
    }
}

fn failure(message: &str) -> Failure {
    Failure { code: LOST, message: message.to_owned() }
}
