//! What `ref("table.column")` and REFERENCES may name.

use crate::diagnostic::nearest;
use crate::template::{ResolveReference, Target};

/// Columns that will have a value, by table: what `ref("table.column")` may name.
pub(super) struct Names {
    pub(super) tables: Vec<(String, Vec<String>)>,
}

impl Names {
    pub(super) fn table(&self, name: &str) -> Option<usize> {
        self.tables.iter().position(|(t, _)| t.eq_ignore_ascii_case(name))
    }

    pub(super) fn column(&self, table: usize, name: &str) -> Option<usize> {
        self.tables[table].1.iter().position(|c| c.eq_ignore_ascii_case(name))
    }
}

impl ResolveReference for Names {
    fn resolve(&self, target: &str) -> Result<Target, String> {
        // A name may have dots of its own: the first split that leads to a column counts, else the first that leads to a table.
        let splits = || target.match_indices('.').map(|(dot, _)| (&target[..dot], &target[dot + 1..]));
        let leads = |&(table, column): &(&str, &str)| {
            self.table(table).is_some_and(|table| self.column(table, column).is_some())
        };
        let found = splits().find(leads).or_else(|| splits().find(|(table, _)| self.table(table).is_some()));
        let Some((table_name, column_name)) = found.or_else(|| target.split_once('.')) else {
            return Err(format!("`{target}` is not of the form `table.column`"));
        };
        let Some(table) = self.table(table_name) else {
            let instead = instead(table_name, self.tables.iter().map(|(t, _)| t.as_str()), "tables");
            return Err(format!("there is no table `{table_name}`; {instead}"));
        };
        let Some(column) = self.column(table, column_name) else {
            let instead = instead(column_name, self.tables[table].1.iter().map(String::as_str), "columns");
            return Err(format!(
                "table `{table_name}` has no column `{column_name}` with a value; {instead}"
            ));
        };
        Ok(Target { table, column })
    }
}

fn instead<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone, kind: &str) -> String {
    match nearest(word, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the {kind} are {}", names.map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_dots_are_told_apart() {
        let table = |name: &str, column: &str| (name.to_owned(), vec![column.to_owned()]);
        let names = Names { tables: vec![table("a", "b.c"), table("a.b", "d"), table("a.e", "f")] };
        let found = |target: &str| names.resolve(target).map(|target| (target.table, target.column));
        assert_eq!([found("a.b.c"), found("a.b.d"), found("A.E.F")], [Ok((0, 0)), Ok((1, 0)), Ok((2, 0))]);
        assert!(found("a.x").is_err_and(|words| words.contains("`b.c`")));
    }
}
