//! Keys of two columns whose first has few values, such as the authority beside the code: the rows of each value come one after the other, so that
//! references can tell them apart by the rows' numbers, and refer to as many of each kind as measured.

use super::relations::significant;
use super::{Subject, classes, decimal, literal, members};
use crate::draft::{GroupProfile, Kind, SourceKey, SourceTable, TableProfile};
use crate::value::Value;

/// One kind, and its place among the rows.
#[derive(Clone, Debug)]
struct Placed<'a> {
    kind: &'a Kind,
    /// Rows (from 1).
    first: u64,
    last: u64,
}

/// The kinds of a table in the order of its rows: those that are referred to most come first, since they are needed first.
#[derive(Clone, Debug)]
pub(super) struct Layout<'a> {
    pub(super) columns: (usize, usize),
    placed: Vec<Placed<'a>>,
}

fn same(one: &Value, other: &Value) -> bool {
    one.as_ref().to_string() == other.as_ref().to_string()
}

/// Columns of a reference that lead to the two columns of a key, in the key's order.
fn leading_to(key: &SourceKey, parent: &SourceTable, columns: (usize, usize)) -> Option<(usize, usize)> {
    let named = |column: usize| {
        let name = &parent.columns[column].name;
        let place = key.to.iter().position(|to| to.eq_ignore_ascii_case(name))?;
        key.columns.get(place).copied()
    };
    (key.columns.len() == 2 && key.table.eq_ignore_ascii_case(&parent.name))
        .then(|| Some((named(columns.0)?, named(columns.1)?)))
        .flatten()
}

/// Where rows of a table are told apart by kind: it has some, and others refer to both columns.
pub(super) fn layout<'a>(
    table: &SourceTable,
    profile: &'a TableProfile,
    all: &[(SourceTable, TableProfile)],
) -> Option<Layout<'a>> {
    let columns = profile.kinds.first()?.columns;
    let kinds: Vec<&Kind> = profile.kinds.iter().filter(|kind| kind.columns == columns).collect();
    let whole = kinds.iter().map(|kind| kind.rows).sum::<u64>() == profile.rows;
    let bound = |column: usize| {
        table.columns[column].generated || table.foreign_keys.iter().any(|key| key.columns.contains(&column))
    };
    if !whole || kinds.len() < 2 || bound(columns.0) || bound(columns.1) {
        return None;
    }
    let mut used: Vec<(f64, &Kind)> = kinds.into_iter().map(|kind| (0.0, kind)).collect();
    let mut referred = false;
    for (child, holds) in all {
        for key in &child.foreign_keys {
            let Some((first, _)) = leading_to(key, table, columns) else { continue };
            referred = true;
            for (uses, kind) in &mut used {
                let rows = rows_with(holds, first, &kind.member).unwrap_or(0);
                *uses += rows as f64 / kind.rows as f64 / holds.rows.max(1) as f64;
            }
        }
    }
    used.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut first = 1;
    let placed = used.into_iter().map(|(_, kind)| {
        let start = first;
        first += kind.rows;
        Placed { kind, first: start, last: start + kind.rows - 1 }
    });
    let placed = placed.collect();
    referred.then_some(Layout { columns, placed })
}

/// Rows of a column with a value; nothing where it has too many different ones.
fn rows_with(profile: &TableProfile, column: usize, value: &Value) -> Option<u64> {
    let members = &profile.columns[column].members;
    let found = members.iter().find(|(member, _)| same(member, value)).map_or(0, |(_, rows)| *rows);
    (!members.is_empty()).then_some(found)
}

