//! What `vigie read` says at the end: the numbers of the run, and the summary for programs as JSON.

use capture::{Counters, Problem};
use model::{Judgement, Phrase};
use report::{ProtocolCount, Run};
use serde_json::{Map, Value, json};

use crate::arguments::{self, Language};

/// What the files are called that were written.
pub const REPORT: Phrase = Phrase { en: "Report", fr: "Rapport" };
/// The inventory.
pub const INVENTORY: Phrase = Phrase { en: "Inventory", fr: "Inventaire" };
/// The records.
pub const RECORDS: Phrase = Phrase { en: "Records", fr: "Enregistrements" };

impl From<Language> for report::Language {
    fn from(language: Language) -> report::Language {
        match language {
            Language::En => report::Language::En,
            Language::Fr => report::Language::Fr,
        }
    }
}

/// The numbers of a run, from what reading and decoding counted, and how long it took.
pub fn run(
    arguments: &arguments::Read,
    read: &Counters,
    decoded: &decode::Totals,
    seconds: f64,
    problems: &[Problem],
) -> Run {
    Run {
        inputs: arguments.paths.iter().map(|path| path.display().to_string()).collect(),
        files: read.files,
        packets: read.packets,
        bytes: read.bytes,
        seconds,
        dropped: read.dropped,
        filtered: read.filtered,
        duplicates: decoded.duplicates,
        conversations: decoded.flows,
        protocols: decoded
            .protocols
            .iter()
            .map(|(id, counted)| ProtocolCount {
                id: (*id).to_owned(),
                title: decode::protocols::by_id(id).map_or_else(String::new, |protocol| protocol.title.to_owned()),
                messages: counted.messages,
                acts: counted.acts,
                malformed: counted.malformed,
            })
            .collect(),
        problems: problems.iter().map(ToString::to_string).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What there is to say at the end.
pub struct Summary<'a> {
    pub judgement: &'a Judgement,
    pub run: Run,
}

impl Summary<'_> {
    /// For programs: one object.
    pub fn to_json(&self, weak_points: Option<&crate::weak_points::WeakPoints>) -> String {
        let run = &self.run;
        let findings: Vec<Value> = self
            .judgement
            .findings
            .iter()
            .map(|ranked| {
                json!({
                    "detector": ranked.finding.detector,
                    "severity": ranked.finding.severity,
                    "title": ranked.finding.title,
                    "count": ranked.finding.count,
                    "from": ranked.from_asset,
                    "to": ranked.to_asset,
                })
            })
            .collect();
        let protocols: Map<String, Value> = run
            .protocols
            .iter()
            .map(|count| {
                let counts = json!({ "messages": count.messages, "acts": count.acts, "malformed": count.malformed });
                (count.id.clone(), counts)
            })
            .collect();
        let mut summary = json!({
            "files": run.files,
            "packets": run.packets,
            "bytes": run.bytes,
            "seconds": (run.seconds * 1000.0).round() / 1000.0,
            "dropped": run.dropped,
            "filtered": run.filtered,
            "duplicates": run.duplicates,
            "first": self.judgement.first,
            "last": self.judgement.last,
            "protocols": protocols,
            "assets": self.judgement.assets.len(),
            "conversations": run.conversations,
            "findings": self.judgement.findings.len(),
            "found": findings,
            "problems": run.problems,
        });
        if let Some(weak_points) = weak_points {
            summary["weak_points"] = weak_points.to_json();
        }
        format!("{summary:#}\n")
    }
}
