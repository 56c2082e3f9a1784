//! What somebody has to go and look at, so that an unknown becomes a verdict: one task a machine, in both languages.

use std::collections::BTreeSet;

use model::Said;
use serde::Serialize;

use crate::machine::Machine;
use crate::matcher::{Answer, Verdict};
use crate::range::Missing;
use crate::say;

/// One errand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// The machine.
    pub asset: String,
    /// What to do there.
    pub what: Said,
    /// Minutes that it takes, once one stands there.
    pub minutes: u32,
    /// Facts to bring back.
    pub facts: Vec<&'static str>,
    /// How many unknown verdicts it may settle.
    pub settles: usize,
}

/// Whether a person at the machine can find it out.
fn is_on_site(missing: &Missing) -> bool {
    !matches!(missing, Missing::AdvisoryBorder | Missing::AdvisoryVersions | Missing::Investigation)
}

/// The task that the verdicts of one machine give; `None` where nothing is unknown that a look could settle.
pub fn task(machine: &Machine, verdicts: &[Verdict]) -> Option<Task> {
    let unknown: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.answer == Answer::Unknown).collect();
    let facts: BTreeSet<&Missing> =
        unknown.iter().flat_map(|verdict| &verdict.missing).filter(|fact| is_on_site(fact)).collect();
    if facts.is_empty() {
        return None;
    }
    let settles = unknown.iter().filter(|verdict| verdict.missing.iter().any(is_on_site)).count();
    let list = |french: bool| -> String {
        let words: Vec<String> = facts
            .iter()
            .map(|fact| {
                let said = say::fact(fact);
                if french { said.fr.to_string() } else { said.en.to_string() }
            })
            .collect();
        words.join(", ")
    };
    let minutes = 1 + facts.len() as u32;
    let asset = &machine.asset;
    Some(Task {
        asset: asset.clone(),
        what: Said {
            en: format!("Read the label or the diagnosis page of {asset}: {}; {minutes} minutes.", list(false)).into(),
            fr: format!("Lire l'étiquette ou la page de diagnostic de {asset} : {} ; {minutes} minutes.", list(true))
                .into(),
        },
        minutes,
        facts: facts.iter().map(|fact| fact.word()).collect(),
        settles,
    })
}
