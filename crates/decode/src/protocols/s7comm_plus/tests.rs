//! Transcripts of S7comm-plus; each message is what COTP hands on.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

#[test]
fn a_session_says_who_answers() {
    Dialog::datagrams(&PROTOCOL)
        .client(
            "72 01 0039 31 0000 04ca 0000 0001 00000120 36 0000011d 00 04 00 00000000 a1 000000d3 821f 00 00
             a3 8229 00 15 05 534d415254 a2 20 00000000 000000 000000 72010000",
        )
        .server(
            "72 01 0037 32 0000 04ca 0000 0001 36 11 02 873e 8723 a1 00000120
             a3 823f 00 15 1b 313b36455337203231312d31424533312d30584230203b56332e30 00 72010000",
        )
        .end_is(expect![[r#"
            fact C: software = SMART (s7comm-plus, create object, likely)
            fact S: vendor = Siemens AG (s7comm-plus, create object, likely)
            fact S: order_number = 6ES7 211-1BE31-0XB0 (s7comm-plus, create object, certain)
            fact S: firmware = V3.0 (s7comm-plus, create object, certain)
            fact S: role = plc (s7comm-plus, create object, certain)
            C > S s7comm-plus [login] create session | session -> done (17 session pre-legitimated) in 1000 us version=1 session=0x00000120 objects=0x000003be 0x000003a3 {s7comm-plus 1226: 2}
        "#]]);
}

#[test]
fn variables_are_read_by_local_id() {
    Dialog::datagrams(&PROTOCOL)
        .client(
            "72 02 0039 31 0000 054c 0000 0004 00000388 34 00000000 01 05 8acdf1cd66 88d0b88002 02 9376 0a
             00 000004e88969001200000000896a001300896b 000400 72020000",
        )
        .server("72 02 0016 32 0000 054c 0000 0004 34 00 01 00 07 001a 00 00 00000000 72020000")
        .end_is(expect![[r#"
            C > S s7comm-plus [read] get multi variables | DB2.10 = 26 -> done in 1000 us version=2 session=0x00000388 {s7comm-plus 1356: 2}
        "#]]);
}

#[test]
fn the_operating_state_is_set() {
    Dialog::datagrams(&PROTOCOL)
        .client("72 02 001a 31 0000 04f2 0000 0009 00000398 34 00000034 01 9077 00 08 01 0000 72020000")
        .server("72 02 000f 32 0000 04f2 0000 0009 34 00 00000000 72020000")
        .client("72 02 001a 31 0000 04f2 0000 000a 00000398 34 00000034 01 9077 00 08 03 0000 72020000")
        .end_is(expect![[r#"
            C > S s7comm-plus [stop] stop | object 0x00000034.2167 = 1 -> done in 1000 us version=2 session=0x00000398 {s7comm-plus 1266: 2}
            C > S s7comm-plus [start] start | object 0x00000034.2167 = 3 -> no answer version=2 session=0x00000398 {s7comm-plus 1266: 1}
        "#]]);
}

#[test]
fn subscriptions_notify() {
    Dialog::datagrams(&PROTOCOL)
        .server("72 02 0012 33 1000006a 0400 0000 0000 0201 0000 0000 00 72020000")
        .server("72 ff 01 00")
        .end_is(expect![[r#"
            S > C s7comm-plus [report] notification | subscription 0x1000006a -> asked {s7comm-plus 51: 1}
            S > C s7comm-plus [other] keep alive -> asked {s7comm-plus 255: 1}
        "#]]);
}

#[test]
fn a_message_in_fragments_with_digest() {
    let digest = "20 0000000000000000000000000000000000000000000000000000000000000000";
    Dialog::datagrams(&PROTOCOL)
        .client(&format!("72 03 0029 {digest} 31 0000 04d4 0000 00"))
        .client(&format!("72 03 002e {digest} 07 00000398 34 00000398 000000 72030000"))
        .end_is(expect![[r#"
            C > S s7comm-plus [login] delete session | object 0x00000398 -> no answer version=3 integrity=digest session=0x00000398 {s7comm-plus 1236: 1}
        "#]]);
}

#[test]
fn probes_know_who_speaks() {
    let verdict = testing::probe(&PROTOCOL, "72 02 0010 32 0000 0542 0000 0002 34 000000000000 72020000");
    assert_eq!(verdict, Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "32 01 0000 0000"), Verdict::NO);
}

#[test]
fn no_byte_makes_it_fail() {
    testing::torture(
        &PROTOCOL,
        &[
            "72 02 0039 31 0000 054c 0000 0004 00000388 34 00000000 01 05 8acdf1cd66 88d0b88002 02 9376 0a
             00 000004e88969001200000000896a001300896b 000400 72020000",
            "72 02 0016 32 0000 054c 0000 0004 34 00 01 00 07 001a 00 00 00000000 72020000",
            "72 02 001a 31 0000 04f2 0000 0009 00000398 34 00000034 01 9077 00 08 01 0000 72020000",
            "72 01 0037 32 0000 04ca 0000 0001 36 11 02 873e 8723 a1 00000120
             a3 823f 00 15 1b 313b36455337203231312d31424533312d30584230203b56332e30 00 72010000",
        ],
    );
}
