//! Version ranges: what they say of the version of a machine. How they are read from text is in `grammar.rs`.

use std::cmp::Ordering;
use std::fmt;

use crate::version::{Level, Part, Version, compare_parts};

/// One end of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The version at the end.
    pub version: Version,
    /// Whether the version itself belongs to the interval.
    pub is_included: bool,
    /// Whether every version that begins like this one stands at the end (`7.x`; `20` of a maker with major and minor).
    pub is_prefix: bool,
}

/// One alternative of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// This version.
    Exact(Version),
    /// Every version that begins like this one: `4.x`.
    Prefix(Version),
    /// From one version to another; a missing end is open.
    Between(Option<Edge>, Option<Edge>),
    /// From the first on and before the second, the text says nothing.
    Silent(Version, Version),
    /// The first digits of the serial number, up to a number or from it on (Mitsubishi).
    Serial {
        /// How many digits count.
        digits: u32,
        /// The smallest number, where there is one.
        low: Option<u64>,
        /// The largest number, where there is one.
        high: Option<u64>,
    },
}

/// What a version text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The text.
    pub text: String,
    /// Whether all versions are meant.
    pub is_all: bool,
    /// The alternatives, where not all are meant.
    pub clauses: Vec<Clause>,
    /// What else must be true and cannot be seen: `only if web components are used`.
    pub conditions: Vec<String>,
    /// Vulnerabilities that alone are meant: `(only affected by CVE-2019-10943)`.
    pub only: Vec<String>,
    /// Models that stand in the place of versions: the text means these models, in all versions.
    pub models: Vec<String>,
    /// What of the text was not understood.
    pub unclear: Option<String>,
}

/// A fact that is missing for a verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// The machine's firmware is not known.
    Firmware,
    /// The firmware is known, with too few parts.
    Precision,
    /// The firmware is known, without a level (`SP`, `HF` …) that matters.
    Level(Level),
    /// The machine's firmware text, or its kind, does not compare with the advisory's.
    FirmwareForm,
    /// The advisory does not say whether this version belongs to its range.
    AdvisoryBorder,
    /// The advisory's version text was not understood.
    AdvisoryVersions,
    /// The serial number.
    Serial,
    /// The order number.
    OrderNumber,
    /// The series letter behind a catalogue number.
    Series,
    /// The model.
    Model,
    /// What the advisory ties the weakness to: an option, a setting.
    Condition,
    /// The maker is still investigating.
    Investigation,
}

impl Missing {
    /// The word in JSON and CSV.
    pub const fn word(&self) -> &'static str {
        match self {
            Missing::Firmware => "firmware",
            Missing::Precision => "exact firmware",
            Missing::Level(level) => level.fact(),
            Missing::FirmwareForm => "firmware in the maker's form",
            Missing::AdvisoryBorder => "border of the advisory's range",
            Missing::AdvisoryVersions => "meaning of the advisory's version text",
            Missing::Serial => "serial number",
            Missing::OrderNumber => "order number",
            Missing::Series => "series",
            Missing::Model => "model",
            Missing::Condition => "condition",
            Missing::Investigation => "result of the maker's investigation",
        }
    }
}

/// Where a machine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Inside the range.
    Inside,
    /// Outside.
    Outside,
    /// It cannot be said, because this is missing.
    Unsure(Missing),
}

/// How the version of a machine stands to a version of an advisory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Older.
    Less,
    /// The same.
    Equal,
    /// Newer.
    Greater,
    /// The same and more: `4.5.2` to `4.5`. Newer in order; whether a text means it is another question.
    Extends,
    /// Not comparable, because this is missing.
    Unsure(Missing),
}

