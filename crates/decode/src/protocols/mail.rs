//! SMTP, POP3 and IMAP: who sends from where, kinds of logins and how they end, the change to TLS; mails are not read.

use std::collections::VecDeque;

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Time, Verb};

use crate::ber::text;
use crate::protocols::{ntlm, tls};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
    credential, limits, lines,
};

/// Commands of SMTP (RFC 5321); the numbers are this program's.
const SMTP_CODES: &[Code] = &[
    code(0, "greeting", Verb::Other),
    code(1, "helo", Verb::Other),
    code(2, "ehlo", Verb::Other),
    code(3, "mail", Verb::Other),
    code(4, "rcpt", Verb::Other),
    code(5, "data", Verb::File),
    code(6, "bdat", Verb::File),
    code(7, "rset", Verb::Other),
    code(8, "vrfy", Verb::Browse),
    code(9, "expn", Verb::Browse),
    code(10, "help", Verb::Identify),
    code(11, "noop", Verb::Other),
    code(12, "quit", Verb::Other),
    code(13, "auth", Verb::Login),
    code(14, "starttls", Verb::Other),
];

/// Commands of POP3 (RFC 1939).
const POP3_CODES: &[Code] = &[
    code(0, "greeting", Verb::Other),
    code(1, "user", Verb::Other),
    code(2, "pass", Verb::Login),
    code(3, "apop", Verb::Login),
    code(4, "stat", Verb::Browse),
    code(5, "list", Verb::Browse),
    code(6, "retr", Verb::File),
    code(7, "dele", Verb::File),
    code(8, "top", Verb::File),
    code(9, "uidl", Verb::Browse),
    code(10, "capa", Verb::Identify),
    code(11, "noop", Verb::Other),
    code(12, "rset", Verb::Other),
    code(13, "quit", Verb::Other),
    code(14, "stls", Verb::Other),
    code(15, "auth", Verb::Login),
];

/// Commands of IMAP (RFC 9051) that matter here.
const IMAP_CODES: &[Code] = &[
    code(0, "greeting", Verb::Other),
    code(1, "login", Verb::Login),
    code(2, "authenticate", Verb::Login),
    code(3, "capability", Verb::Identify),
    code(4, "id", Verb::Identify),
    code(5, "select", Verb::Browse),
    code(6, "list", Verb::Browse),
    code(7, "fetch", Verb::File),
    code(8, "append", Verb::File),
    code(9, "logout", Verb::Other),
    code(10, "starttls", Verb::Other),
    code(11, "noop", Verb::Other),
    code(12, "idle", Verb::Subscribe),
    code(13, "lsub", Verb::Browse),
    code(14, "status", Verb::Browse),
    code(15, "uid", Verb::File),
];

/// SMTP.
pub static SMTP: Protocol = Protocol {
    id: "smtp",
    title: "SMTP",
    about: "Sends mail: alarms and reports of plants, and office mail.",
    depth: "Names of both machines, envelope, kinds of logins and how they end, change to TLS; mails are passed over.",
    documents: &["RFC 5321", "RFC 4954 (AUTH)", "RFC 3207 (STARTTLS)", "RFC 3030 (BDAT)"],
    carriers: &[Carrier::Tcp(&[25, 587, 2525])],
    is_industrial: false,
    codes: SMTP_CODES,
    probe: |probe| probe_of(Kind::Smtp, probe),
    open: |_| Box::new(Mail::new(Kind::Smtp)),
};

/// POP3.
pub static POP3: Protocol = Protocol {
    id: "pop3",
    title: "POP3",
    about: "Fetches mail.",
    depth: "Users, presence of passwords, commands and how they end, change to TLS; mails are passed over.",
    documents: &["RFC 1939", "RFC 2595 (STLS)"],
    carriers: &[Carrier::Tcp(&[110])],
    is_industrial: false,
    codes: POP3_CODES,
    probe: |probe| probe_of(Kind::Pop3, probe),
    open: |_| Box::new(Mail::new(Kind::Pop3)),
};

