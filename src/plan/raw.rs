//! Operations in SQL of the scenario's own: one statement, or several steps that hand values on.

use super::operation::{Bind, Kind, Operation, Repeat, Step};
use super::operations::{Bench, Expected, Made, Own, RepeatTaken, StepTaken, Taken, instead};
use super::statements::{Examined, parameter_at};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::scenario::StepSection;

/// The parts of one operation, as its steps are gone through.
#[derive(Default)]
struct Draft {
    steps: Vec<Step>,
    taken: Vec<StepTaken>,
    /// Shared parameters in use, in the order of their values.
    shared: Vec<String>,
    captures: Vec<String>,
    writes: bool,
    counts: Vec<usize>,
    overwrites: Vec<(usize, String)>,
}

/// Makes an operation of `sql` or `steps`; nothing where that cannot be.
pub(super) fn make(bench: &mut Bench<'_, '_>, kind: &str) -> Option<Made> {
    let section = bench.section;
    let single = [StepSection {
        sql: section.sql.clone().unwrap_or_default(),
        sql_postgres: section.sql_postgres.clone(),
        expect_rows: section.expect_rows,
        expect_changes: section.expect_changes,
        expect_value: section.expect_value.clone(),
        ..StepSection::default()
    }];
    let steps = if kind == "sql" { &single[..] } else { &section.steps[..] };
    let before = bench.faults.len();
    let mut draft = Draft::default();
    for (index, step) in steps.iter().enumerate() {
        let number = index.to_string();
        let place: &[&str] = if kind == "sql" { &[] } else { &["steps", &number] };
        one_step(bench, &mut draft, (steps, index), step, place);
    }
    for name in section.bind.keys().filter(|name| !draft.shared.contains(name)) {
        let at = bench.key_at(&["bind", name]);
        if bench.faults.len() == before {
            unused(bench, at, name, steps.iter());
        }
    }
    let values = draft
        .shared
        .iter()
        .filter_map(|name| Some((name, section.bind.get(name)?)))
        .map(|(name, value)| Taken::Own(bench.own(&["bind", name], value, false)))
        .collect::<Vec<_>>();
    let changes = changes(bench);
    if bench.faults.len() > before {
        return None;
    }
    let unaccounted = unaccounted(bench, &draft, &changes);
    let overwrites = draft
        .overwrites
        .iter()
        .filter_map(|(table, column)| Some((*table, bench.tables.names.column(*table, column)?)))
        .collect();
    let operation = Operation {
        name: bench.name.to_owned(),
        kind: Kind::Sql { writes: draft.writes },
        transaction: bench.transaction(),
        values: values.len(),
        steps: draft.steps,
        captures: draft.captures,
        changes,
        unaccounted,
        overwrites,
        payload: false,
        blob_io: None,
        by: Vec::new(),
        limit: None,
    };
    let refers = std::mem::take(&mut bench.refers);
    Some(Made { operation, key: None, values, steps: draft.taken, refers })
}

fn unused<'s>(
    bench: &mut Bench<'_, '_>,
    at: Option<crate::diagnostic::Span>,
    name: &str,
    steps: impl Iterator<Item = &'s StepSection>,
) {
    let bare = name.trim_start_matches([':', '$', '@']);
    if bare != name {
        let words = format!("`{name}` begins with `{}`, which stands in the SQL only", &name[..1]);
        bench.fault(Code::UnusedBind, at, words, format!("write `{bare} = …`"));
        return;
    }
    let words = format!("no statement has a parameter `:{name}`");
    let steps: Vec<&StepSection> = steps.collect();
    let quoted = [format!("':{name}'"), format!("\":{name}\"")];
    let texts: Vec<&str> = steps.iter().map(|step| step.sql_of(bench.input.is_postgres()).1).collect();
    let quoted = quoted.iter().find(|quoted| texts.iter().any(|sql| sql.contains(*quoted)));
    let plain = texts.iter().any(|sql| mentions(sql, name));
    let help = if let Some(quoted) = quoted {
        format!("{quoted} in quotes is plain text: write `:{name}` without them")
    } else if plain {
        format!("write `:{name}` in the SQL where the value belongs, or leave out this line")
    } else {
        format!("use `:{name}` in the SQL, or leave out this line")
    };
    bench.fault(Code::UnusedBind, at, words, help);
}

