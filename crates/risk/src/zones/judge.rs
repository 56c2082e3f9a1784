//! A plan held against the traffic: which machine is in which zone, and what passes that should not.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{
    Address, Behind, Descriptor, Edge, Finding, Judgement, Phrase, Purdue, RankedFinding, Said, Severity, Text, Verb,
    said,
};
use sha2::{Digest, Sha256};

use super::{Conduit, Kind, Plan};
use crate::doors;

const NOT_ALLOWED: Descriptor = Descriptor {
    id: "conduit-violation",
    title: Phrase {
        en: "Traffic between zones that no conduit allows",
        fr: "Trafic entre zones qu'aucun conduit n'autorise",
    },
    severity: Severity::Medium,
    techniques: &[("T0886", "Remote Services")],
    requirements: &["SR 5.1", "SR 5.2"],
    meaning: Phrase {
        en: "Something passes between two zones that the plan of zones and conduits does not allow.",
        fr: "Quelque chose passe entre deux zones sans que le plan des zones et conduits l'autorise.",
    },
    action: Phrase {
        en: "Find out who needs it. Allow it in the plan with a reason, or close it at the border of the zone.",
        fr: "Chercher qui en a besoin. L'autoriser dans le plan avec une raison, ou le fermer à la frontière de la zone.",
    },
    caution: Phrase {
        en: "Do not close it before `vigie fixes` has shown what would break.",
        fr: "Ne pas le fermer avant que `vigie fixes` ait montré ce qui cesserait de fonctionner.",
    },
    covers: &[],
    thresholds: Phrase { en: "", fr: "" },
};

const WITHOUT_ZONE: Descriptor = Descriptor {
    id: "machine-without-zone",
    title: Phrase { en: "Machine that belongs to no zone", fr: "Machine qui n'appartient à aucune zone" },
    severity: Severity::Low,
    techniques: &[("T0848", "Rogue Master")],
    requirements: &["SR 5.1"],
    meaning: Phrase {
        en: "A machine is on the network that the plan of zones does not name.",
        fr: "Une machine est sur le réseau sans que le plan des zones la nomme.",
    },
    action: Phrase {
        en: "Find out what it is, and give it a zone or take it off the network.",
        fr: "Chercher ce que c'est, puis lui donner une zone ou la retirer du réseau.",
    },
    caution: Phrase {
        en: "Do not unplug it before you know what depends on it.",
        fr: "Ne pas la débrancher avant de savoir ce qui en dépend.",
    },
    covers: &[],
    thresholds: Phrase { en: "", fr: "" },
};

/// What is said of the findings of this module.
pub const DESCRIPTORS: &[Descriptor] = &[NOT_ALLOWED, WITHOUT_ZONE];

/// The zone of each machine.
#[derive(Clone, Debug, Default)]
pub struct Placement {
    /// Number of the zone in the plan, by number of the machine in the judgement.
    pub zone_of: Vec<Option<usize>>,
    /// Members of the plan that name no machine seen: zone and member.
    pub absent: Vec<(Text, Text)>,
}

