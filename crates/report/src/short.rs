//! The report in a few sentences of plain language.

use std::collections::BTreeSet;

use model::{Capability, Judgement, Severity};

use crate::plant::Plant;
use crate::words;
use crate::{Language, format};

/// Sentences on what can be done that are put in short.
const DEEDS_MAX: usize = 2;

/// Sentences on what matters, the overview first. They repeat what analysis found, and judge nothing.
pub(crate) fn sentences(plant: &Plant<'_>, language: Language) -> Vec<String> {
    let judgement = plant.judgement;
    let mut out = vec![overview(plant, language)];
    out.extend(deeds(judgement, language));
    out.extend(internet(plant, language));
    out.extend(findings(judgement, language));
    out.extend(door(judgement, language));
    out.extend(sight(judgement, language));
    out.iter().map(|text| format::sentence(&format::clean_to(text, 400))).collect()
}

fn overview(plant: &Plant<'_>, language: Language) -> String {
    let judgement = plant.judgement;
    let machines = words::N_MACHINES.of(language, plant.inside() as u64);
    let controllers = words::N_CONTROLLERS.of(language, plant.controllers() as u64);
    let networks = judgement.networks.iter().filter(|network| !network.is_external).count();
    let networks = words::N_NETWORKS.of(language, networks as u64);
    let protocols = judgement.protocols.iter().filter(|used| !used.protocol.is_empty()).count();
    let protocols = words::N_PROTOCOLS.of(language, protocols as u64);
    let outside = judgement.assets.len() - plant.inside();
    let outside = match outside {
        0 => String::new(),
        count => format!(" + {}", words::N_OUTSIDE.of(language, count as u64)),
    };
    match language {
        Language::En => {
            format!("The capture shows {machines} ({controllers}) in {networks}{outside}, speaking {protocols}")
        }
        Language::Fr => {
            format!("La capture montre {machines} ({controllers}) dans {networks}{outside}, parlant {protocols}")
        }
    }
}

/// The worst that can be done, one sentence a verb, and to how many others it can be done.
fn deeds(judgement: &Judgement, language: Language) -> Vec<String> {
    let mut said: Vec<&Capability> = Vec::new();
    for deed in judgement.capabilities.iter().filter(|deed| deed.severity >= Severity::High) {
        if said.len() < DEEDS_MAX && said.iter().all(|earlier| earlier.verb != deed.verb) {
            said.push(deed);
        }
    }
    let sentence = |deed: &&Capability| {
        let others: BTreeSet<&str> = judgement
            .capabilities
            .iter()
            .filter(|other| other.verb == deed.verb && other.asset != deed.asset)
            .map(|other| other.asset.as_str())
            .collect();
        let mut text = language.said(&deed.sentence).into_owned();
        if !others.is_empty() {
            let count = others.len() as u64;
            text += &match language {
                Language::En => {
                    format!("; the same was done to {count} other {}", words::N_MACHINES.word(language, count))
                }
                Language::Fr => {
                    format!("\u{202f}; de même pour {count} autre{}", if count > 1 { "s machines" } else { " machine" })
                }
            };
        }
        text
    };
    said.iter().map(sentence).collect()
}

fn internet(plant: &Plant<'_>, language: Language) -> Option<String> {
    let machines = plant.on_the_internet();
    if machines.is_empty() {
        return None;
    }
    let count = words::N_MACHINES.of(language, machines.len() as u64);
    let names: Vec<String> =
        machines.iter().take(3).map(|number| format::clean_to(&plant.judgement.assets[*number].name, 40)).collect();
    let more = if machines.len() > 3 { ", …" } else { "" };
    let names = names.join(", ");
    let is_one = machines.len() == 1;
    Some(match language {
        Language::En => format!("{count} {} with the Internet: {names}{more}", if is_one { "talks" } else { "talk" }),
        Language::Fr => {
            format!("{count} {} avec Internet\u{a0}: {names}{more}", if is_one { "échange" } else { "échangent" })
        }
    })
}

fn findings(judgement: &Judgement, language: Language) -> Option<String> {
    let grave: Vec<_> = judgement.findings.iter().filter(|r| r.finding.severity >= Severity::High).collect();
    let mut titles: Vec<&str> = Vec::new();
    for ranked in &grave {
        let about = judgement.explanations.iter().find(|about| about.id == ranked.finding.detector);
        let title = about.map_or(ranked.finding.title.as_str(), |about| language.of(about.title));
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    if titles.is_empty() {
        return None;
    }
    let count = grave.len() as u64;
    let more = if titles.len() > 4 { " …" } else { "" };
    let titles = titles.iter().take(4).map(|title| lower_first(title)).collect::<Vec<_>>().join("; ");
    Some(match language {
        Language::En => format!(
            "{} {} high or critical: {titles}{more}",
            words::N_FINDINGS.of(language, count),
            if count == 1 { "is" } else { "are" }
        ),
        Language::Fr => format!(
            "{} de gravité élevée ou critique\u{a0}: {}{more}",
            words::N_FINDINGS.of(language, count),
            titles.replace("; ", "\u{202f}; ")
        ),
    })
}

/// The text with a small first letter, unless it begins with an abbreviation.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

fn door(judgement: &Judgement, language: Language) -> Option<String> {
    let door = judgement.surface.first()?;
    let (name, protocol) = (format::clean_to(&door.name, 60), format::clean_to(&door.protocol, 40));
    let port = door.port.map_or_else(String::new, |port| format!(" ({} {port})", door.transport));
    Some(match language {
        Language::En => format!("The widest door is {protocol}{port} of {name}: {} of 100 points", door.score),
        Language::Fr => {
            format!("La porte la plus large est {protocol}{port} de {name}\u{a0}: {} points sur 100", door.score)
        }
    })
}

fn sight(judgement: &Judgement, language: Language) -> Option<String> {
    let worst = judgement.sight.first().filter(|blindness| blindness.severity >= Severity::Medium)?;
    let what = language.said(&worst.what);
    Some(match language {
        Language::En => format!("What limits this view most: {what}"),
        Language::Fr => format!("Ce qui limite le plus cette vue\u{a0}: {what}"),
    })
}
