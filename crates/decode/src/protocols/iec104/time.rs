//! Binary times of IEC 60870-5 (IEC 60870-5-4 section 6.8, IEC 60870-5-101 section 7.2.6.18 to 20).

use model::Time;
use wire::{Reader, Short};

const MILLISECOND: i64 = 1_000_000;
const MINUTE: i64 = 60_000 * MILLISECOND;
const HOUR: i64 = 60 * MINUTE;

/// A time tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The station's local time as if it were UTC; absent where the fields are no date.
    pub(super) at: Option<Time>,
    /// The station does not trust its clock.
    pub(super) is_invalid: bool,
    /// Summer time is in force.
    pub(super) is_summer: bool,
}

/// Seven octets: a date.
pub(super) fn cp56(r: &mut Reader<'_>) -> Result<Stamp, Short> {
    let milliseconds = r.u16_le("milliseconds")?;
    let [minute, hour, day, month, year] = r.array::<5>("minute to year")?;
    // Two digits; the standard means 2000 to 2099, old stations send 70 to 99 for the century before.
    let year = match i64::from(year & 0x7f) {
        year @ 0..=69 => 2000 + year,
        year => 1900 + year,
    };
    let (day, month) = (i64::from(day & 0x1f), i64::from(month & 0x0f));
    let is_date = (1..=31).contains(&day)
        && (1..=12).contains(&month)
        && minute & 0x3f < 60
        && hour & 0x1f < 24
        && milliseconds < 60_000;
    let at = is_date.then(|| {
        let seconds = days(year, month, day) * 86_400 + i64::from(hour & 0x1f) * 3_600 + i64::from(minute & 0x3f) * 60;
        Time::from_seconds(seconds, i64::from(milliseconds) * MILLISECOND)
    });
    Ok(Stamp { at, is_invalid: minute & 0x80 != 0, is_summer: hour & 0x80 != 0 })
}

/// Three octets: minute and milliseconds of an hour, which is the one that brings the time nearest to `now`.
pub(super) fn cp24(r: &mut Reader<'_>, now: Time) -> Result<Stamp, Short> {
    let milliseconds = r.u16_le("milliseconds")?;
    let minute = r.u8("minute")?;
    let is_time = minute & 0x3f < 60 && milliseconds < 60_000;
    let at = is_time.then(|| {
        let within = i64::from(minute & 0x3f) * MINUTE + i64::from(milliseconds) * MILLISECOND;
        let ahead = now.0.rem_euclid(HOUR).saturating_sub(within);
        // Half an hour either way.
        let ahead = (ahead + HOUR / 2).rem_euclid(HOUR) - HOUR / 2;
        now.plus(-ahead)
    });
    Ok(Stamp { at, is_invalid: minute & 0x80 != 0, is_summer: false })
}

/// Days from 1970-01-01 of a date of the Gregorian calendar (months counted from March, so that leap days come last).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 2, 29), 11_016);
        assert_eq!(days(2024, 12, 31), 20_088);
    }

    #[test]
    fn minutes_belong_to_the_nearest_hour() {
        let now = Time::from_seconds(7_200 + 30, 0);
        let stamp = cp24(&mut Reader::new(&[0x10, 0x27, 59]), now).unwrap();
        assert_eq!(stamp.at, Some(Time::from_seconds(7_200 - 60 + 10, 0)));
    }
}
