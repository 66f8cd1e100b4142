//! Calls that are compiled apart from the others: what refers to other rows, reads a file, or depends on the row's number.

use std::ops::Range;
use std::sync::Arc;

use super::args::{Args, GeneratorInfo};
use super::calls::Argument;
use super::datum::{Datum, Kind};
use super::facts::facts_of_all;
use super::generators::chance;
use super::lower::Lower;
use super::node::{Node, Reference};
use super::parts::{Maybe, Weighted};
use super::rows::Shared;
use super::{Distinct, FaultKind, Locale, Pick, Present, Sharing};

/// Whether the second argument of `maybe` is a reference and nothing else, or made for the rows that have it.
pub(super) fn is_counted(arguments: &[Option<Argument>]) -> bool {
    let node = arguments.get(1).and_then(Option::as_ref).and_then(|argument| argument.node.as_ref());
    let counted = arguments.get(2).is_some_and(Option::is_some);
    node.is_some_and(|node| counted || matches!(node.bare(), Node::Reference(_)))
}

/// Whether the list of `weighted` has values that are made anew for each row.
pub(super) fn is_made(arguments: &[Option<Argument>]) -> bool {
    let node = arguments.first().and_then(Option::as_ref).and_then(|argument| argument.node.as_ref());
    matches!(node, Some(Node::List(_)))
}

