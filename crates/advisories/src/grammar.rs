//! Version ranges from text: `vers:` ranges and what vendors really write ("All versions < V4.5", "1.0 through 3.2").

use crate::limits::{CLAUSES_MAX, VERSION_TEXT_MAX};
use crate::range::{Clause, Edge, Versions};
use crate::version::{Level, Part, Version, compare_parts, month, starts_like_version, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Op(Op),
    Word(String),
    Bar,
    Paren(String),
}

/// Reads a version text.
pub fn parse(text: &str) -> Versions {
    let mut versions = Versions { text: text.trim().to_string(), ..Versions::default() };
    if text.len() > VERSION_TEXT_MAX {
        versions.unclear = Some("it is too long".into());
        return versions;
    }
    let body = strip_scheme(text.trim());
    if body.is_empty() {
        versions.unclear = Some("it is empty".into());
        return versions;
    }
    if serial(body, &mut versions) {
        return versions;
    }
    let body = split_condition(body, &mut versions);
    let tokens = tokens(&body);
    let mut reader =
        Reader { tokens, at: 0, constraints: Vec::new(), says_all: false, is_apart: true, leftover: Vec::new() };
    reader.run(&mut versions);
    let Reader { constraints, says_all, leftover, .. } = reader;
    let is_model = |constraint: &Constraint| constraint.op == Op::Equal && is_model(&constraint.version);
    if constraints.iter().any(is_model) {
        if constraints.iter().all(is_model) && leftover.is_empty() {
            versions.is_all = true;
            versions.models = constraints.into_iter().map(|constraint| constraint.version.text).collect();
        } else {
            versions.unclear = Some("it names models beside versions".into());
        }
        return versions;
    }
    if !leftover.is_empty() {
        versions.unclear = Some(leftover.join(" "));
        return versions;
    }
    if constraints.is_empty() {
        if says_all {
            versions.is_all = true;
        } else {
            versions.unclear = Some("no version in it".into());
        }
        return versions;
    }
    match combine(constraints, !versions.conditions.is_empty()) {
        Some(clauses) if clauses.len() <= CLAUSES_MAX => versions.clauses = clauses,
        _ => versions.unclear = Some("its bounds contradict each other or leave open how they go together".into()),
    }
    versions
}

fn strip_scheme(text: &str) -> &str {
    match text.strip_prefix("vers:").and_then(|rest| rest.split_once('/')) {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') => rest,
        _ => text,
    }
}

/// `<=the_first_5_digits_of_serial_number_22081`: ranges over serial numbers.
fn serial(text: &str, versions: &mut Versions) -> bool {
    let lower = text.replace('_', " ").to_ascii_lowercase();
    if !lower.contains("serial") {
        return false;
    }
    let numbers: Vec<&str> = lower.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()).collect();
    let count = |digits: &str| digits.parse::<u32>().ok().filter(|count| (1..=9).contains(count));
    let (digits, value): (Option<u32>, Option<u64>) = match numbers.as_slice() {
        [count_text, value, rest @ ..] if rest.iter().all(|other| other == value) => {
            (count(count_text), value.parse().ok())
        }
        [value] if lower.contains("first five") => (Some(5), value.parse().ok()),
        [value] if lower.contains("first two") => (Some(2), value.parse().ok()),
        _ => (None, None),
    };
    let is_high =
        lower.contains("<=") || lower.contains("prior") || lower.contains("earlier") || lower.contains("below");
    let is_low = lower.contains(">=") || lower.contains("later");
    match (digits, value) {
        (Some(digits), Some(value))
            if is_high != is_low && value.checked_ilog10().map_or(1, |log| log + 1) == digits =>
        {
            let (low, high) = if is_high { (None, Some(value)) } else { (Some(value), None) };
            versions.clauses.push(Clause::Serial { digits, low, high });
        }
        _ => versions.unclear = Some("a serial number range of a form not known".into()),
    }
    true
}

