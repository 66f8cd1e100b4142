//! Values while a template is evaluated: owned ones (`Datum`), and ones whose bytes stand at the end of the scratch buffers (`Piece`).

use std::fmt::Write;

use super::References;
use super::Scratch;
use super::draw::Draw;
use crate::value::Stretch;

/// An owned value; beside what a database stores, it knows booleans, lists and maps.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    Pooled(Stretch),
    List(Vec<Datum>),
    Map(Vec<(String, Datum)>),
}

/// A value in the making. Text and blobs reach from their start to the end of the buffer.
#[derive(Debug)]
pub(super) enum Piece {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(usize),
    Blob(usize),
    Pooled(Stretch),
    Tree(Datum),
}

/// What a value is known to be before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Null,
    Bool,
    Integer,
    Real,
    Text,
    Blob,
    List,
    Map,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Any => "a value",
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Integer => "an integer",
            Kind::Real => "a number",
            Kind::Text => "text",
            Kind::Blob => "bytes",
            Kind::List => "a list",
            Kind::Map => "a map",
        }
    }
}

/// One value's evaluation: its random numbers, its row, and where its bytes go.
pub(super) struct Run<'a> {
    pub(super) draw: Draw,
    pub(super) row: u64,
    pub(super) repetition: u64,
    pub(super) column_seed: u64,
    pub(super) references: &'a dyn References,
    pub(super) text: &'a mut String,
    pub(super) bytes: &'a mut Vec<u8>,
    pub(super) nested: &'a mut Option<Box<Scratch>>,
}

impl Run<'_> {
    /// A known value as a piece.
    pub(super) fn put(&mut self, datum: &Datum) -> Piece {
        match datum {
            Datum::Null => Piece::Null,
            Datum::Bool(v) => Piece::Bool(*v),
            Datum::Integer(v) => Piece::Integer(*v),
            Datum::Real(v) => Piece::Real(*v),
            Datum::Text(v) => self.put_text(v),
            Datum::Blob(v) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(v);
                Piece::Blob(start)
            }
            Datum::Pooled(v) => Piece::Pooled(*v),
            Datum::List(_) | Datum::Map(_) => Piece::Tree(datum.clone()),
        }
    }

    /// Text as a piece.
    #[inline]
    pub(super) fn put_text(&mut self, text: &str) -> Piece {
        let start = self.text.len();
        self.text.push_str(text);
        Piece::Text(start)
    }

    /// Takes a piece out of the buffers.
    pub(super) fn take(&mut self, piece: Piece) -> Datum {
        match piece {
            Piece::Null => Datum::Null,
            Piece::Bool(v) => Datum::Bool(v),
            Piece::Integer(v) => Datum::Integer(v),
            Piece::Real(v) => Datum::Real(v),
            Piece::Text(start) => Datum::Text(self.text.split_off(start)),
            Piece::Blob(start) => Datum::Blob(self.bytes.split_off(start)),
            Piece::Pooled(v) => Datum::Pooled(v),
            Piece::Tree(datum) => datum,
        }
    }

    /// Turns a piece into text at the end of the text buffer, as it stands between other text.
    pub(super) fn write(&mut self, piece: Piece) {
        match piece {
            Piece::Text(_) => {}
            Piece::Integer(v) => write_integer(self.text, v),
            Piece::Blob(start) => {
                self.text.push_str(&String::from_utf8_lossy(&self.bytes[start..]));
                self.bytes.truncate(start);
            }
            other => {
                let datum = self.take(other);
                datum.write(self.text);
            }
        }
    }
}

/// A large value on its way through minijinja, which cannot look into it.
#[derive(Debug)]
struct Pooled(Stretch);

impl minijinja::value::Object for Pooled {
    fn repr(self: &std::sync::Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }
}

