//! Reading back what was written, through the runner's own connection.
//!
//! What the answers mean is left to `run`. There is no check of the database's own integrity that any user may call for.

use tokio_postgres::types::ToSql;

use super::admin::Admin;
use super::columns;
use super::compare::{Comparison, Texts};
use super::text::{Column, text};
use crate::engine::{EngineError, Inspector, Lookup, Orphans};
use crate::plan::{Table, quote};
use crate::value::Value;

/// Rows that are read at once where all of a table is gone through.
const ROWS_AT_ONCE: u32 = 5_000;

/// Looks at the schema for as long as it is borrowed.
pub(super) struct PostgresInspector<'a> {
    admin: &'a mut Admin,
    tables: &'a [Table],
    columns: Vec<Vec<Column>>,
    schema: &'a str,
    enforced: bool,
}

impl<'a> PostgresInspector<'a> {
    /// `enforced` says whether sessions enforce foreign keys.
    pub(super) fn new(
        admin: &'a mut Admin,
        tables: &'a [Table],
        schema: &'a str,
        enforced: bool,
    ) -> Result<Self, EngineError> {
        let columns = tables.iter().map(|table| columns::of_table(admin, table)).collect::<Result<_, _>>()?;
        Ok(PostgresInspector { admin, tables, columns, schema, enforced })
    }

    /// Those with a key, and those that can only be sought as a whole, by their places.
    fn split(&self, table: usize, rows: &[Vec<Value>]) -> (Vec<usize>, Vec<usize>) {
        let key = &self.tables[table].key;
        let has_key =
            |&row: &usize| !key.is_empty() && key.iter().all(|&column| rows[row][column] != Value::Null);
        (0..rows.len()).partition(has_key)
    }

    fn by_key(
        &mut self,
        table: usize,
        rows: &[&[Value]],
        ignored: &[usize],
        mut differs: impl FnMut(usize, Lookup),
    ) -> Result<(), EngineError> {
        let columns = &self.columns[table];
        let comparison = Comparison::of(&self.tables[table], columns, ignored, rows.iter().copied());
        let sent: Vec<Texts<'_>> =
            (0..columns.len()).map(|column| comparison.texts(column, rows.iter().copied())).collect();
        let sent: Vec<&(dyn ToSql + Sync)> = sent.iter().map(|texts| texts as _).collect();
        let others = comparison.others();
        for found in self.admin.ask("comparing rows", &comparison.by_key(), &sent)? {
            let place = found.get::<_, i64>(0) as usize - 1;
            if !found.get::<_, bool>(1) {
                differs(place, Lookup::Missing);
                continue;
            }
            let altered = others.iter().enumerate().find(|(at, _)| !found.get::<_, bool>(2 + at));
            let Some((_, &column)) = altered else { continue };
            let key = &self.tables[table].key;
            let key: Vec<_> =
                key.iter().map(|&part| text(rows[place][part].as_ref(), columns[part].holds)).collect();
            let key: Vec<&(dyn ToSql + Sync)> = key.iter().map(|text| text as _).collect();
            let stored = self.admin.ask("reading a row", &comparison.stored(column), &key)?;
            let stored = stored.first().map_or(Value::Null, |row| columns[column].value(row.get(0)));
            differs(place, Lookup::Different { column: self.tables[table].columns[column].clone(), stored });
        }
        Ok(())
    }

    fn whole(
        &mut self,
        table: usize,
        rows: &[&[Value]],
        ignored: &[usize],
        mut differs: impl FnMut(usize, Lookup),
    ) -> Result<(), EngineError> {
        let columns = &self.columns[table];
        let comparison = Comparison::of(&self.tables[table], columns, ignored, rows.iter().copied());
        let sent: Vec<Texts<'_>> =
            (0..columns.len()).map(|column| comparison.texts(column, rows.iter().copied())).collect();
        let sent: Vec<&(dyn ToSql + Sync)> = sent.iter().map(|texts| texts as _).collect();
        for missing in self.admin.ask("looking for rows", &comparison.whole(), &sent)? {
            differs(missing.get::<_, i64>(0) as usize - 1, Lookup::Missing);
        }
        Ok(())
    }

    fn visit_all(
        &mut self,
        table: usize,
        visit: &mut dyn FnMut(&[Value]) -> bool,
    ) -> Result<(), EngineError> {
        let columns = &self.columns[table];
        let key = &self.tables[table].key;
        let wanted: Vec<&Column> = if key.is_empty() {
            columns.iter().collect()
        } else {
            key.iter().map(|&c| &columns[c]).collect()
        };
        let list: Vec<String> = wanted.iter().map(|column| format!("{}::text", column.name)).collect();
        let select = format!("SELECT {} FROM {}", list.join(", "), quote(&self.tables[table].name));
        self.admin
            .run("reading keys", &format!("BEGIN; DECLARE keys_of_table NO SCROLL CURSOR FOR {select}"))?;
        let fetch = format!("FETCH FORWARD {ROWS_AT_ONCE} FROM keys_of_table");
        let mut values = Vec::with_capacity(wanted.len());
        loop {
            let rows = self.admin.ask("reading keys", &fetch, &[])?;
            for row in &rows {
                values.clear();
                values.extend(wanted.iter().enumerate().map(|(at, column)| column.value(row.get(at))));
                if !visit(&values) {
                    return Ok(());
                }
            }
            if rows.is_empty() {
                return Ok(());
            }
        }
    }
}

