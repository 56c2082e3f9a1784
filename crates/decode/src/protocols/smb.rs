//! SMB 1 to 3 over TCP and NetBIOS sessions: dialects, logins, shares, files by name, pipes handed to DCE/RPC.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Time, Verb};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Inner, Match, Measure, Output, Probe, Protocol, Speaker, Verdict,
    code,
};

mod one;
mod status;
mod two;

/// Commands of SMB 1 (MS-CIFS 2.2.2.1); those of SMB 2 (MS-SMB2 2.2.1.2) have 256 added, NetBIOS session packets 1,024.
const CODES: &[Code] = &[
    code(0x00, "create directory", Verb::File),
    code(0x01, "delete directory", Verb::File),
    code(0x02, "open", Verb::File),
    code(0x03, "create", Verb::File),
    code(0x04, "close", Verb::File),
    code(0x05, "flush", Verb::File),
    code(0x06, "delete", Verb::File),
    code(0x07, "rename", Verb::File),
    code(0x08, "query information", Verb::Browse),
    code(0x09, "set information", Verb::File),
    code(0x0a, "read", Verb::File),
    code(0x0b, "write", Verb::File),
    code(0x10, "check directory", Verb::Browse),
    code(0x22, "set information2", Verb::File),
    code(0x23, "query information2", Verb::Browse),
    code(0x24, "locking andx", Verb::Other),
    code(0x25, "transaction", Verb::Other),
    code(0x26, "transaction secondary", Verb::Other),
    code(0x2b, "echo", Verb::Diagnose),
    code(0x2d, "open andx", Verb::File),
    code(0x2e, "read andx", Verb::File),
    code(0x2f, "write andx", Verb::File),
    code(0x32, "transaction2", Verb::Browse),
    code(0x33, "transaction2 secondary", Verb::Other),
    code(0x34, "find close2", Verb::Other),
    code(0x70, "tree connect", Verb::Other),
    code(0x71, "tree disconnect", Verb::Other),
    code(0x72, "negotiate", Verb::Other),
    code(0x73, "session setup andx", Verb::Login),
    code(0x74, "logoff andx", Verb::Login),
    code(0x75, "tree connect andx", Verb::Other),
    code(0x80, "query information disk", Verb::Browse),
    code(0x81, "search", Verb::Browse),
    code(0xa0, "nt transact", Verb::Other),
    code(0xa1, "nt transact secondary", Verb::Other),
    code(0xa2, "nt create andx", Verb::File),
    code(0xa4, "nt cancel", Verb::Other),
    code(0xa5, "nt rename", Verb::File),
    code(256, "negotiate", Verb::Other),
    code(257, "session setup", Verb::Login),
    code(258, "logoff", Verb::Login),
    code(259, "tree connect", Verb::Other),
    code(260, "tree disconnect", Verb::Other),
    code(261, "create", Verb::File),
    code(262, "close", Verb::File),
    code(263, "flush", Verb::File),
    code(264, "read", Verb::File),
    code(265, "write", Verb::File),
    code(266, "lock", Verb::File),
    code(267, "ioctl", Verb::Other),
    code(268, "cancel", Verb::Other),
    code(269, "echo", Verb::Diagnose),
    code(270, "query directory", Verb::Browse),
    code(271, "change notify", Verb::Subscribe),
    code(272, "query info", Verb::Browse),
    code(273, "set info", Verb::File),
    code(274, "oplock break", Verb::Other),
    code(768, "encrypted messages", Verb::Other),
    code(1153, "session request", Verb::Other),
];

/// SMB.
pub static PROTOCOL: Protocol = Protocol {
    id: "smb",
    title: "SMB (Windows file sharing)",
    about: "Shares files, printers and remote control between Windows machines; the way by which worms and ransomware reach plants.",
    depth: "SMB 1, 2 and 3 with dialect, signing, logins with user and machine, shares, files opened, read, written, renamed, deleted, statuses; pipes are handed to DCE/RPC; encrypted messages are counted.",
    documents: &[
        "MS-CIFS (2021) and MS-SMB (2024)",
        "MS-SMB2 (2024)",
        "MS-NLMP (2024)",
        "RFC 1002 (NetBIOS session service)",
    ],
    carriers: &[Carrier::Tcp(&[139, 445])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Smb::default()),
};