/// Words that open a condition, which the version of a machine cannot answer.
const CONDITIONS: &[&str] = &[
    " only if ",
    " only when ",
    " if ",
    " when ",
    " with option",
    " using ",
    " installed ",
    " running ",
    " utilizes ",
    " packaged with ",
    " where ",
    " in non-default",
    " in default ",
    " including affected ",
    " on windows",
    " on linux",
    " with the ",
    " with ",
    " that ",
];

/// Cuts a condition from the end of a text, and what is said of single vulnerabilities.
fn split_condition(text: &str, versions: &mut Versions) -> String {
    let body = text.replace('_', " ");
    let lower = body.to_ascii_lowercase();
    if lower.len() != body.len() {
        return body;
    }
    // Inside brackets, conditions are dealt with when the brackets are read.
    let depth_zero = |at: usize| lower[..at].matches('(').count() <= lower[..at].matches(')').count();
    let found = CONDITIONS.iter().filter_map(|words| lower.find(words)).filter(|at| depth_zero(*at)).min();
    match found {
        Some(at) => {
            versions.conditions.push(body[at..].trim().to_string());
            body[..at].to_string()
        }
        None => body,
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let flush = |word: &mut String, tokens: &mut Vec<Token>| {
        if !word.is_empty() {
            for piece in words(word) {
                tokens.push(Token::Word(piece.to_string()));
            }
            word.clear();
        }
    };
    while at < chars.len() {
        let c = chars[at];
        let next = chars.get(at + 1).copied();
        match c {
            '<' | '>' | '≤' | '≥' | '=' | '!' => {
                flush(&mut word, &mut tokens);
                let (op, used) = match (c, next) {
                    ('<', Some('=')) => (Op::LessEqual, 2),
                    ('>', Some('=')) => (Op::GreaterEqual, 2),
                    ('=', Some('=')) => (Op::Equal, 2),
                    ('<', _) => (Op::Less, 1),
                    ('>', _) => (Op::Greater, 1),
                    ('≤', _) => (Op::LessEqual, 1),
                    ('≥', _) => (Op::GreaterEqual, 1),
                    ('=', _) => (Op::Equal, 1),
                    // `!=`: not used by any document; left over and so unclear.
                    _ => {
                        tokens.push(Token::Word("!".into()));
                        at += 1;
                        continue;
                    }
                };
                tokens.push(Token::Op(op));
                at += used;
                continue;
            }
            '|' | ';' | ',' => {
                flush(&mut word, &mut tokens);
                // The comma of `april 1, 2018`.
                let is_of_date = c == ','
                    && matches!(tokens.as_slice(), [.., Token::Word(name), Token::Word(_)] if month(&name.to_ascii_lowercase()).is_some());
                if !is_of_date && !is_level_ahead(&chars[at + 1..]) {
                    tokens.push(Token::Bar);
                }
            }
            // `01.14.000 -01.47.000`
            '-' if word.ends_with(' ') && next.is_some_and(|n| n.is_ascii_alphanumeric()) => {
                flush(&mut word, &mut tokens);
                tokens.push(Token::Word("-".into()));
            }
            '–' | '—' => {
                flush(&mut word, &mut tokens);
                tokens.push(Token::Word("-".into()));
            }
            '(' => {
                let is_glued = word.chars().last().is_some_and(|last| last.is_ascii_digit())
                    && next.is_some_and(|n| n.is_ascii_digit());
                let end = closing(&chars, at);
                let inside: String = chars[at + 1..end].iter().collect();
                let is_whole = at == 0 && end + 1 >= chars.len();
                if is_glued && !inside.contains(' ') {
                    word.push('(');
                    word.push_str(&inside);
                    word.push(')');
                } else if is_whole || is_version_in_brackets(&inside) {
                    word.push(' ');
                    word.push_str(&inside);
                    word.push(' ');
                } else {
                    flush(&mut word, &mut tokens);
                    tokens.push(Token::Paren(inside));
                }
                at = end + 1;
                continue;
            }
            '"' | '\u{a0}' => word.push(' '),
            c => word.push(c),
        }
        at += 1;
    }
    flush(&mut word, &mut tokens);
    tokens
}

/// `4.5 | SP6`: a level that belongs to the version before the bar.
fn is_level_ahead(ahead: &[char]) -> bool {
    let word: String = ahead.iter().skip_while(|c| c.is_whitespace()).take_while(|c| c.is_ascii_alphabetic()).collect();
    word.len() > 1 && Level::from_word(&word.to_ascii_lowercase()).is_some()
}

fn is_version_in_brackets(inside: &str) -> bool {
    let lower = inside.trim().to_ascii_lowercase();
    (lower.starts_with("build") || lower.starts_with('r') && !lower.starts_with("rev"))
        && lower.len() < 24
        && lower.chars().any(|c| c.is_ascii_digit())
}

fn closing(chars: &[char], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in chars.iter().enumerate().skip(open) {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    chars.len()
}

#[derive(Clone, Debug)]
struct Constraint {
    op: Op,
    version: Version,
    /// Whether the text leaves open what is below it.
    is_silent_below: bool,
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    constraints: Vec<Constraint>,
    says_all: bool,
    is_apart: bool,
    leftover: Vec<String>,
}

/// Words without a meaning of their own in a range.
const NOISE: &[&str] = &[
    "version",
    "versions",
    "ver",
    "firmware",
    "fw",
    "software",
    "release",
    "releases",
    "the",
    "bios",
    "and",
    "or",
    "rev",
    "revision",
    "are",
    "affected",
    "sw",
    "v",
    "is",
    "of",
    "build",
    "distributed",
    "production",
    "date",
    "main",
];
const EARLIER: &[&str] = &["prior", "earlier", "below", "previous", "older", "lower", "before", "under", "less"];
const LATER: &[&str] = &[
    "later",
    "newer",
    "above",
    "higher",
    "up",
    "greater",
    "onward",
    "onwards",
    "after",
    "subsequent",
    "upward",
    "upwards",
];

impl Reader {
    fn word(&self, at: usize) -> Option<String> {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => Some(word.to_ascii_lowercase().trim_matches([',', '.', ':', ';']).to_string()),
            _ => None,
        }
    }

    fn is(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, wanted)| self.word(at + offset).is_some_and(|word| word == *wanted))
    }

    /// The operator that words before a version say, and how many words they are.
    fn operator(&self) -> Option<(Op, usize)> {
        const PHRASES: &[(&[&str], Op)] = &[
            (&["up", "to", "and", "including"], Op::LessEqual),
            (&["up", "to", "but", "not", "including"], Op::Less),
            (&["prior", "to"], Op::Less),
            (&["earlier", "than"], Op::Less),
            (&["lower", "than"], Op::Less),
            (&["less", "than"], Op::Less),
            (&["older", "than"], Op::Less),
            (&["later", "than"], Op::Greater),
            (&["newer", "than"], Op::Greater),
            (&["greater", "than"], Op::Greater),
            (&["higher", "than"], Op::Greater),
            (&["up", "to"], Op::LessEqual),
            (&["starting", "with"], Op::GreaterEqual),
            (&["starting", "from"], Op::GreaterEqual),
            (&["before"], Op::Less),
            (&["below"], Op::Less),
            (&["after"], Op::Greater),
            (&["above"], Op::Greater),
            (&["from"], Op::GreaterEqual),
            (&["since"], Op::GreaterEqual),
            (&["through"], Op::LessEqual),
            (&["between"], Op::GreaterEqual),
        ];
        PHRASES.iter().find(|(words, _)| self.is(self.at, words)).map(|(words, op)| (*op, words.len()))
    }

    /// A version here, and the index behind it.
    fn version_at(&self, at: usize) -> Option<(Version, usize)> {
        let run: Vec<&str> = self.tokens[at.min(self.tokens.len())..]
            .iter()
            .map_while(|token| match token {
                Token::Word(word) => Some(word.as_str()),
                _ => None,
            })
            .take(12)
            .collect();
        let (version, used) = Version::from_words(&run)?;
        Some((version, at + used))
    }

    fn run(&mut self, versions: &mut Versions) {
        let mut op: Option<Op> = None;
        while self.at < self.tokens.len() {
            match self.tokens[self.at].clone() {
                Token::Op(found) => {
                    if op.replace(found).is_some() {
                        self.leftover.push("two signs in a row".into());
                    }
                    self.at += 1;
                }
                Token::Bar => {
                    self.is_apart = true;
                    self.at += 1;
                }
                Token::Paren(inside) => {
                    self.at += 1;
                    note(&inside, versions);
                }
                Token::Word(_) => self.word_or_version(&mut op, versions),
            }
        }
        if op.is_some() {
            self.leftover.push("a sign without a version".into());
        }
    }

    fn word_or_version(&mut self, op: &mut Option<Op>, versions: &mut Versions) {
        if let Some((found, used)) = self.operator() {
            let replaced = op.replace(found);
            if replaced.is_some() {
                self.leftover.push("two signs in a row".into());
            }
            self.at += used;
            return;
        }
        let word = self.word(self.at).unwrap_or_default();
        if matches!(word.as_str(), "all" | "*" | "any") && op.is_none() {
            self.says_all = true;
            self.at += 1;
            return;
        }
        if NOISE.contains(&word.as_str()) && self.version_at(self.at).is_none() {
            self.is_apart |= word == "and" || word == "or";
            self.at += 1;
            return;
        }
        if word.starts_with("cve-") {
            self.at += 1;
            versions.only.push(word.to_ascii_uppercase());
            return;
        }
        if let Some((version, next)) = self.version_at(self.at) {
            // `NMC2 <= 6.9.6`, `< CPC80 V16.30`: what the version is of.
            let follows = matches!(self.tokens.get(next), Some(Token::Op(_))) || self.version_at(next).is_some();
            self.at = next;
            if follows && version.prefix.len() > 1 && !version.has_levels && self.constraints.is_empty() {
                return;
            }
            let found = self.postfix(op.take(), versions);
            self.range(found, version, versions);
            return;
        }
        // `CPCI85 V05.11`, `WinCC 7.2`: what the version is of.
        let names_subject =
            op.is_some() && self.constraints.is_empty() && word.chars().any(|c| c.is_ascii_alphabetic());
        let is_of_a_version = Level::from_word(&word).is_some() || month(&word).is_some();
        let leads_to_version = (self.at + 1..self.at + 5).any(|at| {
            matches!(self.tokens.get(at), Some(Token::Word(word)) if starts_like_version(word))
                && self.version_at(at).is_some()
        });
        if names_subject && leads_to_version && !is_of_a_version {
            self.at += 1;
            return;
        }
        self.leftover.push(word);
        self.at += 1;
    }

    /// What words or brackets behind a version say of it.
    fn postfix(&mut self, op: Option<Op>, _versions: &mut Versions) -> Op {
        let mut at = self.at;
        if let Some(Token::Paren(inside)) = self.tokens.get(at) {
            let inside = inside.trim().to_ascii_lowercase();
            let inclusive = matches!(inside.as_str(), "incl." | "incl" | "including" | "inclusive" | "included");
            let exclusive = matches!(inside.as_str(), "excl." | "excl" | "excluding" | "exclusive" | "excluded");
            if inclusive || exclusive {
                self.at += 1;
                return match (op, inclusive) {
                    (Some(Op::Less | Op::LessEqual), true) => Op::LessEqual,
                    (Some(Op::Less | Op::LessEqual), false) => Op::Less,
                    (Some(Op::Greater | Op::GreaterEqual), true) => Op::GreaterEqual,
                    (Some(Op::Greater | Op::GreaterEqual), false) => Op::Greater,
                    (_, true) => Op::GreaterEqual,
                    // `2.0 (including) and 2.0.6 (excluding)`.
                    (_, false) => Op::Less,
                };
            }
        }
        if op.is_some_and(|op| op != Op::Equal) {
            return op.unwrap_or(Op::Equal);
        }
        if self.word(at).is_some_and(|word| word == "and" || word == "or") {
            at += 1;
            if self.word(at).is_some_and(|word| word == "all" || word == "possibly" || word == "any") {
                at += 1;
            }
        }
        let word = self.word(at).unwrap_or_default();
        let then_than = self.word(at + 1).is_some_and(|next| next == "than" || next == "to");
        let found = if then_than {
            None
        } else if EARLIER.contains(&word.as_str()) {
            Some(Op::LessEqual)
        } else if LATER.contains(&word.as_str()) {
            Some(Op::GreaterEqual)
        } else {
            None
        };
        match found {
            Some(found) => {
                self.at = at + 1;
                found
            }
            None => Op::Equal,
        }
    }

    /// `A through B`, `A - B`, `20-33`; or just the version.
    fn range(&mut self, op: Op, version: Version, versions: &mut Versions) {
        if op == Op::Equal || op == Op::GreaterEqual {
            let joins: &[&[&str]] = &[
                &["up", "to", "and", "including"],
                &["up", "to"],
                &["through"],
                &["thru"],
                &["to"],
                &["until"],
                &["-"],
            ];
            let found = joins.iter().find(|words| self.is(self.at, words));
            if let Some((next, behind)) = found.and_then(|words| self.version_at(self.at + words.len())) {
                self.at = behind;
                let upper = match self.postfix(Some(Op::LessEqual), versions) {
                    Op::Less => Op::Less,
                    _ => Op::LessEqual,
                };
                self.push(Op::GreaterEqual, version);
                self.push(upper, next);
                return;
            }
        }
        if op == Op::Equal
            && let Some((low, high)) = hyphen_range(&version.text)
        {
            self.push(Op::GreaterEqual, low);
            self.push(Op::LessEqual, high);
            return;
        }
        self.push(op, version);
    }

    /// One more constraint, seen together with the one before it.
    fn push(&mut self, mut op: Op, version: Version) {
        let is_apart = std::mem::replace(&mut self.is_apart, false);
        if let Some(before) = self.constraints.last_mut() {
            match (before.op, op) {
                // `V14 < V14 SP3`, `16 <= 20`: from the first one on.
                (Op::Equal, Op::Less | Op::LessEqual) if !is_apart => before.op = Op::GreaterEqual,
                // `5.011 | < 8.011`: the same, or 5.011 alone and everything below 8.011.
                (Op::Equal, Op::Less | Op::LessEqual) if before.version.cmp_all(&version).is_lt() => {
                    before.op = Op::GreaterEqual;
                    before.is_silent_below = true;
                }
                // `<= 1.12.0.27 | 1.12.13.2`: the second alone, or all of its line up to it.
                (Op::LessEqual, Op::Equal) if is_apart && before.version.cmp_all(&version).is_lt() => {
                    self.constraints.push(Constraint { op, version, is_silent_below: true });
                    return;
                }
                (Op::Equal, Op::Equal) if before.is_silent_below => {
                    self.constraints.push(Constraint { op, version, is_silent_below: true });
                    return;
                }
                // `< V33.017 V34.014`: the sign holds for both.
                (_, Op::Equal) if !is_apart => {
                    let is_alike = before.version.parts.len() == version.parts.len()
                        && version.parts.len() > 1
                        && before.version.is_comparable(&version)
                        && before.version.text.starts_with(['v', 'V']) == version.text.starts_with(['v', 'V']);
                    match is_alike {
                        true => op = before.op,
                        false => self.leftover.push("two versions side by side".into()),
                    }
                }
                (Op::Less | Op::LessEqual, Op::Equal) if before.version.cmp_all(&version).is_lt() => {
                    self.leftover.push("a bound and then versions above it".into());
                }
                _ => {}
            }
        }
        self.constraints.push(Constraint { op, version, is_silent_below: false });
    }
}

