//! What lies below IP: link types, Ethernet, tags, LLC and SNAP, PPP.

use model::{LinkType, Mac};

use crate::header::{Next, Step, Walk, short};
use crate::packet::{Layer, Upper};
use crate::{network, tunnel};

/// Ethertype of IPv4.
pub(crate) const IPV4: u16 = 0x0800;
/// Ethertype of IPv6.
pub(crate) const IPV6: u16 = 0x86dd;
/// Ethertype of MPLS (RFC 5332), and with labels that upstream assigned.
pub(crate) const MPLS: u16 = 0x8847;
pub(crate) const MPLS_UPSTREAM: u16 = 0x8848;
/// Ethertype of PPP in GRE (RFC 2637, section 4).
pub(crate) const PPP: u16 = 0x880b;

/// IEEE 802.1Q, 802.1ad, and what switches used for the outer tag before.
const VLAN_TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
const PPPOE_SESSION: u16 = 0x8864;
/// IEEE 802.1AE.
const MACSEC: u16 = 0x88e5;
/// IEEE 802.1ah, the tag that carries a customer's whole frame.
const BACKBONE_SERVICE: u16 = 0x88e7;
/// Cisco FabricPath: a frame between switches that carries a whole frame behind two bytes of tree and time to live.
const FABRIC_PATH: u16 = 0x8903;
/// IEC 62439-3, the tag of high-availability seamless redundancy.
const HSR: u16 = 0x892f;
/// IEC 62439-3, the suffix of the parallel redundancy trailer.
const PRP_SUFFIX: [u8; 2] = [0x88, 0xfb];
/// Cisco's tag between a switch and a virtual machine.
const VN_TAG: u16 = 0x8926;
/// Cisco's security group tag.
const CISCO_METADATA: u16 = 0x8909;

/// Apple's packet tap, and the number for anybody's own use that it had before; and the lengths its header may have.
const PKTAP: u32 = 258;
const PKTAP_OF_USER: u32 = 149;
const PKTAP_BYTES: std::ops::RangeInclusive<u32> = 108..=1_024;

/// Reads the header that a link type has, from the registry at tcpdump.org/linktypes.html.
pub(crate) fn open(walk: &mut Walk<'_>, link: LinkType) -> Step {
    match link.0 {
        1 => Ok(Next::Ethernet),
        0 | 108 => loopback(walk),
        // Raw IP; 12 and 14 are what it is called on hosts that write the number of their own kernel.
        12 | 14 | 101 => Ok(Next::Ip),
        228 | 229 => match walk.reader.peek() {
            Some(first) if first >> 4 != (if link.0 == 228 { 4 } else { 6 }) => {
                Err(walk.stop(Layer::Link, "IP version is not that of the link type"))
            }
            _ => Ok(Next::Ip),
        },
        113 => cooked(walk),
        276 => cooked_2(walk),
        9 => serial_ppp(walk),
        50 => hdlc_ppp(walk),
        51 => tunnel::pppoe(walk),
        104 => hdlc(walk),
        // IEEE 802.2 below IP over ATM (RFC 2684).
        100 => Ok(Next::Llc),
        // One byte of direction before it.
        204 => {
            walk.reader.skip(1, "direction is short").map_err(short(Layer::Link))?;
            serial_ppp(walk)
        }
        240 => analyzer(walk),
        // Solaris: 24 bytes of version, family, lengths, interface and zones.
        226 => {
            walk.reader.skip(24, "ipnet header is short").map_err(short(Layer::Link))?;
            Ok(Next::Ip)
        }
        PKTAP | PKTAP_OF_USER => pktap(walk),
        _ => Err(walk.stop(Layer::Unsupported, "link type is counted, not decoded")),
    }
}

