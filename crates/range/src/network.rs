//! Hosts on their segments, and the frames that the mirror port of the switch sees, in time order.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::net::Ipv4Addr;

use model::{Mac, Time};

use crate::frame::{self, Ipv4};
use crate::random::Random;

/// A microsecond, in nanoseconds.
pub const MICROSECOND: i64 = 1_000;
/// A millisecond, in nanoseconds.
pub const MILLISECOND: i64 = 1_000_000;
/// A second, in nanoseconds.
pub const SECOND: i64 = 1_000_000_000;

/// How a network stack behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// A personal computer with Windows.
    Windows,
    /// A computer or appliance with Linux.
    Linux,
    /// A small real-time system in a device.
    Embedded {
        /// Initial time to live.
        ttl: u8,
        /// Window that it advertises.
        window: u16,
        /// Time that it takes at least to answer, in microseconds.
        answer_us: u32,
    },
}

/// A machine with one interface.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// Its name.
    pub name: &'static str,
    /// Its hardware address.
    pub mac: Mac,
    /// Its address; the segment is the /24 network of it.
    pub ip: Ipv4Addr,
    /// How its network stack behaves.
    pub stack: Stack,
    /// TCP ports where it listens.
    pub listens: &'static [u16],
}

/// A row of a table of machines.
pub const fn host(name: &'static str, mac: [u8; 6], ip: [u8; 4], stack: Stack, listens: &'static [u16]) -> Host {
    Host { name, mac: Mac(mac), ip: Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3]), stack, listens }
}

/// A device: time to live, window, least time to answer in microseconds.
pub const fn device(ttl: u8, window: u16, answer_us: u32) -> Stack {
    Stack::Embedded { ttl, window, answer_us }
}

/// Number of a host in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostId(pub usize);

/// Number of a frame that waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameId(u64);

/// The segments, what their machines know of each other, and the frames on their way.
pub struct Network {
    hosts: Vec<Host>,
    identifications: Vec<u16>,
    ports: Vec<u16>,
    /// Who has resolved whom: from when on, and until when.
    neighbours: HashMap<(usize, usize), (Time, Time)>,
    waiting: BinaryHeap<Reverse<(Time, FrameId, Vec<u8>)>>,
    cancelled: BTreeSet<FrameId>,
    next: u64,
    random: Random,
    /// Virtual network by hardware address, where the mirror port sees tags.
    tags: HashMap<Mac, u16>,
    /// Frames given out so far.
    given: u64,
    diversions: Vec<Diversion>,
    /// Frames that were passed on by someone between: the next frame is the copy.
    passed_on: BTreeSet<FrameId>,
}

/// Someone stands between two machines.
struct Diversion {
    between: (HostId, HostId),
    by: HostId,
    /// Whether what the second of the two says is replaced by what it said first.
    is_forged: bool,
    /// What it said first, by length.
    frozen: HashMap<usize, Vec<u8>>,
}

/// How long an ARP entry lives at least, in nanoseconds.
const NEIGHBOUR_LIFE: i64 = 240 * SECOND;

impl Network {
    /// The network of `hosts`. A host whose address ends in .1 is the router of its segment.
    pub fn new(hosts: &[Host], mut random: Random) -> Network {
        Network {
            identifications: hosts.iter().map(|_| random.bits() as u16).collect(),
            ports: hosts.iter().map(|_| 49_152 + random.below(8_000) as u16).collect(),
            hosts: hosts.to_vec(),
            neighbours: HashMap::new(),
            waiting: BinaryHeap::new(),
            cancelled: BTreeSet::new(),
            next: 0,
            random,
            tags: HashMap::new(),
            given: 0,
            diversions: Vec::new(),
            passed_on: BTreeSet::new(),
        }
    }

    /// Adds machines.
    pub fn join(&mut self, hosts: &[Host]) {
        let random = &mut self.random;
        self.identifications.extend(hosts.iter().map(|_| random.bits() as u16));
        self.ports.extend(hosts.iter().map(|_| 49_152 + random.below(8_000) as u16));
        self.hosts.extend_from_slice(hosts);
    }

