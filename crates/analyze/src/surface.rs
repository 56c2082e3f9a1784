//! The attack surface: which service of which machine is the best way in, and what can be done to the plant.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{
    Asset, Capability, Exposure, Importance, Phrase, Purdue, RankedFinding, Role, Said, Service, Severity, Text, Verb,
    nouns, number_of, said,
};

use crate::detectors::descriptor;
use crate::inventory::Machines;
use crate::inventory::address;
use crate::inventory::assets::role;
use crate::inventory::kind::{self, Kind};
use crate::limits;

/// Rows of the ranking that are kept: nobody reads more.
const EXPOSURES_MAX: usize = 500;
/// Sentences on what can be done that are kept.
const CAPABILITIES_MAX: usize = 300;

/// Findings that make a service worse, with points.
const WEAKNESSES: &[(&str, u32)] = &[
    ("default-credentials", 25),
    ("snmp-public", 12),
    ("anonymous-access", 15),
    ("clear-text-credentials", 12),
    ("legacy-system", 15),
    ("smb-version-1", 20),
    ("tls-old-version", 8),
    ("tls-weak-cipher", 8),
    ("ssh-old", 10),
    ("ntlm-version-1", 10),
    ("opcua-without-security", 15),
    ("key-switch-open", 15),
    ("program-unprotected", 10),
    ("certificate-not-valid-now", 4),
];

/// Ranks the services and says what can be done.
pub(crate) fn judge(machines: &Machines, findings: &[RankedFinding]) -> (Vec<Exposure>, Vec<Capability>) {
    let mut weak: BTreeMap<&str, Vec<Weakness>> = BTreeMap::new();
    for ranked in findings {
        let row = WEAKNESSES.iter().find(|(id, _)| *id == ranked.finding.detector);
        let about = descriptor(&ranked.finding.detector);
        if let (Some((_, points)), Some(about), Some(asset)) = (row, about, &ranked.to_asset) {
            let list = weak.entry(asset.as_str()).or_default();
            let weakness = Weakness { title: about.title, points: *points, protocol: &ranked.finding.protocol };
            if !list.contains(&weakness) {
                list.push(weakness);
            }
        }
    }
    let mut exposures: Vec<Exposure> = Vec::new();
    // What listens on the loopback alone is no door to the network.
    let is_local = |asset: &Asset| {
        let mut ips = asset.interfaces.iter().flat_map(|interface| &interface.ips).peekable();
        ips.peek().is_some() && ips.all(|ip| ip.is_loopback())
    };
    for asset in machines.assets.iter().filter(|asset| !asset.is_external && !is_local(asset)) {
        let none = Vec::new();
        let weak = weak.get(asset.id.as_str()).unwrap_or(&none);
        exposures.extend(asset.services.iter().filter_map(|service| expose(machines, asset, service, weak)));
    }
    exposures.sort_by(|a, b| (b.score, &a.asset, a.port, &a.protocol).cmp(&(a.score, &b.asset, b.port, &b.protocol)));
    exposures.truncate(EXPOSURES_MAX);
    let mut capabilities = capabilities(machines);
    capabilities.sort_by(|a, b| {
        (b.severity, b.seen, &a.asset, a.verb, &a.protocol).cmp(&(a.severity, a.seen, &b.asset, b.verb, &b.protocol))
    });
    capabilities.truncate(CAPABILITIES_MAX);
    (exposures, capabilities)
}

/// A weakness of a machine, or of one of its protocols.
#[derive(Clone, Copy, PartialEq)]
struct Weakness<'a> {
    title: Phrase,
    points: u32,
    /// Empty where it concerns the whole machine.
    protocol: &'a str,
}

/// Where the users of a service stand.
#[derive(Default)]
struct Reach {
    is_from_internet: bool,
    is_from_office: bool,
    is_from_elsewhere: bool,
}

fn subnets(asset: &Asset) -> BTreeSet<IpAddr> {
    asset.interfaces.iter().flat_map(|interface| &interface.ips).map(|ip| address::subnet(*ip)).collect()
}

fn reach(machines: &Machines, asset: &Asset, service: &Service) -> Reach {
    let home = subnets(asset);
    let mut reach = Reach::default();
    for partner in service.partners.iter().filter_map(|id| machines.by_id(id)) {
        reach.is_from_internet |= partner.is_external;
        reach.is_from_office |= partner.purdue.level == Purdue::Enterprise;
        let theirs = subnets(partner);
        reach.is_from_elsewhere |= !home.is_empty() && !theirs.is_empty() && home.is_disjoint(&theirs);
    }
    reach
}

