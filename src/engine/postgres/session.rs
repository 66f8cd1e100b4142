//! One worker's connection to a server with its statements, prepared for a whole level.
//!
//! A connection that is lost is made anew before the next operation, in that operation's time: the client waits. Which operation comes next,
//! and what its outcome means, is left to `run`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hashlink::LruCache;

use super::client::Client;
use super::program::{Program, Tools};
use super::statement::{MOST_PARAMETERS, Statement};
use super::wire::{Trouble, Wire};
use super::{Blueprint, codes, settings};
use crate::engine::met::payload_bytes;
use crate::engine::multi_row::{POSTGRES, insert_of};
use crate::engine::steps::acknowledged;
use crate::engine::{Connector, EngineError, Failure, Lookup, Outcome, Session, Times};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// Statements of several rows that a session holds: an adaptive batch size passes through many.
const MULTI_ROW_STATEMENTS: usize = 64;
/// The first pause between two attempts to connect; each next one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A connection and the prepared operations.
#[derive(Debug)]
pub(super) struct PostgresSession {
    programs: Vec<Program>,
    /// By operation and number of rows.
    multi_row: LruCache<(usize, usize), Statement>,
    tools: Tools,
    /// Within a transaction around several operations, which ends only with its commit or its end.
    within: bool,
    /// Whether any operation within it may have written.
    wrote: bool,
    names: u64,
    blueprint: Arc<Blueprint>,
}

/// Opens sessions from any thread.
#[derive(Debug)]
pub(super) struct PostgresConnector {
    pub(super) blueprint: Arc<Blueprint>,
}

impl Connector for PostgresConnector {
    fn connect(&self, _number: usize) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(PostgresSession::open(&self.blueprint)?))
    }
}

/// Connects, and makes every setting.
fn connect(blueprint: &Blueprint, within: Duration) -> Result<Wire, EngineError> {
    let mut client = Client::connect_within(&blueprint.config, &blueprint.stop, within)?;
    settings::apply(&mut client, &blueprint.database)?;
    Ok(Wire::new(client.into_channel()))
}

impl PostgresSession {
    /// Connects, and prepares every operation.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] where the server cannot be reached, [`EngineError::Setting`] for a statement that it does not take.
    pub(super) fn open(blueprint: &Arc<Blueprint>) -> Result<PostgresSession, EngineError> {
        let wire = connect(blueprint, blueprint.config.timeout())?;
        let mut session = PostgresSession {
            programs: Vec::new(),
            multi_row: LruCache::new(MULTI_ROW_STATEMENTS),
            tools: Tools::new(wire, blueprint.clock.clone()),
            within: false,
            wrote: false,
            names: 0,
            blueprint: Arc::clone(blueprint),
        };
        session.prepare().map_err(|failure| session.error(&failure, "preparing an operation"))?;
        Ok(session)
    }

    fn error(&self, failure: &Failure, doing: &str) -> EngineError {
        codes::failed(failure, doing, self.stopping())
    }

    fn stopping(&self) -> bool {
        self.blueprint.stop.load(Ordering::Relaxed)
    }

    fn prepare(&mut self) -> Result<(), Failure> {
        self.programs.clear();
        self.multi_row.clear();
        let PostgresSession { programs, tools, names, blueprint, .. } = self;
        for operation in &blueprint.operations {
            programs.push(Program::new(tools, operation, &blueprint.tables, || next_name(names))?);
        }
        Ok(())
    }

    /// Makes the connection anew where it was lost, unless a transaction was lost with it: its end is to be told first.
    #[inline]
    fn ready(&mut self) -> Result<(), Outcome> {
        if !self.tools.wire.is_over() {
            return Ok(());
        }
        if self.within {
            return Err(Outcome::Refused(gone()));
        }
        self.reconnect()
    }

