//! Transcripts of the encapsulation.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

#[test]
fn a_session_is_registered_and_ended() {
    Dialog::stream(&PROTOCOL)
        .client("6500 0400 00000000 00000000 0000000000000000 00000000 0100 0000")
        .server("6500 0400 00010212 00000000 0000000000000000 00000000 0100 0000")
        .client("6600 0000 00010212 00000000 0000000000000000 00000000")
        .end_is(expect![[r#"
            C > S enip [other] register session -> done in 1000 us session=0x12020100 {enip 101: 2}
            C > S enip [other] unregister session -> asked {enip 102: 1}
        "#]]);
}

#[test]
fn a_device_lists_its_identity() {
    Dialog::datagrams(&PROTOCOL)
        .client("6300 0000 00000000 00000000 00000000c1debed1 00000000")
        .server(
            "6300 3300 00000000 00000000 00000000c1debed1 00000000 0100 0c00 2d00 0100 0002af12 0a0101a4 0000000000000000
             0100 0c00 3a00 0403 3000 8e4d5200 0b 313735362d454e42542f41 03",
        )
        .end_is(expect![[r#"
            fact S: vendor = Rockwell Automation (enip, list identity, certain)
            fact S: device_type = communications adapter (enip, list identity, certain)
            fact S: role = gateway (enip, list identity, certain)
            fact S: device_id = product code 58 (enip, list identity, certain)
            fact S: firmware = 4.3 (enip, list identity, certain)
            fact S: serial = 00524d8e (enip, list identity, certain)
            fact S: model = 1756-ENBT/A (enip, list identity, certain)
            fact S: order_number = 1756-ENBT/A (enip, list identity, certain)
            fact S: ip = 10.1.1.164 (enip, list identity, likely)
            C > S enip [identify] list identity = identity 1 attribute 1 vendor id=1, identity 1 attribute 2 device type=12, identity 1 attribute 3 product code=58, identity 1 attribute 4 revision=4.3, identity 1 attribute 5 status=48, identity 1 attribute 6 serial number=5393806, identity 1 attribute 7 product name=1756-ENBT/A -> done in 1000 us {enip 99: 2}
        "#]]);
}

#[test]
fn services_and_targets_are_listed() {
    Dialog::stream(&PROTOCOL)
        .client("0400 0000 00000000 00000000 0000000000000000 00000000")
        .server(
            "0400 1a00 00000000 00000000 0000000000000000 00000000 0100 0001 1400 0100 2001 436f6d6d756e69636174696f6e730000",
        )
        .client("0100 0000 00000000 00000000 0000000000000000 00000000")
        .server(
            "0100 2a00 00000000 00000000 0000000000000000 00000000 0100 0100 2400 0100 0000 0002af12 c0a80a78
             0000000000000000 3139322e3136382e31302e3132300000",
        )
        .end_is(expect![[r#"
            fact S: service = Communications 1 tcp udp (enip, list services, certain)
            C > S enip [identify] list services = Communications=288 -> done in 1000 us {enip 4: 2}
            C > S enip [identify] list targets = 192.168.10.120=192.168.10.120 -> done in 1000 us {enip 1: 2}
        "#]]);
}

#[test]
fn the_encapsulation_refuses_a_request() {
    Dialog::stream(&PROTOCOL)
        .client(
            "6f00 1600 63000000 00000000 0100000000000000 00000000 00000000 0a00 0200 0000 0000 b200 0600 01 02 2001 2401",
        )
        .server("6f00 0000 63000000 64000000 0100000000000000 00000000")
        .end_is(expect![[r#"
            C > S cip [identify] get attributes all | identity 1 -> refused (100 invalid session handle) in 1000 us {enip 111: 2} {cip 1: 1}
        "#]]);
}

#[test]
fn the_reply_bit_tells_who_asks() {
    Dialog::stream(&PROTOCOL)
        .server(
            "6f00 1600 63000000 00000000 0100000000000000 00000000 00000000 0a00 0200 0000 0000 b200 0600 01 02 2001 2401",
        )
        .end_is(expect![[r#"
            S > C cip [identify] get attributes all | identity 1 -> no answer {enip 111: 1} {cip 1: 1}
        "#]]);
}

#[test]
fn probes_know_who_speaks() {
    let register = "6500 0400 00000000 00000000 0000000000000000 00000000 0100 0000";
    assert_eq!(testing::probe(&PROTOCOL, register), Verdict::by(Match::Certain, Speaker::Client));
    let answer = "7000 1c00 00000001 00000000 0000000000000000 00000000 00000000 0000 0200 a100 0400 01000000 b100 0600 0100 cc00 0000";
    assert_eq!(testing::probe(&PROTOCOL, answer), Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(testing::probe(&PROTOCOL, "0001 0000 0006 01 03 0064 0002"), Verdict::NO);
    assert_eq!(
        testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a474554202f20485454502f312e310d0a"),
        Verdict::NO
    );
    // Zeros are no message.
    assert_eq!(testing::probe(&PROTOCOL, &"00".repeat(64)), Verdict::NO);
}
