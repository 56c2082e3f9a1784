//! The sentences: why a verdict is what it is, and what has to be found out; in English and French.

use model::Said;

use crate::machine::{Machine, Source};
use crate::matcher::Answer;
use crate::range::Missing;

/// What a verdict rests on.
pub struct Because<'a> {
    /// The product of the advisory, as it names it.
    pub product: &'a str,
    /// Whether all its versions are meant.
    pub is_all: bool,
    /// The order number by which the machine was recognised.
    pub order: Option<&'a str>,
    /// The name by which it was recognised, and where that comes from.
    pub called: Option<(&'a str, Source)>,
    /// Conditions of the advisory.
    pub conditions: &'a [String],
    /// Whether the advisory says in so many words that it is not affected, or fixed.
    pub is_said: bool,
    /// Whether the versions are meant for other weaknesses of the advisory alone.
    pub is_of_others: bool,
}

fn said(en: String, fr: String) -> Said {
    Said { en: en.into(), fr: fr.into() }
}

/// A missing fact, in words.
pub fn fact(missing: &Missing) -> Said {
    let (en, fr) = match missing {
        Missing::Firmware => ("the firmware version", "la version du micrologiciel"),
        Missing::Precision => {
            ("the exact firmware version, with all its parts", "la version exacte du micrologiciel, complète")
        }
        Missing::Level(level) => {
            return said(
                format!("the {} of the firmware", level.fact()),
                format!("le niveau « {} » du micrologiciel", level.fact()),
            );
        }
        Missing::FirmwareForm => (
            "the firmware version in the form that the maker uses",
            "la version du micrologiciel sous la forme employée par le fabricant",
        ),
        Missing::AdvisoryBorder => (
            "whether the advisory means this version: its text leaves it open",
            "si l'avis vise cette version : son texte ne le dit pas",
        ),
        Missing::AdvisoryVersions => {
            ("what the advisory's version text means: read it", "le sens du texte de version de l'avis : à lire")
        }
        Missing::Serial => ("the serial number", "le numéro de série"),
        Missing::OrderNumber => ("the order number", "la référence de commande"),
        Missing::Series => ("the series letter on the label", "la lettre de série sur l'étiquette"),
        Missing::Model => ("the exact model", "le modèle exact"),
        Missing::Condition => ("whether the condition of the advisory holds", "si la condition de l'avis est remplie"),
        Missing::Investigation => {
            ("the maker's answer: it is still investigating", "la réponse du fabricant : son enquête est en cours")
        }
    };
    said(en.into(), fr.into())
}

/// Why a verdict is what it is.
pub fn why(machine: &Machine, answer: Answer, missing: &[Missing], because: &Because) -> Said {
    let is_it = recognised(machine, because);
    let product = because.product;
    let firmware = machine.firmware.trim();
    let verdict = match answer {
        Answer::Affected if because.is_all => said(
            format!("every version is named: “{product}”."),
            format!("toutes les versions sont citées : « {product} »."),
        ),
        Answer::Affected => said(
            format!("version {firmware} is in what the advisory names: “{product}”."),
            format!("la version {firmware} est parmi celles que l'avis cite : « {product} »."),
        ),
        Answer::NotAffected if because.is_said => said(
            format!("the advisory says that it is not affected, or fixed: “{product}”."),
            format!("l'avis dit qu'il n'est pas touché, ou qu'il est corrigé : « {product} »."),
        ),
        Answer::NotAffected if because.is_of_others => said(
            format!("the advisory names it for other weaknesses only: “{product}”."),
            format!("l'avis ne le cite que pour d'autres vulnérabilités : « {product} »."),
        ),
        Answer::NotAffected => said(
            format!("version {firmware} is not among those that the advisory names: “{product}”."),
            format!("la version {firmware} n'est pas parmi celles que l'avis cite : « {product} »."),
        ),
        Answer::Unknown => {
            let list = |french: bool| {
                let facts: Vec<String> = missing
                    .iter()
                    .map(|missing| {
                        let said = fact(missing);
                        if french { said.fr.to_string() } else { said.en.to_string() }
                    })
                    .collect();
                facts.join("; ")
            };
            let condition = match (missing.contains(&Missing::Condition), because.conditions.first()) {
                (true, Some(condition)) => format!(" ({condition})"),
                _ => String::new(),
            };
            said(
                format!("the advisory names “{product}”; missing: {}{condition}.", list(false)),
                format!("l'avis cite « {product} » ; il manque : {}{condition}.", list(true)),
            )
        }
    };
    said(format!("{}: {}", is_it.en, verdict.en), format!("{} : {}", is_it.fr, verdict.fr))
}

fn recognised(machine: &Machine, because: &Because) -> Said {
    let told = [&machine.order_number, &machine.model, &machine.product];
    let number =
        told.iter().map(|text| text.trim()).find(|text| !text.is_empty()).or(because.order).unwrap_or_default();
    match (because.order, because.called) {
        (Some(_), _) => said(format!("Order number {number}"), format!("Référence {number}")),
        (None, Some((name, Source::Told))) => said(format!("“{name}”"), format!("« {name} »")),
        (None, Some((name, _))) => said(format!("{number} is a {name}"), format!("{number} est un {name}")),
        (None, None) => said("This machine".into(), "Cette machine".into()),
    }
}
