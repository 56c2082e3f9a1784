//! Who is at one end: hardware address, IP address, port, VLAN; and the identity of a flow between two ends.

use std::fmt;
use std::net::IpAddr;

use borsh::{BorshDeserialize, BorshSerialize};

/// A 48-bit hardware address (IEEE 802).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The broadcast address ff:ff:ff:ff:ff:ff.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// Whether the group bit is set: multicast or broadcast, so not the address of one machine.
    pub const fn is_group(self) -> bool {
        self.0[0] & 0x01 != 0
    }

    /// Whether the local bit is set: chosen by software, so the first three bytes name no maker.
    pub const fn is_local(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// Reads `aa:bb:cc:dd:ee:ff` (also with `-`).
    pub fn parse(text: &str) -> Option<Mac> {
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
        }
        parts.next().is_none().then_some(Mac(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut text = [b':'; 17];
        for (place, byte) in text.chunks_mut(3).zip(self.0) {
            place[0] = DIGITS[usize::from(byte >> 4)];
            place[1] = DIGITS[usize::from(byte & 0x0f)];
        }
        // Always text: digits and colons.
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// One end of an act or a conversation. What is not known is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Address {
    /// Hardware address as seen on the wire; behind a router it is the router's.
    pub mac: Option<Mac>,
    /// IP address.
    pub ip: Option<IpAddr>,
    /// TCP, UDP or SCTP port.
    pub port: Option<u16>,
    /// VLAN identifier (IEEE 802.1Q), the innermost one.
    pub vlan: Option<u16>,
}

impl Address {
    /// The hardware address alone.
    pub const fn mac_only(self) -> Address {
        Address { mac: self.mac, ip: None, port: None, vlan: None }
    }

    /// The same machine without the port.
    pub const fn without_port(self) -> Address {
        Address { port: None, ..self }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.port, self.mac) {
            (Some(IpAddr::V6(ip)), Some(port), _) => write!(f, "[{ip}]:{port}"),
            (Some(ip), Some(port), _) => write!(f, "{ip}:{port}"),
            (Some(ip), None, _) => write!(f, "{ip}"),
            (None, _, Some(mac)) => write!(f, "{mac}"),
            (None, _, None) => f.write_str("?"),
        }
    }
}

/// What carries a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// Another IP protocol, by number (1 ICMP, 2 IGMP, 58 ICMPv6, 89 OSPF …).
    Ip(u8),
    /// Straight on Ethernet, by ethertype; LLC frames have 0x0000 and SNAP ones their protocol id.
    Ethernet(u16),
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transport::Tcp => f.write_str("tcp"),
            Transport::Udp => f.write_str("udp"),
            Transport::Sctp => f.write_str("sctp"),
            Transport::Ip(1) => f.write_str("icmp"),
            Transport::Ip(58) => f.write_str("icmpv6"),
            Transport::Ip(number) => write!(f, "ip-{number}"),
            Transport::Ethernet(kind) => write!(f, "ethernet-0x{kind:04x}"),
        }
    }
}

/// The identity of a flow, the same in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Flow {
    /// Between two IP addresses; ports are 0 where the transport has none.
    Ip {
        /// What carries it.
        transport: Transport,
        /// Source address and port of the packet that opened the flow.
        source: (IpAddr, u16),
        /// Destination address and port of that packet.
        destination: (IpAddr, u16),
    },
    /// Between two hardware addresses.
    Link {
        /// Source of the frame that opened the flow.
        source: Mac,
        /// Destination of that frame.
        destination: Mac,
        /// Ethertype.
        ethertype: u16,
    },
}

impl fmt::Display for Flow {
    /// Community ID version 1 with seed 0 over IP; below IP the MAC pair in order and the ethertype:
    /// `00:11:22:33:44:55-66:77:88:99:aa:bb/0x88b8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flow::Ip { transport, source, destination } => {
                let number = match transport {
                    Transport::Tcp => 6,
                    Transport::Udp => 17,
                    Transport::Sctp => 132,
                    Transport::Ip(number) => *number,
                    Transport::Ethernet(_) => 0,
                };
                let ports = (source.1 != 0 || destination.1 != 0).then_some((source.1, destination.1));
                let id = community_id::calculate_community_id(
                    0,
                    source.0,
                    destination.0,
                    ports.map(|p| p.0),
                    ports.map(|p| p.1),
                    number,
                    Default::default(),
                );
                match id {
                    Ok(id) => f.write_str(&id),
                    Err(_) => write!(f, "{}-{}/{transport}", source.0.min(destination.0), source.0.max(destination.0)),
                }
            }
            Flow::Link { source, destination, ethertype } => {
                write!(f, "{}-{}/0x{ethertype:04x}", source.min(destination), source.max(destination))
            }
        }
    }
}
