//! SSH: versions, algorithms, HASSH fingerprints; what follows is encrypted and only counted.

use compact_str::format_compact;
use md5::{Digest, Md5};
use model::{Confidence, FactKey, Text, Time, Verb};
use wire::{Reader, Short};

use crate::words::hexadecimal;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Message numbers (RFC 4253 section 12); 256 is the identification line, 257 what is encrypted.
const CODES: &[Code] = &[
    code(1, "disconnect", Verb::Other),
    code(2, "ignore", Verb::Other),
    code(4, "debug", Verb::Other),
    code(20, "key exchange init", Verb::Other),
    code(21, "new keys", Verb::Other),
    code(256, "identification", Verb::Other),
    code(257, "encrypted data", Verb::Other),
];

/// SSH.
pub static PROTOCOL: Protocol = Protocol {
    id: "ssh",
    title: "SSH",
    about: "Encrypted command line and file transfer on switches, gateways, servers and newer controllers.",
    depth: "Versions of both programs, algorithms offered and chosen, HASSH; what is encrypted is counted. SSH 1 is recognised.",
    documents: &["RFC 4253 (SSH transport)", "HASSH (Salesforce, 2018)"],
    carriers: &[Carrier::Tcp(&[22, 2222])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ssh::default()),
};

/// The identification line, with its end (RFC 4253 section 4.2: 255 bytes; some send more).
const LINE_MAX: usize = 1_024;

/// Packets before encryption (section 6.1: 35,000 bytes).
const PACKET_MAX: usize = 35_000;

