//! The header walk: one frame to link, network, transport and payload, in one pass, without failing.

use std::net::{IpAddr, Ipv4Addr};

use model::{Frame, LinkType, Mac};

use crate::evident::evident;
use crate::limits::{LAYERS_MAX, TUNNELS_MAX};
use crate::packet::{Ip, Layer, Packet, Stop, TcpFlags, TcpSegment, Upper};
use crate::{Reader, Short, link, network, transport, tunnel};

/// Takes a frame apart. Never fails: what could be read is there, and `stop` says where and why reading ended early.
///
/// Tunnels are opened down to the innermost frame. Checksums are not looked at: network cards compute them after the
/// capture point ("offloading"), so on the capturing host's own packets they are wrong as a rule.
#[inline(always)]
pub fn parse<'a>(frame: &Frame<'a>) -> Packet<'a> {
    if frame.link == LinkType::ETHERNET
        && let Some(packet) = usual(frame)
    {
        return packet;
    }
    parse_slowly(frame)
}

/// Goes on above IP with a payload that was put together from fragments, or taken out of another protocol.
///
/// `template` is the packet of one of the fragments: addresses, VLAN and tunnels are taken from it. `protocol` is the
/// one that the first fragment names. Offsets in `stop` count from the start of `payload`.
pub fn parse_upper<'a>(protocol: u8, payload: &'a [u8], template: &Packet<'_>) -> Packet<'a> {
    let mut walk = Walk::new(payload, payload.len());
    walk.packet = Packet { payload: &[], payload_wire_len: 0, upper: Upper::None, stop: None, ..*template };
    if let Some(ip) = &mut walk.packet.ip {
        ip.protocol = protocol;
        ip.fragment = None;
    }
    walk.run(Next::Protocol(protocol))
}

/// The usual frame in a few comparisons: Ethernet, at most one VLAN tag, IPv4 without options, TCP or UDP. Anything else
/// is left to the walk, which gives the same answer for these too.
#[inline(always)]
fn usual<'a>(frame: &Frame<'a>) -> Option<Packet<'a>> {
    let link = frame.bytes.first_chunk::<18>()?;
    let (vlan, start) = match [link[12], link[13]] {
        [0x08, 0x00] => (None, 14),
        [0x81, 0x00] if link[16] == 0x08 && link[17] == 0x00 => {
            let vlan = u16::from_be_bytes([link[14], link[15]]) & 0x0fff;
            ((vlan != 0).then_some(vlan), 18)
        }
        _ => return None,
    };
    let rest = frame.bytes.get(start..)?;
    let head = rest.first_chunk::<28>()?;
    // Version with header length, and no fragment (the bit "do not fragment" may be set).
    if head[0] != 0x45 || head[6] & 0xbf != 0 || head[7] != 0 {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let wire_left = (frame.wire_len as usize).max(frame.bytes.len()).checked_sub(start)?;
    let wire_end = wire_left.min(total);
    let source_port = u16::from_be_bytes([head[20], head[21]]);
    let destination_port = u16::from_be_bytes([head[22], head[23]]);
    let protocol = head[9];
    let (upper, payload_start, wire_end) = match protocol {
        network::TCP => {
            let head = rest.first_chunk::<40>()?;
            let header = usize::from(head[32] >> 4) * 4;
            if header < 20 || total < 20 + header {
                return None;
            }
            let segment = TcpSegment {
                source: source_port,
                destination: destination_port,
                sequence: u32::from_be_bytes([head[24], head[25], head[26], head[27]]),
                acknowledgement: u32::from_be_bytes([head[28], head[29], head[30], head[31]]),
                flags: TcpFlags(head[33]),
                window: u16::from_be_bytes([head[34], head[35]]),
            };
            (Upper::Tcp(segment), 20 + header, wire_end)
        }
        network::UDP
            if !tunnel::is_tunnel_port(source_port)
                && !tunnel::is_tunnel_port(destination_port)
                && evident(rest.get(28..).unwrap_or(&[])).is_none() =>
        {
            let length = usize::from(u16::from_be_bytes([head[24], head[25]]));
            if length < 8 || total < 28 {
                return None;
            }
            (Upper::Udp(source_port, destination_port), 28, wire_end.min(20 + length))
        }
        _ => return None,
    };
    let payload = rest.get(payload_start..wire_end.min(rest.len()))?;
    Some(Packet {
        source_mac: Some(Mac([link[6], link[7], link[8], link[9], link[10], link[11]])),
        destination_mac: Some(Mac([link[0], link[1], link[2], link[3], link[4], link[5]])),
        vlan,
        ethertype: link::IPV4,
        snap: None,
        ip: Some(Ip {
            source: IpAddr::V4(Ipv4Addr::new(head[12], head[13], head[14], head[15])),
            destination: IpAddr::V4(Ipv4Addr::new(head[16], head[17], head[18], head[19])),
            protocol,
            ttl: head[8],
            identification: u32::from(u16::from_be_bytes([head[4], head[5]])),
            fragment: None,
        }),
        upper,
        payload,
        payload_wire_len: wire_end.saturating_sub(payload_start) as u32,
        tunnels: 0,
        stop: None,
    })
}

