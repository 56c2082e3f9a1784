//! Times as logs write them.

use model::Time;

/// RFC 3339, also with `+0100` for an offset and a blank in place of `T`; seconds since 1970 with decimals.
pub(crate) fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Some(time) = Time::parse(text) {
        return Some(time);
    }
    if text.len() <= 24
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Ok(seconds) = text.parse::<f64>()
    {
        return epoch(seconds);
    }
    let mut fixed = text.replacen(' ', "T", 1);
    let tail = fixed.len().saturating_sub(5);
    let is_offset = fixed
        .get(tail..)
        .is_some_and(|tail| tail.starts_with(['+', '-']) && tail.bytes().skip(1).all(|byte| byte.is_ascii_digit()));
    if is_offset {
        fixed.insert(tail + 3, ':');
    }
    Time::parse(&fixed).or_else(|| Time::parse(&format!("{fixed}Z")))
}

/// Seconds, or where that would be beyond the year 5000, milliseconds since 1970.
pub(crate) fn epoch(number: f64) -> Option<Time> {
    let seconds = if number > 1e11 { number / 1_000.0 } else { number };
    // Microseconds: what a double holds exactly enough.
    (seconds.is_finite() && (0.0..9.2e9).contains(&seconds))
        .then(|| Time(((seconds * 1e6).round() as i64).saturating_mul(1_000)))
}

/// `Mar  2 06:30:00` in the year that puts it nearest before `received`.
pub(crate) fn of_day(text: &str, received: Time) -> Option<Time> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_whitespace();
    let month = MONTHS.iter().position(|month| Some(*month) == words.clone().next())? + 1;
    words.next();
    let day = words.next()?.parse::<u8>().ok()?;
    let clock = words.next()?;
    let in_year = |year: i16| parse(&format!("{year:04}-{month:02}-{day:02}T{clock}Z"));
    let year: i16 = received.to_string().get(..4)?.parse().ok()?;
    const DAY: i64 = 86_400_000_000_000;
    match in_year(year) {
        // A day ahead may be another time zone; more is last year.
        Some(time) if time.since(received) <= DAY => Some(time),
        _ => in_year(year.checked_sub(1)?),
    }
}
