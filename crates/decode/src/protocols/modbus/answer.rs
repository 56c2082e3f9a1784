//! What answers of Modbus hold, function by function.

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Value, Verb};
use wire::{Reader, Short};

use super::{IDENTIFICATION, Request, behind, data, space};
use crate::{About, Draft, Output, Values};

/// A group of a file request, section 6.14: reference type, file, record, length in registers.
pub(super) struct Group {
    file: u16,
    record: u16,
    pub(super) count: u16,
}

impl Group {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Group, Short> {
        r.u8("reference type")?;
        Ok(Group { file: r.u16("file number")?, record: r.u16("record number")?, count: r.u16("record length")? })
    }

    pub(super) fn name(&self) -> Text {
        let (file, record) = (self.file, self.record);
        match self.count {
            0 | 1 => format_compact!("file {file} record {record}"),
            count => format_compact!("file {file} record {record}-{}", u32::from(record) + u32::from(count) - 1),
        }
    }

    fn readings(&self, bytes: &[u8], readings: &mut Vec<Reading>) {
        for (record, pair) in (u32::from(self.record)..).zip(bytes.as_chunks::<2>().0) {
            let object = format_compact!("file {} record {record}", self.file);
            readings.push(Reading::new(object, Value::Unsigned(u16::from_be_bytes(*pair).into())));
        }
    }
}

impl Request {
    /// The registers of the groups that 20 asks for and 21 writes, with the bytes that `answer` has for them.
    fn files(&self, mut answer: Reader<'_>) -> Result<Vec<Reading>, Short> {
        let mut readings = Vec::new();
        let mut groups = Reader::new(&self.values);
        while !groups.is_empty() {
            let group = Group::read(&mut groups)?;
            let bytes = match self.function {
                21 => groups.bytes(usize::from(group.count).saturating_mul(2), "record data")?,
                _ if answer.is_empty() => break,
                _ => {
                    let length = usize::from(answer.u8("file response length")?);
                    answer.u8("reference type")?;
                    answer.sub_at_most(length.saturating_sub(1)).rest()
                }
            };
            group.readings(bytes, &mut readings);
        }
        Ok(readings)
    }
}

