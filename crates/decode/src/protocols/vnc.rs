//! VNC (RFB): version, kinds of security, whether anyone may watch and steer, the name of the desktop.

use compact_str::format_compact;
use model::{Confidence, FactKey, Text, Time, Verb};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Steps of the handshake; the numbers are this program's.
const CODES: &[Code] =
    &[code(0, "version", Verb::Other), code(1, "authentication", Verb::Login), code(2, "session", Verb::Other)];

/// VNC.
pub static PROTOCOL: Protocol = Protocol {
    id: "vnc",
    title: "VNC (remote framebuffer)",
    about: "Shows and steers the screen of panels and stations from afar, often without a password.",
    depth: "Versions, kinds of security offered and chosen, results of authentication, name of the desktop; pictures are passed over.",
    documents: &["RFC 6143 (The Remote Framebuffer Protocol)"],
    carriers: &[Carrier::Tcp(&[5800, 5900, 5901, 5902, 5903])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Vnc::default()),
};

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        // Both sides send the same; the server does it first.
        [b'R', b'F', b'B', b' ', b'0', b'0', b'3' | b'4' | b'5', b'.', _, _, _, b'\n', ..] if probe.is_stream => {
            Verdict::of(Match::Certain)
        }
        bytes if probe.is_stream && bytes.len() < 12 && b"RFB 00".starts_with(bytes.get(..6).unwrap_or(bytes)) => {
            Verdict::MORE
        }
        _ => Verdict::NO,
    }
}

/// Kinds of security: IANA registry "RFB Security Types".
fn security(kind: u8) -> Text {
    Text::const_new(match kind {
        0 => "invalid",
        1 => "none",
        2 => "vnc authentication",
        5 => "ra2",
        6 => "ra2ne",
        16 => "tight",
        17 => "ultra",
        18 => "tls",
        19 => "vencrypt",
        20 => "sasl",
        21 => "md5 hash",
        22 => "xvp",
        30 => "apple remote desktop",
        113 => "ultra ms-logon ii",
        other => return format_compact!("security {other}"),
    })
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Version,
    /// Kinds offered (server), the choice (client).
    Security,
    /// Challenge and response of 16 bytes.
    Challenge,
    Result,
    Start,
    Open,
}

#[derive(Default)]
struct Vnc {
    client: Stage,
    server: Stage,
    /// Minor version agreed on: the smaller one.
    minor: u16,
    versions: [Text; 2],
    chosen: u8,
    asked: Option<Time>,
    first: Option<Time>,
    name: Text,
    bytes: [u64; 2],
}

impl Vnc {
    /// The kind of security is settled.
    fn choose(&mut self, kind: u8, context: &Context, out: &mut Output<'_>) {
        self.chosen = kind;
        self.asked = Some(context.at);
        let name = security(kind);
        out.fact(
            About::Server,
            FactKey::Credential,
            &format_compact!("vnc {name}"),
            "security type",
            Confidence::Certain,
        );
        match kind {
            1 => {
                self.client = Stage::Start;
                // Before 3.8 no result follows where nothing was asked.
                self.server = if self.minor >= 8 { Stage::Result } else { Stage::Start };
            }
            2 => {
                self.client = Stage::Challenge;
                self.server = Stage::Challenge;
            }
            _ => {
                self.client = Stage::Open;
                self.server = Stage::Open;
            }
        }
    }

    fn version(&mut self, line: &[u8], context: &Context, out: &mut Output<'_>) {
        let minor = line.get(8..11).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u16>().ok());
        let minor = minor.unwrap_or(3);
        let text = crate::ber::text(line.trim_ascii_end());
        self.first.get_or_insert(context.at);
        out.fact(About::Speaker, FactKey::Software, &text, "protocol version", Confidence::Certain);
        let [client, server] = &mut self.versions;
        match context.speaker {
            Speaker::Client => {
                *client = text;
                self.client = Stage::Security;
                self.minor = if server.is_empty() { minor } else { self.minor.min(minor) };
            }
            Speaker::Server => {
                *server = text;
                self.server = Stage::Security;
                self.minor = if client.is_empty() { minor } else { self.minor.min(minor) };
                out.fact(About::Server, FactKey::Service, "vnc", "protocol version", Confidence::Certain);
            }
        }
        let [client, server] = &self.versions;
        if !client.is_empty() && !server.is_empty() {
            let draft = Draft::new(&PROTOCOL, 0).asked(self.first.unwrap_or(context.at)).done(context.at);
            out.act(draft.extra("client", client.clone()).extra("server", server.clone()));
        }
    }
}

