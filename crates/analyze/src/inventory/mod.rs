//! The inventory: what every record says of addresses, kept small; machines are made of it when judgement is asked for.

pub(crate) mod address;
pub(crate) mod assets;
mod claims;
pub(crate) mod fields;
pub(crate) mod kind;
mod levels;
pub(crate) mod machines;
pub(crate) mod roles;
mod words;

use std::borrow::Cow;

use model::borsh::{BorshDeserialize, BorshSerialize};
use model::{
    Act, Address, Behind, Conversation, Fact, Mac, Messages, Outcome, ProtocolUse, RecordCounts, Sample, State, Text,
    Time, Transport, Verb,
};
use smallvec::SmallVec;

use crate::limits;
use crate::snapshot::{read_small, write_small};
use crate::table::Bounded;
pub(crate) use address::Key;
pub(crate) use assets::Machines;
pub(crate) use claims::ClaimEntry;
use kind::Kind;

/// Number of an address in the inventory, in order of appearance.
pub(crate) type NodeId = u32;

/// Number of a protocol in the inventory, in order of appearance.
pub(crate) type ProtocolId = u16;

/// Verbs and how often.
pub(crate) type Verbs = SmallVec<[(Verb, u64); 2]>;

/// One address and what records said of it.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Node {
    pub(crate) key: Key,
    /// A multicast or broadcast address: no machine.
    pub(crate) is_group: bool,
    /// Whether it ever sent something.
    pub(crate) has_spoken: bool,
    /// Hardware addresses seen with it.
    #[borsh(serialize_with = "write_small", deserialize_with = "read_small")]
    pub(crate) macs: SmallVec<[MacUse; 1]>,
    #[borsh(serialize_with = "write_small", deserialize_with = "read_small")]
    pub(crate) vlans: SmallVec<[u16; 2]>,
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) acts_asked: u64,
    pub(crate) acts_received: u64,
    /// Whether it answered an industrial request or reported process values.
    pub(crate) serves_industry: bool,
    /// Whether it asked industrial requests.
    pub(crate) asks_industry: bool,
    pub(crate) claims: Vec<ClaimEntry>,
    /// Claims that found no place.
    pub(crate) claims_dropped: u64,
    pub(crate) services: Vec<ServiceEntry>,
    pub(crate) parts: u32,
}

/// A hardware address that an IP address was seen with.
#[derive(Clone, Copy, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct MacUse {
    pub(crate) mac: Mac,
    /// How often.
    pub(crate) count: u64,
    pub(crate) first: Time,
    pub(crate) last: Time,
    /// The hours of use, folded into 64 bits: without a bit in common two addresses were not used at the same time.
    pub(crate) hours: u64,
}

impl MacUse {
    fn new(mac: Mac, count: u64, first: Time, last: Time) -> MacUse {
        MacUse { mac, count, first, last, hours: hour(first) | hour(last) }
    }

    fn extend(&mut self, count: u64, first: Time, last: Time) {
        self.count += count;
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        self.hours |= hour(first) | hour(last);
    }

    /// Whether both may have been used at the same time.
    pub(crate) fn is_at_once(&self, other: &MacUse) -> bool {
        self.first <= other.last && other.first <= self.last && self.hours & other.hours != 0
    }
}

/// One of 64 bits for the hour of `at`.
fn hour(at: Time) -> u64 {
    let hour = (at.0 / 3_600_000_000_000) as u64;
    1 << (hour.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58)
}

/// A service that an address offers.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct ServiceEntry {
    pub(crate) protocol: ProtocolId,
    pub(crate) is_guess: bool,
    pub(crate) transport: Transport,
    pub(crate) port: u16,
    pub(crate) conversations: u64,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// What is behind an address.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct PartEntry {
    pub(crate) protocol: ProtocolId,
    pub(crate) claims: Vec<ClaimEntry>,
    pub(crate) acts: u64,
    pub(crate) changes: u64,
    pub(crate) has_answered: bool,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// What one address says to another by one protocol.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct EdgeEntry {
    pub(crate) is_guess: bool,
    #[borsh(serialize_with = "write_small", deserialize_with = "read_small")]
    pub(crate) ports: SmallVec<[u16; 2]>,
    #[borsh(serialize_with = "write_small", deserialize_with = "read_small")]
    pub(crate) verbs: Verbs,
    /// Of these, what was done or only told, where it changes something or takes out a program.
    #[borsh(serialize_with = "write_small", deserialize_with = "read_small")]
    pub(crate) effects: Verbs,
    pub(crate) acts: u64,
    pub(crate) refused: u64,
    pub(crate) unanswered: u64,
    pub(crate) conversations: u64,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) first: Time,
    pub(crate) last: Time,
}

