//! When things come: periods, the longest wait, answers, the hours of the week, and how often a minute.

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Repeats, Time};

use crate::window::SECOND;

/// Nanoseconds in an hour.
pub(crate) const HOUR: i64 = 3_600 * SECOND;

/// Gaps by size: logarithmic classes of a quarter of an octave, each with its number, sum and sum of squares.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Spread {
    /// Class, count, sum in seconds, sum of squares; in order of the classes.
    classes: Vec<(u8, u64, f64, f64)>,
    pub(crate) count: u64,
    pub(crate) max: i64,
}

/// The class of a duration: four to an octave, from 1 µs.
fn class(duration: i64) -> u8 {
    let micros = (duration / 1_000).max(1) as f64;
    (micros.log2() * 4.0).clamp(0.0, 250.0) as u8
}

impl Spread {
    pub(crate) fn add(&mut self, duration: i64, count: u64) {
        if duration < 0 || count == 0 {
            return;
        }
        let seconds = duration as f64 / 1e9;
        let (sum, squares) = (seconds * count as f64, seconds * seconds * count as f64);
        let class = class(duration);
        match self.classes.binary_search_by_key(&class, |entry| entry.0) {
            Ok(at) => {
                if let Some(entry) = self.classes.get_mut(at) {
                    entry.1 = entry.1.saturating_add(count);
                    entry.2 += sum;
                    entry.3 += squares;
                }
            }
            Err(at) => self.classes.insert(at, (class, count, sum, squares)),
        }
        self.count = self.count.saturating_add(count);
        self.max = self.max.max(duration);
    }

    /// Period in nanoseconds and spread in percent, where nearly all gaps are about the same.
    pub(crate) fn period(&self) -> Option<(i64, u32)> {
        if self.count < GAPS_MIN {
            return None;
        }
        let near = |centre: u8| {
            self.classes
                .iter()
                .filter(move |entry| entry.0.abs_diff(centre) <= 1)
                .fold((0_u64, 0.0, 0.0), |sum, entry| (sum.0 + entry.1, sum.1 + entry.2, sum.2 + entry.3))
        };
        let (count, sum, squares) = self.classes.iter().map(|entry| near(entry.0)).max_by_key(|sums| sums.0)?;
        if count * 10 < self.count * 8 || sum <= 0.0 {
            return None;
        }
        let mean = sum / count as f64;
        let deviation = (squares / count as f64 - mean * mean).max(0.0).sqrt();
        Some((rounded((mean * 1e9) as i64), (deviation / mean * 100.0).round().clamp(0.0, 999.0) as u32))
    }
}

/// Gaps that say whether something is cyclic.
pub(crate) const GAPS_MIN: u64 = 20;

/// `nanoseconds` with three significant digits: what people read is what is judged by.
pub(crate) fn rounded(nanoseconds: i64) -> i64 {
    let mut unit = 1;
    while nanoseconds / unit >= 1_000 {
        unit *= 10;
    }
    nanoseconds.saturating_add(unit / 2) / unit * unit
}

/// The 168 hours of a week, Monday 0 o'clock first, in universal time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub struct Hours(pub [u32; 7]);

impl Hours {
    /// Day of the week, Monday 0, and hour of `at`.
    pub(crate) fn of(at: Time) -> (usize, u32) {
        let hours = at.0.div_euclid(HOUR);
        // The first of January 1970 was a Thursday.
        let day = (hours.div_euclid(24) + 3).rem_euclid(7);
        (day as usize, hours.rem_euclid(24) as u32)
    }

    pub(crate) fn note(&mut self, at: Time) {
        let (day, hour) = Hours::of(at);
        if let Some(mask) = self.0.get_mut(day) {
            *mask |= 1 << hour;
        }
    }

    /// Whether `at` lies in it, or in the hour before or after.
    pub(crate) fn has_about(&self, at: Time) -> bool {
        [0, -HOUR, HOUR].iter().any(|shift| {
            let (day, hour) = Hours::of(at.plus(*shift));
            self.0.get(day).is_some_and(|mask| mask & (1 << hour) != 0)
        })
    }

    /// The same hours on each day.
    pub(crate) fn daily(&self) -> Hours {
        Hours([self.0.iter().fold(0, |all, mask| all | mask); 7])
    }

    /// How many of the 168.
    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|mask| mask.count_ones()).sum()
    }
}

