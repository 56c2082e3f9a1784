//! Sampled values (IEC 61850-9-2): currents and voltages of merging units, thousands of messages a second.
//!
//! A message is never an act of its own: the first of a stream is, then what changes, then a summary a second.

use compact_str::format_compact;
use model::{Confidence, FactKey, Messages, Object, Reading, Text, Time, Value, Verb};
use wire::Reader;

use crate::ber::{Element, Elements};
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Match, Output, Probe, Protocol, Speaker, Values, Verdict, code,
};

const CODES: &[Code] = &[
    code(0, "sampled values", Verb::Report),
    code(1, "stream begins", Verb::Report),
    code(2, "stream changes", Verb::Report),
    code(3, "unreadable message", Verb::Report),
];

const VALUES: u32 = 0;
const BEGINS: u32 = 1;
const CHANGES: u32 = 2;
const UNREADABLE: u32 = 3;

/// Sampled values.
pub static PROTOCOL: Protocol = Protocol {
    id: "sv",
    title: "IEC 61850-9-2 sampled values",
    about: "Merging units send measured currents and voltages to protection relays; whoever can send here can trip or blind them.",
    depth: "Stream name, data set, revision, synchronisation, rate, lost samples; effective values of the eight channels \
            of 9-2LE; a summary a second.",
    documents: &["IEC 61850-9-2:2011, section 8", "UCA 9-2LE implementation guideline R2-1"],
    carriers: &[Carrier::Ethernet(&[0x88ba])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(SampledValues::default()),
};

/// Streams of one publisher and group address that are followed.
const STREAMS_MAX: usize = 32;

/// Nanoseconds between two summaries of a stream.
const SUMMARY_INTERVAL: i64 = 1_000_000_000;

/// Samples below which an effective value says nothing: half a period of the 80 samples that 9-2LE takes of each.
const SAMPLES_MIN: u64 = 40;

/// Bytes before the APDU: APPID, length, two reserved words.
const HEADER_BYTES: usize = 8;

/// Channels of 9-2LE (guideline, section 7.1.1): four currents in mA, four voltages in 10 mV, each with a quality.
const CHANNELS: [&str; 8] =
    ["I1 rms A", "I2 rms A", "I3 rms A", "In rms A", "U1 rms V", "U2 rms V", "U3 rms V", "Un rms V"];

fn probe(probe: &Probe<'_>) -> Verdict {
    match (probe.kind, probe.bytes.get(HEADER_BYTES)) {
        (0x88ba, Some(0x60)) => Verdict::by(Match::Certain, Speaker::Client),
        (0x88ba, _) => Verdict::by(Match::Likely, Speaker::Client),
        _ => Verdict::NO,
    }
}

/// One stream (svID) and what it said since the last summary.
struct Stream {
    id: Vec<u8>,
    name: Text,
    appid: u16,
    /// What should stay as it is; a change is told at once.
    state: State,
    data_set: Text,
    counter: u16,
    /// Highest counter seen, to tell the wrap from a jump back: the rate follows from it.
    highest: u16,
    since: Time,
    last: Time,
    messages: u32,
    samples: u64,
    lost: u64,
    backwards: u64,
    bytes: usize,
    squares: [f64; 8],
    squared: u64,
    quality: u32,
}

/// What should stay as it is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct State {
    revision: u32,
    synchronised: u8,
    simulation: bool,
    rate: Option<u16>,
}

#[derive(Default)]
struct SampledValues {
    streams: Vec<Stream>,
    readings: Vec<Reading>,
}