/// Key of an edge: who, to whom, by what.
pub(crate) type EdgeKey = (NodeId, NodeId, ProtocolId);

/// How much a protocol was used.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct ProtocolEntry {
    pub(crate) id: Cow<'static, str>,
    #[borsh(skip)]
    pub(crate) traits: kind::Trait,
    pub(crate) acts: u64,
    pub(crate) messages: u64,
    pub(crate) conversations: u64,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) malformed: u64,
    #[borsh(serialize_with = "write_small", deserialize_with = "read_small")]
    pub(crate) verbs: Verbs,
    /// The messages that single acts stood for.
    shapes: Vec<Shape>,
}

/// The messages that one act with a code and an outcome stood for.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
struct Shape {
    kind: (u32, Outcome),
    messages: Messages,
}

/// Everything kept of the records.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
#[borsh(crate = "model::borsh")]
pub(crate) struct Inventory {
    ids: Bounded<Key, NodeId>,
    pub(crate) nodes: Vec<Node>,
    external: usize,
    pub(crate) edges: Bounded<EdgeKey, EdgeEntry>,
    pub(crate) parts: Bounded<(NodeId, Behind), PartEntry>,
    protocol_ids: Bounded<Cow<'static, str>, ProtocolId>,
    pub(crate) protocols: Vec<ProtocolEntry>,
    /// Addresses called in vain.
    pub(crate) unanswered: Bounded<Key, u64>,
    claims: usize,
    pub(crate) counts: RecordCounts,
    pub(crate) first: Option<Time>,
    pub(crate) last: Option<Time>,
}

impl Inventory {
    pub(crate) fn new() -> Inventory {
        Inventory {
            ids: Bounded::new(limits::NODES_MAX),
            nodes: Vec::new(),
            external: 0,
            edges: Bounded::new(limits::EDGES_MAX),
            parts: Bounded::new(limits::PARTS_MAX),
            protocol_ids: Bounded::new(limits::PROTOCOLS_MAX),
            protocols: Vec::new(),
            unanswered: Bounded::new(limits::UNANSWERED_MAX),
            claims: 0,
            counts: RecordCounts::default(),
            first: None,
            last: None,
        }
    }

    /// Puts back what is not kept because it follows from the rest.
    pub(crate) fn complete(&mut self) {
        for entry in &mut self.protocols {
            entry.traits = kind::of(&entry.id);
            // The names of the table live as long as the program: a copy of one costs nothing.
            if entry.traits.id == entry.id {
                entry.id = Cow::Borrowed(entry.traits.id);
            }
        }
    }

    /// Notes the time that a record covers.
    pub(crate) fn cover(&mut self, first: Time, last: Time) {
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.last = Some(self.last.map_or(last, |known| known.max(last)));
    }

    // A borrowed name stays borrowed where it is kept.
    #[allow(clippy::ptr_arg)]
    pub(crate) fn protocol(&mut self, id: &Cow<'static, str>) -> ProtocolId {
        if let Some(number) = self.protocol_ids.get(id) {
            return *number;
        }
        let number = self.protocols.len() as ProtocolId;
        match self.protocol_ids.entry(id.clone(), || number) {
            Some(number) => {
                let number = *number;
                self.protocols.push(ProtocolEntry {
                    id: id.clone(),
                    traits: kind::of(id),
                    acts: 0,
                    messages: 0,
                    conversations: 0,
                    packets: 0,
                    bytes: 0,
                    malformed: 0,
                    verbs: Verbs::new(),
                    shapes: Vec::new(),
                });
                number
            }
            // The table is full: the last protocol stands for the rest. Only invented ids can bring this about.
            None => number.saturating_sub(1),
        }
    }

