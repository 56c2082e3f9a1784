//! Transcripts of telecontrol dialogs.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog, hex};

#[test]
fn data_transfer_is_started_and_the_link_tested() {
    Dialog::stream(&PROTOCOL)
        .client("680407000000")
        .server("68040b000000")
        .server("680443000000")
        .client("680483000000 680401000200")
        .client("680413000000")
        .end_is(expect![[r#"
            C > S iec104 [subscribe] startdt -> done in 1000 us {iec104 257: 1} {iec104 258: 1}
            S > C iec104 [other] testfr -> done in 1000 us {iec104 272: 1} {iec104 288: 1}
            C > S iec104 [subscribe] stopdt -> no answer {iec104 260: 1}
        "#]]);
}

#[test]
fn a_station_is_interrogated() {
    Dialog::stream(&PROTOCOL)
        .client("680e00000000 64 01 0600 0a00 000000 14")
        .server("680e02000200 64 01 0700 0a00 000000 14  681a04000200 01 04 1400 0a00 010000 00 020000 01 030000 80 040000 71")
        .server("681a0600 0200 0d 03 1400 0a00 010000 0000c03f 00 020000 0000c0bf 41 # one is missing")
        .server("680e08000200 64 01 0a00 0a00 000000 14")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            C > S iec104 [read] interrogation command | link 10 | station -> done in 1000 us {iec104 100: 2}
            S > C iec104 [report] single-point information | link 10 | ioa 1-4 = ioa 1=false, ioa 2=true, ioa 3=false (invalid), ioa 4=true (not topical, substituted, blocked) -> asked cause=station interrogation {iec104 1: 1}
            S > C iec104 [report] measured value, short floating point number | link 10 | ioa 1-2 = ioa 1=1.5, ioa 2=-1.5 (not topical, overflow) -> asked cause=station interrogation {iec104 13: 1}
            health malformed iec104 x1: information object address at offset 28: 3 bytes needed, 0 left
            S > C iec104 [report] interrogation command | link 10 | station -> asked cause=activation termination {iec104 100: 1}
        "#]]);
}

#[test]
fn a_breaker_is_selected_and_operated() {
    Dialog::stream(&PROTOCOL)
        .client("680e00000000 2e 01 0605 0a00 010000 86")
        .server("680e00000200 2e 01 0705 0a00 010000 86")
        .client("680e02000200 2e 01 0605 0a00 010000 06")
        .server("680e02000400 2e 01 0705 0a00 010000 06 680e04000400 2e 01 0a05 0a00 010000 06")
        .server("68150600 0400 1f 01 0b00 0a00 010000 02 3110170804070d")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            C > S iec104 [operate] double command | link 10 | ioa 1 = 2 -> done in 1000 us action=select qualifier=short pulse originator=5 {iec104 46: 2}
            C > S iec104 [operate] double command | link 10 | ioa 1 = 2 -> done in 1000 us action=execute qualifier=short pulse originator=5 {iec104 46: 2}
            S > C iec104 [report] double command | link 10 | ioa 1 = 2 -> asked cause=activation termination originator=5 action=execute qualifier=short pulse {iec104 46: 1}
            S > C iec104 [report] double-point information with time tag cp56time2a | link 10 | ioa 1 = 2 @2013-07-04T08:23:04.145000000Z -> asked cause=remote command {iec104 31: 1}
        "#]]);
}

#[test]
fn a_set_point_is_refused_and_another_unknown() {
    Dialog::stream(&PROTOCOL)
        .client("681200000000 32 01 0600 0a00 010000 0000c03f 00")
        .server("681200000200 32 01 4700 0a00 010000 0000c03f 00")
        .client("681202000200 32 01 0600 0a00 630000 0000c03f 00")
        .server("681202000400 32 01 6f00 0a00 630000 0000c03f 00")
        .client("680e04000400 2d 01 0600 0b00 010000 01")
        .server("680e04000600 2d 01 6e00 0b00 010000 01")
        .client("680e06000600 2d 01 0600 0a00 020000 01")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            C > S iec104 [operate] set point command, short floating point number | link 10 | ioa 1 = 1.5 -> refused (7 negative confirmation) in 1000 us action=execute {iec104 50: 2}
            C > S iec104 [operate] set point command, short floating point number | link 10 | ioa 99 = 1.5 -> refused (47 unknown information object address) in 1000 us action=execute {iec104 50: 2}
            fact S link 11: device_id = 11 (iec104, common address of asdu, certain)
            C > S iec104 [operate] single command | link 11 | ioa 1 = true -> refused (46 unknown common address) in 1000 us action=execute {iec104 45: 2}
            C > S iec104 [operate] single command | link 10 | ioa 2 = true -> no answer action=execute {iec104 45: 1}
        "#]]);
}

#[test]
fn every_station_answers_under_its_own_address() {
    Dialog::stream(&PROTOCOL)
        .client("680e00000000 64 01 0600 ffff 000000 14")
        .server("680e00000200 64 01 0700 0500 000000 14")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 5: device_id = 5 (iec104, common address of asdu, certain)
            C > S iec104 [read] interrogation command | link 5 | station -> done in 1000 us {iec104 100: 2}
        "#]]);
}

#[test]
fn two_equal_requests_get_two_answers() {
    Dialog::stream(&PROTOCOL)
        .client("680e00000000 64 01 0600 0a00 000000 14 680e02000000 64 01 0600 0a00 000000 14")
        .server("680e00000400 64 01 0700 0a00 000000 14")
        .server("680e02000400 64 01 0700 0a00 000000 14")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            C > S iec104 [read] interrogation command | link 10 | station -> done in 1000 us {iec104 100: 2}
            C > S iec104 [read] interrogation command | link 10 | station -> done in 2000 us {iec104 100: 2}
        "#]]);
}

#[test]
fn one_object_is_read() {
    Dialog::stream(&PROTOCOL)
        .client("680d00000000 66 01 0500 0500 6c3003")
        .server("681200000200 0d 01 0500 0500 6c3003 0000c03f 00")
        .client("680d02000200 66 01 0500 0500 6d3003")
        .server("680d02000400 66 01 6f00 0500 6d3003")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 5: device_id = 5 (iec104, common address of asdu, certain)
            C > S iec104 [read] read command | link 5 | ioa 209004 = 1.5 -> done in 1000 us {iec104 102: 1} {iec104 13: 1}
            C > S iec104 [read] read command | link 5 | ioa 209005 -> refused (47 unknown information object address) in 1000 us {iec104 102: 2}
        "#]]);
}

#[test]
fn the_clock_is_set_and_the_process_reset() {
    Dialog::stream(&PROTOCOL)
        .client("681400000000 67 01 0600 0500 000000 3110178804070d")
        .server("681400000200 67 01 0700 0500 000000 3110178804070d")
        .client("680e02000200 69 01 0600 0500 000000 01")
        .server("680e02000400 69 01 0700 0500 000000 01 680e04000400 46 01 0400 0500 000000 02")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 5: device_id = 5 (iec104, common address of asdu, certain)
            C > S iec104 [time] clock synchronization command | link 5 | clock = 2013-07-04T08:23:04.145000000Z -> done in 1000 us {iec104 103: 2}
            C > S iec104 [reset] reset process command | link 5 | process -> done in 1000 us qualifier=general reset {iec104 105: 2}
            fact S link 5: run_state = initialized after remote reset (iec104, cause of initialization, certain)
            S > C iec104 [report] end of initialization | link 5 | station -> asked cause=initialized detail=remote reset {iec104 70: 1}
        "#]]);
}

#[test]
fn kinds_of_values() {
    Dialog::stream(&PROTOCOL)
        .server("6814 0000 0000 05 02 0300 0a00 010000 7f00 020000 bf01 # step and transient")
        .server("6812 0200 0000 07 01 0300 0a00 010000 02000000 00 # bitstring")
        .server("6813 0400 0000 09 82 0100 0a00 010000 0040 00 00c0 40")
        .server("6810 0600 0000 0b 01 0300 0a00 010000 9cff 10")
        .server("6812 0800 0000 0f 01 2500 0a00 010000 e8030000 a3")
        .server("6813 0a00 0000 11 01 0300 0a00 010000 0a 6400 102700")
        .server("6812 0c00 0000 14 01 0300 0a00 010000 0500 0100 00")
        .server("680f 0e00 0000 15 01 0300 0a00 010000 0020")
        .server("6810 1000 0000 02 01 0300 0a00 010000 01 1027 # short by one")
        .server("6811 1200 0000 02 01 0300 0a00 010000 01 1027 80")
        .server("6810 1400 0000 88 01 0300 0a00 010000 aabbcc")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            S > C iec104 [report] step position information | link 10 | ioa 1-2 = ioa 1=-1, ioa 2=63 (overflow, transient) -> asked cause=spontaneous {iec104 5: 1}
            S > C iec104 [report] bitstring of 32 bit | link 10 | ioa 1 = 2 -> asked cause=spontaneous {iec104 7: 1}
            S > C iec104 [report] measured value, normalized value | link 10 | ioa 1-2 = ioa 1=0.5, ioa 2=-0.5 (not topical) -> asked cause=periodic {iec104 9: 1}
            S > C iec104 [report] measured value, scaled value | link 10 | ioa 1 = -100 (blocked) -> asked cause=spontaneous {iec104 11: 1}
            S > C iec104 [report] integrated totals | link 10 | ioa 1 = 1000 (invalid, carry) -> asked cause=general counter request {iec104 15: 1}
            S > C iec104 [report] event of protection equipment with time tag | link 10 | ioa 1 = 2 (elapsed time invalid) @1970-01-01T00:00:10.000000000Z, ioa 1 elapsed=100 @1970-01-01T00:00:10.000000000Z -> asked cause=spontaneous {iec104 17: 1}
            S > C iec104 [report] packed single-point information with status change detection | link 10 | ioa 1 = 5, ioa 1 changed=1 -> asked cause=spontaneous {iec104 20: 1}
            S > C iec104 [report] measured value, normalized value without quality descriptor | link 10 | ioa 1 = 0.25 -> asked cause=spontaneous {iec104 21: 1}
            S > C iec104 [report] single-point information with time tag | link 10 | ioa 1 = true -> asked cause=spontaneous {iec104 2: 1}
            health malformed iec104 x1: minute at offset 18: 1 bytes needed, 0 left
            S > C iec104 [report] single-point information with time tag | link 10 | ioa 1 = true (time invalid) @1970-01-01T00:00:10.000000000Z -> asked cause=spontaneous {iec104 2: 1}
            S > C iec104 [other] 0x88 | link 10 | ioa 1 = 0xaabbcc -> asked cause=spontaneous {iec104 136: 1}
        "#]]);
}

#[test]
fn parameters_counters_and_tests() {
    Dialog::stream(&PROTOCOL)
        .client("680e00000000 65 01 0600 0500 000000 45")
        .server("680e00000200 65 01 0700 0500 000000 45")
        .client("6810 0200 0200 6f 01 0600 0500 010000 6400 01")
        .server("6810 0200 0400 6f 01 0700 0500 010000 6400 01")
        .client("680f 0400 0400 68 01 0600 0500 000000 aa55")
        .server("680f 0400 0600 68 01 0700 0500 000000 aa55")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 5: device_id = 5 (iec104, common address of asdu, certain)
            C > S iec104 [write] counter interrogation command | link 5 | counters -> done in 1000 us qualifier=freeze {iec104 101: 2}
            C > S iec104 [configure] parameter of measured value, scaled value | link 5 | ioa 1 = 100 -> done in 1000 us qualifier=threshold {iec104 111: 2}
            C > S iec104 [diagnose] test command | link 5 | link -> done in 1000 us {iec104 104: 2}
        "#]]);
}

#[test]
fn a_file_is_transferred() {
    Dialog::stream(&PROTOCOL)
        .client("6811 0000 0000 7a 01 0d00 0500 010000 0300 00 01")
        .server("6813 0000 0200 78 01 0d00 0500 010000 0300 e80300 00")
        .server("6814 0200 0200 7d 01 0d00 0500 010000 0300 01 03 010203")
        .client("6811 0200 0400 7c 01 0d00 0500 010000 0300 01 03")
        .end_is(expect![[r#"
            C > S iec104 [file] call directory, select file, call file, call section | link 5 | file 3 -> asked cause=file transfer action=select file {iec104 122: 1}
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 5: device_id = 5 (iec104, common address of asdu, certain)
            S > C iec104 [file] file ready | link 5 | file 3 -> asked cause=file transfer detail=1000 bytes {iec104 120: 1}
            S > C iec104 [file] segment | link 5 | file 3 section 1 -> asked cause=file transfer detail=3 bytes {iec104 125: 1}
            C > S iec104 [file] ack file, ack section | link 5 | file 3 section 1 -> asked cause=file transfer action=positive section {iec104 124: 1}
        "#]]);
}

#[test]
fn serial_field_sizes_are_proved_by_the_length() {
    Dialog::stream(&PROTOCOL)
        .server("680e 0000 0000 01 02 03 05 0100 01 0300 00")
        .client("680b 0000 0200 2d 01 06 05 0100 81")
        .server("680b 0200 0200 2d 01 07 05 0100 81")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 5: device_id = 5 (iec104, common address of asdu, certain)
            S > C iec104 [report] single-point information | link 5 | 2 of ioa 1-3 = ioa 1=true, ioa 3=false -> asked cause=spontaneous {iec104 1: 1}
            C > S iec104 [operate] single command | link 5 | ioa 1 = true -> done in 1000 us action=select {iec104 45: 2}
        "#]]);
}

#[test]
fn roles_are_corrected_by_what_is_said() {
    Dialog::stream(&PROTOCOL)
        .server("680e00000000 2d 01 0600 0a00 010000 01")
        .client("680e00000200 2d 01 0700 0a00 010000 01")
        .end_is(expect![[r#"
            health malformed iec104 x1: send sequence number at offset 2: expected 1, is 0
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            C > S iec104 [operate] single command | link 10 | ioa 1 = true -> done in 1000 us action=execute {iec104 45: 2}
        "#]]);
}

#[test]
fn a_lost_frame_is_told_unless_the_capture_lost_it() {
    Dialog::stream(&PROTOCOL)
        .server("680e00000000 01 01 0300 0a00 010000 01")
        .server("680e04000000 01 01 0300 0a00 010000 01")
        .gap(Speaker::Server)
        .server("680e10000000 01 01 0300 0a00 010000 01")
        .end_is(expect![[r#"
            fact S: role = rtu (iec104, direction of asdus, likely)
            fact S link 10: device_id = 10 (iec104, common address of asdu, certain)
            S > C iec104 [report] single-point information | link 10 | ioa 1 = true -> asked cause=spontaneous {iec104 1: 1}
            health malformed iec104 x1: send sequence number at offset 2: expected 1, is 2
            S > C iec104 [report] single-point information | link 10 | ioa 1 = true -> asked cause=spontaneous {iec104 1: 1}
            S > C iec104 [report] single-point information | link 10 | ioa 1 = true -> asked cause=spontaneous {iec104 1: 1}
        "#]]);
}

#[test]
fn probes_know_who_speaks() {
    assert_eq!(testing::probe(&PROTOCOL, "680407000000"), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(testing::probe(&PROTOCOL, "68040b000000"), Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(
        testing::probe(&PROTOCOL, "680401000200 680e00000200 2d 01 0700 0a00 010000 01"),
        Verdict::by(Match::Certain, Speaker::Server)
    );
    assert_eq!(testing::probe(&PROTOCOL, "680e0000"), Verdict::MORE);
    assert_eq!(testing::probe(&PROTOCOL, "68 0b 0b 68 53 01 51"), Verdict::NO, "m-bus");
    assert_eq!(testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a"), Verdict::NO);
}

#[test]
fn no_prefix_and_no_changed_byte_breaks_it() {
    let messages = [
        "680e00000000 2e 01 0605 0a00 010000 86",
        "68150600 0400 1f 01 0b00 0a00 010000 02 3110170804070d",
        "6813 0000 0200 78 01 0d00 0500 010000 0300 e80300 00",
        "6814 0200 0200 7d 01 0d00 0500 010000 0300 01 03 010203",
        "6813 0400 0000 09 82 0100 0a00 010000 0040 00 00c0 40",
        "681400000000 67 01 0600 0500 000000 3110178804070d",
    ];
    for message in messages {
        let message = hex(message);
        for end in 0..message.len() {
            let _ = Dialog::stream(&PROTOCOL).says(Speaker::Client, &message[..end]).end();
        }
        for index in 0..message.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff, message[index] ^ 0x10] {
                let mut changed = message.clone();
                changed[index] = value;
                let _ = Dialog::stream(&PROTOCOL).says(Speaker::Server, &changed).end();
                // Types beyond what `measure` lets pass are read by themselves, too.
                let _ = Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).end();
            }
        }
        for kind in 1..=255 {
            let mut changed = message.clone();
            changed[6] = kind;
            let _ = Dialog::stream(&PROTOCOL).says(Speaker::Server, &changed).end();
        }
    }
}