impl Decoder for Vnc {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        let need = |n: usize| if bytes.len() >= n { Measure::Whole(n) } else { Measure::More(n) };
        let stage = if speaker == Speaker::Client { self.client } else { self.server };
        match (stage, speaker) {
            (Stage::Version, _) => match bytes.get(..4) {
                Some(b"RFB ") => need(12),
                Some(_) => Measure::Malformed("no version"),
                None => Measure::More(4),
            },
            (Stage::Security, Speaker::Client) => Measure::Whole(1),
            (Stage::Security, Speaker::Server) if self.minor < 7 => need(4),
            (Stage::Security, Speaker::Server) => match bytes.first() {
                Some(count) => need(usize::from(*count).saturating_add(1)),
                None => Measure::More(1),
            },
            (Stage::Challenge, _) => need(16),
            (Stage::Result, _) => need(4),
            (Stage::Start, Speaker::Client) => Measure::Whole(1),
            (Stage::Start, Speaker::Server) => {
                match bytes.get(20..24).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_be_bytes(*b)) {
                    Some(length) if length <= 4_096 => need(24_usize.saturating_add(length as usize)),
                    Some(_) => Measure::Malformed("name is too long"),
                    None => Measure::More(24),
                }
            }
            (Stage::Open, _) => Measure::Whole(bytes.len()),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let stage = if context.speaker == Speaker::Client { self.client } else { self.server };
        match (stage, context.speaker) {
            (Stage::Version, _) => self.version(message, context, out),
            (Stage::Security, Speaker::Server) if self.minor < 7 => {
                if let Some(kind) = message.get(3) {
                    self.choose(*kind, context, out);
                }
            }
            (Stage::Security, Speaker::Server) => {
                let kinds: Vec<Text> = message.iter().skip(1).take(16).map(|kind| security(*kind)).collect();
                let kinds = kinds.join(", ");
                out.fact(
                    About::Server,
                    FactKey::ChannelSecurity,
                    &format_compact!("vnc offers {kinds}"),
                    "security types",
                    Confidence::Certain,
                );
                // What comes next depends on the client's choice.
            }
            (Stage::Security, Speaker::Client) => {
                if let Some(kind) = message.first() {
                    self.choose(*kind, context, out);
                }
            }
            (Stage::Challenge, Speaker::Server) => self.server = Stage::Result,
            (Stage::Challenge, Speaker::Client) => {
                self.client = Stage::Start;
                self.asked = Some(context.at);
            }
            (Stage::Result, _) => {
                let result = message.first_chunk::<4>().map_or(1, |b| u32::from_be_bytes(*b));
                let draft = Draft::new(&PROTOCOL, 1).asked(self.asked.unwrap_or(context.at));
                let draft = draft.extra("security", security(self.chosen));
                let reason = if result == 2 { "too many attempts" } else { "authentication failed" };
                if result == 0 {
                    self.server = Stage::Start;
                    out.act(draft.done(context.at));
                } else {
                    self.server = Stage::Open;
                    self.client = Stage::Open;
                    out.act(draft.refused(context.at, result, reason));
                }
            }
            (Stage::Start, Speaker::Client) => self.client = Stage::Open,
            (Stage::Start, Speaker::Server) => {
                self.server = Stage::Open;
                self.name = crate::ber::text(message.get(24..).unwrap_or_default());
                out.fact(About::Server, FactKey::Description, &self.name, "desktop name", Confidence::Likely);
                // Servers on Unix and Windows put the machine's name first: `hmi-3:1 (root)`.
                let (host, rest) = self.name.split_once(':').unwrap_or_default();
                let is_name =
                    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
                if is_name && rest.starts_with(|c: char| c.is_ascii_digit()) {
                    out.fact(About::Server, FactKey::Hostname, host, "desktop name", Confidence::Guess);
                }
            }
            (Stage::Open, speaker) => {
                let [client, server] = &mut self.bytes;
                let count = if speaker == Speaker::Client { client } else { server };
                *count = count.saturating_add(message.len() as u64);
            }
        }
    }

    fn gap(&mut self, _speaker: Speaker) {
        self.client = Stage::Open;
        self.server = Stage::Open;
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let [client, server] = self.bytes;
        if client > 0 || server > 0 {
            let draft = Draft::new(&PROTOCOL, 2).object(self.name.as_str());
            let draft = draft.extra("client bytes", format_compact!("{client}"));
            out.act(draft.extra("server bytes", format_compact!("{server}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    const VERSION: &str = "524642203030332e3030380a";

    #[test]
    fn anyone_may_watch() {
        Dialog::stream(&PROTOCOL)
            .server(VERSION)
            .client(VERSION)
            .server("02 01 02")
            .client("01")
            .server("00000000")
            .client("01")
            .server(&format!("0400 0300 {} 00000005 686d693a31", "00".repeat(16)))
            .client("00000000")
            .end_is(expect![[r#"
                fact S: software = RFB 003.008 (vnc, protocol version, certain)
                fact S: service = vnc (vnc, protocol version, certain)
                fact C: software = RFB 003.008 (vnc, protocol version, certain)
                C > S vnc [other] version -> done in 1000 us client=RFB 003.008 server=RFB 003.008
                fact S: channel_security = vnc offers none, vnc authentication (vnc, security types, certain)
                fact S: credential = vnc none (vnc, security type, certain)
                C > S vnc [login] authentication -> done in 1000 us security=none
                fact S: description = hmi:1 (vnc, desktop name, likely)
                fact S: hostname = hmi (vnc, desktop name, guess)
                C > S vnc [other] session | hmi:1 -> asked client bytes=4 server bytes=0
            "#]]);
    }

    #[test]
    fn a_wrong_password() {
        Dialog::stream(&PROTOCOL)
            .server(VERSION)
            .client(VERSION)
            .server("01 02")
            .client("02")
            .server(&"11".repeat(16))
            .client(&"22".repeat(16))
            .server("00000001")
            .end_is(expect![[r#"
                fact S: software = RFB 003.008 (vnc, protocol version, certain)
                fact S: service = vnc (vnc, protocol version, certain)
                fact C: software = RFB 003.008 (vnc, protocol version, certain)
                C > S vnc [other] version -> done in 1000 us client=RFB 003.008 server=RFB 003.008
                fact S: channel_security = vnc offers vnc authentication (vnc, security types, certain)
                fact S: credential = vnc vnc authentication (vnc, security type, certain)
                C > S vnc [login] authentication -> refused (1 authentication failed) in 1000 us security=vnc authentication
            "#]]);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        assert_eq!(testing::probe(&PROTOCOL, VERSION), Verdict::of(Match::Certain));
        testing::torture(&PROTOCOL, &[VERSION, "020102", "01", "00000000"]);
    }
}
