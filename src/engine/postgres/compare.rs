//! Rows as made against rows as stored: many at once, compared by the server in the types of its columns.
//!
//! Rows are sent as arrays of texts, one for each column, which the server reads as it would read them into the column. Only what differs comes
//! back.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::text::{Column, Holds, text};
use crate::plan::{Table, quote};
use crate::value::Value;

/// Bytes of a large value that are digested at once.
const PIECE_BYTES: usize = 1 << 20;

/// Texts of one column, row by row.
pub(super) type Texts<'v> = Vec<Option<Cow<'v, str>>>;

/// How rows of one table are compared.
#[derive(Debug)]
pub(super) struct Comparison<'t> {
    pub(super) table: &'t Table,
    pub(super) columns: &'t [Column],
    /// Columns that may hold anything.
    pub(super) ignored: &'t [usize],
    /// Columns of which digests are sent in place of values, since some are large.
    digested: Vec<bool>,
}

impl<'t> Comparison<'t> {
    /// The comparison for these rows.
    pub(super) fn of<'v>(
        table: &'t Table,
        columns: &'t [Column],
        ignored: &'t [usize],
        rows: impl Iterator<Item = &'v [Value]> + Clone,
    ) -> Self {
        let large = |column: usize| {
            columns[column].holds == Holds::Bytes
                && rows.clone().any(|row| matches!(row[column], Value::Pooled(_)))
        };
        let digested =
            (0..columns.len()).map(|column| large(column) && !table.key.contains(&column)).collect();
        Comparison { table, columns, ignored, digested }
    }

    /// What is sent of one column.
    pub(super) fn texts<'v>(&self, column: usize, rows: impl Iterator<Item = &'v [Value]>) -> Texts<'v> {
        let holds = self.columns[column].holds;
        let one = |row: &'v [Value]| {
            if self.ignored.contains(&column) {
                None
            } else if self.digested[column] {
                digest(&row[column]).map(Cow::Owned)
            } else {
                text(row[column].as_ref(), holds)
            }
        };
        rows.map(one).collect()
    }

    fn compared(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|column| !self.ignored.contains(column))
    }

    /// The stored value and the sent one, so that equality means the same value.
    fn sides(&self, column: usize) -> (String, String) {
        let Column { name, sql_type, holds } = &self.columns[column];
        match holds {
            _ if self.digested[column] => {
                (format!("right(sha256(t.{name})::text, 64)"), format!("v.c{column}"))
            }
            Holds::Json => (format!("t.{name}::jsonb"), format!("v.c{column}::jsonb")),
            Holds::Incomparable => (format!("t.{name}::text"), format!("v.c{column}::{sql_type}::text")),
            _ => (format!("t.{name}"), format!("v.c{column}::{sql_type}")),
        }
    }

    fn sent(&self) -> String {
        let parameters: Vec<String> = (1..=self.columns.len()).map(|n| format!("${n}::text[]")).collect();
        let names: Vec<String> = (0..self.columns.len()).map(|column| format!("c{column}")).collect();
        format!("unnest({}) WITH ORDINALITY AS v({}, n)", parameters.join(", "), names.join(", "))
    }

    /// Gives for each row that is not as it was made: its number from 1, whether there is one with its key, and for each compared column that
    /// is not part of the key whether it is the same.
    pub(super) fn by_key(&self) -> String {
        let key = &self.table.key;
        let same = |column: usize| {
            let (stored, sent) = self.sides(column);
            format!("{stored} IS NOT DISTINCT FROM {sent}")
        };
        let found = |column: &usize| {
            let Column { name, sql_type, .. } = &self.columns[*column];
            format!("t.{name} = v.c{column}::{sql_type}")
        };
        let same: Vec<String> = self.others().into_iter().map(same).collect();
        let found: Vec<String> = key.iter().map(found).collect();
        let first = &self.columns[key[0]].name;
        let list: String = same.iter().map(|same| format!(", {same}")).collect();
        let altered =
            if same.is_empty() { String::new() } else { format!(" OR NOT ({})", same.join(" AND ")) };
        format!(
            "SELECT v.n, t.{first} IS NOT NULL{list} FROM {} LEFT JOIN {} AS t ON {} WHERE t.{first} IS NULL{altered} ORDER BY v.n",
            self.sent(),
            quote(&self.table.name),
            found.join(" AND ")
        )
    }

    /// The compared columns that are not part of the key.
    pub(super) fn others(&self) -> Vec<usize> {
        self.compared().filter(|column| !self.table.key.contains(column)).collect()
    }

    /// Gives the number, from 1, of each row that is not there.
    pub(super) fn whole(&self) -> String {
        let (stored, sent): (Vec<String>, Vec<String>) =
            self.compared().map(|column| self.sides(column)).unzip();
        // As text, NULLs are equal and a hash finds it. Without a column that tells them apart, any row will do.
        let text = |sides: &[String]| match sides {
            [] => "''".to_owned(),
            sides => format!("ROW({})::text", sides.join(", ")),
        };
        format!(
            "SELECT v.n FROM {} WHERE NOT EXISTS (SELECT 1 FROM {} AS t WHERE {} = {}) ORDER BY v.n",
            self.sent(),
            quote(&self.table.name),
            text(&stored),
            text(&sent)
        )
    }

    /// Gives one column of the row with a key, as text: of bytes only the first few.
    pub(super) fn stored(&self, column: usize) -> String {
        let Column { name, holds, .. } = &self.columns[column];
        let value = match holds {
            Holds::Bytes => format!("substring({name} from 1 for 16)"),
            _ => name.clone(),
        };
        let found = |(place, column): (usize, &usize)| {
            let Column { name, sql_type, .. } = &self.columns[*column];
            format!("{name} = ${}::text::{sql_type}", place + 1)
        };
        let found: Vec<String> = self.table.key.iter().enumerate().map(found).collect();
        format!("SELECT {value}::text FROM {} WHERE {}", quote(&self.table.name), found.join(" AND "))
    }
}