    #[cold]
    fn reconnect(&mut self) -> Result<(), Outcome> {
        let clock = self.blueprint.clock.clone();
        let most_ns = u64::from(self.blueprint.database.reconnect_timeout_ms) * 1_000_000;
        let start = clock.now();
        let mut pause = FIRST_PAUSE;
        loop {
            let left = Duration::from_nanos(most_ns.saturating_sub(clock.nanos_between(start, clock.now())));
            let failure = match self.connect_again(left.max(FIRST_PAUSE)) {
                Ok(()) => return Ok(()),
                Err(_) if self.stopping() => return Err(Outcome::Cancelled),
                Err(failure) => failure,
            };
            let left = Duration::from_nanos(most_ns.saturating_sub(clock.nanos_between(start, clock.now())));
            if left.is_zero() {
                return Err(Outcome::Fatal(failure));
            }
            clock.sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn connect_again(&mut self, within: Duration) -> Result<(), Failure> {
        let wire = connect(&self.blueprint, within.min(self.blueprint.config.timeout()));
        self.tools.wire = wire.map_err(|error| codes::failure(codes::CONNECTION_LOST, &error.to_string()))?;
        self.prepare().inspect_err(|_| self.tools.wire.give_up())
    }

    /// The INSERT of so many rows.
    fn make_multi_row(&mut self, operation: usize, rows: usize) -> Result<Statement, EngineError> {
        let planned = &self.blueprint.operations[operation];
        let parameters = planned.steps[0].binds.len() * rows;
        if parameters > MOST_PARAMETERS {
            let message = format!(
                "`{}` of {rows} rows has {parameters} values; PostgreSQL takes at most {MOST_PARAMETERS} in one statement",
                planned.name
            );
            return Err(EngineError::Setting { pragma: None, message });
        }
        let sql = insert_of(POSTGRES, planned, rows)?;
        let name = next_name(&mut self.names);
        Statement::prepare(&mut self.tools.wire, name, &sql)
            .map_err(|trouble| self.error(&trouble.failure, "preparing an INSERT of several rows"))
    }

    /// What became of an exchange that is the whole of an operation, or of its part in a transaction.
    fn outcome(&mut self, trouble: Trouble, writes: bool) -> Outcome {
        let stands = writes && !self.within;
        self.tools.fault(trouble, stands).undone()
    }
}

fn next_name(names: &mut u64) -> String {
    *names += 1;
    format!("s{names}")
}

fn gone() -> Failure {
    codes::failure(codes::CONNECTION_LOST, "the transaction ended with its connection")
}

impl Session for PostgresSession {
    #[inline]
    fn execute(&mut self, operation: usize, values: Decoder<'_>) -> Outcome {
        if let Err(outcome) = self.ready() {
            return outcome;
        }
        let program = &mut self.programs[operation];
        self.wrote |= self.within && program.writes;
        program.carry_out(&mut self.tools, values, self.within)
    }

    fn begin(&mut self, mode: Transaction) -> Outcome {
        if let Err(outcome) = self.ready() {
            return outcome;
        }
        let begun = self.tools.begin(mode);
        (self.within, self.wrote) = (begun.is_ok(), false);
        acknowledged(begun)
    }

    fn commit(&mut self) -> Outcome {
        if self.tools.wire.is_over() {
            return Outcome::Refused(gone());
        }
        let committed = self.tools.commit(self.wrote);
        self.within = committed.is_err();
        acknowledged(committed)
    }

    fn roll_back(&mut self) {
        self.within = false;
        self.tools.roll_back();
    }

    fn prepare_rows(&mut self, operation: usize, rows: usize) -> Result<(), EngineError> {
        // One that was lost is made anew in the time of the next operation.
        if self.tools.wire.is_over() {
            return Ok(());
        }
        // Also makes it the one used last.
        if self.multi_row.get(&(operation, rows)).is_none() {
            let statement = self.make_multi_row(operation, rows)?;
            if self.multi_row.len() == MULTI_ROW_STATEMENTS
                && let Some((_, oldest)) = self.multi_row.remove_lru()
            {
                // The server keeps what it is not told to let go of.
                let _ = oldest.close(&mut self.tools.wire);
            }
            self.multi_row.insert((operation, rows), statement);
        }
        Ok(())
    }

    fn insert_rows(&mut self, operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        if let Err(outcome) = self.ready() {
            return outcome;
        }
        let key = (operation, rows.len());
        if !self.multi_row.contains_key(&key)
            && let Err(error) = self.prepare_rows(operation, rows.len())
        {
            return Outcome::Fatal(codes::failure(codes::PROTOCOL, &error.to_string()));
        }
        let planned = &self.blueprint.operations[operation];
        let each = planned.steps[0].binds.len();
        let values = rows.iter().flat_map(|row| {
            let mut row = *row;
            (0..each).map(move |_| row.value())
        });
        if planned.payload {
            self.tools.payload_bytes += values.clone().map(payload_bytes).sum::<u64>();
        }
        self.wrote |= self.within;
        let statement = self.multi_row.peek_mut(&key).expect("it is prepared");
        match statement.execute(&mut self.tools.wire, values, |_, _| ()) {
            Ok(ran) => Outcome::Done { changes: ran.changes },
            Err(trouble) => self.outcome(trouble, true),
        }
    }

    fn take_times(&mut self) -> Option<Times> {
        self.tools.committing_ns.take();
        None
    }

    fn take_payload_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.tools.payload_bytes)
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        Err(not_per_write())
    }

    fn look_up(&mut self, _table: usize, _row: &[Value]) -> Result<Lookup, EngineError> {
        Err(not_per_write())
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        Err(not_per_write())
    }
}

fn not_per_write() -> EngineError {
    let message = "`reset = \"write\"` is not possible on a server, whose sessions share their tables";
    EngineError::Setting { pragma: None, message: message.to_owned() }
}
