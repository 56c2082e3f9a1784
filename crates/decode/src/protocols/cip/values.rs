//! Values of CIP: elementary types, strings, structures, and the types of attributes.

use std::net::Ipv4Addr;

use compact_str::format_compact;
use model::{Object, Reading, Text, Value};
use wire::{Reader, Short};

/// Values told of one answer; an answer of 64 KiB of BOOLs must not become a list of 64 K.
const VALUES_MAX: u64 = 2_048;

/// A structure of Logix: its handle follows.
const STRUCTURE: u16 = 0x02a0;

/// Handle of Logix's own STRING: a length of 32 bits and 82 characters (1756-PM020).
const LOGIX_STRING: u16 = 0x0fce;

/// The type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Usint,
    Uint,
    Udint,
    Word,
    Dword,
    /// Length of 8 bits, characters.
    ShortString,
    /// Length of 16 bits, characters, a pad when odd.
    String,
    /// Major and minor revision.
    Revision,
    /// A path with its length in words.
    Path,
    /// Address, mask, gateway, two name servers, domain.
    Interface,
    Mac,
    /// Microseconds since 1970.
    Microseconds,
    /// Length of 16 bits, characters, as Rockwell's own attributes have it.
    Logix,
    /// All that is left.
    Rest,
}

/// Reads a value of `kind`.
pub(crate) fn attribute(kind: Kind, r: &mut Reader<'_>) -> Result<Value, Short> {
    Ok(match kind {
        Kind::Bool => Value::Bool(r.u8("bool")? != 0),
        Kind::Usint => Value::Unsigned(r.u8("usint")?.into()),
        Kind::Uint | Kind::Word => Value::Unsigned(r.u16_le("uint")?.into()),
        Kind::Udint | Kind::Dword => Value::Unsigned(r.u32_le("udint")?.into()),
        Kind::ShortString => {
            let length = r.u8("length")?;
            Value::Text(text(r.bytes(length.into(), "short string")?))
        }
        Kind::String => Value::Text(string(r)?),
        Kind::Logix => {
            let length = r.u16_le("length")?;
            Value::Text(text(r.bytes(length.into(), "string")?))
        }
        Kind::Revision => {
            let (major, minor) = (r.u8("major revision")?, r.u8("minor revision")?);
            Value::Text(format_compact!("{major}.{minor}"))
        }
        Kind::Path => {
            let words = r.u16_le("path size")?;
            let bytes = r.bytes(usize::from(words).saturating_mul(2), "path")?;
            Value::Text(super::path::Path::parse(bytes).object())
        }
        Kind::Interface => {
            let (address, mask, gateway) = (ipv4(r)?, ipv4(r)?, ipv4(r)?);
            let (first, second) = (ipv4(r)?, ipv4(r)?);
            let domain = string(r)?;
            Value::Text(format_compact!(
                "address {address} mask {mask} gateway {gateway} name servers {first} {second} domain {domain}"
            ))
        }
        Kind::Mac => Value::Text(format_compact!("{}", model::Mac(r.array("physical address")?))),
        Kind::Microseconds => Value::Time(model::Time(r.i64_le("microseconds")?.saturating_mul(1_000))),
        Kind::Rest => Value::Bytes(r.take_rest().into()),
    })
}

/// An IPv4 address as a UDINT: least significant byte first.
pub(crate) fn ipv4(r: &mut Reader<'_>) -> Result<Ipv4Addr, Short> {
    Ok(Ipv4Addr::from(r.u32_le("address")?))
}

fn string(r: &mut Reader<'_>) -> Result<Text, Short> {
    let length = r.u16_le("length")?;
    let bytes = r.bytes(length.into(), "string")?;
    if length % 2 == 1 && !r.is_empty() {
        r.u8("pad")?;
    }
    Ok(text(bytes))
}

