//! Frames that a badly set mirror port sends twice: recognised, counted, and read once.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

use foldhash::fast::FixedState;
use model::{Mac, Time};
use wire::{Packet, Upper};

use crate::limits;

/// Places for fingerprints; a power of two. A newer one takes the place of an older one, so memory is fixed.
const PLACES: usize = 64;

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
        let identification = packet.ip.map_or(0, |ip| ip.identification);
        let fingerprint = match packet.upper {
            // Numbers enough: two segments that agree in all of them carry the same bytes.
            Upper::Tcp(segment) => {
                let place = u64::from(segment.sequence) << 32 | u64::from(segment.acknowledgement);
                let ports = u64::from(segment.source) << 32 | u64::from(segment.destination) << 16;
                let rest = u64::from(identification) << 40 | u64::from(segment.flags.0) << 32;
                // Recordings are replayed from other machines and ports with all else unchanged.
                mix(mix(place, ports ^ rest ^ packet.payload.len() as u64), ends(packet))
            }
            _ => self.of_content(packet),
        };
        let path = path(packet);
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

    /// The fingerprint of a datagram or frame: its ends and the start of its content.
    fn of_content(&self, packet: &Packet<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        match &packet.ip {
            Some(ip) => (ip.source, ip.destination, ip.identification, ip.protocol).hash(&mut hasher),
            None => (packet.source_mac, packet.destination_mac, packet.ethertype).hash(&mut hasher),
        }
        if let Upper::Udp(source, destination) | Upper::Sctp(source, destination) = packet.upper {
            hasher.write_u32(u32::from(source) << 16 | u32::from(destination));
        }
        hasher.write_usize(packet.payload.len());
        // Below IP nothing but the payload tells messages apart, and GOOSE counts behind its first hundred bytes.
        let shown = if packet.ip.is_some() { SHOWN } else { packet.payload.len() };
        hasher.write(packet.payload.get(..shown).unwrap_or(packet.payload));
        hasher.finish()
    }
}

/// Source and destination address as a number.
fn ends(packet: &Packet<'_>) -> u64 {
    match packet.ip.map(|ip| (ip.source, ip.destination)) {
        Some((IpAddr::V4(source), IpAddr::V4(destination))) => {
            u64::from(u32::from(source)) << 32 | u64::from(u32::from(destination))
        }
        Some((IpAddr::V6(source), IpAddr::V6(destination))) => {
            let halves = |ip: Ipv6Addr| (u128::from(ip) as u64, (u128::from(ip) >> 64) as u64);
            let ((a, b), (c, d)) = (halves(source), halves(destination));
            mix(mix(a, b), mix(c, d))
        }
        _ => 0,
    }
}

/// The way a packet came: what a routed or mirrored copy has differently.
fn path(packet: &Packet<'_>) -> u64 {
    let number =
        |mac: Option<Mac>| mac.map_or(0, |Mac([a, b, c, d, e, f])| u64::from_be_bytes([0, 0, a, b, c, d, e, f]));
    let rest = u64::from(packet.vlan.unwrap_or(0)) << 16 | u64::from(packet.ip.map_or(0, |ip| ip.ttl));
    mix(number(packet.source_mac) << 16 ^ rest, number(packet.destination_mac))
}

/// Two numbers to one that depends on every bit of both: the high and low halves of their product, folded.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xd1b5_4a32_d192_ed03);
    (product >> 64) as u64 ^ product as u64
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
