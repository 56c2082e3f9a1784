//! Findings as they arise: equal ones are one with a count; all of it bounded.

use std::borrow::Cow;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{Behind, Descriptor, Finding, Said, Text};
use sha2::{Digest, Sha256};

use crate::detector::Hit;
use crate::inventory::Key;
use crate::limits;
use crate::snapshot::{read_id, write_id};
use crate::table::Bounded;

/// What makes two hits the same finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Same {
    #[borsh(serialize_with = "write_id", deserialize_with = "read_id")]
    detector: &'static str,
    from: Option<Key>,
    to: Option<Key>,
    behind: Behind,
    protocol: Cow<'static, str>,
    topic: Text,
}

impl Same {
    /// The name of the finding in every run. A hash that nobody can aim at: topics hold texts from the network.
    fn id(&self) -> Text {
        let key = |key: &Option<Key>| key.map_or_else(String::new, |key| key.to_string());
        let mut hash = Sha256::new();
        for part in [&key(&self.from), &key(&self.to), &self.behind.to_string(), self.protocol.as_ref(), &self.topic] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let short = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Text::from(format!("{}-{short:016x}", self.detector))
    }
}

/// The id of a detector as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct DetectorId(#[borsh(serialize_with = "write_id", deserialize_with = "read_id")] &'static str);

/// The findings so far.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Findings {
    numbers: Bounded<Same, usize>,
    findings: Vec<Finding>,
    /// Of each finding, what its last evidence was made from: the same is not put into words again. Not saved.
    #[borsh(skip)]
    last_tried: Vec<Option<u64>>,
    of_detector: Bounded<DetectorId, usize>,
    /// Findings that found no place.
    pub(crate) dropped: u64,
    /// How many were handed out by `take_new`.
    handed_out: usize,
}

impl Findings {
    pub(crate) fn new() -> Findings {
        Findings {
            numbers: Bounded::new(limits::FINDINGS_MAX),
            findings: Vec::new(),
            last_tried: Vec::new(),
            of_detector: Bounded::new(limits::FINDINGS_MAX),
            dropped: 0,
            handed_out: 0,
        }
    }

    /// Adds a hit; `evidence` is asked for only where the hit brings none and there is room for it. Equal evidence has equal
    /// numbers in `made_from`, where there is one.
    pub(crate) fn add(
        &mut self,
        about: &'static Descriptor,
        hit: Hit,
        made_from: Option<u64>,
        evidence: impl FnOnce() -> Said,
    ) {
        let evidence = || if hit.evidence.is_empty() { evidence() } else { hit.evidence };
        let same = Same {
            detector: about.id,
            from: hit.from.as_ref().and_then(Key::of),
            to: hit.to.as_ref().and_then(Key::of),
            behind: hit.behind,
            protocol: hit.protocol,
            topic: hit.topic,
        };
        if let Some(number) = self.numbers.get(&same) {
            let finding = &mut self.findings[*number];
            finding.count = finding.count.saturating_add(hit.count);
            finding.first = finding.first.min(hit.first);
            finding.last = finding.last.max(hit.last);
            finding.severity = finding.severity.max(hit.severity.unwrap_or(about.severity));
            let is_known = made_from.is_some() && self.last_tried.get(*number) == Some(&made_from);
            if finding.evidence.len() < limits::EVIDENCE_MAX && !is_known {
                // A loaded state has findings and has tried nothing yet.
                if self.last_tried.len() <= *number {
                    self.last_tried.resize(*number + 1, None);
                }
                self.last_tried[*number] = made_from;
                let evidence = bounded(evidence());
                if !finding.evidence.contains(&evidence) {
                    finding.evidence.push(evidence);
                }
            }
            return;
        }
        let number = self.findings.len();
        let so_far = self.of_detector.entry(DetectorId(about.id), || 0);
        if !so_far.is_some_and(|count| {
            *count += 1;
            *count <= limits::FINDINGS_PER_DETECTOR_MAX
        }) {
            self.dropped += 1;
            return;
        }
        let (id, behind, protocol) = (same.id(), same.behind.clone(), same.protocol.clone());
        if self.numbers.entry(same, || number).is_none() {
            self.dropped += 1;
            return;
        }
        self.findings.push(Finding {
            id,
            detector: Cow::Borrowed(about.id),
            title: if hit.title.is_empty() { Text::from(about.title.en) } else { hit.title },
            severity: hit.severity.unwrap_or(about.severity),
            first: hit.first,
            last: hit.last,
            count: hit.count,
            from: hit.from.map(|address| address.without_port()),
            to: hit.to,
            behind,
            protocol,
            evidence: Some(bounded(evidence())).into_iter().filter(|said| !said.is_empty()).collect(),
            flow: hit.flow,
        });
    }

    /// The findings that arose since the last call, as they are now.
    pub(crate) fn take_new(&mut self) -> Vec<Finding> {
        let new = self.findings[self.handed_out..].to_vec();
        self.handed_out = self.findings.len();
        new
    }

    /// All findings, the worst first, then the most frequent, then by detector and address.
    pub(crate) fn ranked(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (std::cmp::Reverse(f.severity), f.detector.clone(), std::cmp::Reverse(f.count));
            key(a)
                .cmp(&key(b))
                .then_with(|| (a.to, a.from, &a.behind, a.first).cmp(&(b.to, b.from, &b.behind, b.first)))
        });
        findings
    }
}

fn bounded(said: Said) -> Said {
    Said { en: shortened(said.en), fr: shortened(said.fr) }
}

fn shortened(text: Text) -> Text {
    // No text has more characters than bytes.
    if text.len() <= limits::EVIDENCE_CHARACTERS_MAX {
        return text;
    }
    match text.char_indices().nth(limits::EVIDENCE_CHARACTERS_MAX) {
        Some((end, _)) => Text::from(format!("{}…", &text[..end])),
        None => text,
    }
}
