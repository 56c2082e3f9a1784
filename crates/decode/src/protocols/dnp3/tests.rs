//! Transcripts of dialogs between a master (link 1) and outstations (link 10).

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog, hex};

/// A frame with its checksums around user data.
fn frame(control: u8, destination: u16, source: u16, user: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x05, 0x64, u8::try_from(user.len() + 5).unwrap(), control];
    bytes.extend(destination.to_le_bytes());
    bytes.extend(source.to_le_bytes());
    bytes.extend(link::checksum(&bytes).to_le_bytes());
    for block in user.chunks(16) {
        bytes.extend(block);
        bytes.extend(link::checksum(block).to_le_bytes());
    }
    bytes
}

/// The master (link 1) says something to the outstation (link 10): transport octet, application layer.
fn asks(dialog: Dialog, user: &str) -> Dialog {
    dialog.says(Speaker::Client, &frame(0xc4, 10, 1, &hex(user)))
}

fn answers(dialog: Dialog, user: &str) -> Dialog {
    dialog.says(Speaker::Server, &frame(0x44, 1, 10, &hex(user)))
}

/// Requests and responses in turn.
fn dialog(messages: &[(&str, &str)]) -> String {
    let mut dialog = Dialog::stream(&PROTOCOL);
    for (request, response) in messages {
        if !request.is_empty() {
            dialog = asks(dialog, request);
        }
        if !response.is_empty() {
            dialog = answers(dialog, response);
        }
    }
    dialog.end()
}

#[test]
fn checksums_of_a_real_frame_fit() {
    let frame = hex("05640a4401000a006e25");
    assert_eq!(link::checksum(&frame[..8]).to_le_bytes(), frame[8..]);
}

#[test]
fn classes_are_polled() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        fact S link 10: run_state = device restart (dnp3, internal indications, certain)
        fact S link 10: run_state = need time (dnp3, internal indications, certain)
        C > S dnp3 [read] read | link 10 | class 0,1,2,3 = binary input 3=true @2005-02-27T13:40:27.776000000Z, analog input 0=1.5, analog input 1=50 (over range), binary input 0=true, binary input 1=false, binary input 2=true, binary input 3=false, binary input 4=true, binary input 5=false, binary input 6=true, binary input 7=false, binary input 8=true, binary input 9=false, counter 0=1000, binary output 2=true, binary output 3=false (comm lost) -> done (36864 device restart, need time) in 1000 us master=1 events=class 1 objects=g2v2 g30v5 g1v1 g20v5 g10v2 {dnp3 1: 1} {dnp3 129: 1}
    "#]].assert_eq(&dialog(&[(
        "c0 c3 01 3c0206 3c0306 3c0406 3c0106",
        "c0 c3 81 9200 02 02 28 0100 0300 81 00e40b540201 1e 05 00 00 01 01 0000c03f 21 00004842 01 01 00 00 09 5501 \
         14 05 00 00 00 e8030000 0a 02 00 02 03 81 05",
    )]));
}

#[test]
fn ranges_and_points_are_read() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [read] read | link 10 | analog input 2-4 = analog input 2=1, analog input 3=2, analog input 4=-1 (comm lost) -> done in 1000 us master=1 objects=g30v2 {dnp3 1: 1} {dnp3 129: 1}
        C > S dnp3 [read] read | link 10 | analog input -> refused (4 parameter error) in 1000 us master=1 objects=g30v0 {dnp3 1: 1} {dnp3 129: 1}
        C > S dnp3 [read] read | link 10 | 2 of binary input 5-7 -> no answer master=1 objects=g1v0 {dnp3 1: 1}
    "#]].assert_eq(&dialog(&[
        ("c1 c1 01 1e 02 01 0200 0400", "c1 c1 81 0000 1e 02 01 0200 0400 01 0100 01 0200 05 ffff"),
        ("c1 c2 01 1e 00 06", "c1 c2 81 0004"),
        ("c1 c3 01 01 00 17 02 05 07", ""),
    ]));
}

