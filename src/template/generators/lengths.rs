//! How long a text or a blob is: between two lengths, all alike or so that their mean is met.

use super::chance::{even_unit, per as rows_of};
use crate::template::args::{ArgFault, Args};
use crate::template::datum::{Datum, Run};
use crate::template::draw::{Permutation, mix};
use crate::template::portable::{exp, ln};

/// Rows that meet all lengths between them.
const EVEN_ROWS: u64 = 16;

/// Lengths from parameters 0 to 2 of a call: least, greatest, mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    low: usize,
    high: usize,
    /// A share `u` of the way from least to greatest, all alike, becomes `u` to this power; all lengths are alike without it.
    power: Option<f64>,
    /// The mean is exact in each so many rows.
    per: Option<u64>,
}

impl Lengths {
    /// `low` and `high` stand where the call names no length; none may be above `limit`. `per` is the place of the parameter of that name.
    pub(super) fn new(
        args: &Args<'_>,
        low: usize,
        high: usize,
        limit: usize,
        per: usize,
    ) -> Result<Self, ArgFault> {
        let (low, high) = args.sizes(low, high, limit)?;
        let per = rows_of(args, per)?;
        let mean = match args.get(2) {
            Some(Datum::Text(_)) => args.size(2)?.map(|bytes| bytes as f64),
            _ => args.number(2)?,
        };
        let Some(mean) = mean else { return Ok(Lengths { low, high, power: None, per: None }) };
        if mean < low as f64 || mean > high as f64 {
            let words = format!("a mean of {mean} does not lie between the lengths {low} and {high}");
            return Err(ArgFault::new(2, words).help("write a mean from the least length to the greatest"));
        }
        // The mean of u^p is 1 / (p + 1); infinite where all have the least length.
        let power = (high - low) as f64 / (mean - low as f64) - 1.0;
        Ok(Lengths { low, high, power: (high > low).then_some(power), per })
    }

    /// Whether the length depends on the row's number beyond what spreads it over a few rows.
    pub(super) fn is_exact(&self) -> bool {
        self.per.is_some() && self.power.is_some()
    }

    /// Lengths of the rows up to a share of all, together, in rows of `per`.
    fn up_to(&self, place: u64, per: u64, power: f64) -> f64 {
        let share = place as f64 / per as f64;
        let above = if power.is_infinite() { 0.0 } else { raised(share, power + 1.0) / (power + 1.0) };
        (self.low as f64 * share + (self.high - self.low) as f64 * above) * per as f64
    }

    /// Never longer than this.
    pub(super) fn draw(&self, run: &mut Run<'_>) -> usize {
        let Some(power) = self.power else { return run.draw.length(self.low, self.high) };
        if let Some(per) = self.per {
            let row = run.row.wrapping_sub(1);
            let order = Permutation::new(mix(run.column_seed, &[row / per, per, 1]), u128::from(per));
            let place = order.at(u128::from(row % per)) as u64;
            // What rounding takes from one, it gives to the next.
            let end = |place: u64| (self.up_to(place, per, power) + 0.5).floor();
            return ((end(place + 1) - end(place)) as usize).clamp(self.low, self.high);
        }
        // Evenly spread over a few rows, so that few values come to the mean, too.
        let part = run.draw.unit() - 0.5;
        let even = even_unit(run, Some(EVEN_ROWS)) + part / EVEN_ROWS as f64;
        let share = raised(even, power);
        // Rounded up as often as the fraction says, so that rounding does not move the mean.
        let above = (self.high - self.low) as f64 * share + run.draw.unit();
        self.low + (above as usize).min(self.high - self.low)
    }
}

/// `share` to the power of `power`, 0 or more.
fn raised(share: f64, power: f64) -> f64 {
    if power == 0.0 {
        1.0
    } else if share == 0.0 || power.is_infinite() {
        0.0
    } else {
        exp(power * ln(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::NoReferences;
    use crate::template::draw::{Draw, mix};

    fn drawn(lengths: &Lengths, rows: u64) -> Vec<usize> {
        let (mut text, mut bytes, mut nested) = (String::new(), Vec::new(), None);
        let mut one = |row: u64| {
            lengths.draw(&mut Run {
                draw: Draw::new(mix(7, &[row])),
                row,
                repetition: 0,
                column_seed: 7,
                references: &NoReferences,
                text: &mut text,
                bytes: &mut bytes,
                nested: &mut nested,
            })
        };
        (1..=rows).map(&mut one).collect()
    }

    #[test]
    fn a_few_rows_meet_the_mean_too() {
        let lengths = Lengths { low: 1, high: 41, power: Some(3.0), per: None };
        let found = drawn(&lengths, 32).iter().sum::<usize>() as f64 / 32.0;
        assert!((found - 11.0).abs() < 1.1, "{found}");
    }

    #[test]
    fn so_many_rows_meet_the_mean_but_for_half_a_sign() {
        for (low, high, mean, rows) in [(2, 9, 3.75, 4), (1, 41, 11.0, 7), (0, 500, 3.3, 60), (3, 3, 3.0, 5)]
        {
            let power = (high - low) as f64 / (mean - low as f64) - 1.0;
            let lengths = Lengths { low, high, power: (high > low).then_some(power), per: Some(rows) };
            let found = drawn(&lengths, rows * 3).iter().sum::<usize>() as f64;
            assert!((found - mean * (rows * 3) as f64).abs() <= 1.5, "{found} for {rows} of {mean}");
        }
    }

    #[test]
    fn means_are_met_from_one_end_to_the_other() {
        for (low, high, mean) in [
            (0, 10, 0.0),
            (0, 10, 0.3),
            (0, 10, 9.8),
            (1, 2, 1.5),
            (5, 5, 5.0),
            (3, 4000, 12.5),
            (3, 4000, 4000.0),
            (10, 1_000_000, 250_000.0),
        ] {
            let power = (high - low) as f64 / (mean - low as f64) - 1.0;
            let lengths = Lengths { low, high, power: (high > low).then_some(power), per: None };
            let drawn = drawn(&lengths, 100_000);
            assert!(drawn.iter().all(|length| (low..=high).contains(length)));
            let found = drawn.iter().sum::<usize>() as f64 / drawn.len() as f64;
            assert!((found - mean).abs() <= 0.03 * mean, "{low}…{high}: {found} instead of {mean}");
        }
    }
}