/// Length of the NetBIOS session header, which direct TCP keeps.
const SESSION_BYTES: usize = 4;

/// Messages up to this length are read whole: what pipes carry is shorter, what files carry longer.
const WHOLE_MAX: usize = 8 * 1024;

/// Of longer ones, this much is read where it may hold several commands.
const COMPOUND_HEAD: usize = 60 * 1024;

/// Open trees and files that are remembered per connection; more are forgotten oldest first.
const TREES_MAX: usize = 64;
const FILES_MAX: usize = 256;

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk::<2>().map(|b| u16::from_le_bytes(*b))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_le_bytes(*b))
}

fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk::<8>().map(|b| u64::from_le_bytes(*b))
}

/// A session packet's type and the length of what follows.
fn session(bytes: &[u8]) -> Option<(u8, usize)> {
    let [kind, high, rest @ ..] = bytes.first_chunk::<4>()?;
    let length = u32::from_be_bytes([0, *high, rest[0], rest[1]]) as usize;
    let is_possible = match kind {
        0x00 => length >= 4,
        0x81 => length == 68 || (32..=512).contains(&length),
        0x82 | 0x85 => length == 0,
        0x83 => length == 1,
        0x84 => length == 6,
        _ => false,
    };
    is_possible.then_some((*kind, length))
}

fn is_smb(bytes: &[u8]) -> bool {
    matches!(bytes, [0xfc..=0xff, b'S', b'M', b'B', ..])
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    if !probe.is_stream {
        return Verdict::NO;
    }
    let Some((kind, length)) = session(bytes) else {
        let may = bytes.len() < 4 && bytes.first().is_some_and(|kind| matches!(kind, 0 | 0x81..=0x85));
        return if may { Verdict::MORE } else { Verdict::NO };
    };
    let body = bytes.get(SESSION_BYTES..).unwrap_or_default();
    match kind {
        0x00 if is_smb(body) => {
            let is_answer = match body.first() {
                Some(0xff) => body.get(9).map(|flags| flags & 0x80 != 0),
                Some(0xfe) => body.get(16).map(|flags| flags & 1 != 0),
                _ => None,
            };
            let speaker = is_answer.map(|is| if is { Speaker::Server } else { Speaker::Client });
            Verdict { matched: Match::Certain, speaker }
        }
        0x00 if body.len() < 4
            && [0xff_u8, 0xfe, 0xfd, 0xfc].iter().any(|first| [*first, b'S', b'M', b'B'].starts_with(body)) =>
        {
            Verdict::MORE
        }
        0x81 if length == 68 => match body.get(..34) {
            // Two encoded names: a length of 32, then 32 letters from A to P.
            Some([32, name @ ..]) if name.iter().take(32).all(|b| (b'A'..=b'P').contains(b)) => {
                Verdict::by(Match::Certain, Speaker::Client)
            }
            Some(_) => Verdict::NO,
            None => Verdict::MORE,
        },
        0x82 | 0x83 if bytes.len() <= 5 => Verdict::by(Match::Weak, Speaker::Server),
        0x85 if bytes.len() == 4 => Verdict::of(Match::Weak),
        _ => Verdict::NO,
    }
}

/// A file or pipe that was opened.
struct Open {
    name: Text,
    pipe: Option<Box<Inner>>,
}

/// Names of what numbers stand for, newest last.
struct Names<K, V> {
    list: Vec<(K, V)>,
    max: usize,
}

impl<K: PartialEq, V> Names<K, V> {
    const fn new(max: usize) -> Names<K, V> {
        Names { list: Vec::new(), max }
    }

    fn put(&mut self, key: K, value: V) -> Option<V> {
        let old = self.take(&key);
        if self.list.len() >= self.max {
            self.list.remove(0);
        }
        self.list.push((key, value));
        old
    }

