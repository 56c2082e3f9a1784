//! HTTP on any port: what was asked of which host and how it ended; bodies are passed over.

use std::collections::VecDeque;

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Outcome, Text, Time, Verb};

use crate::ber::text;
use crate::protocols::{ntlm, tls};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
    credential, limits,
};

mod head;
mod software;

use head::{Body, Head};

/// Methods: IANA registry "HTTP Method Registry"; the numbers are this program's.
const CODES: &[Code] = &[
    code(0, "answer", Verb::Other),
    code(1, "get", Verb::Read),
    code(2, "head", Verb::Read),
    code(3, "post", Verb::Other),
    code(4, "put", Verb::File),
    code(5, "delete", Verb::File),
    code(6, "connect", Verb::Other),
    code(7, "options", Verb::Browse),
    code(8, "trace", Verb::Diagnose),
    code(9, "patch", Verb::File),
    code(10, "propfind", Verb::Browse),
    code(11, "proppatch", Verb::File),
    code(12, "mkcol", Verb::File),
    code(13, "copy", Verb::File),
    code(14, "move", Verb::File),
    code(15, "lock", Verb::File),
    code(16, "unlock", Verb::File),
    code(17, "search", Verb::Browse),
    code(18, "report", Verb::Browse),
    code(19, "subscribe", Verb::Subscribe),
    code(20, "unsubscribe", Verb::Subscribe),
    code(21, "notify", Verb::Report),
    code(22, "m-search", Verb::Browse),
    code(23, "query", Verb::Read),
    code(24, "link", Verb::Other),
    code(25, "unlink", Verb::Other),
    code(26, "checkout", Verb::Other),
    code(27, "merge", Verb::Other),
    code(28, "mkactivity", Verb::Other),
    code(29, "bpropfind", Verb::Browse),
    code(30, "rpc_in_data", Verb::Other),
    code(31, "rpc_out_data", Verb::Other),
    code(32, "ccm_post", Verb::Other),
    code(33, "pri", Verb::Other),
];

/// HTTP.
pub static PROTOCOL: Protocol = Protocol {
    id: "http",
    title: "HTTP",
    about: "Web pages and services of controllers, panels, cameras and office machines; passwords and pages can be read by anyone on the way.",
    depth: "Requests with host, path, status, sizes, agents and servers; kinds of authentication, default passwords, NTLM names, SOAP actions, file names, tunnels; HTTP/2 in the clear is recognised.",
    documents: &[
        "RFC 9110 (HTTP semantics)",
        "RFC 9112 (HTTP/1.1)",
        "RFC 7617 (basic authentication)",
        "RFC 4559 (NTLM and Negotiate over HTTP)",
        "RFC 9113 (HTTP/2, its preface and frames)",
    ],
    carriers: &[Carrier::Tcp(&[80, 81, 591, 631, 3128, 5357, 5985, 8000, 8008, 8080, 8081, 8088, 8888, 9080])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Http::default()),
};

/// Bytes of a header that are read. Longer ones are attacks or broken.
const HEAD_MAX: usize = 64 * 1024;

/// Bytes of an upload's body in which its file name is looked for.
const FORM_HEAD: usize = 512;

fn probe(probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    if !probe.is_stream {
        return Verdict::NO;
    }
    if bytes.starts_with(b"HTTP/1.") || bytes.starts_with(b"HTTP/0.") {
        return Verdict::by(Match::Certain, Speaker::Server);
    }
    if bytes.len() < 7 && b"HTTP/1.".starts_with(bytes) {
        return Verdict::MORE;
    }
    let Some((code, rest)) = head::method(bytes) else {
        // The method may not be whole.
        let is_open = bytes.len() < 12 && !bytes.contains(&b' ') && CODES.iter().any(|c| may_become(c.name, bytes));
        return if is_open { Verdict::MORE } else { Verdict::NO };
    };
    match rest.iter().position(|b| *b == b'\n') {
        Some(end) => {
            let line = rest.get(..end).unwrap_or_default().trim_ascii_end();
            let tail = line.get(line.len().saturating_sub(8)..).unwrap_or_default();
            match tail {
                [b'H' | b'h', b'T' | b't', b'T' | b't', b'P' | b'p', b'/', ..] => {
                    Verdict::by(Match::Certain, Speaker::Client)
                }
                // HTTP/0.9 has a path and nothing else.
                _ if code == 1 && line.starts_with(b"/") && !line.contains(&b' ') && probe.is_start => {
                    Verdict::by(Match::Weak, Speaker::Client)
                }
                _ => Verdict::NO,
            }
        }
        // The end of the line may be cut in two.
        None if rest.strip_suffix(b"\r").unwrap_or(rest).iter().all(|b| *b >= 0x20) => {
            if bytes.len() >= 1_024 {
                Verdict::by(Match::Likely, Speaker::Client)
            } else {
                Verdict::MORE
            }
        }
        None => Verdict::NO,
    }
}

