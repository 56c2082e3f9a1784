//! Versions as vendors write them, and their order: one grammar and one total order for all schemes.
//!
//! A version is a prefix (`R`, `FW`, `A` …), dotted parts, and levels behind them (service pack, update, hotfix, build).
//! Order: parts from left to right, where a missing part is zero, letters stand between nothing and the next number, and
//! `alpha`, `beta`, `rc` stand before nothing; then the levels in the order of [`Level`]. That is a lexicographic order over
//! total orders, so it is total and transitive; the tests check that. Dates are compared with dates alone.

use std::cmp::Ordering;
use std::fmt;

use crate::limits::{VERSION_PARTS_MAX, VERSION_TEXT_MAX};

/// One part between dots, or one run of letters or digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Letters that stand before a release: `alpha`, `beta`, `rc`.
    Before(String),
    /// Digits.
    Number(u64),
    /// Letters, in lower case.
    Letters(String),
    /// `X`: any number. Only in bounds of ranges.
    Any,
}

/// What follows the parts, in the order in which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `R2`, `Release 2`.
    Release = 0,
    /// `SP1`, `SR1`, `Service Pack 1`.
    ServicePack = 1,
    /// `FP2`, `Feature Pack 2`.
    FeaturePack = 2,
    /// `Update 5`, `Upd4`, `CU`, `RU`, `QU`, `UC`, `MP`.
    Update = 3,
    /// `Patch 5`, `P01`.
    Patch = 4,
    /// `HF4`, `Hotfix 4`.
    Hotfix = 5,
    /// `Build 317`.
    Build = 6,
}

/// Number of levels.
pub const LEVELS: usize = 7;

impl Level {
    /// All of them, in order.
    pub const ALL: [Level; LEVELS] = [
        Level::Release,
        Level::ServicePack,
        Level::FeaturePack,
        Level::Update,
        Level::Patch,
        Level::Hotfix,
        Level::Build,
    ];

    /// The level that a word in lower case names.
    pub fn from_word(word: &str) -> Option<Level> {
        Some(match word {
            "r" | "release" | "rel" => Level::Release,
            "sp" | "sr" | "servicepack" | "spi" => Level::ServicePack,
            "fp" | "featurepack" => Level::FeaturePack,
            "update" | "upd" | "cu" | "ru" | "qu" | "uc" | "mp" | "u" | "tcu" => Level::Update,
            "patch" | "p" => Level::Patch,
            "hf" | "hotfix" | "hotfixrev" => Level::Hotfix,
            "build" | "bld" => Level::Build,
            _ => return None,
        })
    }

    /// What it is called when it is missing.
    pub const fn fact(self) -> &'static str {
        match self {
            Level::Release => "release",
            Level::ServicePack => "service pack",
            Level::FeaturePack => "feature pack",
            Level::Update => "update level",
            Level::Patch => "patch level",
            Level::Hotfix => "hotfix level",
            Level::Build => "build",
        }
    }
}

/// A version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// The text as it was written.
    pub text: String,
    /// Letters before the first digit that mean something (`a` of `A8`); `v`, `r`, `fw` and the like mean nothing.
    pub prefix: String,
    /// The parts.
    pub parts: Vec<Part>,
    /// Values of the levels; 0 is absent or zero.
    pub levels: [u64; LEVELS],
    /// Whether the text says a level at all.
    pub has_levels: bool,
    /// Whether it is a date: year, month, day in `parts`.
    pub is_date: bool,
    /// Whether it is a running index (`FW14`) and not a dotted version.
    pub is_index: bool,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const BEFORE: &[&str] = &["alpha", "beta", "rc", "pre", "preview", "dev"];
/// Letters that stand before a version and say nothing.
const EMPTY_PREFIXES: &[&str] = &[
    "v", "ver", "version", "versions", "r", "rev", "revision", "rel", "release", "fw", "firmware", "sw", "sv",
    "software", "se", "build", "bios", "mx-v", "fwv", "rv", "fwr",
];

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The number of a month's name.
pub fn month(word: &str) -> Option<u64> {
    if word.len() < 3 || !word.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let index = MONTHS.iter().position(|m| word.get(..3) == Some(*m))?;
    NAMES[index].starts_with(word).then_some(index as u64 + 1)
}