    pub(crate) fn protocol_id(&self, id: &str) -> Option<ProtocolId> {
        self.protocols.iter().position(|entry| entry.id == id).map(|number| number as ProtocolId)
    }

    pub(crate) fn protocol_name(&self, number: ProtocolId) -> &str {
        self.protocols.get(usize::from(number)).map_or("", |entry| entry.id.as_ref())
    }

    /// The number of the address, where it is known.
    pub(crate) fn find(&self, address: &Address) -> Option<NodeId> {
        self.ids.get(&Key::of(address)?).copied()
    }

    pub(crate) fn node(&self, address: &Address) -> Option<&Node> {
        self.nodes.get(self.find(address)? as usize)
    }

    /// The number of the address, new where it must be; notes hardware address, VLAN and time.
    fn meet(&mut self, address: &Address, at: Time, last: Time, weight: u64) -> Option<NodeId> {
        let key = Key::of(address)?;
        let number = match self.ids.get(&key) {
            Some(number) => *number,
            None => {
                let is_external = matches!(key, Key::Ip(ip) if address::is_public(ip));
                if is_external && self.external >= limits::EXTERNAL_NODES_MAX {
                    self.ids.turned_away += 1;
                    return None;
                }
                let number = self.nodes.len() as NodeId;
                self.ids.entry(key, || number)?;
                self.external += usize::from(is_external);
                self.nodes.push(Node::new(key, key.is_group(address.mac), at));
                number
            }
        };
        let node = self.nodes.get_mut(number as usize)?;
        node.first = node.first.min(at);
        node.last = node.last.max(last);
        if let Some(mac) = address.mac.filter(|mac| !mac.is_group() && *mac != Mac([0; 6])) {
            if let Some(known) = node.macs.iter_mut().find(|known| known.mac == mac) {
                known.extend(weight, at, last);
            } else if node.macs.len() < limits::MACS_PER_IP_MAX {
                node.macs.push(MacUse::new(mac, weight, at, last));
            }
        }
        if let Some(vlan) = address.vlan
            && !node.vlans.contains(&vlan)
            && node.vlans.len() < limits::VLANS_PER_NODE_MAX
        {
            node.vlans.push(vlan);
        }
        Some(number)
    }

    /// Takes in an act; gives the number of its protocol.
    pub(crate) fn act(&mut self, act: &Act) -> ProtocolId {
        let count = act.repeats.count;
        let (first, last) = (act.repeats.first.min(act.at), act.repeats.last);
        self.counts.acts += count;
        self.cover(first, last);
        let protocol = self.protocol(&act.protocol);
        let entry = &mut self.protocols[usize::from(protocol)];
        entry.acts += count;
        add_verb(&mut entry.verbs, act.verb, count);
        self.messages(act, protocol);
        let entry = &self.protocols[usize::from(protocol)];
        let is_industrial = entry.traits.kind == Kind::Industrial;

        let from = self.meet(&act.from, first, last, count);
        if let Some(from) = from {
            let node = &mut self.nodes[from as usize];
            node.has_spoken = true;
            node.acts_asked += count;
            let reports = matches!(act.verb, Verb::Report | Verb::Alarm);
            node.serves_industry |= is_industrial && reports;
            node.asks_industry |= is_industrial && !reports && act.verb != Verb::Identify;
        }
        // Whoever answers exists. Of whoever was only told something we know by hearsay, unless it was a search.
        let has_answered = matches!(act.outcome, Outcome::Done | Outcome::Refused);
        let is_search = matches!(act.verb, Verb::Identify | Verb::Browse | Verb::Diagnose | Verb::Other);
        let to = match has_answered || (act.outcome == Outcome::Asked && !is_search) {
            true => self.meet(&act.to, first, last, count),
            false => self.find(&act.to),
        };
        let Some(to) = to else {
            if act.outcome == Outcome::NoAnswer {
                self.call_in_vain(&act.to, count);
            }
            return protocol;
        };
        let node = &mut self.nodes[to as usize];
        node.acts_received += count;
        node.has_spoken |= has_answered;
        node.serves_industry |= is_industrial && has_answered && act.verb != Verb::Report;
        if let Some(from) = from {
            let has_port = act.to.port;
            if let Some(edge) = self.edges.entry((from, to, protocol), || EdgeEntry::new(first)) {
                edge.acts += count;
                add_verb(&mut edge.verbs, act.verb, count);
                let is_effective = matches!(act.outcome, Outcome::Done | Outcome::Asked);
                if is_effective && (act.verb.is_change() || matches!(act.verb, Verb::Upload | Verb::Time)) {
                    add_verb(&mut edge.effects, act.verb, count);
                }
                match act.outcome {
                    Outcome::Refused => edge.refused += count,
                    Outcome::NoAnswer => edge.unanswered += count,
                    Outcome::Asked | Outcome::Done => {}
                }
                edge.cover(first, last, has_port);
            }
        }
        if !act.behind.is_nobody() {
            let is_told = matches!(act.verb, Verb::Report | Verb::Alarm) && !has_answered;
            let owner = if is_told { from } else { Some(to) };
            if let Some(part) = owner.and_then(|owner| self.part(owner, &act.behind, protocol, first)) {
                part.acts += count;
                part.changes += if act.verb.is_change() { count } else { 0 };
                part.has_answered |= has_answered || is_told;
                part.first = part.first.min(first);
                part.last = part.last.max(last);
            }
        }
        protocol
    }

