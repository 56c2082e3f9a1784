//! Items of variables: addresses in the eight syntaxes as Siemens writes them, and their values by type.

use compact_str::{CompactStringExt, format_compact};
use model::{Object, Reading, Text, Time, Value};
use wire::{Reader, Short};

/// Sub-areas of one DB-read item, and items of one job. A PDU of 960 bytes holds some 78 items of 12 bytes.
pub(super) const ITEMS_MAX: usize = 256;

/// What follows a variable specification (0x12).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item {
    /// The address as Siemens writes it: `DB1.DBX0.3`, `MB10`, `DB1.DBB0[20]`.
    pub(super) name: Text,
    pub(super) syntax: u8,
    pub(super) transport: u8,
    pub(super) area: u8,
    pub(super) count: u16,
    pub(super) db: u16,
    /// In bits; of counters and timers the number.
    pub(super) address: u32,
    /// Sub-areas of a DB-read item: length, block, first byte.
    pub(super) parts: Vec<(u8, u16, u16)>,
}

pub(super) const SYNTAX_ANY: u8 = 0x10;
const SYNTAX_NCK: u8 = 0x82;
const SYNTAX_NCK_M: u8 = 0x83;
const SYNTAX_NCK_I: u8 = 0x84;
const SYNTAX_DRIVE: u8 = 0xa2;
const SYNTAX_DB_READ: u8 = 0xb0;
const SYNTAX_SYMBOL: u8 = 0xb2;

/// Syntaxes that are no variables: messages, with their names.
const OTHER_SYNTAXES: &[(u8, &str)] = &[
    (0x13, "pbc r_id"),
    (0x15, "alarm lock"),
    (0x16, "alarm indication"),
    (0x19, "alarm acknowledge"),
    (0x1a, "alarm query"),
    (0x1c, "notify"),
];

/// Transport sizes of addresses.
const BIT: u8 = 0x01;
const BYTE: u8 = 0x02;
const CHAR: u8 = 0x03;
const WORD: u8 = 0x04;
const INT: u8 = 0x05;
const DWORD: u8 = 0x06;
const DINT: u8 = 0x07;
const REAL: u8 = 0x08;
const DATE: u8 = 0x09;
const TIME_OF_DAY: u8 = 0x0a;
const TIME: u8 = 0x0b;
const S5TIME: u8 = 0x0c;
const DATE_AND_TIME: u8 = 0x0f;
const COUNTER: u8 = 0x1c;
const TIMER: u8 = 0x1d;

/// Areas.
const AREA_COUNTER: u8 = 0x1c;
const AREA_TIMER: u8 = 0x1d;
const AREA_DB: u8 = 0x84;
const AREA_DI: u8 = 0x85;

/// Modules of numerical controls that people look for; the rest keep their number.
const NCK_AREAS: &[&str] = &["nck", "mode group", "channel", "axis", "tool", "feed drive", "main drive", "mmc"];

/// Bytes of one element, and the letter of its address.
const fn shape(transport: u8) -> (u32, &'static str) {
    match transport {
        BIT => (1, "X"),
        WORD | INT | S5TIME | DATE | COUNTER | TIMER => (2, "W"),
        DWORD | DINT | REAL | TIME_OF_DAY | TIME => (4, "D"),
        DATE_AND_TIME => (8, "B"),
        _ => (1, "B"),
    }
}