/// How `machine` stands to `bound`.
pub fn relate(machine: &Version, bound: &Version) -> Relation {
    if !machine.is_comparable(bound) {
        return Relation::Unsure(Missing::FirmwareForm);
    }
    let (m, b) = (&machine.parts, bound.significant());
    let shared = m.len().min(b.len());
    match compare_parts(&m[..shared], &b[..shared]) {
        Ordering::Less => return Relation::Less,
        Ordering::Greater => return Relation::Greater,
        Ordering::Equal => {}
    }
    if let Some(next) = b.get(shared) {
        return match next {
            Part::Number(_) | Part::Any => Relation::Unsure(Missing::Precision),
            Part::Letters(_) => Relation::Less,
            Part::Before(_) => Relation::Greater,
        };
    }
    match compare_parts(&m[shared..], &[]) {
        Ordering::Less => return Relation::Less,
        Ordering::Greater => return Relation::Extends,
        Ordering::Equal => {}
    }
    for level in Level::ALL {
        let (has, wants) = (machine.levels[level as usize], bound.levels[level as usize]);
        match has.cmp(&wants) {
            Ordering::Equal => {}
            // The machine does not say the level, or is older: where it says a deeper or no level, it may just be left out.
            Ordering::Less if has == 0 => return Relation::Unsure(Missing::Level(level)),
            Ordering::Less => return Relation::Less,
            Ordering::Greater if wants == 0 => return Relation::Extends,
            Ordering::Greater => return Relation::Greater,
        }
    }
    Relation::Equal
}

impl Clause {
    fn place(&self, machine: Option<&Version>, serial: Option<&str>) -> Place {
        if let Clause::Serial { digits, low, high } = self {
            let Some(number) = serial.and_then(|serial| first_digits(serial, *digits)) else {
                return Place::Unsure(Missing::Serial);
            };
            let is_inside = low.is_none_or(|low| number >= low) && high.is_none_or(|high| number <= high);
            return if is_inside { Place::Inside } else { Place::Outside };
        }
        let Some(machine) = machine else { return Place::Unsure(Missing::Firmware) };
        match self {
            Clause::Exact(version) => match relate(machine, version) {
                Relation::Equal => Place::Inside,
                Relation::Extends if version.parts.len() == 1 && !version.has_levels => Place::Inside,
                Relation::Extends => Place::Unsure(Missing::AdvisoryBorder),
                Relation::Unsure(missing) => Place::Unsure(missing),
                _ => Place::Outside,
            },
            Clause::Prefix(version) => match relate(machine, version) {
                Relation::Equal | Relation::Extends => Place::Inside,
                Relation::Unsure(missing) => Place::Unsure(missing),
                _ => Place::Outside,
            },
            Clause::Between(low, high) => {
                let low = low.as_ref().map_or(Place::Inside, |edge| above(machine, edge));
                let high = high.as_ref().map_or(Place::Inside, |edge| below(machine, edge));
                match (low, high) {
                    (Place::Outside, _) | (_, Place::Outside) => Place::Outside,
                    (Place::Inside, other) | (other, _) => other,
                }
            }
            Clause::Silent(from, to) => {
                let is_before = matches!(relate(machine, from), Relation::Less);
                let is_behind = !matches!(relate(machine, to), Relation::Less | Relation::Unsure(_));
                if is_before || is_behind { Place::Outside } else { Place::Unsure(Missing::AdvisoryBorder) }
            }
            Clause::Serial { .. } => Place::Unsure(Missing::Serial),
        }
    }
}

fn above(machine: &Version, edge: &Edge) -> Place {
    match relate(machine, &edge.version) {
        Relation::Less => Place::Outside,
        Relation::Greater => Place::Inside,
        Relation::Equal if edge.is_included => Place::Inside,
        Relation::Equal => Place::Outside,
        Relation::Extends if edge.is_prefix && !edge.is_included => Place::Outside,
        Relation::Extends => Place::Inside,
        Relation::Unsure(missing) => Place::Unsure(missing),
    }
}

