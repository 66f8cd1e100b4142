//! The runner's own connection: what it asks of the server beside the workers, one statement after the other.
//!
//! It holds the lock on the run's schema. Once it is lost, it is made anew when it is needed next.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::client::Client;
use super::codes::{self, Consequence};
use super::config::Config;
use super::schema;
use crate::engine::EngineError;
use crate::plan::quote;

/// What holds whatever the user's own settings are: no wait for a lock is endless, no work is cut short, and no comparison is
/// compiled for longer than it takes. A server that does not know one of them goes without it.
const SETTINGS: [&str; 6] = [
    "SET lock_timeout = '60s'",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 1",
    "SET jit = off",
];

/// The runner's own connection.
#[derive(Debug)]
pub(super) struct Admin {
    client: Client,
    config: Config,
    schema: String,
    stop: Arc<AtomicBool>,
    /// Whether the stop ends it; what is removed at the end is removed all the same.
    heeds_stop: bool,
}

/// Why the server did not do what it was asked.
#[derive(Debug)]
pub(super) struct Fault {
    state: Option<SqlState>,
    words: String,
    detail: Option<String>,
    place: Option<String>,
    lost: bool,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        if let Some(told) = error.as_db_error() {
            let code = told.code().code();
            return Fault {
                state: Some(told.code().clone()),
                words: codes::worded(code, &codes::words(told)),
                detail: told.detail().map(str::to_owned),
                place: told.where_().map(str::to_owned),
                lost: codes::consequence(code) == Consequence::Lost,
            };
        }
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        // What the driver refuses by itself never reached the server.
        let lost = error.is_closed()
            || cause.is_empty()
            || std::error::Error::source(&error).is_some_and(|c| c.is::<std::io::Error>());
        Fault { state: None, words: format!("{error}{cause}"), detail: None, place: None, lost }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Fault {
    pub(super) fn state(&self) -> Option<&SqlState> {
        self.state.as_ref()
    }

    pub(super) fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Where in what was sent the fault is, in the server's words.
    pub(super) fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// Whether the connection is over.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    /// `what` is a sentence without its reason.
    pub(super) fn into_error(self, what: &str) -> EngineError {
        let code = self.state.as_ref().map_or(codes::CONNECTION_LOST, SqlState::code);
        let message = format!("{what}: {}", self.words);
        match codes::consequence(code) {
            Consequence::Refused => EngineError::Unavailable(format!("{message} ({code})")),
            Consequence::Lost | Consequence::Fatal => {
                EngineError::Fatal { code: codes::interned(code), message }
            }
        }
    }
}

impl Fault {
    /// As [`Fault::into_error`], where anything that is refused ends the run.
    pub(super) fn into_end(self, what: &str) -> EngineError {
        let code = self.state.as_ref().map_or(codes::CONNECTION_LOST, SqlState::code);
        EngineError::Fatal { code: codes::interned(code), message: format!("{what}: {}", self.words) }
    }
}

impl Admin {
    /// Connects, and keeps other runs off the schema.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] when the server is not there, or another run has the schema.
    pub(super) fn open(config: Config, schema: &str, stop: Arc<AtomicBool>) -> Result<Admin, EngineError> {
        let client = connect(&config, schema, &stop)?;
        Ok(Admin { client, config, schema: schema.to_owned(), stop, heeds_stop: true })
    }

    /// From now on, a stop of the run ends nothing any more.
    pub(super) fn finish_anyway(&mut self) {
        self.heeds_stop = false;
    }

    /// Ends what is going on, between two statements, once the run is being stopped.
    pub(super) fn heed(&self) -> Result<(), EngineError> {
        let stopped = self.heeds_stop && self.stop.load(Ordering::Relaxed);
        if stopped { Err(EngineError::Interrupted) } else { Ok(()) }
    }

    fn client(&mut self) -> Result<&mut Client, Fault> {
        if self.client.is_closed() {
            let lost = |words: String| Fault { state: None, words, detail: None, place: None, lost: true };
            // It would be as silent to a new connection.
            if self.client.gave_up() {
                return Err(lost("the server did not answer any more".to_owned()));
            }
            let connected = connect(&self.config, &self.schema, &Arc::default());
            self.client = connected.map_err(|error| lost(error.to_string()))?;
        }
        Ok(&mut self.client)
    }

    /// Executes statements without parameters; several in one request are one transaction.
    pub(super) fn try_run(&mut self, sql: &str) -> Result<(), Fault> {
        self.client()?.simple(sql).map_err(Fault::from)
    }

    /// Executes one statement, and reads all of its rows.
    pub(super) fn try_ask(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        self.client()?.query(sql, values).map_err(Fault::from)
    }

    /// As [`Admin::try_run`]; `doing` completes "while …".
    pub(super) fn run(&mut self, doing: &str, sql: &str) -> Result<(), EngineError> {
        self.heed()?;
        self.try_run(sql).map_err(|fault| fault.into_error(&format!("while {doing}")))
    }

    /// As [`Admin::try_ask`]; `doing` completes "while …".
    pub(super) fn ask(
        &mut self,
        doing: &str,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, EngineError> {
        self.heed()?;
        self.try_ask(sql, values).map_err(|fault| fault.into_error(&format!("while {doing}")))
    }

    /// Rows of what the server may not know at all: none then.
    pub(super) fn perhaps(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.try_ask(sql, values).unwrap_or_default()
    }

    /// Copies one piece of text into a table; returns the rows that it took.
    pub(super) fn copy(&mut self, sql: &str, text: Bytes) -> Result<u64, Fault> {
        let mut text = Some(text);
        self.client()?.copy_in(sql, || text.take()).map_err(Fault::from)
    }
}

fn connect(config: &Config, schema: &str, stop: &Arc<AtomicBool>) -> Result<Client, EngineError> {
    if stop.load(Ordering::Relaxed) {
        return Err(EngineError::Interrupted);
    }
    let mut client = Client::connect(config, stop)?;
    // What it does is ended between statements, and what it removes at the end is removed in spite of a stop.
    client.be_patient();
    for setting in SETTINGS {
        if let Err(fault) = client.simple(setting).map_err(Fault::from)
            && fault.is_lost()
        {
            return Err(fault.into_error("the runner's own connection cannot be set up"));
        }
    }
    let path = client.simple(&format!("SET search_path TO {}", quote(schema))).map_err(Fault::from);
    path.map_err(|fault| fault.into_error("the runner's own connection cannot be set up"))?;
    schema::lock(&mut client, schema)?;
    Ok(client)
}
