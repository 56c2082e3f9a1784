//! Purdue level and criticality of each machine, proposed with reasons; people decide.

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::{Asset, Criticality, Importance, Level, Noun, Purdue, Role, Said, nouns, number_of, said};

use super::assets::{Machines, role};
use super::{address, kind};

const WRITES_AND_COMMANDS: Noun =
    Noun { en: ("write or command", "writes and commands"), fr: ("écriture ou commande", "écritures et commandes") };

/// Sets level and criticality of all machines.
pub(crate) fn judge(machines: &mut Machines) {
    let industrial_subnets: BTreeSet<IpAddr> =
        machines.assets.iter().filter(|asset| role(asset).is_controller()).flat_map(subnets).collect();
    let levels: Vec<Level> =
        (0..machines.assets.len()).map(|number| level(machines, number, &industrial_subnets)).collect();
    for (asset, level) in machines.assets.iter_mut().zip(levels) {
        asset.purdue = level;
    }
    let levels: Vec<Option<Level>> = (0..machines.assets.len()).map(|number| by_peers(machines, number)).collect();
    for (asset, level) in machines.assets.iter_mut().zip(levels) {
        if let Some(level) = level {
            asset.purdue = level;
        }
    }
    let ratings: Vec<Criticality> = (0..machines.assets.len()).map(|number| criticality(machines, number)).collect();
    for (asset, rating) in machines.assets.iter_mut().zip(ratings) {
        asset.criticality = rating;
    }
}

fn subnets(asset: &Asset) -> impl Iterator<Item = IpAddr> + '_ {
    asset
        .interfaces
        .iter()
        .flat_map(|i| &i.ips)
        .filter(|ip| !address::is_link_local(**ip))
        .map(|ip| address::subnet(*ip))
}

fn level(machines: &Machines, number: usize, industrial: &BTreeSet<IpAddr>) -> Level {
    let asset = &machines.assets[number];
    let role = role(asset);
    let speaks_industry = machines.deeds[number].values().any(|deeds| deeds.is_industrial);
    let is_among_controllers = subnets(asset).any(|subnet| industrial.contains(&subnet));
    let by_role =
        |level: Purdue| Level { level, reasons: vec![said!("its role is {role}", "son rôle : {role}", role = role)] };
    match role {
        Role::InternetHost => by_role(Purdue::Outside),
        _ if asset.is_external => by_role(Purdue::Outside),
        Role::Drive | Role::RemoteIo | Role::Instrument | Role::Meter => by_role(Purdue::Process),
        Role::Plc
        | Role::Rtu
        | Role::Ied
        | Role::SafetyController
        | Role::BuildingController
        | Role::Gateway
        | Role::Robot => by_role(Purdue::Control),
        Role::Hmi | Role::EngineeringStation | Role::ScadaServer => by_role(Purdue::Supervision),
        Role::Historian => by_role(Purdue::Operations),
        Role::Switch | Role::Router | Role::Firewall | Role::AccessPoint | Role::NetworkManagement => {
            Level { level: Purdue::Unknown, reasons: Vec::new() }
        }
        _ if speaks_industry => Level {
            level: Purdue::Supervision,
            reasons: vec![said!("it speaks industrial protocols", "elle parle des protocoles industriels")],
        },
        _ if is_among_controllers => Level {
            level: Purdue::Operations,
            reasons: vec![said!(
                "it shares a subnet with controllers but speaks no industrial protocol",
                "elle partage un sous-réseau avec des automates mais ne parle pas de protocole industriel"
            )],
        },
        Role::Unknown => Level { level: Purdue::Unknown, reasons: Vec::new() },
        _ => Level {
            level: Purdue::Enterprise,
            reasons: vec![said!(
                "its role is {role}, it speaks no industrial protocol and is in no subnet with controllers",
                "son rôle : {role} ; elle ne parle pas de protocole industriel et n'est dans aucun sous-réseau d'automates",
                role = role
            )],
        },
    }
}