    /// Counts the messages that an act stands for, those of its carriers too. Merged acts do not say them: each of them
    /// stands for what the first one of its kind stood for.
    fn messages(&mut self, act: &Act, protocol: ProtocolId) {
        let entry = &mut self.protocols[usize::from(protocol)];
        let kind = (act.code, act.outcome);
        let shape = entry.shapes.iter().position(|shape| shape.kind == kind);
        if act.repeats.count <= 1 {
            let own: u32 = act.messages.0.iter().filter(|m| m.protocol == act.protocol).map(|m| m.count).sum();
            entry.messages += u64::from(own);
            let is_carried = act.messages.0.len() > usize::from(own > 0);
            match shape {
                Some(shape) if entry.shapes[shape].messages == act.messages => {}
                Some(shape) => entry.shapes[shape].messages.clone_from(&act.messages),
                None if entry.shapes.len() < limits::MESSAGE_SHAPES_MAX => {
                    entry.shapes.push(Shape { kind, messages: act.messages.clone() });
                }
                None => {}
            }
            if is_carried {
                self.carriers(&act.messages, &act.protocol, 1);
            }
            return;
        }
        match shape.map(|shape| entry.shapes[shape].messages.clone()) {
            Some(messages) => {
                let own: u32 = messages.0.iter().filter(|m| m.protocol == act.protocol).map(|m| m.count).sum();
                entry.messages += u64::from(own) * act.repeats.count;
                self.carriers(&messages, &act.protocol, act.repeats.count);
            }
            // Nothing was seen alone: a request, and its answer where there was one.
            None => {
                let each = if matches!(act.outcome, Outcome::Done | Outcome::Refused) { 2 } else { 1 };
                entry.messages += each * act.repeats.count;
            }
        }
    }

    fn carriers(&mut self, messages: &Messages, own: &str, times: u64) {
        for message in messages.0.iter().filter(|message| message.protocol != own) {
            let carrier = self.protocol(&message.protocol);
            self.protocols[usize::from(carrier)].messages += u64::from(message.count) * times;
        }
    }

    fn part(&mut self, owner: NodeId, behind: &Behind, protocol: ProtocolId, at: Time) -> Option<&mut PartEntry> {
        let node = self.nodes.get_mut(owner as usize)?;
        let key = (owner, behind.clone());
        if self.parts.get(&key).is_none() {
            if node.parts as usize >= limits::PARTS_PER_NODE_MAX {
                self.parts.turned_away += 1;
                return None;
            }
            node.parts += 1;
        }
        self.parts.entry(key, || PartEntry {
            protocol,
            claims: Vec::new(),
            acts: 0,
            changes: 0,
            has_answered: false,
            first: at,
            last: at,
        })
    }