/// `20-33`, `V191-V195`: two versions and not one.
fn hyphen_range(text: &str) -> Option<(Version, Version)> {
    let (low, high) = text.split_once('-')?;
    let is_plain = |side: &str| !side.is_empty() && side.len() <= 3 && side.bytes().all(|b| b.is_ascii_digit());
    let has_v = |side: &str| side.starts_with(['V', 'v']) && side[1..].starts_with(|c: char| c.is_ascii_digit());
    if !(is_plain(low) && is_plain(high) || has_v(low) && has_v(high)) {
        return None;
    }
    let (low, high) = (Version::parse(low)?, Version::parse(high)?);
    (low.cmp_all(&high) == std::cmp::Ordering::Less && low.parts.len() == high.parts.len()).then_some((low, high))
}

/// What stands in brackets behind a version.
fn note(inside: &str, versions: &mut Versions) {
    let lower = inside.trim().to_ascii_lowercase();
    let cves: Vec<String> = inside
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| word.to_ascii_uppercase().starts_with("CVE-"))
        .map(|word| word.to_ascii_uppercase())
        .collect();
    if !cves.is_empty() && lower.contains("only") {
        versions.only.extend(cves);
        return;
    }
    let says_nothing = lower.is_empty()
        || lower.starts_with("incl")
        || lower.starts_with("formerly")
        || lower.starts_with("discontinued")
        || lower.starts_with("windows")
        || lower.starts_with("all ")
        || lower.starts_with("end-of-life")
        || lower.starts_with("integrated")
        || lower.starts_with("part of")
        || Version::parse(inside).is_some();
    if !says_nothing {
        versions.conditions.push(inside.trim().to_string());
    }
}

