//! Weak points of the machines that `vigie read` found: verdicts of advisories over the inventory.

use std::path::Path;

use ::advisories::asset;
use ::advisories::priority::{self, Exposure, Priority};
use ::advisories::task::{Task, task};
use ::advisories::{Answer, Verdict};
use model::{Importance, Judgement};
use serde_json::{Value, json};

use crate::arguments::Language;
use crate::matching;

/// What was found.
pub struct WeakPoints {
    /// Affected and unknown: what is not affected is only counted.
    rows: Vec<(Verdict, Option<priority::Decision>)>,
    affected: usize,
    unknown: usize,
    not_affected: usize,
    machines: usize,
    tasks: Vec<Task>,
    documents: usize,
}

/// Holds every machine and module of a judgement against advisories.
pub fn find(path: &Path, judgement: &Judgement, has_problems: &mut bool) -> Result<WeakPoints, String> {
    let (catalogue, threats) = matching::catalogue(path, has_problems)?;
    let mut found = WeakPoints {
        rows: Vec::new(),
        affected: 0,
        unknown: 0,
        not_affected: 0,
        machines: 0,
        tasks: Vec::new(),
        documents: catalogue.advisories.len(),
    };
    for asset in judgement.assets.iter().filter(|asset| !asset.is_external) {
        let exposure = Exposure {
            is_reached_from_outside: None,
            is_critical: Some(matches!(asset.criticality.importance, Importance::High | Importance::Critical)),
        };
        for machine in asset::machines(asset) {
            let verdicts = catalogue.match_machine(&machine);
            found.machines += usize::from(verdicts.iter().any(|verdict| verdict.answer == Answer::Affected));
            found.tasks.extend(task(&machine, &verdicts));
            for verdict in verdicts {
                match verdict.answer {
                    Answer::Affected => found.affected += 1,
                    Answer::Unknown => found.unknown += 1,
                    Answer::NotAffected => {
                        found.not_affected += 1;
                        continue;
                    }
                }
                let advisory = &catalogue.advisories[verdict.document as usize];
                let decision = priority::decide(advisory, &verdict, &threats, exposure);
                found.rows.push((verdict, decision));
            }
        }
    }
    found.rows.sort_by(|(a, one), (b, other)| {
        let rank = |decision: &Option<priority::Decision>| decision.as_ref().map_or(Priority::Never, |d| d.priority);
        (a.answer, rank(one), &a.asset, &a.advisory, &a.cve).cmp(&(
            b.answer,
            rank(other),
            &b.asset,
            &b.advisory,
            &b.cve,
        ))
    });
    Ok(found)
}

impl WeakPoints {
    /// For programs.
    pub fn to_json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(verdict, decision)| {
                json!({
                    "asset": verdict.asset,
                    "advisory": verdict.advisory,
                    "cve": verdict.cve,
                    "verdict": verdict.answer.word(),
                    "why": verdict.why,
                    "missing": verdict.missing.iter().map(|missing| missing.word()).collect::<Vec<_>>(),
                    "confidence": verdict.confidence.word(),
                    "priority": decision.as_ref().map(|decision| decision.priority.word()),
                    "reasons": decision.iter().flat_map(|decision| &decision.reasons).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "advisories": self.documents,
            "affected": self.affected,
            "unknown": self.unknown,
            "not_affected": self.not_affected,
            "machines_affected": self.machines,
            "found": rows,
            "tasks": self.tasks,
        })
    }

    /// The lines of the summary for people.
    pub fn text(&self, language: Language) -> String {
        let count = |priority: Priority| {
            let is_it = |(_, decision): &&(Verdict, Option<priority::Decision>)| {
                decision.as_ref().is_some_and(|decision| decision.priority == priority)
            };
            self.rows.iter().filter(is_it).count()
        };
        let (now, next) = (count(Priority::Now), count(Priority::Next));
        let mut text = match language {
            Language::En => format!(
                "\nWeak points ({} advisories): {} on {} machines, of them {now} to act on now and {next} with the next planned stop; {} not known for lack of a fact.\n",
                self.documents, self.affected, self.machines, self.unknown
            ),
            Language::Fr => format!(
                "\nVulnérabilités ({} avis) : {} sur {} machines, dont {now} à traiter maintenant et {next} au prochain arrêt prévu ; {} inconnues faute d'un renseignement.\n",
                self.documents, self.affected, self.machines, self.unknown
            ),
        };
        let mut last = None;
        for (verdict, decision) in self.rows.iter().filter(|(verdict, _)| verdict.answer == Answer::Affected) {
            let place = (&verdict.asset, &verdict.advisory);
            if last.replace(place) == Some(place) {
                continue;
            }
            let (why, word) = match language {
                Language::En => (&verdict.why.en, decision.as_ref().map_or("", |decision| decision.priority.word())),
                Language::Fr => (
                    &verdict.why.fr,
                    match decision.as_ref().map(|decision| decision.priority) {
                        Some(Priority::Now) => "maintenant",
                        Some(Priority::Next) => "ensuite",
                        _ => "jamais",
                    },
                ),
            };
            text.push_str(&format!("  {word:10} {}: {} {}\n", verdict.asset, verdict.advisory, why));
            if text.lines().count() > 12 {
                text.push_str("  …\n");
                break;
            }
        }
        text
    }
}