fn expose(machines: &Machines, asset: &Asset, service: &Service, weak: &[Weakness]) -> Option<Exposure> {
    let traits = kind::of(&service.protocol);
    if traits.kind == Kind::Network && service.protocol != "dhcp" {
        return None;
    }
    let mut reasons: Vec<(u32, Said)> = Vec::new();
    let mut add = |points: u32, reason: Said| {
        if points > 0 {
            reasons.push((points, reason));
        }
    };
    let protocol = &service.protocol;
    let industrial = traits.kind == Kind::Industrial;
    if industrial && traits.is_open {
        add(
            30,
            said!("{protocol} obeys anyone, without a password", "{protocol} obéit à quiconque, sans mot de passe"),
        );
    } else if industrial {
        add(15, said!("{protocol} gives access to the process", "{protocol} donne accès au procédé"));
    } else if traits.kind == Kind::Remote {
        add(
            22,
            said!(
                "{protocol} gives the whole machine to whoever logs in",
                "{protocol} donne toute la machine à qui ouvre une session"
            ),
        );
    } else if matches!(traits.kind, Kind::File | Kind::Database | Kind::Management) {
        add(
            10,
            said!(
                "{protocol} gives files, data or settings",
                "{protocol} donne des fichiers, des données ou des réglages"
            ),
        );
    } else if traits.kind == Kind::Web {
        add(
            6,
            said!(
                "web pages and interfaces have a long history of holes",
                "pages et interfaces web ont un long passé de failles"
            ),
        );
    } else {
        add(3, said!("it is a door", "c'est une porte"));
    }
    if traits.is_clear && !industrial {
        add(6, said!("what is said can be read on the way", "les échanges peuvent être lus en chemin"));
    }
    let reach = reach(machines, asset, service);
    if reach.is_from_internet {
        add(30, said!("it was used from the Internet", "il a été utilisé depuis Internet"));
    } else if reach.is_from_office {
        add(15, said!("it was used from the office network", "il a été utilisé depuis le réseau de bureau"));
    } else if reach.is_from_elsewhere {
        add(10, said!("it was used from another subnet", "il a été utilisé depuis un autre sous-réseau"));
    }
    match asset.criticality.importance {
        Importance::Critical => add(20, said!("the machine is critical", "la machine est critique")),
        Importance::High => add(12, said!("the plant depends on the machine", "l'usine dépend de la machine")),
        Importance::Medium => add(5, said!("work depends on the machine", "le travail dépend de la machine")),
        Importance::Low => {}
    }
    let changes = changes_by(machines, asset, protocol);
    if industrial && changes > 0 {
        add(
            8,
            said!("{changes} seen over it", "{changes} par ce service", changes = number_of(changes, nouns::CHANGES)),
        );
    }
    let mut listed = 0;
    for weakness in weak {
        let of = weakness.protocol;
        // A weakness of the machine counts for every door, one of a protocol for that door.
        if (of.is_empty() || of == protocol || (of == "cip" && protocol == "enip")) && listed < 5 {
            listed += 1;
            add(weakness.points, Said { en: lower_first(weakness.title.en), fr: lower_first(weakness.title.fr) });
        }
    }
    let score = reasons.iter().map(|(points, _)| points).sum::<u32>().min(100);
    reasons.sort_by_key(|(points, _)| std::cmp::Reverse(*points));
    Some(Exposure {
        asset: asset.id.clone(),
        name: asset.name.clone(),
        protocol: protocol.clone(),
        port: service.port,
        transport: service.transport.clone(),
        score,
        reasons,
        reached_from: service.partners.clone(),
        reached_count: service.partner_count,
    })
}

/// A title inside a list: with a small first letter, unless it begins with an abbreviation or a name.
fn lower_first(title: &str) -> Text {
    let mut characters = title.chars();
    let first = characters.next();
    let is_name = title.split([' ', '\'']).next().is_some_and(|word| word.chars().skip(1).any(char::is_uppercase));
    match first {
        Some(first) if !is_name => Text::from_iter(first.to_lowercase().chain(characters)),
        _ => Text::from(title),
    }
}

/// Changes seen to a machine by a protocol and those that it carries.
fn changes_by(machines: &Machines, asset: &Asset, protocol: &str) -> u64 {
    let Some(number) = machines.number(&asset.id) else { return 0 };
    let is_carried = |id: &str| {
        id == protocol || (protocol == "enip" && matches!(id, "cip" | "pccc")) || (protocol == "modbus" && id == "umas")
    };
    machines.to[number]
        .iter()
        .filter(|edge| is_carried(&machines.edges[**edge].protocol))
        .map(|edge| machines.changes(*edge))
        .sum()
}

/// Verbs worth a sentence, how bad they are, and what they mean in both languages.
const DEEDS: &[(Verb, Severity, &str, &str)] = &[
    (Verb::Firmware, Severity::Critical, "replace the firmware of", "remplacer le firmware de"),
    (Verb::Program, Severity::Critical, "change the program of", "changer le programme de"),
    (Verb::Stop, Severity::High, "stop", "arrêter"),
    (Verb::Mode, Severity::High, "change the operating mode of", "changer le mode de marche de"),
    (Verb::Reset, Severity::High, "restart or reset", "redémarrer ou réinitialiser"),
    (Verb::Operate, Severity::High, "command the equipment of", "commander les organes de"),
    (Verb::Start, Severity::Medium, "start", "démarrer"),
    (Verb::Configure, Severity::Medium, "change the settings of", "changer les réglages de"),
    (Verb::Write, Severity::Medium, "write values of", "écrire des valeurs de"),
    (Verb::Upload, Severity::Medium, "read out the program of", "relire le programme de"),
    (Verb::Time, Severity::Low, "set the clock of", "régler l'horloge de"),
];