impl Item {
    /// One item, from the variable specification on.
    pub(super) fn read(r: &mut Reader<'_>) -> Result<Item, Short> {
        r.u8("variable specification")?;
        let length = r.u8("length of address specification")?;
        let mut r = r.sub(length.into(), "address specification")?;
        let syntax = r.u8("syntax id")?;
        let mut item = Item { syntax, count: 1, ..Item::default() };
        match syntax {
            SYNTAX_ANY if length == 10 => {
                item.transport = r.u8("transport size")?;
                item.count = r.u16("length")?;
                item.db = r.u16("db number")?;
                item.area = r.u8("area")?;
                item.address = r.u24("address")?;
                item.name = item.any(item.address, item.count);
            }
            SYNTAX_DB_READ => {
                let count = r.u8("number of areas")?;
                for _ in 0..count {
                    let length = r.u8("bytes to read")?;
                    let db = r.u16("db number")?;
                    let start = r.u16("start address")?;
                    item.parts.push((length, db, start));
                }
                item.area = AREA_DB;
                item.transport = BYTE;
                item.name = match item.parts.as_slice() {
                    [(length, db, start)] => part(*length, *db, *start),
                    [(length, db, start), rest @ ..] => {
                        format_compact!("{} and {} more", part(*length, *db, *start), rest.len())
                    }
                    [] => Text::const_new("db read of nothing"),
                };
            }
            SYNTAX_SYMBOL => {
                r.u8("reserved")?;
                let kind = r.u16("area 1")?;
                let block = r.u16("area 2")?;
                let crc = r.u32("crc")?;
                item.name = match (kind, block) {
                    (0x8a0e, db) => format_compact!("DB{db}"),
                    (0, 0x50) => Text::const_new("I"),
                    (0, 0x51) => Text::const_new("Q"),
                    (0, 0x52) => Text::const_new("M"),
                    (0, 0x53) => Text::const_new("C"),
                    (0, 0x54) => Text::const_new("T"),
                    (a, b) => format_compact!("0x{a:04x}{b:04x}"),
                };
                item.db = if kind == 0x8a0e { block } else { 0 };
                item.area = if kind == 0x8a0e { AREA_DB } else { 0 };
                while r.left() >= 4 {
                    let step = r.u32("local id")?;
                    item.name.push_str(&format_compact!(".{}", step & 0x0fff_ffff));
                }
                item.name.push_str(&format_compact!("#{crc:08x}"));
            }
            SYNTAX_NCK | SYNTAX_NCK_M | SYNTAX_NCK_I => {
                let place = r.u8("area and unit")?;
                let column = r.u16("column")?;
                let line = r.u16("line")?;
                let module = r.u8("module")?;
                item.count = r.u8("line count")?.into();
                let area = NCK_AREAS.get(usize::from(place >> 5)).copied().unwrap_or("nck");
                item.name = format_compact!("{area} {} m{module} c{column} l{line}", place & 0x1f);
                if item.count > 1 {
                    item.name.push_str(&format_compact!("[{}]", item.count));
                }
            }
            SYNTAX_DRIVE => {
                r.skip(5, "drive es")?;
                let parameter = r.u16("parameter number")?;
                let index = r.u16("parameter index")?;
                item.name = format_compact!("p{parameter}[{index}]");
            }
            syntax => {
                let known = OTHER_SYNTAXES.iter().find(|(code, _)| *code == syntax);
                item.name = match known {
                    Some((_, name)) => Text::const_new(name),
                    None => format_compact!("syntax 0x{syntax:02x}"),
                };
                if !r.is_empty() {
                    item.name.push(' ');
                    item.name.push_str(&hex(r.take_rest()));
                }
            }
        }
        Ok(item)
    }

    /// An item of the variable table of a programming device: type in the upper, area in the lower nibble is not used
    /// there, so the name is given. `address` is in bits.
    pub(super) fn of(area: u8, transport: u8, count: u16, db: u16, address: u32) -> Item {
        let mut item = Item { syntax: SYNTAX_ANY, transport, area, count, db, address, ..Item::default() };
        item.name = item.any(address, count);
        item
    }

    /// The address in S7ANY syntax, as Siemens writes it.
    fn any(&self, address: u32, count: u16) -> Text {
        let mut name = Text::default();
        let numbered = match self.area {
            AREA_COUNTER | 0x1e => Some("C"),
            AREA_TIMER | 0x1f => Some("T"),
            _ => None,
        };
        let mut number = itoa(address);
        match numbered {
            Some(letter) => {
                name.push_str(letter);
                name.push_str(number.text());
            }
            None => {
                let (byte, bit) = (address >> 3, address & 7);
                let (_, letter) = shape(self.transport);
                match self.area {
                    AREA_DB | AREA_DI => {
                        name.push_str(if self.area == AREA_DB { "DB" } else { "DI" });
                        number = itoa(self.db.into());
                        name.push_str(number.text());
                        name.push_str(if self.area == AREA_DB { ".DB" } else { ".DI" });
                        name.push_str(letter);
                    }
                    area => {
                        name.push_str(match area {
                            0x01 => "DR",
                            0x03 => "SYS",
                            0x05 => "SM",
                            0x06 => "AI",
                            0x07 => "AQ",
                            0x80 => "P",
                            0x81 => "I",
                            0x82 => "Q",
                            0x83 => "M",
                            0x86 => "L",
                            0x87 => "V",
                            _ => "",
                        });
                        if name.is_empty() {
                            name = format_compact!("area 0x{area:02x} ");
                        }
                        if letter != "X" {
                            name.push_str(letter);
                        }
                    }
                }
                number = itoa(byte);
                name.push_str(number.text());
                if letter == "X" || bit != 0 {
                    name.push('.');
                    name.push_str(itoa(bit).text());
                }
            }
        }
        if count > 1 {
            name.push('[');
            number = itoa(count.into());
            name.push_str(number.text());
            name.push(']');
        }
        name
    }

