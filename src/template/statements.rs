//! From a template's source to its body: parsing, walking its statements, and choosing between our tree and minijinja.

use std::collections::HashSet;
use std::ops::Range;

use minijinja::machinery::{ast, parse};

use super::datum::Datum;
use super::facts::{facts_of, facts_of_all};
use super::fallback::Fallback;
use super::lower::{Lower, span};
use super::node::Node;
use super::{Body, CompileContext, Facts, Fault, FaultKind};

/// A body, what is known about it, and the places of its statements in the source.
pub(super) type Compiled = (Body, Facts, Vec<Range<usize>>);

/// Compiles a template; `only_jinja` leaves everything to minijinja.
pub(super) fn compile(
    source: &str,
    context: CompileContext<'_>,
    only_jinja: bool,
) -> Result<Compiled, Vec<Fault>> {
    let parsed =
        parse(source, "<value>", Default::default()).map_err(|error| vec![syntax(source, &error)])?;
    let ast::Stmt::Template(template) = &parsed else {
        unreachable!("minijinja parses a source into a template");
    };
    let mut lower = Lower {
        source,
        context,
        vars: Datum::from_object(context.vars),
        faults: Vec::new(),
        scopes: vec![HashSet::new()],
        specials: Vec::new(),
        makes_bytes: false,
    };
    let node = lower.template(&template.children);
    if !lower.faults.is_empty() {
        lower.faults.sort_by_key(|fault| (fault.range.start, fault.range.end));
        return Err(lower.faults);
    }
    let places = template.children.iter().map(place).collect();
    if let Some(node) = node.filter(|_| !only_jinja) {
        let facts = Facts { makes_bytes: lower.makes_bytes, ..facts_of(&node) };
        return Ok((Body::Tree(node), facts, places));
    }
    let nodes: Vec<&Node> = lower.specials.iter().map(|(_, node)| &**node).collect();
    let mut facts = facts_of_all(&nodes);
    // What statements and filters read cannot be told from the tree.
    facts.uses_row = true;
    facts.makes_bytes = lower.makes_bytes;
    let expression = single_expression(&template.children).map(span);
    let fallback = Fallback::new(
        source,
        expression,
        lower.vars,
        context.locale,
        lower.specials,
        facts.references.clone(),
    )
    .map_err(|error| vec![syntax(source, &error)])?;
    Ok((Body::Jinja(Box::new(fallback)), facts, places))
}

/// Where an expression stands; other statements are not told apart.
fn place(statement: &ast::Stmt<'_>) -> Range<usize> {
    match statement {
        ast::Stmt::EmitExpr(emit) => span(&emit.expr),
        _ => 0..0,
    }
}

/// The expression of a template that is nothing else.
fn single_expression<'t, 's>(statements: &'t [ast::Stmt<'s>]) -> Option<&'t ast::Expr<'s>> {
    match statements {
        [ast::Stmt::EmitExpr(emit)] => Some(&emit.expr),
        _ => None,
    }
}

fn syntax(source: &str, error: &minijinja::Error) -> Fault {
    let range = error.range().unwrap_or(0..source.len());
    let range = range.start.min(source.len())..range.end.min(source.len());
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let help = if source.matches("{{").count() > source.matches("}}").count() {
        Some("close the expression with }}".to_owned())
    } else {
        None
    };
    Fault { kind: FaultKind::Syntax, range, message, help }
}