impl Inspector for PostgresInspector<'_> {
    fn count(&mut self, table: usize) -> Result<u64, EngineError> {
        let sql = format!("SELECT count(*)::int8 FROM {}", quote(&self.tables[table].name));
        let rows = self.admin.ask("counting rows", &sql, &[])?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
    }

    fn look_up(&mut self, table: usize, row: &[Value], ignored: &[usize]) -> Result<Lookup, EngineError> {
        let found = self.look_up_many(table, &[row.to_vec()], ignored)?;
        Ok(found.into_iter().next().unwrap_or(Lookup::Missing))
    }

    fn look_up_many(
        &mut self,
        table: usize,
        rows: &[Vec<Value>],
        ignored: &[usize],
    ) -> Result<Vec<Lookup>, EngineError> {
        let mut lookups = vec![Lookup::Same; rows.len()];
        let (keyed, whole) = self.split(table, rows);
        let chosen =
            |places: &[usize]| -> Vec<&[Value]> { places.iter().map(|&row| rows[row].as_slice()).collect() };
        if !keyed.is_empty() {
            self.by_key(table, &chosen(&keyed), ignored, |place, lookup| lookups[keyed[place]] = lookup)?;
        }
        if !whole.is_empty() {
            self.whole(table, &chosen(&whole), ignored, |place, lookup| lookups[whole[place]] = lookup)?;
        }
        Ok(lookups)
    }

    fn keys(&mut self, table: usize, visit: &mut dyn FnMut(&[Value]) -> bool) -> Result<(), EngineError> {
        let visited = self.visit_all(table, visit);
        // Whatever came of it; a refusal is told of by the next statement.
        let _ = self.admin.try_run("ROLLBACK");
        visited
    }

    fn integrity(&mut self, _quick: bool) -> Result<Option<Vec<String>>, EngineError> {
        Ok(None)
    }

    fn orphans(&mut self) -> Result<Orphans, EngineError> {
        let mut per_table = vec![0; self.tables.len()];
        for key in foreign_keys(self.admin, self.schema)? {
            let Some(table) = self.tables.iter().position(|table| table.name == key.child) else { continue };
            let rows = self.admin.ask("checking foreign keys", &key.orphans(), &[])?;
            per_table[table] += rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned());
        }
        Ok(Orphans { per_table, enforced: self.enforced })
    }
}

/// A foreign key as the server has it.
#[derive(Debug, PartialEq, Eq)]
struct ForeignKey {
    child: String,
    parent: String,
    /// Columns of the child, and of the parent.
    columns: Vec<(String, String)>,
}

impl ForeignKey {
    /// Counts rows that refer to one that is not there.
    fn orphans(&self) -> String {
        let given: Vec<String> =
            self.columns.iter().map(|(child, _)| format!("c.{} IS NOT NULL", quote(child))).collect();
        let same = |(child, parent): &(String, String)| format!("p.{} = c.{}", quote(parent), quote(child));
        let same: Vec<String> = self.columns.iter().map(same).collect();
        format!(
            "SELECT count(*)::int8 FROM {} AS c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
            quote(&self.child),
            given.join(" AND "),
            quote(&self.parent),
            same.join(" AND ")
        )
    }
}

fn foreign_keys(admin: &mut Admin, schema: &str) -> Result<Vec<ForeignKey>, EngineError> {
    let sql = "SELECT f.conname::text, c.relname::text, p.relname::text, a.attname::text, b.attname::text \
        FROM pg_catalog.pg_constraint f \
        JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_class p ON p.oid = f.confrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(child, parent, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.child \
        JOIN pg_catalog.pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.parent \
        WHERE f.contype = 'f' AND n.nspname = $1 ORDER BY 2, 1, k.place";
    let mut keys: Vec<(String, ForeignKey)> = Vec::new();
    for row in admin.ask("looking for foreign keys", sql, &[&schema])? {
        let (name, child): (String, String) = (row.get(0), row.get(1));
        let pair = (row.get(3), row.get(4));
        match keys.last_mut() {
            Some((last, key)) if *last == name && key.child == child => key.columns.push(pair),
            _ => keys.push((name, ForeignKey { child, parent: row.get(2), columns: vec![pair] })),
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_their_parent_are_those_whose_reference_is_given_and_leads_nowhere() {
        let pair = |child: &str, parent: &str| (child.to_owned(), parent.to_owned());
        let key = ForeignKey {
            child: "posts".to_owned(),
            parent: "users".to_owned(),
            columns: vec![pair("user", "id"), pair("realm", "realm")],
        };
        assert_eq!(
            key.orphans(),
            "SELECT count(*)::int8 FROM \"posts\" AS c WHERE c.\"user\" IS NOT NULL AND c.\"realm\" IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM \"users\" AS p WHERE p.\"id\" = c.\"user\" AND p.\"realm\" = c.\"realm\")"
        );
    }
}