#[test]
fn a_relay_is_selected_and_operated() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [operate] select | link 10 | binary output 5 = close pulse on, count 1, on 100 ms, off 100 ms -> done in 1000 us master=1 objects=g12v1 {dnp3 3: 1} {dnp3 129: 1}
        C > S dnp3 [operate] operate | link 10 | binary output 5 = close pulse on, count 1, on 100 ms, off 100 ms (no select) -> refused (2 no select) in 1000 us master=1 objects=g12v1 {dnp3 4: 1} {dnp3 129: 1}
        C > S dnp3 [operate] direct operate | link 10 | 2 of analog output 1-3 = analog output 1=1000, analog output 3=-1 -> refused (2 object unknown) in 1000 us master=1 objects=g41v1 {dnp3 5: 1} {dnp3 129: 1}
        C > S dnp3 [operate] direct operate, no response | link 10 | binary output 7 = latch on, count 1, on 0 ms, off 0 ms -> asked master=1 objects=g12v1 {dnp3 6: 1}
    "#]].assert_eq(&dialog(&[
        (
            "c0 c4 03 0c 01 17 01 05 41 01 64000000 64000000 00",
            "c0 c4 81 0000 0c 01 17 01 05 41 01 64000000 64000000 00",
        ),
        (
            "c0 c5 04 0c 01 17 01 05 41 01 64000000 64000000 00",
            "c0 c5 81 0000 0c 01 17 01 05 41 01 64000000 64000000 02",
        ),
        ("c0 c6 05 29 01 28 0200 0100 e8030000 00 0300 ffffffff 00", "c0 c6 81 0002"),
        ("c0 c7 06 0c 01 28 0100 0700 03 01 00000000 00000000 00", ""),
    ]));
}

#[test]
fn unsolicited_responses_are_confirmed() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        fact S link 10: run_state = device restart (dnp3, internal indications, certain)
        S > C dnp3 [report] unsolicited response | link 10 -> done (32768 device restart) in 1000 us master=1 {dnp3 130: 1} {dnp3 0: 1}
        S > C dnp3 [report] unsolicited response | link 10 | binary input 8 = true @2005-02-27T13:40:28.776000000Z -> done in 1000 us master=1 objects=g51v1 g2v3 {dnp3 130: 1} {dnp3 0: 1}
        S > C dnp3 [report] unsolicited response | link 10 | analog input 5 = 1.5 @2005-02-27T13:40:27.776000000Z -> no answer master=1 objects=g32v7 {dnp3 130: 1}
    "#]].assert_eq(&dialog(&[
        ("", "c0 f0 82 8000"),
        ("c0 d0 00", ""),
        ("", "c1 f1 82 0200 33 01 07 01 00e40b540201 02 03 17 01 08 81 e803"),
        ("c0 d1 00", ""),
        ("", "c2 f2 82 0000 20 07 28 0100 0500 01 0000c03f 00e40b540201"),
    ]));
}

