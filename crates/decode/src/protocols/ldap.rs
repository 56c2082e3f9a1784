//! LDAP over TCP and UDP: binds with user and kind of credential, searches, changes, extended operations.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Text, Verb};

use crate::ber::{Element, Elements};
use crate::protocols::{ntlm, tls};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Measure, Output, Probe, Protocol, Speaker, Verdict,
    code, credential,
};

/// Operations by their application tag: RFC 4511 section 4.
const CODES: &[Code] = &[
    code(0, "bind", Verb::Login),
    code(1, "bind response", Verb::Login),
    code(2, "unbind", Verb::Other),
    code(3, "search", Verb::Browse),
    code(4, "search result entry", Verb::Browse),
    code(5, "search result done", Verb::Browse),
    code(6, "modify", Verb::Configure),
    code(7, "modify response", Verb::Configure),
    code(8, "add", Verb::Configure),
    code(9, "add response", Verb::Configure),
    code(10, "delete", Verb::Configure),
    code(11, "delete response", Verb::Configure),
    code(12, "modify dn", Verb::Configure),
    code(13, "modify dn response", Verb::Configure),
    code(14, "compare", Verb::Browse),
    code(15, "compare response", Verb::Browse),
    code(16, "abandon", Verb::Other),
    code(19, "search result reference", Verb::Browse),
    code(23, "extended", Verb::Other),
    code(24, "extended response", Verb::Other),
    code(25, "intermediate response", Verb::Other),
];

/// LDAP.
pub static PROTOCOL: Protocol = Protocol {
    id: "ldap",
    title: "LDAP",
    about: "Asks the directory for users, machines and rights, and logs users in.",
    depth: "Binds with user, kind and presence of a password; searches with base; changes; extended operations; results; NTLM inside; the ping of domain controllers over UDP.",
    documents: &["RFC 4511", "RFC 2829 and 4513 (authentication)", "MS-ADTS 6.3 (LDAP ping)"],
    carriers: &[Carrier::Tcp(&[389, 3268]), Carrier::Udp(&[389])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ldap::default()),
};

/// Larger messages (entries) are read by their head.
const HEAD_MAX: usize = 4_096;

/// Results: RFC 4511 section 4.1.9.
const RESULTS: &[(u32, &str)] = &[
    (0, "success"),
    (1, "operations error"),
    (2, "protocol error"),
    (3, "time limit exceeded"),
    (4, "size limit exceeded"),
    (5, "compare false"),
    (6, "compare true"),
    (7, "auth method not supported"),
    (8, "stronger auth required"),
    (10, "referral"),
    (11, "admin limit exceeded"),
    (12, "unavailable critical extension"),
    (13, "confidentiality required"),
    (14, "sasl bind in progress"),
    (16, "no such attribute"),
    (17, "undefined attribute type"),
    (19, "constraint violation"),
    (20, "attribute or value exists"),
    (21, "invalid attribute syntax"),
    (32, "no such object"),
    (34, "invalid dn syntax"),
    (48, "inappropriate authentication"),
    (49, "invalid credentials"),
    (50, "insufficient access rights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwilling to perform"),
    (54, "loop detect"),
    (64, "naming violation"),
    (65, "object class violation"),
    (66, "not allowed on non leaf"),
    (68, "entry already exists"),
    (80, "other"),
];

/// The length of the sequence at the start of `bytes`: header and all. `Err(true)` where more bytes are needed.
fn sequence(bytes: &[u8]) -> Result<(usize, usize), bool> {
    let [0x30, length, rest @ ..] = bytes else { return Err(bytes.is_empty() || bytes == [0x30]) };
    match length {
        0..=0x7f => Ok((2, usize::from(*length).saturating_add(2))),
        0x81..=0x84 => {
            let count = usize::from(length & 0x7f);
            let Some(digits) = rest.get(..count) else { return Err(true) };
            let length = digits.iter().fold(0_usize, |sum, b| sum << 8 | usize::from(*b));
            let head = count.saturating_add(2);
            if length > 64 * 1024 * 1024 { Err(false) } else { Ok((head, length.saturating_add(head))) }
        }
        _ => Err(false),
    }
}

