//! The template language of `value` keys: compiled once, then one value per row.
//!
//! A template is minijinja's language over the generators of [`catalogue`]. What consists of text, calls, variables and simple arithmetic is
//! compiled into a tree of our own that writes into a reused buffer (`node`); everything else runs in minijinja with the same generators
//! (`fallback`). A value is a pure function of its seed and row. Where rows and references come from is left to `dataset`.

mod args;
mod calls;
mod catalogue;
mod datum;
mod distribution;
mod draw;
mod facts;
mod fallback;
mod fault;
mod generators;
mod locale;
mod lower;
mod node;
mod parts;
mod pick;
mod portable;
mod rows;
mod sample;
mod special;
mod statements;

use std::ops::Range;

use crate::value::{Value, ValueRef};

pub use args::{GeneratorInfo, Parameter};
pub use catalogue::catalogue;
pub use distribution::{DISTRIBUTION_NAMES, Distribution};
pub use draw::{Draw, Permutation, mix};
pub use facts::{Distinct, Facts, PlainReference};
pub use fault::{Fault, FaultKind};
pub use locale::{LOCALE_NAMES, Locale};
pub use parts::Present;
pub use pick::{Pick, first_of_group, group_of, reach, spread};
pub use rows::Sharing;
pub use sample::samples;

use datum::{Datum, Piece, Run};
use node::Node;

/// A column of a table, by indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Index of the table.
    pub table: usize,
    /// Index of the column within it.
    pub column: usize,
}

/// Finds what `ref("table.column")` names.
pub trait ResolveReference {
    /// The table and column, or what is wrong with the name, the nearest one included.
    fn resolve(&self, target: &str) -> Result<Target, String>;
}

/// What a template is compiled against.
#[derive(Clone, Copy)]
pub struct CompileContext<'a> {
    /// `[vars]` of the scenario.
    pub vars: &'a serde_json::Map<String, serde_json::Value>,
    /// Locale of calls that name none.
    pub locale: Locale,
    /// The scenario's tables.
    pub references: &'a dyn ResolveReference,
    /// Whether `n` is in scope: the repetition, from 0.
    pub repetition: bool,
    /// Reads a whole text file for `line(...)`, once, or says why not. Usually [`read_file`].
    pub files: &'a dyn Fn(&str) -> Result<String, String>,
}

/// Reads a file relative to the working directory.
pub fn read_file(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| crate::files::reason(&error))
}

/// The other tables, as one row sees them.
pub trait References {
    /// Rows of a table that exist for this row; 0 when there are none yet.
    fn available(&self, table: usize) -> u64;
    /// The value of a column in a parent's row (1, 2, …); this row then depends on it.
    fn value(&self, target: Target, row: u64, scratch: &mut Scratch) -> Result<Value, RenderError>;
}

/// No other tables: for templates without `ref`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReferences;

impl References for NoReferences {
    fn available(&self, _: usize) -> u64 {
        0
    }

    fn value(&self, _: Target, _: u64, _: &mut Scratch) -> Result<Value, RenderError> {
        Err(RenderError::new("there are no other tables here"))
    }
}

/// The row that a value is made for.
#[derive(Clone, Copy)]
pub struct RowContext<'a> {
    /// 1, 2, … within the table.
    pub row: u64,
    /// `n` of a repetition: 0, 1, …; 0 where nothing is repeated.
    pub repetition: u64,
    /// Mixed from the scenario's seed, table, column and row; see [`mix`].
    pub seed: u64,
    /// Mixed from the scenario's seed, table and column: the order of `unique` values.
    pub column_seed: u64,
    /// The other tables.
    pub references: &'a dyn References,
}

/// Buffers that are reused from value to value.
#[derive(Debug, Default)]
pub struct Scratch {
    text: String,
    bytes: Vec<u8>,
    /// For values of other rows that this one refers to.
    nested: Option<Box<Scratch>>,
}

impl Scratch {
    /// Puts a value into the buffers and lends it.
    pub fn keep(&mut self, value: Value) -> ValueRef<'_> {
        match value {
            Value::Null => ValueRef::Null,
            Value::Integer(v) => ValueRef::Integer(v),
            Value::Real(v) => ValueRef::Real(v),
            Value::Text(v) => {
                self.text = v;
                ValueRef::Text(&self.text)
            }
            Value::Blob(v) => {
                self.bytes = v;
                ValueRef::Blob(&self.bytes)
            }
            Value::Pooled(v) => ValueRef::Pooled(v),
        }
    }
}

/// Why a value could not be made. A template that compiled fails only on what depends on the row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", told.message)]
pub struct RenderError {
    /// Boxed, since every value that is made could have been one.
    told: Box<Told>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    message: String,
    /// Which part of a text with several.
    part: Option<usize>,
    range: Option<Range<usize>>,
}

