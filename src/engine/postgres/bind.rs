//! Values as they are sent and received: in the server's binary form where it is a plain one, as text where only the server knows the type.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use postgres_protocol::IsNull;
use tokio_postgres::types::Type;

use crate::value::EncodedValue;

/// Bytes of a large value that are copied at once.
const PIECE_BYTES: usize = 1 << 20;

/// How values of a type are sent and received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Text,
    Bytes,
    /// As text, which is a number.
    Numeric,
    /// As text.
    Other,
}

impl Form {
    /// By the number of the type.
    pub(super) fn of(oid: u32) -> Form {
        match Type::from_oid(oid) {
            Some(Type::BOOL) => Form::Bool,
            Some(Type::INT2) => Form::Int2,
            Some(Type::INT4) => Form::Int4,
            Some(Type::INT8) => Form::Int8,
            Some(Type::FLOAT4) => Form::Float4,
            Some(Type::FLOAT8) => Form::Float8,
            Some(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME) => Form::Text,
            Some(Type::BYTEA) => Form::Bytes,
            Some(Type::NUMERIC) => Form::Numeric,
            _ => Form::Other,
        }
    }

    /// The protocol's number of it: 1 is binary, 0 text.
    pub(super) fn format(self) -> i16 {
        i16::from(!matches!(self, Form::Numeric | Form::Other))
    }

    /// Appends a value. What does not fit the binary form is written as text, for the server to judge: the second answer says so.
    pub(super) fn write(self, value: EncodedValue<'_>, out: &mut BytesMut) -> (IsNull, bool) {
        match (self, value) {
            (_, EncodedValue::Null) => return (IsNull::Yes, false),
            (Form::Text, EncodedValue::Text(v) | EncodedValue::Blob(v)) => out.put_slice(v),
            (Form::Bytes, EncodedValue::Blob(v) | EncodedValue::Text(v)) => out.put_slice(v),
            (_, EncodedValue::Large(v)) => {
                let text = self != Form::Bytes;
                v.pieces(PIECE_BYTES).for_each(|piece| out.put_slice(piece));
                return (IsNull::No, text);
            }
            (_, EncodedValue::Integer(v)) if self.put_integer(v, out) => {}
            (_, EncodedValue::Real(v)) if self.put_real(v, out) => {}
            (_, EncodedValue::Integer(v)) => return self.text(format_args!("{v}"), out),
            (_, EncodedValue::Real(v)) if v.is_infinite() => {
                return self.text(format_args!("{}Infinity", if v < 0.0 { "-" } else { "" }), out);
            }
            (_, EncodedValue::Real(v)) => return self.text(format_args!("{v}"), out),
            (_, EncodedValue::Text(v) | EncodedValue::Blob(v)) => {
                out.put_slice(v);
                return (IsNull::No, true);
            }
        }
        (IsNull::No, false)
    }

    fn text(self, value: std::fmt::Arguments<'_>, out: &mut BytesMut) -> (IsNull, bool) {
        // Writing into memory cannot fail. The text of a text is the same in both forms.
        let _ = out.write_fmt(value);
        (IsNull::No, self != Form::Text)
    }

    fn put_integer(self, value: i64, out: &mut BytesMut) -> bool {
        match self {
            Form::Int8 => out.put_i64(value),
            Form::Int4 => return i32::try_from(value).is_ok_and(|v| put(|| out.put_i32(v))),
            Form::Int2 => return i16::try_from(value).is_ok_and(|v| put(|| out.put_i16(v))),
            Form::Bool if matches!(value, 0 | 1) => out.put_u8(value as u8),
            // Without loss, or the server rounds it.
            Form::Float8 if value.unsigned_abs() <= 1 << 53 => out.put_f64(value as f64),
            Form::Float4 if value.unsigned_abs() <= 1 << 24 => out.put_f32(value as f32),
            _ => return false,
        }
        true
    }

    fn put_real(self, value: f64, out: &mut BytesMut) -> bool {
        match self {
            Form::Float8 => out.put_f64(value),
            Form::Float4 => out.put_f32(value as f32),
            // As SQLite does in a column of integers, where nothing is lost by it.
            Form::Int2 | Form::Int4 | Form::Int8 if value.fract() == 0.0 && value.abs() < 9.2e18 => {
                return self.put_integer(value as i64, out);
            }
            _ => return false,
        }
        true
    }

