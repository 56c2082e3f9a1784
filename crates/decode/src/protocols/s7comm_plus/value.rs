//! Numbers, addresses and values of S7comm-plus.

use compact_str::format_compact;
use model::{Object, Reading, Text, Time, Value};
use wire::{Reader, Short};

/// Items of one request that are kept.
pub(super) const ITEMS_MAX: u64 = 512;

/// Elements of one array that are kept.
const ELEMENTS_MAX: u64 = 1_024;

/// A number in groups of seven bits, the highest first; the ninth byte of the longest has eight.
pub(super) fn number(r: &mut Reader<'_>, what: &'static str) -> Result<u64, Short> {
    let mut number = 0_u64;
    for _ in 0..8 {
        let byte = r.u8(what)?;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Ok(number << 8 | u64::from(r.u8(what)?))
}

/// The same with a sign in the second bit of the first byte.
fn signed(r: &mut Reader<'_>, what: &'static str) -> Result<i64, Short> {
    let is_negative = r.peek().is_some_and(|byte| byte & 0x40 != 0);
    let start = r.offset();
    let number = number(r, what)?;
    let bits = r.offset().saturating_sub(start).saturating_mul(7);
    if !is_negative || bits >= 63 {
        return Ok(number.cast_signed());
    }
    Ok((number | u64::MAX << bits).cast_signed())
}

/// What a variable is called: block or area, then local ids.
pub(super) struct Address {
    pub(super) name: Text,
}

impl Address {
    /// Symbol checksum, area, number of ids, base of the area, ids.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Address, Short> {
        number(r, "symbol crc")?;
        let area = number(r, "area")?;
        let count = number(r, "number of ids")?;
        number(r, "base of area")?;
        let mut name = match area {
            0x50 => Text::const_new("I"),
            0x51 => Text::const_new("Q"),
            0x52 => Text::const_new("M"),
            0x53 => Text::const_new("C"),
            0x54 => Text::const_new("T"),
            0x8a0e_0000..=0x8a0e_ffff => format_compact!("DB{}", area & 0xffff),
            area => format_compact!("0x{area:x}"),
        };
        for _ in 1..count.min(64) {
            let id = number(r, "local id")?;
            name.push_str(&format_compact!(".{id}"));
        }
        Ok(Address { name })
    }
}

/// What all addresses of a request are called together.
pub(super) fn together(addresses: &[Address]) -> Object {
    match addresses {
        [] => Object::None,
        [one] => Object::Text(one.name.clone()),
        [first, ..] => {
            let sum = addresses
                .iter()
                .flat_map(|a| a.name.bytes())
                .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
            let more = addresses.len().saturating_sub(1);
            Object::Text(format_compact!("{} +{more} #{:04x}", first.name, (sum >> 16 ^ sum) & 0xffff))
        }
    }
}

/// Values with the number of their item in front, up to a zero. Stops at the first one that is not understood.
pub(super) fn numbered(r: &mut Reader<'_>, addresses: &[Address], readings: &mut Vec<Reading>) {
    for _ in 0..ITEMS_MAX {
        let Ok(item @ 1..) = number(r, "item number") else { return };
        let Ok(value) = value(r, 0) else { return };
        let index = usize::try_from(item).ok().and_then(|item| item.checked_sub(1));
        let name = match index.and_then(|index| addresses.get(index)) {
            Some(address) => address.name.clone(),
            None => format_compact!("item {item}"),
        };
        readings.push(Reading::new(name, value));
    }
}

/// A value: flags, type, content. Structures are not entered.
pub(super) fn value(r: &mut Reader<'_>, depth: u8) -> Result<Value, Short> {
    let flags = r.u8("datatype flags")?;
    let kind = r.u8("datatype")?;
    if flags & 0x40 != 0 || depth > 1 {
        return Err(r.short("value of a kind not read", 0));
    }
    if flags & 0x30 == 0 {
        return one(r, kind);
    }
    let count = number(r, "array size")?;
    let mut text = Text::default();
    let mut bytes = Vec::new();
    for _ in 0..count.min(ELEMENTS_MAX) {
        match (one(r, kind)?, kind) {
            (Value::Unsigned(byte), 0x02 | 0x0a) => bytes.push((byte & 0xff) as u8),
            (value, _) => {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&format_compact!("{value}"));
            }
        }
    }
    Ok(if bytes.is_empty() { Value::Text(text) } else { Value::Bytes(bytes.into()) })
}

/// One element of a type.
fn one(r: &mut Reader<'_>, kind: u8) -> Result<Value, Short> {
    Ok(match kind {
        0x00 => Value::Nothing,
        0x01 => Value::Bool(r.u8("bool")? != 0),
        0x02 | 0x0a => Value::Unsigned(r.u8("byte")?.into()),
        0x03 | 0x0b => Value::Unsigned(r.u16("word")?.into()),
        0x04 | 0x05 | 0x13 => Value::Unsigned(number(r, "number")?),
        0x06 => Value::Integer(r.i8("sint")?.into()),
        0x07 => Value::Integer(r.i16("int")?.into()),
        0x08 | 0x09 | 0x11 => Value::Integer(signed(r, "number")?),
        0x0c | 0x12 => Value::Unsigned(r.u32("dword")?.into()),
        0x0d => Value::Unsigned(r.u64("lword")?),
        0x0e => Value::Float(r.f32("real")?.into()),
        0x0f => Value::Float(r.f64("lreal")?),
        0x10 => Value::Time(Time(r.u64("timestamp")?.try_into().unwrap_or(i64::MAX))),
        0x14 => {
            number(r, "root id of blob")?;
            let length = usize::try_from(number(r, "length of blob")?).unwrap_or(usize::MAX);
            let bytes = r.bytes(length, "blob")?;
            Value::Bytes(bytes.get(..bytes.len().min(256)).unwrap_or_default().into())
        }
        0x15 => {
            let length = usize::try_from(number(r, "length of text")?).unwrap_or(usize::MAX);
            Value::Text(String::from_utf8_lossy(r.bytes(length, "text")?).as_ref().into())
        }
        _ => return Err(r.short("value of a kind not read", 0)),
    })
}
