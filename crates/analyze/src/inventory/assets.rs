//! Machines as they leave: everything that the inventory keeps, put together for each machine.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{
    Address, Asset, Behind, Criticality, Edge, FactKey, Importance, Interface, Level, Mac, Network, Part, ProtocolUse,
    Purdue, Role, Service, Text, Unanswered, Verb,
};

use super::kind::Kind;
use super::machines::{Machine, machines};
use super::roles::{Deeds, Profile, roles};
use super::{Inventory, Key, NodeId, PartEntry, address, claims, fields, sorted_verbs};
use crate::{limits, oui};

/// The machines of an inventory at one moment, with what ties them to addresses.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    /// In the order of their addresses; `judge` sorts a copy by importance.
    pub(crate) assets: Vec<Asset>,
    /// Machine of each address, where it is one.
    of_node: Vec<Option<usize>>,
    of_mac: BTreeMap<Mac, usize>,
    /// Who talks to whom.
    pub(crate) edges: Vec<Edge>,
    /// Of each edge, what had an effect: changes and read-out programs that were not refused.
    pub(crate) effects: Vec<super::Verbs>,
    /// Of each edge, the numbers of the machines; `None` where a group is told.
    pub(crate) ends: Vec<(usize, Option<usize>)>,
    /// Of each machine, the numbers of the edges from it, and to it.
    pub(crate) from: Vec<Vec<usize>>,
    pub(crate) to: Vec<Vec<usize>>,
    /// What each machine does, by protocol.
    pub(crate) deeds: Vec<BTreeMap<Text, Deeds>>,
    pub(crate) protocols: Vec<ProtocolUse>,
    pub(crate) networks: Vec<Network>,
    by_id: BTreeMap<Text, usize>,
    /// Of each machine, the address by which it was met first: an IP address where it has one.
    pub(crate) homes: Vec<Option<Key>>,
}

impl Machines {
    /// The number of the machine at `address`.
    pub(crate) fn find(&self, inventory: &Inventory, address: &Address) -> Option<usize> {
        inventory.find(address).and_then(|node| self.of_node.get(node as usize).copied().flatten()).or_else(|| {
            match address.ip {
                None => address.mac.and_then(|mac| self.of_mac.get(&mac).copied()),
                Some(_) => None,
            }
        })
    }