    /// From now on frames carry the tag (IEEE 802.1Q) of their sender's segment: 201 for 10.20.1.0/24.
    pub fn tag_segments(&mut self) {
        let tag = |host: &Host| {
            let [_, plant, segment, _] = host.ip.octets();
            u16::from(plant / 10) * 100 + u16::from(segment)
        };
        self.tags = self.hosts.iter().map(|host| (host.mac, tag(host))).collect();
    }

    /// How many frames have left.
    pub const fn given(&self) -> u64 {
        self.given
    }

    /// The host of this number.
    pub fn host(&self, id: HostId) -> &Host {
        &self.hosts[id.0]
    }

    /// The host of this name.
    ///
    /// # Panics
    /// Where no host has it: names come from the site's own table.
    pub fn find(&self, name: &str) -> HostId {
        match self.hosts.iter().position(|host| host.name == name) {
            Some(index) => HostId(index),
            None => panic!("no host is called {name}"),
        }
    }

    /// The host that has this address.
    pub fn at_address(&self, ip: Ipv4Addr) -> Option<HostId> {
        self.hosts.iter().position(|host| host.ip == ip).map(HostId)
    }

    /// All hosts.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// An ephemeral port of `host`, another one each time.
    pub fn ephemeral_port(&mut self, host: HostId) -> u16 {
        let port = &mut self.ports[host.0];
        *port = if *port >= 65_000 { 49_152 } else { *port + 1 + self.random.below(3) as u16 };
        *port
    }

    /// How long `host` takes to answer now, in nanoseconds.
    pub fn answer_time(&mut self, host: HostId) -> i64 {
        let least = match self.host(host).stack {
            Stack::Windows => 350 * MICROSECOND,
            Stack::Linux => 180 * MICROSECOND,
            Stack::Embedded { answer_us, .. } => i64::from(answer_us) * MICROSECOND,
        };
        self.random.wait(least, least / 5)
    }

    /// Sends a frame as it is.
    pub fn frame(&mut self, at: Time, mut bytes: Vec<u8>) -> FrameId {
        if !self.tags.is_empty()
            && let Some(tag) = bytes[6..12].try_into().ok().and_then(|mac| self.tags.get(&Mac(mac)))
            // What switches say to their neighbours has none.
            && bytes[..3] != [0x01, 0x80, 0xc2]
        {
            let [high, low] = tag.to_be_bytes();
            bytes.splice(12..12, [0x81, 0x00, high, low]);
        }
        let id = FrameId(self.next);
        self.next += 1;
        self.waiting.push(Reverse((at, id, bytes)));
        id
    }

    /// Takes back a frame that has not been sent.
    pub fn cancel(&mut self, id: FrameId) {
        if self.passed_on.remove(&id) {
            self.cancelled.insert(FrameId(id.0 + 1));
        }
        self.cancelled.insert(id);
        // What is cancelled after it left would be remembered for ever.
        if self.cancelled.len() > self.waiting.len() + 1_024 {
            let waiting: BTreeSet<FrameId> = self.waiting.iter().map(|Reverse((_, id, _))| *id).collect();
            self.cancelled.retain(|id| waiting.contains(id));
        }
    }

    /// Gives all frames before `until` to `sink`.
    pub fn drain(&mut self, until: Time, sink: &mut dyn FnMut(Time, &[u8])) {
        while let Some(Reverse((at, _, _))) = self.waiting.peek() {
            if *at >= until {
                break;
            }
            if let Some(Reverse((at, id, bytes))) = self.waiting.pop()
                && !self.cancelled.remove(&id)
            {
                self.given += 1;
                sink(at, &bytes);
            }
        }
    }

