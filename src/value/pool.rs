//! Large values: stretches of one pool of random bytes that all of the process shares, so that neither making nor binding one costs a copy.
//!
//! The pool's 8-byte words are a bijective mix of their own index, so a stretch says by its first word where in the pool it begins, and any
//! part of it can be compared without knowing how it was drawn.

use std::fmt;
use std::sync::LazyLock;

/// Words of the pool: 24 MiB.
const WORDS: u32 = 3 << 20;
/// Bytes of the pool.
const POOL_BYTES: u32 = WORDS * WORD as u32;
const WORD: usize = 8;

/// Values up to this length are made byte by byte.
pub const LONGEST_MADE: usize = 64 << 10;
/// Stretches up to this length lie in the pool as a whole; longer ones go through it again and again.
pub const LONGEST_WHOLE: u32 = 16 << 20;

static POOL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = Vec::with_capacity(POOL_BYTES as usize);
    (0..u64::from(WORDS)).for_each(|index| bytes.extend_from_slice(&word(index)));
    bytes
});

const SEED: u64 = 0x6c61_7267_656f_626a;
const FIRST: u64 = 0xbf58_476d_1ce4_e5b9;
const SECOND: u64 = 0x94d0_49bb_1331_11eb;

/// The word at an index, by the finalizer of SplitMix64 (Steele, Lea, Flood 2014), which is a bijection.
fn word(index: u64) -> [u8; WORD] {
    let mut z = index ^ SEED;
    z = (z ^ (z >> 30)).wrapping_mul(FIRST);
    z = (z ^ (z >> 27)).wrapping_mul(SECOND);
    (z ^ (z >> 31)).to_le_bytes()
}

/// The index of a word.
fn index(word: [u8; WORD]) -> u64 {
    let unshift = |value: u64, by: u32| {
        let mut found = value;
        let mut known = by;
        while known < u64::BITS {
            found = value ^ (found >> by);
            known += by;
        }
        found
    };
    let mut z = unshift(u64::from_le_bytes(word), 31);
    z = unshift(z.wrapping_mul(inverse(SECOND)), 27);
    z = unshift(z.wrapping_mul(inverse(FIRST)), 30);
    z ^ SEED
}

/// Of an odd number, modulo 2^64, by Newton's method.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut step = 0;
    while step < 5 {
        found = found.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(found)));
        step += 1;
    }
    found
}

/// Bytes that nobody holds: so many from a word of the pool on, which begins anew at its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    word: u32,
    length: u32,
}

impl fmt::Debug for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stretch({} bytes from word {})", self.length, self.word)
    }
}

impl Stretch {
    /// Places where a stretch of so many bytes may begin.
    ///
    /// # Panics
    /// If it is 4 GiB or longer: SQLite's own limit is a billion bytes.
    pub fn places(length: usize) -> u64 {
        let length = bytes(length);
        if length <= LONGEST_WHOLE {
            u64::from((POOL_BYTES - length) / WORD as u32) + 1
        } else {
            u64::from(WORDS)
        }
    }

    /// The stretch of so many bytes from one of its places on.
    ///
    /// # Panics
    /// If there is no such place, or the length is 4 GiB or more.
    pub fn new(place: u64, length: usize) -> Stretch {
        assert!(place < Self::places(length), "a stretch begins at one of its places");
        Stretch { word: place as u32, length: bytes(length) }
    }

    /// Length in bytes.
    pub fn len(self) -> u64 {
        u64::from(self.length)
    }