impl Decoder for SampledValues {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        let head = r.u16("appid").and_then(|appid| Ok((appid, r.u16("length")?, r.u16("reserved 1")?)));
        let (appid, length, reserved) = match head {
            Ok(head) => head,
            Err(short) => {
                out.short(&short);
                return out.act(Draft::new(&PROTOCOL, UNREADABLE).message("sv", 0));
            }
        };
        let _ = r.u16("reserved 2");
        let apdu = r.sub_at_most(usize::from(length).saturating_sub(HEADER_BYTES)).take_rest();
        let units = Elements::new(apdu)
            .next()
            .filter(|pdu| pdu.class == 1 && pdu.tag == 0)
            .and_then(|pdu| pdu.inside().context(2));
        let mut carried = 1;
        for unit in units.iter().flat_map(|units| units.inside()).take(64) {
            if self.sample(appid, reserved & 0x8000 != 0, &unit, carried, context, out) {
                carried = 0;
            }
        }
        if carried == 1 {
            if context.wire_len <= message.len() {
                out.malformed(HEADER_BYTES, "sampled values", "no readable sample");
            }
            let draft = Draft::new(&PROTOCOL, UNREADABLE).object(Object::one("appid", appid.into()));
            out.act(draft.message("sv", 0));
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for stream in &mut self.streams {
            stream.tell(VALUES, &mut self.readings, out);
        }
    }
}

impl SampledValues {
    /// Reads one ASDU. Says whether a stream took it; `messages` are the messages it stands for.
    fn sample(
        &mut self,
        appid: u16,
        simulation: bool,
        unit: &Element<'_>,
        messages: u32,
        context: &Context,
        out: &mut Output<'_>,
    ) -> bool {
        let (mut id, mut set, mut counter, mut data) = (None, None, None, None);
        let mut state = State { simulation, ..State::default() };
        // Tags: section 8.5.2, `ASDU`.
        for field in unit.inside().filter(|field| field.class == 2) {
            match field.tag {
                0 => id = Some(field.content),
                1 => set = Some(field),
                2 => counter = field.unsigned().and_then(|n| u16::try_from(n).ok()),
                3 => state.revision = field.unsigned().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
                5 => state.synchronised = field.content.first().copied().unwrap_or(0),
                6 => state.rate = field.unsigned().and_then(|n| u16::try_from(n).ok()),
                7 => data = Some(field.content),
                _ => {}
            }
        }
        let (Some(id), Some(counter)) = (id, counter) else { return false };
        let at = context.at;
        let index = self.streams.iter().position(|stream| stream.appid == appid && stream.id == id);
        let Some(stream) = index.and_then(|i| self.streams.get_mut(i)) else {
            if self.streams.len() >= STREAMS_MAX {
                let mut oldest = self.streams.remove(0);
                oldest.tell(VALUES, &mut self.readings, out);
            }
            let mut stream = Stream::new(id, appid, state, counter, at);
            stream.data_set = set.map(|set| set.text()).unwrap_or_default();
            stream.add(data, messages);
            announce(&stream, out);
            stream.tell(BEGINS, &mut self.readings, out);
            self.streams.push(stream);
            return true;
        };
        let is_changed = stream.state != state;
        if is_changed || at.since(stream.since) >= SUMMARY_INTERVAL {
            stream.tell(VALUES, &mut self.readings, out);
            stream.since = at;
        }
        stream.follow(counter);
        stream.last = at;
        stream.state = state;
        stream.add(data, messages);
        if is_changed {
            stream.tell(CHANGES, &mut self.readings, out);
        }
        true
    }
}

impl Stream {
    fn new(id: &[u8], appid: u16, state: State, counter: u16, at: Time) -> Stream {
        Stream {
            id: id.to_vec(),
            name: crate::ber::text(id),
            appid,
            state,
            data_set: Text::default(),
            counter,
            highest: 0,
            since: at,
            last: at,
            messages: 0,
            samples: 0,
            lost: 0,
            backwards: 0,
            bytes: 0,
            squares: [0.0; 8],
            squared: 0,
            quality: 0,
        }
    }

