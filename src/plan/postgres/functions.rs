//! Functions that only SQLite has, and those that reach beyond the scenario's own rows.

use sqlparser::ast::{ObjectName, Spanned};

use super::super::statements::Refusal;
use super::examine::name_of;
use super::text::Places;

/// Functions of SQLite, and what PostgreSQL has instead.
const OF_SQLITE: [(&str, &str); 24] = [
    ("changes", "count with `expect_changes`"),
    ("date", "write `x::date`"),
    ("datetime", "write `now()`, or `x::timestamp`"),
    ("glob", "write LIKE, or `~` with a regular expression"),
    ("group_concat", "write `string_agg(x::text, ',')`"),
    ("hex", "write `encode(x, 'hex')`"),
    ("ifnull", "write `coalesce(x, y)`, which SQLite has as well"),
    ("iif", "write `CASE WHEN x THEN y ELSE z END`, which SQLite has as well"),
    ("instr", "write `strpos(x, y)`"),
    ("json", "write `x::jsonb`"),
    ("json_extract", "write `x->>'key'`, which SQLite has as well"),
    ("json_group_array", "write `jsonb_agg(x)`"),
    ("json_valid", "give the column the type JSONB"),
    ("julianday", "write `extract(julian from x)`"),
    ("last_insert_rowid", "add RETURNING with the key to the INSERT, and capture it"),
    ("printf", "write `format('%s', x)`"),
    ("quote", "write `quote_literal(x)`"),
    ("randomblob", "write `gen_random_bytes`, or take bytes from `bind`"),
    ("strftime", "write `to_char(x, 'YYYY-MM-DD')`"),
    ("total", "write `coalesce(sum(x), 0)`"),
    ("typeof", "write `pg_typeof(x)`"),
    ("unicode", "write `ascii(x)`"),
    ("unixepoch", "write `extract(epoch from x)`"),
    ("zeroblob", "take bytes from `bind`"),
];

/// What cannot be called.
///
/// `otherwise` says where something for PostgreSQL alone may stand.
pub(super) fn check(name: &ObjectName, places: &Places<'_>, otherwise: &str) -> Result<(), Refusal> {
    let function = name_of(name);
    let range = || name.0.last().and_then(|part| places.range(part.span()));
    if let Some((_, help)) = OF_SQLITE.iter().find(|(known, _)| *known == function) {
        let words = format!("PostgreSQL has no function `{function}` as SQLite has it");
        let help = format!("{help}; {otherwise}");
        return Err(Refusal { words, help, range: range() });
    }
    let beyond = function.starts_with("dblink")
        || function.starts_with("pg_read_")
        || function.starts_with("lo_")
        || ["set_config", "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_promote"]
            .contains(&function.as_str());
    if beyond {
        let words = format!("`{function}` would reach beyond the rows of the run");
        let help = "leave it out; settings of every session stand in `[database.settings]`".to_owned();
        return Err(Refusal { words, help, range: range() });
    }
    Ok(())
}