fn is_year(number: u64) -> bool {
    (1990..=2100).contains(&number)
}

impl Version {
    /// Reads a whole text as one version. `None` where it is none, or where something follows it that is not understood.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        if text.is_empty() || text.len() > VERSION_TEXT_MAX {
            return None;
        }
        let words = words(text);
        let (mut version, used) = Version::from_words(&words)?;
        if used != words.len() {
            return None;
        }
        version.text = text.to_string();
        Some(version)
    }

    /// Reads the version at the beginning of `words`; how many words it took.
    pub fn from_words(words: &[&str]) -> Option<(Version, usize)> {
        if let Some(found) = date(words) {
            return Some(found);
        }
        let mut used = 0;
        // Words that stand before a version and mean nothing.
        while let Some(word) = words.get(used) {
            let lower = word.to_ascii_lowercase();
            let lower = lower.trim_end_matches(['.', ':']);
            let follows = words.get(used + 1).is_some_and(|next| starts_like_version(next));
            if follows && EMPTY_PREFIXES.contains(&lower) && !lower.is_empty() {
                used += 1;
            } else {
                break;
            }
        }
        let start = used;
        let first = *words.get(used)?;
        let mut version = main_of(first)?;
        used += 1;
        // Levels behind it: `SP1`, `SP 1`, `Update 5`, `Build 317`, `(Build 317)`.
        while let Some(word) = words.get(used) {
            let lower = word.to_ascii_lowercase();
            let bare = lower.trim_matches(['(', ')', '.', ',', ':']);
            let split = bare.find(|c: char| c.is_ascii_digit()).unwrap_or(bare.len());
            let (letters, digits) = bare.split_at(split);
            let letters = letters.trim_end_matches(['.', '-']);
            if let (Some(level), Some(value)) = (Level::from_word(letters), level_value(digits)) {
                if version.levels[level as usize] != 0 {
                    break;
                }
                version.set(level, value);
                used += 1;
                continue;
            }
            let (name, skip) = match (bare, words.get(used + 1).map(|w| w.to_ascii_lowercase())) {
                ("service", Some(next)) if next == "pack" => ("sp", 2),
                ("feature", Some(next)) if next == "pack" => ("fp", 2),
                ("security", Some(next)) if next == "patch" => ("patch", 2),
                (_, Some(next)) if next == "nr." || next == "nr" => (bare, 2),
                _ => (bare, 1),
            };
            let value = words.get(used + skip).map(|w| w.trim_matches(['(', ')', ',']).to_ascii_lowercase());
            let Some((level, value)) = Level::from_word(name).zip(value.as_deref().and_then(level_value)) else {
                break;
            };
            if name == "r" || name == "u" || name == "p" || version.levels[level as usize] != 0 {
                break;
            }
            version.set(level, value);
            used += skip + 1;
        }
        version.text = words[start..used].join(" ").trim_matches([',', ';', ':', '"']).to_string();
        Some((version, used))
    }

    fn set(&mut self, level: Level, value: u64) {
        self.levels[level as usize] = value;
        self.has_levels = true;
    }

    /// Parts without zeros at the end.
    pub fn significant(&self) -> &[Part] {
        let end = self.parts.iter().rposition(|part| *part != Part::Number(0)).map_or(0, |at| at + 1);
        &self.parts[..end]
    }

    /// Whether both are of one kind, so that comparing them says something.
    pub fn is_comparable(&self, other: &Version) -> bool {
        let is_index_against_dots = |a: &Version, b: &Version| a.is_index && !b.is_index && b.significant().len() > 1;
        self.is_date == other.is_date
            && self.prefix == other.prefix
            && !is_index_against_dots(self, other)
            && !is_index_against_dots(other, self)
            // A year against a small number: `2019` and `4.2` are versions of two schemes.
            && self.is_year_like() == other.is_year_like()
    }

    fn is_year_like(&self) -> bool {
        !self.is_date && matches!(self.parts.first(), Some(Part::Number(number)) if is_year(*number))
    }

    /// The order, where both are of one kind.
    pub fn compare(&self, other: &Version) -> Option<Ordering> {
        self.is_comparable(other).then(|| self.cmp_all(other))
    }

    /// The total order, also over versions of different kinds (which then means nothing).
    pub fn cmp_all(&self, other: &Version) -> Ordering {
        self.is_date
            .cmp(&other.is_date)
            .then_with(|| self.prefix.cmp(&other.prefix))
            .then_with(|| compare_parts(&self.parts, &other.parts))
            .then_with(|| self.levels.cmp(&other.levels))
    }
}

