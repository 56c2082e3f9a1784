//! Transcripts of SMB.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

/// Header of SMB 2: command, status or channel, flags, message id; tree 5, session 0x400001.
fn two(command: u8, status: u32, flags: u8, id: u8, body: &str) -> String {
    let body: String = body.split_whitespace().collect();
    let length = 64 + body.len() / 2;
    format!(
        "00{length:06x} fe534d42 4000 0100 {:08x} {command:02x}00 0100 {flags:02x}000000 00000000 {id:02x}00000000000000 fffe0000 05000000 0100400000000000 {}{body}",
        status.swap_bytes(),
        "00".repeat(16)
    )
}

fn utf16(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{:04x}", unit.swap_bytes())).collect()
}

/// Opens `name` with `access` in SMB 2.
fn create(id: u8, name: &str, access: u32) -> String {
    let body = format!(
        "3900 00 00 00000000 {} {} {:08x} 00000000 07000000 01000000 00000000 7800 {:04x} 00000000 00000000 {}",
        "00".repeat(8),
        "00".repeat(8),
        access.swap_bytes(),
        (name.len() as u16 * 2).swap_bytes(),
        utf16(name)
    );
    two(5, 0, 0, id, &body)
}

fn created(id: u8) -> String {
    two(5, 0, 1, id, &format!("5900 00 00 01000000 {} 00000000 00000000 {}", "00".repeat(48), "a1".repeat(16)))
}

fn tree(id: u8, path: &str) -> String {
    two(3, 0, 0, id, &format!("0900 0000 4800 {:04x} {}", (path.len() as u16 * 2).swap_bytes(), utf16(path)))
}