fn mentions(sql: &str, name: &str) -> bool {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

fn one_step(
    bench: &mut Bench<'_, '_>,
    draft: &mut Draft,
    (steps, index): (&[StepSection], usize),
    step: &StepSection,
    place: &[&str],
) {
    let inside = |key: &'static str| [place, &[key]].concat();
    let mut own_names: Vec<String> = Vec::new();
    let (key, text) = step.sql_of(bench.input.is_postgres());
    let Some((sql, examined)) = bench.read(text, key == "sql_postgres", &inside(key)) else { return };
    let mut binds = Vec::new();
    for parameter in &examined.parameters {
        let Some(parameter) = parameter else {
            let at = sql_place(bench, place, step, "?");
            let help = "write a name, such as `:name`, and its value in `bind`";
            bench.fault(Code::UnboundParameter, at, "a parameter `?` has no name", help);
            continue;
        };
        let name = &parameter[1..];
        binds.extend(bind(bench, draft, (steps, index), (place, parameter, name), &mut own_names));
    }
    for name in step.bind.keys().filter(|name| !own_names.contains(name)) {
        let at = bench.key_at(&[place, &["bind", name]].concat());
        if !examined.parameters.contains(&None) {
            unused(bench, at, name, std::iter::once(step));
        }
    }
    let captures = captures(bench, draft, step, &examined, place);
    let given =
        Expected { rows: step.expect_rows, changes: step.expect_changes, value: step.expect_value.as_ref() };
    let expect = bench.expect(place, given, &examined);
    let values: Vec<Own> = own_names
        .iter()
        .map(|name| bench.own(&[place, &["bind", name]].concat(), &step.bind[name], true))
        .collect();
    let (repeat, taken) = match &step.repeat {
        None => (Repeat::Fixed(1), RepeatTaken::Fixed(1)),
        Some(serde_json::Value::String(_)) => {
            let value = step.repeat.clone().unwrap_or_default();
            (Repeat::Drawn, RepeatTaken::Drawn(bench.own(&inside("repeat"), &value, false)))
        }
        Some(number) => {
            let times = number.as_u64().unwrap_or(1);
            (Repeat::Fixed(times), RepeatTaken::Fixed(times))
        }
    };
    draft.writes |= examined.writes;
    draft.counts.extend(&examined.counts);
    draft.overwrites.extend(examined.overwrites);
    draft.steps.push(Step { sql, binds, values: values.len(), repeat, captures, expect });
    draft.taken.push(StepTaken { repeat: taken, values });
}

/// The place of a parameter in the text of a statement.
fn sql_place(
    bench: &Bench<'_, '_>,
    place: &[&str],
    step: &StepSection,
    parameter: &str,
) -> Option<crate::diagnostic::Span> {
    let (key, sql) = step.sql_of(bench.input.is_postgres());
    let path = [&["operations", bench.name][..], place, &[key]].concat();
    let inside = parameter_at(sql, parameter)
        .and_then(|range| bench.input.spans.inside(&path, range, bench.input.sources));
    inside.or_else(|| bench.input.at(&path))
}

/// Where a parameter's value comes from: the step, the operation, or a column captured before.
fn bind(
    bench: &mut Bench<'_, '_>,
    draft: &mut Draft,
    (steps, index): (&[StepSection], usize),
    (place, parameter, name): (&[&str], &str, &str),
    own_names: &mut Vec<String>,
) -> Option<Bind> {
    let position = |names: &mut Vec<String>| {
        names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
    };
    if steps[index].bind.contains_key(name) {
        return Some(Bind::Own(position(own_names)));
    }
    if bench.section.bind.contains_key(name) {
        return Some(Bind::Shared(position(&mut draft.shared)));
    }
    if let Some(slot) = draft.captures.iter().position(|known| known == name) {
        return Some(Bind::Captured(slot));
    }
    let at = sql_place(bench, place, &steps[index], parameter);
    let meant = |known: &String| known.trim_start_matches([':', '$', '@']) == name;
    if steps[..index].iter().any(|step| step.capture.iter().any(meant)) {
        // Why that step does not capture it is told there.
        return None;
    }
    let binds = [(place, &steps[index].bind), (&[][..], &bench.section.bind)];
    let signed = binds.iter().find_map(|(home, bind)| Some((*home, bind.keys().find(|key| meant(key))?)));
    if let Some((home, key)) = signed {
        let at = bench.key_at(&[home, &["bind", key]].concat());
        unused(bench, at, key, std::iter::empty());
        return None;
    }
    let later = steps[index..].iter().position(|step| step.capture.iter().any(|c| c == name));
    if let Some(later) = later {
        let when = if later == 0 {
            "by this very statement".to_owned()
        } else {
            format!("only in step {}", index + later + 1)
        };
        let help = "a statement can use what steps before it have captured; change their order";
        bench.fault(Code::Capture, at, format!("`{name}` is captured {when}"), help);
        return None;
    }
    let section = bench.section;
    let known = steps[index].bind.keys().chain(section.bind.keys()).chain(draft.captures.iter());
    let help = match nearest(name, known.map(String::as_str)) {
        Some(near) => format!("did you mean `:{near}`?"),
        None => format!("give it a value: `bind = {{ {name} = '{{{{ … }}}}' }}`"),
    };
    bench.fault(Code::UnboundParameter, at, format!("`{parameter}` has no value"), help);
    None
}

/// Columns of the statement that are kept, and their slots.
fn captures(
    bench: &mut Bench<'_, '_>,
    draft: &mut Draft,
    step: &StepSection,
    examined: &Examined,
    place: &[&str],
) -> Vec<(usize, usize)> {
    let mut kept = Vec::new();
    for (index, name) in step.capture.iter().enumerate() {
        let Some(column) = examined.columns.iter().position(|c| c.eq_ignore_ascii_case(name)) else {
            let at = bench.at(&[place, &["capture", &index.to_string()]].concat());
            let (words, help) = if examined.columns.is_empty() {
                let words = format!("`{name}` cannot be captured: the statement reads no rows");
                (words, "capture from a SELECT, or add RETURNING to the statement".to_owned())
            } else {
                (format!("the statement gives no column `{name}`"), give_name(name, &examined.columns))
            };
            bench.fault(Code::Capture, at, words, help);
            continue;
        };
        let slot = draft.captures.iter().position(|known| known == name).unwrap_or_else(|| {
            draft.captures.push(name.clone());
            draft.captures.len() - 1
        });
        kept.push((column, slot));
    }
    kept
}

/// How a statement comes to give a column of this name.
fn give_name(name: &str, columns: &[String]) -> String {
    let bare = name.trim_start_matches([':', '$', '@']);
    if bare != name {
        return format!("write the name of the column alone: `\"{bare}\"`");
    }
    if columns == ["*"] {
        return format!("write the columns that it gives instead of `*`, one of them `AS {name}`");
    }
    let near = nearest(name, columns.iter().map(String::as_str));
    let is_name = |column: &str| column.chars().all(|c| c.is_alphanumeric() || c == '_');
    match (near, columns) {
        (Some(near), _) if is_name(near) => format!("did you mean `{near}`?"),
        (Some(column), _) => format!("name it in the SQL: `{column} AS {name}`"),
        (None, [column]) if !is_name(column) => format!("name it in the SQL: `{column} AS {name}`"),
        (None, [column]) => format!("name it in the SQL: `{column} AS {name}`; or capture `{column}`"),
        (None, _) => {
            let list: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
            format!("it gives {}; `… AS {name}` names one of them", list.join(", "))
        }
    }
}

/// What the operation says of the number of rows.
fn changes(bench: &mut Bench<'_, '_>) -> Vec<(usize, i64)> {
    let mut found = Vec::new();
    for (name, rows) in bench.section.changes.iter().flatten() {
        match bench.tables.names.table(name) {
            Some(table) => found.push((table, *rows)),
            None => {
                let at = bench.key_at(&["changes", name]);
                let tables: Vec<String> =
                    bench.tables.names.tables.iter().map(|(table, _)| table.clone()).collect();
                let help = instead(name, "tables", tables.iter().map(String::as_str));
                let fault = Diagnostic::error(Code::UnknownTable, at, format!("`{name}` is no table here"));
                bench.faults.push(fault.help(help));
            }
        }
    }
    found
}

/// Tables whose rows are added or removed, or given other keys, without a word about it.
fn unaccounted(bench: &Bench<'_, '_>, draft: &Draft, changes: &[(usize, i64)]) -> Vec<usize> {
    let rekeyed = draft.overwrites.iter().filter(|(table, column)| {
        let names = &bench.tables.names;
        let identity =
            super::lookups::identity(&bench.tables.facts[*table], &bench.tables.rows[*table].columns);
        names.column(*table, column).is_some_and(|place| identity.contains(&place))
    });
    let mut tables: Vec<usize> = draft
        .counts
        .iter()
        .filter(|table| !changes.iter().any(|(known, _)| known == *table))
        .chain(rekeyed.map(|(table, _)| table))
        .copied()
        .collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}
