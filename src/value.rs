//! The one value type from template to engine, and its compact encoding.
//!
//! What a value means to a database is left to the engines; how it is made, to templates. Large ones are stretches of a pool: see `pool`.

mod pool;

pub use pool::{LONGEST_MADE, LONGEST_WHOLE, Stretch};

/// A value that owns its bytes. Booleans are integers 0 and 1, as in SQLite.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Bytes of the pool.
    Pooled(Stretch),
}

/// A value that borrows its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// UTF-8 text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// Bytes of the pool.
    Pooled(Stretch),
}

impl Value {
    /// The same value, borrowed.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Integer(v) => ValueRef::Integer(*v),
            Value::Real(v) => ValueRef::Real(*v),
            Value::Text(v) => ValueRef::Text(v),
            Value::Blob(v) => ValueRef::Blob(v),
            Value::Pooled(v) => ValueRef::Pooled(*v),
        }
    }
}

impl ValueRef<'_> {
    /// The same value, owning its bytes.
    pub fn to_owned(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(v) => Value::Integer(v),
            ValueRef::Real(v) => Value::Real(v),
            ValueRef::Text(v) => Value::Text(v.to_owned()),
            ValueRef::Blob(v) => Value::Blob(v.to_vec()),
            ValueRef::Pooled(v) => Value::Pooled(v),
        }
    }
}

impl std::fmt::Display for ValueRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ValueRef::Null => f.write_str("NULL"),
            ValueRef::Integer(v) => write!(f, "{v}"),
            ValueRef::Real(v) => write!(f, "{v}"),
            ValueRef::Text(v) => write!(f, "'{}'", v.replace('\'', "''")),
            ValueRef::Blob(v) => {
                f.write_str("x'")?;
                v.iter().try_for_each(|b| write!(f, "{b:02x}"))?;
                f.write_str("'")
            }
            ValueRef::Pooled(v) => {
                f.write_str("x'")?;
                v.piece(0, SHOWN).iter().try_for_each(|b| write!(f, "{b:02x}"))?;
                write!(f, "…' of {} bytes", v.len())
            }
        }
    }
}

/// Bytes of a pooled value that a message shows.
const SHOWN: usize = 16;

const NULL: u8 = 0;
const INT8: u8 = 1;
const INT32: u8 = 2;
const INT64: u8 = 3;
const REAL: u8 = 4;
const TEXT8: u8 = 5;
const TEXT32: u8 = 6;
const BLOB8: u8 = 7;
const BLOB32: u8 = 8;
const POOLED: u8 = 9;

/// Appends a value: one tag byte, then an integer of the least of 1, 4 or 8 bytes, or a length of 1 or 4 bytes and the bytes; of a pooled
/// value only where it lies.
///
/// # Panics
/// If a text or blob is 4 GiB or longer: SQLite's own limit is a billion bytes.
pub fn encode(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.push(NULL),
        ValueRef::Integer(v) => encode_integer(out, v),
        ValueRef::Real(v) => {
            out.push(REAL);
            out.extend_from_slice(&v.to_le_bytes());
        }
        ValueRef::Text(v) => encode_bytes(out, TEXT8, TEXT32, v.as_bytes()),
        ValueRef::Blob(v) => encode_bytes(out, BLOB8, BLOB32, v),
        ValueRef::Pooled(v) => {
            out.push(POOLED);
            out.extend_from_slice(&v.to_bytes());
        }
    }
}

fn encode_integer(out: &mut Vec<u8>, v: i64) {
    if let Ok(small) = i8::try_from(v) {
        out.push(INT8);
        out.extend_from_slice(&small.to_le_bytes());
    } else if let Ok(middle) = i32::try_from(v) {
        out.push(INT32);
        out.extend_from_slice(&middle.to_le_bytes());
    } else {
        out.push(INT64);
        out.extend_from_slice(&v.to_le_bytes());
    }
}

fn encode_bytes(out: &mut Vec<u8>, short: u8, long: u8, bytes: &[u8]) {
    if let Ok(length) = u8::try_from(bytes.len()) {
        out.push(short);
        out.push(length);
    } else {
        let length = u32::try_from(bytes.len()).expect("a value is shorter than 4 GiB");
        out.push(long);
        out.extend_from_slice(&length.to_le_bytes());
    }
    out.extend_from_slice(bytes);
}