/// `1766-L32AWA`, `882400`, `ESP32`: no version, whatever stands there.
fn is_model(version: &Version) -> bool {
    let head: String = version.text.chars().take_while(|c| c.is_ascii_digit()).collect();
    let behind = &version.text[head.len()..];
    let is_catalogue =
        head.len() >= 3 && behind.starts_with('-') && behind[1..].starts_with(|c: char| c.is_ascii_alphabetic());
    let is_lone_number = matches!(version.parts.as_slice(), [Part::Number(number)] if *number >= 100 && !(1990..=2100).contains(number))
        && version.text.bytes().all(|b| b.is_ascii_digit());
    is_catalogue || is_lone_number || version.prefix.len() > 1 && version.prefix != "mx-v"
}

/// Puts bounds together into alternatives.
fn combine(constraints: Vec<Constraint>, has_conditions: bool) -> Option<Vec<Clause>> {
    let mut clauses = Vec::new();
    let mut open: Option<Edge> = None;
    let uppers = constraints.iter().filter(|c| matches!(c.op, Op::Less | Op::LessEqual)).count();
    if uppers == constraints.len() && uppers > 1 {
        return if has_conditions { None } else { trains(constraints) };
    }
    let mut silent_from: Option<Version> = None;
    for constraint in constraints {
        if constraint.is_silent_below {
            let from = match silent_from.take() {
                Some(from) if constraint.op == Op::Equal => from,
                _ => Version::parse("0")?,
            };
            if constraint.op == Op::Equal {
                silent_from = Some(constraint.version.clone());
            }
            clauses.push(Clause::Silent(from, constraint.version.clone()));
        }
        match constraint.op {
            Op::Equal => {
                if let Some(low) = open.take() {
                    clauses.push(Clause::Between(Some(low), None));
                }
                clauses.push(exact(constraint.version)?);
            }
            Op::Greater | Op::GreaterEqual => {
                let edge = edge(constraint.version, constraint.op == Op::GreaterEqual)?;
                // Two lower bounds in a row: it is not said which of them holds.
                if open.replace(edge).is_some() {
                    return None;
                }
            }
            Op::Less | Op::LessEqual => {
                let high = edge(constraint.version, constraint.op == Op::LessEqual)?;
                let low = open.take();
                if let Some(low) = &low {
                    if !low.version.is_comparable(&high.version) {
                        return None;
                    }
                    if low.version.cmp_all(&high.version) == std::cmp::Ordering::Greater {
                        return None;
                    }
                }
                silent_from = Some(high.version.clone());
                clauses.push(Clause::Between(low, Some(high)));
            }
        }
    }
    if let Some(low) = open {
        clauses.push(Clause::Between(Some(low), None));
    }
    Some(clauses)
}

