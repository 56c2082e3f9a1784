//! TPKT and COTP class 0 (ISO transport on TCP): carries S7comm, S7comm-plus and MMS.

use compact_str::format_compact;
use model::{Behind, Text, Time, Verb};
use wire::{Reader, Short};

use crate::{
    Carrier, Code, Context, Decoder, Draft, Exchange, Inner, Match, Measure, Output, Probe, Protocol, Speaker, Verdict,
    code,
};

/// Types of TPDU: ISO 8073 section 13, ITU-T X.224 section 13.
const CODES: &[Code] = &[
    code(0x10, "expedited data", Verb::Other),
    code(0x20, "expedited acknowledgement", Verb::Other),
    code(0x50, "reject", Verb::Other),
    code(0x60, "acknowledgement", Verb::Other),
    code(0x70, "error", Verb::Other),
    code(0x80, "disconnect request", Verb::Other),
    code(0xc0, "disconnect confirm", Verb::Other),
    code(0xd0, "connect confirm", Verb::Other),
    code(0xe0, "connect request", Verb::Other),
    code(0xf0, "data", Verb::Other),
];

/// COTP.
pub static PROTOCOL: Protocol = Protocol {
    id: "cotp",
    title: "ISO transport on TCP (TPKT, COTP)",
    about: "Connects to a module of a controller by rack and slot, and carries S7 and MMS inside.",
    depth: "Connect, confirm, refusal and disconnect with TSAPs, TPDU size, rack and slot; data units reassembled and \
            handed on; all other TPDUs by name.",
    documents: &[
        "RFC 1006: ISO Transport Service on top of the TCP, version 3",
        "RFC 2126: ISO Transport Service on top of TCP",
        "ISO/IEC 8073:1997, ITU-T X.224 (11/95), section 13",
        "Siemens STEP 7: structure of TSAPs (first byte kind of connection, second rack and slot)",
    ],
    carriers: &[Carrier::Tcp(&[102])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Cotp::default()),
};

const CONNECT: u8 = 0xe0;
const CONFIRM: u8 = 0xd0;
const DISCONNECT: u8 = 0x80;
const DISCONNECTED: u8 = 0xc0;
const DATA: u8 = 0xf0;

const TPKT_BYTES: usize = 4;

/// The shortest TPKT holds a data TPDU without data.
const LENGTH_MIN: usize = 7;

/// Bytes of a data unit in several TPDUs. S7 and MMS negotiate at most some 64 KiB.
const UNIT_BYTES_MAX: usize = 65_536;

/// Reasons of disconnecting, X.224 section 13.5.3.
const REASONS: &[(u8, &str)] = &[
    (0, "reason not specified"),
    (1, "congestion at tsap"),
    (2, "session entity not attached to tsap"),
    (3, "address unknown"),
    (128, "normal disconnect"),
    (129, "remote transport entity congestion"),
    (130, "connection negotiation failed"),
    (131, "duplicate source reference"),
    (132, "mismatched references"),
    (133, "protocol error"),
    (135, "reference overflow"),
    (136, "connection request refused on this network connection"),
    (138, "header or parameter length invalid"),
];

