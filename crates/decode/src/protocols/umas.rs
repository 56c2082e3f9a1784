//! UMAS: how Unity Pro and EcoStruxure Control Expert work with Modicon controllers, inside function 90 of Modbus.

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Messages, Object, Reading, Text, Time, Value, Verb};
use wire::{Reader, Short};

use crate::{
    About, Carrier, Code, Context, Decoder, Draft, Exchange, Match, Output, Probe, Protocol, Speaker, Values, Verdict,
    code,
};

/// Functions. Schneider's words look from the computer: it *uploads* a strategy into the controller (`program` here) and
/// *downloads* it out of the controller (`upload` here).
const CODES: &[Code] = &[
    code(0x01, "init communication", Verb::Other),
    code(0x02, "read id", Verb::Identify),
    code(0x03, "read project info", Verb::Identify),
    code(0x04, "read plc info", Verb::Diagnose),
    code(0x06, "read card info", Verb::Identify),
    code(0x07, "read memory of m580", Verb::Read),
    code(0x0a, "repeat", Verb::Diagnose),
    code(0x10, "take plc reservation", Verb::Login),
    code(0x11, "release plc reservation", Verb::Login),
    code(0x12, "keep reservation alive", Verb::Other),
    code(0x20, "read memory block", Verb::Read),
    code(0x21, "write memory block", Verb::Write),
    code(0x22, "read variables", Verb::Read),
    code(0x23, "write variables", Verb::Write),
    code(0x24, "read coils and registers", Verb::Read),
    code(0x25, "write coils and registers", Verb::Write),
    code(0x26, "read data dictionary", Verb::Browse),
    code(0x28, "read physical memory", Verb::Read),
    code(0x29, "write physical memory", Verb::Write),
    code(0x30, "initialize upload (into plc)", Verb::Program),
    code(0x31, "upload block (into plc)", Verb::Program),
    code(0x32, "end upload (into plc)", Verb::Program),
    code(0x33, "initialize download (out of plc)", Verb::Upload),
    code(0x34, "download block (out of plc)", Verb::Upload),
    code(0x35, "end download (out of plc)", Verb::Upload),
    code(0x36, "backup to memory card", Verb::Program),
    code(0x39, "read ethernet master data", Verb::Read),
    code(0x40, "start plc", Verb::Start),
    code(0x41, "stop plc", Verb::Stop),
    code(0x42, "init plc", Verb::Reset),
    code(0x50, "monitor plc", Verb::Read),
    code(0x53, "data information", Verb::Identify),
    code(0x58, "check plc", Verb::Diagnose),
    code(0x70, "read io object", Verb::Read),
    code(0x71, "write io object", Verb::Write),
    code(0x73, "get status of module", Verb::Diagnose),
];

/// UMAS.
pub static PROTOCOL: Protocol = Protocol {
    id: "umas",
    title: "UMAS (Unity messaging)",
    about: "Engineering of Schneider Modicon controllers: reservation, programs in and out, start, stop, variables; hidden \
            in Modbus function 90.",
    depth: "All known functions by name and effect, matched by the Modbus transaction; reservations with the name of the \
            machine; model, firmware, project and its version; memory blocks and raw coils and registers by address. \
            Values of variables by symbol table are kept as bytes.",
    documents: &[
        "L. Martín Liras, The Unity (UMAS) protocol, parts I to VI (2017-2018)",
        "Kaspersky ICS CERT, The secrets of Schneider Electric's UMAS protocol (2022)",
    ],
    carriers: &[Carrier::Inside("modbus")],
    is_industrial: true,
    codes: CODES,
    probe,
    open: |_| Box::new(Umas::default()),
};

/// The function of Modbus that carries UMAS.
const FUNCTION: u8 = 90;

const SUCCESS: u8 = 0xfe;
const FAILURE: u8 = 0xfd;

/// Bytes of values kept of one message.
const VALUE_BYTES_MAX: usize = 256;

fn probe(probe: &Probe<'_>) -> Verdict {
    match probe.bytes {
        [_, _, 0, 0, _, _, _, FUNCTION, _, SUCCESS | FAILURE, ..] => Verdict::by(Match::Certain, Speaker::Server),
        [_, _, 0, 0, _, _, _, FUNCTION, _, _, ..] => Verdict::by(Match::Certain, Speaker::Client),
        _ => Verdict::NO,
    }
}