fn may_become(name: &str, bytes: &[u8]) -> bool {
    name.as_bytes().get(..bytes.len()).is_some_and(|start| start.eq_ignore_ascii_case(bytes))
        && bytes.iter().all(|b| !b.is_ascii_lowercase())
}

/// A request that waits for its answer.
struct Request {
    at: Time,
    code: u32,
    name: Option<Text>,
    object: Text,
    verb: Option<Verb>,
    agent: Text,
    host: Text,
    action: Text,
    file: Text,
    length: u64,
    has_credential: bool,
    /// What to say of the password when it is accepted.
    default: Option<Text>,
    is_upgrade: bool,
}

/// Where one side is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// A header comes next.
    #[default]
    Head,
    /// A chunk's size comes next.
    Chunk,
    /// Fields behind the last chunk.
    Trailer,
    /// All that follows is body.
    Rest,
    /// The frames of HTTP/2.
    Frames,
    /// TLS or something else, for both sides.
    Tunnel,
}

#[derive(Default)]
struct Http {
    requests: VecDeque<Request>,
    client: Stage,
    server: Stage,
    tls: Option<Box<tls::Tls>>,
    is_tunnel_open: bool,
}

impl Http {
    fn stage(&mut self, speaker: Speaker) -> &mut Stage {
        match speaker {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        }
    }
}

impl Decoder for Http {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        match *self.stage(speaker) {
            Stage::Head => self.measure_head(bytes, speaker),
            Stage::Chunk => match bytes.get(..64.min(bytes.len())).and_then(|b| b.iter().position(|b| *b == b'\n')) {
                Some(end) => match head::chunk_size(bytes.get(..end).unwrap_or_default()) {
                    Some(0) => Measure::Whole(end.saturating_add(1)),
                    Some(size) => Measure::Head {
                        head: end.saturating_add(1),
                        total: usize::try_from(size).unwrap_or(usize::MAX).saturating_add(end).saturating_add(3),
                    },
                    None => Measure::Malformed("chunk size is not a number"),
                },
                None if bytes.len() >= 64 => Measure::Malformed("chunk size is too long"),
                None => Measure::More(bytes.len().saturating_add(1)),
            },
            Stage::Trailer => match bytes.iter().position(|b| *b == b'\n') {
                Some(end) => Measure::Whole(end.saturating_add(1)),
                None if bytes.len() > HEAD_MAX => Measure::Malformed("trailer does not end"),
                None => Measure::More(bytes.len().saturating_add(1)),
            },
            Stage::Rest => Measure::Whole(bytes.len()),
            Stage::Frames => match bytes {
                [a, b, c, ..] if bytes.len() >= 9 => {
                    Measure::Head { head: 9, total: (u32::from_be_bytes([0, *a, *b, *c]) as usize).saturating_add(9) }
                }
                _ => Measure::More(9),
            },
            Stage::Tunnel => match &mut self.tls {
                Some(tls) => tls.measure(bytes, speaker),
                None => Measure::Whole(bytes.len()),
            },
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        match *self.stage(context.speaker) {
            Stage::Head => match context.speaker {
                Speaker::Client => self.request(message, context, out),
                Speaker::Server => self.answer(message, context, out),
            },
            Stage::Chunk => {
                if head::chunk_size(message.trim_ascii_end()) == Some(0) {
                    *self.stage(context.speaker) = Stage::Trailer;
                }
            }
            Stage::Trailer => {
                if message.trim_ascii().is_empty() {
                    *self.stage(context.speaker) = Stage::Head;
                }
            }
            Stage::Rest | Stage::Frames => {}
            Stage::Tunnel => self.tunnel(message, context, out),
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        // Whatever was going on, the next thing found again is a header.
        if !matches!(self.stage(speaker), Stage::Tunnel | Stage::Frames) {
            *self.stage(speaker) = Stage::Head;
        }
        if let Some(tls) = &mut self.tls {
            tls.gap(speaker);
        }
        if speaker == Speaker::Server && !self.requests.is_empty() {
            // Answers may be among what was lost: matching would be off by one from here on.
            self.requests.truncate(limits::PENDING_MAX);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        while let Some(request) = self.requests.pop_front() {
            out.act(start(request).no_answer());
        }
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.end(out));
        }
    }
}

