//! Which addresses are one machine, and which hardware address is only the router in front of others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{Confidence, FactKey, Mac};

use super::{Inventory, Key, MacUse, Node, NodeId, address};

/// Addresses in one subnet behind one hardware address, without any binding, from which on it is taken for a router.
const FRONTED_IPS_MIN: usize = 4;

/// Subnets in which one machine may have had addresses, one after the other.
const ADDRESSES_IN_TURN_MAX: usize = 16;

/// Machines with the same serial number up to which they are taken for one: above it is a value from a template.
const SAME_SERIAL_MAX: usize = 8;

/// One machine: its addresses and interfaces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    /// Its addresses in the inventory, in order.
    pub(crate) nodes: Vec<NodeId>,
    /// Its hardware addresses with the IP addresses on each, in order.
    pub(crate) macs: Vec<(Mac, Vec<IpAddr>)>,
    /// Addresses that others have behind it, in order; bounded by the inventory.
    pub(crate) fronts: Vec<NodeId>,
    /// Whether it forwards for others.
    pub(crate) is_router: bool,
    /// Whether its hardware address is out of sight.
    pub(crate) is_remote: bool,
}

/// What is known of one hardware address.
#[derive(Default)]
struct Seen {
    /// Addresses whose packets had it, and how often and when; in order of the addresses.
    ips: Vec<(NodeId, MacUse)>,
    /// Addresses that ARP or a device's own word binds to it; in order.
    bound: Vec<NodeId>,
    says_router: bool,
}

impl Seen {
    /// How often packets of `node` had this hardware address.
    fn weight(&self, node: NodeId) -> u64 {
        self.used(node).map_or(0, |used| used.count)
    }

    /// How packets of `node` had this hardware address.
    fn used(&self, node: NodeId) -> Option<&MacUse> {
        self.ips.binary_search_by_key(&node, |ip| ip.0).ok().map(|position| &self.ips[position].1)
    }

    fn is_bound(&self, node: NodeId) -> bool {
        self.bound.binary_search(&node).is_ok()
    }
}

/// Protocols whose word binds an IP address to a hardware address.
fn binds(protocol: &str) -> bool {
    matches!(
        protocol,
        "arp"
            | "ndp"
            | "icmpv6"
            | "icmp"
            | "lldp"
            | "cdp"
            | "profinet-dcp"
            | "profinet-cm"
            | "dhcp"
            | "nbns"
            | "snmp"
            | "enip"
            | "cip"
    )
}

/// Whether the address counts as a machine, or as part of one.
fn is_machine(node: &Node, inventory: &Inventory) -> bool {
    if node.is_group {
        return false;
    }
    if node.has_spoken || node.packets_received > 0 || node.acts_received > 0 {
        return true;
    }
    // Only spoken of. Names that were looked up are no machines; neighbours and stations that were announced are.
    node.ip().is_none_or(|ip| !address::is_public(ip))
        && node.claims.iter().any(|claim| {
            claim.confidence > Confidence::Guess
                && !matches!(
                    inventory.protocol_name(claim.protocol),
                    "dns" | "mdns" | "llmnr" | "nbns" | "ssdp" | "http" | "tls" | "ntp"
                )
        })
}

