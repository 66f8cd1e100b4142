//! Templates that need more of minijinja than its syntax: filters, conditions, loops, macros.
//!
//! The generators are the same functions, called with the same stream of random numbers. minijinja's functions cannot borrow the current row, so
//! it stands in a thread-local while a template runs; values of other rows are fetched between two attempts at the same template.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Kwargs, Rest};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::args::{Args, GeneratorInfo, locale_argument};
use super::catalogue::catalogue;
use super::datum::{Datum, Piece, Run};
use super::draw::Draw;
use super::node::{Node, make_unique};
use super::{Locale, References, RenderError, RowContext, Scratch, Target};
use crate::value::Value;

/// Evaluates one of the calls that were compiled beforehand.
const SPECIAL: &str = "__special";
/// Takes the value of a template that is a single expression, with its type.
const KEEP: &str = "__keep";
const NAME: &str = "value";

/// A template that minijinja renders.
pub(super) struct Fallback {
    environment: Environment<'static>,
    locale: Locale,
    vars: minijinja::Value,
    /// Tables whose rows may be asked for.
    tables: Vec<usize>,
    /// The template is one expression, whose type is kept.
    typed: bool,
}

/// The row that is being rendered on this thread.
struct Current {
    draw: Draw,
    row: u64,
    repetition: u64,
    column_seed: u64,
    locale: Locale,
    available: Vec<(usize, u64)>,
    fetched: Vec<(Target, u64, Value)>,
    wanted: Option<(Target, u64)>,
    kept: Option<Datum>,
    failure: Option<RenderError>,
    scratch: Scratch,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// With every generator registered, made once.
static BASE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(|out, _, value| {
        let datum = Datum::from_jinja(value).ok_or_else(|| invalid("this is not a value"))?;
        let mut text = String::new();
        datum.write(&mut text);
        out.write_str(&text).map_err(Error::from)
    });
    for info in catalogue() {
        environment.add_function(info.name, move |arguments: Rest<minijinja::Value>, named: Kwargs| {
            generate(info, &arguments, &named)
        });
    }
    environment.add_function(KEEP, |value: minijinja::Value| {
        let datum = Datum::from_jinja(&value).ok_or_else(|| invalid("this is not a value"))?;
        with_current(|current| current.kept = Some(datum))?;
        Ok(minijinja::Value::from(""))
    });
    environment
});

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

fn with_current<T>(act: impl FnOnce(&mut Current) -> T) -> Result<T, Error> {
    CURRENT.with_borrow_mut(|current| {
        current.as_mut().map(act).ok_or_else(|| invalid("generators can only be called while a row is made"))
    })
}

/// Runs something with the current row's stream, and hands its value to minijinja.
fn evaluate(act: impl FnOnce(&mut Run<'_>) -> Result<Piece, RenderError>) -> Result<minijinja::Value, Error> {
    with_current(|current| {
        let mut scratch = std::mem::take(&mut current.scratch);
        let lookup =
            Lookup { available: &current.available, fetched: &current.fetched, wanted: RefCell::new(None) };
        let mut run = Run {
            draw: current.draw.clone(),
            row: current.row,
            repetition: current.repetition,
            column_seed: current.column_seed,
            references: &lookup,
            text: &mut scratch.text,
            bytes: &mut scratch.bytes,
            nested: &mut scratch.nested,
        };
        let outcome = act(&mut run).map(|piece| run.take(piece));
        let draw = run.draw;
        let wanted = lookup.wanted.take();
        current.draw = draw;
        current.wanted = wanted;
        current.scratch = scratch;
        outcome.map(Datum::into_jinja).map_err(|error| {
            let message = error.to_string();
            current.failure = Some(error);
            invalid(message)
        })
    })?
}

/// The other tables as far as they are known yet.
struct Lookup<'a> {
    available: &'a [(usize, u64)],
    fetched: &'a [(Target, u64, Value)],
    wanted: RefCell<Option<(Target, u64)>>,
}

impl References for Lookup<'_> {
    fn available(&self, table: usize) -> u64 {
        self.available.iter().find(|(known, _)| *known == table).map_or(0, |(_, rows)| *rows)
    }

    fn value(&self, target: Target, row: u64, _: &mut Scratch) -> Result<Value, RenderError> {
        match self.fetched.iter().find(|(known, known_row, _)| *known == target && *known_row == row) {
            Some((.., value)) => Ok(value.clone()),
            None => {
                self.wanted.replace(Some((target, row)));
                Err(RenderError::new("the value of another row is fetched first"))
            }
        }
    }
}

