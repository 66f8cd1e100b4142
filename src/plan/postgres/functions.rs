//! Functions that only SQLite has, and those that reach beyond the scenario's own rows.

use std::ops::ControlFlow;

use sqlparser::ast::{CreateTable, Expr, Function, FunctionArguments, ObjectName, Spanned, Visit, Visitor};

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

/// A function that is called: its name, and its first argument as it is written.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: ObjectName,
    argument: Option<String>,
}

impl Call {
    /// Of a function in an expression.
    pub(super) fn of(function: &Function) -> Call {
        let argument = match &function.args {
            FunctionArguments::List(list) => list.args.first().map(ToString::to_string),
            _ => None,
        };
        Call { name: function.name.clone(), argument }
    }

    /// Of one that stands in place of a table.
    pub(super) fn in_place_of_table(name: &ObjectName) -> Call {
        Call { name: name.clone(), argument: None }
    }
}

/// What cannot be called.
///
/// `otherwise` says where something for PostgreSQL alone may stand.
pub(super) fn check(call: &Call, places: &Places<'_>, otherwise: &str) -> Result<(), Refusal> {
    let function = name_of(&call.name);
    if let Some((_, help)) = OF_SQLITE.iter().find(|(known, _)| *known == function) {
        let words = format!("PostgreSQL has no function `{function}` as SQLite has it");
        let help = format!("{help}; {otherwise}");
        return Err(Refusal { words, help, range: place(call, places) });
    }
    check_reach(call, places)
}

/// What cannot be called even where SQL is written for PostgreSQL alone: what reads or changes more than the rows of the run.
pub(super) fn check_reach(call: &Call, places: &Places<'_>) -> Result<(), Refusal> {
    let function = name_of(&call.name);
    let begins = |with: &[&str]| with.iter().any(|start| function.starts_with(start));
    let is = |one_of: &[&str]| one_of.contains(&function.as_str());
    let elsewhere = |argument: &String| argument.contains('.') || argument.starts_with(['$', ':']);
    let help = if function == "set_config" {
        "leave it out; settings of every session stand in `[database.settings]`"
    } else if begins(&["lo_"]) {
        "give a column the type BLOB, and take its bytes from `bind`"
    } else if is(&["nextval", "setval", "currval"]) && call.argument.as_ref().is_some_and(elsewhere) {
        "name a sequence of the run's own tables, without a schema: `nextval('orders_id_seq')`"
    } else if begins(&[
        "dblink",
        "pg_read_",
        "pg_ls_",
        "pg_file_",
        "pg_logical_",
        "query_to_xml",
        "table_to_xml",
        "schema_to_xml",
        "database_to_xml",
        "cursor_to_xml",
    ]) || is(&[
        "pg_terminate_backend",
        "pg_cancel_backend",
        "pg_reload_conf",
        "pg_promote",
        "pg_rotate_logfile",
        "pg_switch_wal",
    ]) {
        "leave it out: a statement reads and writes tables of the scenario"
    } else {
        return Ok(());
    };
    let words = format!("`{function}` would reach beyond the rows of the run");
    Err(Refusal { words, help: help.to_owned(), range: place(call, places) })
}

/// What the expressions of a table cannot call; `own` says that it is written for PostgreSQL alone.
pub(super) fn check_table(create: &CreateTable, own: bool, sql: &str) -> Result<(), Refusal> {
    let mut functions = Functions { places: Places::new(sql), own, found: None };
    let _ = Visit::visit(create, &mut functions);
    functions.found.map_or(Ok(()), Err)
}

/// Looks for functions that PostgreSQL does not have, or that reach too far.
struct Functions<'t> {
    places: Places<'t>,
    /// Whether the text is written for PostgreSQL alone.
    own: bool,
    found: Option<Refusal>,
}

impl Visitor for Functions<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        let call = Call::of(function);
        let checked = if self.own {
            check_reach(&call, &self.places)
        } else {
            check(&call, &self.places, "the table may have `ddl_postgres`")
        };
        let Err(refusal) = checked else { return ControlFlow::Continue(()) };
        self.found = Some(refusal);
        ControlFlow::Break(())
    }
}

fn place(call: &Call, places: &Places<'_>) -> Option<std::ops::Range<usize>> {
    call.name.0.last().and_then(|part| places.range(part.span()))
}
