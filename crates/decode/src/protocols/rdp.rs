//! RDP: who connects, which security is agreed on, name and build of the client where they pass in the clear.

use compact_str::format_compact;
use model::{Confidence, FactKey, Text, Time, Verb};

use crate::protocols::{ntlm, tls};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
    credential,
};

/// X.224 codes (ITU-T X.224 section 13); 256 and 257 stand for the settings of the client and for the rest.
const CODES: &[Code] = &[
    code(0xd0, "connection confirm", Verb::Other),
    code(0xe0, "connection request", Verb::Other),
    code(256, "client settings", Verb::Other),
    code(257, "session", Verb::Other),
];

/// RDP.
pub static PROTOCOL: Protocol = Protocol {
    id: "rdp",
    title: "Remote Desktop (RDP)",
    about: "Shows and steers the desktop of Windows stations and servers from afar.",
    depth: "User in the cookie, security offered and agreed on, client name, build and keyboard where in the clear; TLS and NTLM inside; the session is counted.",
    documents: &["MS-RDPBCGR (2024), sections 2.2.1.1 to 2.2.1.4", "RFC 1006 (TPKT)"],
    carriers: &[Carrier::Tcp(&[3389])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Rdp::default()),
};

/// The settings of a client are within this; anything longer is passed over.
const MESSAGE_MAX: usize = 8 * 1024;

/// TPKT and X.224 header: length of all and the X.224 code.
fn header(bytes: &[u8]) -> Option<(usize, u8)> {
    match bytes {
        [3, 0, high, low, indicator, code, ..] if *indicator >= 2 => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            (length >= 7).then_some((length, *code))
        }
        _ => None,
    }
}

/// What follows the fixed part of a connection request or confirm.
fn variable(message: &[u8]) -> &[u8] {
    message.get(11..).unwrap_or_default()
}

