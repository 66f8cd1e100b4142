//! Where a statement comes from when it is executed: held, from a cache of statements by their text, or prepared anew.
//!
//! What is measured with a cache is the cache too: a statement is looked up, and prepared where it is missing, within the timed region.

#![expect(unsafe_code, reason = "statements are held beside their connection")]

use std::sync::Arc;

use hashlink::LruCache;
use rusqlite::{Connection, ffi};

use super::prepared::{Code, Effect, Prepared};

/// A statement that will be executed.
#[derive(Debug)]
pub(super) enum Held {
    /// Prepared, for as long as the session lasts.
    Statement(Prepared),
    /// To be sought in the cache.
    Text(Arc<str>),
}

/// Statements that a session keeps prepared.
#[derive(Debug)]
pub(super) struct Cache {
    /// Absent where every statement is held.
    kept: Option<LruCache<Arc<str>, Prepared>>,
    /// The statement being executed, with its text.
    lent: Option<(Arc<str>, Prepared)>,
    hits: u64,
    misses: u64,
}

impl Cache {
    /// For so many statements; `None` where all are held.
    pub(super) fn new(statements: Option<u32>) -> Cache {
        let kept = statements.map(|statements| LruCache::new(statements as usize));
        Cache { kept, lent: None, hits: 0, misses: 0 }
    }

    /// Whether statements are held, and none is sought here.
    pub(super) fn holds(&self) -> bool {
        self.kept.is_none()
    }

    /// Makes ready to execute a statement: prepares it, if only to see that it can be, and what it does.
    ///
    /// # Safety
    /// The connection must stay open until the statement is dropped, and be used by one thread at a time.
    pub(super) unsafe fn hold(&self, connection: &Connection, sql: &str) -> rusqlite::Result<(Held, Effect)> {
        // SAFETY: as the caller promises.
        let prepared = unsafe { Prepared::new(connection, sql)? };
        let effect = prepared.effect();
        Ok((if self.holds() { Held::Statement(prepared) } else { Held::Text(sql.into()) }, effect))
    }

    /// The statement, ready to be bound. To be followed by [`Cache::done`].
    ///
    /// # Safety
    /// The connection must stay open until this cache is cleared or dropped, and be used by one thread at a time.
    pub(super) unsafe fn statement<'a>(
        &'a mut self,
        connection: &Connection,
        held: &'a mut Held,
    ) -> Result<&'a mut Prepared, Code> {
        let sql = match held {
            Held::Statement(prepared) => return Ok(prepared),
            Held::Text(sql) => sql,
        };
        let found = self.kept.as_mut().and_then(|kept| kept.remove_entry(&**sql));
        let entry = match found {
            Some(entry) => {
                self.hits += 1;
                entry
            }
            None => {
                self.misses += 1;
                let flags = if self.keeps() { ffi::SQLITE_PREPARE_PERSISTENT } else { 0 };
                // SAFETY: as the caller promises.
                (Arc::clone(sql), unsafe { Prepared::bare(connection, sql, flags)? })
            }
        };
        Ok(&mut self.lent.insert(entry).1)
    }

    fn keeps(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.capacity() > 0)
    }

    /// Ends the use of a statement: it goes back as the one used last, or is finalised where none is kept.
    #[inline]
    pub(super) fn done(&mut self) {
        let Some((sql, prepared)) = self.lent.take() else { return };
        if let Some(kept) = self.kept.as_mut().filter(|kept| kept.capacity() > 0) {
            kept.insert(sql, prepared);
        }
    }

    /// Finalises all statements.
    pub(super) fn clear(&mut self) {
        self.lent = None;
        if let Some(kept) = &mut self.kept {
            kept.clear();
        }
    }

    /// Statements found and statements prepared since the last call; nothing where all are held.
    pub(super) fn take_counts(&mut self) -> Option<(u64, u64)> {
        let counts = (std::mem::take(&mut self.hits), std::mem::take(&mut self.misses));
        self.kept.is_some().then_some(counts)
    }
}