/// IMAP.
pub static IMAP: Protocol = Protocol {
    id: "imap",
    title: "IMAP",
    about: "Reads mail on its server.",
    depth: "Users, presence of passwords, commands and how they end, change to TLS; mails are passed over.",
    documents: &["RFC 9051", "RFC 2595 (STARTTLS)"],
    carriers: &[Carrier::Tcp(&[143])],
    is_industrial: false,
    codes: IMAP_CODES,
    probe: |probe| probe_of(Kind::Imap, probe),
    open: |_| Box::new(Mail::new(Kind::Imap)),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Smtp,
    Pop3,
    Imap,
}

impl Kind {
    fn protocol(self) -> &'static Protocol {
        match self {
            Kind::Smtp => &SMTP,
            Kind::Pop3 => &POP3,
            Kind::Imap => &IMAP,
        }
    }
}

fn probe_of(kind: Kind, probe: &Probe<'_>) -> Verdict {
    let bytes = probe.bytes;
    if !probe.is_stream {
        return Verdict::NO;
    }
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let has = |word: &[u8]| line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    let is_whole = bytes.contains(&b'\n');
    let words: &[&str] = match kind {
        Kind::Smtp => &["EHLO", "HELO", "MAIL FROM:", "STARTTLS"],
        Kind::Pop3 => &["CAPA", "STLS", "APOP", "UIDL"],
        Kind::Imap => &[],
    };
    match (kind, line) {
        (Kind::Smtp, [b'2', b'2', b'0', b' ' | b'-', ..]) if has(b"smtp") || has(b" mail") => {
            return Verdict::by(Match::Certain, Speaker::Server);
        }
        (Kind::Smtp, [b'2', b'2', b'0', b' ' | b'-', ..]) => {
            return if is_whole { Verdict::by(Match::Weak, Speaker::Server) } else { Verdict::MORE };
        }
        (Kind::Pop3, [b'+', b'O', b'K', b' ' | b'\r', ..]) => {
            let matched = if has(b"pop") || has(b"@") { Match::Likely } else { Match::Weak };
            return Verdict::by(matched, Speaker::Server);
        }
        (Kind::Imap, [b'*', b' ', b'O', b'K', b' ', ..]) => {
            let matched = if has(b"imap") || has(b"capability") { Match::Certain } else { Match::Weak };
            return Verdict::by(matched, Speaker::Server);
        }
        (Kind::Imap, line) => {
            let (tag, rest) = tagged(line);
            let is_tag = (1..=10).contains(&tag.len()) && tag.iter().any(|b| b.is_ascii_digit());
            let (word, _) = lines::command(rest);
            let is_own = matches!(word.as_str(), "login" | "capability" | "authenticate" | "starttls" | "select");
            return match is_tag && is_own && is_whole {
                true => Verdict::by(Match::Likely, Speaker::Client),
                false => Verdict::NO,
            };
        }
        _ => {}
    }
    match lines::starts_with_one_of(bytes, words) {
        Some(true) => Verdict::by(Match::Likely, Speaker::Client),
        None => Verdict::MORE,
        Some(false) if kind == Kind::Smtp && bytes.get(..10).is_some_and(|b| b.eq_ignore_ascii_case(b"MAIL FROM:")) => {
            Verdict::by(Match::Likely, Speaker::Client)
        }
        Some(false) => Verdict::NO,
    }
}

/// The tag of an IMAP line and what follows.
fn tagged(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let (tag, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    if tag.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.') { (tag, rest.trim_ascii()) } else { (&[], rest) }
}

struct Request {
    at: Time,
    code: u32,
    name: Text,
    object: Text,
    tag: Text,
    method: Text,
}

/// What the client's next lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Commands,
    /// Answers to challenges of a login: they are or may be passwords.
    Challenge,
    /// The mail itself, until a line with a dot.
    Mail,
    /// Announced bytes, still to come.
    Bytes(u64),
}