fn probe(probe: &Probe<'_>) -> Verdict {
    if !probe.is_stream {
        return Verdict::NO;
    }
    match probe.bytes {
        bytes if bytes.starts_with(b"SSH-2.") || bytes.starts_with(b"SSH-1.") => Verdict::of(Match::Certain),
        bytes if b"SSH-".starts_with(bytes) => Verdict::MORE,
        // A key exchange init whose identification was not captured.
        [0, 0, high, low, padding, 20, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let list = rest.get(16..20).and_then(|b| b.first_chunk::<4>()).map(|b| u32::from_be_bytes(*b));
            let is_list = list.is_some_and(|n| (4..4_096).contains(&n));
            let is_text = rest.get(20..40).is_some_and(|b| b.iter().all(|c| c.is_ascii_graphic()));
            if length > 100 && (4..64).contains(padding) && is_list && is_text {
                Verdict::of(Match::Likely)
            } else {
                Verdict::NO
            }
        }
        _ => Verdict::NO,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Line,
    Packets,
    Encrypted,
}

#[derive(Default)]
struct Side {
    stage: Stage,
    line: Option<Text>,
    algorithms: Option<Algorithms>,
    bytes: u64,
}

/// The name lists of a key exchange init, in its order.
struct Algorithms {
    at: Time,
    /// kex, host key, encryption to server and to client, mac to server and to client, compression to both.
    lists: [Text; 8],
}

#[derive(Default)]
struct Ssh {
    sides: [Side; 2],
    greeted: Option<Time>,
    has_told: bool,
    is_version_1: bool,
}

impl Ssh {
    fn side(&mut self, speaker: Speaker) -> &mut Side {
        let [client, server] = &mut self.sides;
        match speaker {
            Speaker::Client => client,
            Speaker::Server => server,
        }
    }

    fn identification(&mut self, line: &[u8], context: &Context, out: &mut Output<'_>) {
        let line = crate::ber::text(line.trim_ascii_end());
        if !line.starts_with("SSH-") {
            // Servers may greet before their identification (section 4.2).
            return;
        }
        self.is_version_1 |= line.starts_with("SSH-1.") && !line.starts_with("SSH-1.99");
        self.side(context.speaker).stage = if self.is_version_1 { Stage::Encrypted } else { Stage::Packets };
        out.fact(About::Speaker, FactKey::Software, &line, "identification", Confidence::Certain);
        if let Some(os) = system(&line) {
            out.fact(About::Speaker, FactKey::Os, os, "identification", Confidence::Guess);
        }
        if context.speaker == Speaker::Server {
            let version = line.split('-').nth(1).unwrap_or_default();
            out.fact(
                About::Server,
                FactKey::Service,
                &format_compact!("ssh {version}"),
                "identification",
                Confidence::Certain,
            );
        }
        self.side(context.speaker).line = Some(line);
        let [client, server] = &self.sides;
        match (&client.line, &server.line) {
            (Some(theirs), Some(ours)) => {
                let first = self.greeted.unwrap_or(context.at);
                let mut messages = model::Messages::none();
                messages.add("ssh", 256, 2);
                let draft = Draft::new(&PROTOCOL, 256).asked(first).done(context.at).messages(messages);
                out.act(draft.extra("client", theirs.clone()).extra("server", ours.clone()));
                self.greeted = None;
            }
            _ => self.greeted = Some(context.at),
        }
    }

    fn packet(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(message);
        r.u32("packet length")?;
        r.u8("padding length")?;
        let number = r.u8("message number")?;
        match number {
            20 => {
                r.skip(16, "cookie")?;
                let mut lists = <[Text; 8]>::default();
                for list in &mut lists {
                    let length = r.u32("name list length")? as usize;
                    *list = String::from_utf8_lossy(r.bytes(length, "name list")?).as_ref().into();
                }
                // HASSH: key exchange, encryption, MAC and compression of the speaker's own direction.
                let [kex, _, to_server, to_client, mac_server, mac_client, zip_server, zip_client] = &lists;
                let (name, text) = match context.speaker {
                    Speaker::Client => ("hassh", format!("{kex};{to_server};{mac_server};{zip_server}")),
                    Speaker::Server => ("hassh_server", format!("{kex};{to_client};{mac_client};{zip_client}")),
                };
                let hash = hexadecimal(&Md5::digest(text.as_bytes()));
                out.fact(
                    About::Speaker,
                    FactKey::Fingerprint,
                    &format_compact!("{name}={hash}"),
                    "key exchange init",
                    Confidence::Certain,
                );
                self.side(context.speaker).algorithms = Some(Algorithms { at: context.at, lists });
                self.agree(out);
            }
            21 => self.side(context.speaker).stage = Stage::Encrypted,
            1 => out.act(said(Draft::new(&PROTOCOL, 1), context.speaker).message("ssh", 1)),
            _ => {}
        }
        Ok(())
    }

    /// Tells the key exchange once both sides said what they can.
    fn agree(&mut self, out: &mut Output<'_>) {
        let [Side { algorithms: Some(client), .. }, Side { algorithms: Some(server), .. }] = &self.sides else {
            return;
        };
        if std::mem::replace(&mut self.has_told, true) {
            return;
        }
        // Section 7.1: the first of the client's that the server has too.
        let choose = |index: usize| -> Text {
            let (Some(ours), Some(theirs)) = (client.lists.get(index), server.lists.get(index)) else {
                return Text::default();
            };
            ours.split(',').find(|name| theirs.split(',').any(|other| other == *name)).unwrap_or_default().into()
        };
        let (kex, key, cipher, mac) = (choose(0), choose(1), choose(2), choose(4));
        let security = format_compact!("SSH 2.0 {kex} {key} {cipher}");
        out.fact(About::Server, FactKey::ChannelSecurity, &security, "key exchange init", Confidence::Certain);
        let mut messages = model::Messages::none();
        messages.add("ssh", 20, 2);
        let draft = Draft::new(&PROTOCOL, 20).asked(client.at.min(server.at)).done(client.at.max(server.at));
        let draft = draft.extra("kex", kex).extra("host key", key).extra("cipher", cipher).extra("mac", mac);
        out.act(draft.messages(messages));
    }
}

/// An act of whoever spoke.
fn said(draft: Draft<'_>, speaker: Speaker) -> Draft<'_> {
    if speaker == Speaker::Server { draft.from_server() } else { draft }
}

/// The operating system that a version line names.
fn system(line: &str) -> Option<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("Ubuntu", "Ubuntu Linux"),
        ("Debian", "Debian Linux"),
        ("Raspbian", "Raspbian Linux"),
        ("FreeBSD", "FreeBSD"),
        ("NetBSD", "NetBSD"),
        ("for_Windows", "Windows"),
        ("WinSSHD", "Windows"),
        ("PuTTY", "Windows"),
        ("Cisco", "Cisco IOS"),
        ("ROSSSH", "MikroTik RouterOS"),
        ("HUAWEI", "Huawei VRP"),
        ("Comware", "HP Comware"),
        ("mpSSH", "iLO"),
        ("Sun_SSH", "Solaris"),
        ("VxWorks", "VxWorks"),
    ];
    WORDS.iter().find(|(word, _)| line.contains(word)).map(|(_, name)| *name)
}

