//! Operations on rows of the dataset: insert, upsert, get, find, scan, update and delete, as SQL and as what they take.

use super::columns;
use super::ddl::{TableFacts, quote};
use super::distinct::is_unique_or_null;
use super::operation::{Kind, Operation};
use super::operations::{Bench, Expected, Made, RepeatTaken, StepTaken, Taken, instead};
use super::statements::{self, equal, list};
use super::{payload, postgres};
use crate::dataset::{Column, Key};
use crate::diagnostic::{Code, nearest};
use crate::scenario::KeysKey;
use crate::template::Distribution;

/// Rows that a scan reads unless it says otherwise.
const SCAN_ROWS: u64 = 10;

/// One operation, as far as it goes.
struct Draft {
    kind: Kind,
    sql: String,
    values: Vec<Taken>,
}

/// Makes an operation of this kind on a table; nothing where that cannot be.
pub(super) fn make(bench: &mut Bench<'_, '_>, kind: &str, table_name: &str) -> Option<Made> {
    let Some(table) = bench.tables.names.table(table_name) else {
        let tables: Vec<String> = bench.tables.names.tables.iter().map(|(name, _)| name.clone()).collect();
        let help = instead(table_name, "tables", tables.iter().map(String::as_str));
        let at = bench.at(&[kind]);
        bench.fault(Code::UnknownTable, at, format!("`{table_name}` is no table here"), help);
        return None;
    };
    let columns = bench.tables.names.tables[table].1.clone();
    let keys = if kind == "insert" { Vec::new() } else { key_columns(bench, kind, table)? };
    let selected = selected(bench, table);
    let incremental = payload::blob_io(bench, kind, table);
    let selected = match &incremental {
        Some((_, parts)) => selected.map(|_| parts.clone()),
        None => selected,
    };
    let draft = match kind {
        "insert" => Some(Draft {
            kind: Kind::Insert { table },
            sql: statements::insert(&bench.tables.rows[table].name, &columns),
            values: Vec::new(),
        }),
        "upsert" => Some(upsert(bench, table, &columns, &keys)),
        "update" => update(bench, table, &columns, &keys),
        _ => selected.map(|selected| lookup(bench, kind, table, &columns, &keys, &selected)),
    }?;
    let examined = bench.examine(&draft.sql, None)?;
    let section = bench.section;
    let given = Expected {
        rows: section.expect_rows,
        changes: section.expect_changes,
        value: section.expect_value.as_ref(),
    };
    // Keys that cannot go with the kind are told already.
    let expect = match kind {
        "insert" | "upsert" | "update" | "delete" => Expected { rows: None, value: None, ..given },
        _ => Expected { changes: None, ..given },
    };
    check_expectation(bench, kind);
    let expect = bench.expect(&[], expect, &examined);
    let parameters = if kind == "insert" { columns.len() } else { draft.values.len() };
    let sql = if bench.input.is_postgres() { postgres::marks(&draft.sql) } else { draft.sql };
    let mut operation = Operation::insert(bench.name, table, sql, parameters);
    operation.kind = draft.kind;
    operation.limit = match kind {
        "scan" => Some(section.limit.unwrap_or(SCAN_ROWS)),
        "find" => section.limit,
        _ => None,
    };
    operation.by = keys;
    operation.transaction = bench.transaction();
    operation.steps[0].expect = expect;
    operation.blob_io = incremental.map(|(blob_io, _)| blob_io);
    reach(bench, table, kind, &examined, &mut operation);
    let key = (kind != "insert").then(|| Key {
        table,
        distribution: distribution(section.keys.unwrap_or_default()),
        hit_ratio: section.hit_ratio.unwrap_or(if kind == "upsert" { 0.5 } else { 1.0 }),
        removes: kind == "delete",
    });
    let steps = vec![StepTaken { repeat: RepeatTaken::Fixed(1), values: Vec::new() }];
    Some(Made { operation, key, values: draft.values, steps, refers: std::mem::take(&mut bench.refers) })
}