/// An Ethernet header (IEEE 802.3, clause 3). Also of a frame inside a tunnel, which makes all that was known of the
/// outer frame forgotten.
pub(crate) fn ethernet(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let layer = if walk.packet.tunnels == 0 { Layer::Link } else { Layer::Tunnel };
    let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] =
        r.array("Ethernet header is short").map_err(short(layer))?;
    walk.reader = r;
    let packet = &mut walk.packet;
    packet.destination_mac = Some(Mac([d0, d1, d2, d3, d4, d5]));
    packet.source_mac = Some(Mac([s0, s1, s2, s3, s4, s5]));
    packet.vlan = None;
    packet.snap = None;
    packet.ip = None;
    packet.upper = Upper::None;
    type_or_length(walk, u16::from_be_bytes([t0, t1]))
}

/// Whether `bytes` can be an Ethernet frame: for tunnels that must be sure.
pub(crate) fn is_ethernet(bytes: &[u8], wire_len: usize) -> bool {
    let Some(head) = bytes.first_chunk::<14>() else { return false };
    let kind = u16::from_be_bytes([head[12], head[13]]);
    let is_source_single = head[6] & 1 == 0 && head[6..12] != [0; 6];
    let length = usize::from(kind);
    is_source_single && (kind >= 0x0600 || (3..=1500).contains(&length) && length.saturating_add(14) <= wire_len)
}

/// Whether an Ethernet frame is of the kinds that nearly all are: IP, ARP, or with a VLAN tag.
pub(crate) fn is_common(bytes: &[u8]) -> bool {
    match bytes.get(12..) {
        Some([0x08, 0x00, ip @ ..] | [0x86, 0xdd, ip @ ..]) => network::is_ip(ip),
        Some([0x08, 0x06, ..] | [0x81, 0x00, ..]) => true,
        _ => false,
    }
}

/// The field after the addresses or a tag: an ethertype from 0x0600 on, else the length of an LLC frame.
fn type_or_length(walk: &mut Walk<'_>, value: u16) -> Step {
    match value {
        0 => ethertype(walk, 0),
        1..=1500 => {
            walk.confine(usize::from(value));
            Ok(Next::Llc)
        }
        _ => Ok(Next::Ethertype(value)),
    }
}

/// What an ethertype says (IEEE registration authority). One that is not known is all payload, without the trailer of
/// a redundant network.
pub(crate) fn ethertype(walk: &mut Walk<'_>, kind: u16) -> Step {
    walk.packet.ethertype = kind;
    match kind {
        IPV4 | IPV6 => Ok(Next::Ip),
        MPLS | MPLS_UPSTREAM => tunnel::mpls(walk),
        PPPOE_SESSION => tunnel::pppoe(walk),
        // Identifier 0 says that the tag is there for its priority only (IEEE 802.1Q, table 9-2): it is no VLAN.
        _ if VLAN_TAGS.contains(&kind) => {
            let mut r = walk.reader;
            let control = r.u16("VLAN tag is short").map_err(short(Layer::Link))?;
            let value = r.u16("VLAN tag is short").map_err(short(Layer::Link))?;
            walk.reader = r;
            if control & 0x0fff != 0 {
                walk.packet.vlan = Some(control & 0x0fff);
            }
            type_or_length(walk, value)
        }
        HSR | VN_TAG => tag(walk, 4),
        CISCO_METADATA if walk.reader.rest().starts_with(&[1, 1]) => tag(walk, 6),
        BACKBONE_SERVICE | FABRIC_PATH => {
            let mut r = walk.reader;
            let length = if kind == FABRIC_PATH { 2 } else { 4 };
            r.skip(length, "backbone service tag is short").map_err(short(Layer::Link))?;
            walk.enter_tunnel()?;
            walk.reader = r;
            Ok(Next::Ethernet)
        }
        MACSEC => Err(walk.stop(Layer::Link, "MACsec: encrypted between neighbours")),
        _ => {
            take_off_prp_trailer(walk);
            Ok(Next::Payload)
        }
    }
}

/// A tag of `length` bytes that is passed over, and the ethertype behind it.
fn tag(walk: &mut Walk<'_>, length: usize) -> Step {
    let mut r = walk.reader;
    r.skip(length, "tag is short").map_err(short(Layer::Link))?;
    let value = r.u16("tag is short").map_err(short(Layer::Link))?;
    walk.reader = r;
    type_or_length(walk, value)
}

