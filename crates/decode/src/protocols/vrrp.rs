//! VRRP: several routers behind one address, and which of them is the master.

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Types: RFC 5798, section 5.2.2.
const CODES: &[Code] = &[code(1, "advertisement", Verb::Report)];

/// VRRP.
pub static PROTOCOL: Protocol = Protocol {
    id: "vrrp",
    title: "VRRP",
    about: "Lets a second router take over the address of a failed one; whoever claims a higher priority takes the traffic.",
    depth: "Group, priority and virtual addresses of versions 2 and 3; authentication of version 2.",
    documents: &["RFC 3768 VRRP version 2 (2004)", "RFC 5798 VRRP version 3 (2010)"],
    carriers: &[Carrier::Ip(112)],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Vrrp),
};

struct Vrrp;

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [0x21 | 0x31, _, _, _, _, _, _, _, ..] => Verdict::of(Match::Likely),
        _ => Verdict::NO,
    }
}

fn packet(bytes: &[u8], is_client: bool, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    let version = r.u8("version and type")? >> 4;
    let group = r.u8("virtual router id")?;
    let priority = r.u8("priority")?;
    let count = r.u8("number of addresses")?;
    let authentication = r.u8("authentication type")?;
    r.skip(3, "interval and checksum")?;
    let mut draft = Draft::new(&PROTOCOL, 1).message(PROTOCOL.id, 1);
    draft = draft.object(format_compact!("virtual router {group}")).extra("priority", format_compact!("{priority}"));
    out.fact(About::Speaker, FactKey::Router, "vrrp router", "vrrp advertisement", Confidence::Certain);
    if version == 2 && authentication == 1 {
        out.fact(About::Speaker, FactKey::Credential, "vrrp password", "vrrp advertisement", Confidence::Certain);
    }
    let is_4 = out.client().ip.is_none_or(|ip| ip.is_ipv4());
    for _ in 0..count.min(4) {
        if !is_4 {
            break;
        }
        let ip = std::net::Ipv4Addr::from(r.array::<4>("virtual address")?);
        draft = draft.extra("address", format_compact!("{ip}"));
        let subject = Address { ip: Some(ip.into()), ..Address::default() };
        out.fact(About::Other(subject), FactKey::Router, "vrrp address", "vrrp advertisement", Confidence::Certain);
    }
    out.act(if is_client { draft } else { draft.from_server() });
    Ok(())
}

impl Decoder for Vrrp {
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

    const MESSAGE: &str = "21 05 64 01 00 01 0000 0a0000fe";

    #[test]
    fn a_message_is_told() {
        Dialog::datagrams(&PROTOCOL).client(MESSAGE).end_is(expect![[r#"
            fact C: router = vrrp router (vrrp, vrrp advertisement, certain)
            fact 10.0.0.254: router = vrrp address (vrrp, vrrp advertisement, certain)
            C > S vrrp [report] advertisement | virtual router 5 -> asked priority=100 address=10.0.0.254 {vrrp 1: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[MESSAGE]);
    }
}