/// A request that waits.
struct Request {
    function: u8,
    object: Object,
    values: Vec<Reading>,
    extra: Vec<(&'static str, Text)>,
}

#[derive(Default)]
struct Umas {
    /// By transaction and unit.
    exchange: Exchange<(u16, u8), Request>,
}

impl Decoder for Umas {
    fn read(&mut self, message: &[u8], context: &Context, out: &mut Output<'_>) {
        if let Err(short) = self.frame(&mut Reader::new(message), context, out) {
            out.short(&short);
        }
        while let Some(((_, unit), at, request)) = self.exchange.overdue(context.at) {
            request.unanswered(unit, at, out);
        }
    }

    fn end(&mut self, out: &mut Output<'_>) {
        for ((_, unit), at, request) in self.exchange.drain() {
            request.unanswered(unit, at, out);
        }
    }
}

fn messages(count: u32) -> Messages {
    let mut messages = Messages::none();
    messages.add("modbus", FUNCTION.into(), count);
    messages
}

const fn behind(unit: u8) -> Behind {
    match unit {
        0 | 0xff => Behind::Nobody,
        unit => Behind::Unit(unit),
    }
}

impl Request {
    fn draft(&self, unit: u8, at: Time) -> Draft<'_> {
        let mut draft = Draft::new(&PROTOCOL, self.function.into())
            .behind(behind(unit))
            .asked(at)
            .object(self.object.clone())
            .values(Values::List(&self.values));
        for (name, value) in &self.extra {
            draft = draft.extra(name, value.clone());
        }
        draft
    }

    fn unanswered(&self, unit: u8, at: Time, out: &mut Output<'_>) {
        out.act(self.draft(unit, at).no_answer().messages(messages(1)));
    }

    /// What a request is about. Numbers are little-endian.
    fn read(&mut self, r: &mut Reader<'_>, out: &mut Output<'_>) -> Result<(), Short> {
        match self.function {
            0x10 => {
                r.u32_le("unknown")?;
                let length = r.u8("length of name")?;
                let name = printable(r.bytes(length.into(), "name")?);
                out.fact(About::Client, FactKey::Hostname, &name, "plc reservation", Confidence::Likely);
                self.extra.push(("reserved by", name));
            }
            0x20 | 0x21 => {
                r.u8("range")?;
                let block = r.u16_le("block number")?;
                let offset = r.u32_le("offset")?;
                let count = r.u16_le("number of bytes")?;
                self.object = Object::Text(format_compact!("block {block} +{offset}[{count}]"));
                if self.function == 0x21 {
                    self.values.push(bytes(&self.object, r.take_rest()));
                }
            }
            0x24 => self.object = Object::Text(format_compact!("{} objects", r.u8("number of objects")?)),
            0x31 | 0x34 => {
                r.u16_le("unknown")?;
                self.object = Object::one("block", r.u16_le("block number")?.into());
            }
            0x22 | 0x23 => {
                let crc = r.u32_le("crc of symbols")?;
                let count = r.u8("number of variables")?;
                self.object = Object::Text(format_compact!("{count} variables of {crc:08x}"));
                if self.function == 0x23 {
                    self.values.push(bytes(&Object::None, r.take_rest()));
                }
            }
            0x25 | 0x29 | 0x71 => self.values.push(bytes(&Object::None, r.take_rest())),
            _ => {}
        }
        Ok(())
    }
}

fn bytes(object: &Object, bytes: &[u8]) -> Reading {
    let kept = bytes.get(..bytes.len().min(VALUE_BYTES_MAX)).unwrap_or_default();
    Reading::new(object.clone(), Value::Bytes(kept.into()))
}

fn printable(bytes: &[u8]) -> Text {
    bytes.iter().filter(|b| b.is_ascii_graphic() || **b == b' ').map(|b| char::from(*b)).collect()
}

