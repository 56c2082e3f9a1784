//! Transcripts of OPC UA dialogs.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

/// Header of a request: no token, no time, handle 0, no diagnostics, no audit entry, no hint, nothing additional.
const ASKED: &str = "0000 0000000000000000 00000000 00000000 ffffffff 00000000 000000";

/// Header of an answer with a good result.
const GOOD: &str = "0000000000000000 00000000 00000000 00 ffffffff 000000";

/// A message of `kind` (`MSGF`) with what comes after the size.
fn message(kind: &str, rest: &str) -> Vec<u8> {
    let rest = testing::hex(rest);
    let mut bytes = kind.as_bytes().to_vec();
    bytes.extend_from_slice(&u32::try_from(rest.len() + 8).unwrap().to_le_bytes());
    bytes.extend_from_slice(&rest);
    bytes
}

/// A chunk of a service on channel 1.
fn chunk(kind: &str, request: u8, body: &str) -> Vec<u8> {
    message(kind, &format!("01000000 01000000 01000000 {request:02x}000000 {body}"))
}

/// A whole service, its number given as on the wire.
fn service(request: u8, number: u16, body: &str) -> Vec<u8> {
    chunk("MSGF", request, &format!("0100 {:04x} {body}", number.swap_bytes()))
}

/// A string as on the wire.
fn text(text: &str) -> String {
    let mut hex = testing_hex(&u32::try_from(text.len()).unwrap().to_le_bytes());
    hex.push_str(&testing_hex(text.as_bytes()));
    hex
}

fn testing_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn open(request: &str) -> Vec<u8> {
    let policy = text("http://opcfoundation.org/UA/SecurityPolicy#None");
    message("OPNF", &format!("00000000 {policy} ffffffff ffffffff 01000000 01000000 {request}"))
}

fn dialog() -> Dialog {
    Dialog::stream(&PROTOCOL)
        .says(Speaker::Client, &open(&format!("0100be01 {ASKED} 00000000 00000000 01000000 ffffffff 10270000")))
        .says(
            Speaker::Server,
            &open(&format!("0100c101 {GOOD} 00000000 03000000 04000000 0000000000000000 10270000 ffffffff")),
        )
}