    fn get(&mut self, key: &K) -> Option<&mut V> {
        self.list.iter_mut().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    fn take(&mut self, key: &K) -> Option<V> {
        let index = self.list.iter().position(|(known, _)| known == key)?;
        Some(self.list.remove(index).1)
    }
}

/// What is known of a request until its answer comes.
struct Request {
    code: u32,
    /// A better name than the command's.
    name: Option<&'static str>,
    verb: Option<Verb>,
    object: Text,
    /// The file it works on, or nothing.
    file: [u8; 16],
    /// Further fields.
    to: Text,
    access: Text,
    /// What `access` is.
    access_is: &'static str,
    size: u64,
    user: Text,
    method: &'static str,
    is_first_leg: bool,
    is_pipe: bool,
}

impl Request {
    fn new(code: u32) -> Request {
        Request {
            code,
            name: None,
            verb: None,
            object: Text::default(),
            file: [0; 16],
            to: Text::default(),
            access: Text::default(),
            access_is: "access",
            size: 0,
            user: Text::default(),
            method: "",
            is_first_leg: false,
            is_pipe: false,
        }
    }

    /// The start of its act.
    fn draft(&self, at: Time) -> Draft<'static> {
        let mut draft = match self.name {
            Some(name) => Draft::named(self.code, Text::const_new(name), PROTOCOL.code(self.code).1),
            None => Draft::new(&PROTOCOL, self.code),
        };
        if let Some(verb) = self.verb {
            draft = draft.verb(verb);
        }
        if !self.object.is_empty() {
            draft = draft.object(Object::Text(self.object.clone()));
        }
        if self.size > 0 {
            draft = draft.extra("bytes", format_compact!("{}", self.size));
        }
        draft
            .asked(at)
            .extra("to", self.to.clone())
            .extra(self.access_is, self.access.clone())
            .extra("user", self.user.clone())
            .extra("method", self.method)
            .message("smb", self.code)
    }
}

/// Completes an act with the status of its answer.
fn finish(draft: Draft<'_>, at: Time, code: u32) -> Draft<'_> {
    match code {
        0 => draft.done(at),
        // Success and warnings: more data, no more files, another leg of the login.
        code if code < 0xc000_0000 || code == status::MORE_PROCESSING => {
            draft.done(at).status(code, status::name(code))
        }
        code => draft.refused(at, code, status::name(code)),
    }
}

/// Tells that a dialect was agreed on.
fn tell_dialect(dialect: &str, out: &mut Output<'_>) {
    out.fact(About::Server, FactKey::Service, &format_compact!("smb {dialect}"), "negotiate", Confidence::Certain);
}

/// Tells whether messages must be signed.
fn tell_signing(is_required: bool, out: &mut Output<'_>) {
    let value = if is_required { "smb signing required" } else { "smb signing not required" };
    out.fact(About::Server, FactKey::ChannelSecurity, value, "negotiate", Confidence::Certain);
}

/// The kind of token in a session setup.
fn method(token: &[u8]) -> &'static str {
    let token = token.get(..256.min(token.len())).unwrap_or(token);
    if token.windows(7).any(|part| part == b"NTLMSSP") {
        "ntlm"
    // Kerberos 5 (1.2.840.113554.1.2.2), or Microsoft's old number for it.
    } else if token.windows(8).any(|part| matches!(part, [0x48, 0x86 | 0x82, 0xf7, 0x12, 1, 2, 2, _])) {
        "kerberos"
    } else {
        ""
    }
}

/// What of a name is the share: `\\server\share` becomes `share`.
fn share(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}

/// Share and path of a file.
fn join(share: &str, path: &str) -> Text {
    match (share, path.trim_start_matches('\\')) {
        ("", path) => path.into(),
        (share, "") => share.into(),
        (share, path) => format_compact!("{share}\\{path}"),
    }
}

#[derive(Default)]
struct Smb {
    one: one::One,
    two: two::Two,
    /// Encrypted messages of client and server.
    encrypted: [(u32, u64); 2],
}

