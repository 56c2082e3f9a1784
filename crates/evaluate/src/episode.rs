//! Episodes: what a person would call one alarm.

use model::Time;

use crate::interval::SECOND;

/// A maximal run of alarm after short gaps are bridged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Number of its first sample, from 0.
    pub first: usize,
    /// Number of its last sample in alarm.
    pub last: usize,
    /// Time of the first.
    pub start: Time,
    /// Time of the last.
    pub end: Time,
}

/// Runs of samples in alarm; those at most `gap` seconds apart are one.
pub fn episodes(at: &[Time], alarm: &[bool], gap: f64) -> Vec<Episode> {
    let mut found: Vec<Episode> = Vec::new();
    for (index, _) in alarm.iter().enumerate().filter(|(_, alarm)| **alarm) {
        let time = at[index];
        match found.last_mut() {
            Some(last) if last.last + 1 == index || time.since(last.end) as f64 <= gap * SECOND => {
                last.last = index;
                last.end = time;
            }
            _ => found.push(Episode { first: index, last: index, start: time, end: time }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_a_gap_apart_are_one_episode() {
        let at: Vec<Time> = (0..10).map(|second| Time::from_seconds(second, 0)).collect();
        let alarm = [0, 1, 1, 0, 0, 1, 0, 0, 0, 1].map(|bit| bit == 1);
        let spans = |gap| episodes(&at, &alarm, gap).iter().map(|one| (one.first, one.last)).collect::<Vec<_>>();
        assert_eq!(spans(0.0), [(1, 2), (5, 5), (9, 9)]);
        assert_eq!(spans(3.0), [(1, 5), (9, 9)]);
        assert_eq!(spans(4.0), [(1, 9)]);
    }
}