    /// The counter goes up by one and begins again at 0 with every second.
    fn follow(&mut self, counter: u16) {
        match counter.checked_sub(self.counter) {
            Some(0) => self.backwards = self.backwards.saturating_add(1),
            Some(step) => self.lost = self.lost.saturating_add(u64::from(step).saturating_sub(1)),
            // A wrap goes from the highest counter to 0; anything else is out of order.
            None if counter == 0 || self.counter.saturating_sub(counter) > self.highest / 2 => {
                self.lost = self.lost.saturating_add(counter.into());
            }
            None => self.backwards = self.backwards.saturating_add(1),
        }
        self.counter = counter;
        self.highest = self.highest.max(counter);
    }

    fn add(&mut self, data: Option<&[u8]>, messages: u32) {
        self.messages = self.messages.saturating_add(messages);
        self.samples = self.samples.saturating_add(1);
        let Some(data) = data else { return };
        self.bytes = data.len();
        // Only the layout of 9-2LE says what the bytes are.
        if data.len() == 64 {
            self.squared = self.squared.saturating_add(1);
            for (square, channel) in self.squares.iter_mut().zip(data.as_chunks::<8>().0) {
                let [a, b, c, d, q0, q1, q2, q3] = *channel;
                let value = f64::from(i32::from_be_bytes([a, b, c, d]));
                *square += value * value;
                // Bit 13 (derived) is no defect.
                self.quality |= u32::from_be_bytes([q0, q1, q2, q3]) & !0x2000;
            }
        }
    }

    /// Tells what was gathered, and begins anew.
    fn tell(&mut self, code: u32, readings: &mut Vec<Reading>, out: &mut Output<'_>) {
        if self.messages == 0 && self.samples == 0 {
            return;
        }
        readings.clear();
        if self.squared >= SAMPLES_MIN {
            for (i, (square, name)) in self.squares.iter().zip(CHANNELS).enumerate() {
                let unit = if i < 4 { 1_000.0 } else { 100.0 };
                let rms = (square / self.squared as f64).sqrt() / unit;
                readings.push(Reading::new(
                    Object::Text(format_compact!("{} {name}", self.name)),
                    Value::Float((rms * 1_000.0).round() / 1_000.0),
                ));
            }
        }
        let mut messages = Messages::none();
        if self.messages > 0 {
            messages.add("sv", 0, self.messages);
        }
        let zero_is_silence = |count: u64| if count > 0 { format_compact!("{count}") } else { Text::default() };
        let quality = match self.quality {
            0 => Text::default(),
            quality => format_compact!("0x{quality:04x}"),
        };
        let draft = Draft::new(&PROTOCOL, code)
            .object(Object::Text(self.name.clone()))
            .values(Values::List(readings))
            .messages(messages)
            .asked(if code == VALUES { self.since } else { self.last })
            .extra("appid", format_compact!("0x{:04x}", self.appid))
            .extra("data set", self.data_set.clone())
            .extra("samples", format_compact!("{}", self.samples))
            .extra("sample counter", format_compact!("{}", self.counter))
            .extra("lost", zero_is_silence(self.lost))
            .extra("out of order", zero_is_silence(self.backwards))
            .extra("configuration revision", format_compact!("{}", self.state.revision))
            .extra("synchronisation", synchronisation(self.state.synchronised))
            .extra("rate", self.state.rate.map(|rate| format_compact!("{rate}")).unwrap_or_default())
            .extra("bytes", format_compact!("{}", self.bytes))
            .extra("quality", quality)
            .extra("simulation", if self.state.simulation { "true" } else { "" });
        out.act(draft);
        (self.messages, self.samples, self.lost, self.backwards) = (0, 0, 0, 0);
        (self.squares, self.squared, self.quality) = ([0.0; 8], 0, 0);
    }
}

/// Section 8.5.2, `smpSynch`.
fn synchronisation(code: u8) -> Text {
    match code {
        0 => "none".into(),
        1 => "local".into(),
        2 => "global".into(),
        5..=254 => format_compact!("local clock {code}"),
        _ => format_compact!("0x{code:02x}"),
    }
}