fn capabilities(machines: &Machines) -> Vec<Capability> {
    // By machine, protocol and verb: how often, and by whom.
    let mut seen: BTreeMap<(usize, &str, Verb), (u64, BTreeSet<usize>)> = BTreeMap::new();
    for (number, edge) in machines.edges.iter().enumerate() {
        let (from, Some(to)) = machines.ends[number] else { continue };
        if kind::of(&edge.protocol).kind != Kind::Industrial {
            continue;
        }
        for (verb, count) in &machines.effects[number] {
            if DEEDS.iter().any(|(deed, ..)| deed == verb) {
                let entry = seen.entry((to, edge.protocol.as_str(), *verb)).or_default();
                entry.0 += count;
                entry.1.insert(from);
            }
        }
    }
    seen.into_iter()
        // What a machine tells itself is not reached over the network.
        .filter(|((number, ..), (_, by))| by.iter().any(|from| from != number))
        .filter_map(|((number, protocol, verb), (count, by))| {
            let asset = &machines.assets[number];
            let (_, severity, deed, acte) = DEEDS.iter().find(|(deed, ..)| *deed == verb)?;
            let name = &asset.name;
            let is_open = kind::of(protocol).is_open;
            // Whoever shares a subnet with one that does it can do it too, where nobody is asked for a password.
            let places: BTreeSet<String> = by
                .iter()
                .flat_map(|from| machines.assets[*from].interfaces.iter().flat_map(|i| &i.ips))
                .filter(|ip| !address::is_link_local(**ip))
                .map(|ip| address::subnet_text(address::subnet(*ip)))
                .collect();
            let list = places.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let sentence = match (is_open, list.is_empty()) {
                (true, false) => said!(
                    "any machine in {list} can {deed} {name} by {protocol} without authentication: seen {times}",
                    "toute machine de {list} peut {acte} {name} par {protocol} sans authentification : vu {times}",
                    times = number_of(count, nouns::TIMES)
                ),
                (true, true) => said!(
                    "any machine on the same segment can {deed} {name} by {protocol} without authentication: seen {times}",
                    "toute machine du même segment peut {acte} {name} par {protocol} sans authentification : vu {times}",
                    times = number_of(count, nouns::TIMES)
                ),
                (false, _) => said!(
                    "{deed} {name} by {protocol}: seen {times}",
                    "{acte} {name} par {protocol} : vu {times}",
                    times = number_of(count, nouns::TIMES)
                ),
            };
            let severity = match role(asset) {
                Role::SafetyController => Severity::Critical,
                _ => *severity,
            };
            Some(Capability {
                verb,
                sentence,
                severity,
                asset: asset.id.clone(),
                protocol: Text::from(protocol),
                seen: count,
                by: by.iter().take(limits::PARTNERS_SHOWN_MAX).map(|from| machines.assets[*from].id.clone()).collect(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use model::{FactKey, Record, State, Verb};

    use crate::testing::{act, conversation, fact, judge};

    #[test]
    fn what_can_be_done_and_by_which_door() {
        let judgement = judge([
            Record::Conversation(conversation(0.0, "10.5.0.9", "10.0.0.7:102", "s7comm", State::Closed)),
            Record::Act(act(0.0, "10.5.0.9", "10.0.0.7:102", "s7comm", Verb::Stop, "plc stop")),
            Record::Act(act(1.0, "10.5.0.9", "10.0.0.7:102", "s7comm", Verb::Stop, "plc stop")),
            Record::Conversation(conversation(0.0, "10.0.0.9", "10.0.0.7:80", "http", State::Closed)),
            Record::Fact(fact(0.0, "10.0.0.7:80", "http", FactKey::DefaultCredential, "http admin")),
        ]);
        let doors: Vec<String> = judgement
            .surface
            .iter()
            .map(|door| {
                let reasons: Vec<String> =
                    door.reasons.iter().map(|(points, said)| format!("{points} {}", said.en)).collect();
                format!("{} {} {:?}: {} ({})\n", door.name, door.protocol, door.port, door.score, reasons.join("; "))
            })
            .collect();
        expect![[r#"
            10.0.0.7 s7comm Some(102): 60 (30 s7comm obeys anyone, without a password; 12 the plant depends on the machine; 10 it was used from another subnet; 8 2 changes seen over it)
            10.0.0.7 http Some(80): 49 (25 a published default password is in use; 12 the plant depends on the machine; 6 web pages and interfaces have a long history of holes; 6 what is said can be read on the way)
        "#]].assert_eq(&doors.concat());
        let deeds: Vec<&str> = judgement.capabilities.iter().map(|deed| deed.sentence.en.as_str()).collect();
        expect!["any machine in 10.5.0.0/24 can stop 10.0.0.7 by s7comm without authentication: seen 2 times"]
            .assert_eq(&deeds.join("\n"));
    }
}
