//! Transcripts of MMS; bytes as in captures of IEC 61850 and TASE.2 stacks, shortened.

use expect_test::expect;

use super::PROTOCOL;
use crate::testing::{Dialog, hex, probe};
use crate::{Match, Speaker, Verdict};

/// An MMS PDU inside presentation and session.
fn data(pdu: &str) -> Vec<u8> {
    let pdu = hex(pdu);
    let n = pdu.len() as u8;
    let mut bytes = vec![1, 0, 1, 0, 0x61, n + 7, 0x30, n + 5, 2, 1, 3, 0xa0, n];
    bytes.extend(pdu);
    bytes
}

/// With a password: `secret`, which must not leave.
const CONNECT: &str = "0dc90506130100160102140200023302000134020002c1b33181b0a003800101a281a8800207808104000000018204000000 \
    02a423300f0201010604520100013004060251013010020103060528ca22020130040602510188020600616d306b020101a0 \
    66606480020780a107060528ca220101a20406022902a303020102a60406022901a7030201018b03520301ac088006736563 \
    726574be30282e06025101020103a025a82380027d00810114820114830104a414800101810305fb00820a036e1d00000000 \
    006400";

#[test]
fn an_association_is_asked_for() {
    let text = Dialog::datagrams(&PROTOCOL).client(CONNECT).end();
    expect![[r#"
        fact C: credential = acse password (2.2.3.1) (mms, acse authentication value, certain)
        C > S mms [login] initiate -> no answer calling title=1.1.1/1 called title=1.1.2/2 session selectors=0001 > 0002 presentation selectors=00000001 > 00000002 authentication=password (2.2.3.1) pdu bytes=32000 outstanding=20 version=1
    "#]].assert_eq(&text);
}

#[test]
fn a_device_says_who_it_is() {
    Dialog::datagrams(&PROTOCOL)
        .says(Speaker::Client, &data("a0 05 02 01 01 82 00"))
        .says(Speaker::Server, &data("a1 16 02 01 01 a2 11 80 04 41434d45 81 03 493130 82 04 312e3230"))
        .end_is(expect![[r#"
            fact S: vendor = ACME (mms, mms identify, certain)
            fact S: model = I10 (mms, mms identify, certain)
            fact S: firmware = 1.20 (mms, mms identify, certain)
            C > S mms [identify] identify = vendor=ACME, model=I10, revision=1.20 -> done in 1000 us {mms 2: 2}
        "#]]);
}

#[test]
fn variables_are_read() {
    Dialog::datagrams(&PROTOCOL)
        .says(
            Speaker::Client,
            &data("a0 31 02 01 02 a4 2c a1 2a a0 28 30 13 a0 11 a1 0f 1a 02 4c31 1a 09 4d4d5855 24 4d58 24 41 30 11 a0 0f a1 0d 1a 02 4c31 1a 07 4c4c4e30 24 53 54"),
        )
        .says(Speaker::Server, &data("a1 13 02 01 02 a4 0e a1 0c a2 07 87 05 08 41200000 80 01 0a"))
        .end_is(expect![[r#"
            C > S mms [read] read | L1/MMXU$MX$A and 1 more = L1/MMXU$MX$A.1=10, L1/LLN0$ST=- (object non-existent) -> done in 1000 us {mms 4: 2}
        "#]]);
}

#[test]
fn a_breaker_is_operated_and_refused() {
    let item = "4353574931 24 434f 24 506f73 24 4f706572";
    let write = format!("a0 29 02 01 03 a5 24 a0 1d 30 1b a0 19 a1 17 1a 02 4c31 1a 11 {item} a0 03 83 01 01");
    Dialog::datagrams(&PROTOCOL)
        .says(Speaker::Client, &data(&write))
        .says(Speaker::Server, &data("a1 08 02 01 03 a5 03 80 01 03"))
        .says(Speaker::Client, &data(&write))
        .says(Speaker::Server, &data("a2 0a 80 01 03 a2 05 a0 03 87 01 03"))
        .says(Speaker::Client, &data(&write))
        .says(Speaker::Server, &data("a4 06 80 01 03 81 01 04"))
        .end_is(expect![[r#"
            C > S mms [operate] write | L1/CSWI1$CO$Pos$Oper = true -> refused (3 object access denied) in 1000 us {mms 5: 2}
            C > S mms [operate] write | L1/CSWI1$CO$Pos$Oper = true -> refused (1795 access: object access denied) in 1000 us {mms 5: 1}
            C > S mms [operate] write | L1/CSWI1$CO$Pos$Oper = true -> refused (260 confirmed request: invalid argument) in 1000 us {mms 5: 1}
        "#]]);
}

#[test]
fn a_program_stops_and_nobody_answers() {
    // Straight on the transport, as some recorded devices do.
    Dialog::datagrams(&PROTOCOL)
        .client("a8268002001f81010382010383020808a416800101810305e800820c03ffffffffffffffffffffff")
        .client("a01f020101bf29198017523339353032343339374170706c69636174696f6e5f31")
        .client("a0150201029d1044544c6f6746696c6573446f6d61696e")
        .client("8b00")
        .end_is(expect![[r#"
            C > S mms [other] initiate -> no answer pdu bytes=31 outstanding=3 version=1
            C > S mms [stop] stop | R395024397Application_1 -> no answer {mms 41: 1}
            C > S mms [upload] initiate upload sequence | DTLogFilesDomain -> no answer {mms 29: 1}
            C > S mms [other] conclude -> no answer
        "#]]);
}

#[test]
fn a_report_names_its_data_set() {
    // RptID R1; sequence number, time, reason, data set, entry; two of three members, reasons.
    Dialog::datagrams(&PROTOCOL)
        .says(
            Speaker::Server,
            &data(
                "a3 4b a0 49 a1 05 80 03 525054 a0 40 8a 02 5231 84 03 06 7900 86 01 05 8c 06 0000 03e8 0001 \
                 8a 08 4c312f4c4c4e3024 89 02 0001 84 02 05 a0 83 01 01 85 01 07 84 02 02 40 84 02 02 40",
            ),
        )
        .end_is(expect![[r#"
            S > C mms [report] information report | L1/LLN0$ = L1/LLN0$[1]=true @1984-01-02T00:00:01.000000000Z, L1/LLN0$[3]=7 @1984-01-02T00:00:01.000000000Z -> asked report id=R1 sequence number=5 entry=0001 reason=data change
        "#]]);
}

#[test]
fn files_are_listed_and_fetched() {
    Dialog::datagrams(&PROTOCOL)
        .says(Speaker::Client, &data("a0 0d 02 01 05 bf 4d 07 a0 05 19 03 2f434f"))
        .says(
            Speaker::Server,
            &data("a1 1d 02 01 05 bf 4d 17 a0 15 30 13 30 11 a0 06 19 04 612e6366 a1 07 80 01 05 81 02 3230"),
        )
        .says(Speaker::Client, &data("a0 10 02 01 06 bf 48 0a a0 05 19 03 612e63 81 01 00"))
        .says(Speaker::Server, &data("a1 0f 02 01 06 bf 48 09 80 01 07 a1 04 80 02 0400"))
        .says(Speaker::Client, &data("a0 07 02 01 07 9f 49 01 07"))
        .end_is(expect![[r#"
            C > S mms [file] file directory | /CO = file=a.cf -> done in 1000 us {mms 77: 2}
            C > S mms [file] file open | a.c -> done in 1000 us state machine=7 bytes=1024 {mms 72: 2}
            C > S mms [file] file read | file 7 -> no answer {mms 73: 1}
        "#]]);
}

#[test]
fn probes() {
    let is = |text: &str| probe(&PROTOCOL, text);
    assert_eq!(is("0100 0100 61 0a 3008 020103 a003 a001 00").matched, Match::Certain);
    assert_eq!(is("a0 05 02 01 01 82 00").matched, Match::Likely);
    assert_eq!(is(CONNECT), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(is("32 01 0000 0001 0008 0000 f000 0001 0001 01e0"), Verdict::NO);
    assert_eq!(is("72 01 0000"), Verdict::NO);
}

#[test]
fn no_bytes_break_it() {
    for whole in [
        hex(CONNECT),
        data(
            "a0 29 02 01 03 a5 24 a0 1d 30 1b a0 19 a1 17 1a 02 4c31 1a 11 4353574931 24 434f 24 506f73 24 4f706572 a0 03 83 01 01",
        ),
    ] {
        for i in 0..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            for bit in [0x01, 0x20, 0xff] {
                let mut changed = whole.clone();
                changed[i] ^= bit;
                Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).says(Speaker::Server, &changed).end();
            }
        }
    }
}
