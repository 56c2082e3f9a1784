//! The built-in types of OPC UA in their binary encoding.
//!
//! Written from OPC 10000-6 (Part 6: Mappings), section 5.2.

use std::fmt::Write;

use compact_str::format_compact;
use model::{Reading, Text, Time, Value};
use wire::{Reader, Short};

use super::names;
use super::structures;

/// Values nest this deep at most (Part 6 recommends 100; real servers stay under five).
pub(super) const DEPTH_MAX: u8 = 12;

/// Bytes of a byte string that are kept.
const BYTES_MAX: usize = 256;

/// Readings of one message.
pub(super) const READINGS_MAX: usize = 8_192;

/// A count of elements; null arrays have -1. No element is smaller than `element` bytes, so a count that does not fit
/// in what is left is a fault.
pub(super) fn count(r: &mut Reader<'_>, element: usize, what: &'static str) -> Result<usize, Short> {
    let count = r.i32_le(what)?;
    let count = usize::try_from(count).unwrap_or(0);
    let needed = count.saturating_mul(element.max(1));
    if needed > r.left() { Err(r.short(what, needed)) } else { Ok(count) }
}

/// A byte string; null is none.
pub(super) fn byte_string<'a>(r: &mut Reader<'a>) -> Result<Option<&'a [u8]>, Short> {
    let length = r.i32_le("length")?;
    match usize::try_from(length) {
        Ok(length) => r.bytes(length, "bytes").map(Some),
        Err(_) => Ok(None),
    }
}

/// A string; null is empty.
pub(super) fn string(r: &mut Reader<'_>) -> Result<Text, Short> {
    let bytes = byte_string(r)?.unwrap_or_default();
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes).as_ref().into(),
    })
}

/// Strings, with commas between them.
pub(super) fn strings(r: &mut Reader<'_>) -> Result<Text, Short> {
    let mut all = Text::default();
    for _ in 0..count(r, 4, "strings")? {
        let one = string(r)?;
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(&one);
    }
    Ok(all)
}

/// A point in time: 100 nanoseconds since 1601; 0 is none.
pub(super) fn date_time(r: &mut Reader<'_>) -> Result<Option<Time>, Short> {
    const UNIX: i64 = 116_444_736_000_000_000;
    let ticks = r.i64_le("date and time")?;
    if ticks <= 0 {
        return Ok(None);
    }
    Ok(ticks.checked_sub(UNIX).and_then(|ticks| ticks.checked_mul(100)).map(Time))
}

/// The identity of a node. Numeric ids of namespace 0 are the well-known nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeId {
    /// Index of the namespace.
    pub(super) namespace: u16,
    /// The number, of numeric ids.
    pub(super) number: Option<u32>,
    /// `ns=2;s=Pump.Speed`, `i=2258`.
    pub(super) text: Text,
}

impl NodeId {
    /// Whether it is the null id `i=0`.
    pub(super) fn is_null(&self) -> bool {
        self.namespace == 0 && self.number == Some(0)
    }

    /// The number of a node of namespace 0.
    pub(super) fn standard(&self) -> Option<u32> {
        self.number.filter(|_| self.namespace == 0)
    }
}

/// Reads a node id; also the part of an expanded one that both share.
pub(super) fn node_id(r: &mut Reader<'_>) -> Result<NodeId, Short> {
    let form = r.u8("node id encoding")?;
    node_id_of(form & 0x3f, r)
}

fn node_id_of(form: u8, r: &mut Reader<'_>) -> Result<NodeId, Short> {
    let numeric = |namespace: u16, number: u32| NodeId {
        namespace,
        number: Some(number),
        text: if namespace == 0 { format_compact!("i={number}") } else { format_compact!("ns={namespace};i={number}") },
    };
    let other = |namespace: u16, kind: char, id: &str| NodeId {
        namespace,
        number: None,
        text: if namespace == 0 {
            format_compact!("{kind}={id}")
        } else {
            format_compact!("ns={namespace};{kind}={id}")
        },
    };
    Ok(match form {
        0 => numeric(0, r.u8("identifier")?.into()),
        1 => {
            let namespace = r.u8("namespace")?;
            numeric(namespace.into(), r.u16_le("identifier")?.into())
        }
        2 => {
            let namespace = r.u16_le("namespace")?;
            numeric(namespace, r.u32_le("identifier")?)
        }
        3 => {
            let namespace = r.u16_le("namespace")?;
            other(namespace, 's', &string(r)?)
        }
        4 => {
            let namespace = r.u16_le("namespace")?;
            other(namespace, 'g', &guid(r)?)
        }
        5 => {
            let namespace = r.u16_le("namespace")?;
            other(namespace, 'b', &hex(byte_string(r)?.unwrap_or_default()))
        }
        _ => return Err(r.short("node id encoding", 1)),
    })
}

