//! All advisories that are known, and the index over them.

use std::path::Path;

use serde_json::Value;

use crate::csaf;
use crate::cve;
use crate::document::Advisory;
use crate::limits::PROBLEMS_MAX;
use crate::machine::Machine;
use crate::matcher::{Matcher, Verdict};
use crate::source::{self, Item};

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The place in it: line and column, or JSON path; empty for the file as a whole.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "{}: {}", self.file, self.reason),
            place => write!(f, "{}: {place}: {}", self.file, self.reason),
        }
    }
}

/// What a file turned out to be.
pub enum Content {
    /// An advisory, and what of it was left out.
    Advisory(Box<Advisory>, Vec<csaf::Fault>),
    /// JSON of another kind that is known: exploited vulnerabilities, provider metadata, threat lists.
    Other(&'static str, Value),
}

/// Reads one file.
pub fn read(bytes: &[u8]) -> Result<Content, csaf::Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|error| csaf::Fault {
        place: format!("line {} column {}", error.line(), error.column()),
        reason: csaf::reason(&error),
    })?;
    if csaf::is_csaf(&value) {
        let (advisory, faults) = csaf::from_value(&value)?;
        return Ok(Content::Advisory(Box::new(advisory), faults));
    }
    if cve::is_cve(&value) {
        let (advisory, faults) = cve::from_value(&value)?;
        return Ok(Content::Advisory(Box::new(advisory), faults));
    }
    let has = |key: &str| value.get(key).is_some();
    let kind = if has("vulnerabilities") && has("catalogVersion") {
        "kev"
    } else if value.get("type").and_then(Value::as_str) == Some("bundle") && has("objects") {
        "stix"
    } else if has("canonical_url") && has("publisher") {
        "provider-metadata"
    } else {
        return Err(csaf::Fault {
            place: "$".into(),
            reason: "it is no advisory: `document.csaf_version` is not there".into(),
        });
    };
    Ok(Content::Other(kind, value))
}

/// Advisories, and the index over them.
#[derive(Default)]
pub struct Catalogue {
    /// The advisories, in order of their ids.
    pub advisories: Vec<Advisory>,
    matcher: Matcher,
}

/// What loading gave besides advisories.
#[derive(Default)]
pub struct Loaded {
    /// Files that were read.
    pub files: u64,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// How many things were wrong, also those that are not listed.
    pub problem_count: u64,
    /// Documents of which a newer revision was there too.
    pub superseded: u64,
    /// Files that are no advisories, by kind.
    pub others: Vec<(&'static str, Value)>,
}

impl Loaded {
    fn tell(&mut self, file: &str, place: &str, reason: String) {
        self.problem_count += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { file: file.to_string(), place: place.to_string(), reason });
        }
    }
}

impl Catalogue {
    /// An index over documents. Of two with one id the newer one counts.
    pub fn new(mut advisories: Vec<Advisory>) -> Catalogue {
        advisories.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| newness(a).cmp(&newness(b))));
        advisories.dedup_by(|later, kept| {
            let is_same = later.id == kept.id;
            if is_same {
                std::mem::swap(later, kept);
            }
            is_same
        });
        let matcher = Matcher::new(&advisories);
        Catalogue { advisories, matcher }
    }

    /// Everything below `path`: a directory, an archive, a file.
    pub fn load(path: &Path, tick: &mut dyn FnMut(u64)) -> Result<(Catalogue, Loaded), String> {
        let mut loaded = Loaded::default();
        let mut advisories = Vec::new();
        source::read(path, &mut |Item { name, content }| {
            loaded.files += 1;
            tick(loaded.files);
            let bytes = match content {
                Ok(bytes) => bytes,
                Err(reason) => return loaded.tell(&name, "", reason),
            };
            match read(&bytes) {
                Ok(Content::Advisory(advisory, faults)) => {
                    for fault in faults {
                        loaded.tell(&name, &fault.place, fault.reason);
                    }
                    advisories.push(*advisory);
                }
                Ok(Content::Other(kind, value)) => loaded.others.push((kind, value)),
                Err(fault) => loaded.tell(&name, &fault.place, fault.reason),
            }
        })?;
        let before = advisories.len();
        let catalogue = Catalogue::new(advisories);
        loaded.superseded = (before - catalogue.advisories.len()) as u64;
        Ok((catalogue, loaded))
    }

    /// Adds a new document behind all others, without reading the others again. Its place is returned.
    pub fn add(&mut self, advisory: Advisory) -> u32 {
        self.matcher.add(&advisory);
        self.advisories.push(advisory);
        self.advisories.len() as u32 - 1
    }

    /// All verdicts of a machine.
    pub fn match_machine(&self, machine: &Machine) -> Vec<Verdict> {
        self.matcher.match_machine(machine, &self.advisories)
    }

    /// The verdicts that one document gives.
    pub fn match_document(&self, machine: &Machine, document: u32) -> Vec<Verdict> {
        self.matcher.match_document(machine, &self.advisories, document)
    }
}

/// By what the newer of two revisions is known: when it was released, then its number.
fn newness(advisory: &Advisory) -> (&str, Vec<u64>) {
    let numbers = advisory.revision.split('.').map(|part| part.parse().unwrap_or(0)).collect();
    (&advisory.updated, numbers)
}
