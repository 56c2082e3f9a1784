//! The proposal: machines that talk to each other, of one level and one subnet, belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Asset, Importance, Judgement, Purdue, Role, Said, Text, Verb, nouns, number_of, said};

use super::louvain::communities;
use super::{CONDUITS_MAX, Conduit, Kind, Plan, Service, ZONES_MAX, Zone, level_text};
use crate::doors::{self, role};

/// Part of the time watched below which a computer counts as one that comes and goes, and the least time that says so.
const TEMPORARY_PART: i64 = 8;
const WATCHED_NS_MIN: i64 = 30 * 60 * 1_000_000_000;
/// Ports that a service of a conduit names; with more, any port is allowed.
const PORTS_MAX: usize = 8;

/// Zones and conduits as the traffic suggests them. The same judgement gives the same plan.
pub fn propose(judgement: &Judgement) -> Plan {
    let kinds: Vec<Kind> = judgement.assets.iter().map(|asset| kind(judgement, asset)).collect();
    let together = communities_of(judgement);
    // Machines of one kind in one community are a zone. Some kinds are one zone wherever their machines stand.
    let mut groups: BTreeMap<(Kind, Option<usize>), Vec<usize>> = BTreeMap::new();
    for (number, kind) in kinds.iter().enumerate() {
        let community = match kind {
            Kind::Wireless | Kind::Temporary | Kind::External => None,
            _ => Some(together[number]),
        };
        groups.entry((*kind, community)).or_default().push(number);
    }
    let groups = merged(judgement, groups);
    let mut zones = Vec::new();
    let mut zone_of: Vec<Option<usize>> = vec![None; judgement.assets.len()];
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for (kind, members) in groups.into_iter().take(ZONES_MAX) {
        let count = counts.entry(kind).or_default();
        *count += 1;
        members.iter().for_each(|member| zone_of[*member] = Some(zones.len()));
        zones.push(zone(judgement, kind, *count, &members));
    }
    let conduits = conduits(judgement, &zone_of, &zones);
    let mut plan = Plan { zones, conduits };
    raise_where_reached(&mut plan);
    plan
}

/// What a machine's zone is for.
fn kind(judgement: &Judgement, asset: &Asset) -> Kind {
    let role = role(asset);
    let is_safety = asset.roles.iter().any(|claim| claim.role == Role::SafetyController);
    let comes_and_goes = || {
        let (Some(first), Some(last)) = (judgement.first, judgement.last) else { return false };
        let watched = last.since(first);
        let may_move = matches!(role, Role::EngineeringStation | Role::Workstation | Role::Scanner | Role::Unknown);
        watched >= WATCHED_NS_MIN
            && may_move
            && !asset.is_remote
            && asset.packets_sent > 0
            && asset.last.since(asset.first) < watched / TEMPORARY_PART
            && judgement.edges.iter().any(|edge| edge.from == asset.id && doors::is_industrial(&edge.protocol))
    };
    match asset.purdue.level {
        _ if asset.is_external => Kind::External,
        _ if is_safety => Kind::Safety,
        _ if matches!(role, Role::AccessPoint | Role::Mobile) => Kind::Wireless,
        _ if comes_and_goes() => Kind::Temporary,
        Purdue::Process | Purdue::Control => Kind::Control,
        Purdue::Supervision => Kind::Supervision,
        Purdue::Border => Kind::Border,
        Purdue::Enterprise => Kind::Business,
        Purdue::Outside => Kind::External,
        Purdue::Operations | Purdue::Unknown => Kind::Operations,
    }
}

/// The community of each machine: who talks with whom and how much, with a pull between machines of one subnet.
fn communities_of(judgement: &Judgement) -> Vec<usize> {
    let numbers: BTreeMap<&str, usize> =
        judgement.assets.iter().enumerate().map(|(number, asset)| (asset.id.as_str(), number)).collect();
    let mut edges: Vec<(usize, usize, f64)> = Vec::new();
    for edge in judgement.edges.iter().filter(|edge| !edge.is_group) {
        let (Some(a), Some(b)) = (numbers.get(edge.from.as_str()), numbers.get(edge.to.as_str())) else { continue };
        if judgement.assets[*a].is_external || judgement.assets[*b].is_external {
            continue;
        }
        // The logarithm: a video stream is not a thousand times closer than a poll. What keeps the network going joins
        // everybody with everybody and says little.
        let volume = (edge.packets.max(edge.acts) as f64 + 1.0).ln();
        let weight = match doors::of(&edge.protocol) {
            doors::Door::Process | doors::Door::GuardedProcess => 2.0,
            doors::Door::Network => 0.1,
            _ => 0.5,
        };
        edges.push((*a, *b, weight * volume));
    }
    // One node for each subnet pulls its machines together.
    let total: f64 = edges.iter().map(|(_, _, weight)| weight).sum();
    let pull = (3.0 * total / judgement.assets.len().max(1) as f64).max(1.0);
    let mut subnets: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for (number, asset) in judgement.assets.iter().enumerate().filter(|(_, asset)| !asset.is_external) {
        for subnet in doors::subnets(asset) {
            let next = judgement.assets.len() + subnets.len();
            edges.push((number, *subnets.entry(subnet).or_insert(next), pull));
        }
    }
    communities(judgement.assets.len() + subnets.len(), &edges)
}

