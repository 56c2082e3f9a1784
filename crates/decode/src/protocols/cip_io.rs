//! Implicit messages of CIP over UDP: the cyclic inputs and outputs of EtherNet/IP devices.

use compact_str::format_compact;
use model::{Behind, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::cip;
use crate::{
    Carrier, Code, Context, Decoder, Draft, Match, Measure, Output, Probe, Protocol, Speaker, Values, Verdict, code,
};

const CODES: &[Code] = &[code(0, "i/o data", Verb::Report)];

/// CIP class 0 and 1.
pub static PROTOCOL: Protocol = Protocol {
    id: "cip-io",
    title: "CIP I/O",
    about: "Carries inputs and outputs of EtherNet/IP devices every few milliseconds.",
    depth: "Connection, sequence, run or idle, bytes; direction, assembly and route where the Forward Open was seen.",
    documents: &["The CIP Networks Library, volume 2: EtherNet/IP Adaptation of CIP (ODVA), sections 2-6 and 3-3"],
    carriers: &[Carrier::Udp(&[2222])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Io::default()),
};

/// Connections of one pair of ends that are remembered.
const CONNECTIONS_MAX: usize = 128;

/// A packet: volume 2, section 3-3.2. Items in a fixed order: sequenced address, connected data.
struct Packet<'a> {
    connection: u32,
    data: &'a [u8],
}

fn packet(bytes: &[u8]) -> Result<Option<Packet<'_>>, Short> {
    let mut r = Reader::new(bytes);
    let count = r.u16_le("item count")?;
    let (kind, length) = (r.u16_le("item type")?, r.u16_le("item length")?);
    if !(2..=4).contains(&count) || kind != 0x8002 || length != 8 {
        return Ok(None);
    }
    let connection = r.u32_le("connection id")?;
    r.skip(4, "encapsulation sequence number")?;
    let kind = r.u16_le("item type")?;
    let length = r.u16_le("item length")?;
    if kind != 0x00b1 {
        return Ok(None);
    }
    Ok(Some(Packet { connection, data: r.sub_at_most(length.into()).take_rest() }))
}

fn probe(probe: &Probe<'_>) -> Verdict {
    match packet(probe.bytes) {
        Ok(Some(_)) if !probe.is_stream => Verdict::of(Match::Certain),
        _ => Verdict::NO,
    }
}

/// What is known of one connection id of one side.
struct Connection {
    id: u32,
    speaker: Speaker,
    is_known: bool,
    verb: Verb,
    object: Object,
    behind: Behind,
    class: u8,
    /// The last value, whose memory is used again.
    readings: [Reading; 1],
}

/// Inputs and outputs between two ends.
#[derive(Default)]
struct Io {
    connections: Vec<Connection>,
    /// Where the last packet's connection stands.
    last: usize,
    /// Packets until unknown connections are looked up again.
    lookups: u32,
}

impl Decoder for Io {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        match packet(bytes) {
            Ok(Some(_)) => Measure::Whole(bytes.len()),
            Ok(None) => Measure::Malformed("not a sequenced address and connected data"),
            Err(_) => Measure::Malformed("too short for its items"),
        }
    }

    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let packet = match packet(message) {
            Ok(Some(packet)) => packet,
            Ok(None) => return out.malformed(0, "items", "not a sequenced address and connected data"),
            Err(short) => return out.short(&short),
        };
        let Some(connection) = self.connection(packet.connection, context, out) else { return };
        let (run, data) = split(connection, packet.data);
        keep(&mut connection.readings, data);
        let mut draft = Draft::new(&PROTOCOL, 0)
            .verb(connection.verb)
            .object(connection.object.clone())
            .behind(connection.behind.clone())
            .values(Values::List(&connection.readings))
            .message("cip-io", 0);
        if let Some(run) = run {
            draft = draft.extra("mode", if run { "run" } else { "idle" });
        }
        if context.speaker == Speaker::Server {
            draft = draft.from_server();
        }
        out.act(draft);
    }
}

impl Io {
    fn connection(&mut self, id: u32, context: &Context, out: &Output<'_>) -> Option<&mut Connection> {
        let is_it = |c: &Connection| c.id == id && c.speaker == context.speaker;
        let found = match self.connections.get(self.last) {
            Some(connection) if is_it(connection) => Some(self.last),
            _ => self.connections.iter().position(is_it),
        };
        let index = match found {
            Some(index) => index,
            None => {
                if self.connections.len() >= CONNECTIONS_MAX {
                    self.connections.clear();
                }
                let object = Object::Text(format_compact!("connection 0x{id:08x}"));
                self.connections.push(Connection {
                    id,
                    speaker: context.speaker,
                    is_known: false,
                    verb: Verb::Report,
                    readings: [Reading::new(object.clone(), Value::Bytes([].into()))],
                    object,
                    behind: Behind::Nobody,
                    class: 1,
                });
                self.lookups = 0;
                self.connections.len().saturating_sub(1)
            }
        };
        self.last = index;
        self.lookups = self.lookups.wrapping_add(1);
        let is_due = self.lookups.is_power_of_two() || self.lookups.is_multiple_of(1_024);
        let connection = self.connections.get_mut(index)?;
        // The Forward Open may become known only after the first packets (it comes from another flow).
        if !connection.is_known && is_due {
            let producer = match context.speaker {
                Speaker::Client => out.client().ip,
                Speaker::Server => out.server().ip,
            };
            let shared = producer.and_then(|ip| out.shared(cip::TOPIC, &cip::connection_key(ip, id)));
            if let Some(text) = shared {
                learn(connection, &text);
            }
        }
        Some(connection)
    }
}

