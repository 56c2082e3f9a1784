//! PTP (IEEE 1588): clocks of substations, drives and 5G cells to the microsecond, and which clock all others follow.

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Text, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Verdict, code,
};

/// Message types: IEEE 1588-2008, table 19.
const CODES: &[Code] = &[
    code(0, "sync", Verb::Time),
    code(1, "delay request", Verb::Time),
    code(2, "peer delay request", Verb::Time),
    code(3, "peer delay response", Verb::Time),
    code(8, "follow up", Verb::Time),
    code(9, "delay response", Verb::Time),
    code(10, "peer delay response follow up", Verb::Time),
    code(11, "announce", Verb::Time),
    code(12, "signaling", Verb::Time),
    code(13, "management", Verb::Configure),
];

/// PTP.
pub static PROTOCOL: Protocol = Protocol {
    id: "ptp",
    title: "PTP",
    about: "Synchronises clocks to the microsecond; who announces the better clock becomes the clock of all.",
    depth: "Message types of versions 1 and 2, clock identity, grandmaster with its class and priorities, management.",
    documents: &["IEEE 1588-2008 (version 2)", "IEEE 1588-2002 (version 1)", "IEEE 802.1AS-2011"],
    carriers: &[Carrier::Udp(&[319, 320]), Carrier::Ethernet(&[0x88f7])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Ptp::default()),
};

/// Bytes of the common header of version 2 (section 13.3).
const HEADER_BYTES: usize = 34;

#[derive(Default)]
struct Ptp {
    grandmaster: Option<[u8; 8]>,
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_usual = probe.kind == 0x88f7
        || [319, 320].iter().any(|port| probe.source_port == *port || probe.destination_port == *port);
    let is_2 = match probe.bytes {
        [kind, version, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            version & 0x0f == 2
                && CODES.iter().any(|c| c.code == u32::from(kind & 0x0f))
                && (HEADER_BYTES..=1_500).contains(&length)
        }
        _ => false,
    };
    let is_1 = matches!(probe.bytes, [0, 1, 0, 1, ..]) && probe.bytes.len() >= 40;
    // The control field follows from the type (IEEE 1588-2008, table 23).
    let has_control = match probe.bytes {
        [kind, ..] => probe.bytes.get(32).is_some_and(|control| match kind & 0x0f {
            0 | 1 => *control == kind & 0x0f,
            8 | 9 => *control == (kind & 0x0f) - 6,
            13 => *control == 4,
            _ => *control == 5,
        }),
        [] => false,
    };
    let is_whole = probe
        .bytes
        .get(2..)
        .and_then(|rest| rest.first_chunk::<2>())
        .is_some_and(|length| usize::from(u16::from_be_bytes(*length)) == probe.bytes.len());
    match (is_usual, is_2 || is_1) {
        (true, true) => Verdict::of(Match::Certain),
        (false, true) if is_2 && !probe.is_stream && has_control && is_whole => Verdict::of(Match::Likely),
        (true, false) => Verdict::of(Match::Weak),
        _ => Verdict::NO,
    }
}

impl Ptp {
    fn packet(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let mut r = Reader::new(bytes);
        let kind = r.u8("message type")? & 0x0f;
        let version = r.u8("version")? & 0x0f;
        let is_client = context.speaker == Speaker::Client;
        let said = |draft: Draft<'static>| if is_client { draft } else { draft.from_server() };
        if version != 2 {
            // Version 1 (IEEE 1588-2002, annex D): subdomain of 16 characters, then the control field.
            r.skip(2, "network version")?;
            let domain = crate::ber::text(r.array::<16>("subdomain")?.split(|b| *b == 0).next().unwrap_or_default());
            r.skip(12, "message type to sequence")?;
            let control = r.u8("control")?;
            let code = match control {
                0 => 0,
                1 => 1,
                2 => 8,
                3 => 9,
                4 => 13,
                other => u32::from(other).saturating_add(16),
            };
            out.act(said(Draft::new(&PROTOCOL, code).message(PROTOCOL.id, code).object(domain).extra("version", "1")));
            return Ok(());
        }
        r.skip(2, "length")?;
        let domain = r.u8("domain")?;
        r.skip(15, "minor version to reserved")?;
        let clock = r.array::<8>("clock identity")?;
        let draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
        let mut draft = draft.object(format_compact!("domain {domain}"));
        if kind == 11 {
            r.skip(6, "port, sequence, control, interval")?;
            r.skip(13, "origin time, offset, reserved")?;
            let first = r.u8("priority 1")?;
            let class = r.u8("clock class")?;
            r.skip(3, "accuracy and variance")?;
            let second = r.u8("priority 2")?;
            let grandmaster = r.array::<8>("grandmaster identity")?;
            let steps = r.u16("steps removed")?;
            draft = draft
                .extra("grandmaster", identity(grandmaster))
                .extra("priorities", format_compact!("{first} {second}"))
                .extra("class", format_compact!("{class}"))
                .extra("steps", format_compact!("{steps}"));
            if self.grandmaster.replace(grandmaster) != Some(grandmaster) {
                let source = "ptp announce";
                if clock == grandmaster {
                    out.fact(About::Speaker, FactKey::Role, "time server", source, Confidence::Certain);
                    out.fact(About::Speaker, FactKey::Service, "ptp grandmaster", source, Confidence::Certain);
                } else {
                    out.fact(About::Speaker, FactKey::TimeSource, &identity(grandmaster), source, Confidence::Certain);
                }
            }
        }
        out.act(said(draft));
        Ok(())
    }
}

/// A clock identity: the hardware address with `fffe` in the middle, where it is made of one.
fn identity(bytes: [u8; 8]) -> Text {
    match bytes {
        [a, b, c, 0xff, 0xfe, d, e, f] => format_compact!("{}", Mac([a, b, c, d, e, f])),
        other => format_compact!("{:016x}", u64::from_be_bytes(other)),
    }
}

impl Decoder for Ptp {
    fn measure(&mut self, bytes: &[u8], _: Speaker) -> Measure {
        Measure::Whole(bytes.len())
    }

    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.packet(bytes, context, out)
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

    const ANNOUNCE: &str = "0b 02 0040 00 00 0000 0000000000000000 00000000 020000fffe0000aa 0001 0001 05 01
        00000000000000000000 0025 00 80 06 21 4e5d 80 020000fffe0000aa 0000 20";

    #[test]
    fn a_grandmaster_announces_itself() {
        Dialog::datagrams(&PROTOCOL).client(ANNOUNCE).end_is(expect![[r#"
            fact C: role = time server (ptp, ptp announce, certain)
            fact C: service = ptp grandmaster (ptp, ptp announce, certain)
            C > S ptp [time] announce | domain 0 -> asked grandmaster=02:00:00:00:00:aa priorities=128 128 class=6 steps=0 {ptp 11: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[ANNOUNCE]);
    }
}
