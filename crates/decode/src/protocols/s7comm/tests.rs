//! Transcripts of S7comm; each message is what COTP hands on.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

#[test]
fn setup_negotiates_the_length() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 01 0000 0200 0008 0000 f0 00 0001 0001 01e0")
        .server("32 03 0000 0200 0008 0000 0000 f0 00 0001 0001 00f0")
        .end_is(expect![[r#"
            fact S: role = plc (s7comm, setup communication, likely)
            C > S s7comm [other] setup communication -> done in 1000 us parallel jobs=1/1 pdu length=480 negotiated pdu length=240 {s7comm 240: 2}
        "#]]);
}

#[test]
fn variables_of_all_kinds_are_read() {
    Dialog::datagrams(&PROTOCOL)
        .client(
            "32 01 0000 0001 004a 0000 04 06 120a10010001000184000003 120a10040001000a84000020 120a10080002000083000050
             120a101d000100001d000005 120a10020004000182000000 120a10070001000085000000",
        )
        .server(
            "32 03 0000 0001 0002 002a 0000 04 06 ff03000101 00 ff04001012 34 ff07 0008 3f8ccccd c0000000
             ff09 0002 2123 ff04 0020 01020304 0a00 0000",
        )
        .end_is(expect![[r#"
            C > S s7comm [read] read var | DB1.DBX0.3 +5 #78ed = DB1.DBX0.3=true, DB10.DBW4=4660, MD10=1.100000023841858, MD14=-2, T5=123000, QB0[4]=0x01020304, DI0.DID0=- (object does not exist) -> done (10 object does not exist (1 of 6 items)) in 1000 us {s7comm 4: 2}
        "#]]);
}

#[test]
fn a_write_is_refused_for_one_of_two() {
    Dialog::datagrams(&PROTOCOL)
        .client(
            "32 01 0000 0002 001a 000c 05 02 120a10020001000083000000 120a10040001000084000000
             00 04 0008 2a 00 00 04 0010 1234",
        )
        .server("32 03 0000 0002 0002 0002 0000 05 02 ff 03")
        .end_is(expect![[r#"
            C > S s7comm [write] write var | MB0 +1 #1d22 = MB0=42, DB0.DBW0=4660 (accessing the object not allowed) -> done (3 accessing the object not allowed (1 of 2 items)) in 1000 us {s7comm 5: 2}
        "#]]);
}

#[test]
fn an_item_that_does_not_exist() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 01 0000 0003 000e 0000 04 01 120a10020001006384000000")
        .server("32 03 0000 0003 0002 0004 0000 04 01 0a 00 0000")
        .end_is(expect![[r#"
            C > S s7comm [read] read var | DB99.DBB0 = - (object does not exist) -> refused (10 object does not exist) in 1000 us {s7comm 4: 2}
        "#]]);
}

#[test]
fn items_without_data_may_say_a_length() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 01 0000 0003 001a 0000 04 02 120a10020001006384000000 120a10020001006484000000")
        .server("32 03 0000 0003 0002 0008 0000 04 02 0a 00 0004 0a 00 0004")
        .end_is(expect![[r#"
            C > S s7comm [read] read var | DB99.DBB0 +1 #1f9c = DB99.DBB0=- (object does not exist), DB100.DBB0=- (object does not exist) -> refused (10 object does not exist) in 1000 us {s7comm 4: 2}
        "#]]);
}

#[test]
fn a_block_is_loaded() {
    let head = "7070 01 01 05 0a 0001 000000d8 00000000 03af74372d70 03af74372d70 0038 0000 0000 0058";
    let foot = "4155544f0000000046414d000000000056414c5645000000 10 00 63cc 0000000000000000";
    let server = format!("32 03 0000 6501 0002 004c 0000 1b 00 0048 00fb {head} {foot}");
    Dialog::datagrams(&PROTOCOL)
        .client("32 01 0000 8300 0020 0000 1a 00 0100 00000000 09 5f30413030303031500d31303030323136303030303838")
        .server("32 03 0000 8300 0001 0000 0000 1a")
        .server("32 01 0000 6501 0012 0000 1b 00 0000 00000000 09 5f3041303030303150")
        .client(&server)
        .server("32 01 0000 6701 0012 0000 1c 00 0000 00000000 09 5f3041303030303150")
        .client("32 03 0000 6701 0001 0000 0000 1c")
        .client("32 01 0000 8400 001a 0000 28 000000000000fd 000a 0100 3041303030303150 05 5f494e5345")
        .server("32 03 0000 8400 0001 0000 0000 28")
        .end_is(expect![[r#"
            C > S s7comm [program] request download | DB1 -> done in 1000 us file system=passive load memory=000216 mc7 code=000088 {s7comm 26: 2}
            C > S s7comm [program] download block | DB1 -> done in 1000 us file system=passive bytes=72 {s7comm 27: 2}
            fact S: program_hash = DB1 sha256:d41823ead65933fff64d91103e1de3462522fe181e1a2a33ad4b123a2fa8e519 (s7comm, block download, likely)
            fact S: program = DB1 VALVE FAM v1.0 by AUTO (s7comm, block download, likely)
            C > S s7comm [program] download ended | DB1 -> done in 1000 us file system=passive size=72 hash=sha256:d41823ead65933fff64d91103e1de3462522fe181e1a2a33ad4b123a2fa8e519 {s7comm 28: 2}
            C > S s7comm [program] insert blocks | DB1 -> done in 1000 us service=_INSE {s7comm 40: 2}
        "#]]);
}

#[test]
fn a_block_is_taken_out() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 01 0000 0100 0012 0000 1d 00 0000 00000000 09 5f3038303030303141")
        .server("32 03 0000 0100 0010 0000 0000 1d 00 0100 00000007 07 30303030323136")
        .client("32 01 0000 0200 0008 0000 1e 00 0000 00000007")
        .server("32 03 0000 0200 0002 0008 0000 1e 00 0004 00fb 01020304")
        .client("32 01 0000 0300 0008 0000 1f 00 0000 00000007")
        .server("32 03 0000 0300 0001 0000 0000 1f")
        .end_is(expect![[r#"
            C > S s7comm [upload] start upload | OB1 -> done in 1000 us file system=active {s7comm 29: 2}
            C > S s7comm [upload] upload | OB1 -> done in 1000 us bytes=4 {s7comm 30: 2}
            fact S: program_hash = OB1 sha256:9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a (s7comm, block upload, likely)
            fact S: program = OB1 (s7comm, block upload, likely)
            C > S s7comm [upload] end upload | OB1 -> done in 1000 us size=4 hash=sha256:9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a {s7comm 31: 2}
        "#]]);
}

#[test]
fn a_controller_is_stopped_and_started() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 01 0000 3500 0010 0000 29 0000000000 09 505f50524f4752414d")
        .server("32 03 0000 3500 0001 0000 0000 29")
        .server("32 07 0000 0000 0008 0018 00011204110403 00 ff090014 4304 ff84 0000 0000 00000000 9401092153421521")
        .server("32 07 0000 0000 0008 0000 0100101000000000")
        .client("32 01 0000 3600 0014 0000 28 000000000000fd 0000 09 505f50524f4752414d")
        .server("32 02 0000 3600 0000 0000 8404")
        .end_is(expect![[r#"
            C > S s7comm [stop] plc stop -> done in 1000 us service=P_PROGRAM {s7comm 41: 2}
            fact S: run_state = stop (s7comm, diagnostic message, certain)
            S > C s7comm [alarm] diagnostic message | event 0x4304 = stop by programming device or sfb 20 @1994-01-09T21:53:42.152000000Z -> asked event=stop by programming device or sfb 20 {s7comm 260: 1}
            S > C s7comm [report] mode transition to stop | stop -> asked {s7comm 256: 1}
            C > S s7comm [start] plc start -> refused (33796 function cannot be performed) in 1000 us service=P_PROGRAM {s7comm 40: 1}
        "#]]);
}

#[test]
fn a_controller_says_who_it_is() {
    let record = "0001 3645533720 3331352d32454831342d30414230 20 00c0 0004 0001";
    let firmware = "0007 2020202020202020202020202020202020202020 00c0 5603 0206";
    Dialog::datagrams(&PROTOCOL)
        .client("32 07 0000 0100 0008 0008 00011204114401 00 ff090004 0011 0000")
        .server(&format!(
            "32 07 0000 0100 000c 0044 000112081284010000000000 ff090040 0011 0000 001c 0002 {record} {firmware}"
        ))
        .client("32 07 0000 0200 0008 0008 00011204114401 00 ff090004 0132 0004")
        .server(
            "32 07 0000 0200 000c 0034 000112081284010200000000 ff090030 0132 0004 0028 0001
             0004 0001 0000 0001 0002 0000 0000 5656 04bcd5a3 0184b2d6 02000000000000000000000000000000",
        )
        .client("32 07 0000 0300 0008 0008 00011204114401 00 ff090004 0424 0000")
        .server(
            "32 07 0000 0300 000c 0020 000112081284010300000000 ff09001c 0424 0000 0014 0001
             5144 ff 08 00000000 00 00 00 00 1408201205283494",
        )
        .end_is(expect![[r#"
            fact S: order_number = 6ES7 315-2EH14-0AB0 (s7comm, szl 0x0011, certain)
            fact S: vendor = Siemens AG (s7comm, szl 0x0011, likely)
            fact S: hardware = 4 (s7comm, szl 0x0011, certain)
            fact S: firmware = V3.2.6 (s7comm, szl 0x0011, certain)
            C > S s7comm [identify] read szl | szl 0x0011 = module=6ES7 315-2EH14-0AB0 4, firmware=V3.2.6 -> done in 1000 us list=module identification {s7comm 260: 2}
            fact S: protection = 1 (no protection) (s7comm, szl 0x0132, certain)
            fact S: key_position = run-p (s7comm, szl 0x0132, certain)
            fact S: program_hash = user program 0184b2d6 (s7comm, szl 0x0132, certain)
            fact S: program_hash = hardware configuration 04bcd5a3 (s7comm, szl 0x0132, certain)
            C > S s7comm [diagnose] read szl | szl 0x0132 index 0x0004 = protection key=1, protection assigned=0, protection valid=1, mode switch=run-p, checksum of program=25473750, checksum of configuration=79484323 -> done in 1000 us list=communication status {s7comm 260: 2}
            fact S: run_state = run (s7comm, szl 0x0424, certain)
            C > S s7comm [diagnose] read szl | szl 0x0424 = mode=run @2014-08-20T12:05:28.349000000Z, event=run-time event 0x5144 @2014-08-20T12:05:28.349000000Z -> done in 1000 us list=operating modes {s7comm 260: 2}
        "#]]);
}

#[test]
fn a_status_list_in_two_parts() {
    let half = "0001 50756d7000000000000000000000000000000000000000000000000000000000";
    let rest = "0007 4350552033313500000000000000000000000000000000000000000000000000";
    Dialog::datagrams(&PROTOCOL)
        .client("32 07 0000 0100 0008 0008 00011204114401 00 ff090004 001c 0000")
        .server(&format!("32 07 0000 0100 000c 002e 000112081284010309010000 ff09002a 001c 0000 0022 0002 {half}"))
        .client("32 07 0000 0200 000c 0004 000112081244010309000000 0a000000")
        .server(&format!("32 07 0000 0200 000c 0026 000112081284010309000000 ff090022 {rest}"))
        .end_is(expect![[r#"
            C > S s7comm [identify] read szl | szl 0x001c -> done in 1000 us list=component identification part=more follows {s7comm 260: 2}
            fact S: station_name = Pump (s7comm, szl 0x001c, certain)
            fact S: model = CPU 315 (s7comm, szl 0x001c, certain)
            C > S s7comm [identify] read szl | szl 0x001c = name of the automation system=Pump, module type name=CPU 315 -> done in 1000 us {s7comm 260: 2}
        "#]]);
}

#[test]
fn blocks_are_listed() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 07 0000 0100 0008 0004 00011204114301 00 0a000000")
        .server("32 07 0000 0100 000c 000c 000112081283010000000000 ff090008 30380001 30410003")
        .client("32 07 0000 0200 0008 0006 00011204114302 00 ff090002 3041")
        .server("32 07 0000 0200 000c 0008 000112081283020100000000 ff090004 00012205")
        .client("32 07 0000 0300 0008 000c 00011204114303 00 ff090008 3042333237363842")
        .server("32 07 0000 0300 000c 0004 00011208128303000000d209 0a000000")
        .end_is(expect![[r#"
            C > S s7comm [browse] list blocks = OB=1, DB=3 -> done in 1000 us {s7comm 259: 2}
            C > S s7comm [browse] list blocks of type | DB = DB1=db -> done in 1000 us {s7comm 259: 2}
            C > S s7comm [browse] get block info | SDB32768 -> refused (53769 block not found on the module) in 1000 us file system=active and passive {s7comm 259: 2}
        "#]]);
}

#[test]
fn values_are_pushed_by_a_subscription() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 07 0000 0f00 0008 0011 00011204114205 00 ff09000d 0001 01 01 1207b0010500510172")
        .server("32 07 0000 0f00 000c 0010 000112081282050100000000 ff09000c 0001 ff090006 ff43f6903560")
        .server("32 07 0000 0000 000c 0010 000112081202050100000000 ff09000c 0001 ff090006 ff43f6903561")
        .client("32 07 0000 0e00 0008 0006 00011204114204 00 ff090002 0501")
        .server("32 07 0000 0e00 000c 0004 000112081282040100000000 0a000000")
        .end_is(expect![[r#"
            C > S s7comm [subscribe] change driven transfer | DB81.DBB370[5] = 0x43f6903560 -> done in 1000 us interval=1000 ms {s7comm 258: 2}
            S > C s7comm [report] change driven transfer | DB81.DBB370[5] = 0x43f6903561 -> asked job=1 {s7comm 258: 1}
            C > S s7comm [subscribe] unsubscribe | job 1 -> done in 1000 us {s7comm 258: 2}
        "#]]);
}

#[test]
fn a_clock_is_read_and_a_password_given() {
    Dialog::datagrams(&PROTOCOL)
        .client("32 07 0000 0700 0008 0004 00011204114701 00 0a000000")
        .server("32 07 0000 0700 000c 000e 000112081287010100000000 ff09000a 0019 1408201159439124")
        .client("32 07 0000 0800 0008 000c 00011204114501 00 ff090008 6460111111111111")
        .server("32 07 0000 0800 000c 0004 00011208128501000000d602 0a000000")
        .end_is(expect![[r#"
            C > S s7comm [time] read clock = clock=2014-08-20T11:59:43.912000000Z -> done in 1000 us {s7comm 263: 2}
            fact S: credential = s7 password (s7comm, plc password, certain)
            C > S s7comm [login] plc password -> refused (54786 incorrect password) in 1000 us {s7comm 261: 2}
        "#]]);
}

#[test]
fn a_variable_table_is_modified() {
    Dialog::datagrams(&PROTOCOL)
        .client(
            "32 07 0000 6803 000c 0044 000112081241080000000000 ff090040 0014 0028
             0000000100010006000100010001000100010200 0003 030100000000 020100000004 100100000008
             00090004 4133851f 00090002 dead 00090001 01 00",
        )
        .server("32 07 0000 6803 000c 0004 000112081281080200000000 0a000000")
        .server("32 07 0000 0000 000c 0012 000112081201080200000000 ff09000e 0004 0006 01000002 0003 ffffff00")
        .end_is(expect![[r#"
            C > S s7comm [write] modify variable | MD0 +2 #5944 = MD0=1093895455, MW4=57005, I8.1=true -> done in 1000 us {s7comm 257: 2}
            S > C s7comm [report] modify variable -> asked job=2 {s7comm 257: 1}
        "#]]);
}

#[test]
fn an_alarm_comes() {
    Dialog::datagrams(&PROTOCOL)
        .server(
            "32 07 0000 0000 0008 0020 00011204110405 00 ff09001c 9401060027203975 40 01 12 0a 16 08 000000af 00 00 fe fe
             ff040010 0001",
        )
        .end_is(expect![[r#"
            S > C s7comm [alarm] alarm_8 indication | event 0x000000af = event 0x000000af state=0 @1994-01-06T00:27:20.397000000Z, event 0x000000af event state=0 @1994-01-06T00:27:20.397000000Z, event 0x000000af acknowledged going=254 @1994-01-06T00:27:20.397000000Z, event 0x000000af acknowledged coming=254 @1994-01-06T00:27:20.397000000Z -> asked {s7comm 260: 1}
        "#]]);
}

#[test]
fn half_a_dialog() {
    Dialog::datagrams(&PROTOCOL)
        .server("32 03 0000 0001 0002 0006 0000 04 01 ff04 0010 1234")
        .server("32 03 0000 0002 0001 0000 8104 1d")
        .client("32 01 0000 0003 000e 0000 04 01 120a10020001006384000000")
        .client("32 01 0000 0004 000e 0000 04 01 120a1002")
        .end_is(expect![[r#"
            C > S s7comm [read] read var = 0x1234 -> done {s7comm 4: 1}
            C > S s7comm [upload] start upload -> refused (33028 service not implemented on the module or frame error) {s7comm 29: 1}
            health malformed s7comm x1: parameter and data length at offset 6: more announced than there is
            health malformed s7comm x1: address specification at offset 14: 10 bytes needed, 2 left
            C > S s7comm [read] read var | DB99.DBB0 -> no answer {s7comm 4: 1}
            C > S s7comm [read] read var -> no answer {s7comm 4: 1}
        "#]]);
}

#[test]
fn roles_are_put_right_by_content() {
    Dialog::datagrams(&PROTOCOL).server("32 01 0000 0003 000e 0000 04 01 120a10020001006384000000").end_is(expect![[
        r#"
            S > C s7comm [read] read var | DB99.DBB0 -> no answer {s7comm 4: 1}
        "#
    ]]);
}

#[test]
fn probes_know_who_speaks() {
    let probe = |text| testing::probe(&PROTOCOL, text);
    assert_eq!(probe("32 01 0000 0200 0008 0000 f0 00 0001 0001 01e0"), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(
        probe("32 07 0000 0700 000c 000e 000112081287010100000000 ff09000a 0019 1408201159439124"),
        Verdict::by(Match::Certain, Speaker::Server)
    );
    assert_eq!(probe("72 01 00 20"), Verdict::NO);
    assert_eq!(probe("32 09 0000 0200 0008 0000 f0 00 0001 0001 01e0"), Verdict::NO);
}

#[test]
fn no_byte_makes_it_fail() {
    let messages = [
        "32 01 0000 0002 001a 0010 05 02 120a10020001000083000000 1207b0010500510172000000 0004 0008 2a00 0004 0010 1234",
        "32 01 0000 8300 0020 0000 1a 00 0100 00000000 09 5f30413030303031500d31303030323136303030303838",
        "32 01 0000 8400 001a 0000 28 000000000000fd 000a 0100 3041303030303150 05 5f494e5345",
        "32 07 0000 0000 0008 0018 00011204110403 00 ff090014 4304 ff84 0000 0000 00000000 9401092153421521",
        "32 07 0000 0100 000c 0028 000112081284010000000000 ff090024 0011 0000 001c 0001
         0001 3645533720333135 2d32454831342d3041423020 00c0 0004 0001",
        "32 07 0000 0000 000c 0010 000112081202050100000000 ff09000c 0001 ff090006 ff43f6903561",
        "32 07 0000 6803 000c 001a 000112081241080000000000 ff090016 0004 000e 00000001 0001 030100000000 00090004 41",
        "32 07 0000 0000 0008 0020 00011204110405 00 ff09001c 9401060027203975 40 01 120a1608000000af0000fefe ff0400100001",
    ];
    testing::torture(&PROTOCOL, &messages);
}