#[test]
fn dialect_share_and_file() {
    Dialog::stream(&PROTOCOL)
        .client(&two(
            0,
            0,
            0,
            0,
            &format!("2400 0200 0100 0000 00000000 {} 00000000 0000 0000 0210 1103", "00".repeat(16)),
        ))
        .server(&two(0, 0, 1, 0, &format!("4100 0300 1103 0000 {} {}", "00".repeat(16), "00".repeat(40))))
        .client(&tree(1, "\\\\srv\\C$"))
        .server(&two(3, 0, 1, 1, "1000 01 00 00000000 00000000 00000000"))
        .client(&create(2, "tools\\x.exe", 0x4000_0000))
        .server(&created(2))
        .client(&two(
            9,
            0,
            0,
            3,
            &format!(
                "3100 7000 04000000 0000000000000000 {} 00000000 00000000 00000000 00000000 4d5a9000",
                "a1".repeat(16)
            ),
        ))
        .server(&two(9, 0, 1, 3, "1100 0000 04000000 00000000 0000 0000"))
        .client(&two(6, 0, 0, 4, &format!("1800 0000 00000000 {}", "a1".repeat(16))))
        .server(&two(6, 0xc000_0128, 1, 4, "0900 0000 00000000 00"))
        .end_is(expect![[r#"
            fact S: service = smb 3.1.1 (smb, negotiate, certain)
            fact S: channel_security = smb signing required (smb, negotiate, certain)
            C > S smb [other] negotiate -> done in 1000 us dialects=0x1002,3.1.1 dialect=3.1.1 {smb 256: 2}
            fact S: share = C$ (smb, tree connect, certain)
            C > S smb [other] tree connect | \\srv\C$ -> done in 1000 us share type=disk {smb 259: 2}
            C > S smb [file] create | C$\tools\x.exe -> done in 1000 us access=write action=opened {smb 261: 2}
            C > S smb [file] write | C$\tools\x.exe -> done in 1000 us bytes=4 {smb 265: 2}
            C > S smb [file] close | C$\tools\x.exe -> refused (3221225768 file closed) in 1000 us {smb 262: 2}
        "#]]);
}

#[test]
fn a_refused_login() {
    let token = "4e544c4d5353500003000000 0000 0000 00000000 1800 1800 58000000 0400 0400 40000000 0a00 0a00 44000000 0800 0800 4e000000 0000 0000 00000000 01000000
        4400 4f00 6100 6400 6d00 6900 6e00 5000 4300 3100 3200 0000";
    let compact: String = token.split_whitespace().collect();
    let token = format!("{compact}{}", "11".repeat(24));
    Dialog::stream(&PROTOCOL)
        .client(&two(
            1,
            0,
            0,
            1,
            &format!(
                "1900 00 01 00000000 00000000 5800 {:04x} 0000000000000000 {token}",
                (token.len() as u16 / 2).swap_bytes()
            ),
        ))
        .server(&two(1, 0xc000_006d, 1, 1, "0900 0000 00000000 00"))
        .end_is(expect![[r#"
            fact S: credential = smb NTLMv1 (smb, ntlm authenticate, certain)
            fact C: user = admin (smb, ntlm authenticate, likely)
            fact C: hostname = PC12 (smb, ntlm authenticate, likely)
            fact C: domain = DO (smb, ntlm authenticate, likely)
            C > S smb [login] session setup | DO\admin -> refused (3221225581 logon failure) in 1000 us version=NTLMv1 user=DO\admin method=ntlm {smb 257: 2}
        "#]]);
}

/// Header of SMB 1 with NT statuses and ASCII.
fn one(command: u8, flags: u8, rest: &str) -> String {
    let rest: String = rest.split_whitespace().collect();
    let length = 32 + rest.len() / 2;
    format!(
        "00{length:06x} ff534d42 {command:02x} 00000000 {flags:02x} 0140 0000 0000000000000000 0000 0100 0200 0300 0400 {rest}"
    )
}

#[test]
fn version_1_is_said() {
    let hex = |text: &str| crate::words::hexadecimal(text.as_bytes());
    let names = format!("02{}00", hex("NT LM 0.12"));
    let login = format!("00 {}00 {}00 {}00 {}00", hex("op"), hex("PLANT"), hex("Windows 5.1"), hex("LM"));
    let login: String = login.split_whitespace().collect();
    Dialog::stream(&PROTOCOL)
        .client(&one(0x72, 0, &format!("00 0c00 {names}")))
        .server(&one(0x72, 0x80, "01 0000 0000"))
        .client(&one(
            0x73,
            0,
            &format!(
                "0a ff 00 0000 0000 0000 0000 00000000 0100 00000000 {:04x} {login}",
                (login.len() as u16 / 2).swap_bytes()
            ),
        ))
        .server(&one(0x73, 0x80, "03 ff 00 0000 0100 0000"))
        .client(&one(0x06, 0, &format!("01 0000 0800 04{}00", hex("a.txt0"))))
        .end_is(expect![[r#"
            fact S: service = smb 1 (smb, negotiate, certain)
            C > S smb [other] negotiate -> done in 1000 us dialects=NT LM 0.12 dialect=NT LM 0.12 {smb 114: 2}
            fact S: credential = smb password (smb, session setup, certain)
            fact C: user = op (smb, session setup, likely)
            fact C: domain = PLANT (smb, session setup, likely)
            fact C: os = Windows 5.1 (smb, native os, likely)
            fact C: software = LM (smb, native lan manager, likely)
            fact S: credential = smb guest (smb, session setup, certain)
            C > S smb [login] session setup andx | PLANT\op -> done in 1000 us user=PLANT\op {smb 115: 2}
            C > S smb [file] delete | a.txt0 -> no answer {smb 6: 1}
        "#]]);
}

#[test]
fn encrypted_messages_are_counted() {
    Dialog::stream(&PROTOCOL)
        .client(&format!("000034 fd534d42 {}", "00".repeat(48)).replace("000034", "00000034"))
        .end_is(expect![[r#"
            fact S: channel_security = smb 3 encryption (smb, transform header, certain)
            C > S smb [other] encrypted messages -> asked client bytes=56 server bytes=0 {smb 768: 1}
        "#]]);
}

#[test]
fn probes_want_the_header() {
    assert_eq!(testing::probe(&PROTOCOL, &tree(1, "x")).speaker, Some(Speaker::Client));
    assert_eq!(testing::probe(&PROTOCOL, "00000054 ff534d42 72"), Verdict::of(Match::Certain));
    assert_eq!(testing::probe(&PROTOCOL, "0000 0000 0006 0103 0000 0001"), Verdict::NO);
}

#[test]
fn no_bytes_make_it_fail() {
    testing::torture(
        &PROTOCOL,
        &[&tree(1, "\\\\s\\IPC$"), &create(2, "svcctl", 3), &created(2), &one(0x72, 0x80, "01 0000 0000")],
    );
}
