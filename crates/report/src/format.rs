//! Numbers, sizes, times and hostile texts, written the way of a language.

use jiff::tz::TimeZone;
use model::Time;

use crate::Language;
use crate::limits::VALUE_CHARACTERS_MAX;

const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTHS_FR: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."];

/// `text` without what could disturb a screen, cut to the usual length.
pub fn clean(text: &str) -> String {
    clean_to(text, VALUE_CHARACTERS_MAX)
}

/// `text` without control characters and without those that turn the direction of writing, so that no value from the
/// network can move a cursor, colour a terminal or pretend to be another one; cut after `characters_max`.
pub fn clean_to(text: &str, characters_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(characters_max * 2));
    for (index, character) in text.chars().enumerate() {
        if index >= characters_max {
            out.push('…');
            break;
        }
        out.push(match character {
            '\t' | '\n' | '\r' => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
            c => c,
        });
    }
    out
}

/// Whole numbers with groups of three: `12,345` and `12 345`.
pub fn number(language: Language, value: u64) -> String {
    language.number(value)
}

/// A number with `digits` decimals.
pub fn decimal(language: Language, value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if language == Language::Fr { text.replace('.', ",") } else { text }
}

/// Bytes in the unit that leaves at most three digits before the decimals: `9.9 MB` and `9,9 Mo`.
pub fn bytes(language: Language, value: u64) -> String {
    let units = match language {
        Language::En => ["B", "kB", "MB", "GB", "TB"],
        Language::Fr => ["o", "ko", "Mo", "Go", "To"],
    };
    let mut scaled = value as f64;
    let mut unit = 0;
    while scaled >= 999.5 && unit + 1 < units.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && scaled < 9.95);
    format!("{}\u{a0}{}", decimal(language, scaled, digits), units[unit])
}

/// A span of nanoseconds in at most two units: `29 min 59 s`.
pub fn span(language: Language, nanoseconds: i64) -> String {
    let seconds = nanoseconds.max(0) / 1_000_000_000;
    let day = if language == Language::Fr { "j" } else { "d" };
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0 => format!("{}\u{a0}s", decimal(language, nanoseconds.max(0) as f64 / 1e9, 2)),
        1..60 => format!("{seconds}\u{a0}s"),
        60..3600 => two(minutes, "min", seconds % 60, "s"),
        3600..86_400 => two(hours, "h", minutes % 60, "min"),
        // Nobody counts years in days.
        63_072_000.. => {
            let years = u64::try_from(days / 365).unwrap_or(0);
            model::nouns::YEARS.of(language, years)
        }
        _ => two(days, day, hours % 24, "h"),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large}\u{a0}{large_unit}")
    } else {
        format!("{large}\u{a0}{large_unit} {small}\u{a0}{small_unit}")
    }
}

/// A time to the second, in UTC: `2 Mar 2026 06:30:00` and `2 mars 2026 06:30:00`.
pub fn time(language: Language, time: Time) -> String {
    match civil(time) {
        Some(at) => {
            let month = usize::from(at.month().unsigned_abs()).saturating_sub(1).min(11);
            let months = if language == Language::Fr { MONTHS_FR } else { MONTHS_EN };
            let day = match (language, at.day()) {
                (Language::Fr, 1) => "1er".to_owned(),
                (_, day) => day.to_string(),
            };
            format!(
                "{day}\u{a0}{}\u{a0}{} {:02}:{:02}:{:02}",
                months[month],
                at.year(),
                at.hour(),
                at.minute(),
                at.second()
            )
        }
        None => "?".to_owned(),
    }
}

/// `first` to `last`, saying the day once where it is the same.
pub fn period(language: Language, first: Time, last: Time) -> String {
    let start = self::time(language, first);
    let (Some(a), Some(b)) = (civil(first), civil(last)) else { return start };
    let clock = |at: jiff::civil::DateTime| format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    if a.date() != b.date() {
        format!("{start} – {}", self::time(language, last))
    } else if clock(a) == clock(b) {
        start
    } else {
        format!("{start} – {}", clock(b))
    }
}

fn civil(time: Time) -> Option<jiff::civil::DateTime> {
    let timestamp = jiff::Timestamp::from_nanosecond(i128::from(time.0)).ok()?;
    Some(TimeZone::UTC.to_datetime(timestamp))
}

/// A sentence with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let mut out: String = characters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    out.push_str(characters.as_str());
    if !out.ends_with(['.', '!', '?', '…']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_languages() {
        let lines: Vec<String> = Language::ALL
            .into_iter()
            .map(|l| {
                format!(
                    "{} | {} | {} | {} | {} | {} | {}",
                    number(l, 1_234_567),
                    decimal(l, 2.55, 1),
                    bytes(l, 9_945_973),
                    bytes(l, 999_999),
                    span(l, 1_799_837_000_000),
                    span(l, 90_000_000_000_000),
                    period(l, Time::from_seconds(1_772_433_000, 0), Time::from_seconds(1_772_434_800, 0)),
                )
            })
            .collect();
        expect_test::expect![[r#"
            1,234,567 | 2.5 | 9.9_MB | 1.0_MB | 29_min 59_s | 1_d 1_h | 2_Mar_2026 06:30:00 – 07:00:00
            1_234_567 | 2,5 | 9,9_Mo | 1,0_Mo | 29_min 59_s | 1_j 1_h | 2_mars_2026 06:30:00 – 07:00:00"#]]
        .assert_eq(&lines.join("\n").replace(['\u{a0}', '\u{202f}'], "_"));
    }

    #[test]
    fn what_disturbs_a_screen_is_taken_out() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\nd"), "a\u{fffd}[31mb\u{fffd}c d");
        assert_eq!(clean_to("abcdef", 3), "abc…");
    }
}
