//! A secondary index: for each value the rows that have it, as a list through the places of the rows.
//!
//! Nothing is stored twice, and adding or removing a row costs the same however many others have its value.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// No place.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    next: u32,
    previous: u32,
    hash: u64,
}

/// The lists of one index, by the hash of their value.
#[derive(Debug, Default)]
pub(super) struct Postings {
    heads: HashTable<u32>,
    /// By place.
    links: Vec<Link>,
}

impl Postings {
    /// Adds a place that no list has; `same` tells whether another place has its value.
    #[inline]
    pub(super) fn add(&mut self, place: u32, hash: u64, same: impl Fn(u32) -> bool) {
        let Postings { heads, links } = self;
        if links.len() <= place as usize {
            links.resize(place as usize + 1, Link { next: NONE, previous: NONE, hash: 0 });
        }
        let known = |head: &u32| links[*head as usize].hash == hash && same(*head);
        let mut next = NONE;
        match heads.entry(hash, known, |head| links[*head as usize].hash) {
            Entry::Occupied(mut head) => next = std::mem::replace(head.get_mut(), place),
            Entry::Vacant(vacant) => {
                vacant.insert(place);
            }
        }
        if next != NONE {
            links[next as usize].previous = place;
        }
        links[place as usize] = Link { next, previous: NONE, hash };
    }

    /// Takes a place out of its list.
    pub(super) fn remove(&mut self, place: u32) {
        let Link { next, previous, hash } = self.links[place as usize];
        if previous != NONE {
            self.links[previous as usize].next = next;
        } else if let Ok(mut head) = self.heads.find_entry(hash, |head| *head == place) {
            if next == NONE {
                head.remove();
            } else {
                *head.get_mut() = next;
            }
        }
        if next != NONE {
            self.links[next as usize].previous = previous;
        }
    }

    /// The hash under which a place is listed.
    #[inline]
    pub(super) fn hash(&self, place: u32) -> u64 {
        self.links[place as usize].hash
    }

    /// Places with a value, the last one added first.
    #[inline]
    pub(super) fn with(&self, hash: u64, is: impl Fn(u32) -> bool) -> impl Iterator<Item = u32> {
        let known = |head: &u32| self.links[*head as usize].hash == hash && is(*head);
        let first = self.heads.find(hash, known).copied();
        let next = |place: &u32| Some(self.links[*place as usize].next).filter(|next| *next != NONE);
        std::iter::successors(first, next)
    }

    /// Empties it, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.links.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values by place; all of them share one hash.
    fn places(postings: &Postings, values: &[u8], value: u8) -> Vec<u32> {
        postings.with(9, |place| values[place as usize] == value).collect()
    }

    #[test]
    fn a_list_holds_the_places_of_its_value_through_additions_and_removals() {
        let values = [1, 2, 1, 1, 2, 3];
        let mut postings = Postings::default();
        for place in 0..6 {
            postings.add(place, 9, |other| values[other as usize] == values[place as usize]);
        }
        assert_eq!(places(&postings, &values, 1), [3, 2, 0]);
        postings.remove(2);
        postings.remove(3);
        postings.remove(5);
        assert_eq!(places(&postings, &values, 1), [0]);
        assert_eq!(places(&postings, &values, 2), [4, 1]);
        assert!(places(&postings, &values, 3).is_empty());
        postings.remove(0);
        postings.add(3, 9, |other| values[other as usize] == 1);
        assert_eq!(places(&postings, &values, 1), [3]);
        postings.clear();
        assert!(places(&postings, &values, 2).is_empty());
    }
}
