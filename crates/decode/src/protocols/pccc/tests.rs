//! Transcripts of PCCC.

use expect_test::expect;

use super::*;
use crate::testing::Dialog;

#[test]
fn a_controller_says_who_it_is() {
    Dialog::datagrams(&PROTOCOL)
        .client("06 00 61c5 03")
        .server("46 00 61c5 00ee4a9f23 313736362d4c4543202020 00002600 36829efc01")
        .end_is(expect![[r#"
            fact S: model = 1766-LEC (pccc, diagnostic status, certain)
            fact S: order_number = 1766-LEC (pccc, diagnostic status, certain)
            fact S: vendor = Rockwell Automation (pccc, diagnostic status, certain)
            fact S: role = plc (pccc, diagnostic status, certain)
            fact S: hardware = series B revision 3 (pccc, diagnostic status, likely)
            C > S pccc [identify] diagnostic status -> done in 1000 us
        "#]]);
}

#[test]
fn data_files_are_read_and_written() {
    Dialog::datagrams(&PROTOCOL)
        .client("0f 00 0100 a2 04 07 89 00 00")
        .server("4f 00 0100 0100 ffff")
        .client("0f 00 0200 a2 04 08 8a 03 00")
        .server("4f 00 0200 0000803f")
        .client("0f 00 0300 ab 02 03 85 00 00 0200 0200")
        .server("4f 00 0300")
        .client("0f 00 0400 aa 02 07 89 ff0001 00 0500")
        .server("4f f0 0400 0b")
        .end_is(expect![[r#"
            C > S pccc [read] protected typed logical read with three address fields | N7:0 = 1, N7:1=-1 -> done in 1000 us bytes=4
            C > S pccc [read] protected typed logical read with three address fields | F8:3 = 1 -> done in 1000 us bytes=4
            C > S pccc [write] protected typed logical masked write | B3:0/1 = true -> done in 1000 us mask=0x0002
            C > S pccc [write] protected typed logical write with three address fields | N7:256 = 5 -> refused (61451 access denied, improper privilege) in 1000 us
        "#]]);
}

#[test]
fn the_mode_is_changed() {
    Dialog::datagrams(&PROTOCOL)
        .client("0f 00 0100 80 06")
        .server("4f 00 0100")
        .client("0f 00 0200 3a 00")
        .server("4f 60 0200")
        .client("0f 00 0300 52")
        .end_is(expect![[r#"
            C > S pccc [mode] change mode -> done in 1000 us mode=remote run
            C > S pccc [mode] set cpu mode -> refused (96 function disallowed by command protection) in 1000 us mode=program
            C > S pccc [program] download completed -> no answer bytes=0
        "#]]);
}

#[test]
fn broken_messages_do_no_harm() {
    let message = crate::testing::hex("0f 00 0400 aa 02 07 89 ff0001 00 0500");
    for at in 0..message.len() {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut changed = message.clone();
            changed[at] = value;
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).server("4f 00 0400 0102030405").end();
        }
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &message[..at]).end();
    }
}
