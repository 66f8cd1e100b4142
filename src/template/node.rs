//! The tree that a template becomes when it needs nothing of minijinja but its syntax, and how it is evaluated.

use std::sync::Arc;

use super::args::{Args, GeneratorInfo, Prepared};
use super::datum::{Datum, Kind, Piece, Run};
use super::draw::{Permutation, mix};
use super::parts::{Maybe, Weighted};
use super::rows::Shared;
use super::{Distinct, Locale, Pick, RenderError, Target};

/// One expression, or the whole of a template.
pub(super) enum Node {
    Constant(Datum),
    Row,
    /// `n` of a repetition.
    Repetition,
    /// A call whose arguments were known at compile time.
    Call(&'static GeneratorInfo, Box<Prepared>),
    /// A call whose arguments are evaluated for every row.
    Dynamic(&'static GeneratorInfo, Vec<Option<Node>>, Locale),
    /// Text of all parts, one after the other.
    Concat(Vec<Node>),
    Arithmetic(Operator, Box<(Node, Node)>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Reference(Reference),
    /// A value in some of the rows.
    Maybe(Box<Maybe>),
    /// Several values, each in its part of the rows.
    Weighted(Box<Weighted>),
    /// A value that several rows share.
    Rows(Box<Shared>),
    Unique(Box<Node>),
    /// Also used from within minijinja.
    Shared(Arc<Node>),
}

/// `ref("table.column")`.
pub(super) struct Reference {
    pub(super) target: Target,
    pub(super) pick: Pick,
    /// As the template has it.
    pub(super) name: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    FloorDivide,
    Remainder,
    Least,
    Greatest,
}

impl Operator {
    /// `None` where minijinja would leave 64 bits or divide by zero.
    pub(super) fn apply(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Operator::Add => left.checked_add(right),
            Operator::Subtract => left.checked_sub(right),
            Operator::Multiply => left.checked_mul(right),
            Operator::Least => Some(left.min(right)),
            Operator::Greatest => Some(left.max(right)),
            Operator::FloorDivide => {
                let quotient = left.checked_div(right)?;
                Some(if left % right != 0 && (left < 0) != (right < 0) { quotient - 1 } else { quotient })
            }
            Operator::Remainder => {
                let rest = left.checked_rem(right)?;
                Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
            }
        }
    }
}

impl Node {
    /// Evaluates; text and bytes stand at the end of the run's buffers.
    pub(super) fn eval(&self, run: &mut Run<'_>) -> Result<Piece, RenderError> {
        match self {
            Node::Call(_, prepared) => (prepared.run)(run),
            Node::Constant(datum) => Ok(run.put(datum)),
            Node::Row => Ok(Piece::Integer(run.row as i64)),
            Node::Repetition => Ok(Piece::Integer(run.repetition as i64)),
            Node::Concat(parts) => {
                let start = run.text.len();
                for (index, part) in parts.iter().enumerate() {
                    let piece = part.eval(run).map_err(|error| error.in_part(index))?;
                    run.write(piece);
                }
                Ok(Piece::Text(start))
            }
            Node::Reference(reference) => reference.eval(run),
            Node::Rows(shared) => shared.eval(run),
            Node::Maybe(maybe) => maybe.eval(run),
            Node::Weighted(weighted) => weighted.eval(run),
            Node::Unique(inner) => eval_unique(run, inner),
            Node::Shared(node) => node.eval(run),
            Node::Dynamic(info, arguments, locale) => {
                let values: Vec<Option<Datum>> = arguments
                    .iter()
                    .map(|argument| argument.as_ref().map(|node| node.eval_datum(run)).transpose())
                    .collect::<Result<_, _>>()?;
                let prepared = (info.prepare)(&Args { info, values: &values, locale: *locale })?;
                (prepared.run)(run)
            }
            Node::Arithmetic(operator, sides) => {
                let (left, right) = (sides.0.eval(run)?, sides.1.eval(run)?);
                let (Piece::Integer(left), Piece::Integer(right)) = (left, right) else {
                    return Err(RenderError::new("arithmetic needs integers"));
                };
                let value = operator.apply(left, right).map(Piece::Integer);
                value.ok_or_else(|| {
                    RenderError::new(format!("the arithmetic on {left} and {right} has no 64-bit result"))
                })
            }
            Node::List(items) => {
                let items = items.iter().map(|item| item.eval_datum(run)).collect::<Result<_, _>>()?;
                Ok(Piece::Tree(Datum::List(items)))
            }
            Node::Map(entries) => {
                let mut map = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    map.push((key.clone(), value.eval_datum(run)?));
                }
                Ok(Piece::Tree(Datum::Map(map)))
            }
        }
    }

    pub(super) fn eval_datum(&self, run: &mut Run<'_>) -> Result<Datum, RenderError> {
        let piece = self.eval(run)?;
        Ok(run.take(piece))
    }

    /// What its value is known to be.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Node::Constant(datum) => datum.kind(),
            Node::Row | Node::Repetition | Node::Arithmetic(..) => Kind::Integer,
            Node::Call(info, prepared) => prepared.gives.unwrap_or(info.gives),
            Node::Dynamic(info, ..) => info.gives,
            Node::Concat(_) => Kind::Text,
            Node::List(_) => Kind::List,
            Node::Map(_) => Kind::Map,
            Node::Reference(_) | Node::Maybe(_) => Kind::Any,
            Node::Weighted(weighted) => {
                let kind = weighted.parts.first().map_or(Kind::Any, |(node, _)| node.kind());
                if weighted.parts.iter().all(|(node, _)| node.kind() == kind) { kind } else { Kind::Any }
            }
            Node::Rows(shared) => shared.value.kind(),
            Node::Unique(inner) => inner.kind(),
            Node::Shared(node) => node.kind(),
        }
    }

    /// Whether and how often its value repeats over rows.
    pub(super) fn distinct(&self) -> Distinct {
        match self {
            Node::Constant(_) => Distinct::AtMost(1),
            Node::Row | Node::Unique(_) => Distinct::Unique,
            Node::Call(_, prepared) => prepared.distinct,
            Node::Concat(parts) => distinct_text(parts),
            Node::Shared(node) => node.distinct(),
            Node::Arithmetic(operator, sides) => distinct_arithmetic(*operator, &sides.0, &sides.1),
            Node::Rows(shared) => shared.distinct(),
            Node::Weighted(weighted) => weighted.distinct(),
            Node::Repetition
            | Node::Dynamic(..)
            | Node::Reference(_)
            | Node::Maybe(_)
            | Node::List(_)
            | Node::Map(_) => Distinct::Unknown,
        }
    }

    /// The node itself, whoever else uses it.
    pub(super) fn bare(&self) -> &Node {
        match self {
            Node::Shared(node) => node.bare(),
            other => other,
        }
    }

    /// Calls `visit` with each node right below this one.
    pub(super) fn children<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        match self {
            Node::Concat(nodes) | Node::List(nodes) => nodes.iter().for_each(visit),
            Node::Map(entries) => entries.iter().for_each(|(_, node)| visit(node)),
            Node::Dynamic(_, arguments, _) => arguments.iter().flatten().for_each(visit),
            Node::Arithmetic(_, sides) => {
                visit(&sides.0);
                visit(&sides.1);
            }
            Node::Unique(inner) => visit(inner),
            Node::Maybe(maybe) => {
                visit(&maybe.value);
                visit(&maybe.otherwise);
            }
            Node::Weighted(weighted) => weighted.parts.iter().for_each(|(node, _)| visit(node)),
            Node::Rows(shared) => visit(&shared.value),
            Node::Shared(node) => visit(node),
            Node::Constant(_) | Node::Row | Node::Repetition | Node::Call(..) | Node::Reference(_) => {}
        }
    }

    /// Whether this node or one below it is of a kind.
    pub(super) fn any(&self, is: &dyn Fn(&Node) -> bool) -> bool {
        let mut found = is(self);
        self.children(&mut |child| found |= child.any(is));
        found
    }

    /// How many rows `unique(self)` can serve, where its values are counted off.
    pub(super) fn space(&self) -> Option<u128> {
        match self {
            Node::Call(_, prepared) => prepared.space.as_ref().map(|space| space.size),
            Node::Shared(node) => node.space(),
            _ => None,
        }
    }
}

