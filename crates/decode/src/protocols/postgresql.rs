//! PostgreSQL: users, databases, kinds of logins and how they end, the change to TLS; queries are counted.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Time, Verb};

use crate::ber::text;
use crate::protocols::tls;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
    credential,
};

/// What is told; the numbers are this program's.
const CODES: &[Code] =
    &[code(0, "ssl request", Verb::Other), code(1, "login", Verb::Login), code(2, "session", Verb::Other)];

/// PostgreSQL.
pub static PROTOCOL: Protocol = Protocol {
    id: "postgresql",
    title: "PostgreSQL",
    about: "A database: historians, manufacturing execution, alarms.",
    depth: "User, database, program, kind of login and how it ends, version of the server, change to TLS; queries are counted and not read.",
    documents: &["PostgreSQL 16 documentation, chapter 55 (frontend/backend protocol)"],
    carriers: &[Carrier::Tcp(&[5432])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Postgresql::default()),
};

/// Bytes of a message that are read; rows and queries are passed over.
const HEAD_MAX: usize = 1_024;

/// What the client's first messages ask for, by the number in the place of the version.
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
const CANCEL: u32 = 80_877_102;
const VERSION_3: u32 = 196_608;

fn first(bytes: &[u8]) -> Option<(usize, u32)> {
    let [a, b, c, d, e, f, g, h] = bytes.first_chunk::<8>()?;
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let number = u32::from_be_bytes([*e, *f, *g, *h]);
    let fits = match number {
        SSL | GSS => length == 8,
        CANCEL => length == 16,
        VERSION_3..=196_610 => (9..10_000).contains(&length),
        _ => false,
    };
    fits.then_some((length, number))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    if !probe.is_stream {
        return Verdict::NO;
    }
    match first(probe.bytes) {
        Some((_, SSL | GSS | CANCEL)) => Verdict::by(Match::Certain, Speaker::Client),
        // The first parameter's name.
        Some(_) if probe.bytes.get(8..).is_some_and(|b| b.starts_with(b"user\0") || b.starts_with(b"database\0")) => {
            Verdict::by(Match::Certain, Speaker::Client)
        }
        _ => Verdict::NO,
    }
}

#[derive(Default)]
struct Postgresql {
    is_started: bool,
    waits_for_ssl: Option<Time>,
    asked: Option<Time>,
    user: Text,
    database: Text,
    program: Text,
    method: &'static str,
    default: Option<Text>,
    tls: Option<Box<tls::Tls>>,
    queries: u32,
    has_told: bool,
}

impl Postgresql {
    fn login(&mut self) -> Option<Draft<'static>> {
        let at = self.asked.take()?;
        let draft = Draft::new(&PROTOCOL, 1).asked(at).object(Object::Text(self.user.clone()));
        let draft = draft.extra("database", self.database.clone()).extra("program", self.program.clone());
        Some(draft.extra("method", self.method).message("postgresql", 1))
    }

    fn client(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if !self.is_started {
            match first(message) {
                Some((_, SSL | GSS)) => self.waits_for_ssl = Some(context.at),
                Some((_, VERSION_3..=196_610)) => {
                    self.is_started = true;
                    self.asked = Some(context.at);
                    let mut words = message.get(8..).unwrap_or_default().split(|b| *b == 0);
                    while let (Some(name), Some(value)) = (words.next(), words.next()) {
                        match name {
                            b"" => break,
                            b"user" => self.user = text(value),
                            b"database" => self.database = text(value),
                            b"application_name" => self.program = text(value),
                            _ => {}
                        }
                    }
                    credential::tell_user(&self.user, "startup", out);
                    out.fact(About::Client, FactKey::Software, &self.program, "application name", Confidence::Likely);
                }
                _ => {}
            }
            return;
        }
        match message.first() {
            Some(b'p') if self.method == "password" => {
                let password = message.get(5..).unwrap_or_default().split(|b| *b == 0).next().unwrap_or_default();
                let password = String::from_utf8_lossy(password);
                let user = self.user.clone();
                self.default = credential::tell("postgresql password", &user, Some(&password), "password", out);
            }
            Some(b'Q' | b'P') => self.queries = self.queries.saturating_add(1),
            _ => {}
        }
    }

    fn server(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let ([answer], Some(at)) = (message, self.waits_for_ssl.take()) {
            let draft = Draft::new(&PROTOCOL, 0).asked(at).message("postgresql", 0);
            if *answer == b'S' {
                self.tls = Some(Box::default());
                out.act(draft.done(context.at));
            } else {
                out.act(draft.refused(context.at, u32::from(*answer), "not offered"));
            }
            return;
        }
        let body = message.get(5..).unwrap_or_default();
        match message.first() {
            Some(b'R') => match body.first_chunk::<4>().map(|b| u32::from_be_bytes(*b)) {
                Some(0) => {
                    if self.method.is_empty() {
                        let kind = "postgresql no authentication";
                        out.fact(About::Server, FactKey::Credential, kind, "authentication", Confidence::Certain);
                    }
                    credential::accepted(self.default.take(), "password", out);
                    if let Some(draft) = self.login() {
                        out.act(draft.done(context.at));
                    }
                }
                Some(3) => self.method = "password",
                Some(5) => self.method = "md5 challenge",
                Some(7..=9) => self.method = "gss",
                Some(10) => self.method = "scram challenge",
                _ => {}
            },
            Some(b'E') => {
                let mut code = Text::default();
                let mut words = Text::default();
                for field in body.split(|b| *b == 0) {
                    match field {
                        [b'C', value @ ..] => code = text(value),
                        [b'M', value @ ..] => words = text(value),
                        _ => {}
                    }
                }
                if let Some(draft) = self.login() {
                    let number = u32::from_str_radix(&code, 36).unwrap_or(1);
                    out.act(draft.refused(context.at, number, words).extra("sqlstate", code));
                }
            }
            Some(b'S') => {
                let mut words = body.split(|b| *b == 0);
                if let (Some(b"server_version"), Some(version)) = (words.next(), words.next()) {
                    let software = format_compact!("PostgreSQL {}", text(version));
                    out.fact(About::Server, FactKey::Software, &software, "server_version", Confidence::Certain);
                }
            }
            _ => {}
        }
    }
}

