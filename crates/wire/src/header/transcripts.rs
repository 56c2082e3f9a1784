//! Frames of every link type and tunnel as transcripts: hexadecimal in, what was read out.

use expect_test::{Expect, expect};
use model::{Frame, LinkType, Time};

use crate::packet::{Packet, Upper};
use crate::{parse, parse_upper};

mod tunnels;

/// A frame in hexadecimal; words in capitals are headers from below, and `..` behind the last one says that as many
/// bytes as follow it were cut by the snap length.
fn check(link: u32, frame: &str, expected: Expect) {
    let (frame, cut) = frame.split_once("..").unwrap_or((frame, "0"));
    let bytes = bytes(frame);
    let wire_len = bytes.len() as u32 + cut.trim().parse::<u32>().unwrap();
    let packet = parse(&Frame { at: Time(0), link: LinkType(link), bytes: &bytes, wire_len, number: 1 });
    expected.assert_eq(&show(&packet));
}

fn bytes(frame: &str) -> Vec<u8> {
    let mut hex = String::new();
    for word in frame.split_whitespace() {
        hex += match word {
            "ETH" => "020000000001020000000002",
            "INNER" => "0a00000000010a0000000002",
            // 10.0.0.1 to 10.0.0.2; the total length and the protocol are written out between the parts.
            "V4" => "4500",
            "V4'" => "00010000 40",
            "IPS" => "0000 0a000001 0a000002",
            "IN" => "0000 c0a80001 c0a80002",
            "UDP" => "1000 1001 000a 0000 beef",
            "V6" => "60000000",
            "IPS6" => "fe800000000000000000000000000001 fe800000000000000000000000000002",
            word => word,
        };
    }
    hex.retain(|character| character != ' ');
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn show(packet: &Packet<'_>) -> String {
    let mut shown = String::new();
    if let Some(mac) = packet.source_mac {
        shown += &format!("{mac} > {} ", packet.destination_mac.map_or("-".to_owned(), |mac| mac.to_string()));
    }
    if let Some(vlan) = packet.vlan {
        shown += &format!("vlan {vlan} ");
    }
    shown += &format!("type {:04x}", packet.ethertype);
    if let Some(snap) = packet.snap {
        shown += &format!(" snap {snap:06x}");
    }
    if let Some(ip) = packet.ip {
        shown += &format!("\n{} > {} protocol {}", ip.source, ip.destination, ip.protocol);
        if let Some(fragment) = ip.fragment {
            shown += &format!(" fragment {} at {} more {}", ip.identification, fragment.offset, fragment.more);
        }
    }
    match packet.upper {
        Upper::None => {}
        Upper::Tcp(segment) => shown += &format!("\ntcp {} > {}", segment.source, segment.destination),
        Upper::Udp(source, destination) => shown += &format!("\nudp {source} > {destination}"),
        Upper::Sctp(source, destination) => shown += &format!("\nsctp {source} > {destination}"),
    }
    let payload: String = packet.payload.iter().map(|byte| format!("{byte:02x}")).collect();
    shown += &format!("\npayload {payload} of {} bytes", packet.payload_wire_len);
    if packet.tunnels > 0 {
        shown += &format!(", {} tunnels", packet.tunnels);
    }
    if let Some(stop) = packet.stop {
        shown += &format!("\nstopped at {} ({:?}): {}", stop.offset, stop.layer, stop.why);
    }
    shown + "\n"
}

#[test]
fn padding_is_taken_off_where_a_length_says_so() {
    check(
        1,
        "ETH 0800 V4 001e V4' 11 IPS UDP 000000",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 0004 42420301 0000000000",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0000
        payload 42420301 of 4 bytes
    "#]],
    );
}

#[test]
fn tags() {
    check(
        1,
        "ETH 8100 2005 0800 V4 001e V4' 11 IPS UDP",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 5 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 88a8 0064 8100 0007 0800 V4 001e V4' 11 IPS UDP",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 7 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 8100 c000 8892 8000",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 8892
        payload 8000 of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 892f 1010 0001 88b8 0001",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 8909 0101 0001 0002 0806 0001",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0806
        payload 0001 of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 8100 00",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 8100
        payload 00 of 1 bytes
        stopped at 14 (Link): VLAN tag is short
    "#]],
    );
    check(
        1,
        "ETH 88e5 0c00",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 88e5
        payload 0c00 of 2 bytes
        stopped at 14 (Link): MACsec: encrypted between neighbours
    "#]],
    );
}

#[test]
fn redundancy_trailer() {
    check(
        1,
        "ETH 88b8 0001 0002 1234 a00a 88fb",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 88b8
        payload 00010002 of 4 bytes
    "#]],
    );
    check(
        1,
        "ETH 88b8 0001 0002 1234 a00b 88fb",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 88b8
        payload 000100021234a00b88fb of 10 bytes
    "#]],
    );
    check(
        1,
        "ETH 0800 V4 001e V4' 11 IPS UDP 1234 a024 88fb",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
}

#[test]
fn llc_and_snap() {
    check(
        1,
        "ETH 0008 aaaa03 00000c 2000 ff",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 2000 snap 00000c
        payload  of 0 bytes
    "#]],
    );
    check(
        1,
        "ETH 0026 aaaa03 000000 0800 V4 001e V4' 11 IPS UDP",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0800 snap 000000
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        1,
        "ETH 8100 0009 0003 fefe03 00",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 9 type 0000
        payload fefe03 of 3 bytes
    "#]],
    );
}

#[test]
fn link_types() {
    for (link, frame) in [
        (0, "02000000 V4 001e V4' 11 IPS UDP"),
        (0, "00000002 V4 001e V4' 11 IPS UDP"),
        (101, "V4 001e V4' 11 IPS UDP"),
        (12, "V4 001e V4' 11 IPS UDP"),
        (9, "ff03 0021 V4 001e V4' 11 IPS UDP"),
        (0, "0f000800 V4 001e V4' 11 IPS UDP"),
        (226, "01020000 0000001e 00000001 00000000 00000000 00000000 V4 001e V4' 11 IPS UDP"),
        (1, "ETH 8903 0001 INNER 0800 V4 001e V4' 11 IPS UDP"),
        (9, "21 V4 001e V4' 11 IPS UDP"),
        (50, "ff03 0021 V4 001e V4' 11 IPS UDP"),
        (50, "0f00 0800 V4 001e V4' 11 IPS UDP"),
        (104, "0f00 0800 V4 001e V4' 11 IPS UDP"),
        (100, "aaaa03 000000 0800 V4 001e V4' 11 IPS UDP"),
    ] {
        let bytes = bytes(frame);
        let packet = parse(&Frame { at: Time(0), link: LinkType(link), bytes: &bytes, wire_len: 0, number: 1 });
        let expected = "\n10.0.0.1 > 10.0.0.2 protocol 17\nudp 4096 > 4097\npayload beef of 2 bytes";
        assert!(show(&packet).contains(expected), "{link} {frame}: {}", show(&packet));
    }
    // Apple's packet tap: 108 bytes, a packet, its link type.
    let tap = format!("6c000000 01000000 01000000 {} ETH 0800 V4 001e V4' 11 IPS UDP", "00".repeat(96));
    for (link, frame) in [(258, tap.as_str()), (149, tap.as_str())] {
        let bytes = bytes(frame);
        let packet = parse(&Frame { at: Time(0), link: LinkType(link), bytes: &bytes, wire_len: 0, number: 1 });
        assert_eq!((packet.ports(), packet.payload), (Some((4096, 4097)), [0xbe, 0xef].as_slice()), "{link}");
    }
    // A firewall's log quotes packets that it saw, FDDI is gone: both are counted.
    for link in [10, 239, 149] {
        let packet = parse(&Frame { at: Time(0), link: LinkType(link), bytes: &[0; 200], wire_len: 0, number: 1 });
        assert_eq!(packet.stop.map(|stop| stop.layer), Some(crate::Layer::Unsupported), "{link}");
    }
    for (link, frame) in [
        (0, "0000001e V6 000a 11 40 IPS6 UDP"),
        (0, "1c000000 V6 000a 11 40 IPS6 UDP"),
        (108, "00000018 V6 000a 11 40 IPS6 UDP"),
        (229, "V6 000a 11 40 IPS6 UDP"),
    ] {
        let bytes = bytes(frame);
        let packet = parse(&Frame { at: Time(0), link: LinkType(link), bytes: &bytes, wire_len: 0, number: 1 });
        assert_eq!((packet.ports(), packet.payload), (Some((4096, 4097)), [0xbe, 0xef].as_slice()), "{link} {frame}");
    }
    check(
        113,
        "0000 0001 0006 020000000001 0000 0800 V4 001e V4' 11 IPS UDP",
        expect![[r#"
        02:00:00:00:00:01 > - type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        276,
        "0800 0000 00000001 0001 00 06 020000000001 0000 V4 001e V4' 11 IPS UDP",
        expect![[r#"
        02:00:00:00:00:01 > - type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        240,
        "00000000 ETH 88b8 0001 ffffffff",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes
    "#]],
    );
    check(
        105,
        "0800",
        expect![[r#"
        type 0000
        payload 0800 of 2 bytes
        stopped at 0 (Unsupported): link type is counted, not decoded
    "#]],
    );
    check(
        1,
        "0200",
        expect![[r#"
        type 0000
        payload 0200 of 2 bytes
        stopped at 0 (Link): Ethernet header is short
    "#]],
    );
    check(
        101,
        "",
        expect![[r#"
        type 0000
        payload  of 0 bytes
        stopped at 0 (Network): nothing where an IP header is due
    "#]],
    );
}

#[test]
fn ip_lengths() {
    // Segmentation offload writes 0; the snap length cuts; a header may lie.
    check(
        101,
        "V4 0000 V4' 11 IPS UDP",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "V4 0022 V4' 11 IPS 1000 1001 000e 0000 beef .. 4",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 6 bytes
    "#]],
    );
    check(
        101,
        "V4 0040 V4' 11 IPS UDP",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "V4 0010 V4' 11 IPS UDP",
        expect![[r#"
        type 0000
        payload 4500001000010000401100000a0000010a00000210001001000a0000beef of 30 bytes
        stopped at 0 (Network): IPv4 total length is below its header length
    "#]],
    );
    check(
        101,
        "4400 001e V4' 11 IPS UDP",
        expect![[r#"
        type 0000
        payload 4400001e00010000401100000a0000010a00000210001001000a0000beef of 30 bytes
        stopped at 0 (Network): IPv4 header length is below 20
    "#]],
    );
    check(
        101,
        "4600 0022 V4' 11 IPS 01010100 UDP",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "9500",
        expect![[r#"
        type 0000
        payload 9500 of 2 bytes
        stopped at 0 (Network): IP version is neither 4 nor 6
    "#]],
    );
}

#[test]
fn transport_headers() {
    check(
        101,
        "V4 0028 V4' 06 IPS 1000 01f6 00000001 00000002 5018 0100 0000 0000",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 6
        tcp 4096 > 502
        payload  of 0 bytes
    "#]],
    );
    check(
        101,
        "V4 0028 V4' 06 IPS 1000 01f6 00000001 00000002 3018 0100 0000 0000",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 6
        tcp 4096 > 502
        payload  of 0 bytes
        stopped at 20 (Transport): TCP header length is below 20
    "#]],
    );
    check(
        101,
        "V4 0038 V4' 06 IPS 1000 01f6 00000001 00000002 8018 0100 0000 0000 0101 .. 14",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 6
        tcp 4096 > 502
        payload  of 4 bytes
        stopped at 40 (Transport): TCP options are cut
    "#]],
    );
    check(
        101,
        "V4 001c V4' 06 IPS 1000 01f6 00000001",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 6
        payload 100001f600000001 of 8 bytes
        stopped at 20 (Transport): TCP header is short
    "#]],
    );
    check(
        101,
        "V4 001e V4' 11 IPS 1000 1001 0004 0000 beef",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload  of 0 bytes
        stopped at 20 (Transport): UDP length is below 8
    "#]],
    );
    check(
        101,
        "V4 0022 V4' 84 IPS 1000 1001 00000000 00000000 beef",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 132
        sctp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "V4 0018 V4' 01 IPS 08000000",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 1
        payload 08000000 of 4 bytes
    "#]],
    );
}

#[test]
fn ipv6_extensions() {
    check(
        101,
        "V6 0012 00 40 IPS6 11 00 050200000000 UDP",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "V6 0012 2c 40 IPS6 11 00 0001 00000007 UDP",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 17 fragment 7 at 0 more true
        payload 10001001000a0000beef of 10 bytes
    "#]],
    );
    check(
        101,
        "V6 0012 2c 40 IPS6 11 00 0000 00000007 UDP",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "V6 0016 33 40 IPS6 11 01 0000 00000007 00000001 UDP",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]],
    );
    check(
        101,
        "V6 0004 3c 40 IPS6 1100 0000",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 60
        payload 11000000 of 4 bytes
        stopped at 42 (Network): IPv6 extension header is short
    "#]],
    );
    check(
        101,
        "V6 0000 3b 40 IPS6",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 59
        payload  of 0 bytes
    "#]],
    );
}

#[test]
fn fragments_are_not_looked_into() {
    check(
        101,
        "V4 001e 0001 2000 40 11 IPS UDP",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17 fragment 1 at 0 more true
        payload 10001001000a0000beef of 10 bytes
    "#]],
    );
    check(
        101,
        "V4 001e 0001 0001 40 11 IPS UDP",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17 fragment 1 at 8 more false
        payload 10001001000a0000beef of 10 bytes
    "#]],
    );
}

#[test]
fn header_bombs_end() {
    check(
        101,
        &("V4 0000 V4' 04 IPS ".repeat(9) + "00"),
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 4
        payload 00 of 1 bytes, 8 tunnels
        stopped at 180 (Tunnel): more tunnels than the limit allows
    "#]],
    );
    check(
        1,
        &("ETH ".to_owned() + &"8100 0001 ".repeat(40)),
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 1 type 8100
        payload 00018100000181000001810000018100000181000001810000018100000181000001 of 34 bytes
        stopped at 138 (Tunnel): more headers than the limit allows
    "#]],
    );
    check(
        1,
        &("ETH 8847 ".to_owned() + &"00010040 ".repeat(20)),
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 8847
        payload 0001004000010040000100400001004000010040000100400001004000010040000100400001004000010040000100400001004000010040000100400001004000010040000100400001004000010040 of 80 bytes
        stopped at 14 (Tunnel): more MPLS labels than the limit allows
    "#]],
    );
}

#[test]
fn goes_on_with_what_was_put_together() {
    let frame = bytes("ETH 8100 0005 0800 V4 001e 0001 0001 40 11 IPS UDP");
    let frame = Frame { at: Time(0), link: LinkType(1), bytes: &frame, wire_len: frame.len() as u32, number: 1 };
    let fragment = parse(&frame);
    let whole = bytes("1000 0868 002e 0000 30ff001e 00000001 V4 001e V4' 11 IN UDP");
    expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 5 type 0800
        192.168.0.1 > 192.168.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]]
    .assert_eq(&show(&parse_upper(17, &whole, &fragment)));
    expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 5 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes
    "#]]
    .assert_eq(&show(&parse_upper(17, &bytes("UDP"), &fragment)));
}
