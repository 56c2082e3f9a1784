//! One frame taken apart: link, network, transport, payload, and where reading stopped.

use std::net::IpAddr;

use model::Mac;

/// What could be read of one frame. Nothing here owns memory.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Source hardware address, of the innermost Ethernet header; absent on links without one.
    pub source_mac: Option<Mac>,
    /// Destination hardware address, of the innermost Ethernet header.
    pub destination_mac: Option<Mac>,
    /// VLAN identifier, of the innermost tag.
    pub vlan: Option<u16>,
    /// Ethertype of what `payload` or `ip` is; 0 for LLC without SNAP; the protocol id of a SNAP header.
    pub ethertype: u16,
    /// Organisation of a SNAP header (0 for the usual encapsulated Ethernet); absent without SNAP.
    pub snap: Option<u32>,
    /// The innermost IP header; absent where the frame has none.
    pub ip: Option<Ip>,
    /// What follows the IP header.
    pub upper: Upper,
    /// Bytes above the last header read: TCP or UDP payload, ICMP message, or what follows the ethertype.
    /// Padding of short Ethernet frames and trailers (PRP) are taken off where a length field says so.
    pub payload: &'a [u8],
    /// How long the payload was on the wire; more than `payload.len()` where the snap length cut it.
    pub payload_wire_len: u32,
    /// Number of tunnels opened to come here (GRE, ERSPAN, VXLAN, GENEVE, GTP-U, IP in IP, PPPoE, MPLS).
    pub tunnels: u8,
    /// Where and why reading stopped before it came to a payload.
    pub stop: Option<Stop>,
}

/// An IP header, of either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Protocol above, after IPv6 extension headers.
    pub protocol: u8,
    /// Time to live or hop limit.
    pub ttl: u8,
    /// Identification of IPv4 (0 for IPv6 without a fragment header).
    pub identification: u32,
    /// Present when the packet is one fragment of a larger one.
    pub fragment: Option<Fragment>,
}

/// A fragment's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Offset in bytes.
    pub offset: u32,
    /// Whether more follow.
    pub more: bool,
}

/// What follows the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upper {
    /// No IP, or an IP protocol without ports, or a fragment: the payload is all there is.
    None,
    /// TCP.
    Tcp(TcpSegment),
    /// UDP: source and destination port.
    Udp(u16, u16),
    /// SCTP: source and destination port; the payload is the chunks.
    Sctp(u16, u16),
}

/// The fields of a TCP header that reassembly needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpSegment {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Sequence number of the first byte (or of SYN).
    pub sequence: u32,
    /// Acknowledgement number; valid with the ACK flag.
    pub acknowledgement: u32,
    /// Flags.
    pub flags: TcpFlags,
    /// Window as on the wire.
    pub window: u16,
}

/// TCP flags (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }
    /// Opening.
    pub const fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }
    /// Abort.
    pub const fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }
    /// The acknowledgement number is valid.
    pub const fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// Where reading a frame stopped, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The layer that could not be read.
    pub layer: Layer,
    /// Offset from the start of the frame.
    pub offset: u32,
    /// Why, in a fragment of a sentence.
    pub why: &'static str,
}

/// A layer of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The link header, tags, LLC.
    Link,
    /// A tunnel header.
    Tunnel,
    /// The IP header or its extensions.
    Network,
    /// The TCP, UDP or SCTP header.
    Transport,
    /// The link type is counted, not decoded.
    Unsupported,
}