#[test]
fn clocks_restarts_and_settings() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [time] write | link 10 | time = 2005-02-27T13:40:27.776000000Z -> done in 1000 us master=1 objects=g50v1 {dnp3 2: 1} {dnp3 129: 1}
        C > S dnp3 [time] delay measurement | link 10 = delay ms=5 -> done in 1000 us master=1 objects=g52v2 {dnp3 23: 1} {dnp3 129: 1}
        C > S dnp3 [reset] cold restart | link 10 = delay ms=3000 -> done in 1000 us master=1 objects=g52v1 {dnp3 13: 1} {dnp3 129: 1}
        C > S dnp3 [write] write | link 10 | internal indication 7 = false -> done in 1000 us master=1 objects=g80v1 {dnp3 2: 1} {dnp3 129: 1}
        C > S dnp3 [configure] assign class | link 10 | class 1,2, analog input 0-3, binary input -> done in 1000 us master=1 objects=g60v2 g30v0 g60v3 g1v0 {dnp3 22: 1} {dnp3 129: 1}
        C > S dnp3 [subscribe] disable unsolicited responses | link 10 | class 1,2,3 -> done in 1000 us master=1 objects=g60v2 g60v3 g60v4 {dnp3 21: 1} {dnp3 129: 1}
        C > S dnp3 [configure] write | link 10 | analog input deadband 4 = 100 -> done in 1000 us master=1 objects=g34v2 {dnp3 2: 1} {dnp3 129: 1}
        C > S dnp3 [stop] stop application | link 10 | application 0 = Log1 -> refused (1 function not supported) in 1000 us master=1 objects=g90v1 {dnp3 18: 1} {dnp3 129: 1}
        C > S dnp3 [configure] save configuration | link 10 -> done in 1000 us master=1 {dnp3 19: 1} {dnp3 129: 1}
        C > S dnp3 [other] 0x70 | link 10 -> refused (1 function not supported) in 1000 us master=1 {dnp3 112: 1} {dnp3 129: 1}
    "#]].assert_eq(&dialog(&[
        ("c0 c0 02 32 01 07 01 00e40b540201", "c0 c0 81 0000"),
        ("c0 c1 17", "c0 c1 81 0000 34 02 07 01 0500"),
        ("c0 c2 0d", "c0 c2 81 0000 34 01 07 01 0300"),
        ("c0 c3 02 50 01 00 07 07 00", "c0 c3 81 0000"),
        ("c0 c4 16 3c 02 06 1e 00 00 00 03 3c 03 06 01 00 06", "c0 c4 81 0000"),
        ("c0 c5 15 3c 02 06 3c 03 06 3c 04 06", "c0 c5 81 0000"),
        ("c0 c6 02 22 02 17 01 04 64000000", "c0 c6 81 0000"),
        ("c0 c7 12 5a 01 5b 01 0400 4c6f6731", "c0 c7 81 0001"),
        ("c0 c8 13", "c0 c8 81 0000"),
        ("c0 c9 70", "c0 c9 81 0001"),
    ]));
}

#[test]
fn a_device_says_who_it_is() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        fact S link 10: vendor = ACME (dnp3, device manufacturer's name, certain)
        fact S link 10: model = RTU-1 (dnp3, device manufacturer's product name and model, certain)
        fact S link 10: firmware = 2.1 (dnp3, device manufacturer's software version, certain)
        C > S dnp3 [identify] read | link 10 | attribute 0 = device manufacturer's name=ACME, device manufacturer's product name and model=RTU-1, device manufacturer's software version=2.1, maximum transmit fragment size=2048 -> done in 1000 us master=1 objects=g0v252 g0v250 g0v242 g0v240 {dnp3 1: 1} {dnp3 129: 1}
    "#]].assert_eq(&dialog(&[(
        "c0 c1 01 00 fe 00 00 00",
        "c0 c1 81 0000 00 fc 00 00 00 01 04 41434d45 00 fa 00 00 00 01 05 5254552d31 00 f2 00 00 00 01 03 322e31 \
         00 f0 00 00 00 02 02 0008",
    )]));
}

