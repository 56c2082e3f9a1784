//! Which packets of the evidence ring belong together: the pair of addresses, whichever way they speak.

use std::net::IpAddr;

use model::{Flow, Frame, Mac, Transport};
use wire::{Packet, Upper};

/// The key under which a packet is kept: the same for everything between two addresses, in both directions.
pub fn key(frame: &Frame<'_>) -> u64 {
    let packet = wire::parse(frame);
    match packet.ip {
        Some(ip) => key_of_ips(ip.source, ip.destination),
        None => key_of_macs(packet.source_mac.unwrap_or_default(), packet.destination_mac.unwrap_or_default()),
    }
}

/// The key of what two IP addresses say.
pub fn key_of_ips(a: IpAddr, b: IpAddr) -> u64 {
    let of = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => hash(&ip.octets()),
        IpAddr::V6(ip) => hash(&ip.octets()),
    };
    of(a).wrapping_add(of(b))
}

/// The key of what two hardware addresses say below IP.
pub fn key_of_macs(a: Mac, b: Mac) -> u64 {
    hash(&a.0).wrapping_add(hash(&b.0))
}

/// FNV-1a (64 bits): stable over versions and machines, because keys are on disk.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The flow of a packet, as records name it.
pub fn flow(packet: &Packet<'_>) -> Flow {
    let (source, destination, transport) = match (packet.upper, packet.ip) {
        (Upper::Tcp(segment), _) => (segment.source, segment.destination, Transport::Tcp),
        (Upper::Udp(source, destination), _) => (source, destination, Transport::Udp),
        (Upper::Sctp(source, destination), _) => (source, destination, Transport::Sctp),
        (Upper::None, Some(ip)) => (0, 0, Transport::Ip(ip.protocol)),
        (Upper::None, None) => (0, 0, Transport::Ethernet(packet.ethertype)),
    };
    match packet.ip {
        Some(ip) => Flow::Ip { transport, source: (ip.source, source), destination: (ip.destination, destination) },
        None => Flow::Link {
            source: packet.source_mac.unwrap_or_default(),
            destination: packet.destination_mac.unwrap_or_default(),
            ethertype: packet.ethertype,
        },
    }
}