fn exact(mut version: Version) -> Option<Clause> {
    let had = version.parts.len();
    while version.parts.last() == Some(&Part::Any) {
        version.parts.pop();
    }
    if version.parts.is_empty() {
        return None;
    }
    Some(if version.parts.len() < had { Clause::Prefix(version) } else { Clause::Exact(version) })
}

fn edge(mut version: Version, is_included: bool) -> Option<Edge> {
    let had = version.parts.len();
    while version.parts.last() == Some(&Part::Any) {
        version.parts.pop();
    }
    if version.parts.is_empty() {
        return None;
    }
    // `<= 20`: what begins with 20 is meant too.
    let is_prefix = version.parts.len() < had || version.parts.len() == 1 && !version.has_levels && !version.is_date;
    Some(Edge { version, is_included, is_prefix })
}

/// Several upper bounds: one for each line of releases (`< V33.017, V34.014, V35.013`). The lowest holds for everything
/// below it, each other one from the beginning of its own line on.
fn trains(mut constraints: Vec<Constraint>) -> Option<Vec<Clause>> {
    constraints.sort_by(|a, b| a.version.cmp_all(&b.version));
    constraints.dedup_by(|a, b| a.version.cmp_all(&b.version) == std::cmp::Ordering::Equal && a.op == b.op);
    let lines = constraints.iter().map(|c| c.version.parts.len().min(3)).min()?;
    // The lines differ in the part in which neighbours differ first.
    let mut clauses: Vec<Clause> = Vec::new();
    let mut before: Option<Version> = None;
    for constraint in constraints {
        let version = constraint.version;
        let low = match &before {
            None => None,
            Some(previous) => {
                let at = (0..lines).find(|at| previous.parts.get(*at) != version.parts.get(*at))?;
                // The last part differs: these are not lines but contradicting bounds.
                if at + 1 >= version.parts.len() || !previous.is_comparable(&version) {
                    return None;
                }
                let mut start = version.clone();
                start.parts.truncate(at + 1);
                start.levels = [0; crate::version::LEVELS];
                start.has_levels = false;
                start.text = start_text(&start.parts);
                // Lines between the two are not spoken of.
                if let (Some(Part::Number(a)), Some(Part::Number(b))) = (previous.parts.get(at), version.parts.get(at))
                    && b.saturating_sub(*a) > 1
                {
                    let mut from = start.clone();
                    from.parts[at] = Part::Number(a + 1);
                    from.text = start_text(&from.parts);
                    clauses.push(Clause::Silent(from, start.clone()));
                }
                Some(Edge { version: start, is_included: true, is_prefix: false })
            }
        };
        before = Some(version.clone());
        clauses.push(Clause::Between(low, Some(edge(version, constraint.op == Op::LessEqual)?)));
    }
    Some(clauses)
}

