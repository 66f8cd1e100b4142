//! From what a scenario gives as a value, a template or a plain number or boolean, to what makes it.
//!
//! Whose value it is, is left to `tables` and `operations`.

use super::columns;
use super::names::Names;
use super::tables::Input;
use crate::diagnostic::{Code, Diagnostic};
use crate::template::{CompileContext, Fault, FaultKind, Template, catalogue, read_file};
use crate::value::Value;

/// A template for text; anything else stays as it is.
pub(super) fn made_from(
    input: &Input<'_>,
    names: &Names,
    path: &[&str],
    value: &serde_json::Value,
    repetition: bool,
) -> Result<Template, Vec<Diagnostic>> {
    match value {
        serde_json::Value::String(text) => template(input, names, path, text, repetition),
        other => Ok(Template::constant(constant(other))),
    }
}

/// A plain number, boolean or text as it is bound.
pub(super) fn constant(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Bool(b) => Value::Integer(i64::from(*b)),
        serde_json::Value::Number(n) => {
            n.as_i64().map_or_else(|| n.as_f64().map_or(Value::Null, Value::Real), Value::Integer)
        }
        serde_json::Value::String(text) => Value::Text(text.clone()),
        _ => Value::Null,
    }
}

/// Compiles the template at a path; `repetition` puts `n` into scope.
pub(super) fn template(
    input: &Input<'_>,
    names: &Names,
    path: &[&str],
    text: &str,
    repetition: bool,
) -> Result<Template, Vec<Diagnostic>> {
    if let Some(call) = one_brace(text) {
        let words = format!("`{text}` has one brace on each side, so it would be plain text");
        let help = format!("write two: '{{{{ {call} }}}}'");
        return Err(vec![Diagnostic::error(Code::TemplateSyntax, input.at(path), words).help(help)]);
    }
    if let Some(name) = bare_call(text) {
        let words = format!("`{text}` stands outside of `{{{{ }}}}`, so it would be plain text");
        let help = format!("write '{{{{ {text} }}}}' for the value of `{name}`");
        return Err(vec![Diagnostic::error(Code::TemplateSyntax, input.at(path), words).help(help)]);
    }
    let context = CompileContext {
        vars: &input.scenario.vars,
        locale: input.scenario.locale,
        references: names,
        repetition,
        files: &read_file,
    };
    Template::compile(text, context)
        .map_err(|found| found.into_iter().map(|fault| in_template(input, path, fault)).collect())
}

/// The generator that a text calls which has no braces around it.
fn bare_call(text: &str) -> Option<&'static str> {
    let (name, _) = text.trim().strip_suffix(')')?.split_once('(')?;
    catalogue().iter().map(|generator| generator.name).find(|known| *known == name.trim())
}

/// The call of a generator in `{ name() }` or `${name()}`.
fn one_brace(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = text.strip_prefix('$').unwrap_or(text).strip_prefix('{')?.strip_suffix('}')?.trim();
    bare_call(inner).map(|_| inner)
}

fn in_template(input: &Input<'_>, path: &[&str], fault: Fault) -> Diagnostic {
    let code = match fault.kind {
        FaultKind::Syntax | FaultKind::Unsupported => Code::TemplateSyntax,
        FaultKind::UnknownName | FaultKind::UnknownGenerator => Code::TemplateUnknownName,
        FaultKind::WrongArgument | FaultKind::MissingFile => Code::TemplateArgument,
        FaultKind::UnknownReference => Code::TemplateReference,
        FaultKind::NotEnoughValues => Code::NotDistinct,
    };
    let at = input.spans.inside(path, fault.range, input.sources).or_else(|| input.at(path));
    let (message, help) = match code {
        Code::TemplateSyntax => columns::template_words(&fault.message, fault.help),
        // What resolves a reference puts what to write instead behind a semicolon.
        Code::TemplateReference => match (fault.message.split_once("; "), fault.help) {
            (Some((message, help)), None) => (message.to_owned(), Some(help.to_owned())),
            (_, help) => (fault.message, help),
        },
        _ => (fault.message, fault.help),
    };
    let diagnostic = Diagnostic::error(code, at, message);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
