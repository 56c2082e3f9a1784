//! Transcripts of Modbus.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

#[test]
fn a_poll_and_its_answer_are_one_act() {
    Dialog::stream(&PROTOCOL)
        .client("0001 0000 0006 0b 03 0064 0002")
        .server("0001 0000 0007 0b 03 04 0011 0022")
        .end_is(expect![[r#"
            C > S modbus [read] read holding registers | unit 11 | holding 100-101 = holding 100=17, holding 101=34 -> done in 1000 us {modbus 3: 2}
        "#]]);
}

#[test]
fn a_write_is_refused() {
    Dialog::stream(&PROTOCOL)
        .client("0007 0000 0006 01 06 0010 00ff")
        .server("0007 0000 0003 01 86 02")
        .end_is(expect![[r#"
            C > S modbus [write] write single register | unit 1 | holding 16 = 255 -> refused (2 illegal data address) in 1000 us {modbus 6: 2}
        "#]]);
}

#[test]
fn coils_are_written_and_nobody_answers() {
    Dialog::stream(&PROTOCOL).client("0001 0000 0009 ff 0f 0013 000a 02 cd01").end_is(expect![[r#"
        C > S modbus [write] write multiple coils | coil 19-28 = coil 19=true, coil 20=false, coil 21=true, coil 22=true, coil 23=false, coil 24=false, coil 25=true, coil 26=true, coil 27=true, coil 28=false -> no answer {modbus 15: 1}
    "#]]);
}

#[test]
fn a_device_says_who_it_is() {
    Dialog::stream(&PROTOCOL)
        .client("0002 0000 0005 01 2b 0e 01 00")
        .server("0002 0000 0014 01 2b 0e 01 01 00 00 02 00 04 41434d45 02 04 56312e32")
        .end_is(expect![[r#"
            fact S unit 1: vendor = ACME (modbus, vendor name, certain)
            fact S unit 1: firmware = V1.2 (modbus, revision, certain)
            C > S modbus [identify] encapsulated interface transport | unit 1 | identification object 0 = vendor name=ACME, revision=V1.2 -> done in 1000 us {modbus 43: 2}
        "#]]);
}

#[test]
fn restarts_are_resets() {
    Dialog::stream(&PROTOCOL).client("0001 0000 0006 01 08 0001 0000").server("0001 0000 0006 01 08 0001 0000").end_is(
        expect![[r#"
            C > S modbus [reset] diagnostics | unit 1 = restart communications option=0 -> done in 1000 us sub-function=restart communications option {modbus 8: 2}
        "#]],
    );
}

#[test]
fn an_answer_alone_invents_no_addresses() {
    Dialog::stream(&PROTOCOL).server("0001 0000 0005 01 03 02 0011").end_is(expect![[r#"
        C > S modbus [read] read holding registers | unit 1 | holding = 17 -> done {modbus 3: 1}
    "#]]);
}

#[test]
fn rtu_frames_in_a_stream() {
    Dialog::stream(&PROTOCOL).client("01 04 0000 0002 71cb").server("01 04 04 0006 0005 db86 # answer").end_is(
        expect![[r#"
            C > S modbus [read] read input registers | unit 1 | input 0-1 = input 0=6, input 1=5 -> done in 1000 us {modbus 4: 2}
        "#]],
    );
}

#[test]
fn probes_know_who_speaks() {
    assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0006 01 03 0064 0002").speaker, Some(Speaker::Client));
    assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0007 01 03 04 0011 0022").speaker, Some(Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a"), Verdict::NO);
}

#[test]
fn rtu_frames_in_pieces_and_in_a_row() {
    Dialog::stream(&PROTOCOL)
        .client("01 04 0000 0002 71cb 01 04 0000 0002 71cb")
        .server("01 84 02 c2c1")
        .client("01 04 00")
        .end_is(expect![[r#"
            C > S modbus [read] read input registers | unit 1 | input 0-1 -> no answer {modbus 4: 1}
            C > S modbus [read] read input registers | unit 1 | input 0-1 -> refused (2 illegal data address) in 1000 us {modbus 4: 2}
            Client: 3 bytes left, 5 needed
        "#]]);
    let verdict = testing::probe(&PROTOCOL, "01 04 04 0006 0005 db86");
    assert_eq!(verdict, Verdict::by(Match::Likely, Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "01 04 04 0006").matched, Match::More);
}

#[test]
fn files_in_several_groups() {
    Dialog::stream(&PROTOCOL)
        .client("0001 0000 0011 01 14 0e 06 0004 0001 0002 06 0003 0009 0002")
        .server("0001 0000 000f 01 14 0c 05 06 0dfe 0020 05 06 33cd 0040")
        .client("0002 0000 0010 01 15 0d 06 0004 0007 0003 06af 04be 100d")
        .server("0002 0000 0010 01 15 0d 06 0004 0007 0003 06af 04be 100d")
        .end_is(expect![[r#"
            C > S modbus [file] read file record | unit 1 | file 4 record 1-2, file 3 record 9-10 = file 4 record 1=3582, file 4 record 2=32, file 3 record 9=13261, file 3 record 10=64 -> done in 1000 us {modbus 20: 2}
            C > S modbus [file] write file record | unit 1 | file 4 record 7-9 = file 4 record 7=1711, file 4 record 8=1214, file 4 record 9=4109 -> done in 1000 us {modbus 21: 2}
        "#]]);
}

#[test]
fn diagnostics_have_values() {
    Dialog::stream(&PROTOCOL)
        .client("0001 0000 0006 01 08 000b 0000")
        .server("0001 0000 0006 01 08 000b 0007")
        .client("0002 0000 0002 01 07")
        .server("0002 0000 0003 01 07 6d")
        .client("0003 0000 0002 01 0b")
        .server("0003 0000 0006 01 0b ffff 0108")
        .client("0004 0000 0002 01 0c")
        .server("0004 0000 000b 01 0c 08 0000 0108 0121 2000")
        .client("0005 0000 0004 01 18 04de")
        .server("0005 0000 000a 01 18 0006 0002 01b8 1284")
        .client("0006 0000 0005 01 2b 0d 00 00")
        .server("0006 0000 0005 01 2b 0d 00 01")
        .end_is(expect![[r#"
            C > S modbus [diagnose] diagnostics | unit 1 = return bus message count=7 -> done in 1000 us sub-function=return bus message count {modbus 8: 2}
            C > S modbus [diagnose] read exception status | unit 1 = exception status 0=true, exception status 1=false, exception status 2=true, exception status 3=true, exception status 4=false, exception status 5=true, exception status 6=true, exception status 7=false -> done in 1000 us {modbus 7: 2}
            C > S modbus [diagnose] get comm event counter | unit 1 = status=65535, event count=264 -> done in 1000 us {modbus 11: 2}
            C > S modbus [diagnose] get comm event log | unit 1 = status=0, event count=264, message count=289, events=0x2000 -> done in 1000 us {modbus 12: 2}
            C > S modbus [read] read fifo queue | unit 1 | fifo 1246 = 440, fifo 1247=4740 -> done in 1000 us {modbus 24: 2}
            C > S modbus [other] encapsulated interface transport | unit 1 = 0x0001 -> done in 1000 us mei=canopen general reference {modbus 43: 2}
        "#]]);
}

#[test]
fn masks_and_reads_with_writes() {
    Dialog::stream(&PROTOCOL)
        .client("0001 0000 0008 01 16 0004 00f2 0025")
        .server("0001 0000 0008 01 16 0004 00f2 0025")
        .client("0002 0000 000d 01 17 0003 0002 000e 0001 02 00ff")
        .server("0002 0000 0007 01 17 04 00fe 0acd")
        .end_is(expect![[r#"
            C > S modbus [write] mask write register | unit 1 | holding 4 = 5 -> done in 1000 us {modbus 22: 2}
            C > S modbus [write] read/write multiple registers | unit 1 | holding 14 read holding 3-4 = holding 14=255, holding 3=254, holding 4=2765 -> done in 1000 us {modbus 23: 2}
        "#]]);
}

#[test]
fn a_server_that_was_taken_for_the_client() {
    Dialog::stream(&PROTOCOL).client("0001 0000 0003 0a 81 02").end_is(expect![[r#"
        S > C modbus [read] read coils | unit 10 -> refused (2 illegal data address) {modbus 1: 1}
    "#]]);
}

#[test]
fn what_stops_an_answer_is_told_with_it() {
    Dialog::stream(&PROTOCOL).server("0001 0000 0006 0a 2b 0e 03 01 00").end_is(expect![[r#"
        C > S modbus [identify] encapsulated interface transport | unit 10 -> done {modbus 43: 1}
        health malformed modbus x1: access, conformity, more follows, next object at offset 9: 4 bytes needed, 3 left
    "#]]);
}

#[test]
fn other_protocols_are_not_modbus() {
    // An LDAP unbind request, whose length looks like that of a poll.
    assert_eq!(testing::probe(&PROTOCOL, "3084 0000 0006 02 02 0098 4200").matched, Match::Weak);
    assert_eq!(testing::probe(&PROTOCOL, "0000 0000 0006 01 00 0000 0000"), Verdict::NO);
}

#[test]
fn no_byte_makes_it_fail() {
    testing::torture(
        &PROTOCOL,
        &[
            "0001 0000 0006 0b 03 0064 0002",
            "0001 0000 0007 0b 03 04 0011 0022",
            "0001 0000 0011 01 14 0e 06 0004 0001 0002 06 0003 0009 0002",
            "0001 0000 000f 01 14 0c 05 06 0dfe 0020 05 06 33cd 0040",
            "0002 0000 0014 01 2b 0e 01 01 00 00 02 00 04 41434d45 02 04 56312e32",
            "01 04 04 0006 0005 db86",
            "0002 0000 000d 01 17 0003 0002 000e 0001 02 00ff",
            "0005 0000 000a 01 18 0006 0002 01b8 1284",
        ],
    );
}
