//! System status lists (SZL): order number, firmware, names, protection level, key switch, lamps, mode, diagnostic buffer.
//!
//! Siemens, System Software for S7-300/400, System and Standard Functions, chapter "System Status Lists".

use compact_str::format_compact;
use model::{Behind, Confidence, FactKey, Reading, Text, Value};
use wire::{Reader, Short};

use super::blocks::text;
use super::item::{clock, hex};
use super::names;
use crate::{About, Output};

/// Records of one answer that become readings; the longest list (diagnostic buffer) has 500 entries in several answers.
const RECORDS_MAX: usize = 512;

/// Manufacturers of I&M data that build S7 controllers.
const MAKERS: &[(u16, &str)] = &[(0x002a, "Siemens AG"), (0x0121, "VIPA")];

/// The name that acts give a list: `szl 0x0011 module identification index 0x0001`.
pub(super) fn object(id: u16, index: u16) -> Text {
    if index == 0 { format_compact!("szl 0x{id:04x}") } else { format_compact!("szl 0x{id:04x} index 0x{index:04x}") }
}

/// The data of an answer, from the id on: facts, and a reading a record.
pub(super) fn read(r: &mut Reader<'_>, readings: &mut Vec<Reading>, out: &mut Output<'_>) -> Result<(), Short> {
    let id = r.u16("szl id")?;
    let index = r.u16("szl index")?;
    let length = usize::from(r.u16("length of a record")?);
    let count = r.u16("number of records")?;
    let source = format_compact!("szl 0x{id:04x}");
    if length == 0 {
        return Ok(());
    }
    for _ in 0..usize::from(count).min(RECORDS_MAX) {
        if r.is_empty() {
            break;
        }
        let mut record = r.sub_at_most(length);
        let bytes = record.rest();
        let told = match id & 0xff {
            0x00 => {
                let listed = record.u16("szl id")?;
                readings.push(Reading::new(format_compact!("szl 0x{listed:04x}"), names::szl(listed).into()));
                Ok(())
            }
            0x11 => identification(&mut record, &source, readings, out),
            0x1c => component(&mut record, &source, readings, out),
            0x19 | 0x74 => lamp(&mut record, id & 0xff == 0x74, &source, readings, out),
            0x24 => mode(&mut record, &source, readings, out),
            0x32 => communication(&mut record, &source, readings, out),
            0x37 => ethernet(&mut record, &source, readings, out),
            0x91 => module(&mut record, readings),
            0xa0 => entry(&mut record, readings),
            _ => {
                readings.push(Reading::new("record", Value::Text(hex(bytes))));
                Ok(())
            }
        };
        told?;
    }
    let _ = index;
    Ok(())
}

/// 0x11: order numbers and versions of module, hardware, firmware, boot loader.
fn identification(
    r: &mut Reader<'_>,
    source: &str,
    readings: &mut Vec<Reading>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let index = r.u16("index")?;
    let order = text(r.bytes(20, "order number")?);
    r.u16("module type id")?;
    let [high, low] = r.array::<2>("version")?;
    let [minor, patch] = r.array::<2>("release")?;
    let certain = Confidence::Certain;
    let version = match high {
        // A blank in the place of the first number: boot loaders.
        b'V' | b'A' if low == b' ' => format_compact!("{}{minor}.{patch}", char::from(high)),
        b'V' | b'A' => format_compact!("{}{low}.{minor}.{patch}", char::from(high)),
        _ => format_compact!("{}", u16::from_be_bytes([high, low])),
    };
    let name = match index {
        1 => {
            out.fact(About::Server, FactKey::OrderNumber, &order, source, certain);
            if order.starts_with("6") {
                out.fact(About::Server, FactKey::Vendor, "Siemens AG", source, Confidence::Likely);
            }
            let behind = out.behind().clone();
            if behind != Behind::Nobody {
                out.fact(About::BehindServer(behind), FactKey::Module, &order, source, certain);
            }
            if high != b'V' && high != 0x20 {
                out.fact(About::Server, FactKey::Hardware, &version, source, certain);
            }
            "module"
        }
        6 => {
            if high != 0x20 {
                out.fact(About::Server, FactKey::Hardware, &version, source, certain);
            }
            "hardware"
        }
        7 => {
            out.fact(About::Server, FactKey::Firmware, &version, source, certain);
            "firmware"
        }
        0x81 => {
            out.fact(About::Server, FactKey::Software, &format_compact!("boot loader {version}"), source, certain);
            "boot loader"
        }
        _ => "component",
    };
    let value = if order.is_empty() { version } else { format_compact!("{order} {version}") };
    readings.push(Reading::new(name, Value::Text(value)));
    Ok(())
}

