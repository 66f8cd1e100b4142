//! Settings of a session: set, and read back as the server understands them.

use tokio_postgres::Row;

use super::admin::Fault;
use super::client::Client;
use super::counters::application;
use super::schema::literal;
use crate::engine::EngineError;
use crate::plan::{PostgresDatabase, Setting, quote};

/// Setting that the run decides on itself.
const SEARCH_PATH: &str = "search_path";

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
struct InForce {
    /// As the server shows it.
    shown: String,
    /// In its base unit, with the unit and the kind of value, where the server lists it.
    listed: Option<Listed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    value: String,
    unit: Option<String>,
    kind: String,
}

/// Makes a session see the run's schema alone, sets what the scenario asks for, and reads it back.
///
/// # Errors
/// [`EngineError::Setting`] with the place of a setting that is unknown, is refused, or did not take effect.
pub(super) fn apply(client: &mut Client, database: &PostgresDatabase) -> Result<(), EngineError> {
    let (path, name) = (quote(&database.schema), literal(&application(&database.schema)));
    let own = client.simple(&format!("SET {SEARCH_PATH} TO {path}; SET application_name = {name}"));
    own.map_err(|error| Fault::from(error).into_error("a session cannot be set up"))?;
    let mut taken = Vec::new();
    for (index, setting) in database.settings.iter().enumerate() {
        taken.push(set(client, index, setting)?);
    }
    for (index, (setting, taken)) in database.settings.iter().zip(taken).enumerate() {
        let found = in_force(client, &setting.name)
            .map_err(|fault| fault.into_error(&format!("the setting {} cannot be read", setting.name)))?;
        if found.shown != taken || !took_effect(&setting.value, &found) {
            let message = format!(
                "`{} = {}` did not take effect: {} is in force",
                setting.name, setting.value, found.shown
            );
            return Err(EngineError::Setting { pragma: Some(index), message });
        }
    }
    Ok(())
}

/// Returns the setting as the server says that it took it.
fn set(client: &mut Client, index: usize, setting: &Setting) -> Result<String, EngineError> {
    let refused = |message: String| EngineError::Setting { pragma: Some(index), message };
    if setting.name == SEARCH_PATH {
        let words =
            "`search_path` belongs to the run, whose tables are in a schema of their own: see `schema`";
        return Err(refused(words.to_owned()));
    }
    let set = client.query("SELECT set_config($1, $2, false)", &[&setting.name, &setting.value]);
    match set.map_err(Fault::from) {
        Ok(rows) => Ok(rows.first().and_then(|row| row.get::<_, Option<String>>(0)).unwrap_or_default()),
        Err(fault) if fault.is_lost() => Err(fault.into_error("a session cannot be set up")),
        Err(fault) => {
            Err(refused(format!("the server refuses `{} = {}`: {fault}", setting.name, setting.value)))
        }
    }
}

fn in_force(client: &mut Client, name: &str) -> Result<InForce, Fault> {
    let shown = client.query("SELECT current_setting($1, true)", &[&name])?;
    let shown = shown.first().and_then(|row| row.get::<_, Option<String>>(0)).unwrap_or_default();
    let sql =
        "SELECT setting::text, unit::text, vartype::text FROM pg_catalog.pg_settings WHERE lower(name) = $1";
    // Settings of one's own are not listed; nor does every server have a list.
    let listed = client.query(sql, &[&name]).ok();
    let listed = listed.as_ref().and_then(|rows| rows.first()).and_then(listed_row);
    Ok(InForce { shown, listed })
}

fn listed_row(row: &Row) -> Option<Listed> {
    let text = |place: usize| row.get::<_, Option<String>>(place);
    Some(Listed { value: text(0)?, unit: text(1), kind: text(2)? })
}

