//! TCP (RFC 9293), UDP (RFC 768) and SCTP (RFC 9260) headers; tunnels straight above IP are handed on.

use crate::evident::evident;
use crate::header::{Next, Step, Walk, short};
use crate::packet::{Layer, Packet, TcpFlags, TcpSegment, Upper};
use crate::{network, tunnel};

/// What an IP protocol number says. A protocol that is not known is all payload.
pub(crate) fn protocol(walk: &mut Walk<'_>, protocol: u8) -> Step {
    match protocol {
        network::TCP => tcp(walk),
        network::UDP => udp(walk),
        network::SCTP => sctp(walk),
        network::IPV4 | network::IPV6 => {
            walk.enter_tunnel()?;
            Ok(Next::Ip)
        }
        network::GRE => tunnel::gre(walk),
        network::ETHERIP => tunnel::etherip(walk),
        network::MPLS => tunnel::mpls(walk),
        // After fragments, or before anything else: headers that only say what follows them.
        0 | 43 | 44 | network::AUTHENTICATION | 60 => match walk.packet.ip {
            Some(ip) if ip.source.is_ipv6() || protocol == network::AUTHENTICATION => {
                network::extensions(walk, protocol)
            }
            _ => Ok(Next::Payload),
        },
        _ => Ok(Next::Payload),
    }
}

fn tcp(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let head: [u8; 20] = r.array("TCP header is short").map_err(short(Layer::Transport))?;
    let segment = TcpSegment {
        source: u16::from_be_bytes([head[0], head[1]]),
        destination: u16::from_be_bytes([head[2], head[3]]),
        sequence: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        acknowledgement: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        flags: TcpFlags(head[13]),
        window: u16::from_be_bytes([head[14], head[15]]),
    };
    walk.packet.upper = Upper::Tcp(segment);
    let wire_left = walk.wire_left();
    let header = usize::from(head[12] >> 4) * 4;
    let wrong = match header {
        0..20 => Some("TCP header length is below 20"),
        _ if header > wire_left => Some("TCP header length is beyond the packet"),
        _ => None,
    };
    if let Some(why) = wrong {
        let stop = walk.stop(Layer::Transport, why);
        walk.confine(0);
        return Err(stop);
    }
    if let Err(cut) = r.skip(header.saturating_sub(20), "TCP options are cut") {
        // The snap length ended inside the options: no payload was captured, but its length is known.
        let wire_end = walk.wire_end;
        let stop = short(Layer::Transport)(cut);
        let _ = walk.reader.take_rest();
        walk.wire_end = walk.reader.offset().saturating_add(wire_left.saturating_sub(header)).min(wire_end);
        return Err(stop);
    }
    walk.reader = r;
    Ok(Next::Payload)
}

fn udp(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let head: [u8; 8] = r.array("UDP header is short").map_err(short(Layer::Transport))?;
    let source = u16::from_be_bytes([head[0], head[1]]);
    let destination = u16::from_be_bytes([head[2], head[3]]);
    let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
    walk.packet.upper = Upper::Udp(source, destination);
    match length {
        // A jumbogram (RFC 2675, section 4) or segmentation offload: up to the end of the IP packet.
        0 => {}
        1..8 => {
            let stop = walk.stop(Layer::Transport, "UDP length is below 8");
            walk.confine(0);
            return Err(stop);
        }
        _ => walk.confine(length),
    }
    r = walk.reader;
    r.skip(8, "UDP header is short").map_err(short(Layer::Transport))?;
    walk.reader = r;
    if tunnel::is_tunnel_port(source) || tunnel::is_tunnel_port(destination) {
        return tunnel::over_udp(walk, source, destination);
    }
    if let Some(evident) = evident(walk.reader.rest()) {
        return tunnel::over_any_port(walk, evident);
    }
    Ok(Next::Payload)
}

fn sctp(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let head: [u8; 12] = r.array("SCTP header is short").map_err(short(Layer::Transport))?;
    walk.packet.upper = Upper::Sctp(u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
    walk.reader = r;
    Ok(Next::Payload)
}

impl Packet<'_> {
    /// Source and destination port, where the transport has ports and its header could be read.
    pub const fn ports(&self) -> Option<(u16, u16)> {
        match self.upper {
            Upper::Tcp(segment) => Some((segment.source, segment.destination)),
            Upper::Udp(source, destination) | Upper::Sctp(source, destination) => Some((source, destination)),
            Upper::None => None,
        }
    }

    /// Bytes of the payload that the snap length cut off.
    pub const fn cut(&self) -> u32 {
        self.payload_wire_len.saturating_sub(self.payload.len() as u32)
    }
}