/// Takes the redundancy control trailer off (IEC 62439-3, clause 4.2.7.3): sequence number, LAN A or B with the size
/// of all that follows the ethertype, and the suffix.
fn take_off_prp_trailer(walk: &mut Walk<'_>) {
    let bytes = walk.reader.rest();
    if walk.wire_left() != bytes.len() {
        return;
    }
    let Some((contents, &[_, _, lan, size, suffix_0, suffix_1])) = bytes.split_last_chunk::<6>() else { return };
    let size = usize::from(u16::from_be_bytes([lan & 0x0f, size]));
    if [suffix_0, suffix_1] == PRP_SUFFIX && matches!(lan >> 4, 0xa | 0xb) && size == bytes.len() {
        walk.confine(contents.len());
    }
}

/// IEEE 802.2: SNAP and IP are gone into; the payload of anything else begins at the destination service access point.
pub(crate) fn llc(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    walk.packet.ethertype = 0;
    match r.array("LLC header is short") {
        Ok([0xaa, 0xaa, 0x03]) => {
            let organisation = r.u24("SNAP header is short").map_err(short(Layer::Link))?;
            let protocol = r.u16("SNAP header is short").map_err(short(Layer::Link))?;
            walk.reader = r;
            walk.packet.snap = Some(organisation);
            walk.packet.ethertype = protocol;
            // RFC 1042, and the same for protocols that bridges must not translate (IEEE 802.1H).
            Ok(if matches!(organisation, 0 | 0xf8) { Next::Ethertype(protocol) } else { Next::Payload })
        }
        Ok([0x06, 0x06, 0x03]) => {
            walk.reader = r;
            Ok(Next::Ip)
        }
        Ok(_) => Ok(Next::Payload),
        Err(cut) => Err(short(Layer::Link)(cut)),
    }
}

/// The protocol field of PPP (RFC 1661, section 2). The payload of what is not known begins at that field.
pub(crate) fn ppp(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let first = r.u8("PPP protocol is short").map_err(short(Layer::Link))?;
    // An odd first byte is a whole protocol number: the field may be compressed (section 6.5).
    let protocol = match first & 1 {
        1 => u16::from(first),
        _ => u16::from_be_bytes([first, r.u8("PPP protocol is short").map_err(short(Layer::Link))?]),
    };
    match protocol {
        0x0021 | 0x0057 => {
            walk.reader = r;
            Ok(Next::Ip)
        }
        0x0281 | 0x0283 => {
            walk.reader = r;
            tunnel::mpls(walk)
        }
        _ => Ok(Next::Payload),
    }
}

/// PPP, with or without the address and control bytes of HDLC.
fn serial_ppp(walk: &mut Walk<'_>) -> Step {
    walk.packet.ethertype = PPP;
    if walk.reader.rest().starts_with(&[0xff, 0x03]) {
        walk.reader.skip(2, "PPP header").map_err(short(Layer::Link))?;
    }
    Ok(Next::Ppp)
}

/// PPP with HDLC framing (RFC 1662), or Cisco's framing: the first byte tells.
fn hdlc_ppp(walk: &mut Walk<'_>) -> Step {
    match walk.reader.peek() {
        Some(0x0f | 0x8f) => hdlc(walk),
        _ => serial_ppp(walk),
    }
}

/// Cisco's HDLC (RFC 1547, section 4.3.1): address, control, ethertype.
fn hdlc(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    r.skip(2, "HDLC header is short").map_err(short(Layer::Link))?;
    let kind = r.u16("HDLC header is short").map_err(short(Layer::Link))?;
    walk.reader = r;
    Ok(Next::Ethertype(kind))
}