struct Mail {
    kind: Kind,
    stage: Stage,
    requests: VecDeque<Request>,
    user: Text,
    default: Option<Text>,
    has_greeted: bool,
    is_sending: bool,
    bytes: u64,
    tls: Option<Box<tls::Tls>>,
}

impl Mail {
    fn new(kind: Kind) -> Mail {
        Mail {
            kind,
            stage: Stage::Commands,
            requests: VecDeque::new(),
            user: Text::default(),
            default: None,
            has_greeted: false,
            is_sending: false,
            bytes: 0,
            tls: None,
        }
    }

    /// The kind of a password's presence.
    const fn password(&self) -> &'static str {
        match self.kind {
            Kind::Smtp => "smtp password",
            Kind::Pop3 => "pop3 password",
            Kind::Imap => "imap password",
        }
    }

    fn request(&mut self, line: &[u8], context: &Context, out: &mut Output<'_>) {
        let (tag, rest) = if self.kind == Kind::Imap { tagged(line) } else { (&[][..], line) };
        let (word, parameter) = lines::command(rest);
        if word.is_empty() {
            return;
        }
        let known = self.kind.protocol().codes.iter().skip(1).find(|row| row.name == word);
        let code = known.map_or(0, |row| row.code);
        let mut request = Request {
            at: context.at,
            code,
            name: word,
            object: Text::default(),
            tag: text(tag),
            method: Text::default(),
        };
        match (self.kind, code) {
            (Kind::Smtp, 1 | 2) => {
                request.object = text(parameter);
                let name = request.object.trim_matches(['[', ']']);
                if name.parse::<std::net::IpAddr>().is_err() {
                    out.fact(About::Client, FactKey::Hostname, name, "helo", Confidence::Likely);
                }
            }
            (Kind::Smtp, 3 | 4) => request.object = text(parameter),
            (Kind::Smtp, 6) => {
                let size = parameter.split(|b| *b == b' ').next().and_then(|n| std::str::from_utf8(n).ok());
                self.stage = Stage::Bytes(size.and_then(|size| size.parse().ok()).unwrap_or(0));
            }
            (Kind::Smtp, 13) | (Kind::Pop3, 15) | (Kind::Imap, 2) => {
                let mut words = parameter.split(|b| *b == b' ');
                request.method = text(words.next().unwrap_or_default()).to_ascii_lowercase();
                self.stage = Stage::Challenge;
                self.show(&request.method, words.next().unwrap_or_default(), out);
                request.object = self.user.clone();
            }
            (Kind::Pop3, 1) => {
                self.user = text(parameter);
                credential::tell_user(&self.user, "user", out);
                request.object = self.user.clone();
            }
            (Kind::Pop3, 2) => {
                let password = String::from_utf8_lossy(parameter);
                self.default = credential::tell(self.password(), &self.user, Some(&password), "pass", out);
                request.object = self.user.clone();
            }
            (Kind::Pop3, 3) => {
                self.user = text(parameter.split(|b| *b == b' ').next().unwrap_or_default());
                let _ = credential::tell("pop3 digest", &self.user, None, "apop", out);
                request.object = self.user.clone();
            }
            (Kind::Imap, 1) => {
                let mut words = parameter
                    .splitn(2, |b| *b == b' ')
                    .map(|word| String::from_utf8_lossy(word).trim().trim_matches('"').to_owned());
                self.user = words.next().unwrap_or_default().into();
                let password = words.next().unwrap_or_default();
                self.default = credential::tell(self.password(), &self.user, Some(&password), "login", out);
                request.object = self.user.clone();
            }
            (Kind::Imap, 4..=8 | 13..=15) => request.object = text(parameter.get(..80).unwrap_or(parameter)),
            (Kind::Pop3, _) => request.object = text(parameter.get(..32).unwrap_or(parameter)),
            _ => {}
        }
        if self.requests.len() >= limits::PENDING_MAX
            && let Some(old) = self.requests.pop_front()
        {
            out.act(self.start(&old).no_answer());
        }
        self.requests.push_back(request);
    }

    /// A response in a login: what can be said of it without keeping it.
    fn show(&mut self, method: &str, response: &[u8], out: &mut Output<'_>) {
        let response = response.trim_ascii();
        if matches!(response, [] | [b'='] | [b'*']) {
            return;
        }
        let decoded = credential::base64(response);
        match method {
            // RFC 4616: authorization identity, user, password, with zeros between.
            "plain" => {
                let mut parts = decoded.split(|b| *b == 0).skip(1).map(String::from_utf8_lossy);
                let (user, password) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                self.user = text(user.as_bytes());
                self.default = credential::tell(self.password(), &user, Some(&password), "auth plain", out);
            }
            "login" => {
                if self.user.is_empty() {
                    self.user = text(&decoded);
                } else {
                    let password = String::from_utf8_lossy(&decoded);
                    self.default = credential::tell(self.password(), &self.user, Some(&password), "auth login", out);
                }
            }
            "ntlm" => {
                if let Some(ntlm) = ntlm::tell(&decoded, self.kind.protocol().id, out)
                    && ntlm.kind == 3
                {
                    self.user = ntlm.user;
                }
            }
            "cram-md5" => {
                let user = decoded.rsplitn(2, |b| *b == b' ').last().unwrap_or_default();
                self.user = text(user);
                let _ = credential::tell("challenge and digest", &self.user, None, "auth cram-md5", out);
            }
            _ => {}
        }
    }

    fn answer(&mut self, line: &[u8], context: &Context, out: &mut Output<'_>) {
        let said = |words: &[u8]| text(words.get(..200).unwrap_or(words));
        let (number, is_good, is_waiting, words) = match self.kind {
            Kind::Smtp => match lines::reply(line) {
                Some((number, false, words)) => (number, number < 400, (300..400).contains(&number), words),
                _ => return,
            },
            Kind::Pop3 => match line.trim_ascii_end() {
                [b'+', b'O', b'K', words @ ..] => (0, true, false, words),
                [b'-', b'E', b'R', b'R', words @ ..] => (1, false, false, words),
                [b'+', ..] => (0, true, true, &[][..]),
                _ => return,
            },
            Kind::Imap => {
                let (tag, rest) = tagged(line.trim_ascii_end());
                let (word, words) = lines::command(rest);
                match (word.as_str(), line) {
                    ("ok", _) if !tag.is_empty() => (0, true, false, words),
                    ("no", _) if !tag.is_empty() => (1, false, false, words),
                    ("bad", _) if !tag.is_empty() => (2, false, false, words),
                    (_, [b'*', b' ', b'O', b'K', words @ ..]) if !self.has_greeted => (0, true, false, words),
                    (_, [b'+', ..]) => (0, true, true, &[][..]),
                    _ => return,
                }
            }
        };
        if !self.has_greeted && self.requests.is_empty() {
            self.has_greeted = true;
            let greeting = said(words.trim_ascii());
            out.fact(About::Server, FactKey::Software, &greeting, "greeting", Confidence::Likely);
            let protocol = self.kind.protocol();
            if self.kind == Kind::Smtp
                && let Some(name) = greeting.split(' ').next().filter(|name| name.contains('.') && !name.contains('@'))
            {
                out.fact(About::Server, FactKey::Hostname, name, "greeting", Confidence::Likely);
            }
            out.act(Draft::new(protocol, 0).from_server().message(protocol.id, 0));
            return;
        }
        self.has_greeted = true;
        if is_waiting {
            if self.requests.front().is_some_and(|request| self.kind == Kind::Smtp && request.code == 5) {
                self.stage = Stage::Mail;
                self.is_sending = true;
            }
            return;
        }
        let Some(request) = self.requests.pop_front() else { return };
        let is_secure = matches!((self.kind, request.code), (Kind::Smtp | Kind::Pop3, 14) | (Kind::Imap, 10));
        if is_secure && is_good {
            self.tls = Some(Box::default());
        }
        let is_login = self.kind.protocol().code(request.code).1 == Verb::Login;
        if is_login {
            self.stage = Stage::Commands;
            let default = self.default.take();
            if is_good {
                credential::accepted(default, "login", out);
            }
        }
        let mut draft = self.start(&request);
        if is_login {
            draft = draft.object(Object::Text(std::mem::take(&mut self.user)));
        }
        if std::mem::take(&mut self.is_sending) {
            draft = draft.extra("bytes", format_compact!("{}", std::mem::take(&mut self.bytes)));
        }
        let said = said(words.trim_ascii());
        out.act(if is_good { draft.done(context.at) } else { draft.refused(context.at, number.into(), said) });
    }

    fn start(&self, request: &Request) -> Draft<'static> {
        let protocol = self.kind.protocol();
        let draft = match request.code {
            0 => Draft::named(0, request.name.clone(), Verb::Other),
            code => Draft::new(protocol, code),
        };
        draft
            .asked(request.at)
            .object(Object::Text(request.object.clone()))
            .extra("tag", if self.kind == Kind::Imap { request.tag.clone() } else { Text::default() })
            .extra("method", request.method.clone())
            .message(protocol.id, request.code)
    }
}