/// Takes what the flow of the Forward Open told: verb, object, route, transport class.
fn learn(connection: &mut Connection, text: &Text) {
    let mut parts = text.split('\t');
    let (Some(verb), Some(object), Some(behind), Some(class)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    connection.is_known = true;
    connection.verb = Verb::from_word(verb).unwrap_or(Verb::Report);
    connection.object = object.into();
    let [reading] = &mut connection.readings;
    reading.object = object.into();
    connection.behind = if behind.is_empty() { Behind::Nobody } else { Behind::Path(behind.into()) };
    connection.class = class.parse().unwrap_or(1);
}

/// Takes the sequence count of class 1 and the run/idle header of outputs off (volume 1, section 3-6.1: bit 0 is run,
/// all but the lowest four bits are 0). Which format a connection has is in no packet; what cannot be a header is data.
fn split<'a>(connection: &Connection, data: &'a [u8]) -> (Option<bool>, &'a [u8]) {
    let mut r = Reader::new(data);
    if connection.class == 1 && r.skip(2, "sequence count").is_err() {
        return (None, data);
    }
    if connection.verb == Verb::Write {
        let mut behind = r;
        if let Ok(header) = behind.u32_le("run/idle header")
            && header & !0x0f == 0
        {
            return (Some(header & 1 == 1), behind.take_rest());
        }
    }
    (None, r.take_rest())
}

/// Puts bytes into the one value, into the same memory where they have the same length.
fn keep(readings: &mut [Reading; 1], data: &[u8]) {
    let [reading] = readings;
    match &mut reading.value {
        Value::Bytes(bytes) if bytes.len() == data.len() => bytes.copy_from_slice(data),
        value => *value = Value::Bytes(data.into()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{self, Dialog};

    #[test]
    fn cyclic_data_of_an_unknown_connection() {
        Dialog::datagrams(&PROTOCOL)
            .client("0200 0280 0800 00802f00 54177311 b100 0600 0100 deadbeef")
            .server("0200 0280 0800 00803000 00000001 b100 0400 0200 cafe")
            .end_is(expect![[r#"
                C > S cip-io [report] i/o data | connection 0x002f8000 = 0xdeadbeef -> asked {cip-io 0: 1}
                S > C cip-io [report] i/o data | connection 0x00308000 = 0xcafe -> asked {cip-io 0: 1}
            "#]]);
    }

    #[test]
    fn the_forward_open_gives_direction_object_and_format() {
        let mut connection = Connection {
            id: 1,
            speaker: Speaker::Client,
            is_known: false,
            verb: Verb::Report,
            object: Object::None,
            behind: Behind::Nobody,
            class: 0,
            readings: [Reading::new("", Value::Bytes([].into()))],
        };
        learn(&mut connection, &"write\tassembly 100\tport 1 slot 2\t1".into());
        assert_eq!(connection.object, Object::Text("assembly 100".into()));
        assert_eq!(connection.behind, Behind::Path("port 1 slot 2".into()));
        // Sequence, run/idle header, data.
        assert_eq!(split(&connection, &testing::hex("0500 01000000 cafe")), (Some(true), &[0xca, 0xfe][..]));
        assert_eq!(split(&connection, &testing::hex("0500 00000000 cafe")), (Some(false), &[0xca, 0xfe][..]));
        // What cannot be a header is data.
        assert_eq!(split(&connection, &testing::hex("0500 cafecafe")), (None, &[0xca, 0xfe, 0xca, 0xfe][..]));
        assert_eq!(split(&connection, &testing::hex("05")), (None, &[0x05][..]));
    }

    #[test]
    fn probes_want_both_items() {
        assert_eq!(probe_datagram("0200 0280 0800 00802f00 54177311 b100 0200 0100").matched, Match::Certain);
        assert_eq!(probe_datagram("0200 0280 0800 00802f00 54177311 b200 0200 0100").matched, Match::No);
    }

    fn probe_datagram(text: &str) -> Verdict {
        let bytes = testing::hex(text);
        probe(&Probe {
            bytes: &bytes,
            is_stream: false,
            is_start: true,
            source_port: 0,
            destination_port: 0,
            kind: 0,
            to: None,
        })
    }
}
