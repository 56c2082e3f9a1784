//! Counting in windows of packet time: distinct targets, and events a while; both of fixed size.

use std::hash::{BuildHasher, Hash};

use model::Time;
use model::borsh::{BorshDeserialize, BorshSerialize};

use crate::limits;
use crate::table::{Bounded, Hasher};

/// Nanoseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub(crate) const MINUTE: i64 = 60 * SECOND;

/// How many distinct things were met within a window.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Distinct {
    /// When each was met last, and its hash.
    seen: Vec<(Time, u64)>,
}

impl Distinct {
    /// Notes `thing` at `at`; the number of distinct things in the `window` before the latest time so far.
    pub(crate) fn add(&mut self, thing: &impl Hash, at: Time, window: i64) -> usize {
        let hash = Hasher::with_seed(7).hash_one(thing);
        let latest = self.seen.iter().map(|(time, _)| *time).fold(at, Time::max);
        self.seen.retain(|(time, known)| latest.since(*time) <= window && *known != hash);
        if self.seen.len() >= limits::SCAN_TARGETS_MAX {
            self.seen.remove(0);
        }
        self.seen.push((at, hash));
        self.seen.len()
    }

    /// Forgets everything, after an episode was reported.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
    }
}

/// How many events there were within a window: those of the current window, and of the one before by its overlap.
#[derive(Clone, Copy, Debug, Default, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Rate {
    start: Option<Time>,
    current: u64,
    previous: u64,
}

impl Rate {
    /// Notes `count` events at `at`; the estimated number in the `window` before.
    pub(crate) fn add(&mut self, count: u64, at: Time, window: i64) -> u64 {
        let start = *self.start.get_or_insert(at);
        let age = at.since(start);
        if age >= window {
            self.previous = if age < window.saturating_mul(2) { self.current } else { 0 };
            self.current = 0;
            self.start = Some(at.plus(-(age % window)));
        }
        self.current = self.current.saturating_add(count);
        let age = at.since(self.start.unwrap_or(at)).clamp(0, window);
        let overlap = (window - age) as f64 / window as f64;
        self.current.saturating_add((self.previous as f64 * overlap) as u64)
    }

    /// Forgets everything, after an episode was reported.
    pub(crate) fn clear(&mut self) {
        *self = Rate::default();
    }
}

/// What is followed for each key, bounded: when full, keys that were silent for `idle` make room now and then.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Tracked<K, V>
where
    K: Hash + Ord,
{
    table: Bounded<K, (Time, V)>,
    idle: i64,
    /// How many newcomers must have been turned away before the next sweep.
    next_sweep: u64,
}

impl<K: Hash + Ord, V: Default> Tracked<K, V> {
    /// Follows up to `limits::TRACKED_MAX` keys.
    pub(crate) fn new(idle: i64) -> Tracked<K, V> {
        Tracked { table: Bounded::new(limits::TRACKED_MAX), idle, next_sweep: 1 }
    }

    /// What is followed of `key`; `None` where there is no room.
    pub(crate) fn at(&mut self, key: K, at: Time) -> Option<&mut V> {
        // Sweeping costs as much as the table is long: a flood of new keys must not bring it about each time.
        if self.table.is_full() && self.table.turned_away >= self.next_sweep {
            let idle = self.idle;
            self.table.retain(|_, (last, _)| at.since(*last) <= idle);
            self.next_sweep = self.table.turned_away + 4_096;
        }
        let (last, value) = self.table.entry(key, || (at, V::default()))?;
        *last = (*last).max(at);
        Some(value)
    }

    /// Everything followed, in the order of the keys.
    #[cfg(test)]
    pub(crate) fn sorted(&self) -> Vec<(&K, &V)>
    where
        K: Ord,
    {
        self.table.sorted().into_iter().map(|(key, (_, value))| (key, value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_things_leave_the_window() {
        let mut distinct = Distinct::default();
        for number in 0..10 {
            distinct.add(&number, Time(number * SECOND), MINUTE);
        }
        assert_eq!(distinct.add(&3, Time(10 * SECOND), MINUTE), 10);
        assert_eq!(distinct.add(&99, Time(65 * SECOND), MINUTE), 7);
    }

    #[test]
    fn a_rate_is_about_the_last_window() {
        let mut rate = Rate::default();
        for second in 0..60 {
            rate.add(1, Time(second * SECOND), MINUTE);
        }
        assert_eq!(rate.add(1, Time(60 * SECOND), MINUTE), 61);
        assert_eq!(rate.add(1, Time(90 * SECOND), MINUTE), 32);
        assert_eq!(rate.add(1, Time(900 * SECOND), MINUTE), 1);
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let mut tracked: Tracked<u32, Rate> = Tracked::new(MINUTE);
        for key in 0..100_000 {
            if let Some(rate) = tracked.at(key, Time(0)) {
                rate.add(1, Time(0), MINUTE);
            }
        }
        assert_eq!(tracked.sorted().len(), limits::TRACKED_MAX);
        assert!(tracked.at(500_000, Time(10 * MINUTE)).is_none() || tracked.sorted().len() == 1);
    }
}
