//! Columns as the server has them, and values in the text that it reads into them: for loading and comparing.
//!
//! An INSERT of a worker binds values in binary form; that is left to the session.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::plan::quote;
use crate::value::{EncodedValue, Stretch, Value, ValueRef};

/// Bytes of a large value that are turned into text at once.
const PIECE_BYTES: usize = 1 << 20;

/// What a column holds, as far as its text is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Whole numbers.
    Integers,
    /// `numeric`, which may hold whole numbers, too.
    Decimals,
    /// `double precision`.
    Floats,
    /// `real`.
    Singles,
    /// `bytea`.
    Bytes,
    /// `json`, which has no equality of its own.
    Json,
    /// Something else without an equality.
    Incomparable,
    /// Anything else.
    Others,
}

impl Holds {
    /// By the server's own name of the type.
    pub(super) fn of(type_name: &str) -> Holds {
        match type_name {
            "int2" | "int4" | "int8" | "oid" => Holds::Integers,
            "numeric" => Holds::Decimals,
            "float8" => Holds::Floats,
            "float4" => Holds::Singles,
            "bytea" => Holds::Bytes,
            "json" => Holds::Json,
            "xml" | "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle" => Holds::Incomparable,
            _ => Holds::Others,
        }
    }
}

/// A column of the dataset row, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Quoted.
    pub(super) name: String,
    /// With its length or scale, as a cast takes it.
    pub(super) sql_type: String,
    pub(super) holds: Holds,
}

impl Column {
    pub(super) fn new(name: &str, sql_type: String, type_name: &str) -> Column {
        Column { name: quote(name), sql_type, holds: Holds::of(type_name) }
    }

    /// A stored value back from its text.
    pub(super) fn value(&self, text: Option<&str>) -> Value {
        let Some(text) = text else { return Value::Null };
        let parsed = match self.holds {
            Holds::Floats | Holds::Singles => text.parse().ok().map(Value::Real),
            Holds::Bytes => text.strip_prefix("\\x").and_then(bytes).map(Value::Blob),
            Holds::Integers | Holds::Decimals => text.parse().ok().map(Value::Integer),
            Holds::Json | Holds::Incomparable | Holds::Others => None,
        };
        parsed.unwrap_or_else(|| Value::Text(text.to_owned()))
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).map(|d| d as u8);
    let pair = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
    hex.as_bytes().chunks(2).map(pair).collect()
}

/// The text of a value that is stored in a column; nothing for NULL.
pub(super) fn text<'v>(value: ValueRef<'v>, holds: Holds) -> Option<Cow<'v, str>> {
    let of_bytes = |bytes: &[u8]| {
        let mut out = String::with_capacity(2 * bytes.len() + 2);
        out.push_str("\\x");
        hex(&mut out, bytes);
        out
    };
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(v) => v.to_string().into(),
        ValueRef::Real(v) => real(v, holds).into(),
        ValueRef::Text(v) if holds == Holds::Bytes => of_bytes(v.as_bytes()).into(),
        ValueRef::Text(v) => v.into(),
        ValueRef::Blob(v) if holds == Holds::Bytes => of_bytes(v).into(),
        ValueRef::Blob(v) => String::from_utf8_lossy(v),
        ValueRef::Pooled(v) => {
            let mut out = String::with_capacity(2 * v.len() as usize + 2);
            out.push_str("\\x");
            v.pieces(PIECE_BYTES).for_each(|piece| hex(&mut out, piece));
            out.into()
        }
    })
}

fn real(value: f64, holds: Holds) -> String {
    match value {
        // SQLite stores 12.0 as 12 in a column of whole numbers.
        v if holds == Holds::Integers && v.fract() == 0.0 && v.abs() < 9.2e18 => (v as i64).to_string(),
        v if v.is_infinite() => if v > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        // Rounded once, as a session does it.
        v if holds == Holds::Singles => (v as f32).to_string(),
        v => v.to_string(),
    }
}

fn hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// Appends a field of COPY's text format: backslashes, tabs and line ends escaped.
pub(super) fn copy_field(out: &mut Vec<u8>, value: EncodedValue<'_>, holds: Holds) {
    let mut number = String::new();
    match value {
        EncodedValue::Null => out.extend_from_slice(b"\\N"),
        EncodedValue::Integer(v) => {
            // Writing into a string cannot fail.
            let _ = write!(number, "{v}");
            out.extend_from_slice(number.as_bytes());
        }
        EncodedValue::Real(v) => out.extend_from_slice(real(v, holds).as_bytes()),
        EncodedValue::Text(v) | EncodedValue::Blob(v) if holds == Holds::Bytes => copy_bytes(out, [v]),
        EncodedValue::Text(v) | EncodedValue::Blob(v) => escape(out, v),
        EncodedValue::Large(v) => copy_bytes(out, stretch(v)),
    }
}

