//! PROFINET RT: cyclic data, alarms and time between controllers and devices, straight on Ethernet or over UDP.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::protocols::profinet_cm::status::{self, PnioStatus};
use crate::protocols::profinet_dcp;
use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Inner, Match, Output, Probe, Protocol, Speaker, Values,
    Verdict, code,
};

/// The first frame id of each range: IEC 61158-6-10, section 4.2.2.3 (FrameID).
const CODES: &[Code] = &[
    code(0x0020, "ptcp sync with follow-up", Verb::Time),
    code(0x0080, "ptcp sync", Verb::Time),
    code(0x0100, "cyclic data class 3", Verb::Report),
    code(0x8000, "cyclic data class 1", Verb::Report),
    code(0xbc00, "cyclic data class 1 multicast", Verb::Report),
    code(0xc000, "cyclic data class 1", Verb::Report),
    code(0xf800, "cyclic data class 1 multicast", Verb::Report),
    code(0xfc01, "alarm high", Verb::Alarm),
    code(0xfe01, "alarm low", Verb::Alarm),
    code(0xfe02, "remote service interface", Verb::Other),
    code(0xff00, "ptcp announce", Verb::Time),
    code(0xff20, "ptcp follow-up", Verb::Time),
    code(0xff40, "ptcp delay", Verb::Time),
    code(0xff80, "fragment", Verb::Other),
];

/// PROFINET RT.
pub static PROTOCOL: Protocol = Protocol {
    id: "profinet-rt",
    title: "PROFINET RT",
    about: "Controllers and field devices exchange inputs and outputs every few milliseconds, and tell alarms.",
    depth: "Frame id, provider state and problems from the data status, lost cycles; alarms with type, slot and \
            diagnosis; time messages. The meaning of the process data is in the project, not on the wire.",
    documents: &["IEC 61158-6-10:2019, sections 4.2 to 4.7", "PROFINET IO Application Layer Protocol V2.4"],
    carriers: &[Carrier::Ethernet(&[0x8892]), Carrier::Udp(&[0x8892])],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(RealTime::default()),
};

/// Frame ids of one pair of stations that are followed.
const RELATIONS_MAX: usize = 64;

/// Types of alarms, section 4.8 (AlarmType).
const ALARMS: &[(u16, &str)] = &[
    (0x0001, "diagnosis appears"),
    (0x0002, "process"),
    (0x0003, "pull"),
    (0x0004, "plug"),
    (0x0005, "status"),
    (0x0006, "update"),
    (0x0007, "redundancy"),
    (0x0008, "controlled by supervisor"),
    (0x0009, "released"),
    (0x000a, "plug wrong submodule"),
    (0x000b, "return of submodule"),
    (0x000c, "diagnosis disappears"),
    (0x000d, "multicast communication mismatch"),
    (0x000e, "port data change"),
    (0x000f, "sync data changed"),
    (0x0010, "isochronous mode problem"),
    (0x0011, "network component problem"),
    (0x0012, "time data changed"),
    (0x0013, "dynamic frame packing problem"),
    (0x0014, "mrpd problem"),
    (0x0015, "multiple interface mismatch"),
    (0x001e, "upload and retrieval"),
    (0x001f, "pull module"),
];

/// The range that a frame id is in, as its first id; `None` where the standard reserves it.
const fn range(frame_id: u16) -> Option<u16> {
    Some(match frame_id {
        0x0020..=0x0021 => 0x0020,
        0x0080..=0x0081 => 0x0080,
        0x0100..=0x7fff => 0x0100,
        0x8000..=0xbbff => 0x8000,
        0xbc00..=0xbfff => 0xbc00,
        0xc000..=0xf7ff => 0xc000,
        0xf800..=0xfbff => 0xf800,
        0xfc01 => 0xfc01,
        0xfe01 => 0xfe01,
        0xfe02 => 0xfe02,
        0xff00..=0xff01 => 0xff00,
        0xff20..=0xff23 => 0xff20,
        0xff40..=0xff43 => 0xff40,
        0xff80..=0xff8f => 0xff80,
        _ => return None,
    })
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let Some([high, low]) = probe.bytes.first_chunk::<2>() else { return Verdict::NO };
    let frame_id = u16::from_be_bytes([*high, *low]);
    let is_known = range(frame_id).is_some() || profinet_dcp::FRAME_IDS.contains(&frame_id);
    if probe.kind == 0x8892 {
        return Verdict::of(if is_known { Match::Certain } else { Match::Likely });
    }
    // Over UDP the data status at the end is all that speaks for it: valid, and reserved bits clear.
    let is_cyclic = (0xc000..=0xfbff).contains(&frame_id)
        && matches!(probe.bytes.last_chunk::<2>(), Some([data, 0]) if data & 0x4c == 0x04);
    let is_alarm = matches!(probe.bytes, [0xfc | 0xfe, 0x01, _, _, _, _, 0x11..=0x14, ..]);
    match probe.source_port == 0x8892 || probe.destination_port == 0x8892 {
        true if is_cyclic || is_alarm => Verdict::of(Match::Likely),
        _ => Verdict::NO,
    }
}

