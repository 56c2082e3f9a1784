//! Choke points, and the fixes that cut the most risk: candidates are taken from the best paths and tried one by one.

use std::collections::{BTreeMap, BTreeSet};

use model::{Judgement, Said, Text, said};

use super::build::{Built, Node, is_outside};
use super::graph::{Costs, NEVER, cost};
use super::{Basis, CHOKES_MAX, Choke, Entry, FIXES_MAX, Fix, weights};
use crate::doors::{self, Door};

/// Candidates tried in a round: those that the most risk passes.
const CANDIDATES_MAX: usize = 12;

/// What a fix changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Services of controllers in a subnet answer only those seen using them.
    GuardServices(usize),
    /// Nothing passes between two subnets but what was seen.
    CloseWay(usize, usize),
    /// A service answers only machines of the plant: not the office, not outside.
    CloseRemoteAccess(usize, usize),
    /// Passwords, versions: the service no longer gives the machine away.
    Harden(usize, usize),
    /// No laptop gets a port in the subnet.
    LockPorts(usize),
    /// Memory sticks of a station are controlled.
    ControlMedia(usize),
    /// A machine no longer reaches the Internet.
    NoInternet(usize),
}

/// Where the most risk passes.
pub(super) fn chokes(judgement: &Judgement, built: &Built, on_best: &[(f64, Vec<u32>)]) -> Vec<Choke> {
    let total: f64 = on_best.iter().map(|(risk, _)| risk).sum();
    let mut passing: BTreeMap<(usize, Option<usize>), (f64, u32)> = BTreeMap::new();
    for (risk, path) in on_best {
        let last = path.last().map(|edge| built.graph.edges[*edge as usize].to);
        let target = last.map(|node| built.nodes[node as usize]);
        let mut seen = BTreeSet::new();
        for edge in path {
            let place = match built.nodes[built.graph.edges[*edge as usize].to as usize] {
                Node::Machine(number) if target != Some(Node::Function(number)) => (number, None),
                Node::Service(number, place) if target != Some(Node::Function(number)) => (number, Some(place)),
                _ => continue,
            };
            if seen.insert(place) {
                let sums = passing.entry(place).or_default();
                *sums = (sums.0 + risk, sums.1 + 1);
            }
        }
    }
    let mut list: Vec<((usize, Option<usize>), (f64, u32))> = passing.into_iter().collect();
    list.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    list.into_iter()
        .take(CHOKES_MAX)
        .map(|((number, place), (risk, paths))| {
            let asset = &judgement.assets[number];
            let name = &asset.name;
            let what = match place.and_then(|place| asset.services.get(place)) {
                Some(service) => {
                    let protocol = &service.protocol;
                    said!("{protocol} of {name}", "{protocol} de {name}")
                }
                None => said!("the machine {name}", "la machine {name}"),
            };
            Choke { what, asset: asset.id.clone(), share: if total > 0.0 { risk / total } else { 0.0 }, paths }
        })
        .collect()
}

/// The fixes that cut the most, each after those before it.
pub(super) fn fixes(judgement: &Judgement, built: &Built, on_best: &[(f64, Vec<u32>)], risk: f64) -> Vec<Fix> {
    let mut costs = built.graph.unchanged();
    let mut weight: BTreeMap<Change, f64> = BTreeMap::new();
    for (risk, path) in on_best {
        let mut seen = BTreeSet::new();
        for edge in path {
            for change in candidates(judgement, built, *edge) {
                if seen.insert(change.clone()) {
                    *weight.entry(change).or_default() += risk;
                }
            }
        }
    }
    let mut open: Vec<(Change, f64)> = weight.into_iter().collect();
    open.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    open.truncate(CANDIDATES_MAX);
    let mut before = risk;
    let mut out = Vec::new();
    while out.len() < FIXES_MAX && !open.is_empty() {
        let mut best: Option<(usize, f64, Costs)> = None;
        for (number, (change, _)) in open.iter().enumerate() {
            let mut tried = costs.clone();
            apply(judgement, built, change, &mut tried);
            let after = total(built, &tried);
            if best.as_ref().is_none_or(|(_, least, _)| after < *least - 1e-9) {
                best = Some((number, after, tried));
            }
        }
        let Some((number, after, tried)) = best.filter(|(_, after, _)| *after < before - 1e-6) else { break };
        let (change, _) = open.remove(number);
        out.push(Fix {
            what: say(judgement, built, &change),
            kind: kind(&change),
            before,
            after,
            services: services(judgement, built, &change),
        });
        (before, costs) = (after, tried);
    }
    out
}

