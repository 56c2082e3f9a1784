//! Transcripts of BACnet dialogs.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

#[test]
fn a_property_is_read() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0011 0104 0005010c 0c00000001 1955")
        .server("810a0017 0100 30010c 0c00000001 1955 3e 4442705ed0 3f")
        .end_is(expect![[r#"
            C > S bacnet [read] read property | analog-input 1 present-value = 60.09259033203125 -> done in 1000 us {bacnet 12: 2}
        "#]]);
}

#[test]
fn a_device_says_who_it_is() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0011 0104 0005010c 0c023fffff 194d")
        .server("810a0021 0100 30010c 0c023fffff 194d 3e 750d04 004b00420052004e004100453f")
        .client("810a0011 0104 0005020c 0c02000007 1970")
        .server("810a0014 0100 30020c 0c02000007 1970 3e 9104 3f")
        .client("810a0011 0104 0005030c 0c02000007 1978")
        .server("810a0014 0100 30030c 0c02000007 1978 3e 2105 3f")
        .end_is(expect![[r#"
            fact S: station_name = KBRNAE (bacnet, object-name, likely)
            C > S bacnet [identify] read property | device 4194303 object-name = KBRNAE -> done in 1000 us {bacnet 12: 2}
            fact S: device_id = 7 (bacnet, device object, certain)
            fact S: run_state = non-operational (bacnet, system-status, certain)
            C > S bacnet [identify] read property | device 7 system-status = non-operational -> done in 1000 us {bacnet 12: 2}
            fact S: vendor = Johnson Controls (bacnet, vendor identifier, certain)
            C > S bacnet [identify] read property | device 7 vendor-identifier = 5 -> done in 1000 us {bacnet 12: 2}
        "#]]);
}

#[test]
fn a_device_announces_itself_behind_a_router() {
    Dialog::datagrams(&PROTOCOL)
        .client("810b000c 0120ffff00ff 1008")
        .server("810b0018 0108 0005 01 0c 1000 c4020003e8 2201e0 9103 2105")
        .client("810b0010 0120000500ff 1008 0901 1902")
        .end_is(expect![[r#"
            C > S bacnet [identify] who-is -> asked {bacnet 264: 1}
            fact S network 5 address 0c: device_id = 1000 (bacnet, device object, certain)
            fact S network 5 address 0c: vendor = Johnson Controls (bacnet, vendor identifier, certain)
            S > C bacnet [identify] i-am | network 5 address 0c | device 1000 = device 1000 max-apdu-length-accepted=480, device 1000 segmentation-supported=no-segmentation, device 1000 vendor-identifier=5 -> asked vendor=Johnson Controls {bacnet 256: 1}
            C > S bacnet [identify] who-is | network 5 | device 1-2 -> asked {bacnet 264: 1}
        "#]]);
}

#[test]
fn a_forwarded_message_names_its_sender() {
    Dialog::datagrams(&PROTOCOL)
        .server("8104001a c0a80107bac0 0100 1000 c4020003e8 2201e0 9100 2111")
        .end_is(expect![[r#"
            fact 192.168.1.7: device_id = 1000 (bacnet, device object, certain)
            fact 192.168.1.7: vendor = Honeywell (bacnet, vendor identifier, certain)
            192.168.1.7 > C bacnet [identify] i-am | device 1000 = device 1000 max-apdu-length-accepted=480, device 1000 segmentation-supported=segmented-both, device 1000 vendor-identifier=17 -> asked vendor=Honeywell {bacnet 256: 1}
        "#]]);
}

#[test]
fn a_command_is_written_with_priority() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0017 0104 0005070f 0c01000004 1955 3e 9101 3f 4908")
        .server("810a0009 0100 20070f")
        .client("810a0016 0104 0005080f 0c01000004 1955 3e 00 3f 4908")
        .server("810a000d 0100 50080f 9102 9128")
        .client("810a0015 0104 0005090f 0c04000001 195a 3e 9103 3f")
        .end_is(expect![[r#"
            C > S bacnet [write] write property | binary-output 4 present-value = active -> done in 1000 us priority=8 {bacnet 15: 2}
            C > S bacnet [write] write property | binary-output 4 present-value = - -> refused (40 write-access-denied) in 1000 us priority=8 error class=property {bacnet 15: 2}
            C > S bacnet [stop] write property | program 1 program-change = halt -> no answer {bacnet 15: 1}
        "#]]);
}

#[test]
fn several_properties_are_read_and_one_is_unknown() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0017 0104 0005050e 0c00000001 1e 0955 096f 0967 1f")
        .server("810a0028 0100 30050e 0c00000001 1e 2955 4e 4441c80000 4f 296f 4e 820440 4f 2967 5e 9102 9120 5f 1f")
        .end_is(expect![[r#"
            C > S bacnet [read] read property multiple | analog-input 1 present-value +2 = analog-input 1 present-value=25, analog-input 1 status-flags=fault, analog-input 1 reliability=- (unknown-property) -> done in 1000 us {bacnet 14: 2}
        "#]]);
}

#[test]
fn arrays_are_told_by_element() {
    Dialog::datagrams(&PROTOCOL)
        .server("810a001c 0100 30050c 0c01000003 1957 3e 00 00 4441c80000 9101 00 3f")
        .server("810a001c 0100 30060c 0c02000003 194c 3e c400000001 c401000002 3f")
        .server("810a0017 0100 30070c 0c02000003 194c 2900 3e 2202bc 3f")
        .end_is(expect![[r#"
            C > S bacnet [read] read property | binary-output 3 priority-array = binary-output 3 priority-array[1]=-, binary-output 3 priority-array[2]=-, binary-output 3 priority-array[3]=25, binary-output 3 priority-array[4]=active, binary-output 3 priority-array[5]=- -> done {bacnet 12: 1}
            fact S: device_id = 3 (bacnet, device object, certain)
            C > S bacnet [browse] read property | device 3 object-list = device 3 object-list[1]=analog-input 1, device 3 object-list[2]=binary-output 2 -> done {bacnet 12: 1}
            C > S bacnet [browse] read property | device 3 object-list[0] = 700 -> done {bacnet 12: 1}
        "#]]);
}

#[test]
fn a_password_is_seen_and_not_kept() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0017 0104 00050414 0901 1d0900 736563726574747474")
        .server("810a000d 0100 500414 9104 911a")
        .client("810a000f 0104 00050511 0a003c 1901")
        .server("810a0009 0100 200511")
        .end_is(expect![[r#"
            fact S: credential = bacnet password (bacnet, password of a request, certain)
            C > S bacnet [reset] reinitialize device | warmstart -> refused (26 password-failure) in 1000 us password=present error class=security {bacnet 20: 2}
            C > S bacnet [configure] device communication control | disable -> done in 1000 us duration=60 min {bacnet 17: 2}
        "#]]);
}

#[test]
fn changes_of_value_are_reported() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0016 0104 00050905 0912 1c0000000a 2900 3a012c")
        .server("810a0009 0100 200905")
        .server("810a0028 0100 1002 0912 1c02000004 2c0000000a 391e 4e 0955 2e 4441c80000 2f 096f 2e 820440 2f 4f")
        .end_is(expect![[r#"
            C > S bacnet [subscribe] subscribe cov | analog-input 10 -> done in 1000 us process=18 confirmed=no lifetime=300 s {bacnet 5: 2}
            S > C bacnet [report] unconfirmed cov notification | analog-input 10 = analog-input 10 present-value=25 (fault), analog-input 10 status-flags=fault (fault) -> asked device=device 4 process=18 time remaining=30 {bacnet 258: 1}
        "#]]);
}

#[test]
fn an_event_is_notified_and_acknowledged() {
    Dialog::datagrams(&PROTOCOL)
        .server(
            "810a0044 0104 00050102 0901 1c02000004 2c00000002 3e 1905 3f 4904 5964 6905 7d0400486f74 8900 9901 a900 b903 ce 5e 0c42c80000 1a0440 2c40000000 3c42a00000 5f cf",
        )
        .client("810a0009 0100 200102")
        .client("810a0021 0104 00050200 0901 1c00000002 2903 3e 1905 3f 4d0400426f62 5e 1906 5f")
        .server("810a0009 0100 200200")
        .end_is(expect![[r#"
            S > C bacnet [alarm] confirmed event notification | analog-input 2 = analog-input 2 event-state=high-limit, analog-input 2 present-value=100 (fault) -> done in 1000 us device=device 4 event=out-of-range notify type=alarm from=normal message=Hot notification class=4 priority=100 acknowledgement=required limit=80 {bacnet 2: 2}
            C > S bacnet [alarm] acknowledge alarm | analog-input 2 -> done in 1000 us state=high-limit source=Bob {bacnet 0: 2}
        "#]]);
}

#[test]
fn segments_are_put_together() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0011 0104 02755e0c 0c020000fe 194c")
        .server("810a0018 0100 3c5e00050c 0c020000fe 194c 3e c400000001")
        .client("810a000a 0100 405e0005")
        .server("810a0011 0100 385e01050c c401000002 3f")
        .client("810a000a 0100 405e0105")
        .end_is(expect![[r#"
            fact S: device_id = 254 (bacnet, device object, certain)
            C > S bacnet [browse] read property | device 254 object-list = device 254 object-list[1]=analog-input 1, device 254 object-list[2]=binary-output 2 -> done in 3000 us segments=2 {bacnet 12: 3}
        "#]]);
}

#[test]
fn a_lost_segment_leaves_what_came_before_it() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0011 0104 02755e0c 0c020000fe 194c")
        .server("810a0018 0100 3c5e00050c 0c020000fe 194c 3e c400000001")
        .server("810a0011 0100 385e02050c c401000002 3f")
        .end_is(expect![[r#"
            fact S: device_id = 254 (bacnet, device object, certain)
            C > S bacnet [browse] read property | device 254 object-list = analog-input 1 -> done in 2000 us segments=2 incomplete=segments are missing {bacnet 12: 3}
        "#]]);
}

#[test]
fn a_request_is_rejected_and_one_is_aborted() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a000f 0104 00050113 0c00000001")
        .server("810a0009 0100 600109")
        .client("810a0011 0104 0005020c 0c00000001 1955")
        .server("810a0009 0100 710204")
        .client("810a0011 0104 0005030c 0c00000001 1955")
        .end_is(expect![[r#"
            C > S bacnet [report] confirmed text message -> refused (9 reject: unrecognized-service) in 1000 us device=analog-input 1 {bacnet 19: 1}
            C > S bacnet [read] read property | analog-input 1 present-value -> refused (4 abort: segmentation-not-supported) in 1000 us {bacnet 12: 1}
            C > S bacnet [read] read property | analog-input 1 present-value -> no answer {bacnet 12: 1}
        "#]]);
}

#[test]
fn foreign_devices_and_tables() {
    Dialog::datagrams(&PROTOCOL)
        .client("81020004")
        .server("810000060020")
        .client("81050006001e")
        .server("810000060000")
        .client("81060004")
        .server("8107000e c0a80107bac0 001e 0010")
        .client("8109000c 0120ffff00ff 1008")
        .end_is(expect![[r#"
            C > S bacnet [browse] read broadcast distribution table -> refused (32 read broadcast distribution table nak) in 1000 us
            fact S: role = bbmd with foreign devices (bacnet, register foreign device, certain)
            C > S bacnet [subscribe] register foreign device -> done in 1000 us time to live=30 s
            C > S bacnet [browse] read foreign device table -> done in 1000 us table=192.168.1.7:47808
            C > S bacnet [identify] who-is -> asked by=foreign device {bacnet 264: 1}
        "#]]);
}

#[test]
fn routers_tell_their_networks() {
    Dialog::datagrams(&PROTOCOL)
        .client("810b0007 0180 00")
        .server("810b000b 0180 01 0005 0006")
        .client("810a0008 0180 06 00")
        .server("810a000c 0180 07 01 0005 01 00")
        .server("810a000a 0180 03 01 0063")
        .end_is(expect![[r#"
            C > S bacnet [browse] who is router to network -> asked
            fact S: router = bacnet networks 5, 6 (bacnet, i am router to network, certain)
            S > C bacnet [identify] i am router to network | networks 5, 6 -> asked
            C > S bacnet [browse] initialize routing table -> asked ports=query
            fact S: router = bacnet networks 5 on port 1 (bacnet, routing table, certain)
            S > C bacnet [configure] initialize routing table ack -> asked ports=5 on port 1
            S > C bacnet [diagnose] reject message to network | network 99 -> asked reason=no route to network
        "#]]);
}

#[test]
fn clocks_are_set_and_files_are_read() {
    Dialog::datagrams(&PROTOCOL)
        .client("810b0012 0100 1006 a47b080f02 b40b2e251f")
        .client("810b0012 0100 1009 a47b080f02 b40b2e251f")
        .client("810a0015 0104 00050306 c402800001 0e 3100 2164 0f")
        .server("810a0012 0100 300306 11 0e 3100 63010203 0f")
        .end_is(expect![[r#"
            C > S bacnet [time] time synchronization = local time=2023-08-15 11:46:37.31 -> asked {bacnet 262: 1}
            C > S bacnet [time] utc time synchronization = utc time=2023-08-15T11:46:37.310000000Z -> asked {bacnet 265: 1}
            C > S bacnet [file] atomic read file | file 1 -> done in 1000 us start=0 count=100 bytes end of file=yes received=3 bytes {bacnet 6: 2}
        "#]]);
}

#[test]
fn a_trend_is_read() {
    Dialog::datagrams(&PROTOCOL)
        .client("810a0017 0104 0005031a 0c05000001 1983 3e 2101 3102 3f")
        .server(
            "810a002d 0100 30031a 0c05000001 1983 3a05c0 4901 5e 0e a47b080f02 b40b2e2500 0f 1e 2c41c80000 1f 2a0440 5f",
        )
        .end_is(expect![[r#"
            C > S bacnet [read] read range | trend-log 1 log-buffer = trend-log 1 log-buffer[1]=25 (fault) @2023-08-15T11:46:37.000000000Z -> done in 1000 us range=by position: 1, 2 result=first-item,last-item items=1 {bacnet 26: 2}
        "#]]);
}

#[test]
fn what_is_cut_is_read_as_far_as_it_goes() {
    Dialog::datagrams(&PROTOCOL).server("810a0013 0100 30010c 0c00000001 1955 3e 4442").end_is(expect![[r#"
        health malformed bacnet x1: value at offset 18: 4 bytes needed, 1 left
        C > S bacnet [read] read property | analog-input 1 present-value -> done {bacnet 12: 1}
    "#]]);
}

#[test]
fn stations_behind_routers_are_told_apart() {
    Dialog::datagrams(&PROTOCOL)
        // The same invoke id to two stations of network 5, answered in the other order; then one of network 3 asks.
        .client("810a0016 0124 0005 01 0c ff 0005010c 0c00000001 1955")
        .client("810a0016 0124 0005 01 0d ff 0005010c 0c00000001 1955")
        .server("810a001a 0108 0005 01 0d 30010c 0c00000001 1955 3e 443f800000 3f")
        .server("810a001a 0108 0005 01 0c 30010c 0c00000001 1955 3e 4440000000 3f")
        .client("810a0015 010c 0003 01 0a 0005020c 0c00000001 1955")
        .server("810a001b 0120 0003 01 0a ff 30020c 0c00000001 1955 3e 4440400000 3f")
        .end_is(expect![[r#"
            C > S bacnet [read] read property | network 5 address 0d | analog-input 1 present-value = 1 -> done in 1000 us {bacnet 12: 2}
            C > S bacnet [read] read property | network 5 address 0c | analog-input 1 present-value = 2 -> done in 3000 us {bacnet 12: 2}
            C > S bacnet [read] read property | analog-input 1 present-value = 3 -> done in 1000 us source=network 3 address 0a {bacnet 12: 2}
        "#]]);
}

#[test]
fn probes() {
    let probe = |text: &str| {
        let bytes = testing::hex(text);
        (PROTOCOL.probe)(&Probe {
            bytes: &bytes,
            is_stream: false,
            is_start: true,
            source_port: 0,
            destination_port: 0,
            kind: 0,
            to: None,
        })
    };
    assert_eq!(probe("810a0011 0104 0005010c 0c00000001 1955"), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(
        probe("810a0017 0100 30010c 0c00000001 1955 3e 4442705ed0 3f"),
        Verdict::by(Match::Certain, Speaker::Server)
    );
    assert_eq!(probe("810b000c 0120ffff00ff 1008"), Verdict::of(Match::Certain));
    assert_eq!(probe("81020004"), Verdict::of(Match::Likely));
    assert_eq!(probe("810200080000 0000"), Verdict::NO);
    assert_eq!(probe("0001 0000 0006 01 03 0064 0002"), Verdict::NO);
    assert_eq!(probe("810a0011 0204 0005010c 0c00000001 1955"), Verdict::NO);
}

#[test]
fn no_byte_breaks_it() {
    let messages = [
        "810a0028 0100 30050e 0c00000001 1e 2955 4e 4441c80000 4f 296f 4e 820440 4f 2967 5e 9102 9120 5f 1f",
        "810a0044 0104 00050102 0901 1c02000004 2c00000002 3e 1905 3f 4904 5964 6905 7d0400486f74 8900 9901 a900 b903 ce 5e 0c42c80000 1a0440 2c40000000 3c42a00000 5f cf",
        "810a002d 0100 30031a 0c05000001 1983 3a05c0 4901 5e 0e a47b080f02 b40b2e2500 0f 1e 2c41c80000 1f 2a0440 5f",
        "810b0018 0108 0005 01 0c 1000 c4020003e8 2201e0 9103 2105",
        "810a0018 0100 3c5e00050c 0c020000fe 194c 3e c400000001",
        "8107000e c0a80107bac0 001e 0010",
        "810a000c 0180 07 01 0005 01 00",
    ];
    for text in messages {
        let whole = testing::hex(text);
        for end in 0..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Server, &whole[..end]).end();
        }
        for place in 4..whole.len() {
            for value in [0x00, 0x0e, 0x0f, 0x3e, 0x7f, 0xfd, 0xff] {
                let mut changed = whole.clone();
                changed[place] = value;
                Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).says(Speaker::Server, &changed).end();
            }
        }
    }
}
