//! Latencies of many operations in little memory: exact moments, and a histogram of three significant digits.
//!
//! The buckets are those of HdrHistogram (<https://hdrhistogram.org>), held one octave at a time, and only the octaves that were hit: 4 KiB each, so
//! that a recorder for every worker and operation stays small. Encoding is left to the `hdrhistogram` crate.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Slots per octave are `2^BITS`: 10 bits are HdrHistogram's three significant digits, 7 an error of 0.8 %.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets<const BITS: u32> {
    octaves: Vec<Option<Box<[u32]>>>,
    /// Slots that went past `u32::MAX`, each mention worth 2^32.
    carries: Vec<(usize, usize)>,
}

impl<const BITS: u32> Buckets<BITS> {
    const SLOTS: usize = 1 << BITS;

    /// Octave 0 holds the values below `2^BITS` exactly; octave n those of bit length `BITS + n`.
    #[inline]
    fn place(value: u64) -> (usize, usize) {
        let shift = (63 - (value | 1).leading_zeros()).saturating_sub(BITS);
        if value < Self::SLOTS as u64 {
            (0, value as usize)
        } else {
            (shift as usize + 1, (value >> shift) as usize - Self::SLOTS)
        }
    }

    /// The greatest value that falls into a slot.
    fn highest(octave: usize, slot: usize) -> u64 {
        match octave.checked_sub(1) {
            None => slot as u64,
            Some(shift) => {
                let low = u128::from((Self::SLOTS + slot) as u64) << shift;
                u64::try_from(low + (1u128 << shift) - 1).unwrap_or(u64::MAX)
            }
        }
    }

    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        let (octave, slot) = Self::place(value);
        if let Some(Some(slots)) = self.octaves.get_mut(octave) {
            slots[slot] = slots[slot].wrapping_add(1);
            if slots[slot] == 0 {
                self.carries.push((octave, slot));
            }
        } else {
            self.first_in_octave(octave)[slot] = 1;
        }
    }

    /// Adds `count` of the same.
    pub(super) fn record_n(&mut self, value: u64, count: u64) {
        let (octave, slot) = Self::place(value);
        self.add(octave, slot, count);
    }

    fn add(&mut self, octave: usize, slot: usize, count: u64) {
        for _ in 0..count >> 32 {
            self.carries.push((octave, slot));
        }
        let slots = self.first_in_octave(octave);
        let (sum, carried) = slots[slot].overflowing_add(count as u32);
        slots[slot] = sum;
        if carried {
            self.carries.push((octave, slot));
        }
    }

    #[cold]
    fn first_in_octave(&mut self, octave: usize) -> &mut [u32] {
        if self.octaves.len() <= octave {
            self.octaves.resize(octave + 1, None);
        }
        self.octaves[octave].get_or_insert_with(|| vec![0; Self::SLOTS].into())
    }

    /// Every slot that was hit, from the lowest value: its greatest value and its count.
    fn filled(&self) -> impl Iterator<Item = (u64, u64)> {
        self.slots().map(|(octave, slot, count)| (Self::highest(octave, slot), count))
    }

    /// Every slot that was hit by its number, with its count.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, u64)> {
        self.slots().map(|(octave, slot, count)| (octave * Self::SLOTS + slot, count))
    }

    /// Adds to the slot of a number; false where there is no such slot.
    pub(super) fn add_numbered(&mut self, number: usize, count: u64) -> bool {
        let octave = number / Self::SLOTS;
        let exists = octave <= (u64::BITS - BITS) as usize;
        if exists {
            self.add(octave, number % Self::SLOTS, count);
        }
        exists
    }

    fn slots(&self) -> impl Iterator<Item = (usize, usize, u64)> {
        let counts = self.octaves.iter().enumerate().filter_map(|(o, s)| Some((o, s.as_deref()?)));
        counts.flat_map(move |(octave, slots)| {
            slots.iter().enumerate().filter_map(move |(slot, &count)| {
                let carried = self.carries.iter().filter(|c| **c == (octave, slot)).count() as u64;
                let count = u64::from(count) + (carried << 32);
                (count > 0).then_some((octave, slot, count))
            })
        })
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.carries.extend_from_slice(&other.carries);
        for (octave, theirs) in other.octaves.iter().enumerate() {
            let Some(theirs) = theirs else { continue };
            let mut carries = Vec::new();
            let ours = self.first_in_octave(octave);
            for (slot, (our, their)) in ours.iter_mut().zip(theirs).enumerate() {
                let (sum, carried) = our.overflowing_add(*their);
                *our = sum;
                if carried {
                    carries.push((octave, slot));
                }
            }
            self.carries.append(&mut carries);
        }
    }

    /// The least value that at least `percent` of `count` samples do not exceed, to the slot's width.
    pub(super) fn percentile(&self, percent: f64, count: u64) -> Option<u64> {
        let wanted = ((percent / 100.0 * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0;
        self.filled().find_map(|(value, n)| {
            seen += n;
            (seen >= wanted).then_some(value)
        })
    }
}

/// Count, sum, sum of squares, least and greatest: exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    sum: u64,
    #[serde(with = "super::stored::wide")]
    sum_of_squares: u128,
    min: u64,
    max: u64,
}

impl Moments {
    #[inline]
    fn record(&mut self, value: u64) {
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count += 1;
        self.sum += value;
        self.sum_of_squares += u128::from(value) * u128::from(value);
    }

    fn record_n(&mut self, value: u64, count: u64) {
        let square = u128::from(value) * u128::from(value) * u128::from(count);
        self.merge(&Moments { count, sum: value * count, sum_of_squares: square, min: value, max: value });
    }

    fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
    }
}

/// Latencies in nanoseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Latencies {
    moments: Moments,
    buckets: Buckets<10>,
}

impl Latencies {
    /// Adds one.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.moments.record(nanos);
        self.buckets.record(nanos);
    }

    /// Adds `count` of the same.
    pub fn record_n(&mut self, nanos: u64, count: u64) {
        if count > 0 {
            self.moments.record_n(nanos, count);
            self.buckets.record_n(nanos, count);
        }
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Latencies) {
        self.moments.merge(&other.moments);
        self.buckets.merge(&other.buckets);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.moments.count
    }

    /// Their sum, nanoseconds.
    pub fn sum_ns(&self) -> u64 {
        self.moments.sum
    }

    /// The least; absent where there are none.
    pub fn min_ns(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.moments.min)
    }

    /// The greatest.
    pub fn max_ns(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.moments.max)
    }

    /// Arithmetic mean.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.moments.sum as f64 / self.count() as f64)
    }

    /// Standard deviation of the samples (divisor n - 1); 0 for a single one.
    pub fn stddev_ns(&self) -> Option<f64> {
        let n = u128::from(self.count());
        match n {
            0 => None,
            1 => Some(0.0),
            _ => {
                // n·Σx² - (Σx)² in integers: no cancellation.
                let sum = u128::from(self.moments.sum);
                let numerator = match n.checked_mul(self.moments.sum_of_squares) {
                    Some(product) => (product - sum * sum) as f64,
                    None => n as f64 * self.moments.sum_of_squares as f64 - sum as f64 * sum as f64,
                };
                Some((numerator.max(0.0) / (n as f64 * (n - 1) as f64)).sqrt())
            }
        }
    }

    /// The latency that `percent` (0 to 100) of the samples do not exceed, to three significant digits; never above the greatest.
    pub fn percentile_ns(&self, percent: f64) -> Option<u64> {
        let value = self.buckets.percentile(percent, self.count())?;
        Some(value.min(self.moments.max))
    }

    /// The same samples as a histogram of the `hdrhistogram` crate, three significant digits, nanoseconds.
    pub fn to_hdr(&self) -> Histogram<u64> {
        let highest = self.moments.max.max(2);
        let mut result =
            Histogram::new_with_max(highest, 3).expect("three digits and a bound of 2 or more are accepted");
        for (value, count) in self.buckets.filled() {
            result.saturating_record_n(value, count);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled() -> (Latencies, Histogram<u64>) {
        let mut ours = Latencies::default();
        let mut theirs = Histogram::new(3).expect("three digits");
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (state >> 33) >> (state % 23);
            ours.record(value);
            theirs.record(value).expect("it resizes itself");
        }
        (ours, theirs)
    }

    #[test]
    fn percentiles_agree_with_the_hdrhistogram_crate() {
        let (ours, theirs) = sampled();
        for percent in [0.1, 25.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0] {
            let expected = theirs.value_at_percentile(percent).min(theirs.max());
            let found = ours.percentile_ns(percent).expect("there are samples");
            assert!(
                theirs.equivalent(expected, found) || found.abs_diff(expected) <= expected / 500,
                "{percent}: {found} against {expected}"
            );
        }
    }

    #[test]
    fn the_exported_histogram_holds_every_sample() {
        let (ours, theirs) = sampled();
        let exported = ours.to_hdr();
        assert_eq!(exported.len(), theirs.len());
        assert_eq!(exported.value_at_quantile(0.5), theirs.value_at_quantile(0.5));
    }

    #[test]
    fn moments_are_exact() {
        let mut latencies = Latencies::default();
        [2, 4, 4, 4, 5, 5, 7, 9].into_iter().for_each(|v| latencies.record(v));
        assert_eq!(latencies.mean_ns(), Some(5.0));
        assert!((latencies.stddev_ns().expect("eight samples") - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!((latencies.min_ns(), latencies.max_ns()), (Some(2), Some(9)));
    }

    #[test]
    fn merging_is_the_same_as_recording_into_one() {
        let (whole, _) = sampled();
        let mut halves = [Latencies::default(), Latencies::default()];
        let mut state = 1u64;
        for i in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            halves[i % 2].record((state >> 33) >> (state % 23));
        }
        let [mut first, second] = halves;
        first.merge(&second);
        assert_eq!(first.percentile_ns(99.0), whole.percentile_ns(99.0));
        assert_eq!(first.stddev_ns(), whole.stddev_ns());
        assert_eq!(first.count(), whole.count());
    }

    #[test]
    fn many_of_the_same_are_as_if_recorded_one_by_one() {
        let (mut at_once, mut singly) = (Latencies::default(), Latencies::default());
        for (value, count) in [(3, 4), (70_000, 1_000), (3, 2), (9, 0)] {
            at_once.record_n(value, count);
            (0..count).for_each(|_| singly.record(value));
        }
        assert_eq!(at_once.to_hdr(), singly.to_hdr());
        assert_eq!((at_once.stddev_ns(), at_once.min_ns()), (singly.stddev_ns(), Some(3)));
        at_once.record_n(3, 1 << 33);
        assert_eq!(at_once.to_hdr().count_at(3), (1 << 33) + 6);
    }

    #[test]
    fn an_empty_one_has_no_figures() {
        let empty = Latencies::default();
        assert_eq!(empty.percentile_ns(50.0), None);
        assert_eq!(empty.mean_ns(), None);
        assert_eq!(empty.stddev_ns(), None);
    }
}