    /// The machine with `id`.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Asset> {
        self.by_id.get(id).map(|number| &self.assets[*number])
    }

    /// How many acts over the edge with `number` changed something.
    pub(crate) fn changes(&self, number: usize) -> u64 {
        self.effects[number].iter().filter(|(verb, _)| verb.is_change()).map(|(_, count)| count).sum()
    }

    /// The number of the machine with `id`.
    pub(crate) fn number(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Puts the machines together.
    pub(crate) fn of(inventory: &Inventory) -> Machines {
        let groups = machines(inventory);
        let mut behind: BTreeMap<NodeId, Vec<(&Behind, &PartEntry)>> = BTreeMap::new();
        for ((owner, place), entry) in inventory.parts.iter() {
            behind.entry(*owner).or_default().push((place, entry));
        }
        let mut found = Machines { of_node: vec![None; inventory.nodes.len()], ..Machines::default() };
        for (number, group) in groups.iter().enumerate() {
            for node in &group.nodes {
                found.of_node[*node as usize] = Some(number);
            }
            for (mac, _) in &group.macs {
                found.of_mac.insert(*mac, number);
            }
            let mut keys = group.nodes.iter().map(|node| inventory.nodes[*node as usize].key);
            let first = keys.clone().next();
            found.homes.push(keys.find(|key| matches!(key, Key::Ip(_))).or(first));
            found.assets.push(skeleton(inventory, group, &behind));
        }
        // A public subnet with a machine on this very link that speaks industrial protocols is an old plant's numbering.
        let numbering: BTreeSet<IpAddr> = groups
            .iter()
            .zip(&found.assets)
            .filter(|(group, _)| {
                let speaks = |node: &NodeId| {
                    let node = &inventory.nodes[*node as usize];
                    node.serves_industry || node.asks_industry
                };
                !group.macs.is_empty() && !group.is_router && group.nodes.iter().any(speaks)
            })
            .flat_map(|(_, asset)| asset.interfaces.iter().filter(|i| i.mac.is_some()).flat_map(|i| &i.ips))
            .filter(|ip| address::is_public(**ip))
            .map(|ip| address::subnet(*ip))
            .collect();
        for asset in found.assets.iter_mut().filter(|asset| asset.is_external) {
            let mut ips = asset.interfaces.iter().flat_map(|interface| &interface.ips);
            asset.is_external = !ips.any(|ip| numbering.contains(&address::subnet(*ip)));
        }
        for (number, asset) in found.assets.iter_mut().enumerate() {
            // Two machines of one name cannot be, but an address may have changed hands: the second one says so.
            if found.by_id.contains_key(&asset.id) {
                asset.id = Text::from(format!("{}-{number}", asset.id));
            }
            found.by_id.insert(asset.id.clone(), number);
        }
        found.deeds = vec![BTreeMap::new(); groups.len()];
        found.connect(inventory);
        found.services(inventory, &groups);
        for (number, group) in groups.iter().enumerate() {
            let profile = found.profile(number, group);
            found.assets[number].roles = roles(&profile);
        }
        super::levels::judge(&mut found);
        for asset in &mut found.assets {
            asset.fields = fields::fields(asset);
            asset.known = fields::known(&asset.fields);
        }
        found.count_protocols(inventory);
        found.count_networks();
        found
    }

    /// Makes the edges between machines, and from them what each machine does.
    fn connect(&mut self, inventory: &Inventory) {
        let mut edges: BTreeMap<(usize, Result<usize, Key>, u16), (Edge, super::Verbs)> = BTreeMap::new();
        for ((from, to, protocol), entry) in inventory.edges.sorted() {
            let Some(from) = self.of_node[*from as usize] else { continue };
            let node = &inventory.nodes[*to as usize];
            let target = match (self.of_node[*to as usize], node.is_group) {
                (Some(to), _) => Ok(to),
                (None, true) => Err(node.key),
                (None, false) => continue,
            };
            let name = Text::from(inventory.protocol_name(*protocol));
            let traits = inventory.protocols[usize::from(*protocol)].traits;
            let (edge, effects) = edges.entry((from, target, *protocol)).or_insert_with(|| {
                (
                    Edge {
                        from: self.assets[from].id.clone(),
                        to: target
                            .map_or_else(|key| Text::from(format!("group-{key}")), |to| self.assets[to].id.clone()),
                        is_group: target.is_err(),
                        protocol: name.clone(),
                        is_guess: entry.is_guess,
                        ports: Vec::new(),
                        verbs: Vec::new(),
                        acts: 0,
                        refused: 0,
                        unanswered: 0,
                        conversations: 0,
                        packets: 0,
                        bytes: 0,
                        first: entry.first,
                        last: entry.last,
                    },
                    super::Verbs::new(),
                )
            });
            entry.effects.iter().for_each(|(verb, count)| super::add_verb(effects, *verb, *count));
            let mut verbs = super::Verbs::from_vec(std::mem::take(&mut edge.verbs));
            entry.verbs.iter().for_each(|(verb, count)| super::add_verb(&mut verbs, *verb, *count));
            edge.verbs = sorted_verbs(&verbs);
            edge.ports
                .extend(entry.ports.iter().filter(|port| !edge.ports.contains(port)).copied().collect::<Vec<_>>());
            edge.ports.sort_unstable();
            edge.ports.truncate(limits::EDGE_PORTS_MAX);
            edge.acts += entry.acts;
            edge.refused += entry.refused;
            edge.unanswered += entry.unanswered;
            edge.conversations += entry.conversations;
            edge.packets += entry.packets;
            edge.bytes += entry.bytes;
            edge.first = edge.first.min(entry.first);
            edge.last = edge.last.max(entry.last);

            let is_industrial = traits.kind == Kind::Industrial;
            let count = |verbs: &[Verb]| verbs.iter().map(|verb| entry.verb(*verb)).sum::<u64>();
            let reports = count(&[Verb::Report, Verb::Alarm]);
            let programs =
                count(&[Verb::Program, Verb::Upload, Verb::Firmware, Verb::Start, Verb::Stop, Verb::Mode, Verb::Reset]);
            let asked = entry.acts.saturating_sub(reports);
            let answered = asked.saturating_sub(entry.unanswered);
            let mine = self.deeds[from].entry(name.clone()).or_default();
            mine.is_industrial = is_industrial;
            mine.asks += u32::from(asked > 0 || entry.conversations > 0);
            mine.reads += count(&[Verb::Read, Verb::Subscribe, Verb::Browse]);
            mine.changes += count(&[Verb::Write, Verb::Operate, Verb::Configure]);
            mine.programs += programs;
            mine.reports += reports;
            mine.searches += count(&[Verb::Identify, Verb::Diagnose]);
            if let Ok(to) = target {
                let theirs = self.deeds[to].entry(name).or_default();
                theirs.is_industrial = is_industrial;
                theirs.serves += u32::from(answered > 0);
                theirs.answered += answered;
                theirs.was_programmed += programs.min(answered);
                theirs.reports_received += reports;
            }
        }
        self.from = vec![Vec::new(); self.assets.len()];
        self.to = vec![Vec::new(); self.assets.len()];
        for (number, ((from, to, _), (edge, effects))) in edges.into_iter().enumerate() {
            self.ends.push((from, to.ok()));
            self.from[from].push(number);
            if let Ok(to) = to {
                self.to[to].push(number);
            }
            self.edges.push(edge);
            self.effects.push(effects);
        }
    }

    /// Services offered and used, with their partners.
    fn services(&mut self, inventory: &Inventory, groups: &[Machine]) {
        // Partners of a service: by machine, protocol and port.
        let mut users: BTreeMap<(usize, u16, u16), BTreeSet<usize>> = BTreeMap::new();
        for ((from, to, protocol), entry) in inventory.edges.sorted() {
            let (Some(from), Some(to)) = (self.of_node[*from as usize], self.of_node[*to as usize]) else { continue };
            if entry.conversations > 0 {
                for port in &entry.ports {
                    users.entry((to, *protocol, *port)).or_default().insert(from);
                }
            }
        }
        for (number, group) in groups.iter().enumerate() {
            let mut offered: BTreeMap<(u16, u16, String), Service> = BTreeMap::new();
            for entry in group.nodes.iter().flat_map(|node| &inventory.nodes[*node as usize].services) {
                let transport = entry.transport.to_string();
                let service =
                    offered.entry((entry.port, entry.protocol, transport.clone())).or_insert_with(|| Service {
                        protocol: Text::from(inventory.protocol_name(entry.protocol)),
                        is_guess: entry.is_guess,
                        transport: Text::from(transport),
                        port: (entry.port != 0).then_some(entry.port),
                        partners: Vec::new(),
                        partner_count: 0,
                        conversations: 0,
                        first: entry.first,
                        last: entry.last,
                    });
                service.is_guess &= entry.is_guess;
                service.conversations += entry.conversations;
                service.first = service.first.min(entry.first);
                service.last = service.last.max(entry.last);
                if let Some(partners) = users.get(&(number, entry.protocol, entry.port)) {
                    service.partner_count = partners.len() as u32;
                    service.partners = partners
                        .iter()
                        .take(limits::PARTNERS_SHOWN_MAX)
                        .map(|user| self.assets[*user].id.clone())
                        .collect();
                }
            }
            let services = one_per_port(offered.into_values().collect());
            for service in &services {
                let key = (number, inventory.protocol_id(&service.protocol).unwrap_or(0), service.port.unwrap_or(0));
                for user in users.get(&key).into_iter().flatten() {
                    let used = &mut self.assets[*user].uses;
                    let same = used.iter().position(|known| is_same_service(known, service));
                    if let Some(position) = same {
                        let known = &mut used[position];
                        known.partner_count += 1;
                        known.first = known.first.min(service.first);
                        known.last = known.last.max(service.last);
                    } else if used.len() < limits::SERVICES_PER_NODE_MAX {
                        used.push(Service { partner_count: 1, partners: Vec::new(), ..service.clone() });
                    }
                }
            }
            self.assets[number].services = services;
        }
        // Whom each used service was used of.
        let servers: Vec<(Text, Vec<Service>)> =
            self.assets.iter().map(|asset| (asset.id.clone(), asset.services.clone())).collect();
        for (server, services) in &servers {
            for service in services {
                for user in &service.partners {
                    let Some(number) = self.by_id.get(user) else { continue };
                    let used = self.assets[*number].uses.iter_mut().find(|known| is_same_service(known, service));
                    if let Some(used) = used
                        && used.partners.len() < limits::PARTNERS_SHOWN_MAX
                    {
                        used.partners.push(server.clone());
                    }
                }
            }
        }
    }

    fn profile(&self, number: usize, group: &Machine) -> Profile {
        let asset = &self.assets[number];
        let mut behind: BTreeMap<Text, u32> = BTreeMap::new();
        for part in asset.behind.iter().filter(|part| part.has_answered) {
            *behind.entry(part.protocol.clone()).or_default() += 1;
        }
        let of_parts = asset.modules.iter().flat_map(|part| &part.attributes);
        let words = asset
            .attributes
            .iter()
            .chain(of_parts)
            .flat_map(|attribute| attribute.claims.iter().take(4).map(move |claim| (attribute.key, claim)))
            .map(|(key, claim)| (key, claim.value.as_str().to_lowercase(), claim.protocol.clone(), claim.confidence))
            .collect();
        Profile {
            words,
            makers: asset.interfaces.iter().filter_map(|interface| interface.maker.clone()).collect(),
            offers: asset
                .services
                .iter()
                .map(|service| (service.protocol.clone(), service.port.unwrap_or(0), service.partner_count))
                .collect(),
            deeds: self.deeds[number].clone(),
            behind,
            is_router: group.is_router,
            fronts: group.fronts.len(),
            is_external: asset.is_external,
        }
    }

    fn count_protocols(&mut self, inventory: &Inventory) {
        let mut speakers: BTreeMap<Text, BTreeSet<Text>> = BTreeMap::new();
        for edge in &self.edges {
            let speakers = speakers.entry(edge.protocol.clone()).or_default();
            speakers.insert(edge.from.clone());
            if !edge.is_group {
                speakers.insert(edge.to.clone());
            }
        }
        self.protocols = inventory.protocol_uses();
        for protocol in &mut self.protocols {
            protocol.machines = speakers.get(&protocol.protocol).map_or(0, |set| set.len() as u32);
        }
        self.protocols.sort_by(|a, b| {
            (b.messages, b.acts, b.packets, &a.protocol).cmp(&(a.messages, a.acts, a.packets, &b.protocol))
        });
    }

    fn count_networks(&mut self) {
        let mut networks: BTreeMap<IpAddr, Network> = BTreeMap::new();
        for asset in &self.assets {
            let is_controller = asset.roles.first().is_some_and(|claim| claim.role.is_controller());
            let subnets: BTreeSet<IpAddr> = asset
                .interfaces
                .iter()
                .flat_map(|interface| &interface.ips)
                .filter(|ip| !address::is_link_local(**ip))
                .map(|ip| address::subnet(*ip))
                .collect();
            // A public address is not shown with its subnet: the Internet would fill the list.
            for subnet in subnets {
                let is_external = address::is_public(subnet) && asset.is_external;
                let network = networks.entry(subnet).or_insert_with(|| Network {
                    prefix: Text::from(address::subnet_text(subnet)),
                    vlans: Vec::new(),
                    machines: 0,
                    controllers: 0,
                    is_remote: true,
                    is_external,
                });
                network.machines += 1;
                network.controllers += u32::from(is_controller);
                network.is_remote &= asset.is_remote;
                network.is_external &= is_external;
                for vlan in asset.interfaces.iter().flat_map(|interface| &interface.vlans) {
                    if !network.vlans.contains(vlan) && network.vlans.len() < limits::VLANS_PER_NODE_MAX {
                        network.vlans.push(*vlan);
                    }
                }
                network.vlans.sort_unstable();
            }
        }
        self.networks = networks.into_values().collect();
    }
}

