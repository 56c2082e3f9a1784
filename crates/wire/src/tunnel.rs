//! Frames inside frames: MPLS, PPPoE, GRE, ERSPAN, Ethernet in IP, VXLAN, GENEVE, GTP-U, GRE and MPLS in UDP.
//!
//! A tunnel that an ethertype or an IP protocol announces is opened on its word. One that only a UDP port hints at is
//! opened when its whole header and the start of what is inside are plausible; else it is an ordinary datagram.

use crate::evident::Evident;
use crate::header::{Next, Step, Walk, short};
use crate::limits::{GTP_EXTENSIONS_MAX, MPLS_LABELS_MAX};
use crate::packet::Layer;
use crate::{Reader, link, network};

/// Transparent Ethernet bridging (RFC 7637, section 3.2).
const BRIDGED_ETHERNET: u16 = 0x6558;
/// ERSPAN types I and II, and III (draft-foschiano-erspan-03, sections 4.1 to 4.3).
const ERSPAN: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;
/// Web cache communication, version 2: an IPv4 packet after four bytes that are not an IP header.
const WCCP: u16 = 0x883e;

/// VXLAN (RFC 7348), and the port that Linux had before one was assigned.
const VXLAN_PORTS: [u16; 2] = [4789, 8472];
/// GENEVE (RFC 8926).
const GENEVE_PORT: u16 = 6081;
/// GTP-U (3GPP TS 29.281).
const GTP_PORT: u16 = 2152;

/// GRE in UDP (RFC 8086).
const GRE_PORT: u16 = 4754;
/// MPLS in UDP (RFC 7510).
const MPLS_PORT: u16 = 6635;

/// Whether UDP to or from this port may be a tunnel.
#[inline]
pub(crate) fn is_tunnel_port(port: u16) -> bool {
    matches!(port, 4789 | 8472 | GENEVE_PORT | GTP_PORT | GRE_PORT | MPLS_PORT)
}

/// A label stack (RFC 3032), then IP or an Ethernet frame, with or without a control word (RFC 4448): no field says
/// which, the first four bits tell (RFC 4928, section 3).
pub(crate) fn mpls(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let mut is_bottom = false;
    for _ in 0..MPLS_LABELS_MAX {
        let [_, _, low, _] = r.array("MPLS label is short").map_err(short(Layer::Tunnel))?;
        is_bottom = low & 1 != 0;
        if is_bottom {
            break;
        }
    }
    if !is_bottom {
        return Err(walk.stop(Layer::Tunnel, "more MPLS labels than the limit allows"));
    }
    let before = walk.reader;
    walk.reader = r;
    if network::is_ip(r.rest()) {
        walk.enter_tunnel()?;
        return Ok(Next::Ip);
    }
    let mut behind_control_word = r;
    if r.peek().is_some_and(|byte| byte >> 4 == 0)
        && behind_control_word.skip(4, "control word").is_ok()
        && link::is_ethernet(behind_control_word.rest(), walk.wire_left().saturating_sub(4))
    {
        walk.reader = behind_control_word;
    } else if !link::is_ethernet(r.rest(), walk.wire_left()) {
        // Something else below labels: it stays what carried it.
        walk.reader = before;
        return Ok(Next::Payload);
    }
    walk.enter_tunnel()?;
    Ok(Next::Ethernet)
}

/// A PPPoE session packet (RFC 2516, section 4).
pub(crate) fn pppoe(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let [version_type, code, _, _, l0, l1] = r.array("PPPoE header is short").map_err(short(Layer::Tunnel))?;
    if version_type != 0x11 || code != 0 {
        return Err(walk.stop(Layer::Tunnel, "not a PPPoE session header"));
    }
    walk.enter_tunnel()?;
    walk.reader = r;
    walk.confine(usize::from(u16::from_be_bytes([l0, l1])));
    Ok(Next::Ppp)
}