impl Decoder for Mail {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        if let Some(tls) = &mut self.tls {
            return tls.measure(bytes, speaker);
        }
        match (speaker, self.stage) {
            (Speaker::Client, Stage::Bytes(left)) if left > 0 => {
                let total = usize::try_from(left).unwrap_or(usize::MAX);
                Measure::Head { head: 1, total }
            }
            // Lines of mails have no limit that anyone keeps: a long one is passed in pieces.
            (Speaker::Client, Stage::Mail) | (Speaker::Server, _) => match lines::measure(bytes) {
                Measure::Malformed(_) => Measure::Whole(lines::LINE_MAX),
                measure => measure,
            },
            (Speaker::Client, _) => lines::measure(bytes),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.read(message, context, out));
            return;
        }
        match (context.speaker, self.stage) {
            (Speaker::Server, _) => self.answer(message, context, out),
            (Speaker::Client, Stage::Commands) => self.request(message, context, out),
            (Speaker::Client, Stage::Bytes(_)) => {
                self.is_sending = true;
                self.bytes = self.bytes.saturating_add(context.wire_len as u64);
                self.stage = Stage::Commands;
                // The first byte is a command where nothing was announced.
                if context.wire_len == message.len() && message.len() > 1 {
                    self.request(message, context, out);
                }
            }
            (Speaker::Client, Stage::Mail) => {
                self.bytes = self.bytes.saturating_add(message.len() as u64);
                if matches!(message, b".\r\n" | b".\n") {
                    self.stage = Stage::Commands;
                }
            }
            (Speaker::Client, Stage::Challenge) => {
                let method = self.requests.front().map(|request| request.method.clone()).unwrap_or_default();
                self.show(&method, message, out);
            }
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        match (&mut self.tls, speaker) {
            (Some(tls), _) => tls.gap(speaker),
            (None, Speaker::Client) => self.stage = Stage::Commands,
            (None, Speaker::Server) => {}
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.end(out));
        }
        while let Some(request) = self.requests.pop_front() {
            out.act(self.start(&request).no_answer());
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    fn dialog(protocol: &'static Protocol, parts: &[(Speaker, &str)]) -> Dialog {
        parts.iter().fold(Dialog::stream(protocol), |dialog, (speaker, text)| dialog.says(*speaker, text.as_bytes()))
    }

    use Speaker::{Client, Server};

    #[test]
    fn a_mail_with_a_login() {
        dialog(
            &SMTP,
            &[
                (Server, "220 mx.example ESMTP Postfix\r\n"),
                (Client, "EHLO plc7\r\n"),
                (Server, "250-mx.example\r\n250 AUTH LOGIN PLAIN\r\n"),
                (Client, "AUTH PLAIN AGFkbWluAGFkbWlu\r\n"),
                (Server, "235 ok\r\n"),
                (Client, "MAIL FROM:<a@plant.example>\r\n"),
                (Server, "250 ok\r\n"),
                (Client, "DATA\r\n"),
                (Server, "354 go\r\n"),
                (Client, "Subject: QUIT\r\n\r\nQUIT\r\n.\r\nQUIT\r\n"),
                (Server, "250 queued\r\n221 bye\r\n"),
            ],
        )
        .end_is(expect![[r#"
            fact S: software = mx.example ESMTP Postfix (smtp, greeting, likely)
            fact S: hostname = mx.example (smtp, greeting, likely)
            S > C smtp [other] greeting -> asked {smtp 0: 1}
            fact C: hostname = plc7 (smtp, helo, likely)
            C > S smtp [other] ehlo | plc7 -> done in 1000 us {smtp 2: 1}
            fact S: credential = smtp password (smtp, auth plain, certain)
            fact C: user = admin (smtp, auth plain, likely)
            fact S: default_credential = smtp password of admin (smtp, login, certain)
            C > S smtp [login] auth | admin -> done in 1000 us method=plain {smtp 13: 1}
            C > S smtp [other] mail | FROM:<a@plant.example> -> done in 1000 us {smtp 3: 1}
            C > S smtp [file] data -> done in 3000 us bytes=26 {smtp 5: 1}
            C > S smtp [other] quit -> done in 1000 us {smtp 12: 1}
        "#]]);
    }

    #[test]
    fn mail_is_fetched() {
        dialog(
            &POP3,
            &[
                (Server, "+OK POP3 ready\r\n"),
                (Client, "USER op\r\n"),
                (Server, "+OK\r\n"),
                (Client, "PASS x\r\n"),
                (Server, "-ERR no\r\n"),
            ],
        )
        .end_is(expect![[r#"
            fact S: software = POP3 ready (pop3, greeting, likely)
            S > C pop3 [other] greeting -> asked {pop3 0: 1}
            fact C: user = op (pop3, user, likely)
            C > S pop3 [other] user | op -> done in 1000 us {pop3 1: 1}
            fact S: credential = pop3 password (pop3, pass, certain)
            C > S pop3 [login] pass | op -> refused (1 no) in 1000 us {pop3 2: 1}
        "#]]);
        dialog(
            &IMAP,
            &[(Server, "* OK IMAP4rev1\r\n"), (Client, "a1 LOGIN \"op\" \"x\"\r\n"), (Server, "a1 NO failed\r\n")],
        )
        .end_is(expect![[r#"
            fact S: software = IMAP4rev1 (imap, greeting, likely)
            S > C imap [other] greeting -> asked {imap 0: 1}
            fact S: credential = imap password (imap, login, certain)
            fact C: user = op (imap, login, likely)
            C > S imap [login] login | op -> refused (1 failed) in 1000 us tag=a1 {imap 1: 1}
        "#]]);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        let hex = |text: &str| crate::words::hexadecimal(text.as_bytes());
        let lines = [hex("AUTH LOGIN YQ==\r\n"), hex("BDAT 5 LAST\r\n"), hex("a LOGIN b c\r\n"), hex("334 x\r\n")];
        for protocol in [&SMTP, &POP3, &IMAP] {
            testing::torture(protocol, &lines.each_ref().map(|line| line.as_str()));
        }
    }
}
