//! TLS and SSL on any port: hellos, versions, ciphers, certificates, fingerprints; what is encrypted is passed over.

use compact_str::format_compact;
use model::{Text, Verb};
use wire::Reader;

use crate::{Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code};

pub(crate) mod certificate;
pub(crate) mod handshake;
pub(crate) mod hello;
pub(crate) mod suites;

use handshake::{Handshake, is_known};

/// Handshake types as they are, content types with 256 added: RFC 8446 sections 4 and 5, RFC 5246.
const CODES: &[Code] = &[
    code(0, "hello request", Verb::Other),
    code(1, "client hello", Verb::Other),
    code(2, "server hello", Verb::Other),
    code(4, "new session ticket", Verb::Other),
    code(6, "hello retry request", Verb::Other),
    code(8, "encrypted extensions", Verb::Other),
    code(11, "certificate", Verb::Other),
    code(12, "server key exchange", Verb::Other),
    code(13, "certificate request", Verb::Other),
    code(14, "server hello done", Verb::Other),
    code(15, "certificate verify", Verb::Other),
    code(16, "client key exchange", Verb::Other),
    code(20, "finished", Verb::Other),
    code(21, "certificate url", Verb::Other),
    code(22, "certificate status", Verb::Other),
    code(276, "change cipher spec", Verb::Other),
    code(277, "alert", Verb::Other),
    code(279, "application data", Verb::Other),
    code(280, "heartbeat", Verb::Diagnose),
];

/// TLS.
pub static PROTOCOL: Protocol = Protocol {
    id: "tls",
    title: "TLS and SSL",
    about: "Encrypts web pages, remote access and newer industrial protocols; the hellos say who talks to whom and how well it is protected.",
    depth: "SSL 2.0 to TLS 1.3: server name, versions, ciphers, ALPN, JA3, JA3S, JA4, certificates, alerts; encrypted data is counted.",
    documents: &[
        "RFC 8446 (TLS 1.3)",
        "RFC 5246 (TLS 1.2)",
        "RFC 6101 (SSL 3.0)",
        "The SSL Protocol, version 2.0 (1995)",
        "RFC 5280 (X.509)",
        "JA3 (2017), JA4 (FoxIO, 2023)",
    ],
    carriers: &[Carrier::Tcp(&[443, 465, 563, 636, 853, 990, 993, 995, 4911, 5061, 5671, 5986, 8443, 8883, 19443])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Tls::default()),
};

const RECORD_BYTES: usize = 5;

/// 2^14 bytes and what encryption may add (RFC 5246 section 6.2.3), with room for lax stacks.
const RECORD_MAX: usize = 16_384 + 2_048;

/// Bytes of a handshake message that lies in several records; chains of post-quantum certificates have some 40 KiB.
const HANDSHAKE_MAX: usize = 96 * 1024;

/// Alerts: RFC 8446 section 6, RFC 5246 section 7.2.
const ALERTS: &[(u8, &str)] = &[
    (0, "close notify"),
    (10, "unexpected message"),
    (20, "bad record mac"),
    (21, "decryption failed"),
    (22, "record overflow"),
    (30, "decompression failure"),
    (40, "handshake failure"),
    (41, "no certificate"),
    (42, "bad certificate"),
    (43, "unsupported certificate"),
    (44, "certificate revoked"),
    (45, "certificate expired"),
    (46, "certificate unknown"),
    (47, "illegal parameter"),
    (48, "unknown ca"),
    (49, "access denied"),
    (50, "decode error"),
    (51, "decrypt error"),
    (60, "export restriction"),
    (70, "protocol version"),
    (71, "insufficient security"),
    (80, "internal error"),
    (86, "inappropriate fallback"),
    (90, "user canceled"),
    (100, "no renegotiation"),
    (109, "missing extension"),
    (110, "unsupported extension"),
    (112, "unrecognized name"),
    (113, "bad certificate status response"),
    (115, "unknown psk identity"),
    (116, "certificate required"),
    (120, "no application protocol"),
];

pub(crate) fn alert_name(alert: u8) -> Text {
    match ALERTS.binary_search_by_key(&alert, |(code, _)| *code).ok().and_then(|i| ALERTS.get(i)) {
        Some((_, name)) => Text::const_new(name),
        None => format_compact!("alert {alert}"),
    }
}

/// A record header: content type, version, length. `None` where it cannot be one.
fn record(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [kind @ 20..=24, 3, 0..=4, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            (length <= RECORD_MAX).then_some((*kind, length))
        }
        _ => None,
    }
}

/// Whether these are the first bytes of a record, as far as there are any.
fn may_be_record(bytes: &[u8]) -> bool {
    matches!(bytes, [] | [20..=24] | [20..=24, 3] | [20..=24, 3, 0..=4] | [20..=24, 3, 0..=4, _])
}