/// Cyclic data in one direction.
struct Relation {
    speaker: Speaker,
    frame_id: u16,
    data_status: u8,
    counter: u16,
}

/// An alarm that waits for its acknowledgement: who told it, its type, slot, subslot and specifier.
type AlarmKey = (Speaker, u16, u16, u16, u16);

#[derive(Default)]
struct RealTime {
    relations: Vec<Relation>,
    alarms: Exchange<AlarmKey, Alarm>,
    dcp: Inner,
}

/// An alarm notification.
struct Alarm {
    code: u32,
    name: Text,
    object: Object,
    values: Vec<Reading>,
}

impl Decoder for RealTime {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        let mut r = Reader::new(message);
        let frame_id = match r.u16("frame id") {
            Ok(frame_id) => frame_id,
            Err(short) => return out.short(&short),
        };
        if profinet_dcp::FRAME_IDS.contains(&frame_id) {
            if !self.dcp.read("profinet-rt", message, context, out) {
                out.malformed(2, "service id", "not one of DCP");
            }
            return;
        }
        let is_cut = context.wire_len > message.len();
        let code = u32::from(range(frame_id).unwrap_or(frame_id));
        match code {
            0x0100 | 0x8000 | 0xbc00 | 0xc000 | 0xf800 => self.cyclic(frame_id, code, r, is_cut, context, out),
            0xfc01 | 0xfe01 => {
                if let Err(short) = self.alarm(code, r, context, out)
                    && !is_cut
                {
                    out.short(&short);
                }
            }
            _ => out.act(
                draft(code, context.speaker)
                    .object(Object::one("frame id", frame_id.into()))
                    .message("profinet-rt", code),
            ),
        }
        while let Some((key, at, alarm)) = self.alarms.overdue(context.at) {
            unacknowledged(key.0, at, &alarm, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        self.dcp.end(out);
        for (key, at, alarm) in self.alarms.drain() {
            unacknowledged(key.0, at, &alarm, out);
        }
    }
}

/// An act of `speaker`.
fn draft<'a>(code: u32, speaker: Speaker) -> Draft<'a> {
    let draft = Draft::new(&PROTOCOL, code);
    if speaker == Speaker::Server { draft.from_server() } else { draft }
}

fn unacknowledged(speaker: Speaker, at: Time, alarm: &Alarm, out: &mut Output<'_>) {
    out.act(
        draft(alarm.code, speaker)
            .renamed(alarm.name.clone())
            .asked(at)
            .no_answer()
            .object(alarm.object.clone())
            .values(Values::List(&alarm.values))
            .message("profinet-rt", alarm.code),
    );
}

impl RealTime {
    /// Cyclic data: data, then cycle counter, data status, transfer status (section 4.7).
    fn cyclic(
        &mut self,
        frame_id: u16,
        code: u32,
        r: Reader<'_>,
        is_cut: bool,
        context: &Context,
        out: &mut Output<'_>,
    ) {
        let speaker = context.speaker;
        let act = draft(code, speaker).object(Object::one("frame id", frame_id.into())).message("profinet-rt", code);
        let status = r.rest().last_chunk::<4>().filter(|_| !is_cut);
        let Some([high, low, data_status, transfer_status]) = status.copied() else {
            if !is_cut {
                out.malformed(2, "apdu status", "missing");
            }
            return out.act(act);
        };
        let counter = u16::from_be_bytes([high, low]);
        let known = self.relations.iter_mut().find(|known| known.speaker == speaker && known.frame_id == frame_id);
        let before = match known {
            Some(known) => {
                known.counter = counter;
                Some(std::mem::replace(&mut known.data_status, data_status))
            }
            None => {
                if self.relations.len() >= RELATIONS_MAX {
                    self.relations.remove(0);
                }
                self.relations.push(Relation { speaker, frame_id, data_status, counter });
                None
            }
        };
        // Bits that matter to the plant: valid, provider state, problem (0 is a problem).
        let is_changed = before.is_none_or(|before| (before ^ data_status) & 0x34 != 0);
        if !is_changed && transfer_status == 0 {
            return out.act(act);
        }
        let state = if data_status & 0x10 != 0 { "run" } else { "stop" };
        if before.is_none_or(|before| (before ^ data_status) & 0x10 != 0) {
            out.fact(About::Speaker, FactKey::RunState, state, "provider state", Confidence::Certain);
        }
        let is_bad = data_status & 0x34 != 0x34;
        let is_news = before.is_some() && is_changed;
        let mut act = act;
        if is_news {
            act = act.renamed("data status changes").verb(if is_bad { Verb::Alarm } else { Verb::Report });
        }
        let act = act
            .status(data_status.into(), name_of(data_status))
            .extra("provider", state)
            .extra("valid", if data_status & 0x04 != 0 { "" } else { "false" })
            .extra("problem", if data_status & 0x20 != 0 { "" } else { "true" })
            .extra("cycle counter", format_compact!("{counter}"))
            .extra("bytes", format_compact!("{}", r.left().saturating_sub(4)))
            .extra(
                "transfer status",
                if transfer_status == 0 { Text::default() } else { format_compact!("0x{transfer_status:02x}") },
            );
        out.act(act);
    }