impl Layout<'_> {
    /// Expressions for the key's two columns.
    pub(super) fn expressions(
        &self,
        table: &SourceTable,
        profile: &TableProfile,
        with_values: bool,
    ) -> Option<(String, String)> {
        let subject = |column: usize| {
            Subject::new(&table.columns[column], &profile.columns[column], profile, with_values)
        };
        let (first, second) = (subject(self.columns.0), subject(self.columns.1));
        let shown = members::stand_ins(&first);
        let rows = profile.rows;
        let (mut names, mut pools) = (Vec::new(), Vec::new());
        for placed in &self.placed {
            let place =
                first.holds.members.iter().position(|(member, _)| same(member, &placed.kind.member))?;
            let count = placed.kind.rows;
            names.push(format!("[{}, {count}]", literal::value(&shown.get(place)?.0)?));
            let parts: Option<Vec<(String, u64)>> = placed
                .kind
                .classes
                .iter()
                .map(|class| Some((classes::distinct(&second, class)?, class.rows)))
                .collect();
            pools.push(format!("[{}, {count}]", classes::weighted(&parts?, count)));
        }
        let listed =
            |parts: Vec<String>| format!("weighted([{}], per={rows}, in_order=true)", parts.join(", "));
        Some((listed(names), listed(pools)))
    }

    /// For each column of a reference, a call that refers to as many rows of each kind as measured; nothing where that cannot be told.
    pub(super) fn calls(
        &self,
        parent: &SourceTable,
        key: &SourceKey,
        group: &GroupProfile,
        child: &TableProfile,
    ) -> Option<Vec<String>> {
        let (first, _) = leading_to(key, parent, self.columns)?;
        // Both columns are NULL together, or not at all.
        let together = |column: &usize| child.columns[*column].nulls == group.nulls;
        if child.seen < child.rows || !key.columns.iter().all(together) {
            return None;
        }
        let mut wanted = Vec::new();
        for placed in &self.placed {
            let rows = rows_with(child, first, &placed.kind.member)?;
            wanted.push((placed, rows));
        }
        let sum: u64 = wanted.iter().map(|(_, rows)| rows).sum();
        // Values that the parent does not have refer to nothing.
        if sum + group.nulls < child.rows || sum == 0 {
            return None;
        }
        let most = |placed: &Placed<'_>, rows: u64| rows.min(placed.kind.rows) as f64;
        let room: f64 = wanted.iter().map(|(placed, rows)| most(placed, *rows)).sum();
        let share_of_room = (group.distinct as f64 / room.max(1.0)).min(1.0);
        // Rounded so that they add up.
        let (mut exact, mut counted) = (0.0f64, 0.0f64);
        let mut parents_of = |placed: &Placed<'_>, rows: u64| {
            exact += most(placed, rows) * share_of_room;
            let parents = (exact - counted).round().clamp(1.0, most(placed, rows).max(1.0));
            counted += if rows > 0 { parents } else { 0.0 };
            parents
        };
        let wanted: Vec<(&Placed<'_>, u64, f64)> =
            wanted.into_iter().map(|(placed, rows)| (placed, rows, parents_of(placed, rows))).collect();
        let part = |target: &str, placed: &Placed<'_>, rows: u64, parents: f64| {
            // Half a row less, which is rounded up.
            let share = (parents - 0.5) / placed.kind.rows as f64;
            let share = if parents < placed.kind.rows as f64 {
                format!(", share={}", significant(share))
            } else {
                String::new()
            };
            let fan_out = decimal((rows as f64 / parents).max(1.0));
            let (from, to) = (placed.first, placed.last);
            format!("[ref({target}, fan_out={fan_out}{share}, rows=[{from}, {to}]), {rows}]")
        };
        let call = |to: &String| {
            let target = literal::text(&format!("{}.{to}", key.table));
            let used = wanted.iter().filter(|(_, rows, _)| *rows > 0);
            // Rows that refer to nothing come first: the others then find all that they refer to.
            let nulls = (group.nulls > 0).then(|| format!("[none, {}]", group.nulls));
            let found = used.map(|(placed, rows, parents)| part(&target, placed, *rows, *parents));
            let parts: Vec<String> = nulls.into_iter().chain(found).collect();
            format!("weighted([{}], per={}, in_order=true)", parts.join(", "), sum + group.nulls)
        };
        Some(key.to.iter().map(call).collect())
    }
}