    fn call_in_vain(&mut self, address: &Address, count: u64) {
        if let Some(key) = Key::of(address)
            && !key.is_group(address.mac)
            && let Some(calls) = self.unanswered.entry(key, || 0)
        {
            *calls += count;
        }
    }

    pub(crate) fn conversation(&mut self, conversation: &Conversation) {
        if kind::is_reversed(conversation) {
            let turned = Conversation {
                from: conversation.to,
                to: conversation.from,
                sent: conversation.received,
                received: conversation.sent,
                ..conversation.clone()
            };
            self.directed(&turned);
        } else {
            self.directed(conversation);
        }
    }

    /// Takes in a conversation whose `to` is the server.
    fn directed(&mut self, conversation: &Conversation) {
        let (sent, received) = (&conversation.sent, &conversation.received);
        let (first, last) = (conversation.first, conversation.last);
        self.counts.conversations += u64::from(conversation.is_opening);
        self.cover(first, last);
        let protocol = self.protocol(&conversation.protocol);
        let entry = &mut self.protocols[usize::from(protocol)];
        entry.conversations += u64::from(conversation.is_opening);
        entry.packets += sent.packets + received.packets;
        entry.bytes += sent.bytes + received.bytes;

        let is_established =
            matches!(conversation.state, State::Open | State::Midstream | State::Closed | State::Reset);
        let from = match is_established || sent.packets > 0 {
            true => self.meet(&conversation.from, first, last, sent.packets),
            false => self.find(&conversation.from),
        };
        let is_group = Key::of(&conversation.to).is_some_and(|key| key.is_group(conversation.to.mac));
        let to = match is_established || received.packets > 0 || is_group {
            true => self.meet(&conversation.to, first, last, received.packets),
            false => self.find(&conversation.to),
        };
        if let Some(from) = from {
            let node = &mut self.nodes[from as usize];
            node.count(sent, received);
        }
        let Some(to) = to else {
            self.call_in_vain(&conversation.to, 1);
            return;
        };
        self.nodes[to as usize].count(received, sent);
        let has_ports = matches!(conversation.transport, Transport::Tcp | Transport::Udp | Transport::Sctp);
        if !is_group
            && has_ports
            && received.packets > 0
            && !matches!(conversation.state, State::Rejected | State::Attempted)
        {
            self.nodes[to as usize].offer(protocol, conversation);
        }
        if let Some(from) = from
            && let Some(edge) = self.edges.entry((from, to, protocol), || EdgeEntry::new(first))
        {
            edge.is_guess |= conversation.is_guess;
            edge.conversations += u64::from(conversation.is_opening);
            edge.packets += sent.packets + received.packets;
            edge.bytes += sent.bytes + received.bytes;
            edge.cover(first, last, conversation.to.port);
        }
    }

    pub(crate) fn fact(&mut self, fact: &Fact) {
        self.counts.facts += 1;
        self.cover(fact.at, fact.at);
        let protocol = self.protocol(&fact.protocol);
        let Some(node) = self.meet(&fact.subject, fact.at, fact.at, 0) else { return };
        if self.claims >= limits::CLAIMS_MAX {
            self.nodes[node as usize].claims_dropped += 1;
            return;
        }
        let added = if fact.behind.is_nobody() {
            let node = &mut self.nodes[node as usize];
            let added = claims::add(&mut node.claims, fact, protocol);
            node.claims_dropped += u64::from(added.is_none());
            added
        } else {
            let at = fact.at;
            self.part(node, &fact.behind, protocol, at).and_then(|part| {
                part.last = part.last.max(at);
                claims::add(&mut part.claims, fact, protocol)
            })
        };
        self.claims += usize::from(added == Some(true));
    }

    pub(crate) fn sample(&mut self, sample: &Sample) {
        self.counts.samples += 1;
        self.cover(sample.at, sample.at);
    }

    #[allow(clippy::ptr_arg)]
    pub(crate) fn malformed(&mut self, protocol: &Cow<'static, str>, count: u64) {
        let protocol = self.protocol(protocol);
        self.protocols[usize::from(protocol)].malformed += count;
    }

    /// How many addresses found no place.
    pub(crate) fn nodes_turned_away(&self) -> u64 {
        self.ids.turned_away
    }

