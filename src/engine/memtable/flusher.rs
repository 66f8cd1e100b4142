//! The background thread that flushes what has become immutable.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::buffer::{Buffer, Next};
use super::persister::Persister;
use crate::engine::EngineError;

/// The thread; it ends when this is dropped, after what it has begun.
#[derive(Debug)]
pub(super) struct Flusher {
    buffer: Arc<Buffer>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn start(buffer: &Arc<Buffer>, persister: Box<dyn Persister>) -> Result<Flusher, EngineError> {
        let shared = Arc::clone(buffer);
        let thread = std::thread::Builder::new()
            .name("flusher".to_owned())
            .spawn(move || work(&shared, persister))
            .map_err(|error| {
                EngineError::Unavailable(format!("no thread can be started to flush the buffer: {error}"))
            })?;
        Ok(Flusher { buffer: Arc::clone(buffer), thread: Some(thread) })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.buffer.end();
        if let Some(thread) = self.thread.take() {
            // A panic was printed when it happened, and this may be one already.
            let _ = thread.join();
        }
    }
}

fn work(buffer: &Buffer, mut persister: Box<dyn Persister>) {
    let clock = &buffer.settings.clock;
    loop {
        let Some(memory) = buffer.immutable() else {
            match buffer.next() {
                Next::Look => continue,
                Next::End => return,
            }
        };
        let start = clock.now();
        match persister.persist(&memory) {
            Ok(()) => {
                buffer.done(memory.entries(), clock.nanos_between(start, clock.now()));
                // Sessions read it behind the lock alone, so that nobody else has it now.
                if let Ok(mut spare) = Arc::try_unwrap(memory) {
                    spare.clear();
                    buffer.give_back(spare);
                }
            }
            Err(failure) => buffer.failed(failure),
        }
    }
}
