//! GOOSE (IEC 61850-8-1): events of protection and control devices, multicast on Ethernet.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Time, Verb};
use wire::Reader;

use crate::ber::{Element, Elements};
use crate::protocols::mms::data;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Values, Verdict, code,
};

/// What a message says, deduced from its state and sequence numbers (IEC 61850-8-1, section 18.1).
const CODES: &[Code] = &[
    code(0, "retransmission", Verb::Report),
    code(1, "state change", Verb::Report),
    code(2, "unreadable message", Verb::Report),
    code(3, "management", Verb::Browse),
];

const RETRANSMISSION: u32 = 0;
const STATE_CHANGE: u32 = 1;
const UNREADABLE: u32 = 2;
const MANAGEMENT: u32 = 3;

/// GOOSE.
pub static PROTOCOL: Protocol = Protocol {
    id: "goose",
    title: "IEC 61850 GOOSE",
    about: "Protection relays and bay controllers tell each other trips, positions and interlocks within milliseconds; \
            nothing in it is authenticated.",
    depth: "Control block, data set, state and sequence numbers, simulation, all data with types; each state change is \
            an act of its own. GSE management is counted.",
    documents: &["IEC 61850-8-1:2011, sections 18 and annex A, C", "ISO 9506-2 for the data"],
    carriers: &[Carrier::Ethernet(&[0x88b8, 0x88b9])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Goose::default()),
};

/// Control blocks of one publisher and group address that are followed.
const BLOCKS_MAX: usize = 64;

/// Values of one data set that are kept.
const ENTRIES_MAX: usize = 512;

/// Bytes before the APDU: APPID, length, two reserved words.
const HEADER_BYTES: usize = 8;

fn probe(probe: &Probe<'_>) -> Verdict {
    // The ethertype says it already; the first byte of the APDU (application 0 or 1) says the rest.
    match (probe.kind, probe.bytes.get(HEADER_BYTES)) {
        (0x88b8, Some(0x60 | 0x61)) => Verdict::by(Match::Certain, Speaker::Client),
        (0x88b8 | 0x88b9, _) => Verdict::by(Match::Likely, Speaker::Client),
        _ => Verdict::NO,
    }
}

/// One control block as it was last heard.
struct Block {
    reference: Vec<u8>,
    state: u64,
    sequence: u64,
    configuration: u64,
    simulation: bool,
    data_set: Text,
    readings: Vec<Reading>,
    /// Names of leaves, made once.
    names: Vec<Object>,
}

#[derive(Default)]
struct Goose {
    blocks: Vec<Block>,
}

/// The fields of a goosePdu, still in the message.
#[derive(Default)]
struct Fields<'a> {
    reference: Option<Element<'a>>,
    time_to_live: Option<u64>,
    data_set: Option<Element<'a>>,
    id: Option<Element<'a>>,
    time: Option<(Time, u8)>,
    state: Option<u64>,
    sequence: Option<u64>,
    simulation: bool,
    configuration: Option<u64>,
    needs_commissioning: bool,
    entries: Option<u64>,
    data: Option<Element<'a>>,
    has_security: bool,
}

impl<'a> Fields<'a> {
    /// Tags: IEC 61850-8-1, annex A, `IECGoosePdu`.
    fn read(elements: &mut Elements<'a>) -> Fields<'a> {
        let mut fields = Fields::default();
        for element in elements {
            if element.class != 2 {
                continue;
            }
            match element.tag {
                0 => fields.reference = Some(element),
                1 => fields.time_to_live = element.unsigned(),
                2 => fields.data_set = Some(element),
                3 => fields.id = Some(element),
                4 => fields.time = data::utc_time(element.content),
                5 => fields.state = element.unsigned(),
                6 => fields.sequence = element.unsigned(),
                7 => fields.simulation = element.is_true(),
                8 => fields.configuration = element.unsigned(),
                9 => fields.needs_commissioning = element.is_true(),
                10 => fields.entries = element.unsigned(),
                11 => fields.data = Some(element),
                12 => fields.has_security = true,
                _ => {}
            }
        }
        fields
    }
}

impl Decoder for Goose {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        let head = r.u16("appid").and_then(|appid| Ok((appid, r.u16("length")?, r.u16("reserved 1")?)));
        let (appid, length, reserved) = match head {
            Ok(head) => head,
            Err(short) => {
                out.short(&short);
                return out.act(Draft::new(&PROTOCOL, UNREADABLE).message("goose", 0));
            }
        };
        let _ = r.u16("reserved 2");
        let apdu = r.sub_at_most(usize::from(length).saturating_sub(HEADER_BYTES)).take_rest();
        let mut outer = Elements::new(apdu);
        match outer.next() {
            Some(pdu) if pdu.class == 1 && pdu.tag == 1 => {
                let is_cut = context.wire_len > message.len();
                self.publication(appid, reserved & 0x8000 != 0, &pdu, is_cut, out);
            }
            Some(pdu) if pdu.class == 1 && pdu.tag == 0 => {
                out.act(Draft::new(&PROTOCOL, MANAGEMENT).object(Object::one("appid", appid.into())));
            }
            _ => {
                out.malformed(HEADER_BYTES, "goose pdu", "the tag is not application 0 or 1");
                let draft = Draft::new(&PROTOCOL, UNREADABLE).object(Object::one("appid", appid.into()));
                out.act(draft.message("goose", 0));
            }
        }
    }
}

