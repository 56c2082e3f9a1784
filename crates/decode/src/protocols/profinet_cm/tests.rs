//! Transcripts of PROFINET IO context management, through DCE/RPC.

use expect_test::expect;

use crate::Speaker;
use crate::protocols::dcerpc::PROTOCOL;
use crate::testing::{Dialog, hex};

/// A PDU: kind, operation, body, little-endian.
fn pdu(kind: u8, sequence: u8, operation: u8, body: &str) -> Vec<u8> {
    let body = hex(body);
    let mut bytes = hex(&format!(
        "04 {kind:02x} 20 00 100000 00 0000a0de976cd11182710001003015a0 0100a0de976cd111827100a02442df7d \
         dbabbaec1d005443b2500b01630abafd 00000000 01000000 {sequence:02x}000000 {operation:02x}00 ffff ffff"
    ));
    bytes.extend((body.len() as u16).to_le_bytes());
    bytes.extend([0, 0, 0, 0]);
    bytes.extend(body);
    bytes
}

/// NDR head of a request with `length` bytes of blocks.
fn arguments(length: u8) -> String {
    format!("00100000 {length:02x}000000 00100000 00000000 {length:02x}000000")
}

const READ_HEADER: &str = "003c 01 00 0001 00000000000000000000000000000000 00000000 0000 0001 0000 aff0";

#[test]
fn a_device_is_identified() {
    let request =
        format!("{} 0009 {READ_HEADER} 00008000 00000000000000000000000000000000 0000000000000000", arguments(64));
    let answer = format!(
        "00000000 7a000000 00100000 00000000 7a000000 8009 {READ_HEADER} 0000003a 0000 0000 \
         0000000000000000000000000000000000000000 \
         0020 0036 0100 002a 36455337203231322d31424534302d3058423020 53432d43344b3338353032303134202020 0001 56 040201 0000 0000 0000 0101 001e"
    )
    .replace("53432d43344b3338353032303134202020", "53432d43344b33383530323031342020");
    Dialog::datagrams(&PROTOCOL)
        .says(Speaker::Client, &pdu(0, 0, 5, &request))
        .says(Speaker::Server, &pdu(2, 0, 5, &answer))
        .end_is(expect![[r#"
            fact S: vendor = Siemens (profinet-cm, i&m0 vendor, certain)
            fact S: order_number = 6ES7 212-1BE40-0XB0 (profinet-cm, i&m0 order id, certain)
            fact S: serial = SC-C4K38502014 (profinet-cm, i&m0 serial number, certain)
            fact S: hardware = 1 (profinet-cm, i&m0 hardware revision, certain)
            fact S: firmware = V4.2.1 (profinet-cm, i&m0 software revision, certain)
            C > S profinet-cm [read] read implicit | slot 0 subslot 0x0001 i&m0 identification = i&m0 vendor=Siemens, i&m0 order id=6ES7 212-1BE40-0XB0, i&m0 serial number=SC-C4K38502014, i&m0 hardware revision=1, i&m0 software revision=V4.2.1 -> done in 1000 us {dcerpc 2: 1} {profinet-cm 5: 2} {dcerpc 0: 1}
        "#]]);
}

#[test]
fn a_parameter_is_refused_and_parameters_end() {
    let header = "003c 01 00 0001 00000000000000000000000000000000 00000000 0001 0001 0000 0080";
    let write =
        format!("{} 0008 {header} 00000002 000000000000000000000000000000000000000000000000 beef", arguments(66));
    let refused = format!(
        "00b080df 40000000 00100000 00000000 40000000 8008 {header} 00000002 0000 0000 df80b000 00000000000000000000000000000000"
    );
    let end = format!("{} 0110 001c 0100 0000 00112233445566778899aabbccddeeff 0001 0000 0001 0000", arguments(32));
    Dialog::datagrams(&PROTOCOL)
        .says(Speaker::Client, &pdu(0, 1, 3, &write))
        .says(Speaker::Server, &pdu(2, 1, 3, &refused))
        .says(Speaker::Client, &pdu(0, 2, 4, &end))
        .end_is(expect![[r#"
            C > S profinet-cm [configure] write | slot 1 subslot 0x0001 record 0x0080 = 0xbeef (write: invalid index) -> refused (3749752832 write: invalid index) in 1000 us {dcerpc 2: 1} {profinet-cm 3: 2} {dcerpc 0: 1}
            C > S profinet-cm [configure] parameters end -> no answer {dcerpc 0: 1} {profinet-cm 4: 1}
        "#]]);
}

#[test]
fn a_controller_connects() {
    let blocks = "0101 003b 0100 0001 00112233445566778899aabbccddeeff 0001 001b1b000001 \
        dea000006c9711d1827100010003002a 00000011 0258 8892 0005 706c632d31 \
        0102 0016 0100 0001 0001 8892 00000001 0028 8001 0020 0020 0001 \
        0104 0020 0100 0001 00000000 0001 00000010 0000 0001 0001 00000001 0000 0001 0004 0101";
    let request = format!("{} {blocks}", arguments(128));
    Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &pdu(0, 3, 0, &request)).end_is(expect![[r#"
        fact C: station_name = plc-1 (profinet-cm, initiator station name, certain)
        fact C: mac = 00:1b:1b:00:00:01 (profinet-cm, initiator mac, certain)
        fact C: role = io controller (profinet-cm, connect, likely)
        C > S profinet-cm [other] connect = input=frame id 0x8001, 40 bytes every 32000 us, slot 1=0x00000010, slot 1 subslot 0x0001=0x00000001 -> no answer relation=io controller station=plc-1 ar=00112233445566778899aabbccddeeff {dcerpc 0: 1} {profinet-cm 0: 1}
    "#]]);
}

#[test]
fn no_bytes_break_it() {
    let whole = pdu(0, 0, 5, &format!("{} 0009 {READ_HEADER} 00008000 00000000", arguments(64)));
    for i in 1..whole.len() {
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
        let mut changed = whole.clone();
        changed[i] ^= 0xff;
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).says(Speaker::Server, &changed).end();
    }
}
