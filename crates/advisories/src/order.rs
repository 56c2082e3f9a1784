//! Order numbers and catalogue numbers, as protocols report them: found in texts, brought to one form, compared.

use crate::names::covers;

/// A catalogue number with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Order {
    /// Letters and digits in upper case, with `*` and `?` where it is a pattern: `6ES72141AG400XB0`, `1756L61`.
    pub squeezed: String,
    /// The series letter of a Rockwell catalogue number: `B` of `1756-L61/B`.
    pub series: Option<char>,
    /// Whether it is a number of the Siemens system (MLFB).
    pub is_mlfb: bool,
}

impl Order {
    /// Whether this one (of an advisory, maybe a pattern) speaks of that one (of a machine).
    pub fn covers(&self, machine: &Order) -> bool {
        if covers(self.squeezed.as_bytes(), machine.squeezed.as_bytes()) {
            return true;
        }
        // Options behind a Siemens number: `-Z A02`. A catalogue number with a trailing coating letter (`K`) is another one.
        self.is_mlfb && machine.is_mlfb && self.squeezed.len() >= 14 && machine.squeezed.starts_with(&self.squeezed)
    }

    /// Whether it is a pattern.
    pub fn is_pattern(&self) -> bool {
        self.squeezed.contains(['*', '?'])
    }
}

/// Letters and digits in upper case; `*` and `?` stay.
pub fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '?'))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// The number that a whole field holds (`6ES7 214-1AG40-0XB0 `, `1756-L61/B`).
pub fn parse(text: &str) -> Option<Order> {
    let text = text.trim();
    if text.is_empty() || text.len() > 60 || !text.chars().any(|c| c.is_ascii_digit()) {
        return None;
    }
    if let Some(found) = find(text).into_iter().next() {
        return Some(found);
    }
    let squeezed = squeeze(text);
    (squeezed.len() >= 4).then_some(Order { squeezed, series: None, is_mlfb: false })
}

/// All numbers of the Siemens and the Rockwell system inside a text.
pub fn find(text: &str) -> Vec<Order> {
    let mut found: Vec<Order> = Vec::new();
    let upper = text.to_ascii_uppercase();
    let bytes = upper.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let is_start = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if is_start
            && bytes[at].is_ascii_digit()
            && let Some((order, end)) = mlfb(&upper, at).or_else(|| catalogue(text, &upper, at))
        {
            if !found.contains(&order) {
                found.push(order);
            }
            at = end;
            continue;
        }
        at += 1;
    }
    found
}

/// Siemens: digit, two letters, digit, then groups: `6ES7 214-1AG40-0XB0`. At least seven characters are said; dots stand
/// for what is left open (`6SL5...`, `6ES7 2..-`).
fn mlfb(upper: &str, start: usize) -> Option<(Order, usize)> {
    let bytes = upper.as_bytes();
    let head = bytes.get(start..start + 4)?;
    if !(head[0].is_ascii_digit()
        && head[1].is_ascii_uppercase()
        && head[2].is_ascii_uppercase()
        && head[3].is_ascii_digit())
    {
        return None;
    }
    const SYSTEMS: &[&str] = &[
        "6ES", "6AG", "6GK", "6AV", "6SL", "6ED", "6EP", "6FC", "6FM", "6GT", "6GF", "6MF", "6MD", "6NH", "6RA", "6SE",
        "6SR", "6XV", "7KG", "7KM", "7SJ", "7SA", "7SD", "7SL", "7UT", "7KT", "9DE", "3SU", "3RW", "3RK", "3UF", "6BK",
        "6DL", "6DR", "7ME", "7ML", "7MF", "6FB", "6NH", "6UA", "9LA", "7KE", "7SS", "7SK", "7UM", "7VE", "7VK", "6MU",
    ];
    if !SYSTEMS.contains(&upper.get(start..start + 3)?) {
        return None;
    }
    let mut squeezed = String::from(&upper[start..start + 4]);
    let mut at = start + 4;
    let mut is_open = false;
    while at < bytes.len() && squeezed.len() < 20 {
        let c = bytes[at];
        if c.is_ascii_alphanumeric() {
            squeezed.push(char::from(c));
        } else if c == b'.' || upper[at..].starts_with('…') || c == b'*' {
            is_open = true;
            squeezed.push('*');
            if !c.is_ascii() {
                at += '…'.len_utf8();
                continue;
            }
        } else if c == b'-' || c == b' ' {
            // A separator belongs to it only where the groups go on: after 4 (`6ES7 214`), 7 and 12 characters.
            let count = squeezed.len();
            let next_is_group =
                bytes.get(at + 1).is_some_and(|n| n.is_ascii_alphanumeric() || matches!(n, b'.' | b' ' | b'*'));
            let is_border = matches!(count, 4 | 7 | 8 | 12) || is_open;
            if !(is_border && next_is_group) || (c == b' ' && count >= 16) {
                break;
            }
            if c == b' ' && count > 4 && !is_open {
                // `6GK5302- 7GD00`: a stray space after a hyphen only.
                if bytes.get(at.wrapping_sub(1)) != Some(&b'-') {
                    break;
                }
            }
        } else {
            break;
        }
        at += 1;
    }
    let squeezed = shorten(&squeezed);
    let is_long_enough =
        squeezed.len() >= 11 || is_open && squeezed.len() >= 5 || squeezed.len() >= 7 && squeezed.contains('*');
    if !is_long_enough {
        return None;
    }
    Some((Order { squeezed, series: None, is_mlfb: true }, at))
}

