//! The handshake as one act, whatever carries it: TLS records, DTLS, the crypto frames of QUIC.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Text, Time};

use super::certificate::Certificate;
use super::hello::{self, ClientHello, ServerHello};
use super::{PROTOCOL, suites};
use crate::protocols::tunnels;
use crate::{About, Context, Draft, Output, Speaker};

/// Handshake types, IANA registry "TLS HandshakeType".
pub(crate) mod kind {
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const RETRY: u8 = 6;
    pub(crate) const CERTIFICATE: u8 = 11;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
}

/// Whether `kind` is a type that the registry knows.
pub(crate) const fn is_known(kind: u8) -> bool {
    matches!(kind, 0..=6 | 8 | 11..=16 | 20..=26 | 67 | 203)
}

/// The handshake that is going on.
pub(crate) struct Handshake {
    /// The protocol that the messages count for.
    layer: &'static str,
    /// JA4's letter for the transport.
    letter: char,
    asked: Option<Time>,
    name: Text,
    offered: u16,
    ja3: Text,
    ja4: Text,
    alpn: Text,
    answer: Option<Answer>,
    messages: Messages,
    is_retried: bool,
    wants_certificate: bool,
}

struct Answer {
    at: Time,
    version: Text,
    suite: Text,
    alpn: Text,
    ja3s: Text,
}

impl Handshake {
    pub(crate) fn new(layer: &'static str, letter: char) -> Handshake {
        Handshake {
            layer,
            letter,
            asked: None,
            name: Text::default(),
            offered: 0,
            ja3: Text::default(),
            ja4: Text::default(),
            alpn: Text::default(),
            answer: None,
            messages: Messages::none(),
            is_retried: false,
            wants_certificate: false,
        }
    }