#[test]
fn a_file_is_written() {
    expect![[r#"
        fact C: user = root (dnp3, file authentication, certain)
        fact C: credential = dnp3 file password (dnp3, file authentication, certain)
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [login] authenticate file | link 10 | file system -> done in 1000 us master=1 user=root objects=g70v2 {dnp3 29: 1} {dnp3 129: 1}
        C > S dnp3 [file] open file | link 10 | file /a.xml -> done in 1000 us master=1 mode=write size=10 permissions=666 authenticated=yes objects=g70v3 {dnp3 25: 1} {dnp3 129: 1}
        C > S dnp3 [file] write | link 10 | file /a.xml -> done in 1000 us master=1 block=0 last bytes=4 objects=g70v5 {dnp3 2: 1} {dnp3 129: 1}
        C > S dnp3 [file] close file | link 10 | file /a.xml -> done in 1000 us master=1 objects=g70v4 {dnp3 26: 1} {dnp3 129: 1}
        C > S dnp3 [file] delete file | link 10 | file /b.xml -> refused (3 file not found) in 1000 us master=1 objects=g70v3 {dnp3 27: 1} {dnp3 129: 1}
    "#]].assert_eq(&dialog(&[
        (
            "c0 c1 1d 46 02 5b 01 1400 0c00 0400 1000 0400 00000000 726f6f74 73656372",
            "c0 c1 81 0000 46 02 5b 01 0c00 0c00 0000 0c00 0000 78563412",
        ),
        (
            "c0 c2 19 46 03 5b 01 2000 1a00 0600 00e40b540201 b601 78563412 0a000000 0200 0004 0100 2f612e786d6c",
            "c0 c2 81 0000 46 04 5b 01 0d00 07000000 0a000000 0004 0100 00",
        ),
        (
            "c0 c3 02 46 05 5b 01 0c00 07000000 00000080 61626364",
            "c0 c3 81 0000 46 06 5b 01 0900 07000000 00000080 00",
        ),
        ("c0 c4 1a 46 04 5b 01 0d00 07000000 00000000 0000 0200 00", "c0 c4 81 0000 46 04 5b 01 0d00 07000000 00000000 0000 0200 00"),
        (
            "c0 c5 1b 46 03 5b 01 2000 1a00 0600 000000000000 0000 00000000 00000000 0000 0000 0300 2f622e786d6c",
            "c0 c5 81 0000 46 04 5b 01 0d00 00000000 00000000 0000 0300 03",
        ),
    ]));
}

#[test]
fn a_command_is_challenged() {
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        fact S link 10: channel_security = dnp3 secure authentication (dnp3, authentication object, certain)
        S > C dnp3 [login] authentication response | link 10 | user 5 -> asked master=1 authentication=challenge {dnp3 131: 1}
        C > S dnp3 [login] authentication request | link 10 | user 5 -> asked master=1 authentication=reply objects=g120v2 {dnp3 32: 1}
        C > S dnp3 [operate] direct operate | link 10 | binary output 5 = latch on, count 1, on 0 ms, off 0 ms -> done in 3000 us master=1 objects=g12v1 {dnp3 5: 1} {dnp3 129: 1}
        C > S dnp3 [login] authentication request | link 10 | user 5 -> done in 1000 us master=1 authentication=session key status request objects=g120v4 answer=session key status key status=not initialised {dnp3 32: 1} {dnp3 131: 1}
        C > S dnp3 [login] authentication request | link 10 | user 5 -> refused (1 authentication failed) in 1000 us master=1 authentication=session key change objects=g120v6 answer=error {dnp3 32: 1} {dnp3 131: 1}
    "#]].assert_eq(&dialog(&[
        (
            "c0 c4 05 0c 01 17 01 05 03 01 00000000 00000000 00",
            "c0 c4 83 0000 78 01 5b 01 0c00 01000000 0500 04 01 aabbccdd",
        ),
        (
            "c0 c4 20 78 02 5b 01 0a00 01000000 0500 aabbccdd",
            "c0 c4 81 0000 0c 01 17 01 05 03 01 00000000 00000000 00",
        ),
        ("c0 c5 20 78 04 07 01 0500", "c0 c5 83 0000 78 05 5b 01 0d00 01000000 0500 01 02 04 0200 aabb"),
        ("c0 c6 20 78 06 5b 01 0a00 01000000 0500 aabbccdd", "c0 c6 83 0000 78 07 5b 01 0f00 01000000 0500 0000 01 000000000000"),
    ]));
}

