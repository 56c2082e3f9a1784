//! Tags and primitive values: the encoding of everything in a BACnet application message.
//!
//! Written from ANSI/ASHRAE 135-2020, clause 20.2.

use std::fmt::Write;

use compact_str::format_compact;
use model::{Text, Value};
use wire::{Reader, Short};

use super::enumerations::Words;
use super::names;

/// Constructed values nest this deep at most in what is shown; deeper ones are cut.
const DEPTH_MAX: usize = 8;

/// Bytes of text that a constructed value is shown with.
const SHOWN_BYTES_MAX: usize = 1_024;

/// Bytes of an octet string that are kept.
const OCTETS_MAX: usize = 256;

/// What a tag announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Constructed content begins.
    Opening,
    /// Constructed content ends.
    Closing,
    /// So many bytes follow.
    Bytes(usize),
    /// An application boolean, which lies in the tag.
    Boolean(bool),
}

/// A tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) number: u8,
    pub(super) is_context: bool,
    pub(super) content: Content,
}

impl Tag {
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Tag, Short> {
        let first = r.u8("tag")?;
        let is_context = first & 0x08 != 0;
        let number = match first >> 4 {
            15 => r.u8("extended tag number")?,
            number => number,
        };
        let content = match first & 0x07 {
            6 if is_context => Content::Opening,
            7 if is_context => Content::Closing,
            on if !is_context && number == 1 => Content::Boolean(on != 0),
            5 => Content::Bytes(match r.u8("extended length")? {
                254 => r.u16("extended length")?.into(),
                255 => usize::try_from(r.u32("extended length")?).unwrap_or(usize::MAX),
                length => length.into(),
            }),
            length => Content::Bytes(length.into()),
        };
        Ok(Tag { number, is_context, content })
    }

    fn peek(r: &Reader<'_>) -> Option<Tag> {
        Tag::read(&mut r.clone()).ok()
    }
}

/// The bytes of context tag `number`, if it is next.
pub(super) fn context<'a>(r: &mut Reader<'a>, number: u8) -> Result<Option<&'a [u8]>, Short> {
    match Tag::peek(r) {
        Some(Tag { number: n, is_context: true, content: Content::Bytes(length) }) if n == number => {
            Tag::read(r)?;
            r.bytes(length, "context value").map(Some)
        }
        _ => Ok(None),
    }
}

/// The number in context tag `number`, if it is next.
pub(super) fn context_unsigned(r: &mut Reader<'_>, number: u8) -> Result<Option<u64>, Short> {
    Ok(context(r, number)?.map(unsigned))
}

/// The number in context tag `number`, which must be next.
pub(super) fn must_context(r: &mut Reader<'_>, number: u8, what: &'static str) -> Result<u64, Short> {
    context_unsigned(r, number)?.ok_or_else(|| r.short(what, 1))
}

/// The text in context tag `number`, if it is next.
pub(super) fn context_text(r: &mut Reader<'_>, number: u8) -> Result<Option<Text>, Short> {
    Ok(context(r, number)?.map(character_string))
}

/// The bytes of an application value of type `number`, if it is next. Booleans are `[1]` or `[0]`.
pub(super) fn application<'a>(r: &mut Reader<'a>, number: u8) -> Result<Option<&'a [u8]>, Short> {
    match Tag::peek(r) {
        Some(Tag { number: n, is_context: false, content }) if n == number => {
            Tag::read(r)?;
            match content {
                Content::Bytes(length) => r.bytes(length, "value").map(Some),
                Content::Boolean(on) => Ok(Some(if on { &[1] } else { &[0] })),
                Content::Opening | Content::Closing => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// The number in an application value of type `number`, which must be next.
pub(super) fn must_application(r: &mut Reader<'_>, number: u8, what: &'static str) -> Result<u64, Short> {
    Ok(unsigned(application(r, number)?.ok_or_else(|| r.short(what, 1))?))
}

/// What lies between the opening and closing tags `number`, if the opening tag is next. A cut message gives what is
/// there.
pub(super) fn enclosed<'a>(r: &mut Reader<'a>, number: u8) -> Option<Reader<'a>> {
    let opening = Tag { number, is_context: true, content: Content::Opening };
    if Tag::peek(r) != Some(opening) {
        return None;
    }
    Tag::read(r).ok()?;
    let inside = element_end(r);
    let content = r.sub_at_most(inside);
    let _ = Tag::read(r);
    Some(content)
}

/// How many bytes lie before the closing tag that belongs to an opening tag just read; all, where it is missing.
fn element_end(r: &Reader<'_>) -> usize {
    let mut scan = *r;
    let mut depth = 0_usize;
    loop {
        let before = r.left().saturating_sub(scan.left());
        match Tag::read(&mut scan) {
            Ok(Tag { content: Content::Opening, .. }) => depth = depth.saturating_add(1),
            Ok(Tag { content: Content::Closing, .. }) if depth == 0 => return before,
            Ok(Tag { content: Content::Closing, .. }) => depth = depth.saturating_sub(1),
            Ok(Tag { content: Content::Bytes(length), .. }) => {
                if scan.skip(length, "value").is_err() {
                    return r.left();
                }
            }
            Ok(_) => {}
            Err(_) => return r.left(),
        }
    }
}

/// The next element, primitive or constructed: its tag and its content.
pub(super) fn element<'a>(r: &mut Reader<'a>) -> Result<(Tag, Reader<'a>), Short> {
    let tag = Tag::read(r)?;
    let content = match tag.content {
        Content::Bytes(length) => r.sub(length, "value")?,
        Content::Boolean(_) => r.sub(0, "value")?,
        Content::Opening => {
            let inside = element_end(r);
            let content = r.sub_at_most(inside);
            let _ = Tag::read(r);
            content
        }
        Content::Closing => return Err(r.short("value", 1)),
    };
    Ok((tag, content))
}

