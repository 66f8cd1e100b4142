//! Compares a database with what a draft made of it: rows, and for each column type, share of NULL, mean length and number of distinct values.
//!
//! ```text
//! cargo run --example likeness -- app.db db/app.db
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::path::Path;
use std::process::ExitCode;

use runner::draft::{ColumnProfile, SourceTable, TableProfile, difference, measured};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, made] = arguments.as_slice() else {
        eprintln!("usage: likeness SOURCE.db MADE.db");
        return ExitCode::from(2);
    };
    match (measured(Path::new(source)), measured(Path::new(made))) {
        (Ok(source), Ok(made)) => compare(&source, &made),
        (Err(error), _) => wrong(source, &error),
        (_, Err(error)) => wrong(made, &error),
    }
}

fn wrong(path: &str, error: &dyn std::error::Error) -> ExitCode {
    eprintln!("{path}: {error}");
    ExitCode::from(2)
}

fn compare(source: &[(SourceTable, TableProfile)], made: &[(SourceTable, TableProfile)]) -> ExitCode {
    let (mut columns, mut apart) = (0, 0);
    for (table, profile) in source {
        let name = &table.name;
        let Some((_, likeness)) = made.iter().find(|(other, _)| other.name == *name) else {
            println!("{name}: missing");
            apart += 1;
            continue;
        };
        println!("{name}: {} rows and {}", profile.rows, likeness.rows);
        for (column, (one, other)) in table.columns.iter().zip(profile.columns.iter().zip(&likeness.columns))
        {
            println!("  {:<28} {}  |  {}", column.name, shown(one, profile), shown(other, likeness));
        }
        columns += table.columns.len();
        for words in difference(profile, likeness) {
            println!("  APART {name}: {words}");
            apart += 1;
        }
    }
    println!("{} tables, {columns} columns, {apart} things apart by more than a tenth", source.len());
    if apart == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn shown(column: &ColumnProfile, table: &TableProfile) -> String {
    let nulls = column.nulls as f64 / table.seen.max(1) as f64;
    let classes =
        [("int", column.integers), ("real", column.reals), ("text", column.texts), ("blob", column.blobs)];
    let class = classes.iter().filter(|(_, rows)| *rows > 0).max_by_key(|(_, rows)| *rows);
    let class = class.map_or("null", |(name, _)| name);
    format!("{class:<4} null {nulls:.3} length {:>7.2} distinct {:>7}", column.length.mean, column.distinct)
}