    /// The values of the item, one reading each: single values and arrays by type, bytes and characters as a whole.
    pub(super) fn values(&self, size: u8, bytes: &[u8], slots: &mut Slots) {
        if self.syntax == SYNTAX_DB_READ {
            return self.part_values(bytes, slots);
        }
        if self.syntax != SYNTAX_ANY {
            return slots.put(&self.name, |old| plain(size, bytes, old));
        }
        let transport = match self.area {
            AREA_COUNTER | 0x1e => COUNTER,
            AREA_TIMER | 0x1f => TIMER,
            _ => self.transport,
        };
        let width = shape(transport).0 as usize;
        match transport {
            BIT => {
                for (i, byte) in bytes.iter().take(self.count.max(1).into()).enumerate() {
                    let name = self.element(i, 1);
                    slots.put(&name, |_| Value::Bool(byte & 1 == 1));
                }
            }
            BYTE if bytes.len() == 1 => {
                slots.put(&self.name, |_| Value::Unsigned(bytes.first().copied().map_or(0, u64::from)))
            }
            CHAR => slots.put(&self.name, |old| match printable(bytes) {
                Some(text) => Value::Text(text),
                None => whole(bytes, old),
            }),
            _ if width > 1 && bytes.len() >= width && bytes.len().is_multiple_of(width) => {
                let is_array = bytes.len() > width;
                let step = if matches!(transport, COUNTER | TIMER) { 1 } else { width as u32 * 8 };
                for (i, chunk) in bytes.chunks_exact(width).enumerate() {
                    if is_array {
                        let name = self.element(i, step);
                        slots.put(&name, |old| typed(transport, chunk, old));
                    } else {
                        slots.put(&self.name, |old| typed(transport, chunk, old));
                    }
                }
            }
            _ => slots.put(&self.name, |old| whole(bytes, old)),
        }
    }

    /// The address of element `index`, `step` bits (or numbers) apart.
    fn element(&self, index: usize, step: u32) -> Text {
        let offset = u32::try_from(index).unwrap_or(u32::MAX).saturating_mul(step);
        self.any(self.address.saturating_add(offset), 1)
    }

    /// A DB-read item answers with a return code before each part's bytes, without fill bytes between them.
    fn part_values(&self, bytes: &[u8], slots: &mut Slots) {
        let mut r = Reader::new(bytes);
        for (length, db, start) in &self.parts {
            let name = part(*length, *db, *start);
            let Ok(code) = r.u8("return code") else { return };
            if code != 0xff {
                slots.fault(&name, code);
                // What was not read has no bytes.
                continue;
            }
            let Ok(value) = r.bytes((*length).into(), "data") else { return };
            match value {
                [one] => slots.put(&name, |_| Value::Unsigned((*one).into())),
                _ => slots.put(&name, |old| whole(value, old)),
            }
        }
    }
}

fn part(length: u8, db: u16, start: u16) -> Text {
    let item = Item { area: AREA_DB, transport: BYTE, db, ..Item::default() };
    item.any(u32::from(start) << 3, length.into())
}

/// What all items of a job are called together: short enough to cost no allocation, and different where any differs.
pub(super) fn together(items: &[Item]) -> Object {
    match items {
        [] => Object::None,
        [item] => Object::Text(item.name.clone()),
        [first, ..] => {
            let sum = items
                .iter()
                .flat_map(|item| item.name.bytes())
                .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
            let more = items.len().saturating_sub(1);
            Object::Text(format_compact!("{} +{more} #{:04x}", first.name, (sum >> 16 ^ sum) & 0xffff))
        }
    }
}

/// A decimal number without a detour through formatting: addresses are written for every poll.
struct Digits {
    bytes: [u8; 10],
    start: usize,
}

