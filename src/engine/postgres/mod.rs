//! PostgreSQL, and what speaks its protocol: the schema that the runner owns, the connections to the server, and what they execute.
//!
//! ```text
//! url        the address of a server, with variables of the environment
//! stream     a socket that blocks
//! tls        and one that is encrypted
//! config     where a server is and how to reach it
//! codes      SQLSTATE: names and consequences
//! client     a connection that blocks
//! settings   those of a session, set and read back
//! admin      the runner's own connection
//! schema     making, marking, emptying and dropping the run's schema
//! text       values as text, in columns as the server has them
//! columns    what the server made of the columns
//! loader     COPY
//! compare    rows as made against rows as stored
//! inspect    Inspector
//! counters   sizes and counters
//! facts      what the server says of itself
//! wire       messages of a session, written and read in place
//! bind       values as they are sent and received
//! statement  a statement that the server has prepared
//! program    an operation, ready to be carried out
//! session    Session and Connector
//! ```

mod admin;
mod bind;
mod client;
mod codes;
mod columns;
mod compare;
mod config;
mod counters;
mod facts;
mod inspect;
mod loader;
mod program;
mod schema;
mod session;
mod settings;
mod statement;
mod stream;
mod text;
mod tls;
mod url;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use self::admin::Admin;
use self::config::Config;
use self::counters::Baseline;
use self::inspect::PostgresInspector;
use self::loader::CopyLoader;
use self::schema::Schema;
use self::session::PostgresConnector;
use crate::clock::Clock;
use crate::engine::{
    Checkpoint, Connector, Counters, Engine, EngineError, Facts, Inspector, Loader, Session,
};
use crate::plan::{Operation, PostgresDatabase, Table};

/// What every session needs to know.
#[derive(Debug)]
struct Blueprint {
    config: Config,
    database: PostgresDatabase,
    tables: Vec<Table>,
    operations: Vec<Operation>,
    clock: Clock,
    stop: Arc<AtomicBool>,
}

/// A schema of a server's database for the length of a scenario: made, marked and dropped.
///
/// Dropped without [`Engine::tear_down`], it removes what it made. Sessions are to be dropped before it.
#[derive(Debug)]
pub struct PostgresEngine {
    /// Absent once the schema is removed, or left.
    held: Option<Held>,
    blueprint: Arc<Blueprint>,
    facts: Facts,
}

/// What the run has of the server.
#[derive(Debug)]
struct Held {
    admin: Admin,
    schema: Schema,
    baseline: Baseline,
}

impl PostgresEngine {
    /// Connects, tries all settings on a connection like a worker's, and takes the schema. Times are read from `clock`; `stop` tells that the
    /// run is being stopped.
    ///
    /// # Errors
    /// [`EngineError::Foreign`] for a schema that the runner did not make, [`EngineError::Unavailable`] for a server that cannot be had and for a
    /// schema that another run has, [`EngineError::Setting`] for a setting without its effect. Nothing is left behind then.
    pub fn open(
        database: &PostgresDatabase,
        tables: &[Table],
        operations: &[Operation],
        clock: &Clock,
        stop: Arc<AtomicBool>,
    ) -> Result<PostgresEngine, EngineError> {
        let config = Config::from_environment(&database.url).map_err(EngineError::Unavailable)?;
        let facts = facts::find(&config, database, &stop)?;
        let mut admin = Admin::open(config.clone(), &database.schema, Arc::clone(&stop))?;
        let schema = Schema::take(&mut admin, &database.schema, tables)?;
        let held = Held { admin, schema, baseline: Baseline::default() };
        let blueprint = Arc::new(Blueprint {
            config,
            database: database.clone(),
            tables: tables.to_vec(),
            operations: operations.to_vec(),
            clock: clock.clone(),
            stop,
        });
        Ok(PostgresEngine { held: Some(held), blueprint, facts })
    }

    fn held(&mut self) -> Result<&mut Held, EngineError> {
        self.held.as_mut().ok_or_else(removed)
    }

    /// Gives the schema back: dropped, or left as it is with its mark.
    fn release(&mut self, keep: bool) -> Result<(), EngineError> {
        let Some(mut held) = self.held.take() else { return Ok(()) };
        held.admin.finish_anyway();
        if keep { Ok(()) } else { held.schema.remove(&mut held.admin) }
    }
}

fn removed() -> EngineError {
    EngineError::Unavailable("the schema is already removed".to_owned())
}

impl Engine for PostgresEngine {
    fn reset(&mut self) -> Result<(), EngineError> {
        let blueprint = Arc::clone(&self.blueprint);
        let Held { admin, schema, baseline } = self.held()?;
        schema.empty(admin)?;
        for table in schema::parents_first(&blueprint.tables) {
            let table = &blueprint.tables[table];
            for sql in &table.create {
                admin.run(&format!("making the table {}", table.name), sql)?;
            }
        }
        *baseline = Baseline::now(admin);
        Ok(())
    }

    fn loader(&mut self) -> Result<Option<Box<dyn Loader + '_>>, EngineError> {
        let held = self.held.as_mut().ok_or_else(removed)?;
        Ok(Some(Box::new(CopyLoader::new(&mut held.admin, &self.blueprint.tables)?)))
    }

    fn open_session(&mut self, worker: usize) -> Result<Box<dyn Session>, EngineError> {
        self.connector()?.connect(worker)
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        self.held()?;
        Ok(Arc::new(PostgresConnector { blueprint: Arc::clone(&self.blueprint) }))
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        let (clock, name) = (self.blueprint.clock.clone(), self.blueprint.database.schema.clone());
        let held = self.held()?;
        Ok(held.baseline.since(&mut held.admin, &name, &clock))
    }

    /// The server's checkpoints are counted, but not told one by one. Asked for them, it is about to begin a level, or has just ended one.
    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        if let Some(Held { admin, baseline, .. }) = &mut self.held {
            baseline.begin_log(admin);
        }
        Vec::new()
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        let enforced = !self.facts.settings.iter().any(|(name, _)| name == facts::REPLICATION_ROLE);
        let held = self.held.as_mut().ok_or_else(removed)?;
        let Blueprint { tables, database, .. } = &*self.blueprint;
        Ok(Box::new(PostgresInspector::new(&mut held.admin, tables, &database.schema, enforced)?))
    }

    fn tear_down(&mut self, keep: bool) -> Result<(), EngineError> {
        self.release(keep)
    }
}

impl Drop for PostgresEngine {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure; the next run finds the schema by its mark.
        let _ = self.release(false);
    }
}
