//! What a generator is: its entry in the catalogue, the arguments it is given, and what it is prepared into.

use super::datum::{Datum, Kind, Piece, Run};
use super::distribution::Distribution;
use super::locale::{LOCALE_NAMES, Locale};
use super::{Distinct, RenderError};
use crate::units::{QuantityError, Size};

/// One generator of the catalogue.
pub struct GeneratorInfo {
    /// As it is called.
    pub name: &'static str,
    /// What it belongs to, such as `names`.
    pub group: &'static str,
    /// In their order; each may also be given by name.
    pub parameters: &'static [Parameter],
    /// Whether `locale="de_de"` may be given.
    pub localized: bool,
    /// What it gives, in one line.
    pub about: &'static str,
    /// A call, as it stands between `{{` and `}}`.
    pub example: &'static str,
    pub(super) gives: Kind,
    pub(super) prepare: Plain,
}

/// One parameter of a generator.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is when left out, as a template writes it; required when absent. Empty where leaving it out has its own meaning.
    pub default: Option<&'static str>,
}

/// Works a call's arguments in; `ref`, `line` and `unique` are prepared by the compiler instead.
pub(super) type Plain = fn(&Args<'_>) -> Result<Prepared, ArgFault>;

impl std::fmt::Debug for GeneratorInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.signature())
    }
}

impl GeneratorInfo {
    /// Name and parameters, such as `int(low, high, distribution="uniform")`.
    pub fn signature(&self) -> String {
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| match parameter.default {
                None => parameter.name.to_owned(),
                Some("") => format!("{}?", parameter.name),
                Some(default) => format!("{}={default}", parameter.name),
            })
            .collect();
        format!("{}({})", self.name, parameters.join(", "))
    }
}