/// Which machine is in which zone: by id or name first, then by address, then by the narrowest subnet. Machines of the
/// Internet that nothing names are in the first zone of kind external.
pub fn place(plan: &Plan, judgement: &Judgement) -> Placement {
    let mut by_word: BTreeMap<&str, usize> = BTreeMap::new();
    let mut prefixes: Vec<(&str, usize)> = Vec::new();
    let mut used: BTreeMap<&str, bool> = BTreeMap::new();
    for (number, zone) in plan.zones.iter().enumerate() {
        for member in &zone.members {
            match member.contains('/') {
                true => prefixes.push((member, number)),
                false => drop(by_word.entry(member).or_insert(number)),
            }
            used.insert(member, false);
        }
    }
    let external = plan.zones.iter().position(|zone| zone.kind == Kind::External);
    let mut zone_of = Vec::with_capacity(judgement.assets.len());
    for asset in &judgement.assets {
        let words = std::iter::once(asset.id.clone())
            .chain(std::iter::once(asset.name.clone()))
            .chain(asset.names.iter().cloned())
            .chain(doors::ips(asset).map(|ip| Text::from(ip.to_string())))
            .chain(asset.interfaces.iter().filter_map(|i| i.mac).map(|mac| Text::from(mac.to_string())));
        let mut zone = None;
        for word in words {
            if let Some((word, number)) = by_word.get_key_value(word.as_str()) {
                used.insert(word, true);
                zone = zone.or(Some(*number));
            }
        }
        if zone.is_none() {
            let mut best = None;
            for (prefix, number) in &prefixes {
                if let Some(bits) = doors::ips(asset).filter_map(|ip| doors::is_in(ip, prefix)).max() {
                    used.insert(prefix, true);
                    if best.is_none_or(|(most, _)| bits > most) {
                        best = Some((bits, *number));
                    }
                }
            }
            zone = best.map(|(_, number)| number);
        } else {
            prefixes
                .iter()
                .filter(|(prefix, _)| doors::ips(asset).any(|ip| doors::is_in(ip, prefix).is_some()))
                .for_each(|(prefix, _)| {
                    used.insert(prefix, true);
                });
        }
        zone_of.push(zone.or(external.filter(|_| asset.is_external)));
    }
    let absent = plan
        .zones
        .iter()
        .flat_map(|zone| zone.members.iter().map(|member| (zone.id.clone(), member.clone())))
        .filter(|(_, member)| used.get(member.as_str()) == Some(&false))
        .collect();
    Placement { zone_of, absent }
}

/// What passes against the plan, and machines that have no zone: as findings, the worst first.
pub fn violations(plan: &Plan, judgement: &Judgement) -> Vec<RankedFinding> {
    let placement = place(plan, judgement);
    let numbers: BTreeMap<&str, usize> =
        judgement.assets.iter().enumerate().map(|(number, asset)| (asset.id.as_str(), number)).collect();
    let conduits: BTreeMap<(&str, &str), &Conduit> =
        plan.conduits.iter().map(|conduit| ((conduit.from.as_str(), conduit.to.as_str()), conduit)).collect();
    let mut found = Vec::new();
    for (number, asset) in judgement.assets.iter().enumerate() {
        if placement.zone_of[number].is_none() && !asset.is_external && !asset.is_hearsay {
            let name = &asset.name;
            let severity = if asset.purdue.level <= Purdue::Supervision { Severity::Medium } else { Severity::Low };
            found.push(RankedFinding {
                finding: Finding {
                    id: id(WITHOUT_ZONE.id, &[&asset.id]),
                    detector: Cow::Borrowed(WITHOUT_ZONE.id),
                    title: Text::from(WITHOUT_ZONE.title.en),
                    severity,
                    first: asset.first,
                    last: asset.last,
                    count: 1,
                    from: None,
                    to: Some(address(judgement, number)),
                    behind: Behind::Nobody,
                    protocol: Cow::Borrowed(""),
                    evidence: vec![said!(
                        "{name} belongs to no zone of the plan",
                        "{name} n'appartient à aucune zone du plan"
                    )],
                    flow: None,
                },
                from_asset: None,
                to_asset: Some(asset.id.clone()),
            });
        }
    }
    // ARP stays in its segment: it passes no border that could be guarded.
    for edge in judgement.edges.iter().filter(|edge| !edge.is_group && edge.protocol != "arp") {
        let (Some(from), Some(to)) = (numbers.get(edge.from.as_str()), numbers.get(edge.to.as_str())) else { continue };
        let (Some(zone), Some(other)) = (placement.zone_of[*from], placement.zone_of[*to]) else { continue };
        if zone == other {
            continue;
        }
        let (zone, other) = (&plan.zones[zone], &plan.zones[other]);
        let Some(evidence) = against(edge, conduits.get(&(zone.id.as_str(), other.id.as_str())).copied()) else {
            continue;
        };
        let changes = edge.verbs.iter().any(|(verb, _)| verb.is_change());
        let severity = match (other.kind, changes) {
            (Kind::Safety, true) => Severity::Critical,
            (Kind::Safety, false) | (Kind::Control, true) => Severity::High,
            _ if doors::of(&edge.protocol) == doors::Door::Network => Severity::Info,
            _ if zone.kind == Kind::External || other.kind == Kind::External => Severity::High,
            _ if other.kind.is_control_system() => Severity::Medium,
            _ => Severity::Low,
        };
        let (here, there) = (&zone.id, &other.id);
        let place = said!("from zone {here} to zone {there}", "de la zone {here} à la zone {there}");
        found.push(RankedFinding {
            finding: Finding {
                id: id(NOT_ALLOWED.id, &[&edge.from, &edge.to, &edge.protocol, here, there]),
                detector: Cow::Borrowed(NOT_ALLOWED.id),
                title: Text::from(NOT_ALLOWED.title.en),
                severity,
                first: edge.first,
                last: edge.last,
                count: edge.acts.max(edge.conversations).max(1),
                from: Some(address(judgement, *from)),
                to: Some(address(judgement, *to)),
                behind: Behind::Nobody,
                protocol: Cow::Owned(edge.protocol.to_string()),
                evidence: vec![place, evidence],
                flow: None,
            },
            from_asset: Some(edge.from.clone()),
            to_asset: Some(edge.to.clone()),
        });
    }
    found.sort_by(|a, b| {
        (b.finding.severity, &a.finding.detector, &a.finding.id).cmp(&(
            a.finding.severity,
            &b.finding.detector,
            &b.finding.id,
        ))
    });
    found
}