impl Datum {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Datum::Null => Kind::Null,
            Datum::Bool(_) => Kind::Bool,
            Datum::Integer(_) => Kind::Integer,
            Datum::Real(_) => Kind::Real,
            Datum::Text(_) => Kind::Text,
            Datum::Blob(_) | Datum::Pooled(_) => Kind::Blob,
            Datum::List(_) => Kind::List,
            Datum::Map(_) => Kind::Map,
        }
    }

    /// As it stands between other text: null is empty, lists and maps are JSON.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Datum::Null => {}
            Datum::Text(v) => out.push_str(v),
            Datum::Blob(v) => out.push_str(&String::from_utf8_lossy(v)),
            Datum::Pooled(v) => out.push_str(&String::from_utf8_lossy(&v.to_vec())),
            other => other.write_json(out),
        }
    }

    /// As JSON, without spaces. Bytes are hexadecimal text; a float that JSON cannot say is null.
    pub(super) fn write_json(&self, out: &mut String) {
        match self {
            Datum::Null => out.push_str("null"),
            Datum::Bool(v) => out.push_str(if *v { "true" } else { "false" }),
            Datum::Integer(v) => write_integer(out, *v),
            Datum::Real(v) if !v.is_finite() => out.push_str("null"),
            Datum::Real(v) => write_real(out, *v),
            Datum::Text(v) => write_json_text(v, out),
            Datum::Blob(v) => write_hex_text(out, [v.as_slice()]),
            Datum::Pooled(v) => write_hex_text(out, v.pieces(1 << 20)),
            Datum::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Datum::Map(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_json_text(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }

    /// From a value of `[vars]`; numbers beyond 64 bits become floats.
    pub(super) fn from_json(value: &serde_json::Value) -> Datum {
        match value {
            serde_json::Value::Null => Datum::Null,
            serde_json::Value::Bool(v) => Datum::Bool(*v),
            serde_json::Value::Number(v) => match v.as_i64() {
                Some(integer) => Datum::Integer(integer),
                None => Datum::Real(v.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(v) => Datum::Text(v.clone()),
            serde_json::Value::Array(items) => Datum::List(items.iter().map(Datum::from_json).collect()),
            serde_json::Value::Object(entries) => Datum::from_object(entries),
        }
    }

    /// From a table of `[vars]`.
    pub(super) fn from_object(entries: &serde_json::Map<String, serde_json::Value>) -> Datum {
        Datum::Map(entries.iter().map(|(key, value)| (key.clone(), Datum::from_json(value))).collect())
    }

    /// From a value of minijinja; `None` for what values cannot be (functions, undefined).
    pub(super) fn from_jinja(value: &minijinja::Value) -> Option<Datum> {
        use minijinja::value::ValueKind;
        if let Some(Pooled(stretch)) = value.downcast_object_ref() {
            return Some(Datum::Pooled(*stretch));
        }
        Some(match value.kind() {
            ValueKind::None => Datum::Null,
            ValueKind::Bool => Datum::Bool(value.is_true()),
            ValueKind::Number if value.is_integer() => Datum::Integer(i64::try_from(value.clone()).ok()?),
            ValueKind::Number => Datum::Real(f64::try_from(value.clone()).ok()?),
            ValueKind::String => Datum::Text(value.as_str()?.to_owned()),
            ValueKind::Bytes => Datum::Blob(value.as_bytes()?.to_vec()),
            ValueKind::Seq | ValueKind::Iterable => Datum::List(
                value.try_iter().ok()?.map(|item| Datum::from_jinja(&item)).collect::<Option<_>>()?,
            ),
            ValueKind::Map => {
                let mut entries = Vec::new();
                for key in value.try_iter().ok()? {
                    entries.push((key.to_string(), Datum::from_jinja(&value.get_item(&key).ok()?)?));
                }
                Datum::Map(entries)
            }
            _ => return None,
        })
    }

    /// As a value of minijinja.
    pub(super) fn into_jinja(self) -> minijinja::Value {
        use minijinja::Value;
        match self {
            Datum::Null => Value::from(()),
            Datum::Bool(v) => Value::from(v),
            Datum::Integer(v) => Value::from(v),
            Datum::Real(v) => Value::from(v),
            Datum::Text(v) => Value::from(v),
            Datum::Blob(v) => Value::from_bytes(v),
            Datum::Pooled(v) => Value::from_object(Pooled(v)),
            Datum::List(items) => items.into_iter().map(Datum::into_jinja).collect(),
            Datum::Map(entries) => {
                Value::from_pairs(entries.into_iter().map(|(key, value)| (key, value.into_jinja())))
            }
        }
    }

    /// From what a column of another row holds.
    pub(super) fn from_value(value: crate::value::Value) -> Datum {
        match value {
            crate::value::Value::Null => Datum::Null,
            crate::value::Value::Integer(v) => Datum::Integer(v),
            crate::value::Value::Real(v) => Datum::Real(v),
            crate::value::Value::Text(v) => Datum::Text(v),
            crate::value::Value::Blob(v) => Datum::Blob(v),
            crate::value::Value::Pooled(v) => Datum::Pooled(v),
        }
    }
}

pub(super) fn write_integer(out: &mut String, value: i64) {
    let _never = write!(out, "{value}");
}

fn write_real(out: &mut String, value: f64) {
    let start = out.len();
    let _never = write!(out, "{value}");
    if !out[start..].contains('.') {
        out.push_str(".0");
    }
}

pub(super) fn write_hex(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn write_hex_text<'a>(out: &mut String, pieces: impl IntoIterator<Item = &'a [u8]>) {
    out.push('"');
    pieces.into_iter().flatten().for_each(|byte| write_hex(out, *byte));
    out.push('"');
}

fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _never = write!(out, "\\u{:04x}", control as u32);
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_serde_would() {
        let json = serde_json::json!({"a": [1, -2.5, null, true], "b\"\n\u{1}": {"c": "é"}, "d": 1.0});
        let mut text = String::new();
        Datum::from_json(&json).write_json(&mut text);
        assert_eq!(text, serde_json::to_string(&json).unwrap());
    }

    #[test]
    fn values_survive_the_way_through_minijinja() {
        let json = serde_json::json!({"a": [1, -2.5, null, true], "b": {"c": "é"}});
        let datum = Datum::from_json(&json);
        assert_eq!(Datum::from_jinja(&datum.clone().into_jinja()), Some(datum));
    }
}