/// What no operation of the kind can come to.
fn check_expectation(bench: &mut Bench<'_, '_>, kind: &str) {
    let section = bench.section;
    let (key, wanted, most) = match kind {
        "get" => ("expect_rows", section.expect_rows, Some(1)),
        "find" => ("expect_rows", section.expect_rows, section.limit),
        "scan" => ("expect_rows", section.expect_rows, Some(section.limit.unwrap_or(SCAN_ROWS))),
        _ => ("expect_changes", section.expect_changes, Some(1)),
    };
    let Some(wanted) = wanted else { return };
    let at = bench.at(&[key]);
    let verb = if key == "expect_rows" { "reads" } else { "changes" };
    if let Some(most) = most.filter(|most| wanted > *most) {
        let noun = if most == 1 { "row" } else { "rows" };
        let words = format!("`{key}` is {wanted}, but `{kind}` {verb} {most} {noun} at most");
        let help = match kind {
            "find" | "scan" => format!("write a smaller number, or `limit = {wanted}`"),
            _ => format!("write `{key} = 1`"),
        };
        bench.fault(Code::Expectation, at, words, help);
    } else if wanted > 0
        && kind != "scan"
        && let Some(hits) = section.hit_ratio.filter(|hits| *hits < 1.0 && kind != "upsert")
    {
        let words = format!("`{key}` and `hit_ratio = {hits}` exclude each other: a miss {verb} no row");
        let help = format!("leave out `{key}`, or `hit_ratio`");
        bench.fault(Code::Expectation, at, words, help);
    }
}

/// SQL among the new values, which would be stored as text.
fn looks_like_sql(text: &str, facts: &TableFacts) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let names = |word: &str| facts.columns.iter().any(|column| column.name.eq_ignore_ascii_case(word));
    let computes = text.contains(['+', '*', '/', '(']) || text.contains(" - ") || text.contains("||");
    computes && !text.contains('{') && text.split(|c: char| !is_word(c)).any(names)
}

/// Rows of other tables that go or change with the row.
fn reach(
    bench: &Bench<'_, '_>,
    table: usize,
    kind: &str,
    examined: &statements::Examined,
    operation: &mut Operation,
) {
    operation.unaccounted = examined.counts.iter().copied().filter(|other| *other != table).collect();
    if kind == "delete"
        && statements::cascades_to_itself(&bench.tables.database, &bench.tables.rows[table].name)
    {
        operation.unaccounted.push(table);
    }
    let others = examined.overwrites.iter().filter(|(other, _)| *other != table);
    operation.overwrites =
        others.filter_map(|(other, name)| Some((*other, bench.tables.names.column(*other, name)?))).collect();
}

pub(super) fn distribution(keys: KeysKey) -> Distribution {
    match keys {
        KeysKey::Uniform => Distribution::Uniform,
        KeysKey::Zipfian => Distribution::Zipfian,
        KeysKey::Latest => Distribution::Latest,
        KeysKey::Sequential => Distribution::Sequential,
        KeysKey::Normal => Distribution::Normal,
    }
}