/// What stands at the head of a TPKT.
enum Head {
    /// A TPKT of this many bytes.
    Whole(usize),
    /// This many bytes must be there first.
    More(usize),
    /// It is none.
    No(&'static str),
}

fn head(bytes: &[u8]) -> Head {
    match bytes {
        [] => Head::More(1),
        [version, ..] if *version != 3 => Head::No("version of tpkt is not 3"),
        [_, reserved, ..] if *reserved != 0 => Head::No("reserved byte of tpkt is not 0"),
        [_, _, high, low, rest @ ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if length < LENGTH_MIN {
                return Head::No("length of tpkt is below 7");
            }
            match rest {
                [indicator, kind, ..] => {
                    let header = usize::from(*indicator).saturating_add(1);
                    if !(3..=length.saturating_sub(TPKT_BYTES)).contains(&header) {
                        return Head::No("length indicator of cotp does not fit into tpkt");
                    }
                    let is_known = CODES.iter().any(|c| c.code == u32::from(kind & 0xf0));
                    match kind & 0xf0 {
                        DATA if *kind != DATA || *indicator != 2 => Head::No("data tpdu is not of class 0"),
                        CONNECT | CONFIRM | DISCONNECT if *indicator < 6 => Head::No("connection tpdu is too short"),
                        _ if is_known => Head::Whole(length),
                        _ => Head::No("type of tpdu is not known"),
                    }
                }
                _ => Head::More(TPKT_BYTES + 2),
            }
        }
        _ => Head::More(TPKT_BYTES + 2),
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    if !probe.is_stream {
        return Verdict::NO;
    }
    let length = match head(probe.bytes) {
        Head::Whole(length) => length,
        Head::More(_) => return Verdict::MORE,
        Head::No(_) => return Verdict::NO,
    };
    let unit = probe.bytes.get(TPKT_BYTES..length).or_else(|| probe.bytes.get(TPKT_BYTES..)).unwrap_or_default();
    let is_whole = probe.bytes.len() >= length;
    match unit.get(1).map(|kind| kind & 0xf0) {
        Some(kind @ (CONNECT | CONFIRM)) => {
            if !is_whole {
                return Verdict::MORE;
            }
            let speaker = if kind == CONNECT { Speaker::Client } else { Speaker::Server };
            match Connect::read(&mut Reader::new(unit)) {
                // RDP puts a cookie or its own negotiation in the place of the parameters.
                Ok(connect) if connect.is_odd => Verdict::NO,
                Ok(connect) if connect.called.is_empty() && connect.calling.is_empty() => {
                    Verdict::by(Match::Weak, speaker)
                }
                Ok(_) => Verdict::by(Match::Certain, speaker),
                Err(_) => Verdict::NO,
            }
        }
        Some(DATA) => {
            let data = unit.get(3..).unwrap_or_default();
            if data.is_empty() {
                return if is_whole { Verdict::of(Match::Likely) } else { Verdict::MORE };
            }
            let inner = Probe { bytes: data, is_stream: false, is_start: false, ..*probe };
            let best = crate::protocols::inside(PROTOCOL.id).map(|row| (row.probe)(&inner)).max_by_key(|v| v.matched);
            match best {
                Some(verdict) if verdict.matched >= Match::Likely => Verdict { matched: Match::Certain, ..verdict },
                _ => Verdict::of(Match::Weak),
            }
        }
        Some(DISCONNECT | DISCONNECTED) => Verdict::of(Match::Likely),
        _ => Verdict::of(Match::Weak),
    }
}

/// A connect request or confirm.
#[derive(Default)]
struct Connect {
    source: u16,
    destination: u16,
    calling: Text,
    called: Text,
    called_slot: Option<(u8, u8)>,
    size: Option<u8>,
    /// Its parameters are not those of COTP.
    is_odd: bool,
    asked: Option<Time>,
}

impl Connect {
    /// From the length indicator on: X.224 section 13.3.
    fn read(r: &mut Reader<'_>) -> Result<Connect, Short> {
        let indicator = r.u8("length indicator")?;
        let mut r = r.sub(indicator.into(), "header")?;
        r.u8("tpdu type")?;
        let mut connect = Connect {
            destination: r.u16("destination reference")?,
            source: r.u16("source reference")?,
            ..Connect::default()
        };
        let class = r.u8("class and options")?;
        // Class 0 only on TCP; some stacks set the low option bits.
        connect.is_odd = class >> 4 > 4;
        while !r.is_empty() {
            let kind = r.u8("parameter code")?;
            let Ok(length) = r.u8("parameter length") else {
                connect.is_odd = true;
                break;
            };
            let Ok(value) = r.bytes(length.into(), "parameter value") else {
                connect.is_odd = true;
                break;
            };
            match kind {
                0xc0 => connect.size = value.first().copied(),
                0xc1 => connect.calling = tsap(value),
                0xc2 => {
                    connect.called = tsap(value);
                    connect.called_slot = slot(value);
                }
                0x85..=0x8b | 0xc3..=0xc7 | 0xf0 => {}
                _ => connect.is_odd = true,
            }
        }
        Ok(connect)
    }
}

/// A TSAP as text: its characters where it has only such, else hexadecimal.
fn tsap(value: &[u8]) -> Text {
    if value.len() > 1 && value.iter().all(|b| b.is_ascii_graphic()) {
        return value.iter().map(|b| char::from(*b)).collect();
    }
    let mut text = Text::default();
    for byte in value {
        text.push_str(&format_compact!("{byte:02x}"));
    }
    text
}

/// Rack and slot in a called TSAP of two bytes: the first is the kind of connection (1 programming device, 2 operator
/// panel, 3 other, 0x10 and above project-defined), the second has the rack in its upper three bits.
fn slot(value: &[u8]) -> Option<(u8, u8)> {
    match value {
        [1..=3 | 0x10..=0x1f, place] => Some((place >> 5, place & 0x1f)),
        _ => None,
    }
}

/// A data unit that came in several TPDUs.
#[derive(Default)]
struct Unit {
    bytes: Vec<u8>,
    /// It is over the limit, or its start was lost: passed over until its end.
    is_lost: bool,
}

#[derive(Default)]
struct Cotp {
    inner: Inner,
    /// By the source reference of the request.
    exchange: Exchange<u16, Connect>,
    units: [Unit; 2],
}

impl Decoder for Cotp {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        match head(bytes) {
            Head::Whole(length) => Measure::Whole(length),
            Head::More(count) => Measure::More(count),
            Head::No(why) => Measure::Malformed(why),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        if let Err(short) = self.unit(&mut r, context, out) {
            out.short(&short);
        }
        while let Some((_, at, connect)) = self.exchange.overdue(context.at) {
            out.act(connect.draft().asked(at).no_answer().message(PROTOCOL.id, CONNECT.into()));
        }
    }

    fn gap(&mut self, speaker: Speaker) {
        let unit = self.half(speaker);
        // Whether a data unit was under way is not known; what comes next is read as a whole one, and its probe decides.
        unit.bytes.clear();
        unit.is_lost = false;
        self.inner.gap(speaker);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.inner.end(out);
        for (_, at, connect) in self.exchange.drain() {
            out.act(connect.draft().asked(at).no_answer().message(PROTOCOL.id, CONNECT.into()));
        }
        let left = out.take_carried();
        if left.total() > 0 {
            out.act(Draft::new(&PROTOCOL, DATA.into()).messages(left));
        }
    }
}

impl Connect {
    fn draft(&self) -> Draft<'static> {
        let draft = Draft::named(CONNECT.into(), "connect", Verb::Other)
            .object(self.called.clone())
            .extra("calling", self.calling.clone());
        match self.size {
            Some(size @ 7..=16) => draft.extra("tpdu size", format_compact!("{}", 1_u32 << size)),
            _ => draft,
        }
    }
}

impl Cotp {
    fn half(&mut self, speaker: Speaker) -> &mut Unit {
        let [client, server] = &mut self.units;
        match speaker {
            Speaker::Client => client,
            Speaker::Server => server,
        }
    }

