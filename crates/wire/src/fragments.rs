//! Fragments of IP datagrams (RFC 791, section 3.2; RFC 8200, section 4.5) back to whole ones.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use model::Time;

use crate::limits::{
    DATAGRAM_AGE_MAX, DATAGRAM_BYTES_MAX, DATAGRAM_SIZE_MAX, DATAGRAMS_MAX, FRAGMENT_OVERHEAD, FRAGMENTS_MAX,
};
use crate::packet::Packet;
use crate::pieces::Pieces;

/// Keeps fragments until their datagram is whole. Bounded in datagrams, bytes and age; what is given up is the oldest,
/// and is counted. Age is packet time.
///
/// Where two fragments say different things about the same byte, the one that came first is believed (as Windows and
/// most monitors do; hosts differ, and that two differ at all is worth a look).
#[derive(Debug, Default)]
pub struct Defragmenter {
    datagrams: BTreeMap<Key, Datagram>,
    /// Datagrams in the order of their first fragments; those whose number is not the one of the datagram are done.
    order: VecDeque<(u64, Key)>,
    /// Number of the next datagram.
    next: u64,
    /// Bytes in all datagrams, with the overhead.
    bytes: usize,
    counts: FragmentCounts,
}

/// What happened to fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Datagrams that became whole.
    pub whole: u64,
    /// Datagrams given up because they were too old.
    pub expired: u64,
    /// Datagrams given up because the limits were full.
    pub evicted: u64,
    /// Fragments that had bytes of others again, the same or not (duplicates count).
    pub overlapping: u64,
    /// Fragments that cannot be: beyond the end of the datagram, or of the largest one, or without a byte.
    pub malformed: u64,
    /// Fragments that the snap length cut, whose datagrams cannot become whole by them.
    pub cut: u64,
}

/// A datagram that became whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassembled {
    /// What follows the IP header, and for IPv6 the headers before the fragment header.
    pub payload: Vec<u8>,
    /// Protocol of the payload, as the first fragment says it: for `parse_upper`.
    pub protocol: u8,
}

/// What makes fragments belong together. IPv6 leaves the protocol out, since only the first fragment's counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    protocol: u8,
}

#[derive(Debug)]
struct Datagram {
    number: u64,
    at: Time,
    pieces: Pieces,
    /// Protocol that the fragment at offset 0 names, or until it comes the first one that did.
    protocol: u8,
    /// Length of the whole payload, once the last fragment came.
    size: Option<u64>,
}

impl Datagram {
    /// Memory it costs.
    fn weight(&self) -> usize {
        self.pieces.bytes().saturating_add(self.pieces.len().saturating_add(1).saturating_mul(FRAGMENT_OVERHEAD))
    }
}

impl Defragmenter {
    /// One without fragments; it allocates nothing before the first.
    pub fn new() -> Defragmenter {
        Defragmenter::default()
    }

    /// Takes a packet whose `ip.fragment` is present; any other is left alone. Gives the whole datagram when this
    /// fragment was the one missing.
    pub fn push(&mut self, at: Time, packet: &Packet<'_>) -> Option<Reassembled> {
        let ip = packet.ip?;
        let fragment = ip.fragment?;
        self.expire(at);
        let start = u64::from(fragment.offset);
        let wire_end = start.saturating_add(u64::from(packet.payload_wire_len));
        if packet.payload_wire_len == 0 || wire_end > DATAGRAM_SIZE_MAX {
            self.counts.malformed = self.counts.malformed.saturating_add(1);
            return None;
        }
        if packet.cut() > 0 {
            self.counts.cut = self.counts.cut.saturating_add(1);
        }
        let protocol = if ip.source.is_ipv6() { 0 } else { ip.protocol };
        let key = Key { source: ip.source, destination: ip.destination, identification: ip.identification, protocol };

        let number = self.next;
        let (order, next) = (&mut self.order, &mut self.next);
        let datagram = self.datagrams.entry(key).or_insert_with(|| {
            *next = next.wrapping_add(1);
            order.push_back((number, key));
            Datagram { number, at, pieces: Pieces::default(), protocol: ip.protocol, size: None }
        });
        let before = if datagram.number == number { 0 } else { datagram.weight() };
        let is_beyond = datagram.size.is_some_and(|size| wire_end > size);
        if is_beyond || !fragment.more && datagram.pieces.end() > wire_end {
            self.counts.malformed = self.counts.malformed.saturating_add(1);
            return None;
        }
        if start == 0 {
            datagram.protocol = ip.protocol;
        }
        if !fragment.more {
            datagram.size = datagram.size.or(Some(wire_end));
        }
        if datagram.pieces.insert(start, packet.payload, 0) < packet.payload.len() {
            self.counts.overlapping = self.counts.overlapping.saturating_add(1);
        }
        let added = datagram.weight().saturating_sub(before);
        let has_too_many = datagram.pieces.len() > FRAGMENTS_MAX;
        // No two pieces share a byte and none is beyond the end: as many bytes as there can be are all.
        let is_whole = datagram.size == Some(datagram.pieces.bytes() as u64);
        self.bytes = self.bytes.saturating_add(added);

        if is_whole && let Some(mut datagram) = self.remove(key) {
            let mut payload = Vec::with_capacity(datagram.pieces.bytes());
            while let Some(piece) = datagram.pieces.pop_first() {
                payload.extend_from_slice(&piece.bytes);
            }
            self.counts.whole = self.counts.whole.saturating_add(1);
            return Some(Reassembled { payload, protocol: datagram.protocol });
        }
        if has_too_many {
            self.remove(key);
            self.counts.evicted = self.counts.evicted.saturating_add(1);
        }
        while self.datagrams.len() > DATAGRAMS_MAX || self.bytes > DATAGRAM_BYTES_MAX {
            if !self.remove_oldest() {
                break;
            }
            self.counts.evicted = self.counts.evicted.saturating_add(1);
        }
        None
    }

    /// Gives up what is too old at `at`. `push` does so too; this is for times without fragments.
    pub fn expire(&mut self, at: Time) {
        while let Some((number, key)) = self.order.front() {
            let is_current = match self.datagrams.get(key) {
                Some(datagram) if datagram.number == *number => {
                    if at.since(datagram.at) <= DATAGRAM_AGE_MAX {
                        return;
                    }
                    true
                }
                _ => false,
            };
            if is_current {
                self.remove_oldest();
                self.counts.expired = self.counts.expired.saturating_add(1);
            } else {
                self.order.pop_front();
            }
        }
    }

    /// What happened so far.
    pub fn counts(&self) -> FragmentCounts {
        self.counts
    }

    /// Datagrams that are not whole.
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether no datagram is waiting.
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// Bytes kept, with the overhead of each piece.
    pub fn held_bytes(&self) -> usize {
        self.bytes
    }

    fn remove(&mut self, key: Key) -> Option<Datagram> {
        let datagram = self.datagrams.remove(&key)?;
        self.bytes = self.bytes.saturating_sub(datagram.weight());
        // Its place in the order stays until it is the first; so that those do not pile up, they are cleared out when
        // they are more than the datagrams.
        if self.order.len() > self.datagrams.len().saturating_mul(2).saturating_add(16) {
            let datagrams = &self.datagrams;
            self.order.retain(|(number, key)| datagrams.get(key).is_some_and(|datagram| datagram.number == *number));
        }
        Some(datagram)
    }

    fn remove_oldest(&mut self) -> bool {
        while let Some((number, key)) = self.order.pop_front() {
            if self.datagrams.get(&key).is_some_and(|datagram| datagram.number == number) {
                return self.remove(key).is_some();
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
