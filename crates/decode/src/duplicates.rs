//! Frames that a badly set mirror port sends twice: recognised, counted, and read once.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;
use model::Time;
use wire::{Packet, Upper};

use crate::limits;

/// Places for fingerprints; a power of two. A newer one takes the place of an older one, so memory is fixed.
const PLACES: usize = 256;

/// Bytes of the payload that go into a fingerprint.
const SHOWN: usize = 64;

#[derive(Clone, Copy, Default)]
struct Seen {
    fingerprint: u64,
    path: u64,
    at: Time,
}

/// Remembers the fingerprints of the last packets of one partition.
pub(crate) struct Duplicates {
    seen: Box<[Seen; PLACES]>,
    hasher: FixedState,
}

impl Duplicates {
    pub(crate) fn new() -> Duplicates {
        Duplicates { seen: Box::new([Seen::default(); PLACES]), hasher: FixedState::with_seed(0x4455_504c) }
    }

    /// Whether this packet is one that was seen a moment ago.
    ///
    /// Over IP the identification tells a copy from a packet that is merely equal; where it is 0 (IPv6, some stacks)
    /// only a copy that came another way (other hardware addresses, VLAN or time to live) is taken for one. Below IP
    /// equal bytes within a millisecond are a copy.
    pub(crate) fn is_copy(&mut self, packet: &Packet<'_>, at: Time) -> bool {
        let mut hasher = self.hasher.build_hasher();
        let mut identification = 0;
        match &packet.ip {
            Some(ip) => {
                identification = ip.identification;
                (ip.source, ip.destination, ip.identification, ip.protocol).hash(&mut hasher);
                if let Some(fragment) = ip.fragment {
                    hasher.write_u32(fragment.offset);
                }
            }
            None => (packet.source_mac, packet.destination_mac, packet.ethertype).hash(&mut hasher),
        }
        match packet.upper {
            Upper::Tcp(segment) => {
                // Recordings are replayed from other ports with all else unchanged.
                hasher.write_u16(segment.source);
                hasher.write_u16(segment.destination);
                hasher.write_u32(segment.sequence);
                hasher.write_u32(segment.acknowledgement);
                hasher.write_u8(segment.flags.0);
            }
            Upper::Udp(source, destination) | Upper::Sctp(source, destination) => {
                hasher.write_u16(source);
                hasher.write_u16(destination);
            }
            Upper::None => {}
        }
        hasher.write_usize(packet.payload.len());
        hasher.write(packet.payload.get(..SHOWN).unwrap_or(packet.payload));
        let fingerprint = hasher.finish();
        let mut hasher = self.hasher.build_hasher();
        (packet.source_mac, packet.destination_mac, packet.vlan).hash(&mut hasher);
        hasher.write_u8(packet.ip.map_or(0, |ip| ip.ttl));
        let path = hasher.finish();
        let Some(seen) = self.seen.get_mut(fingerprint as usize % PLACES) else { return false };
        let age = at.since(seen.at).abs();
        let is_copy = seen.fingerprint == fingerprint
            && match packet.ip {
                Some(_) if identification != 0 => age <= limits::DUPLICATE_WINDOW,
                Some(_) => age <= limits::DUPLICATE_WINDOW && seen.path != path,
                None => age <= 1_000_000,
            };
        if !is_copy {
            *seen = Seen { fingerprint, path, at };
        }
        is_copy
    }
}

#[cfg(test)]
mod tests {
    use model::{Frame, LinkType};

    use super::*;

    /// A TCP segment with 6 bytes of payload from `port`, captured at 0.
    fn is_copy(duplicates: &mut Duplicates, port: u16) -> bool {
        let mut bytes = vec![0x66, 0x25, 0x9f, 0x2c, 4, 0x2e, 0xbe, 0x60, 0xf0, 0x4a, 0xd1, 0xbd, 8, 0];
        bytes.extend([0x45, 0, 0, 46, 1, 0x7c, 0x40, 0, 0x40, 6, 0, 0, 10, 0, 104, 2, 10, 0, 104, 11]);
        bytes.extend(port.to_be_bytes());
        bytes.extend([9, 0x64, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 0x53, 0, 0, 0, 0]);
        bytes.extend([0x68, 4, 7, 0, 0, 0]);
        let frame = Frame { at: Time(0), link: LinkType::ETHERNET, bytes: &bytes, wire_len: 60, number: 1 };
        duplicates.is_copy(&wire::parse(&frame), Time(0))
    }

    #[test]
    fn a_replay_from_another_port_is_no_copy() {
        let mut duplicates = Duplicates::new();
        assert!(!is_copy(&mut duplicates, 57_012));
        assert!(is_copy(&mut duplicates, 57_012));
        assert!(!is_copy(&mut duplicates, 58_001));
    }
}