/// Groups of one machine join the group of their kind with which they share a subnet; what is left stays alone.
fn merged(judgement: &Judgement, groups: BTreeMap<(Kind, Option<usize>), Vec<usize>>) -> Vec<(Kind, Vec<usize>)> {
    let subnets = |members: &[usize]| -> BTreeSet<IpAddr> {
        members.iter().flat_map(|member| doors::subnets(&judgement.assets[*member])).collect()
    };
    let mut large: Vec<(Kind, Vec<usize>, BTreeSet<IpAddr>)> = Vec::new();
    let mut alone: Vec<(Kind, Vec<usize>)> = Vec::new();
    for ((kind, _), members) in groups {
        match members.len() {
            1 => alone.push((kind, members)),
            _ => large.push((kind, members.clone(), subnets(&members))),
        }
    }
    for (kind, members) in alone {
        let home = subnets(&members);
        let host = large.iter_mut().find(|(other, _, theirs)| {
            // Machines without an address of the network layer belong to whatever there is of their kind.
            *other == kind && (home.is_empty() || !theirs.is_disjoint(&home))
        });
        match host {
            Some((_, hosts, _)) => hosts.extend(members),
            None => large.push((kind, members, home)),
        }
    }
    large.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    large
        .into_iter()
        .map(|(kind, mut members, _)| {
            members.sort_unstable();
            (kind, members)
        })
        .collect()
}

fn zone(judgement: &Judgement, kind: Kind, number: usize, members: &[usize]) -> Zone {
    let assets: Vec<&Asset> = members.iter().map(|member| &judgement.assets[*member]).collect();
    let mut subnets: BTreeMap<IpAddr, usize> = BTreeMap::new();
    assets.iter().flat_map(|asset| doors::subnets(asset)).for_each(|subnet| *subnets.entry(subnet).or_default() += 1);
    let mut by_count: Vec<(usize, IpAddr)> = subnets.iter().map(|(subnet, count)| (*count, *subnet)).collect();
    by_count.sort_by_key(|(count, subnet)| (std::cmp::Reverse(*count), *subnet));
    let shown: Vec<String> = by_count.iter().take(3).map(|(_, subnet)| doors::subnet_text(*subnet)).collect();
    let mut levels: BTreeMap<Purdue, usize> = BTreeMap::new();
    assets.iter().for_each(|asset| *levels.entry(asset.purdue.level).or_default() += 1);
    let level = levels.iter().max_by_key(|(_, count)| **count).map_or(Purdue::Unknown, |(level, _)| *level);
    let mut reasons = vec![said!(
        "{machines} of this kind that talk with each other or share a subnet",
        "{machines} de cette nature qui échangent entre elles ou partagent un sous-réseau",
        machines = number_of(assets.len(), nouns::MACHINES)
    )];
    let (target, why) = target(kind, &assets);
    reasons.extend(why);
    let place = if shown.is_empty() { String::new() } else { format!(" {}", shown.join(", ")) };
    Zone {
        id: Text::from(format!("{kind}-{number}")),
        name: Text::from(format!(
            "{} {number}{}",
            kind.said().en,
            if kind == Kind::External { "" } else { place.as_str() }
        )),
        kind,
        level: level_text(level),
        target,
        members: assets.iter().map(|asset| asset.id.clone()).collect(),
        reasons,
    }
}

