//! Tags of controllers: reading, writing, listing (Logix 5000 Controllers Data Access, 1756-PM020).

use compact_str::format_compact;
use model::{Confidence, FactKey, Object, Reading, Text, Value};
use wire::Short;

use super::message::{Answer, Around, Request};
use super::values::{self, TagType};
use crate::{About, Draft, Output};

const SYMBOL: u32 = 0x6b;

/// Tags told of one list.
const TAGS_MAX: usize = 4_096;

/// Whether a request is for a tag, by name or by instance, or for the list of tags.
pub(crate) fn is_tag(request: &Request<'_>) -> bool {
    let is_symbol = match request.path.class {
        None => request.path.is_symbolic,
        Some(class) => class == SYMBOL,
    };
    is_symbol && matches!(request.service, 0x4c | 0x4d | 0x4e | 0x52 | 0x53 | 0x55)
}

/// What was transported: type, number of elements, offset in bytes.
type Transport = Option<(TagType, u16, u32)>;

/// Reads what a tag service carried. Faults end the values; what was read is kept.
pub(crate) fn tell(
    request: &Request<'_>,
    answer: Option<&Answer<'_>>,
    text: &Text,
    draft: &mut Draft<'_>,
    readings: &mut Vec<Reading>,
    around: &Around,
    out: &mut Output<'_>,
) {
    let result = match request.service {
        0x4c | 0x52 => read(request, answer, text, readings),
        0x4d | 0x53 => write(request, text, readings),
        0x4e => modify(request, text, readings),
        _ => list(request, answer, readings, around, out),
    };
    match result {
        Ok(Some((kind, count, offset))) => described(draft, kind, count, offset),
        Ok(None) => {}
        Err(short) => out.short(&short),
    }
}

fn read(
    request: &Request<'_>,
    answer: Option<&Answer<'_>>,
    text: &Text,
    readings: &mut Vec<Reading>,
) -> Result<Transport, Short> {
    let mut asked = request.data;
    let count = asked.u16_le("number of elements")?;
    let offset = if request.service == 0x52 { asked.u32_le("offset")? } else { 0 };
    let Some(answer) = answer.filter(|answer| answer.is_good()) else { return Ok(None) };
    let mut r = answer.data;
    let kind = TagType::read(&mut r)?;
    let first = kind.size().map_or(0, |size| u64::from(offset / size.max(1)));
    values::elements(kind, r, text, first, count > 1, readings);
    Ok(Some((kind, count, offset)))
}

fn write(request: &Request<'_>, text: &Text, readings: &mut Vec<Reading>) -> Result<Transport, Short> {
    let mut r = request.data;
    let kind = TagType::read(&mut r)?;
    let count = r.u16_le("number of elements")?;
    let offset = if request.service == 0x53 { r.u32_le("offset")? } else { 0 };
    let first = kind.size().map_or(0, |size| u64::from(offset / size.max(1)));
    values::elements(kind, r, text, first, count > 1, readings);
    Ok(Some((kind, count, offset)))
}

/// Type, and what is not usual: several elements, a fragment.
fn described(draft: &mut Draft<'_>, kind: TagType, count: u16, offset: u32) {
    draft.note("type", kind.name());
    if count > 1 {
        draft.note("elements", format_compact!("{count}"));
    }
    if offset > 0 {
        draft.note("offset", format_compact!("{offset}"));
    }
}

/// The masks of a read modify write: bits that are set, bits that stay.
fn modify(request: &Request<'_>, text: &Text, readings: &mut Vec<Reading>) -> Result<Transport, Short> {
    let mut r = request.data;
    let size = usize::from(r.u16_le("size of masks")?);
    let or = r.bytes(size, "or mask")?;
    let and = r.bytes(size, "and mask")?;
    readings.push(Reading::new(format_compact!("{text} or mask"), mask(or)));
    readings.push(Reading::new(format_compact!("{text} and mask"), mask(and)));
    Ok(None)
}

fn mask(bytes: &[u8]) -> Value {
    if bytes.len() > 8 {
        return Value::Bytes(bytes.into());
    }
    Value::Unsigned(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The list of tags: instance, then the attributes that were asked for.
fn list(
    request: &Request<'_>,
    answer: Option<&Answer<'_>>,
    readings: &mut Vec<Reading>,
    around: &Around,
    out: &mut Output<'_>,
) -> Result<Transport, Short> {
    let mut asked = request.data;
    let count = asked.u16_le("number of attributes")?;
    let Some(answer) = answer.filter(|answer| answer.is_good()) else { return Ok(None) };
    // Tags of a program are listed within its symbol: `Program:Main`.
    let scope = request.path.segments().find_map(|segment| match segment {
        super::path::Segment::Symbol(name) => Some(values::text(name)),
        _ => None,
    });
    let mut r = answer.data;
    while !r.is_empty() && readings.len() < TAGS_MAX {
        let instance = r.u32_le("instance")?;
        let mut name = None;
        let mut kind = None;
        let mut attributes = asked;
        for _ in 0..count {
            match attributes.u16_le("attribute")? {
                1 => {
                    let length = r.u16_le("name length")?;
                    name = Some(values::text(r.bytes(length.into(), "name")?));
                }
                2 => kind = Some(values::symbol_type(r.u16_le("symbol type")?)),
                3 | 5 | 6 => r.skip(4, "symbol address")?,
                7 => r.skip(2, "element size")?,
                8 => r.skip(12, "dimensions")?,
                10 => r.skip(1, "external access")?,
                // An attribute of unknown size: the rest cannot be read.
                _ => return Ok(None),
            }
        }
        let name = name.unwrap_or_else(|| format_compact!("symbol {instance}"));
        let name = match &scope {
            Some(scope) => format_compact!("{scope}.{name}"),
            None => name,
        };
        let about = if around.is_from_server { About::Client } else { About::BehindServer(around.behind.clone()) };
        out.fact(about, FactKey::Variable, &name, "tag list", Confidence::Certain);
        readings.push(Reading::new(Object::Text(name), kind.map_or(Value::Nothing, Value::Text)));
    }
    Ok(None)
}