/// The message id and the operation's tag behind the header, or `None` where there is no LDAP.
fn operation(body: &[u8]) -> Option<(u64, u32)> {
    let [0x02, length @ 1..=4, rest @ ..] = body else { return None };
    let (id, rest) = rest.split_at_checked(usize::from(*length))?;
    let id = id.iter().fold(0_u64, |sum, b| sum << 8 | u64::from(*b));
    let tag = *rest.first()?;
    let number = u32::from(tag & 0x1f);
    let is_application = tag & 0xc0 == 0x40 && CODES.iter().any(|row| row.code == number);
    (is_application && id <= 0x7fff_ffff).then_some((id, number))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let (head, total) = match sequence(probe.bytes) {
        Ok(found) => found,
        Err(true) if probe.is_stream => return Verdict::MORE,
        Err(_) => return Verdict::NO,
    };
    let body = probe.bytes.get(head..).unwrap_or_default();
    if body.len() < 8 {
        return match body.first() {
            Some(2) | None if probe.is_stream && total > probe.bytes.len() => Verdict::MORE,
            _ if operation(body).is_some() => Verdict::of(Match::Likely),
            _ => Verdict::NO,
        };
    }
    if !probe.is_stream && total != probe.bytes.len() {
        return Verdict::NO;
    }
    let Some((_, number)) = operation(body) else { return Verdict::NO };
    let speaker = match number {
        0 | 2 | 3 | 6 | 8 | 10 | 12 | 14 | 16 | 23 => Speaker::Client,
        _ => Speaker::Server,
    };
    // The operation must fill the message, but for controls.
    let inner = Elements::new(body).nth(1);
    match inner {
        Some(element) if number == 0 => {
            let is_bind = element.content.get(..3).is_some_and(|b| matches!(b, [2, 1, 1..=3]));
            if is_bind { Verdict::by(Match::Certain, speaker) } else { Verdict::NO }
        }
        Some(element) if matches!(number, 1 | 5 | 7 | 9 | 11 | 13 | 15 | 24) => {
            let is_result = element.content.get(..2).is_some_and(|b| matches!(b, [10, 1]));
            if is_result { Verdict::by(Match::Certain, speaker) } else { Verdict::NO }
        }
        Some(element) if matches!(number, 3 | 4) => {
            let is_name = element.content.first() == Some(&4);
            if is_name { Verdict::by(Match::Likely, speaker) } else { Verdict::NO }
        }
        Some(_) => Verdict::by(Match::Likely, speaker),
        None => Verdict::NO,
    }
}

struct Request {
    number: u32,
    object: Text,
    method: Text,
    detail: Text,
    entries: u32,
    is_first_leg: bool,
    default: Option<Text>,
    is_start_tls: bool,
}

#[derive(Default)]
struct Ldap {
    exchange: Exchange<u64, Request>,
    tls: Option<Box<tls::Tls>>,
    /// SASL protects what follows: four bytes of length, then what nobody reads.
    is_wrapped: bool,
}

/// The start of an operation's act.
fn start(request: &Request, at: model::Time) -> Draft<'static> {
    let mut draft = Draft::new(&PROTOCOL, request.number).asked(at).object(Object::Text(request.object.clone()));
    if request.entries > 0 {
        draft = draft.extra("entries", format_compact!("{}", request.entries));
    }
    let mut messages = model::Messages::none();
    messages.add("ldap", request.number, 1);
    messages.add("ldap", 4, request.entries);
    messages.0.retain(|message| message.count > 0);
    draft.extra("method", request.method.clone()).extra("detail", request.detail.clone()).messages(messages)
}