/// An unsigned integer of up to 8 bytes; of longer ones the last 8.
pub(super) fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A number that fits in 32 bits.
pub(super) fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn signed(bytes: &[u8]) -> i64 {
    let start = if bytes.first().is_some_and(|b| b & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(start, |number: i64, byte| number << 8 | i64::from(*byte))
}

/// A character string with its leading character set (clause 20.2.9).
pub(super) fn character_string(bytes: &[u8]) -> Text {
    let Some((&set, rest)) = bytes.split_first() else { return Text::default() };
    match set {
        // ISO 8859-1: every byte is its code point.
        5 => rest.iter().map(|b| char::from(*b)).collect(),
        4 => char::decode_utf16(rest.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        3 => rest
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| char::from_u32(u32::from_be_bytes(*four)).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        // Microsoft DBCS begins with its code page.
        1 => String::from_utf8_lossy(rest.get(2..).unwrap_or_default()).as_ref().into(),
        _ => String::from_utf8_lossy(rest).as_ref().into(),
    }
}

/// Bits by name where there are names (`none` when none is set), else as digits, the first bit first.
pub(super) fn bit_string(bytes: &[u8], words: Words) -> Text {
    let Some((&unused, rest)) = bytes.split_first() else { return Text::default() };
    let count = rest.len().saturating_mul(8).saturating_sub(usize::from(unused.min(7)));
    let mut bits = rest
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1 == 1))
        .take(count.min(SHOWN_BYTES_MAX))
        .enumerate();
    if matches!(words, Words::Unknown) {
        return bits.map(|(_, on)| if on { '1' } else { '0' }).collect();
    }
    let mut text = Text::default();
    for (i, on) in &mut bits {
        if on {
            if !text.is_empty() {
                text.push(',');
            }
            match words.name(i as u64) {
                Some(name) => text.push_str(&name),
                None => {
                    let _ = write!(text, "bit-{i}");
                }
            }
        }
    }
    if text.is_empty() { Text::const_new("none") } else { text }
}

/// `2020-01-28`; `*` stands for what is left open (clause 20.2.12).
pub(super) fn date(bytes: &[u8]) -> Text {
    let Some(&[year, month, day, _]) = bytes.first_chunk::<4>() else { return Text::default() };
    let mut text = Text::default();
    match year {
        0xff => text.push('*'),
        year => {
            let _ = write!(text, "{:04}", u16::from(year) + 1900);
        }
    }
    for part in [month, day] {
        match part {
            0xff => text.push_str("-*"),
            part => {
                let _ = write!(text, "-{part:02}");
            }
        }
    }
    text
}

/// `19:00:03.80`; `*` stands for what is left open (clause 20.2.13).
pub(super) fn time(bytes: &[u8]) -> Text {
    let Some(parts) = bytes.first_chunk::<4>() else { return Text::default() };
    let mut text = Text::default();
    for (part, mark) in parts.iter().zip(["", ":", ":", "."]) {
        text.push_str(mark);
        match part {
            0xff => text.push('*'),
            part => {
                let _ = write!(text, "{part:02}");
            }
        }
    }
    text
}

