//! From minijinja's calls to our tree: which generator is meant, which argument is which, and whether they make sense.

use std::ops::Range;

use minijinja::machinery::ast;

use super::args::{ArgFault, Args, GeneratorInfo, locale_argument};
use super::catalogue::{catalogue, find};
use super::datum::Datum;
use super::lower::{BUILT_IN, Lower, span};
use super::node::Node;
use super::special::{is_counted, is_made};
use super::{FaultKind, Locale};
use crate::diagnostic::nearest;

/// One argument in the place of its parameter.
pub(super) struct Argument {
    /// `None` when only minijinja can evaluate it.
    pub(super) node: Option<Node>,
    pub(super) range: Range<usize>,
}

/// What other libraries call a generator.
const HABITS: [(&str, &str); 15] = [
    ("full_name", "name"),
    ("random_int", "int"),
    ("randint", "int"),
    ("number", "int"),
    ("integer", "int"),
    ("random_float", "float"),
    ("boolean", "bool"),
    ("random_element", "choice"),
    ("random_choice", "choice"),
    ("sample", "choice"),
    ("uuid", "uuid4"),
    ("guid", "uuid4"),
    ("now", "datetime"),
    ("user_name", "username"),
    ("optional", "maybe"),
];

impl Lower<'_> {
    pub(super) fn call(&mut self, call: &ast::Call<'_>, range: Range<usize>) -> Option<Node> {
        let ast::CallType::Function(name) = call.identify_call() else {
            self.check_callee(call);
            self.arguments(&call.args);
            return None;
        };
        if self.is_local(name) || BUILT_IN.contains(&name) {
            self.arguments(&call.args);
            return None;
        }
        let Some(info) = find(name) else {
            self.arguments(&call.args);
            self.unknown_function(name, span(&call.expr));
            return None;
        };
        self.makes_bytes |= info.name == "bytes";
        let before = self.faults.len();
        let (arguments, locale) = self.bind(info, call, &range)?;
        if self.faults.len() > before {
            return None;
        }
        match info.name {
            "ref" => self.reference(arguments, range),
            "line" => self.line(info, arguments, range),
            "unique" => self.unique(arguments, range),
            "among" | "runs" | "cycle" => self.rows(info, arguments, range),
            "size" => self.size(info, arguments, range),
            "maybe" if is_counted(&arguments) => self.maybe(info, arguments, locale, range),
            "weighted" if is_made(&arguments) => self.weighted(arguments, range),
            _ => self.plain(info, arguments, locale, range),
        }
    }

    fn check_callee(&mut self, call: &ast::Call<'_>) {
        match call.identify_call() {
            ast::CallType::Method(object, _) | ast::CallType::Object(object) => self.check(object),
            _ => {}
        }
    }

    fn unknown_function(&mut self, name: &str, range: Range<usize>) {
        let habit = HABITS.iter().find(|(habit, _)| *habit == name).map(|(_, known)| *known);
        let near = habit.or_else(|| nearest(name, catalogue().iter().map(|info| info.name)));
        let help = match near.and_then(find) {
            Some(info) => format!("did you mean {}?", info.example),
            None => "`runner fakers` lists all generators".to_owned(),
        };
        self.fault(FaultKind::UnknownGenerator, range, format!("there is no generator `{name}`"), Some(help));
    }

    /// Puts each argument in its parameter's place. `None` when that is impossible.
    fn bind(
        &mut self,
        info: &'static GeneratorInfo,
        call: &ast::Call<'_>,
        range: &Range<usize>,
    ) -> Option<(Vec<Option<Argument>>, Locale)> {
        let mut bound: Vec<Option<Argument>> = info.parameters.iter().map(|_| None).collect();
        let mut locale = self.context.locale;
        let mut fits = true;
        for (position, argument) in call.args.iter().enumerate() {
            match argument {
                ast::CallArg::Pos(inner) => {
                    let argument = Argument { node: self.expression(inner), range: span(inner) };
                    let place = argument.range.clone();
                    match bound.get_mut(position) {
                        Some(slot) => *slot = Some(argument),
                        None if fits => {
                            fits = false;
                            let message =
                                format!("{}(...) takes at most {}", info.name, count(info.parameters.len()));
                            self.fault(FaultKind::WrongArgument, place, message, usage(info));
                        }
                        None => {}
                    }
                }
                ast::CallArg::Kwarg("locale", inner) if info.localized => match self.expression(inner) {
                    Some(Node::Constant(datum)) => match locale_argument(&datum) {
                        Ok(parsed) => locale = parsed,
                        Err((message, help)) => {
                            self.fault(FaultKind::WrongArgument, span(inner), message, Some(help));
                        }
                    },
                    _ => self.fault(
                        FaultKind::WrongArgument,
                        span(inner),
                        "a locale must be known before any row",
                        Some("write locale=\"de_de\", or a variable from [vars]".to_owned()),
                    ),
                },
                ast::CallArg::Kwarg(name, inner) => fits &= self.keyword(info, &mut bound, name, inner),
                ast::CallArg::PosSplat(inner) | ast::CallArg::KwargSplat(inner) => {
                    fits = false;
                    let message = "arguments of a generator cannot be spread from a list or map";
                    self.fault(FaultKind::Unsupported, span(inner), message, usage(info));
                }
            }
        }
        for (parameter, argument) in info.parameters.iter().zip(&bound) {
            if fits && parameter.default.is_none() && argument.is_none() {
                fits = false;
                let message = format!("{}(...) lacks `{}`", info.name, parameter.name);
                self.fault(FaultKind::WrongArgument, range.clone(), message, usage(info));
            }
        }
        fits.then_some((bound, locale))
    }

    fn keyword(
        &mut self,
        info: &'static GeneratorInfo,
        bound: &mut [Option<Argument>],
        name: &str,
        inner: &ast::Expr<'_>,
    ) -> bool {
        let argument = Argument { node: self.expression(inner), range: span(inner) };
        let start = self.source[..argument.range.start].rfind(name).unwrap_or(argument.range.start);
        let place = start..start + name.len();
        let position = info.parameters.iter().position(|parameter| parameter.name == name);
        match position.and_then(|position| bound.get_mut(position)) {
            Some(slot @ None) => {
                *slot = Some(argument);
                true
            }
            Some(Some(_)) => {
                self.fault(FaultKind::WrongArgument, place, format!("`{name}` is given twice"), usage(info));
                false
            }
            None => {
                let names = info.parameters.iter().map(|parameter| parameter.name);
                let help = match nearest(name, names.chain(info.localized.then_some("locale"))) {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None => usage(info),
                };
                let message = format!("{}(...) has no `{name}`", info.name);
                self.fault(FaultKind::WrongArgument, place, message, help);
                false
            }
        }
    }

    /// A generator that depends on its arguments alone.
    pub(super) fn plain(
        &mut self,
        info: &'static GeneratorInfo,
        arguments: Vec<Option<Argument>>,
        locale: Locale,
        range: Range<usize>,
    ) -> Option<Node> {
        let ranges: Vec<Range<usize>> = arguments
            .iter()
            .map(|slot| slot.as_ref().map_or(range.clone(), |argument| argument.range.clone()))
            .collect();
        let mut nodes = Vec::with_capacity(arguments.len());
        let mut complete = true;
        for argument in arguments {
            complete &= argument.as_ref().is_none_or(|argument| argument.node.is_some());
            nodes.push(argument.and_then(|argument| argument.node));
        }
        if !complete {
            return None;
        }
        let Some(values) = nodes.iter().map(constant).collect::<Option<Vec<Option<Datum>>>>() else {
            return Some(Node::Dynamic(info, nodes, locale));
        };
        match (info.prepare)(&Args { info, values: &values, locale }) {
            Ok(prepared) => Some(Node::Call(info, Box::new(prepared))),
            Err(ArgFault { argument, message, help }) => {
                let place = ranges.get(argument).cloned().unwrap_or(range);
                self.fault(FaultKind::WrongArgument, place, message, help);
                None
            }
        }
    }
}

/// Outer `None` when the argument depends on the row.
fn constant(node: &Option<Node>) -> Option<Option<Datum>> {
    match node {
        None => Some(None),
        Some(Node::Constant(datum)) => Some(Some(datum.clone())),
        Some(_) => None,
    }
}

fn usage(info: &GeneratorInfo) -> Option<String> {
    Some(match info.parameters {
        [] => format!("write {}()", info.name),
        _ => format!("write {}, for example {}", info.signature(), info.example),
    })
}

fn count(number: usize) -> String {
    match number {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_stands_for_a_generator_and_is_none_itself() {
        for (habit, known) in HABITS {
            assert!(find(known).is_some(), "there is no generator `{known}`");
            assert!(find(habit).is_none(), "`{habit}` is a generator");
        }
    }
}