    /// The protocols as they leave, without the number of machines.
    pub(crate) fn protocol_uses(&self) -> Vec<ProtocolUse> {
        self.protocols
            .iter()
            .map(|entry| ProtocolUse {
                protocol: Text::from(entry.id.as_ref()),
                acts: entry.acts,
                messages: entry.messages,
                conversations: entry.conversations,
                packets: entry.packets,
                bytes: entry.bytes,
                malformed: entry.malformed,
                machines: 0,
                verbs: sorted_verbs(&entry.verbs),
            })
            .collect()
    }
}

impl Node {
    fn new(key: Key, is_group: bool, at: Time) -> Node {
        Node {
            key,
            is_group,
            has_spoken: false,
            macs: SmallVec::new(),
            vlans: SmallVec::new(),
            first: at,
            last: at,
            packets_sent: 0,
            packets_received: 0,
            bytes_sent: 0,
            bytes_received: 0,
            acts_asked: 0,
            acts_received: 0,
            serves_industry: false,
            asks_industry: false,
            claims: Vec::new(),
            claims_dropped: 0,
            services: Vec::new(),
            parts: 0,
        }
    }

    pub(crate) fn ip(&self) -> Option<std::net::IpAddr> {
        match self.key {
            Key::Ip(ip) => Some(ip),
            Key::Mac(_) => None,
        }
    }

    fn count(&mut self, sent: &model::Side, received: &model::Side) {
        self.has_spoken |= sent.packets > 0;
        self.packets_sent += sent.packets;
        self.bytes_sent += sent.bytes;
        self.packets_received += received.packets;
        self.bytes_received += received.bytes;
    }

    fn offer(&mut self, protocol: ProtocolId, conversation: &Conversation) {
        let port = conversation.to.port.unwrap_or(0);
        let is_unknown = conversation.protocol.is_empty() || conversation.is_guess;
        // Data connections (FTP, RPC, streams) open a new high port each time: they are no service.
        if is_unknown && port >= 32_768 {
            return;
        }
        let opened = u64::from(conversation.is_opening);
        let known = self
            .services
            .iter_mut()
            .find(|s| s.protocol == protocol && s.port == port && s.transport == conversation.transport);
        if let Some(service) = known {
            service.conversations += opened;
            service.is_guess &= conversation.is_guess;
            service.first = service.first.min(conversation.first);
            service.last = service.last.max(conversation.last);
        } else if self.services.len() < limits::SERVICES_PER_NODE_MAX {
            self.services.push(ServiceEntry {
                protocol,
                is_guess: conversation.is_guess,
                transport: conversation.transport,
                port,
                conversations: opened,
                first: conversation.first,
                last: conversation.last,
            });
        }
    }
}

impl EdgeEntry {
    fn new(at: Time) -> EdgeEntry {
        EdgeEntry {
            is_guess: false,
            ports: SmallVec::new(),
            verbs: Verbs::new(),
            effects: Verbs::new(),
            acts: 0,
            refused: 0,
            unanswered: 0,
            conversations: 0,
            packets: 0,
            bytes: 0,
            first: at,
            last: at,
        }
    }

    fn cover(&mut self, first: Time, last: Time, port: Option<u16>) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        if let Some(port) = port
            && !self.ports.contains(&port)
            && self.ports.len() < limits::EDGE_PORTS_MAX
        {
            self.ports.push(port);
        }
    }

    /// How often `verb` was done over it.
    pub(crate) fn verb(&self, verb: Verb) -> u64 {
        self.verbs.iter().find(|known| known.0 == verb).map_or(0, |known| known.1)
    }
}

pub(crate) fn add_verb(verbs: &mut Verbs, verb: Verb, count: u64) {
    match verbs.iter_mut().find(|known| known.0 == verb) {
        Some(known) => known.1 += count,
        None => verbs.push((verb, count)),
    }
}

/// The most frequent first; equally frequent ones in the order of the set.
pub(crate) fn sorted_verbs(verbs: &Verbs) -> Vec<(Verb, u64)> {
    let mut sorted = verbs.to_vec();
    sorted.sort_by_key(|(verb, count)| (std::cmp::Reverse(*count), *verb));
    sorted
}

#[cfg(test)]
mod tests;
