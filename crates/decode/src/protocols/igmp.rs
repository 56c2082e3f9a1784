//! IGMP: which machine listens to which multicast group, and who asks for it.

use std::net::Ipv4Addr;

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Types (IANA "IGMP Type Numbers").
const CODES: &[Code] = &[
    code(0x11, "membership query", Verb::Other),
    code(0x12, "membership report 1", Verb::Subscribe),
    code(0x13, "dvmrp", Verb::Other),
    code(0x14, "pim 1", Verb::Other),
    code(0x16, "membership report 2", Verb::Subscribe),
    code(0x17, "leave group", Verb::Subscribe),
    code(0x22, "membership report 3", Verb::Subscribe),
    code(0x30, "router advertisement", Verb::Report),
    code(0x31, "router solicitation", Verb::Other),
    code(0x32, "router termination", Verb::Report),
];

/// IGMP.
pub static PROTOCOL: Protocol = Protocol {
    id: "igmp",
    title: "IGMP",
    about: "Joins multicast groups, on which I/O data, discovery and video travel.",
    depth: "Queries, reports and leaves of versions 1 to 3 with the group.",
    documents: &["RFC 2236 IGMPv2 (1997)", "RFC 3376 IGMPv3 (2002)"],
    carriers: &[Carrier::Ip(2)],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Igmp),
};

struct Igmp;

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [kind, _, _, _, _, _, _, _, ..] if CODES.iter().any(|c| c.code == u32::from(*kind)) => {
            Verdict::of(Match::Likely)
        }
        _ => Verdict::NO,
    }
}

fn packet(bytes: &[u8], is_client: bool, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    let kind = r.u8("type")?;
    let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
    let read = r.skip(3, "maximum response time and checksum").and_then(|()| match kind {
        // Version 3 lists groups: reserved, count, then record type, auxiliary length, sources, group.
        0x22 => {
            r.skip(2, "reserved")?;
            let count = r.u16("number of groups")?;
            let record = r.u8("record type")?;
            r.skip(3, "auxiliary length and sources")?;
            Ok((r.array::<4>("group")?, count, record))
        }
        _ => Ok((r.array::<4>("group")?, 1, 0)),
    });
    if let Ok((group, count, record)) = &read {
        let group = Ipv4Addr::from(*group);
        if !group.is_unspecified() {
            draft = draft.object(Object::Text(format_compact!("{group}")));
        }
        if *count > 1 {
            draft = draft.extra("groups", format_compact!("{count}"));
        }
        // Change to include nothing is a leave (RFC 3376, section 4.2.12).
        if kind == 0x22 && *record == 3 {
            draft = draft.renamed("leave group");
        }
    }
    if kind == 0x11 {
        out.fact(About::Speaker, FactKey::DeviceType, "multicast querier", "igmp query", Confidence::Likely);
    }
    out.act(if is_client { draft } else { draft.from_server() });
    read.map(|_| ())
}

impl Decoder for Igmp {
    fn read(&mut self, bytes: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = packet(bytes, context.speaker == Speaker::Client, out) {
            out.short(&short);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, torture};

    const REPORT: &str = "22 00 0000 0000 0001 04 00 0000 efc00102";

    #[test]
    fn a_group_is_joined() {
        Dialog::datagrams(&PROTOCOL).client(REPORT).client("11 64 0000 00000000").end_is(expect![[r#"
            C > S igmp [subscribe] membership report 3 | 239.192.1.2 -> asked {igmp 34: 1}
            fact C: device_type = multicast querier (igmp, igmp query, likely)
            C > S igmp [other] membership query -> asked {igmp 17: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[REPORT, "16 00 0000 efc00102"]);
    }
}
