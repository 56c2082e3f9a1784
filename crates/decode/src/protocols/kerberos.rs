//! Kerberos 5 over UDP and TCP: who asks for which ticket, with which encryption, and why it is refused.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Time, Verb};

use crate::ber::{Element, Elements};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Message types: RFC 4120 section 7.5.7.
const CODES: &[Code] = &[
    code(10, "as request", Verb::Login),
    code(11, "as reply", Verb::Login),
    code(12, "tgs request", Verb::Other),
    code(13, "tgs reply", Verb::Other),
    code(14, "ap request", Verb::Other),
    code(15, "ap reply", Verb::Other),
    code(20, "safe", Verb::Other),
    code(21, "priv", Verb::Other),
    code(22, "cred", Verb::Other),
    code(30, "error", Verb::Other),
];

/// Kerberos.
pub static PROTOCOL: Protocol = Protocol {
    id: "kerberos",
    title: "Kerberos",
    about: "Logs users and machines in at the domain controller and gives out tickets for services.",
    depth: "Requests for tickets with user, service, realm and kinds of encryption; errors by name.",
    documents: &["RFC 4120", "RFC 3961 and 4757 (encryption types)"],
    carriers: &[Carrier::Udp(&[88]), Carrier::Tcp(&[88])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |opening| Box::new(Kerberos { is_stream: opening.is_stream, waiting: None }),
};

/// Errors: RFC 4120 section 7.5.9.
const ERRORS: &[(u32, &str)] = &[
    (3, "bad protocol version"),
    (6, "client not in database"),
    (7, "server not in database"),
    (12, "policy rejects request"),
    (13, "cannot accommodate option"),
    (14, "no support for encryption type"),
    (18, "credentials revoked"),
    (23, "password has expired"),
    (24, "pre-authentication failed"),
    (25, "pre-authentication required"),
    (28, "server does not support this key type"),
    (31, "integrity check failed"),
    (32, "ticket expired"),
    (34, "request is a replay"),
    (36, "ticket and authenticator do not match"),
    (37, "clock skew too great"),
    (41, "message stream modified"),
    (52, "response too big"),
    (60, "generic error"),
    (68, "wrong realm"),
];

const KRB_MAX: usize = 64 * 1024;

/// The message behind the length that TCP has.
fn message(bytes: &[u8], is_stream: bool) -> &[u8] {
    if is_stream { bytes.get(4..).unwrap_or_default() } else { bytes }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let body = message(probe.bytes, probe.is_stream);
    if probe.is_stream {
        let Some(length) = probe.bytes.first_chunk::<4>().map(|b| u32::from_be_bytes(*b) as usize) else {
            return if probe.bytes.first() == Some(&0) { Verdict::MORE } else { Verdict::NO };
        };
        if !(10..=KRB_MAX).contains(&length) {
            return Verdict::NO;
        }
        if body.len() < 12 {
            let may_be = body.first().is_none_or(|tag| matches!(tag, 0x6a..=0x6d | 0x7e));
            return if may_be { Verdict::MORE } else { Verdict::NO };
        }
    }
    let speaker = match body.first() {
        Some(0x6a | 0x6c) => Speaker::Client,
        Some(0x6b | 0x6d | 0x7e) => Speaker::Server,
        _ => return Verdict::NO,
    };
    let kind = body.first().map_or(0, |tag| tag & 0x1f);
    // Version 5 and the type that the tag says too.
    let version = body
        .windows(10)
        .take(8)
        .any(|part| matches!(part, [0xa0..=0xa1, 3, 2, 1, 5, 0xa1..=0xa2, 3, 2, 1, number] if *number == kind));
    if version { Verdict::by(Match::Certain, speaker) } else { Verdict::NO }
}

/// Names of encryption types that are weak, and of the usual ones.
fn encryption(number: i64) -> Text {
    Text::const_new(match number {
        1 => "des-cbc-crc",
        3 => "des-cbc-md5",
        16 => "des3-cbc-sha1",
        17 => "aes128-cts-hmac-sha1-96",
        18 => "aes256-cts-hmac-sha1-96",
        19 => "aes128-cts-hmac-sha256-128",
        20 => "aes256-cts-hmac-sha384-192",
        23 => "rc4-hmac",
        24 => "rc4-hmac-exp",
        other => return format_compact!("{other}"),
    })
}

/// A principal: its parts joined by slashes.
fn principal(element: &Element<'_>) -> Text {
    let parts = element.inside().next().and_then(|sequence| sequence.inside().context(1));
    let names: Vec<Text> = parts
        .and_then(|parts| parts.inside().next())
        .map(|list| list.inside().take(8).map(|name| name.text()).collect())
        .unwrap_or_default();
    names.join("/").into()
}

/// The text in a field.
fn string(element: &Element<'_>) -> Text {
    element.inside().next().map(|text| text.text()).unwrap_or_default()
}

struct Request {
    at: Time,
    kind: u32,
    client: Text,
    service: Text,
    realm: Text,
    offered: Text,
    has_proof: bool,
}

struct Kerberos {
    is_stream: bool,
    /// One request at a time is how clients do it.
    waiting: Option<Request>,
}

fn start(request: &Request) -> Draft<'static> {
    let draft = Draft::new(&PROTOCOL, request.kind).asked(request.at).message("kerberos", request.kind);
    draft
        .object(Object::Text(request.service.clone()))
        .extra("client", request.client.clone())
        .extra("realm", request.realm.clone())
        .extra("offered", request.offered.clone())
}

