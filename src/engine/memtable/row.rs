//! Rows as they stand on the tape, and what is taken from them: keys, hashes of indexed values, places in an order.
//!
//! A row is the encoding of its values one after the other. It is copied as it comes; equal values have equal bytes.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::shape::Shape;
use crate::value::{Decoder, EncodedValue, ValueRef, encode, is_pooled};

const HASHING: FixedState = FixedState::with_seed(0x6d65_6d74_6162_6c65);

/// What a row is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// One column that is an integer.
    Integer(i64),
    /// All others: the encoded columns, one after the other.
    Bytes(Box<[u8]>),
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyRef<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
}

impl Key {
    pub(super) fn as_ref(&self) -> KeyRef<'_> {
        match self {
            Key::Integer(value) => KeyRef::Integer(*value),
            Key::Bytes(bytes) => KeyRef::Bytes(bytes),
        }
    }
}

impl<'a> KeyRef<'a> {
    /// From the encoded columns of a key.
    #[inline]
    pub(super) fn new(encoded: &'a [u8], columns: usize) -> KeyRef<'a> {
        if columns == 1
            && let EncodedValue::Integer(value) = Decoder::new(encoded).value()
        {
            return KeyRef::Integer(value);
        }
        KeyRef::Bytes(encoded)
    }

    pub(super) fn to_owned(self) -> Key {
        match self {
            KeyRef::Integer(value) => Key::Integer(value),
            KeyRef::Bytes(bytes) => Key::Bytes(bytes.into()),
        }
    }

    #[inline]
    pub(super) fn hash(self) -> u64 {
        match self {
            KeyRef::Integer(value) => HASHING.hash_one(value),
            KeyRef::Bytes(bytes) => hash_of([bytes]),
        }
    }

    /// The encoded columns.
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        match self {
            KeyRef::Integer(value) => encode(out, ValueRef::Integer(value)),
            KeyRef::Bytes(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// Of encoded values together.
#[inline]
pub(super) fn hash_of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = HASHING.build_hasher();
    values.into_iter().for_each(|value| hasher.write(value));
    hasher.finish()
}

/// A column of an encoded row.
#[inline]
pub(super) fn column(row: &[u8], index: usize) -> &[u8] {
    let mut values = Decoder::new(row);
    for _ in 0..index {
        values.encoded();
    }
    values.encoded()
}

/// A place in SQLite's order of values: NULL, numbers, texts, blobs; texts and blobs byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Null,
    /// The nearest float, its bits arranged so that they compare as it does; then the exact integer.
    Number(u64, i64),
    Text(Box<[u8]>),
    Blob(Box<[u8]>),
}

impl Order {
    pub(super) fn of(encoded: &[u8]) -> Order {
        match Decoder::new(encoded).value() {
            EncodedValue::Null => Order::Null,
            EncodedValue::Integer(value) => Order::Number(ordered(value as f64), value),
            // Where two numbers have one float, it is a whole one.
            EncodedValue::Real(value) => Order::Number(ordered(value), value as i64),
            EncodedValue::Text(bytes) => Order::Text(bytes.into()),
            EncodedValue::Blob(bytes) => Order::Blob(bytes.into()),
            EncodedValue::Large(stretch) => Order::Blob(stretch.to_vec().into()),
        }
    }
}

fn ordered(value: f64) -> u64 {
    // Both zeros are one number.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// What is taken from a row that is about to be written; the memory is used again.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Where each value stands in the row.
    spans: Vec<(usize, usize)>,
    /// One for each hashed index.
    pub(super) hashes: Vec<u64>,
    /// One for each ordered column.
    pub(super) orders: Vec<Order>,
    key: Vec<u8>,
}

/// A row that is ready to be written.
#[derive(Debug)]
pub(super) struct New {
    pub(super) key: Key,
    pub(super) hash: u64,
    pub(super) row: Box<[u8]>,
}

impl Marks {
    /// Copies the next row of the tape, and takes what a table needs of it.
    #[inline]
    pub(super) fn row(&mut self, shape: &Shape, mut values: Decoder<'_>) -> New {
        let start = values.rest();
        let mut pooled = false;
        self.spans.clear();
        for _ in 0..shape.columns {
            let from = start.len() - values.rest().len();
            let encoded = values.encoded();
            pooled |= is_pooled(encoded);
            self.spans.push((from, from + encoded.len()));
        }
        let bytes = &start[..start.len() - values.rest().len()];
        if pooled {
            return self.whole(shape, bytes);
        }
        self.ready(shape, bytes.into())
    }

    /// Takes what a table needs of an encoded row.
    pub(super) fn encoded(&mut self, shape: &Shape, row: Box<[u8]>) -> New {
        self.find_spans(&row, shape.columns);
        self.ready(shape, row)
    }

    fn find_spans(&mut self, row: &[u8], columns: usize) {
        let mut values = Decoder::new(row);
        self.spans.clear();
        for _ in 0..columns {
            let from = row.len() - values.rest().len();
            let length = values.encoded().len();
            self.spans.push((from, from + length));
        }
    }

    /// Large values are told by their place in a pool that nothing is copied from; the buffer holds their bytes, as any other would.
    #[cold]
    fn whole(&mut self, shape: &Shape, row: &[u8]) -> New {
        let mut out = Vec::with_capacity(row.len());
        copy_whole(&mut out, row, shape.columns);
        self.encoded(shape, out.into())
    }

    #[inline]
    fn ready(&mut self, shape: &Shape, row: Box<[u8]>) -> New {
        let Marks { spans, hashes, orders, key } = self;
        let value = |column: usize| &row[spans[column].0..spans[column].1];
        hashes.clear();
        hashes.extend(shape.indexes.iter().map(|columns| hash_of(columns.iter().map(|&c| value(c)))));
        orders.clear();
        orders.extend(shape.ordered.iter().map(|&column| Order::of(value(column))));
        let found = match shape.key.as_slice() {
            [column] => KeyRef::new(value(*column), 1),
            columns => {
                key.clear();
                columns.iter().for_each(|&column| key.extend_from_slice(value(column)));
                KeyRef::Bytes(key)
            }
        };
        let (hash, key) = (found.hash(), found.to_owned());
        New { key, hash, row }
    }
}

/// Appends encoded values, pooled ones as the bytes that they stand for.
pub(super) fn copy_whole(out: &mut Vec<u8>, values: &[u8], count: usize) {
    let mut values = Decoder::new(values);
    for _ in 0..count {
        let encoded = values.encoded();
        if !is_pooled(encoded) {
            out.extend_from_slice(encoded);
            continue;
        }
        match Decoder::new(encoded).value() {
            EncodedValue::Blob(bytes) => encode(out, ValueRef::Blob(bytes)),
            EncodedValue::Large(stretch) => encode(out, ValueRef::Blob(&stretch.to_vec())),
            other => unreachable!("a pooled value is bytes, not {other:?}"),
        }
    }
}

/// Appends a value as it is stored elsewhere.
pub(super) fn encode_value(out: &mut Vec<u8>, value: EncodedValue<'_>) {
    match value {
        EncodedValue::Null => encode(out, ValueRef::Null),
        EncodedValue::Integer(v) => encode(out, ValueRef::Integer(v)),
        EncodedValue::Real(v) => encode(out, ValueRef::Real(v)),
        EncodedValue::Text(v) => match std::str::from_utf8(v) {
            Ok(text) => encode(out, ValueRef::Text(text)),
            Err(_) => encode(out, ValueRef::Text(&String::from_utf8_lossy(v))),
        },
        EncodedValue::Blob(v) => encode(out, ValueRef::Blob(v)),
        EncodedValue::Large(v) => encode(out, ValueRef::Blob(&v.to_vec())),
    }
}

/// Bytes of texts and blobs among so many encoded values.
pub(super) fn payload(values: Decoder<'_>, count: usize) -> u64 {
    let mut values = values;
    (0..count).map(|_| bytes_of(values.value())).sum()
}

/// Bytes of a text or a blob.
#[inline]
pub(super) fn bytes_of(value: EncodedValue<'_>) -> u64 {
    match value {
        EncodedValue::Text(bytes) | EncodedValue::Blob(bytes) => bytes.len() as u64,
        EncodedValue::Large(stretch) => stretch.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn one(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, value.as_ref());
        bytes
    }

    #[test]
    fn values_are_ordered_as_sqlite_orders_them() {
        let text = |text: &str| Value::Text(text.to_owned());
        let big = 1_i64 << 53;
        let sorted = [
            Value::Null,
            Value::Real(f64::NEG_INFINITY),
            Value::Integer(i64::MIN),
            Value::Real(-1.5),
            Value::Integer(-1),
            Value::Integer(0),
            Value::Real(0.5),
            Value::Integer(1),
            Value::Real(big as f64),
            Value::Integer(big + 1),
            Value::Integer(i64::MAX),
            text(""),
            text("A"),
            text("a"),
            text("aa"),
            text("é"),
            Value::Blob(Vec::new()),
            Value::Blob(vec![1]),
        ];
        let orders: Vec<Order> = sorted.iter().map(|value| Order::of(&one(value))).collect();
        assert!(orders.windows(2).all(|pair| pair[0] < pair[1]), "{orders:?}");
        assert_eq!(Order::of(&one(&Value::Real(0.0))), Order::of(&one(&Value::Integer(0))));
        assert_eq!(Order::of(&one(&Value::Real(-0.0))), Order::of(&one(&Value::Integer(0))));
    }

    #[test]
    fn a_key_of_one_integer_is_a_number_and_every_other_one_its_bytes() {
        let (number, text) = (one(&Value::Integer(7)), one(&Value::Text("7".to_owned())));
        assert_eq!(KeyRef::new(&number, 1), KeyRef::Integer(7));
        assert_eq!(KeyRef::new(&text, 1), KeyRef::Bytes(&text));
        let both = [number.as_slice(), &number].concat();
        assert_eq!(KeyRef::new(&both, 2), KeyRef::Bytes(&both));
        let mut again = Vec::new();
        KeyRef::Integer(7).encode(&mut again);
        assert_eq!(again, number);
    }
}
