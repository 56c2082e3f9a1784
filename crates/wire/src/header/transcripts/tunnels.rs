//! Frames inside frames as transcripts.

use expect_test::expect;

use super::check;

#[test]
fn ip_in_ip_and_gre() {
    check(
        101,
        "V4 0032 V4' 04 IPS V4 001e V4' 11 IN UDP",
        expect![[r#"
        type 0800
        192.168.0.1 > 192.168.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 0046 V4' 29 IPS V6 000a 11 40 IPS6 UDP",
        expect![[r#"
        type 86dd
        fe80::1 > fe80::2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 003a V4' 2f IPS 2000 0800 00000001 V4 001e V4' 11 IN UDP",
        expect![[r#"
        type 0800
        192.168.0.1 > 192.168.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 0044 V4' 2f IPS 0000 6558 INNER 0800 V4 001e V4' 11 IN UDP",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 0800
        192.168.0.1 > 192.168.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 001c V4' 2f IPS 3081 880b 00000000",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 47
        payload 3081880b00000000 of 8 bytes
        stopped at 20 (Tunnel): GRE version 1: PPP of a PPTP tunnel
    "#]],
    );
    check(
        101,
        "V4 001c V4' 2f IPS 0000 0000 00000000",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 47
        payload 0000000000000000 of 8 bytes
    "#]],
    );
    check(
        101,
        "V4 0022 V4' 2f IPS 0000 6558 INNER",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 47
        payload 0a00000000010a000000 of 10 bytes, 1 tunnels
        stopped at 24 (Tunnel): Ethernet header is short
    "#]],
    );
}

#[test]
fn mirrored_frames() {
    check(
        1,
        "ETH 0800 V4 0028 V4' 2f IPS 0000 88be INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 0800 V4 0034 V4' 2f IPS 1000 88be 00000001 1007 0000 00000000 INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 vlan 7 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 0800 V4 0038 V4' 2f IPS 1000 22eb 00000001 2007 0000 00000000 0000 0000 INNER 88b8 0001",
        expect![[r#"
            0a:00:00:00:00:02 > 0a:00:00:00:00:01 vlan 7 type 88b8
            payload 0001 of 2 bytes, 1 tunnels
        "#]],
    );
    check(
        1,
        "ETH 0800 V4 0044 V4' 2f IPS 1000 22eb 00000001 2007 0000 00000000 0000 0001 0000000000000000
         INNER 8100 0009 88b8 0001",
        expect![[r#"
            0a:00:00:00:00:02 > 0a:00:00:00:00:01 vlan 9 type 88b8
            payload 0001 of 2 bytes, 1 tunnels
        "#]],
    );
}

#[test]
fn tunnels_over_udp_are_opened_when_plausible() {
    check(
        101,
        "V4 0034 V4' 11 IPS c000 12b5 0020 0000 08000000 00000100 INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 0034 V4' 11 IPS c000 12b5 0020 0000 0c000000 00000100 INNER 88b8 0001",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 49152 > 4789
        payload 0c000000000001000a00000000010a000000000288b80001 of 24 bytes
    "#]],
    );
    check(
        101,
        "V4 0050 V4' 11 IPS c000 12b5 003c 0000 0c000003 00000100 INNER 0800 V4 001e V4' 11 IN UDP",
        expect![[r#"
            0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 0800
            192.168.0.1 > 192.168.0.2 protocol 17
            udp 4096 > 4097
            payload beef of 2 bytes, 1 tunnels
        "#]],
    );
    check(
        101,
        "V4 003e V4' 11 IPS c000 1292 002a 0000 0000 0800 V4 001e V4' 11 IN UDP",
        expect![[r#"
            type 0800
            192.168.0.1 > 192.168.0.2 protocol 17
            udp 4096 > 4097
            payload beef of 2 bytes, 1 tunnels
        "#]],
    );
    check(
        101,
        "V4 003e V4' 11 IPS c000 19eb 002a 0000 00064140 V4 001e V4' 11 IN UDP",
        expect![[r#"
            type 0800
            192.168.0.1 > 192.168.0.2 protocol 17
            udp 4096 > 4097
            payload beef of 2 bytes, 1 tunnels
        "#]],
    );
    check(
        101,
        "V4 0034 V4' 11 IPS c000 17c1 0020 0000 00006558 00000100 INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 0042 V4' 11 IPS c000 0868 002e 0000 30ff001e 00000001 V4 001e V4' 11 IN UDP",
        expect![[r#"
        type 0800
        192.168.0.1 > 192.168.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        101,
        "V4 004a V4' 11 IPS c000 0868 0036 0000 34ff0026 00000001 0000 00 85 01 000000 V4 001e V4' 11 IN UDP",
        expect![[r#"
            type 0800
            192.168.0.1 > 192.168.0.2 protocol 17
            udp 4096 > 4097
            payload beef of 2 bytes, 1 tunnels
        "#]],
    );
    check(
        101,
        "V4 0024 V4' 11 IPS c000 0868 0010 0000 3201 0000 00000001",
        expect![[r#"
        type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 49152 > 2152
        payload 3201000000000001 of 8 bytes
    "#]],
    );
}

#[test]
fn labels_and_sessions() {
    check(
        1,
        "ETH 8847 00010040 000201ff V4 001e V4' 11 IPS UDP",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 8847 000201ff 00000000 INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 8847 000201ff INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 8864 1100 0001 0020 0021 V4 001e V4' 11 IPS UDP 0000",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 0800
        10.0.0.1 > 10.0.0.2 protocol 17
        udp 4096 > 4097
        payload beef of 2 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 8864 1100 0001 0006 c021 01010004 0000",
        expect![[r#"
        02:00:00:00:00:02 > 02:00:00:00:00:01 type 8864
        payload c02101010004 of 6 bytes, 1 tunnels
    "#]],
    );
    check(
        1,
        "ETH 88e7 00000100 INNER 88b8 0001",
        expect![[r#"
        0a:00:00:00:00:02 > 0a:00:00:00:00:01 type 88b8
        payload 0001 of 2 bytes, 1 tunnels
    "#]],
    );
}
