//! Transcripts of DCE/RPC.

use expect_test::expect;

use super::PROTOCOL;
use crate::testing::{Dialog, hex, probe};
use crate::{Match, Speaker, Verdict};

const BIND: &str = "05 00 0b 03 10000000 4800 0000 01000000 b810 b810 00000000 01 000000 \
    0000 01 00 81bb7a364498f135ad3298f038001003 02000000 045d888aeb1cc9119fe808002b104860 02000000";
const BOUND: &str = "05 00 0c 03 10000000 4400 0000 01000000 b810 b810 34120000 0d00 5c504950455c6e747376637300 00 \
    01 000000 0000 0000 045d888aeb1cc9119fe808002b104860 02000000";

#[test]
fn a_service_is_created() {
    Dialog::stream(&PROTOCOL)
        .client(BIND)
        .server(BOUND)
        .client("05 00 00 03 10000000 1c00 0000 02000000 04000000 0000 0c00 00000000")
        .server("05 00 02 03 10000000 1c00 0000 02000000 04000000 0000 00 00 00000000")
        .client("05 00 00 03 10000000 1c00 0000 03000000 04000000 0000 1300 00000000")
        .server("05 00 03 03 10000000 2000 0000 03000000 20000000 0000 00 00 05000000 00000000")
        .client("05 00 00 03 10000000 1c00 0000 04000000 04000000 0000 6300 00000000")
        .end_is(expect![[r#"
            C > S dcerpc [other] bind | svcctl -> done in 1000 us {dcerpc 11: 1} {dcerpc 12: 1}
            C > S dcerpc [configure] create service | svcctl -> done in 1000 us effect=remote execution {dcerpc 0: 1} {dcerpc 2: 1}
            C > S dcerpc [configure] start service | svcctl -> refused (5 access denied) in 1000 us effect=remote execution {dcerpc 0: 1} {dcerpc 3: 1}
            C > S dcerpc [other] operation 99 | svcctl -> no answer {dcerpc 0: 1}
        "#]]);
}

#[test]
fn a_bind_is_refused() {
    Dialog::stream(&PROTOCOL)
        .client(BIND)
        .server("05 00 0d 03 10000000 1400 0000 01000000 0800 0000")
        .end_is(expect![[r#"
            C > S dcerpc [other] bind | svcctl -> refused (8 authentication type not recognized) in 1000 us {dcerpc 11: 1} {dcerpc 13: 1}
        "#]]);
}

#[test]
fn probes() {
    assert_eq!(probe(&PROTOCOL, BIND), Verdict::by(Match::Certain, Speaker::Client));
    assert_eq!(probe(&PROTOCOL, BOUND), Verdict::by(Match::Certain, Speaker::Server));
    assert_eq!(probe(&PROTOCOL, "05 00"), Verdict::MORE);
    assert_eq!(probe(&PROTOCOL, "05 64 05 c0 0100 0004 e921 05 64 05 c0 0100 0004"), Verdict::NO);
}

#[test]
fn no_bytes_break_it() {
    for text in [BIND, BOUND] {
        let whole = hex(text);
        for i in 1..whole.len() {
            Dialog::stream(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            let mut changed = whole.clone();
            changed[i] ^= 0xff;
            Dialog::stream(&PROTOCOL).says(Speaker::Client, &changed).says(Speaker::Server, &changed).end();
        }
    }
}
