//! Spanning tree of switches (STP, RSTP, MSTP): who is root, and when the topology changes.

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Text, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// BPDU types: IEEE 802.1D-2004, section 9.3.
const CODES: &[Code] = &[
    code(0, "configuration", Verb::Report),
    code(2, "rapid configuration", Verb::Report),
    code(128, "topology change notification", Verb::Report),
];

/// Spanning Tree.
pub static PROTOCOL: Protocol = Protocol {
    id: "stp",
    title: "Spanning Tree",
    about: "Keeps switches from loops; a new root or many changes mean a cable, a loop, or someone who wants the traffic.",
    depth: "Root and bridge identity, cost, flags, version.",
    documents: &["IEEE 802.1D-2004, section 9", "IEEE 802.1Q-2018, section 14"],
    carriers: &[Carrier::Ethernet(&[0])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Stp),
};

struct Stp;

fn probe(probe: &Probe<'_>) -> Verdict {
    // LLC 42 42 03, protocol 0.
    match probe.bytes {
        [0x42, 0x42, 0x03, 0, 0, 0 | 2..=4, 0 | 2 | 0x80, ..] => Verdict::of(Match::Certain),
        _ => Verdict::NO,
    }
}

fn packet(bytes: &[u8], is_client: bool, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    r.skip(5, "llc and protocol")?;
    let version = r.u8("version")?;
    let kind = r.u8("type")?;
    let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
    if kind != 0x80 {
        let flags = r.u8("flags")?;
        let root = bridge(r.u16("root priority")?, r.array("root address")?);
        let cost = r.u32("root path cost")?;
        let priority = r.u16("bridge priority")?;
        let address = r.array("bridge address")?;
        let own = bridge(priority, address);
        if own == root {
            draft = draft.extra("root", "itself");
        }
        draft = draft.object(root).extra("cost", format_compact!("{cost}"));
        if flags & 1 != 0 {
            draft = draft.extra("topology change", "yes");
        }
        let version = match version {
            0 => "stp",
            2 => "rstp",
            _ => "mstp",
        };
        out.fact(About::Speaker, FactKey::Role, "switch", "spanning tree", Confidence::Certain);
        out.fact(About::Speaker, FactKey::Service, version, "spanning tree", Confidence::Certain);
        out.fact(
            About::Speaker,
            FactKey::Mac,
            &format_compact!("{}", Mac(address)),
            "bridge identity",
            Confidence::Likely,
        );
    }
    out.act(if is_client { draft } else { draft.from_server() });
    Ok(())
}

/// A bridge identity: priority with system id, and hardware address.
fn bridge(priority: u16, address: [u8; 6]) -> Text {
    format_compact!("{priority} {}", Mac(address))
}

impl Decoder for Stp {
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

    const MESSAGE: &str =
        "424203 0000 02 02 7c 8000 0200000000aa 00000000 8000 0200000000aa 8001 0000 1400 0200 0f00 00";

    #[test]
    fn a_message_is_told() {
        Dialog::datagrams(&PROTOCOL).client(MESSAGE).end_is(expect![[r#"
            fact C: role = switch (stp, spanning tree, certain)
            fact C: service = rstp (stp, spanning tree, certain)
            fact C: mac = 02:00:00:00:00:aa (stp, bridge identity, likely)
            C > S stp [report] rapid configuration | 32768 02:00:00:00:00:aa -> asked root=itself cost=0 {stp 2: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[MESSAGE]);
    }
}
