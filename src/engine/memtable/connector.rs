//! What opens sessions from any thread.

use std::sync::Arc;

use super::buffer::Buffer;
use super::program::Program;
use super::session::MemtableSession;
use crate::engine::sqlite::Readers;
use crate::engine::{Connector, EngineError, Session};

/// Leads to one buffer, and to the store below it.
#[derive(Debug)]
pub(super) struct MemtableConnector {
    pub(super) buffer: Arc<Buffer>,
    pub(super) program: Arc<Program>,
    pub(super) readers: Option<Readers>,
}

impl Connector for MemtableConnector {
    fn connect(&self, _number: usize) -> Result<Box<dyn Session>, EngineError> {
        let open = |readers: &Readers| readers.open(&self.program.below);
        let reader = self.readers.as_ref().map(open).transpose()?;
        Ok(Box::new(MemtableSession::new(Arc::clone(&self.buffer), Arc::clone(&self.program), reader)))
    }
}
