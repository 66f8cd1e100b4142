//! An engine that does nothing: what the runner itself costs, and how fast it could be at best.
//!
//! It does not even read the values, so a run against it is claiming, two clock readings and recording: the floor.

use std::sync::Arc;

use crate::engine::{
    Checkpoint, Connector, Counters, Engine, EngineError, Facts, Inspector, Lookup, Orphans, Outcome,
    Session, Times,
};
use crate::plan::Transaction;
use crate::value::{Decoder, Value};

/// Acknowledges everything and keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullEngine;

/// A session, and an inspector, of [`NullEngine`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NullSession;

impl Engine for NullEngine {
    fn reset(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn open_session(&mut self, _worker: usize) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(NullSession))
    }

    fn connector(&mut self) -> Result<Arc<dyn Connector>, EngineError> {
        Ok(Arc::new(NullEngine))
    }

    fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        Vec::new()
    }

    fn facts(&self) -> Facts {
        Facts { name: "null".into(), storage: "nowhere".into(), ..Facts::default() }
    }

    fn counters(&mut self) -> Result<Counters, EngineError> {
        Ok(Counters::default())
    }

    fn inspector(&mut self) -> Result<Box<dyn Inspector + '_>, EngineError> {
        Ok(Box::new(NullSession))
    }

    fn tear_down(&mut self, _keep: bool) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Connector for NullEngine {
    fn connect(&self, _number: usize) -> Result<Box<dyn Session>, EngineError> {
        Ok(Box::new(NullSession))
    }
}

impl Session for NullSession {
    #[inline]
    fn execute(&mut self, _operation: usize, _values: Decoder<'_>) -> Outcome {
        Outcome::Done { changes: 1 }
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

    fn insert_rows(&mut self, _operation: usize, rows: &[Decoder<'_>]) -> Outcome {
        Outcome::Done { changes: rows.len() as u64 }
    }

    fn take_times(&mut self) -> Option<Times> {
        None
    }

    fn set_up(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn look_up(&mut self, _table: usize, _row: &[Value]) -> Result<Lookup, EngineError> {
        Ok(Lookup::Missing)
    }

    fn drop_tables(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl Inspector for NullSession {
    fn count(&mut self, _table: usize) -> Result<u64, EngineError> {
        Ok(0)
    }

    fn look_up(&mut self, _table: usize, _row: &[Value], _ignored: &[usize]) -> Result<Lookup, EngineError> {
        Ok(Lookup::Missing)
    }

    fn keys(&mut self, _table: usize, _visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError> {
        Ok(())
    }

    fn integrity(&mut self, _quick: bool) -> Result<Option<Vec<String>>, EngineError> {
        Ok(Some(Vec::new()))
    }

    fn orphans(&mut self) -> Result<Orphans, EngineError> {
        Ok(Orphans::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_and_everything_is_acknowledged() {
        let mut engine = NullEngine;
        let mut session = engine.open_session(0).unwrap();
        assert!(matches!(session.execute(7, Decoder::new(&[])), Outcome::Done { changes: 1 }));
        assert_eq!(engine.inspector().unwrap().count(0).unwrap(), 0);
    }
}
