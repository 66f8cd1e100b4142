//! Values of a call on its own, without any table: what help and documentation show as live examples.

use super::datum::Kind;
use super::{
    CompileContext, GeneratorInfo, Locale, Parameter, References, RenderError, ResolveReference, RowContext,
    Scratch, Target, Template, mix,
};
use crate::value::Value;

/// The seed of examples: a scenario's own, unless it names one.
const SEED: u64 = 42;
/// Rows of the table that an example of `ref` refers to.
const PARENTS: u64 = 1_000;
/// What an example of `line` reads.
const LINES: &str = "alpha\nbeta\ngamma\ndelta\n";

/// The values of a call in rows 1 to `rows`, always the same ones. A call of `ref` finds a table of a thousand rows with 1, 2, 3, … in every
/// column, one of `line` a file of four lines.
///
/// # Errors
/// What is wrong with the call, in words.
pub fn samples(call: &str, locale: Locale, rows: u64) -> Result<Vec<Value>, String> {
    let vars = serde_json::Map::new();
    let context = CompileContext {
        vars: &vars,
        locale,
        references: &Anywhere,
        repetition: false,
        files: &|_| Ok(LINES.to_owned()),
    };
    let template = Template::compile(&format!("{{{{ {call} }}}}"), context)
        .map_err(|faults| faults.first().map_or(String::new(), |fault| fault.message.clone()))?;
    let mut scratch = Scratch::default();
    let value = |row| {
        let seed = mix(SEED, &[row]);
        let context = RowContext { row, repetition: 0, seed, column_seed: SEED, references: &Anywhere };
        template.render(&context, &mut scratch).map(|value| value.to_owned())
    };
    (1..=rows).map(value).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Tables that have every column.
struct Anywhere;

impl ResolveReference for Anywhere {
    fn resolve(&self, _: &str) -> Result<Target, String> {
        Ok(Target { table: 0, column: 0 })
    }
}

impl References for Anywhere {
    fn available(&self, _: usize) -> u64 {
        PARENTS
    }

    fn value(&self, _: Target, row: u64, _: &mut Scratch) -> Result<Value, RenderError> {
        Ok(Value::Integer(row as i64))
    }
}

impl GeneratorInfo {
    /// The type of what it gives, in a word.
    pub fn gives(&self) -> &'static str {
        match self.gives {
            Kind::Any => "any",
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Integer => "integer",
            Kind::Real => "real",
            Kind::Text => "text",
            Kind::Blob => "blob",
            Kind::List => "list",
            Kind::Map => "map",
        }
    }

    /// What one of its parameters means, in a line.
    pub fn meaning(&self, parameter: &Parameter) -> &'static str {
        meaning(self.name, parameter.name)
    }
}

/// By generator and parameter; parameters of one name mean the same unless the generator says otherwise.
fn meaning(generator: &str, parameter: &str) -> &'static str {
    match (generator, parameter) {
        ("words" | "sentence", "min") => "least number of words; without `max`, the exact one",
        ("words" | "sentence", "max") => "greatest number of words",
        ("sentences" | "paragraph", "min") => "least number of sentences; without `max`, the exact one",
        ("sentences" | "paragraph", "max") => "greatest number of sentences",
        ("paragraphs", "min") => "least number of paragraphs; without `max`, the exact one",
        ("paragraphs", "max") => "greatest number of paragraphs",
        ("bytes", "min") => "least number of bytes; without `max`, the exact one",
        ("bytes", "max") => "greatest number of bytes",
        ("size", "text") => "a size in quotes, or a number of bytes",
        ("normal", "mean") => "middle of the numbers",
        ("hex", "digits") => "number of digits",
        ("bool", "p") => "probability of true, 0 to 1",
        ("unique", "value") => "a call whose values are made different",
        ("maybe", "value") => "a call or constant",
        ("maybe", "otherwise") => "what stands in place of the value; null without it",
        ("maybe" | "weighted", "per") => {
            "so many rows have the proportions exactly; without it they are left to chance"
        }
        ("text" | "chars" | "bytes", "per") => {
            "so many rows meet the mean exactly; without it they come close"
        }
        ("weighted", "in_order") => {
            "whether the rows of one value come one after the other, as far as `per` goes"
        }
        ("ref", "rows") => {
            "a list of two row numbers: only rows from the first to the second are referred to"
        }
        ("chars", "set") => "the signs, such as a-z0-9",
        ("json", "value") => "a map, list, call or constant, nested at will",
        ("among", "count") => "number of different values",
        ("digits", "count") => "number of digits",
        ("geohash", "signs") => "number of signs; more are a smaller cell",
        ("cycle", "count") => "number of rows after which the values come again",
        ("among" | "runs" | "cycle", "value") => "a call that makes the values",
        (_, "min") => "least number of characters; without `max`, the exact one",
        (_, "max") => "greatest number of characters",
        (_, "mean") => "mean length that the values come to",
        (_, "start") => "value of row 1",
        (_, "step") => "what each row adds",
        (_, "pattern") => "the shape: classes such as [A-Z], \\d, \\w, and how often: {n}, {n,m}, ?",
        (_, "from") => "first day or moment, as text",
        (_, "to") => "last day or moment, as text",
        (_, "low") => "least number",
        (_, "high") => "greatest number",
        (_, "digits") => "digits after the point; as many as there are without it",
        (_, "deviation") => "standard deviation",
        (_, "distribution") => "\"uniform\", \"zipfian\", \"latest\", \"sequential\" or \"normal\"",
        (_, "values") => "a list",
        (_, "weights") => "a map of values and weights, or a list of [value, weight]",
        (_, "p") => "probability of the value, 0 to 1",
        (_, "file") => "path of a text file, relative to the working directory",
        (_, "target") => "table and column, as text",
        (_, "points") => {
            "a list of numbers: quantiles at equal distances, the least and the greatest included"
        }
        (_, "rows") => "number of rows that share a value, 1 or more",
        (_, "fan_out") => "rows that refer to one parent, one after the other",
        (_, "share") => "share of the parents that are referred to at all, 0 to 1",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::catalogue;

    #[test]
    fn every_example_of_the_catalogue_has_a_value_in_every_row() {
        for info in catalogue() {
            let values = samples(info.example, Locale::En, 50);
            let values = values.unwrap_or_else(|error| panic!("{}: {error}", info.example));
            assert!(values.iter().any(|value| *value != Value::Null), "{} gives nothing", info.example);
            assert_eq!(samples(info.example, Locale::En, 50).as_ref(), Ok(&values), "{}", info.example);
        }
    }

    #[test]
    fn every_parameter_of_the_catalogue_is_explained() {
        let unexplained: Vec<String> = catalogue()
            .iter()
            .flat_map(|info| info.parameters.iter().map(move |parameter| (info, parameter)))
            .filter(|(info, parameter)| info.meaning(parameter).is_empty())
            .map(|(info, parameter)| format!("{} of {}", parameter.name, info.name))
            .collect();
        assert!(unexplained.is_empty(), "say in `meaning` what they mean: {unexplained:?}");
    }

    #[test]
    fn a_wrong_call_says_what_is_wrong() {
        let error = samples("int(5, 1)", Locale::En, 1).unwrap_err();
        assert_eq!(error, "the range of int(...) ends at 1, before its start 5");
    }

    #[test]
    fn localized_examples_differ_between_languages() {
        let name = |locale| samples("name()", locale, 3);
        assert_ne!(name(Locale::En), name(Locale::JaJp));
    }
}