    /// A value that was received. Numbers in text become numbers where they are ones.
    pub(super) fn read(self, bytes: Option<&[u8]>) -> EncodedValue<'_> {
        let Some(bytes) = bytes else { return EncodedValue::Null };
        let read = match self {
            Form::Bool => array(bytes).map(|[v]: [u8; 1]| EncodedValue::Integer(i64::from(v != 0))),
            Form::Int2 => array(bytes).map(|v| EncodedValue::Integer(i64::from(i16::from_be_bytes(v)))),
            Form::Int4 => array(bytes).map(|v| EncodedValue::Integer(i64::from(i32::from_be_bytes(v)))),
            Form::Int8 => array(bytes).map(|v| EncodedValue::Integer(i64::from_be_bytes(v))),
            Form::Float4 => array(bytes).map(|v| EncodedValue::Real(f64::from(f32::from_be_bytes(v)))),
            Form::Float8 => array(bytes).map(|v| EncodedValue::Real(f64::from_be_bytes(v))),
            Form::Bytes => Some(EncodedValue::Blob(bytes)),
            Form::Numeric => number(bytes),
            Form::Text | Form::Other => None,
        };
        read.unwrap_or(EncodedValue::Text(bytes))
    }
}

fn put(put: impl FnOnce()) -> bool {
    put();
    true
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn number(bytes: &[u8]) -> Option<EncodedValue<'static>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let integer = text.parse().ok().map(EncodedValue::Integer);
    integer.or_else(|| text.parse().ok().map(EncodedValue::Real))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMS: [Form; 10] = [
        Form::Bool,
        Form::Int2,
        Form::Int4,
        Form::Int8,
        Form::Float4,
        Form::Float8,
        Form::Text,
        Form::Bytes,
        Form::Numeric,
        Form::Other,
    ];

    fn written(form: Form, value: EncodedValue<'_>) -> (Vec<u8>, bool) {
        let mut out = BytesMut::new();
        let (null, text) = form.write(value, &mut out);
        assert!(!matches!(null, IsNull::Yes));
        (out.to_vec(), text)
    }

    #[test]
    fn an_integer_goes_into_every_kind_of_number_and_comes_back() {
        for form in FORMS {
            let (bytes, text) = written(form, EncodedValue::Integer(1));
            let read = form.read(Some(&bytes));
            match form {
                Form::Float4 | Form::Float8 => assert_eq!((read, text), (EncodedValue::Real(1.0), false)),
                Form::Text | Form::Other => assert_eq!(read, EncodedValue::Text(b"1")),
                Form::Bytes => assert_eq!((bytes.as_slice(), text), (b"1".as_slice(), true)),
                _ => assert_eq!(read, EncodedValue::Integer(1), "{form:?}"),
            }
        }
    }

    #[test]
    fn what_does_not_fit_its_type_is_left_to_the_server_as_text() {
        assert_eq!(written(Form::Int2, EncodedValue::Integer(40_000)), (b"40000".to_vec(), true));
        assert_eq!(written(Form::Int4, EncodedValue::Text(b"12")), (b"12".to_vec(), true));
        assert_eq!(written(Form::Int8, EncodedValue::Real(2.5)), (b"2.5".to_vec(), true));
        assert_eq!(written(Form::Int8, EncodedValue::Real(2.0)), (2i64.to_be_bytes().to_vec(), false));
        assert_eq!(written(Form::Bool, EncodedValue::Integer(2)), (b"2".to_vec(), true));
        let odd = (1i64 << 53) + 1;
        assert_eq!(written(Form::Float8, EncodedValue::Integer(odd)), (odd.to_string().into_bytes(), true));
        assert_eq!(
            written(Form::Other, EncodedValue::Real(f64::NEG_INFINITY)),
            (b"-Infinity".to_vec(), true)
        );
    }

    #[test]
    fn texts_and_blobs_are_written_as_they_are() {
        assert_eq!(written(Form::Text, EncodedValue::Text("é".as_bytes())), ("é".as_bytes().to_vec(), false));
        assert_eq!(written(Form::Text, EncodedValue::Integer(7)), (b"7".to_vec(), false));
        assert_eq!(written(Form::Bytes, EncodedValue::Blob(b"\0\xff")), (b"\0\xff".to_vec(), false));
        let stretch = crate::value::Stretch::new(3, 100_000);
        assert_eq!(written(Form::Bytes, EncodedValue::Large(stretch)), (stretch.to_vec(), false));
        assert_eq!(Form::Bytes.read(None), EncodedValue::Null);
        assert_eq!(Form::Numeric.read(Some(b"12.50")), EncodedValue::Real(12.5));
        assert_eq!(Form::Numeric.read(Some(b"12")), EncodedValue::Integer(12));
        assert_eq!(Form::Other.read(Some(b"2024-01-01")), EncodedValue::Text(b"2024-01-01"));
    }
}