/// The length of an SSL 2.0 hello (client hello in a two-byte header, section 2.5.2; RFC 5246 appendix E.2), its type.
fn hello_v2(bytes: &[u8]) -> Option<(u8, usize)> {
    match bytes {
        [high @ 0x80..=0xff, low, kind @ 1, major @ (0 | 3), minor, _, suites, _, session, _, challenge, ..] => {
            let length = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
            let parts = 9 + usize::from(*suites) + usize::from(*session) + usize::from(*challenge);
            let is_version = matches!((major, minor), (0, 2) | (3, 0..=4));
            (is_version && length == parts && suites % 3 == 0).then_some((*kind, length + 2))
        }
        [high @ 0x80..=0xff, low, kind @ 4, 0..=1, 0..=1, 0, 2, ..] => {
            let length = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
            (length >= 11).then_some((*kind, length + 2))
        }
        _ => None,
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    if !probe.is_stream {
        return Verdict::NO;
    }
    if let Some((kind, _)) = hello_v2(bytes) {
        return Verdict::by(Match::Likely, if kind == 1 { Speaker::Client } else { Speaker::Server });
    }
    let Some((kind, length)) = record(bytes) else {
        return if may_be_record(bytes) { Verdict::MORE } else { Verdict::NO };
    };
    let body = bytes.get(RECORD_BYTES..).unwrap_or_default();
    let is_followed = match bytes.get(RECORD_BYTES.saturating_add(length)..) {
        Some([]) => Some(true),
        Some(rest) => Some(record(rest).is_some() || may_be_record(rest)),
        None => None,
    };
    if is_followed == Some(false) && kind != 22 {
        return Verdict::NO;
    }
    match (kind, body) {
        (22, [handshake, a, b, c, major, _, ..]) => {
            let size = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let version = matches!(major, 3 | 0x7f);
            match *handshake {
                1 if version && (38..HANDSHAKE_MAX).contains(&size) => Verdict::by(Match::Certain, Speaker::Client),
                2 if version && (38..HANDSHAKE_MAX).contains(&size) => Verdict::by(Match::Certain, Speaker::Server),
                kind if is_known(kind) && size.saturating_add(4) <= length => {
                    let speaker = match kind {
                        12..=14 | 4 | 22 => Some(Speaker::Server),
                        15 | 16 => Some(Speaker::Client),
                        _ => None,
                    };
                    Verdict { matched: Match::Likely, speaker }
                }
                11 if size < HANDSHAKE_MAX => Verdict::of(Match::Likely),
                _ if is_followed == Some(true) => Verdict::of(Match::Likely),
                _ => Verdict::of(Match::Weak),
            }
        }
        (22, _) if length >= 4 => Verdict::MORE,
        (20, [1, ..]) if length == 1 => Verdict::of(Match::Certain),
        (20, []) if length == 1 => Verdict::MORE,
        (21, [1 | 2, alert, ..]) if length == 2 && ALERTS.iter().any(|(code, _)| code == alert) => {
            Verdict::of(Match::Likely)
        }
        (21, _) if length == 2 && body.len() < 2 => Verdict::MORE,
        // Encrypted alerts, heartbeats and data: nothing but the header speaks for them.
        (21 | 23 | 24, _) if length >= 17 => match is_followed {
            Some(true) => Verdict::of(Match::Likely),
            _ => Verdict::of(Match::Weak),
        },
        _ => Verdict::NO,
    }
}

/// Reads one TLS connection. Other protocols that begin TLS midway (STARTTLS) hold one too.
#[derive(Default)]
pub(crate) struct Tls {
    handshake: Option<Box<Handshake>>,
    sides: [Side; 2],
    is_version_2: bool,
}

#[derive(Default)]
struct Side {
    /// Handshake bytes whose message goes on in the next record.
    partial: Vec<u8>,
    is_encrypted: bool,
    records: u64,
    bytes: u64,
}

impl Tls {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        let [client, server] = &mut self.sides;
        match speaker {
            Speaker::Client => client,
            Speaker::Server => server,
        }
    }

    fn handshake(&mut self) -> &mut Handshake {
        self.handshake.get_or_insert_with(|| Box::new(Handshake::new("tls", 't')))
    }

    fn tell(&mut self, out: &mut Output<'_>) {
        if let Some(handshake) = self.handshake.as_mut().filter(|handshake| handshake.is_pending()) {
            handshake.tell(None, out);
        }
    }

    /// Handshake messages of one record.
    fn messages(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        let side = self.side(context.speaker);
        let mut buffer = std::mem::take(&mut side.partial);
        let all = if buffer.is_empty() {
            bytes
        } else {
            buffer.extend_from_slice(bytes);
            &buffer
        };
        let mut r = Reader::new(all);
        while !r.is_empty() {
            let start = r;
            let head = r.u8("handshake type").and_then(|kind| Ok((kind, r.u24("handshake length")? as usize)));
            let is_whole = match head {
                Ok((kind, size)) => {
                    if !is_known(kind) || size > HANDSHAKE_MAX {
                        // An encrypted message whose change of cipher was not seen.
                        self.side(context.speaker).is_encrypted = true;
                        self.tell(out);
                        return;
                    }
                    match r.bytes(size, "handshake message") {
                        Ok(body) => {
                            self.handshake().message(kind, body, context, out);
                            true
                        }
                        Err(_) => false,
                    }
                }
                Err(_) => false,
            };
            if !is_whole {
                self.side(context.speaker).partial = start.rest().to_vec();
                return;
            }
        }
    }

    fn alert(&mut self, level: u8, alert: u8, context: &Context, out: &mut Output<'_>) {
        let is_pending = self.handshake.as_ref().is_some_and(|handshake| handshake.is_pending());
        match (level, alert) {
            (_, 0) => self.tell(out),
            (2, alert) if is_pending => {
                self.handshake().tell(Some((context.at, alert.into(), alert_name(alert))), out);
            }
            (level, alert) => {
                let draft = Draft::new(&PROTOCOL, 277).status(alert.into(), alert_name(alert));
                let draft = draft.extra("level", if level == 2 { "fatal" } else { "warning" });
                out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
            }
        }
    }

    fn hello_version_2(&mut self, kind: u8, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let version = message.get(3..5).and_then(|v| <[u8; 2]>::try_from(v).ok()).map(u16::from_be_bytes);
        match kind {
            // A hello of SSL 2.0 that offers 3.0 or better is answered in the newer form.
            1 => {
                let draft = Draft::new(&PROTOCOL, 1).extra("form", "SSL 2.0");
                out.act(draft.extra("offered", version.map(hello::version).unwrap_or_default()).message("tls", 1));
                self.is_version_2 = version == Some(2);
            }
            _ => {
                self.is_version_2 = true;
                out.fact(
                    crate::About::Server,
                    model::FactKey::ChannelSecurity,
                    "SSL 2.0",
                    "server hello",
                    model::Confidence::Certain,
                );
                out.act(Draft::new(&PROTOCOL, 2).from_server().done(context.at).extra("version", "SSL 2.0"));
            }
        }
    }
}