/// GRE (RFC 2784, RFC 2890). A protocol that is not known leaves the IP packet as it is.
pub(crate) fn gre(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let failed = short(Layer::Tunnel);
    let flags = r.u16("GRE header is short").map_err(&failed)?;
    let protocol = r.u16("GRE header is short").map_err(&failed)?;
    match flags & 0x0007 {
        0 => {}
        1 => return Err(walk.stop(Layer::Tunnel, "GRE version 1: PPP of a PPTP tunnel")),
        _ => return Err(walk.stop(Layer::Tunnel, "GRE version is not known")),
    }
    let has_sequence = flags & 0x1000 != 0;
    // Checksum and offset are there when either of them is meant; then key, sequence number, routing.
    let optional =
        4 * (usize::from(flags & 0xc000 != 0) + usize::from(flags & 0x2000 != 0) + usize::from(has_sequence));
    r.skip(optional, "GRE header is short").map_err(&failed)?;
    if flags & 0x4000 != 0 {
        return Err(walk.stop(Layer::Tunnel, "GRE with source routing"));
    }
    match protocol {
        link::IPV4 | link::IPV6 => enter(walk, r, Next::Ip),
        BRIDGED_ETHERNET => enter(walk, r, Next::Ethernet),
        // A type I header is no header at all, and only it has no sequence number.
        ERSPAN if !has_sequence => enter(walk, r, Next::Ethernet),
        ERSPAN | ERSPAN_3 => erspan(walk, r),
        link::PPP => enter(walk, r, Next::Ppp),
        WCCP => {
            if r.peek().is_some_and(|byte| byte >> 4 != 4) {
                r.skip(4, "WCCP header is short").map_err(&failed)?;
            }
            enter(walk, r, Next::Ip)
        }
        // These count themselves.
        link::MPLS | link::MPLS_UPSTREAM => {
            walk.reader = r;
            mpls(walk)
        }
        _ => Ok(Next::Payload),
    }
}

fn enter<'a>(walk: &mut Walk<'a>, inside: Reader<'a>, next: Next) -> Step {
    walk.enter_tunnel()?;
    walk.reader = inside;
    Ok(next)
}

/// A mirrored frame with the header of ERSPAN type II (8 bytes) or III (12 bytes, or 20 with a platform's own part).
/// The VLAN it was mirrored from is in the header, where the frame itself has no tag.
fn erspan<'a>(walk: &mut Walk<'a>, mut r: Reader<'a>) -> Step {
    let failed = short(Layer::Tunnel);
    let first = r.u16("ERSPAN header is short").map_err(&failed)?;
    let mut next = Next::Ethernet;
    match first >> 12 {
        1 => r.skip(6, "ERSPAN header is short").map_err(&failed)?,
        2 => {
            r.skip(8, "ERSPAN header is short").map_err(&failed)?;
            let last = r.u16("ERSPAN header is short").map_err(&failed)?;
            if last & 1 != 0 {
                r.skip(8, "ERSPAN platform header is short").map_err(&failed)?;
            }
            match last >> 10 & 0x1f {
                0 => {}
                2 => next = Next::Ip,
                _ => return Err(walk.stop(Layer::Tunnel, "ERSPAN frame type is not known")),
            }
        }
        _ => return Err(walk.stop(Layer::Tunnel, "ERSPAN version is not known")),
    }
    enter(walk, r, next)?;
    if let Next::Ip = next {
        return Ok(next);
    }
    let step = link::ethernet(walk)?;
    let vlan = first & 0x0fff;
    if vlan != 0 {
        walk.packet.vlan = Some(vlan);
    }
    Ok(step)
}

/// Ethernet in IP (RFC 3378): version 3, then the frame.
pub(crate) fn etherip(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    match r.u16("Ethernet in IP header is short").map_err(short(Layer::Tunnel))? {
        0x3000 => enter(walk, r, Next::Ethernet),
        _ => Ok(Next::Payload),
    }
}

/// A datagram from or to a port of `is_tunnel_port`; the reader is behind the UDP header.
pub(crate) fn over_udp(walk: &mut Walk<'_>, source: u16, destination: u16) -> Step {
    let has = |port| source == port || destination == port;
    match destination {
        GRE_PORT => return gre_over_udp(walk),
        MPLS_PORT => return mpls_over_udp(walk),
        _ => {}
    }
    let inside = if VXLAN_PORTS.contains(&destination) {
        vxlan(walk)
    } else if has(GENEVE_PORT) {
        geneve(walk)
    } else if has(GTP_PORT) {
        gtp(walk)
    } else {
        None
    };
    match inside {
        Some((r, next)) => enter(walk, r, next),
        None => Ok(Next::Payload),
    }
}

