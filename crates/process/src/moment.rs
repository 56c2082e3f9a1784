//! Times as historians write them: RFC 3339, days first or months first, names of months, half days, epochs.

use model::Time;

/// Whether the day or the month comes first, where both are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// 31/12/2026.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
}

/// How the times of one column are to be read.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    order: Order,
}

/// English and French names of months, by their first letters.
const MONTHS: &[(&str, i8)] = &[
    ("jan", 1),
    ("feb", 2),
    ("fév", 2),
    ("fev", 2),
    ("mar", 3),
    ("apr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("juin", 6),
    ("jul", 7),
    ("juil", 7),
    ("aug", 8),
    ("aoû", 8),
    ("aou", 8),
    ("sep", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    ("déc", 12),
];

/// A date as it is written: which numbers stand where.
struct Date {
    parts: [i64; 3],
    month: Option<(usize, i8)>,
    is_year_first: bool,
}

/// Reads one time, days first where both orders would do.
pub fn read(text: &str) -> Option<Time> {
    Moments { order: Order::DayFirst }.read(text)
}

impl Moments {
    /// Finds out from the texts of a column whether days or months come first; days, where both would do.
    pub fn learn(texts: impl Iterator<Item = String>) -> Moments {
        let mut order = Order::DayFirst;
        // Where no number is over 12, the order in which times do not go back is right.
        let (mut back_day, mut back_month) = (0_u32, 0_u32);
        let (mut last_day, mut last_month) = (None, None);
        for text in texts {
            if let Some((date, _)) = split(&text).filter(|(date, _)| date.month.is_none() && !date.is_year_first) {
                if date.parts[0] > 12 {
                    return Moments { order: Order::DayFirst };
                }
                if date.parts[1] > 12 {
                    return Moments { order: Order::MonthFirst };
                }
                let day = Moments { order: Order::DayFirst }.read(&text);
                let month = Moments { order: Order::MonthFirst }.read(&text);
                back_day += u32::from(last_day.is_some() && day < last_day);
                back_month += u32::from(last_month.is_some() && month < last_month);
                (last_day, last_month) = (day, month);
            }
        }
        if back_month < back_day {
            order = Order::MonthFirst;
        }
        Moments { order }
    }

    /// Whether a cell looks like a time that is not a plain number.
    pub fn is_moment(text: &str) -> bool {
        let reads = |order| Moments { order }.read(text).is_some();
        text.trim().parse::<f64>().is_err() && (reads(Order::DayFirst) || reads(Order::MonthFirst))
    }

    /// Reads a time. Without a zone it is taken for UTC.
    pub fn read(&self, text: &str) -> Option<Time> {
        let text = text.trim();
        if let Ok(number) = text.parse::<f64>() {
            return epoch(number);
        }
        if let Some(time) = Time::parse(text) {
            return Some(time);
        }
        let (date, rest) = split(text)?;
        let [a, b, c] = date.parts;
        let (year, month, day) = match (date.month, date.is_year_first, self.order) {
            (Some((0, month)), _, _) => (c, i64::from(month), b),
            (Some((_, month)), true, _) => (a, i64::from(month), c),
            (Some((_, month)), false, _) => (c, i64::from(month), a),
            (None, true, _) => (a, b, c),
            (None, false, Order::DayFirst) => (c, b, a),
            (None, false, Order::MonthFirst) => (c, a, b),
        };
        let year = if year < 70 {
            year + 2_000
        } else if year < 100 {
            year + 1_900
        } else {
            year
        };
        let days = days(year, month, day)?;
        let nanoseconds = of_day(rest)?;
        Some(Time::from_seconds(days.checked_mul(86_400)?, nanoseconds))
    }
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, or days since 1900 as spreadsheets count them.
fn epoch(number: f64) -> Option<Time> {
    let seconds = match number.abs() {
        size if !size.is_finite() => return None,
        size if size > 1e17 => number / 1e9,
        size if size > 1e14 => number / 1e6,
        size if size > 1e11 => number / 1e3,
        _ if (20_000.0..80_000.0).contains(&number) && number.fract() != 0.0 => (number - 25_569.0) * 86_400.0,
        _ => number,
    };
    let whole = seconds.floor();
    Some(Time::from_seconds(whole as i64, ((seconds - whole) * 1e9).round() as i64))
}

/// A date at the beginning of a text, and what comes after it.
fn split(text: &str) -> Option<(Date, &str)> {
    let text = text.trim();
    let mut parts = [0_i64; 3];
    let mut month = None;
    let mut at = 0;
    let mut is_year_first = false;
    for (index, part) in parts.iter_mut().enumerate() {
        let rest = &text[at..];
        let word: &str = &rest[..rest.find(|sign: char| !sign.is_alphanumeric()).unwrap_or(rest.len())];
        // `2014-01-06T00:00`: the day ends where the T begins.
        let digits = word.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(word.len());
        let taken = if digits > 0 {
            *part = word[..digits].parse().ok()?;
            is_year_first |= index == 0 && digits == 4;
            digits
        } else {
            let lower = word.to_lowercase();
            let known = MONTHS.iter().filter(|(name, _)| lower.starts_with(name)).max_by_key(|(name, _)| name.len())?;
            month = Some((index, known.1));
            word.len()
        };
        at += taken;
        if index < 2 {
            let separator = text[at..].chars().next().filter(|sign| matches!(sign, '/' | '-' | '.' | ' ' | ','))?;
            at += separator.len_utf8();
            while month.is_some() && text[at..].starts_with(' ') {
                at += 1;
            }
        }
    }
    if parts.iter().any(|part| *part > 9_999) {
        return None;
    }
    Some((Date { parts, month, is_year_first }, &text[at..]))
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1..=12).contains(&month) || !(1..=9_999).contains(&year) || day < 1 || day > length[(month - 1) as usize] {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Nanoseconds of a day from `13`, `13:05`, `1:05:09.5 PM`, `T13:05:09,5+02:00`; of nothing 0.
fn of_day(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(['T', ' ', 't', ',', ':']).trim();
    let lower = text.to_lowercase();
    let (text, shift) = match (lower.strip_suffix("pm"), lower.strip_suffix("am")) {
        (Some(rest), _) => (rest, Some(12)),
        (_, Some(rest)) => (rest, Some(0)),
        _ => (lower.as_str(), None),
    };
    let mut zone = 0_i64;
    let mut text = text.trim().trim_end_matches('z').trim_end_matches("utc").trim();
    if let Some(at) = text.rfind(['+', '-']).filter(|at| *at > 0) {
        let sign = if text[at..].starts_with('-') { -1 } else { 1 };
        let digits: String = text[at + 1..].chars().filter(char::is_ascii_digit).collect();
        let (hours, minutes) = digits.split_at(digits.len().min(2));
        let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<i64>().ok()? };
        zone = sign * (hours.parse::<i64>().ok()? * 60 + minutes) * 60;
        text = text[..at].trim();
    }
    if text.is_empty() {
        return Some(-zone * 1_000_000_000);
    }
    let mut parts = text.split([':', 'h']);
    let mut hour: i64 = parts.next()?.trim().parse().ok()?;
    if let Some(shift) = shift {
        hour = hour % 12 + shift;
    }
    let minute: i64 = parts.next().filter(|part| !part.is_empty()).map_or(Some(0), |part| part.parse().ok())?;
    let second: f64 = parts.next().map_or(Some(0.0), |part| part.replace(',', ".").parse().ok())?;
    if parts.next().is_some()
        || !(0..=24).contains(&hour)
        || !(0..60).contains(&minute)
        || !(0.0..61.0).contains(&second)
    {
        return None;
    }
    Some((hour * 3_600 + minute * 60 - zone) * 1_000_000_000 + (second * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_many_historians() {
        let read = |text: &str| Moments::learn([text.to_owned()].into_iter()).read(text).map(|time| time.to_string());
        for (text, time) in [
            ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000000000Z"),
            ("2020-03-09 10:14:33", "2020-03-09T10:14:33.000000000Z"),
            ("2020/03/09 10:14", "2020-03-09T10:14:00.000000000Z"),
            ("2020-03-09T10:14:33.25+02:00", "2020-03-09T08:14:33.250000000Z"),
            ("06/01/14 00", "2014-01-06T00:00:00.000000000Z"),
            ("31.12.2026 23:59:59,5", "2026-12-31T23:59:59.500000000Z"),
            ("1/31/2014 1:05:09 PM", "2014-01-31T13:05:09.000000000Z"),
            ("1/31/2014 12:00:00 AM", "2014-01-31T00:00:00.000000000Z"),
            ("06-Jan-14 13:00:00", "2014-01-06T13:00:00.000000000Z"),
            ("6 février 2014 13h05", "2014-02-06T13:05:00.000000000Z"),
            ("28/12/2015 10:00:00", "2015-12-28T10:00:00.000000000Z"),
            ("1396310400", "2014-04-01T00:00:00.000000000Z"),
            ("1396310400500", "2014-04-01T00:00:00.500000000Z"),
            ("41730.5", "2014-04-01T12:00:00.000000000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(time), "{text}");
        }
        for text in ["", "abc", "31/31/2014", "2014-02-30 00:00", "12:60", "L_T1", "1/2", "١/٢/٣"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn order_of_day_and_month_is_that_of_the_column() {
        let american = ["1/6/2014 23:00", "1/7/2014 00:00", "1/8/2014 00:00"];
        let moments = Moments::learn(american.iter().map(|text| (*text).to_owned()));
        // Both would do: days first.
        assert_eq!(moments.order, Order::DayFirst);
        let american = ["1/31/2014 23:00", "2/1/2014 00:00"];
        assert_eq!(Moments::learn(american.iter().map(|text| (*text).to_owned())).order, Order::MonthFirst);
        let american = ["2/11/2014", "2/12/2014", "3/1/2014", "3/2/2014"];
        assert_eq!(Moments::learn(american.iter().map(|text| (*text).to_owned())).order, Order::MonthFirst);
    }
}