/// Groups the addresses into machines, in the order of their smallest address.
pub(crate) fn machines(inventory: &Inventory) -> Vec<Machine> {
    let nodes = &inventory.nodes;
    let live: Vec<bool> = nodes.iter().map(|node| is_machine(node, inventory)).collect();
    let seen = hardware(inventory, &live);
    let has_private = nodes.iter().zip(&live).any(|(node, live)| {
        *live && node.ip().is_some_and(|ip| ip.is_ipv4() && !address::is_public(ip) && !address::is_link_local(ip))
    });

    let owner = owners(&seen);
    let numbering = numbering(&seen, nodes);

    let mac_numbers: BTreeMap<Mac, usize> = seen.keys().enumerate().map(|(n, mac)| (*mac, nodes.len() + n)).collect();
    let mut union = Union::new(nodes.len() + seen.len());
    let mut is_router = vec![false; nodes.len() + seen.len()];
    let mut fronted: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
    let mut claimed_by: BTreeMap<NodeId, (u64, Mac)> = BTreeMap::new();
    let mut routed: Vec<bool> = vec![false; nodes.len()];

    for (mac, entry) in &seen {
        let number = mac_numbers[mac];
        if let Some(node) = inventory.find(&Key::Mac(*mac).address()) {
            union.join(number, node as usize);
        }
        let (own, behind) = split(*mac, &seen, nodes, &owner, has_private, &numbering);
        is_router[number] = entry.says_router || address::is_virtual_router(*mac) || !behind.is_empty();
        for node in own {
            let weight = entry.weight(node);
            let is_owner = owner.get(&node).is_some_and(|owner| *owner == *mac);
            let weight = weight.saturating_add(if entry.is_bound(node) { 1 << 60 } else { 0 });
            let weight = weight.saturating_add(if is_owner { 1 << 61 } else { 0 });
            let best = claimed_by.entry(node).or_insert((weight, *mac));
            if weight > best.0 {
                *best = (weight, *mac);
            }
        }
        for node in &behind {
            routed[*node as usize] = true;
        }
        fronted.insert(number, behind);
    }
    for (node, (_, mac)) in &claimed_by {
        union.join(*node as usize, mac_numbers[mac]);
        routed[*node as usize] = false;
    }
    join_by_word(inventory, &live, &mac_numbers, &mut union);

    collect(inventory, &live, &seen, &claimed_by, &mac_numbers, &is_router, &fronted, &routed, &mut union)
}

/// Of each address bound to several hardware addresses, whose it is: of the one that contests the fewest addresses, then
/// of the one used most. Who answers ARP for several machines that answer for themselves too stands in the middle.
fn owners(seen: &BTreeMap<Mac, Seen>) -> BTreeMap<NodeId, Mac> {
    let mut claims: BTreeMap<NodeId, Vec<Mac>> = BTreeMap::new();
    for (mac, entry) in seen {
        for node in &entry.bound {
            claims.entry(*node).or_default().push(*mac);
        }
    }
    let mut contested: BTreeMap<Mac, u32> = BTreeMap::new();
    for macs in claims.values().filter(|macs| macs.len() > 1) {
        macs.iter().for_each(|mac| *contested.entry(*mac).or_default() += 1);
    }
    let rank = |node: NodeId, mac: &Mac| {
        let weight = seen.get(mac).map_or(0, |entry| entry.weight(node));
        (contested.get(mac).copied().unwrap_or(0), std::cmp::Reverse(weight), *mac)
    };
    claims
        .into_iter()
        .filter_map(|(node, macs)| macs.into_iter().min_by_key(|mac| rank(node, mac)).map(|mac| (node, mac)))
        .collect()
}

/// Everything known of each hardware address.
fn hardware(inventory: &Inventory, live: &[bool]) -> BTreeMap<Mac, Seen> {
    let mut seen: BTreeMap<Mac, Seen> = BTreeMap::new();
    for (number, node) in inventory.nodes.iter().enumerate().filter(|(number, _)| live[*number]) {
        let id = number as NodeId;
        if let Key::Mac(mac) = node.key {
            seen.entry(mac).or_default();
        } else {
            for used in &node.macs {
                seen.entry(used.mac).or_default().ips.push((id, *used));
            }
        }
        for claim in node.claims.iter().filter(|claim| claim.confidence > Confidence::Guess) {
            let protocol = inventory.protocol_name(claim.protocol);
            match (claim.key, node.key) {
                (FactKey::Mac, Key::Ip(_)) if binds(protocol) => {
                    if let Some(mac) = Mac::parse(&claim.value).filter(|mac| !mac.is_group() && *mac != Mac([0; 6])) {
                        seen.entry(mac).or_default().bound.push(id);
                    }
                }
                (FactKey::Ip, Key::Mac(mac)) if binds(protocol) => {
                    let ip = claim.value.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified());
                    if let Some(id) = ip.and_then(|ip| inventory.find(&Key::Ip(ip).address()))
                        && live[id as usize]
                    {
                        seen.entry(mac).or_default().bound.push(id);
                    }
                }
                (FactKey::Router, Key::Mac(mac)) => seen.entry(mac).or_default().says_router = true,
                (FactKey::Router, Key::Ip(_)) => {
                    if let [used] = node.macs.as_slice() {
                        seen.entry(used.mac).or_default().says_router = true;
                    }
                }
                _ => {}
            }
        }
    }
    for entry in seen.values_mut() {
        entry.bound.sort_unstable();
        entry.bound.dedup();
    }
    seen
}