impl Http {
    fn measure_head(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        if speaker == Speaker::Client && bytes.starts_with(b"PRI * HTTP/2.0\r\n") {
            return if bytes.len() >= 24 { Measure::Whole(24) } else { Measure::More(24) };
        }
        // Empty lines between messages (RFC 9112 section 2.2).
        if let [b'\r' | b'\n', ..] = bytes {
            let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            return Measure::Whole(blank);
        }
        let is_start = match speaker {
            Speaker::Client => head::method(bytes).is_some() || head::may_be_method(bytes),
            Speaker::Server => bytes.iter().zip(b"HTTP/").all(|(a, b)| a == b),
        };
        if !is_start {
            return Measure::Malformed("no request or answer");
        }
        let Some(end) = head::end(bytes) else {
            return if bytes.len() >= HEAD_MAX {
                Measure::Malformed("header does not end")
            } else {
                Measure::More(bytes.len().saturating_add(1))
            };
        };
        let head = Head::read(bytes.get(..end).unwrap_or(bytes));
        let body = match speaker {
            Speaker::Client => head.request_body(),
            Speaker::Server => head.answer_body(self.requests.front().map_or(0, |request| request.code)),
        };
        match body {
            Body::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let wanted = if head.is_form() { length.min(FORM_HEAD) } else { 0 };
                Measure::Head { head: end.saturating_add(wanted), total: end.saturating_add(length) }
            }
            Body::Chunked | Body::Rest => Measure::Whole(end),
        }
    }

    fn request(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if message.starts_with(b"PRI * HTTP/2.0") {
            self.client = Stage::Frames;
            self.server = Stage::Frames;
            out.fact(About::Server, FactKey::Service, "http/2", "connection preface", Confidence::Certain);
            out.act(Draft::new(&PROTOCOL, 33).extra("version", "HTTP/2.0").message("http", 33));
            return;
        }
        if message.iter().all(|b| matches!(b, b'\r' | b'\n')) {
            return;
        }
        let end = head::end(message).unwrap_or(message.len());
        let (top, body) = message.split_at_checked(end).unwrap_or((message, &[]));
        let head = Head::read(top);
        let (code, rest) = head::method(head.line).unwrap_or((0, head.line));
        let target = rest.split(|b| *b == b' ').next().unwrap_or_default();
        let mut request = Request {
            at: context.at,
            code,
            name: (code == 0)
                .then(|| text(head.line.split(|b| *b == b' ').next().unwrap_or_default()).to_ascii_lowercase()),
            object: path(target),
            verb: None,
            agent: Text::default(),
            host: Text::default(),
            action: Text::default(),
            file: Text::default(),
            length: 0,
            has_credential: false,
            default: None,
            is_upgrade: false,
        };
        for (name, value) in head.fields() {
            match name.len() {
                4 if name.eq_ignore_ascii_case(b"host") => request.host = text(value),
                10 if name.eq_ignore_ascii_case(b"user-agent") => request.agent = short(value),
                10 if name.eq_ignore_ascii_case(b"soapaction") => {
                    request.action = text(value.trim_ascii()).trim_matches('"').into();
                }
                13 if name.eq_ignore_ascii_case(b"authorization") => {
                    (request.has_credential, request.default) = authorization(value, "authorization", out);
                }
                19 if name.eq_ignore_ascii_case(b"proxy-authorization") => {
                    (request.has_credential, request.default) = authorization(value, "proxy-authorization", out);
                }
                7 if name.eq_ignore_ascii_case(b"upgrade") => request.is_upgrade = true,
                14 if name.eq_ignore_ascii_case(b"content-length") => {
                    request.length = head::number(value).unwrap_or_default();
                }
                _ => {}
            }
        }
        if head.is_form() {
            request.file = head::file_name(body).map(text).unwrap_or_default();
            if !request.file.is_empty() {
                request.verb = Some(Verb::File);
            }
        }
        if code == 3 && request.verb.is_none() && is_login(&request.object) {
            request.verb = Some(Verb::Login);
        }
        if head::is_file(target) {
            request.verb = request.verb.or(Some(Verb::File));
        }
        if !request.agent.is_empty() {
            out.fact(About::Client, FactKey::Software, &request.agent, "user-agent", Confidence::Likely);
            if let Some(os) = software::system(&request.agent) {
                out.fact(About::Client, FactKey::Os, os, "user-agent", Confidence::Likely);
            }
        }
        if let Some(name) = host_name(&request.host)
            && code != 6
        {
            out.fact(About::Server, FactKey::Hostname, name, "host", Confidence::Likely);
        }
        self.client = match head.request_body() {
            Body::Chunked => Stage::Chunk,
            _ => Stage::Head,
        };
        if self.requests.len() >= limits::PENDING_MAX
            && let Some(oldest) = self.requests.pop_front()
        {
            out.act(start(oldest).no_answer());
        }
        let is_tunnel = code == 6 || request.is_upgrade;
        self.requests.push_back(request);
        // What follows a request to change the protocol belongs to whatever the answer decides.
        if code == 6 && is_tunnel {
            self.client = Stage::Tunnel;
        }
    }

    fn answer(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if message.iter().all(|b| matches!(b, b'\r' | b'\n')) {
            return;
        }
        let head = Head::read(message);
        let status = head.status();
        let method = self.requests.front().map_or(0, |request| request.code);
        let body = head.answer_body(method);
        let mut server = Text::default();
        let mut kind = Text::default();
        let mut file = Text::default();
        let mut length = None;
        let mut challenge = Text::default();
        for (name, value) in head.fields() {
            match name.len() {
                6 if name.eq_ignore_ascii_case(b"server") => server = short(value),
                12 if name.eq_ignore_ascii_case(b"content-type") => kind = short(value),
                12 if name.eq_ignore_ascii_case(b"x-powered-by") => {
                    out.fact(About::Server, FactKey::Software, &short(value), "x-powered-by", Confidence::Likely);
                }
                14 if name.eq_ignore_ascii_case(b"content-length") => length = head::number(value),
                16 | 18 if name.ends_with(b"-Authenticate") || name.ends_with(b"-authenticate") => {
                    let (scheme, rest) = head::scheme(value);
                    if scheme.eq_ignore_ascii_case(b"ntlm") || scheme.eq_ignore_ascii_case(b"negotiate") {
                        ntlm::tell(&credential::base64(rest), "http", out);
                    }
                    if challenge.is_empty() {
                        challenge = short(value);
                    }
                }
                19 if name.eq_ignore_ascii_case(b"content-disposition") => {
                    file = head::file_name(value).map(text).unwrap_or_default();
                }
                _ => {}
            }
        }
        if !server.is_empty() {
            out.fact(About::Server, FactKey::Software, &server, "server", Confidence::Likely);
            software::tell(&server, out);
        }
        if let Some(realm) = head::realm(challenge.as_bytes()) {
            out.fact(About::Server, FactKey::Description, &text(realm), "realm", Confidence::Guess);
        }
        // Provisional answers (1xx) come before the answer; 101 changes the protocol.
        if (100..200).contains(&status) && status != 101 {
            return;
        }
        self.server = match body {
            Body::Chunked => Stage::Chunk,
            Body::Rest => Stage::Rest,
            Body::Length(_) => Stage::Head,
        };
        let mut request = self.requests.pop_front();
        if status < 400 {
            let default = request.as_mut().and_then(|request| request.default.take());
            credential::accepted(default, "authorization", out);
        }
        if status == 101 || (method == 6 && (200..300).contains(&status)) {
            self.client = Stage::Tunnel;
            self.server = Stage::Tunnel;
            self.is_tunnel_open = true;
        } else if method == 6 {
            self.client = Stage::Head;
        }
        let has_credential = request.as_ref().is_some_and(|request| request.has_credential);
        let mut draft = match request {
            Some(request) => start(request),
            None => Draft::new(&PROTOCOL, 0),
        };
        if matches!(status, 401 | 407) && has_credential {
            draft = draft.verb(Verb::Login);
        } else if !file.is_empty() {
            draft = draft.verb(Verb::File);
        }
        let reason = text(head.reason()).to_lowercase();
        let refused = draft.refused(context.at, u32::from(status), reason.as_str());
        let mut draft = if status >= 400 { refused } else { done(refused) };
        if !file.is_empty() {
            draft = draft.extra("file", file);
        }
        let size = match length {
            Some(length) => format_compact!("{length}"),
            None => Text::default(),
        };
        out.act(draft.extra("type", kind).extra("bytes", size).extra("server", server).message("http", 0));
    }

    fn tunnel(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if self.is_tunnel_open && self.tls.is_none() && message.starts_with(&[22, 3]) && message.len() > 5 {
            // The first bytes were taken whole; from here on TLS measures.
            let mut tls = Box::<tls::Tls>::default();
            out.within(&tls::PROTOCOL, |out| feed(&mut tls, message, context, out));
            self.tls = Some(tls);
        } else if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.read(message, context, out));
        } else {
            self.is_tunnel_open = false;
        }
    }
}