/// Importance times likelihood over all targets.
fn total(built: &Built, costs: &Costs) -> f64 {
    let mut missed = vec![1.0_f64; built.targets.len()];
    for entry in 0..Entry::ALL.len() as u32 {
        let distances = built.graph.distances(entry, costs);
        for (target, missed) in built.targets.iter().zip(&mut missed) {
            let distance = distances[target.node as usize];
            if distance != NEVER {
                *missed *= 1.0 - (-(distance as f64) / 1e6).exp();
            }
        }
    }
    built.targets.iter().zip(missed).map(|(target, missed)| target.impact * (1.0 - missed)).sum()
}

/// What would change an edge.
fn candidates(judgement: &Judgement, built: &Built, edge: u32) -> Vec<Change> {
    let (edge, why) = (built.graph.edges[edge as usize], &built.why[edge as usize]);
    match (built.nodes[edge.from as usize], built.nodes[edge.to as usize]) {
        (Node::Present(subnet) | Node::Reached(subnet), Node::Service(number, place)) => {
            let door = judgement.assets[number].services.get(place).map(|service| doors::of(&service.protocol));
            let mut list = Vec::new();
            if matches!(door, Some(Door::Process | Door::GuardedProcess)) && why.basis != Basis::Declared {
                list.push(Change::GuardServices(subnet));
            }
            list
        }
        (Node::Present(a), Node::Reached(b)) => vec![Change::CloseWay(a, b)],
        (Node::Machine(from), Node::Service(number, place)) if is_foreign(judgement, from) => {
            vec![Change::CloseRemoteAccess(number, place)]
        }
        (Node::Entry(0), Node::Service(number, place)) => vec![Change::CloseRemoteAccess(number, place)],
        (Node::Entry(0), Node::Machine(number)) => vec![Change::NoInternet(number)],
        (Node::Entry(2), Node::Machine(number)) => judgement.assets[number]
            .services
            .iter()
            .position(|service| doors::of(&service.protocol) == Door::Remote)
            .map(|place| Change::CloseRemoteAccess(number, place))
            .into_iter()
            .collect(),
        (Node::Entry(3), Node::Present(subnet)) => vec![Change::LockPorts(subnet)],
        (Node::Entry(3), Node::Machine(number)) => vec![Change::ControlMedia(number)],
        (Node::Service(number, place), Node::Machine(_)) if edge.likelihood > weights::HARDENED => {
            vec![Change::Harden(number, place)]
        }
        _ => Vec::new(),
    }
}

/// Whether a machine belongs to the office or stands outside.
fn is_foreign(judgement: &Judgement, number: usize) -> bool {
    let asset = &judgement.assets[number];
    is_outside(asset) || asset.purdue.level == model::Purdue::Enterprise
}

fn apply(judgement: &Judgement, built: &Built, change: &Change, costs: &mut Costs) {
    let weaken = |cost_now: &mut u64, likelihood: f64| *cost_now = (*cost_now).max(cost(likelihood));
    for (number, edge) in built.graph.edges.iter().enumerate() {
        let ends = (built.nodes[edge.from as usize], built.nodes[edge.to as usize]);
        let now = &mut costs[number];
        match (change, ends) {
            (
                Change::GuardServices(subnet),
                (Node::Present(home) | Node::Reached(home), Node::Service(machine, place)),
            ) if home == *subnet => {
                let service = judgement.assets[machine].services.get(place);
                if service.is_some_and(|service| doors::is_industrial(&service.protocol)) {
                    *now = NEVER;
                }
            }
            (Change::CloseWay(a, b), (Node::Present(from), Node::Reached(to))) if (*a, *b) == (from, to) => {
                *now = NEVER
            }
            (Change::CloseRemoteAccess(machine, place), (Node::Entry(0), Node::Service(to, at)))
                if (*machine, *place) == (to, at) =>
            {
                *now = NEVER
            }
            (Change::CloseRemoteAccess(machine, _), (Node::Entry(2), Node::Machine(to))) if *machine == to => {
                *now = NEVER
            }
            (Change::CloseRemoteAccess(machine, place), (Node::Machine(from), Node::Service(to, at)))
                if (*machine, *place) == (to, at) && is_foreign(judgement, from) =>
            {
                *now = NEVER;
            }
            (Change::Harden(machine, place), (Node::Service(at, which), Node::Machine(_)))
                if (*machine, *place) == (at, which) =>
            {
                weaken(now, weights::HARDENED);
            }
            (Change::LockPorts(subnet), (Node::Entry(3), Node::Present(to))) if *subnet == to => {
                weaken(now, weights::LAPTOP * weights::CONTROLLED)
            }
            (Change::ControlMedia(machine), (Node::Entry(3), Node::Machine(to))) if *machine == to => {
                weaken(now, weights::MEDIA * weights::CONTROLLED)
            }
            (Change::NoInternet(machine), (Node::Entry(0), Node::Machine(to))) if *machine == to => *now = NEVER,
            _ => {}
        }
    }
}