/// Reads encoded values one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Starts at the first byte of what `encode` wrote.
    pub fn new(bytes: &'a [u8]) -> Self {
        Decoder { rest: bytes }
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.rest.split_first_chunk::<N>().expect("the tape holds whole values");
        self.rest = rest;
        *head
    }

    #[inline]
    fn bytes(&mut self, length: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at(length);
        self.rest = rest;
        head
    }

    /// What is not read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next value as it is encoded.
    ///
    /// # Panics
    /// If the bytes were not written by [`encode`].
    #[inline]
    pub fn encoded(&mut self) -> &'a [u8] {
        let length = match self.rest[0] {
            NULL => 1,
            INT8 => 2,
            INT32 => 5,
            TEXT8 | BLOB8 => 2 + usize::from(self.rest[1]),
            TEXT32 | BLOB32 => {
                let length = self.rest[1..].first_chunk().expect("the tape holds whole values");
                5 + u32::from_le_bytes(*length) as usize
            }
            INT64 | REAL | POOLED => 9,
            other => panic!("tag {other} is not one of the tape's"),
        };
        self.bytes(length)
    }

    /// One byte that is not a value.
    #[inline]
    pub fn byte(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    /// A number in LEB128.
    #[inline]
    pub fn number(&mut self) -> u64 {
        // Most are small.
        let first = self.byte();
        if first & 0x80 == 0 { u64::from(first) } else { self.longer_number(u64::from(first & 0x7f)) }
    }

    #[inline]
    fn longer_number(&mut self, first: u64) -> u64 {
        let mut result = first;
        let mut shift = 7;
        loop {
            let byte = self.byte();
            result |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return result;
            }
            shift += 7;
        }
    }

    /// The next value. Text comes back as raw bytes, known to be UTF-8 since `encode` took a `str`.
    ///
    /// # Panics
    /// If the bytes were not written by [`encode`].
    #[inline]
    pub fn value(&mut self) -> EncodedValue<'a> {
        match self.byte() {
            NULL => EncodedValue::Null,
            INT8 => EncodedValue::Integer(i64::from(i8::from_le_bytes(self.take()))),
            INT32 => EncodedValue::Integer(i64::from(i32::from_le_bytes(self.take()))),
            INT64 => EncodedValue::Integer(i64::from_le_bytes(self.take())),
            REAL => EncodedValue::Real(f64::from_le_bytes(self.take())),
            TEXT8 => {
                let length = usize::from(self.byte());
                EncodedValue::Text(self.bytes(length))
            }
            TEXT32 => {
                let length = u32::from_le_bytes(self.take()) as usize;
                EncodedValue::Text(self.bytes(length))
            }
            BLOB8 => {
                let length = usize::from(self.byte());
                EncodedValue::Blob(self.bytes(length))
            }
            BLOB32 => {
                let length = u32::from_le_bytes(self.take()) as usize;
                EncodedValue::Blob(self.bytes(length))
            }
            POOLED => {
                let stretch = Stretch::from_bytes(self.take());
                stretch.whole().map_or(EncodedValue::Large(stretch), EncodedValue::Blob)
            }
            other => panic!("tag {other} is not one of the tape's"),
        }
    }
}

/// A value as it stands on the tape: text is not checked again to be UTF-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EncodedValue<'a> {
    /// SQL NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// UTF-8 bytes.
    Text(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
    /// Bytes that lie nowhere together: longer than [`LONGEST_WHOLE`].
    Large(Stretch),
}

/// Whether an encoded value is a pooled one, of which only the place is told.
pub fn is_pooled(encoded: &[u8]) -> bool {
    encoded.first() == Some(&POOLED)
}

/// Appends a number in LEB128.
pub fn encode_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_survives_the_encoding() {
        let long = "x".repeat(300);
        let blob = vec![7u8; 400];
        let values = [
            ValueRef::Null,
            ValueRef::Integer(-128),
            ValueRef::Integer(128),
            ValueRef::Integer(i64::from(i32::MIN)),
            ValueRef::Integer(i64::MAX),
            ValueRef::Real(-0.5),
            ValueRef::Text("été"),
            ValueRef::Text(&long),
            ValueRef::Blob(b"\0\xff"),
            ValueRef::Blob(&blob),
            ValueRef::Pooled(Stretch::new(7, 100_000)),
            ValueRef::Pooled(Stretch::new(8, 999_999_999)),
        ];
        let mut bytes = Vec::new();
        encode_number(&mut bytes, 1 << 40);
        values.iter().for_each(|v| encode(&mut bytes, *v));
        let mut decoder = Decoder::new(&bytes);
        assert_eq!(decoder.number(), 1 << 40);
        let mut whole = decoder;
        for value in values {
            let mut alone = Vec::new();
            encode(&mut alone, value);
            assert_eq!(whole.encoded(), alone);
            assert_eq!(is_pooled(&alone), matches!(value, ValueRef::Pooled(_)));
            let expected = match value {
                ValueRef::Null => EncodedValue::Null,
                ValueRef::Integer(v) => EncodedValue::Integer(v),
                ValueRef::Real(v) => EncodedValue::Real(v),
                ValueRef::Text(v) => EncodedValue::Text(v.as_bytes()),
                ValueRef::Blob(v) => EncodedValue::Blob(v),
                ValueRef::Pooled(v) => v.whole().map_or(EncodedValue::Large(v), EncodedValue::Blob),
            };
            assert_eq!(decoder.value(), expected);
        }
        assert!(whole.rest().is_empty());
    }
}