    /// Takes one whole handshake message.
    pub(crate) fn message(&mut self, kind: u8, body: &[u8], context: &Context, out: &mut Output<'_>) {
        if kind == kind::CLIENT_HELLO && self.asked.is_some() && !self.is_retried && self.letter == 't' {
            self.tell(None, out);
        }
        self.messages.add(self.layer, kind.into(), 1);
        let result = match kind {
            kind::CLIENT_HELLO => self.client_hello(body, context, out),
            kind::SERVER_HELLO | kind::RETRY => self.server_hello(body, context, out),
            kind::CERTIFICATE if context.speaker == Speaker::Server || self.wants_certificate => {
                certificates(body, out);
                Ok(())
            }
            kind::CERTIFICATE_REQUEST => {
                self.wants_certificate = true;
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(short) = result {
            out.short(&short);
        }
    }

    fn client_hello(&mut self, body: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), wire::Short> {
        self.asked.get_or_insert(context.at);
        let hello = ClientHello::read(body, self.letter == 'd')?;
        self.offered = hello.highest();
        self.ja3 = hello.ja3();
        self.ja4 = hello.ja4(self.letter);
        self.alpn = hello.alpn.join(",").into();
        out.fact(
            About::Client,
            FactKey::Fingerprint,
            &format_compact!("ja3={}", self.ja3),
            "client hello",
            Confidence::Certain,
        );
        out.fact(
            About::Client,
            FactKey::Fingerprint,
            &format_compact!("ja4={}", self.ja4),
            "client hello",
            Confidence::Certain,
        );
        if !hello.name.is_empty() && hello.name.parse::<std::net::IpAddr>().is_err() {
            out.fact(About::Server, FactKey::Hostname, &hello.name, "server name indication", Confidence::Likely);
        }
        tunnels::tell(&hello.name, out);
        self.name = hello.name;
        Ok(())
    }

    fn server_hello(&mut self, body: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), wire::Short> {
        let hello = ServerHello::read(body)?;
        if hello.is_retry {
            self.is_retried = true;
            return Ok(());
        }
        self.is_retried = false;
        let version = hello::version(hello.version);
        let suite = suites::name(hello.suite);
        let ja3s = hello.ja3s();
        out.fact(
            About::Server,
            FactKey::ChannelSecurity,
            &format_compact!("{version} {suite}"),
            "server hello",
            Confidence::Certain,
        );
        out.fact(
            About::Server,
            FactKey::Fingerprint,
            &format_compact!("ja3s={ja3s}"),
            "server hello",
            Confidence::Certain,
        );
        self.answer = Some(Answer { at: context.at, version, suite, alpn: hello.alpn, ja3s });
        Ok(())
    }

    /// Whether there is something that no act has told yet.
    pub(crate) fn is_pending(&self) -> bool {
        !self.messages.0.is_empty()
    }

    /// Whether the server asked for another hello that did not come to its end yet.
    pub(crate) const fn is_retried(&self) -> bool {
        self.is_retried
    }

    /// Tells the handshake as far as it came. `failure`: a fatal alert ended it.
    pub(crate) fn tell(&mut self, failure: Option<(Time, u32, Text)>, out: &mut Output<'_>) {
        let new = Handshake { wants_certificate: self.wants_certificate, ..Handshake::new(self.layer, self.letter) };
        let handshake = std::mem::replace(self, new);
        if handshake.messages.0.is_empty() && failure.is_none() {
            return;
        }
        let has_hello = handshake.asked.is_some() || handshake.answer.is_some();
        let code = match handshake.messages.0.first() {
            Some(first) if !has_hello => first.code,
            _ => kind::CLIENT_HELLO.into(),
        };
        let mut draft = Draft::new(&PROTOCOL, code);
        if let Some(at) = handshake.asked.or(handshake.answer.as_ref().map(|answer| answer.at)) {
            draft = draft.asked(at);
        }
        if !handshake.name.is_empty() {
            draft = draft.object(handshake.name);
        }
        draft = match (failure, &handshake.answer) {
            (Some((at, code, name)), _) => draft.refused(at, code, name),
            (None, Some(answer)) => draft.done(answer.at),
            (None, None) if handshake.asked.is_some() => draft.no_answer(),
            (None, None) => draft,
        };
        match handshake.answer {
            Some(answer) => {
                draft = draft
                    .extra("version", answer.version)
                    .extra("cipher", answer.suite)
                    .extra("alpn", if answer.alpn.is_empty() { handshake.alpn } else { answer.alpn })
                    .extra("ja3s", answer.ja3s);
            }
            None => {
                let offered = if handshake.offered == 0 { Text::default() } else { hello::version(handshake.offered) };
                draft = draft.extra("offered", offered).extra("alpn", handshake.alpn);
            }
        }
        out.act(draft.extra("ja3", handshake.ja3).extra("ja4", handshake.ja4).messages(handshake.messages));
    }
}

/// The list of a certificate message (RFC 5246 section 7.4.2). The first one is the speaker's; the rest vouches for it.
fn certificates(body: &[u8], out: &mut Output<'_>) {
    let mut r = wire::Reader::new(body);
    let first = r.u24("certificates length").and_then(|_| {
        let length = r.u24("certificate length")?;
        r.bytes(length as usize, "certificate")
    });
    // An empty list is how a client says that it has none.
    let Ok(der) = first else { return };
    tell_certificate(der, "certificate", out);
}

/// The facts of a certificate that the speaker shows.
pub(crate) fn tell_certificate(der: &[u8], source: &str, out: &mut Output<'_>) {
    let Some(certificate) = Certificate::read(der) else {
        out.malformed(0, "certificate", "not X.509");
        return;
    };
    out.fact(About::Speaker, FactKey::Certificate, &certificate.to_text(), source, Confidence::Certain);
    let name = &certificate.common_name;
    tunnels::tell(name, out);
    let is_name = !name.is_empty() && !name.contains(['*', ' ']) && name.parse::<std::net::IpAddr>().is_err();
    if is_name {
        out.fact(About::Speaker, FactKey::Hostname, name, "certificate subject", Confidence::Guess);
    }
}
