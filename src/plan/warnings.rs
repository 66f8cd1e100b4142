//! What runs, but probably not as meant: looked for in a plan without faults.
//!
//! A file that means it says so in `allow_warnings`. What cannot run is left to the rooms that find it.

use serde_json::Value;

use super::ddl::{TableFacts, quote};
use super::operations::Made;
use super::tables::{Input, Tables};
use super::target::Target;
use super::workload::Workload;
use super::{Database, Operation, volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::scenario::TableSection;

/// A plan as far as warnings look at it.
pub(super) struct Finished<'a, 'b> {
    pub(super) input: &'a Input<'b>,
    pub(super) tables: &'a Tables,
    /// Operations of `[operations]`: the last ones of `operations`.
    pub(super) made: &'a [Made],
    pub(super) operations: &'a [Operation],
    /// All of the file, also those that are not chosen.
    pub(super) workloads: &'a [Workload],
    pub(super) targets: &'a [Target],
    pub(super) database: &'a Database,
    /// The scenario as JSON, after overrides.
    pub(super) effective: &'a Value,
    /// Templates that stand in it as their numbers.
    pub(super) computed: &'a [String],
    /// Totals are small for trying things out: nothing is said of them.
    pub(super) quick: bool,
}

/// All warnings but those that the file allows.
pub(super) fn find(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let mut found = not_durable(plan);
    found.extend(unused_tables(plan));
    found.extend(redundant_indexes(plan));
    found.extend(unused_operations(plan));
    found.extend(not_verified(plan));
    found.extend(full_scans(plan));
    found.extend(unused_vars(plan));
    if !plan.quick {
        found.extend(volume::short_batches(plan));
        found.extend(volume::few_samples(plan));
    }
    let allowed = &plan.input.scenario.allow_warnings;
    found.retain(|warning| !allowed.iter().any(|code| code.0 == warning.code));
    found
}

/// Settings that are fast because nothing is safe.
fn not_durable(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    if plan.database.file().is_none() {
        return Vec::new();
    }
    let unsafe_setting = |name: &str, value: &str| match (name, value) {
        ("synchronous", "0") => Some((
            "with `synchronous` off nothing is synced: a power cut can damage the whole database",
            "write `synchronous = \"normal\"` with `journal_mode = \"wal\"`",
        )),
        ("journal_mode", "memory") => Some((
            "with the rollback journal in memory, a crash within a transaction can damage the whole database",
            "write `journal_mode = \"wal\"`, or leave it out",
        )),
        ("journal_mode", "off") => Some((
            "without a rollback journal nothing is undone: a crash within a transaction damages the whole database",
            "write `journal_mode = \"wal\"`, or leave it out",
        )),
        _ => None,
    };
    let warn = |pragma: &super::Pragma| {
        let (words, help) = unsafe_setting(&pragma.name, &pragma.expected)?;
        let help = format!("{help}; or `allow_warnings = [\"not-durable\"]` at the top of the file");
        Some(Diagnostic::warning(Code::NotDurable, pragma.span, words).help(help))
    };
    plan.database.pragmas().iter().filter_map(warn).collect()
}

/// Tables that no workload writes and nothing names.
fn unused_tables(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let scenario = plan.input.scenario;
    let written = |table: usize| {
        let inserts = |(index, operation): (usize, &Operation)| {
            operation.inserts() == Some(table) && comes(plan, index)
        };
        plan.operations.iter().enumerate().any(inserts)
    };
    let named = |table: usize, name: &str| {
        let of_made = |made: &Made| {
            made.refers.contains(&table)
                || made.key.is_some_and(|key| key.table == table)
                || made.operation.inserts() == Some(table)
                || made.operation.steps.iter().any(|step| has_word(&step.sql, name))
        };
        plan.made.iter().any(of_made) || plan.tables.parents.iter().any(|parents| parents.contains(&table))
    };
    let unused = scenario.tables.iter().enumerate().filter(|(table, (name, section))| {
        section.rows == 0 && !has_part(plan, name) && !written(*table) && !named(*table, name)
    });
    let warn = |(_, (name, _)): (usize, (&String, &TableSection))| {
        let at = plan.input.spans.key(&["tables", name]);
        let words = format!("`{name}` is made, but nothing writes or reads it");
        let help = "give it a `share` of the writes or `rows` to load, or remove it";
        Diagnostic::warning(Code::UnusedTable, at, words).help(help)
    };
    unused.map(warn).collect()
}

/// Whether an operation is carried out in any workload.
fn comes(plan: &Finished<'_, '_>, operation: usize) -> bool {
    plan.workloads.iter().flat_map(|workload| &workload.crews).any(|crew| crew.counts[operation] > 0)
}

/// Indexes with the columns of a key, or of an index before them.
fn redundant_indexes(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for ((name, section), facts) in plan.input.scenario.tables.iter().zip(&plan.tables.facts) {
        for (place, index) in section.indexes.iter().enumerate() {
            if index.condition.is_some() {
                continue;
            }
            let same = |columns: &Vec<String>| {
                columns.len() == index.columns.len()
                    && columns.iter().zip(&index.columns).all(|(a, b)| a.eq_ignore_ascii_case(b))
            };
            let earlier = section.indexes[..place].iter().any(|i| i.condition.is_none() && same(&i.columns));
            let who = if same(&facts.primary_key) {
                "its primary key"
            } else if earlier {
                "one before this"
            } else if is_constraint(section, facts, index.unique, &same) {
                "a UNIQUE constraint"
            } else {
                continue;
            };
            let at = plan.input.at(&["tables", name, "indexes", &place.to_string()]);
            let words = format!("`{}` of `{name}` has an index already: {who}", index.columns.join("`, `"));
            let help = "remove this index: it costs every write, and no read needs it";
            found.push(Diagnostic::warning(Code::RedundantIndex, at, words).help(help));
        }
    }
    found
}

/// Whether a constraint has these columns. The table's groups hold its unique indexes too, among them perhaps the one in question.
fn is_constraint(
    section: &TableSection,
    facts: &TableFacts,
    unique: bool,
    same: &dyn Fn(&Vec<String>) -> bool,
) -> bool {
    if unique { section.unique.iter().any(same) } else { facts.distinct_groups.iter().any(same) }
}

/// Operations that no workload carries out.
fn unused_operations(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let first = plan.operations.len() - plan.made.len();
    let warn = |(index, made): (usize, &Made)| {
        let name = &made.operation.name;
        let has_part = has_part(plan, name);
        if comes(plan, first + index) || (has_part && plan.quick) {
            return None;
        }
        let at = plan.input.spans.key(&["operations", name]);
        let (words, help) = if has_part {
            let words = format!("`{name}` never comes: its part of the total is less than one operation");
            (words, "give it a larger share, or write a larger total")
        } else if plan.input.scenario.workloads.is_empty() {
            (format!("nothing carries out `{name}`"), "give it a `share`, or remove it")
        } else {
            let words = format!("no workload carries out `{name}`");
            (words, "name it in the `mix` or the `workers` of a workload, or remove it")
        };
        Some(Diagnostic::warning(Code::UnusedOperation, at, words).help(help))
    };
    plan.made.iter().enumerate().filter_map(warn).collect()
}

/// Whether some workload is to carry out an operation, or to write a table, however seldom.
fn has_part(plan: &Finished<'_, '_>, name: &str) -> bool {
    let scenario = plan.input.scenario;
    let share = scenario.operations.get(name).is_some_and(|operation| operation.share > 0.0)
        || scenario.tables.get(name).is_some_and(|table| table.share > 0.0);
    if scenario.workloads.is_empty() {
        return share;
    }
    scenario.workloads.values().any(|workload| match (&workload.mix, &workload.workers) {
        (Some(mix), _) => mix.get(name).is_some_and(|weight| *weight > 0.0),
        (None, Some(workers)) => workers.contains_key(name),
        (None, None) => share,
    })
}

/// SQL of the scenario's own after which nobody knows how many rows there are.
fn not_verified(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let first = plan.operations.len() - plan.made.len();
    let warn = |(index, made): (usize, &Made)| {
        let operation = &made.operation;
        let section = plan.input.scenario.operations.get(&operation.name)?;
        let own = section.sql.is_some() || !section.steps.is_empty();
        if !own || operation.unaccounted.is_empty() || !comes(plan, first + index) {
            return None;
        }
        let names: Vec<&str> =
            operation.unaccounted.iter().map(|table| plan.tables.rows[*table].name.as_str()).collect();
        let at = plan.input.spans.key(&["operations", &operation.name]);
        let words = format!(
            "`{}` adds or removes rows of `{}`, and does not say how many: its levels cannot be verified",
            operation.name,
            names.join("`, `")
        );
        let has = |word| operation.steps.iter().any(|step| has_word(&step.sql, word));
        let rows = if has("delete") && !has("insert") { -1 } else { 1 };
        let each: Vec<String> = names.iter().map(|name| format!("{name} = {rows}")).collect();
        let help = format!(
            "write `changes = {{ {} }}` into the operation, with the number for one time; below 0 for rows removed",
            each.join(", ")
        );
        Some(Diagnostic::warning(Code::NotVerified, at, words).help(help))
    };
    plan.made.iter().enumerate().filter_map(warn).collect()
}

/// Reads by a column that no index begins with.
fn full_scans(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let scans = |made: &Made| -> rusqlite::Result<bool> {
        let sql = format!("EXPLAIN QUERY PLAN {}", made.operation.steps[0].sql);
        let mut prepared = plan.tables.database.prepare(&sql)?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            if row.get::<_, String>("detail")?.starts_with("SCAN ") {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let warn = |made: &Made| {
        let name = made.operation.name.as_str();
        let section = plan.input.scenario.operations.get(name)?;
        let (kind, table) = section
            .find
            .as_ref()
            .map_or_else(|| Some(("scan", section.scan.as_ref()?)), |table| Some(("find", table)))?;
        // What SQLite cannot say is no reason to warn.
        if !scans(made).unwrap_or(false) {
            return None;
        }
        let by = section.by.as_deref().unwrap_or("the primary key");
        let at =
            plan.input.at(&["operations", name, "by"]).or_else(|| plan.input.at(&["operations", name, kind]));
        let words = format!("`{kind}` by `{by}` looks at every row of `{table}`: no index begins with it");
        let index = format!("indexes = [{{ columns = [{}] }}]", quote(by));
        let others = plan.input.scenario.tables.get(table).is_some_and(|section| !section.indexes.is_empty());
        let add = if others {
            format!("add to the indexes of `[tables.{table}]`, as in `{index}`")
        } else {
            format!("add `{index}` to `[tables.{table}]`")
        };
        let help = format!("{add}; or `allow_warnings = [\"full-scan\"]` at the top of the file");
        Some(Diagnostic::warning(Code::FullScan, at, words).help(help))
    };
    plan.made.iter().filter_map(warn).collect()
}

/// Variables that no template uses, and no target asks for.
fn unused_vars(plan: &Finished<'_, '_>) -> Vec<Diagnostic> {
    let mut texts = Vec::new();
    let keys = plan.effective.as_object().into_iter().flatten();
    keys.filter(|(key, _)| *key != "vars").for_each(|(_, value)| strings(value, &mut texts));
    texts.extend(plan.computed.iter().map(String::as_str));
    let used = |name: &str| {
        let selected = plan.input.scenario.targets.iter().any(|target| target.vars.contains_key(name));
        selected || texts.iter().any(|text| uses_var(text, name))
    };
    let names = plan.input.scenario.vars.keys().filter(|name| !used(name));
    let warn = |name: &String| {
        let at = plan.input.spans.key(&["vars", name]);
        let words = format!("no template uses `vars.{name}`");
        Diagnostic::warning(Code::UnusedVar, at, words).help("use it in a template, or remove it")
    };
    names.map(warn).collect()
}

fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// Whether a text uses a variable: `vars.name`, `vars["name"]`, or `vars` in a way that may mean any of them.
fn uses_var(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices("vars").filter(|(at, _)| !text[..*at].ends_with(word)).any(|(at, _)| {
        let rest = &text[at + "vars".len()..];
        match rest.trim_start().strip_prefix('.') {
            Some(attribute) => {
                let attribute = attribute.trim_start();
                attribute.strip_prefix(name).is_some_and(|rest| !rest.starts_with(word))
            }
            None => !rest.starts_with(word),
        }
    })
}

/// Whether a name stands in SQL as a word of its own.
fn has_word(sql: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (sql, name) = (sql.to_lowercase(), name.to_lowercase());
    sql.match_indices(&name)
        .any(|(at, found)| !sql[..at].ends_with(word) && !sql[at + found.len()..].starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_used_by_its_whole_name_or_by_all_of_them() {
        assert!(uses_var("{{ int(1, vars.most) }}", "most"));
        assert!(!uses_var("{{ int(1, vars.mostly) }}", "most"));
        assert!(!uses_var("{{ myvars.most }}", "most"));
        assert!(uses_var("{{ vars[\"most\"] }}", "most"));
        assert!(!uses_var("most vars_of", "most"));
    }

    #[test]
    fn a_name_in_sql_is_a_word() {
        assert!(has_word("SELECT * FROM Users", "users"));
        assert!(!has_word("SELECT * FROM users_old", "users"));
    }
}