impl Ldap {
    fn request(&mut self, id: u64, number: u32, operation: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        let mut request = Request {
            number,
            object: Text::default(),
            method: Text::default(),
            detail: Text::default(),
            entries: 0,
            is_first_leg: false,
            default: None,
            is_start_tls: false,
        };
        let mut parts = operation.inside();
        match number {
            0 => {
                let _version = parts.next();
                request.object = parts.next().map(|name| name.text()).unwrap_or_default();
                match parts.next() {
                    Some(simple) if simple.is(0) && simple.content.is_empty() => {
                        request.method = Text::const_new("anonymous");
                        out.fact(About::Server, FactKey::Credential, "ldap anonymous", "bind", Confidence::Certain);
                    }
                    Some(simple) if simple.is(0) => {
                        request.method = Text::const_new("simple");
                        let password = String::from_utf8_lossy(simple.content);
                        let user = request.object.clone();
                        request.default = credential::tell("ldap simple bind", &user, Some(&password), "bind", out);
                    }
                    Some(sasl) if sasl.is(3) => {
                        let mut fields = sasl.inside();
                        request.method = fields.next().map(|name| name.text()).unwrap_or_default();
                        let token = fields.next().map(|token| token.content).unwrap_or_default();
                        if let Some(ntlm) = ntlm::tell(token, "ldap", out) {
                            request.is_first_leg = ntlm.kind == 1;
                            if ntlm.kind == 3 {
                                request.object = format_compact!("{}\\{}", ntlm.domain, ntlm.user);
                            }
                        }
                    }
                    // Microsoft's own (Sicily): package discovery, negotiate, response.
                    Some(sicily) => {
                        request.method = Text::const_new("sicily");
                        ntlm::tell(sicily.content, "ldap", out);
                        request.is_first_leg = !sicily.is(11);
                    }
                    None => {}
                }
            }
            3 => {
                request.object = parts.next().map(|base| base.text()).unwrap_or_default();
                request.detail = match parts.next().and_then(|scope| scope.unsigned()) {
                    Some(0) => Text::const_new("base object"),
                    Some(1) => Text::const_new("single level"),
                    Some(2) => Text::const_new("whole subtree"),
                    _ => Text::default(),
                };
                if request.object.is_empty() && !context.is_stream {
                    request.method = Text::const_new("ping");
                }
            }
            6 | 8 | 12 | 14 => request.object = parts.next().map(|name| name.text()).unwrap_or_default(),
            10 => request.object = operation.text(),
            23 => {
                let name = parts.next().map(|name| name.text()).unwrap_or_default();
                request.is_start_tls = name == "1.3.6.1.4.1.1466.20037";
                request.object = match name.as_str() {
                    "1.3.6.1.4.1.1466.20037" => Text::const_new("start tls"),
                    "1.3.6.1.4.1.4203.1.11.1" => Text::const_new("modify password"),
                    "1.3.6.1.4.1.4203.1.11.3" => Text::const_new("who am i"),
                    _ => name,
                };
            }
            _ => {}
        }
        if matches!(number, 2 | 16) {
            out.act(start(&request, context.at));
        } else if let Some((_, at, old)) = self.exchange.ask(id, context.at, request) {
            out.act(start(&old, at).no_answer());
        }
    }

    fn answer(&mut self, id: u64, number: u32, operation: &Element<'_>, context: &Context, out: &mut Output<'_>) {
        if matches!(number, 4 | 19 | 25) {
            if let Some((_, request)) = self.exchange.find(&id) {
                request.entries = request.entries.saturating_add(1);
            } else {
                out.act(Draft::new(&PROTOCOL, number).from_server().message("ldap", number));
            }
            return;
        }
        let result = operation.inside().next().and_then(|code| code.unsigned()).unwrap_or(0);
        let result = u32::try_from(result).unwrap_or(u32::MAX);
        if number == 1 {
            for element in operation.inside().skip(3).take(4) {
                if element.is(7) {
                    ntlm::tell(element.content, "ldap", out);
                }
            }
        }
        let found = self.exchange.answer(&id);
        if let Some((_, request)) = &found {
            if request.is_start_tls && result == 0 {
                self.tls = Some(Box::default());
            }
            if number == 1 && result == 0 && matches!(request.method.as_str(), "GSSAPI" | "GSS-SPNEGO") {
                self.is_wrapped = true;
            }
        }
        let name = RESULTS.iter().find(|(code, _)| *code == result);
        let name = name.map_or_else(|| format_compact!("result {result}"), |(_, name)| Text::const_new(name));
        let draft = match found {
            Some((at, mut request)) => {
                if result == 0 {
                    credential::accepted(request.default.take(), "bind", out);
                }
                let draft = start(&request, at);
                if number == 1 && (request.is_first_leg || result == 14) { draft.verb(Verb::Other) } else { draft }
            }
            None => Draft::new(&PROTOCOL, number),
        };
        let draft = draft.message("ldap", number);
        out.act(match result {
            0 => draft.done(context.at),
            5 | 6 | 10 | 14 => draft.done(context.at).status(result, name),
            _ => draft.refused(context.at, result, name),
        });
    }
}