fn below(machine: &Version, edge: &Edge) -> Place {
    match relate(machine, &edge.version) {
        Relation::Less => Place::Inside,
        Relation::Greater => Place::Outside,
        Relation::Equal if edge.is_included => Place::Inside,
        Relation::Equal => Place::Outside,
        Relation::Extends if edge.is_included && edge.is_prefix => Place::Inside,
        Relation::Extends if edge.is_included => Place::Unsure(Missing::AdvisoryBorder),
        Relation::Extends => Place::Outside,
        Relation::Unsure(missing) => Place::Unsure(missing),
    }
}

fn first_digits(serial: &str, digits: u32) -> Option<u64> {
    let start: String = serial.trim().chars().take(digits as usize).collect();
    (start.len() == digits as usize).then(|| start.parse().ok())?
}

impl Versions {
    /// All versions, without a condition.
    pub fn all(text: &str) -> Versions {
        Versions { text: text.to_string(), is_all: true, ..Versions::default() }
    }

    /// Where a machine with this firmware and serial number stands, conditions left aside.
    pub fn place(&self, machine: Option<&Version>, serial: Option<&str>) -> Place {
        if self.is_all {
            return Place::Inside;
        }
        if self.unclear.is_some() {
            return Place::Unsure(Missing::AdvisoryVersions);
        }
        let mut unsure = None;
        for clause in &self.clauses {
            match clause.place(machine, serial) {
                Place::Inside => return Place::Inside,
                Place::Outside => {}
                Place::Unsure(missing) => unsure = unsure.or(Some(missing)),
            }
        }
        match unsure {
            Some(missing) => Place::Unsure(missing),
            None => Place::Outside,
        }
    }

    /// Whether the versions need no firmware to be judged.
    pub fn needs_firmware(&self) -> bool {
        !self.is_all && self.clauses.iter().any(|clause| !matches!(clause, Clause::Serial { .. }))
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.version.text, if self.is_prefix { "*" } else { "" })
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Clause::Exact(version) => write!(f, "={version}"),
            Clause::Prefix(version) => write!(f, "{version}.*"),
            Clause::Between(low, high) => {
                if let Some(low) = low {
                    write!(f, "{}{low}", if low.is_included { ">=" } else { ">" })?;
                }
                if low.is_some() && high.is_some() {
                    f.write_str(" ")?;
                }
                if let Some(high) = high {
                    write!(f, "{}{high}", if high.is_included { "<=" } else { "<" })?;
                }
                Ok(())
            }
            Clause::Silent(from, to) => write!(f, "?{from}..{to}"),
            Clause::Serial { digits, low, high } => {
                write!(f, "serial[{digits}]")?;
                if let Some(low) = low {
                    write!(f, ">={low}")?;
                }
                if let Some(high) = high {
                    write!(f, "<={high}")?;
                }
                Ok(())
            }
        }
    }
}

/// The range in one normal form: for tests, and for the explanation of a verdict.
impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all {
            f.write_str("*")?;
        }
        if !self.models.is_empty() {
            write!(f, " of {}", self.models.join(", "))?;
        }
        for (at, clause) in self.clauses.iter().enumerate() {
            write!(f, "{}{clause}", if at > 0 { " or " } else { "" })?;
        }
        for condition in &self.conditions {
            write!(f, " [if {condition}]")?;
        }
        if !self.only.is_empty() {
            write!(f, " [only {}]", self.only.join(" "))?;
        }
        if let Some(unclear) = &self.unclear {
            write!(f, " [unclear: {unclear}]")?;
        }
        Ok(())
    }
}

impl Versions {
    /// Narrows open lower ends to the beginning of a line of releases (`V5.X`).
    pub fn begin_at(&mut self, line: &Versions) {
        let Some(start) = line.clauses.iter().find_map(|clause| match clause {
            Clause::Prefix(version) => Some(version.clone()),
            _ => None,
        }) else {
            return;
        };
        for clause in &mut self.clauses {
            if let Clause::Between(low @ None, Some(_)) = clause {
                *low = Some(Edge { version: start.clone(), is_included: true, is_prefix: false });
            }
        }
    }
}