impl Lower<'_> {
    /// The whole template as a node; `None` when it needs minijinja or is faulty.
    fn template(&mut self, statements: &[ast::Stmt<'_>]) -> Option<Node> {
        if let Some(expression) = single_expression(statements) {
            return self.expression(expression);
        }
        let mut parts = Some(Vec::new());
        for statement in statements {
            let part = match statement {
                ast::Stmt::EmitRaw(raw) => Some(Node::Constant(Datum::Text(raw.raw.to_owned()))),
                ast::Stmt::EmitExpr(emit) => self.expression(&emit.expr),
                other => {
                    self.statement(other);
                    None
                }
            };
            parts = parts.zip(part).map(|(mut parts, part)| {
                parts.push(part);
                parts
            });
        }
        let parts = parts?;
        // Text without an expression, and an empty template, are constants.
        match <[Node; 1]>::try_from(parts) {
            Ok([constant @ Node::Constant(Datum::Text(_))]) => Some(constant),
            Ok([part]) => Some(Node::Concat(vec![part])),
            Err(parts) if parts.is_empty() => Some(Node::Constant(Datum::Text(String::new()))),
            Err(parts) => Some(Node::Concat(parts)),
        }
    }

    fn body(&mut self, statements: &[ast::Stmt<'_>], bound: &[&ast::Expr<'_>], names: &[&str]) {
        self.scopes.push(names.iter().map(|name| (*name).to_owned()).collect());
        bound.iter().for_each(|target| self.bind_names(target));
        statements.iter().for_each(|statement| self.statement(statement));
        self.scopes.pop();
    }

    /// Adds the names of an assignment's left side to the innermost scope.
    fn bind_names(&mut self, target: &ast::Expr<'_>) {
        match target {
            ast::Expr::Var(var) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.insert(var.id.to_owned());
                }
            }
            ast::Expr::List(list) => list.items.iter().for_each(|item| self.bind_names(item)),
            ast::Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind_names(item)),
            other => self.check(other),
        }
    }

    fn statement(&mut self, statement: &ast::Stmt<'_>) {
        match statement {
            ast::Stmt::EmitRaw(_) => {}
            ast::Stmt::EmitExpr(emit) => self.check(&emit.expr),
            ast::Stmt::Template(template) => self.body(&template.children, &[], &[]),
            ast::Stmt::IfCond(condition) => {
                self.check(&condition.expr);
                // minijinja keeps names that a branch sets.
                condition
                    .true_body
                    .iter()
                    .chain(&condition.false_body)
                    .for_each(|inner| self.statement(inner));
            }
            ast::Stmt::ForLoop(each) => {
                self.check(&each.iter);
                self.scopes.push(HashSet::new());
                self.bind_names(&each.target);
                each.filter_expr.iter().for_each(|filter| self.check(filter));
                self.body(&each.body, &[], &["loop"]);
                self.scopes.pop();
                self.body(&each.else_body, &[], &[]);
            }
            ast::Stmt::WithBlock(with) => {
                with.assignments.iter().for_each(|(_, value)| self.check(value));
                let targets: Vec<&ast::Expr<'_>> =
                    with.assignments.iter().map(|(target, _)| target).collect();
                self.body(&with.body, &targets, &[]);
            }
            ast::Stmt::Set(set) => {
                self.check(&set.expr);
                self.bind_names(&set.target);
            }
            ast::Stmt::SetBlock(set) => {
                set.filter.iter().for_each(|filter| self.check(filter));
                self.body(&set.body, &[], &[]);
                self.bind_names(&set.target);
            }
            ast::Stmt::FilterBlock(filter) => {
                self.check(&filter.filter);
                self.body(&filter.body, &[], &[]);
            }
            ast::Stmt::AutoEscape(escape) => self.unsupported("autoescape", statement_range(escape.span())),
            ast::Stmt::Do(call) => {
                let range = statement_range(call.call.span());
                self.unsupported("do", range);
            }
            ast::Stmt::Macro(macro_) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.insert(macro_.name.to_owned());
                }
                macro_.defaults.iter().for_each(|default| self.check(default));
                let parameters: Vec<&ast::Expr<'_>> = macro_.args.iter().collect();
                self.body(&macro_.body, &parameters, &["caller", "varargs", "kwargs"]);
            }
            ast::Stmt::CallBlock(block) => self.unsupported("call", statement_range(block.span())),
            ast::Stmt::Block(block) => self.unsupported("block", statement_range(block.span())),
            ast::Stmt::Import(import) => self.unsupported("import", statement_range(import.span())),
            ast::Stmt::FromImport(import) => self.unsupported("from", statement_range(import.span())),
            ast::Stmt::Extends(extends) => self.unsupported("extends", statement_range(extends.span())),
            ast::Stmt::Include(include) => self.unsupported("include", statement_range(include.span())),
        }
    }

    fn unsupported(&mut self, what: &str, range: Range<usize>) {
        let message = format!("a value cannot use {{% {what} %}}");
        self.fault(
            FaultKind::Unsupported,
            range,
            message,
            Some("use if, for, set, with, filter or macro".to_owned()),
        );
    }
}

fn statement_range(span: minijinja::machinery::Span) -> Range<usize> {
    span.start_offset as usize..(span.end_offset as usize).max(span.start_offset as usize)
}