fn announce(stream: &Stream, out: &mut Output<'_>) {
    out.fact(About::Client, FactKey::Variable, &format!("sv {}", stream.name), "sv id", Confidence::Certain);
    out.fact(About::Client, FactKey::Role, "merging unit", "sampled values publisher", Confidence::Likely);
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::{Dialog, hex};

    fn message(counter: u16, synchronised: u8) -> Vec<u8> {
        hex(&format!(
            "4000 0066 0000 0000 60 5c 80 01 01 a2 57 30 55 80 04 34303031 82 02 {counter:04x} 83 04 00000001 85 01 {synchronised:02x} \
             87 40 fffe5982 00000000 00043ddc 00000000 fffd6f5c 00000000 000006ba 00002000 ff8df400 00000000 \
             011dfbc2 00000000 ff55600c 00000000 00014fce 00002000"
        ))
    }

    #[test]
    fn a_stream_is_summarised() {
        Dialog::datagrams(&PROTOCOL)
            .says(Speaker::Client, &message(280, 2))
            .says(Speaker::Client, &message(281, 2))
            .says(Speaker::Client, &message(283, 2))
            .says(Speaker::Client, &message(284, 0))
            .wait_ms(1_000)
            .says(Speaker::Client, &message(285, 0))
            .end_is(expect![[r#"
                fact C: variable = sv 4001 (sv, sv id, certain)
                fact C: role = merging unit (sv, sampled values publisher, likely)
                C > S sv [report] stream begins | 4001 -> asked appid=0x4000 samples=1 sample counter=280 configuration revision=1 synchronisation=global bytes=64 {sv 0: 1}
                C > S sv [report] sampled values | 4001 -> asked appid=0x4000 samples=2 sample counter=283 lost=1 configuration revision=1 synchronisation=global bytes=64 {sv 0: 2}
                C > S sv [report] stream changes | 4001 -> asked appid=0x4000 samples=1 sample counter=284 configuration revision=1 synchronisation=none bytes=64 {sv 0: 1}
                C > S sv [report] sampled values | 4001 -> asked appid=0x4000 samples=1 sample counter=285 configuration revision=1 synchronisation=none bytes=64 {sv 0: 1}
            "#]]);
    }

    #[test]
    fn effective_values_of_the_channels_of_9_2le() {
        let mut dialog = Dialog::datagrams(&PROTOCOL);
        for counter in 0..45 {
            dialog = dialog.says(Speaker::Client, &message(counter, 2));
        }
        dialog.end_is(expect![[r#"
            fact C: variable = sv 4001 (sv, sv id, certain)
            fact C: role = merging unit (sv, sampled values publisher, likely)
            C > S sv [report] stream begins | 4001 -> asked appid=0x4000 samples=1 sample counter=0 configuration revision=1 synchronisation=global bytes=64 {sv 0: 1}
            C > S sv [report] sampled values | 4001 = 4001 I1 rms A=108.158, 4001 I2 rms A=277.98, 4001 I3 rms A=168.1, 4001 In rms A=1.722, 4001 U1 rms V=74741.76, 4001 U2 rms V=187422.1, 4001 U3 rms V=111820.68, 4001 Un rms V=859.66 -> asked appid=0x4000 samples=44 sample counter=44 configuration revision=1 synchronisation=global bytes=64 {sv 0: 44}
        "#]]);
    }

    #[test]
    fn no_bytes_break_it() {
        Dialog::datagrams(&PROTOCOL).client("4000 0008 0000 0000 61 00").end_is(expect![[r#"
            health malformed sv x1: sampled values at offset 8: no readable sample
            C > S sv [report] unreadable message | appid 16384 -> asked {sv 0: 1}
        "#]]);
        let whole = message(1, 2);
        for i in 0..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            let mut changed = whole.clone();
            changed[i] ^= 0xff;
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).end();
        }
    }
}