/// What of an edge no service of the conduit allows; nothing where all is allowed.
fn against(edge: &Edge, conduit: Option<&Conduit>) -> Option<Said> {
    let protocol = if edge.protocol.is_empty() { "unknown" } else { edge.protocol.as_str() };
    let Some(conduit) = conduit else {
        return Some(said!("{protocol}: there is no conduit this way", "{protocol} : aucun conduit dans ce sens"));
    };
    let services: Vec<_> =
        conduit.allow.iter().filter(|service| service.protocol == "*" || service.protocol == protocol).collect();
    if services.is_empty() {
        return Some(said!(
            "{protocol} is not allowed in the conduit",
            "{protocol} n'est pas autorisé dans le conduit"
        ));
    }
    let ports: Vec<String> = edge
        .ports
        .iter()
        .filter(|port| !services.iter().any(|service| service.ports.is_empty() || service.ports.contains(port)))
        .map(u16::to_string)
        .collect();
    if !ports.is_empty() {
        let ports = ports.join(", ");
        return Some(said!(
            "{protocol} on port {ports}, which is not allowed",
            "{protocol} sur le port {ports}, non autorisé"
        ));
    }
    let verbs: Vec<Verb> = edge
        .verbs
        .iter()
        .map(|(verb, _)| *verb)
        .filter(|verb| !services.iter().any(|service| service.verbs.is_empty() || service.verbs.contains(verb)))
        .collect();
    if verbs.is_empty() {
        return None;
    }
    let (en, fr) = [model::Language::En, model::Language::Fr]
        .map(|language| verbs.iter().map(|verb| language.of(verb.phrase())).collect::<Vec<_>>().join(", "))
        .into();
    Some(said!("{protocol}: {en}, which is not allowed", "{protocol} : {fr}, non autorisé"))
}

/// Name of a finding, the same in every run.
fn id(detector: &str, parts: &[&str]) -> Text {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hash: [u8; 32] = hash.finalize().into();
    let short = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Text::from(format!("{detector}-{short:016x}"))
}

fn address(judgement: &Judgement, number: usize) -> Address {
    let interface = judgement.assets[number].interfaces.first();
    Address {
        mac: interface.and_then(|interface| interface.mac),
        ip: doors::ips(&judgement.assets[number]).next(),
        port: None,
        vlan: None,
    }
}