/// The addresses that are the interface's own, and those behind it.
fn split(
    mac: Mac,
    seen: &BTreeMap<Mac, Seen>,
    nodes: &[Node],
    owner: &BTreeMap<NodeId, Mac>,
    has_private: bool,
    numbering: &BTreeSet<IpAddr>,
) -> (Vec<NodeId>, Vec<NodeId>) {
    let entry = &seen[&mac];
    let ip_of = |id: NodeId| nodes[id as usize].ip();
    let mut own = entry.bound.clone();
    let mut behind = Vec::new();
    let mut open = Vec::new();
    for (id, used) in &entry.ips {
        let Some(ip) = ip_of(*id) else { continue };
        match owner.get(id) {
            // It belongs to another interface: this one forwards it, stands in the middle, or the mirror shows the
            // packet on both sides.
            Some(other) if *other != mac => {
                own.retain(|known| known != id);
                // At another time it was another machine's address, here or in another plant.
                let is_at_once =
                    seen.get(other).and_then(|owner| owner.used(*id)).is_some_and(|owner| owner.is_at_once(used));
                if !entry.is_bound(*id) && is_at_once {
                    behind.push(*id);
                }
            }
            _ if entry.is_bound(*id) => {}
            _ if address::is_link_local(ip) => own.push(*id),
            _ => open.push((*id, ip, *used)),
        }
    }
    if entry.bound.is_empty() && behind.is_empty() {
        let subnets = |is_v4: bool| {
            let mut subnets: Vec<IpAddr> =
                open.iter().filter(|(_, ip, _)| ip.is_ipv4() == is_v4).map(|(_, ip, _)| address::subnet(*ip)).collect();
            subnets.sort_unstable();
            subnets.dedup();
            subnets
        };
        let (v4, v6) = (subnets(true), subnets(false));
        let is_outside = has_private
            && open.iter().any(|(_, ip, _)| {
                ip.is_ipv4() && address::is_public(*ip) && !numbering.contains(&address::subnet(*ip))
            });
        let is_many = open.iter().filter(|(_, ip, _)| ip.is_ipv4()).count() >= FRONTED_IPS_MIN;
        // Without a binding, one or a few addresses of one subnet are the machine's own; all else speaks for a router.
        let is_own = v4.len() <= 1 && v6.len() <= 2 && !is_outside && !is_many && !address::is_virtual_router(mac);
        // One address after the other is a machine that was given a new one, or another capture of another place.
        let is_own = is_own || (!is_outside && !address::is_virtual_router(mac) && is_one_at_a_time(&open));
        let target = if is_own { &mut own } else { &mut behind };
        target.extend(open.iter().map(|(id, ..)| *id));
    } else {
        // What shares a subnet with an address that is certainly its own is a further address of it, unless that subnet
        // is crowded behind it; everything else is behind.
        let at_home: BTreeSet<IpAddr> = own.iter().filter_map(|id| ip_of(*id)).map(address::subnet).collect();
        let has_v6 = at_home.iter().any(|ip| ip.is_ipv6());
        let crowd = open.iter().filter(|(_, ip, _)| at_home.contains(&address::subnet(*ip))).count();
        let is_moved = behind.is_empty()
            && is_one_at_a_time(
                &entry.ips.iter().filter_map(|(id, used)| Some((*id, ip_of(*id)?, *used))).collect::<Vec<_>>(),
            );
        let v6_count = open.iter().filter(|(_, ip, _)| ip.is_ipv6()).count();
        for (id, ip, _) in open {
            let is_home = at_home.contains(&address::subnet(ip)) && crowd < FRONTED_IPS_MIN;
            let is_first_v6 = ip.is_ipv6() && !has_v6 && v6_count <= 2 && behind.is_empty();
            if is_home || is_first_v6 || is_moved { own.push(id) } else { behind.push(id) }
        }
    }
    own.sort_unstable();
    own.dedup();
    behind.sort_unstable();
    (own, behind)
}