/// The columns of the dataset row that find the row: `by`, or the primary key.
fn key_columns(bench: &mut Bench<'_, '_>, kind: &str, table: usize) -> Option<Vec<usize>> {
    let facts = bench.tables.facts[table].clone();
    let name = bench.tables.rows[table].name.clone();
    let one_row = !matches!(kind, "find" | "scan");
    let (members, at) = match &bench.section.by {
        Some(by) => (vec![by.clone()], bench.at(&["by"])),
        None if facts.primary_key.is_empty() || (!one_row && facts.primary_key.len() > 1) => {
            let at = bench.key_at(&[]);
            let has = if facts.primary_key.is_empty() {
                "no primary key"
            } else {
                "a primary key of several columns"
            };
            let words = format!("`by` is missing: `{name}` has {has}");
            bench.fault(
                Code::MissingKey,
                at,
                words,
                "name the column that finds the row, such as `by = \"id\"`",
            );
            return None;
        }
        None => (facts.primary_key.clone(), bench.at(&[kind])),
    };
    let mut keys = Vec::new();
    for member in &members {
        let Some(fact) = facts.columns.iter().find(|c| c.name.eq_ignore_ascii_case(member)) else {
            unknown_column(bench, &facts, &name, member, at);
            return None;
        };
        let Some(column) = bench.tables.names.column(table, &fact.name) else {
            let words = format!("`{member}` of `{name}` has no values, so no row can be found by it");
            bench.fault(
                Code::UnknownColumn,
                at,
                words,
                format!("give `{member}` a `value`, or write another `by`"),
            );
            return None;
        };
        keys.push(column);
    }
    let unique = |group: &Vec<String>| {
        group.len() == members.len() && group.iter().zip(&members).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    if one_row && !facts.distinct_groups.iter().any(unique) {
        let words =
            format!("`{}` of `{name}` is not unique, and `{kind}` is about one row", members.join(", "));
        let help = match kind {
            "get" => "write `find`, which reads all rows with a value, or make the column UNIQUE",
            _ => "name a column that is a primary key or UNIQUE, or write the statement as `sql`",
        };
        bench.fault(Code::NotUnique, at, words, help);
        return None;
    }
    Some(keys)
}

fn unknown_column(
    bench: &mut Bench<'_, '_>,
    facts: &TableFacts,
    table: &str,
    column: &str,
    at: Option<crate::diagnostic::Span>,
) {
    let near = nearest(column, facts.columns.iter().map(|c| c.name.as_str()));
    let help = near.map_or_else(|| columns::list(facts), |near| format!("did you mean `{near}`?"));
    bench.fault(Code::UnknownColumn, at, columns::no_such(table, column), help);
}

/// What is read, as SQL; nothing where a column does not exist.
fn selected(bench: &mut Bench<'_, '_>, table: usize) -> Option<String> {
    let Some(wanted) = &bench.section.columns else { return Some("*".to_owned()) };
    let facts = bench.tables.facts[table].clone();
    let name = bench.tables.rows[table].name.clone();
    let mut complete = true;
    for (index, column) in wanted.iter().enumerate() {
        if !facts.columns.iter().any(|c| c.name.eq_ignore_ascii_case(column)) {
            let at = bench.at(&["columns", &index.to_string()]);
            unknown_column(bench, &facts, &name, column, at);
            complete = false;
        }
    }
    complete.then(|| list(wanted))
}

/// get, find, scan and delete.
fn lookup(
    bench: &Bench<'_, '_>,
    kind: &str,
    table: usize,
    columns: &[String],
    keys: &[usize],
    selected: &str,
) -> Draft {
    let members: Vec<String> = keys.iter().map(|key| columns[*key].clone()).collect();
    let name = quote(&bench.tables.rows[table].name);
    let found = equal(&members, 1);
    let limit = bench.section.limit;
    let (kind, sql) = match kind {
        "get" => (Kind::Get { table }, format!("SELECT {selected} FROM {name} WHERE {found}")),
        "find" => {
            let limit = limit.map_or(String::new(), |limit| format!(" LIMIT {limit}"));
            (Kind::Find { table }, format!("SELECT {selected} FROM {name} WHERE {found}{limit}"))
        }
        "scan" => {
            let by = quote(&members[0]);
            let limit = limit.unwrap_or(SCAN_ROWS);
            let sql = format!("SELECT {selected} FROM {name} WHERE {by} >= ?1 ORDER BY {by} LIMIT {limit}");
            (Kind::Scan { table }, sql)
        }
        _ => (Kind::Delete { table }, format!("DELETE FROM {name} WHERE {found}")),
    };
    Draft { kind, sql, values: keys.iter().map(|key| Taken::Key(*key)).collect() }
}

fn upsert(bench: &Bench<'_, '_>, table: usize, columns: &[String], keys: &[usize]) -> Draft {
    let members: Vec<String> = keys.iter().map(|key| columns[*key].clone()).collect();
    let sets: Vec<usize> = (0..columns.len()).filter(|column| !keys.contains(column)).collect();
    let new: Vec<String> = sets
        .iter()
        .map(|column| quote(&columns[*column]))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let action = if new.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", new.join(", ")) };
    let insert = statements::insert(&bench.tables.rows[table].name, columns);
    let sql = format!("{insert} ON CONFLICT ({}) DO {action}", list(&members));
    let taken = |column| if keys.contains(&column) { Taken::Key(column) } else { Taken::Fresh(column) };
    Draft { kind: Kind::Upsert { table, sets }, sql, values: (0..columns.len()).map(taken).collect() }
}

fn update(bench: &mut Bench<'_, '_>, table: usize, columns: &[String], keys: &[usize]) -> Option<Draft> {
    let facts = bench.tables.facts[table].clone();
    let name = bench.tables.rows[table].name.clone();
    if bench.section.set.is_empty() {
        let at = bench.key_at(&[]);
        let help = "say which columns get new values: `set = { name = '{{ name() }}' }`";
        bench.fault(Code::MissingKey, at, "`set` is missing: an update gives columns new values", help);
        return None;
    }
    let identity = identity(&facts, &bench.tables.rows[table].columns);
    let mut assignments = Vec::new();
    let mut values = Vec::new();
    let mut sets = Vec::new();
    let before = bench.faults.len();
    for (column, value) in &bench.section.set {
        let at = bench.key_at(&["set", column]);
        let Some(fact) = facts.columns.iter().find(|c| c.name.eq_ignore_ascii_case(column)) else {
            unknown_column(bench, &facts, &name, column, at);
            continue;
        };
        let place = bench.tables.names.column(table, &fact.name);
        if fact.generated {
            let words =
                format!("column `{column}` of `{name}` is computed by {} from others", bench.input.store());
            bench.fault(Code::UnknownColumn, at, words, "leave it out of `set`");
        } else if place.is_some_and(|place| keys.contains(&place) || identity.contains(&place)) {
            let words = format!("`{column}` identifies the rows of `{name}`, so an update cannot change it");
            let help = "set other columns, or write the statement as `sql`";
            bench.fault(Code::UnknownColumn, at, words, help);
        }
        if let Some(text) = value.as_str().filter(|text| looks_like_sql(text, &facts)) {
            let at = bench.at(&["set", column]);
            let words = format!("`{text}` would be stored as this text: `set` takes values, not SQL");
            let by = facts.primary_key.first().map_or("id", String::as_str);
            let help = format!(
                "write the statement as `sql = \"UPDATE {name} SET {column} = {text} WHERE {by} = :{by}\"`, with `bind`"
            );
            bench.fault(Code::Sql, at, words, help);
        }
        if let Some(place) = place {
            sets.push((place, values.len()));
        }
        assignments.push(format!("{} = ?{}", quote(&fact.name), values.len() + 1));
        let own = bench.own(&["set", column], value, false);
        if !own.never_repeats {
            check_distinct(bench, &facts, column, value);
        }
        values.push(Taken::Own(own));
    }
    if bench.faults.len() > before {
        return None;
    }
    let members: Vec<String> = keys.iter().map(|key| columns[*key].clone()).collect();
    let found = equal(&members, values.len() + 1);
    let sql = format!("UPDATE {} SET {} WHERE {found}", quote(&name), assignments.join(", "));
    values.extend(keys.iter().map(|key| Taken::Key(*key)));
    Some(Draft { kind: Kind::Update { table, sets }, sql, values })
}

/// A column that is UNIQUE by itself cannot be given values that repeat; NULL may.
fn check_distinct(bench: &mut Bench<'_, '_>, facts: &TableFacts, column: &str, value: &serde_json::Value) {
    let alone = |group: &Vec<String>| matches!(group.as_slice(), [only] if only.eq_ignore_ascii_case(column));
    let inner = value.as_str().and_then(|text| text.trim().strip_prefix("{{")?.strip_suffix("}}"));
    let inner = inner.map(str::trim).filter(|inner| !inner.contains("{{"));
    if !facts.distinct_groups.iter().any(alone) || inner == Some("none") {
        return;
    }
    let words = format!("`{column}` is UNIQUE, and nothing keeps its new values distinct");
    let example = match inner {
        Some(inner) => format!("new-{{{{ unique({inner}) }}}}"),
        None => "new-{{ row }}".to_owned(),
    };
    let help =
        format!("write for instance `'{example}'`, which differs each time, and from the rows' first values");
    let at = bench.at(&["set", column]);
    bench.fault(Code::NotDistinct, at, words, help);
}

/// Which columns of a dataset row identify it: those of the first constraint that all have values, none of them made to be NULL if there
/// is such a one. SQLite takes a key with a NULL in it any number of times.
pub(super) fn identity(facts: &TableFacts, columns: &[Column]) -> Vec<usize> {
    let place = |name: &String| columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
    let whole = |group: &Vec<String>| group.iter().map(place).collect::<Option<Vec<usize>>>();
    let filled = |group: &Vec<usize>| !group.iter().any(|&place| is_unique_or_null(&columns[place]));
    let groups: Vec<Vec<usize>> = facts.distinct_groups.iter().filter_map(whole).collect();
    groups.iter().find(|group| filled(group)).or(groups.first()).cloned().unwrap_or_default()
}