/// One call from within minijinja.
fn generate(
    info: &'static GeneratorInfo,
    arguments: &[minijinja::Value],
    named: &Kwargs,
) -> Result<minijinja::Value, Error> {
    let mut values: Vec<Option<Datum>> = Vec::with_capacity(info.parameters.len());
    let value_of = |value: &minijinja::Value| {
        Datum::from_jinja(value)
            .ok_or_else(|| invalid(format!("{}(...) cannot take this argument", info.name)))
    };
    for (position, parameter) in info.parameters.iter().enumerate() {
        values.push(match arguments.get(position) {
            Some(value) => Some(value_of(value)?),
            None if named.has(parameter.name) => {
                Some(value_of(&named.get::<minijinja::Value>(parameter.name)?)?)
            }
            None => None,
        });
    }
    let mut locale = with_current(|current| current.locale)?;
    if info.localized && named.has("locale") {
        let datum = value_of(&named.get::<minijinja::Value>("locale")?)?;
        locale = locale_argument(&datum).map_err(|(message, _)| invalid(message))?;
    }
    evaluate(|run| {
        if info.name == "unique" {
            // Text from filters and loops; what can be dealt out was compiled beforehand.
            let piece = run.put(values.first().and_then(Option::as_ref).unwrap_or(&Datum::Null));
            return make_unique(run, piece);
        }
        let prepared = (info.prepare)(&Args { info, values: &values, locale })?;
        (prepared.run)(run)
    })
}

impl Fallback {
    /// `expression` is the place of the one expression that the template consists of; `specials` are replaced by calls of what was compiled.
    pub(super) fn new(
        source: &str,
        expression: Option<Range<usize>>,
        vars: Datum,
        locale: Locale,
        specials: Vec<(Range<usize>, Arc<Node>)>,
        targets: Vec<Target>,
    ) -> Result<Fallback, Error> {
        let typed = expression.is_some();
        let text = rewrite(source, expression, &specials);
        let nodes: Vec<Arc<Node>> = specials.into_iter().map(|(_, node)| node).collect();
        let mut environment = BASE.clone();
        environment.add_function(SPECIAL, move |index: usize| match nodes.get(index) {
            Some(node) => evaluate(|run| node.eval(run)),
            None => Err(invalid("no such call was compiled")),
        });
        environment.add_template_owned(NAME, text)?;
        let mut tables: Vec<usize> = targets.iter().map(|target| target.table).collect();
        tables.dedup();
        Ok(Fallback { environment, locale, vars: vars.into_jinja(), tables, typed })
    }

    pub(super) fn eval(&self, row: &RowContext<'_>, scratch: &mut Scratch) -> Result<Piece, RenderError> {
        let mut fetched = Vec::new();
        loop {
            let current = Current {
                draw: Draw::new(row.seed),
                row: row.row,
                repetition: row.repetition,
                column_seed: row.column_seed,
                locale: self.locale,
                available: self
                    .tables
                    .iter()
                    .map(|table| (*table, row.references.available(*table)))
                    .collect(),
                fetched,
                wanted: None,
                kept: None,
                failure: None,
                scratch: Scratch::default(),
            };
            CURRENT.replace(Some(current));
            let rendered = self.render(row.row, row.repetition);
            let current =
                CURRENT.take().ok_or_else(|| RenderError::new("the row was lost while it was made"))?;
            fetched = current.fetched;
            if let (Err(_), Some((target, parent))) = (&rendered, current.wanted) {
                let nested = scratch.nested.get_or_insert_default();
                let value = row.references.value(target, parent, nested)?;
                fetched.push((target, parent, value));
                continue;
            }
            let text = rendered.map_err(|error| current.failure.unwrap_or_else(|| explain(&error)))?;
            let datum = match current.kept {
                Some(datum) if self.typed => datum,
                _ => Datum::Text(text),
            };
            let mut run = Run {
                draw: current.draw,
                row: row.row,
                repetition: row.repetition,
                column_seed: row.column_seed,
                references: row.references,
                text: &mut scratch.text,
                bytes: &mut scratch.bytes,
                nested: &mut scratch.nested,
            };
            return Ok(run.put(&datum));
        }
    }

    fn render(&self, row: u64, repetition: u64) -> Result<String, Error> {
        let template = self.environment.get_template(NAME)?;
        template.render(
            minijinja::context! { row => row as i64, n => repetition as i64, vars => self.vars.clone() },
        )
    }
}

fn explain(error: &Error) -> RenderError {
    RenderError::new(error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

/// Wraps the single expression to keep its type, and puts calls of compiled nodes in the place of the outermost specials.
fn rewrite(source: &str, expression: Option<Range<usize>>, specials: &[(Range<usize>, Arc<Node>)]) -> String {
    let mut order: Vec<usize> = (0..specials.len()).collect();
    order.sort_by_key(|index| (specials[*index].0.start, std::cmp::Reverse(specials[*index].0.end)));
    // (place, what is inserted there, how many bytes it replaces), in the order of the source.
    let mut edits: Vec<(usize, String, usize)> = Vec::new();
    if let Some(range) = &expression {
        edits.push((range.start, format!("{KEEP}("), 0));
    }
    let mut covered = 0;
    for index in order {
        let range = &specials[index].0;
        if range.start >= covered {
            covered = range.end;
            edits.push((range.start, format!("{SPECIAL}({index})"), range.len()));
        }
    }
    if let Some(range) = &expression {
        edits.push((range.end, ")".to_owned(), 0));
    }
    let mut text = String::with_capacity(source.len() + 32);
    let mut done = 0;
    for (place, inserted, replaced) in edits {
        text.push_str(&source[done..place]);
        text.push_str(&inserted);
        done = place + replaced;
    }
    text.push_str(&source[done..]);
    text
}