impl Umas {
    fn frame(&mut self, r: &mut Reader<'_>, context: &Context, out: &mut Output<'_>) -> Result<(), Short> {
        let transaction = r.u16("transaction identifier")?;
        r.skip(4, "protocol identifier and length")?;
        let unit = r.u8("unit identifier")?;
        r.u8("function code")?;
        // The reservation's number, 0 without one.
        r.u8("pairing key")?;
        let function = r.u8("umas function")?;
        let is_answer = matches!(function, SUCCESS | FAILURE);
        if is_answer && context.speaker == Speaker::Client && self.exchange.is_empty() {
            out.swap_roles();
        }
        if !is_answer {
            let mut request = Request { function, object: Object::None, values: Vec::new(), extra: Vec::new() };
            let result = request.read(r, out);
            if let Some(((_, unit), at, old)) = self.exchange.ask((transaction, unit), context.at, request) {
                old.unanswered(unit, at, out);
            }
            return result;
        }
        let Some((at, request)) = self.exchange.answer(&(transaction, unit)) else {
            let draft = Draft::named(function.into(), "answer", Verb::Other).behind(behind(unit)).messages(messages(1));
            out.act(match function {
                FAILURE => failed(draft, r, context),
                _ => draft.done(context.at),
            });
            return Ok(());
        };
        let draft = request.draft(unit, at).messages(messages(2));
        if function == FAILURE {
            out.act(failed(draft, r, context));
            return Ok(());
        }
        let mut readings = Vec::new();
        let result = answered(&request, unit, r, &mut readings, out);
        let draft = draft.done(context.at);
        out.act(if readings.is_empty() { draft } else { Draft { values: Values::List(&readings), ..draft } });
        result
    }
}

fn failed<'a>(draft: Draft<'a>, r: &mut Reader<'_>, context: &Context) -> Draft<'a> {
    let reason = r.u16_le("reason").or_else(|_| r.u8("reason").map(u16::from)).unwrap_or(0);
    draft.refused(context.at, reason.into(), format_compact!("umas error 0x{reason:04x}"))
}

/// What an answer holds.
fn answered(
    request: &Request,
    unit: u8,
    r: &mut Reader<'_>,
    readings: &mut Vec<Reading>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let certain = Confidence::Certain;
    let about = || About::BehindServer(behind(unit));
    match request.function {
        0x01 => {
            let size = r.u16_le("largest frame")?;
            readings.push(Reading::new("largest frame", Value::Unsigned(size.into())));
        }
        // Range, hardware id, model (part I, "read id"): the name of the processor stands behind its length.
        0x02 => {
            let kind = r.u16_le("range")?;
            let id = r.u32_le("hardware id")?;
            let place = r.rest();
            let name = name_in(place);
            out.fact(about(), FactKey::Vendor, "Schneider Electric", "umas", Confidence::Likely);
            out.fact(about(), FactKey::Role, "plc", "umas", certain);
            out.fact(about(), FactKey::Model, &name, "umas read id", certain);
            out.fact(about(), FactKey::DeviceId, &format_compact!("0x{id:08x}"), "umas read id", certain);
            readings.push(Reading::new("range", Value::Unsigned(kind.into())));
            readings.push(Reading::new("model", Value::Text(name)));
        }
        // Project: two versions and times of change, then its name (part I, "read project info").
        0x03 => {
            r.skip(9, "project identification")?;
            let rest = r.take_rest();
            let name = name_at_end(rest);
            out.fact(about(), FactKey::Program, &name, "umas read project info", certain);
            readings.push(Reading::new("project", Value::Text(name)));
        }
        0x04 => {
            let rest = r.take_rest();
            // The checksums of the program and of its parts (part I, "read plc info"); they change with the program.
            if let Some(crc) = rest.get(3..7).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
                && crc != 0
            {
                let value = format_compact!("umas crc {crc:08x}");
                out.fact(about(), FactKey::ProgramHash, &value, "umas read plc info", Confidence::Likely);
            }
            readings.push(bytes(&Object::None, rest));
        }
        0x06 => {
            let name = name_at_end(r.take_rest());
            if !name.is_empty() {
                let card = format_compact!("memory card {name}");
                out.fact(about(), FactKey::Module, &card, "umas read card info", Confidence::Likely);
                readings.push(Reading::new("card", Value::Text(name)));
            }
        }
        0x20 => {
            r.u8("range")?;
            let count = r.u16_le("number of bytes")?;
            readings.push(bytes(&request.object, r.sub_at_most(count.into()).rest()));
        }
        0x22 | 0x24 | 0x26 | 0x28 | 0x50 | 0x70 if !r.is_empty() => {
            readings.push(bytes(&request.object, r.take_rest()))
        }
        _ => {}
    }
    Ok(())
}

