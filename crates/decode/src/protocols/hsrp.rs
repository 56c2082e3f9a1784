//! HSRP: Cisco's several routers behind one address.

use compact_str::format_compact;
use model::{Address, Confidence, FactKey, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Operation codes: RFC 2281, section 5.1; 3 is an advertisement of passive routers.
const CODES: &[Code] = &[
    code(0, "hello", Verb::Report),
    code(1, "coup", Verb::Report),
    code(2, "resign", Verb::Report),
    code(3, "advertisement", Verb::Report),
];

/// HSRP.
pub static PROTOCOL: Protocol = Protocol {
    id: "hsrp",
    title: "HSRP",
    about: "Lets a second router take over the address of a failed one; protected by a word in the clear.",
    depth: "Group, state, priority and virtual address of version 1; presence of the password.",
    documents: &["RFC 2281 Cisco Hot Standby Router Protocol (1998)"],
    carriers: &[Carrier::Udp(&[1985])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Hsrp),
};

struct Hsrp;

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_usual = probe.destination_port == 1985;
    match probe.bytes {
        [0, 0..=3, 0 | 1 | 2 | 4 | 8 | 16, ..] if is_usual => Verdict::by(Match::Likely, Speaker::Client),
        _ => Verdict::NO,
    }
}

fn packet(bytes: &[u8], is_client: bool, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    r.skip(1, "version")?;
    let operation = r.u8("operation")?;
    let mut draft = Draft::new(&PROTOCOL, operation.into()).message(PROTOCOL.id, operation.into());
    if operation < 3 {
        let state = match r.u8("state")? {
            0 => "initial",
            1 => "learn",
            2 => "listen",
            4 => "speak",
            8 => "standby",
            16 => "active",
            _ => "unknown",
        };
        r.skip(2, "hello and hold time")?;
        let priority = r.u8("priority")?;
        let group = r.u8("group")?;
        r.skip(9, "reserved and authentication")?;
        let ip = std::net::Ipv4Addr::from(r.array::<4>("virtual address")?);
        draft = draft
            .object(format_compact!("group {group}"))
            .extra("state", state)
            .extra("priority", format_compact!("{priority}"))
            .extra("address", format_compact!("{ip}"));
        out.fact(About::Speaker, FactKey::Router, "hsrp router", "hsrp hello", Confidence::Certain);
        out.fact(About::Speaker, FactKey::Credential, "hsrp password", "hsrp hello", Confidence::Certain);
        let subject = Address { ip: Some(ip.into()), ..Address::default() };
        out.fact(About::Other(subject), FactKey::Router, "hsrp address", "hsrp hello", Confidence::Certain);
    }
    out.act(if is_client { draft } else { draft.from_server() });
    Ok(())
}

impl Decoder for Hsrp {
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

    const MESSAGE: &str = "00 00 10 03 0a 64 01 00 636973636f000000 0a0000fe";

    #[test]
    fn a_message_is_told() {
        Dialog::datagrams(&PROTOCOL).client(MESSAGE).end_is(expect![[r#"
            fact C: router = hsrp router (hsrp, hsrp hello, certain)
            fact C: credential = hsrp password (hsrp, hsrp hello, certain)
            fact 10.0.0.254: router = hsrp address (hsrp, hsrp hello, certain)
            C > S hsrp [report] hello | group 1 -> asked state=active priority=100 address=10.0.0.254 {hsrp 0: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[MESSAGE]);
    }
}