/// Date and time as a point in time, where nothing is left open. It is the device's local time, read as if it were UTC.
pub(super) fn moment(date: &[u8], time: &[u8]) -> Option<model::Time> {
    let (&[year, month, day, _], &[hour, minute, second, hundredth]) = (date.first_chunk()?, time.first_chunk()?);
    if [year, month, day, hour, minute, second].contains(&0xff) {
        return None;
    }
    let fraction = if hundredth < 100 { hundredth } else { 0 };
    let year = u16::from(year).saturating_add(1900);
    model::Time::parse(&format_compact!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:02}Z"
    ))
}

/// `analog-input 3`.
pub(super) fn object_identifier(number: u32) -> Text {
    format_compact!("{} {}", names::object_type(number >> 22), number & 0x003f_ffff)
}

/// A primitive application value of type `number` (clause 20.2.1.4).
pub(super) fn primitive(number: u8, content: Content, bytes: &[u8], words: Words) -> Value {
    match number {
        0 => Value::Nothing,
        1 => match content {
            Content::Boolean(on) => Value::Bool(on),
            _ => Value::Bool(unsigned(bytes) != 0),
        },
        2 => Value::Unsigned(unsigned(bytes)),
        3 => Value::Integer(signed(bytes)),
        4 => match bytes.first_chunk() {
            Some(four) => Value::Float(f32::from_be_bytes(*four).into()),
            None => Value::Nothing,
        },
        5 => match bytes.first_chunk() {
            Some(eight) => Value::Float(f64::from_be_bytes(*eight)),
            None => Value::Nothing,
        },
        6 => Value::Bytes(bytes.get(..OCTETS_MAX).unwrap_or(bytes).into()),
        7 => Value::Text(character_string(bytes)),
        8 => Value::Text(bit_string(bytes, words)),
        9 => {
            let number = unsigned(bytes);
            words.name(number).map_or(Value::Unsigned(number), Value::Text)
        }
        10 => Value::Text(date(bytes)),
        11 => Value::Text(time(bytes)),
        12 => Value::Text(object_identifier(small(unsigned(bytes)))),
        _ => Value::Bytes(bytes.get(..OCTETS_MAX).unwrap_or(bytes).into()),
    }
}

/// A value as text.
pub(super) fn shown(value: &Value) -> Text {
    match value {
        Value::Bool(on) => Text::const_new(if *on { "true" } else { "false" }),
        Value::Integer(number) => format_compact!("{number}"),
        Value::Unsigned(number) => format_compact!("{number}"),
        Value::Float(number) => format_compact!("{number}"),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => {
            let mut text = Text::default();
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            text
        }
        Value::Time(at) => format_compact!("{at}"),
        Value::Nothing => Text::const_new("null"),
    }
}

/// Constructed content as text: `{0: analog-input 3, 1: 55}`. Context values are shown as numbers up to four bytes, else
/// in hexadecimal, because only the manual knows their types.
pub(super) fn constructed(r: Reader<'_>, words: Words) -> Text {
    let mut text = Text::default();
    write_constructed(r, words, 0, &mut text);
    text
}

fn write_constructed(mut r: Reader<'_>, words: Words, depth: usize, text: &mut Text) {
    let mut is_first = true;
    while !r.is_empty() && text.len() < SHOWN_BYTES_MAX {
        let Ok((tag, mut content)) = element(&mut r) else { return };
        if !is_first {
            text.push_str(", ");
        }
        is_first = false;
        match tag {
            Tag { is_context: false, number, content: kind } => {
                text.push_str(&shown(&primitive(number, kind, content.take_rest(), words)));
            }
            Tag { number, content: Content::Opening, .. } => {
                let _ = write!(text, "{number}: {{");
                if depth < DEPTH_MAX {
                    write_constructed(content, words, depth.saturating_add(1), text);
                }
                text.push('}');
            }
            Tag { number, .. } => {
                let bytes = content.take_rest();
                let _ = match bytes.len() {
                    // What looks like an object identifier of a known type and has four bytes is one most often.
                    4 if number == 0 && names::object_type_static(small(unsigned(bytes)) >> 22).is_some() => {
                        write!(text, "{number}: {}", object_identifier(small(unsigned(bytes))))
                    }
                    0..=4 => write!(text, "{number}: {}", unsigned(bytes)),
                    _ => write!(text, "{number}: {}", shown(&primitive(6, tag.content, bytes, words))),
                };
            }
        }
    }
}