const fn kind(change: &Change) -> &'static str {
    match change {
        Change::GuardServices(_) => "guard-services",
        Change::CloseWay(..) => "close-way",
        Change::CloseRemoteAccess(..) => "close-remote-access",
        Change::Harden(..) => "harden-service",
        Change::LockPorts(_) => "lock-ports",
        Change::ControlMedia(_) => "control-media",
        Change::NoInternet(_) => "no-internet",
    }
}

fn say(judgement: &Judgement, built: &Built, change: &Change) -> Said {
    let subnet = |number: usize| doors::subnet_text(built.subnets[number]);
    let name = |number: usize| judgement.assets[number].name.clone();
    let protocol = |number: usize, place: usize| {
        judgement.assets[number].services.get(place).map(|service| service.protocol.clone()).unwrap_or_default()
    };
    match change {
        Change::GuardServices(home) => {
            let place = subnet(*home);
            said!(
                "let only the machines seen using them reach the industrial services of {place}",
                "ne laisser atteindre les services industriels de {place} qu'aux machines vues en train de les utiliser"
            )
        }
        Change::CloseWay(a, b) => {
            let (here, there) = (subnet(*a), subnet(*b));
            said!(
                "let nothing pass from {here} to {there} but what was seen",
                "ne laisser passer de {here} à {there} que ce qui a été vu"
            )
        }
        Change::CloseRemoteAccess(number, place) => {
            let (name, protocol) = (name(*number), protocol(*number, *place));
            said!(
                "close {protocol} of {name} to the office and to the outside; let people in through a relay that asks for a second factor",
                "fermer {protocol} de {name} aux bureaux et à l'extérieur ; faire passer les personnes par un relais avec second facteur"
            )
        }
        Change::Harden(number, place) => {
            let (name, protocol) = (name(*number), protocol(*number, *place));
            said!(
                "harden {protocol} of {name}: own passwords, current version, nothing in clear, or a rule before it",
                "durcir {protocol} de {name} : mots de passe propres, version à jour, rien en clair, ou une règle devant"
            )
        }
        Change::LockPorts(home) => {
            let place = subnet(*home);
            said!(
                "lock the switch ports of {place} to the machines that belong there",
                "verrouiller les ports des commutateurs de {place} sur les machines qui y ont leur place"
            )
        }
        Change::ControlMedia(number) => {
            let name = name(*number);
            said!("control memory sticks and programs on {name}", "contrôler les clés USB et les programmes sur {name}")
        }
        Change::NoInternet(number) => {
            let name = name(*number);
            said!("keep {name} off the Internet", "couper {name} d'Internet")
        }
    }
}

/// The services that a fix concerns.
fn services(judgement: &Judgement, built: &Built, change: &Change) -> Vec<(Text, Text, Option<u16>)> {
    let one = |number: usize, place: usize| {
        let asset = &judgement.assets[number];
        asset.services.get(place).map(|service| (asset.id.clone(), service.protocol.clone(), service.port))
    };
    match change {
        Change::GuardServices(home) => judgement
            .assets
            .iter()
            .filter(|asset| doors::subnets(asset).contains(&built.subnets[*home]))
            .flat_map(|asset| {
                asset
                    .services
                    .iter()
                    .filter(|service| doors::is_industrial(&service.protocol))
                    .map(|service| (asset.id.clone(), service.protocol.clone(), service.port))
            })
            .collect(),
        Change::CloseRemoteAccess(number, place) | Change::Harden(number, place) => {
            one(*number, *place).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