/// The security level target of each requirement group, with reasons. A proposal: the risk assessment decides.
fn target(kind: Kind, assets: &[&Asset]) -> ([u8; 7], Vec<Said>) {
    // IAC, UC, SI, DC, RDF, TRE, RA
    let mut target = match kind {
        Kind::Safety => [3, 3, 3, 1, 3, 2, 3],
        Kind::Control => [2, 2, 2, 1, 2, 2, 2],
        Kind::Supervision => [2, 2, 2, 2, 2, 2, 2],
        Kind::Operations => [2, 2, 2, 2, 2, 2, 1],
        Kind::Border => [3, 2, 2, 2, 3, 2, 1],
        Kind::Business => [1, 1, 1, 2, 1, 1, 1],
        Kind::Wireless => [3, 2, 2, 2, 3, 2, 1],
        Kind::Temporary => [3, 3, 2, 1, 2, 2, 1],
        Kind::External => [0; 7],
    };
    let mut reasons = Vec::new();
    let critical = assets.iter().filter(|asset| asset.criticality.importance == Importance::Critical).count();
    if critical > 0 && kind.is_control_system() {
        for group in [1, 2, 4, 6] {
            target[group] = 3;
        }
        reasons.push(said!(
            "{machines} on which the whole process or safety depends: targets for use, integrity, flow and availability are 3",
            "{machines} dont dépend tout le procédé ou la sécurité : cibles d'usage, d'intégrité, de flux et de disponibilité à 3",
            machines = number_of(critical, nouns::MACHINES)
        ));
    }
    (target, reasons)
}

/// Who is reached from outside or from the offices needs stronger logins and a stronger border.
fn raise_where_reached(plan: &mut Plan) {
    let kinds: BTreeMap<Text, Kind> = plan.zones.iter().map(|zone| (zone.id.clone(), zone.kind)).collect();
    for zone in plan.zones.iter_mut().filter(|zone| zone.kind.is_control_system() || zone.kind == Kind::Operations) {
        let is_reached = plan.conduits.iter().any(|conduit| {
            conduit.to == zone.id && matches!(kinds.get(&conduit.from), Some(Kind::External | Kind::Business))
        });
        if is_reached {
            zone.target[0] = zone.target[0].max(3);
            zone.target[4] = zone.target[4].max(3);
            zone.reasons.push(said!(
                "it is reached from outside or from the offices: targets for authentication and data flow are 3",
                "elle est atteinte de l'extérieur ou des bureaux : cibles d'authentification et de flux à 3"
            ));
        }
    }
}

/// What passes between the zones, as observed. `zone_of` gives the zone of each machine.
pub(super) fn conduits(judgement: &Judgement, zone_of: &[Option<usize>], zones: &[Zone]) -> Vec<Conduit> {
    let numbers: BTreeMap<&str, usize> =
        judgement.assets.iter().enumerate().map(|(number, asset)| (asset.id.as_str(), number)).collect();
    let mut passing: BTreeMap<(usize, usize), BTreeMap<Text, (BTreeSet<u16>, BTreeSet<Verb>, bool)>> = BTreeMap::new();
    for edge in judgement.edges.iter().filter(|edge| !edge.is_group) {
        let zone = |id: &Text| numbers.get(id.as_str()).and_then(|number| zone_of.get(*number).copied().flatten());
        let (Some(from), Some(to)) = (zone(&edge.from), zone(&edge.to)) else { continue };
        // ARP stays in its segment: it passes no border that could be guarded.
        if from == to || edge.protocol == "arp" {
            continue;
        }
        let protocol = if edge.protocol.is_empty() { Text::from("unknown") } else { edge.protocol.clone() };
        let service = passing.entry((from, to)).or_default().entry(protocol).or_default();
        // Ports of the client (RFC 6335: from 49152) change with every conversation.
        service.0.extend(edge.ports.iter().filter(|port| **port < 49_152));
        service.2 |= edge.ports.iter().any(|port| *port >= 49_152);
        service.1.extend(edge.verbs.iter().map(|(verb, _)| *verb));
    }
    let name = |zone: usize| zones.get(zone).map(|zone| zone.id.clone()).unwrap_or_default();
    passing
        .into_iter()
        .take(CONDUITS_MAX)
        .map(|((from, to), services)| Conduit {
            from: name(from),
            to: name(to),
            allow: services
                .into_iter()
                .map(|(protocol, (ports, verbs, is_any))| Service {
                    ports: if is_any || ports.len() > PORTS_MAX { Vec::new() } else { ports.into_iter().collect() },
                    // Only of the process is it worth to say what may be done.
                    verbs: if doors::is_industrial(&protocol) { verbs.into_iter().collect() } else { Vec::new() },
                    protocol,
                })
                .collect(),
        })
        .collect()
}