/// A name whose length stands before it: the first run of at least four characters that is as long as it says.
fn name_in(bytes: &[u8]) -> Text {
    for (i, length) in bytes.iter().enumerate() {
        let length = usize::from(*length);
        let start = i.saturating_add(1);
        if let Some(name) = bytes.get(start..start.saturating_add(length))
            && length >= 4
            && name.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
        {
            return printable(name);
        }
    }
    Text::default()
}

/// The last run of at least three characters.
fn name_at_end(bytes: &[u8]) -> Text {
    let run = bytes
        .split(|b| !(b.is_ascii_graphic() || *b == b' '))
        .rfind(|run| run.len() >= 3 && run.iter().any(u8::is_ascii_alphanumeric));
    run.map(printable).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::protocols::modbus;
    use crate::testing::{self, Dialog};

    #[test]
    fn a_controller_says_who_it_is() {
        Dialog::stream(&modbus::PROTOCOL)
            .client("0000 0000 0004 00 5a 00 02")
            .server(
                "0000 0000 0032 00 5a 00 fe 10ff 5a010100 0000 7002 0000 2700 0900 0800 0000 0000
                 0e 3134302043505520333131203130 01 01 01 00 00 00 00 11 00",
            )
            .client("0003 0000 0005 00 5a 00 03 00")
            .server(
                "0003 0000 0033 00 5a 00 fe 020500009888010000 020500009888010000 020c3b0c0e01de07 020c3b0c0e01de07
                 08000000 08 50726f6a65637400",
            )
            .end_is(expect![[r#"
                fact S: vendor = Schneider Electric (umas, umas, likely)
                fact S: role = plc (umas, umas, certain)
                fact S: model = 140 CPU 311 10 (umas, umas read id, certain)
                fact S: device_id = 0x0001015a (umas, umas read id, certain)
                C > S umas [identify] read id = range=65296, model=140 CPU 311 10 -> done in 1000 us {modbus 90: 2}
                fact S: program = Project (umas, umas read project info, certain)
                C > S umas [identify] read project info = project=Project -> done in 1000 us {modbus 90: 2}
            "#]]);
    }

    #[test]
    fn a_program_goes_in_and_the_controller_stops() {
        Dialog::stream(&modbus::PROTOCOL)
            .client("0016 0000 0018 00 5a 00 10 434c0000 0f 555345522d37313445373446323142")
            .server("0016 0000 0005 00 5a 00 fe 01")
            .client("0017 0000 0006 00 5a 01 41 ff00")
            .server("0017 0000 0004 00 5a 01 fe")
            .client("0018 0000 0006 00 5a 01 30 0001")
            .server("0018 0000 0006 00 5a 01 fd 8394")
            .client("0019 0000 0004 00 5a 01 11")
            .end_is(expect![[r#"
                fact C: hostname = USER-714E74F21B (umas, plc reservation, likely)
                C > S umas [login] take plc reservation -> done in 1000 us reserved by=USER-714E74F21B {modbus 90: 2}
                C > S umas [stop] stop plc -> done in 1000 us {modbus 90: 2}
                C > S umas [program] initialize upload (into plc) -> refused (38019 umas error 0x9483) in 1000 us {modbus 90: 2}
                C > S umas [login] release plc reservation -> no answer {modbus 90: 1}
            "#]]);
    }

    #[test]
    fn memory_is_read() {
        Dialog::stream(&modbus::PROTOCOL)
            .client("0013 0000 000d 00 5a 00 20 00 1400 28060000 0400")
            .server("0013 0000 000b 00 5a 00 fe 00 0400 01020304")
            .server("0014 0000 0004 00 5a 00 fe")
            .end_is(expect![[r#"
                C > S umas [read] read memory block | block 20 +1576[4] = 0x01020304 -> done in 1000 us {modbus 90: 2}
                C > S umas [other] answer -> done {modbus 90: 1}
            "#]]);
    }

    #[test]
    fn no_byte_makes_it_fail() {
        testing::torture(
            &modbus::PROTOCOL,
            &[
                "0016 0000 0018 00 5a 00 10 434c0000 0f 555345522d37313445373446323142",
                "0000 0000 0004 00 5a 00 02",
                "0000 0000 0032 00 5a 00 fe 10ff 5a010100 0000 7002 0000 2700 0900 0800 0000 0000
                 0e 3134302043505520333131203130 01 01 01 00 00 00 00 11 00",
                "0013 0000 000d 00 5a 00 20 00 1400 28060000 0400",
            ],
        );
    }
}