/// A wrong argument, by its position.
#[derive(Clone, Debug)]
pub(super) struct ArgFault {
    pub(super) argument: usize,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl ArgFault {
    pub(super) fn new(argument: usize, message: impl Into<String>) -> Self {
        ArgFault { argument, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<ArgFault> for RenderError {
    fn from(fault: ArgFault) -> Self {
        RenderError::new(match fault.help {
            Some(help) => format!("{} ({help})", fault.message),
            None => fault.message,
        })
    }
}

/// Evaluated arguments of one call.
pub(super) struct Args<'a> {
    pub(super) info: &'static GeneratorInfo,
    pub(super) values: &'a [Option<Datum>],
    pub(super) locale: Locale,
}

impl Args<'_> {
    pub(super) fn get(&self, index: usize) -> Option<&Datum> {
        self.values.get(index).and_then(Option::as_ref)
    }

    fn wrong(&self, index: usize, wanted: &str, got: &Datum) -> ArgFault {
        let name = self.info.parameters[index].name;
        let mut shown = String::new();
        got.write_json(&mut shown);
        if shown.len() > 40 {
            shown = got.kind().name().to_owned();
        }
        ArgFault::new(index, format!("`{name}` of {}(...) must be {wanted}, not {shown}", self.info.name))
            .help(format!("write {}, for example {}", self.info.signature(), self.info.example))
    }

    pub(super) fn integer(&self, index: usize) -> Result<Option<i64>, ArgFault> {
        match self.get(index) {
            None => Ok(None),
            Some(Datum::Integer(v)) => Ok(Some(*v)),
            Some(Datum::Real(v)) if *v as i64 as f64 == *v && v.abs() < 9e18 => Ok(Some(*v as i64)),
            Some(other) => Err(self.wrong(index, "an integer", other)),
        }
    }

    /// A number of bytes: an integer, or text such as `"64KiB"`.
    pub(super) fn size(&self, index: usize) -> Result<Option<i64>, ArgFault> {
        let Some(Datum::Text(text)) = self.get(index) else { return self.integer(index) };
        let size: Size = text.parse().map_err(|error: QuantityError| {
            ArgFault::new(index, error.to_string())
                .help("write a size such as \"320KiB\", or a number of bytes")
        })?;
        let bytes = i64::try_from(size.as_bytes());
        bytes.map(Some).map_err(|_| ArgFault::new(index, format!("`{text}` is too large")))
    }

    pub(super) fn number(&self, index: usize) -> Result<Option<f64>, ArgFault> {
        match self.get(index) {
            None => Ok(None),
            Some(Datum::Integer(v)) => Ok(Some(*v as f64)),
            Some(Datum::Real(v)) if v.is_finite() => Ok(Some(*v)),
            Some(other) => Err(self.wrong(index, "a number", other)),
        }
    }

    pub(super) fn text(&self, index: usize) -> Result<Option<&str>, ArgFault> {
        match self.get(index) {
            None => Ok(None),
            Some(Datum::Text(v)) => Ok(Some(v)),
            Some(other) => Err(self.wrong(index, "text in quotes", other)),
        }
    }

    pub(super) fn list(&self, index: usize) -> Result<&[Datum], ArgFault> {
        match self.get(index) {
            Some(Datum::List(items)) if items.is_empty() => {
                Err(ArgFault::new(index, format!("{}(...) has nothing to take from", self.info.name))
                    .help(format!("write at least one value: {}", self.info.example)))
            }
            Some(Datum::List(items)) => Ok(items),
            other => Err(self.wrong(index, "a list", other.unwrap_or(&Datum::Null))),
        }
    }

    pub(super) fn map(&self, index: usize) -> Result<&[(String, Datum)], ArgFault> {
        match self.get(index) {
            Some(Datum::Map(entries)) => Ok(entries),
            other => Err(self.wrong(index, "a map", other.unwrap_or(&Datum::Null))),
        }
    }

    pub(super) fn distribution(&self, index: usize) -> Result<Distribution, ArgFault> {
        let Some(name) = self.text(index)? else { return Ok(Distribution::Uniform) };
        Distribution::parse(name)
            .map_err(|help| ArgFault::new(index, format!("there is no distribution \"{name}\"")).help(help))
    }

    /// A probability from 0 to 1.
    pub(super) fn probability(&self, index: usize, default: f64) -> Result<f64, ArgFault> {
        let p = self.number(index)?.unwrap_or(default);
        if (0.0..=1.0).contains(&p) {
            return Ok(p);
        }
        Err(ArgFault::new(index, format!("a probability lies between 0 and 1, not at {p}"))
            .help(format!("write {}", if p > 1.0 && p <= 100.0 { p / 100.0 } else { 0.5 })))
    }

    /// Least and greatest length from parameters 0 and 1; the first alone means exactly that many.
    pub(super) fn lengths(&self, low: usize, high: usize, limit: usize) -> Result<(usize, usize), ArgFault> {
        self.between((self.integer(0)?, self.integer(1)?), (low, high), limit)
    }

    /// The same in bytes, which may be given as text such as `"64KiB"`.
    pub(super) fn sizes(&self, low: usize, high: usize, limit: usize) -> Result<(usize, usize), ArgFault> {
        self.between((self.size(0)?, self.size(1)?), (low, high), limit)
    }

    fn between(
        &self,
        given: (Option<i64>, Option<i64>),
        (low, high): (usize, usize),
        limit: usize,
    ) -> Result<(usize, usize), ArgFault> {
        let beyond = |index, length| {
            ArgFault::new(index, format!("a length lies between 0 and {limit}, not at {length}"))
                .help(format!("write a length up to {limit}"))
        };
        let (low, high) = match given {
            (None, None) => return Ok((low, high)),
            (Some(exact), None) => (exact, exact),
            (None, Some(high)) => ((low as i64).min(high), high),
            (Some(low), Some(high)) => (low, high),
        };
        if low < 0 || low > limit as i64 {
            return Err(beyond(0, low));
        }
        if high > limit as i64 {
            return Err(beyond(1, high));
        }
        if high < low {
            return Err(self.reversed(1, low, high));
        }
        Ok((low as usize, high as usize))
    }

    /// The fault of a range whose end is below its start.
    pub(super) fn reversed(
        &self,
        index: usize,
        low: impl std::fmt::Display,
        high: impl std::fmt::Display,
    ) -> ArgFault {
        ArgFault::new(
            index,
            format!("the range of {}(...) ends at {high}, before its start {low}", self.info.name),
        )
        .help(format!("write {}({high}, {low})", self.info.name))
    }
}

/// The locale of a `locale="…"` argument.
pub(super) fn locale_argument(datum: &Datum) -> Result<Locale, (String, String)> {
    let Datum::Text(name) = datum else {
        return Err(("a locale is text in quotes".to_owned(), "write locale=\"de_de\"".to_owned()));
    };
    Locale::parse(name).ok_or_else(|| {
        let near = crate::diagnostic::nearest(&name.replace('-', "_"), LOCALE_NAMES.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write one of {}", LOCALE_NAMES.join(", ")),
        };
        (format!("there is no locale \"{name}\""), help)
    })
}

type Runner = Box<dyn Fn(&mut Run<'_>) -> Result<Piece, RenderError> + Send + Sync>;
type Chooser = Box<dyn Fn(&mut Run<'_>, u128) -> Piece + Send + Sync>;

/// A generator with its arguments worked in.
pub(super) struct Prepared {
    pub(super) run: Runner,
    /// Its values in an order of their own, where they can be counted and all differ: what `unique` permutes.
    pub(super) space: Option<Space>,
    pub(super) distinct: Distinct,
    /// What its values are, where that follows from the arguments.
    pub(super) gives: Option<Kind>,
    /// The same value whatever is drawn and whichever row.
    pub(super) uses_row: bool,
}

pub(super) struct Space {
    pub(super) size: u128,
    pub(super) at: Chooser,
}

impl Prepared {
    /// Any value.
    pub(super) fn new(
        run: impl Fn(&mut Run<'_>) -> Result<Piece, RenderError> + Send + Sync + 'static,
    ) -> Self {
        Prepared {
            run: Box::new(run),
            space: None,
            distinct: Distinct::Unknown,
            gives: None,
            uses_row: false,
        }
    }

    /// Text, appended to the buffer.
    pub(super) fn text(write: impl Fn(&mut Run<'_>) + Send + Sync + 'static) -> Self {
        Prepared::new(move |run| {
            let start = run.text.len();
            write(run);
            Ok(Piece::Text(start))
        })
    }

    /// One of `size` countable values, all alike.
    pub(super) fn counted(
        size: u128,
        at: impl Fn(&mut Run<'_>, u128) -> Piece + Send + Sync + Clone + 'static,
    ) -> Self {
        let chosen = at.clone();
        let mut prepared = Prepared::new(move |run| {
            let index = run.draw.below_wide(size);
            Ok(chosen(run, index))
        });
        prepared.space = Some(Space { size, at: Box::new(at) });
        prepared.distinct = Distinct::AtMost(size);
        prepared
    }

    pub(super) fn gives(mut self, kind: Kind) -> Self {
        self.gives = Some(kind);
        self
    }

    pub(super) fn distinct(mut self, distinct: Distinct) -> Self {
        self.distinct = distinct;
        self
    }

    pub(super) fn uses_row(mut self) -> Self {
        self.uses_row = true;
        self
    }
}
