//! Hash tables with a fixed seed and a bound: what is full drops the newcomer and counts it.

use std::hash::Hash;
use std::io::{Read, Result, Write};

use hashbrown::HashMap;
use model::borsh::{BorshDeserialize, BorshSerialize};

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

/// In the order of the keys, so that equal tables have equal bytes.
impl<K: Hash + Ord + BorshSerialize, V: BorshSerialize> BorshSerialize for Bounded<K, V> {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        (self.limit as u64).serialize(writer)?;
        self.turned_away.serialize(writer)?;
        (self.map.len() as u64).serialize(writer)?;
        for (key, value) in self.sorted() {
            key.serialize(writer)?;
            value.serialize(writer)?;
        }
        Ok(())
    }
}

impl<K: Hash + Ord + BorshDeserialize, V: BorshDeserialize> BorshDeserialize for Bounded<K, V> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Bounded<K, V>> {
        let mut table = Bounded::new(usize::try_from(u64::deserialize_reader(reader)?).unwrap_or(0));
        table.turned_away = u64::deserialize_reader(reader)?;
        for _ in 0..u64::deserialize_reader(reader)? {
            let key = K::deserialize_reader(reader)?;
            let value = V::deserialize_reader(reader)?;
            table.map.insert(key, value);
        }
        Ok(table)
    }
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(crate) fn new(limit: usize) -> Bounded<K, V> {
        Bounded { map: HashMap::with_hasher(Hasher::with_seed(0x5649_4749)), limit, turned_away: 0 }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
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
