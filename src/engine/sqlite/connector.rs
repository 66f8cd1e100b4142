//! What opens sessions from any thread, while others are at work.

use std::sync::{Arc, PoisonError};

use super::connect::{self, Place, Role};
use super::session::SqliteSession;
use super::totals::Totals;
use super::{Blueprint, Slot};
use crate::engine::{Connector, EngineError, Session};

/// Leads to one database that was claimed and marked before. It may outlive neither the engine nor its claim.
#[derive(Debug)]
pub(super) struct SqliteConnector {
    pub(super) place: Place,
    /// Where the one connection of a private in-memory database is lent from.
    pub(super) lender: Option<Slot>,
    pub(super) blueprint: Arc<Blueprint>,
    pub(super) totals: Arc<Totals>,
    /// Sessions have databases of their own, with tables for the length of one write.
    pub(super) own: bool,
}

impl Connector for SqliteConnector {
    fn connect(&self, _number: usize) -> Result<Box<dyn Session>, EngineError> {
        let link = match &self.lender {
            None => connect::connect(&self.place, &self.blueprint.settings, Role::Worker)?,
            Some(lender) => {
                let lent = lender.lock().unwrap_or_else(PoisonError::into_inner).take();
                let words = "a private in-memory database has one connection, which another worker has";
                lent.ok_or_else(|| EngineError::Unavailable(words.to_owned()))?
            }
        };
        let session = SqliteSession::new(link, self.lender.clone(), &self.blueprint, &self.totals, self.own)?;
        Ok(Box::new(session))
    }
}
