//! Transcripts of CIP inside EtherNet/IP.

use expect_test::expect;

use crate::protocols::enip;
use crate::testing::{self, Dialog};
use crate::{Measure, Speaker};

/// SendRRData with an unconnected message.
fn unconnected(context: u64, message: &str) -> Vec<u8> {
    let message = testing::hex(message);
    let mut bytes = vec![0x6f, 0];
    bytes.extend((16 + message.len() as u16).to_le_bytes());
    bytes.extend(7_u32.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(context.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(testing::hex("00000000 0a00 0200 0000 0000 b200"));
    bytes.extend((message.len() as u16).to_le_bytes());
    bytes.extend(message);
    bytes
}

/// SendUnitData with a connected message.
fn connected(id: u32, sequence: u16, message: &str) -> Vec<u8> {
    let message = testing::hex(message);
    let mut bytes = vec![0x70, 0];
    bytes.extend((22 + message.len() as u16).to_le_bytes());
    bytes.extend(7_u32.to_le_bytes());
    bytes.extend([0; 16]);
    bytes.extend(testing::hex("00000000 0000 0200 a100 0400"));
    bytes.extend(id.to_le_bytes());
    bytes.extend([0xb1, 0]);
    bytes.extend((2 + message.len() as u16).to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.extend(message);
    bytes
}

/// Unconnected requests and their answers, one after the other.
fn exchange(messages: &[(&str, &str)]) -> String {
    let mut dialog = Dialog::stream(&enip::PROTOCOL);
    for (context, (request, answer)) in (1..).zip(messages) {
        dialog = dialog.says(Speaker::Client, &unconnected(context, request));
        if !answer.is_empty() {
            dialog = dialog.says(Speaker::Server, &unconnected(context, answer));
        }
    }
    dialog.end()
}

#[test]
fn a_tag_is_read() {
    expect![[r#"
        C > S cip [read] read tag | Tank_Level[3] = 1, Tank_Level[4]=2 -> done in 1000 us type=REAL elements=2 {enip 111: 2} {cip 76: 2}
    "#]]
        .assert_eq(&exchange(&[("4c 07 910a 54616e6b5f4c6576656c 2803 0200", "cc 00 00 00 ca00 0000803f 00000040")]));
}

#[test]
fn a_tag_is_written_and_the_type_does_not_fit() {
    expect![[r#"
        C > S cip [write] write tag | Pump = 1 -> refused (255 tag type does not match data type) in 1000 us type=DINT {enip 111: 2} {cip 77: 2}
    "#]].assert_eq(&exchange(&[("4d 03 9104 50756d70 c400 0100 01000000", "cd 00 ff 01 0721")]));
}

#[test]
fn a_large_tag_is_read_in_parts() {
    expect![[r#"
        C > S cip [read] read tag fragmented | Data = Data[0]=1, Data[1]=2 -> done (6 partial transfer) in 1000 us type=DINT elements=4 {enip 111: 2} {cip 82: 2}
        C > S cip [read] read tag fragmented | Data = Data[2]=3, Data[3]=4 -> done in 1000 us type=DINT elements=4 offset=8 {enip 111: 2} {cip 82: 2}
    "#]].assert_eq(&exchange(&[
        ("52 03 9104 4461746 1 0400 00000000", "d2 00 06 00 c400 01000000 02000000"),
        ("52 03 9104 44617461 0400 08000000", "d2 00 00 00 c400 03000000 04000000"),
    ]));
}

#[test]
fn bits_of_a_tag_are_changed() {
    expect![[r#"
        C > S cip [write] read modify write tag | Pump = Pump or mask=1, Pump and mask=65535 -> done in 1000 us {enip 111: 2} {cip 78: 2}
    "#]].assert_eq(&exchange(&[("4e 03 9104 50756d70 0200 0100 ffff", "ce 00 00 00")]));
}

#[test]
fn tags_are_listed_with_their_types() {
    expect![[r#"
        fact S: variable = Pump (cip, tag list, certain)
        fact S: variable = Level (cip, tag list, certain)
        C > S cip [browse] get instance attribute list | symbol = Pump=BOOL, Level=REAL[] -> done (6 partial transfer) in 1000 us {enip 111: 2} {cip 85: 2}
    "#]].assert_eq(&exchange(&[(
        "55 03 206b 25000000 0200 0100 0200",
        "d5 00 06 00 01000000 0400 50756d70 c100 02000000 0500 4c6576656c ca20",
    )]));
}

#[test]
fn a_controller_behind_a_module_says_who_it_is() {
    expect![[r#"
        fact S port 1 slot 0: vendor = Rockwell Automation (cip, identity object, certain)
        fact S port 1 slot 0: device_type = programmable logic controller (cip, identity object, certain)
        fact S port 1 slot 0: role = plc (cip, identity object, certain)
        fact S port 1 slot 0: device_id = product code 54 (cip, identity object, certain)
        fact S port 1 slot 0: firmware = 16.20 (cip, identity object, certain)
        fact S port 1 slot 0: serial = 0051823f (cip, identity object, certain)
        fact S port 1 slot 0: model = L5561 (cip, identity object, certain)
        fact S port 1 slot 0: run_state = run (cip, identity object, certain)
        fact S port 1 slot 0: key_position = remote (cip, identity object, certain)
        C > S cip [identify] get attributes all | port 1 slot 0 | identity 1 = identity 1 attribute 1 vendor id=1, identity 1 attribute 2 device type=14, identity 1 attribute 3 product code=54, identity 1 attribute 4 revision=16.20, identity 1 attribute 5 status=12384, identity 1 attribute 6 serial number=5341759, identity 1 attribute 7 product name=L5561 -> done in 1000 us {enip 111: 2} {cip 82: 1} {cip 1: 2}
    "#]].assert_eq(&exchange(&[(
        "52 02 2006 2401 0a0e 0600 01 02 2001 2401 01 00 0100",
        "81 00 00 00 0100 0e00 3600 1014 6030 3f825100 05 4c35353631",
    )]));
}

#[test]
fn a_router_does_not_find_the_way() {
    expect![[r#"
        C > S cip [identify] get attributes all | port 1 slot 5 | identity 1 -> refused (1 link address not valid) in 1000 us refused by=router {enip 111: 2} {cip 82: 2} {cip 1: 1}
    "#]]
        .assert_eq(&exchange(&[("52 02 2006 2401 0a0e 0600 01 02 2001 2401 01 00 0105", "d2 00 01 01 1203")]));
}

#[test]
fn several_services_are_acts_of_their_own() {
    expect![[r#"
        C > S cip [other] multiple service packet -> refused (30 embedded service error) in 1000 us {enip 111: 2} {cip 10: 2}
        fact S: model = ABC (cip, identity object, certain)
        C > S cip [identify] get attribute single | identity 1 attribute 7 = identity 1 attribute 7 product name=ABC -> done in 1000 us {cip 14: 2}
        C > S cip [read] read tag | A1 -> refused (5 path destination unknown) in 1000 us {cip 76: 2}
    "#]].assert_eq(&exchange(&[(
        "0a 02 2002 2401 0200 0600 0e00 0e 03 2001 2401 3007 4c 02 9102 4131 0100",
        "8a 00 1e 00 0200 0600 0e00 8e 00 00 00 03 414243 cc 00 05 00",
    )]));
}

#[test]
fn a_connection_is_opened_used_and_closed() {
    let dialog = Dialog::stream(&enip::PROTOCOL)
        .says(
            Speaker::Client,
            &unconnected(
                1,
                "54 02 2006 2401 0a0e 00000000 01000100 2b00 4d00 f32b9532 01000000 80841e00 f443 80841e00 f443 a3 03 0100 2002 2401",
            ),
        )
        .says(Speaker::Server, &unconnected(1, "d4 00 00 00 44332211 01000100 2b00 4d00 f32b9532 80841e00 80841e00 00 00"))
        .says(Speaker::Client, &connected(0x1122_3344, 5, "07 02 208e 2401"))
        .says(Speaker::Server, &connected(0x0001_0001, 5, "87 00 00 00"))
        .says(Speaker::Client, &unconnected(2, "4e 02 2006 2401 0a0e 2b00 4d00 f32b9532 03 00 0100 2002 2401"))
        .says(Speaker::Server, &unconnected(2, "ce 00 00 00 2b00 4d00 f32b9532 00 00"));
    dialog.end_is(expect![[r#"
        fact C: software = Rockwell Software (RSLinx, FactoryTalk) (cip, originator of a connection, likely)
        C > S cip [other] forward open | port 1 slot 0 | message router 1 -> done in 1000 us transport class=3 o to t=id 0x11223344, every 2000000 us, 500 bytes t to o=id 0x00010001, every 2000000 us, 500 bytes connection=serial 43 vendor 77 originator 32952bf3 {enip 111: 2} {cip 84: 2}
        C > S cip [stop] stop controller | port 1 slot 0 | controller 1 -> done in 1000 us {enip 112: 2} {cip 7: 2}
        C > S cip [other] forward close | port 1 slot 0 | connection manager 1 -> done in 1000 us {enip 111: 2} {cip 78: 2}
    "#]]);
}

#[test]
fn inputs_and_outputs_are_ordered() {
    expect![[r#"
        fact C: vendor = Rockwell Automation (cip, originator of a connection, likely)
        fact C: serial = 32952bf3 (cip, originator of a connection, likely)
        C > S cip [subscribe] forward open | assembly 102 point 100 point 101 -> done in 1000 us transport class=1 o to t=id 0x11223344, every 10000 us, 10 bytes t to o=id 0x00010001, every 10000 us, 22 bytes, multicast connection=serial 43 vendor 1 originator 32952bf3 {enip 111: 2} {cip 84: 2}
    "#]].assert_eq(&exchange(&[(
        "54 02 2006 2401 0a0e 00000000 01000100 2b00 0100 f32b9532 01000000 10270000 0a48 10270000 1628 01 04 2004 2466 2c64 2c65",
        "d4 00 00 00 44332211 01000100 2b00 0100 f32b9532 10270000 10270000 00 00",
    )]));
}

#[test]
fn connected_answers_find_their_requests_midway() {
    Dialog::stream(&enip::PROTOCOL)
        .says(Speaker::Client, &connected(0x1122_3344, 5, "4c 02 9102 4131 0100"))
        .says(Speaker::Client, &connected(0x5566_7788, 5, "0e 03 2001 2401 3007"))
        .says(Speaker::Server, &connected(0x0000_0002, 5, "8e 00 00 00 03 414243"))
        .says(Speaker::Server, &connected(0x0000_0001, 5, "cc 00 00 00 c300 0100"))
        .end_is(expect![[r#"
            fact S: model = ABC (cip, identity object, certain)
            C > S cip [identify] get attribute single | identity 1 attribute 7 = identity 1 attribute 7 product name=ABC -> done in 1000 us {enip 112: 2} {cip 14: 2}
            C > S cip [read] read tag | A1 = 1 -> done in 3000 us type=INT {enip 112: 2} {cip 76: 2}
        "#]]);
}

#[test]
fn an_answer_alone_invents_no_object() {
    expect![[r#"
        C > S cip [other] service 0x4c -> done {enip 111: 1} {cip 76: 1}
    "#]]
    .assert_eq(&Dialog::stream(&enip::PROTOCOL).says(Speaker::Server, &unconnected(1, "cc 00 00 00 c300 0100")).end());
}

#[test]
fn momentous_services_have_their_verbs() {
    expect![[r#"
        C > S cip [reset] reset | identity 1 -> done in 1000 us type=factory defaults {enip 111: 2} {cip 5: 2}
        C > S cip [start] start controller | controller 1 -> refused (16 device state conflict) in 1000 us {enip 111: 2} {cip 6: 2}
        C > S cip [program] download code | code 1 -> done in 1000 us bytes=4 {enip 111: 2} {cip 80: 2}
        C > S cip [firmware] transfer firmware | firmware 1 -> done in 1000 us bytes=4 {enip 111: 2} {cip 77: 2}
        C > S cip [configure] set attribute single | tcp/ip interface 1 attribute 6 = tcp/ip interface 1 attribute 6 host name=ABC -> done in 1000 us {enip 111: 2} {cip 16: 2}
        C > S cip [time] set attribute list | wall clock 1 = wall clock 1 attribute 6 time=2008-10-23T23:26:43.000000000Z -> done in 1000 us {enip 111: 2} {cip 4: 2}
        C > S cip [login] unlock | controller 1 lock 1 -> no answer {enip 111: 1} {cip 76: 1}
    "#]].assert_eq(&exchange(&[
        ("05 02 2001 2401 01", "85 00 00 00"),
        ("06 02 208e 2401", "86 00 10 00"),
        ("50 03 206a 250001 00 0001 0203", "d0 00 00 00"),
        ("4d 02 20a1 2401 00010203", "cd 00 00 00"),
        ("10 03 20f5 2401 3006 0300 414243 00", "90 00 00 00"),
        ("04 02 208b 2401 0100 0600 c0325cfff3590400", "84 00 00 00 0100 0600 0000"),
        ("4c 04 208e 2401 2074 2401", ""),
    ]));
}

#[test]
fn an_engineering_station_says_who_sits_there() {
    expect![[r#"
        fact C: user = PC\A (cip, announced to a controller, likely)
        fact C: hostname = PC (cip, announced to a controller, likely)
        C > S cip [login] announce user | controller 1 -> done in 1000 us user=PC\A {enip 111: 2} {cip 92: 2}
    "#]]
    .assert_eq(&exchange(&[(
        "5c 02 208e 2401 16000000 00000000 0400 500043005c004100 0200 50004300 0400 500043005c004100",
        "dc 00 00 00",
    )]));
}

#[test]
fn addresses_are_facts() {
    expect![[r#"
        fact S: ip = 192.168.1.10 (cip, tcp/ip interface configuration, certain)
        fact S: netmask = 255.255.255.0 (cip, tcp/ip interface configuration, certain)
        fact S: gateway = 192.168.1.1 (cip, tcp/ip interface configuration, certain)
        C > S cip [read] get attribute single | tcp/ip interface 1 attribute 5 = tcp/ip interface 1 attribute 5 interface configuration=address 192.168.1.10 mask 255.255.255.0 gateway 192.168.1.1 name servers 0.0.0.0 0.0.0.0 domain  -> done in 1000 us {enip 111: 2} {cip 14: 2}
        fact S: mac = 00:00:bc:3e:eb:e4 (cip, physical address, certain)
        C > S cip [read] get attribute single | ethernet link 1 attribute 3 = ethernet link 1 attribute 3 physical address=00:00:bc:3e:eb:e4 -> done in 1000 us {enip 111: 2} {cip 14: 2}
    "#]].assert_eq(&exchange(&[
        ("0e 03 20f5 2401 3005", "8e 00 00 00 0a01a8c0 00ffffff 0101a8c0 00000000 00000000 0000"),
        ("0e 03 20f6 2401 3003", "8e 00 00 00 0000bc3eebe4"),
    ]));
}

#[test]
fn memory_is_read_in_words() {
    expect![[r#"
        C > S cip [read] read memory | memory 500328 = 5, memory 500332=6 -> done in 1000 us {enip 111: 2} {cip 76: 2}
    "#]]
    .assert_eq(&exchange(&[("4c 02 2072 2400 68a20700 0200", "cc 00 00 00 05000000 06000000")]));
}

#[test]
fn a_message_that_ends_early_is_kept_as_far_as_it_goes() {
    expect![[r#"
        health malformed cip x1: request path at offset 2: 18 bytes needed, 6 left
        health malformed cip x1: general status at offset 2: 1 bytes needed, 0 left
        C > S cip [other] unreadable message -> no answer {enip 111: 2} {cip 76: 2}
    "#]]
    .assert_eq(&exchange(&[("4c 09 9104 50756d70", "cc 00")]));
}

/// Every prefix and every single-byte change of real messages: nothing may panic.
#[test]
fn broken_messages_do_no_harm() {
    let messages = [
        unconnected(1, "52 02 2006 2401 0a0e 1200 0a 02 2002 2401 0200 0600 0a00 0e 00 4c 00 0e 00 01 00 0100"),
        unconnected(1, "8a 00 1e 00 0200 0600 0e00 8e 00 00 00 03 414243 cc 00 05 00"),
        connected(1, 1, "55 03 206b 25000000 0200 0100 0200"),
        connected(2, 1, "d5 00 06 00 01000000 0400 50756d70 c100 02000000 0500 4c6576656c ca20"),
        unconnected(3, "4b 02 2067 2401 07 4d00 e0312b3d 0f00 62c5 aa 02 07 89 00 00 0102"),
        unconnected(3, "cb 00 00 00 07 4d00 e0312b3d 4f00 62c5"),
        unconnected(
            4,
            "54 02 2006 2401 0a0e 00000000 01000100 2b00 0100 f32b9532 01000000 10270000 0a48 10270000 1628 01 04 2004 2466 2c64 2c65",
        ),
        unconnected(4, "d4 00 00 00 44332211 01000100 2b00 0100 f32b9532 10270000 10270000 00 00"),
    ];
    for (index, message) in messages.iter().enumerate() {
        for at in 0..message.len() {
            for value in [0x00, 0x01, 0x52, 0x7f, 0x80, 0xff] {
                let mut changed = message.clone();
                changed[at] = value;
                play(&messages, index, &changed);
            }
            play(&messages, index, &message[..at]);
        }
    }
}

/// Plays all messages with one of them changed.
fn play(messages: &[Vec<u8>], index: usize, changed: &[u8]) {
    let mut dialog = Dialog::stream(&enip::PROTOCOL);
    let mut decoder = (enip::PROTOCOL.open)(&crate::Opening { is_stream: true, client_port: 0, server_port: 44_818 });
    for (i, message) in messages.iter().enumerate() {
        let bytes = if i == index { changed } else { message };
        let speaker = if i % 2 == 0 { Speaker::Client } else { Speaker::Server };
        if let Measure::Whole(n) = decoder.measure(bytes, speaker) {
            assert!(n > 0);
        }
        dialog = dialog.says(speaker, bytes);
    }
    dialog.end();
}