    /// Sends an IPv4 packet from `from` to `to`, with ARP before it where due. Gives when it left.
    pub fn ip(&mut self, at: Time, from: HostId, to: HostId, protocol: u8, payload: &[u8]) -> (Time, FrameId) {
        let (near, far) = (self.link_end(from, to), self.link_end(to, from));
        let at = self.resolve(at, near, far);
        let header = self.header(from, self.host(to).ip, protocol, near != from);
        if !self.diversions.is_empty()
            && let Some(sent) = self.pass_through(at, (from, to), header, payload)
        {
            return sent;
        }
        let bytes =
            frame::ethernet(self.host(far).mac, self.host(near).mac, frame::IPV4, &frame::ipv4(header, payload));
        (at, self.frame(at, bytes))
    }

    /// From now on what two machines of one segment say to each other passes through a third.
    ///
    /// Where it is forged, the first machine goes on seeing what the second said at the beginning: all bytes behind the
    /// first seven of a segment (the transaction of Modbus) are those of the first segment of that length.
    pub fn divert(&mut self, between: (HostId, HostId), by: HostId, is_forged: bool) {
        if !self.diversions.iter().any(|d| d.between == between && d.by == by) {
            self.diversions.push(Diversion { between, by, is_forged, frozen: HashMap::new() });
        }
    }

    /// This machine steps out of the way again.
    pub fn undivert(&mut self, by: HostId) {
        self.diversions.retain(|diversion| diversion.by != by);
        self.passed_on.clear();
    }

    /// Sends a packet by way of the one who stands between, if someone does: it is seen twice.
    fn pass_through(
        &mut self,
        at: Time,
        (from, to): (HostId, HostId),
        mut header: Ipv4,
        payload: &[u8],
    ) -> Option<(Time, FrameId)> {
        let is_meant = |d: &&mut Diversion| d.between == (from, to) || d.between == (to, from);
        let diversion = self.diversions.iter_mut().find(is_meant)?;
        let (middle, mut second) = (self.hosts[diversion.by.0].mac, payload.to_vec());
        if diversion.is_forged && diversion.between.1 == from && header.protocol == 6 {
            let head = usize::from(payload[12] >> 4) * 4;
            if payload.len() > head + 9 {
                let frozen = diversion.frozen.entry(payload.len()).or_insert_with(|| payload.to_vec());
                second[head + 7..].copy_from_slice(&frozen[head + 7..]);
                frame::correct_tcp(header.source, header.destination, &mut second);
            }
        }
        let (source, target) = (self.host(from).mac, self.host(to).mac);
        let first = self.frame(at, frame::ethernet(middle, source, frame::IPV4, &frame::ipv4(header, payload)));
        header.ttl -= 1;
        let later = at.plus(self.random.wait(120 * MICROSECOND, 40 * MICROSECOND));
        self.frame(later, frame::ethernet(target, middle, frame::IPV4, &frame::ipv4(header, &second)));
        self.passed_on.insert(first);
        Some((at, first))
    }

    /// Sends a UDP datagram.
    pub fn udp(&mut self, at: Time, from: (HostId, u16), to: (HostId, u16), payload: &[u8]) -> Time {
        let (source, destination) = (self.host(from.0).ip, self.host(to.0).ip);
        self.ip(at, from.0, to.0, 17, &frame::udp((source, from.1), (destination, to.1), payload)).0
    }

    /// Sends a UDP datagram to a broadcast or multicast address.
    pub fn udp_group(&mut self, at: Time, from: (HostId, u16), to: (Ipv4Addr, u16), payload: &[u8]) {
        let source = self.host(from.0).ip;
        let datagram = frame::udp((source, from.1), to, payload);
        self.ip_group(at, from.0, to.0, 17, &datagram);
    }