impl Goose {
    fn publication(&mut self, appid: u16, simulated: bool, pdu: &Element<'_>, is_cut: bool, out: &mut Output<'_>) {
        let mut elements = pdu.inside();
        let fields = Fields::read(&mut elements);
        if (elements.is_broken() || pdu.is_cut) && !is_cut {
            out.malformed(HEADER_BYTES, "goose pdu", "a field is longer than the message");
        } else if fields.data.is_none() && !is_cut {
            out.malformed(HEADER_BYTES, "all data", "missing");
        }
        let (Some(reference), Some(state)) = (fields.reference, fields.state) else {
            if !is_cut {
                out.malformed(HEADER_BYTES, "control block reference or state number", "missing");
            }
            let object = fields.reference.map_or(Object::one("appid", appid.into()), |r| Object::Text(r.text()));
            out.act(Draft::new(&PROTOCOL, UNREADABLE).object(object).message("goose", 0));
            return;
        };
        let sequence = fields.sequence.unwrap_or(0);
        let simulation = fields.simulation || simulated;
        let known = self.blocks.iter().position(|block| block.reference == reference.content);
        let before = known.and_then(|i| self.blocks.get(i)).map(|block| (block.state, block.sequence));
        let order = before.and_then(|(old_state, old_sequence)| order(old_state, old_sequence, state, sequence));
        let is_change = match before {
            Some((old, _)) => old != state,
            None => sequence == 0,
        };
        let block = match known.and_then(|i| self.blocks.get_mut(i)) {
            Some(block) => {
                (block.state, block.sequence) = (state, sequence);
                block
            }
            None => {
                if self.blocks.len() >= BLOCKS_MAX {
                    self.blocks.remove(0);
                }
                let data_set = fields.data_set.map(|d| d.text()).unwrap_or_default();
                announce(&reference, &data_set, out);
                self.blocks.push(Block {
                    reference: reference.content.to_vec(),
                    state,
                    sequence,
                    configuration: fields.configuration.unwrap_or(0),
                    simulation,
                    data_set,
                    readings: Vec::new(),
                    names: Vec::new(),
                });
                let Some(block) = self.blocks.last_mut() else { return };
                block
            }
        };
        let configuration = fields.configuration.unwrap_or(block.configuration);
        let was = (block.configuration != configuration).then_some(block.configuration);
        if was.is_some() || fields.data_set.is_some_and(|d| d.content != block.data_set.as_bytes()) {
            block.names.clear();
            block.data_set = fields.data_set.map(|d| d.text()).unwrap_or_default();
            block.configuration = configuration;
        }
        let is_simulation_new = block.simulation != simulation;
        block.simulation = simulation;
        if let Some(data) = fields.data {
            block.read(&data, fields.time.map(|(time, _)| time));
            let announced = fields.entries.unwrap_or(0);
            let top = data.inside().count() as u64;
            if !is_cut && announced != top {
                let why = format_compact!("{announced} announced, {top} there");
                out.malformed(HEADER_BYTES, "entries of all data", &why);
            }
        } else {
            block.readings.clear();
        }
        let mut draft = Draft::new(&PROTOCOL, if is_change { STATE_CHANGE } else { RETRANSMISSION })
            .object(Object::Text(reference.text()))
            .values(Values::List(&block.readings))
            .message("goose", 0)
            .extra("appid", format_compact!("0x{appid:04x}"))
            .extra("data set", block.data_set.clone())
            .extra("go id", fields.id.map(|id| id.text()).unwrap_or_default())
            .extra("state number", format_compact!("{state}"))
            .extra("sequence number", format_compact!("{sequence}"))
            .extra("time to live ms", number(fields.time_to_live))
            .extra("configuration revision", format_compact!("{configuration}"))
            .extra("entries", number(fields.entries));
        if is_change {
            // The state number makes every change an act that is never merged with another.
            draft = draft.status(u32::try_from(state).unwrap_or(u32::MAX), "state number");
        }
        if let Some((time, quality)) = fields.time {
            draft = draft.extra("time", format_compact!("{time}"));
            draft = draft.extra("time quality", data::time_quality(quality).unwrap_or(""));
        }
        if simulation {
            // Another name: simulated messages must never hide among the real ones in roll-up.
            draft = draft.renamed(if is_change { "simulated state change" } else { "simulated retransmission" });
            let is_said = if is_simulation_new { "begins" } else { "true" };
            draft = draft.extra("simulation", is_said);
        } else if is_simulation_new {
            draft = draft.extra("simulation", "ends");
        }
        if let Some(was) = was {
            draft = draft.extra("configuration revision before", format_compact!("{was}"));
        }
        if fields.needs_commissioning {
            draft = draft.extra("needs commissioning", "true");
        }
        if fields.has_security {
            draft = draft.extra("security", "present");
        }
        out.act(draft.extra("order", order.unwrap_or("")));
    }
}