/// Protocols that others are carried by, on the same port.
fn is_carrier_of(carrier: &str, carried: &str) -> bool {
    match carrier {
        "" => true,
        "enip" => matches!(carried, "cip" | "pccc" | "cip-io"),
        "cotp" => matches!(carried, "s7comm" | "s7comm-plus" | "mms"),
        "modbus" => carried == "umas",
        _ => false,
    }
}

/// One door is one service: of several names for what answers on a port, the deepest that was recognised.
fn one_per_port(mut services: Vec<Service>) -> Vec<Service> {
    let mut kept: Vec<Service> = Vec::new();
    // What was recognised before what was guessed, what is carried before its carrier.
    services.sort_by_key(|service| {
        (
            service.is_guess || service.protocol.is_empty(),
            service.protocol == "modbus",
            matches!(service.protocol.as_str(), "enip" | "cotp"),
        )
    });
    for service in services {
        let same_port = |known: &&mut Service| {
            known.port == service.port
                && known.transport == service.transport
                && (service.is_guess || is_carrier_of(&service.protocol, &known.protocol))
        };
        match kept.iter_mut().find(same_port).filter(|_| service.port.is_some()) {
            Some(known) => {
                known.conversations += service.conversations;
                known.first = known.first.min(service.first);
                known.last = known.last.max(service.last);
                for partner in service.partners {
                    if !known.partners.contains(&partner) && known.partners.len() < limits::PARTNERS_SHOWN_MAX {
                        known.partners.push(partner);
                    }
                }
                known.partner_count = known.partner_count.max(service.partner_count).max(known.partners.len() as u32);
                known.partners.sort_unstable();
            }
            None => kept.push(service),
        }
    }
    kept.sort_by(|a, b| (a.port, &a.protocol, &a.transport).cmp(&(b.port, &b.protocol, &b.transport)));
    kept
}

