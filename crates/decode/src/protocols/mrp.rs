//! Media Redundancy Protocol: rings of PROFINET switches, and when one opens.

use compact_str::format_compact;
use model::{Confidence, FactKey, Mac, Verb};
use wire::{Reader, Short};

use crate::{About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Verdict, code};

/// Types of blocks: IEC 62439-2, section 8; 0 stands for what has none.
const CODES: &[Code] = &[
    code(0, "end", Verb::Report),
    code(1, "common", Verb::Report),
    code(2, "test", Verb::Report),
    code(3, "topology change", Verb::Report),
    code(4, "link down", Verb::Alarm),
    code(5, "link up", Verb::Report),
    code(6, "in test", Verb::Report),
    code(7, "in topology change", Verb::Report),
    code(8, "in link down", Verb::Alarm),
    code(9, "in link up", Verb::Report),
    code(127, "option", Verb::Report),
];

/// MRP.
pub static PROTOCOL: Protocol = Protocol {
    id: "mrp",
    title: "MRP",
    about: "Keeps a ring of switches alive when a cable breaks; a ring that is open has lost its redundancy.",
    depth: "Test, topology change and link messages: ring state and transitions, manager.",
    documents: &["IEC 62439-2 Media Redundancy Protocol (2016)"],
    carriers: &[Carrier::Ethernet(&[0x88e3])],
    is_industrial: false,
    codes: CODES,
    probe,
    open: |_| Box::new(Mrp),
};

struct Mrp;

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [0, 1, 1..=9 | 127, 4..=64, ..] => Verdict::of(Match::Certain),
        _ => Verdict::NO,
    }
}

fn packet(bytes: &[u8], is_client: bool, out: &mut Output<'_>) -> Result<(), Short> {
    let mut r = Reader::new(bytes);
    r.skip(2, "version")?;
    let kind = r.u8("type")?;
    let length = r.u8("length")?;
    let mut block = r.sub_at_most(length.into());
    let mut draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
    if kind == 2 {
        let priority = block.u16("priority")?;
        let manager = Mac(block.array("manager address")?);
        block.skip(2, "port role")?;
        let state = match block.u16("ring state")? {
            0 => "ring open",
            1 => "ring closed",
            _ => "ring state unknown",
        };
        let transitions = block.u16("transitions")?;
        draft = draft
            .object(state)
            .extra("manager", format_compact!("{manager}"))
            .extra("priority", format_compact!("0x{priority:04x}"))
            .extra("transitions", format_compact!("{transitions}"));
        out.fact(About::Speaker, FactKey::Service, "mrp manager", "mrp test", Confidence::Certain);
    }
    out.act(if is_client { draft } else { draft.from_server() });
    Ok(())
}

impl Decoder for Mrp {
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
        "0001 02 12 8000 0200000000aa 0000 0001 0003 00001234 0000 01 0c 0001 00000000000000000000 0000";

    #[test]
    fn a_message_is_told() {
        Dialog::datagrams(&PROTOCOL).client(MESSAGE).end_is(expect![[r#"
            fact C: service = mrp manager (mrp, mrp test, certain)
            C > S mrp [report] test | ring closed -> asked manager=02:00:00:00:00:aa priority=0x8000 transitions=3 {mrp 2: 1}
        "#]]);
    }

    #[test]
    fn survives_anything() {
        torture(&PROTOCOL, &[MESSAGE]);
    }
}
