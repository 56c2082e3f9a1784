//! Hash tables with a fixed seed and a bound: what is full drops the newcomer and counts it.

use std::hash::Hash;

use hashbrown::HashMap;

/// The hasher of every table here: fast, and the same in every run.
pub(crate) type Hasher = foldhash::fast::FixedState;

/// A map that never holds more than `limit` keys. Iterate only where the order cannot show (sort afterwards).
#[derive(Clone, Debug)]
pub(crate) struct Bounded<K, V> {
    map: HashMap<K, V, Hasher>,
    limit: usize,
    /// How many newcomers found no place.
    pub(crate) turned_away: u64,
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(crate) fn new(limit: usize) -> Bounded<K, V> {
        Bounded { map: HashMap::with_hasher(Hasher::with_seed(0x5649_4749)), limit, turned_away: 0 }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    /// The value of `key`, made by `make` where it is new; `None` where the table is full.
    pub(crate) fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> Option<&mut V> {
        if self.map.len() >= self.limit && !self.map.contains_key(&key) {
            self.turned_away += 1;
            return None;
        }
        Some(self.map.entry(key).or_insert_with(make))
    }

    /// Removes what `keep` refuses.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&K, &mut V) -> bool) {
        self.map.retain(keep);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.map.len() >= self.limit
    }

    /// All entries in no order: the caller sorts what comes of it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.map.iter()
    }

    /// All entries in the order of their keys.
    pub(crate) fn sorted(&self) -> Vec<(&K, &V)>
    where
        K: Ord,
    {
        let mut entries: Vec<(&K, &V)> = self.map.iter().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
        entries
    }
}