/// Whether no two addresses of the same family and of different subnets were used at the same time.
fn is_one_at_a_time(open: &[(NodeId, IpAddr, MacUse)]) -> bool {
    let mut subnets: BTreeMap<IpAddr, MacUse> = BTreeMap::new();
    for (_, ip, used) in open.iter().filter(|(_, ip, _)| !address::is_link_local(*ip)) {
        let subnet = subnets.entry(address::subnet(*ip)).or_insert(*used);
        subnet.first = subnet.first.min(used.first);
        subnet.last = subnet.last.max(used.last);
        subnet.hours |= used.hours;
    }
    // Behind a router there are soon hundreds; nobody has that many addresses one after the other.
    let subnets: Vec<(IpAddr, MacUse)> = subnets.into_iter().take(ADDRESSES_IN_TURN_MAX + 1).collect();
    subnets.len() <= ADDRESSES_IN_TURN_MAX
        && subnets.iter().enumerate().all(|(number, (ip, used))| {
            let others = &subnets[number + 1..];
            others.iter().all(|(other, later)| ip.is_ipv4() != other.is_ipv4() || !used.is_at_once(later))
        })
}

/// Public subnets of which several hardware addresses carry one address or a few each, and nothing else: the numbering of
/// this link. The Internet stands behind one hardware address.
fn numbering(seen: &BTreeMap<Mac, Seen>, nodes: &[Node]) -> BTreeSet<IpAddr> {
    let mut carriers: BTreeMap<IpAddr, u32> = BTreeMap::new();
    for (mac, entry) in seen {
        let mut subnets: Vec<IpAddr> = entry
            .ips
            .iter()
            .filter_map(|(id, _)| nodes[*id as usize].ip())
            .filter(|ip| ip.is_ipv4())
            .map(address::subnet)
            .collect();
        let is_few = subnets.len() < FRONTED_IPS_MIN;
        subnets.dedup();
        if let ([subnet], true, false) = (subnets.as_slice(), is_few, address::is_virtual_router(*mac))
            && address::is_public(*subnet)
        {
            *carriers.entry(*subnet).or_default() += 1;
        }
    }
    carriers.into_iter().filter(|(_, count)| *count >= 2).map(|(subnet, _)| subnet).collect()
}

/// Joins what devices say is one: a second hardware address, the same serial number, the same name on the same link.
fn join_by_word(inventory: &Inventory, live: &[bool], mac_numbers: &BTreeMap<Mac, usize>, union: &mut Union) {
    let mut serials: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    let mut stations: BTreeMap<(String, [u8; 3]), Vec<usize>> = BTreeMap::new();
    for (number, node) in inventory.nodes.iter().enumerate().filter(|(number, _)| live[*number]) {
        let best = |key: FactKey| {
            node.claims
                .iter()
                .filter(|claim| claim.key == key && claim.confidence > Confidence::Guess)
                .max_by_key(|claim| (claim.confidence, claim.last))
                .map(|claim| claim.value.trim().to_lowercase())
        };
        for claim in node.claims.iter().filter(|claim| claim.key == FactKey::Mac) {
            let is_own_word =
                matches!(inventory.protocol_name(claim.protocol), "lldp" | "profinet-cm" | "profinet-dcp" | "snmp");
            if let (true, Key::Mac(_), Some(other)) = (is_own_word, node.key, Mac::parse(&claim.value))
                && let Some(other) = mac_numbers.get(&other)
            {
                union.join(number, *other);
            }
        }
        if let Some(serial) = best(FactKey::Serial).filter(|serial| is_telling(serial)) {
            let maker = best(FactKey::Vendor).or_else(|| best(FactKey::Model)).unwrap_or_default();
            serials.entry((maker, serial)).or_default().push(number);
        }
        if let Key::Mac(mac) = node.key
            && let Some(name) =
                best(FactKey::StationName).or_else(|| best(FactKey::Hostname)).filter(|name| !name.is_empty())
        {
            let [a, b, c, ..] = mac.0;
            stations.entry((name, [a, b, c])).or_default().push(number);
        }
    }
    for numbers in serials.values().chain(stations.values()).filter(|numbers| numbers.len() <= SAME_SERIAL_MAX) {
        for pair in numbers.windows(2) {
            union.join(pair[0], pair[1]);
        }
    }
}