    fn unit(&mut self, r: &mut Reader<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        r.skip(TPKT_BYTES, "tpkt")?;
        let start = *r;
        let indicator = r.u8("length indicator")?;
        let mut header = r.sub(indicator.into(), "header")?;
        let kind = header.u8("tpdu type")? & 0xf0;
        match kind {
            DATA => {
                let number = header.u8("tpdu number")?;
                self.data(r.take_rest(), number & 0x80 != 0, context, out);
            }
            CONNECT => {
                let connect = Connect::read(&mut start.clone())?;
                // A connection request can only come from the client.
                if context.speaker == Speaker::Server {
                    out.swap_roles();
                }
                if let Some((_, at, old)) = self.exchange.ask(connect.source, context.at, connect) {
                    out.act(old.draft().asked(at).no_answer().message(PROTOCOL.id, CONNECT.into()));
                }
            }
            CONFIRM => {
                let mut confirm = Connect::read(&mut start.clone())?;
                if let Some((at, asked)) = self.exchange.answer(&confirm.destination) {
                    confirm.asked = Some(at);
                    confirm.called_slot = asked.called_slot.or(confirm.called_slot);
                    if !asked.called.is_empty() {
                        confirm.called = asked.called;
                        confirm.calling = asked.calling;
                    }
                }
                if let Some((rack, slot)) = confirm.called_slot {
                    out.stand_behind(Behind::Slot { rack, slot });
                }
                let draft = confirm.draft().done(context.at).message(PROTOCOL.id, CONFIRM.into());
                out.act(match confirm.asked {
                    Some(at) => draft.asked(at).message(PROTOCOL.id, CONNECT.into()),
                    None => draft,
                });
            }
            DISCONNECT => {
                let destination = header.u16("destination reference")?;
                header.u16("source reference")?;
                let reason = header.u8("reason")?;
                let name = REASONS.iter().find(|(code, _)| *code == reason);
                let name = name.map_or_else(|| format_compact!("0x{reason:02x}"), |(_, name)| Text::const_new(name));
                match self.exchange.answer(&destination) {
                    Some((at, asked)) => out.act(
                        asked
                            .draft()
                            .asked(at)
                            .refused(context.at, reason.into(), name)
                            .message(PROTOCOL.id, CONNECT.into())
                            .message(PROTOCOL.id, DISCONNECT.into()),
                    ),
                    None => {
                        let draft = Draft::named(DISCONNECT.into(), "disconnect", Verb::Other)
                            .status(reason.into(), name)
                            .message(PROTOCOL.id, DISCONNECT.into());
                        out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
                    }
                }
            }
            kind => {
                let draft = Draft::new(&PROTOCOL, kind.into()).message(PROTOCOL.id, kind.into());
                out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
            }
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8], is_last: bool, context: &Context, out: &mut Output<'_>) {
        out.carry(PROTOCOL.id, DATA.into());
        let unit = self.half(context.speaker);
        if unit.is_lost {
            unit.is_lost = !is_last;
            return;
        }
        if !is_last || !unit.bytes.is_empty() {
            if unit.bytes.len().saturating_add(data.len()) > UNIT_BYTES_MAX {
                unit.bytes = Vec::new();
                unit.is_lost = !is_last;
                out.malformed(TPKT_BYTES, "tpdu number", "the data unit does not end within 65536 bytes");
                return;
            }
            unit.bytes.extend_from_slice(data);
        }
        if !is_last {
            return;
        }
        // Taken out and put back, so that a unit in parts keeps its buffer and one TPDU costs no copy.
        let mut parts = std::mem::take(&mut unit.bytes);
        let whole = if parts.is_empty() { data } else { parts.as_slice() };
        let is_taken = !whole.is_empty() && {
            let context = Context { is_stream: false, wire_len: whole.len(), ..*context };
            self.inner.read(PROTOCOL.id, whole, &context, out)
        };
        if !is_taken {
            let carried = out.take_carried();
            let draft = Draft::new(&PROTOCOL, DATA.into()).messages(carried);
            out.act(if context.speaker == Speaker::Server { draft.from_server() } else { draft });
        }
        parts.clear();
        self.half(context.speaker).bytes = parts;
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    #[test]
    fn a_connection_names_rack_and_slot() {
        Dialog::stream(&PROTOCOL)
            .client("03000016 11 e0 0000 0001 00 c1 02 0100 c2 02 0102 c0 01 0a")
            .server("03000016 11 d0 0001 0044 00 c0 01 0a c1 02 0100 c2 02 0102")
            .end_is(expect![[r#"
                C > S cotp [other] connect | rack 0 slot 2 | 0102 -> done in 1000 us calling=0100 tpdu size=1024 {cotp 208: 1} {cotp 224: 1}
            "#]]);
    }

    #[test]
    fn a_module_that_is_not_there_refuses() {
        Dialog::stream(&PROTOCOL)
            .client("03000016 11 e0 0000 0002 00 c1 02 0100 c2 02 0105 c0 01 0a")
            .server("0300000b 06 80 0002 0000 03")
            .end_is(expect![[r#"
                C > S cotp [other] connect | 0105 -> refused (3 address unknown) in 1000 us calling=0100 tpdu size=1024 {cotp 224: 1} {cotp 128: 1}
            "#]]);
    }

    #[test]
    fn nobody_answers_a_connect() {
        Dialog::stream(&PROTOCOL)
            .client("03000024 1f e0 0000 0112 00 c1 02 0620 c2 0f 53494d415449432d524f4f542d484d49 c0 01 0a")
            .end_is(expect![[r#"
                C > S cotp [other] connect | SIMATIC-ROOT-HM -> no answer calling=0620 {cotp 224: 1}
            "#]]);
    }

    #[test]
    fn data_in_parts_is_one_unit() {
        Dialog::stream(&PROTOCOL)
            .client("03000009 02 f0 00 3201 0300000b 02 f0 00 00000000 03000013 02 f0 80 000800 00f0000001000101e0")
            .server("0300001b 02 f0 80 32030000 00000008 0000 0000 f0000001 000100f0")
            .server("03000007 02 f0 00")
            .end_is(expect![[r#"
                fact S: role = plc (s7comm, setup communication, likely)
                C > S s7comm [other] setup communication -> done in 1000 us parallel jobs=1/1 pdu length=480 negotiated pdu length=240 {s7comm 240: 2} {cotp 240: 4}
                C > S cotp [other] data -> asked {cotp 240: 1}
            "#]]);
    }

    #[test]
    fn a_gap_forgets_the_part() {
        Dialog::stream(&PROTOCOL)
            .client("03000009 02 f0 00 3201")
            .gap(Speaker::Client)
            .client("03000019 02 f0 80 32010000 00000008 0000 f0000001000101e0")
            .end_is(expect![[r#"
                C > S s7comm [other] setup communication -> no answer parallel jobs=1/1 pdu length=480 {s7comm 240: 1} {cotp 240: 2}
            "#]]);
    }

    #[test]
    fn neither_rdp_nor_a_web_page_is_cotp() {
        assert_eq!(testing::probe(&PROTOCOL, "03000013 0e e0 0000 0000 00 01000800 03000000"), Verdict::NO);
        assert_eq!(testing::probe(&PROTOCOL, "474554202f20485454502f312e310d0a"), Verdict::NO);
        assert_eq!(testing::probe(&PROTOCOL, "0300"), Verdict::MORE);
        let connect = "03000016 11 e0 0000 0001 00 c1 02 0100 c2 02 0102 c0 01 0a";
        assert_eq!(testing::probe(&PROTOCOL, connect), Verdict::by(Match::Certain, Speaker::Client));
        let job = "03000019 02 f0 80 32010000 00000008 0000 f0000001000101e0";
        assert_eq!(testing::probe(&PROTOCOL, job), Verdict::by(Match::Certain, Speaker::Client));
    }
}
