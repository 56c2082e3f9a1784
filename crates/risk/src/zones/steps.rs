//! The steps of IEC 62443-3-2 (2020), zone and conduit requirements ZCR 3.1 to 3.6, answered from the traffic as far as the
//! traffic shows.

use model::{Judgement, Said, Text, said, words};
use serde::Serialize;

use super::{Kind, Plan, place};
use crate::doors;

/// Examples named in an answer.
const EXAMPLES_MAX: usize = 5;

words! {
    /// What the traffic says of a step.
    pub enum Verdict {
        /// Nothing seen speaks against it.
        Met = "met",
        /// Something seen speaks against it.
        NotMet = "not met",
        /// The network cannot show it; people must look.
        Unknown = "unknown",
    }
}

/// One step and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Number in the standard.
    pub id: &'static str,
    /// What it asks for.
    pub title: Said,
    /// What the traffic says.
    pub verdict: Verdict,
    /// Why.
    pub evidence: Vec<Said>,
}

/// Walks through the steps.
pub fn steps(plan: &Plan, judgement: &Judgement) -> Vec<Step> {
    let placement = place(plan, judgement);
    let kind_of = |number: usize| placement.zone_of[number].map(|zone| plan.zones[zone].kind);
    let zone_of = |id: &Text| {
        let number = judgement.assets.iter().position(|asset| asset.id == *id)?;
        Some((number, kind_of(number)?))
    };
    // Edges between kinds: names of the two ends with the protocol.
    let mut between: std::collections::BTreeMap<(Kind, Kind), Vec<String>> = Default::default();
    for edge in judgement.edges.iter().filter(|edge| !edge.is_group) {
        let (Some((from, a)), Some((to, b))) = (zone_of(&edge.from), zone_of(&edge.to)) else { continue };
        if a != b && doors::of(&edge.protocol) != doors::Door::Network {
            let (from, to) = (&judgement.assets[from].name, &judgement.assets[to].name);
            let protocol = if edge.protocol.is_empty() { "?" } else { &edge.protocol };
            between.entry((a, b)).or_default().push(format!("{from} → {to} ({protocol})"));
        }
    }
    let crossing = |is_here: &dyn Fn(Kind) -> bool, is_there: &dyn Fn(Kind) -> bool| -> Vec<String> {
        let mut all: Vec<String> = between
            .iter()
            .filter(|((a, b), _)| is_here(*a) && is_there(*b) || is_here(*b) && is_there(*a))
            .flat_map(|(_, edges)| edges.iter().cloned())
            .collect();
        all.dedup();
        all
    };
    let members = |kind: Kind| (0..judgement.assets.len()).filter(|number| kind_of(*number) == Some(kind)).count();
    let shared = |kind: Kind, others: &dyn Fn(Kind) -> bool| -> Vec<String> {
        let subnets = |is_it: &dyn Fn(Kind) -> bool| -> std::collections::BTreeSet<std::net::IpAddr> {
            (0..judgement.assets.len())
                .filter(|number| kind_of(*number).is_some_and(is_it))
                .flat_map(|number| doors::subnets(&judgement.assets[number]))
                .collect()
        };
        subnets(&|other| other == kind)
            .intersection(&subnets(others))
            .map(|subnet| doors::subnet_text(*subnet))
            .collect()
    };
    let list = |all: &[String]| {
        let shown = all.iter().take(EXAMPLES_MAX).cloned().collect::<Vec<_>>().join("; ");
        if all.len() > EXAMPLES_MAX { format!("{shown}; … ({})", all.len()) } else { shown }
    };
    let mut out = Vec::new();

    let unplaced: Vec<String> = (0..judgement.assets.len())
        .filter(|number| placement.zone_of[*number].is_none() && !judgement.assets[*number].is_external)
        .map(|number| judgement.assets[number].name.to_string())
        .collect();
    out.push(step(
        "ZCR 3.1",
        said!("Establish zones and conduits", "Établir les zones et conduits"),
        unplaced.is_empty(),
        match unplaced.as_slice() {
            [] => said!("every machine seen has a zone", "chaque machine vue a une zone"),
            some => {
                let list = list(some);
                said!("without a zone: {list}", "sans zone : {list}")
            }
        },
    ));

    let is_business = |kind: Kind| matches!(kind, Kind::Business);
    let direct = crossing(&is_business, &Kind::is_control_system);
    let same = shared(Kind::Business, &Kind::is_control_system);
    let mut separate = step(
        "ZCR 3.2",
        said!("Separate business and control system assets", "Séparer les équipements de bureautique et de conduite"),
        direct.is_empty() && same.is_empty(),
        match direct.as_slice() {
            [] => said!(
                "nothing passes directly between offices and control systems",
                "rien ne passe directement entre bureaux et conduite"
            ),
            some => {
                let list = list(some);
                said!("passes directly: {list}", "passe directement : {list}")
            }
        },
    );
    if !same.is_empty() {
        let list = list(&same);
        separate.evidence.push(said!("they share subnets: {list}", "ils partagent des sous-réseaux : {list}"));
    }
    out.push(separate);

    out.push(match members(Kind::Safety) {
        0 => Step {
            id: "ZCR 3.3",
            title: said!("Separate safety related assets", "Séparer les équipements de sécurité des personnes"),
            verdict: Verdict::Unknown,
            evidence: vec![said!(
                "no safety controller was seen: there may be some that say nothing here",
                "aucun automate de sécurité n'a été vu : il peut y en avoir qui ne parlent pas ici"
            )],
        },
        _ => {
            let same = shared(Kind::Safety, &|kind| kind != Kind::Safety);
            let changes = crossing(&|kind| kind == Kind::Safety, &|kind| kind != Kind::Safety);
            let mut safety = step(
                "ZCR 3.3",
                said!("Separate safety related assets", "Séparer les équipements de sécurité des personnes"),
                same.is_empty(),
                match same.as_slice() {
                    [] => said!(
                        "safety controllers have subnets of their own",
                        "les automates de sécurité ont leurs propres sous-réseaux"
                    ),
                    some => {
                        let list = list(some);
                        said!(
                            "safety controllers share subnets with others: {list}",
                            "des automates de sécurité partagent des sous-réseaux : {list}"
                        )
                    }
                },
            );
            if !changes.is_empty() {
                let list = list(&changes);
                safety.evidence.push(said!("reached by: {list}", "atteints par : {list}"));
            }
            safety
        }
    });

    let temporary = members(Kind::Temporary);
    let moved = crossing(&|kind| kind == Kind::Temporary, &|kind| kind.is_control_system());
    out.push(step(
        "ZCR 3.4",
        said!("Separate temporarily connected devices", "Séparer les équipements raccordés temporairement"),
        temporary == 0 || moved.is_empty(),
        match moved.as_slice() {
            [] => said!(
                "no computer that comes and goes was seen to reach control systems",
                "aucun ordinateur de passage n'a été vu atteindre la conduite"
            ),
            some => {
                let list = list(some);
                said!(
                    "computers that come and go reach control systems: {list}",
                    "des ordinateurs de passage atteignent la conduite : {list}"
                )
            }
        },
    ));

    let wireless = crossing(&|kind| kind == Kind::Wireless, &|kind| kind != Kind::Wireless);
    out.push(match (members(Kind::Wireless), wireless.as_slice()) {
        (0, _) => Step {
            id: "ZCR 3.5",
            title: said!("Separate wireless devices", "Séparer les équipements sans fil"),
            verdict: Verdict::Unknown,
            evidence: vec![said!(
                "no wireless device was recognised; behind a switch they look like others",
                "aucun équipement sans fil n'a été reconnu ; derrière un commutateur ils ressemblent aux autres"
            )],
        },
        (_, some) => {
            let list = list(some);
            step(
                "ZCR 3.5",
                said!("Separate wireless devices", "Séparer les équipements sans fil"),
                some.is_empty(),
                match some {
                    [] => said!(
                        "wireless devices reach no other zone",
                        "les équipements sans fil n'atteignent aucune autre zone"
                    ),
                    _ => said!(
                        "wireless devices reach others: {list}",
                        "des équipements sans fil en atteignent d'autres : {list}"
                    ),
                },
            )
        }
    });

    let outside = crossing(&|kind| kind == Kind::External, &|kind| kind.is_control_system());
    out.push(step(
        "ZCR 3.6",
        said!(
            "Separate devices connected via external networks",
            "Séparer les équipements reliés par des réseaux extérieurs"
        ),
        outside.is_empty(),
        match outside.as_slice() {
            [] => said!(
                "nothing passes directly between control systems and outside",
                "rien ne passe directement entre la conduite et l'extérieur"
            ),
            some => {
                let list = list(some);
                said!("passes directly: {list}", "passe directement : {list}")
            }
        },
    ));
    out
}

fn step(id: &'static str, title: Said, is_met: bool, evidence: Said) -> Step {
    Step { id, title, verdict: if is_met { Verdict::Met } else { Verdict::NotMet }, evidence: vec![evidence] }
}