impl Decoder for Postgresql {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        if let Some(tls) = &mut self.tls {
            return tls.measure(bytes, speaker);
        }
        if speaker == Speaker::Client && !self.is_started {
            return match first(bytes) {
                Some((length, _)) => Measure::Whole(length),
                None if bytes.len() < 8 => Measure::More(8),
                None => Measure::Malformed("no startup message"),
            };
        }
        if speaker == Speaker::Server && self.waits_for_ssl.is_some() && matches!(bytes, [b'S' | b'N' | b'G']) {
            return Measure::Whole(1);
        }
        match bytes {
            [kind, a, b, c, d, ..] if kind.is_ascii_alphanumeric() => {
                let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
                if !(4..=0x3fff_ffff).contains(&length) {
                    return Measure::Malformed("length cannot be");
                }
                let total = length.saturating_add(1);
                Measure::Head { head: total.min(HEAD_MAX), total }
            }
            [kind, ..] if !kind.is_ascii_alphanumeric() => Measure::Malformed("no message type"),
            _ => Measure::More(5),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.read(message, context, out));
            return;
        }
        match context.speaker {
            Speaker::Client => self.client(message, context, out),
            Speaker::Server => self.server(message, context, out),
        }
        if !self.has_told && self.is_started {
            self.has_told = true;
            out.fact(About::Server, FactKey::Service, "postgresql", "startup", Confidence::Certain);
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        if let Some(tls) = &mut self.tls {
            tls.gap(speaker);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(draft) = self.login() {
            out.act(draft.no_answer());
        }
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.end(out));
        }
        if self.queries > 0 {
            out.act(Draft::new(&PROTOCOL, 2).extra("queries", format_compact!("{}", self.queries)));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    const START: &str = "00000011 00030000 7573657200 6f7000 00";

    #[test]
    fn a_login_is_refused() {
        Dialog::stream(&PROTOCOL)
            .client("00000008 04d2162f")
            .server("4e")
            .client(START)
            .server("52 00000008 00000003")
            .client("70 00000006 7800")
            .server("45 00000010 433238503031 00 4d6e6f 00 00")
            .end_is(expect![[r#"
                C > S postgresql [other] ssl request -> refused (78 not offered) in 1000 us {postgresql 0: 1}
                fact C: user = op (postgresql, startup, likely)
                fact S: service = postgresql (postgresql, startup, certain)
                fact S: credential = postgresql password (postgresql, password, certain)
                C > S postgresql [login] login | op -> refused (3764881 no) in 3000 us method=password sqlstate=28P01 {postgresql 1: 1}
            "#]]);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        assert_eq!(testing::probe(&PROTOCOL, START), Verdict::by(Match::Certain, Speaker::Client));
        testing::torture(&PROTOCOL, &[START, "00000008 04d2162f", "4e", "52 00000008 00000000", "45 00000006 4d00"]);
    }
}