/// Tells the answer to `function`; takes the draft out when it does.
pub(super) fn answered(
    function: u8,
    unit: u8,
    request: Option<&Request>,
    mut r: Reader<'_>,
    draft: &mut Option<Draft<'_>>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let space = space(function);
    let known = request.map(|request| (request.first, request.count));
    let mut tell = |out: &mut Output<'_>, values: Values<'_>| {
        if let Some(draft) = draft.take() {
            out.act(Draft { values, ..draft });
        }
    };
    match (function, known) {
        (23, Some(_)) => {
            let bytes = data(&mut r)?;
            if let Some(request) = request {
                // The write is the weightier half of 23; what was read is told beside it.
                let mut readings = request.written().to_readings();
                readings.extend(Values::Registers { space, first: request.detail.into(), bytes }.to_readings());
                tell(out, Values::List(&readings));
            }
        }
        (1..=4 | 23, None) => {
            // Without the request nobody knows which registers these are.
            let bytes = data(&mut r)?;
            let readings: Vec<Reading> = match function {
                1 | 2 => vec![Reading::new(Object::None, Value::Bytes(bytes.into()))],
                _ => Values::Registers { space, first: 0, bytes }
                    .to_readings()
                    .into_iter()
                    .map(|reading| Reading { object: Object::None, ..reading })
                    .collect(),
            };
            if let Some(draft) = draft.take() {
                out.act(draft.object(space).values(Values::List(&readings)));
            }
        }
        (5 | 6 | 15 | 16 | 22, _) => match request {
            Some(request) => tell(out, request.written()),
            None => {
                let mut request = Request::new(function);
                // The echo of 5, 6 and 22 is the request again; that of 15 and 16 lacks the values.
                let result = request.read(&mut r);
                if let Some(draft) = draft.take() {
                    out.act(draft.object(request.object.clone()).values(request.written()));
                }
                return result;
            }
        },
        (7, _) => {
            let bytes = [r.u8("exception status")?];
            tell(out, Values::Bits { space: "exception status", first: 0, count: 8, bytes: &bytes });
        }
        (8, _) => {
            let sub_function = r.u16("sub-function")?;
            let (name, verb) = super::diagnostic(sub_function);
            let bytes = r.rest();
            let value = match bytes {
                [] => Value::Nothing,
                [high, low] => Value::Unsigned(u16::from_be_bytes([*high, *low]).into()),
                bytes => Value::Bytes(bytes.into()),
            };
            let readings = [Reading::new(name.clone(), value)];
            if let Some(draft) = draft.take() {
                let draft = match request {
                    Some(_) => draft,
                    None => draft.extra("sub-function", name).verb(verb),
                };
                out.act(draft.values(Values::List(if bytes.is_empty() { &[] } else { &readings })));
            }
        }
        (11, _) => {
            let status = r.u16("status")?;
            let count = r.u16("event count")?;
            let readings = [number("status", status), number("event count", count)];
            tell(out, Values::List(&readings));
        }
        (12, _) => {
            let mut inner = Reader::new(data(&mut r)?);
            let status = inner.u16("status")?;
            let events = inner.u16("event count")?;
            let messages = inner.u16("message count")?;
            let readings = [
                number("status", status),
                number("event count", events),
                number("message count", messages),
                Reading::new("events", Value::Bytes(inner.take_rest().into())),
            ];
            tell(out, Values::List(&readings));
        }
        (17, _) => {
            let bytes = data(&mut r)?;
            let text = printable(bytes);
            let about = About::BehindServer(behind(unit));
            out.fact(about, FactKey::Description, &text, "server id", Confidence::Likely);
            if let Some(draft) = draft.take() {
                out.act(draft.extra("server id", text.trim()));
            }
        }
        (20 | 21, _) => {
            let mut inner = Reader::new(data(&mut r)?);
            let readings = match request {
                Some(request) => request.files(inner)?,
                None => vec![Reading::new(Object::None, Value::Bytes(inner.take_rest().into()))],
            };
            tell(out, Values::List(&readings));
        }
        (24, _) => {
            let count = usize::from(r.u16("byte count")?);
            let mut inner = r.sub(count, "fifo")?;
            inner.u16("fifo count")?;
            let first = known.map_or(0, |(first, _)| first);
            tell(out, Values::Registers { space, first, bytes: inner.take_rest() });
        }
        (43, _) => return identification(unit, request.is_none(), r, draft, out),
        _ => tell(out, Values::None),
    }
    Ok(())
}

fn number(name: &'static str, value: u16) -> Reading {
    Reading::new(name, Value::Unsigned(value.into()))
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { ' ' }).collect()
}

/// The answer to 43/14 (section 6.21): a list of objects that say who the device is; 43/13 is CANopen's.
fn identification(
    unit: u8,
    is_alone: bool,
    mut r: Reader<'_>,
    draft: &mut Option<Draft<'_>>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let mei = r.u8("mei type")?;
    if mei != 0x0e {
        let readings = [Reading::new(Object::None, Value::Bytes(r.take_rest().into()))];
        if let Some(draft) = draft.take() {
            let draft = if is_alone { draft.verb(Verb::Other) } else { draft };
            out.act(draft.values(Values::List(&readings)));
        }
        return Ok(());
    }
    r.skip(4, "access, conformity, more follows, next object")?;
    let count = r.u8("number of objects")?;
    let mut readings = Vec::with_capacity(usize::from(count.min(16)));
    let mut result = Ok(());
    for _ in 0..count {
        let object = r.u8("object id").and_then(|id| {
            let length = r.u8("object length")?;
            Ok((id, r.bytes(length.into(), "object value")?))
        });
        let (id, bytes) = match object {
            Ok(object) => object,
            Err(short) => {
                result = Err(short);
                break;
            }
        };
        let text = String::from_utf8_lossy(bytes);
        let known = IDENTIFICATION.iter().find(|(known, _, _)| *known == id);
        let name = known.map_or_else(|| format_compact!("object 0x{id:02x}"), |(_, name, _)| Text::const_new(name));
        if let Some((_, name, key)) = known {
            out.fact(About::BehindServer(behind(unit)), *key, &text, name, Confidence::Certain);
        }
        readings.push(Reading::new(name, Value::Text(text.as_ref().into())));
    }
    if let Some(draft) = draft.take() {
        out.act(draft.values(Values::List(&readings)));
    }
    result
}