#[test]
fn hello_and_an_error() {
    Dialog::stream(&PROTOCOL)
        .says(
            Speaker::Client,
            &message("HELF", &format!("00000000 ffff0000 ffff0000 00000000 00000000 {}", text("opc.tcp://plc:4840"))),
        )
        .says(Speaker::Server, &message("ACKF", "00000000 ffff0000 ffff0000 00000000 00000000"))
        .says(Speaker::Server, &message("ERRF", &format!("00005580 {}", text("no"))))
        .end_is(expect![[r#"
            C > S opcua [other] hello | opc.tcp://plc:4840 -> done in 1000 us version=0 buffer=65535 bytes
            S > C opcua [other] error -> refused (2153054208 BadSecurityPolicyRejected) reason=no
        "#]]);
}

#[test]
fn a_value_is_read() {
    dialog()
        .says(
            Speaker::Client,
            &service(
                2,
                631,
                &format!(
                    "{ASKED} 0000000000000000 00000000 02000000 030200{} 0d000000 ffffffff 0000ffffffff 0100d508 0d000000 ffffffff 0000ffffffff",
                    text("Pump")
                ),
            ),
        )
        .says(
            Speaker::Server,
            &service(2, 634, &format!("{GOOD} 02000000 05 0a 0000c841 0080e1a6f4fed501 01 0c {} 00000000", text("Acme PLC"))),
        )
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            fact S: model = Acme PLC (opcua, server status, certain)
            C > S opcua [read] read | ns=2;s=Pump +1 = ns=2;s=Pump=25 @2020-03-20T20:18:00.256921600Z, i=2261=Acme PLC -> done in 1000 us {opcua 634: 1} {opcua 631: 1}
        "#]]);
}

#[test]
fn a_write_is_refused() {
    dialog()
        .says(
            Speaker::Client,
            &service(3, 673, &format!("{ASKED} 01000000 030200{} 0d000000 ffffffff 01 06 2a000000", text("Pump"))),
        )
        .says(Speaker::Server, &service(3, 676, &format!("{GOOD} 01000000 00003b80 00000000")))
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            C > S opcua [write] write | ns=2;s=Pump = 42 -> refused (2151350272 BadNotWritable) in 1000 us {opcua 676: 1} {opcua 673: 1}
        "#]]);
}

#[test]
fn a_method_is_called() {
    dialog()
        .says(Speaker::Client, &service(4, 712, &format!("{ASKED} 01000000 0055 01007a09 01000000 0c{}", text("now"))))
        .says(
            Speaker::Server,
            &service(4, 715, &format!("{GOOD} 01000000 00000000 00000000 00000000 01000000 0101 00000000")),
        )
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            C > S opcua [start] program start | i=85 i=2426 = i=2426 input[0]=now, i=2426 output[0]=true -> done in 1000 us {opcua 715: 1} {opcua 712: 1}
        "#]]);
}

#[test]
fn subscriptions_name_the_nodes_of_their_handles() {
    dialog()
        .says(
            Speaker::Client,
            &service(
                5,
                751,
                &format!(
                    "{ASKED} 07000000 02000000 01000000 030200{} 0d000000 ffffffff 0000ffffffff 02000000 09000000 0000000000407f40 000000 0a000000 01",
                    text("Level")
                ),
            ),
        )
        .says(
            Speaker::Server,
            &service(5, 754, &format!("{GOOD} 01000000 00000000 11000000 0000000000407f40 0a000000 000000 00000000")),
        )
        .says(Speaker::Client, &service(6, 826, &format!("{ASKED} 00000000")))
        .wait_ms(60_000)
        .says(
            Speaker::Server,
            &service(
                6,
                829,
                &format!(
                    "{GOOD} 07000000 00000000 00 01000000 0000000000000000 01000000 01002b03 01 1a000000 01000000 09000000 03 0b 0000000000002440 00009040 00000000 00000000 00000000"
                ),
            ),
        )
        .says(Speaker::Client, &service(7, 826, &format!("{ASKED} 00000000")))
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            C > S opcua [subscribe] create monitored items | ns=2;s=Level -> done in 1000 us sampling=500 ms mode=reporting queue=10 subscription=7 item=17 revised sampling=500 ms {opcua 754: 1} {opcua 751: 1}
            C > S opcua [report] publish | subscription 7 = ns=2;s=Level=10 (UncertainLastUsableValue) -> done in 60001000 us sequence number=1 {opcua 829: 1} {opcua 826: 1}
            C > S opcua [report] publish -> asked {opcua 826: 1}
        "#]]);
}

#[test]
fn a_password_is_seen_and_not_kept() {
    let token = format!("{} {} {} ffffffff", text("user"), text("operator"), text("secret"));
    let length = testing_hex(&u32::try_from(testing::hex(&token).len()).unwrap().to_le_bytes());
    dialog()
        .says(
            Speaker::Client,
            &service(
                8,
                467,
                &format!("{ASKED} ffffffff ffffffff 00000000 00000000 01004401 01 {length} {token} ffffffff ffffffff"),
            ),
        )
        .says(Speaker::Server, &service(8, 397, "0000000000000000 00000000 00002180 00 ffffffff 000000"))
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            fact C: user = operator (opcua, user name token, certain)
            fact S: credential = opcua user name (opcua, user name token, certain)
            C > S opcua [login] activate session | operator -> refused (2149646336 BadIdentityTokenRejected) in 1000 us identity=user name token policy=user password=present, in clear {opcua 397: 1} {opcua 467: 1}
        "#]]);
}

#[test]
fn chunks_are_put_together() {
    let whole: String = format!("0100 7a02 {GOOD} 01000000 01 06 2a000000 00000000").split_whitespace().collect();
    let (head, tail) = whole.split_at(30);
    dialog()
        .says(
            Speaker::Client,
            &service(
                9,
                631,
                &format!("{ASKED} 0000000000000000 00000000 01000000 00 55 03000000 ffffffff 0000ffffffff"),
            ),
        )
        .says(Speaker::Server, &chunk("MSGC", 9, head))
        .says(Speaker::Server, &chunk("MSGF", 9, tail))
        .says(Speaker::Client, &service(10, 631, &format!("{ASKED} 0000000000000000 00000000 00000000")))
        .says(Speaker::Server, &chunk("MSGC", 10, head))
        .says(Speaker::Server, &chunk("MSGA", 10, &format!("00008080 {}", text("too large"))))
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            C > S opcua [read] read | i=85 BrowseName = 42 -> done in 2000 us chunks=2 {opcua 634: 1} {opcua 631: 1}
            C > S opcua [read] read -> refused (2155872256 BadTcpMessageTooLarge) in 2000 us reason=too large aborted=yes {opcua 631: 1}
        "#]]);
}

#[test]
fn encrypted_messages_are_counted() {
    let policy = text("http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256");
    let open = message("OPNF", &format!("00000000 {policy} 02000000 3082 ffffffff a1b2c3d4 e5f60718 a1b2c3d4"));
    Dialog::stream(&PROTOCOL)
        .says(Speaker::Client, &open)
        .says(Speaker::Server, &open)
        .says(Speaker::Client, &message("MSGF", "01000000 01000000 a1b2c3d4 e5f60718 a1b2c3d4 e5f60718 a1b2c3d4"))
        .says(Speaker::Server, &message("MSGF", "01000000 01000000 a1b2c3d4 e5f60718 a1b2c3d4 e5f60718 a1b2c3d4"))
        .end_is(expect![[r#"
            fact C: certificate = x.509, 2 bytes (opcua, open secure channel, certain)
            fact S: certificate = x.509, 2 bytes (opcua, open secure channel, certain)
            C > S opcua [other] open secure channel -> done in 1000 us encrypted=yes policy=Basic256Sha256
            fact S: channel_security = sign and encrypt, Basic256Sha256 (opcua, secure channel, certain)
            C > S opcua [other] encrypted message -> asked bytes=16
            S > C opcua [other] encrypted message -> asked bytes=16
        "#]]);
}

#[test]
fn an_answer_in_the_middle_of_a_stream() {
    Dialog::stream(&PROTOCOL)
        .says(Speaker::Server, &service(3, 634, &format!("{GOOD} 01000000 01 06 2a000000 00000000")))
        .says(Speaker::Client, &chunk("CLOF", 4, &format!("0100 c401 {ASKED}")))
        .end_is(expect![[r#"
            fact S: channel_security = not encrypted (opcua, secure channel, certain)
            C > S opcua [read] read = node 0=42 -> done {opcua 634: 1}
            C > S opcua [other] close secure channel -> asked {opcua 452: 1}
        "#]]);
}

#[test]
fn a_server_tells_its_build() {
    let info = ["urn:acme", "Acme", "PLC 7", "2.1", "77"].map(text).concat();
    let status = format!("0000000000000000 0000000000000000 00000000 {info} 0000000000000000 00000000 00");
    let length = testing_hex(&u32::try_from(testing::hex(&status).len()).unwrap().to_le_bytes());
    dialog()
        .says(
            Speaker::Client,
            &service(
                2,
                631,
                &format!("{ASKED} 0000000000000000 00000000 01000000 0100d008 0d000000 ffffffff 0000ffffffff"),
            ),
        )
        .says(
            Speaker::Server,
            &service(2, 634, &format!("{GOOD} 01000000 01 16 01006003 01 {length} {status} 00000000")),
        )
        .end_is(expect![[r#"
            C > S opcua [other] open secure channel -> done in 1000 us request=issue mode=none lifetime=10000 ms policy=None channel=3 token=4 revised lifetime=10000 ms {opcua 449: 1} {opcua 446: 1}
            fact S: channel_security = none (opcua, secure channel, certain)
            fact S: run_state = running (opcua, server status, certain)
            fact S: software = urn:acme (opcua, server status, certain)
            fact S: vendor = Acme (opcua, server status, certain)
            fact S: model = PLC 7 (opcua, server status, certain)
            fact S: firmware = 2.1 (opcua, server status, certain)
            C > S opcua [read] read | i=2256 = i=2256 start time=-, i=2256 current time=-, i=2256 state=running, i=2256 product uri=urn:acme, i=2256 manufacturer name=Acme, i=2256 product name=PLC 7, i=2256 software version=2.1, i=2256 build number=77, i=2256 build date=-, i=2256 seconds till shutdown=0, i=2256 shutdown reason= -> done in 1000 us {opcua 634: 1} {opcua 631: 1}
        "#]]);
}

#[test]
fn probes() {
    let verdict = |bytes: &[u8]| testing::probe(&PROTOCOL, &testing_hex(bytes));
    assert_eq!(verdict(&service(2, 631, ASKED)), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(verdict(&service(2, 634, GOOD)), Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "48454c46 38000000"), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(testing::probe(&PROTOCOL, "48454c"), Verdict::MORE);
    assert_eq!(testing::probe(&PROTOCOL, "48454c4c 4f0d0a0d"), Verdict::NO);
    assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0006 01 03 0064 0002"), Verdict::NO);
}

#[test]
fn no_byte_breaks_it() {
    let token = format!("{} {} {} ffffffff", text("user"), text("operator"), text("secret"));
    let messages = [
        service(
            2,
            631,
            &format!(
                "{ASKED} 0000000000000000 00000000 01000000 030200{} 0d000000 ffffffff 0000ffffffff",
                text("Pump")
            ),
        ),
        service(2, 634, &format!("{GOOD} 01000000 05 0a 0000c841 0080e1a6f4fed501 00000000")),
        service(2, 634, &format!("{GOOD} 01000000 01 d8 02000000 01 18 06 2a000000 00 01000000 02000000")),
        service(3, 673, &format!("{ASKED} 01000000 030200{} 0d000000 ffffffff 01 06 2a000000", text("Pump"))),
        service(4, 712, &format!("{ASKED} 01000000 0055 01007a09 01000000 0c{}", text("now"))),
        service(
            6,
            829,
            &format!(
                "{GOOD} 07000000 00000000 00 01000000 0000000000000000 01000000 01002b03 01 1a000000 01000000 09000000 03 0b 0000000000002440 00009040 00000000"
            ),
        ),
        service(
            8,
            467,
            &format!("{ASKED} ffffffff ffffffff 00000000 00000000 01004401 01 22000000 {token} ffffffff ffffffff"),
        ),
        open(&format!("0100c101 {GOOD} 00000000 03000000 04000000 0000000000000000 10270000 ffffffff")),
    ];
    for whole in messages {
        for end in 8..whole.len() {
            let mut cut = whole[..end].to_vec();
            let size = u32::try_from(end).unwrap().to_le_bytes();
            cut[4..8].copy_from_slice(&size);
            Dialog::stream(&PROTOCOL).says(Speaker::Client, &cut).says(Speaker::Server, &cut).end();
        }
        for place in 8..whole.len() {
            for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[place] = value;
                Dialog::stream(&PROTOCOL).says(Speaker::Client, &changed).says(Speaker::Server, &changed).end();
            }
        }
    }
}