impl Block {
    /// Reads all data into the readings kept from message to message.
    fn read(&mut self, data: &Element<'_>, at: Option<Time>) {
        let (names, readings, set) = (&mut self.names, &mut self.readings, &self.data_set);
        let mut count = 0;
        data::leaves(data.inside(), |path, leaf| {
            if count >= ENTRIES_MAX {
                return;
            }
            if names.len() <= count {
                names.push(Object::Text(format_compact!("{set}[{}]", data::dotted(path))));
            }
            let value = data::value(leaf);
            match (readings.get_mut(count), names.get(count)) {
                (Some(reading), Some(name)) => {
                    if reading.object != *name {
                        reading.object = name.clone();
                    }
                    reading.value = value;
                    reading.at = at;
                }
                (None, Some(name)) => {
                    readings.push(Reading { object: name.clone(), value, quality: None, at });
                }
                _ => {}
            }
            count += 1;
        });
        readings.truncate(count);
    }
}

fn number(value: Option<u64>) -> Text {
    value.map(|value| format_compact!("{value}")).unwrap_or_default()
}

/// What the numbers say against the message before (section 18.1.2.5): the state number only grows, the sequence
/// number begins at 0 with each state and grows by one.
fn order(old_state: u64, old_sequence: u64, state: u64, sequence: u64) -> Option<&'static str> {
    match (state.cmp(&old_state), sequence.cmp(&old_sequence)) {
        (std::cmp::Ordering::Less, _) if state <= 1 => Some("restarted"),
        (std::cmp::Ordering::Less, _) => Some("state number went back"),
        (std::cmp::Ordering::Equal, std::cmp::Ordering::Less) if sequence > 1 => Some("sequence number went back"),
        (std::cmp::Ordering::Equal, std::cmp::Ordering::Less) => Some("restarted"),
        (std::cmp::Ordering::Equal, std::cmp::Ordering::Equal) => Some("repeated"),
        (std::cmp::Ordering::Equal, _) if sequence.wrapping_sub(old_sequence) > 1 => Some("messages missing"),
        (std::cmp::Ordering::Greater, _) if state.wrapping_sub(old_state) > 1 => Some("states missing"),
        (std::cmp::Ordering::Greater, _) if sequence != 0 => Some("messages missing"),
        _ => None,
    }
}

