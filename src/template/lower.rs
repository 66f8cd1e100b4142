//! From minijinja's expressions to our tree, with every mistake on the way.
//!
//! An expression that only minijinja can evaluate gives `None`, but everything inside it is checked all the same. Calls are left to `calls`,
//! statements to `statements`.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::ast;

use super::catalogue::{catalogue, find};
use super::datum::{Datum, Kind};
use super::node::{Node, Operator};
use super::{CompileContext, Fault, FaultKind};
use crate::diagnostic::nearest;

/// Functions of minijinja that make sense within a value.
pub(super) const BUILT_IN: [&str; 3] = ["range", "dict", "namespace"];

/// The state of one template's compilation.
pub(super) struct Lower<'a> {
    pub(super) source: &'a str,
    pub(super) context: CompileContext<'a>,
    pub(super) vars: Datum,
    pub(super) faults: Vec<Fault>,
    /// Names bound by statements, innermost last.
    pub(super) scopes: Vec<HashSet<String>>,
    /// Calls that minijinja cannot make itself, with their place in the source.
    pub(super) specials: Vec<(Range<usize>, Arc<Node>)>,
    /// Whether `bytes` is called anywhere.
    pub(super) makes_bytes: bool,
}

impl Lower<'_> {
    pub(super) fn fault(
        &mut self,
        kind: FaultKind,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.faults.push(Fault { kind, range, message: message.into(), help: help.into() });
    }

    pub(super) fn is_local(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains(name))
    }

    /// The expression as a node; `None` when it needs minijinja or is faulty.
    pub(super) fn expression(&mut self, expression: &ast::Expr<'_>) -> Option<Node> {
        match expression {
            ast::Expr::Const(constant) => Datum::from_jinja(&constant.value).map(Node::Constant),
            ast::Expr::Var(var) => self.variable(var.id, span(expression)),
            ast::Expr::Call(call) => self.call(call, span(expression)),
            ast::Expr::GetAttr(attribute) => self.attribute(attribute, span(expression)),
            ast::Expr::GetItem(item) => self.item(item),
            ast::Expr::BinOp(operation) => self.operation(operation),
            ast::Expr::UnaryOp(operation) => self.unary(operation),
            ast::Expr::List(list) => self.nodes(&list.items).map(list_node),
            ast::Expr::Tuple(tuple) => self.nodes(&tuple.items).map(list_node),
            ast::Expr::Map(map) => self.map(map),
            ast::Expr::Slice(slice) => {
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                    .for_each(|part| self.check(part));
                None
            }
            ast::Expr::Compare(compare) => {
                self.check(&compare.expr);
                compare.ops.iter().for_each(|operand| self.check(&operand.expr));
                None
            }
            ast::Expr::IfExpr(choice) => {
                self.check(&choice.test_expr);
                self.check(&choice.true_expr);
                choice.false_expr.iter().for_each(|other| self.check(other));
                None
            }
            ast::Expr::Filter(filter) => {
                let inner = filter.expr.as_ref().and_then(|inner| self.expression(inner));
                self.known(filter.name, "filter", &FILTERS, span(expression));
                self.arguments(&filter.args);
                if filter.args.is_empty() { extreme(filter.name, inner?) } else { None }
            }
            ast::Expr::Test(test) => {
                self.check(&test.expr);
                self.known(test.name, "test", &TESTS, span(expression));
                self.arguments(&test.args);
                None
            }
        }
    }

    /// Only looks for mistakes.
    pub(super) fn check(&mut self, expression: &ast::Expr<'_>) {
        let _unneeded = self.expression(expression);
    }

    pub(super) fn arguments(&mut self, arguments: &[ast::CallArg<'_>]) {
        for argument in arguments {
            match argument {
                ast::CallArg::Pos(inner)
                | ast::CallArg::Kwarg(_, inner)
                | ast::CallArg::PosSplat(inner)
                | ast::CallArg::KwargSplat(inner) => self.check(inner),
            }
        }
    }

    fn known(&mut self, name: &str, what: &str, names: &[&str], range: Range<usize>) {
        if !names.contains(&name) {
            let place = self.source[range.clone()].rfind(name).map(|at| range.start + at);
            let range = place.map_or(range, |start| start..start + name.len());
            let help = nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            self.fault(FaultKind::UnknownGenerator, range, format!("there is no {what} `{name}`"), help);
        }
    }

    fn variable(&mut self, name: &str, range: Range<usize>) -> Option<Node> {
        if self.is_local(name) {
            return None;
        }
        match name {
            "row" => return Some(Node::Row),
            "n" if self.context.repetition => return Some(Node::Repetition),
            "vars" => return Some(Node::Constant(self.vars.clone())),
            _ => {}
        }
        let (message, help) = if let Some(info) = find(name) {
            (format!("`{name}` is a generator and must be called"), Some(format!("write {}", info.example)))
        } else if self.context.vars.contains_key(name) {
            (format!("`{name}` is not defined here"), Some(format!("write vars.{name}")))
        } else if ["null", "NULL", "nil"].contains(&name) {
            (
                format!("`{name}` is not defined"),
                Some("write `none`, or `maybe(0.9, …)` for some rows".to_owned()),
            )
        } else if name == "faker" || name == "fake" {
            (format!("`{name}` is not defined"), Some("generators stand alone: write `name()`".to_owned()))
        } else if name == "n" {
            let help =
                "`n` counts the repetitions of a step, in the `bind` of that step; `row` counts operations";
            ("`n` is not defined here".to_owned(), Some(help.to_owned()))
        } else {
            let near = nearest(name, self.names());
            let help = near.map(|near| match find(near) {
                Some(info) => {
                    format!("did you mean `{}`? For text, write it in quotes: \"{name}\"", info.example)
                }
                None if self.context.vars.contains_key(near) => format!("did you mean `vars.{near}`?"),
                None => format!("did you mean `{near}`?"),
            });
            let otherwise = || {
                Some(format!(
                    "write text in quotes, \"{name}\", or define it in [vars] and write vars.{name}"
                ))
            };
            (format!("`{name}` is not defined"), help.or_else(otherwise))
        };
        self.fault(FaultKind::UnknownName, range, message, help);
        None
    }

    /// All that a lone name could have meant.
    fn names(&self) -> impl Iterator<Item = &str> {
        let locals = self.scopes.iter().flatten().map(String::as_str);
        let vars = self.context.vars.keys().map(String::as_str);
        let repetition = self.context.repetition.then_some("n");
        locals
            .chain(["row", "vars"])
            .chain(repetition)
            .chain(vars)
            .chain(catalogue().iter().map(|info| info.name))
    }

    fn attribute(&mut self, attribute: &ast::GetAttr<'_>, range: Range<usize>) -> Option<Node> {
        let Node::Constant(Datum::Map(entries)) = self.expression(&attribute.expr)? else { return None };
        if let Some((_, value)) = entries.iter().find(|(key, _)| key == attribute.name) {
            return Some(Node::Constant(value.clone()));
        }
        let whole = &self.source[span(&attribute.expr).start..range.end];
        let range = range.end - attribute.name.len()..range.end;
        let near = nearest(attribute.name, entries.iter().map(|(key, _)| key.as_str()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define `{}` in [vars]", attribute.name),
        };
        self.fault(FaultKind::UnknownName, range, format!("`{whole}` is not defined"), Some(help));
        None
    }

    fn item(&mut self, item: &ast::GetItem<'_>) -> Option<Node> {
        let (whole, index) = (self.expression(&item.expr), self.expression(&item.subscript_expr));
        match (whole?, index?) {
            (Node::Constant(Datum::List(items)), Node::Constant(Datum::Integer(index))) => {
                let index = if index < 0 { index + items.len() as i64 } else { index };
                if let Some(value) = usize::try_from(index).ok().and_then(|index| items.get(index)) {
                    return Some(Node::Constant(value.clone()));
                }
                let message = format!("the list has {} values, so there is none at this place", items.len());
                self.fault(FaultKind::UnknownName, span(&item.subscript_expr), message, None);
                None
            }
            (Node::Constant(Datum::Map(entries)), Node::Constant(Datum::Text(key))) => {
                if let Some((_, value)) = entries.iter().find(|(name, _)| *name == key) {
                    return Some(Node::Constant(value.clone()));
                }
                let help = nearest(&key, entries.iter().map(|(name, _)| name.as_str()))
                    .map(|near| format!("did you mean \"{near}\"?"));
                let message = format!("there is no \"{key}\" here");
                self.fault(FaultKind::UnknownName, span(&item.subscript_expr), message, help);
                None
            }
            _ => None,
        }
    }

    fn operation(&mut self, operation: &ast::BinOp<'_>) -> Option<Node> {
        use ast::BinOpKind;
        let (left, right) = (self.expression(&operation.left), self.expression(&operation.right));
        let (left, right) = (left?, right?);
        let operator = match operation.op {
            BinOpKind::Concat => return concat(left, right),
            BinOpKind::Add => Operator::Add,
            BinOpKind::Sub => Operator::Subtract,
            BinOpKind::Mul => Operator::Multiply,
            BinOpKind::FloorDiv => Operator::FloorDivide,
            BinOpKind::Rem => Operator::Remainder,
            _ => return None,
        };
        if let (Node::Constant(Datum::Integer(left)), Node::Constant(Datum::Integer(right))) = (&left, &right)
        {
            return operator.apply(*left, *right).map(|value| Node::Constant(Datum::Integer(value)));
        }
        if let (Node::Constant(left), Node::Constant(right)) = (&left, &right) {
            return fold(operator, left, right);
        }
        let integers = left.kind() == Kind::Integer && right.kind() == Kind::Integer;
        integers.then(|| Node::Arithmetic(operator, Box::new((left, right))))
    }

    fn unary(&mut self, operation: &ast::UnaryOp<'_>) -> Option<Node> {
        let inner = self.expression(&operation.expr)?;
        match (&operation.op, inner) {
            (ast::UnaryOpKind::Neg, Node::Constant(Datum::Integer(v))) => {
                v.checked_neg().map(|v| Node::Constant(Datum::Integer(v)))
            }
            (ast::UnaryOpKind::Neg, Node::Constant(Datum::Real(v))) => Some(Node::Constant(Datum::Real(-v))),
            (ast::UnaryOpKind::Neg, node) if node.kind() == Kind::Integer => {
                let zero = Node::Constant(Datum::Integer(0));
                Some(Node::Arithmetic(Operator::Subtract, Box::new((zero, node))))
            }
            _ => None,
        }
    }

    fn map(&mut self, map: &ast::Map<'_>) -> Option<Node> {
        let keys: Option<Vec<String>> = map.keys.iter().map(|key| self.key(key)).collect();
        let (keys, values) = (keys, self.nodes(&map.values));
        let entries: Vec<(String, Node)> = keys?.into_iter().zip(values?).collect();
        let constant = |(key, node): &(String, Node)| match node {
            Node::Constant(datum) => Some((key.clone(), datum.clone())),
            _ => None,
        };
        Some(match entries.iter().map(constant).collect() {
            Some(datums) => Node::Constant(Datum::Map(datums)),
            None => Node::Map(entries),
        })
    }

    fn key(&mut self, expression: &ast::Expr<'_>) -> Option<String> {
        match self.expression(expression)? {
            Node::Constant(Datum::Text(key)) => Some(key),
            Node::Constant(Datum::Integer(key)) => Some(key.to_string()),
            _ => None,
        }
    }

    fn nodes(&mut self, expressions: &[ast::Expr<'_>]) -> Option<Vec<Node>> {
        // All of them are looked at, also after one that cannot be lowered.
        let nodes: Vec<Option<Node>> = expressions.iter().map(|item| self.expression(item)).collect();
        nodes.into_iter().collect()
    }
}

/// Constant arithmetic other than on integers, by minijinja's own rules.
fn fold(operator: Operator, left: &Datum, right: &Datum) -> Option<Node> {
    let (Datum::Integer(_) | Datum::Real(_), Datum::Integer(_) | Datum::Real(_)) = (left, right) else {
        return None;
    };
    let number = |datum: &Datum| match datum {
        Datum::Integer(v) => *v as f64,
        Datum::Real(v) => *v,
        _ => f64::NAN,
    };
    let (left, right) = (number(left), number(right));
    let value = match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::FloorDivide | Operator::Remainder | Operator::Least | Operator::Greatest => return None,
    };
    Some(Node::Constant(Datum::Real(value)))
}

/// `left ~ right`, where both read the same in minijinja; a boolean, null or list there does not.
fn concat(left: Node, right: Node) -> Option<Node> {
    let same = |node: &Node| matches!(node.kind(), Kind::Text | Kind::Integer | Kind::Real);
    if !same(&left) || !same(&right) {
        return None;
    }
    let mut parts = match left {
        Node::Concat(parts) => parts,
        other => vec![other],
    };
    parts.push(right);
    Some(Node::Concat(parts))
}

/// `[left, right]|min` and `max` of integers, which lengths and numbers of parts are made of.
fn extreme(filter: &str, list: Node) -> Option<Node> {
    let operator = match filter {
        "min" => Operator::Least,
        "max" => Operator::Greatest,
        _ => return None,
    };
    let items = match list {
        Node::List(items) => items,
        Node::Constant(Datum::List(items)) => items.into_iter().map(Node::Constant).collect(),
        _ => return None,
    };
    if items.iter().any(|item| item.kind() != Kind::Integer) {
        return None;
    }
    items.into_iter().reduce(|left, right| match (&left, &right) {
        (Node::Constant(Datum::Integer(a)), Node::Constant(Datum::Integer(b))) => {
            Node::Constant(Datum::Integer(if operator == Operator::Least { *a.min(b) } else { *a.max(b) }))
        }
        _ => Node::Arithmetic(operator, Box::new((left, right))),
    })
}

fn list_node(nodes: Vec<Node>) -> Node {
    let constant = |node: &Node| match node {
        Node::Constant(datum) => Some(datum.clone()),
        _ => None,
    };
    match nodes.iter().map(constant).collect() {
        Some(datums) => Node::Constant(Datum::List(datums)),
        None => Node::List(nodes),
    }
}

/// Bytes of an expression in the source.
pub(super) fn span(expression: &ast::Expr<'_>) -> Range<usize> {
    match expression {
        // Where an operation begins is not told reliably; its operands know.
        ast::Expr::BinOp(operation) => span(&operation.left).start..span(&operation.right).end,
        ast::Expr::Compare(compare) => span(&compare.expr).start..raw(expression).end,
        ast::Expr::IfExpr(choice) => span(&choice.true_expr).start..raw(expression).end,
        ast::Expr::GetAttr(attribute) => span(&attribute.expr).start..raw(expression).end,
        ast::Expr::GetItem(item) => span(&item.expr).start..raw(expression).end,
        ast::Expr::Call(call) => span(&call.expr).start..raw(expression).end,
        ast::Expr::Test(test) => span(&test.expr).start..raw(expression).end,
        ast::Expr::Filter(filter) => match &filter.expr {
            Some(inner) => span(inner).start..raw(expression).end,
            None => raw(expression),
        },
        _ => raw(expression),
    }
}

fn raw(expression: &ast::Expr<'_>) -> Range<usize> {
    let span = expression.span();
    span.start_offset as usize..(span.end_offset as usize).max(span.start_offset as usize)
}

/// Filters that minijinja brings.
#[rustfmt::skip]
pub(super) const FILTERS: [&str; 48] = [
    "abs", "attr", "batch", "bool", "capitalize", "chain", "count", "d", "default", "dictsort", "e", "escape", "first",
    "float", "format", "groupby", "indent", "int", "items", "join", "last", "length", "lines", "list", "lower", "map",
    "max", "min", "pprint", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr",
    "slice", "sort", "split", "string", "sum", "title", "tojson", "trim", "unique", "upper", "zip",
];

/// Tests that minijinja brings.
#[rustfmt::skip]
pub(super) const TESTS: [&str; 42] = [
    "!=", "<", "<=", "==", ">", ">=", "boolean", "containing", "defined", "divisibleby", "endingwith", "eq", "equalto",
    "escaped", "even", "false", "filter", "float", "ge", "greaterthan", "gt", "in", "int", "integer", "iterable", "le",
    "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "safe", "sameas", "sequence", "startingwith",
    "string", "test", "true", "undefined",
];