/// The level of what has none by itself: that of the machines it talks to, or whose subnet it is in.
fn by_peers(machines: &Machines, number: usize) -> Option<Level> {
    let asset = &machines.assets[number];
    if asset.purdue.level != Purdue::Unknown {
        return None;
    }
    let mut counts: std::collections::BTreeMap<Purdue, u32> = std::collections::BTreeMap::new();
    let peers = machines.from[number]
        .iter()
        .filter_map(|edge| machines.ends[*edge].1)
        .chain(machines.to[number].iter().map(|edge| machines.ends[*edge].0));
    for peer in peers.filter(|peer| *peer != number) {
        let level = machines.assets[peer].purdue.level;
        if level != Purdue::Unknown {
            *counts.entry(level).or_default() += 1;
        }
    }
    let is_network = matches!(role(asset), Role::Switch | Role::Router | Role::Firewall | Role::AccessPoint);
    // A router between two worlds belongs to the border.
    let low = counts.keys().any(|level| *level <= Purdue::Supervision);
    let high = counts.keys().any(|level| *level >= Purdue::Enterprise);
    if is_network && low && high && role(asset) != Role::Switch {
        return Some(Level {
            level: Purdue::Border,
            reasons: vec![said!(
                "it stands between machines of the plant and of the enterprise or the Internet",
                "elle se trouve entre des machines de l'usine et de l'entreprise ou d'Internet"
            )],
        });
    }
    let (level, count) = counts.iter().max_by_key(|(level, count)| (**count, std::cmp::Reverse(**level)))?;
    let level = (*level).max(if is_network { Purdue::Control } else { Purdue::Process }).min(Purdue::Enterprise);
    Some(Level {
        level,
        reasons: vec![said!(
            "most machines it talks to ({count}) are on this level",
            "la plupart des machines avec lesquelles elle échange ({count}) sont à ce niveau"
        )],
    })
}

fn criticality(machines: &Machines, number: usize) -> Criticality {
    let asset = &machines.assets[number];
    let role = role(asset);
    let mut importance = Importance::Low;
    let mut reasons: Vec<Said> = Vec::new();
    let mut raise = |to: Importance, reason: Said| {
        importance = importance.max(to);
        reasons.push(reason);
    };
    if role == Role::SafetyController || asset.roles.iter().any(|claim| claim.role == Role::SafetyController) {
        raise(Importance::Critical, said!("safety depends on it", "la sécurité des personnes en dépend"));
    }
    if role.is_controller() || matches!(role, Role::Drive | Role::RemoteIo | Role::Robot | Role::Gateway) {
        raise(
            Importance::High,
            said!(
                "it controls or touches the process ({role})",
                "elle commande ou touche le procédé ({role})",
                role = role
            ),
        );
    }
    let controlled: BTreeSet<usize> = machines.from[number]
        .iter()
        .filter(|edge| machines.edges[**edge].acts > 0 && kind::is_industrial(&machines.edges[**edge].protocol))
        .filter_map(|edge| machines.ends[*edge].1)
        .collect();
    let dependants: BTreeSet<usize> = machines.to[number].iter().map(|edge| machines.ends[*edge].0).collect();
    let count = controlled.len();
    match role {
        Role::Hmi | Role::ScadaServer => raise(
            if count >= 10 { Importance::Critical } else { Importance::High },
            said!(
                "people see and command {devices} through it",
                "on voit et commande {devices} par elle",
                devices = number_of(count, nouns::DEVICES)
            ),
        ),
        Role::EngineeringStation => raise(
            Importance::High,
            said!(
                "whoever holds it can change {controllers}",
                "qui la tient peut modifier {controllers}",
                controllers = number_of(count, nouns::CONTROLLERS)
            ),
        ),
        Role::Historian | Role::DomainController | Role::DhcpServer | Role::TimeServer | Role::DnsServer => raise(
            Importance::Medium,
            said!("others need its service ({role})", "d'autres ont besoin de son service ({role})", role = role),
        ),
        Role::Switch | Role::Router | Role::Firewall => raise(
            if matches!(asset.purdue.level, Purdue::Process | Purdue::Control | Purdue::Supervision | Purdue::Border) {
                Importance::High
            } else {
                Importance::Medium
            },
            said!(
                "it carries what others say ({role})",
                "elle transporte ce que disent les autres ({role})",
                role = role
            ),
        ),
        _ => {}
    }
    let count = dependants.len();
    if count >= 10 && !asset.is_external {
        raise(
            if role.is_industrial() { Importance::Critical } else { Importance::Medium },
            said!("{count} machines use it", "{count} machines l'utilisent", count = count),
        );
    }
    let acted: u64 = machines.to[number]
        .iter()
        .map(|edge| &machines.edges[*edge])
        .filter(|edge| kind::is_industrial(&edge.protocol))
        .flat_map(|edge| &edge.verbs)
        .filter(|(verb, _)| matches!(verb, model::Verb::Operate | model::Verb::Write))
        .map(|(_, count)| count)
        .sum();
    if acted > 0 {
        raise(
            Importance::High,
            said!("it received {writes}", "elle a reçu {writes}", writes = number_of(acted, WRITES_AND_COMMANDS)),
        );
    }
    if reasons.is_empty() {
        reasons.push(said!("nothing seen depends on it", "rien de ce qui a été vu n'en dépend"));
    }
    Criticality { importance, reasons }
}