fn start_text(parts: &[Part]) -> String {
    let words: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Number(number) => number.to_string(),
            Part::Letters(letters) | Part::Before(letters) => letters.clone(),
            Part::Any => "x".into(),
        })
        .collect();
    words.join(".")
}

/// Version marks inside a product name (`RUGGEDCOM RSG2488 V5.X`, `SIMATIC WinCC V7.2 and earlier`): the name without
/// them, and what they say.
pub fn name_versions(name: &str) -> (String, Option<Versions>) {
    // `CPU family version 4` is `CPU family V4`.
    let joined = name.replace("version ", "V").replace("Version ", "V");
    let has_word = name.to_ascii_lowercase().contains("hardware version");
    let pieces: Vec<&str> = if has_word { name } else { joined.as_str() }.split_whitespace().collect();
    let is_mark = |word: &str| {
        let word = word.trim_matches(['(', ')', ',', ';', ':']);
        let Some(rest) = word.strip_prefix(['V', 'v']) else { return false };
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'x' | 'X'))
    };
    let Some(at) = pieces.iter().position(|word| is_mark(word)) else { return (name.to_string(), None) };
    let mut end = at + 1;
    while let Some((_, used)) = Version::from_words(&pieces[at..=end.min(pieces.len() - 1)]) {
        if end < pieces.len() && at + used > end {
            end = at + used;
        } else {
            break;
        }
    }
    let mut start = at;
    let mut text = pieces[at..end].join(" ").trim_matches(['(', ')', ',', ';', ':']).to_string();
    let behind: Vec<String> = pieces[end..].iter().take(3).map(|w| w.to_ascii_lowercase()).collect();
    let behind: Vec<&str> = behind.iter().map(String::as_str).collect();
    match behind.as_slice() {
        ["and" | "or", word, ..] if EARLIER.contains(word) => {
            text = format!("<= {text}{}", if text.to_ascii_lowercase().ends_with('x') { "" } else { ".x" });
            end += 2;
        }
        ["and" | "or", word, ..] if LATER.contains(word) => {
            text = format!(">= {text}");
            end += 2;
        }
        _ => {
            let ahead: Vec<String> = pieces[..at].iter().rev().take(2).map(|w| w.to_ascii_lowercase()).collect();
            match ahead.first().map(String::as_str) {
                Some("<" | "before") => {
                    start -= 1;
                    text = format!("< {text}");
                }
                Some("to") if ahead.get(1).is_some_and(|word| word == "prior") => {
                    start -= 2;
                    text = format!("< {text}");
                }
                _ if !text.to_ascii_lowercase().ends_with('x') && !text.contains(' ') => text.push_str(".x"),
                _ => {}
            }
        }
    }
    if behind.first() == Some(&"versions") {
        end += 1;
    }
    let mut rest = pieces[..start].to_vec();
    rest.extend(&pieces[end.min(pieces.len())..]);
    let versions = parse(&text);
    if versions.unclear.is_some() {
        return (name.to_string(), None);
    }
    (rest.join(" "), Some(versions))
}

