//! Frames as bytes: Ethernet, ARP, IPv4, UDP, ICMP and TCP headers with correct lengths and checksums.

use std::net::Ipv4Addr;

use model::Mac;

/// Ethertype of IPv4.
pub const IPV4: u16 = 0x0800;
/// Ethertype of ARP.
pub const ARP: u16 = 0x0806;

/// An Ethernet II frame without its check sequence, padded to the least length.
pub fn ethernet(destination: Mac, source: Mac, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity((14 + payload.len()).max(60));
    frame.extend_from_slice(&destination.0);
    frame.extend_from_slice(&source.0);
    frame.extend_from_slice(&ethertype.to_be_bytes());
    frame.extend_from_slice(payload);
    pad(frame)
}

/// An IEEE 802.3 frame: length and LLC in the place of the ethertype.
pub fn llc(destination: Mac, source: Mac, payload: &[u8]) -> Vec<u8> {
    ethernet(destination, source, payload.len() as u16, payload)
}

fn pad(mut frame: Vec<u8>) -> Vec<u8> {
    if frame.len() < 60 {
        frame.resize(60, 0);
    }
    frame
}

/// An ARP packet (RFC 826): `operation` 1 asks, 2 answers.
pub fn arp(operation: u16, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4];
    packet.extend_from_slice(&operation.to_be_bytes());
    packet.extend_from_slice(&sender.0.0);
    packet.extend_from_slice(&sender.1.octets());
    packet.extend_from_slice(&target.0.0);
    packet.extend_from_slice(&target.1.octets());
    packet
}

/// What an IPv4 header says besides its lengths (RFC 791).
#[derive(Clone, Copy, Debug)]
pub struct Ipv4 {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Protocol above: 1 ICMP, 2 IGMP, 6 TCP, 17 UDP.
    pub protocol: u8,
    /// Time to live.
    pub ttl: u8,
    /// Identification.
    pub identification: u16,
}

/// An IPv4 packet with the flag "do not fragment".
pub fn ipv4(header: Ipv4, payload: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(20 + payload.len());
    packet.extend_from_slice(&[0x45, 0]);
    packet.extend_from_slice(&((20 + payload.len()) as u16).to_be_bytes());
    packet.extend_from_slice(&header.identification.to_be_bytes());
    packet.extend_from_slice(&[0x40, 0, header.ttl, header.protocol, 0, 0]);
    packet.extend_from_slice(&header.source.octets());
    packet.extend_from_slice(&header.destination.octets());
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// A UDP datagram with checksum (RFC 768).
pub fn udp(source: (Ipv4Addr, u16), destination: (Ipv4Addr, u16), payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(8 + payload.len());
    datagram.extend_from_slice(&source.1.to_be_bytes());
    datagram.extend_from_slice(&destination.1.to_be_bytes());
    datagram.extend_from_slice(&((8 + payload.len()) as u16).to_be_bytes());
    datagram.extend_from_slice(&[0, 0]);
    datagram.extend_from_slice(payload);
    let sum = transport_checksum(source.0, destination.0, 17, &datagram);
    datagram[6..8].copy_from_slice(&(if sum == 0 { 0xffff } else { sum }).to_be_bytes());
    datagram
}

/// What a TCP header says (RFC 9293).
#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    /// Source address and port.
    pub source: (Ipv4Addr, u16),
    /// Destination address and port.
    pub destination: (Ipv4Addr, u16),
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// Flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16.
    pub flags: u8,
    /// Window.
    pub window: u16,
    /// Options, a multiple of four bytes.
    pub options: &'a [u8],
}

/// A TCP segment with checksum.
pub fn tcp(header: Tcp<'_>, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::with_capacity(20 + header.options.len() + payload.len());
    segment.extend_from_slice(&header.source.1.to_be_bytes());
    segment.extend_from_slice(&header.destination.1.to_be_bytes());
    segment.extend_from_slice(&header.sequence.to_be_bytes());
    segment.extend_from_slice(&header.acknowledgement.to_be_bytes());
    segment.push(((20 + header.options.len()) as u8 / 4) << 4);
    segment.push(header.flags);
    segment.extend_from_slice(&header.window.to_be_bytes());
    segment.extend_from_slice(&[0, 0, 0, 0]);
    segment.extend_from_slice(header.options);
    segment.extend_from_slice(payload);
    let sum = transport_checksum(header.source.0, header.destination.0, 6, &segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    segment
}

/// Sets the checksum of a TCP segment whose payload was changed.
pub fn correct_tcp(source: Ipv4Addr, destination: Ipv4Addr, segment: &mut [u8]) {
    segment[16..18].copy_from_slice(&[0, 0]);
    let sum = transport_checksum(source, destination, 6, segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
}

/// An ICMP echo request (8) or reply (0) (RFC 792).
pub fn icmp_echo(kind: u8, identifier: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0];
    message.extend_from_slice(&identifier.to_be_bytes());
    message.extend_from_slice(&sequence.to_be_bytes());
    message.extend_from_slice(payload);
    let sum = checksum(&[&message]);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    message
}

/// The checksum of TCP and UDP, with the pseudo header of IPv4.
fn transport_checksum(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, segment: &[u8]) -> u16 {
    let length = (segment.len() as u32).to_be_bytes();
    checksum(&[&source.octets(), &destination.octets(), &[0, protocol], &length, segment])
}

/// The Internet checksum (RFC 1071) over parts; all parts but the last have an even length.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u64;
    for part in parts {
        let mut pairs = part.chunks_exact(2);
        for pair in &mut pairs {
            sum += u64::from(u16::from_be_bytes([pair[0], pair[1]]));
        }
        if let [last] = pairs.remainder() {
            sum += u64::from(*last) << 8;
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_the_header_in_rfc_1071_style_example() {
        let header = [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7];
        assert_eq!(checksum(&[&header]), 0xb861);
    }
}
