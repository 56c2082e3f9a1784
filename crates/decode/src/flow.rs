//! The flow table of one partition: bounded, found by the pair of ends, evicted in a fixed order.

use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::{Address, Conversation, Flow, Mac, Side, State, Time, Transport};
use wire::{Packet, Upper};

use crate::limits;
use crate::session::Session;

/// The two ends of a packet's flow, as the packet names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) source: Address,
    pub(crate) destination: Address,
    pub(crate) transport: Transport,
    /// Organisation of a SNAP header; 0 without.
    pub(crate) snap: u32,
}

impl Ends {
    /// The ends that the headers of `packet` name.
    #[inline]
    pub(crate) fn of(packet: &Packet<'_>) -> Ends {
        let (source_port, destination_port, transport) = match (packet.upper, packet.ip) {
            (Upper::Tcp(segment), _) => (Some(segment.source), Some(segment.destination), Transport::Tcp),
            (Upper::Udp(source, destination), _) => (Some(source), Some(destination), Transport::Udp),
            (Upper::Sctp(source, destination), _) => (Some(source), Some(destination), Transport::Sctp),
            (Upper::None, Some(ip)) => (None, None, Transport::Ip(ip.protocol)),
            (Upper::None, None) => (None, None, Transport::Ethernet(packet.ethertype)),
        };
        let address = |mac: Option<Mac>, ip, port| Address { mac, ip, port, vlan: packet.vlan };
        Ends {
            source: address(packet.source_mac, packet.ip.map(|ip| ip.source), source_port),
            destination: address(packet.destination_mac, packet.ip.map(|ip| ip.destination), destination_port),
            transport,
            snap: packet.snap.unwrap_or(0),
        }
    }

    /// The hash of the flow, the same for both directions. `hasher` is seeded anew in every process: nobody outside can
    /// aim at one bucket of the flow table. No order depends on it.
    #[inline]
    pub(crate) fn hash(&self, hasher: &RandomState) -> u64 {
        let end = |end: &Address| {
            let port = end.port.unwrap_or(0);
            match (end.ip, end.mac) {
                (Some(IpAddr::V4(ip)), _) => hasher.hash_one(u64::from(ip.to_bits()) << 16 | u64::from(port)),
                (Some(IpAddr::V6(ip)), _) => hasher.hash_one((ip.to_bits(), port)),
                (None, mac) => hasher.hash_one(mac),
            }
        };
        let (one, other) = (end(&self.source), end(&self.destination));
        let kind = match self.transport {
            Transport::Tcp => 1,
            Transport::Udp => 2,
            Transport::Sctp => 3,
            Transport::Ip(number) => 0x100 | u64::from(number),
            Transport::Ethernet(kind) => 0x1_0000 | u64::from(kind),
        };
        hasher.hash_one((one.wrapping_add(other), (one ^ other).wrapping_add(kind << 32 | u64::from(self.snap))))
    }
}

/// Identity of a flow.
fn flow_of(source: &Address, destination: &Address, transport: Transport) -> Flow {
    match (source.ip, destination.ip) {
        (Some(from), Some(to)) => Flow::Ip {
            transport,
            source: (from, source.port.unwrap_or(0)),
            destination: (to, destination.port.unwrap_or(0)),
        },
        _ => Flow::Link {
            source: source.mac.unwrap_or_default(),
            destination: destination.mac.unwrap_or_default(),
            ethertype: match transport {
                Transport::Ethernet(kind) => kind,
                _ => 0,
            },
        },
    }
}

/// Whether two addresses are the same end of a flow.
fn is_same(one: &Address, other: &Address) -> bool {
    one.ip == other.ip && one.port == other.port && (one.ip.is_some() || one.mac == other.mac)
}

/// How far a TCP connection came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handshake {
    pub syn: bool,
    pub syn_ack: bool,
    pub fin: [bool; 2],
    pub rst: [bool; 2],
    pub has_data: bool,
}

impl Handshake {
    /// Whether no more data is due.
    pub(crate) const fn is_over(&self) -> bool {
        (self.fin[0] && self.fin[1]) || self.rst[0] || self.rst[1]
    }
}

/// One flow.
pub(crate) struct Entry {
    hash: u64,
    /// Source and destination of the first packet.
    pub(crate) ends: [Address; 2],
    pub(crate) transport: Transport,
    snap: u32,
    /// Which side opened the connection, or seems to have.
    pub(crate) opener: u8,
    pub(crate) sides: [Side; 2],
    pub(crate) first: Time,
    pub(crate) is_opening: bool,
    pub(crate) handshake: Handshake,
    pub(crate) has_session: bool,
    /// Made with the first payload.
    pub(crate) session: Option<Box<Session>>,
    pub(crate) protocol: Option<&'static crate::protocol::Protocol>,
}