/// 0x1C: names, serial numbers, copyright, place.
fn component(r: &mut Reader<'_>, source: &str, readings: &mut Vec<Reading>, out: &mut Output<'_>) -> Result<(), Short> {
    let index = r.u16("index")?;
    let bytes = r.take_rest();
    let value = text(bytes);
    let (name, key) = match index & 0xff {
        1 => ("name of the automation system", FactKey::StationName),
        2 => ("name of the module", FactKey::Module),
        3 => ("plant designation", FactKey::Description),
        4 => ("copyright", FactKey::Vendor),
        5 => ("serial number", FactKey::Serial),
        7 => ("module type name", FactKey::Model),
        8 => {
            if !value.is_empty() {
                let card = format_compact!("memory card {value}");
                out.fact(About::Server, FactKey::Module, &card, source, Confidence::Certain);
            }
            readings.push(Reading::new("serial number of the memory card", Value::Text(value)));
            return Ok(());
        }
        9 => {
            let maker = bytes.first_chunk::<2>().map(|id| u16::from_be_bytes(*id));
            let known = maker.and_then(|id| MAKERS.iter().find(|(known, _)| *known == id));
            if let Some((_, known)) = known {
                out.fact(About::Server, FactKey::Vendor, known, source, Confidence::Certain);
            }
            let value = maker.map_or(Text::default(), |id| format_compact!("0x{id:04x}"));
            readings.push(Reading::new("manufacturer", Value::Text(value)));
            return Ok(());
        }
        0x0a => ("oem id", FactKey::Description),
        0x0b => ("location", FactKey::Location),
        _ => {
            readings.push(Reading::new(format_compact!("component 0x{index:04x}"), Value::Text(value)));
            return Ok(());
        }
    };
    // "Original Siemens Equipment" is the copyright of a genuine module, else what the maker wrote there.
    let told = if key == FactKey::Vendor && value.contains("Siemens") { "Siemens AG" } else { &value };
    out.fact(About::Server, key, told, source, Confidence::Certain);
    readings.push(Reading::new(name, Value::Text(value)));
    Ok(())
}

/// 0x19, 0x74: lamps. RUN and STOP tell the state.
fn lamp(
    r: &mut Reader<'_>,
    is_long: bool,
    source: &str,
    readings: &mut Vec<Reading>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    if is_long {
        r.u8("rack and cpu")?;
        let id = r.u8("led id")?;
        lamp_state(id, r, source, readings, out)
    } else {
        let id = r.u16("led id")?;
        lamp_state((id & 0xff) as u8, r, source, readings, out)
    }
}

fn lamp_state(
    id: u8,
    r: &mut Reader<'_>,
    source: &str,
    readings: &mut Vec<Reading>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let on = r.u8("led on")?;
    let blink = r.u8("led blink")?;
    let state = match (on, blink) {
        (0, _) => "off",
        (_, 0) => "on",
        _ => "blinking",
    };
    match (id, on, blink) {
        (4, 1, 0) => out.fact(About::Server, FactKey::RunState, "run", source, Confidence::Certain),
        (5, 1, 0) => out.fact(About::Server, FactKey::RunState, "stop", source, Confidence::Certain),
        _ => {}
    }
    readings.push(Reading::new(names::led(id), Value::Text(Text::const_new(state))));
    Ok(())
}

/// The lower nibble of `bzu-id`.
fn operating_mode(code: u8) -> &'static str {
    match code & 0x0f {
        1 => "stop (update)",
        2 => "stop (memory reset)",
        3 => "stop (self-initialisation)",
        4 => "stop",
        5 => "startup (cold restart)",
        6 => "startup (warm restart)",
        7 => "startup (hot restart)",
        8 => "run",
        9 => "run redundant",
        10 => "hold",
        11 => "link-up",
        12 => "update",
        13 => "defective",
        14 => "self-test",
        15 => "no power",
        _ => "unknown",
    }
}

/// 0x24: modes.
fn mode(r: &mut Reader<'_>, source: &str, readings: &mut Vec<Reading>, out: &mut Output<'_>) -> Result<(), Short> {
    let event = r.u16("event")?;
    r.u8("ae")?;
    let state = r.u8("operating mode")?;
    r.skip(8, "reserved and startup information")?;
    let at = clock(r.bytes(8, "time")?);
    let mode = operating_mode(state);
    out.fact(About::Server, FactKey::RunState, mode, source, Confidence::Certain);
    readings.push(Reading { at, ..Reading::new("mode", mode.into()) });
    readings.push(Reading { at, ..Reading::new("event", Value::Text(names::event(event))) });
    Ok(())
}