impl Decoder for Tls {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        match record(bytes) {
            Some((kind, length)) => {
                let total = RECORD_BYTES.saturating_add(length);
                let is_wanted = match kind {
                    20 | 21 => length <= 2,
                    22 => !self.side(speaker).is_encrypted,
                    _ => false,
                };
                if is_wanted { Measure::Whole(total) } else { Measure::Head { head: RECORD_BYTES, total } }
            }
            None if self.is_version_2 => Measure::Whole(bytes.len()),
            None => match hello_v2(bytes) {
                Some((_, length)) => Measure::Whole(length),
                None if bytes.len() < 12 && bytes.first().is_some_and(|b| *b >= 0x80) => Measure::More(12),
                None if may_be_record(bytes) => Measure::More(RECORD_BYTES),
                None => Measure::Malformed("no TLS record"),
            },
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some((kind, _)) = record(message) else {
            if let Some((kind, _)) = hello_v2(message) {
                self.hello_version_2(kind, message, context, out);
            }
            return;
        };
        let body = message.get(RECORD_BYTES..).unwrap_or_default();
        let is_encrypted = self.side(context.speaker).is_encrypted;
        match (kind, body) {
            // Middlebox compatibility (RFC 8446 appendix D.4): behind a hello retry request this changes nothing.
            (20, _) if self.handshake.as_ref().is_some_and(|handshake| handshake.is_retried()) => {}
            (20, _) => {
                self.side(context.speaker).is_encrypted = true;
                self.side(context.speaker).partial = Vec::new();
                if context.speaker == Speaker::Server {
                    self.tell(out);
                }
            }
            (21, [level @ 1..=2, alert]) if !is_encrypted => self.alert(*level, *alert, context, out),
            (22, body) if !is_encrypted => self.messages(body, context, out),
            _ => {
                if kind == 23 && self.handshake.as_ref().is_some_and(|handshake| handshake.is_pending()) {
                    self.tell(out);
                }
                let length = context.wire_len.saturating_sub(RECORD_BYTES) as u64;
                let side = self.side(context.speaker);
                side.is_encrypted = true;
                side.records = side.records.saturating_add(1);
                side.bytes = side.bytes.saturating_add(length);
            }
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.side(speaker).partial = Vec::new();
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.tell(out);
        let [client, server] = &self.sides;
        if client.records > 0 || server.records > 0 {
            let draft = Draft::new(&PROTOCOL, 279);
            let draft = draft.extra("client bytes", format_compact!("{}", client.bytes));
            out.act(draft.extra("server bytes", format_compact!("{}", server.bytes)));
        }
    }
}

#[cfg(test)]
mod tests;
