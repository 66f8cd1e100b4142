//! Numbers and bytes.

use std::fmt::Write;

use super::lengths::Lengths;
use crate::template::Distinct;
use crate::template::args::{ArgFault, Args, Prepared, Space};
use crate::template::datum::{Piece, Run, write_hex};
use crate::template::distribution::{Distribution, standard_normal};
use crate::value::{LONGEST_MADE, Stretch};

pub(in crate::template) fn int(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let low = args.integer(0)?.unwrap_or(0);
    let high = args.integer(1)?.unwrap_or(0);
    if high < low {
        return Err(args.reversed(1, low, high));
    }
    let distribution = args.distribution(2)?;
    let size = (i128::from(high) - i128::from(low) + 1) as u128;
    let value = move |index: u128| Piece::Integer((i128::from(low) + index as i128) as i64);
    if distribution == Distribution::Uniform {
        return Ok(Prepared::counted(size, move |_, index| value(index)));
    }
    // Only the full 64-bit range is one short of what a pick can say.
    let available = u64::try_from(size).unwrap_or(u64::MAX);
    let prepared = Prepared::new(move |run| {
        let place = distribution.pick(&mut run.draw, run.row, available);
        Ok(value(u128::from(place - 1)))
    })
    .distinct(Distinct::AtMost(size));
    Ok(if distribution == Distribution::Sequential { prepared.uses_row() } else { prepared })
}

pub(in crate::template) fn float(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let low = args.number(0)?.unwrap_or(0.0);
    let high = args.number(1)?.unwrap_or(1.0);
    if high < low {
        return Err(args.reversed(1, low, high));
    }
    let Some(digits) = args.integer(2)? else {
        return Ok(Prepared::new(move |run| {
            let share = run.draw.unit();
            Ok(Piece::Real(low * (1.0 - share) + high * share))
        }));
    };
    if !(0..=12).contains(&digits) {
        return Err(ArgFault::new(2, format!("a float keeps 0 to 12 digits after the point, not {digits}")));
    }
    let scale = 10f64.powi(digits as i32);
    let mut prepared = Prepared::new(move |run| {
        let share = run.draw.unit();
        Ok(Piece::Real(((low * (1.0 - share) + high * share) * scale).round() / scale))
    });
    // Rounded ones can be counted off, as long as a float tells them apart.
    let (first, last) = ((low * scale).ceil(), (high * scale).floor());
    if first <= last && first.abs().max(last.abs()) < 1e15 {
        let size = (last - first) as u128 + 1;
        let at = move |_: &mut Run<'_>, index: u128| Piece::Real((first + index as f64) / scale);
        prepared.space = Some(Space { size, at: Box::new(at) });
        prepared.distinct = Distinct::AtMost(size.saturating_add(2));
    }
    Ok(prepared)
}

pub(in crate::template) fn normal(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let mean = args.number(0)?.unwrap_or(0.0);
    let deviation = args.number(1)?.unwrap_or(1.0);
    if deviation < 0.0 {
        return Err(ArgFault::new(1, format!("a standard deviation is not negative, as {deviation} is"))
            .help(format!("write normal({mean}, {})", -deviation)));
    }
    Ok(Prepared::new(move |run| Ok(Piece::Real(mean + deviation * standard_normal(&mut run.draw)))))
}

/// A float with six digits after the point, about ten centimetres on the ground.
fn degrees(limit: i64) -> Prepared {
    let span = (limit * 2_000_000) as u64 + 1;
    Prepared::counted(u128::from(span), move |_, index| {
        Piece::Real((index as i64 - limit * 1_000_000) as f64 / 1e6)
    })
}

pub(in crate::template) fn latitude(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(degrees(90))
}

pub(in crate::template) fn longitude(_: &Args<'_>) -> Result<Prepared, ArgFault> {
    Ok(degrees(180))
}

pub(in crate::template) fn bool(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let p = args.probability(0, 0.5)?;
    Ok(Prepared::new(move |run| Ok(Piece::Bool(run.draw.unit() < p))).distinct(Distinct::AtMost(2)))
}

pub(in crate::template) fn seq(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let start = args.integer(0)?.unwrap_or(1);
    let step = args.integer(1)?.unwrap_or(1);
    let distinct = if step == 0 { Distinct::AtMost(1) } else { Distinct::Unique };
    Ok(Prepared::new(move |run| {
        let steps = run.row.wrapping_sub(1) as i64;
        let value = steps.checked_mul(step).and_then(|offset| start.checked_add(offset));
        value
            .map(Piece::Integer)
            .ok_or_else(|| format!("seq({start}, {step}) leaves 64 bits at row {}", run.row).into())
    })
    .distinct(distinct)
    .uses_row())
}

/// SQLite's own limit for a value.
pub(super) const LONGEST: usize = 1_000_000_000;

pub(in crate::template) fn bytes(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let lengths = Lengths::new(args, 16, 16, LONGEST, 3)?;
    let prepared = Prepared::new(move |run| {
        let length = lengths.draw(run);
        if length > LONGEST_MADE {
            let place = run.draw.below(Stretch::places(length));
            return Ok(Piece::Pooled(Stretch::new(place, length)));
        }
        let start = run.bytes.len();
        run.bytes.resize(start + length, 0);
        for chunk in run.bytes[start..].chunks_mut(8) {
            let random = run.draw.bits().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        Ok(Piece::Blob(start))
    });
    Ok(if lengths.is_exact() { prepared.uses_row() } else { prepared })
}

pub(in crate::template) fn size(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let bytes = args.size(0)?.unwrap_or(0);
    Ok(Prepared::new(move |_| Ok(Piece::Integer(bytes))).distinct(Distinct::AtMost(1)))
}

pub(in crate::template) fn hex(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let digits = args.lengths(16, 16, LONGEST)?.0;
    if digits > 0 && digits < 32 {
        return Ok(Prepared::counted(1 << (4 * digits), move |run, index| {
            let start = run.text.len();
            for place in (0..digits).rev() {
                let digit = (index >> (4 * place)) as u32 & 15;
                run.text.push(char::from_digit(digit, 16).unwrap_or('0'));
            }
            Piece::Text(start)
        }));
    }
    Ok(Prepared::text(move |run| {
        let end = run.text.len() + digits;
        while run.text.len() < end {
            run.draw.bits().to_le_bytes().iter().for_each(|byte| write_hex(run.text, *byte));
        }
        run.text.truncate(end);
    }))
}

pub(in crate::template) fn digits(args: &Args<'_>) -> Result<Prepared, ArgFault> {
    let count = args.lengths(8, 8, LONGEST)?.0;
    if let Some(size) =
        u32::try_from(count).ok().filter(|count| *count > 0).and_then(|c| 10u128.checked_pow(c))
    {
        return Ok(Prepared::counted(size, move |run, index| {
            let start = run.text.len();
            let _never = write!(run.text, "{index:0count$}");
            Piece::Text(start)
        }));
    }
    Ok(Prepared::text(move |run| {
        for _ in 0..count {
            run.text.push(char::from(b'0' + run.draw.below(10) as u8));
        }
    }))
}
