//! Verdicts as JSON, CSV and text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::document::Advisory;
use crate::machine::Machine;
use crate::matcher::{Answer, Verdict};
use crate::priority::{self, Exposure, Priority};
use crate::task::{Task, task};
use crate::threat::Threats;

/// Whether French is wanted; English otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct French(pub bool);

impl French {
    /// One of two texts.
    pub fn of<'a>(self, en: &'a str, fr: &'a str) -> &'a str {
        if self.0 { fr } else { en }
    }
}

/// One row, as it is written.
#[derive(Serialize)]
struct Row<'a> {
    asset: &'a str,
    advisory: &'a str,
    cve: &'a str,
    verdict: &'static str,
    why: &'a str,
    missing: Vec<&'static str>,
    confidence: &'static str,
    advisory_title: &'a str,
    advisory_products: &'a [String],
    released: &'a str,
    updated: &'a str,
    cvss: Option<f64>,
    vector: Option<&'a str>,
    remediations: Vec<&'a str>,
    priority: Option<&'static str>,
    priority_reasons: Vec<String>,
}

/// The score that a document gives a weakness: the first one with a number.
pub fn score<'a>(advisory: &'a Advisory, verdict: &Verdict) -> (Option<f64>, Option<&'a str>) {
    let Some(vulnerability) = advisory.vulnerabilities.get(verdict.vulnerability as usize) else { return (None, None) };
    let best = vulnerability.scores.first();
    (best.and_then(|score| score.base), best.map(|score| score.vector.as_str()))
}

fn row<'a>(catalogue: &'a Catalogue, verdict: &'a Verdict, threats: &Threats, french: French) -> Option<Row<'a>> {
    let advisory = catalogue.advisories.get(verdict.document as usize)?;
    let vulnerability = advisory.vulnerabilities.get(verdict.vulnerability as usize)?;
    let (cvss, vector) = score(advisory, verdict);
    let mut remediations: Vec<&str> = vulnerability
        .remediations
        .iter()
        .filter(|remediation| verdict.answer != Answer::NotAffected && remediation.category == "vendor_fix")
        .map(|remediation| remediation.details.as_str())
        .take(5)
        .collect();
    remediations.dedup();
    let decision = priority::decide(advisory, verdict, threats, Exposure::default());
    let priority_reasons = decision.iter().flat_map(|decision| &decision.reasons);
    let priority_reasons = priority_reasons.map(|said| french.of(&said.en, &said.fr).to_string()).collect();
    Some(Row {
        priority: decision.as_ref().map(|decision| decision.priority.word()),
        priority_reasons,
        asset: &verdict.asset,
        advisory: &verdict.advisory,
        cve: &verdict.cve,
        verdict: verdict.answer.word(),
        why: french.of(&verdict.why.en, &verdict.why.fr),
        missing: verdict.missing.iter().map(crate::range::Missing::word).collect(),
        confidence: verdict.confidence.word(),
        advisory_title: &advisory.title,
        advisory_products: &verdict.products,
        released: &advisory.released,
        updated: &advisory.updated,
        cvss,
        vector,
        remediations,
    })
}

/// Writes verdicts machine by machine: JSON as one list, CSV with a line of names.
pub struct Writer<W: Write> {
    out: W,
    form: Form,
    french: French,
    rows: u64,
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One list of objects.
    Json,
    /// Comma-separated values.
    Csv,
}

const COLUMNS: &[&str] = &[
    "asset",
    "advisory",
    "cve",
    "verdict",
    "why",
    "missing",
    "confidence",
    "advisory_title",
    "advisory_products",
    "released",
    "updated",
    "cvss",
    "vector",
    "priority",
];

impl<W: Write> Writer<W> {
    /// Begins.
    pub fn new(mut out: W, form: Form, french: French) -> io::Result<Writer<W>> {
        match form {
            Form::Json => out.write_all(b"[")?,
            Form::Csv => out.write_all(format!("{}\r\n", COLUMNS.join(",")).as_bytes())?,
        }
        Ok(Writer { out, form, french, rows: 0 })
    }