#[test]
fn segments_and_fragments() {
    let fragment = hex("a3 81 0000 1e 02 00 00 01 01 0100 01 0200");
    let (one, two) = fragment.split_at(8);
    let segment = |octet: u8, data: &[u8]| [&[octet], data].concat();
    let dialog = asks(Dialog::stream(&PROTOCOL), "c0 c3 01 3c0106")
        .says(Speaker::Server, &frame(0x44, 1, 10, &segment(0x45, one)))
        .says(Speaker::Server, &frame(0x44, 1, 10, &segment(0x86, two)));
    let dialog = asks(dialog, "c1 c3 00");
    let dialog = answers(dialog, "c7 44 81 0000 01 02 00 00 00 81");
    let dialog = answers(dialog, "88 44 81 0000 01 02 00 00 00 81 # its first segment was not seen");
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [read] read | link 10 | class 0 = analog input 0=1, analog input 1=2 -> done in 2000 us master=1 fragment=1 objects=g30v2 {dnp3 1: 1} {dnp3 129: 1}
        C > S dnp3 [other] confirm | link 10 -> asked master=1 {dnp3 0: 1}
        C > S dnp3 [read] read | link 10 | class 0 = binary input 0=true -> done master=1 fragment=2 objects=g1v2 {dnp3 129: 1}
        health malformed dnp3 x1: transport segment at offset 10: the first segment was not seen
    "#]]
    .assert_eq(&dialog.end());
}

