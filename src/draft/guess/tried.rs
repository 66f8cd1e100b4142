//! What an expression really gives: rows of it, made by the template engine.

use std::collections::HashSet;

use crate::template::{
    CompileContext, Locale, NoReferences, ResolveReference, RowContext, Scratch, Target, Template, mix,
};
use crate::value::{Value, ValueRef};

/// Rows that are tried.
const ROWS: u64 = 1000;
/// Rows that are made at most.
const MOST: u64 = 20_000;

struct NoTables;

impl ResolveReference for NoTables {
    fn resolve(&self, target: &str) -> Result<Target, String> {
        Err(format!("there is no `{target}` here"))
    }
}

/// What an expression's values are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    /// Mean length, as profiles measure it.
    pub(super) length: f64,
    /// How many values there might be: at least so many, where none came twice.
    pub(super) room: f64,
}

/// How far a candidate may be off.
pub(super) const CLOSE: f64 = 0.05;
/// Different seeds that a candidate must hold for.
const SEEDS: [u64; 16] = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26];

/// How far an expression is off in the rows that hold something: mean length and distinct values, as parts of those measured, at the worst of several
/// seeds.
pub(super) fn off(subject: &super::Subject<'_>, expression: &str) -> f64 {
    let rows = subject.filled.max(1);
    let (length, distinct) = (subject.holds.length.mean, subject.distinct() as f64);
    // Chance does more among few rows.
    let seeds = match rows {
        0..200 => &SEEDS[..],
        200..4_000 => &SEEDS[..3],
        _ => &SEEDS[..1],
    };
    let mut worst: f64 = 0.0;
    for seed in seeds {
        let (mut lengths, mut made) = (0, 0);
        let mut different = HashSet::new();
        // Of many rows, some from all over.
        let step = (rows / MOST).max(1);
        let tried = each(expression, *seed, (1..=rows).step_by(step as usize), |value| {
            lengths += length_of(value);
            made += 1;
            different.insert(value.to_string());
        });
        if tried.is_none() {
            return f64::INFINITY;
        }
        let found = lengths as f64 / f64::from(made);
        worst = worst.max((found - length).abs() / length.max(0.01));
        let values = different.len() as f64;
        if step == 1 && (values - distinct).abs() > 1.0 {
            worst = worst.max((values - distinct).abs() / distinct);
        }
    }
    worst
}

/// Tries an expression; nothing where it cannot be made.
pub(super) fn tried(expression: &str) -> Option<Tried> {
    let mut length = 0;
    let mut different = HashSet::new();
    each(expression, SEEDS[0], 1..=ROWS, |value| {
        length += length_of(value);
        different.insert(value.to_string());
    })?;
    let twice = ROWS as f64 - different.len() as f64;
    // Of n draws from m values, about n² / 2m meet one that came before.
    let drawn = (ROWS * ROWS) as f64 / 2.0;
    let room = if twice < 1.0 { f64::INFINITY } else { drawn / twice };
    Some(Tried { length: length as f64 / ROWS as f64, room })
}

/// Makes the values of rows.
fn each(
    expression: &str,
    seed: u64,
    rows: impl Iterator<Item = u64>,
    mut take: impl FnMut(ValueRef<'_>),
) -> Option<()> {
    let vars = serde_json::Map::new();
    let context = CompileContext {
        vars: &vars,
        locale: Locale::En,
        references: &NoTables,
        repetition: false,
        files: &|_| Err("no files here".to_owned()),
    };
    let template = Template::compile(&format!("{{{{ {expression} }}}}"), context).ok()?;
    let mut scratch = Scratch::default();
    for row in rows {
        let context = RowContext {
            row,
            repetition: 0,
            seed: mix(seed, &[row]),
            column_seed: seed,
            references: &NoReferences,
        };
        take(template.render(&context, &mut scratch).ok()?);
    }
    Some(())
}

/// Different values that an expression gives in so many rows, if they are not too many to be made.
pub(super) fn distinct(expression: &str, rows: u64) -> Option<f64> {
    let mut different = HashSet::new();
    let rows = (rows <= MOST).then_some(rows)?;
    each(expression, SEEDS[0], 1..=rows, |value| {
        different.insert(value.to_string());
    })?;
    Some(different.len() as f64)
}

/// As profiles measure it.
fn length_of(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Null => 0,
        ValueRef::Integer(v) => v.to_string().len(),
        ValueRef::Real(v) => v.to_string().len(),
        ValueRef::Text(v) => v.chars().count(),
        ValueRef::Blob(v) => v.len(),
        ValueRef::Pooled(v) => v.len() as usize,
    }
}

/// The same of a value that owns its bytes.
pub(super) fn length(value: &Value) -> usize {
    length_of(value.as_ref())
}