/// Characters as text; what is no UTF-8 is read as Latin-1.
pub(crate) fn text(bytes: &[u8]) -> Text {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_end_matches('\0').into(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

/// Length of 16 bits in characters, characters of UTF-16.
pub(crate) fn wide_string(r: &mut Reader<'_>) -> Result<Text, Short> {
    let count = r.u16_le("length")?;
    let bytes = r.bytes(usize::from(count).saturating_mul(2), "characters")?;
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    Ok(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// The type in front of tag data: code, and for structures the handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TagType {
    pub code: u16,
    pub handle: Option<u16>,
}

impl TagType {
    /// Reads it.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<TagType, Short> {
        let code = r.u16_le("type")?;
        let handle = if code == STRUCTURE { Some(r.u16_le("structure handle")?) } else { None };
        Ok(TagType { code, handle })
    }

    /// Bytes of one element, where the type has a size.
    pub(crate) fn size(self) -> Option<u32> {
        Some(match self.code {
            0xc1 | 0xc2 | 0xc6 | 0xd1 => 1,
            0xc3 | 0xc7 | 0xcd | 0xd2 | 0xd8 => 2,
            0xc4 | 0xc8 | 0xca | 0xcc | 0xce | 0xd3 | 0xd6 | 0xdb => 4,
            0xc5 | 0xc9 | 0xcb | 0xd4 | 0xd7 => 8,
            _ => return None,
        })
    }

    /// Its name: `DINT`, `structure 0x0fce`.
    pub(crate) fn name(self) -> Text {
        if let Some(handle) = self.handle {
            return format_compact!("structure 0x{handle:04x}");
        }
        Text::const_new(match type_name(self.code) {
            Some(name) => name,
            None => return format_compact!("type 0x{:04x}", self.code),
        })
    }
}

/// Names of elementary types: volume 1, appendix C-6.1.
fn type_name(code: u16) -> Option<&'static str> {
    const NAMES: [&str; 31] = [
        "BOOL",
        "SINT",
        "INT",
        "DINT",
        "LINT",
        "USINT",
        "UINT",
        "UDINT",
        "ULINT",
        "REAL",
        "LREAL",
        "STIME",
        "DATE",
        "TIME_OF_DAY",
        "DATE_AND_TIME",
        "STRING",
        "BYTE",
        "WORD",
        "DWORD",
        "LWORD",
        "STRING2",
        "FTIME",
        "LTIME",
        "ITIME",
        "STRINGN",
        "SHORT_STRING",
        "TIME",
        "EPATH",
        "ENGUNIT",
        "STRINGI",
        "",
    ];
    NAMES.get(usize::from(code.checked_sub(0xc1)?)).copied().filter(|name| !name.is_empty())
}

/// Name of the type of a symbol as tag lists give it (1756-PM020, "symbol type"): structures have bit 15 and the
/// template's instance, dimensions are in bits 13 and 14.
pub(crate) fn symbol_type(word: u16) -> Text {
    let dimensions = match word >> 13 & 0x03 {
        0 => "",
        1 => "[]",
        2 => "[,]",
        _ => "[,,]",
    };
    let low = word & 0x0fff;
    if word & 0x8000 != 0 {
        return format_compact!("structure {low}{dimensions}");
    }
    // Symbols of the system are not for users (bit 12).
    if word & 0x1000 != 0 {
        return format_compact!("system 0x{low:03x}{dimensions}");
    }
    match type_name(low & 0xff) {
        Some(name) => format_compact!("{name}{dimensions}"),
        None => format_compact!("type 0x{low:03x}{dimensions}"),
    }
}

/// Reads elements of tag data into `readings`, reusing what lies there: the first element is `object`, further ones
/// `object[n]`. `first` is the number of the first element within the request.
pub(crate) fn elements(
    kind: TagType,
    mut r: Reader<'_>,
    object: &Text,
    first: u64,
    is_array: bool,
    readings: &mut Vec<Reading>,
) {
    let is_many = is_array || first > 0 || kind.size().is_some_and(|size| r.left() > size as usize);
    let name = |index: u64| -> Object {
        if is_many { Object::Text(element(object, first.saturating_add(index))) } else { Object::Text(object.clone()) }
    };
    let mut index = 0;
    while !r.is_empty() && index < VALUES_MAX {
        let value = match element_value(kind, &mut r) {
            Ok(value) => value,
            Err(_) => Value::Bytes(r.take_rest().into()),
        };
        readings.push(Reading::new(name(index), value));
        index += 1;
    }
}

/// The `index`th element from the one that `object` names: `Level[3]` and 2 give `Level[5]`.
fn element(object: &Text, index: u64) -> Text {
    let inner = object.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    match inner.and_then(|(base, number)| Some((base, number.parse::<u64>().ok()?))) {
        Some((base, number)) => format_compact!("{base}[{}]", number.saturating_add(index)),
        None => format_compact!("{object}[{index}]"),
    }
}

/// Reads one element.
fn element_value(kind: TagType, r: &mut Reader<'_>) -> Result<Value, Short> {
    Ok(match kind.code {
        0xc1 => Value::Bool(r.u8("BOOL")? != 0),
        0xc2 => Value::Integer(r.i8("SINT")?.into()),
        0xc3 | 0xd8 => Value::Integer(r.i16_le("INT")?.into()),
        0xc4 | 0xcc | 0xd6 | 0xdb => Value::Integer(r.i32_le("DINT")?.into()),
        0xc5 | 0xd7 => Value::Integer(r.i64_le("LINT")?),
        0xc6 | 0xd1 => Value::Unsigned(r.u8("USINT")?.into()),
        0xc7 | 0xcd | 0xd2 => Value::Unsigned(r.u16_le("UINT")?.into()),
        0xc8 | 0xce | 0xd3 => Value::Unsigned(r.u32_le("UDINT")?.into()),
        0xc9 | 0xd4 => Value::Unsigned(r.u64_le("ULINT")?),
        0xca => Value::Float(r.f32_le("REAL")?.into()),
        0xcb => Value::Float(r.f64_le("LREAL")?),
        0xd0 => {
            let length = r.u16_le("STRING length")?;
            Value::Text(text(r.bytes(length.into(), "STRING")?))
        }
        0xda => {
            let length = r.u8("SHORT_STRING length")?;
            Value::Text(text(r.bytes(length.into(), "SHORT_STRING")?))
        }
        STRUCTURE if kind.handle == Some(LOGIX_STRING) && r.left() >= 4 => {
            let length = usize::try_from(r.u32_le("STRING length")?).unwrap_or(usize::MAX);
            // 82 characters and two of padding, whatever the length says.
            let mut characters = r.sub_at_most(84);
            Value::Text(text(characters.sub_at_most(length).take_rest()))
        }
        _ => Value::Bytes(r.take_rest().into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    fn read(text: &str, object: &str) -> Vec<String> {
        let bytes = hex(text);
        let mut r = Reader::new(&bytes);
        let kind = TagType::read(&mut r).unwrap();
        let mut readings = Vec::new();
        elements(kind, r, &object.into(), 0, false, &mut readings);
        readings.iter().map(|r| format!("{}={}", r.object, r.value)).collect()
    }

    #[test]
    fn tags_have_typed_values() {
        assert_eq!(read("c400 ffffffff", "Count"), ["Count=-1"]);
        assert_eq!(read("c100 01", "Run"), ["Run=true"]);
        assert_eq!(read("ca00 0000803f 00000040", "Level[3]"), ["Level[3]=1", "Level[4]=2"]);
        assert_eq!(read("a002 ce0f 03000000 414243 00", "Name"), ["Name=ABC"]);
        assert_eq!(read("a002 3412 0102", "Pump"), ["Pump=0x0102"]);
    }

    #[test]
    fn symbol_types_name_structures_and_arrays() {
        assert_eq!(symbol_type(0x00c4), "DINT");
        assert_eq!(symbol_type(0x20ca), "REAL[]");
        assert_eq!(symbol_type(0x8fce), "structure 4046");
        assert_eq!(symbol_type(0x1069), "system 0x069");
    }
}
