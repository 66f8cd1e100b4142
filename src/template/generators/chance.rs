//! Choices among values, and values made of values.

use crate::template::Distinct;
use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::{Datum, Kind, Run};
use crate::template::distribution::Distribution;
use crate::template::draw::{Permutation, mix};

pub(in crate::template) fn choice(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let items = args.list(0)?.to_vec();
    let distribution = args.distribution(1)?;
    let mut different: Vec<Datum> = Vec::new();
    for item in &items {
        if !different.contains(item) {
            different.push(item.clone());
        }
    }
    let size = different.len() as u128;
    if distribution == Distribution::Uniform && items.len() == different.len() {
        return Ok(Prepared::counted(size, move |run, index| run.put(&items[index as usize])));
    }
    let prepared = Prepared::new(move |run| {
        let place = distribution.pick(&mut run.draw, run.row, items.len() as u64);
        Ok(run.put(&items[place as usize - 1]))
    })
    .distinct(Distinct::AtMost(size));
    Ok(if distribution == Distribution::Sequential { prepared.uses_row() } else { prepared })
}

/// How many rows `per` names; none without it.
pub(super) fn per(args: &Args<'_>, index: usize) -> Result<Option<u64>, ArgFault> {
    match args.integer(index)? {
        None => Ok(None),
        Some(rows @ 1..) => Ok(Some(rows.cast_unsigned())),
        Some(rows) => Err(ArgFault::new(index, format!("`per` is a number of rows, 1 or more, not {rows}"))
            .help("write per=1000: the proportions hold in each 1,000 rows")),
    }
}

/// A number from 0 to 1. Where rows are named, each stretch of so many meets every part of the way from 0 to 1 once.
pub(in crate::template) fn even_unit(run: &mut Run<'_>, per: Option<u64>) -> f64 {
    let Some(rows) = per else { return run.draw.unit() };
    let row = run.row.wrapping_sub(1);
    let order = Permutation::new(mix(run.column_seed, &[row / rows, rows]), u128::from(rows));
    (order.at(u128::from(row % rows)) as f64 + 0.5) / rows as f64
}

/// Values and their weights: a map of names, or a list of pairs whose values keep their type.
fn weights(args: &Args<'_>) -> Result<Vec<(Datum, Datum)>, ArgFault> {
    let Some(Datum::List(items)) = args.get(0) else {
        let entries = args.map(0)?.iter();
        return Ok(entries.map(|(name, weight)| (Datum::Text(name.clone()), weight.clone())).collect());
    };
    let pair = |item: &Datum| match item {
        Datum::List(pair) if pair.len() == 2 => Ok((pair[0].clone(), pair[1].clone())),
        other => {
            let mut shown = String::new();
            other.write_json(&mut shown);
            let words = format!("weighted([...]) takes pairs of a value and its weight, and {shown} is none");
            Err(ArgFault::new(0, words).help(pairs(items)))
        }
    };
    items.iter().map(pair).collect()
}

/// What to write instead of a list that is none of pairs: with its own values where it is short.
fn pairs(items: &[Datum]) -> String {
    let plain = |item: &Datum| !matches!(item, Datum::List(_) | Datum::Map(_));
    let mut names = Vec::new();
    for item in items.iter().filter(|item| plain(item)).take(FEW) {
        let mut shown = String::new();
        item.write_json(&mut shown);
        names.push(shown);
    }
    if names.len() < items.len() {
        return "write weighted([[\"a\", 3], [none, 1]])".to_owned();
    }
    let each: Vec<String> = names.iter().map(|name| format!("[{name}, 1]")).collect();
    let (each, names) = (each.join(", "), names.join(", "));
    format!("write weighted([{each}]), or choice([{names}]) where each is as likely as any other")
}

/// Values that a help repeats.
const FEW: usize = 4;

pub(in crate::template) fn weighted(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let mut limits = Vec::new();
    let mut values = Vec::new();
    let mut sum = 0.0;
    for (value, weight) in weights(args)? {
        let weight = match weight {
            Datum::Integer(v) if v >= 0 => v as f64,
            Datum::Real(v) if v >= 0.0 && v.is_finite() => v,
            _ => {
                let mut shown = String::new();
                value.write_json(&mut shown);
                return Err(ArgFault::new(
                    0,
                    format!("the weight of {shown} must be a number that is not negative"),
                )
                .help("write weighted({\"a\": 3, \"b\": 1})"));
            }
        };
        if weight > 0.0 {
            sum += weight;
            limits.push(sum);
            values.push(value);
        }
    }
    let Some(first) = values.first() else {
        return Err(ArgFault::new(0, "the weights of weighted(...) add up to nothing")
            .help("give at least one value a weight above 0: weighted({\"a\": 3, \"b\": 1})"));
    };
    let kind = first.kind();
    let kind = if values.iter().all(|value| value.kind() == kind) { kind } else { Kind::Any };
    let size = values.len() as u128;
    let per = per(args, 1)?;
    let in_order = match args.get(2) {
        None | Some(Datum::Bool(false)) => None,
        Some(Datum::Bool(true)) => per,
        Some(_) => {
            return Err(
                ArgFault::new(2, "`in_order` is true or false").help("write in_order=true, or leave it out")
            );
        }
    };
    let prepared = Prepared::new(move |run| {
        let unit = match in_order {
            Some(rows) => ((run.row.wrapping_sub(1) % rows) as f64 + 0.5) / rows as f64,
            None => even_unit(run, per),
        };
        let place = unit * sum;
        let index = limits.partition_point(|limit| *limit <= place).min(values.len() - 1);
        Ok(run.put(&values[index]))
    })
    .gives(kind)
    .distinct(Distinct::AtMost(size));
    Ok(if per.is_some() { prepared.uses_row() } else { prepared })
}

pub(in crate::template) fn maybe(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let p = args.probability(0, 0.5)?;
    let value = args.get(1).cloned().unwrap_or(Datum::Null);
    let per = per(args, 2)?;
    let otherwise = args.get(3).cloned().unwrap_or(Datum::Null);
    let prepared = Prepared::new(move |run| {
        let is_there = even_unit(run, per) < p;
        Ok(run.put(if is_there { &value } else { &otherwise }))
    })
    .distinct(Distinct::AtMost(2));
    Ok(if per.is_some() { prepared.uses_row() } else { prepared })
}

pub(in crate::template) fn json(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let mut text = String::new();
    if let Some(value) = args.get(0) {
        value.write_json(&mut text);
    }
    Ok(Prepared::new(move |run| Ok(run.put_text(&text))).distinct(Distinct::AtMost(1)))
}

/// One line of a file, given by its lines.
pub(in crate::template) fn line(lines: Vec<String>, distribution: Distribution) -> Prepared {
    let count = lines.len() as u64;
    let prepared = Prepared::new(move |run| {
        let place = distribution.pick(&mut run.draw, run.row, count);
        Ok(run.put_text(&lines[place as usize - 1]))
    })
    .distinct(Distinct::AtMost(u128::from(count)));
    if distribution == Distribution::Sequential { prepared.uses_row() } else { prepared }
}
