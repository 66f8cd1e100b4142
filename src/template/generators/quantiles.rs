//! Numbers that spread as measured ones do.

use super::chance::even_unit;
use crate::template::args::{ArgFault, Args, Prepared};
use crate::template::datum::{Datum, Kind, Piece, Run};

/// Rows that meet all parts of the way between them, so that few values spread like many.
const EVEN_ROWS: u64 = 32;

/// A segment, and a share of the way through it.
fn place(run: &mut Run<'_>, segments: usize) -> (usize, f64) {
    let part = run.draw.unit() - 0.5;
    let way = (even_unit(run, Some(EVEN_ROWS)) + part / EVEN_ROWS as f64) * segments as f64;
    let segment = (way as usize).min(segments - 1);
    (segment, (way - segment as f64).clamp(0.0, 1.0))
}

/// Points as integers, where all are and no digits are asked for.
fn integers(points: &[Datum]) -> Option<Vec<i64>> {
    let integer = |point: &Datum| match point {
        Datum::Integer(v) => Some(*v),
        _ => None,
    };
    points.iter().map(integer).collect()
}

fn reals(points: &[Datum]) -> Result<Vec<f64>, ArgFault> {
    let real = |point: &Datum| match point {
        Datum::Integer(v) => Ok(*v as f64),
        Datum::Real(v) if v.is_finite() => Ok(*v),
        other => {
            let mut shown = String::new();
            other.write_json(&mut shown);
            Err(ArgFault::new(0, format!("a quantile is a number, not {shown}"))
                .help("write quantiles([0, 10, 40, 200])"))
        }
    };
    points.iter().map(real).collect()
}

pub(in crate::template) fn quantiles(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let points = args.list(0)?;
    let reals = reals(points)?;
    if reals.len() < 2 {
        return Err(ArgFault::new(
            0,
            "quantiles(...) needs two numbers at least: the least and the greatest",
        )
        .help("write quantiles([0, 10, 40, 200])"));
    }
    if let Some(pair) = reals.windows(2).find(|pair| pair[1] < pair[0]) {
        let words = format!("the quantiles fall from {} to {}, and they must ascend", pair[0], pair[1]);
        return Err(ArgFault::new(0, words).help("write them from the least to the greatest"));
    }
    let digits = args.integer(1)?;
    if let Some(digits) = digits.filter(|digits| !(0..=12).contains(digits)) {
        return Err(ArgFault::new(1, format!("a number keeps 0 to 12 digits after the point, not {digits}")));
    }
    Ok(match integers(points).filter(|_| digits.is_none()) {
        Some(points) => of_integers(points),
        None => of_reals(reals, digits.map(|digits| 10f64.powi(digits as i32))),
    })
}

/// Each segment but the last leaves its end to the next.
fn of_integers(points: Vec<i64>) -> Prepared {
    let segments = points.len() - 1;
    Prepared::new(move |run| {
        let (segment, _) = place(run, segments);
        let (from, to) = (points[segment], points[segment + 1]);
        let last = u128::from(segment + 1 == segments);
        let width = (i128::from(to) - i128::from(from)) as u128 + last;
        let offset = run.draw.below_wide(width.max(1));
        Ok(Piece::Integer((i128::from(from) + offset as i128) as i64))
    })
    .gives(Kind::Integer)
}

fn of_reals(points: Vec<f64>, scale: Option<f64>) -> Prepared {
    let segments = points.len() - 1;
    Prepared::new(move |run| {
        let (segment, share) = place(run, segments);
        let value = points[segment] * (1.0 - share) + points[segment + 1] * share;
        Ok(Piece::Real(scale.map_or(value, |scale| (value * scale).round() / scale)))
    })
    .gives(Kind::Real)
}