const ZERO: Part = Part::Number(0);

/// Compares part by part; [`Part::Any`] is equal to everything.
pub fn compare_parts(a: &[Part], b: &[Part]) -> Ordering {
    for at in 0..a.len().max(b.len()) {
        let order = compare_part(a.get(at).unwrap_or(&ZERO), b.get(at).unwrap_or(&ZERO));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn rank(part: &Part) -> u8 {
    match part {
        Part::Before(_) => 0,
        Part::Number(0) | Part::Any => 1,
        Part::Letters(_) => 2,
        Part::Number(_) => 3,
    }
}

fn compare_part(a: &Part, b: &Part) -> Ordering {
    match (a, b) {
        (Part::Any, _) | (_, Part::Any) => Ordering::Equal,
        (Part::Number(a), Part::Number(b)) => a.cmp(b),
        (Part::Before(a), Part::Before(b)) => a.cmp(b),
        (Part::Letters(a), Part::Letters(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// The words of a text: cut at white space and underscores.
pub fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty()).collect()
}

/// Whether a word may be the beginning of a version: it has a digit, and few letters before it.
pub fn starts_like_version(word: &str) -> bool {
    let word = word.trim_start_matches(['(', '[', '"']);
    let lower = word.to_ascii_lowercase();
    let Some(digit) = lower.find(|c: char| c.is_ascii_digit()) else {
        return is_any_version(&lower);
    };
    let letters = lower[..digit].trim_end_matches(['.', '-']);
    letters.len() <= 2 && letters.chars().all(|c| c.is_ascii_alphabetic())
        || EMPTY_PREFIXES.contains(&letters)
        || is_any_version(&lower)
}

/// `vx.2.11`: any first part.
fn is_any_version(lower: &str) -> bool {
    lower.strip_prefix('v').unwrap_or(lower).starts_with("x.")
        && lower.chars().any(|c| c.is_ascii_digit())
        && lower.len() > 3
}

fn level_value(digits: &str) -> Option<u64> {
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, letter) = digits.split_at(end);
    let mut value: u64 = 0;
    let mut pieces = 0;
    for piece in number.split('.') {
        value = value.checked_mul(100_000)?.checked_add(piece.parse().ok()?)?;
        pieces += 1;
    }
    if pieces > 3 || letter.len() > 1 {
        return None;
    }
    let letter = match letter.bytes().next() {
        None => 0,
        Some(b) if b.is_ascii_lowercase() => u64::from(b - b'a') + 1,
        Some(_) => return None,
    };
    value.checked_mul(32)?.checked_add(letter)
}

/// Reads one word: an empty or meaningful prefix, then parts; level names inside it (`9.0SP1`) become levels.
fn main_of(word: &str) -> Option<Version> {
    let word = word.trim_matches(['"', ',', ';']).trim_end_matches(['.', ':']);
    let mut lower = word.to_ascii_lowercase();
    // `(R4.10)`: brackets around the whole.
    if lower.starts_with('(') && lower.ends_with(')') {
        lower = lower[1..lower.len() - 1].to_string();
    }
    let mut version = Version {
        text: word.to_string(),
        prefix: String::new(),
        parts: Vec::new(),
        levels: [0; LEVELS],
        has_levels: false,
        is_date: false,
        is_index: false,
    };
    let mut rest = lower.as_str();
    if is_any_version(rest) {
        rest = rest.strip_prefix('v').unwrap_or(rest);
    } else {
        let digit = rest.find(|c: char| c.is_ascii_digit())?;
        let prefix = rest[..digit].trim_end_matches(['.', '-', ':']);
        if !prefix.chars().all(|c| c.is_ascii_alphabetic() || c == '-') {
            return None;
        }
        if prefix == "fw" && lower[digit..].bytes().all(|b| b.is_ascii_digit()) {
            version.is_index = true;
        }
        if !EMPTY_PREFIXES.contains(&prefix) {
            version.prefix = prefix.to_string();
        }
        rest = &rest[digit..];
    }
    let mut chars = rest.chars().peekable();
    let mut pending: Option<Level> = None;
    let mut was_digit = false;
    while let Some(&first) = chars.peek() {
        let follows_digit = std::mem::replace(&mut was_digit, first.is_ascii_digit());
        if first.is_ascii_digit() {
            let mut number: u64 = 0;
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                number = number.saturating_mul(10).saturating_add(digit.into());
                chars.next();
            }
            match pending.take() {
                Some(level) => version.set(level, number.saturating_mul(32)),
                None => version.parts.push(Part::Number(number)),
            }
        } else if first.is_ascii_alphabetic() {
            let mut letters = String::new();
            while let Some(&c) = chars.peek().filter(|c| c.is_ascii_alphabetic()) {
                letters.push(c);
                chars.next();
            }
            let is_last = chars.peek().is_none();
            if let Some(level) = Level::from_word(&letters).filter(|_| letters.len() > 1 && !is_last) {
                if chars.peek().is_some_and(|c| *c == '-' || *c == '.') {
                    chars.next();
                }
                pending = chars.peek().is_some_and(char::is_ascii_digit).then_some(level);
            } else if letters.chars().all(|c| c == 'x') {
                // `16XXXX` is a pattern of numbers, no version.
                if letters.len() > 1 && follows_digit {
                    return None;
                }
                version.parts.push(Part::Any);
            } else if BEFORE.contains(&letters.as_str()) {
                version.parts.push(Part::Before(letters));
            } else {
                version.parts.push(Part::Letters(letters));
            }
        } else {
            match first {
                '.' | '-' | '(' | ')' | '/' | ':' | '{' | '}' | '+' | '~' => {
                    // `1.*`
                    chars.next();
                }
                '*' => {
                    chars.next();
                    version.parts.push(Part::Any);
                }
                _ => return None,
            }
        }
        if version.parts.len() > VERSION_PARTS_MAX {
            return None;
        }
    }
    (!version.parts.is_empty()).then_some(version)
}

/// A date at the beginning of `words`: `april 20 2023`, `April/20/2023`, `8/30/2024`, `2019-09-21`, `July 2020`.
fn date(words: &[&str]) -> Option<(Version, usize)> {
    let make = |year: u64, month: u64, day: u64, used: usize| {
        (is_year(year) && (1..=12).contains(&month) && day <= 31).then(|| {
            let version = Version {
                text: words[..used].join(" "),
                prefix: String::new(),
                parts: vec![Part::Number(year), Part::Number(month), Part::Number(day)],
                levels: [0; LEVELS],
                has_levels: false,
                is_date: true,
                is_index: false,
            };
            (version, used)
        })
    };
    let number = |word: &str| word.trim_end_matches(['.', ',']).parse::<u64>().ok();
    let first = words.first()?.to_ascii_lowercase();
    if let Some(month) = month(first.trim_end_matches(['.', ','])) {
        let second = number(words.get(1)?)?;
        if is_year(second) {
            return make(second, month, 0, 2);
        }
        return make(number(words.get(2)?)?, month, second, 3);
    }
    let pieces: Vec<&str> = first.split(['/', '-']).collect();
    if pieces.len() != 3 || pieces.iter().any(|piece| piece.is_empty()) {
        return None;
    }
    if let Some(month) = month(pieces[0]) {
        return make(number(pieces[2])?, month, number(pieces[1])?, 1);
    }
    let numbers: Vec<u64> = pieces.iter().filter_map(|piece| number(piece)).collect();
    match *numbers.as_slice() {
        [year, month, day] if is_year(year) && day >= 1 => make(year, month, day, 1),
        // American order, as CISA writes it.
        [month, day, year] if is_year(year) && first.contains('/') => make(year, month, day, 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