impl Decoder for Ssh {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        match self.side(speaker).stage {
            Stage::Line => {
                if let [0, 0, _, _, _, 20, ..] = bytes {
                    self.side(speaker).stage = Stage::Packets;
                    return self.measure(bytes, speaker);
                }
                let start = bytes.get(..LINE_MAX).unwrap_or(bytes);
                match start.iter().position(|b| *b == b'\n') {
                    Some(end) => Measure::Whole(end.saturating_add(1)),
                    None if bytes.len() >= LINE_MAX => Measure::Malformed("identification does not end"),
                    None => Measure::More(bytes.len().saturating_add(1)),
                }
            }
            Stage::Packets => match bytes.first_chunk::<4>().map(|b| u32::from_be_bytes(*b) as usize) {
                Some(length) if (6..=PACKET_MAX).contains(&length) => Measure::Whole(length.saturating_add(4)),
                Some(_) => Measure::Malformed("packet length cannot be"),
                None => Measure::More(4),
            },
            Stage::Encrypted => Measure::Whole(bytes.len()),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        match self.side(context.speaker).stage {
            Stage::Line => self.identification(message, context, out),
            Stage::Packets => {
                if let Err(short) = self.packet(message, context, out) {
                    out.short(&short);
                }
            }
            Stage::Encrypted => {
                let side = self.side(context.speaker);
                side.bytes = side.bytes.saturating_add(message.len() as u64);
            }
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        // Whether keys were taken into use meanwhile is not known; most of a connection is encrypted.
        if self.side(speaker).stage == Stage::Packets && self.has_told {
            self.side(speaker).stage = Stage::Encrypted;
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let [client, server] = &self.sides;
        if let Some(at) = self.greeted {
            let line = client.line.as_ref().or(server.line.as_ref()).cloned().unwrap_or_default();
            let (name, draft) = match client.line {
                Some(_) => ("client", Draft::new(&PROTOCOL, 256).no_answer()),
                None => ("server", Draft::new(&PROTOCOL, 256).from_server()),
            };
            out.act(draft.asked(at).extra(name, line).message("ssh", 256));
        }
        if client.bytes > 0 || server.bytes > 0 {
            let draft = Draft::new(&PROTOCOL, 257).extra("client bytes", format_compact!("{}", client.bytes));
            out.act(draft.extra("server bytes", format_compact!("{}", server.bytes)));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    fn init(lists: [&str; 8]) -> Vec<u8> {
        let mut body = vec![6, 20];
        body.extend([7; 16]);
        for list in lists.iter().chain(&["", ""]) {
            body.extend((list.len() as u32).to_be_bytes());
            body.extend(list.as_bytes());
        }
        body.extend([0; 11]);
        let mut packet = (body.len() as u32).to_be_bytes().to_vec();
        packet.extend(body);
        packet
    }

    #[test]
    fn versions_algorithms_and_silence() {
        let client = init([
            "curve25519-sha256,dh",
            "ssh-rsa",
            "aes128-ctr",
            "aes128-ctr",
            "hmac-sha1",
            "hmac-sha1",
            "none",
            "none",
        ]);
        let server = init(["dh", "ssh-rsa", "3des,aes128-ctr", "aes128-ctr", "hmac-sha1", "hmac-sha1", "none", "none"]);
        Dialog::stream(&PROTOCOL)
            .says(Speaker::Server, b"SSH-2.0-OpenSSH_6.6 Ubuntu-2\r\n")
            .says(Speaker::Client, b"SSH-2.0-PuTTY_Release_0.70\r\n")
            .says(Speaker::Client, &client)
            .says(Speaker::Server, &server)
            .client("0000000c 0a 15 00000000000000000000")
            .client("ffffffffffffffff")
            .end_is(expect![[r#"
                fact S: software = SSH-2.0-OpenSSH_6.6 Ubuntu-2 (ssh, identification, certain)
                fact S: os = Ubuntu Linux (ssh, identification, guess)
                fact S: service = ssh 2.0 (ssh, identification, certain)
                fact C: software = SSH-2.0-PuTTY_Release_0.70 (ssh, identification, certain)
                fact C: os = Windows (ssh, identification, guess)
                C > S ssh [other] identification -> done in 1000 us client=SSH-2.0-PuTTY_Release_0.70 server=SSH-2.0-OpenSSH_6.6 Ubuntu-2 {ssh 256: 2}
                fact C: fingerprint = hassh=a67d2104eb164bc507ef0acdebabf5cb (ssh, key exchange init, certain)
                fact S: fingerprint = hassh_server=98791a9bf3e3f3a8b7d05a9c80db2c79 (ssh, key exchange init, certain)
                fact S: channel_security = SSH 2.0 dh ssh-rsa aes128-ctr (ssh, key exchange init, certain)
                C > S ssh [other] key exchange init -> done in 1000 us kex=dh host key=ssh-rsa cipher=aes128-ctr mac=hmac-sha1 {ssh 20: 2}
                C > S ssh [other] encrypted data -> asked client bytes=8 server bytes=0
            "#]]);
    }

    #[test]
    fn version_1_is_said() {
        Dialog::stream(&PROTOCOL).says(Speaker::Server, b"SSH-1.5-1.2.27\n").end_is(expect![[r#"
            fact S: software = SSH-1.5-1.2.27 (ssh, identification, certain)
            fact S: service = ssh 1.5 (ssh, identification, certain)
            S > C ssh [other] identification -> asked server=SSH-1.5-1.2.27 {ssh 256: 1}
        "#]]);
    }

    #[test]
    fn probes_know_the_line() {
        assert_eq!(testing::probe(&PROTOCOL, "5353482d322e30"), Verdict::of(Match::Certain));
        assert_eq!(testing::probe(&PROTOCOL, "5353"), Verdict::MORE);
        assert_eq!(testing::probe(&PROTOCOL, "0000 0006 0103"), Verdict::NO);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        let packet = hexadecimal(&init(["a", "b", "c", "d", "e", "f", "g", "h"]));
        testing::torture(&PROTOCOL, &["5353482d322e302d780d0a", &packet, "0000000c 0a 15 00000000000000000000"]);
    }
}