impl Decoder for Ldap {
    fn measure(&mut self, bytes: &[u8], speaker: Speaker) -> Measure {
        if let Some(tls) = &mut self.tls {
            return tls.measure(bytes, speaker);
        }
        match sequence(bytes) {
            Ok((_, total)) => Measure::Head { head: total.min(HEAD_MAX), total },
            Err(true) => Measure::More(bytes.len().saturating_add(1)),
            Err(false) if self.is_wrapped && bytes.first() == Some(&0) => match bytes.first_chunk::<4>() {
                Some(length) => {
                    let total = (u32::from_be_bytes(*length) as usize).saturating_add(4);
                    Measure::Head { head: 4, total }
                }
                None => Measure::More(4),
            },
            Err(false) => Measure::Malformed("no LDAP message"),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.read(message, context, out));
            return;
        }
        let Ok((head, _)) = sequence(message) else { return };
        let body = message.get(head..).unwrap_or_default();
        let (Some((id, number)), Some(element)) = (operation(body), Elements::new(body).nth(1)) else {
            out.malformed(head, "operation", "not one of LDAP");
            return;
        };
        match context.speaker {
            Speaker::Client => self.request(id, number, &element, context, out),
            Speaker::Server => self.answer(id, number, &element, context, out),
        }
        while let Some((_, at, request)) = self.exchange.overdue(context.at) {
            out.act(start(&request, at).no_answer());
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        if let Some(tls) = &mut self.tls {
            tls.gap(speaker);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        if let Some(tls) = &mut self.tls {
            out.within(&tls::PROTOCOL, |out| tls.end(out));
        }
        for (_, at, request) in self.exchange.drain() {
            out.act(start(&request, at).no_answer());
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    /// Bind of `cn=op` with the password `x`.
    const BIND: &str = "30 12 020101 60 0d 020103 0405 636e3d6f70 8001 78";

    #[test]
    fn a_bind_and_a_search() {
        Dialog::stream(&PROTOCOL)
            .client(BIND)
            .server("30 0c 020101 61 07 0a0131 0400 0400")
            .client("30 10 020102 63 0b 0404 64633d61 0a0102 0000")
            .server("30 09 020102 64 04 0400 3000")
            .server("30 0c 020102 65 07 0a0100 0400 0400")
            .client("30 05 020103 42 00")
            .end_is(expect![[r#"
                fact S: credential = ldap simple bind (ldap, bind, certain)
                fact C: user = cn=op (ldap, bind, likely)
                C > S ldap [login] bind | cn=op -> refused (49 invalid credentials) in 1000 us method=simple {ldap 0: 1} {ldap 1: 1}
                C > S ldap [browse] search | dc=a -> done in 2000 us entries=1 detail=whole subtree {ldap 3: 1} {ldap 4: 1} {ldap 5: 1}
                C > S ldap [other] unbind -> asked {ldap 2: 1}
            "#]]);
    }

    #[test]
    fn probes_want_the_operation() {
        assert_eq!(testing::probe(&PROTOCOL, BIND), Verdict::by(Match::Certain, Speaker::Client));
        assert_eq!(testing::probe(&PROTOCOL, "30 26 020101 0406 7075626c6963 a019"), Verdict::NO);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        testing::torture(&PROTOCOL, &[BIND, "30 0c 020101 61 07 0a0131 0400 0400"]);
    }
}