impl Lower<'_> {
    pub(super) fn reference(
        &mut self,
        mut arguments: Vec<Option<Argument>>,
        range: Range<usize>,
    ) -> Option<Node> {
        let mut take = |index: usize| arguments.get_mut(index).and_then(Option::take);
        let (target, distribution, fan_out, share) = (take(0)?, take(1), take(2), take(3));
        let rows = self.stretch(take(4))?;
        let named = distribution.as_ref().map(|argument| argument.range.clone());
        let distribution = self.distribution(distribution)?;
        let limits = ("fan_out", "1 or more", "fan_out=2 where two rows refer to one");
        let fan_out = self.number(fan_out, limits, |v| v >= 1.0)?;
        let part = ("share", "a part, above 0 and 1 at most", "share=0.2 for the first fifth of the rows");
        let share = self.number(share, part, |v| v > 0.0 && v <= 1.0)?;
        if let (Some(place), Some(_)) = (named, fan_out) {
            let words = "a distribution has no say where `fan_out` tells which row is referred to";
            self.fault(FaultKind::WrongArgument, place, words, "leave out one of the two".to_owned());
            return None;
        }
        let (target, place) = self.known_text(target)?;
        match self.context.references.resolve(&target) {
            Ok(found) => {
                let name = Arc::from(target.as_str());
                let pick = Pick { distribution, fan_out, share, rows };
                Some(self.special(range, Node::Reference(Reference { target: found, pick, name })))
            }
            Err(message) => {
                let help = target.split_once('.').is_none().then(|| "write ref(\"table.column\")".to_owned());
                self.fault(FaultKind::UnknownReference, place, message, help);
                None
            }
        }
    }

    /// A known size is a constant, so that arithmetic with it is done once.
    pub(super) fn size(
        &mut self,
        info: &'static GeneratorInfo,
        arguments: Vec<Option<Argument>>,
        range: Range<usize>,
    ) -> Option<Node> {
        let known = match arguments.first() {
            Some(Some(Argument { node: Some(Node::Constant(datum)), .. })) => Some(datum.clone()),
            _ => None,
        };
        let locale = self.context.locale;
        let node = self.plain(info, arguments, locale, range)?;
        let bytes = Args { info, values: &[known], locale }.size(0).ok().flatten();
        Some(bytes.map_or(node, |bytes| Node::Constant(Datum::Integer(bytes))))
    }

    /// A value or another: which, is drawn first, so that it depends on no other row.
    pub(super) fn maybe(
        &mut self,
        info: &'static GeneratorInfo,
        mut arguments: Vec<Option<Argument>>,
        locale: Locale,
        range: Range<usize>,
    ) -> Option<Node> {
        let p = match arguments.first() {
            Some(Some(Argument { node: Some(Node::Constant(Datum::Integer(v))), .. })) => *v as f64,
            Some(Some(Argument { node: Some(Node::Constant(Datum::Real(v))), .. })) => *v,
            _ => f64::NAN,
        };
        if !(0.0..=1.0).contains(&p) {
            return self.plain(info, arguments, locale, range);
        }
        let per = arguments.get_mut(2).and_then(Option::take);
        let rows = ("per", "a number of rows, 1 or more", "per=1000 for exact parts of each thousand rows");
        let per = self.number(per, rows, |v| v >= 1.0 && v.fract() == 0.0)?;
        let value = arguments.get_mut(1).and_then(Option::take)?.node?;
        let otherwise = match arguments.get_mut(3).and_then(Option::take) {
            Some(argument) => argument.node?,
            None => Node::Constant(Datum::Null),
        };
        let present = Present { part: p, per: per.map(|rows| rows as u64) };
        let salt = range.start as u64;
        Some(self.special(range, Node::Maybe(Box::new(Maybe { present, value, otherwise, salt }))))
    }

    /// Values that are made anew for each row, each in its part of the rows.
    pub(super) fn weighted(
        &mut self,
        mut arguments: Vec<Option<Argument>>,
        range: Range<usize>,
    ) -> Option<Node> {
        let per = arguments.get_mut(1).and_then(Option::take);
        let rows = ("per", "a number of rows, 1 or more", "per=1000 for exact parts of each thousand rows");
        let per = self.number(per, rows, |v| v >= 1.0 && v.fract() == 0.0)?.map(|rows| rows as u64);
        let in_order = match arguments.get_mut(2).and_then(Option::take) {
            Some(Argument { node: Some(Node::Constant(Datum::Bool(is))), .. }) => is,
            Some(argument) => {
                let words = "`in_order` is true or false";
                let help = "write in_order=true, or leave it out".to_owned();
                self.fault(FaultKind::WrongArgument, argument.range, words, Some(help));
                return None;
            }
            None => false,
        };
        let list = arguments.get_mut(0).and_then(Option::take)?;
        let Some(Node::List(items)) = list.node else { return None };
        let mut parts: Vec<(Node, f64)> = Vec::new();
        for item in items {
            let pair = match item {
                Node::List(nodes) => <[Node; 2]>::try_from(nodes).ok().map(|[value, weight]| (value, weight)),
                Node::Constant(Datum::List(pair)) => <[Datum; 2]>::try_from(pair)
                    .ok()
                    .map(|[value, weight]| (Node::Constant(value), Node::Constant(weight))),
                _ => None,
            };
            let weight = match &pair {
                Some((_, Node::Constant(Datum::Integer(v)))) => *v as f64,
                Some((_, Node::Constant(Datum::Real(v)))) => *v,
                _ => f64::NAN,
            };
            let Some((value, _)) = pair.filter(|_| weight >= 0.0 && weight.is_finite()) else {
                let words =
                    "weighted([...]) takes pairs of a value and its weight, a number that is not negative";
                let help = "write weighted([[name(), 3], [none, 1]])".to_owned();
                self.fault(FaultKind::WrongArgument, list.range, words, Some(help));
                return None;
            };
            let sum = parts.last().map_or(0.0, |(_, sum)| *sum);
            if weight > 0.0 {
                parts.push((value, sum + weight));
            }
        }
        if parts.is_empty() {
            let words = "the weights of weighted(...) add up to nothing";
            let help =
                "give at least one value a weight above 0: weighted([[name(), 3], [none, 1]])".to_owned();
            self.fault(FaultKind::WrongArgument, list.range, words, Some(help));
            return None;
        }
        let salt = range.start as u64;
        Some(self.special(range, Node::Weighted(Box::new(Weighted { parts, per, in_order, salt }))))
    }

    pub(super) fn rows(
        &mut self,
        info: &'static GeneratorInfo,
        mut arguments: Vec<Option<Argument>>,
        range: Range<usize>,
    ) -> Option<Node> {
        let mut take = |index: usize| arguments.get_mut(index).and_then(Option::take);
        let (count, value) = (take(0)?, take(1)?);
        let name = info.parameters[0].name;
        let place = count.range.clone();
        let sharing = if info.name == "runs" {
            Sharing::Runs(self.number(Some(count), (name, "1 or more", info.example), |v| v >= 1.0)??)
        } else {
            let whole = |v: f64| v >= 1.0 && v.fract() == 0.0 && v < 9e15;
            let limits = (name, "a whole number, 1 or more", info.example);
            let count = self.number(Some(count), limits, whole)?? as u64;
            if info.name == "among" { Sharing::Among(count) } else { Sharing::Cycle(count) }
        };
        let Some(node) = value.node else {
            let words = format!("{}(...) cannot take what filters, conditions or loops make", info.name);
            let help = format!("put the filter around it, such as {} | upper", info.example);
            self.fault(FaultKind::Unsupported, value.range, words, help);
            return None;
        };
        if node.any(&|part| matches!(part, Node::Reference(_))) {
            let words =
                format!("{}(...) cannot take a `ref`: which rows exist differs from row to row", info.name);
            let help =
                "write ref(\"table.column\", fan_out=3): three rows refer to one, and they come together";
            self.fault(FaultKind::WrongArgument, value.range, words, help.to_owned());
            return None;
        }
        if node.any(&|part| matches!(part, Node::Repetition)) {
            let words = format!("{}(...) cannot take `n`: repetitions of a step share its values", info.name);
            self.fault(FaultKind::WrongArgument, value.range, words, "use `row` instead".to_owned());
            return None;
        }
        let capacity = facts_of_all(&[&node]).capacity;
        if let (Sharing::Among(count) | Sharing::Cycle(count), Some(few)) = (sharing, capacity)
            && few < u128::from(count)
        {
            let words =
                format!("there are only {few} distinct values here, and {} asks for {count}", info.name);
            let help = format!("write {}({few}, …), or widen the range of the value", info.name);
            self.fault(FaultKind::NotEnoughValues, place, words, help);
            return None;
        }
        let salt = range.start as u64;
        Some(self.special(range, Node::Rows(Box::new(Shared { sharing, value: node, salt }))))
    }

    /// `rows=[first, last]`. Outer `None` when it is none.
    fn stretch(&mut self, argument: Option<Argument>) -> Option<Option<(u64, u64)>> {
        let Some(argument) = argument else { return Some(None) };
        let ends = match &argument.node {
            Some(Node::Constant(Datum::List(ends))) => match ends.as_slice() {
                [Datum::Integer(first), Datum::Integer(last)] if *first >= 1 && last >= first => {
                    Some((first.cast_unsigned(), last.cast_unsigned()))
                }
                _ => None,
            },
            _ => None,
        };
        if ends.is_none() {
            let words = "`rows` is a list of two row numbers: the first one referred to and the last";
            let help = "write rows=[1, 1000] for the first thousand rows".to_owned();
            self.fault(FaultKind::WrongArgument, argument.range, words, Some(help));
        }
        ends.map(Some)
    }

    /// A number that is known before any row. Outer `None` when it is none, or not within its limits.
    fn number(
        &mut self,
        argument: Option<Argument>,
        (name, limits, example): (&str, &str, &str),
        is_good: impl Fn(f64) -> bool,
    ) -> Option<Option<f64>> {
        let Some(argument) = argument else { return Some(None) };
        let number = match argument.node {
            Some(Node::Constant(Datum::Integer(v))) => v as f64,
            Some(Node::Constant(Datum::Real(v))) => v,
            _ => f64::NAN,
        };
        if is_good(number) && number.is_finite() {
            return Some(Some(number));
        }
        let (words, help) = if number.is_nan() {
            let words = format!("`{name}` must be a number that is known before any row");
            (words, "write a number, or a variable from [vars]".to_owned())
        } else {
            (format!("`{name}` is {limits}, not {number}"), format!("write {example}"))
        };
        self.fault(FaultKind::WrongArgument, argument.range, words, help);
        None
    }

    pub(super) fn line(
        &mut self,
        info: &'static GeneratorInfo,
        mut arguments: Vec<Option<Argument>>,
        range: Range<usize>,
    ) -> Option<Node> {
        let distribution = self.distribution(arguments.get_mut(1).and_then(Option::take))?;
        let (path, place) = self.known_text(arguments.get_mut(0).and_then(Option::take)?)?;
        let lines: Vec<String> = match (self.context.files)(&path) {
            Ok(text) => text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect(),
            Err(reason) => {
                let help = "paths are relative to the working directory".to_owned();
                self.fault(
                    FaultKind::MissingFile,
                    place,
                    format!("cannot read \"{path}\": {reason}"),
                    Some(help),
                );
                return None;
            }
        };
        if lines.is_empty() {
            self.fault(FaultKind::MissingFile, place, format!("\"{path}\" has no lines to take"), None);
            return None;
        }
        let prepared = chance::line(lines, distribution.unwrap_or_default());
        Some(self.special(range, Node::Call(info, Box::new(prepared))))
    }

    pub(super) fn unique(
        &mut self,
        mut arguments: Vec<Option<Argument>>,
        range: Range<usize>,
    ) -> Option<Node> {
        let argument = arguments.get_mut(0).and_then(Option::take)?;
        let inner = argument.node?;
        let is_null = matches!(inner, Node::Constant(Datum::Null));
        let is_reference = matches!(inner.bare(), Node::Reference(_) | Node::Maybe(_));
        let fine = inner.distinct() == Distinct::Unique
            || inner.space().is_some()
            || matches!(inner.kind(), Kind::Text | Kind::Any);
        if is_null || is_reference || !fine {
            let message = match inner.kind() {
                Kind::Any => "a reference cannot be made different in every row".to_owned(),
                kind => format!("{} of this kind cannot be made different in every row", kind.name()),
            };
            let help = "unique(...) takes text, int(a, b), choice([...]), pattern(\"...\"), dates and times; row and seq() never repeat";
            self.fault(FaultKind::NotEnoughValues, argument.range, message, Some(help.to_owned()));
            return None;
        }
        Some(self.special(range, Node::Unique(Box::new(inner))))
    }

    /// Keeps a node for the case that minijinja evaluates what stands around it.
    fn special(&mut self, range: Range<usize>, node: Node) -> Node {
        let node = Arc::new(node);
        self.specials.push((range, Arc::clone(&node)));
        Node::Shared(node)
    }

    fn known_text(&mut self, argument: Argument) -> Option<(String, Range<usize>)> {
        match argument.node {
            Some(Node::Constant(Datum::Text(text))) => Some((text, argument.range)),
            _ => {
                let message = "this must be text that is known before any row";
                let help = Some("write it in quotes, or as a variable from [vars]".to_owned());
                self.fault(FaultKind::WrongArgument, argument.range, message, help);
                None
            }
        }
    }

    /// Outer `None` when there is one and it is wrong.
    fn distribution(&mut self, argument: Option<Argument>) -> Option<Option<super::Distribution>> {
        let Some(argument) = argument else { return Some(None) };
        let (name, place) = self.known_text(argument)?;
        match super::Distribution::parse(&name) {
            Ok(distribution) => Some(Some(distribution)),
            Err(help) => {
                self.fault(
                    FaultKind::WrongArgument,
                    place,
                    format!("there is no distribution \"{name}\""),
                    Some(help),
                );
                None
            }
        }
    }
}
