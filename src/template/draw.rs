//! Random numbers that are the same on every machine: hashing of seeds, a fast generator, and permutations.
//!
//! What is drawn from them is left to the generators and to `distribution`.

use std::convert::Infallible;

use rand::TryRng;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection whose output bits depend on all input bits.
#[inline]
const fn finalize(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Mixes a seed with further numbers, such as table, column and row; their order matters.
#[inline]
pub const fn mix(seed: u64, parts: &[u64]) -> u64 {
    let mut state = finalize(seed.wrapping_add(GOLDEN));
    let mut index = 0;
    while index < parts.len() {
        state = finalize(state.rotate_left(23) ^ finalize(parts[index].wrapping_add(GOLDEN)));
        index += 1;
    }
    state
}

/// SplitMix64: one value's stream of random numbers. Seeding costs nothing.
#[derive(Clone, Debug)]
pub struct Draw {
    state: u64,
}

impl Draw {
    /// The stream that belongs to a mixed seed.
    #[inline]
    pub const fn new(seed: u64) -> Self {
        Draw { state: seed }
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        finalize(self.state)
    }

    /// A number from 0 to `bound - 1`, by multiplication (Lemire 2019); its bias is below `bound` / 2^64. 0 when `bound` is 0.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// The same for bounds beyond 64 bits.
    #[inline]
    pub fn below_wide(&mut self, bound: u128) -> u128 {
        match u64::try_from(bound) {
            Ok(narrow) => u128::from(self.below(narrow)),
            Err(_) => ((u128::from(self.bits()) << 64) | u128::from(self.bits())) % bound,
        }
    }

    /// A float from 0 up to, but without, 1.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A length from `low` to `high`, both included.
    #[inline]
    pub fn length(&mut self, low: usize, high: usize) -> usize {
        low + self.below((high - low) as u64 + 1) as usize
    }

    /// One item of a list that is not empty.
    #[inline]
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// One word of a list that is not empty.
    #[inline]
    pub fn word<'a, S: AsRef<str>>(&mut self, words: &'a [S]) -> &'a str {
        self.pick(words).as_ref()
    }
}

impl TryRng for Draw {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    #[inline]
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(8) {
            let bytes = self.bits().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

/// A random order of 0 … size - 1 that needs no memory: a Feistel network over the next even power of two, walked until it lands inside
/// (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    key: u64,
    size: u128,
    half_bits: u32,
}

impl Permutation {
    /// The order that belongs to a key.
    pub const fn new(key: u64, size: u128) -> Self {
        let bits = if size <= 1 { 0 } else { 128 - (size - 1).leading_zeros() };
        Permutation { key, size, half_bits: bits.div_ceil(2) }
    }

    /// Where an index goes.
    ///
    /// # Panics
    /// If `index` is not below the size.
    pub fn at(&self, index: u128) -> u128 {
        assert!(index < self.size, "an index lies within its permutation");
        if self.half_bits == 0 {
            return index;
        }
        let mut place = index;
        loop {
            place = self.scramble(place);
            if place < self.size {
                return place;
            }
        }
    }

    fn scramble(&self, place: u128) -> u128 {
        let mask = if self.half_bits == 64 { u64::MAX } else { (1u64 << self.half_bits) - 1 };
        let mut left = (place >> self.half_bits) as u64 & mask;
        let mut right = place as u64 & mask;
        for round in 0..6 {
            let next = left ^ (mix(self.key, &[round, right]) & mask);
            left = right;
            right = next;
        }
        (u128::from(left) << self.half_bits) | u128::from(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut draw = Draw::new(mix(42, &[1, 2, 3]));
        let first: Vec<u64> = (0..3).map(|_| draw.bits()).collect();
        assert_eq!(first, [4280621142157125875, 7174837282825556543, 16889813315953439026]);
    }

    #[test]
    fn the_order_of_parts_matters() {
        assert_ne!(mix(1, &[2, 3]), mix(1, &[3, 2]));
        assert_ne!(mix(1, &[]), mix(1, &[0]));
    }

    #[test]
    fn a_permutation_hits_every_place_once() {
        for size in [1u128, 2, 3, 10, 64, 1000] {
            let order = Permutation::new(7, size);
            let mut places: Vec<u128> = (0..size).map(|i| order.at(i)).collect();
            places.sort_unstable();
            assert_eq!(places, (0..size).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_widest_permutation_works() {
        let order = Permutation::new(7, u128::MAX);
        assert_ne!(order.at(0), order.at(1));
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut draw = Draw::new(1);
        assert!((0..1000).all(|_| draw.below(3) < 3));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&draw.unit())));
        assert!((0..100).all(|_| draw.below_wide(1 << 70) < 1 << 70));
    }
}
