//! What an operation read: rows counted, their values touched as a client would, and compared with what was expected.

use std::hint::black_box;

use super::program::Action;
use super::row::{bytes_of, column};
use crate::engine::sqlite::Stored;
use crate::engine::{Failure, Outcome};
use crate::plan::{EXPECT_CHANGES, EXPECT_ROWS, EXPECT_VALUE};
use crate::value::{Decoder, EncodedValue, Value, ValueRef};

/// One operation's rows.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    action: &'a Action,
    pub(super) rows: u64,
    /// Of texts and blobs.
    pub(super) bytes: u64,
    /// What came in place of the expected value.
    other: Option<String>,
}

impl<'a> Reading<'a> {
    #[inline]
    pub(super) fn new(action: &'a Action) -> Reading<'a> {
        Reading { action, rows: 0, bytes: 0, other: None }
    }

    /// Whether no more rows are wanted.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.rows >= self.action.limit
    }

    /// Takes a row of the buffer.
    #[inline]
    pub(super) fn row(&mut self, row: &[u8]) {
        let action = self.action;
        if self.rows == 0 && action.expect.value.is_some() {
            self.compare(action.reads.first().map(|&first| Decoder::new(column(row, first)).value()));
        }
        self.rows += 1;
        let mut bytes = 0;
        if action.reads_all {
            let mut values = Decoder::new(row);
            (0..action.reads.len()).for_each(|_| bytes += bytes_of(black_box(values.value())));
        } else {
            let value = |&wanted: &usize| Decoder::new(column(row, wanted)).value();
            action.reads.iter().for_each(|wanted| bytes += bytes_of(black_box(value(wanted))));
        }
        self.bytes += bytes;
    }

    /// Takes a row of the store below, of which the columns from `first` on are read.
    pub(super) fn stored(&mut self, row: &Stored<'_>, first: usize) {
        if self.rows == 0 && self.action.expect.value.is_some() {
            self.compare((!self.action.reads.is_empty()).then(|| row.column(first)));
        }
        self.rows += 1;
        for column in first..first + self.action.reads.len() {
            self.bytes += bytes_of(black_box(row.column(column)));
        }
    }

    #[cold]
    fn compare(&mut self, value: Option<EncodedValue<'_>>) {
        let Some(expected) = &self.action.expect.value else { return };
        let value = value.unwrap_or(EncodedValue::Null);
        self.other = (!is(value, expected)).then(|| shown(value));
    }

    /// What becomes of the operation.
    #[inline]
    pub(super) fn outcome(self) -> Outcome {
        let expect = &self.action.expect;
        if expect.rows.is_none() && expect.value.is_none() {
            return Outcome::Done { changes: 0 };
        }
        self.checked()
    }

    fn checked(self) -> Outcome {
        let expect = &self.action.expect;
        if let Some(rows) = expect.rows.filter(|rows| *rows != self.rows) {
            let noun = if rows == 1 { "row" } else { "rows" };
            return unexpected(0, EXPECT_ROWS, format!("expected {rows} {noun}, read {}", self.rows));
        }
        if let Some(value) = &expect.value {
            let read = if self.rows == 0 { Some("no row".to_owned()) } else { self.other };
            if let Some(read) = read {
                return unexpected(0, EXPECT_VALUE, format!("expected {}, read {read}", value.as_ref()));
            }
        }
        Outcome::Done { changes: 0 }
    }
}

/// What becomes of an operation that changed so many rows.
#[inline]
pub(super) fn changed(action: &Action, changes: u64) -> Outcome {
    match action.expect.changes {
        Some(wanted) if wanted != changes => {
            let noun = if wanted == 1 { "row" } else { "rows" };
            let words = format!("expected to change {wanted} {noun}, changed {changes}");
            unexpected(changes, EXPECT_CHANGES, words)
        }
        _ => Outcome::Done { changes },
    }
}

#[cold]
fn unexpected(changes: u64, code: &'static str, message: String) -> Outcome {
    Outcome::Unexpected { changes, failure: Failure { code, message } }
}

/// Whether a value is the expected one; a number may be whole or not.
fn is(value: EncodedValue<'_>, expected: &Value) -> bool {
    match (value, expected) {
        (EncodedValue::Null, Value::Null) => true,
        (EncodedValue::Integer(a), Value::Integer(b)) => a == *b,
        (EncodedValue::Real(a), Value::Real(b)) => a == *b,
        (EncodedValue::Integer(a), Value::Real(b)) => a as f64 == *b,
        (EncodedValue::Real(a), Value::Integer(b)) => a == *b as f64,
        (EncodedValue::Text(a), Value::Text(b)) => a == b.as_bytes(),
        (EncodedValue::Blob(a), Value::Blob(b)) => a == b.as_slice(),
        _ => false,
    }
}

fn shown(value: EncodedValue<'_>) -> String {
    match value {
        EncodedValue::Text(bytes) => ValueRef::Text(&String::from_utf8_lossy(bytes)).to_string(),
        other => owned(other).as_ref().to_string(),
    }
}

/// The same value, owning its bytes.
pub(super) fn owned(value: EncodedValue<'_>) -> Value {
    match value {
        EncodedValue::Null => Value::Null,
        EncodedValue::Integer(v) => Value::Integer(v),
        EncodedValue::Real(v) => Value::Real(v),
        EncodedValue::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        EncodedValue::Blob(v) => Value::Blob(v.to_vec()),
        EncodedValue::Large(v) => Value::Pooled(v),
    }
}