impl Reference {
    fn eval(&self, run: &mut Run<'_>) -> Result<Piece, RenderError> {
        let available = run.references.available(self.target.table);
        if available == 0 {
            let words = format!("no row exists yet that ref(\"{}\") could refer to", self.name);
            return Err(RenderError::new(words));
        }
        let parent = self.pick.row(&mut run.draw, run.row.wrapping_sub(1), available);
        let nested = run.nested.get_or_insert_default();
        let value = run.references.value(self.target, parent + 1, nested)?;
        Ok(match value {
            crate::value::Value::Integer(v) => Piece::Integer(v),
            other => run.put(&Datum::from_value(other)),
        })
    }
}

fn eval_unique(run: &mut Run<'_>, inner: &Node) -> Result<Piece, RenderError> {
    let inner = inner.bare();
    if inner.distinct() == Distinct::Unique {
        return inner.eval(run);
    }
    // Countable numbers and texts are dealt out; other text carries its row.
    if let Node::Call(info, prepared) = inner
        && let Some(space) = &prepared.space
    {
        let index = u128::from(run.row.wrapping_sub(1));
        if index >= space.size {
            return Err(RenderError::new(format!(
                "unique({}(...)) has {} different values, so row {} finds none left",
                info.name, space.size, run.row
            )));
        }
        let place = Permutation::new(mix(run.column_seed, &[]), space.size).at(index);
        return Ok((space.at)(run, place));
    }
    let piece = inner.eval(run)?;
    make_unique(run, piece)
}