    /// Sends an IPv4 packet to a broadcast or multicast address.
    pub fn ip_group(&mut self, at: Time, from: HostId, to: Ipv4Addr, protocol: u8, payload: &[u8]) {
        let mut header = self.header(from, to, protocol, false);
        let [_, b, c, d] = to.octets();
        let mac = if to.is_multicast() {
            header.ttl = 1;
            Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d])
        } else {
            Mac::BROADCAST
        };
        let bytes = frame::ethernet(mac, self.host(from).mac, frame::IPV4, &frame::ipv4(header, payload));
        self.frame(at, bytes);
    }

    /// Someone on the segment of `ip` asks for it and nobody answers; asked three times.
    pub fn ask_in_vain(&mut self, at: Time, asker: HostId, ip: Ipv4Addr) {
        let near = if same_segment(self.host(asker).ip, ip) { asker } else { self.router_of(ip) };
        for attempt in 0..3 {
            self.ask(at.plus(attempt * SECOND), near, ip);
        }
    }

    /// Announces the address of `host` to its segment (gratuitous ARP, RFC 5227).
    pub fn announce(&mut self, at: Time, host: HostId) {
        let host = *self.host(host);
        let packet = frame::arp(1, (host.mac, host.ip), (Mac::default(), host.ip));
        self.frame(at, frame::ethernet(Mac::BROADCAST, host.mac, frame::ARP, &packet));
    }

    fn header(&mut self, from: HostId, destination: Ipv4Addr, protocol: u8, is_routed: bool) -> Ipv4 {
        let identification = &mut self.identifications[from.0];
        *identification = identification.wrapping_add(1);
        let identification = *identification;
        let ttl = match self.host(from).stack {
            Stack::Windows => 128,
            Stack::Linux => 64,
            Stack::Embedded { ttl, .. } => ttl,
        };
        let source = self.host(from).ip;
        Ipv4 { source, destination, protocol, ttl: ttl - u8::from(is_routed), identification }
    }

    /// Who stands for `host` on the segment where its packets to and from `peer` are seen: itself or the router.
    ///
    /// Routed packets are seen once, on the segment with the lower address: that of the plant.
    fn link_end(&self, host: HostId, peer: HostId) -> HostId {
        let (mine, other) = (self.host(host).ip, self.host(peer).ip);
        if same_segment(mine, other) || mine < other { host } else { self.router_of(other) }
    }

    fn router_of(&self, ip: Ipv4Addr) -> HostId {
        let [a, b, c, _] = ip.octets();
        self.at_address(Ipv4Addr::new(a, b, c, 1)).unwrap_or(HostId(0))
    }

    fn resolve(&mut self, at: Time, near: HostId, far: HostId) -> Time {
        if let Some((from, until)) = self.neighbours.get(&(near.0, far.0))
            && at < *until
        {
            // An answer that is due only after a delayed acknowledgement must not hold back what leaves before.
            return if from.since(at) < MILLISECOND { at.max(from.plus(MICROSECOND)) } else { at };
        }
        let target = *self.host(far);
        self.ask(at, near, target.ip);
        let answered = at.plus(self.random.wait(110 * MICROSECOND, 60 * MICROSECOND));
        let asker = *self.host(near);
        let answer = frame::arp(2, (target.mac, target.ip), (asker.mac, asker.ip));
        self.frame(answered, frame::ethernet(asker.mac, target.mac, frame::ARP, &answer));
        let until = answered.plus(self.random.wait(NEIGHBOUR_LIFE, 60 * SECOND));
        self.neighbours.insert((near.0, far.0), (answered, until));
        self.neighbours.insert((far.0, near.0), (answered, until.plus(20 * SECOND)));
        answered.plus(self.random.wait(15 * MICROSECOND, 10 * MICROSECOND))
    }

    fn ask(&mut self, at: Time, near: HostId, ip: Ipv4Addr) {
        let asker = *self.host(near);
        let question = frame::arp(1, (asker.mac, asker.ip), (Mac::default(), ip));
        self.frame(at, frame::ethernet(Mac::BROADCAST, asker.mac, frame::ARP, &question));
    }
}

/// Whether two addresses are in the same /24 network.
fn same_segment(a: Ipv4Addr, b: Ipv4Addr) -> bool {
    a.octets()[..3] == b.octets()[..3]
}
