//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, with extension headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::header::{Next, Step, Walk, short};
use crate::limits::IP_EXTENSIONS_MAX;
use crate::link;
use crate::packet::{Fragment, Ip, Layer, Upper};

/// IPv4 in IP (RFC 2003).
pub(crate) const IPV4: u8 = 4;
/// TCP.
pub(crate) const TCP: u8 = 6;
/// UDP.
pub(crate) const UDP: u8 = 17;
/// IPv6 in IP (RFC 4213).
pub(crate) const IPV6: u8 = 41;
/// Generic routing encapsulation (RFC 2784).
pub(crate) const GRE: u8 = 47;
/// Authentication header (RFC 4302).
pub(crate) const AUTHENTICATION: u8 = 51;
/// Ethernet in IP (RFC 3378).
pub(crate) const ETHERIP: u8 = 97;
/// SCTP (RFC 9260).
pub(crate) const SCTP: u8 = 132;
/// MPLS in IP (RFC 4023).
pub(crate) const MPLS: u8 = 137;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const DESTINATION_OPTIONS: u8 = 60;

/// An IP header; the version is in its first four bits, whatever the header before called it.
pub(crate) fn ip(walk: &mut Walk<'_>) -> Step {
    match walk.reader.peek().map(|byte| byte >> 4) {
        Some(4) => ipv4(walk),
        Some(6) => ipv6(walk),
        Some(_) => Err(walk.stop(Layer::Network, "IP version is neither 4 nor 6")),
        None => Err(walk.stop(Layer::Network, "nothing where an IP header is due")),
    }
}

/// Whether `bytes` begin with something that can only just be called an IP header: for tunnels that must be sure.
pub(crate) fn is_ip(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(0x45..=0x4f) => bytes.len() >= 20,
        Some(0x60..=0x6f) => bytes.len() >= 40,
        _ => false,
    }
}

fn ipv4(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let head: [u8; 20] = r.array("IPv4 header is short").map_err(short(Layer::Network))?;
    let header = usize::from(head[0] & 0x0f) * 4;
    let Some(options) = header.checked_sub(20) else {
        return Err(walk.stop(Layer::Network, "IPv4 header length is below 20"));
    };
    let total = usize::from(u16::from_be_bytes([head[2], head[3]]));
    // A total length of 0 is what a card that cuts large segments itself ("segmentation offload") is handed.
    let length = match total {
        0 => walk.wire_left().saturating_sub(header),
        _ => match total.checked_sub(header) {
            Some(length) => length,
            None => return Err(walk.stop(Layer::Network, "IPv4 total length is below its header length")),
        },
    };
    let flags = u16::from_be_bytes([head[6], head[7]]);
    let fragment = Fragment { offset: u32::from(flags & 0x1fff) * 8, more: flags & 0x2000 != 0 };
    let ip = Ip {
        source: IpAddr::V4(Ipv4Addr::new(head[12], head[13], head[14], head[15])),
        destination: IpAddr::V4(Ipv4Addr::new(head[16], head[17], head[18], head[19])),
        protocol: head[9],
        ttl: head[8],
        identification: u32::from(u16::from_be_bytes([head[4], head[5]])),
        fragment: (fragment.offset != 0 || fragment.more).then_some(fragment),
    };
    r.skip(options, "IPv4 options are short").map_err(short(Layer::Network))?;
    walk.reader = r;
    walk.confine(length);
    walk.packet.ethertype = link::IPV4;
    walk.packet.ip = Some(ip);
    walk.packet.upper = Upper::None;
    Ok(if ip.fragment.is_some() { Next::Payload } else { Next::Protocol(ip.protocol) })
}

fn ipv6(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let head: [u8; 8] = r.array("IPv6 header is short").map_err(short(Layer::Network))?;
    let source: [u8; 16] = r.array("IPv6 header is short").map_err(short(Layer::Network))?;
    let destination: [u8; 16] = r.array("IPv6 header is short").map_err(short(Layer::Network))?;
    walk.reader = r;
    // 0 is a jumbogram (RFC 2675) or segmentation offload.
    let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
    if length != 0 {
        walk.confine(length);
    }
    walk.packet.ethertype = link::IPV6;
    walk.packet.ip = Some(Ip {
        source: IpAddr::V6(Ipv6Addr::from(source)),
        destination: IpAddr::V6(Ipv6Addr::from(destination)),
        protocol: head[6],
        ttl: head[7],
        identification: 0,
        fragment: None,
    });
    walk.packet.upper = Upper::None;
    extensions(walk, head[6])
}

/// Passes over extension headers from `protocol` on, up to the first header that is not one, and keeps the protocol of
/// that one. Where one is a fragment header of more than one fragment, what follows is payload.
pub(crate) fn extensions(walk: &mut Walk<'_>, mut protocol: u8) -> Step {
    for _ in 0..IP_EXTENSIONS_MAX {
        let mut r = walk.reader;
        let failed = short(Layer::Network);
        match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => {
                let [next, units] = r.array("IPv6 extension header is short").map_err(&failed)?;
                r.skip(usize::from(units) * 8 + 6, "IPv6 extension header is short").map_err(&failed)?;
                protocol = next;
            }
            AUTHENTICATION => {
                let [next, units] = r.array("authentication header is short").map_err(&failed)?;
                r.skip(usize::from(units) * 4 + 6, "authentication header is short").map_err(&failed)?;
                protocol = next;
            }
            FRAGMENT => {
                let head: [u8; 8] = r.array("IPv6 fragment header is short").map_err(&failed)?;
                protocol = head[0];
                let place = u16::from_be_bytes([head[2], head[3]]);
                let fragment = Fragment { offset: u32::from(place & 0xfff8), more: place & 1 != 0 };
                let is_part = fragment.offset != 0 || fragment.more;
                if let Some(ip) = &mut walk.packet.ip {
                    ip.identification = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
                    ip.protocol = protocol;
                    ip.fragment = is_part.then_some(fragment);
                }
                if is_part {
                    walk.reader = r;
                    return Ok(Next::Payload);
                }
            }
            _ => return Ok(Next::Protocol(protocol)),
        }
        walk.reader = r;
        if let Some(ip) = &mut walk.packet.ip {
            ip.protocol = protocol;
        }
    }
    Err(walk.stop(Layer::Network, "more IP extension headers than the limit allows"))
}
