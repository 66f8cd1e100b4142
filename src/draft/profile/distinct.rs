//! How many different values there are, in bounded memory.

use std::collections::HashMap;

/// Hashes that are kept at most.
const KEPT: usize = 131_072;

/// Counts different hashes: exactly up to [`KEPT`], then by adaptive sampling (Flajolet 1990, "On adaptive sampling"), whose error is about
/// 1.2 / √65,536, half a per cent.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    /// Hashes with as many leading zero bits as the level says, and how often each came.
    kept: HashMap<u64, Seen, Already>,
    level: u32,
}

/// How often a hash came, and what kind of value it is of.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    times: u32,
    class: u16,
}

/// The keys are hashes.
#[derive(Clone, Copy, Debug, Default)]
struct Already;

#[derive(Debug, Default)]
struct Same(u64);

impl std::hash::BuildHasher for Already {
    type Hasher = Same;

    fn build_hasher(&self) -> Same {
        Same(0)
    }
}

impl std::hash::Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("the keys are of 64 bits")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Distinct {
    /// Adds a hash, of a value of any class: the number of a kind of values.
    pub(super) fn add(&mut self, hash: u64, class: u16) {
        if hash.leading_zeros() < self.level {
            return;
        }
        // The map takes its places from the low bits, which do not decide what is kept.
        let seen = self.kept.entry(hash).or_default();
        (seen.times, seen.class) = (seen.times.saturating_add(1), class);
        while self.kept.len() > KEPT {
            self.level += 1;
            let level = self.level;
            self.kept.retain(|hash, _| hash.leading_zeros() >= level);
        }
    }

    /// Different hashes among those added.
    pub(super) fn seen(&self) -> u64 {
        (self.kept.len() as u64) << self.level
    }

    /// Different hashes among those added, by class.
    pub(super) fn by_class(&self, classes: usize) -> Vec<u64> {
        let mut counts = vec![0; classes];
        for seen in self.kept.values() {
            if let Some(count) = counts.get_mut(usize::from(seen.class)) {
                *count += 1 << self.level;
            }
        }
        counts
    }

    /// The same of values that came in so many runs of equal ones: where hardly any came back, the rows not seen have others.
    pub(super) fn of_runs(&self, runs: u64, seen: u64, all: u64) -> u64 {
        const FEW: f64 = 64.0;
        let known = self.seen() as f64;
        let in_runs = known > FEW && runs as f64 <= known * 1.2 && known * 1.3 < seen as f64;
        if in_runs && seen < all {
            return ((known * all as f64 / seen as f64).round() as u64).min(all);
        }
        self.of_all(seen, all)
    }

    /// Different ones among `all`, of which `seen` were added: the first-order jackknife (Haas and Stokes 1998, "Estimating the number of classes in a
    /// finite population"). Where nothing came twice, nothing says that anything ever will.
    pub(super) fn of_all(&self, seen: u64, all: u64) -> u64 {
        if seen >= all || seen == 0 {
            return self.seen();
        }
        let once = (self.kept.values().filter(|seen| seen.times == 1).count() as u64) << self.level;
        let unseen = 1.0 - seen as f64 / all as f64;
        let hidden = (unseen * once as f64 / seen as f64).min(unseen);
        ((self.seen() as f64 / (1.0 - hidden)).round() as u64).min(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::mix;

    fn counted(different: u64, times: u64) -> Distinct {
        let mut distinct = Distinct::default();
        for _ in 0..times {
            (0..different).for_each(|value| distinct.add(mix(7, &[value]), 0));
        }
        distinct
    }

    #[test]
    fn small_numbers_are_counted_exactly() {
        for different in [0, 1, 33, 100_000] {
            assert_eq!(counted(different, 2).seen(), different);
        }
    }

    #[test]
    fn large_numbers_are_estimated_within_two_per_cent() {
        for different in [200_000u64, 1_000_000] {
            let seen = counted(different, 1).seen();
            assert!(seen.abs_diff(different) < different / 50, "{seen} of {different}");
        }
    }

    #[test]
    fn a_part_speaks_for_all() {
        assert_eq!(counted(1000, 1).of_all(1000, 50_000), 50_000);
        assert_eq!(counted(10, 100).of_all(1000, 50_000), 10);
        assert_eq!(counted(10, 100).of_all(1000, 1000), 10);
        assert_eq!(counted(100, 10).of_runs(100, 1000, 50_000), 5_000);
        assert_eq!(counted(100, 10).of_runs(1000, 1000, 50_000), 100);
    }
}