/// A datagram that is evidently a tunnel, on any other port.
pub(crate) fn over_any_port(walk: &mut Walk<'_>, evident: Evident) -> Step {
    let inside = match evident {
        Evident::Vxlan => vxlan(walk),
        Evident::Geneve => geneve(walk),
        Evident::Gtp => gtp(walk),
        Evident::Gre => return gre_over_udp(walk),
    };
    match inside {
        Some((r, next)) => enter(walk, r, next),
        None => Ok(Next::Payload),
    }
}

/// What is inside of a tunnel over UDP, if it is one.
type Inside<'a> = Option<(Reader<'a>, Next)>;

/// RFC 7348, section 5. Reserved fields are ignored on receipt, as it demands (extensions live there); where they are
/// not zero, only a frame of a common kind is believed.
fn vxlan<'a>(walk: &Walk<'a>) -> Inside<'a> {
    let mut r = walk.reader;
    let [flags, f1, f2, f3, _, _, _, reserved] = r.array("VXLAN header").ok()?;
    let is_plain = [flags, f1, f2, f3, reserved] == [0x08, 0, 0, 0, 0];
    let is_plausible = flags & 0x08 != 0
        && link::is_ethernet(r.rest(), walk.wire_left().saturating_sub(8))
        && (is_plain || link::is_common(r.rest()));
    is_plausible.then_some((r, Next::Ethernet))
}

/// RFC 8086: GRE, whose own reserved bits and version must be 0, with IP or Ethernet inside.
fn gre_over_udp(walk: &mut Walk<'_>) -> Step {
    match walk.reader.rest() {
        [first, 0, 0x08, 0x00, ..] | [first, 0, 0x86, 0xdd, ..] | [first, 0, 0x65, 0x58, ..] if first & 0x4f == 0 => {
            gre(walk)
        }
        _ => Ok(Next::Payload),
    }
}

/// RFC 7510: labels, whose first is no reserved one, with IP inside.
fn mpls_over_udp(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    for _ in 0..MPLS_LABELS_MAX {
        match r.u32("MPLS label") {
            Ok(label) if label >> 12 < 16 => return Ok(Next::Payload),
            Ok(label) if label & 0x100 != 0 && network::is_ip(r.rest()) => return mpls(walk),
            Ok(label) if label & 0x100 == 0 => {}
            _ => break,
        }
    }
    Ok(Next::Payload)
}

/// RFC 8926, section 3.4.
fn geneve<'a>(walk: &Walk<'a>) -> Inside<'a> {
    let mut r = walk.reader;
    let [first, flags, t0, t1, _, _, _, reserved] = r.array("GENEVE header").ok()?;
    if first >> 6 != 0 || flags & 0x3f != 0 || reserved != 0 {
        return None;
    }
    r.skip(usize::from(first & 0x3f) * 4, "GENEVE options").ok()?;
    let wire_left = walk.wire_left().saturating_sub(walk.reader.left().saturating_sub(r.left()));
    match u16::from_be_bytes([t0, t1]) {
        BRIDGED_ETHERNET if link::is_ethernet(r.rest(), wire_left) => Some((r, Next::Ethernet)),
        link::IPV4 | link::IPV6 if network::is_ip(r.rest()) => Some((r, Next::Ip)),
        _ => None,
    }
}

/// 3GPP TS 29.281, section 5: only a G-PDU (type 255) carries a packet; extension headers are a chain of four-byte
/// units, each ending with the type of the next.
fn gtp<'a>(walk: &Walk<'a>) -> Inside<'a> {
    let mut r = walk.reader;
    let [flags, kind, l0, l1, _, _, _, _] = r.array("GTP header").ok()?;
    // Version 1, protocol type 1, reserved bit 0.
    if flags & 0xf8 != 0x30 || kind != 0xff {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if length > walk.wire_left().checked_sub(8)? {
        return None;
    }
    r = r.sub_at_most(length);
    if flags & 0x07 != 0 {
        let [_, _, _, mut extension] = r.array("GTP optional fields").ok()?;
        if flags & 0x04 == 0 {
            extension = 0;
        }
        for _ in 0..GTP_EXTENSIONS_MAX {
            if extension == 0 {
                break;
            }
            let units = usize::from(r.u8("GTP extension length").ok()?);
            r.skip((units * 4).checked_sub(2)?, "GTP extension").ok()?;
            extension = r.u8("GTP next extension").ok()?;
        }
        if extension != 0 {
            return None;
        }
    }
    network::is_ip(r.rest()).then_some((r, Next::Ip))
}