impl Decoder for Smb {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        let Some((kind, length)) = session(bytes) else {
            return if bytes.len() < 4 { Measure::More(4) } else { Measure::Malformed("no session packet") };
        };
        let total = length.saturating_add(SESSION_BYTES);
        if kind != 0 {
            return Measure::Whole(total);
        }
        let body = bytes.get(SESSION_BYTES..).unwrap_or_default();
        if body.len() < 4 {
            return Measure::More(8);
        }
        if !is_smb(body) {
            return Measure::Malformed("no SMB header");
        }
        if body.first().is_some_and(|first| matches!(first, 0xfc | 0xfd)) {
            return Measure::Head { head: total.min(SESSION_BYTES + 52), total };
        }
        if total <= WHOLE_MAX {
            return Measure::Whole(total);
        }
        if body.len() < 64 {
            return Measure::More(SESSION_BYTES + 64);
        }
        let is_bulk = match body {
            [0xff, _, _, _, command, ..] => matches!(command, 0x0a | 0x0b | 0x2e | 0x2f),
            _ => matches!(le16(body, 12), Some(8 | 9)) && le32(body, 20) == Some(0),
        };
        let head = if is_bulk { SESSION_BYTES + 64 + 64 } else { COMPOUND_HEAD };
        Measure::Head { head: head.min(total), total }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some((kind, _)) = session(message) else { return };
        let body = message.get(SESSION_BYTES..).unwrap_or_default();
        match (kind, body) {
            (0, [0xff, ..]) => self.one.read(body, context, out),
            (0, [0xfe, ..]) => self.two.read(body, context, out),
            (0, _) => {
                let side = match context.speaker {
                    Speaker::Client => self.encrypted.first_mut(),
                    Speaker::Server => self.encrypted.last_mut(),
                };
                if let Some((count, bytes)) = side {
                    if *count == 0 && body.first() == Some(&0xfd) {
                        out.fact(
                            About::Server,
                            FactKey::ChannelSecurity,
                            "smb 3 encryption",
                            "transform header",
                            Confidence::Certain,
                        );
                    }
                    *count = count.saturating_add(1);
                    *bytes = bytes.saturating_add(context.wire_len as u64);
                }
            }
            (0x81, body) => {
                let called = netbios_name(body.get(1..33).unwrap_or_default());
                let calling = netbios_name(body.get(35..67).unwrap_or_default());
                // A client that does not know the name asks for this one.
                if called != "*SMBSERVER" {
                    out.fact(About::Server, FactKey::Hostname, &called, "netbios session", Confidence::Likely);
                }
                out.fact(About::Client, FactKey::Hostname, &calling, "netbios session", Confidence::Certain);
                out.act(Draft::new(&PROTOCOL, 1_153).object(called.as_str()).message("smb", 1_153));
            }
            _ => {}
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        self.one.gap(speaker);
        self.two.gap(speaker);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.one.end(out);
        self.two.end(out);
        let [(asked, sent), (answered, received)] = self.encrypted;
        if asked > 0 || answered > 0 {
            let mut messages = model::Messages::none();
            messages.add("smb", 768, asked.saturating_add(answered));
            let draft = Draft::new(&PROTOCOL, 768).extra("client bytes", format_compact!("{sent}"));
            out.act(draft.extra("server bytes", format_compact!("{received}")).messages(messages));
        }
    }
}

/// First-level decoding of a NetBIOS name (RFC 1001 section 14.1), without its suffix.
fn netbios_name(encoded: &[u8]) -> Text {
    let bytes: Vec<u8> = encoded
        .as_chunks::<2>()
        .0
        .iter()
        .take(15)
        .map(|[high, low]| high.wrapping_sub(b'A') << 4 | (low.wrapping_sub(b'A') & 0x0f))
        .collect();
    crate::ber::text(bytes.trim_ascii_end())
}

/// Hands what a pipe carries to the protocol inside.
fn pipe(open: Option<&mut Open>, data: &[u8], whole: usize, context: &Context, out: &mut Output<'_>) {
    if let Some(inner) = open.and_then(|open| open.pipe.as_mut())
        && !data.is_empty()
    {
        inner.read("smb", data, &Context { wire_len: whole.max(data.len()), is_stream: false, ..*context }, out);
    }
}

#[cfg(test)]
mod tests;
