//! Values of the tape as Turso's, and back; its errors under SQLite's names.

use rusqlite::ffi;
use turso_core::{LimboError, NonNan, Numeric, Value};

use super::named;
use crate::engine::sqlite::codes;
use crate::value::EncodedValue;

/// A copy that Turso owns: it binds nothing else.
pub(super) fn owned(value: EncodedValue<'_>) -> Value {
    match value {
        EncodedValue::Null => Value::Null,
        EncodedValue::Integer(v) => Value::Numeric(Numeric::Integer(v)),
        EncodedValue::Real(v) => NonNan::new(v).map_or(Value::Null, |v| Value::Numeric(Numeric::Float(v))),
        EncodedValue::Text(v) => Value::build_text(String::from_utf8_lossy(v).into_owned()),
        EncodedValue::Blob(v) => Value::Blob(v.to_vec()),
        EncodedValue::Large(v) => Value::Blob(v.to_vec()),
    }
}

/// A value that was read, where it stands.
pub(super) fn read(value: &Value) -> EncodedValue<'_> {
    match value {
        Value::Null => EncodedValue::Null,
        Value::Numeric(Numeric::Integer(v)) => EncodedValue::Integer(*v),
        Value::Numeric(Numeric::Float(v)) => EncodedValue::Real((*v).into()),
        Value::Text(v) => EncodedValue::Text(v.as_str().as_bytes()),
        Value::Blob(v) => EncodedValue::Blob(v),
    }
}

/// SQLite's name for an error, so that errors of both drivers are counted under the same.
pub(super) fn code(error: &LimboError) -> &'static str {
    let words = match error {
        LimboError::Constraint(words) | LimboError::ForeignKeyConstraint(words) => words.as_str(),
        LimboError::CompletionError(_) => return named(ffi::SQLITE_IOERR),
        LimboError::OutOfMemory => return named(ffi::SQLITE_NOMEM),
        LimboError::BusySnapshot => return named(ffi::SQLITE_BUSY_SNAPSHOT),
        LimboError::InternalError(_) => return named(ffi::SQLITE_INTERNAL),
        _ => "",
    };
    let constraints = [
        ("UNIQUE", ffi::SQLITE_CONSTRAINT_UNIQUE),
        ("NOT NULL", ffi::SQLITE_CONSTRAINT_NOTNULL),
        ("FOREIGN KEY", ffi::SQLITE_CONSTRAINT_FOREIGNKEY),
        ("CHECK", ffi::SQLITE_CONSTRAINT_CHECK),
    ];
    let known = constraints.iter().find(|(begin, _)| words.starts_with(begin));
    named(known.map_or_else(|| error.sqlite_result_code(), |(_, code)| *code))
}

/// Whether the database cannot go on.
pub(super) fn is_fatal(error: &LimboError) -> bool {
    matches!(error, LimboError::CompletionError(_) | LimboError::InternalError(_) | LimboError::OutOfMemory)
        || codes::is_fatal(error.sqlite_result_code())
}
