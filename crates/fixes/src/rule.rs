//! A fix: what is guarded, who may still come, what they may do, and for which weakness.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Judgement, Said, Severity, Text, Verb, said};
use serde::Serialize;

use crate::recorded::{Key, Recorded, Talk};
use crate::replay::{Deed, belongs};
use crate::{CLIENTS_MAX, FIXES_MAX};

/// Protocols whose functions can be listed, and what carries them.
pub const FUNCTION_PROTOCOLS: &[&str] = &["modbus", "s7comm", "cip", "enip", "bacnet", "opcua"];

/// A rule and why it is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fix {
    /// Number of the rule, from 1: sensors need one.
    pub number: u32,
    /// Id of the finding or of the attack path that it is for.
    pub weakness: Text,
    /// The detector of the finding.
    pub detector: Text,
    /// How bad the weakness is.
    pub severity: Severity,
    /// What the rule does, in a sentence.
    pub what: Said,
    /// The rule.
    pub guard: Guard,
}

/// A service that answers some and not others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Guard {
    /// The machine that offers it.
    pub server: IpAddr,
    /// 6 TCP, 17 UDP.
    pub transport: u8,
    /// Its port.
    pub port: u16,
    /// Id of the protocol.
    pub protocol: Text,
    /// Who may use it; everybody else is kept away. Addresses or prefixes.
    pub clients: Vec<Text>,
    /// What these may do; nothing where everything is allowed.
    pub functions: Vec<Function>,
}

/// A function that a client may ask for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Function {
    /// The client.
    pub client: Text,
    /// Id of the protocol.
    pub protocol: Text,
    /// The protocol's code.
    pub code: u32,
    /// Its name there.
    pub name: Text,
    /// What it does.
    pub verb: Verb,
}

impl Guard {
    /// Whether somebody may use the service.
    pub fn lets_in(&self, from: IpAddr) -> bool {
        self.clients.iter().any(|client| is_in(from, client))
    }

    /// Whether a conversation is with the guarded service.
    pub fn concerns(&self, key: &Key) -> bool {
        key.to == self.server && key.transport == self.transport && (key.port == self.port || self.port == 0)
    }

    /// Whether a client may ask for a function.
    pub fn allows(&self, from: IpAddr, protocol: &str, code: u32) -> bool {
        self.functions.is_empty()
            || !self.functions.iter().any(|function| function.protocol == protocol)
            || self
                .functions
                .iter()
                .any(|function| function.protocol == protocol && function.code == code && is_in(from, &function.client))
    }
}

/// Proposes rules: for every finding that names a service which others used without a reason, and for every industrial
/// service that obeys anyone. What is in `recorded` and belongs to none of `deeds` is legitimate and must go on.
pub fn propose(judgement: &Judgement, recorded: &Recorded, deeds: &[Deed]) -> Vec<Fix> {
    let mut services: BTreeMap<(IpAddr, u8, u16), Vec<(&Key, &Talk)>> = BTreeMap::new();
    for (key, talk) in recorded.talks() {
        if talk.is_answered && belongs(deeds, key, talk.first, talk.last).is_empty() {
            services.entry((key.to, key.transport, key.port)).or_default().push((key, talk));
        }
    }
    let mut fixes: Vec<Fix> = Vec::new();
    let mut done: BTreeSet<(IpAddr, u8, u16)> = BTreeSet::new();
    // Findings first, the worst first, as the judgement ranks them.
    for ranked in &judgement.findings {
        let finding = &ranked.finding;
        let Some(to) = finding.to.as_ref().and_then(|to| to.ip) else { continue };
        if finding.severity < Severity::Medium || to.is_multicast() || is_public(judgement, ranked.to_asset.as_ref()) {
            continue;
        }
        for place in places(
            judgement,
            ranked.to_asset.as_ref(),
            to,
            &finding.protocol,
            finding.to.as_ref().and_then(|to| to.port),
        ) {
            if fixes.len() < FIXES_MAX && done.insert(place) {
                fixes.push(fix(
                    fixes.len(),
                    &finding.id,
                    &finding.detector,
                    finding.severity,
                    place,
                    &finding.protocol,
                    services.get(&place),
                    deeds,
                ));
            }
        }
    }
    for exposure in &judgement.surface {
        let Some(asset) = judgement.assets.iter().find(|asset| asset.id == exposure.asset) else { continue };
        let is_open = FUNCTION_PROTOCOLS.contains(&exposure.protocol.as_str())
            || matches!(exposure.protocol.as_str(), "dnp3" | "iec104" | "mms" | "umas" | "fins" | "melsec" | "ads");
        let (Some(ip), Some(port), true) =
            (asset.interfaces.iter().flat_map(|i| &i.ips).next(), exposure.port, is_open)
        else {
            continue;
        };
        let place = (*ip, if exposure.transport == "udp" { 17 } else { 6 }, port);
        if fixes.len() < FIXES_MAX && done.insert(place) {
            let weakness = Text::from(format!("surface-{}-{}-{port}", asset.id, exposure.protocol));
            fixes.push(fix(
                fixes.len(),
                &weakness,
                "open-service",
                Severity::Medium,
                place,
                &exposure.protocol,
                services.get(&place),
                deeds,
            ));
        }
    }
    fixes
}

