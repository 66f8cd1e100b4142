//! `runner preview`: a few rows of each table, and the statements of each operation with what is bound to them, before anything runs.
//!
//! Everything comes from the plan and its dataset: no database is opened on disk.

mod model;
mod terminal;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::layout::Paint;
use super::prepare::Ready;
use super::{Exit, OverrideArgs, output, prepare, stderr_color, stdout_color, stdout_width};
use crate::diagnostic::nearest;
use crate::value::Value;
use model::Preview;

#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Rows of each table, and executions of each statement.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rows: u64,
    /// Only this table; may be repeated.
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// Only this operation; may be repeated.
    #[arg(long, value_name = "NAME")]
    operation: Vec<String>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    overrides: OverrideArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// What is shown, by indexes into the plan.
struct Chosen {
    tables: Vec<usize>,
    operations: Vec<usize>,
}

pub(super) fn preview(arguments: &PreviewArgs) -> Exit {
    let mut prepared = prepare::all(std::slice::from_ref(&arguments.file), &arguments.overrides.overrides());
    let ready = match prepared.pop() {
        Some(Ok(ready)) => ready,
        Some(Err(rejected)) => {
            eprint!("{}", rejected.text(stderr_color()));
            return Exit::Wrong;
        }
        None => unreachable!("one file was given"),
    };
    let chosen = match chosen(arguments, &ready) {
        Ok(chosen) => chosen,
        Err(words) => {
            eprintln!("{words}");
            return Exit::Wrong;
        }
    };
    match model::preview(ready.plan(), &chosen, arguments.rows) {
        Ok(preview) => output::put(&drawn(&preview, arguments.format)),
        Err(words) => {
            eprintln!("error: {words}");
            Exit::Wrong
        }
    }
}

fn drawn(preview: &Preview, format: Format) -> String {
    match format {
        Format::Json => format!("{:#}\n", json!(preview)),
        Format::Table => terminal::text(preview, stdout_width(), Paint { color: stdout_color() }),
    }
}

/// What the command line names; with neither tables nor operations, everything.
fn chosen(arguments: &PreviewArgs, ready: &Ready) -> Result<Chosen, String> {
    let plan = ready.plan();
    let tables: Vec<&str> = plan.tables.iter().map(|table| table.name.as_str()).collect();
    let operations: Vec<&str> = plan.operations.iter().map(|operation| operation.name.as_str()).collect();
    let all = arguments.table.is_empty() && arguments.operation.is_empty();
    let places = |kind: &str, wanted: &[String], known: &[&str]| {
        if all {
            return Ok((0..known.len()).collect());
        }
        wanted.iter().map(|name| place(kind, name, known, &arguments.file)).collect::<Result<_, _>>()
    };
    Ok(Chosen {
        tables: places("table", &arguments.table, &tables)?,
        operations: places("operation", &arguments.operation, &operations)?,
    })
}

/// Where a name stands among those of the plan, in any case, as in SQL.
fn place(kind: &str, name: &str, known: &[&str], file: &std::path::Path) -> Result<usize, String> {
    known.iter().position(|other| other.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let help = match (nearest(name, known.iter().copied()), known) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("it has no {kind}s"),
            (None, _) => format!("the {kind}s are {}", known.join(", ")),
        };
        format!("error: {} has no {kind} `{name}`\n  help: {help}", file.display())
    })
}

/// Bytes of a large value that are shown.
const SHOWN_BYTES: usize = 1024;

/// A value in JSON; bytes are hexadecimal digits under the key `blob`, of a large value its first ones, beside its length.
pub(super) fn as_json(value: &Value) -> serde_json::Value {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(v) => json!(v),
        Value::Real(v) => json!(v),
        Value::Text(v) => json!(v),
        Value::Blob(v) => json!({ "blob": digits(v) }),
        Value::Pooled(v) => json!({ "blob": digits(v.piece(0, SHOWN_BYTES)), "bytes": v.len() }),
    }
}
