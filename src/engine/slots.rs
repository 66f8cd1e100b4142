//! Values that an operation takes from its own reads, kept for its later steps in memory that is used again.

use crate::value::{EncodedValue, Value};

/// One captured value.
#[derive(Debug, Default)]
pub(in crate::engine) struct Slot {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    #[default]
    Null,
    Integer(i64),
    Real(f64),
    Text,
    Blob,
}

impl Slot {
    /// Keeps a copy. Memory is only taken where a value is longer than all before it.
    pub(in crate::engine) fn set(&mut self, value: EncodedValue<'_>) {
        let (kind, bytes) = match value {
            EncodedValue::Null => (Kind::Null, &[][..]),
            EncodedValue::Integer(v) => (Kind::Integer(v), &[][..]),
            EncodedValue::Real(v) => (Kind::Real(v), &[][..]),
            EncodedValue::Text(v) => (Kind::Text, v),
            EncodedValue::Blob(v) => (Kind::Blob, v),
            EncodedValue::Large(_) => {
                unreachable!("what is read from the database is no stretch of the pool")
            }
        };
        self.kind = kind;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
    }

    /// What was set last.
    pub(in crate::engine) fn get(&self) -> EncodedValue<'_> {
        match self.kind {
            Kind::Null => EncodedValue::Null,
            Kind::Integer(v) => EncodedValue::Integer(v),
            Kind::Real(v) => EncodedValue::Real(v),
            Kind::Text => EncodedValue::Text(&self.bytes),
            Kind::Blob => EncodedValue::Blob(&self.bytes),
        }
    }
}

/// The captured values of the operation that is being carried out.
#[derive(Debug, Default)]
pub(in crate::engine) struct Slots {
    ready: Vec<Slot>,
    /// What the statement being stepped brings: it may itself be bound to a value that it is about to replace.
    coming: Vec<Slot>,
}

impl Slots {
    /// Makes room for so many.
    pub(in crate::engine) fn grow(&mut self, slots: usize) {
        let slots = slots.max(self.ready.len());
        self.ready.resize_with(slots, Slot::default);
        self.coming.resize_with(slots, Slot::default);
    }

    /// Both kinds apart: what may be bound, and where what comes is put.
    pub(in crate::engine) fn split(&mut self) -> (&[Slot], &mut [Slot]) {
        (&self.ready, &mut self.coming)
    }

    /// Lets what came into a slot take the place of what stood there.
    pub(in crate::engine) fn keep(&mut self, slot: usize) {
        std::mem::swap(&mut self.ready[slot], &mut self.coming[slot]);
    }
}

/// Whether a value read is the one expected: numbers by their value, text and blobs byte by byte.
pub(in crate::engine) fn is(read: EncodedValue<'_>, expected: &Value) -> bool {
    match (read, expected) {
        (EncodedValue::Null, Value::Null) => true,
        (EncodedValue::Integer(a), Value::Integer(b)) => a == *b,
        (EncodedValue::Real(a), Value::Real(b)) => a == *b,
        (EncodedValue::Integer(a), Value::Real(b)) => same_number(a, *b),
        (EncodedValue::Real(a), Value::Integer(b)) => same_number(*b, a),
        (EncodedValue::Text(a), Value::Text(b)) => a == b.as_bytes(),
        (EncodedValue::Blob(a), Value::Blob(b)) => a == b.as_slice(),
        (EncodedValue::Blob(a), Value::Pooled(b)) => a.len() as u64 == b.len() && b.holds(0, a),
        _ => false,
    }
}

/// Not by rounding the integer, which would find neighbours beyond 2^53 equal.
fn same_number(integer: i64, real: f64) -> bool {
    real as i64 == integer && (real as i64) as f64 == real && real < 9_223_372_036_854_775_808.0
}

/// A value as a message shows it: what is long is cut.
pub(in crate::engine) fn shown(value: EncodedValue<'_>) -> String {
    const MOST_BYTES: usize = 60;
    let cut = |bytes: &[u8]| if bytes.len() > MOST_BYTES { "…" } else { "" };
    let start = |bytes: &'_ [u8]| bytes[..bytes.len().min(MOST_BYTES)].to_vec();
    match value {
        EncodedValue::Null => "NULL".to_owned(),
        EncodedValue::Integer(v) => v.to_string(),
        EncodedValue::Real(v) => v.to_string(),
        EncodedValue::Text(v) => format!("'{}{}'", String::from_utf8_lossy(&start(v)), cut(v)),
        EncodedValue::Blob(v) => format!("{}{}", Value::Blob(start(v)).as_ref(), cut(v)),
        EncodedValue::Large(v) => Value::Pooled(v).as_ref().to_string(),
    }
}

/// The same, for a value that owns its bytes.
pub(in crate::engine) fn encoded(value: &Value) -> EncodedValue<'_> {
    match value {
        Value::Null => EncodedValue::Null,
        Value::Integer(v) => EncodedValue::Integer(*v),
        Value::Real(v) => EncodedValue::Real(*v),
        Value::Text(v) => EncodedValue::Text(v.as_bytes()),
        Value::Blob(v) => EncodedValue::Blob(v),
        Value::Pooled(v) => v.whole().map_or(EncodedValue::Large(*v), EncodedValue::Blob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_gives_back_every_kind_of_value_from_the_same_memory() {
        let mut slot = Slot::default();
        slot.set(EncodedValue::Text(b"a longer text"));
        let memory = slot.bytes.as_ptr();
        let values = [
            EncodedValue::Null,
            EncodedValue::Integer(-7),
            EncodedValue::Real(0.5),
            EncodedValue::Text(b"text"),
            EncodedValue::Blob(b"\0\xff"),
            EncodedValue::Text(b""),
        ];
        for value in values {
            slot.set(value);
            assert_eq!(slot.get(), value);
        }
        assert_eq!(slot.bytes.as_ptr(), memory);
    }

    #[test]
    fn numbers_are_compared_by_value_and_text_is_no_number() {
        assert!(is(EncodedValue::Integer(5), &Value::Real(5.0)));
        assert!(is(EncodedValue::Real(5.0), &Value::Integer(5)));
        assert!(!is(EncodedValue::Integer((1 << 53) + 1), &Value::Real(9_007_199_254_740_992.0)));
        assert!(!is(EncodedValue::Integer(i64::MAX), &Value::Real(9_223_372_036_854_775_808.0)));
        assert!(!is(EncodedValue::Text(b"5"), &Value::Integer(5)));
        assert!(!is(EncodedValue::Null, &Value::Integer(0)));
        assert!(is(EncodedValue::Null, &Value::Null));
    }

    #[test]
    fn a_long_value_is_cut_where_it_is_shown() {
        assert_eq!(shown(EncodedValue::Text(b"Ann")), "'Ann'");
        assert_eq!(shown(EncodedValue::Blob(b"\x01\xff")), "x'01ff'");
        let long = shown(EncodedValue::Text(&[b'x'; 100]));
        assert_eq!(long, format!("'{}…'", "x".repeat(60)));
    }
}