impl Digits {
    fn text(&self) -> &str {
        self.bytes.get(self.start..).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

fn itoa(mut number: u32) -> Digits {
    let mut digits = Digits { bytes: [b'0'; 10], start: 10 };
    for (i, byte) in digits.bytes.iter_mut().enumerate().rev() {
        *byte = b'0'.saturating_add((number % 10) as u8);
        digits.start = i;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits
}

/// Readings that keep their memory from message to message.
#[derive(Default)]
pub(super) struct Slots {
    list: Vec<Reading>,
    used: usize,
    /// Items that had no value, and the return code of the first of them.
    pub(super) faults: usize,
    pub(super) fault_code: u8,
}

impl Slots {
    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.faults = 0;
    }

    /// How many were put since `clear`.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// What was put since `clear`.
    pub(super) fn readings(&mut self) -> &[Reading] {
        self.list.truncate(self.used);
        &self.list
    }

    fn slot(&mut self, name: &str) -> Option<&mut Reading> {
        if self.used >= 4_096 {
            return None;
        }
        if self.used == self.list.len() {
            self.list.push(Reading::new(Object::None, Value::Nothing));
        }
        let slot = self.list.get_mut(self.used)?;
        self.used += 1;
        match &mut slot.object {
            Object::Text(text) if text == name => {}
            object => *object = Object::Text(Text::new(name)),
        }
        slot.quality = None;
        slot.at = None;
        Some(slot)
    }

    /// A value. `make` is given the value that stood in the same place before, to use its memory.
    pub(super) fn put(&mut self, name: &str, make: impl FnOnce(Value) -> Value) {
        if let Some(slot) = self.slot(name) {
            let old = std::mem::replace(&mut slot.value, Value::Nothing);
            slot.value = make(old);
        }
    }

    /// No value, but a return code.
    pub(super) fn fault(&mut self, name: &str, code: u8) {
        if self.faults == 0 {
            self.fault_code = code;
        }
        self.faults += 1;
        if let Some(slot) = self.slot(name) {
            slot.value = Value::Nothing;
            slot.quality = Some(super::names::return_code(code));
        }
    }

    /// The quality of the value that was put at `index`.
    pub(super) fn mark(&mut self, index: usize, code: u8) {
        if let Some(slot) = self.list.get_mut(index) {
            slot.quality = Some(super::names::return_code(code));
        }
    }
}

/// Bytes as they are, in the memory of `old` where it has the size.
fn whole(bytes: &[u8], old: Value) -> Value {
    match old {
        Value::Bytes(mut kept) if kept.len() == bytes.len() => {
            kept.copy_from_slice(bytes);
            Value::Bytes(kept)
        }
        _ => Value::Bytes(bytes.into()),
    }
}

fn printable(bytes: &[u8]) -> Option<Text> {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last.saturating_add(1));
    let text = bytes.get(..end)?;
    if text.is_empty() || !text.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        return None;
    }
    Some(text.iter().map(|b| char::from(*b)).collect())
}

/// A value whose type only the transport size of the data tells.
pub(super) fn plain(size: u8, bytes: &[u8], old: Value) -> Value {
    match (size, bytes) {
        (3, [byte]) => Value::Bool(byte & 1 == 1),
        (4, [byte]) => Value::Unsigned((*byte).into()),
        (5, [a, b]) => Value::Integer(i16::from_be_bytes([*a, *b]).into()),
        (6, [a, b, c, d]) => Value::Integer(i32::from_be_bytes([*a, *b, *c, *d]).into()),
        (7, [a, b, c, d]) => Value::Float(f32::from_be_bytes([*a, *b, *c, *d]).into()),
        _ => whole(bytes, old),
    }
}

/// One element of a type. S5TIME and timers in milliseconds, counters as numbers.
fn typed(transport: u8, bytes: &[u8], old: Value) -> Value {
    match (transport, bytes) {
        (WORD, [a, b]) => Value::Unsigned(u16::from_be_bytes([*a, *b]).into()),
        (INT, [a, b]) => Value::Integer(i16::from_be_bytes([*a, *b]).into()),
        (DWORD, [a, b, c, d]) => Value::Unsigned(u32::from_be_bytes([*a, *b, *c, *d]).into()),
        (DINT | TIME, [a, b, c, d]) => Value::Integer(i32::from_be_bytes([*a, *b, *c, *d]).into()),
        (TIME_OF_DAY, [a, b, c, d]) => Value::Unsigned(u32::from_be_bytes([*a, *b, *c, *d]).into()),
        (REAL, [a, b, c, d]) => Value::Float(f32::from_be_bytes([*a, *b, *c, *d]).into()),
        (DATE, [a, b]) => {
            // Days since 1990-01-01, which is day 7,305 of the epoch.
            let days = i64::from(u16::from_be_bytes([*a, *b])).saturating_add(7_305);
            Value::Time(Time::from_seconds(days.saturating_mul(86_400), 0))
        }
        (COUNTER, [a, b]) => match bcd(&[a & 0x0f, *b]) {
            Some(number) => Value::Unsigned(number),
            None => Value::Unsigned(u16::from_be_bytes([*a, *b]).into()),
        },
        (TIMER | S5TIME, [a, b]) => {
            let base = [10, 100, 1_000, 10_000].get(usize::from(a >> 4 & 3)).copied().unwrap_or(10);
            match bcd(&[a & 0x0f, *b]) {
                Some(number) => Value::Unsigned(number.saturating_mul(base)),
                None => Value::Unsigned(u16::from_be_bytes([*a, *b]).into()),
            }
        }
        (DATE_AND_TIME, bytes) => match clock(bytes) {
            Some(time) => Value::Time(time),
            None => whole(bytes, old),
        },
        _ => whole(bytes, old),
    }
}