    /// Whether it has no bytes.
    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    /// All of it, where it lies in the pool as a whole.
    #[inline]
    pub fn whole(self) -> Option<&'static [u8]> {
        (self.length <= LONGEST_WHOLE).then(|| self.piece(0, LONGEST_WHOLE as usize))
    }

    /// Its bytes from `from` on, as many as lie together, at most `most`; empty at the end of it.
    pub fn piece(self, from: u64, most: usize) -> &'static [u8] {
        let left = self.len().saturating_sub(from);
        let start = (u64::from(self.word) * WORD as u64 + from) % u64::from(POOL_BYTES);
        let together = (u64::from(POOL_BYTES) - start).min(left).min(most as u64);
        &POOL[start as usize..][..together as usize]
    }

    /// Its bytes in order, in pieces of at most `most`.
    pub fn pieces(self, most: usize) -> impl Iterator<Item = &'static [u8]> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let piece = self.piece(from, most);
            from += piece.len() as u64;
            (!piece.is_empty()).then_some(piece)
        })
    }

    /// A copy of all of it.
    pub fn to_vec(self) -> Vec<u8> {
        let mut copy = Vec::with_capacity(self.length as usize);
        self.pieces(LONGEST_WHOLE as usize).for_each(|piece| copy.extend_from_slice(piece));
        copy
    }

    /// Whether bytes are those of it from `from` on.
    pub fn holds(self, from: u64, mut bytes: &[u8]) -> bool {
        let mut at = from;
        while !bytes.is_empty() {
            let piece = self.piece(at, bytes.len());
            let Some((head, rest)) = bytes.split_at_checked(piece.len()) else { return false };
            if piece.is_empty() || head != piece {
                return false;
            }
            at += piece.len() as u64;
            bytes = rest;
        }
        true
    }

    /// The stretch of so many bytes that begins like `start`, where these are bytes of the pool: 8 of them tell.
    pub fn found(start: &[u8], length: u64) -> Option<Stretch> {
        let word = u32::try_from(index(*start.first_chunk()?)).ok().filter(|word| *word < WORDS)?;
        Some(Stretch { word, length: u32::try_from(length).ok()? })
    }

    /// As it stands on the tape.
    pub(super) fn to_bytes(self) -> [u8; 8] {
        // The pool is made here, where nobody measures, and not where it is read first.
        LazyLock::force(&POOL);
        (u64::from(self.word) | u64::from(self.length) << 32).to_le_bytes()
    }

    /// Back from the tape.
    #[inline]
    pub(super) fn from_bytes(bytes: [u8; 8]) -> Stretch {
        let both = u64::from_le_bytes(bytes);
        Stretch { word: both as u32, length: (both >> 32) as u32 }
    }
}

fn bytes(length: usize) -> u32 {
    u32::try_from(length).expect("a value is shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_pool_tells_its_place() {
        for place in [0, 1, 77, u64::from(WORDS) - 1, u64::MAX] {
            assert_eq!(index(word(place)), place);
        }
        let stretch = Stretch::new(1_000_003, 100_000);
        let bytes = stretch.whole().unwrap();
        assert_eq!(Stretch::found(bytes, 100_000), Some(stretch));
        assert_eq!(Stretch::found(&bytes[1..], 99_999), None);
        assert_eq!(Stretch::found(&[0; 100], 100), None);
        assert_eq!(Stretch::found(&bytes[..7], 7), None);
    }

    #[test]
    fn a_stretch_longer_than_the_pool_goes_through_it_again() {
        let length = (POOL_BYTES + 1_000_001) as usize;
        let stretch = Stretch::new(u64::from(WORDS) - 1, length);
        assert_eq!(stretch.whole(), None);
        let all = stretch.to_vec();
        assert_eq!(all.len(), length);
        assert_eq!(all[..WORD], word(u64::from(WORDS) - 1));
        assert_eq!(all[WORD..2 * WORD], word(0));
        assert_eq!(all[POOL_BYTES as usize..][..WORD], all[..WORD]);
        assert_eq!(stretch.pieces(1 << 20).map(<[u8]>::len).sum::<usize>(), length);
        assert!(stretch.holds(0, &all) && stretch.holds(5, &all[5..]));
        assert!(!stretch.holds(1, &all), "one byte more than there are");
        let mut other = all;
        *other.last_mut().unwrap() ^= 1;
        assert!(!stretch.holds(0, &other));
    }

    #[test]
    fn the_longest_whole_stretch_fits_at_its_last_place() {
        for length in [LONGEST_MADE + 1, LONGEST_WHOLE as usize] {
            let stretch = Stretch::new(Stretch::places(length) - 1, length);
            assert_eq!(stretch.whole().unwrap().len(), length);
        }
    }
}