impl RenderError {
    /// An error in the user's words.
    pub fn new(message: impl Into<String>) -> Self {
        RenderError { told: Box::new(Told { message: message.into(), part: None, range: None }) }
    }

    /// Bytes of the source of the template that could not be rendered; absent where it cannot be told which of its expressions it was.
    pub fn range(&self) -> Option<Range<usize>> {
        self.told.range.clone()
    }

    fn in_part(mut self, part: usize) -> Self {
        self.told.part = Some(part);
        self
    }

    /// Finds the place: that of the only expression, or of the part at fault.
    #[cold]
    fn placed(mut self, template: &Template) -> Self {
        let place = match (template.places.as_slice(), &template.body) {
            ([only], _) => Some(only),
            (several, Body::Tree(_)) => self.told.part.and_then(|part| several.get(part)),
            _ => None,
        };
        self.told.range = place.filter(|range| !range.is_empty()).cloned();
        self
    }
}

impl From<String> for RenderError {
    fn from(message: String) -> Self {
        RenderError::new(message)
    }
}

/// A compiled template.
pub struct Template {
    source: String,
    body: Body,
    facts: Facts,
    /// Of its texts and expressions, in the source.
    places: Vec<Range<usize>>,
}

enum Body {
    Constant(Value),
    Tree(Node),
    Jinja(Box<fallback::Fallback>),
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template")
            .field("source", &self.source)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// Every mistake that can be told without a row, in the order of the source.
    pub fn compile(source: &str, context: CompileContext<'_>) -> Result<Template, Vec<Fault>> {
        let compiled = statements::compile(source, context, false)?;
        Ok(Template::assemble(source, compiled))
    }

    /// Compiles everything for minijinja, also what would not need it.
    #[cfg(test)]
    fn compile_for_jinja(source: &str, context: CompileContext<'_>) -> Result<Template, Vec<Fault>> {
        let compiled = statements::compile(source, context, true)?;
        Ok(Template::assemble(source, compiled))
    }

    fn assemble(source: &str, (body, facts, places): statements::Compiled) -> Template {
        // What does not depend on the row is made now.
        let body = match body {
            Body::Tree(Node::Constant(datum)) => Body::Constant(constant(datum)),
            other => other,
        };
        Template { source: source.to_owned(), body, facts, places }
    }

    /// A template that always gives one value.
    pub fn constant(value: Value) -> Template {
        let facts = Facts::new(Distinct::AtMost(1));
        Template {
            source: value.as_ref().to_string(),
            body: Body::Constant(value),
            facts,
            places: Vec::new(),
        }
    }

    /// What is known about its values.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its value, where it is the same for every row.
    pub fn known(&self) -> Option<&Value> {
        match &self.body {
            Body::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The text that it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The value of a row. It borrows from the template or from the scratch buffers, whose contents it replaces.
    ///
    /// # Errors
    /// What only shows at this row: no parent yet, more rows than `unique` has values, a number out of range.
    pub fn render<'s>(
        &'s self,
        row: &RowContext<'_>,
        scratch: &'s mut Scratch,
    ) -> Result<ValueRef<'s>, RenderError> {
        scratch.text.clear();
        scratch.bytes.clear();
        let piece = match &self.body {
            Body::Constant(value) => return Ok(value.as_ref()),
            Body::Tree(node) => node.eval(&mut Run {
                draw: Draw::new(row.seed),
                row: row.row,
                repetition: row.repetition,
                column_seed: row.column_seed,
                references: row.references,
                text: &mut scratch.text,
                bytes: &mut scratch.bytes,
                nested: &mut scratch.nested,
            }),
            Body::Jinja(fallback) => fallback.eval(row, scratch),
        };
        Ok(match piece.map_err(|error| error.placed(self))? {
            Piece::Null => ValueRef::Null,
            Piece::Bool(v) => ValueRef::Integer(i64::from(v)),
            Piece::Integer(v) => ValueRef::Integer(v),
            Piece::Real(v) => ValueRef::Real(v),
            Piece::Text(start) => ValueRef::Text(&scratch.text[start..]),
            Piece::Blob(start) => ValueRef::Blob(&scratch.bytes[start..]),
            Piece::Pooled(v) => ValueRef::Pooled(v),
            Piece::Tree(datum) => {
                datum.write(&mut scratch.text);
                ValueRef::Text(&scratch.text)
            }
        })
    }
}

fn constant(datum: Datum) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Bool(v) => Value::Integer(i64::from(v)),
        Datum::Integer(v) => Value::Integer(v),
        Datum::Real(v) => Value::Real(v),
        Datum::Text(v) => Value::Text(v),
        Datum::Blob(v) => Value::Blob(v),
        Datum::Pooled(v) => Value::Pooled(v),
        tree @ (Datum::List(_) | Datum::Map(_)) => {
            let mut text = String::new();
            tree.write(&mut text);
            Value::Text(text)
        }
    }
}

#[cfg(test)]
mod tests;