    /// Writes the verdicts of one machine.
    pub fn write(&mut self, catalogue: &Catalogue, verdicts: &[Verdict], threats: &Threats) -> io::Result<()> {
        for verdict in verdicts {
            let Some(row) = row(catalogue, verdict, threats, self.french) else { continue };
            match self.form {
                Form::Json => {
                    self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
                    serde_json::to_writer(&mut self.out, &row)?;
                }
                Form::Csv => {
                    let cvss = row.cvss.map_or_else(String::new, |score| score.to_string());
                    let fields = [
                        row.asset,
                        row.advisory,
                        row.cve,
                        row.verdict,
                        row.why,
                        &row.missing.join("; "),
                        row.confidence,
                        row.advisory_title,
                        &row.advisory_products.join("; "),
                        row.released,
                        row.updated,
                        &cvss,
                        row.vector.unwrap_or_default(),
                        row.priority.unwrap_or_default(),
                    ];
                    let line: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
                    self.out.write_all(format!("{}\r\n", line.join(",")).as_bytes())?;
                }
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// Ends.
    pub fn end(mut self) -> io::Result<u64> {
        if self.form == Form::Json {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

/// A CSV field: quoted where needed; a text that a spreadsheet would run as a formula is made harmless.
fn quoted(field: &str) -> String {
    let mut text: String = field.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.starts_with(['=', '+', '-', '@']) {
        text.insert(0, '\'');
    }
    match text.contains([',', '"', ';']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// The sum of all verdicts, for people: per machine what is affected and what is missing.
#[derive(Default)]
pub struct Summary {
    machines: u64,
    known: u64,
    affected: u64,
    unknown: u64,
    not_affected: u64,
    now: u64,
    next: u64,
    lines: String,
    tasks: Vec<Task>,
}

impl Summary {
    /// Adds a machine.
    pub fn add(
        &mut self,
        catalogue: &Catalogue,
        machine: &Machine,
        verdicts: &[Verdict],
        threats: &Threats,
        french: French,
    ) {
        self.machines += 1;
        if verdicts.is_empty() {
            return;
        }
        self.known += 1;
        self.tasks.extend(task(machine, verdicts));
        let mut by_advisory: BTreeMap<(Answer, &str), Vec<&Verdict>> = BTreeMap::new();
        for verdict in verdicts {
            match verdict.answer {
                Answer::Affected => self.affected += 1,
                Answer::Unknown => self.unknown += 1,
                Answer::NotAffected => self.not_affected += 1,
            }
            if verdict.answer != Answer::NotAffected {
                by_advisory.entry((verdict.answer, &verdict.advisory)).or_default().push(verdict);
            }
        }
        let facts = [&machine.vendor, &machine.product, &machine.model, &machine.order_number, &machine.firmware];
        let facts: Vec<&str> = facts.iter().map(|fact| fact.as_str()).filter(|fact| !fact.is_empty()).collect();
        let _ = writeln!(self.lines, "\n{} ({})", machine.asset, facts.join(", "));
        for ((answer, advisory), verdicts) in by_advisory {
            let word = match answer {
                Answer::Affected => french.of("affected", "touché"),
                _ => french.of("unknown", "inconnu"),
            };
            let decide = |verdict: &&Verdict| {
                priority::decide(
                    &catalogue.advisories[verdict.document as usize],
                    verdict,
                    threats,
                    Exposure::default(),
                )
            };
            let first = verdicts.iter().filter_map(decide).map(|decision| decision.priority).min();
            let first = match first {
                Some(Priority::Now) => {
                    self.now += 1;
                    french.of("now", "maintenant")
                }
                Some(Priority::Next) => {
                    self.next += 1;
                    french.of("next", "ensuite")
                }
                _ => french.of("never", "jamais"),
            };
            let cves: Vec<&str> = verdicts.iter().map(|verdict| verdict.cve.as_str()).collect();
            let highest = verdicts
                .iter()
                .filter_map(|verdict| score(&catalogue.advisories[verdict.document as usize], verdict).0)
                .fold(None, |best: Option<f64>, score| Some(best.map_or(score, |best| best.max(score))));
            let cvss = highest.map_or_else(String::new, |score| format!(" (CVSS {score:.1})"));
            let _ = writeln!(self.lines, "  {word:9} {first:10} {advisory}{cvss}: {}", cves.join(", "));
            let _ = writeln!(self.lines, "            {}", french.of(&verdicts[0].why.en, &verdicts[0].why.fr));
        }
    }

    /// The text.
    pub fn text(&self, catalogue: &Catalogue, french: French) -> String {
        let head = match french.0 {
            false => format!(
                "{} advisories, {} machines; {} of them are named in an advisory.\n{} affected, {} unknown because a fact is missing, {} not affected.\n",
                catalogue.advisories.len(),
                self.machines,
                self.known,
                self.affected,
                self.unknown,
                self.not_affected
            ),
            true => format!(
                "{} avis, {} machines ; {} d'entre elles sont citées dans un avis.\n{} touchées, {} inconnues faute d'un renseignement, {} non touchées.\n",
                catalogue.advisories.len(),
                self.machines,
                self.known,
                self.affected,
                self.unknown,
                self.not_affected
            ),
        };
        let mut text = head;
        let _ = match french.0 {
            false => writeln!(text, "To do: {} advisories now, {} with the next planned stop.", self.now, self.next),
            true => writeln!(text, "À faire : {} avis maintenant, {} au prochain arrêt prévu.", self.now, self.next),
        };
        text.push_str(&self.lines);
        if !self.tasks.is_empty() {
            let _ = writeln!(text, "\n{}", french.of("To find out on site:", "À relever sur place :"));
        }
        for task in &self.tasks {
            let _ = writeln!(text, "  {}", french.of(&task.what.en, &task.what.fr));
        }
        text
    }
}