fn is_public(judgement: &Judgement, id: Option<&Text>) -> bool {
    id.and_then(|id| judgement.assets.iter().find(|asset| asset.id == *id)).is_some_and(|asset| asset.is_external)
}

/// The services of a machine that a finding concerns.
fn places(
    judgement: &Judgement,
    id: Option<&Text>,
    ip: IpAddr,
    protocol: &str,
    port: Option<u16>,
) -> Vec<(IpAddr, u8, u16)> {
    let Some(asset) = id.and_then(|id| judgement.assets.iter().find(|asset| asset.id == *id)) else {
        return Vec::new();
    };
    let carries = |service: &str| {
        service == protocol
            || matches!(
                (service, protocol),
                ("enip", "cip" | "pccc")
                    | ("cip", "enip" | "pccc")
                    | ("modbus", "umas")
                    | ("cotp", "s7comm" | "mms")
                    | ("s7comm", "cotp")
            )
    };
    let mut list: Vec<(IpAddr, u8, u16)> = asset
        .services
        .iter()
        .filter(|service| !protocol.is_empty() && carries(&service.protocol))
        .filter(|service| port.is_none_or(|port| service.port == Some(port)))
        .filter(|service| matches!(service.transport.as_str(), "tcp" | "udp"))
        .filter_map(|service| Some((ip, if service.transport == "udp" { 17 } else { 6 }, service.port?)))
        .collect();
    list.sort();
    list.dedup();
    list
}

fn fix(
    count: usize,
    weakness: &Text,
    detector: &str,
    severity: Severity,
    (server, transport, port): (IpAddr, u8, u16),
    protocol: &str,
    users: Option<&Vec<(&Key, &Talk)>>,
    deeds: &[Deed],
) -> Fix {
    let users: &[(&Key, &Talk)] = users.map_or(&[], Vec::as_slice);
    let from: BTreeSet<IpAddr> = users.iter().map(|(key, _)| key.from).collect();
    // Reports go by the conversation that a client opened; what a protocol carries says what it is.
    let protocol = match protocol {
        "" => users.iter().map(|(_, talk)| talk.protocol.as_str()).find(|protocol| !protocol.is_empty()).unwrap_or(""),
        protocol => protocol,
    };
    let clients: Vec<Text> = match from.len() > CLIENTS_MAX {
        true => from.iter().map(|ip| prefix(*ip)).collect::<BTreeSet<Text>>().into_iter().collect(),
        false => from.iter().map(|ip| Text::from(ip.to_string())).collect(),
    };
    let mut functions = Vec::new();
    if from.len() <= CLIENTS_MAX {
        for (key, talk) in users {
            for ((protocol, code), function) in &talk.functions {
                let is_legitimate = belongs(deeds, key, function.first, function.last).is_empty();
                if is_legitimate && FUNCTION_PROTOCOLS.contains(&protocol.as_str()) && function.verb != Verb::Report {
                    functions.push(Function {
                        client: Text::from(key.from.to_string()),
                        protocol: protocol.clone(),
                        code: *code,
                        name: function.name.clone(),
                        verb: function.verb,
                    });
                }
            }
        }
    }
    functions.sort();
    functions.dedup();
    let name = if protocol.is_empty() { "the service" } else { protocol };
    let nom = if protocol.is_empty() { "le service" } else { protocol };
    let who = if clients.is_empty() { String::new() } else { clients.join(", ") };
    let what = match (clients.is_empty(), functions.is_empty()) {
        (true, _) => said!(
            "keep everybody from {name} of {server} (port {port}): nobody was seen to need it",
            "fermer {nom} de {server} (port {port}) à tous : personne n'a été vu en avoir besoin"
        ),
        (false, true) => said!(
            "let only {who} use {name} of {server} (port {port})",
            "ne laisser que {who} utiliser {nom} de {server} (port {port})"
        ),
        (false, false) => said!(
            "let only {who} use {name} of {server} (port {port}), and only for what they were seen doing",
            "ne laisser que {who} utiliser {nom} de {server} (port {port}), et seulement pour ce qu'on les a vus faire"
        ),
    };
    let guard = Guard { server, transport, port, protocol: Text::from(protocol), clients, functions };
    Fix { number: count as u32 + 1, weakness: weakness.clone(), detector: Text::from(detector), severity, what, guard }
}

fn prefix(ip: IpAddr) -> Text {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            Text::from(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(ip) => Text::from(format!("{}/64", std::net::Ipv6Addr::from(u128::from(ip) >> 64 << 64))),
    }
}

/// Whether an address is a client, or lies in it.
pub(crate) fn is_in(ip: IpAddr, client: &str) -> bool {
    let (base, bits) = match client.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (client, Some(128)),
    };
    match (ip, base.parse::<IpAddr>(), bits) {
        (IpAddr::V4(ip), Ok(IpAddr::V4(base)), Some(bits)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            u32::from(ip) & mask == u32::from(base) & mask
        }
        (IpAddr::V6(ip), Ok(IpAddr::V6(base)), Some(bits)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            u128::from(ip) & mask == u128::from(base) & mask
        }
        _ => false,
    }
}