/// Reads an expanded node id: `svr=` and `nsu=` come before the rest.
pub(super) fn expanded_node_id(r: &mut Reader<'_>) -> Result<NodeId, Short> {
    let form = r.u8("node id encoding")?;
    let mut id = node_id_of(form & 0x3f, r)?;
    if form & 0x80 != 0 {
        let uri = string(r)?;
        id.text = format_compact!("nsu={uri};{}", id.text.split_once(';').map_or(id.text.as_str(), |(_, rest)| rest));
        // The namespace is named, not numbered: it is not the standard's.
        id.number = None;
    }
    if form & 0x40 != 0 {
        id.text = format_compact!("svr={};{}", r.u32_le("server index")?, id.text);
    }
    Ok(id)
}

fn guid(r: &mut Reader<'_>) -> Result<Text, Short> {
    let (a, b, c) = (r.u32_le("guid")?, r.u16_le("guid")?, r.u16_le("guid")?);
    let d = u64::from_be_bytes(r.array("guid")?);
    Ok(format_compact!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", d >> 48, d & 0xffff_ffff_ffff))
}

fn hex(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    for byte in bytes.iter().take(BYTES_MAX) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `2:Pump`, or `Pump` in namespace 0.
pub(super) fn qualified_name(r: &mut Reader<'_>) -> Result<Text, Short> {
    let namespace = r.u16_le("namespace")?;
    let name = string(r)?;
    Ok(if namespace == 0 { name } else { format_compact!("{namespace}:{name}") })
}

/// The text without its locale.
pub(super) fn localized_text(r: &mut Reader<'_>) -> Result<Text, Short> {
    let mask = r.u8("localized text mask")?;
    if mask & 0x01 != 0 {
        string(r)?;
    }
    if mask & 0x02 != 0 { string(r) } else { Ok(Text::default()) }
}

/// Passes over diagnostic information, keeping what it says in plain words.
pub(super) fn diagnostic_info(r: &mut Reader<'_>, depth: u8) -> Result<Text, Short> {
    if depth >= DEPTH_MAX {
        return Err(r.short("diagnostic info nests too deep", 1));
    }
    let mask = r.u8("diagnostic info mask")?;
    for bit in [0x01, 0x02, 0x04, 0x08] {
        if mask & bit != 0 {
            r.skip(4, "symbolic id, namespace, locale or localized text")?;
        }
    }
    let mut text = if mask & 0x10 != 0 { string(r)? } else { Text::default() };
    if mask & 0x20 != 0 {
        r.skip(4, "inner status code")?;
    }
    if mask & 0x40 != 0 {
        let inner = diagnostic_info(r, depth.saturating_add(1))?;
        if text.is_empty() {
            text = inner;
        }
    }
    Ok(text)
}

/// The type and body of an extension object.
pub(super) struct Extension<'a> {
    pub(super) kind: NodeId,
    pub(super) body: Reader<'a>,
}

/// Reads an extension object. Its length lets it be passed over, whatever it is.
pub(super) fn extension<'a>(r: &mut Reader<'a>) -> Result<Extension<'a>, Short> {
    let kind = node_id(r)?;
    let body = match r.u8("extension object encoding")? {
        0 => r.sub(0, "extension object")?,
        _ => {
            let length = r.i32_le("extension object length")?;
            r.sub(usize::try_from(length).unwrap_or(0), "extension object")?
        }
    };
    Ok(Extension { kind, body })
}

/// A value and what is known of it.
#[derive(Debug, Default)]
pub(super) struct DataValue {
    /// Elements of an array, or the one value; none where the server sent none.
    pub(super) values: Values,
    /// Status; 0 is good.
    pub(super) status: u32,
    /// Time of the source, else of the server.
    pub(super) at: Option<Time>,
}

/// What a variant holds.
#[derive(Debug, Default)]
pub(super) enum Values {
    /// Nothing.
    #[default]
    None,
    /// One value.
    One(Value),
    /// The elements of an array.
    Many(Vec<Value>),
    /// The fields of a structure, by name.
    Fields(Vec<(Text, Value)>),
}

impl Values {
    /// As text, for arguments and event fields.
    pub(super) fn shown(&self) -> Text {
        let mut text = Text::default();
        match self {
            Values::None => text.push_str("null"),
            Values::One(value) => text.push_str(&shown(value)),
            Values::Many(values) => {
                text.push('[');
                for (i, value) in values.iter().take(32).enumerate() {
                    if i > 0 {
                        text.push_str(", ");
                    }
                    text.push_str(&shown(value));
                }
                text.push(']');
            }
            Values::Fields(fields) => {
                text.push('{');
                for (i, (name, value)) in fields.iter().enumerate() {
                    let _ = write!(text, "{}{name}: {}", if i > 0 { ", " } else { "" }, shown(value));
                }
                text.push('}');
            }
        }
        text
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
        Value::Bytes(bytes) => hex(bytes),
        Value::Time(at) => format_compact!("{at}"),
        Value::Nothing => Text::const_new("null"),
    }
}