/// Whether every bound of `inner` lies in the lines of `outer`: then a version mark in a product's name is about firmware.
pub fn lies_within(inner: &Versions, outer: &Versions) -> bool {
    let [Clause::Prefix(line)] = outer.clauses.as_slice() else {
        return !inner.is_all;
    };
    let in_line = |version: &Version| {
        let shared = line.parts.len().min(version.parts.len());
        line.is_comparable(version)
            && compare_parts(&line.parts[..shared], &version.parts[..shared]) == std::cmp::Ordering::Equal
    };
    !inner.clauses.is_empty()
        && inner.clauses.iter().all(|clause| match clause {
            Clause::Exact(version) | Clause::Prefix(version) => in_line(version),
            Clause::Between(_, Some(high)) => {
                in_line(&high.version) || ends_line(&high.version, line, high.is_included)
            }
            Clause::Between(Some(low), None) => in_line(&low.version),
            _ => false,
        })
}

/// `V5.X`: `< V6`.
fn ends_line(version: &Version, line: &Version, is_included: bool) -> bool {
    let (Some(Part::Number(next)), Some(Part::Number(last))) = (version.parts.first(), line.parts.last()) else {
        return false;
    };
    !is_included && line.parts.len() == 1 && version.significant().len() == 1 && *next == last + 1
}

#[cfg(test)]
mod tests;