impl Kerberos {
    fn request(&mut self, kind: u32, fields: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        if let Some(old) = self.waiting.take() {
            out.act(start(&old).no_answer());
        }
        let mut request = Request {
            at: context.at,
            kind,
            client: Text::default(),
            service: Text::default(),
            realm: Text::default(),
            offered: Text::default(),
            has_proof: kind == 12,
        };
        if let Some(padata) = fields.inside().context(3).and_then(|padata| padata.inside().next()) {
            // An encrypted time stamp (2) is the proof that the client knows the password.
            request.has_proof |= padata
                .inside()
                .take(16)
                .any(|data| data.inside().context(1).and_then(|kind| kind.inside().next()?.signed()) == Some(2));
        }
        let body = fields.inside().context(4).and_then(|body| body.inside().next());
        for field in body.iter().flat_map(|body| body.inside().take(16)) {
            match field.tag {
                1 => request.client = principal(&field),
                2 => request.realm = string(&field),
                3 => request.service = principal(&field),
                8 => {
                    let kinds: Vec<Text> = field
                        .inside()
                        .next()
                        .map(|list| list.inside().take(12).filter_map(|n| n.signed()).map(encryption).collect())
                        .unwrap_or_default();
                    request.offered = kinds.join(",").into();
                }
                9 => {
                    // The client's own NetBIOS name (address type 20).
                    let name = field.inside().next().and_then(|list| {
                        let address = list.inside().next()?;
                        let kind = address.inside().context(0)?.inside().next()?.signed()?;
                        (kind == 20).then(|| address.inside().context(1).map(|name| string(&name)))?
                    });
                    let name = name.unwrap_or_default();
                    out.fact(About::Client, FactKey::Hostname, name.trim(), "kerberos addresses", Confidence::Certain);
                }
                _ => {}
            }
        }
        out.fact(About::Client, FactKey::Domain, &request.realm, "kerberos realm", Confidence::Likely);
        // Machines' own accounts end with a dollar sign.
        match request.client.strip_suffix('$') {
            Some(machine) => {
                out.fact(About::Client, FactKey::Hostname, machine, "kerberos machine account", Confidence::Likely);
            }
            None => out.fact(About::Client, FactKey::User, &request.client, "kerberos client", Confidence::Likely),
        }
        self.waiting = Some(request);
    }

    fn answer(&mut self, kind: u32, fields: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let request = self.waiting.take();
        let mut draft = match &request {
            Some(request) => start(request),
            None => Draft::new(&PROTOCOL, kind),
        };
        draft = draft.message("kerberos", kind);
        if kind != 30 {
            let used = fields
                .inside()
                .context(6)
                .and_then(|part| part.inside().next()?.inside().context(0)?.inside().next()?.signed());
            if request.is_none() {
                draft =
                    draft.extra("client", fields.inside().context(4).map(|name| principal(&name)).unwrap_or_default());
            }
            out.fact(About::Server, FactKey::Role, "domain controller", "kerberos reply", Confidence::Guess);
            out.act(draft.done(context.at).extra("encryption", used.map(encryption).unwrap_or_default()));
            return;
        }
        let code = fields.inside().context(6).and_then(|code| code.inside().next()?.unsigned()).unwrap_or(0);
        let code = u32::try_from(code).unwrap_or(u32::MAX);
        let name = ERRORS.iter().find(|(number, _)| *number == code);
        let name = name.map_or_else(|| format_compact!("error {code}"), |(_, name)| Text::const_new(name));
        // Being asked for proof, or to come back by TCP, is no failed login.
        if matches!(code, 25 | 52) {
            out.act(draft.verb(Verb::Other).done(context.at).status(code, name));
        } else {
            out.act(draft.refused(context.at, code, name));
        }
    }
}

impl Decoder for Kerberos {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        if !self.is_stream {
            return Measure::Whole(bytes.len());
        }
        match bytes.first_chunk::<4>().map(|b| u32::from_be_bytes(*b) as usize) {
            Some(length) if (10..=KRB_MAX).contains(&length) => Measure::Whole(length.saturating_add(4)),
            Some(_) => Measure::Malformed("length cannot be"),
            None => Measure::More(4),
        }
    }

    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some(outer) = Elements::new(message(bytes, self.is_stream)).next() else { return };
        let Some(fields) = outer.inside().next().filter(|_| outer.class == 1) else {
            out.malformed(0, "message", "not an application element");
            return;
        };
        match outer.tag {
            10 | 12 => self.request(outer.tag, &fields, context, out),
            11 | 13 | 30 => self.answer(outer.tag, &fields, context, out),
            other => out.act(Draft::new(&PROTOCOL, other).message("kerberos", other)),
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(request) = self.waiting.take() {
            out.act(start(&request).no_answer());
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    /// AS-REQ of `op` in `A` for `krbtgt/A` with AES 256.
    const REQUEST: &str = "6a 44 30 42 a103020105 a20302010a a4 36 30 34
        a1 0f 300d a003020101 a106 3004 1b02 6f70
        a2 03 1b0141
        a3 15 3013 a003020102 a10c 300a 1b06 6b7262746774 1b00
        a8 05 3003 020112";

    #[test]
    fn a_login_is_refused() {
        Dialog::datagrams(&PROTOCOL)
            .client(REQUEST)
            .server("7e 11 30 0f a003020105 a10302011e a603020118")
            .end_is(expect![[r#"
                fact C: domain = A (kerberos, kerberos realm, likely)
                fact C: user = op (kerberos, kerberos client, likely)
                C > S kerberos [login] as request | krbtgt/ -> refused (24 pre-authentication failed) in 1000 us client=op realm=A offered=aes256-cts-hmac-sha1-96 {kerberos 10: 1} {kerberos 30: 1}
            "#]]);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        testing::torture(&PROTOCOL, &[REQUEST, "7e 11 30 0f a003020105 a10302011e a603020118"]);
    }
}