/// Hands bytes that were not measured by TLS to it.
fn feed(tls: &mut tls::Tls, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (head, total) = match tls.measure(rest, context.speaker) {
            Measure::Whole(n) => (n, n),
            Measure::Head { head, total } => (head, total),
            _ => return,
        };
        let Some(message) = rest.get(..head).filter(|message| !message.is_empty()) else { return };
        tls.read(message, &Context { wire_len: total, ..*context }, out);
        rest = rest.get(total..).unwrap_or_default();
    }
}

/// A refusal is a status too, but not every status is one.
fn done(draft: Draft<'_>) -> Draft<'_> {
    Draft { outcome: Outcome::Done, ..draft }
}

/// What a request says, as the start of its act.
fn start(request: Request) -> Draft<'static> {
    let mut draft = match request.name {
        Some(name) => Draft::named(0, name, Verb::Other),
        None => Draft::new(&PROTOCOL, request.code),
    };
    if let Some(verb) = request.verb {
        draft = draft.verb(verb);
    }
    if request.length > 0 {
        draft = draft.extra("sent", format_compact!("{}", request.length));
    }
    draft
        .asked(request.at)
        .object(Object::Text(request.object))
        .extra("host", request.host)
        .extra("agent", request.agent)
        .extra("action", request.action)
        .extra("file", request.file)
        .message("http", request.code)
}