/// When one function of one channel comes.
#[derive(Clone, Debug, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Timing {
    pub(crate) gaps: Spread,
    pub(crate) answers: Spread,
    pub(crate) hours: Hours,
    /// Days on which it came, and the last of them.
    pub(crate) days: u32,
    day: Option<i64>,
    pub(crate) first_day: Option<i64>,
    last: Option<Time>,
    minute: i64,
    minute_count: u64,
    /// The most in one minute, without the current one.
    pub(crate) minute_max: u64,
    /// Whether it came rolled up: then it is told once a minute only.
    pub(crate) is_rolled: bool,
}

impl Timing {
    pub(crate) fn note(&mut self, repeats: &Repeats, latency: Option<i64>) {
        if let Some(last) = self.last {
            self.gaps.add(repeats.first.since(last), 1);
        }
        if let Some((min, max, mean)) = repeats.gaps {
            let count = repeats.count.saturating_sub(1);
            self.gaps.add(mean, count.saturating_sub(2).max(1));
            if count > 2 {
                self.gaps.add(min, 1);
                self.gaps.add(max, 1);
            }
        }
        self.is_rolled |= repeats.count > 1;
        if let Some((_, max)) = repeats.latency {
            self.answers.max = self.answers.max.max(max);
        }
        if let Some(latency) = latency {
            self.answers.add(latency, repeats.count);
        }
        self.last = Some(self.last.map_or(repeats.last, |last| last.max(repeats.last)));
        self.hours.note(repeats.first);
        self.note_day(repeats.last);
        self.count(repeats);
    }

    /// Notes hour and day of `at`.
    pub(crate) fn note_day(&mut self, at: Time) {
        self.hours.note(at);
        let day = at.0.div_euclid(24 * HOUR);
        if self.day != Some(day) {
            self.day = Some(day);
            self.days = self.days.saturating_add(1);
            self.first_day.get_or_insert(day);
        }
    }

    /// Counts into the current minute; gives how many there are in it so far.
    pub(crate) fn count(&mut self, repeats: &Repeats) -> u64 {
        let minute = repeats.first.0.div_euclid(60 * SECOND);
        if minute != self.minute {
            self.minute_max = self.minute_max.max(self.minute_count);
            self.minute = minute;
            self.minute_count = 0;
        }
        self.minute_count = self.minute_count.saturating_add(repeats.count);
        self.minute_count
    }

    /// The most in one minute, with the current one.
    pub(crate) fn minute_most(&self) -> u64 {
        self.minute_max.max(self.minute_count)
    }

    /// The hours in which it comes, where enough days were seen to say so and it does not come all day long.
    pub(crate) fn window(&self) -> Option<Hours> {
        let span = self.day? - self.first_day?;
        let hours = match (span, self.days) {
            (14.., 6..) => self.hours,
            (3.., 3..) => self.hours.daily(),
            _ => return None,
        };
        // More than half of the week, or a rare thing whose hours say nothing.
        (hours.count() <= 84 && self.gaps.count >= GAPS_MIN).then_some(hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn a_cycle_has_a_period() {
        let mut timing = Timing::default();
        for number in 0..100 {
            let late = if number % 7 == 0 { 0.02 } else { 0.0 };
            timing.note(&Repeats::once(at(f64::from(number) * 0.5 + late)), Some(3_000_000));
        }
        assert_eq!(timing.gaps.period().map(|(period, _)| period), Some(500_000_000));
        assert!(timing.gaps.period().unwrap().1 < 4);
        assert_eq!(timing.minute_most(), 80);
        assert_eq!(timing.answers.max, 3_000_000);
    }

    #[test]
    fn what_comes_as_it_likes_has_none() {
        let mut spread = Spread::default();
        for number in 1..100_i64 {
            spread.add(number * number * 10_000_000, 1);
        }
        assert_eq!(spread.period(), None);
    }

    #[test]
    fn hours_of_the_week() {
        // 2023-11-14 was a Tuesday.
        assert_eq!(Hours::of(Time::parse("2023-11-14T22:13:20Z").unwrap()), (1, 22));
        let mut timing = Timing::default();
        for day in 0..20 {
            for minute in 0..3 {
                let when = Time::parse("2023-11-06T08:10:00Z").unwrap().plus((day * 24 * 60 + minute) * 60 * SECOND);
                timing.note(&Repeats::once(when), None);
            }
        }
        let window = timing.window().unwrap();
        assert!(window.has_about(Time::parse("2023-12-01T09:30:00Z").unwrap()));
        assert!(!window.has_about(Time::parse("2023-12-01T03:00:00Z").unwrap()));
    }

    #[test]
    fn three_digits_are_kept() {
        assert_eq!([rounded(999), rounded(1_234), rounded(987_654), rounded(0)], [999, 1_230, 988_000, 0]);
    }
}
