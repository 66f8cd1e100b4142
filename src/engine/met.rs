//! Bytes that a statement reads, counted, and blobs checked when they are read back.
//!
//! A blob of the pool says by its first word where it begins; so its length and its last word tell at once whether it is whole, in the timed
//! region and at any size. Whole values are compared by the verification.

use super::steps::Fault;
use crate::plan::{PAYLOAD_MISMATCH, Table};
use crate::value::{EncodedValue, LONGEST_MADE, Stretch};

/// What is known of a column that a statement reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is computed: anything may come.
    Nothing,
    /// A column of a table: what begins like bytes of the pool goes on so.
    Stored,
    /// A column that holds nothing but what `bytes(…)` made.
    Made,
}

impl Known {
    /// Of a column of a table.
    pub(super) fn of(table: Option<&Table>, column: &str) -> Known {
        let made = table.is_some_and(|table| is_made(table, column));
        if made { Known::Made } else { Known::Stored }
    }
}

/// Whether a column holds nothing but what `bytes(…)` made.
pub(super) fn is_made(table: &Table, column: &str) -> bool {
    table.bytes.iter().any(|&place| table.columns[place].eq_ignore_ascii_case(column))
}

/// What rows came to.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub(super) bytes: u64,
    /// The first blob that is not as it was written.
    wrong: Option<String>,
}

impl Met {
    /// Counts a value that was read, and checks a blob.
    #[inline]
    pub(super) fn meet(&mut self, known: Known, value: EncodedValue<'_>) {
        match value {
            EncodedValue::Text(bytes) => self.bytes += bytes.len() as u64,
            EncodedValue::Blob(bytes) => {
                self.bytes += bytes.len() as u64;
                let end = &bytes[bytes.len().saturating_sub(8)..];
                self.check(known, bytes, end, bytes.len() as u64);
            }
            _ => {}
        }
    }

    /// Compares the ends of a blob with those of the stretch that it begins as.
    #[inline]
    pub(super) fn check(&mut self, known: Known, start: &[u8], end: &[u8], length: u64) {
        if length <= LONGEST_MADE as u64 || known == Known::Nothing || self.wrong.is_some() {
            return;
        }
        let Some(stretch) = Stretch::found(start, length) else {
            if known == Known::Made {
                self.wrong = Some(format!("a blob of {length} bytes does not begin as it was written"));
            }
            return;
        };
        if !stretch.holds(length - end.len() as u64, end) {
            self.wrong = Some(format!("a blob of {length} bytes does not end as it was written"));
        }
    }

    /// The fault of an operation that read what was not written.
    pub(super) fn fault(&mut self) -> Result<(), Fault> {
        self.wrong.take().map_or(Ok(()), |words| Err(Fault::unexpected(PAYLOAD_MISMATCH, words)))
    }
}

/// Bytes of a text or blob.
#[inline]
pub(super) fn payload_bytes(value: EncodedValue<'_>) -> u64 {
    match value {
        EncodedValue::Text(bytes) | EncodedValue::Blob(bytes) => bytes.len() as u64,
        EncodedValue::Large(stretch) => stretch.len(),
        _ => 0,
    }
}
