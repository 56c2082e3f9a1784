//! Transcripts of TLS.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

/// A client hello of TLS 1.2 with server name `plc.example`, ALPN h2 and two suites.
const CLIENT: &str = "16 0301 005a 01 000056 0303
    000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00
    0004 c02f 009c 01 00 0029
    0000 0010 000e 00 000b 706c632e6578616d706c65
    000a 0004 0002 001d
    0010 0005 0003 02 6832
    0a0a 0000";

const SERVER: &str = "16 0303 002a 02 000026 0303
    202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f 00 c02f 00";

#[test]
fn a_handshake_is_one_act() {
    Dialog::stream(&PROTOCOL)
        .client(CLIENT)
        .server(SERVER)
        .server("14 0303 0001 01")
        .client("17 0303 0020 0000000000000000000000000000000000000000000000000000000000000000")
        .end_is(expect![[r#"
            fact C: fingerprint = ja3=fea4fccdc4eff08487dba1d783239bd2 (tls, client hello, certain)
            fact C: fingerprint = ja4=t12d0203h2_08dfa304a768_a8f3e973773c (tls, client hello, certain)
            fact S: hostname = plc.example (tls, server name indication, likely)
            fact S: channel_security = TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (tls, server hello, certain)
            fact S: fingerprint = ja3s=174e7e4992a63f6d419626d97363adb8 (tls, server hello, certain)
            C > S tls [other] client hello | plc.example -> done in 1000 us version=TLS 1.2 cipher=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 alpn=h2 ja3s=174e7e4992a63f6d419626d97363adb8 ja3=fea4fccdc4eff08487dba1d783239bd2 ja4=t12d0203h2_08dfa304a768_a8f3e973773c {tls 1: 1} {tls 2: 1}
            C > S tls [other] application data -> asked client bytes=32 server bytes=0
        "#]]);
}

#[test]
fn a_retry_is_part_of_the_handshake() {
    let retry = SERVER.replace(
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
        "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c",
    );
    Dialog::stream(&PROTOCOL)
        .client(CLIENT)
        .server(&retry)
        .server("14 0303 0001 01")
        .client("14 0303 0001 01")
        .client(CLIENT)
        .server(SERVER)
        .end_is(expect![[r#"
            fact C: fingerprint = ja3=fea4fccdc4eff08487dba1d783239bd2 (tls, client hello, certain)
            fact C: fingerprint = ja4=t12d0203h2_08dfa304a768_a8f3e973773c (tls, client hello, certain)
            fact S: hostname = plc.example (tls, server name indication, likely)
            fact S: channel_security = TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (tls, server hello, certain)
            fact S: fingerprint = ja3s=174e7e4992a63f6d419626d97363adb8 (tls, server hello, certain)
            C > S tls [other] client hello | plc.example -> done in 5000 us version=TLS 1.2 cipher=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 alpn=h2 ja3s=174e7e4992a63f6d419626d97363adb8 ja3=fea4fccdc4eff08487dba1d783239bd2 ja4=t12d0203h2_08dfa304a768_a8f3e973773c {tls 1: 2} {tls 2: 2}
        "#]]);
}

#[test]
fn an_alert_refuses_it() {
    Dialog::stream(&PROTOCOL).client(CLIENT).server("15 0303 0002 02 28").end_is(expect![[r#"
        fact C: fingerprint = ja3=fea4fccdc4eff08487dba1d783239bd2 (tls, client hello, certain)
        fact C: fingerprint = ja4=t12d0203h2_08dfa304a768_a8f3e973773c (tls, client hello, certain)
        fact S: hostname = plc.example (tls, server name indication, likely)
        C > S tls [other] client hello | plc.example -> refused (40 handshake failure) in 1000 us offered=TLS 1.2 alpn=h2 ja3=fea4fccdc4eff08487dba1d783239bd2 ja4=t12d0203h2_08dfa304a768_a8f3e973773c {tls 1: 1}
    "#]]);
}

#[test]
fn messages_in_several_records() {
    let all = testing::hex(CLIENT);
    let mut pieces = String::new();
    for piece in all[5..].chunks(40) {
        pieces.push_str(&format!("160301{:04x}{}", piece.len(), crate::words::hexadecimal(piece)));
    }
    Dialog::stream(&PROTOCOL).client(&pieces).end_is(expect![[r#"
        fact C: fingerprint = ja3=fea4fccdc4eff08487dba1d783239bd2 (tls, client hello, certain)
        fact C: fingerprint = ja4=t12d0203h2_08dfa304a768_a8f3e973773c (tls, client hello, certain)
        fact S: hostname = plc.example (tls, server name indication, likely)
        C > S tls [other] client hello | plc.example -> no answer offered=TLS 1.2 alpn=h2 ja3=fea4fccdc4eff08487dba1d783239bd2 ja4=t12d0203h2_08dfa304a768_a8f3e973773c {tls 1: 1}
    "#]]);
}

#[test]
fn what_is_no_record_is_said() {
    Dialog::stream(&PROTOCOL).client("474554202f").end_is(expect![[r#"
        Client: not a message: no TLS record
    "#]]);
}

#[test]
fn probes_know_hellos_and_little_else() {
    assert_eq!(testing::probe(&PROTOCOL, CLIENT), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(testing::probe(&PROTOCOL, SERVER), Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "16 0301"), Verdict::MORE);
    assert_eq!(testing::probe(&PROTOCOL, "0300 0016 11e0 0000"), Verdict::NO);
    assert_eq!(testing::probe(&PROTOCOL, "474554202f"), Verdict::NO);
}

#[test]
fn no_bytes_make_it_fail() {
    testing::torture(&PROTOCOL, &[CLIENT, SERVER, "15 0303 0002 02 28", "14 0303 0001 01"]);
}
