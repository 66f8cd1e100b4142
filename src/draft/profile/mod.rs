//! What the columns of a table hold: one pass over its rows in their own order, within a budget of time.
//!
//! Nothing is written, and nothing is kept of a table but counts, a sample of its numbers and texts, and the members of small enumerations.

mod classes;
mod column;
mod distinct;
mod format;
mod kinds;

use std::time::Duration;

use rusqlite::{Connection, Row, Statement};

use super::{GroupProfile, SourceTable, TableProfile};
use crate::clock::Clock;
use crate::plan::quote;
use crate::template::mix;
use column::Accumulator;
use distinct::Distinct;
use kinds::Kinds;

/// Rows from one look at the clock to the next.
const ROWS_A_LOOK: u64 = 512;
/// Rows from the table's head that tell how long all of them would take.
const HEAD: u64 = 16_384;
/// Places that a sample is taken from.
const PLACES: u64 = 64;

/// Measures a table. Where `seconds` are too few for all rows, some from its head and from places spread over it speak for the others.
///
/// # Errors
/// What SQLite says.
pub fn profile(connection: &Connection, table: &SourceTable, seconds: f64) -> rusqlite::Result<TableProfile> {
    let name = quote(&table.name);
    let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM {name}"), (), |row| row.get(0))?;
    let rows = rows.cast_unsigned();
    let mut pass = Pass::new(table);
    if rows > 0 {
        pass.run(connection, table, rows, Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))?;
    }
    Ok(pass.finish(rows))
}

/// A name of the rowid that no column hides.
fn rowid_name(table: &SourceTable) -> Option<&'static str> {
    let hidden = |name: &str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| !table.without_rowid && !hidden(name))
}

struct Group {
    columns: Vec<usize>,
    profile: GroupProfile,
    distinct: Distinct,
    last: Option<u64>,
}

impl Group {
    fn add(&mut self, hashes: &[Option<u64>]) {
        let parts: Option<Vec<u64>> = self.columns.iter().map(|&column| hashes[column]).collect();
        let Some(parts) = parts else {
            self.profile.nulls += 1;
            return;
        };
        let hash = mix(5, &parts);
        self.distinct.add(hash, 0);
        if self.last.replace(hash) != Some(hash) {
            self.profile.runs += 1;
        }
    }

    fn finish(self, seen: u64, rows: u64) -> GroupProfile {
        let filled = seen - self.profile.nulls;
        let all = (filled as f64 * rows.max(1) as f64 / seen.max(1) as f64).round() as u64;
        GroupProfile { distinct: self.distinct.of_runs(self.profile.runs, filled, all), ..self.profile }
    }
}

struct Pass {
    columns: Vec<Accumulator>,
    groups: Vec<Group>,
    kinds: Vec<Kinds>,
    hashes: Vec<Option<u64>>,
    seen: u64,
}

impl Pass {
    fn new(table: &SourceTable) -> Pass {
        let group = |columns: &[usize]| Group {
            columns: columns.to_vec(),
            profile: GroupProfile::default(),
            distinct: Distinct::default(),
            last: None,
        };
        Pass {
            columns: table.columns.iter().map(|_| Accumulator::new()).collect(),
            groups: table.foreign_keys.iter().map(|key| group(&key.columns)).collect(),
            kinds: table.unique.iter().filter_map(|group| Kinds::new(group)).collect(),
            hashes: vec![None; table.columns.len()],
            seen: 0,
        }
    }

    fn run(
        &mut self,
        connection: &Connection,
        table: &SourceTable,
        rows: u64,
        budget: Duration,
    ) -> rusqlite::Result<()> {
        let select = |column: &super::SourceColumn| {
            // What a generated column holds follows from the others, and computing it could fail.
            if column.generated { "NULL".to_owned() } else { quote(&column.name) }
        };
        let columns: Vec<String> = table.columns.iter().map(select).collect();
        // An index that has all columns would give the rows in its own order.
        let select = format!("SELECT {} FROM {} NOT INDEXED", columns.join(", "), quote(&table.name));
        let clock = Clock::real();
        let start = clock.now();
        let spent = || Duration::from_nanos(clock.nanos_between(start, clock.now()));
        let rowid = rowid_name(table);
        let mut statement = connection.prepare(&select)?;
        let mut found = statement.query(())?;
        while let Some(row) = found.next()? {
            self.add(row)?;
            if !self.seen.is_multiple_of(ROWS_A_LOOK) {
                continue;
            }
            let spent = spent();
            let whole = spent.mul_f64(rows as f64 / self.seen as f64);
            // So many rows are always looked at: a little more time is worth less than knowing all of a small table.
            if self.seen < HEAD {
                continue;
            }
            if rowid.is_some() && whole > budget {
                break;
            }
            if spent > budget {
                return Ok(());
            }
        }
        drop(found);
        let head = self.seen;
        let Some(rowid) = rowid.filter(|_| head < rows) else { return Ok(()) };
        let left = budget.saturating_sub(spent());
        let affordable = (left.as_secs_f64() / (spent().as_secs_f64() / head as f64)) as u64;
        let each = (affordable / PLACES).max(1);
        // What lies behind the head; a row seen twice would be taken for a value that comes twice.
        let name = quote(&table.name);
        let ends: (i64, i64) = connection.query_row(
            &format!(
                "SELECT (SELECT {rowid} FROM {name} ORDER BY {rowid} LIMIT 1 OFFSET {head}), max({rowid}) FROM {name}"
            ),
            (),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let mut part = connection.prepare(&format!("{select} WHERE {rowid} >= ?1 LIMIT ?2"))?;
        self.places(&mut part, ends, each, &|| spent() > budget)
    }

    fn places(
        &mut self,
        part: &mut Statement<'_>,
        (first, last): (i64, i64),
        each: u64,
        ended: &dyn Fn() -> bool,
    ) -> rusqlite::Result<()> {
        let span = i128::from(last) - i128::from(first);
        for place in 1..=PLACES {
            let at = i128::from(first) + span * i128::from(place) / i128::from(PLACES + 1);
            let mut found = part.query((at as i64, each.cast_signed()))?;
            while let Some(row) = found.next()? {
                self.add(row)?;
            }
            if ended() {
                break;
            }
        }
        Ok(())
    }

    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        self.seen += 1;
        for (index, column) in self.columns.iter_mut().enumerate() {
            self.hashes[index] = column.add(row.get_ref(index)?);
        }
        for group in &mut self.groups {
            group.add(&self.hashes);
        }
        for kinds in &mut self.kinds {
            kinds.add(row, &self.hashes)?;
        }
        Ok(())
    }

    fn finish(self, rows: u64) -> TableProfile {
        let seen = self.seen.min(rows);
        TableProfile {
            rows,
            seen,
            columns: self.columns.into_iter().map(|column| column.finish(seen, rows)).collect(),
            foreign_keys: self.groups.into_iter().map(|group| group.finish(seen, rows)).collect(),
            kinds: self.kinds.into_iter().flat_map(Kinds::finish).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