/// Works the row into text so that no two rows give the same, whatever the text: `anna.k3@example.com`, `anything-k3`.
///
/// Before the last `@` stands `.` and the row, elsewhere `-` and the row at the end. The row, in base 36, has neither sign, so it can be read
/// back; texts of the two forms differ in having an `@`.
pub(super) fn make_unique(run: &mut Run<'_>, piece: Piece) -> Result<Piece, RenderError> {
    match piece {
        Piece::Null => Ok(Piece::Null),
        Piece::Text(start) => {
            let mut digits = [0u8; 14];
            let row = base_36(run.row, &mut digits);
            match run.text[start..].rfind('@') {
                Some(at) => {
                    run.text.insert_str(start + at, row);
                    run.text.insert(start + at, '.');
                }
                None => {
                    run.text.push('-');
                    run.text.push_str(row);
                }
            }
            Ok(Piece::Text(start))
        }
        other => {
            let kind = run.take(other).kind().name();
            Err(RenderError::new(format!("unique(...) cannot make {kind} different in every row")))
        }
    }
}

fn base_36(mut number: u64, buffer: &mut [u8; 14]) -> &str {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut start = buffer.len();
    loop {
        start -= 1;
        buffer[start] = DIGITS[(number % 36) as usize];
        number /= 36;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&buffer[start..]).unwrap_or_default()
}

fn distinct_arithmetic(operator: Operator, left: &Node, right: &Node) -> Distinct {
    let shifted = matches!(operator, Operator::Add | Operator::Subtract);
    let factor = |node: &Node| match node {
        Node::Constant(Datum::Integer(v)) => shifted || (operator == Operator::Multiply && *v != 0),
        _ => false,
    };
    match (left.distinct(), right.distinct()) {
        (Distinct::Unique, _) if factor(right) => Distinct::Unique,
        (_, Distinct::Unique) if factor(left) => Distinct::Unique,
        (Distinct::AtMost(a), Distinct::AtMost(b)) => Distinct::AtMost(a.saturating_mul(b)),
        _ => Distinct::Unknown,
    }
}

/// Texts differ when their one changing part does, or when the row's number can be read back from an end of them.
fn distinct_text(parts: &[Node]) -> Distinct {
    let changes = |part: &Node| part.distinct() != Distinct::AtMost(1);
    let Some(first) = parts.iter().position(changes) else { return Distinct::AtMost(1) };
    let last = parts.iter().rposition(changes).unwrap_or(first);
    if first == last {
        return parts[first].distinct();
    }
    let bounded = |part: &Node, end: bool| match part {
        Node::Constant(Datum::Text(text)) => {
            let neighbour = if end { text.chars().next_back() } else { text.chars().next() };
            neighbour.is_some_and(|sign| !sign.is_ascii_digit())
        }
        _ => false,
    };
    if matches!(parts[last], Node::Row) && bounded(&parts[last - 1], true)
        || matches!(parts[first], Node::Row) && bounded(&parts[first + 1], false)
    {
        return Distinct::Unique;
    }
    parts.iter().fold(Distinct::AtMost(1), |sum, part| match (sum, part.distinct()) {
        (Distinct::AtMost(a), Distinct::AtMost(b)) => Distinct::AtMost(a.saturating_mul(b)),
        _ => Distinct::Unknown,
    })
}