/// 0x32: index 4 has the protection level, the key switch and the checksums of configuration and program, 8 the clock.
fn communication(
    r: &mut Reader<'_>,
    source: &str,
    readings: &mut Vec<Reading>,
    out: &mut Output<'_>,
) -> Result<(), Short> {
    let index = r.u16("index")?;
    let certain = Confidence::Certain;
    match index & 0xff {
        4 => {
            let key = r.u16("protection level of the key switch")?;
            let assigned = r.u16("assigned protection level")?;
            let real = r.u16("valid protection level")?;
            let position = match r.u16("position of the mode switch")? {
                1 => "run",
                2 => "run-p",
                3 => "stop",
                4 => "mres",
                _ => "",
            };
            r.u16("restart switch")?;
            let level = match real {
                1 => "1 (no protection)",
                2 => "2 (write protection)",
                3 => "3 (read and write protection)",
                _ => "",
            };
            out.fact(About::Server, FactKey::Protection, level, source, certain);
            out.fact(About::Server, FactKey::KeyPosition, position, source, certain);
            for (name, level) in [("key", key), ("assigned", assigned), ("valid", real)] {
                readings.push(Reading::new(format_compact!("protection {name}"), Value::Unsigned(level.into())));
            }
            readings.push(Reading::new("mode switch", position.into()));
            // Older modules end here.
            let Ok(_) = r.u16("reserved") else { return Ok(()) };
            let valid = r.u16("id of valid checksums")?;
            let hardware = r.u32("checksum of the hardware configuration")?;
            let program = r.u32("checksum of the user program")?;
            if valid == 0x5656 {
                let hash = format_compact!("user program {program:08x}");
                out.fact(About::Server, FactKey::ProgramHash, &hash, source, certain);
                let hash = format_compact!("hardware configuration {hardware:08x}");
                out.fact(About::Server, FactKey::ProgramHash, &hash, source, certain);
                readings.push(Reading::new("checksum of program", Value::Unsigned(program.into())));
                readings.push(Reading::new("checksum of configuration", Value::Unsigned(hardware.into())));
            }
        }
        8 => {
            r.skip(20, "run-time meters")?;
            if let Some(time) = clock(r.bytes(8, "time")?) {
                readings.push(Reading::new("clock", Value::Time(time)));
            }
        }
        _ => readings.push(Reading::new(format_compact!("status 0x{index:04x}"), Value::Text(hex(r.take_rest())))),
    }
    Ok(())
}

/// 0x37: addresses of an interface.
fn ethernet(r: &mut Reader<'_>, source: &str, readings: &mut Vec<Reading>, out: &mut Output<'_>) -> Result<(), Short> {
    r.u16("logical base address")?;
    let certain = Confidence::Certain;
    for (name, key) in [("ip", FactKey::Ip), ("netmask", FactKey::Netmask), ("gateway", FactKey::Gateway)] {
        let [a, b, c, d] = r.array::<4>("ip address")?;
        let value = format_compact!("{a}.{b}.{c}.{d}");
        if [a, b, c, d] != [0; 4] {
            out.fact(About::Server, key, &value, source, certain);
        }
        readings.push(Reading::new(name, Value::Text(value)));
    }
    let mac = format_compact!("{}", model::Mac(r.array::<6>("mac address")?));
    out.fact(About::Server, FactKey::Mac, &mac, source, certain);
    readings.push(Reading::new("mac", Value::Text(mac)));
    Ok(())
}

/// 0x91: status of modules: rack, slot, expected and real type, state.
fn module(r: &mut Reader<'_>, readings: &mut Vec<Reading>) -> Result<(), Short> {
    let [_, rack] = r.array::<2>("address 1")?;
    let [slot, _] = r.array::<2>("address 2")?;
    r.u16("logical address")?;
    let expected = r.u16("expected type")?;
    let real = r.u16("real type")?;
    r.skip(2, "reserved")?;
    let state = r.u16("state")?;
    let words: Vec<&str> = [(0x01, "faulty"), (0x02, "present"), (0x04, "not available"), (0x08, "disabled")]
        .into_iter()
        .filter(|(bit, _)| state & bit != 0)
        .map(|(_, word)| word)
        .collect();
    let value = format_compact!("type {real:04x} (expected {expected:04x}) {}", words.join(", "));
    readings.push(Reading::new(format_compact!("rack {rack} slot {slot}"), Value::Text(value)));
    Ok(())
}

/// 0xA0: an entry of the diagnostic buffer, 20 bytes; also the content of diagnostic messages.
pub(super) fn entry(r: &mut Reader<'_>, readings: &mut Vec<Reading>) -> Result<(), Short> {
    let event = r.u16("event id")?;
    r.skip(10, "priority class to additional information")?;
    let at = clock(r.bytes(8, "time")?);
    let object = format_compact!("event 0x{event:04x}");
    readings.push(Reading { at, ..Reading::new(object, Value::Text(names::event(event))) });
    Ok(())
}
