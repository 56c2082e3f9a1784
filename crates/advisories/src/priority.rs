//! What to do first: now, next, or never, with the reasons; and where a weakness of a machine stands in its work flow.
//!
//! The decision follows the deployer's tree of SSVC (CERT/CC, *Stakeholder-Specific Vulnerability Categorization* 2.1):
//! exploitation, exposure, automatability, and human impact; KEV answers exploitation, EPSS hints at it, the CVSS vector
//! answers automatability and technical impact, and the plant answers exposure and impact where it is known.

use model::Said;
use serde::Serialize;

use crate::cvss;
use crate::document::{Advisory, Vulnerability};
use crate::matcher::{Answer, Verdict};
use crate::threat::Threats;

/// When to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before the next planned stop: mitigate at once.
    Now,
    /// With the next planned stop.
    Next,
    /// Not for its own sake; with other work, if at all.
    Never,
}

impl Priority {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Priority::Now => "now",
            Priority::Next => "next",
            Priority::Never => "never",
        }
    }
}

/// What is known of the machine in its plant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Whether it was seen talking with the Internet, or with another zone; `None` where nobody looked.
    pub is_reached_from_outside: Option<bool>,
    /// Whether the plant depends on it (controller of the process, safety); `None` where nobody said.
    pub is_critical: Option<bool>,
}

/// A priority with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// When.
    pub priority: Priority,
    /// Why.
    pub reasons: Vec<Said>,
    /// The base score that counts, recomputed from the vector where it can be.
    pub score: Option<f64>,
}

fn said(en: impl Into<String>, fr: impl Into<String>) -> Said {
    Said { en: en.into().into(), fr: fr.into().into() }
}

/// The highest base score of a weakness, recomputed from its vectors; else what the document states.
pub fn base_score(vulnerability: &Vulnerability) -> Option<f64> {
    let of = |score: &crate::document::Score| cvss::scores(&score.vector).map(|scores| scores.base).or(score.base);
    vulnerability
        .scores
        .iter()
        .filter_map(of)
        .fold(None, |best: Option<f64>, score| Some(best.map_or(score, |b| b.max(score))))
}

/// Decides for one verdict. `None` for what is not affected.
pub fn decide(advisory: &Advisory, verdict: &Verdict, threats: &Threats, exposure: Exposure) -> Option<Decision> {
    if verdict.answer == Answer::NotAffected {
        return None;
    }
    let vulnerability = advisory.vulnerabilities.get(verdict.vulnerability as usize)?;
    let score = base_score(vulnerability);
    let vector = vulnerability.scores.first().map_or("", |score| score.vector.as_str());
    let mut reasons = Vec::new();
    let mut points = 0;
    if let Some(entry) = threats.exploited.get(&verdict.cve) {
        points += 6;
        reasons.push(said(
            format!(
                "It is being exploited: in CISA's list since {}{}.",
                entry.added,
                if entry.is_ransomware { ", also by ransomware" } else { "" }
            ),
            format!(
                "Elle est exploitée : dans la liste de la CISA depuis le {}{}.",
                entry.added,
                if entry.is_ransomware { ", aussi par des rançongiciels" } else { "" }
            ),
        ));
    } else if let Some(estimate) = threats.estimates.get(&verdict.cve) {
        let percent = estimate.probability * 100.0;
        if estimate.probability >= 0.1 {
            points += 3;
        }
        reasons.push(said(
            format!("EPSS: exploited within thirty days with a probability of {percent:.1} %."),
            format!("EPSS : exploitée sous trente jours avec une probabilité de {percent:.1} %."),
        ));
    }
    let is_remote = vector.contains("AV:N");
    let is_free =
        (vector.contains("PR:N") && vector.contains("UI:N") || vector.contains("Au:N")) && vector.contains("AC:L");
    if is_remote && is_free {
        points += 2;
        reasons.push(said(
            "It can be used over the network by anybody, without a password or help.",
            "Elle s'exploite par le réseau, par quiconque, sans mot de passe ni aide.",
        ));
    } else if !vector.is_empty() && !is_remote {
        points -= 1;
        reasons.push(said("It cannot be used from another network.", "Elle ne s'exploite pas depuis un autre réseau."));
    }
    match score {
        Some(score) if score >= 9.0 => points += 2,
        Some(score) if score >= 7.0 => points += 1,
        Some(score) if score < 4.0 => points -= 2,
        _ => {}
    }
    if let Some(score) = score {
        reasons.push(said(format!("CVSS base score {score:.1}."), format!("Score CVSS de base {score:.1}.")));
    }
    match exposure.is_reached_from_outside {
        Some(true) => {
            points += 2;
            reasons.push(said(
                "The machine was seen talking with the outside.",
                "La machine a été vue en liaison avec l'extérieur.",
            ));
        }
        Some(false) => {
            points -= 1;
            reasons.push(said(
                "No conversation of the machine with the outside was seen.",
                "Aucune liaison de la machine avec l'extérieur n'a été vue.",
            ));
        }
        None => {}
    }
    if exposure.is_critical == Some(true) {
        points += 1;
        reasons.push(said("The plant depends on this machine.", "L'installation dépend de cette machine."));
    }
    if verdict.answer == Answer::Unknown {
        points -= 2;
        reasons.push(said(
            "It is not known whether the machine is affected: first find out.",
            "On ignore si la machine est touchée : d'abord s'en assurer.",
        ));
    }
    let fixes = |category: &str| vulnerability.remediations.iter().any(|remediation| remediation.category == category);
    if fixes("vendor_fix") {
        reasons.push(said("The maker offers a fix.", "Le fabricant propose un correctif."));
    } else if fixes("no_fix_planned") || fixes("none_available") {
        reasons.push(said(
            "There is no fix: only shielding helps.",
            "Il n'y a pas de correctif : seul un cloisonnement aide.",
        ));
    }
    let priority = match points {
        6.. => Priority::Now,
        2..=5 => Priority::Next,
        _ => Priority::Never,
    };
    Some(Decision { priority, reasons, score })
}

/// Where a weakness of a machine stands. Kept by the ledger of the server; here are the states and which may follow which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Nobody decided anything.
    Open,
    /// Something stands in between.
    Mitigated {
        /// What.
        how: String,
    },
    /// Somebody carries the risk until a day (`2027-01-31`).
    Accepted {
        /// The last day.
        until: String,
        /// Why.
        why: String,
    },
    /// The verdict is wrong.
    FalsePositive {
        /// Why.
        why: String,
    },
    /// It is repaired.
    Fixed,
}

impl State {
    /// The state on a day (`2027-02-01`): an acceptance that ran out is open again.
    pub fn on(&self, day: &str) -> State {
        match self {
            State::Accepted { until, .. } if until.as_str() < day => State::Open,
            state => state.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_runs_out() {
        let accepted = State::Accepted { until: "2027-01-31".into(), why: "stop in February".into() };
        assert_eq!(accepted.on("2027-01-31"), accepted);
        assert_eq!(accepted.on("2027-02-01"), State::Open);
        assert_eq!(State::Fixed.on("2030-01-01"), State::Fixed);
    }
}
