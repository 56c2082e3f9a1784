//! The flow table of one partition: bounded, found by the pair of ends, evicted in a fixed order.

use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use model::{Address, Conversation, Flow, Side, State, Time, Transport};

use crate::limits;
use crate::session::Session;

/// The two ends of a flow in an order that does not depend on the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    low: (u128, u16),
    high: (u128, u16),
    transport: Transport,
    snap: u32,
}

impl Key {
    /// The key of a packet from `source` to `destination`.
    pub(crate) fn new(source: &Address, destination: &Address, transport: Transport, snap: u32) -> Key {
        let (a, b) = (end(source), end(destination));
        Key { low: a.min(b), high: a.max(b), transport, snap }
    }
}

fn end(address: &Address) -> (u128, u16) {
    let number = match (address.ip, address.mac) {
        (Some(IpAddr::V4(ip)), _) => u128::from(u32::from(ip)) | 0xffff << 32,
        (Some(IpAddr::V6(ip)), _) => u128::from(ip),
        (None, Some(mac)) => mac.0.iter().fold(0, |number, byte| number << 8 | u128::from(*byte)),
        (None, None) => 0,
    };
    (number, address.port.unwrap_or(0))
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
    pub(crate) key: Key,
    hash: u64,
    pub(crate) flow: Flow,
    pub(crate) transport: Transport,
    /// Source and destination of the first packet.
    pub(crate) ends: [Address; 2],
    /// Which side opened the connection, or seems to have.
    pub(crate) opener: usize,
    pub(crate) sides: [Side; 2],
    pub(crate) first: Time,
    pub(crate) last: Time,
    pub(crate) is_opening: bool,
    pub(crate) handshake: Handshake,
    pub(crate) has_session: bool,
    /// Made with the first payload.
    pub(crate) session: Option<Box<Session>>,
    pub(crate) protocol: Option<&'static crate::protocol::Protocol>,
}

impl Entry {
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

    /// The record of what was counted since the last one; counting starts anew. `None` where nothing was.
    pub(crate) fn take_conversation(&mut self) -> Option<Conversation> {
        if self.sides.iter().all(|side| side.packets == 0) {
            return None;
        }
        let protocol = self.session.as_ref().and_then(|session| session.protocol()).or(self.protocol);
        let (guess, is_guess) = match protocol {
            Some(protocol) => (protocol.id, false),
            None => crate::guess::protocol(self.transport, &self.ends, self.sides.iter().any(|s| s.payload > 0)),
        };
        let opener = self.opener & 1;
        let [a, b] = self.ends;
        let (from, to) = if opener == 0 { (a, b) } else { (b, a) };
        let state = self.state();
        let [a, b] = std::mem::take(&mut self.sides);
        let (sent, received) = if opener == 0 { (a, b) } else { (b, a) };
        Some(Conversation {
            flow: self.flow,
            transport: self.transport,
            protocol: guess.into(),
            is_guess: is_guess && !guess.is_empty(),
            from,
            to,
            sent,
            received,
            first: self.first,
            last: self.last,
            is_opening: std::mem::take(&mut self.is_opening),
            state,
        })
    }
}

/// All flows of one partition.
pub(crate) struct Flows {
    table: HashTable<u32>,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    hasher: RandomState,
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
            free: Vec::new(),
            // Seeded anew in every process: nobody outside can aim at one bucket. No order depends on it.
            hasher: RandomState::default(),
            hand: 0,
            sweep: 0,
            evicted: 0,
        }
    }

    pub(crate) fn hash(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The place of the flow with `key`.
    pub(crate) fn find(&self, key: &Key, hash: u64) -> Option<usize> {
        let entries = &self.entries;
        self.table
            .find(hash, |index| matches!(entries.get(*index as usize), Some(Some(entry)) if entry.key == *key))
            .map(|index| *index as usize)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.entries.get_mut(index).and_then(Option::as_mut)
    }

    /// Whether an insertion needs an eviction first.
    pub(crate) fn is_full(&self) -> bool {
        self.table.len() >= limits::FLOWS_MAX
    }

    pub(crate) fn insert(
        &mut self,
        key: Key,
        hash: u64,
        flow: Flow,
        transport: Transport,
        ends: [Address; 2],
        opener: usize,
        at: Time,
    ) -> usize {
        let entry = Entry {
            key,
            hash,
            flow,
            transport,
            ends,
            opener,
            sides: Default::default(),
            first: at,
            last: at,
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
                (self.entries.len() - 1) as u32
            }
        };
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
            let rank = (entry.has_session, entry.last);
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
            if let Some(Some(entry)) = self.entries.get(index)
                && now.since(entry.last) > entry.idle_max()
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