/// Whether a serial number can tell machines apart.
fn is_telling(serial: &str) -> bool {
    let mut characters = serial.chars().filter(char::is_ascii_alphanumeric);
    let Some(first) = characters.next() else { return false };
    serial.len() >= 5 && characters.any(|c| c != first) && !serial.contains("123456") && serial != "0x00000000"
}

fn collect(
    inventory: &Inventory,
    live: &[bool],
    seen: &BTreeMap<Mac, Seen>,
    claimed_by: &BTreeMap<NodeId, (u64, Mac)>,
    mac_numbers: &BTreeMap<Mac, usize>,
    is_router: &[bool],
    fronted: &BTreeMap<usize, Vec<NodeId>>,
    routed: &[bool],
    union: &mut Union,
) -> Vec<Machine> {
    let mut ips_of: BTreeMap<Mac, Vec<IpAddr>> = BTreeMap::new();
    for (node, (_, mac)) in claimed_by {
        ips_of.entry(*mac).or_default().extend(inventory.nodes[*node as usize].ip());
    }
    let mut by_root: BTreeMap<usize, Machine> = BTreeMap::new();
    for number in (0..inventory.nodes.len()).filter(|number| live[*number]) {
        let machine = by_root.entry(union.root(number)).or_default();
        machine.nodes.push(number as NodeId);
    }
    let mut ips_of: BTreeMap<Mac, Vec<IpAddr>> = BTreeMap::new();
    for (node, (_, mac)) in claimed_by {
        ips_of.entry(*mac).or_default().extend(inventory.nodes[*node as usize].ip());
    }
    for mac in seen.keys() {
        let number = mac_numbers[mac];
        let root = union.root(number);
        if !by_root.contains_key(&root) && !is_router[number] {
            continue;
        }
        let machine = by_root.entry(root).or_default();
        machine.is_router |= is_router[number];
        machine.fronts.extend(fronted.get(&number).into_iter().flatten());
        let mut ips = ips_of.remove(mac).unwrap_or_default();
        ips.sort_unstable();
        machine.macs.push((*mac, ips));
    }
    let mut machines: Vec<Machine> = by_root.into_values().collect();
    for machine in &mut machines {
        machine.fronts.sort_unstable();
        machine.fronts.dedup();
        machine.fronts.retain(|id| machine.nodes.binary_search(id).is_err());
        machine.is_remote = machine.macs.is_empty() && machine.nodes.iter().any(|id| routed[*id as usize]);
    }
    machines.sort_by_cached_key(|machine| {
        let ip = machine.nodes.iter().filter_map(|id| inventory.nodes[*id as usize].ip()).min();
        (ip.is_none(), ip, machine.macs.first().map(|mac| mac.0), machine.nodes.first().copied())
    });
    machines
}

/// Disjoint sets; the smallest member is the root, so the order of joining does not show.
struct Union {
    parents: Vec<usize>,
}

impl Union {
    fn new(count: usize) -> Union {
        Union { parents: (0..count).collect() }
    }

    fn root(&mut self, mut member: usize) -> usize {
        while self.parents[member] != member {
            self.parents[member] = self.parents[self.parents[member]];
            member = self.parents[member];
        }
        member
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}