impl Entry {
    /// Identity of the flow.
    pub(crate) fn flow(&self) -> Flow {
        flow_of(&self.ends[0], &self.ends[1], self.transport)
    }

    /// Which side sent a packet between `ends`: 0 is the one that sent the first packet. `None` where the packet is not
    /// of this flow.
    pub(crate) fn side(&self, ends: &Ends) -> Option<usize> {
        if self.transport != ends.transport || self.snap != ends.snap {
            return None;
        }
        let [first, second] = &self.ends;
        if is_same(first, &ends.source) && is_same(second, &ends.destination) {
            Some(0)
        } else if is_same(first, &ends.destination) && is_same(second, &ends.source) {
            Some(1)
        } else {
            None
        }
    }

    fn state(&self) -> State {
        let shake = &self.handshake;
        let both = self.sides.iter().all(|side| side.packets > 0);
        match self.transport {
            Transport::Tcp if shake.syn && !shake.syn_ack && !shake.has_data => {
                let refused = shake.rst.iter().any(|rst| *rst);
                if refused { State::Rejected } else { State::Attempted }
            }
            Transport::Tcp if shake.rst[0] || shake.rst[1] => State::Reset,
            Transport::Tcp if shake.fin[0] || shake.fin[1] => State::Closed,
            Transport::Tcp if shake.syn || shake.syn_ack => State::Open,
            Transport::Tcp => State::Midstream,
            _ if both => State::TwoWay,
            _ => State::OneWay,
        }
    }

    /// Idle time after which it is over.
    pub(crate) fn idle_max(&self) -> i64 {
        match self.transport {
            Transport::Tcp if self.handshake.syn && !self.handshake.syn_ack && !self.handshake.has_data => {
                limits::ATTEMPT_IDLE
            }
            Transport::Tcp if self.handshake.is_over() => limits::ATTEMPT_IDLE,
            Transport::Tcp => limits::TCP_IDLE,
            _ => limits::OTHER_IDLE,
        }
    }

    /// The record of what was counted since the last one, up to the packet at `last`; counting starts anew. `None` where
    /// nothing was.
    pub(crate) fn take_conversation(&mut self, last: Time) -> Option<Conversation> {
        if self.sides.iter().all(|side| side.packets == 0) {
            return None;
        }
        let protocol = self.session.as_ref().and_then(|session| session.protocol()).or(self.protocol);
        let (guess, is_guess) = match protocol {
            Some(protocol) => (protocol.id, false),
            None => crate::guess::protocol(self.transport, &self.ends, self.sides.iter().any(|s| s.payload > 0)),
        };
        let opener = self.opener;
        let [a, b] = self.ends;
        let (from, to) = if opener == 0 { (a, b) } else { (b, a) };
        let state = self.state();
        let [a, b] = std::mem::take(&mut self.sides);
        let (sent, received) = if opener == 0 { (a, b) } else { (b, a) };
        Some(Conversation {
            flow: self.flow(),
            transport: self.transport,
            protocol: guess.into(),
            is_guess: is_guess && !guess.is_empty(),
            from,
            to,
            sent,
            received,
            first: self.first,
            last,
            is_opening: std::mem::take(&mut self.is_opening),
            state,
        })
    }
}

/// All flows of one partition.
pub(crate) struct Flows {
    table: HashTable<u32>,
    entries: Vec<Option<Entry>>,
    /// Time of the last packet of each entry: in a column of its own, because all are looked at in search of idle flows.
    last: Vec<Time>,
    free: Vec<u32>,
    /// Where the next search for something to evict begins.
    hand: usize,
    /// Where the next search for idle flows begins.
    sweep: usize,
    pub(crate) evicted: u64,
}

impl Flows {
    pub(crate) fn new() -> Flows {
        Flows {
            table: HashTable::new(),
            entries: Vec::new(),
            last: Vec::new(),
            free: Vec::new(),
            hand: 0,
            sweep: 0,
            evicted: 0,
        }
    }

    /// The place of a packet's flow, and the side that sent it.
    pub(crate) fn find(&self, ends: &Ends, hash: u64) -> Option<(usize, usize)> {
        let entries = &self.entries;
        let mut side = 0;
        let found = self.table.find(hash, |index| match entries.get(*index as usize) {
            Some(Some(entry)) if entry.hash == hash => match entry.side(ends) {
                Some(found) => {
                    side = found;
                    true
                }
                None => false,
            },
            _ => false,
        });
        found.map(|index| (*index as usize, side))
    }

