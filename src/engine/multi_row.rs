//! The INSERT of one row, made into that of many.

use std::fmt::Write;

use super::EngineError;
use super::steps::stands_alone;
use crate::plan::Operation;

/// How a database writes parameters and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Stands before the number of a parameter.
    pub(super) marker: char,
    /// What begins and ends something quoted.
    quotes: &'static [(u8, u8)],
}

/// SQLite's.
pub(super) const SQLITE: Dialect =
    Dialect { marker: '?', quotes: &[(b'\'', b'\''), (b'"', b'"'), (b'`', b'`'), (b'[', b']')] };
/// PostgreSQL's, in statements that the plan made: there brackets are arrays.
pub(super) const POSTGRES: Dialect = Dialect { marker: '$', quotes: &[(b'\'', b'\''), (b'"', b'"')] };

/// The SQL of an operation that inserts one row, for so many of them.
///
/// # Errors
/// When it cannot be written as one INSERT.
pub(super) fn insert_of(dialect: Dialect, operation: &Operation, rows: usize) -> Result<String, EngineError> {
    let step = &operation.steps[0];
    let sql = match rows {
        _ if !stands_alone(operation) => None,
        1 => Some(step.sql.clone()),
        rows => multi_row(dialect, &step.sql, step.binds.len(), rows),
    };
    sql.ok_or_else(|| EngineError::Setting {
        pragma: None,
        message: format!("`{}` cannot be written as one INSERT of several rows", operation.name),
    })
}

/// The SQL that inserts `rows` rows with one statement, from that of one row whose parameters are numbered from 1 (`parameters` of them) in its
/// list of values: row by row, the parameters go on counting. What follows the list, such as ON CONFLICT, stays. `None` where it is of another form.
fn multi_row(dialect: Dialect, sql: &str, parameters: usize, rows: usize) -> Option<String> {
    let list = values_list(dialect, sql)?;
    let (head, list, tail) = (&sql[..list.start], &sql[list.clone()], &sql[list.end..]);
    let is_marker = |(_, byte)| char::from(byte) == dialect.marker;
    if dialect.outside_quotes(head).chain(dialect.outside_quotes(tail)).any(is_marker) {
        return None;
    }
    let mut out = String::with_capacity(sql.len() + rows * (list.len() + 4 * parameters));
    out.push_str(head);
    for row in 0..rows {
        if row > 0 {
            out.push_str(", ");
        }
        append_row(dialect, &mut out, list, row * parameters)?;
    }
    out.push_str(tail);
    Some(out)
}

/// Where the list of values stands, with its brackets.
fn values_list(dialect: Dialect, sql: &str) -> Option<std::ops::Range<usize>> {
    const WORD: &[u8] = b"VALUES";
    let bytes = sql.as_bytes();
    let is_word = |at: usize| {
        let part_of_name = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        bytes[at..].get(..WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD))
            && !part_of_name(bytes.get(at + WORD.len()))
            && !(at > 0 && part_of_name(bytes.get(at - 1)))
    };
    let word = dialect.outside_quotes(sql).find(|&(at, _)| is_word(at))?.0;
    let after = word + WORD.len();
    let start = after + sql[after..].find(|c: char| !c.is_whitespace())?;
    let mut depth = 0usize;
    for (at, byte) in dialect.outside_quotes(&sql[start..]) {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(start..start + at + 1),
            b')' => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The list with every parameter moved on by `offset`.
fn append_row(dialect: Dialect, out: &mut String, list: &str, offset: usize) -> Option<()> {
    let mut written = 0;
    for (at, byte) in dialect.outside_quotes(list) {
        if char::from(byte) == dialect.marker {
            let digits = list[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = list[at + 1..=at + digits].parse().ok()?;
            write!(out, "{}{}{}", &list[written..at], dialect.marker, number + offset).ok()?;
            written = at + 1 + digits;
        }
    }
    out.push_str(&list[written..]);
    Some(())
}

impl Dialect {
    /// Bytes with their places, without those of quoted names and text.
    fn outside_quotes(self, sql: &str) -> impl Iterator<Item = (usize, u8)> {
        let mut quote = None;
        sql.bytes().enumerate().filter(move |&(_, byte)| match quote {
            Some(end) => {
                if byte == end {
                    quote = None;
                }
                false
            }
            None => {
                quote = self.quotes.iter().find(|(begin, _)| *begin == byte).map(|(_, end)| *end);
                quote.is_none()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_repeated_and_their_parameters_go_on_counting() {
        let sql = "INSERT INTO \"t\" (\"a\", \"b\") VALUES (?1, ?2)";
        let three = "INSERT INTO \"t\" (\"a\", \"b\") VALUES (?1, ?2), (?3, ?4), (?5, ?6)";
        assert_eq!(multi_row(SQLITE, sql, 2, 3).unwrap(), three);
        assert_eq!(multi_row(SQLITE, sql, 2, 1).unwrap(), sql);
    }

    #[test]
    fn what_follows_the_list_stays_and_names_are_not_mistaken_for_it() {
        let sql = "insert into \"values (?1)\" (\"it''s?\", [VALUES]) values (?1, coalesce(?2, ')')) ON CONFLICT(a) DO UPDATE SET b = excluded.b";
        let two = "insert into \"values (?1)\" (\"it''s?\", [VALUES]) values (?1, coalesce(?2, ')')), (?3, coalesce(?4, ')')) ON CONFLICT(a) DO UPDATE SET b = excluded.b";
        assert_eq!(multi_row(SQLITE, sql, 2, 2).unwrap(), two);
    }

    #[test]
    fn postgresql_has_its_own_parameters_and_arrays() {
        let sql = "INSERT INTO \"t$1\" (\"a\") VALUES (ARRAY[$1, $2])";
        let two = "INSERT INTO \"t$1\" (\"a\") VALUES (ARRAY[$1, $2]), (ARRAY[$3, $4])";
        assert_eq!(multi_row(POSTGRES, sql, 2, 2).unwrap(), two);
    }

    #[test]
    fn sql_of_another_form_is_left_alone() {
        for sql in [
            "INSERT INTO t DEFAULT VALUES",
            "INSERT INTO t SELECT ?1",
            "INSERT INTO t VALUES (?1) ON CONFLICT DO UPDATE SET a = ?2",
            "INSERT INTO t VALUES (?1",
            "INSERT INTO t VALUES (?)",
        ] {
            assert_eq!(multi_row(SQLITE, sql, 2, 2), None, "{sql}");
        }
    }
}