    /// An alarm (RTA-PDU): endpoints, kind, sequence numbers, then blocks (section 4.8).
    fn alarm(&mut self, code: u32, mut r: Reader<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let speaker = context.speaker;
        r.skip(4, "alarm endpoints")?;
        let kind = r.u8("pdu type")? & 0x0f;
        r.u8("flags")?;
        r.skip(4, "sequence numbers")?;
        let length = usize::from(r.u16("length")?);
        let mut r = r.sub_at_most(length);
        let act = draft(code, speaker).message("profinet-rt", code);
        match kind {
            1 if length > 0 => {}
            1 | 3 => {
                out.act(act.renamed("alarm transport acknowledgement").verb(Verb::Other));
                return Ok(());
            }
            2 => {
                out.act(act.renamed("alarm transport refusal").verb(Verb::Other));
                return Ok(());
            }
            4 => {
                let status = PnioStatus::read(&mut r)?;
                let name = status::name(&status);
                out.act(act.renamed("alarm connection aborted").status(status.code(), name));
                return Ok(());
            }
            _ => {
                out.malformed(6, "pdu type", "not one of RTA");
                out.act(act);
                return Ok(());
            }
        }
        let block = r.u16("block type")?;
        r.skip(4, "block length and version")?;
        let alarm_type = r.u16("alarm type")?;
        let api = r.u32("api")?;
        let slot = r.u16("slot number")?;
        let subslot = r.u16("subslot number")?;
        let name = ALARMS.iter().find(|(known, _)| *known == alarm_type);
        let name = name.map_or_else(|| format_compact!("0x{alarm_type:04x}"), |(_, name)| Text::const_new(name));
        let priority = if code == 0xfc01 { "high" } else { "low" };
        let name = format_compact!("alarm {priority}: {name}");
        let mut object = format_compact!("slot {slot} subslot 0x{subslot:04x}");
        if api != 0 {
            object = format_compact!("api {api} {object}");
        }
        let object = Object::Text(object);
        if block & 0x8000 != 0 {
            // An acknowledgement: specifier, then status.
            let specifier = r.u16("alarm specifier")?;
            let status = PnioStatus::read(&mut r)?;
            let teller = speaker.other();
            let mut act = draft(code, teller).renamed(name).object(object).message("profinet-rt", code);
            let key = (teller, alarm_type, slot, subslot, specifier);
            let mut values = Vec::new();
            if let Some((at, alarm)) = self.alarms.answer(&key) {
                values = alarm.values;
                act = act.asked(at).message("profinet-rt", code);
            }
            act = match status.is_good() {
                true => act.done(context.at),
                false => act.refused(context.at, status.code(), status::name(&status)),
            };
            out.act(act.values(Values::List(&values)));
            return Ok(());
        }
        let module = r.u32("module ident number")?;
        let submodule = r.u32("submodule ident number")?;
        let specifier = r.u16("alarm specifier")?;
        let mut values = vec![
            Reading::new("module", Value::Text(format_compact!("0x{module:08x}"))),
            Reading::new("submodule", Value::Text(format_compact!("0x{submodule:08x}"))),
        ];
        while let Ok(structure) = r.u16("user structure identifier") {
            diagnosis(structure, &mut r, &mut values);
            if values.len() > 32 {
                break;
            }
        }
        let alarm = Alarm { code, name, object, values };
        let key = (speaker, alarm_type, slot, subslot, specifier);
        if let Some((key, at, old)) = self.alarms.ask(key, context.at, alarm) {
            unacknowledged(key.0, at, &old, out);
        }
        Ok(())
    }
}

/// One structure of an alarm (section 5.2.31): channel diagnosis is read, the rest is kept as bytes.
fn diagnosis(structure: u16, r: &mut Reader<'_>, values: &mut Vec<Reading>) {
    match structure {
        0x8000 | 0x8002 => {
            let head = r.u16("channel number").and_then(|channel| {
                let properties = r.u16("channel properties")?;
                Ok((channel, properties, r.u16("channel error type")?))
            });
            let Ok((channel, properties, error)) = head else { return };
            let state = match properties >> 11 & 3 {
                1 => "appears",
                2 => "disappears",
                3 => "disappears, others remain",
                _ => "gone",
            };
            let name = CHANNEL_ERRORS.iter().find(|(known, _)| *known == error);
            let name = name.map_or_else(|| format_compact!("0x{error:04x}"), |(_, name)| Text::const_new(name));
            let mut reading = Reading::new(format_compact!("channel 0x{channel:04x}"), Value::Text(name));
            reading.quality = Some(Text::const_new(state));
            values.push(reading);
            if structure == 0x8002 {
                let _ = r.skip(6, "extended channel error");
            }
        }
        _ => {
            let bytes = r.take_rest();
            let shown = bytes.get(..64).unwrap_or(bytes);
            values.push(Reading::new(format_compact!("user structure 0x{structure:04x}"), Value::Bytes(shown.into())));
        }
    }
}

/// Errors of a channel, section 5.2.31 (ChannelErrorType).
const CHANNEL_ERRORS: &[(u16, &str)] = &[
    (0x0001, "short circuit"),
    (0x0002, "undervoltage"),
    (0x0003, "overvoltage"),
    (0x0004, "overload"),
    (0x0005, "overtemperature"),
    (0x0006, "line break"),
    (0x0007, "upper limit value exceeded"),
    (0x0008, "lower limit value exceeded"),
    (0x0009, "error"),
    (0x0010, "parametrization fault"),
    (0x0011, "power supply fault"),
    (0x0012, "fuse blown"),
    (0x0013, "manufacturer specific"),
    (0x0014, "ground fault"),
    (0x0015, "reference point lost"),
    (0x0016, "sampling error"),
    (0x0017, "threshold value exceeded"),
    (0x0018, "output disabled"),
    (0x0019, "safety event"),
    (0x001a, "external fault"),
    (0x8000, "data transmission impossible"),
    (0x8001, "remote mismatch"),
    (0x8002, "media redundancy mismatch"),
    (0x8003, "sync mismatch"),
    (0x8005, "multicast mismatch"),
    (0x8007, "network component function mismatch"),
];

/// What a data status says.
const fn name_of(status: u8) -> &'static str {
    match (status & 0x04 != 0, status & 0x10 != 0, status & 0x20 != 0) {
        (true, true, true) => "run",
        (true, true, false) => "run, station problem",
        (true, false, true) => "stop",
        (true, false, false) => "stop, station problem",
        (false, _, _) => "data invalid",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::Dialog;

    #[test]
    fn a_provider_stops_and_runs_again() {
        Dialog::datagrams(&PROTOCOL)
            .client("8001 00000000 0040 35 00")
            .client("8001 00000000 0080 35 00")
            .client("8001 00000000 00c0 25 00")
            .server("8002 00000000 00c0 35 00")
            .client("8001 00000000 0100 35 00")
            .end_is(expect![[r#"
                fact C: run_state = run (profinet-rt, provider state, certain)
                C > S profinet-rt [report] cyclic data class 1 | frame id 32769 -> asked (53 run) provider=run cycle counter=64 bytes=4 {profinet-rt 32768: 1}
                C > S profinet-rt [report] cyclic data class 1 | frame id 32769 -> asked {profinet-rt 32768: 1}
                fact C: run_state = stop (profinet-rt, provider state, certain)
                C > S profinet-rt [alarm] data status changes | frame id 32769 -> asked (37 stop) provider=stop cycle counter=192 bytes=4 {profinet-rt 32768: 1}
                fact S: run_state = run (profinet-rt, provider state, certain)
                S > C profinet-rt [report] cyclic data class 1 | frame id 32770 -> asked (53 run) provider=run cycle counter=192 bytes=4 {profinet-rt 32768: 1}
                C > S profinet-rt [report] data status changes | frame id 32769 -> asked (53 run) provider=run cycle counter=256 bytes=4 {profinet-rt 32768: 1}
            "#]]);
    }

    #[test]
    fn an_alarm_is_acknowledged() {
        Dialog::datagrams(&PROTOCOL)
            .server(
                "fc01 0001 0002 11 01 ffff fffe 0028  0001 0024 01 00 0001 00000000 0003 0001 00000010 00000001 8001 \
                 8000 0002 0800 0006",
            )
            .client("fc01 0002 0001 13 01 fffe ffff 0000")
            .client("fc01 0002 0001 11 01 ffff ffff 0016 8001 0012 01 00 0001 00000000 0003 0001 8001 00000000")
            .client("fe01 0002 0001 14 01 ffff ffff 0004 cf81fd05")
            .end_is(expect![[r#"
                C > S profinet-rt [other] alarm transport acknowledgement -> asked {profinet-rt 64513: 1}
                S > C profinet-rt [alarm] alarm high: diagnosis appears | slot 3 subslot 0x0001 = module=0x00000010, submodule=0x00000001, channel 0x0002=line break (appears) -> done in 2000 us {profinet-rt 64513: 2}
                C > S profinet-rt [alarm] alarm connection aborted -> asked (3481402629 rta error: ar abort: watchdog expired) {profinet-rt 65025: 1}
            "#]]);
    }

    #[test]
    fn dcp_lives_in_the_same_flow() {
        Dialog::datagrams(&PROTOCOL)
            .client("fefd 04 00 00000001 0000 000c 02 02 0007 0001 706c632d31 00")
            .client("8001 00000000 0040 35 00")
            .server("fefd 04 01 00000001 0000 0008 05 04 0003 0202 00 00")
            .client("ff41 000102030405060708090a")
            .end_is(expect![[r#"
                fact C: run_state = run (profinet-rt, provider state, certain)
                C > S profinet-rt [report] cyclic data class 1 | frame id 32769 -> asked (53 run) provider=run cycle counter=64 bytes=4 {profinet-rt 32768: 1}
                fact S: station_name = plc-1 (profinet-dcp, dcp set name of station, certain)
                C > S profinet-dcp [configure] set | name of station = plc-1 (permanent) -> done in 2000 us xid=0x00000001 {profinet-dcp 4: 2}
                C > S profinet-rt [time] ptcp delay | frame id 65345 -> asked {profinet-rt 65344: 1}
            "#]]);
    }

    #[test]
    fn no_bytes_break_it() {
        let whole = crate::testing::hex(
            "fc01 0001 0002 11 01 ffff fffe 0028 0001 0024 01 00 0001 00000000 0003 0001 00000010 00000001 8001 8000 0002 0800 0006",
        );
        for i in 0..whole.len() {
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &whole[..i]).end();
            let mut changed = whole.clone();
            changed[i] ^= 0xff;
            Dialog::datagrams(&PROTOCOL).says(Speaker::Client, &changed).end();
        }
    }
}