/// BSD loopback: an address family in the byte order of the host that captured, which the value tells.
fn loopback(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let bytes: [u8; 4] = r.array("address family is short").map_err(short(Layer::Link))?;
    let family = u32::from_be_bytes(bytes).min(u32::from_le_bytes(bytes));
    let next = match family {
        // IPv4 everywhere; IPv6 on Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        2 | 10 | 23 | 24 | 28 | 30 => Next::Ip,
        // Some tunnels of BSD hosts write an ethertype there.
        0x0600..=0xffff => Next::Ethertype(family as u16),
        // Cisco HDLC under this name, by hosts with a serial line: address, control, ethertype.
        _ if matches!(bytes, [0x0f, 0, 0x08, 0] | [0x0f, 0, 0x86, 0xdd]) && network::is_ip(r.rest()) => Next::Ip,
        _ => return Err(walk.stop(Layer::Unsupported, "address family is not IP")),
    };
    walk.reader = r;
    Ok(next)
}

/// Linux cooked capture: packet type, hardware type, length and bytes of the sender's address, protocol.
fn cooked(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let [_, _, h0, h1, l0, l1, a0, a1, a2, a3, a4, a5, _, _, p0, p1] =
        r.array("cooked header is short").map_err(short(Layer::Link))?;
    walk.reader = r;
    if [l0, l1] == [0, 6] {
        walk.packet.source_mac = Some(Mac([a0, a1, a2, a3, a4, a5]));
    }
    cooked_protocol(walk, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([p0, p1]))
}

/// Linux cooked capture, version 2: protocol, reserved, interface, hardware type, packet type, length, address.
fn cooked_2(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let [p0, p1, _, _, _, _, _, _, h0, h1, _, length, a0, a1, a2, a3, a4, a5, _, _] =
        r.array("cooked header is short").map_err(short(Layer::Link))?;
    walk.reader = r;
    if length == 6 {
        walk.packet.source_mac = Some(Mac([a0, a1, a2, a3, a4, a5]));
    }
    cooked_protocol(walk, u16::from_be_bytes([h0, h1]), u16::from_be_bytes([p0, p1]))
}

/// The protocol of a cooked header is an ethertype, a number of Linux's own, or means something else for some hardware.
fn cooked_protocol(walk: &mut Walk<'_>, hardware: u16, protocol: u16) -> Step {
    match (hardware, protocol) {
        // 801 to 803 are IEEE 802.11 with several headers, 824 is Netlink.
        (801..=803 | 824, _) => Err(walk.stop(Layer::Unsupported, "hardware type is counted, not decoded")),
        (_, 0x0004) => Ok(Next::Llc),
        (_, 0x0003) => Ok(Next::Ethernet),
        (_, 0x0000..=0x05ff) => {
            walk.packet.ethertype = 0;
            Ok(Next::Payload)
        }
        _ => Ok(Next::Ethertype(protocol)),
    }
}

/// Apple's PKTAP: a header with its own length, the kind of record (1: a packet) and the link type of the frame behind
/// it, in the byte order of the host; then the interface, the process and more (Darwin, bsd/net/pktap.h).
fn pktap(walk: &mut Walk<'_>) -> Step {
    let mut r = walk.reader;
    let failed = short(Layer::Link);
    let length = r.u32_le("packet tap header is short").map_err(&failed)?;
    let kind = r.u32_le("packet tap header is short").map_err(&failed)?;
    let link = r.u32_le("packet tap header is short").map_err(&failed)?;
    if kind != 1 || !PKTAP_BYTES.contains(&length) {
        return Err(walk.stop(Layer::Unsupported, "link type is counted, not decoded"));
    }
    walk.reader.skip(length as usize, "packet tap header is short").map_err(&failed)?;
    match link {
        // None in itself.
        PKTAP | PKTAP_OF_USER => Err(walk.stop(Layer::Link, "a packet tap in a packet tap")),
        _ => open(walk, LinkType(link)),
    }
}

/// Hilscher netANALYZER: four bytes of its own, then an Ethernet frame with its check sequence.
fn analyzer(walk: &mut Walk<'_>) -> Step {
    walk.reader.skip(4, "analyser header is short").map_err(short(Layer::Link))?;
    let length = walk.wire_left().saturating_sub(4);
    walk.confine(length);
    Ok(Next::Ethernet)
}