/// The whole walk, for every frame.
pub(crate) fn parse_slowly<'a>(frame: &Frame<'a>) -> Packet<'a> {
    let mut walk = Walk::new(frame.bytes, (frame.wire_len as usize).max(frame.bytes.len()));
    match link::open(&mut walk, frame.link) {
        Ok(next) => walk.run(next),
        Err(stop) => walk.end(Some(stop)),
    }
}

/// What the next header is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// An Ethernet header.
    Ethernet,
    /// What an ethertype says.
    Ethertype(u16),
    /// A header of IEEE 802.2.
    Llc,
    /// A PPP protocol field.
    Ppp,
    /// An IP header of either version.
    Ip,
    /// What an IP protocol number says.
    Protocol(u8),
    /// The payload.
    Payload,
}

/// A step of the walk: what comes next, or why it cannot be read. A step that fails leaves the reader where it was.
pub(crate) type Step = Result<Next, Stop>;

/// One frame in the course of being taken apart.
pub(crate) struct Walk<'a> {
    /// What is known so far.
    pub packet: Packet<'a>,
    /// What was captured and not read yet, up to the end that the headers so far give.
    pub reader: Reader<'a>,
    /// Offset at which that ends on the wire: at least the end of `reader`.
    pub wire_end: usize,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], wire_len: usize) -> Walk<'a> {
        let packet = Packet {
            source_mac: None,
            destination_mac: None,
            vlan: None,
            ethertype: 0,
            snap: None,
            ip: None,
            upper: Upper::None,
            payload: &[],
            payload_wire_len: 0,
            tunnels: 0,
            stop: None,
        };
        Walk { packet, reader: Reader::new(bytes), wire_end: wire_len }
    }

    fn run(mut self, mut next: Next) -> Packet<'a> {
        for _ in 0..LAYERS_MAX {
            let step = match next {
                Next::Ethernet => link::ethernet(&mut self),
                Next::Ethertype(kind) => link::ethertype(&mut self, kind),
                Next::Llc => link::llc(&mut self),
                Next::Ppp => link::ppp(&mut self),
                Next::Ip => network::ip(&mut self),
                Next::Protocol(protocol) => transport::protocol(&mut self, protocol),
                Next::Payload => return self.end(None),
            };
            match step {
                Ok(following) => next = following,
                Err(stop) => return self.end(Some(stop)),
            }
        }
        let stop = self.stop(Layer::Tunnel, "more headers than the limit allows");
        self.end(Some(stop))
    }

    fn end(mut self, stop: Option<Stop>) -> Packet<'a> {
        self.packet.payload = self.reader.rest();
        self.packet.payload_wire_len = u32::try_from(self.wire_left()).unwrap_or(u32::MAX);
        self.packet.stop = stop;
        self.packet
    }

    /// Bytes not read yet, as they were on the wire.
    pub fn wire_left(&self) -> usize {
        self.wire_end.saturating_sub(self.reader.offset()).max(self.reader.left())
    }

    /// Takes off what lies more than `length` bytes ahead, because a header says that its contents end there.
    pub fn confine(&mut self, length: usize) {
        self.wire_end = self.wire_end.min(self.reader.offset().saturating_add(length));
        self.reader = self.reader.sub_at_most(length);
    }

    /// Counts a tunnel; fails where that is one too many.
    pub fn enter_tunnel(&mut self) -> Result<(), Stop> {
        if self.packet.tunnels >= TUNNELS_MAX {
            return Err(self.stop(Layer::Tunnel, "more tunnels than the limit allows"));
        }
        self.packet.tunnels = self.packet.tunnels.saturating_add(1);
        Ok(())
    }

    /// A stop at the next byte.
    pub fn stop(&self, layer: Layer, why: &'static str) -> Stop {
        Stop { layer, offset: u32::try_from(self.reader.offset()).unwrap_or(u32::MAX), why }
    }
}

/// A stop at a field that was short; its name says why.
pub(crate) fn short(layer: Layer) -> impl Fn(Short) -> Stop {
    move |short| Stop { layer, offset: u32::try_from(short.at).unwrap_or(u32::MAX), why: short.what }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod transcripts;