/// SHA-256 in hexadecimal.
fn digest(value: &Value) -> Option<String> {
    let mut hasher = Sha256::new();
    match value {
        Value::Null => return None,
        Value::Pooled(stretch) => stretch.pieces(PIECE_BYTES).for_each(|piece| hasher.update(piece)),
        Value::Blob(bytes) => hasher.update(bytes),
        other => hasher.update(text(other.as_ref(), Holds::Others).unwrap_or_default().as_bytes()),
    }
    Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Stretch;

    fn table(key: &[usize]) -> Table {
        Table {
            name: "notes".to_owned(),
            create: Vec::new(),
            columns: ["id", "data", "size"].map(str::to_owned).to_vec(),
            key: key.to_vec(),
            references: Vec::new(),
            references_bound: true,
            rowid: false,
            bytes: Vec::new(),
            indexes: Vec::new(),
        }
    }

    fn columns() -> Vec<Column> {
        let column = |name: &str, sql: &str, kind: &str| Column::new(name, sql.to_owned(), kind);
        vec![column("id", "bigint", "int8"), column("data", "bytea", "bytea"), column("size", "json", "json")]
    }

    #[test]
    fn a_row_is_found_by_its_key_and_compared_in_the_types_of_its_columns() {
        let (table, columns) = (table(&[0]), columns());
        let sql = Comparison::of(&table, &columns, &[], std::iter::empty()).by_key();
        assert_eq!(
            sql,
            "SELECT v.n, t.\"id\" IS NOT NULL, t.\"data\" IS NOT DISTINCT FROM v.c1::bytea, \
             t.\"size\"::jsonb IS NOT DISTINCT FROM v.c2::jsonb \
             FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS v(c0, c1, c2, n) \
             LEFT JOIN \"notes\" AS t ON t.\"id\" = v.c0::bigint WHERE t.\"id\" IS NULL \
             OR NOT (t.\"data\" IS NOT DISTINCT FROM v.c1::bytea AND t.\"size\"::jsonb IS NOT DISTINCT FROM v.c2::jsonb) \
             ORDER BY v.n"
        );
    }

    #[test]
    fn of_large_values_a_digest_is_sent() {
        let (table, columns) = (table(&[0]), columns());
        let row = [Value::Integer(1), Value::Pooled(Stretch::new(0, 100_000)), Value::Null];
        let small = [Value::Integer(2), Value::Blob(b"abc".to_vec()), Value::Null];
        let rows = [row.as_slice(), small.as_slice()];
        let comparison = Comparison::of(&table, &columns, &[2], rows.iter().copied());
        assert!(
            comparison
                .by_key()
                .contains("right(sha256(t.\"data\")::text, 64) IS NOT DISTINCT FROM v.c1 FROM")
        );
        let sent = comparison.texts(1, rows.iter().copied());
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sent[1].as_deref(), Some(known));
        assert_eq!(sent[0].as_ref().unwrap().len(), 64);
        assert_eq!(comparison.texts(2, rows.iter().copied()), [None, None]);
    }

    #[test]
    fn a_row_without_a_key_is_sought_as_a_whole_but_for_what_is_ignored() {
        let (table, columns) = (table(&[]), columns());
        let sql = Comparison::of(&table, &columns, &[1], std::iter::empty()).whole();
        assert!(
            sql.contains("ROW(t.\"id\", t.\"size\"::jsonb)::text = ROW(v.c0::bigint, v.c2::jsonb)::text"),
            "{sql}"
        );
    }
}
