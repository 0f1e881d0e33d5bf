//! A list that knows which of its entries may have changed: a world of many things is moved as
//! quickly as one of few, since only what was touched is looked at.

use std::collections::BTreeSet;
use std::ops::{Deref, Index, IndexMut};

/// A list that nothing is ever removed from.
#[derive(Debug)]
pub(super) struct Changing<T> {
    entries: Vec<T>,
    changed: BTreeSet<usize>,
}

impl<T> Default for Changing<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl<T> Changing<T> {
    pub(super) fn push(&mut self, entry: T) {
        self.changed.insert(self.entries.len());
        self.entries.push(entry);
    }

    /// Every entry, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.changed.extend(0..self.entries.len());
        self.entries.iter_mut()
    }

    /// An entry, for what nobody who reads can see.
    pub(super) fn unseen(&mut self, at: usize) -> &mut T {
        &mut self.entries[at]
    }

    /// The places of what may have changed since it was asked last.
    pub(super) fn take_changed(&mut self) -> BTreeSet<usize> {
        std::mem::take(&mut self.changed)
    }
}

impl<T> Deref for Changing<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> Index<usize> for Changing<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        &self.entries[at]
    }
}

impl<T> IndexMut<usize> for Changing<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        self.changed.insert(at);
        &mut self.entries[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_or_lent_to_be_changed_may_have_changed_and_the_rest_has_not() {
        let mut list = Changing::default();
        for number in 0..4 {
            list.push(number);
        }
        assert_eq!(list.take_changed(), BTreeSet::from([0, 1, 2, 3]));
        list[2] += 1;
        *list.unseen(1) += 1;
        assert_eq!(list[0] + list[1] + list[2], 5);
        assert_eq!(list.take_changed(), BTreeSet::from([2]));
        list.iter_mut().for_each(|number| *number = 0);
        assert_eq!(list.take_changed().len(), 4);
        assert!(list.take_changed().is_empty());
    }
}
