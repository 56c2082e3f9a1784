//! Contradiction between what was written to a tag, what is read back from it and what is shown to people.
//!
//! Who writes a setpoint expects to read it back; who reads a value expects the screen to show it. An attacker between a
//! controller and a screen, or in a controller, breaks one of the two. No learning is needed: only how long the values may
//! differ while one follows the other.

use std::collections::BTreeMap;

use model::Time;
use serde::{Deserialize, Serialize};

/// Tags that are followed; further ones are not, and counted.
const TAGS_MAX: usize = 20_000;
/// Nanoseconds after which a value says nothing any more.
const STALE: i64 = 600 * 1_000_000_000;

/// What a value was: where in the chain it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sent to the controller.
    Written,
    /// Said by the controller when asked.
    Read,
    /// Said to a screen.
    Shown,
}

/// Two values that should be one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contradiction {
    /// The tag.
    pub tag: String,
    /// The role and value that was there first.
    pub expected: (Role, f64),
    /// The role and value that differs.
    pub seen: (Role, f64),
    /// Since when they differ.
    pub since: Time,
    /// When this was sure.
    pub at: Time,
}

/// What is known of one tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    values: [Option<(Time, f64)>; 3],
    /// Since when written and read, and read and shown, differ; and whether that was told.
    differ: [Option<(Time, bool)>; 2],
    /// Agreements of each pair: pairs that never agreed are two different things with one name.
    agreed: [u32; 2],
}

/// Follows tags through their roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Echo {
    /// Nanoseconds for which two values may differ.
    patience: i64,
    /// Share of the value by which they may differ.
    tolerance: f64,
    tags: BTreeMap<String, Known>,
    /// Values of tags that were too many.
    pub left_out: u64,
}

/// Agreements after which a pair is known to be one value.
const AGREED_LEAST: u32 = 3;

impl Echo {
    /// Values may differ for `patience` seconds, and by `tolerance` of their size.
    pub fn new(patience: f64, tolerance: f64) -> Echo {
        Echo { patience: (patience * 1e9) as i64, tolerance, tags: BTreeMap::new(), left_out: 0 }
    }

    /// Takes in one value; tells a contradiction once, when it has lasted longer than patience.
    pub fn value(&mut self, at: Time, tag: &str, role: Role, value: f64) -> Option<Contradiction> {
        if !self.tags.contains_key(tag) {
            if self.tags.len() >= TAGS_MAX {
                self.left_out += 1;
                return None;
            }
            self.tags.insert(tag.to_owned(), Known::default());
        }
        let known = self.tags.get_mut(tag)?;
        known.values[role as usize] = Some((at, value));
        let mut found = None;
        for (pair, (first, second)) in [(Role::Written, Role::Read), (Role::Read, Role::Shown)].into_iter().enumerate()
        {
            let (Some((then, a)), Some((now, b))) = (known.values[first as usize], known.values[second as usize])
            else {
                continue;
            };
            // A value from long ago, or one that the other has not had a chance to follow, says nothing.
            if role != second || now.since(then) > STALE || now < then {
                continue;
            }
            let is_equal = (a - b).abs() <= self.tolerance * a.abs().max(b.abs()) + 1e-9;
            if is_equal {
                known.agreed[pair] = known.agreed[pair].saturating_add(1);
                known.differ[pair] = None;
                continue;
            }
            let (since, is_told) = known.differ[pair].get_or_insert((at, false));
            // What was never seen to agree is two things with one name.
            if at.since(*since) >= self.patience && !*is_told && known.agreed[pair] >= AGREED_LEAST {
                *is_told = true;
                let (tag, since) = (tag.to_owned(), *since);
                found = Some(Contradiction { tag, expected: (first, a), seen: (second, b), since, at });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Time {
        Time::from_seconds(second, 0)
    }

    #[test]
    fn screen_that_shows_something_else_is_told_once() {
        let mut echo = Echo::new(5.0, 0.01);
        let mut told = Vec::new();
        for now in 0..60 {
            let level = 20.0 + now as f64;
            let shown = if now < 30 { level } else { 50.0 };
            told.extend(echo.value(second(now), "level", Role::Read, level));
            told.extend(echo.value(second(now), "level", Role::Shown, shown));
        }
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].expected.0, told[0].seen), (Role::Read, (Role::Shown, 50.0)));
        assert_eq!((told[0].since, told[0].at), (second(31), second(36)));
    }

    #[test]
    fn setpoint_that_is_followed_late_is_not_told() {
        let mut echo = Echo::new(5.0, 0.0);
        let mut told = Vec::new();
        for now in 0..100 {
            let written = (now / 20) as f64;
            let read = ((now - 3).max(0) / 20) as f64;
            told.extend(echo.value(second(now), "setpoint", Role::Written, written));
            told.extend(echo.value(second(now), "setpoint", Role::Read, read));
        }
        assert_eq!(told, []);
        // From now on the controller keeps the old value.
        for now in 100..120 {
            told.extend(echo.value(second(now), "setpoint", Role::Written, 9.0));
            told.extend(echo.value(second(now), "setpoint", Role::Read, 4.0));
        }
        assert_eq!(told.len(), 1);
    }

    #[test]
    fn two_things_with_one_name_are_not_told() {
        let mut echo = Echo::new(1.0, 0.0);
        let told: Vec<_> = (0..100)
            .flat_map(|now| {
                [
                    echo.value(second(now), "x", Role::Written, 1.0),
                    echo.value(second(now), "x", Role::Read, now as f64 + 7.0),
                ]
            })
            .flatten()
            .collect();
        assert_eq!(told, []);
    }
}