fn is_same_service(a: &Service, b: &Service) -> bool {
    a.protocol == b.protocol && a.port == b.port && a.transport == b.transport
}

/// Everything of a machine that needs no other machine.
fn skeleton(inventory: &Inventory, group: &Machine, behind: &BTreeMap<NodeId, Vec<(&Behind, &PartEntry)>>) -> Asset {
    let nodes: Vec<_> = group.nodes.iter().map(|id| &inventory.nodes[*id as usize]).collect();
    let name_of = |protocol| Text::from(inventory.protocol_name(protocol));
    let attributes = claims::attributes(nodes.iter().flat_map(|node| &node.claims), &name_of);
    let interfaces = interfaces(inventory, group);
    let values = |key: FactKey| {
        let mut values: Vec<Text> = attributes
            .iter()
            .filter(|attribute| attribute.key == key)
            .flat_map(|attribute| attribute.claims.iter().map(|claim| claim.value.clone()))
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let mut names: Vec<Text> = Vec::new();
    for key in [FactKey::Hostname, FactKey::StationName] {
        for attribute in attributes.iter().filter(|attribute| attribute.key == key) {
            for claim in &attribute.claims {
                if !claim.value.is_empty() && !names.iter().any(|name| name.eq_ignore_ascii_case(&claim.value)) {
                    names.push(claim.value.clone());
                }
            }
        }
    }
    let first_ip = interfaces.iter().flat_map(|interface| &interface.ips).min().copied();
    let first_mac = interfaces.iter().filter_map(|interface| interface.mac).min_by_key(|mac| (mac.is_local(), *mac));
    let id = match (first_mac, first_ip) {
        (Some(mac), _) => Text::from(format!("mac-{}", mac.to_string().replace(':', ""))),
        (None, Some(ip)) => Text::from(format!("ip-{ip}")),
        (None, None) => Text::from("unknown"),
    };
    let best = |key: FactKey| attributes.iter().find(|a| a.key == key).map(|a| a.value.clone());
    let address = || match (first_ip, first_mac) {
        (Some(ip), _) => Text::from(ip.to_string()),
        (None, Some(mac)) => Text::from(mac.to_string()),
        (None, None) => Text::from("?"),
    };
    let os = match (best(FactKey::Os), best(FactKey::OsVersion)) {
        (Some(os), Some(version)) if !os.contains(version.as_str()) => Some(Text::from(format!("{os} {version}"))),
        (os, version) => os.or(version),
    };
    let (mut modules, mut others) = (Vec::new(), Vec::new());
    for part in parts(inventory, &group.nodes, behind) {
        let is_module = matches!(part.behind, Behind::Slot { .. })
            || part.attributes.iter().any(|attribute| attribute.key == FactKey::Module);
        if is_module { modules.push(part) } else { others.push(part) }
    }
    let mut credentials = values(FactKey::Credential);
    credentials.extend(values(FactKey::DefaultCredential));
    Asset {
        id,
        name: names.first().cloned().unwrap_or_else(address),
        names,
        users: values(FactKey::User),
        credentials,
        os,
        is_remote: group.is_remote,
        is_external: first_ip.is_some_and(address::is_public) && group.macs.is_empty(),
        is_hearsay: !nodes.iter().any(|node| node.has_spoken) && !group.is_router,
        first: nodes.iter().map(|node| node.first).min().or(inventory.first).unwrap_or_default(),
        last: nodes.iter().map(|node| node.last).max().or(inventory.last).unwrap_or_default(),
        packets_sent: nodes.iter().map(|node| node.packets_sent).sum(),
        packets_received: nodes.iter().map(|node| node.packets_received).sum(),
        bytes_sent: nodes.iter().map(|node| node.bytes_sent).sum(),
        bytes_received: nodes.iter().map(|node| node.bytes_received).sum(),
        acts_asked: nodes.iter().map(|node| node.acts_asked).sum(),
        acts_received: nodes.iter().map(|node| node.acts_received).sum(),
        attributes,
        interfaces,
        modules,
        behind: others,
        services: Vec::new(),
        uses: Vec::new(),
        roles: Vec::new(),
        purdue: Level { level: Purdue::Unknown, reasons: Vec::new() },
        criticality: Criticality { importance: Importance::Low, reasons: Vec::new() },
        fields: Vec::new(),
        known: 0,
    }
}

fn interfaces(inventory: &Inventory, group: &Machine) -> Vec<Interface> {
    let vlans_of = |wanted: &dyn Fn(&super::Node) -> bool| {
        let mut vlans: Vec<u16> = group
            .nodes
            .iter()
            .map(|id| &inventory.nodes[*id as usize])
            .filter(|node| wanted(node))
            .flat_map(|node| node.vlans.iter().copied())
            .collect();
        vlans.sort_unstable();
        vlans.dedup();
        vlans
    };
    let mut interfaces: Vec<Interface> = group
        .macs
        .iter()
        .map(|(mac, ips)| Interface {
            mac: Some(*mac),
            maker: oui::maker(*mac).map(Text::from),
            ips: ips.clone(),
            vlans: vlans_of(&|node| node.key == Key::Mac(*mac) || node.ip().is_some_and(|ip| ips.contains(&ip))),
        })
        .collect();
    let placed: BTreeSet<IpAddr> = group.macs.iter().flat_map(|(_, ips)| ips).copied().collect();
    let mut loose: Vec<IpAddr> = group
        .nodes
        .iter()
        .filter_map(|id| inventory.nodes[*id as usize].ip())
        .filter(|ip| !placed.contains(ip))
        .collect();
    loose.sort_unstable();
    if !loose.is_empty() {
        let vlans = vlans_of(&|node| node.ip().is_some_and(|ip| loose.contains(&ip)));
        interfaces.push(Interface { mac: None, maker: None, ips: loose, vlans });
    }
    interfaces
}

/// What is behind the addresses, in order.
fn parts(inventory: &Inventory, nodes: &[NodeId], behind: &BTreeMap<NodeId, Vec<(&Behind, &PartEntry)>>) -> Vec<Part> {
    let name_of = |protocol| Text::from(inventory.protocol_name(protocol));
    let mut mine: Vec<(&Behind, &PartEntry)> =
        nodes.iter().filter_map(|node| behind.get(node)).flatten().copied().collect();
    mine.sort_by_key(|(place, entry)| (*place, entry.protocol, entry.first));
    let mut parts: Vec<Part> = mine
        .into_iter()
        .map(|(behind, entry)| Part {
            behind: behind.clone(),
            protocol: name_of(entry.protocol),
            attributes: claims::attributes(entry.claims.iter(), &name_of),
            acts: entry.acts,
            changes: entry.changes,
            has_answered: entry.has_answered,
            first: entry.first,
            last: entry.last,
        })
        .collect();
    parts.dedup_by(|a, b| {
        let is_same = a.behind == b.behind && a.protocol == b.protocol;
        if is_same {
            b.acts += a.acts;
            b.changes += a.changes;
            b.has_answered |= a.has_answered;
            b.first = b.first.min(a.first);
            b.last = b.last.max(a.last);
        }
        is_same
    });
    parts
}

/// The addresses that were called in vain and are no machines.
pub(crate) fn unanswered(inventory: &Inventory) -> Unanswered {
    let silent: Vec<Key> = inventory
        .unanswered
        .sorted()
        .into_iter()
        .map(|(key, _)| *key)
        .filter(|key| inventory.find(&key.address()).is_none())
        .collect();
    Unanswered {
        addresses: silent.len() as u64,
        is_bounded: inventory.unanswered.turned_away > 0,
        examples: silent.iter().take(limits::UNANSWERED_EXAMPLES_MAX).map(|key| Text::from(key.to_string())).collect(),
    }
}

/// The role believed of a machine.
pub(crate) fn role(asset: &Asset) -> Role {
    asset.roles.first().map_or(Role::Unknown, |claim| claim.role)
}