fn stretch(stretch: Stretch) -> impl Iterator<Item = &'static [u8]> {
    stretch.pieces(PIECE_BYTES)
}

fn copy_bytes<'b>(out: &mut Vec<u8>, pieces: impl IntoIterator<Item = &'b [u8]>) {
    // The backslash of `\x` is escaped, too.
    out.extend_from_slice(b"\\\\x");
    let mut digits = String::new();
    for piece in pieces {
        digits.clear();
        hex(&mut digits, piece);
        out.extend_from_slice(digits.as_bytes());
    }
}

fn escape(out: &mut Vec<u8>, bytes: &[u8]) {
    let special = |b: &u8| matches!(b, b'\\' | b'\t' | b'\n' | b'\r');
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(special) {
        out.extend_from_slice(&rest[..place]);
        out.push(b'\\');
        out.push(match rest[place] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        });
        rest = &rest[place + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(value: EncodedValue<'_>, holds: Holds) -> String {
        let mut out = Vec::new();
        copy_field(&mut out, value, holds);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_copy_reads_as_its_own_is_escaped() {
        let text = |text: &'static str| copied(EncodedValue::Text(text.as_bytes()), Holds::Others);
        assert_eq!(text("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e");
        assert_eq!(text("\\N"), "\\\\N");
        assert_eq!(text("\\."), "\\\\.");
        assert_eq!(text("été"), "été");
        assert_eq!(text(""), "");
        assert_eq!(copied(EncodedValue::Null, Holds::Others), "\\N");
        assert_eq!(copied(EncodedValue::Blob(&[0, 255]), Holds::Bytes), "\\\\x00ff");
    }

    #[test]
    fn numbers_are_written_as_their_column_takes_them() {
        assert_eq!(copied(EncodedValue::Real(12.0), Holds::Integers), "12");
        assert_eq!(copied(EncodedValue::Real(12.5), Holds::Integers), "12.5");
        assert_eq!(copied(EncodedValue::Real(0.1), Holds::Floats), "0.1");
        assert_eq!(copied(EncodedValue::Real(f64::NEG_INFINITY), Holds::Floats), "-Infinity");
        assert_eq!(copied(EncodedValue::Integer(i64::MIN), Holds::Integers), i64::MIN.to_string());
        assert_eq!(copied(EncodedValue::Real(0.1), Holds::Singles), "0.1");
        assert_eq!(copied(EncodedValue::Real(16_777_217.0), Holds::Singles), "16777216");
        let exact = 1.0e300 / 3.0;
        assert_eq!(real(exact, Holds::Floats).parse(), Ok(exact));
    }

    #[test]
    fn a_stored_value_comes_back_from_its_text() {
        let column = |sql_type: &str, type_name: &str| Column::new("c", sql_type.to_owned(), type_name);
        assert_eq!(column("bigint", "int8").value(Some("5")), Value::Integer(5));
        assert_eq!(column("numeric", "numeric").value(Some("5")), Value::Integer(5));
        assert_eq!(column("character varying(9)", "varchar").value(Some("5")), Value::Text("5".to_owned()));
        assert_eq!(column("bytea", "bytea").value(Some("\\x00ff")), Value::Blob(vec![0, 255]));
        assert_eq!(column("double precision", "float8").value(Some("0.1")), Value::Real(0.1));
        assert_eq!(column("text", "text").value(None), Value::Null);
    }

    #[test]
    fn a_value_of_any_kind_has_the_text_of_its_column() {
        let of = |value: ValueRef<'static>, holds| text(value, holds).map(Cow::into_owned);
        assert_eq!(of(ValueRef::Null, Holds::Others), None);
        assert_eq!(of(ValueRef::Blob(b"\x01\xab"), Holds::Bytes).as_deref(), Some("\\x01ab"));
        assert_eq!(of(ValueRef::Text("ab"), Holds::Bytes).as_deref(), Some("\\x6162"));
        assert_eq!(of(ValueRef::Text("ab"), Holds::Others).as_deref(), Some("ab"));
        let large = Stretch::new(3, 100_000);
        let hex = of(ValueRef::Pooled(large), Holds::Bytes).unwrap();
        assert_eq!(bytes(&hex[2..]).unwrap(), large.to_vec());
    }
}
