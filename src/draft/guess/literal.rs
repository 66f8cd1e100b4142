//! Values as a template writes them.

use crate::value::Value;

/// Text in quotes.
pub(super) fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Control characters may not stand in a TOML literal, nor may an apostrophe in the short form of one.
            other if other.is_control() || other == '\'' || other > '\u{ffff}' => {
                let mut units = [0; 2];
                other
                    .encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| quoted.push_str(&format!("\\u{unit:04x}")));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A value; none for a blob, which templates cannot write.
pub(super) fn value(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "none".to_owned(),
        Value::Integer(v) => v.to_string(),
        Value::Real(v) if v.is_finite() => format!("{v:?}"),
        Value::Text(v) => text(v),
        Value::Real(_) | Value::Blob(_) | Value::Pooled(_) => return None,
    })
}