/// A negotiation request (1), response (2) or failure (3): type, flags, value.
fn negotiation(bytes: &[u8]) -> Option<(u8, u8, u32)> {
    match bytes {
        [kind @ 1..=3, flags, 8, 0, a, b, c, d, ..] => Some((*kind, *flags, u32::from_le_bytes([*a, *b, *c, *d]))),
        _ => None,
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    if !probe.is_stream {
        return Verdict::NO;
    }
    let is_usual = probe.source_port == 3389 || probe.destination_port == 3389;
    let Some((length, code)) = header(probe.bytes) else { return Verdict::NO };
    if !matches!(code, 0xd0 | 0xe0) {
        return Verdict::NO;
    }
    let message = probe.bytes.get(..length).unwrap_or(probe.bytes);
    let rest = variable(message);
    let speaker = if code == 0xe0 { Speaker::Client } else { Speaker::Server };
    if code == 0xe0 && (rest.starts_with(b"Cookie: ")) {
        return Verdict::by(Match::Certain, speaker);
    }
    match negotiation(rest) {
        Some(_) if length == 19 => Verdict::by(Match::Certain, speaker),
        // The oldest clients say nothing at all.
        None if length == 11 && is_usual => Verdict::by(Match::Likely, speaker),
        _ => Verdict::NO,
    }
}

/// The security that a number stands for (section 2.2.1.2.1).
fn security(value: u32) -> Text {
    Text::const_new(match value {
        0 => "standard rdp security",
        1 => "tls",
        2 => "credssp",
        4 => "rdstls",
        8 => "credssp early user auth",
        16 => "aad",
        other => return format_compact!("0x{other:x}"),
    })
}

/// Why a negotiation fails (section 2.2.1.2.2).
fn failure(value: u32) -> Text {
    Text::const_new(match value {
        1 => "ssl required by server",
        2 => "ssl not allowed by server",
        3 => "ssl certificate not on server",
        4 => "inconsistent flags",
        5 => "hybrid required by server",
        6 => "ssl with user auth required by server",
        other => return format_compact!("failure {other}"),
    })
}

#[derive(Default)]
struct Rdp {
    asked: Option<Time>,
    user: Text,
    offered: Text,
    is_connected: bool,
    tls: Option<Box<tls::Tls>>,
    has_settings: bool,
    bytes: [u64; 2],
}

impl Rdp {
    fn draft(&mut self) -> Option<Draft<'static>> {
        let at = self.asked.take()?;
        let draft = Draft::new(&PROTOCOL, 0xe0).asked(at).object(std::mem::take(&mut self.user).as_str());
        Some(draft.extra("offered", std::mem::take(&mut self.offered)).message("rdp", 0xe0))
    }

    fn request(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Some(draft) = self.draft() {
            out.act(draft.no_answer());
        }
        self.asked = Some(context.at);
        let mut rest = variable(message);
        if rest.starts_with(b"Cookie: ") {
            let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap_or(rest.len());
            let (cookie, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = behind.get(2..).unwrap_or_default();
            if let Some(user) = cookie.strip_prefix(b"Cookie: mstshash=") {
                self.user = crate::ber::text(user);
                credential::tell_user(&self.user, "cookie", out);
            }
        }
        if let Some((1, _, value)) = negotiation(rest) {
            let kinds: Vec<Text> = (0..5).map(|bit| 1 << bit).filter(|bit| value & bit != 0).map(security).collect();
            self.offered = if kinds.is_empty() { security(0) } else { kinds.join(",").into() };
        }
    }

    fn confirm(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let answer = negotiation(variable(message));
        let draft = self.draft().unwrap_or_else(|| Draft::new(&PROTOCOL, 0xd0)).message("rdp", 0xd0);
        if let Some((3, _, value)) = answer {
            out.act(draft.refused(context.at, value, failure(value)));
            return;
        }
        let chosen = match answer {
            Some((2, _, value)) => value,
            _ => 0,
        };
        let name = security(chosen);
        out.fact(About::Server, FactKey::Service, "rdp", "connection confirm", Confidence::Certain);
        out.fact(
            About::Server,
            FactKey::ChannelSecurity,
            &format_compact!("rdp {name}"),
            "connection confirm",
            Confidence::Certain,
        );
        out.act(draft.done(context.at).extra("security", name));
        self.is_connected = true;
        if chosen != 0 {
            self.tls = Some(Box::default());
        }
    }

    /// The client's core data in the GCC conference create request (section 2.2.1.3.2).
    fn settings(&mut self, message: &[u8], out: &mut Output<'_>) {
        // MCS connect-initial, and the key of GCC behind the conference's name.
        let Some(at) = message.windows(4).position(|part| part == b"Duca") else { return };
        // A length of one or two bytes, then blocks: type, length.
        let blocks = message.get(at.saturating_add(4)..).unwrap_or_default();
        let skip = if blocks.first().is_some_and(|b| b & 0x80 != 0) { 2 } else { 1 };
        let Some(core) = blocks.get(skip..) else { return };
        let [0x01, 0xc0, ..] = core else { return };
        self.has_settings = true;
        let le32 = |at: usize| core.get(at..).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_le_bytes(*b));
        let build = le32(20).unwrap_or(0);
        let keyboard = le32(16).unwrap_or(0);
        let name = ntlm::utf16(core.get(24..56).unwrap_or_default());
        out.fact(About::Client, FactKey::Hostname, &name, "rdp client name", Confidence::Certain);
        let system = match build {
            2195 => "Windows 2000",
            2600 => "Windows XP",
            3790 => "Windows Server 2003",
            6000..=6002 => "Windows Vista",
            7600 | 7601 => "Windows 7",
            9200 => "Windows 8",
            9600 => "Windows 8.1",
            10_240..=19_999 => "Windows 10",
            22_000..=29_999 => "Windows 11",
            _ => "",
        };
        out.fact(About::Client, FactKey::Os, system, "rdp client build", Confidence::Likely);
        let layout = format_compact!("keyboard 0x{keyboard:08x}");
        out.fact(About::Client, FactKey::Language, &layout, "rdp keyboard layout", Confidence::Likely);
        let draft = Draft::new(&PROTOCOL, 256).object(name.as_str());
        out.act(draft.extra("build", format_compact!("{build}")).extra("keyboard", layout));
    }
}