/// Reads a data value (section 5.2.2.17).
pub(super) fn data_value(r: &mut Reader<'_>, depth: u8) -> Result<DataValue, Short> {
    let mask = r.u8("data value mask")?;
    let mut value = DataValue::default();
    if mask & 0x01 != 0 {
        value.values = variant(r, depth)?;
    }
    if mask & 0x02 != 0 {
        value.status = r.u32_le("status code")?;
    }
    if mask & 0x04 != 0 {
        value.at = date_time(r)?;
    }
    if mask & 0x10 != 0 {
        r.skip(2, "source picoseconds")?;
    }
    if mask & 0x08 != 0 {
        let server = date_time(r)?;
        value.at = value.at.or(server);
    }
    if mask & 0x20 != 0 {
        r.skip(2, "server picoseconds")?;
    }
    Ok(value)
}

/// Reads a variant (section 5.2.2.16).
pub(super) fn variant(r: &mut Reader<'_>, depth: u8) -> Result<Values, Short> {
    if depth >= DEPTH_MAX {
        return Err(r.short("variant nests too deep", 1));
    }
    let mask = r.u8("variant encoding")?;
    let kind = mask & 0x3f;
    if mask & 0x80 == 0 {
        return one(kind, r, depth);
    }
    let length = count(r, 1, "array length")?;
    let mut values = Vec::with_capacity(length.min(1_024));
    for _ in 0..length {
        let value = match one(kind, r, depth)? {
            Values::None => Value::Nothing,
            Values::One(value) => value,
            many => Value::Text(many.shown()),
        };
        if values.len() < READINGS_MAX {
            values.push(value);
        }
    }
    if mask & 0x40 != 0 {
        for _ in 0..count(r, 4, "array dimensions")? {
            r.skip(4, "array dimension")?;
        }
    }
    Ok(Values::Many(values))
}

/// One value of built-in type `kind` (table 1 of section 5.1.2).
fn one(kind: u8, r: &mut Reader<'_>, depth: u8) -> Result<Values, Short> {
    Ok(Values::One(match kind {
        0 => return Ok(Values::None),
        1 => Value::Bool(r.u8("boolean")? != 0),
        2 => Value::Integer(r.i8("sbyte")?.into()),
        3 => Value::Unsigned(r.u8("byte")?.into()),
        4 => Value::Integer(r.i16_le("int16")?.into()),
        5 => Value::Unsigned(r.u16_le("uint16")?.into()),
        6 => Value::Integer(r.i32_le("int32")?.into()),
        7 => Value::Unsigned(r.u32_le("uint32")?.into()),
        8 => Value::Integer(r.i64_le("int64")?),
        9 => Value::Unsigned(r.u64_le("uint64")?),
        10 => Value::Float(r.f32_le("float")?.into()),
        11 => Value::Float(r.f64_le("double")?),
        12 | 16 => Value::Text(string(r)?),
        13 => date_time(r)?.map_or(Value::Nothing, Value::Time),
        14 => Value::Text(guid(r)?),
        15 => {
            let bytes = byte_string(r)?.unwrap_or_default();
            Value::Bytes(bytes.get(..BYTES_MAX).unwrap_or(bytes).into())
        }
        17 => Value::Text(node_id(r)?.text),
        18 => Value::Text(expanded_node_id(r)?.text),
        19 => Value::Text(names::status(r.u32_le("status code")?)),
        20 => Value::Text(qualified_name(r)?),
        21 => Value::Text(localized_text(r)?),
        22 => return structures::value(r),
        23 => {
            let inner = data_value(r, depth.saturating_add(1))?;
            return Ok(inner.values);
        }
        24 => return variant(r, depth.saturating_add(1)),
        25 => Value::Text(diagnostic_info(r, 0)?),
        // 26 to 31 are reserved and encoded as byte strings (section 5.2.2.16).
        _ => {
            let bytes = byte_string(r)?.unwrap_or_default();
            Value::Bytes(bytes.get(..BYTES_MAX).unwrap_or(bytes).into())
        }
    }))
}

/// Adds a data value of `name` as readings: one, or one for each element or field.
pub(super) fn push(readings: &mut Vec<Reading>, name: &Text, value: DataValue) {
    let quality = (value.status >> 16 != 0).then(|| names::status(value.status));
    let mut add = |object: Text, one: Value| {
        if readings.len() < READINGS_MAX {
            let mut reading = Reading::new(object, one);
            reading.quality.clone_from(&quality);
            reading.at = value.at;
            readings.push(reading);
        }
    };
    match value.values {
        Values::None => add(name.clone(), Value::Nothing),
        Values::One(one) => add(name.clone(), one),
        Values::Many(values) => {
            for (i, one) in values.into_iter().enumerate() {
                add(format_compact!("{name}[{i}]"), one);
            }
        }
        Values::Fields(fields) => {
            for (field, one) in fields {
                add(format_compact!("{name} {field}"), one);
            }
        }
    }
}
