//! SSDP: UPnP devices announce themselves, and are searched for, by multicast.

use model::{Confidence, FactKey, Text, Verb};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Kinds of message, in the order of the UPnP Device Architecture; numbers are this program's own.
const CODES: &[Code] =
    &[code(0, "notify", Verb::Identify), code(1, "search", Verb::Browse), code(2, "search response", Verb::Identify)];

/// SSDP.
pub static PROTOCOL: Protocol = Protocol {
    id: "ssdp",
    title: "SSDP",
    about: "Finds UPnP devices; announcements name system, product and where their description is.",
    depth: "Announcements, searches, responses: kind, server, location, unique name.",
    documents: &["UPnP Device Architecture 2.0 (2020), section 1"],
    carriers: &[Carrier::Udp(&[1900])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ssdp),
};

struct Ssdp;

fn kind(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [b'N', b'O', b'T', b'I', b'F', b'Y', b' ', b'*', ..] => Some(0),
        [b'M', b'-', b'S', b'E', b'A', b'R', b'C', b'H', b' ', ..] => Some(1),
        _ if bytes.starts_with(b"HTTP/1.1 200 ") => Some(2),
        _ => None,
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    match kind(probe.bytes) {
        Some(2) => Verdict::by(Match::Likely, Speaker::Server),
        Some(_) => Verdict::by(Match::Certain, Speaker::Client),
        None => Verdict::NO,
    }
}

/// The value of a header, whatever its case.
fn header<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .take(64)
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map_or("", |(_, value)| value.trim())
}

impl Decoder for Ssdp {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        let Some(kind) = kind(bytes) else {
            out.malformed(0, "start line", "neither NOTIFY, M-SEARCH nor a response");
            return;
        };
        let shown = bytes.get(..2_048).unwrap_or(bytes);
        let text = String::from_utf8_lossy(shown);
        let target = match kind {
            0 => header(&text, "NT"),
            _ => header(&text, "ST"),
        };
        let mut draft = Draft::new(&PROTOCOL, kind).message(PROTOCOL.id, kind);
        if !target.is_empty() {
            draft = draft.object(target);
        }
        if kind == 0 && header(&text, "NTS").eq_ignore_ascii_case("ssdp:byebye") {
            draft = draft.renamed("goodbye");
        }
        if kind == 2 {
            draft = draft.done(context.at);
        }
        draft = draft.extra("location", Text::from(header(&text, "LOCATION")));
        if kind != 1 {
            let server = header(&text, "SERVER");
            // `Linux/3.10 UPnP/1.0 Product/1.2`
            out.fact(About::Speaker, FactKey::Software, server, "ssdp server", Confidence::Likely);
            let mut tokens = server.split_whitespace();
            if let Some((os, version)) = tokens.next().and_then(|token| token.split_once('/'))
                && ["Linux", "Windows", "VxWorks", "FreeBSD", "Darwin"].iter().any(|known| os.starts_with(known))
            {
                out.fact(About::Speaker, FactKey::Os, os, "ssdp server", Confidence::Likely);
                out.fact(About::Speaker, FactKey::OsVersion, version, "ssdp server", Confidence::Likely);
            }
            if let Some(product) = tokens.find(|token| !token.starts_with("UPnP/")).map(|token| token.split('/').next())
            {
                out.fact(About::Speaker, FactKey::Model, product.unwrap_or(""), "ssdp server", Confidence::Guess);
            }
            if let Some(device) = target.strip_prefix("urn:").and_then(|rest| rest.split_once(":device:")) {
                let device = device.1.split(':').next().unwrap_or_default();
                out.fact(About::Speaker, FactKey::DeviceType, device, "ssdp type", Confidence::Likely);
            }
        }
        out.act(if context.speaker == Speaker::Client { draft } else { draft.from_server() });
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::Dialog;

    #[test]
    fn a_device_announces_itself() {
        let notify = b"NOTIFY * HTTP/1.1\r\nNT: urn:schemas-upnp-org:device:Basic:1\r\nNTS: ssdp:alive\r\nSERVER: Linux/3.10 UPnP/1.0 Gate/1.2\r\nLocation: http://10.0.0.1/d.xml\r\n\r\n";
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, notify).end_is(expect![[r#"
            fact C: software = Linux/3.10 UPnP/1.0 Gate/1.2 (ssdp, ssdp server, likely)
            fact C: os = Linux (ssdp, ssdp server, likely)
            fact C: os_version = 3.10 (ssdp, ssdp server, likely)
            fact C: model = Gate (ssdp, ssdp server, guess)
            fact C: device_type = Basic (ssdp, ssdp type, likely)
            C > S ssdp [identify] notify | urn:schemas-upnp-org:device:Basic:1 -> asked location=http://10.0.0.1/d.xml {ssdp 0: 1}
        "#]]);
    }

    #[test]
    fn devices_are_searched_for() {
        let search = b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\nMX: 3\r\n\r\n";
        Dialog::datagrams(&PROTOCOL).says(Speaker::Client, search).says(Speaker::Client, b"garbage").end_is(expect![[
            r#"
                C > S ssdp [browse] search | ssdp:all -> asked {ssdp 1: 1}
                health malformed ssdp x1: start line at offset 0: neither NOTIFY, M-SEARCH nor a response
            "#
        ]]);
    }
}
