//! OSPF: routers tell each other the networks they reach.

use compact_str::format_compact;
use model::{Confidence, FactKey, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Types: RFC 2328, section A.3.1.
const CODES: &[Code] = &[
    code(1, "hello", Verb::Report),
    code(2, "database description", Verb::Report),
    code(3, "link state request", Verb::Browse),
    code(4, "link state update", Verb::Report),
    code(5, "link state acknowledgement", Verb::Other),
];

/// OSPF.
pub static PROTOCOL: Protocol = Protocol {
    id: "ospf",
    title: "OSPF",
    about: "Spreads routes between routers; a machine that joins can redirect traffic.",
    depth: "Message types of versions 2 and 3, router identity, area, kind of authentication.",
    documents: &["RFC 2328 OSPF version 2 (1998)", "RFC 5340 OSPF for IPv6 (2008)"],
    carriers: &[Carrier::Ip(89)],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ospf),
};

struct Ospf;

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [2 | 3, 1..=5, ..] if probe.bytes.len() >= 16 => Verdict::of(Match::Likely),
        _ => Verdict::NO,
    }
}

fn packet(bytes: &[u8], is_client: bool, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    let version = r.u8("version")?;
    let kind = r.u8("type")?;
    r.skip(2, "length")?;
    let router = std::net::Ipv4Addr::from(r.array::<4>("router id")?);
    let area = std::net::Ipv4Addr::from(r.array::<4>("area")?);
    r.skip(2, "checksum")?;
    let authentication = if version == 2 { r.u16("authentication type")? } else { 0 };
    let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
    draft = draft.object(format_compact!("area {area}")).extra("router", format_compact!("{router}"));
    out.fact(About::Speaker, FactKey::Router, "ospf router", "ospf message", Confidence::Certain);
    out.fact(About::Speaker, FactKey::DeviceId, &format_compact!("{router}"), "ospf router id", Confidence::Certain);
    if authentication == 1 {
        out.fact(About::Speaker, FactKey::Credential, "ospf password", "ospf message", Confidence::Certain);
        draft = draft.extra("authentication", "password");
    } else if version == 2 && authentication == 0 {
        draft = draft.extra("authentication", "none");
    }
    out.act(if is_client { draft } else { draft.from_server() });
    Ok(())
}

impl Decoder for Ospf {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = packet(bytes, context.speaker == Speaker::Client, out)
            && context.wire_len <= bytes.len()
        {
            out.short(&short);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, torture};

    const MESSAGE: &str = "02 01 002c 0a000001 00000000 0000 0000 0000000000000000";

    #[test]
    fn a_message_is_told() {
        Dialog::datagrams(&PROTOCOL).client(MESSAGE).end_is(expect![[r#"
            fact C: router = ospf router (ospf, ospf message, certain)
            fact C: device_id = 10.0.0.1 (ospf, ospf router id, certain)
            C > S ospf [report] hello | area 0.0.0.0 -> asked router=10.0.0.1 authentication=none {ospf 1: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[MESSAGE]);
    }
}
