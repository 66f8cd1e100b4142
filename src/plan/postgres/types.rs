//! Types of columns: SQLite's words for them as PostgreSQL has them, and what they come to in SQLite.
//!
//! Constraints are left to `ddl`.

use sqlparser::ast::{DataType, ExactNumberInfo, TimezoneInfo};

/// The type that holds on PostgreSQL what generators give for the type as written. What PostgreSQL knows by itself stays, but for whole numbers
/// and fractions: SQLite's have 64 bits, whatever their name.
pub(super) fn translated(written: &DataType) -> DataType {
    match written {
        DataType::Int(_)
        | DataType::Integer(_)
        | DataType::TinyInt(_)
        | DataType::TinyIntUnsigned(_)
        | DataType::MediumInt(_)
        | DataType::MediumIntUnsigned(_)
        | DataType::SmallIntUnsigned(_)
        | DataType::IntUnsigned(_)
        | DataType::IntegerUnsigned(_)
        | DataType::BigInt(_)
        | DataType::BigIntUnsigned(_)
        | DataType::Int2Unsigned(_)
        | DataType::Int4Unsigned(_)
        | DataType::Int8Unsigned(_)
        | DataType::Unsigned
        | DataType::UnsignedInteger => DataType::BigInt(None),
        DataType::Real
        | DataType::RealUnsigned
        | DataType::Double(_)
        | DataType::DoubleUnsigned(_)
        | DataType::DoublePrecisionUnsigned
        | DataType::Float(_)
        | DataType::FloatUnsigned(_) => DataType::DoublePrecision,
        DataType::Blob(_)
        | DataType::TinyBlob
        | DataType::MediumBlob
        | DataType::LongBlob
        | DataType::Binary(_)
        | DataType::Varbinary(_)
        | DataType::Bytes(_) => DataType::Bytea,
        DataType::TinyText
        | DataType::MediumText
        | DataType::LongText
        | DataType::Clob(_)
        | DataType::String(_)
        | DataType::CharacterLargeObject(_)
        | DataType::CharLargeObject(_) => DataType::Text,
        DataType::Nvarchar(length) => DataType::Varchar(*length),
        DataType::Datetime(digits) => DataType::Timestamp(*digits, TimezoneInfo::None),
        DataType::DecimalUnsigned(digits) | DataType::DecUnsigned(digits) => DataType::Numeric(*digits),
        DataType::Custom(name, digits) => {
            custom(&name.to_string(), digits).unwrap_or_else(|| written.clone())
        }
        other => other.clone(),
    }
}

/// Names that sqlparser has no word for.
fn custom(name: &str, digits: &[String]) -> Option<DataType> {
    let number = || digits.first().and_then(|digits| digits.parse().ok());
    Some(match name.to_ascii_lowercase().as_str() {
        "number" => DataType::Numeric(match number() {
            Some(precision) => ExactNumberInfo::Precision(precision),
            None => ExactNumberInfo::None,
        }),
        "long" => DataType::BigInt(None),
        _ => return None,
    })
}

/// A type of PostgreSQL as SQLite knows it.
pub(super) fn in_sqlite(translated: &DataType) -> &'static str {
    match translated {
        DataType::SmallInt(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::Int(_)
        | DataType::Integer(_)
        | DataType::BigInt(_) => "INTEGER",
        DataType::Boolean | DataType::Bool => "BOOLEAN",
        DataType::Real
        | DataType::Float(_)
        | DataType::Float4
        | DataType::Float8
        | DataType::DoublePrecision
        | DataType::Double(_) => "REAL",
        DataType::Bytea => "BLOB",
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => "NUMERIC",
        other if is_serial(other) => "INTEGER",
        _ => "TEXT",
    }
}

/// Whether PostgreSQL numbers the rows by itself.
pub(super) fn is_serial(data_type: &DataType) -> bool {
    let DataType::Custom(name, _) = data_type else { return false };
    let serials = ["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"];
    serials.contains(&name.to_string().to_ascii_lowercase().as_str())
}