/// Runs of `*` become one.
fn shorten(pattern: &str) -> String {
    let mut short = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if !(c == '*' && short.ends_with('*')) {
            short.push(c);
        }
    }
    short
}

/// Rockwell: four digits and perhaps a letter, hyphen, letters and digits, series: `1756-L61/B`, `2711R-T10T`,
/// `5069 - L3zS2` (where the small `z` stands for anything).
fn catalogue(text: &str, upper: &str, start: usize) -> Option<(Order, usize)> {
    let bytes = upper.as_bytes();
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at - start != 4 {
        return None;
    }
    const SYSTEMS: &[&str] = &[
        "1732", "1734", "1738", "1746", "1747", "1756", "1757", "1760", "1761", "1762", "1763", "1764", "1765", "1766",
        "1768", "1769", "1771", "1783", "1785", "1789", "1791", "1794", "1797", "2080", "2085", "2097", "2098", "2198",
        "2711", "2713", "2715", "2800", "5015", "5032", "5069", "5094", "1408", "1404", "1426", "1420", "193", "2080",
        "6200", "6181", "6177", "6155", "1305", "1336",
    ];
    if !SYSTEMS.contains(&&upper[start..at]) {
        return None;
    }
    let mut squeezed = upper[start..at].to_string();
    while bytes.get(at).is_some_and(u8::is_ascii_uppercase) && at - start < 6 {
        squeezed.push(char::from(bytes[at]));
        at += 1;
    }
    let mut next = at;
    while bytes.get(next) == Some(&b' ') {
        next += 1;
    }
    if bytes.get(next) != Some(&b'-') {
        return None;
    }
    next += 1;
    while bytes.get(next) == Some(&b' ') {
        next += 1;
    }
    at = next;
    let from = squeezed.len();
    while let Some(&c) = bytes.get(at).filter(|c| c.is_ascii_alphanumeric() || matches!(c, b'*' | b'?')) {
        // `L8z`, `L3zS2`: anything, by the small letter among capitals.
        let is_wild = text.as_bytes().get(at).is_some_and(|raw| matches!(raw, b'z' | b'x')) && at > next;
        squeezed.push(if is_wild { '*' } else { char::from(c) });
        at += 1;
    }
    if squeezed.len() == from {
        return None;
    }
    let mut series = None;
    if bytes.get(at) == Some(&b'/')
        && let Some(&letter) = bytes.get(at + 1).filter(|c| c.is_ascii_uppercase())
        && !bytes.get(at + 2).is_some_and(u8::is_ascii_alphanumeric)
    {
        series = Some(char::from(letter));
        at += 2;
    }
    if squeezed.ends_with('*') || squeezed.contains('*') {
        squeezed = shorten(&squeezed);
    }
    // `L8z` covers `L81E` and `L85EP` is another product: one digit and the plain suffix.
    Some((Order { squeezed, series, is_mlfb: false }, at))
}

#[cfg(test)]
mod tests;