/// A number in binary coded decimal.
pub(super) fn bcd(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0_u64, |number, byte| {
        let (high, low) = (byte >> 4, byte & 0x0f);
        if high > 9 || low > 9 {
            return None;
        }
        number.checked_mul(100)?.checked_add(u64::from(high) * 10 + u64::from(low))
    })
}

/// DATE_AND_TIME: year, month, day, hour, minute, second, three digits of milliseconds and the day of the week, in
/// binary coded decimal; years below 90 are of this century.
pub(super) fn clock(bytes: &[u8]) -> Option<Time> {
    let [year, month, day, hour, minute, second, high, low] = *bytes.first_chunk::<8>()?;
    let number = |byte| bcd(&[byte]).and_then(|n| i64::try_from(n).ok());
    let year = number(year)?;
    let year = if year < 90 { year.saturating_add(2000) } else { year.saturating_add(1900) };
    let (month, day) = (number(month)?, number(day)?);
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let milliseconds = number(high)?.saturating_mul(10).saturating_add(number(low & 0xf0)? / 10);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days from the civil calendar; the year begins in March, so that a leap day is the last of it.
    let march = if month <= 2 { year.saturating_sub(1) } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let (century, rest) = (march.div_euclid(400), march.rem_euclid(400));
    let days = century * 146_097 + rest * 365 + rest / 4 - rest / 100 + of_year - 719_468;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Time::from_seconds(seconds, milliseconds * 1_000_000))
}

/// Bytes in hexadecimal, the first 32 of them.
pub(super) fn hex(bytes: &[u8]) -> Text {
    let text = bytes.iter().take(32).map(|byte| format_compact!("{byte:02x}")).concat_compact();
    if bytes.len() > 32 { format_compact!("{text}…") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::hex;

    fn name(text: &str) -> String {
        Item::read(&mut Reader::new(&hex(text))).unwrap().name.to_string()
    }

    #[test]
    fn addresses_as_siemens_writes_them() {
        assert_eq!(name("12 0a 10 01 0001 0001 84 000003"), "DB1.DBX0.3");
        assert_eq!(name("12 0a 10 04 0001 000a 84 000020"), "DB10.DBW4");
        assert_eq!(name("12 0a 10 02 0014 0001 84 000000"), "DB1.DBB0[20]");
        assert_eq!(name("12 0a 10 02 0001 0000 83 000050"), "MB10");
        assert_eq!(name("12 0a 10 01 0001 0000 82 00000f"), "Q1.7");
        assert_eq!(name("12 0a 10 02 0001 0000 81 000000"), "IB0");
        assert_eq!(name("12 0a 10 1d 0001 0000 1d 000005"), "T5");
        assert_eq!(name("12 0a 10 1c 0002 0000 1c 000007"), "C7[2]");
        assert_eq!(name("12 0a 10 08 0001 0002 85 000080"), "DI2.DID16");
        assert_eq!(name("12 07 b0 01 05 0051 0172"), "DB81.DBB370[5]");
        assert_eq!(name("12 08 82 41 0001 0002 7f 01"), "channel 1 m127 c1 l2");
        assert_eq!(name("12 0e b2 ff 8a0e 0001 12345678 40000009"), "DB1.9#12345678");
        assert_eq!(name("12 0a a2 00 0000 0000 03e8 0001"), "p1000[1]");
    }

    #[test]
    fn times_in_decimal() {
        assert_eq!(clock(&hex("9401092153421521")).unwrap().to_string(), "1994-01-09T21:53:42.152000000Z");
        assert_eq!(clock(&hex("1408201205310304")).unwrap().to_string(), "2014-08-20T12:05:31.030000000Z");
        assert_eq!(clock(&hex("ff01092153421521")), None);
    }
}