impl Decoder for Rdp {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        if let Some(tls) = &mut self.tls {
            return tls.measure(bytes, speaker);
        }
        match bytes {
            [3, 0, ..] if bytes.len() < 7 => Measure::More(7),
            [3] => Measure::More(7),
            [3, 0, high, low, ..] => {
                let total = usize::from(u16::from_be_bytes([*high, *low]));
                if total < 7 {
                    return Measure::Malformed("length of TPKT");
                }
                Measure::Head { head: total.min(MESSAGE_MAX), total }
            }
            // The fast path of a running session has its own header.
            _ if self.is_connected => Measure::Whole(bytes.len()),
            _ => Measure::Malformed("no TPKT"),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.read(message, context, out));
            return;
        }
        match (header(message), context.speaker) {
            (Some((_, 0xe0)), Speaker::Client) => self.request(message, context, out),
            (Some((_, 0xd0)), Speaker::Server) => self.confirm(message, context, out),
            (Some((_, 0xf0)), Speaker::Client) if !self.has_settings => {
                self.is_connected = true;
                self.settings(message, out);
            }
            _ => {
                let [client, server] = &mut self.bytes;
                let count = if context.speaker == Speaker::Client { client } else { server };
                *count = count.saturating_add(context.wire_len as u64);
            }
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        if let Some(tls) = &mut self.tls {
            tls.gap(speaker);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(draft) = self.draft() {
            out.act(draft.no_answer());
        }
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.end(out));
        }
        let [client, server] = self.bytes;
        if client > 0 || server > 0 {
            let draft = Draft::new(&PROTOCOL, 257).extra("client bytes", format_compact!("{client}"));
            out.act(draft.extra("server bytes", format_compact!("{server}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    /// Cookie of `op`, offering TLS and CredSSP.
    const REQUEST: &str = "0300 0028 23 e0 0000 0000 00 436f6f6b69653a206d737473686173683d6f700d0a 01 00 0800 03000000";

    #[test]
    fn security_is_agreed_on() {
        Dialog::stream(&PROTOCOL)
            .client(REQUEST)
            .server("0300 0013 0e d0 0000 1234 00 02 1f 0800 02000000")
            .client("16 0301 0000")
            .end_is(expect![[r#"
                fact C: user = op (rdp, cookie, likely)
                fact S: service = rdp (rdp, connection confirm, certain)
                fact S: channel_security = rdp credssp (rdp, connection confirm, certain)
                C > S rdp [other] connection request | op -> done in 1000 us offered=tls,credssp security=credssp {rdp 224: 1} {rdp 208: 1}
            "#]]);
    }

    #[test]
    fn security_is_refused() {
        Dialog::stream(&PROTOCOL)
            .client(REQUEST)
            .server("0300 0013 0e d0 0000 1234 00 03 00 0800 05000000")
            .end_is(expect![[r#"
                fact C: user = op (rdp, cookie, likely)
                C > S rdp [other] connection request | op -> refused (5 hybrid required by server) in 1000 us offered=tls,credssp {rdp 224: 1} {rdp 208: 1}
            "#]]);
    }

    #[test]
    fn probes_leave_other_tpkt_alone() {
        assert_eq!(testing::probe(&PROTOCOL, REQUEST), Verdict::by(Match::Certain, Speaker::Client));
        assert_eq!(testing::probe(&PROTOCOL, "0300 0016 11 e0 0000 0001 00 c00109 c1020100 c2020102"), Verdict::NO);
        assert_eq!(testing::probe(&PROTOCOL, "0300 0007 02 f0 80"), Verdict::NO);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        testing::torture(
            &PROTOCOL,
            &[REQUEST, "0300 0013 0e d0 0000 1234 00 02 1f 0800 00000000", "0300 0007 02 f0 80"],
        );
    }
}