#[test]
fn the_link_is_reset_and_tested() {
    let dialog = Dialog::stream(&PROTOCOL)
        .says(Speaker::Client, &frame(0xc0, 10, 1, &[]))
        .says(Speaker::Server, &frame(0x00, 1, 10, &[]))
        .says(Speaker::Client, &frame(0xc9, 10, 1, &[]))
        .says(Speaker::Server, &frame(0x0b, 1, 10, &[]))
        .says(Speaker::Server, &frame(0x49, 1, 10, &[]))
        .says(Speaker::Client, &frame(0x8f, 10, 1, &[]))
        .says(Speaker::Client, &frame(0xf3, 10, 1, &hex("c0 c1 17")))
        .says(Speaker::Server, &frame(0x00, 1, 10, &[]))
        .says(Speaker::Client, &frame(0xd2, 10, 1, &[]));
    expect![[r#"
        C > S dnp3 [other] reset link states | link 10 -> done in 1000 us master=1
        C > S dnp3 [diagnose] request link status | link 10 -> done in 1000 us master=1
        S > C dnp3 [diagnose] request link status | link 10 -> refused (15 link service not supported) in 1000 us master=1
        C > S dnp3 [time] delay measurement | link 10 -> no answer master=1 {dnp3 23: 1}
        C > S dnp3 [diagnose] test link states | link 10 -> no answer master=1
    "#]].assert_eq(&dialog.end());
}

#[test]
fn broadcasts_are_not_answered() {
    let dialog = Dialog::datagrams(&PROTOCOL)
        .says(Speaker::Client, &frame(0xc4, 0xffff, 1, &hex("c0 c1 02 32 01 07 01 00e40b540201")));
    expect![[r#"
        C > S dnp3 [time] write | link 65535 | time = 2005-02-27T13:40:27.776000000Z -> asked master=1 objects=g50v1 broadcast=yes {dnp3 2: 1}
    "#]].assert_eq(&dialog.end());
}

#[test]
fn bad_checksums_lose_one_frame_only() {
    let mut bad = frame(0xc4, 10, 1, &hex("c0 c1 01 3c0206"));
    *bad.last_mut().unwrap() ^= 1;
    bad.extend(frame(0xc4, 10, 1, &hex("c1 c2 01 3c0206")));
    let dialog = Dialog::stream(&PROTOCOL).says(Speaker::Client, &bad);
    expect![[r#"
        health malformed dnp3 x1: data block at offset 10: its checksum does not fit
        C > S dnp3 [read] read | link 10 | class 1 -> no answer master=1 objects=g60v2 {dnp3 1: 1}
    "#]]
    .assert_eq(&dialog.end());
}

#[test]
fn what_was_read_before_a_fault_is_kept() {
    expect![[r#"
        health malformed dnp3 x1: value at offset 15: 4 bytes needed, 2 left
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [read] response | link 10 | analog input = analog input 0=1.5 -> done master=1 objects=g30v5 {dnp3 129: 1}
        C > S dnp3 [other] response | link 10 | g99v7 -> done master=1 objects=g99v7 unknown object=g99v7 {dnp3 129: 1}
        health malformed dnp3 x1: range stop before range start at offset 9: 0 bytes needed, 0 left
        C > S dnp3 [read] read | link 10 -> no answer master=1 {dnp3 1: 1}
    "#]].assert_eq(&dialog(&[
        ("", "c0 c3 81 0000 1e 05 00 00 01 01 0000c03f 21 0000"),
        ("", "c0 c4 81 0000 63 07 00 00 01 0000"),
        ("c0 c5 01 1e 02 01 0500 0400", ""),
    ]));
}

#[test]
fn roles_are_corrected_by_what_is_said() {
    let dialog = Dialog::stream(&PROTOCOL)
        .says(Speaker::Server, &frame(0xc4, 10, 1, &hex("c0 c1 0e")))
        .says(Speaker::Client, &frame(0x44, 1, 10, &hex("c0 c1 81 0000")));
    expect![[r#"
        fact S: role = outstation (dnp3, application function, certain)
        fact S link 10: device_id = 10 (dnp3, link address, certain)
        C > S dnp3 [reset] warm restart | link 10 -> done in 1000 us master=1 {dnp3 14: 1} {dnp3 129: 1}
    "#]]
    .assert_eq(&dialog.end());
}

#[test]
fn probes_know_who_speaks() {
    assert_eq!(testing::probe(&PROTOCOL, "05640a4401000a006e25"), Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "056405"), Verdict::MORE);
    assert_eq!(testing::probe(&PROTOCOL, "05640a4401000a006e26"), Verdict::NO);
    assert_eq!(testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a"), Verdict::NO);
}

#[test]
fn no_prefix_and_no_changed_byte_breaks_it() {
    let users = [
        "c0 c3 81 9200 02 02 28 0100 0300 81 00e40b540201 1e 05 00 00 01 01 0000c03f 21 00004842 01 01 00 00 09 5501",
        "c0 c6 05 29 01 28 0200 0100 e8030000 00 0300 ffffffff 00",
        "c0 c4 05 0c 01 17 01 05 03 01 00000000 00000000 00",
        "c0 c2 19 46 03 5b 01 2000 1a00 0600 00e40b540201 b601 78563412 0a000000 0200 0004 0100 2f612e786d6c",
        "c0 c1 81 0000 00 fc 00 00 00 01 04 41434d45 00 fa 00 00 00 01 05 5254552d31",
        "c0 c5 83 0000 78 05 5b 01 0d00 01000000 0500 01 02 04 0200 aabb",
        "c0 f1 82 0200 33 01 07 01 00e40b540201 02 03 17 01 08 81 e803",
    ];
    for user in users {
        let user = hex(user);
        let whole = frame(0x44, 1, 10, &user);
        for end in 0..whole.len() {
            let _ = Dialog::stream(&PROTOCOL).says(Speaker::Server, &whole[..end]).end();
        }
        for end in 0..user.len() {
            let _ = Dialog::datagrams(&PROTOCOL).says(Speaker::Server, &frame(0x44, 1, 10, &user[..end])).end();
        }
        for index in 0..user.len() {
            for value in [0, 6, 0x17, 0x5b, 0xff, user[index] ^ 0x10] {
                let mut changed = user.clone();
                changed[index] = value;
                let _ = Dialog::stream(&PROTOCOL)
                    .says(Speaker::Server, &frame(0x44, 1, 10, &changed))
                    .says(Speaker::Client, &frame(0xc4, 10, 1, &changed))
                    .end();
            }
        }
    }
    // Every group, with variations and qualifiers of all kinds, as far as ten octets go.
    for group in 0..=255 {
        let mut dialog = Dialog::datagrams(&PROTOCOL);
        for variation in [0, 1, 2, 3, 5, 7, 9, 196] {
            for qualifier in [0x00, 0x02, 0x06, 0x09, 0x17, 0x28, 0x5b] {
                let user =
                    [0xc0, 0xc1, 0x81, 0, 0, group, variation, qualifier, 0, 3, 0, 5, 1, 2, 0xff, 3, 4, 5, 6, 7, 8];
                dialog = dialog.says(Speaker::Server, &frame(0x44, 1, 10, &user));
            }
        }
        let _ = dialog.end();
    }
}
