//! Tunnels over UDP that are evident from their bytes, whatever the port.
//!
//! On an unusual port nothing but the bytes speaks for a tunnel, so more of them must: a plain header, and inside an
//! IPv4 header with its right checksum, an IPv6 packet that ends with the datagram, or ARP for IPv4 over Ethernet.

/// The tunnels that can be told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evident {
    /// RFC 7348.
    Vxlan,
    /// RFC 8926.
    Geneve,
    /// 3GPP TS 29.281.
    Gtp,
    /// RFC 8086.
    Gre,
}

/// Which tunnel begins with the datagram `payload`, beyond chance.
#[inline]
pub(crate) fn evident(payload: &[u8]) -> Option<Evident> {
    // Nearly every datagram ends here.
    match payload {
        [0x08, 0, 0, 0, _, _, _, 0, frame @ ..] => is_frame(frame).then_some(Evident::Vxlan),
        [options @ 0..=0x3f, flags, high, low, _, _, _, 0, rest @ ..]
            if flags & 0x3f == 0 && matches!((high, low), (0x65, 0x58) | (0x08, 0x00) | (0x86, 0xdd)) =>
        {
            let inside = rest.get(usize::from(*options).saturating_mul(4)..)?;
            is_of_kind(u16::from_be_bytes([*high, *low]), inside).then_some(Evident::Geneve)
        }
        [0x30..=0x37, 0xff, ..] => is_gtp(payload).then_some(Evident::Gtp),
        [0x00 | 0x20 | 0x80 | 0xa0, 0, high, low, rest @ ..]
            if matches!((high, low), (0x65, 0x58) | (0x08, 0x00) | (0x86, 0xdd)) =>
        {
            // Checksum and key, each with four bytes (RFC 2890, section 2).
            let optional = usize::from(payload.first()? >> 7) * 4 + usize::from(payload.first()? >> 5 & 1) * 4;
            is_of_kind(u16::from_be_bytes([*high, *low]), rest.get(optional..)?).then_some(Evident::Gre)
        }
        _ => None,
    }
}

fn is_of_kind(kind: u16, inside: &[u8]) -> bool {
    match kind {
        0x6558 => is_frame(inside),
        0x0800 => is_ipv4(inside),
        _ => is_ipv6(inside),
    }
}

/// A G-PDU whose length is that of the datagram; the packet lies behind the optional fields and extensions, of which
/// there is one with five bits of quality in mobile networks of today.
fn is_gtp(payload: &[u8]) -> bool {
    let Some((head, rest)) = payload.split_first_chunk::<8>() else { return false };
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let optional = match (head[0] & 0x07, rest) {
        (0, _) => 0,
        (flags, [_, _, _, 0, ..]) if flags & 0x04 == 0 => 4,
        (_, [_, _, _, 0, ..]) => 4,
        (_, [_, _, _, _, 1, _, _, 0, ..]) => 8,
        _ => return false,
    };
    length == rest.len() && rest.get(optional..).is_some_and(|packet| is_ipv4(packet) || is_ipv6(packet))
}

/// An Ethernet frame, with one tag or none.
fn is_frame(frame: &[u8]) -> bool {
    match frame.get(12..) {
        Some([0x08, 0x00, packet @ ..] | [0x81, 0x00, _, _, 0x08, 0x00, packet @ ..]) => is_ipv4(packet),
        Some([0x86, 0xdd, packet @ ..] | [0x81, 0x00, _, _, 0x86, 0xdd, packet @ ..]) => is_ipv6(packet),
        // Ethernet, IPv4, six and four bytes (RFC 826).
        Some([0x08, 0x06, arp @ ..] | [0x81, 0x00, _, _, 0x08, 0x06, arp @ ..]) => {
            arp.starts_with(&[0, 1, 8, 0, 6, 4, 0])
        }
        _ => false,
    }
}

/// RFC 791, section 3.1: the sum of a good header is all ones.
fn is_ipv4(packet: &[u8]) -> bool {
    let Some(first) = packet.first().filter(|first| **first >> 4 == 4) else { return false };
    let length = usize::from(first & 0x0f) * 4;
    let Some(header) = packet.get(..length).filter(|header| header.len() >= 20) else { return false };
    let sum: u32 =
        header.chunks_exact(2).map(|pair| pair.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))).sum();
    sum & 0xffff == 0xffff - (sum >> 16)
}

/// RFC 8200, section 3: the length is that of the rest, in a frame that needs no padding.
fn is_ipv6(packet: &[u8]) -> bool {
    match packet.split_first_chunk::<40>() {
        Some((head, rest)) => head[0] >> 4 == 6 && usize::from(u16::from_be_bytes([head[4], head[5]])) == rest.len(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: [u8; 30] = [
        0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0xf9, 0x7b, 192, 168, 0, 1, 192, 168, 0, 2, 0x10, 0, 0x10, 1, 0, 10, 0, 0,
        1, 2,
    ];

    fn said(head: &[u8], inside: &[u8]) -> Vec<u8> {
        [head, inside].concat()
    }

    #[test]
    fn a_plain_header_and_a_packet_with_its_checksum_are_a_tunnel() {
        let frame = said(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], &PACKET);
        assert_eq!(evident(&said(&[8, 0, 0, 0, 0, 0, 1, 0], &frame)), Some(Evident::Vxlan));
        assert_eq!(evident(&said(&[0, 0, 0x65, 0x58, 0, 0, 1, 0], &frame)), Some(Evident::Geneve));
        assert_eq!(evident(&said(&[0, 0, 8, 0, 0, 0, 1, 0], &PACKET)), Some(Evident::Geneve));
        assert_eq!(evident(&said(&[0x30, 0xff, 0, 30, 0, 0, 0, 1], &PACKET)), Some(Evident::Gtp));
        assert_eq!(evident(&said(&[0x32, 0xff, 0, 34, 0, 0, 0, 1, 0, 7, 0, 0], &PACKET)), Some(Evident::Gtp));
        assert_eq!(evident(&said(&[0x20, 0, 8, 0, 0, 0, 0, 1], &PACKET)), Some(Evident::Gre));
        let arp = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1];
        assert_eq!(evident(&said(&[8, 0, 0, 0, 0, 0, 1, 0], &arp)), Some(Evident::Vxlan));
    }

    #[test]
    fn a_wrong_checksum_or_length_is_none() {
        let mut packet = PACKET;
        packet[15] ^= 4;
        assert_eq!(evident(&said(&[0, 0, 8, 0, 0, 0, 1, 0], &packet)), None);
        assert_eq!(evident(&said(&[0x30, 0xff, 0, 31, 0, 0, 0, 1], &PACKET)), None);
        for length in 0..60 {
            assert_eq!(evident(&vec![0; length]), None);
            assert_eq!(evident(&vec![0x45; length]), None);
        }
    }
}