    /// The flow with `hash` and its place, most likely: a guess that is not verified.
    pub(crate) fn approach(&self, hash: u64) -> Option<(u32, &Entry)> {
        let is_it = |index: &u32| matches!(self.entries.get(*index as usize), Some(Some(entry)) if entry.hash == hash);
        let index = self.table.find(hash, is_it)?;
        self.entries.get(*index as usize)?.as_ref().map(|entry| (*index, entry))
    }

    /// Which side sent a packet between `ends`, where its flow is at `index`.
    pub(crate) fn is_at(&self, index: u32, ends: &Ends) -> Option<(usize, usize)> {
        let side = self.entries.get(index as usize)?.as_ref()?.side(ends)?;
        Some((index as usize, side))
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.entries.get_mut(index).and_then(Option::as_mut)
    }

    /// Time of the last packet of the flow at `index`.
    pub(crate) fn last(&self, index: usize) -> Time {
        self.last.get(index).copied().unwrap_or_default()
    }

    /// A packet of the flow at `index` came at `at`.
    pub(crate) fn seen(&mut self, index: usize, at: Time) {
        if let Some(last) = self.last.get_mut(index) {
            *last = at;
        }
    }

    /// Whether an insertion needs an eviction first.
    pub(crate) fn is_full(&self) -> bool {
        self.table.len() >= limits::FLOWS_MAX
    }

    pub(crate) fn insert(&mut self, ends: &Ends, hash: u64, opener: usize, at: Time) -> usize {
        let entry = Entry {
            hash,
            ends: [ends.source, ends.destination],
            transport: ends.transport,
            snap: ends.snap,
            opener: (opener & 1) as u8,
            sides: Default::default(),
            first: at,
            is_opening: true,
            handshake: Handshake::default(),
            has_session: false,
            session: None,
            protocol: None,
        };
        let index = match self.free.pop() {
            Some(index) => {
                if let Some(place) = self.entries.get_mut(index as usize) {
                    *place = Some(entry);
                }
                index
            }
            None => {
                self.entries.push(Some(entry));
                self.last.push(at);
                (self.entries.len() - 1) as u32
            }
        };
        self.seen(index as usize, at);
        let entries = &self.entries;
        self.table.insert_unique(hash, index, |i| {
            entries.get(*i as usize).and_then(Option::as_ref).map_or(0, |entry| entry.hash)
        });
        index as usize
    }

    /// Takes a flow out.
    pub(crate) fn remove(&mut self, index: usize) -> Option<Entry> {
        let entry = self.entries.get_mut(index)?.take()?;
        if let Ok(found) = self.table.find_entry(entry.hash, |i| *i as usize == index) {
            found.remove();
        }
        self.free.push(index as u32);
        Some(entry)
    }

    /// The flow to give up: of some neighbours in a fixed round, one that never became a conversation, else the one
    /// silent for longest.
    pub(crate) fn victim(&mut self) -> Option<usize> {
        const LOOKED_AT: usize = 16;
        let size = self.entries.len();
        let mut best: Option<((bool, Time), usize)> = None;
        let mut looked = 0;
        for step in 0..size {
            let index = (self.hand + step) % size;
            let Some(Some(entry)) = self.entries.get(index) else { continue };
            let rank = (entry.has_session, self.last(index));
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, index));
            }
            looked += 1;
            if looked == LOOKED_AT {
                self.hand = (index + 1) % size;
                break;
            }
        }
        best.map(|(_, index)| index)
    }

    /// Some flows that are idle at `now`, a share of the table a call.
    pub(crate) fn idle(&mut self, now: Time, found: &mut Vec<usize>) {
        let size = self.entries.len();
        let share = (size / 8).max(64).min(size);
        for _ in 0..share {
            let index = self.sweep % size;
            self.sweep = (index + 1) % size;
            let age = now.since(self.last(index));
            if age > limits::IDLE_MIN
                && let Some(Some(entry)) = self.entries.get(index)
                && age > entry.idle_max()
            {
                found.push(index);
            }
        }
    }

    /// Places of all flows, in their order.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> + use<> {
        let live: Vec<usize> =
            self.entries.iter().enumerate().filter_map(|(i, entry)| entry.as_ref().map(|_| i)).collect();
        live.into_iter()
    }
}