/// Target of a request without the values behind `?`, which may be passwords; their names stay.
fn path(target: &[u8]) -> Text {
    let target = target.get(..1_024).unwrap_or(target);
    let Some(mark) = target.iter().position(|b| *b == b'?') else { return text(target) };
    let (path, query) = target.split_at_checked(mark).unwrap_or((target, &[]));
    let mut path = text(path);
    let query = query.get(1..).unwrap_or_default();
    for (i, part) in query.split(|b| *b == b'&').take(32).enumerate() {
        path.push(if i == 0 { '?' } else { '&' });
        let mut halves = part.splitn(2, |b| *b == b'=');
        let name = halves.next().unwrap_or_default();
        path.push_str(&text(name));
        if let Some(value) = halves.next() {
            path.push('=');
            path.push_str(&if is_secret(name) { Text::const_new("…") } else { text(value) });
        }
    }
    path
}

/// Whether a parameter's name says that its value is a secret.
fn is_secret(name: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] = [b"pass", b"pwd", b"token", b"secret", b"key", b"auth", b"session", b"sid", b"pin"];
    WORDS.iter().any(|word| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word)))
}

/// A field's value as text of at most 200 bytes.
fn short(value: &[u8]) -> Text {
    let value = value.trim_ascii();
    text(value.get(..200).unwrap_or(value))
}

/// The name in a host field, where it is a name.
fn host_name(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let is_name = name.contains(|c: char| c.is_ascii_alphabetic())
        && name.len() <= 253
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && host.parse::<std::net::IpAddr>().is_err();
    is_name.then_some(name)
}

fn is_login(object: &str) -> bool {
    let path = object.split('?').next().unwrap_or_default().to_ascii_lowercase();
    ["login", "logon", "signin", "authenticate"].iter().any(|word| path.contains(word))
}

/// An authorization field: its kind, its user, whether it is a published default. Says whether it was a
/// credential, and what to say when it is accepted.
fn authorization(value: &[u8], source: &'static str, out: &mut Output<'_>) -> (bool, Option<Text>) {
    let (scheme, rest) = head::scheme(value);
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    if is(b"basic") {
        let pair = credential::base64(rest);
        let pair = String::from_utf8_lossy(&pair);
        match pair.split_once(':') {
            Some((user, password)) => (true, credential::tell("http basic", user, Some(password), source, out)),
            None => (true, credential::tell("http basic", "", None, source, out)),
        }
    } else if is(b"digest") {
        let user = head::parameter(rest, b"username").map(text).unwrap_or_default();
        (true, credential::tell("http digest", &user, None, source, out))
    } else if is(b"ntlm") || is(b"negotiate") {
        let token = credential::base64(rest);
        let is_ntlm = token.windows(8).any(|part| part == b"NTLMSSP\0");
        let kind = if is_ntlm { "http ntlm" } else { "http kerberos" };
        ntlm::tell(&token, "http", out);
        // The first of three legs shows nothing yet.
        if is_ntlm && !token.windows(9).any(|part| part == b"NTLMSSP\0\x03") {
            return (false, None);
        }
        (true, credential::tell(kind, "", None, source, out))
    } else if is(b"bearer") {
        (true, credential::tell("http bearer token", "", None, source, out))
    } else {
        (false, None)
    }
}

#[cfg(test)]
mod tests;