/// What a new control block reveals of its publisher.
fn announce(reference: &Element<'_>, data_set: &str, out: &mut Output<'_>) {
    let reference = reference.text();
    out.fact(About::Client, FactKey::Variable, &format!("goose {reference}"), "control block", Confidence::Certain);
    out.fact(About::Client, FactKey::Role, "ied", "goose publisher", Confidence::Likely);
    // `AA1C1Q01A1LD0/LLN0$GO$gcb_A`: the logical device carries the name of its station's project.
    if let Some((device, _)) = reference.split_once('/') {
        out.fact(About::Client, FactKey::StationName, device, "logical device", Confidence::Likely);
    }
    if !data_set.is_empty() {
        out.fact(About::Client, FactKey::Variable, &format!("data set {data_set}"), "data set", Confidence::Certain);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, hex};

    /// A message with reference `A1/LLN0$GO$g1`, data set `A1/LLN0$d`, and the given numbers.
    fn message(state: u8, sequence: u8, on: u8, flags: &str) -> Vec<u8> {
        let apdu = hex(&format!(
            "80 0d 41312f4c4c4e3024474f246731  81 02 07d0  82 09 41312f4c4c4e302464  83 02 6731 \
             84 08 00000001 800000 0a  85 01 {state:02x}  86 01 {sequence:02x}  87 01 {flags}  88 01 01  89 01 00 \
             8a 01 02  ab 08  83 01 {on:02x}  84 03 03 0000"
        ));
        let mut bytes = hex("0001 0000 0000 0000 61");
        bytes.push(apdu.len() as u8);
        bytes.extend(apdu);
        bytes[3] = bytes.len() as u8;
        bytes
    }

    #[test]
    fn state_changes_stand_apart_from_retransmissions() {
        Dialog::datagrams(&PROTOCOL)
            .says(Speaker::Client, &message(7, 3, 0, "00"))
            .says(Speaker::Client, &message(7, 4, 0, "00"))
            .says(Speaker::Client, &message(8, 0, 1, "00"))
            .says(Speaker::Client, &message(5, 0, 0, "01"))
            .end_is(expect![[r#"
                fact C: variable = goose A1/LLN0$GO$g1 (goose, control block, certain)
                fact C: role = ied (goose, goose publisher, likely)
                fact C: station_name = A1 (goose, logical device, likely)
                fact C: variable = data set A1/LLN0$d (goose, data set, certain)
                C > S goose [report] retransmission | A1/LLN0$GO$g1 = A1/LLN0$d[1]=false @1970-01-01T00:00:01.500000000Z, A1/LLN0$d[2]=0000000000000 @1970-01-01T00:00:01.500000000Z -> asked appid=0x0001 data set=A1/LLN0$d go id=g1 state number=7 sequence number=3 time to live ms=2000 configuration revision=1 entries=2 time=1970-01-01T00:00:01.500000000Z {goose 0: 1}
                C > S goose [report] retransmission | A1/LLN0$GO$g1 = A1/LLN0$d[1]=false @1970-01-01T00:00:01.500000000Z, A1/LLN0$d[2]=0000000000000 @1970-01-01T00:00:01.500000000Z -> asked appid=0x0001 data set=A1/LLN0$d go id=g1 state number=7 sequence number=4 time to live ms=2000 configuration revision=1 entries=2 time=1970-01-01T00:00:01.500000000Z {goose 0: 1}
                C > S goose [report] state change | A1/LLN0$GO$g1 = A1/LLN0$d[1]=true @1970-01-01T00:00:01.500000000Z, A1/LLN0$d[2]=0000000000000 @1970-01-01T00:00:01.500000000Z -> asked (8 state number) appid=0x0001 data set=A1/LLN0$d go id=g1 state number=8 sequence number=0 time to live ms=2000 configuration revision=1 entries=2 time=1970-01-01T00:00:01.500000000Z {goose 0: 1}
                C > S goose [report] simulated state change | A1/LLN0$GO$g1 = A1/LLN0$d[1]=false @1970-01-01T00:00:01.500000000Z, A1/LLN0$d[2]=0000000000000 @1970-01-01T00:00:01.500000000Z -> asked (5 state number) appid=0x0001 data set=A1/LLN0$d go id=g1 state number=5 sequence number=0 time to live ms=2000 configuration revision=1 entries=2 time=1970-01-01T00:00:01.500000000Z simulation=begins order=state number went back {goose 0: 1}
            "#]]);
    }

    #[test]
    fn missing_and_cut_fields_are_told() {
        let whole = message(7, 3, 0, "00");
        let mut without_reference = whole.clone();
        without_reference[10] = 0x9e;
        let mut cut = whole.clone();
        cut.truncate(40);
        Dialog::datagrams(&PROTOCOL)
            .says(Speaker::Client, &without_reference)
            .says(Speaker::Client, &cut)
            .client("0001 0008 0000 0000")
            .client("00")
            .end_is(expect![[r#"
                health malformed goose x1: control block reference or state number at offset 8: missing
                C > S goose [report] unreadable message | appid 1 -> asked {goose 0: 1}
                health malformed goose x1: goose pdu at offset 8: a field is longer than the message
                health malformed goose x1: control block reference or state number at offset 8: missing
                C > S goose [report] unreadable message | A1/LLN0$GO$g1 -> asked {goose 0: 1}
                C > S goose [report] unreadable message | appid 1 -> asked {goose 0: 1}
                C > S goose [report] unreadable message -> asked {goose 0: 1}
            "#]]);
    }

    #[test]
    fn no_bytes_break_it() {
        let whole = message(7, 3, 0, "00");
        for i in 0..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            for bit in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[i] ^= bit;
                Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).end();
            }
        }
    }
}