/// Whether what is in force is what was asked for. Where the kind of value does not tell, the server's word is taken for it.
fn took_effect(asked: &str, found: &InForce) -> bool {
    let Some(listed) = &found.listed else { return true };
    let asked = asked.trim();
    match listed.kind.as_str() {
        "bool" => truth(asked).is_none_or(|asked| Some(asked) == truth(&listed.value)),
        "integer" | "real" => match (number(asked, listed.unit.as_deref()), listed.value.parse::<f64>()) {
            (Some(asked), Ok(value)) => {
                // Whole numbers are rounded to their unit.
                let slack = if listed.kind == "integer" { 0.5 } else { value.abs() * 1e-6 };
                (asked - value).abs() <= slack
            }
            _ => true,
        },
        "enum" => {
            let same = asked.eq_ignore_ascii_case(&listed.value);
            same || truth(asked).is_some() && truth(asked) == truth(&listed.value)
                || asked.replace('-', " ").eq_ignore_ascii_case(&listed.value)
        }
        _ => true,
    }
}

/// A truth value in any of the server's spellings.
fn truth(text: &str) -> Option<bool> {
    let text = text.to_lowercase();
    let begins = |word: &str| !text.is_empty() && word.starts_with(&text);
    match text.as_str() {
        "on" | "1" => Some(true),
        "of" | "off" | "0" => Some(false),
        _ if begins("true") || begins("yes") => Some(true),
        _ if begins("false") || begins("no") => Some(false),
        _ => None,
    }
}

/// A quantity in a base unit such as `8kB` or `ms`; without a unit of its own it is in that one already.
fn number(text: &str, base: Option<&str>) -> Option<f64> {
    let split = text.find(|c: char| c.is_alphabetic() && c != 'e' && c != 'E').unwrap_or(text.len());
    let (digits, unit) = (text[..split].trim(), text[split..].trim());
    let value: f64 = digits.parse().ok()?;
    if unit.is_empty() {
        return Some(value);
    }
    Some(value * scale(unit)? / base_scale(base?)?)
}

/// A base unit may be so many of another.
fn base_scale(base: &str) -> Option<f64> {
    let split = base.find(|c: char| c.is_alphabetic())?;
    let times: f64 = if split == 0 { 1.0 } else { base[..split].parse().ok()? };
    Some(times * scale(&base[split..])?)
}

/// Bytes, or microseconds.
fn scale(unit: &str) -> Option<f64> {
    let kib = 1024_f64;
    Some(match unit {
        "B" | "us" => 1.0,
        "kB" => kib,
        "MB" => kib.powi(2),
        "GB" => kib.powi(3),
        "TB" => kib.powi(4),
        "ms" => 1e3,
        "s" => 1e6,
        "min" => 60e6,
        "h" => 3_600e6,
        "d" => 86_400e6,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(asked: &str, value: &str, unit: Option<&str>, kind: &str) -> bool {
        let listed = Listed { value: value.to_owned(), unit: unit.map(str::to_owned), kind: kind.to_owned() };
        took_effect(asked, &InForce { shown: String::new(), listed: Some(listed) })
    }

    #[test]
    fn a_quantity_is_the_same_in_any_unit() {
        assert!(took("4096kB", "4096", Some("kB"), "integer"));
        assert!(took("4MB", "4096", Some("kB"), "integer"));
        assert!(took("128 MB", "16384", Some("8kB"), "integer"));
        assert!(took("2min", "120000", Some("ms"), "integer"));
        assert!(took("1.5", "1.5", None, "real"));
        assert!(took("1e3", "1000", None, "integer"));
        assert!(!took("4MB", "4095", Some("kB"), "integer"));
        assert!(!took("64", "65", Some("kB"), "integer"));
        assert!(!took("1.5", "1.6", None, "real"));
    }

    #[test]
    fn a_truth_value_is_the_same_in_any_spelling() {
        for asked in ["on", "TRUE", "t", "yes", "1"] {
            assert!(took(asked, "on", None, "bool") && !took(asked, "off", None, "bool"), "{asked}");
        }
        for asked in ["off", "false", "N", "0"] {
            assert!(took(asked, "off", None, "bool") && !took(asked, "on", None, "bool"), "{asked}");
        }
        assert!(took("true", "on", None, "enum"));
    }

    #[test]
    fn a_word_must_be_in_force_as_it_was_asked_for() {
        assert!(took("Read Committed", "read committed", None, "enum"));
        assert!(!took("serializable", "read committed", None, "enum"));
        assert!(!took("local", "on", None, "enum"));
    }
}
